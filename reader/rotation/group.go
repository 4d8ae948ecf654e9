package rotation

import (
	"slices"
	"strings"
)

// A Log is a set of names passed to Group that form one log.
type Log struct {
	Name  string // name of the current file, whether or not it exists
	Key   string
	Names []int // indexes of the names, in their original order
}

// Group determines which names of one directory form a log. It replaces the
// names by names that were resolved with their siblings. The names may already
// be resolved, also with other siblings. The logs are in the order of their
// first names.
func Group(names []Name) []Log {
	g := grouping{names: names, of: make(map[string]int, len(names))}
	weak, short := false, false
	for i, n := range names {
		names[i] = n.unresolved()
		short = short || names[i].p != nil && names[i].p.short
		weak = weak || names[i].p != nil && (names[i].p.weak != noSlot || extension(names[i].p.key) == "")
	}
	if short && g.checkShortDates() {
		weak = true
	}
	g.collect()
	if weak && g.resolve() {
		g.collect()
	}
	for i := range g.logs {
		g.logs[i].Name = g.nameOf(g.logs[i])
	}
	return g.logs
}

type grouping struct {
	names []Name
	logs  []Log
	of    map[string]int // indexes in logs by key
}

// collect groups names with the same key.
func (g *grouping) collect() {
	clear(g.of)
	g.logs = g.logs[:0]
	for i, n := range g.names {
		k, ok := g.of[n.Key()]
		if !ok {
			k = len(g.logs)
			g.of[n.Key()] = k
			g.logs = append(g.logs, Log{Key: n.Key()})
		}
		g.logs[k].Names = append(g.logs[k].Names, i)
	}
}

// checkShortDates treats dates such as 261121 as numbers if other names have
// numbers in the same place that are not dates. It reports whether it changed
// any name.
func (g *grouping) checkShortDates() bool {
	numbers := map[string]bool{}
	for _, n := range g.names {
		if n.p != nil && n.p.width >= 6 {
			numbers[n.p.loose] = true
		}
	}
	any := false
	for i, n := range g.names {
		if n.p != nil && n.p.short && numbers[n.p.key] {
			g.names[i], any = n.withoutShortDate(), true
		}
	}
	return any
}

// nameOf returns the name of a log.
func (g *grouping) nameOf(l Log) string {
	for _, i := range l.Names {
		if n := g.names[i]; n.Current() && !n.Compressed() {
			return n.base
		}
	}
	if l.Key == "" || l.Key[0] == '.' {
		return "*" + l.Key
	}
	return l.Key
}

// kinds reports whether the log with a key has a current file, and rotated
// ones.
func (g *grouping) kinds(key string) (current, rotated bool) {
	k, ok := g.of[key]
	if !ok {
		return false, false
	}
	for _, i := range g.logs[k].Names {
		if n := g.names[i]; !n.Current() {
			rotated = true
		} else if !n.Compressed() {
			current = true
		}
	}
	return current, rotated
}

// alike describes the names that differ only in a slot.
type alike struct {
	compressed bool     // a name whose only number is in this slot is compressed
	values     []string // contents of the slot in these names
}

// differ reports whether there are different values.
func (a *alike) differ() bool {
	return slices.ContainsFunc(a.values, func(v string) bool { return v != a.values[0] })
}

// unbroken reports whether the numbers start with 0 or 1 and are consecutive.
func (a *alike) unbroken() bool {
	values := slices.Compact(slices.Sorted(slices.Values(a.values)))
	n := len(values)
	first, last := valueOf(values[0]), valueOf(values[n-1])
	return first <= 1 && last-first == n-1
}

// isDayOfMonth reports whether the numbers are days of the month, which PostgreSQL puts
// into names (log_filename = 'postgresql-%d.log').
func isDayOfMonth(a *alike, loose string) bool {
	return strings.HasPrefix(loose, "postgresql") && !slices.ContainsFunc(a.values, func(v string) bool { return valueOf(v) < 1 || valueOf(v) > 31 })
}

// resolve decides about the slots that depend on the siblings. It reports
// whether the key of any name changed.
func (g *grouping) resolve() bool {
	kinds := g.likeNames()
	changed := map[int]Name{}
	for _, l := range g.logs {
		n := g.names[l.Names[0]]
		if n.p == nil || n.p.weak == noSlot || n.p.key == n.p.loose || !g.isSlot(l, n, kinds[n.p.weak][n.p.loose]) {
			continue
		}
		for _, i := range l.Names {
			changed[i] = g.names[i].resolved()
		}
	}
	g.restoreExtensions(changed)
	for i, n := range changed {
		g.names[i] = n
	}
	return len(changed) > 0
}

// likeNames returns, for each kind of weak slot, the names that differ only in it, by
// their key without it.
func (g *grouping) likeNames() map[slot]map[string]*alike {
	kinds := map[slot]map[string]*alike{}
	for _, n := range g.names {
		if n.p == nil || n.p.weak == noSlot {
			continue
		}
		of := kinds[n.p.weak]
		if of == nil {
			of = map[string]*alike{}
			kinds[n.p.weak] = of
		}
		value := n.p.value
		if n.p.weak == wordSlot {
			value = strings.ToLower(strings.TrimPrefix(n.p.key, strings.TrimSuffix(n.p.loose, extension(n.p.loose))))
		}
		a := of[n.p.loose]
		if a == nil {
			a = new(alike)
			of[n.p.loose] = a
		}
		a.values = append(a.values, value)
		a.compressed = a.compressed || n.p.compressed && !n.Dated() && n.p.number < 0
	}
	return kinds
}

// isSlot reports whether the part in which the names of l differ weakly is a slot. n is one
// of those names, and a describes the names that differ only in that part.
func (g *grouping) isSlot(l Log, n Name, a *alike) bool {
	if current, rotated := g.kinds(l.Key); current && rotated {
		return false // the log is complete without it
	}
	_, exists := g.of[n.p.loose]
	baseCurrent, _ := g.kinds(n.p.loose)
	switch n.p.weak {
	case numberSlot:
		return a.compressed || exists || isDayOfMonth(a, n.p.loose)
	case attachedSlot:
		return baseCurrent && (n.p.width > 2 || a.unbroken())
	case wordSlot:
		return baseCurrent || a.differ() || exists && n.p.means == newest
	case dayNameSlot:
		return a.differ()
	}
	return false
}

// restoreExtensions gives names whose extension was replaced by a number or the like the
// key of the log that has it, unless there are several. It adds them to changed.
func (g *grouping) restoreExtensions(changed map[int]Name) {
	var with map[string]string // keys of logs with current files, by key without extension; empty for several
	for _, l := range g.logs {
		if current, rotated := g.kinds(l.Key); current || !rotated || extension(l.Key) != "" {
			continue
		}
		if with == nil {
			with = g.byBody()
		}
		key := with[l.Key]
		if key == "" {
			continue
		}
		for _, i := range l.Names {
			if _, ok := changed[i]; !ok {
				changed[i] = g.names[i].withKey(key)
			}
		}
	}
}

// byBody returns the keys of the logs with current files by their keys without extension;
// empty where several have the same.
func (g *grouping) byBody() map[string]string {
	with := map[string]string{}
	for _, x := range g.logs {
		ext := extension(x.Key)
		if current, _ := g.kinds(x.Key); !current || ext == "" || ext == x.Key {
			continue
		}
		body := strings.TrimSuffix(x.Key, ext)
		if _, ok := with[body]; ok {
			with[body] = ""
		} else {
			with[body] = x.Key
		}
	}
	return with
}
