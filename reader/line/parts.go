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

// Parts returns the time of a line and the word that names its level, in order, as far as they
// are at the place where most lines of the file have their times, or near it. They are for the
// eye: a line whose time or level is found elsewhere may have none. It returns none of a line
// with escape sequences, which has styles of its own.
func (c *Clock) Parts(l []byte, level Level) []Part {
	if !ShowsAll(l) {
		return nil
	}
	l = trimEnd(l)
	var out []Part
	var s stamp
	from, to := 0, 0
	if c.find(&s, l) && s.end > 0 {
		from, to = c.place.at, s.end
		out = append(out, Part{from, to, TimePart})
	}
	if level == NoLevel {
		return out
	}
	word := func(from, to int) bool {
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
				out = append(out, Part{i, end, LevelPart})
				return true
			}
			i = end
		}
		return false
	}
	if word(0, from) {
		slices.Reverse(out) // it is before the time
	} else {
		word(to, min(len(l), to+searched/2))
	}
	return out
}

// isInside reports whether a word is part of a longer one, such as a path or a name with dots.
func isInside(l []byte, from, to int) bool {
	joins := func(c byte) bool { return isDigit(c) || joinsWords(c) && c != '=' || c == '/' }
	return from > 0 && joins(l[from-1]) || to < len(l) && joins(l[to]) && !(l[to] == '.' && to+1 == len(l))
}
