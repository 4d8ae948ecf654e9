package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/tui/visible"
)

// queryFlags are the flags that say how QUERY is meant.
type queryFlags struct {
	literal, regexp bool
	match.Options
}

func (q *queryFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&q.literal, "fixed-strings", "F", false, "take QUERY as one text to look for, whatever is in it")
	f.BoolVarP(&q.regexp, "regexp", "E", false, "take QUERY as one regular expression (RE2)")
	f.BoolVarP(&q.WholeWord, "word-regexp", "w", false, "match whole words only")
	f.BoolVarP(&q.CaseSensitive, "case-sensitive", "s", false, "words match in their case only")
	f.BoolVarP(&q.IgnoreCase, "ignore-case", "i", false, "regular expressions ignore case too, as words do")
	cmd.MarkFlagsMutuallyExclusive("fixed-strings", "regexp")
	cmd.MarkFlagsMutuallyExclusive("case-sensitive", "ignore-case")
}

// parse makes a tree of what the user typed.
func (q *queryFlags) parse(s string) (query.Node, error) {
	switch {
	case q.literal:
		// As for grep, lines of the pattern are alternatives.
		parts := strings.Split(s, "\n")
		if len(parts) == 1 {
			return query.Text{S: s}, nil
		}
		var or query.Or
		for _, p := range parts {
			or = append(or, query.Text{S: p})
		}
		return or, nil
	case q.regexp:
		return query.ParseRegexp(s, false)
	}
	return query.Parse(s)
}

type searchOptions struct {
	*globals
	queryFlags

	outputFlags
	noNumber              bool
	heading, noHeading    bool
	stats, noIndex, quiet bool
}

func newSearch(g *globals) *cobra.Command {
	o := &searchOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "search [flags] QUERY [PATH…]",
		Short: "Print the lines that match",
		Long: `Print the lines of logs that match QUERY: of the files at PATH, of all that lie
below it if it is a directory, of standard input if it is - or if something is
piped in and no PATH is named, and else of the current directory.

  timeout healthcheck      both, anywhere in the line, in any case
  "connection reset"       a phrase: this text with its blanks
  a OR b, (a OR b) c       one of them; parentheses group
  NOT a, -a                the line must not hold it
  /re+gexp/, /re+gexp/i    a regular expression (RE2); i ignores case
  =word                    a whole word: error, but not errors
  file:GLOB                lines of files so named: file:*.gz, file:nginx/*.log

Files come out by path, a log's rotated files oldest first. The exit code is 0
if a line matched, 1 if none did, and 2 if something could not be read.`,
		Example: `  logview search timeout /var/log
  logview search '"connection reset" -healthcheck' /var/log/nginx
  logview search -F '[error] (111)' app.log app.log.1 app.log.2.gz
  logview search --json '/user=\d+/ NOT =debug' . | jq .text
  kubectl logs web-1 | logview search 'panic OR fatal' -C 3`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noMatch = cmd.Flags().Changed("max-count") && o.max == 0
			return o.run(cmd.Context(), args[0], args[1:])
		},
	}
	o.queryFlags.register(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.number, "line-number", "n", false, "print line numbers (default on a terminal)")
	f.BoolVarP(&o.noNumber, "no-line-number", "N", false, "print no line numbers")
	o.outputFlags.register(cmd)
	f.BoolVar(&o.heading, "heading", false, "print paths above their lines (default on a terminal)")
	f.BoolVar(&o.noHeading, "no-heading", false, "print paths in front of their lines")
	f.BoolVar(&o.stats, "stats", false, "say on stderr what the search did")
	f.BoolVar(&o.noIndex, "no-index", false, "read the files themselves, whatever is kept of them; the lines are the same")
	f.BoolVar(&o.quiet, "quiet", false, "say nothing on a terminal about what was read")
	return cmd
}

func (o *searchOptions) run(ctx context.Context, q string, paths []string) error {
	tree, err := o.parse(q)
	if err != nil {
		return err
	}
	if o.noMatch {
		return exitCode(exitNone) // -m 0, as grep takes it
	}
	if err := o.check(); err != nil {
		return err
	}
	color, err := o.colored()
	if err != nil {
		return err
	}
	cache, err := o.cache()
	if err != nil {
		return err
	}
	if o.noIndex {
		cache = nil
	}
	logs, failed := o.find(o.inputs(paths))
	p := o.printer(o.out, single(logs), stdinOnly(logs), color)
	p.number = p.number && !o.noNumber
	p.heading = (o.heading || isTerminal(o.out)) && !o.noHeading && p.path && !p.count && !p.list && !p.json
	req := o.request(tree, o.queryFlags)
	req.Render = p.render
	p.groups = !o.json && (req.Before > 0 || req.After > 0)
	workers := index.NewWorkers()
	for _, l := range logs {
		req.Sources = append(req.Sources, reader.NewSource(l, reader.Options{Cache: cache, Spare: workers.TryGo}))
	}

	notes := &notes{g: o.globals, named: o.stats}
	status := newStatus(o.err, "searching")
	if isTerminal(o.err) {
		req.Progress = func(x index.Progress) {
			status.show(x.Done, x.Total, fmt.Sprintf("%s hits", humanize.Comma(x.Hits)))
		}
		p.beside = status.hide
	}
	req.Failed = func(e *reader.FileError) { defer status.hide()(); o.complain(e) }
	req.Skipped = func(e *reader.FileError) { notes.skip(e) }

	st, err := o.searcher(cache, workers).Search(ctx, req, p.emit)
	status.end()
	if err == nil {
		err = p.flush()
	}
	notes.print()
	if o.stats {
		printStats(o.err, st)
	} else if isTerminal(o.err) && !o.quiet && err == nil {
		o.remark(st, paths)
	}
	switch {
	case err != nil:
		if ctx.Err() != nil {
			if p.color {
				o.out.WriteString(colorOff)
			}
			return exitCode(exitInt)
		}
		return err
	case failed || st.Failed > 0:
		return exitCode(exitError)
	case st.Hits == 0:
		return exitCode(exitNone)
	}
	return nil
}

// worthIndexing is how much text a search reads before the person is told of
// the index: some tenths of a second's worth.
const worthIndexing = 256 << 20

// remark says on a terminal what the index saved, or would.
func (o *searchOptions) remark(st index.Stats, paths []string) {
	switch {
	case st.Unindexed*reader.BlockSize > worthIndexing && !o.noIndex:
		where := "."
		if len(paths) > 0 {
			where = strings.Join(paths, " ")
		}
		fmt.Fprintf(o.err, "logview: read %s; with an index a search reads only what may match: logview index %s (--quiet)\n",
			humanize.IBytes(uint64(st.Bytes)), visible.String(where))
	case st.BlocksSkipped > 0:
		fmt.Fprintf(o.err, "logview: %s of %s blocks read", humanize.Comma(st.BlocksRead), humanize.Comma(st.Blocks))
		if st.Unindexed > 0 {
			fmt.Fprintf(o.err, ", %s not indexed yet", humanize.Comma(st.Unindexed))
		}
		fmt.Fprintln(o.err)
	}
}

// searcher is what answers: an index where there is one.
func (o *searchOptions) searcher(cache *reader.Cache, workers reader.Workers) index.Searcher {
	if o.noIndex || cache == nil {
		return index.Scan{Workers: workers}
	}
	return index.Indexed{Cache: cache, Workers: workers, Note: o.complain}
}

// single reports whether the user asked for one file, whose name needs no
// telling.
func single(logs []reader.Log) bool {
	return len(logs) == 1 && len(logs[0].Members) == 1 && logs[0].Members[0].Named
}

func stdinOnly(logs []reader.Log) bool {
	return single(logs) && logs[0].Members[0].Path == reader.Stdin
}

// notes are what a command has to say about files it left out.
type notes struct {
	g       *globals
	named   bool // all of them by name
	skipped []string
}

func (n *notes) skip(e *reader.FileError) { n.skipped = append(n.skipped, e.Path) }

func (n *notes) print() {
	const most = 3
	list := n.skipped
	if len(list) == 0 {
		return
	}
	more := ""
	if !n.named && len(list) > most {
		more = fmt.Sprintf(" and %d more (--stats names them)", len(list)-most)
		list = list[:most]
	}
	fmt.Fprintf(n.g.err, "logview: not text, left out: %s%s; name a file or use --text to read it anyway\n", visible.String(strings.Join(list, ", ")), more)
}

func printStats(w io.Writer, st index.Stats) {
	fmt.Fprintf(w, "%s matching lines\n", humanize.Comma(st.Hits))
	fmt.Fprintf(w, "%s of %s files read", humanize.Comma(int64(st.Read)), humanize.Comma(int64(st.Members)))
	for _, x := range []struct {
		n    int
		what string
	}{{st.Excluded, "left out by file:"}, {st.Skipped, "not text"}, {st.Failed, "not readable (completely)"}} {
		if x.n > 0 {
			fmt.Fprintf(w, ", %s %s", humanize.Comma(int64(x.n)), x.what)
		}
	}
	fmt.Fprintf(w, "\n%s of %s blocks read", humanize.Comma(st.BlocksRead), humanize.Comma(st.Blocks))
	if st.Stored > 0 {
		fmt.Fprintf(w, ", %s of them from the block store", humanize.Comma(st.Stored))
	}
	if st.Unindexed > 0 {
		fmt.Fprintf(w, ", %s not indexed yet", humanize.Comma(st.Unindexed))
	}
	secs := st.Elapsed.Seconds()
	fmt.Fprintf(w, "\n%s of text in %s (%s/s)\n", humanize.IBytes(uint64(st.Bytes)), st.Elapsed.Round(time.Millisecond/10),
		humanize.IBytes(uint64(float64(st.Bytes)/max(secs, 1e-9))))
}
