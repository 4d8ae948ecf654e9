package rotation

import (
	"strconv"
	"strings"
	"time"
)

// This file finds the dates in names.

// A dateForm is a form of dates, the most certain one first.
type dateForm int

const (
	digitsFirst    dateForm = iota // with a year of four digits
	monthNameFirst                 // the same, after the name of a month
	shortDate                      // without such a year
)

// cutDate removes the best date from a name, with the numbers after it, and
// records them in p.
func (p *parts) cutDate(s string, short bool) string {
	if t, ok := p.cutTAI64N(s); ok {
		return t
	}
	for _, form := range []dateForm{digitsFirst, monthNameFirst, shortDate} {
		if p.short = form == shortDate; p.short && !short {
			break
		}
		for i := 0; i < len(s); i++ {
			end := 0
			switch {
			case form == monthNameFirst && i > 0 && isSeparator(s[i-1]):
				end = p.readMonthFirst(s, i)
			case form != monthNameFirst && isDigit(s[i]) && (i == 0 || !isDigit(s[i-1])):
				end = p.readDate(s, i, p.short)
			}
			if end == 0 {
				continue
			}
			end = p.readTime(s, end)
			for _, why := range []string{"-size", "-time"} { // timberjack
				if t, ok := strings.CutPrefix(s[end:], why); ok && (t == "" || isSeparator(t[0])) {
					end += len(why)
				}
			}
			if strings.Trim(s[:i], separators) == "" && s[end:] == ".s" { // tinylog
				return "current"
			}
			return join(s[:i], s[end:])
		}
	}
	p.short = false
	return s
}

// cutTAI64N parses the names written by svlogd, multilog and s6-log.
func (p *parts) cutTAI64N(s string) (string, bool) {
	if len(s) < 25 || s[0] != '@' {
		return s, false
	}
	if rest := s[25:]; rest != "" && rest != ".s" && rest != ".u" {
		return s, false
	}
	secs, err := strconv.ParseUint(s[1:17], 16, 64)
	nano, err2 := strconv.ParseUint(s[17:25], 16, 32)
	if err != nil || err2 != nil || secs < 1<<62 {
		return s, false
	}
	p.dates[yearFirst] = time.Unix(int64(secs-1<<62), 0).UTC().Format(epochLayout)
	p.numbers = appendNumber("", strconv.FormatUint(nano, 10))
	return "current", true
}

const epochLayout = "20060102150405"

// readDate parses the date at i, and returns the index of its end; 0 if there
// is none. Dates without a four-digit year are parsed only if short is set.
func (p *parts) readDate(s string, i int, short bool) int {
	// A number inside a word, such as a container ID, is not a date.
	for j := i; j > 0 && (isLetter(s[j-1]) || isDigit(s[j-1])); j-- {
		if isDigit(s[j-1]) {
			return 0
		}
	}
	end := i
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	run := s[i:end]
	if short {
		return p.readShortDate(s, i, end)
	}
	switch len(run) {
	case 8, 10, 12, 14, 17:
		if endsDate(s, end) && isYear(run[:4]) && inRange(run[4:6], 1, 12) && inRange(run[6:8], 1, 31) {
			p.dates[yearFirst] = run
			return end
		}
		if len(run) == 8 && endsDate(s, end) && isYear(run[4:]) && p.setDate(run[:2], run[2:4], run[4:]) {
			return end
		}
	case 4:
		return p.readYearFirst(s, run, end)
	case 1, 2:
		return p.readDayFirst(s, run, end)
	}
	if epoch := p.readEpoch(run); epoch != "" && endsDate(s, end) && (i == 0 || isSeparator(s[i-1])) {
		p.dates[yearFirst] = epoch
		return end
	}
	return 0
}

// endsDate reports whether a date may end at at.
func endsDate(s string, at int) bool {
	return at == len(s) || isSeparator(s[at]) || (s[at] == 'T' || s[at] == 't') && at+1 < len(s) && isDigit(s[at+1]) || s[at] == 'Z'
}

// digitsAt returns the digits at at.
func digitsAt(s string, at int) string {
	to := at
	for to < len(s) && isDigit(s[to]) {
		to++
	}
	return s[at:to]
}

// skipDateSeparator returns the position after the separator of the parts of a date at at.
func skipDateSeparator(s string, at int) int {
	if at < len(s) && strings.IndexByte("-_.", s[at]) >= 0 {
		at++
	}
	return at
}

// readShortDate parses the date without a four-digit year whose first digits are
// s[i:end], and returns the index of its end; 0 if there is none.
func (p *parts) readShortDate(s string, i, end int) int {
	run := s[i:end]
	switch {
	case len(run) == 6 && endsDate(s, end):
		if p.setDate(run[:2], run[2:4], run[4:]) {
			return end
		}
		if isYear(run[:4]) && inRange(run[4:], 1, 12) {
			p.dates[yearFirst] = run
			return end
		}
	case len(run) == 4 && i >= 2 && s[i-2:i] == "ex" && endsDate(s, end) && inRange(run[2:], 1, 12): // monthly, IIS
		p.dates[yearFirst] = "20" + run
		return end
	case len(run) == 8 && endsDate(s, end) && inRange(run[6:], 0, 23): // hourly, IIS
		if !p.setDate(run[:2], run[2:4], run[4:6]) {
			return 0
		}
		p.dates = [3]string{p.dates[yearFirst] + run[6:]}
		return end
	case len(run) == 2 && end < len(s) && strings.IndexByte("-_.", s[end]) >= 0:
		b := digitsAt(s, end+1)
		c := end + 1 + len(b)
		if len(b) != 2 || c >= len(s) || s[c] != s[end] || len(digitsAt(s, c+1)) != 2 {
			return 0
		}
		to := c + 3
		if endsDate(s, to) && (to == len(s) || s[to] != s[end] || len(digitsAt(s, to+1)) == 0) && p.setDate(run, b, s[c+1:to]) {
			return to
		}
	}
	return 0
}

// readYearFirst parses the rest of a date whose year, if it is one, ends at end, and
// returns the index of its end; 0 if there is none.
func (p *parts) readYearFirst(s, year string, end int) int {
	if !isYear(year) || end >= len(s) {
		return 0
	}
	at := skipDateSeparator(s, end)
	if at+3 <= len(s) && monthOf(s[at:at+3]) > 0 { // 2026-Nov-21
		day := skipDateSeparator(s, at+3)
		if d := digitsAt(s, day); inRange(d, 1, 31) && endsDate(s, day+len(d)) {
			p.dates[yearFirst] = year + twoDigits(monthOf(s[at:at+3])) + pad(d)
			return day + len(d)
		}
		return 0
	}
	if at > end && s[at:] != "" && (s[at] == 'W' || s[at] == 'w') { // 2026-W47
		if week := digitsAt(s, at+1); len(week) == 2 && endsDate(s, at+3) {
			p.dates[yearFirst] = year + "W" + week
			return at + 3
		}
	}
	month := digitsAt(s, at)
	if at > end && len(month) == 3 && inRange(month, 1, 366) && endsDate(s, at+3) { // 2026-325
		p.dates[yearFirst] = year + "D" + month
		return at + 3
	}
	if at == end || !inRange(month, 1, 12) {
		return 0
	}
	to := at + len(month)
	if to < len(s) && s[to] == s[end] {
		if day := digitsAt(s, to+1); inRange(day, 1, 31) && endsDate(s, to+1+len(day)) {
			p.dates[yearFirst] = year + pad(month) + pad(day)
			return to + 1 + len(day)
		}
	}
	if len(month) == 2 && endsDate(s, to) { // 2026-11
		p.dates[yearFirst] = year + month
		return to
	}
	return 0
}

// readMonthFirst parses the date at i that begins with the name of a month, as in
// Nov-21-2026 and Nov-2026, and returns the index of its end; 0 if there is none.
func (p *parts) readMonthFirst(s string, i int) int {
	if i+3 > len(s) || monthOf(s[i:i+3]) == 0 {
		return 0
	}
	month := twoDigits(monthOf(s[i : i+3]))
	at := skipDateSeparator(s, i+3)
	if at == i+3 {
		return 0
	}
	day := digitsAt(s, at)
	if isYear(day) && endsDate(s, at+4) {
		p.dates[yearFirst] = day + month
		return at + 4
	}
	if !inRange(day, 1, 31) || at+len(day) == len(s) || !isSeparator(s[at+len(day)]) {
		return 0
	}
	at += len(day) + 1
	if year := digitsAt(s, at); isYear(year) && endsDate(s, at+4) {
		p.dates[yearFirst] = year + month + pad(day)
		return at + 4
	}
	return 0
}

// readDayFirst parses the rest of a date whose first one or two digits end at end, and
// whose year is last. It returns the index of its end; 0 if there is none.
func (p *parts) readDayFirst(s, first string, end int) int {
	if end >= len(s) {
		return 0
	}
	at := skipDateSeparator(s, end)
	if at+3 <= len(s) && monthOf(s[at:at+3]) > 0 && inRange(first, 1, 31) { // 21-Nov-2026
		year := skipDateSeparator(s, at+3)
		if y := digitsAt(s, year); isYear(y) && endsDate(s, year+4) {
			p.dates[yearFirst] = y + twoDigits(monthOf(s[at:at+3])) + pad(first)
			return year + 4
		}
		return 0
	}
	b := digitsAt(s, at)
	c := at + len(b)
	if at == end || len(b) == 0 || len(b) > 2 || c >= len(s) || s[c] != s[end] {
		return 0
	}
	if y := digitsAt(s, c+1); isYear(y) && endsDate(s, c+5) && p.setDate(pad(first), pad(b), y) {
		return c + 5
	}
	return 0
}

// setDate records the readings of a date whose year is its last part or has two
// digits. It reports whether there are any.
func (p *parts) setDate(a, b, c string) bool {
	set := func(r reading, y, m, d string) {
		if len(y) == 2 {
			switch {
			case y < "40":
				y = "20" + y
			case y >= "90":
				y = "19" + y
			}
		}
		if len(y) == 4 && inRange(m, 1, 12) && inRange(d, 1, 31) {
			p.dates[r] = y + m + d
		}
	}
	if len(c) == 2 {
		set(yearFirst, a, b, c)
		if p.dates[yearFirst] == "" {
			return false // more likely a number
		}
	}
	set(monthFirst, c, a, b)
	set(dayFirst, c, b, a)
	return p.dates != [3]string{}
}

// readEpoch returns the date of a number of seconds, milliseconds, microseconds
// or nanoseconds since 1970, or "" if it is not one.
func (p *parts) readEpoch(run string) string {
	switch len(run) {
	case 10, 13, 16, 19:
	default:
		return ""
	}
	secs, err := strconv.ParseInt(run[:10], 10, 64)
	if err != nil || run[0] != '1' {
		return ""
	}
	return time.Unix(secs, 0).UTC().Format(epochLayout) + run[10:]
}

// readTime parses the numbers after a date, and returns the index of their end.
func (p *parts) readTime(s string, at int) int {
	for {
		i := at
		if i < len(s) && (s[i] == 'T' || s[i] == 't') {
			i++
		}
		for i < len(s) && i < at+2 && isSeparator(s[i]) {
			i++
		}
		end := i
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		digits := s[i:end]
		if half, ok := halfOfDay(s[end:]); ok && len(digits) == 2 && inRange(digits, 1, 12) { // 01PM
			hour, _ := strconv.Atoi(digits)
			digits = twoDigits(hour%12 + half)
			end += len("PM")
		} else if end == i || i == at || end < len(s) && isLetter(s[end]) && s[end] != 'Z' {
			break
		}
		p.numbers = appendNumber(p.numbers, digits)
		p.number, _ = strconv.Atoi(digits[:min(len(digits), 9)])
		if at = end; at < len(s) && s[at] == 'Z' && (at+1 == len(s) || isSeparator(s[at+1])) {
			at++
		}
	}
	if at < len(s) && s[at] == 'Z' && (at+1 == len(s) || isSeparator(s[at+1])) {
		at++
	}
	return at + zoneLength(s[at:])
}

// halfOfDay returns the hours before the half of a day that s begins with, AM or PM.
func halfOfDay(s string) (hours int, ok bool) {
	if len(s) < 2 || len(s) > 2 && !isSeparator(s[2]) {
		return 0, false
	}
	switch strings.ToUpper(s[:2]) {
	case "AM":
		return 0, true
	case "PM":
		return 12, true
	}
	return 0, false
}

// zoneLength returns the length of the time zone that s begins with, as in -CEST; 0 if
// there is none.
func zoneLength(s string) int {
	if s == "" || !isSeparator(s[0]) {
		return 0
	}
	end := 1
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end < len(s) && !isSeparator(s[end]) {
		return 0
	}
	switch s[1:end] {
	case "UTC", "GMT", "WET", "WEST", "BST", "IST", "CET", "CEST", "EET", "EEST", "MSK", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT",
		"AKST", "AKDT", "HST", "JST", "KST", "AEST", "AEDT", "ACST", "ACDT", "AWST", "NZST", "NZDT":
		return end
	}
	return 0
}

func isYear(s string) bool { return len(s) == 4 && inRange(s, 1970, 2099) }

// inRange reports whether s is a number of at most four digits from lo to hi.
func inRange(s string, lo, hi int) bool {
	if len(s) == 0 || len(s) > 4 {
		return false
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= lo && n <= hi
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

func twoDigits(n int) string { return pad(strconv.Itoa(n)) }
