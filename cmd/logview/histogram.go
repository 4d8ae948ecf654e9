package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// A histogram counts lines by time and by value. Its memory is bounded: if there are
// too many steps, the steps become longer; values that come after the first few
// count as one.
type histogram struct {
	step    time.Duration // of the counts
	fixed   bool          // step must not become longer
	full    bool          // it would have had to
	counts  map[int64][]int64
	values  map[string]int // indexes in the counts
	names   []string
	untimed []int64 // lines without a time, by value
}

const (
	mostSteps      = 20000
	mostFixedSteps = 1_000_000 // of --every
	mostByStep     = 200       // values that are told apart in each step
)

// others is the name of the values that are not told apart.
const others = "(other)"

// add counts a line.
func (h *histogram) add(at time.Time, value string, limit int, n int64) {
	i, ok := h.values[value]
	if !ok {
		if len(h.names) >= limit {
			value = others
		}
		if i, ok = h.values[value]; !ok {
			i = len(h.names)
			if h.values == nil {
				h.values = map[string]int{}
			}
			value = strings.Clone(value)
			h.values[value] = i
			h.names = append(h.names, value)
		}
	}
	if at.IsZero() {
		h.untimed = addTo(h.untimed, i, n)
		return
	}
	k := floorDiv(at.UnixNano(), int64(h.step))
	c, ok := h.counts[k]
	switch {
	case ok:
	case h.fixed && len(h.counts) >= mostFixedSteps:
		h.full = true
		return
	case !h.fixed && len(h.counts) >= mostSteps:
		h.lengthen()
		k = floorDiv(at.UnixNano(), int64(h.step))
		c = h.counts[k]
	}
	if h.counts == nil {
		h.counts = map[int64][]int64{}
	}
	h.counts[k] = addTo(c, i, n)
}

func addTo(c []int64, i int, n int64) []int64 {
	for len(c) <= i {
		c = append(c, 0)
	}
	c[i] += n
	return c
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// lengthened are the steps that counts are joined into, each a multiple of those before.
var lengthened = []time.Duration{time.Second, 15 * time.Second, time.Minute, quarter, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 3600 * 24 * time.Hour}

// quarter divides the offsets of all zones.
const quarter = 15 * time.Minute

// lengthen joins steps.
func (h *histogram) lengthen() {
	next := h.step * 15
	for _, s := range slices.Backward(lengthened) {
		if s > h.step && s%h.step == 0 {
			next = s
		}
	}
	times := int64(next / h.step)
	joined := make(map[int64][]int64, len(h.counts)/int(times)+1)
	for k, c := range h.counts {
		to := floorDiv(k, times)
		for i, n := range c {
			if n > 0 {
				joined[to] = addTo(joined[to], i, n)
			}
		}
	}
	h.counts = joined
	h.step *= time.Duration(times)
}

// join adds what x counts.
func (h *histogram) join(x *histogram, limit int) {
	h.full = h.full || x.full
	for h.step < x.step {
		h.lengthen()
	}
	for k, c := range x.counts {
		at := time.Unix(0, k*int64(x.step))
		for i, n := range c {
			if n > 0 {
				h.add(at, x.names[i], limit, n)
			}
		}
	}
	for i, n := range x.untimed {
		if n > 0 {
			h.add(time.Time{}, x.names[i], limit, n)
		}
	}
}

// span returns the times of the first and the last step.
func (h *histogram) span() (first, last time.Time) {
	if len(h.counts) == 0 {
		return first, last
	}
	keys := slices.Collect(maps.Keys(h.counts))
	return time.Unix(0, slices.Min(keys)*int64(h.step)), time.Unix(0, slices.Max(keys)*int64(h.step))
}

// A valueCount is the number of lines with a value.
type valueCount struct {
	index int
	name  string
	n     int64
}

// ranked returns the values, the most frequent first.
func (h *histogram) ranked() []valueCount {
	list := make([]valueCount, len(h.names))
	for i, name := range h.names {
		list[i] = valueCount{index: i, name: name}
	}
	count := func(c []int64) {
		for i, n := range c {
			list[i].n += n
		}
	}
	for _, c := range h.counts {
		count(c)
	}
	count(h.untimed)
	slices.SortFunc(list, func(a, b valueCount) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name)) })
	return list
}
