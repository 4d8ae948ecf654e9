// Package tui is the explorer: listing, paging, searching and following logs
// in the terminal.
//
// The root model (model.go) routes messages and actions. Its panes are packages
// of their own, which it calls by method and which answer by message. Slow work
// is done in commands, whose results are dropped when they are outdated. The
// other parts of the root are in this package: the list of logs (listing.go),
// opening a log (open.go), the prompt (typing.go), boxes over the panes
// (details.go, palette.go), and the saved state (memory.go, state.go).
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

// Options configure the explorer.
type Options struct {
	Paths    []string // as for files.Find; reader.Stdin alone for standard input
	Cache    *blockstore.Cache
	Searcher index.Searcher
	Workers  *reader.Workers
	Settings Settings
	Encoding decode.Charset // of files without a byte order mark, as for files.Options
	State    *State         // nil for none
	Index    []string       // the command that keeps the index current; nil for none
	Note     error          // to show at the start; may be nil
	At       *Start         // nil for the end of the only log, or the list of logs
}

// A Start is a place to start at.
type Start struct {
	Path string      // of a member, as it is listed
	Line reader.Line // negative: the end of its log
}

// If the mouse is left to the terminal, its wheel sends arrow keys on the
// alternate screen: by default in most terminals, in xterm on request (alternate
// scroll, mode 1007). The previous mode is saved and restored.
const (
	wheelArrows = "\x1b[?1007s\x1b[?1007h"
	wheelBefore = "\x1b[?1007r"
)

// suspend suspends the program.
func suspend() tea.Msg {
	fmt.Print(wheelBefore)
	return tea.Suspend()
}

// Run runs the explorer until the user quits.
func Run(ctx context.Context, o Options) error {
	m, err := newModel(o)
	if err != nil {
		return err
	}
	return m.run(ctx)
}

func (m *model) run(ctx context.Context) error {
	defer m.close()
	// A signal cancels ctx. If Bubble Tea (v2.0.9) handled it as well, it would
	// send it to a program that has ended, and block.
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

// keyMap returns the bindings of the settings.
func (s Settings) keyMap() (keys.Map, error) {
	m, err := keys.Preset(s.Keys.Preset)
	if err != nil {
		return nil, err
	}
	return m, m.Set(s.Keys.Bind)
}
