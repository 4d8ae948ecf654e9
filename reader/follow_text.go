package reader

import (
	"bytes"
	"hash/maphash"
	"io"
	"os"
	"time"
)

// A progress is what is known of a text that is followed. Positions count the
// bytes of the file, before conversion to UTF-8, or of what it decompresses to.
type progress struct {
	key     int64  // distinguishes texts
	log     string // the name of the log
	charset Charset
	bom     int

	at     int64     // everything before was handed out, or written before the following began
	offset Offset    // of at, in the converted text
	line   Line      // of at; -1 if it is not known
	mid    bool      // at lies inside a line of which the beginning was handed out
	since  time.Time // when an unfinished last line began to be held

	// Between at and at+scanned there is no newline. From there to zeros, if
	// that is not 0, the file holds only NULs: it was preallocated, or is
	// padded. Both are looked at again when the file changes.
	scanned int64
	zeros   int64
	run     int64 // NULs before at, for which the next line gets a marker

	// How to recognise the text: its first bytes, and hashes of the bytes
	// before some positions, the last of which is at.
	head  []byte
	marks []mark
	last  []byte // the last bytes before at
}

// A mark is a position in a text where a line ends, and what lies before it.
type mark struct {
	at     int64
	offset Offset
	line   Line
	sum    uint64 // of markBytes bytes, or of all there are
}

const (
	headKept = 1 << 10
	// markBytes is how many bytes a mark is made of. The lines of access logs
	// end alike for a hundred and more.
	markBytes = 512
	maxMarks  = 96
	// markLines is how many line ends of what is handed out at once are
	// marked.
	markLines = 16
)

var markSeed = maphash.MakeSeed()

// clone copies a progress that will go its own way.
func (p *progress) clone() progress {
	q := *p
	q.head, q.marks, q.last = bytes.Clone(p.head), append([]mark(nil), p.marks...), bytes.Clone(p.last)
	return q
}

// advance notes that raw, which begins at at and becomes text when it is
// converted, was handed out.
func (p *progress) advance(raw []byte, size Offset, lines int) {
	if p.at < headKept && p.at == int64(len(p.head)) {
		p.head = append(p.head, raw[:min(len(raw), headKept-len(p.head))]...)
	}
	p.mark(raw, size, lines)
	p.at += int64(len(raw))
	p.offset += size
	if p.line >= 0 {
		p.line += Line(lines)
	}
	p.mid = len(raw) > 0 && !p.charset.endsLine(raw)
}

// mark adds marks at the last line ends of raw, and at its end.
func (p *progress) mark(raw []byte, size Offset, lines int) {
	// begin is the beginning of raw with what lies before it.
	begin := append(bytes.Clone(p.last), raw[:min(len(raw), markBytes)]...)
	before := func(i int) []byte {
		if i >= markBytes {
			return raw[i-markBytes : i]
		}
		i += len(p.last)
		return begin[max(0, i-markBytes):i]
	}
	put := func(i int, offset Offset, line Line) {
		p.marks = append(p.marks, mark{at: p.at + int64(i), offset: offset, line: line, sum: maphash.Bytes(markSeed, before(i))})
	}
	// Only in UTF-8 the place in the text is known of each line end.
	if p.charset.bytewise() {
		n, from := 0, len(raw)
		for n < markLines && from > 0 {
			i := bytes.LastIndexByte(raw[:from-1], '\n')
			if i < 0 {
				break
			}
			from = i + 1
			n++
		}
		if from < len(raw) && n > 0 {
			line := p.line
			if line >= 0 {
				line += Line(lines - countLines(raw[from:]))
			}
			for i := from; i < len(raw); {
				put(i, p.offset+size-Offset(len(raw)-i), line)
				k := bytes.IndexByte(raw[i:], '\n')
				if k < 0 {
					break
				}
				i += k + 1
				if line >= 0 {
					line++
				}
			}
		}
	}
	line := p.line
	if line >= 0 {
		line += Line(lines)
	}
	if n := len(p.marks); n == 0 || p.marks[n-1].at != p.at+int64(len(raw)) {
		put(len(raw), p.offset+size, line)
	}
	p.last = bytes.Clone(before(len(raw)))
	if len(p.marks) > maxMarks {
		// The older half gets sparser, so that all of the text has some.
		half := p.marks[:0]
		for i, m := range p.marks {
			if i >= maxMarks/2 || i%2 == 0 {
				half = append(half, m)
			}
		}
		p.marks = half
	}
}

// begin says that everything before at is no concern of the following. The
// file is read for how to recognise its text later.
func (p *progress) begin(file io.ReaderAt, at int64) error {
	p.scanned, p.zeros, p.run = 0, 0, 0
	p.head = make([]byte, min(at, headKept))
	if _, err := file.ReadAt(p.head, 0); err != nil && len(p.head) > 0 {
		return err
	}
	// Some of the lines before at, for the file may be cut off there.
	tail := make([]byte, min(at, 4<<10))
	if _, err := file.ReadAt(tail, at-int64(len(tail))); err != nil && len(tail) > 0 {
		return err
	}
	offset, line := p.offset, p.line
	p.at, p.offset, p.line = at-int64(len(tail)), offset-Offset(len(tail)), -1
	p.last, p.marks = nil, nil
	p.mark(tail, Offset(len(tail)), 0)
	p.at, p.offset, p.line = at, offset, line
	p.mid = at > int64(p.bom) && !p.charset.endsLine(p.last)
	return nil
}

// heldBy reports whether a file of some size holds all of the text that was
// handed out, as far as that can be told.
func (p *progress) heldBy(file io.ReaderAt, size int64) bool {
	if size < p.at || !p.begins(file, p.at) {
		return false
	}
	return p.at == 0 || len(p.marks) == 0 || p.marks[len(p.marks)-1].in(file)
}

// same reports whether q, which may be nil, is the same text as p, handed out
// as far.
func (p *progress) same(q *progress) bool {
	return q == p || q != nil && q.at == p.at && len(p.marks) > 0 && len(q.marks) > 0 && p.marks[len(p.marks)-1].sum == q.marks[len(q.marks)-1].sum
}

// begins reports whether a file begins as the text does, as far as that is
// known and not beyond n bytes.
func (p *progress) begins(file io.ReaderAt, n int64) bool {
	head := p.head[:min(int64(len(p.head)), n)]
	b := make([]byte, len(head))
	if k, err := file.ReadAt(b, 0); k < len(b) && err != nil {
		return false
	}
	return bytes.Equal(b, head)
}

// in reports whether the bytes before a mark are in a file.
func (m mark) in(file io.ReaderAt) bool {
	b := make([]byte, min(m.at, markBytes))
	if k, err := file.ReadAt(b, m.at-int64(len(b))); k < len(b) && err != nil {
		return false
	}
	return maphash.Bytes(markSeed, b) == m.sum
}

// rewind goes back to where a file of some size may still hold the text that
// was handed out: the last mark that agrees with it, or its start.
func (p *progress) rewind(file io.ReaderAt, size int64) {
	p.scanned, p.zeros, p.run, p.mid = 0, 0, 0, false
	for n := len(p.marks); n > 0; n-- {
		m := p.marks[n-1]
		if m.at == 0 || m.at > size || !m.in(file) {
			continue
		}
		if !p.begins(file, m.at) {
			continue
		}
		p.marks = p.marks[:n]
		p.at, p.offset, p.line = m.at, m.offset, m.line
		p.head = p.head[:min(int64(len(p.head)), m.at)]
		p.last = make([]byte, min(m.at, markBytes))
		if _, err := file.ReadAt(p.last, m.at-int64(len(p.last))); err == nil {
			p.mid = !p.charset.endsLine(p.last)
			return
		}
	}
	p.at, p.offset, p.line = 0, 0, 0
	p.head, p.marks, p.last = p.head[:0], p.marks[:0], p.last[:0]
}

// alike reports whether two texts begin alike, as far as both are known.
func alike(a, b []byte) bool {
	n := min(len(a), len(b))
	return n > 0 && bytes.Equal(a[:n], b[:n])
}

// sameBytes reports whether two files hold the same from one position to
// another. Of much it compares the beginning and the end.
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

// wide reports whether NULs are parts of characters.
func (c Charset) wide() bool { return c == UTF16LE || c == UTF16BE }

// endsLine reports whether raw, which begins where a character does, ends with
// a newline.
func (c Charset) endsLine(raw []byte) bool {
	return bytes.HasSuffix(raw, c.newline()) && (!c.wide() || len(raw)%2 == 0)
}
