package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
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
	names [][]byte        // of the columns of each text's file; see [line.Columns.Text]
	size  int             // total size of texts
	own   []*reader.Block // blocks whose memory texts uses
}

// add adds a block's text to the batch and takes ownership of the block. names are
// those of its file's columns.
func (x *batch) add(blk *reader.Block, names []byte) {
	text := blk.Text
	if len(text) < reader.BlockSize/4 {
		// Ten thousand small files must not use the memory of a block
		// each.
		text = bytes.Clone(text)
		reader.PutBlock(blk)
	} else {
		x.own = append(x.own, blk)
	}
	x.texts, x.names = append(x.texts, text), append(x.names, names)
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
	defer b.removeUnused()
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
		b.removeUnused()
		return
	}
	if cat.generation != nil {
		g, err := openGeneration(b.dir, cat.generation, nil)
		if err != nil {
			b.fail(&reader.FileError{Path: filepath.Join(b.dir, cat.generation.name), Offset: -1, Err: fmt.Errorf("%w: the index is built anew", pathCause(err))})
			b.removeUnused()
			return
		}
		g.close()
	}
	if cat.next > math.MaxUint32/2 {
		b.removeUnused() // after two billion blocks; numbers begin at 0 again
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
	b.removeUnused()
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
			if e != nil && !e.isOutdated() && e.certainlyHolds(b.Cache, stamp) {
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
			docs.add(x.first+uint32(i), text, x.names[i])
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
