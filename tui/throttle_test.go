package tui

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	at := func(ms int) time.Time { return testNow.Add(time.Duration(ms) * time.Millisecond) }
	x := newThrottle(100*time.Millisecond, at(0))
	for _, e := range []struct {
		ms   int
		want bool
	}{{0, false}, {99, false}, {100, true}, {101, false}, {199, false}, {350, true}, {351, false}, {450, true}} {
		if got := x.allow(at(e.ms)); got != e.want {
			t.Errorf("after %d ms: %v", e.ms, got)
		}
	}
}

// Files are decoded by several goroutines: of events at the same time, one is
// let through.
func TestThrottleConcurrent(t *testing.T) {
	x := newThrottle(100*time.Millisecond, testNow)
	var n atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if x.allow(testNow.Add(time.Second)) {
				n.Add(1)
			}
		})
	}
	all.Wait()
	if n.Load() != 1 {
		t.Errorf("%d events were let through, want 1", n.Load())
	}
}
