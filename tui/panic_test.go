package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"golang.org/x/term"

	"logview/index"
	"logview/reader"
	"logview/reader/crash"
)

// A panics is a searcher that panics, or whose workers panic.
type panics struct {
	index.Searcher
	workers *reader.Workers
}

func (p panics) Search(ctx context.Context, _ *index.Request, _ func(*index.Hits) error) (index.Stats, error) {
	if p.workers == nil {
		panic("the search \x1b[2J broke")
	}
	p.workers.Go(func() { panic("the worker broke") })
	<-ctx.Done()
	return index.Stats{}, ctx.Err()
}

// explorePanic runs the explorer, which panics at the place named by where. The
// test starts itself once more as a process that calls it.
func explorePanic(where, dir string) {
	searcher := panics{}
	if where == "worker" {
		searcher.workers = reader.NewWorkers(1)
	}
	m, err := newModel(Options{Paths: []string{dir}, Workers: reader.NewWorkers(1), Searcher: searcher, Settings: DefaultSettings()})
	if err != nil {
		panic(err)
	}
	if where == "update" {
		m.now = func() time.Time { panic("the clock broke") }
	}
	_ = m.run(context.Background())
}

// TestPanic checks that after any panic the terminal is restored, and that the
// panic can be read on it.
func TestPanic(t *testing.T) {
	dir := tree(t)
	for where, want := range map[string]string{
		"search": "panic: the search ^[[2J broke",
		"update": "panic: the clock broke",
		"worker": "panic: the worker broke",
	} {
		t.Run(where, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			near, far, err := pty.Open()
			if err != nil {
				t.Skip("no terminal here:", err)
			}
			defer near.Close()
			defer far.Close()
			if err := pty.Setsize(near, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(far.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), "LOGVIEW_TEST_PANIC="+where, "LOGVIEW_TEST_DIR="+dir, "TERM=xterm-256color")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, far
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			seen := make(chan []byte)
			go func() {
				var all []byte
				buf := make([]byte, 4096)
				asked := false
				for {
					n, err := near.Read(buf)
					all = append(all, buf[:n]...)
					if !asked && where != "update" && bytes.Contains(all, []byte("app.log")) {
						asked = true
						_, _ = io.WriteString(near, "swhat\r")
					}
					if bytes.Contains(all, []byte("\nend of the story")) || err != nil {
						seen <- all
						return
					}
				}
			}()
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitPanic {
				t.Errorf("it ended with %v", err)
			}
			after, err := term.GetState(int(far.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			if *after != *before {
				t.Errorf("the terminal's modes are not what they were: %v, were %v", after, before)
			}
			if _, err := io.WriteString(far, "\nend of the story"); err != nil {
				t.Fatal(err)
			}
			text := string(<-seen)
			left := strings.LastIndex(text, "\x1b[?1049l")
			if left < 0 || !strings.Contains(text[left:], want) || !strings.Contains(text[left:], "panic_test.go") {
				t.Errorf("what happened is not said after the screen was left: %q", text[max(0, left):])
			}
			for on, off := range map[string]string{"\x1b[?25l": "\x1b[?25h", "\x1b[?1002h": "\x1b[?1002l", "\x1b[?2004h": "\x1b[?2004l", "\x1b[?1007h": "\x1b[?1007r"} {
				if strings.LastIndex(text, off) < strings.LastIndex(text, on) {
					t.Errorf("%q was not undone by %q", on, off)
				}
			}
		})
	}
}

// TestPanicInCommand checks that panics in commands are handled, also in the
// commands that a command returns.
func TestPanicInCommand(t *testing.T) {
	defer crash.Handle(nil)
	var said []any
	crash.Handle(func(value any, _ []byte) { said = append(said, value) })
	all := guarded(func() tea.Msg {
		return tea.BatchMsg{func() tea.Msg { panic("one") }, nil, func() tea.Msg { panic("two") }}
	})().(tea.BatchMsg)
	for _, c := range all {
		if c != nil {
			c()
		}
	}
	if len(said) != 2 || said[0] != "one" || said[1] != "two" {
		t.Errorf("handled %v", said)
	}
}
