package reader

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"
)

// fileBlocks reads one file from its start, or from a position in it.
type fileBlocks struct {
	ctx   context.Context
	path  string
	f     file
	t     *text
	stamp Stamp // zero if it is no regular file
	cut   cutter
	err   error
	last  func(*Block) error // is asked about a block that ends in a line without an end; nil for nothing

	limited bool // the text ends at end, whatever the file has behind that
	end     Offset
}

// endAt lets the file end at an offset, however much is written behind it. If
// offsets of the text are not those of the file, up to headSize bytes more may
// have been read.
func (b *fileBlocks) endAt(off int64) {
	if _, ok := b.Direct(); ok {
		b.limited, b.end = true, Offset(off)-Offset(b.t.bom)
	} else {
		b.t.src.end = off
	}
}

// unsized is where a file that is empty when it is opened ends. The files in
// /proc say that they are empty and are not.
const unsized = 16 << 20

// openFile opens m for reading from its start, as it lies on disk, in a charset
// that is given, unless that is empty.
func openFile(ctx context.Context, m Member, given Charset) (*fileBlocks, error) {
	f, path, err := openMember(m)
	if err != nil {
		return nil, err
	}
	b, err := newFileBlocksIn(ctx, f, path, false, given)
	if err != nil {
		f.Close()
		return nil, err
	}
	return b, nil
}

// openMember opens m's file. Between listing and opening logs may rotate, so
// that another file has its path, or none: then it is looked for where
// rotation puts it.
func openMember(m Member) (file, string, error) {
	if m.Path == Stdin {
		return os.Stdin, "standard input", nil
	}
	if handleOf(m).in != nil {
		f, err := handleOf(m).in.open(m)
		return f, m.Path, err
	}
	f, err := os.Open(m.Path)
	if err == nil && handleOf(m).info != nil {
		if now, serr := f.Stat(); serr == nil && !stillHolds(m, now) {
			if moved, path := openMoved(m, os.SameFile(now, handleOf(m).info)); moved != nil {
				f.Close()
				return moved, path, nil
			}
			// A current file may have been replaced by a new one, which is what
			// was asked for then. A rotated file's path has another member now,
			// which is read as that.
			if handleOf(m).rotated {
				f.Close()
				return nil, m.Path, &FileError{Path: m.Path, Offset: -1, Err: ErrGone}
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if moved, path := openMoved(m, false); moved != nil {
			return moved, path, nil
		}
	}
	if err != nil {
		return nil, m.Path, &FileError{Path: m.Path, Offset: -1, Err: cause(err)}
	}
	return f, m.Path, nil
}

// is reports whether the file that now is that was listed as m. Its inode
// alone proves nothing: the one of a log that was compressed and removed is
// soon that of a new one, which is smaller at first.
func stillHolds(m Member, now os.FileInfo) bool {
	return os.SameFile(now, handleOf(m).info) && now.Size() >= m.Size
}

// openMoved finds the file that m was: the same file under another name of
// its log, or what became of it when it was compressed, which has the time
// of the original and another name. It returns nil if there is neither.
//
// If the file is still there, and was only cut off, it was copied before, or
// nothing is left of it: what a gzip says of the size of its text tells a copy
// from what else was compressed in the same second. Elsewhere that is no
// reason to give up a text, for a file of several members says less.
func openMoved(m Member, cut bool) (file, string) {
	if handleOf(m).alt != "" {
		if f, err := os.Open(handleOf(m).alt); err == nil {
			return f, handleOf(m).alt
		}
	}
	if handleOf(m).info == nil {
		return nil, ""
	}
	if handleOf(m).pair != nil && !IsTwin(m) {
		if f, err := openRenamed(m); err == nil {
			return f, f.Name()
		}
		if f, path, err := openMember(handleOf(m).pair.packed); err == nil {
			return f, path
		}
		return nil, ""
	}
	// What was found may move on before it is opened: then it is looked for
	// once more.
	for range 5 {
		c, ok := findMoved(m, cut)
		if !ok {
			return nil, ""
		}
		f, err := os.Open(c.Path)
		if err != nil {
			continue
		}
		if now, err := f.Stat(); err == nil && os.SameFile(now, handleOf(c).info) {
			return f, c.Path
		}
		f.Close()
	}
	return nil, ""
}

// moved finds the file that m was or became in its directory.
func findMoved(m Member, cut bool) (Member, bool) {
	dir, base := filepath.Split(m.Path)
	l := newFinder()
	l.list(dir, base)
	packed, nearest := Member{}, time.Second
	for _, c := range l.files {
		if stillHolds(m, handleOf(c.Member).info) {
			return c.Member, true
		}
		// gzip and its like keep the time to the second at least, and most of
		// them all of it: of two that were rotated within a second, it is the
		// one whose time is nearer.
		if age := c.ModTime.Sub(m.ModTime).Abs(); c.name.Compressed() && !parseName(base).Compressed() && age < nearest && !(cut && !mayHold(c.Member, m.Size)) {
			packed, nearest = c.Member, age
		}
	}
	return packed, handleOf(packed).info != nil
}

// mayHold reports whether a compressed file may hold a text of a size. Most
// cannot tell; behind a gzip member is the size of its text, modulo 4 GiB (RFC
// 1952), and behind the last of those that bgzip makes there is none.
func mayHold(m Member, size int64) bool {
	f, err := os.Open(m.Path)
	if err != nil {
		return true
	}
	defer f.Close()
	text, ok := gzipSize(f, m.Size)
	return !ok || text == 0 || text >= size || size > math.MaxUint32
}

// gzipSize is the size of the text of a gzip file's last member, modulo 4 GiB;
// false if it is no such file. size is the file's.
func gzipSize(f io.ReaderAt, size int64) (int64, bool) {
	var b [magicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	if formatOf(b[:n]) != Gzip {
		return 0, false
	}
	_, err := f.ReadAt(b[:4], max(0, size-4))
	return int64(binary.LittleEndian.Uint32(b[:4])), err == nil
}

// cause drops the path of an error that will be shown with one.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// newFileBlocks reads f, which it owns from now on unless it fails. live
// says that f is a pipe or terminal.
func newFileBlocks(ctx context.Context, f file, path string, live bool) (*fileBlocks, error) {
	return newFileBlocksIn(ctx, f, path, live, "")
}

// newFileBlocksIn is newFileBlocks for a file in a charset that is given,
// unless it is empty.
func newFileBlocksIn(ctx context.Context, f file, path string, live bool, given Charset) (*fileBlocks, error) {
	b := &fileBlocks{ctx: ctx, path: path, f: f}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		b.stamp = stampOf(info)
	}
	var r io.Reader = f
	if live {
		r = newPump(ctx, f)
	}
	var err error
	if b.t, err = openTextIn(ctx, r, live, given); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &FileError{Path: path, Offset: 0, Err: cause(err)}
	}
	// These are set one by one: a composite literal takes so much of the stack
	// that it is moved to a larger one for every file.
	b.cut.disk, b.cut.eager = func() int64 { return b.t.src.n }, live
	in := &b.cut.in
	in.r = b.t
	switch c := b.t.charset; {
	case !b.t.direct:
	case c.wide():
		in.hole = b.wideHole
	default:
		// NULs are NULs before they are decoded, too.
		in.r, in.t, in.unmarked, in.hole = b.t.back, c.decoder(), !c.bytewise() && c != Latin1, b.hole
	}
	return b, nil
}

// wideHole is hole for a file in UTF-16. Half a NUL at its end is left.
func (b *fileBlocks) wideHole() int64 {
	if c, ok := b.t.Reader.(*converter); !ok || !c.drained() {
		return 0
	}
	n := b.hole()
	if n%2 == 1 {
		if _, err := b.f.Seek(-1, io.SeekCurrent); err != nil {
			return 0 // the next read fails, too
		}
		b.t.src.n--
		n--
	}
	return n / 2
}

// hole moves the file's position behind the hole it stands in, and says by
// how much.
func (b *fileBlocks) hole() int64 {
	at, err := b.f.Seek(0, io.SeekCurrent)
	if info, serr := b.f.Stat(); err == nil && serr == nil && !b.t.replays() {
		if next := nextData(b.f, at, info.Size()); next > at {
			if _, err := b.f.Seek(next, io.SeekStart); err == nil {
				b.t.src.n += next - at
				return next - at
			}
		}
	}
	return 0
}

func (b *fileBlocks) ID() ID { return b.t.id }

// seek goes to at, reading all before it unless the file's bytes are the
// text's.
func (b *fileBlocks) seek(at Pos) error {
	b.cut.off, b.cut.line = at.Offset, at.Line
	if b.t.format == Plain && b.t.charset.bytewise() {
		off := int64(at.Offset) + int64(b.t.bom)
		if _, err := b.f.Seek(off, io.SeekStart); err != nil {
			return &FileError{Path: b.path, Offset: off, Err: cause(err)}
		}
		b.t.src = &countingReader{r: b.f, n: off}
		b.cut.in.r = b.t.src
		b.t.back = nil
		return nil
	}
	buf := GetBlock()
	defer PutBlock(buf)
	for left := int64(at.Offset); left > 0; {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		n, skip, err := b.cut.in.read(buf.room()[:min(left, BlockSize)])
		left -= int64(n) + skip.Bytes
		if left > 0 && err != nil {
			if err == io.EOF {
				err = ErrGone
			}
			return b.located(err)
		}
	}
	b.cut.in.inside = false
	return nil
}

func (b *fileBlocks) Next(blk *Block) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	err := b.cut.next(blk)
	if err == nil && b.limited && blk.End() > b.end {
		n := blk.Index(b.end)
		blk.Text, blk.Skips = blk.Text[:n], blk.Skips[:before(blk.Skips, n)]
		blk.Lines, blk.Unfinished = countLines(blk.Text), false
		if b.err = io.EOF; n == 0 {
			return io.EOF
		}
	}
	if n := len(blk.Text); err == nil && b.last != nil && !blk.Unfinished && n > 0 && blk.Text[n-1] != '\n' {
		err = b.last(blk)
		if err == io.EOF || len(blk.Text) < n {
			b.err = io.EOF // what comes now would be that line again
		}
	}
	if err == nil || err == io.EOF {
		return err
	}
	b.err = b.located(err)
	return b.err
}

// Resume goes on behind the damage that Next reported, where the format
// allows to find an undamaged part there, and returns io.EOF if it does not.
// The text behind continues the text before; a line that the damage cut ends
// where the damage begins.
func (b *fileBlocks) Resume() error {
	r, ok := b.t.dec.(resumer)
	if !ok || b.err == nil {
		return io.EOF
	}
	if err := r.resume(b.t.src); err != nil {
		return io.EOF
	}
	b.err = nil
	b.cut.resume()
	return nil
}

// located makes a FileError of what a decoder said.
func (b *fileBlocks) located(err error) error {
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if b.t.format == Plain {
		return &FileError{Path: b.path, Offset: b.t.src.n, Err: cause(err)}
	}
	return &FileError{Path: b.path, Offset: b.t.dec.offset(), Err: describe(b.t.format, cause(err))}
}

func (b *fileBlocks) Close() error {
	if b.f == nil {
		return nil
	}
	b.t.release()
	f := b.f
	b.f = nil
	if f == os.Stdin {
		return nil // it is not ours
	}
	return f.Close()
}
