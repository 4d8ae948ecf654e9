package reader

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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
	cache := NewCache(filepath.Join(disk, "cache"), 1<<30)
	src := NewSource(logs[0], Options{Cache: cache, Spare: NewWorkers(2).Go, Wait: true})
	b, err := src.Open(t.Context(), src.Members()[0], Pos{})
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

// A text that must lie somewhere to be read from its middle lies where there
// is room, in memory at last, and else it is said that there is none.
func TestTextOnFullDisk(t *testing.T) {
	disk, text, path := smallDisk(t)
	t.Setenv("TMPDIR", disk)
	logs, _ := Find([]string{path})
	open := func() (DocMember, error) {
		cache := NewCache(filepath.Join(disk, "cache"), 1<<30)
		d := NewDocument(NewSource(logs[0], Options{Cache: cache, Spare: NewWorkers(2).Go, Wait: true}), DocumentOptions{})
		defer d.Close()
		_, err := d.End(t.Context())
		return d.Members()[0], err
	}
	if m, err := open(); err != nil || int(m.Text) != len(text) {
		t.Errorf("with memory: %d bytes of %d, %v", m.Text, len(text), err)
	}
	defer func(dir string) { inMemory = dir }(inMemory)
	inMemory = disk
	if m, err := open(); err == nil || m.Damage == nil || !strings.Contains(m.Damage.Error(), "too little room") {
		t.Errorf("without: %v, %v", err, m.Damage)
	}
	inMemory = ""
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "too little room") {
		t.Errorf("with nothing: %v", err)
	}
}
