package pager

import (
	"context"
	"slices"

	"logview/reader/document"
)

// Appending to a window as its text grows.

// appended is the text that was appended since the last read.
type appended struct {
	gen     int
	from    document.Place
	run     run
	lines   int64
	again   bool // it starts with a line that was unterminated at the last read
	skipped bool // there was more than is kept in run
	cut     bool // nothing was read: the newest member was replaced
	tail    document.Place
	members []document.DocMember
	err     error
}

// quiet reports whether there is nothing to show.
func (n *appended) quiet() bool { return n.lines == 0 && !n.skipped && n.err == nil }

// grow returns a function that reads the appended text, to be called from a
// command. It calls each with every part of it, including those that are too
// much to keep. If such a read is in progress, grow returns nil, and endGrow
// will report that another one is needed.
func (w *window) grow(each func(ctx context.Context, t Text, r *run) error) func() appended {
	if w.growth.reading {
		w.growth.again = true
		return nil
	}
	w.growth.reading = true
	ctx, t, k := w.ctx, w.text, w.pick
	n := appended{gen: w.gen, from: w.growth.tail}
	return func() appended {
		n.read(ctx, t, k, each)
		return n
	}
}

func (n *appended) read(ctx context.Context, t Text, k pick, each func(ctx context.Context, t Text, r *run) error) {
	if !t.Extend(ctx) {
		n.cut = true
		return
	}
	// This includes an unterminated last line, which may have become longer.
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

// surplus returns how many rows at the start exceed what is kept of one read.
func surplus(rows []row) int {
	size, n := 0, len(rows)
	for n > 0 && len(rows)-n < mostRows/2 && size < mostBytes/2 {
		n--
		size += len(rows[n].Text)
	}
	return n
}

// addAppended adds the appended rows and returns the number of new lines. If there
// are more than are kept, they replace the rows when following; otherwise the
// rows stay and no longer include the end. It returns false if more has
// meanwhile reached the end, so that a new read must start there.
func (w *window) addAppended(n *appended, follow bool) (lines int64, ok bool) {
	if len(n.members) > 0 {
		w.setMembers(n.members)
	}
	if w.atEnd && w.down != n.from {
		w.growth.tail = w.down
		return 0, false
	}
	lines = n.lines
	if n.again && w.growth.openAt == n.from {
		lines-- // the unterminated line was counted before
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

// dropUnfinished removes the pieces of an unterminated last line, which the
// appended rows repeat.
func (w *window) dropUnfinished(n *appended) {
	for i := len(w.rows); i > 0 && w.rows[i-1].Member == n.from.Member && w.rows[i-1].Offset >= n.from.Offset; i-- {
		if len(n.run.rows) > 0 && n.run.rows[0].line < 0 && n.run.rows[0].Place == w.rows[i-1].Place {
			n.run.rows[0].line = w.rows[i-1].line
		}
		w.rows = w.rows[:i-1]
	}
}

// endGrow ends a read of appended text. It reports whether another one was
// requested meanwhile.
func (w *window) endGrow() (again bool) {
	again = w.growth.again
	w.growth.reading, w.growth.again = false, false
	return again
}
