// Package line parses the information in a log line: its time and its level, and
// tells what a terminal shows of it.
package line

import (
	"bytes"
	"strings"
	"time"

	"logview/reader"
)

// A Clock determines the times of the lines of one file. It learns from the first
// line with a time where the file has its times, and looks there first from then
// on: at a byte offset, after a number of spaces, or as the value of a JSON key.
// Other lines are searched. So the time of a line depends on that line and on what
// was learned, but not on the lines in between. A Clock belongs to one goroutine.
//
// Of several times in a line the first counts, but a full date outranks a time of
// day alone and seconds since 1970. In JSON the key decides: see jsonKeys.
//
// What the file does not say is inferred:
//
//   - A missing year or day is the latest that is not after Ref.
//   - Of dates such as 06/01/02, the first lines of the file show which part is
//     the day; see Learn.
//   - A time without a zone is in Zone.
type Clock struct {
	Zone *time.Location // nil for local time
	Ref  time.Time      // time of the last change to the file; zero for the current time

	learned bool // Learn was called, or a time was found
	place   place
	order   order // of dates such as 06/01/02

	last     time.Time // the time found last
	inferred reader.Inference

	// The last minute: many lines fall into the same one.
	minute stamp
	base   int64 // its seconds since 1970
	ref    time.Time
	buf    Shown
}

// A place is where lines have their time.
type place struct {
	known  bool
	kind   kind
	at     int    // byte offset
	spaces int    // number of spaces before it
	lead   int    // bytes after the last of them
	key    string // of a JSON object, with quotes; then the offset is that of the key
	indent bool   // the line began with a blank
}

// searched is how much of a line is searched for a time.
const searched = 256

// Time returns the time of a line, and false if it has none.
func (c *Clock) Time(l []byte) (time.Time, bool) {
	if bytes.IndexByte(l[:min(len(l), searched)], escape) >= 0 && c.buf.Set(l) {
		l = c.buf.Text
	}
	var s stamp
	if !c.find(&s, l) {
		return time.Time{}, false
	}
	t, ok := c.resolve(&s)
	if ok {
		c.last, c.inferred = t, s.inferred()
	}
	return t, ok
}

// Last returns the time that Time returned last; zero before the first.
func (c *Clock) Last() time.Time { return c.last }

// Copy returns a Clock that has learned the same.
func (c *Clock) Copy() *Clock {
	return &Clock{Zone: c.Zone, Ref: c.Ref, learned: c.learned, place: c.place, order: c.order}
}

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

// FirstOf returns the time of the first line of text that has one; zero if none
// has.
func (c *Clock) FirstOf(text []byte) time.Time {
	c.Learn(text)
	for l := range bytes.Lines(text) {
		if t, ok := c.Time(l); ok {
			return t
		}
	}
	return time.Time{}
}

// Span returns the lowest and the highest time of the lines of text, zero if they
// have none, and the most that was inferred of one.
func (c *Clock) Span(text []byte) (first, last time.Time, inferred reader.Inference) {
	c.Learn(text)
	for l := range bytes.Lines(text) {
		t, ok := c.Time(l)
		if !ok {
			continue
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if last.IsZero() || t.After(last) {
			last = t
		}
		inferred = max(inferred, c.inferred)
	}
	return first, last, inferred
}

// find finds the time of a line, first where the lines before had theirs.
func (c *Clock) find(s *stamp, l []byte) bool {
	p := &c.place
	switch {
	case !p.known:
	case p.key != "":
		if c.findKey(s, l) {
			return true
		}
	case p.at < len(l) && p.begins(l, p.at) && s.parse(l, p.at) > 0 && s.kind == p.kind:
		return true
	case p.spaces > 0:
		i := 0
		for range p.spaces {
			k := bytes.IndexByte(l[i:min(len(l), searched)], ' ')
			if k < 0 {
				return c.search(s, l)
			}
			i += k + 1
		}
		if i += p.lead; i < len(l) && p.begins(l, i) && s.parse(l, i) > 0 && s.kind == p.kind {
			return true
		}
	}
	return c.search(s, l)
}

// begins reports whether a time may begin at i.
func (p *place) begins(l []byte, i int) bool {
	return i == 0 || !IsAlnum(l[i-1])
}

// search finds the time of a line anywhere in its beginning. A line that begins
// with a blank while the lines with times do not continues the one before: a time
// in it is not its own.
func (c *Clock) search(s *stamp, l []byte) bool {
	indent := len(l) > 0 && (l[0] == ' ' || l[0] == '\t')
	if c.place.known && indent && !c.place.indent {
		return false
	}
	if i := jsonStart(l); i >= 0 {
		if key, at, ok := findJSON(s, l, i); ok {
			c.learn(place{kind: s.kind, at: at, key: key, indent: indent})
			return true
		}
		if i == 0 {
			return false // times in values are not the line's
		}
	}
	at, ok := findStamp(s, l)
	if !ok {
		return false
	}
	before := l[:at]
	c.learn(place{kind: s.kind, at: at, spaces: bytes.Count(before, []byte{' '}), lead: at - 1 - bytes.LastIndexByte(before, ' '), indent: indent})
	return true
}

// learn notes where the first line with a time has it.
func (c *Clock) learn(p place) {
	if !c.learned {
		c.learned, c.place = true, p
		c.place.known = true
	}
}

// findStamp searches the beginning of a line for a time.
func findStamp(s *stamp, l []byte) (at int, ok bool) {
	l = l[:min(len(l), searched)]
	var weak stamp
	weakAt := -1
	for i, tries := 0, 0; i < len(l) && tries < 32; i++ {
		c := l[i]
		switch {
		case digit(c):
			if i > 0 && (IsAlnum(l[i-1]) || l[i-1] == '.' || l[i-1] == '_' || l[i-1] == '-' && i > 1 && IsAlnum(l[i-2])) {
				continue
			}
		case letter(c):
			if i > 0 && (IsAlnum(l[i-1]) || l[i-1] == '_') {
				continue
			}
			if _, k := monthAt(l, i); k == 0 {
				if _, ok := weekdayAt(l, i); !ok && !(i == 0 && digit(byteAt(l, 1))) {
					continue
				}
			}
		case c == '@':
		default:
			continue
		}
		tries++
		if s.parse(l, i) == 0 {
			continue
		}
		if s.kind < epoch {
			return i, true
		}
		if weakAt < 0 && counts(s, l, i) {
			weak, weakAt = *s, i
		}
	}
	if weakAt >= 0 {
		*s = weak
	}
	return weakAt, weakAt >= 0
}

// counts reports whether a time of day alone, or a number of seconds since 1970,
// is the time of its line: it begins the line, perhaps after a bracket or a level,
// or it has a name that says so.
func counts(s *stamp, l []byte, i int) bool {
	before := l[:i]
	if s.kind == epoch {
		if l[i] == '@' || namesTime(before) {
			return true
		}
		// Process numbers and the like may precede it if it has a fraction.
		if k := bytes.IndexByte(l[i:], '.'); (k == 10) && len(before) <= 16 && len(bytes.Trim(before, "0123456789 []:#")) == 0 {
			return true
		}
	}
	switch rest := bytes.TrimRight(bytes.TrimLeft(before, "[(<#+ "), " :|[]("); {
	case len(rest) == 0:
		return len(before) <= 3
	case s.kind == clockOnly && len(before) <= 12:
		return levels[strings.ToLower(string(rest))] != 0
	}
	return false
}

// namesTime reports whether the text before a number names it as a time, as in
// ts=1763733906, "time":1763733906 or audit(1763733906.123:77).
func namesTime(before []byte) bool {
	before = bytes.TrimRight(before, "\":= (")
	for _, name := range []string{"ts", "time", "timestamp", "epoch", "date", "audit"} {
		if rest, ok := bytes.CutSuffix(before, []byte(name)); ok && (len(rest) == 0 || !letter(rest[len(rest)-1])) {
			return true
		}
	}
	return false
}

// resolve returns the point in time of a stamp.
func (c *Clock) resolve(s *stamp) (time.Time, bool) {
	if s.kind == epoch {
		return time.Unix(s.unix, int64(s.nanos)), true
	}
	if s.kind == shortDate && !c.order.apply(s, c.reference()) {
		return time.Time{}, false
	}
	m := &c.minute
	if s.min != m.min || s.hour != m.hour || s.day != m.day || s.month != m.month || s.year != m.year || s.zone != m.zone || s.zoned != m.zoned || s.kind != m.kind {
		base, ok := c.minuteOf(s)
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

// minuteOf returns the seconds since 1970 of the minute of a stamp.
func (c *Clock) minuteOf(s *stamp) (int64, bool) {
	zone := c.Zone
	switch {
	case s.zoned && s.zone == 0:
		zone = time.UTC
	case s.zoned:
		zone = time.FixedZone("", s.zone)
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

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// IsAlnum reports whether c is a letter or a digit in ASCII.
func IsAlnum(c byte) bool { return digit(c) || letter(c) }
