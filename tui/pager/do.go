package pager

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/reader"
	"logview/reader/document"
	"logview/tui/keys"
)

// Actions and going to places.

// mostQueued is the maximum number of actions that wait for rows or for the
// result of a search.
const mostQueued = 30

// doQueued performs the queued actions.
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

// enqueue adds an action to those that wait.
func (m *Model) enqueue(a keys.Action) {
	if len(m.queue) < mostQueued {
		m.queue = append(m.queue, a)
	}
}

// jumps are the actions that go to a line relative to the current one, and have to wait for the
// result of the one before.
var jumps = map[keys.Action]func(*Model) tea.Cmd{
	keys.Next:      func(m *Model) tea.Cmd { return m.findNext(true) },
	keys.Previous:  func(m *Model) tea.Cmd { return m.findNext(false) },
	keys.NextIn:    func(m *Model) tea.Cmd { return m.nextInLine(true) },
	keys.PrevIn:    func(m *Model) tea.Cmd { return m.nextInLine(false) },
	keys.NextError: func(m *Model) tea.Cmd { return m.seek("EF", true, "error") },
	keys.PrevError: func(m *Model) tea.Cmd { return m.seek("EF", false, "error") },
	keys.NextWarn:  func(m *Model) tea.Cmd { return m.seek("W", true, "warning") },
	keys.PrevWarn:  func(m *Model) tea.Cmd { return m.seek("W", false, "warning") },
	keys.Later:     func(m *Model) tea.Cmd { return m.moveBy(time.Minute) },
	keys.Earlier:   func(m *Model) tea.Cmd { return m.moveBy(-time.Minute) },
	keys.HourAhead: func(m *Model) tea.Cmd { return m.moveBy(time.Hour) },
	keys.HourBack:  func(m *Model) tea.Cmd { return m.moveBy(-time.Hour) },
}

// Do performs an action. It returns false if the action is not the pane's.
func (m *Model) Do(a keys.Action) (tea.Cmd, bool) {
	if m.doc == nil {
		return nil, false
	}
	if m.win.loading {
		switch a {
		case keys.Cancel:
			m.queue = nil
		case keys.Top, keys.Bottom, keys.Follow:
			m.queue = nil // they do not matter any more
		default:
			m.enqueue(a)
			return nil, true
		}
	}
	if a != keys.FiltersOff && a != keys.FilterDrop {
		m.asked = nil
	}
	if jump := jumps[a]; jump != nil {
		if m.find.running() {
			m.enqueue(a)
			return nil, true
		}
		return jump(m), true
	}
	if m.scroll(a) {
		return m.extend(), true
	}
	switch a {
	case keys.Top:
		return m.start(), true
	case keys.Bottom, keys.Follow:
		if a == keys.Follow && m.view.follow {
			m.view.unfollow()
			return say("following stopped; F or G goes on"), true
		}
		return m.End(), true
	case keys.Right:
		if m.view.wrap {
			return say("lines are wrapped; S cuts them instead"), true
		}
		if !m.view.shiftRight() {
			return say("the lines on the screen end here"), true
		}
	case keys.Freeze:
		if m.frozen = !m.frozen; m.frozen {
			return say("frozen; = or G goes on"), true
		}
		return m.closeGap(), true
	case keys.FilterHit:
		return m.filterFound(false), true
	case keys.FilterMiss:
		return m.filterFound(true), true
	case keys.Select:
		if m.view.selecting() {
			m.view.endSelection()
		} else if p, ok := m.Place(); ok {
			m.view.selectFrom(p)
		}
	case keys.Mark:
		return m.toggleCurrentMark(), true
	case keys.NextMark:
		return m.toMark(true), true
	case keys.PrevMark:
		return m.toMark(false), true
	case keys.FiltersOff:
		if !m.filters.toggleAll() {
			return say("there are no filters; & makes one"), true
		}
		return m.refilter(), true
	case keys.FilterDrop:
		if !m.filters.drop() {
			return say("there are no filters; & makes one"), true
		}
		return m.refilter(), true
	case keys.Cancel:
		return m.escape()
	default:
		return nil, false
	}
	return m.extend(), true
}

// scroll performs an action that moves the cursor or changes how lines are laid out, among the rows
// that were read. It returns false for other actions.
func (m *Model) scroll(a keys.Action) bool {
	switch a {
	case keys.Down:
		m.view.step(1)
	case keys.Up:
		m.view.step(-1)
	case keys.PageDown:
		m.view.scroll(m.view.body())
	case keys.PageUp:
		m.view.scroll(-m.view.body())
	case keys.HalfDown:
		m.view.scroll(m.view.body() / 2)
	case keys.HalfUp:
		m.view.scroll(-m.view.body() / 2)
	case keys.Left:
		m.view.shiftLeft()
	case keys.Wrap:
		m.view.toggleWrap()
	case keys.Plain:
		m.view.togglePlain()
	default:
		return false
	}
	return true
}

// start goes to the start.
func (m *Model) start() tea.Cmd {
	m.view.unfollow()
	m.stopFinding()
	if m.win.atStart && !m.win.loading {
		m.view.goToStart()
		return m.extend()
	}
	p := m.doc.Start()
	m.restart()
	return m.load(&p)
}

// escape cancels the topmost thing: a search, the selection, the plain screen,
// the pattern. It returns false if there is nothing to cancel.
func (m *Model) escape() (tea.Cmd, bool) {
	switch {
	case m.find.running():
		m.stopFinding()
		m.queue = nil
	case m.view.selecting():
		m.view.endSelection()
	case m.view.plain:
		m.view.togglePlain()
	case m.find.active():
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
	m.view.setFollow(!m.view.selecting())
	m.frozen, m.fresh = false, 0
	m.stopFinding()
	if m.win.atEnd && !m.win.loading && !m.win.gap {
		m.view.goToEnd()
		return tea.Batch(m.extend(), m.Grow())
	}
	m.restart()
	return m.load(nil)
}

// GoTo shows the line at a place.
func (m *Model) GoTo(p document.Place) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.view.unfollow()
	m.stopFinding()
	m.find.goTo(p, false)
	if i := m.win.holding(p); i >= 0 {
		m.view.jump(i)
		return m.extend()
	}
	d, gen, ctx := m.doc, m.find.gen, m.win.ctx
	return func() tea.Msg {
		at, err := d.At(ctx, p)
		return foundMsg{gen: gen, at: at, ok: err == nil, err: err}
	}
}

// GoToNumber goes to a line number of the current member, or to a percentage.
func (m *Model) GoToNumber(text string) tea.Cmd {
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
	m.view.unfollow()
	ctx, gen := m.find.start(m.win.ctx)
	d := m.doc
	answer := func(p document.Place, err error) tea.Msg {
		return foundMsg{gen: gen, at: p, ok: err == nil, err: err}
	}
	if percent {
		return func() tea.Msg { return answer(d.AtFraction(ctx, share/100)) }
	}
	key := m.win.growth.tail.Member
	if r := m.view.current(); r != nil {
		key = r.Member
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

// LinePlace returns the start of a line of a member. If the member has fewer
// lines, it returns the last one and a remark for the user.
func LinePlace(ctx context.Context, d Text, key document.MemberKey, l reader.Line) (at document.Place, remark string, err error) {
	p, err := d.Line(ctx, key, l)
	if err != nil {
		return p, "", err
	}
	if _, err := d.ReadAt(ctx, make([]byte, 1), p); err != io.EOF || p.Offset == 0 {
		return p, "", nil
	}
	// p is the end of the member.
	if at, err = lineBegin(ctx, d, document.Place{Member: key, Offset: p.Offset - 1}); err != nil {
		return p, "", err
	}
	if last, ok := d.Number(ctx, at, true); ok {
		remark = fmt.Sprintf("the file has %s lines; this is the last", humanize.Comma(last.Number()))
	}
	return at, remark, nil
}
