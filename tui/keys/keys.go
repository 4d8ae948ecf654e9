// Package keys has the key bindings. A key has the same meaning in every pane.
// The help, the status line, the palette and the table in the README are
// generated from them.
package keys

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// An Action is what a key does. Its text is its name in the settings.
type Action string

// The actions.
const (
	Quit       Action = "quit"
	Help       Action = "help"
	Palette    Action = "palette"
	Cancel     Action = "cancel"
	Suspend    Action = "suspend"
	Redraw     Action = "redraw"
	NextPane   Action = "next-pane"
	Enter      Action = "open"
	Logs       Action = "logs"
	Down       Action = "down"
	Up         Action = "up"
	PageDown   Action = "page-down"
	PageUp     Action = "page-up"
	HalfDown   Action = "half-down"
	HalfUp     Action = "half-up"
	Top        Action = "top"
	Bottom     Action = "bottom"
	Goto       Action = "goto"
	GoTime     Action = "go-to-time"
	Later      Action = "minute-later"
	Earlier    Action = "minute-earlier"
	HourAhead  Action = "hour-later"
	HourBack   Action = "hour-earlier"
	Level      Action = "level"
	Left       Action = "left"
	Right      Action = "right"
	Search     Action = "search"
	SearchBack Action = "search-back"
	Next       Action = "next"
	Previous   Action = "previous"
	NextIn     Action = "next-in-line"
	PrevIn     Action = "previous-in-line"
	SearchAll  Action = "search-all"
	FilterIn   Action = "filter-in"
	FiltersOff Action = "filters-off"
	FilterNth  Action = "filter-toggle"
	FilterEdit Action = "filter-edit"
	FilterDrop Action = "filter-drop"
	ContextUp  Action = "context-more"
	ContextDn  Action = "context-less"
	Follow     Action = "follow"
	Wrap       Action = "wrap"
	NextError  Action = "next-error"
	PrevError  Action = "previous-error"
	NextWarn   Action = "next-warning"
	PrevWarn   Action = "previous-warning"
	FilterHit  Action = "filter-found"
	FilterMiss Action = "filter-not-found"
	Freeze     Action = "freeze"
	Marks      Action = "marks"
	Mark       Action = "mark"
	NextMark   Action = "next-mark"
	PrevMark   Action = "previous-mark"
	CopyLine   Action = "copy-line"
	CopyRef    Action = "copy-ref"
	Select     Action = "select"
	Write      Action = "write"
	Pipe       Action = "pipe"
	Edit       Action = "edit"
	Plain      Action = "plain-screen"
	Mouse      Action = "mouse"
	Index      Action = "index"
	Case       Action = "case"
)

// A Binding has the keys and the help of an Action.
type Binding struct {
	Action Action
	Group  string
	key.Binding
}

// A Map is a list of all bindings, in the order of the help.
type Map []Binding

// Preset returns the bindings of a preset: "" or "default", or "less", in
// which ? searches backwards, h helps, e and w move, and 1234G goes to a line, as in less.
func Preset(name string) (Map, error) {
	m := defaults()
	switch name {
	case "", "default":
	case "less":
		m.bind(Help, "h", "H", "f1")
		m.bind(SearchBack, "?", "alt+/")
		m.bind(Left, "left")
		m.bind(Down, "j", "down", "e")
		m.bind(PageUp, "b", "w", "pgup", "ctrl+b")
		m.bind(Goto, "1", "2", "3", "4", "5", "6", "7", "8", "9")
		m.bind(Level, "alt+l") // :warn and others are in the palette
		m.bind(Later, "alt+.")
		m.bind(Earlier, "alt+,")
		m.bind(HourAhead, "alt+>")
		m.bind(HourBack, "alt+<")
		m.bind(NextError, "]")
		m.bind(PrevError, "[")
		m.bind(NextWarn, "}")
		m.bind(PrevWarn, "{")
	default:
		return nil, fmt.Errorf("keys preset %q: it is default or less", name)
	}
	return m, nil
}

func defaults() Map {
	b := func(group string, a Action, help string, keys ...string) Binding {
		return Binding{a, group, key.NewBinding(key.WithKeys(keys...), key.WithHelp(Show(keys...), help))}
	}
	return Map{
		b("move", Down, "one line down", "j", "down"),
		b("move", Up, "one line up", "k", "up"),
		b("move", PageDown, "a page down", "space", "f", "pgdown", "ctrl+f"),
		b("move", PageUp, "a page up", "b", "pgup", "ctrl+b"),
		b("move", HalfDown, "half a page down", "d", "ctrl+d"),
		b("move", HalfUp, "half a page up", "u", "ctrl+u"),
		b("move", Top, "to the beginning", "g", "home"),
		b("move", Bottom, "to the end; live from there", "G", "end"),
		b("move", GoTime, "to a time: 14:05, -2h, yesterday 9am, or as in a log", "t"),
		b("move", Later, "a minute later", "]"),
		b("move", Earlier, "a minute earlier", "["),
		b("move", HourAhead, "an hour later", "}"),
		b("move", HourBack, "an hour earlier", "{"),
		b("move", Goto, "to a line of this file: :1234; or to a share: :50%", "alt+g"),
		b("move", Left, "to the left", "h", "left"),
		b("move", Right, "to the right", "l", "right"),
		b("move", NextError, "next error", "e"),
		b("move", PrevError, "previous error", "E"),
		b("move", NextWarn, "next warning", "w"),
		b("move", PrevWarn, "previous warning", "W"),

		b("search", Search, "search in this log: text, or /regexp", "/"),
		b("search", SearchBack, "search backwards", "alt+/"),
		b("search", Next, "next match", "n"),
		b("search", Previous, "previous match", "N"),
		b("search", NextIn, "next match in this line", ">"),
		b("search", PrevIn, "previous match in this line", "<"),
		b("search", SearchAll, "search all logs with the query language", "s"),
		b("search", ContextUp, "more lines around each result", "z"),
		b("search", ContextDn, "fewer lines around each result", "Z"),
		b("search", FilterIn, "show only lines with text, /regexp or level>=warn; &! without", "&"),
		b("search", Level, "all levels; 2 to 6: only debug, info, warn, error, fatal and above", "1", "2", "3", "4", "5", "6"),
		b("search", FilterHit, "show only lines that match the search", "+"),
		b("search", FilterMiss, "hide lines that match the search", "-"),
		b("search", FiltersOff, "all filters off, and on again", "\\"),
		b("search", FilterNth, "the first filter off and on; Alt-2 the second …", "alt+1", "alt+2", "alt+3", "alt+4", "alt+5", "alt+6", "alt+7", "alt+8", "alt+9"),
		b("search", FilterEdit, "edit the filter that was made or switched last", "ctrl+e"),
		b("search", FilterDrop, "remove the filter that was made or switched last", "ctrl+x"),

		b("live", Follow, "follow the end, or stop", "F"),
		b("live", Freeze, "freeze what is shown; again or G goes on", "="),
		b("live", Index, "index in the background, or stop", "I"),

		b("line", Mark, "mark the line, or unmark it", "m"),
		b("line", NextMark, "next mark", "'"),
		b("line", PrevMark, "previous mark", "\""),
		b("line", Marks, "list the marks", "M"),
		b("line", CopyLine, "copy the line, or the selection", "y"),
		b("line", CopyRef, "copy a reference to the line", "Y"),
		b("line", Select, "select lines", "v"),
		b("line", Write, "write results, or the lines that match, to a file", "ctrl+w"),
		b("line", Pipe, "pipe results, or the lines that match, to a command", "|"),
		b("line", Edit, "open the editor at the line", "o"),

		b("view", Enter, "open the log; go to the result; the line's details", "enter"),
		b("view", NextPane, "the next pane", "tab"),
		b("view", Logs, "show or hide the logs", "L"),
		b("view", Wrap, "wrap long lines, or cut them", "S"),
		b("view", Plain, "plain text for the terminal's own selection", "ctrl+l"),
		b("view", Mouse, "mouse on and off", "f2"),
		b("view", Palette, "all commands; :14:05 goes to a time", ":", "ctrl+p"),
		b("view", Help, "help", "?", "f1"),
		b("view", Cancel, "close, cancel; never quits", "esc"),
		b("view", Suspend, "suspend", "ctrl+z"),
		b("view", Quit, "close what is on top, then quit", "q"),
	}
}

func (m Map) bind(a Action, keys ...string) {
	for i := range m {
		if m[i].Action == a {
			m[i].SetKeys(keys...)
			m[i].SetHelp(Show(keys...), m[i].Help().Desc)
		}
	}
}

// Set changes the keys of actions, by their names. It returns an error for an
// unknown action or key, or a key of two actions.
func (m Map) Set(other map[string][]string) error {
	for name, list := range other {
		if !slices.ContainsFunc(m, func(b Binding) bool { return string(b.Action) == name }) {
			return fmt.Errorf("keys: there is no action %q", name)
		}
		keys := make([]string, len(list))
		for i, k := range list {
			var ok bool
			if keys[i], ok = canonical(k); !ok {
				return fmt.Errorf("keys: %s: there is no key %q; they are written like x, X, f5, space, enter, pgdown, up, ctrl+o or ^O, alt+x", name, k)
			}
		}
		m.bind(Action(name), keys...)
	}
	return m.Check()
}

// special maps the names of keys that are not characters, and how Show writes
// them, to the names.
var special = func() map[string]string {
	list := map[string]string{"esc": "esc", "insert": "insert", "delete": "delete", "backspace": "backspace"}
	for _, k := range []string{"pgdown", "pgup", "down", "up", "left", "right", "enter", "space", "tab", "home", "end"} {
		list[k] = k
		list[strings.ToLower(Show(k))] = k
	}
	for i := range 20 {
		k := fmt.Sprintf("f%d", i+1)
		list[k] = k
	}
	return list
}()

// canonical returns the name of a key written by the user, as Bubble Tea names it
// or as the help shows it; false if there is no such key.
func canonical(k string) (string, bool) {
	mods := ""
	for rest := k; ; {
		lower := strings.ToLower(rest)
		switch {
		case strings.HasPrefix(lower, "ctrl+") && len(rest) > 5:
			mods, rest = mods+"ctrl+", rest[5:]
		case strings.HasPrefix(rest, "^") && len(rest) > 1:
			mods, rest = mods+"ctrl+", rest[1:]
		case (strings.HasPrefix(lower, "alt+") || strings.HasPrefix(lower, "alt-")) && len(rest) > 4:
			mods, rest = mods+"alt+", rest[4:]
		case strings.HasPrefix(lower, "shift+") && len(rest) > 6:
			mods, rest = mods+"shift+", rest[6:]
		default:
			if s, ok := special[lower]; ok {
				return mods + s, true
			}
			if rest == " " {
				return mods + "space", true
			}
			if strings.HasPrefix(mods, "ctrl+") {
				rest = lower // terminals do not distinguish ^O and ^o
			}
			return mods + rest, utf8.RuneCountInString(rest) == 1
		}
	}
}

// Check returns an error if two actions have the same key.
func (m Map) Check() error {
	owner := map[string]Action{}
	for _, b := range m {
		for _, k := range b.Keys() {
			if o, ok := owner[k]; ok {
				return fmt.Errorf("keys: %q is both %s and %s", k, o, b.Action)
			}
			owner[k] = b.Action
		}
	}
	return nil
}

// Match returns the action of a key, or "".
func (m Map) Match(k tea.KeyPressMsg) Action {
	for _, b := range m {
		if key.Matches(k, b.Binding) {
			return b.Action
		}
	}
	return ""
}

// Digit returns the digit of a key such as 2 or Alt-2, or -1.
func Digit(k tea.KeyPressMsg) int {
	s := k.String()
	if s == "" || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return -1
	}
	return int(s[len(s)-1] - '0')
}

// Near returns the binding of a similar key: the same letter in the other case,
// or with or without Ctrl or Alt. It returns false if there is none.
func (m Map) Near(k tea.KeyPressMsg) (Binding, bool) {
	letter := func(s string) string { return strings.ToLower(s[strings.LastIndexByte(s[:max(len(s)-1, 0)], '+')+1:]) }
	want := letter(k.String())
	for _, b := range m {
		if slices.ContainsFunc(b.Keys(), func(s string) bool { return letter(s) == want }) {
			return b, true
		}
	}
	return Binding{}, false
}

// Get returns the binding of an action.
func (m Map) Get(a Action) Binding {
	i := slices.IndexFunc(m, func(b Binding) bool { return b.Action == a })
	if i < 0 {
		return Binding{}
	}
	return m[i]
}

// Short returns the bindings of some actions, for a short help.
func (m Map) Short(list ...Action) []key.Binding {
	var out []key.Binding
	for _, a := range list {
		out = append(out, m.Get(a).Binding)
	}
	return out
}

// Groups returns the names of the groups, in order, and their bindings.
func (m Map) Groups() (names []string, groups map[string][]Binding) {
	groups = map[string][]Binding{}
	for _, b := range m {
		if groups[b.Group] == nil {
			names = append(names, b.Group)
		}
		groups[b.Group] = append(groups[b.Group], b)
	}
	return names, groups
}

// Markdown returns the table of all keys for the README.
func (m Map) Markdown() string {
	var b strings.Builder
	b.WriteString("| Key | What it does | Name |\n|---|---|---|\n")
	for _, x := range m {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", strings.ReplaceAll(x.Help().Key, "|", "\\|"), x.Help().Desc, x.Action)
	}
	return b.String()
}

// Show returns keys as they are shown to the user.
func Show(keys ...string) string {
	var out []string
	if len(keys) > 4 {
		keys = []string{keys[0], "…", keys[len(keys)-1]}
	}
	for _, k := range keys {
		for from, to := range map[string]string{"ctrl+": "^", "pgdown": "PgDn", "pgup": "PgUp", "down": "↓", "up": "↑", "left": "←", "right": "→", "enter": "⏎",
			"space": "Space", "tab": "Tab", "esc": "Esc", "home": "Home", "end": "End", "alt+": "Alt-", "f1": "F1", "f2": "F2"} {
			if k == from || strings.HasSuffix(from, "+") && strings.HasPrefix(k, from) {
				k = to + k[len(from):]
				break
			}
		}
		if len(k) > 1 && k[0] == '^' {
			k = "^" + strings.ToUpper(k[1:])
		}
		out = append(out, k)
	}
	return strings.Join(out, " ")
}
