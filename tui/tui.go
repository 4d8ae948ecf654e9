// Package tui is the explorer: listing, paging, searching and following logs
// in the terminal.
//
// The root model (model.go) routes: it owns the panes, the sizes, the focus
// and what lies on top, and is the only one to start watching and opening
// (commands.go). Panes are packages of their own. They are called by method
// and answer by message; what takes time they do in commands, whose answers
// they drop when the question is over.
package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/tui/keys"
)

// Options say what is explored, and how.
type Options struct {
	Paths    []string // as for files.Find; reader.Stdin alone for standard input
	Cache    *blockstore.Cache
	Searcher index.Searcher
	Workers  reader.Workers
	Settings Settings
	Encoding decode.Charset // of files that do not tell, as for files.Options
	State    *State         // nil for none
	Index    []string       // the command that keeps the index current; nil for none
	Note     error          // to be said at the beginning; nil for nothing
	At       *Start         // nil for the end of the only log, or the list of logs
}

// A Start is where to begin.
type Start struct {
	Path string      // of a member, as it is listed
	Line reader.Line // negative: its log's end
}

// Where the mouse is left to the terminal, its wheel shall scroll all the
// same: as arrow keys, which most terminals send on the alternate screen by
// themselves, and xterm when asked to (alternate scroll, mode 1007). What it
// was before is saved, and restored.
const (
	wheelArrows = "\x1b[?1007s\x1b[?1007h"
	wheelBefore = "\x1b[?1007r"
)

// suspend gives the terminal to the shell.
func suspend() tea.Msg {
	fmt.Print(wheelBefore)
	return tea.Suspend()
}

// Run explores until the person quits.
func Run(ctx context.Context, o Options) error {
	m, err := newModel(o)
	if err != nil {
		return err
	}
	return m.run(ctx)
}

func (m *model) run(ctx context.Context) error {
	defer m.close()
	// A signal ends ctx. Left to Bubble Tea as well, it would be sent to a
	// program that has ended already, and wait for ever (v2.0.9).
	p := tea.NewProgram(m, tea.WithoutSignalHandler())
	ends := onPanic(p, m.end)
	m.send = p.Send
	m.pacing.find = func() *pacer { return newPacer(p) }
	defer context.AfterFunc(ctx, p.Quit)()
	fmt.Print(wheelArrows)
	_, err := p.Run()
	fmt.Print(wheelBefore)
	ends.wait()
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Keys is the bindings that settings ask for.
func (s Settings) keyMap() (keys.Map, error) {
	m, err := keys.Preset(s.Keys.Preset)
	if err != nil {
		return nil, err
	}
	return m, m.Set(s.Keys.Bind)
}
