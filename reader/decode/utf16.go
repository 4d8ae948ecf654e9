package decode

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"logview/reader"
)

// This file detects and decodes UTF-16, to which other programs may have appended text
// of bytes, as cmd.exe and the program itself do after Windows PowerShell began the
// file. The other way round the text is one of bytes, and [line.Shown] finds the UTF-16
// in it.

// A utf16Decoder decodes UTF-16 with lines of ASCII, UTF-8 or Latin-1 in between. At the
// start of each line it decides which of the two follows.
type utf16Decoder struct {
	wide   transform.Transformer
	high   int  // index of the byte of a code unit that is zero for ASCII
	final  bool // half a character at the end is left out
	inLine bool
	narrow bool // the line that it is in, or the last one, is of bytes
}

func newUTF16Decoder(c Charset, final bool) *utf16Decoder {
	if c == UTF16BE {
		return &utf16Decoder{wide: utf.UTF16(utf.BigEndian, utf.IgnoreBOM).NewDecoder(), final: final}
	}
	return &utf16Decoder{wide: utf.UTF16(utf.LittleEndian, utf.IgnoreBOM).NewDecoder(), high: 1, final: final}
}

// Reset implements transform.Transformer.
func (m *utf16Decoder) Reset() {
	m.wide.Reset()
	m.inLine, m.narrow = false, false
}

// Transform implements transform.Transformer. Unless m.final is set, half a character at
// the end waits for its other half even if atEOF is set, for the file may grow.
func (m *utf16Decoder) Transform(dst, src []byte, atEOF bool) (nd, ns int, err error) {
	for ns < len(src) && err == nil {
		rest := src[ns:]
		if !m.inLine {
			known := false
			if m.narrow, known = m.startsNarrow(rest, atEOF); !known {
				return nd, ns, transform.ErrShortSrc
			}
			m.inLine = true
		}
		d, n := 0, 0
		if m.narrow {
			end := bytes.IndexByte(rest, '\n') + 1
			whole := end > 0
			if !whole {
				end = len(rest)
			}
			d, n, err = latin1Decoder{}.Transform(dst[nd:], rest[:end], whole || atEOF)
			m.inLine = !whole || n < end
		} else if end := m.wideEnd(rest, atEOF); end > 0 {
			d, n, err = m.wide.Transform(dst[nd:], rest[:end], m.final && end == len(rest)&^1)
			m.inLine = n == 0 || m.lineEnd(rest[n-2:n]) == 0
		} else if m.final {
			n = len(rest)
		} else {
			err = transform.ErrShortSrc
		}
		nd, ns = nd+d, ns+n
	}
	return nd, ns, err
}

// wideEnd returns the length of the UTF-16 with which text begins, in a line of it.
func (m *utf16Decoder) wideEnd(text []byte, atEOF bool) int {
	for at := 0; ; {
		n := m.lineEnd(text[at:])
		if n == 0 {
			return len(text) &^ 1
		}
		at += n
		if narrow, known := m.startsNarrow(text[at:], atEOF); narrow || !known {
			return at
		}
	}
}

// lineEnd returns the index after the first newline of UTF-16; 0 if there is none.
func (m *utf16Decoder) lineEnd(text []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i
		if first := at &^ 1; at%2 != m.high && first+1 < len(text) && text[first+m.high] == 0 {
			return first + 2
		}
	}
}

const (
	// narrowLook is how much of a line is looked at to see whether it is of bytes.
	narrowLook = 1 << 10
	// narrowLeast is the least text without zero bytes that cannot be UTF-16: one in
	// five characters of Chinese looks like two letters.
	narrowLeast = 16
)

// startsNarrow reports whether a line that begins with text is one of bytes. It is not
// known if that depends on what follows. atEOF says that nothing does.
func (m *utf16Decoder) startsNarrow(text []byte, atEOF bool) (narrow, known bool) {
	if m.high < len(text) && text[m.high] == 0 {
		return false, true
	}
	if bytes.HasPrefix(text, reader.ByteOrderMark) { // of UTF-8
		return true, true
	}
	whole := atEOF || len(text) >= narrowLook
	text = text[:min(len(text), narrowLook)]
	zero := bytes.IndexByte(text, 0)
	if zero >= 0 {
		text, whole = text[:zero], true
	}
	i := bytes.IndexByte(text, '\n')
	switch {
	case i < 0 && zero >= 0:
		return false, true
	case i < 0:
		return looksNarrow(text) && (len(text) >= narrowLeast || m.narrow), whole
	case zero == i+1 && i%2 == 0 && m.high == 1:
		return false, true // a newline of UTF-16 after a line without ASCII
	case zero < 0 && i+1 == len(text) && !whole:
		return false, false
	case !looksNarrow(text[:i]):
		return false, true
	case i >= narrowLeast:
		return true, true
	}
	if zero >= 0 {
		// Which of the two puts the zero byte where UTF-16 has it?
		fits := zero%2 == m.high
		if next := bytes.LastIndexByte(text, '\n') + 1; fits != ((zero-next)%2 == m.high) {
			return !fits, true
		}
	}
	switch {
	case m.narrow, m.unlikely(text):
		return true, true
	case len(text) >= narrowLeast:
		return looksNarrow(text), true
	}
	return zero < 0 && text[len(text)-1] == '\n', whole
}

// unlikely reports whether UTF-16 that begins with text, which has no zero bytes, would
// have a character of the scripts in which one byte is that of a newline, but not as its
// first one.
func (m *utf16Decoder) unlikely(text []byte) bool {
	for i, c := range text {
		if c == '\n' && i%2 == m.high && (i > 2 || i == 1 && !unicode.IsGraphic('\n'<<8|rune(text[0]))) {
			return true
		}
	}
	return false
}

// looksNarrow reports whether a text is mostly printable ASCII.
func looksNarrow(text []byte) bool {
	other := 0
	for _, c := range text {
		switch {
		case c >= utf8.RuneSelf:
			other++
		case c < ' ' && !textControl[c], c == 0x7f:
			return false
		}
	}
	return 5*other <= len(text)
}

// endsNarrow reports whether the newline at i of raw, which is UTF-16, ends a line of
// bytes.
func endsNarrow(raw []byte, i int) bool {
	if i+1 < len(raw) && raw[i+1] == 0 {
		return false
	}
	text := raw[max(0, i-narrowLeast):i]
	if k := bytes.LastIndexByte(text, '\n'); k >= 0 {
		text = bytes.TrimPrefix(text[k+1:], []byte{0})
	}
	return len(text) >= 4 && bytes.IndexByte(text, 0) < 0 && looksNarrow(text)
}

// detectUTF16WithoutMark detects UTF-16 without a byte order mark. It returns the empty
// Charset for other text. At least one in four code units must be ASCII, as
// blanks, digits and newlines are in any script, and so have a zero byte on one
// side, or one in ten if most others are of one script; almost none may have one
// on the other side; and the characters must occur in text. Many that look like two
// letters, without any other character outside ASCII, are fields that a zero byte
// separates. p starts at an even offset of the text.
func detectUTF16WithoutMark(p []byte) Charset {
	z := LeadingZeros(p) &^ 1
	p = p[z:min(len(p), z+8<<10)]
	p = p[:len(p)&^1]
	p = p[:(len(p)-TrailingZeros(p)+1)&^1]
	// The first line decides: UTF-16 may be appended to text of bytes.
	first := p[:min(len(p), 256)]
	if i := bytes.IndexByte(first, '\n'); i >= 0 {
		first = first[:min(len(first), i+2)]
	}
	switch zero := bytes.IndexByte(first, 0); {
	case zero < 0:
		return ""
	case zero > 8 && looksNarrow(first[:zero]) && isASCII(first[:zero]):
		return ""
	}
	if len(p) < 4 {
		return ""
	}
	var zeros [2]int
	for i, b := range p {
		if b == 0 {
			zeros[i&1]++
		}
	}
	units := len(p) / 2
	c, high := UTF16LE, 1
	if zeros[0] > zeros[1] {
		c, high = UTF16BE, 0
	}
	if zeros[high] < 2 || 10*zeros[high] < units || 20*zeros[1-high] > units {
		return ""
	}
	ascii, odd := 0, 0   // number of ASCII code units, and of those that do not occur in text
	pairs := 0           // number of those that look like two letters
	var scripts [256]int // numbers of the others by their high bytes
	for i := 0; i < len(p); i += 2 {
		u := rune(p[i+1])<<8 | rune(p[i])
		if c == UTF16BE {
			u = rune(p[i])<<8 | rune(p[i+1])
		}
		switch {
		case u > 0 && u < 0x80 && (u >= 0x20 && u != 0x7f || u < 0x20 && textControl[u]):
			ascii++
		case u > 0 && u < 0x80, u >= 0xfff0 && u != 0xfffd, u >= 0x80 && u < 0xa0:
			odd++
		default:
			scripts[u>>8&0xff]++
			if p[i] >= ' ' && p[i+1] >= ' ' {
				pairs++
			}
		}
	}
	if 4*pairs > ascii && isASCII(p) {
		return ""
	}
	if 50*odd > units || 4*ascii < units && !(10*ascii >= units && 10*ofOneScript(&scripts) >= 9*(units-ascii)) {
		return ""
	}
	return c
}

// ofOneScript returns how many characters, counted by the high bytes of UTF-16, are of the
// most frequent script: Chinese and Japanese, Korean, or any other.
func ofOneScript(n *[256]int) int {
	sum := func(list ...[2]int) (sum int) {
		for _, r := range list {
			for high := r[0]; high <= r[1]; high++ {
				sum += n[high]
			}
		}
		return sum
	}
	return max(slices.Max(n[1:]), sum([2]int{0x30, 0x30}, [2]int{0x4e, 0x9f}, [2]int{0xff, 0xff}), sum([2]int{0xac, 0xd7}))
}
