// Package pager shows one log, across all its members, as one text: the pane
// that people look at most. It asks a document.Document for the lines around
// what is shown and for nothing else.
package pager

import (
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/reader/crash"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/keys"
	"logview/tui/theme"
)

// A Model is the pane. Its methods are called from Update and View alone;
// what takes time it returns as commands. Their answers carry the generation
// they were asked under, and are dropped when that is over.
type Model struct {
	searcher  index.Searcher
	searching files.Options // how it reads
	now       func() time.Time

	doc     Log           // nil if nothing is shown
	inUse   *sync.RWMutex // held while doc is read in commands that may outlive it
	name    string        // of the log
	rotated rotation

	win       window
	find      finder
	count     counter
	filters   filters
	bookmarks bookmarks
	view      view

	queue    []keys.Action   // keys that wait for rows
	asked    *document.Place // where the person wants to be, as soon as it is loaded
	retry    *document.Place // where they were to be when the log turned out to be cut off
	progress string          // of what takes long

	frozen bool  // nothing new is taken in
	gone   bool  // the log has no file any more
	fresh  int64 // lines that came while the end was not followed
	rate   rate
}

// rotation is what a log is found to consist of now.
type rotation struct {
	updating bool       // the log takes it over
	next     *files.Log // what it consists of since
}

// New makes an empty pane. s answers searches, of sources opened with opt.
func New(th *theme.Theme, s index.Searcher, opt files.Options) *Model {
	m := &Model{searcher: s, searching: opt, now: time.Now, find: newFinder()}
	m.view = view{win: &m.win, find: &m.find, filters: &m.filters, bookmarks: &m.bookmarks, th: th, wrap: true}
	return m
}

// SetTheme changes how it looks.
func (m *Model) SetTheme(th *theme.Theme) { m.view.setTheme(th) }

// SetSize says how much room there is.
func (m *Model) SetSize(width, height int) { m.view.setSize(width, height) }

// SetFocus says whether keys go here.
func (m *Model) SetFocus(on bool) { m.view.setFocus(on) }

// SetWrap says whether long lines are wrapped.
func (m *Model) SetWrap(on bool) { m.view.setWrap(on) }

// Members are the members of the log, as of the last answer.
func (m *Model) Members() []document.DocMember { return m.win.members.list }

// Doc is what is shown; nil if nothing is.
func (m *Model) Doc() Log { return m.doc }

// Name is the log's.
func (m *Model) Name() string { return m.name }

// Messages of this package. All go back to the pane whose command they are of.
type (
	// grownMsg is what the text has got.
	grownMsg struct {
		news
		fresh *freshCount
	}
	tallyMsg struct {
		t *tally
	}
	// foundMsg is where n came to.
	foundMsg struct {
		gen     int // of the finder
		at      document.Place
		ok      bool
		back    bool   // looked for backwards
		line    bool   // and in one line alone
		what    string // a level is looked for: this
		sampled int    // lines that were looked at, and have no level
		all     bool   // and those are all
		text    string // how far it is
		next    tea.Cmd
		err     error
	}
)

// PreparingMsg says how far the decoding of a file of a document is. Who
// makes the Document has it sent from there.
type PreparingMsg struct {
	Doc Log
	P   document.Preparing
}

// Quiet reports whether nothing came.
func (g grownMsg) Quiet() bool { return g.quiet() }

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
func (m *Model) Open(name string, d Log, at *document.Place) tea.Cmd {
	m.Shut()
	m.doc, m.name, m.inUse = d, name, new(sync.RWMutex)
	m.fresh, m.rate = 0, rate{}
	m.asked = nil
	m.view.endSelection()
	m.frozen, m.gone = false, false
	m.view.setFollow(at == nil)
	m.progress = ""
	m.find.open()
	m.win.open(d, m.filters.pick)
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
	m.win.close()
	m.find.drop()
	m.count.stop()
	if m.doc != nil {
		d, inUse := m.doc, m.inUse
		crash.Go(func() {
			inUse.Lock()
			_ = d.Close() // it may wait for a file that is being decoded
		})
	}
	m.doc, m.queue = nil, nil
	m.rotated = rotation{}
}

// restart gives up what is being read and looked for.
func (m *Model) restart() {
	m.win.restart()
	m.find.drop()
	m.progress = ""
}

// Update takes the answers to the pane's own commands. The root gives it all
// messages that are not its own.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.loaded(msg)
	case moreMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.more(msg)
	case grownMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.grown(msg)
	case numberedMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		m.win.numbered(msg)
	case tallyMsg:
		return m.counted(msg)
	case foundMsg:
		if msg.gen != m.find.gen {
			return nil
		}
		return m.arrived(msg)
	case PreparingMsg:
		if msg.Doc == m.doc && (m.win.busy() || m.find.running()) {
			m.progress = preparing(msg.P)
		}
	}
	return nil
}

// Place is where the person is, or is being brought; false if nothing is
// shown.
func (m *Model) Place() (document.Place, bool) {
	if m.win.loading && m.win.target != nil {
		return *m.win.target, true
	}
	r := m.view.current()
	if r == nil {
		return document.Place{}, false
	}
	return r.Place, true
}

// SetGone says whether the log has no file any more: what was opened of it is
// still shown.
func (m *Model) SetGone(gone bool) { m.gone = gone }

// Following reports whether the end is followed.
func (m *Model) Following() bool { return m.view.follow }

// preparing says how far the decoding of a file is.
func preparing(p document.Preparing) string {
	if p.Total <= 0 {
		return "decoding " + p.Path
	}
	return fmt.Sprintf("decoding %s: %d%%", p.Path, 100*min(p.Done, p.Total)/p.Total)
}
