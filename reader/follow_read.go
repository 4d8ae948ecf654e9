package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// This is how a Follower reads one file, and hands out what is new of it.

// file looks at a file that is followed.
func (f *Follower) file(ctx context.Context, t *tail) {
	if t.off < 0 || f.err != nil {
		return
	}
	if t.f == nil && t.blocks == nil {
		info, err := os.Stat(t.Path)
		if err != nil {
			return // the names tell what became of it
		}
		if dev, ino := inode(info); [2]uint64{dev, ino} != t.key {
			f.pending = true
			return
		}
		if info.Size() == t.size && info.ModTime().Equal(t.mod) {
			return
		}
	}
	err := f.read(ctx, t)
	switch {
	case err == nil || f.err != nil || ctx.Err() != nil:
		t.failed = false
	case errors.Is(err, fs.ErrNotExist):
		f.pending = true
	case !t.failed:
		t.failed = true
		f.note(t.Path, err)
	}
}

// read hands out what is new of a file.
func (f *Follower) read(ctx context.Context, t *tail) error {
	if t.blocks != nil {
		return f.convert(ctx, t)
	}
	if t.f == nil {
		file, err := os.Open(t.Path)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err != nil {
			file.Close()
			return err
		}
		if dev, ino := inode(info); [2]uint64{dev, ino} != t.key {
			file.Close()
			f.pending = true
			return nil
		}
		t.f = file
	}
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != t.size || !info.ModTime().Equal(t.mod) {
		t.active = f.opt.Now()
	} else if t.scanned == info.Size()-t.at() {
		f.hold(t)
		return f.err
	}
	if info.Size() < t.at() || !f.same(t) {
		f.cut(ctx, t)
	}
	t.size, t.mod = info.Size(), info.ModTime()
	for f.err == nil && ctx.Err() == nil {
		more, err := f.chunk(t)
		if err != nil || !more {
			f.hold(t)
			return err
		}
	}
	return ctx.Err()
}

// at is where in the file the text is that was not handed out.
func (t *tail) at() int64 { return int64(t.off) + int64(t.bom) }

// same reports whether the text before off is what was handed out.
func (f *Follower) same(t *tail) bool {
	if len(t.end) == 0 {
		return true
	}
	var buf [endKept]byte
	b := buf[:len(t.end)]
	if _, err := t.f.ReadAt(b, t.at()-int64(len(b))); err != nil {
		return false
	}
	return bytes.Equal(b, t.end)
}

// remember keeps what same compares.
func (f *Follower) remember(t *tail) {
	if t.f == nil {
		file, err := os.Open(t.Path)
		if err != nil {
			return
		}
		defer file.Close()
		t.end = make([]byte, min(endKept, t.off))
		if _, err := file.ReadAt(t.end, t.at()-int64(len(t.end))); err != nil {
			t.end = nil
		}
	}
}

// chunk hands out the whole lines that follow, as many as a buffer holds. It
// reports whether there may be more.
func (f *Follower) chunk(t *tail) (bool, error) {
	b := f.buf
	if cap(b.buf) < BlockSize {
		b.buf = make([]byte, BlockSize)
	}
	buf := b.buf[:BlockSize]
	n, err := t.f.ReadAt(buf, t.at()+t.scanned)
	if err != nil && err != io.EOF {
		return false, err
	}
	if n == 0 {
		return false, nil
	}
	if t.off == 0 && t.scanned == 0 && t.bom == 0 {
		if n < magicLen && t.name.compressed && maybeMagic(buf[:n]) {
			return false, nil // more will tell
		}
		if formatOf(buf[:n]) != Plain {
			// It was empty when it was taken up, and is compressed: the names are
			// to tell what of.
			f.forget(t)
			f.pending = true
			f.live.Look()
			return false, nil
		}
		switch charset, bom := charsetOf(buf[:min(n, 4)], false); {
		case charset == UTF16LE || charset == UTF16BE:
			return false, f.toConvert(t)
		case bom > 0:
			t.bom = bom
			return true, nil
		}
	}
	end := bytes.LastIndexByte(buf[:n], '\n') + 1
	if end == 0 && t.scanned+int64(n) < longestLine {
		t.scanned += int64(n)
		return true, nil
	}
	text := buf[:n]
	if end > 0 {
		text = buf[:end]
	}
	if t.scanned > 0 {
		// The line is longer than the buffer, or came in parts.
		whole := make([]byte, t.scanned+int64(len(text)))
		copy(whole[t.scanned:], text)
		if _, err := t.f.ReadAt(whole[:t.scanned], t.at()); err != nil {
			return false, err
		}
		text = whole
	}
	f.give(t, text)
	t.scanned = 0
	return true, nil
}

// give hands out text behind off, but for what was given of it already.
func (f *Follower) give(t *tail, text []byte) {
	lines := countLines(text)
	if at := int(t.off); at < headKept && at <= len(t.head) {
		t.head = append(t.head[:at], text[:min(len(text), headKept-at)]...)
	}
	from := min(t.given, len(text))
	if from > 0 && from < len(text) && text[from] == '\n' {
		from++ // the line was handed out but for its end
	}
	if from < len(text) {
		f.out(t, text[from:], t.off+Offset(from), countLines(text[:from]))
	}
	t.given = max(t.given-len(text), 0)
	t.end = append(t.end[:0], text[max(0, len(text)-endKept):]...)
	t.off += Offset(len(text))
	if t.line >= 0 {
		t.line += Line(lines)
	}
	delete(f.holding, t)
}

// out hands out text of a tail that begins so many lines behind off.
func (f *Follower) out(t *tail, text []byte, off Offset, behind int) {
	if f.err != nil {
		return
	}
	line := t.line
	if line >= 0 {
		line += Line(behind)
	}
	f.err = f.emit(&Appended{Log: t.log, Key: t.key, ID: makeID(t.head),
		Block: Block{Text: text, Offset: off, Line: line, Lines: countLines(text)}})
}

// hold hands out an unfinished last line when it has been held long enough.
// One that was there when the following began waits for its end.
func (f *Follower) hold(t *tail) {
	left := t.scanned - int64(t.given)
	if left <= 0 || t.active.IsZero() {
		delete(f.holding, t)
		return
	}
	now := f.opt.Now()
	if !f.holding[t] {
		f.holding[t], t.waiting = true, now
	}
	if now.Sub(t.waiting) < holdFor {
		return
	}
	delete(f.holding, t)
	text := make([]byte, left)
	if n, err := t.f.ReadAt(text, t.at()+int64(t.given)); int64(n) < left && err != nil {
		return // cut off meanwhile; the next look sees it
	}
	f.out(t, text, t.off+Offset(t.given), 0)
	t.given += int(left)
}

// due is how long the first held line is still to be held.
func (f *Follower) due() (time.Duration, bool) {
	if len(f.holding) == 0 {
		return 0, false
	}
	left := holdFor
	for t := range f.holding {
		left = min(left, t.waiting.Add(holdFor).Sub(f.opt.Now()))
	}
	return max(left, 0), true
}

// toConvert goes on with a file whose bytes turn out not to be its text.
func (f *Follower) toConvert(t *tail) error {
	b, err := openFile(context.Background(), t.Member)
	if err != nil {
		return err
	}
	t.f.Close()
	t.f, t.blocks = nil, b
	return f.convert(b.ctx, t)
}

// convert hands out what is new of a text that is not the file's bytes.
func (f *Follower) convert(ctx context.Context, t *tail) error {
	info, err := t.blocks.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < t.blocks.t.src.n {
		f.cut(ctx, t)
		return nil
	}
	if info.Size() != t.size {
		t.active = f.opt.Now()
	}
	t.size, t.mod = info.Size(), info.ModTime()
	for f.err == nil {
		b := f.buf
		if err := t.blocks.Next(b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		text := b.Text[max(0, int(t.off-b.Offset)):] // a line that was there without its end comes again
		if end := bytes.LastIndexByte(text, '\n') + 1; end > 0 || b.Unfinished {
			if b.Unfinished && end == 0 {
				end = len(text)
			}
			f.give(t, text[:end])
		}
	}
	return f.err
}

// cut begins a file anew that was cut off, or written over. What it held
// that was not handed out is in a copy of it, if whoever cut it made one.
func (f *Follower) cut(ctx context.Context, t *tail) {
	if m, ok := f.copyOf(t); ok {
		if err := f.whole(ctx, &tail{Member: m, key: t.key, log: t.log, head: t.head, line: t.line}, Pos{Offset: t.off, Line: t.line}); err != nil {
			f.note(m.Path, err)
		}
	} else if f.opt.Note != nil {
		f.note(t.Path, fmt.Errorf("was cut off; following it from its new beginning"))
	}
	if t.blocks != nil {
		t.blocks.Close()
		t.blocks = nil
	}
	// By how the text began its copy is known, also when it is looked at later
	// or once more.
	f.gone = append(f.gone, &tail{log: t.log, head: bytes.Clone(t.head), off: -1, active: f.opt.Now()})
	t.off, t.line, t.given, t.scanned, t.bom = 0, 0, 0, 0, 0
	t.head, t.end, t.size = t.head[:0], t.end[:0], -1
	delete(f.holding, t)
}

// whole hands out a file's text from a position to its end.
func (f *Follower) whole(ctx context.Context, t *tail, from Pos) error {
	b, err := openFile(ctx, t.Member)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.seek(from); err != nil {
		if errors.Is(err, ErrGone) {
			return nil // the copy ends before that
		}
		return err
	}
	blk := f.buf
	for f.err == nil {
		if err := b.Next(blk); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		line := t.line
		if line >= 0 {
			line = blk.Line
		}
		f.err = f.emit(&Appended{Log: t.log, Key: t.key, ID: b.ID(), Block: Block{Text: blk.Text, Offset: blk.Offset, Line: line, Lines: blk.Lines}})
	}
	return f.err
}

func (t *tail) close() {
	if t.f != nil {
		t.f.Close()
		t.f = nil
	}
	if t.blocks != nil {
		t.blocks.Close()
		t.blocks = nil
	}
}
