package index

import (
	"os"
	"syscall"
)

// changed is when a file was last changed in any way, in nanoseconds since
// 1970: its ctime, which no program can set.
func changed(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano()
	}
	return info.ModTime().UnixNano()
}
