package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/tui/pager"
	"logview/tui/results"
	"logview/tui/visible"
)

// This is what the root starts, and what comes of it.

type (
	// listMsg is the logs there are.
	listMsg struct {
		logs   []files.Log
		byPath map[string]string
		bad    map[string][]string // files that may not be read, of a log
		errs   []error
	}
	// feedMsg is what happened to files.
	feedMsg struct{ c follow.Changes }
	tickMsg struct{}
	// openedMsg is a document that is ready to be shown.
	openedMsg struct {
		opening int
		log     files.Log
		doc     pager.Log
		at      *document.Place
		focus   bool
		marks   []document.Place
		asked   bool // at is what the person named
		remark  string
		err     error
	}
	// placeMsg is where to go in a document.
	placeMsg struct {
		going int
		doc   pager.Log
		at    document.Place
	}
	// markMsg is a line to be marked.
	markMsg struct {
		doc pager.Log
		at  document.Place
	}
	// writtenMsg says how the writing of a file ended.
	writtenMsg struct {
		w    *writing
		said pager.Said
	}
	// doneMsg says how something ended.
	doneMsg struct{ said pager.Said }
)

// tick comes from time to time: messages go, ages are drawn anew. A pipe is
// looked at, and that more often.
func (m *model) tick() tea.Cmd {
	every := time.Second
	if m.piped() {
		every = 50 * time.Millisecond
	}
	return tea.Tick(every, func(time.Time) tea.Msg { return tickMsg{} })
}

// list asks which logs there are.
func (m *model) list() tea.Cmd {
	if m.listing {
		m.listAgain = true
		return nil
	}
	m.listing = true
	live, ctx := m.live, m.life
	return func() tea.Msg {
		logs, errs, err := live.Logs(ctx)
		if err != nil {
			return nil
		}
		msg := listMsg{logs: logs, byPath: map[string]string{}, bad: map[string][]string{}, errs: errs}
		for _, l := range logs {
			for _, x := range l.Members {
				msg.byPath[x.Path] = l.Name
				if !files.Readable(x) {
					msg.bad[l.Name] = append(msg.bad[l.Name], filepath.Base(x.Path))
				}
			}
		}
		return msg
	}
}

// wait waits until something happens to the files, and a little longer: a
// program that writes line by line makes hundreds of events a second.
func (m *model) wait() tea.Cmd {
	feed, ctx := m.feed, m.life
	return func() tea.Msg {
		c, err := feed.Wait(ctx, nil)
		if err != nil {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
		return feedMsg{c}
	}
}

// list1 takes over the logs there are.
func (m *model) list1(msg listMsg) tea.Cmd {
	m.listing = false
	cmd := tea.Batch(m.listed1(msg), m.lookInto())
	if m.listAgain {
		m.listAgain = false
		cmd = tea.Batch(cmd, m.list())
	}
	return cmd
}

func (m *model) listed1(msg listMsg) tea.Cmd {
	m.last = msg
	msg = m.withArchives(msg)
	m.logs.Set(msg.logs, msg.bad, msg.errs)
	m.byPath = msg.byPath
	first := !m.listed
	m.listed = true
	if !first {
		if l, ok := m.logs.Find(m.pager.Name()); ok && m.pager.Doc() != nil {
			if m.vanished {
				m.vanished = false
				m.sayf("%s is there again", filepath.Base(m.pager.Name()))
			}
			m.pager.SetGone(false)
			return m.pager.Rotated(l)
		} else if m.pager.Doc() != nil && !m.vanished {
			m.vanished = true
			m.pager.SetGone(true)
			m.say(pager.Said{Text: m.pager.Name() + " is gone; what was read of it stays", Error: true})
		}
		return nil
	}
	if s := m.opt.At; s != nil {
		if l, ok := m.logs.Find(m.byPath[s.Path]); ok {
			m.showLogs = false
			if n := len(l.Members); s.Line < 0 && n > 0 && l.Members[n-1].Path != s.Path {
				s = &Start{Path: s.Path} // of a file that is not the newest, its beginning
			}
			if s.Line < 0 {
				s = nil
			}
			return m.open(l, s, true)
		}
		if l, ok := m.archiveOf(s.Path); ok {
			return m.open(l, s, true)
		}
		m.sayf("%s is gone", s.Path)
	}
	if len(msg.logs) == 1 {
		m.showLogs = false
		return m.open(msg.logs[0], nil, true)
	}
	return nil
}

// fed looks at what was written to.
func (m *model) fed(msg feedMsg) tea.Cmd {
	cmds := []tea.Cmd{m.wait()}
	grow, names := msg.c.All || msg.c.Sweep, msg.c.Names
	if len(msg.c.Files) > 0 || msg.c.Names {
		m.results.Stale()
	}
	for path := range msg.c.Files {
		if name, ok := m.byPath[path]; ok {
			if now, ok := m.live.Member(path); ok {
				m.logs.Grown(name, now)
			}
			grow = grow || name == m.pager.Name()
		} else {
			names = true // another file had all of its text so far
		}
	}
	if names {
		cmds = append(cmds, m.list())
	}
	if grow {
		cmds = append(cmds, m.pager.Grow())
	}
	return tea.Batch(cmds...)
}

// source makes a Source of a log for the explorer's own reading.
func (m *model) source(l files.Log) *files.LogSource { return files.NewSource(l, m.reading()) }

// reading is how the explorer itself reads.
func (m *model) reading() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Spare: m.opt.Workers.Go, Wait: true}
}

// searching is how searches read: what they decode is kept if there is a
// worker to spare. Were they to wait for one, they would wait for themselves.
func (m *model) searching() files.Options {
	return files.Options{Cache: m.opt.Cache, Encoding: m.opt.Encoding, Spare: m.opt.Workers.TryGo}
}

// sources are all logs, for a search. They are made when it runs, elsewhere.
func (m *model) sources() func() []reader.Source {
	if d := m.pager.Doc(); m.piped() && d != nil {
		src, _ := d.Searchable(m.searching())
		return func() []reader.Source { return []reader.Source{src} }
	}
	logs, opt := m.logs.Logs(), m.searching()
	return func() []reader.Source {
		var out []reader.Source
		for _, l := range logs {
			if l.Name != reader.Stdin {
				out = append(out, files.NewSource(l, opt))
			}
		}
		return out
	}
}

// open opens a log, where the person was in it last, at its end, or where
// start says.
func (m *model) open(l files.Log, start *Start, focus bool) tea.Cmd {
	if m.pager.Doc() != nil && m.pager.Name() == l.Name && start == nil {
		if focus {
			m.setFocus(panePager)
		}
		m.opening++ // what is on its way is not wanted any more
		m.coming = ""
		return nil
	}
	save := m.remember()
	m.opt.At = nil // it was for the first
	m.opening++
	m.coming = l.Name
	opening := m.opening
	src, options := m.source(l), m.reading()
	send, searcher := m.send, m.opt.Searcher
	var saved LogState
	if m.state != nil && l.Name != reader.Stdin {
		saved = *m.state.log(l.Name) // whose slices and places are only ever replaced
	}
	ctx, state, live := m.life, m.state, m.live
	return func() tea.Msg {
		if err := save(); err != nil {
			send(pager.Said{Text: "what is remembered could not be written: " + err.Error(), Error: true})
		}
		if msg, ok := unpack(ctx, l, options, send); ok {
			msg.opening, msg.start, msg.focus = opening, start, focus
			return msg
		}
		var d *document.Document
		limit := newThrottle(100*time.Millisecond, time.Now())
		opt := document.DocumentOptions{Progress: func(p document.Preparing) {
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

func (m *model) opened(msg openedMsg) tea.Cmd {
	if msg.opening != m.opening {
		return func() tea.Msg { msg.doc.Close(); return nil }
	}
	m.coming, m.vanished = "", false
	if msg.err != nil {
		m.say(pager.Said{Text: msg.err.Error(), Error: true})
	}
	m.pager.SetMarks(msg.marks)
	var filters []pager.Pattern
	off := false
	if m.state != nil && msg.log.Name != reader.Stdin {
		s := m.state.log(msg.log.Name)
		filters, off = s.Filters, s.Off
		s.Used = m.now()
	}
	m.logs.Opened(msg.log.Name)
	if err := m.pager.StartFilters(filters, off); err != nil {
		m.say(pager.Said{Text: err.Error(), Error: true})
	}
	if about := opening(msg, m.pager, m.pending != nil); about != "" {
		m.sayf("%s", about)
	}
	cmd := m.pager.Open(msg.log.Name, msg.doc, msg.at)
	m.visited = m.focus == panePager
	if msg.focus {
		m.setFocus(panePager)
	}
	if g := m.pending; g != nil {
		m.pending = nil
		return tea.Batch(cmd, m.goTo(*g))
	}
	return cmd
}

// opening says in what a log is shown otherwise than at its end and whole: by
// what was remembered of it, or by what was asked for.
func opening(msg openedMsg, p *pager.Model, going bool) string {
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

// goTo shows a result in its log.
func (m *model) goTo(g results.GoMsg) tea.Cmd {
	if m.coming == g.Log {
		m.pending = &g
		return nil
	}
	if m.pager.Doc() == nil || m.pager.Name() != g.Log {
		l, ok := m.logs.Find(g.Log)
		if !ok { // it was found in an archive that is listed as a directory by now
			if l, ok = m.logs.Find(m.byPath[g.Member.Path]); ok {
				g.Log = l.Name
			} else {
				l, ok = m.archiveOf(g.Member.Path)
			}
		}
		if !ok {
			m.sayf("%s is gone", g.Log)
			return nil
		}
		m.pending = &g
		return m.open(l, nil, g.Focus)
	}
	if g.Focus {
		m.setFocus(panePager)
	}
	m.going++
	d, ctx, going := m.pager.Doc(), m.life, m.going
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

// remember keeps what is to be known of the log that is shown, and what was
// typed. What it returns writes it, elsewhere.
func (m *model) remember() (save func() error) {
	if m.state == nil {
		return func() error { return nil }
	}
	typed := map[string][]string{}
	for name, k := range kinds {
		typed[name] = m.prompt.Typed(k)
	}
	d := m.pager.Doc()
	if d == nil || m.pager.Name() == reader.Stdin {
		return m.state.Saving(typed)
	}
	saved := func(p document.Place) (SavedPlace, bool) {
		id := d.ID(p.Member)
		return SavedPlace{id.String(), p.Offset}, !id.IsZero()
	}
	s := m.state.log(m.pager.Name())
	s.Marks = nil
	if m.visited {
		s.Place = nil
	}
	if p, ok := m.pager.Place(); ok && m.visited && !m.pager.Following() {
		if x, ok := saved(p); ok {
			s.Place = &x
		}
	}
	for _, p := range m.pager.Marks() {
		if x, ok := saved(p); ok {
			s.Marks = append(s.Marks, x)
		}
	}
	s.Filters, s.Off = m.pager.Filters()
	return m.state.Saving(typed)
}

// A piping is a command that gets lines while it has the terminal.
type piping struct {
	ctx     context.Context // of the reading
	command string
	lines   taking
	out     io.Writer
	errs    io.Writer
	in      io.Reader

	said pager.Said // how it ended
}

func (p *piping) SetStdin(r io.Reader)  { p.in = r }
func (p *piping) SetStdout(w io.Writer) { p.out = w }
func (p *piping) SetStderr(w io.Writer) { p.errs = w }

// feeding says that the program that has the terminal is fed by us.
var feeding atomic.Bool

// away is how many programs have the terminal in our place.
var away atomic.Int32

// Away reports whether another program has the terminal: then Ctrl-C is for
// that.
func Away() bool { return away.Load() > 0 }

// An awayCommand is a command of which Away knows.
type awayCommand struct{ tea.ExecCommand }

func (c awayCommand) Run() error {
	defer crash.Guard() // when it is over, or the program would wait for itself
	away.Add(1)
	defer away.Add(-1)
	fmt.Print(wheelBefore)
	defer fmt.Print(wheelArrows)
	return c.ExecCommand.Run()
}

// An editor is a command as Bubble Tea runs them.
type editor struct{ *exec.Cmd }

func (e editor) SetStdin(r io.Reader)  { e.Stdin = r }
func (e editor) SetStdout(w io.Writer) { e.Stdout = w }
func (e editor) SetStderr(w io.Writer) { e.Stderr = w }

// Run implements tea.ExecCommand.
func (p *piping) Run() error {
	c := exec.Command("sh", "-c", p.command)
	c.Stdout, c.Stderr = p.out, p.errs
	feeding.Store(true)
	defer feeding.Store(false)
	w, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	var x took
	func() {
		defer func() { // also when that panics: the command has the terminal until it ends
			w.Close()
			err = c.Wait()
		}()
		x = p.lines.run(p.ctx, w, func(took) {})
	}()
	p.said = x.said(p.lines, "piped to "+p.command)
	if p.ctx.Err() != nil {
		return err
	}
	fmt.Fprintf(p.out, "\r\n-- %s; Enter goes back --", visible.String(p.said.Text))
	_, _ = bufio.NewReader(p.in).ReadString('\n')
	return err
}

// pipe gives lines to a command.
func (m *model) pipe(t taking, command string) tea.Cmd {
	if command == "" {
		return nil
	}
	t.begin()
	ctx, stop := context.WithCancel(m.life)
	p := &piping{ctx: ctx, command: command, lines: t}
	return tea.Exec(awayCommand{p}, func(err error) tea.Msg {
		stop()
		if err != nil {
			return doneMsg{pager.Said{Text: command + ": " + err.Error(), Error: true}}
		}
		return doneMsg{p.said}
	})
}
