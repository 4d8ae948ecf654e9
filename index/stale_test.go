//go:build linux

package index_test

import (
	"bytes"
	"compress/gzip"
	"context"
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
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/readertest"
)

// TestWrittenOverInPlace tests that the index finds the same lines as reading
// everything when a file is overwritten with a text of the same length and gets
// its old time back: with whatever name the file has afterwards, and for all
// kinds of files.
func TestWrittenOverInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	part := func(s string) []byte { return readertest.GzipLevel(s, gzip.NoCompression) }
	filler := func(n int) string {
		r := rand.New(rand.NewPCG(1, 2))
		var b strings.Builder
		for b.Len() < n {
			for range 8 {
				b.WriteString(strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(8)) + " ")
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
	long := filler(1 << 20)
	forms := map[string]func(word string) []byte{
		"short.log": func(word string) []byte { return []byte(word + "\n") },
		"long.log":  func(word string) []byte { return []byte(long + word + "\n" + long) },
		"holes.log": func(word string) []byte {
			b := make([]byte, 3<<20)
			copy(b, "first\n")
			copy(b[len(b)-5:], "last\n")
			if word == "needleB" {
				copy(b[1<<20:], "\nneedleB\n")
			}
			return b
		},
		// The ends and the size are the same.
		"short.gz": func(word string) []byte { return part(word + "\n") },
		"long.gz": func(word string) []byte {
			return bytes.Join([][]byte{part(long), part(word + "\n"), part(long)}, nil)
		},
	}
	type place struct{ dir, path string }
	ways := map[string]func(t *testing.T, p place) place{
		"by its name": func(_ *testing.T, p place) place { return p },
		"renamed": func(t *testing.T, p place) place {
			readertest.Must(t, os.Rename(p.path, filepath.Join(p.dir, "other.1")))
			return place{p.dir, filepath.Join(p.dir, "other.1")}
		},
		"linked to": func(t *testing.T, p place) place {
			readertest.Must(t, os.Mkdir(filepath.Join(p.dir, "links"), 0o755))
			link := filepath.Join(p.dir, "links", "link")
			readertest.Must(t, os.Symlink(p.path, link))
			return place{link, p.path}
		},
		"hard linked": func(t *testing.T, p place) place {
			link := filepath.Join(p.dir, "link")
			readertest.Must(t, os.Link(p.path, link))
			return place{link, link}
		},
		"in a renamed directory": func(t *testing.T, p place) place {
			readertest.Must(t, os.Mkdir(filepath.Join(p.dir, "sub"), 0o755))
			readertest.Must(t, os.Rename(p.path, filepath.Join(p.dir, "sub", filepath.Base(p.path))))
			readertest.Must(t, os.Rename(filepath.Join(p.dir, "sub"), filepath.Join(p.dir, "bus")))
			return place{p.dir, filepath.Join(p.dir, "bus", filepath.Base(p.path))}
		},
		"through a linked directory": func(t *testing.T, p place) place {
			link := filepath.Join(t.TempDir(), "link")
			readertest.Must(t, os.Symlink(p.dir, link))
			return place{link, filepath.Join(link, filepath.Base(p.path))}
		},
	}
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for form, content := range forms {
		for way, move := range ways {
			for _, first := range []string{"moved first", "changed first"} {
				t.Run(form+" "+way+" "+first, func(t *testing.T) {
					dir, cache := t.TempDir(), newCache(t)
					p := place{dir, filepath.Join(dir, form)}
					if strings.HasSuffix(form, ".gz") {
						p.path = filepath.Join(dir, "app.log.1.gz")
					}
					readertest.Must(t, os.WriteFile(p.path, content("needleA"), 0o644))
					readertest.Must(t, os.Chtimes(p.path, old, old))
					build(t, cache, dir)
					if first == "moved first" {
						p = move(t, p)
					}
					compare(t, cache, p.dir) // may store what it read
					overwrite(t, p.path, content("needleB"), old)
					if first == "changed first" {
						p = move(t, p)
					}
					compare(t, cache, p.dir)
					compare(t, cache, p.dir)
					build(t, cache, dir)
					compare(t, cache, p.dir)
				})
			}
		}
	}
}

// compare checks that searches with the index find the same lines as without.
func compare(t *testing.T, cache *blockstore.Cache, dir string) {
	t.Helper()
	for _, word := range []string{"needleA", "needleB", "last", "nowhere"} {
		req := index.Request{Query: query.Text{S: word}}
		want, _ := found(t, index.Scan{}, nil, dir, req)
		if got, _ := found(t, index.Indexed{Cache: cache}, cache, dir, req); !slices.Equal(got, want) {
			t.Errorf("%s: found %d lines, want %d", word, len(got), len(want))
		}
	}
}

// overwrite writes text at the beginning of a file and sets its time.
func overwrite(t *testing.T, path string, text []byte, when time.Time) {
	t.Helper()
	stat := func() int64 {
		info, err := os.Stat(path)
		readertest.Must(t, err)
		return reader.Ctime(info)
	}
	before := stat()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	readertest.Must(t, err)
	_, err = f.Write(text)
	readertest.Must(t, err)
	readertest.Must(t, f.Close())
	for readertest.Must(t, os.Chtimes(path, when, when)); stat() == before; { // until the change time differs
		readertest.Must(t, os.Chtimes(path, when, when))
	}
}

// TestRenamedIsReadOnce tests that a renamed file is read at most once: it is
// not indexed again, and later searches do not read it.
func TestRenamedIsReadOnce(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	cache := blockstore.NewCache(cacheDir, 1<<30)
	text := strings.Repeat("some lines of text that are many\n", 100_000)
	path := filepath.Join(dir, "app.log")
	readertest.Must(t, os.WriteFile(path, []byte(text), 0o644))
	readertest.Must(t, os.WriteFile(filepath.Join(dir, "app.log.2.gz"), readertest.GzipLevel(text+"another end\n", gzip.NoCompression), 0o644))
	build(t, cache, dir)
	readertest.Must(t, os.Rename(filepath.Join(dir, "app.log.2.gz"), filepath.Join(dir, "app.log.3.gz")))
	readertest.Must(t, os.Rename(path, path+".1"))
	req := index.Request{Query: query.Text{S: "nowhere"}}
	for range 2 {
		if _, st := found(t, index.Indexed{Cache: cache}, cache, dir, req); st.BlocksRead != 0 || st.BlocksSkipped < 10 {
			t.Errorf("%d blocks read, %d skipped", st.BlocksRead, st.BlocksSkipped)
		}
	}
	// It is known in another process, too: files that are certain are not
	// opened.
	cache = blockstore.NewCache(cacheDir, 1<<30)
	logs, _ := files.Find([]string{dir})
	for _, l := range logs {
		src := &countedSource{Source: files.NewSource(l, files.Options{Cache: cache})}
		req.Sources = append(req.Sources, src)
		if _, err := (index.Indexed{Cache: cache}).Search(t.Context(), &req, func(*index.Hits) error { return nil }); err != nil || src.opened > 0 {
			t.Errorf("%d files opened, %v", src.opened, err)
		}
	}
	if st := build(t, cache, dir); st.Known != 2 || st.Text != 0 {
		t.Errorf("%d files known, %d bytes indexed", st.Known, st.Text)
	}
}

type countedSource struct {
	reader.Source
	opened int
}

func (s *countedSource) Open(ctx context.Context, m reader.Member, at reader.Pos) (reader.Blocks, error) {
	s.opened++
	return s.Source.Open(ctx, m, at)
}
