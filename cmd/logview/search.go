package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
	"logview/tui/visible"
)

type searchOptions struct {
	jobFlags
	outputFlags
	quiet, hint     bool
	zero            bool   // also count files without a match
	byTime, reverse bool   // --sort time, --reverse
	pattern         string // print the lines of the pattern with this ID
	record          bool   // print whole records
}

func newSearch(g *globals) *cobra.Command {
	o := &searchOptions{jobFlags: jobFlags{globals: g}, hint: true}
	cmd := &cobra.Command{
		SuggestFor: []string{"grep", "egrep", "zgrep", "rg", "ag", "ack", "find"},
		Use:        "search [flags] QUERY [PATH…]\n  logview search [flags] -e QUERY… [PATH…]",
		Short:      "Print the lines that match",
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
  log:GLOB                 in logs whose name matches, with all their rotated files
  level>=warn              at this level or above: trace, debug, info, warn, error, fatal
  status>=500, took>1.5s   with a field that is such a number, duration or size
  user:bob, path:/api/*    with a field that has this value; * stands for any text
  msg:"timed out"          with a field that contains this text
  time>=14:05              in this range of time

Files are printed in the order of their paths, the rotated files of a log oldest
first. The exit code is 0 if a line matched, 1 if none did, and 2 if something
could not be read or the output could not be written.

Flags are ripgrep's. If flags contradict each other, the last one wins. Flags
that ask for the default behaviour (-r, -z, -u, --no-ignore, …) are accepted;
the remaining flags of ripgrep fail with a message that says what to do instead.`,
		Example: `  logview search timeout /var/log
  logview search '"connection reset" -healthcheck' /var/log/nginx
  logview search 'level>=warn -healthcheck' --since 14:00 --until 14:10 --sort time /var/log
  logview search 'status>=500 took>1.5s' --since -1h --select time,path,status nginx
  logview search --reverse -m 20 'level:error' /var/log
  logview search -F '[error] (111)' app.log app.log.1 app.log.2.gz
  logview search --json '/user=\d+/ NOT =debug' . | jq .text
  kubectl logs web-1 | logview search 'panic OR fatal' -C 3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if !o.given() && len(args) == 0 && o.pattern == "" {
				return errors.New("QUERY is missing: logview search QUERY [PATH…]; --help describes QUERY")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.recursive = cmd.Flags().Changed("recursive")
			switch {
			case o.given():
			case o.pattern != "":
				if args = o.takeQuery(args); !o.given() {
					o.asked = []askedQuery{{flag: true}} // every line
				}
			default:
				o.addArgument(args[0])
				args = args[1:]
			}
			return o.run(cmd.Context(), args)
		},
	}
	o.register(cmd)
	return cmd
}

// register defines the flags of search.
func (o *searchOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, o.streams)
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
	o.jobFlags.register(f)
	o.registerSort(f)
	addSwitch(f, &o.record, "record", "", "print the whole record of each matching line, with the lines that continue it, such as a stack trace; -c counts records")
	addText(f, "pattern", "", "print only the lines of the pattern with this `ID`; patterns, with the same QUERY and PATHs, prints the IDs", func(s string) error {
		o.pattern = s
		return nil
	})
	addSwitch(f, &o.stats, "stats", "", "print statistics to standard error")
	addWord(f, "no-messages", "", "do not report files that cannot be read; the exit code is still 2", func() { o.mute = true })
	addHidden(f, "messages", func() { o.mute = false })
	addSwitch(f, &o.hint, "hint", "", "")
	f.Lookup("hint").Hidden = true
	hide := f.Lookup("no-hint")
	hide.Hidden, hide.Usage = false, "on a terminal, do not print how much was read"
	addRipgrep(f, o)
}

// errFound ends a search at the first match if only its existence matters.
var errFound = errors.New("found")

func (o *searchOptions) run(ctx context.Context, paths []string) error {
	tree, err := o.tree()
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
	if o.pattern != "" {
		o.twice = "--pattern"
	}
	j, err := o.prepare(ctx, tree, paths)
	if err != nil {
		return err
	}
	p := o.printer(o.out, &o.queryFlags, j.oneFile, onlyPipe(j.logs), color && !(o.vimgrep && o.color == "auto"))
	p.heading = o.heading.or(isTerminal(o.out)) && !o.vimgrep && p.mode == printLines && !p.json && p.names == nil && !o.byTime
	if isTerminal(o.err) {
		p.beside = j.status.hide
	}
	req := o.request(j.req.Query, &o.queryFlags)
	req.Window, req.Sources = j.req.Window, j.req.Sources
	j.req = req
	if o.pattern != "" {
		if err := j.selectPattern(ctx, o.pattern); err != nil {
			return err
		}
	}
	r := &searchRun{searchOptions: o, searchJob: j, p: p, emit: p.emit, finish: p.flush}
	defer r.close()
	if err := r.direct(ctx); err != nil {
		return err
	}
	st, err := j.run(ctx, r.emit)
	if err == nil {
		err = r.finish()
	}
	if errors.Is(err, errFound) {
		return nil // even if files could not be read
	}
	r.report(ctx, st, err)
	if p.mode != printFilesWithout {
		r.found = st.Hits > 0
	}
	if err != nil {
		if ctx.Err() != nil && p.color {
			o.out.WriteString(colorOff)
		}
		return endedBy(ctx, err)
	}
	return j.outcome(st, r.found)
}

// A searchRun is a search whose lines are printed.
type searchRun struct {
	*searchOptions
	*searchJob
	p      *printer
	emit   func(*index.Hits) error
	finish func() error // called after the last hits
	sorter *sorter      // nil if lines are not sorted
	found  bool         // a file to list, or a matching line
}

func (r *searchRun) close() {
	if r.sorter != nil {
		r.sorter.close()
	}
}

// direct decides what happens with the hits.
func (r *searchRun) direct(ctx context.Context) (err error) {
	p, req := r.p, r.req
	if p.mode == printLines && !r.quiet {
		if err := p.begin(); err != nil {
			return err
		}
	}
	if r.record && !r.quiet && (p.mode == printLines || p.mode == printCount) {
		return r.directRecords(ctx)
	}
	switch {
	case r.quiet:
		req.CountOnly, req.Before, req.After, req.Passthru = true, 0, 0, false
		r.emit = func(h *index.Hits) error {
			if h.Count > 0 && p.mode != printFilesWithout {
				return errFound
			}
			return nil
		}
	case r.byTime && p.mode == printLines:
		if r.sorter, err = r.newSorter(req, r.sources); err != nil {
			return err
		}
		req.Render, r.emit = renderOneByOne(p), r.sorter.emit(p)
		r.finish = func() error { return r.sorter.flush(p.write) }
	case !req.CountOnly:
		req.Render = p.render
	}
	switch {
	case p.mode == printFilesWithout:
		req.Searched = func(m reader.Member, n int64) error {
			if n > 0 {
				return nil
			}
			if r.found = true; r.quiet {
				return errFound
			}
			return p.summary(m.Path, 0)
		}
	case r.zero && !r.quiet && (p.mode == printCount || p.mode == printCountMatches):
		req.Searched = func(m reader.Member, n int64) error {
			if err := p.flush(); err != nil || n > 0 {
				return err
			}
			return p.summary(m.Path, 0)
		}
	}
	return nil
}

// directRecords is direct for --record.
func (r *searchRun) directRecords(ctx context.Context) (err error) {
	p, req := r.p, r.req
	if req.Passthru || req.Before > 0 || req.After > 0 {
		return errRecordAround
	}
	m := &recordMaker{ctx: ctx, zone: req.Window.Zone, formats: req.Options.Formats, emit: p.emitRecord}
	r.emit = m.add
	r.finish = func() error {
		if err := m.flush(); err != nil {
			return err
		}
		return p.flush()
	}
	if r.byTime && p.mode == printLines {
		if r.sorter, err = r.newSorter(req, r.sources); err != nil {
			return err
		}
		m.emit = func(x record) error { return r.sorter.addRecord(p, x) }
		r.finish = func() error {
			if err := m.flush(); err != nil {
				return err
			}
			return r.sorter.flush(p.write)
		}
	}
	forRecords(req)
	return nil
}

// report prints what there is to say about a search that ended with err.
func (r *searchRun) report(ctx context.Context, st index.Stats, err error) {
	if st.Untimed > 0 && !r.quiet && err == nil {
		what := "lines left out, because no time is known of them"
		if st.Untimed == 1 {
			what = "line left out, because no time is known of it"
		}
		fmt.Fprintf(r.err, "logview: %s matching %s (--since, --until)\n", humanize.Comma(st.Untimed), what)
	}
	if st.Hits == 0 && err == nil && !r.mute && !r.quiet {
		r.explainFields(ctx)
	}
	if w := r.req.Window; st.Hits == 0 && err == nil && !r.quiet && isTerminal(r.err) && (!w.Since.IsZero() || !w.Until.IsZero()) {
		fmt.Fprintf(r.err, "logview: no line matches %s%s\n", spell(w), r.spellExtent(ctx))
	}
	if st.Hits > 0 && err == nil && !r.mute && !r.quiet {
		for _, n := range r.p.unseen() {
			fmt.Fprintf(r.err, "logview: none of these lines has a field %s\n", visible.String(strconv.Quote(n)))
		}
	}
	if r.stats {
		printStats(r.err, st)
	} else if isTerminal(r.err) && r.hint && !r.quiet && err == nil {
		r.printHint(st, r.paths)
	}
}

// spellExtent returns in words which times the lines of the searched logs have, as far as that is
// found out within a second, because a time of day without a date is one of the last 24 hours;
// empty if no time is known.
func (r *searchRun) spellExtent(ctx context.Context) string {
	deadline := time.Now().Add(time.Second)
	var first, last time.Time
	for _, l := range r.logs {
		if ctx.Err() != nil || time.Now().After(deadline) {
			break
		}
		from, to := timeSpan(r.cache, l, r.req.Options.Formats)
		if from != nil && (first.IsZero() || from.Before(first)) {
			first = *from
		}
		if to != nil && to.After(last) {
			last = *to
		}
	}
	if first.IsZero() || last.IsZero() {
		return ""
	}
	const form = "2006-01-02 15:04:05"
	zone := r.req.Window.Zone
	return fmt.Sprintf("; the lines of these logs are from %s to %s", first.In(zone).Format(form), last.In(zone).Format(form))
}

// spell returns a range of time in words.
func spell(w index.Window) string {
	const form = "2006-01-02 15:04:05 MST"
	since, until := w.Since.In(w.Zone).Format(form), w.Until.In(w.Zone).Format(form)
	switch {
	case w.Until.IsZero():
		return "from " + since + " on"
	case w.Since.IsZero():
		return "before " + until
	}
	return "from " + since + " to " + until
}

// explainFields is called if no line matched. It says which condition was perhaps meant
// otherwise. If no line has a field that the query names, it says so, and how to search
// for the text that was perhaps meant. It looks for the field for a second at most.
func (j *searchJob) explainFields(ctx context.Context) {
	if path := j.fileAsQuery(); path != "" {
		path = visible.String(path)
		fmt.Fprintf(j.flags.err, "logview: %s was searched for as text; to search the file, write logview search QUERY %[1]s, with -e '' as QUERY for every line\n", path)
		return
	}
	hinted := false
	query.Leaves(j.req.Query, func(leaf query.Node, _ bool) {
		if _, text := leaf.(query.Text); text && j.flags.saysText() {
			return
		}
		if hint := hintOf(leaf); hint != "" && !hinted {
			hinted = true
			fmt.Fprintf(j.flags.err, "logview: %s\n", hint)
		}
	})
	if hinted || j.readsStdinOnce() {
		return
	}
	exists := func(f query.Field) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := j.search(ctx, &index.Request{Query: f, Options: j.req.Options, Sources: j.req.Sources, Max: 1, CountOnly: true},
			func(h *index.Hits) error { return errFound })
		return err
	}
	for _, f := range query.FieldsOf(j.req.Query) {
		w := j.req.Window
		if _, alone := j.req.Query.(query.Field); !(alone && w.Since.IsZero() && w.Until.IsZero()) && errors.Is(exists(f), errFound) {
			continue // it is the other conditions that no such line meets
		}
		err := exists(query.Field{Name: f.Name, Op: query.Exists})
		if f.Name == query.Time {
			fmt.Fprintln(j.flags.err, "logview: time can be compared only, as in 'time>=14:05 time<14:10'")
			continue
		}
		text := `'"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(f.String()) + `"'`
		switch {
		case errors.Is(err, errFound) && f.Op == query.Is && !strings.Contains(f.Value, "*") && strings.Trim(f.Value, "0123456789.") != "":
			fmt.Fprintf(j.flags.err, "logview: no %s is exactly that; for those that contain it, write '%[1]s:*%s*'\n", visible.String(f.Name), visible.String(f.Value))
		case err == nil:
			fmt.Fprintf(j.flags.err, "logview: no line has a field %s; to look for the text, put it in quotes: %s\n", visible.String(strconv.Quote(f.Name)), visible.String(text))
		case errors.Is(err, context.DeadlineExceeded):
			fmt.Fprintf(j.flags.err, "logview: %s asks for a field; to look for the text, put it in quotes: %s\n", visible.String(f.String()), visible.String(text))
		}
	}
}

// fileAsQuery returns the query if it is also the path of a file, and no other path was
// given; empty otherwise.
func (j *searchJob) fileAsQuery() string {
	asked := j.flags.asked
	if len(j.paths) > 0 || len(asked) != 1 || asked[0].flag {
		return ""
	}
	if _, err := os.Stat(asked[0].text); err != nil {
		return ""
	}
	return asked[0].text
}

// saysText reports whether the query says of a text that it is one, so that nothing else
// can have been meant.
func (q *queryFlags) saysText() bool {
	return q.literal || slices.ContainsFunc(q.asked, func(x askedQuery) bool { return strings.Contains(x.text, `"`) })
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

// onlyPipe returns the path of the only file of logs if that is standard input or a named
// pipe; otherwise it is empty.
func onlyPipe(logs []files.Log) string {
	switch {
	case !isOneFile(logs):
		return ""
	case logs[0].Members[0].Path == reader.Stdin:
		return reader.Stdin
	}
	return readOnce(logs)
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
	lines := "lines"
	if st.Hits == 1 {
		lines = "line"
	}
	fmt.Fprintf(w, "%s matching %s\n", humanize.Comma(st.Hits), lines)
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
