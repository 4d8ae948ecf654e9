package token

import (
	"errors"
	"strconv"
	"strings"
)

// A Shape describes an identifier in just enough detail to tell that a text
// cannot be part of it. The index keeps shapes in addition to hashes:
//
//	h32      32 hexadecimal digits, at least one of them a decimal digit
//	x18      the same with the prefix 0x, which is counted
//	d12      12 decimal digits
//	d6ms     6 decimal digits and one or two letters, as in durations
//	u4       the three runs of 4 hexadecimal digits inside a UUID
//	l        a run that is too long to be kept
//
// Of the runs inside a UUID, not even hashes are kept: those of its ends identify it.
type Shape struct {
	kind   byte // h, x, d, u
	digits int  // at most maxDigits, which also means more
	suffix string
	long   bool
}

const (
	minHex    = 8 // minimum digits of a hexadecimal identifier
	minDec    = 4 // minimum digits of a decimal identifier
	maxSuffix = 2 // maximum letters after a decimal identifier
	maxDigits = 255
)

// InUUID is the shape of the runs inside UUIDs. Whole words may hide in it.
var InUUID = Shape{kind: 'u', digits: 4}

// Marks is the first byte of the terms that are not words. No run contains it.
const Marks = '\x01'

// String returns the term that represents the shape in an index.
func (s Shape) String() string {
	if s.long {
		return string(rune(Marks)) + "l"
	}
	return string(rune(Marks)) + string(rune(s.kind)) + strconv.Itoa(s.digits) + s.suffix
}

var errShape = errors.New("not a shape")

// ParseShape parses a term that String returned.
func ParseShape(term string) (Shape, error) {
	if len(term) < 2 || term[0] != Marks {
		return Shape{}, errShape
	}
	if term[1:] == "l" {
		return Shape{long: true}, nil
	}
	s := Shape{kind: term[1]}
	digits := strings.TrimRight(term[2:], "abcdefghijklmnopqrstuvwxyz")
	s.suffix = term[2+len(digits):]
	var err error
	s.digits, err = strconv.Atoi(digits)
	if err != nil || !strings.ContainsRune("hxdu", rune(s.kind)) {
		return s, errShape
	}
	return s, nil
}

func decimal(c byte) bool { return c >= '0' && c <= '9' }
func hex(c byte) bool     { return decimal(c) || c >= 'a' && c <= 'f' }

// shapeOf returns the shape of a run. It returns false if the run is a word,
// that is, neither an identifier nor too long to be kept.
func shapeOf(run []byte) (Shape, bool) {
	if len(run) > maxRun {
		return Shape{long: true}, true
	}
	if len(run) < minDec {
		return Shape{}, false
	}
	n := 0
	for n < len(run) && decimal(run[n]) {
		n++
	}
	if n >= minDec && len(run)-n <= maxSuffix && letters(run[n:]) {
		return Shape{kind: 'd', digits: min(n, maxDigits), suffix: string(run[n:])}, true
	}
	kind, rest := byte('h'), run
	if len(run) > 2 && run[0] == '0' && run[1] == 'x' {
		kind, rest = 'x', run[2:]
	}
	if len(rest) < minHex {
		return Shape{}, false
	}
	some := false
	for _, c := range rest {
		if !hex(c) {
			return Shape{}, false
		}
		some = some || decimal(c)
	}
	if !some {
		return Shape{}, false // without a decimal digit, it is more likely a word
	}
	return Shape{kind: kind, digits: min(len(run), maxDigits)}, true
}

func letters(s []byte) bool {
	for _, c := range s {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// IsID reports whether the run, taken as complete, is an identifier.
func (r Run) IsID() bool {
	s, ok := shapeOf([]byte(r.Text))
	return ok && !s.long
}

// IsLong reports whether the run, taken as complete, is too long to be kept.
func (r Run) IsLong() bool { return len(r.Text) > maxRun }

// MayHide reports whether the run may be a proper part of an identifier of
// shape s, or, if s is the shape of runs too long to be kept, all or part of
// such a run.
func (r Run) MayHide(s Shape) bool {
	t := r.Text
	if s.long {
		return r.Left || r.Right || len(t) > maxRun
	}
	if s == InUUID {
		return (len(t) == s.digits || len(t) < s.digits && (r.Left || r.Right)) && allHex(t)
	}
	if !r.Left && !r.Right {
		return false
	}
	if len(t) >= s.digits+len(s.suffix) && s.digits < maxDigits {
		return false // it can only be the whole identifier, which its hash identifies
	}
	if s.kind == 'd' {
		n := 0
		for n < len(t) && decimal(t[n]) {
			n++
		}
		rest := t[n:]
		switch {
		case rest == "":
			return r.Right || s.suffix == "" // otherwise the run would have to end with the suffix
		case n == 0 && !r.Left:
			return false // the run would have to begin with digits
		case !r.Right:
			return strings.HasSuffix(s.suffix, rest) && (n == 0 || rest == s.suffix)
		case n > 0:
			return strings.HasPrefix(s.suffix, rest)
		}
		return strings.Contains(s.suffix, rest)
	}
	rest := t
	if s.kind == 'x' {
		rest = strings.TrimPrefix(strings.TrimPrefix(t, "0"), "x")
	}
	return allHex(rest)
}

// allHex reports whether s consists of hexadecimal digits.
func allHex(s string) bool {
	for i := range len(s) {
		if !hex(s[i]) {
			return false
		}
	}
	return true
}

// InsideUUID reports whether run i of the runs of a query's text, taken as complete, may be
// inside a UUID, and returns the complete runs at the ends of that UUID that the text has.
func InsideUUID(text string, runs []Run, i int) (may bool, ends []Run) {
	isPart := func(r Run) bool { return len(r.Text) == InUUID.digits && allHex(r.Text) }
	if !isPart(runs[i]) {
		return false, nil
	}
	const inside = 3 // runs
	for k, steps := i, 0; ; steps++ {
		r := runs[k]
		if r.From > 0 && text[r.From-1] != '-' || steps == inside {
			return false, nil
		}
		if k--; k < 0 {
			break
		}
		if before := runs[k]; before.To != r.From-1 || !allHex(before.Text) {
			return false, nil
		} else if before.Left || !isPart(before) {
			if len(before.Text) == wordBytes {
				before.Left = false
				ends = append(ends, before)
			}
			break
		}
	}
	for k, steps := i, 0; ; steps++ {
		r := runs[k]
		if r.To < len(text) && text[r.To] != '-' || steps == inside {
			return false, nil
		}
		if k++; k == len(runs) {
			break
		}
		if next := runs[k]; next.From != r.To+1 || !allHex(next.Text) {
			return false, nil
		} else if next.Right || !isPart(next) {
			if len(next.Text) == len("000000000000") {
				next.Right = false
				ends = append(ends, next)
			}
			break
		}
	}
	return true, ends
}

// uuidLen is the length of a UUID. Source: RFC 9562.
const uuidLen = len("00000000-0000-0000-0000-000000000000")

// uuidTail returns the length of the rest of a UUID at the beginning of text, after its first
// 8 digits; 0 if it is none. It does not look at what follows.
func uuidTail(text []byte) int {
	const tail = uuidLen - wordBytes
	if len(text) < tail {
		return 0
	}
	for i, c := range text[:tail] {
		if i == 0 || i == 5 || i == 10 || i == 15 {
			if c != '-' {
				return 0
			}
		} else if !hex(folded[c]) {
			return 0
		}
	}
	return tail
}
