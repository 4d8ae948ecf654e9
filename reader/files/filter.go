package files

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"logview/reader"
	"logview/reader/decode"
)

// A Filter decides which files below a directory are listed. It does not apply
// to files that are named. The zero Filter lists what Find lists.
type Filter struct {
	Hidden  bool   // list hidden entries, too
	Depth   *int64 // number of levels to list below a named directory, whose own entries are level 1; nil for all
	MaxSize *int64 // maximum size of the files to list, on disk; nil for no limit

	// NoArchives says that archives are not read, so one that no glob selects is left out. Otherwise
	// its members may be selected.
	NoArchives bool

	// Apart reports whether two files must be read separately although they may
	// have the same text, because their paths matter; nil for never.
	Apart func(a, b string) bool

	all   bool // list everything
	globs []glob
	takes bool // some glob selects files, so those that match none are left out
}

// A glob selects files, or leaves them out, like a line of a .gitignore.
type glob struct {
	pattern string // matches the path below the working directory, with slashes
	fold    bool
	leave   bool
	dirs    bool // matches only directories
}

// Add adds a path pattern like that of ripgrep's --glob. It has the syntax of a
// pattern in a .gitignore of the working directory, and selects the files it
// matches, or leaves them out if it starts with !. A pattern without a slash,
// except at its end, matches names in any directory. If several patterns match
// a file, the last one added decides. Directories that are left out are not
// entered. If any pattern selects files, those that match no pattern are left
// out. fold says that case is ignored.
func (x *Filter) Add(pattern string, fold bool) error {
	g := glob{fold: fold}
	p, leave := strings.CutPrefix(pattern, "!")
	g.leave = leave
	if p = strings.TrimRight(p, " "); pattern == "" || strings.HasPrefix(p, "#") || p == "" && !g.leave {
		return nil // an empty line or a comment of a .gitignore
	}
	if p == "" || p == "/" {
		// The pattern matches no file. But as in ripgrep, / and a lone ! make
		// the filter select.
		x.takes = x.takes || p == "" || !g.leave
		return nil
	}
	p, g.dirs = strings.CutSuffix(p, "/")
	if strings.Contains(p, "/") {
		p = strings.TrimPrefix(p, "/")
	} else {
		p = "**/" + p
	}
	if strings.HasSuffix(p, "/**") {
		p += "/*" // the entries of the directory, not the directory
	}
	if fold {
		p = strings.ToLower(p)
	}
	if err := reader.CheckGlob(p); err != nil {
		return fmt.Errorf("%q: %w", pattern, err)
	}
	g.pattern = p
	x.globs = append(x.globs, g)
	x.takes = x.takes || !g.leave
	return nil
}

// Narrows reports whether the filter may leave out files that Find lists.
func (x *Filter) Narrows() bool {
	return x.takes || len(x.globs) > 0 || x.Depth != nil || x.MaxSize != nil
}

// excludes reports whether an entry of a directory is left out. Globs are
// relative to cwd, the working directory.
func (x *Filter) excludes(path string, dir bool, cwd string) bool {
	if x.all {
		return false
	}
	if leave, ok := x.matchGlobs(path, dir, cwd); ok {
		return leave
	}
	if x.takes && !dir && !x.mayHaveSelected(path) {
		return true
	}
	base := filepath.Base(path)
	return strings.HasPrefix(base, ".") && !x.Hidden || strings.HasSuffix(base, ".tmp")
}

// mayHaveSelected reports whether a file that no glob selects may have members that one does.
func (x *Filter) mayHaveSelected(path string) bool { return !x.NoArchives && decode.IsTarName(path) }

// excludesText reports whether a file is left out although excludes lets it pass, because it is
// no archive.
func (x *Filter) excludesText(m reader.Member, cwd string) bool {
	if m.Named || !x.takes || x.all || !x.mayHaveSelected(m.Path) {
		return false
	}
	_, ok := x.matchGlobs(m.Path, false, cwd)
	return !ok
}

// matchGlobs reports whether an entry is left out by the last glob that matches
// it; ok is false if none does.
func (x *Filter) matchGlobs(path string, dir bool, cwd string) (leave, ok bool) {
	if len(x.globs) == 0 {
		return false, false
	}
	rel := filepath.ToSlash(path)
	if cwd != "" {
		if below, ok := strings.CutPrefix(path, cwd+string(filepath.Separator)); ok {
			rel = filepath.ToSlash(below)
		}
	}
	rel = strings.TrimPrefix(rel, "./")
	for i := len(x.globs) - 1; i >= 0; i-- {
		g := &x.globs[i]
		name := rel
		if g.fold {
			name = strings.ToLower(name)
		}
		if g.dirs && !dir {
			continue
		}
		if ok, _ := doublestar.Match(g.pattern, name); ok {
			return g.leave, true
		}
	}
	return false, false
}

// forArchive returns the filter for the members of an archive. If a glob
// selects the archive, or one that contains it, that includes its members,
// except those that another glob leaves out.
func (x Filter) forArchive(archive reader.Member, cwd string) Filter {
	for m := &archive; ; m = &HandleOf(*m).In.in.member {
		if leave, ok := x.matchGlobs(m.Path, false, cwd); ok {
			x.takes = x.takes && leave
			return x
		}
		if HandleOf(*m).In == nil {
			return x
		}
	}
}

// excludesInside reports whether a member of an archive, or a directory of the
// archive that contains it, is left out.
func (x *Filter) excludesInside(archive, path, cwd string) bool {
	for i := len(archive) + 1; i < len(path); i++ {
		if path[i] == filepath.Separator && x.excludes(path[:i], true, cwd) {
			return true
		}
	}
	return x.excludes(path, false, cwd)
}

// tooDeep reports whether entries depth levels below a named directory are
// left out.
func (x *Filter) tooDeep(depth int64) bool { return x.Depth != nil && depth > *x.Depth }

// tooLarge reports whether a file is left out because of its size.
func (x *Filter) tooLarge(size int64) bool { return x.MaxSize != nil && size > *x.MaxSize }
