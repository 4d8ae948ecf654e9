package pager

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/document"
	"logview/reader/files"
)

// A tally is a search through all of a log, beside the reading of it: how
// many lines match, where in the log they lie, and, as long as they are not
// too many, exactly where.
type tally struct {
	order order // of the members
	stop  context.CancelFunc

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	count   counts
	told    bool             // of the first
	bare    bool             // of the hits only their number is wanted
	places  []document.Place // oldest first
	capped  bool             // there are more than places
	missed  bool             // not all could be searched
	marks   marks
	done    bool
	share   float64 // of the log that is through
	read    index.Stats
	err     error
}

// counts are numbers of lines, by members.
type counts map[document.MemberKey]int64

func (c counts) add(other counts) {
	for key, n := range other {
		c[key] += n
	}
}

const (
	// mostPlaces is how many places of hits are kept: 16 MB.
	mostPlaces = 1 << 20
	// mostCells is about how many cells the scroll bar looks at, of all members,
	// for where hits are.
	mostCells = 8000
)

// cells are stretches of a text from its beginning on: those with hits.
type cells struct {
	unit reader.Offset // the size of each
	hit  []bool
}

// mark marks the cell that holds off. There are no more than most: else they
// become twice as large.
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

// marks say where in the members hits lie, for the scroll bar.
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

// clone copies them.
func (x marks) clone() marks {
	out := marks{x.most, make(map[document.MemberKey]*cells, len(x.of))}
	for key, c := range x.of {
		out.of[key] = &cells{c.unit, slices.Clone(c.hit)}
	}
	return out
}

// rows sets those of the rows of a scroll bar that have hits.
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

// count begins to count what matches n in a Document. The search reads
// through a Source of its own, opened as opt says: that of the Document waits
// for workers, which the search has. What lies behind end is counted by whoever
// reads it. Without places only the number of hits is kept.
func count(ctx context.Context, s index.Searcher, d Log, opt files.Options, n query.Node, end document.Place, places bool) *tally {
	ctx, stop := context.WithCancel(ctx)
	members := d.Members()
	t := &tally{bare: !places, order: newOrder(members), stop: stop, count: counts{}, changed: make(chan struct{}, 1)}
	src, byPath := d.Searchable(opt)
	t.marks = newMarks(len(members))
	req := &index.Request{Query: n, Sources: []reader.Source{src}, Progress: func(p index.Progress) {
		t.mu.Lock()
		t.share = float64(p.Done) / max(float64(p.Total), 1)
		t.mu.Unlock()
		t.tell()
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
					return // of a member, or of lines, that came since
				}
				t.count[key]++
				if t.bare {
					return
				}
				if len(t.places) < mostPlaces {
					t.places = append(t.places, p)
				} else {
					t.capped = true
				}
				t.marks.mark(p)
			}
			for _, l := range h.Lines {
				add(l.Offset)
			}
			if h.Long != nil {
				add(h.Long.Offset)
			}
			t.tell()
			return nil
		})
		t.mu.Lock()
		t.done, t.read, t.err = true, st, err
		t.missed = st.Skipped+st.Failed > 0
		t.capped = t.capped || t.missed
		t.mu.Unlock()
		t.tell()
	})
	return t
}

// A tallied is a tally as it was when it was last looked at.
type tallied struct {
	count  counts
	capped bool
	missed bool
	marks  marks
	done   bool
	share  float64
	read   index.Stats
	err    error
}

// snapshot is how far it is.
func (t *tally) snapshot() tallied {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tallied{maps.Clone(t.count), t.capped, t.missed, t.marks.clone(), t.done, t.share, t.read, t.err}
}

// wait waits until there is more to tell, but not for longer than a person
// would.
func (t *tally) wait() tea.Cmd {
	return func() tea.Msg {
		<-t.changed
		t.mu.Lock()
		done, first := t.done, !t.told
		t.told = t.told || len(t.count) > 0
		t.mu.Unlock()
		if !done && !first {
			time.Sleep(30 * time.Millisecond) // not a message a hit
		}
		return tallyMsg{t}
	}
}

func (t *tally) tell() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// beside is the first place of a hit behind p, or the last before it; with
// here p itself will do. known says whether the places tell: all of them are
// there, and p is in what was searched.
func (t *tally) beside(p document.Place, forward, here bool) (at document.Place, ok, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.order.has(p.Member) || !t.done || t.capped || t.err != nil {
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
