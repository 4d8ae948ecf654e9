package line

import "bytes"

// This file parses times that count seconds.

// latestEpoch is the beginning of 2100. A greater number is no time of a log.
const latestEpoch = 4_102_444_800

// parseEpoch parses the rest of a number v of so many digits that ends at n, if it
// is a time since 1970.
func (s *stamp) parseEpoch(l []byte, v, digits, n int) int {
	unit := 1 // parts of a second
	for range (digits - 10) / 3 {
		unit *= 1000
	}
	s.unix, s.nanos = int64(v/unit), v%unit*(1e9/unit)
	if s.unix < 631_152_000 || s.unix > latestEpoch { // from 1990
		return 0
	}
	if byteAt(l, n) == '.' && isDigit(byteAt(l, n+1)) {
		if unit == 1 {
			n = s.parseFraction(l, n)
		} else {
			_, n = number(l, n+1, 9)
		}
	}
	s.kind, s.zoned = epoch, true
	return n
}

// parseScientific parses seconds since 1970 such as 1.763733906123e+09, as zap writes
// them.
func (s *stamp) parseScientific(l []byte, i int) int {
	if byteAt(l, i+1) != '.' {
		return 0
	}
	v, k := int64(l[i]-'0'), i+2
	unit, nanos := int64(1e8), int64(0) // of the next digit, in seconds and then in nanoseconds
	for ; k < len(l) && isDigit(l[k]); k++ {
		d := int64(l[k] - '0')
		switch {
		case k < i+11:
			v = v*10 + d
			unit = 1e8
		case unit > 0:
			nanos += d * unit
			unit /= 10
		}
	}
	for n := k; n < i+11; n++ {
		v *= 10
	}
	if !bytes.HasPrefix(l[k:], []byte("e+09")) || k < i+6 || v < 631_152_000 || v > latestEpoch {
		return 0
	}
	s.unix, s.nanos, s.kind, s.zoned = v, int(nanos), epoch, true
	return k + 4
}

// parseTAI parses a TAI64N label, such as @4000000037c219bf2ef02e94. As in
// daemontools, TAI is ahead of UTC by ten seconds.
// Source: https://cr.yp.to/libtai/tai64.html.
func (s *stamp) parseTAI(l []byte, i int) int {
	if len(l) < i+25 || !bytes.HasPrefix(l[i:], []byte("@400000")) {
		return 0
	}
	v := [2]uint64{}
	for k, c := range l[i+1 : i+25] {
		switch {
		case isDigit(c):
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0
		}
		v[k/16] = v[k/16]<<4 | uint64(c)
	}
	s.unix, s.nanos = int64(v[0]-1<<62)-10, int(v[1])
	if s.unix < 0 || s.unix > latestEpoch || s.nanos >= 1e9 {
		return 0
	}
	s.kind, s.zoned = epoch, true
	return i + 25
}
