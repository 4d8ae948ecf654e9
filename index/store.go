package index

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"
	bleve "github.com/blevesearch/bleve_index_api"
	"golang.org/x/sync/errgroup"

	"logview/reader/crash"
)

// A store is the Bleve index that a Builder writes to. It has its own
// directory, which starts with links to the files of the last generation and is
// deleted at the end; only generations made by publish are kept. So the next
// build can ignore the remains of one that was killed.
type store struct {
	parent string // the directory of the index
	work   string // the store's directory in it
	index  *scorch.Scorch
	queue  *bleve.AnalysisQueue

	// persisting is a semaphore for the batches that Bleve has only in
	// memory.
	persisting chan struct{}

	failure error         // error of a goroutine of Bleve's; valid once failed is closed
	failed  chan struct{} // closed by fail
	failOne sync.Once
	closing chan struct{} // closed by close

	// panicked is closed once Bleve has panicked. The goroutine may hold locks for
	// ever, so that nothing may wait for Bleve from then on.
	panicked chan struct{}
	panicOne sync.Once

	mu sync.Mutex
	// filters contains the filters of documents that are not published yet,
	// by serial number.
	filters     map[uint32]docFilter
	filterBytes int
	auxBytes    int64 // size of the .aux files that were published

}

// maxPersisting is the number of batches that Bleve may have in memory: if the
// disk is slow, the builder waits instead of using more memory.
const maxPersisting = 8

// mergePlan controls when Bleve merges segments while blocks are added. Bleve's
// own plan treats all segments below 2,000 documents as equal, and so merged
// all of them again and again: building took 30% longer.
var mergePlan = map[string]any{
	"floorSegmentSize": 32, "maxSegmentsPerTier": 32, "segmentsPerMergeTask": 32, "tierGrowth": 32.0, "maxSegmentSize": 5_000_000,
}

// stores maps the path with which Bleve reports errors to the open *store.
var stores sync.Map

// callbacks is the name under which our callbacks are registered with Bleve.
const callbacks = "logview"

func init() {
	scorch.RegistryAsyncErrorCallbacks[callbacks] = func(err error, path string) {
		if s, ok := stores.Load(path); ok {
			s.(*store).fail(err)
		}
	}
	scorch.RegistryEventCallbacks[callbacks] = func(e scorch.Event) bool {
		// These events come from the goroutines that merge and persist. They
		// read mapped files. If such a file is truncated, reading it then panics,
		// which Bleve reports as an error, instead of ending the program.
		switch e.Kind {
		case scorch.EventKindPreMergeCheck, scorch.EventKindPurgerCheck, scorch.EventKindPersisterProgress:
			debug.SetPanicOnFault(true)
		}
		return true
	}
}

// fail records an error of the Bleve goroutine that calls it. Bleve would retry
// at once and forever, for example on a full disk. So fail returns only when
// the store is closed.
func (s *store) fail(err error) {
	s.failOne.Do(func() {
		s.failure = cause(err)
		close(s.failed)
	})
	if errors.Is(err, scorch.ErrAsyncPanic) {
		s.panicOne.Do(func() { close(s.panicked) })
	}
	<-s.closing
}

// guard is like the function, for a call of Bleve.
func (s *store) guard(f func() error) error {
	ended := false
	err := guard(func() error {
		err := f()
		ended = true
		return err
	})
	if !ended {
		s.panicOne.Do(func() { close(s.panicked) })
	}
	return err
}

// cause returns the system's error without the paths that precede it in the
// text of Bleve's error: they are in a directory that will soon be deleted.
func cause(err error) error {
	if errors.Is(err, scorch.ErrAsyncPanic) {
		return err
	}
	text := err.Error()
	return errors.New(strings.TrimSpace(text[strings.LastIndex(text, ": ")+1:]))
}

// openStore opens a store in parent, the directory of an index. It starts with
// the documents of a generation, if from is not nil.
func openStore(parent string, from *generationInfo) (s *store, err error) {
	s = &store{
		parent:     parent,
		work:       filepath.Join(parent, "work-"+rand.Text()),
		queue:      bleve.NewAnalysisQueue(1),
		persisting: make(chan struct{}, maxPersisting),
		failed:     make(chan struct{}),
		closing:    make(chan struct{}),
		panicked:   make(chan struct{}),
		filters:    map[uint32]docFilter{},
	}
	path := filepath.Join(s.work, storeName)
	stores.Store(path, s)
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if err := makeDirs(s.work, path); err != nil {
		return s, err
	}
	segments := 0
	if from != nil {
		segments = len(from.segments)
		old := filepath.Join(parent, from.name)
		for _, i := range from.segments {
			if err := link(i.zapPath(old), filepath.Join(path, zapName(i.id))); err != nil {
				return s, err
			}
		}
		if err := copyFile(from.boltPath(parent), filepath.Join(path, boltName)); err != nil {
			return s, err
		}
	}
	index, err := scorch.NewScorch(scorch.Name, map[string]any{
		"path": path,
		// Batches are accepted before the previous ones are on disk:
		// publishing writes those that are missing.
		"unsafe_batch":           true,
		"numSnapshotsToKeep":     1,
		"asyncErrorCallbackName": callbacks,
		"eventCallbackName":      callbacks,
		"scorchMergePlanOptions": mergePlan,
	}, s.queue)
	if err != nil {
		return s, err
	}
	opened := index.(*scorch.Scorch)
	if err := s.guard(opened.Open); err != nil {
		return s, err
	}
	s.index = opened
	snapshot, err := s.snapshot()
	if err != nil {
		return s, err
	}
	defer snapshot.Close()
	if segments > 0 && len(snapshot.Segments()) == 0 { // Bleve starts an empty index if it cannot read one
		return s, fmt.Errorf("%w: none of %d segments", errDamaged, segments)
	}
	return s, nil
}

// snapshot returns a snapshot of the store. The caller must close it.
func (s *store) snapshot() (*scorch.IndexSnapshot, error) {
	var r bleve.IndexReader
	err := s.await(func() (err error) {
		r, err = s.index.Reader()
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.(*scorch.IndexSnapshot), nil
}

// close stops Bleve. The caller must delete the store's directory.
func (s *store) close() {
	close(s.closing)
	if s.index != nil {
		closed := make(chan struct{})
		crash.Go(func() {
			defer close(closed)
			_ = guard(s.index.Close)
		})
		select {
		case <-closed:
		case <-s.panicked:
		}
	}
	s.queue.Close()
	stores.Delete(filepath.Join(s.work, storeName))
}

// name returns the name of the store's directory in the directory of the index.
func (s *store) name() string { return filepath.Base(s.work) }

// size returns the size on disk, in bytes, of the store and of the .aux files
// that it published.
func (s *store) size() int64 {
	s.mu.Lock()
	n := s.auxBytes
	s.mu.Unlock()
	entries, _ := os.ReadDir(filepath.Join(s.work, storeName))
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

// add adds documents. It may be called by several goroutines at once.
func (s *store) add(b *blockBatch) error {
	filters := b.docFilters()
	s.mu.Lock()
	for i, serial := range b.serials {
		s.filters[serial] = filters[i]
		s.filterBytes += filters[i].bytes
	}
	s.mu.Unlock()
	batch := bleve.NewBatch()
	batch.SetInternal([]byte(mappingKey), []byte(bleveMapping)) // setting it again costs nothing
	for _, d := range b.docs {
		batch.Update(d)
	}
	return s.apply(batch)
}

// apply passes a batch to Bleve once there is room for it.
func (s *store) apply(batch *bleve.Batch) error {
	select {
	case <-s.failed:
		return s.failure
	default:
	}
	select {
	case s.persisting <- struct{}{}:
	case <-s.failed:
		return s.failure
	}
	batch.SetPersistedCallback(func(error) { <-s.persisting })
	return s.await(func() error {
		err := s.index.Batch(batch)
		if err != nil {
			<-s.persisting // the callback is not called
		}
		return err
	})
}

// await calls f, which may wait for one of Bleve's goroutines, and returns its
// error. If such a goroutine fails, perhaps nobody answers f: then await returns
// the failure at once, and f may never end.
func (s *store) await(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- s.guard(f) }()
	select {
	case err := <-done:
		return err
	case <-s.failed:
		return s.failure
	}
}

// fullOfFilters reports whether the filters take so much memory that they
// should be published.
func (s *store) fullOfFilters() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.filterBytes > publishFilters
}

// delete deletes the documents with the given serial numbers.
func (s *store) delete(serials *roaring.Bitmap) error {
	batch := bleve.NewBatch()
	for it := serials.Iterator(); it.HasNext(); {
		batch.Delete(docID(it.Next()))
	}
	return s.apply(batch)
}

// prune deletes the documents that are not in live. The catalog does not refer to
// them: they were published in the middle of a file, and then the build was
// killed.
func (s *store) prune(live *roaring.Bitmap) error {
	snapshot, err := s.snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Close()
	n := uint64(0)
	for _, x := range snapshot.Segments() {
		n += x.Count()
	}
	switch all := live.GetCardinality(); {
	case n == all:
		return nil
	case n < all:
		return fmt.Errorf("%w: %d documents of %d", errDamaged, n, all)
	}
	dead := roaring.New()
	err = guard(func() error {
		for _, x := range snapshot.Segments() {
			for it := x.DocNumbersLive().Iterator(); it.HasNext(); {
				serial, err := serialOf(x.Segment(), it.Next())
				if err != nil {
					return err
				}
				if !live.Contains(serial) {
					dead.Add(serial)
				}
			}
		}
		return nil
	})
	if err != nil || dead.IsEmpty() {
		return err
	}
	return s.delete(dead)
}

// At the end of a build, mergeAt segments are merged if each has fewer than half
// of smallSegment documents, which are 256 MiB of text. So an index that is
// updated every few seconds does not accumulate segments. All segments are
// merged if more documents are deleted than live.
var (
	smallSegment = int64(1024)
	mergeAt      = 4
)

// settle waits until all documents are on disk, and merges segments if that is
// worthwhile.
func (s *store) settle(ctx context.Context) error {
	saved := make(chan struct{})
	batch := bleve.NewBatch()
	batch.SetPersistedCallback(func(error) { close(saved) })
	if err := s.await(func() error { return s.index.Batch(batch) }); err != nil {
		return err
	}
	select {
	case <-saved:
	case <-s.failed:
		return s.failure
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return err
	}
	small, live, all := 0, int64(0), int64(0)
	for _, x := range snapshot.Segments() {
		if x.LiveSize() < smallSegment/2 {
			small++
		}
		live += x.LiveSize()
		all += x.FullSize()
	}
	segments := len(snapshot.Segments())
	snapshot.Close()
	plan := mergeplan.SingleSegmentMergePlanOptions
	switch {
	case segments < 2:
		return nil
	case live*2 < all:
	case small >= mergeAt:
		plan = mergeplan.MergePlanOptions{
			MaxSegmentsPerTier: 1, MaxSegmentSize: smallSegment, MaxSegmentFileSize: 1 << 40, TierGrowth: 1,
			SegmentsPerMergeTask: 32, FloorSegmentSize: smallSegment, ReclaimDeletesWeight: 2,
		}
	default:
		return nil
	}
	return s.await(func() error { return s.index.ForceMerge(ctx, &plan) })
}

// publish copies the current state of the store to a new generation. prev is the
// last generation, or nil.
func (s *store) publish(prev *generationInfo) (*generationInfo, error) {
	var info *generationInfo
	err := s.await(func() (err error) {
		info, err = s.copyTo(rand.Text(), prev)
		return err
	})
	if err != nil {
		return nil, err
	}
	return info, nil
}

// copyTo implements publish, without recovering from Bleve's panics.
func (s *store) copyTo(name string, prev *generationInfo) (info *generationInfo, err error) {
	reader := s.index.CopyReader()
	defer func() {
		if cerr := reader.CloseCopyReader(); err == nil {
			err = cerr
		}
	}()
	segments := reader.(*scorch.IndexSnapshot).Segments()
	info = &generationInfo{name: name}
	dir := filepath.Join(s.parent, info.name)
	if err := makeDirs(dir, filepath.Join(dir, storeName)); err != nil {
		return nil, err
	}
	d := &linkDir{dir: dir}
	if err := reader.CopyTo(d); err != nil {
		return nil, cause(err)
	}
	if d.err != nil {
		return nil, d.err
	}
	if err := os.WriteFile(filepath.Join(dir, metaName), []byte(bleveMeta), 0o600); err != nil {
		return nil, err
	}
	was := map[uint64]*segmentInfo{}
	if prev != nil {
		for _, i := range prev.segments {
			was[i.id] = i
		}
	}
	var added []*scorch.SegmentSnapshot
	for _, x := range segments {
		i := was[x.Id()]
		delete(was, x.Id())
		if i == nil {
			i = &segmentInfo{id: x.Id(), docs: int(x.FullSize())}
			added = append(added, x)
		} else {
			same := *i // a copy, because prev still uses i
			i = &same
			if err := link(i.auxPath(filepath.Join(s.parent, prev.name)), i.auxPath(dir)); err != nil {
				return nil, err
			}
		}
		info.segments = append(info.segments, i)
	}
	byID := map[uint64]*segmentInfo{}
	for _, i := range info.segments {
		byID[i.id] = i
	}
	written, err := s.writeAux(dir, byID, added, prev, was)
	if err != nil {
		return nil, err
	}
	for _, i := range info.segments {
		if err := i.zap.update(i.zapPath(dir)); err != nil {
			return nil, err
		}
		if err := i.aux.update(i.auxPath(dir)); err != nil {
			return nil, err
		}
	}
	if err := info.bolt.update(info.boltPath(s.parent)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range added {
		s.auxBytes += byID[x.Id()].aux.size
	}
	for _, serial := range written {
		s.filterBytes -= s.filters[serial].bytes
		delete(s.filters, serial)
	}
	return info, nil
}

// writeAux writes the .aux files of the segments that were added to a generation.
// The filters of their documents are in memory or, if the segments were merged,
// in those segments of the last generation that are gone. It returns the serial
// numbers of the documents.
func (s *store) writeAux(dir string, infos map[uint64]*segmentInfo, added []*scorch.SegmentSnapshot, prev *generationInfo, gone map[uint64]*segmentInfo) ([]uint32, error) {
	old := map[uint32]place{}
	if len(gone) > 0 && len(added) > 0 {
		g, err := openGeneration(s.parent, prev, func(i *segmentInfo) bool { return gone[i.id] != nil })
		if err != nil {
			return nil, err
		}
		defer g.close()
		if err := guard(func() error { return g.places(old) }); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var written []uint32
	var group errgroup.Group
	group.SetLimit(maxProcs)
	for _, x := range added {
		i, seg, live := infos[x.Id()], x.Segment(), x.DocNumbersLive()
		group.Go(func() error {
			return guard(func() error {
				serials := make([]uint32, i.docs)
				for doc := range serials {
					serial, err := serialOf(seg, uint32(doc))
					if err != nil {
						return err
					}
					serials[doc] = serial
				}
				i.first, i.last = slices.Min(serials), slices.Max(serials)
				err := writeAux(i.auxPath(dir), seg, func(doc int) (docFilter, error) {
					s.mu.Lock()
					d, ok := s.filters[serials[doc]]
					s.mu.Unlock()
					if ok {
						return d, nil
					}
					p, ok := old[serials[doc]]
					switch {
					case ok:
						return p.segment.filter(p.doc)
					case live.Contains(uint32(doc)):
						return docFilter{}, fmt.Errorf("%w: the filter of document %d is missing", errDamaged, serials[doc])
					}
					// A merge that was running when the
					// document was deleted keeps it, marked
					// as deleted.
					return docFilter{}, nil
				})
				mu.Lock()
				defer mu.Unlock()
				written = append(written, serials...)
				return err
			})
		})
	}
	return written, group.Wait()
}

// makeDirs creates directories. It fails if one exists.
func makeDirs(paths ...string) error {
	for _, p := range paths {
		if err := os.Mkdir(p, 0o700); err != nil {
			return err
		}
	}
	return nil
}

var hardLink = os.Link // a variable so that tests can change it

// link makes a hard link to a file that is no longer modified, or copies it if
// the file system has no hard links.
func link(from, to string) error {
	if hardLink(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// A linkDir is the directory that Bleve copies a snapshot to. Segments on disk
// are linked instead of copied.
type linkDir struct {
	dir string
	err error // error of closing a file, which Bleve ignores
}

// GetWriter implements bleve.Directory.
func (d *linkDir) GetWriter(name string) (io.WriteCloser, error) {
	path := filepath.Join(d.dir, name)
	if filepath.Base(name) == boltName { // Bleve opens it itself
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	}
	return &linkFile{dir: d, path: path}, nil
}

// A linkFile is a file in a linkDir. io.Copy calls ReadFrom with the file that
// Bleve copies; Bleve calls Write for a segment that is only in memory.
type linkFile struct {
	dir  *linkDir
	path string
	f    *os.File
}

func (l *linkFile) ReadFrom(r io.Reader) (int64, error) {
	if from, ok := r.(interface{ Name() string }); ok && hardLink(from.Name(), l.path) == nil {
		return 0, nil
	}
	return io.Copy(struct{ io.Writer }{l}, r)
}

func (l *linkFile) Write(b []byte) (n int, err error) {
	if l.f == nil {
		if l.f, err = os.OpenFile(l.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return 0, err
		}
	}
	return l.f.Write(b)
}

func (l *linkFile) Close() error {
	if l.f == nil {
		return nil
	}
	err := l.f.Sync()
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	if l.dir.err == nil {
		l.dir.err = err
	}
	return err
}
