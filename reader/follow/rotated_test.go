package follow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/readertest"
)

// Names that cannot tell the order leave it to the times in the texts, or to
// the times of modification. Every listing of the files has the same order.
func TestOrder(t *testing.T) {
	day := func(i int) time.Time { return time.Date(2026, 11, 20+i, 11, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		what        string
		files       []string // oldest first
		texts, mods bool     // which of the times are there
	}{
		{"logrotate", []string{"app.log.2.gz", "app.log.1", "app.log"}, true, true},
		{"logrotate, copied", []string{"app.log.2.gz", "app.log.1", "app.log"}, true, false},
		{"logrotate, nothing known", []string{"app.log.2.gz", "app.log.1", "app.log"}, false, false},
		{"log4j2", []string{"app.log.1", "app.log.2", "app.log.3.gz", "app.log"}, true, true},
		{"log4j2, copied", []string{"app.log.1.gz", "app.log.2.gz", "app.log.3.gz", "app.log"}, true, false},
		{"log4j2, without times", []string{"app.log.1", "app.log.2", "app.log"}, false, true},
		{"log4j2, before the extension", []string{"app-1.log", "app-2.log", "app.log"}, true, false},
		{"olddir", []string{"old/app.log.1", "old/app.log.2", "app.log"}, true, true},
		{"olddir by month", []string{"2026-10/app-10-31-2026-1.log.gz", "2026-11/app-11-01-2026-1.log.gz", "2026-11/app-11-02-2026-1.log.gz", "app.log"}, true, true},
		{"olddir of two kinds", []string{"z/app.log-20261101", "a/app.log-20261102", "app.log"}, true, true},
		{"weekdays", []string{"postgresql-Fri.log", "postgresql-Mon.log", "postgresql-Tue.log"}, true, false},
		{"changed to dates", []string{"app.log.1", "app.log-20261122", "app.log"}, true, true},
	} {
		dir := t.TempDir()
		for i, f := range c.files {
			path, text := filepath.Join(dir, f), "x\n"
			if c.texts {
				text = day(i).Format("2006-01-02 15:04:05") + " " + f + "\n"
			}
			if strings.HasSuffix(f, ".gz") {
				text = string(readertest.Gzip(text))
			}
			readertest.WriteFile(t, path, text)
			mod := day(10)
			if c.mods {
				mod = day(i).Add(time.Hour)
			}
			if err := os.Chtimes(path, mod, mod); err != nil {
				t.Fatal(err)
			}
		}
		names := func(members []reader.Member) string {
			var out []string
			for _, m := range members {
				rel, _ := filepath.Rel(dir, m.Path)
				out = append(out, filepath.ToSlash(rel))
			}
			return strings.Join(out, " ")
		}
		want := strings.Join(c.files, " ")
		logs, errs := files.Find([]string{dir})
		if len(logs) != 1 || len(errs) > 0 {
			t.Errorf("%s: %d logs, %v", c.what, len(logs), errs)
			continue
		}
		if got := names(logs[0].Members); got != want {
			t.Errorf("%s: %s, want %s (%s)", c.what, got, want, logs[0].Why)
		}
		src := files.NewSource(logs[0], files.Options{})
		if err := src.Refresh(); err != nil || names(src.Members()) != want {
			t.Errorf("%s, again: %s, %v", c.what, names(src.Members()), err)
		}
		live := NewLive([]string{dir}, nil)
		listed, err := live.listing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var order []reader.Member
		for _, m := range listed.Files {
			order = append(order, m.Member)
		}
		if got := names(order); got != want && !strings.HasPrefix(c.what, "olddir") {
			t.Errorf("%s, watched: %s", c.what, got)
		}
		if logs, _, err := live.Logs(t.Context()); err != nil || len(logs) != 1 || names(logs[0].Members) != want {
			t.Errorf("%s, watched: %v, %v", c.what, logs, err)
		}
		live.Close()
	}
}
