package pager

import (
	"logview/index/match"
	"logview/tui/screen"
)

// This is how a view moves on the rows.

// settle brings top and cur back into what is there.
func (v *view) settle() {
	if len(v.win.rows) == 0 {
		v.top, v.sub, v.cur = 0, 0, 0
		return
	}
	v.cur = min(max(v.cur, 0), len(v.win.rows)-1)
	v.top = min(max(v.top, 0), len(v.win.rows)-1)
	v.sub = min(v.sub, v.rowHeight(v.top)-1)
	if v.follow && v.win.atEnd {
		v.toEnd()
		return
	}
	v.fill()
	v.reveal()
}

// fill moves the screen up if there is room below the last row.
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

// scrollUp moves the screen up by n screen rows, as far as there are rows.
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

// scrollDown moves the screen down by n screen rows, until the last row is at the
// bottom.
func (v *view) scrollDown(n int) int {
	// How much lies below the screen.
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

// reveal moves the screen so that the row the person is on is seen.
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
		v.sub = 0 // taller than the screen: from its beginning
	}
}

// center puts the row the person is on into the middle.
func (v *view) center() {
	if len(v.win.rows) == 0 {
		return
	}
	v.top, v.sub = v.cur, 0
	v.scrollUp(v.body() / 3)
	v.fill()
}

// revealMatch moves the screen to the match in the row the person is on, the
// first of it after coming from above, where that is too long to be seen
// whole.
func (v *view) revealMatch() {
	if v.cur >= len(v.win.rows) {
		return
	}
	r := &v.win.rows[v.cur]
	start := v.find.locate(r.Place, func() []match.Span { return v.matches(v.cur) })
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

// toEnd shows the end.
func (v *view) toEnd() {
	if len(v.win.rows) == 0 {
		v.top, v.sub, v.cur = 0, 0, 0
		return
	}
	v.cur = len(v.win.rows) - 1
	v.top, v.sub = v.cur, v.rowHeight(v.cur)
	v.scrollUp(v.body())
}

// toLast goes to the last row, which may not be shown where it is to be yet.
func (v *view) toLast() { v.cur, v.top = len(v.win.rows)-1, len(v.win.rows)-1 }

// click goes to the row on a screen row of the text.
func (v *view) click(y int) {
	if len(v.win.rows) == 0 {
		return
	}
	if v.cur = v.rowAt(y); v.cur < len(v.win.rows)-1 {
		v.unfollow()
	}
}

// jump goes to a row that is shown with what stands around it, and to its
// first match.
func (v *view) jump(i int) {
	v.cur = i
	v.find.goTo(v.win.rows[i].Place, false)
	v.center()
	v.revealMatch()
}

// shiftLeft and shiftRight show what is left or right of the screen while
// lines are cut. shiftRight returns false if the lines end on the screen.
func (v *view) shiftLeft() { v.left = max(0, v.left-v.width/2) }

func (v *view) shiftRight() bool {
	if v.left+v.textWidth() >= v.widest() {
		return false
	}
	v.left += v.width / 2
	return true
}

// toggleWrap wraps lines, or cuts them.
func (v *view) toggleWrap() {
	v.wrap, v.left = !v.wrap, 0
	v.settle()
}

// togglePlain draws nothing but text, or all again.
func (v *view) togglePlain() {
	v.plain = !v.plain
	v.settle()
}

// step moves by a row; within one that is taller than the screen, by a screen
// row.
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

// unfollow stops following because the person goes back.
func (v *view) unfollow() { v.setFollow(false) }

// setFollow says whether the end is shown when the text grows.
func (v *view) setFollow(on bool) { v.follow = on }

// wheel scrolls by screen rows. The person stays on their row as long as it is
// on the screen.
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

// scroll moves the screen, and the person with it.
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

// screenRow is the screen row that the person's row begins on.
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

// rowAt is the row on a screen row.
func (v *view) rowAt(y int) int {
	n := -v.sub
	for i := v.top; i < len(v.win.rows); i++ {
		if n += v.rowHeight(i); n > y {
			return i
		}
	}
	return len(v.win.rows) - 1
}
