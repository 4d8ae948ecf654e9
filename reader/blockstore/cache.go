// Package blockstore keeps decoded text in a cache, as blocks that can be read
// in any order, so that a compressed file is decoded only once. It also manages
// the cache directory: it decides which files may be written and deleted there.
package blockstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"logview/reader"
)

// A Cache is the directory in which logview keeps block stores and indexes. All
// of it may be deleted at any time. A nil Cache is valid and keeps nothing. See
// cachedir.go for the conditions under which a directory is a Cache, and for
// the files that may be deleted in it.
type Cache struct {
	dir string
	Max int64 // limit for block stores and indexes together, in bytes; 0 for a share of the disk

	mu       sync.Mutex   // guards the following fields
	verified reader.Stamp // of the directory when it was found to be ours; zero if it was not
	Total    runningTotal

	vouched vouched
}

// NewCache returns the Cache in dir, which is created with mode 0700 when the
// first file is written. Its size is at most max bytes; if max <= 0, at most a
// tenth of the free disk space and 16 GiB.
func NewCache(dir string, max int64) *Cache {
	return &Cache{dir: dir, Max: max}
}

const defaultCacheMax = 16 << 30

// Limit returns the maximum size of the cache in bytes.
func (c *Cache) Limit() int64 { return c.limitWith(c.Used()) }

// limitWith returns the limit of a cache with a current size of used bytes.
func (c *Cache) limitWith(used int64) int64 {
	if c.Max > 0 {
		return c.Max
	}
	if free, ok := diskFree(c.dir); ok {
		// The space that the cache uses was free before.
		return min(defaultCacheMax, (free+used)/10)
	}
	return 1 << 30
}

// Used returns the total size of block stores and indexes in bytes.
func (c *Cache) Used() int64 { return sizeOf(c.list()) }

// A cacheEntry is a unit of deletion: a block store, an index, or a temporary
// file.
type cacheEntry struct {
	path  string
	size  int64
	used  time.Time
	tmp   bool // unfinished
	index bool // it is a directory
}

func sizeOf(all []cacheEntry) int64 {
	n := int64(0)
	for _, k := range all {
		n += k.size
	}
	return n
}

// list returns the block stores and indexes in the cache. It leaves out files
// that are not ours.
func (c *Cache) list() []cacheEntry {
	var out []cacheEntry
	for _, s := range c.Stores() {
		out = append(out, cacheEntry{path: filepath.Join(c.Blocks(), s.Name()), size: s.Size(), used: s.ModTime(), tmp: strings.HasPrefix(s.Name(), TmpPrefix)})
	}
	for _, dir := range c.IndexDirs() {
		contents, _ := readIndexDir(dir)
		k := cacheEntry{path: dir, index: true, size: indexSize(contents.files)}
		for _, f := range contents.files {
			if f.info.ModTime().After(k.used) {
				k.used = f.info.ModTime()
			}
		}
		out = append(out, k)
	}
	return out
}

// Stores returns the block stores and temporary files.
func (c *Cache) Stores() []os.FileInfo {
	dir, err := c.Sub(BlocksName, false)
	if err != nil {
		return nil
	}
	return regularFiles(dir, isBlocksFile)
}

// regularFiles returns the regular files in dir for whose names ours returns
// true.
func regularFiles(dir string, ours func(name string) bool) []os.FileInfo {
	entries, _ := os.ReadDir(dir)
	var out []os.FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() || !ours(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil {
			out = append(out, info)
		}
	}
	return out
}

// A runningTotal tracks the size of the cache: as found by a scan of the
// directory, and as changed by this process since. Scanning 20,000 files takes
// a twentieth of a second or more, so it is done only
//
//   - before anything is deleted for lack of room,
//   - when the process has used an eighth of the room that the last scan found,
//     so that eight processes which write at the same time do not exceed the
//     limit by more than the files that they are writing,
//   - and when the last scan is older than rescanAfter.
type runningTotal struct {
	Scanned time.Time // zero if never
	room    int64     // room found by the scan, in bytes
	added   int64     // bytes added by this process since the scan
}

const rescanAfter = 10 * time.Second

// RecordGrowth records that files of the cache have grown by n bytes, or shrunk if
// n is negative.
func (c *Cache) RecordGrowth(n int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Total.added += n
}

const (
	TmpPrefix      = "tmp-"    // of the names of unfinished files
	abandonedAfter = time.Hour // a writer writes at least every few seconds
	busyFor        = 10 * time.Minute
)

// Touch records that a store is used now. Its modification time is updated at
// most every ten minutes, which suffices to find the least recently used
// stores.
func (c *Cache) Touch(path string, info os.FileInfo) {
	if time.Since(info.ModTime()) > 10*time.Minute {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // in a read-only cache the time stays unchanged
	}
}

// Dir returns the directory of the cache.
func (c *Cache) Dir() string { return c.dir }

// Usage returns the number of block stores and temporary files in the cache,
// and their total size in bytes.
func (c *Cache) Usage() (files int, bytes int64) {
	for _, s := range c.Stores() {
		if !pairName.MatchString(s.Name()) {
			files++
			bytes += s.Size()
		}
	}
	return files, bytes
}

// OpenKept opens a file of the cache for reading. It does not follow a symbolic
// link: then the error wraps fs.ErrInvalid.
func OpenKept(path string) (*os.File, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(before, now) {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist} // it was replaced meanwhile
	}
	return f, nil
}
