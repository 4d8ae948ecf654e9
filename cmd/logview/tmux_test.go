package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader/readertest"
)

// A terminal is a tmux session with one window.
type terminal struct {
	*testing.T
	socket string
	dir    string
}

// newTerminal starts tmux with a shell in a new directory.
func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux here")
	}
	x := &terminal{T: t, socket: filepath.Join(t.TempDir(), "tmux"), dir: t.TempDir()}
	bin := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "logview")); err != nil {
		t.Fatal(err)
	}
	home := removedLater(t)
	cmd := x.command("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "sh")
	cmd.Dir = x.dir
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TZ=UTC"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("tmux does not start: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = x.command("kill-server").Run() })
	x.keys("PS1='rea''dy> '", "Enter")
	x.wait("ready>")
	x.keys("clear", "Enter")
	return x
}

// removedLater returns a directory in which a program may still write for a
// moment after the test: it is told to end when its terminal closes.
func removedLater(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "logview-test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for deadline := time.Now().Add(10 * time.Second); os.RemoveAll(dir) != nil && time.Now().Before(deadline); {
			<-time.After(10 * time.Millisecond)
		}
	})
	return dir
}

func (x *terminal) command(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-S", x.socket}, args...)...)
}

// keys presses keys by their tmux names. Other strings are typed.
func (x *terminal) keys(list ...string) {
	x.Helper()
	for _, k := range list {
		if out, err := x.command("send-keys", "-t", "0", k).CombinedOutput(); err != nil {
			x.Fatalf("send-keys: %v: %s", err, out)
		}
	}
}

func (x *terminal) screen() string {
	out, err := x.command("capture-pane", "-t", "0", "-p").Output()
	if err != nil {
		x.Fatalf("capture-pane: %v", err)
	}
	return string(out)
}

// wait waits until the screen contains all texts.
func (x *terminal) wait(texts ...string) {
	x.Helper()
	x.until(fmt.Sprintf("%q", texts), func(s string) bool {
		for _, want := range texts {
			if !strings.Contains(s, want) {
				return false
			}
		}
		return true
	})
}

func (x *terminal) waitNot(text string) {
	x.Helper()
	x.until("no "+text, func(s string) bool { return !strings.Contains(s, text) })
}

func (x *terminal) until(what string, ok func(string) bool) {
	x.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		s := x.screen()
		if ok(s) {
			return
		}
		if time.Now().After(deadline) {
			x.Fatalf("waiting for %s; the screen is\n%s", what, s)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// write appends text to a file in the terminal's directory.
func (x *terminal) write(name, text string) {
	x.Helper()
	readertest.AppendFile(x, filepath.Join(x.dir, name), text)
}

func (x *terminal) rename(from, to string) {
	x.Helper()
	if err := os.Rename(filepath.Join(x.dir, from), filepath.Join(x.dir, to)); err != nil {
		x.Fatal(err)
	}
}

func numbered(what string, n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "%s %d of the log\n", what, i)
	}
	return b.String()
}

// TestTerminalStory opens, pages, searches, filters, follows a log through a
// rotation, resizes, suspends, and quits, in a real terminal.
func TestTerminalStory(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.write("app.log", numbered("line", 500))
	x.write("other.log", "another log\n")
	x.keys("logview .", "Enter")
	x.wait("app.log", "other.log", "indexed")
	x.keys("Enter")
	x.wait("line 500 of the log", "LIVE")
	x.keys("Space", "b", "b")
	x.wait("line 440 of the log")
	x.waitNot("LIVE")
	x.keys("g")
	x.wait("line 1 of the log")
	x.keys("/", "line 25")
	x.wait("11 lines")
	x.keys("Enter")
	x.wait("line 25 of the log")
	x.keys("n")
	x.wait("line 250 of the log")
	x.keys("&", "0 of", "Enter")
	x.wait("+ 0 of", "line 250 of")
	x.waitNot("line 251 of")
	x.keys("G")
	x.wait("line 500 of", "LIVE")
	x.write("app.log", "line 501 of\nline 510 of\n")
	x.wait("line 510 of")
	x.rename("app.log", "app.log.1")
	x.write("app.log", "line 520 of\nline 521 of\n")
	x.wait("line 520 of", "── app.log ──", "was rotated")
	x.waitNot("521")
	x.keys("\\")
	x.wait("line 521 of", "line 501 of")

	if out, err := x.command("resize-window", "-t", "0", "-x", "120", "-y", "30").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	x.wait("other.log", "line 521 of")
	if out, err := x.command("resize-window", "-t", "0", "-x", "50", "-y", "12").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	x.wait("line 521 of")
	x.waitNot("other.log")
	x.keys("C-z")
	x.wait("ready>")
	x.waitNot("line 521")
	x.write("app.log", "line 530 of\n")
	x.keys("fg", "Enter")
	x.wait("line 530 of")
	x.keys("q")
	x.wait("Logs")
	x.keys("q")
	x.wait("ready>")
	x.waitNot("line 530")
	x.keys("echo back", "Enter")
	x.wait("back\nready>")
}

// TestTerminalPipe tests that standard input can be paged while it is still
// being written.
func TestTerminalPipe(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.write("in", numbered("piped", 300))
	x.keys("(cat in; while [ ! -e go ]; do sleep 0.1; done; echo late; while [ ! -e end ]; do sleep 0.1; done) | logview; echo left", "Enter")
	x.wait("standard input", "piped 300 of")
	x.keys("g")
	x.wait("piped 1 of")
	x.write("go", "")
	x.wait("1 new, G")
	x.keys("G")
	x.wait("late")
	x.write("end", "")
	x.keys("q")
	x.wait("left\nready>")
}

// TestTerminalHostile tests that hostile text neither reaches the terminal nor
// breaks the frame.
func TestTerminalHostile(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.write("bad.log", "\x1b]0;pwned\x07\x1b[2J\x1b[31mred\x1b[0m\n"+strings.Repeat("日本語", 100)+"\n👨\u200d👩\u200d👧 🇩🇪 e\u0301 \u202ertl\n\xff\xfe\n\x1b[?1049l\x1bc\r\r\n"+strings.Repeat("x", 1<<20)+"\nthe end\n")
	x.keys("logview bad.log", "Enter")
	x.wait("the end", "LIVE")
	x.keys("g")
	x.wait("   1 red ", "<U+202E>rtl", "<FF><FE>", "   5 ^M ")
	out, err := x.command("display-message", "-p", "-t", "0", "#{pane_title}").Output()
	if err != nil || strings.Contains(string(out), "pwned") {
		t.Errorf("the title is %q, %v", out, err)
	}
	for i, l := range strings.Split(strings.TrimRight(x.screen(), "\n"), "\n") {
		if i > 0 && i < 23 && !strings.HasSuffix(strings.TrimRight(l, " "), "│") && !strings.HasSuffix(strings.TrimRight(l, " "), "┃") {
			t.Errorf("row %d does not end at the scroll bar: %q", i, l)
		}
	}
	x.keys("q")
	x.wait("ready>")
}

// TestTerminalTerminated tests that the program restores the terminal when it
// crashes or is killed by a signal that it can catch.
func TestTerminalTerminated(t *testing.T) {
	if _, err := exec.LookPath("pkill"); err != nil {
		t.Skip("no pkill here")
	}
	x := newTerminal(t, 80, 24)
	x.write("app.log", numbered("line", 50))
	x.keys("logview app.log; echo gave back", "Enter")
	x.wait("line 50 of", "LIVE")
	shell, err := x.command("display-message", "-p", "-t", "0", "#{pane_pid}").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []string{"-TERM", "-HUP"} { // -HUP is sent when ssh is disconnected
		if out, err := exec.Command("pkill", signal, "-P", strings.TrimSpace(string(shell))).CombinedOutput(); err != nil {
			t.Fatalf("pkill: %v %s", err, out)
		}
		x.wait("gave back")
		x.waitNot("line 50 of")
		x.keys("echo 'types again'", "Enter")
		x.wait("types again\nready>")
		// The last position is restored.
		x.keys("clear; logview app.log; echo gave back", "Enter")
		if signal == "-TERM" {
			x.wait("line 50 of", "LIVE")
			x.keys("g", "m")
			x.wait("line 1 of", "marked")
			x.waitNot("LIVE")
		} else {
			x.wait("◆", "where you were")
		}
	}
}

// TestTerminalMouse tests that the mouse scrolls and clicks once it is enabled,
// and is left to the terminal before.
func TestTerminalMouse(t *testing.T) {
	x := newTerminal(t, 120, 30)
	x.write("a.log", numbered("alpha", 100))
	x.write("b.log", numbered("beta", 100))
	x.keys("logview .", "Enter")
	x.wait("a.log", "b.log")
	mouse := func(button, column, row int) {
		t.Helper()
		for _, end := range []string{"M", "m"}[:min(2, max(1, 65-button))] { // the wheel has no release event
			if out, err := x.command("send-keys", "-t", "0", "-l", fmt.Sprintf("\x1b[<%d;%d;%d%s", button, column, row, end)).CombinedOutput(); err != nil {
				t.Fatalf("send-keys: %v: %s", err, out)
			}
		}
	}
	x.keys("F2")
	x.wait("mouse on")
	x.until("the terminal to be asked for the mouse", func(string) bool {
		out, err := x.command("display-message", "-p", "-t", "0", "#{mouse_any_flag}").Output()
		return err == nil && strings.TrimSpace(string(out)) == "1"
	})
	mouse(0, 5, 3)
	x.wait("beta 100", "LIVE")
	for range 30 {
		mouse(64, 80, 10)
	}
	x.wait("beta 1 ")
	x.waitNot("LIVE")
	mouse(0, 5, 2)
	x.wait("alpha 100", "LIVE")
	x.keys("F2")
	x.wait("mouse off")
	x.until("the mouse to be the terminal's again", func(string) bool {
		out, err := x.command("display-message", "-p", "-t", "0", "#{mouse_any_flag}").Output()
		return err == nil && strings.TrimSpace(string(out)) == "0"
	})
	x.keys("q")
	x.wait("⏎ open")
	x.keys("q")
	x.wait("ready>")
}
