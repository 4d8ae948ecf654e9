// Package visible spells out what in a log's text is not a character to look
// at.
package visible

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Log text is hostile: an escape sequence in it could retitle the terminal,
// hide lines or worse. On a terminal, what is not a character to look at is
// spelled out, the way less does: ^[ for escape, <9B> for a stray byte,
// <U+202E> for characters that turn the order of others around.

// String is s, a name or a message, with everything spelled out but for line
// ends and tabs, and also what is not as wide on every terminal.
func String(s string) string {
	var b strings.Builder
	for _, r := range string(Append(nil, []byte(s), true)) {
		if Steady(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// Steady reports whether a character is as wide alone as beside others, on
// every terminal: parts of flags and of joined emoji are not.
func Steady(r rune) bool {
	return r != 0x200d && (r < 0x1f1e6 || r > 0x1f1ff) && (r < 0x1f3fb || r > 0x1f3ff) && (r < 0xfe00 || r > 0xfe0f)
}

// Append appends text to dst, spelled out. Tabs stay, and newlines if
// keepNewlines.
func Append(dst, text []byte, keepNewlines bool) []byte {
	for i := 0; i < len(text); {
		// The common case in one go: printable ASCII and tabs.
		k := i
		for k < len(text) && (text[k] >= ' ' && text[k] < 0x7f || text[k] == '\t') {
			k++
		}
		dst = append(dst, text[i:k]...)
		if i = k; i == len(text) {
			break
		}
		c := text[i]
		switch {
		case c == '\n' && keepNewlines:
			dst = append(dst, c)
			i++
		case c < ' ':
			dst = append(dst, '^', c+'@')
			i++
		case c == 0x7f:
			dst = append(dst, '^', '?')
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				dst = fmt.Appendf(dst, "<%02X>", c)
			case !Harmless(r):
				dst = fmt.Appendf(dst, "<U+%04X>", r)
			default:
				dst = append(dst, text[i:i+n]...)
			}
			i += n
		}
	}
	return dst
}

// Harmless reports whether a terminal only draws r, which is not ASCII. The
// others are the second set of control characters, those that set the
// direction of text, separators of lines, and characters that are not drawn
// at all, such as the soft hyphen. The zero-width joiner is harmless: emoji
// are made with it.
func Harmless(r rune) bool {
	switch {
	case r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfffe, r == 0xffff, r >= 0xe0000 && r <= 0xe0fff:
		return false
	case r < 0x300:
		return r != 0xad
	case r == zeroWidthJoiner, unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return true
	}
	return !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

const zeroWidthJoiner = 0x200d

// Seen reports whether r is a character to look at, wherever it stands. The
// parts of a joined emoji that are not drawn themselves are none.
func Seen(r rune) bool {
	return r >= ' ' && r < 0x7f || Harmless(r) && r != zeroWidthJoiner && !unicode.Is(unicode.Variation_Selector, r)
}

// WholeRunes is how long text is without a character whose end is missing.
func WholeRunes(text []byte) int {
	end := len(text)
	for i := max(0, end-utf8.UTFMax+1); i < end; i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			return i
		}
	}
	return end
}

// A Writer spells out what is written to it, piece by piece.
type Writer struct {
	W     io.Writer
	Lines bool   // leave line ends as they are
	keep  []byte // the beginning of a character, or of a line end, whose end has not come yet
	buf   []byte
}

// Write spells out p. What may be a part of a character is kept back.
func (v *Writer) Write(p []byte) (int, error) {
	text := append(v.keep, p...)
	end := WholeRunes(text)
	if v.Lines && end > 0 && text[end-1] == '\r' {
		end--
	}
	keep := append([]byte(nil), text[end:]...)
	text = text[:end]
	if v.Lines {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	v.buf = Append(v.buf[:0], text, v.Lines)
	v.keep = keep
	if _, err := v.W.Write(v.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was kept back.
func (v *Writer) Flush() error {
	_, err := v.W.Write(Append(nil, v.keep, v.Lines))
	v.keep = nil
	return err
}
