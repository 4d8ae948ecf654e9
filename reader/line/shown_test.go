package line_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"logview/reader/line"
	"logview/reader/readertest"
)

func TestShown(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain\n", "plain\n"},
		{"dos\r\nlines\r\r\n", "dos\r\nlines\r\r\n"},
		{"\x1b[31mERROR\x1b[0m: \x1b[1;38;5;208mx\x1b[m\n", "ERROR: x\n"},
		{"\x1b[38:2::1:2:3mx\x1b[?25l\x1b[4 qy\n", "xy\n"},
		{"\x1b[01;31m\x1b[Kfound\x1b[m\x1b[K here\n", "found here\n"}, // grep
		{"\x1b]0;title\aa\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\n", "alink\n"},
		{"\x1bP1$r0m\x1b\\a\x1b(Bb\x1b=c\x1b7d\n", "abcd\n"},
		{"\x1b[8mha:////4AAAA=\x1b[0m[Pipeline] sh\n", "[Pipeline] sh\n"},
		{"\x1b[8mnot closed\n", "not closed\n"},
		{" 10%\r 20%\r100%\n", "100%\n"},
		{" 10%\r 20%\r100%\r\n", "100%\r\n"},
		{"100% done\rOK\n", "100% done\rOK\n"}, // "OK0% done"
		{"100% done\r\x1b[KOK\n", "OK\n"},
		{"100% done\x1b[2K\rOK\n", "OK\n"},
		{"a\x1b[1Kb\n", "b\n"},
		{"abc \x1b[31mdef \x1b[2Kghi\n", "ghi\n"},
		{"abc \x1b[31mdef \x1b[1Kghi\x1b[0m!\n", "ghi!\n"},
		{"12345\r123\r1\r12\n", "12345\r123\r12\n"},
		{"1\r12\r\x1b[31m123\x1b[m\rab\n", "123\rab\n"},
		{"█\r##\n", "##\n"},
		{"##\r█\n", "##\r█\n"},
		// Not sequences.
		{"\x1b\n\x1b[\n\x1b[3\n\x1b[31\x80m\n", "\x1b\n\x1b[\n\x1b[3\n\x1b[31\x80m\n"},
		{"\x1b]no end\nnext\a\n", "\x1b]no end\nnext\a\n"},
		{"\x1b\x1b[0mx\n", "\x1bx\n"},
		// Lines remain.
		{"\x1b[0m\n\x1b[0m", "\n"},
		{"\x1b[0m\n\n\x1b[0m\n", "\n\n\n"},
		{"a\r\rb\n", "b\n"},
		{"\ra\n", "a\n"},
	} {
		got := c.text
		var s line.Shown
		if s.Set([]byte(c.text)) {
			got = string(s.Text)
		} else if c.text != c.want {
			t.Errorf("Set(%q) = false", c.text)
		}
		if got != c.want {
			t.Errorf("of %q is shown %q, want %q", c.text, got, c.want)
		}
	}
}

// TestShownUTF16 tests texts to which UTF-16 was appended.
func TestShownUTF16(t *testing.T) {
	wide := readertest.UTF16
	for _, c := range []struct{ text, want string }{
		{"first\n" + wide("second\r\nthird\r\n\r\n") + "fourth\n", "first\nsecond\r\nthird\r\n\r\nfourth\n"},
		{"not ended " + wide("before\n"), "not ended before\n"},
		{"mark \xff\xfe" + wide("is here\n"), "mark is here\n"},
		{"\xff\xfe" + wide("foo b\n"), "foo b\n"},
		{"mark \xfe\xff\x00o\x00f\x00 \x00b\x00e\x00\n", "mark of be\n"}, // in the other order
		{wide("Zürich, Київ, 中海 12:30 😀 ok\n"), "Zürich, Київ, 中海 12:30 😀 ok\n"},
		{wide("ends in 中文\n"), "ends in 中文\n"},
		{wide("wide, but ") + "not any more\n", "wide, but not any more\n"},
		{wide("half\ncharact") + "e", "half\ncharacte"},
		{"\x00b\x00e\x00\n", "be\n"}, // in the other order
		// Zero bytes of other origin.
		{"a\x00b\n", "a\x00b\n"},
		{"\x00\x00\x00after a crash\n", "\x00\x00\x00after a crash\n"},
		{"HOME=/root\x00PATH=/bin\x00A=1\x00\n", "HOME=/root\x00PATH=/bin\x00A=1\x00\n"},
		{"args=[1\x002\x003\x00] \xe2\x82\xac\xe2\x82\xac\n", "args=[1\x002\x003\x00] €€\n"},
		{"ids: 1\x002\x003\x004\x00\n", "ids: 1\x002\x003\x004\x00\n"},
		{"PATH=/usr/bin\x00A\x00B\x00\n", "PATH=/usr/bin\x00A\x00B\x00\n"},
		{"\x01\x00\x02\x00\x03\x00\n", "\x01\x00\x02\x00\x03\x00\n"},
	} {
		var s line.Shown
		if got := string(s.Of([]byte(c.text))); got != c.want {
			t.Errorf("of %q is shown %q, want %q", c.text, got, c.want)
		}
		if got := string(line.Narrow([]byte(c.text))); got != c.want {
			t.Errorf("Narrow(%q) = %q, want %q", c.text, got, c.want)
		}
	}
	if got := string(line.Narrow([]byte("\x00text\n"))); got != "\x00text\n" {
		t.Errorf("of a text with a zero byte Narrow leaves %q", got)
	}
	// Positions.
	text := "log\n" + wide("a Київ é😀.\r\nnext\r\n") + "end\n"
	var s line.Shown
	s.Set([]byte(text))
	for _, part := range []string{"log", "a", "Київ", "é", "😀", ".", "next", "end", "\n"} {
		i := bytes.Index(s.Text, []byte(part))
		raw := text[s.Start(i):s.End(i+len(part))]
		if raw != part && raw != wide(part) {
			t.Errorf("%q is from %q", part, raw)
		}
		if at := s.Index(s.Start(i)); at != i {
			t.Errorf("%q: Index = %d, want %d", part, at, i)
		}
	}
}

// Positions of random texts with much to hide.
func TestShownPositions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "bc", "é", "\x1b", "[", "3", "1m", "\x1b[0m", "\x1b[2K", "\x1b[K", "\x1b[8m", "\r", "\n", "\x1b]0;", "\a", "\x1b\\", "\x80", " ", "a\x00", "b\x00\r\x00\n\x00", "\x2d\x4e", "\x00"}
	var s line.Shown
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		checkShown(t, &s, []byte(b.String()))
	}
}

func FuzzShown(f *testing.F) {
	f.Add([]byte("\x1b[31mx\x1b[0m\ry\n\x1b]0;t\a"))
	f.Fuzz(func(t *testing.T, text []byte) { checkShown(t, new(line.Shown), text) })
}

// checkShown checks that what is shown is a subsequence of text at the reported
// positions, that it has the same lines, and that it depends on each line alone.
func checkShown(t *testing.T, s *line.Shown, text []byte) {
	t.Helper()
	if !s.Set(text) {
		return
	}
	if a, b := bytes.Count(s.Text, []byte("\n")), bytes.Count(text, []byte("\n")); a != b {
		t.Fatalf("%q is shown as %q: %d lines instead of %d", text, s.Text, a, b)
	}
	last := 0
	for i := range s.Text {
		at := s.Start(i)
		if bytes.IndexByte(text, 0) >= 0 { // UTF-16, perhaps
			if c := s.Text[i]; at < last-2 || s.End(i+1) < at || s.End(i+1) > len(text) || c < utf8.RuneSelf && (text[at] != c || s.Index(at) != i) {
				t.Fatalf("%q is shown as %q: byte %d is from %d to %d", text, s.Text, i, at, s.End(i+1))
			}
			last = at + 1
			continue
		}
		if at < last || at >= len(text) || text[at] != s.Text[i] || s.End(i+1) != at+1 {
			t.Fatalf("%q is shown as %q: byte %d is from %d to %d", text, s.Text, i, at, s.End(i+1))
		}
		for k := last; k <= at; k++ {
			if s.Index(k) != i {
				t.Fatalf("%q is shown as %q: byte %d is shown at %d, want %d", text, s.Text, k, s.Index(k), i)
			}
		}
		last = at + 1
	}
	var alone []byte
	for l := range bytes.SplitAfterSeq(text, []byte("\n")) {
		var x line.Shown
		if x.Set(l) {
			l = x.Text
		}
		alone = append(alone, l...)
	}
	if !bytes.Equal(alone, s.Text) {
		t.Fatalf("%q is shown as %q, and line by line as %q", text, s.Text, alone)
	}
}

func BenchmarkShown(b *testing.B) {
	l := "2026-11-21 14:05:06.789 INFO [main] a line without anything to hide, as most lines are\n"
	for name, l := range map[string]string{
		"plain":   l,
		"CRLF":    strings.Replace(l, "\n", "\r\n", 1),
		"colours": strings.Replace(l, "INFO", "\x1b[32mINFO\x1b[0m", 1),
	} {
		text := []byte(strings.Repeat(l, 4000))
		b.Run(name, func(b *testing.B) {
			var s line.Shown
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Set(text)
			}
		})
	}
}
