//go:build unix

package reader

import (
	"errors"
	"os"
	"syscall"
)

// Readable reports whether this process may read the member, as far as that
// can be told without opening it.
func (m Member) Readable() bool {
	return m.Path == Stdin || !errors.Is(syscall.Access(m.Path, 4), syscall.EACCES)
}

// inode is the number of a file in its file system, and that of the file
// system.
func inode(info os.FileInfo) (dev, ino uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino) //nolint:unconvert // their types differ between systems
	}
	return 0, 0
}
