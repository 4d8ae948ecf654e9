package pager

import (
	"slices"
	"strconv"

	"logview/reader/document"
	"logview/tui/screen"
)

// A view is the part of a window that is on the screen: it has the scroll
// position, the cursor and the selection, and lays out rows. It does not change
// the rows or the filters.
type view struct {
	win     *window
	find    *finder
	filters *filters
	marks   highlighter

	width, height int  // of the pane
	wrap          bool // wrap long lines instead of cutting them
	left          int  // columns scrolled to the right, if lines are cut
	plain         bool // draw only text

	top, sub int             // the first row on the screen, and the first visible screen row of it
	cur      int             // the row with the cursor
	follow   bool            // stay at the end as the text grows
	anchor   *document.Place // where the selection started; nil without one
}

// setSize sets the size of the pane.
func (v *view) setSize(width, height int) {
	if width != v.width || height != v.height {
		v.width, v.height = width, height
		v.clamp()
	}
}

// setWrap sets whether long lines are wrapped.
func (v *view) setWrap(on bool) { v.wrap = on }

// selectFrom starts a selection. It stops following, so that new lines are not
// selected.
func (v *view) selectFrom(p document.Place) {
	v.anchor = &p
	v.unfollow()
}

// endSelection clears the selection.
func (v *view) endSelection() { v.anchor = nil }

// selecting reports whether lines are selected.
func (v *view) selecting() bool { return v.anchor != nil }

// current returns the row with the cursor, or nil if there are no rows.
func (v *view) current() *row {
	if v.cur >= len(v.win.rows) {
		return nil
	}
	return &v.win.rows[v.cur]
}

// show shows a row after a load: at the bottom if end is set, else with the
// lines around it and its match.
func (v *view) show(i int, end bool) {
	v.cur = i
	v.top, v.sub = i, 0
	if end {
		v.goToEnd()
		return
	}
	v.center()
	if r := v.current(); r != nil && r.Place == v.find.current.place {
		v.revealMatch()
	}
}

// goTo moves the cursor to a row, scrolling only if it is not visible.
func (v *view) goTo(i int) {
	v.cur = i
	top, sub := v.top, v.sub
	if v.reveal(); top != v.top || sub != v.sub {
		v.center()
	}
	v.revealMatch()
}

// goToStart moves to the first row.
func (v *view) goToStart() { v.cur, v.top, v.sub = 0, 0, 0 }

// body returns the number of screen rows for text.
func (v *view) body() int { return max(1, v.height-v.head()) }

// head returns the number of screen rows above the text.
func (v *view) head() int {
	n := 1
	if len(v.filters.list) > 0 {
		n++
	}
	return n
}

// wrapWidth returns the width to which lines are wrapped, or 0.
func (v *view) wrapWidth() int {
	if !v.wrap {
		return 0
	}
	return v.textWidth()
}

// textWidth returns the width of the text column.
func (v *view) textWidth() int {
	if v.plain {
		return max(1, v.width)
	}
	return max(1, v.width-v.gutter()-1)
}

// gutter returns the width of the level and the line number.
func (v *view) gutter() int {
	if v.plain {
		return 0
	}
	digits := 3
	for i := v.top; i < len(v.win.rows) && i < v.top+v.body(); i++ {
		digits = max(digits, len(strconv.FormatInt(v.win.rows[i].line.Number(), 10)))
	}
	if v.width < 50 {
		return 2
	}
	return digits + 3
}

// hasBorder reports whether the border of a member is drawn above a row.
func (v *view) hasBorder(i int) bool {
	if i == 0 {
		return v.win.atStart && (len(v.win.members.list) > 1 || v.remarkable(v.win.rows[i].Member))
	}
	return v.win.rows[i].Member != v.win.rows[i-1].Member
}

// remarkable reports whether the border of a member has a remark.
func (v *view) remarkable(key document.MemberKey) bool {
	return slices.ContainsFunc(v.win.members.list, func(x document.DocMember) bool { return x.Key == key && (x.Damage != nil || x.Binary) })
}

// wrapped returns the offsets at which the screen rows of a row start.
func (v *view) wrapped(i int) []int {
	if !v.wrap {
		return oneRow
	}
	return v.win.wrapped(i, v.textWidth())
}

// rowHeight returns the number of screen rows of a row.
func (v *view) rowHeight(i int) int {
	n := len(v.wrapped(i))
	if v.hasBorder(i) {
		n++
	}
	return n
}

var oneRow = []int{0}

// extent returns the first and the last row on the screen.
func (v *view) extent() (first, last int) { return v.top, v.rowAt(v.body() - 1) }

// shift adjusts the position after the indexes of the rows increased by n.
func (v *view) shift(n int) { v.top, v.cur = v.top+n, v.cur+n }

// near returns the rows on and around the screen, which must be kept.
func (v *view) near() span {
	around := v.height + 2*windowRows
	return span{min(v.top, v.cur) - around, max(v.top, v.cur) + around}
}

// room returns how many screen rows are available above and below the top of
// the screen, counting only up to most.
func (v *view) room(most int) (above, below int) {
	for i := v.top - 1; i >= 0 && above < most; i-- {
		above += v.rowHeight(i)
	}
	for i := v.top; i < len(v.win.rows) && below < most+v.height; i++ {
		below += v.rowHeight(i)
	}
	return above, below
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

// selected reports whether a row is selected.
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
