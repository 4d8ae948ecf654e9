package files

import (
	"errors"
	"io"

	"logview/reader"
	"logview/reader/decode"
)

// ListedStamp returns the stamp that m had when it was listed; false if it is
// unknown, as for standard input.
func ListedStamp(m reader.Member) (reader.Stamp, bool) {
	if HandleOf(m).Info == nil || !HandleOf(m).Info.Mode().IsRegular() {
		return reader.Stamp{}, false
	}
	return reader.StampOf(HandleOf(m).Info), true
}

var (
	_ reader.FileBlocks = (*FileBlocks)(nil)
	_ reader.FileBlocks = (*storedBlocks)(nil)

	_ reader.Resumer      = (*FileBlocks)(nil)
	_ reader.Resumer      = (*RecordedBlocks)(nil)
	_ reader.Resumer      = (*pairBlocks)(nil)
	_ reader.Surveyor     = (*RecordedBlocks)(nil)
	_ reader.Duplicator   = (*pairBlocks)(nil)
	_ reader.RandomAccess = (*storedBlocks)(nil)
)

// Stamp implements FileBlocks.
func (b *FileBlocks) Stamp() reader.Stamp { return b.stamp }

// Direct implements FileBlocks.
func (b *FileBlocks) Direct() (int, bool) {
	return b.T.Bom, b.stamp != reader.Stamp{} && b.T.Format == decode.Plain && b.T.Charset.Bytewise()
}

// Access implements FileBlocks.
func (b *FileBlocks) Access(t *reader.Table) (reader.RandomAccess, bool) {
	if _, ok := b.Direct(); !ok {
		return nil, false
	}
	return directBlocks{b, t}, true
}

// Stamp implements FileBlocks.
func (b *storedBlocks) Stamp() reader.Stamp { return b.stamp }

// Direct implements FileBlocks.
func (b *storedBlocks) Direct() (int, bool) { return 0, false }

// Access implements FileBlocks.
func (b *storedBlocks) Access(t *reader.Table) (reader.RandomAccess, bool) {
	own := b.s.Table
	return b, own.CRC == t.CRC && own.Size == t.Size && len(own.Blocks) == len(t.Blocks)
}

var (
	errTruncated = errors.New("cut off since it was indexed")
	errWritten   = errors.New("written into since it was indexed")
)

// directBlocks reads the blocks of a plain file from the file.
type directBlocks struct {
	b     *FileBlocks
	table *reader.Table
}

func (d directBlocks) Table() *reader.Table { return d.table }

func (d directBlocks) ReadBlock(i int, blk *reader.Block) error {
	if err := d.b.ctx.Err(); err != nil {
		return err
	}
	k := &d.table.Blocks[i]
	text := blk.Grow()[:k.Len]
	off, at := int64(k.Offset)+int64(d.b.T.Bom), 0
	read := func(p []byte) error {
		n, err := d.b.F.ReadAt(p, off)
		if off += int64(n); n == len(p) {
			return nil
		}
		if err == io.EOF {
			err = errTruncated
		}
		return &reader.FileError{Path: d.b.path, Offset: off, Err: reader.Cause(err)}
	}
	for _, s := range k.Skips {
		if err := read(text[at:s.At]); err != nil {
			return err
		}
		if s.Len > 0 {
			// If the file was written to since, there is data at either end.
			var ends [2][1 << 10]byte
			end := off + s.Bytes
			if err := read(ends[0][:]); err != nil {
				return err
			}
			off = end - int64(len(ends[1]))
			if err := read(ends[1][:]); err != nil {
				return err
			}
			if decode.LeadingZeros(ends[0][:])+decode.LeadingZeros(ends[1][:]) < len(ends[0])+len(ends[1]) {
				return &reader.FileError{Path: d.b.path, Offset: end - s.Bytes, Err: errWritten}
			}
			copy(text[s.At:], reader.NulMarker(s.Bytes))
		} else {
			off += s.Bytes
		}
		at = s.At + s.Len
	}
	if err := read(text[at:]); err != nil {
		return err
	}
	blk.Set(reader.Block{Text: text, Skips: k.Skips, Offset: k.Offset, Line: k.Line, Lines: k.Lines, Disk: off,
		Continues: k.Continues, Unfinished: k.Unfinished})
	return nil
}
