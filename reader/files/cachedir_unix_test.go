//go:build unix

package files

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// A directory that other users own or can write to is not used.
func TestCacheOfOthers(t *testing.T) {
	sub := func(name string) func(string) string {
		return func(dir string) string { return filepath.Join(dir, name) }
	}
	for what, c := range map[string]struct {
		what func(dir string) string
		mode os.FileMode
		uid  int
	}{
		"writable by a group":   {sub(""), 0o770, -1},
		"writable by everybody": {sub(""), 0o777, -1},
		"sticky":                {sub(""), 0o777 | os.ModeSticky, -1},
		"another's":             {sub(""), 0o700, 12345},
		"another's blocks":      {sub(blockstore.BlocksName), 0o700, 12345},
		"everybody's blocks":    {sub(blockstore.BlocksName), 0o777, -1},
		"everybody's indexes":   {sub(blockstore.IndexName), 0o777, -1},
	} {
		if c.uid >= 0 && os.Geteuid() != 0 {
			continue
		}
		dir := t.TempDir()
		use(t, blockstore.NewCache(dir, 1<<30))
		readertest.Must(t, os.Chmod(c.what(dir), c.mode))
		if c.uid >= 0 {
			readertest.Must(t, os.Chown(c.what(dir), c.uid, -1))
		}
		before := tree(t, dir)
		cache := blockstore.NewCache(dir, 1)
		err := cache.Check()
		if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(c.what(dir), "/")+": ") || !strings.Contains(err.Error(), "not used as a cache") {
			t.Errorf("%s: %v", what, err)
		}
		if err := cache.Clear(); err == nil {
			t.Errorf("%s: it was cleared", what)
		}
		if strings.Contains(what, "blocks") || c.what(dir) == dir {
			use(t, cache)
		}
		after := tree(t, dir)
		for name := range after {
			if strings.HasPrefix(name, blockstore.IndexName) {
				delete(after, name)
			}
		}
		for name := range before {
			if strings.HasPrefix(name, blockstore.IndexName) {
				delete(before, name)
			}
		}
		if !maps.Equal(before, after) {
			t.Errorf("%s: something was changed", what)
		}
	}
}
