package pager

import (
	"context"
	"slices"

	"logview/reader/document"
)

// This is how a window goes on with a text that grows.

// news is what a text has got.
type news struct {
	gen     int
	from    document.Place
	run     run
	lines   int64
	again   bool // the first of them begins where the last line began, which had no end
	skipped bool // more came than is kept
	cut     bool // nothing was read: the newest member is another
	tail    document.Place
	members []document.DocMember
	err     error
}

// quiet reports whether nothing came.
func (n *news) quiet() bool { return n.lines == 0 && !n.skipped && n.err == nil }

// grow returns what reads the news, elsewhere, and gives each part of them to
// a function while it has them; nil if that is being done, and then it is to
// be done again.
func (w *window) grow(each func(ctx context.Context, t Text, r *run) error) func() news {
	if w.growth.reading {
		w.growth.again = true
		return nil
	}
	w.growth.reading = true
	ctx, t, k := w.ctx, w.text, w.pick
	n := news{gen: w.gen, from: w.growth.tail}
	return func() news {
		n.read(ctx, t, k, each)
		return n
	}
}

func (n *news) read(ctx context.Context, t Text, k pick, each func(ctx context.Context, t Text, r *run) error) {
	if !t.Grown(ctx) {
		n.cut = true
		return
	}
	// A last line without its end is read again: it may have got longer.
	n.run.next = n.from
	for !n.run.end {
		r, err := read(ctx, t, k, n.run.next, true, mostRows)
		if err != nil {
			n.err = err
			break
		}
		for i := range r.rows {
			if x := &r.rows[i]; !x.Continues {
				n.lines++
				n.again = n.again || x.Place == n.from
			}
		}
		if n.err = each(ctx, t, &r); n.err != nil {
			break
		}
		n.run.rows = append(n.run.rows, r.rows...)
		if i := surplus(n.run.rows); i > 0 {
			n.run.rows, n.skipped = slices.Clone(n.run.rows[i:]), true
		}
		n.run.next, n.run.end = r.next, r.end
	}
	n.tail, n.members = n.run.next, t.Members()
}

// surplus is how many rows at the beginning are more than is kept of what
// came at once.
func surplus(rows []row) int {
	size, n := 0, len(rows)
	for n > 0 && len(rows)-n < mostRows/2 && size < mostBytes/2 {
		n--
		size += len(rows[n].Text)
	}
	return n
}

// grown takes over the news and returns how many lines are new. If the rows
// reach to the end and more came than is kept, they are replaced if the end is
// followed, and end where they did if not. It returns false if the end was
// reached by reading on meanwhile: then the text is to be read from there.
func (w *window) grown(n *news, follow bool) (lines int64, ok bool) {
	if len(n.members) > 0 {
		w.setMembers(n.members)
	}
	if w.atEnd && w.down != n.from {
		w.growth.tail = w.down
		return 0, false
	}
	lines = n.lines
	if n.again && w.growth.openAt == n.from {
		lines-- // the unfinished line, again
	}
	w.growth.tail, w.growth.openAt = n.tail, document.Place{}
	if i := len(n.run.rows); i > 0 && n.run.rows[i-1].Open {
		w.growth.openAt = n.tail
	}
	if !w.atEnd {
		return lines, true
	}
	w.dropUnfinished(n)
	switch {
	case n.skipped && follow:
		w.rows = n.run.rows
		w.up, w.atStart = w.rows[0].Place, false
		w.down = n.tail
	case n.skipped:
		w.down, w.atEnd = n.from, false
	default:
		w.rows = append(w.rows, n.run.rows...)
		w.down = n.tail
	}
	return lines, true
}

// dropUnfinished forgets the pieces of a last line without its end, which are
// among the news again.
func (w *window) dropUnfinished(n *news) {
	for i := len(w.rows); i > 0 && w.rows[i-1].Member == n.from.Member && w.rows[i-1].Offset >= n.from.Offset; i-- {
		if len(n.run.rows) > 0 && n.run.rows[0].line < 0 && n.run.rows[0].Place == w.rows[i-1].Place {
			n.run.rows[0].line = w.rows[i-1].line
		}
		w.rows = w.rows[:i-1]
	}
}

// endGrow is called when the news are there. It reports whether more came
// while they were read.
func (w *window) endGrow() (again bool) {
	again = w.growth.again
	w.growth.reading, w.growth.again = false, false
	return again
}
