package line

import "bytes"

// This file reads labeled tab-separated values: label:value, label:value, …, with a tab
// between them. Source: ltsv.org.

// ltsvFields calls emit for each field of a line of LTSV until that returns false, and
// reports whether it is one: at least its first three fields have labels.
func ltsvFields(l []byte, emit func(name, value []byte, at int) bool) bool {
	label := func(field []byte) int {
		n := 0
		for n < len(field) && (IsAlnum(field[n]) || bytes.IndexByte([]byte("_.-"), field[n]) >= 0) {
			n++
		}
		if n == 0 || byteAt(field, n) != ':' || !isLetter(field[0]) {
			return 0
		}
		return n
	}
	if label(l) == 0 || bytes.IndexByte(l, '\t') < 0 {
		return false
	}
	const labels = 3
	n := 0
	for field := range bytes.SplitSeq(l, []byte{'\t'}) {
		if n == labels {
			break
		}
		if label(field) == 0 {
			return false
		}
		n++
	}
	if n < labels {
		return false
	}
	at := 0
	for field := range bytes.SplitSeq(l, []byte{'\t'}) {
		if k := label(field); k > 0 && len(field) > k+1 && !emit(field[:k], field[k+1:], at+k+1) {
			break
		}
		at += len(field) + 1
	}
	return true
}

// levelOfLTSV returns the level of a line of LTSV: that under a key, or that which the
// status of a request stands for.
func levelOfLTSV(l []byte) (v Level, derived bool) {
	request, status := false, byte(0)
	ltsvFields(l, func(name, value []byte, _ int) bool {
		switch string(name) {
		case "method", "req", "request", "uri":
			request = true
		case "status":
			if len(value) == 3 && allDigits(value) {
				status = value[0]
			}
		default:
			if isLevelKey(name) {
				v = levelOfInitial(levelOfValue(value))
			}
		}
		return v == NoLevel
	})
	if v == NoLevel && request && status > 0 {
		return levelOfStatusCode(status), true
	}
	return v, false
}
