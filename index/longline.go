package index

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"logview/index/match"
	"logview/reader"
)

// Lines longer than a block: a line of up to maxLine bytes is assembled in
// memory and matched like any other; a longer one is matched in overlapping
// pieces (see match.Judge). It is printed from its file, or from a copy on disk
// if it came through a pipe.
const (
	maxLine = 64 << 20
	overlap = 1<<20 + 2*utf8.UTFMax // includes a character on each side, to find the ends of words

	// maxText is the length in bytes of the longest line that is emitted as
	// text. A longer one is emitted as a LongLine to be streamed, so that
	// the caller does not need a second copy in memory.
	maxText = 4 << 20
)

// A LongLine is a line of more than maxText bytes.
type LongLine struct {
	Line    reader.Line
	Offset  reader.Offset
	Len     int64
	Context bool      // the line does not match but is near one that does
	Open    bool      // the text ends without a newline
	Time    time.Time // as in HitLine

	openText func() (io.ReadCloser, error)
	drop     func() // deletes the copy on disk; nil if there is none
}

// Start returns the first n bytes of the line, or all of it if it is shorter.
func (l *LongLine) Start(n int) ([]byte, error) {
	r, err := l.openText()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, min(int64(n), l.Len))
	_, err = io.ReadFull(r, b)
	return b, err
}

// WriteTo writes the line, without its newline, to w. It may be called only until
// emit returns.
func (l *LongLine) WriteTo(w io.Writer) (int64, error) {
	r, err := l.openText()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(r, l.Len))
	if err == nil && n < l.Len {
		err = errors.New("the file changed while it was read")
	}
	return n, err
}

// searchLong searches the line that begins with block b, and reads its other
// pieces with next. If next fails, the line ends there; the caller will get the
// same error. It returns the rest of the last piece as a block of whole lines,
// or nil if there is none, and false if reading must end. It takes ownership of
// b. With a window, before returns the time of the last line before that has one.
func (p *producer) searchLong(b *reader.Block, next func(*reader.Block) error, before func() (time.Time, bool)) (*reader.Block, bool) {
	if !p.wait(func() bool { return p.st.head }) {
		reader.PutBlock(b)
		return nil, false
	}
	l := &LongLine{Line: b.Line, Offset: b.Offset}
	p.learn(b)
	columns := p.columns
	sc := p.scanner(columns)
	defer p.release(sc, columns)
	j := p.newJudge(sc, maxLine, overlap)
	j.Buf, p.longBuf = p.longBuf, nil
	if p.timer != nil {
		j.x, j.timed = p.timer.clock.Copy().Time(b.Text)
		if !j.timed {
			j.x, j.timed = before()
		}
		p.timer.last, p.timer.ok = j.x, j.timed
	}

	var rest *reader.Block
	for {
		end := len(b.Text)
		if i := bytes.IndexByte(b.Text, '\n'); i >= 0 {
			end = i
		}
		l.Len += int64(end)
		j.add(b.Text[:end])
		if end < len(b.Text) {
			if end+1 < len(b.Text) {
				rest = b
				b.Advance(end + 1)
			} else {
				reader.PutBlock(b)
			}
			break
		}
		if next(b) != nil {
			l.Open = true
			reader.PutBlock(b)
			break
		}
		p.advance(b.Disk)
	}
	if !p.emitLong(l, j) {
		if rest != nil {
			reader.PutBlock(rest)
		}
		return nil, false
	}
	return rest, true
}

// emitLong queues a long line and waits until it is emitted, so that its memory
// can be reused for the next. It returns false if reading must end.
func (p *producer) emitLong(l *LongLine, j *longLineJudge) bool {
	matches := j.Finish()
	if matches && p.req.Where != nil {
		matches = p.req.Where()(j.Buf)
	}
	x, ok := p.slot()
	if !ok {
		j.close()
		return false
	}
	if p.timer != nil && matches {
		l.Time = j.x
		if p.req.Window.limited() {
			if !j.timed {
				x.stats.Untimed++
			}
			matches = j.timed && p.req.Window.contains(j.x)
		}
	}
	x.stats.Blocks = (l.Len + reader.BlockSize - 1) / reader.BlockSize
	x.stats.BlocksRead = x.stats.Blocks
	x.stats.Bytes = l.Len
	if p.st.adm == nil {
		x.stats.Unindexed = x.stats.Blocks
	}
	if matches {
		p.hits.Add(1)
	}
	short := j.Whole() && len(j.Buf) <= maxText
	if p.wantsContext() {
		// The line may be emitted much later, or never. So its text is
		// kept in memory only if it is short, and then it is counted.
		h := p.newHits(p.columns)
		c := contextLine{line: l.Line, offset: l.Offset, match: matches, open: l.Open, time: l.Time}
		switch {
		case short:
			c.text = bytes.Clone(j.Buf)
			h.bytes = len(c.text)
			j.close()
		case rereadable(p.st.member):
			l.openText = j.reopen(l)
			c.long = l
			j.close()
		default:
			j.keep()
			l.openText, l.drop = j.opener(l), j.close
			c.long = l
			h.bytes = maxText // limits the number of open files
		}
		if j.err == nil {
			p.longBuf = j.Buf[:0]
		}
		if matches {
			h.Count = 1
		}
		x.lines, x.hits = []contextLine{c}, h
		p.fill(x)
		return true
	}
	defer j.close()
	if matches {
		h := p.newHits(p.columns)
		h.Count = 1
		x.hits = h
		switch {
		case p.req.CountOnly:
		case short:
			h.Text = j.Buf
			h.Lines = []HitLine{{Span: match.Span{End: len(h.Text)}, Line: l.Line, Offset: l.Offset, Open: l.Open, Time: l.Time}}
			if p.req.Render != nil && !p.inOrder {
				p.req.Render(h)
			}
		default:
			h.Long = l
			l.openText = j.opener(l)
		}
	}
	p.fill(x)
	if !p.wait(func() bool { return x.emitted }) {
		return false
	}
	p.longBuf = j.Buf[:0]
	return true
}

// wantsContext reports whether the request asks for lines around matching ones.
// Then a long line may be emitted much later than it is matched.
func (s *scanRun) wantsContext() bool { return s.req.wantsContext() }

// A longLineJudge decides whether a long line matches, and keeps a copy to print if the
// line cannot be read again.
type longLineJudge struct {
	match.Judge
	p     *producer
	spool *os.File // a copy of the line, if it cannot be read again
	err   error    // error of writing the spool

	x     time.Time // time of the line, if timed is set
	timed bool
}

func (p *producer) newJudge(sc *match.Scanner, max, overlap int) *longLineJudge {
	j := &longLineJudge{p: p, Judge: match.Judge{Scanner: sc, Max: max, Overlap: overlap}}
	j.Cutting = func() {
		if !rereadable(p.st.member) {
			j.keep()
		}
	}
	return j
}

// add appends text to the line.
func (j *longLineJudge) add(text []byte) {
	for len(text) > 0 {
		n := min(len(text), j.Room())
		j.Add(text[:n])
		if j.spool != nil && j.err == nil {
			_, j.err = j.spool.Write(text[:n])
		}
		text = text[n:]
	}
}

// keep starts a copy of the line on disk with the text in Buf, if there is none
// yet.
func (j *longLineJudge) keep() {
	if j.spool != nil || j.err != nil {
		return
	}
	if j.spool, j.err = os.CreateTemp("", "logview-line-"); j.err == nil {
		os.Remove(j.spool.Name()) // if the system cannot remove open files, dropSpool removes it
		j.p.keepSpool(j.spool)
		_, j.err = j.spool.Write(j.Buf)
	}
}

func rereadable(m reader.Member) bool {
	if m.Path == reader.Stdin {
		return false
	}
	info, err := os.Stat(m.Path)
	return err != nil || info.Mode().IsRegular() // if the file is gone, reading it again returns the error
}

// opener returns a function that reads the line again.
func (j *longLineJudge) opener(l *LongLine) func() (io.ReadCloser, error) {
	if j.Whole() && (j.spool == nil || j.err != nil) {
		text := j.Buf
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	}
	if f := j.spool; f != nil || j.err != nil {
		return func() (io.ReadCloser, error) {
			if j.err != nil {
				return nil, &reader.FileError{Path: os.TempDir(), Offset: -1, Err: j.err}
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
			return io.NopCloser(f), nil
		}
	}
	return j.reopen(l)
}

// reopen returns a function that reads the line again from its file.
func (j *longLineJudge) reopen(l *LongLine) func() (io.ReadCloser, error) {
	p := j.p
	return func() (io.ReadCloser, error) {
		b, err := p.st.src.Open(p.ctx, p.st.member, reader.Pos{Member: p.id, Offset: l.Offset, Line: l.Line})
		if err != nil {
			return nil, err
		}
		return &blockReader{ctx: p.ctx, blocks: b, b: reader.GetBlock()}, nil
	}
}

func (j *longLineJudge) close() {
	if j.spool != nil {
		j.p.dropSpool(j.spool)
	}
}

// keepSpool registers a file that is closed when the search ends, unless
// dropSpool closes it before: a search may end at any time.
func (s *scanRun) keepSpool(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spools == nil {
		s.spools = map[*os.File]bool{}
	}
	s.spools[f] = true
}

func (s *scanRun) dropSpool(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spools[f] {
		delete(s.spools, f)
		f.Close()
		os.Remove(f.Name())
	}
}

// A blockReader reads the text of blocks. It implements io.ReadCloser.
type blockReader struct {
	ctx    context.Context
	blocks reader.Blocks
	b      *reader.Block
	left   []byte
}

func (r *blockReader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if err := r.blocks.Next(r.b); err != nil {
			return 0, err
		}
		r.left = r.b.Text
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *blockReader) Close() error {
	reader.PutBlock(r.b)
	return r.blocks.Close()
}
