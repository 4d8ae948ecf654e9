package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary act as the parent of measured programs, as
// bench does itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == spawnArg {
		os.Exit(spawn(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func ms(list ...int) []time.Duration {
	var d []time.Duration
	for _, n := range list {
		d = append(d, time.Duration(n)*time.Millisecond)
	}
	return d
}

func TestRatios(t *testing.T) {
	for _, c := range []struct {
		a, b     []time.Duration
		min, mid float64
	}{
		{ms(10), ms(20), 0.5, 0.5},
		{ms(30, 10, 20), ms(40, 100, 40), 0.25, 0.5},
		{ms(10, 20, 30, 40), ms(10, 10), 1, 2.5},
		{ms(300), ms(100, 100, 200), 3, 3},
	} {
		if low, mid := ratios(c.a, c.b); low != c.min || mid != c.mid {
			t.Errorf("%v by %v: %g, %g, want %g, %g", c.a, c.b, low, mid, c.min, c.mid)
		}
	}
	times := ms(3, 1, 2)
	if middle(times); times[0] != 3*time.Millisecond {
		t.Error("the median sorted its argument")
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		low, mid, target float64
		want             string
	}{
		{0.5, 0.6, 0.75, "yes"},
		{0.75, 0.75, 0.75, "yes"},
		{0.7, 0.8, 0.75, "yes, but not by the medians"},
		{0.8, 0.7, 0.75, "no, but by the medians"},
		{0.751, 0.9, 0.75, "**no**"},
	} {
		if got := verdict(c.low, c.mid, c.target); got != c.want {
			t.Errorf("%g and %g of %g: %q, want %q", c.low, c.mid, c.target, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	tab := table{head: []string{"Task", "≤"}}
	tab.add("a|b", "1")
	tab.add("", "22")
	want := `| Task | ≤  |
|------|----|
| a\|b | 1  |
|      | 22 |
`
	if got := tab.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		seconds(1500 * time.Microsecond):  "1.5 ms",
		seconds(99 * time.Millisecond):    "99.0 ms",
		seconds(361 * time.Millisecond):   "0.36 s",
		seconds(12340 * time.Millisecond): "12.3 s",
		ratioText(0.00123):                "0.0012",
		ratioText(0.745):                  "0.74",
		megabytes(0):                      "",
		megabytes(2_260_000):              "2.3 MB",
		megabytes(inMemory):               "128 MB",
		percent(1, 8):                     "12.5 %",
		percent(1, 0):                     "",
		sizeArg(4 << 30):                  "4GiB",
		sizeArg(64 << 20):                 "64MiB",
		sizeArg(1000):                     "1000",
		shellWords([]string{"-E", "a|b", "DIR/*", "it's"}): `-E 'a|b' DIR/* 'it'\''s'`,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFlags(t *testing.T) {
	var errs bytes.Buffer
	o, err := parseFlags([]string{"-quick"}, &errs)
	if err != nil || o.size != 64<<20 || o.runs != 1 {
		t.Errorf("-quick: %+v, %v", o, err)
	}
	o, err = parseFlags([]string{"-size", "4GiB", "-only", "memory,search"}, &errs)
	if err != nil || !o.memory || o.runs != 1 || !slices.Equal(o.words, []string{"search"}) {
		t.Errorf("-only memory,search: %+v, %v", o, err)
	}
	if want := "go run ./cmd/bench -size 4GiB -runs 1 -only memory,search"; err == nil && o.command != want {
		t.Errorf("command %q, want %q", o.command, want)
	}
	if o, err := parseFlags([]string{"-scale", "1GiB,16GiB", "-runs", "3"}, &errs); err != nil || !slices.Equal(o.scale, []int64{1 << 30, 16 << 30}) || o.command != "go run ./cmd/bench -scale 1GiB,16GiB -runs 3" {
		t.Errorf("-scale: %+v, %v", o, err)
	}
	if list := rowsOf(manyFiles, o); len(list) != 0 {
		t.Errorf("-only search keeps %d rows of the many files", len(list))
	}
	for _, args := range [][]string{{"-only", "sleeping"}, {"-size", "much"}, {"-size", "1k"}, {"-runs", "0"}, {"-scale", "1GiB,much"}, {"-scale", "1"}, {"DIR"}} {
		if _, err := parseFlags(args, &errs); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.id] {
			t.Errorf("two rows are called %s", r.id)
		}
		seen[r.id] = true
		for _, p := range r.in {
			if !slices.Contains(places, p) {
				t.Errorf("row %s: no place %q", r.id, p)
			}
		}
		for _, v := range r.rivals {
			if (v.shell == "") == (v.args == nil) {
				t.Errorf("row %s, %s: either arguments or a line for the shell", r.id, v.tool)
			}
		}
	}
}

// TestProblems tests that the report tells if a rival prints other lines than
// logview, fails, or prints a different number of lines in different runs.
func TestProblems(t *testing.T) {
	c := &corpus{name: "gen", about: "some text", Text: 1, Files: 1}
	res := &result{row: &row{name: "a text", args: []string{"search", "x", "DIR"}}, corpus: c}
	run := taken{Wall: time.Second, Peak: 1e6, Lines: 3}
	res.logview.add(run, 0)
	res.rivals = []rivalResult{
		{rival{counts: "messages"}, measurement{tool: "other"}},
		{rival{}, measurement{tool: "fewer"}},
		{rival{}, measurement{tool: "broken"}},
		{rival{}, measurement{tool: "fickle"}},
	}
	for i := range res.rivals {
		res.rivals[i].add(run, 0)
	}
	if p := res.problems(); len(p) != 0 {
		t.Fatalf("problems out of nowhere: %q", p)
	}
	res.rivals[0].lines = 2
	res.rivals[1].lines = 2
	res.rivals[2].add(taken{Code: 2, Lines: 3, Errors: "no such flag"}, 0)
	res.rivals[3].add(taken{Lines: 4}, 0)
	res.rivals[3].add(taken{Lines: 3}, 0)
	want := []string{
		"gen, a text: DISAGREEMENT: logview printed 3 lines, fewer 2",
		"gen, a text: broken failed: no such flag",
		"gen, a text: fickle printed 3 lines once and 4 another time",
	}
	if got := res.problems(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	rep := &report{opts: &options{runs: 7}, corpora: []*corpus{c}, results: []*result{res}}
	if text := rep.markdown(); !strings.Contains(text, "- **"+want[0]+"**\n") {
		t.Errorf("the report does not say so:\n%s", text)
	}
}

// TestPeakIsTheProgramsOwn tests that the memory of the harness is not measured
// as that of a small program.
func TestPeakIsTheProgramsOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("peak memory is measured on Linux only")
	}
	ballast := make([]byte, 64<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	h, err := newHarness(&workshop{opts: &options{work: t.TempDir()}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	peak, err := h.floor(context.Background())
	if err != nil || peak == 0 || peak > 32<<20 {
		t.Errorf("a program that does nothing took %d bytes, %v", peak, err)
	}
	runtime.KeepAlive(ballast)

	for code, failed := range map[string]bool{"exit 1": false, "echo why >&2; exit 3": true, "kill -9 $$": true} {
		var m measurement
		got, err := h.fresh(context.Background(), []string{"sh", "-c", "echo a; echo b;" + code})
		if err != nil {
			t.Fatal(err)
		}
		m.add(got, 0)
		if m.lines != 2 || (m.failure != "") != failed {
			t.Errorf("%s: %d lines, %q", code, m.lines, m.failure)
		}
	}
}

// TestHalfFilledStore tests that a store that could not be filled invalidates
// only its rows of the report, and that the report contains no directory of
// this machine.
func TestHalfFilledStore(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a shell script to be a program")
	}
	work := t.TempDir()
	bin := filepath.Join(work, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	fake := "#!/bin/sh\n[ $1 = index ] && echo \"$2 in $4: given up\" >&2 && exit 2\necho hit\n"
	if err := os.WriteFile(filepath.Join(bin, "logview"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &corpus{name: "gen", dir: t.TempDir(), about: "text"}
	h, err := newHarness(&workshop{opts: &options{work: work}, made: map[string]*corpus{"gen": c}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	r := &row{name: "stored", args: []string{"search", "x", "DIR"}, filled: true}
	res, err := h.row(context.Background(), r, c)
	if err != nil {
		t.Fatal(err)
	}
	want := "gen, stored: logview measured with an index that logview index failed to build: DIR in HOME/cache: given up"
	if p := res.problems(); len(p) != 1 || p[0] != want {
		t.Errorf("got %q, want %q", p, want)
	}
}

func TestTail(t *testing.T) {
	var end tail
	for range 100 {
		if _, err := end.Write([]byte("some/long/path and\n")); err != nil {
			t.Fatal(err)
		}
	}
	if s := end.String(); !strings.HasPrefix(s, "… ") || !strings.HasSuffix(s, "some/long/path and") || len(s) > 1010 {
		t.Errorf("%q", s)
	}
}

func TestCutLines(t *testing.T) {
	for _, c := range []struct {
		text       string
		n          int
		head, rest string
	}{
		{"one\ntwo\nthree\n", 9, "one\ntwo\n", "three\n"},
		{"a long line\nnext\n", 4, "a long line\n", "next\n"},
		{"no end", 3, "no end", ""},
		{"", 3, "", ""},
	} {
		head, rest := cutLines([]byte(c.text), c.n)
		if string(head) != c.head || string(rest) != c.rest {
			t.Errorf("%q at %d: %q, %q", c.text, c.n, head, rest)
		}
	}
}

// TestSmoke measures everything once on a tiny corpus, and then again: the
// second time, nothing is made anew.
func TestSmoke(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for _, tool := range []string{"rg", "ugrep", "zgrep", "zcat"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "report.md")
	args := []string{"-quick", "-size", "2MiB", "-work", filepath.Join(dir, "work"), "-o", file, "-only", "gen,files,gzip,line"}
	for _, again := range []bool{false, true} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, &out, &errs); code != 0 {
			t.Fatalf("exit code %d: %s\n%s", code, &errs, &out)
		}
		if made := strings.Contains(out.String(), "making the corpus"); made == again {
			t.Errorf("again %t, corpora made %t:\n%s", again, made, &out)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"## Corpus gen", "## Corpus files", "## Corpus gzip", "## Corpus line", "## Building the index",
		"≤ 0.75 × ugrep", "≤ 0.50 s", "logview search -F zebrafish DIR --cache-dir CACHE\n", "zgrep -i -F zebrafish DIR/*\n"} {
		if !strings.Contains(string(b), part) {
			t.Errorf("the report lacks %q", part)
		}
	}
	if strings.Contains(string(b), dir) {
		t.Error("the report names a directory of this machine")
	}
	left, err := filepath.Glob(filepath.Join(dir, "work", "run-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
