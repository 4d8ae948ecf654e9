package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
)

// queryFlags are the flags that say what to look for. Of those that
// contradict each other the last one wins.
type queryFlags struct {
	in       *os.File // where -f - reads
	asked    []pattern
	files    []string // that patterns are read from, by -f
	literal  bool     // patterns are texts
	regexp   bool     // patterns are regular expressions
	smart    bool     // case matters if there are capitals
	invert   bool
	oneByOne bool // no match reaches over the end of a line
	match.Options
}

// A pattern is one query of several, of which a line must match one.
type pattern struct {
	text   string
	regexp bool   // whatever -E says; but with -F it is a text
	flag   bool   // given by a flag: if it is empty, every line is meant
	from   string // where it was read, for people; empty for the command line
}

func (q *queryFlags) register(cmd *cobra.Command, s streams) {
	q.in = s.in
	q.oneByOne = true
	f := cmd.Flags()
	addText(f, "query", "e", "look for `QUERY`, even if it begins with -; of several, a line need match only one", func(s string) error {
		q.asked = append(q.asked, pattern{text: s, flag: true})
		return nil
	})
	addText(f, "regexp", "", "look for the regular expression `RE`, as -E -e does", func(s string) error {
		q.asked = append(q.asked, pattern{text: s, regexp: true, flag: true})
		return nil
	})
	addText(f, "file", "f", "look for the queries in `FILE`, one on each line; - is standard input", func(s string) error {
		q.files = append(q.files, s)
		return nil
	})
	addWord(f, "fixed-strings", "F", "take QUERY as one text, whatever is in it", func() { q.literal, q.regexp = true, false })
	addHidden(f, "no-fixed-strings", func() { q.literal = false })
	addWord(f, "extended-regexp", "E", "take QUERY as one regular expression", func() { q.literal, q.regexp = false, true })
	addWord(f, "invert-match", "v", "select the lines that do not match", func() { q.invert = true })
	addHidden(f, "no-invert-match", func() { q.invert = false })
	addWord(f, "word-regexp", "w", "match whole words only; the last of -w and -x counts", func() { q.WholeWord, q.WholeLine = true, false })
	addWord(f, "line-regexp", "x", "match whole lines only, without the carriage return at their ends", func() { q.WholeWord, q.WholeLine = false, true })
	addWord(f, "case-sensitive", "s", "match case exactly", func() { q.CaseSensitive, q.IgnoreCase, q.smart = true, false, false })
	addWord(f, "ignore-case", "i", "ignore case in regular expressions too, as in words", func() { q.CaseSensitive, q.IgnoreCase, q.smart = false, true, false })
	addWord(f, "smart-case", "S", "ignore case everywhere, unless there are capitals in QUERY", func() { q.CaseSensitive, q.IgnoreCase, q.smart = false, false, true })
	addWord(f, "multiline", "U", "", func() { q.oneByOne = false }).Hidden = true
	addHidden(f, "no-multiline", func() { q.oneByOne = true })
}

// given reports whether flags say what to look for, so that no argument does.
func (q *queryFlags) given() bool { return len(q.asked) > 0 || len(q.files) > 0 }

// ask looks for what an argument says.
func (q *queryFlags) ask(s string) { q.asked = append(q.asked, pattern{text: s}) }

// queryInputs is inputs for a command that may read its queries from
// standard input.
func (g *globals) queryInputs(args []string, q *queryFlags) []string {
	if len(args) == 0 && slices.Contains(q.files, reader.Stdin) {
		return []string{"."}
	}
	return g.inputs(args)
}

// tree makes one query of what was asked, and decides about case.
func (q *queryFlags) tree() (query.Node, error) {
	asked := q.asked
	for _, name := range q.files {
		more, err := q.read(name)
		if err != nil {
			return nil, err
		}
		asked = append(asked, more...)
	}
	var or query.Or
	for _, p := range asked {
		n, err := q.parse(p)
		if err != nil {
			if p.from != "" {
				err = fmt.Errorf("%s: %w", p.from, err)
			}
			return nil, err
		}
		or = append(or, n...)
	}
	if q.smart {
		if query.HasCapitals(or) {
			q.CaseSensitive = true
		} else {
			q.IgnoreCase = true
		}
	}
	if !q.oneByOne && query.SpansLines(or) {
		return nil, refused{"-U, --multiline", "what is looked for may hold the end of a line, and lines are searched one by one; ask for the lines by themselves, with -A or -B for those beside them"}
	}
	var n query.Node = or
	if len(or) == 1 {
		n = or[0]
	}
	if q.invert {
		n = query.Not{X: n}
	}
	return n, nil
}

// read reads the queries in a file, one on each line.
func (q *queryFlags) read(name string) ([]pattern, error) {
	f := q.in
	if name != reader.Stdin {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, fmt.Errorf("-f %s: %w", name, pathCause(err))
		}
		defer f.Close()
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("-f %s: %w", name, pathCause(err))
	}
	text := strings.TrimSuffix(string(data), "\n")
	if len(data) == 0 {
		return nil, nil
	}
	var out []pattern
	for i, line := range strings.Split(text, "\n") {
		out = append(out, pattern{text: strings.TrimSuffix(line, "\r"), flag: true, from: fmt.Sprintf("%s:%d", name, i+1)})
	}
	return out, nil
}

// pathCause is an error without the path that its message begins with.
func pathCause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// parse makes the alternatives that one pattern stands for.
func (q *queryFlags) parse(p pattern) ([]query.Node, error) {
	if !q.literal && !q.regexp && !p.regexp {
		if p.text == "" && p.flag {
			return []query.Node{query.Text{}}, nil
		}
		parse := query.Parse
		if p.flag {
			parse = query.ParseDash
		}
		n, err := parse(p.text)
		return []query.Node{n}, err
	}
	// As for grep, lines of the pattern are alternatives.
	var out []query.Node
	for _, s := range strings.Split(p.text, "\n") {
		if q.literal {
			out = append(out, query.Text{S: s})
			continue
		}
		n, err := query.ParseRegexp(s, false)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}
