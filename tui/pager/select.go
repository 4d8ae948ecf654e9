package pager

import (
	"context"
	"errors"
	"io"
	"slices"

	tea "charm.land/bubbletea/v2"

	"logview/reader/document"
)

// These are the lines that are marked or selected.

// InPieces reports whether the line the person is on is longer than is shown
// at once.
func (m *Model) InPieces() bool {
	r := m.view.current()
	return r != nil && long(&r.Piece)
}

// EndSelection ends the selecting of lines.
func (m *Model) EndSelection() { m.view.endSelection() }

// mark marks the line, or takes the mark away.
func (m *Model) mark() tea.Cmd {
	p, ok := m.Place()
	if !ok {
		return nil
	}
	return m.Mark(p)
}

// Mark marks the line that begins at a place, or takes the mark away.
func (m *Model) Mark(p document.Place) tea.Cmd {
	if !m.bookmarks.toggle(p) {
		return say("mark removed")
	}
	return say("marked; ' goes to the next mark")
}

// toMark goes to the next mark, round the end.
func (m *Model) toMark(forward bool) tea.Cmd {
	at, _ := m.Place()
	p, round, ok := m.bookmarks.next(at, forward, m.win.members)
	switch {
	case !ok:
		return say("there are no marks; m makes one")
	case round:
		return tea.Batch(m.GoTo(p), say("round the end"))
	}
	return m.GoTo(p)
}

// Marks are the places that were marked, in the order of the log.
func (m *Model) Marks() []document.Place { return m.bookmarks.list(m.win.members) }

// SetMarks sets them.
func (m *Model) SetMarks(list []document.Place) { m.bookmarks.set(list) }

// Piece is the line that the person is on, as far as it is shown at once;
// false if nothing is shown.
func (m *Model) Piece() (document.Piece, bool) {
	r := m.view.current()
	if r == nil {
		return document.Piece{}, false
	}
	return r.Piece, true
}

// Line is the text of the line the person is on, as far as it is shown at
// once.
func (m *Model) Line() string {
	r := m.view.current()
	if r == nil {
		return ""
	}
	return string(r.Text)
}

// Texts is the lines that are read, shown or near.
func (m *Model) Texts() []string {
	var out []string
	for i := range m.win.rows {
		out = append(out, string(m.win.rows[i].Text))
	}
	return out
}

// Selection returns what writes the selected lines, all of them, whether they
// are shown or not, and says how many they are. It runs elsewhere; nil if
// nothing is selected.
func (m *Model) Selection() func(context.Context, io.Writer) (lines int64, err error) {
	at, ok := m.Place()
	if m.view.anchor == nil || !ok {
		return nil
	}
	from, to := *m.view.anchor, at
	if m.win.members.compare(from, to) > 0 {
		from, to = to, from
	}
	d, k, inUse := m.doc, m.filters.pick, m.inUse
	order := m.win.members
	return func(ctx context.Context, w io.Writer) (int64, error) {
		if !inUse.TryRLock() {
			return 0, errors.New("another log was opened; nothing is selected any more")
		}
		defer inUse.RUnlock()
		n := int64(0)
		for next := from; ; {
			r, err := read(ctx, d, k, next, true, mostRows)
			if err != nil {
				return n, err
			}
			for i := range r.rows {
				x := &r.rows[i]
				if !order.has(x.Member) || order.compare(x.Place, to) > 0 {
					return n, nil // of a member that came since, or behind
				}
				if !x.Continues {
					n++
				}
				end := "\n"
				if x.Unfinished {
					end = ""
				}
				if _, err := w.Write(append(slices.Clip(x.Text), end...)); err != nil {
					return n, err
				}
			}
			if r.end {
				return n, nil
			}
			next = r.next
		}
	}
}

// Selecting reports whether lines are selected.
func (m *Model) Selecting() bool { return m.view.selecting() }
