package index_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/query"
	"logview/index/searchertest"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/readertest"
)

// build updates the index of dir.
func build(t *testing.T, cache *blockstore.Cache, dir string) index.BuildStats {
	t.Helper()
	b := index.Builder{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { t.Logf("build: %v", e) }}
	st, err := b.Build(context.Background(), dir, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func newCache(t *testing.T) *blockstore.Cache { return blockstore.NewCache(t.TempDir(), 1<<30) }

func TestIndexed(t *testing.T) {
	searchertest.Run(t, func(t *testing.T, dir string) index.Searcher {
		cache := newCache(t)
		build(t, cache, dir)
		return index.Indexed{Cache: cache, Note: func(err error) { t.Error(err) }}
	})
}

// found returns the lines that a searcher finds, and the statistics.
func found(t *testing.T, s index.Searcher, cache *blockstore.Cache, dir string, req index.Request) ([]string, index.Stats) {
	t.Helper()
	logs, errs := files.Find([]string{dir})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, l := range logs {
		req.Sources = append(req.Sources, files.NewSource(l, files.Options{Cache: cache}))
	}
	req.Failed = func(e *reader.FileError) { t.Error(e) }
	var out []string
	st, err := s.Search(context.Background(), &req, func(h *index.Hits) error {
		for _, l := range h.Lines {
			out = append(out, fmt.Sprintf("%s:%d:%d:%t:%s", h.Member.Path, l.Line, l.Offset, l.Context, h.Text[l.Start:l.End]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if st.Blocks != st.BlocksRead+st.BlocksSkipped || st.Unindexed > st.BlocksRead {
		t.Errorf("the numbers do not add up: %+v", st)
	}
	return out, st
}

// A world is a directory of logs that change over time.
type world struct {
	t     *testing.T
	r     *rand.Rand
	dir   string
	clock time.Time
	words []string // words to search for
	n     int
}

func newWorld(t *testing.T, r *rand.Rand) *world {
	return &world{t: t, r: r, dir: t.TempDir(), clock: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
}

// text returns at least size bytes of lines, most of them similar, some with
// unique words.
func (w *world) text(size int) string {
	var b strings.Builder
	for b.Len() < size {
		w.clock = w.clock.Add(time.Duration(w.r.IntN(1000)) * time.Millisecond)
		if w.r.IntN(50) > 0 { // the others have the time of the line before
			b.WriteString(w.clock.Format("2006-01-02T15:04:05.000Z"))
		}
		fmt.Fprintf(&b, " INFO worker-%d handled request took=%dms", w.r.IntN(8), w.r.IntN(100000))
		switch w.r.IntN(400) {
		case 0:
			w.n++
			id := fmt.Sprintf("%016x%08x", w.r.Uint64(), w.n)
			w.words = append(w.words, id, "user"+fmt.Sprint(w.n)+"name")
			fmt.Fprintf(&b, " trace=%s user%dname logged in", id, w.n)
		case 1:
			w.n++
			word := pickWord(w.r)
			w.words = append(w.words, word)
			fmt.Fprintf(&b, " %s_failed", word)
		case 2:
			word := pickWord(w.r)
			w.words = append(w.words, word)
			fmt.Fprintf(&b, " \x1b[31m%s\x1b[1m%s\x1b[0m", word[:2], word[2:])
		}
		b.WriteByte('\n')
	}
	if w.r.IntN(3) == 0 {
		b.WriteString("half a line, error")
	}
	return b.String()
}

func pickWord(r *rand.Rand) string {
	b := make([]byte, 4+r.IntN(8))
	for i := range b {
		b[i] = 'a' + byte(r.IntN(26))
	}
	return string(b)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) append(name string, size int) {
	w.t.Helper()
	readertest.AppendFile(w.t, w.path(name), w.text(size))
}

func (w *world) names() []string {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func (w *world) compress(name string) {
	w.t.Helper()
	readertest.CompressFile(w.t, w.path(name))
}

// change makes one of the changes that happen to logs.
func (w *world) change() {
	names := w.names()
	log := pickLog(w.r)
	switch w.r.IntN(8) {
	case 0, 1, 2:
		w.append(log, w.r.IntN(2<<20))
	case 3: // rename and create
		for n := 8; n >= 1; n-- {
			for _, end := range []string{"", ".gz"} {
				_ = os.Rename(w.path(fmt.Sprintf("%s.%d%s", log, n, end)), w.path(fmt.Sprintf("%s.%d%s", log, n+1, end)))
			}
		}
		_ = os.Rename(w.path(log), w.path(log+".1"))
		w.append(log, w.r.IntN(1<<20))
	case 4:
		if name := log + ".1"; slices.Contains(names, name) {
			w.compress(name)
		}
	case 5: // copytruncate
		if data, err := os.ReadFile(w.path(log)); err == nil {
			if err := os.WriteFile(w.path(log+".9"), data, 0o644); err != nil {
				w.t.Fatal(err)
			}
			if err := os.Truncate(w.path(log), 0); err != nil {
				w.t.Fatal(err)
			}
			w.append(log, w.r.IntN(1<<20))
		}
	case 6:
		if len(names) > 3 {
			os.Remove(w.path(names[w.r.IntN(len(names))]))
		}
	case 7: // overwrite the file with a different, longer text
		if slices.Contains(names, log) {
			size, _ := os.Stat(w.path(log))
			if err := os.WriteFile(w.path(log), []byte(w.text(int(size.Size())+1000)), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func pickLog(r *rand.Rand) string { return []string{"app.log", "web.log"}[r.IntN(2)] }

// ask returns a random request about the world.
func (w *world) ask() index.Request {
	cut := func() string {
		s := "handled"
		if len(w.words) > 0 {
			s = w.words[w.r.IntN(len(w.words))]
		}
		if w.r.IntN(3) == 0 {
			i := w.r.IntN(len(s) - 2)
			s = s[i : i+2+w.r.IntN(len(s)-i-1)]
		}
		return s
	}
	var req index.Request
	switch w.r.IntN(6) {
	case 0:
		req.Query = query.And{query.Text{S: cut()}, query.Not{X: query.Text{S: cut()}}}
	case 1:
		req.Query = query.Or{query.Text{S: cut()}, query.Text{S: cut()}}
	case 2:
		req.Query = query.Regexp{Expr: cut() + "[a-z_]*( |$)"}
	case 3:
		req.Query = query.Word{S: cut()}
	case 4:
		req.Query = query.Text{S: "nowhere at all"}
	default:
		req.Query = query.Text{S: cut()}
	}
	if w.r.IntN(3) == 0 {
		req.Before, req.After = w.r.IntN(4), w.r.IntN(4)
	}
	req.Options.Raw = w.r.IntN(4) == 0
	if w.r.IntN(3) == 0 {
		req.Window = index.Window{Since: w.clock.Add(-time.Duration(w.r.IntN(3600)) * time.Second), Zone: time.UTC}
		req.Window.Until = req.Window.Since.Add(time.Duration(w.r.IntN(1200)) * time.Second)
	}
	if w.r.IntN(5) == 0 {
		req.Max = 1 + int64(w.r.IntN(3))
	}
	return req
}

// TestIndexedLives tests that a search with an index finds the same lines as
// one that reads everything, whatever happens to logs between building and
// searching.
func TestIndexedLives(t *testing.T) {
	worlds, steps := 2, 25
	if testing.Short() {
		worlds, steps = 1, 6
	}
	skipped, read := int64(0), int64(0)
	for seed := range worlds {
		r := rand.New(rand.NewPCG(uint64(seed), 77))
		w := newWorld(t, r)
		cache := newCache(t)
		for range 4 {
			w.append(pickLog(r), r.IntN(4<<20))
		}
		for step := range steps {
			if r.IntN(3) == 0 {
				build(t, cache, w.dir)
			} else {
				w.change()
			}
			for range 6 {
				req := w.ask()
				want, _ := found(t, index.Scan{}, nil, w.dir, req)
				got, st := found(t, index.Indexed{Cache: cache, Note: func(err error) { t.Error(err) }}, cache, w.dir, req)
				if !slices.Equal(got, want) {
					t.Fatalf("world %d step %d: %s finds %d lines, want %d: %v", seed, step, req.Query, len(got), len(want), w.names())
				}
				skipped += st.BlocksSkipped
				read += st.BlocksRead
			}
		}
		v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { t.Error(e) }}
		build(t, cache, w.dir)
		if st, err := v.Verify(context.Background(), realPath(t, w.dir)); err != nil || st.Wrong > 0 || st.Changed > 0 {
			t.Fatalf("verify: %+v, %v", st, err)
		}
	}
	t.Logf("%d blocks read, %d skipped", read, skipped)
	if skipped < read/4 {
		t.Errorf("the index lets %d blocks be skipped, and %d be read", skipped, read)
	}
}

func realPath(t *testing.T, dir string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// TestHardLinks tests that a file with two names is indexed under both, and
// that neither counts as gone in the next build.
func TestHardLinks(t *testing.T) {
	cache, dir := newCache(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")); err != nil {
		t.Skip(err)
	}
	build(t, cache, dir)
	for range 2 {
		if st := build(t, cache, dir); st.Known != 2 || st.Gone != 0 {
			t.Errorf("%d files known and %d gone, not 2 and 0", st.Known, st.Gone)
		}
	}
}

// TestNestedIndexes tests that if both a directory and a subdirectory have an
// index, a file is known if either index has it.
func TestNestedIndexes(t *testing.T) {
	cache, dir := newCache(t), t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sub, "a.log")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unread := func(when string) {
		t.Helper()
		_, st := found(t, index.Indexed{Cache: cache}, cache, dir, index.Request{Query: query.Text{S: "absent"}})
		if st.Blocks != 1 || st.BlocksSkipped != 1 {
			t.Errorf("%s: %d of %d blocks left out, not all", when, st.BlocksSkipped, st.Blocks)
		}
	}
	write("one\n")
	build(t, cache, sub)
	write("one\ntwo\n")
	build(t, cache, dir)
	unread("the one above is newer")
	write("one\ntwo\nthree\n")
	build(t, cache, sub)
	unread("the one below is newer")
}

// TestTimeSetBack tests that a file that is overwritten with a text of the same
// length, and gets its old time back, is not taken for the indexed one.
func TestTimeSetBack(t *testing.T) {
	dir, cache := t.TempDir(), newCache(t)
	path := filepath.Join(dir, "a.log")
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"needleA\n", "needleB\n", "needleC\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		req := index.Request{Query: query.Text{S: strings.TrimSpace(text)}}
		for range 2 {
			if got, _ := found(t, index.Indexed{Cache: cache}, cache, dir, req); len(got) != 1 {
				t.Errorf("%q: %q", text, got)
			}
			build(t, cache, dir)
		}
	}
	// A renamed file is still known.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if _, st := found(t, index.Indexed{Cache: cache}, cache, dir, index.Request{Query: query.Text{S: "nowhere"}}); st.BlocksSkipped != 1 {
		t.Errorf("a renamed file is read: %+v", st)
	}
}
