package reader

import (
	"bytes"
	"io"

	"github.com/dustin/go-humanize"
	"golang.org/x/text/transform"
)

// A file may hold more NULs than anybody wants to read: what was
// preallocated, what a crash left, the hole where a program went on writing
// behind what copytruncate had cut. A run of nulRun of them or more is left
// out of a Block's Text, in which a marker stands for it.
//
// An Offset counts them all the same, so that it stays the place in the file.
// So it does where a byte order mark at a line's beginning is left out, which
// has no marker: files that have one each were put together there.
const nulRun = 64 << 10

// NulMarker is what stands in a text for a run of n NULs.
func NulMarker(n int64) string { return "[" + humanize.Bytes(uint64(n)) + " of NULs]" }

// A Skip says what a Block's Text leaves out.
type Skip struct {
	At    int   // where in Text
	Len   int   // of the marker that stands there; 0 for a byte order mark
	Bytes int64 // of the member's text
}

// OffsetAt is where in the member's text Text[i] lies, for the end of Text as
// well. A marker lies where the first NUL does.
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

// Offsets returns OffsetAt for places that are asked for in ascending order,
// without looking at all skips for each of them.
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
		if len(rest.Skips) > 0 && rest.Skips[0].At < i { // inside a marker
			return rest.Offset + Offset(rest.Skips[0].At-at)
		}
		return rest.Offset + Offset(i-at)
	}
}

// End is where in the member's text the Block ends.
func (b *Block) End() Offset { return endOf(b.Offset, len(b.Text), b.Skips) }

func endOf(off Offset, size int, skips []Skip) Offset {
	off += Offset(size)
	for _, s := range skips {
		off += Offset(s.Bytes) - Offset(s.Len)
	}
	return off
}

// Index is where in Text an offset of the member's text lies: the end of Text
// if it lies behind the Block, and for what is left out the marker.
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

// Advance drops the first n bytes of Text, which are whole lines or the rest
// of one.
func (b *Block) Advance(n int) {
	b.Offset = b.OffsetAt(n)
	b.Line += Line(countLines(b.Text[:n]))
	b.Lines -= countLines(b.Text[:n])
	b.Continues = false
	b.Skips = shift(b.Skips, n)
	b.Text = b.Text[n:]
}

// shift is the skips behind the first n bytes of a text.
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

// before is how many of the skips begin before the byte at of a text.
func before(skips []Skip, at int) int {
	n := 0
	for n < len(skips) && skips[n].At < at {
		n++
	}
	return n
}

// A segment is a part of a Block as it lies in the member's text: some bytes
// of it, or NULs.
type segment struct {
	off   Offset
	text  []byte
	zeros int64
}

func (g *segment) end() Offset { return g.off + Offset(len(g.text)) + Offset(g.zeros) }

// segments is the member's text that the Block stands for, with nothing left
// out.
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

// raw fills p with the member's text from off on, as far as the Block has it,
// and with nothing left out.
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

// Begins reports whether the member's text, of which b is the first block,
// may be the one that id was made of.
func (b *Block) Begins(id ID) bool {
	var start [idSize]byte
	return id.matches(start[:b.raw(start[:], 0)])
}

// room is the Block's memory.
func (b *Block) room() []byte {
	if cap(b.buf) < BlockSize {
		b.buf = make([]byte, BlockSize)
	}
	return b.buf[:BlockSize]
}

// longRun is the first run of at least nulRun NULs in p, or of those that p
// ends with, however few; both len(p) if there is none. It looks at one byte
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

// A skipper reads text without what is left out of blocks.
type skipper struct {
	r    io.Reader
	hole func() int64 // skips a hole in r where it stands, and says how long that was; nil if that cannot be

	inside bool   // the text that is read next does not begin a line
	left   []byte // read, and not looked at yet
	err    error  // came behind left
	run    int64  // NULs that were read before left; how many there are is not known yet
	short  int64  // NULs to be handed out: there are too few of them to be left out
	look   []byte // memory for left

	t        transform.Transformer // decodes what is read; nil if it is UTF-8
	unmarked bool                  // there are no byte order marks in UTF-8
	rest     []byte                // not decoded yet
	out      []byte                // decoded, and not handed out yet
	skip     Skip                  // behind out
	outErr   error                 // behind out and skip
	srcs     []byte                // memory for rest
	dsts     []byte                // memory for out
}

// read fills p. Where something is left out it returns that alone, with
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
		// What may be the beginning of a character is none where NULs follow.
		_, bytewise := s.t.(latin1)
		nd, ns, _ := s.t.Transform(s.dsts, s.srcs[:kept+n], s.skip.Bytes > 0 || bytewise && s.outErr != nil)
		s.out, s.rest = s.dsts[:nd], s.srcs[ns:kept+n]
	}
	n = copy(p, s.out)
	s.out = s.out[n:]
	return n, skip, nil
}

// raw is read before anything is decoded.
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
			var more [2]byte // a mark may come in pieces
			k, err := s.r.Read(more[:len(byteOrderMark)-len(s.left)])
			s.left, s.err = append(s.left, more[:k]...), err
		}
		if bytes.HasPrefix(s.left, byteOrderMark) {
			s.left = s.left[len(byteOrderMark):]
			return 0, Skip{Bytes: int64(len(byteOrderMark))}, nil
		}
		s.inside = true // it is none
		return s.raw(p)
	}
	end, rest := longRun(text) // what is handed out, and where what is left begins
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

// markAt is where in p a byte order mark, or the beginning of one, begins a
// line behind the first; negative if there is none.
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

// resolve reads on to where the run of NULs ends.
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
