package decode

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
)

// Brotli (RFC 7932) has neither a magic number nor a checksum, and much other
// data decodes to something. A file is treated as brotli if its name ends in .br
// and its beginning either can be decoded or is not text.

// brotliTrial is how many bytes are decoded to check whether a file is brotli.
const brotliTrial = 16 << 10

// isBrotli reports whether a file named .br with the beginning head is brotli.
func isBrotli(head []byte) bool {
	cut := len(head) > brotliTrial
	head = head[:min(len(head), brotliTrial)]
	z := brotli.NewReader(bytes.NewReader(head))
	var buf [1 << 10]byte
	read := func() (n int, err error) {
		defer Recover(&err)
		return z.Read(buf[:])
	}
	n, err := 0, error(nil)
	for err == nil {
		var k int
		k, err = read()
		if n += k; n >= 4*brotliTrial {
			err = io.EOF // enough is decoded
		}
	}
	if err == io.EOF || cut && n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	return !plausibleText(head) // if it is not text, it is damaged brotli
}

// plausibleText reports whether bytes look like text: nearly all of them are
// printable.
func plausibleText(b []byte) bool {
	odd := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != 0x1b {
			odd++
		}
	}
	return odd*50 < len(b)
}

// brotliWindow returns the window size that the first byte of a stream gives.
func brotliWindow(first byte) int64 {
	bits := 16
	switch {
	case first&1 == 0:
	case first>>1&7 != 0:
		bits = 17 + int(first>>1&7)
	case first>>4&7 == 0:
		bits = 17
	default:
		bits = 8 + int(first>>4&7)
	}
	return 1 << bits
}

// brotliDecoder decodes one brotli stream.
type brotliDecoder struct {
	window *window
	src    *countingReader
	in     *bufio.Reader
	z      *brotli.Reader
	err    error
}

func newBrotli(w *window, src *countingReader) decoder {
	return &brotliDecoder{window: w, src: src, in: bufio.NewReader(src)}
}

// Read implements io.Reader.
func (d *brotliDecoder) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.z == nil {
		first, err := d.in.Peek(1)
		if err != nil {
			return 0, err
		}
		if d.err = d.window.grow(brotliWindow(first[0])); d.err != nil {
			return 0, d.err
		}
		d.z = brotli.NewReader(d.in)
	}
	n, err := d.z.Read(p)
	d.err = err
	return n, err
}

func (d *brotliDecoder) Offset() int64 { return d.src.n - int64(d.in.Buffered()) }

func (d *brotliDecoder) Release() {
	d.z, d.err = nil, io.EOF
}
