package pager

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/reader"
	"logview/tui/keys"
)

// This is what keys do, and where a person goes.

// mostQueued is how many keys are taken while rows are loaded, or a match is
// looked for.
const mostQueued = 30

// doQueued does what was asked for meanwhile.
func (m *Model) doQueued() tea.Cmd {
	queue := m.queue
	m.queue = nil
	var cmds []tea.Cmd
	for _, a := range queue {
		cmd, _ := m.Do(a)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// Do does what a key asks for. It reports false if that is not for here.
func (m *Model) Do(a keys.Action) (tea.Cmd, bool) {
	if m.doc == nil {
		return nil, false
	}
	if m.loading {
		switch a {
		case keys.Cancel:
			m.queue = nil
		case keys.Top, keys.Bottom, keys.Follow:
			m.queue = nil // from there on
		default:
			if len(m.queue) < mostQueued {
				m.queue = append(m.queue, a)
			}
			return nil, true
		}
	}
	if a != keys.FiltersOff && a != keys.FilterDrop {
		m.asked = nil
	}
	if m.finding != nil {
		switch a {
		case keys.Next, keys.Previous, keys.NextIn, keys.PrevIn, keys.NextError, keys.PrevError, keys.NextWarn, keys.PrevWarn:
			if len(m.queue) < mostQueued {
				m.queue = append(m.queue, a) // from what is being looked for
			}
			return nil, true
		}
	}
	switch a {
	case keys.Down:
		m.step(1)
	case keys.Up:
		m.step(-1)
	case keys.PageDown:
		m.scroll(m.body())
	case keys.PageUp:
		m.scroll(-m.body())
	case keys.HalfDown:
		m.scroll(m.body() / 2)
	case keys.HalfUp:
		m.scroll(-m.body() / 2)
	case keys.Top:
		m.follow = false
		m.stopFinding()
		if m.atStart && !m.loading {
			m.cur, m.top, m.sub = 0, 0, 0
			break
		}
		p := m.doc.Start()
		m.begin()
		return m.load(&p), true
	case keys.Bottom, keys.Follow:
		if a == keys.Follow && m.follow {
			m.follow = false
			return say("following stopped; F or G goes on"), true
		}
		return m.End(), true
	case keys.Left:
		m.left = max(0, m.left-m.width/2)
	case keys.Right:
		if m.wrap {
			return say("lines are wrapped; S cuts them instead"), true
		}
		if m.left+m.textWidth() >= m.widest() {
			return say("the lines on the screen end here"), true
		}
		m.left += m.width / 2
	case keys.Wrap:
		m.wrap = !m.wrap
		m.left = 0
		m.settle()
	case keys.Plain:
		m.plain = !m.plain
		m.settle()
	case keys.Freeze:
		if m.frozen = !m.frozen; m.frozen {
			return say("frozen; = or G goes on"), true
		}
		return m.mend(), true
	case keys.FilterHit:
		return m.filterFound(false), true
	case keys.FilterMiss:
		return m.filterFound(true), true
	case keys.Next:
		return m.find(true), true
	case keys.Previous:
		return m.find(false), true
	case keys.NextIn:
		return m.another(true), true
	case keys.PrevIn:
		return m.another(false), true
	case keys.NextError:
		return m.seek("EF", true, "error"), true
	case keys.PrevError:
		return m.seek("EF", false, "error"), true
	case keys.NextWarn:
		return m.seek("W", true, "warning"), true
	case keys.PrevWarn:
		return m.seek("W", false, "warning"), true
	case keys.Select:
		if m.anchor != nil {
			m.anchor = nil
		} else if p, ok := m.Place(); ok {
			m.anchor = &p
			m.follow = false // what comes is not selected
		}
	case keys.Mark:
		return m.mark(), true
	case keys.NextMark:
		return m.toMark(true), true
	case keys.PrevMark:
		return m.toMark(false), true
	case keys.FiltersOff:
		if len(m.filters) == 0 {
			return say("there are no filters; & makes one"), true
		}
		m.off = !m.off
		return m.refilter(), true
	case keys.FilterDrop:
		if i := m.Last(); i >= 0 {
			m.filters = slices.Delete(slices.Clone(m.filters), i, i+1)
			return m.refilter(), true
		}
		return say("there are no filters; & makes one"), true
	case keys.Cancel:
		return m.escape()
	default:
		return nil, false
	}
	return m.extend(), true
}

// escape ends the first of what can be ended. It reports false if there is
// nothing.
func (m *Model) escape() (tea.Cmd, bool) {
	switch {
	case m.finding != nil:
		m.stopFinding()
		m.queue = nil
	case m.anchor != nil:
		m.anchor = nil
	case m.plain:
		m.plain = false
		m.settle()
	case m.matcher != nil:
		return m.clearSearch(), true
	default:
		return nil, false
	}
	return nil, true
}

// End goes to the end and follows it.
func (m *Model) End() tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.follow, m.frozen, m.fresh = m.anchor == nil, false, 0
	m.stopFinding()
	if m.atEnd && !m.loading && !m.gap {
		m.toEnd()
		return tea.Batch(m.extend(), m.Grow())
	}
	m.begin()
	return m.load(nil)
}

// GoTo shows the line at a place.
func (m *Model) GoTo(p reader.Place) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.follow = false
	m.stopFinding()
	m.here, m.hit, m.back = p, -1, false
	for i := range m.rows {
		if m.loading {
			break // they are going to be others
		}
		if r := &m.rows[i]; r.Member == p.Member && r.Offset <= p.Offset && p.Offset < max(r.End, r.Offset+1) {
			m.cur = i
			m.here = r.Place
			m.center()
			m.revealMatch()
			return m.extend()
		}
	}
	d, gen, findGen, ctx := m.doc, m.gen, m.findGen, m.ctx
	return func() tea.Msg {
		at, err := d.At(ctx, p)
		return foundMsg{gen: gen, findGen: findGen, at: at, ok: err == nil, err: err}
	}
}

// Goto goes where a person typed: a line number of the member they are in,
// or a percentage.
func (m *Model) Goto(text string) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	var n int64
	var share float64
	rest, percent := strings.CutSuffix(text, "%")
	if percent {
		if _, err := fmt.Sscanf(rest, "%g", &share); err != nil || share < 0 || share > 100 {
			return say("%q is no percentage: 0%% to 100%%", text)
		}
		if share == 100 {
			return m.End()
		}
	} else if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 {
		return say("%q is no line number", text)
	}
	m.stopFinding()
	m.follow = false
	ctx, cancel := context.WithCancel(m.ctx)
	m.finding = cancel
	d, gen, findGen := m.doc, m.gen, m.findGen
	answer := func(p reader.Place, err error) tea.Msg {
		return foundMsg{gen: gen, findGen: findGen, at: p, ok: err == nil, err: err}
	}
	if percent {
		return func() tea.Msg { return answer(d.AtFraction(ctx, share/100)) }
	}
	key := m.tail.Member
	if m.cur < len(m.rows) {
		key = m.rows[m.cur].Member
	}
	m.progress = "counting lines; Esc stops"
	return func() tea.Msg {
		p, remark, err := LinePlace(ctx, d, key, reader.LineNumber(n))
		msg := answer(p, err)
		if remark != "" {
			return tea.BatchMsg{func() tea.Msg { return msg }, say("%s", remark)}
		}
		return msg
	}
}

// LinePlace is where a line of a member begins, the last if it has not so
// many: then there is a remark.
func LinePlace(ctx context.Context, d *reader.Document, key reader.MemberKey, l reader.Line) (at reader.Place, remark string, err error) {
	p, err := d.Line(ctx, key, l)
	if err != nil {
		return p, "", err
	}
	if _, err := d.ReadAt(ctx, make([]byte, 1), p); err != io.EOF || p.Offset == 0 {
		return p, "", nil
	}
	// It is the end.
	if at, err = lineBegin(ctx, d, reader.Place{Member: key, Offset: p.Offset - 1}); err != nil {
		return p, "", err
	}
	if last, ok := d.Number(ctx, at, true); ok {
		remark = fmt.Sprintf("the file has %s lines; this is the last", humanize.Comma(last.Number()))
	}
	return at, remark, nil
}
