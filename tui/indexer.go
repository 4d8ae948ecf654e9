package tui

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
	"logview/tui/pager"
)

// An indexer keeps the index current behind the explorer: a process of its
// own at low priority, which may be ended at any moment.
type indexer struct {
	command []string
	run     *exec.Cmd
	text    string // how far it is
	gen     int
	lines   chan string
}

// indexMsg is what the process says of its progress.
type indexMsg struct {
	gen   int
	text  string
	ended bool
}

func newIndexer(command []string) *indexer {
	if len(command) == 0 {
		return nil
	}
	return &indexer{command: command}
}

// start starts it.
func (x *indexer) start() tea.Cmd {
	x.gen++
	c := exec.Command(x.command[0], x.command[1:]...)
	c.Args[0] = "logview"
	c.Env = append(os.Environ(), "GOMAXPROCS=1") // one core, and half of the memory
	background(c)
	out, err := c.StdoutPipe()
	if err == nil {
		// It ends when this is closed, which it is whatever becomes of us.
		_, err = c.StdinPipe()
	}
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		x.text = "no index: " + err.Error()
		return nil
	}
	x.run, x.text = c, "indexing"
	lowPriority(c.Process.Pid)
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

// next waits for what it says next.
func (x *indexer) next() tea.Cmd {
	lines, gen := x.lines, x.gen
	return func() tea.Msg {
		text, ok := <-lines
		return indexMsg{gen, text, !ok}
	}
}

// stop ends it, if it runs. What it has done is kept.
func (x *indexer) stop() {
	if x == nil || x.run == nil {
		return
	}
	_ = x.run.Process.Signal(os.Interrupt)
	go func(lines chan string) {
		for range lines {
		}
	}(x.lines)
	x.run, x.text = nil, ""
	x.gen++
}

// status is what to say of it.
func (x *indexer) status() string {
	if x == nil {
		return ""
	}
	return x.text
}

// indexed takes what the process says: "done total" in bytes while it works,
// "idle" when the index is current, and "failed: why" if it cannot be made.
func (m *model) indexed(msg indexMsg) tea.Cmd {
	x := m.indexer
	if x == nil || msg.gen != x.gen {
		return nil
	}
	if msg.ended {
		x.run, x.text = nil, ""
		return nil
	}
	var done, total int64
	switch _, err := fmt.Sscan(msg.text, &done, &total); {
	case strings.TrimSpace(msg.text) == "idle":
		x.text = "indexed"
	case strings.HasPrefix(msg.text, "failed: "):
		if x.text != "not indexed" { // said once
			m.say(pager.Said{Text: "no index: " + strings.TrimPrefix(msg.text, "failed: "), Error: true})
		}
		x.text = "not indexed"
	case err == nil && total > 0:
		x.text = fmt.Sprintf("indexing %d%%", 100*done/total)
	}
	return x.next()
}

// toggleIndex starts or stops the indexing.
func (m *model) toggleIndex() tea.Cmd {
	switch {
	case m.indexer == nil:
		m.sayf("directories are indexed, where there is a cache; for a file run logview index FILE")
	case m.indexer.run != nil:
		m.indexer.stop()
		m.sayf("indexing stopped; searches read what is not indexed")
	default:
		m.sayf("indexing in the background")
		return m.indexer.start()
	}
	return nil
}
