// Package pager shows one log, across all its members, as one text: the pane
// that people look at most. It asks a reader.Document for the lines around
// what is shown and for nothing else.
package pager

import (
	"context"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/index/match"
	"logview/reader"
	"logview/reader/crash"
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
	inUse   *sync.RWMutex // is held by who reads doc although another log is shown by then
	name    string
	gen     int // of the document and the pick: what was read for others is dropped
	ctx     context.Context
	cancel  context.CancelFunc
	members []reader.DocMember // as of the last answer
	order   map[reader.MemberKey]int
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
	gap       bool         // a text came between the lines that are shown
	gone      bool         // the log has no file any more
	tail      reader.Place // to where the log is known; a last line without its end is read again
	openAt    reader.Place // where such a line begins that was counted among the new ones
	tailing   bool         // it is being read
	numbering bool         // lines are being counted
	again     bool         // there is more
	fresh     int64        // lines that came while not following
	rate      rate
	now       func() time.Time

	caseMode   Case
	pattern    Pattern
	matcher    *match.Matcher
	scan       *match.Scanner // of matcher, for highlights
	also       *match.Scanner // for highlights while nothing is searched for here
	hits       *verdicts      // of matcher and the filters
	tally      *tally
	found      tallied
	hidden     *tally             // of lines that match and that the filters hide
	behind     tallied            // the same, as it was when it was last looked at
	levels     *levels            // of doc
	missing    bool               // nothing was found, and whether filters hide it is not known yet
	counted    reader.Place       // the log's end, as far as matches are counted
	sure       reader.Place       // the log's end when the tally began
	fresher    counts             // matches that came since
	freshMarks marks              // and where they lie
	openHit    bool               // and whether the last line, which has no end, is one
	partial    bool               // and some that were not counted
	rotating   *reader.Document   // whose members are being looked at
	rotated    *reader.Log        // to be looked at next
	finding    context.CancelFunc // of what n looks for
	findGen    int
	retry      *reader.Place // where it was to be when the log turned out to be cut off
	asked      *reader.Place // where the person wants to be, as soon as it is loaded
	upward     bool          // it is searched for backwards
	here       reader.Place  // of the row that n came to
	hit        int           // where in it the match begins; -1 before that was looked for
	back       bool          // it was come to from behind

	filters []Pattern
	last    int  // of them, what was made or switched last
	off     bool // all filters
	pick    pick
	marks   map[reader.Place]bool
}

// tallied is a tally as it was when it was last looked at.
type tallied struct {
	count  counts
	capped bool
	missed bool
	marks  marks
	done   bool
	share  float64
	read   index.Stats
	err    error
}

// New makes an empty pane. s answers searches, of sources opened with opt.
func New(th *theme.Theme, s index.Searcher, opt reader.Options) *Model {
	return &Model{th: th, searcher: s, searching: opt, wrap: true, now: time.Now, marks: map[reader.Place]bool{}, hits: newVerdicts()}
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

// setMembers takes over which members there are.
func (m *Model) setMembers(list []reader.DocMember) {
	m.members, m.order = list, map[reader.MemberKey]int{}
	for i, x := range list {
		m.order[x.Key] = i
	}
}

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
		open     bool // the last line begins at tail, and has no end yet
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
		matcher *match.Matcher
		hits    counts         // lines that match it, but for the last without an end
		where   []reader.Place // about where they lie
		openHit bool           // and whether that does
		again   bool           // the first of them begins where the last line began, which had no end
		skipped bool           // more came than is kept
		cut     bool           // nothing was read: the newest member is another
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
		what         string // a level is looked for: this
		sampled      int    // lines that were looked at, and have no level
		all          bool   // and those are all
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
	m.doc, m.name, m.inUse = d, name, new(sync.RWMutex)
	m.levels = new(levels)
	m.fresh, m.rate = 0, rate{}
	m.tail, m.openAt = reader.Place{}, reader.Place{} // the tally begins when that is known
	m.err = nil
	m.anchor, m.asked = nil, nil
	m.frozen, m.gone = false, false
	m.follow = at == nil
	m.begin()
	m.hits = newVerdicts()
	return m.load(at)
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
		d, inUse := m.doc, m.inUse
		crash.Go(func() {
			inUse.Lock()
			_ = d.Close() // it may wait for a file that is being decoded
		})
	}
	m.doc, m.rows, m.queue = nil, nil, nil
	m.setMembers(nil)
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

// preparing says how far the decoding of a file is.
func preparing(p reader.Preparing) string {
	if p.Total <= 0 {
		return "decoding " + p.Path
	}
	return fmt.Sprintf("decoding %s: %d%%", p.Path, 100*min(p.Done, p.Total)/p.Total)
}
