package files

import (
	"context"
	"io"

	"logview/reader"
)

// Store reads a member to its end, so that its block store is written if it has
// one. progress, if not nil, is called with the number of bytes of the file
// that are done.
func Store(ctx context.Context, src reader.Source, m reader.Member, progress func(disk int64)) error {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return err
	}
	defer b.Close()
	r, ok := b.(*RecordedBlocks)
	if !ok {
		return nil
	}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	w := r.W // r clears it when it is done or has failed
	for {
		if err := b.Next(blk); err == io.EOF {
			return w.Failure()
		} else if err != nil {
			return err
		}
		if progress != nil {
			progress(blk.Disk)
		}
	}
}
