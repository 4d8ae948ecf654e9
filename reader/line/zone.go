package line

import (
	"strings"
	"sync"
	"time"
)

// This file parses the time zones of times in lines.

// parseZone parses Z, +01, +0100, +01:00 or a known abbreviation at i, perhaps
// after a space, and returns the position after it; i if there is none.
func (s *stamp) parseZone(l []byte, i int) int {
	k := i
	if byteAt(l, k) == ' ' {
		k++
	}
	c := byteAt(l, k)
	switch {
	case c == '+' || c == '-':
		h := two(l, k+1)
		e := k + 3
		m := 0
		if v, end := number(l, k+1, 4); end == k+4 && k == i && v <= 14*60 { // minutes, of DB2
			h, m, e = v/60, v%60, end
		} else if h < 0 || h > 14 {
			return i
		} else if byteAt(l, e) == ':' && two(l, e+1) >= 0 {
			m, e = two(l, e+1), e+3
		} else if m = two(l, e); m >= 0 {
			e += 2
		} else if _, year := number(l, e+1, 5); k > i && !(byteAt(l, e) == ' ' && (year == e+5 || byteAt(l, e+1) == '[')) { // but for date's "+08 2026" and PostgreSQL's "-03 [4711]"
			return i
		}
		if m > 59 || isDigit(byteAt(l, e)) {
			return i
		}
		s.zone, s.zoned = h*3600+max(m, 0)*60, true
		if c == '-' {
			s.zone = -s.zone
		}
		return e
	case c == 'Z' && !isLetter(byteAt(l, k+1)) && !isDigit(byteAt(l, k+1)):
		s.zone, s.zoned = 0, true
		return k + 1
	case c >= 'A' && c <= 'Z':
		if loc, end := zoneAt(l, k); loc != nil {
			s.loc, s.zone, s.zoned = loc, 0, true
			return end
		}
		e := k
		for e < len(l) && l[e] >= 'A' && l[e] <= 'Z' {
			e++
		}
		if hours, ok := zones[string(l[k:e])]; ok && !isLetter(byteAt(l, e)) && !isDigit(byteAt(l, e)) {
			s.zone, s.zoned = int(hours*3600), true
			// GMT+0200 and UTC-7
			if c := byteAt(l, e); hours == 0 && (c == '+' || c == '-') && isDigit(byteAt(l, e+1)) {
				if end := s.parseOffset(l, e); end > 0 {
					return end
				}
			}
			return e
		}
	}
	return i
}

// zoneAt returns the time zone whose name in the IANA database, such as Europe/Berlin, is
// at i, and the position after it; nil if there is none.
func zoneAt(l []byte, i int) (*time.Location, int) {
	slash, e := -1, i
	for ; e < len(l) && (isLetter(l[e]) || strings.IndexByte("_/+-", l[e]) >= 0 || slash >= 0 && isDigit(l[e])); e++ {
		if l[e] == '/' && slash < 0 {
			slash = e
		}
	}
	if slash < 0 || e-i > 40 {
		return nil, 0
	}
	switch string(l[i:slash]) {
	case "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "Etc":
	default:
		return nil, 0
	}
	if x, ok := namedZones.Load(string(l[i:e])); ok {
		return x.(*time.Location), e
	}
	loc, err := time.LoadLocation(string(l[i:e]))
	if err != nil {
		return nil, 0
	}
	namedZones.Store(string(l[i:e]), loc)
	return loc, e
}

// namedZones are the zones that zoneAt has loaded, by name.
var namedZones sync.Map

// parseOffset parses an offset from UTC of one or two digits of hours, and perhaps
// minutes, with its sign at i. It returns the position after it; 0 if there is none.
func (s *stamp) parseOffset(l []byte, i int) int {
	v, e := number(l, i+1, 4)
	hours, minutes := v, 0
	switch {
	case e-i-1 > 2:
		hours, minutes = v/100, v%100
	case byteAt(l, e) == ':' && two(l, e+1) >= 0:
		minutes, e = two(l, e+1), e+3
	}
	if hours > 14 || minutes > 59 || isDigit(byteAt(l, e)) {
		return 0
	}
	if s.zone = hours*3600 + minutes*60; l[i] == '-' {
		s.zone = -s.zone
	}
	return e
}

// zones are the abbreviations that mean one zone to most people, in hours east of
// UTC.
var zones = map[string]float64{
	"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
	"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "ACST": 9.5, "ACDT": 10.5, "AWST": 8, "NZST": 12, "NZDT": 13,
}
