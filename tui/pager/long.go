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

// Lines longer than a piece are shown as one row per piece. A filter selects
// all pieces of a matching line; a search goes to the pieces in which a match
// starts.

const (
	// judged is the length up to which a line is matched in one piece. Longer
	// lines are matched in parts that overlap, as in a search.
	judged  = 64 << 20
	overlap = 1 << 20
	// ahead is how far a match may extend beyond the piece in which it starts.
	ahead = 64 << 10
)

// inLongLine reports whether a piece is part of a longer line.
func inLongLine(p *document.Piece) bool { return p.Continues || p.Unfinished }

// wantsLong reports whether a piece of a long line is selected.
func (k pick) wantsLong(ctx context.Context, d Text, p *document.Piece, find *match.Scanner) (bool, error) {
	if ok, err := k.lines.matchLine(ctx, d, k.m, p); err != nil || !ok {
		return false, err
	}
	if find == nil {
		return !k.begins || !p.Continues, nil
	}
	if ok, err := matchBegins(ctx, d, p, find); err != nil || ok {
		return ok, err
	}
	if p.Continues || !p.Unfinished {
		return !p.Continues, nil
	}
	// If no piece is found in which a match starts, select the first one.
	_, ok, err := matchInLine(ctx, d, k.find, document.Place{Member: p.Member, Offset: p.End}, true, false)
	return !ok, err
}

// matchBegins reports whether a match starts in a piece, wherever it ends.
func matchBegins(ctx context.Context, d Text, p *document.Piece, find *match.Scanner) (bool, error) {
	if p.NULs > 0 {
		return len(find.Highlights(p.Text, nil)) > 0, nil
	}
	before := 0 // the preceding character decides whether a word starts
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
		return false, nil // the file was truncated meanwhile
	}
	text := buf[:n]
	whole := n < len(buf) // the line ends in it
	if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
		text, whole = text[:end+i], true
	}
	for _, s := range find.Highlights(text, nil) {
		// A match that reaches the end of a cut text may not be one.
		if s.Start >= before && s.Start < end && (whole || s.End < len(text)) {
			return true, nil
		}
	}
	return false, nil
}

// eachPiece calls yield with the pieces of a line after or before a place.
func eachPiece(ctx context.Context, d Text, p document.Place, forward bool, yield func(*document.Piece) (bool, error)) error {
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
			return nil // it belongs to the line before
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

// matchInLine returns the first piece of a line, after or before a place, in
// which a match starts, or the last such piece if last is set.
func matchInLine(ctx context.Context, d Text, m *match.Matcher, p document.Place, forward, last bool) (at document.Place, ok bool, err error) {
	find := m.NewScanner()
	err = eachPiece(ctx, d, p, forward, func(x *document.Piece) (bool, error) {
		has, err := matchBegins(ctx, d, x, find)
		if has {
			at, ok = x.Place, true
		}
		return !has || last, err
	})
	return at, ok, err
}

// longLines caches whether the last few long lines match, so that a line is
// not read again for each of its pieces.
type longLines struct {
	mu   sync.Mutex
	list []longLine // oldest first
}

const mostLongLines = 16

type longLine struct {
	member   document.MemberKey
	from, to reader.Offset
	open     bool // the line was unterminated
	ok       bool
}

func newLongLines() *longLines { return &longLines{} }

// matchLine reports whether the line of a piece matches, and remembers it.
func (v *longLines) matchLine(ctx context.Context, d Text, m *match.Matcher, p *document.Piece) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, x := range v.list {
		if x.member != p.Member || p.Offset < x.from || p.End > x.to {
			continue
		}
		if x.open {
			var b [1]byte
			if n, _ := d.ReadAt(ctx, b[:], document.Place{Member: x.member, Offset: x.to}); n > 0 {
				v.list = slices.Delete(v.list, i, i+1) // it has become longer
				break
			}
		}
		return x.ok, nil
	}
	begin, err := lineBegin(ctx, d, p.Place)
	if err != nil {
		return false, err
	}
	x := longLine{member: p.Member, from: begin.Offset, to: begin.Offset, open: true}
	j := match.Judge{Scanner: m.NewScanner(), Max: judged, Overlap: overlap}
	err = eachPiece(ctx, d, begin, true, func(p *document.Piece) (bool, error) {
		j.Add(p.Text)
		x.to, x.open = p.End, p.Open
		return true, ctx.Err()
	})
	if err != nil {
		return false, err
	}
	x.ok = j.Finish()
	if len(v.list) == mostLongLines {
		v.list = slices.Delete(v.list, 0, 1)
	}
	v.list = append(v.list, x)
	return x.ok, nil
}

// lineBegin returns the start of the line that contains a place.
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

// lastLine returns the start of the last line if it is unterminated, otherwise
// the end of the text.
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
