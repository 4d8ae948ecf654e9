package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"logview/reader/line"
	"logview/tui/keys"
	"logview/tui/pager"
	"logview/tui/prompt"
	"logview/tui/screen"
	"logview/tui/theme"
)

// A palette is a list to choose from, of all commands or of the marked lines,
// which is filtered by the typed text. In the palette of commands a line number
// or a percentage goes there.
type palette struct {
	in     prompt.Line
	all    []choice
	goes   bool  // accepts line numbers
	digits bool  // it was opened by typing a digit: G goes there
	list   []int // the choices that match, best first
	cur    int
}

// A choice is a row of a palette.
type choice struct {
	text, key string // shown at the left and at the right
	name      string // also searched, but not shown
	do        func() tea.Cmd
}

// choose opens a palette.
func (m *model) choose(ask string, all []choice) {
	p := &m.palette
	*p = palette{in: prompt.NewLine(ask), all: all, goes: ask == ":"}
	p.in.Focus()
	p.match()
	m.overlay = paletteOverlay
}

// commands returns all commands with their keys.
func (m *model) commands() []choice {
	var all []choice
	for _, b := range m.keys {
		if b.Action == keys.Level {
			for i, name := range pager.LevelNames {
				text := "only lines of level " + name + " and above"
				if i == 0 {
					text = "lines of all levels"
				}
				all = append(all, choice{text, b.Keys()[min(i, len(b.Keys())-1)], string(b.Action) + "-" + name, func() tea.Cmd { return m.pager.SetLevel(i + 1) }})
			}
			continue
		}
		all = append(all, choice{b.Help().Desc, b.Help().Key, string(b.Action), func() tea.Cmd { return m.do(b.Action) }})
	}
	return all
}

func (p *palette) match() {
	p.list, p.cur = p.list[:0], 0
	names := make([]string, len(p.all))
	for i, c := range p.all {
		names[i] = strings.TrimSpace(c.name + " " + c.text)
		p.list = append(p.list, i)
	}
	if text := p.in.Value(); text != "" {
		p.list = p.list[:0]
		for _, x := range fuzzy.Find(text, names) {
			p.list = append(p.list, x.Index)
		}
		// An exact name or key comes first: :q, :help.
		slices.SortStableFunc(p.list, func(a, b int) int {
			exact := func(i int) int {
				if c := p.all[i]; c.name == text || c.key == text {
					return 0
				}
				return 1
			}
			return cmp.Compare(exact(a), exact(b))
		})
	}
}

// isGoal reports whether a text names a place to go to: a line number, a percentage or a
// time.
func (m *model) isGoal(text string) bool {
	if !m.palette.goes {
		return false
	}
	_, err := m.goalTime(text)
	return isPlace(text) || strings.ContainsAny(text, "0123456789") && err == nil // otherwise it is the name of a command
}

// goalTime returns the time that a text names. A time of day is one of the day of the current
// line.
func (m *model) goalTime(text string) (time.Time, error) {
	now := m.now()
	if _, ok := line.ParseClock(strings.ToLower(strings.TrimSpace(text))); ok {
		if t, ok := m.pager.Time(); ok {
			t = t.Local()
			now = time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 59, 999_999_999, time.Local)
		}
	}
	t, _, err := line.ParseTime(text, now, time.Local)
	return t, err
}

// goPlace goes to a line number, a percentage or a time.
func (m *model) goPlace(text string) tea.Cmd {
	if m.pager.Doc() == nil {
		m.sayf("no log is open")
		return nil
	}
	m.setFocus(panePager)
	if isPlace(text) {
		return m.pager.GoToNumber(text)
	}
	t, err := m.goalTime(text)
	if err != nil {
		m.say(pager.Said{Text: err.Error(), Error: true})
		return nil
	}
	return m.pager.GoToTime(t)
}

// paletteKey handles a key for the palette.
func (m *model) paletteKey(msg tea.Msg) tea.Cmd {
	p := &m.palette
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(k, keys.GiveUp):
			m.overlay = noOverlay
			return nil
		case key.Matches(k, keys.Accept):
			m.overlay = noOverlay
			if text := p.in.Value(); m.isGoal(text) {
				return m.goPlace(text)
			}
			if p.cur < len(p.list) {
				return p.all[p.list[p.cur]].do()
			}
			m.sayf("there is nothing like %s", p.in.Value())
			return nil
		case key.Matches(k, keys.GoLine, keys.GoPercent):
			if text := p.in.Value(); p.digits && isPlace(text) {
				m.overlay = noOverlay
				if key.Matches(k, keys.GoPercent) {
					text += "%"
				}
				return m.goPlace(text)
			}
		case key.Matches(k, keys.ListUp):
			p.cur = max(0, p.cur-1)
			return nil
		case key.Matches(k, keys.ListDown):
			p.cur = min(p.cur+1, max(0, len(p.list)-1))
			return nil
		}
	}
	before := p.in.Value()
	cmd, err := p.in.Update(msg)
	if err != nil {
		m.say(pager.Said{Text: err.Error(), Error: true})
	}
	if p.in.Value() != before {
		p.match()
	}
	return cmd
}

// view draws the palette and returns the column of the cursor. going says that the text names a
// place to go to.
func (p *palette) view(th *theme.Theme, width, height int, going bool) (string, int) {
	w := min(width-4, 64)
	if !p.goes {
		w = width - 4 // lines of logs
	}
	p.in.SetWidth(w - 1 - len(p.in.Prompt) - 1)
	lines := []string{screen.Fit(p.in.View(), w)}
	rows := max(1, min(height-6, 16))
	if going {
		lines = append(lines, th.Selected.Render(screen.Fit(" go to "+p.in.Value(), w)))
	}
	top := max(0, p.cur-rows+1)
	for i := top; i < len(p.list) && i < top+rows; i++ {
		c := p.all[p.list[i]]
		text := screen.Fit(" "+c.text, max(0, w-len([]rune(c.key))-1)) + c.key + " "
		if i == p.cur && !going {
			text = th.Selected.Render(text)
		}
		lines = append(lines, screen.Fit(text, w))
	}
	for len(lines) < rows+1 {
		lines = append(lines, strings.Repeat(" ", w))
	}
	x := 2 + len(p.in.Prompt)
	if c := p.in.Cursor(); c != nil {
		x = 2 + c.X
	}
	return th.Frame.Render(strings.Join(lines, "\n")), x
}
