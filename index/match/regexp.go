package match

import (
	"bytes"
	"fmt"
	"regexp/syntax"

	"github.com/wasilibs/go-re2"

	"logview/index/query"
)

// An expr is a regular expression made ready to look for lines.
//
// RE2 runs it, translated to Go, at some 0.5 GB/s over a whole run of lines
// where Go's own package does 0.03 to 0.05. So that a match never reaches
// from one line into the next, the expression is changed: no class holds a
// newline, and the ends of the text become ends of a line. $ also matches
// before a carriage return that ends the line, for lines end in CRLF too.
type expr struct {
	lines *re2.Regexp // finds in a run of lines
	inner int         // of whole words: the group that is the expression without what stands beside it
	lits  []*literal  // every line that matches has one of these; nil if that is not known
}

// wordClass is what isWord says, in RE2's syntax.
const wordClass = `\pL\pM\pN_`

func compileExpr(n query.Regexp, word bool) (*expr, error) {
	flags := syntax.Perl
	if n.Fold {
		flags |= syntax.FoldCase
	}
	re, err := syntax.Parse(n.Expr, flags)
	if err != nil {
		return nil, err
	}
	s := byLine(re).String()
	e := &expr{}
	for _, x := range query.Best(n.Required()).Shared() {
		e.lits = append(e.lits, newLiteral(x.S, x.Fold))
	}
	if word {
		e.inner = 1
		// Beside the match there is no character of a word: an end of the
		// line, or a character of another kind.
		s = `(?:(?m:^)|[^` + wordClass + `\n])(` + s + `)(?:(?m:\r?$)|[^` + wordClass + `\n])`
	}
	if e.lines, err = re2.Compile(s); err != nil {
		return nil, fmt.Errorf("regular expression %s: %w", n.Expr, err)
	}
	return e, nil
}

// byLine rewrites the expression so that it cannot match across a newline.
// It changes re.
func byLine(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpBeginText:
		return &syntax.Regexp{Op: syntax.OpBeginLine}
	case syntax.OpEndText, syntax.OpEndLine:
		cr := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\r'}}
		quest := &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{cr}}
		end := &syntax.Regexp{Op: syntax.OpEndLine}
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{quest, end}}
	case syntax.OpAnyChar:
		return &syntax.Regexp{Op: syntax.OpAnyCharNotNL}
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r == '\n' {
				return &syntax.Regexp{Op: syntax.OpNoMatch}
			}
		}
	case syntax.OpCharClass:
		re.Rune = without(re.Rune, '\n')
		if len(re.Rune) == 0 {
			return &syntax.Regexp{Op: syntax.OpNoMatch}
		}
	}
	for i, sub := range re.Sub {
		re.Sub[i] = byLine(sub)
	}
	return re
}

// without takes r out of a class, a list of ranges.
func without(class []rune, r rune) []rune {
	var out []rune
	for i := 0; i < len(class); i += 2 {
		lo, hi := class[i], class[i+1]
		if r < lo || r > hi {
			out = append(out, lo, hi)
			continue
		}
		if lo < r {
			out = append(out, lo, r-1)
		}
		if r < hi {
			out = append(out, r+1, hi)
		}
	}
	return out
}

// match reports whether the expression matches somewhere in one line.
func (e *expr) match(line []byte) bool { return e.lines.Match(line) }

// highlights appends where the expression matches in one line, to dst.
func (e *expr) highlights(line []byte, dst []Span) []Span {
	if e.inner != 1 {
		for _, loc := range e.lines.FindAllIndex(line, -1) {
			if loc[1] > loc[0] {
				dst = append(dst, Span{loc[0], loc[1]})
			}
		}
		return dst
	}
	// Of a whole word, what stands beside it may also stand beside the next.
	for at := 0; at <= len(line); {
		loc := e.lines.FindSubmatchIndex(line[at:])
		if loc == nil {
			break
		}
		start, end := at+loc[2], at+loc[3]
		if end > start {
			dst = append(dst, Span{start, end})
		}
		at = max(end, at+1)
	}
	return dst
}

// find returns the first match in a run of whole lines, or -1.
func (e *expr) find(text []byte) (int, int) {
	if len(text) == 0 {
		return -1, -1
	}
	loc := e.lines.FindIndex(text)
	if loc == nil || loc[0] == len(text) && text[len(text)-1] == '\n' {
		return -1, -1 // behind the last newline there is no line any more
	}
	return loc[0], loc[1]
}

// An exprScanner looks for an expression from left to right. If the
// expression has literals, it looks for them and runs the expression only on
// the lines they are in, unless that turns out to be most lines: a call for
// one line costs as much as a quarter of a KiB in a run.
type exprScanner struct {
	*expr
	text []byte
	end  int // of the chunk being searched

	lits       []*scanner
	next       []int // where each of lits is met next
	byLine     bool  // looking for lits
	candidates int   // lines they were in, of so many bytes of text
	seen       int
	left       int // texts until lits are tried again
}

// chunkSize is how much text is given to RE2 at once. It copies what it is
// given, and what lies behind a match is given again: at 8 KiB a frequent
// match ran at 1.8 GB/s, at 512 KiB at 0.5; a rare one at 0.5 with either.
const chunkSize = 8 << 10

func newExprScanner(e *expr) *exprScanner {
	s := &exprScanner{expr: e, next: make([]int, len(e.lits))}
	for _, l := range e.lits {
		s.lits = append(s.lits, newScanner(l))
	}
	return s
}

func (s *exprScanner) reset(text []byte) {
	s.text, s.end = text, 0
	if s.left > 0 {
		s.left--
		s.byLine = false
		return
	}
	s.byLine = s.lits != nil
	// Measured on real logs: a line costs 0.46 µs by itself, a KiB 2 µs in a
	// run, so from four lines a KiB on the run is faster.
	if s.byLine && s.candidates > 16 && s.candidates > s.seen/256 {
		s.byLine = false
		s.left = 64
	}
	s.candidates, s.seen = 0, len(text)
	if s.byLine {
		for i, l := range s.lits {
			l.reset(text)
			s.next[i] = -1
		}
	}
}

// find returns a place in the first line from from on that matches. from is
// the beginning of a line.
func (s *exprScanner) find(from int) (int, int) {
	if s.byLine {
		return s.findByLine(from)
	}
	for {
		if from >= s.end {
			if from >= len(s.text) {
				return -1, -1
			}
			s.end = min(from+chunkSize, len(s.text))
			if i := bytes.IndexByte(s.text[s.end-1:], '\n'); i >= 0 {
				s.end += i
			} else {
				s.end = len(s.text)
			}
		}
		if start, end := s.expr.find(s.text[from:s.end]); start >= 0 {
			return from + start, from + end
		}
		from = s.end
	}
}

func (s *exprScanner) findByLine(from int) (int, int) {
	for from < len(s.text) {
		at := len(s.text)
		for i, l := range s.lits {
			if s.next[i] < from {
				if s.next[i], _ = l.find(from); s.next[i] < 0 {
					s.next[i] = len(s.text)
				}
			}
			at = min(at, s.next[i])
		}
		if at == len(s.text) {
			break
		}
		s.candidates++
		start := bytes.LastIndexByte(s.text[from:at], '\n') + 1 + from
		end := len(s.text)
		if i := bytes.IndexByte(s.text[at:], '\n'); i >= 0 {
			end = at + i
		}
		if s.match(s.text[start:end]) {
			return at, at
		}
		from = end + 1
	}
	return -1, -1
}
