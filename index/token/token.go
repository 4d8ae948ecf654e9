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
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
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
	text  []byte // the folded texts: runs, each with a zero byte or more after it
	table []slot // a hash table with open addressing, at most half full
	live  []slot // those in use, while the table grows
	used  int    // number of slots in use
	gen   uint32 // the generation of the slots in use
	words [][2]uint32
	ids   []uint64
	shape map[Shape]struct{}
	last  Shape  // that was put into shape
	line  uint32 // number of the line that is being added; 0 while lines are not counted
}

// A slot of the table has a run that was found.
type slot struct {
	hash uint64
	gen  uint32
	off  uint32 // where it begins in text, and isShort if it is shorter than a machine word
	n    uint32 // number of lines that contain it
	line uint32 // the last of these
}

// leastSlots is the size of the smallest table.
const leastSlots = 1 << 12

// isShort says that a run can be computed from its hash: short ones with the same are equal.
const isShort = 1 << 31

// Reset empties t.
func (t *Terms) Reset() {
	switch {
	case t.table == nil:
		t.table = make([]slot, leastSlots)
	case t.used <= len(t.table)/8 && len(t.table) > leastSlots:
		t.table = t.table[:len(t.table)/2] // a smaller one is more likely to be in the cache
	}
	t.used = 0
	t.nextGen()
	t.text, t.words, t.ids = t.text[:0], t.words[:0], t.ids[:0]
	if t.shape == nil {
		t.shape = map[Shape]struct{}{}
	}
	clear(t.shape)
	t.last, t.line = Shape{}, 0
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

// Block replaces the contents of t with the terms of a block's text, and counts the lines
// that contain each. What is added later is not counted.
func (t *Terms) Block(text []byte) {
	t.Reset()
	t.line = 1
	t.Add(text)
	t.line = 0
}

// Counts calls f for each word that no line of the block contains, or at least least lines, in
// no particular order. The word is valid until t is used again.
func (t *Terms) Counts(least int, f func(word []byte, lines int)) {
	for i := range t.table {
		s := &t.table[i]
		if s.gen != t.gen || 0 < s.n && int(s.n) < least {
			continue
		}
		run := t.text[s.off&^isShort:]
		run = run[:bytes.IndexByte(run, 0)]
		if _, ok := shapeOf(run); !ok {
			f(run, int(s.n))
		}
	}
}

// Add adds the terms of a text.
func (t *Terms) Add(text []byte) {
	// All of the text is folded first, byte by byte: then separators are zeros, which are
	// found eight bytes at a time.
	begin := len(t.text)
	t.text = slices.Grow(t.text, len(text)+wordBytes)
	all := t.text[begin : begin+len(text)+wordBytes]
	wide := foldASCII(all, text)
	clear(all[len(text):])
	t.text = t.text[:begin+len(all)]
	for i := 0; i < len(text); {
		v := binary.LittleEndian.Uint64(all[i:])
		if v&0xff == 0 {
			if text[i] == '\n' && t.line > 0 {
				t.line++
			}
			i++
			continue
		}
		from := i
		h := uint64(0)
		z := zeros(v)
		for ; z == 0; z = zeros(v) {
			h = scramble(h ^ v)
			i += wordBytes
			v = binary.LittleEndian.Uint64(all[i:])
		}
		n := bits.TrailingZeros64(z) / 8
		i += n
		h = scramble(h ^ v&(1<<(8*n)-1))
		run := all[from:i]
		if len(run) == wordBytes && i < len(text) && text[i] == '-' {
			if n := uuidTail(text[i:]); n > 0 && all[i+n] == 0 && allHex(string(run)) {
				t.addShape(InUUID)
				i += n - len("000000000000") - 1 // the end of it is a run
			}
		}
		if wide && !isASCII(run) {
			t.addFolded(text[from : from+len(run)])
			continue
		}
		// Most runs are short and were found before.
		if s := &t.table[h>>20&uint64(len(t.table)-1)]; s.hash == h && s.gen == t.gen && s.off >= isShort && len(run) < wordBytes {
			if s.line != t.line && t.line > 0 {
				s.line = t.line
				s.n++
			}
			continue
		}
		t.addRun(run, uint32(begin+from), h)
	}
}

// addFolded adds a run with characters outside ASCII.
func (t *Terms) addFolded(run []byte) {
	begin := len(t.text)
	t.text = append(appendFolded(t.text, run), zeroWord[:]...)
	run = t.text[begin : len(t.text)-wordBytes]
	h := uint64(0)
	for i := 0; i <= len(run); i += wordBytes {
		h = scramble(h ^ binary.LittleEndian.Uint64(t.text[begin+i:]))
	}
	t.addRun(run, uint32(begin), h)
}

// foldASCII folds the bytes of text, as folded does, to dst. It reports whether there are any
// outside ASCII.
func foldASCII(dst, text []byte) (wide bool) {
	const low, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+wordBytes <= len(text); i += wordBytes {
		v := binary.LittleEndian.Uint64(text[i:])
		if v&high != 0 {
			wide = true
			for j := i; j < i+wordBytes; j++ {
				dst[j] = folded[text[j]]
			}
			continue
		}
		// In eight bytes at once: the highest bit of c+0x80-n is set if c >= n.
		lower := v | 0x20*low
		letters := (lower + (0x80-'a')*low) &^ (lower + (0x80-'z'-1)*low) & high
		digits := (v + (0x80-'0')*low) &^ (v + (0x80-'9'-1)*low) & high
		kept := letters | digits
		binary.LittleEndian.PutUint64(dst[i:], (v|letters>>2)&(kept<<1-kept>>7))
	}
	for ; i < len(text); i++ {
		dst[i] = folded[text[i]]
		wide = wide || text[i] >= utf8.RuneSelf
	}
	return wide
}

// wordBytes is the size of the machine words in which runs are read.
const wordBytes = 8

var zeroWord [wordBytes]byte

// zeros returns a word in which the lowest bit that is set is in the first byte of v that is
// zero; 0 if none is. Source: Mycroft's test for a zero byte.
func zeros(v uint64) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	return (v - low) &^ v & high
}

// scramble returns another value for each value.
func scramble(h uint64) uint64 {
	h *= 0x9e3779b97f4a7c15 // the golden ratio, an odd number
	return h ^ h>>29
}

func isASCII(run []byte) bool {
	for _, c := range run {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// addRun adds a run, which begins at off and has the hash h, if it is new.
func (t *Terms) addRun(run []byte, off uint32, h uint64) {
	short := len(run) < wordBytes
	key := off
	if short {
		key |= isShort
	}
	mask := uint64(len(t.table) - 1)
	for p := h >> 20 & mask; ; p = (p + 1) & mask {
		s := &t.table[p]
		if s.gen != t.gen {
			*s = slot{hash: h, gen: t.gen, off: key, line: t.line, n: min(t.line, 1)}
			t.used++
			break
		}
		if s.hash == h && short == (s.off >= isShort) && (short || t.isAt(run, s.off)) {
			if s.line != t.line && t.line > 0 {
				s.line = t.line
				s.n++
			}
			return
		}
	}
	shape, ok := shapeOf(run)
	switch {
	case ok:
		t.addShape(shape)
		if !shape.long {
			t.ids = append(t.ids, Hash(run))
		}
	default:
		t.words = append(t.words, [2]uint32{off, off + uint32(len(run))})
	}
	if t.used > len(t.table)/2 {
		t.grow()
	}
}

func (t *Terms) addShape(s Shape) {
	if s != t.last {
		t.shape[s], t.last = struct{}{}, s
	}
}

// isAt reports whether the run that begins at off is run, whose hash is equal.
func (t *Terms) isAt(run []byte, off uint32) bool {
	at := t.text[off:]
	return len(at) > len(run) && at[len(run)] == 0 && string(at[:len(run)]) == string(run)
}

func (t *Terms) grow() {
	t.live = t.live[:0]
	for _, s := range t.table {
		if s.gen == t.gen {
			t.live = append(t.live, s)
		}
	}
	if n := 2 * len(t.table); n <= cap(t.table) {
		t.table = t.table[:n]
		t.nextGen()
	} else {
		t.table, t.gen = make([]slot, n), 1
	}
	mask := uint64(len(t.table) - 1)
	for _, s := range t.live {
		p := s.hash >> 20 & mask
		for t.table[p].gen == t.gen {
			p = (p + 1) & mask
		}
		s.gen = t.gen
		t.table[p] = s
	}
}

// nextGen frees the slots of the table, also those that are not in use.
func (t *Terms) nextGen() {
	if t.gen++; t.gen == 0 {
		clear(t.table[:cap(t.table)])
		t.gen = 1
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
	// From and To are its range in the query's text.
	From, To int
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
		out = append(out, Run{string(appendFolded(nil, []byte(s[from:i]))), from == 0, i == len(s), from, i})
	}
	return out, true
}
