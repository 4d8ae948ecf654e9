package pager

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/reader/document"
	"logview/reader/files"
)

// Growth and rotation of the log.

// Grow reads text that was appended to the log.
func (m *Model) Grow() tea.Cmd {
	if m.frozen {
		return nil
	}
	if m.doc == nil || m.win.loading || m.win.err != nil {
		if m.doc != nil && m.win.err != nil && !m.win.loading {
			m.win.clearError()
			at := m.retry
			m.retry = nil
			return m.load(at) // the cause may be gone
		}
		return nil
	}
	fresh := newFreshCount(m.find.matcher, m.find.longLines)
	read := m.win.grow(fresh.add)
	if read == nil {
		return nil
	}
	return func() tea.Msg { return grownMsg{read(), fresh} }
}

func (m *Model) handleGrown(msg grownMsg) tea.Cmd {
	again := m.win.endGrow()
	switch {
	case m.frozen:
		return nil // closeGap reads the text later
	case msg.cut:
		return look
	case msg.err != nil:
		return report(msg.err)
	}
	lines, ok := m.win.addAppended(&msg.appended, m.view.follow)
	if !ok {
		return m.Grow()
	}
	m.rate.add(m.now(), lines)
	if m.win.atEnd {
		if m.view.follow {
			m.view.goToLast()
		}
		m.view.shift(-m.win.trim(m.view.follow, m.view.near()))
	}
	if msg.fresh.matcher != m.find.matcher || !m.count.addCounted(msg.fresh, msg.from, msg.tail) {
		m.countRows(msg.run.rows, msg.from, msg.tail, msg.skipped)
	}
	if m.view.follow {
		m.fresh = 0
		if m.win.atEnd {
			m.view.goToEnd()
		}
	} else if lines > 0 {
		m.fresh += lines
	}
	m.view.clamp()
	var cmd, count tea.Cmd
	if again {
		cmd = m.Grow()
	}
	if !m.count.active() {
		count = m.startCount()
	}
	return tea.Batch(cmd, count, m.win.number(), m.extend())
}

// UpdateMembers updates the members of the log.
func (m *Model) UpdateMembers(l files.Log) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	if m.rotated.updating { // one at a time; only the newest list matters
		m.rotated.next = &l
		return nil
	}
	m.rotated.updating = true
	d := m.doc
	before := m.win.members.list
	return func() tea.Msg {
		msg := RotatedMsg{doc: d, Name: l.Name, update: d.Update(l)}
		d.Weigh()
		after := d.Members()
		msg.moved = !slices.EqualFunc(before, after, func(a, b document.DocMember) bool { return a.Key == b.Key && a.Path == b.Path })
		if len(before) == 0 || len(after) == 0 {
			return msg
		}
		was, is := before[len(before)-1], after[len(after)-1]
		there := slices.ContainsFunc(after, func(x document.DocMember) bool { return x.Key == was.Key })
		msg.Rotated = there && is.Key != was.Key
		msg.Cut = !there && is.Path == was.Path
		return msg
	}
}

// Rotate handles the result of Rotated and reads new text.
func (m *Model) Rotate(msg RotatedMsg) tea.Cmd {
	if msg.doc != m.doc || m.doc == nil {
		return nil
	}
	m.rotated.updating = false
	m.win.setMembers(m.doc.Members())
	if m.count.active() && (msg.update.CutOff || msg.update.Inserted || msg.moved && m.count.incomplete()) {
		m.count.stop() // it may have read another text, or missed a file that was moved; Grow starts it again
	}
	if msg.update.Inserted {
		m.win.setGap()
	}
	if l := m.rotated.next; l != nil {
		m.rotated.next = nil
		return m.UpdateMembers(*l)
	}
	return m.closeGap()
}

// closeGap reloads the rows if text was inserted between them; otherwise it
// reads appended text.
func (m *Model) closeGap() tea.Cmd {
	at, ok := m.Place()
	if !m.win.gap || !ok || m.win.loading || m.frozen {
		return m.Grow()
	}
	m.restart()
	if m.view.follow {
		return m.load(nil)
	}
	return m.load(&at)
}

// RotatedMsg says that the members of a log were updated.
type RotatedMsg struct {
	doc     Log
	Name    string
	Rotated bool // the newest member was renamed, and there is a new one
	Cut     bool // the newest member is gone, and another file has its name
	update  document.Updated
	moved   bool // members were added, removed or renamed
}

func look() tea.Msg { return LookMsg{} }

// LookMsg asks the root to list the members of the log again, because one was
// truncated.
type LookMsg struct{}

// A rate measures the number of new lines per second.
type rate struct {
	at    time.Time
	lines int64
	value float64
}

func (r *rate) add(now time.Time, lines int64) {
	if r.at.IsZero() {
		r.at = now
	}
	r.lines += lines
	if d := now.Sub(r.at); d >= time.Second {
		r.value = float64(r.lines) / d.Seconds()
		r.at, r.lines = now, 0
	}
}
