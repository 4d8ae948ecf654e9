// Package document presents a log as one text that can be scrolled and searched
// from any place while the log grows and rotates.
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
	"logview/reader/line"
)

// A Document is a log as one continuous text, from the first line of its oldest
// member to the last line of its current one. It can be read from any place in
// both directions.
//
// A Place in it stays valid while the log grows and rotates: a member that was
// renamed, compressed, or copied before it was truncated keeps its MemberKey. A
// Document may be used from several goroutines at once.
type Document struct {
	src  *files.LogSource
	opt  DocumentOptions
	life context.Context
	stop context.CancelFunc

	updating sync.Mutex // held while the members are updated; locked before mu

	mu      sync.Mutex // guards the following fields; never held while a file is read
	members []*memberState
	next    MemberKey
	after   map[MemberKey]MemberKey // for members that are gone: the member to continue with

	undecided []reader.Member // packed files of pairs that have not been compared yet
	deciding  bool            // a goroutine is comparing them
}

// DocumentOptions are the callbacks of a Document.
type DocumentOptions struct {
	// Progress is called while a compressed member is decoded for the first
	// time. It may be nil. It is called from any goroutine.
	Progress func(Preparing)
	// Table, if not nil, returns the block table that an index has of the
	// member's file, which has been opened as blocks. The lines that it covers
	// need not be counted. It is called from any goroutine.
	Table func(m reader.Member, blocks reader.Blocks) (*reader.Table, bool)
	// Formats are those of lines that the user described, one of which may say where
	// their level is; nil for none.
	Formats *line.Formats
	// Decided, if not nil, is called when a file that was assumed to be a
	// compressed copy of another turns out to have text of its own. Listing the
	// log again then returns its members. Decided is called from any goroutine.
	Decided func()
}

// A MemberKey identifies a member of a Document, also after it is renamed or
// compressed.
type MemberKey int

// A Place is the start of a piece of a Document.
type Place struct {
	Member MemberKey
	Offset reader.Offset
}

type memberState struct {
	key MemberKey

	opening sync.Mutex // held while the member is opened, which may include decoding it; locked before mu
	grow    sync.Mutex // held while appended text is read; locked before mu

	mu   sync.Mutex // guards the following fields; never held while a file is read
	m    reader.Member
	t    *textAt
	err  error // why it cannot be opened
	gone bool
	cut  time.Time // when the file was first seen to be truncated; zero if it is not

	weighed reader.Stamp  // the version of the file for which about is valid
	about   reader.Offset // estimated size of its text; zero if unknown
}

// state returns the member, its text if it is open, and the error of opening
// it.
func (m *memberState) state() (reader.Member, *textAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m, m.t, m.err
}

// close closes a member that will not be read any more.
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

// A DocMember describes the current state of a member of a Document.
type DocMember struct {
	reader.Member
	Key    MemberKey
	Opened bool          // it is open, so that Text is known
	Text   reader.Offset // size of the text
	Weight reader.Offset // size of the text; an estimate before it is opened
	Binary bool          // it does not look like text
	Ended  bool          // it came through a pipe that has ended
	Damage error         // why its text is incomplete; nil if no damage is known
}

// NewDocument returns a Document of a log. The Document owns src.
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

// Members returns the members, oldest first. It does not open them.
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

// text returns the text of a member, opening it if necessary, which may include
// decoding it.
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

// Start returns the start of the Document.
func (d *Document) Start() Place {
	if list := d.list(); len(list) > 0 {
		return Place{Member: list[0].key}
	}
	return Place{}
}

// End returns the current end of the Document.
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

// At returns the start of the piece that contains a place, or the end of the
// member if the place is not before it.
func (d *Document) At(ctx context.Context, p Place) (Place, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return p, err
	}
	end := t.end()
	if p.Offset >= end {
		return Place{p.Member, end}, nil
	}
	// Find a newline, skipped NULs or the end after the place, and read
	// backwards from there.
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

// SkipNULs returns the other end of a run of NULs that ends at p, or that
// starts at p if forward is set, if the run is long enough to be left out of
// pieces. Otherwise it returns p.
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

// Line returns the start of a line of a member, or the member's end if it has
// fewer lines.
func (d *Document) Line(ctx context.Context, key MemberKey, l reader.Line) (Place, error) {
	t, err := d.text(ctx, key)
	if err != nil {
		return Place{}, err
	}
	off, err := t.line(ctx, l)
	return Place{key, off}, err
}

// Number returns the number of the line that contains a place. If wait is set,
// it first counts lines that were not counted yet. It returns false if the
// number is not known.
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

// Uncounted returns how many bytes of text must be read to determine the number
// of the line that contains a place.
func (d *Document) Uncounted(ctx context.Context, p Place) reader.Offset {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return 0
	}
	return t.uncounted(p.Offset)
}

// LineOf returns a Ref with the path and number of the line that contains a
// place. It counts lines if necessary.
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

// member returns the member with a key; false if it is gone.
func (d *Document) member(key MemberKey) (reader.Member, bool) {
	for _, m := range d.list() {
		if m.key == key {
			member, _, _ := m.state()
			return member, true
		}
	}
	return reader.Member{}, false
}

// Ref returns a Ref to the line that contains a place, with the ID of its text.
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
		// Searches leave these characters out.
		member, _ := d.member(p.Member)
		member.Named = true
		if line, open, err = files.ReadLine(ctx, d.src, member, reader.Pos{Member: t.identity(), Offset: at, Line: r.Line}); err != nil {
			return r, err
		}
	}
	r.ID = files.Identify(t.identity(), at, line, open)
	return r, nil
}
