package pager

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/reader/document"
)

// A hunt is a search for the next row that is picked, from a place on or
// before it. It is done in steps, so that it can be told how far it is.
type hunt struct {
	text    Text
	pick    pick
	at      document.Place // where it begins; zero for the end
	forward bool
	here    bool         // the line at that place counts, too, and if there is none in this direction, the other is tried
	known   *knownPlaces // where matching lines lie, which need not be searched for; nil if that is not known

	prepared bool
	begun    document.Place // where reading began
	next     document.Place // where it goes on
	turned   bool           // it goes in the other direction
	read     int64          // bytes, at most
}

// A find is the result of a step.
type find struct {
	at   document.Place
	ok   bool   // there is one, at this place
	more bool   // there is more to search: take another step
	text string // how far it is
}

// step searches a part of the text.
func (h *hunt) step(ctx context.Context) (x find, err error) {
	if !h.prepared {
		if err := h.prepare(ctx); err != nil {
			return x, err
		}
		h.prepared = true
	}
	if done, x, err := h.lookUp(ctx); done || err != nil {
		return x, err
	}
	r, err := read(ctx, h.text, h.pick, h.next, h.forward, 1)
	if err != nil {
		return x, err
	}
	h.read += budget
	switch {
	case len(r.rows) > 0:
		return find{at: r.rows[0].Place, ok: true}, nil
	case !r.end:
		h.next = r.next
		x.more, x.text = true, fmt.Sprintf("searching, %s read; Esc stops", humanize.IBytes(uint64(h.read)))
		if h.pick.what != "" {
			x.text = fmt.Sprintf("searching %s, %s read; Esc stops", h.pick.what, humanize.IBytes(uint64(h.read)))
		}
	case h.here && !h.turned:
		h.turned, h.forward, h.next = true, !h.forward, h.begun
		x.more, x.text = true, "searching"
	}
	return x, nil
}

// prepare finds out where reading begins.
func (h *hunt) prepare(ctx context.Context) (err error) {
	if h.at == (document.Place{}) { // nothing was shown yet: it is going to be the end
		if h.at, err = h.text.End(ctx); err != nil {
			return err
		}
	}
	h.next = h.at
	p, ok, err := pieceAt(ctx, h.text, h.at)
	if err != nil {
		return err
	}
	if ok && h.forward != h.here {
		h.next.Offset = p.End
	}
	if ok && long(&p) {
		h.known = nil // it knows lines, and there may be more in this one
	}
	h.begun = h.next
	return nil
}

// lookUp asks the known places. It is done if they tell the result; else the
// rest of the text is to be read.
func (h *hunt) lookUp(ctx context.Context) (done bool, x find, err error) {
	if h.known == nil || h.turned {
		return false, x, nil
	}
	t, end := h.known.tally, h.known.end
	if !t.order.before(h.at, end) {
		return false, x, nil
	}
	p, ok, known := t.beside(h.at, h.forward, h.here)
	for known && ok && !h.text.Has(p.Member) {
		p, ok, known = t.beside(p, h.forward, false)
	}
	switch {
	case known && ok && t.order.before(p, end):
		x.ok = true
		x.at, err = h.pick.place(ctx, h.text, p, h.forward)
		return true, x, err
	case known && h.forward:
		h.next = end
	case known && !h.here:
		return true, x, nil
	}
	return false, x, nil
}

// pieceAt is the piece that begins at a place; false if there is none.
func pieceAt(ctx context.Context, d Text, at document.Place) (p document.Piece, ok bool, err error) {
	w, err := d.Forward(ctx, at)
	if err == io.EOF || err == nil && (w.Member != at.Member || w.Offset != at.Offset) {
		return p, false, nil
	}
	w.Pieces(func(x document.Piece) bool {
		p, ok = x, true
		return false
	})
	return p, ok, err
}

// place is the piece to go to of a line that matches and begins at p: the
// first in which a match begins, or the last on the way back. It is the first
// of all if that cannot be told.
func (k pick) place(ctx context.Context, d Text, p document.Place, forward bool) (document.Place, error) {
	p, err := d.At(ctx, p)
	if err != nil || k.find == nil {
		return p, err
	}
	return nearest(ctx, d, k.find, p, !forward)
}

func nearest(ctx context.Context, d Text, m *match.Matcher, p document.Place, last bool) (document.Place, error) {
	at, ok, err := inLine(ctx, d, m, p, true, last)
	if err != nil || !ok {
		return p, err
	}
	return at, nil
}

// First is the piece of a line, from its beginning p on, in which the first
// match begins, the first of all if that cannot be told.
func First(ctx context.Context, d Text, m *match.Matcher, p document.Place) (document.Place, error) {
	return nearest(ctx, d, m, p, false)
}
