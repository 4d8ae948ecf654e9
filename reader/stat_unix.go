//go:build unix

package reader

import (
	"os"
	"syscall"
)

// Inode returns the number of a file in its file system, and that of the file
// system.
func Inode(info os.FileInfo) (dev, ino uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino) //nolint:unconvert // their types differ between systems
	}
	return 0, 0
}
