package match

import (
	"bytes"
	"sync"
	"unicode"
	"unicode/utf8"
)

// manyTexts is how many texts are looked for one by one. Measured on 20 MB of
// logs: 100 take 360 ms one by one.
const manyTexts = 24

// A set finds any of many texts in one pass. For each place in a text it looks
// up the next bytes, four if the texts are that long: most places are done with
// then. For the others it looks up as many bytes as the texts that begin so are
// long. To ignore case, text and texts are folded first.
//
// An expression of so many alternatives takes RE2 a hundred bytes of memory for
// each byte, and from some thousands on, more than it allows itself.
type set struct {
	fold   bool
	leaves map[string]setLeaf
	groups []setGroup
}

// A setLeaf is the leaf of a query that a text is of.
type setLeaf struct {
	leaf   int
	extent extent
}

// A setGroup is the texts that are looked up by as many bytes.
type setGroup struct {
	width   int
	begins  [1 << 14]uint64  // a bit for each hash of a key
	lengths map[uint32][]int // of the texts that begin with a key
}

// newSet returns a set of what is to be found; nil unless that is texts alone
// that can be compared when they are folded.
func newSet(specs []finderSpec) *set {
	s := &set{fold: specs[0].lit != nil && specs[0].lit.fold, leaves: make(map[string]setLeaf, len(specs))}
	for _, f := range specs {
		if f.lit == nil || f.lit.fold != s.fold || s.fold && !utf8.Valid(f.lit.pat) || bytes.IndexByte(f.lit.pat, '\n') >= 0 {
			return nil
		}
		text := string(f.lit.pat)
		if s.fold {
			text = string(appendFolded(nil, f.lit.pat))
		}
		if old, ok := s.leaves[text]; ok && old.extent <= f.extent {
			continue
		}
		s.leaves[text] = setLeaf{f.leaf, f.extent}
	}
	for width := 1; width <= 4; width++ {
		g := setGroup{width: width, lengths: map[uint32][]int{}}
		for text := range s.leaves {
			if len(text) == width || width == 4 && len(text) > width {
				g.add(text)
			}
		}
		if len(g.lengths) > 0 {
			s.groups = append(s.groups, g)
		}
	}
	return s
}

func (g *setGroup) add(text string) {
	key := g.key([]byte(text))
	lengths := g.lengths[key]
	for _, n := range lengths {
		if n == len(text) {
			return
		}
	}
	g.lengths[key] = append(lengths, len(text))
	h := hashKey(key)
	g.begins[h/64] |= 1 << (h % 64)
}

// key is the first bytes of text.
func (g *setGroup) key(text []byte) (key uint32) {
	for _, c := range text[:g.width] {
		key = key<<8 | uint32(c)
	}
	return key
}

func hashKey(key uint32) uint32 { return key * 0x9e3779b1 >> 12 }

// find calls found with each text of the set that is at or after from in text,
// which is folded if the set is, until that returns false.
func (s *set) find(text []byte, from int, found func(leaf, at int) bool) {
	for at := from; at < len(text); at++ {
		for i := range s.groups {
			g := &s.groups[i]
			if at+g.width > len(text) {
				continue
			}
			key := g.key(text[at:])
			if h := hashKey(key); g.begins[h/64]&(1<<(h%64)) == 0 {
				continue
			}
			for _, n := range g.lengths[key] {
				if at+n > len(text) {
					continue
				}
				l, ok := s.leaves[string(text[at:at+n])]
				if ok && l.extent.matches(text, at, at+n) && !found(l.leaf, at) {
					return
				}
			}
		}
	}
}

// matches reports whether text[start:end] has the extent.
func (e extent) matches(text []byte, start, end int) bool {
	switch e {
	case wholeWord:
		return isWholeWord(text, start, end)
	case wholeLine:
		return isWholeLine(text, start, end)
	}
	return true
}

// A setScanner is the finder of a set.
type setScanner struct {
	*set
	text   []byte
	folded []byte
	starts [][2]int // where lines begin in text and in folded; nil if that is the same
}

func (s *setScanner) reset(text []byte) {
	s.text, s.starts = text, s.starts[:0]
	switch {
	case !s.fold:
		s.folded = text
	case isASCII(text):
		s.folded = appendLower(s.folded[:0], text)
	default:
		s.folded = s.folded[:0]
		eachLine(text, 0, len(text), func(sp Span) bool {
			s.starts = append(s.starts, [2]int{sp.Start, len(s.folded)})
			s.folded = appendFolded(s.folded, text[sp.Start:min(sp.End+1, len(text))])
			return true
		})
	}
}

// find returns a place in the first line from from on that has one of the
// texts. from is the beginning of a line.
func (s *setScanner) find(from int) (int, int) {
	at, line := from, 0
	if len(s.starts) > 0 {
		for line < len(s.starts) && s.starts[line][0] < from {
			line++
		}
		if line == len(s.starts) {
			return -1, -1
		}
		s.starts, line = s.starts[line:], 0
		at = s.starts[0][1]
	}
	place := -1
	s.set.find(s.folded, at, func(_, at int) bool {
		place = at
		return false
	})
	if place >= 0 && len(s.starts) > 0 {
		for line+1 < len(s.starts) && s.starts[line+1][1] <= place {
			line++
		}
		place = s.starts[line][0]
	}
	return place, place
}

// leavesIn appends the leaves of the texts that a line has.
func (s *set) leavesIn(line []byte, dst []int) []int {
	if s.fold {
		line = appendFolded(nil, line)
	}
	s.find(line, 0, func(leaf, _ int) bool {
		dst = append(dst, leaf)
		return true
	})
	return dst
}

func appendLower(dst, text []byte) []byte {
	for _, c := range text {
		dst = append(dst, lower[c])
	}
	return dst
}

// folds is for each character of two bytes in UTF-16 the one that stands for
// all that fold to the same: a small letter of ASCII, or else the least.
var folds = sync.OnceValue(func() *[1 << 16]rune {
	t := new([1 << 16]rune)
	for r := range rune(len(t)) {
		t[r] = foldRune(r)
	}
	return t
})

func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if least < utf8.RuneSelf {
		return rune(lower[least])
	}
	return least
}

// appendFolded appends a text of which equal characters are equal in any case.
// Bytes that are no characters stay.
func appendFolded(dst, text []byte) []byte {
	if isASCII(text) {
		return appendLower(dst, text)
	}
	t := folds()
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, lower[r])
		case r == utf8.RuneError && n == 1:
			dst = append(dst, text[i])
		case int(r) < len(t):
			dst = utf8.AppendRune(dst, t[r])
		default:
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += n
	}
	return dst
}
