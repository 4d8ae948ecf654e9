package decode

import (
	"context"
	"io"

	"logview/reader"
	"logview/reader/crash"
)

// A pump reads a pipe or a terminal in a goroutine of its own, so that waiting
// for its text can be cancelled. The goroutine ends with the stream or, once
// ctx is done, after the current read, which cannot be interrupted.
type pump struct {
	ctx  context.Context
	Full chan Chunk
	Free chan []byte
	left []byte // unread part of the last chunk
	buf  []byte // buffer that contains left
	err  error
}

// A Chunk is the result of one read.
type Chunk struct {
	Buf  []byte      // the buffer, which the receiver gives back through Free
	N    int         // number of bytes in it
	Skip reader.Skip // a run of NULs that was left out; then there are no bytes
	Err  error
}

// pipeSize is the default capacity of a pipe.
const pipeSize = 64 << 10

// NewPump returns a pump of r that runs until ctx is done.
func NewPump(ctx context.Context, r io.Reader) *pump {
	return PumpFrom(ctx, func(b []byte) (int, reader.Skip, error) {
		n, err := r.Read(b)
		return n, reader.Skip{}, err
	})
}

// PumpFrom returns a pump of a reader that may leave out runs of NULs.
func PumpFrom(ctx context.Context, read func([]byte) (int, reader.Skip, error)) *pump {
	p := &pump{ctx: ctx, Full: make(chan Chunk), Free: make(chan []byte, 2)}
	p.Free <- make([]byte, pipeSize)
	p.Free <- make([]byte, pipeSize)
	crash.Go(func() {
		for {
			var buf []byte
			select {
			case buf = <-p.Free:
			case <-ctx.Done():
				return
			}
			n, skip, err := read(buf)
			select {
			case p.Full <- Chunk{buf, n, skip, err}:
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
			p.Free <- p.buf
			p.buf = nil
		}
		select {
		case c := <-p.Full:
			p.buf, p.left, p.err = c.Buf, c.Buf[:c.N], c.Err
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
