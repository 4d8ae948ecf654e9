package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The numbers from block tables are those from the lines: with blocks in one step and
// in several, with untimed lines, long lines, and times without a zone.
func TestStatsOfTables(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	at := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	for i, form := range []string{time.RFC3339, time.DateTime} {
		var b strings.Builder
		for n := 0; b.Len() < 5<<20; n++ {
			level := []string{"INFO", "INFO", "WARN", "ERROR", "plain"}[n%5]
			fmt.Fprintf(&b, "%s %s message %d\n", at.Add(time.Duration(n)*20*time.Millisecond).Format(form), level, n)
			switch {
			case n%1000 == 7:
				b.WriteString("\tat com.example.Foo\n")
			case n == 10000: // blocks without a time
				b.WriteString(strings.Repeat("\tat com.example.Bar ERROR\n", 60000))
			case n == 20000:
				b.WriteString(at.Format(form) + " ERROR " + strings.Repeat("long ", 900<<10) + "\n")
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.log", i)), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output(t, dir, "index", "-q", "--cache-dir", cache, dir)
	steps, queries, zones := []string{"1s", "1m", "1h", "1d"}, []string{`""`, "level>=warn", "-level:info", "level:error OR level:info", "message"}, []string{"UTC", "America/St_Johns"}
	if testing.Short() {
		steps, queries, zones = steps[1:2], queries[1:3], zones[1:]
	}
	for _, every := range steps {
		for _, q := range queries {
			for _, zone := range zones {
				args := []string{"stats", "--json", "--every", every, "--tz", zone, "-e", q, dir}
				if strings.HasPrefix(q, "-") {
					args[7] = "NOT " + q[1:]
				}
				read, known := output(t, dir, append(args, "--no-index")...), output(t, dir, append(args, "--cache-dir", cache)...)
				if read != known {
					t.Errorf("%v: with an index\n%.300s, without\n%.300s", args, known, read)
				}
			}
		}
	}
}

// Steps of any length are exact, for more seconds than are kept apart without --every.
func TestStatsOfManySteps(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	var b strings.Builder
	const seconds = 30000
	for n := range seconds {
		fmt.Fprintf(&b, "%s INFO tick\n", at.Add(time.Duration(n)*time.Second).Format(time.RFC3339))
	}
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, every := range []int{2, 7, 20, 90, 420} {
		out := output(t, dir, "stats", "--no-index", "--json", "--utc", "--every", fmt.Sprintf("%ds", every), dir)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if want := (seconds + every - 1) / every; len(lines) != want {
			t.Errorf("every %d s: %d steps, want %d", every, len(lines), want)
		}
		for _, l := range lines[:len(lines)-1] {
			if !strings.Contains(l, fmt.Sprintf(`"count":%d,`, every)) {
				t.Errorf("every %d s: %s", every, l)
				break
			}
		}
	}
}
