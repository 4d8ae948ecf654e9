package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Which folders may not import which, and why.
var forbidden = []struct{ from, to, why string }{
	{"reader", "logview/index", "reading knows nothing of questions"},
	{"reader", "logview/tui", "reading knows nothing of terminals"},
	{"index", "logview/tui", "questions are answered the same wherever they are asked"},
	{"reader", "logview/cmd", "packages return errors; only commands print and exit"},
	{"index", "logview/cmd", "packages return errors; only commands print and exit"},
	{"tui", "logview/cmd", "packages return errors; only commands print and exit"},
	{"tui/pager", "logview/tui/results", "a pane cannot reach another: the root stands between"},
	{"tui/pager", "logview/tui/logs", "a pane cannot reach another: the root stands between"},
	{"tui/results", "logview/tui/pager", "a pane cannot reach another: the root stands between"},
	{"tui/results", "logview/tui/logs", "a pane cannot reach another: the root stands between"},
	{"tui/logs", "logview/tui/pager", "a pane cannot reach another: the root stands between"},
	{"tui/logs", "logview/tui/results", "a pane cannot reach another: the root stands between"},
}

func TestImports(t *testing.T) {
	const root = "../.."
	seen := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			for _, x := range forbidden {
				if strings.HasPrefix(filepath.ToSlash(rel), x.from+"/") && (to == x.to || strings.HasPrefix(to, x.to+"/")) {
					t.Errorf("%s imports %s: %s", rel, to, x.why)
				}
			}
		}
		return nil
	})
	if err != nil || seen < 50 {
		t.Fatal(seen, err)
	}
}
