package reader

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

	"logview/reader/rotation"
)

// A Log is what a listing knows of one log from its files' names alone.
type Log struct {
	Name    string    // path of its current file, whether or not that exists
	Members []Member  // oldest first
	Gaps    []string  // what is missing between them, for people to read
	Looked  time.Time // when the names began to be read; nothing here is older

	key logKey
	why string // how the order of Members was decided
}

// A handle is what is known of a member, see [Member.Handle].
type handle struct {
	info os.FileInfo // of the file when it was listed, to know it again; nil if it is not known
	alt  string      // the same text under another name (X beside X.gz)
	in   *entry      // where in an archive it lies; nil for a file of its own
	deep int64       // how many levels it lies below a directory or archive that was named
	copy *Member     // an archive with the same name that may have the same members
	pair *pair       // of which it is one file, if it is not decided yet whether both hold the same text

	rotated bool // its name is that of a rotated file, among those with which it was listed
}

// handleOf returns what is known of m. Nothing is known of a member that a
// caller made of a path.
func handleOf(m Member) handle {
	h, _ := m.Handle.(handle)
	return h
}

// change changes what is known of m.
func change(m *Member, to func(*handle)) {
	h := handleOf(*m)
	to(&h)
	m.Handle = h
}

// Stdin is the path that stands for standard input.
const Stdin = "-"

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
	f := newFinder()
	f.filter = x
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, p := range paths {
		f.add(p)
	}
	return f.group(), f.errs
}

type found struct {
	Member
	dir   string
	name  rotation.Name
	title string          // what its log is called in dir
	order *rotation.Order // of its log; nil for the one that is taken for granted
	real  string          // where a link leads to; empty for what is none
}

type finder struct {
	files  []found
	links  []found        // links to files met on the way
	seen   map[string]int // what was taken, by where it lies, as an index into files
	cwd    string         // what relative paths start from
	filter Filter
	errs   []error
	begun  time.Time

	resolved bool // it is known of the files which log they belong to
}

func newFinder() *finder {
	cwd, _ := os.Getwd() // without one, relative and absolute paths cannot be compared
	return &finder{seen: map[string]int{}, cwd: cwd, begun: time.Now()}
}

func (f *finder) fail(path string, err error) {
	f.errs = append(f.errs, &FileError{Path: path, Offset: -1, Err: cause(err)})
}

func (f *finder) add(path string) {
	if path == Stdin {
		if info, err := os.Stdin.Stat(); err == nil && isOutput(info) {
			f.refuse("standard input")
			return
		}
		f.take(Member{Path: Stdin, Named: true})
		return
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && isPattern(path) {
		gerr := CheckGlob(filepath.ToSlash(path))
		var matches []string
		if gerr == nil {
			matches, gerr = doublestar.FilepathGlob(path)
		}
		if gerr == nil && len(matches) > 0 {
			slices.Sort(matches)
			for _, m := range matches {
				f.add(m)
			}
			return
		}
		if gerr != nil {
			err = gerr
		}
	}
	if err != nil {
		if m, ok := insideArchive(path); ok {
			f.take(m)
			return
		}
		if inside := insidePattern(path); len(inside) > 0 {
			for _, p := range inside {
				f.add(p)
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
		taken := f.take(Member{Path: path, Size: info.Size(), ModTime: info.ModTime(), Named: true, Handle: handle{info: info}})
		if link, err := os.Lstat(path); taken && err == nil && link.Mode()&fs.ModeSymlink != 0 {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				f.files[len(f.files)-1].real = real
			}
		}
	}
}

// isPattern reports whether a path that nothing lies at may be a pattern.
func isPattern(path string) bool { return strings.ContainsAny(path, "*?[{") }

// take takes a file once, by whatever path it is met: relative, absolute or
// through other directories. The first path given is the one it goes by. Hard
// links are files of their own. It reports whether the file was taken now.
func (f *finder) take(m Member) bool {
	if isOutput(handleOf(m).info) {
		f.refuse(m.Path)
		return false
	}
	key := m.Path
	if key != Stdin {
		if key = filepath.Clean(key); !filepath.IsAbs(key) {
			key = filepath.Join(f.cwd, key)
		}
	}
	if i, ok := f.seen[key]; ok {
		// link/../x need not be x: then it is another file.
		first := f.files[i]
		if handleOf(m).info == nil || handleOf(first.Member).info == nil || !dotted(m.Path) && !dotted(first.Path) || os.SameFile(handleOf(m).info, handleOf(first.Member).info) {
			return false
		}
	}
	f.seen[key] = len(f.files)
	f.resolved = false
	f.keepFile(m)
	return true
}

// keepFile takes a file that was not taken before.
func (f *finder) keepFile(m Member) {
	dir, base := filepath.Split(m.Path)
	f.files = append(f.files, found{Member: m, dir: dir, name: parseName(base)})
}

// refuse leaves out a file that is this program's output, and says so once.
func (f *finder) refuse(path string) {
	refused := slices.ContainsFunc(f.errs, func(err error) bool { return errors.Is(err, ErrOutput) })
	if !refused {
		f.fail(path, ErrOutput)
	}
}

// dotted reports whether a path leads back through "..".
func dotted(path string) bool {
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

// walk lists the entries of a directory, which lie depth levels below one
// that was named.
func (f *finder) walk(root string, depth int64) {
	if f.filter.tooDeep(depth) {
		return
	}
	entries, err := snapshot(root)
	if err != nil {
		f.fail(root, err)
		// What was listed before the error is still used.
	}
	if depth > 1 && isCacheDir(root, entries) {
		return
	}
	for _, e := range entries {
		base := e.Name()
		path := filepath.Join(root, base)
		if root == "." {
			path = base
		}
		if f.filter.leaves(path, e.IsDir(), f.cwd) {
			continue
		}
		switch {
		case e.IsDir():
			f.walk(path, depth+1)
		case e.Mode().IsRegular():
			if f.filter.tooLarge(e.Size()) {
				continue
			}
			f.take(Member{Path: path, Size: e.Size(), ModTime: e.ModTime(), Handle: handle{info: e, deep: depth}})
		case e.Mode()&fs.ModeSymlink != 0:
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // what it led to has gone, as a container's log does
			}
			if err != nil {
				f.fail(path, err)
			} else if info.Mode().IsRegular() && !f.filter.tooLarge(info.Size()) {
				dir, _ := filepath.Split(path)
				f.links = append(f.links, found{dir: dir, name: parseName(base),
					Member: Member{Path: path, Size: info.Size(), ModTime: info.ModTime(), Handle: handle{info: info, deep: depth}}})
			}
		}
	}
}

// followLinks takes the links whose files were not met under their own
// names, as /var/log/containers' are in /var/log/pods.
func (f *finder) followLinks() {
	if len(f.links) == 0 {
		return
	}
	real := map[string]bool{}
	dirs := map[string]string{}
	for _, m := range f.files {
		dir, ok := dirs[m.dir]
		if !ok {
			dir, _ = filepath.EvalSymlinks(filepath.Clean("./" + m.dir))
			if filepath.IsAbs(m.dir) {
				dir, _ = filepath.EvalSymlinks(m.dir)
			}
			dir, _ = filepath.Abs(dir)
			dirs[m.dir] = dir
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
			if f.take(l.Member) {
				f.files[len(f.files)-1].real = target
			}
		}
	}
}

// group makes logs of the files found.
func (f *finder) group() []Log {
	f.followLinks()
	f.resolve()
	groups := map[logKey][]found{}
	for _, m := range f.files {
		groups[m.logKey()] = append(groups[m.logKey()], m)
	}

	// logrotate's olddir: only rotated members here, and the directory above
	// has the log without any.
	for k, g := range groups {
		parent, _ := filepath.Split(strings.TrimSuffix(k.dir, string(filepath.Separator)))
		up := logKey{parent, k.key}
		if k.dir == "" || up.dir == k.dir || hasCurrent(g) {
			continue
		}
		if above := groups[up]; len(above) == 1 && above[0].name.Current() {
			g = append(above, g...)
			how := decideOrder(g)
			for i := range g {
				g[i].order = how
			}
			groups[up] = g
			delete(groups, k)
		}
	}

	logs := make([]Log, 0, len(groups))
	for k, g := range groups {
		l := Log{Name: k.dir + g[0].title, Looked: f.begun, key: k}
		if len(g) == 1 && g[0].Path == l.Name {
			l.Name = g[0].Path // the same memory, for archives with 100,000 members
		}
		slices.SortStableFunc(g, func(a, b found) int {
			return cmp.Or(older(a, b), strings.Compare(a.Path, b.Path))
		})
		g = pairs(g, f.filter.Apart)
		for _, m := range g {
			l.Members = append(l.Members, m.Member)
		}
		if len(g) > 1 {
			files := make([]rotation.File, len(g))
			for i, m := range g {
				files[i] = m.file()
			}
			how := cmp.Or(g[0].order, new(rotation.Order))
			l.Gaps, l.why = how.Missing(files), how.String()
		} else if !g[0].name.Current() && g[0].Named {
			l.Name = g[0].Path // a single file was named: that is what it is called
		}
		logs = append(logs, l)
	}
	slices.SortFunc(logs, func(a, b Log) int { return strings.Compare(a.Name, b.Name) })
	copiesOfArchives(logs)
	return logs
}

func hasCurrent(g []found) bool {
	return slices.ContainsFunc(g, func(m found) bool { return m.name.Current() && !m.name.Compressed() })
}
