package pager

import (
	"bytes"
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"logview/index/match"
	"logview/reader"
)

// A line that is longer than a piece is a row a piece. A filter lets through
// the line, with all its pieces; what is searched for is found in the pieces
// in which it begins.

const (
	// judged is how much of a long line is looked at at once, and overlap how
	// much of that twice: as in a search, what is longer than that may be
	// missed.
	judged  = 4 << 20
	overlap = 1 << 20
	// ahead is how far behind its piece a match is looked for to its end.
	ahead = 64 << 10
)

// long reports whether a piece is part of a longer line.
func long(p *reader.Piece) bool { return p.Continues || p.Unfinished }

// wants reports whether a piece of a long line is wanted.
func (k pick) wants(ctx context.Context, d *reader.Document, p *reader.Piece, find *match.Scanner) (bool, error) {
	if k.filter != nil {
		if ok, err := k.lines.let(ctx, d, k.filter, p); err != nil || !ok {
			return false, err
		}
	}
	if find == nil {
		return !k.begins || !p.Continues, nil
	}
	return begins(ctx, d, p, find)
}

// begins reports whether a match begins in a piece, wherever it ends.
func begins(ctx context.Context, d *reader.Document, p *reader.Piece, find *match.Scanner) (bool, error) {
	before := 0 // what stands before a word says whether it is one
	if p.Continues {
		before = int(min(p.Offset, utf8.UTFMax))
	}
	end := before + len(p.Text)
	buf := make([]byte, end+ahead)
	n, err := d.ReadAt(ctx, buf, reader.Place{Member: p.Member, Offset: p.Offset - reader.Offset(before)})
	if err != nil && err != io.EOF {
		return false, err
	}
	if n < end {
		return false, nil // cut off meanwhile
	}
	text := buf[:n]
	if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
		text = text[:end+i]
	}
	for _, s := range find.Highlights(text, nil) {
		if s.Start >= before && s.Start < end {
			return true, nil
		}
	}
	return false, nil
}

// along calls yield with the pieces of a line from a place on, or those
// before it.
func along(ctx context.Context, d *reader.Document, p reader.Place, forward bool, yield func(*reader.Piece) (bool, error)) error {
	for {
		w, err := d.Forward(ctx, p)
		if !forward {
			w, err = d.Backward(ctx, p)
		}
		if err == io.EOF || err == nil && w.Member != p.Member {
			return nil
		}
		if err != nil {
			return err
		}
		var list []reader.Piece
		w.Pieces(func(x reader.Piece) bool {
			if !forward && !x.Continues {
				list = list[:0]
			}
			list = append(list, x)
			return !forward || x.Unfinished
		})
		if !forward && (len(list) == 0 || !list[len(list)-1].Unfinished) {
			return nil // of the line before
		}
		for i := range list {
			x := &list[i]
			if !forward {
				x = &list[len(list)-1-i]
			}
			if more, err := yield(x); err != nil || !more {
				return err
			}
			if forward && !x.Unfinished || !forward && !x.Continues {
				return nil
			}
			p = reader.Place{Member: w.Member, Offset: x.End}
			if !forward {
				p.Offset = x.Offset
			}
		}
		if len(list) == 0 {
			return nil
		}
	}
}

// inLine is the first piece of a line from a place on, or before it, in which
// a match begins; with last the last of them.
func inLine(ctx context.Context, d *reader.Document, m *match.Matcher, p reader.Place, forward, last bool) (at reader.Place, ok bool, err error) {
	find := m.NewScanner()
	err = along(ctx, d, p, forward, func(x *reader.Piece) (bool, error) {
		has, err := begins(ctx, d, x, find)
		if has {
			at, ok = x.Place, true
		}
		return !has || last, err
	})
	return at, ok, err
}

// verdicts are what a filter said of long lines: whoever shows all the pieces
// of a line need not have it read for each of them.
type verdicts struct {
	mu   sync.Mutex
	list map[reader.MemberKey][]verdict
}

type verdict struct {
	from, to reader.Offset
	ok       bool
}

func newVerdicts() *verdicts { return &verdicts{list: map[reader.MemberKey][]verdict{}} }

// let reports whether the line of a piece matches.
func (v *verdicts) let(ctx context.Context, d *reader.Document, m *match.Matcher, p *reader.Piece) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, x := range v.list[p.Member] {
		if p.Offset >= x.from && p.End <= x.to {
			return x.ok, nil
		}
	}
	x := verdict{from: p.Offset}
	buf := make([]byte, 256<<10)
	for p.Continues && x.from > 0 {
		n := min(x.from, reader.Offset(len(buf)))
		if _, err := d.ReadAt(ctx, buf[:n], reader.Place{Member: p.Member, Offset: x.from - n}); err != nil && err != io.EOF {
			return false, err
		}
		i := bytes.LastIndexByte(buf[:n], '\n')
		x.from -= n - reader.Offset(i+1)
		if i >= 0 {
			break
		}
	}
	j := match.Judge{Scanner: m.NewScanner(), Max: judged, Overlap: overlap}
	for x.to = x.from; ; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := d.ReadAt(ctx, buf, reader.Place{Member: p.Member, Offset: x.to})
		if err != nil && err != io.EOF {
			return false, err
		}
		i := bytes.IndexByte(buf[:n], '\n')
		if i < 0 {
			j.Add(buf[:n])
			x.to += reader.Offset(n)
			if err == nil {
				continue
			}
		} else {
			j.Add(buf[:i])
			x.to += reader.Offset(i + 1)
		}
		break
	}
	x.ok = j.Finish()
	v.list[p.Member] = append(v.list[p.Member], x)
	return x.ok, nil
}
