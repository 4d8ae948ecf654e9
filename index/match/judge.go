package match

// A Judge decides whether a line matches that arrives in parts because it is
// too long for memory. A line of up to Max bytes is assembled and matched like
// any other. A longer one is matched in pieces of Max bytes that overlap by
// Overlap bytes: a leaf of the query holds for the line if it holds for a
// piece. It never holds for a piece without holding for the line, with anchors
// and word ends too, but a match longer than Overlap may be missed.
type Judge struct {
	Scanner      *Scanner
	Max, Overlap int
	// Buf contains the text that was added, except for the part that was
	// discarded. The caller may set it to a buffer for the Judge to use.
	Buf []byte
	// Cutting, if not nil, is called before the beginning of Buf is
	// discarded for the first time.
	Cutting func()

	found []bool // whether each leaf holds for a piece so far; nil before the second piece
}

// Add appends text to the line.
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

// Room returns the number of bytes that can be added before the next part of
// Buf is discarded. If Buf is full, it returns the number that can be added
// after that.
func (j *Judge) Room() int {
	if len(j.Buf) < j.Max {
		return j.Max - len(j.Buf)
	}
	return j.Max - j.Overlap
}

// Whole reports whether Buf contains the whole line.
func (j *Judge) Whole() bool { return j.found == nil }

// cut matches the piece in Buf and discards all but its last Overlap bytes.
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

// look matches the piece in Buf. first and last say whether it begins and ends
// the line.
func (j *Judge) look(first, last bool) {
	for i := range j.found {
		j.found[i] = j.found[i] || j.Scanner.MatchPiece(i, j.Buf, first, last)
	}
}

// Finish reports whether the line matches, after all of it was added.
func (j *Judge) Finish() bool {
	if j.Whole() {
		return j.Scanner.Match(j.Buf)
	}
	j.look(false, true)
	return j.Scanner.Holds(j.found)
}
