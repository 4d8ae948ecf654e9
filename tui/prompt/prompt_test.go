package prompt

import (
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/tui/theme"
	"logview/tui/tuitest"
)

// press presses keys and returns the text after them, with | at the cursor.
func press(m *Model, keys ...string) string {
	for _, k := range keys {
		m.Update(tuitest.Key(k))
	}
	r := []rune(m.Value())
	at := m.in.Position()
	return string(r[:at]) + "|" + string(r[at:])
}

func TestReadline(t *testing.T) {
	for _, c := range []struct {
		text string
		keys []string
		want string
	}{
		{"one two", []string{"ctrl+a"}, "|one two"},
		{"one two", []string{"ctrl+a", "ctrl+e"}, "one two|"},
		{"one two", []string{"alt+<"}, "|one two"},
		{"one two", []string{"ctrl+a", "alt+>"}, "one two|"},
		{"one two", []string{"alt+b"}, "one |two"},
		{"one two", []string{"ctrl+a", "alt+f"}, "one| two"},
		{"one two", []string{"ctrl+b", "ctrl+b", "ctrl+f"}, "one tw|o"},
		{"one two", []string{"ctrl+w"}, "one |"},
		{"one two", []string{"ctrl+w", "ctrl+a", "ctrl+y"}, "two|one "},
		{"one two", []string{"ctrl+w", "ctrl+y", "ctrl+y"}, "one twotwo|"},
		{"one two", []string{"ctrl+a", "ctrl+k"}, "|"},
		{"one two", []string{"ctrl+a", "ctrl+k", "ctrl+y"}, "one two|"},
		{"日本 語x", []string{"ctrl+b", "ctrl+u", "ctrl+e", "ctrl+y"}, "x日本 語|"},
		{"one two", []string{"ctrl+a", "alt+d", "ctrl+e", "ctrl+y"}, " twoone|"},
		{"one two", []string{"ctrl+b", "alt+d"}, "one tw|"},
		{"one ", []string{"ctrl+b", "alt+d"}, "one|"},
		{"one", []string{"alt+d", "ctrl+y"}, "one|"},
		{"one two", []string{"ctrl+a", "ctrl+d"}, "|ne two"},
		{"one two", []string{"ctrl+h"}, "one tw|"},
		{"ab", []string{"ctrl+t"}, "ba|"},
		{"abc", []string{"ctrl+a", "ctrl+f", "ctrl+t"}, "ba|c"},
		{"abc", []string{"ctrl+a", "ctrl+t"}, "|abc"},
		{"one two", []string{"ctrl+u", "ctrl+_"}, "one two|"},
		{"one", []string{"x", "y", "ctrl+_"}, "onex|"},
		{"one", []string{"x", "y", "ctrl+_", "ctrl+_", "ctrl+_"}, "one|"},
		{"one", []string{"ctrl+y"}, "one|"},
	} {
		m := New(theme.New(true))
		m.Ask(Search, "", c.text)
		if got := press(m, c.keys...); got != c.want {
			t.Errorf("%q %v: %q; want %q", c.text, c.keys, got, c.want)
		}
	}
}

func TestHistory(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"up"}, "warning|"},
		{[]string{"ctrl+p", "ctrl+p", "ctrl+p", "ctrl+p", "ctrl+p"}, "error one|"},
		{[]string{"x", "up", "down"}, "x|"},
		{[]string{"up", "up", "ctrl+n"}, "warning|"},
		{[]string{"ctrl+r", "e", "r", "r"}, "error two|"},
		{[]string{"ctrl+r", "e", "r", "r", "ctrl+r"}, "error one|"},
		{[]string{"ctrl+r", "e", "r", "r", "ctrl+r", "ctrl+r"}, "error one|"},
		{[]string{"ctrl+r", "e", "r", "r", "ctrl+r", "ctrl+s"}, "error two|"},
		{[]string{"ctrl+r", "e", "r", "r", "backspace", "backspace", "backspace"}, "warning|"},
		{[]string{"ctrl+r", "o", "n", "x", "ctrl+h", "e"}, "error one|"},
		{[]string{"x", "ctrl+r", "o", "n", "e", "esc"}, "x|"},
		{[]string{"x", "ctrl+r", "o", "n", "e", "ctrl+a", "y"}, "y|error one"},
		{[]string{"x", "ctrl+r", "n", "o", "t"}, "warning|"}, // keeps the last text that matched
	} {
		m := New(theme.New(true))
		for _, s := range []string{"error one", "error two", "warning"} {
			m.Ask(SearchBack, "", s)
			m.End(true)
		}
		m.Ask(Search, "", "")
		if got := press(m, c.keys...); got != c.want {
			t.Errorf("%v: %q; want %q", c.keys, got, c.want)
		}
	}
}

// The text that is typed is visible on a narrow screen, too, and no row is
// wider than the screen.
func TestNarrow(t *testing.T) {
	for _, width := range []int{20, 30, 40, 80} {
		for _, text := range []string{"", "see", "日本語日本語日本語日本語日本語", "👨\u200d👩\u200d👧 family", "x\u0301\u0302 marks"} {
			m := New(theme.New(true))
			m.SetWidth(width)
			m.Ask(Filter, "show lines with (! without, / regexp): ", "")
			m.Update(tea.PasteMsg{Content: text})
			m.SetNote("89,325 lines")
			view, x := m.View()
			if w := ansi.StringWidthWc(ansi.Strip(view)); w > width || x > width {
				t.Errorf("%d columns of %d, the cursor in %d: %q", w, width, x, ansi.Strip(view))
			}
			if text == "see" && !strings.Contains(ansi.Strip(view), "see") {
				t.Errorf("at %d columns it is not seen: %q", width, ansi.Strip(view))
			}
		}
	}
}

// However much is pasted, a prompt uses little memory and reports text that
// does not fit. It never inserts a part of such a text.
func TestTooLong(t *testing.T) {
	huge := tea.PasteMsg{Content: strings.Repeat("Ab1 ", 1<<18)}
	most := tea.PasteMsg{Content: strings.Repeat("ä", MostTyped-3)}
	for k := Search; k <= Time; k++ {
		m := New(theme.New(true))
		m.SetWidth(80)
		m.Ask(k, "what: ", "")
		m.Update(tuitest.Key("x"))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, changed := m.Update(huge)
		m.View()
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%d: 1 MiB pasted takes %d MiB", k, n>>20)
		}
		if changed || m.Value() != "x" || !strings.Contains(m.err, "1,048,576 characters do not fit: the limit is 4,096") {
			t.Errorf("%d: %d characters, %q", k, len(m.Value()), m.err)
		}
		m.Update(most)
		m.Update(tuitest.Key("y"))
		m.SetError(nil)
		full := m.Value()
		if n := utf8.RuneCountInString(full); n != MostTyped-1 {
			t.Errorf("%d: %d characters", k, n)
		}
		m.Update(tuitest.Key("ctrl+w")) // delete all of it
		m.Update(tuitest.Key("ctrl+y"))
		m.Update(tuitest.Key("ctrl+y"))
		if m.Value() != full || !strings.Contains(m.err, "do not fit") {
			t.Errorf("%d: put back twice: %d bytes, %q", k, len(m.Value()), m.err)
		}
		m.SetError(nil)
		m.Update(tuitest.Key("z"))
		for range 10 {
			m.Update(tuitest.Key("w")) // the key is held down
		}
		if m.Value() != full+"z" || !strings.Contains(m.err, "limit of 4,096 characters is reached") {
			t.Errorf("%d: held: %d bytes, %q", k, len(m.Value()), m.err)
		}
	}
	m := New(theme.New(true))
	m.Ask(Search, "", "one")
	m.Update(tea.PasteMsg{Content: " of a copied line\r\n"})
	if m.Value() != "one of a copied line" {
		t.Errorf("%q", m.Value())
	}
}
