package index_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"logview/index"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// TestFullDisk tests that a build that runs out of space, on disks of various
// sizes, reports it, that searches find the same lines, and that the next build
// with enough space completes the index.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(57, 1))
	w := newWorld(t, r)
	for range 4 {
		w.append(pickLog(r), 4<<20)
	}
	w.append("app.log.1", 4<<20)
	w.compress("app.log.1")
	q := ask(w, 3)
	disk := readertest.SmallDisk(t, 64)
	cache := blockstore.NewCache(filepath.Join(disk, "cache"), 1<<30)
	b := index.Builder{Cache: cache, Workers: index.NewWorkers()}
	said := 0
	for _, kb := range []int{64, 128, 256, 512, 1024, 2048, 4096, 65536} {
		if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, fmt.Sprintf("size=%dk", kb)); err != nil {
			t.Fatal(err)
		}
		_, err := b.Build(t.Context(), w.dir, []string{w.dir})
		if err != nil {
			t.Logf("%d KiB: %v", kb, err)
			said++
		}
		q.check(cache, fmt.Sprintf("%d KiB", kb))
		if err != nil && kb == 65536 {
			t.Error(err)
		}
	}
	if said == 0 {
		t.Error("a full disk is never said")
	}
	if q.check(cache, "in the end") == 0 {
		t.Error("the index spares nothing")
	}
	verify(t, cache, w.dir)
}
