// Command screens makes the README's pictures of the explorer: it runs the real
// program in tmux on logs made by loggen, presses keys, and draws the screen as
// SVG.
//
//	go run ./cmd/screens -program ./logview -logs demo -out testdata/screens
package main

import (
	"errors"
	"flag"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A shot is a picture. Each of its steps waits for a text on the screen and
// then presses keys, which have tmux's names.
type shot struct {
	name          string
	width, height int
	steps         []step
}

type step struct {
	until string // text to wait for
	keys  []string
}

var shots = []shot{
	{"logs", 100, 24, []step{{"Logs", nil}}},
	{"search", 100, 24, []step{{"Logs", []string{"/", "api", "Enter"}}, {"LIVE", []string{"/", "timeout"}}, {"lines", []string{"Enter"}}, {"n next", nil}}},
	{"results", 120, 30, []step{{"Logs", []string{"s", "timeout -DEBUG", "Enter"}}, {"blocks read", []string{"j", "j"}}, {"z context", nil}}},
}

func main() {
	program := flag.String("program", "./logview", "the program")
	logs := flag.String("logs", "demo", "a directory of logs")
	out := flag.String("out", "testdata/screens", "where the pictures go")
	flag.Parse()
	if err := run(*program, *logs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

func run(program, logs, out string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, s := range shots {
		text, err := s.take(program, logs)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, s.name+".svg"), []byte(draw(text, s.width, s.height)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// take runs the program through the steps of the shot and returns the screen.
func (s *shot) take(program, logs string) (string, error) {
	home, err := os.MkdirTemp("", "screens-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(home)
	tmux := func(args ...string) ([]byte, error) {
		cmd := exec.Command("tmux", append([]string{"-S", filepath.Join(home, "tmux"), "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+home, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
		return cmd.Output()
	}
	if _, err := tmux("new-session", "-d", "-x", strconv.Itoa(s.width), "-y", strconv.Itoa(s.height), program+" "+logs); err != nil {
		return "", err
	}
	defer tmux("kill-server")
	screen := ""
	wait := func(until string) error {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			b, err := tmux("capture-pane", "-p", "-t", "0")
			if err != nil {
				return err
			}
			if strings.Contains(string(b), until) {
				return nil
			}
			screen = string(b)
		}
		return errors.New("no " + until + " on the screen:\n" + screen)
	}
	for _, x := range s.steps {
		if err := wait(x.until); err != nil {
			return "", err
		}
		for _, k := range x.keys {
			if _, err := tmux("send-keys", "-t", "0", k); err != nil {
				return "", err
			}
		}
	}
	// Wait until the index is complete and the screen no longer changes.
	for before := ""; ; {
		if err := wait(" indexed"); err != nil {
			return "", err
		}
		b, err := tmux("capture-pane", "-e", "-p", "-t", "0")
		if err != nil || string(b) == before {
			return before, err
		}
		before = string(b)
		<-time.After(500 * time.Millisecond)
	}
}

const (
	cellWidth  = 8.4
	cellHeight = 18
)

// palette contains the sixteen colours, as in most terminals with a dark
// background.
var palette = [16]string{"#1d1f21", "#cc6666", "#b5bd68", "#f0c674", "#81a2be", "#b294bb", "#8abeb7", "#c5c8c6",
	"#6b7078", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff"}

const (
	foreground = "#c5c8c6"
	background = "#1d1f21"
)

// A look is the style of a sequence of characters.
type look struct {
	fg, bg        string
	bold, reverse bool
}

// draw converts a screen with escape sequences to SVG.
func draw(screen string, width, height int) string {
	var b strings.Builder
	w, h := float64(width)*cellWidth+16, height*cellHeight+16
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="Menlo, DejaVu Sans Mono, monospace" font-size="14">`+"\n", w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", background)
	for y, line := range strings.Split(strings.TrimRight(screen, "\n"), "\n") {
		column := 0
		l := look{}
		for len(line) > 0 {
			if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
				end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
				if end < 0 {
					break
				}
				if rest[end] == 'm' {
					l.apply(rest[:end])
				}
				line = rest[end+1:]
				continue
			}
			text := line
			if i := strings.IndexByte(line, '\x1b'); i >= 0 {
				text = line[:i]
			}
			line = line[len(text):]
			n := len([]rune(text))
			l.text(&b, text, column, y, n)
			column += n
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (l *look) text(b *strings.Builder, text string, column, y, n int) {
	fg, bg := l.fg, l.bg
	if fg == "" {
		fg = foreground
	}
	if l.reverse {
		if bg == "" {
			bg = background
		}
		fg, bg = bg, fg
	}
	x := 8 + float64(column)*cellWidth
	top := 8 + y*cellHeight
	if bg != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, x, top, float64(n)*cellWidth, cellHeight, bg)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	weight := ""
	if l.bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s xml:space="preserve">%s</text>`+"\n", x, top+14, float64(n)*cellWidth, fg, weight, html.EscapeString(text))
}

// apply changes the look according to the parameters of an escape sequence.
func (l *look) apply(params string) {
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		n, _ := strconv.Atoi(list[i])
		switch {
		case n == 0:
			*l = look{}
		case n == 1:
			l.bold = true
		case n == 7:
			l.reverse = true
		case n == 22:
			l.bold = false
		case n == 27:
			l.reverse = false
		case n >= 30 && n <= 37:
			l.fg = palette[n-30]
		case n >= 90 && n <= 97:
			l.fg = palette[n-90+8]
		case n >= 40 && n <= 47:
			l.bg = palette[n-40]
		case n >= 100 && n <= 107:
			l.bg = palette[n-100+8]
		case n == 39:
			l.fg = ""
		case n == 49:
			l.bg = ""
		case n == 38 || n == 48:
			if i+2 < len(list) && list[i+1] == "5" {
				c, _ := strconv.Atoi(list[i+2])
				if c < 16 && n == 38 {
					l.fg = palette[c]
				} else if c < 16 {
					l.bg = palette[c]
				}
				i += 2
			}
		}
	}
}
