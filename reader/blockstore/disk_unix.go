//go:build unix

package blockstore

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// diskFree returns how many bytes may still be written below dir, or below the
// nearest directory above it that exists. It returns false if that is unknown.
func diskFree(dir string) (int64, bool) {
	for {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err == nil {
			return int64(st.Bavail) * int64(st.Bsize), true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return 0, false
		}
		dir = up
	}
}
