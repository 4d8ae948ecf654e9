package tui

import (
	"path/filepath"
	"strings"
	"testing"

	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// On a full disk, the explorer shows what it can and reports what it cannot.
func TestFullDisk(t *testing.T) {
	disk := readertest.SmallDisk(t, 200)
	dir := tree(t)
	latin := strings.Repeat("gr\xfc\xdfe an alle\n", 100_000) // decoded into a temporary file
	readertest.WriteFile(t, filepath.Join(dir, "latin.log"), latin)
	d, m := explorer(t, dir, 120, 30, func(o *Options) {
		o.Cache = blockstore.NewCache(filepath.Join(disk, "cache"), 1<<30)
		o.State = LoadState(filepath.Join(disk, "state", "state.json"))
	})
	d.Wait("app.log", "latin.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("g")
	d.Wait("old request 0000") // from the compressed file
	d.Type("s\"an alle\"")
	d.Keys("enter")
	d.Wait("100,000 lines", "grüße an alle")
	d.Keys("enter")
	d.Wait("   17 grüße an alle", "1  0%")
	d.Until(func() bool { return m.focus == panePager }, "the log to have the focus")
	d.Keys("q", "q", "q") // closes the results, goes to the list, then quits
	d.WaitQuit()

	// The message about a partly written file says how much was written.
	d, m = explorer(t, dir, 120, 30)
	d.Wait("app.log")
	d.Keys("j", "j", "j")
	d.Until(func() bool { return m.focus == paneLogs }, "the list")
	d.Type("/latin")
	d.Keys("enter")
	d.Wait("LIVE", "100,000")
	d.Keys("ctrl+w")
	d.Type(filepath.Join(disk, "out"))
	d.Keys("enter")
	d.Wait("no space left on device: not all was written to")
}
