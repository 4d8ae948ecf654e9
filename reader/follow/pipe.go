package follow

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// PipeOptions say what FollowPipe reads.
type PipeOptions struct {
	Name     string                               // of the log; Stdin if it is empty
	Encoding decode.Charset                       // of a text without a byte order mark; empty to detect it
	After    func(time.Duration) <-chan time.Time // makes the timers; nil for time.After
}

// FollowPipe emits what comes through a pipe or a terminal, whatever it
// is compressed with, until that ends. Its writer is held back while emit
// runs. As with a file that is followed, a last line without its end is handed
// out when it was held for a second, and the rest of it when that comes.
func FollowPipe(ctx context.Context, in io.Reader, opt PipeOptions, emit func(*Appended) error) error {
	after := opt.After
	if after == nil {
		after = time.After
	}
	a := Appended{Log: opt.Name}
	path := opt.Name
	if a.Log == "" {
		a.Log, path = reader.Stdin, "standard input"
	}
	a.Key = a.Log
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if g, ok := in.(*growingFile); ok && opt.Encoding == "" && g.charset.Wide() {
		opt.Encoding = g.charset // what is read of it may begin behind its byte order mark
	}
	text := decode.Skipper{R: &lateText{ctx: ctx, r: in, encoding: opt.Encoding}}
	p := decode.PumpFrom(ctx, text.Read)
	var line []byte         // that has no end yet, as far as it is known
	var skips []reader.Skip // in it
	given := 0              // bytes of it that were emitted
	off, number := reader.Offset(0), reader.Line(0)
	// block is the first n bytes of line.
	block := func(n int) reader.Block {
		return reader.Block{Text: line[:n], Offset: off, Line: number, Lines: reader.CountLines(line[:n]), Skips: skips[:reader.Before(skips, n)]}
	}
	give := func(n int) error {
		from := min(given, n)
		if from > 0 {
			from += lineEndLen(line[from:n]) // it was emitted but for its end
		}
		if from == n {
			return nil
		}
		a.Block = block(n)
		a.Advance(from)
		return emit(&a)
	}
	// over continues after the first n bytes of line.
	over := func(n int) {
		b := block(n)
		off, number = b.End(), number+reader.Line(b.Lines)
		skips = reader.Shift(skips, n)
		given = max(given-n, 0)
	}
	var held <-chan time.Time
	for {
		var c decode.Chunk
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-held:
			held = nil
			if err := give(len(line)); err != nil {
				return err
			}
			given = len(line)
			continue
		case c = <-p.Full:
		}
		end := bytes.LastIndexByte(c.Buf[:c.N], '\n') + 1
		if end > 0 {
			end += len(line)
		}
		line = append(line, c.Buf[:c.N]...)
		if c.Skip.Bytes > 0 {
			c.Skip.At = len(line)
			skips = append(skips, c.Skip)
			if c.Skip.Len > 0 {
				line = append(line, reader.NulMarker(c.Skip.Bytes)...)
			}
		}
		if c.Err != nil || end == 0 && len(line) >= longestLine {
			end = len(line)
		}
		if end > 0 {
			if err := give(end); err != nil {
				return err
			}
			over(end)
			line = append(line[:0], line[end:]...)
			if cap(line) > 4<<20 && len(line) < 1<<20 {
				line = bytes.Clone(line)
			}
			held = nil
		}
		switch {
		case c.Err == io.EOF:
			return nil
		case c.Err != nil:
			return &reader.FileError{Path: path, Offset: int64(off), Err: reader.Cause(c.Err)}
		case held == nil && len(line) > given:
			held = after(holdFor)
		}
		p.Free <- c.Buf
	}
}

// A lateText is the text of a pipe that is opened when it is first read:
// detecting its format takes its first bytes, which may be long in coming.
type lateText struct {
	ctx      context.Context
	r        io.Reader
	encoding decode.Charset
	t        *decode.Text
}

func (l *lateText) Read(b []byte) (int, error) {
	if l.t == nil {
		t, err := decode.OpenIn(l.ctx, l.r, true, l.encoding, nil)
		if err != nil {
			return 0, err
		}
		l.t = t
	}
	return l.t.Read(b)
}

// A namedPipe reads a named pipe from all that write to it, one after the
// other: when one closes it, the next is awaited.
type namedPipe struct {
	path string
	f    *os.File
}

func (p *namedPipe) Read(b []byte) (int, error) {
	for {
		if p.f == nil {
			f, err := os.Open(p.path) // waits for a writer
			if err != nil {
				return 0, err
			}
			p.f = f
		}
		n, err := p.f.Read(b)
		if n > 0 || err != io.EOF {
			return n, err
		}
		p.f.Close()
		p.f = nil
	}
}

// OpenPipe opens a file that is not a regular file, for FollowPipe: a named pipe, whose
// writers may come and go, or an open descriptor such as /dev/fd/63, which
// ends when all that write to it have closed it. It does not wait for a writer.
func OpenPipe(path string) (io.Reader, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		if info, err := os.Lstat(real); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			return &namedPipe{path: path}, nil
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
	}
	return f, nil
}

// A growingFile reads an open file and, at its end, waits for more.
type growingFile struct {
	progress // of what was read
	ctx      context.Context
	f        *os.File
	size     int64     // when it was last looked at
	mod      time.Time // the same
	note     func(error)
}

// growthEvery is how often an open file is asked whether it has grown.
const growthEvery = 200 * time.Millisecond

func (g *growingFile) Read(b []byte) (int, error) {
	for {
		info, err := g.f.Stat()
		if err != nil {
			return 0, err
		}
		if info.Size() != g.size || !info.ModTime().Equal(g.mod) {
			g.size, g.mod = info.Size(), info.ModTime()
			if !g.isHeldBy(g.f, g.size) {
				unfinished := g.mid
				g.rewind(g.f, g.size)
				g.note(&reader.FileError{Path: "standard input", Offset: g.at, Err: errCut})
				if unfinished && g.charset != "" {
					return copy(b, g.charset.Newline()), nil // it will not be completed
				}
			}
		}
		n, err := g.f.ReadAt(b, g.at)
		if n > 0 {
			g.advance(b[:n], 0, 0)
			return n, nil
		}
		if err != io.EOF {
			return 0, err
		}
		select {
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		case <-time.After(growthEvery):
		}
	}
}

// FollowOpen returns a reader for FollowPipe of an open file, such as standard
// input that was redirected from one. It continues as the file grows, from the
// last lines of it that are wanted, or from where it stands if that is not its
// start. note is called when the file was cut off. The error wraps ErrOutput if
// this program writes to the file.
func FollowOpen(ctx context.Context, f *os.File, lines int64, note func(error)) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if files.IsOutput(info) {
		return nil, &reader.FileError{Path: "standard input", Offset: -1, Err: files.ErrOutput}
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	var head [decode.HeadSize]byte
	n, err := f.ReadAt(head[:], 0)
	g := &growingFile{ctx: ctx, f: f, size: info.Size(), mod: info.ModTime(), note: note}
	if decode.FormatOf(head[:n]) == decode.Plain {
		g.charset, g.bom = decode.DetectCharset(head[:n], err == io.EOF)
	}
	if at == 0 && n > 0 && g.charset != "" {
		end, err := lastLineStart(f, info.Size(), g.charset)
		if err == nil && lines > 0 {
			end, err = linesBefore(f, end, lines, g.charset)
		}
		if err != nil {
			return nil, err
		}
		if end > int64(g.bom) {
			at = end
		}
	}
	if err := g.begin(f, min(at, info.Size())); err != nil {
		return nil, err
	}
	return g, g.loadTail(f)
}
