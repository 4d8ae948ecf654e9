package match

import (
	"bytes"
	"fmt"
	"sync"
	"unicode"
	"unicode/utf8"

	"logview/index/query"
)

// A literal finds one text, exactly or ignoring case. Case is ignored by
// Unicode's simple folding, one character for one: k matches K and the Kelvin
// sign, s matches ſ, and ß matches ẞ but never ss.
//
// It searches for one byte of the text, the one that is rarest in the text
// being searched, with the vectorised bytes.IndexByte, and compares the bytes
// around it. If it ignores case, it searches for both cases of that byte.
type literal struct {
	pat   []byte // the text; if fold is set, with ASCII letters in lower case
	fold  bool
	ascii bool // pat is ASCII, so matches of the same length can be compared byte by byte

	once    sync.Once // guards the fields below; see prepare
	special bool      // a character of pat folds to one of another length
	elems   []elem    // the characters of pat, for comparison ignoring case
	anchors []anchor  // the bytes that can be searched for
}

// An elem is an element of the text: a rune, or a byte that is not part of one.
type elem struct {
	r    rune // the least of the runes that fold alike
	b    byte // the byte, if bad is set
	bad  bool // the element is an invalid byte
	size int  // length in pat, in bytes
}

// An anchor is an element that can be found by searching for one of its bytes.
type anchor struct {
	elem  int // index in elems, or index of the byte in pat if !fold
	off   int // number of bytes of pat before it
	forms []form
}

// A form is one of the encodings that an anchor's element may have in a text.
type form struct {
	b    byte // the byte to search for
	back int  // number of bytes of the form before b
}

func newLiteral(s string, fold bool) *literal {
	l := &literal{pat: []byte(s), fold: fold, ascii: true}
	if fold {
		l.ascii = isASCII(l.pat)
		for i, c := range l.pat {
			l.pat[i] = lower[c]
		}
	}
	return l
}

// prepare computes what scanners need, when the first of them is made: most
// literals of a large set never get a scanner.
func (l *literal) prepare() { l.once.Do(l.analyze) }

func (l *literal) analyze() {
	if !l.fold {
		for i, c := range l.pat {
			l.anchors = append(l.anchors, anchor{elem: i, off: i, forms: []form{{b: c}}})
		}
		return
	}
	for i := 0; i < len(l.pat); {
		r, n := utf8.DecodeRune(l.pat[i:])
		e := elem{r: r, size: n}
		if r == utf8.RuneError && n == 1 {
			e = elem{b: l.pat[i], bad: true, size: 1}
		}
		l.elems = append(l.elems, e)
		i += n
	}
	off := 0
	for i := range l.elems {
		e := &l.elems[i]
		a := anchor{elem: i, off: off}
		off += e.size
		if e.bad {
			a.forms = []form{{b: e.b}}
		} else {
			for _, r := range orbit(e.r) {
				e.r = min(e.r, r)
				enc := utf8.AppendRune(nil, r)
				if len(enc) != e.size {
					l.special = true
				}
				// The last byte of a character varies most: the
				// characters of a script share the first.
				f := form{b: enc[len(enc)-1], back: len(enc) - 1}
				if len(enc) > 1 && len(orbit(e.r)) > 2 {
					f = form{b: enc[0]} // k and s fold with rare characters, whose first byte is rarest
				}
				a.forms = append(a.forms, f)
			}
		}
		l.anchors = append(l.anchors, a)
	}
}

func (l *literal) String() string {
	if l.fold {
		return fmt.Sprintf("text %q in any case", l.pat)
	}
	return fmt.Sprintf("text %q", l.pat)
}

// orbit returns all runes that fold like r, r first.
func orbit(r rune) []rune {
	out := []rune{r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		out = append(out, f)
	}
	return out
}

// lower maps ASCII's upper case letters to lower case and other bytes to
// themselves.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// A literalScanner searches texts, one after the other, for a literal, each
// from left to right. It must be used by one goroutine at a time.
type literalScanner struct {
	*literal
	use  *anchor
	left int    // number of texts until the anchor is chosen again
	text []byte // being searched
	next [4]int // next position of each form of the anchor; len(text) if there is none, -1 if unknown
	hist [256]int32
}

func newLiteralScanner(l *literal) *literalScanner {
	l.prepare()
	return &literalScanner{literal: l}
}

// reset starts the search of another text.
func (s *literalScanner) reset(text []byte) {
	s.text = text
	if len(s.pat) == 0 {
		return
	}
	if s.left--; s.left < 0 || s.use == nil {
		s.choose(text)
	}
	for i := range s.use.forms {
		s.next[i] = -1
	}
}

// choose selects the anchor whose bytes are rarest in a sample of text.
func (s *literalScanner) choose(text []byte) {
	// Sampling 8 KiB of every 32nd text adds some microseconds to some
	// milliseconds.
	const every, sample = 32, 8 << 10
	s.left = every
	clear(s.hist[:])
	for _, c := range text[:min(len(text), sample)] {
		s.hist[c]++
	}
	best := int32(-1)
	for i := range s.anchors {
		a := &s.anchors[i]
		if len(a.forms) > len(s.next) {
			continue
		}
		n := int32(len(a.forms))
		for _, f := range a.forms {
			n += 4 * s.hist[f.b]
		}
		if best < 0 || n < best {
			best, s.use = n, a
		}
	}
}

// find returns the start and end of the first occurrence of the literal at or
// after from, or -1, -1. from must not decrease between resets.
func (s *literalScanner) find(from int) (int, int) {
	if len(s.pat) == 0 {
		return from, from
	}
	text := s.text
	for {
		// Find the nearest of the anchor's forms.
		at, which := len(text), -1
		for i := range s.use.forms {
			f := &s.use.forms[i]
			if n := s.next[i]; n < from+f.back {
				k := bytes.IndexByte(text[min(from+f.back, len(text)):], f.b)
				if k < 0 {
					s.next[i] = len(text)
				} else {
					s.next[i] = from + f.back + k
				}
			}
			if s.next[i] < len(text) && s.next[i]-f.back < at {
				at, which = s.next[i]-f.back, i
			}
		}
		if which < 0 {
			return -1, -1
		}
		if start, end := s.around(text, at, from); start >= 0 {
			return start, end
		}
		// No match: continue with the next position of this form.
		f := &s.use.forms[which]
		n := s.next[which] + 1
		if k := bytes.IndexByte(text[n:], f.b); k < 0 {
			s.next[which] = len(text)
		} else {
			s.next[which] = n + k
		}
	}
}

// around compares the literal with the text around its anchor at at, and
// returns the start and end of the match, or -1, -1. A match must not begin
// before from.
func (s *literalScanner) around(text []byte, at, from int) (int, int) {
	start := at - s.use.off
	if start >= from && start+len(s.pat) <= len(text) {
		there := text[start : start+len(s.pat)]
		if !s.fold {
			if bytes.Equal(there, s.pat) {
				return start, start + len(s.pat)
			}
			return -1, -1
		}
		if s.ascii && equalLower(there, s.pat) {
			return start, start + len(s.pat)
		}
	}
	if !s.fold || s.ascii && !s.special {
		return -1, -1
	}
	// Compare by characters: forward from the anchor, then backward.
	end := at
	for i := s.use.elem; i < len(s.elems); i++ {
		n := s.elems[i].prefix(text[end:])
		if n < 0 {
			return -1, -1
		}
		end += n
	}
	start = at
	for i := s.use.elem - 1; i >= 0; i-- {
		n := s.elems[i].suffix(text[from:start])
		if n < 0 {
			return -1, -1
		}
		start -= n
	}
	return start, end
}

// equalLower reports whether text, with its ASCII letters in lower case, begins
// with pat. text must not be shorter than pat.
func equalLower(text, pat []byte) bool {
	for i, c := range pat {
		if lower[text[i]] != c {
			return false
		}
	}
	return true
}

// prefix returns the length of the element at the beginning of text, or -1 if
// text does not begin with it.
func (e *elem) prefix(text []byte) int {
	if e.bad {
		if len(text) > 0 && text[0] == e.b {
			return 1
		}
		return -1
	}
	r, n := utf8.DecodeRune(text)
	if (r != utf8.RuneError || n == 3) && e.matches(r) {
		return n
	}
	return -1
}

// suffix returns the length of the element at the end of text, or -1 if text
// does not end with it.
func (e *elem) suffix(text []byte) int {
	if e.bad {
		if len(text) > 0 && text[len(text)-1] == e.b {
			return 1
		}
		return -1
	}
	r, n := utf8.DecodeLastRune(text)
	if (r != utf8.RuneError || n == 3) && e.matches(r) {
		return n
	}
	return -1
}

// matches reports whether r folds like the element's rune.
func (e *elem) matches(r rune) bool {
	if r == e.r {
		return true
	}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f == e.r {
			return true
		}
	}
	return false
}

// isWholeWord reports whether no character of a word is adjacent to
// text[start:end].
func isWholeWord(text []byte, start, end int) bool {
	before, _ := utf8.DecodeLastRune(text[:start])
	after, _ := utf8.DecodeRune(text[end:])
	return !query.IsWord(before) && !query.IsWord(after)
}
