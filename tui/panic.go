package tui

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
	"logview/tui/visible"
)

// patience is how long to wait, after a panic, for a command that lines were
// being piped to.
const patience = 10 * time.Second

// exitPanic is the exit code after a panic, the same as Go's own.
const exitPanic = 2

// A panicking ends the program when one of its goroutines panics. Bubble Tea
// recovers panics in its own goroutines, but prints them on the alternate
// screen, which it then leaves.
type panicking struct {
	once sync.Once
	met  atomic.Bool
}

// Version returns the program's version and revision, the version of Go, and the
// platform it was built for.
func Version() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && !strings.Contains(version, s.Value[:min(12, len(s.Value))]) {
				version += " " + s.Value
			}
		}
	}
	return fmt.Sprintf("logview %s, %s, %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// onPanic installs a handler for panics. It calls stop, restores the terminal,
// prints the panic below the earlier contents of the screen, and ends the
// program.
func onPanic(p *tea.Program, stop func()) *panicking {
	x := &panicking{}
	crash.Handle(func(value any, stack []byte) {
		x.met.Store(true)
		x.once.Do(func() { // goroutines that panic later wait
			stop() // ends the input of a command, and so the command
			// An editor or a command keeps the terminal until it ends. But a
			// command may never end: its input may wait for this goroutine.
			for begun := time.Now(); TerminalLent() && !(feeding.Load() && time.Since(begun) > patience); {
				time.Sleep(100 * time.Millisecond)
			}
			p.Kill()
			fmt.Print(wheelBefore)
			fmt.Fprintf(os.Stderr, "logview: a fault of logview itself; please report it with all that follows\n\npanic: %s\n\n%s\n%s", visible.String(fmt.Sprint(value)), visible.String(string(stack)), Version())
			os.Exit(exitPanic)
		})
	})
	return x
}

// wait returns if nothing has panicked. Otherwise it blocks, and the handler ends
// the program.
func (x *panicking) wait() {
	if x.met.Load() {
		select {}
	}
}

// guarded returns a command that does what cmd does, and handles panics in it and
// in the commands that it returns.
func guarded(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer crash.Guard()
		msg := cmd()
		if all, ok := msg.(tea.BatchMsg); ok {
			for i := range all {
				all[i] = guarded(all[i])
			}
		}
		return msg
	}
}
