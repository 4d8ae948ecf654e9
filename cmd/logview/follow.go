package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
	"logview/reader"
)

type followOptions struct {
	*globals
	queryFlags
	outputFlags
	last int64
}

func newFollow(g *globals) *cobra.Command {
	o := &followOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "follow [flags] [QUERY] [PATH…]",
		Short: "Print lines as they are written",
		Long: `Print the lines that are written to logs, as they are written: of the files at
PATH, of all that lie and come to lie below it if it is a directory, or of
standard input if something is piped in. Logs are followed through rotation of
every kind, each line once. With QUERY, in the language of search, only the lines
that match.

The first argument is a QUERY unless a file or directory has that name; --query
says it without doubt. A last line without its end is printed when it is complete
or a second old.`,
		Example: `  logview follow /var/log
  logview follow 'error -healthcheck' /var/log/nginx
  logview follow -n 20 app.log
  logview follow --json 'level=error' . | jq .text
  kubectl logs -f web-1 | logview follow 'timeout -healthcheck'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !o.given() {
				args = o.takeQuery(args)
			}
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, g.streams)
	addWord(f, "line-number", "", "print line numbers", func() { o.number = yes })
	addHidden(f, "no-line-number", func() { o.number = no })
	f.Int64VarP(&o.last, "lines", "n", -1, "begin with the last `N` lines of each log (default 10 of a file, none of a directory)")
	o.outputFlags.register(cmd)
	return cmd
}

// takeQuery takes the first argument for the query unless it is a path.
func (o *followOptions) takeQuery(args []string) []string {
	if len(args) == 0 {
		return args
	}
	if _, err := os.Stat(args[0]); err == nil || args[0] == reader.Stdin {
		return args
	}
	o.ask(args[0])
	return args[1:]
}

func (o *followOptions) run(ctx context.Context, paths []string) error {
	var tree query.Node = query.Text{} // every line
	if o.given() {
		var err error
		if tree, err = o.tree(); err != nil {
			return err
		}
	}
	if o.none() {
		return exitCode(exitNone)
	}
	color, err := o.colored()
	if err != nil {
		return err
	}
	if _, err := o.cache(); err != nil { // nothing is kept, but a flag may be wrong
		return err
	}
	paths = o.inputs(paths)
	p := o.printer(o.out, &o.queryFlags, oneFile(paths), len(paths) == 1 && paths[0] == reader.Stdin, color)
	p.heading, p.nameColors = false, true
	p.number = o.number.or(p.column)
	req := o.request(tree, &o.queryFlags)
	req.Render = p.render

	status := newStatus(o.err, "behind by")
	if isTerminal(o.err) {
		p.beside = status.hide
	}
	var failed bool
	st, err := index.NewStream(ctx, req, p.emit)
	if err != nil {
		return err
	}
	if len(paths) == 1 && paths[0] == reader.Stdin {
		err = reader.FollowPipe(ctx, o.in, nil, func(a *reader.Appended) error { return o.add(st, a) })
		var fe *reader.FileError
		if errors.As(err, &fe) { // what came before it was printed
			failed, err = true, nil
			o.complain(fe)
		}
	} else {
		note := func(err error) {
			defer status.hide()()
			failed = failed || !errors.Is(err, reader.ErrOutput)
			o.complain(err)
		}
		live := reader.NewLive(paths, note)
		defer live.Close()
		f := reader.NewFollower(live, reader.FollowOptions{Last: o.begin(paths), Count: o.json || p.number || p.offset, Note: note})
		err = o.follow(ctx, f, st, status)
	}
	status.end()
	if ferr := p.flush(); err == nil || ctx.Err() != nil && ferr != nil {
		err = ferr
	}
	switch {
	case ctx.Err() != nil:
		if p.color {
			o.out.WriteString(colorOff)
		}
		return exitCode(exitInt)
	case err != nil:
		return err
	case failed:
		return exitCode(exitError)
	}
	return nil
}

// follow prints what the files get.
func (o *followOptions) follow(ctx context.Context, f *reader.Follower, st *index.Stream, status *status) error {
	lastSaid := time.Now()
	return f.Run(ctx, func(a *reader.Appended) error {
		if err := o.add(st, a); err != nil {
			return err
		}
		// Who reads the output may be slower than who writes the logs.
		if isTerminal(o.err) && time.Since(lastSaid) > statusAfter {
			lastSaid = time.Now()
			text := ""
			if lag := f.Lag(); lag > worthTelling {
				text = humanize.IBytes(uint64(lag))
			}
			status.say(text)
		}
		return nil
	})
}

// worthTelling is how far behind the output may be before it is said.
const worthTelling = 1 << 20

// add prints what matches of some new lines.
func (o *followOptions) add(st *index.Stream, a *reader.Appended) error {
	return st.Add(a.Key, reader.Member{Path: a.Log}, a.ID, &a.Block)
}

// begin is with how many lines of each log to begin.
func (o *followOptions) begin(paths []string) int64 {
	if o.last >= 0 {
		return o.last
	}
	if oneFile(paths) {
		return 10
	}
	return 0
}

// oneFile reports whether paths name one file and nothing else.
func oneFile(paths []string) bool {
	if len(paths) != 1 {
		return false
	}
	info, err := os.Stat(paths[0])
	return paths[0] == reader.Stdin || err == nil && !info.IsDir()
}

// nameColor is the colour of a log's name: one of those that are neither a
// line number's nor a match's.
func nameColor(name string) string {
	colors := []int{33, 34, 35, 36, 93, 94, 95, 96}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("\x1b[%dm", colors[h.Sum32()%uint32(len(colors))])
}
