//go:build unix

package reader

import (
	"os"
	"syscall"
)

// Inode returns the numbers of a file's file system and of its inode; zero if
// they are unknown.
func Inode(info os.FileInfo) (dev, ino uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino) //nolint:unconvert // their types differ between systems
	}
	return 0, 0
}
