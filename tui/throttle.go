package tui

import (
	"sync/atomic"
	"time"
)

// A throttle lets through at most one event per interval. It may be used by
// any goroutine.
type throttle struct {
	interval time.Duration
	next     atomic.Int64 // nanoseconds since start, from which an event is let through
	start    time.Time
}

// newThrottle returns a throttle that lets nothing through in the first
// interval from now.
func newThrottle(interval time.Duration, now time.Time) *throttle {
	t := &throttle{interval: interval, start: now}
	t.next.Store(int64(interval))
	return t
}

// allow reports whether an event at a time is let through.
func (t *throttle) allow(now time.Time) bool {
	since := int64(now.Sub(t.start))
	next := t.next.Load()
	return since >= next && t.next.CompareAndSwap(next, since+int64(t.interval))
}
