package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
	"logview/tui/visible"
)

type searchOptions struct {
	*globals
	queryFlags
	outputFlags
	fileFlags
	stats, noIndex, quiet, hint bool
	zero                        bool // also count files without a match
	threads                     number
	text                        bool // also search files that do not look like text
	recursive                   bool // -r was given
}

func newSearch(g *globals) *cobra.Command {
	o := &searchOptions{globals: g, hint: true}
	cmd := &cobra.Command{
		Use:   "search [flags] QUERY [PATH…]\n  logview search [flags] -e QUERY… [PATH…]",
		Short: "Print the lines that match",
		Long: `Print the lines of logs that match QUERY. PATH is a file, a directory, which
stands for all files below it, or - for standard input. Without a PATH, search
reads standard input if something is piped in, or else the current directory.

  timeout healthcheck      both, anywhere in the line, in any case
  "connection reset"       a phrase: this text, with its blanks
  a OR b, (a OR b) c       one of them; parentheses group
  NOT a, -a                the line must not contain it
  /re+gexp/, /re+gexp/i    a regular expression (RE2); i ignores case
  =word                    a whole word: error, but not errors
  file:GLOB                in files whose path matches: file:*.gz, file:nginx/*.log

Files are printed in the order of their paths, the rotated files of a log oldest
first. The exit code is 0 if a line matched, 1 if none did, and 2 if something
could not be read or the output could not be written.

Flags are ripgrep's. If flags contradict each other, the last one wins. Flags
that ask for the default behaviour (-r, -z, -u, --no-ignore, …) are accepted;
the remaining flags of ripgrep fail with a message that says what to do instead.`,
		Example: `  logview search timeout /var/log
  logview search '"connection reset" -healthcheck' /var/log/nginx
  logview search -F '[error] (111)' app.log app.log.1 app.log.2.gz
  logview search --json '/user=\d+/ NOT =debug' . | jq .text
  kubectl logs web-1 | logview search 'panic OR fatal' -C 3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if !o.given() && len(args) == 0 {
				return errors.New("QUERY is missing: logview search QUERY [PATH…]; --help describes QUERY")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.recursive = cmd.Flags().Changed("recursive")
			if !o.given() {
				o.addArgument(args[0])
				args = args[1:]
			}
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, g.streams)
	addWord(f, "line-number", "n", "print line numbers (default on a terminal)", func() { o.number = yes })
	addWord(f, "no-line-number", "N", "print no line numbers", func() { o.number = no })
	o.outputFlags.register(cmd)
	addWord(f, "count-matches", "", "print the number of matches in each file", func() { o.mode = printCountMatches })
	addSwitch(f, &o.zero, "include-zero", "", "print a count of 0 for files without a match, with -c or --count-matches")
	addWord(f, "files-without-match", "", "print only the paths of files that contain no match", func() { o.mode = printFilesWithout })
	addWord(f, "heading", "", "print paths above their lines (default on a terminal)", func() { o.heading = yes })
	addWord(f, "no-heading", "", "print the path in front of each line", func() { o.heading = no })
	addWord(f, "pretty", "p", "print colours, headings and line numbers, even to a pipe", func() {
		o.color, o.heading, o.number = "always", yes, yes
	})
	addWord(f, "quiet", "q", "print nothing and stop at the first match; the exit code is the answer", func() { o.quiet = true })
	o.fileFlags.register(cmd, "search")
	o.fileFlags.registerSize(cmd)
	addSwitch(f, &o.text, "text", "a", textUsage)
	addNumber(f, &o.threads, "threads", "j", "use at most `N` processors; 0 means all", nil)
	addSwitch(f, &o.stats, "stats", "", "print statistics to standard error")
	addWord(f, "no-messages", "", "do not report files that cannot be read; the exit code is still 2", func() { o.mute = true })
	addHidden(f, "messages", func() { o.mute = false })
	addSwitch(f, &o.hint, "hint", "", "")
	f.Lookup("hint").Hidden = true
	hide := f.Lookup("no-hint")
	hide.Hidden, hide.Usage = false, "on a terminal, do not print how much was read"
	addBool(f, &o.noIndex, "no-index", "", "do not use the index; the lines are the same")
	addRipgrep(f, o)
	return cmd
}

// errFound ends a search at the first match if only its existence matters.
var errFound = errors.New("found")

func (o *searchOptions) run(ctx context.Context, paths []string) error {
	tree, err := o.tree()
	if err != nil {
		return err
	}
	window, err := o.window()
	if err != nil {
		return err
	}
	if o.noLines() {
		return exitCode(exitNone) // -m 0, as in grep
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
	inputs := o.queryInputs(paths, &o.queryFlags)
	filter, err := o.narrowed()
	if err != nil {
		return err
	}
	filter.Apart = func(a, b string) bool { return query.Distinguishes(tree, a, b) }
	logs, failed := o.findFiltered(filter, inputs)
	if failed && o.recursive {
		o.printError(errors.New("-r means recursive, as in grep, which is the default; there is no --replace, which is ripgrep's -r"))
	}
	if len(logs) == 0 && len(paths) == 0 && filter.Narrows() {
		return errors.New("no files were searched; check -g, --max-depth and --max-filesize")
	}
	workers := index.NewWorkers()
	if n := o.threads.n; n > 0 && n < int64(workers.Size()) {
		workers = reader.NewWorkers(int(n))
	}
	charset := o.charset()
	logs, broken := o.unpack(ctx, logs, files.Options{Cache: cache, AsOpened: true, Text: o.text, Encoding: charset, Filter: filter, Workers: workers}, files.InsideArchive)
	failed = failed || broken
	p := o.printer(o.out, &o.queryFlags, len(inputs) == 1 && !isPattern(inputs[0]) && isOneFile(logs), stdinOnly(logs), color && !(o.vimgrep && o.color == "auto"))
	p.heading = o.heading.or(isTerminal(o.out)) && !o.vimgrep && p.mode == printLines && !p.json
	req := o.request(tree, &o.queryFlags)
	req.Window = window
	for _, l := range logs {
		req.Sources = append(req.Sources, files.NewSource(l, files.Options{Cache: cache, AsOpened: true, Text: o.text, Encoding: charset, Filter: filter, Workers: workers}))
	}
	found := false // a file to list, or a matching line
	emit := p.emit
	if o.quiet {
		req.CountOnly, req.Before, req.After, req.Passthru = true, 0, 0, false
		emit = func(h *index.Hits) error {
			if h.Count > 0 && p.mode != printFilesWithout {
				return errFound
			}
			return nil
		}
	} else if !req.CountOnly {
		req.Render = p.render
	}
	switch {
	case p.mode == printFilesWithout:
		req.Searched = func(m reader.Member, n int64) error {
			if n > 0 {
				return nil
			}
			if found = true; o.quiet {
				return errFound
			}
			return p.summary(m.Path, 0)
		}
	case o.zero && !o.quiet && (p.mode == printCount || p.mode == printCountMatches):
		req.Searched = func(m reader.Member, n int64) error {
			if err := p.flush(); err != nil || n > 0 {
				return err
			}
			return p.summary(m.Path, 0)
		}
	}

	notes := &notes{g: o.globals, named: o.stats}
	status := newStatus(o.err, "searching")
	if isTerminal(o.err) {
		req.Progress = func(x index.Progress) {
			status.progress(x.Done, x.Total, fmt.Sprintf("%s hits", humanize.Comma(x.Hits)))
		}
		p.beside = status.hide
	}
	req.Failed = func(e *reader.FileError) { defer status.hide()(); o.printError(e) }
	req.Skipped = func(e *reader.FileError) { notes.skip(e) }

	st, err := o.searcher(cache, workers).Search(ctx, req, emit)
	status.close()
	if err == nil {
		err = p.flush()
	}
	if errors.Is(err, errFound) {
		return nil // even if files could not be read
	}
	notes.print()
	if st.Untimed > 0 && !o.quiet && err == nil {
		fmt.Fprintf(o.err, "logview: %s matching lines left out, because no time is known of them (--since, --until)\n", humanize.Comma(st.Untimed))
	}
	if o.stats {
		printStats(o.err, st)
	} else if isTerminal(o.err) && o.hint && !o.quiet && err == nil {
		o.printHint(st, paths)
	}
	if p.mode != printFilesWithout {
		found = st.Hits > 0
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
	case !found:
		return exitCode(exitNone)
	}
	return nil
}

// worthIndexing is how many bytes a search reads before it recommends an index.
// Reading them takes some tenths of a second.
const worthIndexing = 256 << 20

// printHint prints how many blocks the index saved, or recommends an index.
func (o *searchOptions) printHint(st index.Stats, paths []string) {
	switch {
	case st.Unindexed*reader.BlockSize > worthIndexing && !o.noIndex:
		where := "."
		if len(paths) > 0 {
			where = strings.Join(paths, " ")
		}
		fmt.Fprintf(o.err, "logview: read %s; an index lets searches read only what may match: logview index %s (--no-hint hides this)\n",
			humanize.IBytes(uint64(st.Bytes)), visible.String(where))
	case st.BlocksSkipped > 0:
		fmt.Fprintf(o.err, "logview: %s of %s blocks read", humanize.Comma(st.BlocksRead), humanize.Comma(st.Blocks))
		if st.Unindexed > 0 {
			fmt.Fprintf(o.err, ", %s not indexed yet", humanize.Comma(st.Unindexed))
		}
		fmt.Fprintln(o.err)
	}
}

// searcher returns the Searcher to use: one with an index unless there is no
// cache or --no-index was given.
func (o *searchOptions) searcher(cache *blockstore.Cache, workers *reader.Workers) index.Searcher {
	if o.noIndex || cache == nil {
		return index.Scan{Workers: workers}
	}
	return index.Indexed{Cache: cache, Encoding: o.charset(), Workers: workers, Note: o.printError}
}

// isOneFile reports whether the user named one file, whose path need not be
// printed.
func isOneFile(logs []files.Log) bool {
	return len(logs) == 1 && len(logs[0].Members) == 1 && logs[0].Members[0].Named && !files.IsArchive(logs[0].Members[0])
}

// isPattern reports whether an argument is a pattern for files: it is not a
// path that exists.
func isPattern(path string) bool {
	_, err := os.Stat(path)
	return path != reader.Stdin && errors.Is(err, fs.ErrNotExist)
}

func stdinOnly(logs []files.Log) bool {
	return isOneFile(logs) && logs[0].Members[0].Path == reader.Stdin
}

// notes collects messages about skipped files.
type notes struct {
	g       *globals
	named   bool // list all skipped files by name
	skipped []string
}

func (n *notes) skip(e *reader.FileError) { n.skipped = append(n.skipped, e.Path) }

func (n *notes) print() {
	if n.g.mute {
		return
	}
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
	fmt.Fprintf(n.g.err, "logview: not text, skipped: %s%s; name a file or use --text to read it anyway\n", visible.String(strings.Join(list, ", ")), more)
}

func printStats(w io.Writer, st index.Stats) {
	fmt.Fprintf(w, "%s matching lines\n", humanize.Comma(st.Hits))
	fmt.Fprintf(w, "%s of %s files read", humanize.Comma(int64(st.Read)), humanize.Comma(int64(st.Members)))
	for _, x := range []struct {
		n    int
		what string
	}{{st.Excluded, "skipped by file:"}, {st.Skipped, "not text"}, {st.Failed, "not completely readable"}} {
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
