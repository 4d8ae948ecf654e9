package reader

import (
	"context"
	"io"
)

// Store reads a member to its end so that it has a block store from then on,
// if it is one that gets one. progress, if not nil, is told how many bytes
// of the file are done.
func Store(ctx context.Context, src Source, m Member, progress func(disk int64)) error {
	b, err := src.Open(ctx, m, Pos{})
	if err != nil {
		return err
	}
	defer b.Close()
	r, ok := b.(*recordedBlocks)
	if !ok {
		return nil
	}
	blk := GetBlock()
	defer PutBlock(blk)
	w := r.w // which r forgets when it is done or has failed
	for {
		if err := b.Next(blk); err == io.EOF {
			return w.failure()
		} else if err != nil {
			return err
		}
		if progress != nil {
			progress(blk.Disk)
		}
	}
}

// FollowOn is what Run does after Begin.
func FollowOn(ctx context.Context, f *Follower, w *Watcher, emit func(*Appended) error) error {
	return f.on(ctx, w, emit)
}

// SmallBuffers puts blocks of little memory into the pool.
func SmallBuffers() {
	for range 100 {
		PutBlock(&Block{buf: make([]byte, 100)})
	}
}
