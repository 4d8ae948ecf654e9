package tui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/crash"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui/indexer"
	"logview/tui/keys"
	"logview/tui/logs"
	"logview/tui/pager"
	"logview/tui/prompt"
	"logview/tui/results"
	"logview/tui/theme"
)

// A pane has the focus.
type pane int

const (
	paneLogs pane = iota
	panePager
	paneResults
)

// An overlay lies on top of the panes.
type overlay int

const (
	noOverlay overlay = iota
	helpOverlay
	detailsOverlay
	paletteOverlay
)

// A model is the root. Bubble Tea calls its methods, one at a time. It routes
// messages and actions to its parts, and tells these about each other.
type model struct {
	opt    Options
	send   func(tea.Msg)
	keys   keys.Map
	now    func() time.Time
	life   context.Context // canceled when the program ends
	end    context.CancelFunc
	pacing pacing

	logs    *logs.Model
	pager   *pager.Model
	results *results.Model

	listing listing
	opening opening
	typing  typing
	memory  memory
	indexer *indexer.Indexer
	writing *writing // nil if nothing is being written

	width, height int
	th            *theme.Theme
	dark          bool
	panes         panes
	focus         pane
	overlay       overlay
	box           textBox
	palette       palette
	notice        notice
	presses       presses
}

// presses is the history of key presses.
type presses struct {
	count       int       // a result for an earlier key is dropped
	interrupted time.Time // when Ctrl-C was pressed, if that was the last key
}

// add records a key other than Ctrl-C.
func (p *presses) add() { p.count, p.interrupted = p.count+1, time.Time{} }

// interrupt records Ctrl-C. It reports whether it was pressed twice in a row.
func (p *presses) interrupt(now time.Time) (again bool) {
	again = now.Sub(p.interrupted) < 2*time.Second
	p.interrupted = now
	return again
}

// A notice is the last message for the user.
type notice struct {
	said pager.Said
	at   time.Time
}

// noticeFor is how long a notice is shown, unless a key is pressed.
const noticeFor = 6 * time.Second

func (n *notice) set(s pager.Said, now time.Time) { n.said, n.at = s, now }

func (n *notice) clear() { n.said = pager.Said{} }

// expire clears the notice after noticeFor.
func (n *notice) expire(now time.Time) {
	if n.at.Before(now.Add(-noticeFor)) {
		n.clear()
	}
}

func newModel(o Options) (*model, error) {
	km, err := o.Settings.keyMap()
	if err != nil {
		return nil, err
	}
	m := &model{opt: o, keys: km, now: time.Now, memory: memory{state: o.State}, panes: panes{showLogs: true, mouse: o.Settings.Mouse}, send: func(tea.Msg) {}}
	m.dark = o.Settings.Theme != "light"
	m.th = m.currentTheme()
	m.logs, m.pager, m.results, m.typing.prompt = logs.New(m.th), pager.New(m.th, o.Searcher, m.searching()), results.New(m.th), prompt.New(m.th)
	if custom, _ := o.Settings.LineFormats(); len(custom) > 0 {
		m.results.Formats = &line.Formats{Custom: custom}
		m.pager.SetFormats(m.results.Formats)
	}
	m.pager.SetWrap(o.Settings.Wrap)
	m.life, m.end = context.WithCancel(context.Background())
	m.memory.restoreHistory(m.typing.prompt)
	m.setFocus(paneLogs)
	for _, err := range []error{o.Note, m.memory.state.note()} {
		if err != nil {
			m.say(pager.Said{Text: err.Error(), Error: true})
		}
	}
	return m, nil
}

// currentTheme returns the theme to use.
func (m *model) currentTheme() *theme.Theme {
	if os.Getenv("NO_COLOR") != "" {
		return theme.NewPlain()
	}
	return theme.New(m.dark)
}

// close stops everything that was started.
func (m *model) close() {
	_ = m.remember()() // an error cannot be shown any more
	m.indexer.Stop()
	m.end()
	if w := m.writing; w != nil {
		select {
		case <-w.ended: // all lines found so far are in the file
		case <-time.After(2 * time.Second): // the command was never started
		}
	}
	m.pager.Close()
	m.results.Close()
	m.listing.close()
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return guarded(m.begin()) }

func (m *model) begin() tea.Cmd {
	defer crash.Guard()
	cmds := []tea.Cmd{m.tick()}
	if m.opt.Settings.Theme == "auto" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.piped() {
		l := files.Log{Name: reader.Stdin, Members: []reader.Member{{Path: reader.Stdin, Named: true}}}
		return tea.Batch(append(cmds, func() tea.Msg { return listMsg{logs: []files.Log{l}} })...)
	}
	m.listing.open(m.opt.Paths, func(err error) { m.send(pager.Said{Text: err.Error(), Error: true}) })
	m.indexer = indexer.New(m.opt.Index)
	cmds = append(cmds, m.listing.list(m.life), m.listing.wait(m.life))
	if m.opt.Settings.Index && m.indexer != nil {
		cmds = append(cmds, m.indexer.Start())
	}
	return tea.Batch(cmds...)
}

// piped reports whether standard input is shown.
func (m *model) piped() bool { return len(m.opt.Paths) == 1 && m.opt.Paths[0] == reader.Stdin }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	defer crash.Guard()
	cmd := guarded(m.handle(msg))
	m.layout()
	if q, ok := msg.(interface{ Quiet() bool }); ok && q.Quiet() {
		return m, cmd
	}
	switch msg.(type) {
	case tickMsg, feedMsg: // their results need not be visible at once
	case tea.ResumeMsg:
		m.pacing.resume()
		fmt.Print(wheelArrows)
	default:
		m.pacing.wake()
	}
	return m, cmd
}

func (m *model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return nil
	case tea.BackgroundColorMsg:
		m.setBackground(msg.IsDark())
		return nil
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		if m.typing.open() || m.overlay == paletteOverlay {
			return m.promptMsg(msg)
		}
		return nil
	case tea.MouseMsg:
		return m.mouseEvent(msg)
	case pager.Said:
		m.say(msg)
		return nil
	case listMsg:
		return m.handleListed(msg)
	case feedMsg:
		return m.handleChanges(msg)
	case tickMsg:
		return m.handleTick()
	case logs.OpenMsg:
		m.opening.pending = nil // it was for another log
		return m.open(msg.Log, nil, msg.Go)
	case openedMsg:
		return m.handleOpened(msg)
	case kindsMsg:
		return m.handleKinds(msg)
	case unpackedMsg:
		return m.showUnpacked(msg)
	case results.GoMsg:
		if !m.opening.acceptResult(msg.Seq) {
			return nil
		}
		return m.goTo(msg)
	case placeMsg:
		if msg.doc == m.pager.Doc() && msg.going == m.opening.goSeq {
			return m.pager.GoTo(msg.at)
		}
		return nil
	case pager.LookMsg:
		m.listing.look()
		return nil
	case pager.RotatedMsg:
		return m.handleRotated(msg)
	case detailsMsg:
		if msg.pressed == m.presses.count {
			m.box, m.overlay = textBox{details: msg.details}, detailsOverlay
		}
		return nil
	case marksMsg:
		m.showMarks(msg)
		return nil
	case indexer.Msg:
		cmd, err := m.indexer.Update(msg)
		if err != nil {
			m.say(pager.Said{Text: err.Error(), Error: true})
		}
		return cmd
	case markMsg:
		if msg.doc == m.pager.Doc() {
			return m.pager.ToggleMark(msg.at)
		}
		return nil
	case writtenMsg:
		if m.writing == msg.w {
			m.writing = nil
		}
		m.say(msg.said)
		return nil
	case doneMsg:
		m.say(msg.said)
		return nil
	}
	return m.updatePanes(msg)
}

// updatePanes passes a message to the panes whose commands sent it.
func (m *model) updatePanes(msg tea.Msg) tea.Cmd {
	cmd := tea.Batch(m.pager.Update(msg), m.results.Update(msg))
	var broken []string
	for _, x := range m.pager.Members() {
		if x.Damage != nil && !errors.Is(x.Damage, fs.ErrPermission) {
			broken = append(broken, filepath.Base(x.Path))
		}
	}
	if m.pager.Doc() != nil {
		m.logs.SetDamaged(m.pager.Name(), broken)
	}
	return cmd
}

// setBackground sets whether the background of the terminal is dark.
func (m *model) setBackground(dark bool) {
	if m.opt.Settings.Theme != "auto" || dark == m.dark {
		return
	}
	m.dark = dark
	m.th = m.currentTheme()
	m.logs.SetTheme(m.th)
	m.pager.SetTheme(m.th)
	m.results.SetTheme(m.th)
	m.typing.prompt.SetTheme(m.th)
}

// handleTick does what is to be done every second.
func (m *model) handleTick() tea.Cmd {
	m.notice.expire(m.now())
	cmds := []tea.Cmd{m.tick()}
	if m.memory.beginSave(m.now()) {
		save := m.remember()
		cmds = append(cmds, func() tea.Msg {
			_ = save() // errors are shown when a log is opened
			return nil
		})
	}
	if m.piped() {
		cmds = append(cmds, m.pager.Grow())
	}
	return tea.Batch(cmds...)
}

// handleRotated tells the user and the pane that a log was rotated.
func (m *model) handleRotated(msg pager.RotatedMsg) tea.Cmd {
	switch name := filepath.Base(msg.Name); {
	case msg.Name != m.pager.Name():
	case msg.Rotated:
		m.sayf("%s was rotated", name)
	case msg.Cut:
		m.sayf("%s was cut off or replaced, and begins anew", name)
	}
	return m.pager.Rotate(msg)
}

func (m *model) say(s pager.Said) {
	m.notice.set(s, m.now())
}

// sayf shows a message to the user.
func (m *model) sayf(format string, args ...any) {
	m.say(pager.Said{Text: fmt.Sprintf(format, args...)})
}

func (m *model) setFocus(p pane) {
	m.focus = p
	m.memory.visited = m.memory.visited || p == panePager
	m.logs.SetFocus(p == paneLogs)
	m.pager.SetFocus(p == panePager)
	m.results.SetFocus(p == paneResults)
}

// key handles a key: for the prompt, for the overlay, for the whole explorer, or
// for the pane with the focus.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	if key.Matches(k, keys.Interrupt) {
		return m.interrupt()
	}
	m.presses.add()
	m.notice.clear()                     // the user has seen it
	if m.keys.Match(k) == keys.Suspend { // works everywhere
		return suspend
	}
	if m.typing.open() {
		return m.promptMsg(k)
	}
	if m.overlay == paletteOverlay {
		return m.paletteKey(k)
	}
	a := m.keys.Match(k)
	if m.overlay == helpOverlay || m.overlay == detailsOverlay {
		return m.boxKey(a)
	}
	if a == "" {
		if k.Text != "" || k.Mod != 0 {
			near := ""
			if b, ok := m.keys.Near(k); ok {
				near = fmt.Sprintf("; %s: %s", b.Help().Key, b.Help().Desc)
			}
			m.sayf("%s does nothing here%s; %s shows all keys", keys.Show(k.String()), near, m.keys.Get(keys.Help).Help().Key)
		}
		return nil
	}
	if a == keys.FilterNth && m.affectsDisplay(a) {
		n := keys.Digit(k)
		if n < 0 {
			n = 1 // another key was set for it
		}
		return m.pager.Toggle(n - 1)
	}
	if a == keys.Level && m.affectsDisplay(a) {
		n := keys.Digit(k)
		if n < 1 || n > 6 {
			n = 4 // another key was set for it
		}
		return m.pager.SetLevel(n)
	}
	if a == keys.Goto && keys.Digit(k) >= 0 && k.Mod == 0 {
		m.choose(":", m.commands())
		m.palette.digits = true
		return m.paletteKey(k)
	}
	return m.do(a)
}

// interrupt handles Ctrl-C: it cancels the current operation or, if pressed
// twice, quits.
func (m *model) interrupt() tea.Cmd {
	if m.presses.interrupt(m.now()) {
		return tea.Quit
	}
	var cmd tea.Cmd
	switch {
	case m.typing.open():
		m.overlay = noOverlay
		cmd = m.endPrompt(false)
	case m.overlay != noOverlay:
		m.overlay = noOverlay
	default:
		if !m.stopWriting() {
			cmd, _ = m.pager.Do(keys.Cancel)
		}
	}
	m.sayf("Ctrl-C again quits")
	return cmd
}

// do performs an action.
func (m *model) do(a keys.Action) tea.Cmd {
	switch a {
	case keys.Quit:
		return m.quit()
	case keys.Suspend:
		return suspend
	case keys.Help:
		m.box, m.overlay = textBox{}, helpOverlay
		return nil
	case keys.Palette, keys.Goto:
		m.choose(":", m.commands())
		return nil
	case keys.Marks:
		return m.listMarks()
	case keys.NextPane:
		m.nextPane()
		return nil
	case keys.Logs:
		m.toggleLogs()
		return nil
	case keys.Mouse:
		m.panes.mouse = !m.panes.mouse
		m.sayf("mouse %s", onOff(m.panes.mouse, "on: wheel, click, drag the border", "off: the terminal selects"))
		return nil
	case keys.Index:
		return m.toggleIndex()
	case keys.Level: // from the palette, which has no digit
		return m.pager.SetLevel(4)
	case keys.SearchAll, keys.Search, keys.SearchBack, keys.FilterIn, keys.FilterEdit, keys.Write, keys.Pipe, keys.GoTime:
		m.ask(a)
		return nil
	case keys.CopyLine:
		return m.copy()
	case keys.CopyRef:
		return m.copyRef()
	case keys.Edit, keys.Mark:
		switch {
		case m.focus == paneLogs:
			m.showElsewhere(a)
			return nil
		case a == keys.Edit:
			return m.edit()
		case m.focus == paneResults || m.overlay == detailsOverlay:
			return m.mark()
		}
	case keys.Cancel:
		return m.escape()
	}
	return m.doInPane(a)
}

// doInPane performs an action of the pane with the focus, or of the log.
func (m *model) doInPane(a keys.Action) tea.Cmd {
	switch m.focus {
	case paneLogs:
		if cmd, ok := m.logs.Do(a); ok {
			return cmd
		}
	case paneResults:
		if cmd, ok := m.results.Do(a, m.opt.Searcher); ok {
			return cmd
		}
	}
	if m.results.Query() != "" && (a == keys.ContextUp || a == keys.ContextDn ||
		m.focus == panePager && m.pager.Pattern().Text == "" && (a == keys.Next || a == keys.Previous)) {
		cmd, _ := m.results.Do(a, m.opt.Searcher)
		return cmd
	}
	if m.focus != panePager && !m.affectsDisplay(a) {
		m.showElsewhere(a)
		return nil
	}
	if a == keys.Enter && m.pager.Doc() != nil {
		return m.showDetails()
	}
	cmd, ok := m.pager.Do(a)
	if !ok {
		b := m.keys.Get(a)
		m.sayf("%s: not here", b.Help().Desc)
		return nil
	}
	m.sync()
	return cmd
}

// quit closes what is on top, goes from the log to the list, or quits.
func (m *model) quit() tea.Cmd {
	switch w := m.writing; {
	case w != nil && !w.warned && m.results.Query() == "":
		w.warned = true
		m.say(pager.Said{Text: w.path + " is still being written; q again quits, Esc stops writing", Error: true})
	case m.results.Query() != "":
		m.closeResults()
		if m.focus == paneResults {
			m.setFocus(panePager)
		}
	case m.focus == panePager && m.manyLogs() && m.opt.Settings.Keys.Preset != "less":
		m.panes.showLogs = true
		m.setFocus(paneLogs)
	default:
		return tea.Quit
	}
	return nil
}

// toggleLogs shows the logs and gives them the focus, or hides them if there is something else.
func (m *model) toggleLogs() {
	if m.pager.Doc() == nil && m.results.Query() == "" && m.panes.showLogs {
		m.sayf("no log is open")
		return
	}
	m.panes.showLogs = !m.panes.showLogs || m.width < roomForBoth && m.focus != paneLogs
	switch {
	case m.panes.showLogs:
		m.setFocus(paneLogs)
	case m.focus == paneLogs:
		m.setFocus(panePager)
	}
}

// affectsDisplay reports whether an action changes how a visible log is shown,
// rather than acting on a line. It works without the focus.
func (m *model) affectsDisplay(a keys.Action) bool {
	switch a {
	case keys.Wrap, keys.Plain, keys.FiltersOff, keys.FilterNth, keys.Level:
		return m.focus == panePager || m.boxes().pager.h > 0
	}
	return false
}

// sync moves the results to the current place in the log.
func (m *model) sync() {
	if m.results.Query() == "" || m.focus != panePager {
		return
	}
	if p, ok := m.pager.Place(); ok {
		for _, x := range m.pager.Members() {
			if x.Key == p.Member {
				m.results.Sync(x.Path, m.pager.Doc().ID(p.Member), p.Offset)
			}
		}
	}
}

// escape closes or cancels the topmost thing. It never quits.
func (m *model) escape() tea.Cmd {
	if m.stopWriting() {
		return nil
	}
	switch m.focus {
	case paneLogs:
		if cmd, ok := m.logs.Do(keys.Cancel); ok {
			return cmd
		}
		if m.pager.Doc() != nil {
			m.setFocus(panePager)
		}
		return nil
	case paneResults:
		if m.results.Selecting() {
			m.results.EndSelection()
			return nil
		}
		m.closeResults()
		m.setFocus(panePager)
		return nil
	}
	if cmd, ok := m.pager.Do(keys.Cancel); ok {
		return cmd
	}
	if m.results.Query() != "" {
		m.closeResults()
		return nil
	}
	if m.manyLogs() {
		m.panes.showLogs = true
		m.setFocus(paneLogs)
	}
	return nil
}

func (m *model) closeResults() {
	m.results.Close()
	m.pager.HighlightAlso(nil)
}

// manyLogs reports whether there is more than one log.
func (m *model) manyLogs() bool { return m.logs.Len() > 1 }

// toggleIndex starts or stops indexing.
func (m *model) toggleIndex() tea.Cmd {
	switch {
	case m.indexer == nil:
		m.sayf("directories are indexed, where there is a cache; for a file run logview index FILE")
	case m.indexer.Running():
		m.indexer.Stop()
		m.sayf("indexing stopped; searches read what is not indexed")
	default:
		m.sayf("indexing in the background")
		return m.indexer.Start()
	}
	return nil
}

func (m *model) nextPane() {
	order := []pane{}
	if m.manyLogs() {
		order = append(order, paneLogs)
	}
	if m.results.Query() != "" {
		order = append(order, paneResults)
	}
	order = append(order, panePager)
	i := slices.Index(order, m.focus)
	next := order[(i+1)%len(order)]
	if next == paneLogs {
		m.panes.showLogs = true
	}
	m.setFocus(next)
}

func onOff(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
