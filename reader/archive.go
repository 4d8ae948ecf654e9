package reader

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

	"logview/reader/lazyregexp"
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
	errEntries   = fmt.Errorf("more than %d members; the rest is not read", maxEntries)
	errUnpacked  = fmt.Errorf("more than %d GiB when unpacked; the rest is not read", maxUnpacked>>30)
	errLongName  = fmt.Errorf("a member with a name of more than %d bytes is not read", maxName)
	errTarCut    = errors.New("tar: truncated: the archive ends in the middle of a member")
)

// maxEntries is the number of members of one archive that are read.
const maxEntries = 100_000

// archiveEnding matches the names of archives.
var archiveEnding = lazyregexp.New(`(?i)\.(?:tar|tar\.(?:gz|bz2|xz|zst|zstd|lz4|z|lzma|br)|tgz|taz|tbz2?|txz|tzst|tlz|zip)$`)

// An archiveKind is the format of an archive; empty for other files.
type archiveKind string

const (
	tarArchive archiveKind = "tar"
	zipArchive archiveKind = "zip"
)

// isTar reports whether head is the beginning of a tar archive, judging by the
// checksum of the first header.
func isTar(head []byte) bool {
	const block = 512
	if len(head) < block || head[0] == 0 {
		return false
	}
	const from, to = 148, 156 // of the checksum, in octal digits
	want, seen := int64(0), false
	for _, c := range head[from:to] {
		switch {
		case c >= '0' && c <= '7':
			want, seen = want*8+int64(c-'0'), true
		case c != ' ' && c != 0:
			return false
		}
	}
	if !seen {
		return false
	}
	// It is the sum of all bytes of the header, with blanks in its own place.
	sum := int64((to - from) * ' ')
	for i, c := range head[:block] {
		if i < from || i >= to {
			sum += int64(c)
		}
	}
	return sum == want
}

// isTarName reports whether a file's name is that of a tar archive.
func isTarName(path string) bool {
	return archiveEnding.MatchString(path) && !zipEnding.MatchString(path)
}

// MayBeArchive reports whether m may be an archive, judging by its name.
func MayBeArchive(m Member) bool {
	return InsideArchive(m) || archiveEnding.MatchString(m.Path)
}

// IsArchive reports whether m is an archive. It reads the beginning and the
// end of the file.
func IsArchive(m Member) bool {
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
	t, err := openText(context.Background(), f, false)
	if err != nil {
		return false
	}
	defer t.release()
	return t.archive != ""
}

// An archive is an archive that was unpacked.
type archive struct {
	member Member // the file, which may be in another archive
	depth  int    // number of archives around it
	opt    Options
	kind   archiveKind
	links  map[string]string // of a tar that was listed: what its symbolic links contain, by their paths

	mu      sync.Mutex // guards what follows
	users   int        // open members
	data    archiveData
	stamp   Stamp
	decoded bool // data was decompressed; it is not the file itself
	kept    bool // data cannot be read again, so it is not closed

	damage error // what ended the reading of a pipe; not guarded
}

// name returns what the archive is called in errors.
func (a *archive) name() string {
	if a.member.Path == Stdin {
		return "standard input"
	}
	return a.member.Path
}

// archiveData is an archive's bytes, decompressed.
type archiveData interface {
	io.ReaderAt
	io.Closer
}

// An entry describes a member of an archive.
type entry struct {
	in     *archive
	wanted string // if in is not unpacked yet: the path to look for in it

	off, size int64     // in the archive's bytes
	end       int64     // of its data in them
	modified  time.Time // of the member
	coding    coding    // nil if the member is stored as it is
	sparse    bool      // off is where its headers begin; see sparse.go
}

// A section is a file in an archive.
type section struct {
	*io.SectionReader
	path string
	info fs.FileInfo
	coding
	sparse *sparseFile // nil for a member without holes
	in     *archive
}

func (s *section) MemberCoding() coding { return s.coding }

func (s *section) Holes() holeMap {
	if s.sparse == nil {
		return nil
	}
	return s.sparse
}

func (s *section) Name() string               { return s.path }
func (s *section) Stat() (os.FileInfo, error) { return s.info, nil }

func (s *section) Close() error {
	if s.in != nil {
		s.in.release()
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

func (i memberInfo) Name() string       { return i.name }
func (i memberInfo) Size() int64        { return i.size }
func (i memberInfo) Mode() fs.FileMode  { return 0o444 }
func (i memberInfo) ModTime() time.Time { return i.mod }
func (i memberInfo) IsDir() bool        { return false }
func (i memberInfo) Sys() any           { return nil }

// open opens the member m, which e describes.
func (e *entry) open(m Member) (file, error) {
	if e.wanted != "" {
		return nil, &FileError{Path: m.Path, Offset: -1, Err: ErrArchive}
	}
	if err := e.in.acquire(context.Background(), nil); err != nil {
		return nil, err
	}
	s := &section{path: m.Path, info: memberInfo{filepath.Base(m.Path), e.size, e.modified}, coding: e.coding, in: e.in}
	if !e.sparse {
		s.SectionReader = io.NewSectionReader(e.in, e.off, e.size)
		return s, nil
	}
	var err error
	if s.sparse, err = openSparse(e.in, e.off); err != nil {
		e.in.release()
		return nil, &FileError{Path: m.Path, Offset: -1, Err: cause(err)}
	}
	s.SectionReader = io.NewSectionReader(s.sparse, 0, s.sparse.size)
	return s, nil
}

// Unpack lists the members of the archive m as logs. If m is a path inside an
// archive, it lists the members that the path means. Archives in the archive
// are listed as archives. Each error is a *FileError that says what cannot be
// read. Unpack calls progress, if it is not nil, with the bytes of m that were
// decoded.
func Unpack(ctx context.Context, m Member, opt Options, progress func(disk int64)) ([]Log, []error) {
	if InsideArchive(m) {
		return unpackWanted(ctx, m, opt, progress)
	}
	if m.Path == Stdin {
		info, err := os.Stdin.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, []error{&FileError{Path: "standard input", Offset: -1, Err: errPiped}}
		}
	}
	return (&archive{member: m, opt: opt}).list(ctx, progress)
}

// list lists the members of the archive, as Unpack does.
func (a *archive) list(ctx context.Context, progress func(disk int64)) ([]Log, []error) {
	m := a.member
	for x := handleOf(m).in; x != nil; x = handleOf(x.in.member).in {
		a.depth++
	}
	fail := func(err error) error {
		if fe := (*FileError)(nil); errors.As(err, &fe) {
			return err
		}
		return &FileError{Path: a.name(), Offset: -1, Err: cause(err)}
	}
	if a.depth >= maxDepth {
		return nil, []error{fail(errDepth)}
	}
	var errs []error
	if a.damage != nil {
		errs = append(errs, fail(a.damage))
	}
	if err := a.acquire(ctx, progress); err != nil {
		if ctx.Err() != nil {
			return nil, []error{ctx.Err()}
		}
		errs = append(errs, fail(err))
	}
	defer a.release()
	if a.data == nil {
		return nil, errs
	}
	var err error
	var entries []named
	size := a.length()
	if a.kind == zipArchive {
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
	f := newFinder()
	f.files = make([]found, 0, len(entries))
	filter := a.opt.Filter.within(m, f.cwd)
	for i, path := range memberPaths(entries) {
		if path == "" {
			continue
		}
		e := entries[i].entry
		deep := handleOf(m).deep + levels(path)
		path = m.Path + string(filepath.Separator) + path
		if filter.leavesInside(m.Path, path, f.cwd) || filter.tooLarge(e.size) || filter.tooDeep(deep) {
			continue
		}
		f.keepFile(Member{Path: path, Size: e.size, ModTime: e.modified, Handle: handle{in: e, deep: deep}}) // no path comes twice
	}
	logs := f.group()
	return logs, append(errs, f.errs...)
}

// unpackWanted lists the members that a path inside an archive means: a member,
// a directory of the archive, or a pattern.
func unpackWanted(ctx context.Context, m Member, opt Options, progress func(int64)) ([]Log, []error) {
	outer, wanted := handleOf(m).in.in.member, handleOf(m).in.wanted
	if wanted == "." {
		return Unpack(ctx, outer, opt, progress)
	}
	if !IsArchive(outer) {
		return nil, []error{&FileError{Path: m.Path, Offset: -1, Err: errNoArchive}}
	}
	all := opt
	all.Filter = Filter{all: true} // hidden files are listed if the path names them
	logs, errs := Unpack(ctx, outer, all, progress)
	prefix := outer.Path + string(filepath.Separator)
	f := newFinder()
	w := wantedPaths{named: map[string]bool{}, through: map[string][]string{}, files: map[string]bool{}}
	wanted = filepath.ToSlash(wanted)
	w.add(wanted)
	if len(logs) > 0 {
		w.addLinks(wanted, handleOf(logs[0].Members[0]).in.in, func(below string) bool {
			below = filepath.FromSlash(below)
			return !opt.Filter.leavesInside(prefix+filepath.FromSlash(wanted), prefix+below, f.cwd) && !opt.Filter.tooDeep(levels(below)-levels(filepath.FromSlash(wanted)))
		})
	}
	isGlob := isPattern(wanted) && CheckGlob(wanted) == nil
	for _, l := range logs {
		for _, x := range l.Members {
			inner := filepath.ToSlash(strings.TrimPrefix(x.Path, prefix))
			if w.named[inner] || isGlob && doublestar.MatchUnvalidated(wanted, inner) {
				x.Named = true
				change(&x, func(h *handle) { h.deep = 0 })
				f.take(x)
			} else if dir := w.directory(inner); dir != "" {
				below := prefix + filepath.FromSlash(dir)
				change(&x, func(h *handle) { h.deep = levels(x.Path[len(below)+1:]) })
				if !opt.Filter.leavesInside(below, x.Path, f.cwd) && !opt.Filter.tooDeep(handleOf(x).deep) {
					f.take(x)
				}
			}
			if w.files[inner] {
				f.take(x)
			}
			for _, rest := range w.through[inner] { // in an archive inside of this one
				x.Named = true
				more, moreErrs := unpackWanted(ctx, Member{Path: m.Path, Named: true, Handle: handle{in: &entry{in: &archive{member: x}, wanted: filepath.FromSlash(rest)}}}, opt, nil)
				errs = append(errs, moreErrs...)
				for _, l := range more {
					for _, y := range l.Members {
						f.take(y)
					}
				}
			}
		}
	}
	if len(f.files) == 0 && len(errs) == 0 {
		errs = append(errs, &FileError{Path: m.Path, Offset: -1, Err: errNotInside})
	}
	return f.group(), errs
}

// wantedPaths are the paths in an archive that a path means, with slashes.
type wantedPaths struct {
	named   map[string]bool     // files and directories
	through map[string][]string // by an archive in the archive: the paths in that
	files   map[string]bool     // of links that are met in directories
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

// addLinks adds what wanted means through the symbolic links of the archive a.
// Of those that lie below wanted, keep says which are met.
func (w *wantedPaths) addLinks(wanted string, a *archive, keep func(path string) bool) {
	links := a.links
	if a.kind == zipArchive && a.acquire(context.Background(), nil) == nil {
		links = zipLinks(a, a.length())
		a.release()
	}
	dir := target(wanted, links)
	w.add(dir)
	for link := range links {
		if match, _ := doublestar.Match(wanted, link); match {
			w.add(target(link, links))
		}
		if below, ok := strings.CutPrefix(link, dir+"/"); ok && keep(wanted+"/"+below) {
			w.files[target(link, links)] = true
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

// target returns the path to which a path in an archive leads through links. As
// the names in the archive, it never leads out of it.
func target(name string, links map[string]string) string {
	const most = 40 // as in Linux: links may lead in circles
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

// levels returns how many levels below a directory a relative path leads.
func levels(path string) int64 {
	return int64(strings.Count(path, string(filepath.Separator))) + 1
}

// UnpackAll replaces each archive among logs that look accepts by the logs in
// it, including archives in archives. The errors say what could not be read. A
// nil look accepts all archives.
func UnpackAll(ctx context.Context, logs []Log, opt Options, look func(Member) bool) ([]Log, []error) {
	var out []Log
	var errs []error
	for _, l := range logs {
		var rest []Member
		var inner []Log
		for _, m := range l.Members {
			if look != nil && !look(m) || !IsArchive(m) || zipByChance(m) {
				rest = append(rest, m)
				continue
			}
			logs, more := unpackOnce(ctx, m, opt, nil)
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

// copiesOfArchives finds, among logs, the archives that may be copies of one
// another, as X.tar and X.tar.gz are while one is made of the other and after
// gzip -k. The members that they have in common are read once.
func copiesOfArchives(logs []Log) {
	first := map[string]*Member{}
	each := func(do func(tar string, packed bool, m *Member)) {
		for _, l := range logs {
			for i := range l.Members {
				if tar, packed := tarOf(l.Members[i].Path); tar != "" {
					do(tar, packed, &l.Members[i])
				}
			}
		}
	}
	each(func(tar string, packed bool, m *Member) {
		if first[tar] == nil || !packed {
			first[tar] = m
		}
	})
	each(func(tar string, _ bool, m *Member) {
		if first[tar] != m {
			change(m, func(h *handle) { h.copy = first[tar] })
		}
	})
}

// tarOf returns the path of a tar file before it was compressed, and whether it
// was; an empty path if it is none, judging by its name.
func tarOf(path string) (tar string, packed bool) {
	ending := archiveEnding.FindString(path)
	if ending == "" || !isTarName(path) {
		return "", false
	}
	return path[:len(path)-len(ending)] + ".tar", !strings.EqualFold(ending, ".tar")
}

// unpackOnce lists the members of the archive m, as Unpack does, without those
// that its copy has, too: they are in the same place and have the same bytes. Of
// a damaged copy, these are the members before the damage.
func unpackOnce(ctx context.Context, m Member, opt Options, progress func(disk int64)) ([]Log, []error) {
	logs, errs := Unpack(ctx, m, opt, progress)
	if handleOf(m).copy == nil || len(logs) == 0 {
		return logs, errs
	}
	a := handleOf(logs[0].Members[0]).in.in
	same, err := a.common(ctx, &archive{member: *handleOf(m).copy, opt: opt})
	if err != nil {
		return logs, errs // reading the other one reports the error
	}
	for i := range logs {
		logs[i].Members = slices.DeleteFunc(logs[i].Members, func(x Member) bool { return handleOf(x).in.end <= same })
	}
	return slices.DeleteFunc(logs, func(l Log) bool { return len(l.Members) == 0 }), errs
}

// common returns how many bytes two tar archives have in common at their
// beginnings.
func (a *archive) common(ctx context.Context, b *archive) (int64, error) {
	defer a.release()
	defer b.release()
	if err := a.acquire(ctx, nil); err != nil && a.data == nil {
		return 0, err
	}
	if err := b.acquire(ctx, nil); err != nil && b.data == nil {
		return 0, err
	}
	if a.kind != tarArchive || b.kind != tarArchive {
		return 0, nil
	}
	x, y := GetBlock(), GetBlock()
	defer PutBlock(x)
	defer PutBlock(y)
	for off := int64(0); ; off += BlockSize {
		if err := ctx.Err(); err != nil {
			return off, err
		}
		p, q := x.room(), y.room()
		n, err := a.ReadAt(p, off)
		if err != nil && err != io.EOF {
			return off, err
		}
		k, err := b.ReadAt(q, off)
		if err != nil && err != io.EOF {
			return off, err
		}
		n = min(n, k)
		if !bytes.Equal(p[:n], q[:n]) || n < BlockSize {
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
func InsideArchive(m Member) bool { return handleOf(m).in != nil && handleOf(m).in.wanted != "" }

// zipByChance reports whether the archive m is a zip file that was not named
// and is not called one: programs, documents and packages are zip files, too.
func zipByChance(m Member) bool {
	if m.Named || MayBeArchive(m) {
		return false
	}
	f, _, err := openMember(m)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [magicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	return formatOf(b[:n]) == Zip
}

// splitArchive splits a path that does not exist into a file and a path inside
// it. It returns false if no prefix of the path is a file.
func splitArchive(path string) (archive Member, inside string, ok bool) {
	// The prefixes are not cleaned: of a.tar/../x, a.tar is one.
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
		return Member{Path: up, Size: info.Size(), ModTime: info.ModTime(), Named: true, Handle: handle{info: info}}, inside, info.Mode().IsRegular()
	}
	return Member{}, "", false
}

// ArchiveOf returns the file that is a prefix of a path that does not exist, and
// so may be the archive with that path; false if there is none.
func ArchiveOf(path string) (string, bool) {
	if _, err := os.Stat(path); err == nil {
		return "", false
	}
	m, ok := insideArchive(path)
	if !ok {
		return "", false
	}
	return handleOf(m).in.in.member.Path, true
}

// Fixed returns why nothing will be written to the file at a path: it is an
// archive, or in one, or in a format that cannot be read, or below a file. It
// returns nil for other files, and for those that do not exist yet.
func Fixed(path string) error {
	m := Member{Path: path, Named: true}
	info, err := os.Stat(path)
	if err != nil {
		a, _, ok := splitArchive(path)
		if !ok {
			return nil
		}
		if _, ok := insideArchive(path); ok {
			m = a
		}
	} else if !info.Mode().IsRegular() {
		return nil
	}
	if IsArchive(m) {
		err = fmt.Errorf("%w does not grow; use cat or search", ErrArchive)
	} else if f := Unreadable(m); f != "" {
		err = describe(f, errUnreadable)
	}
	if err == nil {
		return nil
	}
	return &FileError{Path: path, Offset: -1, Err: cause(err)}
}

// insideArchive returns the member that stands for a path inside an archive
// until it is unpacked; false if path is not inside an archive. A path such as
// a.tar/../x is not: as of other files, there is no way from an archive up.
func insideArchive(path string) (Member, bool) {
	a, inside, ok := splitArchive(path)
	if inside = filepath.Clean(inside); !ok || !filepath.IsLocal(inside) {
		return Member{}, false
	}
	return Member{Path: path, Size: a.Size, ModTime: a.ModTime, Named: true, Handle: handle{in: &entry{in: &archive{member: a}, wanted: inside}}}, true
}

// insidePattern lists paths inside archives for a pattern of which the first
// part matches the archives.
func insidePattern(pattern string) []string {
	if _, _, ok := splitArchive(pattern); ok {
		return nil // it begins with a file of that name
	}
	var out []string
	for i := 1; i < len(pattern); i++ {
		if !os.IsPathSeparator(pattern[i]) || !archiveEnding.MatchString(pattern[:i]) {
			continue
		}
		if CheckGlob(filepath.ToSlash(pattern[:i])) != nil {
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

// acquire makes a.data readable until release is called. If some of the
// archive cannot be read, a.data is the rest of it and there is an error.
func (a *archive) acquire(ctx context.Context, progress func(int64)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users++
	if a.data != nil {
		return nil
	}
	f, p, err := openMember(a.member) // may hold the mu of the archive that it lies in
	if err != nil {
		return err
	}
	if f == os.Stdin {
		a.kept = true // it is not ours to close
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return &FileError{Path: p, Offset: -1, Err: cause(err)}
		}
	}
	if err = a.read(ctx, f, progress); err != nil && a.data == nil {
		f.Close()
		if fe := (*FileError)(nil); !errors.As(err, &fe) {
			err = &FileError{Path: p, Offset: -1, Err: cause(err)}
		}
	}
	return err
}

// release undoes acquire. The archive stays open for a while, because usually
// its next member is read soon.
func (a *archive) release() {
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

// put adds an archive, and returns the one to close in exchange.
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
	os.Remove(s.st.path)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.data == data {
		f, _, err := openMember(a.member)
		if err != nil {
			return 0, err
		}
		if err := a.read(context.Background(), f, nil); err != nil {
			a.data = data
			return 0, err
		}
	}
	return a.data.ReadAt(p, off)
}

// length returns the size of the archive in bytes.
func (a *archive) length() int64 {
	switch d := a.data.(type) {
	case *storeBytes:
		return int64(d.st.table.Size)
	case file:
		if info, err := d.Stat(); err == nil {
			return info.Size()
		}
	}
	return 0
}

// read sets a.data from the file f, which it takes over. a.mu is held.
func (a *archive) read(ctx context.Context, f file, progress func(int64)) error {
	a.data = nil
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if stamp := stampOf(info); a.stamp == (Stamp{}) {
		a.stamp = stamp
	} else if !stamp.Same(a.stamp) {
		return ErrGone // its members are elsewhere now
	}
	key, kerr := archiveKey(f)
	if a.kind != "" && a.decoded && kerr == nil {
		if st, ok := a.opt.Cache.openStoreOf(ctx, key, f, true); ok {
			f.Close()
			a.data = &storeBytes{st: st}
			return nil
		}
	}
	if a.kind != "" && !a.decoded {
		a.data = f
		return nil
	}
	t, err := openText(ctx, f, false)
	if err != nil {
		return err
	}
	a.kind = t.archive
	if a.kind == "" {
		t.release()
		return errNoArchive
	}
	if a.decoded = !t.raw; !a.decoded {
		t.release()
		a.data = f
		return nil
	}
	if kerr == nil {
		if st, ok := a.opt.Cache.openStoreOf(ctx, key, f, true); ok {
			t.release()
			f.Close()
			a.data = &storeBytes{st: st}
			return nil
		}
	}
	if f != os.Stdin {
		defer f.Close()
	}
	defer t.release()
	return a.decode(ctx, t, key, f, progress)
}

// archiveKey returns the name of an archive in the block store. It differs from
// the name that the text of the same file would have.
func archiveKey(f file) (string, error) {
	key, err := storeKey(f, "")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte("archive " + key))
	return hex.EncodeToString(sum[:16]), nil
}

// decode sets a.data to what t reads. If that is damaged, a.data is what
// precedes the damage.
func (a *archive) decode(ctx context.Context, t *text, key string, f file, progress func(int64)) error {
	to, err := a.destination(key, f, t.id)
	if err != nil {
		return err
	}
	blk := GetBlock()
	defer PutBlock(blk)
	if cap(blk.buf) < BlockSize {
		blk.buf = make([]byte, BlockSize)
	}
	var failed error
	size := Offset(0)
	for failed == nil {
		if err := ctx.Err(); err != nil {
			to.abandon(err)
			return err
		}
		n, err := 0, error(nil)
		for n < BlockSize && err == nil {
			var k int
			k, err = t.Read(blk.buf[n:BlockSize])
			n += k
		}
		if err != nil {
			failed = err
		}
		if err != nil && err != io.EOF {
			failed = &FileError{Path: a.name(), Offset: t.position(), Err: describe(t.format, cause(err))}
		}
		if n > 0 {
			*blk = Block{Text: blk.buf[:n], Offset: size, buf: blk.buf}
			if err := to.add(blk); err != nil {
				return err
			}
			size += Offset(n)
		}
		if size > maxUnpacked {
			failed = errUnpacked
		}
		if progress != nil {
			progress(t.position())
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

// piped returns the archive that t reads from a pipe, as the member m. It is read
// to its end, into a temporary file. With an error, the archive is what precedes
// the damage.
func piped(ctx context.Context, m Member, t *text, opt Options) (*archive, error) {
	a := &archive{member: m, opt: opt, kind: t.archive, decoded: true}
	return a, a.decode(ctx, t, "", nil, nil) // without a key, not into the cache
}

// A destination is where an archive is decompressed to.
type destination interface {
	add(*Block) error
	// finish returns what was added, and whether it is the only copy. whole
	// says that the archive is complete.
	finish(whole bool) (data archiveData, only bool, err error)
	abandon(error)
}

// destination returns a block store if the cache can be written to, and a
// temporary file otherwise.
func (a *archive) destination(key string, of file, id ID) (destination, error) {
	if a.opt.Cache != nil && key != "" {
		start := func(work func()) bool {
			if a.opt.Spare == nil || !a.opt.Spare(work) {
				work()
			}
			return true
		}
		if w, err := a.opt.Cache.newStoreWriterOf(key, of, id, start); err == nil {
			w.wait, w.bytes = true, true
			return &toStore{w}, nil
		}
	}
	f, err := tempFile(a.opt.Cache, false)
	if err != nil {
		return nil, err
	}
	return &toFile{f}, nil
}

type toStore struct{ *storeWriter }

func (w *toStore) add(b *Block) error {
	if !w.storeWriter.add(b) {
		return w.failure()
	}
	return nil
}

func (w *toStore) finish(whole bool) (archiveData, bool, error) {
	st, kept, err := w.finishOpen(whole)
	if err != nil {
		return nil, false, &FileError{Path: w.cache.blocks(), Offset: -1, Err: cause(err)}
	}
	return &storeBytes{st: st}, !kept, nil
}

type toFile struct{ spooled }

func (w *toFile) add(b *Block) error {
	if !w.room(b.Offset) {
		return errSpoolFull
	}
	_, err := w.WriteAt(b.Text, int64(b.Offset))
	return err
}

func (w *toFile) finish(bool) (archiveData, bool, error) { return w.File, true, nil }
func (w *toFile) abandon(error)                          { w.Close() }

// storeBytes is an io.ReaderAt for a block store.
type storeBytes struct {
	st *store

	mu   sync.Mutex // guards what follows
	kept []keptBlock
}

func (s *storeBytes) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kept {
		PutBlock(k.b)
	}
	s.kept = nil
	return s.st.f.Close()
}

// ReadAt implements io.ReaderAt.
func (s *storeBytes) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(p) {
		i := s.st.table.Find(Offset(off) + Offset(n))
		if i < 0 {
			return n, io.EOF
		}
		b, err := s.block(i)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b.Text[Offset(off)+Offset(n)-b.Offset:])
	}
	return n, nil
}

// block decodes a block, unless it is one of the last few. s.mu is held.
func (s *storeBytes) block(i int) (*Block, error) {
	k := slices.IndexFunc(s.kept, func(k keptBlock) bool { return k.i == i })
	if k >= 0 {
		x := s.kept[k]
		s.kept = append(append(s.kept[:k:k], s.kept[k+1:]...), x)
		return x.b, nil
	}
	var b *Block
	if len(s.kept) < keptBlocks {
		b = GetBlock()
	} else {
		b = s.kept[0].b
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	if err := s.st.readBlock(i, b); err != nil {
		PutBlock(b)
		return nil, err
	}
	s.kept = append(s.kept, keptBlock{i, b})
	return b, nil
}

// named is an entry and its name in the archive.
type named struct {
	name string
	*entry
}

// memberPaths returns the paths of members below the archive; empty for those
// that are skipped.
func memberPaths(entries []named) []string {
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
			if count[out[i]] == 0 { // no member has that name itself
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
	if c.members++; c.members > maxEntries {
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

func (a *archive) zipMembers(size int64) ([]named, error) {
	members, err := zipEntries(a, size)
	var out []named
	var c census
	for _, e := range members {
		if cerr := c.add(e.name, max(e.size, 0)); cerr == errLongName {
			err = cerr
			continue
		} else if cerr != nil {
			return out, cerr
		}
		name := e.name
		if !strings.Contains(name, "/") {
			name = strings.ReplaceAll(name, "\\", "/") // written by a program for Windows
		}
		out = append(out, named{name, &entry{in: a, off: e.off, end: e.off + e.packed, size: e.packed, modified: e.modified, coding: e}})
	}
	return out, err
}

// tarMembers lists the members of a tar of size bytes, and sets a.links. With an
// error, it also returns the members that are not damaged: behind a damaged
// header it goes on with the next one, as tar does.
func (a *archive) tarMembers(ctx context.Context, size int64) ([]named, error) {
	data := &readerAt{ReaderAt: a}
	src := io.NewSectionReader(data, 0, size)
	tr := tar.NewReader(src)
	var out []named
	var c census
	var bad faults
	byName := map[string]int{} // where in out each name is, of the first indexed ones
	indexed := 0
	next := int64(0) // where the next headers begin
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
			// Another archive may have been appended, or zeros were written
			// over a header.
			at, zeros, _ := nextHeader(ctx, data, min(blocksOf(off), size), size)
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
				next, _ = headerBehind(ctx, data, head, off, size)
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
		next = blocksOf(off + stored)
		switch {
		case e == nil:
			err = c.add(h.Name+h.Linkname, 0)
		case e.sparse:
			err = c.add(h.Name, stored) // holes take no time
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
			out = append(out, named{h.Name, e})
		case h.Typeflag == tar.TypeSymlink:
			a.links[memberPath(h.Name)] = h.Linkname
		}
	}
}

// blocksOf returns the end of the block in which a tar's first size bytes end.
func blocksOf(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }

// headerBehind returns where the next header of a tar of size bytes is after
// those that begin at head, of which one, or what belongs to it, turned out to be
// damaged when the tar was read up to off; size if there is none.
func headerBehind(ctx context.Context, archive io.ReaderAt, head, off, size int64) (int64, error) {
	var b [tarBlock]byte
	from := head
	for from < off {
		if _, err := archive.ReadAt(b[:], from); err != nil && err != io.EOF {
			return size, err
		}
		if !isTar(b[:]) {
			from += tarBlock
			break
		}
		if !metaHeader(b[156]) {
			if from > head {
				return from, nil // what was said about it before is damaged
			}
			from = blocksOf(off)
			break
		}
		from += tarBlock + blocksOf(min(max(0, tarNumber(b[124:136])), size))
	}
	next, _, err := nextHeader(ctx, archive, min(from, size), size)
	return next, err
}

// nextHeader returns where the next header of a tar of size bytes is from a block
// on, or size, and whether there are only zeros before it.
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
		if isTar(b[:]) {
			return from, zeros, nil
		}
		zeros = zeros && b == zero
	}
}

func damagedHeader(from, to int64) error {
	return fmt.Errorf("tar: damaged header; bytes %d to %d of the archive are not read", from, to)
}

// metaHeader reports whether a header of a tar has the long name or the records
// of the member after it.
func metaHeader(kind byte) bool {
	return kind == tar.TypeXHeader || kind == tar.TypeXGlobalHeader || kind == tar.TypeGNULongName || kind == tar.TypeGNULongLink
}

// A readerAt remembers that it failed.
type readerAt struct {
	io.ReaderAt
	err error
}

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
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
