package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// This file measures how what logview needs grows with the logs: the same tasks, over logs of
// several sizes, with an index.

// scaleIDs are the rows that are measured. The others do not depend on the size, or read all
// of the logs.
var scaleIDs = []string{"nowhere", "rare-index", "phrase", "hex32", "uuid", "infix-many", "frequent-index", "minutes", "last", "per-minute"}

// scaleRows returns the rows to measure, without rivals.
func scaleRows() []*row {
	list := []*row{
		{id: "start", name: "start and end", args: []string{"--version"}, filled: true},
		{id: "ls", name: "list the logs", args: []string{"ls", "DIR"}, filled: true},
		{id: "again", name: "nothing new to index", args: []string{"index", "DIR"}, filled: true},
	}
	for _, id := range scaleIDs {
		for _, r := range rows {
			if r.id == id {
				r.rivals = nil
				list = append(list, &r)
			}
		}
	}
	return list
}

// onDisk is the share of the text's size that the logs, most of them compressed, and their
// index and block stores need.
const onDisk = 0.75

// measureScale measures logs of several sizes and returns a table. It skips sizes for which
// there is no room on the disk.
func measureScale(ctx context.Context, o *options, out io.Writer) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	if err := o.setPaths(root); err != nil {
		return "", err
	}
	list := scaleRows()
	t := table{head: []string{"Task"}}
	cells := make([][]string, len(list))
	for i, r := range list {
		cells[i] = []string{r.name}
	}
	build, sizesOf := []string{"building the index, and the block store"}, []string{"size of the index / of the block store"}
	for _, size := range o.scale {
		sized := *o
		sized.size = size
		w := &workshop{opts: &sized, root: root, out: out}
		if err := w.build(ctx); err != nil {
			return "", err
		}
		_, made, err := sizeOf(w.dirOf(genCorpus))
		if err != nil {
			return "", err
		}
		if free, ok := diskFree(o.work); ok && float64(free)+float64(made) < onDisk*float64(size) {
			fmt.Fprintf(out, "%s: skipped, only %s are free in %s\n", humanize.IBytes(uint64(size)), humanize.IBytes(uint64(free)), o.work)
			continue
		}
		c, err := w.corpus(ctx, genCorpus)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(out, "%s\n", c.sizes())
		t.head = append(t.head, humanize.IBytes(uint64(size)), "peak memory")
		h, err := newHarness(w, o.runs)
		if err != nil {
			return "", err
		}
		h.cacheSize = fmt.Sprint(size) // more than it needs
		err = h.scale(ctx, c, list, cells, &build, &sizesOf)
		h.close()
		if err != nil {
			return "", err
		}
	}
	for _, row := range append(cells, build, sizesOf) {
		t.add(row...)
	}
	m := inspect(nil)
	return fmt.Sprintf(scaleText, o.command, o.runs, m.cpu) + t.String(), nil
}

// scaleText precedes the table.
const scaleText = `## Larger logs

Generated logs of several sizes, with an index: minimum / median of the times and the peak memory.
Made by ` + "`%s`" + `, %d runs of each task, on %s.

`

// scale measures the rows on one corpus, and adds their cells.
func (h *harness) scale(ctx context.Context, c *corpus, list []*row, cells [][]string, build, sizesOf *[]string) error {
	begun := time.Now()
	home, err := h.home(ctx, &row{filled: true}, c)
	if err != nil {
		return err
	}
	if why := h.halfFilled[c.name]; why != "" {
		return fmt.Errorf("%s: %s", c.sizes(), why)
	}
	*build = append(*build, seconds(time.Since(begun)), "")
	_, store, err := sizeOf(filepath.Join(home, "cache", "logview-blocks"))
	if err != nil {
		return err
	}
	_, index, err := sizeOf(filepath.Join(home, "cache", "logview-index"))
	if err != nil {
		return err
	}
	*sizesOf = append(*sizesOf, megabytes(index)+" / "+megabytes(store), "")
	for i, r := range list {
		res, err := h.row(ctx, r, c)
		if err != nil {
			return err
		}
		if res.logview.failure != "" {
			return fmt.Errorf("%s: %s", r.name, res.logview.failure)
		}
		text := bothTimes(res.logview)
		if r.args[0] == "search" {
			text += ", " + humanize.Comma(res.logview.lines) + " lines"
		}
		fmt.Fprintf(h.w.out, "  %s: %s, %s\n", r.name, text, megabytes(res.logview.peak))
		cells[i] = append(cells[i], text, megabytes(res.logview.peak))
	}
	return nil
}

// scaleName is the file, below the repository's root, with the last table of measureScale, and
// costsName one that explains it. Every report repeats both.
const (
	scaleName = "cmd/bench/scale.md"
	costsName = "cmd/bench/costs.md"
)

// scaleSection returns the section of the report with the table of measureScale; empty if
// there is none.
func scaleSection(root string) string {
	var section string
	for _, name := range []string{scaleName, costsName} {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return ""
		}
		section += strings.TrimSpace(string(b)) + "\n\n"
	}
	return section
}

// runScale measures logs of several sizes and writes the table. It returns the exit code.
func runScale(ctx context.Context, o *options, out, errs io.Writer) int {
	if o.out == "" {
		o.out = filepath.FromSlash(scaleName)
	}
	text, err := measureScale(ctx, o, out)
	if err == nil {
		err = os.WriteFile(o.out, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintf(errs, "bench: %v\n", err)
		return 1
	}
	fmt.Fprintf(out, "\n%s\nwritten to %s\n", text, o.out)
	return 0
}
