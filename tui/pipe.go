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

// Programs that are given the terminal: commands that lines are piped to, and
// editors.

// A piping is a command that lines are piped to while it has the terminal.
type piping struct {
	ctx     context.Context // for reading lines
	command string
	lines   taking
	out     io.Writer
	errs    io.Writer
	in      io.Reader

	said pager.Said // the result
}

func (p *piping) SetStdin(r io.Reader)  { p.in = r }
func (p *piping) SetStdout(w io.Writer) { p.out = w }
func (p *piping) SetStderr(w io.Writer) { p.errs = w }

// feeding says whether lines are being piped to the program with the terminal.
var feeding atomic.Bool

// awayCount is the number of programs that have been given the terminal.
var awayCount atomic.Int32

// TerminalLent reports whether another program has the terminal, so that Ctrl-C is meant
// for it.
func TerminalLent() bool { return awayCount.Load() > 0 }

// An awayCommand is a command that Away counts.
type awayCommand struct{ tea.ExecCommand }

func (c awayCommand) Run() error {
	defer crash.Guard() // deferred first, to run when Away is false again
	awayCount.Add(1)
	defer awayCount.Add(-1)
	fmt.Print(wheelBefore)
	defer fmt.Print(wheelArrows)
	return c.ExecCommand.Run()
}

// An editor is an exec.Cmd as a tea.ExecCommand.
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
		defer func() { // also after a panic: the command has the terminal until it ends
			w.Close()
			err = c.Wait()
		}()
		x = p.lines.run(p.ctx, w, func(took) {})
	}()
	p.said = x.message(p.lines, "piped to "+p.command)
	if p.ctx.Err() != nil {
		return err
	}
	fmt.Fprintf(p.out, "\r\n-- %s; Enter goes back --", visible.String(p.said.Text))
	_, _ = bufio.NewReader(p.in).ReadString('\n')
	return err
}

// pipe pipes lines to a command.
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
