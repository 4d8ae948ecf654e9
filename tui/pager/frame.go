package pager

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/screen"
	"logview/tui/visible"
)

// The frame of the pane:
//
//	title         the log, the position in it, live or not
//	filters       if there are any
//	text          E 1234 the line…                                      ▐
//
// A row has the letter of its level, its number, its text, and a cell of the
// scroll bar.

// Click moves the cursor to the row at a screen row of the pane, or switches
// the filter there.
func (m *Model) Click(x, y int) tea.Cmd {
	if y == 1 && m.view.head() == 2 {
		at := 1
		for i, f := range m.filters.list {
			w := ansi.StringWidth(chip(f))
			if x >= at && x < at+w {
				return m.Toggle(i)
			}
			at += w + 1
		}
		return nil
	}
	if y -= m.view.head(); y >= 0 {
		m.view.click(y)
	}
	return nil
}

// chip returns a filter as it is shown.
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
		if lines < m.view.height {
			if lines > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(s)
			lines++
		}
	}
	put(m.title())
	if len(m.filters.list) > 0 {
		put(m.chips())
	}
	bar := m.bar()
	empty := ""
	switch {
	case len(m.win.rows) > 0:
	case m.doc == nil:
		empty = "Open a log with Enter."
	case m.win.err != nil:
		empty = visible.String(m.win.err.Error())
	case m.win.busy():
		empty = "reading…"
		if m.progress != "" {
			empty = visible.String(m.progress)
		}
	case !m.filters.pick.all():
		empty = "No line passes the filters. \\ switches them off."
	case len(m.win.members.list) > 0 && m.win.members.list[len(m.win.members.list)-1].Damage != nil:
		empty = visible.String(m.win.members.list[len(m.win.members.list)-1].Damage.Error())
	case m.ended():
		empty = "Empty."
	default:
		empty = "Empty so far. What is written appears here."
	}
	if empty != "" {
		put(screen.Fit(m.paint.th.Dim.Render(screen.Fit(" "+strings.ReplaceAll(empty, "\n", " "), min(m.view.width, ansi.StringWidth(empty)+1))), m.view.width))
	}
	for _, l := range m.paint.draw(bar) {
		put(l)
	}
	for lines < m.view.height {
		put(strings.Repeat(" ", m.view.width))
	}
	return b.String()
}

// title returns the first row.
func (m *Model) title() string {
	style := m.paint.th.TitleOff
	if m.paint.focused {
		style = m.paint.th.Title
	}
	if m.doc == nil {
		return style.Render(screen.Fit(" logview", m.view.width))
	}
	right := ""
	if p, ok := m.Place(); ok {
		right = fmt.Sprintf("%.0f%%", 100*m.fraction(p))
		where := m.base(p.Member)
		if r := m.view.current(); r != nil && r.Place == p && r.line >= 0 {
			if where != "" {
				where += ":"
			}
			where += humanize.Comma(r.line.Number())
		}
		right = " " + where + "  " + right
		if t, ok := m.Time(); ok && m.view.width >= 60 {
			right = " " + showTime(t, m.now()) + " " + right
		}
		if m.win.isGone(p.Member) {
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
	case m.win.loading:
	case len(m.win.members.list) > 0 && m.win.members.list[len(m.win.members.list)-1].Damage != nil && m.view.follow:
		right += "  ! " + damageWord(m.win.members.list[len(m.win.members.list)-1].Damage)
	case m.inArchive(): // it does not grow
	case m.view.follow && m.rate.value >= 1:
		right += fmt.Sprintf("  ● LIVE %s/s", humanize.SIWithDigits(m.rate.value, 0, ""))
	case m.view.follow:
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
	room := m.view.width - ansi.StringWidth(right)
	if room < 8 {
		return style.Render(screen.Fit(right, m.view.width))
	}
	return style.Render(screen.FitLeft(name, room) + right)
}

// base returns the name of a member's file, or "" if it is the name of the log.
func (m *Model) base(key document.MemberKey) string {
	if i, ok := m.win.members.order[key]; ok && len(m.win.members.list) > 1 && m.view.width >= 60 {
		if s := visible.String(filepath.Base(m.win.members.list[i].Path)); s != visible.String(filepath.Base(m.name)) {
			if w := ansi.StringWidth(s); w > m.view.width/3 { // names of members differ at their ends
				return screen.CutLeft(s, w-m.view.width/3+1, "…")
			}
			return s
		}
	}
	return ""
}

// ended reports whether the rows include the end of a pipe.
func (m *Model) ended() bool {
	return len(m.win.members.list) == 1 && m.win.members.list[0].Ended && m.win.atEnd
}

// fraction returns the position of a place in the log, from 0 to 1.
func (m *Model) fraction(p document.Place) float64 {
	if m.win.atEnd && len(m.win.rows) > 0 && p == m.win.rows[len(m.win.rows)-1].Place {
		return 1
	}
	return document.FractionOf(m.win.members.list, p)
}

// chips returns the row with the filters.
func (m *Model) chips() string {
	var parts []string
	for _, f := range m.filters.list {
		style := m.paint.th.Chip
		if f.Off || m.filters.off {
			style = m.paint.th.ChipOff
		}
		parts = append(parts, style.Render(chip(f)))
	}
	s := " " + strings.Join(parts, " ")
	if m.filters.off {
		s += m.paint.th.Dim.Render(" off, \\ on")
	}
	return screen.Fit(s, m.view.width)
}

// bar returns the scroll bar: a cell for each screen row of the text.
func (m *Model) bar() []string {
	h := m.view.body()
	cells := make([]string, h)
	from, to := 0.0, 1.0
	if len(m.win.rows) > 0 {
		first, last := m.view.extent()
		if !(m.win.atStart && first == 0) {
			from = m.fraction(m.win.rows[first].Place)
		}
		if !(m.win.atEnd && last == len(m.win.rows)-1) {
			to = m.fraction(m.win.rows[last].Place)
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
	if m.find.active() {
		m.count.markRows(marked, m.win.members)
	}
	for y := range cells {
		cell, style := "│", m.paint.th.Track
		if y >= lo && y < hi {
			cell, style = "┃", m.paint.th.Thumb
		}
		if marked[y] {
			cell, style = "◂", m.paint.th.Marks
			if y >= lo && y < hi {
				cell = "◀"
			}
		}
		cells[y] = style.Render(cell)
	}
	return cells
}

// damageWord says in a word or two why a file could not be read to its end.
func damageWord(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "may not be read"
	}
	return "damaged"
}

// inArchive reports whether the newest file shown is in an archive.
func (m *Model) inArchive() bool {
	list := m.win.members.list
	if len(list) == 0 {
		return false
	}
	_, ok := files.ArchiveOf(list[len(list)-1].Path)
	return ok
}
