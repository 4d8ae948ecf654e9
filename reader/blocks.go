package reader

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// A cutter cuts a stream of text into blocks. Where it cuts depends on the
// text alone, never on how the stream happened to arrive, so that a member
// has the same blocks as app.log.1 and as app.log.2.gz: a block is as many
// whole lines as fit into BlockSize, or BlockSize bytes of a longer line.
//
// The exception is an eager cutter, for pipes, which gives out what has
// arrived as soon as that holds a whole line.
type cutter struct {
	in    skipper
	disk  func() int64 // where in reads its file
	eager bool

	carry []byte // start of a line that the last block had no room for
	skips []Skip // of carry
	later Skip   // behind carry, when there was no room for its marker
	seen  int    // how much of carry was already given out, at the end of the stream
	off   Offset // of carry[0]
	line  Line
	mid   bool // the next block begins inside a line
	torn  bool // the last block ended inside a line
	err   error
}

// errNoProgress ends the reading of a stream that keeps returning nothing.
var errNoProgress = errors.New("the stream returns neither data nor an error")

func (c *cutter) next(b *Block) error {
	if c.err != nil && c.err != io.EOF && len(c.carry) == c.seen {
		return c.err
	}
	buf := b.room()
	n := copy(buf, c.carry)
	skips := c.skips
	c.skips = nil
	leave := func(s Skip) {
		if s.Len > len(buf)-n {
			c.later = s
			return
		}
		s.At = n
		if s.Len > 0 {
			n += copy(buf[n:], NulMarker(s.Bytes))
		}
		skips = append(skips, s)
	}
	if s := c.later; s.Bytes > 0 {
		c.later = Skip{}
		leave(s)
	}
	err := c.err
	if err == io.EOF {
		err = nil // not yet, says the contract: look again
	}
	for empty := 0; n < len(buf) && err == nil && c.later.Bytes == 0; {
		var k int
		var skip Skip
		k, skip, err = c.in.read(buf[n:])
		if skip.Bytes > 0 {
			leave(skip)
			continue
		}
		if k == 0 && err == nil {
			if empty++; empty == 100 {
				err = errNoProgress
			}
			continue
		}
		empty = 0
		fresh := buf[n : n+k]
		n += k
		if c.eager && bytes.IndexByte(fresh, '\n') >= 0 {
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
	*b = Block{
		Text: text, Offset: c.off, Line: c.line, Lines: bytes.Count(text, newline),
		Continues: c.mid, Unfinished: unfinished, Disk: c.disk(), buf: b.buf,
	}
	b.Skips = skips[:before(skips, end)]
	// What the next block starts with. At the end of the stream that is the
	// unterminated line just given out: should the stream grow, it comes
	// again, whole.
	rest := buf[end:n]
	if err == io.EOF && (!c.mid || b.Lines > 0) {
		c.mid = false
		i := bytes.LastIndexByte(text, '\n') + 1
		rest = text[i:]
		c.seen = len(rest)
		c.off = b.OffsetAt(i)
		c.skips = shift(skips, i)
	} else {
		c.off = b.End()
		c.skips = shift(skips, end)
		c.mid = unfinished || c.mid && b.Lines == 0
	}
	c.line += Line(b.Lines)
	c.torn = len(text) > 0 && text[len(text)-1] != '\n'
	c.carry = append(c.carry[:0], rest...)
	return nil
}

// resume lets the text go on behind damage: the line that the damage cut is
// over.
func (c *cutter) resume() {
	if c.torn {
		c.line++
	}
	c.err, c.mid, c.torn = nil, false, false
}

var newline = []byte{'\n'}

var blockPool = sync.Pool{New: func() any { return new(Block) }}

// GetBlock takes a Block, with its memory, from a pool.
func GetBlock() *Block { return blockPool.Get().(*Block) }

// PutBlock gives a Block back; its Text must not be used any more.
func PutBlock(b *Block) {
	b.Text = nil
	blockPool.Put(b)
}
