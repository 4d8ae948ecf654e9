package files

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
)

// Archives are tar files, compressed or not, and zip files with more than one
// member. They are read like directories: the member var/log/messages of
// sosreport.tar.xz has the path sosreport.tar.xz/var/log/messages, and rotated
// files in an archive are one log.
//
// Listing a directory does not open archives: each is listed as a log with one
// member. Open of that member returns ErrArchive; commands that read text
// (search, cat, the explorer when it opens one) call Unpack for the members. A
// path inside an archive is listed as a member, too, which Unpack resolves.
//
// What Unpack does depends on the archive:
//
//	tar            the headers are read, from one to the next; each member is
//	               a section of the file
//	zip            the directory at its end is read; each member is a section
//	               of the file, with a decoder (zip.go)
//	from a pipe    a tar is put into a temporary file first; of a zip, only
//	               the first member can be read
//	compressed     there is no random access, so it is decoded, once, into a
//	               block store in the cache (store.go), whose blocks are the
//	               tar's bytes instead of text; then it is as above, with
//	               sections of what the store holds. The next search finds the
//	               store again. Without a cache, and for a damaged
//	               archive, it is a temporary file that is deleted when the
//	               process ends.
//
// A member of an archive may be compressed, or an archive itself: it is read
// through the same functions as a file, see section. Nothing is ever written
// under a member's name, and links never lead out of it, so names can do no harm;
// "../" and a leading "/" are removed from them. A path may lead through symbolic
// links in the archive, as they would be if it was the root of the file system. If several members have the
// same name, the last one keeps it, as if they had been unpacked in order; the
// earlier ones are called NAME#1, NAME#2, …, so that no line is lost. Hidden and
// .tmp members are skipped as in a directory.
const (
	maxNames = 32 << 20 // bytes of their names in all
	maxName  = 4 << 10  // bytes of one name
	maxDepth = 3        // archives within each other

	// maxUnpacked limits the total size of an archive's members: a file of one
	// megabyte can unpack to any size.
	maxUnpacked = 256 << 30
)

var (
	// ErrArchive means that a file is an archive; see Unpack.
	ErrArchive = errors.New("an archive of several files")

	errNoArchive = errors.New("neither a directory nor an archive")
	errNotInside = errors.New("no such member in the archive")
	errPiped     = errors.New("this archive cannot be read from a pipe; save it to a file first")
	errDepth     = fmt.Errorf("nested in more than %d archives; not read", maxDepth-1)
	errEntries   = fmt.Errorf("more than %d members; the rest is not read", decode.MaxEntries)
	errUnpacked  = fmt.Errorf("more than %d GiB when unpacked; the rest is not read", maxUnpacked>>30)
	errLongName  = fmt.Errorf("a member with a name of more than %d bytes is not read", maxName)
	errTarCut    = errors.New("tar: truncated: the archive ends in the middle of a member")
)

// MayBeArchive reports whether m may be an archive, judging by its name.
func MayBeArchive(m reader.Member) bool {
	return InsideArchive(m) || decode.ArchiveEnding.MatchString(m.Path)
}

// IsArchive reports whether m is an archive. It reads the beginning and the
// end of the file.
func IsArchive(m reader.Member) bool {
	if InsideArchive(m) {
		return true
	}
	f, err := openListed(m) // opening a named pipe would block, or lose what is in it
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false
	}
	t, err := decode.Open(context.Background(), f, false)
	if err != nil {
		return false
	}
	defer t.Release()
	return t.Archive != ""
}

// An archive is an archive that was unpacked.
type archive struct {
	member reader.Member // the file of the archive, which may be in another archive
	depth  int           // number of archives that contain this one
	opt    Options
	kind   decode.ArchiveKind
	links  map[string]string // targets of the symbolic links by their paths, of a tar that was listed

	mu      sync.Mutex // guards the following fields
	users   int        // open members
	data    archiveData
	stamp   reader.Stamp
	decoded bool // data was decompressed; it is not the file itself
	kept    bool // data cannot be read again, so it is not closed

	damage error // what ended the reading of a pipe; not guarded
}

// name returns the name of the archive for errors.
func (a *archive) name() string {
	if a.member.Path == reader.Stdin {
		return "standard input"
	}
	return a.member.Path
}

// archiveData are the decompressed bytes of an archive.
type archiveData interface {
	io.ReaderAt
	io.Closer
}

// An entry describes a member of an archive.
type entry struct {
	in     *archive
	wanted string // if in is not unpacked yet: the path to look for in it

	off, size int64         // in the bytes of the archive
	end       int64         // end of its data in the bytes of the archive
	modified  time.Time     // of the member
	coding    decode.Coding // nil if the member is stored as it is
	sparse    bool          // off is the offset of its headers; see sparse.go
}

// A section is a file in an archive.
type section struct {
	*io.SectionReader
	path string
	info fs.FileInfo
	decode.Coding
	sparse *sparseFile // nil for a member without holes
	in     *archive
}

func (s *section) MemberCoding() decode.Coding { return s.Coding }

func (s *section) Holes() decode.HoleMap {
	if s.sparse == nil {
		return nil
	}
	return s.sparse
}

func (s *section) Name() string { return s.path }

func (s *section) Stat() (os.FileInfo, error) { return s.info, nil }

func (s *section) Close() error {
	if s.in != nil {
		s.in.Release()
		s.in = nil
	}
	return nil
}

// A memberInfo is the FileInfo of a member of an archive.
type memberInfo struct {
	name string
	size int64
	mod  time.Time
}

func (i memberInfo) Name() string { return i.name }

func (i memberInfo) Size() int64 { return i.size }

func (i memberInfo) Mode() fs.FileMode { return 0o444 }

func (i memberInfo) ModTime() time.Time { return i.mod }

func (i memberInfo) IsDir() bool { return false }

func (i memberInfo) Sys() any { return nil }

// open opens the member m, which e describes.
func (e *entry) open(m reader.Member) (decode.File, error) {
	if e.wanted != "" {
		return nil, &reader.FileError{Path: m.Path, Offset: -1, Err: ErrArchive}
	}
	if err := e.in.acquire(context.Background(), nil, nil); err != nil && e.in.data == nil {
		return nil, err // otherwise e may be in the part that can be read
	}
	s := &section{path: m.Path, info: memberInfo{filepath.Base(m.Path), e.size, e.modified}, Coding: e.coding, in: e.in}
	if !e.sparse {
		s.SectionReader = io.NewSectionReader(e.in, e.off, e.size)
		return s, nil
	}
	var err error
	if s.sparse, err = openSparse(e.in, e.off); err != nil {
		e.in.Release()
		return nil, &reader.FileError{Path: m.Path, Offset: -1, Err: reader.Cause(err)}
	}
	s.SectionReader = io.NewSectionReader(s.sparse, 0, s.sparse.size)
	return s, nil
}

// Unpack lists the members of the archive m as logs. If m is a path inside an
// archive, it lists the members that the path means. Archives in the archive
// are listed as archives. Each error is a *FileError that says what cannot be
// read. Unpack calls progress, if it is not nil, with the bytes of m that were
// decoded. A turn is as for reader.OpenInTurn.
func Unpack(ctx context.Context, m reader.Member, opt Options, turn *reader.Turn, progress func(disk int64)) ([]Log, []error) {
	if InsideArchive(m) {
		return unpackWanted(ctx, m, opt, turn, progress)
	}
	if m.Path == reader.Stdin {
		info, err := os.Stdin.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, []error{&reader.FileError{Path: "standard input", Offset: -1, Err: errPiped}}
		}
	}
	return (&archive{member: m, opt: opt}).list(ctx, turn, progress)
}

// list lists the members of the archive, as Unpack does.
func (a *archive) list(ctx context.Context, turn *reader.Turn, progress func(disk int64)) ([]Log, []error) {
	m := a.member
	for x := HandleOf(m).In; x != nil; x = HandleOf(x.in.member).In {
		a.depth++
	}
	fail := func(err error) error {
		if fe := (*reader.FileError)(nil); errors.As(err, &fe) {
			return err
		}
		return &reader.FileError{Path: a.name(), Offset: -1, Err: reader.Cause(err)}
	}
	if a.depth >= maxDepth {
		return nil, []error{fail(errDepth)}
	}
	var errs []error
	if a.damage != nil {
		errs = append(errs, fail(a.damage))
	}
	err := a.acquire(ctx, turn, progress)
	if a.data != nil {
		defer a.Release()
	}
	switch {
	case ctx.Err() != nil:
		return nil, []error{ctx.Err()}
	case err != nil:
		errs = append(errs, fail(err))
	}
	if a.data == nil {
		return nil, errs
	}
	var entries []namedEntry
	size := a.length()
	if a.kind == decode.ZipArchive {
		entries, err = a.zipMembers(size)
	} else {
		entries, err = a.tarMembers(ctx, size)
	}
	if ctx.Err() != nil {
		return nil, []error{ctx.Err()}
	}
	if err != nil && len(errs) == 0 { // otherwise it is a consequence of those
		errs = append(errs, fail(err))
	}
	f := NewFinder()
	f.Files = make([]Found, 0, len(entries))
	filter := a.opt.Filter.forArchive(m, f.cwd)
	for i, path := range memberPaths(entries) {
		if path == "" {
			continue
		}
		e := entries[i].entry
		deep := HandleOf(m).deep + depth(path)
		path = m.Path + string(filepath.Separator) + path
		if filter.excludesInside(m.Path, path, f.cwd) || filter.tooLarge(e.size) || filter.tooDeep(deep) {
			continue
		}
		f.keepFile(reader.Member{Path: path, Size: e.size, ModTime: e.modified, Handle: Handle{In: e, deep: deep}}) // no path occurs twice
	}
	logs := f.Group()
	return logs, append(errs, f.Errs...)
}

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

// UnpackAll replaces each archive among logs that look accepts by the logs in
// it, including archives in archives. The errors say what could not be read. A
// nil look accepts all archives.
func UnpackAll(ctx context.Context, logs []Log, opt Options, look func(reader.Member) bool) ([]Log, []error) {
	var out []Log
	var errs []error
	for _, l := range logs {
		var rest []reader.Member
		var inner []Log
		for _, m := range l.Members {
			if look != nil && !look(m) || !IsArchive(m) || zipByChance(m) {
				rest = append(rest, m)
				continue
			}
			logs, more := unpackOnce(ctx, m, opt, nil, nil)
			errs = append(errs, more...)
			logs, more = UnpackAll(ctx, logs, opt, nil)
			errs = append(errs, more...)
			inner = append(inner, logs...)
		}
		out = append(out, inner...)
		if len(rest) > 0 {
			l.Members = rest
			out = append(out, l)
		}
	}
	return out, errs
}

// copiesOfArchives finds archives among logs that may be copies of one another,
// as X.tar and X.tar.gz are while one is made from the other and after gzip -k.
// It records that, so that the members they have in common are read once.
func copiesOfArchives(logs []Log) {
	first := map[string]*reader.Member{}
	each := func(do func(tar string, packed bool, m *reader.Member)) {
		for _, l := range logs {
			for i := range l.Members {
				if tar, packed := tarOf(l.Members[i].Path); tar != "" {
					do(tar, packed, &l.Members[i])
				}
			}
		}
	}
	each(func(tar string, packed bool, m *reader.Member) {
		if first[tar] == nil || !packed {
			first[tar] = m
		}
	})
	each(func(tar string, _ bool, m *reader.Member) {
		if first[tar] != m {
			ChangeHandle(m, func(h *Handle) { h.copy = first[tar] })
		}
	})
}

// tarOf returns the path of a tar file before it was compressed, and whether it
// was compressed. The path is empty if the file is not named like a tar file.
func tarOf(path string) (tar string, packed bool) {
	ending := decode.ArchiveEnding.FindString(path)
	if ending == "" || !decode.IsTarName(path) {
		return "", false
	}
	return path[:len(path)-len(ending)] + ".tar", !strings.EqualFold(ending, ".tar")
}

// unpackOnce lists the members of the archive m, as Unpack does, except those
// that its copy also has: members with the same offset and the same bytes. If
// the copy is damaged, these are the members before the damage.
func unpackOnce(ctx context.Context, m reader.Member, opt Options, turn *reader.Turn, progress func(disk int64)) ([]Log, []error) {
	logs, errs := Unpack(ctx, m, opt, turn, progress)
	if HandleOf(m).copy == nil || len(logs) == 0 {
		return logs, errs
	}
	a := HandleOf(logs[0].Members[0]).In.in
	same, err := a.commonPrefix(ctx, &archive{member: *HandleOf(m).copy, opt: opt}, turn)
	if err != nil {
		return logs, errs // reading the other archive reports the error
	}
	for i := range logs {
		logs[i].Members = slices.DeleteFunc(logs[i].Members, func(x reader.Member) bool { return HandleOf(x).In.end <= same })
	}
	return slices.DeleteFunc(logs, func(l Log) bool { return len(l.Members) == 0 }), errs
}

// commonPrefix returns the length of the common beginning of two tar archives
// in bytes.
func (a *archive) commonPrefix(ctx context.Context, b *archive, turn *reader.Turn) (int64, error) {
	for _, x := range []*archive{a, b} {
		if err := x.acquire(ctx, turn, nil); err != nil && x.data == nil {
			return 0, err
		}
		defer x.Release()
	}
	if a.kind != decode.TarArchive || b.kind != decode.TarArchive {
		return 0, nil
	}
	x, y := reader.GetBlock(), reader.GetBlock()
	defer reader.PutBlock(x)
	defer reader.PutBlock(y)
	for off := int64(0); ; off += reader.BlockSize {
		if err := ctx.Err(); err != nil {
			return off, err
		}
		p, q := x.Grow(), y.Grow()
		n, err := a.ReadAt(p, off)
		if err != nil && err != io.EOF {
			return off, err
		}
		k, err := b.ReadAt(q, off)
		if err != nil && err != io.EOF {
			return off, err
		}
		n = min(n, k)
		if !bytes.Equal(p[:n], q[:n]) || n < reader.BlockSize {
			same := 0
			for same < n && p[same] == q[same] {
				same++
			}
			return off + int64(same), nil
		}
	}
}

// InsideArchive reports whether m stands for a path inside an archive that is
// not unpacked yet.
func InsideArchive(m reader.Member) bool { return HandleOf(m).In != nil && HandleOf(m).In.wanted != "" }

// zipByChance reports whether the archive m is a zip file that was not named
// and is not called one: programs, documents and packages are zip files, too.
func zipByChance(m reader.Member) bool {
	if m.Named || MayBeArchive(m) {
		return false
	}
	f, _, err := OpenMember(m)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [decode.MagicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	return decode.FormatOf(b[:n]) == decode.Zip
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

// Fixed returns an error if nothing will be written to the file at a path
// because it is an archive or in one, in a format that cannot be read, or below
// a file. It returns nil for other files, and for files that do not exist yet.
func Fixed(path string) error {
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

// acquire makes a.data readable until Release is called. If a part of the
// archive cannot be read, it returns an error, and a.data is the rest. If nothing
// can be read, a.data is nil, and Release must not be called.
func (a *archive) acquire(ctx context.Context, turn *reader.Turn, progress func(int64)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.data != nil {
		a.users++
		return nil
	}
	defer func() {
		if a.data != nil {
			a.users++
		}
	}()
	f, p, err := OpenMember(a.member) // may hold the mu of the archive that it is in
	if err != nil {
		return err
	}
	if f == os.Stdin {
		a.kept = true // do not close standard input
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return &reader.FileError{Path: p, Offset: -1, Err: reader.Cause(err)}
		}
	}
	if err = a.read(ctx, f, turn, progress); err != nil && a.data == nil {
		f.Close()
		if fe := (*reader.FileError)(nil); !errors.As(err, &fe) {
			err = &reader.FileError{Path: p, Offset: -1, Err: reader.Cause(err)}
		}
	}
	return err
}

// Release undoes acquire. The archive stays open for a while, because its next
// member is usually read soon.
func (a *archive) Release() {
	a.mu.Lock()
	a.users--
	rest := a.users == 0 && a.data != nil && !a.kept
	a.mu.Unlock()
	if !rest {
		return
	}
	if old := resting.put(a); old != nil {
		old.close()
	}
}

// close closes an archive without open members.
func (a *archive) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users == 0 && a.data != nil && !a.kept {
		a.data.Close()
		a.data = nil
	}
}

// resting are open archives without open members.
var resting openArchives

type openArchives struct {
	mu  sync.Mutex
	all []*archive
}

// put adds an archive. It returns an archive to close, or nil.
func (o *openArchives) put(a *archive) (old *archive) {
	const most = 4
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Contains(o.all, a) {
		return nil
	}
	o.all = append(o.all, a)
	if len(o.all) > most {
		old, o.all = o.all[0], slices.Delete(o.all, 0, 1)
	}
	return old
}

// ReadAt implements io.ReaderAt for the archive. It rebuilds a damaged block
// store.
func (a *archive) ReadAt(p []byte, off int64) (int, error) {
	a.mu.Lock()
	data := a.data
	a.mu.Unlock()
	n, err := data.ReadAt(p, off)
	if err == nil || err == io.EOF {
		return n, err
	}
	s, ok := data.(*storeBytes)
	if !ok {
		return n, err
	}
	os.Remove(s.st.Path)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.data == data {
		f, _, err := OpenMember(a.member)
		if err != nil {
			return 0, err
		}
		if err := a.read(context.Background(), f, nil, nil); err != nil {
			a.data = data
			return 0, err
		}
	}
	return a.data.ReadAt(p, off)
}

// length returns the size of the archive's bytes.
func (a *archive) length() int64 {
	switch d := a.data.(type) {
	case *storeBytes:
		return int64(d.st.Table.Size)
	case decode.File:
		if info, err := d.Stat(); err == nil {
			return info.Size()
		}
	}
	return 0
}

// read sets a.data from the file f, and owns f. a.mu is held.
func (a *archive) read(ctx context.Context, f decode.File, turn *reader.Turn, progress func(int64)) error {
	a.data = nil
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if stamp := reader.StampOf(info); a.stamp == (reader.Stamp{}) {
		a.stamp = stamp
	} else if !stamp.Same(a.stamp) {
		return reader.ErrGone // its members are at other offsets now
	}
	key, kerr := archiveKey(f)
	if a.kind != "" && a.decoded && kerr == nil {
		if st, ok := a.opt.Cache.OpenStoreOf(ctx, key, f, true); ok {
			f.Close()
			a.data = &storeBytes{st: st}
			return nil
		}
	}
	if a.kind != "" && !a.decoded {
		a.data = f
		return nil
	}
	t, err := decode.OpenIn(ctx, f, false, "", turn)
	if err != nil {
		return err
	}
	a.kind = t.Archive
	if a.kind == "" {
		t.Release()
		return errNoArchive
	}
	if a.decoded = !t.Raw; !a.decoded {
		t.Release()
		a.data = f
		return nil
	}
	if kerr == nil {
		if st, ok := a.opt.Cache.OpenStoreOf(ctx, key, f, true); ok {
			t.Release()
			f.Close()
			a.data = &storeBytes{st: st}
			return nil
		}
	}
	if f != os.Stdin {
		defer f.Close()
	}
	defer t.Release()
	return a.decode(ctx, t, key, f, progress)
}

// archiveKey returns the key of an archive in the block store. It differs from
// the key for the text of the same file.
func archiveKey(f decode.File) (string, error) {
	key, err := blockstore.StoreKey(f, "")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte("archive " + key))
	return hex.EncodeToString(sum[:16]), nil
}

// decode sets a.data to the bytes that t reads. If they are damaged, it returns
// an error, and a.data is what precedes the damage.
func (a *archive) decode(ctx context.Context, t *decode.Text, key string, f decode.File, progress func(int64)) error {
	to, err := a.destination(key, f, t.ID)
	if err != nil {
		return err
	}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	buf := blk.Grow()
	var failed error
	size := reader.Offset(0)
	for failed == nil {
		if err := ctx.Err(); err != nil {
			to.Abandon(err)
			return err
		}
		n, err := 0, error(nil)
		for n < reader.BlockSize && err == nil {
			var k int
			k, err = t.Read(buf[n:])
			n += k
		}
		if err != nil {
			failed = err
		}
		if err != nil && err != io.EOF {
			failed = &reader.FileError{Path: a.name(), Offset: t.Position(), Err: decode.Describe(t.Format, reader.Cause(err))}
		}
		if n > 0 {
			blk.Set(reader.Block{Text: buf[:n], Offset: size})
			if err := to.add(blk); err != nil {
				return err
			}
			size += reader.Offset(n)
		}
		if size > maxUnpacked {
			failed = errUnpacked
		}
		if progress != nil {
			progress(t.Position())
		}
	}
	whole := failed == io.EOF
	if whole {
		failed = nil
	}
	a.data, a.kept, err = to.finish(whole)
	if err != nil {
		return err
	}
	return failed
}

// unpackPipe reads the archive t from a pipe to its end, into a temporary file,
// and returns it as the member m. With an error, the archive is what precedes
// the damage.
func unpackPipe(ctx context.Context, m reader.Member, t *decode.Text, opt Options) (*archive, error) {
	a := &archive{member: m, opt: opt, kind: t.Archive, decoded: true}
	return a, a.decode(ctx, t, "", nil, nil) // there is no key, so it does not go to the cache
}

// A destination receives the decompressed bytes of an archive.
type destination interface {
	add(*reader.Block) error
	// finish returns the bytes that were added, and whether they are the only
	// copy. whole says that the archive is complete.
	finish(whole bool) (data archiveData, only bool, err error)
	Abandon(error)
}

// destination returns a block store if the cache can be written to, and a
// temporary file otherwise.
func (a *archive) destination(key string, of decode.File, id reader.ID) (destination, error) {
	if a.opt.Cache != nil && key != "" {
		start := func(work func()) bool {
			if a.opt.Workers == nil {
				work()
			} else {
				a.opt.Workers.Share(work)
			}
			return true
		}
		if w, err := a.opt.Cache.NewStoreWriterOf(key, of, id, start); err == nil {
			w.Wait, w.Bytes = true, true
			return &toStore{w}, nil
		}
	}
	f, err := blockstore.TempFile(a.opt.Cache, false)
	if err != nil {
		return nil, err
	}
	return &toFile{f}, nil
}

type toStore struct{ *blockstore.StoreWriter }

func (w *toStore) add(b *reader.Block) error {
	if !w.StoreWriter.Add(b) {
		return w.Failure()
	}
	return nil
}

func (w *toStore) finish(whole bool) (archiveData, bool, error) {
	st, kept, err := w.FinishOpen(whole)
	if err != nil {
		return nil, false, &reader.FileError{Path: w.Cache.Blocks(), Offset: -1, Err: reader.Cause(err)}
	}
	return &storeBytes{st: st}, !kept, nil
}

type toFile struct{ blockstore.Spooled }

func (w *toFile) add(b *reader.Block) error {
	if !w.Room(b.Offset) {
		return blockstore.ErrSpoolFull
	}
	_, err := w.WriteAt(b.Text, int64(b.Offset))
	return err
}

func (w *toFile) finish(bool) (archiveData, bool, error) { return w.File, true, nil }

func (w *toFile) Abandon(error) { w.Close() }

// storeBytes is an io.ReaderAt for a block store.
type storeBytes struct {
	st *blockstore.Store

	mu   sync.Mutex // guards kept
	kept []KeptBlock
}

func (s *storeBytes) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kept {
		reader.PutBlock(k.B)
	}
	s.kept = nil
	return s.st.F.Close()
}

// ReadAt implements io.ReaderAt.
func (s *storeBytes) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(p) {
		i := s.st.Table.Find(reader.Offset(off) + reader.Offset(n))
		if i < 0 {
			return n, io.EOF
		}
		b, err := s.readBlock(i)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b.Text[reader.Offset(off)+reader.Offset(n)-b.Offset:])
	}
	return n, nil
}

// readBlock decodes a block, unless it is one of the last few. s.mu is held.
func (s *storeBytes) readBlock(i int) (*reader.Block, error) {
	k := slices.IndexFunc(s.kept, func(k KeptBlock) bool { return k.I == i })
	if k >= 0 {
		x := s.kept[k]
		s.kept = append(append(s.kept[:k:k], s.kept[k+1:]...), x)
		return x.B, nil
	}
	var b *reader.Block
	if len(s.kept) < KeptBlocks {
		b = reader.GetBlock()
	} else {
		b = s.kept[0].B
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	if err := s.st.ReadBlock(i, b); err != nil {
		reader.PutBlock(b)
		return nil, err
	}
	s.kept = append(s.kept, KeptBlock{i, b})
	return b, nil
}

// A namedEntry is an entry and its name in the archive.
type namedEntry struct {
	name string
	*entry
}

// memberPaths returns the paths of members below the archive; empty for those
// that are skipped.
func memberPaths(entries []namedEntry) []string {
	out := make([]string, len(entries))
	count := map[string]int{}
	for i, e := range entries {
		out[i] = filepath.FromSlash(memberPath(e.name))
		count[out[i]]++
	}
	nth, number := map[string]int{}, map[string]int{}
	for i, p := range out {
		if p == "" || count[p] == 1 {
			continue
		}
		for nth[p]++; nth[p] < count[p]; {
			number[p]++
			out[i] = fmt.Sprintf("%s#%d", p, number[p])
			if count[out[i]] == 0 { // no member has that name
				break
			}
		}
	}
	return out
}

// A census counts members and enforces the limits.
type census struct {
	members     int
	names, size int64
}

// add counts a member. After errLongName, the next one may be added.
func (c *census) add(name string, size int64) error {
	if c.members++; c.members > decode.MaxEntries {
		return errEntries
	}
	if len(name) > maxName {
		return errLongName
	}
	if c.names += int64(len(name)); c.names > maxNames {
		return errors.New("the names of its members are too long; the rest is not read")
	}
	if size < 0 || size > maxUnpacked {
		return errUnpacked
	}
	if c.size += size; c.size > maxUnpacked {
		return errUnpacked
	}
	return nil
}

func (a *archive) zipMembers(size int64) ([]namedEntry, error) {
	members, err := decode.ZipEntries(a, size)
	var out []namedEntry
	var c census
	for _, e := range members {
		if cerr := c.add(e.Name, max(e.Size, 0)); cerr == errLongName {
			err = cerr
			continue
		} else if cerr != nil {
			return out, cerr
		}
		name := e.Name
		if !strings.Contains(name, "/") {
			name = strings.ReplaceAll(name, "\\", "/") // written by a program on Windows
		}
		out = append(out, namedEntry{name, &entry{in: a, off: e.Off, end: e.Off + e.Packed, size: e.Packed, modified: e.Modified, coding: e}})
	}
	return out, err
}

// tarMembers lists the members of a tar of size bytes, and sets a.links. With
// an error, it also returns the members that are not damaged: after a damaged
// header it continues with the next one, as tar does.
func (a *archive) tarMembers(ctx context.Context, size int64) ([]namedEntry, error) {
	data := &failingReaderAt{ReaderAt: a}
	src := io.NewSectionReader(data, 0, size)
	tr := tar.NewReader(src)
	var out []namedEntry
	var c census
	var bad faults
	byName := map[string]int{} // indexes of names in out, for its first indexed elements
	indexed := 0
	next := int64(0) // offset of the next headers
	a.links = map[string]string{}
	for {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		head := next
		h, err := tr.Next()
		off, _ := src.Seek(0, io.SeekCurrent)
		var extents []extent
		if err == nil && sparseMember(h) {
			extents, err = extentsOf(data, h, head, off)
		}
		switch {
		case err == io.EOF:
			// Another archive may have been appended, or a header was
			// overwritten with zeros.
			at, zeros, _ := nextHeader(ctx, data, min(roundToBlock(off), size), size)
			if data.err != nil {
				bad.add(data.err)
			}
			if at == size || data.err != nil || ctx.Err() != nil {
				return out, bad.err()
			}
			if !zeros {
				bad.add(damagedHeader(head, at))
			}
			next = at
			_, _ = src.Seek(next, io.SeekStart)
			tr = tar.NewReader(src)
			continue
		case errors.Is(err, io.ErrUnexpectedEOF):
			bad.add(errTarCut)
			return out, bad.err()
		case err == nil, errors.Is(err, tar.ErrInsecurePath):
		default:
			if data.err == nil {
				next, _ = headerAfter(ctx, data, head, off, size)
				bad.add(damagedHeader(head, next))
				_, _ = src.Seek(next, io.SeekStart)
				tr = tar.NewReader(src)
			}
			if data.err != nil {
				bad.add(data.err)
				return out, bad.err()
			}
			continue
		}
		e := &entry{in: a, off: off, size: h.Size, modified: h.ModTime}
		stored := h.Size
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
			if sparseMember(h) {
				stored = 0
				for _, x := range extents {
					stored += x.size
				}
				e.off, e.end, e.sparse = head, off+stored, true
			} else {
				e.size = max(0, min(e.size, size-off))
				e.end = off + e.size
			}
		case tar.TypeLink:
			stored = 0
			for ; indexed < len(out); indexed++ {
				byName[memberPath(out[indexed].name)] = indexed
			}
			i, ok := byName[memberPath(h.Linkname)]
			if !ok {
				if to, ok := a.links[memberPath(h.Linkname)]; ok {
					a.links[memberPath(h.Name)] = to
				} else {
					bad.add(fmt.Errorf("%q is a link to %q, which is not before it in the archive", h.Name, h.Linkname))
				}
				e = nil
				break
			}
			e.off, e.end, e.size, e.sparse = out[i].off, out[i].end, out[i].size, out[i].sparse
		case tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
			stored, e = 0, nil
		default:
			e = nil
		}
		next = roundToBlock(off + stored)
		switch {
		case e == nil:
			err = c.add(h.Name+h.Linkname, 0)
		case e.sparse:
			err = c.add(h.Name, stored) // holes are not read
		default:
			err = c.add(h.Name, e.size)
		}
		if err != nil {
			bad.add(err)
			if err == errLongName {
				continue
			}
			return out, bad.err()
		}
		switch {
		case e != nil:
			out = append(out, namedEntry{h.Name, e})
		case h.Typeflag == tar.TypeSymlink:
			a.links[memberPath(h.Name)] = h.Linkname
		}
	}
}

// roundToBlock rounds a size up to a multiple of tarBlock.
func roundToBlock(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }

// headerAfter returns the offset of the next header of a tar of size bytes
// after a damaged one; size if there is none. The damage is in the headers that
// start at head, or in their data; the tar was read up to off when it was
// found.
func headerAfter(ctx context.Context, archive io.ReaderAt, head, off, size int64) (int64, error) {
	var b [tarBlock]byte
	from := head
	for from < off {
		if _, err := archive.ReadAt(b[:], from); err != nil && err != io.EOF {
			return size, err
		}
		if !decode.IsTar(b[:]) {
			from += tarBlock
			break
		}
		if !metaHeader(b[156]) {
			if from > head {
				return from, nil // the headers before it, which belong to it, are damaged
			}
			from = roundToBlock(off)
			break
		}
		from += tarBlock + roundToBlock(min(max(0, tarNumber(b[124:136])), size))
	}
	next, _, err := nextHeader(ctx, archive, min(from, size), size)
	return next, err
}

// nextHeader returns the offset of the next header of a tar of size bytes at
// from or after it, or size, and whether there are only zeros before it. from
// must be the start of a block.
func nextHeader(ctx context.Context, archive io.ReaderAt, from, size int64) (at int64, zeros bool, err error) {
	var b, zero [tarBlock]byte
	zeros = true
	in := bufio.NewReaderSize(io.NewSectionReader(archive, from, size-from), 1<<16)
	for ; ; from += tarBlock {
		if err := ctx.Err(); err != nil {
			return from, zeros, err
		}
		if _, err := io.ReadFull(in, b[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
			return size, zeros, nil
		} else if err != nil {
			return size, zeros, err
		}
		if decode.IsTar(b[:]) {
			return from, zeros, nil
		}
		zeros = zeros && b == zero
	}
}

func damagedHeader(from, to int64) error {
	return fmt.Errorf("tar: damaged header; bytes %d to %d of the archive are not read", from, to)
}

// metaHeader reports whether a header of a tar has the long name or the records
// of the next member.
func metaHeader(kind byte) bool {
	return kind == tar.TypeXHeader || kind == tar.TypeXGlobalHeader || kind == tar.TypeGNULongName || kind == tar.TypeGNULongLink
}

// A failingReaderAt records the last error of a read.
type failingReaderAt struct {
	io.ReaderAt
	err error
}

func (r *failingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// faults keeps the first of several errors and counts the others.
type faults struct {
	first error
	more  int
}

func (f *faults) add(err error) {
	if f.first == nil {
		f.first = err
	} else {
		f.more++
	}
}

func (f *faults) err() error {
	if f.more == 0 {
		return f.first
	}
	return fmt.Errorf("%w; and %d more such errors", f.first, f.more)
}

// memberPath returns the path of a member below the archive, with slashes; empty
// for the archive itself.
func memberPath(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }
