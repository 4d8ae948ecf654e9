package follow

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// This is how a Follower reads one file and emits what is new of it.

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

// readFile reads and emits what is new in a file.
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
		return f.emitHeld(t, size)
	}
	t.active = f.opt.Now()
	grown := size > t.size
	if t.at == 0 {
		f.recheckCopies(t)
	}
	if !f.holds(t, info) {
		if !f.handleCut(ctx, t, info) {
			return f.err
		}
	} else if !grown || t.scanned < reader.BlockSize {
		t.scanned = 0 // it may have been written over
	}
	t.size, t.mod = size, info.ModTime()
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

// isCut reports whether a file, which may have changed since it was checked,
// no longer holds what was emitted of it.
func (f *Follower) isCut(t *followed) bool {
	if t.state != reading || f.openFile(t) != nil {
		return false
	}
	if !f.ids.keepOpen {
		defer f.closeFile(t)
	}
	info, err := t.f.Stat()
	return err == nil && info.Size() != t.size && !f.holds(t, info)
}

// handleUnseenCut handles it if a file is cut.
func (f *Follower) handleUnseenCut(ctx context.Context, t *followed) {
	if !f.isCut(t) || f.openFile(t) != nil {
		return
	}
	if info, err := t.f.Stat(); err == nil {
		f.handleCut(ctx, t, info)
	}
	if !f.ids.keepOpen {
		f.closeFile(t)
	}
}

// holds reports whether a file holds what was emitted of it. Where only
// its path identifies it, a rotated file that holds more of another text is
// another file by now, however it begins.
func (f *Follower) holds(t *followed, info os.FileInfo) bool {
	if !t.isHeldBy(t.f, info.Size()) {
		return false
	}
	if !f.ids.byPath || t.Name.Current() || t.at == 0 {
		return true
	}
	longest := f.longestIn(t.Found, f.textsLike(beginning{head: t.head}))
	return longest == nil || longest.at <= t.at
}

// recheckCopies checks whether the copies of a text still are copies. As long
// as nothing of a text was emitted, truncating its file goes unnoticed.
func (f *Follower) recheckCopies(t *followed) {
	for _, x := range f.order {
		if x.state != copied || x.of != t {
			continue
		}
		file, _, err := f.openNow(x)
		if err == nil && !f.samePrefix(file, t, 0, x.checked) {
			x.state, x.of, x.size = unready, nil, -1
			f.pending = true
		}
		if err == nil {
			file.Close()
		}
	}
}

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

// readChunk reads and emits the whole lines that follow, as many as a buffer
// holds. It reports whether there may be more.
func (f *Follower) readChunk(t *followed, size int64) (bool, error) {
	from := t.at + t.scanned
	buf := f.buf
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

// findNULs looks for NULs in buf, which was read after what was scanned. Only
// the first data bytes of it are text: after them comes padding up to the end
// of the file, or a run of NULs that is replaced by a marker.
func (f *Follower) findNULs(t *followed, buf []byte, size int64) (data int, run int64, err error) {
	i := len(buf)
	if !t.charset.Wide() {
		i = findNULRun(buf)
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
	case end-begin < reader.NulRun:
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
	t.advance(raw, size, lines)
	t.scanned = 0
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
	f.err = f.emit(&Appended{Log: t.log, Key: t.key, ID: reader.NewID(head), Block: *b})
}

// emitHeld emits an unfinished last line when it has been held long enough. One
// that existed when following began waits for its end.
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

// handleCut handles a file that no longer holds what was emitted of it. It
// reports whether the file is to be read now, as another text of t.
func (f *Follower) handleCut(ctx context.Context, t *followed, info os.FileInfo) bool {
	delete(f.holding, t)
	t.size = -1
	moved := f.moveOn(ctx, t, info) || t.Name.Current() && f.detachCopies(ctx, t)
	if !moved {
		f.abandon(t, false)
	}
	if !t.Name.Current() {
		// It may hold the text of another file by now; decide its state again.
		if !moved && t.Name.Dated() {
			f.note(t.Path, errCut)
		}
		f.forget(t)
		f.again = true
		return false
	}
	if moved {
		t.progress = f.newText(t.LogName())
	} else {
		t.rewind(t.f, info.Size())
		t.key = f.newText(t.log).key
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: t.at, Err: errCut})
	}
	// Texts that were written and rotated since the last look are in older
	// files.
	for _, c := range f.list(ctx) {
		if files.HandleOf(c.Member).Info != nil && files.HandleOf(c.Member).Info.Mode().IsRegular() && c.Dir == t.Dir && c.Name.Key() == t.Name.Key() && files.Older(c, t.Found) < 0 && f.lookUp(c) == nil && f.sharedText(c, t.f) == 0 {
			f.adopt(ctx, c)
		}
	}
	return f.err == nil
}

var errCut = errors.New("was cut off; following what is written from here on")

// moveOn finds the copy of a file that was made before the file was truncated
// to what info describes, and continues with its text there.
func (f *Follower) moveOn(ctx context.Context, t *followed, info os.FileInfo) bool {
	// The names have to be newer than the cut. If the clock of the file system
	// can be trusted they may be; of many logs that are rotated at once each
	// would cost another look.
	best := (*files.Found)(nil)
	if f.live.lookedAfter(info.ModTime()) {
		best = f.copyOf(ctx, t)
	}
	if best == nil {
		f.live.refresh()
		best = f.copyOf(ctx, t)
	}
	if best == nil {
		return false
	}
	x := f.lookUp(*best)
	if x == nil {
		x = f.add(*best)
	}
	x.progress = t.progress.clone()
	x.scanned, x.zeros = 0, 0
	x.state, x.of, x.size = reading, nil, -1
	x.active = f.opt.Now()
	if b, err := f.readBeginning(*best); err == nil && b.format != decode.Plain {
		f.emitRest(ctx, x)
		f.abandon(x, true)
		f.setAside(x, ignored)
		return true
	}
	f.checkFile(ctx, x)
	return true
}

// copyOf returns the file that holds all that was emitted of t's text: the
// oldest of those that are new, for the texts that were written since are in
// newer files and may begin alike, or the newest of the known ones.
func (f *Follower) copyOf(ctx context.Context, t *followed) *files.Found {
	all := f.list(ctx)
	for _, c := range all {
		if files.HandleOf(c.Member).Info != nil && f.lookUp(c) == t {
			f.rename(t, c)
		}
	}
	var best *files.Found
	for _, c := range all {
		x := f.lookUp(c)
		switch {
		case files.HandleOf(c.Member).Info == nil || x == t || c.Path == t.Path || c.Name.Key() != t.Name.Key():
		case c.Name.Current() && !c.Name.Compressed(), x != nil && x.state == reading:
		case best != nil && (best.Name.Unpacks(c.Name) && c.Name.Compressed() || f.lookUp(*best) == nil):
		case f.holdsText(ctx, c, &t.progress):
			best = &c
		}
	}
	return best
}

// holdsText reports whether a file, compressed or not, holds all that was
// emitted of a text, and does not hold more of another known text. Equal
// beginnings are not enough.
func (f *Follower) holdsText(ctx context.Context, c files.Found, p *progress) bool {
	if p.at == 0 {
		return false
	}
	b, err := f.readBeginning(c)
	if err != nil || !sameBeginning(b.head, p.head) {
		return false
	}
	texts := f.textsLike(b)
	if b.format == decode.Plain {
		return p.equal(f.longestIn(c, texts))
	}
	held, _, _, err := f.heldByPacked(ctx, &followed{Found: c}, texts)
	return p.equal(held) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// textsLike returns the known texts that begin like a file, those whose files
// are gone last.
func (f *Follower) textsLike(b beginning) []*progress {
	var out []*progress
	for _, gone := range []bool{false, true} {
		for _, x := range f.order {
			if x.gone == gone && x.state == reading && x.at > 0 && sameBeginning(x.head, b.head) {
				out = append(out, &x.progress)
			}
		}
	}
	for _, o := range f.texts {
		if o.at > 0 && sameBeginning(o.head, b.head) {
			out = append(out, &o.progress)
		}
	}
	return out
}

// longestIn returns the longest of the texts of which a file holds all that was
// emitted; nil if there is none.
func (f *Follower) longestIn(c files.Found, texts []*progress) *progress {
	file, _, err := files.OpenMember(c.Member)
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	var held *progress
	for _, p := range texts {
		if (held == nil || p.at > held.at) && p.isHeldBy(file, info.Size()) {
			held = p
		}
	}
	return held
}

// A beginning is what is known of a file by its first bytes.
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

// heldByPacked returns which of some texts a compressed file holds as far as
// they were emitted, the longest of them, nil if it holds none, and how much
// follows that; read says that it holds nothing but the beginning of what was
// emitted of one of them. The error says why it could not be decompressed to
// its end.
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
		if p.marks[len(p.marks)-1].matches(w) {
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

// repeats reports whether a compressed file holds behind what was emitted
// of x's text only what x's file holds there, too.
func (f *Follower) repeats(ctx context.Context, t, x *followed) bool {
	r, done, err := openPacked(ctx, t.Found)
	if err != nil {
		return false
	}
	defer done()
	file, _, err := f.openNow(x)
	if err != nil {
		return false
	}
	defer file.Close()
	if _, err := io.CopyN(io.Discard, r, x.at); err != nil {
		return false
	}
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for at := x.at; ; {
		n, err := r.Read(a)
		if k, _ := file.ReadAt(b[:n], at); k < n || !bytes.Equal(a[:n], b[:n]) {
			return false
		}
		at += int64(n)
		if err != nil {
			return err == io.EOF
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

// emitRest emits what a compressed file holds after what was emitted of its
// text.
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
