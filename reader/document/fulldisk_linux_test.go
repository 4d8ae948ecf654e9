package document

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/readertest"
)

// A text that must be decoded to be read from its middle is stored where there
// is room, in memory as the last resort. If there is no room, an error is
// reported.
func TestTextOnFullDisk(t *testing.T) {
	disk := readertest.SmallDisk(t, 400)
	text := readertest.Noise(rand.New(rand.NewPCG(31, 1)), 3<<20)
	path := filepath.Join(t.TempDir(), "a.gz")
	readertest.WriteFile(t, path, readertest.Gzip(text))
	t.Setenv("TMPDIR", disk)
	logs, _ := files.Find([]string{path})
	open := func() (DocMember, error) {
		cache := blockstore.NewCache(filepath.Join(disk, "cache"), 1<<30)
		d := NewDocument(files.NewSource(logs[0], files.Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true}), DocumentOptions{})
		defer d.Close()
		_, err := d.End(t.Context())
		return d.Members()[0], err
	}
	if m, err := open(); err != nil || int(m.Text) != len(text) {
		t.Errorf("with memory: %d bytes of %d, %v", m.Text, len(text), err)
	}
	readertest.Set(t, &blockstore.InMemory, disk)
	if m, err := open(); err == nil || m.Damage == nil || !strings.Contains(m.Damage.Error(), "too little room") {
		t.Errorf("without: %v, %v", err, m.Damage)
	}
	blockstore.InMemory = ""
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "too little room") {
		t.Errorf("with nothing: %v", err)
	}
}
