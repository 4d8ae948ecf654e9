package reader

import (
	"context"

	"logview/reader/crash"
)

// Workers is how many goroutines may work at a time. Whoever works holds one
// of the tokens, and gives it back while it waits for anything else.
type Workers chan struct{}

// NewWorkers makes n tokens.
func NewWorkers(n int) Workers { return make(Workers, n) }

// Acquire takes a token, waiting for one until ctx is done. It reports
// whether it has one.
func (w Workers) Acquire(ctx context.Context) bool {
	select {
	case w <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// Release gives a token back.
func (w Workers) Release() { <-w }

// TryGo runs work in a goroutine of its own if there is a token to spare,
// and reports whether it does.
func (w Workers) TryGo(work func()) bool {
	select {
	case w <- struct{}{}:
		w.run(work)
		return true
	default:
		return false
	}
}

// Go runs work in a goroutine of its own as soon as there is a token. It
// always returns true.
func (w Workers) Go(work func()) bool {
	w <- struct{}{}
	w.run(work)
	return true
}

// run runs work, which holds a token.
func (w Workers) run(work func()) {
	crash.Go(func() {
		defer w.Release()
		work()
	})
}
