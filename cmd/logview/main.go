// Command logview searches, explores, follows and prints the logs on a machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // for --tz where the system has no zones

	"logview/tui"
	"logview/tui/visible"
)

// Exit codes, the same as grep's.
const (
	exitNone  = 1
	exitError = 2
	exitInt   = 130 // ended by Ctrl-C, as in shells
)

func main() {
	// Ctrl-C ends the program even while it waits for something that cannot
	// be interrupted, such as a pipe without a reader or a writer.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, exitSignals()...)
	go func() {
		for s := range signals {
			if !(s == os.Interrupt && tui.TerminalLent()) {
				break
			}
		}
		time.Sleep(time.Duration(grace.Load())) // time for an orderly shutdown
		os.Exit(exitInt)
	}()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// exitSignals returns the signals after which the program shuts down in order.
// SIGHUP, sent when the terminal is closed, is one unless nohup ignores it.
func exitSignals() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// grace is the time, in nanoseconds, that a command has to end after a signal.
var grace = func() *atomic.Int64 {
	var d atomic.Int64
	d.Store(int64(300 * time.Millisecond))
	return &d
}()

// streams are the standard streams of a command.
type streams struct {
	in       *os.File
	out, err *os.File
}

// An exitCode is an error that ends the program with a code and without a
// message.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// A keepError is a writer that stops at the first error and stores it, for
// callers that ignore errors of printing: cobra's help and the debug commands.
type keepError struct {
	w   io.Writer
	err error
}

func (k *keepError) Write(b []byte) (int, error) {
	if k.err != nil {
		return 0, k.err
	}
	var n int
	n, k.err = k.w.Write(b)
	return n, k.err
}

// run runs the program with args and standard streams, and returns its exit
// code.
func run(args []string, in, out, errs *os.File) int {
	// Text is read into buffers that are reused, so there is little
	// garbage. Collecting it twice as often as usual costs almost nothing
	// and keeps the peak low.
	debug.SetGCPercent(50)
	// The ballast prevents collections of a small heap: a search by index had
	// five of them with a heap of 3 MB, and has none with it. Memory that is never
	// touched counts towards the heap but takes no space.
	ballast := make([]byte, 32<<20)
	defer runtime.KeepAlive(ballast)

	// Bleve logs the parts of an index that it cannot read. Package index
	// detects and reports these itself.
	log.SetOutput(io.Discard)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, exitSignals()...)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if s == os.Interrupt && tui.TerminalLent() {
					continue // it is for the program that currently has the terminal
				}
				signal.Stop(signals) // a second Ctrl-C ends the program immediately
				stop()
				return
			}
		}
	}()

	// Turn writing to a closed pipe into an ordinary error; otherwise, the
	// signal would end the program.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	cmd := newRoot(streams{in, out, errs})
	cmd.SetArgs(markQueries(cmd, args))
	text := &keepError{w: out}
	cmd.SetOut(text)
	cmd.SetErr(errs)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		err = text.err
	}
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		return exitInt
	case errors.Is(err, syscall.EPIPE):
		return exitError // the reader of the output has exited
	}
	fmt.Fprintf(errs, "logview: %s\n", visible.String(err.Error()))
	return exitError
}
