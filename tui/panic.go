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

// patience is how long a command may go on that was fed when something
// panicked.
const patience = 10 * time.Second

// exitPanic is the exit code after a panic, as Go's own.
const exitPanic = 2

// A panicking ends the program when one of its goroutines panics. Bubble Tea
// recovers what panics in its own, but says so on the screen that it then
// leaves.
type panicking struct {
	once sync.Once
	met  atomic.Bool
}

// Version is what this program was built from, and for what.
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

// onPanic has the terminal given back and what happened said, below what was
// on the screen before, when something panics. It calls stop first.
func onPanic(p *tea.Program, stop func()) *panicking {
	x := &panicking{}
	crash.Handle(func(value any, stack []byte) {
		x.met.Store(true)
		x.once.Do(func() { // and the others wait
			stop() // what goes to a command ends, and it with that
			// The editor has the terminal until it ends; a command does, too, unless
			// what feeds it waits for the goroutine that we are in.
			for begun := time.Now(); Away() && !(feeding.Load() && time.Since(begun) > patience); {
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

// wait returns if nothing panicked, and else leaves the end to who tells of it.
func (x *panicking) wait() {
	if x.met.Load() {
		select {}
	}
}

// guarded is a command whose panics are handled, and those of the commands
// that it returns.
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
