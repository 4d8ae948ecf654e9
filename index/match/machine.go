package match

import (
	"regexp/syntax"
	"unicode/utf8"

	"logview/index/query"
)

// A machine matches an expression with one line in linear time, with Thompson's
// construction as in Go's package regexp. It is twenty times slower than RE2, but
// supports Unicode word boundaries, which RE2 does not. It is used for lines with
// characters outside ASCII in which RE2 found a match of the expression without
// its word boundaries.
type machine struct {
	prog *syntax.Prog
	word func(rune) bool
}

// A machine's program is for one line, so it does not need the operators for the
// ends of the text. They are used for the ends of whole words instead.
const (
	opWordStart = syntax.OpBeginText // the character before is not part of a word
	opWordEnd   = syntax.OpEndText   // nor is the one after

	emptyWordStart = syntax.EmptyBeginText
	emptyWordEnd   = syntax.EmptyEndText
)

// newMachine returns a machine for an expression, which must be valid.
func newMachine(n query.Regexp, as extent) *machine {
	re, err := lineSyntax(n, as, false, syntax.OpBeginLine, syntax.OpEndLine)
	if err != nil {
		panic("match: " + err.Error())
	}
	if as == wholeWord {
		re = &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{{Op: opWordStart}, re, {Op: opWordEnd}}}
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		panic("match: " + err.Error()) // it never fails
	}
	m := &machine{prog: prog, word: query.IsWord}
	if _, boundaries := n.Unicode(); !boundaries {
		m.word = syntax.IsWordChar // (?-u)\b, if any
	}
	return m
}

// A thread is a position in the program, and where its match began.
type thread struct {
	pc    uint32
	start int
}

// threads is a list of threads with different positions, the preferred first.
type threads struct {
	list []thread
	at   []uint32 // index in list of each position in the program, if it is there
}

func (t *threads) has(pc uint32) bool {
	i := t.at[pc]
	return int(i) < len(t.list) && t.list[i].pc == pc
}

func (t *threads) put(x thread) {
	t.at[x.pc] = uint32(len(t.list))
	t.list = append(t.list, x)
}

// match reports whether the expression matches anywhere in a line or a piece of
// one. first and last say whether the piece is at the beginning and the end of
// the line; a match must leave a character at any other end of the piece.
func (m *machine) match(text []byte, first, last bool) bool {
	start, _ := m.find(text, 0, first, last)
	return start >= 0
}

// find returns the first match that begins at or after from, or -1.
func (m *machine) find(text []byte, from int, first, last bool) (start, end int) {
	n := len(m.prog.Inst)
	now, next := &threads{at: make([]uint32, n)}, &threads{at: make([]uint32, n)}
	before := rune(-1)
	if from > 0 {
		before, _ = utf8.DecodeLastRune(text[:from])
	}
	start, end = -1, -1
	for at := from; ; {
		r, size := rune(-1), 0
		if at < len(text) {
			r, size = utf8.DecodeRune(text[at:])
		}
		empty := m.empty(before, r, at == 0 && first, at == len(text) && last)
		if start < 0 && (at > 0 || first) {
			m.follow(now, uint32(m.prog.Start), at, empty)
		}
		if len(now.list) == 0 && start >= 0 || at > len(text) {
			break
		}
		next.list = next.list[:0]
		var then syntax.EmptyOp
		if size > 0 {
			after := rune(-1)
			if at+size < len(text) {
				after, _ = utf8.DecodeRune(text[at+size:])
			}
			then = m.empty(r, after, false, at+size == len(text) && last)
		}
	step:
		for _, t := range now.list {
			inst := &m.prog.Inst[t.pc]
			if inst.Op == syntax.InstMatch {
				if at < len(text) || last {
					start, end = t.start, at
					break step // the threads after it have lower priority
				}
				continue
			}
			bad := r == utf8.RuneError && size == 1 // a byte that is not part of a character
			if size > 0 && !bad && inst.MatchRune(r) {
				m.follow(next, inst.Out, t.start, then)
			}
		}
		now, next = next, now
		if size == 0 {
			break
		}
		before = r
		at += size
	}
	return start, end
}

// empty returns the conditions that hold between two characters; -1 means none.
func (m *machine) empty(before, after rune, begins, ends bool) syntax.EmptyOp {
	var out syntax.EmptyOp
	if begins {
		out |= syntax.EmptyBeginLine
	}
	if ends {
		out |= syntax.EmptyEndLine
	}
	left, right := before >= 0 && m.word(before), after >= 0 && m.word(after)
	if left != right {
		out |= syntax.EmptyWordBoundary
	} else {
		out |= syntax.EmptyNoWordBoundary
	}
	if before < 0 || !query.IsWord(before) {
		out |= emptyWordStart
	}
	if after < 0 || !query.IsWord(after) {
		out |= emptyWordEnd
	}
	return out
}

// follow adds a position in the program to the threads, or those that can be
// reached from it without reading a character.
func (m *machine) follow(t *threads, pc uint32, start int, empty syntax.EmptyOp) {
	if t.has(pc) {
		return
	}
	t.put(thread{pc, start})
	inst := &m.prog.Inst[pc]
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		m.follow(t, inst.Out, start, empty)
		m.follow(t, inst.Arg, start, empty)
	case syntax.InstCapture, syntax.InstNop:
		m.follow(t, inst.Out, start, empty)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^empty == 0 {
			m.follow(t, inst.Out, start, empty)
		}
	}
}
