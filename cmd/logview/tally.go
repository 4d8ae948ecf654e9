package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"logview/index"
	"logview/reader/line"
)

// A tally counts lines by value, without regard to time. Its memory is bounded: if there
// are too many values, the rarest are counted together. So the counts of the most
// frequent values are exact unless one of them was rare for long.
type tally struct {
	counts map[string]int64
	size   int   // of the values, with what a map needs for each
	other  int64 // lines with values that are not told apart any more
}

// tallySize is how many bytes of values a tally keeps, some 300,000 of them.
const tallySize = 32 << 20

// valueSize is about what a map needs for a value besides its text.
const valueSize = 80

func (t *tally) add(value []byte, n int64) {
	if _, ok := t.counts[string(value)]; !ok {
		if t.counts == nil {
			t.counts = map[string]int64{}
		}
		if t.size += len(value) + valueSize; t.size > tallySize {
			t.cut()
		}
	}
	t.counts[string(value)] += n
}

// cut gives up the rarer half of the values.
func (t *tally) cut() {
	list := t.ranked()
	t.counts, t.size = map[string]int64{}, 0
	for _, v := range list {
		if t.size > tallySize/2 {
			t.other += v.n
			continue
		}
		t.counts[v.name] = v.n
		t.size += len(v.name) + valueSize
	}
}

// join adds what x counts.
func (t *tally) join(x *tally) {
	t.other += x.other
	for v, n := range x.counts {
		t.add([]byte(v), n)
	}
}

// ranked returns the values, the most frequent first.
func (t *tally) ranked() []valueCount {
	list := make([]valueCount, 0, len(t.counts))
	for v, n := range t.counts {
		list = append(list, valueCount{name: v, n: n})
	}
	slices.SortFunc(list, func(a, b valueCount) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name)) })
	return list
}

// total returns the number of lines counted.
func (t *tally) total() int64 {
	n := t.other
	for v := range maps.Values(t.counts) {
		n += v
	}
	return n
}

// A valueReader reads the value by which a line is counted.
type valueReader struct {
	fields line.Fields
	shown  line.Shown
	value  []byte
	find   func(name, value []byte, at int) bool
}

// of returns the value of a line of hits: its level, log or file, or the first value of
// the field with the name; empty if it has none. It is valid until the next call.
func (r *valueReader) of(name string, h *index.Hits, l *index.HitLine) []byte {
	text := h.Text[l.Start:l.End]
	r.value = r.value[:0]
	switch name {
	case "level":
		r.value = append(r.value, h.Columns.LevelOf(text).String()...)
	case "log":
		r.value = append(r.value, logName(h)...)
	case "file":
		r.value = append(r.value, h.Member.Path...)
	default:
		r.fields.Columns, r.fields.Name = h.Columns, name
		if r.find == nil {
			r.find = func(n, v []byte, _ int) bool {
				if string(n) != r.fields.Name {
					return true
				}
				r.value = append(r.value[:0], v...)
				return false
			}
		}
		r.fields.Each(r.shown.Of(text), r.find)
	}
	return r.value
}

// A tallyPart counts some of the lines.
type tallyPart struct {
	tally
	valueReader
}

// countValues counts the lines that a search finds by the values under a name. first says
// that another search of the same files follows.
func (j *searchJob) countValues(ctx context.Context, name string, first bool) (*tally, index.Stats, error) {
	c := &counter[tallyPart]{}
	req := *j.req
	k := *j
	k.req, k.first = &req, first
	req.Times, req.Fields, req.Summary = false, true, nil
	req.Render = func(h *index.Hits) {
		c.with(func(p *tallyPart) {
			p.fields.Formats = j.req.Options.Formats
			for i := range h.Lines {
				p.add(p.of(name, h, &h.Lines[i]), 1)
			}
		})
	}
	st, err := k.run(ctx, renderLong(&req))
	if err != nil {
		return nil, st, err
	}
	total := &tally{}
	for _, p := range c.all {
		total.join(&p.tally)
	}
	return total, st, nil
}
