package query

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
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
		}
		some = some || text != ""
		capitals = capitals || strings.IndexFunc(text, unicode.IsUpper) >= 0
	})
	return capitals || !some
}

// SpansLines reports whether an expression or a text of the query may match
// the end of a line, so that it could be found across two lines.
func SpansLines(n Node) bool {
	spans := false
	Leaves(n, func(leaf Node, _ bool) {
		switch leaf := leaf.(type) {
		case Text:
			spans = spans || strings.Contains(leaf.S, "\n")
		case Word:
			spans = spans || strings.Contains(leaf.S, "\n")
		case Regexp:
			if re, err := leaf.Syntax(true); err == nil {
				spans = spans || matchesNewline(re)
			}
		}
	})
	return spans
}

func matchesNewline(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpAnyChar:
		return true
	case syntax.OpLiteral:
		return strings.ContainsRune(string(re.Rune), '\n')
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= '\n' && '\n' <= re.Rune[i+1] {
				return true
			}
		}
	}
	for _, sub := range re.Sub {
		if matchesNewline(sub) {
			return true
		}
	}
	return false
}

// literals returns the literal text of an expression: without operators and
// without escapes that stand for classes and positions.
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
			// A name or flags.
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
var counted = regexp.MustCompile(`^\{[0-9]*,?[0-9]*\}`)

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
