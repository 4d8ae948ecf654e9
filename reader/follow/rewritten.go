package follow

import (
	"bufio"
	"bytes"
	"io"
	"time"

	"logview/reader"
	"logview/reader/line"
)

// This file recognises a text that is written once more: into its own file after that was
// cut off, as some editors and cp do, or into another file at the same path.
//
// That two texts begin or end alike does not show that they are one, because programs
// write headers and banners each time they start. Lines with times do, because a program
// that starts again writes other times.

// longestWait is how long a text that is written once more is waited for while it grows.
const longestWait = 10 * time.Second

// hasTime reports whether a line of text has a time.
func hasTime(text []byte) bool {
	var clock line.Clock
	for l := range bytes.Lines(text) {
		if _, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok {
			return true
		}
	}
	return false
}

// isTimed reports whether one of the last lines that were emitted has a time.
func (p *progress) isTimed() bool {
	last := p.recent[max(0, len(p.recent)-markBytes):]
	if p.charset.Wide() {
		last = last[len(last)%2:]
	}
	return hasTime(p.charset.Decode(bytes.Clone(last)))
}

// sharedBeginning returns the lines of the text, before conversion, with which a file of
// some size begins. open says that all that the file has is the beginning of the text, as
// far as that is known.
func (p *progress) sharedBeginning(file io.ReaderAt, size int64) (shared []byte, open bool) {
	now := make([]byte, min(size, int64(len(p.head))))
	if k, err := file.ReadAt(now, 0); k < len(now) && err != nil {
		return nil, false
	}
	n := 0
	for n < len(now) && now[n] == p.head[n] {
		n++
	}
	return now[:p.charset.LineEnd(now[:n])], n == len(now)
}

// mayContinue says that t may have the text p once more. left is its size if it was just
// cut off: what it has then are lines of p, unless they are newer. reason is noted if t has
// the text, but not all of its lines.
func (t *followed) mayContinue(p *progress, left int64, reason error) {
	if p.at > 0 {
		t.left = left
		q := p.clone()
		t.earlier, t.reason, t.waiting = &q, reason, time.Time{}
	}
}

// resume decides whether t has another text now or t.earlier, written once more, and in
// the latter case continues after what is known of that. While it is still being written,
// resume reports true: nothing is to be read yet.
func (f *Follower) resume(t *followed, size int64, grown bool) (wait bool) {
	p := t.earlier
	switch {
	case t.at > 0: // it was decided when its first lines were emitted
		t.earlier = nil
		return false
	case size == 0:
		return false
	}
	shared, open := p.sharedBeginning(t.f, size)
	same := hasTime(p.charset.Decode(shared[min(p.bom, len(shared)):]))
	if !same && !p.isNewerThan(t.f, size) {
		if !open {
			t.earlier = nil
		}
		return false
	}
	q := p.clone()
	q.key, q.log = t.key, t.log
	if !q.isHeldBy(t.f, size) {
		now := f.opt.Now()
		if t.waiting.IsZero() {
			t.waiting = now
		}
		if !f.holding[t] || grown && same && now.Sub(t.waiting) < longestWait {
			f.holding[t], t.since = true, now
		}
		if now.Sub(t.since) < holdFor {
			return true
		}
		if !same && !(q.goToTail(t.f, size) && q.isTimed()) {
			// It begins with an older line, but has other ones.
			delete(f.holding, t)
			t.earlier = nil
			return false
		}
		if same {
			q.rewind(t.f, size)
		}
		if q.at == 0 {
			q = p.clone()
			q.key, q.log = t.key, t.log
			at := q.afterLast(t.f, size, int64(len(shared)), t.left)
			if q.continueAt(t.f, at) != nil {
				q = t.progress
			}
		}
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: q.at, Err: t.reason})
	}
	delete(f.holding, t)
	q.scanned, q.zeros = 0, 0
	t.progress, t.earlier = q, nil
	return false
}

// lastTime returns the time of the last line that was emitted and has one.
func (p *progress) lastTime(clock *line.Clock) (last time.Time, found bool) {
	for l := range bytes.Lines(p.charset.Decode(bytes.Clone(p.recent))) {
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok {
			last, found = t, true
		}
	}
	return last, found
}

// isNewerThan reports whether the last line that was emitted is not older than the first of
// a file of some size.
func (p *progress) isNewerThan(file io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4<<10))
	if k, err := file.ReadAt(head, 0); k < len(head) && err != nil {
		return false
	}
	var clock line.Clock
	last, ok := p.lastTime(&clock)
	if !ok {
		return false
	}
	for l := range bytes.Lines(p.charset.Decode(head[:p.charset.LineEnd(head)])) {
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok {
			return !t.After(last)
		}
	}
	return false
}

// continueAt makes p continue at a position of a file, which has other lines than the text.
func (p *progress) continueAt(file io.ReaderAt, at int64) error {
	offset, err := p.textOffset(file, at)
	if err != nil {
		return err
	}
	p.offset, p.line = offset, -1
	return p.begin(file, at)
}

// textOffset returns the offset in the converted text of a position in its file.
func (p *progress) textOffset(file io.ReaderAt, at int64) (reader.Offset, error) {
	if p.charset.Bytewise() {
		return reader.Offset(max(0, at-int64(p.bom))), nil
	}
	n, err := io.Copy(io.Discard, p.charset.Reader(io.NewSectionReader(file, int64(p.bom), max(0, at-int64(p.bom)))))
	return reader.Offset(n), err
}

// afterLast returns the position of the first line of a file from from on that is newer
// than the last line of the text that has a time, or ends after left and is as old; size if there
// is none. It knows only of lines in which a newline is a byte.
func (p *progress) afterLast(file io.ReaderAt, size, from, left int64) int64 {
	var clock line.Clock
	last, ok := p.lastTime(&clock)
	if !ok || p.charset.Wide() {
		return from
	}
	r := bufio.NewReaderSize(io.NewSectionReader(file, from, size-from), 64<<10)
	at, begins := from, true
	for {
		l, err := r.ReadSlice('\n')
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); begins && ok && (t.After(last) || at+int64(len(l)) > left && t.Equal(last)) {
			return at
		}
		at += int64(len(l))
		if begins = err == nil; err != nil && err != bufio.ErrBufferFull {
			return size
		}
	}
}
