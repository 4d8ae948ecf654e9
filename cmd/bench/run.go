package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// spawnArg makes this program act as the parent of a measured one.
	spawnArg = "-spawn"
	// usedCPUs is the number of CPUs for each measured program.
	usedCPUs = 2
	// patience limits the time of a run, in case a program waits forever.
	patience = 20 * time.Minute
)

// taken describes one run of a program.
type taken struct {
	Wall   time.Duration
	Peak   int64 // peak memory in bytes; 0 if unknown
	Code   int   // exit code
	Signal string
	Lines  int64  `json:"-"`
	Errors string `json:"-"` // the end of standard error
}

// A measurement contains all runs of one program for one row.
type measurement struct {
	tool    string
	command string // with DIR and FILE as in the row
	times   []time.Duration
	peak    int64 // peak memory in bytes, the maximum of all runs
	lines   int64
	left    int64 // bytes that a run of logview added to its cache and home directory
	failure string
}

func (m *measurement) add(t taken, left int64) {
	if len(m.times) > 0 && t.Lines != m.lines && m.failure == "" {
		m.failure = fmt.Sprintf("printed %d lines once and %d another time", m.lines, t.Lines)
	}
	m.times = append(m.times, t.Wall)
	m.peak = max(m.peak, t.Peak)
	m.lines = t.Lines
	m.left = max(m.left, left)
	switch {
	case t.Signal != "":
		m.failure = "ended by signal: " + t.Signal
	case t.Code > 1: // searches exit with 1 if they find nothing
		m.failure = "failed"
	default:
		return
	}
	if t.Errors != "" {
		m.failure += ": " + t.Errors
	}
}

// A result contains the measurements of a row on a corpus.
type result struct {
	row     *row
	corpus  *corpus
	logview measurement
	rivals  []rivalResult

	// What building the index left: bytes of block stores, bytes of the
	// index, and the number of files with a block store. Small files have
	// none.
	store int64
	index int64
	kept  int
	// unfilled says that the store should have been filled but is empty.
	unfilled bool
}

type rivalResult struct {
	rival
	measurement
}

// A harness runs programs and measures them.
type harness struct {
	w       *workshop
	runs    int
	cpus    []int // nil means all
	self    string
	scratch string            // temporary directory; removed by close
	filled  map[string]string // home directory with the filled cache, by name of the corpus
	homes   int
	// cacheSize is the limit of logview's caches; empty for its default.
	cacheSize string
	// halfFilled says, by name of the corpus, why its filled cache is not
	// reliable.
	halfFilled map[string]string
}

func newHarness(w *workshop, runs int) (*harness, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp(w.opts.work, "run-")
	if err != nil {
		return nil, err
	}
	return &harness{w: w, runs: runs, cpus: pickCPUs(usedCPUs), self: self, scratch: scratch, filled: map[string]string{}, halfFilled: map[string]string{}}, nil
}

func (h *harness) close() { os.RemoveAll(h.scratch) }

// environment returns the environment of measured programs. It is small and the
// same for all, so that a user's settings for grep, rg or logview have no
// effect.
func environment(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"LC_ALL=C.UTF-8",
		"TERM=dumb",
	}
}

// runOnce runs a program and counts the lines of its output. The output is a pipe,
// not /dev/null: grep detects /dev/null and stops at the first match. The
// program can store files only in home.
func (h *harness) runOnce(ctx context.Context, home string, argv []string) (taken, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	path, err := findTool(argv[0])
	if err != nil {
		return taken{}, err
	}
	cpus := "all"
	if h.cpus != nil {
		cpus = strings.ReplaceAll(strings.Trim(fmt.Sprint(h.cpus), "[]"), " ", ",")
	}
	cmd := exec.CommandContext(ctx, h.self, append([]string{spawnArg, cpus, path}, argv[1:]...)...)
	cmd.Env = environment(home)
	var lines lineCounter
	var errs tail
	cmd.Stdout, cmd.Stderr = &lines, &errs
	result, end, err := os.Pipe()
	if err != nil {
		return taken{}, err
	}
	defer result.Close()
	cmd.ExtraFiles = []*os.File{end}
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run() // the encoded result fits into the pipe
	end.Close()
	if err != nil {
		return taken{}, fmt.Errorf("%s: %w: %s", argv[0], err, errs.String())
	}
	t := taken{Lines: int64(lines), Errors: h.nameless(errs.String(), home)}
	if err := json.NewDecoder(result).Decode(&t); err != nil {
		return taken{}, fmt.Errorf("%s: what it took: %w", argv[0], err)
	}
	return t, nil
}

// nameless replaces the directories of this machine in a program's message,
// which may appear in the report.
func (h *harness) nameless(said, home string) string {
	pairs := []string{home, "HOME"}
	for _, c := range h.w.made {
		pairs = append(pairs, c.dir, "DIR")
	}
	return strings.NewReplacer(append(pairs, h.w.opts.work, "WORK")...).Replace(said)
}

// fresh runs a program with an empty home directory and removes that
// afterwards, so that files left by a run do not help the next one.
func (h *harness) fresh(ctx context.Context, argv []string) (taken, error) {
	home, err := h.newHome()
	if err != nil {
		return taken{}, err
	}
	defer os.RemoveAll(home)
	return h.runOnce(ctx, home, argv)
}

func (h *harness) newHome() (string, error) {
	h.homes++
	dir := filepath.Join(h.scratch, "home-"+strconv.Itoa(h.homes))
	return dir, os.Mkdir(dir, 0o755)
}

// lineCounter counts the newlines written to it.
type lineCounter int64

func (c *lineCounter) Write(p []byte) (int, error) {
	*c += lineCounter(bytes.Count(p, []byte("\n")))
	return len(p), nil
}

// tail is a writer that keeps the end of its input, starting at a blank if the
// beginning was cut: part of a path would not be recognised as a path.
type tail struct {
	b   []byte
	cut bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - 1000; over > 0 {
		t.b = slices.Delete(t.b, 0, over)
		t.cut = true
	}
	return len(p), nil
}

func (t *tail) String() string {
	words := strings.Fields(strings.ToValidUTF8(string(t.b), "?"))
	if t.cut && len(words) > 0 {
		words[0] = "…"
	}
	return strings.Join(words, " ")
}

// floor returns the peak memory, in bytes, of a program that does nothing. It
// is the minimum that can be measured.
func (h *harness) floor(ctx context.Context) (int64, error) {
	t, err := h.fresh(ctx, []string{"true"})
	return t.Peak, err
}

// row measures a row. The programs take turns, so that other work of the
// machine affects all of them alike.
func (h *harness) row(ctx context.Context, r *row, c *corpus) (*result, error) {
	res := &result{row: r, corpus: c, logview: measurement{tool: "logview", command: r.command()}}
	for _, v := range r.rivals {
		if _, err := findTool(v.tool); err == nil && !h.w.opts.memory {
			res.rivals = append(res.rivals, rivalResult{v, measurement{tool: v.tool, command: v.commandLine()}})
		}
	}
	for round := range h.runs {
		if err := h.logview(ctx, res); err != nil {
			return nil, err
		}
		for i := range res.rivals {
			v := &res.rivals[i]
			if v.once && round > 0 {
				continue
			}
			argv, err := v.argv(c)
			if err != nil {
				return nil, err
			}
			t, err := h.fresh(ctx, argv)
			if err != nil {
				return nil, err
			}
			v.add(t, 0)
		}
	}
	return res, nil
}

// logview runs logview for a row, with a new home directory and cache or with
// those of the filled cache.
func (h *harness) logview(ctx context.Context, res *result) error {
	home, err := h.home(ctx, res.row, res.corpus)
	if err != nil {
		return err
	}
	if !res.row.filled {
		defer os.RemoveAll(home)
	}
	before, err := bytesIn(home)
	if err != nil {
		return err
	}
	res.unfilled = before == 0
	argv, err := h.logviewArgs(res.row.args, res.corpus, home)
	if err != nil {
		return err
	}
	t, err := h.runOnce(ctx, home, argv)
	if err != nil {
		return err
	}
	after, err := bytesIn(home)
	if err != nil {
		return err
	}
	if res.row.fills {
		before = after
		if res.kept, res.store, err = sizeOf(filepath.Join(home, "cache", "logview-blocks")); err != nil {
			return err
		}
		if _, res.index, err = sizeOf(filepath.Join(home, "cache", "logview-index")); err != nil {
			return err
		}
	}
	if t.Code == 1 && res.row.args[0] != "search" {
		t.Code = 2 // 1 is only normal for a search
	}
	res.logview.add(t, after-before)
	if why := h.halfFilled[res.corpus.name]; res.row.filled && why != "" && res.logview.failure == "" {
		res.logview.failure = why
	}
	return nil
}

func (h *harness) logviewArgs(args []string, c *corpus, home string) ([]string, error) {
	expanded, err := expand(args, c)
	if err != nil {
		return nil, err
	}
	argv := append([]string{h.w.program("logview")}, expanded...)
	argv = append(argv, "--cache-dir", filepath.Join(home, "cache"))
	if h.cacheSize != "" {
		argv = append(argv, "--cache-size", h.cacheSize)
	}
	return argv, nil
}

// home returns a new home directory or, if the row requires a filled cache, the
// one with the filled cache for the corpus, which it fills first if necessary.
func (h *harness) home(ctx context.Context, r *row, c *corpus) (string, error) {
	if dir := h.filled[c.name]; r.filled && dir != "" {
		return dir, nil
	}
	dir, err := h.newHome()
	if err != nil || !r.filled {
		return dir, err
	}
	argv, err := h.logviewArgs([]string{"index", "DIR"}, c, dir)
	if err != nil {
		return "", err
	}
	t, err := h.runOnce(ctx, dir, argv)
	if err != nil {
		return "", err
	}
	if t.Code != 0 {
		h.halfFilled[c.name] = "measured with an index that logview index failed to build: " + t.Errors
	}
	h.filled[c.name] = dir
	return dir, nil
}

// expand replaces DIR, DIR/* and FILE in arguments.
func expand(args []string, c *corpus) ([]string, error) {
	var list []string
	for _, a := range args {
		switch a {
		case "DIR":
			list = append(list, c.dir)
		case "DIR/*", "FILE":
			paths, err := filesIn(c.dir)
			if err != nil {
				return nil, err
			}
			if a == "FILE" && len(paths) != 1 {
				return nil, fmt.Errorf("corpus %s: not one file but %d", c.name, len(paths))
			}
			list = append(list, paths...)
		default:
			if strings.HasPrefix(a, "{") {
				if _, known := samples[a]; known {
					text, err := c.sample(a)
					if err != nil {
						return nil, err
					}
					a = text
				}
			}
			list = append(list, a)
		}
	}
	return list, nil
}

func (v *rival) argv(c *corpus) ([]string, error) {
	if v.shell == "" {
		args, err := expand(v.args, c)
		return append([]string{v.tool}, args...), err
	}
	file, err := expand([]string{"FILE"}, c)
	if err != nil {
		return nil, err
	}
	return []string{"sh", "-c", strings.ReplaceAll(v.shell, "FILE", `"$1"`), "sh", file[0]}, nil
}

// sizeOf returns the number of files below dir and their size in bytes. dir
// need not exist.
func sizeOf(dir string) (files int, bytes int64, err error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return 0, 0, nil
	}
	paths, err := filesIn(dir)
	if err != nil {
		return 0, 0, err
	}
	bytes, err = bytesIn(dir)
	return len(paths), bytes, err
}

// bytesIn returns the total size of the files below dir, in bytes.
func bytesIn(dir string) (int64, error) {
	paths, err := filesIn(dir)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		if err == nil {
			sum += st.Size()
		}
	}
	return sum, nil
}

// newest contains the names under which the newest versions of some tools are
// installed next to the system's; see findTool.
var newest = map[string]string{"ugrep": "ugrep-trixie", "rg": "rg15", "lnav": "lnav-trixie"}

// findTool returns the path of a tool: its newest version, if that is installed
// in the directory bin of $LV_TMP (by default lv in the directory for temporary
// files), or else the one in PATH.
func findTool(name string) (string, error) {
	if n := newest[name]; n != "" {
		dir := cmp.Or(os.Getenv("LV_TMP"), filepath.Join(os.TempDir(), "lv"))
		if path, err := exec.LookPath(filepath.Join(dir, "bin", n)); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(name)
}

// versionArgs contains arguments for tools that do not support --version.
var versionArgs = map[string]string{"lnav": "-V"}

// A version is the version that a rival prints; text is empty if the rival is
// not installed.
type version struct{ tool, text string }

func (h *harness) versions(ctx context.Context) []version {
	var list []version
	for _, t := range tools() {
		arg := versionArgs[t]
		if arg == "" {
			arg = "--version"
		}
		text := ""
		if path, missing := findTool(t); missing == nil {
			cmd := exec.CommandContext(ctx, path, arg)
			cmd.Env = environment(h.scratch)
			out, err := cmd.Output()
			text, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
			if err != nil || text == "" {
				text = "of unknown version"
			}
		}
		list = append(list, version{t, text})
	}
	return list
}
