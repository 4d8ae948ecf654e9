package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// liveWord selects the measurements of programs that run continuously in -only.
const liveWord = "live"

// A liveRow is a row of the report's table of programs that run continuously.
type liveRow struct {
	name, got, target string
	reached           bool
}

func (r liveRow) String() string {
	return fmt.Sprintf("  %-60s %-40s %s\n", r.name, r.got, r.target)
}

// live measures following and watching: latency, throughput, and the resources
// used while nothing is written.
func (h *harness) live(ctx context.Context, gen, many *corpus) ([]liveRow, error) {
	var rows []liveRow
	for _, f := range []func(context.Context, *corpus) (liveRow, error){h.latency, h.throughput, h.catchUp} {
		r, err := f(ctx, gen)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	for _, args := range [][]string{{"follow"}, {"index", "--watch", "--quiet"}} {
		r, err := h.idle(ctx, many, args)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// start starts logview. The returned function stops it.
func (h *harness) start(ctx context.Context, env string, args ...string) (*exec.Cmd, io.Reader, func(), error) {
	home, err := h.newHome()
	if err != nil {
		return nil, nil, nil, err
	}
	cmd := exec.CommandContext(ctx, h.w.program("logview"), append(args, "--cache-dir", filepath.Join(home, "cache"))...)
	cmd.Env = environment(home)
	if env != "" {
		cmd.Env = append(cmd.Env, env)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, nil, err
	}
	return cmd, out, func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		os.RemoveAll(home)
	}, nil
}

// following starts logview follow on a new file at path and waits until lines
// written to it are printed. It returns the output from then on and a function
// that stops the program.
func (h *harness) following(ctx context.Context, env, path string, query ...string) (*bufio.Scanner, func(), error) {
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return nil, nil, err
	}
	_, out, stop, err := h.start(ctx, env, append(append([]string{"follow", "-I"}, query...), path)...)
	if err != nil {
		return nil, nil, err
	}
	lines := bufio.NewScanner(out)
	said := make(chan bool, 1)
	go func() { said <- lines.Scan() }()
	for {
		if err := appendTo(path, []byte("rare beginning\n")); err != nil {
			return nil, nil, err
		}
		select {
		case ok := <-said:
			if !ok {
				return nil, nil, errors.New("follow ended")
			}
			return lines, stop, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func appendTo(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// latency measures the time from writing a line to reading it from follow.
func (h *harness) latency(ctx context.Context, _ *corpus) (liveRow, error) {
	const n = 500
	path := filepath.Join(h.scratch, "latency.log")
	lines, stop, err := h.following(ctx, "", path)
	if err != nil {
		return liveRow{}, err
	}
	defer stop()
	written := make([]time.Time, n)
	read := make(chan time.Time, n)
	go func() {
		for seen := 0; seen < n && lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "line ") {
				read <- time.Now()
				seen++
			}
		}
		close(read)
	}()
	for i := range written {
		written[i] = time.Now()
		if err := appendTo(path, fmt.Appendf(nil, "line %d\n", i)); err != nil {
			return liveRow{}, err
		}
		time.Sleep(7 * time.Millisecond)
	}
	var took []time.Duration
	for t := range read {
		took = append(took, t.Sub(written[len(took)]))
		if len(took) == n {
			break
		}
	}
	slices.Sort(took)
	median, p99 := took[len(took)/2], took[len(took)*99/100]
	return liveRow{
		name:   "from writing a line to its being printed",
		got:    fmt.Sprintf("median %s, p99 %s", millis(median), millis(p99)),
		target: "≤ 20 ms, ≤ 100 ms", reached: median <= 20*time.Millisecond && p99 <= 100*time.Millisecond,
	}, nil
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

// throughput measures how fast one growing file is followed on one core.
func (h *harness) throughput(ctx context.Context, _ *corpus) (liveRow, error) {
	const count, block = 4_000_000, 10_000
	path := filepath.Join(h.scratch, "throughput.log")
	lines, stop, err := h.following(ctx, "GOMAXPROCS=1", path, "rare")
	if err != nil {
		return liveRow{}, err
	}
	defer os.Remove(path)
	defer stop()
	var b bytes.Buffer
	for i := range block {
		fmt.Fprintf(&b, "2026-11-21T08:00:00.000Z INFO worker-%d handled request %08d of somebody in %d ms\n", i%16, i, i%977)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return liveRow{}, err
	}
	defer f.Close()
	begun := time.Now()
	for range count / block {
		if _, err := f.Write(b.Bytes()); err != nil {
			return liveRow{}, err
		}
	}
	if _, err := f.WriteString("a rare end\n"); err != nil {
		return liveRow{}, err
	}
	for lines.Scan() {
		if lines.Text() == "a rare end" {
			rate := float64(count) / time.Since(begun).Seconds()
			return liveRow{
				name: "lines a second from a growing file through follow rare, one core",
				got:  humanize.Comma(int64(rate)), target: "≥ 500,000", reached: rate >= 500_000,
			}, nil
		}
	}
	return liveRow{}, errors.New("follow ended")
}

// catchUp measures how fast an index is updated with new text of a log,
// relative to building an index of the same text.
func (h *harness) catchUp(ctx context.Context, gen *corpus) (liveRow, error) {
	const known = 64 << 20
	dir := filepath.Join(h.scratch, "catchup")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return liveRow{}, err
	}
	defer os.RemoveAll(dir)
	home, err := h.newHome()
	if err != nil {
		return liveRow{}, err
	}
	log := filepath.Join(dir, "app.log")
	f, err := os.Create(log)
	if err != nil {
		return liveRow{}, err
	}
	defer f.Close()
	if err := h.run(ctx, f, home, "cat", gen.dir); err != nil {
		return liveRow{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return liveRow{}, err
	}
	// The end of the text is removed, and written again once the rest is
	// indexed.
	rest, err := os.Create(filepath.Join(h.scratch, "rest"))
	if err != nil {
		return liveRow{}, err
	}
	defer os.Remove(rest.Name())
	defer rest.Close()
	size := min(info.Size()-known, 1<<30)
	move := func(to *os.File, from *os.File, at int64) error {
		_, err := io.Copy(to, io.NewSectionReader(from, at, size))
		return err
	}
	if err := move(rest, f, known); err != nil {
		return liveRow{}, err
	}
	if err := f.Truncate(known); err != nil {
		return liveRow{}, err
	}
	if _, err := h.index(ctx, home, dir); err != nil {
		return liveRow{}, err
	}
	if _, err := f.Seek(known, io.SeekStart); err != nil {
		return liveRow{}, err
	}
	if err := move(f, rest, 0); err != nil {
		return liveRow{}, err
	}
	caught, err := h.index(ctx, home, dir)
	if err != nil {
		return liveRow{}, err
	}
	if home, err = h.newHome(); err != nil {
		return liveRow{}, err
	}
	built, err := h.index(ctx, home, dir)
	if err != nil {
		return liveRow{}, err
	}
	rate := func(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }
	ratio := rate(size, caught) / rate(known+size, built)
	return liveRow{
		name: fmt.Sprintf("indexing %s that a log has grown by, beside building", humanize.IBytes(uint64(size))),
		got:  fmt.Sprintf("%s/s, %.2f of building", megabytes(int64(rate(size, caught))), ratio),
		// Both are measured once, on a machine that does other work as
		// well.
		target: "≥ 1, within 10 %", reached: ratio >= 0.9,
	}, nil
}

// run runs logview and writes its output to out. home is its home directory and
// contains its cache.
func (h *harness) run(ctx context.Context, out io.Writer, home string, args ...string) error {
	cmd := exec.CommandContext(ctx, h.w.program("logview"), append(args, "--cache-dir", filepath.Join(home, "cache"))...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(home), out, os.Stderr
	return cmd.Run()
}

// index indexes dir and returns the time that this took.
func (h *harness) index(ctx context.Context, home, dir string) (time.Duration, error) {
	begun := time.Now()
	err := h.run(ctx, io.Discard, home, "index", "-q", dir)
	return time.Since(begun), err
}

// idle measures the resources that a program uses while nothing is written.
func (h *harness) idle(ctx context.Context, many *corpus, args []string) (liveRow, error) {
	cmd, out, stop, err := h.start(ctx, "", append(args, many.dir)...)
	if err != nil {
		return liveRow{}, err
	}
	defer stop()
	go io.Copy(io.Discard, out)
	const settle, length = 25 * time.Second, 20 * time.Second
	time.Sleep(settle) // until existing text is read
	before, _, err := usage(cmd.Process.Pid)
	if err != nil {
		return liveRow{}, err
	}
	time.Sleep(length)
	after, peak, err := usage(cmd.Process.Pid)
	if err != nil {
		return liveRow{}, err
	}
	share := float64(after-before) / float64(length)
	return liveRow{
		name:   fmt.Sprintf("logview %s with %s idle files", strings.Join(args, " "), humanize.Comma(int64(many.Files))),
		got:    fmt.Sprintf("%.2f %% of a core, peak %s", 100*share, megabytes(peak)),
		target: "< 1 %, ≤ 100 MB", reached: share < 0.01 && peak <= 100*megabyte,
	}, nil
}

// usage returns the processor time and the peak memory, in bytes, of a running
// process. It works only on Linux.
func usage(pid int) (time.Duration, int64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, i := range []int{11, 12} { // utime and stime, in hundredths of a second
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, 0, err
		}
		ticks += n
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	peak := int64(0)
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
			peak = kb << 10
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond, peak, nil
}

// liveTable returns a section of the report with the given rows.
func liveTable(title string, rows []liveRow) string {
	if len(rows) == 0 {
		return ""
	}
	t := table{head: []string{"What", "Measured", "Target", "Reached"}}
	for _, l := range rows {
		reached := "**no**"
		if l.reached {
			reached = "yes"
		}
		t.add(l.name, l.got, l.target, reached)
	}
	return "## " + title + "\n\n" + t.String() + "\n"
}
