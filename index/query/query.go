// Package query is the language of searches: a tree of conditions on one line,
// the parser that makes it, and what the tree demands of the text around a
// line, by which a search can skip most of it.
//
//	timeout healthcheck        both, anywhere in the line, in any case
//	"connection reset"         a phrase: this text with its blanks
//	a OR b, (a OR b) c         one of them; parentheses group
//	NOT a, -a                  the line must not hold it
//	/re+gexp/, /re+gexp/i      a regular expression, RE2's; i ignores case
//	=word                      a whole word: error, but not errors
//	file:GLOB                  lines of files so named: file:*.gz, file:nginx/*.log
package query

import (
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// A Node is a condition on a line. Its String is a query that parses to an
// equal tree.
type Node interface {
	String() string
	prec() int // how tightly it binds, for parentheses
}

// Text asks for a line that contains S.
type Text struct{ S string }

// Word asks for a line that contains S as a whole word: not beside a letter,
// a digit, a combining mark or an underscore.
type Word struct{ S string }

// Regexp asks for a line in which the regular expression Expr matches
// somewhere. ^ and $ are the line's ends.
type Regexp struct {
	Expr string
	Fold bool // ignoring case
}

// File asks for a line of a file whose path matches Glob.
type File struct{ Glob string }

// And asks for all of its conditions, Or for one. Both have two or more.
type (
	And []Node
	Or  []Node
)

// Not asks for a line that X does not hold for.
type Not struct{ X Node }

const (
	precOr = iota
	precAnd
	precNot
	precLeaf
)

func (Text) prec() int   { return precLeaf }
func (Word) prec() int   { return precLeaf }
func (Regexp) prec() int { return precLeaf }
func (File) prec() int   { return precLeaf }
func (And) prec() int    { return precAnd }
func (Or) prec() int     { return precOr }
func (Not) prec() int    { return precNot }

func (n Text) String() string {
	if isBareWord(n.S) {
		return n.S
	}
	return quote(n.S)
}

func (n Word) String() string {
	if isBareWord(n.S) {
		return "=" + n.S
	}
	return "=" + quote(n.S)
}

func (n Regexp) String() string {
	s := "/" + mapEscapes(n.Expr, func(b *strings.Builder, escaped bool, c byte) {
		if escaped || c == '/' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}) + "/"
	if n.Fold {
		s += "i"
	}
	return s
}

func (n File) String() string {
	if n.Glob != "" && !strings.ContainsAny(n.Glob, " \t\n\r\v\f\"()") {
		return "file:" + n.Glob
	}
	return "file:" + quote(n.Glob)
}

func (n And) String() string { return join(n, " ", precAnd) }
func (n Or) String() string  { return join(n, " OR ", precOr) }
func (n Not) String() string { return "NOT " + formatWithin(n.X, precNot-1) }

func join(list []Node, sep string, prec int) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = formatWithin(x, prec)
	}
	return strings.Join(parts, sep)
}

// formatWithin prints x as part of a node that binds as tightly as prec: in
// parentheses unless it binds tighter.
func formatWithin(x Node, prec int) string {
	if x.prec() <= prec {
		return "(" + x.String() + ")"
	}
	return x.String()
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isBareWord reports whether s can stand as a word without quotes.
func isBareWord(s string) bool {
	if s == "" || s == "OR" || s == "AND" || s == "NOT" {
		return false
	}
	if strings.ContainsRune(`"-/=(`, rune(s[0])) || strings.HasPrefix(s, "file:") {
		return false
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case blank(s[i]):
			return false
		case s[i] == '(':
			depth++
		case s[i] == ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

func blank(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

// Matches reports whether path is one that the glob means: by its base name
// if the glob has no slash, and otherwise by any number of its last parts.
// ** stands for any number of directories.
func (n File) Matches(path string) bool {
	path = filepath.ToSlash(path)
	if !strings.Contains(n.Glob, "/") {
		base := path[strings.LastIndexByte(path, '/')+1:]
		ok, _ := doublestar.Match(n.Glob, base)
		return ok
	}
	if ok, _ := doublestar.Match(n.Glob, path); ok {
		return true
	}
	if strings.HasPrefix(n.Glob, "/") {
		return false
	}
	ok, _ := doublestar.Match("**/"+n.Glob, path)
	return ok
}

// Distinguishes reports whether a file: condition holds for one of two files only.
func Distinguishes(n Node, a, b string) bool {
	found := false
	Leaves(n, func(leaf Node, _ bool) {
		f, ok := leaf.(File)
		found = found || ok && f.Matches(a) != f.Matches(b)
	})
	return found
}

// Leaves calls f for every leaf of the tree, left to right. positive says
// that the leaf is under an even number of Nots: a line may match because
// of it.
func Leaves(n Node, f func(leaf Node, positive bool)) { walkLeaves(n, true, f) }

func walkLeaves(n Node, positive bool, f func(Node, bool)) {
	switch n := n.(type) {
	case And:
		for _, x := range n {
			walkLeaves(x, positive, f)
		}
	case Or:
		for _, x := range n {
			walkLeaves(x, positive, f)
		}
	case Not:
		walkLeaves(n.X, !positive, f)
	default:
		f(n, positive)
	}
}
