package prompt

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/tui/keys"
	"logview/tui/visible"
)

// A Line is a text input with the keys of readline: those of Bubbles' input, and
// yank, undo and transpose.
type Line struct {
	textinput.Model
	killed string
	before []state // earlier states, for undo
}

type state struct {
	text   string
	cursor int
}

const (
	// MostTyped is the maximum number of characters. Matching costs hundreds of
	// bytes for each, and changes are kept for undo.
	MostTyped = 4096

	// mostUndone is the number of changes that can be undone.
	mostUndone = 100
)

// NewLine returns an empty line with a prompt.
func NewLine(ask string) Line {
	l := Line{Model: textinput.New()}
	l.Prompt = ask
	l.SetVirtualCursor(false)
	l.CharLimit = MostTyped
	l.KeyMap.CharacterBackward, l.KeyMap.CharacterForward = keys.CharBack, keys.CharForward
	l.KeyMap.DeleteCharacterBackward, l.KeyMap.DeleteCharacterForward = keys.DeleteBack, keys.DeleteForward
	l.KeyMap.DeleteBeforeCursor, l.KeyMap.DeleteAfterCursor = keys.KillLineBefore, keys.KillLineAfter
	return l
}

// checkRoom returns an error if n more characters do not fit.
func (l *Line) checkRoom(n int) error {
	switch length := utf8.RuneCountInString(l.Value()); {
	case length+n <= MostTyped:
		return nil
	case n == 1:
		return fmt.Errorf("the limit of %s characters is reached", humanize.Comma(int64(length)))
	default:
		return fmt.Errorf("%s characters do not fit: the limit is %s", humanize.Comma(int64(n)), humanize.Comma(MostTyped))
	}
}

// Update handles a key or pasted text. It rejects text that does not fit
// completely, with an error, because a part of it could mean something else.
func (l *Line) Update(msg tea.Msg) (tea.Cmd, error) {
	adds := 0
	switch x := msg.(type) {
	case tea.PasteMsg:
		x.Content = strings.TrimRight(x.Content, "\r\n") // the user copied a whole line
		adds = utf8.RuneCountInString(x.Content)
		msg = x
	case tea.KeyPressMsg:
		adds = utf8.RuneCountInString(x.Text)
		if key.Matches(x, keys.Yank) {
			adds = utf8.RuneCountInString(l.killed)
		}
	}
	if err := l.checkRoom(adds); err != nil && adds > 0 {
		return nil, err
	}
	before := state{l.Value(), l.Position()}
	var cmd tea.Cmd
	k, _ := msg.(tea.KeyPressMsg)
	switch {
	case key.Matches(k, keys.Yank):
		l.insert(l.killed)
	case key.Matches(k, keys.Undo):
		if n := len(l.before); n > 0 {
			l.SetValue(l.before[n-1].text)
			l.SetCursor(l.before[n-1].cursor)
			l.before = l.before[:n-1]
		}
		return nil, nil
	case key.Matches(k, keys.Transpose):
		l.transpose()
	case key.Matches(k, keys.LineStart):
		l.CursorStart()
	case key.Matches(k, keys.LineEnd):
		l.CursorEnd()
	case key.Matches(k, keys.WordBack):
		l.SetCursor(l.wordBegin())
	case key.Matches(k, keys.WordForward):
		l.SetCursor(l.wordEnd())
	case key.Matches(k, keys.KillWord):
		l.delete(l.Position(), l.wordEnd())
	case key.Matches(k, keys.KillWordBack):
		l.delete(l.wordBegin(), l.Position())
	default:
		l.Model, cmd = l.Model.Update(msg)
	}
	if key.Matches(k, keys.KillWord, keys.KillWordBack, keys.KillLineAfter, keys.KillLineBefore) {
		// In either direction, the deleted text was at the cursor.
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
	return cmd, nil
}

// Set replaces the text, moves to its end, and clears the undo history.
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

// wordBegin returns the start of the word before the cursor, and wordEnd the end
// of the next one. Bubbles (v2.2.1) moves the cursor by single characters and
// measures the whole text each time, which takes a second for the longest word.
// It also panics when the last character is deleted as a word.
func (l *Line) wordBegin() int {
	r, at := []rune(l.Value()), l.Position()
	for at > 0 && unicode.IsSpace(r[at-1]) {
		at--
	}
	for at > 0 && !unicode.IsSpace(r[at-1]) {
		at--
	}
	return at
}

func (l *Line) wordEnd() int {
	r, at := []rune(l.Value()), l.Position()
	for at < len(r) && unicode.IsSpace(r[at]) {
		at++
	}
	for at < len(r) && !unicode.IsSpace(r[at]) {
		at++
	}
	return at
}

func (l *Line) delete(from, to int) {
	l.SetValue(string(slices.Delete([]rune(l.Value()), from, to)))
	l.SetCursor(from)
}

// View draws the line. Characters whose width differs among terminals are dots.
func (l *Line) View() string {
	return strings.Map(func(r rune) rune {
		if !visible.Steady(r) {
			return '·'
		}
		return r
	}, l.Model.View())
}

// transpose swaps the characters around the cursor, or the last two at the end,
// and moves on by one.
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
