package line

import "slices"

// A Part is a part of a line that is shown in another style than the rest.
type Part struct {
	From, To int // in bytes
	Kind     PartKind
}

// A PartKind says what a part is.
type PartKind uint8

// The kinds of parts.
const (
	TimePart  PartKind = iota // the time of the line
	LevelPart                 // the word or letter that names its level
)

// Parts returns the time of a line and the word that names its level, or the status that it
// follows from, in order, as far as the time is where most lines of the file have theirs, and the
// word near it. They are for the eye: a line whose time or level is found elsewhere may have none.
// Parts returns none of a line with escape sequences, which has styles of its own.
func (c *Clock) Parts(l []byte, level Level) []Part {
	if !ShowsAll(l) {
		return nil
	}
	l = trimEnd(l)
	var out []Part
	from, to := c.extent(l)
	if to > 0 {
		out = append(out, Part{from, to, TimePart})
	}
	if level == NoLevel {
		return out
	}
	if i, ok := requestAt(l); ok {
		at := quoteEnd(l, i-1) + 1
		if end := at + len("500"); level >= Warn && at > to && end <= len(l) && allDigits(l[at:end]) && levelOfStatusCode(l[at]) == level {
			out = append(out, Part{at, end, LevelPart})
		}
		return out
	}
	if p, ok := levelPart(l, 0, from, level); ok {
		return slices.Insert(out, 0, p)
	}
	if p, ok := levelPart(l, to, min(len(l), to+searched/2), level); ok {
		out = append(out, p)
	}
	return out
}

// extent returns where the time of a line is in it, if it is where most lines of the file have
// theirs; otherwise two zeros.
func (c *Clock) extent(l []byte) (from, to int) {
	var s stamp
	p := &c.place
	if !c.find(&s, l) || !p.known || p.key != "" {
		return 0, 0
	}
	if s.end > 0 {
		return p.at, s.end
	}
	var again stamp
	if i := p.afterSpaces(l); i > 0 && i < len(l) && p.begins(l, i) {
		if end := again.parse(l, i); end > 0 && again.kind == p.kind {
			return i, end
		}
	}
	return 0, 0
}

// levelPart returns the first word of l[from:to] that names a level.
func levelPart(l []byte, from, to int, level Level) (p Part, ok bool) {
	for i := from; i < to; {
		if !isLetter(l[i]) {
			i++
			continue
		}
		end := i
		for end < to && isLetter(l[end]) {
			end++
		}
		if levelNamed(l[i:end]) == level.Letter() && !isInside(l, i, end) {
			return Part{i, end, LevelPart}, true
		}
		i = end
	}
	return Part{}, false
}

// isInside reports whether a word is part of a longer one, such as a path or a name with dots.
func isInside(l []byte, from, to int) bool {
	joins := func(c byte) bool { return isDigit(c) || joinsWords(c) && c != '=' || c == '/' }
	return from > 0 && joins(l[from-1]) || to < len(l) && joins(l[to]) && !(l[to] == '.' && to+1 == len(l))
}
