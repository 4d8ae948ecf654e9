package pager

import (
	"regexp"
	"strings"
	"unicode"

	"logview/index/match"
	"logview/index/query"
)

// Case says whether a pattern's case matters.
type Case int

// Smart is the default: it matters if the pattern has capitals.
const (
	Smart Case = iota
	Sensitive
	Insensitive
)

func (c Case) String() string { return [...]string{"smart case", "case matters", "any case"}[c] }

// A Pattern is what a person typed to look for: text, /regexp, and after a !
// what a line must not hold.
type Pattern struct {
	Text string
	Case Case
	Off  bool // as a filter: not in force
}

// split takes a pattern apart.
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

// Empty reports whether there is nothing to look for.
func (p Pattern) Empty() bool {
	text, _, _ := p.split()
	return text == ""
}

// node is the pattern as a query in which case is ignored but where an
// expression says otherwise.
func (p Pattern) node() (query.Node, error) {
	text, re, not := p.split()
	var n query.Node = query.Text{S: text}
	switch {
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

// compile makes one matcher of patterns that must all hold; nil of none.
func compile(list ...Pattern) (*match.Matcher, query.Node, error) {
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
	m, err := match.Compile(n, match.Options{})
	return m, n, err
}
