package query

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Literal is a text that a line must contain. With Fold, case is ignored.
type Literal struct {
	S    string
	Fold bool
}

// AnyOf is a set of literals. A line must contain at least one of them.
type AnyOf []Literal

// maxAnyOf is the maximum size of a set: searching for more literals one by one
// costs more than running the expression.
const maxAnyOf = 16

// Required returns sets of literals in the order of the expression. Every line
// that the expression matches contains at least one literal of each set.
// Without sets, nothing is known.
//
// The idea of finding required literals in the syntax tree comes from Russ
// Cox's codesearch, which uses trigrams.
func (n Regexp) Required() []AnyOf {
	re, err := n.Syntax(false)
	if err != nil {
		return nil
	}
	info := analyze(re.Simplify())
	return info.allRequired()
}

// An info describes the texts that an expression matches.
type info struct {
	exact    AnyOf   // if not nil: all texts the expression matches
	required []AnyOf // every matched text contains a literal of each set
}

// allRequired returns required, with exact added if it excludes anything.
func (x info) allRequired() []AnyOf {
	if useful(x.exact) {
		return append(x.required, x.exact)
	}
	return x.required
}

// useful reports whether a set excludes any line.
func useful(set AnyOf) bool {
	if len(set) == 0 {
		return false
	}
	for _, l := range set {
		if l.S == "" {
			return false
		}
	}
	return true
}

func analyze(re *syntax.Regexp) info {
	switch re.Op {
	case syntax.OpLiteral:
		return info{exact: AnyOf{newLiteral(re.Rune, re.Flags&syntax.FoldCase != 0)}}
	case syntax.OpCharClass:
		return info{exact: classLiterals(re.Rune)}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return info{exact: AnyOf{{}}}
	case syntax.OpCapture:
		return analyze(re.Sub[0])
	case syntax.OpPlus:
		// At least once: the text contains what the sub-expression
		// requires.
		return info{required: analyze(re.Sub[0]).allRequired()}
	case syntax.OpRepeat:
		if re.Min > 0 {
			return info{required: analyze(re.Sub[0]).allRequired()}
		}
	case syntax.OpQuest:
		if sub := analyze(re.Sub[0]); sub.exact != nil && len(sub.exact) < maxAnyOf {
			return info{exact: append(AnyOf{{}}, sub.exact...)}
		}
	case syntax.OpConcat:
		return concat(re.Sub)
	case syntax.OpAlternate:
		return alternate(re.Sub)
	}
	return info{}
}

func concat(subs []*syntax.Regexp) info {
	run := AnyOf{{}} // exact texts of the subexpressions since the last one that had none
	whole := true
	var out info
	flush := func() {
		if useful(run) {
			out.required = append(out.required, run)
		}
		run = AnyOf{{}}
	}
	for _, sub := range subs {
		x := analyze(sub)
		out.required = append(out.required, x.required...)
		if x.exact == nil {
			whole = false
			flush()
			continue
		}
		crossed, ok := cross(run, x.exact)
		if !ok {
			whole = false
			flush()
			crossed = x.exact
		}
		run = crossed
	}
	if whole {
		out.exact = run
		return out
	}
	flush()
	return out
}

// cross returns all concatenations of a text of a and a text of b. It returns
// false if there are more than maxAnyOf.
func cross(a, b AnyOf) (AnyOf, bool) {
	if len(a)*len(b) > maxAnyOf {
		return nil, false
	}
	out := make(AnyOf, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			// If case is ignored in one part, it is ignored in the
			// whole text. That may find more lines, but never
			// fewer.
			out = append(out, Literal{x.S + y.S, x.Fold || y.Fold})
		}
	}
	return out, true
}

func alternate(subs []*syntax.Regexp) info {
	var union AnyOf
	exact := true
	for _, sub := range subs {
		x := analyze(sub)
		best := x.exact
		if x.exact == nil {
			exact = false
			best = Best(x.required)
		}
		if best == nil || len(union)+len(best) > maxAnyOf {
			return info{}
		}
		union = append(union, best...)
	}
	if exact {
		return info{exact: union}
	}
	if useful(union) {
		return info{required: []AnyOf{union}}
	}
	return info{}
}

// Best returns the set that probably excludes the most lines at the least cost:
// one whose shortest literal is long and that is small. It returns nil if there
// is none.
func Best(sets []AnyOf) AnyOf {
	var best AnyOf
	score := 0
	for _, set := range sets {
		shortest := len(set[0].S)
		for _, l := range set {
			shortest = min(shortest, len(l.S))
		}
		// Searching for a larger set costs more: a byte of length makes
		// up for two literals.
		if s := 4*shortest - 2*len(set) + 64; s > score {
			best, score = set, s
		}
	}
	return best
}

// Shared returns the longest text that all literals of the set begin with or
// end with, as a set of one, or else the set itself. Searching for one literal
// finds more lines than searching for each, but takes a fraction of the time.
func (set AnyOf) Shared() AnyOf {
	const least = 3 // in bytes; shorter texts occur almost everywhere
	if len(set) < 2 {
		return set
	}
	fold := false
	prefix, suffix := set[0].S, set[0].S
	for _, l := range set {
		fold = fold || l.Fold
		for !strings.HasPrefix(l.S, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
		for !strings.HasSuffix(l.S, suffix) {
			suffix = suffix[1:]
		}
	}
	// Part of a character cannot be searched for when ignoring case.
	for prefix != "" && !utf8.ValidString(prefix) {
		prefix = prefix[:len(prefix)-1]
	}
	for suffix != "" && !utf8.ValidString(suffix) {
		suffix = suffix[1:]
	}
	if len(suffix) > len(prefix) {
		prefix = suffix
	}
	if len(prefix) < least {
		return set
	}
	return AnyOf{{prefix, fold}}
}

func newLiteral(runes []rune, fold bool) Literal {
	var b strings.Builder
	for _, r := range runes {
		b.WriteRune(r)
	}
	return Literal{b.String(), fold}
}

// classLiterals returns the characters of a class as literals; nil if the class
// has more than four characters, or contains a newline or U+FFFD.
func classLiterals(class []rune) AnyOf {
	const most = 4
	n := 0
	for i := 0; i < len(class); i += 2 {
		if n += int(class[i+1]-class[i]) + 1; n > most || n <= 0 {
			return nil
		}
	}
	out := AnyOf{}
	for i := 0; i < len(class); i += 2 {
		for r := class[i]; r <= class[i+1]; r++ {
			if r == utf8.RuneError || r == '\n' {
				return nil
			}
			out = append(out, Literal{S: string(r)})
		}
	}
	// The cases of a single letter become one literal: (?i:k) is
	// [Kk\u212a].
	if len(out) > 1 {
		first, _ := utf8.DecodeRuneInString(out[0].S)
		orbit := map[rune]bool{first: true}
		for r := unicode.SimpleFold(first); r != first; r = unicode.SimpleFold(r) {
			orbit[r] = true
		}
		all := len(orbit) == len(out)
		for _, l := range out {
			r, _ := utf8.DecodeRuneInString(l.S)
			all = all && orbit[r]
		}
		if all {
			return AnyOf{{out[0].S, true}}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
