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
)

// A store is Bleve's index while a Builder writes to it. It is in a directory
// of its own, which begins as links to the files of the last generation and is
// deleted in the end: what is kept is what publish makes of it. So a killed
// build leaves nothing that the next one would have to know of.
type store struct {
	parent string // the directory of the index
	work   string // the store's directory in it
	index  *scorch.Scorch
	queue  *bleve.AnalysisQueue

	// persisting holds a place for each batch that Bleve has in memory only.
	persisting chan struct{}

	failure error         // of one of Bleve's goroutines, when failed is closed
	failed  chan struct{} // closed then
	failOne sync.Once
	closing chan struct{} // closed when the store is

	mu sync.Mutex
	// filters are those of the documents that are in no generation yet.
	filters     map[uint32][]byte
	filterBytes int

	auxBytes int64 // of the files beside the segments that were published
}

// maxPersisting is how many batches Bleve may have in memory: a slow disk
// makes the builder wait, not grow.
const maxPersisting = 8

// mergePlan is when Bleve merges segments while blocks are added. Its own plan
// takes segments below 2,000 documents for equal, and so merged all there was
// again and again: building took 30% more.
var mergePlan = map[string]any{
	"floorSegmentSize": 32, "maxSegmentsPerTier": 32, "segmentsPerMergeTask": 32, "tierGrowth": 32.0, "maxSegmentSize": 5_000_000,
}

// stores are the open ones by the path that Bleve reports errors with.
var stores sync.Map

// callbacks is the name under which Bleve knows what it is to call.
const callbacks = "logview"

func init() {
	scorch.RegistryAsyncErrorCallbacks[callbacks] = func(err error, path string) {
		if s, ok := stores.Load(path); ok {
			s.(*store).fail(err)
		}
	}
	scorch.RegistryEventCallbacks[callbacks] = func(e scorch.Event) bool {
		// These come from the goroutines that merge and persist. Where a file
		// was cut off that they read as memory, they report that as an error
		// then, and the program goes on.
		switch e.Kind {
		case scorch.EventKindPreMergeCheck, scorch.EventKindPurgerCheck, scorch.EventKindPersisterProgress:
			debug.SetPanicOnFault(true)
		}
		return true
	}
}

// fail notes an error of one of Bleve's goroutines, which calls it. Bleve
// would try again at once and for ever, on a full disk, say: so it returns
// only when the store is closed.
func (s *store) fail(err error) {
	s.failOne.Do(func() {
		s.failure = cause(err)
		close(s.failed)
	})
	<-s.closing
}

// cause returns what the system said. It is in the end of the text of Bleve's
// errors, behind the paths of a directory that will soon be gone.
func cause(err error) error {
	if errors.Is(err, scorch.ErrAsyncPanic) {
		return err
	}
	text := err.Error()
	return errors.New(strings.TrimSpace(text[strings.LastIndex(text, ": ")+1:]))
}

// openStore opens a store in the directory of an index. It begins with what is
// in a generation, if that is not nil.
func openStore(parent string, from *generationInfo) (s *store, err error) {
	s = &store{
		parent:     parent,
		work:       filepath.Join(parent, "work-"+rand.Text()),
		queue:      bleve.NewAnalysisQueue(1),
		persisting: make(chan struct{}, maxPersisting),
		failed:     make(chan struct{}),
		closing:    make(chan struct{}),
		filters:    map[uint32][]byte{},
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
		// A batch need not be on disk before the next is taken: what is
		// published is.
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
	if err := guard(opened.Open); err != nil {
		return s, err
	}
	s.index = opened
	snapshot, err := s.snapshot()
	if err != nil {
		return s, err
	}
	defer snapshot.Close()
	if n := len(snapshot.Segments()); n != segments { // Bleve begins anew where it cannot read what there is
		return s, fmt.Errorf("%w: %d segments of %d", errDamaged, n, segments)
	}
	return s, nil
}

// snapshot returns what the store holds now. It is to be closed.
func (s *store) snapshot() (*scorch.IndexSnapshot, error) {
	r, err := s.index.Reader()
	if err != nil {
		return nil, err
	}
	return r.(*scorch.IndexSnapshot), nil
}

// close stops Bleve. The caller deletes what is left of the directory.
func (s *store) close() {
	close(s.closing)
	switch {
	case s.index == nil:
	case errors.Is(s.failure, scorch.ErrAsyncPanic):
		go s.index.Close() // which waits for locks that the goroutine may have held
	default:
		_ = s.index.Close()
	}
	s.queue.Close()
	stores.Delete(filepath.Join(s.work, storeName))
}

// name is the store's directory, below that of the index.
func (s *store) name() string { return filepath.Base(s.work) }

// size returns the bytes that the store has on disk, with what it published.
func (s *store) size() int64 {
	n := s.auxBytes
	entries, _ := os.ReadDir(filepath.Join(s.work, storeName))
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

// add adds documents. It may be called from several goroutines.
func (s *store) add(b *blockBatch) error {
	s.mu.Lock()
	for i, serial := range b.serials {
		s.filters[serial] = b.filters[i]
		s.filterBytes += len(b.filters[i])
	}
	s.mu.Unlock()
	batch := bleve.NewBatch()
	batch.SetInternal([]byte(mappingKey), []byte(bleveMapping)) // again, which costs nothing
	for _, d := range b.docs {
		batch.Update(d)
	}
	return s.apply(batch)
}

// apply gives Bleve a batch, when there is room for it.
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
	err := guard(func() error { return s.index.Batch(batch) })
	if err != nil {
		<-s.persisting
	}
	return err
}

// fullOfFilters reports whether it is time to publish, for the filters' sake.
func (s *store) fullOfFilters() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.filterBytes > publishFilters
}

// delete deletes the documents with some serial numbers.
func (s *store) delete(serials *roaring.Bitmap) error {
	batch := bleve.NewBatch()
	for it := serials.Iterator(); it.HasNext(); {
		batch.Delete(docID(it.Next()))
	}
	return s.apply(batch)
}

// prune deletes the documents that are not among live: those of blocks of
// which the catalog says nothing, since they were published in the middle of a
// file and the build was killed.
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
	if n == live.GetCardinality() {
		return nil
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

// At the end of a build, mergeAt segments become one if each has less than
// half of smallSegment documents, which are 256 MiB of text: so an index that is
// brought up to date every few seconds does not come to have many. All segments
// become one when more is deleted than is left.
var (
	smallSegment = int64(1024)
	mergeAt      = 4
)

// settle waits until all is on disk, and merges what is worth it.
func (s *store) settle(ctx context.Context) error {
	saved := make(chan struct{})
	batch := bleve.NewBatch()
	batch.SetPersistedCallback(func(error) { close(saved) })
	if err := s.index.Batch(batch); err != nil {
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
	merged := make(chan error, 1)
	go func() { merged <- s.index.ForceMerge(ctx, &plan) }()
	select {
	case err := <-merged:
		return err
	case <-s.failed:
		return s.failure
	}
}

// publish makes a generation of what the store holds now. prev is the one
// before, or nil.
func (s *store) publish(prev *generationInfo) (info *generationInfo, err error) {
	err = guard(func() error {
		info, err = s.copyTo(rand.Text(), prev)
		return err
	})
	return info, err
}

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
			same := *i // as far as it was not written again
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
	for _, x := range added {
		s.auxBytes += byID[x.Id()].aux.size
	}
	if err := info.bolt.update(info.boltPath(s.parent)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, serial := range written {
		s.filterBytes -= len(s.filters[serial])
		delete(s.filters, serial)
	}
	return info, nil
}

// writeAux writes the files that belong beside the segments that were added to
// a generation. The filters of their documents are in memory, or with the
// segments of the generation before that are gone, merged into these. It
// returns the serial numbers of the documents.
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
		i, seg := infos[x.Id()], x.Segment()
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
				err := writeAux(i.auxPath(dir), seg, func(doc int) ([]byte, error) {
					s.mu.Lock()
					b, ok := s.filters[serials[doc]]
					s.mu.Unlock()
					if ok {
						return b, nil
					}
					p, ok := old[serials[doc]]
					if !ok {
						// A document that was deleted may still be in a
						// segment that was merged meanwhile.
						return unknownFilter, nil
					}
					return p.segment.filter(p.doc)
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

// makeDirs makes directories, of which none may exist.
func makeDirs(paths ...string) error {
	for _, p := range paths {
		if err := os.Mkdir(p, 0o700); err != nil {
			return err
		}
	}
	return nil
}

var hardLink = os.Link // a variable only for the tests' sake

// link makes a file that is not written to any more known under another name,
// or copies it where the file system has no links.
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

// A linkDir is the directory that Bleve copies a snapshot to. A segment that
// is on disk gets a link.
type linkDir struct {
	dir string
	err error // of a file that could not be written to the end, which Bleve does not ask for
}

// GetWriter implements bleve.Directory.
func (d *linkDir) GetWriter(name string) (io.WriteCloser, error) {
	path := filepath.Join(d.dir, name)
	if filepath.Base(name) == boltName { // which Bleve opens itself
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	}
	return &linkFile{dir: d, path: path}, nil
}

// A linkFile is a file of a linkDir. io.Copy calls its ReadFrom with the file
// that Bleve copies; a segment that is only in memory is written by Write.
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
