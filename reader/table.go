package reader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"sort"
	"time"
)

// A Table lists a member's blocks: what is known of each without decoding
// it. It answers line number → place and time → place.
//
// As bytes, all numbers little-endian or unsigned varints:
//
//	"LVT3"                    magic and version
//	lines                     varint: lines of the member
//	crc                       4 bytes, CRC-32 (IEEE) of the whole text
//	count                     varint
//	count blocks:             varints: length of text, stored length, newlines in it,
//	                          flags (1 continues, 2 unfinished, 4 has times, 8 has skips, and 16
//	                          times what was inferred of the times),
//	                          if it has times: the first and the last time in milliseconds
//	                          since 1970 (zigzag: the first as the difference to the block before's
//	                          first, the last to the block's first),
//	                          if it has skips: their count, and of each the bytes of the text
//	                          between it and the one before, its marker's length, the bytes left out
//
// Versions: 2, 2026-11: skips. 3, 2026-11: inferences; in version 2, all may be
// inferred.
//
// A block's offset, line and place in the store follow by adding up.
type Table struct {
	Blocks []TableBlock
	Lines  int64  // number of lines of the member, including an unterminated last line
	Size   Offset // length of the text
	CRC    uint32 // CRC-32 (IEEE) of the whole text, as in gzip
}

// A TableBlock describes a block.
type TableBlock struct {
	Offset     Offset
	Len        int    // length of its Text
	Skips      []Skip // see Block
	Line       Line   // the line that contains its first byte
	Lines      int    // number of newlines in it
	Continues  bool   // see Block
	Unfinished bool
	First      time.Time // lowest and highest time of its lines, in milliseconds; zero if they have none
	Last       time.Time
	Inferred   Inference // what was inferred of these times

	Stored    int64 // offset of its frame in the store file
	StoredLen int
}

// An Inference says what of a time was not in its line: the zone, the year and the
// zone, or the date and the zone. If it is inferred once more it may be another:
// with another zone, or when the file has grown.
type Inference uint8

const (
	NotInferred Inference = iota
	InferredZone
	InferredYear
	InferredDate
)

// End returns the offset of the block's end in the member's text.
func (k *TableBlock) End() Offset { return endOf(k.Offset, k.Len, k.Skips) }

var tableMagic = []byte("LVT3")

var errTable = errors.New("damaged block table")

// Find returns the index of the block that contains offset off, or -1.
func (t *Table) Find(off Offset) int {
	i := sort.Search(len(t.Blocks), func(i int) bool { return t.Blocks[i].Offset > off }) - 1
	if i >= 0 && off < t.Blocks[i].End() {
		return i
	}
	return -1
}

// FindLine returns the index of the block in which line l starts, or -1.
func (t *Table) FindLine(l Line) int {
	if l < 0 || int64(l) >= t.Lines {
		return -1
	}
	// The last block whose first byte is in line l or an earlier one: a line
	// starts in the first block that is not a continuation of it.
	i := sort.Search(len(t.Blocks), func(i int) bool {
		b := t.Blocks[i]
		return b.Line > l || b.Line == l && b.Continues
	})
	return i - 1
}

// Encode encodes the table for [DecodeTable].
func (t *Table) Encode() []byte {
	b := append([]byte(nil), tableMagic...)
	b = binary.AppendUvarint(b, uint64(t.Lines))
	b = binary.LittleEndian.AppendUint32(b, t.CRC)
	b = binary.AppendUvarint(b, uint64(len(t.Blocks)))
	before := int64(0)
	for _, k := range t.Blocks {
		flags := uint64(0)
		if k.Continues {
			flags |= 1
		}
		if k.Unfinished {
			flags |= 2
		}
		if !k.First.IsZero() {
			flags |= 4 | uint64(k.Inferred)<<4
		}
		if len(k.Skips) > 0 {
			flags |= 8
		}
		for _, v := range []uint64{uint64(k.Len), uint64(k.StoredLen), uint64(k.Lines), flags} {
			b = binary.AppendUvarint(b, v)
		}
		if flags&4 != 0 {
			first, last := k.First.UnixMilli(), k.Last.UnixMilli()
			b = binary.AppendVarint(b, first-before)
			b = binary.AppendVarint(b, last-first)
			before = first
		}
		if flags&8 != 0 {
			b = binary.AppendUvarint(b, uint64(len(k.Skips)))
			at := 0
			for _, s := range k.Skips {
				for _, v := range []uint64{uint64(s.At - at), uint64(s.Len), uint64(s.Bytes)} {
					b = binary.AppendUvarint(b, v)
				}
				at = s.At + s.Len
			}
		}
	}
	return b
}

// DecodeTable decodes a table encoded by Encode. It returns an error unless the
// table is consistent.
func DecodeTable(b []byte) (*Table, error) {
	version := bytes.TrimPrefix(b[:min(len(b), len(tableMagic))], tableMagic[:3])
	if len(version) != 1 || version[0] != '2' && version[0] != '3' {
		return nil, errTable
	}
	b = b[len(tableMagic):]
	bad := false
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad = true
			return 0
		}
		b = b[n:]
		return v
	}
	varint := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			bad = true
			return 0
		}
		b = b[n:]
		return v
	}
	t := &Table{Lines: int64(uvarint())}
	if len(b) < 4 {
		return nil, errTable
	}
	t.CRC = binary.LittleEndian.Uint32(b)
	b = b[4:]
	count := uvarint()
	if bad || count > uint64(len(b)) { // each block takes more than a byte
		return nil, errTable
	}
	t.Blocks = make([]TableBlock, 0, count)
	var line Line
	var stored, before int64
	for range count {
		k := TableBlock{Offset: t.Size, Line: line, Stored: stored}
		size, packed, lines, flags := uvarint(), uvarint(), uvarint(), uvarint()
		if bad || size == 0 || size > BlockSize || packed > 2*BlockSize || lines > size {
			return nil, errTable
		}
		k.Len, k.StoredLen, k.Lines = int(size), int(packed), int(lines)
		k.Continues, k.Unfinished = flags&1 != 0, flags&2 != 0
		if flags&4 != 0 {
			first := before + varint()
			k.First, k.Last = time.UnixMilli(first).UTC(), time.UnixMilli(first+varint()).UTC()
			before = first
			k.Inferred = Inference(flags >> 4)
			if version[0] == '2' {
				k.Inferred = InferredDate
			}
			if k.Inferred > InferredDate {
				return nil, errTable
			}
		}
		if flags&8 != 0 {
			n, at := uvarint(), uint64(0)
			if n > uint64(len(b)) { // each skip takes more than a byte
				return nil, errTable
			}
			for range n {
				gap, size, bytes := uvarint(), uvarint(), uvarint()
				if bad || gap > BlockSize || size > 64 || bytes == 0 || at+gap+size > uint64(k.Len) ||
					bytes > math.MaxInt64/4 || uint64(t.Size) > math.MaxInt64/4 {
					return nil, errTable
				}
				k.Skips = append(k.Skips, Skip{At: int(at + gap), Len: int(size), Bytes: int64(bytes)})
				at += gap + size
			}
		}
		if bad {
			return nil, errTable
		}
		t.Blocks = append(t.Blocks, k)
		t.Size = k.End()
		line += Line(lines)
		stored += int64(packed)
	}
	if t.Lines < int64(line) || t.Lines > int64(line)+1 {
		return nil, errTable
	}
	return t, nil
}

// UpdateCRC adds text to a checksum of the text before it.
func UpdateCRC(crc uint32, text []byte) uint32 { return crc32.Update(crc, crc32.IEEETable, text) }
