package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"sync"

	"logview/index"
	"logview/index/match"
	"logview/reader"
	"logview/tui/visible"
)

// A printer writes hits as ripgrep does: for programs as path:text, or text
// alone, and for people under a heading, numbered and with what was looked
// for made visible.
type printer struct {
	out *os.File

	path    bool // say which file a line is of
	heading bool // above its lines, and not in front of each
	number  bool
	color   bool
	visible bool // spell out what a terminal would obey
	only    bool // the matching parts alone
	json    bool
	count   bool // matching lines a file
	list    bool // files with matching lines
	groups  bool // "--" between lines that are not neighbours

	nameColors bool // a colour of its own for each path

	mu    sync.Mutex // guards bufs
	bufs  [][]byte   // memory of rendered hits, used again
	spans sync.Pool

	file    string // that was last printed of
	last    reader.Line
	printed bool
	counted int64         // of file, with count
	beside  func() func() // called around each write, to clear the way for it
}

// Colours, as ripgrep's.
const (
	colorPath  = "\x1b[35m"
	colorLine  = "\x1b[32m"
	colorMatch = "\x1b[1;31m"
	colorOff   = "\x1b[0m"
)

// render makes of hits the bytes that will be written. It is called from
// several goroutines at once.
func (p *printer) render(h *index.Hits) {
	buf := p.takeBuf()
	keep, _ := p.spans.Get().(*[]match.Span)
	if keep == nil {
		keep = new([]match.Span)
	}
	spans := *keep
	prefix := p.prefix(h)
	var refs refMaker
	if p.json {
		refs = newRefMaker(h)
	}
	for i := range h.Lines {
		l := &h.Lines[i]
		text := h.Text[l.Start:l.End]
		if p.groups && i > 0 && l.Line != h.Lines[i-1].Line+1 {
			buf = append(buf, "--\n"...)
		}
		switch {
		case p.json:
			buf = appendJSON(buf, newJSONLine(h, refs, l, text))
		case p.only:
			if l.Context {
				continue
			}
			spans = h.Highlight(text, spans[:0])
			for _, sp := range spans {
				buf = p.appendPrefix(buf, prefix, l)
				buf = p.appendText(buf, text[sp.Start:sp.End], nil, true)
				buf = append(buf, '\n')
			}
		default:
			buf = p.appendPrefix(buf, prefix, l)
			spans = spans[:0]
			if p.color && !l.Context {
				spans = h.Highlight(text, spans)
			}
			buf = p.appendText(buf, text, spans, false)
			buf = append(buf, '\n')
		}
	}
	*keep = spans[:0]
	p.spans.Put(keep)
	h.Rendered = buf
}

func (p *printer) takeBuf() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.bufs); n > 0 {
		b := p.bufs[n-1]
		p.bufs = p.bufs[:n-1]
		return b[:0]
	}
	return nil
}

func (p *printer) giveBuf(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) > 0 && cap(b) <= 2<<20 && len(p.bufs) < 32 {
		p.bufs = append(p.bufs, b)
	}
}

// prefix is the path in front of each of a file's lines.
func (p *printer) prefix(h *index.Hits) []byte {
	if !p.path || p.heading {
		return nil
	}
	return p.pathText(h.Member.Path)
}

func (p *printer) pathText(path string) []byte {
	if path == reader.Stdin {
		path = "<stdin>"
	}
	text := []byte(path)
	if p.visible {
		text = visible.Append(nil, text, false)
	}
	if p.color {
		color := colorPath
		if p.nameColors {
			color = nameColor(path)
		}
		text = slicesConcat(color, text, colorOff)
	}
	return text
}

func slicesConcat(a string, b []byte, c string) []byte {
	return append(append([]byte(a), b...), c...)
}

// appendPrefix appends what stands before a line: path and number, with : in
// front of one that matches and - in front of one around it.
func (p *printer) appendPrefix(buf, prefix []byte, l *index.HitLine) []byte {
	sep := byte(':')
	if l.Context {
		sep = '-'
	}
	if prefix != nil {
		buf = append(append(buf, prefix...), sep)
	}
	if p.number {
		if p.color {
			buf = append(buf, colorLine...)
		}
		buf = strconv.AppendInt(buf, l.Line.Number(), 10)
		if p.color {
			buf = append(buf, colorOff...)
		}
		buf = append(buf, sep)
	}
	return buf
}

// appendText appends a line, or a part of it that matches.
func (p *printer) appendText(buf, text []byte, spans []match.Span, matched bool) []byte {
	if !p.visible {
		return append(buf, text...)
	}
	if !matched {
		text = bytes.TrimSuffix(text, []byte("\r"))
	} else if p.color {
		spans = []match.Span{{Start: 0, End: len(text)}}
	}
	at := 0
	for _, sp := range spans {
		end := min(sp.End, len(text))
		if sp.Start >= end {
			continue
		}
		buf = visible.Append(buf, text[at:sp.Start], false)
		buf = append(buf, colorMatch...)
		buf = visible.Append(buf, text[sp.Start:end], false)
		buf = append(buf, colorOff...)
		at = end
	}
	return visible.Append(buf, text[at:], false)
}

// A jsonLine is a line as --json prints it.
type jsonLine struct {
	Ref string `json:"ref,omitempty"`
	jsonPath
	Line    int64  `json:"line"`
	Offset  int64  `json:"offset"`
	Text    string `json:"text"`
	Bytes   string `json:"bytes,omitempty"` // base64 of the line, where it is not UTF-8
	Context bool   `json:"context,omitempty"`
}

// A jsonPath is a path as --json prints it.
type jsonPath struct {
	Path  string `json:"path"`
	Bytes string `json:"path_bytes,omitempty"` // base64 of the path, where it is not UTF-8
}

func newJSONPath(path string) jsonPath { return jsonPath{path, notUTF8([]byte(path))} }

func newJSONLine(h *index.Hits, refs refMaker, l *index.HitLine, text []byte) jsonLine {
	ref := refs.of(l, text)
	text = bytes.TrimSuffix(text, []byte("\r"))
	return jsonLine{
		Ref: ref, jsonPath: newJSONPath(h.Member.Path),
		Line: l.Line.Number(), Offset: int64(l.Offset), Text: string(text), Bytes: notUTF8(text), Context: l.Context,
	}
}

// A refMaker makes references to lines of one member.
type refMaker struct {
	path string // absolute; empty for what has none
	id   reader.ID
}

func newRefMaker(h *index.Hits) refMaker {
	if h.Member.Path == reader.Stdin {
		return refMaker{}
	}
	return refMaker{reader.Ref{Path: h.Member.Path}.Absolute().Path, h.ID}
}

// of is the reference to a line; empty if it can have none, as what came
// through a pipe.
func (r refMaker) of(l *index.HitLine, text []byte) string {
	if r.path == "" {
		return ""
	}
	return reader.Ref{Path: r.path, Line: l.Line, ID: reader.Identify(r.id, l.Offset, text, l.Open)}.String()
}

// emit writes hits in their turn.
func (p *printer) emit(h *index.Hits) error {
	defer func() {
		p.giveBuf(h.Rendered)
		h.Rendered = nil
	}()
	if h.Member.Path != p.file || !p.printed {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.count || p.list {
		p.file, p.printed = h.Member.Path, true
		p.counted += h.Count
		if p.list {
			return p.flush()
		}
		return nil
	}
	if len(h.Rendered) == 0 && h.Long == nil {
		return nil
	}
	var lead []byte
	first, last := p.ends(h)
	if p.heading && (h.Member.Path != p.file || !p.printed) {
		if p.printed {
			lead = append(lead, '\n')
		}
		lead = append(append(lead, p.pathText(h.Member.Path)...), '\n')
	} else if p.groups && p.printed && (h.Member.Path != p.file || first != p.last+1) {
		lead = append(lead, "--\n"...)
	}
	p.file, p.last, p.printed = h.Member.Path, last, true
	if h.Long != nil {
		return p.long(lead, h)
	}
	if len(lead) > 0 {
		if err := p.write(lead); err != nil {
			return err
		}
	}
	return p.write(h.Rendered)
}

// ends is the first and the last line of hits, for the marks between groups.
func (p *printer) ends(h *index.Hits) (first, last reader.Line) {
	switch {
	case h.Long != nil:
		return h.Long.Line, h.Long.Line
	case len(h.Lines) > 0:
		return h.Lines[0].Line, h.Lines[len(h.Lines)-1].Line
	}
	return 0, 0
}

// flush writes what is known of a file only at its end.
func (p *printer) flush() error {
	if !p.printed || p.counted == 0 || !p.count && !p.list {
		return nil
	}
	n := p.counted
	p.counted = 0
	var buf []byte
	switch {
	case p.json && p.list:
		buf = appendJSON(nil, newJSONPath(p.file))
	case p.json:
		buf = appendJSON(nil, struct {
			jsonPath
			Count int64 `json:"count"`
		}{newJSONPath(p.file), n})
	case p.list:
		buf = append(p.pathText(p.file), '\n')
	default:
		if p.path {
			buf = append(p.pathText(p.file), ':')
		}
		buf = strconv.AppendInt(buf, n, 10)
		buf = append(buf, '\n')
	}
	return p.write(buf)
}

func (p *printer) write(b []byte) error {
	if p.beside != nil {
		defer p.beside()()
	}
	_, err := p.out.Write(b)
	return err
}

// long writes a line that is too long to be rendered. Only its text is
// shown: what matched in it is not marked, and with -o or --json the whole
// line takes the place of what matched.
func (p *printer) long(lead []byte, h *index.Hits) error {
	if p.beside != nil {
		defer p.beside()()
	}
	l := &index.HitLine{Line: h.Long.Line, Offset: h.Long.Offset, Context: h.Long.Context, Open: h.Long.Open}
	if p.json {
		return p.longJSON(h, l)
	}
	lead = p.appendPrefix(lead, p.prefix(h), l)
	if _, err := p.out.Write(lead); err != nil {
		return err
	}
	var err error
	if p.visible {
		v := &visible.Writer{W: p.out}
		_, err = h.Long.WriteTo(v)
		if ferr := v.Flush(); err == nil {
			err = ferr
		}
	} else {
		_, err = h.Long.WriteTo(p.out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", reader.Ref{Path: h.Member.Path, Line: l.Line}, err)
	}
	_, err = p.out.Write([]byte{'\n'})
	return err
}

// longJSON writes a long line's object without holding the line.
func (p *printer) longJSON(h *index.Hits, hit *index.HitLine) error {
	l := h.Long
	start, err := l.Start(reader.Identified)
	if err != nil {
		return err
	}
	line := newJSONLine(h, newRefMaker(h), hit, start)
	line.Text, line.Bytes = "", ""
	head := appendJSON(nil, line)
	// …,"text":""}\n: the text goes between its quotes, and behind them its
	// bytes, if it is not UTF-8.
	cut := bytes.LastIndex(head, []byte(`""`)) + 1
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

var newline = []byte{'\n'}
