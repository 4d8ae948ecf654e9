package pager

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"logview/index/query"
)

// MostFilters is how many filters a log has at most.
const MostFilters = 50

// filters are the patterns that lines must match to be shown.
type filters struct {
	list []Pattern
	off  bool // all of them
	last int  // the one that was made or switched last
	pick pick // the lines that pass
}

// set replaces the filters. It changes nothing if one is not a pattern or
// there are too many.
func (f *filters) set(list []Pattern, off bool) error {
	if len(list) > MostFilters {
		return fmt.Errorf("there are already %d filters; no more can be added", MostFilters)
	}
	if _, _, err := compile(list...); err != nil {
		return err
	}
	if len(list) > len(f.list) {
		f.last = len(list) - 1
	}
	f.list, f.off = list, off
	f.repick()
	return nil
}

// restore sets the filters as they were kept; none, and the error, if one is
// not a pattern any more.
func (f *filters) restore(list []Pattern, off bool) error {
	f.list, f.off = list, off
	_, _, err := compile(f.inForce()...)
	if err != nil {
		f.list = nil
	}
	f.repick()
	return err
}

// repick compiles the filters in force, which are known to be patterns.
func (f *filters) repick() {
	mt, _, _ := compile(f.inForce()...)
	f.pick = only(mt)
}

// inForce is a copy of the filters in which those are on that hold now: none
// if all are off.
func (f *filters) inForce() []Pattern {
	list := slices.Clone(f.list)
	for i := range list {
		list[i].Off = list[i].Off || f.off
	}
	return list
}

// with is the filters in force and another pattern.
func (f *filters) with(p Pattern) []Pattern { return append(f.inForce(), p) }

// toggle switches one filter off or on. Where all are off, it is the only one
// that is on then. It returns false if there is no such filter.
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

// toggleAll switches all filters off, or on again. It returns false if there
// are none.
func (f *filters) toggleAll() bool {
	if len(f.list) == 0 {
		return false
	}
	f.off = !f.off
	f.repick()
	return true
}

// drop removes the filter that was made or switched last. It returns false if
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

// lastIndex is the filter that was made or switched last; negative if there
// are none.
func (f *filters) lastIndex() int { return min(f.last, len(f.list)-1) }

// including returns the filters in force with one more, which is switched on
// if it is there already.
func (f *filters) including(p Pattern) []Pattern {
	list := f.inForce()
	if i := slices.IndexFunc(list, func(x Pattern) bool { return x.Text == p.Text && x.Case == p.Case }); i >= 0 {
		list[i].Off = false
		return list
	}
	return append(list, p)
}

// InForce is a copy of the filters in which those are on that hold now: none if
// all are off.
func (m *Model) InForce() []Pattern { return m.filters.inForce() }

// Filtered reports whether filters hide lines.
func (m *Model) Filtered() bool { return !m.filters.pick.all() }

// Filters are the filters there are, and whether they are all off.
func (m *Model) Filters() ([]Pattern, bool) { return m.filters.list, m.filters.off }

// Last is the filter that was made or switched last; none if negative.
func (m *Model) Last() int { return m.filters.lastIndex() }

// Toggle switches one filter off or on. Where all are off, it is the only one
// that is on then.
func (m *Model) Toggle(i int) tea.Cmd {
	if !m.filters.toggle(i) {
		return say("there is no filter %d", i+1)
	}
	return m.refilter()
}

// SetFilters puts filters in force, around the line the person is on.
func (m *Model) SetFilters(list []Pattern, off bool) (tea.Cmd, error) {
	if err := m.filters.set(list, off); err != nil {
		return nil, err
	}
	return m.refilter(), nil
}

// Including returns the filters in force with one more, which is switched on
// if it is there already.
func (m *Model) Including(p Pattern) []Pattern { return m.filters.including(p) }

// filterFound makes a filter of what is searched for: for the lines with it,
// or those without.
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
		_ = m.clearSearch() // the filter begins to count anew
	}
	cmd, err := m.SetFilters(m.filters.including(p), false)
	if err != nil {
		return func() tea.Msg { return Said{err.Error(), true} }
	}
	return cmd
}

// refilter reads the rows again because the filters are others.
func (m *Model) refilter() tea.Cmd {
	if m.doc == nil {
		return nil
	}
	at, ok := m.Place()
	if m.asked != nil { // which a filter hid
		at, ok = *m.asked, true
	}
	m.find.forgetVerdicts()
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

// Query is what the filters and the search mean together, for writing or
// piping the matching lines; nil for all lines.
func (m *Model) Query() query.Node {
	list := m.filters.inForce()
	if m.find.active() {
		list = append(list, m.find.pattern)
	}
	_, n, _ := compile(list...)
	return n
}

// StartFilters sets the filters that the next document is opened with.
func (m *Model) StartFilters(list []Pattern, off bool) error {
	return m.filters.restore(list, off)
}
