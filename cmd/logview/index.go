package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/reader"
)

type indexOptions struct {
	*globals
	status, verify, clear bool
	quiet                 bool
}

func newIndex(g *globals) *cobra.Command {
	o := &indexOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "index [flags] [PATH…]",
		Short: "Build or refresh the index that searches use",
		Long: `Read what is new of the logs at PATH, so that later searches there and below
read almost nothing: of each block of half a megabyte, which words it holds. What
is compressed is also kept as blocks that can be read from anywhere. Only what is
new or has changed since the last time is read; a log that was rotated or
compressed since is known by its text. Interrupted, the next run goes on.

Searches find the same lines with and without an index, of files that were never
indexed and of those that have grown since, too. Index and blocks lie in the cache
(--cache-dir), which is bounded (--cache-size) and may be deleted at any moment.
Nothing is written beside the logs.`,
		Example: `  logview index /var/log               once, and again when much has been written
  logview index --status               what is covered
  logview index --verify /var/log      read it all again and compare
  logview index --clear                delete all indexes and kept blocks`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.status, "status", false, "print what the indexes cover, their sizes and when they were built")
	f.BoolVar(&o.verify, "verify", false, "read everything that is indexed again and compare")
	f.BoolVar(&o.clear, "clear", false, "delete the indexes of PATH; without PATH, all of them and the kept blocks")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print errors only")
	cmd.MarkFlagsMutuallyExclusive("status", "verify", "clear")
	return cmd
}

func (o *indexOptions) run(ctx context.Context, args []string) error {
	cache, err := o.cache()
	if err != nil {
		return err
	}
	if cache == nil {
		return errors.New("there is no cache to keep an index in; name a directory with --cache-dir")
	}
	switch {
	case o.status:
		return o.printStatus(cache, args)
	case o.clear && len(args) == 0:
		if err := cache.Clear(); err != nil {
			return err
		}
		o.say("deleted all indexes and kept blocks in %s\n", cache.Dir())
		return nil
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	roots, err := rootsOf(cache, args)
	if err != nil {
		return err
	}
	failed := false
	for _, r := range roots {
		switch {
		case o.clear:
			if err := index.Clear(cache, r.dir); err != nil {
				return err
			}
			o.say("deleted the index of %s\n", r.dir)
		case o.verify:
			ok, err := o.verifyRoot(ctx, cache, r.dir)
			if err != nil {
				return o.ended(ctx, err)
			}
			failed = failed || !ok
		default:
			ok, err := o.build(ctx, cache, r)
			if err != nil {
				return o.ended(ctx, err)
			}
			failed = failed || !ok
		}
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

// ended is the error with which the command ends.
func (o *indexOptions) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitCode(exitInt)
	}
	return err
}

// say tells on stderr what was done.
func (o *indexOptions) say(format string, args ...any) {
	if !o.quiet {
		fmt.Fprint(o.err, visible(fmt.Sprintf(format, args...)))
	}
}

// A root is a directory with an index, or that gets one, and what of it was
// asked for.
type root struct {
	dir   string
	paths []string
}

// rootsOf tells which indexes some paths belong to. A file belongs to that
// of its directory.
func rootsOf(cache *reader.Cache, paths []string) ([]root, error) {
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

// build brings one index up to date. It reports whether all could be read.
func (o *indexOptions) build(ctx context.Context, cache *reader.Cache, r root) (bool, error) {
	st := newStatus(o.err, "indexing")
	defer st.end()
	b := index.Builder{
		Cache: cache, Workers: index.NewWorkers(),
		Failed: func(e *reader.FileError) { defer st.hide()(); o.complain(e) },
		Waiting: func() {
			defer st.hide()()
			o.say("another process is indexing %s; waiting for it\n", r.dir)
		},
	}
	if isTerminal(o.err) && !o.quiet {
		b.Progress = func(done, total int64) { st.show(done, total, "") }
	}
	x, err := b.Build(ctx, r.dir, r.paths)
	st.end()
	if err != nil {
		if ctx.Err() != nil {
			o.say("interrupted; the next run goes on from here\n")
		}
		return false, err
	}
	secs := max(x.Elapsed.Seconds(), 1e-9)
	o.say("%s: %s, ", x.Root, plural(x.Members, "file"))
	changed := false
	for _, c := range []struct {
		n    int
		what string
	}{{x.New, "new"}, {x.Grown, "grown"}, {x.Moved, "rotated or copied"}, {x.Gone, "gone"}, {x.Skipped, "not text"}, {x.Failed, "not readable (completely)"}} {
		if c.n > 0 {
			o.say("%s %s, ", humanize.Comma(int64(c.n)), c.what)
			changed = true
		}
	}
	if !changed {
		o.say("nothing new, ")
	}
	o.say("%s of text indexed in %s", humanize.IBytes(uint64(x.Text)), x.Elapsed.Round(time.Millisecond))
	if x.Text > 0 {
		o.say(" (%s/s)", humanize.IBytes(uint64(float64(x.Text)/secs)))
	}
	o.say("\n")
	return x.Failed == 0, nil
}

// verifyRoot compares an index with the files it covers. It reports whether
// they agree.
func (o *indexOptions) verifyRoot(ctx context.Context, cache *reader.Cache, dir string) (bool, error) {
	st := newStatus(o.err, "verifying")
	defer st.end()
	v := index.Verifier{Cache: cache, Workers: index.NewWorkers(), Failed: func(e *reader.FileError) { defer st.hide()(); o.complain(e) }}
	if isTerminal(o.err) && !o.quiet {
		v.Progress = func(done, total int64) { st.show(done, total, "") }
	}
	x, err := v.Verify(ctx, dir)
	st.end()
	if err != nil {
		return false, err
	}
	o.say("%s: %s files, %s blocks compared", dir, humanize.Comma(int64(x.Members)), humanize.Comma(x.Blocks))
	if x.Changed > 0 {
		o.say(", %s files changed since they were indexed and left out", humanize.Comma(int64(x.Changed)))
	}
	if x.Wrong == 0 {
		o.say("; all as it should be\n")
	} else {
		o.say("; %s wrong: delete the index with --clear and build it again\n", humanize.Comma(int64(x.Wrong)))
	}
	return x.Wrong == 0, nil
}

// printStatus prints a line for each index, or for those that cover args.
func (o *indexOptions) printStatus(cache *reader.Cache, args []string) error {
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
	fmt.Fprintln(w, "DIRECTORY\tFILES\tLINES\tTEXT\tINDEX\tSHARDS\tBUILT")
	for _, s := range all {
		if len(only) > 0 && !only[s.Root] {
			continue
		}
		if s.Err != nil {
			fmt.Fprintf(w, "%s\t-\t-\t-\t%s\t-\tcannot be used: %s\n", visible(s.Dir), humanize.IBytes(uint64(s.Size)), visible(s.Err.Error()))
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", visible(s.Root), humanize.Comma(int64(s.Members)), humanize.Comma(s.Lines),
			humanize.IBytes(uint64(s.Text)), humanize.IBytes(uint64(s.Size)), s.Shards, s.Built.Format("2006-01-02 15:04:05"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	n, size := cache.Usage()
	fmt.Fprintf(o.out, "%s of %s in %s, %s of it kept blocks of %s files\n", humanize.IBytes(uint64(cache.Used())), humanize.IBytes(uint64(cache.Limit())), visible(cache.Dir()),
		humanize.IBytes(uint64(size)), humanize.Comma(int64(n)))
	return nil
}
