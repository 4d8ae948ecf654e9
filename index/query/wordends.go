package query

import (
	"regexp/syntax"
	"strings"
)

// This file defines \< and \>, the beginning and the end of a word, as in grep.
//
// The engines know only \b, which is either. It means the same where the text next to it is
// certain to begin, or end, with a character of a word: before "error", but not before ".*".
// The translator writes \b with an empty group beside it, whose name says on which side the
// word has to be.

const (
	wordStart = "word_start_"
	wordEnd   = "word_end_"
)

// resolveWordEnds removes the groups beside \b from an expression, and returns an error if
// one is not next to a word.
func resolveWordEnds(re *syntax.Regexp) error {
	if isGroup(re, wordStart) || isGroup(re, wordEnd) {
		return errNoWord(re) // it stands alone
	}
	for i, sub := range re.Sub {
		starts, ends := isGroup(sub, wordStart), isGroup(sub, wordEnd)
		switch {
		case !starts && !ends:
			if err := resolveWordEnds(sub); err != nil {
				return err
			}
			continue
		case re.Op != syntax.OpConcat,
			starts && !beginsWord(&syntax.Regexp{Op: syntax.OpConcat, Sub: re.Sub[i+1:]}),
			ends && !endsWord(&syntax.Regexp{Op: syntax.OpConcat, Sub: re.Sub[:i]}):
			return errNoWord(sub)
		}
		re.Sub[i] = &syntax.Regexp{Op: syntax.OpEmptyMatch}
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

// beginsWord reports whether all texts that an expression matches begin with a character of a
// word.
func beginsWord(re *syntax.Regexp) bool {
	return touchesWord(re, func(list []rune) rune { return list[0] }, func(subs []*syntax.Regexp) *syntax.Regexp { return subs[0] })
}

// endsWord is beginsWord for the end.
func endsWord(re *syntax.Regexp) bool {
	return touchesWord(re, func(list []rune) rune { return list[len(list)-1] }, func(subs []*syntax.Regexp) *syntax.Regexp { return subs[len(subs)-1] })
}

// touchesWord reports whether the outermost character on the side that is selected by the
// functions is one of a word.
func touchesWord(re *syntax.Regexp, outermost func([]rune) rune, outer func([]*syntax.Regexp) *syntax.Regexp) bool {
	touches := func(sub *syntax.Regexp) bool { return touchesWord(sub, outermost, outer) }
	switch re.Op {
	case syntax.OpLiteral:
		return IsWord(outermost(re.Rune))
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if !IsWord(r) {
					return false
				}
			}
		}
		return len(re.Rune) > 0
	case syntax.OpCapture, syntax.OpPlus:
		return touches(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && touches(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !touches(sub) {
				return false
			}
		}
		return true
	case syntax.OpConcat:
		var subs []*syntax.Regexp
		for _, sub := range re.Sub {
			if !isAssertion(sub) {
				subs = append(subs, sub)
			}
		}
		return len(subs) > 0 && touches(outer(subs))
	}
	return false
}

// isAssertion reports whether an expression matches no characters.
func isAssertion(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return true
	}
	return isGroup(re, wordStart) || isGroup(re, wordEnd)
}
