package reader

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"
)

// FollowPipe hands out what comes through a pipe or a terminal, whatever it
// is compressed with, until that ends. Whoever writes it is held back while
// emit runs. As of a file that is followed, a last line without its end is
// handed out when it was held for a second, and the rest of it when that
// comes. after makes the timers, for tests; nil for time.After.
func FollowPipe(ctx context.Context, in *os.File, after func(time.Duration) <-chan time.Time, emit func(*Appended) error) error {
	if after == nil {
		after = time.After
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := newPump(ctx, &lateText{ctx: ctx, f: in})
	a := Appended{Log: Stdin, Key: Stdin}
	var line []byte // that has no end yet, as far as it is known
	given := 0      // bytes of it that were handed out
	give := func(text []byte) error {
		from := min(given, len(text))
		if from > 0 && from < len(text) && text[from] == '\n' {
			from++ // it was handed out but for its end
		}
		if from == len(text) {
			return nil
		}
		a.Block = Block{Text: text[from:], Offset: a.Offset + Offset(from), Line: a.Line + Line(countLines(text[:from])), Lines: countLines(text[from:])}
		return emit(&a)
	}
	// over goes on behind text.
	off, number := Offset(0), Line(0)
	over := func(text []byte) {
		off += Offset(len(text))
		number += Line(countLines(text))
		given = max(given-len(text), 0)
	}
	var held <-chan time.Time
	for {
		a.Offset, a.Line = off, number
		var c chunk
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-held:
			held = nil
			if err := give(line); err != nil {
				return err
			}
			given = len(line)
			continue
		case c = <-p.full:
		}
		end := bytes.LastIndexByte(c.buf[:c.n], '\n') + 1
		if end > 0 {
			end += len(line)
		}
		line = append(line, c.buf[:c.n]...)
		if c.err != nil || end == 0 && len(line) >= longestLine {
			end = len(line)
		}
		if end > 0 {
			if err := give(line[:end]); err != nil {
				return err
			}
			over(line[:end])
			line = append(line[:0], line[end:]...)
			if cap(line) > 4<<20 && len(line) < 1<<20 {
				line = bytes.Clone(line)
			}
			held = nil
		}
		switch {
		case c.err == io.EOF:
			return nil
		case c.err != nil:
			return &FileError{Path: "standard input", Offset: int64(off), Err: cause(c.err)}
		case held == nil && len(line) > given:
			held = after(holdFor)
		}
		p.free <- c.buf
	}
}

// A lateText is the text of a pipe that is opened when it is first read:
// telling what it is takes its first bytes, which may be long in coming.
type lateText struct {
	ctx context.Context
	f   *os.File
	t   *text
}

func (l *lateText) Read(b []byte) (int, error) {
	if l.t == nil {
		t, err := openText(l.ctx, l.f, true)
		if err != nil {
			return 0, err
		}
		l.t = t
	}
	return l.t.Read(b)
}
