// Package prompt is the line in which people type, with the editing keys of
// readline, a history, and the error under its spot.
package prompt

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// A Kind is what is typed.
type Kind int

// The kinds. None means that nothing is asked.
const (
	None Kind = iota
	Search
	SearchBack
	SearchAll
	Filter
	FilterEdit
	Logs
	Write
	Pipe
	Command
)

// A Model is the prompt.
type Model struct {
	Kind  Kind
	th    *theme.Theme
	in    textinput.Model
	label string
	note  string // right of what is typed
	err   string
	width int

	history map[Kind][]string // oldest first
	at      int               // in it; its length is what is typed now
	typed   string
}

// New makes a prompt that asks nothing.
func New(th *theme.Theme) *Model {
	m := &Model{th: th, in: textinput.New(), history: map[Kind][]string{}}
	m.in.Prompt = ""
	m.in.SetVirtualCursor(false)
	return m
}

// SetTheme changes how it looks.
func (m *Model) SetTheme(th *theme.Theme) { m.th = th }

// Ask begins to ask.
func (m *Model) Ask(k Kind, label, value string) {
	m.Kind, m.label, m.err, m.note = k, label, "", ""
	m.in.SetValue(value)
	m.in.CursorEnd()
	m.in.Focus()
	m.at, m.typed = len(m.history[m.group()]), ""
}

// group is the kind whose history this one has.
func (m *Model) group() Kind {
	switch m.Kind {
	case SearchBack:
		return Search
	case FilterEdit:
		return Filter
	}
	return m.Kind
}

// End ends the asking. What was typed becomes history if it was taken.
func (m *Model) End(taken bool) {
	if v := m.in.Value(); taken && v != "" {
		k := m.group()
		m.history[k] = append(slices.DeleteFunc(m.history[k], func(s string) bool { return s == v }), v)
		if n := len(m.history[k]) - 200; n > 0 {
			m.history[k] = m.history[k][n:]
		}
	}
	m.in.Blur()
	m.Kind = None
}

// Value is what is typed.
func (m *Model) Value() string { return m.in.Value() }

// SetNote shows something beside what is typed, SetError below it.
func (m *Model) SetNote(s string) { m.note = s }

// SetLabel changes what is asked.
func (m *Model) SetLabel(s string) { m.label = s }

// SetError shows why what is typed cannot be taken.
func (m *Model) SetError(err error) {
	m.err = ""
	if err != nil {
		m.err = err.Error()
	}
}

// SetWidth says how much room there is.
func (m *Model) SetWidth(w int) { m.width = w }

// Update takes a key. It reports whether the text is another.
func (m *Model) Update(msg tea.Msg) (cmd tea.Cmd, changed bool) {
	before := m.in.Value()
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "up", "ctrl+p":
			m.recall(-1)
			return nil, m.in.Value() != before
		case "down", "ctrl+n":
			m.recall(1)
			return nil, m.in.Value() != before
		}
	}
	m.in, cmd = m.in.Update(msg)
	return cmd, m.in.Value() != before
}

func (m *Model) recall(n int) {
	h := m.history[m.group()]
	if m.at == len(h) {
		m.typed = m.in.Value()
	}
	m.at = min(max(m.at+n, 0), len(h))
	if m.at == len(h) {
		m.in.SetValue(m.typed)
	} else {
		m.in.SetValue(h[m.at])
	}
	m.in.CursorEnd()
}

// History is what was typed, by kind; SetHistory sets it.
func (m *Model) History(k Kind) []string { return m.history[k] }

// SetHistory sets what was typed before.
func (m *Model) SetHistory(k Kind, list []string) { m.history[k] = list }

// Errors is how many lines there are above what is typed.
func (m *Model) Errors() int {
	if m.Kind == None {
		return 0
	}
	return len(m.errors())
}

// errors is the error, as lines. One whose caret is to stand under the spot
// repeats the query above it, which is what is typed already.
func (m *Model) errors() []string {
	if m.err == "" {
		return nil
	}
	lines := strings.Split(m.err, "\n")
	if len(lines) == 3 && strings.HasSuffix(lines[2], "^") {
		// What is typed is below.
		return []string{strings.Repeat(" ", len([]rune(m.label))+max(0, len(lines[2])-3)) + "v " + lines[0]}
	}
	return lines[:1]
}

// View draws it, and says where the cursor is.
func (m *Model) View() (string, int) {
	m.in.SetWidth(max(8, m.width-len([]rune(m.label))-len([]rune(m.note))-3))
	shown := m.th.Key.Render(m.label) + m.in.View()
	room := m.width - len([]rune(m.note)) - 1
	out := screen.Fit(shown, max(0, room)) + m.th.Dim.Render(m.note) + " "
	out = screen.Fit(out, m.width)
	for _, e := range m.errors() {
		out = m.th.Error.Render(screen.Fit(visible.String(e), m.width)) + "\n" + out
	}
	x := len([]rune(m.label))
	if c := m.in.Cursor(); c != nil {
		x += c.X
	}
	return out, x
}
