package line

import (
	"bytes"
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

// learnedFrom is how many bytes at the beginning of a file a Clock learns from.
const learnedFrom = 64 << 10

// Learn learns from the beginning of the file's text where its lines have their
// times, and the order of dates such as 06/01/02. Without it, the first line with
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
	text = text[:min(len(text), learnedFrom)]
	var dates [][3]int
	for l := range bytes.Lines(text) {
		var s stamp
		if !c.find(&s, l) {
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
		// Of equal steps, the last date that is nearest to the last change of the file.
		cost += latest.Sub(before).Abs().Hours() / 1e6
		if valid && (best == unknownOrder || cost < least) {
			best, least = o, cost
		}
	}
	return best
}
