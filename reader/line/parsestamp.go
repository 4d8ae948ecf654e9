package line

import (
	"bytes"
	"time"
)

// This file parses the times that programs write into lines.

// A stamp is a time as it is written.
type stamp struct {
	kind                  kind
	year, month, day      int // year is 0 if it is not written
	hour, min, sec, nanos int
	parts                 [3]int // of a date whose order depends on the file
	zone                  int    // seconds east of UTC, if zoned is set
	zoned                 bool
	loc                   *time.Location // of a zone that has a name such as Europe/Berlin; then zone is 0
	unix                  int64          // seconds since 1970, of an epoch
	end                   int            // where it ends, if it was found where it was learned; otherwise 0
}

// A kind says what a stamp contains.
type kind uint8

const (
	noStamp   kind = iota
	fullDate       // date and time; the year may be missing
	shortDate      // a date of which only the file shows which part is the day: see stamp.parts
	epoch          // seconds since 1970
	clockOnly      // a time of day
)

func isDigit(c byte) bool { return c-'0' <= 9 }

// byteAt returns the byte at i, or 0 after the end.
func byteAt(l []byte, i int) byte {
	if i < len(l) {
		return l[i]
	}
	return 0
}

// number parses the digits at i, at most max of them. It returns the position
// after them, which is i if there are none.
func number(l []byte, i, max int) (v, end int) {
	for end = i; end < len(l) && end-i < max && isDigit(l[end]); end++ {
		v = v*10 + int(l[end]-'0')
	}
	return v, end
}

// two parses two digits at i; -1 if there are none.
func two(l []byte, i int) int {
	if i+1 < len(l) && isDigit(l[i]) && isDigit(l[i+1]) {
		return int(l[i]-'0')*10 + int(l[i+1]-'0')
	}
	return -1
}

// skip returns the position after all bytes c at i.
func skip(l []byte, i int, c byte) int {
	for i < len(l) && l[i] == c {
		i++
	}
	return i
}

// monthAt returns the month whose English name, or its first three letters, is at
// i, and the position after it; 0 if there is none.
func monthAt(l []byte, i int) (month, end int) {
	if i+3 > len(l) {
		return 0, 0
	}
	switch uint32(l[i]|32)<<16 | uint32(l[i+1]|32)<<8 | uint32(l[i+2]|32) {
	case 'j'<<16 | 'a'<<8 | 'n':
		month = 1
	case 'f'<<16 | 'e'<<8 | 'b':
		month = 2
	case 'm'<<16 | 'a'<<8 | 'r':
		month = 3
	case 'a'<<16 | 'p'<<8 | 'r':
		month = 4
	case 'm'<<16 | 'a'<<8 | 'y':
		month = 5
	case 'j'<<16 | 'u'<<8 | 'n':
		month = 6
	case 'j'<<16 | 'u'<<8 | 'l':
		month = 7
	case 'a'<<16 | 'u'<<8 | 'g':
		month = 8
	case 's'<<16 | 'e'<<8 | 'p':
		month = 9
	case 'o'<<16 | 'c'<<8 | 't':
		month = 10
	case 'n'<<16 | 'o'<<8 | 'v':
		month = 11
	case 'd'<<16 | 'e'<<8 | 'c':
		month = 12
	default:
		return 0, 0
	}
	return month, letters(l, i+3)
}

// letters returns the position after the letters at i, at most nine.
func letters(l []byte, i int) int {
	for n := 0; n < 9 && i < len(l) && isLetter(l[i]); n++ {
		i++
	}
	return i
}

// weekdayAt reports whether an English weekday, or its first three letters, is at
// i, and returns the position after it.
func weekdayAt(l []byte, i int) (end int, ok bool) {
	if i+3 > len(l) {
		return 0, false
	}
	switch uint32(l[i]|32)<<16 | uint32(l[i+1]|32)<<8 | uint32(l[i+2]|32) {
	case 'm'<<16 | 'o'<<8 | 'n', 't'<<16 | 'u'<<8 | 'e', 'w'<<16 | 'e'<<8 | 'd', 't'<<16 | 'h'<<8 | 'u',
		'f'<<16 | 'r'<<8 | 'i', 's'<<16 | 'a'<<8 | 't', 's'<<16 | 'u'<<8 | 'n':
		return letters(l, i+3), true
	}
	return 0, false
}

// parse parses the time that begins at i, without anything before it. It returns
// the position after it; 0 if there is none.
func (s *stamp) parse(l []byte, i int) int {
	*s = stamp{}
	end := 0
	switch c := byteAt(l, i); {
	case isDigit(c):
		end = s.parseDigits(l, i)
	case c == '@':
		end = s.parseTAI(l, i)
	case isLetter(c):
		end = s.parseWord(l, i)
	}
	if c := byteAt(l, end); end == 0 || isDigit(c) || s.kind >= epoch && isLetter(c) {
		s.kind = noStamp
		return 0
	}
	return end
}

// parseDigits parses a time that begins with a digit.
func (s *stamp) parseDigits(l []byte, i int) int {
	v, n := number(l, i, 20)
	sep := byteAt(l, n)
	switch n - i {
	case 4:
		switch {
		case v < 1970 || v > 2199:
			if sep == '/' { // 1121/140506.789, of Chromium
				s.month, s.day = v/100, v%100
				clock, k := number(l, n+1, 7)
				s.hour, s.min, s.sec = clock/10000, clock/100%100, clock%100
				if k == n+7 && s.validDate() && s.validClock() && byteAt(l, k) == '.' {
					s.kind = fullDate
					return s.parseFraction(l, k)
				}
			}
		case sep == ' ' || sep == '-' && isLetter(byteAt(l, n+1)): // 2026 Nov 21 14:05:06, 2026-Nov-21
			month, k := monthAt(l, n+1)
			if month == 0 || byteAt(l, k) != sep {
				return 0
			}
			k = skip(l, k+1, ' ')
			day, e := number(l, k, 2)
			s.year, s.month, s.day = v, month, day
			if e > k && s.validDate() {
				return s.clockAfter(l, e)
			}
		case sep == '-' && i+8 < len(l) && isDigit(l[i+5]) && isDigit(l[i+6]) && isDigit(l[i+7]) && !isDigit(l[i+8]): // 2026-025, the day of the year
			day, k := number(l, n+1, 3)
			s.year, s.month, s.day = v, 1, day
			for s.month <= 12 && s.day > daysIn(v, s.month) {
				s.day -= daysIn(v, s.month)
				s.month++
			}
			if s.validDate() {
				return s.clockAfter(l, k)
			}
		case sep == '-' || sep == '/' || sep == '.' || sep == ':' && byteAt(l, n+6) == '-': // 2026:11:21-14:05:06 of Sophos
			s.year = v
			s.month, s.day = two(l, n+1), two(l, n+4)
			if byteAt(l, n+3) == sep && s.validDate() {
				return s.clockAfter(l, n+6)
			}
		}
	case 8: // 20261121
		s.year, s.month, s.day = v/10000, v/100%100, v%100
		if s.year >= 1970 && s.year <= 2199 && s.validDate() {
			if end := s.clockAfter(l, n); end > 0 || sep != '-' {
				return end
			}
			return s.parseUnpadded(l, n+1)
		}
	case 14: // 20261121140506
		s.year, s.month, s.day = v/1e10, v/1e8%100, v/1e6%100
		s.hour, s.min, s.sec = v/1e4%100, v/100%100, v%100
		if s.year >= 1970 && s.year <= 2199 && s.validDate() && s.validClock() {
			s.kind = fullDate
			return s.parseZone(l, s.parseFraction(l, n))
		}
	case 6: // 261121 140506
		s.year, s.month, s.day = 2000+v/10000, v/100%100, v%100
		if sep == ' ' && s.validDate() {
			return s.clockAfter(l, n)
		}
	case 10, 13, 16, 19:
		return s.parseEpoch(l, v, n-i, n)
	case 1, 2:
		if end := s.parseScientific(l, i); end > 0 {
			return end
		}
		return s.parseShort(l, i, v, n, sep)
	}
	return 0
}

// parseUnpadded parses a time of day at i whose numbers have no leading zeros, such as
// 0:3:1:7, with milliseconds; it is followed by a |.
func (s *stamp) parseUnpadded(l []byte, i int) int {
	var parts [4]int
	for k := range parts {
		v, n := number(l, i, 3)
		if n == i || n-i == 3 && k < 3 || byteAt(l, n) != ":::|"[k] {
			return 0
		}
		parts[k], i = v, n+1
	}
	s.hour, s.min, s.sec, s.nanos = parts[0], parts[1], parts[2], parts[3]*1e6
	if !s.validClock() {
		return 0
	}
	s.kind = fullDate
	return i - 1
}

// findYear sets the year of a time without one, l[at:end], if the line has its date with
// the year elsewhere: before it, as on supercomputers (2005.11.09 dn228 Nov 9 12:01:01), or
// after it, as date=2026-11-21 of FortiGate in a line of syslog. It reports whether it did.
func (s *stamp) findYear(l []byte, at, end int) bool {
	check := func(i int) bool {
		year, n := number(l, i, 4)
		if n != i+4 || year < 1970 || year > 2199 || two(l, n+1) != s.month || two(l, n+4) != s.day {
			return false
		}
		s.year = year
		return true
	}
	const near = 64
	for i := max(0, at-near); i+len("2006.01.02") < at; i++ {
		if c := l[i+4]; isDigit(l[i]) && (c == '.' || c == '-' || c == '/') && l[i+7] == c && (i == 0 || l[i-1] == ' ') && check(i) {
			return true
		}
	}
	if end > 0 && end < len(l) {
		if k := bytes.Index(l[end:min(len(l), end+near)], []byte(" date=")); k >= 0 {
			return check(end + k + len(" date="))
		}
	}
	return false
}

// parseShort parses a time that begins with v, a number of one or two digits that
// ends at n.
func (s *stamp) parseShort(l []byte, i, v, n int, sep byte) int {
	switch sep {
	case ':':
		end := s.parseClock(l, i)
		if end < i+8 && (end == 0 || l[end-1]|32 != 'm') {
			return 0
		}
		if sep == ':' && n == i+1 && end == i+len("0:00:00.123456789") { // of GStreamer, since its start
			return 0
		}
		s.kind = clockOnly
		return s.parseZone(l, end)
	case '/', '-', '.', ' ':
	default:
		return s.parseForge(l, v, n)
	}
	if month, k := monthAt(l, n+1); month > 0 {
		return s.parseDayMonth(l, v, month, k, sep)
	}
	b, m := number(l, n+1, 2)
	switch {
	case sep == ' ' || m == n+1:
		return 0
	case byteAt(l, m) == sep:
		return s.parseThreeParts(l, i, v, n, b, m, sep)
	case n-i == 2 && m-n == 3:
		return s.parseWithoutYear(l, v, b, m, sep)
	}
	return 0
}

// parseDayMonth parses the rest of a time such as 21/Nov/2026:14:05:06 or
// 21 Nov 2026 14:05:06, whose month ends at k.
func (s *stamp) parseDayMonth(l []byte, day, month, k int, sep byte) int {
	s.day, s.month = day, month
	if c := byteAt(l, k); c != sep && c != ' ' {
		return 0
	}
	if year, e := number(l, k+1, 5); e == k+5 && year >= 1970 && year <= 2199 {
		s.year, k = year, e
	} else if e == k+3 && (byteAt(l, e) == ' ' || byteAt(l, e) == 'T' || byteAt(l, e) == ':' && sep != ' ') { // 21-Nov-26
		if s.year, k = 2000+year, e; year >= 70 {
			s.year -= 100
		}
	} else if sep != ' ' {
		return 0
	}
	if !s.validDate() {
		return 0
	}
	end := s.clockAfter(l, k)
	if end > 0 {
		end = s.yearAfter(l, end)
	}
	return end
}

// parseWithoutYear parses the rest of a time such as 11-21 14:05:06, 21.11 14:05:06,
// 11-21|14:05:06 or 11/21-14:05:06, whose date ends at m.
func (s *stamp) parseWithoutYear(l []byte, a, b, m int, sep byte) int {
	s.month, s.day = a, b
	from := m - len("00.00")
	if bracket := from > 0 && l[from-1] == '['; s.month > 12 || sep == '.' && !bracket { // [10.30 14:05:06] is of Proxifier
		s.month, s.day = b, a
	}
	k := skip(l, m, ' ')
	switch c := byteAt(l, m); {
	case sep == '.' && c != ' ':
		return 0
	case c == '|', c == '-' && sep == '/':
		k = m + 1
	case c != ' ':
		return 0
	}
	if !s.validDate() {
		return 0
	}
	if end := s.parseClock(l, k); end >= k+8 {
		s.kind = fullDate
		return s.parseZone(l, end)
	}
	return 0
}

// parseThreeParts parses the rest of a time such as 11/21/2026 14:05:06 or
// 21.11.2026 14:05:06, whose first part, at i, ends at n and whose second ends at m.
func (s *stamp) parseThreeParts(l []byte, i, a, n, b, m int, sep byte) int {
	c, k := number(l, m+1, 5)
	switch k - m - 1 {
	case 4:
		if c < 1970 || c > 2199 {
			return 0
		}
	case 2:
		if sep == '.' && n-i != 2 {
			return 0 // a version
		}
	default:
		return 0
	}
	s.parts = [3]int{a, b, c}
	end := s.clockAfter(l, k)
	if end == 0 {
		return 0
	}
	s.kind = shortDate
	if sep == '.' { // always the day first
		s.kind = fullDate
		s.day, s.month, s.year = a, b, c
		if c < 100 {
			s.year += 2000
		}
		if !s.validDate() {
			return 0
		}
	}
	return end
}

// parseForge parses the rest of a time such as 21Nov2026 14:05:06, of which day ends at n.
func (s *stamp) parseForge(l []byte, day, n int) int {
	month, k := monthAt(l, n)
	if month == 0 || k != n+3 {
		return 0
	}
	year, e := number(l, k, 5)
	s.day, s.month, s.year = day, month, year
	if e != k+4 || year < 1970 || year > 2199 || !s.validDate() {
		return 0
	}
	return s.clockAfter(l, e)
}

// parseWord parses a time that begins with a letter.
func (s *stamp) parseWord(l []byte, i int) int {
	switch l[i] {
	case 'I', 'W', 'E', 'F', 'D': // klog: I1121 14:05:06.789012, and CockroachDB: I261121 14:05:06.789012
		if v, n := number(l, i+1, 9); (n == i+5 || n == i+7 || n == i+9) && byteAt(l, n) == ' ' {
			s.month, s.day = v/100%100, v%100
			switch n - i {
			case 7:
				s.year = 2000 + v/10000
			case 9: // of glog since 0.6
				s.year = v / 10000
			}
			k := skip(l, n, ' ')
			if end := s.parseClock(l, k); s.validDate() && end >= k+8 {
				s.kind = fullDate
				return end
			}
			return 0
		}
	}
	if month, k := monthAt(l, i); month > 0 {
		return s.parseMonth(l, month, k)
	}
	if k, ok := weekdayAt(l, i); ok {
		for k < len(l) && (l[k] == ',' || l[k] == ' ') {
			k++
		}
		if month, e := monthAt(l, k); month > 0 {
			return s.parseMonth(l, month, e)
		}
		if isDigit(byteAt(l, k)) {
			if end := s.parseDigits(l, k); end > 0 && s.kind == fullDate {
				return end
			}
		}
	}
	return 0
}

// parseMonth parses the rest of a time whose month ends at k.
func (s *stamp) parseMonth(l []byte, month, k int) int {
	if byteAt(l, k) == '.' { // Nov. 21, 2026
		k++
	}
	slash := byteAt(l, k) == '/' // nov/21/2026
	if c := byteAt(l, k); c != ' ' && c != '-' && !slash {
		return 0
	}
	k = skip(l, skip(l, k, ' '), '-')
	if slash {
		k++
	}
	day, n := number(l, k, 3)
	s.month, s.day = month, day
	if n == k || !s.validDate() {
		return 0
	}
	comma := byteAt(l, n) == ','
	if comma {
		n++
	}
	if c := byteAt(l, n); c != ' ' && c != '-' && !(slash && c == '/') {
		return 0
	}
	n = skip(l, n, byteAt(l, n))
	if year, e := number(l, n, 5); e == n+4 && year >= 1970 && year <= 2199 && (byteAt(l, e) == ' ' || byteAt(l, e) == ',') { // Nov 21, 2026, 2:05:06 PM
		s.year = year
		return s.clockAfter(l, e)
	}
	end := s.parseClock(l, n)
	if end < n+7 {
		return 0
	}
	s.kind = fullDate
	return s.yearAfter(l, s.parseZone(l, end))
}

// yearAfter parses the year after a time of day that ends at end, as in
// Sat Nov 21 14:05:06 2026, if the date has none.
func (s *stamp) yearAfter(l []byte, end int) int {
	zone := end // behind the name of a zone that is not known
	if s.year == 0 && byteAt(l, end) == ' ' {
		for zone = end + 1; zone < len(l) && l[zone] >= 'A' && l[zone] <= 'Z'; {
			zone++
		}
		if n := zone - end - 1; n < 3 || n > 5 {
			zone = end
		}
	}
	year, e := number(l, zone+1, 5)
	if zone > end && e == zone+5 && byteAt(l, zone) == ' ' {
		end = zone
	} else {
		year, e = number(l, end+1, 5)
	}
	if s.year == 0 && byteAt(l, end) == ' ' && e == end+5 && year >= 1970 && year <= 2199 && !isLetter(byteAt(l, e)) && byteAt(l, e) != '.' && byteAt(l, e) != ':' {
		s.year, end = year, e
	}
	return end
}

// clockAfter parses the time of day after a date that ends at i, and the zone.
func (s *stamp) clockAfter(l []byte, i int) int {
	inRow, pair := false, false
	switch c := byteAt(l, i); c {
	case 'T', 't', ' ', '_', '-', ':', '/', '|', ',', '\t', '.':
		switch i++; {
		case c == ':' && byteAt(l, i) == ':': // of Erlang
			i++
		case (c == ' ' || c == ',') && bytes.HasPrefix(l[i:], []byte("time=")): // date=2026-11-21 time=14:05:06
			i += len("time=")
			i = skip(l, i, '"')
			pair = true
		case c == ' ' && byteAt(l, i) == '-': // 2026/11/21 - 14:05:06 of Gin, 21/11/2026 -- 14:05:06 of Suricata
			if k := skip(l, i, '-'); k <= i+2 && byteAt(l, k) == ' ' && isDigit(byteAt(l, k+1)) {
				i = k
			}
		}
		inRow = c == ',' && byteAt(l, i) != ' '
		if c == ',' || c == ' ' || c == '\t' {
			i = skip(l, i, ' ')
		}
	default:
		return 0
	}
	end := s.parseClock(l, i)
	if end > 0 && inRow { // the comma after it separates columns, too
		if k := bytes.IndexByte(l[i:end], ','); k > 0 {
			s.nanos, end = 0, i+k
		}
	}
	if end == 0 { // 140506
		v, n := number(l, i, 7)
		s.hour, s.min, s.sec = v/10000, v/100%100, v%100
		if n != i+6 || !s.validClock() {
			return 0
		}
		end = s.parseFraction(l, n)
	}
	if s.kind == noStamp {
		s.kind = fullDate
	}
	if pair { // … tz="+0200" of FortiGate
		const mark = ` tz="`
		if k := bytes.Index(l[end:min(len(l), end+searched)], []byte(mark)); k >= 0 {
			s.parseZone(l, end+k+len(mark))
			return end
		}
	}
	return s.parseZone(l, end)
}

// parseClock parses a time of day at i, such as 14:05:06.789, 2:05 PM or
// 14.05.06:789, and returns the position after it; 0 if there is none.
func (s *stamp) parseClock(l []byte, i int) int {
	hour, k := number(l, i, 3)
	sep := byteAt(l, k)
	if k == i || hour > 24 || sep != ':' && sep != '.' {
		return 0
	}
	s.hour, s.min, s.sec = hour, two(l, k+1), 0
	if s.min < 0 {
		return 0
	}
	k += 3
	if byteAt(l, k) == sep {
		if s.sec = two(l, k+1); s.sec < 0 {
			return 0
		}
		k = s.parseFraction(l, k+3)
	} else if sep == '.' {
		return 0
	}
	if !s.validClock() {
		return 0
	}
	// 2:05:06 PM
	m := k
	if byteAt(l, m) == ' ' || bytes.HasPrefix(l[min(m, len(l)):], []byte("\u202f")) {
		m += max(1, len("\u202f")*int(byteAt(l, m)>>7))
	}
	if c := byteAt(l, m) | 32; (c == 'a' || c == 'p') && byteAt(l, m+1)|32 == 'm' && !isLetter(byteAt(l, m+2)) && !isDigit(byteAt(l, m+2)) && s.hour >= 1 && s.hour <= 12 {
		s.hour %= 12
		if c == 'p' {
			s.hour += 12
		}
		k = m + 2
	}
	return k
}

// parseFraction parses the fraction of a second at i, and returns the position
// after it; i if there is none.
func (s *stamp) parseFraction(l []byte, i int) int {
	c := byteAt(l, i)
	if c != '.' && c != ',' && c != ':' || !isDigit(byteAt(l, i+1)) {
		return i
	}
	k, unit := i+1, 100_000_000
	s.nanos = 0
	for ; k < len(l) && isDigit(l[k]); k++ {
		s.nanos += int(l[k]-'0') * unit
		unit /= 10
	}
	if c == ',' && k > i+10 { // the next column
		s.nanos = 0
		return i
	}
	if c == ':' { // milliseconds, not padded: 14:05:06:78
		v, e := number(l, i+1, 4)
		if e != k || e > i+4 {
			s.nanos = 0
			return i
		}
		s.nanos = v * 1e6
	}
	return k
}

func (s *stamp) validDate() bool {
	return s.month >= 1 && s.month <= 12 && s.day >= 1 && s.day <= 31
}

func (s *stamp) validClock() bool {
	return s.hour <= 23 && s.min <= 59 && s.sec <= 60 || s.hour == 24 && s.min == 0 && s.sec == 0
}
