package decode

import (
	"context"

	"golang.org/x/sync/semaphore"

	"logview/reader"
)

// maxWindow bounds what a file's header may make a decoder allocate: zstd
// --long and xz -9 stay below it.
const maxWindow = 128 << 20

// freeWindow is how much of the text before a decoder may keep without
// asking: xz -6 and zstd -19 do with it. Larger ones are rare, and several at
// a time would take more memory than all else together: a search of files of
// zstd --long=27 took 128 MiB for each processor, and for three more.
const freeWindow = 8 << 20

// windows is the memory of all decoders with larger windows; see
// reader/admission.go for what waits for it.
var windows = semaphore.NewWeighted(maxWindow)

// A window is the memory for the text that one decoder looks back to.
type window struct {
	ctx  context.Context
	turn *reader.Turn

	size int64 // 0 as long as it is small
	held int64 // of windows; the rest of size is in addition to them
}

// grow asks for the memory of a window of size bytes, unless that is so large
// that the decoder will refuse it. The error is that of w.ctx.
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
