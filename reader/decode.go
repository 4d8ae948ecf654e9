package reader

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"

	"logview/reader/gunzip"
)

// A Format is how a file is compressed. It is told by the file's first bytes
// and never by its name: tinylog calls gzip .Z, and svlogd gives it no
// ending at all.
type Format string

const (
	Plain    Format = "plain"
	Gzip     Format = "gzip"
	Bzip2    Format = "bzip2"
	Xz       Format = "xz"
	Zstd     Format = "zstd"
	Lz4      Format = "lz4"
	Compress Format = "compress"
)

// magicLen is how many first bytes formatOf wants to see.
const magicLen = 6

// formatOf tells the format from a file's first bytes, fewer than magicLen
// only if the file is shorter.
func formatOf(head []byte) Format {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b"):
		return Gzip
	case has("BZh") && len(head) > 3 && head[3] >= '1' && head[3] <= '9' && len(head) > 5 &&
		(head[4] == 0x31 && head[5] == 0x41 || head[4] == 0x17 && head[5] == 0x72):
		return Bzip2 // a block's or an empty stream's first bytes follow; a line of text may begin with BZh1
	case has("\xfd7zXZ\x00"):
		return Xz
	case has("\x28\xb5\x2f\xfd"),
		len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18:
		return Zstd // or a skippable frame, with which a zstd file may begin
	case has("\x04\x22\x4d\x18"), has("\x02\x21\x4c\x18"):
		return Lz4
	case has("\x1f\x9d"):
		return Compress
	}
	return Plain
}

// maxWindow bounds what a file's header may make a decoder allocate: zstd
// --long and xz -9 stay below it.
const maxWindow = 128 << 20

// A decoder turns a file's bytes into what they were before compression.
// Everything that can be decoded before damage is returned before the error.
type decoder interface {
	io.Reader
	// release hands the decoder's memory back; it is not used afterwards.
	release()
}

// A resumer is a decoder that can go on behind damage.
type resumer interface {
	resume(src *countingReader) error
}

// newDecoder decodes what src holds, in the given format.
func newDecoder(f Format, src *countingReader) (decoder, error) {
	switch f {
	case Gzip:
		z := gunzipPool.Get().(*gunzip.Reader)
		z.Reset(src)
		return &gzipDecoder{Reader: z}, nil
	case Bzip2:
		return plainDecoder{bzip2.NewReader(src)}, nil
	case Xz:
		r, err := xz.NewReader(src, maxWindow)
		if err != nil {
			return nil, err
		}
		return plainDecoder{r}, nil
	case Zstd:
		z := zstdPool.Get().(*zstd.Decoder)
		if err := z.Reset(src); err != nil {
			zstdPool.Put(z)
			return nil, err
		}
		return zstdDecoder{z}, nil
	case Lz4:
		return plainDecoder{lz4.NewReader(src)}, nil
	case Compress:
		return plainDecoder{newUncompress(src)}, nil
	}
	return plainDecoder{src}, nil
}

type plainDecoder struct{ io.Reader }

func (plainDecoder) release() {}

var gunzipPool = sync.Pool{New: func() any { return gunzip.NewReader(eof{}) }}

type gzipDecoder struct {
	*gunzip.Reader
	base int64 // where in the file what Reader reads begins
}

// offset is where in the file decoding stands.
func (d *gzipDecoder) offset() int64 { return d.base + d.InputOffset() }

// resume goes on with the next member. A member that was cut off, with
// another written behind it, is noticed only well inside the other: so it is
// looked for from the beginning of the damaged one, where src can seek.
func (d *gzipDecoder) resume(src *countingReader) error {
	if s, ok := src.r.(io.ReadSeeker); ok {
		if _, err := s.Seek(d.base+d.MemberOffset()+1, io.SeekStart); err == nil {
			d.base += d.MemberOffset() + 1
			src.n = d.base
			d.Reset(src)
			// The rest of a header is none, an error that NextMember goes on
			// from. Behind garbage a member may begin at once.
			var p [1]byte
			if n, _ := d.Read(p[:]); n > 0 {
				if _, err := s.Seek(d.base, io.SeekStart); err != nil {
					return err
				}
				src.n = d.base
				d.Reset(src)
				return nil
			}
		}
	}
	return d.NextMember()
}

func (d *gzipDecoder) release() {
	d.Reset(eof{}) // not to keep the file reachable from the pool
	gunzipPool.Put(d.Reader)
}

// zstd decoders hold goroutines and megabytes unless told not to.
var zstdPool = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		panic(err) // only options can be wrong
	}
	return z
}}

type zstdDecoder struct{ *zstd.Decoder }

func (d zstdDecoder) release() {
	if d.Reset(nil) == nil {
		zstdPool.Put(d.Decoder)
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// A countingReader knows how much was read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// describe says what a decoder's error means for the person who reads it.
func describe(f Format, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &decodeError{string(f) + ": cut off: the file ends before its data does", err}
	}
	if ce := (*gunzip.CorruptError)(nil); errors.As(err, &ce) {
		return &decodeError{string(f) + ": " + ce.What, err}
	}
	return &decodeError{string(f) + ": " + strings.TrimPrefix(err.Error(), string(f)+": "), err}
}

type decodeError struct {
	msg string
	err error
}

func (e *decodeError) Error() string { return e.msg }
func (e *decodeError) Unwrap() error { return e.err }
