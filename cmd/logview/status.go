package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// A status is a progress line on standard error. It appears after half a
// second, is hidden while output is written, and is removed at the end.
type status struct {
	out   *os.File
	what  string
	begun time.Time

	mu    sync.Mutex // guards the fields below, and writing to the terminal
	line  string
	drawn bool
	ended bool
}

const statusAfter = 500 * time.Millisecond

func newStatus(out *os.File, what string) *status {
	return &status{out: out, what: what, begun: time.Now()}
}

// progress shows that done of total bytes have been read; total is 0 if
// unknown.
func (s *status) progress(done, total int64, more string) {
	elapsed := time.Since(s.begun)
	if elapsed < statusAfter {
		return
	}
	rate := float64(done) / elapsed.Seconds()
	line := fmt.Sprintf("%s %s", s.what, humanize.IBytes(uint64(done)))
	if total > 0 {
		line = fmt.Sprintf("%s %s %s of %s (%d%%)", s.what, progressBar(done, total), humanize.IBytes(uint64(done)), humanize.IBytes(uint64(total)), done*100/total)
	}
	line += fmt.Sprintf(", %s/s", humanize.IBytes(uint64(rate)))
	if left := time.Duration(float64(total-done) / max(rate, 1) * float64(time.Second)).Round(time.Second); left > 0 && left < 1000*time.Hour {
		line += fmt.Sprintf(", %s left", left)
	}
	if more != "" {
		line += ", " + more
	}
	s.setLine(line)
}

// setText shows a text after s.what. An empty text hides the line until the
// next call.
func (s *status) setText(text string) {
	if text != "" {
		text = s.what + " " + text
	}
	s.setLine(text)
}

func (s *status) setLine(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if s.line = line; line == "" {
		s.erase()
	}
	s.draw()
}

// progressBar returns a bar that shows the share of total that is done.
func progressBar(done, total int64) string {
	const width = 16
	n := int(min(max(done*width/total, 0), width))
	return "[" + strings.Repeat("=", n) + strings.Repeat(" ", width-n) + "]"
}

func (s *status) draw() {
	if s.line == "" {
		return
	}
	line := s.line
	if w, _, err := term.GetSize(int(s.out.Fd())); err == nil && w > 0 && len(line) >= w {
		line = line[:w-1]
	}
	fmt.Fprintf(s.out, "\r%s\x1b[K", line)
	s.drawn = true
}

func (s *status) erase() {
	if s.drawn {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.drawn = false
	}
}

// hide removes the line until the returned function is called, while something
// else is written.
func (s *status) hide() func() {
	s.mu.Lock()
	s.erase()
	return s.mu.Unlock
}

// close removes the line permanently.
func (s *status) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.ended = true
}
