package index

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"logview/index/match"
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/files"
)

// Scan is the Searcher that reads all blocks. A search uses it where there is
// no index, and other Searchers must find the same lines.
//
// How it works. Each member is searched by a memberScan: a goroutine that
// decodes its blocks one after the other and queues a piece for each. The
// caller's goroutine emits the pieces in order, member by member.
//
//   - Processors. A goroutine occupies a slot of Workers while it decodes or
//     searches; see reader/admission.go. The goroutine that decodes a block
//     also searches it, while it is in the cache of that core, unless another
//     slot is free: then another goroutine does. With many members, all cores
//     decode; with one, one core decodes and the others search.
//   - Memory. The queue of the member being emitted, the head, is limited to
//     maxHead bytes, and the queues of all others together to maxAhead; a
//     goroutine that would exceed the limit waits. The head never waits for the
//     others.
//   - Lines longer than a block are assembled only for the head, so there is
//     only one at a time; those that wait as context do so on disk. See
//     longline.go.
type Scan struct {
	// Workers limits the number of goroutines that work at the same time;
	// nil means one for each processor. Concurrent searches may share it.
	Workers *reader.Workers

	// admit, if not nil, returns the blocks of a member that are read; nil
	// means all of them.
	admit func(reader.Member) *admission
}

// NewWorkers returns Workers with a slot for each processor, but at most
// maxProcs.
func NewWorkers() *reader.Workers {
	return reader.NewWorkers(min(runtime.GOMAXPROCS(0), maxProcs))
}

var _ Searcher = Scan{}

const (
	maxHead  = 16 << 20
	maxAhead = 32 << 20
	maxQueue = 256 // pieces of one member, which take memory even if they have no hits

	// maxProcs limits the memory of decoders, some 1.5 MB each. No disk is
	// fast enough for more.
	maxProcs = 16
)

// Search implements Searcher.
func (sc Scan) Search(ctx context.Context, req *Request, emit func(*Hits) error) (Stats, error) {
	begun := time.Now()
	m, err := match.Compile(req.Query, req.Options)
	if err != nil {
		return Stats{}, err
	}
	workers := sc.Workers
	if workers == nil {
		workers = NewWorkers()
	}
	s := &scanRun{req: req, m: m, emit: emit, workers: workers, admit: sc.admit}
	s.changed.L = &s.mu
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.scanners.New = func() any { return m.NewScanner() }
	s.columned.New = newColumnedScanner(m)
	s.inOrder = req.inOrder()
	s.levels, s.exact = exactLevels(req.Query)
	stop := context.AfterFunc(s.ctx, s.wake)
	defer stop()

	err = s.run()
	s.cancel()
	s.wake()
	s.running.Wait()
	for f := range s.spools {
		s.dropSpool(f)
	}
	s.stats.Elapsed = time.Since(begun)
	if err == nil {
		err = ctx.Err()
	}
	return s.stats, err
}

// wake makes all waiting goroutines check their conditions again.
func (s *scanRun) wake() {
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
}

type scanRun struct {
	req     *Request
	m       *match.Matcher
	emit    func(*Hits) error
	ctx     context.Context
	cancel  context.CancelFunc
	inOrder bool // hits are emitted one after the other, because they are cut to Max or get context
	admit   func(reader.Member) *admission
	levels  levelSet // those of the lines that match, if exact is set
	exact   bool     // the query asks for levels alone

	workers  *reader.Workers
	running  sync.WaitGroup // all goroutines of this search
	scanners sync.Pool
	columned sync.Pool // scanners for files with columns

	mu      sync.Mutex // guards the fields below, and those of memberScan that say so
	changed sync.Cond  // signals changes of the fields that mu guards; uses mu
	ahead   int        // bytes in the queues of members that are not the head
	spools  map[*os.File]bool

	longBuf []byte // memory of the last long line, to be reused

	stats Stats // used only by the caller's goroutine
	done  atomic.Int64
	total atomic.Int64
	hits  atomic.Int64
}

// A memberScan is a member being searched.
type memberScan struct {
	src    reader.Source
	member reader.Member
	adm    *admission // nil means that the whole member is read
	known  bool       // known without reading that no line matches

	// Guarded by scanRun.mu.
	queue []*piece
	held  int  // bytes in queue
	head  bool // its pieces are being emitted
	ended bool // no more pieces will be queued
	stop  bool // no more pieces are wanted

	// Set before ended is set.
	archive  bool            // the member is an archive
	inside   []reader.Member // the members of the archive, searched in its place
	again    bool            // another member contains its whole text
	excluded bool            // no line can match because of the file: conditions

	// Set by the caller's goroutine before reading begins.
	begun bool
	turn  *reader.Turn // of the producer, until head is set
	ends  func()       // ends the turn
}

// A piece is the result of searching a block.
type piece struct {
	ready   bool // guarded by scanRun.mu; until it is set, the worker owns the other fields
	emitted bool // guarded by scanRun.mu

	hits  *Hits // nil if there are none
	lines []contextLine
	err   error // error that prevented reading the rest of the member
	stats Stats // statistics to add to those of the search
}

func (s *scanRun) run() error {
	var streams []*memberScan
	for _, src := range s.req.Sources {
		streams = append(streams, s.newMemberScans(src, src.Members())...)
	}
	if s.req.Progress != nil {
		finish := s.report()
		defer finish()
	}
	// The number of members read at the same time: one for each processor,
	// and a few more so that no processor is idle.
	window := s.workers.Size() + 3
	// The goroutines that read members are reused: a new goroutine for each
	// file would have to grow its stack every time.
	begin, producers := make(chan func(), window), 0
	defer close(begin)
	turn := make(chan struct{})
	close(turn)
	for i := 0; i < len(streams); i++ {
		st := streams[i]
		if st.known {
			if err := s.req.Searched(st.member, 0); err != nil {
				return err
			}
			streams[i] = nil
			continue
		}
		for _, later := range streams[i:min(len(streams), i+window)] {
			if later.begun || later.known {
				continue
			}
			later.begun = true
			ahead, ends := context.WithCancel(s.ctx)
			later.turn, later.ends = reader.NewTurn(ahead, s.workers), ends
			s.running.Add(1)
			next, after := make(chan struct{}), turn
			if producers < window {
				producers++
				crash.Go(func() {
					for produce := range begin {
						produce()
					}
				})
			}
			begin <- func() { s.produce(later, after, next) }
			turn = next
		}
		if err := s.consume(st); err != nil {
			return err
		}
		streams[i] = nil
		if len(st.inside) > 0 {
			// The members of an archive take its place. The members
			// after it may already be being read; they wait to be
			// emitted.
			streams = slices.Insert(streams, i+1, s.newMemberScans(st.src, st.inside)...)
		}
	}
	return nil
}

// newMemberScans returns a memberScan for each of members that must be read. It
// counts all of them in the statistics.
func (s *scanRun) newMemberScans(src reader.Source, members []reader.Member) (out []*memberScan) {
	for _, m := range members {
		s.stats.Members++
		// The path of a file in an archive may match even if the archive's does not.
		if !s.m.MayMatchIn(src.Name(), m.Path) && !files.MayBeArchive(m) {
			s.stats.Excluded++
			continue
		}
		st := &memberScan{src: src, member: m}
		if s.admit != nil {
			st.adm = s.admit(m)
			s.narrowLimit(st)
		}
		if st.adm != nil && st.adm.readsNothing() {
			s.stats.Read++
			s.stats.Blocks += int64(len(st.adm.blocks))
			s.stats.BlocksSkipped += int64(len(st.adm.blocks))
			if s.req.Searched == nil {
				continue
			}
			st.known = true
		}
		out = append(out, st)
		if !st.known {
			s.total.Add(m.Size)
		}
	}
	return out
}

// report calls Progress ten times a second. The returned function stops that
// and makes a last call.
func (s *scanRun) report() func() {
	tell := func() { s.req.Progress(Progress{Done: s.done.Load(), Total: s.total.Load(), Hits: s.hits.Load()}) }
	quit, gone := make(chan struct{}), make(chan struct{})
	crash.Go(func() {
		defer close(gone)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell()
			case <-quit:
				return
			}
		}
	})
	return func() {
		close(quit)
		<-gone
		tell()
	}
}

// consume emits the pieces of a member.
func (s *scanRun) consume(st *memberScan) error {
	s.mu.Lock()
	st.head = true
	st.ends()
	s.ahead -= st.held
	s.changed.Broadcast()
	s.mu.Unlock()

	c := consumer{scanRun: s, st: st}
	defer func() { c.forget(c.tail) }()
	var failed error
	for {
		p := s.take(st)
		if p == nil {
			break
		}
		s.stats.add(p.stats)
		if p.err != nil {
			if err := s.ctx.Err(); err != nil {
				return err
			}
			failed = p.err
			s.reportError(p.err)
			continue
		}
		if err := c.piece(p); err != nil {
			return err
		}
		s.mu.Lock()
		p.emitted = true
		s.changed.Broadcast()
		s.mu.Unlock()
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	switch {
	case st.excluded:
		s.stats.Excluded++
	case st.archive && failed == nil:
		s.stats.Members-- // its members are counted instead
	case st.again:
		s.stats.Members--
	case failed == nil:
		s.stats.Read++
		if s.req.Searched != nil {
			return s.req.Searched(st.member, c.found)
		}
	case errors.Is(failed, reader.ErrBinary):
		s.stats.Skipped++
	default:
		s.stats.Failed++
	}
	return nil
}

func (s *Stats) add(x Stats) {
	s.Blocks += x.Blocks
	s.BlocksRead += x.BlocksRead
	s.BlocksSkipped += x.BlocksSkipped
	s.Stored += x.Stored
	s.Unindexed += x.Unindexed
	s.Bytes += x.Bytes
	s.Untimed += x.Untimed
}

func (s *scanRun) reportError(err error) {
	var fe *reader.FileError
	if !errors.As(err, &fe) {
		fe = &reader.FileError{Offset: -1, Err: err}
	}
	f := s.req.Failed
	if errors.Is(err, reader.ErrBinary) {
		f = s.req.Skipped
	}
	if f != nil {
		f(fe)
	}
}

// take waits for the next piece of the head and removes it from the queue. It
// returns nil if there are no more, or the search was cancelled.
func (s *scanRun) take(st *memberScan) *piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.ctx.Err() != nil {
			return nil
		}
		if len(st.queue) > 0 && st.queue[0].ready {
			p := st.queue[0]
			st.queue = st.queue[1:]
			if p.hits != nil {
				st.held -= p.hits.bytes
			}
			s.changed.Broadcast()
			return p
		}
		if len(st.queue) == 0 && st.ended {
			return nil
		}
		s.changed.Wait()
	}
}

// produce reads a member. It waits for turn, which is closed once the earlier
// members have their slots, and closes next once it has its own. Otherwise a
// later member could take the last slot, and the head would wait until all of
// that member was decoded.
func (s *scanRun) produce(st *memberScan, turn <-chan struct{}, next chan<- struct{}) {
	defer s.running.Done()
	defer func() {
		s.mu.Lock()
		st.ended = true
		s.changed.Broadcast()
		s.mu.Unlock()
	}()
	<-turn
	err := s.workers.Acquire(s.ctx)
	close(next)
	if err != nil {
		return
	}
	defer s.workers.Release()
	p := newProducer(s, st)
	defer func() { s.done.Add(st.member.Size - p.disk) }()
	if ad := st.adm; ad != nil && ad.certain && !ad.grown && s.req.Limit.excludesAll(ad) {
		p.countSkipped(len(ad.blocks))
		return
	}
	if ad := st.adm; ad != nil && ad.certain && !ad.grown && (p.summarizeAll(ad) || p.countAll(ad)) {
		return
	}
	blocks, err := reader.OpenInTurn(s.ctx, st.src, st.member, reader.Pos{}, st.turn)
	if errors.Is(err, files.ErrArchive) {
		p.unpack(err)
		return
	}
	if !s.m.MayMatchIn(st.src.Name(), st.member.Path) && (err == nil || errors.Is(err, reader.ErrBinary)) {
		st.excluded = true // not an archive, in spite of its name
		if err == nil {
			blocks.Close()
		}
		return
	}
	if err != nil {
		p.fail(err)
		return
	}
	defer func() {
		p.working.Wait()
		p.blocks.Close()
	}()
	p.blocks, p.id = blocks, blocks.ID()
	p.read()
	if d, ok := p.blocks.(reader.Duplicator); ok {
		st.again = d.Duplicate()
	}
}

// newColumnedScanner returns a function that returns a scanner for files with columns.
func newColumnedScanner(m *match.Matcher) func() any {
	return func() any {
		c, err := m.Columned()
		if err != nil {
			c = m // it was compiled before, with more conditions
		}
		return c.NewScanner()
	}
}

// drop releases the text and the lines.
func (h *Hits) drop() {
	if h.buf != nil {
		reader.PutBlock(h.buf)
	}
	h.buf, h.Text, h.Lines = nil, nil, nil
}

// hitLines returns the lines of b at spans, with their numbers and offsets.
func hitLines(b *reader.Block, spans []match.Span) []HitLine {
	out := make([]HitLine, len(spans))
	offset := b.Offsets()
	skips := b.Skips
	line, at := b.Line, 0
	for i, sp := range spans {
		line += reader.Line(bytes.Count(b.Text[at:sp.Start], newline))
		at = sp.Start
		out[i] = HitLine{Span: sp, Line: line, Offset: offset(sp.Start), Open: sp.End == len(b.Text), Rest: b.Continues && sp.Start == 0}
		for ; len(skips) > 0 && skips[0].At < sp.End; skips = skips[1:] {
			if x := skips[0]; x.At >= sp.Start {
				x.At -= sp.Start
				out[i].Skips = append(out[i].Skips, x)
			}
		}
	}
	return out
}

var newline = []byte{'\n'}
