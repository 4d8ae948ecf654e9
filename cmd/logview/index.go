package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/reader"
)

func newIndex(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "index [PATH…]",
		Short: "Decompress once what later searches will read",
		Long: `Decompress the compressed files at PATH once and keep their text in the cache,
as blocks that are decoded several times as fast and from anywhere in the file.
Searches, line numbers and the ends of files come from there from then on. What
is kept already is not read again. The cache is bounded (--cache-size) and may
be deleted at any moment.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runIndex(cmd.Context(), g, args)
		},
	}
}

func runIndex(ctx context.Context, g *globals, paths []string) error {
	cache, err := g.cache()
	if err != nil {
		return err
	}
	if cache == nil {
		return errors.New("there is no cache to keep anything in; name a directory with --cache-dir")
	}
	logs, failed := g.find(g.inputs(paths))
	var total int64
	for _, l := range logs {
		for _, m := range l.Members {
			total += m.Size
		}
	}
	st := newStatus(g.err, "storing")
	defer st.end()

	workers := index.NewWorkers() // compress; whoever decodes waits for one
	var done int64
	for _, l := range logs {
		src := reader.NewSource(l, reader.Options{Cache: cache, Spare: workers.Go, Wait: true})
		for _, m := range src.Members() {
			err := reader.Store(ctx, src, m, func(disk int64) {
				if isTerminal(g.err) {
					st.show(done+disk, total, "")
				}
			})
			if ctx.Err() != nil {
				return exitCode(exitInt)
			}
			if err != nil && !errors.Is(err, reader.ErrBinary) {
				failed = true
				restore := st.hide()
				g.complain(err)
				restore()
			}
			done += m.Size
		}
	}
	st.end()
	n, size := cache.Usage()
	fmt.Fprintf(g.err, "%d files kept as blocks, %s in %s\n", n, humanize.IBytes(uint64(size)), visible(cache.Dir()))
	if failed {
		return exitCode(exitError)
	}
	return nil
}
