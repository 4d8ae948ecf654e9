package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"logview/index"
	"logview/index/match"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui/visible"
)

// A printer prints hits as ripgrep does: to a pipe as path:text, or text alone,
// and to a terminal under headings, with line numbers and highlighted matches.
type printer struct {
	out *os.File

	mode     mode
	path     bool   // print paths
	pipe     string // the path of the only file if that is standard input or a named pipe
	inside   bool   // print paths of files in an archive that came through pipe
	heading  bool   // print the path above its lines instead of before each, and an empty line between files
	number   bool
	column   bool // print the column of the first match
	offset   bool
	color    bool
	visible  bool // spell out control characters
	raw      bool // and control sequences; otherwise they are left out then
	only     bool // print only the matching parts
	vimgrep  bool // print a line for each match
	inverted bool // the query is negated
	json     bool
	form     form           // of names
	names    []string       // of the values to print of each line; nil prints the line
	zone     *time.Location // of times that are printed
	seen     sync.Map       // those of names of which a line had a value
	formats  *line.Formats  // of the lines, as in match.Options
	trim     bool           // remove blanks at the beginning of lines
	null     bool           // print a NUL after each path
	columns  int64          // omit longer lines; 0 means no limit
	preview  bool           // print the beginning of omitted lines
	between  []byte         // printed between groups of adjacent lines; nil for nothing

	afterField, contextSign string // printed after a path or a number: of a matching line, and of a context line

	nameColors bool // choose the colour of a path by its name

	mu    sync.Mutex // guards bufs
	bufs  [][]byte   // buffers of rendered hits, to be reused
	spans sync.Pool

	file    string // the file printed last
	last    reader.Line
	printed bool
	counted int64         // lines or matches in file, if only that number is printed
	beside  func() func() // called around each write, to hide the status line
}

// The same colours as in ripgrep.
const (
	colorPath  = "\x1b[35m"
	colorLine  = "\x1b[32m"
	colorMatch = "\x1b[1;31m"
	colorOff   = "\x1b[0m"
)

// render formats hits, or counts the matches for --count-matches. It is called
// by several goroutines at once.
func (p *printer) render(h *index.Hits) { p.renderIn(h, "") }

// renderIn is render for hits that are a record, or a part of one, whose first line has
// the ref.
func (p *printer) renderIn(h *index.Hits, record string) {
	keep, _ := p.spans.Get().(*[]match.Span)
	if keep == nil {
		keep = new([]match.Span)
	}
	spans := *keep
	defer func() {
		*keep = spans[:0]
		p.spans.Put(keep)
	}()
	if p.mode == printCountMatches {
		n := 0
		for _, l := range h.Lines {
			spans = h.Matches(reader.Unmarked(h.Text[l.Start:l.End], l.Skips), spans[:0])
			n += max(len(spans), 1) // without spans, it matches because of a negation
		}
		h.Rendered = binary.AppendVarint(p.getBuf(), int64(n))
		return
	}
	buf := p.getBuf()
	prefix := p.prefix(h)
	var refs refMaker
	if p.json || p.names != nil {
		refs = newRefMaker(h)
	}
	read := p.newLineReader()
	read.record = record
	for i := range h.Lines {
		l := &h.Lines[i]
		text := h.Text[l.Start:l.End]
		if p.between != nil && i > 0 && l.Line != h.Lines[i-1].Line+1 {
			buf = append(buf, p.between...)
		}
		spans = spans[:0]
		if p.needsMatches(l) {
			spans = h.Matches(reader.Unmarked(text, l.Skips), spans)
		}
		switch {
		case p.json:
			buf = appendJSON(buf, read.newJSONLine(h, refs, l, text))
		case p.names != nil:
			buf = read.appendSelected(buf, p.form, p.names, p.visible, h, refs, l, text)
		case p.only && !l.Context && !p.inverted:
			for _, sp := range spans {
				if sp.Start == sp.End {
					continue
				}
				buf = p.appendPrefix(buf, prefix, l, &sp, sp.Start)
				buf = p.appendPart(buf, text[sp.Start:sp.End])
			}
		case p.vimgrep && len(spans) > 0:
			for _, sp := range spans {
				buf = p.appendPrefix(buf, prefix, l, &sp, sp.Start)
				buf = p.appendLine(buf, text, spans, l)
			}
		default:
			var first *match.Span
			switch {
			case len(spans) > 0:
				first = &spans[0]
			case !l.Context && !p.inverted:
				first = &match.Span{} // it matches because of a negation, or the match is empty
			}
			buf = p.appendPrefix(buf, prefix, l, first, 0)
			buf = p.appendLine(buf, text, spans, l)
		}
	}
	h.Rendered = buf
}

// needsMatches reports whether the positions of matches are needed.
func (p *printer) needsMatches(l *index.HitLine) bool {
	return !l.Context && !p.inverted && !p.json && (p.color || p.only || p.column)
}

func (p *printer) getBuf() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.bufs); n > 0 {
		b := p.bufs[n-1]
		p.bufs = p.bufs[:n-1]
		return b[:0]
	}
	return nil
}

func (p *printer) putBuf(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) > 0 && cap(b) <= 2<<20 && len(p.bufs) < 32 {
		p.bufs = append(p.bufs, b)
	}
}

// prefix returns the path that precedes each of a file's lines.
func (p *printer) prefix(h *index.Hits) []byte {
	if !p.printsPath(h.Member.Path) || p.heading {
		return nil
	}
	return p.pathText(h.Member.Path)
}

// printsPath reports whether a file's path is printed.
func (p *printer) printsPath(path string) bool {
	return p.path || p.inside && path != p.pipe
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

// appendPrefix appends the text before a line: path, number, column and offset,
// each followed by p.afterField for a matching line and p.contextSign for a
// context line. first is the match that gives the column, nil for no column; at
// is the index in the line for the offset.
func (p *printer) appendPrefix(buf, prefix []byte, l *index.HitLine, first *match.Span, at int) []byte {
	sep := p.afterField
	if l.Context {
		sep = p.contextSign
	}
	if prefix != nil {
		buf = append(buf, prefix...)
		if p.null {
			buf = append(buf, 0)
		} else {
			buf = append(buf, sep...)
		}
	}
	if p.number {
		if p.color {
			buf = append(buf, colorLine...)
		}
		buf = strconv.AppendInt(buf, l.Line.Number(), 10)
		if p.color {
			buf = append(buf, colorOff...)
		}
		buf = append(buf, sep...)
	}
	if p.column && first != nil {
		buf = strconv.AppendInt(buf, int64(l.OffsetAt(first.Start)-l.Offset)+1, 10)
		buf = append(buf, sep...)
	}
	if p.offset {
		buf = strconv.AppendInt(buf, int64(l.OffsetAt(at)), 10)
		buf = append(buf, sep...)
	}
	return buf
}

// appendLine appends a line and a newline, or a note for a line that is too long.
func (p *printer) appendLine(buf, text []byte, spans []match.Span, l *index.HitLine) []byte {
	if p.trim {
		n := len(text) - len(trimLeft(text))
		text = text[n:]
		moved := make([]match.Span, len(spans))
		for i, sp := range spans {
			moved[i] = match.Span{Start: max(sp.Start-n, 0), End: max(sp.End-n, 0)}
		}
		spans = moved
	}
	if !p.omits(int64(len(text)), l.Open) {
		return append(p.appendText(buf, text, spans, false), '\n')
	}
	switch {
	case p.preview:
		text = p.beginning(text)
		buf = p.appendText(buf, text, spans, false)
		if len(spans) == 0 {
			buf = append(buf, omittedEnd...)
			break
		}
		left := 0
		for _, sp := range spans {
			if sp.Start >= len(text) {
				left++
			}
		}
		buf = appendMore(buf, left)
	case len(spans) > 0:
		buf = fmt.Appendf(buf, "[Omitted long line with %d matches]", len(spans))
	default:
		buf = append(buf, omitted(l.Context)...)
	}
	return append(buf, '\n')
}

// omits reports whether a line with a text of n bytes is omitted for its length. As in
// ripgrep its newline counts, which it does not have if open is set; a text of which
// the preview shows everything is not omitted.
func (p *printer) omits(n int64, open bool) bool {
	if !open && !p.preview {
		n++
	}
	return p.columns > 0 && n > p.columns
}

// beginning returns the beginning of a text that is too long.
func (p *printer) beginning(text []byte) []byte {
	end := 0
	for range p.columns {
		_, n := utf8.DecodeRune(text[end:])
		end += n
	}
	return text[:end]
}

// appendMore appends the number of matches in the part of a line that -M omits.
func appendMore(buf []byte, n int) []byte {
	if n == 1 {
		return append(buf, " [... 1 more match]"...)
	}
	return fmt.Appendf(buf, " [... %d more matches]", n)
}

// omitted and omittedEnd are printed instead of a line that is too long, and
// after its beginning.
func omitted(context bool) string {
	if context {
		return "[Omitted long context line]"
	}
	return "[Omitted long matching line]"
}

const omittedEnd = " [... omitted end of long line]"

// appendPart appends a matching part of a line and a newline.
func (p *printer) appendPart(buf, text []byte) []byte {
	if p.trim {
		text = trimLeft(text)
	}
	switch {
	case !p.omits(int64(len(text)), true):
		buf = p.appendText(buf, text, nil, true)
	case p.preview:
		buf = appendMore(p.appendText(buf, p.beginning(text), nil, true), 0)
	default:
		buf = append(buf, omitted(false)...)
	}
	return append(buf, '\n')
}

// trimLeft returns text without the blanks at its beginning.
func trimLeft(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\v\f") }

// appendText appends a line, or a matching part of it.
func (p *printer) appendText(buf, text []byte, spans []match.Span, matched bool) []byte {
	if !p.visible {
		if !p.raw {
			text = line.Narrow(text)
		}
		return append(buf, text...)
	}
	if !matched {
		text = bytes.TrimSuffix(text, []byte("\r"))
	} else if p.color {
		spans = []match.Span{{Start: 0, End: len(text)}}
	}
	if shown := new(line.Shown); !p.raw && shown.Set(text) {
		spans = slices.Clone(spans)
		for i, sp := range spans {
			spans[i] = match.Span{Start: shown.Index(sp.Start), End: shown.Index(sp.End)}
		}
		text = shown.Text
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

// A refMaker makes refs to lines of a member.
type refMaker struct {
	path string // absolute path; empty if lines cannot have refs
	id   reader.ID
}

func newRefMaker(h *index.Hits) refMaker {
	if files.IsPipe(h.Member) {
		return refMaker{} // it can be read only once
	}
	return refMaker{files.Ref{Path: h.Member.Path}.Absolute().Path, h.ID}
}

// ref returns the ref to a line; empty if the line cannot have one, because it
// came through a pipe.
func (r refMaker) ref(l *index.HitLine, text []byte) string {
	if r.path == "" {
		return ""
	}
	identify := files.Identify
	if l.Rest {
		identify = files.IdentifyRest
	}
	return files.Ref{Path: r.path, Line: l.Line, ID: identify(r.id, l.Offset, text, l.Open)}.String()
}

// begin writes what comes before all lines.
func (p *printer) begin() error {
	if p.names == nil || p.form != formCSV {
		return nil
	}
	return p.write(appendCSV(nil, p.names))
}

// emit writes hits in order.
func (p *printer) emit(h *index.Hits) error {
	defer func() {
		p.putBuf(h.Rendered)
		h.Rendered = nil
	}()
	if h.Member.Path != p.file || !p.printed {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.mode != printLines {
		p.file, p.printed = h.Member.Path, true
		switch {
		case p.mode == printCountMatches && h.Long == nil:
			n, _ := binary.Varint(h.Rendered)
			p.counted += n
		case p.mode != printFilesWithout:
			p.counted += h.Count
		}
		if p.mode == printFiles {
			return p.flush()
		}
		return nil
	}
	if len(h.Rendered) == 0 && h.Long == nil {
		return nil
	}
	var lead []byte
	first, last := p.lineRange(h)
	if p.heading && (h.Member.Path != p.file || !p.printed) {
		if p.printed {
			lead = append(lead, '\n')
		}
		if p.printsPath(h.Member.Path) {
			lead = append(lead, p.pathText(h.Member.Path)...)
			lead = p.endPath(lead)
		}
	} else if p.between != nil && p.printed && (h.Member.Path != p.file || first != p.last+1) {
		lead = append(lead, p.between...)
	}
	p.file, p.last, p.printed = h.Member.Path, last, true
	if h.Long != nil {
		return p.writeLong(lead, h)
	}
	if len(lead) > 0 {
		if err := p.write(lead); err != nil {
			return err
		}
	}
	return p.write(h.Rendered)
}

// endPath appends the byte that ends a path on its own line.
func (p *printer) endPath(buf []byte) []byte {
	if p.null {
		return append(buf, 0)
	}
	return append(buf, '\n')
}

// lineRange returns the numbers of the first and the last line of hits, which
// decide where groups are separated.
func (p *printer) lineRange(h *index.Hits) (first, last reader.Line) {
	switch {
	case h.Long != nil:
		return h.Long.Line, h.Long.Line
	case len(h.Lines) > 0:
		return h.Lines[0].Line, h.Lines[len(h.Lines)-1].Line
	}
	return 0, 0
}

// flush writes the count of the last file, which is known only at its end.
func (p *printer) flush() error {
	if !p.printed || p.counted == 0 {
		return nil
	}
	n := p.counted
	p.counted = 0
	return p.summary(p.file, n)
}

// summary writes a file's path or count, in the modes that do not print lines.
func (p *printer) summary(path string, n int64) error {
	var buf []byte
	list := p.mode == printFiles || p.mode == printFilesWithout
	switch {
	case p.json && list:
		buf = appendJSON(nil, newJSONPath(path))
	case p.json:
		buf = appendJSON(nil, struct {
			jsonPath
			Count int64 `json:"count"`
		}{newJSONPath(path), n})
	case list:
		buf = p.endPath(p.pathText(path))
	default:
		if p.printsPath(path) {
			buf = p.pathText(path)
			if p.null {
				buf = append(buf, 0)
			} else {
				buf = append(buf, ':')
			}
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

// writeLong writes a line that is too long to be rendered. Matches in it are not
// highlighted and have no column; with -o or --json the whole line is printed
// instead of the match.
func (p *printer) writeLong(lead []byte, h *index.Hits) error {
	if p.beside != nil {
		defer p.beside()()
	}
	l := &index.HitLine{Line: h.Long.Line, Offset: h.Long.Offset, Context: h.Long.Context, Open: h.Long.Open, Time: h.Long.Time}
	if p.json {
		return p.writeLongJSON(h, l)
	}
	if p.names != nil {
		start, err := h.Long.Start(longestKept)
		if err != nil {
			return err
		}
		read := p.newLineReader()
		_, err = p.out.Write(read.appendSelected(lead, p.form, p.names, p.visible, h, newRefMaker(h), l, start))
		return err
	}
	lead = p.appendPrefix(lead, p.prefix(h), l, nil, 0)
	tooLong := p.omits(h.Long.Len, l.Open)
	end := "\n"
	switch {
	case tooLong && p.preview:
		end = omittedEnd + end
	case tooLong:
		end = omitted(l.Context) + end
	}
	if _, err := p.out.Write(lead); err != nil {
		return err
	}
	if !tooLong || p.preview {
		if err := p.writeLongText(h.Long, tooLong); err != nil {
			return fmt.Errorf("%s: %w", files.Ref{Path: h.Member.Path, Line: l.Line}, err)
		}
	}
	_, err := p.out.WriteString(end)
	return err
}

// writeLongText writes the text of a long line, or its beginning.
func (p *printer) writeLongText(l *index.LongLine, start bool) (err error) {
	var w io.Writer = p.out
	if p.visible {
		v := &visible.Writer{W: w}
		defer func() {
			if ferr := v.Flush(); err == nil {
				err = ferr
			}
		}()
		w = v
	}
	if start {
		w = &startWriter{w: w, left: p.columns}
	}
	if p.trim {
		w = &trimWriter{w: w}
	}
	if _, err = l.WriteTo(w); errors.Is(err, errStarted) {
		err = nil
	}
	return err
}

// errStarted stops writing a line after its beginning was written.
var errStarted = errors.New("the beginning was written")

// A startWriter writes only the first left characters of a text.
type startWriter struct {
	w    io.Writer
	left int64
}

func (s *startWriter) Write(b []byte) (int, error) {
	for i, c := range b {
		if !utf8.RuneStart(c) {
			continue
		}
		if s.left--; s.left < 0 {
			if _, err := s.w.Write(b[:i]); err != nil {
				return 0, err
			}
			return i, errStarted
		}
	}
	return s.w.Write(b)
}

// A trimWriter removes the blanks at the beginning of a text.
type trimWriter struct {
	w     io.Writer
	begun bool
}

func (t *trimWriter) Write(b []byte) (int, error) {
	rest := b
	if !t.begun {
		rest = trimLeft(b)
		t.begun = len(rest) > 0
	}
	if len(rest) == 0 {
		return len(b), nil
	}
	n, err := t.w.Write(rest)
	return len(b) - len(rest) + n, err
}

var newline = []byte{'\n'}
