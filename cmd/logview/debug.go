package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui/visible"
)

func newDebug(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "debug",
		Short: "Show how logview reads files and queries",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "blocks [PATH…]",
		Short: "Print the block table of files",
		Long: `Print the blocks that files are cut into: where each begins in the file's text,
its length, its first line, how many lines end in it, and the first and last
time in it. A piece of a line longer than a block is marked + if it begins inside
the line and ... if the line continues.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return debugBlocks(cmd.Context(), g, cmd.OutOrStdout(), args)
		},
	})
	cmd.AddCommand(&cobra.Command{
		Use:   "names [PATH…]",
		Short: "Print which files form a log, and in which order",
		Long: `Print the logs that the files form, how their order was decided, and their files,
oldest first, with what their names say. Names that are equal except for dates, numbers
and the like form one log: the key is a name without these.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return debugNames(g, cmd.OutOrStdout(), args)
		},
	})
	q := &queryFlags{}
	asked := &cobra.Command{
		Use:   "query [flags] QUERY [PATH…]",
		Short: "Print how a query is parsed and looked up in the index",
		Long: `Print the parsed query, and the literal text by which a search finds the lines to
match. With PATH, print also how the query is looked up in the indexes of PATH, and
how many of the blocks left by the preceding parts each part of the query admits; …
stands for the rest of a word.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if q.given() {
				return nil
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !q.given() {
				q.addArgument(args[0])
				args = args[1:]
			}
			tree, err := q.tree()
			if err != nil {
				return err
			}
			if err := g.setFormats(q); err != nil {
				return err
			}
			m, err := match.Compile(tree, q.Options)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "query   %s\nscan    %s\n", visible.String(tree.String()), visible.String(m.String()))
			if len(args) == 0 {
				return nil
			}
			return printPlan(g, out, tree, q.Options, args)
		},
	}
	q.register(asked, g.streams)
	cmd.AddCommand(asked)
	return cmd
}

// debugNames prints which files form a log.
func debugNames(g *globals, out io.Writer, args []string) error {
	logs, failed := g.find(g.inputs(args))
	for _, l := range logs {
		fmt.Fprintf(out, "%s  key %s  %s\n", visible.String(l.Name), visible.String(l.Key()), l.Order())
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		slots := l.Slots()
		for i, m := range l.Members {
			fmt.Fprintf(w, "    %s\t%s\t%s\n", visible.String(m.Path), m.ModTime.Format("2006-01-02 15:04:05"), visible.String(slots[i]))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

// printPlan prints how a query is looked up in the indexes of some paths.
func printPlan(g *globals, out io.Writer, tree query.Node, opt match.Options, paths []string) error {
	cache, err := g.cache()
	if err != nil {
		return err
	}
	logs, failed := g.find(paths)
	req := &index.Request{Query: tree, Options: opt}
	for _, l := range logs {
		req.Sources = append(req.Sources, files.NewSource(l, files.Options{Cache: cache, Encoding: g.charset()}))
	}
	x := index.Indexed{Cache: cache, Encoding: g.charset(), Note: g.printError}.Explain(req)
	for _, p := range x.Parts {
		fmt.Fprintf(out, "%-8s%s%s: %s of %s blocks\n", "plan", strings.Repeat("  ", p.Depth), visible.String(p.Text), humanize.Comma(p.Blocks), humanize.Comma(x.Indexed))
	}
	fmt.Fprintf(out, "read    %s blocks, of %s files whole or in part; %s files are not indexed, or changed since\n",
		humanize.Comma(x.Read), humanize.Comma(int64(x.Members)), humanize.Comma(int64(x.Unknown)))
	if failed {
		return exitCode(exitError)
	}
	return nil
}

func debugBlocks(ctx context.Context, g *globals, out io.Writer, args []string) error {
	cache, err := g.cache()
	if err != nil {
		return err
	}
	logs, failed := g.find(g.inputs(args))
	for _, l := range logs {
		src := files.NewSource(l, files.Options{Cache: cache, Encoding: g.charset()})
		for _, m := range src.Members() {
			if err := printBlocks(ctx, out, src, m); err != nil {
				if ctx.Err() != nil {
					return exitCode(exitInt)
				}
				g.printError(err)
				failed = true
			}
		}
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

func printBlocks(ctx context.Context, out io.Writer, src reader.Source, m reader.Member) error {
	b, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return err
	}
	defer b.Close()
	from := "decoded from the file"
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	row := func(i int, k reader.TableBlock) {
		mark := ""
		if k.Continues {
			mark += "+"
		}
		if k.Unfinished {
			mark += "..."
		}
		first, last := "-", "-"
		if !k.First.IsZero() {
			from, to := k.TimesIn(time.Local)
			first, last = from.UTC().Format("2006-01-02T15:04:05.000Z"), to.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%s\t%s\t %s\n", i, k.Offset, k.Len, k.Line.Number(), k.Lines, first, last, mark)
	}
	head := func() {
		fmt.Fprintf(out, "%s  id %s  %s\n", visible.String(m.Path), b.ID(), from)
		fmt.Fprint(w, "BLOCK\tOFFSET\tLENGTH\tLINE\tLINES\tFROM\tTO\t \n")
	}
	if ra, ok := b.(reader.RandomAccess); ok {
		from = "from the block store"
		head()
		for i, k := range ra.Table().Blocks {
			row(i, k)
		}
		return nil
	}
	head()
	clock := line.Clock{Ref: m.ModTime}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	for i := 0; ; i++ {
		if err := b.Next(blk); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		k := clock.Survey(blk.Text, blk.Continues)
		k.Offset, k.Len, k.Line, k.Lines, k.Continues, k.Unfinished = blk.Offset, len(blk.Text), blk.Line, blk.Lines, blk.Continues, blk.Unfinished
		row(i, k)
	}
}
