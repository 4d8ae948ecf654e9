package pager

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"logview/reader/document"
)

// Loading rows.

// load reads the rows around a place, or at the end if at is nil.
func (m *Model) load(at *document.Place) tea.Cmd { return m.win.load(at, m.view.wrapWidth()) }

func (m *Model) handleLoaded(msg loadedMsg) tea.Cmd {
	m.progress = ""
	known := m.win.growth.tail != (document.Place{})
	cur, err := m.win.replaceRows(msg)
	if err != nil {
		m.queue = nil
		if errors.Is(err, document.ErrCut) && !errors.Is(err, context.Canceled) {
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
	m.view.show(cur, msg.end)
	var hidden tea.Cmd
	if a, r := m.asked, m.view.current(); a != nil && *a == msg.at && !msg.end && m.Filtered() && (r == nil || r.Place != *a) {
		hidden = say("a filter hides that line; \\ switches the filters off")
	} else {
		m.asked = nil
	}
	return tea.Batch(m.extend(), m.win.number(), m.Grow(), m.doQueued(), hidden, count)
}

// extend reads more rows if the screen is near the first or the last row.
func (m *Model) extend() tea.Cmd {
	near := m.view.height + 50
	above, below := m.view.room(near)
	return m.win.extend(above < near, below < m.view.height+near, m.view.wrapWidth())
}

func (m *Model) handleMore(msg moreMsg) tea.Cmd {
	added, fits := m.win.extendWith(msg)
	if msg.err != nil {
		m.progress = ""
		return report(msg.err)
	}
	if !fits {
		return m.extend()
	}
	if msg.forward && m.win.atEnd {
		m.countRows(m.win.rows, m.win.up, m.win.down, false)
	}
	m.view.shift(added)
	m.view.shift(-m.win.trim(msg.forward, m.view.near()))
	m.progress = m.win.filtering(msg)
	if m.view.follow && m.win.atEnd {
		m.view.goToEnd()
	}
	m.view.clamp()
	return tea.Batch(m.extend(), m.win.number())
}

// Wheel scrolls by screen rows.
func (m *Model) Wheel(n int) tea.Cmd {
	if m.doc == nil || len(m.win.rows) == 0 {
		return nil
	}
	m.view.wheel(n)
	return m.extend()
}
