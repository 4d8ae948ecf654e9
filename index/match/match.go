// Package match decides which lines of a text a query means. It is exact:
// what it says of a line does not depend on the lines around it, nor on how
// the text was cut into runs of lines.
package match

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"logview/index/query"
)

// Options change what the words of a query mean.
type Options struct {
	CaseSensitive bool // words and phrases must match in case
	IgnoreCase    bool // regular expressions ignore case, as words do
	WholeWord     bool // every text and expression must match whole words
	WholeLine     bool // every text and expression must match a whole line
}

// An extent is what a text must be beside being there.
type extent uint8

const (
	anywhere extent = iota
	wholeWord
	wholeLine
)

func (e extent) String() string {
	return [...]string{"", " as a whole word", " as a whole line"}[e]
}

// extent is what the options ask of each text and expression.
func (o Options) extent() extent {
	switch {
	case o.WholeLine:
		return wholeLine
	case o.WholeWord:
		return wholeWord
	}
	return anywhere
}

// A Matcher is a query made ready for lines. It may be used from several
// goroutines at once, each through a Scanner of its own.
type Matcher struct {
	root   node
	leaves []leaf
	drive  []finderSpec // every line that matches has one of these; nil if no such set is known
	alone  bool         // and every line that has one matches
	invert bool         // drive and alone are of the query that root negates
	set    *set         // of the texts in drive, if these are many
	others []int        // the leaves whose texts are not in set
}

// A node of the tree as it is evaluated. Leaves are numbers into
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
	positive bool // a line may match because of this leaf
	glob     query.File
	isGlob   bool
}

// A finderSpec is what a scanner is made of.
type finderSpec struct {
	lit    *literal
	extent extent // of lit
	re     *expr
	leaf   int // that it is of
	set    *set
}

// Compile makes a Matcher. It fails only on a regular expression that RE2
// refuses, such as one too large.
func Compile(q query.Node, opt Options) (*Matcher, error) {
	m := &Matcher{}
	var err error
	if m.root, err = m.compile(q, opt, true); err != nil {
		return nil, err
	}
	m.drive, m.alone = m.driver(m.root)
	if m.root.op == opNot {
		m.drive, m.alone = m.driver(m.root.sub[0])
		m.invert = m.drive != nil
	}
	m.together()
	return m, nil
}

func (m *Matcher) compile(q query.Node, opt Options, positive bool) (node, error) {
	list := func(op op, list []query.Node) (node, error) {
		n := node{op: op}
		for _, x := range list {
			sub, err := m.compile(x, opt, positive)
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
		sub, err := m.compile(q.X, opt, !positive)
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
	case query.File:
		n := add(leaf{glob: q, isGlob: true})
		n.op = opFile
		return n, nil
	}
	panic("match: unknown node")
}

// driver picks what to look for in a run of lines: a set of texts and
// expressions of which every matching line has one. alone says that having
// one is also enough.
func (m *Matcher) driver(n node) (set []finderSpec, alone bool) {
	switch n.op {
	case opLeaf:
		l := &m.leaves[n.leaf]
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

// together replaces many texts to be looked for with the set of them.
func (m *Matcher) together() {
	if len(m.drive) <= manyTexts {
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

// cost guesses what looking for a set takes: expressions before all, then
// short texts, which are met often, then many.
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

// A Span is a part of a text, from Start up to End.
type Span struct{ Start, End int }

// A Scanner finds lines. It belongs to one goroutine.
type Scanner struct {
	m       *Matcher
	finders []finder
	next    []int             // where each finder finds something next
	lines   []*literalScanner // of the leaves, for a single line; see lineScanner
	here    []int             // buffer for the leaves whose texts are in a line
	path    string
}

// A finder looks for something from left to right, in a text given to reset.
type finder interface {
	reset(text []byte)
	find(from int) (start, end int)
}

// wordScanner finds a literal as a whole word.
type wordScanner struct{ *literalScanner }

func (s wordScanner) find(from int) (int, int) {
	for {
		start, end := s.literalScanner.find(from)
		if start < 0 || isWholeWord(s.text, start, end) {
			return start, end
		}
		if from = start + 1; from > len(s.text) {
			return -1, -1
		}
	}
}

// lineScanner finds a literal as a whole line, but for a carriage return at
// its end.
type lineScanner struct{ *literalScanner }

func (s lineScanner) find(from int) (int, int) {
	for {
		start, end := s.literalScanner.find(from)
		if start < 0 || isWholeLine(s.text, start, end) {
			return start, end
		}
		if from = start + 1; from > len(s.text) {
			return -1, -1
		}
	}
}

func isWholeLine(text []byte, start, end int) bool {
	rest := bytes.TrimPrefix(text[end:], []byte{'\r'})
	return (start == 0 || text[start-1] == '\n') &&
		(end == len(text) || text[end] == '\n' || len(rest) == 0 || rest[0] == '\n' && text[end] == '\r')
}

// NewScanner makes a Scanner of lines of the file at path, which only file:
// conditions look at.
func (m *Matcher) NewScanner() *Scanner {
	s := &Scanner{m: m, next: make([]int, len(m.drive)), lines: make([]*literalScanner, len(m.leaves))}
	for _, d := range m.drive {
		s.finders = append(s.finders, newFinder(d))
	}
	return s
}

// lineScanner returns the scanner of a leaf that is a text, for single lines. It is
// made when it is needed: there may be 100,000 leaves.
func (s *Scanner) lineScanner(i int) *literalScanner {
	if s.lines[i] == nil {
		s.lines[i] = newScanner(s.m.leaves[i].lit)
	}
	return s.lines[i]
}

func newFinder(d finderSpec) finder {
	if d.set != nil {
		return &setScanner{set: d.set}
	}
	if d.re != nil {
		return newExprScanner(d.re)
	}
	return newScanner(d.lit).withExtent(d.extent)
}

// withExtent returns a finder of the literal with the extent e.
func (s *literalScanner) withExtent(e extent) finder {
	switch e {
	case wholeWord:
		return wordScanner{s}
	case wholeLine:
		return lineScanner{s}
	}
	return s
}

// SetPath says which file the following lines are of.
func (s *Scanner) SetPath(path string) { s.path = path }

// MayMatch reports whether any line of the file at path can match, by the file:
// conditions alone.
func (m *Matcher) MayMatch(path string) bool { return m.pathVerdict(m.root, path) != no }

type verdict int

const (
	no verdict = iota
	maybe
	yes
)

func (m *Matcher) pathVerdict(n node, path string) verdict {
	switch n.op {
	case opFile:
		if m.leaves[n.leaf].glob.Matches(path) {
			return yes
		}
		return no
	case opAnd:
		v := yes
		for _, x := range n.sub {
			v = min(v, m.pathVerdict(x, path))
		}
		return v
	case opOr:
		v := no
		for _, x := range n.sub {
			v = max(v, m.pathVerdict(x, path))
		}
		return v
	case opNot:
		return yes - m.pathVerdict(n.sub[0], path)
	}
	return maybe
}

// Lines appends the lines of text that match to dst, without their newlines
// (a carriage return before one is part of the line), and stops when dst
// holds max lines, if max > 0. text begins and ends with whole lines; the
// last may lack its newline.
func (s *Scanner) Lines(text []byte, dst []Span, max int) []Span {
	if len(s.finders) == 0 {
		return s.everyLine(text, dst, max)
	}
	for i, f := range s.finders {
		f.reset(text)
		s.next[i] = -1
	}
	wanted := func(sp Span) bool {
		dst = append(dst, sp)
		return max <= 0 || len(dst) < max
	}
	from := 0
	for {
		sp, ok := s.nextLine(text, from)
		if s.m.invert {
			end := len(text)
			if ok {
				end = sp.Start
			}
			if !eachLine(text, from, end, wanted) {
				break
			}
		} else if ok && !wanted(sp) {
			break
		}
		if !ok {
			break
		}
		from = sp.End + 1
	}
	return dst
}

// nextLine finds the first line from from on, where one begins, that has
// what the finders look for and matches the query, or if that is negated,
// what it negates.
func (s *Scanner) nextLine(text []byte, from int) (Span, bool) {
	nowhere := len(text) + 1 // an empty match may be at len(text), in a line without newline
	for from < len(text) {
		at := nowhere
		for i, f := range s.finders {
			if s.next[i] < from {
				if s.next[i], _ = f.find(from); s.next[i] < 0 {
					s.next[i] = nowhere
				}
			}
			at = min(at, s.next[i])
		}
		if at == nowhere {
			break
		}
		start := bytes.LastIndexByte(text[from:at], '\n') + 1 + from
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i
		}
		if s.m.alone || s.Match(text[start:end]) != s.m.invert {
			return Span{start, end}, true
		}
		from = end + 1
	}
	return Span{}, false
}

// eachLine calls f for the lines that begin in text[from:to], from being the
// beginning of one, until it returns false.
func eachLine(text []byte, from, to int, f func(Span) bool) bool {
	for start := from; start < to; {
		end := len(text)
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
		}
		if !f(Span{start, end}) {
			return false
		}
		start = end + 1
	}
	return true
}

// everyLine looks at each line by itself, for queries that say only what a
// line must not hold, or nothing at all.
func (s *Scanner) everyLine(text []byte, dst []Span, max int) []Span {
	eachLine(text, 0, len(text), func(sp Span) bool {
		if s.Match(text[sp.Start:sp.End]) {
			dst = append(dst, sp)
		}
		return max <= 0 || len(dst) < max
	})
	return dst
}

// Match reports whether one line matches; it has no newline.
func (s *Scanner) Match(line []byte) bool {
	return s.eval(s.m.root, func(i int) bool { return s.Leaf(i, line) })
}

func (s *Scanner) eval(n node, leaf func(int) bool) bool {
	switch n.op {
	case opAnd:
		for _, x := range n.sub {
			if !s.eval(x, leaf) {
				return false
			}
		}
		return true
	case opOr:
		for _, x := range n.sub {
			if s.eval(x, leaf) {
				return true
			}
		}
		return false
	case opNot:
		return !s.eval(n.sub[0], leaf)
	}
	return leaf(n.leaf)
}

// Leaf reports whether leaf i of the query holds for the line.
func (s *Scanner) Leaf(i int, line []byte) bool {
	l := &s.m.leaves[i]
	switch {
	case l.isGlob:
		return l.glob.Matches(s.path)
	case l.lit != nil:
		return s.hasLiteral(i, line)
	}
	return l.re.match(line)
}

// Piece reports whether leaf i of the query holds for a line because of
// what is in a piece of it; first and last say that the piece begins and ends
// the line. What is found is in the line. What is at an end of the piece
// that is none of the line may not be: for an anchor or a word's end it counts
// what stands on both sides. So pieces of a line that is too long to be in
// memory overlap.
func (s *Scanner) Piece(i int, piece []byte, first, last bool) bool {
	l := &s.m.leaves[i]
	switch {
	case l.re != nil && l.re.anyText == nil:
		return l.re.matchPiece(piece, first, last)
	case l.isGlob, l.re == nil && l.extent == anywhere:
		return s.Leaf(i, piece)
	case l.re == nil && l.extent == wholeLine:
		return first && last && s.Leaf(i, piece)
	}
	// Half a character at an end would look like a byte that is none, and so
	// like a word's end.
	if !first {
		for n := 0; n < utf8.UTFMax-1 && len(piece) > 0 && !utf8.RuneStart(piece[0]); n++ {
			piece = piece[1:]
		}
	}
	if !last {
		for n := len(piece) - 1; n >= 0 && n >= len(piece)-utf8.UTFMax+1; n-- {
			if utf8.RuneStart(piece[n]) {
				if !utf8.FullRune(piece[n:]) {
					piece = piece[:n]
				}
				break
			}
		}
	}
	if l.re != nil {
		return l.re.matchPiece(piece, first, last)
	}
	w := wordScanner{s.lineScanner(i)}
	w.reset(piece)
	for at := 0; at <= len(piece); {
		start, end := w.find(at)
		if start < 0 {
			break
		}
		if (first || start > 0) && (last || end < len(piece)) {
			return true
		}
		at = start + 1
	}
	return false
}

func (s *Scanner) hasLiteral(i int, line []byte) bool {
	l := &s.m.leaves[i]
	sc := s.lineScanner(i)
	sc.reset(line)
	switch l.extent { // without making a finder, for each line
	case wholeWord:
		start, _ := wordScanner{sc}.find(0)
		return start >= 0
	case wholeLine:
		start, _ := lineScanner{sc}.find(0)
		return start >= 0
	}
	start, _ := sc.find(0)
	return start >= 0
}

// Leaves returns how many leaves the query has.
func (m *Matcher) Leaves() int { return len(m.leaves) }

// Holds evaluates the query on what was found of each leaf, by Leaf or Piece.
func (s *Scanner) Holds(found []bool) bool {
	return s.eval(s.m.root, func(i int) bool { return found[i] })
}

// Highlights appends the parts of a matching line that the query asked for,
// left to right and not overlapping.
func (s *Scanner) Highlights(line []byte, dst []Span) []Span {
	from := len(dst)
	s.here = s.here[:0]
	if s.m.set != nil {
		s.here = append(s.m.set.leavesIn(line, s.here), s.m.others...)
		slices.Sort(s.here)
		s.here = slices.Compact(s.here)
	} else {
		for i := range s.m.leaves {
			s.here = append(s.here, i)
		}
	}
	for _, i := range s.here {
		l := &s.m.leaves[i]
		switch {
		case !l.positive || l.isGlob:
		case l.lit != nil:
			if len(l.lit.pat) == 0 {
				continue
			}
			f := s.lineScanner(i).withExtent(l.extent)
			f.reset(line)
			for at := 0; ; {
				start, end := f.find(at)
				if start < 0 {
					break
				}
				dst = append(dst, Span{start, end})
				at = end
			}
		default:
			dst = l.re.highlights(line, dst)
		}
	}
	found := dst[from:]
	slices.SortFunc(found, func(a, b Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	out := dst[:from]
	last := -1
	for _, h := range found {
		if h.Start < last {
			continue
		}
		out = append(out, h)
		last = h.End
	}
	return out
}

// String says what is looked for in a text before its lines are looked at.
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
