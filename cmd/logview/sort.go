package main

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/pflag"

	"logview/index"
	"logview/reader"
	"logview/reader/files"
)

// A sorter writes lines in the order of their times. Lines with equal times keep the
// order in which they are without sorting: that of their files, and their places in
// these. A line without a time has that of the line before; those before the first
// time of a file come first.
//
// It holds up to maxSorted bytes of lines in memory. What is more is written to a
// temporary file, sorted and compressed, as a run; at the end the runs are merged. If
// only the first lines are wanted, only these are kept, and the search is told that
// it needs no later ones.
type sorter struct {
	reverse bool // newest first, the exact reverse of the order above
	most    int  // number of lines wanted; 0 for all
	limit   *index.Limit
	dir     string         // of the temporary file; empty for the system's
	rank    map[string]int // of the files, by path

	lines []sortLine
	texts textChunks // of lines
	runs  []sortRun
	file  *os.File // contains runs; deleted already where the system allows it
	size  int64
}

// maxSorted is the number of bytes of lines that a sorter holds in memory; maxRuns
// is the number of runs that are merged at once, each of which takes some 300 KB.
const (
	maxSorted = 64 << 20
	maxRuns   = 64
)

// A sortLine is a line to sort. A run has them one after the other: time, rank and
// line as big-endian numbers, the length of the text as a varint, and the text.
type sortLine struct {
	time int64 // nanoseconds since 1970; the least number if it is unknown
	rank int32 // of the file
	line int64
	text []byte
}

// textChunks keeps texts in pieces of memory that do not move.
type textChunks struct {
	size int // of all texts
	free []byte
}

// add returns a copy of a text.
func (c *textChunks) add(text []byte) []byte {
	const chunk = 1 << 20
	c.size += len(text)
	if len(text) > chunk/4 {
		return bytes.Clone(text)
	}
	if cap(c.free)-len(c.free) < len(text) {
		c.free = make([]byte, 0, chunk)
	}
	from := len(c.free)
	c.free = append(c.free, text...)
	return c.free[from:len(c.free):len(c.free)]
}

type sortRun struct{ from, to int64 } // in sorter.file

const sortLineSize = int(8 + 8 + 8 + 24)

// registerSort registers the flags that say in which order lines are printed.
func (o *searchOptions) registerSort(f *pflag.FlagSet) {
	addText(f, "sort", "", "print lines in the order of `WHAT`: time, of all files together; or path, which is the default. With time, -m counts the lines of all files together", func(s string) error {
		var err error
		if o.byTime, err = sortsByTime(s); !o.byTime {
			o.reverse = false
		}
		return err
	})
	addWord(f, "reverse", "", "print lines by time, the newest first; -m 20 prints the last 20", func() { o.byTime, o.reverse = true, true })
	addHidden(f, "no-reverse", func() { o.reverse = false })
}

// newSorter returns the sorter for a request, and changes the request for it.
func (o *searchOptions) newSorter(req *index.Request, sources []*files.LogSource) (*sorter, error) {
	if req.Passthru || req.Before > 0 || req.After > 0 {
		return nil, errSortedAround
	}
	s := &sorter{reverse: o.reverse, most: int(min(req.Max, math.MaxInt32)), rank: map[string]int{}}
	s.limit = &index.Limit{Newest: s.reverse, Most: int64(s.most), Zone: req.Window.Zone}
	req.Times, req.Max, req.Limit = true, 0, s.limit
	if s.most == 0 {
		// The order of the search does not matter.
		req.Limit = nil
	}
	var members []memberSource
	for _, src := range sources {
		for _, m := range src.Members() {
			s.rank[m.Path] = len(s.rank)
			members = append(members, memberSource{src, m})
		}
	}
	if s.most > 0 {
		// The files that were written to last, or first, probably have the lines
		// that are wanted. Then the others need not be read.
		slices.SortStableFunc(members, func(a, b memberSource) int {
			if o.reverse {
				a, b = b, a
			}
			return a.m.ModTime.Compare(b.m.ModTime)
		})
		req.Sources = req.Sources[:0]
		for _, m := range members {
			req.Sources = append(req.Sources, m)
		}
	}
	return s, nil
}

var errSortedAround = errors.New("--sort time prints matching lines only, without those around them: leave out -A, -B, -C and --passthru, or --sort and --reverse")

// A memberSource is a Source with only one of the members of a log.
type memberSource struct {
	*files.LogSource
	m reader.Member
}

// Members implements reader.Source.
func (s memberSource) Members() []reader.Member { return []reader.Member{s.m} }

func (s *sorter) compare(a, b *sortLine) int {
	c := cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.rank, b.rank), cmp.Compare(a.line, b.line))
	if s.reverse {
		return -c
	}
	return c
}

// unknownTime is the time of lines that have none.
const unknownTime = math.MinInt64

func sortTime(t time.Time) int64 {
	switch {
	case t.IsZero(), t.Year() < 1678:
		return unknownTime
	case t.Year() > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// add adds a line of a file.
func (s *sorter) add(path string, l reader.Line, t time.Time, text []byte) error {
	if s.texts.size+len(text)+(len(s.lines)+1)*sortLineSize > maxSorted && len(s.lines) > 0 {
		if err := s.makeRoom(); err != nil {
			return err
		}
	}
	rank, ok := s.rank[path]
	if !ok { // in an archive
		rank = len(s.rank)
		s.rank[path] = rank
	}
	s.lines = append(s.lines, sortLine{sortTime(t), int32(rank), int64(l), s.texts.add(text)})
	if s.most > 0 && len(s.lines) >= 2*s.most+20 {
		s.cut()
	}
	return nil
}

func (s *sorter) sort() {
	slices.SortFunc(s.lines, func(a, b sortLine) int { return s.compare(&a, &b) })
}

// cut sorts the lines, drops those that are not among the first ones wanted, and narrows
// the time in which more are looked for.
func (s *sorter) cut() {
	s.sort()
	if s.most == 0 || len(s.lines) < s.most {
		return
	}
	s.lines = s.lines[:s.most]
	var kept textChunks
	for i := range s.lines {
		s.lines[i].text = kept.add(s.lines[i].text)
	}
	s.texts = kept
	last := s.lines[len(s.lines)-1].time
	if last == unknownTime || last == math.MaxInt64 {
		return
	}
	s.limit.Narrow(time.Unix(0, last))
}

// makeRoom drops lines that are not wanted or, if there are not many, writes all to a
// run.
func (s *sorter) makeRoom() error {
	s.cut()
	if s.texts.size+len(s.lines)*sortLineSize < maxSorted/2 {
		return nil
	}
	return s.spill()
}

// spill writes the lines in memory, which are sorted, to a run.
func (s *sorter) spill() error {
	if len(s.lines) == 0 {
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "logview-sort-*")
		if err != nil {
			return fmt.Errorf("--sort: more lines than fit into memory, and no temporary file: %w; set TMPDIR, or narrow the search", reader.Cause(err))
		}
		s.file = f
		_ = os.Remove(f.Name()) // Windows deletes it only when it is closed; see close
	}
	err := s.writeRun(func(emit func(*sortLine, []byte) error) error {
		for i := range s.lines {
			l := &s.lines[i]
			if err := emit(l, l.text); err != nil {
				return err
			}
		}
		return nil
	})
	s.lines, s.texts = s.lines[:0], textChunks{}
	if err != nil || len(s.runs) < maxRuns {
		return err
	}
	old := s.runs
	s.runs = nil
	return s.writeRun(func(emit func(*sortLine, []byte) error) error { return s.mergeRuns(old, emit) })
}

// writeRun writes the lines that each emits, in order, as a run.
func (s *sorter) writeRun(each func(emit func(*sortLine, []byte) error) error) error {
	from := s.size
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.file, from), 256<<10)
	count := &countWriter{w: w}
	z, err := zstd.NewWriter(count, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return err
	}
	var head []byte
	err = each(func(l *sortLine, text []byte) error {
		head = binary.BigEndian.AppendUint64(head[:0], uint64(l.time))
		head = binary.BigEndian.AppendUint32(head, uint32(l.rank))
		head = binary.BigEndian.AppendUint64(head, uint64(l.line))
		head = binary.AppendUvarint(head, uint64(len(text)))
		if _, err := z.Write(head); err != nil {
			return err
		}
		_, err := z.Write(text)
		return err
	})
	err = cmp.Or(err, z.Close(), w.Flush())
	if err != nil {
		return fmt.Errorf("--sort: writing a temporary file: %w; set TMPDIR to a directory with more room, or narrow the search", reader.Cause(err))
	}
	s.size = from + count.n
	s.runs = append(s.runs, sortRun{from, s.size})
	return nil
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// A runReader reads a run.
type runReader struct {
	z    *zstd.Decoder
	r    *bufio.Reader
	line sortLine
	text []byte
}

func (r *runReader) next() error {
	var head [20]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return err
	}
	r.line.time = int64(binary.BigEndian.Uint64(head[:]))
	r.line.rank = int32(binary.BigEndian.Uint32(head[8:]))
	r.line.line = int64(binary.BigEndian.Uint64(head[12:]))
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	r.text = slices.Grow(r.text[:0], int(n))[:n]
	if _, err = io.ReadFull(r.r, r.text); err != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// A runHeap has the run with the first line on top.
type runHeap struct {
	s    *sorter
	runs []*runReader
}

func (h *runHeap) Len() int           { return len(h.runs) }
func (h *runHeap) Less(i, j int) bool { return h.s.compare(&h.runs[i].line, &h.runs[j].line) < 0 }
func (h *runHeap) Swap(i, j int)      { h.runs[i], h.runs[j] = h.runs[j], h.runs[i] }
func (h *runHeap) Push(x any)         { h.runs = append(h.runs, x.(*runReader)) }
func (h *runHeap) Pop() any {
	x := h.runs[len(h.runs)-1]
	h.runs = h.runs[:len(h.runs)-1]
	return x
}

// mergeRuns calls emit for the lines of runs, in order.
func (s *sorter) mergeRuns(runs []sortRun, emit func(*sortLine, []byte) error) error {
	h := &runHeap{s: s}
	defer func() {
		for _, r := range h.runs {
			r.z.Close()
		}
	}()
	for _, run := range runs {
		z, err := zstd.NewReader(io.NewSectionReader(s.file, run.from, run.to-run.from), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(1<<20))
		if err != nil {
			return err
		}
		r := &runReader{z: z, r: bufio.NewReaderSize(z, 64<<10)}
		h.runs = append(h.runs, r)
		if err := r.next(); err != nil {
			return fmt.Errorf("--sort: reading a temporary file: %w", err)
		}
	}
	heap.Init(h)
	for len(h.runs) > 0 {
		r := h.runs[0]
		if err := emit(&r.line, r.text); err != nil {
			return err
		}
		switch err := r.next(); err {
		case nil:
			heap.Fix(h, 0)
		case io.EOF:
			r.z.Close()
			heap.Pop(h)
		default:
			return fmt.Errorf("--sort: reading a temporary file: %w", err)
		}
	}
	return nil
}

// errEnough ends writing after the lines that are wanted.
var errEnough = errors.New("enough lines")

// flush writes the lines that are wanted, in order, with write.
func (s *sorter) flush(write func([]byte) error) error {
	var out []byte
	err := s.each(func(_ *sortLine, text []byte) error {
		if out = append(out, text...); len(out) < 64<<10 {
			return nil
		}
		defer func() { out = out[:0] }()
		return write(out)
	})
	if err == nil && len(out) > 0 {
		err = write(out)
	}
	return err
}

// each calls emit for the lines that are wanted, in order.
func (s *sorter) each(emit func(*sortLine, []byte) error) (err error) {
	s.cut()
	n := 0
	counted := func(l *sortLine, text []byte) error {
		if s.most > 0 && n == s.most {
			return errEnough
		}
		n++
		return emit(l, text)
	}
	if len(s.runs) == 0 {
		for i := range s.lines {
			l := &s.lines[i]
			if err = counted(l, l.text); err != nil {
				break
			}
		}
	} else if err = s.spill(); err == nil {
		err = s.mergeRuns(s.runs, counted)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// paths returns the paths of the files, by their rank.
func (s *sorter) paths() []string {
	out := make([]string, len(s.rank))
	for path, n := range s.rank {
		out[n] = path
	}
	return out
}

func (s *sorter) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

// renderOneByOne returns a function that formats each of the lines of hits, for
// emitOneByOne.
func renderOneByOne(p *printer) func(*index.Hits) {
	return func(h *index.Hits) {
		out := make([]byte, 0, len(h.Text)+len(h.Lines)*len(h.Member.Path)) // roughly
		for i := range h.Lines {
			one := *h
			one.Lines = h.Lines[i : i+1]
			p.render(&one)
			out = binary.AppendUvarint(out, uint64(len(one.Rendered)))
			out = append(out, one.Rendered...)
			p.putBuf(one.Rendered)
		}
		times := make([]byte, 0, 16*len(h.Lines)+len(out)+binary.MaxVarintLen64)
		times = binary.AppendUvarint(times, uint64(len(h.Lines)))
		for _, l := range h.Lines {
			times = binary.BigEndian.AppendUint64(times, uint64(l.Line))
			times = binary.BigEndian.AppendUint64(times, uint64(sortTime(l.Time)))
		}
		h.Rendered = append(times, out...)
	}
}

// emit adds the lines of hits that renderOneByOne has formatted.
func (s *sorter) emit(p *printer) func(*index.Hits) error { return emitOneByOne(p, s.add) }

// emitOneByOne returns a function that calls add for each of the lines of hits that
// renderOneByOne has formatted.
func emitOneByOne(p *printer, add func(path string, l reader.Line, t time.Time, text []byte) error) func(*index.Hits) error {
	return func(h *index.Hits) error {
		if h.Long != nil {
			text, err := renderLongLine(p, h)
			if err != nil {
				return err
			}
			return add(h.Member.Path, h.Long.Line, h.Long.Time, text)
		}
		b := h.Rendered
		n, k := binary.Uvarint(b)
		b = b[k:]
		head, b := b[:16*n], b[16*n:]
		for ; len(head) > 0; head = head[16:] {
			size, k := binary.Uvarint(b)
			text := b[k : k+int(size)]
			b = b[k+int(size):]
			t := time.Time{}
			if ns := int64(binary.BigEndian.Uint64(head[8:])); ns != unknownTime {
				t = time.Unix(0, ns)
			}
			if err := add(h.Member.Path, reader.Line(binary.BigEndian.Uint64(head)), t, text); err != nil {
				return err
			}
		}
		return nil
	}
}

// longestSorted is the length of the longest line that can be sorted.
const longestSorted = 32 << 20

// renderLongLine formats a line that is too long to be rendered with others.
func renderLongLine(p *printer, h *index.Hits) ([]byte, error) {
	if h.Long.Len > longestSorted {
		return nil, fmt.Errorf("%s: line %d has %d bytes, more than --sort takes; leave it out with -M, or narrow the search", h.Member.Path, h.Long.Line.Number(), h.Long.Len)
	}
	var b bytes.Buffer
	if _, err := h.Long.WriteTo(&b); err != nil {
		return nil, err
	}
	one := *h
	one.Long, one.Text = nil, b.Bytes()
	one.Lines = []index.HitLine{{Line: h.Long.Line, Offset: h.Long.Offset, Open: h.Long.Open, Time: h.Long.Time}}
	one.Lines[0].End = b.Len()
	p.render(&one)
	return one.Rendered, nil
}
