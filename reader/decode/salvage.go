package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/pierrec/lz4/v4"

	"logview/reader"
)

// Files of zstd, lz4, xz and bzip2 are sequences of independent parts. Reading
// continues after a damaged part like this: the magic number of a part is
// searched for from the damaged part's second byte on, and reading continues
// with the first one from which text can be decoded. It may be inside the data
// that was decoded last: if a part is truncated and another one follows it,
// this is often noticed only well inside the second one. The parts before the
// damaged one are not read again, so no text is returned twice.
//
// The work that a crafted file can cause is limited by two counters, whose
// limits no other file comes near: the bytes read after magic numbers that
// turned out not to start a part, and the bytes read again after damage. Beyond
// the limits, magic numbers are skipped, and nothing is read again.

const (
	salvageFree = 64 << 20 // limit of both counters, in addition to what the file's length allows
	probeCost   = 32 << 10 // minimum count for a magic number: a buffer is filled
)

// A partFormat says how the parts of a format are found and decoded.
type partFormat struct {
	magic string
	// begins decides by headLen bytes, which start with the magic number,
	// whether they start a part.
	headLen int
	begins  func(head []byte) bool

	parts func(in *bufio.Reader, needs func(int64) error) partReader
	codec func(window int64) codec
}

// A partReader is what a codec reads a file through: a *parts or a *bzip2Parts.
type partReader interface {
	io.Reader
	reset(r io.Reader, pos int64)
	Offset() int64    // offset in the file of the next byte
	PartStart() int64 // offset of the current part
}

const xzMagic = "\xfd7zXZ\x00"

var partFormats = map[Format]*partFormat{
	Zstd: {
		magic:   "\x28\xb5\x2f\xfd",
		headLen: 5,
		begins:  func(h []byte) bool { return h[4]&0x08 == 0 }, // a reserved bit is zero
		parts: func(in *bufio.Reader, needs func(int64) error) partReader {
			p := &parts{in: in, needs: needs}
			p.next = p.zstdFrame
			return p
		},
		codec: getZstd,
	},
	Lz4: {
		magic:   "\x04\x22\x4d\x18",
		headLen: 6,
		begins:  func(h []byte) bool { return h[4]&0xc2 == 0x40 && h[5]&0x8f == 0 }, // version 1, and reserved bits are zero
		parts: func(in *bufio.Reader, needs func(int64) error) partReader {
			p := &parts{in: in, needs: needs}
			p.next = p.lz4Frame
			return p
		},
		codec: func(int64) codec { return &lz4Codec{lz4.NewReader(EmptyReader{})} },
	},
	Xz: {
		magic:   xzMagic,
		headLen: 12,
		begins: func(h []byte) bool {
			return binary.LittleEndian.Uint32(h[8:]) == crc32.ChecksumIEEE(h[6:8])
		},
		parts: func(in *bufio.Reader, needs func(int64) error) partReader {
			p := &parts{in: in, needs: needs}
			p.next = p.xzStream
			return p
		},
		codec: getXz,
	},
	Bzip2: {
		magic:   "BZh",
		headLen: 10,
		begins: func(h []byte) bool {
			return h[3] >= '1' && h[3] <= '9' && (string(h[4:10]) == "1AY&SY" || string(h[4:10]) == "\x17\x72\x45\x38\x50\x90")
		},
		parts: func(in *bufio.Reader, _ func(int64) error) partReader { return &bzip2Parts{in: in} },
		codec: func(int64) codec { return &bzip2Codec{} },
	},
}

// A partDecoder decodes a file that consists of parts, and continues after
// damaged ones.
type partDecoder struct {
	space  *window
	format *partFormat
	src    *countingReader
	in     *bufio.Reader
	parts  partReader
	codec  codec // nil until the first text is decoded

	window int64  // largest window size of the parts so far
	head   []byte // text to return before what codec decodes next
	err    error  // error to return after head

	scanned int64 // number of bytes that were read again
	probed  int64 // number of bytes read after magic numbers that do not start a part
}

var bufPool = sync.Pool{New: func() any { return bufio.NewReaderSize(EmptyReader{}, probeCost) }}

func newPartDecoder(w *window, f *partFormat, src *countingReader) *partDecoder {
	d := &partDecoder{space: w, format: f, src: src, in: bufPool.Get().(*bufio.Reader)}
	d.parts = f.parts(d.in, d.reserve)
	d.parts.reset(src, src.n)
	return d
}

// reserve waits for the memory of a window, unless it is so large that the
// codec will reject it.
func (d *partDecoder) reserve(window int64) error {
	if window <= maxWindow {
		d.window = max(d.window, window)
	}
	return d.space.grow(window)
}

// PartStart returns the offset in the file of the current part.
func (d *partDecoder) PartStart() int64 { return d.parts.PartStart() }

// Read implements io.Reader.
func (d *partDecoder) Read(p []byte) (int, error) {
	if len(d.head) > 0 {
		n := copy(p, d.head)
		d.head = d.head[n:]
		return n, nil
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.decode(p)
	d.err = err
	if n > 0 {
		return n, nil
	}
	return 0, err
}

func (d *partDecoder) decode(p []byte) (int, error) {
	if d.codec == nil {
		// The header of the first part determines the codec.
		if w, ok := d.parts.(*parts); ok {
			if err := w.fill(); err != nil {
				return 0, err
			}
		}
		if w, ok := d.parts.(*parts); ok && w.chain {
			d.codec = newXzChain()
		} else {
			d.codec = d.format.codec(d.window)
		}
		if err := d.codec.reset(d.parts); err != nil {
			return 0, err
		}
	}
	n, err := d.codec.Read(p)
	if w, ok := d.parts.(*parts); ok && err == io.EOF && w.change {
		w.change = false
		if d.format.magic == xzMagic {
			w.chain = true
			d.codec.release(d.window)
			d.codec = newXzChain()
		}
		err = d.codec.reset(d.parts)
	}
	return n, err
}

// Offset returns the current offset in the file.
func (d *partDecoder) Offset() int64 { return d.parts.Offset() }

// Resume continues with a part that starts after the start of the damaged one.
func (d *partDecoder) Resume(src *countingReader) error {
	f, ok := src.r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok || d.err == nil || d.err == io.EOF {
		return io.EOF
	}
	from, at := d.parts.PartStart()+1, d.parts.Offset()
	if d.scanned+at-from > salvageFree+2*at {
		from = max(from, at)
	}
	d.scanned += max(0, at-from)

	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	buf := blk.Grow()
	magic := []byte(d.format.magic)
	for {
		if err := d.space.ctx.Err(); err != nil {
			return err
		}
		n, err := f.ReadAt(buf, from)
		if n < d.format.headLen {
			d.err = io.EOF
			if err != nil && err != io.EOF {
				d.err = err
			}
			return d.err
		}
		// A header that is cut by the end of the buffer is complete in the next
		// one.
		whole := n - d.format.headLen + 1
		for i := 0; i < whole; i++ {
			k := bytes.Index(buf[i:n], magic)
			if k < 0 || i+k >= whole {
				break
			}
			i += k
			if d.format.begins(buf[i:n]) && d.probe(f, from+int64(i)) {
				return nil
			}
			if err := d.space.ctx.Err(); err != nil {
				return err
			}
		}
		from += int64(whole)
	}
}

// probe continues at pos and returns true if a part from which text can be
// decoded starts there, or parts without text up to the end of the file.
// Otherwise it returns false.
func (d *partDecoder) probe(f io.Seeker, pos int64) bool {
	if d.probed > salvageFree+pos {
		return false
	}
	if _, err := f.Seek(pos, io.SeekStart); err != nil {
		return false
	}
	d.src.n = pos
	d.parts = d.format.parts(d.in, d.reserve)
	d.parts.reset(d.src, pos)
	var p [512]byte
	n, err := 0, error(nil)
	if d.codec != nil {
		err = d.codec.reset(d.parts)
	}
	for empty := 0; n == 0 && err == nil; {
		if n, err = d.decode(p[:]); n == 0 && err == nil {
			if empty++; empty == 100 {
				err = ErrNoProgress
			}
		}
	}
	if n > 0 || err == io.EOF {
		d.head, d.err = bytes.Clone(p[:n]), err
		return true
	}
	d.probed += max(probeCost, d.parts.Offset()-pos)
	return false
}

func (d *partDecoder) Release() {
	if d.codec != nil {
		d.codec.release(d.window)
		d.codec = nil
	}
	d.in.Reset(EmptyReader{}) // the pool must not keep the file reachable
	bufPool.Put(d.in)
}
