package index

import (
	"context"

	"logview/index/match"
	"logview/reader"
)

// A Stream searches text while it is being written: it searches each piece that
// is added as Search searches a block. It ignores Request.Sources. It must be
// used by one goroutine at a time.
type Stream struct {
	s     *scanRun
	files map[any]*streamFile
	logs  map[string]*streamFile // the file of each log that was added to last

	total bool  // Request.Max applies to all files together
	count int64 // matching lines of all files, if total is set
	last  *streamFile
}

// LimitTotal makes the request's Max apply to all files together.
func (x *Stream) LimitTotal() { x.total = x.s.req.Max > 0 }

// Done reports whether Max matching lines and the context after the last one
// were emitted. Until then, context after the other lines is emitted, too. Done
// is false unless LimitTotal was called.
func (x *Stream) Done() bool { return x.total && x.last != nil && x.last.st.stop }

type streamFile struct {
	consumer
	producer producer
	lines    reader.Line // the line after the last one added
}

// follow makes f the continuation of another file of the same log, whose last lines may
// be the context of the first ones of f, and the other way round.
func (f *streamFile) follow(last *streamFile) {
	f.tail, f.after = last.tail, last.after
	last.tail, last.after = nil, 0
	if t := last.producer.timer; t != nil {
		f.producer.timer.last, f.producer.timer.ok = t.last, t.ok
	}
}

// NewStream returns a Stream. Like Search, it fails if the query cannot be run.
func NewStream(ctx context.Context, req *Request, emit func(*Hits) error) (*Stream, error) {
	m, err := match.Compile(req.Query, req.Options)
	if err != nil {
		return nil, err
	}
	s := &scanRun{req: req, m: m, emit: emit, ctx: ctx}
	s.changed.L = &s.mu
	s.scanners.New = func() any { return m.NewScanner() }
	s.columned.New = newColumnedScanner(m)
	s.inOrder = req.inOrder()
	return &Stream{s: s, files: map[any]*streamFile{}, logs: map[string]*streamFile{}}, nil
}

// Add searches the text of b, which must consist of whole lines of m; only the
// last may lack its newline. key identifies the file, whatever names it has. If
// b.Line is negative, lines are numbered from the first one added. Add does not
// retain b or its text.
func (x *Stream) Add(key any, m reader.Member, id reader.ID, b *reader.Block) error {
	if !x.s.m.MayMatchIn(m.Path, m.Path) {
		return nil
	}
	f := x.files[key]
	if f == nil {
		st := &memberScan{member: m, head: true}
		f = &streamFile{consumer: consumer{scanRun: x.s, st: st}, producer: *newProducer(x.s, st)}
		x.files[key] = f
		if last := x.logs[m.Path]; last != nil {
			f.follow(last)
		}
		if x.s.req.Head != nil && b.Offset > 0 && f.producer.needsBeginning() {
			f.producer.learn(&reader.Block{Text: x.s.req.Head(m)})
			f.producer.learned = true
		}
	}
	if f.st.stop || x.total && x.count >= x.s.req.Max && f != x.last && f.after == 0 {
		return nil
	}
	x.logs[m.Path] = f
	f.st.member, f.producer.id = m, id
	f.producer.timer.setRef(m.ModTime)
	text := *b // a copy, because search takes ownership of its block
	if text.Line < 0 {
		text.Line = f.lines
	}
	f.lines = text.Line + reader.Line(text.Lines)
	p := &piece{}
	f.producer.learn(b)
	before := f.producer.timer.before()
	f.producer.timer.pass(&text)
	f.producer.search(p, &text, f.producer.columns, before)
	x.s.stats.add(p.stats)
	if !x.total {
		return f.consumer.piece(p)
	}
	f.consumer.count = x.count
	err := f.consumer.piece(p)
	if f.consumer.count > x.count {
		x.count, x.last = f.consumer.count, f
	}
	return err
}

// Hits returns the number of matching lines emitted.
func (x *Stream) Hits() int64 { return x.s.stats.Hits }
