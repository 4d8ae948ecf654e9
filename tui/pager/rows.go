package pager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
)

// These are the rows around what is shown: how they are loaded, added to, and
// forgotten, and how their lines get numbers.

// load reads the rows around a place, or at the end for nil.
func (m *Model) load(at *reader.Place) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.loading, m.going, m.gap = true, at, false
	ctx, d, k, gen, findGen, width := m.ctx, m.doc, m.pick, m.gen, m.findGen, m.wrapWidth()
	return func() tea.Msg {
		msg := loadedMsg{gen: gen, findGen: findGen}
		d.Weigh()
		var err error
		if msg.tail, msg.open, err = lastLine(ctx, d); err != nil {
			msg.err = err
			msg.members = d.Members()
			return msg
		}
		from := msg.tail
		if at != nil {
			from = *at
		} else {
			msg.end = true
			// From where the last line begins: it may have no end yet.
			end, err := d.End(ctx)
			if err == nil {
				from, err = d.At(ctx, reader.Place{Member: end.Member, Offset: max(0, end.Offset-1)})
			}
			if err != nil {
				msg.err = err
				return msg
			}
		}
		if msg.down, err = read(ctx, d, k, from, true, windowRows); err == nil {
			msg.up, err = read(ctx, d, k, from, false, windowRows)
		}
		if at != nil && err == nil && k.all() && len(msg.down.rows) > 0 && len(msg.up.rows) > 0 {
			number(ctx, d, msg.down.rows, true)
		}
		msg.up.wrapTo(width)
		msg.down.wrapTo(width)
		msg.cur, msg.err, msg.members = from, err, d.Members()
		return msg
	}
}

func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	m.loading, m.progress = false, ""
	m.setMembers(msg.members)
	m.err = msg.err
	if msg.err != nil {
		m.queue = nil
		switch {
		case errors.Is(msg.err, context.Canceled):
			m.err = nil
		case errors.Is(msg.err, reader.ErrCut):
			m.retry = m.going
			return look
		}
		return nil
	}
	m.rows = append(slices.Clip(msg.up.rows), msg.down.rows...)
	m.up, m.down = msg.up.next, msg.down.next
	m.atStart, m.atEnd = msg.up.end, msg.down.end
	var tally tea.Cmd
	switch {
	case m.atEnd:
		m.reached()
	case m.tail == (reader.Place{}):
		m.tail = msg.tail
		if m.openAt = (reader.Place{}); msg.open {
			m.openAt = msg.tail
		}
	default: // what came since is going to be read from there
	}
	if m.tally == nil {
		tally = m.startTally()
	}
	m.cur = min(len(msg.up.rows), max(0, len(m.rows)-1))
	m.top, m.sub = m.cur, 0
	if msg.end {
		m.toEnd()
	} else {
		m.center()
		if m.cur < len(m.rows) && m.rows[m.cur].Place == m.here {
			m.revealMatch()
		}
	}
	var hidden tea.Cmd
	if a := m.asked; a != nil && *a == msg.cur && !msg.end && !m.pick.all() && (m.cur >= len(m.rows) || m.rows[m.cur].Place != *a) {
		hidden = say("a filter hides that line; \\ switches the filters off")
	} else {
		m.asked = nil
	}
	return tea.Batch(m.extend(), m.number(), m.Grow(), m.doQueued(), hidden, tally)
}

// extend reads more rows where the screen comes near the ends of those there
// are.
func (m *Model) extend() tea.Cmd {
	if m.doc == nil || m.loading {
		return nil
	}
	var cmds []tea.Cmd
	near := m.height + 50
	above, below := m.room(near)
	if !m.atStart && !m.upBusy && above < near {
		m.upBusy = true
		cmds = append(cmds, m.fetch(m.up, false))
	}
	if !m.atEnd && !m.downBusy && below < m.height+near {
		m.downBusy = true
		cmds = append(cmds, m.fetch(m.down, true))
	}
	return tea.Batch(cmds...)
}

func (m *Model) fetch(from reader.Place, forward bool) tea.Cmd {
	ctx, d, k, gen, width := m.ctx, m.doc, m.pick, m.gen, m.wrapWidth()
	return func() tea.Msg {
		r, err := read(ctx, d, k, from, forward, windowRows)
		r.wrapTo(width)
		return moreMsg{gen, from, forward, r, err}
	}
}

func (m *Model) more(msg moreMsg) tea.Cmd {
	if msg.forward {
		m.downBusy = false
	} else {
		m.upBusy = false
	}
	if msg.err != nil {
		m.progress = ""
		return trouble(msg.err)
	}
	if msg.forward && msg.from != m.down || !msg.forward && msg.from != m.up {
		return m.extend() // rows were forgotten meanwhile: they do not follow
	}
	if msg.forward {
		m.rows = append(m.rows, msg.run.rows...)
		m.down, m.atEnd = msg.run.next, msg.run.end
		if m.atEnd {
			m.reached()
		}
		m.trim(true)
	} else {
		n := len(msg.run.rows)
		m.rows = append(slices.Clip(msg.run.rows), m.rows...)
		m.up, m.atStart = msg.run.next, msg.run.end
		m.top, m.cur = m.top+n, m.cur+n
		m.trim(false)
	}
	m.progress = ""
	if len(msg.run.rows) < windowRows && !msg.run.end && !m.pick.all() {
		m.progress = fmt.Sprintf("filtering: at %.0f%%", 100*m.doc.Fraction(msg.run.next))
	}
	if m.follow && m.atEnd {
		m.toEnd()
	}
	m.settle()
	return tea.Batch(m.extend(), m.number())
}

// reached is called when the rows reach to the end of the log: what came
// there is known with them.
func (m *Model) reached() {
	if m.tail != (reader.Place{}) {
		m.tallyFresh(m.rows, m.up, m.down, false)
	}
	m.tail, m.openAt = m.down, reader.Place{}
	if n := len(m.rows); n > 0 && m.rows[n-1].Open {
		m.openAt = m.down
	}
}

// room is how many screen rows are read above and from the top of the screen
// on, as far as most.
func (m *Model) room(most int) (above, below int) {
	for i := m.top - 1; i >= 0 && above < most; i-- {
		above += m.tall(i)
	}
	for i := m.top; i < len(m.rows) && below < most+m.height; i++ {
		below += m.tall(i)
	}
	return above, below
}

// trim forgets rows far from the screen, in front of it after reading
// forward and behind it after reading backward.
func (m *Model) trim(forward bool) {
	size := 0
	for i := range m.rows {
		size += len(m.rows[i].Text)
	}
	if len(m.rows) <= mostRows && size <= mostBytes {
		return
	}
	keep := m.height + 2*windowRows
	if forward {
		n := min(m.top, m.cur) - keep
		if n <= 0 {
			return
		}
		m.up, m.atStart = m.rows[n].Place, false
		m.rows = slices.Clone(m.rows[n:])
		m.top, m.cur = m.top-n, m.cur-n
		return
	}
	if n := max(m.top, m.cur) + keep; n < len(m.rows) {
		m.down, m.atEnd = m.rows[n].Place, false
		m.rows = slices.Clone(m.rows[:n])
	}
}

// number counts the lines before those that have no number yet, in the
// background.
func (m *Model) number() tea.Cmd {
	if m.doc == nil || len(m.rows) == 0 || m.numbering {
		return nil
	}
	// A row that came alone follows one that has its number.
	for i := 1; i < len(m.rows) && m.pick.all(); i++ {
		r, before := &m.rows[i], &m.rows[i-1]
		if r.line == -1 && r.Member == before.Member && before.line >= 0 {
			r.line = before.line
			if !before.Unfinished {
				r.line++
			}
		}
	}
	var places []reader.Place
	for i := range m.rows {
		if r := &m.rows[i]; r.line == -1 && (i == 0 || m.rows[i-1].Member != r.Member || !m.pick.all()) {
			places = append(places, r.Place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	m.numbering = true
	ctx, d, gen := m.ctx, m.doc, m.gen
	return func() tea.Msg {
		numbers := map[reader.Place]reader.Line{}
		for _, p := range places {
			if d.Uncounted(ctx, p) > mostCounted {
				numbers[p] = unknown
			} else if l, ok := d.Number(ctx, p, true); ok {
				numbers[p] = l
			}
		}
		return numberedMsg{gen, numbers}
	}
}

// mostCounted is how much text is read for nothing but the numbers of lines,
// where no index knows them. Behind it lines have none until somebody asks
// for one: whoever looks at the end of 40 GB does not want all of it read.
const mostCounted = 1 << 30

// unknown is the line of a row that is not going to be counted.
const unknown = reader.Line(-2)

func (m *Model) numbered(msg numberedMsg) {
	m.numbering = false
	for i := range m.rows {
		r := &m.rows[i]
		if l, ok := msg.numbers[r.Place]; ok {
			r.line = l
		} else if m.pick.all() && r.line == -1 && i > 0 && m.rows[i-1].Member == r.Member && m.rows[i-1].line == unknown {
			r.line = unknown
		} else if m.pick.all() && r.line < 0 && i > 0 && m.rows[i-1].Member == r.Member && m.rows[i-1].line >= 0 {
			r.line = m.rows[i-1].line
			if !m.rows[i-1].Unfinished {
				r.line++
			}
		}
	}
	// Of rows that came before the first whose number is known now.
	for i := len(m.rows) - 2; i >= 0 && m.pick.all(); i-- {
		r, next := &m.rows[i], &m.rows[i+1]
		if r.line < 0 && r.Member == next.Member && next.line >= 0 {
			r.line = next.line
			if !r.Unfinished {
				r.line--
			}
		}
	}
}
