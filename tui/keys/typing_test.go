package keys

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"
)

// All keys are bindings of this package: no other file of the explorer spells
// one out. Otherwise the help would not list them.
func TestNoKeysElsewhere(t *testing.T) {
	name := regexp.MustCompile(`^((ctrl|alt|shift)\+.+|esc|enter|backspace|pgup|pgdown|f\d+)$`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		dir := filepath.Base(filepath.Dir(path))
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || dir == "keys" || dir == "tuitest" {
			return err
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, _ := strconv.Unquote(lit.Value); name.MatchString(s) {
					t.Errorf("%s: the key %q; use a binding of package keys", files.Position(lit.Pos()), s)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each key has one meaning while text is typed, except for those whose meaning
// depends on whether there is text.
func TestTypingKeys(t *testing.T) {
	owner := map[string]int{}
	for i, b := range []key.Binding{Accept, GiveUp, TypingHelp, NextCase, LineStart, LineEnd, CharBack, CharForward, WordBack, WordForward, DeleteBack, DeleteForward,
		KillWordBack, KillWord, KillLineBefore, KillLineAfter, Yank, Transpose, Undo, HistoryBack, HistoryForward, SeekBack, SeekForward, Interrupt} {
		for _, k := range b.Keys() {
			if o, known := owner[k]; known {
				t.Errorf("%q is the key of bindings %d and %d", k, o, i)
			}
			owner[k] = i
		}
	}
	for _, row := range Typing() {
		if row[0] == "" || row[1] == "" {
			t.Errorf("a row of the help is empty: %q", row)
		}
	}
}
