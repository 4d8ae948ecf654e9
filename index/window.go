package index

import (
	"bytes"
	"time"

	"logview/index/match"
	"logview/reader"
	"logview/reader/line"
)

// A Window is a range of time: from Since up to, but not including, Until. A zero
// time is no limit. A line is in it if its time is, or, without a time of its own,
// the time of the last line before it that has one. A line without any such time
// is not.
type Window struct {
	Since, Until time.Time
	Zone         *time.Location // of times in logs that name none; nil for local time
}

// limited reports whether w excludes any time.
func (w *Window) limited() bool { return !w.Since.IsZero() || !w.Until.IsZero() }

func (w *Window) contains(t time.Time) bool {
	return !t.Before(w.Since) && (w.Until.IsZero() || t.Before(w.Until))
}

// overlaps reports whether a time from first to last may be in w.
func (w *Window) overlaps(first, last time.Time) bool {
	return !last.Before(w.Since) && (w.Until.IsZero() || first.Before(w.Until))
}

// mayContain reports whether lines of a block may be in w according to its
// times. What was inferred of them may be another today.
func (w *Window) mayContain(k *reader.TableBlock) bool {
	const zones = 26 * time.Hour // between the first and the last
	last := k.Last.Add(time.Millisecond)
	switch k.Inferred {
	case reader.NotInferred:
		return w.overlaps(k.First, last)
	case reader.InferredZone:
		return w.overlaps(k.First.Add(-zones), last.Add(zones))
	case reader.InferredYear:
		for years := -8; years <= 8; years++ {
			if w.overlaps(k.First.AddDate(years, 0, -1).Add(-zones), last.AddDate(years, 0, 1).Add(zones)) {
				return true
			}
		}
		return false
	}
	return true
}

// exclude clears those of blocks in which no line can be in w. Lines at the
// beginning of a block may have the last time of the block before. Blocks before
// the first time are not excluded, because their lines are counted as untimed.
func (w *Window) exclude(blocks []bool, table []reader.TableBlock) {
	before, timed := false, false // whether the last block with times may contain lines in w; whether there is one
	for i := range blocks {
		k := &table[i]
		may := before || !timed && k.First.IsZero()
		if !k.First.IsZero() {
			before, timed = w.mayContain(k), true
			may = may || before
		}
		blocks[i] = blocks[i] && may
	}
}

// A timer determines the times of the lines of one member, for its producer.
type timer struct {
	clock *line.Clock
	begun bool

	// The time of the last line with one before the next block.
	last time.Time
	ok   bool
}

// begin learns from the first block of the member.
func (t *timer) begin(text []byte) {
	if !t.begun {
		t.begun = true
		t.clock.Learn(text)
	}
}

// before returns a function that returns the time of the last line with one so
// far; nil if t is.
func (t *timer) before() func() (time.Time, bool) {
	if t == nil {
		return nil
	}
	last, ok := t.last, t.ok
	return func() (time.Time, bool) { return last, ok }
}

// pass notes that the next block follows b. It does nothing without a window.
func (t *timer) pass(b *reader.Block) {
	if t == nil {
		return
	}
	t.begin(b.Text)
	if x, ok := lastTime(t.clock, b.Text, firstLine(b), len(b.Text)); ok {
		t.last, t.ok = x, true
	}
}

// firstLine returns where the first line begins that begins in b.
func firstLine(b *reader.Block) int {
	if !b.Continues {
		return 0
	}
	if i := bytes.IndexByte(b.Text, '\n'); i >= 0 {
		return i + 1
	}
	return len(b.Text)
}

// lastTime returns the time of the last line with one that begins in text between
// from, the beginning of a line, and to.
func lastTime(c *line.Clock, text []byte, from, to int) (time.Time, bool) {
	for to > from {
		end := to
		if text[end-1] == '\n' {
			end--
		}
		to = bytes.LastIndexByte(text[:end], '\n') + 1
		if x, ok := c.Time(text[to:end]); ok {
			return x, true
		}
	}
	return time.Time{}, false
}

// within returns those of the matching lines of a block that are in the window,
// and the number of those without a time. before returns the time of the last line
// before the block, if it has one.
func (w *Window) within(spans []match.Span, b *reader.Block, c *line.Clock, before func() (time.Time, bool)) (in []match.Span, untimed int64) {
	var last time.Time // of the lines before from
	known, from := false, firstLine(b)
	in = spans[:0]
	for _, sp := range spans {
		x, ok := time.Time{}, false
		if sp.Start >= from {
			x, ok = c.Time(b.Text[sp.Start:sp.End])
		}
		if !ok {
			x, ok = lastTime(c, b.Text, from, sp.Start)
		}
		switch {
		case ok:
		case known:
			x, ok = last, !last.IsZero()
		default:
			x, ok = before()
		}
		last, known, from = x, true, max(from, sp.Start)
		if !ok {
			last = time.Time{}
			untimed++
		} else if w.contains(x) {
			in = append(in, sp)
		}
	}
	return in, untimed
}
