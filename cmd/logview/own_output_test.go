package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logview returns a command that runs logview with args in dir, with an empty
// cache.
func logview(ctx context.Context, t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Args[0] = "logview"
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LOGVIEW_CACHE_DIR="+filepath.Join(t.TempDir(), "cache"))
	return cmd
}

// output returns what logview prints to standard output with args in dir. It must
// succeed.
func output(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := logview(t.Context(), t, dir, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	return string(out)
}

// TestOwnOutput tests that a file that is the output of the command is not
// read, whatever its name, and that this is reported once.
func TestOwnOutput(t *testing.T) {
	const text = "one needle\ntwo needle\n"
	for name, c := range map[string]struct {
		args []string
		want string // expected output; logs are ordered by path
	}{
		"search":          {[]string{"search", "needle", "."}, "a.log:one needle\na.log:two needle\n"},
		"without index":   {[]string{"search", "--no-index", "needle", "."}, "a.log:one needle\na.log:two needle\n"},
		"cat":             {[]string{"cat", "."}, text},
		"no command":      {[]string{"."}, text},
		"named":           {[]string{"cat", "a.log", "out.log"}, text},
		"by absolute":     {[]string{"cat", "a.log", "ABS/out.log"}, text},
		"by another name": {[]string{"cat", "a.log", "link"}, text},
		"by a pattern":    {[]string{"cat", "*.log"}, text},
		"hard link":       {[]string{"cat", "a.log", "hard.log"}, text},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("a.log", text)
			// It would be read if it were not recognised as the
			// output.
			out, err := os.OpenFile(filepath.Join(dir, "out.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			if err := os.Symlink("out.log", filepath.Join(dir, "link")); err != nil {
				t.Skip(err)
			}
			if name == "hard link" {
				if err := os.Link(out.Name(), filepath.Join(dir, "hard.log")); err != nil {
					t.Skip(err)
				}
			}
			write("out.log", "an old needle\n")
			for i := range c.args {
				c.args[i] = strings.Replace(c.args[i], "ABS", dir, 1)
			}
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			cmd := logview(ctx, t, dir, c.args...)
			var errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = out, &errs
			if err := cmd.Run(); err != nil {
				t.Errorf("%v: %s", err, errs.Bytes())
			}
			got, err := os.ReadFile(out.Name())
			if err != nil {
				t.Fatal(err)
			}
			if want := "an old needle\n" + c.want; string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if n := strings.Count(errs.String(), "output of this program"); n != 1 {
				t.Errorf("said %d times: %s", n, errs.Bytes())
			}
		})
	}
}

// TestOwnOutputIsInput tests that commands end if standard input is also the
// output.
func TestOwnOutputIsInput(t *testing.T) {
	for _, args := range [][]string{{"cat", "-"}, {"search", "text"}, {"follow", "-"}, {"follow"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) { ownOutputIsInput(t, args) })
	}
}

func ownOutputIsInput(t *testing.T, args []string) {
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "a.log"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("text\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	cmd := logview(ctx, t, t.TempDir(), args...)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file, file, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != exitNone {
		t.Error(err)
	}
	if info, err := file.Stat(); err != nil || info.Size() != 5 || !strings.Contains(errs.String(), "output of this program") {
		t.Errorf("%d bytes, %v, %s", info.Size(), err, errs.Bytes())
	}
}

// TestOwnOutputFollowed tests that neither standard output nor standard error
// is followed.
func TestOwnOutputFollowed(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	log, out, errs := open("a.log"), open("out.log"), open("err.log")
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	cmd := logview(ctx, t, dir, "follow", ".")
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	// Lines may be written before following begins, so lines are written
	// until one is printed. Each is printed once.
	for i := 0; ; i++ {
		if ctx.Err() != nil {
			t.Fatal("nothing comes")
		}
		if _, err := log.WriteString("line " + strings.Repeat("x", i) + "\n"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(got, newline) >= 3 {
			seen := map[string]bool{}
			for line := range strings.Lines(string(got)) {
				if seen[line] || !strings.HasPrefix(line, "a.log:line") {
					t.Fatalf("got %q", line)
				}
				seen[line] = true
			}
			break
		}
		(&torture{T: t}).waitALittle()
	}
	said, err := os.ReadFile(errs.Name())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said), "output of this program"); n != 1 {
		t.Errorf("said %d times: %s", n, said)
	}
}
