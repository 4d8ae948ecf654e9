package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
)

// FileBlocks reads a file from its start, or from a position in it.
type FileBlocks struct {
	ctx   context.Context
	path  string
	F     decode.File
	T     *decode.Text
	stamp reader.Stamp // zero if it is not a regular file
	cut   decode.BlockReader
	err   error
	last  func(*reader.Block) error // called with a block that ends with an unterminated line; may be nil

	limited bool // the text ends at end, even if the file is longer
	end     reader.Offset
}

// limit makes the file end at an offset, even if more is written to it. If
// offsets in the text differ from those in the file, up to HeadSize bytes more
// may already have been read.
func (b *FileBlocks) limit(off int64) {
	if _, ok := b.Direct(); ok {
		b.limited, b.end = true, reader.Offset(off)-reader.Offset(b.T.Bom)
	} else {
		b.T.EndAt(off)
	}
}

// unsized is where reading ends in a file that is empty when it is opened. The
// files in /proc have the size 0 although they are not empty.
const unsized = 16 << 20

// OpenFile opens m for reading from its start, without the cache and in the
// charset given, unless that is empty.
func OpenFile(ctx context.Context, m reader.Member, given decode.Charset) (*FileBlocks, error) {
	f, path, err := OpenMember(m)
	if err != nil {
		return nil, err
	}
	b, err := NewFileBlocksIn(ctx, f, path, false, given, nil)
	if err != nil {
		f.Close()
		return nil, err
	}
	return b, nil
}

var osOpen = os.Open // a variable only for tests

// OpenMember opens m's file and returns it with its path. If the log was
// rotated after it was listed, so that another file or none has the path,
// OpenMember searches for the file where rotation puts it.
func OpenMember(m reader.Member) (decode.File, string, error) {
	if m.Path == reader.Stdin {
		return os.Stdin, "standard input", nil
	}
	if HandleOf(m).In != nil {
		f, err := HandleOf(m).In.open(m)
		return f, m.Path, err
	}
	f, err := osOpen(m.Path)
	if err == nil && HandleOf(m).Info != nil {
		if now, serr := f.Stat(); serr == nil && !StillHolds(m, now) {
			if moved, path := openMoved(m, os.SameFile(now, HandleOf(m).Info)); moved != nil {
				f.Close()
				return moved, path, nil
			}
			// A current file may have been replaced by a new one, which is what
			// was requested then. A rotated file's path belongs to another
			// member now, which is read as that.
			if HandleOf(m).Rotated {
				f.Close()
				return nil, m.Path, &reader.FileError{Path: m.Path, Offset: -1, Err: reader.ErrGone}
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if moved, path := openMoved(m, false); moved != nil {
			return moved, path, nil
		}
	}
	if err != nil {
		return nil, m.Path, &reader.FileError{Path: m.Path, Offset: -1, Err: reader.Cause(err)}
	}
	return f, m.Path, nil
}

// StillHolds reports whether now describes the file that was listed as m. The
// inode alone proves nothing: the inode of a log that was compressed and
// removed is soon reused for a new log, which is smaller at first.
func StillHolds(m reader.Member, now os.FileInfo) bool {
	return os.SameFile(now, HandleOf(m).Info) && now.Size() >= m.Size
}

// openMoved opens the file that m was and returns its path: the same file under
// another name of its log, or the file into which it was compressed (see
// findMoved). It returns nil if there is neither. cut says that the file still
// exists, and was truncated.
func openMoved(m reader.Member, cut bool) (decode.File, string) {
	if alt := HandleOf(m).Alt; alt != nil {
		if f, err := openSame(*alt); err == nil {
			return f, f.Name()
		}
	}
	if HandleOf(m).Info == nil {
		return nil, ""
	}
	if HandleOf(m).Pair != nil && !IsTwin(m) {
		if f, err := openRenamed(m); err == nil {
			return f, f.Name()
		}
		if f, path, err := OpenMember(HandleOf(m).Pair.Packed); err == nil {
			return f, path
		}
		return nil, ""
	}
	// The file may be renamed again before it is opened: then search once more.
	for range 20 {
		c, ok := findMoved(m, cut)
		if !ok {
			return nil, ""
		}
		f, err := osOpen(c.Path)
		if err != nil {
			continue
		}
		if now, err := f.Stat(); err == nil && os.SameFile(now, HandleOf(c).Info) {
			return f, c.Path
		}
		f.Close()
	}
	return nil, ""
}

// findMoved returns the file that m was or became, in the directories of its
// log. cut is that of openMoved.
//
// The same file is recognized by its inode. Otherwise m was compressed, or
// copied and then truncated, into a file that was not there when m was listed.
// If there are several such files, and several files of the list are gone, those
// belong together whose times are nearest to each other. Compressors give the
// result the modification time of the original. But m may have grown since it
// was listed, so the result may be newer; and logrotate takes the time before it
// renames the file, to which a writer adds until it is told to reopen its log,
// so the result may be older, by up to logrotateLag.
func findMoved(m reader.Member, cut bool) (reader.Member, bool) {
	dir, base := filepath.Split(m.Path)
	with := HandleOf(m).with
	if with == nil {
		with = &fileGroup{dirs: []string{dir}, files: []os.FileInfo{HandleOf(m).Info}}
	}
	l := NewFinder()
	for _, dir := range with.dirs {
		l.AddLog(dir, base)
	}
	var fresh []Found
	for _, c := range l.Files {
		info := HandleOf(c.Member).Info
		if StillHolds(m, info) {
			return c.Member, true
		}
		known := slices.ContainsFunc(with.files, func(x os.FileInfo) bool { return isStill(x, c) })
		if !known && (cut || c.Name.Compressed()) {
			fresh = append(fresh, c)
		}
	}
	if decode.ParseName(base).Compressed() {
		return reader.Member{}, false
	}
	gone := slices.DeleteFunc(slices.Clone(with.files), func(x os.FileInfo) bool {
		return decode.ParseName(x.Name()).Compressed() ||
			slices.ContainsFunc(l.Files, func(c Found) bool { return isStill(x, c) })
	})

	lag := time.Second
	if with.whole {
		lag = logrotateLag
	}
	type match struct {
		was os.FileInfo
		now Found
		age time.Duration
	}
	var matches []match
	for _, x := range gone {
		for _, c := range fresh {
			age := c.ModTime.Sub(x.ModTime())
			// The text size in a gzip file distinguishes a copy from another file
			// that was compressed in the same second. It is no reason to reject a
			// file with the same time otherwise: in a file of several members it
			// is smaller.
			if age.Abs() < time.Second && !cut || age > -lag && MayHold(c.Member, x.Size()) {
				matches = append(matches, match{x, c, age.Abs()})
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a.age, b.age) })
	for len(matches) > 0 {
		best := matches[0]
		if os.SameFile(best.was, HandleOf(m).Info) {
			return best.now.Member, true
		}
		matches = slices.DeleteFunc(matches, func(x match) bool {
			return os.SameFile(x.was, best.was) || x.now.Path == best.now.Path
		})
	}
	return reader.Member{}, false
}

// isStill reports whether c is the file that was. Renaming does not make a
// compressed file of another one: then the inode was reused.
func isStill(was os.FileInfo, c Found) bool {
	return StillHolds(reader.Member{Size: was.Size(), Handle: Handle{Info: was}}, HandleOf(c.Member).Info) &&
		decode.ParseName(was.Name()).Compressed() == c.Name.Compressed()
}

// logrotateLag is the longest time assumed between logrotate's look at a log and
// its message to the writer.
const logrotateLag = time.Minute

// MayHold reports whether a file may contain a text of a given size. For most
// compressed formats the answer is always true. A gzip member ends with the size
// of its text, modulo 4 GiB (RFC 1952), but the last member of a file written
// by bgzip is empty.
func MayHold(m reader.Member, size int64) bool {
	if !decode.ParseName(filepath.Base(m.Path)).Compressed() {
		return m.Size >= size
	}
	f, err := osOpen(m.Path)
	if err != nil {
		return true
	}
	defer f.Close()
	text, ok := GzipSize(f, m.Size)
	return !ok || text == 0 || text >= size || size > math.MaxUint32
}

// GzipSize returns the size of the text of a gzip file's last member, modulo 4
// GiB; false if the file is not gzip. size is the size of the file.
func GzipSize(f io.ReaderAt, size int64) (int64, bool) {
	var b [decode.MagicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	if decode.FormatOf(b[:n]) != decode.Gzip {
		return 0, false
	}
	_, err := f.ReadAt(b[:4], max(0, size-4))
	return int64(binary.LittleEndian.Uint32(b[:4])), err == nil
}

// NewFileBlocksIn returns FileBlocks of f, which it owns unless it fails. live says that
// f is a pipe or terminal. The file is in the charset given, unless that is empty. turn
// is that of decode.OpenIn.
func NewFileBlocksIn(ctx context.Context, f decode.File, path string, live bool, given decode.Charset, turn *reader.Turn) (*FileBlocks, error) {
	b := &FileBlocks{ctx: ctx, path: path, F: f}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		b.stamp = reader.StampOf(info)
	}
	var r io.Reader = f
	if live {
		r = decode.NewPump(ctx, f)
	}
	var err error
	if b.T, err = decode.OpenIn(ctx, r, live, given, turn); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &reader.FileError{Path: path, Offset: 0, Err: reader.Cause(err)}
	}
	// The fields are set one by one: a composite literal needs so much stack
	// that the stack is copied to a larger one for every file.
	b.cut.Disk, b.cut.Eager = b.T.Consumed, live
	in := &b.cut.In
	in.R = b.T
	switch c := b.T.Charset; {
	case !b.T.Direct:
	case c.Wide():
		in.Hole = b.skipWideHole
	default:
		// NULs are NULs before decoding, too.
		in.R, in.T, in.Unmarked, in.Hole = b.T.Unconverted(), c.Decoder(), !c.Bytewise() && c != decode.Latin1, b.skipHole
	}
	return b, nil
}

// skipWideHole is like skipHole, for a file in UTF-16. It does not skip half a
// NUL at the end of the hole. It returns the number of characters.
func (b *FileBlocks) skipWideHole() int64 {
	if c, ok := b.T.Reader.(*decode.Converter); !ok || !c.Drained() {
		return 0
	}
	n := b.skipHole()
	if n%2 == 1 {
		if _, err := b.F.Seek(-1, io.SeekCurrent); err != nil {
			return 0 // the next read will fail, too
		}
		b.T.PassOver(-1)
		n--
	}
	return n / 2
}

// skipHole moves the position of the file to the end of the hole that it is in,
// and returns the distance; 0 if it is not in a hole.
func (b *FileBlocks) skipHole() int64 {
	at, err := b.F.Seek(0, io.SeekCurrent)
	if info, serr := b.F.Stat(); err == nil && serr == nil && !b.T.Replays() {
		if next := decode.NextData(b.F, at, info.Size()); next > at {
			if _, err := b.F.Seek(next, io.SeekStart); err == nil {
				b.T.PassOver(next - at)
				return next - at
			}
		}
	}
	return 0
}

// ID implements reader.Blocks.
func (b *FileBlocks) ID() reader.ID { return b.T.ID }

// seek moves to a position. It reads everything before it unless the bytes of
// the file are those of the text.
func (b *FileBlocks) seek(at reader.Pos) error {
	b.cut.Off, b.cut.Line = at.Offset, at.Line
	if b.T.Format == decode.Plain && b.T.Charset.Bytewise() {
		off := int64(at.Offset) + int64(b.T.Bom)
		if _, err := b.F.Seek(off, io.SeekStart); err != nil {
			return &reader.FileError{Path: b.path, Offset: off, Err: reader.Cause(err)}
		}
		b.cut.In.R = b.T.GoOnAt(b.F, off)
		return nil
	}
	buf := reader.GetBlock()
	defer reader.PutBlock(buf)
	for left := int64(at.Offset); left > 0; {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		n, skip, err := b.cut.In.Read(buf.Grow()[:min(left, reader.BlockSize)])
		left -= int64(n) + skip.Bytes
		if left > 0 && err != nil {
			if err == io.EOF {
				err = reader.ErrGone
			}
			return b.wrapError(err)
		}
	}
	b.cut.In.Inside = false
	return nil
}

// Next implements reader.Blocks.
func (b *FileBlocks) Next(blk *reader.Block) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	err := b.cut.Next(blk)
	if err == nil && b.limited && blk.End() > b.end {
		n := blk.Index(b.end)
		blk.Text, blk.Skips = blk.Text[:n], blk.Skips[:reader.Before(blk.Skips, n)]
		blk.Lines, blk.Unfinished = reader.CountLines(blk.Text), false
		if b.err = io.EOF; n == 0 {
			return io.EOF
		}
	}
	if n := len(blk.Text); err == nil && b.last != nil && !blk.Unfinished && n > 0 && blk.Text[n-1] != '\n' {
		err = b.last(blk)
		if err == io.EOF || len(blk.Text) < n {
			b.err = io.EOF // what follows would repeat that line
		}
	}
	if err == nil || err == io.EOF {
		return err
	}
	b.err = b.wrapError(err)
	return b.err
}

// Resume continues after the damage that Next reported, if the format allows
// finding an undamaged part after it; otherwise it returns io.EOF. The text
// continues as if there was nothing in between; a line that the damage cuts
// ends where the damage starts.
func (b *FileBlocks) Resume() error {
	if b.err == nil {
		return io.EOF
	}
	if err := b.T.Resume(); err != nil {
		return err
	}
	b.err = nil
	b.cut.Resume()
	return nil
}

// wrapError wraps a decoder's error in a FileError.
func (b *FileBlocks) wrapError(err error) error {
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	err = reader.Cause(err)
	if b.T.Format != decode.Plain {
		err = decode.Describe(b.T.Format, err)
	}
	return &reader.FileError{Path: b.path, Offset: b.T.Position(), Err: err}
}

// Close implements reader.Blocks.
func (b *FileBlocks) Close() error {
	if b.F == nil {
		return nil
	}
	b.T.Release()
	f := b.F
	b.F = nil
	if f == os.Stdin {
		return nil // do not close standard input
	}
	return f.Close()
}
