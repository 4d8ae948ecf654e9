package keys

import (
	tea "charm.land/bubbletea/v2"
	"os"
	"strings"
	"testing"
)

// In no preset do two actions have the same key, and every action has a name,
// keys and help.
func TestPresets(t *testing.T) {
	for _, preset := range []string{"default", "less"} {
		m, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
		for _, b := range m {
			if b.Help().Desc == "" || b.Help().Key == "" || len(b.Keys()) == 0 {
				t.Errorf("%s: %s has no help or no key", preset, b.Action)
			}
		}
	}
	if _, err := Preset("emacs"); err == nil {
		t.Error("there is a preset emacs")
	}
}

// The keys that users of less expect always have the actions of less.
func TestLessCore(t *testing.T) {
	m := defaults()
	for k, a := range map[string]Action{"q": Quit, "/": Search, "n": Next, "N": Previous, "&": FilterIn, "g": Top, "G": Bottom, "F": Follow,
		"f": PageDown, "b": PageUp, "d": HalfDown, "u": HalfUp, "space": PageDown, "j": Down, "k": Up, "S": Wrap} {
		found := false
		for _, b := range m {
			for _, x := range b.Keys() {
				found = found || x == k && b.Action == a
			}
		}
		if !found {
			t.Errorf("%s is not %s", k, a)
		}
	}
}

func TestSet(t *testing.T) {
	m := defaults()
	if err := m.Set(map[string][]string{"down": {"j", "ctrl+j"}}); err != nil || m.Get(Down).Help().Key != "j ^J" {
		t.Error(err, m.Get(Down).Help().Key)
	}
	if err := m.Set(map[string][]string{"dwon": {"x"}}); err == nil || !strings.Contains(err.Error(), "dwon") {
		t.Error(err)
	}
	if err := m.Set(map[string][]string{"down": {"k"}}); err == nil || !strings.Contains(err.Error(), `"k"`) {
		t.Error(err)
	}
}

// The README has the table of keys that is generated from the map. With
// UPDATE_README=1 the test writes it.
func TestReadme(t *testing.T) {
	const path = "../../README.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), "<!-- keys -->\n")
	table, after, ok2 := strings.Cut(rest, "<!-- /keys -->")
	if !ok || !ok2 {
		t.Fatal("the README has no place for the keys")
	}
	want := defaults().Markdown()
	if table == want {
		return
	}
	if os.Getenv("UPDATE_README") == "" {
		t.Fatal("the README's table of keys is stale: UPDATE_README=1 go test ./tui/keys")
	}
	if err := os.WriteFile(path, []byte(before+"<!-- keys -->\n"+want+"<!-- /keys -->"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Keys are accepted as terminals name them and as the help shows them; all
// other names are rejected.
func TestKeyNames(t *testing.T) {
	for in, want := range map[string]string{"^O": "ctrl+o", "ctrl+O": "ctrl+o", "Alt-x": "alt+x", "alt+X": "alt+X", "Space": "space", " ": "space", "PgDn": "pgdown", "⏎": "enter", "F5": "f5",
		"x": "x", "X": "X", "ß": "ß", "^": "^", "+": "+", "shift+tab": "shift+tab", "ctrl+alt+a": "ctrl+alt+a", "↓": "down"} {
		if got, ok := canonical(in); got != want || !ok {
			t.Errorf("%q is %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, bad := range []string{"", "zzz", "ctrl+", "hyper+x", "f21", "nope"} {
		err := defaults().Set(map[string][]string{"down": {bad}})
		if err == nil || !strings.Contains(err.Error(), "there is no key") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// The keys of the default bindings are valid names.
	for _, b := range defaults() {
		for _, k := range b.Keys() {
			if got, ok := canonical(k); !ok || got != k {
				t.Errorf("%q is %q, %v", k, got, ok)
			}
		}
	}
}

// For a key without an action, the nearest binding is suggested.
func TestNear(t *testing.T) {
	for k, want := range map[tea.KeyPressMsg]Action{
		{Code: 'i', Text: "i"}:        Index,
		{Code: 'x', Text: "x"}:        FilterDrop,
		{Code: 'n', Mod: tea.ModCtrl}: Next,
		{Code: 'c', Text: "c"}:        "",
		{Code: 'O', Text: "O"}:        Edit,
	} {
		if b, ok := defaults().Near(k); b.Action != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", k, b.Action, want)
		}
	}
}
