package query

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// This file defines \< and \>, the beginning and the end of a word, as in grep.
//
// The engines know only \b, which is either. It means the same where the text next to it is
// certain to begin, or end, with a character of a word: before "error", but not before ".*".
// The translator writes \b and, next to it, an empty group. The name of the group tells
// whether the word begins or ends there.

const (
	wordStart = "word_start_"
	wordEnd   = "word_end_"
)

// resolveWordEnds removes the groups beside \b from an expression, and returns an error if
// one is not next to a word. isWord reports whether a character is one of a word.
func resolveWordEnds(re *syntax.Regexp, isWord func(rune) bool) error {
	return resolveIn(re, nil, nil, isWord)
}

// resolveIn is resolveWordEnds for a part of an expression: before and after is what surrounds
// it.
func resolveIn(re *syntax.Regexp, before, after []*syntax.Regexp, isWord func(rune) bool) error {
	if starts := isGroup(re, wordStart); starts || isGroup(re, wordEnd) {
		if starts && touchesWord(after, false, isWord) != always || !starts && touchesWord(before, true, isWord) != always {
			return errNoWord(re)
		}
		*re = syntax.Regexp{Op: syntax.OpEmptyMatch}
		return nil
	}
	for i, sub := range re.Sub {
		b, a := before, after
		switch re.Op {
		case syntax.OpConcat:
			b, a = slices.Concat(before, re.Sub[:i]), slices.Concat(re.Sub[i+1:], after)
		case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
			b, a = nil, nil // it may follow itself
		}
		if err := resolveIn(sub, b, a, isWord); err != nil {
			return err
		}
	}
	return nil
}

func isGroup(re *syntax.Regexp, name string) bool {
	return re.Op == syntax.OpCapture && strings.HasPrefix(re.Name, name)
}

func errNoWord(re *syntax.Regexp) error {
	if isGroup(re, wordStart) {
		return &syntax.Error{Code: `\< is supported only right before a word, as in \<error; \b is a boundary of any kind`}
	}
	return &syntax.Error{Code: `\> is supported only right after a word, as in error\>; \b is a boundary of any kind`}
}

// A touch says whether the texts of an expression begin, or end, with a character of a word.
type touch int

const (
	never  touch = iota // some do not
	always              // all do
	empty               // all do that have any characters
)

// touchesWord returns how the texts of expressions, one after the other, begin or, if ends is
// set, end.
func touchesWord(list []*syntax.Regexp, ends bool, isWord func(rune) bool) touch {
	for i := range list {
		re := list[i]
		if ends {
			re = list[len(list)-1-i]
		}
		if t := touchOf(re, ends, isWord); t != empty {
			return t
		}
	}
	return empty
}

func touchOf(re *syntax.Regexp, ends bool, isWord func(rune) bool) touch {
	if isAssertion(re) {
		return empty
	}
	switch re.Op {
	case syntax.OpLiteral:
		r := re.Rune[0]
		if ends {
			r = re.Rune[len(re.Rune)-1]
		}
		if isWord(r) {
			return always
		}
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if !isWord(r) {
					return never
				}
			}
		}
		return always
	case syntax.OpCapture, syntax.OpPlus:
		return touchOf(re.Sub[0], ends, isWord)
	case syntax.OpQuest, syntax.OpStar, syntax.OpRepeat:
		t := touchOf(re.Sub[0], ends, isWord)
		if t == always && (re.Op != syntax.OpRepeat || re.Min == 0) {
			return empty
		}
		return t
	case syntax.OpAlternate:
		all := always
		for _, sub := range re.Sub {
			switch touchOf(sub, ends, isWord) {
			case never:
				return never
			case empty:
				all = empty
			}
		}
		return all
	case syntax.OpConcat:
		return touchesWord(re.Sub, ends, isWord)
	}
	return never
}

// isAssertion reports whether an expression matches no characters.
func isAssertion(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return true
	}
	return isGroup(re, wordStart) || isGroup(re, wordEnd)
}
