// Package document presents a log as one text that can be scrolled and
// searched from any place, while the log grows and rotates.
package document

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// A Document is one log as one continuous text, from the first line of its
// oldest member to the last of its current one, that can be read from
// anywhere in both directions. It is what a pager shows.
//
// A place in it stays good while the log grows and rotates: a member that
// was renamed, compressed, or copied before it was cut off is still the same
// member. A Document may be used from several goroutines at once.
type Document struct {
	src  *files.LogSource
	opt  DocumentOptions
	life context.Context
	stop context.CancelFunc

	updating sync.Mutex // held while it is found out which members there are; taken before mu

	mu      sync.Mutex // guards what follows; never held while a file is read
	members []*memberState
	next    MemberKey
	after   map[MemberKey]MemberKey // of members that are gone: the one that came behind them

	undecided []reader.Member // packed files of pairs that are to be compared
	deciding  bool            // a goroutine does that
}

// DocumentOptions are the callbacks of a Document.
type DocumentOptions struct {
	// Progress is called while a compressed member is decoded for the first
	// time. It may be nil, and is called from any goroutine.
	Progress func(Preparing)
	// Table, if not nil, is asked for the block table that an index has of a
	// member's file, of which blocks have been opened: then lines need not be
	// counted as far as it reaches. It is called from any goroutine.
	Table func(m reader.Member, blocks reader.Blocks) (*reader.Table, bool)
	// Decided, if not nil, is called when a file that was taken for a
	// compressed copy of another turns out to have text of its own: listing
	// the log again then tells its members. It is called from any goroutine.
	Decided func()
}

// A MemberKey is a member of a Document, through renaming and compression.
type MemberKey int

// A Place is where a piece of a Document begins.
type Place struct {
	Member MemberKey
	Offset reader.Offset
}

type memberState struct {
	key MemberKey

	opening sync.Mutex // held while it is opened, which may take decoding it; taken before mu
	grow    sync.Mutex // held while what it got is taken in; taken before mu

	mu   sync.Mutex // guards what follows; never held while a file is read
	m    reader.Member
	t    *textAt
	err  error // why it cannot be opened
	gone bool
	cut  time.Time // when it was seen that the file is cut off; zero if it is not

	weighed reader.Stamp  // of which file about is
	about   reader.Offset // size of its text, as far as that can be told without opening it
}

// state returns the member, what is opened of it, and why that cannot be.
func (m *memberState) state() (reader.Member, *textAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m, m.t, m.err
}

// close closes a member that is not going to be read any more.
func (m *memberState) close() {
	m.mu.Lock()
	t := m.t
	m.t, m.err, m.gone = nil, reader.ErrGone, true
	m.mu.Unlock()
	if t != nil {
		m.grow.Lock()
		defer m.grow.Unlock()
		t.close()
	}
}

// A DocMember is a member of a Document, as it is now.
type DocMember struct {
	reader.Member
	Key    MemberKey
	Opened bool          // Text is known
	Text   reader.Offset // size of the text
	Weight reader.Offset // the same, or before it is opened about that
	Binary bool          // it does not look like text
	Ended  bool          // it came through a pipe, and no more will
	Damage error         // what could not be read of it; nil if nothing is known
}

// NewDocument makes a Document of a log. The Document owns src from then on.
func NewDocument(src *files.LogSource, opt DocumentOptions) *Document {
	if opt.Progress == nil {
		opt.Progress = func(Preparing) {}
	}
	d := &Document{src: src, opt: opt, next: 1, after: map[MemberKey]MemberKey{}}
	d.life, d.stop = context.WithCancel(context.Background())
	members := src.Members()
	src.SetMembers(files.WithoutTwins(members))
	for _, m := range src.Members() {
		d.members = append(d.members, &memberState{key: d.next, m: m})
		d.next++
	}
	d.decide(members)
	return d
}

// Close closes all files.
func (d *Document) Close() error {
	d.stop()
	for _, m := range d.list() {
		m.close()
	}
	return nil
}

func (d *Document) list() []*memberState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clip(d.members)
}

// Members returns the members, oldest first. It opens nothing.
func (d *Document) Members() []DocMember {
	var out []DocMember
	for _, m := range d.list() {
		member, t, err := m.state()
		x := DocMember{Member: member, Key: m.key, Damage: err}
		m.mu.Lock()
		x.Weight = cmp.Or(m.about, reader.Offset(member.Size))
		m.mu.Unlock()
		if t != nil {
			x.Opened, x.Text, x.Binary = true, t.end(), t.binary
			t.mu.Lock()
			x.Damage, x.Ended = t.damage, t.ended
			t.mu.Unlock()
			if x.Damage == nil || x.Text > 0 {
				x.Weight = x.Text
			}
		}
		out = append(out, x)
	}
	return out
}

// text opens a member, which may take decoding it.
func (d *Document) text(ctx context.Context, key MemberKey) (*textAt, error) {
	for _, m := range d.list() {
		if m.key == key {
			return d.open(ctx, m)
		}
	}
	return nil, &reader.FileError{Path: d.src.Name(), Offset: -1, Err: reader.ErrGone}
}

func (d *Document) open(ctx context.Context, m *memberState) (*textAt, error) {
	m.opening.Lock()
	defer m.opening.Unlock()
	member, t, err := m.state()
	if t != nil || err != nil {
		return t, err
	}
	if t, err = openTextAt(ctx, d.life, d.src, member, d.opt); err == nil && (t.file == nil || t.temp) && !t.piped {
		head := make([]byte, decode.HeadSize)
		n, _ := t.readAt(head, 0)
		t.binary = decode.LooksBinary(head[:n])
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil && m.gone:
		t.close()
		return nil, reader.ErrGone
	case err == nil:
		m.t = t
	case ctx.Err() == nil:
		m.err = err
	}
	return t, err
}

// Start returns where the Document begins.
func (d *Document) Start() Place {
	if list := d.list(); len(list) > 0 {
		return Place{Member: list[0].key}
	}
	return Place{}
}

// End returns where the Document ends now.
func (d *Document) End(ctx context.Context) (Place, error) {
	list := d.list()
	var first error
	for _, m := range slices.Backward(list) {
		t, err := d.open(ctx, m)
		if err == nil {
			return Place{m.key, t.end()}, nil
		}
		if ctx.Err() != nil {
			return Place{}, err
		}
		if first == nil {
			first = err
		}
	}
	return Place{}, first
}

// ReadAt reads a member's text from a place on, as io.ReaderAt does.
func (d *Document) ReadAt(ctx context.Context, buf []byte, p Place) (int, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return 0, err
	}
	return t.readAt(buf, p.Offset)
}

// At returns where the piece begins that holds an offset of a member.
func (d *Document) At(ctx context.Context, p Place) (Place, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return p, err
	}
	end := t.end()
	if p.Offset >= end {
		return Place{p.Member, end}, nil
	}
	// A newline behind, or NULs that are left out, or the end, and from there
	// back.
	buf := make([]byte, windowSize)
	n, err := t.readAt(buf, p.Offset)
	if err != nil && err != io.EOF {
		return p, err
	}
	to := p.Offset + reader.Offset(n)
	if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
		to = p.Offset + reader.Offset(i) + 1
	} else if err != io.EOF {
		to = (p.Offset + 2*pieceSize) / pieceSize * pieceSize
	}
	if from, behind, err := t.findNULs(buf[:n], p.Offset); err != nil {
		return p, err
	} else if from < to && from > p.Offset {
		to = from
	} else if from == p.Offset && behind > from {
		w, err := t.forward(p)
		return Place{p.Member, w.Offset}, err
	}
	for {
		w, err := t.backward(Place{p.Member, to})
		if err != nil {
			return p, err
		}
		if w.Offset <= p.Offset {
			found := Place{p.Member, w.Offset}
			w.Pieces(func(x Piece) bool {
				if x.Offset <= p.Offset {
					found = x.Place
				}
				return x.Offset <= p.Offset
			})
			return found, nil
		}
		to = w.Offset
	}
}

// SkipNULs returns the other end of the NULs that a place is behind, or
// before if forward, if they are so many that a piece leaves them out;
// otherwise it is the place.
func (d *Document) SkipNULs(ctx context.Context, p Place, forward bool) (Place, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return p, err
	}
	to := p.Offset
	if forward {
		to, err = t.zerosAfter(to)
	} else {
		to, err = t.zerosBefore(to)
	}
	if max(to-p.Offset, p.Offset-to) >= reader.NulRun {
		p.Offset = to
	}
	return p, err
}

// Line returns where a line of a member begins; its end if it has not so many.
func (d *Document) Line(ctx context.Context, key MemberKey, l reader.Line) (Place, error) {
	t, err := d.text(ctx, key)
	if err != nil {
		return Place{}, err
	}
	off, err := t.line(ctx, l)
	return Place{key, off}, err
}

// Number returns the number of the line that a place is in, counting what was
// not counted yet if wait.
func (d *Document) Number(ctx context.Context, p Place, wait bool) (reader.Line, bool) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return -1, false
	}
	if wait {
		if err := t.count(ctx, p.Offset); err != nil {
			return -1, false
		}
	}
	return t.number(p.Offset)
}

// Uncounted returns how much text must be read to know the number of the line
// that a place is in, in bytes.
func (d *Document) Uncounted(ctx context.Context, p Place) reader.Offset {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return 0
	}
	return t.uncounted(p.Offset)
}

// LineOf returns the literal Ref of the line that a place is in, if its
// number is known.
func (d *Document) LineOf(ctx context.Context, p Place) (files.Ref, error) {
	l, ok := d.Number(ctx, p, true)
	if !ok {
		return files.Ref{}, errors.New("its line is not known")
	}
	m, ok := d.member(p.Member)
	if !ok {
		return files.Ref{}, reader.ErrGone
	}
	return files.Ref{Path: m.Path, Line: l}, nil
}

// member returns the Member of a key; false if it is gone.
func (d *Document) member(key MemberKey) (reader.Member, bool) {
	for _, m := range d.list() {
		if m.key == key {
			member, _, _ := m.state()
			return member, true
		}
	}
	return reader.Member{}, false
}

// Ref returns the Ref of that line with its identity.
func (d *Document) Ref(ctx context.Context, p Place) (files.Ref, error) {
	r, err := d.LineOf(ctx, p)
	if err != nil {
		return r, err
	}
	if r.Path == reader.Stdin {
		return r, errors.New("lines from a pipe have no reference, because they cannot be found again")
	}
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return r, err
	}
	at, err := t.line(ctx, r.Line)
	if err != nil {
		return r, err
	}
	line := make([]byte, files.Identified)
	n, err := t.readAt(line, at)
	if err != nil && err != io.EOF {
		return r, err
	}
	line, open := line[:n], true
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line, open = line[:i], false
	}
	if bytes.IndexByte(line, 0) >= 0 || bytes.Contains(line, reader.ByteOrderMark) {
		// A search leaves these out.
		member, _ := d.member(p.Member)
		member.Named = true
		if line, open, err = files.ReadLine(ctx, d.src, member, reader.Pos{Member: t.identity(), Offset: at, Line: r.Line}); err != nil {
			return r, err
		}
	}
	r.ID = files.Identify(t.identity(), at, line, open)
	return r, nil
}
