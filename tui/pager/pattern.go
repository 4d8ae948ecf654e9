package pager

import (
	"regexp"
	"strings"
	"unicode"

	"logview/index/match"
	"logview/index/query"
	"logview/reader/line"
)

// Case is a case mode of a pattern.
type Case int

// Smart case is the default: case matters if the pattern has capitals.
const (
	Smart Case = iota
	Sensitive
	Insensitive
)

// String describes c for users.
func (c Case) String() string { return [...]string{"smart case", "case matters", "any case"}[c] }

// A Pattern is what the user typed to search for or to filter by: text, /regexp, or a
// condition on the level or a number, such as level>=warn or status>=500; after a !, the
// lines for which that is not so.
type Pattern struct {
	Text string
	Case Case
	Off  bool // the filter is off
}

// split splits a pattern into its text and its prefixes.
func (p Pattern) split() (text string, re, not bool) {
	text, not = strings.CutPrefix(p.Text, "!")
	text, re = strings.CutPrefix(text, "/")
	if re && len(text) > 1 && strings.HasSuffix(text, "/") && !strings.HasSuffix(text, "\\/") {
		text = text[:len(text)-1] // as in the query language
	}
	return text, re, not
}

// fold reports whether case is ignored.
func (p Pattern) fold() bool {
	switch p.Case {
	case Sensitive:
		return false
	case Insensitive:
		return true
	}
	text, re, _ := p.split()
	if re {
		return !query.HasCapitals(query.Regexp{Expr: text})
	}
	return strings.IndexFunc(text, unicode.IsUpper) < 0
}

// Empty reports whether the pattern has no text.
func (p Pattern) Empty() bool {
	text, _, _ := p.split()
	return text == ""
}

// condition returns the condition that a text is. Terms such as user:bob count as text,
// because logs contain them.
func condition(text string) (query.Field, bool) {
	n, err := query.Parse(text)
	if err != nil {
		return query.Field{}, false
	}
	f, ok := n.(query.Field)
	return f, ok && f.Name != query.Time && (f.IsLevel() || f.Op >= query.Less)
}

// node returns the pattern as a query, to be compiled without regard to case.
func (p Pattern) node() (query.Node, error) {
	text, re, not := p.split()
	var n query.Node = query.Text{S: text}
	f, isCondition := condition(text)
	switch {
	case isCondition && !re:
		n = f
	case re:
		var err error
		if n, err = query.ParseRegexp(text, p.fold()); err != nil {
			return nil, err
		}
	case !p.fold():
		n = query.Regexp{Expr: regexp.QuoteMeta(text)}
	}
	if not {
		n = query.Not{X: n}
	}
	return n, nil
}

// compile returns a matcher of the lines that match all patterns, or nil if
// there are none. formats are those of the user; nil for none.
func compile(formats *line.Formats, list ...Pattern) (*match.Matcher, query.Node, error) {
	var and query.And
	for _, p := range list {
		if p.Off || p.Empty() {
			continue
		}
		n, err := p.node()
		if err != nil {
			return nil, nil, err
		}
		and = append(and, n)
	}
	var n query.Node = and
	switch len(and) {
	case 0:
		return nil, nil, nil
	case 1:
		n = and[0]
	}
	m, err := match.Compile(n, match.Options{Formats: formats})
	return m, n, err
}
