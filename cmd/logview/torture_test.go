package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestTorture runs the distribution's logrotate, in each of its modes, on logs
// that are written at LOGVIEW_TORTURE lines a second, followed, indexed and
// searched, all by separate processes. Follow must print every line exactly
// once, and every search must find the lines written before it began.
//
// With copytruncate, lines written between copying and truncating are lost, as
// logrotate's manual says. The test determines these from the files; follow
// must not lose any line that is in the files.
func TestTorture(t *testing.T) {
	rotate, err := exec.LookPath("logrotate")
	if err != nil {
		rotate, err = exec.LookPath("/usr/sbin/logrotate")
	}
	if err != nil {
		t.Skip("no logrotate here")
	}
	rate, files, rounds := 5000, 10, 4
	if s := os.Getenv("LOGVIEW_TORTURE"); s != "" {
		if rate, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
		files, rounds = 50, 12
	} else if testing.Short() {
		t.Skip("the full tests do this")
	}
	for name, options := range map[string]string{
		"create":        "create\nnocompress",
		"compress":      "create\ncompress",
		"delaycompress": "create\ncompress\ndelaycompress",
		"dateext":       "create\ncompress\ndateext\ndateformat -%Y%m%d-%s", // a different name each second
		"copytruncate":  "copytruncate\ncompress\ndelaycompress",
	} {
		t.Run(name, func(t *testing.T) {
			tt := &torture{T: t, dir: filepath.Join(t.TempDir(), "logs"), cache: t.TempDir(), copies: strings.Contains(options, "copytruncate"), dates: name == "dateext"}
			tt.run(rotate, options, rate, files, rounds)
		})
	}
}

type torture struct {
	*testing.T
	dir, cache string
	copies     bool // logrotate copies and truncates
	dates      bool // names contain the time in seconds

	writers []*writer
}

// A writer writes numbered lines to a log. Like a daemon, it reopens the log
// when told to.
type writer struct {
	name    string
	path    string
	written atomic.Int64 // number of lines that are certainly in the file
	reopen  atomic.Bool
}

func (w *writer) line(n int64) string {
	return fmt.Sprintf("2026-11-21T08:00:00Z INFO %s request-%s-%07d handled, and some more text so that it is a line", w.name, w.name, n)
}

func (w *writer) run(t *testing.T, stop <-chan struct{}, every time.Duration, lines int) {
	open := func() *os.File {
		f, err := os.OpenFile(w.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Error(err)
		}
		return f
	}
	f := open()
	defer func() { f.Close() }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var buf bytes.Buffer
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if w.reopen.Load() {
			f.Close()
			f = open()
			w.reopen.Store(false)
		}
		buf.Reset()
		n := w.written.Load()
		for i := range int64(lines) {
			buf.WriteString(w.line(n + i + 1))
			buf.WriteByte('\n')
		}
		if _, err := f.Write(buf.Bytes()); err != nil {
			t.Error(err)
			return
		}
		w.written.Add(int64(lines))
	}
}

// logview returns a command that runs logview with the test's cache.
func (t *torture) logview(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], append(args, "--cache-dir", t.cache)...)
	cmd.Args[0] = "logview"
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

func (t *torture) run(rotate, options string, rate, files, rounds int) {
	if err := os.Mkdir(t.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "logrotate.conf")
	// After renaming, and before compressing, logrotate tells the writers
	// to reopen their files and waits until they have.
	marker := filepath.Join(t.TempDir(), "reopen")
	text := fmt.Sprintf("%s/*.log {\nrotate 1000\nmissingok\nsu root root\n%s\nsharedscripts\npostrotate\ntouch %s; while [ -e %s ]; do sleep 0.01; done\nendscript\n}\n",
		t.dir, options, marker, marker)
	if os.Geteuid() != 0 {
		text = strings.Replace(text, "su root root\n", "", 1)
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	// One log has a line before following begins. When it is printed,
	// following has begun.
	for i := range files {
		name := fmt.Sprintf("f%02d", i)
		t.writers = append(t.writers, &writer{name: name, path: filepath.Join(t.dir, name+".log")})
	}
	first := "the following has begun\n"
	for _, w := range t.writers {
		if err := os.WriteFile(w.path, []byte(first), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	follow := t.logview(ctx, "follow", "-I", "-n", "1", t.dir)
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	follow.Stderr = &errs
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	seen := make(chan map[string]int)
	var got atomic.Int64
	go func() {
		counts := map[string]int{}
		r := bufio.NewReaderSize(out, 1<<20)
		begun := 0
		for {
			s, err := r.ReadString('\n')
			if s == first {
				if begun++; begun == files {
					close(began)
				}
			} else if s != "" {
				counts[strings.TrimSuffix(s, "\n")]++
				got.Add(1)
			}
			if err != nil {
				break
			}
		}
		seen <- counts
	}()
	select {
	case <-began:
	case <-time.After(20 * time.Second):
		t.Fatal("following does not begin: ", errs.String())
	}
	watch := t.logview(ctx, "index", "--watch", "-q", t.dir)
	watch.Stderr = os.Stderr
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}

	stop := make(chan struct{})
	var working sync.WaitGroup
	const every = 20 * time.Millisecond
	lines := max(1, rate*int(every)/int(time.Second)/files)
	for _, w := range t.writers {
		working.Go(func() { w.run(t.T, stop, every, lines) })
	}
	searching := make(chan struct{})
	var searchers sync.WaitGroup
	for i := range 2 {
		searchers.Go(func() { t.search(searching, uint64(i)) })
	}

	state := filepath.Join(t.TempDir(), "state")
	for range rounds {
		rotated := make(chan error, 1)
		go func() {
			b, err := exec.Command(rotate, "-f", "-s", state, config).CombinedOutput()
			if err != nil {
				err = fmt.Errorf("logrotate: %w: %s", err, b)
			}
			rotated <- err
		}()
		for done := false; !done; {
			select {
			case err := <-rotated:
				if err != nil {
					t.Error(err)
				}
				done = true
			case <-time.After(5 * time.Millisecond):
				if _, err := os.Stat(marker); err == nil {
					t.reopen()
					os.Remove(marker)
				}
			}
		}
		t.waitFor(int64(lines * 25))
		// The clock used for names may lag behind ours by a tick.
		for next := time.Now().Truncate(time.Second).Add(time.Second + 50*time.Millisecond); t.dates && time.Now().Before(next); {
			t.waitALittle()
		}
	}
	close(searching)
	searchers.Wait()
	close(stop)
	working.Wait()

	// Compare the lines on disk with those that were printed.
	want := map[string]int{}
	total := int64(0)
	for _, w := range t.writers {
		total += w.written.Load()
	}
	onDisk := t.onDisk()
	lost := 0
	for _, w := range t.writers {
		for n := range w.written.Load() {
			l := w.line(n + 1)
			want[l] = 1
			if onDisk[l] == 0 {
				lost++
			}
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for got.Load() < total-int64(lost) && time.Now().Before(deadline) {
		t.waitALittle()
	}
	follow.Process.Signal(os.Interrupt)
	counts := <-seen
	_ = follow.Wait()
	watch.Process.Signal(os.Interrupt)
	if err := watch.Wait(); err != nil {
		t.Errorf("index --watch: %v", err)
	}
	missing, twice := 0, 0
	for l := range want {
		switch n := counts[l]; {
		case n == 0 && onDisk[l] > 0:
			if missing++; missing <= 3 {
				t.Errorf("missing: %s", l)
			}
		case n > 1:
			if twice++; twice <= 3 {
				t.Errorf("%d times: %s", n, l)
			}
		}
	}
	for l := range counts {
		if want[l] == 0 && onDisk[l] == 0 { // perhaps it was copied while being written
			t.Errorf("made up: %q", l)
			break
		}
	}
	if lost > 0 && !t.copies {
		t.Errorf("%d lines are not in the files: the test is wrong", lost)
	}
	t.Logf("%d lines written, %d lost by the rotation itself, %d by follow, %d twice", total, lost, missing, twice)
	if t.Failed() {
		t.Log(errs.String())
	}
}

// reopen makes all writers reopen their files, and waits until they have.
func (t *torture) reopen() {
	for _, w := range t.writers {
		w.reopen.Store(true)
	}
	for _, w := range t.writers {
		for w.reopen.Load() && !t.Failed() {
			t.waitALittle()
		}
	}
}

// waitFor waits until each writer has written the given number of further
// lines.
func (t *torture) waitFor(lines int64) {
	until := map[*writer]int64{}
	for _, w := range t.writers {
		until[w] = w.written.Load() + lines
	}
	for _, w := range t.writers {
		for w.written.Load() < until[w] && !t.Failed() {
			t.waitALittle()
		}
	}
}

func (t *torture) waitALittle() {
	<-time.After(5 * time.Millisecond)
}

// onDisk returns the lines in all files, with the number of times that each
// occurs.
func (t *torture) onDisk() map[string]int {
	out, err := t.logview(t.Context(), "cat", t.dir).Output()
	if err != nil {
		t.Errorf("cat: %v", err)
	}
	lines := map[string]int{}
	for l := range strings.SplitSeq(string(out), "\n") {
		lines[l]++
	}
	return lines
}

// search repeatedly searches for a line that was already written, until stop is
// closed.
func (t *torture) search(stop <-chan struct{}, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 99))
	asked := 0
	for {
		select {
		case <-stop:
			t.Logf("%d searches", asked)
			return
		default:
		}
		w := t.writers[r.IntN(len(t.writers))]
		n := w.written.Load()
		if n == 0 {
			t.waitALittle()
			continue
		}
		l := w.line(1 + r.Int64N(n))
		var errs bytes.Buffer
		cmd := t.logview(t.Context(), "search", "--stats", "-H", "-F", l, t.dir)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		asked++
		if !strings.HasSuffix(string(out), l+"\n") && !(t.copies && len(out) == 0) {
			ls, _ := exec.Command("sh", "-c", "ls -la --time-style=full-iso "+t.dir+" | grep "+w.name).CombinedOutput()
			t.Logf("%s", ls)
			t.Errorf("search for line %q of %d: %q, %v, %s", l, n, out, err, errs.String())
			io.WriteString(os.Stderr, errs.String())
			return
		}
	}
}
