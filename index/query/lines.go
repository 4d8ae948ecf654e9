package query

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"logview/reader/lazyregexp"
)

// HasCapitals reports whether a query contains a literal capital letter; \S and
// \pL do not count. It is also true for a query without any literal text, since
// \p{Lu} matches only capitals.
func HasCapitals(n Node) bool {
	capitals, some := false, false
	Leaves(n, func(leaf Node, _ bool) {
		text := ""
		switch leaf := leaf.(type) {
		case Text:
			text = leaf.S
		case Word:
			text = leaf.S
		case Regexp:
			text = leaf.literals()
		case Field:
			if text = leaf.Value; leaf.Op == Expression {
				text = Regexp{Expr: leaf.Value}.literals()
			}
		}
		some = some || text != ""
		capitals = capitals || strings.IndexFunc(text, unicode.IsUpper) >= 0
	})
	return capitals || !some
}

// HasNewline reports whether an expression or a text of the query contains a
// line feed as such, and not only a class that includes it.
func HasNewline(n Node) bool { return anywhere(n, literalNewline) }

// SpansLines reports whether an expression or a text of the query may match a
// line feed, so that a match could extend over two lines.
func SpansLines(n Node) bool { return anywhere(n, matchesNewline) }

// anywhere reports whether the query has a text with a line feed, or an
// expression with a part for which asked returns true.
func anywhere(n Node, asked func(*syntax.Regexp) bool) bool {
	var inside func(re *syntax.Regexp) bool
	inside = func(re *syntax.Regexp) bool { return asked(re) || slices.ContainsFunc(re.Sub, inside) }
	found := false
	Leaves(n, func(leaf Node, _ bool) {
		switch leaf := leaf.(type) {
		case Text:
			found = found || strings.Contains(leaf.S, "\n")
		case Word:
			found = found || strings.Contains(leaf.S, "\n")
		case Regexp:
			if re, err := leaf.Syntax(true); err == nil {
				found = found || inside(re)
			}
		}
	})
	return found
}

func literalNewline(re *syntax.Regexp) bool {
	return re.Op == syntax.OpLiteral && slices.Contains(re.Rune, '\n')
}

func matchesNewline(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpAnyChar:
		return true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= '\n' && '\n' <= re.Rune[i+1] {
				return true
			}
		}
	}
	return literalNewline(re)
}

// literals returns the literal text of an expression, without operators and
// without escapes for classes and positions.
func (n Regexp) literals() string {
	var out strings.Builder
	s := n.Expr
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'p', 'P':
				if i+1 < len(s) && s[i+1] == '{' {
					i += max(strings.IndexByte(s[i:], '}'), 0)
				} else {
					i++
				}
			case 'Q':
				end := strings.Index(s[i+1:], `\E`)
				if end < 0 {
					end = len(s) - i - 1
				}
				out.WriteString(s[i+1 : i+1+end])
				i += end + len(`\E`)
			case 'x':
				if i+1 < len(s) && s[i+1] == '{' {
					i += max(strings.IndexByte(s[i:], '}'), 0)
				} else {
					i += 2
				}
			default:
				if !isLetter(s[i]) && (s[i] < '0' || s[i] > '9') {
					out.WriteByte(s[i])
				}
			}
		case c == '(' && strings.HasPrefix(s[i:], "(?"):
			// Skip a name or flags.
			if end := strings.IndexAny(s[i:], ":>)"); end > 0 {
				i += end
			}
		case c == '{' && counted.MatchString(s[i:]):
			i += strings.IndexByte(s[i:], '}')
		case c == '[' && strings.HasPrefix(s[i:], "[:"):
			if end := strings.Index(s[i:], ":]"); end > 0 {
				i += end + 1
			}
		case strings.IndexByte(`.*+?()[]{}|^$-`, c) < 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// counted matches a repetition count.
var counted = lazyregexp.New(`^\{[0-9]*,?[0-9]*\}`)

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
