//go:build unix

package blockstore

import (
	"fmt"
	"os"
	"syscall"
)

// checkExclusive returns an error if other users could have written the contents of
// a directory.
func checkExclusive(info os.FileInfo) error {
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
