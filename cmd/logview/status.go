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

// A status is a line on stderr that says how far something long has come. It
// appears after half a second, gives way to output, and is gone at the end.
type status struct {
	out   *os.File
	what  string
	begun time.Time

	mu    sync.Mutex // guards what follows, and the terminal while it is held
	line  string
	drawn bool
	ended bool
}

const statusAfter = 500 * time.Millisecond

func newStatus(out *os.File, what string) *status {
	return &status{out: out, what: what, begun: time.Now()}
}

// show says that done of total bytes are through; total is 0 if it is not
// known.
func (s *status) show(done, total int64, more string) {
	elapsed := time.Since(s.begun)
	if elapsed < statusAfter {
		return
	}
	rate := float64(done) / elapsed.Seconds()
	line := fmt.Sprintf("%s %s", s.what, humanize.IBytes(uint64(done)))
	if total > 0 {
		line = fmt.Sprintf("%s %s %s of %s (%d%%)", s.what, bar(done, total), humanize.IBytes(uint64(done)), humanize.IBytes(uint64(total)), done*100/total)
	}
	line += fmt.Sprintf(", %s/s", humanize.IBytes(uint64(rate)))
	if left := time.Duration(float64(total-done) / max(rate, 1) * float64(time.Second)).Round(time.Second); left > 0 && left < 1000*time.Hour {
		line += fmt.Sprintf(", %s left", left)
	}
	if more != "" {
		line += ", " + more
	}
	s.put(line)
}

// say shows a text; none takes the line away until there is one again.
func (s *status) say(text string) {
	if text != "" {
		text = s.what + " " + text
	}
	s.put(text)
}

func (s *status) put(line string) {
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

// bar draws how much of total is done.
func bar(done, total int64) string {
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

// hide takes the line away while something else is written, until the
// function it returns is called.
func (s *status) hide() func() {
	s.mu.Lock()
	s.erase()
	return s.mu.Unlock
}

// end takes the line away for good.
func (s *status) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.ended = true
}
