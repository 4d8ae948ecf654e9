package pager

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"

	"logview/index/match"
	"logview/reader"
	"logview/reader/document"
	"logview/tui/screen"
)

// This is how rows are read from a Document: in commands, never in Update or
// View.

// A row is a piece of the log that is shown, or near what is.
type row struct {
	document.Piece
	line   reader.Line // -1 if it is not known
	level  byte
	starts []int // of the rows on which it is wrapped, for width
	width  int
}

// A pick says which lines are wanted: those that match, or have a level; all
// if neither.
type pick struct {
	m      *match.Matcher
	levels string       // letters
	what   string       // those are, as the person calls it
	seen   *atomic.Bool // is set when a line has any level; nil if nobody wants to know

	// Of lines in several pieces:
	find   *match.Matcher // what must begin in the piece; nil for nothing
	begins bool           // only the first piece is wanted
	lines  *verdicts      // of m
}

// only picks the lines that match.
func only(m *match.Matcher) pick { return pick{m: m, lines: newVerdicts()} }

func (k pick) all() bool { return k.m == nil && k.levels == "" }

// budget is how much text is looked through for a row before what was found
// is shown and the person told how far it is.
const budget = 32 << 20

// enough is how much text is read at once when there are few lines in it: of
// a line of 500 MB a piece of 64 KiB fills the screen.
const enough = 1 << 20

// A run is what was read in one direction.
type run struct {
	rows []row // oldest first
	next document.Place
	end  bool // there is no more in this direction
}

// wrapTo finds where the row is wrapped, unless that is known.
func (r *row) wrapTo(width int) {
	if r.starts == nil || r.width != width {
		r.starts, r.width = screen.Rows(r.Text, width), width
	}
}

// wrapTo finds where the rows are wrapped, so that Update need not: a
// mebibyte of one line takes ten milliseconds. A width of 0 does not wrap.
func (r *run) wrapTo(width int) {
	for i := range r.rows {
		if x := &r.rows[i]; width > 0 && len(x.Text) > width {
			x.wrapTo(width)
		}
	}
}

// read reads up to n wanted rows from a place on, or before it.
func read(ctx context.Context, d Text, k pick, p document.Place, forward bool, n int) (run, error) {
	r := run{next: p}
	var scan, find *match.Scanner
	if k.m != nil {
		scan = k.m.NewScanner()
	}
	if k.find != nil {
		find = k.find.NewScanner()
	}
	var open document.Place // where the last piece begins, if its line has no end yet
	for left, size := budget, 0; len(r.rows) < n && left > 0 && size < enough; {
		var w document.Window
		var err error
		if forward {
			w, err = d.Forward(ctx, r.next)
		} else {
			w, err = d.Backward(ctx, r.next)
		}
		if err == io.EOF {
			r.end = true
			if forward && open != (document.Place{}) {
				r.next = open // it may go on, and match then
				if k.m != nil {
					if r.next, err = lineBegin(ctx, d, open); err != nil {
						return r, err
					}
				}
			}
			break
		}
		if err != nil {
			return r, err
		}
		if forward && open != (document.Place{}) && w.Member == open.Member {
			// The last line went on between two reads: again from its beginning.
			if k.m != nil {
				if open, err = lineBegin(ctx, d, open); err != nil {
					return r, err
				}
			}
			for n := len(r.rows); n > 0 && r.rows[n-1].Member == open.Member && r.rows[n-1].Offset >= open.Offset; n-- {
				r.rows = r.rows[:n-1]
			}
			r.next, open = open, document.Place{}
			continue
		}
		left -= len(w.Text)
		found, err := k.from(ctx, d, &w, scan, find)
		if err != nil {
			return r, err
		}
		for i := range found {
			size += len(found[i].Text)
		}
		if forward {
			open = document.Place{}
			if w.Open {
				w.Pieces(func(p document.Piece) bool {
					if p.Open {
						open = p.Place
					}
					return true
				})
			}
			r.next = document.Place{Member: w.Member, Offset: w.End()}
			if room := n - len(r.rows); len(found) > room {
				found = found[:room]
				last := found[room-1]
				r.next = document.Place{Member: w.Member, Offset: last.End}
			}
			r.rows = append(r.rows, found...)
		} else {
			r.next = document.Place{Member: w.Member, Offset: w.Offset}
			if room := n - len(r.rows); len(found) > room {
				found = found[len(found)-room:]
				r.next = found[0].Place
			}
			r.rows = append(found, r.rows...)
		}
	}
	number(ctx, d, r.rows, k.all())
	return r, nil
}

// from is the wanted pieces of a window.
func (k pick) from(ctx context.Context, d Text, w *document.Window, scan, find *match.Scanner) ([]row, error) {
	var out []row
	var spans []match.Span
	if scan != nil {
		spans = scan.Lines(w.Text, nil, 0)
		if len(spans) == 0 && !w.Long() {
			return nil, nil
		}
	}
	var err error
	w.Pieces(func(p document.Piece) bool {
		switch {
		case scan == nil:
		case long(&p):
			var ok bool
			if ok, err = k.wants(ctx, d, &p, find); err != nil || !ok {
				return err == nil
			}
		default:
			at := int(p.Offset - w.Offset)
			for len(spans) > 0 && spans[0].End < at {
				spans = spans[1:]
			}
			if len(spans) == 0 || spans[0].Start > at+len(p.Text) || !overlaps(spans[0], at, int(p.End-w.Offset)) {
				return true
			}
		}
		level := byte(' ')
		if !p.Continues {
			level = screen.Level(p.Text)
		}
		if k.seen != nil && level != ' ' {
			k.seen.Store(true)
		}
		if k.levels != "" && bytes.IndexByte([]byte(k.levels), level) < 0 {
			return true
		}
		if !k.all() {
			p.Text = bytes.Clone(p.Text) // not to keep a window for a line
		}
		out = append(out, row{Piece: p, line: -1, level: level})
		return true
	})
	return out, err
}

func overlaps(s match.Span, from, to int) bool {
	return s.Start < to && (s.End > from || s.Start == from)
}

// number fills in the numbers of lines that are known.
func number(ctx context.Context, d Text, rows []row, contiguous bool) {
	for i := range rows {
		r := &rows[i]
		if i > 0 && contiguous && rows[i-1].Member == r.Member && rows[i-1].line >= 0 {
			r.line = rows[i-1].line
			if !rows[i-1].Unfinished {
				r.line++
			}
			continue
		}
		if i > 0 && rows[i-1].Member == r.Member && rows[i-1].line < 0 {
			continue // not known either
		}
		if l, ok := d.Number(ctx, r.Place, false); ok {
			r.line = l
		}
	}
}
