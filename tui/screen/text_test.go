package screen

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/index/match"
)

func TestDraw(t *testing.T) {
	for _, c := range []struct {
		text        string
		skip, width int
		want        string
	}{
		{"plain", 0, 10, "plain"},
		{"plain", 0, 3, "pla"},
		{"plain", 2, 10, "ain"},
		{"a\tb", 0, 20, "a       b"},
		{"a\tb", 4, 20, "    b"},
		{"\x1b[31mred\x1b[0m", 0, 20, "red"},
		{"\x1b[31\x07", 0, 20, "^[[31^G"},
		{"\x00\x07\x7f", 0, 20, "^@^G^?"},
		{"caf\xe9", 0, 20, "caf<E9>"},
		{"日本", 0, 4, "日本"},
		{"日本", 0, 3, "日 "}, // half of a wide character becomes a blank
		{"日本", 1, 4, " 本"},
		{"e\u0301x", 0, 4, "e\u0301x"},
		{"\u0301x", 0, 20, "<U+0301>x"},
		{"\u202ex", 0, 20, "<U+202E>x"},
		{"⚠\ufe0fx", 0, 20, "⚠x"},
		{"👨\u200d👩", 0, 20, "👨<U+200D>👩"},
		{"dos\r", 0, 20, "dos"},
		{"a\rb", 0, 20, "a^Mb"},
		{"^[", 1, 1, "["},
		{"", 0, 5, ""},
	} {
		var b strings.Builder
		n := Draw(&b, []byte(c.text), nil, -1, c.skip, c.width, Styles{})
		if b.String() != c.want || n != ansi.StringWidthWc(b.String()) {
			t.Errorf("%q from %d, %d wide: %q, %d columns; want %q", c.text, c.skip, c.width, b.String(), n, c.want)
		}
	}
}

func TestDrawMatches(t *testing.T) {
	var b strings.Builder
	m := lipgloss.NewStyle().Bold(true)
	Draw(&b, []byte("one two three"), []match.Span{{Start: 4, End: 7}}, -1, 0, 20, Styles{Match: m})
	if want := "one " + m.Render("two") + " three"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// FuzzRows checks for any text and width that the rows are no wider than the
// width and together contain all of the text, and that nothing that is drawn
// moves the cursor.
func FuzzRows(f *testing.F) {
	for _, s := range []string{"a line", "\x1b[2J", "日本語\t\tx", "e\u0301\u0301", "\xff\xfe", "👨‍👩‍👧‍👦🇩🇪", strings.Repeat("x", 100)} {
		f.Add([]byte(s), 10)
	}
	f.Fuzz(func(t *testing.T, text []byte, width int) { checkRows(t, text, width) })
}

func checkRows(t *testing.T, text []byte, width int) {
	width = 8 + max(0, width)%200
	starts := Rows(text, width)
	if starts[0] != 0 {
		t.Fatal("does not begin at the beginning")
	}
	for i, from := range starts {
		to := len(text)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		if to < from || to == from && len(text) > 0 {
			t.Fatalf("%q: row from %d to %d", text, from, to)
		}
		if c := Columns(text[from:to], width+20); c > width && to-from > utf8.UTFMax*9 {
			t.Fatalf("%q: row %q is %d columns wide, not %d", text, text[from:to], c, width)
		}
		for _, skip := range []int{0, 3} {
			var b strings.Builder
			n := Draw(&b, text[from:to], nil, -1, skip, width, Styles{})
			if n > width || n != ansi.StringWidthWc(b.String()) {
				t.Fatalf("%q: drawn as %q, said to be %d columns, are %d", text[from:to], b.String(), n, ansi.StringWidthWc(b.String()))
			}
			for _, r := range b.String() {
				if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
					t.Fatalf("%q: %q reaches the terminal", text, r)
				}
			}
		}
	}
}

func TestRowsRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	alphabet := []rune("ab \t\x1b\x00é日👍\u0301\u200d\ufe0f\U0001f1e9\u202eא")
	for range 5000 {
		var b []byte
		for range r.IntN(60) {
			if r.IntN(10) == 0 {
				b = append(b, byte(r.IntN(256)))
			} else {
				b = utf8.AppendRune(b, alphabet[r.IntN(len(alphabet))])
			}
		}
		checkRows(t, b, r.IntN(40))
	}
}

// TestAppendedUTF16 tests that UTF-16 in a text of bytes is drawn as what it says.
func TestAppendedUTF16(t *testing.T) {
	for text, want := range map[string]string{
		"a\x00b\x00\r\x00": "ab", "\x00a\x00b\x00\r\x00": "ab", "Z\x00\xfc\x00g\x00\r\x00": "Züg",
		"plain\x00": "plain^@", "\xff\xfe\x00 bytes": "<FF><FE>^@ bytes", "x\x00yz": "x^@yz",
	} {
		var b strings.Builder
		Draw(&b, []byte(text), nil, -1, 0, 40, Styles{})
		if got := strings.TrimRight(ansi.Strip(b.String()), " "); got != want {
			t.Errorf("%q is drawn as %q, want %q", text, got, want)
		}
	}
}
