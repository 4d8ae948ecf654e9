package index_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
)

// below returns the directories in the first index in cache.
func below(t *testing.T, cache *blockstore.Cache) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(cache.IndexDirs()[0], "*", "store"))
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range dirs {
		dirs[i] = filepath.Dir(d)
	}
	return dirs
}

// TestBleveOpens tests that Bleve itself can open a published generation and
// finds words in it.
func TestBleveOpens(t *testing.T) {
	dir, cache := t.TempDir(), newCache(t)
	for name, text := range map[string]string{"a.log": "a read timed out\n", "b.log": "SocketTimeoutException\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build(t, cache, dir)
	generation := below(t, cache)[0]
	x, err := bleve.Open(generation)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if n, err := x.DocCount(); n != 2 || err != nil {
		t.Errorf("there are %d documents, %v", n, err)
	}
	for word, want := range map[string]uint64{"timed": 1, "sockettimeoutexception": 1, "read timed": 2, "absent": 0} {
		q := bleve.NewDisjunctionQuery()
		for w := range strings.FieldsSeq(word) {
			q.AddQuery(bleve.NewTermQuery(w))
		}
		if word == "read timed" {
			q.AddQuery(bleve.NewWildcardQuery("*timeout*"))
		}
		found, err := x.Search(bleve.NewSearchRequest(q))
		if err != nil || found.Total != want {
			t.Errorf("%s: %v, %v; want %d", word, found, err, want)
		}
	}
	verify(t, cache, dir)
}

// TestNoHardLinks tests that files are copied if the file system has no hard
// links.
func TestNoHardLinks(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	defer index.NoLinks()()
	r := rand.New(rand.NewPCG(58, 1))
	w := newWorld(t, r)
	cache := newCache(t)
	for range 4 {
		w.append(pickLog(r), 2<<20)
		w.change()
		build(t, cache, w.dir)
		if ask(w, 4).check(cache, "copied") == 0 {
			t.Error("the index spares nothing")
		}
		if list := below(t, cache); len(list) != 1 {
			t.Errorf("there are %q", list)
		}
	}
	verify(t, cache, w.dir)
}

// TestSizeOfIndex tests that files shared by generations are counted once, and
// files that a build has deleted are not counted.
func TestSizeOfIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(59, 1))
	w := newWorld(t, r)
	w.append("app.log", 4<<20)
	cache := newCache(t)
	build(t, cache, w.dir)
	during := int64(0)
	w.append("app.log", 24<<20)
	b := index.Builder{Cache: cache, Workers: index.NewWorkers(), Progress: func(int64, int64) { during = max(during, cache.Used()) }}
	if _, err := b.Build(t.Context(), w.dir, []string{w.dir}); err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, f := range cacheFiles(t, cache) {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if after := cache.Used(); after != size {
		t.Errorf("%d bytes are counted, of %d", after, size)
	}
	if during == 0 || during > 3*size {
		t.Errorf("%d bytes while building, %d then", during, size)
	}
}

// TestBleveFails tests that an error in one of Bleve's goroutines ends the
// build, and that the next one continues from the last published generation.
func TestBleveFails(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	defer index.RarePublishing()()
	r := rand.New(rand.NewPCG(60, 1))
	w := newWorld(t, r)
	w.append("app.log", 2<<20)
	cache := newCache(t)
	build(t, cache, w.dir)
	was := below(t, cache)
	w.append("app.log", 40<<20)
	gone := false
	b := index.Builder{Cache: cache, Workers: reader.NewWorkers(1), Progress: func(int64, int64) {
		for _, d := range below(t, cache) {
			if strings.HasPrefix(filepath.Base(d), "work-") && !gone {
				gone = os.RemoveAll(d) == nil
			}
		}
	}}
	_, err := b.Build(t.Context(), w.dir, []string{w.dir})
	if !gone {
		t.Skip("the store cannot be deleted while it is open")
	}
	var fe *reader.FileError
	if !errors.As(err, &fe) || !strings.Contains(err.Error(), cache.IndexDirs()[0]) {
		t.Errorf("the build ends with %v", err)
	}
	if now := below(t, cache); !slices.Equal(now, was) {
		t.Errorf("there is %q, not %q", now, was)
	}
	q := ask(w, 4)
	q.check(cache, "after the error")
	if st := build(t, cache, w.dir); st.Grown != 1 {
		t.Errorf("%+v", st)
	}
	verify(t, cache, w.dir)
	if _, st := found(t, index.Indexed{Cache: cache}, cache, w.dir, index.Request{Query: query.Text{S: "nowhere"}}); st.BlocksRead > 1 {
		t.Errorf("%d blocks are read", st.BlocksRead)
	}
}
