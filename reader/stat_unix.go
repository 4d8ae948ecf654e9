//go:build unix

package reader

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Readable reports whether this process may read the member, as far as that
// can be told without opening it.
func Readable(m Member) bool {
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

// exclusive reports why others than this user could have written what is in a
// directory; nil if only this user can.
func exclusive(info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return nil
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("belongs to another user (uid %d), so it is not used as a cache; give a directory of your own with --cache-dir", st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("can be written by other users (mode %04o), so it is not used as a cache; run chmod go-w on it, or give another directory with --cache-dir", info.Mode().Perm())
	}
	return nil
}
