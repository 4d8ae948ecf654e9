package gunzip

import (
	"bytes"
	"errors"
	"io"
)

// This file continues after damage: it finds the next member that can be decoded.

// errPinned is returned by fill if the buffer has no room for more input
// because its contents must stay.
var errPinned = errors.New("gzip: probed member exceeds the input buffer")

// NextMember lets Read continue after an error. It searches forward from there
// for what appears to be a member: a header with the reserved flags zero,
// followed by a block that decodes without error to its end, or to at least 32
// bytes of data if its end is not within 64 KiB of input or the stream ends
// before it. If it finds one, it returns nil, and Read continues with its data.
// The bytes in between are skipped; the difference between InputOffset before
// and after is their number.
//
// If there is no further member, NextMember returns io.EOF, and so does Read.
// If the source fails, both return its error. If Read has returned no error,
// NextMember does nothing and returns nil; at the end it returns io.EOF.
func (z *Reader) NextMember() error {
	if z.rd < z.wr || z.err == nil {
		return nil
	}
	if z.err == io.EOF {
		return io.EOF
	}
	z.alignByte()
	// Never return the same member again, which would be an endless loop.
	if z.InputOffset() <= z.start {
		z.inPos = min(z.inPos+int(z.start+1-z.InputOffset()), z.inEnd)
	}
	for {
		if i := bytes.Index(z.in[z.inPos:z.inEnd], magic); i >= 0 {
			z.inPos += i
			if z.probe() {
				z.err, z.state = nil, atMember
				return nil
			}
			z.inPos++
			continue
		}
		// The buffer may end with the start of magic.
		z.inPos = max(z.inPos, z.inEnd-(len(magic)-1))
		if err := z.fill(); err != nil {
			z.inPos = z.inEnd
			z.err = err
			return err
		}
	}
}

// probe reports whether a member as defined by NextMember starts at the next
// byte of the input. It does not change the position in the input, but it
// discards all output.
func (z *Reader) probe() bool {
	z.pin, z.state = z.inPos, atMember
	z.rd, z.wr, z.base = 0, 0, 0
	err := z.readHeader()
	if err == nil {
		err = z.blockHeader()
	}
	n := 0 // number of decoded bytes
	for err == nil && (z.state == inStored || z.state == inBlock) {
		z.slide()
		before := z.wr
		_, err = z.step(false)
		n += z.wr - before
	}
	ok := err == nil
	if z.state == inStored || z.state == inBlock {
		// The end of the block is missing or not valid.
		var corrupt *CorruptError
		ok = n >= 32 && !errors.As(err, &corrupt)
	}
	z.inPos, z.pin = z.pin, -1
	z.bitBuf, z.bitCnt = 0, 0
	z.rd, z.wr, z.base = 0, 0, 0
	return ok
}
