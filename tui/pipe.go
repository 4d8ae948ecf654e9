package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
	"logview/tui/pager"
	"logview/tui/visible"
)

// These are the programs that have the terminal in our place: commands that
// are given lines, and editors.

// A piping is a command that gets lines while it has the terminal.
type piping struct {
	ctx     context.Context // of the reading
	command string
	lines   taking
	out     io.Writer
	errs    io.Writer
	in      io.Reader

	said pager.Said // how it ended
}

func (p *piping) SetStdin(r io.Reader)  { p.in = r }
func (p *piping) SetStdout(w io.Writer) { p.out = w }
func (p *piping) SetStderr(w io.Writer) { p.errs = w }

// feeding says that the program that has the terminal is fed by us.
var feeding atomic.Bool

// away is how many programs have the terminal in our place.
var away atomic.Int32

// Away reports whether another program has the terminal: then Ctrl-C is for
// that.
func Away() bool { return away.Load() > 0 }

// An awayCommand is a command of which Away knows.
type awayCommand struct{ tea.ExecCommand }

func (c awayCommand) Run() error {
	defer crash.Guard() // when it is over, or the program would wait for itself
	away.Add(1)
	defer away.Add(-1)
	fmt.Print(wheelBefore)
	defer fmt.Print(wheelArrows)
	return c.ExecCommand.Run()
}

// An editor is a command as Bubble Tea runs them.
type editor struct{ *exec.Cmd }

func (e editor) SetStdin(r io.Reader)  { e.Stdin = r }
func (e editor) SetStdout(w io.Writer) { e.Stdout = w }
func (e editor) SetStderr(w io.Writer) { e.Stderr = w }

// Run implements tea.ExecCommand.
func (p *piping) Run() error {
	c := exec.Command("sh", "-c", p.command)
	c.Stdout, c.Stderr = p.out, p.errs
	feeding.Store(true)
	defer feeding.Store(false)
	w, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	var x took
	func() {
		defer func() { // also when that panics: the command has the terminal until it ends
			w.Close()
			err = c.Wait()
		}()
		x = p.lines.run(p.ctx, w, func(took) {})
	}()
	p.said = x.said(p.lines, "piped to "+p.command)
	if p.ctx.Err() != nil {
		return err
	}
	fmt.Fprintf(p.out, "\r\n-- %s; Enter goes back --", visible.String(p.said.Text))
	_, _ = bufio.NewReader(p.in).ReadString('\n')
	return err
}

// pipe gives lines to a command.
func (m *model) pipe(t taking, command string) tea.Cmd {
	if command == "" {
		return nil
	}
	t.begin()
	ctx, stop := context.WithCancel(m.life)
	p := &piping{ctx: ctx, command: command, lines: t}
	return tea.Exec(awayCommand{p}, func(err error) tea.Msg {
		stop()
		if err != nil {
			return doneMsg{pager.Said{Text: command + ": " + err.Error(), Error: true}}
		}
		return doneMsg{p.said}
	})
}
