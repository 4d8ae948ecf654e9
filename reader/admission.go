package reader

import (
	"context"

	"golang.org/x/sync/semaphore"

	"logview/reader/crash"
)

// Admission: which work may run, what may wait for what, and how much memory
// each part may use. All of logview follows these rules.
//
// Slots. A process has one Workers with a slot for each processor. A search's
// goroutines hold a slot while they decode or match, and release it
// ([Workers.Yield]) while they wait for anything but a file. So a goroutine
// that holds a slot makes progress, and waiting for a slot ends.
//
//   - [Workers.Go] waits for a slot. The caller must hold none, because it could
//     wait for itself. It is for work that must not be skipped: the index build
//     and the explorer's own reading.
//   - [Workers.TryGo] skips the work if no slot is free. Searches use it to store
//     decompressed text, which only serves later readers.
//   - [Workers.Share] does the work itself if no slot is free. A stream of a
//     search uses it to match its blocks.
//
// Order. A search emits its members in order: the first one that is not emitted
// completely is the head. Streams acquire their first slot in this order, so
// the head has had one. The others read ahead, and wait for the head when they
// have read far enough. The head waits for none of them.
//
// Decoder memory. A decoder may use a window of 8 MiB without acquiring memory.
// All larger windows share 128 MiB, the size of the largest one
// (reader/decode's memory.go). If these are in use,
//
//   - a reader with a [Turn] waits, without its slot, but only until it is the
//     head: the goroutines that hold the memory may be waiting for the head;
//   - the head, and every reader without a Turn, gets its window in addition. A
//     reader without a Turn may hold locks that others wait for, so it never
//     waits.
//
// So no goroutine that others wait for waits for memory, and there is no cycle.
// A search holds at most the 128 MiB and one more window; so does each reader
// without a Turn.
//
// Other memory. A stream of a search has some 1.5 MB of buffers, and there are
// three more streams than slots; the results that wait to be emitted take 16
// MiB for the head and 32 MiB for the others (index/scan.go). A block store
// that is being written holds 16 blocks (reader/blockstore/blockfile.go).

// Workers are the slots of goroutines that may run at the same time.
type Workers struct {
	size  int
	slots *semaphore.Weighted
}

// NewWorkers returns Workers with n free slots.
func NewWorkers(n int) *Workers { return &Workers{n, semaphore.NewWeighted(int64(n))} }

// Size returns the number of slots.
func (w *Workers) Size() int { return w.size }

// Acquire waits for a slot. If ctx is done before, it returns ctx's error.
func (w *Workers) Acquire(ctx context.Context) error { return w.slots.Acquire(ctx, 1) }

// Release frees a slot.
func (w *Workers) Release() { w.slots.Release(1) }

// Yield releases the caller's slot while it calls wait, and then acquires a
// slot again.
func (w *Workers) Yield(wait func()) {
	w.Release()
	wait()
	w.wait()
}

// wait waits for a slot. Goroutines that hold one make progress, so this ends.
func (w *Workers) wait() { _ = w.Acquire(context.Background()) }

// Go waits for a slot and runs work in a new goroutine. The caller must not
// hold a slot.
func (w *Workers) Go(work func()) {
	w.wait()
	w.run(work)
}

// TryGo runs work in a new goroutine if a slot is free, and reports whether it
// does.
func (w *Workers) TryGo(work func()) bool {
	if !w.slots.TryAcquire(1) {
		return false
	}
	w.run(work)
	return true
}

// Share runs work in a new goroutine if a slot is free; otherwise it calls
// work.
func (w *Workers) Share(work func()) {
	if !w.TryGo(work) {
		work()
	}
}

// run runs work in a new goroutine, with a slot that the caller has acquired.
func (w *Workers) run(work func()) {
	crash.Go(func() {
		defer w.Release()
		work()
	})
}

// A Turn lets the reader of one member wait for memory until others wait for
// that reader. A nil Turn does not wait. A Turn must only be used by one
// goroutine, which holds a slot.
type Turn struct {
	workers *Workers
	wait    context.Context
}

// NewTurn returns the Turn of a reader whose goroutine holds a slot of workers.
// ctx must be done as soon as another goroutine waits for the reader, or its
// results are not needed any more.
func NewTurn(ctx context.Context, workers *Workers) *Turn { return &Turn{workers, ctx} }

// Acquire acquires a weight of n from s. If necessary, it waits as long as the
// turn allows. It reports whether it acquired it.
func (t *Turn) Acquire(s *semaphore.Weighted, n int64) bool {
	if s.TryAcquire(n) {
		return true
	}
	if t == nil || t.wait.Err() != nil {
		return false
	}
	var err error
	t.workers.Yield(func() { err = s.Acquire(t.wait, n) })
	return err == nil
}
