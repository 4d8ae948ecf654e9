package decode

import (
	"bufio"
	"io"
)

// bzip2Parts reads a bzip2 file byte by byte for its decoder, so that its
// offset is that of the decoder and not that of a buffer. It also records where
// the stream starts that the decoder is in.
//
// The blocks of a stream follow one another without byte alignment and have no
// lengths. So the end of a stream is detected by the bytes that were returned
// last: a magic number of 48 bits, 32 bits of checksum, and up to seven bits of
// padding. They match by chance once in 2^45 bytes, and then text after damage
// may be lost.
type bzip2Parts struct {
	in     *bufio.Reader
	pos    int64
	start  int64
	hi, lo uint64 // the last 16 bytes
}

const bzip2End = 0x177245385090

func (p *bzip2Parts) reset(r io.Reader, pos int64) {
	p.in.Reset(r)
	p.pos, p.start, p.hi, p.lo = pos, pos, 0, 0
}

func (p *bzip2Parts) Offset() int64    { return p.pos }
func (p *bzip2Parts) PartStart() int64 { return p.start }

// ReadByte implements io.ByteReader. compress/bzip2 reads only through it.
func (p *bzip2Parts) ReadByte() (byte, error) {
	b, err := p.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if b == 'B' && p.atStreamEnd() {
		p.start = p.pos
	}
	p.pos++
	p.hi = p.hi<<8 | p.lo>>56
	p.lo = p.lo<<8 | uint64(b)
	return b, nil
}

// Read implements io.Reader. It is not used: compress/bzip2 calls ReadByte.
func (p *bzip2Parts) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c, err := p.ReadByte()
	if err != nil {
		return 0, err
	}
	b[0] = c
	return 1, nil
}

// atStreamEnd reports whether the bytes so far end a stream.
func (p *bzip2Parts) atStreamEnd() bool {
	for pad := range 8 {
		if (p.lo>>(32+pad)|p.hi<<(32-pad))&(1<<48-1) == bzip2End {
			return true
		}
	}
	return false
}
