package line

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"logview/reader"
)

// Survey returns what is known of the lines that begin in text, a block: the fields of
// TableBlock about times and levels. continues says that text begins inside a line. If
// no time has a zone, they are kept as those of UTC, for which c.Zone must be UTC.
func (c *Clock) Survey(text []byte, continues bool) (k reader.TableBlock) {
	c.Learn(text)
	if continues {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return k
		}
		text = text[i+1:]
	}
	c.times, c.minutes = c.times[:0], c.minutes[:0]
	zoned := false
	first := true
	all := ShowsAll(text)
	for l := range bytes.Lines(text) {
		if l = trimEnd(l); all {
			l = l[:min(len(l), longest)]
		} else {
			l = c.shown(l)
		}
		var s stamp
		var t time.Time
		ok := c.find(&s, l)
		level := c.levelOf(l, &s, ok)
		k.Levels[level]++
		if ok {
			t, ok = c.resolve(&s)
		}
		if first {
			k.StartUntimed, first = !ok, false
		}
		if !ok {
			k.Untimed++
			if len(c.times) == 0 {
				k.Leading[level]++
			} else {
				c.countMinute(k.Final, level)
			}
			continue
		}
		inferred := s.inferred()
		zoned = zoned || s.zoned || s.kind == epoch
		k.Inferred = max(k.Inferred, inferred)
		c.last, c.inferred = t, inferred
		c.times = append(c.times, t.UnixMilli())
		k.Final = t
		c.countMinute(t, level)
	}
	if len(c.times) == 0 {
		k.Leading = [len(k.Leading)]int32{}
		return k
	}
	if !zoned && c.Zone == time.UTC {
		switch k.Inferred {
		case reader.InferredZone:
			k.Inferred = reader.WallClock
		case reader.InferredYear:
			k.Inferred = reader.WallClockYear
		}
	}
	if !slices.IsSorted(c.times) {
		slices.Sort(c.times)
	}
	k.First, k.Last = time.UnixMilli(c.times[0]).UTC(), time.UnixMilli(c.times[len(c.times)-1]).UTC()
	k.Final = k.Final.Truncate(time.Millisecond).UTC()
	k.Gaps = gaps(c.times)
	if n := len(c.minutes); n > 1 && n <= reader.MaxMinutes {
		k.Minutes = slices.Clone(c.minutes)
		base := k.Minutes[0].At
		for i := range k.Minutes {
			k.Minutes[i].At -= base
		}
	}
	return k
}

// levelOf returns the level of a line as it is shown. s is its time if timed is set.
func (c *Clock) levelOf(l []byte, s *stamp, timed bool) (v Level) {
	switch {
	case c.Columns.hasLevel():
		return c.Columns.LevelOf(l)
	case timed && s.end > 0 && s.kind < epoch && (c.place.at == 0 || c.place.at == 1 && l[0] == '['):
		// levelOfShown would find the same time, because none can be before it.
		v, _ = levelAround(l, c.place.at, s.end)
		return v
	}
	v, _ = levelOfShown(l)
	return v
}

// countMinute counts a line in c.minutes, whose At are minutes since 1970. It does
// nothing once there are too many minutes.
func (c *Clock) countMinute(t time.Time, level Level) {
	if len(c.minutes) > reader.MaxMinutes {
		return
	}
	at := floorDiv(t.Unix(), 60)
	i := len(c.minutes) - 1
	if i < 0 || c.minutes[i].At != at { // in most logs, it is the last one
		var found bool
		i, found = slices.BinarySearchFunc(c.minutes, at, func(m reader.Minute, at int64) int { return cmp.Compare(m.At, at) })
		if !found {
			c.minutes = slices.Insert(c.minutes, i, reader.Minute{At: at})
		}
	}
	c.minutes[i].Levels[level]++
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// trimEnd returns a line without its newline.
func trimEnd(l []byte) []byte { return bytes.TrimSuffix(l, []byte{'\n'}) }

// gaps returns the widest gaps between sorted times.
func gaps(times []int64) []reader.Gap {
	const least = 1000 // narrower ones exclude too little
	var wide [reader.MaxGaps + 1]reader.Gap
	n := 0
	for i := 1; i < len(times); i++ {
		from, to := times[i-1]-times[0], times[i]-times[0]
		if to-from < least || n == reader.MaxGaps && to-from <= wide[n-1].To-wide[n-1].From {
			continue
		}
		at := n
		for at > 0 && wide[at-1].To-wide[at-1].From < to-from {
			wide[at] = wide[at-1]
			at--
		}
		wide[at] = reader.Gap{From: from, To: to}
		n = min(n+1, reader.MaxGaps)
	}
	if n == 0 {
		return nil
	}
	out := slices.Clone(wide[:n])
	slices.SortFunc(out, func(a, b reader.Gap) int { return cmp.Compare(a.From, b.From) })
	return out
}
