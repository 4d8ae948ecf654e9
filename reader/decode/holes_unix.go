//go:build linux || freebsd || darwin || solaris

package decode

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// fileData returns the offset at which data of f continues after a hole at off:
// size if the hole extends to it, off if there is no hole at off or holes are
// not known. It restores the position of f.
func fileData(f io.ReaderAt, off, size int64) int64 {
	return seekTo(f, off, size, unix.SEEK_DATA)
}

// fileHole returns the offset of the next hole after off, or size if there is
// none.
func fileHole(f io.ReaderAt, off, size int64) int64 {
	return seekTo(f, off, size, unix.SEEK_HOLE)
}

func seekTo(f io.ReaderAt, off, size int64, whence int) int64 {
	file, ok := f.(*os.File)
	if !ok {
		return off // f is a member of an archive
	}
	c, err := file.SyscallConn()
	if err != nil {
		return off
	}
	at := off
	_ = c.Control(func(fd uintptr) {
		was, err := unix.Seek(int(fd), 0, 1)
		if err != nil {
			return
		}
		found, err := unix.Seek(int(fd), off, whence)
		switch {
		case err == unix.ENXIO:
			at = size
		case err == nil:
			at = min(found, size)
		}
		_, _ = unix.Seek(int(fd), was, 0)
	})
	return max(at, off)
}
