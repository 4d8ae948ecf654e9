package line

import (
	"bytes"
	"cmp"
	"math"
	"strconv"
	"strings"
)

// A Quantity is a number with its unit.
type Quantity struct {
	Number float64 // as written
	Value  float64 // in Unit
	Unit   Unit

	whole   bool // it has no unit and no fraction, and integer is it
	integer int64
}

// A Unit is what a number counts.
type Unit uint8

// Units. A number of bytes or seconds may be written in multiples of them.
const (
	NoUnit Unit = iota
	Seconds
	Bytes
	Percent
)

// units are the units that a number may be followed by.
var units = map[string]struct {
	unit  Unit
	times float64
}{
	"ns": {Seconds, 1e-9}, "us": {Seconds, 1e-6}, "µs": {Seconds, 1e-6}, "μs": {Seconds, 1e-6}, "ms": {Seconds, 1e-3},
	"s": {Seconds, 1}, "sec": {Seconds, 1}, "secs": {Seconds, 1}, "m": {Seconds, 60}, "min": {Seconds, 60}, "h": {Seconds, 3600}, "d": {Seconds, 86400},
	"B": {Bytes, 1}, "kB": {Bytes, 1e3}, "KB": {Bytes, 1e3}, "MB": {Bytes, 1e6}, "GB": {Bytes, 1e9}, "TB": {Bytes, 1e12},
	"KiB": {Bytes, 1 << 10}, "MiB": {Bytes, 1 << 20}, "GiB": {Bytes, 1 << 30}, "TiB": {Bytes, 1 << 40},
	"kb": {Bytes, 1e3}, "mb": {Bytes, 1e6}, "gb": {Bytes, 1e9}, "tb": {Bytes, 1e12}, "Kb": {Bytes, 1e3}, "Mb": {Bytes, 1e6}, "Gb": {Bytes, 1e9},
	"k": {Bytes, 1e3}, "K": {Bytes, 1e3}, "M": {Bytes, 1e6}, "G": {Bytes, 1e9}, "T": {Bytes, 1e12},
}

// ParseQuantity parses a number such as 12, -1.5e3, 1,234, 99%, 250ms, 1m30s, 00:01:30 or 2MB.
func ParseQuantity(s []byte) (q Quantity, ok bool) {
	const longest = 40
	if len(s) == 0 || len(s) > longest {
		return q, false
	}
	if n, err := strconv.ParseInt(string(s), 10, 64); err == nil {
		return Quantity{Number: float64(n), Value: float64(n), whole: true, integer: n}, true
	}
	switch {
	case bytes.IndexByte(s, ',') > 0:
		return parseThousands(s)
	case bytes.IndexByte(s, ':') > 0:
		return parseClockSpan(s)
	case s[len(s)-1] == '%':
		n := len(s) - 1
		if n == 0 || numberEnd(s, true) != n {
			return q, false
		}
		v, err := strconv.ParseFloat(string(s[:n]), 64)
		return Quantity{Number: v, Value: v, Unit: Percent}, err == nil && !math.IsInf(v, 0)
	}
	for first := true; len(s) > 0; first = false {
		n := numberEnd(s, first)
		if n == 0 {
			return q, false
		}
		v, err := strconv.ParseFloat(string(s[:n]), 64)
		if err != nil || math.IsInf(v, 0) {
			return q, false
		}
		s = s[n:]
		k := 0
		for k < len(s) && !isDigit(s[k]) && s[k] != '.' {
			k++
		}
		if k == 0 {
			q.Number, q.Value = v, v
			return q, first && len(s) == 0
		}
		u, known := units[string(s[:k])]
		if !known || !first && (u.unit != Seconds || q.Unit != Seconds) {
			return q, false
		}
		s = s[k:]
		if first {
			q.Number = v
		}
		q.Unit = u.unit
		if q.Value < 0 {
			v = -v // -1m30s
		}
		q.Value += v * u.times
	}
	return q, true
}

// parseThousands parses a number with a comma before each three digits, such as 1,234.5.
func parseThousands(s []byte) (q Quantity, ok bool) {
	whole, fraction, fractional := bytes.Cut(s, []byte{'.'})
	groups := bytes.Split(whole, []byte{','})
	for i, g := range groups {
		if i == 0 {
			g = bytes.TrimLeft(g, "+-")
		}
		if fractional && len(fraction) == 0 || len(g) > 1 && i == 0 && g[0] == '0' {
			return q, false
		}
		if !allDigits(g) || i > 0 && len(g) != 3 || len(g) == 0 || len(g) > 3 || !allDigits(fraction) {
			return q, false
		}
	}
	plain := string(bytes.Join(groups, nil))
	if fractional {
		plain += "." + string(fraction)
	}
	return ParseQuantity([]byte(plain))
}

// parseClockSpan parses a time span in hours, minutes and seconds, such as 00:01:30.5.
func parseClockSpan(s []byte) (q Quantity, ok bool) {
	hours, rest, _ := bytes.Cut(s, []byte{':'})
	minutes, seconds, both := bytes.Cut(rest, []byte{':'})
	whole, fraction, fractional := bytes.Cut(seconds, []byte{'.'})
	if !allDigits(fraction) || fractional && len(fraction) == 0 || !both || len(hours) > 4 || !allDigits(hours) || len(minutes) != 2 || !allDigits(minutes) || len(whole) != 2 || !allDigits(whole) {
		return q, false
	}
	h, _ := strconv.Atoi(string(hours))
	m, _ := strconv.Atoi(string(minutes))
	sec, err := strconv.ParseFloat(string(seconds), 64)
	if m > 59 || sec >= 60 {
		return q, false
	}
	v := float64(3600*h+60*m) + sec
	return Quantity{Number: v, Value: v, Unit: Seconds}, err == nil
}

// numberEnd returns the length of the decimal number that s begins with.
func numberEnd(s []byte, signed bool) int {
	i := 0
	if signed && (s[0] == '-' || s[0] == '+') {
		i++
	}
	from := i
	for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
		i++
	}
	if i == from {
		return 0
	}
	if e := i; e < len(s) && s[e]|0x20 == 'e' {
		if e++; e < len(s) && (s[e] == '-' || s[e] == '+') {
			e++
		}
		if e < len(s) && isDigit(s[e]) {
			for e < len(s) && isDigit(s[e]) {
				e++
			}
			i = e
		}
	}
	return i
}

// Compare compares the value of a field named name with q, as cmp.Compare does. It
// returns false if they cannot be compared: the value is no number, or counts
// something else. A value without a unit is in the unit that its name ends with, as
// in took_ms, or else in seconds or bytes. If q has no unit, the numbers are compared
// as they are written.
func (q Quantity) Compare(name, value []byte) (int, bool) {
	v, ok := ParseQuantity(value)
	if !ok {
		return 0, false
	}
	if q.whole && v.whole { // a float64 has 53 bits
		return cmp.Compare(v.integer, q.integer), true
	}
	x := v.Value
	switch {
	case q.Unit == NoUnit:
		x = v.Number
		if v.Unit == NoUnit {
			x = v.Value
		}
	case v.Unit == NoUnit && q.Unit == Seconds:
		x *= unitOfName(name)
	case v.Unit != NoUnit && v.Unit != q.Unit:
		return 0, false
	}
	switch {
	case x < q.Value:
		return -1, true
	case x > q.Value:
		return 1, true
	}
	return 0, true
}

// unitOfName returns the seconds of the unit that the name of a field ends with; 1 if
// it names none.
func unitOfName(name []byte) float64 {
	n := string(name)
	for _, u := range []struct {
		ends  string
		times float64
	}{
		{"_ms", 1e-3}, {"Ms", 1e-3}, {"-ms", 1e-3}, {".ms", 1e-3}, {"MS", 1e-3}, {"millis", 1e-3}, {"Millis", 1e-3}, {"milliseconds", 1e-3}, {"msec", 1e-3},
		{"_us", 1e-6}, {"Us", 1e-6}, {"micros", 1e-6}, {"Micros", 1e-6}, {"microseconds", 1e-6}, {"usec", 1e-6},
		{"_ns", 1e-9}, {"Ns", 1e-9}, {"nanos", 1e-9}, {"Nanos", 1e-9}, {"nanoseconds", 1e-9},
	} {
		if strings.HasSuffix(n, u.ends) || n == strings.TrimLeft(u.ends, "_-.") {
			return u.times
		}
	}
	return 1
}
