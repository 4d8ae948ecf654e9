package blockstore

import (
	"errors"
	"io"
	"os"

	"logview/reader"
)

// A Spooled is a temporary file for a text.
type Spooled struct {
	*os.File
	most reader.Offset // maximum size of the text; 0 for as much as leaves leastFree on the disk
}

const (
	// leastFree is how much space temporary files leave free on a disk.
	leastFree = 256 << 20
	// mostInMemory is how much text is written to a file system in memory if no
	// disk has room: a full disk is a common reason for reading logs.
	mostInMemory = 256 << 20
)

// InMemory is the directory of a file system in memory; empty if there is none.
var InMemory = "/dev/shm"

// TempFile creates a file that is deleted when it is closed or this process
// ends, if the system supports that. A named file can be opened by others; the
// caller deletes it, or it is deleted when it is old. It is in the cache, or
// where there is more room.
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
		_ = os.Remove(s.Name()) // if the system does not allow this, the file is deleted when it is old
	}
	return s, nil
}

// Room reports whether more may be written to a file with size bytes of text.
func (s Spooled) Room(size reader.Offset) bool {
	if s.most > 0 {
		return size < s.most
	}
	free, known := diskFree(s.Name())
	return !known || free >= leastFree
}

// CopyFrom copies everything that r reads to the file.
func (s Spooled) CopyFrom(r io.Reader) error {
	for size := reader.Offset(0); ; {
		if !s.Room(size) {
			return ErrSpoolFull
		}
		n, err := io.CopyN(s.File, r, 16<<20)
		size += reader.Offset(n)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ErrSpoolFull is the error for a temporary file that must not grow, because
// the disk would become full.
var ErrSpoolFull = errors.New("too little room on the disk to decode the rest of it")
