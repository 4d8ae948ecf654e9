package pager

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"logview/index/query"
	"logview/reader/line"
)

// MostFilters is the maximum number of filters of a log.
const MostFilters = 50

// filters are the patterns that lines must match to be shown.
type filters struct {
	list []Pattern
	off  bool // all are off
	last int  // the one that was added or switched last
	pick pick // selects the lines that pass

	formats *line.Formats // of lines, besides those that are known; nil for none
}

// setFormats is called before there are filters.
func (f *filters) setFormats(formats *line.Formats) { f.formats = formats }

// set replaces the filters. It returns an error and changes nothing if one is
// invalid or there are too many.
func (f *filters) set(list []Pattern, off bool) error {
	if len(list) > MostFilters {
		return fmt.Errorf("there are already %d filters; no more can be added", MostFilters)
	}
	if _, _, err := compile(f.formats, list...); err != nil {
		return err
	}
	if len(list) > len(f.list) {
		f.last = len(list) - 1
	}
	f.list, f.off = list, off
	f.repick()
	return nil
}

// restore sets saved filters. If one is invalid, it returns an error and there
// are none.
func (f *filters) restore(list []Pattern, off bool) error {
	f.list, f.off = list, off
	_, _, err := compile(f.formats, f.inForce()...)
	if err != nil {
		f.list = nil
	}
	f.repick()
	return err
}

// repick compiles the filters in force, which are known to be valid.
func (f *filters) repick() {
	mt, _, _ := compile(f.formats, f.inForce()...)
	f.pick = only(mt)
}

// inForce returns a copy of the filters in which Off says for each whether it
// is off, also because all are.
func (f *filters) inForce() []Pattern {
	list := slices.Clone(f.list)
	for i := range list {
		list[i].Off = list[i].Off || f.off
	}
	return list
}

// with returns the filters in force and another pattern.
func (f *filters) with(p Pattern) []Pattern { return append(f.inForce(), p) }

// node returns the filters in force as a query, or nil if there are none.
func (f *filters) node() query.Node {
	_, n, _ := compile(f.formats, f.inForce()...)
	return n
}

// toggle switches one filter. If all are off, it becomes the only one that is
// on. It returns false if there is no such filter.
func (f *filters) toggle(i int) bool {
	if i < 0 || i >= len(f.list) {
		return false
	}
	f.list, f.off = f.inForce(), false
	f.list[i].Off = !f.list[i].Off
	f.last = i
	f.repick()
	return true
}

// toggleAll switches all filters off or on again. It returns false if there
// are none.
func (f *filters) toggleAll() bool {
	if len(f.list) == 0 {
		return false
	}
	f.off = !f.off
	f.repick()
	return true
}

// drop removes the filter that was added or switched last. It returns false if
// there are none.
func (f *filters) drop() bool {
	i := f.lastIndex()
	if i < 0 {
		return false
	}
	f.list = slices.Delete(slices.Clone(f.list), i, i+1)
	f.repick()
	return true
}

// lastIndex returns the filter that was added or switched last, or -1.
func (f *filters) lastIndex() int { return min(f.last, len(f.list)-1) }

// including returns the filters in force and p, which is switched on if it is
// one of them already.
func (f *filters) including(p Pattern) []Pattern {
	list := f.inForce()
	if i := slices.IndexFunc(list, func(x Pattern) bool { return x.Text == p.Text && x.Case == p.Case }); i >= 0 {
		list[i].Off = false
		return list
	}
	return append(list, p)
}

// InForce returns a copy of the filters in which Off says for each whether it
// is off, also because all are.
func (m *Model) InForce() []Pattern { return m.filters.inForce() }

// Filtered reports whether filters hide lines.
func (m *Model) Filtered() bool { return !m.filters.pick.all() }

// Filters returns the filters, and whether all are off.
func (m *Model) Filters() ([]Pattern, bool) { return m.filters.list, m.filters.off }

// Last returns the filter that was added or switched last, or -1.
func (m *Model) Last() int { return m.filters.lastIndex() }

// Toggle switches one filter. If all are off, it becomes the only one that is
// on.
func (m *Model) Toggle(i int) tea.Cmd {
	if !m.filters.toggle(i) {
		return say("there is no filter %d", i+1)
	}
	return m.refilter()
}

// SetFilters replaces the filters and stays at the current line.
func (m *Model) SetFilters(list []Pattern, off bool) (tea.Cmd, error) {
	if err := m.filters.set(list, off); err != nil {
		return nil, err
	}
	return m.refilter(), nil
}

// Including returns the filters in force and p, which is switched on if it is
// one of them already.
func (m *Model) Including(p Pattern) []Pattern { return m.filters.including(p) }

// filterFound turns the pattern that is searched for into a filter, or into one
// for the lines without it.
func (m *Model) filterFound(not bool) tea.Cmd {
	p := m.find.pattern
	if !m.find.active() {
		return say("nothing is searched for; / does")
	}
	if not {
		if rest, ok := strings.CutPrefix(p.Text, "!"); ok {
			p.Text = rest
		} else {
			p.Text = "!" + p.Text
		}
		_ = m.clearSearch() // refilter starts counting
	}
	cmd, err := m.SetFilters(m.filters.including(p), false)
	if err != nil {
		return func() tea.Msg { return Said{err.Error(), true} }
	}
	return cmd
}

// refilter reloads the rows after the filters changed.
func (m *Model) refilter() tea.Cmd {
	if m.doc == nil {
		return nil
	}
	at, ok := m.Place()
	if m.asked != nil { // a filter hides it
		at, ok = *m.asked, true
	}
	m.find.forgetLongLines()
	m.win.setPick(m.filters.pick)
	m.restart()
	m.fresh = 0
	m.view.endSelection()
	var cmd tea.Cmd
	if m.view.follow || !ok {
		cmd = m.load(nil)
	} else {
		cmd = m.load(&at)
	}
	return tea.Batch(cmd, m.startCount())
}

// Query returns the filters and the pattern as one query, or nil if there are
// none.
func (m *Model) Query() query.Node {
	list := m.filters.inForce()
	if m.find.active() {
		list = append(list, m.find.pattern)
	}
	_, n, _ := compile(m.find.formats, list...)
	return n
}

// StartFilters sets the filters for the next log that is opened.
func (m *Model) StartFilters(list []Pattern, off bool) error {
	return m.filters.restore(list, off)
}

// LevelNames are the levels that SetLevel accepts, from 1 on.
var LevelNames = [...]string{"trace", "debug", "info", "warn", "error", "fatal"}

// isLeastLevel reports whether a filter is one that SetLevel makes.
func isLeastLevel(p Pattern) bool {
	name, ok := strings.CutPrefix(p.Text, leastLevel)
	return ok && slices.Contains(LevelNames[:], name)
}

const leastLevel = "level>="

// SetLevel hides the lines below a level, from 1 for trace to 6 for fatal, and those without
// one. With 1, it shows all lines again.
func (m *Model) SetLevel(n int) tea.Cmd {
	list := slices.DeleteFunc(m.filters.inForce(), isLeastLevel)
	if n > 1 {
		list = append(list, Pattern{Text: leastLevel + LevelNames[n-1]})
	} else if len(list) == len(m.filters.list) {
		return say("all levels are shown; 2 to 6 hide those below debug, info, warn, error and fatal")
	}
	cmd, err := m.SetFilters(list, false)
	if err != nil {
		return func() tea.Msg { return Said{err.Error(), true} }
	}
	return cmd
}
