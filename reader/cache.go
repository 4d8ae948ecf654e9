package reader

import (
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
//	refs                which file a printed ref meant, see ref.go
type Cache struct {
	dir string
	max int64 // bytes, of all block stores together
}

// NewCache keeps things in dir, which is made with mode 0700 when the first
// of them is written, in at most max bytes. With max <= 0 the bound is a
// tenth of what is free on the disk, at most 16 GiB.
func NewCache(dir string, max int64) *Cache {
	return &Cache{dir: dir, max: max}
}

const defaultCacheMax = 16 << 30

func (c *Cache) limit() int64 {
	if c.max > 0 {
		return c.max
	}
	if free, ok := diskFree(c.dir); ok {
		// What the cache holds already was free before it.
		return min(defaultCacheMax, (free+c.used())/10)
	}
	return 1 << 30
}

func (c *Cache) blocks() string { return filepath.Join(c.dir, "blocks") }

func (c *Cache) used() int64 {
	n := int64(0)
	for _, s := range c.stores() {
		n += s.Size()
	}
	return n
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

// trim deletes the block stores that were not used for longest, and what
// interrupted writers left, until there is room for need more bytes.
func (c *Cache) trim(need int64) {
	stores := c.stores()
	slices.SortFunc(stores, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	used := need
	for _, s := range stores {
		used += s.Size()
	}
	limit := c.limit()
	for _, s := range stores {
		abandoned := strings.HasPrefix(s.Name(), tmpPrefix) && time.Since(s.ModTime()) > abandonedAfter
		if !abandoned && (used <= limit || strings.HasPrefix(s.Name(), tmpPrefix)) {
			continue
		}
		if os.Remove(filepath.Join(c.blocks(), s.Name())) == nil {
			used -= s.Size()
		}
	}
}

const (
	tmpPrefix      = "tmp-"
	abandonedAfter = time.Hour // a writer writes at least every few seconds
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
