package pager

import (
	tea "charm.land/bubbletea/v2"

	"logview/tui/screen"
)

// This is where on the rows the screen is, and how it moves.

// settle brings top and cur back into what is there.
func (m *Model) settle() {
	if len(m.rows) == 0 {
		m.top, m.sub, m.cur = 0, 0, 0
		return
	}
	m.cur = min(max(m.cur, 0), len(m.rows)-1)
	m.top = min(max(m.top, 0), len(m.rows)-1)
	m.sub = min(m.sub, m.tall(m.top)-1)
	if m.follow && m.atEnd {
		m.toEnd()
		return
	}
	m.fill()
	m.reveal()
}

// fill moves the screen up if there is room below the last row.
func (m *Model) fill() {
	room := m.body()
	for i := m.top; i < len(m.rows) && room > 0; i++ {
		room -= m.tall(i)
		if i == m.top {
			room += m.sub
		}
	}
	if room > 0 && m.atEnd {
		m.up1(room)
	}
}

// up1 moves the screen up by n screen rows, as far as there are rows.
func (m *Model) up1(n int) int {
	moved := 0
	for moved < n {
		if m.sub > 0 {
			k := min(m.sub, n-moved)
			m.sub -= k
			moved += k
			continue
		}
		if m.top == 0 {
			break
		}
		m.top--
		m.sub = m.tall(m.top)
	}
	return moved
}

// down1 moves the screen down by n screen rows, until the last row is at the
// bottom.
func (m *Model) down1(n int) int {
	// How much lies below the screen.
	below := -m.sub
	for i := m.top; i < len(m.rows) && below < n+m.body(); i++ {
		below += m.tall(i)
	}
	n = min(n, max(0, below-m.body()))
	for left := n; left > 0; {
		rest := m.tall(m.top) - m.sub
		if left < rest {
			m.sub += left
			break
		}
		left -= rest
		if m.top+1 >= len(m.rows) {
			break
		}
		m.top, m.sub = m.top+1, 0
	}
	return n
}

// reveal moves the screen so that the row the person is on is seen.
func (m *Model) reveal() {
	if len(m.rows) == 0 {
		return
	}
	if m.cur < m.top {
		m.top, m.sub = m.cur, 0
		return
	}
	rows := -m.sub
	for i := m.top; i <= m.cur; i++ {
		rows += m.tall(i)
		if rows > 100*m.body() {
			break
		}
	}
	if rows <= m.body() || m.cur == m.top {
		return
	}
	m.top, m.sub = m.cur, m.tall(m.cur)
	m.up1(m.body())
	if m.top == m.cur && m.tall(m.cur) > m.body() {
		m.sub = 0 // taller than the screen: from its beginning
	}
}

// center puts the row the person is on into the middle.
func (m *Model) center() {
	if len(m.rows) == 0 {
		return
	}
	m.top, m.sub = m.cur, 0
	m.up1(m.body() / 3)
	m.fill()
}

// revealMatch moves the screen to the match in the row the person is on, the
// first of it after coming from above, where that is too long to be seen
// whole.
func (m *Model) revealMatch() {
	if m.cur >= len(m.rows) {
		return
	}
	r := &m.rows[m.cur]
	if r.Place != m.here || m.hit < 0 {
		spans := m.matches(m.cur)
		if len(spans) == 0 {
			return
		}
		m.here, m.hit = r.Place, spans[0].Start
		if m.back {
			m.hit = spans[len(spans)-1].Start
		}
	}
	at := min(m.hit, len(r.Text))
	if !m.wrap {
		width := m.textWidth()
		if column := screen.Columns(r.Text[:at], len(r.Text)*8); column < m.left || column >= m.left+width {
			m.left = max(0, column-width/3)
		}
		return
	}
	starts := m.wrapped(m.cur)
	if len(starts) < m.body() {
		return
	}
	k := len(starts) - 1
	for k > 0 && starts[k] > at {
		k--
	}
	m.top, m.sub = m.cur, max(0, min(k-m.body()/3, m.tall(m.cur)-m.body()))
}

// toEnd shows the end.
func (m *Model) toEnd() {
	if len(m.rows) == 0 {
		m.top, m.sub, m.cur = 0, 0, 0
		return
	}
	m.cur = len(m.rows) - 1
	m.top, m.sub = m.cur, m.tall(m.cur)
	m.up1(m.body())
}

// step moves by a row; within one that is taller than the screen, by a screen
// row.
func (m *Model) step(n int) {
	if len(m.rows) == 0 {
		return
	}
	if tall := m.tall(m.cur); tall > m.body() && m.top == m.cur {
		if n > 0 && m.sub+m.body() < tall {
			m.sub++
			return
		}
		if n < 0 && m.sub > 0 {
			m.sub--
			m.unfollow()
			return
		}
	}
	if n < 0 {
		m.unfollow()
	}
	to := m.cur + n
	m.cur = min(max(to, 0), len(m.rows)-1)
	if n < 0 && m.tall(m.cur) > m.body() && m.cur < m.top {
		m.top, m.sub = m.cur, m.tall(m.cur)-m.body()
		return
	}
	m.reveal()
}

// unfollow stops following because the person goes back.
func (m *Model) unfollow() { m.follow = false }

// scroll moves the screen, and the person with it.
func (m *Model) scroll(n int) {
	if len(m.rows) == 0 {
		return
	}
	at := m.onScreen()
	if n < 0 {
		m.unfollow()
		if m.up1(-n) == 0 {
			m.cur = 0
			return
		}
	} else if m.down1(n) == 0 {
		m.cur = len(m.rows) - 1
		return
	}
	m.cur = m.at(at)
}

// Wheel scrolls by screen rows.
func (m *Model) Wheel(n int) tea.Cmd {
	if m.doc == nil || len(m.rows) == 0 {
		return nil
	}
	if n < 0 {
		m.unfollow()
		m.up1(-n)
	} else {
		m.down1(n)
	}
	at := m.onScreen()
	if at < 0 {
		m.cur = m.at(0)
	} else if at >= m.body() {
		m.cur = m.at(m.body() - 1)
	}
	return m.extend()
}

// onScreen is the screen row that the person's row begins on.
func (m *Model) onScreen() int {
	if m.cur < m.top {
		return -1
	}
	n := -m.sub
	for i := m.top; i < m.cur && n < m.body(); i++ {
		n += m.tall(i)
	}
	if m.cur == m.top {
		return 0
	}
	return n
}

// at is the row on a screen row.
func (m *Model) at(y int) int {
	n := -m.sub
	for i := m.top; i < len(m.rows); i++ {
		if n += m.tall(i); n > y {
			return i
		}
	}
	return len(m.rows) - 1
}
