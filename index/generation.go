package index

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/index/scorch"
)

// A generation is a directory that contains a complete Bleve index. It is never
// modified once the catalog names it:
//
//	index_meta.json           for Bleve: how to open it
//	store/root.bolt           Bleve's list of segments and deleted documents
//	store/ID.zap              a segment
//	ID.aux                    filters, terms and checksums of that segment; see segmentReader
//
// Generations share unchanged files by hard links. When a generation is
// replaced in the catalog, it is kept until another one is published or the
// build ends: a search may have read the catalog just before.
type generation struct {
	info     *generationInfo
	index    *scorch.Scorch
	snapshot *scorch.IndexSnapshot
	segments []*segmentReader // the segments that were selected when it was opened
}

// A generationInfo describes a generation in the catalog.
type generationInfo struct {
	name     string // name of the directory
	bolt     fileInfo
	segments []*segmentInfo
}

const boltName = "root.bolt"

func (i *generationInfo) boltPath(parent string) string {
	return filepath.Join(parent, i.name, storeName, boltName)
}

// check returns an error if files of the generation were changed since they
// were written. If all is set, it reads them even if sizes and times are
// unchanged. The error wraps fs.ErrNotExist if a file is missing.
func (i *generationInfo) check(parent string, all bool) error {
	dir := filepath.Join(parent, i.name)
	if err := i.bolt.check(i.boltPath(parent), all); err != nil {
		return err
	}
	for _, s := range i.segments {
		if err := s.zap.check(s.zapPath(dir), all); err != nil {
			return err
		}
		if err := s.aux.check(s.auxPath(dir), all); err != nil {
			return err
		}
	}
	return nil
}

// openGeneration opens a generation of the index in parent, with the segments
// for which want returns true, or all if want is nil.
func openGeneration(parent string, info *generationInfo, want func(*segmentInfo) bool) (*generation, error) {
	if err := info.check(parent, false); err != nil {
		return nil, err
	}
	g := &generation{info: info}
	err := guard(func() error { return g.open(parent, want) })
	if err != nil {
		g.close()
		if gone := info.check(parent, false); errors.Is(gone, fs.ErrNotExist) {
			err = gone // deleted in the meantime
		}
		return nil, err
	}
	return g, nil
}

func (g *generation) open(parent string, want func(*segmentInfo) bool) error {
	dir := filepath.Join(parent, g.info.name)
	index, err := scorch.NewScorch(scorch.Name, map[string]any{"path": filepath.Join(dir, storeName), "read_only": true, "bolt_timeout": "1s"}, nil)
	if err != nil {
		return err
	}
	opened := index.(*scorch.Scorch)
	if err := opened.Open(); err != nil {
		return err
	}
	g.index = opened
	r, err := opened.Reader()
	if err != nil {
		return err
	}
	g.snapshot = r.(*scorch.IndexSnapshot)
	// Bleve omits segments that it cannot read.
	found := map[uint64]*scorch.SegmentSnapshot{}
	for _, s := range g.snapshot.Segments() {
		found[s.Id()] = s
	}
	if len(found) != len(g.info.segments) {
		return fmt.Errorf("%w: %d segments of %d", errDamaged, len(found), len(g.info.segments))
	}
	for _, i := range g.info.segments {
		s := found[i.id]
		if s == nil {
			return fmt.Errorf("%w: segment %d is missing", errDamaged, i.id)
		}
		if want != nil && !want(i) {
			continue
		}
		x, err := openSegment(dir, i, s)
		if err != nil {
			return err
		}
		g.segments = append(g.segments, x)
	}
	return nil
}

// A place is the location of a document in a generation.
type place struct {
	segment *segmentReader
	doc     int
}

// places adds the locations of the documents in the open segments to docs, by
// serial number.
func (g *generation) places(docs map[uint32]place) error {
	for _, s := range g.segments {
		for it := s.live.Iterator(); it.HasNext(); {
			doc := it.Next()
			serial, err := s.serial(doc)
			if err != nil {
				return err
			}
			docs[serial] = place{s, int(doc)}
		}
	}
	return nil
}

func (g *generation) close() {
	for _, s := range g.segments {
		s.close()
	}
	if g.snapshot != nil {
		_ = g.snapshot.Close()
	}
	if g.index != nil {
		_ = g.index.Close()
	}
}

// removeUnused deletes files that the catalog does not name, such as those of an
// interrupted build and generations that were replaced, except those in keep.
func (b *buildRun) removeUnused(keep ...string) {
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
