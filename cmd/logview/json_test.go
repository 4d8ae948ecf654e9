package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestJSONEscapesUnseen tests that characters that a terminal interprets or
// does not show are escaped, and visible ones are not.
func TestJSONEscapesUnseen(t *testing.T) {
	unseen := []rune{0x00, 0x07, '\t', '\r', 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9c, 0x9d, 0x9f, 0xad, 0x34f, 0x61c, 0x115f, 0x180e,
		0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f, 0x3164,
		0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xffff, 0x13430, 0x1d173, 0xe0001, 0xe0041, 0xe0100}
	for _, r := range unseen {
		got := string(appendJSON(nil, "a"+string(r)+"b"))
		for _, x := range strings.TrimSuffix(got, "\n") {
			if x < ' ' || x > 0x7e {
				t.Errorf("U+%04X: %q has U+%04X", r, got, x)
			}
		}
	}
	for _, s := range []string{"a<b>&c", "Grüße", "日本", "e\u0301", "\u0600", "🎉", "\ufffd"} {
		if got, want := string(appendJSON([]byte("x"), s)), `x"`+s+"\"\n"; got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

// TestJSONRoundTrip tests that every character is decoded unchanged.
func TestJSONRoundTrip(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	for _, s := range []string{all.String(), "", "\x9b31m", "\\u009b", `"` + "\u009b"} {
		var got string
		b := appendJSON(nil, s)
		if err := json.Unmarshal(b, &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%.40q came back as %.40q, %v", s, got, err)
		}
	}
	for i, x := range appendJSON(nil, all.String()) {
		if x == 0x7f || x < ' ' && x != '\n' {
			t.Fatalf("byte %x at %d", x, i)
		}
	}
}

// TestJSONInPieces tests that the JSON of a long line does not depend on the
// pieces in which it is written.
func TestJSONInPieces(t *testing.T) {
	for _, text := range []string{"a \u009b31m \U000e0041 \x7f \u202e ü 🎉 \" \\ \x1b", "cut \xe2\x80", "\xff\x9b"} {
		want := bytes.TrimSuffix(appendJSON(nil, text), newline)
		for n := 1; n <= len(text); n++ {
			var out bytes.Buffer
			w := &jsonTextWriter{w: &out}
			for at := 0; at < len(text); at += n {
				if _, err := w.Write([]byte(text[at:min(at+n, len(text))])); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.flush(); err != nil {
				t.Fatal(err)
			}
			if got := `"` + out.String() + `"`; got != string(want) || w.notUTF8 == utf8.ValidString(text) {
				t.Errorf("%q in pieces of %d: got %s, want %s; not UTF-8: %v", text, n, got, want, w.notUTF8)
			}
		}
	}
}
