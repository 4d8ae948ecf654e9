// Package files finds logs in directories and archives, and opens their
// members: through the cache if it has their text, in a pair of X and X.gz each
// line once, wherever rotation has moved the file meanwhile.
package files

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/rotation"
)

// A Log is what a listing knows of one log from its files' names alone.
type Log struct {
	Name    string          // path of its current file, whether or not that exists
	Members []reader.Member // oldest first
	Gaps    []string        // what is missing between them, for people to read
	Looked  time.Time       // when the names began to be read; nothing here is older

	key LogKey
	Why string // how the order of Members was decided
}

// A Handle is what is known of a member, see [Member.Handle].
type Handle struct {
	Info os.FileInfo    // of the file when it was listed, to know it again; nil if it is not known
	Alt  string         // the same text under another name (X beside X.gz)
	In   *entry         // where in an archive it is; nil for a file of its own
	deep int64          // how many levels it is below a directory or archive that was named
	copy *reader.Member // an archive with the same name that may have the same members
	Pair *pair          // of which it is one file, if it is not decided yet whether both hold the same text

	Rotated bool // its name is that of a rotated file, among those with which it was listed
}

// HandleOf returns what is known of m. Nothing is known of a member that a
// caller made of a path.
func HandleOf(m reader.Member) Handle {
	h, _ := m.Handle.(Handle)
	return h
}

// ChangeHandle calls change on the handle of m.
func ChangeHandle(m *reader.Member, change func(*Handle)) {
	h := HandleOf(*m)
	change(&h)
	m.Handle = h
}

// Find lists the logs under the given paths, ordered by name: directories
// with all that is below them, files, and patterns such as *.log or
// **/*.gz, for shells that leave them alone. No file is opened, but for
// pairs such as X and X.gz, of which the beginnings are compared (see pair.go).
//
// Hidden entries are left out, and so are names ending in .tmp, which are
// files in the making, unless they are named. A link to a file stands for
// the file, once; a link to a directory is followed only when it is named,
// so there is no way round in circles. A file that this program writes its
// output to is left out, even if it is named; the error wraps ErrOutput.
//
// What cannot be listed comes back as errors (each a *FileError) beside what
// can.
func Find(paths []string) ([]Log, []error) { return Filter{}.Find(paths) }

// Find lists the logs under the given paths as the function Find does, but
// for the files that the filter leaves out.
func (x Filter) Find(paths []string) ([]Log, []error) {
	f := NewFinder()
	f.Filter = x
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, p := range paths {
		f.Add(p)
	}
	return f.Group(), f.Errs
}

type Found struct {
	reader.Member
	Dir   string
	Name  rotation.Name
	title string          // what its log is called in dir
	order *rotation.Order // of its log; nil for the one that is taken for granted
	Real  string          // where a link leads to; empty for what is none
}

type Finder struct {
	Files  []Found
	links  []Found        // links to files met on the way
	seen   map[string]int // what was taken, by where it is, as an index into files
	cwd    string         // what relative paths start from
	Filter Filter
	Errs   []error
	Begun  time.Time

	Resolved bool // it is known of the files which log they belong to
}

func NewFinder() *Finder {
	cwd, _ := os.Getwd() // without one, relative and absolute paths cannot be compared
	return &Finder{seen: map[string]int{}, cwd: cwd, Begun: time.Now()}
}

func (f *Finder) fail(path string, err error) {
	f.Errs = append(f.Errs, &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)})
}

func (f *Finder) Add(path string) {
	if path == reader.Stdin {
		if info, err := os.Stdin.Stat(); err == nil && IsOutput(info) {
			f.skipOutput("standard input")
			return
		}
		f.AddFile(reader.Member{Path: reader.Stdin, Named: true})
		return
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && IsPattern(path) {
		gerr := reader.CheckGlob(filepath.ToSlash(path))
		var matches []string
		if gerr == nil {
			matches, gerr = doublestar.FilepathGlob(path)
		}
		if gerr == nil && len(matches) > 0 {
			slices.Sort(matches)
			for _, m := range matches {
				f.Add(m)
			}
			return
		}
		if gerr != nil {
			err = gerr
		}
	}
	if err != nil {
		if m, ok := pendingMember(path); ok {
			f.AddFile(m)
			return
		}
		if inside := insidePattern(path); len(inside) > 0 {
			for _, p := range inside {
				f.Add(p)
			}
			return
		}
	}
	switch {
	case err != nil:
		f.fail(path, err)
	case info.IsDir():
		f.walk(path, 1)
	default:
		taken := f.AddFile(reader.Member{Path: path, Size: info.Size(), ModTime: info.ModTime(), Named: true, Handle: Handle{Info: info}})
		if link, err := os.Lstat(path); taken && err == nil && link.Mode()&fs.ModeSymlink != 0 {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				f.Files[len(f.Files)-1].Real = real
			}
		}
	}
}

// IsPattern reports whether a path that nothing is at may be a pattern.
func IsPattern(path string) bool { return strings.ContainsAny(path, "*?[{") }

// AddFile adds a file once, by whatever path it is found: relative, absolute or
// through other directories. The first path given is the one it goes by. Hard
// links are files of their own. It reports whether the file was taken now.
func (f *Finder) AddFile(m reader.Member) bool {
	if IsOutput(HandleOf(m).Info) {
		f.skipOutput(m.Path)
		return false
	}
	key := m.Path
	if key != reader.Stdin {
		if key = filepath.Clean(key); !filepath.IsAbs(key) {
			key = filepath.Join(f.cwd, key)
		}
	}
	if i, ok := f.seen[key]; ok {
		// link/../x need not be x: then it is another file.
		first := f.Files[i]
		if HandleOf(m).Info == nil || HandleOf(first.Member).Info == nil || !hasDotDot(m.Path) && !hasDotDot(first.Path) || os.SameFile(HandleOf(m).Info, HandleOf(first.Member).Info) {
			return false
		}
	}
	f.seen[key] = len(f.Files)
	f.Resolved = false
	f.keepFile(m)
	return true
}

// keepFile takes a file that was not taken before.
func (f *Finder) keepFile(m reader.Member) {
	dir, base := filepath.Split(m.Path)
	f.Files = append(f.Files, Found{Member: m, Dir: dir, Name: decode.ParseName(base)})
}

// skipOutput skips a file that is this program's output, with one note.
func (f *Finder) skipOutput(path string) {
	refused := slices.ContainsFunc(f.Errs, func(err error) bool { return errors.Is(err, ErrOutput) })
	if !refused {
		f.fail(path, ErrOutput)
	}
}

// hasDotDot reports whether a path leads back through "..".
func hasDotDot(path string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "..")
}

// snapshot lists a directory as it was at one moment. A file that is renamed
// while a directory is read may come under both of its names or under none,
// so what was read is taken only if the directory was not changed meanwhile.
// The infos are those of the entries themselves, not of what links lead to.
func snapshot(dir string) ([]os.FileInfo, error) {
	const attempts = 20 // a directory that changes all the time is listed as well as can be
	for attempt := 1; ; attempt++ {
		before, err := os.Stat(dir)
		if err != nil {
			return nil, err
		}
		entries, err := os.ReadDir(dir)
		out := make([]os.FileInfo, 0, len(entries))
		whole := true
		for _, e := range entries {
			info, ierr := e.Info()
			if ierr != nil {
				whole = false // vanished, or renamed
				continue
			}
			out = append(out, info)
		}
		after, serr := os.Stat(dir)
		if err != nil || serr != nil || attempt == attempts ||
			whole && after.ModTime().Equal(before.ModTime()) {
			return out, err
		}
	}
}

// walk lists the entries of a directory, which are depth levels below one
// that was named.
func (f *Finder) walk(root string, depth int64) {
	if f.Filter.tooDeep(depth) {
		return
	}
	entries, err := snapshot(root)
	if err != nil {
		f.fail(root, err)
		// What was listed before the error is still used.
	}
	if depth > 1 && blockstore.IsCacheDir(root, entries) {
		return
	}
	for _, e := range entries {
		base := e.Name()
		path := filepath.Join(root, base)
		if root == "." {
			path = base
		}
		if f.Filter.excludes(path, e.IsDir(), f.cwd) {
			continue
		}
		switch {
		case e.IsDir():
			f.walk(path, depth+1)
		case e.Mode().IsRegular():
			if f.Filter.tooLarge(e.Size()) {
				continue
			}
			f.AddFile(reader.Member{Path: path, Size: e.Size(), ModTime: e.ModTime(), Handle: Handle{Info: e, deep: depth}})
		case e.Mode()&fs.ModeSymlink != 0:
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // what it led to has gone, as a container's log does
			}
			if err != nil {
				f.fail(path, err)
			} else if info.Mode().IsRegular() && !f.Filter.tooLarge(info.Size()) {
				dir, _ := filepath.Split(path)
				f.links = append(f.links, Found{Dir: dir, Name: decode.ParseName(base),
					Member: reader.Member{Path: path, Size: info.Size(), ModTime: info.ModTime(), Handle: Handle{Info: info, deep: depth}}})
			}
		}
	}
}

// FollowLinks takes the links whose files were not met under their own names,
// as /var/log/containers' are in /var/log/pods.
func (f *Finder) FollowLinks() {
	if len(f.links) == 0 {
		return
	}
	real := map[string]bool{}
	dirs := map[string]string{}
	for _, m := range f.Files {
		dir, ok := dirs[m.Dir]
		if !ok {
			dir, _ = filepath.EvalSymlinks(filepath.Clean("./" + m.Dir))
			if filepath.IsAbs(m.Dir) {
				dir, _ = filepath.EvalSymlinks(m.Dir)
			}
			dir, _ = filepath.Abs(dir)
			dirs[m.Dir] = dir
		}
		real[filepath.Join(dir, filepath.Base(m.Path))] = true
	}
	for _, l := range f.links {
		target, err := filepath.EvalSymlinks(l.Path)
		if err != nil {
			f.fail(l.Path, err)
			continue
		}
		target, _ = filepath.Abs(target)
		if !real[target] {
			real[target] = true
			if f.AddFile(l.Member) {
				f.Files[len(f.Files)-1].Real = target
			}
		}
	}
}

// Group makes logs of the files found.
func (f *Finder) Group() []Log {
	f.FollowLinks()
	f.Resolve()
	groups := map[LogKey][]Found{}
	for _, m := range f.Files {
		groups[m.LogKey()] = append(groups[m.LogKey()], m)
	}

	// logrotate's olddir: only rotated members here, and the directory above
	// has the log without any. There may be one for each month.
	below := map[LogKey][]Found{}
	for k, g := range groups {
		parent, _ := filepath.Split(strings.TrimSuffix(k.Dir, string(filepath.Separator)))
		up := LogKey{parent, k.Key}
		if k.Dir == "" || up.Dir == k.Dir || hasCurrent(g) {
			continue
		}
		if above := groups[up]; len(above) == 1 && above[0].Name.Current() {
			below[up] = append(below[up], g...)
			delete(groups, k)
		}
	}
	for up, g := range below {
		g = append(g, groups[up]...)
		slices.SortFunc(g, func(a, b Found) int { return strings.Compare(a.Path, b.Path) })
		how := decideOrder(g)
		for i := range g {
			g[i].order = how
		}
		groups[up] = g
	}

	logs := make([]Log, 0, len(groups))
	for k, g := range groups {
		l := Log{Name: k.Dir + g[0].title, Looked: f.Begun, key: k}
		if len(g) == 1 && g[0].Path == l.Name {
			l.Name = g[0].Path // the same memory, for archives with 100,000 members
		}
		how := cmp.Or(g[0].order, new(rotation.Order))
		slices.SortStableFunc(g, func(a, b Found) int {
			return cmp.Or(how.Compare(a.file(), b.file()), strings.Compare(a.Path, b.Path))
		})
		g = findPairs(g, f.Filter.Apart)
		for _, m := range g {
			l.Members = append(l.Members, m.Member)
		}
		if len(g) > 1 {
			files := make([]rotation.File, len(g))
			for i, m := range g {
				files[i] = m.file()
			}
			l.Gaps, l.Why = how.Missing(files), how.String()
		} else if !g[0].Name.Current() && g[0].Named {
			l.Name = g[0].Path // a single file was named: that is what it is called
		}
		logs = append(logs, l)
	}
	slices.SortFunc(logs, func(a, b Log) int { return strings.Compare(a.Name, b.Name) })
	copiesOfArchives(logs)
	return logs
}

func hasCurrent(g []Found) bool {
	return slices.ContainsFunc(g, func(m Found) bool { return m.Name.Current() && !m.Name.Compressed() })
}
