package token

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestTerms tests the terms of a block: words, shapes and, after #, the number
// of identifiers.
func TestTerms(t *testing.T) {
	for text, want := range map[string]string{
		"Error: error ERROR":                          "error",
		"user_id=42 camelCase a.b":                    "user id 42 camelcase a b",
		"took 12345ms, 1234ms, 123ms":                 "took 123ms d4ms d5ms #2",
		"at 08:00:00.123456Z":                         "at 08 00 d6z #1",
		"0123456789abcdef0123456789ABCDEF":            "h32 #1",
		"deadbeefcafe 0xdeadbeef1 0xab":               "deadbeefcafe x11 0xab #1",
		"550e8400-e29b-41d4-a716-446655440000":        "h8 u4 d12 #2",
		"(DEADBEEF-E29B-41D4-A716-44665544000A)":      "deadbeef u4 d11a #1",
		"550e8400-e29b-41d4-a716-44665544000":         "h8 e29b 41d4 a716 d11 #2", // too short
		"550e8400-e29b-41d4-a716-446655440000a":       "h8 e29b 41d4 a716 d12a #2",
		"a550e8400-e29b-41d4-a716-446655440000":       "h9 e29b 41d4 a716 d12 #2",
		"550e8400-e29b-41d4_a716-446655440000":        "h8 e29b 41d4 a716 d12 #2",
		"550e8400-e29b-41d4-a71ö-446655440000 é e29b": "h8 e29b 41d4 a71Ö d12 É #2",
		"12345 99999 12345 2026 8080":                 "d4 d5 #4",
		"\u212aelvin ſize GRÖẞE größe":                "kelvin size grÖße", // the least of the runes that fold alike
		"bad\xff\xfebytes":                            "bad\xff\xfebytes",
		strings.Repeat("x", 513):                      "l",
		" ,;_- ":                                      "",
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

// TestTermsOfRandomText compares the terms of texts with those that are found byte by byte.
func TestTermsOfRandomText(t *testing.T) {
	const chars = "aaAAzZbk09@[`{/: ,\x00\x7f\x80\xffé\u212a"
	rnd := rand.New(rand.NewPCG(1, 2))
	var terms Terms
	for range 2000 {
		terms.Reset()
		want := map[string]bool{}
		for range 1 + rnd.IntN(3) {
			text := make([]byte, rnd.IntN(300))
			for i := range text {
				if text[i] = chars[rnd.IntN(len(chars))]; rnd.IntN(3) > 0 {
					text[i] = 'a' + byte(rnd.IntN(3))
				}
			}
			terms.Add(text)
			from := 0
			for i := 0; i <= len(text); i++ {
				if i == len(text) || folded[text[i]] == 0 {
					if i > from {
						want[string(appendFolded(nil, text[from:i]))] = true
					}
					from = i + 1
				}
			}
		}
		shapes, ids := map[Shape]bool{}, map[uint64]bool{}
		for run := range want {
			if s, ok := shapeOf([]byte(run)); ok {
				shapes[s], ids[Hash([]byte(run))] = true, true
				delete(want, run)
			}
		}
		terms.Words(func(w []byte) {
			if !want[string(w)] {
				t.Errorf("%q is no word, or twice", w)
			}
			delete(want, string(w))
		})
		terms.Shapes(func(s Shape) { delete(shapes, s) })
		for _, id := range terms.IDs() {
			delete(ids, id)
		}
		if len(want)+len(shapes)+len(ids) > 0 {
			t.Fatalf("missing: %q, %v, %d ids", slices.Sorted(maps.Keys(want)), shapes, len(ids))
		}
	}
}

// TestFoldASCII tests all bytes at all places.
func TestFoldASCII(t *testing.T) {
	for c := range 256 {
		for at := range 2 * wordBytes {
			text := bytes.Repeat([]byte("Q"), 2*wordBytes+1)
			text[at] = byte(c)
			got := make([]byte, len(text))
			if wide := foldASCII(got, text); wide != (c >= 0x80) || got[at] != folded[c] || got[(at+1)%len(got)] != 'q' {
				t.Errorf("%#x at %d: %q, %t", c, at, got, wide)
			}
		}
	}
}

// TestMayHide tests which runs may be parts of identifiers of a shape.
func TestMayHide(t *testing.T) {
	open := func(s string) Run { return Run{Text: s, Left: true, Right: true} }
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
		{Run{Text: "123", Left: true, Right: false}, "d6ms", false}, // it would have to be at the end
		{Run{Text: "3ms", Left: true, Right: false}, "d6ms", true},
		{Run{Text: "ms", Left: false, Right: true}, "d6ms", false}, // it would have to be at the beginning
		{Run{Text: "404", Left: false, Right: false}, "d6", false},
		{open("404"), "d6", true},
		{Run{Text: "e29b", Left: false, Right: false}, "u4", true},
		{open("e29b"), "u4", true},
		{open("29"), "u4", true},
		{Run{Text: "29b", Left: true, Right: false}, "u4", true},
		{Run{Text: "29b", Left: false, Right: false}, "u4", false},
		{open("e29b1"), "u4", false},
		{open("xyz"), "u4", false},
		{open("anything"), "l", true},
		{Run{Text: "word", Left: false, Right: false}, "l", false},
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

// TestInsideUUID tests which runs of a query may be inside a UUID, and which ends of it the
// query has.
func TestInsideUUID(t *testing.T) {
	for text, want := range map[string]string{
		"550e8400-e29b-41d4-a716-446655440000":  "e29b(550e8400 446655440000) 41d4(550e8400 446655440000) a716(550e8400 446655440000)",
		"x 550e8400-e29b-41d4-":                 "e29b(550e8400) 41d4(550e8400)",
		"-41d4-a716-446655440000 x":             "41d4(446655440000) a716(446655440000)",
		"8400-e29b-41d4-a716-446655440000":      "e29b(446655440000) 41d4(446655440000) a716(446655440000)",
		"550e8400-e29b-41d4-a716-4466":          "e29b(550e8400) 41d4(550e8400) a716(550e8400)",
		"-e29b-":                                "e29b()",
		"8400-e29b-":                            "e29b()",
		" e29b ":                                "",
		"550e8400-e29b 41d4-a716":               "",
		"550e8400--e29b-41d4-a716-446655440000": "",
		"x-e29b-41d4-":                          "",
		"-1111-2222-3333-4444-":                 "2222() 3333()", // as if each was enough
	} {
		runs, _ := Runs(text)
		var got []string
		for i, r := range runs {
			if r.Left || r.Right {
				continue
			}
			if may, ends := InsideUUID(text, runs, i); may {
				var list []string
				for _, end := range ends {
					if end.Left || end.Right {
						t.Errorf("%s: %+v is open", text, end)
					}
					list = append(list, end.Text)
				}
				got = append(got, r.Text+"("+strings.Join(list, " ")+")")
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
}

// Runs that are too long to be kept are in the table, too.
func TestTermsManyLongRuns(t *testing.T) {
	var text []byte
	for i := range 5 * leastSlots {
		text = fmt.Appendf(text, "%0*d\n", maxRun+1, i)
	}
	var terms Terms
	for range 3 { // the table is smaller again
		terms.Block(text)
		terms.Block([]byte("a word"))
	}
	var got []string
	terms.Words(func(word []byte) { got = append(got, string(word)) })
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "word"}) {
		t.Errorf("words %q after another block", got)
	}
}
