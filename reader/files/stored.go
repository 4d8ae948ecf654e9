package files

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
)

// storedBlocks reads a compressed file through its block store.
type storedBlocks struct {
	ctx    context.Context
	s      *blockstore.Store
	member reader.Member
	path   string
	stamp  reader.Stamp // of the compressed file
	given  decode.Charset
	next   int
	skip   reader.Offset // where reading starts in block next; 0 for the start of the block
	line   reader.Line

	mu     sync.Mutex // guards the following fields
	direct *FileBlocks
	pos    int // index of the block that direct reads next
	closed bool
}

func (b *storedBlocks) ID() reader.ID { return b.s.ID }

func (b *storedBlocks) Table() *reader.Table { return b.s.Table }

func (b *storedBlocks) ReadBlock(i int, blk *reader.Block) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	err := b.s.ReadBlock(i, blk)
	if err != nil && !errors.Is(err, os.ErrClosed) {
		os.Remove(b.s.Path)
		err = b.readDirect(i, blk)
	}
	// Progress is measured in bytes of the compressed file.
	if t := b.s.Table; t.Size > 0 {
		blk.Disk = int64(float64(b.stamp.Size) * float64(blk.End()) / float64(t.Size))
	}
	return err
}

// readDirect reads block i from the compressed file itself, after the store
// turned out to be damaged.
func (b *storedBlocks) readDirect(i int, blk *reader.Block) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.direct == nil || b.pos > i {
		if b.direct != nil {
			b.direct.Close()
		}
		var err error
		if b.direct, err = OpenFile(b.ctx, b.member, b.given); err != nil {
			return err
		}
		b.pos = 0
	}
	for {
		if err := b.direct.Next(blk); err != nil {
			if err == io.EOF {
				err = &reader.FileError{Path: b.path, Offset: -1, Err: errors.New("changed while it was read")}
			}
			return err
		}
		if b.pos++; b.pos > i {
			return nil
		}
	}
}

func (b *storedBlocks) Next(blk *reader.Block) error {
	if b.next >= len(b.s.Table.Blocks) {
		return io.EOF
	}
	if err := b.ReadBlock(b.next, blk); err != nil {
		return err
	}
	b.next++
	if b.skip > 0 {
		blk.Advance(blk.Index(b.skip))
		blk.Line = b.line
		b.skip = 0
	}
	return nil
}

func (b *storedBlocks) seek(at reader.Pos) error {
	i := b.s.Table.Find(at.Offset)
	if i < 0 {
		if at.Offset == b.s.Table.Size {
			b.next = len(b.s.Table.Blocks)
			return nil
		}
		return &reader.FileError{Path: b.path, Offset: -1, Err: reader.ErrGone}
	}
	b.next = i
	if b.line = at.Line; at.Offset > b.s.Table.Blocks[i].Offset {
		b.skip = at.Offset
	}
	return nil
}

func (b *storedBlocks) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.direct != nil {
		b.direct.Close()
		b.direct = nil
	}
	if b.closed {
		return nil
	}
	b.closed = true
	return b.s.F.Close()
}
