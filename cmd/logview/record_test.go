package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A record that two blocks share is one record, with an index and without.
func TestRecordAcrossBlocks(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	const record = "2024-05-01 10:00:01 ERROR failed\n\tat com.example.Foo\n\tat com.example.Bar\n"
	n := 0
	for b.Len() < 2<<20 {
		b.WriteString(record)
		n++
	}
	if err := os.WriteFile(filepath.Join(dir, "app.log"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	output(t, dir, "index", "-q", "--cache-dir", cache, dir)
	queries := []string{"failed", "Foo", "Bar", "level:error"}
	if testing.Short() {
		queries = queries[1:2]
	}
	for _, more := range [][]string{{"--no-index"}, {"--cache-dir", cache}} {
		for _, q := range queries {
			if out := output(t, dir, append([]string{"search", "--record", "-I", q, dir}, more...)...); out != b.String() {
				t.Errorf("%v %s: %d bytes, want %d", more, q, len(out), b.Len())
			}
			out := output(t, dir, append([]string{"search", "--record", "-c", "-I", q, dir}, more...)...)
			if strings.TrimSpace(out) != fmt.Sprint(n) {
				t.Errorf("%v %s: %s records, want %d", more, q, out, n)
			}
		}
	}
}
