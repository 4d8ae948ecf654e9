package index

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/crash"
	"logview/reader/decode"
	"logview/reader/files"
)

// Indexed is the Searcher that reads only those indexed blocks that may match,
// and all blocks that are not indexed. It finds the same lines as Scan.
type Indexed struct {
	Cache   *blockstore.Cache // cache with the indexes; nil for none
	Workers *reader.Workers   // as in Scan
	// Encoding is the encoding given for the Sources. Files that were
	// indexed with another encoding count as not indexed.
	Encoding decode.Charset
	// Note, if not nil, is called with an error if the index is damaged.
	Note func(error)
}

var _ Searcher = Indexed{}

// Search implements Searcher.
func (x Indexed) Search(ctx context.Context, req *Request, emit func(*Hits) error) (Stats, error) {
	begun := time.Now()
	workers := x.Workers
	if workers == nil {
		workers = NewWorkers()
	}
	sc := Scan{Workers: workers}
	if x.Cache != nil && !req.Passthru { // Passthru reads everything
		a := x.ask(ctx, req, workers.Size())
		defer a.close()
		around := max(req.Before, req.After)
		sc.admit = func(m reader.Member) *admission { return a.admit(m, around) }
	}
	st, err := sc.Search(ctx, req, emit)
	st.Elapsed = time.Since(begun)
	return st, err
}

// Table returns the block table that an index has of a member, whose file has
// just been opened as b. The table gives the positions of lines without reading
// them. It ends before the text does if the file has grown since. The caller
// must not modify it. Table returns false if no index has a table that
// certainly applies.
func (x Indexed) Table(m reader.Member, b reader.Blocks) (*reader.Table, bool) {
	a := newAdmitter(x.Cache, nil, x.Note)
	a.encoding = x.Encoding
	_, e, grown := a.lookup(m)
	if e == nil || e.partial || e.binary {
		return nil, false
	}
	// If only reading the file could tell, counting its lines is as fast.
	if ok, certain := (&admission{cache: x.Cache, entry: e, grown: grown}).fits(b); !ok || !certain {
		return nil, false
	}
	t, err := e.blockTable()
	if err != nil {
		return nil, false
	}
	if grown && len(t.Blocks) > 0 {
		// The last line may have been incomplete.
		n := lastLine(t.Blocks)
		t = &reader.Table{Blocks: t.Blocks[:n], Lines: int64(t.Blocks[n].Line), Size: t.Blocks[n].Offset}
	}
	return t, true
}

// ask queries the indexes of all members. An index may be replaced between
// reading its catalog and opening its generation; then ask tries again, up to
// two times.
func (x Indexed) ask(ctx context.Context, req *Request, parallel int) *admitter {
	p := newPlan(req.Query, req.Options)
	p.window, p.limit = req.Window, req.Limit
	if !req.countsOnly() {
		p.counted = nil
	}
	for attempt := 1; ; attempt++ {
		a := newAdmitter(x.Cache, p, x.Note)
		a.encoding = x.Encoding
		for _, src := range req.Sources {
			for _, m := range src.Members() {
				a.want(m)
			}
		}
		if !a.open(ctx, parallel) || attempt == 3 {
			return a
		}
		a.close()
	}
}

// An admission says which blocks of a member to read, according to an index.
type admission struct {
	cache  *blockstore.Cache
	entry  *entry
	table  *reader.Table // nil if nothing is read
	blocks []bool        // for each block of table, whether to read it
	counts []int64       // for each block to read, the number of matching lines, -1 if it is not known; nil if none is
	reads  int           // number of blocks to read
	grown  bool          // the file is longer than the table; from its last block on, it is read without the table

	// certain says that the file has certainly not changed since it was
	// indexed. Otherwise, it may have been renamed, or written to and its
	// time set back.
	certain bool
}

// readsNothing reports whether the member need not be opened, because it is
// certainly unchanged and no line matches.
func (a *admission) readsNothing() bool { return a.reads == 0 && !a.grown && a.certain }

// fits reports whether b, just opened, reads the file in the state that was
// indexed, or grown since. certain is false if only reading the file can tell;
// see entry.holds.
func (a *admission) fits(b reader.Blocks) (ok, certain bool) {
	f, isFile := b.(reader.FileBlocks)
	if !isFile {
		return false, true
	}
	if _, direct := f.Direct(); direct != a.entry.direct {
		return false, true // the file's current contents are in another encoding
	}
	now := f.Stamp()
	if now.Same(a.entry.stamp) {
		if a.entry.certainlyHolds(a.cache, now) {
			return true, true
		}
		if a.entry.direct {
			return true, false
		}
		// The block store of a compressed file was compared with the
		// file, and Access compares the entry with the store. Without a
		// store, the file is read.
		table, err := a.entry.blockTable()
		if err != nil {
			return false, true
		}
		_, ok := f.Access(table)
		return ok, true
	}
	if !a.grown && !a.certain || !a.entry.direct || !now.SameFile(a.entry.stamp) || now.Size < a.entry.stamp.Size {
		return false, true
	}
	ok, err := a.entry.begins(f)
	return ok && err == nil, true
}

// certainlyHolds reports whether a file with the stamp now certainly has the entry's
// text: the stamp is the same, or the file was read and compared since.
func (e *entry) certainlyHolds(c *blockstore.Cache, now reader.Stamp) bool {
	if now == e.stamp {
		return true
	}
	if !now.Same(e.stamp) {
		return false
	}
	sum, ok := c.Checksum(now)
	if !ok {
		return false
	}
	if !e.direct {
		was, ok := c.Checksum(e.stamp)
		return ok && was == sum
	}
	table, err := e.blockTable()
	return err == nil && sum == textSum(table)
}

// textSum returns the checksum that the cache stores for a plain file with the
// text of a table.
func textSum(t *reader.Table) uint64 { return uint64(t.Size)<<32 ^ uint64(t.CRC) }

// holds reports whether a member's file, whose stamp is now, has exactly the
// text of the entry. It reads the whole file and stores the result in c.
func (e *entry) holds(ctx context.Context, c *blockstore.Cache, src reader.Source, m reader.Member, now reader.Stamp) bool {
	table, err := e.blockTable()
	if err != nil {
		return false
	}
	blocks, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return false
	}
	defer blocks.Close()
	f, ok := blocks.(reader.FileBlocks)
	if !ok || f.Stamp() != now {
		return false
	}
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	crc := uint32(0)
	for i := range table.Blocks {
		k := &table.Blocks[i]
		if blocks.Next(b) != nil || !same(b, k, false) || b.Lines != k.Lines {
			return false
		}
		crc = crc32.Update(crc, crc32.IEEETable, b.Text)
	}
	if blocks.Next(b) != io.EOF || crc != table.CRC {
		return false
	}
	c.Vouch(now, textSum(table))
	return true
}

// begins reports whether the file that was just opened as f begins with the
// text of the entry. It compares only the beginning of the text, which
// identifies members, and its end: programs that write logs only append.
func (e *entry) begins(f reader.FileBlocks) (bool, error) {
	table, err := e.blockTable()
	if err != nil || e.size == 0 {
		return err == nil, err
	}
	ra, ok := f.Access(table)
	if !ok {
		return false, nil
	}
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	if err := ra.ReadBlock(0, b); err != nil {
		return false, err
	}
	if !b.Begins(e.id) {
		return false, nil
	}
	sum, err := tailSum(ra, b)
	return sum == e.tail, err
}

// tailSum returns the CRC-32 of the last tailSize bytes of the text of a table, or
// of its last block if that is shorter.
func tailSum(ra reader.RandomAccess, b *reader.Block) (uint32, error) {
	n := len(ra.Table().Blocks)
	if n == 0 {
		return 0, nil
	}
	if err := ra.ReadBlock(n-1, b); err != nil {
		return 0, err
	}
	return tailOf(b.Text), nil
}

func tailOf(text []byte) uint32 {
	return crc32.ChecksumIEEE(text[max(0, len(text)-tailSize):])
}

// An admitter finds and queries the indexes of the files that are searched.
type admitter struct {
	cache    *blockstore.Cache
	plan     *plan
	note     func(error)
	encoding decode.Charset // as in Indexed

	byDir map[string]*covering // index that covers a directory; nil if there is none
	roots map[string]*covering // by directory of the index
	noted bool
}

// A covering is an index that a search has opened.
type covering struct {
	dir    string
	cat    *catalog
	byFile map[[2]uint64]*entry // by device and inode
	byPath map[string]*entry    // for file systems without inodes

	wanted   *roaring.Bitmap            // serial numbers of the blocks of members that are searched
	open     *generation                // nil if it cannot be used, or if wanted is empty
	answers  []*answers                 // for each segment with wanted blocks
	counts   map[uint32]int64           // of matching lines by serial number, as far as they are known; nil until count is called
	admitted map[string]*roaring.Bitmap // serial numbers of the blocks that may match, by plan.pathKey
}

func newAdmitter(cache *blockstore.Cache, p *plan, note func(error)) *admitter {
	return &admitter{cache: cache, plan: p, note: note, byDir: map[string]*covering{}, roots: map[string]*covering{}}
}

func (a *admitter) close() {
	for _, x := range a.roots {
		if x.open != nil {
			x.open.close()
		}
	}
}

// want records that the blocks of a member will be searched.
func (a *admitter) want(m reader.Member) {
	if x, e, _ := a.lookup(m); e != nil {
		addExtents(x.wanted, e.extents)
	}
}

// open opens the generations of the indexes. If the plan has no file:
// conditions, it also queries the segments, up to parallel at a time. It
// reports whether a generation is gone.
func (a *admitter) open(ctx context.Context, parallel int) (gone bool) {
	for _, x := range a.roots {
		touch(x.dir)
		if x.wanted.IsEmpty() || ctx.Err() != nil {
			continue
		}
		g, err := openGeneration(x.dir, x.cat.generation, func(i *segmentInfo) bool {
			return x.wanted.IntersectsWithInterval(uint64(i.first), uint64(i.last)+1)
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			gone = true // a newer one was published, or the cache is being deleted
			continue
		case err != nil:
			a.reportDamage(filepath.Join(x.dir, x.cat.generation.name), err)
			continue
		}
		x.open = g
		for _, s := range g.segments {
			x.answers = append(x.answers, &answers{plan: a.plan, segment: s})
		}
		if len(a.plan.files) == 0 {
			a.ask(x, "", parallel)
		}
	}
	return gone
}

// indexDir returns the directory in which a cache stores the index of root. If
// create is set, it creates the directory; otherwise, the error wraps
// fs.ErrNotExist if there is none.
func indexDir(c *blockstore.Cache, root string, create bool) (string, error) {
	return c.IndexDir(indexName(root), create)
}

func indexName(root string) string {
	sum := sha256.Sum256([]byte(root))
	return hex.EncodeToString(sum[:8])
}

// catalogOf reads the catalog of the index of root, and returns it with the
// directory of the index.
func catalogOf(c *blockstore.Cache, root string) (*catalog, string, error) {
	path, err := indexDir(c, root, false)
	if err != nil {
		return nil, path, err
	}
	cat, err := readCatalog(path)
	return cat, path, err
}

// realDir returns the absolute path of a directory without symbolic links.
func realDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// find returns the index that covers a directory: its own, or that of the
// nearest directory above it; nil if there is none.
func (a *admitter) find(dir string) *covering {
	if x, ok := a.byDir[dir]; ok {
		return x
	}
	var x *covering
	if real, err := realDir(dir); err == nil {
		x = a.nearest(real)
	}
	a.byDir[dir] = x
	return x
}

// nearest returns the index of the nearest directory, from dir upwards, that has
// one.
func (a *admitter) nearest(dir string) *covering {
	path := filepath.Join(a.cache.Indexes(), indexName(dir))
	x, ok := a.roots[path]
	if !ok {
		cat, _, err := catalogOf(a.cache, dir)
		if err == nil && cat.root != dir {
			err = fmt.Errorf("of %s", cat.root)
		}
		switch {
		case err == nil:
			x = &covering{dir: path, cat: cat, byFile: make(map[[2]uint64]*entry, len(cat.members)), wanted: roaring.New(), admitted: map[string]*roaring.Bitmap{}}
			for _, e := range cat.members {
				if !e.partial && !e.binary {
					x.byFile[[2]uint64{e.stamp.Dev, e.stamp.Ino}] = e
				}
			}
			a.roots[path] = x
		case errors.As(err, new(*reader.FileError)) && !errors.Is(err, fs.ErrNotExist):
			// The cache cannot be used, which is reported elsewhere.
		case !errors.Is(err, fs.ErrNotExist):
			a.reportDamage(filepath.Join(path, catalogName), err)
		}
	}
	if x != nil {
		return x
	}
	if up := filepath.Dir(dir); up != dir {
		return a.nearest(up)
	}
	return nil
}

// lookup returns the entry of a member whose size and time are the same as in
// an index or, with grown set, of one that has grown. e is nil if there is
// none.
func (a *admitter) lookup(m reader.Member) (x *covering, e *entry, grown bool) {
	if a.cache == nil {
		return nil, nil, false
	}
	stamp, ok := files.ListedStamp(m)
	if !ok {
		return nil, nil, false
	}
	// A directory and one above it may both have an index, and either may
	// be newer.
	var unsure, longer *covering
	var like, was *entry
	for x = a.find(filepath.Dir(m.Path)); x != nil; x = a.find(filepath.Dir(x.cat.root)) {
		if stamp.Ino == 0 {
			e = x.pathEntry(m.Path)
		} else {
			e = x.byFile[[2]uint64{stamp.Dev, stamp.Ino}]
		}
		switch {
		case e == nil || e.encoding != a.encoding:
		case e.certainlyHolds(a.cache, stamp):
			return x, e, false
		case stamp.Same(e.stamp):
			if like == nil {
				unsure, like = x, e
			}
		case e.direct && stamp.Size > e.stamp.Size && (was == nil || e.stamp.Size > was.stamp.Size):
			longer, was = x, e
		}
		if x.cat.root == filepath.Dir(x.cat.root) {
			break
		}
	}
	if like != nil {
		return unsure, like, false
	}
	return longer, was, was != nil
}

// pathEntry finds an entry by path, for file systems without inodes.
func (x *covering) pathEntry(path string) *entry {
	if x.byPath == nil {
		x.byPath = map[string]*entry{}
		for _, e := range x.cat.members {
			if !e.partial && !e.binary {
				x.byPath[e.path] = e
			}
		}
	}
	dir, err := realDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	rel, err := filepath.Rel(x.cat.root, filepath.Join(dir, filepath.Base(path)))
	if err != nil {
		return nil
	}
	return x.byPath[filepath.ToSlash(rel)]
}

// admit returns which blocks of a member to read; nil means all of them.
func (a *admitter) admit(m reader.Member, around int) *admission {
	x, e, grown := a.lookup(m)
	if e == nil {
		return nil
	}
	stamp, _ := files.ListedStamp(m)
	ad := &admission{cache: a.cache, entry: e, grown: grown, blocks: make([]bool, e.blocks), certain: !grown && e.certainlyHolds(a.cache, stamp)}
	if ad.certain && a.excludesWhole(e) {
		return ad
	}
	for i := range ad.blocks {
		ad.blocks[i] = true
	}
	if may := a.ask(x, m.Path, 1); may != nil {
		for _, ext := range e.extents {
			for i := range ext.n {
				ad.blocks[ext.block+i] = may.Contains(ext.serial + uint32(i))
			}
		}
	}
	if ad.certain && !slices.Contains(ad.blocks, true) {
		return ad // its table need not be decoded
	}
	var err error
	if ad.table, err = e.blockTable(); err != nil {
		a.reportDamage(filepath.Join(x.dir, catalogName), err)
		return nil
	}
	if a.plan.formats.HasTimeOrLevel() {
		ad.table = ad.table.WithoutLines() // which was made without these formats
	}
	if grown && len(ad.blocks) > 0 {
		// The last line may have been incomplete. From there on, the
		// file is read without the table.
		ad.blocks = ad.blocks[:lastLine(ad.table.Blocks)]
	}
	if a.plan.window.limited() {
		a.plan.window.exclude(ad.blocks, ad.table.Blocks)
	}
	a.plan.levels.exclude(ad.blocks, ad.table.Blocks)
	ad.widen(around)
	a.count(x, ad)
	for _, b := range ad.blocks {
		if b {
			ad.reads++
		}
	}
	return ad
}

// excludesWhole reports whether the times and levels of the lines of an entry, without
// decoding its table, exclude all of them.
func (a *admitter) excludesWhole(e *entry) bool {
	w := &a.plan.window
	if !w.limited() && a.plan.levels == allLevels && a.plan.limit == nil || a.plan.formats.HasTimeOrLevel() {
		return false
	}
	k, ok := reader.WholeBlock(e.packed)
	return ok && (w.limited() && !w.mayContain(&k) || a.plan.levels.excludesWhole(&k) || a.plan.limit.excludesWhole(&k))
}

// ask returns the serial numbers of the blocks of an index that may contain a
// matching line, for a file at path; nil if they are not known.
func (a *admitter) ask(x *covering, path string, parallel int) *roaring.Bitmap {
	if x.open == nil {
		return nil
	}
	key := a.plan.pathKey(path)
	if may, ok := x.admitted[key]; ok {
		return may
	}
	each := make([]*roaring.Bitmap, len(x.answers))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, s := range x.answers {
		group.Go(func() (err error) {
			defer crash.Guard()
			each[i], err = s.serials(key)
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		a.reportDamage(filepath.Join(x.dir, x.cat.generation.name), err)
		x.admitted[key] = nil
		return nil
	}
	may := roaring.FastOr(each...)
	x.admitted[key] = may
	return may
}

// widen also admits the blocks that contain lines next to an admitted block, as
// many as around before and after it: these may be shown as context.
func (ad *admission) widen(around int) {
	if around <= 0 {
		return
	}
	hit := append([]bool(nil), ad.blocks...)
	for i, b := range hit {
		if !b {
			continue
		}
		for j, lines := i-1, 0; j >= 0 && lines < around; j-- {
			ad.blocks[j] = true
			lines += ad.table.Blocks[j].Lines
		}
		for j, lines := i+1, 0; j < len(hit) && lines < around; j++ {
			ad.blocks[j] = true
			lines += ad.table.Blocks[j].Lines
		}
	}
}

// touch marks an index as used: when the cache is full, the least recently used
// files are deleted first.
func touch(dir string) {
	path := filepath.Join(dir, catalogName)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > 10*time.Minute {
		now := time.Now()
		_ = os.Chtimes(path, now, now)
	}
}
