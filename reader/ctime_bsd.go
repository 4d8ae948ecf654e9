//go:build darwin || freebsd

package reader

import (
	"os"
	"syscall"
)

// Ctime returns the change time of a file in nanoseconds since 1970; 0 if it is
// unknown.
func Ctime(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctimespec.Nano()
	}
	return 0
}
