package decode

import (
	"compress/bzip2"
	"io"
	"sync"
	"weak"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
)

// This file has the decoders of the formats that consist of parts: zstd, xz, lz4 and
// bzip2.

// A codec decodes parts until the end of its input. It reads no byte before it
// needs it, or it processes everything it has read before it reads more.
type codec interface {
	io.Reader
	reset(r io.Reader) error
	release(window int64)
}

// By default, zstd decoders keep goroutines and megabytes.
var zstdPool = sync.Pool{New: func() any { return newZstd() }}

func newZstd() *zstd.Decoder {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		panic(err) // only the options can be invalid
	}
	return z
}

// Decoders with large windows are kept for files that need them until the next
// garbage collection.
var (
	largeZstd remnants[zstd.Decoder]
	largeXz   remnants[xz.Reader]
)

type zstdCodec struct{ *zstd.Decoder }

func getZstd(window int64) codec {
	if window <= freeWindow {
		return zstdCodec{zstdPool.Get().(*zstd.Decoder)}
	}
	if z := largeZstd.get(); z != nil {
		return zstdCodec{z}
	}
	return zstdCodec{newZstd()}
}

func (z zstdCodec) reset(r io.Reader) error { return z.Reset(r) }

// Read implements io.Reader. The decoder returns the block before a wrong
// checksum only in another Read.
func (z zstdCodec) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	if err != nil && err != io.EOF {
		var more int
		more, err = z.Decoder.Read(p[n:])
		n += more
	}
	return n, err
}

func (z zstdCodec) release(window int64) {
	switch {
	case z.Reset(nil) != nil:
	case window <= freeWindow:
		zstdPool.Put(z.Decoder)
	default:
		largeZstd.put(z.Decoder)
	}
}

type xzCodec struct{ *xz.Reader }

func getXz(window int64) codec {
	if window > freeWindow {
		if z := largeXz.get(); z != nil {
			return xzCodec{z}
		}
	}
	z, err := xz.NewReader(nil, maxWindow)
	if err != nil {
		panic(err) // nothing was read
	}
	return xzCodec{z}
}

func (z xzCodec) reset(r io.Reader) error { return xzError(z.Reset(r)) }

func (z xzCodec) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	return n, xzError(err)
}

// xzError returns err, and io.ErrUnexpectedEOF if it says that the input ended too early.
func xzError(err error) error {
	if err == xz.ErrBuf {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (z xzCodec) release(window int64) {
	_ = z.Reset(EmptyReader{}) // do not keep the file reachable; the error says that no input is not xz
	if window > freeWindow {
		largeXz.put(z.Reader)
	}
}

type lz4Codec struct{ *lz4.Reader }

func (z *lz4Codec) reset(r io.Reader) error { z.Reset(r); return nil }

func (z *lz4Codec) release(int64) {}

type bzip2Codec struct{ io.Reader }

func (z *bzip2Codec) reset(r io.Reader) error { z.Reader = bzip2.NewReader(r); return nil }

func (z *bzip2Codec) release(int64) {}

// remnants are unused values that can be used again until the garbage collector
// takes them. A sync.Pool prefers to return values to the processor that put
// them there, and other processors would create new ones.
type remnants[T any] struct {
	mu  sync.Mutex
	all []weak.Pointer[T]
}

func (r *remnants[T]) get() *T {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.all) > 0 {
		x := r.all[len(r.all)-1].Value()
		r.all = r.all[:len(r.all)-1]
		if x != nil {
			return x
		}
	}
	return nil
}

func (r *remnants[T]) put(x *T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 8 {
		r.all = r.all[1:] // the oldest one is probably collected
	}
	r.all = append(r.all, weak.Make(x))
}
