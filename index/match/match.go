// Package match decides which lines of a text match a query. It is exact: the
// result for a line does not depend on the lines around it, nor on how the text
// was split into runs of lines.
//
// What is matched is what a terminal shows of a line: see [line.Shown]. Lines and
// spans are ranges of the original text all the same.
package match

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"logview/index/query"
	"logview/reader/line"
)

// Options control how the texts and expressions of a query match.
type Options struct {
	CaseSensitive bool // words and phrases match only in the same case
	IgnoreCase    bool // regular expressions ignore case, like words
	WholeWord     bool // texts and expressions match only whole words
	WholeLine     bool // texts and expressions match only whole lines
	Raw           bool // the bytes of lines are matched, not what a terminal shows of them

	Formats *line.Formats // what forms lines may have; nil for those that are known
}

// An extent says what an occurrence of a text must be to count as a match.
type extent uint8

const (
	anywhere extent = iota
	wholeWord
	wholeLine
)

func (e extent) String() string {
	return [...]string{"", " as a whole word", " as a whole line"}[e]
}

// extent returns the extent that the options require of texts and expressions.
func (o Options) extent() extent {
	switch {
	case o.WholeLine:
		return wholeLine
	case o.WholeWord:
		return wholeWord
	}
	return anywhere
}

// A Matcher is a compiled query. It may be used by several goroutines at once,
// each with its own Scanner.
type Matcher struct {
	root   node
	leaves []leaf
	drive  []finderSpec // every matching line has one of these; nil if no such set is known
	alone  bool         // every line that has one of drive matches
	invert bool         // drive and alone belong to the query that root negates
	set    *set         // contains the texts of drive, if they are many
	others []int        // the leaves whose texts are not in set
	raw    bool         // Options.Raw
	fields bool         // there are conditions on fields

	formats *line.Formats // Options.Formats

	// columned returns the matcher for the lines of files with columns, which do not
	// contain the names of their fields. It compiles it when it is needed first.
	columned func() (*Matcher, error)
}

// A node is a node of the compiled query. Leaves are indices into
// Matcher.leaves.
type node struct {
	op   op
	leaf int
	sub  []node
}

type op uint8

const (
	opLeaf op = iota
	opAnd
	opOr
	opNot
	opFile
)

type leaf struct {
	lit      *literal
	extent   extent // of lit
	re       *expr
	field    *fieldCond
	positive bool    // a line may match because of this leaf
	glob     globber // of file: and log:; nil for others
	isLog    bool    // of log:
}

// A globber is a condition on the path of a file or the name of a log.
type globber interface{ Matches(path string) bool }

// A finderSpec describes a finder: a literal, an expression or a set.
type finderSpec struct {
	lit    *literal
	extent extent // of lit
	re     *expr
	leaf   int // the leaf that it belongs to
	set    *set
}

// Compile compiles a query. It fails only if RE2 rejects a regular expression,
// for example because it is too large.
func Compile(q query.Node, opt Options) (*Matcher, error) {
	m, err := newMatcher(q, opt, false)
	if err == nil {
		m.columned = sync.OnceValues(func() (*Matcher, error) { return newMatcher(q, opt, true) })
	}
	return m, err
}

// newMatcher compiles a query, for the lines of files with columns if columned is set.
func newMatcher(q query.Node, opt Options, columned bool) (*Matcher, error) {
	m := &Matcher{raw: opt.Raw, formats: opt.Formats}
	var err error
	if m.root, err = m.compileNode(q, opt, columned, true); err != nil {
		return nil, err
	}
	m.drive, m.alone = m.driver(m.root)
	if m.root.op == opNot {
		m.drive, m.alone = m.driver(m.root.sub[0])
		m.invert = m.drive != nil
	}
	m.setDrive()
	return m, nil
}

func (m *Matcher) compileNode(q query.Node, opt Options, columned, positive bool) (node, error) {
	list := func(op op, list []query.Node) (node, error) {
		n := node{op: op}
		for _, x := range list {
			sub, err := m.compileNode(x, opt, columned, positive)
			if err != nil {
				return n, err
			}
			n.sub = append(n.sub, sub)
		}
		return n, nil
	}
	add := func(l leaf) node {
		l.positive = positive
		m.leaves = append(m.leaves, l)
		return node{op: opLeaf, leaf: len(m.leaves) - 1}
	}
	switch q := q.(type) {
	case query.And:
		return list(opAnd, q)
	case query.Or:
		return list(opOr, q)
	case query.Not:
		sub, err := m.compileNode(q.X, opt, columned, !positive)
		return node{op: opNot, sub: []node{sub}}, err
	case query.Text:
		return add(leaf{lit: newLiteral(q.S, !opt.CaseSensitive), extent: opt.extent()}), nil
	case query.Word:
		return add(leaf{lit: newLiteral(q.S, !opt.CaseSensitive), extent: max(opt.extent(), wholeWord)}), nil
	case query.Regexp:
		q.Fold = q.Fold || opt.IgnoreCase
		re, err := compileExpr(q, opt.extent())
		if err != nil {
			return node{}, err
		}
		return add(leaf{re: re}), nil
	case query.Field:
		f, err := compileField(q, opt, columned)
		if err != nil {
			return node{}, err
		}
		m.fields = true
		return add(leaf{field: f}), nil
	case query.File:
		n := add(leaf{glob: q})
		n.op = opFile
		return n, nil
	case query.Log:
		n := add(leaf{glob: q, isLog: true})
		n.op = opFile
		return n, nil
	}
	panic("match: unknown node")
}

// driver chooses what to search for in a run of lines: a set of texts and
// expressions of which every matching line contains one. alone tells whether
// every line that contains one matches.
func (m *Matcher) driver(n node) (set []finderSpec, alone bool) {
	switch n.op {
	case opLeaf:
		l := &m.leaves[n.leaf]
		if l.field != nil {
			for _, lit := range l.field.finders() {
				set = append(set, finderSpec{lit: lit, leaf: n.leaf})
			}
			return set, false
		}
		if l.lit != nil {
			if len(l.lit.pat) == 0 {
				return nil, false
			}
			return []finderSpec{{lit: l.lit, extent: l.extent, leaf: n.leaf}}, true
		}
		return []finderSpec{{re: l.re, leaf: n.leaf}}, true
	case opAnd:
		for _, x := range n.sub {
			s, _ := m.driver(x)
			if s != nil && (set == nil || cost(s) < cost(set)) {
				set = s
			}
		}
		return set, false
	case opOr:
		alone = true
		for _, x := range n.sub {
			s, a := m.driver(x)
			if s == nil {
				return nil, false
			}
			set = append(set, s...)
			alone = alone && a
		}
		return set, alone
	}
	return nil, false
}

// setDrive replaces the texts in m.drive with a set if they are many.
func (m *Matcher) setDrive() {
	ofField := func(d finderSpec) bool { return m.leaves[d.leaf].field != nil }
	if len(m.drive) <= manyTexts || slices.ContainsFunc(m.drive, ofField) {
		return
	}
	if m.set = newSet(m.drive); m.set == nil {
		return
	}
	in := make(map[int]bool, len(m.drive))
	for _, d := range m.drive {
		in[d.leaf] = true
	}
	for i := range m.leaves {
		if !in[i] {
			m.others = append(m.others, i)
		}
	}
	m.drive = []finderSpec{{set: m.set}}
}

// cost estimates the cost of searching for a set. Expressions without literals
// cost most; short texts cost more than long ones, because they are found more
// often.
func cost(set []finderSpec) int {
	c := 0
	for _, f := range set {
		switch {
		case f.lit != nil:
			c += 20 + 200/len(f.lit.pat)
		case f.re.lits == nil:
			c += 1000
		default:
			for _, l := range f.re.lits {
				c += 40 + 200/len(l.pat)
			}
		}
	}
	return c
}

// String describes what the matcher searches for before it matches single
// lines.
func (m *Matcher) String() string {
	if m.drive == nil {
		return "every line is looked at"
	}
	var b strings.Builder
	for i, d := range m.drive {
		if i > 0 {
			b.WriteString(" or ")
		}
		switch {
		case d.set != nil:
			fmt.Fprintf(&b, "any of %d texts", len(d.set.leaves))
			continue
		case d.re != nil:
			b.WriteString("expression " + d.re.ascii.lines.String())
			for i, l := range d.re.lits {
				sep := ", where the line has "
				if i > 0 {
					sep = " or "
				}
				fmt.Fprintf(&b, "%s%s", sep, l)
			}
			continue
		default:
			b.WriteString(d.lit.String())
		}
		b.WriteString(d.extent.String())
	}
	if !m.alone {
		b.WriteString("; then the rest of the query")
	}
	if m.invert {
		b.WriteString("; the other lines match")
	}
	return b.String()
}
