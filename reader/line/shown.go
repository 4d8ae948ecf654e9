package line

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"
)

// A Shown is the part of a text that a terminal shows. Hidden are
//
//   - control sequences (ECMA-48): colours and other CSI sequences, titles,
//     links and other control strings that end in the same line, and other
//     escape sequences;
//   - the notes in Jenkins' console logs, from ESC[8m to ESC[0m;
//   - parts of a line that a later part overwrites, as progress bars do: after a
//     carriage return, a part that is at least as wide or that erases the line;
//   - the zero bytes of UTF-16 that was appended to another text: see [Narrow].
//
// Newlines are never hidden, so both texts have the same lines. The zero value is
// ready for use.
type Shown struct {
	Text []byte // what is shown
	cuts []cut
	line int // position in the original of the line that is added

	// Of one line, for Set:
	parts []part
	found []hidden // sequences
}

// A cut is a position in Text at which its bytes begin to come from another place than
// behind the byte before.
type cut struct {
	at    int  // position in Text
	start int  // position in the original
	wide  bool // each byte from here on stands for two
}

// origin returns the position in the original of the byte of Text at position at, which
// is not before the cut.
func (c cut) origin(at int) int {
	if c.wide {
		at += at - c.at
	}
	return c.start + at - c.at
}

// hidden is a range of the original that is hidden.
type hidden struct{ start, end int }

// A part is a part of a line, up to a carriage return that is not at its end.
type part struct {
	hidden     // its range, with the carriage return
	first  int // index of its first sequence in Shown.found
	width  int // number of characters
	erases bool
}

const (
	escape = 0x1b
	bell   = 0x07
)

// ShowsAll reports whether nothing of a text is hidden, because it has no escape
// character, no zero byte, and no carriage return but at the ends of lines.
func ShowsAll(text []byte) bool {
	return bytes.IndexByte(text, escape) < 0 && bytes.IndexByte(text, 0) < 0 && insideReturn(text) < 0
}

// insideReturn returns the index of the first carriage return that is not at the
// end of a line; -1 if there is none.
func insideReturn(text []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\r')
		if i < 0 {
			return -1
		}
		begin := at + i
		for at = begin + 1; at < len(text) && text[at] == '\r'; {
			at++
		}
		if at < len(text) && text[at] != '\n' {
			return begin
		}
	}
}

// Set determines what is shown of text. It returns false, and leaves s as it is,
// if that is all of it.
func (s *Shown) Set(text []byte) bool {
	if ShowsAll(text) {
		return false
	}
	s.Text, s.cuts = slices.Grow(s.Text[:0], len(text)), s.cuts[:0]
	var next [3]int // at or behind at, of each kind of bytes that ShowsAll looks for
	for at := 0; at < len(text); {
		first := len(text)
		for kind, index := range [...]func([]byte) int{indexEscape, indexZero, insideReturn} {
			if next[kind] < at || at == 0 {
				next[kind] = len(text)
				if i := index(text[at:]); i >= 0 {
					next[kind] = at + i
				}
			}
			first = min(first, next[kind])
		}
		begin := at + bytes.LastIndexByte(text[at:first], '\n') + 1
		if first == len(text) {
			begin = first
		}
		s.Text = append(s.Text, text[at:begin]...)
		at = begin
		if at < len(text) {
			if i := bytes.IndexByte(text[first:], '\n'); i >= 0 {
				at = first + i + 1
			} else {
				at = len(text)
			}
			s.line = begin
			s.addLine(text[begin:at])
		}
	}
	return true
}

func indexEscape(text []byte) int { return bytes.IndexByte(text, escape) }
func indexZero(text []byte) int   { return bytes.IndexByte(text, 0) }

// addLine adds a line of which something may be hidden, with its newline, if it has one.
func (s *Shown) addLine(text []byte) {
	if w, ok := findUTF16(text); ok {
		s.addUTF16(text, w)
		return
	}
	s.split(text)
	// A part is overwritten if one after it is as wide.
	width, erased := -1, false
	for i := len(s.parts) - 1; i >= 0; i-- {
		p := &s.parts[i]
		over := erased || p.width <= width
		width, erased = max(width, p.width), erased || p.erases
		if over {
			p.width = -1
		}
	}
	at := 0
	for i, p := range s.parts {
		if p.width < 0 {
			s.hide(text, &at, p.hidden)
			continue
		}
		next := len(s.found)
		if i+1 < len(s.parts) {
			next = s.parts[i+1].first
		}
		for _, h := range s.found[p.first:next] {
			s.hide(text, &at, h)
		}
	}
	s.Text = append(s.Text, text[at:]...)
}

// hide adds the text between at and a range that is hidden, and moves at to its
// end.
func (s *Shown) hide(text []byte, at *int, h hidden) {
	if h.end <= *at {
		return
	}
	s.Text = append(s.Text, text[*at:max(h.start, *at)]...)
	s.addCut(h.end, false)
	*at = h.end
}

// addCut notes that the bytes added to Text from here on come from position at of the line.
// wide says that each of them stands for two.
func (s *Shown) addCut(at int, wide bool) {
	c := cut{len(s.Text), s.line + at, wide}
	if n := len(s.cuts); n > 0 && s.cuts[n-1].at == c.at {
		s.cuts = s.cuts[:n-1]
	}
	s.cuts = append(s.cuts, c)
}

// split finds the parts of a line and the sequences in it.
func (s *Shown) split(text []byte) {
	s.parts, s.found = s.parts[:0], s.found[:0]
	end := len(bytes.TrimRight(text, "\r\n"))
	p := part{}
	last := 0 // what follows the last sequence
	count := func(to int) {
		p.width += utf8.RuneCount(text[last:max(last, to)])
	}
	for i := 0; i < end; {
		switch text[i] {
		case escape:
			n, erase := scanSequence(text[i:end])
			if n == 0 {
				i++
				continue
			}
			count(i)
			h := hidden{i, i + n}
			if erase == 0 || erase == 2 {
				p.erases = true
			}
			if erase == 1 || erase == 2 { // what precedes it in this part, too
				h.start = p.start
				p.width = 0
				s.found = s.found[:p.first]
			}
			s.found = append(s.found, h)
			i += n
			last = i
		case '\r':
			count(i)
			for i < end && text[i] == '\r' {
				i++
			}
			p.end = i
			s.addPart(p)
			p = part{hidden: hidden{start: i}, first: len(s.found)}
			last = i
		default:
			i++
		}
	}
	count(end)
	p.end = end
	s.addPart(p)
}

// addPart adds a part, and joins those before that it overwrites to one, so that a
// progress bar takes no memory for each of its states.
func (s *Shown) addPart(p part) {
	n := len(s.parts)
	for n > 0 && (s.parts[n-1].width < 0 || p.erases || s.parts[n-1].width <= p.width) {
		n--
	}
	if n < len(s.parts) {
		over := s.parts[n]
		over.end, over.width, over.erases = p.start, -1, over.erases || p.erases
		kept := s.found[p.first:]
		s.found = append(s.found[:over.first], kept...)
		p.first = over.first
		s.parts = append(s.parts[:n], over)
	}
	s.parts = append(s.parts, p)
}

// Sequence returns the length of the control sequence with which text begins; 0 if
// it does not begin with a whole one.
func Sequence(text []byte) int {
	n, _ := scanSequence(text)
	return n
}

// scanSequence returns the length of the control sequence with which text begins; 0
// if it does not begin with a whole one. erase is the parameter of a sequence that
// erases in the line (EL): 0 up to its end, 1 up to here, 2 all; -1 for others.
func scanSequence(text []byte) (n, erase int) {
	erase = -1
	if len(text) < 2 {
		return 0, erase
	}
	switch c := text[1]; {
	case c == '[':
		for n = 2; n < len(text) && text[n] >= 0x20 && text[n] <= 0x3f; n++ {
		}
		if n == len(text) || text[n] < 0x40 || text[n] > 0x7e {
			return 0, erase
		}
		params := text[2:n]
		n++
		if text[n-1] == 'K' {
			switch string(params) {
			case "", "0":
				erase = 0
			case "1":
				erase = 1
			case "2":
				erase = 2
			}
		}
		if string(text[:n]) == "\x1b[8m" { // concealed
			if i := bytes.IndexByte(text[n:], escape); i >= 0 && bytes.HasPrefix(text[n+i:], []byte("\x1b[0m")) {
				n += i + len("\x1b[0m")
			}
		}
		return n, erase
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_': // a control string
		for n = 2; n < len(text); n++ {
			switch {
			case text[n] == bell && c == ']':
				return n + 1, erase
			case text[n] == escape:
				if n+1 < len(text) && text[n+1] == '\\' {
					return n + 2, erase
				}
				return 0, erase
			case text[n] < ' ':
				return 0, erase
			}
		}
		return 0, erase
	case c >= 0x20 && c <= 0x2f:
		for n = 2; n < len(text) && text[n] >= 0x20 && text[n] <= 0x2f; n++ {
		}
		if n < len(text) && text[n] >= 0x30 && text[n] <= 0x7e {
			return n + 1, erase
		}
		return 0, erase
	case c >= 0x30 && c <= 0x7e:
		return 2, erase
	}
	return 0, erase
}

// Start returns the position in the original of the byte that is at position at of
// Text.
func (s *Shown) Start(at int) int {
	return s.origin(at, sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i].at > at }))
}

// End returns the position in the original of what follows the byte before
// position at of Text.
func (s *Shown) End(at int) int {
	return s.origin(at, sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i].at >= at }))
}

// origin returns the position in the original of the byte at position at of Text,
// counted from the last of the first n cuts.
func (s *Shown) origin(at, n int) int {
	if n > 0 {
		at = s.cuts[n-1].origin(at)
	}
	if n < len(s.cuts) {
		at = min(at, s.cuts[n].start)
	}
	return at
}

// Index returns the position in Text of the byte at position at of the original, or
// of the next byte that is shown.
func (s *Shown) Index(at int) int {
	n := sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i].start > at })
	i := at
	if n > 0 {
		c := s.cuts[n-1]
		i = at - c.start
		if c.wide {
			i /= 2
		}
		i += c.at
	}
	if n < len(s.cuts) {
		i = min(i, s.cuts[n].at)
	}
	return min(i, len(s.Text))
}

// Of returns what is shown of text, after Set.
func (s *Shown) Of(text []byte) []byte {
	if s.Set(text) {
		return s.Text
	}
	return text
}
