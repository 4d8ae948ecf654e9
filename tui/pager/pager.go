// Package pager shows one log, across all its members, as one text: the pane
// that people look at most. It asks a reader.Document for the lines around
// what is shown and for nothing else.
package pager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/index"
	"logview/index/match"
	"logview/reader"
	"logview/tui/keys"
	"logview/tui/theme"
)

// A Model is the pane. Its methods are called from Update and View alone;
// what takes time it returns as commands. Their answers carry the generation
// they were asked under, and are dropped when that is over.
type Model struct {
	th            *theme.Theme
	width, height int
	focused       bool
	searcher      index.Searcher
	searching     reader.Options

	doc     *reader.Document
	name    string
	gen     int // of the document and the pick: what was read for others is dropped
	ctx     context.Context
	cancel  context.CancelFunc
	members []reader.DocMember // as of the last answer
	err     error

	// rows is what is read: a run of the log, or of the wanted lines of it.
	rows     []row
	atStart  bool         // rows begins where the log does
	atEnd    bool         // and ends where it does
	up, down reader.Place // where reading goes on
	upBusy   bool
	downBusy bool
	loading  bool          // the rows are to be replaced
	going    *reader.Place // by those around it; nil for the end
	queue    []keys.Action // what was asked for meanwhile
	top, sub int           // the first row on the screen, and which screen row of it
	cur      int           // the row that the person is on
	anchor   *reader.Place // where a selection began; nil without one
	wrap     bool
	left     int
	plain    bool
	progress string // of what takes long

	follow    bool
	frozen    bool         // nothing new is taken in
	gone      bool         // the log has no file any more
	tail      reader.Place // to where the log is known
	tailing   bool         // it is being read
	numbering bool         // lines are being counted
	again     bool         // there is more
	fresh     int64        // lines that came while not following
	rate      rate
	now       func() time.Time

	caseMode Case
	pattern  Pattern
	matcher  *match.Matcher
	scan     *match.Scanner // of matcher, for highlights
	also     *match.Scanner // for highlights while nothing is searched for here
	tally    *tally
	found    tallied
	counted  reader.Place       // the log's end, as far as matches are counted
	sure     reader.Place       // the log's end when the tally began
	fresher  int64              // matches that came since
	partial  bool               // and some that were not counted
	rotating *reader.Document   // whose members are being looked at
	rotated  *reader.Log        // to be looked at next
	finding  context.CancelFunc // of what n looks for
	findGen  int
	asked    *reader.Place // where the person wants to be, as soon as it is loaded
	here     reader.Place  // of the row that n came to
	hit      int           // where in it the match begins; -1 before that was looked for
	back     bool          // it was come to from behind

	filters []Pattern
	last    int  // of them, what was made or switched last
	off     bool // all filters
	pick    pick
	marks   map[reader.Place]bool
}

// tallied is a tally as it was when it was last looked at.
type tallied struct {
	count  int64
	capped bool
	done   bool
	share  float64
	marks  [markCells]bool
	read   index.Stats
	err    error
}

// New makes an empty pane. s answers searches, of sources opened with opt.
func New(th *theme.Theme, s index.Searcher, opt reader.Options) *Model {
	return &Model{th: th, searcher: s, searching: opt, wrap: true, now: time.Now, marks: map[reader.Place]bool{}}
}

// SetTheme changes how it looks.
func (m *Model) SetTheme(th *theme.Theme) { m.th = th }

// SetSize says how much room there is.
func (m *Model) SetSize(width, height int) {
	if width == m.width && height == m.height {
		return
	}
	m.width, m.height = width, height
	m.settle()
}

// SetFocus says whether keys go here.
func (m *Model) SetFocus(on bool) { m.focused = on }

// SetWrap says whether long lines are wrapped.
func (m *Model) SetWrap(on bool) { m.wrap = on }

// Members are the members of the log, as of the last answer.
func (m *Model) Members() []reader.DocMember { return m.members }

// Doc is what is shown; nil if nothing is.
func (m *Model) Doc() *reader.Document { return m.doc }

// Name is the log's.
func (m *Model) Name() string { return m.name }

// windowRows is how many rows are read to each side at once, and mostRows
// how many are kept.
const (
	windowRows = 300
	mostRows   = 3000
	mostBytes  = 12 << 20
)

// Messages of this package. All go back to the pane whose command they are of.
type (
	// loadedMsg are rows that replace those there are.
	loadedMsg struct {
		gen      int
		up, down run
		cur      reader.Place
		end      bool // the person wants to be at the end
		tail     reader.Place
		members  []reader.DocMember
		err      error
		findGen  int
	}
	// moreMsg are rows in front of those, or behind.
	moreMsg struct {
		gen     int
		from    reader.Place
		forward bool
		run     run
		err     error
	}
	// grownMsg are rows that the log has got.
	grownMsg struct {
		gen     int
		from    reader.Place
		run     run
		lines   int64
		skipped bool // more came than is kept
		tail    reader.Place
		members []reader.DocMember
		err     error
	}
	// numberedMsg says that lines were counted.
	numberedMsg struct {
		gen     int
		numbers map[reader.Place]reader.Line
	}
	tallyMsg struct {
		t *tally
	}
	// foundMsg is where n came to.
	foundMsg struct {
		gen, findGen int
		at           reader.Place
		ok           bool
		back         bool   // looked for backwards
		line         bool   // and in one line alone
		text         string // how far it is
		next         func() tea.Msg
		err          error
	}
)

// PreparingMsg says how far the decoding of a file of a document is. Who
// makes the Document has it sent from there.
type PreparingMsg struct {
	Doc *reader.Document
	P   reader.Preparing
}

// Quiet reports whether nothing came.
func (g grownMsg) Quiet() bool { return g.lines == 0 && !g.skipped && g.err == nil }

// Said is a message for the person, for the root to show.
type Said struct {
	Text  string
	Error bool
}

func say(format string, args ...any) tea.Cmd {
	return func() tea.Msg { return Said{Text: fmt.Sprintf(format, args...)} }
}

// Open shows a document, from its end or around a place. The pane owns it
// and closes the one before.
func (m *Model) Open(name string, d *reader.Document, at *reader.Place) tea.Cmd {
	m.Shut()
	m.doc, m.name = d, name
	m.fresh, m.rate = 0, rate{}
	m.err = nil
	m.anchor, m.asked = nil, nil
	m.frozen, m.gone = false, false
	m.follow = at == nil
	m.begin()
	cmd := m.load(at)
	if m.matcher != nil {
		return tea.Batch(cmd, m.startTally())
	}
	return cmd
}

// Close closes the document before it returns, for the program's end.
func (m *Model) Close() {
	d := m.doc
	m.doc = nil
	m.Shut()
	if d != nil {
		_ = d.Close()
	}
}

// Shut closes the document, when nobody reads it any more.
func (m *Model) Shut() {
	if m.cancel != nil {
		m.cancel()
	}
	m.stopTally()
	if m.doc != nil {
		d := m.doc
		go d.Close() // it may wait for a file that is being decoded
	}
	m.doc, m.rows, m.members = nil, nil, nil
	m.rotating, m.rotated = nil, nil
	m.gen++
}

// begin makes a new generation: what was asked before is dropped.
func (m *Model) begin() {
	if m.cancel != nil {
		m.cancel()
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.gen++
	m.finding = nil
	m.upBusy, m.downBusy, m.tailing, m.again, m.numbering = false, false, false, false, false
	m.progress = ""
}

// load reads the rows around a place, or at the end for nil.
func (m *Model) load(at *reader.Place) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.loading, m.going = true, at
	ctx, d, k, gen, findGen, width := m.ctx, m.doc, m.pick, m.gen, m.findGen, m.wrapWidth()
	return func() tea.Msg {
		msg := loadedMsg{gen: gen, findGen: findGen}
		var err error
		if msg.tail, err = d.End(ctx); err != nil {
			msg.err = err
			msg.members = d.Members()
			return msg
		}
		from := msg.tail
		if at != nil {
			from = *at
		} else {
			msg.end = true
			// From where the last line begins: it may have no end yet.
			if from, err = d.At(ctx, reader.Place{Member: from.Member, Offset: max(0, from.Offset-1)}); err != nil {
				msg.err = err
				return msg
			}
		}
		if msg.down, err = read(ctx, d, k, from, true, windowRows); err == nil {
			msg.up, err = read(ctx, d, k, from, false, windowRows)
		}
		if at != nil && err == nil && k.all() && len(msg.down.rows) > 0 && len(msg.up.rows) > 0 {
			number(ctx, d, msg.down.rows, true)
		}
		msg.up.wrapTo(width)
		msg.down.wrapTo(width)
		msg.cur, msg.err, msg.members = from, err, d.Members()
		return msg
	}
}

// Update takes the answers to the pane's own commands. The root gives it all
// messages that are not its own.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.gen != m.gen {
			return nil
		}
		return m.loaded(msg)
	case moreMsg:
		if msg.gen != m.gen {
			return nil
		}
		return m.more(msg)
	case grownMsg:
		if msg.gen != m.gen {
			return nil
		}
		return m.grown(msg)
	case numberedMsg:
		if msg.gen != m.gen {
			return nil
		}
		m.numbered(msg)
	case tallyMsg:
		return m.tallied(msg)
	case foundMsg:
		if msg.gen != m.gen || msg.findGen != m.findGen {
			return nil
		}
		return m.arrived(msg)
	case PreparingMsg:
		if msg.Doc == m.doc && (m.loading || m.upBusy || m.downBusy || m.finding != nil) {
			m.progress = preparing(msg.P)
		}
	}
	return nil
}

func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	m.loading, m.progress = false, ""
	m.members, m.err = msg.members, msg.err
	if msg.err != nil {
		if errors.Is(msg.err, context.Canceled) {
			m.err = nil
		}
		return nil
	}
	m.rows = append(slices.Clip(msg.up.rows), msg.down.rows...)
	m.up, m.down = msg.up.next, msg.down.next
	m.atStart, m.atEnd = msg.up.end, msg.down.end
	m.tail = msg.tail
	if m.atEnd {
		m.tail = m.down
	}
	m.cur = min(len(msg.up.rows), max(0, len(m.rows)-1))
	m.top, m.sub = m.cur, 0
	if msg.end {
		m.toEnd()
	} else {
		m.center()
		if m.cur < len(m.rows) && m.rows[m.cur].Place == m.here {
			m.revealMatch()
		}
	}
	var hidden tea.Cmd
	if a := m.asked; a != nil && *a == msg.cur && !msg.end && !m.pick.all() && (m.cur >= len(m.rows) || m.rows[m.cur].Place != *a) {
		hidden = say("a filter hides that line; \\ switches the filters off")
	} else {
		m.asked = nil
	}
	return tea.Batch(m.extend(), m.number(), m.Grow(), m.doQueued(), hidden)
}

// mostQueued is how many keys are taken while rows are loaded, or a match is
// looked for.
const mostQueued = 30

// doQueued does what was asked for meanwhile.
func (m *Model) doQueued() tea.Cmd {
	queue := m.queue
	m.queue = nil
	var cmds []tea.Cmd
	for _, a := range queue {
		cmd, _ := m.Do(a)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// extend reads more rows where the screen comes near the ends of those there
// are.
func (m *Model) extend() tea.Cmd {
	if m.doc == nil || m.loading {
		return nil
	}
	var cmds []tea.Cmd
	near := m.height + 50
	above, below := m.room(near)
	if !m.atStart && !m.upBusy && above < near {
		m.upBusy = true
		cmds = append(cmds, m.fetch(m.up, false))
	}
	if !m.atEnd && !m.downBusy && below < m.height+near {
		m.downBusy = true
		cmds = append(cmds, m.fetch(m.down, true))
	}
	return tea.Batch(cmds...)
}

func (m *Model) fetch(from reader.Place, forward bool) tea.Cmd {
	ctx, d, k, gen, width := m.ctx, m.doc, m.pick, m.gen, m.wrapWidth()
	return func() tea.Msg {
		r, err := read(ctx, d, k, from, forward, windowRows)
		r.wrapTo(width)
		return moreMsg{gen, from, forward, r, err}
	}
}

func (m *Model) more(msg moreMsg) tea.Cmd {
	if msg.forward {
		m.downBusy = false
	} else {
		m.upBusy = false
	}
	if msg.err != nil {
		m.progress = ""
		if errors.Is(msg.err, context.Canceled) {
			return nil
		}
		return func() tea.Msg { return Said{msg.err.Error(), true} }
	}
	if msg.forward && msg.from != m.down || !msg.forward && msg.from != m.up {
		return m.extend() // rows were forgotten meanwhile: they do not follow
	}
	if msg.forward {
		m.rows = append(m.rows, msg.run.rows...)
		m.down, m.atEnd = msg.run.next, msg.run.end
		if m.atEnd {
			m.tail = msg.run.next
		}
		m.trim(true)
	} else {
		n := len(msg.run.rows)
		m.rows = append(slices.Clip(msg.run.rows), m.rows...)
		m.up, m.atStart = msg.run.next, msg.run.end
		m.top, m.cur = m.top+n, m.cur+n
		m.trim(false)
	}
	m.progress = ""
	if len(msg.run.rows) < windowRows && !msg.run.end && !m.pick.all() {
		m.progress = fmt.Sprintf("filtering: at %.0f%%", 100*m.doc.Fraction(msg.run.next))
	}
	if m.follow && m.atEnd {
		m.toEnd()
	}
	m.settle()
	return tea.Batch(m.extend(), m.number())
}

// room is how many screen rows are read above and from the top of the screen
// on, as far as most.
func (m *Model) room(most int) (above, below int) {
	for i := m.top - 1; i >= 0 && above < most; i-- {
		above += m.tall(i)
	}
	for i := m.top; i < len(m.rows) && below < most+m.height; i++ {
		below += m.tall(i)
	}
	return above, below
}

// trim forgets rows far from the screen, in front of it after reading
// forward and behind it after reading backward.
func (m *Model) trim(forward bool) {
	size := 0
	for i := range m.rows {
		size += len(m.rows[i].Text)
	}
	if len(m.rows) <= mostRows && size <= mostBytes {
		return
	}
	keep := m.height + 2*windowRows
	if forward {
		n := min(m.top, m.cur) - keep
		if n <= 0 {
			return
		}
		m.up, m.atStart = m.rows[n].Place, false
		m.rows = slices.Clone(m.rows[n:])
		m.top, m.cur = m.top-n, m.cur-n
		return
	}
	if n := max(m.top, m.cur) + keep; n < len(m.rows) {
		m.down, m.atEnd = m.rows[n].Place, false
		m.rows = slices.Clone(m.rows[:n])
	}
}

// number counts the lines before those that have no number yet, in the
// background.
func (m *Model) number() tea.Cmd {
	if m.doc == nil || len(m.rows) == 0 || m.numbering {
		return nil
	}
	var places []reader.Place
	for i := range m.rows {
		if r := &m.rows[i]; r.line == -1 && (i == 0 || m.rows[i-1].Member != r.Member || !m.pick.all()) {
			places = append(places, r.Place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	m.numbering = true
	ctx, d, gen := m.ctx, m.doc, m.gen
	return func() tea.Msg {
		numbers := map[reader.Place]reader.Line{}
		for _, p := range places {
			if d.Uncounted(ctx, p) > mostCounted {
				numbers[p] = unknown
			} else if l, ok := d.Number(ctx, p, true); ok {
				numbers[p] = l
			}
		}
		return numberedMsg{gen, numbers}
	}
}

// mostCounted is how much text is read for nothing but the numbers of lines,
// where no index knows them. Behind it lines have none until somebody asks for one: whoever looks at the
// end of 40 GB does not want all of it read.
const mostCounted = 1 << 30

// unknown is the line of a row that is not going to be counted.
const unknown = reader.Line(-2)

func (m *Model) numbered(msg numberedMsg) {
	m.numbering = false
	for i := range m.rows {
		r := &m.rows[i]
		if l, ok := msg.numbers[r.Place]; ok {
			r.line = l
		} else if m.pick.all() && r.line == -1 && i > 0 && m.rows[i-1].Member == r.Member && m.rows[i-1].line == unknown {
			r.line = unknown
		} else if m.pick.all() && r.line < 0 && i > 0 && m.rows[i-1].Member == r.Member && m.rows[i-1].line >= 0 {
			r.line = m.rows[i-1].line
			if !m.rows[i-1].Unfinished {
				r.line++
			}
		}
	}
	// Of rows that came before the first whose number is known now.
	for i := len(m.rows) - 2; i >= 0 && m.pick.all(); i-- {
		r, next := &m.rows[i], &m.rows[i+1]
		if r.line < 0 && r.Member == next.Member && next.line >= 0 {
			r.line = next.line
			if !r.Unfinished {
				r.line--
			}
		}
	}
}

// preparing says how far the decoding of a file is.
func preparing(p reader.Preparing) string {
	if p.Total <= 0 {
		return "decoding " + p.Path
	}
	return fmt.Sprintf("decoding %s: %d%%", p.Path, 100*min(p.Done, p.Total)/p.Total)
}

// Do does what a key asks for. It reports false if that is not for here.
func (m *Model) Do(a keys.Action) (tea.Cmd, bool) {
	if m.doc == nil {
		return nil, false
	}
	if m.loading {
		switch a {
		case keys.Cancel:
			m.queue = nil
		case keys.Top, keys.Bottom, keys.Follow:
			m.queue = nil // from there on
		default:
			if len(m.queue) < mostQueued {
				m.queue = append(m.queue, a)
			}
			return nil, true
		}
	}
	if a != keys.FiltersOff && a != keys.FilterDrop {
		m.asked = nil
	}
	if m.finding != nil {
		switch a {
		case keys.Next, keys.Previous, keys.NextIn, keys.PrevIn, keys.NextError, keys.PrevError, keys.NextWarn, keys.PrevWarn:
			if len(m.queue) < mostQueued {
				m.queue = append(m.queue, a) // from what is being looked for
			}
			return nil, true
		}
	}
	switch a {
	case keys.Down:
		m.step(1)
	case keys.Up:
		m.step(-1)
	case keys.PageDown:
		m.scroll(m.body())
	case keys.PageUp:
		m.scroll(-m.body())
	case keys.HalfDown:
		m.scroll(m.body() / 2)
	case keys.HalfUp:
		m.scroll(-m.body() / 2)
	case keys.Top:
		m.follow = false
		if m.atStart && !m.loading {
			m.cur, m.top, m.sub = 0, 0, 0
			break
		}
		p := m.doc.Start()
		m.begin()
		return m.load(&p), true
	case keys.Bottom, keys.Follow:
		if a == keys.Follow && m.follow {
			m.follow = false
			return say("following stopped; F or G goes on"), true
		}
		return m.End(), true
	case keys.Left:
		m.left = max(0, m.left-m.width/2)
	case keys.Right:
		if m.wrap {
			return say("lines are wrapped; S cuts them instead"), true
		}
		m.left += m.width / 2
	case keys.Wrap:
		m.wrap = !m.wrap
		m.left = 0
		m.settle()
	case keys.Plain:
		m.plain = !m.plain
		m.settle()
	case keys.Freeze:
		if m.frozen = !m.frozen; m.frozen {
			return say("frozen; = or G goes on"), true
		}
		return m.Grow(), true
	case keys.FilterHit:
		return m.filterFound(false), true
	case keys.FilterMiss:
		return m.filterFound(true), true
	case keys.Next:
		return m.find(true), true
	case keys.Previous:
		return m.find(false), true
	case keys.NextIn:
		return m.another(true), true
	case keys.PrevIn:
		return m.another(false), true
	case keys.NextError:
		return m.seek(pick{levels: "EF"}, true, "error"), true
	case keys.PrevError:
		return m.seek(pick{levels: "EF"}, false, "error"), true
	case keys.NextWarn:
		return m.seek(pick{levels: "W"}, true, "warning"), true
	case keys.PrevWarn:
		return m.seek(pick{levels: "W"}, false, "warning"), true
	case keys.Select:
		if m.anchor != nil {
			m.anchor = nil
		} else if p, ok := m.Place(); ok {
			m.anchor = &p
		}
	case keys.Mark:
		return m.mark(), true
	case keys.NextMark:
		return m.toMark(true), true
	case keys.PrevMark:
		return m.toMark(false), true
	case keys.FiltersOff:
		if len(m.filters) == 0 {
			return say("there are no filters; & makes one"), true
		}
		m.off = !m.off
		return m.refilter(), true
	case keys.FilterDrop:
		if i := m.Last(); i >= 0 {
			m.filters = slices.Delete(slices.Clone(m.filters), i, i+1)
			return m.refilter(), true
		}
		return say("there are no filters; & makes one"), true
	case keys.Cancel:
		return nil, m.escape()
	default:
		return nil, false
	}
	return m.extend(), true
}

// escape ends the first of what can be ended. It reports false if there is
// nothing.
func (m *Model) escape() bool {
	switch {
	case m.finding != nil:
		m.stopFinding()
		m.queue = nil
	case m.anchor != nil:
		m.anchor = nil
	case m.plain:
		m.plain = false
		m.settle()
	case m.matcher != nil:
		m.clearSearch()
	default:
		return false
	}
	return true
}

// End goes to the end and follows it.
func (m *Model) End() tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.follow, m.frozen, m.fresh = true, false, 0
	if m.atEnd && !m.loading {
		m.toEnd()
		return tea.Batch(m.extend(), m.Grow())
	}
	m.begin()
	return m.load(nil)
}

// GoTo shows the line at a place.
func (m *Model) GoTo(p reader.Place) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.follow = false
	m.here, m.hit, m.back = p, -1, false
	for i := range m.rows {
		if m.loading {
			break // they are going to be others
		}
		if r := &m.rows[i]; r.Member == p.Member && r.Offset <= p.Offset && p.Offset < max(r.End, r.Offset+1) {
			m.cur = i
			m.here = r.Place
			m.center()
			m.revealMatch()
			return m.extend()
		}
	}
	m.stopFinding()
	d, gen, findGen, ctx := m.doc, m.gen, m.findGen, m.ctx
	return func() tea.Msg {
		at, err := d.At(ctx, p)
		return foundMsg{gen: gen, findGen: findGen, at: at, ok: err == nil, err: err}
	}
}

// Goto goes where a person typed: a line number of the member they are in,
// or a percentage.
func (m *Model) Goto(text string) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	var n int64
	var share float64
	d, gen, ctx := m.doc, m.gen, m.ctx
	m.stopFinding()
	findGen := m.findGen
	answer := func(p reader.Place, err error) tea.Msg {
		return foundMsg{gen: gen, findGen: findGen, at: p, ok: err == nil, err: err}
	}
	if rest, ok := strings.CutSuffix(text, "%"); ok {
		if _, err := fmt.Sscanf(rest, "%g", &share); err != nil || share < 0 || share > 100 {
			return say("%q is no percentage: 0%% to 100%%", text)
		}
		if share == 100 {
			return m.End()
		}
		m.follow = false
		return func() tea.Msg { return answer(d.AtFraction(ctx, share/100)) }
	}
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 {
		return say("%q is no line number", text)
	}
	m.follow = false
	key := m.tail.Member
	if m.cur < len(m.rows) {
		key = m.rows[m.cur].Member
	}
	m.progress = "counting lines"
	return func() tea.Msg {
		p, err := d.Line(ctx, key, reader.LineNumber(n))
		msg := answer(p, err)
		end := false
		for _, x := range d.Members() {
			end = end || x.Key == p.Member && p.Offset >= x.Text
		}
		if last, ok := d.Number(ctx, p, true); ok && err == nil && end {
			return tea.BatchMsg{func() tea.Msg { return msg }, say("the file has %s lines; this is the last", humanize.Comma(int64(last)))}
		}
		return msg
	}
}

// Place is where the person is, or is being brought; false if nothing is
// shown.
func (m *Model) Place() (reader.Place, bool) {
	if m.loading && m.going != nil {
		return *m.going, true
	}
	if m.cur >= len(m.rows) {
		return reader.Place{}, false
	}
	return m.rows[m.cur].Place, true
}

// Also has what was searched for in all logs shown here, too; nil for nothing.
func (m *Model) Also(mt *match.Matcher) {
	m.also = nil
	if mt != nil {
		m.also = mt.NewScanner()
	}
}

// SetGone says whether the log has no file any more: what was opened of it is
// still shown.
func (m *Model) SetGone(gone bool) { m.gone = gone }

// Following reports whether the end is followed.
func (m *Model) Following() bool { return m.follow }
