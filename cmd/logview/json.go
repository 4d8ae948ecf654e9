package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"logview/tui/visible"
)

// appendJSON appends v as one line of JSON. All JSON that commands print is
// made here, because it may end up on a terminal: every character that a
// terminal could obey, or that is not seen there, is written as \u….
func appendJSON(buf []byte, v any) []byte {
	b := bytes.NewBuffer(buf)
	start := len(buf)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only types can be wrong
	}
	return escapeUnseen(b.Bytes(), start)
}

// escapeUnseen escapes the characters of b[start:], which is JSON, that
// [visible.Seen] refuses. Outside of strings JSON has none of them.
func escapeUnseen(b []byte, start int) []byte {
	i := start
	for i < len(b) && b[i] < 0x7f {
		i++
	}
	if i == len(b) {
		return b
	}
	rest := bytes.Clone(b[i:])
	b = b[:i]
	for len(rest) > 0 {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '\n' || visible.Seen(r):
			b = append(b, rest[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		rest = rest[n:]
	}
	return b
}

// notUTF8 is s in base64 if s is not UTF-8, so that JSON cannot hold it, and
// empty if it is.
func notUTF8(s []byte) string {
	if utf8.Valid(s) {
		return ""
	}
	return base64.StdEncoding.EncodeToString(s)
}

// A jsonTextWriter writes the inside of a JSON string.
type jsonTextWriter struct {
	w       io.Writer
	keep    []byte // the beginning of a character
	notUTF8 bool   // what was written so far is not
}

func (j *jsonTextWriter) Write(b []byte) (int, error) {
	text := append(j.keep, b...)
	end := visible.WholeRunes(text)
	j.keep = append([]byte(nil), text[end:]...)
	return len(b), j.put(text[:end])
}

func (j *jsonTextWriter) put(text []byte) error {
	j.notUTF8 = j.notUTF8 || !utf8.Valid(text)
	out := bytes.TrimSuffix(appendJSON(nil, string(text)), newline)
	_, err := j.w.Write(out[1 : len(out)-1])
	return err
}

func (j *jsonTextWriter) flush() error { return j.put(j.keep) }
