package reader

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"logview/reader/lazyregexp"
	"logview/reader/rotation"
)

// Package rotation knows names and times; here it meets files.

var zipEnding = lazyregexp.New(`(?i)\.zip$`)

// parseName reads a base name. An archive is a log of its own; most zips are
// compressed files.
func parseName(base string) rotation.Name {
	if isTarName(base) {
		return rotation.Plain(base)
	}
	return rotation.Parse(base)
}

// A logKey identifies a log among those that were listed together.
type logKey struct{ dir, key string }

func (m found) logKey() logKey { return logKey{dir: m.dir, key: m.name.Key()} }

// logName is what the log of a file is called.
func (m found) logName() string { return m.dir + cmp.Or(m.title, m.name.Key()) }

func (m found) file() rotation.File { return rotation.File{Name: m.name, ModTime: m.ModTime} }

// resolve finds out which of the files form a log, and in which order.
func (f *finder) resolve() {
	if f.resolved {
		return
	}
	f.resolved = true
	dirs := map[string][]int{}
	var order []string
	for i, m := range f.files {
		if dirs[m.dir] == nil {
			order = append(order, m.dir)
		}
		dirs[m.dir] = append(dirs[m.dir], i)
	}
	for _, dir := range order {
		at := dirs[dir]
		names := make([]rotation.Name, len(at))
		for k, i := range at {
			names[k] = f.files[i].name
		}
		for _, l := range rotation.Group(names) {
			var how *rotation.Order
			if len(l.Names) > 1 {
				files := make([]found, len(l.Names))
				for k, n := range l.Names {
					files[k] = f.files[at[n]]
					files[k].name = names[n]
				}
				how = decideOrder(files)
			}
			for _, n := range l.Names {
				m := &f.files[at[n]]
				m.name, m.title, m.order = names[n], l.Name, how
				change(&m.Member, func(h *handle) { h.rotated = !m.name.Current() })
			}
		}
	}
}

// decideOrder finds the order of the files of one log.
func decideOrder(files []found) *rotation.Order {
	list := make([]rotation.File, len(files))
	for i, m := range files {
		list[i] = m.file()
	}
	o := rotation.Decide(list, func(i int) time.Time { return beginsAt(files[i].Member) })
	return &o
}

// older orders files: rotated ones before current ones, and the members of a
// log oldest first.
func older(a, b found) int {
	if c := a.name.Current(); c != b.name.Current() {
		if c {
			return 1
		}
		return -1
	}
	if c := cmp.Or(strings.Compare(a.name.Key(), b.name.Key()), strings.Compare(a.dir, b.dir)); c != 0 {
		return c
	}
	o := cmp.Or(a.order, b.order)
	if o == nil {
		o = new(rotation.Order)
	}
	return o.Compare(a.file(), b.file())
}

// beginTimes are the times that texts begin with, as far as this process looked
// for them. A rotated file is not written to any more, so most are looked for
// once.
var beginTimes struct {
	sync.Mutex
	known map[Stamp]time.Time
}

const mostBeginTimes = 10000

// beginsAt is firstTime of a member, remembered. It is zero for a member of an
// archive, of which all before it had to be decoded; its archive knows the
// times of modification.
func beginsAt(m Member) time.Time {
	stamp, ok := ListedStamp(m)
	if handleOf(m).in != nil || !ok {
		return time.Time{}
	}
	beginTimes.Lock()
	t, known := beginTimes.known[stamp]
	beginTimes.Unlock()
	if known {
		return t
	}
	t = firstTime(m)
	beginTimes.Lock()
	defer beginTimes.Unlock()
	if beginTimes.known == nil || len(beginTimes.known) >= mostBeginTimes {
		beginTimes.known = map[Stamp]time.Time{}
	}
	beginTimes.known[stamp] = t
	return t
}

// sameLog returns which of the names in a directory belong to the log of the
// file called base, whether or not that is there.
func sameLog(base string, in []string) []string {
	of := parseName(base)
	names := []rotation.Name{of}
	for _, x := range in {
		if n := parseName(x); n.Family() == of.Family() && x != base {
			names = append(names, n)
		}
	}
	var out []string
	for _, l := range rotation.Group(names) {
		if !slices.Contains(l.Names, 0) {
			continue
		}
		for _, i := range l.Names {
			out = append(out, names[i].Base())
		}
	}
	return out
}

// Key is what the names of l's files have in common; see package rotation.
func (l Log) Key() string { return l.key.key }

// Order says how the order of l's files was decided.
func (l Log) Order() string { return cmp.Or(l.why, "one file") }

// Slots describes, for people, what the name of each of l's files says of its
// place in l.
func (l Log) Slots() []string {
	names := make([]rotation.Name, len(l.Members))
	for i, m := range l.Members {
		names[i] = parseName(filepath.Base(m.Path))
	}
	rotation.Group(names)
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.String()
	}
	return out
}

// Siblings is a pattern for Find of the files in the directory of a file that
// are named like it, those of its log among them.
func Siblings(path string) string {
	dir, base := filepath.Split(path)
	n := parseName(base)
	escape := strings.NewReplacer("\\", "\\\\", "*", "\\*", "?", "\\?", "[", "\\[", "{", "\\{")
	family := n.Family()
	if family != "" && strings.HasPrefix(base, family) {
		return escape.Replace(dir+family) + "*"
	}
	if ext := filepath.Ext(n.Key()); ext != "" {
		return escape.Replace(dir) + "*" + escape.Replace(ext) + "*"
	}
	return path
}
