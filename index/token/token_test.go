package token

import (
	"slices"
	"strings"
	"testing"
)

// TestTerms tests the terms of a block: words, shapes and, after #, the number
// of identifiers.
func TestTerms(t *testing.T) {
	for text, want := range map[string]string{
		"Error: error ERROR":                   "error",
		"user_id=42 camelCase a.b":             "user id 42 camelcase a b",
		"took 12345ms, 1234ms":                 "took 1234ms d5ms #1",
		"at 08:00:00.123456Z":                  "at 08 00 d6z #1",
		"0123456789abcdef0123456789ABCDEF":     "h32 #1",
		"deadbeefcafe 0xdeadbeef1 0xab":        "deadbeefcafe x11 0xab #1",
		"550e8400-e29b-41d4-a716-446655440000": "h8 e29b 41d4 a716 d12 #2",
		"12345 99999 12345":                    "d5 #2",
		"\u212aelvin ſize GRÖẞE größe":         "kelvin size grÖße", // the least of the runes that fold alike
		"bad\xff\xfebytes":                     "bad\xff\xfebytes",
		strings.Repeat("x", 513):               "l",
		" ,;_- ":                               "",
	} {
		var terms Terms
		for range 2 { // the second time with reused memory
			terms.Block([]byte(text))
		}
		var got []string
		terms.Words(func(w []byte) { got = append(got, string(w)) })
		terms.Shapes(func(s Shape) {
			got = append(got, s.String()[1:])
			if back, err := ParseShape(s.String()); err != nil || back != s {
				t.Errorf("%q: %v, %v", s, back, err)
			}
		})
		if n := len(terms.IDs()); n > 0 {
			got = append(got, "#"+string(rune('0'+n)))
		}
		words := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("%q: %q, want %q", text, got, words)
		}
	}
}

// TestMayHide tests which runs may be parts of identifiers of a shape.
func TestMayHide(t *testing.T) {
	open := func(s string) Run { return Run{s, true, true} }
	for _, c := range []struct {
		run   Run
		shape string
		want  bool
	}{
		{open("0123456789abcdef"), "h32", true},
		{open("0123456789abcdef0123456789abcdef"), "h32", false}, // it could only be the whole identifier
		{open("timeout"), "h32", false},
		{open("dead"), "h8", true},
		{open("0xab"), "x18", true},
		{open("xab"), "x18", true},
		{open("ms"), "d6ms", true},
		{open("123"), "d6ms", true},
		{Run{"123", true, false}, "d6ms", false}, // it would have to be at the end
		{Run{"3ms", true, false}, "d6ms", true},
		{Run{"ms", false, true}, "d6ms", false}, // it would have to be at the beginning
		{Run{"404", false, false}, "d6", false},
		{open("404"), "d6", true},
		{open("anything"), "l", true},
		{Run{"word", false, false}, "l", false},
	} {
		s, err := ParseShape(string(rune(Marks)) + c.shape)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.run.MayHide(s); got != c.want {
			t.Errorf("%+v in %s: %t", c.run, c.shape, got)
		}
	}
}
