package reader

import (
	"bytes"

	"github.com/dustin/go-humanize"
)

// A file may contain long runs of NULs: preallocated space, the result of a
// crash, the hole where a program continued to write after copytruncate. A run
// of at least NulRun of them is replaced by a marker in a Block's Text.
//
// Offsets count the NULs, so that they remain positions in the file. They also
// count byte order marks at the beginnings of lines, where files were
// concatenated: these are left out without a marker.
const NulRun = 64 << 10

// NulMarker returns the marker for a run of n NULs.
func NulMarker(n int64) string { return "[" + humanize.Bytes(uint64(n)) + " of NULs]" }

// A Skip describes what is left out at one place of a Block's Text.
type Skip struct {
	At    int   // index in Text
	Len   int   // length of the marker there; 0 for a byte order mark
	Bytes int64 // number of bytes of the member's text that are left out
}

// Unmarked returns text with its markers replaced by NULs; it returns a copy if
// there are any. Markers are displayed but are not in the file, so searches
// must not find them. skips describes what is left out of text.
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
	b.Line += Line(CountLines(b.Text[:n]))
	b.Lines -= CountLines(b.Text[:n])
	b.Continues = false
	b.Skips = Shift(b.Skips, n)
	b.Text = b.Text[n:]
}

// Shift returns the skips after the first n bytes of a text.
func Shift(skips []Skip, n int) []Skip {
	var out []Skip
	for _, s := range skips {
		if s.At >= n {
			s.At -= n
			out = append(out, s)
		}
	}
	return out
}

// Before returns the number of skips before index at of a text.
func Before(skips []Skip, at int) int {
	n := 0
	for n < len(skips) && skips[n].At < at {
		n++
	}
	return n
}

// A segment is a part of the member's text: bytes of the Block's Text, or NULs.
type segment struct {
	Off   Offset
	Text  []byte
	Zeros int64
}

func (g *segment) End() Offset { return g.Off + Offset(len(g.Text)) + Offset(g.Zeros) }

// Segments returns the member's text of the Block with nothing left out.
func (b *Block) Segments() []segment {
	var out []segment
	at, off := 0, b.Offset
	add := func(g segment) {
		if g.Off = off; g.End() > off {
			off = g.End()
			out = append(out, g)
		}
	}
	for _, s := range b.Skips {
		add(segment{Text: b.Text[at:s.At]})
		if s.Len > 0 {
			add(segment{Zeros: s.Bytes})
		} else {
			add(segment{Text: ByteOrderMark})
		}
		at = s.At + s.Len
	}
	add(segment{Text: b.Text[at:]})
	return out
}

// Raw fills p with the member's text from off on, with nothing left out, and
// returns the number of bytes. It stops at the end of the Block.
func (b *Block) Raw(p []byte, off Offset) int {
	n := 0
	for _, g := range b.Segments() {
		if n == len(p) || off >= g.End() || off < g.Off {
			continue
		}
		k := int(min(g.End()-off, Offset(len(p)-n)))
		if g.Zeros > 0 {
			clear(p[n : n+k])
		} else {
			copy(p[n:n+k], g.Text[off-g.Off:])
		}
		n += k
		off += Offset(k)
	}
	return n
}

// Begins reports whether the member's text, whose first block is b, may be the
// text with an ID.
func (b *Block) Begins(id ID) bool {
	var start [IDSize]byte
	return id.Matches(start[:b.Raw(start[:], 0)])
}
