package index

import (
	"cmp"
	"errors"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"logview/reader"
	"logview/reader/files"
)

// This file indexes one member: it finds out what the index has of it, and adds
// the rest.

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
	case e.isOutdated(): // the text is read again, but is not indexed again
		renamed, e = e, nil
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
	if e == nil {
		return b.readNew(src, m, &blocks, eb, renamed)
	}
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

// readNew reads a member from its beginning, where blocks is, which it may replace. The
// text may be known under another name or in another form, perhaps as that of renamed.
// Each candidate is compared as the text is read; if none matches, the text is read once
// more as a new one.
func (b *buildRun) readNew(src reader.Source, m reader.Member, blocks *reader.Blocks, eb *entryBuilder, renamed *entry) (err error) {
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
			(*blocks).Close()
			*blocks, eb = next, eb.renew(m)
		}
		if err = b.read(m, *blocks, eb, was); err != errOther {
			break
		}
	}
	switch {
	case err != nil:
		return b.recordUnread(m, err)
	case b.ctx.Err() != nil:
		return nil
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
	if err := b.learn(src, m, eb); err != nil {
		return nil, err
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

// learn lets eb learn from the beginning of the file, as a search does.
func (b *buildRun) learn(src reader.Source, m reader.Member, eb *entryBuilder) error {
	start, err := src.Open(b.ctx, m, reader.Pos{})
	if err != nil {
		return err
	}
	defer start.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	if err := start.Next(blk); err != nil && err != io.EOF {
		return err
	}
	eb.tb.Clock.Zone = time.UTC
	eb.tb.Clock.Learn(blk.Text)
	eb.columns = eb.tb.Clock.Columns
	return nil
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
				eb.add(blk, blocks)
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
		if err := b.indexBlock(blk, blocks, eb); err != nil {
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

// indexBlock indexes a block that was read from a Blocks. It takes ownership of blk.
func (b *buildRun) indexBlock(blk *reader.Block, from reader.Blocks, eb *entryBuilder) error {
	// A piece of a line that is longer than a block is not indexed, and is
	// therefore always searched: a match may extend over several pieces.
	if blk.Continues || blk.Unfinished {
		eb.add(blk, from)
		reader.PutBlock(blk)
		return b.ctx.Err()
	}
	if b.batch == nil {
		b.batch = &batch{first: b.next}
	}
	eb.addIndexed(blk, from, b.next)
	b.next++
	b.batch.add(blk, eb.columns.Text())
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
