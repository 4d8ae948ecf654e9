package reader_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// small are packages of this module without imports of this module, which any
// package may import.
var small = []string{"reader/crash", "reader/lazyregexp"}

// imports are the packages of this module that each package may import. An
// architecture is defined by which packages do not depend on which others.
var imports = map[string][]string{
	"reader":             {},
	"reader/crash":       {},
	"reader/lazyregexp":  {},
	"reader/gunzip":      {},
	"reader/line":        {"reader"},
	"reader/rotation":    {},
	"reader/decode":      {"reader", "reader/gunzip", "reader/rotation"},
	"reader/blockstore":  {"reader", "reader/line", "reader/decode"},
	"reader/files":       {"reader", "reader/line", "reader/rotation", "reader/decode", "reader/blockstore"},
	"reader/follow":      {"reader", "reader/line", "reader/rotation", "reader/decode", "reader/files"},
	"reader/document":    {"reader", "reader/line", "reader/rotation", "reader/decode", "reader/blockstore", "reader/files"},
	"reader/readertest":  {"reader"},
	"index/token":        {},
	"index/query":        {"reader", "reader/line"},
	"index/pattern":      {"reader/line"},
	"index/match":        {"index/query", "reader/line"},
	"index":              {"reader", "reader/decode", "reader/blockstore", "reader/files", "reader/line", "index/token", "index/query", "index/match"},
	"index/searchertest": {"reader", "reader/files", "reader/line", "reader/readertest", "index", "index/query", "index/match"},
}

// panes are the packages of the explorer's panes, which do not import each
// other: the root model connects them.
var panes = []string{"tui/logs", "tui/pager", "tui/results"}

// TestImports checks the imports between the packages of this module.
func TestImports(t *testing.T) {
	root := ".."
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		from := filepath.ToSlash(rel)
		allowed, known := imports[from]
		if !known && (strings.HasPrefix(from, "reader/") || strings.HasPrefix(from, "index/")) {
			t.Errorf("%s is not in the table of imports", from)
		}
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			to, ours := strings.CutPrefix(name, "logview/")
			switch {
			case !ours || slices.Contains(small, to):
			case known && !slices.Contains(allowed, to):
				t.Errorf("%s imports %s", file, to)
			case strings.HasPrefix(to, "cmd/"):
				t.Errorf("%s imports a command, %s", file, to)
			case slices.Contains(panes, from) && slices.Contains(panes, to):
				t.Errorf("%s, a pane, imports another, %s", file, path.Base(to))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
