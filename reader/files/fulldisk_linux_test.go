package files

import (
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// On a full disk no store is written, no files are left behind, and all of the
// text is read.
func TestFullDisk(t *testing.T) {
	disk := readertest.SmallDisk(t, 400)
	text := readertest.Noise(rand.New(rand.NewPCG(31, 1)), 3<<20)
	path := filepath.Join(t.TempDir(), "a.gz")
	readertest.WriteFile(t, path, readertest.Gzip(text))
	logs, _ := Find([]string{path})
	cache := blockstore.NewCache(filepath.Join(disk, "cache"), 1<<30)
	src := NewSource(logs[0], Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true})
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readertest.Collect(t, b.Next)
	b.Close()
	if err != io.EOF || readertest.Join(got) != text {
		t.Errorf("%v, %d bytes of %d", err, len(readertest.Join(got)), len(text))
	}
	if left := storeFiles(t, cache); len(left) > 0 {
		t.Errorf("left %q", left)
	}
	if err := Store(t.Context(), src, src.Members()[0], nil); err == nil {
		t.Error("storing on a full disk says nothing")
	} else {
		t.Log(err)
	}
}
