package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/pager"
	"logview/tui/results"
)

// An opening is the log that is being opened, and where to go in it. There is
// only one at a time: the results of earlier ones are dropped.
type opening struct {
	seq      int            // counts openings
	name     string         // of the log; empty if none is being opened
	pending  *results.GoMsg // the result to go to once the log is open; may be nil
	vanished bool           // the user was told that the open log is gone

	goSeq  int // counts requests to go to a result
	lastGo int // sequence number of the last result
}

// begin starts an opening and returns its number.
func (o *opening) begin(name string) int {
	o.seq++
	o.name = name
	return o.seq
}

// cancel cancels the opening.
func (o *opening) cancel() { o.begin("") }

// finish ends the opening.
func (o *opening) finish() { o.name, o.vanished = "", false }

// acceptResult records a result by its sequence number. It returns false if it is
// older than the last one.
func (o *opening) acceptResult(seq int) bool {
	if seq < o.lastGo {
		return false
	}
	o.lastGo = seq
	return true
}

type (
	// openedMsg is a log that is ready to be shown.
	openedMsg struct {
		opening int
		log     files.Log
		doc     pager.Log
		at      *document.Place
		focus   bool
		marks   []document.Place
		asked   bool // at was named on the command line
		remark  string
		err     error
	}
	// placeMsg is a place to go to in a log.
	placeMsg struct {
		going int
		doc   pager.Log
		at    document.Place
	}
)

// open opens a log at start or, if that is nil, where the user was last, or at
// its end.
func (m *model) open(l files.Log, start *Start, focus bool) tea.Cmd {
	if m.pager.Doc() != nil && m.pager.Name() == l.Name && start == nil {
		if focus {
			m.setFocus(panePager)
		}
		m.opening.cancel()
		return nil
	}
	save := m.remember()
	m.opt.At = nil // it applies to the first log only
	opening := m.opening.begin(l.Name)
	src, options := m.source(l), m.reading()
	send, searcher, formats := m.send, m.opt.Searcher, m.results.Formats
	saved := m.memory.saved(l.Name)
	ctx, state, live := m.life, m.memory.state, m.listing.live
	return func() tea.Msg {
		if err := save(); err != nil {
			send(pager.Said{Text: "marks and places could not be saved: " + err.Error(), Error: true})
		}
		if msg, ok := unpack(ctx, l, options, send); ok {
			msg.opening, msg.start, msg.focus = opening, start, focus
			return msg
		}
		var d *document.Document
		limit := newThrottle(100*time.Millisecond, time.Now())
		opt := document.DocumentOptions{Formats: formats, Progress: func(p document.Preparing) {
			if limit.allow(time.Now()) {
				go send(pager.PreparingMsg{Doc: d, P: p}) // the decoder must not wait for the explorer
			}
		}}
		if x, ok := searcher.(index.Indexed); ok {
			opt.Table = x.Table
		}
		if live != nil {
			opt.Decided = live.Look
		}
		d = document.NewDocument(src, opt)
		msg := openedMsg{opening: opening, log: l, doc: d, focus: focus}
		resolve := func(s SavedPlace) (document.Place, bool) {
			id, err := files.ParseID(s.ID)
			if err != nil {
				return document.Place{}, false
			}
			key, ok := d.Find(ctx, id)
			if !ok {
				return document.Place{}, false
			}
			p, err := d.At(ctx, document.Place{Member: key, Offset: s.Offset})
			return p, err == nil
		}
		var shown []SavedPlace
		for _, s := range saved.Marks {
			if p, ok := resolve(s); ok {
				msg.marks, shown = append(msg.marks, p), append(shown, s)
			}
		}
		if state != nil {
			state.SetMarks(l.Name, shown)
		}
		if start != nil {
			key, ok := d.Key(reader.Member{Path: start.Path})
			if !ok {
				msg.err = reader.ErrGone
				return msg
			}
			p, remark, err := pager.LinePlace(ctx, d, key, start.Line)
			msg.at, msg.remark, msg.err, msg.asked = &p, remark, err, true
			return msg
		}
		if saved.Place != nil {
			if p, ok := resolve(*saved.Place); ok {
				msg.at = &p
			}
		}
		return msg
	}
}

func (m *model) handleOpened(msg openedMsg) tea.Cmd {
	if msg.opening != m.opening.seq {
		return func() tea.Msg { msg.doc.Close(); return nil }
	}
	m.opening.finish()
	if msg.err != nil {
		m.say(pager.Said{Text: msg.err.Error(), Error: true})
	}
	m.pager.SetMarks(msg.marks)
	saved := m.memory.recordUse(msg.log.Name, m.now())
	m.logs.SetOpen(msg.log.Name)
	if err := m.pager.StartFilters(saved.Filters, saved.Off); err != nil {
		m.say(pager.Said{Text: err.Error(), Error: true})
	}
	if about := openedHow(msg, m.pager, m.opening.pending != nil); about != "" {
		m.sayf("%s", about)
	}
	cmd := m.pager.Open(msg.log.Name, msg.doc, msg.at)
	m.memory.visited = m.focus == panePager
	if msg.focus {
		m.setFocus(panePager)
	}
	if g := m.opening.pending; g != nil {
		m.opening.pending = nil
		return tea.Batch(cmd, m.goTo(*g))
	}
	return cmd
}

// openedHow tells the user why a log is not shown at its end or not completely.
func openedHow(msg openedMsg, p *pager.Model, going bool) string {
	var parts []string
	switch {
	case msg.remark != "":
		parts = append(parts, msg.remark)
	case msg.at != nil && !msg.asked && !going:
		parts = append(parts, "where you were; G goes to the end")
	}
	if list, off := p.Filters(); len(list) > 0 {
		if off {
			parts = append(parts, "its filters are off; \\ switches them on")
		} else {
			parts = append(parts, "its filters are on; \\ switches them off")
		}
	}
	return strings.Join(parts, " · ")
}

// goTo goes to a result, and opens its log first if necessary.
func (m *model) goTo(g results.GoMsg) tea.Cmd {
	if m.opening.name == g.Log {
		m.opening.pending = &g
		return nil
	}
	if m.pager.Doc() == nil || m.pager.Name() != g.Log {
		l, ok := m.logs.Find(g.Log)
		if !ok { // it was found in an archive that has been opened since
			if l, ok = m.logs.Find(m.listing.byPath[g.Member.Path]); ok {
				g.Log = l.Name
			} else {
				l, ok = m.archiveOf(g.Member.Path)
			}
		}
		if !ok {
			m.sayf("%s is gone", g.Log)
			return nil
		}
		m.opening.pending = &g
		return m.open(l, nil, g.Focus)
	}
	if g.Focus {
		m.setFocus(panePager)
	}
	m.opening.goSeq++
	d, ctx, going := m.pager.Doc(), m.life, m.opening.goSeq
	return func() tea.Msg {
		var err error
		key, ok := d.Locate(ctx, g.Member, g.ID)
		if !ok {
			return doneMsg{pager.Said{Text: g.Member.Path + " is gone, or was rotated; search again", Error: true}}
		}
		p := document.Place{Member: key, Offset: g.Offset}
		if g.Find != nil {
			p, err = pager.First(ctx, d, g.Find, p)
		} else {
			p, err = d.At(ctx, p)
		}
		if err != nil {
			return doneMsg{pager.Said{Text: err.Error(), Error: true}}
		}
		return placeMsg{going, d, p}
	}
}
