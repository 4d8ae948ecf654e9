package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/readertest"
)

// A file that was moved is searched for in its own log, not in those of other
// hosts.
func TestMovedInItsLog(t *testing.T) {
	dir := t.TempDir()
	mod := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	put := func(name, text string) {
		readertest.WriteFile(t, filepath.Join(dir, name), text)
		if err := os.Chtimes(filepath.Join(dir, name), mod, mod); err != nil {
			t.Fatal(err)
		}
	}
	put("web-1.log.1", "of 1\n")
	put("web-1.log", "of 1, too\n")
	put("web-2.log.1.gz", string(readertest.Gzip("of 2, and this is long enough\n")))
	put("web-2.log", "of 2, too\n")
	logs, _ := Find([]string{dir})
	if len(logs) != 2 {
		t.Fatalf("%d logs", len(logs))
	}
	m := logs[0].Members[0]
	if err := os.Remove(m.Path); err != nil {
		t.Fatal(err)
	}
	if _, path, err := OpenMember(m); err == nil {
		t.Errorf("%s is read as %s", m.Path, path)
	}
	put("web-1.log.1.gz", string(readertest.Gzip("of 1\n")))
	f, path, err := OpenMember(m)
	if err != nil || filepath.Base(path) != "web-1.log.1.gz" {
		t.Fatalf("%s is read as %s, %v", m.Path, path, err)
	}
	f.Close()
}

func TestSiblings(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"app.log", "app.1.log", "worker-1.log", "worker-2.log", "latest.log", "2026_11_20.request.log"} {
		readertest.WriteFile(t, filepath.Join(dir, f), "x\n")
	}
	for base, want := range map[string]string{
		"app.log":                     "app*",
		"app.1.log":                   "app*",
		"app-2026-11-20.log.gz":       "app*",
		"worker-1.log":                "worker-1*",
		"a[1].log.1":                  "a\\[1]*",
		"latest.log":                  "*.log*",
		"2026_11_20.request.log":      "*.log*",
		"@400000005f5e0ff60b6a5e5c.s": "@400000005f5e0ff60b6a5e5c.s",
	} {
		if got := SiblingGlob(filepath.Join(dir, base)); !strings.HasSuffix(got, string(filepath.Separator)+want) {
			t.Errorf("%s: %q, want %q", base, got, want)
		}
	}
}

// paths returns the paths of the files that Find returns for args, relative to
// dir.
func paths(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	logs, errs := Find(args)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var out []string
	for _, l := range logs {
		for _, m := range l.Members {
			rel, err := filepath.Rel(dir, m.Path)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, filepath.ToSlash(rel))
		}
	}
	return out
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a.log", "b/c.log", "b/c.log.1", "b/.hidden", ".git/x", "b/half.gz.tmp", "z"} {
		readertest.WriteFile(t, filepath.Join(dir, f), f+"\n")
	}
	readertest.ExpectStrings(t, paths(t, dir, dir), "a.log", "b/c.log.1", "b/c.log", "z")
	readertest.ExpectStrings(t, paths(t, dir, dir, filepath.Join(dir, "a.log")), "a.log", "b/c.log.1", "b/c.log", "z")
	readertest.ExpectStrings(t, paths(t, dir, filepath.Join(dir, "*.log")), "a.log")
	readertest.ExpectStrings(t, paths(t, dir, filepath.Join(dir, "**/*.log")), "a.log", "b/c.log")
	readertest.ExpectStrings(t, paths(t, dir, filepath.Join(dir, "b/.hidden"), filepath.Join(dir, "b/half.gz.tmp")), "b/.hidden", "b/half.gz.tmp")

	_, errs := Find([]string{filepath.Join(dir, "none"), filepath.Join(dir, "*.none")})
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "none: no such file") {
		t.Errorf("got %v", errs)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "pods/x/0.log"), "x\n")
	readertest.WriteFile(t, filepath.Join(dir, "elsewhere/y.log"), "y\n")
	logs := filepath.Join(dir, "pods")
	for from, to := range map[string]string{
		"pods/containers-x.log": "x/0.log",            // a file that is listed anyway
		"pods/y.log":            "../elsewhere/y.log", // a file that is not
		"pods/y2.log":           "../elsewhere/y.log", // the same file again
		"pods/loop":             ".",
	} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip(err)
		}
	}
	readertest.ExpectStrings(t, paths(t, dir, logs), "pods/x/0.log", "pods/y.log")
	// A link to a directory is followed if it is named.
	readertest.ExpectStrings(t, paths(t, dir, filepath.Join(logs, "loop")), "pods/loop/x/0.log", "pods/loop/y.log")
}

func TestOlddir(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"app.log", "old/app.log.1", "old/app.log.2", "other/app.log", "other/app.log.1"} {
		readertest.WriteFile(t, filepath.Join(dir, f), f+"\n")
	}
	readertest.ExpectStrings(t, paths(t, dir, dir), "old/app.log.2", "old/app.log.1", "app.log", "other/app.log.1", "other/app.log")
}

// The plain file may be removed between listing and comparing.
func TestSameMemberGone(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "a.1")
	readertest.WriteFile(t, plain, "some line of a log\n")
	readertest.WriteFile(t, plain+".gz", readertest.Gzip("some line of a log\n"))
	f := NewFinder()
	f.Add(dir)
	if err := os.Remove(plain); err != nil {
		t.Fatal(err)
	}
	logs := f.Group()
	if len(logs) != 1 || len(logs[0].Members) != 1 || logs[0].Members[0].Path != plain+".gz" {
		t.Errorf("got %v", logs)
	}
}

func TestPatternErrors(t *testing.T) {
	if _, errs := Find([]string{"[z-"}); len(errs) != 1 {
		t.Errorf("got %v", errs)
	}
}

// A log that was listed is found again although it was written to, rotated and
// compressed before it is opened, and so were others.
func TestMovedAfterGrowth(t *testing.T) {
	start := time.Now().Add(-time.Hour)
	type file struct {
		name, text string
		age        time.Duration // of its last change, after start
	}
	put := func(t *testing.T, dir string, f file) {
		t.Helper()
		text := f.text
		if strings.HasSuffix(f.name, ".gz") {
			text = string(readertest.Gzip(text))
		}
		path := filepath.Join(dir, f.name)
		readertest.WriteFile(t, path, text)
		if err := os.Chtimes(path, start.Add(f.age), start.Add(f.age)); err != nil {
			t.Fatal(err)
		}
	}
	first, second, third := "the first text\n", "the second text\n", "the third text, which grows\n"
	grown := third + "it grew\n"
	for name, x := range map[string]struct {
		before []file
		mv     [][2]string // to nothing: removed
		after  []file
		want   map[string]string // by listed name; empty: no text
	}{
		"compressed": {
			before: []file{{"a.log.1.gz", first, 0}, {"a.log", third, 20 * time.Second}},
			mv:     [][2]string{{"a.log.1.gz", "a.log.2.gz"}, {"a.log", ""}},
			after:  []file{{"a.log.1.gz", grown, 25 * time.Second}, {"a.log", "new\n", 26 * time.Second}},
			want:   map[string]string{"a.log": grown, "a.log.1.gz": first},
		},
		"not yet closed": {
			before: []file{{"a.log.2.gz", first, 0}, {"a.log.1", third, 20 * time.Second}, {"a.log", "", 20 * time.Second}},
			mv:     [][2]string{{"a.log.1", ""}},
			after:  []file{{"a.log.1.gz", grown, 23 * time.Second}},
			want:   map[string]string{"a.log.1": grown, "a.log.2.gz": first},
		},
		"compressed with the time before renaming": {
			before: []file{{"a.log.2.gz", first, 0}, {"a.log.1", third, 20 * time.Second}, {"a.log", "", 20 * time.Second}},
			mv:     [][2]string{{"a.log.1", ""}},
			after:  []file{{"a.log.1.gz", grown, 17 * time.Second}},
			want:   map[string]string{"a.log.1": grown, "a.log.2.gz": first},
		},
		"twice": {
			before: []file{{"a.log.1.gz", first, 0}, {"a.log", third, 20 * time.Second}},
			mv:     [][2]string{{"a.log.1.gz", "a.log.3.gz"}, {"a.log", ""}},
			after:  []file{{"a.log.2.gz", grown, 25 * time.Second}, {"a.log.1.gz", "another, as long as the third\n", 30 * time.Second}, {"a.log", "new\n", 31 * time.Second}},
			want:   map[string]string{"a.log": grown},
		},
		"delayed": {
			before: []file{{"a.log.1", second, 10 * time.Second}, {"a.log", third, 20 * time.Second}},
			mv:     [][2]string{{"a.log.1", ""}, {"a.log", ""}},
			after:  []file{{"a.log.3.gz", second, 10 * time.Second}, {"a.log.2.gz", grown, 25 * time.Second}, {"a.log.1", "another\n", 30 * time.Second}, {"a.log", "new\n", 31 * time.Second}},
			want:   map[string]string{"a.log": grown, "a.log.1": second},
		},
		"copied and truncated": {
			before: []file{{"a.log.1.gz", first, 0}, {"a.log", third, 20 * time.Second}},
			mv:     [][2]string{{"a.log.1.gz", "a.log.2.gz"}},
			after:  []file{{"a.log.1", grown, 25 * time.Second}, {"a.log", "new\n", 26 * time.Second}},
			want:   map[string]string{"a.log": grown},
		},
		"removed": {
			before: []file{{"a.log.1.gz", first, 0}, {"a.log.1", second, 10 * time.Second}},
			mv:     [][2]string{{"a.log.1.gz", "a.log.2.gz"}, {"a.log.1", ""}},
			want:   map[string]string{"a.log.1": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range x.before {
				put(t, dir, f)
			}
			logs, _ := Find([]string{dir})
			if len(logs) != 1 {
				t.Fatalf("%d logs", len(logs))
			}
			for _, mv := range x.mv {
				from, to := filepath.Join(dir, mv[0]), filepath.Join(dir, mv[1])
				var err error
				if mv[1] == "" {
					err = os.Rename(from, filepath.Join(t.TempDir(), "kept so that its inode is not used again"))
				} else {
					err = os.Rename(from, to)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range x.after {
				put(t, dir, f)
			}
			for _, m := range logs[0].Members {
				want, ok := x.want[filepath.Base(m.Path)]
				if !ok {
					continue
				}
				got := ""
				b, err := OpenFile(t.Context(), m, "")
				if err == nil {
					defer b.Close()
					blk := reader.GetBlock()
					defer reader.PutBlock(blk)
					if err = b.Next(blk); err == nil {
						got = string(blk.Text)
					}
				}
				if got != want {
					t.Errorf("%s is %q, %v, want %q", filepath.Base(m.Path), got, err, want)
				}
			}
		})
	}
}
