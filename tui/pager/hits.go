package pager

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/crash"
)

// A tally is a search through all of a log, beside the reading of it: how
// many lines match, where in the log they lie, and, as long as they are not
// too many, exactly where.
type tally struct {
	order map[reader.MemberKey]int // of the members
	stop  context.CancelFunc

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	count   counts
	told    bool           // of the first
	places  []reader.Place // oldest first
	capped  bool           // there are more than places
	missed  bool           // not all could be searched
	marks   [markCells]bool
	done    bool
	share   float64 // of the log that is through
	read    index.Stats
	err     error
}

// counts are numbers of lines, by members.
type counts map[reader.MemberKey]int64

func (c counts) add(other counts) {
	for key, n := range other {
		c[key] += n
	}
}

const (
	// mostPlaces is how many places of hits are kept: 16 MB.
	mostPlaces = 1 << 20
	// markCells is how finely the scroll bar knows where hits are.
	markCells = 400
)

// count begins to count what matches n in a Document. The search reads
// through a Source of its own, opened as opt says: that of the Document waits
// for workers, which the search has. What lies behind end is counted by whoever
// reads it.
func count(ctx context.Context, s index.Searcher, d *reader.Document, opt reader.Options, n query.Node, end reader.Place) *tally {
	ctx, stop := context.WithCancel(ctx)
	t := &tally{order: map[reader.MemberKey]int{}, stop: stop, count: counts{}, changed: make(chan struct{}, 1)}
	type member struct {
		key          reader.MemberKey
		before, size float64 // of the whole
		text         float64
	}
	byPath := map[string]member{}
	src, keys := d.Searchable(opt)
	total := 0.0
	members := d.Members()
	for _, m := range members {
		total += float64(m.Weight)
	}
	at := 0.0
	for i, m := range members {
		t.order[m.Key] = i
		x := member{key: m.Key, before: at / max(total, 1), size: float64(m.Weight) / max(total, 1), text: float64(m.Weight)}
		for path, key := range keys {
			if key == m.Key {
				byPath[path] = x
			}
		}
		at += float64(m.Weight)
	}
	req := &index.Request{Query: n, Sources: []reader.Source{src}, Progress: func(p index.Progress) {
		t.mu.Lock()
		t.share = float64(p.Done) / max(float64(p.Total), 1)
		t.mu.Unlock()
		t.tell()
	}}
	crash.Go(func() {
		defer stop()
		st, err := s.Search(ctx, req, func(h *index.Hits) error {
			m, known := byPath[h.Member.Path]
			t.mu.Lock()
			defer t.mu.Unlock()
			add := func(off reader.Offset) {
				if !known || t.compare(reader.Place{Member: m.key, Offset: off}, end) >= 0 {
					return // of a member, or of lines, that came since
				}
				t.count[m.key]++
				if len(t.places) < mostPlaces {
					t.places = append(t.places, reader.Place{Member: m.key, Offset: off})
				} else {
					t.capped = true
				}
				share := m.before + m.size*min(1, float64(off)/max(m.text, 1))
				t.marks[min(markCells-1, int(share*markCells))] = true
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

func (t *tally) tell() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// compare is the order of places in the log.
func (t *tally) compare(a, b reader.Place) int {
	if c := cmp.Compare(t.order[a.Member], t.order[b.Member]); c != 0 {
		return c
	}
	return cmp.Compare(a.Offset, b.Offset)
}

// before reports whether a place lies before another in what was searched.
func (t *tally) before(a, b reader.Place) bool {
	_, ka := t.order[a.Member]
	_, kb := t.order[b.Member]
	return ka && kb && t.compare(a, b) < 0
}

// beside is the first place of a hit behind p, or the last before it; with
// here p itself will do. known says whether the places tell: all of them are
// there, and p is in what was searched.
func (t *tally) beside(p reader.Place, forward, here bool) (at reader.Place, ok, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, in := t.order[p.Member]; !in || !t.done || t.capped || t.err != nil {
		return at, false, false
	}
	i, found := slices.BinarySearchFunc(t.places, p, t.compare)
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
