package line

import (
	"time"

	"logview/reader"
)

// This file infers what a time in a line leaves out: its year, its day, its zone.

// inferred returns what the line does not say of its time.
func (s *stamp) inferred() reader.Inference {
	switch {
	case s.kind == clockOnly, s.kind == shortDate:
		return reader.InferredDate
	case s.kind == fullDate && s.year == 0:
		return reader.InferredYear
	case !s.zoned:
		return reader.InferredZone
	}
	return reader.NotInferred
}

// resolve returns the point in time of a stamp.
func (c *Clock) resolve(s *stamp) (time.Time, bool) {
	if s.kind == epoch {
		return time.Unix(s.unix, int64(s.nanos)), true
	}
	if s.kind == shortDate && !c.order.apply(s, c.reference()) && !unknownOrder.apply(s, c.reference()) {
		return time.Time{}, false
	}
	m := &c.minute
	if s.min != m.min || s.hour != m.hour || s.day != m.day || s.month != m.month || s.year != m.year || s.zone != m.zone || s.loc != m.loc || s.zoned != m.zoned || s.kind != m.kind {
		base, ok := c.inferMinute(s)
		if !ok {
			return time.Time{}, false
		}
		c.minute, c.base = *s, base
	}
	return time.Unix(c.base+int64(s.sec), int64(s.nanos)), true
}

// reference returns Ref, or the current time.
func (c *Clock) reference() time.Time {
	if !c.Ref.IsZero() {
		return c.Ref
	}
	if c.ref.IsZero() {
		c.ref = time.Now()
	}
	return c.ref
}

// inferMinute returns the seconds since 1970 of the minute of a stamp, and infers the year or
// the day if it has none.
func (c *Clock) inferMinute(s *stamp) (int64, bool) {
	zone := c.Zone
	switch {
	case s.zoned && s.zone == 0 && s.loc == nil:
		zone = time.UTC
	case s.zoned:
		zone = time.FixedZone("", s.zone)
		if s.loc != nil {
			zone = s.loc
		}
	case zone == nil:
		zone = time.Local
	}
	on := func(year, month, day int) (time.Time, bool) {
		if day > 28 && day > daysIn(year, month) {
			return time.Time{}, false
		}
		return time.Date(year, time.Month(month), day, s.hour, s.min, 0, 0, zone), true
	}
	latest := c.reference().Add(24 * time.Hour) // clocks and zones differ
	switch {
	case s.kind == clockOnly:
		ref := c.reference().In(zone)
		t, _ := on(ref.Year(), int(ref.Month()), ref.Day())
		if t.After(ref.Add(time.Minute)) {
			t = t.AddDate(0, 0, -1)
		}
		return t.Unix(), true
	case s.year > 0:
		t, ok := on(s.year, s.month, s.day)
		return t.Unix(), ok
	}
	// February 29 may be eight years ago.
	for year := latest.Year(); year >= latest.Year()-8; year-- {
		if t, ok := on(year, s.month, s.day); ok && !t.After(latest) {
			return t.Unix(), true
		}
	}
	return 0, false
}

// InfersYear reports whether the year of a time is the one that is inferred where it is
// missing.
func (c *Clock) InfersYear(t time.Time) bool {
	t = t.Truncate(time.Minute)
	latest := c.reference().Add(24 * time.Hour)
	return !t.After(latest) && t.AddDate(1, 0, 0).After(latest)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
