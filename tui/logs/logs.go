// Package logs is the pane that lists all logs as a tree of directories.
package logs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"github.com/sahilm/fuzzy"

	"logview/reader"
	"logview/reader/files"
	"logview/tui/keys"
	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// A Model is the pane.
type Model struct {
	th            *theme.Theme
	width, height int
	focused       bool
	now           func() time.Time

	logs   []files.Log // sorted by name
	known  bool        // all logs are listed
	closed map[string]bool
	filter string
	rows   []row
	top    int
	cur    int
	open   string               // name of the log that is shown
	grown  map[string]time.Time // times at which logs were last written to
	bad    map[string][]string  // files of each log that may not be read
	broken map[string][]string  // files of each log that turned out to be damaged
	binary map[string]bool      // logs that are not text
	errs   []error
}

// A row is a directory or a log.
type row struct {
	depth int
	dir   string // path with a separator at its end; empty for a log
	name  string
	log   int
}

// OpenMsg asks the root to show a log.
type OpenMsg struct {
	Log files.Log
	Go  bool // move the focus to the log
}

// New returns a pane without logs.
func New(th *theme.Theme) *Model {
	return &Model{th: th, closed: map[string]bool{}, broken: map[string][]string{}, grown: map[string]time.Time{}, now: time.Now}
}

// SetClock sets the clock, for tests.
func (m *Model) SetClock(now func() time.Time) { m.now = now }

// SetTheme sets the theme.
func (m *Model) SetTheme(th *theme.Theme) { m.th = th }

// SetSize sets the size of the pane.
func (m *Model) SetSize(width, height int) { m.width, m.height = width, height; m.settle() }

// SetFocus sets whether the pane has the focus.
func (m *Model) SetFocus(on bool) { m.focused = on }

// Set sets the list of all logs, sorted by name, the files of each log that may
// not be read, and the errors of listing. The pane may change the elements of
// logs later.
func (m *Model) Set(logs []files.Log, bad map[string][]string, errs []error) {
	var at row
	if m.cur < len(m.rows) {
		at = m.rows[m.cur]
		if at.dir == "" {
			at.name = m.logs[at.log].Name
		}
	}
	m.logs, m.bad, m.errs, m.known = logs, bad, errs, true
	m.layout()
	for i, r := range m.rows {
		if r.dir == at.dir && (r.dir != "" || m.logs[r.log].Name == at.name) {
			m.cur = i
		}
	}
	m.settle()
}

// Base returns the directory that contains all logs.
func (m *Model) Base() string { return common(m.logs) }

// Logs returns a copy of the list of logs.
func (m *Model) Logs() []files.Log { return slices.Clone(m.logs) }

// Len returns the number of logs.
func (m *Model) Len() int { return len(m.logs) }

// Find returns the log with a name.
func (m *Model) Find(name string) (files.Log, bool) {
	i, ok := m.index(name)
	if !ok {
		return files.Log{}, false
	}
	return m.logs[i], true
}

// Current returns the log that the cursor is on; false if it is not on a log.
func (m *Model) Current() (files.Log, bool) {
	if m.cur >= len(m.rows) || m.rows[m.cur].dir != "" {
		return files.Log{}, false
	}
	return m.logs[m.rows[m.cur].log], true
}

func (m *Model) index(name string) (int, bool) {
	return slices.BinarySearchFunc(m.logs, name, func(l files.Log, name string) int { return strings.Compare(l.Name, name) })
}

// SetOpen sets which log is open, and selects it.
func (m *Model) SetOpen(name string) {
	m.open = name
	m.Show(name)
}

// Show moves the cursor to a log.
func (m *Model) Show(name string) {
	for i, r := range m.rows {
		if r.dir == "" && m.logs[r.log].Name == name {
			m.cur = i
		}
	}
	m.settle()
}

// SetGrown updates a file of a log after it was written to.
func (m *Model) SetGrown(name string, now reader.Member) {
	m.grown[name] = m.now()
	i, ok := m.index(name)
	if !ok {
		return
	}
	list := m.logs[i].Members
	if k := slices.IndexFunc(list, func(x reader.Member) bool { return x.Path == now.Path }); k >= 0 {
		list = slices.Clone(list) // the list may be read elsewhere
		list[k] = now
		m.logs[i].Members = list
	}
}

// SetDamaged sets which files of a log turned out to be damaged.
func (m *Model) SetDamaged(name string, files []string) { m.broken[name] = files }

// SetNotText sets which logs are not text, so that a search skips them.
func (m *Model) SetNotText(names map[string]bool) { m.binary = names }

// SetFilter shows only logs whose names contain the letters of each word of s
// in their order. An empty s shows all logs.
func (m *Model) SetFilter(s string) {
	m.filter = s
	m.layout()
	m.cur = 0
	for i, r := range m.rows {
		if r.dir == "" {
			m.cur = i
			break
		}
	}
	m.settle()
}

// Filter returns the text that SetFilter set.
func (m *Model) Filter() string { return m.filter }

// fuzzyFind returns the indexes of the names that contain the letters of each
// word in their order, best matches first. Names that contain the words as they
// are come first.
func fuzzyFind(text string, names []string) []int {
	const asItIs = 1 << 20 // more than any score
	scores, found := map[int]int{}, map[int]int{}
	words := strings.Fields(text)
	for _, word := range words {
		for _, x := range fuzzy.Find(word, names) {
			scores[x.Index] += x.Score
			found[x.Index]++
			if strings.Contains(strings.ToLower(names[x.Index]), strings.ToLower(word)) {
				scores[x.Index] += asItIs
			}
		}
	}
	var out []int
	for i, n := range found {
		if n == len(words) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	return out
}

// layout computes the rows.
func (m *Model) layout() {
	m.rows = m.rows[:0]
	if strings.TrimSpace(m.filter) != "" {
		// Sort by how well they match, without directories.
		names, base := make([]string, len(m.logs)), common(m.logs)
		for i, l := range m.logs {
			names[i] = strings.TrimPrefix(l.Name, base) // the common start does not distinguish logs
		}
		for _, i := range fuzzyFind(m.filter, names) {
			m.rows = append(m.rows, row{name: m.logs[i].Name, log: i})
		}
		return
	}
	base := common(m.logs)
	var stack []string // directories above the current log, with separators
	hidden := ""
	for i, l := range m.logs {
		dir, name := filepath.Split(l.Name)
		if hidden != "" && strings.HasPrefix(dir, hidden) {
			continue
		}
		hidden = ""
		for len(stack) > 0 && !strings.HasPrefix(dir, stack[len(stack)-1]) {
			stack = stack[:len(stack)-1]
		}
		at := base
		if len(stack) > 0 {
			at = stack[len(stack)-1]
		}
		for rest := strings.TrimPrefix(dir, at); rest != "" && hidden == ""; {
			k := strings.IndexByte(rest, filepath.Separator)
			part := rest[:k+1]
			rest = rest[k+1:]
			at += part
			m.rows = append(m.rows, row{depth: len(stack), dir: at, name: part})
			stack = append(stack, at)
			if m.closed[at] {
				hidden = at
			}
		}
		if hidden == "" {
			m.rows = append(m.rows, row{depth: len(stack), name: name, log: i})
		}
	}
	m.rows = chained(m.rows)
}

// chained joins each directory that contains only one directory with it into
// one row.
func chained(rows []row) []row {
	children := make([]int, len(rows))
	var open []int // the directories above a row
	for i, r := range rows {
		open = open[:r.depth]
		if r.depth > 0 {
			children[open[r.depth-1]]++
		}
		open = append(open, i)
	}
	out := rows[:0]
	var less []int // for each level, how many levels the rows below it move up
	for i := 0; i < len(rows); i++ {
		r := rows[i]
		moved := 0
		if less = less[:r.depth]; r.depth > 0 {
			moved = less[r.depth-1]
		}
		top := r.depth
		for r.dir != "" && children[i] == 1 && rows[i+1].dir != "" {
			i++
			r.dir, r.name = rows[i].dir, r.name+rows[i].name
			less = append(less, 0) // for the level that was removed
		}
		r.depth = top - moved
		less = append(less, moved+len(less)-top)
		out = append(out, r)
	}
	return out
}

// common returns the directory that contains all logs, or "" if there is none.
func common(logs []files.Log) string {
	if len(logs) == 0 {
		return ""
	}
	dir, _ := filepath.Split(logs[0].Name)
	for _, l := range logs[1:] {
		for !strings.HasPrefix(l.Name, dir) {
			up := strings.TrimSuffix(dir, string(filepath.Separator))
			dir, _ = filepath.Split(up)
			if dir == up || dir == "" {
				return ""
			}
		}
	}
	return dir
}

func (m *Model) settle() {
	m.cur = min(max(m.cur, 0), max(0, len(m.rows)-1))
	body := max(1, m.height-1)
	if m.cur < m.top {
		m.top = m.cur
	}
	if m.cur >= m.top+body {
		m.top = m.cur - body + 1
	}
	m.top = max(0, min(m.top, len(m.rows)-body))
}

// Do performs an action. It returns false if the action is not the pane's.
func (m *Model) Do(a keys.Action) (tea.Cmd, bool) {
	page := max(1, m.height-1)
	switch a {
	case keys.Down:
		m.cur++
	case keys.Up:
		m.cur--
	case keys.PageDown:
		m.cur += page
	case keys.PageUp:
		m.cur -= page
	case keys.HalfDown:
		m.cur += page / 2
	case keys.HalfUp:
		m.cur -= page / 2
	case keys.Top:
		m.cur = 0
	case keys.Bottom:
		m.cur = len(m.rows) - 1
	case keys.Enter:
		return m.enter(true), true
	case keys.Right, keys.Left:
		if m.cur < len(m.rows) && m.rows[m.cur].dir != "" && m.closed[m.rows[m.cur].dir] == (a == keys.Right) {
			return m.enter(true), true
		}
		if a == keys.Left {
			for i := m.cur - 1; i >= 0; i-- {
				if m.rows[i].dir != "" && m.rows[i].depth < m.rows[m.cur].depth {
					m.cur = i
					break
				}
			}
		}
	case keys.Cancel:
		if m.filter == "" {
			return nil, false
		}
		m.SetFilter("")
		m.SetOpen(m.open)
	default:
		return nil, false
	}
	m.settle()
	return nil, true
}

// enter opens the current log, or expands or collapses the current directory.
func (m *Model) enter(focus bool) tea.Cmd {
	if m.cur >= len(m.rows) {
		return nil
	}
	r := m.rows[m.cur]
	if r.dir != "" {
		m.closed[r.dir] = !m.closed[r.dir]
		m.layout()
		m.settle()
		return nil
	}
	l := m.logs[r.log]
	return func() tea.Msg { return OpenMsg{l, focus} }
}

// Click moves the cursor to the row at a screen row of the pane, and opens it.
func (m *Model) Click(y int) tea.Cmd {
	if y < 1 || m.top+y-1 >= len(m.rows) {
		return nil
	}
	m.cur = m.top + y - 1
	return m.enter(true)
}

// Wheel moves the cursor by n rows.
func (m *Model) Wheel(n int) {
	m.cur += n
	m.settle()
}

// View draws the pane.
func (m *Model) View() string {
	style := m.th.TitleOff
	if m.focused {
		style = m.th.Title
	}
	title := " Logs"
	if base := common(m.logs); base != "" && m.filter == "" {
		title += " in " + visible.String(base)
	}
	if m.filter != "" {
		title = " Logs like " + visible.String(m.filter)
	}
	count := humanize.Comma(int64(len(m.logs))) + " "
	if m.filter != "" {
		count = humanize.Comma(int64(len(m.rows))) + " of " + count
	}
	lines := []string{style.Render(screen.Fit(title, max(0, m.width-len(count))) + count)}
	switch {
	case !m.known:
		lines = append(lines, m.th.Dim.Render(screen.Fit(" looking for logs…", m.width)))
	case len(m.logs) == 0:
		lines = append(lines, m.th.Dim.Render(screen.Fit(" no logs here", m.width)))
	case len(m.rows) == 0:
		lines = append(lines, m.th.Dim.Render(screen.Fit(" none is like that", m.width)))
	}
	for i := m.top; i < len(m.rows) && len(lines) < m.height-len(m.errs[:min(1, len(m.errs))]); i++ {
		lines = append(lines, m.row(i))
	}
	if len(m.errs) > 0 && len(lines) < m.height {
		text := visible.String(m.errs[0].Error())
		if len(m.errs) > 1 {
			text = fmt.Sprintf("%d not readable: %s", len(m.errs), text)
		}
		lines = append(lines, m.th.Warn.Render(screen.Fit(" ! "+text, m.width)))
	}
	for len(lines) < m.height {
		lines = append(lines, strings.Repeat(" ", m.width))
	}
	return strings.Join(lines[:max(0, m.height)], "\n")
}

func (m *Model) row(i int) string {
	r := m.rows[i]
	left := strings.Repeat("  ", min(r.depth, m.width/4)) + " "
	right := ""
	style := m.th.Text
	if r.dir != "" {
		sign := "▾ "
		if m.closed[r.dir] {
			sign = "▸ "
		}
		left += sign + visible.String(r.name)
		style = m.th.Bold
	} else {
		l := m.logs[r.log]
		size := int64(0)
		for _, x := range l.Members {
			size += x.Size
		}
		sign := "  "
		switch {
		case l.Name == m.open:
			sign = "● "
		case m.now().Sub(m.grown[l.Name]) < 5*time.Second:
			sign = "+ "
		}
		name := r.name
		if name == reader.Stdin {
			name = "standard input"
		}
		left += sign + visible.String(name)
		right = humanize.IBytes(uint64(size)) + " "
		if n := len(l.Members); n > 1 {
			right = fmt.Sprintf("×%d  ", n) + right
		}
		if len(l.Gaps)+len(m.bad[l.Name])+len(m.broken[l.Name]) > 0 {
			right = "! " + right
		}
		if m.binary[l.Name] {
			right = "not text  " + right
		}
		if m.width >= 44 && len(l.Members) > 0 {
			right += fmt.Sprintf("%5s ", age(m.now().Sub(l.Members[len(l.Members)-1].ModTime)))
		}
	}
	room := max(0, m.width-ansi.StringWidth(right))
	if room < 10 {
		room, right = m.width, ""
	}
	line := screen.Fit(left, room) + right
	if i == m.cur && m.focused {
		style = m.th.Selected
	} else if i == m.cur {
		style = m.th.Bold
	}
	return style.Render(line)
}

// About describes details of the current log for which its row has no room, or
// returns "".
func (m *Model) About() string {
	if m.cur >= len(m.rows) || m.rows[m.cur].dir != "" {
		return ""
	}
	l := m.logs[m.rows[m.cur].log]
	if len(l.Members) == 0 || l.Name == reader.Stdin {
		return ""
	}
	first, last := l.Members[0].ModTime, l.Members[len(l.Members)-1].ModTime
	s := fmt.Sprintf("%d files, written %s", len(l.Members), last.Format("2006-01-02 15:04"))
	if len(l.Members) == 1 {
		s = "1 file, written " + last.Format("2006-01-02 15:04")
	} else {
		s += ", the oldest until " + first.Format("2006-01-02 15:04")
	}
	if m.binary[l.Name] {
		s = "not text: a search of all logs passes over it; " + s
	}
	// Problems come first: there may be no room for the rest.
	for _, x := range []struct {
		what  string
		files []string
	}{{"may not be read", m.bad[l.Name]}, {"damaged", m.broken[l.Name]}, {"missing", l.Gaps}} {
		if len(x.files) > 0 {
			s = x.what + ": " + strings.Join(x.files, ", ") + "; " + s
		}
	}
	return s
}

// age formats a duration in about three characters.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d < 1000*24*time.Hour:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
	return fmt.Sprintf("%dy", int(d.Hours()/24/365))
}
