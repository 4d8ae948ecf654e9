package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/pager"
)

// This is what the root starts, and what comes of it.

type (
	tickMsg struct{}
	// markMsg is a line to be marked.
	markMsg struct {
		doc pager.Log
		at  document.Place
	}
	// writtenMsg says how the writing of a file ended.
	writtenMsg struct {
		w    *writing
		said pager.Said
	}
	// doneMsg says how something ended.
	doneMsg struct{ said pager.Said }
)

// tick comes from time to time: messages go, ages are drawn anew. A pipe is
// looked at, and that more often.
func (m *model) tick() tea.Cmd {
	every := time.Second
	if m.piped() {
		every = 50 * time.Millisecond
	}
	return tea.Tick(every, func(time.Time) tea.Msg { return tickMsg{} })
}

// source makes a Source of a log for the explorer's own reading.
func (m *model) source(l files.Log) *files.LogSource { return files.NewSource(l, m.reading()) }

// reading is how the explorer itself reads.
func (m *model) reading() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Spare: m.opt.Workers.Go, Wait: true}
}

// searching is how searches read: what they decode is kept if there is a
// worker to spare. Were they to wait for one, they would wait for themselves.
func (m *model) searching() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Spare: m.opt.Workers.TryGo}
}

// sources are all logs, for a search. They are made when it runs, elsewhere.
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

// remember keeps what is to be known of the log that is shown, and what was
// typed. What it returns writes it, elsewhere.
func (m *model) remember() (save func() error) { return m.memory.keep(m.pager, m.prompt) }
