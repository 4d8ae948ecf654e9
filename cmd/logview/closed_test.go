package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// printing contains commands that print something from the logs in a directory.
var printing = map[string][]string{
	"search":       {"search", "line", "."},
	"search -c":    {"search", "-c", "line", "."},
	"search -l":    {"search", "-l", "line", "."},
	"search -L":    {"search", "--files-without-match", "nothing", "."},
	"search --0":   {"search", "-c", "--include-zero", "nothing", "."},
	"search --":    {"search", "--json", "line", "."},
	"search long":  {"search", "needle", "long.log"},
	"cat":          {"cat", "."},
	"cat --tail":   {"cat", "--tail", "2", "."},
	"ls":           {"ls", "."},
	"ls --json":    {"ls", "--json", "."},
	"follow":       {"follow", "-n", "5", "a.log"},
	"no command":   {"."},
	"index":        {"index", "--status"},
	"help":         {"search", "--help"},
	"completion":   {"completion", "bash"},
	"debug blocks": {"debug", "blocks", "a.log"},
	"debug names":  {"debug", "names", "a.log"},
	"debug query":  {"debug", "query", "x", "."},
	"config":       {"config", "print"},
}

// printTo runs each of the commands with an output that open returns, and
// passes what it writes to standard error to check.
func printTo(t *testing.T, open func(*testing.T) *os.File, check func(t *testing.T, errs string)) {
	for name, args := range printing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{
				"a.log":    strings.Repeat("a line\n", 100),
				"long.log": strings.Repeat("long ", 1<<20) + "needle\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			cmd := logview(ctx, t, dir, args...)
			out := open(t)
			defer out.Close()
			var errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = out, &errs
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != exitError {
				t.Errorf("exit code %d (%s), %s", code, cmd.ProcessState, errs.Bytes())
			}
			check(t, errs.String())
		})
	}
}

// TestClosedPipe tests that a closed pipe ends every command with exit code 2,
// not with a signal, and without a message.
func TestClosedPipe(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	printTo(t, func(t *testing.T) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		return w
	}, func(t *testing.T, errs string) {
		if errs != "" {
			t.Errorf("said %s", errs)
		}
	})
}

// TestFullOutput tests that a full disk is reported.
func TestFullOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	printTo(t, func(t *testing.T) *os.File {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}, func(t *testing.T, errs string) {
		if !strings.Contains(errs, "no space left") {
			t.Errorf("said %q", errs)
		}
	})
}
