package index

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/gofrs/flock"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/files"
)

// A Builder brings the index of a directory up to date, and the block stores of
// the compressed files in it.
//
// How it runs. The caller's goroutine reads new text, member after member and
// block after block, and collects batches of batchBlocks blocks. A worker makes
// documents of a batch and gives them to Bleve, which writes and merges segments
// in its own goroutines. Every publishEvery, the documents so far are published
// as a generation, and the catalog, which names it, is replaced atomically. If
// the process is killed, only the work since then is lost.
//
// One process at a time builds an index. It holds a lock, which is released when
// the process ends. Searches need no lock: a published generation never changes.
type Builder struct {
	Cache   *blockstore.Cache
	Workers *reader.Workers // as in Scan

	// Encoding is as in reader.Options. Files that were indexed with a
	// different encoding are indexed again.
	Encoding decode.Charset

	// Find lists the logs at paths; nil means files.Find.
	Find func(paths []string) ([]files.Log, []error)

	// Progress, if not nil, is called from time to time, in the goroutine
	// that called Build, with the numbers of bytes on disk.
	Progress func(done, total int64)
	// Failed, if not nil, is called for files that could not be read.
	Failed func(*reader.FileError)
	// Skipped, if not nil, is called for files that are not text.
	Skipped func(*reader.FileError)
	// Waiting, if not nil, is called when another process has the lock.
	Waiting func()
}

// BuildStats counts what a Build did. Members = Known + Grown + Moved + New +
// Skipped + Archives + Failed, unless the Build was cancelled.
type BuildStats struct {
	Root     string
	Members  int // found
	Known    int // unchanged since the last build
	Grown    int // longer than at the last build
	Moved    int // renamed or compressed, and recognised by their text
	New      int // read from their beginning
	Gone     int // removed from the index
	Skipped  int // not text
	Archives int // archives, whose contents are not indexed
	Failed   int // not readable, or not completely
	Text     int64
	Elapsed  time.Duration
}

// Variables, not constants, so that tests can change them.
var (
	// batchBlocks is the size of a batch in full blocks. With 64, a build
	// of a gigabyte was a fifth faster than with 32, but took 400 MB
	// instead of 280.
	batchBlocks = 32
	batchDocs   = 1024 // maximum number of blocks in a batch, if they are small

	publishEvery = 5 * time.Second
)

const (
	// publishFilters limits the memory for filters, in bytes. Filters are
	// written when they are published, so a build that makes many publishes
	// more often.
	publishFilters = 64 << 20
	// publishShare limits publishing to a tenth of the time. It is slow on
	// a file system without hard links.
	publishShare = 10
)

// ErrFull means that the cache has reached its size limit.
var ErrFull = errors.New("the cache is full; the rest is not indexed (--cache-size)")

// A buildRun is the state of one call of Build.
type buildRun struct {
	*Builder
	ctx  context.Context
	root string
	dir  string // directory of the index
	held *flock.Flock
	st   BuildStats

	old   map[*entry]bool // entries of the last catalog whose files have not been found yet
	known map[[2]uint64]*entry
	byID  map[reader.ID][]*entry
	moved map[*entry]bool // entries whose text was found under another name
	met   map[string]bool // paths of files that were found

	entries []*entry
	current *entryBuilder

	batch *batch // being filled
	next  uint32 // the serial number of the next block
	done  int64  // bytes on disk read so far
	total int64

	store           *store // nil until there is something to write
	counted         int64  // size of store as recorded in the cache
	published       *generationInfo
	last            time.Time     // time of the last publication
	publishedBlocks uint64        // number of blocks indexed at that time
	pause           time.Duration // minimum time until the next publication

	working sync.WaitGroup
	mu      sync.Mutex      // guards the fields below
	indexed *roaring.Bitmap // serial numbers of the documents in the store
	err     error           // error of a worker
}

// A batch is a set of blocks that are indexed together. Their serial numbers are
// consecutive.
type batch struct {
	first uint32
	texts [][]byte
	size  int             // total size of texts
	own   []*reader.Block // blocks whose memory texts uses
}

// add adds a block's text to the batch and takes ownership of the block.
func (x *batch) add(blk *reader.Block) {
	text := blk.Text
	if len(text) < reader.BlockSize/4 {
		// Ten thousand small files must not use the memory of a block
		// each.
		text = bytes.Clone(text)
		reader.PutBlock(blk)
	} else {
		x.own = append(x.own, blk)
	}
	x.texts = append(x.texts, text)
	x.size += len(text)
}

// Build indexes the files at paths, which are root or below it, and removes
// files at paths that no longer exist from the index. It returns an error if the
// index could not be written; files that could not be read are reported to
// Failed and counted. When ctx is cancelled, the work done so far is kept.
func (b *Builder) Build(ctx context.Context, root string, paths []string) (BuildStats, error) {
	begun := time.Now()
	bb := &buildRun{Builder: b, ctx: ctx, moved: map[*entry]bool{}, met: map[string]bool{}, indexed: roaring.New()}
	err := bb.run(root, paths)
	bb.st.Elapsed = time.Since(begun)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return bb.st, err
}

func (b *buildRun) run(root string, paths []string) error {
	var err error
	if root, err = realDir(root); err != nil {
		return err
	}
	b.root = rootOf(b.Cache, root)
	b.st.Root = b.root
	if b.dir, err = indexDir(b.Cache, b.root, true); err != nil {
		return err
	}
	unlock, err := b.lock()
	if err != nil {
		return err
	}
	defer unlock()
	defer b.sweep()
	defer func() {
		if b.store != nil {
			b.store.close()
			b.store = nil
		}
	}()
	b.load()

	find := b.Find
	if find == nil {
		find = files.Find
	}
	logs, errs := find(paths)
	for _, err := range errs {
		if !errors.Is(err, files.ErrOutput) {
			b.st.Failed++
		}
		b.fail(err)
	}
	err = b.updateMembers(logs)
	if ferr := b.flush(); err == nil {
		err = ferr
	}
	b.working.Wait()
	if err == nil {
		err = b.err
	}
	if err == nil && b.ctx.Err() == nil {
		b.forget(paths)
		err = b.tidy()
	}
	if perr := b.publish(); err == nil {
		err = perr
	}
	return err
}

// rootOf returns the directory whose index covers dir: an indexed directory
// above it, or else dir itself.
func rootOf(c *blockstore.Cache, dir string) string {
	for up := dir; ; up = filepath.Dir(up) {
		if cat, _, err := catalogOf(c, up); err == nil && cat.root == up {
			return up
		}
		if up == filepath.Dir(up) {
			return dir
		}
	}
}

// lock acquires the lock of the index, waiting while another process builds it.
func (b *buildRun) lock() (unlock func(), err error) {
	for waited := false; ; {
		l := flock.New(filepath.Join(b.dir, "lock"))
		if info, err := os.Lstat(l.Path()); err == nil && !info.Mode().IsRegular() {
			return nil, &reader.FileError{Path: l.Path(), Offset: -1, Err: errors.New("not a regular file, and symbolic links are not followed in the cache; delete it")}
		}
		ok, err := l.TryLock()
		if err == nil && !ok {
			if b.Waiting != nil && !waited {
				b.Waiting()
			}
			waited = true
			_, err = l.TryLockContext(b.ctx, 50*time.Millisecond)
		}
		if err != nil {
			return nil, &reader.FileError{Path: l.Path(), Offset: -1, Err: pathCause(err)}
		}
		if b.held = l; b.ownsLock() {
			return func() { l.Unlock() }, nil
		}
		// The index was deleted while another process held the lock.
		l.Unlock()
		if _, err := indexDir(b.Cache, b.root, true); err != nil {
			return nil, err
		}
	}
}

// ownsLock reports whether the lock file is still in place. It is not if the
// index was deleted; then another process may be building it.
func (b *buildRun) ownsLock() bool {
	mine, err := b.held.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(b.held.Path())
	return err == nil && os.SameFile(mine, there)
}

var errDeleted = errors.New("it was deleted while it was being built")

func pathCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// load reads the last catalog. If it, or the generation it names, cannot be used,
// the index is built anew.
func (b *buildRun) load() {
	b.old, b.known, b.byID = map[*entry]bool{}, map[[2]uint64]*entry{}, map[reader.ID][]*entry{}
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
	if cat.generation != nil {
		g, err := openGeneration(b.dir, cat.generation, nil)
		if err != nil {
			b.fail(&reader.FileError{Path: filepath.Join(b.dir, cat.generation.name), Offset: -1, Err: fmt.Errorf("%w: the index is built anew", pathCause(err))})
			b.sweep()
			return
		}
		g.close()
	}
	if cat.next > math.MaxUint32/2 {
		b.sweep() // after two billion blocks; numbers begin at 0 again
		return
	}
	b.published, b.next = cat.generation, cat.next
	defer func() { b.publishedBlocks = b.indexed.GetCardinality() }()
	for _, e := range cat.members {
		b.old[e] = true
		addExtents(b.indexed, e.extents)
		if !e.partial {
			b.known[b.fileKey(e.stamp, e.path)] = e
		}
		if e.binary {
			continue
		}
		b.byID[e.id] = append(b.byID[e.id], e)
	}
	b.sweep()
}

// fileKey returns the identity of a file across builds: its device and inode, or
// a hash of its path where there are none.
func (b *buildRun) fileKey(s reader.Stamp, path string) [2]uint64 {
	if s.Ino != 0 {
		return [2]uint64{s.Dev, s.Ino}
	}
	h := crc32.ChecksumIEEE([]byte(path))
	return [2]uint64{uint64(h), uint64(crc32.Checksum([]byte(path), castagnoli))}
}

// sweep deletes files that the catalog does not name, such as those of an
// interrupted build and generations that were replaced, except those in keep.
func (b *buildRun) sweep(keep ...string) {
	if !b.ownsLock() {
		return
	}
	keep = append(keep, catalogName, "lock")
	if b.store != nil {
		keep = append(keep, b.store.name())
	}
	if cat, err := readCatalog(b.dir); err == nil && cat.generation != nil {
		keep = append(keep, cat.generation.name)
	}
	b.Cache.RemoveIndexFiles(b.dir, func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return !slices.Contains(keep, top)
	})
}

func (b *buildRun) fail(err error) {
	var fe *reader.FileError
	if !errors.As(err, &fe) {
		fe = &reader.FileError{Path: b.root, Offset: -1, Err: err}
	}
	if b.Failed != nil {
		b.Failed(fe)
	}
}

// skip counts a file that is not text.
func (b *buildRun) skip(err error) {
	b.st.Skipped++
	var fe *reader.FileError
	if errors.As(err, &fe) && b.Skipped != nil {
		b.Skipped(fe)
	}
}

// updateMembers brings the entries of all files up to date.
func (b *buildRun) updateMembers(logs []files.Log) error {
	b.last = time.Now()
	type job struct {
		src reader.Source
		m   reader.Member
		e   *entry // the known entry of a file that has grown or been renamed, or nil
	}
	var jobs []job
	for _, l := range logs {
		src := files.NewSource(l, files.Options{Cache: b.Cache, Encoding: b.Encoding, Workers: b.Workers, MustStore: true})
		if err := src.Settle(b.ctx); err != nil {
			return nil // cancelled
		}
		for _, m := range src.Members() {
			stamp, ok := files.ListedStamp(m)
			path, perr := b.rel(m.Path)
			if !ok || perr != nil {
				continue // for example, a pipe
			}
			b.st.Members++
			b.met[path] = true
			e := b.known[b.fileKey(stamp, path)]
			if e != nil && e.encoding != b.Encoding {
				e = nil
			}
			if e != nil && e.knows(b.Cache, stamp) {
				e.path, e.stamp = path, stamp
				b.keep(e)
				if e.binary {
					b.skip(&reader.FileError{Path: m.Path, Offset: -1, Err: reader.ErrBinary})
				} else {
					b.st.Known++
				}
				continue
			}
			if e != nil && (e.binary || !stamp.Same(e.stamp) && (!e.direct || stamp.Size <= e.stamp.Size)) {
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
		if err := b.failure(); err != nil {
			return err
		}
		before := b.done
		if err := b.updateMember(j.src, j.m, j.e); err != nil {
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

func (b *buildRun) progress(done int64) {
	if b.Progress != nil {
		b.Progress(done, b.total)
	}
}

func (b *buildRun) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// rel returns a path relative to the root, with slashes.
func (b *buildRun) rel(path string) (string, error) {
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

// keep moves an entry from the last catalog to the next.
func (b *buildRun) keep(e *entry) {
	b.entries = append(b.entries, e)
	delete(b.old, e)
}

// updateMember reads the new text of one file. e, if not nil, is the entry of the
// file when it was shorter, or when it may have held another text of the same
// length.
func (b *buildRun) updateMember(src reader.Source, m reader.Member, e *entry) error {
	blocks, err := src.Open(b.ctx, m, reader.Pos{})
	if err != nil {
		return b.recordUnread(m, err)
	}
	defer func() { blocks.Close() }()
	f, ok := blocks.(reader.FileBlocks)
	if files.IsTwin(m) {
		// A pair that Settle left undecided is damaged. It gets no entry.
		blk := reader.GetBlock()
		defer reader.PutBlock(blk)
		for err == nil {
			err = blocks.Next(blk)
		}
		if err == io.EOF {
			return nil
		}
		return b.recordUnread(m, err)
	}
	if !ok || b.ctx.Err() != nil {
		return nil
	}
	eb := &entryBuilder{}
	eb.stamp, eb.id = f.Stamp(), f.ID()
	if eb.path, err = b.rel(m.Path); err != nil {
		return nil
	}
	eb.bom, eb.direct = f.Direct()
	eb.encoding = b.Encoding
	eb.tb.Clock.Ref = m.ModTime
	var renamed *entry // may be the entry of this text
	switch {
	case e == nil:
	case eb.stamp.Same(e.stamp):
		if b.holds(e, src, m, f) {
			e.path, e.stamp = eb.path, eb.stamp
			b.keep(e)
			b.st.Known++
			return nil
		}
		renamed, e = e, nil
	default:
		if ok, err := e.begins(f); err != nil || !ok {
			e = nil // the file contains another text now
		}
	}
	if e != nil {
		rest, err := b.resume(src, m, f, eb, e)
		if err != nil {
			return b.recordUnread(m, err)
		}
		blocks.Close()
		blocks = rest
		if err := b.read(m, blocks, eb, nil); err != nil {
			return b.recordUnread(m, err)
		}
		b.st.Grown++
		b.finish(eb, e)
		return nil
	}
	// The text may be known under another name or in another form. Each
	// candidate is compared as the text is read; if none matches, the text
	// is read once more as a new one.
	var was *entry
	likely := append(b.candidates(eb.id), nil)
	if renamed != nil && !slices.Contains(likely, renamed) {
		likely = slices.Insert(likely, 0, renamed)
	}
	for i, e := range likely {
		was = e
		if i > 0 {
			var next reader.Blocks
			if next, err = src.Open(b.ctx, m, reader.Pos{}); err != nil {
				break
			}
			blocks.Close()
			blocks, eb = next, eb.renew(m)
		}
		if err = b.read(m, blocks, eb, was); err != errOther {
			break
		}
	}
	if err != nil {
		return b.recordUnread(m, err)
	}
	if b.ctx.Err() != nil {
		return nil
	}
	switch {
	case was == nil:
		b.st.New++
	case was == renamed:
		b.st.Known++
	default:
		b.st.Moved++
	}
	b.finish(eb, was)
	return nil
}

// holds reports whether the file of f still has the text of e. It reports false
// if that could be decided only by decoding the file.
func (b *buildRun) holds(e *entry, src reader.Source, m reader.Member, f reader.FileBlocks) bool {
	if _, direct := f.Direct(); direct != e.direct {
		return false
	}
	if e.direct {
		return e.holds(b.ctx, b.Cache, src, m, f.Stamp())
	}
	table, err := e.blockTable()
	if err != nil {
		return false
	}
	_, ok := f.Access(table) // the stored blocks were compared with the file
	return ok
}

// errOther means that a text is not the known text it was compared with.
var errOther = errors.New("another text")

// recordUnread records that a member could not be read. It returns err only if err
// means that the index cannot be written.
func (b *buildRun) recordUnread(m reader.Member, err error) error {
	b.current = nil
	var fe *reader.FileError
	switch {
	case b.ctx.Err() != nil:
		return nil
	case errors.Is(err, reader.ErrBinary):
		b.skip(err)
		if stamp, ok := files.ListedStamp(m); ok {
			if path, err := b.rel(m.Path); err == nil {
				b.keep(&entry{path: path, stamp: stamp, binary: true, encoding: b.Encoding})
			}
		}
		return nil
	case errors.Is(err, files.ErrArchive):
		b.st.Archives++
		return nil
	case errors.As(err, &fe) && !b.inCache(fe.Path):
		b.st.Failed++
		b.fail(err)
		return nil
	}
	return err
}

// inCache reports whether a path is in the cache directory.
func (b *buildRun) inCache(path string) bool {
	rel, err := filepath.Rel(b.Cache.Dir(), path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// candidates returns the entries of known texts whose ID, and so whose
// beginning, is id, the longest first. Different logs rarely begin with the
// same 4 KiB; if more than a few do, only the longest are returned.
func (b *buildRun) candidates(id reader.ID) []*entry {
	const most = 3
	list := slices.Clone(b.byID[id])
	slices.SortFunc(list, func(x, y *entry) int { return cmp.Compare(y.size, x.size) })
	return list[:min(len(list), most)]
}

// resume takes over all but the last block of the entry e of a file that has
// grown, and opens the file where these blocks end.
func (b *buildRun) resume(src reader.Source, m reader.Member, f reader.FileBlocks, eb *entryBuilder, e *entry) (reader.Blocks, error) {
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
	// The file may have been replaced in the meantime.
	if rf, ok := rest.(reader.FileBlocks); !ok || !rf.Stamp().SameFile(eb.stamp) {
		rest.Close()
		return nil, &reader.FileError{Path: m.Path, Offset: -1, Err: reader.ErrGone}
	}
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

// finish adds the entry that was built to the next catalog, in place of was, if
// that is not nil.
func (b *buildRun) finish(eb *entryBuilder, was *entry) {
	e := eb.upTo(len(eb.tb.Table.Blocks))
	b.current = nil
	b.entries = append(b.entries, e)
	if was != nil {
		b.moved[was] = true
		if was.partial || was.stamp.SameFile(e.stamp) {
			delete(b.old, was)
		}
	}
}

// read reads a member's blocks to the end and indexes them. If was is not nil,
// its blocks are expected to be the first ones and are not indexed again; read
// returns errOther if they differ.
func (b *buildRun) read(m reader.Member, blocks reader.Blocks, eb *entryBuilder, was *entry) error {
	var known []reader.TableBlock
	var sum uint32
	if was != nil {
		t, err := was.blockTable()
		if err != nil {
			return err
		}
		known, sum = t.Blocks, t.CRC
	}
	b.current = eb
	base := b.done
	crc := uint32(0)
	ended := false
	for i := 0; ; i++ {
		blk := reader.GetBlock()
		err := blocks.Next(blk)
		if err == nil && ended {
			err = io.EOF // the file has grown since; the line would be returned again
		}
		if err != nil {
			reader.PutBlock(blk)
			if err == io.EOF && i < len(known) {
				return errOther // the text is shorter
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
			if !same(blk, &k, lastOne) {
				reader.PutBlock(blk)
				return errOther
			}
			crc = crc32.Update(crc, crc32.IEEETable, blk.Text[:k.Len])
			if lastOne && crc != sum {
				reader.PutBlock(blk)
				return errOther
			}
			whole := len(blk.Text) == k.Len && len(blk.Skips) == len(k.Skips) && blk.Lines == k.Lines && blk.Continues == k.Continues && blk.Unfinished == k.Unfinished
			if whole {
				eb.add(blk)
			}
			if lastOne {
				n := len(known)
				if !whole {
					n--
				}
				eb.takeOver(was, n)
			}
			if whole {
				b.progress(base + blk.Disk)
				reader.PutBlock(blk)
				continue
			}
		}
		b.progress(base + blk.Disk)
		b.st.Text += int64(len(blk.Text))
		if err := b.indexBlock(blk, eb); err != nil {
			return err
		}
	}
}

// same reports whether a block has the extent of k or, if k is the last block of
// its table, at least that extent.
func same(b *reader.Block, k *reader.TableBlock, last bool) bool {
	if b.Offset != k.Offset || len(b.Text) < k.Len || len(b.Skips) < len(k.Skips) || !slices.Equal(b.Skips[:len(k.Skips)], k.Skips) {
		return false
	}
	return last || len(b.Text) == k.Len && len(b.Skips) == len(k.Skips)
}

// indexBlock indexes a block that was read. It takes ownership of blk.
func (b *buildRun) indexBlock(blk *reader.Block, eb *entryBuilder) error {
	// A piece of a line that is longer than a block is not indexed, and is
	// therefore always searched: a match may extend over several pieces.
	if blk.Continues || blk.Unfinished {
		eb.add(blk)
		reader.PutBlock(blk)
		return b.ctx.Err()
	}
	if b.batch == nil {
		b.batch = &batch{first: b.next}
	}
	eb.addIndexed(blk, b.next)
	b.next++
	b.batch.add(blk)
	if len(b.batch.texts) < batchDocs && b.batch.size < batchBlocks*reader.BlockSize {
		return nil
	}
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if err := b.flush(); err != nil {
		return err
	}
	if err := b.failure(); err != nil {
		return err
	}
	b.count()
	if !b.Cache.MakeRoom(1, 0) {
		return ErrFull
	}
	if time.Since(b.last) < max(publishEvery, b.pause) && !b.store.fullOfFilters() || !b.hasNews() {
		return nil
	}
	return b.publish()
}

// hasNews reports whether anything has been indexed since the last publication.
func (b *buildRun) hasNews() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.indexed.GetCardinality() > b.publishedBlocks
}

// open opens the store if it is not open yet.
func (b *buildRun) open() error {
	if b.store != nil {
		return nil
	}
	s, err := openStore(b.dir, b.published)
	if err != nil {
		return b.storeError(err)
	}
	b.store, b.counted = s, s.size() // the files are links to those of the last generation
	if err := s.prune(b.indexed); err != nil {
		return b.storeError(err)
	}
	return nil
}

// count records in the cache how much the store has grown.
func (b *buildRun) count() {
	size := b.store.size()
	b.Cache.RecordGrowth(size - b.counted)
	b.counted = size
}

// flush hands the batch to a worker.
func (b *buildRun) flush() error {
	x := b.batch
	b.batch = nil
	if x == nil || len(x.texts) == 0 {
		return nil
	}
	if err := b.open(); err != nil {
		return err
	}
	b.working.Add(1)
	b.Workers.Go(func() {
		defer b.working.Done()
		docs := newBlockBatch()
		for i, text := range x.texts {
			docs.add(x.first+uint32(i), text)
		}
		for _, blk := range x.own {
			reader.PutBlock(blk)
		}
		err := b.store.add(docs)
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			b.recordError(err)
			return
		}
		b.indexed.AddRange(uint64(x.first), uint64(x.first)+uint64(len(x.texts)))
	})
	return nil
}

// tidy deletes the documents of blocks that no entry refers to, and merges small
// segments.
func (b *buildRun) tidy() error {
	live := roaring.New()
	for _, e := range b.entries {
		addExtents(live, e.extents)
	}
	for e := range b.old {
		addExtents(live, e.extents)
	}
	dead := roaring.AndNot(b.indexed, live)
	if !dead.IsEmpty() {
		if err := b.open(); err != nil {
			return err
		}
		if err := b.store.delete(dead); err != nil {
			return b.storeError(err)
		}
		b.indexed = live
	}
	if b.store == nil {
		return nil
	}
	if err := b.store.settle(b.ctx); err != nil {
		return b.storeError(err)
	}
	return nil
}

// addExtents adds the serial numbers in list to set.
func addExtents(set *roaring.Bitmap, list []extent) {
	for _, x := range list {
		set.AddRange(uint64(x.serial), uint64(x.serial)+uint64(x.n))
	}
}

// storeError wraps an error of writing the index.
func (b *buildRun) storeError(err error) error {
	return &reader.FileError{Path: b.dir, Offset: -1, Err: pathCause(err)}
}

// recordError records that the index could not be written. The caller must hold
// b.mu.
func (b *buildRun) recordError(err error) {
	if b.err == nil {
		b.err = b.storeError(err)
	}
}

// forget drops the entries of files at paths that no longer exist, and of files
// elsewhere that were deleted.
func (b *buildRun) forget(paths []string) {
	for e := range b.old {
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
			continue
		}
		delete(b.old, e)
		if !e.binary && !e.partial && !b.met[e.path] && !b.moved[e] {
			b.st.Gone++
		}
	}
}
