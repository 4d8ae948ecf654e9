package document

import (
	"math/rand/v2"
	"os"
	"path/filepath"
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
