// Package prompt is the line in which the user types, with the editing keys of
// readline, a history, and errors shown at their position.
package prompt

import (
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"logview/tui/keys"
	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// A Kind is what the prompt asks for.
type Kind int

// The kinds. None means that the prompt is closed.
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
	Time
)

// A Model is the prompt.
type Model struct {
	Kind  Kind
	th    *theme.Theme
	in    Line
	label string
	note  string // shown right of the text
	err   string
	width int

	history map[Kind][]string // oldest first
	new     map[Kind][]string // the part of it from this run
	at      int               // position in it; its length for the text being typed
	typed   string
	seeking bool // the history is being searched for needle
	needle  string
	missed  bool // there are no more matches
}

// New returns a closed prompt.
func New(th *theme.Theme) *Model {
	return &Model{th: th, in: NewLine(""), history: map[Kind][]string{}, new: map[Kind][]string{}}
}

// SetTheme sets the theme.
func (m *Model) SetTheme(th *theme.Theme) { m.th = th }

// Ask opens the prompt.
func (m *Model) Ask(k Kind, label, value string) {
	m.Kind, m.label, m.err, m.note = k, label, "", ""
	m.in.Set(value)
	m.in.Focus()
	m.at, m.typed, m.seeking = len(m.history[m.group()]), "", false
}

// group returns the kind whose history is used.
func (m *Model) group() Kind {
	switch m.Kind {
	case SearchBack:
		return Search
	case FilterEdit:
		return Filter
	}
	return m.Kind
}

// End closes the prompt. If taken is set, the text is added to the history.
func (m *Model) End(taken bool) {
	if v := m.in.Value(); taken && v != "" {
		k := m.group()
		m.history[k], m.new[k] = remember(m.history[k], v), remember(m.new[k], v)
	}
	m.in.Blur()
	m.Kind = None
}

// MostHistory is the number of texts of a kind that are kept.
const MostHistory = 200

// TooLong reports whether a text is longer than can be typed.
func TooLong(s string) bool { return utf8.RuneCountInString(s) > MostTyped }

// remember returns a history with s as the last text, without duplicates. It
// does not modify list.
func remember(list []string, s string) []string {
	out := append(slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s }), s)
	return out[max(0, len(out)-MostHistory):]
}

// Value returns the text.
func (m *Model) Value() string { return m.in.Value() }

// SetNote sets the text shown at the right.
func (m *Model) SetNote(s string) { m.note = s }

// SetLabel sets the label.
func (m *Model) SetLabel(s string) { m.label = s }

// SetError shows why the text is not accepted, or nothing if err is nil.
func (m *Model) SetError(err error) {
	m.err = ""
	if err != nil {
		m.err = err.Error()
	}
}

// SetWidth sets the width.
func (m *Model) SetWidth(w int) { m.width = w }

// Update handles a key or pasted text. It reports whether the text changed.
func (m *Model) Update(msg tea.Msg) (cmd tea.Cmd, changed bool) {
	before := m.in.Value()
	if _, ok := msg.(tea.PasteMsg); ok {
		m.seeking = false
	}
	if k, ok := msg.(tea.KeyPressMsg); ok {
		if m.seeking && m.seekKey(k) {
			return nil, m.in.Value() != before
		}
		switch {
		case key.Matches(k, keys.SeekBack):
			m.typed, m.needle, m.seeking, m.missed = m.in.Value(), "", true, false
			return nil, false
		case key.Matches(k, keys.HistoryBack):
			m.recall(-1)
			return nil, m.in.Value() != before
		case key.Matches(k, keys.HistoryForward):
			m.recall(1)
			return nil, m.in.Value() != before
		}
	}
	cmd, err := m.in.Update(msg)
	if err != nil {
		m.SetError(err)
	}
	return cmd, m.in.Value() != before
}

// Seeking reports whether the history is being searched, which Esc ends.
func (m *Model) Seeking() bool { return m.seeking }

// seekKey handles a key while the history is searched, like Ctrl-R of readline.
// It returns false if the key ended the search and applies to the text.
func (m *Model) seekKey(k tea.KeyPressMsg) bool {
	h := m.history[m.group()]
	switch {
	case key.Matches(k, keys.SeekBack):
		m.seek(m.at-1, -1)
	case key.Matches(k, keys.SeekForward):
		m.seek(m.at+1, 1)
	case key.Matches(k, keys.DeleteBack):
		if r := []rune(m.needle); len(r) > 0 {
			m.needle = string(r[:len(r)-1])
		}
		m.seek(len(h)-1, -1)
	case key.Matches(k, keys.GiveUp):
		m.seeking, m.at = false, len(h)
		m.in.Set(m.typed)
	case k.Text != "":
		if len(m.needle) < MostTyped { // no text is longer
			m.needle += k.Text
		}
		m.seek(min(m.at, len(h)-1), -1)
	default:
		m.seeking = false
		return false
	}
	return true
}

// seek shows the nearest text of the history from at on that contains the
// needle, if there is one.
func (m *Model) seek(at, way int) {
	for h := m.history[m.group()]; at >= 0 && at < len(h); at += way {
		if strings.Contains(h[at], m.needle) {
			m.at, m.missed = at, false
			m.in.Set(h[at])
			return
		}
	}
	m.missed = true
}

func (m *Model) recall(n int) {
	h := m.history[m.group()]
	if m.at == len(h) {
		m.typed = m.in.Value()
	}
	m.at = min(max(m.at+n, 0), len(h))
	if m.at == len(h) {
		m.in.Set(m.typed)
	} else {
		m.in.Set(h[m.at])
	}
}

// Last returns the last text of a kind, or "".
func (m *Model) Last(k Kind) string {
	if h := m.history[k]; len(h) > 0 {
		return h[len(h)-1]
	}
	return ""
}

// Typed returns the history of a kind from this run.
func (m *Model) Typed(k Kind) []string { return m.new[k] }

// SetHistory sets the history of a kind from earlier runs.
func (m *Model) SetHistory(k Kind, list []string) { m.history[k] = list }

// ErrorHeight returns the number of lines above the prompt.
func (m *Model) ErrorHeight() int {
	if m.Kind == None {
		return 0
	}
	return len(m.errorLines())
}

// errorLines returns the lines of the error. An error with a caret repeats the query,
// which the prompt shows already, so only the caret is kept.
func (m *Model) errorLines() []string {
	if m.err == "" {
		return nil
	}
	lines := strings.Split(m.err, "\n")
	if len(lines) == 3 && strings.HasSuffix(lines[2], "^") {
		// The prompt is below.
		spot := strings.Repeat(" ", len([]rune(m.short()))+max(0, len(lines[2])-3)) + "v"
		if len(spot)+1+len([]rune(lines[0])) <= m.width {
			return []string{spot + " " + lines[0]}
		}
		return []string{lines[0], spot}
	}
	return lines[:1]
}

// short returns the label, shortened to leave room for the text.
func (m *Model) short() string {
	if most := max(8, m.width/2); len([]rune(m.label)) > most {
		s := string([]rune(m.label)[:most-3])
		if i := strings.LastIndexByte(s, ' '); i > 0 {
			s = s[:i]
		}
		return s + "…: "
	}
	return m.label
}

// View draws the prompt and returns the column of the cursor.
func (m *Model) View() (string, int) {
	label, note := m.short(), m.note
	switch {
	case m.seeking && m.missed:
		note = "no more in the history: " + m.needle
	case m.seeking:
		note = "history: " + m.needle
	}
	if m.width-len([]rune(label))-len([]rune(note)) < 12 && !m.seeking {
		note = ""
	}
	m.in.SetWidth(max(8, m.width-len([]rune(label))-len([]rune(note))-3))
	shown := m.th.Key.Render(label) + m.in.View()
	room := m.width - len([]rune(note)) - 1
	out := screen.Fit(shown, max(0, room)) + m.th.Dim.Render(visible.String(note)) + " "
	out = screen.Fit(out, m.width)
	for _, e := range slices.Backward(m.errorLines()) {
		out = m.th.Error.Render(screen.Fit(visible.String(e), m.width)) + "\n" + out
	}
	x := len([]rune(label))
	if c := m.in.Cursor(); c != nil {
		x += c.X
	}
	return out, x
}
