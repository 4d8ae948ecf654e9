package decode

import (
	"fmt"
	"io"
	"runtime"
	"strings"
)

// A PanicError says that the code that decodes a format panicked. It fails the
// member that is decoded; other members, and the program, continue.
type PanicError struct {
	Value any    // value of the panic
	Where string // the function and line that panicked
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("the decoder panicked in %s: %v; please report it", e.Where, e.Value)
}

// Recover turns a panic in a decoder into a *PanicError. It must be deferred
// around the call of the decoder. A panic that is not recovered here ends the
// program; see package crash.
func Recover(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{v, panicked()}
	}
}

// panicked returns the place of the panic that is being recovered: the
// innermost function outside the runtime.
func panicked() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for begun := false; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			begun = true
		case begun && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		if !more {
			return "unknown code"
		}
	}
}

// A guarded decoder returns an error instead of panicking. It returns that
// error from then on, and does not use the decoder any more: its state is
// unknown, so its memory is left to the garbage collector and not returned to a
// pool.
type guarded struct {
	decoder
	window *window
	broken error
}

// Read implements io.Reader.
func (g *guarded) Read(p []byte) (n int, err error) {
	if g.broken != nil {
		return 0, g.broken
	}
	defer g.note(&err)
	defer Recover(&err)
	return g.decoder.Read(p)
}

// Resume implements resumer, if the decoder does.
func (g *guarded) Resume(src *countingReader) (err error) {
	r, ok := g.decoder.(resumer)
	if !ok || g.broken != nil {
		return io.EOF
	}
	defer g.note(&err)
	defer Recover(&err)
	return r.Resume(src)
}

// PartStart returns the offset in the file of the current part, or 0 if the
// format has no parts.
func (g *guarded) PartStart() int64 {
	if d, ok := g.decoder.(*partDecoder); ok {
		return d.PartStart()
	}
	return 0
}

// note records a panic.
func (g *guarded) note(err *error) {
	if e, ok := (*err).(*PanicError); ok {
		g.broken = e
	}
}

func (g *guarded) Release() {
	if g.broken == nil {
		g.decoder.Release()
	}
	g.window.release()
}
