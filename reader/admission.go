package reader

import (
	"context"

	"golang.org/x/sync/semaphore"

	"logview/reader/crash"
)

// Admission: which work may run, what may wait for what, and how much memory
// each part may hold. All of logview keeps to these rules.
//
// Slots. A process has one Workers with a slot for each processor. A search's
// goroutines hold a slot while they decode or match, and give it up ([Workers.Yield])
// while they wait for anything but a file. So whatever holds a slot makes
// progress, and waiting for a slot ends.
//
//   - [Workers.Go] waits for a slot. Only a caller that holds none may use it:
//     it could wait for itself. The index build and the explorer's own reading
//     do, which must not lose what they came for.
//   - [Workers.TryGo] does without the work if no slot is free. Searches store
//     decompressed text like this, for later readers only.
//   - [Workers.Share] does the work itself if no slot is free. A stream of a
//     search has its blocks matched like this.
//
// Order. A search emits its members in order: the first one that is not emitted
// completely is the head. Streams take their first slot in this order, so the
// head has had one. The others read ahead, and wait for the head when they
// have read far enough. The head waits for none of them.
//
// Decoder memory. A decoder may use a window of 8 MiB without asking. Larger
// windows together have 128 MiB, the size of the largest one (reader/decode's
// memory.go). If these are taken,
//
//   - a reader with a [Turn] waits, without its slot, but only until it is the
//     head: whatever holds the memory may be waiting for the head;
//   - the head, and every reader without a Turn, takes its window in addition.
//     Such a reader may hold locks that others wait for, so it never waits.
//
// So nothing that is waited for waits for memory, and there is no cycle. A
// search holds at most the 128 MiB and one window more; so does each reader
// without a Turn.
//
// Other memory. A stream of a search has some 1.5 MB of buffers, and there are
// three more streams than slots; the results that wait to be emitted hold
// 16 MiB of the head and 32 MiB of the others (index/scan.go). A block store
// being written holds 16 blocks (reader/blockstore/store.go).

// Workers are the slots of the goroutines that work at a time.
type Workers struct {
	size  int
	slots *semaphore.Weighted
}

// NewWorkers returns n free slots.
func NewWorkers(n int) *Workers { return &Workers{n, semaphore.NewWeighted(int64(n))} }

// Size returns the number of slots.
func (w *Workers) Size() int { return w.size }

// Acquire waits for a slot until ctx is done, and returns ctx's error then.
func (w *Workers) Acquire(ctx context.Context) error { return w.slots.Acquire(ctx, 1) }

// Release frees a slot.
func (w *Workers) Release() { w.slots.Release(1) }

// Yield frees the caller's slot while it waits, and takes one again.
func (w *Workers) Yield(wait func()) {
	w.Release()
	wait()
	w.wait()
}

// wait waits for a slot. What holds one makes progress, so this ends.
func (w *Workers) wait() { _ = w.Acquire(context.Background()) }

// Go waits for a slot and runs work in a goroutine of its own. The caller must
// hold no slot.
func (w *Workers) Go(work func()) {
	w.wait()
	w.run(work)
}

// TryGo runs work in a goroutine of its own if a slot is free, and reports
// whether it does.
func (w *Workers) TryGo(work func()) bool {
	if !w.slots.TryAcquire(1) {
		return false
	}
	w.run(work)
	return true
}

// Share runs work in a goroutine of its own if a slot is free, and otherwise
// at once, in the caller's.
func (w *Workers) Share(work func()) {
	if !w.TryGo(work) {
		work()
	}
}

// run runs work, which has a slot.
func (w *Workers) run(work func()) {
	crash.Go(func() {
		defer w.Release()
		work()
	})
}

// A Turn lets the reader of one member wait for memory until others wait for
// that reader. The nil Turn does not wait. It belongs to one goroutine, which
// holds a slot.
type Turn struct {
	workers *Workers
	wait    context.Context
}

// NewTurn returns the Turn of a reader whose goroutine holds a slot of workers.
// ctx must be done as soon as anything waits for the reader, or nothing that it
// reads is wanted any more.
func NewTurn(ctx context.Context, workers *Workers) *Turn { return &Turn{workers, ctx} }

// Acquire acquires n of a semaphore, waiting as long as the turn lets it. It
// reports whether it did.
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
