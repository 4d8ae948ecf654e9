package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"logview/index"
	"logview/reader/files"
	"logview/reader/line"
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

// escapeUnseen escapes the characters in b[start:], which must be JSON, for
// which [visible.Seen] is false. Outside strings, JSON contains none of them.
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

// A jsonTextWriter writes the contents of a JSON string.
type jsonTextWriter struct {
	w       io.Writer
	keep    []byte // the beginning of an incomplete character
	notUTF8 bool   // the text so far is not valid UTF-8
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

// A jsonLine is a line in the output of --json.
type jsonLine struct {
	Ref string `json:"ref,omitempty"`
	jsonPath
	Line    int64  `json:"line"`
	Offset  int64  `json:"offset"`
	Text    string `json:"text"`
	Bytes   string `json:"bytes,omitempty"` // base64 of the line, if it is not UTF-8 or has UTF-16 in it
	Context bool   `json:"context,omitempty"`
	Time    string `json:"time,omitempty"` // the line's, or else that of the last line before that has one
	Level   string `json:"level,omitempty"`
	Derived bool   `json:"level_derived,omitempty"` // the level follows from the status of a request
	Log     string `json:"log,omitempty"`
	Record  string `json:"record,omitempty"` // ref of the first line of its record, with --record
	Format  string `json:"format,omitempty"`

	Fields jsonObject `json:"fields,omitempty"`
}

// A jsonPath is a path in the output of --json.
type jsonPath struct {
	Path  string `json:"path"`
	Bytes string `json:"path_bytes,omitempty"` // base64 of the path, if it is not UTF-8
}

func newJSONPath(path string) jsonPath { return jsonPath{path, notUTF8([]byte(path))} }

func (r *lineReader) newJSONLine(h *index.Hits, refs refMaker, l *index.HitLine, text []byte) jsonLine {
	ref := refs.ref(l, text)
	text = bytes.TrimSuffix(text, []byte("\r"))
	fields, raw := r.fieldsJSON(h, text), notUTF8(text)
	if narrow := line.Narrow(text); len(narrow) != len(text) {
		raw, text = base64.StdEncoding.EncodeToString(text), bytes.TrimSuffix(narrow, []byte("\r"))
	}
	return jsonLine{
		Ref: ref, jsonPath: newJSONPath(h.Member.Path),
		Line: l.Line.Number(), Offset: int64(l.Offset), Text: string(text), Bytes: raw, Context: l.Context,
		Time: r.timeText(l.Time), Level: h.Columns.LevelOf(text).String(), Derived: h.Columns.IsDerived(text), Log: logName(h), Record: r.record, Format: r.fields.Format(), Fields: fields,
	}
}

// writeLongJSON writes the JSON object for a long line without reading the line
// into memory.
func (p *printer) writeLongJSON(h *index.Hits, hit *index.HitLine) error {
	l := h.Long
	start, err := l.Start(files.Identified)
	if err != nil {
		return err
	}
	read := p.newLineReader()
	line := read.newJSONLine(h, newRefMaker(h), hit, start)
	line.Text, line.Bytes = "", ""
	head := appendJSON(nil, line)
	// The text goes between the quotes of "text":"". The bytes field, if the text
	// is not UTF-8, goes after them.
	empty := []byte(`"text":""`)
	cut := bytes.Index(head, empty) + len(empty) - 1
	if _, err := p.out.Write(head[:cut]); err != nil {
		return err
	}
	w := &jsonTextWriter{w: p.out}
	if _, err := l.WriteTo(w); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	if w.notUTF8 {
		if _, err := p.out.WriteString(`","bytes":"`); err != nil {
			return err
		}
		b := base64.NewEncoder(base64.StdEncoding, p.out)
		if _, err := l.WriteTo(b); err != nil {
			return err
		}
		if err := b.Close(); err != nil {
			return err
		}
	}
	_, err = p.out.Write(head[cut:])
	return err
}
