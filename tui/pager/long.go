package pager

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"unicode/utf8"

	"logview/index/match"
	"logview/reader"
	"logview/reader/document"
)

// A line that is longer than a piece is a row a piece. A filter lets through
// the line, with all its pieces; what is searched for is found in the pieces
// in which it begins.

const (
	// judged is how long a line may be to be judged whole, and overlap how
	// much of the pieces of a longer one is judged twice, as in a search.
	judged  = 64 << 20
	overlap = 1 << 20
	// ahead is how far behind its piece a match is looked for to its end.
	ahead = 64 << 10
)

// long reports whether a piece is part of a longer line.
func long(p *document.Piece) bool { return p.Continues || p.Unfinished }

// wants reports whether a piece of a long line is wanted.
func (k pick) wants(ctx context.Context, d Text, p *document.Piece, find *match.Scanner) (bool, error) {
	if ok, err := k.lines.let(ctx, d, k.m, p); err != nil || !ok {
		return false, err
	}
	if find == nil {
		return !k.begins || !p.Continues, nil
	}
	if ok, err := begins(ctx, d, p, find); err != nil || ok {
		return ok, err
	}
	if p.Continues || !p.Unfinished {
		return !p.Continues, nil
	}
	// If it begins in none of them as far as can be told, the first stands for
	// the line.
	_, ok, err := inLine(ctx, d, k.find, document.Place{Member: p.Member, Offset: p.End}, true, false)
	return !ok, err
}

// begins reports whether a match begins in a piece, wherever it ends.
func begins(ctx context.Context, d Text, p *document.Piece, find *match.Scanner) (bool, error) {
	if p.NULs > 0 {
		return len(find.Highlights(p.Text, nil)) > 0, nil
	}
	before := 0 // what stands before a word says whether it is one
	if p.Continues {
		before = int(min(p.Offset, utf8.UTFMax))
	}
	end := before + len(p.Text)
	buf := make([]byte, end+ahead)
	n, err := d.ReadAt(ctx, buf, document.Place{Member: p.Member, Offset: p.Offset - reader.Offset(before)})
	if err != nil && err != io.EOF {
		return false, err
	}
	if n < end {
		return false, nil // cut off meanwhile
	}
	text := buf[:n]
	whole := n < len(buf) // the line ends in it
	if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
		text, whole = text[:end+i], true
	}
	for _, s := range find.Highlights(text, nil) {
		// What reaches to where text is cut may match only because it is.
		if s.Start >= before && s.Start < end && (whole || s.End < len(text)) {
			return true, nil
		}
	}
	return false, nil
}

// along calls yield with the pieces of a line from a place on, or those
// before it.
func along(ctx context.Context, d Text, p document.Place, forward bool, yield func(*document.Piece) (bool, error)) error {
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
		var list []document.Piece
		w.Pieces(func(x document.Piece) bool {
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
			p = document.Place{Member: w.Member, Offset: x.End}
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
func inLine(ctx context.Context, d Text, m *match.Matcher, p document.Place, forward, last bool) (at document.Place, ok bool, err error) {
	find := m.NewScanner()
	err = along(ctx, d, p, forward, func(x *document.Piece) (bool, error) {
		has, err := begins(ctx, d, x, find)
		if has {
			at, ok = x.Place, true
		}
		return !has || last, err
	})
	return at, ok, err
}

// verdicts are what was said of the last long lines: whoever shows all the
// pieces of a line need not have it read for each of them.
type verdicts struct {
	mu   sync.Mutex
	list []verdict // the oldest first
}

const mostVerdicts = 16

type verdict struct {
	member   document.MemberKey
	from, to reader.Offset
	open     bool // the line had no end
	ok       bool
}

func newVerdicts() *verdicts { return &verdicts{} }

// let reports whether the line of a piece matches.
func (v *verdicts) let(ctx context.Context, d Text, m *match.Matcher, p *document.Piece) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, x := range v.list {
		if x.member != p.Member || p.Offset < x.from || p.End > x.to {
			continue
		}
		if x.open {
			var b [1]byte
			if n, _ := d.ReadAt(ctx, b[:], document.Place{Member: x.member, Offset: x.to}); n > 0 {
				v.list = slices.Delete(v.list, i, i+1) // it has got longer
				break
			}
		}
		return x.ok, nil
	}
	begin, err := lineBegin(ctx, d, p.Place)
	if err != nil {
		return false, err
	}
	x := verdict{member: p.Member, from: begin.Offset, to: begin.Offset, open: true}
	j := match.Judge{Scanner: m.NewScanner(), Max: judged, Overlap: overlap}
	err = along(ctx, d, begin, true, func(p *document.Piece) (bool, error) {
		j.Add(p.Text)
		x.to, x.open = p.End, p.Open
		return true, ctx.Err()
	})
	if err != nil {
		return false, err
	}
	x.ok = j.Finish()
	if len(v.list) == mostVerdicts {
		v.list = slices.Delete(v.list, 0, 1)
	}
	v.list = append(v.list, x)
	return x.ok, nil
}

// lineBegin is where the line begins that a place lies in.
func lineBegin(ctx context.Context, d Text, p document.Place) (document.Place, error) {
	buf := make([]byte, 256<<10)
	for p.Offset > 0 {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		if at, err := d.SkipNULs(ctx, p, false); err != nil || at != p {
			if p = at; err != nil {
				return p, err
			}
			continue
		}
		n := min(p.Offset, reader.Offset(len(buf)))
		if _, err := d.ReadAt(ctx, buf[:n], document.Place{Member: p.Member, Offset: p.Offset - n}); err != nil && err != io.EOF {
			return p, err
		}
		i := bytes.LastIndexByte(buf[:n], '\n')
		p.Offset -= n - reader.Offset(i+1)
		if i >= 0 {
			break
		}
	}
	return p, nil
}

// lastLine is where the last line of a document begins if it has no end yet,
// and the document's end if it has.
func lastLine(ctx context.Context, d Text) (at document.Place, open bool, err error) {
	end, err := d.End(ctx)
	if err != nil || end.Offset == 0 {
		return end, false, err
	}
	if at, err = lineBegin(ctx, d, end); err != nil {
		return end, false, err
	}
	return at, at != end, nil
}
