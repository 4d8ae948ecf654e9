package match

import (
	"regexp/syntax"
	"unicode/utf8"

	"logview/index/query"
)

// A machine runs an expression on one line by itself, step by step, in time
// that grows with the line's length alone: Thompson's construction, as in
// Go's package regexp. It is twenty times slower than RE2, and knows what RE2
// does not: where words end in Unicode's sense. It is for lines with other
// characters than ASCII's in which RE2 found that all else is there.
type machine struct {
	prog *syntax.Prog
	word func(rune) bool
}

// In a machine's program, which is of one line, there are line ends but no
// ends of the text. Their places are taken by those of whole words.
const (
	opWordStart = syntax.OpBeginText // no character of a word before
	opWordEnd   = syntax.OpEndText   // none behind

	emptyWordStart = syntax.EmptyBeginText
	emptyWordEnd   = syntax.EmptyEndText
)

// newMachine makes the machine of an expression that can be parsed.
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
		panic("match: " + err.Error()) // it does not fail
	}
	m := &machine{prog: prog, word: query.IsWord}
	if _, boundaries := n.Unicode(); !boundaries {
		m.word = syntax.IsWordChar // (?-u)\b, if any
	}
	return m
}

// A thread is a place in the program, and where its match began.
type thread struct {
	pc    uint32
	start int
}

// threads is a list of threads without repetitions, the preferred first.
type threads struct {
	list []thread
	at   []uint32 // where in list a place of the program is, if it is there
}

func (t *threads) has(pc uint32) bool {
	i := t.at[pc]
	return int(i) < len(t.list) && t.list[i].pc == pc
}

func (t *threads) put(x thread) {
	t.at[x.pc] = uint32(len(t.list))
	t.list = append(t.list, x)
}

// match reports whether the expression matches somewhere in a text that is a
// line, or a piece of one. first and last say whether it begins and ends the
// line; a match keeps away by a character from an end that does not.
func (m *machine) match(text []byte, first, last bool) bool {
	start, _ := m.find(text, 0, first, last)
	return start >= 0
}

// find returns the first match that begins at from or behind it, or -1.
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
					break step // those behind it are not preferred
				}
				continue
			}
			bad := r == utf8.RuneError && size == 1 // a byte that is no character
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

// empty is what is true of the place between two characters; -1 stands for
// none.
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

// follow adds a place of the program to the threads, or those that it leads
// to without a character.
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
