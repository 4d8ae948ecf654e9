package index

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"logview/index/match"
	"logview/reader"
	"logview/reader/line"
)

// This file reads and searches the blocks of one member during a scan.

// A producer reads one member.
type producer struct {
	*scanRun
	st     *memberScan
	blocks reader.Blocks
	id     reader.ID
	disk   int64  // bytes of the file that were added to done so far
	timer  *timer // nil if the times of lines do not matter

	columns *line.Columns // of the member; nil if it has none, or they do not matter
	began   bool          // learnFrom was called
	learned bool          // from the beginning of the member
	head    []byte        // what there was of it so far, which ends at headEnd
	headEnd reader.Offset

	working sync.WaitGroup // waits for goroutines started by spread
}

func newProducer(s *scanRun, st *memberScan) *producer {
	p := &producer{scanRun: s, st: st}
	if w := &s.req.Window; w.limited() || s.req.Times {
		p.timer = &timer{clock: &line.Clock{Zone: w.Zone, Ref: st.member.ModTime, Formats: s.req.Options.Formats}}
	}
	return p
}

// unpack lists the members of an archive.
func (p *producer) unpack(err error) {
	u, ok := p.st.src.(reader.Unpacker)
	if !ok {
		p.fail(err)
		return
	}
	members, errs := u.Unpack(p.ctx, p.st.member, p.m.MayMatch, p.st.turn, p.advance)
	for _, err := range errs {
		p.fail(err)
	}
	p.st.archive, p.st.inside = true, members
}

// read reads and searches the blocks of the member that may match.
func (p *producer) read() {
	ad := p.st.adm
	if ad != nil {
		ok, certain := ad.fits(p.blocks)
		if ok && !certain {
			now := p.blocks.(reader.FileBlocks).Stamp()
			ok = ad.entry.holds(p.ctx, ad.cache, p.st.src, p.st.member, now)
		}
		if !ok {
			ad = nil // the file or its text was replaced
		}
	}
	if ad == nil {
		if ra, ok := p.blocks.(reader.RandomAccess); ok {
			p.searchAnyOrder(ra, nil)
		} else {
			p.searchInOrder(nil)
		}
		return
	}
	ra, ok := p.blocks.(reader.FileBlocks).Access(ad.table)
	if !ok {
		p.searchInOrder(ad)
		return
	}
	if !p.searchAnyOrder(ra, ad) || !ad.grown {
		return
	}
	// If the first block has grown, it is read again, and says more than before.
	if len(ad.blocks) > 0 && !p.learnFrom(ra) {
		return
	}
	if p.timer != nil {
		p.timer.last, p.timer.ok = p.timeBefore(ra, len(ad.blocks))
	}
	at := reader.Pos{Member: p.id}
	if n := len(ad.blocks); n < len(ad.table.Blocks) {
		at.Offset, at.Line = ad.table.Blocks[n].Offset, ad.table.Blocks[n].Line
	}
	rest, err := p.st.src.Open(p.ctx, p.st.member, at)
	if err != nil {
		p.fail(err)
		return
	}
	p.working.Wait()
	p.blocks.Close()
	p.blocks = rest // produce closes it
	p.searchInOrder(nil)
}

// countSkipped counts blocks that were not read.
func (p *producer) countSkipped(n int) {
	if n == 0 {
		return
	}
	if x, ok := p.slot(); ok {
		x.stats.Blocks, x.stats.BlocksSkipped = int64(n), int64(n)
		p.fill(x)
	}
}

// wait waits until ready returns true, and releases the producer's slot in the
// meantime. ready is called with mu locked. wait returns false if reading must
// end.
func (p *producer) wait(ready func() bool) bool {
	p.mu.Lock()
	if !ready() && p.ctx.Err() == nil && !p.st.stop {
		p.mu.Unlock()
		stop := false
		p.workers.Yield(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			for !ready() && p.ctx.Err() == nil && !p.st.stop {
				p.changed.Wait()
			}
			stop = p.st.stop
		})
		return !stop && p.ctx.Err() == nil
	}
	stop := p.st.stop
	p.mu.Unlock()
	return !stop && p.ctx.Err() == nil
}

// slot queues an empty piece once there is room for it. It returns false if
// reading must end.
func (p *producer) slot() (*piece, bool) {
	ok := p.wait(func() bool {
		if len(p.st.queue) >= maxQueue {
			return false
		}
		if p.st.head {
			return p.st.held <= maxHead
		}
		return p.ahead <= maxAhead
	})
	if !ok {
		return nil, false
	}
	x := &piece{}
	p.mu.Lock()
	p.st.queue = append(p.st.queue, x)
	p.mu.Unlock()
	return x, true
}

// fail queues a piece with an error.
func (p *producer) fail(err error) {
	if x, ok := p.slot(); ok {
		x.err = err
		p.fill(x)
	}
}

// fill marks a piece as ready.
func (p *producer) fill(x *piece) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.ready = true
	if x.hits != nil {
		p.st.held += x.hits.bytes
		if !p.st.head {
			p.ahead += x.hits.bytes
		}
	}
	p.changed.Broadcast()
}

// spread does the work for a piece, in another goroutine if a slot is free, or
// else in this one.
func (p *producer) spread(work func()) {
	p.working.Add(1)
	beside := func() {
		defer p.working.Done()
		work()
	}
	p.workers.Share(beside)
}

func (p *producer) advance(disk int64) {
	if disk > p.disk {
		p.done.Add(disk - p.disk)
		p.disk = disk
	}
}

// searchInOrder searches a member block by block, except for blocks that ad does
// not admit.
func (p *producer) searchInOrder(ad *admission) {
	ended := false // the text so far ends with a line without a newline
	passed := 0
	defer func() { p.countSkipped(passed) }()
	for i := 0; ; i++ {
		b := reader.GetBlock()
		err := p.blocks.Next(b)
		if err == nil {
			p.learn(b)
		}
		if err == nil && ad != nil && i < len(ad.blocks) && !ad.blocks[i] && ad.table.Blocks[i].Offset == b.Offset {
			p.advance(b.Disk)
			p.timer.pass(b)
			reader.PutBlock(b)
			if passed++; p.ctx.Err() != nil {
				return
			}
			continue
		}
		if err == nil && ended {
			// The file has grown since; the line would be returned
			// again.
			reader.PutBlock(b)
			return
		}
		if err != nil {
			reader.PutBlock(b)
			if err == io.EOF {
				return
			}
			ended = false
			p.fail(err)
			if p.ctx.Err() != nil || reader.Resume(p.blocks) != nil {
				return
			}
			continue
		}
		p.advance(b.Disk)
		ended = !b.Unfinished && !bytes.HasSuffix(b.Text, newline)
		if b.Unfinished {
			var ok bool
			ad = nil // from here on, block numbers differ from those in ad
			if b, ok = p.searchLong(b, p.blocks.Next, p.timer.before()); !ok {
				return
			} else if b == nil {
				continue
			}
			ended = !bytes.HasSuffix(b.Text, newline)
		}
		x, ok := p.slot()
		if !ok {
			reader.PutBlock(b)
			return
		}
		x.stats.Unindexed = unindexed(ad, i)
		before, columns := p.timer.before(), p.columns
		p.timer.pass(b)
		p.spread(func() {
			p.search(x, b, columns, before)
			p.fill(x)
		})
	}
}

// unindexed returns 1 if block i is not indexed, or else 0.
func unindexed(ad *admission, i int) int64 {
	if ad != nil && ad.entry.covers(i) {
		return 0
	}
	return 1
}

// searchAnyOrder searches the admitted blocks of a member whose blocks can be read in
// any order. It returns false if a block could not be read, or if reading must
// end.
func (p *producer) searchAnyOrder(ra reader.RandomAccess, ad *admission) bool {
	table := ra.Table().Blocks
	if ad != nil {
		table = table[:len(ad.blocks)]
	}
	_, stored := p.blocks.(reader.RandomAccess)
	passed := 0
	backwards := p.backwards(table)
	var failed atomic.Bool
	for at := 0; at < len(table) && !failed.Load(); at++ {
		i := at
		if backwards {
			i = len(table) - 1 - at
		}
		if ad != nil && (!ad.blocks[i] || p.req.Limit.excludes(table, i)) {
			passed++
			continue
		}
		if n := ad.countOf(i); n >= 0 {
			if !p.addSummary(n) {
				return false
			}
			continue
		}
		if n, ok := p.summarize(table, i); ok {
			if !p.addSummary(n) {
				return false
			}
			continue
		}
		p.countSkipped(passed)
		passed = 0
		if !p.learnFrom(ra) {
			return false
		}
		columns := p.columns
		if table[i].Unfinished {
			last, ok := p.randomLong(ra, table, i)
			if !ok {
				return false
			}
			at = last
			continue
		}
		x, ok := p.slot()
		if !ok {
			return false
		}
		x.stats.Unindexed = unindexed(ad, i)
		p.advance(int64(float64(p.st.member.Size) * float64(at) / float64(len(table))))
		p.spread(func() {
			defer p.fill(x)
			b := reader.GetBlock()
			if err := ra.ReadBlock(i, b); err != nil {
				reader.PutBlock(b)
				x.err = err
				failed.Store(true)
				return
			}
			if stored {
				x.stats.Stored = 1
			}
			p.search(x, b, columns, p.beforeBlock(ra, i))
		})
	}
	p.countSkipped(passed)
	return !failed.Load()
}

// backwards reports whether the blocks of a member are searched from the last to the first,
// because its newest lines are wanted. A line longer than a block is read forwards.
func (p *producer) backwards(table []reader.TableBlock) bool {
	return p.req.Limit != nil && p.req.Limit.Newest && !slices.ContainsFunc(table, func(k reader.TableBlock) bool { return k.Continues || k.Unfinished })
}

// learnFrom learns from the first block of the member, before others are searched. It
// returns false if the block cannot be read.
func (p *producer) learnFrom(ra reader.RandomAccess) bool {
	if p.began || !p.needsBeginning() || len(ra.Table().Blocks) == 0 {
		return true
	}
	p.began = true
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	if err := ra.ReadBlock(0, b); err != nil {
		p.fail(err)
		return false
	}
	p.learn(b)
	return true
}

// randomLong searches the line that begins with block i, and the lines after it in the
// block in which it ends. It returns the index of that block, and false if reading must
// end.
func (p *producer) randomLong(ra reader.RandomAccess, table []reader.TableBlock, i int) (last int, ok bool) {
	before := p.beforeBlock(ra, i)
	b := reader.GetBlock()
	err := ra.ReadBlock(i, b)
	if err != nil {
		reader.PutBlock(b)
		p.fail(err)
		return i, false
	}
	rest, ok := p.searchLong(b, func(b *reader.Block) error {
		if i+1 >= len(table) {
			return io.EOF
		}
		i++
		err = ra.ReadBlock(i, b)
		return err
	}, before)
	if err != nil {
		p.fail(err)
		return i, false
	}
	if !ok || rest == nil {
		return i, ok
	}
	x, ok := p.slot()
	if !ok {
		reader.PutBlock(rest)
		return i, false
	}
	if p.st.adm == nil {
		x.stats.Unindexed = 1
	}
	p.search(x, rest, p.columns, p.timer.before())
	p.fill(x)
	return i, true
}

// addSummary counts a block that was not read, and its n matching lines. It returns
// false if reading must end.
func (p *producer) addSummary(n int64) bool {
	x, ok := p.slot()
	if !ok {
		return false
	}
	x.stats.Blocks, x.stats.BlocksSkipped = 1, 1
	if n > 0 {
		x.hits = p.newHits(p.columns)
		x.hits.Count = n
		p.hits.Add(n)
	}
	p.fill(x)
	return true
}

// beforeBlock returns a function that returns the time of the last line before
// block i that has one; nil without a timer.
func (p *producer) beforeBlock(ra reader.RandomAccess, i int) func() (time.Time, bool) {
	if p.timer == nil {
		return nil
	}
	return func() (time.Time, bool) { return p.timeBefore(ra, i) }
}

// timeBefore returns the time of the last line before block i that has one. It
// reads blocks backwards until it finds one, but those without a time only once.
func (p *producer) timeBefore(ra reader.RandomAccess, i int) (time.Time, bool) {
	c := p.timer.clock.Copy()
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	from, none := i, p.timer.untimed.Load()
	for i--; i >= 0 && p.ctx.Err() == nil; i-- {
		if int64(i) < none {
			i = -1
			break
		}
		if ra.ReadBlock(i, b) != nil {
			return time.Time{}, false
		}
		if x, ok := lastTime(c, b.Text, firstLine(b), len(b.Text)); ok {
			return x, true
		}
	}
	for was := none; i < 0 && was < int64(from) && !p.timer.untimed.CompareAndSwap(was, int64(from)); {
		was = p.timer.untimed.Load()
	}
	return time.Time{}, false
}

// search searches a block of whole lines and stores the result in x. It takes
// ownership of b. With a timer, before returns the time of the last line before
// the block that has one. c are the columns of the file.
func (p *producer) search(x *piece, b *reader.Block, c *line.Columns, before func() (time.Time, bool)) {
	x.stats.Blocks++
	x.stats.BlocksRead++
	x.stats.Bytes += int64(len(b.Text))
	sc := p.scanner(c)
	defer p.release(sc, c)
	spans := p.find(sc, reader.Unmarked(b.Text, b.Skips))
	if p.req.Where != nil {
		wanted := p.req.Where()
		spans = slices.DeleteFunc(spans, func(sp match.Span) bool { return !wanted(b.Text[sp.Start:sp.End]) })
	}
	var times []time.Time
	var clock *line.Clock
	if p.timer != nil {
		clock = p.timer.clock.Copy()
		spans, times, x.stats.Untimed = p.req.Window.within(spans, b, clock, before)
	}
	p.hits.Add(int64(len(spans)))
	if p.wantsContext() {
		x.lines = contextLines(b, spans, times, clock, p.req)
		x.hits = p.newHits(c)
		x.hits.Count = int64(len(spans))
		for _, l := range x.lines {
			x.hits.bytes += len(l.text) + contextLineSize
		}
		reader.PutBlock(b)
		return
	}
	if len(spans) == 0 {
		reader.PutBlock(b)
		return
	}
	h := p.newHits(c)
	h.Count = int64(len(spans))
	x.hits = h
	if p.req.CountOnly {
		reader.PutBlock(b)
		return
	}
	h.Text, h.buf = b.Text, b
	h.Lines = hitLines(b, spans)
	for i, x := range times {
		h.Lines[i].Time = x
	}
	p.settle(h)
}

// scanner returns a scanner that knows in which file and log it searches, and the
// columns of the file. It must be released. A stream has no source: its member has the
// name of the log.
func (p *producer) scanner(c *line.Columns) *match.Scanner {
	sc := p.scannerPool(c).Get().(*match.Scanner)
	sc.SetColumns(c)
	sc.SetPath(p.st.member.Path)
	sc.SetLog(p.st.member.Path)
	if p.st.src != nil {
		sc.SetLog(p.st.src.Name())
	}
	return sc
}

func (p *producer) release(sc *match.Scanner, c *line.Columns) { p.scannerPool(c).Put(sc) }

func (p *producer) scannerPool(c *line.Columns) *sync.Pool {
	if c != nil {
		return &p.columned
	}
	return &p.scanners
}

// needsBeginning reports whether the beginning of the member must be read to understand the
// rest.
func (p *producer) needsBeginning() bool {
	return p.timer != nil || p.req.Fields || p.m.HasFields()
}

// learn learns from the first block of the member, as an index does. What comes through
// a pipe or is followed may have several until enough is known.
func (p *producer) learn(b *reader.Block) {
	if p.learned || !p.needsBeginning() {
		return
	}
	if b.Offset == 0 {
		p.timer.begin(b.Text)
		p.head = p.head[:0]
	} else if b.Offset != p.headEnd {
		return
	}
	p.head = append(p.head, b.Text[:min(len(b.Text), line.LearnedFrom-len(p.head))]...)
	p.headEnd = b.Offset + reader.Offset(len(b.Text))
	p.columns = line.LearnColumns(p.head)
	if _, file := p.blocks.(reader.FileBlocks); file || p.columns != nil || len(p.head) == line.LearnedFrom {
		p.learned, p.head = true, nil
	}
}

// find returns the matching lines of text, at most Request.Max.
func (p *producer) find(sc *match.Scanner, text []byte) []match.Span {
	if p.timer != nil || p.req.Where != nil {
		return sc.Lines(text, nil, 0)
	}
	return sc.Lines(text, nil, int(min(p.req.Max, int64(reader.BlockSize))))
}

// newHits returns empty Hits for a piece of a file with columns c.
func (p *producer) newHits(c *line.Columns) *Hits {
	return &Hits{Source: p.st.src, Member: p.st.member, ID: p.id, Columns: c.With(p.req.Options.Formats), Matches: func(line []byte, dst []match.Span) []match.Span {
		sc := p.scanner(c)
		defer p.release(sc, c)
		return sc.Matches(line, dst)
	}}
}

// settle prepares hits to wait until they are emitted: it renders them if that
// can be done out of order, or else reduces their memory.
func (p *producer) settle(h *Hits) {
	if p.req.Render != nil && !p.inOrder {
		p.req.Render(h)
		h.drop()
		h.bytes = cap(h.Rendered)
		return
	}
	h.bytes = reader.BlockSize
	size := 0
	for _, l := range h.Lines {
		size += l.End - l.Start
	}
	if size > reader.BlockSize/4 {
		return // keep the block
	}
	text := make([]byte, 0, size)
	for i := range h.Lines {
		l := &h.Lines[i]
		start := len(text)
		text = append(text, h.Text[l.Start:l.End]...)
		l.Span = match.Span{Start: start, End: len(text)}
	}
	lines := h.Lines
	h.drop()
	h.Text, h.Lines, h.bytes = text, lines, size+len(lines)*contextLineSize
}
