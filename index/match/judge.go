package match

// A Judge decides on a line that comes in parts, as one that is too long to
// are in memory does. A line of up to Max bytes is put together and judged
// like any other. A longer one is judged in pieces of Max bytes that overlap
// by Overlap: each leaf of the query holds for the line if it holds for a
// piece. What is found in a piece is in the line, anchors and word ends
// included; what is not found may have been longer than Overlap.
type Judge struct {
	Scanner      *Scanner
	Max, Overlap int
	// Buf is what was added, but for what was given up of it. It may be set
	// to memory to be used.
	Buf []byte
	// Cutting, if not nil, is called before the beginning of Buf is given up
	// for the first time.
	Cutting func()

	found []bool // which leaves hold, by the pieces so far; nil before the second
}

// Add appends to the line.
func (j *Judge) Add(text []byte) {
	for len(text) > 0 {
		if len(j.Buf) == j.Max {
			j.cut()
		}
		n := min(len(text), j.Max-len(j.Buf))
		if cap(j.Buf)-len(j.Buf) < n {
			grown := make([]byte, len(j.Buf), min(j.Max, max(2*cap(j.Buf), 4<<20, len(j.Buf)+n)))
			copy(grown, j.Buf)
			j.Buf = grown
		}
		j.Buf = append(j.Buf, text[:n]...)
		text = text[n:]
	}
}

// Room is how much can be added before something is given up, or, if that is
// nothing, after it was.
func (j *Judge) Room() int {
	if len(j.Buf) < j.Max {
		return j.Max - len(j.Buf)
	}
	return j.Max - j.Overlap
}

// Whole reports whether Buf is all of the line.
func (j *Judge) Whole() bool { return j.found == nil }

// cut judges what is in Buf and keeps only the end of it.
func (j *Judge) cut() {
	first := j.found == nil
	if first {
		j.found = make([]bool, j.Scanner.m.Leaves())
		if j.Cutting != nil {
			j.Cutting()
		}
	}
	j.look(first, false)
	j.Buf = j.Buf[:copy(j.Buf, j.Buf[len(j.Buf)-j.Overlap:])]
}

// look judges a piece, which may be the line's first or last.
func (j *Judge) look(first, last bool) {
	for i := range j.found {
		j.found[i] = j.found[i] || j.Scanner.Piece(i, j.Buf, first, last)
	}
}

// Finish says whether the line matches, all of which was added.
func (j *Judge) Finish() bool {
	if j.Whole() {
		return j.Scanner.Match(j.Buf)
	}
	j.look(false, true)
	return j.Scanner.Holds(j.found)
}
