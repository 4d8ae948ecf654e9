package reader

import (
	"errors"
	"io"
	"os"
)

// A Stamp says which file a member was, and in which state: as long as all of
// it is the same, so is the file's content. Where the system has no inodes,
// those are zero, and only the path tells files apart.
type Stamp struct {
	Dev, Ino uint64
	Size     int64 // bytes on disk
	ModTime  int64 // nanoseconds since 1970

	// Changed is when anything about the file was changed last, its names and
	// permissions included, in nanoseconds since 1970: its ctime, which no
	// program can set. Zero where there is none.
	Changed int64
}

// Same reports whether both are of one file with the same size and time of
// writing. If Changed is not the same, the file was renamed, or the time was
// set back after it was written to: only reading it tells.
func (s Stamp) Same(x Stamp) bool {
	return s.SameFile(x) && s.Size == x.Size && s.ModTime == x.ModTime
}

func stampOf(info os.FileInfo) Stamp {
	dev, ino := inode(info)
	return Stamp{dev, ino, info.Size(), info.ModTime().UnixNano(), Ctime(info)}
}

// SameFile reports whether both are of one file, perhaps in different
// states.
func (s Stamp) SameFile(x Stamp) bool { return s.Dev == x.Dev && s.Ino == x.Ino }

// Stamp is the member's, of when it was listed; false if it is not known, as
// of standard input.
func ListedStamp(m Member) (Stamp, bool) {
	if handleOf(m).info == nil || !handleOf(m).info.Mode().IsRegular() {
		return Stamp{}, false
	}
	return stampOf(handleOf(m).info), true
}

// A FileBlocks is a Blocks of a file on disk, as [LogSource] opens them for
// those that are.
type FileBlocks interface {
	Blocks
	// Stamp is the file's, of when it was opened.
	Stamp() Stamp
	// Direct says that the file's bytes, behind the first bom ones, are the
	// text's, so that it can be read from anywhere.
	Direct() (bom int, ok bool)
	// Access reads the blocks of a table that was made of this file before,
	// false if that would take reading from the file's start. What lies
	// behind the table it knows nothing of.
	Access(t *Table) (RandomAccess, bool)
}

var (
	_ FileBlocks = (*fileBlocks)(nil)
	_ FileBlocks = (*storedBlocks)(nil)
)

// Stamp implements FileBlocks.
func (b *fileBlocks) Stamp() Stamp { return b.stamp }

// Direct implements FileBlocks.
func (b *fileBlocks) Direct() (int, bool) {
	return b.t.bom, b.stamp != Stamp{} && b.t.format == Plain && b.t.charset.bytewise()
}

// Access implements FileBlocks.
func (b *fileBlocks) Access(t *Table) (RandomAccess, bool) {
	if _, ok := b.Direct(); !ok {
		return nil, false
	}
	return directBlocks{b, t}, true
}

// Stamp implements FileBlocks.
func (b *storedBlocks) Stamp() Stamp { return b.stamp }

// Direct implements FileBlocks.
func (b *storedBlocks) Direct() (int, bool) { return 0, false }

// Access implements FileBlocks.
func (b *storedBlocks) Access(t *Table) (RandomAccess, bool) {
	own := b.s.table
	return b, own.CRC == t.CRC && own.Size == t.Size && len(own.Blocks) == len(t.Blocks)
}

var (
	errTruncated = errors.New("cut off since it was indexed")
	errWritten   = errors.New("written into since it was indexed")
)

// directBlocks reads the blocks of a plain file where they lie.
type directBlocks struct {
	b     *fileBlocks
	table *Table
}

func (d directBlocks) Table() *Table { return d.table }

func (d directBlocks) ReadBlock(i int, blk *Block) error {
	if err := d.b.ctx.Err(); err != nil {
		return err
	}
	k := &d.table.Blocks[i]
	text := blk.room()[:k.Len]
	off, at := int64(k.Offset)+int64(d.b.t.bom), 0
	read := func(p []byte) error {
		n, err := d.b.f.ReadAt(p, off)
		if off += int64(n); n == len(p) {
			return nil
		}
		if err == io.EOF {
			err = errTruncated
		}
		return &FileError{Path: d.b.path, Offset: off, Err: cause(err)}
	}
	for _, s := range k.Skips {
		if err := read(text[at:s.At]); err != nil {
			return err
		}
		if s.Len > 0 {
			// It may have been written into since: then at either end.
			var ends [2][1 << 10]byte
			end := off + s.Bytes
			if err := read(ends[0][:]); err != nil {
				return err
			}
			off = end - int64(len(ends[1]))
			if err := read(ends[1][:]); err != nil {
				return err
			}
			if leadingZeros(ends[0][:])+leadingZeros(ends[1][:]) < len(ends[0])+len(ends[1]) {
				return &FileError{Path: d.b.path, Offset: end - s.Bytes, Err: errWritten}
			}
			copy(text[s.At:], NulMarker(s.Bytes))
		} else {
			off += s.Bytes
		}
		at = s.At + s.Len
	}
	if err := read(text[at:]); err != nil {
		return err
	}
	*blk = Block{Text: text, Skips: k.Skips, Offset: k.Offset, Line: k.Line, Lines: k.Lines, Disk: off,
		Continues: k.Continues, Unfinished: k.Unfinished, buf: blk.buf}
	return nil
}

// A TableBuilder makes the table of a member that is read from its start, or
// goes on from a table made before.
type TableBuilder struct {
	Table Table
	Clock Clock
	open  bool // the text so far ends inside a line
}

// Add appends the block behind the one added last.
func (tb *TableBuilder) Add(b *Block) {
	k := TableBlock{Offset: b.Offset, Len: len(b.Text), Skips: b.Skips, Line: b.Line, Lines: b.Lines, Continues: b.Continues, Unfinished: b.Unfinished}
	k.First, k.Last = tb.Clock.Span(b.Text)
	tb.AddKnown(k)
	tb.Table.CRC = updateCRC(tb.Table.CRC, b.Text)
	tb.open = len(b.Text) > 0 && b.Text[len(b.Text)-1] != '\n'
}

// AddKnown appends a block of which no more than its line in a table is
// known. The table's CRC is the caller's to set then.
func (tb *TableBuilder) AddKnown(k TableBlock) {
	t := &tb.Table
	t.Blocks = append(t.Blocks, k)
	t.Size = k.End()
	t.Lines = int64(k.Line) + int64(k.Lines)
	tb.open = k.Unfinished
}

// Finish returns the table of all that was added, as of the text's end.
func (tb *TableBuilder) Finish() *Table {
	t := tb.Table
	if tb.open {
		t.Lines++
	}
	return &t
}
