package files

import (
	"bytes"
	"context"
	"errors"
	"io"

	"logview/reader"
	"logview/reader/decode"
)

// This file finds the last lines of a member.

// TailPos returns the start of the last n lines of a member, and their number,
// which is less than n if the member has fewer lines. The line number of the
// Pos is -1 if all text before it would have to be read to find it.
//
// A plain file is read backwards from its end; for a stored one, the table is
// used; any other is decoded once.
func TailPos(ctx context.Context, src reader.Source, m reader.Member, n int64) (reader.Pos, int64, error) {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return reader.Pos{}, 0, err
	}
	defer b.Close()
	if n <= 0 {
		n = 0
	}
	if ra, ok := b.(reader.RandomAccess); ok {
		t := ra.Table()
		from := max(0, t.Lines-n)
		p, err := FindLine(ra, b.ID(), reader.Line(from))
		return p, t.Lines - from, err
	}
	if f, ok := b.(*FileBlocks); ok && f.seekable() {
		return f.tailPos(n)
	}
	return scanTail(b, n)
}

// scanTail returns the results of TailPos for b, which it reads to its end.
func scanTail(b reader.Blocks, n int64) (reader.Pos, int64, error) {
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	var starts []reader.Offset // starts of the last n lines; once it is full, the oldest is at next
	next, lines := 0, int64(0)
	add := func(off reader.Offset) {
		lines++
		switch {
		case n == 0:
		case int64(len(starts)) < n:
			starts = append(starts, off)
		default:
			starts[next] = off
			next = (next + 1) % len(starts)
		}
	}
	end := reader.Offset(0)
	for {
		err := b.Next(blk)
		if err == io.EOF {
			break
		}
		if err != nil {
			// Damage is reported when the lines found here are read.
			var fe *reader.FileError
			if !errors.As(err, &fe) {
				return reader.Pos{}, 0, err
			}
			if reader.Resume(b) == nil {
				continue
			}
			break
		}
		begins := !blk.Continues
		for off := 0; off < len(blk.Text); {
			if begins {
				add(blk.OffsetAt(off))
			}
			i := bytes.IndexByte(blk.Text[off:], '\n')
			if i < 0 {
				break
			}
			off += i + 1
			begins = true
		}
		end = blk.End()
	}
	p := reader.Pos{Member: b.ID(), Offset: end, Line: reader.Line(lines)}
	if len(starts) > 0 {
		p.Offset, p.Line = starts[next], reader.Line(lines-int64(len(starts)))
	}
	return p, int64(len(starts)), nil
}

// tailPos returns the results of TailPos for a plain file, which it reads
// backwards.
func (b *FileBlocks) tailPos(n int64) (reader.Pos, int64, error) {
	info, err := b.F.Stat()
	if err != nil {
		return reader.Pos{}, 0, &reader.FileError{Path: b.path, Offset: -1, Err: reader.Cause(err)}
	}
	bom := int64(b.T.Bom)
	end := info.Size()
	buf := reader.GetBlock()
	defer reader.PutBlock(buf)
	at, lines := end, int64(0)
	piece := int64(16 << 10) // enough for most tails; later pieces are larger
	for at > bom && n > 0 {
		k := min(piece, at-bom)
		piece = reader.BlockSize
		text := buf.Grow()[:k]
		if _, err := b.F.ReadAt(text, at-k); err != nil && err != io.EOF {
			return reader.Pos{}, 0, &reader.FileError{Path: b.path, Offset: at - k, Err: reader.Cause(err)}
		}
		if at -= k; text[0] == 0 && decode.TrailingZeros(text) == len(text) {
			at = decode.ZerosBefore(b.F, at, bom)
			continue
		}
		for len(text) > 0 {
			i := bytes.LastIndexByte(text, '\n')
			if i < 0 {
				break
			}
			if at+int64(i)+1 < end { // the newline before a line
				if lines++; lines == n {
					return reader.Pos{Member: b.T.ID, Offset: reader.Offset(at + int64(i) + 1 - bom), Line: -1}, n, nil
				}
			}
			text = text[:i]
		}
		if err := b.ctx.Err(); err != nil {
			return reader.Pos{}, 0, err
		}
	}
	if n == 0 || end <= bom {
		return reader.Pos{Member: b.T.ID, Offset: reader.Offset(max(end-bom, 0)), Line: -1}, 0, nil
	}
	return reader.Pos{Member: b.T.ID}, lines + 1, nil
}
