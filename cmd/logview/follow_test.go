package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"logview/reader/readertest"
)

// A following is a running logview follow and its directory.
type following struct {
	*testing.T
	dir   string
	cmd   *exec.Cmd
	out   chan string // lines of standard output
	notes chan string // lines of standard error
}

// startFollow starts logview follow in dir. setup, if not nil, may change the
// command.
func startFollow(t *testing.T, dir string, setup func(*exec.Cmd), args ...string) *following {
	t.Helper()
	f := &following{T: t, dir: dir, out: make(chan string, 1000), notes: make(chan string, 1000)}
	f.cmd = logview(t.Context(), t, dir, append([]string{"follow"}, args...)...)
	if setup != nil {
		setup(f.cmd)
	}
	for _, x := range []struct {
		pipe func() (io.ReadCloser, error)
		to   chan string
	}{{f.cmd.StdoutPipe, f.out}, {f.cmd.StderrPipe, f.notes}} {
		r, err := x.pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(x.to)
			in := bufio.NewReaderSize(r, 1<<20)
			for {
				line, err := in.ReadString('\n')
				if line != "" {
					x.to <- strings.TrimSuffix(line, "\n")
				}
				if err != nil {
					return
				}
			}
		}()
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.cmd.Process.Kill() })
	return f
}

// begun waits until lines that are written to the directory are printed.
func (f *following) begun() {
	f.Helper()
	for i := 0; ; i++ {
		f.write("zz.log", fmt.Sprintf("%d\n", i))
		select {
		case <-f.out:
			// More of these lines may still be coming.
			f.write("zz.log", "end\n")
			for !strings.HasSuffix(f.next(f.out), "end") {
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (f *following) path(name string) string { return filepath.Join(f.dir, name) }

// write appends text to a file.
func (f *following) write(name, text string) {
	f.Helper()
	readertest.AppendFile(f, f.path(name), text)
}

func (f *following) do(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *following) next(from chan string) string {
	f.Helper()
	select {
	case line := <-from:
		return line
	case <-time.After(30 * time.Second):
		f.Fatal("nothing comes")
		return ""
	}
}

// want fails unless these are the next lines printed.
func (f *following) want(lines ...string) {
	f.Helper()
	for _, want := range lines {
		if got := f.next(f.out); got != want {
			f.Fatalf("got %.200q, want %q", got, want)
		}
	}
}

// wantNote fails unless the next note contains text.
func (f *following) wantNote(text string) {
	f.Helper()
	if got := f.next(f.notes); !strings.Contains(got, text) {
		f.Fatalf("noted %q, want %q", got, text)
	}
}

// wantEnd fails unless the command ends with the given exit code, without
// printing another line.
func (f *following) wantEnd(code int) {
	f.Helper()
	if line := f.next(f.out); line != "" {
		f.Errorf("got %q", line)
	}
	_ = f.cmd.Wait()
	if got := f.cmd.ProcessState.ExitCode(); got != code {
		f.Errorf("exit code %d, want %d", got, code)
	}
}

// TestFollowAwaits tests that follow waits for a path that does not exist yet,
// and does not use it as a query.
func TestFollowAwaits(t *testing.T) {
	for _, name := range []string{"app.log", "not/there", "./x", "app-*.log", "app.log.1", "link", "UP.LOG", "my app.log", "./a b", "server.INFO", "access_log"} {
		t.Run(strings.ReplaceAll(name, "/", "|"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := name
			switch name {
			case "link":
				if err := os.Symlink("target", filepath.Join(dir, "link")); err != nil {
					t.Skip(err)
				}
				file = "target"
			case "app-*.log":
				file = "app-1.log"
			}
			f := startFollow(t, dir, nil, name)
			f.wantNote("waiting for it")
			f.do(os.MkdirAll(filepath.Dir(f.path(file)), 0o755))
			f.write(file, "X\n")
			if got := f.next(f.out); !strings.HasSuffix(got, "X") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestIsPath(t *testing.T) {
	t.Chdir(t.TempDir())
	readertest.Must(t, os.Mkdir("a dir", 0o755))
	for s, want := range map[string]bool{
		"my app.log": true, "logs dir/app.log": true, "/a b/c": true, "./a b": true, "a dir/x": true, "server.INFO": true, "access_log": true, "audit log": false, "GET /x/y": false,
		"app.log": true, "/var/log": true, "logs/": true, "*.log": true, "app.log.2.gz": true, "app.log-20261121": true, "x.1": true, "/var/log/": true, "a?": true,
		"timeout": false, "timeout reset": false, `"a/b c"`: false, "/err+or/": false, "/error/i": false, `/status=5\d\d/`: false, "=word": false, "-a": false,
		"file:*.gz": false, "(a OR b)": false, "GET /x": false, "Error": false, "10.0.0.1": false, "12:30:01.5": false, "messages.1": true,
	} {
		if got := isPath(s); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
}

// TestFollowNamed tests that the last lines of each named file are printed
// first, followed by the lines written before and after a rename, even if the
// rename is the first event.
func TestFollowNamed(t *testing.T) {
	dir := t.TempDir()
	f := &following{T: t, dir: dir}
	f.write("a.log", "old\n")
	f = startFollow(t, dir, nil, "a.log")
	f.want("old")
	f.write("a.log", "x0\nx1\n")
	f.do(os.Rename(f.path("a.log"), f.path("a.log.1")))
	f.write("a.log.1", "x2\n")
	f.write("a.log", "new\n")
	f.want("x0", "x1", "x2", "new")
	f.write("a.log.1", "late\n")
	f.want("late")
	// Moved to a name that is not followed.
	f.do(os.Rename(f.path("a.log"), f.path("elsewhere")))
	f.write("elsewhere", "goes on\n")
	f.want("goes on")

	f = &following{T: t, dir: t.TempDir()}
	f.write("f1", "1\n2\n")
	f.write("f2", "3\n4\n")
	f = startFollow(t, f.dir, nil, "-n", "1", "f1", "f2")
	f.want("f1:2", "f2:4")
}

// TestFollowReplaced replaces a log by a longer copy of itself, as sed -i and
// rsync do.
func TestFollowReplaced(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	f.write("a.log", "1\n2\n3\n")
	f = startFollow(t, f.dir, nil, "a.log")
	f.want("1", "2", "3")
	f.write("tmp", "1\n2\n3\n4\n")
	f.do(os.Rename(f.path("tmp"), f.path("a.log")))
	f.want("4")
	f.write("a.log", "5\n")
	f.want("5")
}

// TestFollowPartialCut tests a line that is printed before it is complete, in a
// file that is then truncated and written again.
func TestFollowPartialCut(t *testing.T) {
	for name, c := range map[string]struct {
		before, partial string
		size            int64 // size to which it is truncated
		after           string
		want            []string
	}{
		"shorter":   {"", "partial line one", 0, "X\nnew\n", []string{"X", "new"}},
		"longer":    {"", "short", 0, "hello world\nsecond\n", []string{"hello world", "second"}},
		"to a line": {"line1\n", "progress 10 percent", 6, "done\nnext\n", []string{"done", "next"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &following{T: t, dir: t.TempDir()}
			f.write("a.log", c.before)
			f = startFollow(t, f.dir, nil, ".")
			f.begun()
			f.write("a.log", c.partial)
			f.want("a.log:" + c.partial)
			f.do(os.Truncate(f.path("a.log"), c.size))
			f.write("a.log", c.after)
			for _, w := range c.want {
				f.want("a.log:" + w)
			}
			f.wantNote("was cut off")
			f.write("a.log", "more\n")
			f.want("a.log:more")
		})
	}
}

// TestFollowHeader tests daily files that begin with the same header.
func TestFollowHeader(t *testing.T) {
	for _, size := range []int{70, 1100, 70_000} {
		header := "#" + strings.Repeat("h", size)
		f := &following{T: t, dir: t.TempDir()}
		f.write("app-2026-11-25.log", header+"\nday 25\n")
		f = startFollow(t, f.dir, nil, ".")
		f.begun()
		f.write("app-2026-11-26.log", header+"\n")
		f.want("app.log:" + header)
		f.write("app-2026-11-26.log", "day 26\n")
		f.want("app.log:day 26")
	}
}

// TestFollowNuls tests that files that are not text are skipped with a note,
// while files with some NULs are text.
func TestFollowNuls(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	f.write("a.log", "start\nbad \x00 frame\n")
	f.write("lastlog", "\x00")
	f.do(os.Truncate(f.path("lastlog"), 200<<20))
	w, err := os.OpenFile(f.path("lastlog"), os.O_WRONLY, 0)
	f.do(err)
	_, err = w.WriteAt([]byte("\x10pts"), 292000)
	f.do(err)
	f.do(w.Close())
	f = startFollow(t, f.dir, nil, ".")
	f.wantNote("lastlog")
	f.begun()
	f.write("a.log", "new \x00 line\n")
	f.want("a.log:new \x00 line")

	// A preallocated log is written from the beginning of its NULs.
	f.write("p.log", "one\n")
	f.want("p.log:one")
	f.do(os.Truncate(f.path("p.log"), 300<<20))
	w, err = os.OpenFile(f.path("p.log"), os.O_WRONLY, 0)
	f.do(err)
	defer w.Close()
	_, err = w.WriteAt([]byte("two\n"), 4)
	f.do(err)
	f.want("p.log:two")
	// Its writer continues at its old position although the file was
	// truncated.
	f.do(w.Truncate(0))
	_, err = w.WriteAt([]byte("three\n"), 100<<20)
	f.do(err)
	f.want("p.log:[105 MB of NULs]three")
}

// TestFollowLatin1 tests that a log in latin-1 is decoded even if its first
// letter outside ASCII appears late.
func TestFollowLatin1(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	f.write("a.log", "")
	f = startFollow(t, f.dir, nil, "-e", "café", "-e", "/^[0-9]+$/", "-e", "end", ".")
	f.begun()
	f.write("a.log", "first line\n")
	f.write("a.log", "caf\xe9 line\n")
	f.want("a.log:café line")
}

// TestFollowFilter tests that -g, -d and --hidden select the files in
// directories, also after rotation.
func TestFollowFilter(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	f.do(os.MkdirAll(f.path("sub/deep"), 0o755))
	f = startFollow(t, f.dir, nil, "-g", "*.log", "-g", "!no*", "-d", "2", "--hidden", ".")
	f.begun()
	for _, name := range []string{"no.log", "a.txt", "sub/deep/b.log"} {
		f.write(name, "left out\n")
	}
	f.write("sub/.a.log", "one\n")
	f.want("sub/.a.log:one")
	f.do(os.Rename(f.path("sub/.a.log"), f.path("sub/.a.log.1")))
	f.write("sub/.a.log.1", "two\n")
	f.want("sub/.a.log:two")
	f.write("sub/.a.log", "three\n")
	f.want("sub/.a.log:three")
}

// TestFollowPipes tests named pipes, open descriptors, and a file that standard
// input is redirected from.
func TestFollowPipes(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	if err := exec.Command("mkfifo", f.path("p.log")).Run(); err != nil {
		t.Skip(err)
	}
	f.write("a.log", "file\n")
	f = startFollow(t, f.dir, nil, "p.log", "a.log")
	f.want("a.log:file")
	f.write("p.log", "one\n")
	f.want("p.log:one")
	f.write("p.log", "two\n") // from another writer
	f.want("p.log:two")
	f.write("a.log", "three\n")
	f.want("a.log:three")

	// Replace a file by a pipe.
	f.do(os.Remove(f.path("a.log")))
	f.do(exec.Command("mkfifo", f.path("a.log")).Run())
	f.write("a.log", "four\n")
	f.want("a.log:four")

	r, w, err := os.Pipe()
	f.do(err)
	defer r.Close()
	f = startFollow(t, f.dir, func(c *exec.Cmd) { c.ExtraFiles = []*os.File{r} }, "/dev/fd/3")
	_, err = w.WriteString("one\n")
	f.do(err)
	f.want("one")
	w.Close()
	f.wantEnd(0)

	f.write("in", strings.Repeat("before\n", 20)+"line\n")
	in, err := os.Open(f.path("in"))
	f.do(err)
	defer in.Close()
	f = startFollow(t, f.dir, func(c *exec.Cmd) { c.Stdin = in }, "-n", "1", "-")
	f.want("line")
	f.write("in", "more\n")
	f.want("more")
	f.do(os.Truncate(f.path("in"), 0))
	f.wantNote("was cut off")
	f.write("in", "again\n")
	f.want("again")
}

// TestFollowMax tests that the command ends after -m matching lines and the
// context after the last one.
func TestFollowMax(t *testing.T) {
	f := &following{T: t, dir: t.TempDir()}
	f.write("a.log", "no\n")
	f.write("b.log", "no\n")
	f = startFollow(t, f.dir, nil, "-m", "3", "-A", "1", "-n", "0", "-e", "yes", "a.log", "b.log")
	f.write("a.log", "")
	for i := 0; len(f.out) == 0; i++ { // until it has started
		f.write("a.log", "yes\n")
		(&torture{T: t}).waitALittle()
	}
	f.want("a.log:yes")
	for i := 0; ; i++ {
		f.write("b.log", "yes\nafter\n")
		if err := f.cmd.Process.Signal(syscall.Signal(0)); err != nil || i > 1000 {
			break
		}
		done := false
		select {
		case _, open := <-f.out:
			done = !open
		case <-time.After(10 * time.Millisecond):
		}
		if done {
			break
		}
	}
	_ = f.cmd.Wait()
	if code := f.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, f.next(f.notes))
	}
}

// TestNamedPipe tests that a named pipe is listed without being opened, and
// opened only once for a search: a second reader would take some of the text.
func TestNamedPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.log")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Skip(err)
	}
	if out, err := logview(t.Context(), t, dir, "ls", "p.log").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, args := range [][]string{{"search", "-c", "needle", "p.log"}, {"cat", "p.log"}} {
		cmd := logview(t.Context(), t, dir, args...)
		done := make(chan []byte)
		go func() {
			out, _ := cmd.CombinedOutput()
			done <- out
		}()
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteString("a needle\n"); err != nil {
			t.Error(err)
		}
		w.Close()
		select {
		case out := <-done:
			if s := string(out); s != "1\n" && s != "a needle\n" {
				t.Errorf("%v: %q", args, s)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%v does not end", args)
		}
	}
}
