package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/crash"
	"logview/reader/files"
)

// jobFlags are the flags of the commands that search: they say what for, where and
// how.
type jobFlags struct {
	*globals
	queryFlags
	fileFlags
	noIndex   bool
	text      bool // also search files that do not look like text
	stats     bool
	twice     string // the flag because of which the files are searched twice; empty if none does
	threads   number
	recursive bool // -r was given
}

// register adds the flags that say how to search.
func (s *jobFlags) register(f *pflag.FlagSet) {
	addSwitch(f, &s.text, "text", "a", textUsage)
	addNumber(f, &s.threads, "threads", "j", "use at most `N` processors; 0 means all", nil)
	addBool(f, &s.noIndex, "no-index", "", "do not use the index; the lines are the same")
}

// A searchJob is a search that is ready to be run.
type searchJob struct {
	flags    *jobFlags
	paths    []string // as given
	logs     []files.Log
	req      *index.Request
	sources  []*files.LogSource // those of req
	searcher index.Searcher
	cache    *blockstore.Cache // nil for none
	oneFile  bool              // one file was named, whose path need not be printed
	failed   bool              // something could not be listed
	first    bool              // another search of the same files follows, which reports what cannot be read
	stdin    *rereader         // nil unless standard input can be read again
	status   *status
	notes    *notes
}

// prepare lists the logs at paths and returns the search for the lines in them that
// match.
func (s *jobFlags) prepare(ctx context.Context, tree query.Node, paths []string) (*searchJob, error) {
	if err := s.setFormats(&s.queryFlags); err != nil {
		return nil, err
	}
	tree, window, err := s.limits(tree)
	if err != nil {
		return nil, err
	}
	cache, err := s.cache()
	if err != nil {
		return nil, err
	}
	if s.noIndex {
		cache = nil
	}
	if err := checkPaths(paths); err != nil {
		return nil, err
	}
	inputs := s.queryInputs(paths, &s.queryFlags)
	filter, err := s.narrowed()
	if err != nil {
		return nil, err
	}
	filter.Apart = func(a, b string) bool { return query.Distinguishes(tree, a, b) }
	var stdin *rereader
	if i := slices.Index(inputs, "/dev/stdin"); i >= 0 && s.twice != "" {
		inputs[i] = reader.Stdin
	}
	if s.twice != "" && slices.Contains(inputs, reader.Stdin) {
		if stdin, err = rereadStdin(ctx, cache); err != nil {
			return nil, fmt.Errorf("%s searches twice, for which standard input is copied: %w", s.twice, err)
		}
	}
	logs, failed := s.findFiltered(filter, inputs)
	if s.twice != "" {
		if path := readOnce(logs); path != "" {
			return nil, fmt.Errorf("%s searches twice, but %s can be read only once: pipe it to standard input, or write it to a file", s.twice, path)
		}
	}
	if failed && s.recursive {
		s.printError(errors.New("-r means recursive, as in grep, which is the default; there is no --replace, which is ripgrep's -r"))
	}
	if len(logs) == 0 && len(paths) == 0 && filter.Narrows() {
		return nil, errors.New("no files were searched; check -g, --max-depth and --max-filesize")
	}
	workers := index.NewWorkers()
	if n := s.threads.n; n > 0 && n < int64(workers.Size()) {
		workers = reader.NewWorkers(int(n))
	}
	opt := files.Options{Cache: cache, AsOpened: true, Text: s.text, Encoding: s.charset(), Filter: filter, Workers: workers}
	logs, broken := s.unpack(ctx, logs, opt, files.InsideArchive)
	j := &searchJob{
		flags: s, paths: paths, logs: logs, failed: failed || broken,
		oneFile:  len(inputs) == 1 && !isPattern(inputs[0]) && isOneFile(logs),
		req:      &index.Request{Query: tree, Options: s.Options, Window: window},
		searcher: index.Scan{Workers: workers}, cache: cache,
		status: newStatus(s.err, "searching"), stdin: stdin,
		notes: &notes{g: s.globals, named: s.stats},
	}
	if cache != nil {
		j.searcher = index.Indexed{Cache: cache, Encoding: s.charset(), Workers: workers, Note: s.printError}
	}
	for _, l := range logs {
		src := files.NewSource(l, opt)
		j.sources = append(j.sources, src)
		j.req.Sources = append(j.req.Sources, src)
	}
	return j, nil
}

// run searches, and reports what could not be read.
func (j *searchJob) run(ctx context.Context, emit func(*index.Hits) error) (index.Stats, error) {
	s := j.flags
	if isTerminal(s.err) {
		j.req.Progress = func(x index.Progress) {
			j.status.progress(x.Done, x.Total, fmt.Sprintf("%s hits", humanize.Comma(x.Hits)))
		}
	}
	if !j.first {
		j.req.Failed = func(e *reader.FileError) { defer j.status.hide()(); s.printError(e) }
		j.req.Skipped = func(e *reader.FileError) { j.notes.skip(e) }
	}
	st, err := j.search(ctx, j.req, emit)
	if j.first && err == nil {
		return st, nil
	}
	j.status.close()
	if !errors.Is(err, errFound) {
		j.notes.print()
	}
	return st, err
}

// search searches the files of the job, perhaps again.
func (j *searchJob) search(ctx context.Context, req *index.Request, emit func(*index.Hits) error) (index.Stats, error) {
	if err := j.stdin.rewind(); err != nil {
		return index.Stats{}, err
	}
	return j.searcher.Search(ctx, req, emit)
}

// readsStdinOnce reports whether a second search would find nothing in standard input.
func (j *searchJob) readsStdinOnce() bool {
	return j.stdin == nil && slices.ContainsFunc(j.logs, func(l files.Log) bool {
		return slices.ContainsFunc(l.Members, func(m reader.Member) bool { return m.Path == reader.Stdin })
	})
}

// readOnce returns the path of a pipe or device among the files of logs; empty if there
// is none.
func readOnce(logs []files.Log) string {
	for _, l := range logs {
		for _, m := range l.Members {
			if info, err := os.Stat(m.Path); m.Path != reader.Stdin && err == nil && !info.Mode().IsRegular() {
				return m.Path
			}
		}
	}
	return ""
}

// A rereader makes it possible to read standard input more than once.
type rereader struct{ start int64 }

// rereadStdin prepares standard input to be read again. Unless it is a file, it is copied
// to a temporary file, which replaces it.
func rereadStdin(ctx context.Context, cache *blockstore.Cache) (*rereader, error) {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode().IsRegular() {
		start, err := os.Stdin.Seek(0, io.SeekCurrent)
		return &rereader{start}, err
	}
	f, err := blockstore.TempFile(cache, false)
	if err != nil {
		return nil, err
	}
	copied := make(chan error, 1)
	crash.Go(func() { copied <- f.CopyFrom(os.Stdin) })
	select {
	case err = <-copied:
	case <-ctx.Done():
		return nil, exitCode(exitInt)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	os.Stdin = f.File
	return &rereader{}, nil
}

// rewind makes the next search read standard input from its start. r may be nil.
func (r *rereader) rewind() error {
	if r == nil {
		return nil
	}
	_, err := os.Stdin.Seek(r.start, io.SeekStart)
	return err
}

// renderLong returns a function to emit hits. It passes lines that are too long to be
// rendered to the request's Render, too, as far as shorten keeps them.
func renderLong(req *index.Request) func(*index.Hits) error {
	return func(h *index.Hits) error {
		if h.Long == nil {
			return nil
		}
		short, err := shorten(h)
		if err == nil {
			req.Render(short)
		}
		return err
	}
}

// longestKept is how much of a line that is too long to be rendered is kept where its
// beginning is enough.
const longestKept = 4 << 20

// shorten returns the beginning of a line that is too long to be rendered as hits like
// those of other lines.
func shorten(h *index.Hits) (*index.Hits, error) {
	l := h.Long
	start, err := l.Start(longestKept)
	if err != nil {
		return nil, err
	}
	short := *h
	short.Long, short.Text = nil, start
	short.Lines = []index.HitLine{{Span: match.Span{End: len(start)}, Line: l.Line, Offset: l.Offset, Context: l.Context, Time: l.Time}}
	return &short, nil
}

// endedBy returns the error of a search that was ended by err.
func endedBy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitCode(exitInt)
	}
	return err
}

// outcome returns the exit code of a command whose search has ended. found says that there
// was something to print.
func (j *searchJob) outcome(st index.Stats, found bool) error {
	switch {
	case j.failed || st.Failed > 0:
		return exitCode(exitError)
	case !found:
		return exitCode(exitNone)
	}
	return nil
}

// outcomeOfLines is outcome for a command that counts lines. It says if there are none.
func (j *searchJob) outcomeOfLines(st index.Stats) error {
	if st.Hits == 0 && !j.failed && st.Failed == 0 && isTerminal(j.flags.err) {
		fmt.Fprintln(j.flags.err, "logview: no line matches")
	}
	return j.outcome(st, st.Hits > 0)
}
