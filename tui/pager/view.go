package pager

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/reader"
	"logview/tui/screen"
	"logview/tui/visible"
)

// What the pane draws:
//
//	title         the log, where the person is in it, live or not
//	filters       if there are any
//	text          E 1234 the line…                                      ▐
//
// A row has the letter of its level, its number, its text, and at the right
// the scroll bar.

// body is how many rows of text there are.
func (m *Model) body() int { return max(1, m.height-m.head()) }

// head is how many rows are above the text.
func (m *Model) head() int {
	n := 1
	if len(m.filters) > 0 {
		n++
	}
	return n
}

// gutter is how wide level and number are.
func (m *Model) gutter() int {
	if m.plain {
		return 0
	}
	digits := 3
	for i := m.top; i < len(m.rows) && i < m.top+m.body(); i++ {
		digits = max(digits, len(strconv.FormatInt(m.rows[i].line.Number(), 10)))
	}
	if m.width < 50 {
		return 2
	}
	return digits + 3
}

// textWidth is how wide the text is.
func (m *Model) textWidth() int {
	if m.plain {
		return max(1, m.width)
	}
	return max(1, m.width-m.gutter()-1)
}

// border is whether a row has the border of its member above it.
func (m *Model) border(i int) bool {
	if i == 0 {
		return m.atStart && (len(m.members) > 1 || m.remarkable(m.rows[i].Member))
	}
	return m.rows[i].Member != m.rows[i-1].Member
}

// remarkable reports whether there is something to say of a member.
func (m *Model) remarkable(key reader.MemberKey) bool {
	return slices.ContainsFunc(m.members, func(x reader.DocMember) bool { return x.Key == key && (x.Damage != nil || x.Binary) })
}

// wrapped is where the screen rows of a row begin.
func (m *Model) wrapped(i int) []int {
	if !m.wrap {
		return oneRow
	}
	r, w := &m.rows[i], m.textWidth()
	if r.starts == nil || r.width != w {
		r.starts, r.width = screen.Rows(r.Text, w), w
	}
	return r.starts
}

var oneRow = []int{0}

// wrapWidth is how wide lines are wrapped; 0 if they are not.
func (m *Model) wrapWidth() int {
	if !m.wrap {
		return 0
	}
	return m.textWidth()
}

// tall is how many screen rows a row takes.
func (m *Model) tall(i int) int {
	n := len(m.wrapped(i))
	if m.border(i) {
		n++
	}
	return n
}

// Click goes to the row on a screen row of the pane, or switches the filter
// there.
func (m *Model) Click(x, y int) tea.Cmd {
	if y == 1 && m.head() == 2 {
		at := 1
		for i, f := range m.filters {
			w := ansi.StringWidth(chip(f))
			if x >= at && x < at+w {
				return m.Toggle(i)
			}
			at += w + 1
		}
		return nil
	}
	if y -= m.head(); y >= 0 && len(m.rows) > 0 {
		m.cur = m.at(y)
		if m.cur < len(m.rows)-1 {
			m.unfollow()
		}
	}
	return nil
}

// chip is a filter as it is shown.
func chip(f Pattern) string {
	text := "+ " + f.Text
	if t, ok := strings.CutPrefix(f.Text, "!"); ok {
		text = "- " + t
	}
	if f.Off {
		text = "(" + text + ")"
	}
	return " " + visible.String(text) + " "
}

// View draws the pane.
func (m *Model) View() string {
	var b strings.Builder
	lines := 0
	put := func(s string) {
		if lines < m.height {
			if lines > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(s)
			lines++
		}
	}
	put(m.title())
	if len(m.filters) > 0 {
		put(m.chips())
	}
	bar := m.bar()
	empty := ""
	switch {
	case len(m.rows) > 0:
	case m.doc == nil:
		empty = "Open a log with Enter."
	case m.err != nil:
		empty = visible.String(m.err.Error())
	case m.loading || m.upBusy || m.downBusy:
		empty = "reading…"
		if m.progress != "" {
			empty = visible.String(m.progress)
		}
	case !m.pick.all():
		empty = "No line passes the filters. \\ switches them off."
	case len(m.members) > 0 && m.members[len(m.members)-1].Damage != nil:
		empty = visible.String(m.members[len(m.members)-1].Damage.Error())
	case m.ended():
		empty = "Empty."
	default:
		empty = "Empty so far. What is written appears here."
	}
	if empty != "" {
		put(screen.Fit(m.th.Dim.Render(screen.Fit(" "+strings.ReplaceAll(empty, "\n", " "), min(m.width, ansi.StringWidth(empty)+1))), m.width))
	}
	body := m.body()
	for i, y := m.top, 0; i < len(m.rows) && y < body; i++ {
		from := 0
		if i == m.top {
			from = m.sub
		}
		for k := from; k < m.tall(i) && y < body; k++ {
			put(m.drawn(i, k, bar[min(y, len(bar)-1)]))
			y++
		}
	}
	for lines < m.height {
		put(strings.Repeat(" ", m.width))
	}
	return b.String()
}

// drawn is screen row k of row i.
func (m *Model) drawn(i, k int, bar string) string {
	var b strings.Builder
	r := &m.rows[i]
	width := m.textWidth()
	if m.border(i) {
		if k == 0 {
			return m.th.Border.Render(screen.Fit(m.member(r.Member), m.width-1)) + m.side(bar)
		}
		k--
	}
	starts := m.wrapped(i)
	from, to := starts[k], len(r.Text)
	if k+1 < len(starts) {
		to = starts[k+1]
	}
	if !m.plain {
		m.drawGutter(&b, i, k)
	}
	text := r.Text[from:to]
	skip := 0
	if !m.wrap {
		skip = m.left
		// What lies far to the right is not looked at.
		text = text[:min(len(text), 4*(skip+width)+64)]
	}
	styles := screen.Styles{Text: m.th.Text, Match: m.th.Match, Here: m.th.Here, Special: m.th.Special}
	switch {
	case i == m.cur && m.focused && !m.plain:
		styles.Text = m.th.Cursor
	case m.lost(r.Member):
		styles.Text = m.th.Dim
	}
	if m.selected(i) {
		styles.Text = m.th.Selected
	}
	spans, here := m.spans(i, from, to)
	goes := !m.wrap && width > 1 && screen.Columns(text, skip+width+1) > skip+width
	if goes {
		width--
	}
	n := screen.Draw(&b, text, spans, here, skip, width, styles)
	if goes {
		b.WriteString(strings.Repeat(" ", max(0, width-n)) + m.th.Dim.Render("›"))
		width, n = width+1, width+1
	}
	fill := strings.Repeat(" ", max(0, width-n))
	if m.selected(i) {
		fill = styles.Text.Render(fill)
	}
	b.WriteString(fill)
	if !m.plain {
		b.WriteString(m.side(bar))
	}
	return b.String()
}

// widest is how wide the lines on the screen are, as far as that is looked at.
func (m *Model) widest() int {
	most := 0
	for i := m.top; i < len(m.rows) && i < m.top+m.body(); i++ {
		text := m.rows[i].Text
		limit := m.left + 2*m.width
		most = max(most, screen.Columns(text[:min(len(text), 4*limit+64)], limit))
	}
	return most
}

func (m *Model) side(bar string) string {
	if m.plain {
		return " "
	}
	return bar
}

func (m *Model) selected(i int) bool {
	if m.anchor == nil {
		return false
	}
	at := m.rows[i].Place
	if i <= m.cur {
		return m.compare(at, *m.anchor) >= 0 || i == m.cur
	}
	return m.compare(at, *m.anchor) <= 0
}

func (m *Model) drawGutter(b *strings.Builder, i, k int) {
	r := &m.rows[i]
	level := m.th.Level(r.level)
	sign, number := " ", ""
	if k == 0 {
		sign = string(r.level)
		if r.line >= 0 && !r.Continues {
			number = strconv.FormatInt(r.line.Number(), 10)
		}
		if m.marks[r.Place] {
			sign = "◆"
		}
		if i == m.cur && m.focused {
			level = m.th.Selected
		}
	}
	b.WriteString(level.Render(sign))
	width := m.gutter() - 2
	if width > 0 {
		b.WriteString(m.th.Number.Render(fmt.Sprintf("%*s", width, number)))
	}
	b.WriteString(" ")
}

// spans is what was searched for in part of a row, and which of them the
// person is at, if any; -1 if none.
func (m *Model) spans(i, from, to int) (spans []match.Span, here int) {
	r := &m.rows[i]
	here = -1
	for _, s := range m.around(i, from, to) {
		if s.End <= from || s.Start >= to {
			continue
		}
		if r.Place == m.here && s.Start == m.hit {
			here = len(spans)
		}
		spans = append(spans, match.Span{Start: max(s.Start, from) - from, End: min(s.End, to) - from})
	}
	return spans, here
}

// matches is what was searched for that begins in a row.
func (m *Model) matches(i int) []match.Span {
	n := len(m.rows[i].Text)
	return slices.DeleteFunc(m.around(i, 0, n), func(s match.Span) bool { return s.Start < 0 || s.Start >= max(n, 1) })
}

// beyond is how far around what is drawn matches are looked for that reach
// into it.
const beyond = 4 << 10

// around is what was searched for in part of a row and near it, in offsets
// of the row: in a line without end only what is around is looked at, and
// matches go over from one piece to the next.
func (m *Model) around(i, from, to int) []match.Span {
	scan := m.scan
	if scan == nil {
		scan = m.also
	}
	if scan == nil {
		return nil
	}
	r := &m.rows[i]
	lo, hi := max(0, from-beyond), min(len(r.Text), to+beyond)
	if len(r.Text) <= 4*beyond {
		lo, hi = 0, len(r.Text)
	}
	text := r.Text[lo:hi]
	if lo == 0 && r.Continues && i > 0 && m.follows(i-1) {
		before := m.rows[i-1].Text
		before = before[max(0, len(before)-beyond):]
		text = append(bytes.Clone(before), text...)
		lo = -len(before)
	}
	if hi == len(r.Text) && r.Unfinished && m.follows(i) {
		after := m.rows[i+1].Text
		text = append(slices.Clip(text), after[:min(len(after), beyond)]...)
	}
	spans := scan.Highlights(text, nil)
	for k := range spans {
		spans[k].Start += lo
		spans[k].End += lo
	}
	return spans
}

// follows reports whether row i goes on in the row behind it.
func (m *Model) follows(i int) bool {
	if i+1 >= len(m.rows) {
		return false
	}
	r, next := &m.rows[i], &m.rows[i+1]
	return r.Unfinished && next.Continues && r.Member == next.Member && r.End == next.Offset
}

// lost reports whether a member's lines are shown although it is gone.
func (m *Model) lost(key reader.MemberKey) bool {
	_, there := m.order[key]
	return !there && len(m.members) > 0
}

// member is the border above a member.
func (m *Model) member(key reader.MemberKey) string {
	for i, x := range m.members {
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
			// Of what cannot be read at all there are no lines to say it above.
			for i--; i >= 0 && m.members[i].Damage != nil && m.members[i].Text == 0; i-- {
				s += " not shown before it: " + visible.String(strings.ReplaceAll(m.members[i].Damage.Error(), "\n", " ")) + " ──"
			}
			return s
		}
	}
	return "── gone: deleted or cut off; what was read of it is not searched ──"
}

// title is the first row.
func (m *Model) title() string {
	style := m.th.TitleOff
	if m.focused {
		style = m.th.Title
	}
	if m.doc == nil {
		return style.Render(screen.Fit(" logview", m.width))
	}
	right := ""
	if p, ok := m.Place(); ok {
		right = fmt.Sprintf("%.0f%%", 100*m.fraction(p))
		where := m.base(p.Member)
		if m.cur < len(m.rows) && m.rows[m.cur].Place == p && m.rows[m.cur].line >= 0 {
			if where != "" {
				where += ":"
			}
			where += humanize.Comma(m.rows[m.cur].line.Number())
		}
		right = " " + where + "  " + right
		if m.lost(p.Member) {
			right = " of a deleted file, not searched"
		}
	}
	switch {
	case m.ended():
		right += "  ■ ended"
	case m.gone:
		right += "  ✗ gone"
	case m.frozen:
		right += "  ‖ frozen, = goes on"
	case m.loading:
	case len(m.members) > 0 && m.members[len(m.members)-1].Damage != nil && m.follow:
		right += "  ! damaged"
	case m.follow && m.rate.value >= 1:
		right += fmt.Sprintf("  ● LIVE %s/s", humanize.SIWithDigits(m.rate.value, 0, ""))
	case m.follow:
		right += "  ● LIVE"
	case m.fresh > 0:
		right += fmt.Sprintf("  ‖ %s new, G", humanize.Comma(m.fresh))
	}
	if m.progress != "" {
		right = visible.String(m.progress) + "  " + right
	}
	right += " "
	name := " " + visible.String(m.name)
	if m.name == reader.Stdin {
		name = " standard input"
	}
	room := m.width - ansi.StringWidth(right)
	if room < 8 {
		return style.Render(screen.Fit(right, m.width))
	}
	return style.Render(screen.FitLeft(name, room) + right)
}

// base is the name of the file that a member is, where that says more than the
// log's; else it is empty.
func (m *Model) base(key reader.MemberKey) string {
	if i, ok := m.order[key]; ok && len(m.members) > 1 && m.width >= 60 {
		if s := visible.String(filepath.Base(m.members[i].Path)); s != visible.String(filepath.Base(m.name)) {
			if w := ansi.StringWidth(s); w > m.width/3 { // what tells it from the others is at its end
				return screen.CutLeft(s, w-m.width/3+1, "…")
			}
			return s
		}
	}
	return ""
}

// ended reports whether what came through a pipe has ended, and is all there.
func (m *Model) ended() bool { return len(m.members) == 1 && m.members[0].Ended && m.atEnd }

// fraction is how far into the log a place is, as of what is known.
func (m *Model) fraction(p reader.Place) float64 {
	if m.atEnd && len(m.rows) > 0 && p == m.rows[len(m.rows)-1].Place {
		return 1
	}
	return reader.FractionOf(m.members, p)
}

// chips are the filters.
func (m *Model) chips() string {
	var parts []string
	for _, f := range m.filters {
		style := m.th.Chip
		if f.Off || m.off {
			style = m.th.ChipOff
		}
		parts = append(parts, style.Render(chip(f)))
	}
	s := " " + strings.Join(parts, " ")
	if m.off {
		s += m.th.Dim.Render(" off, \\ on")
	}
	return screen.Fit(s, m.width)
}

// bar is the scroll bar: a cell for each row of the text.
func (m *Model) bar() []string {
	h := m.body()
	cells := make([]string, h)
	from, to := 0.0, 1.0
	if len(m.rows) > 0 {
		if !(m.atStart && m.top == 0) {
			from = m.fraction(m.rows[m.top].Place)
		}
		last := m.at(h - 1)
		if !(m.atEnd && last == len(m.rows)-1) {
			to = m.fraction(m.rows[last].Place)
		}
	}
	lo, hi := int(from*float64(h)), int(to*float64(h)+0.999)
	if hi <= lo {
		hi = lo + 1
	}
	if lo >= h {
		lo, hi = h-1, h
	}
	marked := make([]bool, h)
	if m.matcher != nil && m.tally != nil {
		m.found.marks.rows(marked, m.members)
		m.freshMarks.rows(marked, m.members)
	}
	for y := range cells {
		cell, style := "│", m.th.Track
		if y >= lo && y < hi {
			cell, style = "┃", m.th.Thumb
		}
		if marked[y] {
			cell, style = "◂", m.th.Marks
			if y >= lo && y < hi {
				cell = "◀"
			}
		}
		cells[y] = style.Render(cell)
	}
	return cells
}
