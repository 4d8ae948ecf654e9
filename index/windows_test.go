package index

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
)

// framed returns text as a zstd frame, which requires a window of 128 MiB if
// large is set.
func framed(t *testing.T, large bool, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	// Written in halves, so that the frame does not contain its length.
	w.Write([]byte(text[:len(text)/2]))
	w.Flush()
	w.Write([]byte(text[len(text)/2:]))
	w.Close()
	if large {
		b.Bytes()[5] = (27 - 10) << 3
	}
	return b.Bytes()
}

// TestSearchOfLargeWindows searches files each of which needs all the memory
// for windows. The first file needs it only after the second has it and waits
// to be emitted. All are searched completely and in order.
func TestSearchOfLargeWindows(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	dir := t.TempDir()
	want := 0
	for i := range 6 {
		line := fmt.Sprintf("file %d says a line that is long enough to fill memory soon%s\n", i, strings.Repeat(".", 400))
		text := strings.Repeat(line, 40<<20/len(line))
		want += strings.Count(text, "\n")
		data := framed(t, true, text)
		if i == 0 {
			want += strings.Count(text, "\n")
			data = append(framed(t, false, text), data...)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.log.zst", i)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	logs, errs := files.Find([]string{dir})
	if errs != nil {
		t.Fatal(errs)
	}
	q, err := query.Parse("says")
	if err != nil {
		t.Fatal(err)
	}
	// The first lines are emitted once no more are found: then every member
	// that can be read has been read as far as possible.
	stuck := make(chan struct{})
	var once sync.Once
	last, still := int64(0), 0
	req := &Request{
		Query: q,
		Progress: func(p Progress) {
			if p.Hits != last {
				last, still = p.Hits, 0
			} else if still++; last > 0 && still == 3 {
				once.Do(func() { close(stuck) })
			}
		},
	}
	for _, l := range logs {
		req.Sources = append(req.Sources, files.NewSource(l, files.Options{}))
	}
	got, before := 0, ""
	stats, err := Scan{Workers: reader.NewWorkers(4)}.Search(t.Context(), req, func(h *Hits) error {
		if before == "" {
			<-stuck
		}
		if h.Member.Path < before {
			t.Errorf("%s after %s", h.Member.Path, before)
		}
		before = h.Member.Path
		got += int(h.Count)
		return nil
	})
	if err != nil || got != want || stats.Failed != 0 {
		t.Errorf("%d lines of %d, %v", got, want, err)
	}
}
