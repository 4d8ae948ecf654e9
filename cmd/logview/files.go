package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"logview/reader/files"
)

// fileFlags are the flags that select the files in directories.
type fileFlags struct {
	filter files.Filter
	globs  []globFlag
	fold   bool // globs ignore case
}

// A globFlag is a pattern of paths as given on the command line.
type globFlag struct {
	pattern string
	fold    bool
}

// register adds the flags to a command. does is what the command does with
// files, such as "search", for the help text.
func (o *fileFlags) register(cmd *cobra.Command, does string) {
	f := cmd.Flags()
	glob := func(fold bool) func(string) error {
		return func(s string) error {
			o.globs = append(o.globs, globFlag{s, fold})
			return nil
		}
	}
	addText(f, "glob", "g", "in directories, "+does+" only files that match `GLOB`, or with !GLOB those that do not; the last glob that matches decides", glob(false))
	addText(f, "iglob", "", "like -g `GLOB`, ignoring case", glob(true))
	addSwitch(f, &o.fold, "glob-case-insensitive", "", "ignore case in every -g")
	addSwitch(f, &o.filter.Hidden, "hidden", ".", does+" hidden files and directories, too")
	var depth number
	addNumber(f, &depth, "max-depth", "d", "descend at most `N` levels of directories: 1 means only the files in those that are named, 0 none", func() { o.filter.Depth = &depth.n })
}

// registerSize adds the flag that skips large files.
func (o *fileFlags) registerSize(cmd *cobra.Command) {
	var size number
	cmd.Flags().Var(sizeFlag{&size, func() { o.filter.MaxSize = &size.n }}, "max-filesize", "in directories, skip files larger than `SIZE` on disk: bytes, or 10K, 10M, 10G")
}

// narrowed returns the filter that the flags describe.
func (o *fileFlags) narrowed() (files.Filter, error) {
	x := o.filter
	for _, g := range o.globs {
		if err := x.Add(g.pattern, g.fold || o.fold); err != nil {
			return x, err
		}
	}
	return x, nil
}

// A sizeFlag sets a number of bytes.
type sizeFlag struct {
	*number
	set func()
}

func (f sizeFlag) Set(s string) error {
	digits, unit := s, int64(1)
	if i := strings.IndexAny("KMG", s[max(len(s)-1, 0):]); s != "" && i >= 0 {
		digits, unit = s[:len(s)-1], 1<<(10*(i+1))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("not a size: write bytes, or for example 10M")
	}
	*f.number = number{n * unit, true}
	f.set()
	return nil
}

func (f sizeFlag) String() string { return "" }
func (f sizeFlag) Type() string   { return "size" }
