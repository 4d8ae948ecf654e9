package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
	"unicode/utf8"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/line"
)

// Reading a Document in windows of pieces.

// A Piece is a line of a Document, or a part of a line longer than pieceSize: a
// screen must not wait for a line of 500 MB.
type Piece struct {
	Place
	Text []byte        // without the newline; it is not modified
	End  reader.Offset // where the next piece starts

	NULs       int64 // number of NULs that are left out; Text is then a note about them, and nothing else is in the piece
	Continues  bool  // it starts inside a line
	Unfinished bool  // the line continues in the next piece
	Open       bool  // the text ends here without a newline: the line may grow
}

// pieceSize is the length of the pieces of a long line; the first may be up to
// twice as long. The cuts depend only on the length and the offset of the line,
// so that reading backwards finds the same pieces.
const pieceSize = 64 << 10

// windowSize is how much text is read at once: enough for several screens, and
// to find a piece in it from either end.
const windowSize = 4 * pieceSize

// neighbour returns the member after key, or before it unless forward is set;
// zero if there is none. After a member that is gone comes its successor.
func (d *Document) neighbour(key MemberKey, forward bool) MemberKey {
	list := d.list()
	i := slices.IndexFunc(list, func(m *memberState) bool { return m.key == key })
	if i < 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !forward {
			return 0
		}
		return d.after[key]
	}
	if forward {
		i++
	} else {
		i--
	}
	if i < 0 || i >= len(list) {
		return 0
	}
	return list[i].key
}

// A Window is a run of whole pieces of one member.
type Window struct {
	Member MemberKey
	Offset reader.Offset // offset of Text[0]
	Text   []byte        // it is not modified
	Open   bool          // the member's text ends after it

	Columns *line.Columns // of the member's file; nil for none
	Clock   *line.Clock   // has learned where the file's lines have their times; nil if that is not known

	continues bool          // it starts inside a line
	nuls      int64         // number of NULs for which Text, a NulMarker, stands; nothing else is in the window then
	end       reader.Offset // end of the NULs, and of a newline after them, if nuls is set
}

// End returns the end of the window.
func (w *Window) End() reader.Offset {
	if w.nuls > 0 {
		return w.end
	}
	return w.Offset + reader.Offset(len(w.Text))
}

// findNULs returns the first run of NULs in text that is long enough to be left
// out of pieces. The run may extend beyond text, which is at off, in both
// directions: from is at least off, but to may be after the end of text. If
// there is no such run, both are the end of text.
func (t *textAt) findNULs(text []byte, off reader.Offset) (from, to reader.Offset, err error) {
	end := off + reader.Offset(len(text))
	if z := reader.Offset(decode.LeadingZeros(text)); z > 0 {
		from, to = off, off+z
		if off > 0 {
			if from, err = t.zerosBefore(off); err != nil {
				return end, end, err
			}
		}
		if to == end {
			if to, err = t.zerosAfter(end); err != nil {
				return end, end, err
			}
		}
		if to-from >= reader.NulRun {
			return off, to, nil
		}
	}
	i, k := decode.LongRun(text)
	from, to = off+reader.Offset(i), off+reader.Offset(k)
	if to == end && from < end {
		if to, err = t.zerosAfter(end); err != nil {
			return end, end, err
		}
	}
	if to-from < reader.NulRun {
		return end, end, nil
	}
	return from, to, nil
}

// skippedWindow returns the window of the skipped NULs between from and to in
// p's member, and of a newline that follows them.
func (t *textAt) skippedWindow(p Place, from, to reader.Offset) (Window, error) {
	n := int64(to - from)
	w := Window{Member: p.Member, Offset: from, Text: []byte(reader.NulMarker(n)), nuls: n, end: to, Open: to >= t.end()}
	var b [1]byte
	if from > 0 {
		if _, err := t.readAt(b[:], from-1); err != nil {
			return w, err
		}
		w.continues = b[0] != '\n'
	}
	if k, err := t.readAt(b[:], to); err != nil && err != io.EOF {
		return w, err
	} else if k > 0 && b[0] == '\n' {
		w.end, w.Open = to+1, false
	}
	return w, nil
}

// Forward returns a window of the text that starts at p, the start of a piece.
// At the end of a member it continues with the next; at the end of the last it
// returns io.EOF, which means not yet. A member that cannot be read is left
// out; its Damage says why.
func (d *Document) Forward(ctx context.Context, p Place) (Window, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Window{}, err
		}
		t, err := d.text(ctx, p.Member)
		if err == nil {
			w, err := t.forward(p)
			if errors.Is(err, fs.ErrClosed) {
				continue // the member has another file now, or is gone
			}
			if err != io.EOF {
				w.Columns, w.Clock = t.learn(d.listedTime(p.Member), d.opt.Formats)
				return w, err
			}
		}
		if ctx.Err() != nil {
			return Window{}, ctx.Err()
		}
		next := d.neighbour(p.Member, true)
		if next == 0 {
			return Window{}, io.EOF
		}
		p = Place{Member: next}
	}
}

// Backward returns a window of the text that ends at p, the start of a piece.
// At the start of a member it continues with the one before; at the start of
// the first it returns io.EOF.
func (d *Document) Backward(ctx context.Context, p Place) (Window, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Window{}, err
		}
		if p.Offset > 0 {
			t, err := d.text(ctx, p.Member)
			if err == nil {
				w, err := t.backward(p)
				if errors.Is(err, fs.ErrClosed) {
					continue // the member has another file now, or is gone
				}
				w.Columns, w.Clock = t.learn(d.listedTime(p.Member), d.opt.Formats)
				return w, err
			}
		}
		before := d.neighbour(p.Member, false)
		if before == 0 {
			return Window{}, io.EOF
		}
		p = Place{Member: before}
		t, err := d.text(ctx, before)
		if err == nil {
			p.Offset = t.end()
		} else if ctx.Err() != nil {
			return Window{}, ctx.Err()
		}
	}
}

// listedTime returns when a member's file was changed last, as it was listed; zero if it is gone.
func (d *Document) listedTime(key MemberKey) time.Time {
	for _, m := range d.list() {
		if m.key == key {
			member, _, _ := m.state()
			return member.ModTime
		}
	}
	return time.Time{}
}

func (t *textAt) forward(p Place) (Window, error) {
	before := min(p.Offset, 1) // the byte before p tells whether a line starts at p
	buf := make([]byte, before+windowSize)
	n, err := t.readAt(buf, p.Offset-before)
	if n <= int(before) {
		if err == nil {
			err = io.EOF
		}
		return Window{}, err
	}
	w := Window{Member: p.Member, Offset: p.Offset, Text: buf[before:n], Open: err == io.EOF, continues: before > 0 && buf[0] != '\n'}
	if err != nil && err != io.EOF {
		return w, err
	}
	from, to, err := t.findNULs(w.Text, w.Offset)
	if err != nil {
		return w, err
	}
	if from < w.End() {
		if from > w.Offset {
			w.Text, w.Open = w.Text[:from-w.Offset], false
			return w, nil
		}
		if from, err = t.zerosBefore(from); err != nil {
			return w, err
		}
		return t.skippedWindow(p, from, to)
	}
	if !w.Open {
		end := bytes.LastIndexByte(w.Text, '\n') + 1
		if end == 0 { // inside a long line: return whole pieces of it
			for at := p.Offset; ; {
				next := nextCut(w.Text, p.Offset, at)
				if next < 0 {
					end = int(at - p.Offset)
					break
				}
				at = next
			}
		}
		w.Text = w.Text[:end]
	}
	return w, nil
}

// nextCut returns the offset of the first cut after at, in a line that has no
// newline from at on; it is negative if text, which is at base, does not reach
// that far.
func nextCut(text []byte, base, at reader.Offset) reader.Offset {
	cut := (at + pieceSize - 1) / pieceSize * pieceSize // at itself, if that is a cut
	cut += pieceSize
	if cut >= base+reader.Offset(len(text)) {
		return -1
	}
	for i := 0; i < utf8.UTFMax-1 && cut-1 > at && !utf8.RuneStart(text[cut-base]); i++ {
		cut--
	}
	return cut
}

// ErrCut says that a file no longer contains what was read of it. After an
// Update, its member is up to date again.
var ErrCut = errors.New("was cut off or written anew")

func (t *textAt) backward(p Place) (Window, error) {
	from := max(0, p.Offset-windowSize)
	buf := make([]byte, p.Offset-from)
	n, err := t.readAt(buf, from)
	if n < len(buf) {
		if err == nil || err == io.EOF {
			err = &reader.FileError{Path: t.path, Offset: int64(from) + int64(n), Err: ErrCut}
		}
		return Window{}, err
	}
	w := Window{Member: p.Member, Offset: from, Text: buf[:n], Open: p.Offset >= t.end()}
	// Continue after the last run of NULs that is left out, or return that run
	// if it ends the window.
	for at := from; ; {
		first, to, err := t.findNULs(buf[at-from:], at)
		if err != nil {
			return w, err
		}
		if first == p.Offset {
			break
		}
		if to == p.Offset || to == p.Offset-1 && buf[n-1] == '\n' {
			if first, err = t.zerosBefore(to); err != nil {
				return w, err
			}
			return t.skippedWindow(p, first, to)
		}
		if buf[to-from] == '\n' {
			to++
		}
		at = to
		w.Offset, w.Text = at, buf[at-from:]
	}
	if w.Offset > from {
		w.continues = buf[w.Offset-from-1] != '\n'
		return w, nil
	}
	if from == 0 {
		return w, nil
	}
	start := 0
	if i := bytes.IndexByte(w.Text, '\n'); i >= 0 && i+1 < n {
		start = i + 1
	} else {
		// Inside a long line. There is a cut wherever the pieceSize bytes
		// before it contain no newline.
		cut := (from + pieceSize - 1) / pieceSize * pieceSize
		start = int(nextCut(w.Text, from, cut) - from)
		w.continues = true
	}
	w.Offset += reader.Offset(start)
	w.Text = w.Text[start:]
	return w, nil
}

// Long reports whether a piece of the window may be part of a longer line.
func (w *Window) Long() bool {
	if n := len(w.Text); w.continues || w.nuls > 0 || n > 0 && !w.Open && w.Text[n-1] != '\n' {
		return true
	}
	for text := w.Text; len(text) > pieceSize; {
		i := bytes.LastIndexByte(text[:pieceSize], '\n')
		if i < 0 {
			return true
		}
		text = text[i+1:]
	}
	return false
}

// Pieces calls yield with the pieces of the window in order, until yield
// returns false.
func (w *Window) Pieces(yield func(Piece) bool) {
	if w.nuls > 0 {
		yield(Piece{Place: Place{w.Member, w.Offset}, Text: w.Text, End: w.end, NULs: w.nuls,
			Continues: w.continues, Open: w.Open, Unfinished: !w.Open && w.end == w.Offset+reader.Offset(w.nuls)})
		return
	}
	for at := w.Offset; at < w.End(); {
		text := w.Text[at-w.Offset:]
		p := Piece{Place: Place{w.Member, at}}
		if p.Continues = w.continues; at > w.Offset {
			p.Continues = w.Text[at-w.Offset-1] != '\n'
		}
		size := bytes.IndexByte(text, '\n')
		whole := size
		if size < 0 {
			size, whole = len(text), len(text)
		} else {
			whole++
		}
		if cut := nextCut(w.Text[:at-w.Offset+reader.Offset(size)], w.Offset, at); cut >= 0 {
			size, whole = int(cut-at), int(cut-at)
			p.Unfinished = true
		} else if whole == size {
			p.Open = w.Open
			p.Unfinished = !w.Open
		}
		p.Text, p.End = text[:size], at+reader.Offset(whole)
		if !p.Continues {
			p.Text = decode.TrimMarks(p.Text)
		}
		if !yield(p) {
			return
		}
		at = p.End
	}
}
