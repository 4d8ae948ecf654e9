package index

import (
	"bytes"
	"time"

	"logview/index/match"
	"logview/reader"
	"logview/reader/line"
)

// A contextLine is a line that may be shown, because it matches or may be near
// a matching line.
type contextLine struct {
	text   []byte
	long   *LongLine // instead of text
	line   reader.Line
	offset reader.Offset
	time   time.Time // if it matches, or has its own
	own    bool      // it has a time of its own
	match  bool
	open   bool // the text ends without a newline
	rest   bool // the text is the rest of a line
}

const contextLineSize = 64 // approximate memory for a line, without its text, in bytes

// wantsContext reports whether the request asks for lines that do not match.
func (r *Request) wantsContext() bool { return r.Before > 0 || r.After > 0 || r.Passthru }

// inOrder reports whether hits can be rendered only after those before them,
// because they are cut to Max or get context.
func (r *Request) inOrder() bool { return r.Max > 0 || r.wantsContext() }

// contextLines copies the lines of a block that may be shown: the lines at spans,
// those around them that the request asks for, and the first and last lines of
// the block, because lines in the adjacent blocks may match. times are those of the
// lines at spans, and clock determines those of others; both are nil if they do not
// matter.
func contextLines(b *reader.Block, spans []match.Span, times []time.Time, clock *line.Clock, req *Request) []contextLine {
	// The beginnings of all lines. Finding them all is simple, and takes a tenth
	// of the time of decoding the block.
	text := b.Text
	starts := make([]int, 0, b.Lines+1)
	for at := 0; at < len(text); {
		starts = append(starts, at)
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	before, after := req.Before, req.After
	if req.Passthru {
		before, after = 0, len(starts)
	}
	var out []contextLine
	offset := b.Offsets()
	next := 0 // the first line not decided on yet
	show := func(from, to int) {
		for i := max(from, next); i < min(to, len(starts)); i++ {
			end, open := len(text), false
			if i+1 < len(starts) {
				end = starts[i+1] - 1
			} else if open = text[end-1] != '\n'; !open {
				end--
			}
			out = append(out, contextLine{text: bytes.Clone(text[starts[i]:end]), line: b.Line + reader.Line(i), offset: offset(starts[i]), open: open, rest: b.Continues && i == 0})
			next = i + 1
		}
	}
	show(0, after)
	line, at := 0, 0
	for i, sp := range spans {
		line += bytes.Count(text[at:sp.Start], newline)
		at = sp.Start
		show(line-before, line+after+1)
		// The line may already have been added as context of the
		// previous match.
		l := &out[len(out)-(next-line)]
		l.match = true
		if times != nil {
			l.time = times[i]
		}
	}
	show(len(starts)-before, len(starts))
	if clock != nil {
		for i := range out {
			l := &out[i]
			x, ok := clock.Time(l.text)
			if l.own = ok && !l.rest; l.own && !l.match {
				l.time = x
			}
		}
	}
	return out
}

// A consumer emits the pieces of a member as hits.
type consumer struct {
	*scanRun
	st    *memberScan
	count int64         // matching lines so far, if inOrder is set
	found int64         // matching lines emitted
	tail  []contextLine // the last lines not shown, at most Before
	after int           // number of lines still to be shown after the last match
	next  reader.Line   // the line after the last one in tail or shown
}

// piece emits the hits of a piece.
func (c *consumer) piece(p *piece) error {
	if p.hits == nil {
		return nil
	}
	h := p.hits
	defer h.drop()
	if !c.inOrder {
		return c.emitHits(h)
	}
	max := c.req.Max
	if p.lines == nil && h.Long == nil {
		if max > 0 && c.count+h.Count > max {
			h.Count = max - c.count
			if !c.req.CountOnly {
				h.Lines = h.Lines[:h.Count]
			}
		}
		c.count += h.Count
		if h.Count == 0 {
			return nil
		}
		c.finish()
		return c.render(h)
	}
	if p.lines == nil {
		c.count++
		c.finish()
		return c.render(h)
	}
	return c.context(p)
}

// finish stops reading the member once Max lines were found and their context is
// complete.
func (c *consumer) finish() {
	if c.req.Max > 0 && c.count >= c.req.Max && c.after == 0 && !c.req.Passthru {
		c.mu.Lock()
		c.st.stop = true
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// context emits the matching lines of a piece and their context.
func (c *consumer) context(p *piece) error {
	h := p.hits
	h.Count = 0
	size := 0
	for _, l := range p.lines {
		size += len(l.text)
	}
	text := make([]byte, 0, size)
	show := func(l contextLine) error {
		if l.long != nil {
			// A long line is a hit of its own. First emit the lines before it.
			before := *h
			before.Text, text = text, nil
			h.Lines, h.Count = nil, 0
			if len(before.Lines) > 0 {
				if err := c.render(&before); err != nil {
					return err
				}
			}
			long := *h
			long.Long = l.long
			long.Long.Context = !l.match
			if l.match {
				long.Count = 1
			}
			err := c.render(&long)
			c.forget([]contextLine{l})
			return err
		}
		start := len(text)
		text = append(text, l.text...)
		h.Lines = append(h.Lines, HitLine{Span: match.Span{Start: start, End: len(text)}, Line: l.line, Offset: l.offset, Context: !l.match, Open: l.open, Rest: l.rest, Time: l.time, Own: l.own})
		if l.match {
			h.Count++
		}
		return nil
	}
	for _, l := range p.lines {
		if l.line != c.next {
			c.forget(c.tail)
			c.tail = c.tail[:0]
		}
		c.next = l.line + 1
		wanted := l.match && (c.req.Max <= 0 || c.count < c.req.Max)
		switch {
		case wanted:
			for _, t := range c.tail {
				if err := show(t); err != nil {
					return err
				}
			}
			c.tail = c.tail[:0]
			c.count++
			c.after = c.req.After
			if err := show(l); err != nil {
				return err
			}
		case c.after > 0 || c.req.Passthru:
			c.after = max(c.after-1, 0)
			l.match = false
			if err := show(l); err != nil {
				return err
			}
		default:
			l.match = false
			if c.tail = append(c.tail, l); len(c.tail) > c.req.Before {
				c.forget(c.tail[:1])
				c.tail = c.tail[1:]
			}
		}
	}
	c.finish()
	h.Text = text
	if len(h.Lines) == 0 {
		return nil
	}
	return c.render(h)
}

// forget deletes the copies on disk of lines that will not be shown any more.
func (c *consumer) forget(lines []contextLine) {
	for i := range lines {
		if l := lines[i].long; l != nil && l.drop != nil {
			l.drop()
		}
		lines[i].text = nil // otherwise the slice would keep the text in memory
	}
}

// render calls Request.Render for hits, in order, and emits them.
func (c *consumer) render(h *Hits) error {
	if c.req.Render != nil && h.Long == nil && len(h.Lines) > 0 {
		c.req.Render(h)
	}
	return c.emitHits(h)
}

func (c *consumer) emitHits(h *Hits) error {
	c.stats.Hits += h.Count
	c.found += h.Count
	return c.emit(h)
}
