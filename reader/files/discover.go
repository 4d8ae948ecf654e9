// Package files finds logs in directories and archives, and opens their
// members: from the cache if it has their text, once per line for pairs of X
// and X.gz, and also after rotation has renamed their files.
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

// A Log is a log as found in a listing, from the names of its files alone.
type Log struct {
	Name    string          // path of its current file, whether or not that exists
	Members []reader.Member // oldest first
	Gaps    []string        // descriptions of the missing members, for users
	Looked  time.Time       // when reading the names began; nothing here is older

	key LogKey
	Why string // how the order of Members was determined
}

// A Handle is what this package knows about a member, see [Member.Handle].
type Handle struct {
	Info os.FileInfo    // of the file when it was listed, to recognize it again; nil if unknown
	Alt  *reader.Member // another file with the same text (X.gz for X); nil if there is none
	In   *entry         // position in an archive; nil for a file that is not in one
	deep int64          // number of levels below a named directory or archive
	copy *reader.Member // an archive with the same name that may have the same members
	from *reader.Member // an archive with the same name of which this one may be cut off
	Pair *pair          // the undecided pair that this file belongs to, see pair; nil if there is none

	Rotated bool       // its name, compared with those listed with it, is that of a rotated file
	with    *fileGroup // the files of its log when it was listed; nil if unknown
}

// A fileGroup is the files of a log, itself included, as they were listed.
type fileGroup struct {
	dirs  []string // their directories, as in their paths
	files []os.FileInfo
	whole bool // no file in these directories was left out
}

func (f *Finder) newFileGroup(files []Found) *fileGroup {
	s := &fileGroup{whole: len(f.Filter.globs) == 0 && f.Filter.MaxSize == nil && !slices.ContainsFunc(files, func(m Found) bool { return m.Named })}
	for _, m := range files {
		if !slices.Contains(s.dirs, m.Dir) {
			s.dirs = append(s.dirs, m.Dir)
		}
		if info := HandleOf(m.Member).Info; info != nil {
			s.files = append(s.files, info)
		}
	}
	return s
}

// HandleOf returns the Handle of m. It is zero if a caller constructed m from a
// path.
func HandleOf(m reader.Member) Handle {
	h, _ := m.Handle.(Handle)
	return h
}

// HasAlt reports whether the file at path has the same text.
func (h Handle) HasAlt(path string) bool { return h.Alt != nil && h.Alt.Path == path }

// ChangeHandle calls change on the handle of m.
func ChangeHandle(m *reader.Member, change func(*Handle)) {
	h := HandleOf(*m)
	change(&h)
	m.Handle = h
}

// Find lists the logs in the given paths, sorted by name: directories with
// everything below them, files, and patterns such as *.log or **/*.gz, which
// shells may pass on unchanged. It opens no files, except for pairs such as X
// and X.gz, whose beginnings it compares (see pair.go).
//
// Hidden entries are left out unless they are named, and so are names ending in
// .tmp, which are unfinished files. A link to a file stands for the file, which
// is listed once; a link to a directory is followed only if it is named, so
// there are no cycles. A file to which this program writes its output is left
// out even if it is named; the error wraps ErrOutput.
//
// Each error is a *FileError for a path that cannot be listed. The others are
// listed all the same.
func Find(paths []string) ([]Log, []error) { return Filter{}.Find(paths) }

// Find lists the logs in the given paths like the function Find, without the
// files that the filter leaves out.
func (x Filter) Find(paths []string) ([]Log, []error) {
	f := NewFinder()
	f.Filter = x
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, p := range paths {
		f.Add(p)
	}
	f.Files = slices.DeleteFunc(f.Files, func(c Found) bool { return x.excludesText(c.Member, f.cwd) && !IsArchive(c.Member) })
	return f.Group(), f.Errs
}

// A Found is a file that was found, and its place in a log.
type Found struct {
	reader.Member
	Dir   string          // part of its path before the name of its log
	Name  rotation.Name   // of the file
	title string          // name of its log in Dir
	order *rotation.Order // order of its log's members; nil for the default order
	Real  string          // target if it is a symbolic link; otherwise empty
}

// A Finder lists files and determines the logs that they belong to: Add what is
// to be listed, then call Resolve or Group once.
type Finder struct {
	Files  []Found
	links  []Found        // links to files that were found in directories
	seen   map[string]int // indexes in Files of the files that were added, by absolute path
	cwd    string         // directory to which relative paths refer; empty if unknown
	Filter Filter         // files that it does not match are left out
	Errs   []error        // what could not be listed
	Begun  time.Time      // when listing began

	Resolved bool // the logs that the files belong to are determined
}

// NewFinder returns a Finder that has found nothing yet.
func NewFinder() *Finder {
	cwd, _ := os.Getwd() // on error, relative and absolute paths cannot be compared
	return &Finder{seen: map[string]int{}, cwd: cwd, Begun: time.Now()}
}

func (f *Finder) fail(path string, err error) {
	f.Errs = append(f.Errs, &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)})
}

// Add lists the files at a path: a file, a directory and all below it, a
// pattern, or [reader.Stdin].
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

// IsPattern reports whether a path that does not exist may be a pattern.
func IsPattern(path string) bool { return strings.ContainsAny(path, "*?[{") }

// AddFile adds a file unless it was added before under any path: relative,
// absolute or through other directories. It keeps the first path. Hard links
// are different files. AddFile reports whether it added the file.
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
		// link/../x may differ from x: then it is another file.
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

// keepFile adds a file that was not added before.
func (f *Finder) keepFile(m reader.Member) {
	dir, base := filepath.Split(m.Path)
	f.Files = append(f.Files, Found{Member: m, Dir: dir, Name: decode.ParseName(base)})
}

// skipOutput skips a file that is this program's output. It reports only the
// first one.
func (f *Finder) skipOutput(path string) {
	refused := slices.ContainsFunc(f.Errs, func(err error) bool { return errors.Is(err, ErrOutput) })
	if !refused {
		f.fail(path, ErrOutput)
	}
}

// hasDotDot reports whether a path contains the element "..".
func hasDotDot(path string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "..")
}

// snapshot lists a directory as it was at one time. A file that is renamed
// while the directory is read may appear under both of its names or under
// neither, so the list is valid only if the directory did not change meanwhile.
// Its modification time shows that, unless it changed a moment ago: file systems
// keep times in steps of up to two seconds. Then two equal lists in succession
// show it. The infos describe the entries themselves, not the targets of links.
func snapshot(dir string) ([]os.FileInfo, error) {
	const attempts = 20 // a directory that changes all the time is listed as it is read
	const step = 2 * time.Second
	var last []os.FileInfo
	for attempt := 1; ; attempt++ {
		begun := time.Now()
		before, err := os.Stat(dir)
		if err != nil {
			return nil, err
		}
		entries, err := readDir(dir)
		out := make([]os.FileInfo, 0, len(entries))
		whole := true
		for _, e := range entries {
			info, ierr := e.Info()
			if ierr != nil {
				whole = false // removed or renamed
				continue
			}
			out = append(out, info)
		}
		after, serr := os.Stat(dir)
		if err != nil || serr != nil || attempt == attempts ||
			whole && after.ModTime().Equal(before.ModTime()) && (begun.Sub(before.ModTime()) > step || attempt > 1 && sameEntries(last, out)) {
			return out, err
		}
		last = out
	}
}

var readDir = os.ReadDir // a variable only for tests

// sameEntries reports whether two lists of a directory have the same files under
// the same names.
func sameEntries(a, b []os.FileInfo) bool {
	return slices.EqualFunc(a, b, func(x, y os.FileInfo) bool { return x.Name() == y.Name() && os.SameFile(x, y) })
}

// walk adds the entries of a directory. depth is their number of levels below a
// named directory.
func (f *Finder) walk(root string, depth int64) {
	if f.Filter.tooDeep(depth) {
		return
	}
	entries, err := snapshot(root)
	if err != nil {
		f.fail(root, err)
		// The entries that were listed before the error are used.
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
				continue // the target is gone, as it often is for a container's log
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

// FollowLinks adds the links whose targets were not found under their own
// names, such as those in /var/log/containers to /var/log/pods.
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

// Group returns the logs that the files form.
func (f *Finder) Group() []Log {
	f.FollowLinks()
	f.Resolve()
	groups := map[LogKey][]Found{}
	for _, m := range f.Files {
		groups[m.LogKey()] = append(groups[m.LogKey()], m)
	}

	// logrotate's olddir: this directory has only rotated members of a log, and
	// its parent has only the current one. There may be one such directory per
	// month.
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
		how, with := decideOrder(g), f.newFileGroup(g)
		for i := range g {
			g[i].order = how
			ChangeHandle(&g[i].Member, func(h *Handle) { h.with = with })
		}
		groups[up] = g
	}

	logs := make([]Log, 0, len(groups))
	for k, g := range groups {
		l := Log{Name: k.Dir + g[0].title, Looked: f.Begun, key: k}
		if len(g) == 1 && g[0].Path == l.Name {
			l.Name = g[0].Path // share the memory, for archives with 100,000 members
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
			l.Name = g[0].Path // a single file was named, so its log has that name
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
