package follow

import (
	"bytes"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
)

// A progress is how much of a text was emitted, and how to recognise it.
// Positions count the bytes of the decompressed file, before conversion to
// UTF-8.
type progress struct {
	key     int64  // distinguishes texts
	log     string // the name of the log
	charset decode.Charset
	bom     int

	at      int64         // everything before was emitted, or written before the following began
	existed int64         // how much of it was written before the following began, as far as it is known
	offset  reader.Offset // of at, in the converted text
	line    reader.Line   // of at; -1 if it is not known
	mid     bool          // at is inside a line whose beginning was emitted
	since   time.Time     // when an unfinished last line began to be held
	aged    aged          // how much was emitted a while ago

	// Between at and at+scanned there is no newline. From there to zeros, if
	// that is not 0, the file holds only NULs: it was preallocated, or is
	// padded. Both are looked at again when the file changes.
	scanned int64
	zeros   int64
	run     int64 // NULs before at, for which the next line gets a marker

	// The text is recognised by its first bytes, the last ones before at, and
	// hashes of the bytes before some positions, the last of which is at.
	head   []byte
	recent []byte
	newest time.Time // of the lines before recent, if it is known
	marks  []mark
	lines  []uint64 // hashes of the last lines, where recent has fewer
}

// A mark is a position in a text where a line ends, and a hash of what
// precedes it.
type mark struct {
	at     int64
	offset reader.Offset
	line   reader.Line
	sum    uint64 // of the last markBytes bytes before at, or of all if there are fewer
}

const (
	headKept = 1 << 10
	// recentKept is how many of the last bytes are kept of a text that is being
	// written. A copy that was made before its file was cut off ends there.
	recentKept = 64 << 10
	// markBytes is how many bytes a mark hashes. The last hundred bytes of many
	// lines in access logs are the same, or more.
	markBytes = 512
	maxMarks  = 96
	// linesKept is how many of the last lines are kept of a text that is quiet, if they have
	// at most tailKept bytes: as many as show that a text is written once more. Of
	// sumsKept lines hashes are kept.
	linesKept = 6
	tailKept  = 8 << 10
	sumsKept  = 256
	// searchedFor is how much of the end of a file is searched for lines.
	searchedFor = 1 << 20
)

var markSeed = maphash.MakeSeed()

// aged says how much of a text was emitted some time ago.
type aged struct {
	at    int64     // was emitted agedFor before noted, or earlier
	later int64     // was emitted before noted
	noted time.Time // zero if nothing was emitted
}

// agedFor is how long before a file appears a line must have been emitted to show that the file is a
// copy. Two logs get the same lines at nearly the same time.
const agedFor = 5 * time.Second

// record records that a text was emitted up to at, when more of it is about to be.
func (a *aged) record(at int64, now time.Time) {
	if a.noted.IsZero() || now.Sub(a.noted) >= agedFor {
		a.at, a.later, a.noted = a.later, at, now
	}
}

// before returns how much of the text was emitted agedFor before now or earlier, or written
// before the following began. written is when its file was written last.
func (p *progress) before(now, written time.Time) int64 {
	at := p.aged.at
	switch {
	case now.Sub(written) >= agedFor:
		at = p.at
	case now.Sub(p.aged.noted) >= agedFor:
		at = p.aged.later
	}
	return min(max(at, p.existed), p.at)
}

// clone returns a copy of a progress.
func (p *progress) clone() progress {
	q := *p
	q.head, q.marks, q.recent, q.lines = bytes.Clone(p.head), slices.Clone(p.marks), bytes.Clone(p.recent), slices.Clone(p.lines)
	return q
}

// advance notes that raw, which begins at at and has size bytes of text in some
// lines, was emitted.
func (p *progress) advance(raw []byte, size reader.Offset, lines int) {
	if p.at < headKept && p.at == int64(len(p.head)) {
		p.head = append(p.head, raw[:min(len(raw), headKept-len(p.head))]...)
	}
	p.at += int64(len(raw))
	p.offset += size
	if p.line >= 0 {
		p.line += reader.Line(lines)
	}
	if keep := recentKept - len(raw); keep <= 0 {
		p.recent = append(p.recent[:0], raw[len(raw)-recentKept:]...)
	} else {
		p.recent = append(p.recent[:copy(p.recent, p.recent[max(0, len(p.recent)-keep):])], raw...)
	}
	p.mid = !p.charset.EndsLine(p.recent)
	p.mark(p.recent, p.at, p.offset, p.line)
}

// mark adds a mark at a position of the text; before is what precedes it.
func (p *progress) mark(before []byte, at int64, offset reader.Offset, line reader.Line) {
	m := mark{at: at, offset: offset, line: line, sum: maphash.Bytes(markSeed, before[max(0, len(before)-markBytes):])}
	if n := len(p.marks); n > 0 && p.marks[n-1].at == at {
		p.marks[n-1] = m
		return
	}
	if p.marks = append(p.marks, m); len(p.marks) > maxMarks {
		// Thin out the older half, so that all of the text keeps some marks.
		kept := p.marks[:0]
		for i, m := range p.marks {
			if i >= maxMarks/2 || i%2 == 0 {
				kept = append(kept, m)
			}
		}
		p.marks = kept
	}
}

// begin makes following begin at at. It reads from the file what is needed to
// recognise its text later.
func (p *progress) begin(file io.ReaderAt, at int64) error {
	p.scanned, p.zeros, p.run = 0, 0, 0
	p.head = make([]byte, min(at, headKept))
	if _, err := file.ReadAt(p.head, 0); err != nil && len(p.head) > 0 {
		return err
	}
	last := make([]byte, min(at, tailKept))
	if _, err := file.ReadAt(last, at-int64(len(last))); err != nil && len(last) > 0 {
		return err
	}
	tail := last[max(0, len(last)-3*markBytes):]
	p.marks = nil
	// The file may later be truncated at one of its last lines.
	i := 0
	if int64(len(tail)) < at {
		i = markBytes // so much has to be before a mark
	}
	for {
		k := p.charset.FirstLineEnd(tail[i:])
		if i += k; k == 0 || i == len(tail) {
			break
		}
		left := reader.Offset(len(tail) - i)
		if !p.charset.Bytewise() {
			left = reader.Offset(len(p.charset.Decode(bytes.Clone(tail[i:]))))
		}
		p.mark(tail[:i], at-int64(len(tail)-i), p.offset-left, -1)
	}
	p.at = at
	p.mid = at > int64(p.bom) && !p.charset.EndsLine(tail)
	if at > 0 {
		p.mark(tail, at, p.offset, p.line)
	}
	p.marks = slices.Clone(p.marks) // of their exact size: most files stay quiet
	p.recent, p.newest = bytes.Clone(p.lastLines(last)), time.Time{}
	p.lines = p.lineSums(last)
	return nil
}

// lineSums returns hashes of the last lines of a text that ends with last.
func (p *progress) lineSums(last []byte) []uint64 {
	var out []uint64
	for end := p.charset.LineEnd(last); end > 0 && len(out) < sumsKept; {
		begin := p.charset.LineEnd(last[:end-len(p.charset.Newline())])
		out = append(out, maphash.Bytes(markSeed, last[begin:end]))
		end = begin
	}
	return slices.Clip(out)
}

// lastLines returns what is kept of the last bytes of a text while it is quiet: those that
// marks are made of, and the last lines.
func (p *progress) lastLines(last []byte) []byte {
	at := len(last)
	for range linesKept {
		at = p.charset.LineEnd(last[:max(0, at-len(p.charset.Newline()))])
	}
	return last[max(0, min(at, len(last)-markBytes), len(last)-tailKept):]
}

// shrink keeps only the last lines of the last bytes. Nothing was written lately, so no copy
// ends in the others.
func (p *progress) shrink() {
	if last := p.lastLines(p.recent); len(last) < len(p.recent) {
		p.newest, _ = p.lastTime()
		p.lines = p.lineSums(p.recent)
		p.recent = bytes.Clone(last)
	}
}

// loadTail reads the last bytes before at, which marks are made of, unless they
// are known.
func (p *progress) loadTail(file io.ReaderAt) error {
	n := min(p.at, markBytes)
	if int64(len(p.recent)) >= n {
		return nil
	}
	p.recent = make([]byte, n)
	_, err := file.ReadAt(p.recent, p.at-n)
	return err
}

// isHeldBy reports whether a file of some size holds all of the text that was
// emitted, judging by its beginning and its marks.
func (p *progress) isHeldBy(file io.ReaderAt, size int64) bool {
	if size < p.at || !p.matchesBeginning(file, p.at) {
		return false
	}
	return p.at == 0 || len(p.marks) == 0 || p.marks[len(p.marks)-1].matches(file)
}

// equal reports whether q, which may be nil, is the same text as p and was
// emitted to the same position.
func (p *progress) equal(q *progress) bool {
	return q == p || q != nil && q.at == p.at && len(p.marks) > 0 && len(q.marks) > 0 && p.marks[len(p.marks)-1].sum == q.marks[len(q.marks)-1].sum
}

// covers reports whether a text that begins like this one and ends with w is a
// beginning of the emitted part, judging by its last bytes.
func (p *progress) covers(w *window) bool {
	known := min(int64(len(w.tail)), markBytes, w.end)
	from := p.at - int64(len(p.recent))
	if w.end < likeness || w.end > p.at || w.end-known < from {
		return false
	}
	return bytes.Equal(w.tail[int64(len(w.tail))-known:], p.recent[w.end-known-from:w.end-from])
}

// matchesBeginning reports whether a file begins as the text does, as far as
// that is known and not beyond n bytes.
func (p *progress) matchesBeginning(file io.ReaderAt, n int64) bool {
	head := p.head[:min(int64(len(p.head)), n)]
	b := make([]byte, len(head))
	if k, err := file.ReadAt(b, 0); k < len(b) && err != nil {
		return false
	}
	return bytes.Equal(b, head)
}

// matches reports whether the bytes before a mark are in a file.
func (m mark) matches(file io.ReaderAt) bool {
	b := make([]byte, min(m.at, markBytes))
	if k, err := file.ReadAt(b, m.at-int64(len(b))); k < len(b) && err != nil {
		return false
	}
	return maphash.Bytes(markSeed, b) == m.sum
}

// rewind goes back to where a file of some size may still hold the text that
// was emitted: to the line in which it begins to differ, if that is among
// the last that were emitted, otherwise to the last mark that agrees with
// it, or to its start. Of a text whose lines have times it goes back to the start if
// only lines without are left, for these may be the header of two texts.
func (p *progress) rewind(file io.ReaderAt, size int64) {
	_, timed := p.lastTime()
	p.rewindTo(file, size)
	p.newest = time.Time{}
	if _, left := p.lastTime(); timed && !left && p.at <= longestBanner {
		p.restart()
	}
}

// rewindTo goes back as rewind does, whatever is left.
func (p *progress) rewindTo(file io.ReaderAt, size int64) {
	p.scanned, p.zeros, p.run = 0, 0, 0
	if at, ok := p.commonEnd(file, size); ok && p.goTo(file, at) == nil {
		return
	}
	if p.goToTail(file, size) {
		return
	}
	for n := len(p.marks); n > 0; n-- {
		m := p.marks[n-1]
		if m.at > size || !m.matches(file) || !p.matchesBeginning(file, m.at) {
			continue
		}
		recent := make([]byte, min(m.at, markBytes))
		if _, err := file.ReadAt(recent, m.at-int64(len(recent))); err != nil {
			break
		}
		p.marks, p.recent = p.marks[:n], recent
		p.at, p.offset, p.line = m.at, m.offset, m.line
		p.head = p.head[:min(int64(len(p.head)), m.at)]
		p.mid = !p.charset.EndsLine(recent)
		return
	}
	if size > 0 && size <= int64(len(p.head)) && p.matchesBeginning(file, size) {
		// All that is left is the beginning.
		p.offset, p.line = reader.Offset(max(0, size-int64(p.bom))), -1
		if p.begin(file, size) == nil {
			return
		}
	}
	p.restart()
}

// restart goes back to the start of the text.
func (p *progress) restart() {
	p.at, p.existed, p.offset, p.line, p.mid = 0, 0, 0, 0, false
	p.head, p.marks, p.recent, p.newest, p.lines = nil, nil, nil, time.Time{}, nil
}

// commonEnd returns the position up to which a file has the last bytes that
// were emitted: its end, or the beginning of the line in which it differs. It
// reports false if the file differs in all of them or ends before them.
func (p *progress) commonEnd(file io.ReaderAt, size int64) (int64, bool) {
	from := p.at - int64(len(p.recent))
	n := min(size, p.at) - from
	if n <= 0 || !p.matchesBeginning(file, from) {
		return 0, false
	}
	now := make([]byte, n)
	if k, err := file.ReadAt(now, from); k < len(now) && err != nil {
		return 0, false
	}
	same := 0
	for same < len(now) && now[same] == p.recent[same] {
		same++
	}
	if from > 0 && same < markBytes {
		return 0, false // it is another text, differs earlier, or has too little in common
	}
	if from+int64(same) < size || same < likeness || p.charset.Wide() && same%2 != 0 {
		same = p.charset.LineEnd(p.recent[:same])
	}
	return from + int64(same), same > 0
}

// goToTail continues after the last lines that were emitted, if findTail finds them, and
// reports whether it does.
func (p *progress) goToTail(file io.ReaderAt, size int64) bool {
	at, ok := p.findTail(file, size)
	if !ok {
		return false
	}
	return p.continueAt(file, at) == nil
}

// findTail finds the last lines that were emitted in another place of a file,
// near its end, and returns what follows them: the beginning of the file was
// removed. It finds none if the last two are the same, for otherwise they may have been
// written once more.
func (p *progress) findTail(file io.ReaderAt, size int64) (int64, bool) {
	if p.mid || len(p.recent) == 0 {
		return 0, false
	}
	// The last lines, as many as are not likely to be there by chance.
	newline := len(p.charset.Newline())
	starts := []int{len(p.recent)}
	for n := 0; n < 2 || len(p.recent)-starts[n] < likeness; n++ {
		i := p.charset.LineEnd(p.recent[:max(0, starts[n]-newline)])
		if i == 0 {
			return 0, false
		}
		starts = append(starts, i)
	}
	if bytes.Equal(p.recent[starts[1]:], p.recent[starts[2]:starts[1]]) {
		return 0, false
	}
	last := p.recent[starts[len(starts)-1]:]
	tail := make([]byte, min(size, searchedFor))
	if n, err := file.ReadAt(tail, size-int64(len(tail))); n < len(tail) && err != nil {
		return 0, false
	}
	i := bytes.LastIndex(tail, last)
	if i < 0 || i > 0 && !p.charset.EndsLine(tail[:i]) && size-int64(len(tail)-i) != int64(p.bom) {
		return 0, false
	}
	return size - int64(len(tail)-i-len(last)), true
}

// goTo goes back to a position among the last bytes that were emitted.
func (p *progress) goTo(file io.ReaderAt, at int64) error {
	keep := len(p.recent) - int(p.at-at)
	again := p.charset.Decode(bytes.Clone(p.recent[keep:]))
	recent := make([]byte, max(int64(keep), min(at, markBytes)))
	if _, err := file.ReadAt(recent, at-int64(len(recent))); err != nil {
		return err
	}
	if p.line >= 0 {
		p.line -= reader.Line(reader.CountLines(again))
	}
	if p.charset.Bytewise() {
		p.offset -= reader.Offset(p.at - at)
	} else {
		p.offset -= reader.Offset(len(again))
	}
	p.at, p.recent = at, recent
	p.head = p.head[:min(int64(len(p.head)), at)]
	for n := len(p.marks); n > 0 && p.marks[n-1].at > at; n-- {
		p.marks = p.marks[:n-1]
	}
	p.mark(p.recent, p.at, p.offset, p.line)
	p.mid = !p.charset.EndsLine(p.recent)
	return nil
}

// sameBeginning reports whether two texts have the same beginning, as far as
// both are known.
func sameBeginning(a, b []byte) bool {
	n := min(len(a), len(b))
	return n > 0 && bytes.Equal(a[:n], b[:n])
}

// sameBytes reports whether two files have the same bytes between two
// positions. If they are far apart it compares only the beginning and the end.
func sameBytes(a, b *os.File, from, to int64) bool {
	const much = 1 << 20
	if to-from > 2*much {
		return sameBytes(a, b, from, from+much) && sameBytes(a, b, to-much, to)
	}
	x, y := make([]byte, 32<<10), make([]byte, 32<<10)
	for from < to {
		n := min(int64(len(x)), to-from)
		if _, err := a.ReadAt(x[:n], from); err != nil {
			return false
		}
		if _, err := b.ReadAt(y[:n], from); err != nil {
			return false
		}
		if !bytes.Equal(x[:n], y[:n]) {
			return false
		}
		from += n
	}
	return true
}

// textSize returns the size of a file without the NULs at its end. Up to three
// may belong to the last character, in UTF-16 and UTF-32, and count.
func textSize(file io.ReaderAt, size int64) int64 {
	buf := make([]byte, 32<<10)
	for end := size; end > 0; {
		b := buf[:min(end, int64(len(buf)))]
		if _, err := file.ReadAt(b, end-int64(len(b))); err != nil {
			return size
		}
		n := len(bytes.TrimRight(b, "\x00"))
		end -= int64(len(b) - n)
		switch {
		case n > 0 && size-end <= 3:
			return size
		case n > 0:
			return end
		}
	}
	return 0
}

// sizeOf returns the size of an open file; -1 if it is nil.
func sizeOf(file *os.File) int64 {
	if file == nil {
		return -1
	}
	info, err := file.Stat()
	if err != nil {
		return -1
	}
	return info.Size()
}
