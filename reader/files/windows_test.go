package files

import (
	"context"
	"errors"
	"testing"

	"logview/reader/decode"
)

// Who has patience waits for memory, in order; who has none does not; one
// alone gets what it wants.
func TestWindowBudget(t *testing.T) {
	b := decode.WindowBudget{Max: 100}
	enough := make(chan struct{}) // nobody waits longer
	waiting := make(chan struct{})
	patient := decode.Patiently(t.Context(), func(ready <-chan struct{}) {
		waiting <- struct{}{}
		select {
		case <-ready:
		case <-enough:
		}
	})
	if err := b.Take(patient, 120); err != nil || b.Used != 120 {
		t.Fatalf("alone: %v, %d used", err, b.Used)
	}
	if err := b.Take(t.Context(), 50); err != nil || b.Used != 170 {
		t.Fatalf("without patience: %v, %d used", err, b.Used)
	}
	b.Give(50)

	got := make(chan int64)
	for _, n := range []int64{60, 50, 10} {
		go func() {
			b.Take(patient, n)
			got <- n
		}()
		<-waiting
	}
	select {
	case n := <-got:
		t.Fatalf("%d was given beyond the budget", n)
	default:
	}
	b.Give(120)
	if n := <-got; n != 60 {
		t.Fatalf("%d came first, want 60", n)
	}
	b.Mu.Lock()
	if b.Used != 60 || len(b.Queue) != 2 {
		t.Errorf("%d used, %d wait: 10 has overtaken 50", b.Used, len(b.Queue))
	}
	b.Mu.Unlock()
	// The one who has waited enough goes beyond the budget.
	close(enough)
	<-got
	<-got
	if b.Used != 120 || len(b.Queue) != 0 {
		t.Errorf("%d used, %d wait", b.Used, len(b.Queue))
	}
}

// What was cancelled while it waited says so, and has what it gives back.
func TestWindowBudgetCancelled(t *testing.T) {
	b := decode.WindowBudget{Max: 100}
	b.Take(t.Context(), 100)
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Take(decode.Patiently(ctx, func(<-chan struct{}) { cancel() }), 50)
	if !errors.Is(err, context.Canceled) || b.Used != 150 {
		t.Errorf("%v, %d used", err, b.Used)
	}
	b.Give(150)
	if b.Used != 0 || len(b.Queue) != 0 {
		t.Errorf("%d used, %d wait", b.Used, len(b.Queue))
	}
}
