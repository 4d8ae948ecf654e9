package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/reader/crash"
	"logview/tui/keys"
	"logview/tui/prompt"
	"logview/tui/screen"
	"logview/tui/visible"
)

// A box is the position and size of a pane.
type box struct{ x, y, w, h int }

func (b box) holds(x, y int) bool { return x >= b.x && x < b.x+b.w && y >= b.y && y < b.y+b.h }

// The layout of a wide screen:
//
//	logs        │ results, if all logs were searched
//	            │ the log
//	errors of the text in the prompt
//	the prompt, or the status: a notice or some keys, and background work
//
// On a narrow screen, the pane with the focus has all of it.
type layout struct {
	logs, results, pager box
}

// panes is how the screen is divided.
type panes struct {
	showLogs  bool // next to the log, or instead of it on a narrow screen
	logsWidth int  // set by dragging; 0 for the default
	dragging  bool // the border next to the logs is being dragged
	mouse     bool // handle the mouse instead of the terminal
}

// columns returns the width of the logs on a wide screen.
func (p *panes) columns(width int) int {
	w := p.logsWidth
	if w == 0 {
		w = min(width/3, 50)
	}
	return min(max(w, 15), width-40)
}

// drag moves the border to column x if it is being dragged.
func (p *panes) drag(x int) {
	if p.dragging {
		p.logsWidth = x
	}
}

// roomForBoth is the minimum width of a wide screen.
const roomForBoth = 100

func (m *model) boxes() layout {
	var l layout
	h := max(1, m.height-1-m.typing.prompt.ErrorHeight())
	left := 0
	if m.panes.showLogs && !m.piped() {
		switch {
		case m.pager.Doc() == nil && m.results.Query() == "" && m.width < roomForBoth, m.width < roomForBoth && m.focus == paneLogs:
			l.logs = box{0, 0, m.width, h}
			return l
		case m.width >= roomForBoth:
			w := m.panes.columns(m.width)
			l.logs = box{0, 0, w, h}
			left = w + 1
		}
	}
	top := 0
	if m.results.Query() != "" {
		rows := min(max(h*2/5, 3), max(1, h-3))
		if h < 8 && m.focus == paneResults {
			rows = h
		}
		l.results = box{left, 0, m.width - left, rows}
		top = rows
	}
	l.pager = box{left, top, m.width - left, h - top}
	return l
}

// layout sets the sizes of the panes.
func (m *model) layout() {
	if m.width == 0 {
		return
	}
	m.typing.prompt.SetWidth(m.width)
	m.typing.label(m.pager.Case(), m.width)
	l := m.boxes()
	for _, x := range []struct {
		b   box
		set func(w, h int)
	}{{l.logs, m.logs.SetSize}, {l.results, m.results.SetSize}, {l.pager, m.pager.SetSize}} {
		if x.b.w > 0 && x.b.h > 0 {
			x.set(x.b.w, x.b.h)
		}
	}
}

// View implements tea.Model.
func (m *model) View() tea.View {
	defer crash.Guard()
	v := tea.NewView("")
	v.AltScreen = true
	v.WindowTitle = "logview"
	if name := m.pager.Name(); name != "" {
		v.WindowTitle = "logview " + string(visible.Append(nil, []byte(name), false))
	}
	if m.panes.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.width == 0 || m.height == 0 {
		return v
	}
	if m.width < 20 || m.height < 5 {
		v.SetContent(screen.Fit("too small", m.width))
		return v
	}
	l := m.boxes()
	var right []string
	if l.results.w > 0 && l.results.h > 0 {
		right = append(right, m.results.View())
	}
	if l.pager.w > 0 && l.pager.h > 0 {
		right = append(right, m.pager.View())
	}
	content := strings.Join(right, "\n")
	box := ""
	if m.overlay == helpOverlay || m.overlay == detailsOverlay {
		box = m.boxView()
	}
	if l.logs.w > 0 {
		content = joinPanes(m.logs.View(), content, m.th.Track.Render("│"), l.logs.w < m.width)
	}
	if m.typing.open() {
		m.typing.prompt.SetNote("")
		switch m.typing.prompt.Kind {
		case prompt.Search, prompt.SearchBack:
			if m.typing.prompt.Value() != "" && m.typing.prompt.ErrorHeight() == 0 {
				m.typing.prompt.SetNote(m.matches(m.width >= 100))
			}
		case prompt.Write, prompt.Pipe:
			m.typing.prompt.SetNote(m.typing.wanted.note())
		}
		text, x := m.typing.prompt.View()
		content += "\n" + text
		v.Cursor = tea.NewCursor(min(x, m.width-1), m.height-1)
	} else {
		content += "\n" + m.status()
	}
	switch m.overlay {
	case helpOverlay, detailsOverlay:
		content, _, _ = overAt(content, box, m.width, m.height)
	case paletteOverlay:
		box, x := m.palette.view(m.th, m.width, m.height, m.isGoal(m.palette.in.Value()))
		var left, top int
		content, left, top = overAt(content, box, m.width, m.height)
		v.Cursor = tea.NewCursor(left+x, top+1)
	}
	v.SetContent(content)
	return v
}

// matches describes how many lines match and how many of them filters hide,
// briefly unless words is set.
func (m *model) matches(words bool) string {
	s := m.pager.Count()
	if h := m.pager.Hidden(); h != "" {
		if !words {
			h = strings.TrimSuffix(h, " by filters")
		}
		s += ", " + h
	}
	return s
}

// joinPanes joins two panes line by line.
func joinPanes(left, right, sep string, both bool) string {
	if !both {
		return left
	}
	a, b := strings.Split(left, "\n"), strings.Split(right, "\n")
	for i := range a {
		a[i] += sep
		if i < len(b) {
			a[i] += b[i]
		}
	}
	return strings.Join(a, "\n")
}

// overAt draws a box over the middle of the screen, and returns its position.
func overAt(content, box string, width, height int) (string, int, int) {
	lines, boxed := strings.Split(content, "\n"), strings.Split(box, "\n")
	w := ansi.StringWidth(boxed[0])
	left, top := max(0, (width-w)/2), max(0, (height-len(boxed))/2)
	for i, b := range boxed {
		y := top + i
		if y >= len(lines) {
			break
		}
		before := ansi.Truncate(lines[y], left, "")
		before += strings.Repeat(" ", max(0, left-ansi.StringWidth(before)))
		after := ""
		if ansi.StringWidth(lines[y]) > left+w {
			after = screen.CutLeft(lines[y], left+w, "")
		}
		lines[y] = before + b + after
	}
	return strings.Join(lines, "\n"), left, top
}

// status returns the last row: a notice or some keys, and background work.
func (m *model) status() string {
	right := ""
	if m.notice.said.Text == "" && (m.overlay == helpOverlay || m.overlay == detailsOverlay) {
		shown := m.box.shown
		if len(shown) > m.width/2 {
			shown = ""
		}
		return screen.Fit(m.hints(m.width-len(shown)-2), m.width-len(shown)-1) + m.th.Dim.Render(shown) + " "
	}
	if c := m.pager.Count(); c != "" {
		right = "filtered: " + c
		if p := m.pager.Pattern().Text; p != "" {
			right = visible.String(p) + ": " + m.matches(m.width >= 100)
		}
		if e := m.pager.Effort(); e != "" && m.width >= 110 {
			right += " · " + e
		}
	}
	if s := m.indexer.Status(); s != "" {
		if right != "" {
			right += " · "
		}
		right += s
	}
	right = strings.TrimRight(screen.Fit(right, m.width*2/3), " ")
	if right != "" {
		right = "  " + right
	}
	room := max(0, m.width-ansi.StringWidth(right)-1)
	left := ""
	switch {
	case m.notice.said.Text != "":
		style := m.th.Bold
		if m.notice.said.Error {
			style = m.th.Error
		}
		text := visible.String(strings.ReplaceAll(m.notice.said.Text, "\n", " "))
		if 2*ansi.StringWidth(text) > 3*room { // more than a third would be cut off
			right, room = "", max(0, m.width-1)
		}
		left = style.Render(ansi.Truncate(text, room, "…"))
	case m.writing != nil:
		left = m.th.Bold.Render(ansi.Truncate(visible.String(m.writing.status()), max(0, room-12), "…")) + m.th.Dim.Render("  Esc stops")
	case m.focus == paneLogs && m.logs.About() != "" && m.width >= roomForBoth:
		left = m.th.Dim.Render(ansi.Truncate(m.hints(room)+"  "+visible.String(m.logs.About()), room, "…"))
	default:
		left = m.hints(room)
	}
	return screen.Fit(left, room) + m.th.Dim.Render(right) + " "
}

// hints returns the most useful keys at the moment, as many as fit. Help, or the
// key that closes a box, is always among them.
func (m *model) hints(room int) string {
	var list []keys.Action
	switch {
	case m.overlay == detailsOverlay:
		list = []keys.Action{keys.Down, keys.Up, keys.CopyLine, keys.CopyRef, keys.Cancel}
	case m.overlay == helpOverlay:
		list = []keys.Action{keys.Down, keys.Up, keys.PageDown, keys.Cancel}
	case m.focus == paneLogs:
		list = []keys.Action{keys.Enter, keys.Search, keys.SearchAll, keys.Help, keys.Quit}
	case m.focus == paneResults:
		list = []keys.Action{keys.Enter, keys.ContextUp, keys.NextPane, keys.Help, keys.Quit}
	case m.pager.Pattern().Text != "":
		list = []keys.Action{keys.Next, keys.Previous, keys.FilterIn, keys.Bottom, keys.Help}
	default:
		list = []keys.Action{keys.Search, keys.SearchAll, keys.FilterIn, keys.GoTime}
		if m.manyLogs() {
			list = append(list, keys.Cancel)
		}
		if !m.pager.Following() {
			list = append(list, keys.Bottom)
		}
		list = append(list, keys.Level, keys.Help, keys.Quit)
	}
	short := map[keys.Action]string{keys.Enter: "open", keys.Search: "search", keys.SearchAll: "search all", keys.Help: "help", keys.Quit: "quit",
		keys.Down: "down", keys.Up: "up", keys.PageDown: "page down", keys.CopyLine: "copy", keys.CopyRef: "copy a reference", keys.Cancel: "close",
		keys.ContextUp: "context", keys.NextPane: "next pane", keys.Next: "next", keys.Previous: "previous", keys.FilterIn: "filter", keys.GoTime: "time", keys.Level: "level", keys.Bottom: "end, live"}
	if m.focus == paneLogs {
		short[keys.Search] = "find log"
	} else if m.overlay == noOverlay && m.results.Query() == "" {
		short[keys.Cancel] = "logs"
	}
	var parts []string
	width, kept := 0, 0
	for _, b := range list {
		k := m.keys.Get(b).Keys()
		if len(k) == 0 {
			continue
		}
		if b == keys.Help || b == keys.Cancel {
			kept = len(parts)
		}
		shown := keys.Show(k[0])
		if b == keys.Level && len(k) > 1 {
			shown = "1…6"
		}
		width += 2 + ansi.StringWidth(shown+" "+short[b])
		parts = append(parts, m.th.Key.Render(shown)+" "+m.th.Dim.Render(short[b]))
	}
	for ; width > room && kept > 0; kept-- {
		width -= 2 + ansi.StringWidth(parts[kept-1])
		parts = slices.Delete(parts, kept-1, kept)
	}
	return " " + strings.Join(parts, "  ")
}
