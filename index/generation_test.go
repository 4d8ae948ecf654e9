package index

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// openTestStore opens a store in dir and closes it when the test ends.
func openTestStore(t *testing.T, dir string, from *generationInfo) *store {
	t.Helper()
	s, err := openStore(dir, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// addBlocks adds blocks as one batch, with serial numbers starting at first.
func addBlocks(t *testing.T, s *store, first int, blocks ...[]byte) {
	t.Helper()
	batch := newBlockBatch()
	for i, text := range blocks {
		batch.add(uint32(first+i), text, nil)
	}
	if err := s.add(batch); err != nil {
		t.Fatal(err)
	}
}

// publishAndOpen publishes the contents of a store and opens the generation.
func publishAndOpen(t *testing.T, s *store, prev *generationInfo) (*generationInfo, *generation) {
	t.Helper()
	info, err := s.publish(prev)
	if err != nil {
		t.Fatal(err)
	}
	g, err := openGeneration(s.parent, info, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	return info, g
}

// segmentOf returns the only segment of a generation of blocks. The serial
// numbers are the indices in blocks.
func segmentOf(t *testing.T, blocks ...[]byte) *segmentReader {
	t.Helper()
	s := openTestStore(t, t.TempDir(), nil)
	addBlocks(t, s, 0, blocks...)
	_, g := publishAndOpen(t, s, nil)
	return g.segments[0]
}

// admitted returns the serial numbers of the blocks that a generation admits
// for a text.
func admitted(t *testing.T, g *generation, text string) []uint32 {
	t.Helper()
	p := newPlan(query.Text{S: text}, match.Options{})
	all := roaring.New()
	for _, s := range g.segments {
		some, err := (&answers{plan: p, segment: s}).serials("")
		if err != nil {
			t.Fatal(err)
		}
		all.Or(some)
	}
	return all.ToArray()
}

// TestSerialNumbersLast tests that serial numbers keep their words and
// identifiers when segments are merged, documents deleted, and generations
// published and opened.
func TestSerialNumbersLast(t *testing.T) {
	dir := t.TempDir()
	s := openTestStore(t, dir, nil)
	id := func(n int) string { return fmt.Sprintf("%032x", 0xabcdef0123456789+uint64(n)*0x1000001) }
	// Without hexadecimal digits, so that a word cannot be part of an
	// identifier.
	word := func(n int) string {
		return strings.Repeat(string(rune('g'+n/20)), 3) + strings.Repeat(string(rune('g'+n%20)), 3)
	}
	block := func(n int) []byte { return fmt.Appendf(nil, "word %s id=%s\n", word(n), id(n)) }
	live := roaring.New()
	check := func(g *generation, most int) {
		t.Helper()
		for n := range most {
			var want []uint32
			if live.Contains(uint32(n)) {
				want = []uint32{uint32(n)}
			}
			for _, text := range []string{word(n), word(n)[1:], id(n)} {
				if got := admitted(t, g, text); !slices.Equal(got, want) {
					t.Fatalf("%s is in %v, want %v", text, got, want)
				}
			}
		}
	}
	var prev *generationInfo
	n := 0
	for round := range 8 {
		for range 3 {
			addBlocks(t, s, n, block(n), block(n+1), block(n+2))
			live.AddRange(uint64(n), uint64(n+3))
			n += 3
		}
		switch round {
		case 2, 6:
			dead := roaring.BitmapOf(uint32(n-1), uint32(n-5), uint32(round))
			live.AndNot(dead)
			if err := s.delete(dead); err != nil {
				t.Fatal(err)
			}
		case 3, 7:
			if err := s.settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		case 4: // continue as another build would
			next := openTestStore(t, dir, prev)
			for i := range uint32(9) { // the last 9 were not published
				live.Remove(uint32(n) - 9 + i)
			}
			n -= 9
			s = next
		}
		var g *generation
		prev, g = publishAndOpen(t, s, prev)
		check(g, n)
		if round == 7 && len(g.segments) >= mergeAt {
			t.Errorf("there are %d segments after merging", len(g.segments))
		}
	}
	// Documents that the catalog does not mention are deleted.
	next := openTestStore(t, dir, prev)
	live = roaring.BitmapOf(3, 4)
	if err := next.prune(live); err != nil {
		t.Fatal(err)
	}
	_, g := publishAndOpen(t, next, prev)
	check(g, n)
}

// indexedDir returns a directory with a log, its cache, and the directory of
// the index.
func indexedDir(t *testing.T) (dir string, cache *blockstore.Cache, index string) {
	t.Helper()
	dir, cache = t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	dir, err := realDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.log"), []byte("some lines\nof a log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if index, err = indexDir(cache, dir, true); err != nil {
		t.Fatal(err)
	}
	return dir, cache, index
}

func buildTold(t *testing.T, cache *blockstore.Cache, dir string) (BuildStats, []string) {
	t.Helper()
	var told []string
	b := Builder{Cache: cache, Workers: NewWorkers(), Failed: func(e *reader.FileError) { told = append(told, e.Error()) }}
	st, err := b.Build(t.Context(), dir, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return st, told
}

// names returns the names of the files in a directory. Names of generations are
// replaced by x's.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name = strings.Repeat("x", len(name))
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

var oneGeneration = []string{"catalog", "lock", strings.Repeat("x", 26)}

// TestOlderVersions tests that an index written by an older version is built
// anew and none of its files remain.
func TestOlderVersions(t *testing.T) {
	for _, version := range []string{"v1", "v2", "v3", "v4", "v5", "v6"} {
		dir, cache, index := indexedDir(t)
		if err := os.CopyFS(index, os.DirFS(filepath.Join("testdata", version))); err != nil {
			t.Fatal(err)
		}
		st, told := buildTold(t, cache, dir)
		if len(told) != 1 || !strings.Contains(told[0], "another version of logview") || !strings.Contains(told[0], "built anew") {
			t.Errorf("%s: told %q", version, told)
		}
		if got := names(t, index); st.New != 1 || !slices.Equal(got, oneGeneration) {
			t.Errorf("%s: %d files indexed, there is %q", version, st.New, got)
		}
	}
}

// TestOutdatedTables tests that a build finds the times and levels of lines again if they
// were found by other rules, and that the texts are not indexed again.
func TestOutdatedTables(t *testing.T) {
	for _, grow := range []bool{false, true} {
		dir, cache, index := indexedDir(t)
		path := filepath.Join(dir, "app.log")
		readertest.WriteFile(t, path, "2026-11-27T10:00:00Z ERROR one\n2026-11-27T10:00:01Z INFO two\n")
		buildTold(t, cache, dir)
		before, err := readCatalog(index)
		readertest.Must(t, err)
		e := before.members[0]
		table, err := e.blockTable()
		readertest.Must(t, err)
		if table.Outdated || !table.Blocks[0].LevelsKnown() {
			t.Fatal("a new table is outdated")
		}
		table.Outdated = true
		e.packed, e.table = table.Encode(), nil
		readertest.Must(t, before.write(index))
		if grow {
			readertest.AppendFile(t, path, "2026-11-27T10:00:02Z WARN three\n")
		}
		if st, told := buildTold(t, cache, dir); st.New != 0 || st.Known+st.Moved != 1 || told != nil {
			t.Errorf("grow %t: %+v, told %q", grow, st, told)
		}
		after, err := readCatalog(index)
		readertest.Must(t, err)
		table, err = after.members[0].blockTable()
		readertest.Must(t, err)
		if table.Outdated || table.Blocks[0].First.IsZero() || !table.Blocks[0].LevelsKnown() {
			t.Errorf("grow %t: the table is still outdated: %+v", grow, table)
		}
		if !grow && after.next != before.next {
			t.Error("the text was indexed again")
		}
	}
}

// TestStoredVersion tests that a stored index of this version can be read.
func TestStoredVersion(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "v7"))); err != nil {
		t.Fatal(err)
	}
	cat, err := readCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	g, err := openGeneration(dir, cat.generation, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	for text, want := range map[string]int{"timeout": 1, "absent": 0, "31merror": 1, "reset": 1, "fadeee91-d619-429c-bfb5-8f6b856a063e": 1, "fadeee91-d619-429c-bfb5-8f6b856a063f": 0, "1234": 1, "zz": 0} {
		if got := admitted(t, g, text); len(got) != want {
			t.Errorf("%s is in %v", text, got)
		}
	}
}

// TestLeftovers tests that a build deletes leftovers: stores of builds that
// were killed, and generations that no catalog names.
func TestLeftovers(t *testing.T) {
	dir, cache, index := indexedDir(t)
	buildTold(t, cache, dir)
	for _, name := range []string{"work-" + strings.Repeat("A", 26), strings.Repeat("B", 26)} {
		store := filepath.Join(index, name, storeName)
		if err := os.MkdirAll(store, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{boltName, zapName(1)} {
			if err := os.WriteFile(filepath.Join(store, f), []byte("left"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(index, strings.Repeat("C", 26), storeName), 0o700); err != nil {
		t.Fatal(err)
	}
	if st, told := buildTold(t, cache, dir); st.Known != 1 || told != nil {
		t.Errorf("%d files known, told %q", st.Known, told)
	}
	if got := names(t, index); !slices.Equal(got, oneGeneration) {
		t.Errorf("there is %q", got)
	}
}

// TestSerialNumbersEnd tests that an index is built anew before the serial
// numbers run out.
func TestSerialNumbersEnd(t *testing.T) {
	dir, cache, index := indexedDir(t)
	buildTold(t, cache, dir)
	cat, err := readCatalog(index)
	if err != nil {
		t.Fatal(err)
	}
	cat.next = math.MaxUint32 - 1
	if err := cat.write(index); err != nil {
		t.Fatal(err)
	}
	if st, told := buildTold(t, cache, dir); st.New != 1 || told != nil {
		t.Errorf("%d files are new, told %q", st.New, told)
	}
	if cat, err = readCatalog(index); err != nil || cat.next != 1 || len(cat.generation.segments) != 1 {
		t.Errorf("%v, the next number is %d", err, cat.next)
	}
}

// TestFilterOfDeleted tests deletion during a merge: the new segment keeps the
// document, marked as deleted, although its filter is gone. A document that is
// not deleted must have a filter.
func TestFilterOfDeleted(t *testing.T) {
	s := openTestStore(t, t.TempDir(), nil)
	addBlocks(t, s, 0, []byte("id-aaaa1111 one\n"), []byte("id-bbbb2222 two\n"), []byte("id-cccc3333 three\n"))
	if err := s.delete(roaring.BitmapOf(1)); err != nil {
		t.Fatal(err)
	}
	forget := func(serial uint32) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.filters, serial)
	}
	forget(1)
	_, g := publishAndOpen(t, s, nil)
	if got := admitted(t, g, "id-cccc3333"); !slices.Equal(got, []uint32{2}) {
		t.Errorf("admitted %d, want 2 alone", got)
	}
	if got := admitted(t, g, "id-bbbb2222"); len(got) > 0 {
		t.Errorf("admitted %d, which are deleted", got)
	}

	addBlocks(t, s, 3, []byte("id-dddd4444 four\n"))
	forget(3)
	if _, err := s.publish(nil); !errors.Is(err, errDamaged) {
		t.Errorf("published without a filter: %v", err)
	}
}

// TestPanicEndsClose tests that a store is closed although one of Bleve's goroutines
// will never end, because another panicked after the first failure.
func TestPanicEndsClose(t *testing.T) {
	s, err := openStore(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	stuck, let := make(chan struct{}), make(chan struct{})
	defer close(let)
	batch := bleve.NewBatch()
	batch.SetInternal([]byte("key"), []byte("value"))
	batch.SetPersistedCallback(func(error) {
		close(stuck)
		<-let
	})
	if err := s.index.Batch(batch); err != nil {
		t.Fatal(err)
	}
	<-stuck
	go s.fail(errors.New("no space left on device"))
	<-s.failed
	go s.fail(scorch.ErrAsyncPanic)
	s.close()
}

// TestFailureEndsBatch tests that adding documents ends with the failure of a
// goroutine of Bleve's, even if Bleve will never answer.
func TestFailureEndsBatch(t *testing.T) {
	let := make(chan struct{})
	t.Cleanup(func() { close(let) }) // after the store is closed
	s := openTestStore(t, t.TempDir(), nil)
	s.queue.Queue(func() { <-let }) // the only goroutine that analyzes documents
	want := errors.New("no space left on device")
	go s.fail(want)
	batch := newBlockBatch()
	batch.add(0, []byte("one\n"), nil)
	if err := s.add(batch); err == nil || err.Error() != want.Error() {
		t.Errorf("got %v, want %v", err, want)
	}
}

// TestMissingDocuments tests that a store without some of the documents that the catalog
// has counts as damaged.
func TestMissingDocuments(t *testing.T) {
	s := openTestStore(t, t.TempDir(), nil)
	addBlocks(t, s, 0, []byte("one\n"), []byte("two\n"))
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.prune(roaring.BitmapOf(0, 1)); err != nil {
		t.Errorf("all documents are there: %v", err)
	}
	if err := s.prune(roaring.BitmapOf(0, 1, 2)); !errors.Is(err, errDamaged) {
		t.Errorf("one is missing: %v", err)
	}
}
