package line

import (
	"bytes"
	"math"
	"slices"
	"time"
)

// An order is the order of the parts of dates such as 06/01/02 in one file.
type order uint8

const (
	unknownOrder order = iota
	yearFirst
	monthFirst
	dayFirst
)

// apply sets the date of a stamp from its parts. Without a known order it takes
// the one whose date is the latest that is not after ref.
func (o order) apply(s *stamp, ref time.Time) bool {
	if o != unknownOrder {
		var ok bool
		s.year, s.month, s.day, ok = o.date(s.parts)
		return ok
	}
	best := unknownOrder
	var latest time.Time
	for _, o := range []order{yearFirst, monthFirst, dayFirst} {
		y, m, d, ok := o.date(s.parts)
		if !ok {
			continue
		}
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if best == unknownOrder || t.After(latest) && !t.After(ref.Add(24*time.Hour)) || latest.After(ref.Add(24*time.Hour)) {
			best, latest = o, t
		}
	}
	return best != unknownOrder && best.apply(s, ref)
}

// date returns the date of three parts, and false if there is no such date.
func (o order) date(p [3]int) (year, month, day int, ok bool) {
	switch o {
	case yearFirst:
		year, month, day = p[0], p[1], p[2]
	case monthFirst:
		month, day, year = p[0], p[1], p[2]
	case dayFirst:
		day, month, year = p[0], p[1], p[2]
	}
	if year < 100 {
		year += 2000
	}
	ok = year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
	return year, month, day, ok
}

// LearnedFrom is how many bytes at the beginning of a file a Clock and LearnColumns
// learn from.
const LearnedFrom = 64 << 10

// Learn learns from the beginning of the file's text its columns, where its lines have
// their times, and the order of dates such as 06/01/02. Without it, the first line with
// a time is learned from. Later calls do nothing.
//
// The order is the one in which all dates exist and none is after Ref, and of
// several, the one in which the lines' times change in the smallest steps, for
// days change more often than months.
func (c *Clock) Learn(text []byte) {
	if c.learned {
		return
	}
	defer func() { c.learned = true }()
	text = text[:min(len(text), LearnedFrom)]
	c.Columns = LearnColumns(text).With(c.Formats)
	c.learnPlace(text)
	var dates [][3]int
	for l := range bytes.Lines(text) {
		var s stamp
		if !c.find(&s, c.shown(l)) {
			continue
		}
		if s.kind != shortDate {
			break
		}
		if n := len(dates); n == 0 || dates[n-1] != s.parts {
			dates = append(dates, s.parts)
		}
	}
	if len(dates) > 0 {
		c.order = orderOf(dates, c.reference().Add(24*time.Hour))
	}
}

// learnPlace learns where most of the first lines have their times.
func (c *Clock) learnPlace(text []byte) {
	const most = 200
	type count struct {
		place
		n      int
		header bool // only a header precedes it
	}
	var found []count
	n, lines, timed := 0, 0, 0
	for l := range bytes.Lines(text) {
		if n++; n > most {
			break
		}
		l = c.shown(trimEnd(l))
		if len(l) > 0 && !isIndented(l) {
			lines++
		}
		var s stamp
		p, ok := searchPlace(&s, l)
		if !ok {
			continue
		}
		i := slices.IndexFunc(found, func(x count) bool { return x.same(&p) })
		if i < 0 {
			found = append(found, count{place: p, header: p.key == "" && !isProse(l[:p.at])})
			i = len(found) - 1
		}
		found[i].n++
		timed++
	}
	c.sparse = lines >= 10 && timed*3 < lines
	best := -1
	for i, x := range found {
		if best < 0 || x.n > found[best].n {
			best = i
		}
	}
	if best < 0 {
		c.place = epochColumn(text)
		return
	}
	weak := !found[best].header && (found[best].key == "" || isWeakKey(found[best].key))
	c.sparse = c.sparse || weak && timed*2 < lines
	if p := found[best].place; !c.sparse || p.key != "" && !weak || p.key == "" && p.at == 0 {
		c.learned, c.place, c.strict = true, found[best].place, found[best].header
	}
}

// epochColumn returns the place of the first word that is a number of seconds since 1970 in
// all of the first lines, as in flow logs of Amazon VPC. The place is unknown if there are
// few lines. Smaller numbers, of times before May 2002, may be identifiers.
func epochColumn(text []byte) place {
	const most, least, columns = 50, 4, 12
	var in [columns]int // lines in which the word may be a time
	lines := 0
	for l := range bytes.Lines(text) {
		if l = trimEnd(l); len(l) == 0 || lines == most {
			break
		}
		lines++
		for i := range columns {
			word := l[:wordEnd(l)]
			if v, n := number(word, 0, 11); n == 10 && len(word) == 10 && v >= 102e7 && v < 22e8 {
				in[i]++
			}
			if len(word) == len(l) {
				break
			}
			l = l[len(word)+1:]
		}
	}
	for i := range columns {
		if lines >= least && i > 0 && in[i] >= lines-1 {
			return place{known: true, kind: epoch, at: math.MaxInt, spaces: i}
		}
	}
	return place{}
}

// orderOf returns the order of some dates, none of which is after latest.
func orderOf(dates [][3]int, latest time.Time) order {
	best, least := unknownOrder, 0.0
	for _, o := range []order{yearFirst, monthFirst, dayFirst} {
		cost, valid := 0.0, true
		var before time.Time
		for _, p := range dates {
			y, m, d, ok := o.date(p)
			valid = valid && ok
			t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
			if t.After(latest) {
				cost += 1e6
			}
			if !before.IsZero() {
				cost += t.Sub(before).Abs().Hours()
			}
			before = t
		}
		// If the steps are equal, the order counts in which the last date is nearest to
		// the last change of the file.
		cost += latest.Sub(before).Abs().Hours() / 1e6
		if valid && (best == unknownOrder || cost < least) {
			best, least = o, cost
		}
	}
	return best
}
