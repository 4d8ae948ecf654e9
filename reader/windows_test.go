package reader

import (
	"context"
	"errors"
	"testing"
)

// Who has patience waits for memory, in order; who has none does not; one
// alone gets what it wants.
func TestWindowBudget(t *testing.T) {
	b := windowBudget{max: 100}
	enough := make(chan struct{}) // nobody waits longer
	waiting := make(chan struct{})
	patient := Patiently(t.Context(), func(ready <-chan struct{}) {
		waiting <- struct{}{}
		select {
		case <-ready:
		case <-enough:
		}
	})
	if err := b.take(patient, 120); err != nil || b.used != 120 {
		t.Fatalf("alone: %v, %d used", err, b.used)
	}
	if err := b.take(t.Context(), 50); err != nil || b.used != 170 {
		t.Fatalf("without patience: %v, %d used", err, b.used)
	}
	b.give(50)

	got := make(chan int64)
	for _, n := range []int64{60, 50, 10} {
		go func() {
			b.take(patient, n)
			got <- n
		}()
		<-waiting
	}
	select {
	case n := <-got:
		t.Fatalf("%d was given beyond the budget", n)
	default:
	}
	b.give(120)
	if n := <-got; n != 60 {
		t.Fatalf("%d came first, want 60", n)
	}
	b.mu.Lock()
	if b.used != 60 || len(b.queue) != 2 {
		t.Errorf("%d used, %d wait: 10 has overtaken 50", b.used, len(b.queue))
	}
	b.mu.Unlock()
	// The one who has waited enough goes beyond the budget.
	close(enough)
	<-got
	<-got
	if b.used != 120 || len(b.queue) != 0 {
		t.Errorf("%d used, %d wait", b.used, len(b.queue))
	}
}

// What was cancelled while it waited says so, and has what it gives back.
func TestWindowBudgetCancelled(t *testing.T) {
	b := windowBudget{max: 100}
	b.take(t.Context(), 100)
	ctx, cancel := context.WithCancel(t.Context())
	err := b.take(Patiently(ctx, func(<-chan struct{}) { cancel() }), 50)
	if !errors.Is(err, context.Canceled) || b.used != 150 {
		t.Errorf("%v, %d used", err, b.used)
	}
	b.give(150)
	if b.used != 0 || len(b.queue) != 0 {
		t.Errorf("%d used, %d wait", b.used, len(b.queue))
	}
}
