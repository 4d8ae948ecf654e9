package files

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"logview/reader"
	"logview/reader/decode"
)

// This file resolves paths into archives, such as dump.tar.xz/var/log/messages.

// wantedPaths are the paths in an archive, with slashes, that match a path
// given by the user.
type wantedPaths struct {
	named   map[string]bool     // files and directories
	through map[string][]string // for an archive in the archive: the paths in it
	files   map[string]bool     // targets of links that are found in directories
}

func (w *wantedPaths) add(path string) {
	if w.named[path] {
		return
	}
	w.named[path] = true
	for i := range len(path) {
		if path[i] == '/' {
			w.through[path[:i]] = append(w.through[path[:i]], path[i+1:])
		}
	}
}

// addLinks adds the paths to which wanted leads through the symbolic links of
// the archive a. For links below wanted, keep decides whether they are
// followed.
func (w *wantedPaths) addLinks(wanted string, a *archive, keep func(path string) bool) {
	links := a.links
	if a.kind == decode.ZipArchive {
		if err := a.acquire(context.Background(), nil, nil); err == nil || a.data != nil {
			links = zipLinks(a, a.length())
			a.Release()
		}
	}
	dir := resolveLink(wanted, links)
	w.add(dir)
	for link := range links {
		if match, _ := doublestar.Match(wanted, link); match {
			w.add(resolveLink(link, links))
		}
		if below, ok := strings.CutPrefix(link, dir+"/"); ok && keep(wanted+"/"+below) {
			w.files[resolveLink(link, links)] = true
		}
	}
}

// directory returns the innermost of the named directories that contain a path.
func (w *wantedPaths) directory(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' && w.named[path[:i]] {
			return path[:i]
		}
	}
	return ""
}

// resolveLink returns the path to which a path in an archive leads through
// links. Like the names in the archive, it never leads out of it.
func resolveLink(name string, links map[string]string) string {
	const most = 40 // as in Linux: links may form a cycle
	for range most {
		end := 0
		to, ok := "", false
		for !ok && end < len(name) {
			if i := strings.IndexByte(name[end+1:], '/'); i >= 0 {
				end += 1 + i
			} else {
				end = len(name)
			}
			to, ok = links[name[:end]]
		}
		if !ok {
			break
		}
		if !path.IsAbs(to) {
			to = path.Dir(name[:end]) + "/" + to
		}
		name = memberPath(to + name[end:])
	}
	return name
}

// depth returns how many levels below a directory a relative path leads.
func depth(path string) int64 {
	return int64(strings.Count(path, string(filepath.Separator))) + 1
}

// splitArchive splits a path that does not exist into a file and a path inside
// it. It returns false if no prefix of the path is a file.
func splitArchive(path string) (archive reader.Member, inside string, ok bool) {
	// The prefixes are not cleaned: a.tar is a prefix of a.tar/../x.
	for end := len(path) - 1; end > 0; end-- {
		if !os.IsPathSeparator(path[end]) || os.IsPathSeparator(path[end-1]) {
			continue
		}
		up := path[:end]
		info, err := os.Stat(up)
		if err != nil {
			continue
		}
		inside = strings.Trim(path[end:], string(filepath.Separator))
		return reader.Member{Path: up, Size: info.Size(), ModTime: info.ModTime(), Named: true, Handle: Handle{Info: info}}, inside, info.Mode().IsRegular()
	}
	return reader.Member{}, "", false
}

// ArchiveOf returns the file that is a prefix of a path that does not exist,
// and so may be an archive that contains the path; false if there is none.
func ArchiveOf(path string) (string, bool) {
	if _, err := os.Stat(path); err == nil {
		return "", false
	}
	m, ok := pendingMember(path)
	if !ok {
		return "", false
	}
	return HandleOf(m).In.in.member.Path, true
}

// CheckCanGrow returns an error if nothing will be written to the file at a path
// because it is an archive or in one, in a format that cannot be read, or below
// a file. It returns nil for other files, and for files that do not exist yet.
func CheckCanGrow(path string) error {
	m := reader.Member{Path: path, Named: true}
	info, err := os.Stat(path)
	if err != nil {
		a, _, ok := splitArchive(path)
		if !ok {
			return nil
		}
		if _, ok := pendingMember(path); ok {
			m = a
		}
	} else if !info.Mode().IsRegular() {
		return nil
	}
	if IsArchive(m) {
		err = fmt.Errorf("%w does not grow; use cat or search", ErrArchive)
	} else if f := Unreadable(m); f != "" {
		err = decode.Describe(f, decode.ErrUnreadable)
	}
	if err == nil {
		return nil
	}
	return &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
}

// pendingMember returns the member that stands for a path inside an archive
// until it is unpacked; false if path is not inside an archive. A path such as
// a.tar/../x is not: as with other files, .. does not lead out of an archive.
func pendingMember(path string) (reader.Member, bool) {
	a, inside, ok := splitArchive(path)
	if inside = filepath.Clean(inside); !ok || !filepath.IsLocal(inside) {
		return reader.Member{}, false
	}
	return reader.Member{Path: path, Size: a.Size, ModTime: a.ModTime, Named: true, Handle: Handle{In: &entry{in: &archive{member: a}, wanted: inside}}}, true
}

// insidePattern lists paths inside archives for a pattern whose first part
// matches the archives.
func insidePattern(pattern string) []string {
	if _, _, ok := splitArchive(pattern); ok {
		return nil // it starts with a file that exists
	}
	var out []string
	for i := 1; i < len(pattern); i++ {
		if !os.IsPathSeparator(pattern[i]) || !decode.ArchiveEnding.MatchString(pattern[:i]) {
			continue
		}
		if reader.CheckGlob(filepath.ToSlash(pattern[:i])) != nil {
			continue
		}
		found, _ := doublestar.FilepathGlob(pattern[:i], doublestar.WithFilesOnly())
		slices.Sort(found)
		for _, path := range found {
			out = append(out, path+pattern[i:])
		}
	}
	return out
}

// InsideArchive reports whether m stands for a path inside an archive that is
// not unpacked yet.
func InsideArchive(m reader.Member) bool { return HandleOf(m).In != nil && HandleOf(m).In.wanted != "" }

// IsPipe reports whether m is standard input or a named pipe, or is in an archive that is: its
// text may not be readable again.
func IsPipe(m reader.Member) bool {
	for HandleOf(m).In != nil {
		m = HandleOf(m).In.in.member
	}
	info := HandleOf(m).Info
	return m.Path == reader.Stdin || info != nil && !info.Mode().IsRegular()
}

// memberPath returns the path of a member below the archive, with slashes; empty
// for the archive itself.
func memberPath(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// unpackWanted lists the members that a path inside an archive means: a member,
// a directory of the archive, or a pattern.
func unpackWanted(ctx context.Context, m reader.Member, opt Options, turn *reader.Turn, progress func(int64)) ([]Log, []error) {
	outer, wanted := HandleOf(m).In.in.member, HandleOf(m).In.wanted
	if wanted == "." {
		return Unpack(ctx, outer, opt, turn, progress)
	}
	if !IsArchive(outer) {
		return nil, []error{&reader.FileError{Path: m.Path, Offset: -1, Err: errNoArchive}}
	}
	all := opt
	all.Filter = Filter{all: true} // hidden files are listed if the path names them
	logs, errs := Unpack(ctx, outer, all, turn, progress)
	prefix := outer.Path + string(filepath.Separator)
	f := NewFinder()
	w := wantedPaths{named: map[string]bool{}, through: map[string][]string{}, files: map[string]bool{}}
	wanted = filepath.ToSlash(wanted)
	w.add(wanted)
	if len(logs) > 0 {
		w.addLinks(wanted, HandleOf(logs[0].Members[0]).In.in, func(below string) bool {
			below = filepath.FromSlash(below)
			return !opt.Filter.excludesInside(prefix+filepath.FromSlash(wanted), prefix+below, f.cwd) && !opt.Filter.tooDeep(depth(below)-depth(filepath.FromSlash(wanted)))
		})
	}
	isGlob := IsPattern(wanted) && reader.CheckGlob(wanted) == nil
	for _, l := range logs {
		for _, x := range l.Members {
			inner := filepath.ToSlash(strings.TrimPrefix(x.Path, prefix))
			if w.named[inner] || isGlob && doublestar.MatchUnvalidated(wanted, inner) {
				x.Named = true
				ChangeHandle(&x, func(h *Handle) { h.deep = 0 })
				f.AddFile(x)
			} else if dir := w.directory(inner); dir != "" {
				below := prefix + filepath.FromSlash(dir)
				ChangeHandle(&x, func(h *Handle) { h.deep = depth(x.Path[len(below)+1:]) })
				if !opt.Filter.excludesInside(below, x.Path, f.cwd) && !opt.Filter.tooDeep(HandleOf(x).deep) {
					f.AddFile(x)
				}
			}
			if w.files[inner] {
				f.AddFile(x)
			}
			for _, rest := range w.through[inner] { // in an archive inside this one
				x.Named = true
				more, moreErrs := unpackWanted(ctx, reader.Member{Path: m.Path, Named: true, Handle: Handle{In: &entry{in: &archive{member: x}, wanted: filepath.FromSlash(rest)}}}, opt, turn, nil)
				errs = append(errs, moreErrs...)
				for _, l := range more {
					for _, y := range l.Members {
						f.AddFile(y)
					}
				}
			}
		}
	}
	if len(f.Files) == 0 && len(errs) == 0 {
		errs = append(errs, &reader.FileError{Path: m.Path, Offset: -1, Err: errNotInside})
	}
	return f.Group(), errs
}
