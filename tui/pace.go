package tui

import (
	"reflect"
	"sync"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2"

	"logview/reader/crash"
)

// A pacer makes Bubble Tea draw soon after a change, and rarely while nothing
// changes.
//
// Bubble Tea draws when its own ticker ticks, 60 times a second by default and
// 120 at most, whether or not there is anything to draw. Measured with 10,000
// idle files, that alone took 1.2 % of a core (1.9 % at 120), and the answer to
// a key took up to 18 ms. The only option, tea.WithFPS, sets one rate for the
// whole run, so it gives either a low load or a quick answer (v2.0.9).
// Therefore the pacer resets the ticker, a private field, by reflection. In a
// version without that field it does nothing, and Bubble Tea keeps its own
// rate. Pull requests 1776 and 1796 of Bubble Tea make it draw only when there
// is something to draw: delete this file when one of them is released.
type pacer struct {
	ticker *time.Ticker

	mu    sync.Mutex // guards the following fields
	last  time.Time  // time of the last change
	quick bool       // the ticker has the quick pace
}

// pacing finds the pacer of the program once the program runs.
type pacing struct {
	find  func() *pacer // nil in tests
	pacer *pacer        // nil before the first frame
}

// wake records a change.
func (x *pacing) wake() {
	if x.pacer == nil && x.find != nil {
		x.pacer = x.find()
	}
	x.pacer.wake()
}

// resume restores the pace after the program was suspended.
func (x *pacing) resume() { x.pacer.resume() }

const (
	quickPace = 4 * time.Millisecond
	slowPace  = 250 * time.Millisecond
	quickFor  = 200 * time.Millisecond // how long the pace stays quick after a change
)

// newPacer returns a pacer for the ticker of a running program, or nil if there
// is none.
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

// wake records a change and makes the ticker quick.
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

// rest slows the ticker if nothing has changed for quickFor.
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

// resume restores the pace after the program was suspended, which reset the
// ticker to Bubble Tea's own pace.
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
