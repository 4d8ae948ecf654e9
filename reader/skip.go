package reader

import (
	"bytes"
	"io"

	"github.com/dustin/go-humanize"
	"golang.org/x/text/transform"
)

// A file may contain long runs of NULs: preallocated space, the result of a
// crash, the hole where a program continued to write after copytruncate. A run
// of at least nulRun of them is replaced by a marker in a Block's Text.
//
// Offsets count the NULs, so that they remain positions in the file. They also
// count byte order marks at the beginnings of lines, where files were
// concatenated: these are left out without a marker.
const nulRun = 64 << 10

// NulMarker returns the marker for a run of n NULs.
func NulMarker(n int64) string { return "[" + humanize.Bytes(uint64(n)) + " of NULs]" }

// A Skip describes what a Block's Text leaves out at one place.
type Skip struct {
	At    int   // index in Text
	Len   int   // of the marker there; 0 for a byte order mark
	Bytes int64 // left out of the member's text
}

// Unmarked returns text with NULs for the markers in it, in a copy if it has any:
// a marker is shown, but is not in the file, so nothing is to be found in it.
// skips says what text leaves out.
func Unmarked(text []byte, skips []Skip) []byte {
	copied := false
	for _, s := range skips {
		if s.Len == 0 || s.At >= len(text) {
			continue
		}
		if !copied {
			text, copied = bytes.Clone(text), true
		}
		clear(text[s.At:min(s.At+s.Len, len(text))])
	}
	return text
}

// OffsetAt returns the offset of Text[i] in the member's text; i may be
// len(Text). The offset of a marker is that of the first NUL.
func (b *Block) OffsetAt(i int) Offset {
	off := b.Offset + Offset(i)
	for _, s := range b.Skips {
		switch {
		case s.At >= i:
			return off
		case s.At+s.Len > i:
			return off - Offset(i-s.At)
		}
		off += Offset(s.Bytes) - Offset(s.Len)
	}
	return off
}

// Offsets returns a function like OffsetAt that must be called with ascending
// indexes. It does not search all skips each time.
func (b *Block) Offsets() func(i int) Offset {
	rest := Block{Skips: b.Skips, Offset: b.Offset}
	at := 0
	return func(i int) Offset {
		for len(rest.Skips) > 0 && rest.Skips[0].At+rest.Skips[0].Len <= i && rest.Skips[0].At < i {
			s := rest.Skips[0]
			rest.Offset += Offset(s.At-at) + Offset(s.Bytes)
			at = s.At + s.Len
			rest.Skips = rest.Skips[1:]
		}
		if len(rest.Skips) > 0 && rest.Skips[0].At < i { // i is inside a marker
			return rest.Offset + Offset(rest.Skips[0].At-at)
		}
		return rest.Offset + Offset(i-at)
	}
}

// End returns the offset in the member's text where the Block ends.
func (b *Block) End() Offset { return endOf(b.Offset, len(b.Text), b.Skips) }

func endOf(off Offset, size int, skips []Skip) Offset {
	off += Offset(size)
	for _, s := range skips {
		off += Offset(s.Bytes) - Offset(s.Len)
	}
	return off
}

// Index returns the index in Text of an offset of the member's text: len(Text)
// if the offset is after the Block, the marker if it was left out.
func (b *Block) Index(off Offset) int {
	if off <= b.Offset {
		return 0
	}
	left := int64(off - b.Offset)
	at := 0
	for _, s := range b.Skips {
		if left <= int64(s.At-at) {
			return at + int(left)
		}
		left -= int64(s.At - at)
		at = s.At
		if left < s.Bytes {
			return at
		}
		left -= s.Bytes
		at += s.Len
	}
	return at + int(min(left, int64(len(b.Text)-at)))
}

// Advance removes the first n bytes of Text, which are whole lines or the rest
// of one.
func (b *Block) Advance(n int) {
	b.Offset = b.OffsetAt(n)
	b.Line += Line(countLines(b.Text[:n]))
	b.Lines -= countLines(b.Text[:n])
	b.Continues = false
	b.Skips = shift(b.Skips, n)
	b.Text = b.Text[n:]
}

// shift returns the skips after the first n bytes of a text.
func shift(skips []Skip, n int) []Skip {
	var out []Skip
	for _, s := range skips {
		if s.At >= n {
			s.At -= n
			out = append(out, s)
		}
	}
	return out
}

// before returns how many of the skips begin before index at of a text.
func before(skips []Skip, at int) int {
	n := 0
	for n < len(skips) && skips[n].At < at {
		n++
	}
	return n
}

// A segment is a part of the member's text: bytes of the Block's Text, or NULs.
type segment struct {
	off   Offset
	text  []byte
	zeros int64
}

func (g *segment) end() Offset { return g.off + Offset(len(g.text)) + Offset(g.zeros) }

// segments returns the member's text of the Block with nothing left out.
func (b *Block) segments() []segment {
	var out []segment
	at, off := 0, b.Offset
	add := func(g segment) {
		if g.off = off; g.end() > off {
			off = g.end()
			out = append(out, g)
		}
	}
	for _, s := range b.Skips {
		add(segment{text: b.Text[at:s.At]})
		if s.Len > 0 {
			add(segment{zeros: s.Bytes})
		} else {
			add(segment{text: byteOrderMark})
		}
		at = s.At + s.Len
	}
	add(segment{text: b.Text[at:]})
	return out
}

// raw fills p with the member's text from off on, with nothing left out, as far
// as the Block has it.
func (b *Block) raw(p []byte, off Offset) int {
	n := 0
	for _, g := range b.segments() {
		if n == len(p) || off >= g.end() || off < g.off {
			continue
		}
		k := int(min(g.end()-off, Offset(len(p)-n)))
		if g.zeros > 0 {
			clear(p[n : n+k])
		} else {
			copy(p[n:n+k], g.text[off-g.off:])
		}
		n += k
		off += Offset(k)
	}
	return n
}

// Begins reports whether the member's text, whose first block is b, may be the
// one that id identifies.
func (b *Block) Begins(id ID) bool {
	var start [idSize]byte
	return id.matches(start[:b.raw(start[:], 0)])
}

// room returns the Block's buffer.
func (b *Block) room() []byte {
	if cap(b.buf) < BlockSize {
		b.buf = make([]byte, BlockSize)
	}
	return b.buf[:BlockSize]
}

// longRun returns the bounds of the first run of at least nulRun NULs in p, or of
// any NULs at the end of p; both are len(p) if there is none. It reads one byte
// in nulRun.
func longRun(p []byte) (from, to int) {
	for i := nulRun - 1; i < len(p); i += nulRun {
		if p[i] != 0 {
			continue
		}
		from, to = i-trailingZeros(p[:i]), i+leadingZeros(p[i:])
		if to-from >= nulRun || to == len(p) {
			return from, to
		}
	}
	return len(p) - trailingZeros(p), len(p)
}

// A skipper reads text and leaves out what blocks leave out.
type skipper struct {
	r    io.Reader
	hole func() int64 // skips a hole at the position of r and returns its length; nil if that is impossible

	inside bool   // the text that is read next is not at the beginning of a line
	left   []byte // read but not processed yet
	err    error  // after left
	run    int64  // NULs that were read before left; the run may be longer
	short  int64  // NULs to return: too few to be left out
	look   []byte // buffer for left

	t        transform.Transformer // decodes what is read; nil if it is UTF-8
	unmarked bool                  // do not look for byte order marks of UTF-8
	rest     []byte                // not decoded yet
	out      []byte                // decoded but not returned yet
	skip     Skip                  // after out
	outErr   error                 // after out and skip
	srcs     []byte                // buffer for rest
	dsts     []byte                // buffer for out
}

// read fills p. Where something is left out, it returns only the Skip, and
// nothing in p.
func (s *skipper) read(p []byte) (n int, skip Skip, err error) {
	if s.t == nil {
		return s.raw(p)
	}
	if s.srcs == nil {
		s.srcs, s.dsts = make([]byte, 16<<10), make([]byte, 64<<10)
	}
	for empty := 0; len(s.out) == 0; {
		skip, s.skip = s.skip, Skip{}
		if skip.Bytes > 0 {
			return 0, skip, nil
		}
		if err, s.outErr = s.outErr, nil; err != nil {
			return 0, skip, err
		}
		kept := copy(s.srcs, s.rest)
		n, s.skip, s.outErr = s.raw(s.srcs[kept:])
		if n == 0 && s.skip.Bytes == 0 && s.outErr == nil {
			if empty++; empty == 100 {
				return 0, skip, errNoProgress
			}
			continue
		}
		// A character cannot continue after NULs.
		_, bytewise := s.t.(latin1)
		nd, ns, _ := s.t.Transform(s.dsts, s.srcs[:kept+n], s.skip.Bytes > 0 || bytewise && s.outErr != nil)
		s.out, s.rest = s.dsts[:nd], s.srcs[ns:kept+n]
	}
	n = copy(p, s.out)
	s.out = s.out[n:]
	return n, skip, nil
}

// raw is read without decoding.
func (s *skipper) raw(p []byte) (n int, skip Skip, err error) {
	if s.run > 0 {
		s.resolve()
		if s.run >= nulRun {
			skip = Skip{Bytes: s.run, Len: len(NulMarker(s.run))}
			s.inside = true
		} else {
			s.short = s.run
		}
		if s.run = 0; skip.Bytes > 0 {
			return 0, skip, nil
		}
	}
	if s.short > 0 {
		n = int(min(int64(len(p)), s.short))
		clear(p[:n])
		s.short -= int64(n)
		s.inside = true
		return n, skip, nil
	}
	kept := len(s.left) > 0
	text := s.left
	if !kept {
		if err, s.err = s.err, nil; err != nil {
			return 0, skip, err
		}
		if n, err = s.r.Read(p); n == 0 {
			return 0, skip, err
		}
		text = p[:n]
	}
	text = text[:min(len(text), len(p))]
	if k := min(len(text), len(byteOrderMark)); !s.unmarked && !s.inside && bytes.Equal(text[:k], byteOrderMark[:k]) {
		if !kept {
			s.left, s.err = bytes.Clone(text), err
		}
		for len(s.left) < len(byteOrderMark) && s.err == nil && bytes.HasPrefix(byteOrderMark, s.left) {
			var more [2]byte // a mark may be split
			k, err := s.r.Read(more[:len(byteOrderMark)-len(s.left)])
			s.left, s.err = append(s.left, more[:k]...), err
		}
		if bytes.HasPrefix(s.left, byteOrderMark) {
			s.left = s.left[len(byteOrderMark):]
			return 0, Skip{Bytes: int64(len(byteOrderMark))}, nil
		}
		s.inside = true // it is not a mark
		return s.raw(p)
	}
	end, rest := longRun(text) // what to return, and where the rest begins
	s.run = int64(rest - end)
	if at := markAt(text[:end]); at >= 0 && !s.unmarked {
		end, rest, s.run = at, at, 0
	}
	if kept {
		copy(p, text[:end])
		s.left = s.left[rest:]
	} else if end < len(text) {
		s.left, s.err, err = bytes.Clone(text[rest:]), err, nil
	}
	if end == 0 {
		return s.raw(p)
	}
	s.inside = text[end-1] != '\n'
	return end, skip, err
}

// markAt returns the index in p of a byte order mark, or the beginning of one,
// at the beginning of a line other than the first; negative if there is none.
func markAt(p []byte) int {
	for at := 1; at < len(p); at++ {
		i := bytes.IndexByte(p[at:], byteOrderMark[0])
		if i < 0 {
			return -1
		}
		at += i
		if k := min(len(p)-at, len(byteOrderMark)); p[at-1] == '\n' && bytes.Equal(p[at:at+k], byteOrderMark[:k]) {
			return at
		}
	}
	return -1
}

// resolve reads to the end of the run of NULs.
func (s *skipper) resolve() {
	for empty := 0; ; {
		z := leadingZeros(s.left)
		s.run += int64(z)
		if s.left = s.left[z:]; len(s.left) > 0 || s.err != nil {
			return
		}
		if s.hole != nil && s.run >= nulRun {
			s.run += s.hole()
		}
		if s.look == nil {
			s.look = make([]byte, nulRun)
		}
		n, err := s.r.Read(s.look)
		if n > 0 {
			empty = 0
		} else if empty++; err == nil && empty == 100 {
			err = errNoProgress
		}
		s.left, s.err = s.look[:n], err
	}
}
