package pager

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"logview/index/query"
)

// These are the filters.

// InForce is a copy of the filters in which those are on that hold now: none if
// all are off.
func (m *Model) InForce() []Pattern {
	list := slices.Clone(m.filters)
	for i := range list {
		list[i].Off = list[i].Off || m.off
	}
	return list
}

// Filtered reports whether filters hide lines.
func (m *Model) Filtered() bool { return !m.pick.all() }

// Filters are the filters there are, and whether they are all off.
func (m *Model) Filters() ([]Pattern, bool) { return m.filters, m.off }

// Toggle switches one filter off or on. Where all are off, it is the only one
// that is on then.
func (m *Model) Toggle(i int) tea.Cmd {
	if i < 0 || i >= len(m.filters) {
		return say("there is no filter %d", i+1)
	}
	m.filters, m.off = m.InForce(), false
	m.filters[i].Off = !m.filters[i].Off
	m.last = i
	return m.refilter()
}

// Last is the filter that was made or switched last; none if negative.
func (m *Model) Last() int { return min(m.last, len(m.filters)-1) }

// MostFilters is how many filters a log has at most.
const MostFilters = 50

// SetFilters puts filters in force, around the line the person is on.
func (m *Model) SetFilters(list []Pattern, off bool) (tea.Cmd, error) {
	if len(list) > MostFilters {
		return nil, fmt.Errorf("there are already %d filters; no more can be added", MostFilters)
	}
	if _, _, err := compile(list...); err != nil {
		return nil, err
	}
	if len(list) > len(m.filters) {
		m.last = len(list) - 1
	}
	m.filters, m.off = list, off
	return m.refilter(), nil
}

// filterFound makes a filter of what is searched for: for the lines with it,
// or those without.
func (m *Model) filterFound(not bool) tea.Cmd {
	p := m.pattern
	if m.matcher == nil {
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
	list := m.InForce()
	if i := slices.IndexFunc(list, func(x Pattern) bool { return x.Text == p.Text && x.Case == p.Case }); i >= 0 {
		list[i].Off = false // it is there already
	} else {
		list = append(list, p)
	}
	cmd, err := m.SetFilters(list, false)
	if err != nil {
		return func() tea.Msg { return Said{err.Error(), true} }
	}
	return cmd
}

// refilter reads the rows again because the filters are others.
func (m *Model) refilter() tea.Cmd {
	mt, _, err := compile(m.InForce()...)
	if err != nil || m.doc == nil {
		return nil
	}
	at, ok := m.Place()
	if m.asked != nil { // which a filter hid
		at, ok = *m.asked, true
	}
	m.pick, m.hits = only(mt), newVerdicts()
	m.begin()
	m.fresh = 0
	m.anchor = nil
	var cmd tea.Cmd
	if m.follow || !ok {
		cmd = m.load(nil)
	} else {
		cmd = m.load(&at)
	}
	return tea.Batch(cmd, m.startTally())
}

// Query is what n of the filters and the search mean together, for writing
// or piping the matching lines; nil for all lines.
func (m *Model) Query() query.Node {
	list := m.InForce()
	if m.matcher != nil {
		list = append(list, m.pattern)
	}
	_, n, _ := compile(list...)
	return n
}

// StartFilters sets the filters that the next document is opened with.
func (m *Model) StartFilters(list []Pattern, off bool) error {
	m.filters, m.off = list, off
	mt, _, err := compile(m.InForce()...)
	if err != nil {
		m.filters, mt = nil, nil
	}
	m.pick = only(mt)
	return err
}
