package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/reader/document"
	"logview/reader/line"
	"logview/tui/keys"
	"logview/tui/pager"
	"logview/tui/prompt"
	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// Boxes over the panes: the help, the details of a line, the list of marks.

// details are the details of a line.
type details struct {
	doc     pager.Log
	at      document.Place
	whole   bool // text is not a piece of a longer line
	where   string
	summary string
	text    []byte   // the line, or the current piece of a long line
	json    []byte   // the JSON in it, indented; nil if there is none
	fields  [][]byte // the names and values of its fields, unless there is JSON

	rows  [][]byte // text, fields and json, wrapped to width
	width int
}

type (
	// detailsMsg and marksMsg are dropped if a key was pressed meanwhile.
	detailsMsg struct {
		pressed int
		details
	}
	marksMsg struct {
		pressed int
		list    []markedLine
	}
	markedLine struct {
		at    document.Place
		text  string
		where string
	}
)

// A textBox shows the help or the details of a line over the panes.
type textBox struct {
	details details
	top     int    // first visible line
	shown   string // describes the visible lines, if not all are
}

// scroll performs an action that scrolls. It returns false for other actions.
func (b *textBox) scroll(a keys.Action, height int) bool {
	switch a {
	case keys.Down:
		b.top++
	case keys.Up:
		b.top--
	case keys.PageDown, keys.HalfDown:
		b.top += height / 2
	case keys.PageUp, keys.HalfUp:
		b.top -= height / 2
	case keys.Top:
		b.top = 0
	case keys.Bottom:
		b.top = 1 << 20
	default:
		return false
	}
	b.top = max(0, b.top)
	return true
}

// view returns the visible lines of n.
func (b *textBox) view(n, room, width int, draw func(i int) string) string {
	b.top = max(0, min(b.top, n-room))
	b.shown = ""
	if n > room {
		b.shown = fmt.Sprintf("%d to %d of %d lines", b.top+1, min(n, b.top+room), n)
	}
	var out []string
	for i := b.top; i < min(n, b.top+room); i++ {
		out = append(out, screen.Fit(draw(i), width))
	}
	return strings.Join(out, "\n")
}

// showDetails shows the details of the current line.
func (m *model) showDetails() tea.Cmd {
	p, ok := m.pager.Piece()
	if !ok {
		return nil
	}
	d, ctx, pressed, formats := m.pager.Doc(), m.life, m.presses.count, m.results.Formats
	return func() tea.Msg {
		x := details{doc: d, at: p.Place, whole: !p.Continues && !p.Unfinished, text: p.Text, summary: fmt.Sprintf("%s at byte %s of the text", humanize.IBytes(uint64(len(p.Text))), humanize.Comma(int64(p.Offset)))}
		if len(p.Text) < 1024 {
			x.summary = fmt.Sprintf("%d bytes at byte %s of the text", len(p.Text), humanize.Comma(int64(p.Offset)))
		}
		if p.Continues || p.Unfinished {
			x.summary += ", a part of a longer line"
		}
		x.where = location(ctx, d, p.Place)
		if !p.Continues {
			x.understand(ctx, d, p.Place, p.Text, formats)
		}
		return detailsMsg{pressed, x}
	}
}

// mostFields is the number of fields that the details of a line list.
const mostFields = 200

// understand sets what the line l at a place says: its time and level, and its fields or
// the JSON in it. formats are those of the user.
func (x *details) understand(ctx context.Context, d pager.Log, at document.Place, l []byte, formats *line.Formats) {
	head := make([]byte, line.LearnedFrom)
	n, _ := d.ReadAt(ctx, head, document.Place{Member: at.Member})
	clock := line.Clock{Formats: formats}
	for _, m := range d.Members() {
		if m.Key == at.Member {
			clock.Ref = m.ModTime
		}
	}
	clock.Learn(head[:n])
	var says []string
	if t, ok := clock.Time(l); ok {
		says = append(says, t.Local().Format("Mon 2006-01-02 15:04:05.999999999 -0700"))
	}
	if v := clock.Columns.LevelOf(l); v != line.NoLevel {
		says = append(says, "level: "+v.String())
	}
	x.summary = strings.Join(append(says, x.summary), ", ")
	if x.json = indented(l); x.json != nil {
		return
	}
	var shown line.Shown
	fields := line.Fields{Columns: clock.Columns}
	width := 0
	type field struct{ name, value string }
	var list []field
	fields.Each(shown.Of(l), func(name, value []byte, _ int) bool {
		list = append(list, field{string(name), string(value)})
		width = max(width, len(name))
		return len(list) < mostFields
	})
	for _, f := range list {
		x.fields = append(x.fields, fmt.Appendf(nil, "%-*s  %s", min(width, 24), f.name, f.value))
	}
}

// location returns the file and line of a place, or only the path if too much text
// would have to be read to count lines.
func location(ctx context.Context, d pager.Log, p document.Place) string {
	if d.Uncounted(ctx, p) < 1<<30 {
		if r, err := d.LineOf(ctx, p); err == nil {
			return r.String()
		}
	}
	for _, x := range d.Members() {
		if x.Key == p.Member {
			return x.Path
		}
	}
	return ""
}

const (
	mostJSON   = 64 << 10 // bytes in a line
	deepest    = 50       // nesting
	mostPretty = 1 << 20
)

// indented returns the JSON at the end of a line, indented; nil if there is none
// or it is too large.
func indented(line []byte) []byte {
	i := bytes.IndexByte(line, '{')
	if i < 0 || len(line)-i > mostJSON {
		return nil
	}
	depth, most := 0, 0
	for _, c := range line[i:] { // brackets in strings count, too: this is only a limit
		switch c {
		case '{', '[':
			depth++
			most = max(most, depth)
		case '}', ']':
			depth--
		}
	}
	var b bytes.Buffer
	if most > deepest || json.Indent(&b, bytes.TrimSpace(line[i:]), "", "  ") != nil || b.Len() > mostPretty {
		return nil
	}
	return b.Bytes()
}

// lines returns the number of rows of the details at a width; draw draws one.
func (x *details) lines(width int) int {
	if x.width != width {
		x.rows, x.width = nil, width
		add := func(text []byte) {
			starts := screen.Rows(text, width)
			for i, from := range starts {
				to := len(text)
				if i+1 < len(starts) {
					to = starts[i+1]
				}
				x.rows = append(x.rows, text[from:to])
			}
		}
		add(x.text)
		for i, f := range x.fields {
			if i == 0 {
				add(nil)
			}
			add(f)
		}
		if x.json != nil {
			add(nil)
			for l := range bytes.SplitSeq(x.json, []byte("\n")) {
				add(l)
			}
		}
	}
	return 3 + len(x.rows)
}

func (x *details) draw(th *theme.Theme, i, width int) string {
	switch i {
	case 0:
		return th.Bold.Render(screen.FitLeft(visible.String(x.where), width))
	case 1:
		return th.Dim.Render(screen.Fit(x.summary, width))
	case 2:
		return ""
	}
	var b strings.Builder
	screen.Draw(&b, x.rows[i-3], nil, -1, 0, width, screen.Styles{Text: th.Text, Special: th.Special})
	return b.String()
}

// listMarks lists the marked lines to choose from.
func (m *model) listMarks() tea.Cmd {
	d, ctx, pressed := m.pager.Doc(), m.life, m.presses.count
	if d == nil {
		m.sayf("no log is open")
		return nil
	}
	places := m.pager.Marks()
	if len(places) == 0 {
		m.sayf("there are no marks; %s makes one", m.keys.Get(keys.Mark).Help().Key)
		return nil
	}
	return func() tea.Msg {
		msg := marksMsg{pressed: pressed}
		buf := make([]byte, 512)
		for _, p := range places {
			n, _ := d.ReadAt(ctx, buf, p) // there is no text if the file is gone
			text, _, _ := bytes.Cut(buf[:n], []byte("\n"))
			x := markedLine{at: p, text: visible.String(string(text)), where: visible.String(filepath.Base(location(ctx, d, p)))}
			if !d.Has(p.Member) {
				x.text, x.where = "its file is gone", ""
			}
			msg.list = append(msg.list, x)
		}
		return msg
	}
}

// showMarks shows the list of marks.
func (m *model) showMarks(msg marksMsg) {
	if msg.pressed != m.presses.count {
		return
	}
	var all []choice
	for _, x := range msg.list {
		all = append(all, choice{text: x.text, key: x.where, do: func() tea.Cmd {
			m.setFocus(panePager)
			return m.pager.GoTo(x.at)
		}})
	}
	m.choose("mark: ", all)
}

// boxView draws the help or the details.
func (m *model) boxView() string {
	lines, width := m.helpLines()
	n, draw := len(lines), func(i int) string { return lines[i] }
	if m.overlay == detailsOverlay {
		width = min(m.width-4, 140)
		n, draw = m.box.details.lines(width), func(i int) string { return m.box.details.draw(m.th, i, width) }
	}
	return m.th.Frame.Render(m.box.view(n, max(1, m.height-4), width, draw))
}

// queryHelp is a summary of the query language.
var queryHelp = [][2]string{
	{"timeout reset", "both texts, anywhere, in any case"},
	{"\"two words\"", "the text with its blanks"},
	{"a OR b, (…) c", "one of them; parentheses group"},
	{"-a, NOT a", "not this"},
	{"/re+gexp/", "lines that match a regular expression; /…/i in any case"},
	{"=word", "the whole word"},
	{"file:*.gz", "in files so named"},
	{"level>=warn", "this level or above"},
	{"status>=500", "a field with such a number, duration or size"},
	{"user:bob, a.b:*", "a field with this value; * is any text"},
	{"msg:\"by peer\"", "a field that contains the text"},
	{"time>=14:05", "at this time or later"},
	{"log:app.log", "in the log with this name"},
}

// helpLines returns the lines of the help and their width.
func (m *model) helpLines() ([]string, int) {
	names, groups := m.keys.Groups()
	var lines []string
	add := func(shown, what string) {
		lines = append(lines, fmt.Sprintf("  %s  %s", m.th.Key.Render(screen.Fit(shown, 14)), what))
	}
	if m.typing.prompt.Kind == prompt.SearchAll {
		lines = append(lines, m.th.Bold.Render("the query language: what a line must have"))
		for _, x := range queryHelp {
			add(x[0], x[1])
		}
	}
	for _, n := range names {
		lines = append(lines, m.th.Bold.Render(n))
		for _, b := range groups[n] {
			add(b.Help().Key, b.Help().Desc)
		}
	}
	lines = append(lines, m.th.Bold.Render("while you type"))
	for _, x := range keys.Typing() {
		add(x[0], x[1])
	}
	if m.width < 150 {
		return lines, min(m.width-4, 72)
	}
	// Use two columns if there is room.
	half := (len(lines) + 1) / 2
	for i := range half {
		other := ""
		if i+half < len(lines) {
			other = lines[i+half]
		}
		lines[i] = screen.Fit(lines[i], 70) + screen.Fit(other, 70)
	}
	return lines[:half], 140
}

// boxKey handles an action while the help or the details are shown.
func (m *model) boxKey(a keys.Action) tea.Cmd {
	if m.box.scroll(a, m.height) {
		return nil
	}
	switch a {
	case "", keys.Cancel, keys.Quit, keys.Enter, keys.Help:
		m.overlay = noOverlay
	case keys.CopyLine, keys.CopyRef, keys.Mark, keys.Edit:
		if m.overlay == detailsOverlay { // for the line of the details
			cmd := m.do(a)
			if a == keys.Mark || a == keys.Edit {
				m.overlay = noOverlay
			}
			return cmd
		}
		m.overlay = noOverlay
		return m.do(a)
	default:
		m.overlay = noOverlay
		return m.do(a)
	}
	return nil
}
