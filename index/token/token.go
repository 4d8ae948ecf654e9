// Package token cuts text into the terms that an index keeps of it, and says
// of a query's text which terms a block must have to hold it.
//
// A run is as many letters, digits and bytes beyond ASCII as stand together;
// everything else, the underscore too, separates. Runs are kept in one case,
// by Unicode's simple folding, as the matcher compares them. Most runs are
// words. Some are identifiers: request ids, pointers, long numbers. They are
// most of what is different from line to line, and nobody asks for a part of
// one, so of an identifier only a hash is kept, and its shape, which says
// what it could be that somebody asked for a part of.
package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRun is the longest run that is kept as a word. Of a longer one only the
// shape is.
const maxRun = 512

// folded is the byte that an ASCII byte of a run stands for; 0 if it
// separates. What is beyond ASCII stands for itself here.
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

// fold is the one of all runes that fold to r that stands for them: an ASCII
// letter in lower case if there is one, as k for the Kelvin sign.
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

// appendFolded appends a run in one case. Bytes that are no UTF-8 stand for
// themselves.
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

// Terms collects what is different among the runs of a block. The zero Terms
// is empty and ready; it reuses its memory.
type Terms struct {
	text  []byte // the folded runs that were met, with rubbish between them
	table []slot // open addressing
	gen   uint32 // of the slots that count
	words [][2]uint32
	ids   []uint64
	shape map[Shape]struct{}
	slow  []byte
}

type slot struct {
	hash     uint32
	gen      uint32
	off, end uint32 // in text
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

// Hash is the hash by which an identifier is kept.
func Hash(run []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range run {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return mix(h)
}

// mix spreads FNV's hash, whose upper bits know little of a short text's
// end. Source: MurmurHash3's finalizer.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Block makes t the terms of a block's text.
func (t *Terms) Block(text []byte) {
	t.Reset()
	if cap(t.text) < len(text) {
		t.text = make([]byte, 0, len(text)+len(text)/8)
	}
	for i := 0; i < len(text); {
		if folded[text[i]] == 0 {
			i++
			continue
		}
		// The run is folded behind those that are kept, and stays there if
		// it is new.
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
		t.add(dst, run, mix(h))
	}
}

// add keeps the run at the end of text, if it is new.
func (t *Terms) add(text, run []byte, h uint64) {
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

// Words calls f for each word, in no order. What it is given is valid until
// t is used again.
func (t *Terms) Words(f func(word []byte)) {
	for _, w := range t.words {
		f(t.text[w[0]:w[1]])
	}
}

// IDs is the hashes of the identifiers, each once; valid until t is used
// again.
func (t *Terms) IDs() []uint64 { return t.ids }

// Shapes calls f for each shape that identifiers have.
func (t *Terms) Shapes(f func(Shape)) {
	for s := range t.shape {
		f(s)
	}
}

// A Run is one run of a query's text.
type Run struct {
	Text string // folded
	// Left and Right say that the run may continue beyond the query's text.
	Left, Right bool
}

// Runs is the runs that a text has wherever it stands. Nothing is known of a
// text that is not UTF-8: what its bytes are part of may fold to something
// else.
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
