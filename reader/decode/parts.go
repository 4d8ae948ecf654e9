package decode

import (
	"bufio"
	"encoding/binary"
	"io"
)

// A parts reads a compressed file for a decoder and determines, from the
// lengths in the format, where each of its parts starts: zstd and lz4 call them
// frames, xz streams. It does not inspect their contents.
//
// It reads ahead only into its own buffer, and never returns bytes of two parts
// at once. So when a decoder fails, start is the start of the part in which it
// failed: a decoder requests the next part only after it has accepted the
// previous one.
type parts struct {
	in    *bufio.Reader
	pos   int64 // offset in the file of the next byte to return
	start int64 // offset of the current part

	left int64        // number of bytes that can be returned before next must be called
	next func() error // inspects the bytes at pos, and sets left and next

	chain  bool // the xz streams are decoded by an xzChain
	begun  bool // the first xz stream was returned
	change bool // the next part is for another decoder: it is the first xz stream for an xzChain, or follows an old lz4 frame

	needs func(window int64) error // called with the window size in a part's header

	checksum  int64  // length of the checksum of this frame, or of each block of this stream
	blockSum  int64  // length of the checksum of each block of this lz4 frame
	blockFrom int64  // offset of the data of this xz block, or of this index
	records   uint64 // number of records left in this index
}

// reset makes p start at r, which is at offset pos of the file.
func (p *parts) reset(r io.Reader, pos int64) {
	p.in.Reset(r)
	p.pos, p.start, p.left = pos, pos, 0
}

func (p *parts) Offset() int64    { return p.pos }
func (p *parts) PartStart() int64 { return p.start }

// Read implements io.Reader.
func (p *parts) Read(b []byte) (int, error) {
	if err := p.fill(); err != nil {
		return 0, err
	}
	n, err := p.in.Read(b[:min(int64(len(b)), p.left)])
	p.pos += int64(n)
	p.left -= int64(n)
	return n, err
}

// fill calls next until there are bytes to return.
func (p *parts) fill() error {
	for p.left == 0 {
		if err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// peek returns the next n bytes. If there are fewer, it returns nil and lets
// the decoder read them, so that the decoder reports what is missing.
func (p *parts) peek(n int) ([]byte, error) {
	b, err := p.in.Peek(n)
	if err == nil {
		return b, nil
	}
	if err == io.EOF && len(b) > 0 {
		return nil, p.passThrough()
	}
	return nil, err
}

// passThrough returns the rest of the file as it is: the file violates the
// format, and the decoder will report that.
func (p *parts) passThrough() error {
	// In small pieces: a decoder may read all it can get before it checks it.
	p.left, p.next = 16, p.passThrough
	return nil
}

// skippable reports whether m is the magic of a frame that decodes to nothing,
// which zstd and lz4 share.
func skippable(m uint32) bool { return m&^0xf == 0x184d2a50 }

// Zstandard (RFC 8878): a magic number, a descriptor that tells which fields
// follow, then blocks. Each has 3 bytes with its length, its kind and whether
// it is the last, followed by its data.

const zstdMagic = 0xfd2fb528

func (p *parts) zstdFrame() error {
	p.start = p.pos
	h, err := p.peek(5)
	if h == nil {
		return err
	}
	switch m := binary.LittleEndian.Uint32(h); {
	case skippable(m):
		if h, err = p.peek(8); h != nil {
			p.left = 8 + int64(binary.LittleEndian.Uint32(h[4:]))
		}
		return err
	case m != zstdMagic:
		return p.passThrough()
	}
	flags := h[4]
	single := flags&0x20 != 0
	dict := [4]int{0, 1, 2, 4}[flags&3]
	size := [4]int{0, 2, 4, 8}[flags>>6]
	if single && size == 0 {
		size = 1
	}
	n := 5 + dict + size
	if !single {
		n++
	}
	if h, err = p.peek(n); h == nil {
		return err
	}
	var window uint64
	if single {
		var b [8]byte
		copy(b[:], h[n-size:])
		window = binary.LittleEndian.Uint64(b[:])
	} else {
		base := uint64(1) << (10 + h[5]>>3)
		window = base + base/8*uint64(h[5]&7)
	}
	p.checksum = int64(flags>>2&1) * 4
	p.left, p.next = int64(n), p.zstdBlock
	return p.needs(int64(min(window, maxWindow+1)))
}

func (p *parts) zstdBlock() error {
	h, err := p.peek(3)
	if h == nil {
		return err
	}
	v := int64(h[0]) | int64(h[1])<<8 | int64(h[2])<<16
	p.left = 3 + v>>3
	if v>>1&3 == 1 {
		p.left = 3 + 1 // one byte, repeated
	}
	if v&1 != 0 {
		p.left += p.checksum
		p.next = p.zstdFrame
	}
	return nil
}

// LZ4 frames (lz4_Frame_format.md): a magic number, flags, then blocks with 4
// bytes of length each; the length 0 ends them. The old format has only blocks,
// and ends at the end of the file or at another frame.

const (
	lz4Magic    = 0x184d2204
	lz4OldMagic = 0x184c2102
)

func (p *parts) lz4Frame() error {
	p.start = p.pos
	h, err := p.peek(4)
	if h == nil {
		return err
	}
	switch m := binary.LittleEndian.Uint32(h); {
	case skippable(m):
		if h, err = p.peek(8); h != nil {
			p.left = 8 + int64(binary.LittleEndian.Uint32(h[4:]))
		}
		return err
	case m == lz4OldMagic:
		p.left, p.next = 4, p.lz4OldBlock
		return nil
	case m != lz4Magic:
		return p.passThrough()
	}
	if h, err = p.peek(5); h == nil {
		return err
	}
	flags := h[4]
	p.left, p.next = 7, p.lz4Block
	p.left += int64(flags>>3&1)*8 + int64(flags&1)*4
	p.blockSum = int64(flags>>4&1) * 4
	p.checksum = int64(flags>>2&1) * 4
	return nil
}

func (p *parts) lz4Block() error {
	h, err := p.peek(4)
	if h == nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(h) &^ (1 << 31)) // the highest bit says that the block is not compressed
	if n == 0 {
		p.left, p.next = 4+p.checksum, p.lz4Frame
		return nil
	}
	p.left = 4 + n + p.blockSum
	return nil
}

func (p *parts) lz4OldBlock() error {
	h, err := p.peek(4)
	if h == nil {
		return err
	}
	n := binary.LittleEndian.Uint32(h)
	switch {
	case n == lz4OldMagic:
		return p.lz4Frame()
	case n == lz4Magic || skippable(n):
		// The decoder takes it for a block of the old frame.
		p.next, p.change = p.lz4Frame, true
		return io.EOF
	}
	p.left = 4 + int64(n)
	return nil
}

// XZ (xz-file-format.txt): 12 bytes of stream header, blocks, an index, 12
// bytes of footer; between streams there may be zeros. A block has a header
// with its filters, then chunks of LZMA2 with their lengths, padding and a
// checksum.

func (p *parts) xzStream() error {
	p.start = p.pos
	h, err := p.peek(1)
	if h == nil {
		return err
	}
	if h[0] == 0 {
		h, _ = p.in.Peek(p.in.Buffered())
		for p.left < int64(len(h)) && h[p.left] == 0 {
			p.left++
		}
		return nil
	}
	if h, err = p.peek(12); h == nil {
		return err
	}
	if string(h[:6]) != xzMagic {
		return p.passThrough()
	}
	p.checksum = int64(xzCheckSize(h[7]))
	if more, err := p.in.Peek(13); err == nil && more[12] != 0 {
		if more, err = p.in.Peek(12 + (int(more[12])+1)*4); err == nil {
			if !p.chain && needsXzChain(more) {
				if p.begun {
					p.change = true // the decoder is replaced after this end
					return io.EOF
				}
				p.chain = true
			}
		}
	}
	p.begun = true
	p.left, p.next = 12, p.xzBlock
	return nil
}

func (p *parts) xzBlock() error {
	h, err := p.peek(1)
	if h == nil {
		return err
	}
	if h[0] == 0 {
		p.blockFrom = p.pos
		return p.xzIndex()
	}
	if h, err = p.peek((int(h[0]) + 1) * 4); h == nil {
		return err
	}
	p.blockFrom = p.pos + int64(len(h))
	p.left, p.next = int64(len(h)), p.xzChunk
	return p.needs(xzWindow(h))
}

// xzWindow returns the size of the dictionary in a block's header, or 0 if it
// cannot be determined.
func xzWindow(h []byte) int64 {
	flags, h := h[1], h[2:len(h)-4]
	number := func() uint64 {
		v, n := binary.Uvarint(h)
		if n <= 0 {
			h = nil
			return 0
		}
		h = h[n:]
		return v
	}
	if flags&0x40 != 0 {
		number() // compressed size
	}
	if flags&0x80 != 0 {
		number() // uncompressed size
	}
	for range flags&3 + 1 {
		id, size := number(), number()
		if size > uint64(len(h)) {
			return 0
		}
		if id == 0x21 && size == 1 && h[0] <= 40 {
			return int64(2|h[0]&1) << (h[0]/2 + 11)
		}
		h = h[size:]
	}
	return 0
}

func (p *parts) xzChunk() error {
	h, err := p.peek(1)
	if h == nil {
		return err
	}
	switch c := h[0]; {
	case c == 0:
		p.left = 1
		p.left += padding(p.pos+p.left-p.blockFrom) + p.checksum
		p.next = p.xzBlock
	case c <= 2:
		if h, err = p.peek(3); h == nil {
			return err
		}
		p.left = 3 + int64(binary.BigEndian.Uint16(h[1:])) + 1
	case c < 0x80:
		return p.passThrough()
	default:
		if h, err = p.peek(5); h == nil {
			return err
		}
		p.left = 5 + int64(binary.BigEndian.Uint16(h[3:])) + 1
		if c >= 0xc0 {
			p.left++ // properties
		}
	}
	return nil
}

// xzIndex reads an index: a zero, the number of records, and two numbers for
// each record.
func (p *parts) xzIndex() error {
	n, err := p.number(1, &p.records)
	if n == 0 {
		return p.passThroughUnless(err)
	}
	p.left, p.next = int64(n), p.xzRecord
	return nil
}

func (p *parts) xzRecord() error {
	if p.records == 0 {
		p.left = padding(p.pos-p.blockFrom) + 4 + 12
		p.next = p.xzStream
		return nil
	}
	p.records--
	var v uint64
	n, err := p.number(0, &v)
	if n > 0 {
		n, err = p.number(n, &v)
	}
	if n == 0 {
		return p.passThroughUnless(err)
	}
	p.left = int64(n)
	return nil
}

// number decodes the number that starts at offset at from here into v. It
// returns the offset of the number's end, or 0 if there is no number.
func (p *parts) number(at int, v *uint64) (int, error) {
	for n := at + 1; n <= at+9; n++ {
		b, err := p.in.Peek(n)
		if err != nil {
			return 0, err
		}
		if b[n-1] < 0x80 {
			*v, _ = binary.Uvarint(b[at:])
			return n, nil
		}
	}
	return 0, nil
}

// passThroughUnless returns err if it is an error of the file other than
// io.EOF. Otherwise it calls passThrough.
func (p *parts) passThroughUnless(err error) error {
	if err != nil && err != io.EOF {
		return err
	}
	return p.passThrough()
}

// padding returns the number of bytes from n to the next multiple of four.
func padding(n int64) int64 { return -n & 3 }
