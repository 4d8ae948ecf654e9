package pager

import (
	"logview/index/match"
	"logview/tui/screen"
)

// Scrolling.

// clamp moves the position and the cursor into the rows.
func (v *view) clamp() {
	if len(v.win.rows) == 0 {
		v.top, v.sub, v.cur = 0, 0, 0
		return
	}
	v.cur = min(max(v.cur, 0), len(v.win.rows)-1)
	v.top = min(max(v.top, 0), len(v.win.rows)-1)
	v.sub = min(v.sub, v.rowHeight(v.top)-1)
	if v.follow && v.win.atEnd {
		v.goToEnd()
		return
	}
	v.fill()
	v.reveal()
}

// fill scrolls up if there is unused space below the last row.
func (v *view) fill() {
	room := v.body()
	for i := v.top; i < len(v.win.rows) && room > 0; i++ {
		room -= v.rowHeight(i)
		if i == v.top {
			room += v.sub
		}
	}
	if room > 0 && v.win.atEnd {
		v.scrollUp(room)
	}
}

// scrollUp scrolls up by at most n screen rows and returns by how many.
func (v *view) scrollUp(n int) int {
	moved := 0
	for moved < n {
		if v.sub > 0 {
			k := min(v.sub, n-moved)
			v.sub -= k
			moved += k
			continue
		}
		if v.top == 0 {
			break
		}
		v.top--
		v.sub = v.rowHeight(v.top)
	}
	return moved
}

// scrollDown scrolls down by at most n screen rows, until the last row is at
// the bottom, and returns by how many.
func (v *view) scrollDown(n int) int {
	// The number of screen rows below the screen.
	below := -v.sub
	for i := v.top; i < len(v.win.rows) && below < n+v.body(); i++ {
		below += v.rowHeight(i)
	}
	n = min(n, max(0, below-v.body()))
	for left := n; left > 0; {
		rest := v.rowHeight(v.top) - v.sub
		if left < rest {
			v.sub += left
			break
		}
		left -= rest
		if v.top+1 >= len(v.win.rows) {
			break
		}
		v.top, v.sub = v.top+1, 0
	}
	return n
}

// reveal scrolls as little as possible to make the cursor visible.
func (v *view) reveal() {
	if len(v.win.rows) == 0 {
		return
	}
	if v.cur < v.top {
		v.top, v.sub = v.cur, 0
		return
	}
	rows := -v.sub
	for i := v.top; i <= v.cur; i++ {
		rows += v.rowHeight(i)
		if rows > 100*v.body() {
			break
		}
	}
	if rows <= v.body() || v.cur == v.top {
		return
	}
	v.top, v.sub = v.cur, v.rowHeight(v.cur)
	v.scrollUp(v.body())
	if v.top == v.cur && v.rowHeight(v.cur) > v.body() {
		v.sub = 0 // taller than the screen: show its start
	}
}

// center scrolls so that there are lines around the cursor.
func (v *view) center() {
	if len(v.win.rows) == 0 {
		return
	}
	v.top, v.sub = v.cur, 0
	v.scrollUp(v.body() / 3)
	v.fill()
}

// revealMatch scrolls to the current match in the row with the cursor if the
// row is too long to be completely visible.
func (v *view) revealMatch() {
	if v.cur >= len(v.win.rows) {
		return
	}
	r := &v.win.rows[v.cur]
	start := v.find.locate(r.Place, func() []match.Span { return v.marks.matches(v.cur) })
	if start < 0 {
		return
	}
	at := min(start, len(r.Text))
	if !v.wrap {
		width := v.textWidth()
		if column := screen.Columns(r.Text[:at], len(r.Text)*8); column < v.left || column >= v.left+width {
			v.left = max(0, column-width/3)
		}
		return
	}
	starts := v.wrapped(v.cur)
	if len(starts) < v.body() {
		return
	}
	k := len(starts) - 1
	for k > 0 && starts[k] > at {
		k--
	}
	v.top, v.sub = v.cur, max(0, min(k-v.body()/3, v.rowHeight(v.cur)-v.body()))
}

// goToEnd moves to the last row, at the bottom of the screen.
func (v *view) goToEnd() {
	if len(v.win.rows) == 0 {
		v.top, v.sub, v.cur = 0, 0, 0
		return
	}
	v.cur = len(v.win.rows) - 1
	v.top, v.sub = v.cur, v.rowHeight(v.cur)
	v.scrollUp(v.body())
}

// goToLast moves the cursor and the top to the last row, before toEnd.
func (v *view) goToLast() { v.cur, v.top = len(v.win.rows)-1, len(v.win.rows)-1 }

// click moves the cursor to the row at a screen row of the text.
func (v *view) click(y int) {
	if len(v.win.rows) == 0 {
		return
	}
	if v.cur = v.rowAt(y); v.cur < len(v.win.rows)-1 {
		v.unfollow()
	}
}

// jump moves to the first match of a row and shows the lines around it.
func (v *view) jump(i int) {
	v.cur = i
	v.find.goTo(v.win.rows[i].Place, false)
	v.center()
	v.revealMatch()
}

// shiftLeft and shiftRight scroll horizontally while lines are cut. shiftRight
// returns false if all lines end on the screen.
func (v *view) shiftLeft() { v.left = max(0, v.left-v.width/2) }

func (v *view) shiftRight() bool {
	if v.left+v.textWidth() >= v.widest() {
		return false
	}
	v.left += v.width / 2
	return true
}

// toggleWrap switches between wrapping and cutting lines.
func (v *view) toggleWrap() {
	v.wrap, v.left = !v.wrap, 0
	v.clamp()
}

// togglePlain switches between drawing only text and drawing everything.
func (v *view) togglePlain() {
	v.plain = !v.plain
	v.clamp()
}

// step moves the cursor by a row or, within a row taller than the screen, by a
// screen row.
func (v *view) step(n int) {
	if len(v.win.rows) == 0 {
		return
	}
	if tall := v.rowHeight(v.cur); tall > v.body() && v.top == v.cur {
		if n > 0 && v.sub+v.body() < tall {
			v.sub++
			return
		}
		if n < 0 && v.sub > 0 {
			v.sub--
			v.unfollow()
			return
		}
	}
	if n < 0 {
		v.unfollow()
	}
	to := v.cur + n
	v.cur = min(max(to, 0), len(v.win.rows)-1)
	if n < 0 && v.rowHeight(v.cur) > v.body() && v.cur < v.top {
		v.top, v.sub = v.cur, v.rowHeight(v.cur)-v.body()
		return
	}
	v.reveal()
}

// unfollow stops following the end.
func (v *view) unfollow() { v.setFollow(false) }

// setFollow sets whether to stay at the end as the text grows.
func (v *view) setFollow(on bool) { v.follow = on }

// wheel scrolls by screen rows. The cursor stays on its row while that is
// visible.
func (v *view) wheel(n int) {
	if len(v.win.rows) == 0 {
		return
	}
	if n < 0 {
		v.unfollow()
		v.scrollUp(-n)
	} else {
		v.scrollDown(n)
	}
	at := v.screenRow()
	if at < 0 {
		v.cur = v.rowAt(0)
	} else if at >= v.body() {
		v.cur = v.rowAt(v.body() - 1)
	}
}

// scroll scrolls by screen rows and moves the cursor along.
func (v *view) scroll(n int) {
	if len(v.win.rows) == 0 {
		return
	}
	at := v.screenRow()
	if n < 0 {
		v.unfollow()
		if v.scrollUp(-n) == 0 {
			v.cur = 0
			return
		}
	} else if v.scrollDown(n) == 0 {
		v.cur = len(v.win.rows) - 1
		return
	}
	v.cur = v.rowAt(at)
}

// screenRow returns the screen row on which the row with the cursor starts.
func (v *view) screenRow() int {
	if v.cur < v.top {
		return -1
	}
	n := -v.sub
	for i := v.top; i < v.cur && n < v.body(); i++ {
		n += v.rowHeight(i)
	}
	if v.cur == v.top {
		return 0
	}
	return n
}

// rowAt returns the row at a screen row.
func (v *view) rowAt(y int) int {
	n := -v.sub
	for i := v.top; i < len(v.win.rows); i++ {
		if n += v.rowHeight(i); n > y {
			return i
		}
	}
	return len(v.win.rows) - 1
}
