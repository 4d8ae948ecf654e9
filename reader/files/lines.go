package files

import (
	"bytes"
	"context"
	"io"

	"logview/reader"
	"logview/reader/decode"
)

// FindLine returns the start of line l, or the end of the text if it has fewer
// lines.
func FindLine(ra reader.RandomAccess, id reader.ID, l reader.Line) (reader.Pos, error) {
	t := ra.Table()
	i := t.FindLine(l)
	if i < 0 {
		return reader.Pos{Member: id, Offset: t.Size, Line: reader.Line(t.Lines)}, nil
	}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	if err := ra.ReadBlock(i, blk); err != nil {
		return reader.Pos{}, err
	}
	off := 0
	for line := blk.Line; line < l; line++ {
		off += bytes.IndexByte(blk.Text[off:], '\n') + 1
	}
	return reader.Pos{Member: id, Offset: blk.OffsetAt(off), Line: l}, nil
}

// seekable reports whether an offset in the text corresponds to an offset in
// the file.
func (b *FileBlocks) seekable() bool {
	return b.T.Format == decode.Plain && b.T.Charset.Bytewise() && !b.cut.Eager
}

// LinePos returns the start of line l of a member, and the number of lines
// before it. If the member has fewer lines, it returns its end and the number
// of its lines.
func LinePos(ctx context.Context, src reader.Source, m reader.Member, l reader.Line) (reader.Pos, int64, error) {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return reader.Pos{}, 0, err
	}
	defer b.Close()
	if ra, ok := b.(reader.RandomAccess); ok {
		p, err := FindLine(ra, b.ID(), l)
		return p, int64(p.Line), err
	}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	p := reader.Pos{Member: b.ID()}
	open := false // the text ends inside a line
	for {
		err := b.Next(blk)
		if err == io.EOF {
			if open {
				p.Line++
			}
			return p, int64(p.Line), nil
		}
		if err != nil {
			return reader.Pos{}, 0, err
		}
		if l <= blk.Line+reader.Line(blk.Lines) && !(l == blk.Line && blk.Continues) {
			off := 0
			for line := blk.Line; line < l; line++ {
				off += bytes.IndexByte(blk.Text[off:], '\n') + 1
			}
			if off < len(blk.Text) {
				p.Offset, p.Line = blk.OffsetAt(off), l
				return p, int64(l), nil
			}
		}
		p.Offset, p.Line = blk.End(), blk.Line+reader.Line(blk.Lines)
		open = len(blk.Text) > 0 && blk.Text[len(blk.Text)-1] != '\n'
	}
}
