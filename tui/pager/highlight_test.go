package pager

import (
	"slices"
	"testing"

	"logview/index/match"
	"logview/reader/document"
)

// A match that starts in one piece of a long line and ends in the next is
// highlighted in both, and is a match of the first.
func TestHighlightPieces(t *testing.T) {
	w := &window{rows: []row{
		{Piece: document.Piece{Place: document.Place{Member: 1}, Text: []byte("hello, hel"), End: 10, Unfinished: true}},
		{Piece: document.Piece{Place: document.Place{Member: 1, Offset: 10}, Text: []byte("lo hello"), End: 19, Continues: true}},
		{Piece: document.Piece{Place: document.Place{Member: 1, Offset: 19}, Text: []byte("lo"), End: 22}},
	}}
	f := newFinder()
	h := highlighter{w, &f}
	if got := h.matches(0); len(got) > 0 {
		t.Errorf("%v without a pattern", got)
	}
	if _, err := f.set(Pattern{Text: "hello"}, false); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]match.Span{{{Start: 0, End: 5}, {Start: 7, End: 12}}, {{Start: 3, End: 8}}, nil} {
		if got := h.matches(i); !slices.Equal(got, want) {
			t.Errorf("row %d: matches %v, want %v", i, got, want)
		}
	}
	f.setCurrent(w.rows[0].Place, 7)
	for i, x := range []struct {
		want []match.Span
		here int
	}{{[]match.Span{{Start: 0, End: 5}, {Start: 7, End: 10}}, 1}, {[]match.Span{{Start: 0, End: 2}, {Start: 3, End: 8}}, -1}, {nil, -1}} {
		if got, here := h.spans(i, 0, len(w.rows[i].Text)); !slices.Equal(got, x.want) || here != x.here {
			t.Errorf("row %d: %v, current %d; want %v, current %d", i, got, here, x.want, x.here)
		}
	}
	if got, here := h.spans(0, 6, 10); !slices.Equal(got, []match.Span{{Start: 1, End: 4}}) || here != 0 {
		t.Errorf("in part of a row: %v, current %d", got, here)
	}
}
