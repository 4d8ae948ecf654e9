package index

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	"logview/index/match"
	"logview/index/query"
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

// Narrow returns the part of w in which conditions on the time of a line hold, which
// [query.SplitTimes] returned.
func (w Window) Narrow(times []query.Field, now time.Time) (Window, error) {
	for _, t := range times {
		from, to, err := line.ParseTime(t.Value, now, w.zone())
		if err != nil {
			return w, fmt.Errorf("%s: %w", t, err)
		}
		if from.Equal(to) {
			to = to.Add(1) // it means a point in time
		}
		switch t.Op {
		case query.Greater:
			from = to
			fallthrough
		case query.AtLeast:
			if from.After(w.Since) {
				w.Since = from
			}
		case query.Less:
			to = from
			fallthrough
		case query.AtMost:
			if w.Until.IsZero() || to.Before(w.Until) {
				w.Until = to
			}
		}
	}
	return w, nil
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
	first, last := k.First, k.Last.Add(time.Millisecond)
	switch k.Inferred {
	case reader.NotInferred:
		return w.overlaps(first, last) && !w.inGap(k, first, 0)
	case reader.WallClock:
		first, last := k.TimesIn(w.zone())
		slack := clockChange(first, last)
		return w.overlaps(first.Add(-slack), last.Add(time.Millisecond+slack)) && !w.inGap(k, first, slack)
	case reader.WallClockYear:
		// The file may have been written to in another year since.
		for years := -8; years <= 8; years++ {
			first, last := k.TimesIn(w.zone())
			first, last = first.AddDate(years, 0, 0), last.AddDate(years, 0, 0)
			slack := clockChange(first, last)
			if years != 0 {
				slack += 24 * time.Hour // there may be a leap day in between
			}
			if w.overlaps(first.Add(-slack), last.Add(time.Millisecond+slack)) && (years != 0 || !w.inGap(k, first, slack)) {
				return true
			}
		}
		return false
	case reader.InferredZone:
		return w.overlaps(first.Add(-zones), last.Add(zones))
	case reader.InferredYear:
		for years := -8; years <= 8; years++ {
			if w.overlaps(first.AddDate(years, 0, -1).Add(-zones), last.AddDate(years, 0, 1).Add(zones)) {
				return true
			}
		}
		return false
	}
	return true
}

// clockChange returns by how much times from first to last may be wrong that were read
// from a clock on the wall: where it is put back, some occur twice, and where it is put
// forward, some do not exist.
func clockChange(first, last time.Time) time.Duration {
	const most = 2 * time.Hour
	from, to := first.ZoneBounds()
	if (from.IsZero() || from.Before(first.Add(-most))) && (to.IsZero() || to.After(last.Add(most))) {
		return 0
	}
	return most
}

// zone returns the zone of times that name none.
func (w *Window) zone() *time.Location {
	if w.Zone == nil {
		return time.Local
	}
	return w.Zone
}

// inGap reports whether no line of a block that begins at first is in w, because all of
// w is in a gap. It is sure if times may be wrong by up to slack.
func (w *Window) inGap(k *reader.TableBlock, first time.Time, slack time.Duration) bool {
	if w.Since.IsZero() || w.Until.IsZero() {
		return false
	}
	at := func(ms int64) time.Time { return first.Add(time.Duration(ms) * time.Millisecond) }
	for _, g := range k.Gaps {
		if w.Since.After(at(g.From).Add(time.Millisecond+slack)) && w.Until.Before(at(g.To).Add(-slack)) {
			return true
		}
	}
	return false
}

// exclude clears those of blocks in which no line can be in w. Lines at the
// beginning of a block may have the last time of the block before. Blocks with lines
// before the first time are not excluded, because these are counted as untimed.
func (w *Window) exclude(blocks []bool, table []reader.TableBlock) {
	before, timed := false, false // whether the last block with times may contain lines in w; whether there is one
	for i := range blocks {
		k := &table[i]
		may := k.StartUntimed && (before || !timed)
		if k.First.IsZero() {
			may = before || !timed
		} else {
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

	untimed atomic.Int64 // no line before this block has a time; for timeBefore
}

// setRef says when the file was last written to; zero means now. It does nothing without
// a timer.
func (t *timer) setRef(mod time.Time) {
	if t == nil {
		return
	}
	if mod.IsZero() {
		mod = time.Now()
	}
	t.clock.SetRef(mod)
}

// begin learns from the first block of the member. It does nothing without a timer.
func (t *timer) begin(text []byte) {
	if t != nil && !t.begun && len(text) > 0 {
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

// pass notes that the next block follows b. It does nothing without a timer.
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
// with their times, and the number of those that are excluded because they have no
// time. before returns the time of the last line before the block, if it has one.
func (w *Window) within(spans []match.Span, b *reader.Block, c *line.Clock, before func() (time.Time, bool)) (in []match.Span, times []time.Time, untimed int64) {
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
		}
		switch {
		case !w.limited(), ok && w.contains(x):
			in, times = append(in, sp), append(times, last)
		case !ok:
			untimed++
		}
	}
	return in, times, untimed
}
