package reader

import (
	"context"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/semaphore"
)

// Readers with a Turn wait for memory in the order in which they arrive, and
// release their slots meanwhile. A reader without a Turn does not wait, and
// neither does one whose turn has ended.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, workers := semaphore.NewWeighted(100), NewWorkers(3)
		if !(*Turn)(nil).Acquire(memory, 100) {
			t.Fatal("free memory is not given")
		}
		if (*Turn)(nil).Acquire(memory, 1) {
			t.Fatal("memory is given twice")
		}
		got := make(chan int64, 3)
		refused := make(chan int64, 3)
		ctx, end := context.WithCancel(t.Context())
		for _, n := range []int64{60, 50, 10} {
			if err := workers.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			go func() {
				defer workers.Release()
				if NewTurn(ctx, workers).Acquire(memory, n) {
					got <- n
				} else {
					refused <- n
				}
			}()
			synctest.Wait() // so that they arrive in this order
		}
		ran := make(chan bool)
		workers.Go(func() { close(ran) }) // the slots are free
		<-ran
		if len(got)+len(refused) > 0 {
			t.Fatal("memory is given twice")
		}
		memory.Release(100)
		synctest.Wait()
		if len(got) != 1 || <-got != 60 || len(refused) > 0 {
			t.Fatalf("%d more got memory: 10 has overtaken 50", len(got))
		}
		end()
		synctest.Wait()
		if len(refused) != 2 || len(got) > 0 {
			t.Fatalf("%d of 2 ended waiting with their turn", len(refused))
		}
		if NewTurn(ctx, workers).Acquire(memory, 50) {
			t.Fatal("memory is given twice")
		}
		if !NewTurn(ctx, workers).Acquire(memory, 40) {
			t.Fatal("free memory is not given")
		}
		memory.Release(100)
	})
}

// Go waits for a slot, TryGo does nothing without one, and Share does the work
// itself.
func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(1)
		block, ran := make(chan bool), make(chan string, 3)
		if !w.TryGo(func() { <-block }) {
			t.Fatal("the slot is not free")
		}
		if w.TryGo(func() { t.Error("more goroutines than slots") }) {
			t.Fatal("the slot is given twice")
		}
		w.Share(func() { ran <- "share" })
		if len(ran) != 1 || <-ran != "share" {
			t.Fatal("Share did not do the work itself")
		}
		go w.Go(func() { ran <- "go" })
		synctest.Wait()
		if len(ran) > 0 {
			t.Fatal("Go did not wait")
		}
		close(block)
		if got := <-ran; got != "go" {
			t.Fatal(got)
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		if err := w.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := w.Acquire(ctx); err == nil {
			t.Error("the slot is given twice")
		}
		w.Yield(func() {
			if err := w.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.Release()
		})
		w.Release()
	})
}
