package reader

import (
	"os"
	"syscall"
)

// Ctime returns when anything about a file was changed last, in nanoseconds
// since 1970; 0 where it is not known.
func Ctime(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano()
	}
	return 0
}
