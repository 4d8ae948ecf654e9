package line

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// This file finds UTF-16 in a text of bytes: Windows PowerShell appends UTF-16LE with
// >> to files in any encoding.

// A utf16Part is the part of a line that is UTF-16LE.
type utf16Part struct {
	before     int // length of the text of bytes before it
	start, end int // its range, of whole code units
}

// findUTF16 finds UTF-16LE in a line with or without its newline. If the line before is
// UTF-16 too, the second byte of its newline is the first of this line. The UTF-16
// extends to the end of the line, or to text of bytes.
//
// At least one in four code units must be ASCII, as blanks, digits and returns are in
// any script, and no more than one in four may consist of two characters of ASCII,
// which in Chinese are about that many. So strings that end with zero bytes are none.
// A character such as U+4E0A, one of whose bytes is that of a newline, ends a line.
//
// UTF-16BE looks the same in between, as far as its characters have a zero byte; its
// byte order mark tells it apart.
func findUTF16(text []byte) (w utf16Part, ok bool) {
	if leftOver(text) {
		return utf16Part{start: 1, end: 1}, true
	}
	text = bytes.TrimSuffix(text, []byte{'\n'})
	ascii := 0 // units of ASCII, and the newline before
	switch z := bytes.IndexByte(text, 0); z {
	case -1:
		return w, false
	case 0:
		w.start, ascii = 1, 1
	default:
		w.start = z - 1
		switch {
		case bytes.HasSuffix(text[:z], []byte("\xfe\xff")):
			w.start, w.before = z+1, z-2
		case bytes.HasSuffix(text[:w.start], []byte("\xff\xfe")):
			w.before = w.start - 2
		default:
			w.before = w.start
		}
	}
	units, pairs := 0, 0
	for i := w.start; i+1 < len(text); i += 2 {
		units++
		switch u := rune(text[i+1])<<8 | rune(text[i]); {
		case u == 0, u >= 0x7f && u < 0xa0, u >= 0xfff0 && u != utf8.RuneError, u < ' ' && !isControlOfText(byte(u)):
			return w, false
		case u < 0x80:
			ascii++
			w.end = i + 2
		case isPrintable(text[i]) && isPrintable(text[i+1]):
			pairs++
		}
	}
	if w.end == 0 {
		return w, false
	}
	if rest := text[w.end:]; len(rest)%2 == 1 || len(rest) >= 8 && isPrintableText(rest) || !ascii7(rest) && utf8.Valid(rest) {
		n := len(rest) / 2
		units -= n
		pairs -= min(n, pairs)
	} else {
		w.end = len(text)
	}
	// Strings of one character that end with zero bytes look alike: a few, in a longer line.
	whole := w.start <= 1 && w.end == len(text) || w.before < w.start-1 // behind a byte order mark
	return w, ascii >= 2 && (whole || ascii >= 6) && 4*ascii >= units && 4*pairs <= units
}

func ascii7(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// leftOver reports whether a line of bytes begins with the second byte of a newline of
// UTF-16, as it does after such a text.
func leftOver(text []byte) bool {
	return len(text) > 0 && text[0] == 0 && bytes.IndexByte(text[1:], 0) < 0
}

// isControlOfText reports whether a control character occurs in text.
func isControlOfText(c byte) bool { return c >= '\a' && c <= '\r' || c == escape }

func isPrintable(c byte) bool { return c >= ' ' && c < 0x7f }

func isPrintableText(text []byte) bool {
	for _, c := range text {
		if !isPrintable(c) && !isControlOfText(c) {
			return false
		}
	}
	return true
}

// addUTF16 adds a line with UTF-16 in it.
func (s *Shown) addUTF16(text []byte, w utf16Part) {
	s.Text = append(s.Text, text[:w.before]...)
	for i := w.start; i < w.end; {
		if c := text[i]; text[i+1] == 0 && c < utf8.RuneSelf {
			if n := len(s.cuts); n == 0 || !s.cuts[n-1].wide || s.cuts[n-1].origin(len(s.Text)) != s.line+i {
				s.addCut(i, true)
			}
			s.Text = append(s.Text, c)
			i += 2
			continue
		}
		r, n := decodeWide(text[i:w.end])
		s.addCut(i, false)
		s.Text = utf8.AppendRune(s.Text, r)
		i += n
	}
	s.addCut(w.end, false)
	s.Text = append(s.Text, text[w.end:]...)
}

// decodeWide returns the character with which a text in UTF-16LE begins, and its number
// of bytes.
func decodeWide(text []byte) (rune, int) {
	r := rune(text[1])<<8 | rune(text[0])
	if utf16.IsSurrogate(r) && len(text) >= 4 {
		if both := utf16.DecodeRune(r, rune(text[3])<<8|rune(text[2])); both != utf8.RuneError {
			return both, 4
		}
	}
	return r, 2
}

// WideRune returns the character of UTF-16LE with which a part of a line of bytes begins, and
// its number of bytes, if the part seems to be UTF-16; the character is negative for the
// second byte of a newline. It judges by a few bytes, for drawing.
func WideRune(text []byte) (r rune, n int, ok bool) {
	switch {
	case len(text) > 2 && text[0] == 0 && text[1] != 0:
		_, _, ok = WideRune(text[1:])
		return -1, 1, ok
	case string(text) == "\r\x00":
		return '\r', 2, true
	case len(text) > 3 && text[0] != 0 && text[1] == 0 && text[3] == 0:
		for i := 2; i < min(len(text)-1, 8); i += 2 {
			if c := text[i]; text[i+1] == 0 && !isPrintable(c) && !isControlOfText(c) && c < 0xa0 {
				return 0, 0, false
			}
		}
		r = rune(text[0])
		return r, 2, r >= ' ' && r < 0x7f || r >= 0xa0 || r == '\r'
	}
	return 0, 0, false
}

// Narrow returns text with what is UTF-16LE in it converted to UTF-8, line by line; text
// itself if there is none. Such parts are appended to texts of bytes by Windows
// PowerShell.
func Narrow(text []byte) []byte {
	if bytes.IndexByte(text, 0) < 0 {
		return text
	}
	var s Shown
	found, wide := false, false // UTF-16 so far, and in the line before
	for at := 0; at < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		w, ok := findUTF16(text[at:end])
		if ok && !wide && leftOver(text[at:end]) {
			ok = false // it may be any zero byte
		}
		if wide = ok && w.end > w.start; ok {
			if !found {
				s.Text = append(s.Text, text[:at]...)
			}
			found = true
			s.addUTF16(text[at:end], w)
		} else if found {
			s.Text = append(s.Text, text[at:end]...)
		}
		at = end
	}
	if !found {
		return text
	}
	return s.Text
}
