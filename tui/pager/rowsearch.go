package pager

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"logview/index/match"
	"logview/reader/document"
)

// A rowSearch searches for the next picked row after or before a place. It
// proceeds in steps of bounded work, so that progress can be shown.
type rowSearch struct {
	text    Text
	pick    pick
	at      document.Place // where to start; zero for the end of the text
	forward bool
	here    bool         // include the line at that place, and try the other direction if nothing is found
	known   *knownPlaces // places of matching lines that need not be read for; may be nil

	prepared bool
	begun    document.Place // where reading started
	next     document.Place // where reading continues
	turned   bool           // the direction was reversed
	read     int64          // bytes read, at most
}

// A stepResult is the result of a step.
type stepResult struct {
	at   document.Place
	ok   bool   // a row was found at this place
	more bool   // the search is not finished: take another step
	text string // describes the progress
}

// step searches the next part of the text.
func (h *rowSearch) step(ctx context.Context) (x stepResult, err error) {
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
		return stepResult{at: r.rows[0].Place, ok: true}, nil
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

// prepare determines where reading starts.
func (h *rowSearch) prepare(ctx context.Context) (err error) {
	if h.at == (document.Place{}) { // nothing was shown yet
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
	if ok && inLongLine(&p) {
		h.known = nil // there may be more matches in this line, and only lines are known
	}
	h.begun = h.next
	return nil
}

// lookUp consults the known places. If they do not give the result, it moves
// next past the text that need not be read.
func (h *rowSearch) lookUp(ctx context.Context) (done bool, x stepResult, err error) {
	if h.known == nil || h.turned {
		return false, x, nil
	}
	t, end := h.known.tally, h.known.end
	if !t.order.before(h.at, end) {
		return false, x, nil
	}
	p, ok, known := t.next(h.at, h.forward, h.here)
	for known && ok && !h.text.Has(p.Member) {
		p, ok, known = t.next(p, h.forward, false)
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

// pieceAt returns the piece that starts at a place, or false.
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

// place returns the piece to show of the matching line that starts at p: the
// first in which a match starts, or the last when searching backwards. It
// returns p if no match can be located.
func (k pick) place(ctx context.Context, d Text, p document.Place, forward bool) (document.Place, error) {
	p, err := d.At(ctx, p)
	if err != nil || k.find == nil {
		return p, err
	}
	return matchPiece(ctx, d, k.find, p, !forward)
}

func matchPiece(ctx context.Context, d Text, m *match.Matcher, p document.Place, last bool) (document.Place, error) {
	at, ok, err := matchInLine(ctx, d, m, p, true, last)
	if err != nil || !ok {
		return p, err
	}
	return at, nil
}

// First returns the piece of the line starting at p in which the first match
// starts, or p if no match can be located.
func First(ctx context.Context, d Text, m *match.Matcher, p document.Place) (document.Place, error) {
	return matchPiece(ctx, d, m, p, false)
}
