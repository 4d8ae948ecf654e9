package query

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"logview/reader"
)

// An Error describes an error in a query and its position.
type Error struct {
	Query string
	Pos   int // byte offset in Query
	Msg   string
}

// Error returns the message and, below it, the query with a caret under the
// position of the error.
func (e *Error) Error() string {
	if strings.TrimSpace(e.Query) == "" {
		return e.Msg
	}
	before := displaywidth.String(drawn(e.Query[:min(e.Pos, len(e.Query))]))
	return fmt.Sprintf("%s\n  %s\n  %s^", e.Msg, drawn(e.Query), strings.Repeat(" ", before))
}

// drawn returns s with blanks in place of characters that move the cursor or
// would be printed as escapes, so that the width of each character is known. It
// keeps joiners, because they are part of the characters they join.
func drawn(s string) string {
	const joiner = '\u200d'
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) && r != joiner {
			return ' '
		}
		return r
	}, s)
}

// maxDepth limits the nesting of a query. Users never reach it, but a program
// that generates queries might, and parsing must not overflow the stack.
const maxDepth = 500

// Parse parses a query. Errors are of type *Error.
func Parse(s string) (Node, error) { return (&parser{s: s}).parse() }

// ParseDash is like Parse, but a - at the beginning of the query is part of a
// text and does not negate it, as in the value of the flag -e. NOT does negate.
func ParseDash(s string) (Node, error) { return (&parser{s: s, dash: true}).parse() }

func (p *parser) parse() (Node, error) {
	s := p.s
	p.skipBlanks()
	if p.pos == len(s) {
		return nil, p.errorf(0, `the query is empty; to match every line, use -e '' or '""'`)
	}
	n, err := p.parseOr(0)
	if err != nil {
		return nil, err
	}
	if p.pos < len(s) {
		return nil, p.errorf(p.pos, "closing parenthesis without an opening one; to look for it, put it in quotes")
	}
	return n, nil
}

// ParseRegexp parses a regular expression and returns a node for it. Errors are
// of type *Error.
func ParseRegexp(expr string, fold bool) (Node, error) {
	return regexpNode(&parser{s: expr}, expr, fold, 0)
}

type parser struct {
	s    string
	pos  int
	dash bool // a - at the beginning is part of a text

	field string // the name of the field whose values are parsed, inside name:( )
}

func (p *parser) errorf(pos int, format string, args ...any) error {
	return &Error{Query: p.s, Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) skipBlanks() {
	for p.pos < len(p.s) && blank(p.s[p.pos]) {
		p.pos++
	}
}

// acceptKeyword skips the keyword w, and blanks after it, if it comes next as a
// separate word.
func (p *parser) acceptKeyword(w string) bool {
	rest, ok := strings.CutPrefix(p.s[p.pos:], w)
	if !ok || rest != "" && !blank(rest[0]) && rest[0] != '(' && rest[0] != ')' {
		return false
	}
	p.pos += len(w)
	p.skipBlanks()
	return true
}

// atEnd reports whether a list of conditions ends here.
func (p *parser) atEnd() bool {
	return p.pos == len(p.s) || p.s[p.pos] == ')'
}

func (p *parser) parseOr(depth int) (Node, error) {
	var list Or
	for {
		n, err := p.parseAnd(depth)
		if err != nil {
			return nil, err
		}
		// a OR (b OR c) keeps its parentheses, so that every tree has
		// its own text.
		list = append(list, n)
		at := p.pos
		if !p.acceptKeyword("OR") {
			break
		}
		if p.atEnd() {
			return nil, p.errorf(at, `nothing follows OR; to look for the word, put it in quotes: "OR"`)
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) parseAnd(depth int) (Node, error) {
	var list And
	for {
		at := p.pos
		if p.acceptKeyword("OR") {
			return nil, p.errorf(at, `nothing stands before OR; to look for the word, put it in quotes: "OR"`)
		}
		if p.acceptKeyword("AND") {
			if len(list) == 0 || p.atEnd() {
				return nil, p.errorf(at, `AND stands between two conditions; to look for the word, put it in quotes: "AND"`)
			}
			continue
		}
		n, err := p.parseUnary(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if p.atEnd() {
			break
		}
		at = p.pos
		if p.acceptKeyword("OR") {
			p.pos = at
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) parseUnary(depth int) (Node, error) {
	if depth > maxDepth {
		return nil, p.errorf(p.pos, "the query nests too deeply")
	}
	at := p.pos
	minus := p.s[p.pos] == '-' && !(p.dash && p.pos == 0)
	if minus {
		p.pos++
		if p.pos < len(p.s) && blank(p.s[p.pos]) {
			return nil, p.errorf(at, `- stands right before what the line must not hold; to look for it, put it in quotes: "-"`)
		}
	}
	if minus || p.acceptKeyword("NOT") {
		if p.atEnd() {
			return nil, p.errorf(at, "nothing follows that could be negated")
		}
		x, err := p.parseUnary(depth + 1)
		if err != nil {
			return nil, err
		}
		return Not{x}, nil
	}
	return p.parsePrimary(depth)
}

func (p *parser) parsePrimary(depth int) (Node, error) {
	at := p.pos
	defer p.skipBlanks()
	switch c := p.s[p.pos]; {
	case c == '(':
		return p.parseParentheses(depth)
	case p.field != "":
		return p.parseFieldValue()
	case c == '"':
		s, err := p.parseQuoted()
		return Text{s}, err
	case c == '/':
		return p.parseSlashes()
	case c == '=':
		p.pos++
		s, err := p.parseValue("=")
		if err == nil && s == "" {
			err = p.errorf(at, "a whole word follows =, as in =error")
		}
		return Word{s}, err
	case strings.HasPrefix(p.s[p.pos:], "file:"):
		s, err := p.parseGlob("file:", "a pattern of file names follows file:, as in file:*.gz")
		return File{s}, err
	case strings.HasPrefix(p.s[p.pos:], "log:"):
		s, err := p.parseGlob("log:", "a pattern of names of logs follows log:, as in log:app.log")
		return Log{s}, err
	case c == ')':
		return nil, p.errorf(at, "closing parenthesis without an opening one; to look for it, put it in quotes")
	}
	if f, ok := startOfField(p.s[p.pos:]); ok {
		return p.parseField(f, depth)
	}
	return Text{p.parseBareWord()}, nil
}

// parseFieldValue parses a value inside name:( ).
func (p *parser) parseFieldValue() (Node, error) {
	switch p.s[p.pos] {
	case '"':
		v, err := p.parseQuoted()
		return Field{Name: p.field, Op: Contains, Value: v}, err
	case '/':
		if n, size := p.closedRegexp(); size > 0 {
			p.pos += size
			return Field{Name: p.field, Op: Expression, Value: n.Expr, Fold: n.Fold}, nil
		}
	case ')':
		return nil, p.errorf(p.pos, "closing parenthesis without an opening one; to look for it, put it in quotes")
	}
	return wholeValue(p.field, p.parseBareWord()), nil
}

// parseParentheses parses the conditions between the parenthesis that comes next and
// the one that closes it.
func (p *parser) parseParentheses(depth int) (Node, error) {
	at := p.pos
	p.pos++
	p.skipBlanks()
	if p.pos < len(p.s) && p.s[p.pos] == ')' {
		return nil, p.errorf(at, `nothing stands between the parentheses; to look for them, put them in quotes: "()"`)
	}
	if p.pos == len(p.s) {
		return nil, p.errorf(at, "this parenthesis is not closed; to look for it, put it in quotes")
	}
	n, err := p.parseOr(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.pos == len(p.s) {
		return nil, p.errorf(at, "this parenthesis is not closed; to look for it, put it in quotes")
	}
	p.pos++
	return n, nil
}

// parseValue parses the value after = or file:, with or without quotes.
func (p *parser) parseValue(after string) (string, error) {
	if p.pos < len(p.s) && p.s[p.pos] == '"' {
		return p.parseQuoted()
	}
	if p.pos == len(p.s) || blank(p.s[p.pos]) || p.s[p.pos] == ')' {
		return "", p.errorf(p.pos-len(after), "nothing follows %s; to look for it, put it in quotes", after)
	}
	return p.parseBareWord(), nil
}

// parseGlob parses the pattern after a prefix. missing is the error if it is empty.
func (p *parser) parseGlob(prefix, missing string) (string, error) {
	at := p.pos
	p.pos += len(prefix)
	s, err := p.parseValue(prefix)
	if err == nil {
		if bad := reader.CheckGlob(s); bad != nil {
			err = p.errorf(at+len(prefix), "%v", bad)
		}
	}
	if err == nil && s == "" {
		err = p.errorf(at, "%s", missing)
	}
	return s, err
}

// parseBareWord parses a word up to a blank, or up to a parenthesis that closes
// one opened before the word; f(x) is a word.
func (p *parser) parseBareWord() string {
	from, depth := p.pos, 0
	for ; p.pos < len(p.s) && !blank(p.s[p.pos]); p.pos++ {
		switch p.s[p.pos] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return p.s[from:p.pos]
			}
		}
	}
	return p.s[from:p.pos]
}

// parseQuoted parses a text in quotes, in which \" and \\ stand for " and \.
func (p *parser) parseQuoted() (string, error) {
	at := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; {
		case c == '"':
			p.pos++
			return b.String(), p.expectGap("quoted text")
		case c == '\\' && p.pos+1 < len(p.s) && (p.s[p.pos+1] == '"' || p.s[p.pos+1] == '\\'):
			p.pos++
			b.WriteByte(p.s[p.pos])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(at, `this quote is not closed; to look for a quote, write "\""`)
}

// expectGap returns an error unless a blank, a closing parenthesis or the end
// follows: "a"b is more likely a typing error than two conditions.
func (p *parser) expectGap(what string) error {
	if p.pos < len(p.s) && !blank(p.s[p.pos]) && p.s[p.pos] != ')' {
		return p.errorf(p.pos, "a blank is missing behind the %s", what)
	}
	return nil
}

// parseSlashes parses a regular expression between slashes.
func (p *parser) parseSlashes() (Node, error) {
	at := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; {
		case c == '/':
			p.pos++
			fold := p.pos < len(p.s) && p.s[p.pos] == 'i'
			if fold {
				p.pos++
			}
			if err := p.expectGap("regular expression; of flags there is only i"); err != nil {
				return nil, &Error{p.s, at, `a path? To look for a text with slashes, put it in quotes; a regular expression ends with / or /i and a blank`}
			}
			return regexpNode(p, b.String(), fold, at+1)
		case c == '\\' && p.pos+1 < len(p.s):
			p.pos++
			if p.s[p.pos] != '/' {
				b.WriteByte(c)
			}
			b.WriteByte(p.s[p.pos])
		default:
			b.WriteByte(c)
		}
	}
	return nil, p.errorf(at, `this regular expression is not closed with /; to look for a text with a slash, put it in quotes`)
}

// regexpNode returns the node for expr, which is at pos in the query, or an
// error if it is invalid.
func regexpNode(p *parser, expr string, fold bool, pos int) (Node, error) {
	if _, err := (Regexp{Expr: expr}).Syntax(true); err != nil {
		msg := err.Error()
		if se, ok := err.(*syntax.Error); ok {
			msg = se.Code.String()
			if se.Expr != "" && se.Expr != expr {
				msg += ": " + se.Expr
				if i := strings.Index(p.s[pos:], se.Expr); i >= 0 {
					pos += i
				}
			}
		}
		return nil, &Error{p.s, pos, "regular expression: " + msg}
	}
	if !utf8.ValidString(expr) {
		return nil, p.errorf(pos, "regular expression: not valid UTF-8")
	}
	return Regexp{Expr: unescapeSlash(expr), Fold: fold}, nil
}

// unescapeSlash replaces \/ by /, which means the same, so that there is only
// one way to write an expression between slashes.
func unescapeSlash(expr string) string {
	if !strings.Contains(expr, `\/`) {
		return expr
	}
	expr = unquote(expr) // between \Q and \E, a backslash is literal
	return mapEscapes(expr, func(b *strings.Builder, escaped bool, c byte) {
		if escaped && c != '/' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	})
}

// unquote replaces text between \Q and \E by the text with escapes for
// metacharacters.
func unquote(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			text, _, closed := strings.Cut(rest[2:], `\E`)
			b.WriteString(regexp.QuoteMeta(text))
			if i += 1 + len(text); closed {
				i += 2
			}
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i++
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// mapEscapes calls f for each byte of expr, where a backslash and the byte it
// escapes count as one, and returns the text that f writes to b.
func mapEscapes(expr string, f func(b *strings.Builder, escaped bool, c byte)) string {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		escaped := expr[i] == '\\' && i+1 < len(expr)
		if escaped {
			i++
		}
		f(&b, escaped, expr[i])
	}
	return b.String()
}
