package pager

import (
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/document"
)

// Going to a time.

// Time returns the time of the current line, or of the nearest line before it that has one;
// false if none of those that were read has.
func (m *Model) Time() (time.Time, bool) {
	for i := min(m.view.cur, len(m.win.rows)-1); i >= 0; i-- {
		if t := m.win.rows[i].time; !t.IsZero() {
			return t, true
		}
	}
	return time.Time{}, false
}

// errThere ends a search for a time.
var errThere = errors.New("there")

// GoToTime goes to the first line, in the order of the log, whose time is t or later.
func (m *Model) GoToTime(t time.Time) tea.Cmd { return m.goToTime(t, false) }

// moveBy goes to the first line, in the order of the log, whose time is that of the current line
// plus d or later, or, if that is not before the current line, to the line before this.
func (m *Model) moveBy(d time.Duration) tea.Cmd {
	t, ok := m.Time()
	if !ok {
		return say("no line from here up has a time")
	}
	return m.goToTime(t.Add(d), d < 0)
}

func (m *Model) goToTime(t time.Time, earlier bool) tea.Cmd {
	if m.doc == nil {
		return nil
	}
	m.stopFinding()
	m.view.unfollow()
	ctx, gen := m.find.start(m.win.ctx)
	src, keys := m.doc.Searchable(m.searching)
	searcher, formats := m.searcher, m.find.formats
	node := m.filters.node()
	if node == nil {
		node = query.Text{} // every line
	}
	m.progress = "looking for the time; Esc stops"
	return func() tea.Msg {
		var at document.Place
		req := &index.Request{Query: node, Window: index.Window{Since: t}, Sources: []reader.Source{src}, Max: 1}
		req.Options.Formats = formats
		_, err := searcher.Search(ctx, req, func(h *index.Hits) error {
			key, ok := keys[h.Member.Path]
			switch {
			case !ok:
				return nil
			case h.Long != nil:
				at = document.Place{Member: key, Offset: h.Long.Offset}
			default:
				at = document.Place{Member: key, Offset: h.Lines[0].Offset}
			}
			return errThere
		})
		switch {
		case errors.Is(err, errThere):
			return foundMsg{gen: gen, at: at, ok: true, earlier: earlier}
		case err == nil:
			err = fmt.Errorf("no line has the time %s or a later one", t.Local().Format("2006-01-02 15:04:05"))
		}
		return foundMsg{gen: gen, err: err}
	}
}

// showTime returns a time as the title shows it: today's without the date.
func showTime(t, now time.Time) string {
	t = t.Local()
	if s := t.Format("2006-01-02 15:04:05"); s[:10] != now.Local().Format("2006-01-02") {
		return s
	}
	return t.Format("15:04:05")
}
