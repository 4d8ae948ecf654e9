package index_test

import (
	"compress/gzip"
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
	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// TestIndexedNULs tests that logs with NULs, byte order marks and other
// encodings have the same lines with and without an index, at every stage of
// their lives.
func TestIndexedNULs(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 9))
		dir, cache := t.TempDir(), newCache(t)
		plain := filepath.Join(dir, "app.log")
		f, err := os.Create(plain)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		add := func(what int) {
			switch what {
			case 0:
				f.WriteString(strings.Repeat("\x00", r.IntN(300<<10)))
			case 1: // a hole
				info, _ := f.Stat()
				f.Truncate(info.Size() + int64(r.IntN(1<<30)))
				f.Seek(0, 2)
			case 2:
				f.WriteString("\n\xef\xbb\xbfmarked needle\n")
			case 3: // write over the NULs at the end
				info, _ := f.Stat()
				f.Truncate(info.Size() + 200<<10)
				f.WriteAt([]byte("over the NULs needle\n"), info.Size())
				f.Seek(0, 2)
			case 4:
				f.WriteString("caf\xe9 needle\n")
			default:
				for range r.IntN(4000) {
					fmt.Fprintf(f, "2026-11-21T08:04:49Z INFO request %d, word%d\n", r.IntN(1e6), r.IntN(3000))
				}
				f.WriteString("here is a needle\n")
			}
		}
		for round := range 8 {
			for range 1 + r.IntN(4) {
				what := r.IntN(9)
				if what == 4 && round < 4 {
					continue
				}
				add(what)
			}
			if round == 4 {
				packed, _ := os.Create(filepath.Join(dir, "old.log.1.gz"))
				z := gzip.NewWriter(packed)
				fmt.Fprintf(z, "one\n%sneedle behind NULs\n\xef\xbb\xbfneedle\n%s", strings.Repeat("\x00", 300<<10), strings.Repeat("line\n", 200000))
				z.Close()
				packed.Close()
			}
			os.Chtimes(plain, time.Time{}, time.Now().Add(time.Duration(round)*time.Second))
			for range 2 {
				for _, q := range []string{"needle", "word77", "café", "NULs", "request 77"} {
					for _, around := range []int{0, 2} {
						req := index.Request{Query: query.Text{S: q}, Before: around, After: around}
						want, _ := found(t, index.Scan{}, nil, dir, req)
						got, _ := found(t, index.Indexed{Cache: cache, Note: func(err error) { t.Error(err) }}, cache, dir, req)
						if !slices.Equal(got, want) {
							t.Fatalf("seed %d, round %d: %q: %d lines with an index, %d without", seed, round, q, len(got), len(want))
						}
					}
				}
				build(t, cache, dir)
			}
		}
		v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { t.Error(e) }}
		if st, err := v.Verify(t.Context(), dir); err != nil || st.Wrong > 0 || st.Members == 0 {
			t.Errorf("seed %d: verified %+v, %v", seed, st, err)
		}
	}
}

// TestIndexedEncodings tests that an index is not used for texts that are read
// in another encoding.
func TestIndexedEncodings(t *testing.T) {
	dir, cache := t.TempDir(), newCache(t)
	path := filepath.Join(dir, "app.log")
	text := strings.Repeat("an ordinary line\n", 100000) + "\xcf\xf0\xe8\xe2\xe5\xf2\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	hits := func(enc decode.Charset) (int64, int64) {
		logs, _ := files.Find([]string{dir})
		req := index.Request{Query: query.Text{S: "привет"}, Sources: []reader.Source{files.NewSource(logs[0], files.Options{Cache: cache, Encoding: enc})}}
		st, err := index.Indexed{Cache: cache, Encoding: enc}.Search(t.Context(), &req, func(*index.Hits) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return st.Hits, st.BlocksSkipped
	}
	for _, built := range []decode.Charset{"", "windows-1251", ""} {
		b := index.Builder{Cache: cache, Workers: index.NewWorkers(), Encoding: built}
		if _, err := b.Build(t.Context(), dir, []string{dir}); err != nil {
			t.Fatal(err)
		}
		for _, asked := range []decode.Charset{"", "windows-1251", "koi8-r"} {
			n, skipped := hits(asked)
			if want := map[decode.Charset]int64{"windows-1251": 1}[asked]; n != want {
				t.Errorf("indexed as %q, asked as %q: %d hits, want %d", built, asked, n, want)
			}
			if (skipped > 0) != (asked == built) {
				t.Errorf("indexed as %q, asked as %q: %d blocks skipped", built, asked, skipped)
			}
		}
	}
}
