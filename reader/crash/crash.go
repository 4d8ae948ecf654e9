// Package crash lets a program that holds the terminal give it back when one of
// its goroutines panics: a panic ends the process at once, wherever it happens,
// and the user then types blindly.
package crash

import (
	"runtime/debug"
	"sync/atomic"
)

var handler atomic.Pointer[func(value any, stack []byte)]

// Handle has f called with what a goroutine panicked with, in that goroutine,
// and with where. f ends the program. Without a handler a panic does what it
// does everywhere.
func Handle(f func(value any, stack []byte)) {
	if f == nil {
		handler.Store(nil)
		return
	}
	handler.Store(&f)
}

// Go runs f in a goroutine of its own, whose panics are handled. It is for
// every goroutine that may run while the terminal is held.
func Go(f func()) {
	go func() {
		defer Guard()
		f()
	}()
}

// Guard is to be deferred itself: it handles the panic of the function that
// defers it.
func Guard() {
	f := handler.Load()
	if f == nil {
		return
	}
	if r := recover(); r != nil {
		(*f)(r, debug.Stack())
	}
}
