package line

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime parses a time that a user typed:
//
//	14:05, 14:05:06, 2pm, 9:30am      today, or yesterday if it is still to come
//	yesterday 14:05, monday 2pm       of that day
//	2026-11-21, yesterday, monday     a whole day; of weekdays, the last one before today
//	-2h, 2h ago, 2h, -1d12h, 90s      before now, in units s, m, h, d and w
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
	if lower == "now" {
		return point(now)
	}
	day, clock, timed := strings.Cut(lower, " ")
	if n, ok := daysAgo(day, midnight.Weekday()); ok {
		if !timed {
			return whole(midnight.AddDate(0, 0, -n))
		}
		if d, ok := ParseClock(clock); ok {
			return point(onDay(midnight.AddDate(0, 0, -n), d))
		}
	}
	if d, ok := strings.CutSuffix(lower, " ago"); ok {
		lower = "-" + strings.TrimPrefix(d, "-")
	}
	if d, ok := strings.CutPrefix(lower, "-"); ok {
		if d, ok := parseSpan(d); ok {
			return point(now.Add(-d))
		}
	}
	if d, ok := ParseClock(lower); ok {
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
	if d, ok := parseSpan(lower); ok {
		return point(now.Add(-d))
	}
	if a, b, ok := bothOrders(text); ok {
		return from, to, fmt.Errorf("%q is %s or %s; write one of these", s, a, b)
	}
	if t, ok, err := parseLogTime(text, now, zone); ok || err != nil {
		return t, t, err
	}
	return from, to, fmt.Errorf("%q is not a time; give one such as 14:05, -2h, yesterday 9am, 2006-01-02, 2006-01-02T15:04:05Z, or one from a log", s)
}

// daysAgo returns how many days before today, which is weekday now, a day with a name was.
func daysAgo(name string, now time.Weekday) (n int, ok bool) {
	switch name {
	case "today":
		return 0, true
	case "yesterday":
		return 1, true
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if full := strings.ToLower(d.String()); name == full || name == full[:3] {
			return int(now-d+6)%7 + 1, true
		}
	}
	return 0, false
}

// parseLogTime parses a time as it is written in a log, perhaps in brackets or quotes,
// with a syslog priority or a key before it, or the name of a zone after it. It returns
// an error if there is anything else.
func parseLogTime(text string, now time.Time, zone *time.Location) (t time.Time, ok bool, err error) {
	var s stamp
	at, ok := findStamp(&s, []byte(text))
	if !ok {
		return t, false, nil
	}
	end := s.parse([]byte(text), at)
	const around = " \t[](){}<>\"',;:|-"
	before, after := strings.Trim(text[:at], around), strings.Trim(text[end:], around)
	if strings.HasPrefix(text, "<") && strings.Trim(before, "0123456789> ") == "" { // <13>1 of RFC 5424
		before = ""
	}
	if key := strings.TrimRight(text[:at], around+"="); key != text[:at] && !strings.ContainsAny(strings.Trim(key, around), " \t") && strings.ContainsAny(text[len(key):at], "=:(") {
		before = "" // time=, "ts":, audit(
	}
	if strings.HasPrefix(before, "audit") || strings.HasSuffix(text[:at], "audit(") {
		after = strings.Trim(after, "0123456789") // the number of the event
	}
	if z, ok := zones[after]; ok && s.zoned && s.zone == int(z*3600) {
		after = "" // +0000 UTC
	}
	if after != "" && !s.zoned {
		if z, err := time.LoadLocation(after); err == nil {
			zone, after = z, ""
		}
	}
	if before+after != "" {
		return t, false, fmt.Errorf("%q is a time, but %q is not part of it; give the time alone", text, cmp.Or(after, before))
	}
	clock := Clock{Zone: zone, Ref: now}
	t, ok = clock.Time([]byte(text[at:end]))
	return t, ok, nil
}

// bothOrders returns the two dates that a text such as 05/04/2024 may stand for, and
// false if it stands for one only.
func bothOrders(text string) (a, b string, ok bool) {
	var s stamp
	if s.parse([]byte(text), 0) == 0 || s.kind != shortDate || s.parts[2] < 100 {
		return "", "", false
	}
	x, y := s.parts[0], s.parts[1]
	if x > 12 || y > 12 || x == y {
		return "", "", false
	}
	return fmt.Sprintf("%d-%02d-%02d", s.parts[2], x, y), fmt.Sprintf("%d-%02d-%02d", s.parts[2], y, x), true
}

// onDay returns the time of day d on a day. Where a clock is put forward or back
// that differs from adding d to midnight.
func onDay(day time.Time, d time.Duration) time.Time {
	s := int(d / time.Second)
	return time.Date(day.Year(), day.Month(), day.Day(), s/3600, s/60%60, s%60, int(d%time.Second), day.Location())
}

// ParseClock parses a time of day such as 14:05, 14:05:06.5, 2pm or 9:30 am.
func ParseClock(s string) (time.Duration, bool) {
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
