package reader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"sort"
	"time"
)

// A Table lists a member's blocks: what is known of each without decoding
// it. It finds the block of an offset or a line.
//
// As bytes, all numbers little-endian or unsigned varints:
//
//	"LVT7"                    magic and version
//	detection                 varint: Detection when the times and levels were found
//	whole                     varint: 0 if WholeBlock knows nothing, or else the set of levels, with
//	                          bit n for level n, times 8 and what was inferred of the times, then
//	                          the first time and the last in milliseconds since 1970 (zigzag: the
//	                          last as the difference to the first)
//	lines                     varint: lines of the member
//	crc                       4 bytes, CRC-32 (IEEE) of the whole text
//	count                     varint
//	count blocks:             varints: length of text, stored length, newlines in it,
//	                          flags (1 continues, 2 unfinished, 4 has times, 8 has skips, 16
//	                          times what was inferred of the times, 128 starts untimed, 256
//	                          has levels, 512 has minutes, and 1024 has leading lines),
//	                          if it has times: the first and the last time in milliseconds
//	                          since 1970 (zigzag: the first as the difference to the block before's
//	                          first, the last to the block's first), the time of the last line (its
//	                          difference to the last), the count of gaps, at most 3, and of each
//	                          the time from the first time, or the gap before, to its begin, and
//	                          from there to its end,
//	                          if it has levels: the count of lines without a time, and the counts of
//	                          lines by level, NoLevel first,
//	                          if it has leading lines: the set of their levels, with bit n for level
//	                          n, and the counts of lines of these levels,
//	                          if it has minutes: their count, and of each how many minutes it is
//	                          after the one before, at first 0, and its levels like those of
//	                          leading lines,
//	                          if it has skips: their count, and of each the bytes of the text
//	                          between it and the one before, its marker's length, the bytes left out
//
// Versions, all of 2026-11: 2 has skips, 3 inferences, 4 untimed lines, gaps, levels,
// minutes and wall clocks. In 5, the times and levels of rows are those of their columns.
// 6 has the detection. Times and levels that were found with another one, or before 6,
// are not used. 7 has leading lines and the whole.
//
// A block's offset, line and place in the store follow by adding up.
type Table struct {
	Blocks []TableBlock
	Lines  int64  // number of lines of the member, including an unterminated last line
	Size   Offset // length of the text
	CRC    uint32 // CRC-32 (IEEE) of the whole text, as in gzip

	// Outdated says that the times and levels of lines were found with another Detection,
	// and are not known.
	Outdated bool
}

// Detection is the number of the rules by which package line finds the times and levels
// of lines. It increases with every change after which a line has another one.
const Detection = 6

// IsOutdated is the Outdated of an encoded table.
func IsOutdated(b []byte) bool {
	if len(b) < len(tableMagic) || b[3] < '6' {
		return true
	}
	v, n := binary.Uvarint(b[len(tableMagic):])
	return n <= 0 || v != Detection
}

// WholeBlock describes all blocks of an encoded table together, as if they were one, without
// decoding them: First, Last and Inferred are theirs, and those of Levels that are not 0
// occur. It returns false if that is not known, or cannot be said of all lines alike.
func WholeBlock(b []byte) (TableBlock, bool) {
	if IsOutdated(b) || b[3] < '7' {
		return TableBlock{}, false
	}
	d := &tableDecoder{b: b[len(tableMagic):]}
	d.uvarint()
	return d.whole()
}

// whole decodes what WholeBlock returns.
func (d *tableDecoder) whole() (k TableBlock, ok bool) {
	set := d.uvarint()
	if set == 0 {
		return k, false
	}
	k.Inferred = Inference(set & 7)
	for v := range k.Levels {
		k.Levels[v] = int32(set >> (3 + v) & 1)
	}
	first := d.varint()
	k.First, k.Last = time.UnixMilli(first).UTC(), time.UnixMilli(first+d.varint()).UTC()
	return k, !d.bad
}

// appendWhole appends what WholeBlock returns.
func (t *Table) appendWhole(b []byte) []byte {
	set, first, last := uint64(0), int64(math.MaxInt64), int64(math.MinInt64)
	for i := range t.Blocks {
		k := &t.Blocks[i]
		if k.First.IsZero() || !k.LevelsKnown() || k.Continues || k.Unfinished || i == 0 && k.StartUntimed || k.Inferred != t.Blocks[0].Inferred {
			return append(b, 0)
		}
		for v, n := range k.Levels {
			if n > 0 {
				set |= 1 << (3 + v)
			}
		}
		first, last = min(first, k.First.UnixMilli()), max(last, k.Last.UnixMilli())
	}
	if set == 0 {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, set|uint64(t.Blocks[0].Inferred))
	b = binary.AppendVarint(b, first)
	return binary.AppendVarint(b, last-first)
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

	// Of the lines that begin in it:
	First        time.Time // lowest and highest time, in milliseconds; zero if they have none
	Last         time.Time
	Inferred     Inference // what was inferred of these times
	Final        time.Time // time of the last line that has one; zero if it is not known
	Gaps         []Gap     // the widest times between First and Last that no line has, at most MaxGaps, in order
	StartUntimed bool      // the first has no time, or that is not known
	Untimed      int       // lines without a time
	Levels       [7]int32  // numbers by line.Level; their sum is 0 if they are not known
	Leading      [7]int32  // those of the lines before the first that has a time; their sum is 0 if they are not known
	Minutes      []Minute  // the lines after these by minute, in order; nil if there is one, or there are more than MaxMinutes

	Stored    int64 // offset of its frame in the store file
	StoredLen int
}

// A Gap is a range of time in which no line is, in milliseconds after the First of a
// block; without its ends.
type Gap struct{ From, To int64 }

// MaxGaps is the most gaps that are kept of a block.
const MaxGaps = 3

// A Minute counts the lines whose times, or those of the last lines with times before
// them, are in a minute of UTC.
type Minute struct {
	At     int64 // minutes after that of First
	Levels [7]int32
}

// MaxMinutes is the most minutes of a block that are told apart.
const MaxMinutes = 256

// MinuteIn returns the beginning of the minute that is n minutes after that of First, in
// the zone given, like TimesIn.
func (k *TableBlock) MinuteIn(n int64, zone *time.Location) time.Time {
	return k.in(k.First.Truncate(time.Minute).Add(time.Duration(n)*time.Minute), zone)
}

// LevelsKnown reports whether Levels says anything.
func (k *TableBlock) LevelsKnown() bool { return k.Levels != [7]int32{} }

// LeadingKnown reports whether Leading says anything.
func (k *TableBlock) LeadingKnown() bool { return k.Leading != [7]int32{} }

// TimesIn returns First and Last, for times without a zone in the zone given, as far as
// no time had one.
func (k *TableBlock) TimesIn(zone *time.Location) (first, last time.Time) {
	return k.in(k.First, zone), k.in(k.Last, zone)
}

// FinalIn returns Final like TimesIn.
func (k *TableBlock) FinalIn(zone *time.Location) time.Time { return k.in(k.Final, zone) }

func (k *TableBlock) in(t time.Time, zone *time.Location) time.Time {
	if k.Inferred < WallClock || t.IsZero() {
		return t
	}
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
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
	// WallClock says that no time had a zone, and that they are kept as if of UTC;
	// WallClockYear, that the year of some was inferred besides.
	WallClock
	WallClockYear
)

// End returns the offset of the block's end in the member's text.
func (k *TableBlock) End() Offset { return endOf(k.Offset, k.Len, k.Skips) }

var tableMagic = []byte("LVT7")

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
	detection := uint64(Detection)
	if t.Outdated {
		detection = 0
	}
	b = binary.AppendUvarint(b, detection)
	b = t.appendWhole(b)
	b = binary.AppendUvarint(b, uint64(t.Lines))
	b = binary.LittleEndian.AppendUint32(b, t.CRC)
	b = binary.AppendUvarint(b, uint64(len(t.Blocks)))
	before := int64(0) // the first time of the last block that has one
	for i := range t.Blocks {
		k := &t.Blocks[i]
		b = k.append(b, before)
		if !k.First.IsZero() {
			before = k.First.UnixMilli()
		}
	}
	return b
}

// flags returns the flags of an encoded block.
func (k *TableBlock) flags() uint64 {
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
	if k.StartUntimed {
		flags |= 128
	}
	if k.LevelsKnown() {
		flags |= 256
	}
	if len(k.Minutes) > 0 {
		flags |= 512
	}
	if k.LeadingKnown() && k.StartUntimed && flags&4 != 0 && flags&256 != 0 {
		flags |= 1024
	}
	return flags
}

// append appends the encoded block. before is the first time of the last block before that
// has one, in milliseconds.
func (k *TableBlock) append(b []byte, before int64) []byte {
	flags := k.flags()
	for _, v := range []uint64{uint64(k.Len), uint64(k.StoredLen), uint64(k.Lines), flags} {
		b = binary.AppendUvarint(b, v)
	}
	if flags&4 != 0 {
		b = k.appendTimes(b, before)
	}
	if flags&256 != 0 {
		b = binary.AppendUvarint(b, uint64(k.Untimed))
		for _, n := range k.Levels {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	if flags&1024 != 0 {
		b = appendLevels(b, &k.Leading)
	}
	if flags&512 != 0 {
		b = k.appendMinutes(b)
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
	return b
}

// appendTimes appends the encoded times. before is that of append.
func (k *TableBlock) appendTimes(b []byte, before int64) []byte {
	first, last := k.First.UnixMilli(), k.Last.UnixMilli()
	b = binary.AppendVarint(b, first-before)
	b = binary.AppendVarint(b, last-first)
	final := last
	if !k.Final.IsZero() {
		final = k.Final.UnixMilli()
	}
	b = binary.AppendVarint(b, final-last)
	b = binary.AppendUvarint(b, uint64(len(k.Gaps)))
	at := int64(0)
	for _, g := range k.Gaps {
		b = binary.AppendUvarint(b, uint64(g.From-at))
		b = binary.AppendUvarint(b, uint64(g.To-g.From))
		at = g.To
	}
	return b
}

// DecodeTable decodes a table encoded by Encode. It returns an error unless the
// table is consistent.
func DecodeTable(b []byte) (*Table, error) {
	version := bytes.TrimPrefix(b[:min(len(b), len(tableMagic))], tableMagic[:3])
	if len(version) != 1 || version[0] < '2' || version[0] > tableMagic[3] {
		return nil, errTable
	}
	d := &tableDecoder{b: b[len(tableMagic):], version: version[0], outdated: IsOutdated(b)}
	if d.version >= '6' {
		d.uvarint()
	}
	if d.version >= '7' {
		d.whole()
	}
	t := &Table{Outdated: d.outdated, Lines: int64(d.uvarint())}
	if len(d.b) < 4 {
		return nil, errTable
	}
	t.CRC = binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	count := d.uvarint()
	if d.bad || count > uint64(len(d.b)) { // each block takes more than a byte
		return nil, errTable
	}
	t.Blocks = make([]TableBlock, 0, count)
	var next TableBlock // where the next block is
	for range count {
		k, ok := d.block(next)
		if !ok {
			return nil, errTable
		}
		t.Blocks = append(t.Blocks, k)
		next.Offset, next.Line, next.Stored = k.End(), next.Line+Line(k.Lines), next.Stored+int64(k.StoredLen)
	}
	t.Size = next.Offset
	if t.Lines < int64(next.Line) || t.Lines > int64(next.Line)+1 {
		return nil, errTable
	}
	return t, nil
}

// A tableDecoder decodes the blocks of a table.
type tableDecoder struct {
	b        []byte // what is left
	version  byte
	outdated bool
	before   int64    // the first time of the last block that has one
	free     []Minute // memory for those of the next blocks
	bad      bool     // a number could not be decoded
}

func (d *tableDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *tableDecoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// block decodes the next block, which is where k is, and reports whether it is
// consistent.
func (d *tableDecoder) block(k TableBlock) (_ TableBlock, ok bool) {
	size, packed, lines, flags := d.uvarint(), d.uvarint(), d.uvarint(), d.uvarint()
	if d.bad || size == 0 || size > BlockSize || packed > 2*BlockSize || lines > size {
		return k, false
	}
	k.Len, k.StoredLen, k.Lines = int(size), int(packed), int(lines)
	k.Continues, k.Unfinished = flags&1 != 0, flags&2 != 0
	k.StartUntimed = flags&128 != 0
	if flags&4 != 0 {
		first := d.before + d.varint()
		k.First, k.Last = time.UnixMilli(first).UTC(), time.UnixMilli(first+d.varint()).UTC()
		d.before = first
		if k.Inferred = Inference(flags >> 4 & 7); k.Inferred > WallClockYear {
			return k, false
		}
		if d.version >= '4' && !k.decodeTimes(d.varint, d.uvarint) {
			return k, false
		}
	}
	if flags&256 != 0 {
		k.Untimed = int(min(d.uvarint(), BlockSize))
		for i := range k.Levels {
			k.Levels[i] = int32(min(d.uvarint(), BlockSize+1))
		}
	}
	if flags&1024 != 0 && (flags&(4|128|256) != 4|128|256 || !d.levels(&k.Leading)) {
		return k, false
	}
	if flags&512 != 0 && !d.minutes(&k) {
		return k, false
	}
	for v := range k.Leading {
		if k.Leading[v] > k.Levels[v] {
			return k, false
		}
	}
	if flags&8 != 0 && !k.decodeSkips(k.Offset, uint64(len(d.b)), d.uvarint) {
		return k, false
	}
	if d.outdated {
		k.forgetLines()
	}
	return k, !d.bad
}

// WithoutLines returns a copy of the table in which nothing is known of the times and
// levels of lines.
func (t *Table) WithoutLines() *Table {
	c := *t
	c.Blocks = slices.Clone(t.Blocks)
	for i := range c.Blocks {
		c.Blocks[i].forgetLines()
	}
	return &c
}

// forgetLines makes unknown what is known of the times and levels of lines.
func (k *TableBlock) forgetLines() {
	*k = TableBlock{Offset: k.Offset, Len: k.Len, Skips: k.Skips, Line: k.Line, Lines: k.Lines, Continues: k.Continues, Unfinished: k.Unfinished,
		StartUntimed: true, Stored: k.Stored, StoredLen: k.StoredLen}
}

// decodeTimes decodes what follows the first and the last time, and reports whether it
// is consistent.
func (k *TableBlock) decodeTimes(varint func() int64, uvarint func() uint64) bool {
	k.Final = time.UnixMilli(k.Last.UnixMilli() + varint()).UTC()
	n, at := uvarint(), int64(0)
	if n > MaxGaps || k.Final.Before(k.First) || k.Final.After(k.Last) {
		return false
	}
	for range n {
		from, size := uvarint(), uvarint()
		if from > math.MaxInt64/4 || size > math.MaxInt64/4 {
			return false
		}
		g := Gap{From: at + int64(from), To: at + int64(from) + int64(size)}
		k.Gaps, at = append(k.Gaps, g), g.To
	}
	return k.First.UnixMilli()+at <= k.Last.UnixMilli()
}

// appendMinutes appends the encoded minutes.
func (k *TableBlock) appendMinutes(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(k.Minutes)))
	before := int64(0)
	for _, m := range k.Minutes {
		b = binary.AppendUvarint(b, uint64(m.At-before))
		before = m.At
		b = appendLevels(b, &m.Levels)
	}
	return b
}

// appendLevels appends counts by level.
func appendLevels(b []byte, levels *[7]int32) []byte {
	set := uint64(0)
	for v, n := range levels {
		if n > 0 {
			set |= 1 << v
		}
	}
	b = binary.AppendUvarint(b, set)
	for _, n := range levels {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// minutes decodes the minutes of a block, and reports whether they are consistent with its
// times and levels.
func (d *tableDecoder) minutes(k *TableBlock) bool {
	n := d.uvarint()
	if n < 2 || n > MaxMinutes || k.First.IsZero() {
		return false
	}
	span := k.Last.Truncate(time.Minute).Sub(k.First.Truncate(time.Minute))
	at := uint64(0)
	sum := k.Leading
	if uint64(cap(d.free)-len(d.free)) < n {
		d.free = make([]Minute, 0, 4*MaxMinutes)
	}
	from := len(d.free)
	d.free = d.free[:from+int(n)]
	k.Minutes = d.free[from:len(d.free):len(d.free)]
	for i := range k.Minutes {
		delta := d.uvarint()
		if at += delta; (delta == 0) != (i == 0) || delta > uint64(span/time.Minute) || at > uint64(span/time.Minute) {
			return false
		}
		m := &k.Minutes[i]
		m.At = int64(at)
		if !d.levels(&m.Levels) {
			return false
		}
		for v, n := range m.Levels {
			sum[v] = min(sum[v]+n, 2*BlockSize)
		}
	}
	return sum == k.Levels
}

// levels decodes counts by level, and reports whether they may be ones.
func (d *tableDecoder) levels(levels *[7]int32) bool {
	set := d.uvarint()
	for v := range levels {
		if set&(1<<v) != 0 {
			levels[v] = int32(min(d.uvarint(), BlockSize+1))
		}
	}
	return set < 1<<7
}

// decodeSkips decodes the skips of a block at offset at of the text, and reports whether
// they are consistent. left is the number of bytes that are left to decode.
func (k *TableBlock) decodeSkips(at Offset, left uint64, uvarint func() uint64) bool {
	n, in := uvarint(), uint64(0)
	if n > left { // each skip takes more than a byte
		return false
	}
	for range n {
		gap, size, bytes := uvarint(), uvarint(), uvarint()
		if gap > BlockSize || size > 64 || bytes == 0 || in+gap+size > uint64(k.Len) || bytes > math.MaxInt64/4 || uint64(at) > math.MaxInt64/4 {
			return false
		}
		k.Skips = append(k.Skips, Skip{At: int(in + gap), Len: int(size), Bytes: int64(bytes)})
		in += gap + size
	}
	return true
}

// UpdateCRC adds text to a checksum of the text before it.
func UpdateCRC(crc uint32, text []byte) uint32 { return crc32.Update(crc, crc32.IEEETable, text) }
