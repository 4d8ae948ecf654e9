//go:build darwin || freebsd

package reader

import (
	"os"
	"syscall"
)

// Ctime is when anything about a file was changed last, in nanoseconds since
// 1970; 0 where it is not known.
func Ctime(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctimespec.Nano()
	}
	return 0
}
