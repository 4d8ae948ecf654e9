package line

import (
	"bytes"
	"strings"
)

// roles say which columns of a file contain the time and the level of a row; those that
// no column has are -1.
type roles struct {
	// date is the column of the date, and clock that of the time of day. If only
	// date is set, it has both, or seconds since 1970. If only clock is set, day
	// is the date of all rows.
	date, clock int
	day         []byte
	utc         bool // times without a zone are in UTC

	level  int
	status int // of a request, from which a level follows
}

var noRoles = roles{date: -1, clock: -1, level: -1, status: -1}

// dateDirective is what a line begins with that has the date of the rows after it.
var dateDirective = []byte("#Date:")

// w3cRoles returns the roles of columns in the W3C extended log file format, by which
// their names and the zone are given. day is the date before them, if any.
func w3cRoles(names [][]byte, day []byte) roles {
	r := noRoles
	r.utc = true
	for i, n := range names {
		switch string(n) {
		case "date", "date-time": // the second of Exchange
			r.date = i
		case "time":
			r.clock = i
		case "sc-status":
			r.status = i
		}
	}
	switch {
	case r.date < 0 && r.clock >= 0 && len(day) > 0:
		r.day = day
	case r.date < 0:
		r.clock = -1
	case r.clock < 0 && string(names[r.date]) == "date":
		r.date = -1
	}
	return r
}

// zeekRoles returns the roles of columns of Zeek. Its times are seconds since 1970.
func zeekRoles(names [][]byte) roles {
	r := noRoles
	for i, n := range names {
		switch string(n) {
		case "ts":
			r.date = i
		case "status_code":
			r.status = i
		}
	}
	return r
}

// csvRoles returns the roles of columns of a table, by their names and the values of
// its first row.
func csvRoles(names, row [][]byte) roles {
	r := noRoles
	var s stamp
	best := -1 // rank of the name of column r.date
	date, clock, namedDate, namedClock := -1, -1, false, false
	for i, v := range row {
		v = bytes.TrimSpace(v)
		name := bytes.ToLower(names[i])
		if r.level < 0 && isLevelKey(name) {
			r.level = i
		}
		if len(v) == 0 {
			continue
		}
		if s.parse(v, 0) == len(v) && s.kind <= epoch {
			rank := keyRank(name)
			if rank >= 0 && (best < 0 || rank < best) && (s.kind < epoch || rank < len(jsonKeys)) {
				best, r.date = rank, i
			}
			continue
		}
		if named := bytes.Contains(name, []byte("date")); (date < 0 || named && !namedDate) && isDate(v) && (named || !allDigits(v)) {
			date, namedDate = i, named
		}
		if named := bytes.Contains(name, []byte("time")); (clock < 0 || named && !namedClock) && isClock(v) && (named || !allDigits(v)) {
			clock, namedClock = i, named
		}
	}
	if best < 0 && date >= 0 && clock >= 0 {
		r.date, r.clock = date, clock
	}
	return r
}

// isDate reports whether a value is a date without a time of day.
func isDate(v []byte) bool {
	var s stamp
	text := append(bytes.Clone(v), " 00:00:00"...)
	return s.parse(text, 0) == len(text) && s.kind < epoch
}

// isClock reports whether a value is a time of day that may follow a date.
func isClock(v []byte) bool {
	var s stamp
	text := append([]byte("2006-01-02 "), v...)
	return s.parse(text, 0) == len(text)
}

// hasTime reports whether columns have the time of a row.
func (c *Columns) hasTime() bool {
	return c != nil && (c.roles.date >= 0 || c.roles.clock >= 0 || c.formats != nil)
}

// hasLevel reports whether columns have the level of a row.
func (c *Columns) hasLevel() bool {
	return c != nil && (c.roles.level >= 0 || c.roles.status >= 0 || c.formats != nil)
}

// A rowTime finds the times of rows. It belongs to one goroutine.
type rowTime struct {
	cells cells
	text  []byte
}

// find finds the time of a line. known is false if the columns say nothing of it,
// because it is not a row.
func (x *rowTime) find(s *stamp, c *Columns, l []byte) (known, ok bool) {
	l = bytes.TrimRight(l, "\r\n")
	r := &c.roles
	if v, ok := c.formats.group(l, timeGroup); ok && s.parse(v, 0) == len(v) && len(v) > 0 {
		return true, true
	}
	var v []byte
	switch {
	case r.date < 0 && r.clock < 0:
		return false, false
	case r.utc && len(l) > 0 && l[0] == '#':
		_, v, _ = bytes.Cut(l, []byte(": "))
		if v = bytes.TrimSpace(v); s.parse(v, 0) == 0 {
			return true, false
		}
		v = v[:s.parse(v, 0)]
	case !c.splitRow(&x.cells, l):
		if !r.utc || s.parse(l, 0) == 0 || s.kind != fullDate {
			return false, false
		}
		if !s.zoned { // a row of other columns
			s.zone, s.zoned = 0, true
		}
		return true, true
	case r.clock < 0:
		v = x.cells.value(l, r.date, c.sep)
	default:
		day := r.day
		if r.date >= 0 {
			day = x.cells.value(l, r.date, c.sep)
		}
		x.text = append(append(x.text[:0], bytes.TrimSpace(day)...), ' ')
		x.text = append(x.text, x.cells.value(l, r.clock, c.sep)...)
		v = x.text
	}
	if v = bytes.TrimSpace(v); s.parse(v, 0) != len(v) || len(v) == 0 {
		return true, false
	}
	if r.utc && !s.zoned {
		s.zone, s.zoned = 0, true
	}
	return true, true
}

// LevelOf is like the function LevelOf for a line of a file with columns: a column that
// names the level decides, and a status where no column names one. c may be nil.
func (c *Columns) LevelOf(l []byte) Level {
	v, _ := c.levelAndOrigin(l)
	return v
}

// IsDerived is like the function IsDerived for a line of a file with columns. c may be
// nil.
func (c *Columns) IsDerived(l []byte) bool {
	_, derived := c.levelAndOrigin(l)
	return derived
}

// levelAndOrigin returns the level of a line, and whether it follows from a status.
func (c *Columns) levelAndOrigin(l []byte) (v Level, derived bool) {
	if c == nil || !c.hasLevel() && !c.isTable() {
		return levelAndOrigin(l)
	}
	var shown Shown
	l = bytes.TrimRight(shown.Of(l[:min(len(l), longest)]), "\r\n")
	if v, ok := c.formats.group(l, levelGroup); ok {
		return levelOfInitial(levelOfValue(v)), false
	}
	x := cells{make([][2]int, 0, 64)}
	if !c.splitRow(&x, l) {
		return levelOfShown(l)
	}
	if i := c.roles.level; i < 0 && c.roles.status < 0 {
		if c.isTable() {
			return NoLevel, false
		}
		return levelOfShown(l)
	} else if i >= 0 {
		return levelOfInitial(levelOfValue(bytes.TrimSpace(x.value(l, i, c.sep)))), false
	}
	status := x.value(l, c.roles.status, c.sep)
	if len(status) != 3 || !allDigits(status) {
		return NoLevel, false
	}
	return levelOfStatusCode(status[0]), true
}

// isTable reports whether the file is CSV whose columns name a time, but no level: words in
// its other columns are none.
func (c *Columns) isTable() bool {
	return c != nil && c.format == "csv" && c.hasTime() && c.roles.level < 0
}

// timeColumns returns the names of the columns with the time of a row.
func (c *Columns) timeColumns() string {
	var names []string
	for _, i := range []int{c.roles.date, c.roles.clock} {
		if i >= 0 {
			names = append(names, string(c.names[i]))
		}
	}
	switch len(names) {
	case 0:
		return "where a format of yours has it"
	case 1:
		return "in the column " + names[0]
	}
	return "in the columns " + strings.Join(names, " and ")
}
