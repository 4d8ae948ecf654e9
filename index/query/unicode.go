package query

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// This file defines \d, \s, \w, \b and the POSIX classes.
//
// As in ripgrep they are Unicode-aware: a letter is one of any script. RE2 and
// Go's parser support them only for ASCII, so expressions are translated: classes
// are replaced by the characters they stand for. (?-u) turns that off and (?u)
// turns it on, with the same scope as other flags.
//
// For text that is ASCII both are the same, so the short ASCII classes are used,
// which take a hundredth of the time to compile.

// A charset is the characters of a class.
type charset struct {
	ascii      string                // the ASCII characters, in bracket notation
	categories []string              // general categories
	tables     []*unicode.RangeTable // tables of further characters
	lists      func() string         // returns the characters in tables but not in categories, in bracket notation
	others     func() string         // returns all other characters, in bracket notation
}

var wordClass = newCharset(`0-9A-Z_a-z`, []string{"Pc", "Nd", "Nl", "M", "L"}, unicode.Other_Alphabetic, unicode.Join_Control)
var digitClass = newCharset(`0-9`, []string{"Nd"})
var spaceClass = newCharset(`\t-\r\x20-\x20`, nil, unicode.White_Space)

// IsWord reports whether r is part of a word, that is, whether \w matches it.
func IsWord(r rune) bool {
	if r < 0x80 {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.In(r, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc,
		unicode.Other_Alphabetic, unicode.Join_Control)
}

// WordClass returns the characters of words in bracket notation: only the ASCII
// ones if ascii is set, or else all.
func WordClass(ascii bool) string {
	if ascii {
		return wordClass.ascii
	}
	return wordClass.list()
}

var posix = map[string]*charset{
	"alnum":  newCharset(`0-9A-Za-z`, []string{"Nd", "Nl", "L"}, unicode.Other_Alphabetic),
	"alpha":  newCharset(`A-Za-z`, []string{"Nl", "L"}, unicode.Other_Alphabetic),
	"ascii":  newCharset(`\x00-\x7f`, nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}}),
	"blank":  newCharset(`\t-\t\x20-\x20`, []string{"Zs"}, &unicode.RangeTable{R16: []unicode.Range16{{Lo: '\t', Hi: '\t', Stride: 1}}}),
	"cntrl":  newCharset(`\x00-\x1f\x7f-\x7f`, []string{"Cc"}),
	"digit":  digitClass,
	"graph":  newCharset(`!-~`, []string{"Cf", "Co", "L", "M", "N", "P", "S"}),
	"lower":  newCharset(`a-z`, []string{"Ll"}, unicode.Other_Lowercase),
	"print":  newCharset(`\x20-~`, []string{"Cf", "Co", "Zs", "L", "M", "N", "P", "S"}),
	"punct":  newCharset("!-/:-@\\[-`{-~", []string{"P", "S"}),
	"space":  spaceClass,
	"upper":  newCharset(`A-Z`, []string{"Lu"}, unicode.Other_Uppercase),
	"word":   wordClass,
	"xdigit": newCharset(`0-9A-Fa-f`, nil, unicode.ASCII_Hex_Digit),
}

func newCharset(ascii string, categories []string, tables ...*unicode.RangeTable) *charset {
	s := &charset{ascii: ascii, categories: categories, tables: tables}
	s.lists = sync.OnceValue(func() string { return ranges(s.outsideCategories()) })
	s.others = sync.OnceValue(func() string {
		list := s.outsideCategories()
		for _, c := range s.categories {
			list = appendTable(list, unicode.Categories[c])
		}
		return ranges(complement(list))
	})
	return s
}

// outsideCategories returns the characters in tables that are not in any category.
func (s *charset) outsideCategories() []rune {
	var out []rune
	for _, t := range s.tables {
		for list := appendTable(nil, t); len(list) > 0; list = list[2:] {
			for r := list[0]; r <= list[1]; r++ {
				if !slices.ContainsFunc(s.categories, func(c string) bool { return unicode.Is(unicode.Categories[c], r) }) {
					out = append(out, r, r)
				}
			}
		}
	}
	return out
}

// list returns the characters in bracket notation. It does not end with a single
// character, so that a - after it is literal.
func (s *charset) list() string {
	var b strings.Builder
	b.WriteString(s.lists())
	for _, c := range s.categories {
		b.WriteString(`\p{` + c + `}`)
	}
	return b.String()
}

// appendTable appends a table's ranges to list.
func appendTable(list []rune, t *unicode.RangeTable) []rune {
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			list = append(list, lo, hi)
			return
		}
		for c := lo; c <= hi; c += stride {
			list = append(list, c, c)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return list
}

// merge sorts ranges and joins those that touch.
func merge(list []rune) []rune {
	type span struct{ lo, hi rune }
	spans := make([]span, len(list)/2)
	for i := range spans {
		spans[i] = span{list[2*i], list[2*i+1]}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.lo - b.lo) })
	var out []rune
	for _, s := range spans {
		if n := len(out); n > 0 && s.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], s.hi)
		} else {
			out = append(out, s.lo, s.hi)
		}
	}
	return out
}

func complement(list []rune) []rune {
	var out []rune
	next := rune(0)
	for list = merge(list); len(list) > 0; list = list[2:] {
		if next < list[0] {
			out = append(out, next, list[0]-1)
		}
		next = list[1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// ranges formats ranges in bracket notation.
func ranges(list []rune) string {
	var b strings.Builder
	for list = merge(list); len(list) > 0; list = list[2:] {
		fmt.Fprintf(&b, `\x{%x}-\x{%x}`, list[0], list[1])
	}
	return b.String()
}

// Syntax parses the expression for matching ASCII text, or any text. Classes in
// the tree contain the characters they stand for. \b and \B are unchanged; see
// Unicode.
func (n Regexp) Syntax(ascii bool) (*syntax.Regexp, error) {
	flags := syntax.Perl
	if n.Fold {
		flags |= syntax.FoldCase
	}
	typed := n.translate(plain)
	if typed.err != nil {
		return nil, typed.err
	}
	if re, err := syntax.Parse(typed.expr, flags); err != nil {
		return re, err // so that the error quotes the expression as typed
	}
	if typed.boundaries && typed.asciiBoundaries {
		return nil, &syntax.Error{Code: `\b and \B are Unicode's in one part and, by (?-u), ASCII's in another`, Expr: n.Expr}
	}
	to := anyText
	if ascii {
		to = asciiText
	}
	re, err := syntax.Parse(n.translate(to).expr, flags)
	if err != nil {
		return nil, err
	}
	isWord := IsWord
	if typed.asciiBoundaries {
		isWord = func(r rune) bool { return r < 0x80 && IsWord(r) }
	}
	return re, resolveWordEnds(re, isWord)
}

// Unicode reports whether the expression has classes, and \b or \B, that
// depend on more than ASCII.
func (n Regexp) Unicode() (classes, boundaries bool) {
	t := n.translate(plain)
	return t.classes, t.boundaries
}

// A target is the kind of text that an expression is translated for.
type target int

const (
	plain     target = iota // only remove the flag u, which Go's parser does not support
	asciiText               // for ASCII text
	anyText
)

// A translation is a translated expression and its properties.
type translation struct {
	expr            string
	classes         bool // the expression has Unicode classes
	boundaries      bool // the expression has Unicode word boundaries
	asciiBoundaries bool
	err             error // it has something that another program would take for more than literal characters
}

// A translator translates an expression.
type translator struct {
	translation
	in   string
	at   int
	out  strings.Builder
	to   target
	on   flagState
	up   []flagState // states of the enclosing groups
	ends int         // number of \< and \> so far
}

type flagState struct{ unicode, fold bool }

func (n Regexp) translate(to target) translation {
	t := &translator{in: n.Expr, to: to, on: flagState{unicode: true, fold: n.Fold}}
	for t.at < len(t.in) {
		switch rest := t.in[t.at:]; {
		case rest[0] == '\\':
			t.escape(false)
		case rest[0] == '[':
			t.class()
		case rest[0] == '(':
			t.open()
		case rest[0] == ')':
			if n := len(t.up); n > 0 {
				t.on, t.up = t.up[n-1], t.up[:n-1]
			}
			t.copy(1)
		case noMinimum.MatchString(rest):
			t.out.WriteString("{0")
			t.at++
		default:
			t.copy(1)
		}
	}
	t.expr = t.out.String()
	return t.translation
}

// noMinimum matches a repetition as grep has it, which is 0 to so many.
var noMinimum = regexp.MustCompile(`^\{,[0-9]+\}`)

// fail notes that n bytes of the expression are not supported.
func (t *translator) fail(n int, why string) {
	if t.err == nil {
		t.err = &syntax.Error{Code: syntax.ErrorCode(why), Expr: t.in[t.at:][:n]}
	}
	t.copy(n)
}

// collating matches collating symbols and equivalence classes, in a bracket expression.
var collating = regexp.MustCompile(`^\[(?:\.[^\]]+\.|=[^\]]+=)\]`)

// halfBoundary matches what ripgrep has for parts of word boundaries.
var halfBoundary = regexp.MustCompile(`^\\b\{(?:start|end|start-half|end-half)\}`)

// copy copies n bytes, or fewer at the end of the expression, to the output.
func (t *translator) copy(n int) {
	n = min(n, len(t.in)-t.at)
	t.out.WriteString(t.in[t.at : t.at+n])
	t.at += n
}

// escape translates an escape sequence, outside or inside a class.
func (t *translator) escape(inClass bool) {
	if t.at+1 == len(t.in) {
		t.copy(1)
		return
	}
	switch c := t.in[t.at+1]; c {
	case 'd', 'D':
		t.set(digitClass, c == 'D', inClass, 2)
	case 's', 'S':
		t.set(spaceClass, c == 'S', inClass, 2)
	case 'w', 'W':
		t.set(wordClass, c == 'W', inClass, 2)
	case '<', '>':
		if inClass {
			t.copy(2)
			return
		}
		t.boundaries = t.boundaries || t.on.unicode
		t.asciiBoundaries = t.asciiBoundaries || !t.on.unicode
		t.at += 2
		if t.ends++; t.to == plain {
			t.out.WriteString(`\b`)
		} else if c == '<' {
			fmt.Fprintf(&t.out, `\b(?P<%s%d>)`, wordStart, t.ends)
		} else {
			fmt.Fprintf(&t.out, `(?P<%s%d>)\b`, wordEnd, t.ends)
		}
	case '`', '\'':
		if inClass {
			t.copy(2)
			return
		}
		t.fail(2, "not supported, as lines are matched; ^ and $ are their ends")
	case 'b', 'B':
		if half := halfBoundary.FindString(t.in[t.at:]); half != "" && !inClass {
			t.fail(len(half), `not supported; \b is a word boundary, and \< and \> are the beginning and the end of a word`)
			return
		}
		if !inClass {
			t.boundaries = t.boundaries || t.on.unicode
			t.asciiBoundaries = t.asciiBoundaries || !t.on.unicode
		}
		t.copy(2)
	case 'Q':
		if end := strings.Index(t.in[t.at:], `\E`); end >= 0 && !inClass {
			t.copy(end + 2)
		} else if inClass {
			t.copy(2)
		} else {
			t.copy(len(t.in))
		}
	default:
		t.copy(2)
	}
}

// set writes a class in place of n bytes of the expression.
func (t *translator) set(s *charset, not, inClass bool, n int) {
	t.classes = t.classes || t.on.unicode
	if t.to == plain {
		t.copy(n)
		return
	}
	t.at += n
	ascii := t.to == asciiText || !t.on.unicode
	if inClass {
		switch {
		case not && ascii:
			t.out.WriteString(negated(s.ascii, t.on.fold))
		case not:
			t.out.WriteString(s.others())
		case ascii:
			t.out.WriteString(s.ascii)
		default:
			t.out.WriteString(s.list())
		}
		return
	}
	// These classes contain all cases of their characters.
	open, shut := "[", "]"
	if not {
		open = "[^"
	}
	if t.on.fold {
		open, shut = "(?-i:"+open, shut+")"
	}
	t.out.WriteString(open)
	if ascii {
		t.out.WriteString(s.ascii)
	} else {
		t.out.WriteString(s.list())
	}
	t.out.WriteString(shut)
}

// negated returns the characters that are not in an ASCII class. If case is
// ignored, it omits the two characters outside ASCII that are cases of k and s,
// or else the class would match k and s.
func negated(class string, fold bool) string {
	if fold {
		class += `\x{17f}-\x{17f}\x{212a}-\x{212a}`
	}
	re, err := syntax.Parse("["+class+"]", syntax.Perl)
	if err != nil {
		panic("query: " + err.Error())
	}
	list := re.Rune
	if re.Op == syntax.OpLiteral {
		list = []rune{re.Rune[0], re.Rune[0]}
	}
	return ranges(complement(slices.Clone(list)))
}

// class translates a bracket expression.
func (t *translator) class() {
	t.copy(1)
	if strings.HasPrefix(t.in[t.at:], "^") {
		t.copy(1)
	}
	if strings.HasPrefix(t.in[t.at:], "]") {
		t.copy(1)
	}
	for t.at < len(t.in) {
		rest := t.in[t.at:]
		switch {
		case rest[0] == ']':
			t.copy(1)
			return
		case rest[0] == '\\':
			t.escape(true)
		case collating.MatchString(rest):
			t.fail(2, "collating symbols and equivalence classes are not supported; for a literal [ write \\[")
		case strings.HasPrefix(rest, "[:"):
			end := strings.Index(rest, ":]")
			if end < 0 {
				t.copy(1)
				continue
			}
			name, not := strings.CutPrefix(rest[2:end], "^")
			s := posix[name]
			if s == nil {
				t.copy(end + 2)
				continue
			}
			t.posix(s, not, name, end+2)
		default:
			t.copy(1)
		}
	}
}

// posix translates a POSIX class, which only occurs in bracket expressions.
func (t *translator) posix(s *charset, not bool, name string, n int) {
	if t.on.fold && not && (name == "lower" || name == "upper") {
		// Case is folded before the class is negated.
		both := folded
		t.set(both, not, true, n)
		return
	}
	t.set(s, not, true, n)
}

// folded contains the letters that have another case.
var folded = newCharset(`A-Za-z`, []string{"Lu", "Ll", "Lt"}, unicode.Other_Lowercase, unicode.Other_Uppercase)

// open translates a parenthesis and the flags after it.
func (t *translator) open() {
	t.up = append(t.up, t.on)
	rest := t.in[t.at:]
	if !strings.HasPrefix(rest, "(?") || strings.HasPrefix(rest, "(?P") || strings.HasPrefix(rest, "(?<") {
		t.copy(1)
		return
	}
	end := strings.IndexAny(rest, ":)")
	if end < 0 {
		t.copy(len(rest))
		return
	}
	on, off, minus := strings.Cut(rest[2:end], "-")
	state := t.on
	for _, side := range []struct {
		flags string
		value bool
	}{{on, true}, {off, false}} {
		if strings.Contains(side.flags, "u") {
			state.unicode = side.value
		}
		if strings.Contains(side.flags, "i") {
			state.fold = side.value
		}
	}
	left := func(s string) string { return strings.ReplaceAll(s, "u", "") }
	flags := left(on)
	if minus && (left(off) != "" || off == "") {
		flags += "-" + left(off)
	}
	t.at += end + 1
	if rest[end] == ':' {
		t.on = state
		t.out.WriteString("(?" + flags + ":")
		return
	}
	// The flags apply to the rest of the enclosing group.
	t.on, t.up = state, t.up[:len(t.up)-1]
	if flags != "" || on+off == "" {
		t.out.WriteString("(?" + flags + ")")
	}
}
