package keys

import (
	"strings"

	"charm.land/bubbles/v2/key"
)

// Interrupt cancels the current operation; pressed twice it quits. It cannot be
// changed, because users expect it of every program.
var Interrupt = keysOf("ctrl+c")

// The keys of the prompt: those of readline. They cannot be changed.
var (
	Accept     = keysOf("enter")
	GiveUp     = keysOf("esc", "ctrl+g")
	LeaveEmpty = keysOf("backspace", "ctrl+d") // gives up if there is no text
	TypingHelp = keysOf("f1")
	NextCase   = keysOf("alt+c") // while a search is typed

	LineStart      = keysOf("ctrl+a", "home", "alt+<")
	LineEnd        = keysOf("ctrl+e", "end", "alt+>")
	CharBack       = keysOf("ctrl+b", "left")
	CharForward    = keysOf("ctrl+f", "right")
	WordBack       = keysOf("alt+b", "alt+left", "ctrl+left")
	WordForward    = keysOf("alt+f", "alt+right", "ctrl+right")
	DeleteBack     = keysOf("backspace", "ctrl+h")
	DeleteForward  = keysOf("ctrl+d", "delete")
	KillWordBack   = keysOf("ctrl+w", "alt+backspace", "ctrl+backspace")
	KillWord       = keysOf("alt+d", "alt+delete", "ctrl+delete")
	KillLineBefore = keysOf("ctrl+u")
	KillLineAfter  = keysOf("ctrl+k")
	Yank           = keysOf("ctrl+y")
	Transpose      = keysOf("ctrl+t")
	Undo           = keysOf("ctrl+_", "ctrl+/")

	HistoryBack    = keysOf("up", "ctrl+p")
	HistoryForward = keysOf("down", "ctrl+n")
	SeekBack       = keysOf("ctrl+r") // in the history
	SeekForward    = keysOf("ctrl+s")
)

// The keys of the palette, in addition to those of the prompt.
var (
	ListUp    = keysOf("up", "ctrl+p")
	ListDown  = keysOf("down", "ctrl+n", "tab")
	GoLine    = keysOf("G", "g") // 1234G goes to that line, as in less
	GoPercent = keysOf("%")
)

func keysOf(names ...string) key.Binding {
	return key.NewBinding(key.WithKeys(names...), key.WithHelp(Show(names...), ""))
}

// Typing returns the keys of the prompt and what they do, for the help.
func Typing() [][2]string {
	first := func(list ...key.Binding) string {
		var names []string
		for _, b := range list {
			name := Show(b.Keys()[0])
			if letter, alt := strings.CutPrefix(name, "Alt-"); alt {
				name = "Alt-" + strings.ToUpper(letter) // as in the manual of readline
			}
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	return [][2]string{
		{first(LineStart, LineEnd, CharBack, CharForward), "to the beginning, the end, a character back, on"},
		{first(WordBack, WordForward), "a word back, on"},
		{first(KillWordBack, KillWord), "delete the word before, behind"},
		{first(KillLineBefore, KillLineAfter), "delete all before, behind"},
		{first(Yank, Transpose, Undo), "put back what was deleted; swap two characters; undo"},
		{first(HistoryBack, HistoryForward) + " " + Show(HistoryBack.Keys()[1], HistoryForward.Keys()[1]), "what was typed before"},
		{first(SeekBack, SeekForward), "search in that, backwards and forwards"},
		{first(NextCase), "in a search: how capitals are taken"},
		{first(Accept) + " " + Show(GiveUp.Keys()...), "take it; give it up"},
	}
}
