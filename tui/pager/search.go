package pager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/tui/screen"
	"logview/tui/visible"
)

// Pattern is what is searched for.
func (m *Model) Pattern() Pattern { return m.pattern }

// Search looks for a pattern from where the person is: while they type, and
// for good. Back says in which direction first; without a match there, the
// other is tried. The error is that of a bad expression.
func (m *Model) Search(p Pattern, from reader.Place, back bool) (tea.Cmd, error) {
	if m.doc == nil {
		return nil, nil
	}
	mt, _, err := compile(p)
	if err != nil {
		return nil, err
	}
	if mt == nil {
		return m.clearSearch(), nil
	}
	same := p == m.pattern && m.matcher != nil
	m.pattern, m.matcher, m.scan, m.upward = p, mt, mt.NewScanner(), back
	var cmd tea.Cmd
	if !same {
		m.hits = newVerdicts()
		cmd = m.startTally()
	}
	return tea.Batch(cmd, m.findFrom(from, !back, true)), nil
}

// Restore gives up a search that was only typed, for the one before it.
func (m *Model) Restore(before Pattern) tea.Cmd {
	if before == m.pattern && m.matcher != nil {
		return nil
	}
	cmd := m.clearSearch()
	mt, _, err := compile(before)
	if err != nil || mt == nil || m.doc == nil {
		return cmd
	}
	m.pattern, m.matcher, m.scan = before, mt, mt.NewScanner()
	m.hits = newVerdicts()
	return m.startTally()
}

func (m *Model) clearSearch() tea.Cmd {
	m.pattern.Text = ""
	m.matcher, m.scan = nil, nil
	m.here = reader.Place{}
	m.stopFinding()
	return m.startTally()
}

// stopFinding gives up what is being looked for.
func (m *Model) stopFinding() {
	if m.finding != nil {
		m.finding()
		m.finding = nil
		m.progress = ""
	}
	m.missing = false
	m.findGen++ // an answer that is under way is too late
}

func (m *Model) stopTally() {
	if m.tally != nil {
		m.tally.stop()
		m.tally = nil
	}
	if m.hidden != nil {
		m.hidden.stop()
		m.hidden = nil
	}
	m.found, m.behind = tallied{}, tallied{}
}

// startTally counts in the background the lines that match, or those that the
// filters let through.
func (m *Model) startTally() tea.Cmd {
	m.stopTally()
	if m.doc == nil || m.matcher == nil && m.pick.all() || m.tail == (reader.Place{}) { // then it begins when that is known
		return nil
	}
	_, n, err := compile(append(m.InForce(), m.pattern)...)
	if err != nil || n == nil {
		return nil
	}
	m.counted, m.sure, m.fresher, m.partial = m.tail, m.tail, counts{}, false
	m.freshMarks = newMarks(len(m.members))
	m.tally = count(context.Background(), m.searcher, m.doc, m.searching, n, m.sure, true)
	if !m.loading {
		m.tallyFresh(m.rows, m.counted, m.counted, false) // an unfinished last line
	}
	return m.tally.wait()
}

// startHidden counts the matching lines that the filters hide.
func (m *Model) startHidden() tea.Cmd {
	_, filters, err := compile(m.InForce()...)
	if err != nil || filters == nil || m.matcher == nil || m.doc == nil {
		return nil
	}
	_, n, err := compile(m.pattern)
	if err != nil || n == nil {
		return nil
	}
	m.hidden = count(context.Background(), m.searcher, m.doc, m.searching, query.And{n, query.Not{X: filters}}, m.sure, false)
	return m.hidden.wait()
}

// Hidden describes how many matching lines the filters hide, as far as that is
// known; it returns an empty string if there are none.
func (m *Model) Hidden() string {
	n, done := m.hides()
	if n == 0 {
		return ""
	}
	s := humanize.Comma(n)
	switch {
	case !done:
		s += "…"
	case m.compare(m.counted, m.sure) > 0: // what came since and is hidden was not read
		s += "+"
	}
	return s + " hidden by filters"
}

// hides returns how many matching lines the filters hide, and whether they are
// all counted.
func (m *Model) hides() (n int64, done bool) {
	if m.hidden == nil {
		return 0, m.pick.all() || m.found.err != nil
	}
	for _, x := range m.members {
		n += m.behind.count[x.Key]
	}
	return n, m.behind.done
}

// nothing shows that nothing was found, and how many matches filters hide as
// soon as that is known.
func (m *Model) nothing() tea.Cmd {
	n, done := m.hides()
	m.missing = !done && m.matcher != nil
	switch {
	case m.missing:
		return say("no more matches in visible lines; counting hidden ones…")
	case n == 1:
		return say("filters hide 1 match (\\ shows it); no more in this direction")
	case n > 0:
		return say("filters hide %s matches (\\ shows them); no more in this direction", humanize.Comma(n))
	}
	return say("no more in this direction")
}

// wait waits until there is more to tell, but not for longer than a person
// would.
func (t *tally) wait() tea.Cmd {
	return func() tea.Msg {
		<-t.changed
		t.mu.Lock()
		done, first := t.done, !t.told
		t.told = t.told || len(t.count) > 0
		t.mu.Unlock()
		if !done && !first {
			time.Sleep(30 * time.Millisecond) // not a message a hit
		}
		return tallyMsg{t}
	}
}

func (m *Model) tallied(msg tallyMsg) tea.Cmd {
	t := msg.t
	if t != m.tally && t != m.hidden {
		return nil
	}
	t.mu.Lock()
	now := tallied{maps.Clone(t.count), t.capped, t.missed, t.marks.clone(), t.done, t.share, t.read, t.err}
	t.mu.Unlock()
	switch {
	case t == m.hidden:
		m.behind = now
		if now.done && m.missing {
			return m.nothing()
		}
	default:
		m.found = now
		if now.done && now.err == nil {
			return m.startHidden() // behind the other, which is waited for
		}
	}
	if now.done {
		return nil
	}
	return t.wait()
}

// tallyFresh counts matches in rows that reach from one place to another, as
// far as they are not counted.
func (m *Model) tallyFresh(rows []row, from, to reader.Place, skipped bool) {
	if m.tally == nil {
		return
	}
	matches := func(r *row) bool { return m.scan == nil || m.scan.Line(r.Text) }
	if skipped || m.compare(from, m.counted) > 0 {
		m.partial = true // what lies between was not seen
	}
	m.openHit = false
	for i := range rows {
		r := &rows[i]
		_, known := m.order[r.Member]
		switch {
		case !known, m.compare(r.Place, m.counted) < 0:
		case r.Open:
			m.openHit = matches(r)
		case long(&r.Piece): // which the pieces do not tell
			m.partial = m.partial || matches(r)
		case matches(r):
			m.fresher[r.Member]++
			m.freshMarks.mark(r.Place)
		}
	}
	if m.compare(to, m.counted) > 0 {
		m.counted = to
	}
}

// Count says how many lines match, or pass the filters, as far as it is known.
func (m *Model) Count() string {
	if m.tally == nil {
		return ""
	}
	count := int64(0)
	for _, x := range m.members { // what is gone is not to be seen any more
		count += m.found.count[x.Key] + m.fresher[x.Key]
	}
	if m.openHit {
		count++
	}
	n := humanize.Comma(count)
	if m.partial || m.found.missed {
		n += "+"
	}
	switch {
	case m.found.err != nil && !errors.Is(m.found.err, context.Canceled):
		return visible.String(m.found.err.Error())
	case !m.found.done:
		return fmt.Sprintf("%s… %.0f%%", n, 100*m.found.share)
	case n == "1":
		return "1 line"
	}
	return n + " lines"
}

// Effort says how much of the log was read for that.
func (m *Model) Effort() string {
	if m.found.done && m.found.read.Blocks > 0 {
		return fmt.Sprintf("%s of %s blocks read", humanize.Comma(m.found.read.BlocksRead), humanize.Comma(m.found.read.Blocks))
	}
	return ""
}

// find goes to the next match, in the direction of the search as in less, or
// in the other.
func (m *Model) find(same bool) tea.Cmd {
	forward := same != m.upward
	if m.matcher == nil {
		return say("nothing is searched for; / does")
	}
	at, ok := m.Place()
	if !ok {
		return nil
	}
	return m.findFrom(at, forward, false)
}

// findFrom goes to the match behind a place or before it. With here, the
// line at the place counts, too, and without a match in this direction the
// other is tried.
func (m *Model) findFrom(at reader.Place, forward, here bool) tea.Cmd {
	m.stopFinding()
	mt, _, err := compile(append(m.InForce(), m.pattern)...)
	if err != nil || mt == nil {
		return nil
	}
	k := pick{m: mt, lines: m.hits}
	if _, _, not := m.pattern.split(); not {
		k.begins = true
	} else {
		k.find = m.matcher
	}
	return m.look(k, at, forward, here, m.tally)
}

// seek goes to the next line of a level. In a log without levels that would
// search all of it in vain, so seek checks a sample first and shows the result.
// Pressing the same key again searches all of the log.
func (m *Model) seek(levels string, forward bool, what string) tea.Cmd {
	at, ok := m.Place()
	if !ok {
		return nil
	}
	m.stopFinding()
	k := pick{levels: levels, what: what, m: m.pick.m, lines: m.pick.lines, begins: true, seen: &m.levels.seen}
	search := m.look(k, at, forward, false, nil)
	for i := range m.rows {
		if m.rows[i].level != ' ' {
			m.levels.seen.Store(true)
		}
	}
	if m.levels.seen.Load() || m.levels.told {
		return search
	}
	d, ctx, gen, findGen, about := m.doc, m.ctx, m.gen, m.findGen, m.levels
	return func() tea.Msg {
		n, all, err := sample(ctx, d, about)
		if err == nil && !about.seen.Load() {
			return foundMsg{gen: gen, findGen: findGen, what: what, sampled: n, all: all}
		}
		return search() // which tells of an error, too
	}
}

// levels is what is known about the levels of a log.
type levels struct {
	seen atomic.Bool // a line has one
	told bool        // the user was told that a sample has none
}

const (
	sampled     = 64 << 10 // of a text is looked at in one place
	samples     = 16       // places of a member
	mostSampled = 8 << 20
)

// sample looks for levels in lines from all over a log, as far as that needs no
// decoding. It returns how many lines it read, and whether these are all.
func sample(ctx context.Context, d *reader.Document, about *levels) (lines int, all bool, err error) {
	all = true
	buf := make([]byte, sampled+512) // with the beginning of what comes behind
	members := d.Members()
	slices.Reverse(members) // the newest first
	left := mostSampled
	for _, x := range members {
		if !x.Opened {
			all = all && x.Size == 0
			continue
		}
		step := max(x.Text/samples, sampled)
		all = all && step == sampled
		for off := reader.Offset(0); off < x.Text; off += step {
			if left -= sampled; left < 0 {
				return lines, false, nil
			}
			n, err := d.ReadAt(ctx, buf, reader.Place{Member: x.Key, Offset: off})
			if err != nil && err != io.EOF {
				return lines, false, err
			}
			for line := range bytes.Lines(buf[:n]) {
				lines++
				if screen.Level(line) != ' ' {
					about.seen.Store(true)
					return lines, all, nil
				}
			}
		}
	}
	return lines, all, nil
}

// unleveled shows that no line of a level was found.
func (m *Model) unleveled(msg foundMsg) tea.Cmd {
	switch {
	case m.levels.seen.Load() && m.Filtered():
		return say("no %s in this direction in the lines that filters show", msg.what)
	case m.levels.seen.Load():
		return say("no %s in this direction", msg.what)
	case msg.all:
		return say("no %s: no line of this log has a level; / searches for text", msg.what)
	case msg.sampled > 0 || !m.levels.told:
		m.levels.told = true
		return say("no levels found in %s sampled lines; press again to search all lines for the next %s", humanize.Comma(int64(msg.sampled)), msg.what)
	}
	return say("no %s in this direction, and no line with a level", msg.what)
}

// look finds what is picked from a place on. It reads a part at a time, and
// says in between how far it is; a tally that is done knows at once.
func (m *Model) look(k pick, at reader.Place, forward, here bool, t *tally) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.finding = cancel
	d, gen, findGen := m.doc, m.gen, m.findGen
	var begin, begun reader.Place // where it is looked from
	asked := false
	turned := false
	sure := m.sure // what lies before it was there when the tally began
	total := int64(0)
	var search func() tea.Msg
	search = func() tea.Msg {
		msg := foundMsg{gen: gen, findGen: findGen, back: !forward, what: k.what}
		if !asked {
			asked = true
			if at == (reader.Place{}) { // nothing was shown yet: it is going to be the end
				if at, msg.err = d.End(ctx); msg.err != nil {
					return msg
				}
			}
			begin = at
			p, ok, err := pieceAt(ctx, d, at)
			if err != nil {
				msg.err = err
				return msg
			}
			if ok && forward != here {
				begin.Offset = p.End
			}
			if ok && long(&p) {
				t = nil // it knows lines, and there may be more in this one
			}
			begun = begin
		}
		// What the tally knows need not be read: all that lies before sure.
		if t != nil && !turned && t.before(at, sure) {
			p, ok, known := t.beside(at, forward, here)
			for known && ok && !d.Has(p.Member) {
				p, ok, known = t.beside(p, forward, false)
			}
			if known && ok && t.before(p, sure) {
				msg.ok = true
				msg.at, msg.err = k.place(ctx, d, p, forward)
				return msg
			} else if known && forward {
				begin = sure
			} else if known && !here {
				return msg
			}
		}
		r, err := read(ctx, d, k, begin, forward, 1)
		if err != nil {
			msg.err = err
			return msg
		}
		total += budget
		switch {
		case len(r.rows) > 0:
			msg.at, msg.ok = r.rows[0].Place, true
		case !r.end:
			begin = r.next
			msg.text = fmt.Sprintf("searching, %s read; Esc stops", humanize.IBytes(uint64(total)))
			if k.what != "" {
				msg.text = fmt.Sprintf("searching %s, %s read; Esc stops", k.what, humanize.IBytes(uint64(total)))
			}
			msg.next = search
		case here && !turned:
			turned, forward, begin = true, !forward, begun
			msg.text, msg.next = "searching", search
		}
		return msg
	}
	return search
}

// pieceAt is the piece that begins at a place; false if there is none.
func pieceAt(ctx context.Context, d *reader.Document, at reader.Place) (p reader.Piece, ok bool, err error) {
	w, err := d.Forward(ctx, at)
	if err == io.EOF || err == nil && (w.Member != at.Member || w.Offset != at.Offset) {
		return p, false, nil
	}
	w.Pieces(func(x reader.Piece) bool {
		p, ok = x, true
		return false
	})
	return p, ok, err
}

// place is the piece to go to of a line that matches and begins at p: the
// first in which a match begins, or the last on the way back. It is the first
// of all if that cannot be told.
func (k pick) place(ctx context.Context, d *reader.Document, p reader.Place, forward bool) (reader.Place, error) {
	p, err := d.At(ctx, p)
	if err != nil || k.find == nil {
		return p, err
	}
	return nearest(ctx, d, k.find, p, !forward)
}

func nearest(ctx context.Context, d *reader.Document, m *match.Matcher, p reader.Place, last bool) (reader.Place, error) {
	at, ok, err := inLine(ctx, d, m, p, true, last)
	if err != nil || !ok {
		return p, err
	}
	return at, nil
}

// First is the piece of a line, from its beginning p on, in which the first
// match begins, the first of all if that cannot be told.
func First(ctx context.Context, d *reader.Document, m *match.Matcher, p reader.Place) (reader.Place, error) {
	return nearest(ctx, d, m, p, false)
}

// another goes to the next match in the line that the person is on, or the
// one before.
func (m *Model) another(forward bool) tea.Cmd {
	if m.matcher == nil {
		return say("nothing is searched for; / does")
	}
	if m.cur >= len(m.rows) {
		return nil
	}
	r := &m.rows[m.cur]
	hit := -1 // of a row that n did not come to
	if r.Place == m.here {
		hit = m.hit
	}
	next := -1
	for _, s := range m.matches(m.cur) {
		if forward && s.Start > hit {
			next = s.Start
			break
		}
		if !forward && (s.Start < hit || hit < 0) {
			next = s.Start
		}
	}
	if next >= 0 {
		m.follow = false
		m.here, m.hit = r.Place, next
		m.revealMatch()
		return nil
	}
	none := say("no more in this line")
	if forward && !r.Unfinished || !forward && !r.Continues {
		return none
	}
	m.stopFinding()
	ctx, cancel := context.WithCancel(m.ctx)
	m.finding = cancel
	d, mt, gen, findGen, p := m.doc, m.matcher, m.gen, m.findGen, r.Place
	if forward {
		p.Offset = r.End
	}
	m.progress = "searching this line; Esc stops"
	return func() tea.Msg {
		at, ok, err := inLine(ctx, d, mt, p, forward, false)
		return foundMsg{gen: gen, findGen: findGen, at: at, ok: ok, back: !forward, line: true, err: err}
	}
}

// arrived goes to what was found.
func (m *Model) arrived(msg foundMsg) tea.Cmd {
	m.progress = msg.text
	switch {
	case msg.next != nil:
		return msg.next
	case msg.err != nil:
		m.finding, m.queue = nil, nil
		return trouble(msg.err)
	case !msg.ok:
		m.finding, m.queue = nil, nil
		if msg.line {
			return say("no more in this line")
		}
		if msg.what != "" {
			return m.unleveled(msg)
		}
		return m.nothing()
	}
	m.finding = nil
	m.progress = ""
	m.follow = false
	m.here, m.hit, m.back = msg.at, -1, msg.back
	for i := range m.rows {
		if m.loading {
			break // they are going to be others
		}
		if m.rows[i].Place == msg.at {
			m.cur = i
			top, sub := m.top, m.sub
			if m.reveal(); top != m.top || sub != m.sub {
				m.center() // with what stands around it
			}
			m.revealMatch()
			return tea.Batch(m.extend(), m.doQueued())
		}
	}
	m.begin()
	m.asked = &msg.at
	return m.load(&msg.at)
}

// Case is how the case of what is searched for is taken; NextCase changes it.
func (m *Model) Case() Case { return m.caseMode }

// NextCase goes to the next way of taking case.
func (m *Model) NextCase() { m.caseMode = (m.caseMode + 1) % 3 }
