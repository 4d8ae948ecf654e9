package match

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"logview/reader/line"
)

// This file finds the lines of a text that match a compiled query.

// A Span is the part of a text from Start up to, but not including, End.
type Span struct{ Start, End int }

// A Scanner finds matching lines. It must be used by one goroutine at a time.
type Scanner struct {
	m       *Matcher
	finders []finder
	next    []int                 // next position of each finder
	lines   []*literalScanner     // scanners of the leaves, for single lines; see lineScanner
	fields  map[int]*fieldScanner // of the leaves that are conditions on fields; see fieldScanner
	here    []int                 // buffer for the leaves whose texts occur in a line
	path    string
	log     string // "" if it is not known
	columns *line.Columns

	inColumns *Scanner   // that of In; nil until it is needed
	shown     line.Shown // of the text or line being matched
}

// A finder searches the text given to reset from left to right.
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

// lineScanner finds a literal as a whole line. The line may end in a carriage
// return.
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

// HasFields reports whether the query has conditions on fields, so that the columns of
// a file matter: see [Scanner.SetColumns].
func (m *Matcher) HasFields() bool { return m.fields }

// Columned returns a Matcher of the same query for files with columns. The scanners of
// m may not find all matching lines of such a file.
func (m *Matcher) Columned() (*Matcher, error) { return m.columned() }

// NewScanner returns a Scanner. SetPath must be called for file: conditions.
func (m *Matcher) NewScanner() *Scanner {
	s := &Scanner{m: m, columns: (*line.Columns)(nil).With(m.formats), next: make([]int, len(m.drive)), lines: make([]*literalScanner, len(m.leaves))}
	for _, d := range m.drive {
		s.finders = append(s.finders, newFinder(d, len(m.drive) <= mostDFAs))
	}
	return s
}

// lineScanner returns the scanner for single lines of leaf i, which is a text.
// It makes scanners when they are first needed: there may be 100,000 leaves.
func (s *Scanner) lineScanner(i int) *literalScanner {
	if s.lines[i] == nil {
		s.lines[i] = newLiteralScanner(s.m.leaves[i].lit)
	}
	return s.lines[i]
}

// fieldScanner returns the scanner of leaf i, which is a condition on a field.
func (s *Scanner) fieldScanner(i int) *fieldScanner {
	f := s.fields[i]
	if f == nil {
		f = newFieldScanner(s.m.leaves[i].field)
		f.fields.Columns = s.columns
		if s.fields == nil {
			s.fields = map[int]*fieldScanner{}
		}
		s.fields[i] = f
	}
	return f
}

// mostDFAs is up to how many finders each expression has a dfa: more would take much memory.
const mostDFAs = 8

func newFinder(d finderSpec, withDFA bool) finder {
	if d.set != nil {
		return &setScanner{set: d.set}
	}
	if d.re != nil {
		return newExprScanner(d.re, withDFA)
	}
	return newLiteralScanner(d.lit).withExtent(d.extent)
}

// withExtent returns a finder that finds the literal with the extent e.
func (s *literalScanner) withExtent(e extent) finder {
	switch e {
	case wholeWord:
		return wordScanner{s}
	case wholeLine:
		return lineScanner{s}
	}
	return s
}

// SetPath sets the path of the file that contains the lines scanned from now
// on.
func (s *Scanner) SetPath(path string) { s.path = path }

// SetColumns sets the columns of the file that contains the lines scanned from now on;
// nil if it has none. The Scanner must be one of a Matcher that Columned returned,
// unless they are nil.
func (s *Scanner) SetColumns(c *line.Columns) {
	c = c.With(s.m.formats)
	s.columns = c
	for _, f := range s.fields {
		f.fields.Columns = c
	}
}

// ForColumns returns the Scanner to use for lines of a file with columns: s itself if they do not
// matter. It belongs to s, and is not for file: and log: conditions.
func (s *Scanner) ForColumns(c *line.Columns) *Scanner {
	if c == nil || !s.m.HasFields() {
		return s
	}
	if s.inColumns == nil {
		m, err := s.m.Columned()
		if err != nil {
			return s // it was compiled before, with more conditions
		}
		s.inColumns = m.NewScanner()
	}
	s.inColumns.SetColumns(c)
	return s.inColumns
}

// SetLog sets the name of the log that contains the lines scanned from now on.
func (s *Scanner) SetLog(name string) { s.log = name }

// MayMatch reports whether lines of the file at path can match, according to
// the file: conditions alone.
func (m *Matcher) MayMatch(path string) bool { return m.MayMatchIn("", path) }

// MayMatchIn is like MayMatch, for a file of the log with a name, according to the log:
// conditions, too.
func (m *Matcher) MayMatchIn(log, path string) bool { return m.pathVerdict(m.root, log, path) != no }

type verdict int

const (
	no verdict = iota
	maybe
	yes
)

func (m *Matcher) pathVerdict(n node, log, path string) verdict {
	switch n.op {
	case opFile:
		l := &m.leaves[n.leaf]
		name := path
		if l.isLog {
			if name = log; name == "" {
				return maybe
			}
		}
		if l.glob.Matches(name) {
			return yes
		}
		return no
	case opAnd:
		v := yes
		for _, x := range n.sub {
			v = min(v, m.pathVerdict(x, log, path))
		}
		return v
	case opOr:
		v := no
		for _, x := range n.sub {
			v = max(v, m.pathVerdict(x, log, path))
		}
		return v
	case opNot:
		return yes - m.pathVerdict(n.sub[0], log, path)
	}
	return maybe
}

// Lines appends the matching lines of text to dst, without their newlines, and
// stops when dst contains max lines, if max > 0. A carriage return before the
// newline is part of the line. text must consist of whole lines; the last may
// lack its newline.
func (s *Scanner) Lines(text []byte, dst []Span, max int) []Span {
	if s.m.raw || !s.shown.Set(text) {
		return s.matchLines(text, dst, max)
	}
	shown := &s.shown.Text
	if len(text) > 0 && text[len(text)-1] != '\n' && (len(*shown) == 0 || bytes.HasSuffix(*shown, []byte{'\n'})) {
		*shown = append(*shown, '\n') // all of the last line is hidden
	}
	from := len(dst)
	dst = s.matchLines(*shown, dst, max)
	for i, sp := range dst[from:] {
		start, end := s.shown.Start(sp.Start), s.shown.End(sp.End)
		// What is hidden at the ends of the line belongs to it.
		start = bytes.LastIndexByte(text[:start], '\n') + 1
		if k := bytes.IndexByte(text[end:], '\n'); k >= 0 {
			end += k
		} else {
			end = len(text)
		}
		dst[from+i] = Span{start, end}
	}
	return dst
}

// matchLines is Lines for a text of which nothing is hidden.
func (s *Scanner) matchLines(text []byte, dst []Span, max int) []Span {
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

// nextLine finds the first line at or after from that contains something the
// finders search for and matches the query or, if Matcher.invert is set, the
// query that it negates. from must be the beginning of a line.
func (s *Scanner) nextLine(text []byte, from int) (Span, bool) {
	nowhere := len(text) + 1 // not len(text): an empty match may be there, in a line without newline
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
		if s.m.alone || s.matchLine(text[start:end]) != s.m.invert {
			return Span{start, end}, true
		}
		from = end + 1
	}
	return Span{}, false
}

// eachLine calls f for the lines that begin in text[from:to], until f returns
// false. from must be the beginning of a line. eachLine returns false if f did.
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

// everyLine calls matchLine for each line. It serves queries that name no text to look
// for: those that only say what a line must not contain, or match every line.
func (s *Scanner) everyLine(text []byte, dst []Span, max int) []Span {
	eachLine(text, 0, len(text), func(sp Span) bool {
		if s.matchLine(text[sp.Start:sp.End]) {
			dst = append(dst, sp)
		}
		return max <= 0 || len(dst) < max
	})
	return dst
}

// Match reports whether a line, without its newline, matches.
func (s *Scanner) Match(line []byte) bool { return s.matchLine(s.show(line)) }

// show returns the text to match for a line or a piece of one: without what a
// terminal hides, unless the bytes are to be matched.
func (s *Scanner) show(line []byte) []byte {
	if s.m.raw || !s.shown.Set(line) {
		return line
	}
	return s.shown.Text
}

// matchLine is Match for a line of which nothing is hidden.
func (s *Scanner) matchLine(line []byte) bool {
	return s.eval(s.m.root, func(i int) bool { return s.leaf(i, line) })
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

// leaf reports whether leaf i of the query holds for a line of which nothing is
// hidden.
func (s *Scanner) leaf(i int, line []byte) bool {
	l := &s.m.leaves[i]
	switch {
	case l.isLog:
		return l.glob.Matches(s.log)
	case l.glob != nil:
		return l.glob.Matches(s.path)
	case l.field != nil:
		return s.fieldScanner(i).match(line)
	case l.lit != nil:
		return s.hasLiteral(i, line)
	}
	return l.re.match(line)
}

// MatchPiece reports whether leaf i of the query holds for a line because of a piece
// of it. first and last say whether the piece begins and ends the line. A true
// result is certain. At an end of the piece inside the line, a match may be
// missed, because anchors and word ends need the text on both sides. So the
// pieces of a line that is too long for memory must overlap. A control sequence
// that a piece has only a part of is not hidden. Of fields, only those in the first
// piece count.
func (s *Scanner) MatchPiece(i int, piece []byte, first, last bool) bool {
	return s.matchShown(i, s.show(piece), first, last)
}

// matchShown is MatchPiece for a piece of which nothing is hidden.
func (s *Scanner) matchShown(i int, piece []byte, first, last bool) bool {
	l := &s.m.leaves[i]
	switch {
	case l.field != nil:
		if !last { // the value at the end may go on
			piece = piece[:max(bytes.LastIndexAny(piece, " \t,"), 0)]
		}
		return first && s.leaf(i, piece)
	case l.re != nil && l.re.anyText == nil:
		return l.re.matchPiece(piece, first, last)
	case l.glob != nil, l.re == nil && l.extent == anywhere:
		return s.leaf(i, piece)
	case l.re == nil && l.extent == wholeLine:
		return first && last && s.leaf(i, piece)
	}
	// Part of a character at an end would look like an invalid byte, and so
	// like the end of a word.
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
	switch l.extent { // avoids making a finder for each line
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

// Holds evaluates the query from the results of MatchPiece for each leaf.
func (s *Scanner) Holds(found []bool) bool {
	return s.eval(s.m.root, func(i int) bool { return found[i] })
}

// Highlights appends the parts of a matching line that match texts and
// expressions of the query to dst, from left to right and without overlaps.
func (s *Scanner) Highlights(line []byte, dst []Span) []Span {
	from := len(dst)
	dst = s.Matches(line, dst)
	found := slices.DeleteFunc(dst[from:], func(sp Span) bool { return sp.Start == sp.End })
	return dst[:from+len(found)]
}

// Matches is like Highlights but includes matches of no characters, such as those of
// x*. One that is next to another match does not count.
func (s *Scanner) Matches(line []byte, dst []Span) []Span {
	if s.m.raw || !s.shown.Set(line) {
		return s.matchesShown(line, dst)
	}
	from := len(dst)
	dst = s.matchesShown(s.shown.Text, dst)
	for i, sp := range dst[from:] {
		start := s.shown.Start(sp.Start)
		dst[from+i] = Span{start, max(start, s.shown.End(sp.End))}
	}
	return dst
}

// matchesShown is Matches for a line of which nothing is hidden.
func (s *Scanner) matchesShown(line []byte, dst []Span) []Span {
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
		case !l.positive || l.glob != nil:
		case l.field != nil:
			dst = s.fieldScanner(i).matches(line, dst)
		case l.lit != nil:
			if len(l.lit.pat) == 0 {
				for at := range string(line) {
					dst = append(dst, Span{at, at})
				}
				dst = append(dst, Span{len(line), len(line)})
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
			dst = l.re.matches(line, dst)
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
		if h.Start < last || h.Start == last && h.End == last {
			continue
		}
		out = append(out, h)
		last = h.End
	}
	return out
}
