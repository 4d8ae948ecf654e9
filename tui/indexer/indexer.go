// Package indexer keeps the index current while the explorer runs. It starts a
// separate process, which reports its progress.
package indexer

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
)

// An Indexer runs the indexing process at low priority. The process may be
// stopped at any time; the work it has done is kept. A nil Indexer never runs
// one.
type Indexer struct {
	command []string
	process *exec.Cmd   // nil if it is not running
	lines   chan string // lines of its standard output
	gen     int         // changes when the process is started or stopped; messages with an old value are dropped
	status  string
}

// Msg is a line that the process wrote, or its end.
type Msg struct {
	gen   int
	line  string
	ended bool
}

// New returns an Indexer that runs command; nil without a command.
func New(command []string) *Indexer {
	if len(command) == 0 {
		return nil
	}
	return &Indexer{command: command}
}

// Start starts the process. It returns the command that waits for its first
// line, or nil if the process cannot be started.
func (x *Indexer) Start() tea.Cmd {
	x.gen++
	c := exec.Command(x.command[0], x.command[1:]...)
	c.Args[0] = "logview"
	c.Env = append(os.Environ(), "GOMAXPROCS=1") // one core, and half of the memory
	detach(c)
	out, err := c.StdoutPipe()
	if err == nil {
		// The process ends when its standard input is closed, which happens
		// however this process ends.
		_, err = c.StdinPipe()
	}
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		x.status = "no index: " + err.Error()
		return nil
	}
	x.process, x.status = c, "indexing"
	lowerPriority(c.Process.Pid)
	lines := make(chan string)
	x.lines = lines
	crash.Go(func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			lines <- s.Text()
		}
		close(lines)
		_ = c.Wait()
	})
	return x.next()
}

// next waits for the next line.
func (x *Indexer) next() tea.Cmd {
	lines, gen := x.lines, x.gen
	return func() tea.Msg {
		line, ok := <-lines
		return Msg{gen, line, !ok}
	}
}

// Stop stops the process if it runs.
func (x *Indexer) Stop() {
	if x == nil || x.process == nil {
		return
	}
	_ = x.process.Process.Signal(os.Interrupt)
	go func(lines chan string) {
		for range lines { // otherwise the process could not write its last lines
		}
	}(x.lines)
	x.process, x.status = nil, ""
	x.gen++
}

// Running reports whether the process runs.
func (x *Indexer) Running() bool { return x != nil && x.process != nil }

// Status describes what the process is doing, for the status line.
func (x *Indexer) Status() string {
	if x == nil {
		return ""
	}
	return x.status
}

// Update handles a message of the process. The error says why there is no
// index; it is returned once.
func (x *Indexer) Update(msg Msg) (tea.Cmd, error) {
	if x == nil || msg.gen != x.gen {
		return nil, nil
	}
	if msg.ended {
		x.process, x.status = nil, ""
		return nil, nil
	}
	var err error
	switch r, ok := Parse(msg.line); {
	case !ok:
	case r.Reason != "":
		if x.status != "not indexed" {
			err = errors.New("no index: " + r.Reason)
		}
		x.status = "not indexed"
	case r.Idle:
		x.status = "indexed"
	case r.Total > 0:
		x.status = fmt.Sprintf("indexing %d%%", 100*r.Done/r.Total)
	}
	return x.next(), err
}
