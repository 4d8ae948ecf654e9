package follow

import (
	"bytes"
	"hash/maphash"
	"io"
	"iter"
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
const longestWait = 4 * time.Second

// isUnique reports whether text is written only once: it has several different lines with a
// time, or a few with two times. Fewer may be a banner, such as the dates of a build and of a
// license. A time of day without a date may be written each day, or count from the start of
// a program.
func isUnique(text []byte) bool {
	const few, several = 3, 5
	clock := line.Clock{Zone: time.UTC}
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
func (p *progress) isUnique() bool { return p.isUniqueText(p.lastLines(p.recent)) }

// isUniqueText reports whether lines of the text, before conversion to UTF-8, are written
// only once.
func (p *progress) isUniqueText(raw []byte) bool {
	if p.charset.Wide() {
		raw = raw[len(raw)%2:]
	}
	return isUnique(p.charset.Decode(bytes.Clone(raw)))
}

// atTail returns the progress of the text in a file that has its last lines in another place,
// and false unless they are written only once and what precedes them is the same, too.
func (p *progress) atTail(file io.ReaderAt, size int64) (q progress, ok bool) {
	q = p.clone()
	if !q.goToTail(file, size) {
		return q, false
	}
	shared := q.recent[max(0, len(q.recent)-len(p.recent)):]
	return q, bytes.HasSuffix(p.recent, shared) && q.isUniqueText(shared)
}

// afterKnown returns the progress of the text in a file of some size, from after the last line
// there that is one of the last lines of the text, and false unless the file has lines of
// those that are written only once: the text was filtered.
func (p *progress) afterKnown(file io.ReaderAt, size int64) (q progress, ok bool) {
	known := map[uint64]bool{}
	for _, sum := range append(p.lineSums(p.recent), p.lines...) {
		known[sum] = true
	}
	tail := make([]byte, min(size, searchedFor))
	from := size - int64(len(tail))
	if n, err := file.ReadAt(tail, from); n < len(tail) && err != nil {
		return q, false
	}
	var shared []byte
	at := 0
	for i := 0; i < len(tail); {
		n := p.charset.FirstLineEnd(tail[i:])
		if n == 0 {
			break
		}
		l := tail[i:][:n]
		if i += n; known[maphash.Bytes(markSeed, l)] {
			shared = append(shared, l...)
			at = i
		}
	}
	if at == 0 || !p.isUniqueText(shared) {
		return q, false
	}
	q = p.clone()
	return q, q.continueAt(file, from+int64(at)) == nil
}

// foundIn returns the progress of the text in a file of some size that has lines of it, and
// false unless these are written only once.
func (p *progress) foundIn(file io.ReaderAt, size int64) (q progress, ok bool) {
	if q = p.clone(); q.isHeldBy(file, size) {
		return q, q.isUnique()
	}
	if q, ok = p.atTail(file, size); ok {
		return q, true
	}
	if q, ok = p.afterKnown(file, size); ok {
		return q, true
	}
	q = p.clone()
	q.rewind(file, size)
	return q, q.at > 0 && q.isUnique()
}

// isEarlier reports whether the lines at the beginning of a file that have a time are all
// older than the last line of the text: they may be lines of it.
func (p *progress) isEarlier(file io.ReaderAt, size int64) bool {
	clock := line.Clock{Zone: time.UTC}
	last, ok := p.lastTime()
	if !ok {
		return false
	}
	var text []byte
	for _, l := range p.linesOf(file, 0, min(size, tailKept)) {
		text = append(text, l...)
	}
	k := clock.Survey(text, false)
	return !k.First.IsZero() && k.Inferred != reader.InferredDate && k.Last.Before(last)
}

// mayBeIn reports whether a file of some size, which does not hold the text, may have lines
// of it.
func (p *progress) mayBeIn(file io.ReaderAt, size int64) bool {
	_, known := p.sharedBeginning(file, size)
	_, filtered := p.afterKnown(file, size)
	return known || filtered || p.isEarlier(file, size)
}

// returnTo goes back to where t's file, which is of some size, may still hold the text, as rewind
// does. If the file was empty in between, what it holds may be what a program writes each time: a
// banner, or the first lines of a report. Then returnTo goes back to the start.
func (p *progress) returnTo(t *followed, size int64) {
	if p.rewind(t.f, size); t.left == 0 && p.at > 0 && p.at <= longestBanner && !p.isUnique() {
		p.restart()
	}
}

// longestBanner is how long a beginning may be that a program writes each time it starts.
const longestBanner = 64 << 10

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
		return int64(bom + k), p.isUniqueText(text[:k])
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
	q, ended := p.atTail(t.f, size)
	if !ended && !p.mayBeIn(t.f, size) {
		delete(f.holding, t)
		t.earlier = nil
		return false
	}
	if q = p.clone(); !q.isHeldBy(t.f, size) {
		now := f.opt.Now()
		if t.waiting.IsZero() {
			t.waiting = now
		}
		wait := longestWait
		if !known {
			wait = holdFor // it may be another text, with older times
		}
		if !f.holding[t] || grown && now.Sub(t.waiting)+holdFor < wait {
			f.holding[t], t.since = true, now
		}
		// A line that is newer than the last one that was emitted ends the rewritten part.
		last, timed := p.lastTime()
		newer := size
		if timed {
			newer = p.firstAfter(last, t.f, size, max(shared, min(t.left, p.lastLinesAt(t.f, size))), size)
		}
		if newer == size && !ended && now.Sub(t.since) < holdFor {
			return true
		}
		if x, ok := p.atTail(t.f, size); ok {
			q = x
		} else if x, ok := p.afterKnown(t.f, size); ok {
			q = x
		} else if q.returnTo(t, size); q.at > 0 && timed { // a mark may be much earlier
			if at := p.firstAfter(last.Add(-1), t.f, size, q.at, t.left); at > q.at && q.continueAt(t.f, at) != nil {
				q = t.progress
			}
		} else if q.at == 0 && known {
			q = p.clone()
			at := shared
			if timed && shared >= int64(len(p.head))-int64(longestHeadLine) { // as far as it is known
				at = p.firstAfter(last, t.f, size, shared, t.left)
			}
			if q.continueAt(t.f, at) != nil {
				q = t.progress
			}
		}
		if q.at > 0 || t.reason != errEdited {
			f.note(t.Path, &reader.FileError{Path: t.Path, Offset: q.at, Err: t.reason})
		}
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

// lastTime returns the time of the last line that was emitted and has one. Times without a
// zone are compared as those of UTC.
func (p *progress) lastTime() (last time.Time, found bool) {
	clock := line.Clock{Zone: time.UTC}
	last, found = p.newest, !p.newest.IsZero()
	text := p.recent
	if int64(len(text)) < p.at-int64(p.bom) {
		text = text[p.charset.FirstLineEnd(text):] // from it, the form of the times is learned
	}
	for l := range bytes.Lines(p.charset.Decode(bytes.Clone(text))) {
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

// lastLinesAt returns the position of the last lines of a file of some size, about as many as
// are kept of a text.
func (p *progress) lastLinesAt(file io.ReaderAt, size int64) int64 {
	end := textSize(file, size)
	b := make([]byte, min(end, searchedFor))
	if _, err := file.ReadAt(b, end-int64(len(b))); err != nil {
		return end
	}
	return end - int64(len(b)-p.charset.LineEnd(b[:max(0, len(b)-tailKept)]))
}

// firstAfter returns the position of the first line of a file from from on that has a time
// after last, or ends after left; size if there is none.
func (p *progress) firstAfter(last time.Time, file io.ReaderAt, size, from, left int64) int64 {
	clock := line.Clock{Zone: time.UTC}
	before := from
	for at, l := range p.linesOf(file, from, size) {
		if at > left { // the line before ends after it
			return before
		}
		if t, ok := clock.Time(bytes.TrimRight(l, "\r\n")); ok && t.After(last) {
			return at
		}
		before = at
	}
	if size > left {
		return before
	}
	return size
}

// linesOf returns the lines of a file between two positions, converted to UTF-8, and where
// each begins. Of a long line it returns only the beginning. A line is valid until the next.
func (p *progress) linesOf(file io.ReaderAt, from, to int64) iter.Seq2[int64, []byte] {
	return func(yield func(int64, []byte) bool) {
		buf := make([]byte, 64<<10)
		for begins := true; from < to; {
			n, _ := file.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
			if n == 0 {
				return
			}
			for at := 0; at < n; {
				end := p.charset.FirstLineEnd(buf[at:n])
				if end == 0 && at > 0 && from+int64(n) < to {
					n = at // the rest is read again
					break
				}
				whole := end > 0
				if !whole {
					end = n - at
				}
				l := buf[at:][:end]
				if !p.charset.Bytewise() {
					l = p.charset.Decode(bytes.Clone(l))
				}
				if begins && !yield(from+int64(at), l) {
					return
				}
				at, begins = at+end, whole
			}
			from += int64(n)
		}
	}
}
