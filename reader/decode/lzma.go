package decode

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/bits"

	"github.com/ulikunitz/xz/lzma"
)

// The .lzma format (LZMA-alone) has a header of 13 bytes: a byte of properties,
// 4 bytes of dictionary size and 8 bytes of text size, all ones if it is
// unknown. Then comes the data, which starts with a zero byte. There is no
// magic number and no checksum.

const lzmaHeadLen = 14

// beginsLzma reports whether head is the beginning of a .lzma file. It is the
// test of xz -d, plus the first byte of the data.
func beginsLzma(head []byte) bool {
	if len(head) < lzmaHeadLen || head[0] >= 9*5*5 || head[13] != 0 {
		return false
	}
	dict := binary.LittleEndian.Uint32(head[1:])
	size := binary.LittleEndian.Uint64(head[5:])
	// Dictionary sizes are 2^n or 2^n+2^(n-1).
	round := dict == math.MaxUint32 || dict >= 1<<10 &&
		(bits.OnesCount32(dict) == 1 || bits.OnesCount32(dict) == 2 && dict>>(bits.TrailingZeros32(dict)) == 3)
	return round && (size == math.MaxUint64 || size < 1<<38)
}

// lzmaDecoder decodes one .lzma stream.
type lzmaDecoder struct {
	window *window
	src    *countingReader
	in     *bufio.Reader
	z      *lzma.Reader

	damage error // error of z, which may have decoded text before it
	err    error
}

func newLzma(w *window, src *countingReader) decoder {
	return &lzmaDecoder{window: w, src: src, in: bufio.NewReader(src)}
}

// Read implements io.Reader.
func (d *lzmaDecoder) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.z == nil {
		if d.err = d.begin(); d.err != nil {
			return 0, d.err
		}
	}
	if d.damage != nil {
		return d.readRest(p)
	}
	n, err := d.z.Read(p)
	if err != nil && err != io.EOF {
		d.damage = err
		if n > 0 {
			return n, nil
		}
		return d.readRest(p)
	}
	if err == io.EOF {
		if _, more := d.in.ReadByte(); more == nil {
			err = errors.New("unexpected data after the end")
		}
	}
	d.err = err
	return n, err
}

// readRest returns what was decoded before the damage. It reads single bytes,
// because z would continue after the damage if more were requested than it has.
func (d *lzmaDecoder) readRest(p []byte) (int, error) {
	for n := range p {
		if k, _ := d.z.Read(p[n : n+1]); k == 0 {
			d.err = d.damage
			if n > 0 {
				return n, nil
			}
			return 0, d.err
		}
	}
	return len(p), nil
}

func (d *lzmaDecoder) begin() error {
	head, err := d.in.Peek(lzma.HeaderLen)
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	dict := int64(binary.LittleEndian.Uint32(head[1:]))
	if size := binary.LittleEndian.Uint64(head[5:]); size < uint64(dict) {
		dict = int64(size)
	}
	if err := d.window.grow(dict); err != nil {
		return err
	}
	d.z, err = lzma.ReaderConfig{DictCap: maxWindow}.NewReader(d.in)
	return err
}

func (d *lzmaDecoder) Offset() int64 { return d.src.n - int64(d.in.Buffered()) }

func (d *lzmaDecoder) Release() {
	d.z, d.err = nil, io.EOF
}
