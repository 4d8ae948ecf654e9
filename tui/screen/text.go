// Package screen turns a log's text into cells of a terminal. Whatever the
// text is, what comes out takes exactly the cells it says and nothing in it
// moves the cursor.
package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/index/match"
	"logview/tui/visible"
)

// tabWidth is where tabs stop.
const tabWidth = 8

// A cell is what is drawn together: a character with the marks on it, or
// what was spelled out.
type cell struct {
	bytes   int    // of the text
	width   int    // of the screen
	out     string // what is drawn, if it is not the text itself
	spelled bool
}

// next is the cell at the beginning of text, which stands in a column.
func next(text []byte, column int) cell {
	c := text[0]
	switch {
	case c >= ' ' && c < 0x7f && (len(text) == 1 || text[1] < 0x80):
		return cell{bytes: 1, width: 1}
	case c == '\t':
		w := tabWidth - column%tabWidth
		return cell{bytes: 1, width: w, out: "        "[:w]}
	case c == '\r' && len(text) == 1:
		return cell{bytes: 1} // of a line's end
	}
	r, n := utf8.DecodeRune(text)
	spell := func() cell {
		s := string(visible.Append(nil, text[:n], false))
		if s == string(text[:n]) {
			s = fmt.Sprintf("<U+%04X>", r)
		}
		return cell{bytes: n, width: len(s), out: s, spelled: true}
	}
	if r == utf8.RuneError && n == 1 || !visible.Harmless(r) && r >= 0x7f || r < ' ' || !visible.Steady(r) {
		return spell()
	}
	// Its marks go with it.
	end := n
	for marks := 0; end < len(text); marks++ {
		m, k := utf8.DecodeRune(text[end:])
		if m >= 0xfe00 && m <= 0xfe0f { // of no width, but they change that of others
			end += k
			return cell{bytes: end, width: ansi.StringWidthWc(string(text[:end-k])), out: string(text[:end-k])}
		}
		if m < 0x300 || m == utf8.RuneError || !visible.Harmless(m) || !visible.Steady(m) || ansi.StringWidthWc(string(m)) != 0 || marks == 8 {
			break
		}
		end += k
	}
	w := ansi.StringWidthWc(string(text[:end]))
	if w <= 0 {
		return spell() // a mark on nothing
	}
	return cell{bytes: end, width: w}
}

// Rows is where the rows begin on which a text is wrapped, each width wide.
// The first is 0.
func Rows(text []byte, width int) []int {
	rows := []int{0}
	width = max(width, 1)
	column := 0
	for at := 0; at < len(text); {
		// The common case in one go.
		k := at
		for k < len(text) && k-at < width-column && text[k] >= ' ' && text[k] < 0x7f && (k+1 == len(text) || text[k+1] < 0x80) {
			k++
		}
		if k > at {
			column += k - at
			at = k
		}
		if at == len(text) {
			break
		}
		c := next(text[at:], column)
		if column > 0 && column+c.width > width {
			rows = append(rows, at)
			column = 0
			continue
		}
		column += c.width
		at += c.bytes
	}
	return rows
}

// Columns is how wide a text is, as far as most.
func Columns(text []byte, most int) int {
	column := 0
	for at := 0; at < len(text) && column < most; {
		c := next(text[at:], column)
		column += c.width
		at += c.bytes
	}
	return column
}

// Styles are how Draw shows things.
type Styles struct {
	Text, Match, Here, Special lipgloss.Style
}

// Draw draws text, without its first skip columns, on width columns at most,
// and returns how many it took. spans are of the text, in order; that of
// index here, if it is not negative, is the one the person is at.
func Draw(b *strings.Builder, text []byte, spans []match.Span, here, skip, width int, s Styles) int {
	column, drawn, span := 0, 0, 0
	var run strings.Builder // cells of one style
	style := &s.Text        // of them
	flush := func() {
		if run.Len() > 0 {
			b.WriteString(render(*style, run.String()))
			run.Reset()
		}
	}
	for at := 0; at < len(text) && drawn < width; {
		for span < len(spans) && spans[span].End <= at {
			span++
		}
		c := next(text[at:], column)
		now := &s.Text
		switch {
		case span < len(spans) && spans[span].Start <= at && span == here:
			now = &s.Here
		case span < len(spans) && spans[span].Start <= at:
			now = &s.Match
		case c.spelled:
			now = &s.Special
		}
		if now != style {
			flush()
			style = now
		}
		out := c.out
		if out == "" {
			out = string(text[at : at+c.bytes])
			if c.width == 0 {
				out = ""
			}
		}
		from := column - skip // where on the screen
		switch {
		case from+c.width <= 0:
		case from < 0 || drawn+c.width > width: // half of it would be seen
			n := min(from+c.width, width) - drawn
			if len(out) == c.width && n > 0 { // of one byte a column: that half can be
				lo := max(0, -from)
				run.WriteString(out[lo : lo+n])
			} else {
				run.WriteString(strings.Repeat(" ", max(n, 0)))
			}
			drawn += max(n, 0)
		default:
			run.WriteString(out)
			drawn += c.width
		}
		column += c.width
		at += c.bytes
	}
	flush()
	return drawn
}

// render is faster than the style's Render where there is nothing to style.
func render(s lipgloss.Style, text string) string {
	if isPlain(s) {
		return text
	}
	return s.Render(text)
}

func isPlain(s lipgloss.Style) bool {
	return !s.GetBold() && !s.GetReverse() && !s.GetUnderline() && s.GetForeground() == lipgloss.NoColor{} && s.GetBackground() == lipgloss.NoColor{}
}

// Fit is a text of ours cut or filled to a width, escape sequences left
// whole.
func Fit(s string, width int) string {
	s = oneLine.Replace(s)
	if w := ansi.StringWidth(s); w > width {
		s = ansi.Truncate(s, max(width, 0), "…")
	}
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// oneLine keeps names and messages with line ends in them on their row.
var oneLine = strings.NewReplacer("\n", "^J", "\t", "^I")

// FitLeft is Fit that cuts at the beginning, as of a path.
func FitLeft(s string, width int) string {
	s = oneLine.Replace(s)
	if w := ansi.StringWidth(s); w > width {
		s = CutLeft(s, w-width+1, "…")
	}
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// CutLeft takes n columns and what covers them away from the beginning of s,
// and puts mark there, and blanks if half of a wide character is left over.
func CutLeft(s string, n int, mark string) string {
	rest := ansi.StringWidth(s) - n
	for k := n; ; k++ {
		if cut := ansi.TruncateLeft(s, k, ""); ansi.StringWidth(cut) <= rest {
			return mark + strings.Repeat(" ", rest-ansi.StringWidth(cut)) + cut
		}
	}
}
