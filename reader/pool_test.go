package reader_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/readertest"
)

// Blocks with less memory than BlockSize are also put into the pool, because a
// store copies short texts. Code that gets one from the pool must enlarge it.
func TestSmallBuffersInPool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log.gz")
	readertest.WriteFile(t, path, readertest.Gzip(strings.Repeat("a line of a log\n", 60<<10)))
	logs, errs := files.Find([]string{path})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	src := files.NewSource(logs[0], files.Options{})
	blocks, err := src.Open(context.Background(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	id := blocks.ID()
	blocks.Close()
	reader.SmallBuffers()
	blocks, err = src.Open(context.Background(), src.Members()[0], reader.Pos{Member: id, Offset: 600 << 10, Line: 600 << 10 / 16})
	if err != nil {
		t.Fatal(err)
	}
	defer blocks.Close()
	var blk reader.Block
	if err := blocks.Next(&blk); err != nil || blk.Offset != 600<<10 {
		t.Errorf("block at %d, %v", blk.Offset, err)
	}
}
