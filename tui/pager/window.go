package pager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/document"
)

// A window holds a contiguous run of rows of a text: those on the screen and
// some around them. It reads more rows when the screen approaches either end,
// discards rows far from the screen, and appends rows when the text grows.
//
// Its methods are called from Update and View only. Slow work is returned as
// commands. The message of a command is passed to the method with the same
// name; the caller drops messages from before the last restart.
type window struct {
	text    Text // nil if nothing is shown
	pick    pick // which lines become rows
	members members
	err     error // of the last load

	ctx    context.Context // canceled by the next restart
	cancel context.CancelFunc
	gen    int // counts restarts

	rows      []row
	atStart   bool           // rows includes the start of the text
	atEnd     bool           // rows includes the end of the text
	up, down  document.Place // where to continue reading in each direction
	upBusy    bool           // a read upwards is in progress
	downBusy  bool           // a read downwards is in progress
	numbering bool           // line counting is in progress
	loading   bool           // a load is in progress; it will replace rows
	target    *document.Place
	gap       bool // text was inserted between the rows
	growth    growth
}

// growth tracks how much of a growing text the window has seen. The rows need
// not extend to that point.
type growth struct {
	tail    document.Place // end of what was seen; an unterminated last line is not included
	openAt  document.Place // start of an unterminated line that was already counted as new
	reading bool           // a read of the appended text is in progress
	again   bool           // another read was requested meanwhile
}

// windowRows is the number of rows that are read at once in each direction.
// A window keeps about mostRows rows or mostBytes of text.
const (
	windowRows = 300
	mostRows   = 3000
	mostBytes  = 12 << 20
)

type (
	// loadedMsg holds rows that replace the current ones.
	loadedMsg struct {
		gen      int
		up, down run
		at       document.Place // the place around which they were loaded
		end      bool           // it is the end of the text
		tail     document.Place
		open     bool // an unterminated last line starts at tail
		members  []document.DocMember
		err      error
	}
	// moreMsg holds rows that precede or follow the current ones.
	moreMsg struct {
		gen     int
		from    document.Place
		forward bool
		run     run
		err     error
	}
	// numberedMsg holds the numbers of the lines that were counted.
	numberedMsg struct {
		gen     int
		numbers map[document.Place]reader.Line
	}
)

// open switches to another text. The window is empty until load.
func (w *window) open(t Text, k pick) {
	w.close()
	w.text, w.pick = t, k
	w.err, w.gap, w.growth = nil, false, growth{}
	w.restart()
}

// close empties the window and cancels its commands.
func (w *window) close() {
	if w.cancel != nil {
		w.cancel()
	}
	w.text, w.rows, w.loading = nil, nil, false
	w.setMembers(nil)
	w.gen++
}

// restart cancels all commands. Their messages are dropped.
func (w *window) restart() {
	if w.cancel != nil {
		w.cancel()
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.gen++
	w.upBusy, w.downBusy, w.numbering = false, false, false
	w.growth.reading, w.growth.again = false, false
}

// setPick changes which lines become rows. The caller reloads the rows.
func (w *window) setPick(k pick) { w.pick = k }

// setMembers sets the list of members.
func (w *window) setMembers(list []document.DocMember) { w.members = newMembers(list) }

// busy reports whether rows are being read.
func (w *window) busy() bool { return w.loading || w.upBusy || w.downBusy }

// clearError forgets the error of the last load.
func (w *window) clearError() { w.err = nil }

// setGap records that text was inserted between the rows, which must be
// reloaded.
func (w *window) setGap() { w.gap = true }

// wrapped returns the offsets at which a row is wrapped to a width.
func (w *window) wrapped(i, width int) []int {
	r := &w.rows[i]
	r.wrapTo(width)
	return r.starts
}

// contiguous reports whether every line is a row, so that line numbers are
// consecutive.
func (w *window) contiguous() bool { return w.pick.all() }

// index returns the index of the row that starts at p, or -1 if there is none
// or a load is in progress.
func (w *window) index(p document.Place) int {
	if w.loading {
		return -1
	}
	return slices.IndexFunc(w.rows, func(r row) bool { return r.Place == p })
}

// holding returns the index of the row that contains p, or -1 if there is none
// or a load is in progress.
func (w *window) holding(p document.Place) int {
	if w.loading {
		return -1
	}
	return slices.IndexFunc(w.rows, func(r row) bool {
		return r.Member == p.Member && r.Offset <= p.Offset && p.Offset < max(r.End, r.Offset+1)
	})
}

// isGone reports whether a member no longer exists.
func (w *window) isGone(key document.MemberKey) bool {
	_, there := w.members.order[key]
	return !there && len(w.members.list) > 0
}

// load reads the rows around a place, or at the end if at is nil, and wraps
// them to a width, unless that is 0.
func (w *window) load(at *document.Place, width int) tea.Cmd {
	if w.text == nil {
		return nil
	}
	w.loading, w.target, w.gap = true, at, false
	ctx, t, k, gen := w.ctx, w.text, w.pick, w.gen
	return func() tea.Msg {
		msg := loadedMsg{gen: gen, end: at == nil}
		msg.err = msg.read(ctx, t, k, at)
		msg.up.wrapTo(width)
		msg.down.wrapTo(width)
		msg.members = t.Members()
		return msg
	}
}

func (msg *loadedMsg) read(ctx context.Context, t Text, k pick, at *document.Place) (err error) {
	t.Weigh()
	if msg.tail, msg.open, err = lastLine(ctx, t); err != nil {
		return err
	}
	if at != nil {
		msg.at = *at
	} else {
		// From the start of the last line, which may be unterminated.
		end, err := t.End(ctx)
		if err == nil {
			msg.at, err = t.At(ctx, document.Place{Member: end.Member, Offset: max(0, end.Offset-1)})
		}
		if err != nil {
			return err
		}
	}
	if msg.down, err = read(ctx, t, k, msg.at, true, windowRows); err == nil {
		msg.up, err = read(ctx, t, k, msg.at, false, windowRows)
	}
	if at != nil && err == nil && k.all() && len(msg.down.rows) > 0 && len(msg.up.rows) > 0 {
		number(ctx, t, msg.down.rows, true)
	}
	return err
}

// replaceRows replaces the rows. It returns the index of the row at the requested
// place.
func (w *window) replaceRows(msg loadedMsg) (at int, err error) {
	w.loading = false
	w.setMembers(msg.members)
	w.err = msg.err
	if msg.err != nil {
		if errors.Is(msg.err, context.Canceled) {
			w.err = nil
		}
		return 0, msg.err
	}
	w.rows = append(slices.Clip(msg.up.rows), msg.down.rows...)
	w.up, w.down = msg.up.next, msg.down.next
	w.atStart, w.atEnd = msg.up.end, msg.down.end
	switch {
	case w.atEnd:
		w.reachEnd()
	case w.growth.tail == (document.Place{}):
		w.growth.tail = msg.tail
		if w.growth.openAt = (document.Place{}); msg.open {
			w.growth.openAt = msg.tail
		}
	default: // keep the tail: the next grow continues there
	}
	return min(len(msg.up.rows), max(0, len(w.rows)-1)), nil
}

// reachEnd updates growth after the rows were extended to the end of the text.
func (w *window) reachEnd() {
	w.growth.tail, w.growth.openAt = w.down, document.Place{}
	if n := len(w.rows); n > 0 && w.rows[n-1].Open {
		w.growth.openAt = w.down
	}
}

// extend reads more rows above or below the current ones, unless such a read is
// in progress or there are none.
func (w *window) extend(above, below bool, width int) tea.Cmd {
	if w.text == nil || w.loading {
		return nil
	}
	var cmds []tea.Cmd
	if above && !w.atStart && !w.upBusy {
		w.upBusy = true
		cmds = append(cmds, w.fetch(w.up, false, width))
	}
	if below && !w.atEnd && !w.downBusy {
		w.downBusy = true
		cmds = append(cmds, w.fetch(w.down, true, width))
	}
	return tea.Batch(cmds...)
}

func (w *window) fetch(from document.Place, forward bool, width int) tea.Cmd {
	ctx, t, k, gen := w.ctx, w.text, w.pick, w.gen
	return func() tea.Msg {
		r, err := read(ctx, t, k, from, forward, windowRows)
		r.wrapTo(width)
		return moreMsg{gen, from, forward, r, err}
	}
}

// extendWith adds rows before or after the current ones. It returns by how much the
// indexes of the current rows increase, and false if the new rows are not
// adjacent because others were discarded meanwhile.
func (w *window) extendWith(msg moreMsg) (added int, fits bool) {
	if msg.forward {
		w.downBusy = false
	} else {
		w.upBusy = false
	}
	if msg.err != nil || msg.forward && msg.from != w.down || !msg.forward && msg.from != w.up {
		return 0, false
	}
	if msg.forward {
		w.rows = append(w.rows, msg.run.rows...)
		if w.down, w.atEnd = msg.run.next, msg.run.end; w.atEnd {
			w.reachEnd()
		}
		return 0, true
	}
	w.rows = append(slices.Clip(msg.run.rows), w.rows...)
	w.up, w.atStart = msg.run.next, msg.run.end
	return len(msg.run.rows), true
}

// filtering describes the progress of a read that found fewer rows than
// requested so far; it is empty if the read is complete.
func (w *window) filtering(msg moreMsg) string {
	if msg.run.end || len(msg.run.rows) >= windowRows || w.contiguous() {
		return ""
	}
	return fmt.Sprintf("filtering: at %.0f%%", 100*document.FractionOf(w.text.Members(), msg.run.next))
}

// A span is a range of row indexes, from inclusive, to exclusive.
type span struct{ from, to int }

// trim discards rows before keep, or after it, if there are too many rows. It
// returns by how much the indexes of the other rows decrease.
func (w *window) trim(front bool, keep span) (dropped int) {
	size := 0
	for i := range w.rows {
		size += len(w.rows[i].Text)
	}
	if len(w.rows) <= mostRows && size <= mostBytes {
		return 0
	}
	if front {
		n := keep.from
		if n <= 0 {
			return 0
		}
		w.up, w.atStart = w.rows[n].Place, false
		w.rows = slices.Clone(w.rows[n:])
		return n
	}
	if n := keep.to; n < len(w.rows) {
		w.down, w.atEnd = w.rows[n].Place, false
		w.rows = slices.Clone(w.rows[:n])
	}
	return 0
}

// mostCounted is how much text is read just to number lines that no index has
// counted. Lines further on stay unnumbered until the user goes to a line
// number: looking at the end of 40 GB must not read all of it.
const mostCounted = 1 << 30

// unknown is the line number of a row that will not be counted.
const unknown = reader.Line(-2)

// number counts lines in the background for the rows that have no number yet.
func (w *window) number() tea.Cmd {
	if w.text == nil || len(w.rows) == 0 || w.numbering {
		return nil
	}
	// Continue the numbers of preceding rows.
	for i := 1; i < len(w.rows) && w.contiguous(); i++ {
		if w.rows[i].line == -1 {
			w.numberAfter(i)
		}
	}
	var places []document.Place
	for i := range w.rows {
		if r := &w.rows[i]; r.line == -1 && (i == 0 || w.rows[i-1].Member != r.Member || !w.contiguous()) {
			places = append(places, r.Place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	w.numbering = true
	ctx, t, gen := w.ctx, w.text, w.gen
	return func() tea.Msg {
		numbers := map[document.Place]reader.Line{}
		for _, p := range places {
			if t.Uncounted(ctx, p) > mostCounted {
				numbers[p] = unknown
			} else if l, ok := t.Number(ctx, p, true); ok {
				numbers[p] = l
			}
		}
		return numberedMsg{gen, numbers}
	}
}

// numberAfter derives the number of row i from that of the row before, if that
// is known.
func (w *window) numberAfter(i int) {
	r, before := &w.rows[i], &w.rows[i-1]
	if r.Member == before.Member && before.line >= 0 {
		r.line = before.line
		if !before.Unfinished {
			r.line++
		}
	}
}

// setNumbers sets the numbers of the lines that were counted.
func (w *window) setNumbers(msg numberedMsg) {
	w.numbering = false
	for i := range w.rows {
		r := &w.rows[i]
		if l, ok := msg.numbers[r.Place]; ok {
			r.line = l
		} else if w.contiguous() && r.line == -1 && i > 0 && w.rows[i-1].Member == r.Member && w.rows[i-1].line == unknown {
			r.line = unknown
		} else if w.contiguous() && r.line < 0 && i > 0 {
			w.numberAfter(i)
		}
	}
	// Number the rows before the first known one backwards.
	for i := len(w.rows) - 2; i >= 0 && w.contiguous(); i-- {
		r, next := &w.rows[i], &w.rows[i+1]
		if r.line < 0 && r.Member == next.Member && next.line >= 0 {
			r.line = next.line
			if !r.Unfinished {
				r.line--
			}
		}
	}
}
