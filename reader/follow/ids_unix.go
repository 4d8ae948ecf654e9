//go:build unix

package follow

import (
	"os"
	"syscall"

	"logview/reader"
)

func systemIDs() identifier {
	return identifier{
		of: func(info os.FileInfo) any {
			dev, ino := reader.Inode(info)
			return [2]uint64{dev, ino}
		},
		same:     os.SameFile,
		keepOpen: true,
	}
}

// links returns the number of names of an open file; 1 if it is not known.
func links(f *os.File) int {
	info, err := f.Stat()
	if err != nil {
		return 1
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Nlink) //nolint:unconvert // its type differs between systems
	}
	return 1
}
