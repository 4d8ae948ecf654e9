package files

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"logview/reader"
	"logview/reader/blockstore"
)

// smallDisk is a disk of 400 KB, and elsewhere a file whose text is larger.
func smallDisk(t *testing.T) (disk, text, path string) {
	t.Helper()
	disk = t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=400k"); err != nil {
		t.Skip("cannot mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	text = noise(rand.New(rand.NewPCG(31, 1)), 3<<20)
	path = filepath.Join(t.TempDir(), "a.gz")
	if err := os.WriteFile(path, gz(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return disk, text, path
}

// On a full disk there is no store, nothing is left behind, and the text is
// all there.
func TestFullDisk(t *testing.T) {
	disk, text, path := smallDisk(t)
	logs, _ := Find([]string{path})
	cache := blockstore.NewCache(filepath.Join(disk, "cache"), 1<<30)
	src := NewSource(logs[0], Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true})
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(t, b.Next)
	b.Close()
	if err != io.EOF || join(got) != text {
		t.Errorf("%v, %d bytes of %d", err, len(join(got)), len(text))
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
