package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/pager"
)

// Commands of the root that belong to no part, and how sources are opened.

type (
	tickMsg struct{}
	// markMsg is a line to mark.
	markMsg struct {
		doc pager.Log
		at  document.Place
	}
	// writtenMsg is the result of writing a file.
	writtenMsg struct {
		w    *writing
		said pager.Said
	}
	// doneMsg is the result of another operation.
	doneMsg struct{ said pager.Said }
)

// tick sends a tickMsg every second, to expire messages and update ages. Pipes
// are polled, and need it more often.
func (m *model) tick() tea.Cmd {
	every := time.Second
	if m.piped() {
		every = 50 * time.Millisecond
	}
	return tea.Tick(every, func(time.Time) tea.Msg { return tickMsg{} })
}

// source returns a Source of a log to be shown.
func (m *model) source(l files.Log) *files.LogSource { return files.NewSource(l, m.reading()) }

// reading returns the options for reading logs that are shown.
func (m *model) reading() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Workers: m.opt.Workers, MustStore: true}
}

// searching returns the options for reading in searches. They store what they
// decode only if a worker is free: they occupy workers, so that waiting for one
// could be a deadlock.
func (m *model) searching() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Workers: m.opt.Workers}
}

// sources returns a function that opens all logs for a search, to be called from
// another goroutine.
func (m *model) sources() func() []reader.Source {
	if d := m.pager.Doc(); m.piped() && d != nil {
		src, _ := d.Searchable(m.searching())
		return func() []reader.Source { return []reader.Source{src} }
	}
	logs, opt := m.logs.Logs(), m.searching()
	return func() []reader.Source {
		var out []reader.Source
		for _, l := range logs {
			if l.Name != reader.Stdin {
				out = append(out, files.NewSource(l, opt))
			}
		}
		return out
	}
}

// remember records the state of the log that is shown. It returns a function
// that writes it, to be called from another goroutine.
func (m *model) remember() (save func() error) { return m.memory.keep(m.pager, m.typing.prompt) }
