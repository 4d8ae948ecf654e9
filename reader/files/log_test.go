package files_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/readertest"
)

func manyLines(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "line %d says %x\n", b.Len(), r.Uint64())
	}
	return b.String()
}

// rotated returns a log of three members.
func rotated(t *testing.T, opt files.Options) readertest.Case {
	dir := t.TempDir()
	c := readertest.Case{Texts: []string{
		manyLines(1, 2<<20),
		manyLines(2, 1000) + strings.Repeat("long", reader.BlockSize) + "\n",
		manyLines(3, 1<<20) + "not yet ended",
	}}
	path := filepath.Join(dir, "app.log")
	readertest.Must(t, os.WriteFile(path+".2", []byte(c.Texts[0]), 0o644))
	longAgo := time.Now().Add(-48 * time.Hour)
	readertest.Must(t, os.Chtimes(path+".2", longAgo, longAgo))
	readertest.CompressFile(t, path+".2")
	readertest.Must(t, os.WriteFile(path+".1", []byte(c.Texts[1]), 0o644))
	yesterday := time.Now().Add(-24 * time.Hour)
	readertest.Must(t, os.Chtimes(path+".1", yesterday, yesterday))
	readertest.Must(t, os.WriteFile(path, []byte(c.Texts[2]), 0o644))
	logs, errs := files.Find([]string{dir})
	if len(errs) > 0 || len(logs) != 1 {
		t.Fatal(logs, errs)
	}
	c.Source = files.NewSource(logs[0], opt)
	c.Grow = func(text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		readertest.Must(t, err)
		_, err = f.WriteString(text)
		readertest.Must(t, err)
		readertest.Must(t, f.Close())
	}
	c.Rotate = func(text string) {
		readertest.Must(t, os.Rename(path+".2.gz", path+".3.gz"))
		readertest.Must(t, os.Rename(path+".1", path+".2"))
		readertest.CompressFile(t, path+".2")
		readertest.Must(t, os.Rename(path, path+".1"))
		readertest.Must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return c
}

func TestFiles(t *testing.T) {
	readertest.Run(t, func(t *testing.T) readertest.Case { return rotated(t, files.Options{}) })
}

func TestFilesWithStore(t *testing.T) {
	readertest.Run(t, func(t *testing.T) readertest.Case {
		c := rotated(t, files.Options{Cache: blockstore.NewCache(t.TempDir(), 1<<30), Workers: reader.NewWorkers(2), MustStore: true})
		for _, m := range c.Source.Members() {
			readertest.Must(t, files.Store(context.Background(), c.Source, m, nil))
		}
		return c
	})
}

func TestPipe(t *testing.T) {
	readertest.Run(t, func(t *testing.T) readertest.Case {
		text := manyLines(4, 1<<20) + "no newline"
		r, w, err := os.Pipe()
		readertest.Must(t, err)
		old := os.Stdin
		os.Stdin = r
		t.Cleanup(func() { os.Stdin = old; r.Close() })
		go func() {
			w.WriteString(text)
			w.Close()
		}()
		logs, _ := files.Find([]string{reader.Stdin})
		return readertest.Case{Source: files.NewSource(logs[0], files.Options{}), Texts: []string{text}, Once: true}
	})
}

// Every member is read once although the log is rotated between listing and
// reading.
func TestRotationBeforeOpening(t *testing.T) {
	c := rotated(t, files.Options{})
	members := c.Source.Members()
	c.Rotate("a new log begins\n")
	for i, m := range members {
		b, err := c.Source.Open(t.Context(), m, reader.Pos{})
		if err != nil {
			t.Errorf("member %d: %v", i, err)
			continue
		}
		var got strings.Builder
		var blk reader.Block
		for b.Next(&blk) == nil {
			got.Write(blk.Text)
		}
		b.Close()
		if got.String() != c.Texts[i] {
			t.Errorf("member %d: %d bytes of text, want %d", i, got.Len(), len(c.Texts[i]))
		}
	}
}

// A file that was truncated after it was listed is not confused with an older
// file that was compressed in the same second.
func TestCutBeforeOpening(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log.2 < older\n`)
	readertest.Act(t, dir, `gz app.log.2`)
	readertest.Act(t, dir, `app.log < a text that is longer than the other\n`)
	logs, _ := files.Find([]string{dir})
	src := files.NewSource(logs[0], files.Options{})
	readertest.Must(t, os.WriteFile(filepath.Join(dir, "app.log"), []byte("new\n"), 0o644))
	b, err := src.Open(t.Context(), src.Members()[1], reader.Pos{})
	readertest.Must(t, err)
	defer b.Close()
	var blk reader.Block
	readertest.Must(t, b.Next(&blk))
	if string(blk.Text) != "new\n" {
		t.Errorf("got %q", blk.Text)
	}
}

// A file that was compressed after it was listed, into several members, is
// found although the size of the last member is smaller.
func TestPackedInMembersBeforeOpening(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log.1")
	readertest.Act(t, dir, `app.log.1 < one\ntwo\nthree\n`)
	info, err := os.Stat(path)
	readertest.Must(t, err)
	logs, _ := files.Find([]string{dir})
	src := files.NewSource(logs[0], files.Options{})
	readertest.Must(t, os.WriteFile(path+".gz", append(readertest.Packed(t, `one\ntwo\n`), readertest.Packed(t, `three\n`)...), 0o644))
	readertest.Must(t, os.Chtimes(path+".gz", info.ModTime(), info.ModTime()))
	readertest.Must(t, os.Remove(path))
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	readertest.Must(t, err)
	defer b.Close()
	var got strings.Builder
	var blk reader.Block
	for b.Next(&blk) == nil {
		got.Write(blk.Text)
	}
	if got.String() != "one\ntwo\nthree\n" {
		t.Errorf("got %q", got.String())
	}
}

// The store of a file is not used for another that differs only in the middle,
// as files of several gzip members may.
func TestStoreOfALikeFile(t *testing.T) {
	dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	part := func(s string) []byte { return readertest.GzipLevel(s, gzip.NoCompression) }
	ends := manyLines(5, 1<<20)
	for i, middle := range []string{"one says this\n", "two says that\n"} {
		path := filepath.Join(dir, fmt.Sprintf("%d.gz", i))
		readertest.Must(t, os.WriteFile(path, bytes.Join([][]byte{part(ends), part(middle), part(ends)}, nil), 0o644))
		when := time.Unix(1_700_000_000+int64(i), 0)
		readertest.Must(t, os.Chtimes(path, when, when))
		logs, _ := files.Find([]string{path})
		src := files.NewSource(logs[0], files.Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true})
		readertest.Must(t, files.Store(t.Context(), src, src.Members()[0], nil))
		b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
		readertest.Must(t, err)
		var got strings.Builder
		var blk reader.Block
		for b.Next(&blk) == nil {
			got.Write(blk.Text)
		}
		b.Close()
		if got.String() != ends+middle+ends {
			t.Errorf("file %d is taken for another", i)
		}
	}
}

// With AsOpened, a file that grows while it is read ends where it ended when it
// was opened.
func TestAsOpened(t *testing.T) {
	line := "a line of some text\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.Repeat(line, 100_000))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"plain": strings.Repeat(line, 200_000), "UTF-16": utf16} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			src := files.NewSource(files.Log{Name: path, Members: []reader.Member{{Path: path}}}, files.Options{AsOpened: true})
			b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			lines := int64(0)
			for blk := new(reader.Block); ; {
				if err = b.Next(blk); err != nil {
					break
				}
				lines += int64(blk.Lines)
				if _, err := f.Write(blk.Text); err != nil {
					t.Fatal(err)
				}
			}
			if want := int64(strings.Count(text, "\n")); err != io.EOF || lines != want {
				t.Errorf("%d lines, %v; want %d", lines, err, want)
			}
		})
	}
}
