//go:build linux || freebsd || darwin || solaris

package reader

import (
	"os"

	"golang.org/x/sys/unix"
)

// nextData is where f's data goes on behind a hole at off, size if the hole
// reaches so far, off if there is none or that cannot be told. It moves f's
// position only to set it back.
func nextData(f *os.File, off, size int64) int64 {
	return seekTo(f, off, size, unix.SEEK_DATA)
}

// nextHole is where the next hole behind off begins, size if there is none.
func nextHole(f *os.File, off, size int64) int64 {
	return seekTo(f, off, size, unix.SEEK_HOLE)
}

func seekTo(f *os.File, off, size int64, whence int) int64 {
	c, err := f.SyscallConn()
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
