package files

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// tree returns the contents of the files below a directory by path, and the
// targets of links.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		switch {
		case e.IsDir():
			out[rel+"/"] = ""
		case e.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			out[rel] = "-> " + to
			return err
		default:
			data, err := os.ReadFile(path)
			out[rel] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plant creates files below dir. A text that starts with an arrow makes a link.
func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		to, link := strings.CutPrefix(text, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			readertest.Must(t, os.MkdirAll(path, 0o755))
		case link:
			readertest.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			readertest.Must(t, os.Symlink(to, path))
		default:
			readertest.WriteFile(t, path, text)
		}
	}
}

// use performs all operations on a cache except clearing it.
func use(t *testing.T, c *blockstore.Cache) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.log.1.gz")
	readertest.Must(t, os.WriteFile(path, stored(), 0o644))
	for range 2 {
		logs, _ := Find([]string{path})
		src := NewSource(logs[0], Options{Cache: c, Workers: reader.NewWorkers(2), MustStore: true})
		_ = Store(t.Context(), src, src.Members()[0], nil)
	}
	c.MakeRoom(1, 0)
	c.Used()
	if dir, err := c.IndexDir("0123456789abcdef", true); err == nil {
		_ = c.RemoveIndexFiles(dir, func(string) bool { return true })
	}
	if f, err := blockstore.TempFile(c, true); err == nil {
		f.Close()
		os.Remove(f.Name())
	}
}

// stored returns a compressed file that is large enough to get a block store.
var stored = sync.OnceValue(func() []byte { return readertest.Gzip(readertest.Noise(rand.New(rand.NewPCG(8, 1)), 2<<20)) })

// Files that are not certainly the cache's are neither deleted nor changed, and
// a directory that contains them does not become a cache.
func TestForeignDirectoryIsNoCache(t *testing.T) {
	hex := strings.Repeat("a", 32)
	for what, files := range map[string]map[string]string{
		"directories called as ours were":   {"index/src/main.go": "my source", "blocks/world.dat": "x"},
		"directories called as ours are":    {"logview-index/src/main.go": "my source", "logview-blocks/world.dat": "x"},
		"an empty directory":                {"index/": ""},
		"two empty directories":             {"index/": "", "blocks/": ""},
		"files named as ours were":          {"blocks/" + hex + ".zst": "mine", "index/0123456789abcdef/catalog": "mine"},
		"a store named as ours are":         {"logview-blocks/" + hex + ".zst": "mine"},
		"a verdict named as ours are":       {"logview-blocks/" + hex + ".pair": "mine"},
		"a catalog named as ours are":       {"logview-index/0123456789abcdef/catalog": "mine"},
		"sums named as ours are":            {"logview-vouched": strings.Repeat("mine\n", 100)},
		"the first line of a marker":        {"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"},
		"one file":                          {"notes.txt": "mine"},
		"a hidden file":                     {".notes": "mine"},
		"refs of its own":                   {"refs": "https://example.com\n"},
		"another program's cache":           {"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# by cargo\n", "logview-index/": ""},
		"a marker that is a directory":      {"CACHEDIR.TAG/x": ""},
		"a marker with more in it":          {"CACHEDIR.TAG": blockstore.Marker + "mine\n"},
		"a link to a marker":                {"CACHEDIR.TAG": "-> elsewhere", "elsewhere": blockstore.Marker},
		"blocks that are elsewhere":         {"logview-blocks": "-> ../other"},
		"indexes that are elsewhere":        {"logview-index": "-> ../other"},
		"an index that is elsewhere":        {"logview-index/0123456789abcdef": "-> ../../other"},
		"a file where a directory would be": {"logview-blocks": "mine"},
	} {
		base := t.TempDir()
		dir := filepath.Join(base, "dir")
		plant(t, dir, files)
		plant(t, filepath.Join(base, "other"), map[string]string{hex + ".zst": "mine", "tmp-1": "mine", "catalog": "mine", "0123456789abcdef/catalog": "mine"})
		long := time.Now().Add(-100 * time.Hour)
		readertest.Must(t, filepath.WalkDir(base, func(path string, e fs.DirEntry, err error) error {
			if e.Type().IsRegular() {
				return os.Chtimes(path, long, long)
			}
			return err
		}))
		before := tree(t, base)
		c := blockstore.NewCache(dir, 1)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "dir") {
			t.Errorf("%s: it can be used: %v", what, err)
		}
		use(t, c)
		if err := c.Clear(); err == nil || !strings.Contains(err.Error(), "nothing was deleted") {
			t.Errorf("%s: Clear: %v", what, err)
		}
		if after := tree(t, base); !maps.Equal(before, after) {
			t.Errorf("%s:\nbefore %q\nafter  %q", what, before, after)
		}
	}
}

// In a cache, only files of the cache are changed, and Clear reports the
// others.
func TestForeignFilesInCache(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	hex := strings.Repeat("a", 32)
	const index = "logview-index/0123456789abcdef/"
	generation := index + strings.Repeat("A", 26) + "/"
	for name, text := range map[string]string{
		"notes.txt":                       "mine",
		"logview-blocks/world.dat":        "mine",
		"logview-blocks/x.zst":            "mine",
		"logview-blocks/tmp-mine":         "mine",
		"logview-blocks/d/x":              "mine",
		"logview-blocks/" + hex + ".zst":  "-> ../../other/catalog",
		"logview-index/mine":              "mine",
		"logview-index/mine.d/catalog":    "mine",
		"logview-index/fedcba9876543210":  "-> ../../other",
		index + "mine":                    "mine",
		index + "sub/catalog":             "mine",
		index + "tmp-7":                   "-> ../../../other/catalog",
		index + "000000000001.zap":        "mine",
		index + strings.Repeat("B", 26):   "-> ../../../other",
		index + "work":                    "mine",
		generation + "catalog":            "mine",
		generation + "store/mine":         "mine",
		generation + "store/d/root.bolt":  "mine",
		generation + "000000000001.aux":   "-> ../../../other/catalog",
		"blocks/world.dat":                "mine",
		"index/src/main.go":               "mine",
		"logview-blocks/" + hex + ".zst2": "mine",
		"logview-vouched":                 "mine",
		"logview-vouched-2024":            "mine",
	} {
		base := t.TempDir()
		dir := filepath.Join(base, "dir")
		c := blockstore.NewCache(dir, 1)
		use(t, c)
		_, err := c.IndexDir("0123456789abcdef", true)
		readertest.Must(t, err)
		_, err = c.Sub(blockstore.BlocksName, true)
		readertest.Must(t, err)
		plant(t, filepath.Join(base, "other"), map[string]string{"catalog": "mine", hex + ".zst": "mine"})
		plant(t, dir, map[string]string{name: text, index + "catalog": "ours", index + "tmp-1": "ours", generation + "store/root.bolt": "ours", generation + "index_meta.json": "ours",
			index + "work-" + strings.Repeat("A", 26) + "/store/00000000000a.zap": "ours", index + strings.Repeat("A", 26) + ".zap": "ours", "logview-blocks/" + strings.Repeat("b", 32) + ".zst": "ours"})
		readertest.Must(t, c.Check())
		before := tree(t, base)
		err = c.Clear()
		first := filepath.Join(dir, name)
		if err == nil || !strings.Contains(first, strings.SplitN(err.Error(), ": ", 2)[0]) {
			t.Errorf("%s: Clear: %v", name, err)
		}
		if after := tree(t, base); !maps.Equal(before, after) {
			t.Errorf("%s: Clear deleted something: %q, %q", name, before, after)
		}
		long := time.Now().Add(-100 * time.Hour)
		for path, text := range before {
			if text == "ours" {
				readertest.Must(t, os.Chtimes(filepath.Join(base, path), long, long))
			}
		}
		use(t, c) // which deletes the cache's files, because there is no room
		after := tree(t, base)
		for path, text := range before {
			grown := path == "dir/"+blockstore.VouchedName && strings.HasPrefix(after[path], text)
			if text != "" && text != "ours" && after[path] != text && !grown {
				t.Errorf("%s: %s was %q and is %q", name, path, text, after[path])
			}
			if text == "ours" {
				if _, there := after[path]; there {
					t.Errorf("%s: %s is still there", name, path)
				}
			}
		}
	}
}

// Clear deletes the contents of the cache, and the directory remains a cache.
func TestClear(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := blockstore.NewCache(dir, 1<<30)
	readertest.Must(t, c.Clear()) // clears a directory that does not exist
	if _, err := os.Stat(dir); err == nil {
		t.Error("Clear made a directory")
	}
	use(t, c)
	_, err := c.IndexDir("0123456789abcdef", true)
	readertest.Must(t, err)
	readertest.WriteFile(t, filepath.Join(dir, "refs"), "old\n") // a file of earlier versions
	readertest.Must(t, c.Clear())
	readertest.ExpectStrings(t, slices.Sorted(maps.Keys(tree(t, dir))), "./", "CACHEDIR.TAG", "refs")
	use(t, c)
	if n, _ := c.Usage(); n != 1 {
		t.Errorf("%d stores after it was used again", n)
	}
}

// A cache of the previous version, which has no marker, is converted.
func TestOldCache(t *testing.T) {
	_, m, made := storedFile(t, readertest.Noise(rand.New(rand.NewPCG(7, 1)), 2<<20))
	store := storeFiles(t, made)[0]
	data, err := os.ReadFile(store)
	readertest.Must(t, err)
	dir := t.TempDir()
	plant(t, dir, map[string]string{
		"blocks/" + filepath.Base(store): string(data), "blocks/tmp-17": "",
		"index/0123456789abcdef/catalog": "LVX1…", "index/0123456789abcdef/lock": "",
		"refs": strings.Repeat("0", 32) + "-4096 \"/var/log/app.log\"\n",
	})
	c := blockstore.NewCache(dir, 1<<30)
	f, err := os.Open(m.Path)
	readertest.Must(t, err)
	defer f.Close()
	s, ok := c.OpenStore(t.Context(), f, "", true)
	if !ok {
		t.Fatal("the store is not found")
	}
	s.F.Close()
	readertest.Must(t, c.Clear())
	readertest.ExpectStrings(t, slices.Sorted(maps.Keys(tree(t, dir))), "./", "CACHEDIR.TAG", "refs")
}

// Deleting a cache while it is written to leaves parts of it, which are still a
// cache.
func TestCacheWithoutMarker(t *testing.T) {
	for what, damage := range map[string]func(dir string) error{
		"gone":  func(dir string) error { return os.Remove(filepath.Join(dir, blockstore.MarkerName)) },
		"empty": func(dir string) error { return os.Truncate(filepath.Join(dir, blockstore.MarkerName), 0) },
		"half":  func(dir string) error { return os.Truncate(filepath.Join(dir, blockstore.MarkerName), 20) },
	} {
		dir := t.TempDir()
		use(t, blockstore.NewCache(dir, 1<<30))
		readertest.Must(t, damage(dir))
		c := blockstore.NewCache(dir, 1<<30)
		readertest.Must(t, c.Check())
		if n, _ := c.Usage(); n != 1 {
			t.Errorf("%s: %d stores", what, n)
		}
		if text := tree(t, dir)[blockstore.MarkerName]; text != blockstore.Marker {
			t.Errorf("%s: the marker is %q", what, text)
		}
	}
}

// Several processes may create the same cache at the same time, while others
// delete it.
func TestCacheMadeTwice(t *testing.T) {
	for range 100 {
		dir := filepath.Join(t.TempDir(), "a", "cache")
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				c := blockstore.NewCache(dir, 1<<30)
				if _, err := c.IndexDir("0123456789abcdef", true); err != nil {
					t.Error(err)
				}
				if _, err := c.Sub(blockstore.BlocksName, true); err != nil {
					t.Error(err)
				}
				if i == 0 {
					if err := c.Clear(); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wait.Wait()
		if text := tree(t, dir)[blockstore.MarkerName]; text != blockstore.Marker {
			t.Fatalf("the marker is %q", text)
		}
	}
}

// A link to a cache is followed, because the user chose it.
func TestLinkToCache(t *testing.T) {
	dir := t.TempDir()
	readertest.Must(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	readertest.Must(t, os.Symlink("real", filepath.Join(dir, "link")))
	c := blockstore.NewCache(filepath.Join(dir, "link"), 1<<30)
	readertest.Must(t, c.Check())
	use(t, c)
	if n, _ := c.Usage(); n != 1 {
		t.Errorf("%d stores", n)
	}
	if _, err := c.IndexDir("0123456789abcdef", false); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The used space is tracked without scanning the cache for each write.
func TestCacheIsScannedSeldom(t *testing.T) {
	c := blockstore.NewCache(t.TempDir(), 1<<30)
	_, err := c.Sub(blockstore.BlocksName, true)
	readertest.Must(t, err)
	if !c.MakeRoom(1, 0) {
		t.Fatal("full")
	}
	first := c.Total.Scanned
	for range 100 {
		c.RecordGrowth(1 << 20)
		if !c.MakeRoom(1, 0) {
			t.Fatal("full")
		}
	}
	if c.Total.Scanned != first {
		t.Error("it was scanned again after a tenth of the room was used")
	}
	// Other processes may write, too: the cache is scanned again before an
	// eighth of its limit has been written.
	readertest.WriteFile(t, filepath.Join(c.Blocks(), strings.Repeat("a", 32)+".zst"), "x")
	readertest.Must(t, os.Truncate(filepath.Join(c.Blocks(), strings.Repeat("a", 32)+".zst"), 2<<30))
	for range 29 {
		c.RecordGrowth(1 << 20)
		c.MakeRoom(1, 0)
	}
	if n, _ := c.Usage(); n != 0 {
		t.Error("what another process wrote was not noticed")
	}
}

// A cache below a directory that is listed is left out, because it repeats the
// text of logs.
func TestCacheIsNotListed(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "a.log"), "x\n")
	use(t, blockstore.NewCache(filepath.Join(dir, "cache"), 1<<30))
	plant(t, dir, map[string]string{"other/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n", "other/b.log": "x\n"})
	readertest.ExpectStrings(t, paths(t, dir, dir), "a.log", "other/CACHEDIR.TAG", "other/b.log")
}
