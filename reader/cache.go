package reader

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Cache is the directory in which logview keeps what it would not like to
// work out twice. All of it may be deleted at any moment. A nil Cache works,
// and keeps nothing.
//
//	blocks/KEY.zst      the block store of one compressed file, see store.go
//	blocks/tmp-*        one in the making
//	index/HASH/         the index of one directory, see logview/index
type Cache struct {
	dir string
	max int64 // bytes, of block stores and indexes together
}

// NewCache keeps things in dir, which is made with mode 0700 when the first
// of them is written, in at most max bytes. With max <= 0 the bound is a
// tenth of what is free on the disk, at most 16 GiB.
func NewCache(dir string, max int64) *Cache {
	return &Cache{dir: dir, max: max}
}

const defaultCacheMax = 16 << 30

// Limit is how many bytes they may take.
func (c *Cache) Limit() int64 {
	if c.max > 0 {
		return c.max
	}
	if free, ok := diskFree(c.dir); ok {
		// What the cache holds already was free before it.
		return min(defaultCacheMax, (free+c.Used())/10)
	}
	return 1 << 30
}

// Indexes is the directory of the indexes.
func (c *Cache) Indexes() string { return filepath.Join(c.dir, "index") }

func (c *Cache) blocks() string { return filepath.Join(c.dir, "blocks") }

// A kept is what the cache deletes as a whole.
type kept struct {
	path string
	size int64
	used time.Time
	tmp  bool // in the making
}

// all is the block stores and the indexes there are.
func (c *Cache) all() []kept {
	var out []kept
	for _, s := range c.stores() {
		out = append(out, kept{filepath.Join(c.blocks(), s.Name()), s.Size(), s.ModTime(), strings.HasPrefix(s.Name(), tmpPrefix)})
	}
	dirs, _ := os.ReadDir(c.Indexes())
	for _, d := range dirs {
		k := kept{path: filepath.Join(c.Indexes(), d.Name())}
		files, _ := os.ReadDir(k.path)
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				continue
			}
			k.size += info.Size()
			if info.ModTime().After(k.used) {
				k.used = info.ModTime()
			}
		}
		out = append(out, k)
	}
	return out
}

// Used is the bytes that block stores and indexes take.
func (c *Cache) Used() int64 {
	n := int64(0)
	for _, k := range c.all() {
		n += k.size
	}
	return n
}

// Full reports whether the cache is as large as it may be, after what was
// not used for longest was deleted.
func (c *Cache) Full() bool {
	c.trim(0)
	return c.Used() >= c.Limit()
}

func (c *Cache) stores() []os.FileInfo {
	entries, _ := os.ReadDir(c.blocks())
	var out []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			out = append(out, info)
		}
	}
	return out
}

// trim deletes the block stores and indexes that were not used for longest,
// and what interrupted writers left, until there is room for need more
// bytes. What was used within the last minutes may be in the making.
func (c *Cache) trim(need int64) {
	all := c.all()
	slices.SortFunc(all, func(a, b kept) int { return a.used.Compare(b.used) })
	used := need
	for _, k := range all {
		used += k.size
	}
	limit := c.Limit()
	for _, k := range all {
		abandoned := k.tmp && time.Since(k.used) > abandonedAfter
		index := filepath.Dir(k.path) == c.Indexes()
		if !abandoned && (used <= limit || k.tmp || index && time.Since(k.used) < busyFor) {
			continue
		}
		if os.RemoveAll(k.path) == nil {
			used -= k.size
		}
	}
}

const (
	tmpPrefix      = "tmp-"
	abandonedAfter = time.Hour // a writer writes at least every few seconds
	busyFor        = 10 * time.Minute
)

// touch marks a store as used now. Once in a while is enough to tell which
// was not used for longest.
func (c *Cache) touch(path string, info os.FileInfo) {
	if time.Since(info.ModTime()) > 10*time.Minute {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // on a read-only cache it stays the age it is
	}
}

// Dir is where the Cache lies.
func (c *Cache) Dir() string { return c.dir }

// Usage is how many files the cache holds as blocks, and the bytes they take.
func (c *Cache) Usage() (files int, bytes int64) {
	for _, s := range c.stores() {
		files++
		bytes += s.Size()
	}
	return files, bytes
}

// Clear deletes all block stores and indexes. What else is in the cache,
// such as which files refs meant, stays.
func (c *Cache) Clear() error {
	return errors.Join(os.RemoveAll(c.blocks()), os.RemoveAll(c.Indexes()))
}
