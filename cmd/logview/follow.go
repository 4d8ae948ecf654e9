package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/reader/lazyregexp"
)

type followOptions struct {
	*globals
	queryFlags
	outputFlags
	fileFlags
	last  int64
	text  bool // also follow files that do not look like text
	quiet bool

	byTime bool // lines are printed in the order of their times
	record bool // with the record of each
}

func newFollow(g *globals) *cobra.Command {
	o := &followOptions{globals: g, last: -1}
	cmd := &cobra.Command{
		SuggestFor: []string{"tail", "watch"},
		Use:        "follow [flags] [QUERY] [PATH…]",
		Short:      "Print lines as they are written",
		Long: `Print lines as they are written to the files at PATH, to all files below it if
it is a directory, or to standard input if something is piped in. Logs are
followed through every kind of rotation, and each line is printed once. With a
QUERY, in the language of search, only lines that match are printed.

The first argument is a QUERY unless a file or directory has that name or it
looks like a path (app.log, logs/*, /var/log/x); follow waits for a path that
does not exist yet. -e QUERY always gives a query. A last line without a line
feed is printed when it is complete, or as it is after one second. With -m N
the command ends after N lines. With --sort time, the lines of all logs are
printed in the order of their times, each a second after it was read.`,
		Example: `  logview follow /var/log
  logview follow 'error -healthcheck' /var/log/nginx
  logview follow -n 20 app.log
  logview follow -m 1 -e 'server started' app.log && notify
  logview follow --json 'level:error' . | jq .text
  kubectl logs -f web-1 | logview follow 'timeout -healthcheck'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), o.takeQuery(args))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, g.streams)
	addWord(f, "line-number", "", "print line numbers", func() { o.number = yes })
	addHidden(f, "no-line-number", func() { o.number = no })
	var last number
	addNumber(f, &last, "lines", "n", "print the last `N` lines of each log first (default 10 for files that are named, 0 for directories)", func() { o.last = last.n })
	o.outputFlags.register(cmd)
	f.Lookup("max-count").Usage = "end after `N` matching lines of all files"
	addText(f, "sort", "", "print lines in the order of `WHAT`: time, of all logs together, each line a second later; or none, which is the default", func(s string) (err error) {
		if s != "time" && s != "none" {
			return refused{"--sort " + s, "followed lines are printed as they come, or by time"}
		}
		o.byTime = s == "time"
		return nil
	})
	addSwitch(f, &o.record, "record", "", "print the whole record of each matching line, with the lines that continue it, such as a stack trace; at most a second later")
	addWord(f, "quiet", "q", "print nothing and end at the first match", func() { o.quiet = true })
	o.fileFlags.register(cmd, "follow")
	addSwitch(f, &o.text, "text", "a", "follow files that do not look like text, too")
	addAccepted(f)
	addHidden(f, "no-heading", func() {})
	for _, x := range notFollowed {
		addRefused(f, x.name, x.short, x.value, x.reason)
	}
	return cmd
}

// notFollowed lists flags of search that make no sense for follow.
var notFollowed = []struct {
	name, short string
	value       bool
	reason      string
}{
	{"max-filesize", "", true, "followed files grow, so their size decides nothing; -g '!GLOB' skips files"},
	{"heading", "", false, "the lines of several files are mixed, so each is printed with its path"},
	{"pretty", "p", false, "the lines of several files are mixed, so each is printed with its path; --color always and -H are what else it stands for"},
	{"count-matches", "", false, "a followed file has no end at which to count; logview search --count-matches counts"},
	{"include-zero", "", false, "a followed file has no end at which to count; logview search -c --include-zero counts"},
	{"files-without-match", "", false, "a followed file has no end, so a match may come; logview search --files-without-match lists them now"},
	{"stats", "", false, "a followed file has no end; logview search --stats prints statistics"},
}

// takeQuery makes the first argument the query, unless flags give one, or it is a path
// or looks like one, and returns the other arguments. A path need not exist yet.
func (o *queryFlags) takeQuery(args []string) []string {
	if o.given() || len(args) == 0 || args[0] == reader.Stdin {
		return args
	}
	_, err := os.Lstat(args[0])
	// With -E or -F, the query may contain the characters of a file pattern.
	query := (o.regexp || o.literal) && err != nil && strings.ContainsAny(args[0], "*?[")
	if !query && isPath(args[0]) {
		return args
	}
	o.addArgument(args[0])
	return args[1:]
}

// logEnding matches the ends of the names of logs and their rotated files.
var logEnding = lazyregexp.New(`(?i)\.(logs?|txt|text|out|err|trace|jsonl?|ndjson|csv|tsv|gz|xz|bz2|zst|lz4|z|zip|br|lzma|\d+)$|\.log[-._]\S+$|[^\s_]_log$|(?-i:\.(INFO|WARNING|ERROR|FATAL))$`)

// isPath reports whether an argument is a path or looks like one.
func isPath(s string) bool {
	if _, err := os.Lstat(s); err == nil {
		return true
	}
	condition := strings.TrimPrefix(s, "-")
	switch {
	case s == "", strings.ContainsAny(s, "\t\n\""), strings.HasPrefix(condition, "file:"), strings.HasPrefix(condition, "log:"), query.BeginsField(condition), strings.HasPrefix(s, "="), strings.HasPrefix(s, "("), isRegexp(s):
		return false // it is a query
	}
	number := strings.Trim(s, "0123456789.:") == "" // or an address
	switch {
	case logEnding.MatchString(s):
		return !number
	case !strings.Contains(s, " "):
		return strings.ContainsAny(s, "/*?["+string(os.PathSeparator))
	case strings.HasPrefix(s, "/"), strings.HasPrefix(s, "./"), strings.HasPrefix(s, "../"), filepath.IsAbs(s):
		return true
	}
	dir := filepath.Dir(s) // GET /x is a query
	_, err := os.Lstat(dir)
	return dir != "." && err == nil
}

// isRegexp reports whether s is a regular expression between slashes, and not
// an absolute path with a slash at its end.
func isRegexp(s string) bool {
	body, ok := strings.CutPrefix(s, "/")
	if !ok {
		return false
	}
	if body, ok = strings.CutSuffix(strings.TrimSuffix(body, "i"), "/"); !ok || body == "" {
		return false
	}
	return !strings.Contains(body, "/") || strings.ContainsAny(body, `\+*?[](){}|^$`)
}

func (o *followOptions) run(ctx context.Context, paths []string) error {
	tree, err := o.optionalTree()
	if err != nil {
		return err
	}
	if o.noLines() {
		return exitCode(exitNone)
	}
	if _, err := o.cache(); err != nil { // nothing is cached, but this checks the flags
		return err
	}
	if paths, err = o.followedPaths(paths); err != nil {
		return err
	}
	filter, err := o.narrowed()
	if err != nil {
		return err
	}
	filter.NoArchives = true
	p, req, err := o.prepare(tree, namesOneFile(paths))
	if err != nil {
		return err
	}
	if p.mode == printLines && !o.quiet {
		if err := p.begin(); err != nil {
			return err
		}
	}

	status := newStatus(o.err, "behind by")
	if isTerminal(o.err) {
		p.beside = status.hide
	}
	emit, found := p.emit, false
	if o.quiet {
		req.Render, req.CountOnly, req.Before, req.After, req.Passthru = nil, true, 0, 0, false
		emit = func(h *index.Hits) error {
			if found = h.Count > 0; found {
				return errDone
			}
			return nil
		}
	}
	end, following := func() error { return nil }, ctx
	recorded := o.recorded(p)
	switch {
	case o.sorted(p):
		following, emit, end = sortLive(ctx, p, req)
	case recorded:
		following, emit, end = recordLive(ctx, req, p.emitRecord)
	}
	st, err := index.NewStream(ctx, req, func(h *index.Hits) error {
		found = found || !o.quiet
		return emit(h)
	})
	if err != nil {
		return errors.Join(err, end())
	}
	if o.max.given && !recorded {
		st.LimitTotal()
	}
	f := &follower{o: o, st: st, filter: filter, status: status, count: p.json || p.names != nil || p.number || p.offset}
	err = f.follow(following, paths)
	status.close()
	if eerr := end(); eerr != nil && ctx.Err() == nil {
		err = eerr // because of which following ended
	}
	if errors.Is(err, errDone) {
		err = nil
	}
	if ferr := p.flush(); err == nil || ctx.Err() != nil && ferr != nil {
		err = ferr
	}
	if ctx.Err() != nil && p.color {
		o.out.WriteString(colorOff)
	}
	return f.outcome(ctx, err, found || !o.quiet && !o.given())
}

// followedPaths returns the paths to follow; without any, the one that the query or the input
// implies.
func (o *followOptions) followedPaths(paths []string) ([]string, error) {
	bare := len(paths) == 0 && len(o.asked) == 1 && !o.asked[0].flag
	if err := checkPaths(paths); err != nil {
		return nil, err
	}
	paths = o.queryInputs(paths, &o.queryFlags)
	if bare && len(paths) == 1 && paths[0] == "." && isTerminal(o.err) {
		o.printError(fmt.Errorf("following the logs in this directory for lines that match %s; to wait for a file that does not exist yet, name it with its directory (./%[1]s)", o.asked[0].text))
	}
	return paths, nil
}

// prepare returns the printer and the request for the lines that match tree. oneFile says that
// one file is followed.
func (o *followOptions) prepare(tree query.Node, oneFile bool) (*printer, *index.Request, error) {
	color, err := o.colored()
	if err != nil {
		return nil, nil, err
	}
	if err := o.setFormats(&o.queryFlags); err != nil {
		return nil, nil, err
	}
	p := o.printer(o.out, &o.queryFlags, oneFile, "", color)
	p.heading, p.nameColors = false, true
	p.number = o.number.or(p.column)
	tree, window, err := o.limits(tree)
	if err != nil {
		return nil, nil, err
	}
	req := o.request(tree, &o.queryFlags)
	req.Render, req.Window, req.Head = p.render, window, o.headOf
	switch around := req.Passthru || req.Before > 0 || req.After > 0; {
	case o.sorted(p) && around:
		err = errSortedAround
	case o.recorded(p) && around:
		err = errRecordAround
	case o.sorted(p) && o.recorded(p):
		err = errors.New("--record with --sort time: search prints records by time; follow prints them as they come")
	}
	return p, req, err
}

// sorted reports whether lines are printed in the order of their times.
func (o *followOptions) sorted(p *printer) bool { return o.byTime && p.mode == printLines && !o.quiet }

// recorded reports whether whole records are printed.
func (o *followOptions) recorded(p *printer) bool {
	return o.record && p.mode == printLines && !o.quiet
}

// outcome returns the result of the command after following ended with err. found says
// that a line matched, or that none was asked for.
func (f *follower) outcome(ctx context.Context, err error, found bool) error {
	switch {
	case ctx.Err() != nil:
		return exitCode(exitInt)
	case err != nil:
		return err
	case f.failed && !(found && f.o.quiet):
		return exitCode(exitError)
	case !found:
		return exitCode(exitNone)
	}
	return nil
}

// lastLines returns the number of last lines to print first for each log that
// was named as a file.
func (o *followOptions) lastLines() int64 {
	if o.last >= 0 {
		return o.last
	}
	return 10
}

// A follower prints the lines of several sources, each of which has its own
// goroutine.
type follower struct {
	o      *followOptions
	status *status
	count  bool // line numbers or offsets are printed
	filter files.Filter

	mu     sync.Mutex // guards the fields below
	st     *index.Stream
	failed bool
	said   time.Time // time when the lag was last shown
}

// errDone ends follow after the number of lines given by -m.
var errDone = errors.New("done")

// follow prints lines until all sources have ended, or nobody reads the output any more.
func (f *follower) follow(ctx context.Context, paths []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if awaitHangup(ctx, f.o.out) {
			cancel(syscall.EPIPE)
		}
	}()
	go files.FindPipedOutputs(ctx)
	err := f.followSources(ctx, paths)
	if context.Cause(ctx) == syscall.EPIPE {
		return syscall.EPIPE
	}
	return err
}

// followSources prints lines until all sources have ended. Files never end.
func (f *follower) followSources(ctx context.Context, paths []string) error {
	each, ctx := errgroup.WithContext(ctx)
	var named []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if p == reader.Stdin || err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			each.Go(func() error { return f.followPipe(ctx, p) })
		} else if err := files.CheckCanGrow(p); err != nil {
			f.mu.Lock()
			f.failed = true
			f.mu.Unlock()
			f.note(err)
		} else {
			named = append(named, p)
		}
	}
	if len(named) > 0 {
		each.Go(func() error {
			return f.followFiles(ctx, named, func(path string) {
				each.Go(func() error { return f.followPipe(ctx, path) })
			})
		})
	}
	if err := each.Wait(); !errors.Is(err, errDone) {
		return err
	}
	return nil
}

// note reports an error or a skipped file.
func (f *follower) note(err error) {
	defer f.status.hide()()
	var fe *reader.FileError
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &fe):
		err = &reader.FileError{Path: fe.Path, Offset: -1, Err: errors.New("does not exist yet; waiting for it")}
	case !errors.Is(err, files.ErrOutput) && !errors.Is(err, reader.ErrBinary) && !errors.Is(err, files.ErrArchive):
		f.mu.Lock()
		f.failed = true
		f.mu.Unlock()
	}
	f.o.printError(err)
}

// followPipe prints the lines of standard input or another pipe.
func (f *follower) followPipe(ctx context.Context, path string) error {
	opt := follow.PipeOptions{Encoding: f.o.charset()}
	var in io.Reader = f.o.in
	var err error
	if path != reader.Stdin {
		opt.Name = path
		in, err = follow.OpenPipe(path)
	} else if info, serr := f.o.in.Stat(); serr == nil && info.Mode().IsRegular() {
		in, err = follow.FollowOpen(ctx, f.o.in, f.o.lastLines(), f.note)
	}
	if err == nil {
		err = follow.FollowPipe(ctx, in, opt, f.add)
	}
	var fe *reader.FileError
	if errors.As(err, &fe) { // the lines before the error were printed
		f.note(fe)
		return nil
	}
	return err
}

// followFiles prints lines that are written to files. It calls pipe for each
// path that becomes a named pipe.
func (f *follower) followFiles(ctx context.Context, paths []string, pipe func(string)) error {
	live := follow.NewFilteredLive(f.filter, paths, f.note)
	defer live.Close()
	fw := follow.NewFollower(live, follow.FollowOptions{Text: f.o.text, Encoding: f.o.charset(), Last: max(f.o.last, 0), LastOf: f.o.lastLines(), Count: f.count, Note: f.note, Pipe: pipe})
	return fw.Run(ctx, func(a *follow.Appended) error {
		if err := f.add(a); err != nil {
			return err
		}
		// The output may be read more slowly than the logs are written.
		if isTerminal(f.o.err) && time.Since(f.said) > statusAfter {
			f.said = time.Now()
			text := ""
			if lag := fw.Lag(); lag > worthTelling {
				text = humanize.IBytes(uint64(lag))
			}
			f.status.setText(text)
		}
		return nil
	})
}

// worthTelling is the lag of the output, in bytes, above which it is shown.
const worthTelling = 1 << 20

// add prints the new lines that match.
func (f *follower) add(a *follow.Appended) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.st.Add(a.Key, reader.Member{Path: a.Log, ModTime: a.ModTime}, a.ID, &a.Block); err != nil {
		return err
	}
	if f.st.Done() {
		return errDone
	}
	return nil
}

// headOf returns the beginning of the text of a followed file; nil if it cannot be read.
func (o *followOptions) headOf(m reader.Member) []byte {
	info, err := os.Stat(m.Path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	m.Size = info.Size()
	src := files.NewSource(files.Log{Name: m.Path, Members: []reader.Member{m}}, files.Options{Encoding: o.charset(), Text: o.text})
	text, err := firstText(context.Background(), src, m)
	if err != nil {
		return nil
	}
	return text
}

// namesOneFile reports whether paths is the path of one file, which need not
// exist yet.
func namesOneFile(paths []string) bool {
	if len(paths) != 1 {
		return false
	}
	info, err := os.Stat(paths[0])
	return err == nil && !info.IsDir() || err != nil && !strings.ContainsAny(paths[0], "*?[{")
}

// nameColor returns the escape sequence for the colour of a log's name. It
// never returns the colours of line numbers and matches.
func nameColor(name string) string {
	colors := []int{33, 34, 35, 36, 93, 94, 95, 96}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("\x1b[%dm", colors[h.Sum32()%uint32(len(colors))])
}
