// Package line parses the information in a log line: its time and its level, and
// tells what a terminal shows of it.
package line

import (
	"bytes"
	"fmt"
	"time"

	"logview/reader"
)

// A Clock determines the times of the lines of one file. It learns from the first
// line with a time where the file has its times, and looks there first from then
// on: at a byte offset, after a number of spaces, or as the value of a JSON key.
// Other lines are searched, but a date in a sentence is not the time of its line if
// other lines begin with theirs. So the time of a line depends on that line and on what
// was learned, but not on the lines in between. A Clock belongs to one goroutine.
//
// Of several times in a line the first counts, but a full date outranks a time of
// day alone and seconds since 1970. In JSON the key decides: see jsonKeys. In a file
// with columns, it is their names: see roles.
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

	// Formats are those of the user, of which one may say where its lines have their time;
	// nil for none.
	Formats *Formats

	// Columns are those of the file, which say where rows have their time and level;
	// nil for none. Learn sets them.
	Columns *Columns

	learned bool // Learn was called, or a time was found
	place   place
	strict  bool  // only a header precedes times: see elsewhere
	sparse  bool  // few lines have times, so that those in sentences are not of their lines
	order   order // of dates such as 06/01/02

	last     time.Time // the time found last
	inferred reader.Inference

	// The last minute: many lines fall into the same one.
	minute  stamp
	base    int64 // its seconds since 1970
	ref     time.Time
	buf     Shown
	row     rowTime
	times   []int64         // for Survey
	minutes []reader.Minute // for Survey
}

// searched is how much of a line is searched for a time, and of a JSON object in it,
// longest.
const (
	searched = 256
	longest  = 64 << 10
)

// Time returns the time of a line, and false if it has none.
func (c *Clock) Time(l []byte) (time.Time, bool) {
	var s stamp
	if !c.find(&s, c.shown(l)) {
		return time.Time{}, false
	}
	t, ok := c.resolve(&s)
	if ok {
		c.last, c.inferred = t, s.inferred()
	}
	return t, ok
}

// shown returns the beginning of a line as a terminal shows it.
func (c *Clock) shown(l []byte) []byte {
	return c.buf.Of(l[:min(len(l), longest)])
}

// SetRef sets Ref while lines are being read.
func (c *Clock) SetRef(t time.Time) {
	if !t.Equal(c.Ref) {
		c.Ref, c.minute = t, stamp{} // its year or day may have been inferred from the old one
	}
}

// Last returns the time that Time returned last; zero before the first.
func (c *Clock) Last() time.Time { return c.last }

// Copy returns a Clock that has learned the same.
func (c *Clock) Copy() *Clock {
	return &Clock{Zone: c.Zone, Ref: c.Ref, Formats: c.Formats, Columns: c.Columns, learned: c.learned, place: c.place, strict: c.strict, sparse: c.sparse, order: c.order}
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

// Span returns the lowest and the highest time of the lines of text, zero if they have
// none.
func (c *Clock) Span(text []byte) (first, last time.Time) {
	k := c.Survey(text, false)
	return k.First, k.Last
}

// Place returns in words where lines have their times, and what of them is inferred.
func (c *Clock) Place() string {
	p := &c.place
	where := fmt.Sprintf("at byte %d", p.at)
	switch {
	case c.Columns.hasTime():
		where = c.Columns.timeColumns()
	case !p.known:
		return "at no fixed place"
	case p.key != "":
		where = "under the key " + p.key
	case p.spaces == 1:
		where = "after one space"
	case p.spaces > 1:
		where = fmt.Sprintf("after %d spaces", p.spaces)
	}
	if c.order != unknownOrder {
		where += ", with the " + [...]string{yearFirst: "year", monthFirst: "month", dayFirst: "day"}[c.order] + " first"
	}
	inferred := c.inferred
	if p.kind == shortDate { // whose order is inferred
		inferred = reader.InferredZone
	}
	switch inferred {
	case reader.InferredZone:
		where += ", without a zone"
	case reader.InferredYear:
		where += ", without a year and a zone"
	case reader.InferredDate:
		where += ", without a date and a zone"
	}
	return where
}

// journalTime is what the line begins with that has the time of an entry in
// journald's export format.
var journalTime = []byte("__REALTIME_TIMESTAMP=")

func isIndented(l []byte) bool { return len(l) > 0 && (l[0] == ' ' || l[0] == '\t') }

// IsAlnum reports whether c is a letter or a digit in ASCII.
func IsAlnum(c byte) bool { return isDigit(c) || isLetter(c) }
