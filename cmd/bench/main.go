// Command bench compares logview with the programs that people use to search
// logs today, and writes the results to BENCHMARKS.md.
//
//	go run ./cmd/bench                            everything, 1 GiB of text a corpus
//	go run ./cmd/bench -quick -o /tmp/quick.md    a smoke test, a minute at most
//	go run ./cmd/bench -size 4GiB -only memory -o /tmp/memory.md
//	go run ./cmd/bench -only search,ls            only these groups, rows or corpora
//
// It builds logview and loggen, makes corpora, which it keeps for later runs,
// and runs the programs in turn, as separate processes. Rivals that are not
// installed are skipped with a message. Its exit code is 1 if a program failed
// or if the programs printed different numbers of lines. A missed target is not
// a failure, because it may be missed on a busy machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == spawnArg {
		os.Exit(spawn(os.Args[2:]))
	}
	// SIGPIPE, too: otherwise, caches would be left behind if the reader of
	// the output exits.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the values of the flags, checked.
type options struct {
	out     string
	work    string
	gen     string // directory to use instead of making the corpus
	real    string
	size    int64
	runs    int
	quick   bool
	memory  bool     // measure only peak memory: no rivals, and one run each
	scale   []int64  // sizes of logs to measure beside each other; see measureScale
	words   []string // groups, rows and corpora to measure; all if empty
	command string   // command that makes this report
}

// keeps reports whether a row is measured on a corpus.
func (o *options) keeps(r *row, corpus string) bool {
	if len(o.words) == 0 {
		return true
	}
	for _, w := range o.words {
		if w == r.group || w == r.id || w == corpus {
			return true
		}
	}
	return false
}

func parseFlags(args []string, errs io.Writer) (*options, error) {
	o := &options{}
	var size, only, scale string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(errs)
	fs.StringVar(&o.out, "o", "", "`FILE` to write the report to (default BENCHMARKS.md in the repository)")
	fs.StringVar(&o.work, "work", "", "`DIR` to keep programs and corpora in (default logview-bench in the user's cache directory)")
	fs.StringVar(&o.gen, "gen", "", "`DIR` to use as the corpus gen instead of making it")
	fs.StringVar(&o.real, "real", "", "`DIR` to use as the corpus real instead of making it")
	fs.StringVar(&size, "size", "1GiB", "`SIZE` of the text of a corpus")
	fs.IntVar(&o.runs, "runs", 7, "`N` runs of each program")
	fs.StringVar(&only, "only", "", "`LIST` of groups, rows or corpora to keep, such as search,ls,real;\nmemory leaves out the rivals and runs once")
	fs.StringVar(&scale, "scale", "", "`LIST` of sizes, such as 1GiB,16GiB,64GiB: measure only logview, with an index,\nfor logs of these sizes")
	fs.BoolVar(&o.quick, "quick", false, "64 MiB and one run: a smoke test, not a measurement")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%q: there is nothing to name but flags", fs.Arg(0))
	}
	set := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { set[f.Name] = true })

	n, err := humanize.ParseBytes(size)
	if err != nil || n < 1<<20 || n > 1<<40 {
		return nil, fmt.Errorf("-size %q: not a size between 1MiB and 1TiB", size)
	}
	o.size = int64(n)
	if only != "" {
		for w := range strings.SplitSeq(only, ",") {
			switch w = strings.TrimSpace(w); {
			case w == "memory":
				o.memory = true
			case !known(w):
				return nil, fmt.Errorf("-only %q: no such group, row or corpus; there are memory, %s", w, strings.Join(words(), ", "))
			default:
				o.words = append(o.words, w)
			}
		}
	}
	for s := range strings.SplitSeq(scale, ",") {
		if scale == "" {
			break
		}
		n, err := humanize.ParseBytes(s)
		if err != nil || n < 64<<20 || n > 1<<40 {
			return nil, fmt.Errorf("-scale %q: %s is not a size between 64MiB and 1TiB", scale, s)
		}
		o.scale = append(o.scale, int64(n))
	}
	if o.quick && !set["size"] {
		o.size = 64 << 20
	}
	if (o.quick || o.memory) && !set["runs"] {
		o.runs = 1
	}
	if o.runs < 1 {
		return nil, fmt.Errorf("-runs %d: at least one", o.runs)
	}
	o.command = reproduce(o, only)
	if scale != "" {
		o.command = fmt.Sprintf("go run ./cmd/bench -scale %s -runs %d", scale, o.runs)
	}
	return o, nil
}

// reproduce returns a command that makes a report like this one. It omits the
// directories of this machine.
func reproduce(o *options, only string) string {
	s := fmt.Sprintf("go run ./cmd/bench -size %s -runs %d", sizeArg(o.size), o.runs)
	if only != "" {
		s += " -only " + only
	}
	return s
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parseFlags(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(errs, "bench: %v\n", err)
		return 2
	}
	if len(o.scale) > 0 {
		return runScale(ctx, o, out, errs)
	}
	rep, err := measure(ctx, o, out)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted, no report written")
		}
		fmt.Fprintf(errs, "bench: %v\n", err)
		return 1
	}
	if err := os.WriteFile(o.out, []byte(rep.markdown()), 0o644); err != nil {
		fmt.Fprintf(errs, "bench: %v\n", err)
		return 1
	}
	fmt.Fprintf(out, "\n%s\nwritten to %s\n", rep.summary(), o.out)
	if p := rep.problems(); len(p) > 0 {
		fmt.Fprintf(errs, "bench: %d PROBLEMS\n", len(p))
		for _, s := range p {
			fmt.Fprintf(errs, "bench: %s\n", s)
		}
		return 1
	}
	return 0
}

// measure makes everything that is needed and measures all rows.
func measure(ctx context.Context, o *options, out io.Writer) (*report, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	if err := o.setPaths(root); err != nil {
		return nil, err
	}
	w := &workshop{opts: o, root: root, out: out}
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	h, err := newHarness(w, o.runs)
	if err != nil {
		return nil, err
	}
	defer h.close()

	rep := &report{opts: o, machine: inspect(h.cpus), rivals: h.versions(ctx)}
	if rep.floor, err = h.floor(ctx); err != nil {
		return nil, err
	}
	for _, place := range places {
		if err := h.measureRows(ctx, place, rep); err != nil {
			return nil, err
		}
	}
	if o.keepsGoing(liveWord) {
		if err := h.measureLive(ctx, rep); err != nil {
			return nil, err
		}
	}
	if o.keepsGoing(tuiWord) {
		fmt.Fprintln(out, "\nexplorer")
		if rep.tui, err = h.tui(ctx, out); err != nil {
			return nil, err
		}
	}
	return rep, nil
}

// setPaths sets the paths that no flag has set to their defaults. root is the
// root of the repository.
func (o *options) setPaths(root string) error {
	if o.out == "" {
		o.out = filepath.Join(root, "BENCHMARKS.md")
	}
	if o.work == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		o.work = filepath.Join(dir, "logview-bench")
	}
	var err error
	o.work, err = filepath.Abs(o.work)
	return err
}

// measureRows adds the corpus of a name to the report, with the results of its
// rows. It prints each row as soon as it is known.
func (h *harness) measureRows(ctx context.Context, place string, rep *report) error {
	out := h.w.out
	rows := rowsOf(place, rep.opts)
	if len(rows) == 0 {
		return nil
	}
	c, err := h.w.corpus(ctx, place)
	if err != nil {
		return fmt.Errorf("corpus %s: %w", place, err)
	}
	if c == nil {
		rep.missing = append(rep.missing, place)
		fmt.Fprintf(out, "no corpus %s: what it is made of is not here\n", place)
		return nil
	}
	fmt.Fprintf(out, "\n%s: %s\n", c.name, c.sizes())
	if err := c.warm(ctx); err != nil {
		return err
	}
	rep.corpora = append(rep.corpora, c)
	for _, r := range rows {
		res, err := h.row(ctx, r, c)
		if errors.Is(err, errNoSample) {
			fmt.Fprintf(out, "  %s: left out, %s\n", r.name, err)
			continue
		}
		if err != nil {
			return err
		}
		rep.results = append(rep.results, res)
		fmt.Fprint(out, res.plain())
	}
	return nil
}

// measureLive adds the rows of following and watching to the report, and prints
// them.
func (h *harness) measureLive(ctx context.Context, rep *report) error {
	many, err := h.w.corpus(ctx, manyFiles)
	if err != nil {
		return err
	}
	fmt.Fprintln(h.w.out, "\nlive")
	gen, err := h.w.corpus(ctx, genCorpus)
	if err != nil {
		return err
	}
	if rep.live, err = h.live(ctx, gen, many); err != nil {
		return err
	}
	for _, l := range rep.live {
		fmt.Fprint(h.w.out, l)
	}
	return nil
}

// keepsGoing reports whether to measure a group of programs that run
// continuously. That requires /proc.
func (o *options) keepsGoing(group string) bool {
	if _, err := os.Stat("/proc/self/stat"); err != nil || o.quick || o.memory {
		return false
	}
	return len(o.words) == 0 || slices.Contains(o.words, group)
}

// repository returns the root directory of the module that contains the current
// directory. It fails if that is not logview's.
func repository() (string, error) {
	b, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(b))
	text, err := os.ReadFile(mod)
	if err != nil || !strings.HasPrefix(string(text), "module logview\n") {
		return "", errors.New("run this inside logview's repository")
	}
	return filepath.Dir(mod), nil
}
