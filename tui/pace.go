package tui

import (
	"reflect"
	"sync"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
)

// A pacer makes the terminal be drawn soon after something changed, and
// hardly ever while nothing does.
//
// Bubble Tea draws when a ticker of its own ticks, 60 times a second by
// default and 120 at most, whether there is anything to draw or not. Measured
// with 10,000 idle files that alone was 1.2 % of a core (1.9 % at 120), and a
// key was answered after up to 18 ms. The only option, tea.WithFPS, sets one
// rate for the whole run, so it can have either the low load or the quick
// answer (v2.0.9). Therefore pacer resets the ticker, a private field, by
// reflection. In a version without that field nothing is done, and Bubble
// Tea's own rate stays. Pull requests 1776 and 1796 of Bubble Tea make it draw
// only when there is something to draw: when one is released, delete this file.
type pacer struct {
	ticker *time.Ticker

	mu    sync.Mutex // guards what follows
	last  time.Time  // when something changed
	quick bool       // is the ticker now
}

// pacing is the pacer of the program, which is there when it runs.
type pacing struct {
	find  func() *pacer // nil in tests
	pacer *pacer        // nil before the first frame
}

// wake says that something changed.
func (x *pacing) wake() {
	if x.pacer == nil && x.find != nil {
		x.pacer = x.find()
	}
	x.pacer.wake()
}

// resume sets the pace again after the program was suspended.
func (x *pacing) resume() { x.pacer.resume() }

const (
	quickPace = 4 * time.Millisecond
	slowPace  = 250 * time.Millisecond
	quickFor  = 200 * time.Millisecond // after something changed
)

// newPacer finds a program's ticker. It is called when the program runs; nil
// if there is none.
func newPacer(p *tea.Program) *pacer {
	f := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !f.IsValid() || f.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	t := *(**time.Ticker)(unsafe.Pointer(f.UnsafeAddr()))
	if t == nil {
		return nil
	}
	x := &pacer{ticker: t}
	x.wake()
	return x
}

// wake says that something changed.
func (x *pacer) wake() {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = time.Now()
	if !x.quick {
		x.quick = true
		x.ticker.Reset(quickPace)
		time.AfterFunc(quickFor, x.rest)
	}
}

// rest slows the ticker if nothing has changed for a while.
func (x *pacer) rest() {
	defer crash.Guard()
	x.mu.Lock()
	defer x.mu.Unlock()
	if left := quickFor - time.Since(x.last); left > 0 {
		time.AfterFunc(left, x.rest)
		return
	}
	x.quick = false
	x.ticker.Reset(slowPace)
}

// resume sets the pace again after the program was suspended: it has reset its
// ticker to its own pace.
func (x *pacer) resume() {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = time.Now()
	x.ticker.Reset(quickPace)
	if !x.quick {
		x.quick = true
		time.AfterFunc(quickFor, x.rest)
	}
}
