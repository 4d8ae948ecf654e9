package follow

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// This file decides which lines of a compressed file are new, and emits them.

var errPackedGrows = errors.New("is compressed and has grown, which is not followed; search and cat read all of it")

// adoptPacked decides the state of a new compressed file.
func (f *Follower) adoptPacked(ctx context.Context, t *followed, b beginning) {
	t.packed = newPackedHead(b.head)
	for _, x := range f.order {
		// app.log.1.gz is being written, next to app.log.1.
		if x != t && x.state == reading && !x.gone && x.Dir == t.Dir && x.Name.Unpacks(t.Name) && sameBeginning(x.head, b.head) {
			t.state, t.of = copied, x
			t.size, t.mod = t.Size, t.ModTime
			return
		}
	}
	if f.sameTime(t, b) || f.isPackedCopy(t) {
		f.setAside(t, ignored)
		return
	}
	p, read, err := f.findText(ctx, t, b)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.setAside(t, unready)
	case read:
		f.setAside(t, ignored)
	case p == nil && !(t.Name.Current()) && t.ModTime.Before(f.begun.Add(-time.Second)):
		f.setAside(t, ignored)
	default:
		if err != nil {
			f.noteOnce(t.id, t.Path, err) // use what can be read of it
		}
		if p != nil {
			t.progress = *p
		} else {
			t.charset, t.bom = b.charset, b.bom
		}
		f.emitRest(ctx, t)
		f.abandon(t, true)
		f.setAside(t, ignored)
	}
}

// isPackedCopy reports whether a compressed file is the same as another in state ignored.
func (f *Follower) isPackedCopy(t *followed) bool {
	file, _, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	return slices.ContainsFunc(f.order, func(x *followed) bool {
		if x == t || x.state != ignored || x.gone || !x.Name.Compressed() || x.Size != t.Size {
			return false
		}
		other, _, err := f.openNow(x)
		if err != nil {
			return false
		}
		defer other.Close()
		return sameBytes(file, other, 0, t.Size)
	})
}

// isUnpacked reports whether a file has the text, or the beginning of the text, of a compressed
// file in state ignored, because somebody decompresses that to look at it. It has the same name
// without the suffix, or lines that are written only once. isUnpacked compares at most the first
// megabyte.
func (f *Follower) isUnpacked(ctx context.Context, t *followed, b beginning) bool {
	const much = 1 << 20
	var now []byte
	for _, x := range f.order {
		if x.state != ignored || x.gone || !x.Name.Compressed() {
			continue
		}
		named := !t.Name.Current() && x.Dir == t.Dir && t.Name.Unpacks(x.Name)
		if !named && !x.packed.begins(b.head) {
			continue
		}
		if now == nil {
			file, info, err := f.openNow(t)
			if err != nil {
				return false
			}
			now = make([]byte, min(info.Size(), much))
			n, _ := file.ReadAt(now, 0)
			file.Close()
			if n < len(now) {
				return false
			}
		}
		if !named && !t.isUniqueText(now[min(t.bom, len(now)):]) {
			return false
		}
		r, done, err := openPacked(ctx, x.Found)
		if err != nil {
			continue
		}
		packed := make([]byte, len(now))
		_, err = io.ReadFull(r, packed)
		done()
		if err == nil && bytes.Equal(now, packed) {
			return true
		}
	}
	return false
}

// mostAppended is the size up to which a compressed file is read again when it grows.
const mostAppended = 64 << 20

// handlePackedGrowth handles that a compressed file whose state was decided has grown to
// what c describes: more was appended to it, or it was still being compressed. It emits what
// was appended if it emitted what was there, once all of that can be decompressed.
func (f *Follower) handlePackedGrowth(ctx context.Context, t *followed, c files.Found) {
	was := t.size
	f.rename(t, c)
	switch {
	case t.at > 0 && c.Size <= mostAppended:
		if _, _, _, err := f.heldByPacked(ctx, t, nil); errors.Is(err, io.ErrUnexpectedEOF) {
			t.size, t.mod = c.Size, c.ModTime
			return // when it grows again
		}
		f.emitRest(ctx, t)
		f.abandon(t, true)
	case t.at > 0, t.mod.Before(f.begun.Add(-10 * time.Second)), !t.grew && was <= mostAppended && f.isPackedWhole(ctx, c, was):
		f.noteOnce(t.id, t.Path, errPackedGrows)
	}
	t.grew = true
	f.setAside(t, ignored)
}

// isPackedWhole reports whether the first size bytes of a compressed file can be
// decompressed to their end.
func (f *Follower) isPackedWhole(ctx context.Context, c files.Found, size int64) bool {
	file, _, err := files.OpenMember(c.Member)
	if err != nil {
		return false
	}
	defer file.Close()
	t, err := decode.Open(ctx, io.NewSectionReader(file, 0, size), false)
	if err != nil {
		return false
	}
	defer t.Release()
	r, packed := t.Bytes()
	if !packed {
		return false
	}
	_, err = io.Copy(io.Discard, r)
	return err == nil
}

// sameTime reports whether a compressed file is one that was followed to its
// end by the time of its last change, which compressing keeps, and by its
// beginning.
func (f *Follower) sameTime(t *followed, b beginning) bool {
	same := func(p *progress, mod time.Time) bool {
		if t.ModTime.Nanosecond() == 0 { // some programs keep the time to the second
			mod = mod.Truncate(time.Second)
		}
		return sameBeginning(p.head, b.head) && mod.Equal(t.ModTime)
	}
	for _, x := range f.order {
		if x.state == reading && !x.gone && same(&x.progress, x.mod) {
			return true
		}
	}
	for _, o := range f.texts {
		if o.ended && same(&o.progress, o.mod) {
			return true
		}
	}
	return false
}

// findText finds the text that a compressed file holds, as far as it was
// emitted; nil if that is none. read says that all that the file holds was
// emitted, or will be.
func (f *Follower) findText(ctx context.Context, t *followed, b beginning) (p *progress, read bool, err error) {
	for _, x := range slices.Clone(f.order) {
		// A writer may go on writing to the file that was compressed and removed.
		if x.gone && x.f != nil && x.state == reading && x.at > 0 && sameBeginning(x.head, b.head) {
			f.checkFile(ctx, x)
		}
	}
	p, more, read, err := f.heldByPacked(ctx, t, f.textsLike(t.Name, b))
	switch {
	case read && more > 0:
		return nil, true, err
	case p == nil || errors.Is(err, io.ErrUnexpectedEOF):
		return p, read, err
	}
	for _, x := range f.order {
		switch {
		case &x.progress != p:
		case x.gone && x.f != nil && more == 0:
			x.stored = true
			q := x.progress.clone()
			return &q, false, err
		case x.gone:
			q := x.progress.clone()
			f.forget(x)
			return &q, false, err
		case more == 0 || f.repeats(ctx, t, x):
			return p, true, err
		default:
			return nil, false, err // it only begins like x's text
		}
	}
	for _, o := range f.texts {
		switch {
		case &o.progress != p:
		case o.ended && more == 0:
			return p, true, err
		case o.ended && o.at <= longestHeader && !f.ids.byPath && f.extendsHeader(ctx, t, o.at):
			return nil, false, err // o's text is complete: they only begin alike
		default:
			q := o.progress.clone()
			if !o.ended {
				f.texts = slices.DeleteFunc(f.texts, func(x *orphan) bool { return x == o })
			}
			return &q, false, err
		}
	}
	return nil, false, err
}

// extendsHeader reports whether the first size bytes of a compressed file may be
// a header, and whole lines follow.
func (f *Follower) extendsHeader(ctx context.Context, t *followed, size int64) bool {
	r, done, err := openPacked(ctx, t.Found)
	if err != nil {
		return false
	}
	defer done()
	head := make([]byte, min(size, decode.HeadSize))
	if _, err := io.CopyN(io.Discard, r, size-int64(len(head))); err != nil {
		return false
	}
	if _, err := io.ReadFull(r, head); err != nil || !endsHeader(head, int64(len(head)) == size) {
		return false
	}
	rest, _ := io.ReadAll(io.LimitReader(r, decode.HeadSize))
	return bytes.IndexByte(bytes.TrimLeft(rest, "\x00"), '\n') > 0
}

// openPacked decompresses a file. The caller calls done when it has read.
func openPacked(ctx context.Context, c files.Found) (r io.Reader, done func(), err error) {
	file, _, err := files.OpenMember(c.Member)
	if err != nil {
		return nil, nil, err
	}
	t, err := decode.Open(ctx, file, false)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	r, packed := t.Bytes()
	if !packed {
		r = decode.EmptyReader{} // it is not compressed any more
	}
	return r, func() { t.Release(); file.Close() }, nil
}

// heldByPacked returns the longest of the texts whose emitted part a compressed
// file holds, nil if it holds none, and the number of bytes after that part. read
// says that the whole file is a beginning of the emitted part of one of them.
// The error says why it could not be decompressed to its end.
func (f *Follower) heldByPacked(ctx context.Context, t *followed, texts []*progress) (held *progress, more int64, read bool, err error) {
	r, done, err := openPacked(ctx, t.Found)
	if err != nil {
		return nil, 0, false, err
	}
	defer done()
	texts = slices.Clone(texts)
	slices.SortStableFunc(texts, func(a, b *progress) int { return cmp.Compare(a.at, b.at) })
	w := &window{}
	for _, p := range texts {
		if len(p.marks) == 0 {
			continue
		}
		if _, err = io.CopyN(w, r, p.at-w.end); err != nil {
			break
		}
		if (held == nil || p.at > held.at) && p.marks[len(p.marks)-1].matches(w) {
			held = p
		}
	}
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if held != nil {
		more = w.end - held.at
	}
	if err == io.EOF {
		err = nil
	}
	read = err == nil && slices.ContainsFunc(texts, func(p *progress) bool { return p.covers(w) })
	return held, more, read, err
}

// repeats reports whether a compressed file and x's file continue in the same way
// after the emitted part of x's text.
func (f *Follower) repeats(ctx context.Context, t, x *followed) bool {
	file, _, err := f.openNow(x)
	if err != nil {
		return false
	}
	defer file.Close()
	_, ok := sameUnpacked(ctx, t.Found, file, x.at)
	return ok
}

// sameUnpacked decompresses c and reports whether file has the same bytes from at
// to the end of c's text. It returns that end.
func sameUnpacked(ctx context.Context, c files.Found, file *os.File, at int64) (end int64, ok bool) {
	r, done, err := openPacked(ctx, c)
	if err != nil {
		return 0, false
	}
	defer done()
	if _, err := io.CopyN(io.Discard, r, at); err != nil {
		return 0, false
	}
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := r.Read(a)
		if k, _ := file.ReadAt(b[:n], at); k < n || !bytes.Equal(a[:n], b[:n]) {
			return 0, false
		}
		at += int64(n)
		if err != nil {
			return at, err == io.EOF
		}
	}
}

// A window keeps the last bytes of what is written to it.
type window struct {
	end  int64
	tail []byte
}

// Write implements io.Writer.
func (w *window) Write(p []byte) (int, error) {
	w.end += int64(len(p))
	w.tail = append(w.tail, p...)
	if n := len(w.tail); n > 2*markBytes {
		w.tail = append(w.tail[:0], w.tail[n-markBytes:]...)
	}
	return len(p), nil
}

// ReadAt implements io.ReaderAt for the bytes that are kept.
func (w *window) ReadAt(p []byte, off int64) (int, error) {
	from := off - (w.end - int64(len(w.tail)))
	if from < 0 || from > int64(len(w.tail)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, w.tail[from:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// emitRest emits the part of a compressed file that follows the emitted part of
// its text.
func (f *Follower) emitRest(ctx context.Context, t *followed) {
	r, done, err := openPacked(ctx, t.Found)
	if err != nil {
		f.noteOnce(t.id, t.Path, err)
		return
	}
	defer done()
	before := &window{}
	if _, err := io.CopyN(before, r, t.at); err != nil || t.loadTail(before) != nil {
		return // it ends earlier
	}
	raw := make([]byte, 0, reader.BlockSize)
	nuls := int64(0) // that were read after raw
	for f.err == nil && ctx.Err() == nil {
		if len(raw) == cap(raw) {
			raw = append(raw, 0)[:len(raw)]
		}
		n, err := r.Read(raw[len(raw):cap(raw)])
		if zeros := decode.LeadingZeros(raw[len(raw):][:n]); nuls > 0 && zeros < n {
			raw = f.insertNULs(t, raw, n, nuls)
			nuls = 0
		} else if nuls > 0 {
			nuls += int64(n)
		} else {
			raw = raw[:len(raw)+n]
		}
		if t.at == 0 && len(raw) > 0 {
			t.charset, t.bom = f.charsetOf(raw, err != nil)
		}
		if !t.charset.Wide() && nuls == 0 {
			if i := findNULRun(raw); i < len(raw) && i+decode.LeadingZeros(raw[i:]) == len(raw) {
				nuls = int64(len(raw) - i)
				raw = raw[:i]
			}
		}
		end := t.charset.LineEnd(raw)
		if err != nil || len(raw) >= longestLine {
			end = len(raw)
		}
		if end > 0 && (end == len(raw) || len(raw) >= reader.BlockSize/2) {
			f.emitRaw(t, raw[:end])
			raw = raw[:copy(raw, raw[end:])]
		}
		if err != nil {
			if err != io.EOF && ctx.Err() == nil {
				f.noteOnce(t.id, t.Path, err)
			}
			return
		}
	}
}

// insertNULs inserts the NULs that were read before the next n bytes, which are
// after raw, before them; a long run of them is skipped instead.
func (f *Follower) insertNULs(t *followed, raw []byte, n int, nuls int64) []byte {
	if nuls < reader.NulRun {
		fresh := bytes.Clone(raw[len(raw):][:n])
		return append(append(raw, make([]byte, nuls)...), fresh...)
	}
	fresh := raw[len(raw):][:n]
	if len(raw) > 0 {
		f.emitRaw(t, raw)
	}
	z := decode.LeadingZeros(fresh)
	f.skipNULs(t, nuls+int64(z))
	return append(raw[:0], fresh[z:]...)
}
