package follow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// How a Follower begins: at the ends of the existing files, or at their last
// lines.

// Begin looks at the logs for the first time, and emits their last
// lines.
func (f *Follower) Begin(ctx context.Context, emit func(*Appended) error) error {
	f.emit, f.begun = emit, f.opt.Now()
	l, err := f.live.listing(ctx)
	if err != nil {
		return err
	}
	for _, err := range l.Errs {
		f.note("", err)
	}
	list := slices.Clone(l.Files)
	listed := make(map[string]files.Found, len(list))
	for _, c := range list {
		listed[c.Path] = c
	}
	for _, l := range l.Group() {
		if err := f.beginLog(ctx, l, listed); err != nil {
			return err
		}
	}
	// Then the list that are in no log because their text is in another file,
	// too, or because their log was named by its current file. A current file
	// that was created after the listing is new.
	for _, c := range f.list(ctx) {
		if !c.Name.Current() && f.named[c.LogKey()] != "" {
			list = append(list, c)
		}
	}
	for _, c := range list {
		if err := f.beginFile(ctx, nil, c, c.LogName(), reader.Pos{}, 0); err != nil {
			return err
		}
	}
	f.listed = f.begun
	return f.err
}

// beginLog starts following a log's files at their ends.
func (f *Follower) beginLog(ctx context.Context, l files.Log, listed map[string]files.Found) error {
	src := files.NewSource(l, files.Options{Text: f.opt.Text, Encoding: f.opt.Encoding})
	members := src.Members()
	need := f.opt.Last
	if members[len(members)-1].Named {
		need = max(need, f.opt.LastOf)
	}
	// How many last lines to print of each file, from the newest on.
	type start struct {
		pos   reader.Pos
		lines int64
	}
	starts := make([]start, len(members))
	for i := len(members) - 1; i >= 0 && need > 0; i-- {
		if files.IsTwin(members[i]) {
			continue // the plain file beside it has its lines
		}
		p, n, err := files.TailPos(ctx, src, members[i], need)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if !errors.Is(err, reader.ErrBinary) && !errors.Is(err, fs.ErrPermission) { // reported when it is begun
				f.note(members[i].Path, err)
			}
			continue
		}
		starts[i] = start{p, n}
		need -= n
	}
	for i, m := range members {
		c := listed[m.Path]
		c.Member = m
		if err := f.beginFile(ctx, src, c, l.Name, starts[i].pos, starts[i].lines); err != nil {
			return err
		}
	}
	return nil
}

// beginFile starts following a file at its end, after emitting its last
// lines.
func (f *Follower) beginFile(ctx context.Context, src reader.Source, c files.Found, log string, from reader.Pos, lines int64) error {
	if files.HandleOf(c.Member).Info == nil || !files.HandleOf(c.Member).Info.Mode().IsRegular() || f.lookUp(c) != nil {
		return nil
	}
	t := f.add(c)
	t.log, t.size, t.mod = log, c.Size, c.ModTime
	if err := f.startAtEnd(ctx, src, t, from, lines); err != nil {
		return err
	}
	return f.err
}

// startAtEnd moves to the end of a file, after emitting its last lines, if any,
// which begin at from.
func (f *Follower) startAtEnd(ctx context.Context, src reader.Source, t *followed, from reader.Pos, lines int64) error {
	b, err := f.readBeginning(t.Found)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.Is(err, reader.ErrGone):
		// If it becomes readable later, or has another name by now, what it
		// held when it was listed is not new.
		if errors.Is(err, fs.ErrPermission) {
			f.noteOnce(t.id, t.Path, err)
			t.failed = true
		} else {
			f.pending = true
		}
		if !t.Name.Compressed() {
			t.at, t.line = t.Size, -1
		}
		return nil
	case err != nil:
		if lines > 0 || t.Named || errors.Is(err, reader.ErrBinary) || errors.Is(err, files.ErrArchive) || errors.Is(err, decode.ErrUnreadable) {
			f.noteOnce(t.id, t.Path, err)
		}
		f.setAside(t, ignored)
		return nil
	case b.format != decode.Plain:
		t.packed = newPackedHead(b.head)
		if lines > 0 {
			err = f.emitLast(ctx, src, t, from)
		}
		f.setAside(t, ignored)
		return err
	case b.binary && !t.Named && !f.opt.Text:
		f.noteOnce(t.id, t.Path, reader.ErrBinary)
		f.setAside(t, ignored)
		return nil
	}
	t.charset, t.bom, t.isText = b.charset, b.bom, len(b.head) > 0
	if t.f, _, err = f.openNow(t); err != nil {
		f.note(t.Path, err)
		t.at, t.line = t.Size, -1
		return nil
	}
	f.open++
	if err := f.startAt(ctx, src, t, from, lines); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.note(t.Path, err)
	}
	t.existed = t.Size
	if err := f.readChunks(ctx, t, t.Size); err != nil {
		return err
	}
	if lines > 0 && t.scanned > 0 {
		t.active = f.opt.Now()
		if err := f.emitHeld(t, t.Size); err != nil {
			return err
		}
	}
	f.closeQuiet(t)
	return nil
}

// startAt skips what precedes the last lines of a file, which begin at from, if
// any are wanted.
func (f *Follower) startAt(ctx context.Context, src reader.Source, t *followed, from reader.Pos, lines int64) error {
	at, err := f.startOffset(t, t.Size)
	if err != nil {
		return err
	}
	count := f.opt.Count && src != nil
	switch {
	case lines == 0 && !count:
		return f.startText(t, t.f, at)
	case lines == 0:
		if from, err = endPos(ctx, src, t.Member); err != nil {
			return err
		}
	case t.charset.Bytewise():
		at = int64(from.Offset) + int64(t.bom)
	default:
		if at, err = linesBefore(t.f, at, lines, t.charset); err != nil {
			return err
		}
	}
	if err := f.startText(t, t.f, at); err != nil {
		return err
	}
	t.offset, t.line = from.Offset, from.Line
	if count && t.line < 0 {
		t.line, err = countTo(ctx, src, t.Member, t.offset)
	}
	return err
}

// skipTo skips everything in a file up to size.
func (f *Follower) skipTo(t *followed, size int64) error {
	if err := f.openFile(t); err != nil {
		return err
	}
	at, err := f.startOffset(t, size)
	if err != nil {
		return err
	}
	return f.startText(t, t.f, at)
}

// startOffset returns where following a file begins: before its unfinished last
// line, which is emitted when it is complete, unless that line is too long.
func (f *Follower) startOffset(t *followed, size int64) (int64, error) {
	end := size
	if !t.charset.Wide() {
		end = decode.ZerosBefore(t.f, size, 0) // preallocated
	}
	at, err := lastLineStart(t.f, end, t.charset)
	if end-at >= longestLine {
		at = end
	}
	return at, err
}

// closeQuiet closes an inactive file if too many are open.
func (f *Follower) closeQuiet(t *followed) {
	if !f.ids.keepOpen || f.open > maxOpen && !t.Named {
		f.closeFile(t)
	}
}

// startText begins the text of t at a position of its file.
func (f *Follower) startText(t *followed, file *os.File, at int64) error {
	t.offset, t.line = reader.Offset(max(0, at-int64(t.bom))), -1
	return t.progress.begin(file, at)
}

// emitLast emits the last lines of a compressed file, from from on.
func (f *Follower) emitLast(ctx context.Context, src reader.Source, t *followed, from reader.Pos) error {
	b, err := src.Open(ctx, t.Member, from)
	if err != nil {
		f.note(t.Path, err)
		return ctx.Err()
	}
	defer b.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	t.charset, t.bom = decode.UTF8, 0
	for f.err == nil {
		if err := b.Next(blk); err == io.EOF {
			return nil
		} else if err != nil {
			f.note(t.Path, err)
			return ctx.Err()
		}
		f.emitText(t, blk)
	}
	return f.err
}

// countTo counts the lines before an offset.
func countTo(ctx context.Context, src reader.Source, m reader.Member, off reader.Offset) (reader.Line, error) {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return -1, err
	}
	defer b.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	for line := reader.Line(0); ; {
		if err := b.Next(blk); err == io.EOF {
			return line, nil
		} else if err != nil {
			return -1, err
		}
		if off < blk.End() {
			return blk.Line + reader.Line(reader.CountLines(blk.Text[:blk.Index(off)])), nil
		}
		line = blk.Line + reader.Line(blk.Lines)
	}
}

// linesBefore returns where the last n lines before at begin; at is the end of
// a line.
func linesBefore(file io.ReaderAt, at, n int64, c decode.Charset) (int64, error) {
	buf := make([]byte, 64<<10)
	for pos := at; pos > 0; {
		k := min(int64(len(buf)), pos)
		if _, err := file.ReadAt(buf[:k], pos-k); err != nil && err != io.EOF {
			return at, err
		}
		for end := int(k); ; {
			end = c.LineEnd(buf[:end])
			if end == 0 {
				break
			}
			if pos-k+int64(end) < at {
				if n--; n == 0 {
					return pos - k + int64(end), nil
				}
			}
			if end--; bytes.HasSuffix(buf[:end+1], c.Newline()) {
				end -= len(c.Newline()) - 1
			}
		}
		pos -= k
	}
	return 0, nil
}

// endPos returns where the last complete line of a member begins.
func endPos(ctx context.Context, src reader.Source, m reader.Member) (reader.Pos, error) {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return reader.Pos{}, err
	}
	defer b.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	var p reader.Pos
	for {
		if err := b.Next(blk); err == io.EOF {
			return p, nil
		} else if err != nil {
			return p, err
		}
		if i := bytes.LastIndexByte(blk.Text, '\n'); i >= 0 {
			p.Offset, p.Line = blk.OffsetAt(i+1), blk.Line+reader.Line(blk.Lines)
		}
	}
}

// lastLineStart returns where the unfinished last line in the first end bytes of
// a file begins; end if there is none. It does not look back further than the
// longest line that is emitted whole.
func lastLineStart(file io.ReaderAt, end int64, c decode.Charset) (int64, error) {
	buf := make([]byte, 2<<10)
	for at := end; at > 0 && end-at < longestLine; {
		if at < end && len(buf) < 64<<10 {
			buf = make([]byte, 64<<10)
		}
		n := min(int64(len(buf)), at)
		if k, err := file.ReadAt(buf[:n], at-n); int64(k) < n {
			return end, err
		}
		at -= n
		if i := c.LineEnd(buf[:n]); i > 0 {
			return at + int64(i), nil
		}
		if at == 0 {
			return 0, nil
		}
	}
	if end == 0 {
		return 0, nil
	}
	return end - longestLine, nil
}
