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

const (
	// MostTyped is how many characters a Line takes. Matching costs hundreds of
	// bytes for each, and every change is kept for undoing.
	MostTyped = 4096

	// mostUndone is how many changes can be undone.
	mostUndone = 100
)

// NewLine makes an empty line, which starts with what it asks.
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

// tooLong is the error of a text that does not fit; nil if n more characters
// do.
func (l *Line) tooLong(n int) error {
	switch length := utf8.RuneCountInString(l.Value()); {
	case length+n <= MostTyped:
		return nil
	case n == 1:
		return fmt.Errorf("the limit of %s characters is reached", humanize.Comma(int64(length)))
	default:
		return fmt.Errorf("%s characters do not fit: the limit is %s", humanize.Comma(int64(n)), humanize.Comma(MostTyped))
	}
}

// Update takes a key or what is pasted. What does not fit is left out as a
// whole, for a part of it would mean something else, and the error says so.
func (l *Line) Update(msg tea.Msg) (tea.Cmd, error) {
	adds := 0
	switch x := msg.(type) {
	case tea.PasteMsg:
		x.Content = strings.TrimRight(x.Content, "\r\n") // of a line that was copied whole
		adds = utf8.RuneCountInString(x.Content)
		msg = x
	case tea.KeyPressMsg:
		adds = utf8.RuneCountInString(x.Text)
		if key.Matches(x, keys.Yank) {
			adds = utf8.RuneCountInString(l.killed)
		}
	}
	if err := l.tooLong(adds); err != nil && adds > 0 {
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
	return cmd, nil
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

// wordBegin is where the word before the cursor begins, and wordEnd where the
// next one ends. Bubbles (v2.2.1) moves the cursor to each character between,
// and measures the whole text there: a second for the longest word. It also
// panics when the last character is deleted as a word.
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
