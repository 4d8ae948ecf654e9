package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"logview/index"
	"logview/index/match"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
)

// mostRecordLines is the number of lines before and after a matching line that are
// searched for the rest of its record. Longer records are cut.
const mostRecordLines = 500

// longestRecordLine is how much of a line in a record is kept.
const longestRecordLine = 1 << 20

// A record is the lines of a record with a matching line, which counts as one. Usually
// they are one element; if the log was rotated inside the record, those in each file are
// one. Lines that do not match are context.
type record []*index.Hits

// time returns the time of a record: of its first line, or else of one that matches.
func (r record) time() time.Time {
	for _, h := range r {
		for i := range h.Lines {
			if t := h.Lines[i].Time; !t.IsZero() {
				return t
			}
		}
	}
	return time.Time{}
}

// lastLine returns the number of the last line of a record in its file.
func (r record) lastLine() reader.Line {
	lines := r[len(r)-1].Lines
	return lines[len(lines)-1].Line
}

// renderRecord formats a record.
func (p *printer) renderRecord(r record) {
	ref := ""
	if p.json {
		h := r[0]
		l := &h.Lines[0]
		ref = newRefMaker(h).ref(l, h.Text[l.Start:l.End])
	}
	for _, h := range r {
		p.renderIn(h, ref)
	}
}

// emitRecord formats and prints a record, or counts it.
func (p *printer) emitRecord(r record) error {
	if p.mode == printLines {
		p.renderRecord(r)
	}
	for _, h := range r {
		if err := p.emit(h); err != nil {
			return err
		}
	}
	return nil
}

var errRecordAround = errors.New("--record prints the lines around a match that belong to it: leave out -A, -B, -C and --passthru, or --record")

// A recordMaker makes records of hits with context.
type recordMaker struct {
	ctx     context.Context
	zone    *time.Location
	formats *line.Formats // of the user; nil for none
	emit    func(record) error

	begins  line.Records
	parts   record      // of the current record, without what was emitted; their lines are in texts
	texts   [][]byte    // of parts
	last    *index.Hits // of the last line added; nil before the first
	at      reader.Line // the last line added
	n       int         // lines of the record
	matches int64       // of them
	after   int         // lines after the last matching one
	emitted bool        // the beginning of the record was emitted

	// taken are the files whose last record goes on in the next and was emitted, and the
	// first line of it.
	taken map[string]reader.Line
	ends  map[string]reader.Line // the last lines emitted, by file
}

// forRecords changes a request so that its hits contain whole records.
func forRecords(req *index.Request) {
	req.Before, req.After, req.Times, req.Render = mostRecordLines, mostRecordLines, true, nil
	req.CountOnly = false
}

// add adds hits.
func (r *recordMaker) add(h *index.Hits) error {
	if h.Long != nil {
		short, err := shorten(h)
		if err != nil {
			return err
		}
		short.Lines[0].Own = true // so that it begins a record
		h = short
	}
	for i := range h.Lines {
		l := h.Lines[i]
		if !r.precedes(h, l.Line) {
			if err := r.flush(); err != nil {
				return err
			}
			r.begins = line.Records{}
		}
		text := h.Text[l.Start:l.End]
		text = text[:min(len(text), longestRecordLine)]
		if r.begins.Add(text, l.Own) || r.n > 2*mostRecordLines {
			if err := r.end(); err != nil {
				return err
			}
		}
		r.n++
		if r.after++; !l.Context {
			r.matches++
			r.after = 0
		}
		r.parts, r.texts = appendRecordLine(r.parts, r.texts, h, l, text)
		r.last, r.at = r.parts[len(r.parts)-1], l.Line
	}
	return nil
}

// appendRecordLine appends a line of h to the parts of a record and their texts.
func appendRecordLine(parts record, texts [][]byte, h *index.Hits, l index.HitLine, text []byte) (record, [][]byte) {
	if n := len(parts); n == 0 || parts[n-1].Member.Path != h.Member.Path {
		parts = append(parts, &index.Hits{Source: h.Source, Member: h.Member, ID: h.ID, Columns: h.Columns, Matches: h.Matches})
		texts = append(texts, nil)
	}
	n := len(parts) - 1
	from := len(texts[n])
	texts[n] = append(texts[n], text...)
	l.Span = match.Span{Start: from, End: len(texts[n])}
	parts[n].Text, parts[n].Lines = texts[n], append(parts[n].Lines, l)
	return parts, texts
}

// precedes reports whether the last line added is the one before line l of h.
func (r *recordMaker) precedes(h *index.Hits, l reader.Line) bool {
	switch {
	case r.last == nil:
		return false
	case r.last.Member.Path == h.Member.Path:
		return l == r.at+1 || l == 0 && h.Source == nil // of a followed log, that was rotated
	}
	return l == 0 && r.reachesEnd() && isNext(r.last, h)
}

// isNext reports whether the file of b follows that of a in their log, but for empty ones.
func isNext(a, b *index.Hits) bool {
	if a.Source == nil || a.Source != b.Source {
		return false
	}
	members := a.Source.Members()
	i := memberIndex(members, a.Member) + 1
	for i > 0 && i < len(members) && members[i].Size == 0 {
		i++
	}
	return i > 0 && i < len(members) && members[i].Path == b.Member.Path
}

func memberIndex(members []reader.Member, m reader.Member) int {
	return slices.IndexFunc(members, func(x reader.Member) bool { return x.Path == m.Path })
}

// reachesEnd reports whether the last line added, which no other line of its file
// followed, is the last one of the file.
func (r *recordMaker) reachesEnd() bool { return r.matches > 0 && r.after < mostRecordLines }

// flush ends the current record if no line follows it: the rest may be in the next file.
func (r *recordMaker) flush() error {
	if r.reachesEnd() {
		r.readOn()
	}
	return r.end()
}

// end passes the current record on, if a line of it matches, and begins another.
func (r *recordMaker) end() error {
	err := r.pass()
	r.parts, r.texts, r.n, r.matches, r.after, r.emitted = nil, nil, 0, 0, 0, false
	return err
}

// pass passes on what there is of the current record, if a line of it matches.
func (r *recordMaker) pass() error {
	parts := r.parts
	if r.matches == 0 || len(parts) == 0 {
		return nil
	}
	rest := r.emitted
	r.parts, r.texts, r.emitted = nil, nil, true
	if rest {
		return r.emit(parts)
	}
	count, began := int64(1), time.Time{}
	for parts[0].Lines[0].Line == 0 && !parts[0].Lines[0].Own {
		before := r.beginning(parts)
		if before == nil {
			break
		}
		if end, ok := r.ends[before[0].Member.Path]; ok && before.lastLine() == end {
			count, began = 0, before.time() // of a long record, the beginning was emitted before
			break
		}
		parts = append(before, parts...)
	}
	first := parts[0]
	if len(parts) > 1 {
		if from, ok := r.taken[first.Member.Path]; ok && first.Lines[0].Line == from {
			return nil
		}
		if r.taken == nil {
			r.taken = map[string]reader.Line{}
		}
		r.taken[first.Member.Path] = first.Lines[0].Line
	}
	// All lines of a record have the time of its first.
	if count > 0 {
		began = first.Lines[0].Time
	}
	for _, h := range parts {
		for i := range h.Lines {
			if h.Lines[i].Time.IsZero() {
				h.Lines[i].Time = began
			}
		}
	}
	if r.ends == nil {
		r.ends = map[string]reader.Line{}
	}
	r.ends[parts[len(parts)-1].Member.Path] = parts.lastLine()
	first.Count = count
	return r.emit(parts)
}

// readOn adds the lines of the record that are at the beginning of the files that
// follow. What cannot be read there is left out: a search of these files reports it.
func (r *recordMaker) readOn() {
	if r.last.Source == nil {
		return
	}
	members := r.last.Source.Members()
	for i := memberIndex(members, r.last.Member) + 1; i > 0 && i < len(members); i++ {
		whole := r.readFile(r.last.Source, members[i], reader.Pos{}, func(h *index.Hits, l index.HitLine, text []byte) bool {
			if r.begins.Add(text, l.Own) || r.after >= mostRecordLines {
				return false
			}
			r.after++
			r.parts, r.texts = appendRecordLine(r.parts, r.texts, h, l, text)
			return true
		})
		if !whole {
			return
		}
	}
}

// beginning returns the lines at the end of the file before the first one of a record
// that it continues; nil if there are none.
func (r *recordMaker) beginning(of record) (parts record) {
	src, first := of[0].Source, of[0]
	if src == nil {
		return nil
	}
	members := src.Members()
	var pos reader.Pos
	i, n := memberIndex(members, first.Member), int64(0)
	for n == 0 { // empty files are passed over
		if i--; i < 0 {
			return nil
		}
		var err error
		if pos, n, err = files.TailPos(r.ctx, src, members[i], mostRecordLines); err != nil {
			return nil
		}
	}
	var texts [][]byte
	var begins line.Records
	whole := r.readFile(src, members[i], pos, func(h *index.Hits, l index.HitLine, text []byte) bool {
		if begins.Add(text, l.Own) {
			parts, texts = nil, nil
		}
		parts, texts = appendRecordLine(parts, texts, h, l, text)
		return true
	})
	l := &first.Lines[0]
	if !whole || len(parts) == 0 || begins.Add(first.Text[l.Start:l.End], l.Own) {
		return nil
	}
	if pos.Line < 0 {
		n, err := r.linesBefore(src, members[i], pos.Offset)
		if err != nil {
			return nil
		}
		for k := range parts[0].Lines {
			parts[0].Lines[k].Line += n
		}
	}
	return parts
}

// readFile calls add for each line of a file from at on, which is the beginning of a
// line, until it returns false. If the line number of at is not known, lines are counted
// from 0. readFile returns true if it read the whole file.
func (r *recordMaker) readFile(src reader.Source, m reader.Member, at reader.Pos, add func(*index.Hits, index.HitLine, []byte) bool) bool {
	head, err := firstText(r.ctx, src, m)
	if err != nil {
		return false
	}
	clock := line.Clock{Zone: r.zone, Ref: m.ModTime, Formats: r.formats}
	clock.Learn(head)
	blocks, err := src.Open(r.ctx, m, at)
	if err != nil {
		return false
	}
	defer blocks.Close()
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	h := &index.Hits{Source: src, Member: m, ID: blocks.ID(), Columns: clock.Columns, Matches: func(_ []byte, dst []match.Span) []match.Span { return dst }}
	n := max(at.Line, 0)
	for {
		if err := blocks.Next(b); err != nil {
			return errors.Is(err, io.EOF)
		}
		for i := 0; i < len(b.Text); {
			end, newline := len(b.Text), 0
			if k := bytes.IndexByte(b.Text[i:], '\n'); k >= 0 {
				end, newline = i+k, 1
			}
			if i > 0 || !b.Continues {
				text := b.Text[i:end]
				l := index.HitLine{Line: n, Offset: b.OffsetAt(i), Context: true}
				l.Time, l.Own = clock.Time(text)
				if !add(h, l, text[:min(len(text), longestRecordLine)]) {
					return false
				}
			}
			n += reader.Line(newline)
			i = end + 1
		}
	}
}

// linesBefore returns the number of lines of a file before a position.
func (r *recordMaker) linesBefore(src reader.Source, m reader.Member, at reader.Offset) (n reader.Line, err error) {
	blocks, err := src.Open(r.ctx, m, reader.Pos{})
	if err != nil {
		return 0, err
	}
	defer blocks.Close()
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	for {
		if err := blocks.Next(b); err != nil {
			return n, err
		}
		if b.End() >= at {
			return n + reader.Line(bytes.Count(b.Text[:min(int64(at-b.Offset), int64(len(b.Text)))], []byte{'\n'})), nil
		}
		n += reader.Line(b.Lines)
	}
}

// addRecord adds a record to a sorter as if it were one line.
func (s *sorter) addRecord(p *printer, r record) error {
	p.renderRecord(r)
	text := r[0].Rendered
	for _, h := range r[1:] {
		text = append(text, h.Rendered...)
		p.putBuf(h.Rendered)
	}
	err := s.add(r[0].Member.Path, r[0].Lines[0].Line, r.time(), text)
	p.putBuf(text)
	return err
}
