package gunzip

import "math/bits"

// The tables that turn bits into symbols (RFC 1951, section 3.2).
//
// One lookup with the next litBits bits of the stream returns an entry that says
// everything the decoder has to do, so that no second table is needed for base
// values and extra bits. Codes longer than the table is wide continue in a
// second-level table stored after the first. Both alphabets share the layout:
//
//	 0..5   bits to take from the stream: all codes plus all extra bits
//	 6..7   with entrySpecial: what it is, kindXxx
//	 8..11  bits of the codes alone, after which the extra bits start
//	16..28  mask of the extra bits; of the index for kindTable
//	30      entryMatch: the entry is not just literals
//	31      entrySpecial: not a symbol with a value; implies entryMatch
//
// In the literal/length table also:
//
//	21..29  length of the match before the extra bits are added (the mask of a
//	        length has only 5 bits, 16..20)
//	32..55  the literals the entry starts with, the first one lowest
//	56..57  number of these literals, 0..3
//	58..61  bits of the first literal's code
//
// In the distance table, bits 32..46 are the distance before the extra bits are
// added. An entry of kindTable has the start of its table there (in both
// tables), and zeros in 0..5 and 56..57: no bits are taken and nothing is
// written for it.
const (
	takeMask     = 63
	kindShift    = 6
	kindMask     = 3
	codeShift    = 8
	codeMask     = 15
	extraShift   = 16
	lenExtra     = 31
	distExtra    = 1<<13 - 1
	tableExtra   = 1<<13 - 1
	lenShift     = 21
	lenMask      = 511
	entryMatch   = 1 << 30
	entrySpecial = 1 << 31
	litShift     = 32
	litMask      = 255
	distShift    = 32
	tableShift   = 32
	countShift   = 56
	countMask    = 3
	firstShift   = 58
	firstMask    = 15

	kindTable   = 0 // the code continues in a second-level table
	kindEnd     = 1 // end of block
	kindInvalid = 2 // no symbol has this code, or the symbol must not occur
)

const (
	maxCodeLen = 15  // longest code (section 3.2.7: code lengths 0..15)
	maxLit     = 288 // literal/length symbols, 286 and 287 only in the fixed code
	maxDist    = 32  // distance symbols, 30 and 31 only in the fixed code
	numClen    = 19  // symbols of the code for the code lengths
	endOfBlock = 256

	clenShift = 40

	// Widths of the first-level tables. Wider tables contain more codes and,
	// for literals, more pairs of them, but take longer to set up for each
	// block: with 11 bits for literals log text is decoded 2% slower, with 12
	// bits 8%. 7 or 9 bits for distances make no difference.
	litBits  = 10
	distBits = 8
	clenBits = 7 // the longest code there is for code lengths

	// A second-level table with 2^k entries is full, so at least k+1 codes end
	// in it. With k <= 15-10 a literal/length code costs at most 32/6 entries
	// there: 288*32/6 = 1536. For distances it is 128/8: 32*16 = 512.
	litTableLen  = 1<<litBits + 1536
	distTableLen = 1<<distBits + 512
)

const invalidEntry = entryMatch | entrySpecial | kindInvalid<<kindShift

// litSym and distSym are the table entries of the symbols without their code
// lengths. The values are those of section 3.2.5.
var litSym = func() (t [maxLit]uint64) {
	for s := range endOfBlock {
		t[s] = uint64(s)<<litShift | 1<<countShift
	}
	t[endOfBlock] = entryMatch | entrySpecial | kindEnd<<kindShift
	base := uint64(3)
	for s := endOfBlock + 1; s < maxLit; s++ {
		extra := 0
		if i := s - 257; i >= 8 {
			extra = i/4 - 1
		}
		switch {
		case s == 285:
			base, extra = 258, 0
		case s > 285:
			t[s] = invalidEntry
			continue
		}
		t[s] = entryMatch | base<<lenShift | (1<<extra-1)<<extraShift | uint64(extra)
		base += 1 << extra
	}
	return t
}()

var distSym = func() (t [maxDist]uint64) {
	base := uint64(1)
	for s := range t {
		if s >= 30 {
			t[s] = invalidEntry
			continue
		}
		extra := max(0, s/2-1)
		t[s] = entryMatch | base<<distShift | (1<<extra-1)<<extraShift | uint64(extra)
		base += 1 << extra
	}
	return t
}()

// clenSym has the symbols of the code for code lengths (section 3.2.7) in the
// layout of distances, with the number of repetitions as the distance, and the
// symbol itself in bits 40..63.
var clenSym = func() (t [numClen]uint64) {
	for s := range t {
		t[s] = entryMatch | 1<<distShift | uint64(s)<<clenShift
	}
	t[16] += 2<<distShift | 3<<extraShift | 2
	t[17] += 2<<distShift | 7<<extraShift | 3
	t[18] += 10<<distShift | 127<<extraShift | 7
	return t
}()

// buildTable fills table for the prefix code with the given code lengths
// (section 3.2.2), 0 for symbols that do not occur. syms has the entry of every
// symbol without its code length. buildTable reports whether the lengths are a
// code that the decoder accepts: a complete code, no code, or a single symbol
// of one bit (required by section 3.2.7; the other value of its bit is then
// invalid).
func buildTable(table []uint64, tableBits int, lens []uint8, syms []uint64) bool {
	var count [maxCodeLen + 1]int
	for _, n := range lens {
		count[n&maxCodeLen]++
	}
	used := len(lens) - count[0]
	left := 1 // number of unused codes of length n
	for n := 1; n <= maxCodeLen; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
	}
	if left > 0 {
		if used > 1 || used == 1 && count[1] != 1 {
			return false
		}
		for i := range 1 << tableBits {
			table[i] = invalidEntry | 1
		}
		for s, n := range lens {
			if n != 0 {
				e := withCode(syms[s], 1)
				for i := 0; i < 1<<tableBits; i += 2 {
					table[i] = e
				}
			}
		}
		return true
	}

	// Sort the symbols by code length, and by value within a length, which is
	// the order of the codes.
	var next [maxCodeLen + 2]int
	for n := 1; n <= maxCodeLen; n++ {
		next[n+1] = next[n] + count[n]
	}
	var sorted [maxLit]uint16
	for s, n := range lens {
		if n != 0 {
			sorted[next[n]] = uint16(s)
			next[n]++
		}
	}

	// Codes are stored with their first bit lowest, so incrementing a code
	// carries towards the lower bits. The table doubles with each bit of code
	// length: the existing entries apply to both values of the next bit.
	code, size, i := 0, 1, 0
	for n := 1; n <= tableBits; n++ {
		copy(table[size:2*size], table[:size])
		size *= 2
		for range count[n] {
			table[code] = withCode(syms[sorted[i]], n)
			i++
			code = nextCode(code, n)
		}
	}

	// Longer codes: all codes with the same first tableBits bits share one
	// table, as wide as the longest of them.
	start, end, prefix := 0, size, -1
	width := 0
	for n := tableBits + 1; n <= maxCodeLen; n++ {
		for left := count[n]; left > 0; left-- {
			if p := code & (1<<tableBits - 1); p != prefix {
				prefix = p
				start = end
				width = n - tableBits
				// Codes come in order of length: the table is full with the
				// codes of n bits, or contains longer ones.
				room := 1<<width - left
				for room > 0 && tableBits+width < maxCodeLen {
					width++
					room = room<<1 - count[tableBits+width]
				}
				end = start + 1<<width
				table[p] = entryMatch | entrySpecial | kindTable<<kindShift |
					(1<<width-1)<<extraShift | uint64(start)<<tableShift
			}
			e := withCode(syms[sorted[i]], n)
			for j := code >> tableBits; j < 1<<width; j += 1 << (n - tableBits) {
				table[start+j] = e
			}
			i++
			code = nextCode(code, n)
		}
	}
	return true
}

// withCode returns the entry of a symbol for a code of n bits. e is its entry
// without a code.
func withCode(e uint64, n int) uint64 {
	e += uint64(n) | uint64(n)<<codeShift
	if e&entryMatch == 0 {
		e |= uint64(n) << firstShift
	}
	return e
}

// joinLiterals adds up to two more symbols to the first-level entries of
// literals with short codes, if the index of the entry determines them:
// literals, or a length as the last one. This saves lookups and branches that
// are hard to predict, and makes decoding log text 20% faster.
func joinLiterals(table *[litTableLen]uint64) {
	// An entry joins entries with smaller indexes (and 0 itself). These are
	// still single symbols because the loop goes down.
	for i := 1<<litBits - 1; i >= 0; i-- {
		e := table[i&(1<<litBits-1)]
		if e&entryMatch != 0 {
			continue
		}
		n := e & takeMask
		next := table[i>>n&(1<<litBits-1)]
		code := next >> codeShift & codeMask
		if n+code > litBits || next&entrySpecial != 0 {
			continue
		}
		e = joined(e, next, 8)
		if next&entryMatch == 0 {
			n += code
			next = table[i>>n&(1<<litBits-1)]
			if n+next>>codeShift&codeMask <= litBits && next&entrySpecial == 0 {
				e = joined(e, next, 16)
			}
		}
		table[i] = e
	}
}

// joined returns the entry for the literals of e followed by the symbol next;
// pos is 8 times the number of literals in e.
func joined(e, next uint64, pos uint) uint64 {
	// The bits to take, the bits of codes and the number of literals add up;
	// all other bits of next below bit 32 are zero in e.
	return e + next&(1<<litShift-1) + next&(countMask<<countShift) +
		next>>litShift&litMask<<litShift<<pos
}

// nextCode returns the code of n bits that follows code, both with their first
// bit lowest. It returns 0 after the last one.
func nextCode(code, n int) int {
	// The zero nearest to the last bit becomes 1, and the ones after it become
	// 0.
	zero := bits.Len(uint(^code) & (1<<n - 1))
	if zero == 0 {
		return 0
	}
	bit := 1 << (zero - 1)
	return code&(bit-1) | bit
}
