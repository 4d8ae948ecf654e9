package index_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/query"
)

// With an index, a search for a range of time reads the blocks of that range, and
// where dates are inferred, all.
func TestWindowReadsLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for _, c := range []struct {
		layout string
		most   int64 // of 24 blocks, each of about a day
	}{
		{"2006-01-02T15:04:05Z", 3},
		{"2006-01-02 15:04:05", 3},
		{"Jan _2 15:04:05", 3},
		{"15:04:05", 1000}, // of any day
	} {
		dir, cache := t.TempDir(), newCache(t)
		begin := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
		var b strings.Builder
		lines := 0
		for ; b.Len() < 12<<20; lines++ {
			fmt.Fprintf(&b, "%s INFO %s\n", begin.Add(time.Duration(lines)*20*time.Second).Format(c.layout), strings.Repeat("text ", 20))
		}
		path := filepath.Join(dir, "app.log")
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		end := begin.Add(time.Duration(lines) * 20 * time.Second)
		if err := os.Chtimes(path, end, end); err != nil {
			t.Fatal(err)
		}
		build(t, cache, dir)
		since := begin.AddDate(0, 0, 10)
		req := index.Request{Query: query.Text{S: ""}, Window: index.Window{Since: since, Until: since.Add(10 * time.Minute), Zone: time.UTC}}
		hits, st := found(t, index.Indexed{Cache: cache}, cache, dir, req)
		if want := 30; len(hits) != want && c.layout != "15:04:05" {
			t.Errorf("%s: %d lines, want %d", c.layout, len(hits), want)
		}
		if st.BlocksRead > c.most || st.BlocksRead == 0 {
			t.Errorf("%s: %d of %d blocks are read, want at most %d", c.layout, st.BlocksRead, st.Blocks, c.most)
		}
	}
}
