package files

import (
	"errors"
	"os"
	"sync"
)

// ErrOutput means that a file is the standard output or standard error of this
// program. It is never read: each line read from it would be written to it
// again, until the disk is full.
var ErrOutput = errors.New("it is the output of this program; left out")

// outputs are the regular files to which standard output and standard error
// were redirected when the program started.
var outputs = sync.OnceValue(func() []os.FileInfo {
	var out []os.FileInfo
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			out = append(out, info)
		}
	}
	return out
})

// IsOutput reports whether info describes one of the outputs, under any name.
func IsOutput(info os.FileInfo) bool {
	for _, o := range outputs() {
		if info != nil && os.SameFile(o, info) {
			return true
		}
	}
	return false
}
