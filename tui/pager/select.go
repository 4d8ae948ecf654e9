package pager

import (
	"context"
	"errors"
	"io"
	"slices"

	tea "charm.land/bubbletea/v2"

	"logview/reader/document"
)

// Marks and the selection.

// InPieces reports whether the current row is a piece of a longer line.
func (m *Model) InPieces() bool {
	r := m.view.current()
	return r != nil && inLongLine(&r.Piece)
}

// EndSelection clears the selection.
func (m *Model) EndSelection() { m.view.endSelection() }

// toggleCurrentMark marks or unmarks the current line.
func (m *Model) toggleCurrentMark() tea.Cmd {
	p, ok := m.Place()
	if !ok {
		return nil
	}
	return m.ToggleMark(p)
}

// ToggleMark marks or unmarks the line that starts at a place.
func (m *Model) ToggleMark(p document.Place) tea.Cmd {
	if !m.bookmarks.toggle(p) {
		return say("mark removed")
	}
	return say("marked; ' goes to the next mark")
}

// toMark goes to the next or the previous mark, and wraps around.
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

// Marks returns the marked places, in the order of the log.
func (m *Model) Marks() []document.Place { return m.bookmarks.list(m.win.members) }

// SetMarks replaces the marks.
func (m *Model) SetMarks(list []document.Place) { m.bookmarks.set(list) }

// Piece returns the current line, or the current piece of a long line; false
// if nothing is shown.
func (m *Model) Piece() (document.Piece, bool) {
	r := m.view.current()
	if r == nil {
		return document.Piece{}, false
	}
	return r.Piece, true
}

// Line returns the text of the current line, or of its current piece.
func (m *Model) Line() string {
	r := m.view.current()
	if r == nil {
		return ""
	}
	return string(r.Text)
}

// Texts returns the texts of all rows, visible or not.
func (m *Model) Texts() []string {
	var out []string
	for i := range m.win.rows {
		out = append(out, string(m.win.rows[i].Text))
	}
	return out
}

// Selection returns a function that writes all selected lines, visible or not,
// and returns their number. It is called from another goroutine. Selection
// returns nil if nothing is selected.
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
					return n, nil // after the selection, or in a member that was added later
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
