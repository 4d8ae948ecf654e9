package reader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

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

// A decoder turns a file's bytes into what they were before compression.
// Everything that can be decoded before damage is returned before the error.
type decoder interface {
	io.Reader
	// offset is where in the file decoding stands: after an error, where
	// that is.
	offset() int64
	// release hands the decoder's memory back; it is not used afterwards.
	release()
}

// A resumer is a decoder that can go on behind damage.
type resumer interface {
	resume(src *countingReader) error
}

// newDecoder decodes what src holds, in the given format.
func newDecoder(ctx context.Context, f Format, src *countingReader) decoder {
	switch f {
	case Gzip:
		z := gunzipPool.Get().(*gunzip.Reader)
		z.Reset(src)
		return &gzipDecoder{Reader: z}
	case Compress:
		return plainDecoder{newUncompress(src), src}
	}
	return newPartDecoder(ctx, partFormats[f], src)
}

type plainDecoder struct {
	io.Reader
	src *countingReader
}

func (d plainDecoder) offset() int64 { return d.src.n }
func (plainDecoder) release()        {}

var gunzipPool = sync.Pool{New: func() any { return gunzip.NewReader(eof{}) }}

type gzipDecoder struct {
	*gunzip.Reader
	base    int64 // where in the file what Reader reads begins
	scanned int64 // bytes gone back over
}

// offset is where in the file decoding stands.
func (d *gzipDecoder) offset() int64 { return d.base + d.InputOffset() }

// resume goes on with the next member. A member that was cut off, with
// another written behind it, is noticed only well inside the other: so it is
// looked for from the beginning of the damaged one, where src can seek.
// A file made to be slow is bounded as in salvage.go.
func (d *gzipDecoder) resume(src *countingReader) error {
	from, at := d.base+d.MemberOffset()+1, d.offset()
	s, ok := src.r.(io.ReadSeeker)
	if ok && d.scanned+at-from <= salvageFree+2*at {
		if _, err := s.Seek(from, io.SeekStart); err == nil {
			d.scanned += max(0, at-from)
			d.base = from
			src.n = d.base
			d.Reset(src)
			// The rest of a header is none, an error that NextMember goes on
			// from. Behind garbage a member may begin at once.
			var p [1]byte
			if n, _ := d.Read(p[:]); n > 0 {
				if _, err := s.Seek(from, io.SeekStart); err != nil {
					return err
				}
				src.n = from
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
