// Package query implements the query language: a tree of conditions on a line,
// the parser for it, and the literals that matching lines must contain, which
// let a search skip most of the text.
//
//	timeout healthcheck        both, anywhere in the line, ignoring case
//	"connection reset"         a phrase: this text including its blanks
//	a OR b, (a OR b) c         either of them; parentheses group
//	NOT a, -a                  the line must not contain it
//	/re+gexp/, /re+gexp/i      a regular expression in RE2 syntax; i ignores case
//	=word                      a whole word: error, but not errors
//	file:GLOB                  lines of files with that name: file:*.gz, file:nginx/*.log
//	log:GLOB                   lines of logs with that name, whatever their files are called
//	name:value, name:a*b       a field with this value, ignoring case; * stands for any text
//	name:"a phrase", name:/re/ a field whose value contains this, or matches
//	name:(a OR b), name:*      one of these values; any value
//	took>1.5s, status>=500     a field with such a number, duration or size
//	level:error, level>=warn   the level of the line
package query

import (
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// A Node is a condition on a line. String returns a query that parses to an
// equal tree.
type Node interface {
	String() string
	prec() int // precedence, which decides where parentheses are needed
}

// Text matches a line that contains S.
type Text struct{ S string }

// Word matches a line that contains S as a whole word: not next to a letter, a
// digit, a combining mark or an underscore.
type Word struct{ S string }

// Regexp matches a line in which the regular expression Expr matches anywhere.
// ^ and $ match at the ends of the line.
type Regexp struct {
	Expr string
	Fold bool // ignore case
}

// File matches the lines of a file whose path matches Glob.
type File struct{ Glob string }

// Log matches the lines of a log whose name matches Glob, as File does with paths.
type Log struct{ Glob string }

// And matches if all of its conditions do, Or if at least one does. Both have
// two or more conditions.
type (
	And []Node
	Or  []Node
)

// Not matches the lines that X does not match.
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
func (Log) prec() int    { return precLeaf }
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

func (n File) String() string { return "file:" + formatGlob(n.Glob) }
func (n Log) String() string  { return "log:" + formatGlob(n.Glob) }

func formatGlob(glob string) string {
	if glob != "" && !strings.ContainsAny(glob, " \t\n\r\v\f\"()") {
		return glob
	}
	return quote(glob)
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

// formatWithin formats x as an operand of a node with precedence prec: in
// parentheses, unless x binds more tightly.
func formatWithin(x Node, prec int) string {
	if x.prec() <= prec {
		return "(" + x.String() + ")"
	}
	return x.String()
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isBareWord reports whether s can be written as a word without quotes.
func isBareWord(s string) bool {
	if s == "" || s == "OR" || s == "AND" || s == "NOT" {
		return false
	}
	if strings.ContainsRune(`"-/=(`, rune(s[0])) || strings.HasPrefix(s, "file:") || strings.HasPrefix(s, "log:") {
		return false
	}
	if _, ok := startOfField(s); ok {
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

// Matches reports whether path matches the glob. A glob without a slash is
// compared with each element of the path, any other with the path or any number of its
// last elements, or with the whole path only if it begins with a slash. **
// matches any number of directories.
func (n File) Matches(path string) bool { return matchesGlob(n.Glob, path) }

// Matches is like that of File, for the name of a log.
func (n Log) Matches(name string) bool { return matchesGlob(n.Glob, name) }

func matchesGlob(glob, path string) bool {
	path = filepath.ToSlash(path)
	if !strings.Contains(glob, "/") {
		for element := range strings.SplitSeq(path, "/") {
			if ok, _ := doublestar.Match(glob, element); ok && element != "" {
				return true
			}
		}
		return false
	}
	if ok, _ := doublestar.Match(glob, path); ok {
		return true
	}
	if strings.HasPrefix(glob, "/") {
		return false
	}
	ok, _ := doublestar.Match("**/"+glob, path)
	return ok
}

// Distinguishes reports whether n has a file: condition that matches exactly
// one of the paths a and b.
func Distinguishes(n Node, a, b string) bool {
	found := false
	Leaves(n, func(leaf Node, _ bool) {
		f, ok := leaf.(File)
		found = found || ok && f.Matches(a) != f.Matches(b)
	})
	return found
}

// Leaves calls f for every leaf of the tree, from left to right. positive says
// that the leaf is under an even number of Nots, so that a line may match
// because of it.
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
