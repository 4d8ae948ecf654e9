package decode

import (
	"bufio"
	"errors"
	"io"
)

// The format of compress(1), .Z files, in short:
//
//	1f 9d flags   flags: low five bits the widest code in bits (9 to 16),
//	              0x80 "block mode": code 256 clears the table
//	codes         LZW codes, least significant bit first, at first 9 bits
//	              wide, one more each time the table outgrows the width
//
// One trap is nowhere in the flags: compress writes codes in groups of eight,
// and when the width changes (or the table is cleared) the rest of the group
// is padding. The group begins where the width last changed.
//
// Source: compress(1) of ncompress, whose behaviour is the only definition.
type uncompress struct {
	src    *bufio.Reader
	begun  bool
	block  bool
	max    uint
	width  uint
	bits   uint64
	nbits  uint
	codes  int // number of codes since the width last changed
	next   int // the next code to be defined
	prev   int // the previous code; -1 after a clear
	first  byte
	prefix [1 << 16]uint16
	suffix [1 << 16]byte
	stack  [1<<16 + 1]byte // the text of a code, written backwards
	out    []byte          // the part of stack that was not returned yet
	err    error
}

const clearCode = 256

var errZ = errors.New("corrupt code")

func newUncompress(src io.Reader) *uncompress {
	return &uncompress{src: bufio.NewReaderSize(src, 64<<10)}
}

func (z *uncompress) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(z.out) == 0 {
			if z.err == nil {
				z.err = z.decodeCode()
			}
			if z.err != nil {
				if n > 0 {
					return n, nil
				}
				return 0, z.err
			}
		}
		k := copy(p[n:], z.out)
		z.out = z.out[k:]
		n += k
	}
	return n, nil
}

func (z *uncompress) readHeader() error {
	var h [3]byte
	if _, err := io.ReadFull(z.src, h[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	z.begun = true
	z.max = uint(h[2] & 0x1f)
	z.block = h[2]&0x80 != 0
	if z.max < 9 || z.max > 16 {
		return errors.New("code width out of range")
	}
	for i := range 256 {
		z.suffix[i] = byte(i)
	}
	z.clear()
	return nil
}

func (z *uncompress) clear() {
	z.width, z.codes, z.prev = 9, 0, -1
	z.next = 256
	if z.block {
		z.next = 257
	}
}

// decodeCode decodes one code into z.out.
func (z *uncompress) decodeCode() error {
	if !z.begun {
		if err := z.readHeader(); err != nil {
			return err
		}
	}
	for {
		if z.next >= 1<<z.width && z.width < z.max {
			if err := z.skipPadding(); err != nil {
				return err
			}
			z.width++
			z.codes = 0
		}
		code, err := z.readCode()
		if err != nil {
			return err
		}
		if code == clearCode && z.block {
			if err := z.skipPadding(); err != nil {
				return err
			}
			z.clear()
			continue
		}
		if z.prev < 0 {
			if code > 255 {
				return errZ
			}
			z.prev, z.first = code, byte(code)
			z.stack[len(z.stack)-1] = byte(code)
			z.out = z.stack[len(z.stack)-1:]
			return nil
		}
		at := len(z.stack)
		c := code
		if code >= z.next { // not defined yet: the previous text and its first byte
			if code > z.next {
				return errZ
			}
			at--
			z.stack[at] = z.first
			c = z.prev
		}
		for c > 255 {
			at--
			z.stack[at] = z.suffix[c]
			c = int(z.prefix[c])
		}
		at--
		z.stack[at] = byte(c)
		z.first = byte(c)
		if z.next < 1<<z.max {
			z.prefix[z.next] = uint16(z.prev)
			z.suffix[z.next] = z.first
			z.next++
		}
		z.prev = code
		z.out = z.stack[at:]
		return nil
	}
}

func (z *uncompress) readCode() (int, error) {
	for z.nbits < z.width {
		c, err := z.src.ReadByte()
		if err != nil {
			if err == io.EOF && z.bits != 0 {
				return 0, io.ErrUnexpectedEOF
			}
			return 0, err
		}
		z.bits |= uint64(c) << z.nbits
		z.nbits += 8
	}
	code := int(z.bits & (1<<z.width - 1))
	z.bits >>= z.width
	z.nbits -= z.width
	z.codes++
	return code, nil
}

// skipPadding skips the rest of a group of eight codes.
func (z *uncompress) skipPadding() error {
	z.nbits, z.bits = 0, 0 // a group is a whole number of bytes, and the next one starts at a byte
	left := (8 - z.codes%8) % 8
	// Skip the bytes of the group that were not yet read from src: codes*width
	// bits were used, rounded up to bytes.
	used := (z.codes%8*int(z.width) + 7) / 8
	skip := 0
	if left > 0 {
		skip = int(z.width) - used
	}
	_, err := z.src.Discard(skip)
	return err
}
