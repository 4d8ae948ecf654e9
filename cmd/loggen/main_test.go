package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"512MiB": 512 << 20, "1GiB": 1 << 30, "1.5g": 3 << 29, "10MB": 10_000_000, "8k": 8192, "100": 100,
		"100B": 100, " 2 KiB ": 2048, "0": 0,
		"10x": -1, "": -1, "MiB": -1, "-1": -1, "NaN": -1, "1e30": -1, "1 2": -1,
	} {
		n, err := parseSize("-size", text)
		if want < 0 {
			if err == nil || err.Error() != `-size "`+text+`": not a size; try 512MiB` {
				t.Errorf("%q: %d, %v", text, n, err)
			}
		} else if err != nil || n != want {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

func TestParseStart(t *testing.T) {
	want := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-21T14:00:00Z", "2026-11-21T15:00:00+01:00", "2026-11-21 14:00", "2026-11-21T14:00:00"} {
		if got, err := parseStart(text); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "", "1960-01-01", "2300-01-01"} {
		if _, err := parseStart(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestWrongFlags(t *testing.T) {
	for flags, want := range map[string]string{
		"-size 10x":                   `-size "10x": not a size; try 512MiB`,
		"-rotate-size big":            `-rotate-size "big": not a size; try 512MiB`,
		"-size 0":                     "nothing to write",
		"-services api,foo":           `no service "foo"; there are api, auth, nginx, worker, billing, kernel`,
		"-names fancy":                `-names "fancy": no such style; there are logrotate, ext,`,
		"-compress rar":               `-compress "rar": not one of gz, zst, xz, none`,
		"-start soon":                 `-start "soon": not a time`,
		"-rate 0":                     "-rate 0: not between",
		"-rate NaN":                   "-rate NaN: not between",
		"-files 0":                    "-files 0: not between",
		"-keep -2":                    "-keep -2",
		"-gz-share 2":                 "-gz-share 2: not between 0 and 1",
		"-gz-share 0.5 -live":         "-gz-share: not with -live",
		"-gz-share 0.5 -keep 1":       "-gz-share: not with -keep",
		"-gz-share .5 -compress none": "-gz-share: not with -compress none",
		"-copytruncate":               "-copytruncate: only with -live",
		"-for 1s":                     "-for: only with -live",
		"-rotate-every 1ms":           "-rotate-every 1ms: not a second or more",
		"extra":                       `"extra": takes flags only`,
		"-nonsense":                   "not defined: -nonsense",
	} {
		_, err := parseFlags(append([]string{"-out", "x"}, strings.Fields(flags)...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", flags, err)
		}
	}
	if _, err := parseFlags(nil); err == nil || !strings.Contains(err.Error(), "-out") {
		t.Errorf("no -out: %v", err)
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "logs")
	run := func(args ...string) (int, string, string) {
		var stdout, stderr strings.Builder
		code := run(t.Context(), args, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	if code, stdout, _ := run("-out", out, "-size", "200KiB"); code != 0 || !strings.Contains(stdout, "6 logs, 6 files") {
		t.Errorf("%d: %s", code, stdout)
	}
	if code, _, stderr := run("-out", out, "-size", "200KiB"); code != 1 || !strings.HasPrefix(stderr, "loggen: -out "+out+": is not empty") {
		t.Errorf("second time: %d: %s", code, stderr)
	}
	stray := filepath.Join(out, "mine.txt")
	if err := os.WriteFile(stray, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := run("-out", out, "-size", "200KiB", "-force"); code != 0 {
		t.Errorf("forced: %d: %s", code, stderr)
	}
	if b, err := os.ReadFile(stray); err != nil || string(b) != "mine" {
		t.Errorf("-force touched another's file: %q, %v", b, err)
	}
	if code, _, stderr := run("-out", stray); code != 1 || stderr == "" {
		t.Errorf("a file as directory: %d: %s", code, stderr)
	}
	if code, _, stderr := run("-size", "10x", "-out", out); code != 2 || stderr != "loggen: -size \"10x\": not a size; try 512MiB\n" {
		t.Errorf("%d: %s", code, stderr)
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-h"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("%d: %s", code, stderr.String())
	}
	help := stdout.String()
	if n := strings.Count(help, "\n  loggen -out "); n != 3 {
		t.Errorf("%d examples", n)
	}
	for _, st := range styles {
		if !strings.Contains(help, "\n  "+st.name+" ") {
			t.Errorf("style %s is not in the help", st.name)
		}
	}
	// The examples must be valid commands.
	for line := range strings.Lines(examples) {
		if args, ok := strings.CutPrefix(strings.TrimSpace(line), "loggen "); ok {
			if _, err := parseFlags(strings.Fields(args)); err != nil {
				t.Errorf("%s: %v", args, err)
			}
		}
	}
}
