package pager

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/document"
	"logview/reader/files"
)

// A tally is a search of a whole log in the background. It counts the matching
// lines and records their places: exactly, unless there are too many, and
// approximately for the scroll bar.
type tally struct {
	order order // of the members
	stop  context.CancelFunc

	mu        sync.Mutex // guards the following fields
	changed   chan struct{}
	count     counts
	told      bool             // the first match was reported
	countOnly bool             // do not record places
	places    []document.Place // oldest first
	truncated bool             // places is not complete
	missed    bool             // some files could not be searched
	marks     marks
	done      bool
	share     float64 // fraction of the log that was searched
	read      index.Stats
	err       error
}

// counts are numbers of lines by member.
type counts map[document.MemberKey]int64

func (c counts) add(other counts) {
	for key, n := range other {
		c[key] += n
	}
}

const (
	// mostPlaces is the maximum number of recorded places: 16 MB.
	mostPlaces = 1 << 20
	// mostCells is the approximate number of cells of all members together.
	mostCells = 8000
)

// cells divide the text of a member into parts of equal size and record which
// of them have matches.
type cells struct {
	unit reader.Offset // the size of each
	hit  []bool
}

// mark marks the cell that contains off. It doubles the size of the cells while
// there are more than most.
func (c *cells) mark(off reader.Offset, most int) {
	for off/c.unit >= reader.Offset(most) {
		n := (len(c.hit) + 1) / 2
		for i := range n {
			c.hit[i] = c.hit[2*i] || 2*i+1 < len(c.hit) && c.hit[2*i+1]
		}
		c.hit, c.unit = c.hit[:n], 2*c.unit
	}
	k := int(off / c.unit)
	if k >= len(c.hit) {
		c.hit = append(c.hit, make([]bool, k+1-len(c.hit))...)
	}
	c.hit[k] = true
}

// marks records where in the members matches are, for the scroll bar.
type marks struct {
	most int // cells of a member
	of   map[document.MemberKey]*cells
}

func newMarks(members int) marks {
	return marks{max(8, min(400, mostCells/max(1, members))), map[document.MemberKey]*cells{}}
}

func (x marks) mark(p document.Place) {
	c := x.of[p.Member]
	if c == nil {
		c = &cells{unit: 1}
		x.of[p.Member] = c
	}
	c.mark(p.Offset, x.most)
}

// clone returns a copy.
func (x marks) clone() marks {
	out := marks{x.most, make(map[document.MemberKey]*cells, len(x.of))}
	for key, c := range x.of {
		out.of[key] = &cells{c.unit, slices.Clone(c.hit)}
	}
	return out
}

// rows sets the rows of a scroll bar that have matches.
func (x marks) rows(rows []bool, members []document.DocMember) {
	total, at := 0.0, 0.0
	for _, m := range members {
		total += float64(m.Weight)
	}
	for _, m := range members {
		if c := x.of[m.Key]; c != nil {
			for k, hit := range c.hit {
				if hit {
					share := (at + min(float64(m.Weight), float64(c.unit)*float64(k))) / max(total, 1)
					rows[min(len(rows)-1, int(share*float64(len(rows))))] = true
				}
			}
		}
		at += float64(m.Weight)
	}
}

// count starts a tally of the lines before end that match n as how says. The search uses a
// Source of its own, opened with opt: the Source of d waits for workers that
// the search occupies. The caller counts lines after end. If places is false,
// only the number of lines is recorded.
func count(ctx context.Context, s index.Searcher, d Log, opt files.Options, n query.Node, how match.Options, end document.Place, places bool) *tally {
	ctx, stop := context.WithCancel(ctx)
	members := d.Members()
	t := &tally{countOnly: !places, order: newOrder(members), stop: stop, count: counts{}, changed: make(chan struct{}, 1)}
	src, byPath := d.Searchable(opt)
	t.marks = newMarks(len(members))
	req := &index.Request{Query: n, Options: how, Sources: []reader.Source{src}, Progress: func(p index.Progress) {
		t.mu.Lock()
		t.share = float64(p.Done) / max(float64(p.Total), 1)
		t.mu.Unlock()
		t.notify()
	}}
	crash.Go(func() {
		defer stop()
		st, err := s.Search(ctx, req, func(h *index.Hits) error {
			key, known := byPath[h.Member.Path]
			t.mu.Lock()
			defer t.mu.Unlock()
			add := func(off reader.Offset) {
				p := document.Place{Member: key, Offset: off}
				if !known || t.order.compare(p, end) >= 0 {
					return // appended or added since
				}
				t.count[key]++
				if t.countOnly {
					return
				}
				if len(t.places) < mostPlaces {
					t.places = append(t.places, p)
				} else {
					t.truncated = true
				}
				t.marks.mark(p)
			}
			for _, l := range h.Lines {
				add(l.Offset)
			}
			if h.Long != nil {
				add(h.Long.Offset)
			}
			t.notify()
			return nil
		})
		t.mu.Lock()
		t.done, t.read, t.err = true, st, err
		t.missed = st.Skipped+st.Failed > 0
		t.truncated = t.truncated || t.missed
		t.mu.Unlock()
		t.notify()
	})
	return t
}

// A tallySnapshot is a copy of the results of a tally.
type tallySnapshot struct {
	count     counts
	truncated bool
	missed    bool
	marks     marks
	done      bool
	share     float64
	read      index.Stats
	err       error
}

// snapshot returns the results so far.
func (t *tally) snapshot() tallySnapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tallySnapshot{maps.Clone(t.count), t.truncated, t.missed, t.marks.clone(), t.done, t.share, t.read, t.err}
}

// wait returns a command that waits for new results. It limits their rate, but
// returns the first match at once.
func (t *tally) wait() tea.Cmd {
	return func() tea.Msg {
		<-t.changed
		t.mu.Lock()
		done, first := t.done, !t.told
		t.told = t.told || len(t.count) > 0
		t.mu.Unlock()
		if !done && !first {
			time.Sleep(30 * time.Millisecond) // one message for many matches
		}
		return tallyMsg{t}
	}
}

func (t *tally) notify() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// next returns the first matching place after p, or the last one before it, or
// p itself if here is set and it matches. known is false if the recorded places
// are incomplete or p is in another member, so that they do not tell.
func (t *tally) next(p document.Place, forward, here bool) (at document.Place, ok, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.order.has(p.Member) || !t.done || t.truncated || t.err != nil {
		return at, false, false
	}
	i, found := slices.BinarySearchFunc(t.places, p, t.order.compare)
	switch {
	case here && found:
	case forward && found:
		i++
	case !forward:
		i--
	}
	if i < 0 || i >= len(t.places) {
		return at, false, true
	}
	return t.places[i], true, true
}
