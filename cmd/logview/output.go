package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
)

// outputFlags are the flags that say what of matching lines is printed. They
// mean what they mean to ripgrep.
type outputFlags struct {
	number                  bool
	withPath, noPath        bool
	count, list, only, json bool
	max                     int64
	noMatch                 bool // -m 0
	after, before, around   int
}

func (o *outputFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&o.withPath, "with-filename", "H", false, "print paths (default for more than one file)")
	f.BoolVarP(&o.noPath, "no-filename", "I", false, "print no paths")
	f.BoolVarP(&o.count, "count", "c", false, "print only how many lines of each file match")
	f.BoolVarP(&o.list, "files-with-matches", "l", false, "print only the files with lines that match")
	f.BoolVarP(&o.only, "only-matching", "o", false, "print only the parts of lines that match")
	f.Int64VarP(&o.max, "max-count", "m", 0, "print at most `N` lines of each file")
	f.IntVarP(&o.after, "after-context", "A", 0, "print `N` lines after each line that matches")
	f.IntVarP(&o.before, "before-context", "B", 0, "print `N` lines before it")
	f.IntVarP(&o.around, "context", "C", 0, "print `N` lines before and after it")
	f.BoolVar(&o.json, "json", false, "print an object a line: ref, path, line, offset, text")
}

func (o *outputFlags) check() error {
	if o.max < 0 || o.after < 0 || o.before < 0 || o.around < 0 {
		return errors.New("-m, -A, -B and -C take a number that is not negative")
	}
	return nil
}

// printer is how the flags want hits printed. one says that they are all of
// one file, whose name needs no telling, and piped that it has none.
func (o *outputFlags) printer(out *os.File, one, piped, color bool) *printer {
	tty := isTerminal(out)
	return &printer{
		out: out, color: color, visible: color || tty,
		json: o.json, only: o.only, count: o.count, list: o.list,
		path:   (o.withPath || !one) && !o.noPath,
		number: o.number || tty && !piped,
	}
}

// request is what the flags ask for, but for where.
func (o *outputFlags) request(tree query.Node, q queryFlags) *index.Request {
	req := &index.Request{
		Query: tree, Options: q.Options, Max: o.max, Before: o.around, After: o.around,
		CountOnly: o.count || o.list,
	}
	// -A and -B count for their side whatever -C says.
	if o.before > 0 {
		req.Before = o.before
	}
	if o.after > 0 {
		req.After = o.after
	}
	if o.list {
		req.Max = 1
	}
	if req.CountOnly || o.only {
		req.Before, req.After = 0, 0
	}
	return req
}
