package pager

import (
	"bytes"
	"slices"

	"logview/index/match"
)

// A highlighter finds the matches in the rows of a window.
type highlighter struct {
	win  *window
	find *finder
}

// beyond is how far outside the drawn text matches are searched for that may
// reach into it.
const beyond = 4 << 10

// spans returns the matches in part of a row, and the index of the current
// match, or -1.
func (h *highlighter) spans(i, from, to int) (spans []match.Span, here int) {
	r := &h.win.rows[i]
	here = -1
	at := h.find.startIn(r.Place)
	for _, s := range h.around(i, from, to) {
		if s.End <= from || s.Start >= to {
			continue
		}
		if at >= 0 && s.Start == at {
			here = len(spans)
		}
		spans = append(spans, match.Span{Start: max(s.Start, from) - from, End: min(s.End, to) - from})
	}
	return spans, here
}

// matches returns the matches that start in a row.
func (h *highlighter) matches(i int) []match.Span {
	n := len(h.win.rows[i].Text)
	return slices.DeleteFunc(h.around(i, 0, n), func(s match.Span) bool { return s.Start < 0 || s.Start >= max(n, 1) })
}

// around returns the matches in and near part of a row, as offsets in the row.
// They may extend into the neighboring pieces of a long line, of which only the
// text near the part is searched.
func (h *highlighter) around(i, from, to int) []match.Span {
	scan := h.find.scanner()
	if scan == nil {
		return nil
	}
	r := &h.win.rows[i]
	lo, hi := max(0, from-beyond), min(len(r.Text), to+beyond)
	if len(r.Text) <= 4*beyond {
		lo, hi = 0, len(r.Text)
	}
	text := r.Text[lo:hi]
	if lo == 0 && r.Continues && i > 0 && h.continued(i-1) {
		before := h.win.rows[i-1].Text
		before = before[max(0, len(before)-beyond):]
		text = append(bytes.Clone(before), text...)
		lo = -len(before)
	}
	if hi == len(r.Text) && r.Unfinished && h.continued(i) {
		after := h.win.rows[i+1].Text
		text = append(slices.Clip(text), after[:min(len(after), beyond)]...)
	}
	spans := scan.ForColumns(r.columns).Highlights(text, nil)
	for k := range spans {
		spans[k].Start += lo
		spans[k].End += lo
	}
	return spans
}

// continued reports whether the line of row i continues in the next row.
func (h *highlighter) continued(i int) bool {
	if i+1 >= len(h.win.rows) {
		return false
	}
	r, next := &h.win.rows[i], &h.win.rows[i+1]
	return r.Unfinished && next.Continues && r.Member == next.Member && r.End == next.Offset
}
