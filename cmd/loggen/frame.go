package main

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// wrapping is the format in which a container runtime writes a line.
type wrapping uint8

const (
	plainLines  wrapping = iota
	dockerLines          // {"log":"…\n","stream":"stdout","time":"…"}
	criLines             // TIME stdout F …
)

// A framer converts a record to lines of a file. A record of several lines
// becomes as many wrapped, numbered lines.
type framer struct {
	wrap     wrapping
	numbered bool
	seq      []int64 // last number by log, continued over rotations
	now      clock
	one      []byte
}

func newFramer(wrap wrapping, numbered bool, logs int) *framer {
	return &framer{wrap: wrap, numbered: numbered, seq: make([]int64, logs)}
}

// frame appends the lines of rec to b, as they are written to the file.
func (f *framer) frame(b []byte, rec *record) []byte {
	if f.wrap == plainLines && !f.numbered {
		b = append(b, rec.text...)
		return append(b, '\n')
	}
	if f.wrap != plainLines {
		f.now.set(rec.at)
	}
	for rest, more := rec.text, true; more; {
		var line []byte
		line, rest, more = bytes.Cut(rest, []byte{'\n'})
		if f.numbered {
			f.seq[rec.log]++
			f.one = append(f.one[:0], line...)
			f.one = append(f.one, " seq="...)
			f.one = strconv.AppendInt(f.one, f.seq[rec.log], 10)
			line = f.one
		}
		b = f.wrapLine(b, line, rec.bad)
		b = append(b, '\n')
	}
	return b
}

func (f *framer) wrapLine(b, line []byte, bad bool) []byte {
	stream := "stdout"
	if bad {
		stream = "stderr"
	}
	switch f.wrap {
	case dockerLines:
		b = append(b, `{"log":"`...)
		b = appendJSON(b, line)
		b = append(b, `\n","stream":"`...)
		b = append(b, stream...)
		b = append(b, `","time":"`...)
		b = f.now.appendISO(b, 9)
		return append(b, `"}`...)
	case criLines:
		b = f.now.appendISO(b, 9)
		b = append(b, ' ')
		b = append(b, stream...)
		b = append(b, " F "...)
		return append(b, line...)
	}
	return append(b, line...)
}

// appendJSON appends text, escaped as by docker's json-file driver, which also
// escapes <, > and &.
func appendJSON(b, text []byte) []byte {
	from := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c < utf8.RuneSelf {
			continue
		}
		if c >= utf8.RuneSelf {
			continue
		}
		b = append(b, text[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	return append(b, text[from:]...)
}
