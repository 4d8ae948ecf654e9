package files

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/rotation"
)

// A LogKey identifies a log among those that were listed together.
type LogKey struct{ Dir, Key string }

// LogKey returns the key of the file's log.
func (m Found) LogKey() LogKey { return LogKey{Dir: m.Dir, Key: m.Name.Key()} }

// LogName returns the name of the file's log.
func (m Found) LogName() string { return m.Dir + cmp.Or(m.title, m.Name.Key()) }

func (m Found) file() rotation.File { return rotation.File{Name: m.Name, ModTime: m.ModTime} }

// Resolve determines which files form a log, and in which order.
func (f *Finder) Resolve() {
	if f.Resolved {
		return
	}
	f.Resolved = true
	dirs := map[string][]int{}
	var order []string
	for i, m := range f.Files {
		if dirs[m.Dir] == nil {
			order = append(order, m.Dir)
		}
		dirs[m.Dir] = append(dirs[m.Dir], i)
	}
	for _, dir := range order {
		at := dirs[dir]
		names := make([]rotation.Name, len(at))
		for k, i := range at {
			names[k] = f.Files[i].Name
		}
		for _, l := range rotation.Group(names) {
			files := make([]Found, len(l.Names))
			for k, n := range l.Names {
				files[k] = f.Files[at[n]]
				files[k].Name = names[n]
			}
			var how *rotation.Order
			if len(files) > 1 {
				how = decideOrder(files)
			}
			with := f.newFileGroup(files)
			for _, n := range l.Names {
				m := &f.Files[at[n]]
				m.Name, m.title, m.order = names[n], l.Name, how
				ChangeHandle(&m.Member, func(h *Handle) { h.Rotated, h.with = !m.Name.Current(), with })
			}
		}
	}
}

// decideOrder returns the order of the files of one log.
func decideOrder(files []Found) *rotation.Order {
	list := make([]rotation.File, len(files))
	for i, m := range files {
		list[i] = m.file()
	}
	o := rotation.Decide(list, func(i int) time.Time { return beginTime(files[i].Member) })
	return &o
}

// Older compares files: rotated ones come before current ones, and the members
// of a log oldest first.
func Older(a, b Found) int {
	if c := a.Name.Current(); c != b.Name.Current() {
		if c {
			return 1
		}
		return -1
	}
	if c := cmp.Or(strings.Compare(a.Name.Key(), b.Name.Key()), strings.Compare(a.Dir, b.Dir)); c != 0 {
		return c
	}
	o := cmp.Or(a.order, b.order)
	if o == nil {
		o = new(rotation.Order)
	}
	return o.Compare(a.file(), b.file())
}

// beginTimes are the first times of the texts that this process has read. A
// rotated file is no longer written to, so most texts are read once.
var beginTimes struct {
	sync.Mutex
	known map[reader.Stamp]time.Time
}

const mostBeginTimes = 10000

// beginTime returns the time of the first line of a member with a time. It
// returns zero for a member of an archive, because everything before it would
// have to be decoded; the archive has the modification times of its members.
func beginTime(m reader.Member) time.Time {
	if HandleOf(m).In != nil {
		return time.Time{}
	}
	return cachedFirstTime(m, nil)
}

// cachedFirstTime is like firstTime but remembers the result. If f is nil it opens
// the file when necessary.
func cachedFirstTime(m reader.Member, f decode.File) time.Time {
	stamp, ok := ListedStamp(m)
	if ok {
		beginTimes.Lock()
		t, known := beginTimes.known[stamp]
		beginTimes.Unlock()
		if known {
			return t
		}
	}
	if f == nil {
		var err error
		if f, err = openListed(m); err != nil {
			return time.Time{}
		}
		defer f.Close()
	}
	t := firstTime(m, f, nil)
	if !ok {
		return t
	}
	beginTimes.Lock()
	defer beginTimes.Unlock()
	if beginTimes.known == nil || len(beginTimes.known) >= mostBeginTimes {
		beginTimes.known = map[reader.Stamp]time.Time{}
	}
	beginTimes.known[stamp] = t
	return t
}

// sameLog returns the name of the file called base, resolved with its siblings,
// and the names in its directory that belong to its log, whether or not the
// file exists.
func sameLog(base string, in []string) (rotation.Name, []string) {
	of := decode.ParseName(base)
	names := []rotation.Name{of}
	for _, x := range in {
		if n := decode.ParseName(x); n.Family() == of.Family() && x != base {
			names = append(names, n)
		}
	}
	var out []string
	for _, i := range rotation.Group(names)[0].Names {
		out = append(out, names[i].Base())
	}
	return names[0], out
}

// Key returns the common part of the names of l's files; see package rotation.
func (l Log) Key() string { return l.key.Key }

// Order describes how the order of l's files was determined.
func (l Log) Order() string { return cmp.Or(l.Why, "one file") }

// Slots describes, for users, what the name of each of l's files says about its
// position in l.
func (l Log) Slots() []string {
	names := make([]rotation.Name, len(l.Members))
	for i, m := range l.Members {
		names[i] = decode.ParseName(filepath.Base(m.Path))
	}
	rotation.Group(names)
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.String()
	}
	return out
}

// SiblingGlob returns a pattern for Find that matches the files in the directory
// of a file with similar names, which include those of its log.
func SiblingGlob(path string) string {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(dir) {
		entries, _ = os.ReadDir(dir)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	n, _ := sameLog(base, names)
	ext := filepath.Ext(n.Key())
	escape := strings.NewReplacer("\\", "\\\\", "*", "\\*", "?", "\\?", "[", "\\[", "{", "\\{")
	if stem := strings.TrimSuffix(n.Key(), ext); stem != "" && strings.HasPrefix(base, stem) {
		return escape.Replace(dir+stem) + "*"
	}
	if ext != "" { // the date precedes the name
		return escape.Replace(dir) + "*" + escape.Replace(ext) + "*"
	}
	return path
}
