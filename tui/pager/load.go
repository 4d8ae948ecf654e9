package pager

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
)

// This is how the pane has its rows loaded, and goes where it was to be.

// load reads the rows around a place, or at the end for nil.
func (m *Model) load(at *reader.Place) tea.Cmd { return m.win.load(at, m.wrapWidth()) }

func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	m.progress = ""
	known := m.win.growth.tail != (reader.Place{})
	cur, err := m.win.loaded(msg)
	if err != nil {
		m.queue = nil
		if errors.Is(err, reader.ErrCut) && !errors.Is(err, context.Canceled) {
			m.retry = m.win.target
			return look
		}
		return nil
	}
	if m.win.atEnd && known {
		m.countRows(m.win.rows, m.win.up, m.win.down, false)
	}
	var count tea.Cmd
	if !m.count.active() {
		count = m.startCount()
	}
	m.cur = cur
	m.top, m.sub = m.cur, 0
	if msg.end {
		m.toEnd()
	} else {
		m.center()
		if m.cur < len(m.win.rows) && m.win.rows[m.cur].Place == m.find.spot.place {
			m.revealMatch()
		}
	}
	var hidden tea.Cmd
	if a := m.asked; a != nil && *a == msg.at && !msg.end && m.Filtered() && (m.cur >= len(m.win.rows) || m.win.rows[m.cur].Place != *a) {
		hidden = say("a filter hides that line; \\ switches the filters off")
	} else {
		m.asked = nil
	}
	return tea.Batch(m.extend(), m.win.number(), m.Grow(), m.doQueued(), hidden, count)
}

// extend reads more rows where the screen comes near the ends of those there
// are.
func (m *Model) extend() tea.Cmd {
	near := m.height + 50
	above, below := m.room(near)
	return m.win.extend(above < near, below < m.height+near, m.wrapWidth())
}

func (m *Model) more(msg moreMsg) tea.Cmd {
	added, fits := m.win.more(msg)
	if msg.err != nil {
		m.progress = ""
		return trouble(msg.err)
	}
	if !fits {
		return m.extend()
	}
	if msg.forward && m.win.atEnd {
		m.countRows(m.win.rows, m.win.up, m.win.down, false)
	}
	m.shift(added)
	m.shift(-m.win.trim(msg.forward, m.near()))
	m.progress = m.win.filtering(msg)
	if m.follow && m.win.atEnd {
		m.toEnd()
	}
	m.settle()
	return tea.Batch(m.extend(), m.win.number())
}

// shift is called when rows have an index that is higher by n.
func (m *Model) shift(n int) { m.top, m.cur = m.top+n, m.cur+n }

// near is the rows on the screen and around it, which are to be kept.
func (m *Model) near() span {
	around := m.height + 2*windowRows
	return span{min(m.top, m.cur) - around, max(m.top, m.cur) + around}
}

// room is how many screen rows are read above and from the top of the screen
// on, as far as most.
func (m *Model) room(most int) (above, below int) {
	for i := m.top - 1; i >= 0 && above < most; i-- {
		above += m.tall(i)
	}
	for i := m.top; i < len(m.win.rows) && below < most+m.height; i++ {
		below += m.tall(i)
	}
	return above, below
}
