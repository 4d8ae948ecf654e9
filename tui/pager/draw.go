package pager

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"logview/index/match"
	"logview/reader"
	"logview/reader/document"
	"logview/tui/screen"
	"logview/tui/visible"
)

// Drawing rows.

// beyond is how far outside the drawn text matches are searched for that may
// reach into it.
const beyond = 4 << 10

// draw returns the screen rows of the text, each with its cell of the scroll
// bar.
func (v *view) draw(bar []string) []string {
	var out []string
	body := v.body()
	for i := v.top; i < len(v.win.rows) && len(out) < body; i++ {
		from := 0
		if i == v.top {
			from = v.sub
		}
		for k := from; k < v.rowHeight(i) && len(out) < body; k++ {
			out = append(out, v.drawRow(i, k, bar[min(len(out), len(bar)-1)]))
		}
	}
	return out
}

// drawRow returns screen row k of row i.
func (v *view) drawRow(i, k int, bar string) string {
	var b strings.Builder
	r := &v.win.rows[i]
	width := v.textWidth()
	if v.hasBorder(i) {
		if k == 0 {
			return v.th.Border.Render(screen.Fit(v.borderText(r.Member), v.width-1)) + v.side(bar)
		}
		k--
	}
	starts := v.wrapped(i)
	from, to := starts[k], len(r.Text)
	if k+1 < len(starts) {
		to = starts[k+1]
	}
	if !v.plain {
		v.drawGutter(&b, i, k)
	}
	text := r.Text[from:to]
	skip := 0
	if !v.wrap {
		skip = v.left
		// Text far to the right need not be measured.
		text = text[:min(len(text), 4*(skip+width)+64)]
	}
	styles := screen.Styles{Text: v.th.Text, Match: v.th.Match, Here: v.th.Here, Special: v.th.Special}
	switch {
	case i == v.cur && v.focused && !v.plain:
		styles.Text = v.th.Cursor
	case v.isGone(r.Member):
		styles.Text = v.th.Dim
	}
	if v.selected(i) {
		styles.Text = v.th.Selected
	}
	spans, here := v.spans(i, from, to)
	goes := !v.wrap && width > 1 && screen.Columns(text, skip+width+1) > skip+width
	if goes {
		width--
	}
	n := screen.Draw(&b, text, spans, here, skip, width, styles)
	if goes {
		b.WriteString(strings.Repeat(" ", max(0, width-n)) + v.th.Dim.Render("›"))
		width, n = width+1, width+1
	}
	fill := strings.Repeat(" ", max(0, width-n))
	if v.selected(i) {
		fill = styles.Text.Render(fill)
	}
	b.WriteString(fill)
	if !v.plain {
		b.WriteString(v.side(bar))
	}
	return b.String()
}

// widest returns the width of the widest line on the screen, or a lower bound
// that exceeds the screen.
func (v *view) widest() int {
	most := 0
	for i := v.top; i < len(v.win.rows) && i < v.top+v.body(); i++ {
		text := v.win.rows[i].Text
		limit := v.left + 2*v.width
		most = max(most, screen.Columns(text[:min(len(text), 4*limit+64)], limit))
	}
	return most
}

func (v *view) side(bar string) string {
	if v.plain {
		return " "
	}
	return bar
}

func (v *view) selected(i int) bool {
	if v.anchor == nil {
		return false
	}
	at := v.win.rows[i].Place
	if i <= v.cur {
		return v.win.members.compare(at, *v.anchor) >= 0 || i == v.cur
	}
	return v.win.members.compare(at, *v.anchor) <= 0
}

func (v *view) drawGutter(b *strings.Builder, i, k int) {
	r := &v.win.rows[i]
	level := v.th.Level(r.level)
	sign, number := " ", ""
	if k == 0 {
		sign = string(r.level)
		if r.line >= 0 && !r.Continues {
			number = strconv.FormatInt(r.line.Number(), 10)
		}
		if v.bookmarks.has(r.Place) {
			sign = "◆"
		}
		if i == v.cur && v.focused {
			level = v.th.Selected
		}
	}
	b.WriteString(level.Render(sign))
	width := v.gutter() - 2
	if width > 0 {
		b.WriteString(v.th.Number.Render(fmt.Sprintf("%*s", width, number)))
	}
	b.WriteString(" ")
}

// spans returns the matches in part of a row, and the index of the current
// match, or -1.
func (v *view) spans(i, from, to int) (spans []match.Span, here int) {
	r := &v.win.rows[i]
	here = -1
	at := v.find.startIn(r.Place)
	for _, s := range v.around(i, from, to) {
		if s.End <= from || s.Start >= to {
			continue
		}
		if at >= 0 && s.Start == at {
			here = len(spans)
		}
		spans = append(spans, match.Span{Start: max(s.Start, from) - from, End: min(s.End, to) - from})
	}
	return spans, here
}

// matches returns the matches that start in a row.
func (v *view) matches(i int) []match.Span {
	n := len(v.win.rows[i].Text)
	return slices.DeleteFunc(v.around(i, 0, n), func(s match.Span) bool { return s.Start < 0 || s.Start >= max(n, 1) })
}

// around returns the matches in and near part of a row, as offsets in the row.
// They may extend into the neighboring pieces of a long line, of which only the
// text near the part is searched.
func (v *view) around(i, from, to int) []match.Span {
	scan := v.find.scanner()
	if scan == nil {
		return nil
	}
	r := &v.win.rows[i]
	lo, hi := max(0, from-beyond), min(len(r.Text), to+beyond)
	if len(r.Text) <= 4*beyond {
		lo, hi = 0, len(r.Text)
	}
	text := r.Text[lo:hi]
	if lo == 0 && r.Continues && i > 0 && v.continued(i-1) {
		before := v.win.rows[i-1].Text
		before = before[max(0, len(before)-beyond):]
		text = append(bytes.Clone(before), text...)
		lo = -len(before)
	}
	if hi == len(r.Text) && r.Unfinished && v.continued(i) {
		after := v.win.rows[i+1].Text
		text = append(slices.Clip(text), after[:min(len(after), beyond)]...)
	}
	spans := scan.Highlights(text, nil)
	for k := range spans {
		spans[k].Start += lo
		spans[k].End += lo
	}
	return spans
}

// continued reports whether the line of row i continues in the next row.
func (v *view) continued(i int) bool {
	if i+1 >= len(v.win.rows) {
		return false
	}
	r, next := &v.win.rows[i], &v.win.rows[i+1]
	return r.Unfinished && next.Continues && r.Member == next.Member && r.End == next.Offset
}

// isGone reports whether a member no longer exists.
func (v *view) isGone(key document.MemberKey) bool {
	_, there := v.win.members.order[key]
	return !there && len(v.win.members.list) > 0
}

// borderText returns the border above a member.
func (v *view) borderText(key document.MemberKey) string {
	for i, x := range v.win.members.list {
		if x.Key == key {
			s := "── " + visible.String(filepath.Base(x.Path)) + " ──"
			if x.Path == reader.Stdin {
				s = "── standard input ──"
			}
			if x.Binary {
				s += " this does not look like text ──"
			}
			if x.Damage != nil {
				s += " " + visible.String(strings.ReplaceAll(x.Damage.Error(), "\n", " ")) + " ──"
			} else if !x.ModTime.IsZero() {
				s += " written until " + x.ModTime.Format("2006-01-02 15:04:05") + " ──"
			}
			// A member that cannot be read at all has no lines and no border.
			for i--; i >= 0 && v.win.members.list[i].Damage != nil && v.win.members.list[i].Text == 0; i-- {
				s += " not shown before it: " + visible.String(strings.ReplaceAll(v.win.members.list[i].Damage.Error(), "\n", " ")) + " ──"
			}
			return s
		}
	}
	return "── gone: deleted or cut off; what was read of it is not searched ──"
}
