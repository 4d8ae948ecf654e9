package index

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/gofrs/flock"

	"logview/reader"
)

// A Builder brings the index of a directory up to date, and the block stores
// of what is compressed in it.
//
// How it runs. The caller's goroutine reads what is new, member after member
// and block after block, and puts every batchBlocks blocks together. A batch
// is made a shard of its own by one of the workers. When there are enough
// small shards, another makes one of them. Every publishEvery the catalog is
// replaced: what it says is whole at any moment, and whoever is killed loses
// what was done since.
//
// One process at a time builds an index: it holds a lock, which goes with
// it. Nobody else needs one: shards do not change once they are written.
type Builder struct {
	Cache   *reader.Cache
	Workers reader.Workers // as for Scan

	// Progress, if not nil, is told from time to time how far the work is,
	// from the goroutine that called Build.
	Progress func(done, total int64)
	// Failed, if not nil, is told of what could not be read.
	Failed func(*reader.FileError)
	// Waiting, if not nil, is called when another process has the lock.
	Waiting func()
}

// BuildStats says what a Build did. Members = Known + Grown + Moved + New +
// Skipped + Failed, unless it was cancelled.
type BuildStats struct {
	Root    string
	Members int // found
	Known   int // unchanged since the last time
	Grown   int // continued
	Moved   int // renamed or compressed, and known by their text
	New     int // read from their beginning
	Gone    int // left the index
	Skipped int // not text
	Failed  int // not readable, or not to the end
	Text    int64
	Elapsed time.Duration
}

const (
	// batchBlocks is how many blocks make a batch. With 64 a build of a
	// gigabyte was a fifth faster than with 32, and took 400 MB instead of
	// 280.
	batchBlocks = 32

	mergeAt      = 32        // small shards are made one when there are so many
	mergeFew     = 4         // and, at the end of a build, when there are so many
	smallText    = 256 << 20 // bytes of text of a small shard, at most
	publishEvery = 5 * time.Second
)

// ErrFull says that the cache may not grow any more.
var ErrFull = errors.New("the cache is full; the rest is not indexed (--cache-size)")

// A builder is a Build that runs.
type builder struct {
	*Builder
	ctx  context.Context
	root string
	dir  string // of the index
	st   BuildStats

	old     []*entry // of the last catalog, of files that were not met yet
	known   map[[2]uint64]*entry
	byID    map[reader.ID][]*entry
	shortID []*entry // of texts that were shorter than an ID when it was made

	batch *batch // being filled
	done  int64  // bytes on disk
	total int64
	last  time.Time // of publishing

	working sync.WaitGroup
	mu      sync.Mutex // guards what follows, and entries' extents
	entries []*entry
	current *entryBuilder
	shards  []*shardInfo // written, and not merged
	written map[*shardInfo]bool
	merging map[*shardInfo]bool
	err     error // of a worker
}

// A batch is blocks that become a shard.
type batch struct {
	info   *shardInfo
	blocks []*reader.Block
}

// Build indexes what lies at paths, which are root or below it. Members that
// were indexed, lay there, and are there no more leave the index. An error
// is returned if the index could not be written; what could not be read is
// told to Failed and counted. When ctx is cancelled, what was done is kept.
func (b *Builder) Build(ctx context.Context, root string, paths []string) (BuildStats, error) {
	begun := time.Now()
	bb := &builder{Builder: b, ctx: ctx, written: map[*shardInfo]bool{}, merging: map[*shardInfo]bool{}}
	err := bb.run(root, paths)
	bb.st.Elapsed = time.Since(begun)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return bb.st, err
}

func (b *builder) run(root string, paths []string) error {
	var err error
	if root, err = realDir(root); err != nil {
		return err
	}
	b.root, b.dir = rootOf(b.Cache, root)
	b.st.Root = b.root
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return &reader.FileError{Path: b.dir, Offset: -1, Err: pathCause(err)}
	}
	unlock, err := b.lock()
	if err != nil {
		return err
	}
	defer unlock()
	b.load()

	logs, errs := reader.Find(paths)
	for _, err := range errs {
		b.st.Failed++
		b.fail(err)
	}
	err = b.members(logs)
	b.flush()
	b.working.Wait()
	if err == nil {
		err = b.err
	}
	if err == nil && b.ctx.Err() == nil {
		b.forget(paths)
		err = b.mergeRest()
	}
	if perr := b.publish(); err == nil {
		err = perr
	}
	b.sweep()
	return err
}

// rootOf is the directory whose index covers dir, itself or one above it,
// and where that index is.
func rootOf(c *reader.Cache, dir string) (root, path string) {
	for up := dir; ; up = filepath.Dir(up) {
		path = indexDir(c, up)
		if cat, err := readCatalog(path); err == nil && cat.root == up {
			return up, path
		}
		if up == filepath.Dir(up) {
			return dir, indexDir(c, dir)
		}
	}
}

// lock waits until no other process builds this index.
func (b *builder) lock() (unlock func(), err error) {
	l := flock.New(filepath.Join(b.dir, "lock"))
	ok, err := l.TryLock()
	if err == nil && !ok {
		if b.Waiting != nil {
			b.Waiting()
		}
		_, err = l.TryLockContext(b.ctx, 50*time.Millisecond)
	}
	if err != nil {
		return nil, &reader.FileError{Path: l.Path(), Offset: -1, Err: pathCause(err)}
	}
	return func() { l.Unlock() }, nil
}

func pathCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// load takes over the last catalog. What cannot be used of it is built anew.
func (b *builder) load() {
	b.known, b.byID = map[[2]uint64]*entry{}, map[reader.ID][]*entry{}
	cat, err := readCatalog(b.dir)
	if err == nil && cat.root != b.root {
		err = fmt.Errorf("%w: it is of %s", errCatalog, cat.root)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			b.fail(&reader.FileError{Path: filepath.Join(b.dir, catalogName), Offset: -1, Err: fmt.Errorf("%w: the index is built anew", err)})
		}
		b.sweep()
		return
	}
	bad := map[*shardInfo]bool{}
	for _, s := range cat.shards {
		sh, err := openShard(b.dir, s)
		if err != nil {
			bad[s] = true
			b.fail(&reader.FileError{Path: filepath.Join(b.dir, s.name), Offset: -1, Err: fmt.Errorf("%w: what it covered is indexed anew", pathCause(err))})
			continue
		}
		sh.close()
		b.shards = append(b.shards, s)
		b.written[s] = true
	}
	for _, e := range cat.members {
		if slices.ContainsFunc(e.extents, func(x extent) bool { return bad[x.shard] }) {
			continue
		}
		b.old = append(b.old, e)
		if !e.partial {
			b.known[b.fileKey(e.stamp, e.path)] = e
		}
		if e.binary {
			continue
		}
		b.byID[e.id] = append(b.byID[e.id], e)
		if e.id.Len < tailSize {
			b.shortID = append(b.shortID, e)
		}
	}
	b.sweep()
}

// fileKey is what a file is known by from one state to the next.
func (b *builder) fileKey(s reader.Stamp, path string) [2]uint64 {
	if s.Ino != 0 {
		return [2]uint64{s.Dev, s.Ino}
	}
	h := crc32.ChecksumIEEE([]byte(path))
	return [2]uint64{uint64(h), uint64(crc32.Checksum([]byte(path), castagnoli))}
}

// sweep deletes what no catalog speaks of: what an interrupted build left,
// and shards that were replaced.
func (b *builder) sweep() {
	keep := map[string]bool{catalogName: true, "lock": true}
	if cat, err := readCatalog(b.dir); err == nil {
		for _, s := range cat.shards {
			z, a := shardPaths("", s.name)
			keep[z], keep[a] = true, true
		}
	}
	names, _ := os.ReadDir(b.dir)
	for _, n := range names {
		if !keep[n.Name()] {
			os.Remove(filepath.Join(b.dir, n.Name()))
		}
	}
}

func (b *builder) fail(err error) {
	var fe *reader.FileError
	if !errors.As(err, &fe) {
		fe = &reader.FileError{Path: b.root, Offset: -1, Err: err}
	}
	if b.Failed != nil {
		b.Failed(fe)
	}
}

// members brings the entries of all files up to date.
func (b *builder) members(logs []reader.Log) error {
	b.last = time.Now()
	type job struct {
		src reader.Source
		m   reader.Member
		e   *entry // what is known of the file, which has grown
	}
	var jobs []job
	for _, l := range logs {
		src := reader.NewSource(l, reader.Options{Cache: b.Cache, Spare: b.Workers.Go, Wait: true})
		for _, m := range src.Members() {
			stamp, ok := m.Stamp()
			path, perr := b.rel(m.Path)
			if !ok || perr != nil {
				continue // a pipe or the like
			}
			b.st.Members++
			e := b.known[b.fileKey(stamp, path)]
			if e != nil && e.stamp == stamp {
				e.path = path
				b.keep(e)
				if e.binary {
					b.st.Skipped++
				} else {
					b.st.Known++
				}
				continue
			}
			if e != nil && (!e.direct || stamp.Size < e.stamp.Size) {
				e = nil
			}
			b.total += m.Size
			if e != nil {
				b.total -= e.stamp.Size
			}
			jobs = append(jobs, job{src, m, e})
		}
	}
	for _, j := range jobs {
		if b.ctx.Err() != nil {
			return nil
		}
		if err := b.failed(); err != nil {
			return err
		}
		before := b.done
		if err := b.member(j.src, j.m, j.e); err != nil {
			return err
		}
		b.done = before + j.m.Size
		if j.e != nil {
			b.done -= j.e.stamp.Size
		}
		b.progress(b.done)
	}
	return nil
}

func (b *builder) progress(done int64) {
	if b.Progress != nil {
		b.Progress(done, b.total)
	}
}

func (b *builder) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// rel is a path below the root, with slashes.
func (b *builder) rel(path string) (string, error) {
	if path == reader.Stdin {
		return "", fs.ErrInvalid
	}
	dir, err := realDir(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(b.root, filepath.Join(dir, filepath.Base(path)))
	return filepath.ToSlash(rel), err
}

// keep makes an entry of the last catalog one of the next.
func (b *builder) keep(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
	b.drop(e)
}

// drop takes an entry out of what is left of the last catalog.
func (b *builder) drop(e *entry) {
	if i := slices.Index(b.old, e); i >= 0 {
		b.old = slices.Delete(b.old, i, i+1)
	}
}

// An entryBuilder makes the entry of a member as it is read.
type entryBuilder struct {
	entry
	tb    reader.TableBuilder
	crcs  []uint32 // of the text up to each block's end
	tail  []uint32 // of each block's end
	was   *entry   // what it continues, if it is a file that has grown
	taken int      // blocks taken over from that without reading them
}

// add takes in a block that was read, and says where it is to be found: in
// the shard, or nowhere if that is nil.
func (eb *entryBuilder) add(blk *reader.Block, s *shardInfo, doc int) {
	n := len(eb.tb.Table.Blocks)
	eb.tb.Add(blk)
	eb.crcs = append(eb.crcs, eb.tb.Table.CRC)
	eb.tail = append(eb.tail, tailOf(blk.Text))
	if s != nil {
		eb.place(n, s, doc)
	}
}

func (eb *entryBuilder) place(block int, s *shardInfo, doc int) {
	if n := len(eb.extents); n > 0 {
		x := &eb.extents[n-1]
		if x.shard == s && x.block+x.n == block && x.doc+x.n == doc {
			x.n++
			return
		}
	}
	eb.extents = append(eb.extents, extent{shard: s, block: block, n: 1, doc: doc})
}

// upTo is the entry of the first n blocks.
func (eb *entryBuilder) upTo(n int) *entry {
	e := eb.entry
	t := reader.Table{Blocks: slices.Clone(eb.tb.Table.Blocks[:n])}
	if n == len(eb.crcs) {
		t = *eb.tb.Finish()
	} else if n > 0 {
		k := t.Blocks[n-1]
		t.Size, t.Lines = k.Offset+reader.Offset(k.Len), int64(k.Line)+int64(k.Lines)
		t.CRC = eb.crcs[n-1]
	}
	e.tail, e.lead = 0, 0
	if n > 0 {
		e.tail = eb.tail[n-1]
	}
	if last := lastLine(t.Blocks); last > 0 {
		e.lead = eb.crcs[last-1]
	}
	e.table, e.packed = &t, nil
	e.size, e.lines, e.blocks = t.Size, t.Lines, n
	e.extents = nil
	for _, x := range eb.extents {
		if x.block >= n {
			break
		}
		x.n = min(x.n, n-x.block)
		e.extents = append(e.extents, x)
	}
	return &e
}

// member reads what is new of one file. e, if not nil, is the entry of what
// it was when it was shorter.
func (b *builder) member(src reader.Source, m reader.Member, e *entry) error {
	blocks, err := src.Open(b.ctx, m, reader.Pos{})
	if err != nil {
		return b.unread(m, err)
	}
	defer func() { blocks.Close() }()
	f, ok := blocks.(reader.FileBlocks)
	if !ok || b.ctx.Err() != nil {
		return nil
	}
	eb := &entryBuilder{}
	eb.stamp, eb.id = f.Stamp(), f.ID()
	if eb.path, err = b.rel(m.Path); err != nil {
		return nil
	}
	eb.bom, eb.direct = f.Direct()
	eb.tb.Clock.Ref = m.ModTime
	if e != nil {
		if ok, err := e.begins(f); err != nil || !ok {
			e = nil // another text, in the same file
		}
	}
	if e != nil {
		rest, err := b.resume(src, m, f, eb, e)
		if err != nil {
			return b.unread(m, err)
		}
		blocks.Close()
		blocks = rest
		if err := b.read(m, blocks, eb, nil); err != nil {
			return b.unread(m, err)
		}
		b.st.Grown++
		b.finish(eb, e)
		return nil
	}
	was := b.like(eb.id)
	err = b.read(m, blocks, eb, was)
	if err == errOther {
		// It began like a text that is known, and is another one.
		was = nil
		blocks.Close()
		if blocks, err = src.Open(b.ctx, m, reader.Pos{}); err == nil {
			fresh := &entryBuilder{}
			fresh.path, fresh.stamp, fresh.id, fresh.bom, fresh.direct = eb.path, eb.stamp, eb.id, eb.bom, eb.direct
			fresh.tb.Clock.Ref = m.ModTime
			eb = fresh
			err = b.read(m, blocks, eb, nil)
		}
	}
	if err != nil {
		return b.unread(m, err)
	}
	if b.ctx.Err() != nil {
		return nil
	}
	if was != nil {
		b.st.Moved++
	} else {
		b.st.New++
	}
	b.finish(eb, was)
	return nil
}

// errOther says that a text is not the one it was taken for.
var errOther = errors.New("another text")

// unread notes that a member could not be read. It returns the error if it
// is the index that cannot be written.
func (b *builder) unread(m reader.Member, err error) error {
	b.mu.Lock()
	b.current = nil
	b.mu.Unlock()
	var fe *reader.FileError
	switch {
	case b.ctx.Err() != nil:
		return nil
	case errors.Is(err, reader.ErrBinary):
		b.st.Skipped++
		if stamp, ok := m.Stamp(); ok {
			if path, err := b.rel(m.Path); err == nil {
				b.keep(&entry{path: path, stamp: stamp, binary: true})
			}
		}
		return nil
	case errors.As(err, &fe) && !b.ours(fe.Path):
		b.st.Failed++
		b.fail(err)
		return nil
	}
	return err
}

// ours reports whether a path is in the cache.
func (b *builder) ours(path string) bool {
	rel, err := filepath.Rel(b.Cache.Dir(), path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// like is the known text that begins like one of that ID, the longest; nil
// if there is none.
func (b *builder) like(id reader.ID) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var best *entry
	for _, e := range b.byID[id] {
		if best == nil || e.size > best.size {
			best = e
		}
	}
	return best
}

// lastLine is the block in which the last block's first line begins: what
// comes before it stays as it is when the file grows.
func lastLine(blocks []reader.TableBlock) int {
	n := max(len(blocks)-1, 0)
	for n > 0 && blocks[n].Continues {
		n--
	}
	return n
}

// resume takes over what is known of a file that has grown, but for its last
// block, and opens it from there on.
func (b *builder) resume(src reader.Source, m reader.Member, f reader.FileBlocks, eb *entryBuilder, e *entry) (reader.Blocks, error) {
	table, err := e.blockTable()
	if err != nil {
		return nil, err
	}
	n := lastLine(table.Blocks)
	at := reader.Pos{Member: eb.id}
	if n > 0 {
		at.Offset, at.Line = table.Blocks[n].Offset, table.Blocks[n].Line
	}
	rest, err := src.Open(b.ctx, m, at)
	if err != nil {
		return nil, err
	}
	// The file may be another by now.
	if rf, ok := rest.(reader.FileBlocks); !ok || !rf.Stamp().SameFile(eb.stamp) {
		rest.Close()
		return nil, &reader.FileError{Path: m.Path, Offset: -1, Err: reader.ErrGone}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range n {
		eb.tb.AddKnown(table.Blocks[i])
		eb.crcs, eb.tail = append(eb.crcs, 0), append(eb.tail, 0)
	}
	if n > 0 {
		eb.crcs[n-1], eb.tb.Table.CRC = e.lead, e.lead
	}
	eb.takeOver(e, n)
	eb.was, eb.taken = e, n
	return rest, nil
}

// takeOver makes the places of another entry's first n blocks the entry's.
func (eb *entryBuilder) takeOver(e *entry, n int) {
	for _, x := range e.extents {
		if x.block < n {
			x.n = min(x.n, n-x.block)
			eb.extents = append(eb.extents, x)
		}
	}
}

// finish makes the entry that was built one of the next catalog, in place of
// the one it continues.
func (b *builder) finish(eb *entryBuilder, was *entry) {
	e := eb.upTo(len(eb.tb.Table.Blocks))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = nil
	b.entries = append(b.entries, e)
	if was != nil && (was.partial || was.stamp.SameFile(e.stamp)) {
		b.drop(was)
	}
}

// read reads a member's blocks to the end and indexes them. Those that
// begin the text of was, if that is not nil, are known; it returns errOther
// if it turns out that they do not.
func (b *builder) read(m reader.Member, blocks reader.Blocks, eb *entryBuilder, was *entry) error {
	var known []reader.TableBlock
	var sum uint32
	if was != nil {
		t, err := was.blockTable()
		if err != nil {
			return err
		}
		known, sum = t.Blocks, t.CRC
	}
	b.mu.Lock()
	b.current = eb
	b.mu.Unlock()
	base := b.done
	crc := uint32(0)
	ended := false
	for i := 0; ; i++ {
		blk := reader.GetBlock()
		err := blocks.Next(blk)
		if err == nil && ended {
			err = io.EOF // it has grown since; the line would come again
		}
		if err != nil {
			reader.PutBlock(blk)
			if err == io.EOF && i < len(known) {
				return errOther // shorter than what it was taken for
			}
			if err == io.EOF {
				return nil
			}
			return err
		}
		ended = !blk.Unfinished && blk.Text[len(blk.Text)-1] != '\n'
		if i < len(known) {
			k := known[i]
			lastOne := i == len(known)-1
			if blk.Offset != k.Offset || len(blk.Text) < k.Len || len(blk.Text) > k.Len && !lastOne {
				reader.PutBlock(blk)
				return errOther
			}
			crc = crc32.Update(crc, crc32.IEEETable, blk.Text[:k.Len])
			if lastOne && crc != sum {
				reader.PutBlock(blk)
				return errOther
			}
			b.mu.Lock()
			whole := len(blk.Text) == k.Len && blk.Lines == k.Lines
			if whole {
				eb.add(blk, nil, 0)
			}
			if lastOne {
				n := len(known)
				if !whole {
					n--
				}
				eb.takeOver(was, n)
			}
			b.mu.Unlock()
			if whole {
				b.progress(base + blk.Disk)
				reader.PutBlock(blk)
				continue
			}
		}
		b.progress(base + blk.Disk)
		b.st.Text += int64(len(blk.Text))
		if err := b.take(blk, eb); err != nil {
			return err
		}
	}
}

// take indexes a block that was read, which it owns.
func (b *builder) take(blk *reader.Block, eb *entryBuilder) error {
	if b.batch == nil {
		b.batch = &batch{info: &shardInfo{name: rand.Text()}}
	}
	b.mu.Lock()
	// A piece of a line that is longer than a block is always read: what is
	// looked for may be in another.
	if blk.Continues || blk.Unfinished {
		eb.add(blk, nil, 0)
		b.mu.Unlock()
		reader.PutBlock(blk)
		return b.ctx.Err()
	}
	eb.add(blk, b.batch.info, len(b.batch.blocks))
	b.mu.Unlock()
	b.batch.blocks = append(b.batch.blocks, blk)
	if len(b.batch.blocks) < batchBlocks {
		return nil
	}
	if err := b.ctx.Err(); err != nil {
		return err
	}
	b.flush()
	if err := b.failed(); err != nil {
		return err
	}
	if time.Since(b.last) < publishEvery {
		return nil
	}
	if b.Cache.Full() {
		return ErrFull
	}
	return b.publish()
}

// flush gives the batch to a worker.
func (b *builder) flush() {
	x := b.batch
	b.batch = nil
	if x == nil || len(x.blocks) == 0 {
		return
	}
	b.working.Add(1)
	b.Workers.Go(func() {
		defer b.working.Done()
		w := newShardWriter()
		for _, blk := range x.blocks {
			w.add(blk.Text)
			reader.PutBlock(blk)
		}
		info, err := w.write(b.dir, x.info.name)
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			b.broken(err)
			return
		}
		*x.info = *info
		b.written[x.info] = true
		b.shards = append(b.shards, x.info)
		b.mergeSome()
	})
}

// broken notes that the index could not be written. b.mu is held.
func (b *builder) broken(err error) {
	if b.err == nil {
		b.err = &reader.FileError{Path: b.dir, Offset: -1, Err: pathCause(err)}
	}
}

// mergeSome begins to make one shard of small ones, if there are enough.
// b.mu is held.
func (b *builder) mergeSome() {
	var small []*shardInfo
	for _, s := range b.shards {
		if s.text < smallText && !b.merging[s] {
			small = append(small, s)
		}
	}
	if len(small) < mergeAt {
		return
	}
	for _, s := range small {
		b.merging[s] = true
	}
	b.working.Add(1)
	go func() {
		defer b.working.Done()
		b.Workers <- struct{}{}
		defer b.Workers.Release()
		b.merge(small)
	}()
}

// mergeRest makes one shard of the small ones and of those of which little
// is in use, if that is worth it.
func (b *builder) mergeRest() error {
	b.mu.Lock()
	live := b.live()
	var some []*shardInfo
	wasteful := false
	for _, s := range b.shards {
		n := int(live[s].GetCardinality())
		waste := n*2 < s.docs
		wasteful = wasteful || waste
		if s.text < smallText || waste {
			some = append(some, s)
		}
	}
	b.mu.Unlock()
	if len(some) >= mergeFew || wasteful {
		b.merge(some)
	}
	return b.failed()
}

// live is which documents of each shard are in use. b.mu is held.
func (b *builder) live() map[*shardInfo]*roaring.Bitmap {
	live := map[*shardInfo]*roaring.Bitmap{}
	for _, s := range b.shards {
		live[s] = roaring.New()
	}
	b.extents(func(x *extent) {
		if l := live[x.shard]; l != nil {
			l.AddRange(uint64(x.doc), uint64(x.doc+x.n))
		}
	})
	return live
}

// extents calls f for every extent there is. b.mu is held.
func (b *builder) extents(f func(x *extent)) {
	each := func(list []extent) {
		for i := range list {
			f(&list[i])
		}
	}
	for _, e := range b.entries {
		each(e.extents)
	}
	for _, e := range b.old {
		each(e.extents)
	}
	if b.current != nil {
		each(b.current.extents)
	}
}

// merge makes one shard of some, without what is in use no more.
func (b *builder) merge(some []*shardInfo) {
	b.mu.Lock()
	live := b.live()
	b.mu.Unlock()
	err := b.mergeInto(some, live)
	if err != nil {
		b.mu.Lock()
		b.broken(err)
		b.mu.Unlock()
	}
}

func (b *builder) mergeInto(some []*shardInfo, live map[*shardInfo]*roaring.Bitmap) error {
	var open []*shard
	defer func() {
		for _, s := range open {
			s.close()
		}
	}()
	var drop []*roaring.Bitmap
	left := false
	for _, info := range some {
		s, err := openShard(b.dir, info)
		if err != nil {
			return err
		}
		open = append(open, s)
		dead := s.all()
		dead.AndNot(live[info])
		left = left || !live[info].IsEmpty()
		if dead.IsEmpty() {
			dead = nil
		}
		drop = append(drop, dead)
	}
	into := &shardInfo{}
	var moved [][]uint64
	if left {
		var err error
		if into, moved, err = mergeShards(b.dir, rand.Text(), open, drop); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	number := map[*shardInfo]int{}
	for i, s := range some {
		number[s] = i
		delete(b.merging, s)
		b.shards = slices.DeleteFunc(b.shards, func(x *shardInfo) bool { return x == s })
	}
	if left {
		b.shards = append(b.shards, into)
		b.written[into] = true
	}
	b.extents(func(x *extent) {
		if i, ok := number[x.shard]; ok {
			x.shard, x.doc = into, int(moved[i][x.doc])
		}
	})
	return nil
}

// forget drops the entries of files at paths that are not there any more.
func (b *builder) forget(paths []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var left []*entry
	for _, e := range b.old {
		gone := e.partial
		for _, p := range paths {
			if rel, err := b.rel(filepath.Join(p, "x")); err == nil {
				dir := strings.TrimSuffix(rel, "x")
				gone = gone || strings.HasPrefix(e.path, dir)
			}
		}
		if _, err := os.Stat(filepath.Join(b.root, filepath.FromSlash(e.path))); errors.Is(err, fs.ErrNotExist) {
			gone = true
		}
		if !gone {
			left = append(left, e)
		} else if !e.binary && !e.partial {
			b.st.Gone++
		}
	}
	b.old = left
}

// publish writes the catalog of all that is whole.
func (b *builder) publish() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &catalog{root: b.root, built: time.Now()}
	used := map[*shardInfo]bool{}
	whole := func(e *entry) bool {
		return !slices.ContainsFunc(e.extents, func(x extent) bool { return !b.written[x.shard] })
	}
	add := func(e *entry) {
		c.members = append(c.members, e)
		for _, x := range e.extents {
			used[x.shard] = true
		}
	}
	for _, e := range b.entries {
		if whole(e) {
			add(e)
		}
	}
	var was *entry
	if b.current != nil {
		if begun := b.soFar(b.current); begun != nil {
			was = b.current.was
			add(begun)
		}
	}
	for _, e := range b.old {
		if e != was {
			add(e)
		}
	}
	for _, s := range b.shards {
		if used[s] {
			c.shards = append(c.shards, s)
		}
	}
	b.last = time.Now()
	if err := c.write(b.dir); err != nil {
		return &reader.FileError{Path: b.dir, Offset: -1, Err: pathCause(err)}
	}
	return nil
}

// soFar is an entry of as much of the current member as is written. A plain
// file is covered that far, and looks as if it had grown since. The
// beginning of a compressed one is of use only to who goes on.
func (b *builder) soFar(eb *entryBuilder) *entry {
	n := len(eb.crcs)
	for _, x := range eb.extents {
		if !b.written[x.shard] {
			n = min(n, x.block)
		}
	}
	if n < eb.taken+batchBlocks || len(eb.extents) == 0 {
		return nil
	}
	e := eb.upTo(n)
	if e.direct {
		e.stamp.Size, e.stamp.ModTime = int64(e.size)+int64(e.bom), 0
	} else {
		e.partial = true
	}
	return e
}
