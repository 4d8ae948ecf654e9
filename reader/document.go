package reader

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"unicode/utf8"
)

// A Document is one log as one continuous text, from the first line of its
// oldest member to the last of its current one, that can be read from
// anywhere in both directions. It is what a pager shows.
//
// A place in it stays good while the log grows and rotates: a member that
// was renamed, compressed, or copied before it was cut off is still the same
// member. A Document may be used from several goroutines at once.
type Document struct {
	src  *LogSource
	opt  DocumentOptions
	life context.Context
	stop context.CancelFunc

	updating sync.Mutex // held while it is found out which members there are; taken before mu

	mu      sync.Mutex // guards what follows; never held while a file is read
	members []*docMember
	next    MemberKey
	after   map[MemberKey]MemberKey // of members that are gone: the one that came behind them
}

// DocumentOptions say how a Document tells what it does.
type DocumentOptions struct {
	// Progress is told how far the decoding has come of a compressed member
	// that was never decoded before. It may be nil, and is called from any
	// goroutine.
	Progress func(Preparing)
	// Table, if not nil, is asked for the block table that an index has of a
	// member's file, of which blocks have been opened: then lines need not be
	// counted as far as it reaches. It is called from any goroutine.
	Table func(m Member, blocks Blocks) (*Table, bool)
}

// A MemberKey is a member of a Document, through renaming and compression.
type MemberKey int

// A Place is where a piece of a Document begins.
type Place struct {
	Member MemberKey
	Offset Offset
}

// A Piece is a line of a Document, or a part of one that is longer than
// pieceSize: a screen must not wait for a line of 500 MB.
type Piece struct {
	Place
	Text []byte // without the newline; nobody changes it any more
	End  Offset // where the next piece begins

	Continues  bool // it begins inside a line
	Unfinished bool // the line goes on in the next piece
	Open       bool // the text ends here, without a newline: the line may grow
}

// pieceSize is how long pieces of a long line are; the first may be up to
// twice as long. Where they are cut depends on the line's length and place
// alone, so that reading backwards finds the same pieces.
const pieceSize = 64 << 10

// windowSize is how much text is read at once: enough for several screens,
// and for a piece to be found in it from either end.
const windowSize = 4 * pieceSize

type docMember struct {
	key MemberKey

	opening sync.Mutex // held while it is opened, which may take decoding it; taken before mu
	grow    sync.Mutex // held while what it got is taken in; taken before mu

	mu   sync.Mutex // guards what follows; never held while a file is read
	m    Member
	t    *textAt
	err  error // why it cannot be opened
	gone bool

	weighed Stamp  // of which file about is
	about   Offset // size of its text, as far as that can be told without opening it
}

// state is the member, what is opened of it, and why that cannot be.
func (m *docMember) state() (Member, *textAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m, m.t, m.err
}

// close closes a member that is not going to be read any more.
func (m *docMember) close() {
	m.mu.Lock()
	t := m.t
	m.t, m.err, m.gone = nil, ErrGone, true
	m.mu.Unlock()
	if t != nil {
		m.grow.Lock()
		defer m.grow.Unlock()
		t.close()
	}
}

// A DocMember is a member of a Document, as it is now.
type DocMember struct {
	Member
	Key    MemberKey
	Opened bool   // Text is known
	Text   Offset // size of the text
	Weight Offset // the same, or before it is opened about that
	Binary bool   // it does not look like text
	Ended  bool   // it came through a pipe, and no more will
	Damage error  // what could not be read of it; nil if nothing is known
}

// NewDocument makes a Document of a log. The Document owns src from then on.
func NewDocument(src *LogSource, opt DocumentOptions) *Document {
	if opt.Progress == nil {
		opt.Progress = func(Preparing) {}
	}
	d := &Document{src: src, opt: opt, next: 1, after: map[MemberKey]MemberKey{}}
	d.life, d.stop = context.WithCancel(context.Background())
	for _, m := range src.Members() {
		d.members = append(d.members, &docMember{key: d.next, m: m})
		d.next++
	}
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

func (d *Document) list() []*docMember {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clip(d.members)
}

// Members is the members, oldest first. It opens nothing.
func (d *Document) Members() []DocMember {
	var out []DocMember
	for _, m := range d.list() {
		member, t, err := m.state()
		x := DocMember{Member: member, Key: m.key, Damage: err}
		m.mu.Lock()
		x.Weight = cmp.Or(m.about, Offset(member.Size))
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

// Weigh finds out about how much text the members have that are not opened,
// so that places can be told as shares of the whole: by their block stores,
// by the size that gzip writes behind the text, else by what logs usually
// compress to.
func (d *Document) Weigh() {
	for _, m := range d.list() {
		member, t, _ := m.state()
		stamp, ok := member.Stamp()
		m.mu.Lock()
		known := t != nil || !ok || m.weighed == stamp
		m.mu.Unlock()
		if known {
			continue
		}
		about := d.src.opt.Cache.about(member)
		m.mu.Lock()
		m.weighed, m.about = stamp, about
		m.mu.Unlock()
	}
}

// usual is how many times as large as the file the text of a compressed log
// usually is.
const usual = 10

// about is about how long the text of a member is.
func (c *Cache) about(m Member) Offset {
	if c != nil {
		if k := c.Peek(m); k.Text >= 0 {
			return Offset(k.Text)
		}
	}
	f, _, err := openMember(m)
	if err != nil || f == os.Stdin {
		return Offset(m.Size)
	}
	defer f.Close()
	var b [magicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	switch formatOf(b[:n]) {
	case Plain:
		return Offset(m.Size)
	case Gzip:
		if size, ok := gzipSize(f, m.Size); ok && size > m.Size && size < 100*m.Size {
			return Offset(size)
		}
	}
	return Offset(usual * m.Size)
}

// Searchable is a Source of the same text, for a search of its own: what came
// through a pipe is read from where it was put, for there is no second time.
// It also tells which member each path is.
func (d *Document) Searchable(opt Options) (*LogSource, map[string]MemberKey) {
	s := &LogSource{name: d.src.name, opt: opt}
	keys := map[string]MemberKey{}
	for _, m := range d.list() {
		member, t, _ := m.state()
		if member.Path == Stdin {
			if t == nil {
				continue
			}
			member = Member{Path: t.file.Name(), Named: true}
		}
		member.Named = true // who has opened it wants to see what is in it
		s.members = append(s.members, member)
		keys[member.Path] = m.key
	}
	return s, keys
}

// Locate is the member that a file was when its text had an ID, whatever it
// is called now.
func (d *Document) Locate(ctx context.Context, m Member, id ID) (MemberKey, bool) {
	_, keys := d.Searchable(Options{})
	key, ok := keys[m.Path]
	if ok && (id.Len == 0 || m.Path == Stdin) {
		return key, true
	}
	if ok {
		if same, err := hasID(ctx, Member{Path: m.Path}, id); err == nil && same {
			return key, true
		}
	}
	return d.Find(ctx, id)
}

// File is where a member lies, for other programs to open; false if it is
// compressed.
func (d *Document) File(key MemberKey) (string, bool) {
	for _, m := range d.list() {
		if member, t, _ := m.state(); m.key == key && t != nil && t.file != nil && (t.piped || !t.temp) {
			if t.piped {
				return t.file.Name(), true
			}
			return member.Path, true
		}
	}
	return "", false
}

// Key is the member that a Member is of today, false if it is none.
func (d *Document) Key(m Member) (MemberKey, bool) {
	for _, x := range d.list() {
		if have, _, _ := x.state(); have.Path == m.Path {
			return x.key, true
		}
	}
	return 0, false
}

// Has reports whether a member is still there.
func (d *Document) Has(key MemberKey) bool {
	return slices.ContainsFunc(d.list(), func(m *docMember) bool { return m.key == key })
}

// Find is the member whose text begins as an ID says.
func (d *Document) Find(ctx context.Context, id ID) (MemberKey, bool) {
	for _, x := range slices.Backward(d.list()) {
		m, _, _ := x.state()
		if ok, err := hasID(ctx, m, id); err == nil && ok && id.Len > 0 {
			return x.key, true
		}
	}
	return 0, false
}

// Update takes over which members the log has now. A member is known again
// by its file, or by its text when it was compressed or copied meanwhile.
func (d *Document) Update(l Log) {
	d.src.mu.Lock()
	d.src.members = l.Members
	d.src.mu.Unlock()

	d.updating.Lock()
	defer d.updating.Unlock()
	before := d.list()
	left, cut := map[*docMember]bool{}, map[*docMember]bool{}
	for _, m := range before {
		_, t, _ := m.state()
		left[m], cut[m] = true, t != nil && !t.whole()
	}
	now := make([]*docMember, len(l.Members))
	// By file, if it has not been cut off.
	for i, m := range l.Members {
		for _, old := range before {
			if left[old] && !cut[old] && old.is(m) {
				delete(left, old)
				now[i] = old
				break
			}
		}
	}
	// By text. What was read of the old file says how it began. A copy may have
	// been met before the original was cut off.
	var fresh []*docMember
	for i, m := range l.Members {
		for _, old := range before {
			copied := now[i] != nil && now[i].key > old.key
			if left[old] && (now[i] == nil || copied) && old.became(d.life, m) {
				if copied {
					left[now[i]] = true
				}
				delete(left, old)
				now[i] = old
			}
		}
		if now[i] == nil {
			now[i] = &docMember{m: m}
			fresh = append(fresh, now[i])
		}
	}
	d.mu.Lock()
	first := d.next
	for _, m := range fresh {
		m.key = d.next
		d.next++
	}
	d.members = now
	// Who reads on behind a member that is gone goes on with what followed it.
	for i, m := range before {
		if left[m] {
			d.after[m.key] = following(before[i+1:], now, left, first)
		}
	}
	for key, next := range d.after { // of those behind which nothing came so far
		if next == 0 {
			d.after[key] = following(nil, now, nil, first)
		}
	}
	d.mu.Unlock()
	for m := range left {
		m.close()
	}
}

// following is the first of the members behind one that is gone that is
// still there, or else the first of the new ones, which have keys from fresh
// on, behind all that were there before; zero if there is none.
func following(behind, now []*docMember, gone map[*docMember]bool, fresh MemberKey) MemberKey {
	for _, m := range behind {
		if !gone[m] {
			return m.key
		}
	}
	last := -1
	for i, m := range now {
		if m.key < fresh {
			last = i
		}
	}
	if last+1 < len(now) {
		return now[last+1].key
	}
	return 0
}

// is takes over a member's state if it is of the same file.
func (m *docMember) is(now Member) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m.Path == Stdin || now.Path == Stdin {
		return m.m.Path == now.Path
	}
	if m.m.info == nil || now.info == nil || !m.m.is(now.info) {
		return false
	}
	if m.t == nil {
		m.err = nil // it may be readable now
	}
	m.m = now
	return true
}

// became takes over a member's state if its text is that of m, in another
// file.
func (m *docMember) became(ctx context.Context, now Member) bool {
	was, t, _ := m.state()
	if t == nil || parseName(filepath.Base(now.Path)).current() {
		return false // a new one, even if it begins alike
	}
	id := t.identity()
	if id.Len == 0 {
		return false
	}
	if ok, err := hasID(ctx, now, id); err != nil || !ok {
		return false
	}
	cut := false
	if t.file != nil && !t.temp {
		// What is open is either the very text still, or cut off.
		info, err := t.file.Stat()
		cut = err != nil || info.Size() < was.Size || !t.whole()
	}
	m.mu.Lock()
	m.m = now
	if cut && m.t == t {
		m.t = nil
	}
	m.mu.Unlock()
	if cut {
		m.grow.Lock()
		defer m.grow.Unlock()
		t.close()
	}
	return true
}

// text opens a member, which may take decoding it.
func (d *Document) text(ctx context.Context, key MemberKey) (*textAt, error) {
	for _, m := range d.list() {
		if m.key == key {
			return d.open(ctx, m)
		}
	}
	return nil, &FileError{Path: d.src.Name(), Offset: -1, Err: ErrGone}
}

func (d *Document) open(ctx context.Context, m *docMember) (*textAt, error) {
	m.opening.Lock()
	defer m.opening.Unlock()
	member, t, err := m.state()
	if t != nil || err != nil {
		return t, err
	}
	if t, err = openTextAt(ctx, d.life, d.src, member, d.opt); err == nil && !t.piped {
		var head [headSize]byte
		n, _ := t.readAt(head[:], 0)
		t.binary = isBinary(head[:n])
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil && m.gone:
		t.close()
		return nil, ErrGone
	case err == nil:
		m.t = t
	case ctx.Err() == nil:
		m.err = err
	}
	return t, err
}

// Grown takes in what the current member got since, where that does not
// happen by itself. It reports false if the member was cut off, or written
// anew: then an Update is to tell what the log is now, before it is read on.
func (d *Document) Grown(ctx context.Context) bool {
	list := d.list()
	if len(list) == 0 {
		return true
	}
	m := list[len(list)-1]
	m.grow.Lock()
	defer m.grow.Unlock()
	member, t, _ := m.state()
	if t == nil {
		return true
	}
	if !t.whole() {
		return false
	}
	if t.temp && !t.piped {
		_ = t.more(ctx, member.Size, func(Preparing) {})
	}
	t.identity() // it may have been empty when it was opened
	return true
}

// Start is where the Document begins.
func (d *Document) Start() Place {
	if list := d.list(); len(list) > 0 {
		return Place{Member: list[0].key}
	}
	return Place{}
}

// End is where the Document ends now.
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

// beside is the member after key, or before it if !forward; zero if there is
// none. Behind a member that is gone is what came behind it.
func (d *Document) beside(key MemberKey, forward bool) MemberKey {
	list := d.list()
	i := slices.IndexFunc(list, func(m *docMember) bool { return m.key == key })
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
	Offset Offset // of Text[0]
	Text   []byte // nobody changes it any more
	Open   bool   // the member's text ends behind it

	continues bool // begins inside a line
}

// End is where the window ends.
func (w *Window) End() Offset { return w.Offset + Offset(len(w.Text)) }

// Forward reads the text from a piece's beginning on, as much as is read at
// once. It goes on with the next member; at the end of the last it returns
// io.EOF, which means not yet. A member that cannot be read is left out; its
// Damage says why.
func (d *Document) Forward(ctx context.Context, p Place) (Window, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Window{}, err
		}
		t, err := d.text(ctx, p.Member)
		if err == nil {
			w, err := t.forward(p)
			if errors.Is(err, fs.ErrClosed) {
				continue // it is another file meanwhile, or gone
			}
			if err != io.EOF {
				return w, err
			}
		}
		if ctx.Err() != nil {
			return Window{}, ctx.Err()
		}
		next := d.beside(p.Member, true)
		if next == 0 {
			return Window{}, io.EOF
		}
		p = Place{Member: next}
	}
}

// Backward reads the text that ends where a piece begins. It goes on with
// the member before; at the beginning of the first it returns io.EOF.
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
					continue // it is another file meanwhile, or gone
				}
				return w, err
			}
		}
		before := d.beside(p.Member, false)
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

func (t *textAt) forward(p Place) (Window, error) {
	before := min(p.Offset, 1) // the byte before tells whether a line begins
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
	if !w.Open {
		end := bytes.LastIndexByte(w.Text, '\n') + 1
		if end == 0 { // inside a long line: whole pieces of it
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

// nextCut is where a line is cut that goes on without end from at on, in a
// text that begins at base; negative if the text does not reach so far.
func nextCut(text []byte, base, at Offset) Offset {
	cut := (at + pieceSize - 1) / pieceSize * pieceSize // at itself, if that is a cut
	cut += pieceSize
	if cut >= base+Offset(len(text)) {
		return -1
	}
	for i := 0; i < utf8.UTFMax-1 && cut-1 > at && !utf8.RuneStart(text[cut-base]); i++ {
		cut--
	}
	return cut
}

// errCut says that a file has become shorter while it is open; an Update tells
// what became of it.
var errCut = errors.New("was cut off")

func (t *textAt) backward(p Place) (Window, error) {
	from := max(0, p.Offset-windowSize)
	buf := make([]byte, p.Offset-from)
	n, err := t.readAt(buf, from)
	if n < len(buf) {
		if err == nil || err == io.EOF {
			err = &FileError{Path: t.path, Offset: int64(from) + int64(n), Err: errCut}
		}
		return Window{}, err
	}
	w := Window{Member: p.Member, Offset: from, Text: buf[:n], Open: p.Offset >= t.end()}
	if from == 0 {
		return w, nil
	}
	start := 0
	if i := bytes.IndexByte(w.Text, '\n'); i >= 0 && i+1 < n {
		start = i + 1
	} else {
		// Inside a long line. A cut lies wherever the pieceSize bytes before it
		// hold no newline.
		cut := (from + pieceSize - 1) / pieceSize * pieceSize
		start = int(nextCut(w.Text, from, cut) - from)
		w.continues = true
	}
	w.Offset += Offset(start)
	w.Text = w.Text[start:]
	return w, nil
}

// Long reports whether a piece of the window may be part of a longer line.
func (w *Window) Long() bool {
	if n := len(w.Text); w.continues || n > 0 && !w.Open && w.Text[n-1] != '\n' {
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

// Pieces calls yield with the pieces of a window, in order.
func (w *Window) Pieces(yield func(Piece) bool) {
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
		if cut := nextCut(w.Text[:at-w.Offset+Offset(size)], w.Offset, at); cut >= 0 {
			size, whole = int(cut-at), int(cut-at)
			p.Unfinished = true
		} else if whole == size {
			p.Open = w.Open
			p.Unfinished = !w.Open
		}
		p.Text, p.End = text[:size], at+Offset(whole)
		if !yield(p) {
			return
		}
		at = p.End
	}
}

// ReadAt reads a member's text from a place on, as io.ReaderAt does.
func (d *Document) ReadAt(ctx context.Context, buf []byte, p Place) (int, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return 0, err
	}
	return t.readAt(buf, p.Offset)
}

// At is where the piece begins that holds an offset of a member.
func (d *Document) At(ctx context.Context, p Place) (Place, error) {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return p, err
	}
	end := t.end()
	if p.Offset >= end {
		return Place{p.Member, end}, nil
	}
	// A newline behind, or the end, and from there back.
	buf := make([]byte, windowSize)
	n, err := t.readAt(buf, p.Offset)
	if err != nil && err != io.EOF {
		return p, err
	}
	to := p.Offset + Offset(n)
	if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
		to = p.Offset + Offset(i) + 1
	} else if err != io.EOF {
		to = (p.Offset + 2*pieceSize) / pieceSize * pieceSize
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

// Line is where a line of a member begins; its end if it has not so many.
func (d *Document) Line(ctx context.Context, key MemberKey, l Line) (Place, error) {
	t, err := d.text(ctx, key)
	if err != nil {
		return Place{}, err
	}
	off, err := t.line(ctx, l)
	return Place{key, off}, err
}

// Number is the number of the line that a place lies in, counting what was
// not counted yet if wait.
func (d *Document) Number(ctx context.Context, p Place, wait bool) (Line, bool) {
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

// Uncounted is how much text must be read to know the number of the line
// that a place lies in, in bytes.
func (d *Document) Uncounted(ctx context.Context, p Place) Offset {
	t, err := d.text(ctx, p.Member)
	if err != nil {
		return 0
	}
	return t.uncounted(p.Offset)
}

// Fraction is how far into the Document a place lies, from 0 to 1, by the
// sizes of the members' texts, as far as those are known.
func (d *Document) Fraction(p Place) float64 { return FractionOf(d.Members(), p) }

// FractionOf is how far into some members a place lies, from 0 to 1; 0 if it
// is in none of them.
func FractionOf(members []DocMember, p Place) float64 {
	before, total, found := 0.0, 0.0, false
	for _, m := range members {
		size := float64(m.Weight)
		if m.Key == p.Member {
			found = true
			before += min(size, float64(p.Offset))
		} else if !found {
			before += size
		}
		total += size
	}
	switch {
	case !found:
		return 0
	case total == 0:
		return 1
	}
	return before / total
}

// AtFraction is the piece at a fraction of the Document.
func (d *Document) AtFraction(ctx context.Context, f float64) (Place, error) {
	d.Weigh()
	members := d.Members()
	total := 0.0
	for _, m := range members {
		total += float64(m.Weight)
	}
	left := f * total
	for _, m := range members {
		size := float64(m.Weight)
		if left > size {
			left -= size
			continue
		}
		t, err := d.text(ctx, m.Key)
		if err != nil {
			return Place{}, err
		}
		return d.At(ctx, Place{m.Key, Offset(left / max(size, 1) * float64(t.end()))})
	}
	return d.End(ctx)
}

// Ref is the Ref of a place, if the number of its line is known.
func (d *Document) Ref(ctx context.Context, p Place) (Ref, error) {
	l, ok := d.Number(ctx, p, true)
	if !ok {
		return Ref{}, errors.New("its line is not known")
	}
	for _, m := range d.list() {
		if m.key == p.Member {
			member, _, _ := m.state()
			return Ref{Path: member.Path, Line: l}, nil
		}
	}
	return Ref{}, ErrGone
}

// ID is the identity of a member's text, as far as it is opened.
func (d *Document) ID(key MemberKey) ID {
	for _, m := range d.list() {
		if m.key != key {
			continue
		}
		_, t, _ := m.state()
		if t == nil {
			return ID{}
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.id
	}
	return ID{}
}
