// Package pattern groups messages by their patterns: the words that stay, with a star
// in place of the values that vary.
//
// It works in two steps. Mask replaces what looks like a value, in one pass over a
// message; equal results form a key. Merge then joins keys that differ in one place
// where at least four different words occur. Merge depends only on the set of keys, so
// parts of logs can be counted separately, in any order.
//
// The alternative, Drain (He et al., "Drain: An Online Log Parsing Approach with Fixed
// Depth Tree", ICWS 2017), needs settings for each system, and its result depends on
// the order of the lines.
package pattern

import (
	"bytes"
	"strings"

	"logview/reader/line"
)

// Star stands for values in a key.
const Star = "*"

// The classes of bytes.
const (
	inWord = iota
	isBlank
	isPunctuation
)

var classes = func() (t [256]byte) {
	for c := 0; c <= ' '; c++ {
		t[c] = isBlank
	}
	for _, c := range "=:,;()[]{}<>\"'|!?`" {
		t[c] = isPunctuation
	}
	return t
}()

// units are words that belong to the value before them.
var units = words("B KB MB GB TB kB KiB MiB GiB K M G ms us ns s sec secs second seconds msec usec min mins minute minutes hour hours h bytes byte days day KB/s MB/s kbps Mbps")

// dateWords are words that occur in dates.
var dateWords = words("Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec AM PM UTC GMT EST EDT PST PDT CET CEST MST MDT CST CDT")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// A masker appends the words of a key, each followed by a blank.
type masker struct {
	dst   []byte
	value bool // the last word was a Star
}

func (m *masker) appendStar() {
	if !m.value {
		m.dst = append(m.dst, Star...)
		m.dst = append(m.dst, ' ')
	}
	m.value = true
}

func (m *masker) appendWord(w []byte) {
	m.dst = append(append(m.dst, w...), ' ')
	m.value = false
}

// Mask appends the key of a message to dst: its words, and a Star for one or more
// values in a row, each followed by a blank. Values are words with digits, paths, host
// names, addresses and hexadecimal numbers, with their units, and texts in quotes after
// an equals sign. Punctuation is left out.
func Mask(dst, msg []byte) []byte {
	m := masker{dst: dst}
	var before byte // the punctuation directly before; 0 for none
	for i := 0; i < len(msg); {
		c := msg[i]
		switch classes[c] {
		case isBlank:
			if i++; before != '=' {
				before = 0
			}
			continue
		case isPunctuation:
			i++
			if c == '"' && before == '=' {
				if k := bytes.IndexByte(msg[i:min(len(msg), i+longestQuoted)], '"'); k >= 0 {
					m.appendStar()
					i += k + 1
					c = 0
				}
			}
			before = c
			continue
		}
		end := i + 1
		for end < len(msg) && classes[msg[end]] == inWord && !(msg[end] == '.' && msg[end-1] == '.') {
			end++
		}
		if k := hexPairs(msg, i, end); k > 0 {
			m.appendStar()
			i, before = k, 0
			continue
		}
		if msg[i] == '/' || string(msg[end:min(len(msg), end+3)]) == "://" {
			// A path or a URL ends at a blank or a closing mark.
			for end < len(msg) && (classes[msg[end]] == inWord || strings.IndexByte("?=:,;!", msg[end]) >= 0) {
				end++
			}
		}
		w := msg[i:end]
		i = end
		for len(w) > 1 && endsWord(w[len(w)-1]) {
			w = w[:len(w)-1]
		}
		if isWord(w) {
			port := i+1 < len(msg) && msg[i] == ':' && isDigit(msg[i+1]) && hasInnerDot(w)
			unit := m.value && len(w) <= 7 && units[string(w)]
			if isValue(w) || port || unit {
				m.appendStar()
			} else {
				m.appendWord(w)
			}
		}
		before = 0
	}
	return m.dst
}

// endsWord reports whether c may follow a word without being part of it.
func endsWord(c byte) bool { return c == '.' || c == ',' || c == ':' || c == '-' || c == '+' }

// longestQuoted is how far the end of a text in quotes is searched for.
const longestQuoted = 1 << 10

// hexPairs returns the end of pairs of hexadecimal digits with colons, such as a MAC
// address, whose first pair is msg[i:end]; 0 if there are none.
func hexPairs(msg []byte, i, end int) int {
	if end-i != 2 || !isHex(msg[i]) || !isHex(msg[i+1]) {
		return 0
	}
	k := end
	for k+2 < len(msg) && msg[k] == ':' && isHex(msg[k+1]) && isHex(msg[k+2]) && (k+3 == len(msg) || !line.IsAlnum(msg[k+3])) {
		k += 3
	}
	if k-i < 8 {
		return 0
	}
	return k
}

// isWord reports whether w has a letter or a digit. Characters outside ASCII count.
func isWord(w []byte) bool {
	for _, c := range w {
		if line.IsAlnum(c) || c >= 0x80 || c == '*' {
			return true
		}
	}
	return false
}

// isValue reports whether a word looks like a value.
func isValue(w []byte) bool {
	dots, slashes, letters, hex := 0, 0, 0, true
	for i, c := range w {
		inside := i > 0 && i < len(w)-1
		switch {
		case isDigit(c):
			return true
		case c == '.':
			if inside {
				dots++
			}
		case c == '/', c == '\\':
			slashes++
		case c == '@' && inside, c == '*' && len(w) == 1:
			return true
		default:
			letters++
			hex = hex && isHex(c)
		}
	}
	switch {
	case slashes > 0 && letters > 0 && (w[0] == '/' || w[0] == '.' || slashes > 1):
		return true
	case dots >= 2 && letters > 0:
		return !isException(w)
	case hex && letters >= 8:
		return true
	}
	return len(w) >= 2 && len(w) <= 4 && w[0] < 'a' && dateWords[string(w)]
}

// isException reports whether a word names the class of an exception, as in
// java.sql.SQLTimeoutException: which one it is, is what happened.
func isException(w []byte) bool {
	w = w[bytes.LastIndexByte(w, '.')+1:]
	return len(w) > 5 && w[0] >= 'A' && w[0] <= 'Z' && (bytes.HasSuffix(w, []byte("Exception")) || bytes.HasSuffix(w, []byte("Error")))
}

func hasInnerDot(w []byte) bool {
	for i := 1; i < len(w)-1; i++ {
		if w[i] == '.' {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
