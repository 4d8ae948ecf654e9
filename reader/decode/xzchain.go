package decode

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// An xzChain decodes xz files that the usual decoder rejects: streams whose
// integrity check has an unknown type, which is skipped and reported at the
// end, as xz -d does, and blocks with the filter for ARM64 code of newer
// versions of xz. It is several times slower.
//
// For the format see parts.go. LZMA2 is the last filter of a block; its output
// goes through the other filters, from the last to the first.
type xzChain struct {
	in    *bufio.Reader
	n     int64     // number of bytes read through Read and ReadByte
	text  io.Reader // text of the block; nil between blocks
	begun int64     // value of n where the block's data started

	check   byte // type of the stream's check
	sum     hash.Hash
	stream  bool // inside a stream
	blocks  int  // number of blocks in the stream so far
	unknown byte // the type of an unknown check; 0 if there was none
}

func newXzChain() *xzChain { return &xzChain{in: bufio.NewReader(EmptyReader{})} }

func (z *xzChain) reset(r io.Reader) error {
	*z = xzChain{in: z.in, unknown: z.unknown}
	z.in.Reset(r)
	return nil
}

func (z *xzChain) release(int64) { z.in.Reset(EmptyReader{}) }

const (
	xzDelta = 0x03
	xzArm64 = 0x0a
	xzLzma2 = 0x21
)

var (
	errXzDamaged = errors.New("xz: data is damaged")
	crcOfXz      = crc64.MakeTable(crc64.ECMA)
)

// xzChecks are the known types of checks.
var xzChecks = map[byte]func() hash.Hash{
	0:  nil,
	1:  func() hash.Hash { return crc32.NewIEEE() },
	4:  func() hash.Hash { return crc64.New(crcOfXz) },
	10: sha256.New,
}

// xzCheckSize returns the length of a check with the given type.
func xzCheckSize(check byte) int {
	return [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[check&0xf]
}

// needsXzChain reports whether a stream needs an xzChain. head extends to the
// end of the header of its first block.
func needsXzChain(head []byte) bool {
	if _, known := xzChecks[head[7]&0xf]; !known {
		return true
	}
	filters, err := xzFilters(head[12:])
	if err != nil {
		return false // the usual decoder reports this
	}
	for _, f := range filters {
		if f.id > 9 && f.id != xzLzma2 {
			return true
		}
	}
	return false
}

type xzFilter struct {
	id    uint64
	props []byte
}

// xzFilters parses the filters in the header of a block.
func xzFilters(h []byte) ([]xzFilter, error) {
	if len(h) < 8 || h[0] == 0 || len(h) < (int(h[0])+1)*4 {
		return nil, errXzDamaged
	}
	h = h[:(int(h[0])+1)*4]
	if crc32.ChecksumIEEE(h[:len(h)-4]) != binary.LittleEndian.Uint32(h[len(h)-4:]) {
		return nil, errXzDamaged
	}
	flags, h := h[1], h[2:len(h)-4]
	bad := flags&0x3c != 0
	number := func() uint64 {
		v, n := binary.Uvarint(h)
		if n <= 0 {
			bad = true
			return 0
		}
		h = h[n:]
		return v
	}
	if flags&0x40 != 0 {
		number() // compressed size
	}
	if flags&0x80 != 0 {
		number() // size of the text
	}
	var out []xzFilter
	for range flags&3 + 1 {
		id, size := number(), number()
		if bad || size > uint64(len(h)) {
			return nil, errXzDamaged
		}
		out = append(out, xzFilter{id, h[:size]})
		h = h[size:]
	}
	return out, nil
}

// Read implements io.Reader.
func (z *xzChain) Read(p []byte) (int, error) {
	for {
		if z.text == nil {
			if err := z.nextBlock(); err != nil {
				return 0, err
			}
			continue
		}
		n, err := z.text.Read(p)
		if z.sum != nil {
			z.sum.Write(p[:n])
		}
		if err == io.EOF {
			z.text, err = nil, nil
			if err := z.endBlock(); err != nil {
				return n, err
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// A byteCount reads from z.in and counts the bytes.
type byteCount struct{ z *xzChain }

func (c byteCount) Read(p []byte) (int, error) {
	n, err := c.z.in.Read(p)
	c.z.n += int64(n)
	return n, err
}

func (c byteCount) ReadByte() (byte, error) {
	b, err := c.z.in.ReadByte()
	if err == nil {
		c.z.n++
	}
	return b, err
}

func (z *xzChain) take(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(byteCount{z}, b); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return b, nil
}

// nextBlock starts the next block or stream.
func (z *xzChain) nextBlock() error {
	first, err := z.in.Peek(1)
	if !z.stream {
		if err == io.EOF && z.unknown != 0 {
			return fmt.Errorf("xz: the text is complete but was not verified: the integrity check has the unknown type %d", z.unknown)
		}
		if err != nil {
			return err
		}
		if first[0] == 0 { // padding between streams
			_, err := z.take(4)
			return err
		}
		h, err := z.take(12)
		if err != nil {
			return err
		}
		if string(h[:6]) != xzMagic || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) || h[6] != 0 || h[7] > 0xf {
			return errXzDamaged
		}
		z.stream, z.check, z.blocks = true, h[7], 0
		if _, known := xzChecks[z.check]; !known {
			z.unknown = z.check
		}
		return nil
	}
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if first[0] == 0 {
		return z.endStream()
	}
	h, err := z.take(1)
	if err != nil {
		return err
	}
	rest, err := z.take((int(h[0])+1)*4 - 1)
	if err != nil {
		return err
	}
	filters, err := xzFilters(append(h, rest...))
	if err != nil {
		return err
	}
	last := filters[len(filters)-1]
	if last.id != xzLzma2 || len(last.props) != 1 || last.props[0] > 40 {
		return errXzDamaged
	}
	dict := int64(2|last.props[0]&1) << (last.props[0]/2 + 11)
	if dict > maxWindow {
		return fmt.Errorf("xz: decoding needs %d MiB of memory, more than the limit of %d MiB", dict>>20, maxWindow>>20)
	}
	z.begun = z.n
	if z.text, err = (lzma.Reader2Config{DictCap: int(max(dict, lzma.MinDictCap))}).NewReader2(byteCount{z}); err != nil {
		return err
	}
	for i := len(filters) - 2; i >= 0; i-- {
		switch f := filters[i]; {
		case f.id == xzDelta && len(f.props) == 1:
			z.text = &deltaReader{r: z.text, distance: int(f.props[0]) + 1}
		case f.id == xzArm64 && (len(f.props) == 0 || len(f.props) == 4):
			x := &arm64Reader{r: z.text}
			if len(f.props) == 4 {
				x.pc = binary.LittleEndian.Uint32(f.props)
			}
			z.text = x
		default:
			z.text = nil
			return fmt.Errorf("xz: unknown filter 0x%x", f.id)
		}
	}
	z.sum = nil
	if check := xzChecks[z.check]; check != nil {
		z.sum = check()
	}
	z.blocks++
	return nil
}

// endBlock reads the padding and the check after the data of a block.
func (z *xzChain) endBlock() error {
	pad, err := z.take(int(padding(z.n - z.begun)))
	if err != nil {
		return err
	}
	want, err := z.take(xzCheckSize(z.check))
	if err != nil {
		return err
	}
	if len(bytes.Trim(pad, "\x00")) > 0 {
		return errXzDamaged
	}
	if z.sum == nil {
		return nil
	}
	got := z.sum.Sum(nil)
	if z.check != 10 { // CRCs are little-endian in the file
		for i := range len(got) / 2 {
			got[i], got[len(got)-1-i] = got[len(got)-1-i], got[i]
		}
	}
	if !bytes.Equal(got, want) {
		return errors.New("xz: wrong checksum")
	}
	return nil
}

// endStream reads the index and the footer.
func (z *xzChain) endStream() error {
	crc, begun := crc32.NewIEEE(), z.n
	index := io.TeeReader(byteCount{z}, crc)
	number := func() (uint64, error) { return binary.ReadUvarint(oneByte{index}) }
	if _, err := number(); err != nil { // the zero that distinguishes it from a block
		return io.ErrUnexpectedEOF
	}
	records, err := number()
	if err == nil && records != uint64(z.blocks) {
		return errXzDamaged
	}
	for i := uint64(0); i < 2*records && err == nil; i++ {
		_, err = number()
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, index, padding(z.n-begun))
	}
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	sum, err := z.take(4)
	if err != nil {
		return err
	}
	footer, err := z.take(12)
	if err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(sum) != crc.Sum32() || string(footer[10:]) != "YZ" || footer[9] != z.check ||
		crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return errXzDamaged
	}
	z.stream = false
	return nil
}

type oneByte struct{ io.Reader }

func (r oneByte) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}

// A deltaReader undoes the delta filter, which stores each byte as the
// difference to the byte at a fixed distance before it.
type deltaReader struct {
	r        io.Reader
	distance int
	before   [256]byte
	at       int
}

func (d *deltaReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for i := range p[:n] {
		p[i] += d.before[d.at]
		d.before[d.at] = p[i]
		if d.at++; d.at == d.distance {
			d.at = 0
		}
	}
	return n, err
}

// An arm64Reader undoes the filter for ARM64 code, which makes the addresses in
// BL and ADRP instructions absolute.
type arm64Reader struct {
	r    io.Reader
	pc   uint32
	buf  [4 << 10]byte
	n    int // number of bytes in buf
	from int // number of them that were returned
	to   int // number of them that are decoded
	err  error
}

func (d *arm64Reader) Read(p []byte) (int, error) {
	for d.from == d.to {
		if d.err != nil {
			if d.n > d.to { // less than an instruction, which is left unchanged
				d.to = d.n
				break
			}
			return 0, d.err
		}
		d.n = copy(d.buf[:], d.buf[d.to:d.n])
		k, err := d.r.Read(d.buf[d.n:])
		d.n, d.err = d.n+k, err
		d.from, d.to = 0, d.n&^3
		for i := 0; i < d.to; i += 4 {
			arm64Undo(d.buf[i:], d.pc)
			d.pc += 4
		}
	}
	n := copy(p, d.buf[d.from:d.to])
	d.from += n
	return n, nil
}

// arm64Undo undoes the filter for the instruction in b.
func arm64Undo(b []byte, pc uint32) {
	x := binary.LittleEndian.Uint32(b)
	switch {
	case x>>26 == 0x25: // BL
		x = 0x94000000 | (x-pc>>2)&0x03ffffff
	case x&0x9f000000 == 0x90000000: // ADRP
		src := x>>29&3 | x>>3&0x001ffffc
		if (src+0x00020000)&0x001c0000 != 0 {
			return
		}
		dest := src - pc>>12
		x = x&0x9000001f | dest&3<<29 | dest&0x0003fffc<<3 | -(dest&0x00020000)&0x00e00000
	default:
		return
	}
	binary.LittleEndian.PutUint32(b, x)
}
