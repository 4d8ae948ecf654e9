// Package line parses the information in a log line: its time and its level.
package line

import (
	"bytes"
	"strconv"
	"time"
)

// A Clock parses the times of lines. It remembers the time of the last line,
// because logs have many lines per second and parsing takes most of the time.
// It must not be used by several goroutines at once.
//
// It recognizes, near the start of a line: ISO 8601 and similar formats
// (2026-11-21T14:05:06.789Z, 2026-11-21 14:05:06,789, 2026/11/21 14:05:06),
// syslog's Nov 21 14:05:06, the access log's 21/Nov/2026:14:05:06 +0100,
// Apache's Sat Nov 21 14:05:06 2026, 261121 140506, and seconds or milliseconds
// since 1970, also as the value of a JSON time field.
//
// A time without a zone is in Zone. A date without a year is the latest one
// that is not after Ref.
type Clock struct {
	Zone *time.Location // nil for local time
	Ref  time.Time      // zero for the current time

	last     [40]byte // bytes of the last time in its line
	lastLen  int
	lastOff  int
	LastTime time.Time
}

// stampWindow is the length of the part of a line that is searched for a time.
// In JSON lines it may follow other fields.
const stampWindow = 256

// Time returns the time of a line; false if it has none.
func (c *Clock) Time(line []byte) (time.Time, bool) {
	if c.lastLen > 0 && len(line) >= c.lastOff+c.lastLen &&
		bytes.Equal(line[c.lastOff:c.lastOff+c.lastLen], c.last[:c.lastLen]) {
		return c.LastTime, true
	}
	line = line[:min(len(line), stampWindow)]
	for off := 0; off < len(line); off++ {
		ch := line[off]
		if off > 0 && IsAlnum(line[off-1]) {
			continue
		}
		var t time.Time
		n := 0
		switch {
		case ch >= '0' && ch <= '9':
			t, n = c.parseNumeric(line[off:], line[:off])
		case ch >= 'A' && ch <= 'Z':
			t, n = c.parseMonthName(line[off:])
		}
		if n > 0 {
			c.lastLen = copy(c.last[:], line[off:off+n])
			c.lastOff, c.LastTime = off, t
			return t, true
		}
	}
	return time.Time{}, false
}

// FirstOf returns the time of the first line of text with a time, or zero.
func (c *Clock) FirstOf(text []byte) time.Time {
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		if t, ok := c.Time(line); ok {
			return t
		}
	}
	return time.Time{}
}

// Span returns the lowest and the highest time of a text's lines; zero if they
// have none.
func (c *Clock) Span(text []byte) (first, last time.Time) {
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		before := c.LastTime
		t, ok := c.Time(line)
		if !ok || t.Equal(before) && !first.IsZero() {
			continue
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	return first, last
}

// IsAlnum reports whether c is a letter or a digit in ASCII.
func IsAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// digitsAt parses a number of exactly n digits.
func digitsAt(s []byte, n int) (int, bool) {
	if len(s) < n {
		return 0, false
	}
	v := 0
	for _, c := range s[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

func (c *Clock) location() *time.Location {
	if c.Zone != nil {
		return c.Zone
	}
	return time.Local
}

// parseClock parses a time such as 14:05:06 with an optional fraction of a
// second, and returns its length; 0 if there is none.
func parseClock(s []byte) (h, m, sec, nano, n int) {
	h, ok1 := digitsAt(s, 2)
	if !ok1 || len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, 0, 0, 0, 0
	}
	m, ok2 := digitsAt(s[3:], 2)
	sec, ok3 := digitsAt(s[6:], 2)
	if !ok2 || !ok3 || h > 23 || m > 59 || sec > 60 {
		return 0, 0, 0, 0, 0
	}
	n = 8
	if len(s) > 9 && (s[8] == '.' || s[8] == ',') && s[9] >= '0' && s[9] <= '9' {
		unit := 100_000_000
		for n = 9; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
			nano += int(s[n]-'0') * unit
			unit /= 10
		}
	}
	return h, m, sec, nano, n
}

// parseZone parses Z, +0100 or +01:00, the latter two optionally after a blank.
// It returns the zone and the length, or nil.
func parseZone(s []byte) (*time.Location, int) {
	n := 0
	if len(s) > 1 && s[0] == ' ' && (s[1] == '+' || s[1] == '-') {
		n = 1
	}
	if len(s) > n && s[n] == 'Z' {
		return time.UTC, n + 1
	}
	if len(s) <= n || s[n] != '+' && s[n] != '-' {
		return nil, 0
	}
	h, ok := digitsAt(s[n+1:], 2)
	if !ok {
		return nil, 0
	}
	k := n + 3
	if k < len(s) && s[k] == ':' {
		k++
	}
	m, ok := digitsAt(s[min(k, len(s)):], 2)
	if !ok {
		return nil, 0
	}
	sec := h*3600 + m*60
	if s[n] == '-' {
		sec = -sec
	}
	if sec == 0 {
		return time.UTC, k + 2
	}
	return time.FixedZone("", sec), k + 2
}

// makeDate returns a time, or false if the calendar has no such date.
func makeDate(y, mo, d, h, m, s, nano int, loc *time.Location) (time.Time, bool) {
	if y < 1970 || y > 2200 || mo < 1 || mo > 12 || d < 1 || d > 28 && d > daysIn(y, mo) {
		return time.Time{}, false
	}
	return time.Date(y, time.Month(mo), d, h, m, s, nano, loc), true
}

func daysIn(y, mo int) int { return time.Date(y, time.Month(mo)+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// parseNumeric parses a time that starts with a digit and follows before. It
// returns its length; 0 if there is none.
func (c *Clock) parseNumeric(s, before []byte) (time.Time, int) {
	digits := 0
	for digits < len(s) && digits < 20 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	switch digits {
	case 4: // 2026-11-21T14:05:06
		y, _ := digitsAt(s, 4)
		if len(s) < 19 || s[4] != '-' && s[4] != '/' && s[4] != '.' || s[7] != s[4] || s[10] != ' ' && s[10] != 'T' && s[10] != '_' {
			return time.Time{}, 0
		}
		mo, ok1 := digitsAt(s[5:], 2)
		d, ok2 := digitsAt(s[8:], 2)
		h, m, sec, nano, n := parseClock(s[11:])
		if !ok1 || !ok2 || n == 0 {
			return time.Time{}, 0
		}
		loc, k := parseZone(s[11+n:])
		if loc == nil {
			loc = c.location()
		}
		if t, ok := makeDate(y, mo, d, h, m, sec, nano, loc); ok {
			return t, 11 + n + k
		}
	case 2: // 21/Nov/2026:14:05:06 +0100
		d, _ := digitsAt(s, 2)
		if len(s) < 20 || s[2] != '/' || s[6] != '/' || s[11] != ':' {
			return time.Time{}, 0
		}
		mo := parseMonth(s[3:6])
		y, ok := digitsAt(s[7:], 4)
		h, m, sec, nano, n := parseClock(s[12:])
		if mo == 0 || !ok || n == 0 {
			return time.Time{}, 0
		}
		loc, k := parseZone(s[12+n:])
		if loc == nil {
			loc = c.location()
		}
		if t, ok := makeDate(y, mo, d, h, m, sec, nano, loc); ok {
			return t, 12 + n + k
		}
	case 6: // 261121 140506
		if len(before) > 0 || len(s) < 13 || s[6] != ' ' {
			return time.Time{}, 0
		}
		day, _ := digitsAt(s, 6)
		clock, ok := digitsAt(s[7:], 6)
		h, m, sec := clock/10000, clock/100%100, clock%100
		if !ok || h > 23 || m > 59 || sec > 60 {
			return time.Time{}, 0
		}
		if t, ok := makeDate(2000+day/10000, day/100%100, day%100, h, m, sec, 0, c.location()); ok {
			return t, 13
		}
	case 10, 13, 16, 19: // since 1970: only at the start of a line, or after a name
		if len(before) > 2 && !namesTime(before) {
			return time.Time{}, 0
		}
		v, err := strconv.ParseInt(string(s[:digits]), 10, 64)
		if err != nil {
			return time.Time{}, 0
		}
		for i := digits; i < 19; i += 3 {
			v *= 1000
		}
		t := time.Unix(0, v).In(c.location())
		if t.Year() < 1990 || t.Year() > 2100 {
			return time.Time{}, 0
		}
		n := digits
		if digits == 10 && len(s) > 11 && s[10] == '.' {
			unit := 100 * time.Millisecond
			for n = 11; n < len(s) && n < 20 && s[n] >= '0' && s[n] <= '9'; n++ {
				t = t.Add(time.Duration(s[n]-'0') * unit)
				unit /= 10
			}
		}
		return t, n
	}
	return time.Time{}, 0
}

// namesTime reports whether the text before a number names it as a time, as in
// "ts":1763733906 or time=1763733906.
func namesTime(before []byte) bool {
	before = bytes.TrimRight(before, "\":= ")
	for _, name := range []string{"ts", "time", "timestamp", "epoch", "date"} {
		if bytes.HasSuffix(before, []byte(name)) {
			return true
		}
	}
	return false
}

func parseMonth(s []byte) int {
	switch string(s) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

// parseMonthName parses a time such as Nov 21 14:05:06, with an optional year
// after it. It returns its length; 0 if there is none. The caller skips a
// weekday before it.
func (c *Clock) parseMonthName(s []byte) (time.Time, int) {
	if len(s) < 15 || s[3] != ' ' {
		return time.Time{}, 0
	}
	mo := parseMonth(s[:3])
	if mo == 0 {
		return time.Time{}, 0
	}
	d, ok := digitsAt(s[4:], 2)
	at := 7
	if !ok {
		if s[4] == ' ' {
			d, ok = digitsAt(s[5:], 1)
		} else if d, ok = digitsAt(s[4:], 1); ok {
			at = 6
		}
	}
	if !ok || s[at-1] != ' ' {
		return time.Time{}, 0
	}
	h, m, sec, nano, n := parseClock(s[at:])
	if n == 0 {
		return time.Time{}, 0
	}
	n += at
	if len(s) > n+4 && s[n] == ' ' {
		if y, ok := digitsAt(s[n+1:], 4); ok && (len(s) == n+5 || !IsAlnum(s[n+5])) && y >= 1970 && y < 2200 {
			t, ok := makeDate(y, mo, d, h, m, sec, nano, c.location())
			if ok {
				return t, n + 5
			}
		}
	}
	ref := c.Ref
	if ref.IsZero() {
		ref = time.Now()
	}
	// The latest year in which the day exists: February 29 may be eight years
	// ago.
	for y := ref.Year(); y >= ref.Year()-8; y-- {
		if t, ok := makeDate(y, mo, d, h, m, sec, nano, c.location()); ok && !t.After(ref.Add(24*time.Hour)) {
			return t, n
		}
	}
	return time.Time{}, 0
}
