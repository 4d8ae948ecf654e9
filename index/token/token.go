// Package token splits text into the terms that an index keeps, and tells which
// terms a block must have to contain the text of a query.
//
// A run is a maximal sequence of letters, digits and bytes outside ASCII;
// everything else, including the underscore, separates runs. Runs are kept
// folded to one case by Unicode's simple folding, because the matcher ignores
// case in the same way. Most runs are words. Some are identifiers: request ids,
// pointers, long numbers. Identifiers are most of the text that differs between
// lines, and users do not search for parts of them. So the index keeps only a
// hash of an identifier, and its shape, which tells whether a text may be part
// of it.
package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRun is the length in bytes of the longest run that is kept as a word. Of a
// longer run, only the shape is kept.
const maxRun = 512

// folded maps each byte of a run to its lower case, and separators to 0. Bytes
// outside ASCII map to themselves.
var folded [256]byte

func init() {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= utf8.RuneSelf:
			folded[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			folded[c] = byte(c) + 'a' - 'A'
		}
	}
}

// fold returns the rune that represents all runes that fold like r: the ASCII
// letter in lower case if there is one, such as k for the Kelvin sign, or else
// the least of them.
func fold(r rune) rune {
	least := r
	for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
		least = min(least, x)
	}
	if least >= 'A' && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// appendFolded appends a run, folded, to dst. It copies bytes that are not
// UTF-8 unchanged.
func appendFolded(dst, run []byte) []byte {
	for len(run) > 0 {
		if c := run[0]; c < utf8.RuneSelf {
			dst = append(dst, folded[c])
			run = run[1:]
			continue
		}
		r, n := utf8.DecodeRune(run)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, run[0])
		} else {
			dst = utf8.AppendRune(dst, fold(r))
		}
		run = run[n:]
	}
	return dst
}

// Terms collects the distinct terms of a block. Reset or Block must be called
// before any other method. Terms reuses its memory.
type Terms struct {
	text  []byte // the folded runs that were kept, one after the other
	table []slot // a hash table with open addressing
	gen   uint32 // the generation of the slots in use
	words [][2]uint32
	ids   []uint64
	shape map[Shape]struct{}
	slow  []byte
}

type slot struct {
	hash     uint32
	gen      uint32
	off, end uint32 // range in text
}

// Reset empties t.
func (t *Terms) Reset() {
	t.gen++
	if t.gen == 0 || t.table == nil {
		t.table, t.gen = make([]slot, 1<<14), 1
	}
	t.text, t.words, t.ids = t.text[:0], t.words[:0], t.ids[:0]
	if t.shape == nil {
		t.shape = map[Shape]struct{}{}
	}
	clear(t.shape)
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// Hash returns the hash that an index keeps of an identifier.
func Hash(run []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range run {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return mix(h)
}

// mix improves FNV's hash, whose upper bits depend little on the end of a short
// text. Source: MurmurHash3's finalizer.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Block replaces the contents of t with the terms of a block's text.
func (t *Terms) Block(text []byte) {
	t.Reset()
	t.Add(text)
}

// Add adds the terms of a text.
func (t *Terms) Add(text []byte) {
	if cap(t.text) < len(text) {
		t.text = make([]byte, 0, len(text)+len(text)/8)
	}
	for i := 0; i < len(text); {
		if folded[text[i]] == 0 {
			i++
			continue
		}
		// The run is folded after the runs that are kept, and stays
		// there if it is new.
		start, from := len(t.text), i
		dst := t.text
		h := uint64(fnvOffset)
		var wide byte
		for i < len(text) {
			c := folded[text[i]]
			if c == 0 {
				break
			}
			wide |= c
			dst = append(dst, c)
			h = (h ^ uint64(c)) * fnvPrime
			i++
		}
		run := dst[start:]
		if wide >= utf8.RuneSelf {
			t.slow = appendFolded(t.slow[:0], text[from:i])
			dst = append(dst[:start], t.slow...)
			run = dst[start:]
			h = fnvOffset
			for _, c := range run {
				h = (h ^ uint64(c)) * fnvPrime
			}
		}
		t.text = dst[:start]
		t.addRun(dst, run, mix(h))
	}
}

// addRun adds the run at the end of text, which has the hash h, if it is new.
func (t *Terms) addRun(text, run []byte, h uint64) {
	mask := uint32(len(t.table) - 1)
	for p := uint32(h) & mask; ; p = (p + 1) & mask {
		s := &t.table[p]
		if s.gen != t.gen {
			*s = slot{hash: uint32(h), gen: t.gen, off: uint32(len(text) - len(run)), end: uint32(len(text))}
			break
		}
		if s.hash == uint32(h) && string(text[s.off:s.end]) == string(run) {
			return
		}
	}
	t.text = text
	shape, ok := shapeOf(run)
	switch {
	case ok:
		t.shape[shape] = struct{}{}
		if !shape.long {
			t.ids = append(t.ids, h)
		}
	default:
		t.words = append(t.words, [2]uint32{uint32(len(text) - len(run)), uint32(len(text))})
	}
	if len(t.words)+len(t.ids) > len(t.table)/2 {
		t.grow()
	}
}

func (t *Terms) grow() {
	old := t.table
	t.table = make([]slot, 2*len(old))
	mask := uint32(len(t.table) - 1)
	for _, s := range old {
		if s.gen != t.gen {
			continue
		}
		p := s.hash & mask
		for t.table[p].gen == t.gen {
			p = (p + 1) & mask
		}
		t.table[p] = s
	}
}

// Words calls f for each word, in no particular order. The word is valid until
// t is used again.
func (t *Terms) Words(f func(word []byte)) {
	for _, w := range t.words {
		f(t.text[w[0]:w[1]])
	}
}

// IDs returns the hashes of the identifiers, without duplicates. They are valid
// until t is used again.
func (t *Terms) IDs() []uint64 { return t.ids }

// Shapes calls f for each shape of the identifiers and of the runs that are too
// long, in no particular order.
func (t *Terms) Shapes(f func(Shape)) {
	for s := range t.shape {
		f(s)
	}
}

// A Run is one run of a query's text.
type Run struct {
	Text string // folded
	// Left and Right tell whether the run may continue before and after the
	// query's text.
	Left, Right bool
}

// Runs splits a query's text into runs. It returns false if s is not valid
// UTF-8 or contains U+FFFD: bytes of incomplete characters may fold differently
// in the text that surrounds them.
func Runs(s string) ([]Run, bool) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return nil, false
	}
	var out []Run
	for i := 0; i < len(s); {
		if folded[s[i]] == 0 {
			i++
			continue
		}
		from := i
		for i < len(s) && folded[s[i]] != 0 {
			i++
		}
		out = append(out, Run{string(appendFolded(nil, []byte(s[from:i]))), from == 0, i == len(s)})
	}
	return out, true
}
