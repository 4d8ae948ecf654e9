package index_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
)

// TestMain lets the test binary act as another process that builds an index.
func TestMain(m *testing.M) {
	if dir := os.Getenv("INDEX_TEST_BUILD"); dir != "" {
		index.SmallSteps()
		b := index.Builder{Cache: blockstore.NewCache(os.Getenv("INDEX_TEST_CACHE"), 1<<30), Workers: index.NewWorkers()}
		if _, err := b.Build(context.Background(), dir, []string{dir}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// builder starts a process that builds the index of dir.
func builder(t *testing.T, cache *blockstore.Cache, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "INDEX_TEST_BUILD="+dir, "INDEX_TEST_CACHE="+cache.Dir())
	cmd.Stderr = &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// questions contains requests and their correct answers.
type questions struct {
	t    *testing.T
	dir  string
	reqs []index.Request
	want [][]string
}

func ask(w *world, n int) *questions {
	q := &questions{t: w.t, dir: w.dir}
	for range n {
		req := w.ask()
		want, _ := found(w.t, index.Scan{}, nil, w.dir, req)
		q.reqs, q.want = append(q.reqs, req), append(q.want, want)
	}
	return q
}

// check searches with an index and returns the number of blocks skipped.
func (q *questions) check(cache *blockstore.Cache, when string) (skipped int64) {
	q.t.Helper()
	for i, req := range q.reqs {
		got, st := found(q.t, index.Indexed{Cache: cache}, cache, q.dir, req)
		if !slices.Equal(got, q.want[i]) {
			q.t.Fatalf("%s: %s finds %d lines, want %d", when, req.Query, len(got), len(q.want[i]))
		}
		skipped += st.BlocksSkipped
	}
	return skipped
}

// TestKilledBuilds kills builds at random times: every search in between finds
// the same lines, and the next build completes the index.
func TestKilledBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	const rounds, most = 30, 300 // on a busy machine, some builds hardly begin in time
	r := rand.New(rand.NewPCG(51, 1))
	w := newWorld(t, r)
	for range 6 {
		w.append(pickLog(r), 3<<20)
		w.change()
	}
	cache := newCache(t)
	q := ask(w, 3)
	begun := time.Now()
	build(t, newCache(t), w.dir)
	took := time.Since(begun) + 50*time.Millisecond // including the start of the process
	resumed := 0
	round := 0
	for ; round < rounds || round%10 != 0 || resumed == 0 && round < most; round++ {
		if round%10 == 0 {
			if err := cache.Clear(); err != nil {
				t.Fatal(err)
			}
			w.change()
			q = ask(w, 3)
		}
		b := builder(t, cache, w.dir)
		timer := time.AfterFunc(time.Duration(r.Int64N(int64(took)*3/2)), func() { b.Process.Kill() })
		err := b.Wait()
		timer.Stop()
		if err != nil && b.ProcessState.Exited() {
			t.Fatalf("round %d: %v: %s", round, err, b.Stderr)
		}
		if q.check(cache, fmt.Sprintf("round %d", round)) > 0 && err != nil {
			resumed++
		}
		if round%10 == 9 {
			st := build(t, cache, w.dir)
			if q.check(cache, fmt.Sprintf("round %d, built on", round)) == 0 {
				t.Fatalf("round %d: the index spares nothing: %+v", round, st)
			}
			verify(t, cache, w.dir)
		}
	}
	t.Logf("%d of %d killed builds left something of use", resumed, round)
	if resumed == 0 {
		t.Error("no killed build left anything of use")
	}
}

func verify(t *testing.T, cache *blockstore.Cache, dir string) {
	t.Helper()
	v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { t.Error(e) }}
	if st, err := v.Verify(t.Context(), realPath(t, dir)); err != nil || st.Wrong > 0 {
		t.Fatalf("verify: %+v, %v", st, err)
	}
}

// cacheFiles returns all files of a cache, except locks and tags.
func cacheFiles(t *testing.T, cache *blockstore.Cache) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(cache.Dir(), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "lock" && e.Name() != "CACHEDIR.TAG" {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDamagedCache tests that, whatever happens to a file of the cache,
// searches find the same lines, and the next build repairs the index.
func TestDamagedCache(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(52, 1))
	w := newWorld(t, r)
	for range 3 {
		w.append("app.log", 2<<20)
		w.append("web.log", 1<<20)
		w.change()
	}
	w.append("app.log.3", 1<<20)
	w.compress("app.log.3")
	q := ask(w, 4)
	cache := newCache(t)
	build(t, cache, w.dir)
	q.check(cache, "undamaged")
	good := map[string][]byte{}
	for _, f := range cacheFiles(t, cache) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		good[f] = data
	}
	restore := func() {
		if err := cache.Clear(); err != nil {
			t.Fatal(err)
		}
		for f, data := range good {
			if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	for name, data := range good {
		for round := range rounds {
			restore()
			bad := bytes.Clone(data)
			what := ""
			switch round % 5 {
			case 0:
				i := r.IntN(len(bad))
				bad[i] ^= 1 << r.IntN(8)
				what = fmt.Sprintf("bit flipped at %d", i)
			case 1:
				n := r.IntN(len(bad))
				bad = bad[:n]
				what = fmt.Sprintf("cut off at %d", n)
			case 2:
				bad = append(bad, "rubbish"...)
				what = "longer"
			case 3:
				i := r.IntN(len(bad))
				clear(bad[i:min(len(bad), i+4096)])
				what = fmt.Sprintf("zeros at %d", i)
			case 4:
				bad = nil
				what = "empty"
			}
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			what = filepath.Base(name) + " " + what
			q.check(cache, what)
			if round < 5 {
				build(t, cache, w.dir)
				if q.check(cache, what+", built again") == 0 {
					t.Errorf("%s: the index built again spares nothing", what)
				}
			}
		}
	}
	// All files deleted.
	restore()
	if err := cache.Clear(); err != nil {
		t.Fatal(err)
	}
	q.check(cache, "deleted")
}

// TestCacheChangesInSearch tests that a search finds the same lines while files
// of the cache are truncated, deleted and replaced.
func TestCacheChangesInSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 1))
	w := newWorld(t, r)
	for range 4 {
		w.append("app.log", 3<<20)
	}
	q := ask(w, 2)
	rounds := 15
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		cache := newCache(t)
		build(t, cache, w.dir)
		list := cacheFiles(t, cache)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, f := range list {
				if r.IntN(2) == 0 {
					os.Truncate(f, 100)
				} else {
					os.Remove(f)
				}
			}
		}()
		q.check(cache, "meanwhile")
		<-done
		q.check(cache, "afterwards")
	}
}

// TestCacheChangesInBuild truncates segments while Bleve reads them as mapped
// memory: the build reports an error, or does not notice, and searches find the
// same lines.
func TestCacheChangesInBuild(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 1))
	w := newWorld(t, r)
	for range 4 {
		w.append("app.log", 5<<20)
	}
	q := ask(w, 2)
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	for range rounds {
		cache := newCache(t)
		b := builder(t, cache, w.dir)
		ended := make(chan error)
		go func() { ended <- b.Wait() }()
		var err error
		for running := true; running; {
			select {
			case err = <-ended:
				running = false
			default:
				list, _ := filepath.Glob(filepath.Join(cache.Indexes(), "*", "*", "store", "*.zap"))
				if len(list) > 0 {
					os.Truncate(list[r.IntN(len(list))], 100)
				}
			}
		}
		if err != nil {
			t.Logf("%v: %s", err, b.Stderr)
		}
		if err != nil && b.ProcessState.ExitCode() != 1 {
			t.Fatalf("%v: %s", err, b.Stderr)
		}
		q.check(cache, "afterwards")
	}
}

// TestManyAtOnce runs two building processes and four searches at the same
// time.
func TestManyAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(54, 1))
	w := newWorld(t, r)
	for range 5 {
		w.append(pickLog(r), 3<<20)
	}
	w.append("app.log.1", 2<<20)
	w.compress("app.log.1")
	cache := newCache(t)
	q := ask(w, 3)
	stop := make(chan struct{})
	errs := make(chan error, 4)
	for range 4 {
		go func() {
			for {
				for i, req := range q.reqs {
					got, err := answer(index.Indexed{Cache: cache}, cache, q.dir, req)
					if err == nil && !slices.Equal(got, q.want[i]) {
						err = fmt.Errorf("%s finds %d lines, want %d", req.Query, len(got), len(q.want[i]))
					}
					if err != nil {
						errs <- err
						return
					}
				}
				select {
				case <-stop:
					errs <- nil
					return
				default:
				}
			}
		}()
	}
	rounds := 3
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		a, b := builder(t, cache, w.dir), builder(t, cache, w.dir)
		for _, p := range []*exec.Cmd{a, b} {
			if err := p.Wait(); err != nil {
				t.Errorf("%v: %s", err, p.Stderr)
			}
		}
		if err := index.Clear(cache, realPath(t, w.dir)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// answer is like found, but can be called from other goroutines than the
// test's.
func answer(s index.Searcher, cache *blockstore.Cache, dir string, req index.Request) ([]string, error) {
	logs, errs := files.Find([]string{dir})
	if len(errs) > 0 {
		return nil, errs[0]
	}
	for _, l := range logs {
		req.Sources = append(req.Sources, files.NewSource(l, files.Options{Cache: cache}))
	}
	var failed error
	req.Failed = func(e *reader.FileError) { failed = e }
	var out []string
	_, err := s.Search(context.Background(), &req, func(h *index.Hits) error {
		for _, l := range h.Lines {
			out = append(out, fmt.Sprintf("%s:%d:%d:%t:%s", h.Member.Path, l.Line, l.Offset, l.Context, h.Text[l.Start:l.End]))
		}
		return nil
	})
	return out, errors.Join(err, failed)
}

// TestNoCache tests that a cache that cannot be written is reported by builds,
// but not by searches.
func TestNoCache(t *testing.T) {
	r := rand.New(rand.NewPCG(55, 1))
	w := newWorld(t, r)
	w.append("app.log", 1<<20)
	q := ask(w, 3)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(file, "cache"), filepath.Join(t.TempDir(), "missing"), "/proc/logview"} {
		cache := blockstore.NewCache(dir, 1<<30)
		q.check(cache, dir)
		if filepath.Base(dir) == "missing" {
			continue
		}
		b := index.Builder{Cache: cache, Workers: index.NewWorkers()}
		if _, err := b.Build(t.Context(), w.dir, []string{w.dir}); err == nil {
			t.Errorf("building in %s says nothing", dir)
		} else {
			t.Log(err)
		}
	}
}

// TestCancelledBuild tests that a cancelled build keeps its work, and that the
// next one continues from there.
func TestCancelledBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(56, 1))
	w := newWorld(t, r)
	for i := range 4 {
		w.append(fmt.Sprintf("app%d.log", i), 12<<20)
	}
	cache := newCache(t)
	ctx, cancel := context.WithCancel(t.Context())
	b := index.Builder{Cache: cache, Workers: index.NewWorkers(), Progress: func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}}
	first, err := b.Build(ctx, w.dir, []string{w.dir})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, st := found(t, index.Indexed{Cache: cache}, cache, w.dir, index.Request{Query: query.Text{S: "nowhere"}})
	if st.BlocksSkipped < 20 {
		t.Errorf("after half of a build only %d blocks are spared", st.BlocksSkipped)
	}
	second := build(t, cache, w.dir)
	if second.Text > 48<<20-first.Text+(34<<20) || second.New == 4 {
		t.Errorf("%+v and then %+v", first, second)
	}
	verify(t, cache, w.dir)
}

// TestFullCache tests that even a build that never publishes before its end
// respects the size limit of the cache.
func TestFullCache(t *testing.T) {
	defer index.RarePublishing()()
	dir := t.TempDir()
	line := strings.Repeat("a line of a log ", 8) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(strings.Repeat(line, 50<<20/len(line))), 0o600); err != nil {
		t.Fatal(err)
	}
	b := index.Builder{Cache: blockstore.NewCache(t.TempDir(), 1), Workers: reader.NewWorkers(1)}
	st, err := b.Build(context.Background(), dir, []string{dir})
	if !errors.Is(err, index.ErrFull) {
		t.Errorf("%d bytes indexed, %v", st.Text, err)
	}
}

// TestDeletedWhileBuilt tests that a builder whose index is deleted and built
// anew by another builder does not change the new index.
func TestDeletedWhileBuilt(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	cache, dir := newCache(t), t.TempDir()
	text := strings.Repeat("a line of a log\n", 40<<20/16)
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	begun := false
	b := index.Builder{Cache: cache, Workers: index.NewWorkers(), Progress: func(int64, int64) {
		if !begun {
			begun = true
			if err := cache.Clear(); err != nil {
				t.Skip(err) // on systems that cannot delete open files
			}
			build(t, cache, dir)
		}
	}}
	if _, err := b.Build(context.Background(), dir, []string{dir}); err == nil {
		t.Error("the first build says that all went well")
	}
	verify(t, cache, dir)
	if st := build(t, cache, dir); st.Known != 1 {
		t.Errorf("the index of the second build is gone: %+v", st)
	}
}
