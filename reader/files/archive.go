package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"logview/reader"
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
//	               block store in the cache (blockstore/blockfile.go), whose blocks are the
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
	end       int64         // end of its data in the bytes of the archive, or behind them if that is cut off
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
			logs, more := unpackOnce(ctx, m, opt, nil, nil, nil)
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
