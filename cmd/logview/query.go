package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/line"
)

// queryFlags are the flags that say what to search for. If flags contradict
// each other, the last one wins.
type queryFlags struct {
	in       *os.File // input for -f -
	asked    []askedQuery
	files    []string // files of patterns, from -f
	literal  bool     // patterns are literal text
	regexp   bool     // patterns are regular expressions
	smart    bool     // case matters if a pattern contains capitals
	invert   bool
	oneByOne bool // matches do not extend over several lines
	since    string
	until    string
	tz       *time.Location // nil for local time
	format   string         // of all lines; empty to detect it
	match.Options
}

// An askedQuery is one of several queries. A line must match one of them.
type askedQuery struct {
	text   string
	regexp bool   // a regular expression even without -E; -F overrides it
	flag   bool   // given by a flag; if text is empty, it matches every line
	from   string // FILE:LINE for error messages; empty for the command line
}

func (q *queryFlags) register(cmd *cobra.Command, s streams) {
	q.in = s.in
	q.oneByOne = true
	f := cmd.Flags()
	addText(f, "query", "e", "search for `QUERY`, even if it begins with -; a line need match only one of several", func(s string) error {
		q.asked = append(q.asked, askedQuery{text: s, flag: true})
		return nil
	})
	addText(f, "regexp", "", "search for the regular expression `RE`, like -E -e", func(s string) error {
		q.asked = append(q.asked, askedQuery{text: s, regexp: true, flag: true})
		return nil
	})
	addText(f, "file", "f", "search for the queries in `FILE`, one per line; - is standard input", func(s string) error {
		q.files = append(q.files, s)
		return nil
	})
	addWord(f, "fixed-strings", "F", "take QUERY as literal text", func() { q.literal, q.regexp = true, false })
	addHidden(f, "no-fixed-strings", func() { q.literal = false })
	addWord(f, "extended-regexp", "E", "take QUERY as one regular expression", func() { q.literal, q.regexp = false, true })
	addWord(f, "invert-match", "v", "select the lines that do not match", func() { q.invert = true })
	addHidden(f, "no-invert-match", func() { q.invert = false })
	addWord(f, "word-regexp", "w", "match only whole words; the last of -w and -x wins", func() { q.WholeWord, q.WholeLine = true, false })
	addWord(f, "line-regexp", "x", "match only whole lines, ignoring a carriage return at their end", func() { q.WholeWord, q.WholeLine = false, true })
	addWord(f, "case-sensitive", "s", "match case exactly", func() { q.CaseSensitive, q.IgnoreCase, q.smart = true, false, false })
	addWord(f, "ignore-case", "i", "ignore case in regular expressions, too", func() { q.CaseSensitive, q.IgnoreCase, q.smart = false, true, false })
	addWord(f, "smart-case", "S", "ignore case everywhere, unless QUERY contains capitals", func() { q.CaseSensitive, q.IgnoreCase, q.smart = false, false, true })
	q.registerTime(f)
	addWord(f, "raw", "", "search the bytes of lines, not what a terminal shows of them, without colours", func() { q.Raw = true })
	addHidden(f, "no-raw", func() { q.Raw = false })
	addText(f, "format", "", "take the fields of lines as those of the format `NAME` only, such as json, logfmt or access; logview formats list names all", func(s string) error { q.format = s; return nil })
	addWord(f, "multiline", "U", "", func() { q.oneByOne = false }).Hidden = true
	addHidden(f, "no-multiline", func() { q.oneByOne = true })
}

// registerTime adds the flags that limit the time of lines.
func (q *queryFlags) registerTime(f *pflag.FlagSet) {
	addText(f, "since", "", "select lines from `TIME` on: 14:05, -2h, 'yesterday 9am', 2006-01-02, or as in a log; a line without a time has that of the line before", func(s string) error {
		q.since = s
		return notEmpty(s)
	})
	addText(f, "until", "", "select lines before `TIME`; of a day, up to its end", func(s string) error {
		q.until = s
		return notEmpty(s)
	})
	addText(f, "tz", "", "take times that name no zone as of `ZONE`, such as UTC or Europe/Berlin, instead of local ones", func(s string) (err error) {
		q.tz, err = parseZone(s)
		return err
	})
}

// Limits on queries. Many texts take 50 times their size in memory, and the
// conditions of one query 350 times. A regular expression takes some 10 KB, and
// 3 ms for each MB searched.
const (
	mostAsked   = 4 << 20
	mostQuery   = 256 << 10
	mostRegexps = 2000
)

var errTooMuch = fmt.Errorf("the queries have more than %s; split them into several searches", humanize.IBytes(mostAsked))

// limits returns what a query and the flags ask of lines: a query without conditions
// on the time, and the range of time.
func (q *queryFlags) limits(n query.Node) (query.Node, index.Window, error) {
	w, err := q.window()
	if err != nil {
		return nil, w, err
	}
	rest, times, err := query.SplitTimes(n)
	if err != nil {
		return nil, w, err
	}
	if rest == nil {
		rest = query.Text{} // every line
	}
	w, err = w.Narrow(times, time.Now())
	return rest, w, err
}

// window returns the range of time that the flags ask for.
func (q *queryFlags) window() (w index.Window, err error) {
	w.Zone = q.zone()
	now := time.Now()
	if q.since != "" {
		if w.Since, _, err = line.ParseTime(q.since, now, w.Zone); err != nil {
			return w, fmt.Errorf("--since: %w", err)
		}
	}
	if q.until != "" {
		if _, w.Until, err = line.ParseTime(q.until, now, w.Zone); err != nil {
			return w, fmt.Errorf("--until: %w", err)
		}
	}
	if q.since != "" && q.until != "" && !w.Since.Before(w.Until) {
		const form = "2006-01-02 15:04:05 -0700"
		return w, fmt.Errorf("--since %s is not before --until %s: the first is %s, the second %s", q.since, q.until, w.Since.In(w.Zone).Format(form), w.Until.In(w.Zone).Format(form))
	}
	return w, nil
}

func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty; give a time such as 14:05, -2h or 2006-01-02")
	}
	return nil
}

// zone returns the zone of times that name none.
func (q *queryFlags) zone() *time.Location {
	if q.tz == nil {
		return time.Local
	}
	return q.tz
}

// printedZone returns the zone in which times are printed; utc is that of --utc.
func (q *queryFlags) printedZone(utc bool) *time.Location {
	if utc {
		return time.UTC
	}
	return q.zone()
}

// parseZone parses the value of --tz.
func parseZone(s string) (*time.Location, error) {
	if strings.EqualFold(s, "utc") || strings.EqualFold(s, "z") {
		return time.UTC, nil
	}
	z, err := time.LoadLocation(s)
	if err != nil || s == "" {
		return nil, errors.New("there is no such zone; give UTC or a name such as Europe/Berlin")
	}
	return z, nil
}

// given reports whether flags give the query, so that no argument is the query.
func (q *queryFlags) given() bool { return len(q.asked) > 0 || len(q.files) > 0 }

// addArgument adds an argument to the queries.
func (q *queryFlags) addArgument(s string) {
	q.asked = append(q.asked, askedQuery{text: strings.TrimPrefix(s, asQuery)})
}

// queryInputs is like inputs for a command that may read its queries from
// standard input.
func (g *globals) queryInputs(args []string, q *queryFlags) []string {
	if len(args) == 0 && slices.Contains(q.files, reader.Stdin) {
		return []string{"."}
	}
	return g.inputs(args)
}

// tree combines all patterns into one query and determines whether case
// matters.
func (q *queryFlags) tree() (query.Node, error) {
	asked := slices.Clip(q.asked)
	for _, name := range q.files {
		more, err := q.read(name)
		if err != nil {
			return nil, err
		}
		asked = append(asked, more...)
	}
	var or query.Or
	size, regexps := 0, 0
	for _, p := range asked {
		if size += len(p.text); size > mostAsked {
			return nil, errTooMuch
		}
		n, err := q.parse(p)
		if err != nil {
			if p.from != "" {
				err = fmt.Errorf("%s: %w", p.from, err)
			}
			return nil, err
		}
		or = append(or, n...)
		for _, x := range n {
			query.Leaves(x, func(leaf query.Node, _ bool) {
				switch leaf := leaf.(type) {
				case query.Regexp:
					regexps++
				case query.Field:
					if leaf.Op == query.Expression {
						regexps++
					}
				}
			})
		}
		if regexps > mostRegexps {
			return nil, fmt.Errorf("more than %s regular expressions; -F searches for many texts, or search several times", humanize.Comma(mostRegexps))
		}
	}
	if q.smart {
		if query.HasCapitals(or) {
			q.CaseSensitive = true
		} else {
			q.IgnoreCase = true
		}
	}
	if !q.oneByOne && query.SpansLines(or) {
		return nil, refused{"-U, --multiline", "a match could span lines, but lines are searched one by one; search for one of the lines, with -A or -B to see those around it"}
	}
	if query.HasNewline(or) {
		return nil, errors.New("a line feed in QUERY never matches: lines are searched one by one; search for one of the lines, with -A or -B to see those around it")
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

// optionalTree is like tree for a command that does without a query, which then stands
// for every line.
func (q *queryFlags) optionalTree() (query.Node, error) {
	switch {
	case q.given():
		return q.tree()
	case q.invert:
		return nil, errors.New("-v needs a QUERY: it selects the lines that do not match")
	}
	return query.Text{}, nil
}

// read reads the queries in a file, one per line.
func (q *queryFlags) read(name string) ([]askedQuery, error) {
	f := q.in
	if name != reader.Stdin {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, fmt.Errorf("-f %s: %w", name, pathCause(err))
		}
		defer f.Close()
	}
	data, err := io.ReadAll(io.LimitReader(f, mostAsked+1))
	if err != nil {
		return nil, fmt.Errorf("-f %s: %w", name, pathCause(err))
	}
	if len(data) > mostAsked {
		return nil, fmt.Errorf("-f %s: %w", name, errTooMuch)
	}
	text := strings.TrimSuffix(string(data), "\n")
	if len(data) == 0 {
		return nil, nil
	}
	var out []askedQuery
	for i, line := range strings.Split(text, "\n") {
		out = append(out, askedQuery{text: strings.TrimSuffix(line, "\r"), flag: true, from: fmt.Sprintf("%s:%d", name, i+1)})
	}
	return out, nil
}

// pathCause returns err without the path that its message begins with.
func pathCause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// parse returns the alternatives of one pattern.
func (q *queryFlags) parse(p askedQuery) ([]query.Node, error) {
	if !q.literal && len(p.text) > mostQuery {
		return nil, fmt.Errorf("the query has more than %s; -F -f FILE searches for many texts, one on each line", humanize.IBytes(mostQuery))
	}
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
	// As in grep, the lines of a pattern are alternatives.
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
