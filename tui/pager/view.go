package pager

import (
	"slices"
	"strconv"

	"logview/reader/document"
	"logview/tui/theme"
)

// A view is what the screen shows of a window: where on the rows it is, how
// the rows are laid out, and how they are drawn. Of the window, the finder, the
// filters and the bookmarks it changes nothing.
type view struct {
	win       *window
	find      *finder
	filters   *filters
	bookmarks *bookmarks

	th            *theme.Theme
	width, height int // of the pane
	focused       bool
	wrap          bool // long lines are wrapped; else they are cut
	left          int  // then, how many columns are left of the screen
	plain         bool // nothing but text is drawn

	top, sub int             // the first row on the screen, and the first of its screen rows there
	cur      int             // the row that the person is on
	follow   bool            // the end is shown, and the person stays there
	anchor   *document.Place // where a selection begins; nil without one
}

// setSize says how much room there is.
func (v *view) setSize(width, height int) {
	if width != v.width || height != v.height {
		v.width, v.height = width, height
		v.settle()
	}
}

// setTheme changes how it looks.
func (v *view) setTheme(th *theme.Theme) { v.th = th }

// setFocus says whether keys go here.
func (v *view) setFocus(on bool) { v.focused = on }

// setWrap says whether long lines are wrapped.
func (v *view) setWrap(on bool) { v.wrap = on }

// selectFrom begins a selection at a place. What comes is not selected, so the
// end is not followed any more.
func (v *view) selectFrom(p document.Place) {
	v.anchor = &p
	v.unfollow()
}

// endSelection ends the selecting of lines.
func (v *view) endSelection() { v.anchor = nil }

// selecting reports whether lines are selected.
func (v *view) selecting() bool { return v.anchor != nil }

// current is the row that the person is on; nil if there are no rows.
func (v *view) current() *row {
	if v.cur >= len(v.win.rows) {
		return nil
	}
	return &v.win.rows[v.cur]
}

// show goes to a row, and to the match in it, as it was loaded.
func (v *view) show(i int, end bool) {
	v.cur = i
	v.top, v.sub = i, 0
	if end {
		v.toEnd()
		return
	}
	v.center()
	if r := v.current(); r != nil && r.Place == v.find.spot.place {
		v.revealMatch()
	}
}

// goTo goes to a row. If it is not on the screen, it is shown with what stands
// around it.
func (v *view) goTo(i int) {
	v.cur = i
	top, sub := v.top, v.sub
	if v.reveal(); top != v.top || sub != v.sub {
		v.center()
	}
	v.revealMatch()
}

// toStart goes to the first row.
func (v *view) toStart() { v.cur, v.top, v.sub = 0, 0, 0 }

// body is how many rows of text there are.
func (v *view) body() int { return max(1, v.height-v.head()) }

// head is how many rows are above the text.
func (v *view) head() int {
	n := 1
	if len(v.filters.list) > 0 {
		n++
	}
	return n
}

// wrapWidth is how wide lines are wrapped; 0 if they are not.
func (v *view) wrapWidth() int {
	if !v.wrap {
		return 0
	}
	return v.textWidth()
}

// textWidth is how wide the text is.
func (v *view) textWidth() int {
	if v.plain {
		return max(1, v.width)
	}
	return max(1, v.width-v.gutter()-1)
}

// gutter is how wide level and number are.
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

// hasBorder is whether a row has the border of its member above it.
func (v *view) hasBorder(i int) bool {
	if i == 0 {
		return v.win.atStart && (len(v.win.members.list) > 1 || v.remarkable(v.win.rows[i].Member))
	}
	return v.win.rows[i].Member != v.win.rows[i-1].Member
}

// remarkable reports whether there is something to say of a member.
func (v *view) remarkable(key document.MemberKey) bool {
	return slices.ContainsFunc(v.win.members.list, func(x document.DocMember) bool { return x.Key == key && (x.Damage != nil || x.Binary) })
}

// wrapped is where the screen rows of a row begin.
func (v *view) wrapped(i int) []int {
	if !v.wrap {
		return oneRow
	}
	return v.win.wrapped(i, v.textWidth())
}

// rowHeight is how many screen rows a row takes.
func (v *view) rowHeight(i int) int {
	n := len(v.wrapped(i))
	if v.hasBorder(i) {
		n++
	}
	return n
}

var oneRow = []int{0}

// extent is the first and the last row on the screen.
func (v *view) extent() (first, last int) { return v.top, v.rowAt(v.body() - 1) }

// shift is called when rows have an index that is higher by n.
func (v *view) shift(n int) { v.top, v.cur = v.top+n, v.cur+n }

// near is the rows on the screen and around it, which are to be kept.
func (v *view) near() span {
	around := v.height + 2*windowRows
	return span{min(v.top, v.cur) - around, max(v.top, v.cur) + around}
}

// room is how many screen rows are read above and from the top of the screen
// on, as far as most.
func (v *view) room(most int) (above, below int) {
	for i := v.top - 1; i >= 0 && above < most; i-- {
		above += v.rowHeight(i)
	}
	for i := v.top; i < len(v.win.rows) && below < most+v.height; i++ {
		below += v.rowHeight(i)
	}
	return above, below
}
