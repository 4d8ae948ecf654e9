package tui

import (
	tea "charm.land/bubbletea/v2"
)

// mouseEvent handles the wheel, clicks, and dragging the border between panes.
func (m *model) mouseEvent(msg tea.MouseMsg) tea.Cmd {
	e := msg.Mouse()
	l := m.boxes()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		n := 3
		if e.Button == tea.MouseWheelUp {
			n = -3
		}
		switch {
		case l.logs.holds(e.X, e.Y):
			m.logs.Wheel(n)
		case l.results.holds(e.X, e.Y):
			m.results.Wheel(n)
		default:
			return m.pager.Wheel(n)
		}
	case tea.MouseClickMsg:
		switch {
		case l.logs.w > 0 && e.X == l.logs.w && l.pager.w > 0:
			m.panes.dragging = true
		case l.logs.holds(e.X, e.Y):
			m.setFocus(paneLogs)
			return m.logs.Click(e.Y - l.logs.y)
		case l.results.holds(e.X, e.Y):
			m.setFocus(paneResults)
			return m.results.Click(e.Y - l.results.y)
		case l.pager.holds(e.X, e.Y):
			m.setFocus(panePager)
			cmd := m.pager.Click(e.X-l.pager.x, e.Y-l.pager.y)
			m.sync()
			return cmd
		}
	case tea.MouseMotionMsg:
		m.panes.drag(e.X)
	case tea.MouseReleaseMsg:
		m.panes.dragging = false
	}
	return nil
}
