package match

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/wasilibs/go-re2"

	"logview/index/query"
)

// An expr is a regular expression compiled to search for lines.
//
// Where it matches is up to RE2, translated to Go: Go's own package is ten times slower. Which
// lines it matches is found by a prefix, a dfa or literals where they can decide; see
// exprScanner. To keep a match from extending
// over several lines, the expression is changed: no class contains a newline,
// and the ends of the text become ends of a line. $ also matches before a
// carriage return that ends the line, because lines may end in CRLF.
//
// If the expression has Unicode classes or word boundaries, it has two
// programs. For ASCII text, which most logs are, the program with ASCII classes
// is equivalent, compiles in a hundredth of the time and supports \b. The other
// is compiled when text outside ASCII is first found.
type expr struct {
	ascii *program   // for ASCII text, or for any text if anyText is nil
	lits  []*literal // every matching line has one of these; nil if no such texts are known
	whole []*literal // if not nil: lits has one element, which each of these begins or ends with, and every matching line has one of these
	ends  bool       // lits[0] is the end of those in whole, not the beginning

	anyText func() *program // program for any text; nil if ascii is
}

// A program is an expression compiled for one kind of text.
type program struct {
	expr  string      // the expression for a run of lines, as RE2 has it
	lines *re2.Regexp // matches in a run of lines; nil if RE2 rejects it
	word  bool        // whole words only: group 1 is the expression without the characters next to it
	line  string      // the expression for a single line: its ends are those of the text
	parts [4]part

	// RE2 does not support Unicode word boundaries. If more is set, lines
	// matches as if every position were one, and more decides.
	more *machine
}

// A part is the expression for a text whose ends may be inside a line. Few
// searches need one, so it is compiled when it is first used.
type part struct {
	once sync.Once
	re   *re2.Regexp
}

// compileRE2 calls re2.Compile. RE2 writes to standard error when it has used
// up its memory for an expression, and then continues, more slowly. Its Go
// package has no option to prevent that, but keeps the os.Stderr of the time
// when it is first used.
func compileRE2(expr string) (*re2.Regexp, error) {
	quiet.Do(func() {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		stderr := os.Stderr
		os.Stderr = null
		defer func() { os.Stderr = stderr }()
		re2.MustCompile("")
	})
	return re2.Compile(expr)
}

var quiet sync.Once

func compileExpr(n query.Regexp, as extent) (*expr, error) {
	classes, boundaries := n.Unicode()
	split := classes || boundaries || as == wholeWord
	e := &expr{}
	var err error
	if e.ascii, err = newProgram(n, as, true); err != nil {
		return nil, err
	}
	e.require(query.Best(n.Required()))
	if split {
		e.anyText = sync.OnceValue(func() *program {
			if !boundaries {
				if p, err := newProgram(n, as, false); err == nil {
					return p
				}
			}
			return newChecked(n, as)
		})
		if _, err := n.Syntax(false); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// lineSyntax returns the expression's tree for matching lines, with begin and
// end as the operators for the ends of a line.
func lineSyntax(n query.Regexp, as extent, ascii bool, begin, end syntax.Op) (*syntax.Regexp, error) {
	re, err := n.Syntax(ascii)
	if err != nil {
		return nil, err
	}
	if as == wholeLine {
		re = &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{{Op: begin}, re, {Op: end}}}
	}
	return byLine(re, begin, end), nil
}

// newProgram returns a program that uses only RE2.
func newProgram(n query.Regexp, as extent, ascii bool) (*program, error) {
	re, err := lineSyntax(n, as, ascii, syntax.OpBeginLine, syntax.OpEndLine)
	if err != nil {
		return nil, err
	}
	s := re.String()
	if re, err = lineSyntax(n, as, ascii, syntax.OpBeginText, syntax.OpEndText); err != nil {
		return nil, err
	}
	p := &program{word: as == wholeWord, line: re.String()}
	if p.word {
		// No character of a word may be adjacent to the match: there
		// must be an end of the line or another character.
		other := `[^` + query.WordClass(ascii) + `\n]`
		s = `(?:(?m:^)|` + other + `)(` + s + `)(?:(?m:\r?$)|` + other + `)`
	}
	p.expr = s
	if p.lines, err = compileRE2(s); err != nil {
		return nil, fmt.Errorf("regular expression %s: %w", n.Expr, err)
	}
	return p, nil
}

// newChecked returns a program for any text in which RE2 finds candidate lines
// and a machine decides.
func newChecked(n query.Regexp, as extent) *program {
	p := &program{more: newMachine(n, as)}
	if re, err := lineSyntax(n, as, false, syntax.OpBeginLine, syntax.OpEndLine); err == nil {
		p.lines, _ = compileRE2(unbounded(re).String())
	}
	return p
}

// unbounded removes word boundaries. It modifies re.
func unbounded(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpWordBoundary || re.Op == syntax.OpNoWordBoundary {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	for i, sub := range re.Sub {
		re.Sub[i] = unbounded(sub)
	}
	return re
}

// program returns the program for a text.
func (e *expr) program(text []byte) *program {
	if e.anyText == nil || isASCII(text) {
		return e.ascii
	}
	return e.anyText()
}

// isASCII reports whether all of text is ASCII.
func isASCII(text []byte) bool {
	for len(text) >= 8 {
		if binary.LittleEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// require sets the texts to search for before running the expression: the text
// that all of set share, if there is one, or else each of the set.
func (e *expr) require(set query.AnyOf) {
	shared := set.Shared()
	for _, x := range shared {
		e.lits = append(e.lits, newLiteral(x.S, x.Fold))
	}
	if len(shared) == len(set) {
		return
	}
	for _, x := range set {
		l := newLiteral(x.S, x.Fold)
		l.prepare()
		if l.fold && (!l.ascii || l.special) {
			e.whole = nil // they cannot be compared byte by byte
			return
		}
		e.whole = append(e.whole, l)
		e.ends = e.ends || !strings.HasPrefix(x.S, shared[0].S)
	}
}

// part returns the expression for a text inside a line. first and last say
// whether the text begins and ends the line. At an end of the text inside the
// line, the expression requires a byte or, for whole words, a character that is
// not part of the match, so that ^, $, \b and the like see the text on both
// sides. The text must not contain newlines, except those written by blank.
func (p *program) part(first, last bool) *re2.Regexp {
	i := 0
	before, after := `(?:\A|[^`+query.WordClass(false)+`])`, `(?:\r?\z|[^`+query.WordClass(false)+`])`
	if !p.word {
		before, after = "", ""
	}
	if !first {
		i |= 1
		before = `\C`
		if p.word {
			before = `[^` + query.WordClass(false) + `]`
		}
	}
	if !last {
		i |= 2
		after = `\C`
		if p.word {
			after = `[^` + query.WordClass(false) + `]`
		}
	}
	x := &p.parts[i]
	x.once.Do(func() {
		var err error
		if x.re, err = compileRE2(before + "(" + p.line + ")" + after); err != nil {
			x.re = p.lines // p.lines is about as large, and RE2 compiled it
		}
	})
	return x.re
}

// blank returns a copy of text with a newline in place of each invalid byte.
// The expression matches neither, but a newline is a character, so a word can
// end next to it.
func blank(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError && n == 1 {
			out[i] = '\n'
		}
		i += n
	}
	return out
}

// byLine rewrites the expression so that it cannot match across a newline, with
// begin and end as the operators for the ends of a line. It modifies re.
func byLine(re *syntax.Regexp, begin, end syntax.Op) *syntax.Regexp {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpBeginLine:
		return &syntax.Regexp{Op: begin}
	case syntax.OpEndText, syntax.OpEndLine:
		cr := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\r'}}
		quest := &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{cr}}
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{quest, {Op: end}}}
	case syntax.OpAnyChar:
		return &syntax.Regexp{Op: syntax.OpAnyCharNotNL}
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r == '\n' {
				return &syntax.Regexp{Op: syntax.OpNoMatch}
			}
		}
	case syntax.OpCharClass:
		re.Rune = removeRune(re.Rune, '\n')
		if len(re.Rune) == 0 {
			return &syntax.Regexp{Op: syntax.OpNoMatch}
		}
	}
	for i, sub := range re.Sub {
		re.Sub[i] = byLine(sub, begin, end)
	}
	return re
}

// removeRune returns a class, a list of ranges, without r.
func removeRune(class []rune, r rune) []rune {
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

// match reports whether the expression matches anywhere in a line.
func (e *expr) match(line []byte) bool { return e.program(line).match(line) }

func (p *program) match(line []byte) bool {
	switch {
	case p.more != nil:
		return (p.lines == nil || p.lines.Match(line)) && p.more.match(line, true, true)
	case p.blanks(line):
		return p.part(true, true).Match(blank(line))
	}
	return p.lines.Match(line)
}

// matchPiece is like match for a piece of a line; first and last say whether it
// begins and ends the line.
func (e *expr) matchPiece(piece []byte, first, last bool) bool {
	p := e.program(piece)
	switch {
	case first && last:
		return p.match(piece)
	case p.more != nil:
		return p.more.match(piece, first, last)
	}
	if p.blanks(piece) {
		piece = blank(piece)
	}
	return p.part(first, last).Match(piece)
}

// blanks reports whether text must be passed through blank: a whole word may be
// next to an invalid byte, but RE2 only matches characters there. (Its dot also
// matches encoded halves of UTF-16 pairs as characters; whole words do not.)
func (p *program) blanks(text []byte) bool { return p.word && !utf8.Valid(text) }

// matches appends the matches of the expression in a line to dst, also those of no
// characters. It excludes a carriage return that ends the line: $ consumes it, and
// .* is not meant to match it.
func (e *expr) matches(line []byte, dst []Span) []Span {
	most := len(bytes.TrimSuffix(line, []byte{'\r'}))
	add := func(start, end int) {
		dst = append(dst, Span{min(start, most), min(end, most)})
	}
	p := e.program(line)
	switch {
	case p.more != nil:
		for at := 0; at <= len(line); {
			start, end := p.more.find(line, at, true, true)
			if start < 0 {
				break
			}
			add(start, end)
			if at = end; start == end {
				_, n := utf8.DecodeRune(line[end:])
				at += max(n, 1)
			}
		}
		return dst
	case !p.word:
		for _, loc := range p.lines.FindAllIndex(line, -1) {
			add(loc[0], loc[1])
		}
		return dst
	}
	if p.blanks(line) {
		line = blank(line)
	}
	// The character after a whole word may also be the one before the next.
	for at, from := 0, 0; at <= len(line); {
		loc := p.part(from == at, true).FindSubmatchIndex(line[from:])
		if loc == nil {
			break
		}
		start, end := from+loc[2], from+loc[3]
		add(start, end)
		at = end
		if start == end {
			_, n := utf8.DecodeRune(line[end:])
			at += max(n, 1)
		}
		if at <= len(line) {
			_, n := utf8.DecodeLastRune(line[:at])
			from = at - n
		}
	}
	return dst
}

// find returns a position in the first matching line of a run of whole lines,
// or -1. p must be the program for all of text.
func (e *expr) find(text []byte, p *program) int {
	if len(text) == 0 {
		return -1
	}
	if p.more == nil && !p.blanks(text) {
		return p.find(text)
	}
	for start := 0; start < len(text); {
		if p.more != nil && p.lines != nil {
			at := p.find(text[start:])
			if at < 0 {
				return -1
			}
			start += bytes.LastIndexByte(text[start:start+at], '\n') + 1
		}
		end := len(text)
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
		}
		if e.match(text[start:end]) {
			return start
		}
		start = end + 1
	}
	return -1
}

// find returns the position of RE2's first match in a run of whole lines, or
// -1.
func (p *program) find(text []byte) int {
	loc := p.lines.FindIndex(text)
	if loc == nil || loc[0] == len(text) && text[len(text)-1] == '\n' {
		return -1 // there is no line after the last newline
	}
	return loc[0]
}

// An exprScanner searches for an expression from left to right. If the
// expression has literals, it searches for them and runs the expression only on
// the lines that contain one, unless that turns out to be most lines. Otherwise it searches for
// prefixes of matches, unless they turn out to be frequent.
//
// The dfa decides about a line at some 0.6 GB/s. RE2 decides about those that are not ASCII, at
// 0.5 GB/s in runs of lines; a call for a single line costs as much as a quarter of a KiB in a run.
type exprScanner struct {
	*expr
	text  []byte
	end   int      // end of the chunk being searched
	chunk *program // program for that chunk

	byDFA *dfaScanner // nil if the expression has no dfa, or it turned out to be slow

	lits       []finder
	next       []int // next position of each of lits
	byLine     bool  // searching for lits first
	candidates int   // number of lines with one of lits in a text of seen bytes
	seen       int
	frequent   int // a line with one in so many bytes is frequent
	left       int // number of texts until lits are tried again
}

// chunkSize is how many bytes RE2 searches at once. It copies its input, and
// the text after a match is passed again: at 8 KiB, a frequent match ran at 1.8
// GB/s, at 512 KiB at 0.5; a rare one at 0.5 with either.
const chunkSize = 8 << 10

func newExprScanner(e *expr, withDFA bool) *exprScanner {
	s := &exprScanner{expr: e, next: make([]int, len(e.lits)), frequent: 256}
	if withDFA {
		s.byDFA = newDFAScanner(e)
	}
	if s.byDFA != nil && s.byDFA.narrow != nil && slices.ContainsFunc(e.lits, func(l *literal) bool { return len(l.pat) < minPrefix }) {
		s.frequent = 2048 // searching for prefixes is faster
	}
	for _, l := range e.lits {
		if e.whole != nil {
			s.lits = append(s.lits, sharedScanner{newLiteralScanner(l), e})
		} else {
			s.lits = append(s.lits, newLiteralScanner(l))
		}
	}
	return s
}

// A sharedScanner searches for the text that an expression's literals share,
// and checks that one of them is there. For failed: and failure:, which share
// fail, 97 of 100 occurrences of fail in real logs were something else, and RE2
// ran for each. Checking the rest first raised the speed from 3.0 to 5.3 GB/s.
// The remaining time is spent searching for fail itself.
type sharedScanner struct {
	*literalScanner
	of *expr
}

func (s sharedScanner) find(from int) (int, int) {
	for {
		start, end := s.literalScanner.find(from)
		if start < 0 {
			return -1, -1
		}
		for _, l := range s.of.whole {
			a, b := start, start+len(l.pat)
			if s.of.ends {
				a, b = end-len(l.pat), end
			}
			if a < 0 || b > len(s.text) {
				continue
			}
			if there := s.text[a:b]; bytes.Equal(there, l.pat) || l.fold && equalLower(there, l.pat) {
				return start, end
			}
		}
		from = start + 1
	}
}

func (s *exprScanner) reset(text []byte) {
	s.text, s.end = text, 0
	if s.byLine = s.tryLiterals(); s.byLine {
		for i, l := range s.lits {
			l.reset(text)
			s.next[i] = -1
		}
	} else if s.byDFA != nil {
		s.byDFA.reset(text)
	}
}

// tryLiterals reports whether to search the text for lits first: not for a while after they
// were frequent.
func (s *exprScanner) tryLiterals() bool {
	if s.left > 0 {
		s.left--
		return false
	}
	// Measured on real logs: a single line costs 0.46 µs, and a KiB in a
	// run 2 µs, so from four lines per KiB on, the run is faster.
	frequent := s.candidates > 16 && s.candidates > s.seen/s.frequent
	s.candidates, s.seen = 0, len(s.text)
	if s.lits != nil && frequent {
		s.left = unused
		return false
	}
	return s.lits != nil
}

// find returns a position in the first matching line at or after from, or -1,
// -1. from must be the beginning of a line.
func (s *exprScanner) find(from int) (int, int) {
	if s.byLine {
		return s.findByLine(from)
	}
	if s.byDFA != nil {
		at, next := s.byDFA.find(s.text, from)
		if at >= 0 || next == len(s.text) {
			return at, at
		}
		if from = next; s.byDFA.dfa.isSlow(0) {
			s.byDFA = nil
		}
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
			s.chunk = s.program(s.text[from:s.end])
		}
		if at := s.expr.find(s.text[from:s.end], s.chunk); at >= 0 {
			return from + at, from + at
		}
		from = s.end
	}
}

// lineEnd returns where the line of text ends that has a position, after its newline.
func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
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
		end := lineEnd(s.text, at)
		if s.matchOne(s.text[start:end]) {
			return at, at
		}
		from = end
	}
	return -1, -1
}

// matchOne is match for a line that may end with a newline.
func (s *exprScanner) matchOne(line []byte) bool {
	if s.byDFA != nil {
		if _, v := s.byDFA.dfa.find(line); v != maybe {
			return v == yes
		}
	}
	return s.match(bytes.TrimSuffix(line, []byte{'\n'}))
}
