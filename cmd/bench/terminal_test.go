package main

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestScreen tests that output is drawn as on a terminal, regardless of the
// pieces in which it arrives.
func TestScreen(t *testing.T) {
	for _, c := range []struct{ name, drawn, want string }{
		{"text", "one\r\ntwo", "one|two"},
		{"colours and modes", "\x1b[?1049h\x1b[1;31mred\x1b[m\x1b[?25l", "red"},
		{"questions and titles", "\x1b]11;?\x07\x1b[?2026$p\x1b]2;title\x1b\\text", "text"},
		{"what stays is skipped", "abcdef\x1b[1;3HX\x1b[2CY", "abXdeY"},
		{"there and back", "\x1b[3;5Hx\x1b[A\x1b[3Dy\x1b[2dz\x1b[Gs", "|s yz|    x"},
		{"erased", "abcdef\x1b[1;2H\x1b[2X\x1b[1;5H\x1b[K", "a  d"},
		{"erased below", "one\r\ntwo\r\nthree\x1b[2;2H\x1b[J", "one|t"},
		{"all erased", "one\r\ntwo\x1b[2Jx", "|   x"},
		{"characters out and in", "abcdef\x1b[1;2H\x1b[2P\x1b[@", "a def"},
		{"wrapped", "0123456789ab", "0123456789|ab"},
		{"full, not wrapped yet", "0123456789\r\nx", "0123456789|x"},
		{"never wrapped", "\x1b[?7l0123456789ab", "012345678b"},
		{"repeated", "a\x1b[3bc", "aaaac"},
		{"tabs", "a\tb\x1b[Zc", "a       c"},
		{"wide", "日本\x1b[1;5Hx", "日本x"},
		{"lines out", "1\r\n2\r\n3\x1b[1;1H\x1b[M", "2|3"},
		{"lines in", "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[L", "1||2|3"},
		{"scrolled", "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5"},
		{"part scrolled", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n", "1|3||4"},
		{"up at the top", "1\r\n2\x1b[H\x1bM0", "0|1|2"},
	} {
		for _, piece := range []int{1, len(c.drawn)} {
			s := newScreen(10, 4)
			for b := []byte(c.drawn); len(b) > 0; b = b[piece:] {
				s.write(b[:piece])
			}
			if got := strings.ReplaceAll(s.String(), "\n", "|"); got != c.want {
				t.Errorf("%s, %d bytes at a time: %q, want %q", c.name, piece, got, c.want)
			}
		}
	}
}

// TestTerminal tests that a program can be controlled until it exits, and that
// one that does not exit is not waited for.
func TestTerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	sh := func(script string) *terminal {
		t.Helper()
		term, err := inTerminal(context.Background(), environment(t.TempDir()), "sh", "-c", script)
		if err != nil {
			t.Fatal(err)
		}
		return term
	}
	term := sh(`stty -echo -icanon; echo size $(stty size) $TERM; dd bs=1 count=1 2>/dev/null >&2; echo answer; dd bs=1 count=1 2>/dev/null`)
	if _, err := term.wait(10*time.Second, "the size", func(s *screen) bool { return s.row(0) == "size 24 80 xterm-256color" }); err != nil {
		t.Fatal(err)
	}
	if d, ok, err := term.press("x", 10*time.Second); err != nil || !ok || d <= 0 {
		t.Errorf("the answer to a key: %s, %t, %v", d, ok, err)
	}
	if at, err := term.wait(10*time.Second, "the answer", func(s *screen) bool { return s.has("answer") }); err != nil || at.Before(term.begun) {
		t.Errorf("the answer: %s, %v", at, err)
	}
	if !term.quit() {
		t.Error("it did not end by q")
	}

	term = sh(`trap '' HUP; echo here; while :; do sleep 10; done`)
	_, err := term.wait(50*time.Millisecond, "what never comes", func(s *screen) bool { return s.has("nothing") })
	if err == nil || !strings.Contains(err.Error(), "what never comes") {
		t.Errorf("waiting in vain: %v", err)
	}
	if term.quit() {
		t.Error("it ended")
	}
}
