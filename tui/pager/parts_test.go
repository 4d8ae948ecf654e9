package pager

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Only the methods of a part of the pane change it: no other code assigns to
// its fields.
func TestParts(t *testing.T) {
	parts := map[string]bool{"win": true, "find": true, "count": true, "filters": true, "bookmarks": true, "view": true, "paint": true}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	// inPart reports whether the target of an assignment is in a part.
	var inPart func(ast.Expr) bool
	inPart = func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.IndexExpr:
			return inPart(x.X)
		case *ast.SelectorExpr:
			if y, ok := x.X.(*ast.SelectorExpr); ok && parts[y.Sel.Name] {
				return true
			}
			return inPart(x.X)
		}
		return false
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			var list []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				list = n.Lhs
			case *ast.IncDecStmt:
				list = []ast.Expr{n.X}
			}
			for _, x := range list {
				if inPart(x) {
					t.Errorf("%s: a part is changed by another; give it a method for that", files.Position(x.Pos()))
				}
			}
			return true
		})
	}
}
