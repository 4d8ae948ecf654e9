package match

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// A dfa decides which lines an expression matches, with one lookup in a table per byte. It
// is a deterministic automaton whose states are computed when they are first needed, as in
// RE2 (Cox, "Regular Expression Matching in the Wild", 2010): a state is a set of positions in
// the program of the expression, and what is known of the byte before.
//
// It knows only ASCII. Whether a line matches in which it meets another byte before it has
// found a match is for others to decide; see expr.match.
//
// It is used by one goroutine at a time.
type dfa struct {
	prog   *syntax.Prog
	start  []uint32   // where a match begins, without the positions that read nothing
	begins bool       // the expression depends on where a line begins
	words  bool       // the expression depends on word boundaries
	class  [256]uint8 // bytes of a class are the same to the expression
	bytes  []byte     // one of each class
	next   []uint32   // the state after a state and a class, at their sum; or a result
	states []dfaState // state i has the number i*len(bytes)
	number map[string]uint32
	idle   uint32     // the state inside a line in which no match has begun
	stays  [256]uint8 // 1 for the bytes after which the idle state is another

	size    int // bytes of the states, about
	seen    int // bytes read
	dropped int // how often the states were dropped

	visited []uint32 // by position: when it was last added to list
	visit   uint32
	list    []uint32
	key     []byte
}

// A dfaState is a state before a byte is read.
type dfaState struct {
	at    []uint32 // positions in the program that are not followed yet
	begin bool     // of a line
	word  bool     // the byte before is part of a word
}

// What the table has in place of a state.
const (
	dfaUnknown = ^uint32(0) - iota // to be computed
	dfaMatched
	dfaUnsure // the byte is not ASCII
	dfaResult = dfaUnsure
)

const (
	maxDFAProgram = 2000 // instructions
	maxDFAStates  = 2000
	maxDFASize    = 1 << 20 // bytes of states: a search may have many expressions, and several goroutines
)

// newDFA returns the dfa of an expression that does not match newlines, in the syntax of
// package regexp; nil if the expression is too large or has operators that it does not know.
func newDFA(expr string) *dfa {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > maxDFAProgram {
		return nil
	}
	d := &dfa{prog: prog, visited: make([]uint32, len(prog.Inst))}
	for _, inst := range prog.Inst {
		if inst.Op != syntax.InstEmptyWidth {
			continue
		}
		op := syntax.EmptyOp(inst.Arg)
		if op&^(syntax.EmptyBeginLine|syntax.EmptyEndLine|syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0 {
			return nil
		}
		d.begins = d.begins || op&syntax.EmptyBeginLine != 0
		d.words = d.words || op&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0
	}
	d.classify()
	d.visit++
	d.follow(uint32(prog.Start), 0)
	d.start = slices.Clone(d.list)
	d.clear()
	for b := range d.stays {
		if d.idle != d.after(d.idle, d.class[b]) {
			d.stays[b] = 1
		}
	}
	return d
}

// classify divides the bytes into classes.
func (d *dfa) classify() {
	var class [256]int
	classes := 1
	split := func(in func(byte) bool) {
		of := map[int]int{} // new classes, by the old ones
		for b, c := range class {
			if !in(byte(b)) {
				continue
			}
			n, ok := of[c]
			if !ok {
				n = classes
				of[c] = n
				classes++
			}
			class[b] = n
		}
	}
	split(func(b byte) bool { return b >= utf8.RuneSelf })
	split(func(b byte) bool { return b == '\n' })
	if d.words {
		split(isWordByte)
	}
	for i := range d.prog.Inst {
		inst := &d.prog.Inst[i]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			split(func(b byte) bool { return b < utf8.RuneSelf && inst.MatchRune(rune(b)) })
		}
	}
	of := map[int]uint8{}
	for b, c := range class {
		n, ok := of[c]
		if !ok {
			n = uint8(len(d.bytes))
			of[c] = n
			d.bytes = append(d.bytes, byte(b))
		}
		d.class[b] = n
	}
}

func isWordByte(b byte) bool { return b < utf8.RuneSelf && syntax.IsWordChar(rune(b)) }

// clear drops all states but those at the beginning of a line and inside one.
func (d *dfa) clear() {
	d.next, d.states, d.number, d.size = d.next[:0], d.states[:0], map[string]uint32{}, 0
	clear(d.states[:cap(d.states)]) // let go of their positions
	d.state(dfaState{at: d.start, begin: d.begins})
	d.idle = d.state(dfaState{at: d.start})
}

// state returns the number of a state, which is new or known.
func (d *dfa) state(s dfaState) uint32 {
	key := append(d.key[:0], 0)
	if s.begin {
		key[0] |= 1
	}
	if s.word {
		key[0] |= 2
	}
	for _, pc := range s.at {
		key = binary.LittleEndian.AppendUint16(key, uint16(pc))
	}
	d.key = key
	if n, ok := d.number[string(key)]; ok {
		return n
	}
	n := uint32(len(d.next))
	d.number[string(key)] = n
	s.at = slices.Clone(s.at)
	d.size += 6*len(s.at) + 4*len(d.bytes) + 100
	d.states = append(d.states, s)
	for range d.bytes {
		d.next = append(d.next, dfaUnknown)
	}
	return n
}

// follow adds the positions to list that can be reached without reading a byte where some
// conditions hold. Those behind other conditions are not added, but the conditions are.
func (d *dfa) follow(pc uint32, empty syntax.EmptyOp) {
	if d.visited[pc] == d.visit {
		return
	}
	d.visited[pc] = d.visit
	inst := &d.prog.Inst[pc]
	switch inst.Op {
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		d.follow(inst.Out, empty)
		d.follow(inst.Arg, empty)
	case syntax.InstCapture, syntax.InstNop:
		d.follow(inst.Out, empty)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^empty == 0 {
			d.follow(inst.Out, empty)
		} else {
			d.list = append(d.list, pc)
		}
	default:
		d.list = append(d.list, pc)
	}
}

// after returns the state, or the result, after a byte of a class is read in a state.
func (d *dfa) after(state uint32, class uint8) uint32 {
	at := state + uint32(class)
	if n := d.next[at]; n != dfaUnknown {
		return n
	}
	if len(d.states) >= maxDFAStates || d.size >= maxDFASize {
		s := d.states[state/uint32(len(d.bytes))]
		d.clear()
		d.dropped++
		state = d.state(s)
		at = state + uint32(class)
	}
	n := d.compute(d.states[state/uint32(len(d.bytes))], d.bytes[class])
	d.next[at] = n
	return n
}

// compute is after for a byte of the class.
func (d *dfa) compute(s dfaState, b byte) uint32 {
	if b >= utf8.RuneSelf {
		return dfaUnsure
	}
	word := isWordByte(b)
	empty := syntax.EmptyNoWordBoundary
	if s.word != word {
		empty = syntax.EmptyWordBoundary
	}
	if s.begin {
		empty |= syntax.EmptyBeginLine
	}
	if b == '\n' {
		empty |= syntax.EmptyEndLine
	}
	d.visit++
	d.list = d.list[:0]
	for _, pc := range s.at {
		d.follow(pc, empty)
	}
	here := slices.Clone(d.list)
	for _, pc := range here {
		if d.prog.Inst[pc].Op == syntax.InstMatch {
			return dfaMatched
		}
	}
	if b == '\n' {
		return 0
	}
	d.visit++
	d.list = d.list[:0]
	for _, pc := range here {
		inst := &d.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(rune(b)) {
				d.follow(inst.Out, 0)
			}
		}
	}
	for _, pc := range d.start {
		d.follow(pc, 0)
	}
	slices.Sort(d.list)
	return d.state(dfaState{at: d.list, word: word && d.words})
}

// find returns a position in the first line of a run of whole lines that matches, and yes; or
// in one that may match, and maybe; or no if there is neither. The position may be the end of
// the line.
func (d *dfa) find(text []byte) (at int, v verdict) {
	state := uint32(0)
	next, class := d.next, &d.class
	for i := 0; i < len(text); i++ {
		if state == d.idle {
			for i+8 <= len(text) {
				t := text[i:][:8]
				if d.stays[t[0]]|d.stays[t[1]]|d.stays[t[2]]|d.stays[t[3]]|d.stays[t[4]]|d.stays[t[5]]|d.stays[t[6]]|d.stays[t[7]] != 0 {
					break
				}
				i += 8
			}
			if i == len(text) {
				break
			}
		}
		n := next[state+uint32(class[text[i]])]
		if n >= dfaResult {
			if n == dfaUnknown {
				n = d.after(state, class[text[i]])
				next = d.next
			}
			switch {
			case n == dfaMatched:
				d.seen += i
				return i, yes
			case n == dfaUnsure, d.isSlow(i):
				d.seen += i
				return i, maybe
			}
		}
		state = n
	}
	d.seen += len(text)
	if len(text) > 0 && text[len(text)-1] != '\n' && d.after(state, class['\n']) == dfaMatched {
		return len(text), yes
	}
	return -1, no
}

// isSlow reports whether the states had to be dropped so often that computing them takes most
// of the time, as it does for some expressions. more is how many bytes were read in addition to seen.
func (d *dfa) isSlow(more int) bool { return d.dropped > 2+(d.seen+more)>>17 }
