package blockstore

import (
	"os"
	"slices"
	"time"
)

// This file deletes entries of the cache when there is no room for new ones,
// see Cache.MakeRoom. Other rules for deleting files in the cache directory are
// in cachedir.go.

// MakeRoom makes room for a file of need bytes, written of which are in the
// cache already as a temporary file, and reports whether there is room. If
// necessary, it deletes the least recently used block stores and indexes, and a
// few more than necessary, so that not every new file causes deletions.
func (c *Cache) MakeRoom(need, written int64) bool {
	c.mu.Lock()
	t := c.Total
	c.mu.Unlock()
	if !t.Scanned.IsZero() && time.Since(t.Scanned) < rescanAfter && max(t.added, 0)+need <= t.room/8 {
		return true
	}
	all := slices.DeleteFunc(c.list(), func(k cacheEntry) bool { return k.tmp && time.Since(k.used) > abandonedAfter && c.remove(k) })
	used := sizeOf(all)
	limit := c.limitWith(used)
	if need > limit {
		return false
	}
	need -= written
	enough := limit
	if used+need > limit {
		enough -= limit / 32
	}
	slices.SortFunc(all, func(a, b cacheEntry) int { return a.used.Compare(b.used) })
	for _, k := range all {
		if used+need <= enough {
			break
		}
		// An index that was used within the last minutes may be in the process
		// of being built.
		if !k.tmp && !(k.index && time.Since(k.used) < busyFor) && c.remove(k) {
			used -= k.size
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Total = runningTotal{Scanned: time.Now(), room: max(0, limit-used)}
	return used+need <= limit
}

// remove deletes a block store or an index, and reports whether it succeeded.
func (c *Cache) remove(k cacheEntry) bool {
	if !k.index {
		return os.Remove(k.path) == nil
	}
	err := c.RemoveIndexFiles(k.path, func(string) bool { return true })
	_ = os.Remove(k.path) // fails if it contains anything that is not ours
	return err == nil
}
