package decode

import (
	"context"
	"errors"
	"testing"

	"logview/reader"
)

// If a window does not fit into the shared memory, a reader that must not wait
// gets it in addition. Only what was acquired of it is released.
func TestWindow(t *testing.T) {
	before := WindowsHeld()
	if before > 0 {
		t.Fatalf("%d bytes are held by nobody", before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a, b := &window{ctx: ctx}, &window{ctx: ctx}
	for _, step := range []struct {
		w          *window
		size, held int64
	}{
		{a, freeWindow, 0},                     // small
		{a, maxWindow + 1, 0},                  // rejected by the decoder
		{a, 10 << 20, 10 << 20},                // large
		{a, 9 << 20, 10 << 20},                 // enough is held already
		{a, 100 << 20, 100 << 20},              // larger
		{b, 20 << 20, 120 << 20},               // another decoder
		{b, maxWindow, 120 << 20},              // does not fit
		{a, 100<<20 + 1, 100<<20 + 1 + 20<<20}, // fits
	} {
		if err := step.w.grow(step.size); err != nil || WindowsHeld() != step.held {
			t.Fatalf("a window of %d: %d bytes are held, want %d; %v", step.size, WindowsHeld(), step.held, err)
		}
	}
	a.release()
	if got := WindowsHeld(); got != 20<<20 {
		t.Errorf("%d bytes are held", got)
	}
	b.release()
	b.release()
	cancel()
	turn := reader.NewTurn(ctx, reader.NewWorkers(1))
	c := &window{ctx: ctx, turn: turn}
	if err := c.grow(maxWindow); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	c.release()
	if got := WindowsHeld(); got != 0 {
		t.Errorf("%d bytes are held by nobody", got)
	}
}
