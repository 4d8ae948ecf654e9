package index

import (
	"slices"
	"sync"
	"time"

	"logview/index/query"
	"logview/reader"
	"logview/reader/line"
)

// A levelSet is a set of levels, a bit for each.
type levelSet uint8

const allLevels levelSet = 1<<(line.Fatal+1) - 1

// levelsOf returns the levels that lines may have which match a query.
func levelsOf(q query.Node) levelSet {
	switch q := q.(type) {
	case query.And:
		set := allLevels
		for _, x := range q {
			set &= levelsOf(x)
		}
		return set
	case query.Or:
		set := levelSet(0)
		for _, x := range q {
			set |= levelsOf(x)
		}
		return set
	case query.Not:
		if f, ok := q.X.(query.Field); ok && f.IsLevel() {
			return allLevels &^ levelsOf(f)
		}
	case query.Field:
		if q.IsLevel() {
			set := levelSet(0)
			for v := line.Trace; v <= line.Fatal; v++ {
				if q.HasLevel(v) {
					set |= 1 << v
				}
			}
			return set
		}
	}
	return allLevels
}

// exactLevels returns the levels of the lines that match a query, and false unless the
// query asks only for levels.
func exactLevels(q query.Node) (set levelSet, ok bool) {
	switch q := q.(type) {
	case query.Text:
		return allLevels, q.S == ""
	case query.Field:
		return levelsOf(q), q.IsLevel()
	case query.Not:
		set, ok = exactLevels(q.X)
		return allLevels &^ set, ok
	case query.And:
		set = allLevels
		for _, x := range q {
			s, ok := exactLevels(x)
			if !ok {
				return 0, false
			}
			set &= s
		}
		return set, true
	case query.Or:
		for _, x := range q {
			s, ok := exactLevels(x)
			if !ok {
				return 0, false
			}
			set |= s
		}
		return set, true
	}
	return 0, false
}

// summarize passes on what is known of block i of a table, and reports whether that is
// enough. n is the number of matching lines.
func (p *producer) summarize(table []reader.TableBlock, i int) (n int64, ok bool) {
	if p.req.Summary == nil {
		return 0, false
	}
	buf := countsPool.Get().(*[]TimeCount)
	defer countsPool.Put(buf)
	n, counts, ok := p.appendSummary((*buf)[:0], table, i)
	*buf = counts
	return n, ok && p.req.Summary(p.st.member, counts)
}

// countsPool has memory for what is known of blocks, as *[]TimeCount.
var countsPool = sync.Pool{New: func() any { return new([]TimeCount) }}

// appendSummary appends what is known of block i of a table to counts, and reports whether
// that is enough. n is the number of matching lines.
func (p *producer) appendSummary(counts []TimeCount, table []reader.TableBlock, i int) (n int64, _ []TimeCount, ok bool) {
	k := &table[i]
	if !p.exact || !k.LevelsKnown() || k.First.IsZero() || k.Continues || k.Unfinished || k.StartUntimed && !k.LeadingKnown() {
		return 0, counts, false
	}
	w := &p.req.Window
	first, last := k.TimesIn(w.zone())
	if !p.stays(k, first) || !p.stays(k, last) {
		return 0, counts, false
	}
	counts = slices.Grow(counts, len(k.Minutes)+2)
	// add adds the lines of a range of time, unless they are outside the window. It
	// returns false if only some may be.
	add := func(first, last time.Time, levels *[line.Fatal + 1]int32) bool {
		if !w.overlaps(first, last) {
			return true
		}
		if !w.contains(first) || !w.contains(last) {
			return false
		}
		c := TimeCount{First: first, Last: last}
		for v, x := range levels {
			if p.levels&(1<<v) != 0 {
				c.Levels[v] = int64(x)
				n += int64(x)
			}
		}
		counts = append(counts, c)
		return true
	}
	if k.StartUntimed {
		before, ok := p.finalBefore(table, i)
		if !ok || !add(before, before.Add(time.Millisecond-1), &k.Leading) {
			return 0, counts, false
		}
	}
	if k.Minutes == nil {
		timed := k.Levels
		for v, x := range k.Leading {
			timed[v] -= x
		}
		ok = add(first, last.Add(time.Millisecond-1), &timed)
		return n, counts, ok
	}
	for i := range k.Minutes {
		m := &k.Minutes[i]
		begin := k.MinuteIn(m.At, w.zone())
		if !add(begin, begin.Add(time.Minute-1), &m.Levels) {
			return 0, counts, false
		}
	}
	return n, counts, true
}

// finalBefore returns the time of the last line before block i of a table that has one. It
// returns false if that is not known, or if there is none.
func (p *producer) finalBefore(table []reader.TableBlock, i int) (time.Time, bool) {
	for i--; i >= 0 && table[i].LevelsKnown(); i-- {
		if k := &table[i]; !k.First.IsZero() {
			t := k.FinalIn(p.req.Window.zone())
			return t, !t.IsZero() && p.stays(k, t)
		}
	}
	return time.Time{}, false
}

// stays reports whether a time of a block, in the zone of the request, would be the same
// if it was read from its line again.
func (p *producer) stays(k *reader.TableBlock, t time.Time) bool {
	switch k.Inferred {
	case reader.NotInferred, reader.WallClock:
		return true
	case reader.WallClockYear:
		return p.timer != nil && p.timer.clock.InfersYear(t)
	}
	return false
}

// summarizeAll passes on what is known of the admitted blocks of a file that has
// certainly not changed, and reports whether that is enough, so that it need not be
// opened. Otherwise, nothing was passed on: when the file is opened, it may be another.
func (p *producer) summarizeAll(ad *admission) bool {
	if p.req.Summary == nil {
		return false
	}
	hits := int64(0)
	buf := countsPool.Get().(*[]TimeCount)
	defer countsPool.Put(buf)
	all := (*buf)[:0]
	for i, admitted := range ad.blocks {
		if !admitted {
			continue
		}
		n, counts, ok := p.appendSummary(all, ad.table.Blocks, i)
		if all, *buf = counts, counts; !ok {
			return false
		}
		hits += n
	}
	if !p.req.Summary(p.st.member, all) {
		return false
	}
	p.addWhole(ad, hits)
	return true
}

// addWhole counts the blocks of a file that was not opened, and its n matching lines.
func (p *producer) addWhole(ad *admission, n int64) {
	x, ok := p.slot()
	if !ok {
		return
	}
	x.stats.Blocks, x.stats.BlocksSkipped = int64(len(ad.blocks)), int64(len(ad.blocks))
	if n > 0 {
		x.hits = p.newHits(nil)
		x.hits.Count = n
		p.hits.Add(n)
	}
	p.fill(x)
}

// excludesWhole reports whether no line of a member has a level in s. k describes all its
// blocks.
func (s levelSet) excludesWhole(k *reader.TableBlock) bool {
	blocks := []bool{true}
	s.exclude(blocks, []reader.TableBlock{*k})
	return !blocks[0]
}

// exclude clears those of blocks that have no line with a level in s. A line longer
// than a block is read as a whole.
func (s levelSet) exclude(blocks []bool, table []reader.TableBlock) {
	if s == allLevels {
		return
	}
	for i := range blocks {
		k := &table[i]
		if !blocks[i] || !k.LevelsKnown() || k.Continues || k.Unfinished {
			continue
		}
		may := false
		for v, n := range k.Levels {
			may = may || n > 0 && s&(1<<v) != 0
		}
		blocks[i] = may
	}
}
