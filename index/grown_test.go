package index_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/readertest"
)

// TestSummaryOfLongLines tests that the lines of a compressed file are counted once
// although it has to be read, because of a line longer than a block.
func TestSummaryOfLongLines(t *testing.T) {
	dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	var text bytes.Buffer
	text.WriteString("2026-11-21 00:00:00 ERROR " + strings.Repeat("z", 600_000) + "\n")
	lines := int64(1)
	for minute := 10; minute < 60; minute++ {
		for range 300 {
			fmt.Fprintf(&text, "2026-11-21 00:%d:00 ERROR something failed\n", minute)
			lines++
		}
	}
	readertest.WriteFile(t, filepath.Join(dir, "a.log.gz"), readertest.Gzip(text.Bytes()))
	build(t, cache, dir)
	for name, s := range map[string]index.Searcher{"scan": index.Scan{}, "index": index.Indexed{Cache: cache}} {
		logs, errs := files.Find([]string{dir})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		req := &index.Request{Query: query.Field{Name: "level", Value: "error"}, Window: index.Window{Zone: time.UTC}, Sources: []reader.Source{files.NewSource(logs[0], files.Options{Cache: cache})}, Times: true, CountOnly: true}
		req.Summary = func(reader.Member, []index.TimeCount) bool { return true }
		st, err := s.Search(context.Background(), req, func(h *index.Hits) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if st.Hits != lines {
			t.Errorf("%s: %d hits, want %d", name, st.Hits, lines)
		}
	}
}

// TestLearnAfterGrowth tests that the beginning of a file that has grown since it was
// indexed is learned from as it is now.
func TestLearnAfterGrowth(t *testing.T) {
	rows := func(form string) string {
		var b bytes.Buffer
		for i := range 50 {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	may, april := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, before, after string
		req                 index.Request
	}{
		{"header alone", "time,status,client\n", rows("2026-11-21 10:00:00,500,10.0.0.%d\n"), index.Request{Query: query.Field{Name: "status", Value: "500"}}},
		{"before #Fields", "#Software: x\n", "#Fields: a status\n" + rows("%d 500\n"), index.Request{Query: query.Field{Name: "status", Value: "500"}}},
		{"no table after all", "a,status,c\n1,500,2\n", rows("%d,500,3,4\n"), index.Request{Query: query.Field{Name: "status", Value: "500"}}},
		{"order of dates, May", rows("05/04/2024 10:00:%02d msg\n"), rows("13/04/2024 10:00:%02d msg\n"),
			index.Request{Query: query.Text{S: "msg"}, Window: index.Window{Zone: time.UTC, Since: may, Until: may.AddDate(0, 0, 10)}}},
		{"order of dates, April", rows("05/04/2024 10:00:%02d msg\n"), rows("13/04/2024 10:00:%02d msg\n"),
			index.Request{Query: query.Text{S: "msg"}, Window: index.Window{Zone: time.UTC, Since: april, Until: may}}},
	} {
		dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
		path := filepath.Join(dir, "a.log")
		readertest.WriteFile(t, path, []byte(c.before))
		build(t, cache, dir)
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(c.after); err != nil {
			t.Fatal(err)
		}
		f.Close()
		want, _ := found(t, index.Scan{}, nil, dir, c.req)
		got, _ := found(t, index.Indexed{Cache: cache}, cache, dir, c.req)
		if len(got) != len(want) {
			t.Errorf("%s: %d lines with an index, %d without", c.name, len(got), len(want))
		}
	}
}

// TestVerifyGrownLine tests that a file is not said to be damaged whose last line was
// incomplete and has become longer than a block.
func TestVerifyGrownLine(t *testing.T) {
	dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	path := filepath.Join(dir, "a.log")
	text := strings.Repeat("a line\n", 3000) + "the last one "
	readertest.WriteFile(t, path, []byte(text))
	build(t, cache, dir)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Repeat("z", 900_000) + "\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { t.Error(e) }}
	if st, err := v.Verify(t.Context(), realPath(t, dir)); err != nil || st.Wrong > 0 || st.Members != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}
