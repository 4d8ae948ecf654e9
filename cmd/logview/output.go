package main

import (
	"errors"
	"math"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
	"logview/reader"
)

// A mode says what to print for each file. The last flag that sets it wins.
type mode int

const (
	printLines mode = iota
	printCount
	printCountMatches
	printFiles        // only paths of files with matching lines
	printFilesWithout // only paths of files without matching lines
)

// A choice is a flag that can also be given as its opposite, or not at all.
type choice int8

const (
	unsaid choice = iota
	yes
	no
)

// or returns the choice, or def if none was made.
func (c choice) or(def bool) bool { return c == yes || c == unsaid && def }

// outputFlags are the flags that control how matching lines are printed. Their
// meaning is the same as in ripgrep. If flags contradict each other, the last
// one wins.
type outputFlags struct {
	number, path, heading, column choice

	mode                    mode
	only, json              bool
	names                   []string // --select
	form                    form     // --output
	utc                     bool
	max                     number
	after, before, around   number // an explicit -A or -B overrides -C for that side
	passthru                bool
	vimgrep                 bool
	offset                  bool
	trim                    bool
	null                    bool
	columns                 number // longer lines are omitted; 0 means no limit
	preview                 bool   // the beginning of omitted lines is printed
	between                 string // separates groups of adjacent lines
	noBetween               bool
	afterField, contextSign string // printed after paths and numbers: of matching lines, and of context lines
}

func (o *outputFlags) register(cmd *cobra.Command) {
	o.between, o.afterField, o.contextSign = "--", ":", "-"
	f := cmd.Flags()
	text := func(to *string, and func()) func(string) error {
		return func(s string) (err error) {
			if *to, err = unescape(s); err == nil && and != nil {
				and()
			}
			return err
		}
	}
	addWord(f, "with-filename", "H", "print paths (default unless one file is named)", func() { o.path = yes })
	addWord(f, "no-filename", "I", "print no paths", func() { o.path = no })
	addWord(f, "count", "c", "print the number of matching lines in each file", func() { o.mode = printCount })
	addWord(f, "files-with-matches", "l", "print only the paths of files that contain a match", func() { o.mode = printFiles })
	addWord(f, "only-matching", "o", "print only the matching parts of lines", func() { o.only = true })
	addNumber(f, &o.max, "max-count", "m", "stop after `N` matching lines of each file", nil)
	limited := func() { o.passthru = false }
	addNumber(f, &o.after, "after-context", "A", "print `N` lines after each matching line", limited)
	addNumber(f, &o.before, "before-context", "B", "print `N` lines before each matching line", limited)
	addNumber(f, &o.around, "context", "C", "print `N` lines before and after each matching line; -A and -B override it, in any order", limited)
	addWord(f, "passthru", "", "print lines that do not match, too", func() {
		o.passthru = true
		o.after, o.before, o.around = number{}, number{}, number{}
	})
	addText(f, "context-separator", "", "print `TEXT` between groups of adjacent lines (default --)", text(&o.between, func() { o.noBetween = false }))
	addWord(f, "no-context-separator", "", "print nothing between groups of adjacent lines", func() { o.noBetween = true })
	addText(f, "field-match-separator", "", "print `TEXT` after the path and the numbers of matching lines (default :)", text(&o.afterField, nil))
	addText(f, "field-context-separator", "", "print `TEXT` after the path and the numbers of other lines (default -)", text(&o.contextSign, nil))
	addWord(f, "column", "", "print line numbers and columns: the byte, counted from 1, where the first match of the line begins", func() { o.column = yes })
	addHidden(f, "no-column", func() { o.column = no })
	addWord(f, "vimgrep", "", "print every match on a line of its own, with path, line and column", func() { o.vimgrep = true })
	addSwitch(f, &o.offset, "byte-offset", "b", "print the byte offset in the decoded text of each line, or with -o of each match")
	addSwitch(f, &o.trim, "trim", "", "remove blanks at the beginning of lines")
	addWord(f, "null", "0", "print a NUL after each path", func() { o.null = true })
	addNumber(f, &o.columns, "max-columns", "M", "omit lines longer than `N` bytes, with a note", nil)
	addSwitch(f, &o.preview, "max-columns-preview", "", "print the first N characters of lines that -M omits")
	addWord(f, "json", "", "print a JSON object for each line: ref, path, line, offset, text, time, level, level_derived, log, record, format, fields", func() { o.json, o.form = true, "" })
	addHidden(f, "no-json", func() { o.json = false })
	addText(f, "select", "", "print only these of each line: `NAMES` of its fields, or time, level, log, file, line, offset, ref, text, format; separated by commas", func(s string) (err error) {
		o.names, err = parseNames(s)
		return err
	})
	addText(f, "output", "", "print lines, or what --select says of them, as `FORMAT`: text, json, csv or logfmt", func(s string) error {
		if !slices.Contains(forms, form(s)) {
			return errors.New("the formats are text, json, csv and logfmt")
		}
		o.form, o.json = form(s), false
		return nil
	})
	addWord(f, "utc", "", "print times in UTC, with --json, --select or --output, instead of local time or --tz", func() { o.utc = true })
}

// noLines reports whether the flags ask for no lines at all (-m 0).
func (o *outputFlags) noLines() bool { return o.max.given && o.max.n == 0 }

// effectiveMode returns the mode, including the effect of -o and -v on -c.
func (o *outputFlags) effectiveMode(inverted bool) mode {
	switch {
	case o.mode == printCount && o.only && !inverted:
		return printCountMatches
	case o.mode == printCountMatches && inverted:
		return printCount
	}
	return o.mode
}

// printer returns the printer that the flags describe. one says that all hits
// are in a single file, whose path is not printed by default; pipe is its path if it is
// standard input or a named pipe, otherwise empty.
func (o *outputFlags) printer(out *os.File, q *queryFlags, one bool, pipe string, color bool) *printer {
	tty := isTerminal(out)
	f, names := o.form, o.names
	if f == "" {
		f = formText
		if o.json {
			f = formJSON
		}
	}
	if names == nil && (f == formCSV || f == formLogfmt) {
		names = selectedByDefault
	}
	zone := q.printedZone(o.utc)
	p := &printer{
		form: f, names: names, zone: zone, formats: q.Formats,
		out: out, color: color, visible: color || tty, raw: q.Raw, json: f == formJSON && names == nil,
		mode: o.effectiveMode(q.invert), only: o.only, inverted: q.invert,
		path: o.path.or(!one || o.vimgrep),
		pipe: pipe, inside: o.path.or(pipe != ""),
		number: o.number.or(tty && pipe != reader.Stdin || o.column == yes || o.vimgrep),
		column: o.column.or(o.vimgrep), vimgrep: o.vimgrep, offset: o.offset,
		trim: o.trim, null: o.null, columns: o.columns.n, preview: o.preview,
		afterField: o.afterField, contextSign: o.contextSign,
	}
	if !p.json && names == nil && !o.noBetween && o.context() {
		p.between = []byte(o.between + "\n")
	}
	return p
}

// context reports whether context lines are printed, but not all lines.
func (o *outputFlags) context() bool {
	before, after := o.contextLines()
	return !o.passthru && (before > 0 || after > 0)
}

// contextLines returns the number of lines to print before and after a matching
// line.
func (o *outputFlags) contextLines() (before, after int) {
	side := func(n number) int {
		if !n.given {
			n = o.around
		}
		return int(min(n.n, math.MaxInt32))
	}
	return side(o.before), side(o.after)
}

// request returns the request that the flags describe, without sources.
func (o *outputFlags) request(tree query.Node, q *queryFlags) *index.Request {
	req := &index.Request{Query: tree, Options: q.Options, Max: o.max.n}
	req.Times = o.json || o.names != nil || o.form != "" && o.form != formText
	req.Fields = req.Times
	switch o.effectiveMode(q.invert) {
	case printLines:
		req.Before, req.After = o.contextLines()
		req.Passthru = o.passthru
	case printCount:
		req.CountOnly = true
	case printFiles, printFilesWithout:
		req.CountOnly, req.Max = true, 1
	}
	return req
}
