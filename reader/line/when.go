package line

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime parses a time that a user typed:
//
//	14:05, 14:05:06, 2pm, 9:30am      today, or yesterday if it is still to come
//	yesterday 14:05, today 2pm        of that day
//	2026-11-21, yesterday, today      a whole day
//	-2h, 2h ago, -1d12h, 90s ago      before now, in units s, m, h, d and w
//	now
//	any time as it is written in a log
//
// A time without a zone is in zone. It returns the range of time that is meant: of
// a day it is the whole day, otherwise both ends are the same. The error says what
// is accepted.
func ParseTime(s string, now time.Time, zone *time.Location) (from, to time.Time, err error) {
	now = now.In(zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	whole := func(day time.Time) (time.Time, time.Time, error) { return day, day.AddDate(0, 0, 1), nil }
	point := func(t time.Time) (time.Time, time.Time, error) { return t, t, nil }
	text := strings.Join(strings.Fields(s), " ")
	lower := strings.ToLower(text)
	switch lower {
	case "now":
		return point(now)
	case "today":
		return whole(midnight)
	case "yesterday":
		return whole(midnight.AddDate(0, 0, -1))
	}
	if d, ok := strings.CutSuffix(lower, " ago"); ok {
		lower = "-" + strings.TrimPrefix(d, "-")
	}
	if d, ok := strings.CutPrefix(lower, "-"); ok {
		if d, ok := parseSpan(d); ok {
			return point(now.Add(-d))
		}
	}
	for name, days := range map[string]int{"today ": 0, "yesterday ": -1} {
		if clock, ok := strings.CutPrefix(lower, name); ok {
			if d, ok := parseClock(clock); ok {
				return point(onDay(midnight.AddDate(0, 0, days), d))
			}
		}
	}
	if d, ok := parseClock(lower); ok {
		t := onDay(midnight, d)
		if t.After(now) {
			t = onDay(midnight.AddDate(0, 0, -1), d)
		}
		return point(t)
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02", "20060102", "Jan 2 2006", "2 Jan 2006", "Jan 2, 2006"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return whole(t)
		}
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04Z07:00"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return point(t)
		}
	}
	clock := Clock{Zone: zone, Ref: now}
	if t, ok := clock.Time([]byte(text)); ok {
		return point(t)
	}
	return from, to, fmt.Errorf("%q is not a time; give one such as 14:05, -2h, yesterday 9am, 2006-01-02, 2006-01-02T15:04:05Z, or one from a log", s)
}

// onDay returns the time of day d on a day. Where a clock is put forward or back
// that differs from adding d to midnight.
func onDay(day time.Time, d time.Duration) time.Time {
	s := int(d / time.Second)
	return time.Date(day.Year(), day.Month(), day.Day(), s/3600, s/60%60, s%60, int(d%time.Second), day.Location())
}

// parseClock parses a time of day such as 14:05, 14:05:06.5, 2pm or 9:30 am.
func parseClock(s string) (time.Duration, bool) {
	s = strings.ReplaceAll(s, " ", "")
	for _, layout := range []string{"15:04", "15:04:05", "3pm", "3:04pm", "3:04:05pm"} {
		if t, err := time.Parse(layout, s); err == nil {
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond()), true
		}
	}
	return 0, false
}

// parseSpan parses a duration such as 2h, 1d12h, 90 min or 1.5 hours.
func parseSpan(s string) (time.Duration, bool) {
	units := map[string]time.Duration{
		"s": time.Second, "sec": time.Second, "second": time.Second, "m": time.Minute, "min": time.Minute, "minute": time.Minute,
		"h": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "ms": time.Millisecond,
	}
	s = strings.ReplaceAll(s, " ", "")
	total := time.Duration(0)
	if s == "" {
		return 0, false
	}
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			return 0, false
		}
		v, err := strconv.ParseFloat(s[:n], 64)
		s = s[n:]
		n = strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
		if n < 0 {
			n = len(s)
		}
		unit, ok := units[s[:n]]
		if !ok {
			unit, ok = units[strings.TrimSuffix(s[:n], "s")]
		}
		if err != nil || !ok || v*float64(unit) > float64(1<<62) {
			return 0, false
		}
		total += time.Duration(v * float64(unit))
		s = s[n:]
	}
	return total, total >= 0
}
