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

// A window is a run of rows of a text: those that are shown, and some around
// them. It reads more where the screen comes near its ends, forgets what is
// far from the screen, and goes on when the text grows.
//
// Its methods are called from Update and View alone. What takes time they
// return as commands, whose answers go back to the method that is named like
// the message; answers to what was asked before the last restart are dropped.
type window struct {
	text    Text // nil if nothing is shown
	pick    pick // the lines of it that are rows
	members members
	err     error // why there are no rows

	ctx    context.Context // of the commands since the last restart
	cancel context.CancelFunc
	gen    int // counts restarts

	rows      []row
	atStart   bool           // the rows begin where the text does
	atEnd     bool           // the rows end where it does
	up, down  document.Place // where reading goes on
	upBusy    bool           // it is being read upwards
	downBusy  bool           // and downwards
	numbering bool           // lines are being counted
	loading   bool           // the rows are about to be replaced
	target    *document.Place
	gap       bool // a text came between the rows
	growth    growth
}

// growth is how far a window knows its text, whose end the rows need not reach.
type growth struct {
	tail    document.Place // to where; a last line without an end is read again from its beginning
	openAt  document.Place // where such a line begins that was counted among the new ones
	reading bool           // what came is being read
	again   bool           // and more came meanwhile
}

// windowRows is how many rows are read to each side at once. A window keeps
// mostRows of them, or mostBytes, if the screen is not larger.
const (
	windowRows = 300
	mostRows   = 3000
	mostBytes  = 12 << 20
)

type (
	// loadedMsg are rows that replace those there are.
	loadedMsg struct {
		gen      int
		up, down run
		at       document.Place // where they were wanted
		end      bool           // at the end
		tail     document.Place
		open     bool // the last line begins at tail, and has no end yet
		members  []document.DocMember
		err      error
	}
	// moreMsg are rows in front of those, or behind.
	moreMsg struct {
		gen     int
		from    document.Place
		forward bool
		run     run
		err     error
	}
	// numberedMsg are the numbers of lines that were counted.
	numberedMsg struct {
		gen     int
		numbers map[document.Place]reader.Line
	}
)

// open shows the lines of another text that are picked. There are no rows
// before they are loaded.
func (w *window) open(t Text, k pick) {
	w.close()
	w.text, w.pick = t, k
	w.err, w.gap, w.growth = nil, false, growth{}
	w.restart()
}

// close shows nothing any more.
func (w *window) close() {
	if w.cancel != nil {
		w.cancel()
	}
	w.text, w.rows, w.loading = nil, nil, false
	w.setMembers(nil)
	w.gen++
}

// restart gives up what is being read. Its answers are dropped.
func (w *window) restart() {
	if w.cancel != nil {
		w.cancel()
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.gen++
	w.upBusy, w.downBusy, w.numbering = false, false, false
	w.growth.reading, w.growth.again = false, false
}

// setPick picks other lines. The rows are to be loaded again.
func (w *window) setPick(k pick) { w.pick = k }

// setMembers takes over which members there are.
func (w *window) setMembers(list []document.DocMember) { w.members = newMembers(list) }

// busy reports whether rows are being read.
func (w *window) busy() bool { return w.loading || w.upBusy || w.downBusy }

// clearError is called when the text may be read again.
func (w *window) clearError() { w.err = nil }

// setGap is called when a text came between the rows. They are to be loaded
// again.
func (w *window) setGap() { w.gap = true }

// wrapped is where the screen rows of a row begin that is wrapped to a width.
func (w *window) wrapped(i, width int) []int {
	r := &w.rows[i]
	r.wrapTo(width)
	return r.starts
}

// contiguous reports whether all lines are rows: then each has the number
// that follows that of the one before.
func (w *window) contiguous() bool { return w.pick.all() }

// index is the row that begins at a place; negative if there is none, or the
// rows are about to be replaced.
func (w *window) index(p document.Place) int {
	if w.loading {
		return -1
	}
	return slices.IndexFunc(w.rows, func(r row) bool { return r.Place == p })
}

// holding is the row in which a place lies; negative if there is none, or the
// rows are about to be replaced.
func (w *window) holding(p document.Place) int {
	if w.loading {
		return -1
	}
	return slices.IndexFunc(w.rows, func(r row) bool {
		return r.Member == p.Member && r.Offset <= p.Offset && p.Offset < max(r.End, r.Offset+1)
	})
}

// load reads the rows around a place, or at the end for nil. They are wrapped
// to a width, unless that is 0.
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
		// From where the last line begins: it may have no end yet.
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

// loaded takes over the rows that were loaded. The row at the place where they
// were wanted is that with the index at.
func (w *window) loaded(msg loadedMsg) (at int, err error) {
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
	default: // what came since is going to be read from there
	}
	return min(len(msg.up.rows), max(0, len(w.rows)-1)), nil
}

// reachEnd is called when the rows reach to the end of the text: what came
// there is known with them.
func (w *window) reachEnd() {
	w.growth.tail, w.growth.openAt = w.down, document.Place{}
	if n := len(w.rows); n > 0 && w.rows[n-1].Open {
		w.growth.openAt = w.down
	}
}

// extend reads more rows in front of those there are, or behind them, unless
// they are being read or there are none.
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

// more takes over rows in front of those there are, which all have a higher
// index then, or behind them. It returns false if they do not fit: rows were
// forgotten meanwhile.
func (w *window) more(msg moreMsg) (added int, fits bool) {
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

// filtering describes how far the text is filtered, if more had to be looked
// through than what was read at once; else it is empty.
func (w *window) filtering(msg moreMsg) string {
	if msg.run.end || len(msg.run.rows) >= windowRows || w.contiguous() {
		return ""
	}
	return fmt.Sprintf("filtering: at %.0f%%", 100*document.FractionOf(w.text.Members(), msg.run.next))
}

// A span is some of the rows.
type span struct{ from, to int } // to is behind the last

// trim forgets rows in front of those to keep, or behind them, if there are
// too many. It returns by how much the others have a lower index then.
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

// mostCounted is how much text is read for nothing but the numbers of lines,
// where no index knows them. Behind it lines have none until somebody asks
// for one: whoever looks at the end of 40 GB does not want all of it read.
const mostCounted = 1 << 30

// unknown is the line of a row that is not going to be counted.
const unknown = reader.Line(-2)

// number counts the lines before those rows that have no number yet, in the
// background.
func (w *window) number() tea.Cmd {
	if w.text == nil || len(w.rows) == 0 || w.numbering {
		return nil
	}
	// A row that came alone follows one that has its number.
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

// numberAfter gives a row the number that follows that of the one before, if
// that has one.
func (w *window) numberAfter(i int) {
	r, before := &w.rows[i], &w.rows[i-1]
	if r.Member == before.Member && before.line >= 0 {
		r.line = before.line
		if !before.Unfinished {
			r.line++
		}
	}
}

// numbered takes over the numbers of lines that were counted.
func (w *window) numbered(msg numberedMsg) {
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
	// Of rows that came before the first whose number is known now.
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
