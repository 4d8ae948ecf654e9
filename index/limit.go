package index

import (
	"slices"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/files"
)

// A Limit says that the caller wants only the newest or the oldest of all matching lines,
// so that others need not be found. It is a point in time that moves during a search:
// lines before it, or after it, are not wanted. Where block tables say how many lines match,
// it begins at the right place; from there on the caller moves it, because of the lines it
// was given. It may be used by several goroutines at once.
type Limit struct {
	Newest bool
	Most   int64          // number of lines wanted
	Zone   *time.Location // as that of a Window

	mu     sync.Mutex
	w      Window
	counts []limitCount // of the lines wanted, as far as they are known
}

// A limitCount counts lines, none of which is less wanted than one at a time.
type limitCount struct {
	at time.Time
	n  int64
}

// Narrow excludes lines before t, or those after t. It does nothing if fewer lines are
// wanted already.
func (l *Limit) Narrow(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moveTo(t)
}

func (l *Limit) moveTo(t time.Time) {
	switch {
	case l.Newest && !t.After(l.w.Since):
	case l.Newest:
		l.w = Window{Since: t, Zone: l.Zone}
	case l.w.Until.IsZero() || t.Before(l.w.Until):
		l.w = Window{Until: t.Add(1), Zone: l.Zone}
	}
}

// add narrows the limit because of lines that are known to match, but were not found yet.
func (l *Limit) add(counts []TimeCount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range counts {
		k := limitCount{at: c.First}
		if !l.Newest {
			k.at = c.Last
		}
		for _, n := range c.Levels {
			k.n += n
		}
		if k.n > 0 && (!l.w.limited() || l.w.contains(k.at)) {
			l.counts = append(l.counts, k)
		}
	}
	slices.SortFunc(l.counts, func(a, b limitCount) int {
		if l.Newest {
			a, b = b, a
		}
		return a.at.Compare(b.at)
	})
	sum := int64(0)
	for i, k := range l.counts {
		if sum += k.n; sum >= l.Most {
			l.moveTo(k.at)
			l.counts = l.counts[:i+1]
			return
		}
	}
}

// excludesWhole reports whether no line of a member can be in l. k describes all its blocks.
func (l *Limit) excludesWhole(k *reader.TableBlock) bool {
	if l == nil {
		return false
	}
	w := l.window()
	return w.limited() && !w.mayContain(k)
}

func (l *Limit) window() Window {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w
}

// excludes reports whether no line of block i of a table can be in l.
func (l *Limit) excludes(table []reader.TableBlock, i int) bool {
	if l == nil {
		return false
	}
	w := l.window()
	if !w.limited() || table[i].First.IsZero() || table[i].Continues || table[i].Unfinished || w.mayContain(&table[i]) {
		return false
	}
	if !table[i].StartUntimed {
		return true
	}
	// Lines at its beginning may have the last time of the block before.
	for i--; i >= 0; i-- {
		if k := &table[i]; !k.First.IsZero() {
			return !w.mayContain(k)
		}
	}
	return true
}

// excludesAll reports whether no line of the blocks that ad admits can be in l.
func (l *Limit) excludesAll(ad *admission) bool {
	for i, admitted := range ad.blocks {
		if admitted && !l.excludes(ad.table.Blocks, i) {
			return false
		}
	}
	return l != nil
}

// narrowLimit narrows the limit by what the table of an unchanged member says of its lines, unless
// some of these may not be wanted, or be those of another member.
func (s *scanRun) narrowLimit(st *memberScan) {
	ad, l := st.adm, s.req.Limit
	if l == nil || !s.exact || s.req.Where != nil || ad == nil || !ad.certain || ad.grown || ad.table == nil || files.IsTwin(st.member) {
		return
	}
	p := newProducer(s, st)
	for i := range ad.blocks {
		if l.Newest {
			i = len(ad.blocks) - 1 - i
		}
		if !ad.blocks[i] || l.excludes(ad.table.Blocks, i) {
			continue
		}
		if _, counts, ok := p.appendSummary(nil, ad.table.Blocks, i); ok {
			l.add(counts)
		}
	}
}
