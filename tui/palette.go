package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"logview/tui/keys"
	"logview/tui/screen"
	"logview/tui/theme"
)

// A palette lists every command with its key, and takes the number of a line
// or a percentage to go to.
type palette struct {
	in   textinput.Model
	all  keys.Map
	list []int // of all, the best first
	cur  int
}

func (p *palette) open(all keys.Map) {
	p.in = textinput.New()
	p.in.Prompt = ":"
	p.in.SetVirtualCursor(false)
	p.in.Focus()
	p.all, p.cur = all, 0
	p.match()
}

func (p *palette) match() {
	p.list = p.list[:0]
	text := p.in.Value()
	if text == "" {
		for i := range p.all {
			p.list = append(p.list, i)
		}
		return
	}
	names := make([]string, len(p.all))
	for i, b := range p.all {
		names[i] = string(b.Action) + " " + b.Help().Desc
	}
	for _, x := range fuzzy.Find(text, names) {
		p.list = append(p.list, x.Index)
	}
	p.cur = 0
}

func (p *palette) update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "up", "ctrl+p":
			p.cur = max(0, p.cur-1)
			return nil
		case "down", "ctrl+n", "tab":
			p.cur = min(p.cur+1, max(0, len(p.list)-1))
			return nil
		}
	}
	before := p.in.Value()
	var cmd tea.Cmd
	p.in, cmd = p.in.Update(msg)
	if p.in.Value() != before {
		p.match()
	}
	return cmd
}

// chosen is the action that the person is on.
func (p *palette) chosen() keys.Action {
	if p.cur >= len(p.list) {
		return ""
	}
	return p.all[p.list[p.cur]].Action
}

// view draws it, and says where the cursor is in it.
func (p *palette) view(th *theme.Theme, width, height int) (string, int) {
	w := min(width-4, 64)
	p.in.SetWidth(w - 3)
	lines := []string{screen.Fit(p.in.View(), w)}
	rows := max(1, min(height-6, 16))
	if isPlace(p.in.Value()) {
		lines = append(lines, th.Selected.Render(screen.Fit(" go to "+p.in.Value(), w)))
	}
	top := max(0, p.cur-rows+1)
	for i := top; i < len(p.list) && i < top+rows; i++ {
		b := p.all[p.list[i]]
		key := b.Help().Key
		text := screen.Fit(" "+b.Help().Desc, max(0, w-len([]rune(key))-1)) + key + " "
		if i == p.cur && !isPlace(p.in.Value()) {
			text = th.Selected.Render(text)
		}
		lines = append(lines, screen.Fit(text, w))
	}
	for len(lines) < rows+1 {
		lines = append(lines, strings.Repeat(" ", w))
	}
	x := 2 + 1
	if c := p.in.Cursor(); c != nil {
		x = 2 + c.X
	}
	return th.Frame.Render(strings.Join(lines, "\n")), x
}
