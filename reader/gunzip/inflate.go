package gunzip

import (
	"encoding/binary"
	"unsafe"
)

const (
	histLen  = 32 << 10 // maximum distance of a match (RFC 1951, section 2)
	maxMatch = 258      // longest match (section 3.2.5)

	// The number of compressed bytes read at a time, and the room for decoded
	// bytes after the history. Half or twice as much changes the speed by less
	// than 2%; with these sizes, everything stays in a second-level cache of
	// 512 KiB.
	inLen  = 64 << 10
	outLen = 128 << 10

	// The decoding loops write without checks while the write position is at
	// most outEnd. One round then writes at most 3 literals and a match, and
	// copying rounds up to copyStep bytes. (Literals are written 4 at a time,
	// which is less.)
	copyStep  = 64
	outEnd    = histLen + outLen
	outMargin = 3 + maxMatch + copyStep
	winLen    = outEnd + outMargin

	// maxBlockHeader is enough for any block header: 3+14+19*3 bits, and then
	// 286+30 code lengths of at most 7 bits and 7 extra bits, which makes 563
	// bytes.
	maxBlockHeader = 576
)

const (
	badLit  = "invalid literal/length code"
	badDist = "invalid distance code"
	tooFar  = "distance beyond the start of the data"
)

// The functions below are the only ones with unsafe pointers. They avoid the
// bounds checks of the decoding loop, none of which the compiler can prove
// unnecessary, because they depend on the margins above. The base is always the
// start of Reader.in or Reader.win, the index is not negative, and the accessed
// bytes are inside; decodeFast says why. The byte order is that of the format
// on any machine, and no alignment is assumed.

// load64 returns the 8 bytes at p+i, the first one lowest.
func load64(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// store32 writes the 4 bytes of v to p+i, the lowest one first.
func store32(p unsafe.Pointer, i int, v uint32) {
	binary.LittleEndian.PutUint32((*[4]byte)(unsafe.Add(p, i))[:], v)
}

// copy16 copies 16 bytes from p+from to p+to, which may overlap: it reads all
// bytes before it writes, as the language specifies for arrays. The compiler
// turns it into one load and one store.
func copy16(p unsafe.Pointer, to, from int) {
	*(*[16]byte)(unsafe.Add(p, to)) = *(*[16]byte)(unsafe.Add(p, from))
}

// refill fills the bit buffer bb to at least 56 bits with the bytes at in+at,
// and returns it with the new position and count. Only the lowest 6 bits of bc
// are the count. The bits of bb above the count are already those of the next
// bytes, or zero; or-ing these bytes again does not change them.
func refill(in unsafe.Pointer, at int, bb, bc uint64) (uint64, int, uint64) {
	// (63-bc)/8 whole bytes fit.
	return bb | load64(in, at)<<(bc&63), at + int(7-bc>>3&7), bc | 56
}

// decodeFast decodes symbols of the current block while there are at least 8
// bytes of input and outMargin bytes of room. It returns whether the block has
// ended, or the error in it. Otherwise it stops after a whole symbol.
//
// These conditions hold at the start of each round and make the accesses safe:
//   - e is the entry for the next bits, and bb has at least 56 of them. A round
//     takes at most 48: 15+5 for a length and 15+13 for a distance, or 10 for
//     all codes of an entry that has literals, too.
//   - at <= inEnd-8, and a round refills once, at its end. So the bits counted
//     are never from beyond inEnd.
//   - wr <= outEnd: see outMargin for what is written.
//   - win[base:wr] is history. No distance goes beyond it, which is checked, so
//     copies read only history or what they have written.
func (z *Reader) decodeFast() (end bool, what string) {
	var (
		win  = unsafe.Pointer(&z.win)
		in   = unsafe.Pointer(&z.in)
		wr   = z.wr
		at   = z.inPos
		last = z.inEnd - 8
		bb   = z.bitBuf
		bc   = uint64(z.bitCnt)
	)
	if at > last || wr > outEnd {
		return false, ""
	}
	bb, at, bc = refill(in, at, bb, bc)
	e := z.lit[bb&(1<<litBits-1)]
	for at <= last && wr <= outEnd {
		codes := bb // for the extra bits
		bb >>= e & takeMask
		bc -= e
		// There may be no literal; then the written bytes are overwritten.
		store32(win, wr, uint32(e>>litShift))
		wr += int(e >> countShift & countMask)
		if e&entryMatch == 0 {
			e = z.lit[bb&(1<<litBits-1)]
			bb, at, bc = refill(in, at, bb, bc)
			continue
		}
		if e&entrySpecial != 0 {
			if e>>kindShift&kindMask == kindTable {
				e = z.lit[e>>tableShift+codes>>litBits&(e>>extraShift&tableExtra)]
				bb >>= e & takeMask
				bc -= e
				if e&entryMatch == 0 {
					z.win[wr] = byte(e >> litShift)
					wr++
					e = z.lit[bb&(1<<litBits-1)]
					bb, at, bc = refill(in, at, bb, bc)
					continue
				}
			}
			if e&entrySpecial != 0 {
				end = e>>kindShift&kindMask == kindEnd
				if !end {
					what = badLit
				}
				break
			}
		}
		length := int(e>>lenShift&lenMask + codes>>(e>>codeShift&codeMask)&(e>>extraShift&lenExtra))

		d := z.dist[bb&(1<<distBits-1)]
		if d&entrySpecial != 0 {
			if d>>kindShift&kindMask == kindTable {
				d = z.dist[d>>tableShift+bb>>distBits&(d>>extraShift&tableExtra)]
			}
			if d&entrySpecial != 0 {
				bb >>= d & takeMask // as decodeSlow does, for the offset of the error
				bc -= d
				what = badDist
				break
			}
		}
		dist := int(d>>distShift + bb>>(d>>codeShift&codeMask)&(d>>extraShift&distExtra))
		bb >>= d & takeMask
		bc -= d
		if dist > wr-z.base {
			what = tooFar
			break
		}
		// Look up the next entry before the copy, which takes as long.
		bb, at, bc = refill(in, at, bb, bc)
		e = z.lit[bb&(1<<litBits-1)]

		to, from := wr, wr-dist
		wr += length
		if dist < 16 {
			copyNear(win, to, from, wr)
			continue
		}
		// Always copy 64 bytes: in such text more than half of the matches are
		// longer than 16, and an unpredictable branch costs more than copying
		// too much (64 rather than 32 gave 3%).
		for {
			copy16(win, to, from)
			copy16(win, to+16, from+16)
			copy16(win, to+32, from+32)
			copy16(win, to+48, from+48)
			to += copyStep
			from += copyStep
			if to >= wr {
				break
			}
		}
	}
	bc &= 63
	z.inPos = at - int(bc/8)
	z.bitCnt = uint(bc % 8)
	z.bitBuf = bb & (1<<z.bitCnt - 1)
	z.wr = wr
	return end, what
}

// copyNear copies a match with a distance of less than 16 bytes to win[to:end].
// It overwrites up to 15 bytes after end.
func copyNear(win unsafe.Pointer, to, from, end int) {
	// The data repeats with period dist, so also with twice that: each copy of
	// dist bytes doubles the distance from which the next one can be copied.
	for dist := to - from; dist < 16; dist *= 2 {
		copy16(win, to, from)
		if to += dist; to >= end {
			return
		}
	}
	for ; to < end; to += 16 {
		copy16(win, to, from)
		from += 16
	}
}

// needBits makes at least n <= 32 bits available in the bit buffer, reading
// from the source if necessary.
func (z *Reader) needBits(n uint) error {
	for z.bitCnt < n {
		if z.inPos == z.inEnd {
			if err := z.fill(); err != nil {
				return z.unexpected(err)
			}
			continue
		}
		z.bitBuf |= uint64(z.in[z.inPos]) << z.bitCnt
		z.inPos++
		z.bitCnt += 8
	}
	return nil
}

// takeBits removes n bits from the bit buffer and returns them. The buffer must
// contain them.
func (z *Reader) takeBits(n uint) uint {
	v := uint(z.bitBuf & (1<<n - 1))
	z.bitBuf >>= n
	z.bitCnt -= n
	return v
}

// readBits reads n <= 32 bits.
func (z *Reader) readBits(n uint) (uint, error) {
	if err := z.needBits(n); err != nil {
		return 0, err
	}
	return z.takeBits(n), nil
}

// decodeSlow decodes symbols like decodeFast, from any amount of input. It
// returns more = true if the next symbol is not completely in the input. It
// runs only for the last 8 bytes of each fill, so it need not be fast.
//
// Missing bits are zero in the bit buffer. The entry found with them is correct
// if it takes no more bits than there are; otherwise it is meaningless.
func (z *Reader) decodeSlow() (more, end bool, what string) {
	win := unsafe.Pointer(&z.win)
	for z.wr <= outEnd {
		for z.bitCnt < 56 && z.inPos < z.inEnd {
			z.bitBuf |= uint64(z.in[z.inPos]) << z.bitCnt
			z.inPos++
			z.bitCnt += 8
		}
		bb := z.bitBuf
		e := z.lit[bb&(1<<litBits-1)]
		if e&entrySpecial != 0 && e>>kindShift&kindMask == kindTable {
			e = z.lit[e>>tableShift+bb>>litBits&(e>>extraShift&tableExtra)]
		}
		n := uint(e & takeMask)
		switch {
		case e&entryMatch == 0 && n <= z.bitCnt:
			store32(win, z.wr, uint32(e>>litShift))
			z.wr += int(e >> countShift & countMask)
			z.takeBits(n)
			continue
		case e&entrySpecial != 0 && n <= z.bitCnt:
			z.takeBits(n)
			if e>>kindShift&kindMask == kindEnd {
				return false, true, ""
			}
			return false, false, badLit
		case n < z.bitCnt: // and so it is a match
			d := z.dist[bb>>n&(1<<distBits-1)]
			if d&entrySpecial != 0 && d>>kindShift&kindMask == kindTable {
				d = z.dist[d>>tableShift+bb>>(n+distBits)&(d>>extraShift&tableExtra)]
			}
			m := n + uint(d&takeMask)
			if m > z.bitCnt {
				break
			}
			length := int(e>>lenShift&lenMask + bb>>(e>>codeShift&codeMask)&(e>>extraShift&lenExtra))
			dist := int(d>>distShift + bb>>n>>(d>>codeShift&codeMask)&(d>>extraShift&distExtra))
			store32(win, z.wr, uint32(e>>litShift))
			z.wr += int(e >> countShift & countMask)
			z.takeBits(m)
			if d&entrySpecial != 0 {
				return false, false, badDist
			}
			if dist > z.wr-z.base {
				return false, false, tooFar
			}
			for end := z.wr + length; z.wr < end; z.wr++ {
				z.win[z.wr] = z.win[z.wr-dist]
			}
			continue
		}
		// The entry takes more bits than there are, but it may start with a
		// literal that is complete.
		n = uint(e >> firstShift & firstMask)
		if e>>countShift&countMask == 0 || n > z.bitCnt {
			return true, false, ""
		}
		z.win[z.wr] = byte(e >> litShift)
		z.wr++
		z.takeBits(n)
	}
	return false, false, ""
}

// blockHeader reads the header of the next block (section 3.2.3).
func (z *Reader) blockHeader() error {
	v, err := z.readBits(3)
	if err != nil {
		return err
	}
	z.final = v&1 != 0
	switch v >> 1 {
	case 0:
		z.takeBits(z.bitCnt & 7)
		v, err := z.readBits(32)
		if err != nil {
			return err
		}
		n := v & 0xffff
		if n != ^v>>16&0xffff {
			return z.corrupt("stored block with wrong length")
		}
		z.unread()
		z.stored = int(n)
		z.state = inStored
		return nil
	case 1:
		z.setFixedTables()
	case 2:
		if err := z.readDynamicTables(); err != nil {
			return err
		}
	default:
		return z.corrupt("invalid block type")
	}
	z.state = inBlock
	return nil
}

// setFixedTables sets up the fixed codes of section 3.2.6.
func (z *Reader) setFixedTables() {
	if z.fixed {
		return
	}
	var lens [maxLit]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	buildTable(z.lit[:], litBits, lens[:], litSym[:])
	joinLiterals(&z.lit)
	for i := range maxDist {
		lens[i] = 5
	}
	buildTable(z.dist[:], distBits, lens[:maxDist], distSym[:])
	z.fixed = true
}

// clenOrder is the order in which the lengths of the codes for code lengths are
// sent (section 3.2.7).
var clenOrder = [numClen]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readDynamicTables reads the codes of a dynamic block (section 3.2.7).
func (z *Reader) readDynamicTables() error {
	v, err := z.readBits(14)
	if err != nil {
		return err
	}
	nlit := int(v&31) + 257
	ndist := int(v>>5&31) + 1
	nclen := int(v>>10) + 4
	if nlit > 286 || ndist > 30 {
		return z.corrupt("too many length or distance codes")
	}
	var clens [numClen]uint8
	for i := range nclen {
		v, err := z.readBits(3)
		if err != nil {
			return err
		}
		clens[clenOrder[i]] = uint8(v)
	}
	z.fixed = false
	table := z.lit[:1<<clenBits]
	if !buildTable(table, clenBits, clens[:], clenSym[:]) {
		return z.corrupt("invalid code for code lengths")
	}
	var lens [maxLit + maxDist]uint8
	all := nlit + ndist
	for i := 0; i < all; {
		for z.bitCnt <= 32 && z.inPos < z.inEnd {
			z.bitBuf |= uint64(z.in[z.inPos]) << z.bitCnt
			z.inPos++
			z.bitCnt += 8
		}
		e := table[z.bitBuf&(1<<clenBits-1)]
		if n := uint(e & takeMask); n > z.bitCnt {
			if err := z.needBits(z.bitCnt + 1); err != nil {
				return err
			}
			continue
		}
		if e&entrySpecial != 0 {
			return z.corrupt("invalid code in the code lengths")
		}
		rep := int(e>>distShift&0xff + z.bitBuf>>(e>>codeShift&codeMask)&(e>>extraShift&distExtra))
		z.takeBits(uint(e & takeMask))
		val := uint8(e >> clenShift)
		switch {
		case val == 16 && i == 0:
			return z.corrupt("repeated code length without a first one")
		case i+rep > all:
			return z.corrupt("too many code lengths")
		case val == 16:
			val = lens[i-1]
		case val > 16:
			val = 0
		}
		for ; rep > 0; rep-- {
			lens[i] = val
			i++
		}
	}
	if !buildTable(z.dist[:], distBits, lens[nlit:all], distSym[:]) {
		return z.corrupt("invalid distance code lengths")
	}
	if !buildTable(z.lit[:], litBits, lens[:nlit], litSym[:]) {
		return z.corrupt("invalid literal/length code lengths")
	}
	joinLiterals(&z.lit)
	return nil
}
