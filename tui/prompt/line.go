package prompt

import (
	"slices"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"logview/tui/visible"
)

// A Line is a text that is edited with the keys of readline: those that the
// input of Bubbles has, and of the rest yanking, undoing, transposing.
type Line struct {
	textinput.Model
	killed string
	before []state // what it was, for undoing
}

type state struct {
	text   string
	cursor int
}

// mostUndone is how many changes can be undone.
const mostUndone = 100

// NewLine makes an empty line, which starts with what it asks.
func NewLine(ask string) Line {
	l := Line{Model: textinput.New()}
	l.Prompt = ask
	l.SetVirtualCursor(false)
	return l
}

// Update takes a key or what is pasted.
func (l *Line) Update(msg tea.Msg) tea.Cmd {
	before := state{l.Value(), l.Position()}
	var cmd tea.Cmd
	k, _ := msg.(tea.KeyPressMsg)
	switch k.String() {
	case "ctrl+y":
		l.insert(l.killed)
	case "ctrl+_", "ctrl+/":
		if n := len(l.before); n > 0 {
			l.SetValue(l.before[n-1].text)
			l.SetCursor(l.before[n-1].cursor)
			l.before = l.before[:n-1]
		}
		return nil
	case "ctrl+t":
		l.transpose()
	case "alt+<":
		l.CursorStart()
	case "alt+>":
		l.CursorEnd()
	case "alt+d", "alt+delete", "ctrl+delete":
		l.deleteWord()
	case "ctrl+w", "alt+backspace", "ctrl+backspace", "ctrl+k", "ctrl+u":
		l.Model, cmd = l.Model.Update(msg)
	default:
		l.Model, cmd = l.Model.Update(msg)
	}
	switch k.String() {
	case "alt+d", "alt+delete", "ctrl+delete", "ctrl+w", "alt+backspace", "ctrl+backspace", "ctrl+k", "ctrl+u":
		// Whichever way it went, what is gone lay where the cursor is now.
		was, at := []rune(before.text), l.Position()
		if n := len(was) - len([]rune(l.Value())); n > 0 {
			l.killed = string(was[at : at+n])
		}
	}
	if l.Value() != before.text {
		l.before = append(l.before, before)
		if n := len(l.before) - mostUndone; n > 0 {
			l.before = l.before[n:]
		}
	}
	return cmd
}

// Set sets the text, which cannot be undone, and goes to its end.
func (l *Line) Set(text string) {
	l.SetValue(text)
	l.CursorEnd()
	l.before = nil
}

func (l *Line) insert(text string) {
	r, at := []rune(l.Value()), l.Position()
	l.SetValue(string(slices.Insert(r, at, []rune(text)...)))
	l.SetCursor(at + len([]rune(text)))
}

// deleteWord deletes to the end of the next word. That of Bubbles (v2.2.1)
// panics on the last character.
func (l *Line) deleteWord() {
	r, at := []rune(l.Value()), l.Position()
	end := at
	for end < len(r) && unicode.IsSpace(r[end]) {
		end++
	}
	for end < len(r) && !unicode.IsSpace(r[end]) {
		end++
	}
	l.SetValue(string(slices.Delete(r, at, end)))
	l.SetCursor(at)
}

// View is the line. What is not as wide everywhere as it says is a dot.
func (l *Line) View() string {
	return strings.Map(func(r rune) rune {
		if !visible.Steady(r) {
			return '·'
		}
		return r
	}, l.Model.View())
}

// transpose swaps the characters on both sides of the cursor, at the end of
// the text the last two, and goes on by one.
func (l *Line) transpose() {
	r, at := []rune(l.Value()), l.Position()
	if at == len(r) {
		at--
	}
	if at < 1 {
		return
	}
	r[at-1], r[at] = r[at], r[at-1]
	l.SetValue(string(r))
	l.SetCursor(at + 1)
}
