package decode

import (
	"context"
	"sync"
)

// maxWindow bounds what a file's header may make a decoder allocate: zstd
// --long and xz -9 stay below it.
const maxWindow = 128 << 20

// freeWindow is how much of the text before a decoder may keep without
// asking: xz -6 and zstd -19 do with it. Larger ones are rare, and several at
// a time would take more memory than all else together: a search of files of
// zstd --long=27 took 128 MiB for each processor, and for three more.
const freeWindow = 8 << 20

// windows is the memory of all decoders with larger windows.
var windows = WindowBudget{Max: maxWindow}

// A window is what one decoder has of that memory.
type window struct {
	ctx  context.Context
	held int64
}

// grow waits for the memory of a window of size bytes, unless that is so large
// that the decoder will refuse it. The error is that of w.ctx.
func (w *window) grow(size int64) error {
	if size <= freeWindow || size > maxWindow || size <= w.held {
		return nil
	}
	more := size - w.held
	w.held = size
	return windows.Take(w.ctx, more)
}

func (w *window) release() {
	windows.Give(w.held)
	w.held = 0
}

// A windowBudget is memory that decoders take their windows from. One alone
// may always have what it needs.
//
// Who holds some of it may wait for its reader, and its reader for another
// decoder that wants some: a search prints its files in order, and decodes
// later ones ahead. So nobody waits here who could be waited for. Only a
// context made by Patiently waits at all, and whoever made it ends the
// waiting once the others' progress depends on it; it then gets what it wants
// beyond the budget. All others get that at once. So a search takes the budget
// and one window more at most.
type WindowBudget struct {
	Max int64

	Mu    sync.Mutex // guards what follows
	Used  int64
	Queue []*windowWait
}

type windowWait struct {
	size  int64
	given chan struct{} // closed when size was added to used
}

type patienceKey struct{}

// Patiently makes a context under which Open and Next wait for memory rather
// than take more than decoders should. They call wait then, which returns
// when ready is closed or earlier; it must return soon when ctx is done, or
// when anything else that reads waits for this reader.
func Patiently(ctx context.Context, wait func(ready <-chan struct{})) context.Context {
	return context.WithValue(ctx, patienceKey{}, wait)
}

// impatient undoes Patiently.
func Impatient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patienceKey{}, nil)
}

// take takes n bytes, even if it returns the error of ctx: all that was taken
// is to be given back.
func (b *WindowBudget) Take(ctx context.Context, n int64) error {
	wait, _ := ctx.Value(patienceKey{}).(func(<-chan struct{}))
	b.Mu.Lock()
	if wait == nil || len(b.Queue) == 0 && b.fits(n) {
		b.Used += n
		b.Mu.Unlock()
		return ctx.Err()
	}
	w := &windowWait{size: n, given: make(chan struct{})}
	b.Queue = append(b.Queue, w)
	b.Mu.Unlock()

	wait(w.given)

	b.Mu.Lock()
	defer b.Mu.Unlock()
	for i, other := range b.Queue {
		if other == w {
			b.Queue = append(b.Queue[:i:i], b.Queue[i+1:]...)
			b.Used += n
			b.grant() // to those behind, who may want less
			break
		}
	}
	return ctx.Err()
}

func (b *WindowBudget) fits(n int64) bool { return b.Used == 0 || b.Used+n <= b.Max }

// give gives n bytes back.
func (b *WindowBudget) Give(n int64) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Used -= n
	b.grant()
}

// grant serves those who wait, in the order they came. b.mu is held.
func (b *WindowBudget) grant() {
	for len(b.Queue) > 0 && b.fits(b.Queue[0].size) {
		b.Used += b.Queue[0].size
		close(b.Queue[0].given)
		b.Queue = b.Queue[1:]
	}
}
