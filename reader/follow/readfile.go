package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// This file reads one followed file and emits its new lines.

// checkFile checks a known file for changes.
func (f *Follower) checkFile(ctx context.Context, t *followed) {
	if f.err != nil || ctx.Err() != nil {
		return
	}
	if t.state == copied {
		f.recheck(ctx, t)
	}
	switch t.state {
	case unready, ignored:
		if info, err := os.Stat(t.Path); err == nil && (info.Size() != t.size || !info.ModTime().Equal(t.mod)) {
			f.pending = true // its state is decided again with the names
		}
		return
	case copied:
		return
	}
	if t.f == nil {
		info, err := os.Stat(t.Path)
		if err != nil {
			if t.size < 0 && !t.gone {
				f.again = true // a new file was renamed at once
			}
			return // the next look at the names decides
		}
		if !f.ids.same(info, files.HandleOf(t.Member).Info) || f.ids.byPath && t.gone {
			f.pending = true
			return
		}
		if info.Size() == t.size && info.ModTime().Equal(t.mod) && !f.holding[t] {
			return
		}
	}
	if t.gone && t.f != nil && t.at == 0 && t.earlier != nil && f.isCopied(t) {
		f.forget(t)
		return
	}
	err := f.readFile(ctx, t)
	switch {
	case err == nil || f.err != nil || ctx.Err() != nil:
		t.failed = false
	case errors.Is(err, fs.ErrNotExist):
		f.pending = true
	case !t.failed:
		t.failed = true
		f.note(t.Path, err)
	}
	if !f.ids.keepOpen {
		f.closeFile(t)
	}
}

// openFile opens the file of t. It returns fs.ErrNotExist if another file is at
// its path by now.
func (f *Follower) openFile(t *followed) error {
	if t.f != nil {
		return nil
	}
	file, err := os.Open(t.Path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	if !f.ids.same(info, files.HandleOf(t.Member).Info) {
		file.Close()
		f.pending = true
		return fs.ErrNotExist
	}
	t.f = file
	f.open++
	return nil
}

func (f *Follower) closeFile(t *followed) {
	if t.f != nil {
		t.f.Close()
		t.f = nil
		f.open--
	}
}

// readFile reads a file that has changed and emits its new lines.
func (f *Follower) readFile(ctx context.Context, t *followed) error {
	if err := f.openFile(t); err != nil {
		return err
	}
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if size == t.size && info.ModTime().Equal(t.mod) {
		if t.earlier == nil {
			return f.emitHeld(t, size)
		}
		if f.resume(t, size, false) {
			return nil
		}
		if err := f.readChunks(ctx, t, size); err != nil {
			return err
		}
		return f.emitHeld(t, size)
	}
	if files.IsOutput(info) {
		f.setAside(t, ignored)
		f.closeFile(t)
		f.pending = true // the next list leaves it out, and says so
		return nil
	}
	t.active = f.opt.Now()
	grown := size > t.size
	if t.at == 0 {
		f.recheckCopies(t)
	}
	if grown && size > 0 {
		if err := f.endLinesBefore(ctx, t); err != nil {
			return err
		}
	}
	if held := f.holds(t, info); held && f.wasEmptied(t, size) {
		if !f.handleCut(ctx, t, info) {
			return f.err
		}
	} else if !held {
		if overwritten, err := f.emitOverwritten(t, size); err != nil {
			return err
		} else if overwritten {
			t.scanned = 0
		} else if !f.handleCut(ctx, t, info) {
			return f.err
		}
	} else if !grown || t.scanned < reader.BlockSize {
		t.scanned = 0 // it may have been written over
	}
	t.size, t.mod = size, info.ModTime()
	if t.earlier != nil && f.resume(t, size, true) {
		return nil
	}
	before := t.at + t.scanned
	if err := f.readChunks(ctx, t, size); err != nil {
		return err
	}
	if !grown && t.zeros > 0 && t.at+t.scanned == before {
		// Something was written into the padding.
		t.zeros = 0
		if err := f.readChunks(ctx, t, size); err != nil {
			return err
		}
	}
	return f.emitHeld(t, size)
}

// endLinesBefore emits the unfinished last lines of the older files of t's log: what t has
// comes after them.
func (f *Follower) endLinesBefore(ctx context.Context, t *followed) error {
	for _, h := range f.order {
		if h == t || !f.holding[h] || h.log != t.log || files.Older(h.Found, t.Found) >= 0 || f.openFile(h) != nil {
			continue
		}
		if err := f.readFile(ctx, h); err != nil { // perhaps the line is complete by now
			return err
		}
		if h.scanned > 0 && f.holding[h] {
			delete(f.holding, h)
			if err := f.emitPart(h); err != nil {
				return err
			}
		}
	}
	return nil
}

// emitOverwritten reports whether a file was written over in place: what ended the emitted
// text is as before, but not its beginning. It emits the lines there that are new, and
// says that further ones would not be noticed.
func (f *Follower) emitOverwritten(t *followed, size int64) (bool, error) {
	n := len(t.marks)
	if size < t.size || n == 0 || t.at <= int64(len(t.head))+markBytes || !t.marks[n-1].matches(t.f) {
		return false, nil
	}
	if err := t.loadTail(t.f); err != nil {
		return false, err
	}
	// The line that the head ends in is read whole, unless it is long.
	now := make([]byte, min(t.at, int64(len(t.head))+64<<10))
	if k, err := t.f.ReadAt(now, 0); k < len(now) && err != nil {
		return false, nil
	}
	if bytes.Equal(now[:len(t.head)], t.head) {
		return false, nil
	}
	f.noteOnce(overwritten{t.id}, t.Path, errOverwritten)
	old := t.head
	t.head = bytes.Clone(now[:len(old)])
	for at, number := 0, 0; at < len(old) && f.err == nil; number++ {
		end := len(now)
		if k := t.charset.FirstLineEnd(now[at:]); k > 0 {
			end = at + k
		}
		if known := min(end, len(old)); !bytes.Equal(now[at:known], old[at:known]) {
			text := t.charset.Decode(bytes.Clone(now[at:end]))
			offset := reader.Offset(at - min(at, t.bom))
			if !t.charset.Bytewise() {
				offset = reader.Offset(len(t.charset.Decode(bytes.Clone(now[:at]))))
			}
			f.emitText(t, &reader.Block{Text: text, Offset: offset, Line: reader.Line(number), Lines: reader.CountLines(text)})
		}
		at = end
	}
	return true, f.err
}

// overwritten identifies a file of which errOverwritten was noted.
type overwritten struct{ id any }

var errOverwritten = fmt.Errorf("is written over in place; only new lines in its first %d bytes and at its end are noticed", headKept)

// readChunks reads and emits all whole lines that follow.
func (f *Follower) readChunks(ctx context.Context, t *followed, size int64) error {
	if err := t.loadTail(t.f); err != nil {
		return err
	}
	for f.err == nil && ctx.Err() == nil {
		if more, err := f.readChunk(t, size); err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// readChunk reads and emits the whole lines that follow in the first size bytes of a file, as
// many as a buffer holds. It reports whether there may be more. What is written behind these
// is read later, when it was checked that the file still holds what was emitted.
func (f *Follower) readChunk(t *followed, size int64) (bool, error) {
	from := t.at + t.scanned
	if from >= size {
		return false, nil
	}
	buf := f.buf[:min(int64(len(f.buf)), size-from)]
	n, err := t.f.ReadAt(buf, from)
	if err == io.EOF {
		err = nil
	}
	if err != nil || n == 0 {
		return false, err
	}
	if t.at == 0 && t.scanned == 0 {
		if n < decode.MagicLen && t.Name.Compressed() && decode.MaybeMagic(buf[:n]) {
			return false, nil // decided when there is more
		}
		if decode.FormatOf(buf[:n]) != decode.Plain || decode.IsTar(buf[:n]) {
			// It was empty when it was first seen, and is compressed.
			f.forget(t)
			f.pending = true
			f.live.Look()
			return false, nil
		}
	}
	if t.at == t.run && f.isBinary(t) {
		// It was empty when it was first seen.
		f.noteOnce(t.id, t.Path, reader.ErrBinary)
		f.setAside(t, ignored)
		return false, nil
	}
	if t.at == 0 || t.at < decode.HeadSize && t.charset == decode.ASCII && bytes.IndexByte(buf[:n], 0) >= 0 {
		f.detect(t)
	}
	data, run, err := f.findNULs(t, buf[:n], size)
	if err != nil {
		return false, err
	}
	if end := t.charset.LineEnd(buf[:data]); end > 0 {
		return true, f.emitLines(t, t.scanned+int64(end))
	}
	t.scanned += int64(data)
	if run > 0 || t.scanned >= longestLine {
		switch {
		case run == 0:
			err = f.emitPart(t)
		case t.scanned > 0:
			err = f.emitLines(t, t.scanned)
		}
		if run > 0 && err == nil {
			f.skipNULs(t, run)
		}
		return true, err
	}
	return data == n, nil
}

// isBinary reports whether a file of which nothing but NULs was read so far is binary. It
// is not if it was text before, or if another file of its log is.
func (f *Follower) isBinary(t *followed) bool {
	if t.Named || t.isText || f.opt.Text {
		return false
	}
	for _, x := range f.order {
		if x.isText && x.LogKey() == t.LogKey() {
			return false
		}
	}
	b, err := f.readBeginning(t.Found)
	return err == nil && b.binary
}

// findNULs looks for NULs in buf, which was read after what was scanned. Only
// the first data bytes of it are text: after them comes padding up to the end
// of the file, or a run of NULs that is replaced by a marker.
func (f *Follower) findNULs(t *followed, buf []byte, size int64) (data int, run int64, err error) {
	i := findNULRun(buf)
	if t.charset.Wide() {
		// The first may end a character.
		i = min(i+int(t.scanned+int64(i))%2, len(buf))
	}
	if i == len(buf) {
		return i, 0, nil
	}
	begin := t.at + t.scanned + int64(i)
	end, err := decode.ZerosAfter(t.f, max(begin, t.zeros), size)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case end >= size:
		t.zeros = end
		return i, 0, nil
	case t.charset.Wide():
		end -= (end - begin) % 2 // the last may begin a character
	}
	if end-begin < reader.NulRun {
		return len(buf), 0, nil
	}
	return i, end - begin, nil
}

// detect detects the encoding of a file that is followed from its beginning.
// It is called until something of the file was emitted.
func (f *Follower) detect(t *followed) {
	head := decode.HeadPool.Get().(*[decode.HeadSize]byte)
	defer decode.HeadPool.Put(head)
	n, err := t.f.ReadAt(head[:], 0)
	t.charset, t.bom = f.charsetOf(head[:n], err == io.EOF)
}

// charsetOf returns the encoding of a text that begins with head, or consists
// of it if whole is set.
func (f *Follower) charsetOf(head []byte, whole bool) (decode.Charset, int) {
	c, bom := decode.DetectCharset(head, whole)
	if bom == 0 && f.opt.Encoding != "" {
		c = f.opt.Encoding
	}
	return c, bom
}

// findNULRun returns the index in buf of a long run of NULs, or of one that
// reaches the end of buf and may become long; len(buf) if there is none.
func findNULRun(buf []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(buf[at:], 0)
		if i < 0 {
			return len(buf)
		}
		at += i
		n := decode.LeadingZeros(buf[at:])
		if n >= reader.NulRun || at+n == len(buf) {
			return at
		}
		at += n
	}
}

// skipNULs skips a run of NULs. What is emitted next begins with a marker for
// it.
func (f *Follower) skipNULs(t *followed, run int64) {
	t.head = append(t.head, make([]byte, max(0, min(run, headKept-int64(len(t.head)))))...)
	t.at += run
	if t.charset.Wide() {
		run /= 2
	}
	t.offset += reader.Offset(run)
	t.run += run
	t.scanned, t.zeros = 0, 0
	t.recent = make([]byte, min(t.at, markBytes))
}

// emitLines emits the next n bytes: whole lines, a piece of a very long line,
// or the beginning of an unfinished one.
func (f *Follower) emitLines(t *followed, n int64) error {
	raw := f.buf
	if int64(len(raw)) < n {
		raw = make([]byte, n) // a long line, or one that came in parts
	}
	raw = raw[:n]
	if k, err := t.f.ReadAt(raw, t.at); int64(k) < n {
		if err == io.EOF {
			return nil // it was truncated meanwhile, which the next look notices
		}
		return err
	}
	f.emitRaw(t, raw)
	return nil
}

// emitPart emits the beginning of a line as emitLines does, without the bytes
// at its end that are not a whole character.
func (f *Follower) emitPart(t *followed) error {
	if t.charset.Wide() && t.scanned > 4<<10 {
		return f.emitLines(t, t.scanned&^1)
	}
	tail := make([]byte, min(t.scanned, 4<<10))
	if k, err := t.f.ReadAt(tail, t.at+t.scanned-int64(len(tail))); k < len(tail) {
		if err == io.EOF {
			return nil // as above
		}
		return err
	}
	if n := t.scanned - int64(len(tail)-t.charset.Whole(tail)); n > 0 {
		return f.emitLines(t, n)
	}
	return nil
}

// emitRaw emits raw, which follows what was emitted of t's text.
func (f *Follower) emitRaw(t *followed, raw []byte) {
	t.charset = t.charset.Learn(raw)
	text := t.charset.Decode(raw)
	size := reader.Offset(len(text))
	if t.charset.Bytewise() {
		size = reader.Offset(len(raw)) // byte order marks between lines count
		if t.at == 0 {
			size -= reader.Offset(t.bom)
		}
	}
	lines := reader.CountLines(text)
	b := reader.Block{Text: text, Offset: t.offset + size - reader.Offset(len(text)), Line: t.line, Lines: lines, Continues: t.mid}
	if n := lineEndLen(text); t.mid && n > 0 {
		// Only the end of the line was not emitted yet.
		b.Text, b.Lines = text[n:], lines-1
		b.Offset += reader.Offset(n)
		if b.Line >= 0 {
			b.Line++
		}
	}
	if t.run > 0 {
		mark := reader.NulMarker(t.run)
		b.Text = append([]byte(mark), b.Text...)
		b.Offset -= reader.Offset(t.run)
		b.Skips = []reader.Skip{{Len: len(mark), Bytes: t.run}}
		t.run = 0
	}
	t.aged.record(t.at, f.opt.Now())
	t.advance(raw, size, lines)
	t.scanned, t.isText = 0, true
	delete(f.holding, t)
	if len(b.Text) > 0 {
		f.emitText(t, &b)
	}
}

// lineEndLen returns how long the end of a line is with which text begins; 0 if
// it does not begin with one.
func lineEndLen(text []byte) int {
	switch {
	case bytes.HasPrefix(text, reader.Newline):
		return 1
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	}
	return 0
}

// emitText emits lines of a text.
func (f *Follower) emitText(t *followed, b *reader.Block) {
	if f.err != nil {
		return
	}
	head := t.head
	head = t.charset.Decode(head[min(t.bom, len(head)):])
	f.err = f.emit(&Appended{Log: t.log, ModTime: t.mod, Key: t.key, ID: reader.NewID(head), Block: *b})
}

// emitHeld emits an unfinished last line when it has been held long enough. One
// that existed when following began, and is not among the last lines that were asked for, waits
// for its end.
func (f *Follower) emitHeld(t *followed, size int64) error {
	if t.scanned <= 0 || t.active.IsZero() || t.at == 0 && t.scanned < 4 { // too little to decide on an encoding

		delete(f.holding, t)
		return nil
	}
	now := f.opt.Now()
	if !f.holding[t] {
		f.holding[t], t.since = true, now
	}
	if now.Sub(t.since) < holdFor {
		return nil
	}
	delete(f.holding, t)
	return f.emitPart(t)
}

// heldFor returns how long the first held line is still to be held.
func (f *Follower) heldFor() (time.Duration, bool) {
	if len(f.holding) == 0 {
		return 0, false
	}
	left := holdFor
	for t := range f.holding {
		left = min(left, t.since.Add(holdFor).Sub(f.opt.Now()))
	}
	return max(left, 0), true
}

// A beginning describes a file by its first bytes.
type beginning struct {
	head    []byte // before conversion to UTF-8
	format  decode.Format
	charset decode.Charset
	bom     int
	binary  bool
}

// readBeginning reads the beginning of the file that was listed, even if it was
// renamed since. The error wraps ErrGone if it was removed.
func (f *Follower) readBeginning(c files.Found) (b beginning, err error) {
	file, _, err := files.OpenMember(c.Member)
	if err != nil {
		return b, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !f.ids.same(info, files.HandleOf(c.Member).Info) {
		return b, reader.ErrGone
	}
	t, err := decode.OpenIn(context.Background(), file, false, f.opt.Encoding, nil)
	if err != nil {
		return b, err
	}
	defer t.Release()
	switch {
	case t.Archive == decode.ZipArchive && !c.Named && !files.MayBeArchive(c.Member):
		return b, reader.ErrBinary
	case t.Archive != "":
		return b, fmt.Errorf("%w, not followed", files.ErrArchive)
	case decode.CannotRead(t.Format):
		return b, decode.Describe(t.Format, decode.ErrUnreadable)
	}
	head := t.Beginning()
	head = head[:min(headKept, len(head))]
	if t.Format == decode.Plain {
		head = bytes.TrimRight(head, "\x00") // padding, which may be written over
	}
	return beginning{head: bytes.Clone(head), format: t.Format, charset: t.Charset, bom: t.Bom, binary: t.Binary}, nil
}
