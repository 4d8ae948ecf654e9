package reader

import (
	"context"
	"io"

	"logview/reader/crash"
)

// A pump reads a pipe or a terminal in a goroutine of its own, so that
// whoever waits for its text can be told to stop. The goroutine ends with
// the stream or, once ctx is done, with the read that it is in, which nobody
// can end.
type pump struct {
	ctx  context.Context
	full chan chunk
	free chan []byte
	left []byte // of the chunk taken last
	buf  []byte // of which left is a part
	err  error
}

type chunk struct {
	buf  []byte
	n    int
	skip Skip // left out instead
	err  error
}

// pipeSize is what a pipe holds at most, unless it was made to hold more.
const pipeSize = 64 << 10

func newPump(ctx context.Context, r io.Reader) *pump {
	return pumpFrom(ctx, func(b []byte) (int, Skip, error) {
		n, err := r.Read(b)
		return n, Skip{}, err
	})
}

// pumpFrom is newPump for what reads text and leaves something out.
func pumpFrom(ctx context.Context, read func([]byte) (int, Skip, error)) *pump {
	p := &pump{ctx: ctx, full: make(chan chunk), free: make(chan []byte, 2)}
	p.free <- make([]byte, pipeSize)
	p.free <- make([]byte, pipeSize)
	crash.Go(func() {
		for {
			var buf []byte
			select {
			case buf = <-p.free:
			case <-ctx.Done():
				return
			}
			n, skip, err := read(buf)
			select {
			case p.full <- chunk{buf, n, skip, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return p
}

func (p *pump) Read(b []byte) (int, error) {
	for len(p.left) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		if p.buf != nil {
			p.free <- p.buf
			p.buf = nil
		}
		select {
		case c := <-p.full:
			p.buf, p.left, p.err = c.buf, c.buf[:c.n], c.err
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
