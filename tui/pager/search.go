package pager

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/index/query"
	"logview/reader/document"
)

// Searching: commands for the finder and the counter, and their results.

// Pattern returns the pattern that is searched for.
func (m *Model) Pattern() Pattern { return m.find.pattern }

// Case returns the case mode of searches.
func (m *Model) Case() Case { return m.find.caseMode }

// NextCase switches to the next case mode.
func (m *Model) NextCase() { m.find.nextCase() }

// HighlightAlso sets a matcher to highlight while nothing is searched for, or nil.
func (m *Model) HighlightAlso(mt *match.Matcher) { m.find.showAlso(mt) }

// Search searches for a pattern from a place on, or backwards, and in the other
// direction if there is no match. It returns an error if the pattern is
// invalid.
func (m *Model) Search(p Pattern, from document.Place, back bool) (tea.Cmd, error) {
	if m.doc == nil {
		return nil, nil
	}
	changed, err := m.find.set(p, back)
	if err != nil {
		return nil, err
	}
	var cmd tea.Cmd
	if changed {
		cmd = m.startCount()
	}
	if !m.find.active() {
		return cmd, nil
	}
	return tea.Batch(cmd, m.findFrom(from, !back, true)), nil
}

// Restore replaces a search that the user gave up typing with the previous one.
func (m *Model) Restore(before Pattern) tea.Cmd {
	if before == m.find.pattern && m.find.active() {
		return nil
	}
	m.find.clear()
	if m.doc != nil {
		_, _ = m.find.set(before, m.find.backward) // it was valid before
	}
	return m.startCount()
}

// clearSearch removes the pattern.
func (m *Model) clearSearch() tea.Cmd {
	m.find.clear()
	return m.startCount()
}

// stopFinding stops the running search.
func (m *Model) stopFinding() {
	if m.find.running() {
		m.progress = ""
	}
	m.find.stop()
}

// startCount starts counting the lines that match and pass the filters. Without
// a pattern or a filter nothing is counted.
func (m *Model) startCount() tea.Cmd {
	m.count.stop()
	if m.doc == nil || !m.find.active() && m.filters.pick.all() || m.win.growth.tail == (document.Place{}) { // loaded calls it again once the tail is known
		return nil
	}
	_, n, err := compile(m.find.formats, m.filters.with(m.find.pattern)...)
	if err != nil || n == nil {
		return nil
	}
	t := count(context.Background(), m.searcher, m.doc, m.searching, n, match.Options{Formats: m.find.formats}, m.win.growth.tail, true)
	m.count.begin(t, m.win.growth.tail, len(m.win.members.list))
	if !m.win.loading {
		m.countRows(m.win.rows, m.win.growth.tail, m.win.growth.tail, false) // an unterminated last line
	}
	return t.wait()
}

// startHidden starts counting the matching lines that filters hide.
func (m *Model) startHidden() tea.Cmd {
	_, filters, err := compile(m.find.formats, m.filters.inForce()...)
	if err != nil || filters == nil || !m.find.active() || m.doc == nil {
		return nil
	}
	_, n, err := compile(m.find.formats, m.find.pattern)
	if err != nil || n == nil {
		return nil
	}
	t := count(context.Background(), m.searcher, m.doc, m.searching, query.And{n, query.Not{X: filters}}, match.Options{Formats: m.find.formats}, m.count.begun, false)
	m.count.beginHidden(t)
	return t.wait()
}

// countRows counts those of the rows between from and to that are not counted
// yet.
func (m *Model) countRows(rows []row, from, to document.Place, skipped bool) {
	m.count.addRows(rows, m.win.members, from, to, skipped, m.find.scan)
}

// handleTally handles the progress of a tally.
func (m *Model) handleTally(msg tallyMsg) tea.Cmd {
	now, ok := m.count.update(msg.t)
	switch {
	case !ok:
		return nil
	case !now.done:
		return msg.t.wait()
	case msg.t == m.count.hidden:
		if m.find.awaiting {
			return m.notFound()
		}
	case now.err == nil:
		return m.startHidden() // only now, so that the user need not wait for it
	}
	return nil
}

// Count describes the number of lines that match and pass the filters.
func (m *Model) Count() string { return m.count.text(m.win.members) }

// Effort describes how much of the log was read to count them.
func (m *Model) Effort() string { return m.count.effort() }

// Hidden describes the number of matching lines that filters hide. It is empty
// if there are none.
func (m *Model) Hidden() string { return m.count.hiddenText(m.win.members, m.Filtered()) }

// notFound tells the user that nothing was found, and how many matches filters
// hide once that is known.
func (m *Model) notFound() tea.Cmd {
	n, done := m.count.hiddenTotal(m.win.members, m.Filtered())
	switch {
	case m.find.await(!done):
		return say("no more matches in visible lines; counting hidden ones…")
	case n == 1:
		return say("filters hide 1 match (\\ shows it); no more in this direction")
	case n > 0:
		return say("filters hide %s matches (\\ shows them); no more in this direction", humanize.Comma(n))
	}
	return say("no more in this direction")
}

// findNext goes to the next match in the direction of the search, as in less,
// or in the opposite direction.
func (m *Model) findNext(same bool) tea.Cmd {
	if !m.find.active() {
		return say("nothing is searched for; / does")
	}
	at, ok := m.Place()
	if !ok {
		return nil
	}
	return m.findFrom(at, same != m.find.backward, false)
}

// findFrom goes to the next match after or before a place. If here is set, it
// includes the line at the place, and tries the other direction if there is no
// match.
func (m *Model) findFrom(at document.Place, forward, here bool) tea.Cmd {
	m.stopFinding()
	k, ok := m.find.pickMatches(&m.filters)
	if !ok {
		return nil
	}
	ctx, gen := m.find.start(m.win.ctx)
	return steps(ctx, gen, &rowSearch{text: m.doc, pick: k, at: at, forward: forward, here: here, known: m.count.places()})
}

// steps returns a command that takes one step of a search. Its message has the
// command for the next one.
func steps(ctx context.Context, gen int, h *rowSearch) tea.Cmd {
	return func() tea.Msg {
		back := !h.forward
		x, err := h.step(ctx)
		msg := foundMsg{gen: gen, at: x.at, ok: x.ok, back: back, what: h.pick.what, text: x.text, err: err}
		if x.more {
			msg.next = steps(ctx, gen, h)
		}
		return msg
	}
}

// nextInLine goes to the next or the previous match in the current line.
func (m *Model) nextInLine(forward bool) tea.Cmd {
	if !m.find.active() {
		return say("nothing is searched for; / does")
	}
	r := m.view.current()
	if r == nil {
		return nil
	}
	hit := m.find.startIn(r.Place)
	next := -1
	for _, s := range m.view.marks.matches(m.view.cur) {
		if forward && s.Start > hit {
			next = s.Start
			break
		}
		if !forward && (s.Start < hit || hit < 0) {
			next = s.Start
		}
	}
	if next >= 0 {
		m.view.unfollow()
		m.find.setCurrent(r.Place, next)
		m.view.revealMatch()
		return nil
	}
	if forward && !r.Unfinished || !forward && !r.Continues {
		return say("no more in this line")
	}
	m.stopFinding()
	ctx, gen := m.find.start(m.win.ctx)
	d, mt, p := m.doc, m.find.matcher, r.Place
	if forward {
		p.Offset = r.End
	}
	m.progress = "searching this line; Esc stops"
	return func() tea.Msg {
		at, ok, err := matchInLine(ctx, d, mt, p, forward, false)
		return foundMsg{gen: gen, at: at, ok: ok, back: !forward, line: true, err: err}
	}
}

// handleFound goes to the result of a search.
func (m *Model) handleFound(msg foundMsg) tea.Cmd {
	m.progress = msg.text
	if msg.next != nil {
		return msg.next
	}
	m.find.finish()
	switch {
	case msg.err != nil:
		m.queue = nil
		return report(msg.err)
	case !msg.ok:
		m.queue = nil
		if msg.line {
			return say("no more in this line")
		}
		if msg.what != "" {
			return m.noLevelFound(msg)
		}
		return m.notFound()
	}
	m.progress = ""
	m.view.unfollow()
	if here, ok := m.Place(); msg.earlier && ok && !m.win.members.before(msg.at, here) {
		m.view.step(-1) // there is no line in between
		return tea.Batch(m.extend(), m.doQueued())
	}
	m.find.goTo(msg.at, msg.back)
	if i := m.win.index(msg.at); i >= 0 {
		m.view.goTo(i)
		return tea.Batch(m.extend(), m.doQueued())
	}
	m.restart()
	m.asked = &msg.at
	return m.load(&msg.at)
}

// report returns a command that tells the user about an error. It does not
// report a cancellation; for a truncated log, it requests a new list of the
// members instead.
func report(err error) tea.Cmd {
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, document.ErrCut):
		return look
	}
	return func() tea.Msg { return Said{err.Error(), true} }
}
