package match

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// A prefix finds where matches of an expression may begin, by the bytes that the first
// positions of a match can have. It reads a window of as many bytes from its end on, until these
// cannot be part of a prefix, and then skips to where one may begin. Most bytes of a text are
// not read. The algorithm is BNDM (Navarro and Raffinot, "A Bit-parallel Approach to Suffix
// Automata", 1998) with sets of bytes.
//
// If a position can have only one byte, and that is rare, it searches for that instead.
type prefix struct {
	mask  [256]uint64 // bit i is set for a byte that may be i bytes before the last of the prefix
	size  int
	fixed []fixedByte
	rare  *fixedByte // one of them, or nil
}

// A fixedByte is a position of a prefix that can have only one byte.
type fixedByte struct {
	at int
	b  byte
}

const (
	minPrefix = 3
	maxPrefix = 32
)

// newPrefix returns the prefix of an expression with a program for ASCII; nil if a match can
// be shorter than minPrefix bytes. isWide reports whether an instruction of the program may
// match a character outside ASCII.
func newPrefix(prog *syntax.Prog, isWide func(*syntax.Inst) bool) *prefix {
	// A character outside ASCII takes two to four bytes: after[i] is what follows i bytes later.
	var after [5]map[uint32]bool
	for i := range after {
		after[i] = map[uint32]bool{}
	}
	after[0][uint32(prog.Start)] = true
	var sets [][256]bool
	for len(sets) < maxPrefix {
		at, ends := reachable(prog, after[0])
		if ends {
			break
		}
		var set [256]bool
		next := after[1]
		copy(after[:], after[1:])
		after[4] = map[uint32]bool{}
		if len(next)+len(after[1])+len(after[2]) > 0 { // inside a character
			setRange(&set, utf8.RuneSelf, 255)
		}
		for _, pc := range at {
			inst := &prog.Inst[pc]
			for b := range byte(utf8.RuneSelf) {
				if inst.MatchRune(rune(b)) {
					set[b] = true
					after[0][inst.Out] = true
				}
			}
			if isWide(inst) {
				setRange(&set, utf8.RuneSelf, 255)
				for i := 1; i <= 3; i++ {
					after[i][inst.Out] = true
				}
			}
		}
		sets = append(sets, set)
	}
	if len(sets) < minPrefix {
		return nil
	}
	p := &prefix{size: len(sets)}
	for i, set := range sets {
		n := 0
		only := fixedByte{at: i}
		for b, in := range set {
			if in {
				p.mask[b] |= 1 << (len(sets) - 1 - i)
				only.b = byte(b)
				n++
			}
		}
		if n == 1 {
			p.fixed = append(p.fixed, only)
		}
	}
	return p
}

func setRange(set *[256]bool, from, to int) {
	for b := from; b <= to; b++ {
		set[b] = true
	}
}

// newPrefixes returns the prefixes of an expression in ASCII text and in any text. classes says
// that the classes of its program may have other characters in other texts.
func newPrefixes(prog *syntax.Prog, classes bool) (narrow, wide *prefix) {
	narrow = newPrefix(prog, func(*syntax.Inst) bool { return false })
	wide = newPrefix(prog, func(inst *syntax.Inst) bool {
		fold := syntax.Flags(inst.Arg)&syntax.FoldCase != 0
		switch inst.Op {
		case syntax.InstRune1:
			return fold || inst.Rune[0] >= utf8.RuneSelf
		case syntax.InstRune:
			return classes || fold || len(inst.Rune) > 0 && inst.Rune[len(inst.Rune)-1] >= utf8.RuneSelf
		}
		return true
	})
	if narrow != nil && wide != nil && narrow.mask == wide.mask {
		wide = narrow
	}
	return narrow, wide
}

// reachable returns the instructions that read a character and can be reached from some
// without reading one. ends says that the end of a match can, too.
func reachable(prog *syntax.Prog, from map[uint32]bool) (at []uint32, ends bool) {
	seen := map[uint32]bool{}
	var follow func(pc uint32)
	follow = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		inst := &prog.Inst[pc]
		switch inst.Op {
		case syntax.InstMatch:
			ends = true
		case syntax.InstAlt, syntax.InstAltMatch:
			follow(inst.Out)
			follow(inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			follow(inst.Out)
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			at = append(at, pc)
		}
	}
	for pc := range from {
		follow(pc)
	}
	return at, ends
}

// choose prepares p for a text, of which sample is a part.
func (p *prefix) choose(sample []byte) {
	p.rare = nil
	least := len(sample) / rareByte
	for i := range p.fixed {
		if n := bytes.Count(sample, []byte{p.fixed[i].b}); n < least {
			p.rare, least = &p.fixed[i], n
		}
	}
}

// rareByte is how many bytes must be between two occurrences of a byte on average, so that
// searching for it is faster than reading windows.
const rareByte = 48

// find returns the first position at or after from where a match may begin, or -1, and how many
// windows it read.
func (p *prefix) find(text []byte, from int) (at, windows int) {
	if p.rare != nil {
		return p.findRare(text, from)
	}
	top := uint64(1) << (p.size - 1)
	for from+p.size <= len(text) {
		windows++
		w := text[from:][:p.size]
		skip := p.size
		set := ^uint64(0)
		for i := len(w) - 1; ; i-- {
			if set &= p.mask[w[i]]; set == 0 {
				break
			}
			if set&top != 0 {
				if i == 0 {
					return from, windows
				}
				skip = i
			}
			set <<= 1
		}
		from += skip
	}
	return -1, windows
}

func (p *prefix) findRare(text []byte, from int) (at, windows int) {
	for from+p.size <= len(text) {
		i := bytes.IndexByte(text[from+p.rare.at:], p.rare.b)
		if i < 0 || from+i+p.size > len(text) {
			break
		}
		windows++
		from += i
		if p.fits(text[from:][:p.size]) {
			return from, windows
		}
		from++
	}
	return -1, windows
}

// fits reports whether each byte of a window may be at its position.
func (p *prefix) fits(w []byte) bool {
	bit := uint64(1)
	for i := len(w) - 1; i >= 0; i-- {
		if p.mask[w[i]]&bit == 0 {
			return false
		}
		bit <<= 1
	}
	return true
}
