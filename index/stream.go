package index

import (
	"context"

	"logview/index/match"
	"logview/reader"
)

// A Stream answers a request on text as it is written: what Search does to
// the blocks of a member, it does to each piece of whole lines that is
// added. Its sources are nobody's but in name: Request.Sources is not used.
// It belongs to one goroutine.
type Stream struct {
	s     *scanRun
	files map[any]*streamFile

	total bool  // Request.Max is for all files together
	count int64 // matching lines of all of them, then
	last  *streamFile
}

// LimitTotal makes the request's Max hold for all files together.
func (x *Stream) LimitTotal() { x.total = x.s.req.Max > 0 }

// Done reports whether all lines that are wanted were emitted, with those
// after the last. Until then those after the others are emitted, too. It is
// false unless LimitTotal was called.
func (x *Stream) Done() bool { return x.total && x.last != nil && x.last.st.stop }

type streamFile struct {
	consumer
	producer producer
	lines    reader.Line // the line after the last one added
}

// NewStream makes a Stream. It fails as Search does on a query that cannot
// be run.
func NewStream(ctx context.Context, req *Request, emit func(*Hits) error) (*Stream, error) {
	m, err := match.Compile(req.Query, req.Options)
	if err != nil {
		return nil, err
	}
	s := &scanRun{req: req, m: m, emit: emit, ctx: ctx}
	s.changed.L = &s.mu
	s.scanners.New = func() any { return m.NewScanner() }
	s.inOrder = req.inOrder()
	return &Stream{s: s, files: map[any]*streamFile{}}, nil
}

// Add searches text, which is whole lines of a member but that the last may
// want its newline. key says of which file, through all its names. Where
// b.Line is negative, lines are numbered from the first one added. The text
// is not kept.
func (x *Stream) Add(key any, m reader.Member, id reader.ID, b *reader.Block) error {
	if !x.s.m.MayMatch(m.Path) {
		return nil
	}
	f := x.files[key]
	if f == nil {
		st := &memberScan{member: m, head: true}
		f = &streamFile{consumer: consumer{scanRun: x.s, st: st}, producer: producer{scanRun: x.s, st: st}}
		x.files[key] = f
	}
	if f.st.stop || x.total && x.count >= x.s.req.Max && f != x.last && f.after == 0 {
		return nil
	}
	f.st.member, f.producer.id = m, id
	text := *b // which search takes for its own
	if text.Line < 0 {
		text.Line = f.lines
	}
	f.lines = text.Line + reader.Line(text.Lines)
	p := &piece{}
	f.producer.search(p, &text)
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

// Hits is how many lines matched.
func (x *Stream) Hits() int64 { return x.s.stats.Hits }
