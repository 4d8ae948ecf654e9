package match

import (
	"bytes"
	"fmt"
	"sync"
	"unicode"
	"unicode/utf8"

	"logview/index/query"
)

// A literal finds one text, exactly or in any case. Any case means Unicode's
// simple folding, one character for one: k matches K and the Kelvin sign,
// s matches ſ, and ß matches ẞ but never ss.
//
// It looks for one byte of the text, the one that is rarest in the text it
// searches, with the vectorised bytes.IndexByte, and compares around it. In
// any case, it looks for both cases of that byte side by side.
type literal struct {
	pat   []byte // the text; in any case: its ASCII letters small
	fold  bool
	ascii bool // pat is ASCII: a match of equal length is compared by bytes

	once    sync.Once // see prepare, which makes what follows
	special bool      // some character of pat also stands as one of another length
	elems   []elem    // the characters of pat, for comparison in any case
	anchors []anchor  // the bytes that may be looked for
}

// An elem is a character of the text: a rune, or a byte that is none.
type elem struct {
	r    rune // the least of those that fold to it
	b    byte // when invalid
	bad  bool // an invalid byte
	size int  // bytes in pat
}

// An anchor is an element that can be looked for by a byte of it.
type anchor struct {
	elem  int // index in elems, or of the byte in pat if !fold
	off   int // bytes of pat before it
	forms []form
}

// A form is one way in which an anchor's element may stand in a text.
type form struct {
	b    byte // the byte to look for
	back int  // how many bytes of the form are before b
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

// prepare makes what a scanner needs, which of one of many texts nobody does.
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
				// Of a character's bytes the last varies most: scripts share
				// their first.
				f := form{b: enc[len(enc)-1], back: len(enc) - 1}
				if len(enc) > 1 && len(orbit(e.r)) > 2 {
					f = form{b: enc[0]} // k and s have rare relatives; their first byte is rarest
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

// orbit is every rune that folds to the same as r, r first.
func orbit(r rune) []rune {
	out := []rune{r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		out = append(out, f)
	}
	return out
}

// lower maps ASCII's capitals to small letters and leaves other bytes.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// A literalScanner looks for a literal from left to right in one text after the
// other. It belongs to one goroutine.
type literalScanner struct {
	*literal
	use  *anchor
	left int    // texts until the anchor is chosen again
	text []byte // being searched
	next [4]int // where each form of the anchor is met next; len(text) if nowhere
	hist [256]int32
}

func newScanner(l *literal) *literalScanner {
	l.prepare()
	return &literalScanner{literal: l}
}

// reset begins a new text.
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

// choose picks the anchor whose bytes are rarest in a sample of text.
func (s *literalScanner) choose(text []byte) {
	// 8 KiB of each 32nd text: some microseconds in some milliseconds.
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

// find returns where the literal is met first at or after from, and where
// that ends; -1 if nowhere. from never decreases between resets.
func (s *literalScanner) find(from int) (int, int) {
	if len(s.pat) == 0 {
		return from, from
	}
	text := s.text
	for {
		// The nearest of the anchor's forms.
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
		// Not here: on to the next place of this form.
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
// returns where it begins and ends, or -1. It begins at or after from.
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
	// By characters: forward from the anchor, then back from it.
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

// equalLower compares text, its capitals taken as small letters, with pat.
func equalLower(text, pat []byte) bool {
	for i, c := range pat {
		if lower[text[i]] != c {
			return false
		}
	}
	return true
}

// prefix returns how many bytes of text's start are this element, or -1.
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

// suffix is prefix for text's end.
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

// matches reports whether r folds to the element's rune.
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

// isWholeWord reports whether text[start:end] stands beside no character of
// a word.
func isWholeWord(text []byte, start, end int) bool {
	before, _ := utf8.DecodeLastRune(text[:start])
	after, _ := utf8.DecodeRune(text[end:])
	return !query.IsWord(before) && !query.IsWord(after)
}
