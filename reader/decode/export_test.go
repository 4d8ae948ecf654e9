package decode

import (
	"io"
	"sort"
)

// PanicBehind makes the decoders of a format panic after n decoded bytes, until
// the function that it returns is called.
func PanicBehind(f Format, n int) (restore func()) {
	format := partFormats[f]
	was := format.codec
	format.codec = func(window int64) codec { return &panickingCodec{was(window), n} }
	return func() { format.codec = was }
}

type panickingCodec struct {
	codec
	left int
}

func (z *panickingCodec) Read(p []byte) (int, error) {
	if z.left == 0 {
		return len(p[:z.left][3:]), io.EOF // panics: out of range
	}
	n, err := z.codec.Read(p[:min(len(p), z.left)])
	z.left -= n
	return n, err
}

// WindowsHeld returns how much of the memory for large windows is in use.
func WindowsHeld() int64 {
	return int64(sort.Search(maxWindow, func(held int) bool {
		if !windows.TryAcquire(maxWindow - int64(held)) {
			return false
		}
		windows.Release(maxWindow - int64(held))
		return true
	}))
}
