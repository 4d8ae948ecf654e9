package decode

import (
	"bytes"
	"errors"
	"io"

	"logview/reader"
)

// A BlockReader divides a stream of text into blocks. Their bounds depend only
// on the text, never on how the stream arrives, so that a member has the same
// blocks as app.log.1 and as app.log.2.gz: a block is as many whole lines as
// fit into BlockSize, or BlockSize bytes of a longer line.
//
// The exception is an eager BlockReader, for pipes, which returns the text that
// has arrived as soon as it contains a whole line.
type BlockReader struct {
	In    Skipper
	Disk  func() int64 // returns the position of In in its file
	Eager bool

	carry []byte        // start of a line for which the last block had no room
	skips []reader.Skip // of carry
	later reader.Skip   // after carry, if there was no room for its marker
	seen  int           // number of bytes of carry that were returned already, at the end of the stream
	Off   reader.Offset // of carry[0]
	Line  reader.Line
	mid   bool // the next block starts inside a line
	torn  bool // the last block ended inside a line
	err   error
}

// ErrNoProgress says that a stream repeatedly returned neither data nor an
// error.
var ErrNoProgress = errors.New("the stream returns neither data nor an error")

// Next implements reader.Blocks. After io.EOF it may be called again: if the
// stream has grown, it returns the whole unterminated last line again.
func (c *BlockReader) Next(b *reader.Block) error {
	if c.err != nil && c.err != io.EOF && len(c.carry) == c.seen {
		return c.err
	}
	d := draft{buf: b.Grow()}
	c.fill(&d)
	if d.n == c.seen && c.err != nil {
		c.skips = d.skips
		return c.err
	}
	c.seen = 0

	end, unfinished := d.n, false
	if c.err == io.EOF && endsInNewline(d.buf[:d.n]) {
		end--
	}
	if c.err == nil {
		if i := bytes.LastIndexByte(d.buf[:d.n], '\n'); i >= 0 {
			end = i + 1
		} else {
			unfinished = true
		}
	}
	text := d.buf[:end]
	b.Set(reader.Block{
		Text: text, Offset: c.Off, Line: c.Line, Lines: bytes.Count(text, reader.Newline),
		Continues: c.mid, Unfinished: unfinished, Disk: c.Disk(),
	})
	b.Skips = d.skips[:reader.Before(d.skips, end)]
	c.advance(b, &d)
	return nil
}

// endsInNewline reports whether a text of bytes ends in UTF-16 that was appended to it. Of
// its last newline, the second byte would be another line.
func endsInNewline(text []byte) bool {
	n := len(text)
	return n > 2 && text[n-1] == 0 && text[n-2] == '\n' && text[n-3] == 0
}

// A draft is the text of the next block while it is read.
type draft struct {
	buf   []byte
	n     int // number of bytes of text in buf
	skips []reader.Skip
}

// fill reads text into d, after what was carried over, until there is enough
// for a block or the stream returns an error, which it stores in c.err.
func (c *BlockReader) fill(d *draft) {
	d.n = copy(d.buf, c.carry)
	d.skips = c.skips
	c.skips = nil
	if s := c.later; s.Bytes > 0 {
		c.later = reader.Skip{}
		c.mark(d, s)
	}
	err := c.err
	if err == io.EOF {
		err = nil // io.EOF means not yet: read again
	}
	for empty := 0; d.n < len(d.buf) && err == nil && c.later.Bytes == 0; {
		var k int
		var skip reader.Skip
		k, skip, err = c.In.Read(d.buf[d.n:])
		if skip.Bytes > 0 {
			c.mark(d, skip)
			continue
		}
		if k == 0 && err == nil {
			if empty++; empty == 100 {
				err = ErrNoProgress
			}
			continue
		}
		empty = 0
		fresh := d.buf[d.n : d.n+k]
		d.n += k
		if c.Eager && bytes.IndexByte(fresh, '\n') >= 0 {
			break
		}
	}
	c.err = err
}

// mark appends a skip and its marker to d, or sets c.later to the skip if d has
// no room for its marker.
func (c *BlockReader) mark(d *draft, s reader.Skip) {
	if s.Len > len(d.buf)-d.n {
		c.later = s
		return
	}
	s.At = d.n
	if s.Len > 0 {
		d.n += copy(d.buf[d.n:], reader.NulMarker(s.Bytes))
	}
	d.skips = append(d.skips, s)
}

// advance sets c to the start of the next block, after b, which was made from
// d. At the end of the stream, that is the unterminated line of b: if the
// stream grows, the whole line is returned again.
func (c *BlockReader) advance(b *reader.Block, d *draft) {
	end := len(b.Text)
	rest := d.buf[end:d.n]
	if c.err == io.EOF && (!c.mid || b.Lines > 0) {
		c.mid = false
		i := bytes.LastIndexByte(b.Text, '\n') + 1
		rest = d.buf[i:d.n]
		c.seen = len(rest)
		c.Off = b.OffsetAt(i)
		c.skips = reader.Shift(d.skips, i)
	} else {
		c.Off = b.End()
		c.skips = reader.Shift(d.skips, end)
		c.mid = b.Unfinished || c.mid && b.Lines == 0
	}
	c.Line += reader.Line(b.Lines)
	c.torn = end > 0 && b.Text[end-1] != '\n'
	c.carry = append(c.carry[:0], rest...)
}

// Resume makes the text continue after damage: a line that the damage cuts ends
// there.
func (c *BlockReader) Resume() {
	if c.torn {
		c.Line++
	}
	c.err, c.mid, c.torn = nil, false, false
}
