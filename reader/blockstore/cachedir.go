package blockstore

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"logview/reader"
	"logview/reader/lazyregexp"
)

// A cache directory contains:
//
//	CACHEDIR.TAG                 the marker, for us and for backup programs
//	logview-blocks/KEY.zst       the block store of one compressed file, see blockfile.go
//	logview-blocks/KEY.pair      whether two files have the same text, see verdict.go in package files
//	logview-blocks/tmp-*         an unfinished block store, or a temporary file
//	logview-index/HASH/          the index of one directory, see package index: files, and
//	                             directories that hold its generations
//	logview-vouched              the checksums of states of files, see vouched.go
//
// Files are deleted, replaced or trusted only if they are known to be ours:
//
//   - The directory belongs to the user who runs logview, and no other user can
//     write to it.
//   - It has exactly our marker. A directory that is new or empty gets one. Any
//     other directory without it is refused, unless it contains only files with
//     the names and the form of ours.
//   - Only regular files with names that we use are touched. Symbolic links in
//     the directory are never followed.
//
// Deleting is in this file when the user asks for it (Clear) or an index is
// replaced (RemoveIndex, RemoveIndexFiles), and in evict.go when the cache needs
// room.
//
// An earlier version wrote no marker and called the directories blocks and
// index. They are renamed if they contain only its files.

const (
	// MarkerName is the name of the file that marks a directory as a cache.
	MarkerName = "CACHEDIR.TAG"
	// The first line is that of https://bford.info/cachedir/.
	Marker = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# This directory is the cache of logview. It can be deleted at any time.\n"
	// markerTmp is the prefix of the name of an unfinished marker.
	markerTmp  = "logview-tmp-"
	BlocksName = "logview-blocks"
	IndexName  = "logview-index"

	oldBlocksName = "blocks"
	oldIndexName  = "index"
)

// Indexes returns the directory of the indexes.
func (c *Cache) Indexes() string { return filepath.Join(c.dir, IndexName) }

// Blocks returns the directory of the block stores.
func (c *Cache) Blocks() string { return filepath.Join(c.dir, BlocksName) }

var (
	storeName = lazyregexp.New(`^[0-9a-f]{32}\.zst$`)
	pairName  = lazyregexp.New(`^[0-9a-f]{32}\.pair$`)
	tmpName   = lazyregexp.New(`^tmp-(text-)?[0-9]+$`)
	hashName  = lazyregexp.New(`^[0-9a-f]{16}$`)
	shardName = lazyregexp.New(`^[A-Z2-7]{26}\.(zap|aux)$`) // written by earlier versions
	// generationName matches the directories in the directory of an index, and
	// generationFile the files in them, as paths below it with slashes.
	generationName = lazyregexp.New(`^(work-)?[A-Z2-7]{26}(/store)?$`)
	generationFile = lazyregexp.New(`^(work-)?[A-Z2-7]{26}/(index_meta\.json|[0-9a-f]{12}\.aux|store/(root\.bolt|[0-9a-f]{12}\.zap))$`)
	vouchName      = lazyregexp.New(`^logview-vouched(-[0-9]+)?$`)
	refsName       = lazyregexp.New(`^refs(-[0-9]+)?$`) // written by earlier versions
)

func isBlocksFile(name string) bool {
	return storeName.MatchString(name) || pairName.MatchString(name) || tmpName.MatchString(name)
}

func isIndexFile(name string) bool {
	return name == "catalog" || name == "lock" || tmpName.MatchString(name) || shardName.MatchString(name) || generationFile.MatchString(name)
}

// An indexFile is a file of an index.
type indexFile struct {
	name string // below the directory of the index, with slashes
	info os.FileInfo
}

// indexContents is the contents of the directory of an index.
type indexContents struct {
	files   []indexFile
	dirs    []string // directories of generations as paths below the directory, each after its parent
	foreign []string // paths of entries that are not logview's
}

func readIndexDir(dir string) (c indexContents, err error) {
	var list func(below string)
	list = func(below string) {
		entries, rerr := os.ReadDir(filepath.Join(dir, filepath.FromSlash(below)))
		if rerr != nil && !errors.Is(rerr, fs.ErrNotExist) && err == nil {
			err = rerr
		}
		for _, e := range entries {
			name := path.Join(below, e.Name())
			switch {
			case e.IsDir() && generationName.MatchString(name):
				c.dirs = append(c.dirs, name)
				list(name)
			case e.Type().IsRegular() && isIndexFile(name):
				if info, err := e.Info(); err == nil {
					c.files = append(c.files, indexFile{name, info})
				}
			default:
				c.foreign = append(c.foreign, filepath.Join(dir, filepath.FromSlash(name)))
			}
		}
	}
	list("")
	return c, err
}

// indexSize returns the total size of the files of an index in bytes. It counts
// a file that is in several generations, under several names, once.
func indexSize(files []indexFile) int64 {
	n := int64(0)
	seen := map[[2]uint64]bool{}
	for _, f := range files {
		s := reader.StampOf(f.info)
		key := [2]uint64{s.Dev, s.Ino}
		if s.Ino != 0 && seen[key] {
			continue
		}
		seen[key] = true
		n += f.info.Size()
	}
	return n
}

// IndexSize returns the total size of the index in dir in bytes.
func (c *Cache) IndexSize(dir string) int64 {
	contents, _ := readIndexDir(dir)
	return indexSize(contents.files)
}

var (
	errNotRegular = fmt.Errorf("not a regular file, and symbolic links are not followed in the cache: %w", fs.ErrInvalid)
	errNoCache    = errors.New("not a cache of logview: it is not empty and has no " + MarkerName +
		" of logview; it is not touched. Give an empty or new directory with --cache-dir")
	errNoMarker = errors.New("no marker")
)

// Check returns an error if the directory cannot be used as a cache. It returns
// nil if it can be, or does not exist yet.
func (c *Cache) Check() error {
	err := c.prepare(false)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, name := range []string{BlocksName, IndexName} {
		if err == nil {
			if _, err = c.Sub(name, false); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
	}
	return err
}

// prepare makes sure that the directory is our cache. If there is none, prepare
// creates it if create is set, or else returns an error that wraps
// fs.ErrNotExist.
func (c *Cache) prepare(create bool) error {
	if c == nil {
		return fs.ErrNotExist
	}
	fail := func(err error) error { return &reader.FileError{Path: c.dir, Offset: -1, Err: reader.Cause(err)} }
	// Directories that another process deletes meanwhile are created again.
	for attempt := 1; ; attempt++ {
		info, err := os.Stat(c.dir) // the directory itself may be a link
		if errors.Is(err, fs.ErrNotExist) && create && attempt < 5 {
			if err := os.MkdirAll(c.dir, 0o700); err != nil {
				return fail(err)
			}
			info, err = os.Stat(c.dir)
		}
		if err != nil {
			return fail(err)
		}
		stamp := reader.StampOf(info)
		stamp.Size, stamp.ModTime = 0, 0
		c.mu.Lock()
		known := stamp.Changed != 0 && stamp == c.verified
		c.mu.Unlock()
		if known {
			return nil
		}
		if err := checkOwner(info); err != nil {
			return fail(err)
		}
		err = c.checkMarker()
		if err == errNoMarker {
			err = c.adopt(create)
			if err == nil || errors.Is(err, fs.ErrNotExist) && create && attempt < 5 {
				continue
			}
		}
		if err != nil {
			return fail(err)
		}
		c.mu.Lock()
		c.verified = stamp
		c.mu.Unlock()
		return nil
	}
}

// checkOwner returns an error if a directory of the cache, described by info, must
// not be used.
func checkOwner(info os.FileInfo) error {
	if info.Mode()&fs.ModeSymlink != 0 {
		return errors.New("a symbolic link, which is not followed in the cache; delete it")
	}
	if !info.IsDir() {
		return errors.New("not a directory, so it cannot be used as a cache")
	}
	return checkExclusive(info)
}

// checkMarker returns nil if the marker exists, errNoMarker if it does not, and
// errNoCache if the file is another program's.
func (c *Cache) checkMarker() error {
	f, err := OpenKept(filepath.Join(c.dir, MarkerName))
	if errors.Is(err, fs.ErrNotExist) {
		return errNoMarker
	}
	if errors.Is(err, fs.ErrInvalid) {
		return errNoCache
	}
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, len(Marker)+1)
	n, _ := f.ReadAt(buf, 0)
	switch text := string(buf[:n]); {
	case text == Marker:
		return nil
	case strings.HasPrefix(Marker, text) && !strings.HasSuffix(text, "\n"):
		// Truncated by a full disk or a crash. If it has the whole first line,
		// it may be another program's.
		return errNoMarker
	}
	return errNoCache
}

// IsCacheDir reports whether a directory with some entries is a cache of
// logview, which must not be searched: it repeats the text of logs.
func IsCacheDir(dir string, entries []os.FileInfo) bool {
	return slices.ContainsFunc(entries, func(e os.FileInfo) bool { return e.Name() == MarkerName && e.Mode().IsRegular() }) &&
		NewCache(dir, 0).checkMarker() == nil
}

// adopt writes the marker into a directory that is empty, has lost its marker,
// or is from an earlier version. For any other directory it returns errNoCache.
// An empty directory is adopted only if create is set.
func (c *Cache) adopt(create bool) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, e := range entries {
		if e.Name() != MarkerName && !strings.HasPrefix(e.Name(), markerTmp) {
			mine[e.Name()] = true
		}
	}
	if len(mine) == 0 && !create {
		return fs.ErrNotExist
	}
	foreign, err := c.foreign()
	if err != nil {
		return err
	}
	if len(foreign) > 0 || !c.hasOurForm() || len(mine) > 0 && !mine[BlocksName] && !mine[IndexName] && !mine[VouchedName] && !c.isOld() {
		return errNoCache
	}
	for from, to := range map[string]string{oldBlocksName: BlocksName, oldIndexName: IndexName} {
		if empty, err := os.ReadDir(filepath.Join(c.dir, from)); mine[from] && !mine[to] && err == nil && len(empty) > 0 {
			if err := os.Rename(filepath.Join(c.dir, from), filepath.Join(c.dir, to)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return c.writeMarker()
}

// writeMarker writes the marker atomically. Another process may do the same at
// the same time.
func (c *Cache) writeMarker() error {
	path := filepath.Join(c.dir, MarkerName)
	f, err := os.CreateTemp(c.dir, markerTmp)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(Marker)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// hasOurForm reports whether those files in a directory without a marker whose
// names are like logview's also have the form of logview's files.
func (c *Cache) hasOurForm() bool {
	all := true
	check := func(path string, formed func(path string) bool) {
		if all && !formed(path) {
			_, err := os.Lstat(path)
			all = errors.Is(err, fs.ErrNotExist) // it was deleted meanwhile
		}
	}
	for _, f := range regularFiles(c.Blocks(), storeName.MatchString) {
		check(filepath.Join(c.Blocks(), f.Name()), isStore)
	}
	for _, f := range regularFiles(c.Blocks(), pairName.MatchString) {
		check(filepath.Join(c.Blocks(), f.Name()), func(path string) bool { return hasForm(path, pairForm) })
	}
	dirs, _ := os.ReadDir(c.Indexes())
	for _, d := range dirs {
		check(filepath.Join(c.Indexes(), d.Name(), "catalog"), func(path string) bool { return hasForm(path, catalogForm) })
	}
	for _, f := range regularFiles(c.dir, vouchName.MatchString) {
		check(filepath.Join(c.dir, f.Name()), isVouched)
	}
	return all
}

var (
	catalogForm = lazyregexp.New(`^LVX[0-9]`)
	pairForm    = lazyregexp.New(`^` + VerdictMagic)
	refsForm    = lazyregexp.New(`^[0-9a-f]{32}-\d+ "`)
)

// isStore reports whether a file is a block store.
func isStore(path string) bool {
	s, err := ReadStore(path)
	if err == nil {
		s.F.Close()
	}
	return err == nil
}

// hasForm reports whether the beginning of a file of the cache matches form.
func hasForm(path string, form *lazyregexp.Regexp) bool {
	f, err := OpenKept(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, _ := bufio.NewReader(f).Peek(64)
	return form.Match(head)
}

// isOld reports whether a directory without a marker and without foreign files
// was written by the version that wrote no marker, based on the contents of one
// file.
func (c *Cache) isOld() bool {
	for _, f := range regularFiles(filepath.Join(c.dir, oldBlocksName), storeName.MatchString) {
		if isStore(filepath.Join(c.dir, oldBlocksName, f.Name())) {
			return true
		}
	}
	dirs, _ := os.ReadDir(filepath.Join(c.dir, oldIndexName))
	for _, d := range dirs {
		if hasForm(filepath.Join(c.dir, oldIndexName, d.Name(), "catalog"), catalogForm) {
			return true
		}
	}
	return hasForm(filepath.Join(c.dir, "refs"), refsForm)
}

// Sub returns the path of one of the cache's directories. If the directory does
// not exist, sub creates it if create is set, or else returns an error that
// wraps fs.ErrNotExist.
func (c *Cache) Sub(name string, create bool) (string, error) {
	for attempt := 1; ; attempt++ {
		if err := c.prepare(create); err != nil {
			return "", err
		}
		path := filepath.Join(c.dir, name)
		err := checkSub(path)
		if !create || !errors.Is(err, fs.ErrNotExist) || attempt == 5 {
			return path, err
		}
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)} // its parent may have been deleted
		}
	}
}

func checkSub(path string) error {
	info, err := os.Lstat(path)
	if err == nil {
		err = checkOwner(info)
	}
	if err != nil {
		return &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
	}
	return nil
}

// IndexDir returns the directory of the index whose name is 16 hexadecimal
// digits. If it does not exist, IndexDir creates it if create is set, or else
// returns an error that wraps fs.ErrNotExist. An index in a directory that is
// not ours must not be used.
func (c *Cache) IndexDir(name string, create bool) (string, error) {
	for attempt := 1; ; attempt++ {
		path, err := c.Sub(IndexName, create)
		if err == nil {
			path, err = c.Sub(filepath.Join(IndexName, name), create)
		}
		if err == nil || attempt == 5 || !create || !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
}

// IndexDirs returns the directories of all indexes.
func (c *Cache) IndexDirs() []string {
	dir, err := c.Sub(IndexName, false)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() && hashName.MatchString(e.Name()) && checkSub(path) == nil {
			out = append(out, path)
		}
	}
	return out
}

// foreign returns the paths of files in the directory, at any depth, that are
// not ours.
func (c *Cache) foreign() ([]string, error) {
	var out []string
	var failed error
	list := func(dir string, ours func(e fs.DirEntry) bool) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
		for _, e := range entries {
			if !ours(e) {
				out = append(out, filepath.Join(dir, e.Name()))
			}
		}
	}
	blocks := func(e fs.DirEntry) bool { return e.Type().IsRegular() && isBlocksFile(e.Name()) }
	indexes := func(dir string) func(fs.DirEntry) bool {
		return func(e fs.DirEntry) bool {
			if !e.IsDir() || !hashName.MatchString(e.Name()) {
				return false
			}
			contents, err := readIndexDir(filepath.Join(dir, e.Name()))
			if err != nil {
				failed = err
			}
			out = append(out, contents.foreign...)
			return true
		}
	}
	list(c.dir, func(e fs.DirEntry) bool {
		path, name := filepath.Join(c.dir, e.Name()), e.Name()
		switch {
		case e.IsDir() && (name == BlocksName || name == oldBlocksName):
			list(path, blocks)
			return true
		case e.IsDir() && (name == IndexName || name == oldIndexName):
			list(path, indexes(path))
			return true
		}
		return e.Type().IsRegular() && (name == MarkerName || strings.HasPrefix(name, markerTmp) || refsName.MatchString(name) ||
			vouchName.MatchString(name) && isVouched(path))
	})
	return out, failed
}

// Clear deletes all block stores and indexes. If the directory contains anything
// that is not logview's, nothing is deleted.
func (c *Cache) Clear() error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("%w; nothing was deleted", err)
	}
	if errors.Is(c.prepare(false), fs.ErrNotExist) {
		return nil
	}
	foreign, err := c.foreign()
	if err != nil {
		return &reader.FileError{Path: c.dir, Offset: -1, Err: fmt.Errorf("%w; nothing was deleted", reader.Cause(err))}
	}
	if len(foreign) > 0 {
		more := ""
		if len(foreign) > 1 {
			more = fmt.Sprintf(" (and %d more)", len(foreign)-1)
		}
		return &reader.FileError{Path: foreign[0], Offset: -1, Err: fmt.Errorf("not written by logview%s; nothing was deleted. Move it out of the cache first", more)}
	}
	for _, s := range c.Stores() {
		if err := os.Remove(filepath.Join(c.Blocks(), s.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &reader.FileError{Path: filepath.Join(c.Blocks(), s.Name()), Offset: -1, Err: reader.Cause(err)}
		}
	}
	for _, dir := range c.IndexDirs() {
		if err := c.RemoveIndex(filepath.Base(dir)); err != nil {
			return err
		}
	}
	for _, f := range regularFiles(c.dir, vouchName.MatchString) {
		_ = os.Remove(filepath.Join(c.dir, f.Name()))
	}
	for _, name := range []string{BlocksName, IndexName} {
		_ = os.Remove(filepath.Join(c.dir, name)) // fails if another process writes to it again
	}
	c.mu.Lock()
	c.Total = runningTotal{}
	c.mu.Unlock()
	return nil
}

// RemoveIndex deletes the index with the given name, see IndexDir. If its
// directory contains anything that is not logview's, it deletes nothing and
// returns an error.
func (c *Cache) RemoveIndex(name string) error {
	dir, err := c.IndexDir(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was deleted", err)
	}
	contents, err := readIndexDir(dir)
	if err != nil {
		return &reader.FileError{Path: dir, Offset: -1, Err: reader.Cause(err)}
	}
	if len(contents.foreign) > 0 {
		return &reader.FileError{Path: contents.foreign[0], Offset: -1, Err: errors.New("not written by logview; the index was not deleted. Move it out of the cache first")}
	}
	err = c.RemoveIndexFiles(dir, func(string) bool { return true })
	_ = os.Remove(dir) // fails if another process writes to it again
	return err
}

// RemoveIndexFiles deletes the files of the index in dir for which pick returns
// true, and the directories for which it does and that are then empty. The
// names passed to pick are paths below dir with slashes. Files that are not
// logview's are never deleted.
func (c *Cache) RemoveIndexFiles(dir string, pick func(name string) bool) error {
	contents, first := readIndexDir(dir)
	if first != nil {
		first = &reader.FileError{Path: dir, Offset: -1, Err: reader.Cause(first)}
	}
	var left []indexFile
	for _, f := range contents.files {
		if !pick(f.name) {
			left = append(left, f)
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = append(left, f)
			if first == nil {
				first = &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
			}
		}
	}
	for _, name := range slices.Backward(contents.dirs) {
		if pick(name) {
			_ = os.Remove(filepath.Join(dir, filepath.FromSlash(name)))
		}
	}
	c.RecordGrowth(indexSize(left) - indexSize(contents.files))
	return first
}

// In the cache, each verdict has a file among the block stores, which is named
// after the stamps:
//
//	"LVP1"              magic and version
//	relation            one byte
//	at, line            varints
//	plain               its size, modification and change time, varints; CRC-32 of its ends
//	                    (4 bytes)
//	crc                 4 bytes, CRC-32 (IEEE) of everything before
const (
	VerdictMagic  = "LVP1"
	VerdictSuffix = ".pair"
)
