package index

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/line"
)

// A Verifier compares an index with the files it covers.
type Verifier struct {
	Cache    *blockstore.Cache
	Workers  *reader.Workers
	Progress func(done, total int64) // as in Builder; may be nil
	Failed   func(*reader.FileError) // called for each error found
}

// VerifyStats counts what Verify compared and found.
type VerifyStats struct {
	Members int   // number of files compared
	Changed int   // files that changed or are gone, and were not compared
	Blocks  int64 // number of blocks compared
	Wrong   int   // files that differ from the index or from the block store
}

// Verify reads the files that the index of root covers, without using the
// cache, and checks that every block is as its table describes and in the index
// with all its terms, and that the files of the generation are unchanged.
func (v *Verifier) Verify(ctx context.Context, root string) (VerifyStats, error) {
	var st VerifyStats
	cat, dir, err := catalogOf(v.Cache, root)
	if errors.Is(err, fs.ErrNotExist) {
		return st, &reader.FileError{Path: root, Offset: -1, Err: errors.New("there is no index of it")}
	}
	if fe := (*reader.FileError)(nil); errors.As(err, &fe) {
		return st, fe // an error of the directory of the index
	}
	if err != nil {
		return st, &reader.FileError{Path: filepath.Join(dir, catalogName), Offset: -1, Err: pathCause(err)}
	}
	docs := map[uint32]place{}
	if g := cat.generation; g != nil {
		err := g.check(dir, true)
		if err == nil {
			var open *generation
			if open, err = openGeneration(dir, g, nil); err == nil {
				defer open.close()
				err = guard(func() error { return open.places(docs) })
			}
		}
		if err != nil {
			st.Wrong++
			v.Failed(&reader.FileError{Path: filepath.Join(dir, g.name), Offset: -1, Err: err})
			docs = nil
		}
	}
	total, done := int64(0), int64(0)
	for _, e := range cat.members {
		if !e.binary && !e.partial {
			total += e.stamp.Size
		}
	}
	for _, e := range cat.members {
		if e.binary || e.partial {
			continue
		}
		path := filepath.Join(root, filepath.FromSlash(e.path))
		n, err := v.member(ctx, e, path, docs, func(disk int64) {
			if v.Progress != nil {
				v.Progress(done+disk, total)
			}
		})
		done += e.stamp.Size
		if ctx.Err() != nil {
			return st, ctx.Err()
		}
		st.Blocks += n
		switch {
		case err == errOther:
			st.Changed++
		case err != nil:
			st.Wrong++
			v.Failed(&reader.FileError{Path: path, Offset: -1, Err: err})
		default:
			st.Members++
		}
	}
	return st, nil
}

var errNoDocument = errors.New("it is not in the index")

// member compares a file and returns the number of blocks compared. The error
// is errOther if the file has changed since it was indexed. docs is nil if the
// generation cannot be used.
func (v *Verifier) member(ctx context.Context, e *entry, path string, docs map[uint32]place, progress func(int64)) (int64, error) {
	logs, errs := files.Find([]string{path})
	if len(errs) > 0 || len(logs) != 1 || len(logs[0].Members) != 1 {
		return 0, errOther
	}
	m := logs[0].Members[0]
	if stamp, ok := files.ListedStamp(m); !ok || !stamp.SameFile(e.stamp) || !stamp.Same(e.stamp) && (!e.direct || stamp.Size < e.stamp.Size) {
		return 0, errOther
	}
	table, err := e.blockTable()
	if err != nil {
		return 0, err
	}
	// Without the cache, the file itself is decoded; the block store is
	// read as well.
	blocks, err := files.NewSource(logs[0], files.Options{Encoding: e.encoding}).Open(ctx, m, reader.Pos{})
	if err != nil {
		return 0, err
	}
	defer blocks.Close()
	kept, err := files.NewSource(logs[0], files.Options{Cache: v.Cache, Encoding: e.encoding}).Open(ctx, m, reader.Pos{})
	if err != nil {
		return 0, err
	}
	defer kept.Close()
	ra, _ := kept.(reader.RandomAccess)
	c := &memberCheck{entry: e, blocks: blocks, kept: ra, docs: docs, a: reader.GetBlock(), b: reader.GetBlock()}
	defer reader.PutBlock(c.a)
	defer reader.PutBlock(c.b)
	for i := range table.Blocks {
		if err := c.block(i, &table.Blocks[i], i == len(table.Blocks)-1); err != nil {
			return int64(i), err
		}
		progress(c.a.Disk)
	}
	if c.crc != table.CRC {
		return int64(len(table.Blocks)), fmt.Errorf("the text does not match its checksum")
	}
	return int64(len(table.Blocks)), nil
}

// A memberCheck compares a file, block by block, with its table, the block store and the
// index.
type memberCheck struct {
	entry  *entry
	blocks reader.Blocks       // of the file, in order
	kept   reader.RandomAccess // those in the block store; nil if it has none
	docs   map[uint32]place    // of the index; nil if it cannot be used

	crc     uint32 // of the text so far
	columns *line.Columns
	terms   blockTerms
	a, b    *reader.Block
}

// block compares block i, of which the table says k, with the next one of the file.
func (c *memberCheck) block(i int, k *reader.TableBlock, last bool) error {
	a, b := c.a, c.b
	if err := c.blocks.Next(a); err != nil {
		if err == io.EOF {
			err = fmt.Errorf("the text ends before block %d", i)
		}
		return err
	}
	// The last block is longer if the file has grown since, or is two if its
	// last line has become longer than a block.
	if last && a.Offset == k.Offset && len(a.Text) < k.Len && len(k.Skips) == 0 {
		if err := c.blocks.Next(b); err == nil && len(b.Skips) == 0 {
			a.Text = append(slices.Clone(a.Text), b.Text...)
		}
	}
	if !same(a, k, last) {
		return fmt.Errorf("block %d at %d does not match the table", i, k.Offset)
	}
	text := a.Text[:k.Len]
	if i == 0 {
		c.columns = line.LearnColumns(text)
	}
	c.crc = crc32.Update(c.crc, crc32.IEEETable, text)
	if c.kept != nil {
		if err := c.kept.ReadBlock(i, b); err != nil {
			return err
		}
		if string(b.Text) != string(text) {
			return fmt.Errorf("block %d at %d does not match the block store", i, k.Offset)
		}
	}
	c.terms.collect(text, c.columns.Text())
	for _, x := range c.entry.extents {
		if i < x.block || i >= x.block+x.n || c.docs == nil {
			continue
		}
		p, ok := c.docs[x.serial+uint32(i-x.block)]
		err := errNoDocument
		if ok {
			err = p.segment.verifyDoc(&c.terms, p.doc)
		}
		if err != nil {
			return fmt.Errorf("block %d at %d: %w", i, k.Offset, err)
		}
	}
	return nil
}
