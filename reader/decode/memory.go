package decode

import (
	"context"

	"golang.org/x/sync/semaphore"

	"logview/reader"
)

// maxWindow limits the memory that a file's header can make a decoder allocate:
// zstd --long and xz -9 need less.
const maxWindow = 128 << 20

// freeWindow is the size up to which a decoder may keep previous text without
// acquiring memory: enough for xz -6 and zstd -19. Larger windows are rare, and
// several at a time would take more memory than everything else together: a
// search of files of zstd --long=27 took 128 MiB for each processor, and for
// three more.
const freeWindow = 8 << 20

// windows is the memory of all decoders with larger windows; see
// reader/admission.go for the goroutines that wait for it.
var windows = semaphore.NewWeighted(maxWindow)

// A window is the memory for the previous text that a decoder refers to.
type window struct {
	ctx  context.Context
	turn *reader.Turn

	size int64 // 0 while no larger window was requested
	held int64 // acquired from windows; the rest of size is in addition to its limit
}

// grow waits for the memory of a window of size bytes, unless it is so large
// that the decoder will reject it. Its only error is that of w.ctx.
func (w *window) grow(size int64) error {
	if size <= freeWindow || size > maxWindow || size <= w.size {
		return nil
	}
	more := size - w.size
	w.size = size
	if w.turn.Acquire(windows, more) {
		w.held += more
	}
	return w.ctx.Err()
}

func (w *window) release() {
	if w.held > 0 {
		windows.Release(w.held)
	}
	w.size, w.held = 0, 0
}
