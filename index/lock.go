package index

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"logview/reader"

	"github.com/gofrs/flock"
)

// This file has the lock by which one process at a time builds an index.

// lock acquires the lock of the index, waiting while another process builds it.
func (b *buildRun) lock() (unlock func(), err error) {
	for waited := false; ; {
		l := flock.New(filepath.Join(b.dir, "lock"))
		if info, err := os.Lstat(l.Path()); err == nil && !info.Mode().IsRegular() {
			return nil, &reader.FileError{Path: l.Path(), Offset: -1, Err: errors.New("not a regular file, and symbolic links are not followed in the cache; delete it")}
		}
		ok, err := l.TryLock()
		if err == nil && !ok {
			if b.Waiting != nil && !waited {
				b.Waiting()
			}
			waited = true
			_, err = l.TryLockContext(b.ctx, 50*time.Millisecond)
		}
		if err != nil {
			return nil, &reader.FileError{Path: l.Path(), Offset: -1, Err: pathCause(err)}
		}
		if b.held = l; b.ownsLock() {
			return func() { l.Unlock() }, nil
		}
		// The index was deleted while another process held the lock.
		l.Unlock()
		if _, err := indexDir(b.Cache, b.root, true); err != nil {
			return nil, err
		}
	}
}

// ownsLock reports whether the lock file is still in place. It is not if the
// index was deleted; then another process may be building it.
func (b *buildRun) ownsLock() bool {
	mine, err := b.held.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(b.held.Path())
	return err == nil && os.SameFile(mine, there)
}

var errDeleted = errors.New("it was deleted while it was being built")
