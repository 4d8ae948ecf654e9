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
	buf := b.Grow()
	n := copy(buf, c.carry)
	skips := c.skips
	c.skips = nil
	leave := func(s reader.Skip) {
		if s.Len > len(buf)-n {
			c.later = s
			return
		}
		s.At = n
		if s.Len > 0 {
			n += copy(buf[n:], reader.NulMarker(s.Bytes))
		}
		skips = append(skips, s)
	}
	if s := c.later; s.Bytes > 0 {
		c.later = reader.Skip{}
		leave(s)
	}
	err := c.err
	if err == io.EOF {
		err = nil // io.EOF means not yet: read again
	}
	for empty := 0; n < len(buf) && err == nil && c.later.Bytes == 0; {
		var k int
		var skip reader.Skip
		k, skip, err = c.In.Read(buf[n:])
		if skip.Bytes > 0 {
			leave(skip)
			continue
		}
		if k == 0 && err == nil {
			if empty++; empty == 100 {
				err = ErrNoProgress
			}
			continue
		}
		empty = 0
		fresh := buf[n : n+k]
		n += k
		if c.Eager && bytes.IndexByte(fresh, '\n') >= 0 {
			break
		}
	}
	c.err = err
	if n == c.seen && err != nil {
		c.skips = skips
		return err
	}
	c.seen = 0

	end, unfinished := n, false
	if err == nil {
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			end = i + 1
		} else {
			unfinished = true
		}
	}
	text := buf[:end]
	b.Set(reader.Block{
		Text: text, Offset: c.Off, Line: c.Line, Lines: bytes.Count(text, reader.Newline),
		Continues: c.mid, Unfinished: unfinished, Disk: c.Disk(),
	})
	b.Skips = skips[:reader.Before(skips, end)]
	// The start of the next block. At the end of the stream, that is the
	// unterminated line just returned: if the stream grows, the whole line is
	// returned again.
	rest := buf[end:n]
	if err == io.EOF && (!c.mid || b.Lines > 0) {
		c.mid = false
		i := bytes.LastIndexByte(text, '\n') + 1
		rest = text[i:]
		c.seen = len(rest)
		c.Off = b.OffsetAt(i)
		c.skips = reader.Shift(skips, i)
	} else {
		c.Off = b.End()
		c.skips = reader.Shift(skips, end)
		c.mid = unfinished || c.mid && b.Lines == 0
	}
	c.Line += reader.Line(b.Lines)
	c.torn = len(text) > 0 && text[len(text)-1] != '\n'
	c.carry = append(c.carry[:0], rest...)
	return nil
}

// Resume makes the text continue after damage: a line that the damage cuts ends
// there.
func (c *BlockReader) Resume() {
	if c.torn {
		c.Line++
	}
	c.err, c.mid, c.torn = nil, false, false
}
