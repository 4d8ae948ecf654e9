package decode

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"logview/reader"
)

// This file decodes UTF-16 to which other programs appended text of bytes, as cmd.exe
// and the program itself do after Windows PowerShell began the file. The other way
// round the text is one of bytes, and [line.Shown] finds the UTF-16 in it.

// A mixedDecoder decodes UTF-16 with lines of ASCII, UTF-8 or Latin-1 in between. At the
// start of each line it decides which of the two follows.
type mixedDecoder struct {
	wide   transform.Transformer
	high   int  // index of the byte of a code unit that is zero for ASCII
	final  bool // half a character at the end is left out
	inLine bool
	narrow bool // the line that it is in, or the last one, is of bytes
}

func newMixedDecoder(c Charset, final bool) *mixedDecoder {
	if c == UTF16BE {
		return &mixedDecoder{wide: utf.UTF16(utf.BigEndian, utf.IgnoreBOM).NewDecoder(), final: final}
	}
	return &mixedDecoder{wide: utf.UTF16(utf.LittleEndian, utf.IgnoreBOM).NewDecoder(), high: 1, final: final}
}

// Reset implements transform.Transformer.
func (m *mixedDecoder) Reset() {
	m.wide.Reset()
	m.inLine, m.narrow = false, false
}

// Transform implements transform.Transformer. Unless m.final is set, half a character at
// the end waits for its other half even if atEOF is set, for the file may grow.
func (m *mixedDecoder) Transform(dst, src []byte, atEOF bool) (nd, ns int, err error) {
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
func (m *mixedDecoder) wideEnd(text []byte, atEOF bool) int {
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
func (m *mixedDecoder) lineEnd(text []byte) int {
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
func (m *mixedDecoder) startsNarrow(text []byte, atEOF bool) (narrow, known bool) {
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
func (m *mixedDecoder) unlikely(text []byte) bool {
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
