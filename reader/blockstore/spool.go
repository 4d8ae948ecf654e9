package blockstore

import (
	"errors"
	"os"

	"logview/reader"
)

// A Spooled is a temporary file that holds a text.
type Spooled struct {
	*os.File
	most reader.Offset // how much may be in it; 0 for as much as leaves leastFree
}

const (
	// leastFree is how much of a disk temporary files leave free.
	leastFree = 256 << 20
	// mostInMemory is how much text is put into a file system that is in
	// memory, when no disk has room: a full one is what many logs are read for.
	mostInMemory = 256 << 20
)

// InMemory is a file system that is in memory; without a name there is none.
var InMemory = "/dev/shm"

// TempFile creates a file that disappears when it is closed, or when this
// process ends, where the system can do that. With a name it can be opened by
// others, and is deleted when the text is closed, or when it is old. It is in
// the cache, or where there is more room.
func TempFile(c *Cache, named bool) (Spooled, error) {
	dirs := []string{os.TempDir(), InMemory}
	if dir, err := c.Sub(BlocksName, true); err == nil {
		dirs = append([]string{dir}, dirs...)
	}
	var s Spooled
	err := ErrSpoolFull
	for _, dir := range dirs {
		if free, known := diskFree(dir); dir == "" || known && free < 2*leastFree {
			continue
		}
		if s.File, err = os.CreateTemp(dir, TmpPrefix+"text-*"); err == nil {
			if dir == InMemory {
				s.most = mostInMemory
			}
			break
		}
	}
	if err != nil {
		return s, &reader.FileError{Path: "temporary file", Offset: -1, Err: reader.Cause(err)}
	}
	if !named {
		_ = os.Remove(s.Name()) // where that cannot be, it is deleted when it is old
	}
	return s, nil
}

// Room reports whether more may be written after so much text.
func (s Spooled) Room(size reader.Offset) bool {
	if s.most > 0 {
		return size < s.most
	}
	free, known := diskFree(s.Name())
	return !known || free >= leastFree
}

// ErrSpoolFull ends a temporary file before the disk is full.
var ErrSpoolFull = errors.New("too little room on the disk to decode the rest of it")
