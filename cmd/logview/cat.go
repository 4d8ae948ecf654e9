package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"logview/index"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui/visible"
)

type catOptions struct {
	*globals
	lines string
	tail  int64
	text  bool

	byTime, reverse bool
}

func newCat(g *globals) *cobra.Command {
	o := &catOptions{globals: g, tail: -1}
	cmd := &cobra.Command{
		SuggestFor: []string{"less", "more", "head", "zcat"},
		Use:        "cat [flags] [PATH|REF…]",
		Short:      "Print logs, oldest lines first",
		Long: `Print the lines of the logs at PATH, decoded, from the oldest rotated file to the
current one. A REF is one line: app.log.2.gz:1234 is that line of that file, and
app.log:1234@3f9c1a5b7d, as search --json prints it, is the line with that text,
in whichever file of the log it is now. With --lines, lines are counted from the
oldest of the log. With --tail, only the last lines are printed, and no more is
read than necessary if the cache knows the file. With --sort time, the lines of all
logs are printed in the order of their times.`,
		Example: `  logview cat 'app.log*' | less
  logview cat --tail 100 /var/log/nginx
  logview cat --lines 1000:1020 app.log.2.gz
  logview cat app.log.2.gz:1234`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	cmd.Flags().StringVar(&o.lines, "lines", "", "print lines `A:B` of each log, counted from 1; A and B are optional")
	addSwitch(cmd.Flags(), &o.text, "text", "a", textUsage)
	var tail number
	addNumber(cmd.Flags(), &tail, "tail", "", "print the last `N` lines of each log", func() { o.tail = tail.n })
	addText(cmd.Flags(), "sort", "", "print the lines in the order of `WHAT`: time, of all logs together; or path, which is the default", func(s string) (err error) {
		o.byTime, err = sortsByTime(s)
		return err
	})
	addWord(cmd.Flags(), "reverse", "", "print the lines by time, the newest first", func() { o.byTime, o.reverse = true, true })
	return cmd
}

// sortsByTime returns whether the value of --sort asks for the order of time.
func sortsByTime(s string) (bool, error) {
	switch s {
	case "time":
		return true, nil
	case "path", "none":
		return false, nil
	}
	return false, refused{"--sort " + s, "lines are sorted by time, or by the paths of their files, the rotated files of a log oldest first"}
}

// runByTime prints the lines of logs by time, as search does.
func (o *catOptions) runByTime(ctx context.Context, args []string) error {
	if o.lines != "" || o.tail >= 0 {
		return errors.New("--lines and --tail count the lines of each log, and --sort time mixes them: leave out one; search --reverse -m N prints the last lines of all logs")
	}
	s := &searchOptions{jobFlags: jobFlags{globals: o.globals, text: o.text}, byTime: true, reverse: o.reverse}
	s.asked, s.path, s.number, s.heading = []askedQuery{{flag: true}}, no, no, no // every line
	s.afterField, s.contextSign = ":", "-"
	err := s.run(ctx, args)
	if err == exitCode(exitNone) {
		return nil // there are no lines
	}
	return err
}

func (o *catOptions) run(ctx context.Context, args []string) (err error) {
	if o.byTime {
		return o.runByTime(ctx, args)
	}
	if o.lines != "" && o.tail >= 0 {
		return errors.New("--lines and --tail contradict each other: --lines counts from the first line, --tail from the last; give one of them")
	}
	from, to, err := parseLines(o.lines)
	if err != nil {
		return err
	}
	cache, err := o.cache()
	if err != nil {
		return err
	}
	color, err := o.colored()
	if err != nil {
		return err
	}
	c := &catPrinter{catOptions: o, ctx: ctx, opt: files.Options{Cache: cache, AsOpened: true, Text: o.text, Encoding: o.charset(), Workers: index.NewWorkers()}, w: o.out}
	if color || isTerminal(o.out) {
		v := &visible.Writer{W: o.out, Lines: true}
		defer func() {
			if ferr := v.Flush(); err == nil {
				err = ferr
			}
		}()
		c.w = v
	} else {
		c.w = narrowWriter{o.out}
	}
	for _, group := range splitRefs(o.inputs(args)) {
		if group.ref != nil {
			err = c.printRef(*group.ref)
		} else {
			logs, failed := o.find(group.paths)
			c.failed = c.failed || failed
			logs, failed = o.unpack(ctx, logs, c.opt, nil)
			c.failed = c.failed || failed
			for _, l := range logs {
				src := files.NewSource(l, c.opt)
				if from > 0 || to >= 0 || o.tail >= 0 {
					if err = src.Settle(ctx); err != nil { // line numbers are needed
						break
					}
				}
				switch {
				case (l.Name == reader.Stdin || readOnce([]files.Log{l}) != "") && (from > 0 || o.tail >= 0):
					err = c.printPiped(src, from, to, o.tail)
				case o.tail >= 0:
					err = c.printTail(src, o.tail)
				default:
					err = c.printLines(src, from, to)
				}
				if err != nil {
					break
				}
			}
		}
		if err != nil {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return exitCode(exitInt)
	case err != nil:
		return err
	case c.failed:
		return exitCode(exitError)
	}
	return nil
}

// parseLines parses the range of --lines. It returns the first line and the
// line after the last one, counted from 0; to is -1 if the range has no end.
func parseLines(s string) (from, to reader.Line, err error) {
	if s == "" {
		return 0, -1, nil
	}
	bad := fmt.Errorf("--lines %q: want A:B, line numbers from 1, such as 100:120", s)
	a, b, ok := strings.Cut(s, ":")
	if !ok {
		b = a
	}
	to = -1
	if a != "" {
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil || n < 1 {
			return 0, 0, bad
		}
		from = reader.LineNumber(n)
	}
	if b != "" {
		n, err := strconv.ParseInt(b, 10, 64)
		if err != nil || n < 1 || reader.LineNumber(n) < from {
			return 0, 0, bad
		}
		to = reader.LineNumber(n) + 1
	}
	return from, to, nil
}

// A catGroup contains either paths to be grouped into logs, or one ref.
type catGroup struct {
	paths []string
	ref   *files.Ref
}

// splitRefs separates refs from paths. An argument that exists as a path is
// never a ref.
func splitRefs(args []string) []catGroup {
	var out []catGroup
	for _, a := range args {
		if _, err := os.Lstat(a); err != nil {
			if refs := files.ParseRefs(a); len(refs) > 0 {
				ref := refs[0]
				for _, r := range refs {
					if _, err := os.Stat(r.Path); err == nil {
						ref = r
						break
					}
				}
				out = append(out, catGroup{ref: &ref})
				continue
			}
		}
		if n := len(out); n > 0 && out[n-1].ref == nil {
			out[n-1].paths = append(out[n-1].paths, a)
		} else {
			out = append(out, catGroup{paths: []string{a}})
		}
	}
	return out
}

// A catPrinter prints logs for cat.
type catPrinter struct {
	*catOptions
	ctx    context.Context
	opt    files.Options
	w      io.Writer
	failed bool
}

// A narrowWriter writes texts, with the UTF-16 in them converted to UTF-8.
type narrowWriter struct{ w io.Writer }

func (n narrowWriter) Write(text []byte) (int, error) {
	if _, err := n.w.Write(line.Narrow(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// reportError reports what went wrong with a file, and returns an error only if
// the command must end.
func (c *catPrinter) reportError(err error) error {
	var fe *reader.FileError
	if c.ctx.Err() != nil || !errors.As(err, &fe) {
		return err
	}
	c.printError(err)
	if !errors.Is(err, reader.ErrBinary) {
		c.failed = true
	}
	return nil
}

// printLines prints the lines from up to, but not including, to of a log,
// counted over all members. A negative to stands for the end.
func (c *catPrinter) printLines(src reader.Source, from, to reader.Line) error {
	line := reader.Line(0) // number of the member's first line in the log
	for _, m := range src.Members() {
		if to >= 0 && line >= to {
			return nil
		}
		at := reader.Pos{}
		if line < from {
			p, n, err := files.LinePos(c.ctx, src, m, from-line)
			if err != nil {
				if err := c.reportError(err); err != nil {
					return err
				}
				continue
			}
			if reader.Line(n) < from-line {
				line += reader.Line(n)
				continue
			}
			at = p
		}
		limit := int64(-1)
		if to >= 0 {
			limit = int64(to - line - at.Line)
		}
		n, err := c.printMember(src, m, at, limit)
		line += at.Line + reader.Line(n)
		if errors.Is(err, files.ErrArchive) && from == 0 && to < 0 {
			err = c.printMembers(src, m, err)
		}
		if err != nil {
			if err := c.reportError(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// printMembers prints the files in a member, such as standard input, that turned
// out to be an archive when it was read.
func (c *catPrinter) printMembers(src reader.Source, m reader.Member, err error) error {
	u, ok := src.(reader.Unpacker)
	if !ok {
		return err
	}
	members, errs := u.Unpack(c.ctx, m, nil, nil, nil)
	for _, err := range errs {
		if err := c.reportError(err); err != nil {
			return err
		}
	}
	for _, x := range members {
		inner := files.NewSource(files.Log{Name: x.Path, Members: []reader.Member{x}}, c.opt)
		if err := c.printLines(inner, 0, -1); err != nil {
			return err
		}
	}
	return nil
}

// printMember prints a member starting at at, at most limit lines if limit >=
// 0, and returns how many lines it printed.
func (c *catPrinter) printMember(src reader.Source, m reader.Member, at reader.Pos, limit int64) (int64, error) {
	b, err := src.Open(c.ctx, m, at)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	lines, open := int64(0), false
	for limit < 0 || lines < limit {
		err := b.Next(blk)
		if err == nil && open && !blk.Continues {
			// The file has grown since its last line was printed;
			// the line would be returned again.
			lines++
			_, err := c.w.Write(newline)
			return lines, err
		}
		if err != nil {
			if open {
				lines++
				if _, werr := c.w.Write(newline); werr != nil {
					return lines, werr
				}
				open = false
			}
			if err == io.EOF {
				return lines, nil
			}
			r, ok := b.(reader.Resumer)
			if !ok || c.ctx.Err() != nil {
				return lines, err
			}
			if ferr := c.reportError(err); ferr != nil {
				return lines, ferr
			}
			if r.Resume() != nil {
				return lines, nil
			}
			continue
		}
		text := blk.Text
		if limit >= 0 && lines+int64(blk.Lines) >= limit {
			end := 0
			for range limit - lines {
				end += bytes.IndexByte(text[end:], '\n') + 1
			}
			text = text[:end]
		}
		lines += int64(min(blk.Lines, bytes.Count(text, newline)))
		open = len(text) > 0 && text[len(text)-1] != '\n'
		if _, err := c.w.Write(text); err != nil {
			return lines, err
		}
	}
	return lines, nil
}

// printPiped prints lines of standard input or a pipe, which can be read only once: the
// lines from up to, but not including, to or, if tail >= 0, the last tail
// lines, which it keeps in memory until its end.
func (c *catPrinter) printPiped(src reader.Source, from, to reader.Line, tail int64) error {
	b, err := src.Open(c.ctx, src.Members()[0], reader.Pos{})
	if err != nil {
		return c.reportError(err)
	}
	defer b.Close()
	r := bufio.NewReader(&blockReader{blocks: b})
	var last [][]byte
	for line := reader.Line(0); to < 0 || line < to; line++ {
		text, err := r.ReadBytes('\n')
		if len(text) > 0 {
			if err != nil {
				text = append(text, '\n')
			}
			switch {
			case tail > 0:
				if last = append(last, text); int64(len(last)) > tail {
					last = last[1:]
				}
			case tail < 0 && line >= from:
				if _, err := c.w.Write(text); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.reportError(err)
		}
	}
	for _, text := range last {
		if _, err := c.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// A blockReader reads blocks as a stream.
type blockReader struct {
	blocks reader.Blocks
	blk    reader.Block
	left   []byte
}

func (r *blockReader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if err := r.blocks.Next(&r.blk); err != nil {
			return 0, err
		}
		r.left = r.blk.Text
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// printTail prints the last n lines of a log.
func (c *catPrinter) printTail(src reader.Source, n int64) error {
	members := src.Members()
	starts := make([]reader.Pos, len(members))
	skip := make([]bool, len(members))
	i := len(members)
	for i > 0 && n > 0 {
		i--
		p, have, err := files.TailPos(c.ctx, src, members[i], n)
		if err != nil {
			if err := c.reportError(err); err != nil {
				return err
			}
			skip[i] = true
			continue
		}
		starts[i] = p
		n -= have
	}
	for ; i < len(members); i++ {
		if skip[i] || n > 0 && starts[i] == (reader.Pos{}) {
			continue
		}
		if _, err := c.printMember(src, members[i], starts[i], -1); err != nil {
			if err := c.reportError(err); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooFewLines(r files.Ref, n int64) error {
	return fmt.Errorf("%s: the file has %s", r, plural(int(n), "line"))
}

// printRef prints the line that a ref names.
func (c *catPrinter) printRef(r files.Ref) error {
	src, m, at, err := files.Resolve(c.ctx, r, c.opt)
	if err == nil && r.ID == "" {
		var n int64
		at, n, err = files.LinePos(c.ctx, src, m, r.Line)
		if err == nil && at.Line != r.Line {
			err = tooFewLines(r, n)
		}
	}
	if err != nil {
		if c.ctx.Err() != nil {
			return err
		}
		c.printError(err)
		c.failed = true
		return nil
	}
	if m.Path != r.Path {
		fmt.Fprintf(c.err, "logview: %s is now %s\n", r, visible.String(files.Ref{Path: m.Path, Line: r.Line}.String()))
	}
	n, err := c.printMember(src, m, at, 1)
	if err != nil {
		return c.reportError(err)
	}
	if n == 0 { // the ref is at the end of the file
		c.printError(tooFewLines(r, int64(at.Line)))
		c.failed = true
	}
	return nil
}
