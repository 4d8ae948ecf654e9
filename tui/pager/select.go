package pager

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	t := &tally{order: m.order()}
	var list []reader.Place
	for p := range m.marks {
		list = append(list, p)
	}
	slices.SortFunc(list, t.compare)
	at, _ := m.Place()
	if !forward {
		slices.Reverse(list)
	}
	for _, p := range list {
		if c := t.compare(p, at); forward && c > 0 || !forward && c < 0 {
			return m.GoTo(p)
		}
	}
	return tea.Batch(m.GoTo(list[0]), say("round the end"))
}

// Marks are the places that were marked.
func (m *Model) Marks() []reader.Place {
	var list []reader.Place
	for p := range m.marks {
		list = append(list, p)
	}
	return list
}

// SetMarks sets them.
func (m *Model) SetMarks(list []reader.Place) {
	m.marks = map[reader.Place]bool{}
	for _, p := range list {
		m.marks[p] = true
	}
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

// mostSelected is how much text is selected at most.
const mostSelected = 16 << 20

// Selection returns what reads the selected lines, all of them, whether they
// are shown or not, and how many they are. It runs elsewhere; nil if nothing
// is selected.
func (m *Model) Selection() func() (text string, lines int, err error) {
	at, ok := m.Place()
	if m.anchor == nil || !ok {
		return nil
	}
	from, to := *m.anchor, at
	if m.compare(from, to) > 0 {
		from, to = to, from
	}
	ctx, d, k := m.life(), m.doc, m.pick
	order := m.order()
	return func() (string, int, error) {
		t := &tally{order: order}
		var b strings.Builder
		n := 0
		for next := from; ; {
			r, err := read(ctx, d, k, next, true, mostRows)
			if err != nil {
				return "", 0, err
			}
			for i := range r.rows {
				x := &r.rows[i]
				if t.compare(x.Place, to) > 0 {
					return b.String(), n, nil
				}
				if n > 0 && !x.Continues {
					b.WriteByte('\n')
				}
				if !x.Continues {
					n++
				}
				b.Write(x.Text)
				if b.Len() > mostSelected {
					return "", 0, fmt.Errorf("more than %d MiB are selected; write the lines to a file instead", mostSelected>>20)
				}
			}
			if r.end {
				return b.String(), n, nil
			}
			next = r.next
		}
	}
}

// life is a context for what outlives what is shown now.
func (m *Model) life() context.Context { return context.WithoutCancel(m.ctx) }

// order is the order of the members; compare that of places.
func (m *Model) order() map[reader.MemberKey]int {
	order := map[reader.MemberKey]int{}
	for i, x := range m.members {
		order[x.Key] = i
	}
	return order
}

func (m *Model) compare(a, b reader.Place) int {
	t := &tally{order: m.order()}
	return t.compare(a, b)
}
