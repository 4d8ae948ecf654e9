package match

import "bytes"

// A dfaScanner finds the lines that an expression matches with a dfa, or with prefixes of
// matches and a dfa. Both are given up for a while where they turn out to be of no use: prefixes
// if they are frequent, and the dfa if many lines are not ASCII.
type dfaScanner struct {
	of           *expr
	dfa          *dfa
	narrow, wide *prefix // of matches in ASCII text and in any text; nil if they are too short

	prefix     *prefix // the one for this text; nil if it is not used
	prefixLeft int     // number of texts until prefixes are used again
	searched   int     // number of bytes in which prefixes were searched for
	windows    int     // that were read for them
	found      int     // prefixes in them

	unsure int // number of lines in this text that the dfa did not decide about
	left   int // number of texts until the dfa is used again
}

const (
	// unused is how many texts pass until something is tried again.
	unused = 64
	// tooFrequent is how many bytes are read by the dfa in the time that a prefix takes that
	// begins no match.
	tooFrequent = 512
)

// newDFAScanner returns the scanner of an expression; nil if it has no dfa.
func newDFAScanner(e *expr) *dfaScanner {
	d := newDFA(e.ascii.expr)
	if d == nil {
		return nil
	}
	s := &dfaScanner{of: e, dfa: d}
	s.narrow, s.wide = newPrefixes(d.prog, e.anyText != nil)
	return s
}

// reset prepares s for a text.
func (s *dfaScanner) reset(text []byte) {
	const sample = 8 << 10
	s.unsure = 0
	s.left = max(s.left-1, 0)
	s.prefixLeft = max(s.prefixLeft-1, 0)
	s.prefix = nil
	if s.left > 0 || s.prefixLeft > 0 {
		return
	}
	s.prefix = s.wide
	if s.narrow != s.wide && isASCII(text) {
		s.prefix = s.narrow
	}
	if s.prefix != nil {
		s.prefix.choose(text[:min(len(text), sample)])
	}
}

// find returns a position in the first matching line at or after from, which must be the
// beginning of a line. If there is none before next, at is -1: next is the end of the text, or
// the beginning of the line where it should be searched in another way.
func (s *dfaScanner) find(text []byte, from int) (at, next int) {
	if s.left > 0 {
		return -1, from
	}
	for from < len(text) {
		end := len(text)
		if s.prefix != nil {
			if from, end = s.nextPrefix(text, from); from == end {
				break
			}
		}
		at, v := s.dfa.find(text[from:end])
		switch at += from; v {
		case yes:
			return at, from
		case no:
			from = end
			continue
		}
		from, end = bytes.LastIndexByte(text[from:at], '\n')+1+from, lineEnd(text, at)
		if s.of.match(bytes.TrimSuffix(text[from:end], []byte{'\n'})) {
			return from, from
		}
		from = end
		if s.unsure++; s.unsure > 16 && s.unsure > from/(2*tooFrequent) {
			s.left = unused
			return -1, from
		}
		if s.dfa.isSlow(0) {
			return -1, from
		}
	}
	return -1, len(text)
}

// nextPrefix returns the next line in which a match may begin, and the end of the text, twice,
// if there is none.
func (s *dfaScanner) nextPrefix(text []byte, from int) (start, end int) {
	at, windows := s.prefix.find(text, from)
	s.windows += windows
	if at < 0 {
		s.searched += len(text) - from
		return len(text), len(text)
	}
	end = lineEnd(text, at)
	s.found++
	s.searched += end - from
	if s.searched > 64<<10 {
		if s.windows*4+s.found*tooFrequent > s.searched {
			s.prefix, s.prefixLeft = nil, unused
		}
		s.searched, s.windows, s.found = 0, 0, 0
	}
	return bytes.LastIndexByte(text[from:at], '\n') + 1 + from, end
}
