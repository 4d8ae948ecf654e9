package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
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

// pipedOutputs are the files that [FindPipedOutputs] found last.
var pipedOutputs atomic.Pointer[[]os.FileInfo]

// FindPipedOutputs looks until ctx is done for the files to which programs such as tee and grep write
// what they read from the standard output of this program, through a pipe. From then on, IsOutput
// reports them, too. A program may open its files at any time, so FindPipedOutputs looks again and
// again.
func FindPipedOutputs(ctx context.Context) {
	if info, err := os.Stdout.Stat(); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return
	}
	const most = 10 * time.Second
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, most) {
		list := outputsOfReaders()
		pipedOutputs.Store(&list)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// IsOutput reports whether info describes one of the outputs, under any name.
func IsOutput(info os.FileInfo) bool {
	if info == nil {
		return false
	}
	for _, o := range outputs() {
		if os.SameFile(o, info) {
			return true
		}
	}
	if list := pipedOutputs.Load(); list != nil {
		for _, o := range *list {
			if os.SameFile(o, info) {
				return true
			}
		}
	}
	return false
}
