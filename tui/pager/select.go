package pager

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
)

// These are the marks, and the lines that are selected.

// InPieces reports whether the line the person is on is longer than is shown
// at once.
func (m *Model) InPieces() bool {
	return m.cur < len(m.rows) && (m.rows[m.cur].Continues || m.rows[m.cur].Unfinished)
}

// EndSelection ends the selecting of lines.
func (m *Model) EndSelection() { m.anchor = nil }

// mark marks the line, or takes the mark away.
func (m *Model) mark() tea.Cmd {
	p, ok := m.Place()
	if !ok {
		return nil
	}
	return m.Mark(p)
}

// Mark marks the line that begins at a place, or takes the mark away.
func (m *Model) Mark(p reader.Place) tea.Cmd {
	if m.marks[p] {
		delete(m.marks, p)
		return say("mark removed")
	}
	m.marks[p] = true
	return say("marked; ' goes to the next mark")
}

// toMark goes to the next mark, round the end.
func (m *Model) toMark(forward bool) tea.Cmd {
	if len(m.marks) == 0 {
		return say("there are no marks; m makes one")
	}
	list := m.Marks()
	at, _ := m.Place()
	if !forward {
		slices.Reverse(list)
	}
	for _, p := range list {
		if c := m.compare(p, at); forward && c > 0 || !forward && c < 0 {
			return m.GoTo(p)
		}
	}
	return tea.Batch(m.GoTo(list[0]), say("round the end"))
}

// Marks are the places that were marked, in the order of the log.
func (m *Model) Marks() []reader.Place {
	return slices.SortedFunc(maps.Keys(m.marks), m.compare)
}

// SetMarks sets them.
func (m *Model) SetMarks(list []reader.Place) {
	m.marks = map[reader.Place]bool{}
	for _, p := range list {
		m.marks[p] = true
	}
}

// Piece is the line that the person is on, as far as it is shown at once;
// false if nothing is shown.
func (m *Model) Piece() (reader.Piece, bool) {
	if m.cur >= len(m.rows) {
		return reader.Piece{}, false
	}
	return m.rows[m.cur].Piece, true
}

// Line is the text of the line the person is on, as far as it is shown at
// once.
func (m *Model) Line() string {
	if m.cur >= len(m.rows) {
		return ""
	}
	return string(m.rows[m.cur].Text)
}

// Texts is the lines that are read, shown or near.
func (m *Model) Texts() []string {
	var out []string
	for i := range m.rows {
		out = append(out, string(m.rows[i].Text))
	}
	return out
}

// Selection returns what writes the selected lines, all of them, whether they
// are shown or not, and says how many they are. It runs elsewhere; nil if
// nothing is selected.
func (m *Model) Selection() func(context.Context, io.Writer) (lines int64, err error) {
	at, ok := m.Place()
	if m.anchor == nil || !ok {
		return nil
	}
	from, to := *m.anchor, at
	if m.compare(from, to) > 0 {
		from, to = to, from
	}
	d, k, inUse := m.doc, m.pick, m.inUse
	t := &tally{order: m.order}
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
				if _, known := t.order[x.Member]; !known || t.compare(x.Place, to) > 0 {
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
func (m *Model) Selecting() bool { return m.anchor != nil }

// compare is the order of places.
func (m *Model) compare(a, b reader.Place) int {
	t := &tally{order: m.order}
	return t.compare(a, b)
}
