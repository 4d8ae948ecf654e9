package query

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Literal is a text that a line must hold somewhere. With Fold it may be in
// any case.
type Literal struct {
	S    string
	Fold bool
}

// AnyOf is a set of literals of which a line must hold at least one.
type AnyOf []Literal

// maxAnyOf bounds a set: past that, looking for its literals one by one
// costs more than running the expression.
const maxAnyOf = 16

// Required returns sets of literals; a line that the regular expression
// matches holds at least one literal of every set. No set at all means that
// nothing is known. The sets come in the order of the expression.
//
// The idea, required literals out of the syntax tree, is Russ Cox's, in
// codesearch; his are trigrams.
func (n Regexp) Required() []AnyOf {
	re, err := n.Syntax(false)
	if err != nil {
		return nil
	}
	info := analyze(re.Simplify())
	return info.allRequired()
}

// An info is what is known of the texts that an expression matches.
type info struct {
	exact    AnyOf   // if not nil: every one of them is one of these
	required []AnyOf // every one of them holds one of each
}

// allRequired returns required, with exact if that is of use.
func (x info) allRequired() []AnyOf {
	if useful(x.exact) {
		return append(x.required, x.exact)
	}
	return x.required
}

// useful reports whether a set excludes anything.
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
		// At least once: what the sub-expression requires, but not exactly.
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
	run := AnyOf{{}} // exact texts of the sub-expressions since the last that had none
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

// cross is every text of a followed by every one of b.
func cross(a, b AnyOf) (AnyOf, bool) {
	if len(a)*len(b) > maxAnyOf {
		return nil, false
	}
	out := make(AnyOf, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			// A text of which a part may be in any case is looked for as if
			// all of it might: that finds more, and never less.
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

// Best picks the set that excludes most, as far as length tells: the one
// whose shortest literal is longest; nil of none.
func Best(sets []AnyOf) AnyOf {
	var best AnyOf
	score := 0
	for _, set := range sets {
		shortest := len(set[0].S)
		for _, l := range set {
			shortest = min(shortest, len(l.S))
		}
		// A larger set costs more to look for; two bytes weigh one literal up.
		if s := 4*shortest - 2*len(set) + 64; s > score {
			best, score = set, s
		}
	}
	return best
}

// Shared is the one literal that all of a set begin or end with, if there is
// one of some length, and else the set. Looking for one finds more than
// looking for each, but in a fraction of the time.
func (set AnyOf) Shared() AnyOf {
	const least = 3 // bytes; anything shorter is everywhere
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
	// Part of a character is none, and cannot be looked for in any case.
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

// classLiterals lists a class of few characters, or nil.
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
	// The cases of one letter, as (?i:k) is [Kk\u212a].
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
