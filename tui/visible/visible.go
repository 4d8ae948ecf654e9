// Package visible spells out the characters of a log's text that must not reach
// a terminal or that cannot be seen.
package visible

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"logview/reader/line"
)

// Log text is hostile: an escape sequence in it could change the title of the
// terminal, hide lines or worse. On a terminal, such characters are spelled out
// as in less: ^[ for escape, <9B> for a stray byte, <U+202E> for a character
// that reverses the order of others.

// String returns s, a name or a message, spelled out except for line ends and
// tabs. It also spells out characters whose width depends on the terminal.
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

// Steady reports whether a character has the same width next to other
// characters as alone, on every terminal. Parts of flags and of joined emoji do
// not.
func Steady(r rune) bool {
	return r != 0x200d && (r < 0x1f1e6 || r > 0x1f1ff) && (r < 0x1f3fb || r > 0x1f3ff) && (r < 0xfe00 || r > 0xfe0f)
}

// Append appends text to dst, spelled out. It keeps tabs, and also newlines if
// keepNewlines is set.
func Append(dst, text []byte, keepNewlines bool) []byte {
	for i := 0; i < len(text); {
		// The common case: a run of printable ASCII and tabs.
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

// Harmless reports whether a terminal merely draws r, which is not ASCII.
// Characters that are not harmless are the second set of control characters,
// characters that set the direction of text, line separators, and characters
// that are not drawn at all, such as the soft hyphen. The zero-width joiner is
// harmless because emoji consist of characters joined by it.
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

// Seen reports whether r is visible on its own, wherever it stands. The parts
// of a joined emoji that are not drawn themselves are not.
func Seen(r rune) bool {
	return r >= ' ' && r < 0x7f || Harmless(r) && r != zeroWidthJoiner && !unicode.Is(unicode.Variation_Selector, r)
}

// WholeRunes returns the length of text without a character at its end that is
// incomplete.
func WholeRunes(text []byte) int {
	end := len(text)
	for i := max(0, end-utf8.UTFMax+1); i < end; i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			return i
		}
	}
	return end
}

// A Writer spells out the text that is written to it in parts, and writes it to
// W.
type Writer struct {
	W     io.Writer
	Lines bool   // keep line ends, and leave out what a terminal would not show
	keep  []byte // start of a character or of a line, whose remaining bytes were not written yet
	buf   []byte
	shown line.Shown
}

// keptLine is the length of the longest unfinished line that a Writer keeps back.
const keptLine = 64 << 10

// Write spells out p. It keeps back bytes at the end that may be part of a
// character or, if Lines is set, of a line.
func (v *Writer) Write(p []byte) (int, error) {
	text := append(v.keep, p...)
	end := WholeRunes(text)
	if v.Lines {
		if i := bytes.LastIndexByte(text, '\n') + 1; len(text)-i < keptLine {
			end = i
		} else if end > 0 && text[end-1] == '\r' {
			end--
		}
	}
	keep := append([]byte(nil), text[end:]...)
	text = text[:end]
	if v.Lines {
		if v.shown.Set(text) {
			text = v.shown.Text
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	v.buf = Append(v.buf[:0], text, v.Lines)
	v.keep = keep
	if _, err := v.W.Write(v.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes the bytes that were kept back.
func (v *Writer) Flush() error {
	text := v.keep
	if v.Lines && v.shown.Set(text) {
		text = v.shown.Text
	}
	_, err := v.W.Write(Append(nil, text, v.Lines))
	v.keep = nil
	return err
}
