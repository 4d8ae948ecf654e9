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

// appendJSON appends v as one line of JSON. It may end up on a terminal, so
// control characters and invisible characters are written as \u…. All JSON that
// commands print is made here.
func appendJSON(buf []byte, v any) []byte {
	b := bytes.NewBuffer(buf)
	start := len(buf)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // v has a type that JSON cannot represent
	}
	return escapeUnseen(b.Bytes(), start)
}

// escapeUnseen escapes the characters in b[start:], which is JSON, for which
// [visible.Seen] is false. Outside strings, JSON has none of them.
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

// notUTF8 returns s in base64 if it is not UTF-8, which JSON cannot represent,
// or else an empty string.
func notUTF8(s []byte) string {
	if utf8.Valid(s) {
		return ""
	}
	return base64.StdEncoding.EncodeToString(s)
}

// A jsonTextWriter writes the inside of a JSON string.
type jsonTextWriter struct {
	w       io.Writer
	keep    []byte // the beginning of an incomplete character
	notUTF8 bool   // what was written so far is not valid UTF-8
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
