package reader

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each case is a directory's files in the order they are to come out, oldest
// first, by log.
func TestRotatedNames(t *testing.T) {
	for _, c := range []struct {
		producer string
		logs     map[string][]string
		gaps     string
	}{
		{"logrotate", map[string][]string{"app.log": {"app.log.10.gz", "app.log.3.gz", "app.log.2.gz", "app.log.1", "app.log"}}, "app.log.4 to .9"},
		{"logrotate, others beside", map[string][]string{"app.log": {"app.log.1", "app.log"}, "apple.log": {"apple.log"}}, ""},
		{"every compressor", map[string][]string{"a": {"a.6.Z", "a.5.lz4", "a.4.zst", "a.3.xz", "a.2.bz2", "a.1", "a"}}, ""},
		{"logrotate start 0", map[string][]string{"app.log": {"app.log.1.gz", "app.log.0", "app.log"}}, ""},
		{"logrotate extension", map[string][]string{"app.log": {"app.2.log.gz", "app.1.log", "app.log"}}, ""},
		{"numbered services are not rotated", map[string][]string{"worker.1.log": {"worker.1.log"}, "worker.2.log": {"worker.2.log"}}, ""},
		{"dateext", map[string][]string{"app.log": {"app.log-20261101.gz", "app.log-20261102.gz", "app.log-20261104", "app.log"}}, "app.log of 2026-11-03"},
		{"dateext hourly", map[string][]string{"app.log": {"app.log-2026112109.gz", "app.log-2026112110", "app.log"}}, ""},
		{"dateext with an epoch", map[string][]string{"app.log": {"app.log-20261120-1763683200.gz", "app.log-20261121-1763686800", "app.log"}}, ""},
		{"dateext epoch", map[string][]string{"app.log": {"app.log-1763683200.gz", "app.log-1763686800", "app.log"}}, ""},
		{"lumberjack", map[string][]string{"app.log": {"app-2026-11-20T15-04-05.000.log.gz", "app-2026-11-20T15-04-05.001.log", "app.log"}}, ""},
		{"kubelet", map[string][]string{"0.log": {"0.log.20261101-150405.gz", "0.log.20261102-150405", "0.log"}}, ""},
		{"docker", map[string][]string{"abc-json.log": {"abc-json.log.2.gz", "abc-json.log.1", "abc-json.log"}}, ""},
		{"svlogd", map[string][]string{"current": {"@400000005f5e0ff60b6a5e5c.s", "@400000005f5e0ff70b6a5e5c.u", "current"}}, ""},
		{"multilog compressed", map[string][]string{"current": {"@400000005f5e0ff60b6a5e5c", "@400000005f5e0ff70b6a5e5c.s", "current"}}, ""},
		{"tinylog", map[string][]string{"current": {"_20261101T150405.000001.s.Z", "_20261101T150405.000002.s", "current"}}, ""},
		{"savelog", map[string][]string{"mail": {"mail.2.gz", "mail.1.gz", "mail.0", "mail"}}, ""},
		{"log4j", map[string][]string{"app.log": {"app.log.2026-11-01", "app.log.2026-11-02", "app.log"}}, ""},
		{"log4j date and number", map[string][]string{"app.log": {"app-2026-11-01.1.log.gz", "app-2026-11-01.2.log.gz", "app-2026-11-02.1.log", "app.log"}}, ""},
		{"logback hourly", map[string][]string{"app.log": {"app.2026-11-01-09.log", "app.2026-11-01-10.log", "app.log"}}, ""},
		{"python timed", map[string][]string{"app.log": {"app.log.2026-11-01_09-00", "app.log.2026-11-01_10-00", "app.log"}}, ""},
		{"tomcat", map[string][]string{"catalina.log": {"catalina.2026-11-01.log", "catalina.2026-11-02.log"}}, ""},
		{"first missing", map[string][]string{"app.log": {"app.log.4", "app.log.3", "app.log"}}, "app.log.1 to .2"},
		{"compressed current", map[string][]string{"app.log": {"app.log.gz", "app.log"}}, ""},
	} {
		dir := t.TempDir()
		var gotGaps []string
		for _, files := range c.logs {
			for _, f := range files {
				write(t, filepath.Join(dir, f), "x\n")
			}
		}
		logs, errs := Find([]string{dir})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		got := map[string][]string{}
		for _, l := range logs {
			name := filepath.Base(l.Name)
			for _, m := range l.Members {
				got[name] = append(got[name], filepath.Base(m.Path))
			}
			gotGaps = append(gotGaps, l.Gaps...)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.logs) {
			t.Errorf("%s:\ngot  %v\nwant %v", c.producer, got, c.logs)
		}
		if strings.Join(gotGaps, ", ") != c.gaps {
			t.Errorf("%s: gaps %q, want %q", c.producer, gotGaps, c.gaps)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// paths lists what Find finds below dir, relative to it.
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

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a.log", "b/c.log", "b/c.log.1", "b/.hidden", ".git/x", "b/half.gz.tmp", "z"} {
		write(t, filepath.Join(dir, f), f+"\n")
	}
	expect(t, paths(t, dir, dir), "a.log", "b/c.log.1", "b/c.log", "z")
	expect(t, paths(t, dir, dir, filepath.Join(dir, "a.log")), "a.log", "b/c.log.1", "b/c.log", "z")
	expect(t, paths(t, dir, filepath.Join(dir, "*.log")), "a.log")
	expect(t, paths(t, dir, filepath.Join(dir, "**/*.log")), "a.log", "b/c.log")
	expect(t, paths(t, dir, filepath.Join(dir, "b/.hidden"), filepath.Join(dir, "b/half.gz.tmp")), "b/.hidden", "b/half.gz.tmp")

	_, errs := Find([]string{filepath.Join(dir, "none"), filepath.Join(dir, "*.none")})
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "none: no such file") {
		t.Errorf("got %v", errs)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pods/x/0.log"), "x\n")
	write(t, filepath.Join(dir, "elsewhere/y.log"), "y\n")
	logs := filepath.Join(dir, "pods")
	for from, to := range map[string]string{
		"pods/containers-x.log": "x/0.log",            // a file that is there anyway
		"pods/y.log":            "../elsewhere/y.log", // one that is not
		"pods/y2.log":           "../elsewhere/y.log", // the same again
		"pods/loop":             ".",
	} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip(err)
		}
	}
	expect(t, paths(t, dir, logs), "pods/x/0.log", "pods/y.log")
	// Named, a link to a directory is followed.
	expect(t, paths(t, dir, filepath.Join(logs, "loop")), "pods/loop/x/0.log", "pods/loop/y.log")
}

func TestOlddir(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"app.log", "old/app.log.1", "old/app.log.2", "other/app.log", "other/app.log.1"} {
		write(t, filepath.Join(dir, f), f+"\n")
	}
	expect(t, paths(t, dir, dir), "old/app.log.2", "old/app.log.1", "app.log", "other/app.log.1", "other/app.log")
}

// The plain one may be removed between being listed and being compared.
func TestSameMemberGone(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "a.1")
	write(t, plain, "some line of a log\n")
	write(t, plain+".gz", string(gz("some line of a log\n")))
	f := newFinder()
	f.add(dir)
	if err := os.Remove(plain); err != nil {
		t.Fatal(err)
	}
	logs := f.group()
	if len(logs) != 1 || len(logs[0].Members) != 1 || logs[0].Members[0].Path != plain+".gz" {
		t.Errorf("got %v", logs)
	}
}

func TestPatternErrors(t *testing.T) {
	if _, errs := Find([]string{"[z-"}); len(errs) != 1 {
		t.Errorf("got %v", errs)
	}
}
