package pager

import (
	"bytes"
	"context"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"logview/index/match"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/line"
	"logview/tui/screen"
)

// Reading rows from a Text: in commands, never in Update or View.

// A row is a line of a text, or a piece of a long line.
type row struct {
	document.Piece
	line    reader.Line // number; negative if it is not known
	level   byte
	time    time.Time     // of the line; zero if it has none
	parts   []line.Part   // that are drawn in other styles
	columns *line.Columns // of its file; nil for none
	starts  []int         // offsets of its screen rows when wrapped to width
	width   int
}

// A pick selects lines: those that match m and have one of the levels. The zero
// pick selects all lines.
type pick struct {
	m      *match.Matcher
	levels string       // their letters; empty for any
	what   string       // name of the levels, for messages
	seen   *atomic.Bool // set when a line has any level; may be nil

	// For lines of several pieces:
	find   *match.Matcher // select pieces in which a match of it starts; may be nil
	begins bool           // select only the first piece
	lines  *longLines     // cached results of m
}

// only returns a pick of the lines that match m.
func only(m *match.Matcher) pick { return pick{m: m, lines: newLongLines()} }

func (k pick) all() bool { return k.m == nil && k.levels == "" }

// budget is how much text one read searches through before it returns, so that
// rows and progress can be shown.
const budget = 32 << 20

// enough is how much selected text ends a read of few, long rows: a 64 KiB
// piece of a line of 500 MB already fills the screen.
const enough = 1 << 20

// A run is the result of a read in one direction.
type run struct {
	rows []row // oldest first
	next document.Place
	end  bool // the text ends in this direction
}

// wrapTo wraps the row to a width.
func (r *row) wrapTo(width int) {
	if r.starts == nil || r.width != width {
		r.starts, r.width = screen.Rows(r.Text, width), width
	}
}

// wrapTo wraps the rows to a width, unless it is 0. It is done in commands
// because wrapping a line of 1 MiB takes 10 ms.
func (r *run) wrapTo(width int) {
	for i := range r.rows {
		if x := &r.rows[i]; width > 0 && len(x.Text) > width {
			x.wrapTo(width)
		}
	}
}

// read reads up to n selected rows after or before a place.
func read(ctx context.Context, d Text, k pick, p document.Place, forward bool, n int) (run, error) {
	r := run{next: p}
	var scan, find *match.Scanner
	if k.m != nil {
		scan = k.m.NewScanner()
	}
	if k.find != nil {
		find = k.find.NewScanner()
	}
	var open document.Place // start of the last piece if its line is unterminated
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
			if forward && open != (document.Place{}) { // it may be continued, and match then
				if r.next, err = k.resumeAt(ctx, d, open); err != nil {
					return r, err
				}
			}
			break
		}
		if err != nil {
			return r, err
		}
		if forward && open != (document.Place{}) && w.Member == open.Member {
			// The line was continued between two reads: read it again.
			if r.next, err = k.resumeAt(ctx, d, open); err != nil {
				return r, err
			}
			r.dropFrom(r.next)
			open = document.Place{}
			continue
		}
		left -= len(w.Text)
		most := math.MaxInt // backwards, the last rows are those wanted
		if forward {
			most = n - len(r.rows) + 1 // one more shows that there are more
		}
		found, err := k.rowsOf(ctx, d, &w, scan, find, most)
		if err != nil {
			return r, err
		}
		for i := range found {
			size += len(found[i].Text)
		}
		if forward {
			open = openPiece(&w)
			r.append(&w, found, n)
		} else {
			r.prepend(&w, found, n)
		}
	}
	if !r.end && open != (document.Place{}) && open.Offset < r.next.Offset {
		// The read ends with an unterminated line. The next one begins with it, unless
		// nothing would be read then: it may be the end of the text, and be continued.
		at, err := k.resumeAt(ctx, d, open)
		if err != nil {
			return r, err
		}
		if at.Member != p.Member || at.Offset > p.Offset {
			r.next = at
			r.dropFrom(at)
		}
	}
	number(ctx, d, r.rows, k.all())
	return r, nil
}

// resumeAt returns where a read has to begin again to read the rest of the unterminated line whose
// last piece starts at a place: there or, if it has to match, at the start of the line.
func (k pick) resumeAt(ctx context.Context, d Text, open document.Place) (document.Place, error) {
	if k.m == nil {
		return open, nil
	}
	return lineBegin(ctx, d, open)
}

// openPiece returns the start of the last piece of a window whose line is unterminated; the zero
// Place if there is none.
func openPiece(w *document.Window) (open document.Place) {
	if w.Open {
		w.Pieces(func(p document.Piece) bool {
			if p.Open {
				open = p.Place
			}
			return true
		})
	}
	return open
}

// append adds the rows that were found in a window after r, up to n in all.
func (r *run) append(w *document.Window, found []row, n int) {
	r.next = document.Place{Member: w.Member, Offset: w.End()}
	if room := n - len(r.rows); len(found) > room {
		found = found[:room]
		r.next.Offset = found[room-1].End
	}
	r.rows = append(r.rows, found...)
}

// prepend adds the rows that were found in a window before r, up to n in all.
func (r *run) prepend(w *document.Window, found []row, n int) {
	r.next = document.Place{Member: w.Member, Offset: w.Offset}
	if room := n - len(r.rows); len(found) > room {
		found = found[len(found)-room:]
		r.next = found[0].Place
	}
	r.rows = append(found, r.rows...)
}

// dropFrom removes the rows from a place in their last member on.
func (r *run) dropFrom(p document.Place) {
	n := len(r.rows)
	for n > 0 && r.rows[n-1].Member == p.Member && r.rows[n-1].Offset >= p.Offset {
		n--
	}
	r.rows = r.rows[:n]
}

// rowsOf returns the selected rows of a window, at most so many from its start.
func (k pick) rowsOf(ctx context.Context, d Text, w *document.Window, scan, find *match.Scanner, most int) ([]row, error) {
	var out []row
	var spans []match.Span
	if scan != nil {
		spans = scan.ForColumns(w.Columns).Lines(w.Text, nil, 0)
		if len(spans) == 0 && !w.Long() {
			return nil, nil
		}
	}
	var err error
	w.Pieces(func(p document.Piece) bool {
		switch {
		case scan == nil:
		case inLongLine(&p):
			var ok bool
			if ok, err = k.wantsLong(ctx, d, &p, find); err != nil || !ok {
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
		level, at := byte(' '), time.Time{}
		var parts []line.Part
		if !p.Continues {
			v := w.Columns.LevelOf(p.Text)
			level = v.Letter()
			if w.Clock != nil && (k.levels == "" || strings.IndexByte(k.levels, level) >= 0) {
				at, _ = w.Clock.Time(p.Text)
				parts = w.Clock.Parts(p.Text, v)
			}
		}
		if k.seen != nil && level != ' ' {
			k.seen.Store(true)
		}
		if k.levels != "" && strings.IndexByte(k.levels, level) < 0 {
			return true
		}
		if !k.all() {
			p.Text = bytes.Clone(p.Text) // do not retain the whole window
		}
		out = append(out, row{Piece: p, line: -1, level: level, time: at, parts: parts, columns: w.Columns})
		return len(out) < most
	})
	return out, err
}

func overlaps(s match.Span, from, to int) bool {
	return s.Start < to && (s.End > from || s.Start == from)
}

// number sets the line numbers that are known without counting.
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
			continue // it is unknown, too
		}
		if l, ok := d.Number(ctx, r.Place, false); ok {
			r.line = l
		}
	}
}
