package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"logview/index"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/tui/indexer"
	"logview/tui/visible"
)

type indexOptions struct {
	*globals
	status, verify, clear bool
	watch, quiet          bool
	behind                bool // started by the explorer: prints progress to stdout, and ends at the end of stdin
}

func newIndex(g *globals) *cobra.Command {
	o := &indexOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "index [flags] [PATH…]",
		Short: "Build or refresh the index that searches use",
		Long: `Index the logs at PATH, so that later searches there and below read almost
nothing. The index holds the words of each block of half a megabyte. Compressed
files are also kept as blocks that can be read from anywhere. Only what is new
or has changed since the last run is read; a log that was rotated or compressed
is recognized by its text. If a run is interrupted, the next one continues. It
takes only the processor time that other programs leave, as with nice.

Searches find the same lines with and without an index, also in files that were
not indexed or have grown since. Indexes and blocks are in the cache
(--cache-dir), which has a limit (--cache-size) and can be deleted at any time.
Nothing is written next to the logs.`,
		Example: `  logview index /var/log               once, or again when much was written
  logview index --status               list the indexes
  logview index --watch /var/log       keep the index up to date
  logview index --verify /var/log      read everything again and compare
  logview index --clear                delete all indexes and blocks`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	addBool(f, &o.status, "status", "", "list the indexes, with their sizes and the times they were built")
	addBool(f, &o.verify, "verify", "", "read everything that is indexed again and compare")
	addBool(f, &o.clear, "clear", "", "delete the indexes of PATH; without PATH, all indexes and blocks")
	addBool(f, &o.watch, "watch", "", "keep the index up to date until interrupted")
	addBool(f, &o.quiet, "quiet", "q", "print errors only")
	addBool(f, &o.behind, "behind", "", "")
	_ = f.MarkHidden("behind")
	addRefused(f, "text", "a", false, "files that are not text are not indexed; search -a reads them itself")
	return cmd
}

func (o *indexOptions) run(ctx context.Context, args []string) error {
	tasks := 0
	for _, asked := range []bool{o.status, o.verify, o.clear, o.watch} {
		if asked {
			tasks++
		}
	}
	if tasks > 1 {
		return errors.New("--status, --verify, --clear and --watch are different tasks; give one of them")
	}
	cache, err := o.namedCache()
	if err != nil {
		return err
	}
	if cache == nil {
		return errors.New("there is no cache for an index; give a directory with --cache-dir")
	}
	if err := cache.Check(); err != nil && !o.clear {
		return err
	}
	switch {
	case o.status:
		return o.printStatus(cache, args)
	case o.clear && len(args) == 0:
		if err := cache.Clear(); err != nil {
			return err
		}
		o.report("deleted all indexes and blocks in %s\n", cache.Dir())
		return nil
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	roots, err := rootsOf(cache, args)
	if err != nil {
		return err
	}
	lowerPriority()
	// If the command is interrupted, it finishes and keeps the work it has
	// begun.
	grace.Store(int64(10 * time.Second))
	if o.behind {
		o.watch, o.quiet = true, true
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, o.in)
			stop()
		}()
	}
	if o.watch {
		return o.watchRoots(ctx, cache, roots)
	}
	debug.SetGCPercent(80) // building produces more garbage than searching
	failed := false
	for _, r := range roots {
		switch {
		case o.clear:
			if err := index.Clear(cache, r.dir); err != nil {
				return err
			}
			o.report("deleted the index of %s\n", r.dir)
		case o.verify:
			ok, err := o.verifyRoot(ctx, cache, r.dir)
			if err != nil {
				return o.exitErr(ctx, err)
			}
			failed = failed || !ok
		default:
			ok, err := o.build(ctx, cache, r, nil)
			if err != nil {
				return o.exitErr(ctx, err)
			}
			failed = failed || !ok
		}
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

// exitErr returns the error with which the command ends.
func (o *indexOptions) exitErr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitCode(exitInt)
	}
	return err
}

// report prints a message to standard error, unless --quiet is given.
func (o *indexOptions) report(format string, args ...any) {
	if !o.quiet {
		fmt.Fprint(o.err, visible.String(fmt.Sprintf(format, args...)))
	}
}

// A root is a directory that has an index, or gets one, and the paths in it that
// were given.
type root struct {
	dir   string
	paths []string
}

// rootsOf returns the roots of paths. A file belongs to the index of its
// directory.
func rootsOf(cache *blockstore.Cache, paths []string) ([]root, error) {
	var out []root
next:
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, &reader.FileError{Path: p, Offset: -1, Err: errors.Unwrap(err)}
		}
		dir := p
		if !info.IsDir() {
			dir = filepath.Dir(p)
		}
		dir, err = index.Root(cache, dir)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if out[i].dir == dir {
				out[i].paths = append(out[i].paths, p)
				continue next
			}
		}
		out = append(out, root{dir, []string{p}})
	}
	return out, nil
}

// A keptLogs lists the logs of an index that --watch keeps up to date.
type keptLogs struct {
	ctx  context.Context
	live *follow.Live
	said map[string]bool // errors that were reported, so that each is reported once
}

// find implements Builder.Find.
func (k *keptLogs) find([]string) ([]files.Log, []error) {
	logs, errs, err := k.live.Logs(k.ctx)
	if err != nil {
		errs = []error{err}
	}
	return logs, errs
}

// noteError records an error and reports whether it is new. With a nil keptLogs,
// every error is new.
func (k *keptLogs) noteError(err error) bool {
	if k == nil {
		return true
	}
	defer func() { k.said[err.Error()] = true }()
	return !k.said[err.Error()]
}

// build brings one index up to date. k, if not nil, lists its logs. build
// reports whether all files could be read.
func (o *indexOptions) build(ctx context.Context, cache *blockstore.Cache, r root, k *keptLogs) (bool, error) {
	st := newStatus(o.err, "indexing")
	defer st.close()
	b := index.Builder{
		Cache: cache, Workers: index.NewWorkers(), Encoding: o.charset(),
		Failed: func(e *reader.FileError) {
			if k.noteError(e) {
				defer st.hide()()
				o.printError(e)
			}
		},
		Waiting: func() {
			defer st.hide()()
			o.report("another process is indexing %s; waiting for it\n", r.dir)
		},
	}
	if k != nil {
		b.Find = k.find
	}
	if isTerminal(o.err) && !o.quiet {
		b.Progress = func(done, total int64) { st.progress(done, total, "") }
	}
	if o.behind {
		last := time.Time{}
		b.Progress = func(done, total int64) {
			if time.Since(last) > 200*time.Millisecond {
				last = time.Now()
				fmt.Fprintln(o.out, indexer.Report{Done: done, Total: total})
			}
		}
	}
	notes := &notes{g: o.globals}
	b.Skipped = func(e *reader.FileError) {
		if k.noteError(e) {
			notes.skip(e)
		}
	}
	x, err := b.Build(ctx, r.dir, r.paths)
	st.close()
	if !o.quiet && !o.behind {
		notes.print()
	}
	switch {
	case o.behind && err != nil && ctx.Err() == nil:
		fmt.Fprintln(o.out, indexer.Report{Reason: err.Error()})
	case o.behind:
		fmt.Fprintln(o.out, indexer.Report{Idle: true})
	}
	if err != nil {
		if ctx.Err() != nil {
			o.report("interrupted; the next run continues from here\n")
		}
		return false, err
	}
	if x.Members == x.Known+x.Skipped && o.watch && x.Gone == 0 {
		return true, nil
	}
	secs := max(x.Elapsed.Seconds(), 1e-9)
	o.report("%s: %s, ", x.Root, plural(x.Members, "file"))
	changed := false
	for _, c := range []struct {
		n    int
		what string
	}{{x.New, "new"}, {x.Grown, "grown"}, {x.Moved, "rotated or copied"}, {x.Gone, "gone"}, {x.Skipped, "not text"}, {x.Archives, noun(x.Archives, "archive") + " skipped"}, {x.Failed, "not completely readable"}} {
		if c.n > 0 {
			o.report("%s %s, ", humanize.Comma(int64(c.n)), c.what)
			changed = true
		}
	}
	if !changed {
		o.report("nothing new, ")
	}
	o.report("%s of text indexed in %s", humanize.IBytes(uint64(x.Text)), x.Elapsed.Round(time.Millisecond))
	if x.Text > 0 {
		o.report(" (%s/s)", humanize.IBytes(uint64(float64(x.Text)/secs)))
	}
	o.report("\n")
	return x.Failed == 0, nil
}

// New text is indexed once there are some MiB of it, or when nothing has been
// written for a while. Until then, a search reads it from the file.
const (
	watchBytes = 8 << 20
	watchQuiet = 3 * time.Second
	watchLate  = 30 * time.Second // longest delay if the log is written all the time
	watchBlind = time.Minute      // interval of checks for changes that were not reported
)

// watchRoots keeps indexes up to date until ctx is done, and then returns nil.
func (o *indexOptions) watchRoots(ctx context.Context, cache *blockstore.Cache, roots []root) error {
	var building sync.Mutex // at most one build runs at a time
	var each errgroup.Group
	for _, r := range roots {
		each.Go(func() error { return o.watchRoot(ctx, cache, r, &building) })
	}
	return each.Wait()
}

func (o *indexOptions) watchRoot(ctx context.Context, cache *blockstore.Cache, r root, building *sync.Mutex) error {
	live := follow.NewLive(r.paths, func(err error) { o.printError(err) })
	defer live.Close()
	feed := live.Feed()
	defer feed.Close()
	k := &keptLogs{ctx: ctx, live: live, said: map[string]bool{}}
	g := newChangeBatch(time.Now)
	for {
		building.Lock()
		_, err := o.build(ctx, cache, r, k)
		building.Unlock()
		if err != nil && ctx.Err() == nil && !errors.Is(err, index.ErrFull) {
			o.printError(err) // continue: a full disk may have room later
		}
		g.reset()
		for !g.due() {
			c, err := feed.Wait(ctx, nil)
			if err != nil {
				return nil
			}
			g.add(c)
		}
	}
}

// A changeBatch counts the bytes written since the index was last built.
type changeBatch struct {
	now         func() time.Time
	sizes       map[string]int64 // sizes of files that were written to, as last seen
	bytes       int64
	built       time.Time
	first, last time.Time // times of the first and the last change
}

func newChangeBatch(now func() time.Time) *changeBatch {
	return &changeBatch{now: now, sizes: map[string]int64{}}
}

func (g *changeBatch) reset() {
	g.bytes, g.built, g.first, g.last = 0, g.now(), time.Time{}, time.Time{}
	if len(g.sizes) > 10000 {
		clear(g.sizes)
	}
}

func (g *changeBatch) add(c follow.Changes) {
	if len(c.Files) == 0 && !c.Names && !c.All {
		return
	}
	g.last = g.now()
	if g.first.IsZero() {
		g.first = g.last
	}
	for path := range c.Files {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		before, known := g.sizes[path]
		if known && info.Size() > before {
			g.bytes += info.Size() - before
		}
		g.sizes[path] = info.Size()
	}
}

// due reports whether it is time to build.
func (g *changeBatch) due() bool {
	now := g.now()
	switch {
	case g.first.IsZero():
		return now.Sub(g.built) >= watchBlind
	case g.bytes >= watchBytes, now.Sub(g.last) >= watchQuiet:
		return true
	}
	return now.Sub(g.first) >= watchLate
}

// verifyRoot compares an index with the files it covers, and reports whether
// they agree.
func (o *indexOptions) verifyRoot(ctx context.Context, cache *blockstore.Cache, dir string) (bool, error) {
	st := newStatus(o.err, "verifying")
	defer st.close()
	v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { defer st.hide()(); o.printError(e) }}
	if isTerminal(o.err) && !o.quiet {
		v.Progress = func(done, total int64) { st.progress(done, total, "") }
	}
	x, err := v.Verify(ctx, dir)
	st.close()
	if err != nil {
		return false, err
	}
	o.report("%s: %s, %s blocks compared", dir, plural(x.Members, "file"), humanize.Comma(x.Blocks))
	if x.Changed > 0 {
		o.report(", skipped %s changed since", plural(x.Changed, "file"))
	}
	if x.Wrong == 0 {
		o.report("; no differences\n")
	} else {
		o.report("; %s wrong: delete the index with --clear and build it again\n", humanize.Comma(int64(x.Wrong)))
	}
	return x.Wrong == 0, nil
}

// printStatus prints a line for each index, or for those that cover args.
func (o *indexOptions) printStatus(cache *blockstore.Cache, args []string) error {
	all, err := index.List(cache)
	if err != nil {
		return err
	}
	only := map[string]bool{}
	if len(args) > 0 {
		roots, err := rootsOf(cache, args)
		if err != nil {
			return err
		}
		for _, r := range roots {
			only[r.dir] = true
		}
	}
	w := tabwriter.NewWriter(o.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "DIRECTORY\tFILES\tLINES\tTEXT\tINDEX\tSEGMENTS\tBUILT")
	for _, s := range all {
		if len(only) > 0 && !only[s.Root] {
			continue
		}
		if s.Err != nil {
			fmt.Fprintf(w, "%s\t-\t-\t-\t%s\t-\tcannot be used: %s\n", visible.String(s.Dir), humanize.IBytes(uint64(s.Size)), visible.String(s.Err.Error()))
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", visible.String(s.Root), humanize.Comma(int64(s.Members)), humanize.Comma(s.Lines),
			humanize.IBytes(uint64(s.Text)), humanize.IBytes(uint64(s.Size)), s.Segments, s.Built.Format("2006-01-02 15:04:05"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	n, size := cache.Usage()
	fmt.Fprintf(o.out, "%s of %s used in %s, %s of it by blocks of %s\n", humanize.IBytes(uint64(cache.Used())), humanize.IBytes(uint64(cache.Limit())), visible.String(cache.Dir()),
		humanize.IBytes(uint64(size)), plural(n, "file"))
	return nil
}
