// Package results is the pane that lists the lines of all logs that match a
// query, as they are found.
package results

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/line"
	"logview/tui/keys"
	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// A Model is the pane.
type Model struct {
	Formats *line.Formats // of lines, besides those that are known; nil for none

	th            *theme.Theme
	width, height int
	focused       bool

	base    string // start of all paths, which is not shown
	text    string // of the query
	tree    query.Node
	window  index.Window // of time, in which the lines are
	context int
	sources func() []reader.Source
	search  *search
	matcher *match.Matcher
	scan    *match.Scanner
	seen    snapshot
	widest  int   // widest location on the screen, in columns
	stale   bool  // the logs changed after the search
	kept    *item // the item to select when a new search finds it; nil if there is none
	looked  int   // number of items that were compared with kept
	seq     int
	top     int
	cur     int
	anchor  int // the item where the selection starts; -1 if nothing is selected
}

// A Line is the position of a line that was found, or of a line of context, for
// readers of the whole line.
type Line struct {
	Log     string
	Member  reader.Member
	ID      reader.ID // of the text of Member, which may have been renamed
	Offset  reader.Offset
	Context bool // the line does not match; it is near one that does
	Gap     bool // the line before it in the file is not in the list
}

// An item is a line that was found, or a line of context.
type item struct {
	log     string
	member  reader.Member
	id      reader.ID
	line    reader.Line
	offset  reader.Offset
	text    []byte // start of the line, or a part of it if cut is set
	at      int    // offset of the first match, if the line is longer than mostText
	cut     bool   // text starts after the start of the line
	find    bool   // the line is too long to be in memory: its match must be searched for
	context bool
	gap     bool          // the line before it in the file is not in the list
	columns *line.Columns // of the file; nil for none
}

const (
	// mostItems is the maximum number of lines that are kept: with mostText
	// bytes of each, 10 MB. Further matches are only counted.
	mostItems = 20_000
	mostText  = 512
)

// A search is a running or finished search.
type search struct {
	stop context.CancelFunc

	mu      sync.Mutex // guards the following fields
	changed chan struct{}
	items   []item // append-only
	told    bool   // the first items were announced
	snap    snapshot
}

// A snapshot is the state of a search at one time.
type snapshot struct {
	items   []item
	hits    int64
	share   float64
	done    bool
	failed  int
	first   string // error of the first file that failed
	stats   index.Stats
	err     error
	elapsed time.Duration
}

// GoMsg asks the root to show a result's line in its log.
type GoMsg struct {
	Log    string
	Member reader.Member
	ID     reader.ID     // of the text of Member, which may have been renamed
	Offset reader.Offset // of the line, or of its first match if the line is long
	// Find is what to search for from Offset on, if the line was too long to be
	// in memory; otherwise it is nil.
	Find  *match.Matcher
	Focus bool
	Seq   int // increases; messages may arrive out of order
}

type changedMsg struct{ s *search }

// New returns a pane without a query.
func New(th *theme.Theme) *Model { return &Model{th: th, anchor: -1} }

// SetTheme sets the theme.
func (m *Model) SetTheme(th *theme.Theme) { m.th = th }

// SetSize sets the size of the pane.
func (m *Model) SetSize(width, height int) { m.width, m.height = width, height; m.settle() }

// SetFocus sets whether the pane has the focus.
func (m *Model) SetFocus(on bool) { m.focused = on }

// SetBase sets the start of all paths, which is not shown.
func (m *Model) SetBase(dir string) { m.base = dir }

// Matcher returns the matcher of the query, to highlight its matches in the log,
// too; nil if there is no query.
func (m *Model) Matcher() *match.Matcher { return m.matcher }

// MarkStale records that the logs have changed since the search.
func (m *Model) MarkStale() { m.stale = m.search != nil }

// Query returns the text of the query; empty if there is none.
func (m *Model) Query() string { return m.text }

// Tree returns the query as a tree.
func (m *Model) Tree() query.Node { return m.tree }

// Context returns the number of lines that are shown before and after each
// result.
func (m *Model) Context() int { return m.context }

// Found returns the number of matching lines found so far, and whether the
// search is done.
func (m *Model) Found() (n int64, done bool) { return m.seen.hits, m.seen.done }

// Current returns the line with the cursor; false if nothing was found.
func (m *Model) Current() (Line, bool) {
	if m.cur < 0 || m.cur >= len(m.seen.items) {
		return Line{}, false
	}
	return m.seen.items[m.cur].whole(), true
}

// Selecting reports whether lines are selected.
func (m *Model) Selecting() bool { return m.anchor >= 0 }

// EndSelection clears the selection.
func (m *Model) EndSelection() { m.anchor = -1 }

// Selection returns the selected lines in order, or nil if nothing is selected.
func (m *Model) Selection() []Line {
	var out []Line
	for i := range m.seen.items {
		if m.selected(i) {
			out = append(out, m.seen.items[i].whole())
		}
	}
	return out
}

func (m *Model) selected(i int) bool {
	return m.anchor >= 0 && i >= min(m.anchor, m.cur) && i <= max(m.anchor, m.cur)
}

func (x *item) whole() Line { return Line{x.log, x.member, x.id, x.offset, x.context, x.gap} }

// Search starts a search for a query in sources, replacing the previous search.
// sources is called from another goroutine. Search returns an error and changes
// nothing if the query is invalid.
func (m *Model) Search(text string, s index.Searcher, sources func() []reader.Source) (tea.Cmd, error) {
	tree, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	tree, times, err := query.SplitTimes(tree)
	if err != nil {
		return nil, err
	}
	if tree == nil {
		tree = query.Text{} // every line
	}
	window, err := index.Window{}.Narrow(times, time.Now())
	if err != nil {
		return nil, err
	}
	mt, err := match.Compile(tree, match.Options{Formats: m.Formats})
	if err != nil {
		return nil, err
	}
	m.Close()
	m.text, m.tree, m.window, m.matcher, m.scan, m.sources = text, tree, window, mt, mt.NewScanner(), sources
	m.kept = nil
	return m.start(s), nil
}

func (m *Model) start(s index.Searcher) tea.Cmd {
	if m.search != nil {
		m.search.stop()
	}
	m.top, m.cur, m.seen, m.looked, m.stale, m.anchor = 0, 0, snapshot{}, 0, false, -1
	ctx, stop := context.WithCancel(context.Background())
	x := &search{stop: stop, changed: make(chan struct{}, 1)}
	m.search = x
	req := &index.Request{Query: m.tree, Options: match.Options{Formats: m.Formats}, Window: m.window, Before: m.context, After: m.context,
		Failed: func(e *reader.FileError) {
			x.mu.Lock()
			if x.snap.failed++; x.snap.failed == 1 {
				x.snap.first = e.Error()
			}
			x.mu.Unlock()
		},
		Progress: func(p index.Progress) {
			x.mu.Lock()
			x.snap.share = float64(p.Done) / max(float64(p.Total), 1)
			x.mu.Unlock()
			x.notify()
		}}
	sources := m.sources
	crash.Go(func() {
		defer stop()
		req.Sources = sources()
		st, err := s.Search(ctx, req, func(h *index.Hits) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.snap.hits += h.Count
			for _, l := range h.Lines {
				x.add(h, l.Line, l.Offset, h.Text[l.Start:l.End], l.Context)
			}
			if h.Long != nil {
				n := len(x.items)
				x.add(h, h.Long.Line, h.Long.Offset, fmt.Appendf(nil, "a line of %s", humanize.IBytes(uint64(h.Long.Len))), h.Long.Context)
				if len(x.items) > n {
					x.items[n].find = true
				}
			}
			x.notify()
			return nil
		})
		x.mu.Lock()
		x.snap.done, x.snap.stats, x.snap.err, x.snap.elapsed = true, st, err, st.Elapsed
		x.mu.Unlock()
		x.notify()
	})
	return x.wait()
}

func (x *search) add(h *index.Hits, line reader.Line, off reader.Offset, text []byte, context bool) {
	if len(x.items) >= mostItems {
		return
	}
	i := item{log: h.Source.Name(), member: h.Member, id: h.ID, line: line, offset: off, context: context, columns: h.Columns}
	if len(text) > mostText && !context {
		// The match must be visible.
		spans := h.Matches(text, nil)
		if k := slices.IndexFunc(spans, func(sp match.Span) bool { return sp.End > sp.Start }); k >= 0 {
			if i.at = spans[k].Start; i.at > mostText/4 {
				i.cut = true
				text = text[i.at-mostText/8:]
				for len(text) > 0 && !utf8.RuneStart(text[0]) {
					text = text[1:]
				}
			}
		}
	}
	i.text = bytes.Clone(text[:min(len(text), mostText)])
	if n := len(x.items); n > 0 {
		last := &x.items[n-1]
		i.gap = last.member.Path != i.member.Path || last.line+1 != i.line
	}
	x.items = append(x.items, i)
}

func (x *search) notify() {
	select {
	case x.changed <- struct{}{}:
	default:
	}
}

func (x *search) wait() tea.Cmd {
	return func() tea.Msg {
		<-x.changed
		x.mu.Lock()
		done, first := x.snap.done, !x.told
		x.told = x.told || len(x.items) > 0
		x.mu.Unlock()
		if !done && !first {
			time.Sleep(30 * time.Millisecond) // one message for many hits
		}
		return changedMsg{x}
	}
}

// Close stops the search and removes the query.
func (m *Model) Close() {
	if m.search != nil {
		m.search.stop()
	}
	m.search, m.text, m.seen, m.matcher, m.scan, m.kept, m.anchor = nil, "", snapshot{}, nil, nil, nil, -1
}

// Update handles the messages of the pane's commands.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	c, ok := msg.(changedMsg)
	if !ok || c.s != m.search {
		return nil
	}
	c.s.mu.Lock()
	first := len(m.seen.items) == 0 && m.kept == nil
	m.seen = c.s.snap
	m.seen.items = c.s.items[:len(c.s.items):len(c.s.items)]
	c.s.mu.Unlock()
	var cmd tea.Cmd
	if first && len(m.seen.items) > 0 {
		m.cur = 0
		m.skipContext(1)
		cmd = m.show(false)
	}
	for ; m.kept != nil && m.looked < len(m.seen.items); m.looked++ {
		if x := &m.seen.items[m.looked]; x.member.Path == m.kept.member.Path && x.offset == m.kept.offset {
			m.cur, m.kept = m.looked, nil
			m.top = m.cur - m.height/3
		}
	}
	m.settle()
	if m.seen.done {
		m.kept = nil
		return cmd
	}
	return tea.Batch(cmd, c.s.wait())
}

// skipContext moves the cursor in steps of n until it is on a line that matches
// or beyond the list.
func (m *Model) skipContext(n int) {
	for m.cur >= 0 && m.cur < len(m.seen.items) && m.seen.items[m.cur].context {
		m.cur += n
	}
}

// show returns a command that asks for the current line to be shown in its log,
// or nil if there is none.
func (m *Model) show(focus bool) tea.Cmd {
	if m.cur < 0 || m.cur >= len(m.seen.items) {
		return nil
	}
	m.seq++
	i := m.seen.items[m.cur]
	msg := GoMsg{Log: i.log, Member: i.member, ID: i.id, Offset: i.offset + reader.Offset(i.at), Focus: focus, Seq: m.seq}
	if i.find {
		msg.Find = m.matcher
	}
	return func() tea.Msg { return msg }
}

// head returns the number of rows above the results: the title, and the first
// error if there is room.
func (m *Model) head() int {
	if m.seen.failed > 0 && m.height > 3 {
		return 2
	}
	return 1
}

// body returns the number of rows for results.
func (m *Model) body() int { return max(1, m.height-m.head()) }

func (m *Model) settle() {
	m.cur = min(max(m.cur, 0), max(0, len(m.seen.items)-1))
	body := m.body()
	if m.cur < m.top {
		m.top = m.cur
	}
	if m.cur >= m.top+body {
		m.top = m.cur - body + 1
	}
	m.top = max(0, min(m.top, len(m.seen.items)-body))
}

// Do performs an action. It returns false if the action is not the pane's.
func (m *Model) Do(a keys.Action, s index.Searcher) (tea.Cmd, bool) {
	page := m.body()
	n := 0
	switch a {
	case keys.Down, keys.Next:
		n = 1
	case keys.Up, keys.Previous:
		n = -1
	case keys.PageDown:
		n = page
	case keys.PageUp:
		n = -page
	case keys.HalfDown:
		n = page / 2
	case keys.HalfUp:
		n = -page / 2
	case keys.Top:
		n = -m.cur
	case keys.Bottom:
		n = len(m.seen.items)
	case keys.Enter:
		return m.show(true), true
	case keys.Select:
		if m.anchor >= 0 {
			m.anchor = -1
		} else if len(m.seen.items) > 0 {
			m.anchor = m.cur
		}
		return nil, true
	case keys.ContextUp, keys.ContextDn:
		c := m.context + 1
		if a == keys.ContextDn {
			c = m.context - 1
		}
		if c < 0 || c > 20 {
			return nil, true
		}
		m.context = c
		if m.kept == nil && m.cur < len(m.seen.items) {
			kept := m.seen.items[m.cur]
			m.kept = &kept
		}
		return m.start(s), true
	default:
		return nil, false
	}
	m.Move(n)
	return m.show(false), true
}

// Move moves the cursor by n lines, and further to a line that matches.
func (m *Model) Move(n int) {
	before := m.cur
	m.cur = min(max(m.cur+n, 0), max(0, len(m.seen.items)-1))
	way := 1
	if n < 0 {
		way = -1
	}
	m.skipContext(way)
	if m.cur < 0 || m.cur >= len(m.seen.items) {
		m.cur = before
	}
	m.settle()
}

// Sync moves the cursor to the last result at or before an offset of a member.
// The member is recognized by its ID because it may have been renamed since the
// search.
func (m *Model) Sync(path string, id reader.ID, off reader.Offset) {
	best := -1
	for i := range m.seen.items {
		x := &m.seen.items[i]
		// The ID of a short text changes as it grows.
		same := x.id == id || x.member.Path == path && (id.IsZero() || x.id.Len != id.Len)
		if same && !x.context && (x.offset <= off || best < 0) {
			best = i
		}
	}
	if best >= 0 {
		m.cur = best
		m.settle()
	}
}

// Click moves the cursor to the result at a screen row of the pane and shows
// it.
func (m *Model) Click(y int) tea.Cmd {
	y -= m.head()
	if y < 0 || m.top+y >= len(m.seen.items) {
		return nil
	}
	m.cur = m.top + y
	return m.show(false)
}

// Wheel scrolls by n rows.
func (m *Model) Wheel(n int) {
	m.top += n
	body := m.body()
	m.top = max(0, min(m.top, len(m.seen.items)-body))
	m.cur = min(max(m.cur, m.top), m.top+body-1)
	m.settle()
}

// View draws the pane.
func (m *Model) View() string {
	style := m.th.TitleOff
	if m.focused {
		style = m.th.Title
	}
	m.widest = 0
	for i := m.top; i < min(len(m.seen.items), m.top+m.height); i++ {
		m.widest = max(m.widest, ansi.StringWidth(m.location(&m.seen.items[i]))+1)
	}
	lines := []string{style.Render(screen.Fit(" "+visible.String(m.text)+"  "+m.summary(), m.width))}
	if m.head() > 1 {
		s := visible.String(strings.ReplaceAll(m.seen.first, "\n", " "))
		if m.seen.failed > 1 {
			s += fmt.Sprintf(" (and %d more)", m.seen.failed-1)
		}
		lines = append(lines, m.th.Error.Render(screen.Fit(" "+s, m.width)))
	}
	switch {
	case m.seen.err != nil && !errors.Is(m.seen.err, context.Canceled):
		lines = append(lines, m.th.Error.Render(screen.Fit(" "+visible.String(strings.ReplaceAll(m.seen.err.Error(), "\n", " ")), m.width)))
	case m.seen.done && len(m.seen.items) == 0:
		lines = append(lines, m.th.Dim.Render(screen.Fit(" no line matches", m.width)))
	case len(m.seen.items) == 0:
		lines = append(lines, m.th.Dim.Render(screen.Fit(" searching…", m.width)))
	}
	for i := m.top; i < len(m.seen.items) && len(lines) < m.height; i++ {
		lines = append(lines, m.row(i))
	}
	for len(lines) < m.height {
		lines = append(lines, strings.Repeat(" ", m.width))
	}
	return strings.Join(lines[:max(0, m.height)], "\n")
}

// summary describes what the search has found and read so far.
func (m *Model) summary() string {
	s := humanize.Comma(m.seen.hits) + " lines"
	if m.seen.hits == 1 {
		s = "1 line"
	}
	if m.context > 0 {
		s += fmt.Sprintf(", %d around each", m.context)
	}
	switch m.seen.failed {
	case 0:
	case 1:
		s += " · 1 file not readable"
	default:
		s += fmt.Sprintf(" · %s files not readable", humanize.Comma(int64(m.seen.failed)))
	}
	if !m.seen.done {
		return fmt.Sprintf("%s… %.0f%%", s, 100*m.seen.share)
	}
	if m.stale {
		s += ", logs changed since"
	}
	if int64(len(m.seen.items)) < m.seen.hits {
		s += fmt.Sprintf(" (the first %s are listed)", humanize.Comma(int64(len(m.seen.items))))
	}
	st := m.seen.stats
	if st.Blocks > 0 {
		s += fmt.Sprintf(" · %s of %s blocks read", humanize.Comma(st.BlocksRead), humanize.Comma(st.Blocks))
		if st.Unindexed > 0 {
			s += fmt.Sprintf(" · indexed %d%%", 100*(st.Blocks-st.Unindexed)/st.Blocks)
		} else {
			s += " · indexed"
		}
	}
	if st.Skipped > 0 {
		s += fmt.Sprintf(" · %d not text", st.Skipped)
	}
	return s
}

// location returns an item's file and line.
func (m *Model) location(x *item) string {
	path := strings.TrimPrefix(x.member.Path, m.base)
	if x.log == reader.Stdin {
		path = "stdin"
	}
	return visible.String(path) + ":" + strconv.FormatInt(x.line.Number(), 10)
}

func (m *Model) row(i int) string {
	x := &m.seen.items[i]
	where := m.location(x)
	width := min(m.width/3, 30, max(m.widest, 12))
	var b strings.Builder
	name, text := m.th.Number, m.th.Text
	styles := screen.Styles{Text: text, Match: m.th.Match, Special: m.th.Special}
	if x.context {
		styles.Text = m.th.Dim
	}
	if i == m.cur {
		name = m.th.Selected
		styles.Text = m.th.Bold
	}
	if m.selected(i) {
		styles.Text = m.th.Selected
	}
	sep := " "
	if x.gap && m.context > 0 {
		sep = "┌"
	}
	level := x.columns.LevelOf(x.text).Letter()
	b.WriteString(m.th.Level(level).Render(string(level)))
	b.WriteString(name.Render(screen.FitLeft(" "+where, width)))
	b.WriteString(sep)
	var spans []match.Span
	if m.scan != nil && !x.context {
		spans = m.scan.ForColumns(x.columns).Highlights(x.text, nil)
	}
	room := max(1, m.width-width-2)
	skip := 0
	if len(spans) > 0 {
		// The match must be visible.
		if to := screen.Columns(x.text[:spans[0].End], mostText*8); to > room {
			all := screen.Columns(x.text, mostText*8)
			skip = min(to-room/2, all-room+1, screen.Columns(x.text[:spans[0].Start], mostText*8))
		}
	}
	if (x.cut || skip > 0) && room > 1 {
		b.WriteString(m.th.Dim.Render("…"))
		room--
	}
	n := screen.Draw(&b, x.text, spans, -1, skip, room, styles)
	b.WriteString(strings.Repeat(" ", max(0, room-n)))
	return b.String()
}
