package follow

import (
	"bufio"
	"bytes"
	"io"
	"time"

	"logview/reader"
	"logview/reader/line"
)

// This file recognises a text that is rewritten: into its own file after that was
// cut off, as some editors and cp do, or into another file at the same path.
//
// That two texts begin or end alike does not show that they are one, because programs
// write headers and banners each time they start, and the same lines several times a
// second. Lines with several times do, because a program that starts again writes other
// times.

// longestWait is how long a text that is being rewritten is waited for while it grows.
const longestWait = 3 * time.Second

// isUnique reports whether text is written only once: it has several different lines with a
// time, or a few with two times. Fewer may be a banner, such as the dates of a build and of a
// license. A time of day without a date may be written each day, or count from the start of
// a program.
func isUnique(text []byte) bool {
	const few, several = 3, 5
	var clock line.Clock
	k := clock.Survey(text, false)
	if k.First.IsZero() || k.Inferred == reader.InferredDate {
		return false
	}
	seen := map[string]bool{}
	for l := range bytes.Lines(text) {
		if _, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok {
			seen[string(l)] = true
		}
	}
	return len(seen) >= several || len(seen) >= few && !k.First.Equal(k.Last)
}

// isUnique reports whether the last lines that were emitted are written only once.
func (p *progress) isUnique() bool {
	last := p.recent[max(0, len(p.recent)-markBytes):]
	if p.charset.Wide() {
		last = last[len(last)%2:]
	}
	return isUnique(p.charset.Decode(bytes.Clone(last)))
}

// atTail returns the progress of the text in a file that has its last lines in another place,
// and false unless they are written only once and what precedes them is the same, too.
func (p *progress) atTail(file io.ReaderAt, size int64) (q progress, ok bool) {
	q = p.clone()
	ok = q.goToTail(file, size) && bytes.HasSuffix(p.recent, q.recent) && q.isUnique()
	return q, ok
}

// sharedBeginning returns how many bytes of lines a file of some size begins with that the
// text begins with, or has among its last lines, and false unless these are written only
// once.
func (p *progress) sharedBeginning(file io.ReaderAt, size int64) (n int64, ok bool) {
	now := make([]byte, min(size, recentKept))
	if k, err := file.ReadAt(now, 0); k < len(now) && err != nil {
		return 0, false
	}
	bom := min(p.bom, len(now))
	text := now[bom:]
	shared := func(old []byte) (int64, bool) {
		k := 0
		for k < min(len(text), len(old)) && text[k] == old[k] {
			k++
		}
		k = p.charset.LineEnd(text[:k])
		return int64(bom + k), isUnique(p.charset.Decode(bytes.Clone(text[:k])))
	}
	if len(p.head) > bom && bytes.Equal(now[:bom], p.head[:bom]) {
		if n, ok := shared(p.head[bom:]); ok {
			return n, true
		}
	}
	first := text[:p.charset.FirstLineEnd(text)]
	if len(first) == 0 {
		return 0, false
	}
	for from := 0; ; {
		i := bytes.Index(p.recent[from:], first)
		if i < 0 {
			return 0, false
		}
		from += i
		if from == 0 || p.charset.EndsLine(p.recent[:from]) {
			return shared(p.recent[from:])
		}
		from++
	}
}

// mayContinue says that t may hold the text p again. left is its size if it was just
// cut off: what it has then are lines of p, unless they are newer. reason is noted if t has
// the text, but not all of its lines.
func (t *followed) mayContinue(p *progress, left int64, reason error) {
	if p.at > 0 {
		t.left = left
		q := p.clone()
		t.earlier, t.reason, t.waiting = &q, reason, time.Time{}
	}
}

// resume decides whether t has another text now or t.earlier, rewritten, and in
// the latter case continues after what is known of that. While it is still being written,
// resume reports true: nothing is to be read yet. Only a text that begins with lines of
// t.earlier that are written only once is waited for.
func (f *Follower) resume(t *followed, size int64, grown bool) (wait bool) {
	p := t.earlier
	switch {
	case t.at > 0: // it was decided when its first lines were emitted
		t.earlier = nil
		return false
	case size == 0:
		return true
	}
	shared, known := p.sharedBeginning(t.f, size)
	if !known {
		delete(f.holding, t)
		t.earlier = nil
		return false
	}
	q := p.clone()
	if !q.isHeldBy(t.f, size) {
		now := f.opt.Now()
		if t.waiting.IsZero() {
			t.waiting = now
		}
		if !f.holding[t] || grown && now.Sub(t.waiting) < longestWait {
			f.holding[t], t.since = true, now
		}
		// A line that is newer than the last one that was emitted ends the rewritten part.
		newer := size
		if _, known := p.lastTime(new(line.Clock)); known && !p.charset.Wide() {
			newer = p.afterLast(t.f, size, max(shared, t.left), size)
		}
		if newer == size && now.Sub(t.since) < holdFor {
			return true
		}
		if x, ok := p.atTail(t.f, size); ok {
			q = x
		} else if q.rewind(t.f, size); q.at == 0 {
			q = p.clone()
			at := shared
			if shared >= int64(len(p.head))-int64(longestHeadLine) { // as far as it is known
				at = p.afterLast(t.f, size, shared, t.left)
			}
			if q.continueAt(t.f, at) != nil {
				q = t.progress
			}
		}
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: q.at, Err: t.reason})
	}
	q.key, q.log = t.key, t.log
	delete(f.holding, t)
	q.scanned, q.zeros = 0, 0
	t.progress, t.earlier = q, nil
	return false
}

// longestHeadLine is how long the line may be in which what is known of the beginning of a
// text ends.
const longestHeadLine = 512

// lastTime returns the time of the last line that was emitted and has one.
func (p *progress) lastTime(clock *line.Clock) (last time.Time, found bool) {
	for l := range bytes.Lines(p.charset.Decode(bytes.Clone(p.recent))) {
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok {
			last, found = t, true
		}
	}
	return last, found
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
// than the last line of the text that has a time, or ends after left; size if there is none,
// and from if no line of the text has a time. It knows only of lines in which a newline is a byte.
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
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); begins && (ok && t.After(last) || at+int64(len(l)) > left) {
			return at
		}
		at += int64(len(l))
		if begins = err == nil; err != nil && err != bufio.ErrBufferFull {
			return size
		}
	}
}
