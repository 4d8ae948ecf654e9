// Package screen converts text of logs to cells of a terminal. Whatever the
// text contains, the result has exactly the reported width, and nothing in it
// moves the cursor.
package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/index/match"
	"logview/reader/line"
	"logview/tui/visible"
)

// tabWidth is the distance between tab stops.
const tabWidth = 8

// A cell is a unit of drawing: a character with its combining marks, or a
// spelled out character.
type cell struct {
	bytes   int    // number of bytes of the text
	width   int    // number of columns on the screen
	out     string // what is drawn, if it differs from the text
	spelled bool
}

// next returns the cell at the start of text, which is drawn at column.
func next(text []byte, column int) cell {
	c := text[0]
	switch {
	case c >= ' ' && c < 0x7f && (len(text) == 1 || text[1] < 0x80 && text[1] > 0):
		return cell{bytes: 1, width: 1}
	case c == '\t':
		w := tabWidth - column%tabWidth
		return cell{bytes: 1, width: w, out: "        "[:w]}
	case c == '\r' && len(text) == 1:
		return cell{bytes: 1} // part of a line end
	case c == 0x1b:
		if n := line.Sequence(text); n > 0 {
			return cell{bytes: n} // a colour, for example
		}
	}
	if c == 0 || len(text) > 1 && text[1] == 0 {
		if r, n, ok := line.WideRune(text); ok {
			if r < 0 || r == '\r' && n == len(text) {
				return cell{bytes: n}
			}
			s := string(r)
			return cell{bytes: n, width: ansi.StringWidthWc(s), out: s}
		}
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
	// Add its combining marks.
	end := n
	for marks := 0; end < len(text); marks++ {
		m, k := utf8.DecodeRune(text[end:])
		if m >= 0xfe00 && m <= 0xfe0f { // they have no width, but change the width of other characters
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
		return spell() // a mark without a character
	}
	return cell{bytes: end, width: w}
}

// Rows returns the indexes at which the rows of a text start when it is wrapped
// to width columns. The first is 0.
func Rows(text []byte, width int) []int {
	rows := []int{0}
	width = max(width, 1)
	column := 0
	for at := 0; at < len(text); {
		// The common case: a run of printable ASCII.
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

// Columns returns the display width of text in columns. It stops counting once
// the width is at least most.
func Columns(text []byte, most int) int {
	column := 0
	for at := 0; at < len(text) && column < most; {
		c := next(text[at:], column)
		column += c.width
		at += c.bytes
	}
	return column
}

// Styles are the styles that Draw uses.
type Styles struct {
	Text, Match, Here, Special lipgloss.Style

	Parts []Part // of the text, in order, in other styles than Text
}

// A Part is a part of a text with a style.
type Part struct {
	From, To int
	Style    lipgloss.Style
}

// Draw draws text, without its first skip columns, in at most width columns,
// and returns the number of columns drawn. spans are matches in text, in order.
// The span with the index here is the current match; here is negative if there
// is none.
func Draw(b *strings.Builder, text []byte, spans []match.Span, here, skip, width int, s Styles) int {
	column, drawn, span, part := 0, 0, 0, 0
	var run strings.Builder // cells with the same style
	style := &s.Text        // style of run
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
		for part < len(s.Parts) && s.Parts[part].To <= at {
			part++
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
		case part < len(s.Parts) && s.Parts[part].From <= at:
			now = &s.Parts[part].Style
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
		from := column - skip // column on the screen
		switch {
		case from+c.width <= 0:
		case from < 0 || drawn+c.width > width: // only a part of the cell is visible
			n := min(from+c.width, width) - drawn
			if len(out) == c.width && n > 0 { // with one byte per column, that part can be drawn
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

// render returns text in style s. It is faster than s.Render for plain styles.
func render(s lipgloss.Style, text string) string {
	if isPlain(s) {
		return text
	}
	return s.Render(text)
}

func isPlain(s lipgloss.Style) bool {
	return !s.GetBold() && !s.GetReverse() && !s.GetUnderline() && s.GetForeground() == lipgloss.NoColor{} && s.GetBackground() == lipgloss.NoColor{}
}

// Fit truncates or pads s to width columns, and keeps escape sequences whole.
func Fit(s string, width int) string {
	s = oneLine.Replace(s)
	if w := ansi.StringWidth(s); w > width {
		s = ansi.Truncate(s, max(width, 0), "…")
	}
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// oneLine keeps names and messages that contain line ends on one row.
var oneLine = strings.NewReplacer("\n", "^J", "\t", "^I")

// FitLeft is like Fit, but truncates the start, which suits paths.
func FitLeft(s string, width int) string {
	s = oneLine.Replace(s)
	if w := ansi.StringWidth(s); w > width {
		s = CutLeft(s, w-width+1, "…")
	}
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// CutLeft removes the first n columns of s and replaces them by mark. If half
// of a wide character remains, it becomes a blank.
func CutLeft(s string, n int, mark string) string {
	rest := ansi.StringWidth(s) - n
	for k := n; ; k++ {
		if cut := ansi.TruncateLeft(s, k, ""); ansi.StringWidth(cut) <= rest {
			return mark + strings.Repeat(" ", rest-ansi.StringWidth(cut)) + cut
		}
	}
}
