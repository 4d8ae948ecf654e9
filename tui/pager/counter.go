package pager

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/reader/document"
	"logview/tui/visible"
)

// A counter counts matching lines: a tally counts those that exist when
// counting begins, and later lines are counted as they are read. Another tally
// counts the matching lines that filters hide.
type counter struct {
	tally *tally         // nil while nothing is counted
	found tallySnapshot  // as of its last message
	begun document.Place // the end of the text when it began

	fresh   arrivals
	counted document.Place // end of what is counted in tally and fresh

	hidden      *tally // of hidden lines; nil until the other tally is done
	hiddenFound tallySnapshot
}

// arrivals are the matching lines that were appended since counting began.
type arrivals struct {
	count   counts
	marks   marks
	open    bool // an unterminated last line matches; it is not in count
	partial bool // some lines were not counted
}

// begin restarts counting. t counts the lines before end.
func (c *counter) begin(t *tally, end document.Place, members int) {
	c.stop()
	c.tally, c.begun, c.counted = t, end, end
	c.fresh = arrivals{count: counts{}, marks: newMarks(members)}
}

// beginHidden sets the tally of hidden lines.
func (c *counter) beginHidden(t *tally) { c.hidden = t }

// stop stops counting and resets the counter.
func (c *counter) stop() {
	for _, t := range []*tally{c.tally, c.hidden} {
		if t != nil {
			t.stop()
		}
	}
	*c = counter{}
}

// active reports whether counting has begun.
func (c *counter) active() bool { return c.tally != nil }

// update records the progress of a tally. It returns false if the tally is not
// one of the counter's.
func (c *counter) update(t *tally) (now tallySnapshot, ok bool) {
	switch {
	case t == nil:
		return now, false
	case t == c.tally:
		c.found = t.snapshot()
		return c.found, true
	case t == c.hidden:
		c.hiddenFound = t.snapshot()
		return c.hiddenFound, true
	}
	return now, false
}

// incomplete reports whether the tally is done but could not read all files.
func (c *counter) incomplete() bool { return c.tally != nil && c.found.done && c.found.missed }

// addRows counts those of the rows between from and to that are not counted
// yet. skipped says that the text between from and to has more rows. With a nil
// scanner all lines match.
func (c *counter) addRows(rows []row, members members, from, to document.Place, skipped bool, scan *match.Scanner) {
	if c.tally == nil {
		return
	}
	matches := func(r *row) bool { return scan == nil || scan.ForColumns(r.columns).Match(r.Text) }
	if skipped || members.compare(from, c.counted) > 0 {
		c.fresh.partial = true // the text in between is missing
	}
	c.fresh.open = false
	for i := range rows {
		r := &rows[i]
		switch {
		case !members.has(r.Member), members.compare(r.Place, c.counted) < 0:
		case r.Open:
			c.fresh.open = matches(r)
		case inLongLine(&r.Piece): // a piece does not tell whether its line matches
			c.fresh.partial = c.fresh.partial || matches(r)
		case matches(r):
			c.fresh.count[r.Member]++
			c.fresh.marks.mark(r.Place)
		}
	}
	if members.compare(to, c.counted) > 0 {
		c.counted = to
	}
}

// addCounted adds the count of the text between from and to. It returns false
// if that does not continue what is counted.
func (c *counter) addCounted(x *freshCount, from, to document.Place) bool {
	if c.tally == nil || from != c.counted {
		return false
	}
	c.fresh.count.add(x.count)
	for _, p := range x.places {
		c.fresh.marks.mark(p)
	}
	c.fresh.open, c.counted = x.open, to
	return true
}

// total returns the number of matching lines in the existing members.
func (c *counter) total(members members) int64 {
	n := int64(0)
	for _, x := range members.list {
		n += c.found.count[x.Key] + c.fresh.count[x.Key]
	}
	if c.fresh.open {
		n++
	}
	return n
}

// text describes the number of matching lines and the progress of counting. It
// is empty if nothing is counted.
func (c *counter) text(members members) string {
	if c.tally == nil {
		return ""
	}
	n := humanize.Comma(c.total(members))
	if c.fresh.partial || c.found.missed {
		n += "+"
	}
	switch {
	case c.found.err != nil && !errors.Is(c.found.err, context.Canceled):
		return visible.String(c.found.err.Error())
	case !c.found.done:
		return fmt.Sprintf("%s… %.0f%%", n, 100*c.found.share)
	case n == "1":
		return "1 line"
	}
	return n + " lines"
}

// effort describes how much of the log the tally had to read.
func (c *counter) effort() string {
	if c.found.done && c.found.read.Blocks > 0 {
		return fmt.Sprintf("%s of %s blocks read", humanize.Comma(c.found.read.BlocksRead), humanize.Comma(c.found.read.Blocks))
	}
	return ""
}

// hiddenTotal returns the number of matching lines that filters hide, and
// whether it is final.
func (c *counter) hiddenTotal(members members, filtered bool) (n int64, done bool) {
	if c.hidden == nil {
		return 0, !filtered || c.found.err != nil
	}
	for _, x := range members.list {
		n += c.hiddenFound.count[x.Key]
	}
	return n, c.hiddenFound.done
}

// hiddenText describes that number. It is empty for zero.
func (c *counter) hiddenText(members members, filtered bool) string {
	n, done := c.hiddenTotal(members, filtered)
	if n == 0 {
		return ""
	}
	s := humanize.Comma(n)
	switch {
	case !done:
		s += "…"
	case members.compare(c.counted, c.begun) > 0: // hidden lines that were appended are not counted
		s += "+"
	}
	return s + " hidden by filters"
}

// markRows sets the rows of a scroll bar that have matches.
func (c *counter) markRows(rows []bool, members members) {
	if c.tally != nil {
		c.found.marks.rows(rows, members.list)
		c.fresh.marks.rows(rows, members.list)
	}
}

// places returns the places of the lines that the tally found, or nil if
// nothing is counted.
func (c *counter) places() *knownPlaces {
	if c.tally == nil {
		return nil
	}
	return &knownPlaces{c.tally, c.begun}
}

// knownPlaces are the places of the matching lines before end that the tally
// has found so far. It may be used by any goroutine.
type knownPlaces struct {
	tally *tally
	end   document.Place
}

// A freshCount counts matching lines of appended text while a command reads
// it. With a nil matcher all lines match.
type freshCount struct {
	matcher   *match.Matcher
	longLines *longLines

	scan   *match.Scanner
	count  counts // of terminated lines
	open   bool   // an unterminated last line matches
	places []document.Place
}

// apart is the minimum distance between the places that a freshCount keeps.
// They are for the scroll bar only, which has no higher resolution.
const apart = 16 << 10

func newFreshCount(m *match.Matcher, v *longLines) *freshCount {
	x := &freshCount{matcher: m, longLines: v, count: counts{}}
	if m != nil {
		x.scan = m.NewScanner()
	}
	return x
}

// add counts the lines of one read.
func (x *freshCount) add(ctx context.Context, text Text, r *run) error {
	for i := range r.rows {
		p := &r.rows[i]
		if p.Continues {
			continue
		}
		hit := true
		if x.scan != nil {
			if !inLongLine(&p.Piece) {
				hit = x.scan.ForColumns(p.columns).Match(p.Text)
			} else {
				var err error
				if hit, err = x.longLines.matchLine(ctx, text, x.matcher, &p.Piece); err != nil {
					return err
				}
			}
		}
		switch {
		case !hit:
		case r.end && p.Place == r.next || p.Open && r.next.Member == p.Member:
			x.open = true
		default:
			x.count[p.Member]++
			if n := len(x.places); n == 0 || x.places[n-1].Member != p.Member || p.Offset-x.places[n-1].Offset > apart {
				x.places = append(x.places, p.Place)
			}
		}
	}
	return nil
}
