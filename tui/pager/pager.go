// Package pager is the pane that shows one log, with all its members, as one
// text. It reads only the lines around what is visible.
//
//	window, growth   the rows of a Text around the screen   window.go growth.go
//	view             scroll position, cursor, layout        view.go scroll.go
//	painter          drawing rows                           draw.go
//	highlighter      matches in rows                        highlight.go
//	finder           pattern and current match              finder.go rowsearch.go
//	counter, tally   number and places of matches           counter.go count.go
//	filters          patterns that lines must match         filter.go
//	bookmarks        marked lines                           bookmarks.go
//
// Only Model knows all of them. It routes actions and messages.
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
	"logview/reader/line"
	"logview/tui/keys"
	"logview/tui/theme"
)

// A Model is the pane. Its methods are called from Update and View only; slow
// work is returned as commands. Messages carry the generation in which their
// command was created and are dropped if it is over.
type Model struct {
	searcher  index.Searcher
	searching files.Options // for the sources it searches
	now       func() time.Time

	doc     Log           // nil if nothing is shown
	inUse   *sync.RWMutex // read-locked by commands that may read doc after another log was opened
	name    string        // of the log
	rotated rotation

	win       window
	find      finder
	count     counter
	filters   filters
	bookmarks bookmarks
	view      view
	paint     painter

	queue    []keys.Action   // actions that wait for rows or a search
	asked    *document.Place // where the user wants to go, until it is loaded
	retry    *document.Place // what to load again after the log was truncated
	progress string          // describes a slow operation

	frozen bool  // do not show new lines
	gone   bool  // the log has no files any more
	fresh  int64 // number of new lines since following stopped
	rate   rate
}

// rotation is the state of updating the members of the log.
type rotation struct {
	updating bool       // an update is in progress
	next     *files.Log // the update to make afterwards; may be nil
}

// New returns an empty pane that searches with s, in sources opened with opt.
func New(th *theme.Theme, s index.Searcher, opt files.Options) *Model {
	m := &Model{searcher: s, searching: opt, now: time.Now, find: newFinder()}
	m.view = view{win: &m.win, find: &m.find, filters: &m.filters, marks: highlighter{&m.win, &m.find}, wrap: true}
	m.paint = painter{view: &m.view, bookmarks: &m.bookmarks, th: th}
	return m
}

// SetFormats sets the formats of lines that the user described; nil for none.
func (m *Model) SetFormats(f *line.Formats) {
	m.find.setFormats(f)
	m.filters.setFormats(f)
}

// SetTheme sets the theme.
func (m *Model) SetTheme(th *theme.Theme) { m.paint.setTheme(th) }

// SetSize sets the size of the pane.
func (m *Model) SetSize(width, height int) { m.view.setSize(width, height) }

// SetFocus sets whether the pane has the focus.
func (m *Model) SetFocus(on bool) { m.paint.setFocus(on) }

// SetWrap sets whether long lines are wrapped.
func (m *Model) SetWrap(on bool) { m.view.setWrap(on) }

// Members returns the members of the log.
func (m *Model) Members() []document.DocMember { return m.win.members.list }

// Doc returns the log that is shown, or nil.
func (m *Model) Doc() Log { return m.doc }

// Name returns the name of the log.
func (m *Model) Name() string { return m.name }

// Messages of this package, in addition to those of the window.
type (
	// grownMsg holds the text that was appended.
	grownMsg struct {
		appended
		fresh *freshCount
	}
	tallyMsg struct {
		t *tally
	}
	// foundMsg is the result of a search.
	foundMsg struct {
		gen     int // of the finder
		at      document.Place
		ok      bool
		back    bool   // searched backwards
		line    bool   // searched in one line only
		earlier bool   // it is to be before the current line
		what    string // the level that was searched for; empty for a pattern
		sampled int    // number of sampled lines, none of which has a level
		all     bool   // these are all lines
		text    string // describes the progress
		next    tea.Cmd
		err     error
	}
)

// PreparingMsg reports the progress of decoding a file. The creator of the Log
// sends it.
type PreparingMsg struct {
	Doc Log
	P   document.Preparing
}

// Quiet reports whether there is nothing to show.
func (g grownMsg) Quiet() bool { return g.quiet() }

// Said is a message for the user, which the root shows.
type Said struct {
	Text  string
	Error bool
}

func say(format string, args ...any) tea.Cmd {
	return func() tea.Msg { return Said{Text: fmt.Sprintf(format, args...)} }
}

// Open shows a log at a place, or at its end if at is nil. The pane owns the
// log and closes the previous one.
func (m *Model) Open(name string, d Log, at *document.Place) tea.Cmd {
	m.CloseInBackground()
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

// Close closes the log before it returns, when the program ends.
func (m *Model) Close() {
	d := m.doc
	m.doc = nil
	m.CloseInBackground()
	if d != nil {
		_ = d.Close()
	}
}

// CloseInBackground closes the log in the background, once no command reads it.
func (m *Model) CloseInBackground() {
	m.win.close()
	m.find.drop()
	m.count.stop()
	if m.doc != nil {
		d, inUse := m.doc, m.inUse
		crash.Go(func() {
			inUse.Lock()
			_ = d.Close() // it may wait for decoding
		})
	}
	m.doc, m.queue = nil, nil
	m.rotated = rotation{}
}

// restart cancels reading and searching.
func (m *Model) restart() {
	m.win.restart()
	m.find.drop()
	m.progress = ""
}

// Update handles the messages of the pane's commands. The root passes it all
// messages that are not its own.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.handleLoaded(msg)
	case moreMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.handleMore(msg)
	case grownMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		return m.handleGrown(msg)
	case numberedMsg:
		if msg.gen != m.win.gen {
			return nil
		}
		m.win.setNumbers(msg)
	case tallyMsg:
		return m.handleTally(msg)
	case foundMsg:
		if msg.gen != m.find.gen {
			return nil
		}
		return m.handleFound(msg)
	case PreparingMsg:
		if msg.Doc == m.doc && (m.win.busy() || m.find.running()) {
			m.progress = preparing(msg.P)
		}
	}
	return nil
}

// Place returns the current place, or the one that is being loaded; false if
// nothing is shown.
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

// SetGone sets whether the log has no files any more. Its text is still shown.
func (m *Model) SetGone(gone bool) { m.gone = gone }

// Following reports whether the end is followed.
func (m *Model) Following() bool { return m.view.follow }

// preparing describes the progress of decoding a file.
func preparing(p document.Preparing) string {
	if p.Total <= 0 {
		return "decoding " + p.Path
	}
	return fmt.Sprintf("decoding %s: %d%%", p.Path, 100*min(p.Done, p.Total)/p.Total)
}
