package pager

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index/match"
	"logview/reader"
)

// This is how the pane goes on with a log that grows and rotates.

// Grow reads what the log has got since.
func (m *Model) Grow() tea.Cmd {
	if m.frozen {
		return nil
	}
	if m.doc == nil || m.loading || m.err != nil {
		if m.doc != nil && m.err != nil && !m.loading {
			m.err = nil
			at := m.retry
			m.retry = nil
			return m.load(at) // it may be there now
		}
		return nil
	}
	if m.tailing {
		m.again = true
		return nil
	}
	m.tailing = true
	// A last line without its end is read again: it may have got longer.
	ctx, d, k, gen, from, hits := m.ctx, m.doc, m.pick, m.gen, m.tail, m.hits
	msg := grownMsg{gen: gen, from: from, matcher: m.matcher, hits: counts{}}
	return func() tea.Msg {
		if !d.Grown(ctx) {
			msg.cut = true
			return msg
		}
		msg.run.next = from
		var scan *match.Scanner
		if msg.matcher != nil {
			scan = msg.matcher.NewScanner()
		}
		for {
			r, err := read(ctx, d, k, msg.run.next, true, mostRows)
			if err != nil {
				msg.err = err
				break
			}
			for i := range r.rows {
				x := &r.rows[i]
				if x.Continues {
					continue
				}
				msg.lines++
				msg.again = msg.again || x.Place == from
				hit := true // passes the filters
				if scan == nil {
				} else if long(&x.Piece) {
					hit, msg.err = hits.let(ctx, d, msg.matcher, &x.Piece)
				} else {
					hit = scan.Line(x.Text)
				}
				switch {
				case !hit:
				case r.end && x.Place == r.next || x.Open && r.next.Member == x.Member:
					msg.openHit = true
				default:
					msg.hits[x.Member]++
					if n := len(msg.where); n == 0 || msg.where[n-1].Member != x.Member || x.Offset-msg.where[n-1].Offset > 16<<10 {
						msg.where = append(msg.where, x.Place)
					}
				}
			}
			if msg.err != nil {
				break
			}
			msg.run.rows = append(msg.run.rows, r.rows...)
			if n := surplus(msg.run.rows); n > 0 {
				msg.run.rows, msg.skipped = slices.Clone(msg.run.rows[n:]), true
			}
			msg.run.next = r.next
			if r.end {
				break
			}
		}
		msg.tail, msg.members = msg.run.next, d.Members()
		return msg
	}
}

func (m *Model) grown(msg grownMsg) tea.Cmd {
	m.tailing = false
	if m.frozen {
		return nil // it is read again later
	}
	if msg.cut {
		m.again = false
		return look
	}
	if msg.err != nil {
		m.again = false
		return trouble(msg.err)
	}
	if len(msg.members) > 0 {
		m.setMembers(msg.members)
	}
	if m.atEnd && m.down != msg.from {
		m.tail = m.down // the end was reached by reading on, meanwhile
		return m.Grow()
	}
	lines := msg.lines
	if msg.again && m.openAt == msg.from {
		lines-- // the unfinished line, again
	}
	m.tail, m.openAt = msg.tail, reader.Place{}
	if n := len(msg.run.rows); n > 0 && msg.run.rows[n-1].Open {
		m.openAt = msg.tail
	}
	// Its pieces come again, too.
	for n := len(m.rows); m.atEnd && n > 0 && m.rows[n-1].Member == msg.from.Member && m.rows[n-1].Offset >= msg.from.Offset; n-- {
		if len(msg.run.rows) > 0 && msg.run.rows[0].line < 0 && msg.run.rows[0].Place == m.rows[n-1].Place {
			msg.run.rows[0].line = m.rows[n-1].line
		}
		m.rows = m.rows[:n-1]
	}
	m.rate.add(m.now(), lines)
	var cmd tea.Cmd
	switch {
	case m.atEnd && msg.skipped && m.follow:
		m.rows = msg.run.rows
		m.up, m.atStart = m.rows[0].Place, false
		m.down = msg.tail
		m.cur = len(m.rows) - 1
	case m.atEnd && msg.skipped:
		m.down, m.atEnd = msg.from, false
	case m.atEnd:
		m.rows = append(m.rows, msg.run.rows...)
		m.down = msg.tail
		if m.follow {
			m.trim2()
		} else {
			m.trim(false)
		}
	}
	if msg.matcher == m.matcher && msg.from == m.counted {
		m.fresher.add(msg.hits)
		for _, p := range msg.where {
			m.freshMarks.mark(p)
		}
		m.openHit, m.counted = msg.openHit, msg.tail
	} else {
		m.tallyFresh(msg.run.rows, msg.from, msg.tail, msg.skipped)
	}
	if m.follow {
		m.fresh = 0
		if m.atEnd {
			m.toEnd()
		}
	} else if lines > 0 {
		m.fresh += lines
	}
	m.settle()
	if m.again {
		m.again = false
		cmd = m.Grow()
	}
	if m.tally == nil {
		cmd = tea.Batch(cmd, m.startTally())
	}
	return tea.Batch(cmd, m.number(), m.extend())
}

// surplus is how many rows at the beginning are more than is kept of what
// came at once.
func surplus(rows []row) int {
	size, n := 0, len(rows)
	for n > 0 && len(rows)-n < mostRows/2 && size < mostBytes/2 {
		n--
		size += len(rows[n].Text)
	}
	return n
}

// trim2 keeps the end while following.
func (m *Model) trim2() {
	m.cur, m.top = len(m.rows)-1, len(m.rows)-1
	m.trim(true)
}

// Rotated is called when the members of the log may be others.
func (m *Model) Rotated(l reader.Log) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	if m.rotating == m.doc { // one after the other, the newest last
		m.rotated = &l
		return nil
	}
	m.rotating = m.doc
	d := m.doc
	before := m.members
	return func() tea.Msg {
		msg := RotatedMsg{doc: d, Name: l.Name, update: d.Update(l)}
		d.Weigh()
		after := d.Members()
		msg.moved = !slices.EqualFunc(before, after, func(a, b reader.DocMember) bool { return a.Key == b.Key && a.Path == b.Path })
		if len(before) == 0 || len(after) == 0 {
			return msg
		}
		was, is := before[len(before)-1], after[len(after)-1]
		there := slices.ContainsFunc(after, func(x reader.DocMember) bool { return x.Key == was.Key })
		msg.Rotated = there && is.Key != was.Key
		msg.Cut = !there && is.Path == was.Path
		return msg
	}
}

// Rotate takes the answer, and reads what came.
func (m *Model) Rotate(msg RotatedMsg) tea.Cmd {
	if msg.doc != m.doc || m.doc == nil {
		return nil
	}
	m.rotating = nil
	m.setMembers(m.doc.Members())
	if m.tally != nil && (msg.update.CutOff || msg.update.Inserted || msg.moved && m.found.done && m.found.missed) {
		m.stopTally() // it may have read another text, or missed what was moving; it begins anew with what came
	}
	m.gap = m.gap || msg.update.Inserted
	if l := m.rotated; l != nil {
		m.rotated = nil
		return m.Rotated(*l)
	}
	return m.mend()
}

// mend reads anew what is shown if it has a gap, or else what comes.
func (m *Model) mend() tea.Cmd {
	at, ok := m.Place()
	if !m.gap || !ok || m.loading || m.frozen {
		return m.Grow()
	}
	m.begin()
	if m.follow {
		return m.load(nil)
	}
	return m.load(&at)
}

// RotatedMsg says that the members of a log were looked at again.
type RotatedMsg struct {
	doc     *reader.Document
	Name    string
	Rotated bool // what was the newest member is none of the newest now
	Cut     bool // it is gone, and another has its name
	update  reader.Updated
	moved   bool // members came, went, or have other names
}

// trouble is what to do about an error: nothing if somebody wanted it, look
// again if it says that the log is another, or tell.
func trouble(err error) tea.Cmd {
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, reader.ErrCut):
		return look
	}
	return func() tea.Msg { return Said{err.Error(), true} }
}

func look() tea.Msg { return LookMsg{} }

// LookMsg asks for the members of the log to be looked at again: one was cut
// off.
type LookMsg struct{}

// A rate is how many lines a second come.
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
