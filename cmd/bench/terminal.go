package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/clipperhouse/displaywidth"
	"github.com/creack/pty"
)

// The size of the terminal, which has been the usual one since the VT100.
const termWidth, termHeight = 80, 24

// A terminal is a program that runs in a pseudo-terminal, with the screen that
// it has drawn. The pseudo-terminal answers no queries.
type terminal struct {
	cmd    *exec.Cmd
	tty    *os.File
	begun  time.Time
	out    chan output // closed when the program has exited
	screen *screen
	last   time.Time // time of the last output
}

// output is a piece of the program's output, as read at once.
type output struct {
	at   time.Time
	text []byte
}

// inTerminal starts a program in a new terminal.
func inTerminal(ctx context.Context, env []string, argv ...string) (*terminal, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(env, "TERM=xterm-256color")
	t := &terminal{cmd: cmd, out: make(chan output, 1<<12), screen: newScreen(termWidth, termHeight), begun: time.Now()}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: termWidth, Rows: termHeight})
	if err != nil {
		return nil, fmt.Errorf("%s in a terminal: %w", argv[0], err)
	}
	t.tty = tty
	go func() {
		defer close(t.out)
		buf := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buf)
			if n > 0 {
				t.out <- output{time.Now(), slices.Clone(buf[:n])}
			}
			if err != nil {
				return // EIO: no process has the other end open any more
			}
		}
	}()
	return t, nil
}

// next draws the next piece of output. It returns false if none comes before
// the limit.
func (t *terminal) next(limit <-chan time.Time) (came bool, err error) {
	select {
	case o, ok := <-t.out:
		if !ok {
			return false, fmt.Errorf("logview ended; its screen was\n%s", t.screen)
		}
		t.last = o.at
		t.screen.write(o.text)
		return true, nil
	case <-limit:
		return false, nil
	}
}

// wait waits until wanted returns true for the screen, and returns the time of
// the last output before that.
func (t *terminal) wait(patience time.Duration, what string, wanted func(*screen) bool) (time.Time, error) {
	limit := time.After(patience)
	for !wanted(t.screen) {
		if came, err := t.next(limit); err != nil {
			return time.Time{}, fmt.Errorf("waiting for %s: %w", what, err)
		} else if !came {
			return time.Time{}, fmt.Errorf("waited %s for %s in vain; the screen is\n%s", patience, what, t.screen)
		}
	}
	return t.last, nil
}

// pass draws output for the duration d.
func (t *terminal) pass(d time.Duration) error {
	limit := time.After(d)
	for {
		if came, err := t.next(limit); err != nil || !came {
			return err
		}
	}
}

// waitQuiet waits until there is no output for the duration d, but not longer than
// patience.
func (t *terminal) waitQuiet(d, patience time.Duration) error {
	for begun := time.Now(); time.Since(begun) < patience; {
		if came, err := t.next(time.After(d)); err != nil || !came {
			return err
		}
	}
	return nil
}

// press types keys and returns the time until the next output; false if there
// is none.
func (t *terminal) press(keys string, patience time.Duration) (time.Duration, bool, error) {
	begun := time.Now()
	if _, err := t.tty.WriteString(keys); err != nil {
		return 0, false, err
	}
	limit := time.After(patience)
	for {
		came, err := t.next(limit)
		if err != nil || !came {
			return 0, false, err
		}
		if t.last.After(begun) { // and was not sent before
			return t.last.Sub(begun), true, nil
		}
	}
}

// quit quits the program with its key and reports whether that worked. If not,
// it kills the program.
func (t *terminal) quit() bool {
	defer func() {
		t.tty.Close()
		_ = t.cmd.Wait()
	}()
	// Each q closes one view: results are closed before the explorer.
	for range 3 {
		if _, err := t.tty.WriteString("q"); err != nil {
			break
		}
		for limit := time.After(time.Second); ; {
			came, err := t.next(limit)
			if err != nil {
				return true
			}
			if !came {
				break
			}
		}
	}
	_ = t.cmd.Process.Kill()
	// Processes started by the program may still have the other end open.
	// Do not wait for them.
	go func() {
		for range t.out {
		}
	}()
	return false
}

// A screen is what a terminal shows of a program's output. It contains
// characters without their colours, which are not needed here. It supports the
// sequences that Bubble Tea uses. Searching the output itself for text would
// not work, because text that is already on the screen is not written again.
type screen struct {
	cells       [][]string // "" after a wide character
	x, y        int        // x may be the width: then the line is full
	top, bottom int        // the scrolling region; bottom is exclusive
	nowrap      bool
	before      string // the last character printed, for repetition
	parser      *ansi.Parser
}

func newScreen(width, height int) *screen {
	s := &screen{cells: make([][]string, height), bottom: height, parser: ansi.NewParser()}
	for y := range s.cells {
		s.cells[y] = blank(width)
	}
	s.parser.SetHandler(ansi.Handler{Print: func(r rune) { s.print(string(r)) }, Execute: s.control, HandleCsi: s.sequence, HandleEsc: s.escape})
	return s
}

func blank(width int) []string { return slices.Repeat([]string{" "}, width) }

func (s *screen) write(b []byte) { s.parser.Parse(b) }

// row returns a line of the screen without trailing blanks.
func (s *screen) row(y int) string { return strings.TrimRight(strings.Join(s.cells[y], ""), " ") }

func (s *screen) String() string {
	var b strings.Builder
	for y := range s.cells {
		b.WriteString(s.row(y) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (s *screen) has(text string) bool { return strings.Contains(s.String(), text) }

func (s *screen) width() int { return len(s.cells[0]) }

func (s *screen) print(c string) {
	w := displaywidth.String(c)
	if w == 0 {
		return
	}
	if s.x+w > s.width() {
		if s.nowrap {
			s.x = s.width() - w
		} else {
			s.x = 0
			s.down()
		}
	}
	row := s.cells[s.y]
	row[s.x] = c
	if w == 2 {
		row[s.x+1] = ""
	}
	s.x += w
	s.before = c
}

// down moves the cursor to the next line, and scrolls at the bottom of the
// region.
func (s *screen) down() {
	if s.y == s.bottom-1 {
		s.scroll(s.top, 1)
		return
	}
	s.y = min(s.y+1, len(s.cells)-1)
}

// scroll moves the lines starting at from up by n, or down if n is negative.
func (s *screen) scroll(from, n int) {
	for range min(n, s.bottom-from) {
		copy(s.cells[from:s.bottom], s.cells[from+1:s.bottom])
		s.cells[s.bottom-1] = blank(s.width())
	}
	for range min(-n, s.bottom-from) {
		copy(s.cells[from+1:s.bottom], s.cells[from:s.bottom-1])
		s.cells[from] = blank(s.width())
	}
}

func (s *screen) control(b byte) {
	switch b {
	case '\r':
		s.x = 0
	case '\n':
		s.down()
	case '\b':
		s.x = max(0, min(s.x, s.width()-1)-1)
	case '\t':
		s.x = min(s.x/8*8+8, s.width()-1)
	}
}

func (s *screen) escape(c ansi.Cmd) {
	if c.Final() != 'M' || c.Intermediate() != 0 {
		return
	}
	if s.y == s.top { // reverse index
		s.scroll(s.top, -1)
	} else {
		s.y = max(0, s.y-1)
	}
}

func (s *screen) sequence(c ansi.Cmd, params ansi.Params) {
	num := func(i, def int) int {
		if n, _, ok := params.Param(i, def); ok && n > 0 {
			return n
		}
		return def
	}
	if c.Prefix() == '?' && num(0, 0) == 7 {
		s.nowrap = c.Final() == 'l'
	}
	if c.Prefix() != 0 || c.Intermediate() != 0 {
		return
	}
	width, height := s.width(), len(s.cells)
	x := min(s.x, width-1) // x as all operations other than printing use it
	n := num(0, 1)
	switch c.Final() {
	case 'A':
		s.x, s.y = x, max(0, s.y-n)
	case 'B':
		s.x, s.y = x, min(height-1, s.y+n)
	case 'C':
		s.x = min(width-1, x+n)
	case 'D':
		s.x = max(0, x-n)
	case 'E':
		s.x, s.y = 0, min(height-1, s.y+n)
	case 'F':
		s.x, s.y = 0, max(0, s.y-n)
	case 'G', '`':
		s.x = min(width, n) - 1
	case 'd':
		s.x, s.y = x, min(height, n)-1
	case 'H', 'f':
		s.x, s.y = min(width, num(1, 1))-1, min(height, n)-1
	case 'I':
		s.x = min((x/8+n)*8, width-1)
	case 'Z':
		s.x = max(0, ((x+7)/8-n)*8)
	case 'J':
		s.eraseDisplay(x, num(0, 0))
	case 'K':
		s.eraseLine(x, num(0, 0))
	case 'X':
		n = min(n, width-x)
		copy(s.cells[s.y][x:], blank(n))
	case 'P':
		row := s.cells[s.y]
		n = min(n, width-x)
		copy(row[x:], row[x+n:])
		copy(row[width-n:], blank(n))
	case '@':
		row := s.cells[s.y]
		n = min(n, width-x)
		copy(row[x+n:], row[x:])
		copy(row[x:], blank(n))
	case 'L', 'M':
		if s.y < s.top || s.y >= s.bottom {
			return
		}
		if c.Final() == 'L' {
			n = -n
		}
		s.scroll(s.y, n)
	case 'S':
		s.scroll(s.top, n)
	case 'T':
		s.scroll(s.top, -n)
	case 'r':
		s.top, s.bottom = min(n, height)-1, min(num(1, height), height)
		s.x, s.y = 0, 0
	case 'b':
		for range n {
			s.print(s.before)
		}
	}
}

// eraseDisplay erases the screen from column x of the current line to the end
// or, in mode 1, from the start to that column, and in modes 2 and 3 all of it.
func (s *screen) eraseDisplay(x, mode int) {
	width, height := s.width(), len(s.cells)
	from, to := s.y*width+x, width*height
	switch mode {
	case 1:
		from, to = 0, from+1
	case 2, 3:
		from = 0
	}
	for i := from; i < to; i++ {
		s.cells[i/width][i%width] = " "
	}
}

// eraseLine erases the current line from column x to the end or, in mode 1,
// from the start to that column, and in mode 2 all of it.
func (s *screen) eraseLine(x, mode int) {
	from, to := x, s.width()
	switch mode {
	case 1:
		from, to = 0, x+1
	case 2:
		from = 0
	}
	copy(s.cells[s.y][from:to], blank(to-from))
}
