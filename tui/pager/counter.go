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

// A counter counts the lines that match: those that the text had when it
// began with a tally, and those that came since as they are read. Beside them
// it counts the lines that match but that filters hide.
type counter struct {
	tally *tally         // nil while nothing is counted
	found tallied        // as of its last message
	begun document.Place // the end of the text when it began

	fresh   arrivals
	counted document.Place // the end of the text, as far as lines are counted

	hidden      *tally // of the lines that filters hide; nil as long as the other is not done
	hiddenFound tallied
}

// arrivals are the matching lines that came since counting began.
type arrivals struct {
	count   counts
	marks   marks
	open    bool // the last line, which has no end yet, matches
	partial bool // there are some that were not counted
}

// begin counts anew: with a tally what lies before end, and what comes behind.
func (c *counter) begin(t *tally, end document.Place, members int) {
	c.stop()
	c.tally, c.begun, c.counted = t, end, end
	c.fresh = arrivals{count: counts{}, marks: newMarks(members)}
}

// beginHidden counts the lines that filters hide with a tally, too.
func (c *counter) beginHidden(t *tally) { c.hidden = t }

// stop counts no more, and forgets what was counted.
func (c *counter) stop() {
	for _, t := range []*tally{c.tally, c.hidden} {
		if t != nil {
			t.stop()
		}
	}
	*c = counter{}
}

// active reports whether lines are counted.
func (c *counter) active() bool { return c.tally != nil }

// update takes over how far a tally is. It returns false if that is none of
// the counter's.
func (c *counter) update(t *tally) (now tallied, ok bool) {
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

// incomplete reports whether the tally is done and could not read all files.
func (c *counter) incomplete() bool { return c.tally != nil && c.found.done && c.found.missed }

// addRows counts in rows that reach from one place to another what is not
// counted yet. Text is skipped if there was more than the rows. With a nil
// scanner all lines match.
func (c *counter) addRows(rows []row, members members, from, to document.Place, skipped bool, scan *match.Scanner) {
	if c.tally == nil {
		return
	}
	matches := func(r *row) bool { return scan == nil || scan.Line(r.Text) }
	if skipped || members.compare(from, c.counted) > 0 {
		c.fresh.partial = true // what lies between was not seen
	}
	c.fresh.open = false
	for i := range rows {
		r := &rows[i]
		switch {
		case !members.has(r.Member), members.compare(r.Place, c.counted) < 0:
		case r.Open:
			c.fresh.open = matches(r)
		case long(&r.Piece): // which the pieces do not tell
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

// addCounted takes over what was counted while text was read from one place to
// another. It returns false if it cannot: the text does not follow what is
// counted.
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

// total is how many lines match, of those in members that are still there.
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

// text describes how many lines match, as far as that is known; empty if
// nothing is counted.
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

// effort describes how much of the log was read for that.
func (c *counter) effort() string {
	if c.found.done && c.found.read.Blocks > 0 {
		return fmt.Sprintf("%s of %s blocks read", humanize.Comma(c.found.read.BlocksRead), humanize.Comma(c.found.read.Blocks))
	}
	return ""
}

// hiddenTotal is how many matching lines the filters hide, and whether they
// are all counted. Without filters there are none.
func (c *counter) hiddenTotal(members members, filtered bool) (n int64, done bool) {
	if c.hidden == nil {
		return 0, !filtered || c.found.err != nil
	}
	for _, x := range members.list {
		n += c.hiddenFound.count[x.Key]
	}
	return n, c.hiddenFound.done
}

// hiddenText describes that; empty if there are none.
func (c *counter) hiddenText(members members, filtered bool) string {
	n, done := c.hiddenTotal(members, filtered)
	if n == 0 {
		return ""
	}
	s := humanize.Comma(n)
	switch {
	case !done:
		s += "…"
	case members.compare(c.counted, c.begun) > 0: // what came since and is hidden was not read
		s += "+"
	}
	return s + " hidden by filters"
}

// markRows sets those of the rows of a scroll bar that have matches.
func (c *counter) markRows(rows []bool, members members) {
	if c.tally != nil {
		c.found.marks.rows(rows, members.list)
		c.fresh.marks.rows(rows, members.list)
	}
}

// places returns what is known of where the matching lines lie that the text
// had when counting began; nil if nothing is counted.
func (c *counter) places() *knownPlaces {
	if c.tally == nil {
		return nil
	}
	return &knownPlaces{c.tally, c.begun}
}

// knownPlaces are the places of a tally, of matching lines before end. They
// may be asked for in any goroutine.
type knownPlaces struct {
	tally *tally
	end   document.Place
}

// A freshCount counts the matching lines of a text while it is read, in
// another goroutine. Without a matcher all lines match.
type freshCount struct {
	matcher  *match.Matcher
	verdicts *verdicts

	scan   *match.Scanner
	count  counts // but for a last line without an end
	open   bool   // whether that one matches
	places []document.Place
}

// apart is how far the places are apart at least that a freshCount keeps: the
// scroll bar tells no more.
const apart = 16 << 10

func newFreshCount(m *match.Matcher, v *verdicts) *freshCount {
	x := &freshCount{matcher: m, verdicts: v, count: counts{}}
	if m != nil {
		x.scan = m.NewScanner()
	}
	return x
}

// add counts in what was read last.
func (x *freshCount) add(ctx context.Context, text Text, r *run) error {
	for i := range r.rows {
		p := &r.rows[i]
		if p.Continues {
			continue
		}
		hit := true
		if x.scan != nil {
			if !long(&p.Piece) {
				hit = x.scan.Line(p.Text)
			} else {
				var err error
				if hit, err = x.verdicts.let(ctx, text, x.matcher, &p.Piece); err != nil {
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
