package index_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/query"
)

// TestLimit tests that the newest or oldest lines are found if only these are wanted, and
// that few blocks are read for them, although the times of lines go back and forth, some
// lines have none, and blocks begin with such lines.
func TestLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 7))
	dir, cache := t.TempDir(), newCache(t)
	begin := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	times := map[string]time.Time{} // by text of the line
	for f := range 3 {
		var b strings.Builder
		now := begin.Add(time.Duration(f) * time.Hour)
		for i := 0; b.Len() < 3<<20; i++ {
			now = now.Add(time.Duration(r.IntN(40)-10) * time.Second)
			level := []string{"INFO", "INFO", "INFO", "INFO", "WARN", "DEBUG"}[r.IntN(6)]
			if r.IntN(200) == 0 {
				level = "ERROR"
			}
			line := fmt.Sprintf("%s %s file %d line %d %s", now.Format("2006-01-02T15:04:05Z"), level, f, i, strings.Repeat("text ", r.IntN(40)))
			times[line] = now
			fmt.Fprintln(&b, line)
			for j := range max(r.IntN(40)-35, 0) * r.IntN(30) {
				line := fmt.Sprintf("\tat file %d line %d frame %d", f, i, j)
				times[line] = now
				fmt.Fprintln(&b, line)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("app%c.log", 'a'+f)), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build(t, cache, dir)
	textOf := func(hit string) string { return hit[strings.LastIndex(hit, "false:")+len("false:"):] }
	read, all := int64(0), int64(0)
	for _, q := range []query.Node{query.Field{Name: "level", Value: "error"}, query.Field{Name: "level", Op: query.AtLeast, Value: "warn"}, query.Text{S: ""}, query.Text{S: "frame 3"}} {
		hits, st := found(t, index.Indexed{Cache: cache}, cache, dir, index.Request{Query: q, Times: true})
		all += st.Blocks
		for _, newest := range []bool{false, true} {
			slices.SortFunc(hits, func(a, b string) int {
				if newest {
					a, b = b, a
				}
				return cmp.Or(times[textOf(a)].Compare(times[textOf(b)]), cmp.Compare(a, b))
			})
			for _, most := range []int{1, 20, 700} {
				limit := &index.Limit{Newest: newest, Most: int64(most), Zone: time.UTC}
				some, st := found(t, index.Indexed{Cache: cache}, cache, dir, index.Request{Query: q, Times: true, Limit: limit})
				if q != query.Node(query.Text{S: "frame 3"}) && most == 20 {
					read += st.BlocksRead
				}
				got := map[string]bool{}
				for _, hit := range some {
					got[hit] = true
				}
				for _, hit := range hits[:min(most, len(hits))] {
					if !got[hit] {
						t.Fatalf("%s, %d, newest %v: %q is not found", q, most, newest, hit)
					}
				}
			}
		}
	}
	if all *= 2; read*4 > all { // both orders
		t.Errorf("%d of %d blocks are read", read, all)
	}
}
