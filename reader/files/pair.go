package files

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
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/rotation"
)

// X and X.gz may have the same text: while X is being compressed or X.gz
// unpacked, and after gzip -k. Then each line must be read once. So may X.gz and
// X.zst: then the first of them stands for the plain file below. Their names
// prove nothing: if rotation was changed not to compress any more, an old
// app.log.1.gz is next to a new app.log.1, and both must be read.
//
// A listing reads only the beginnings of both. If they differ, these are two
// texts, and X.gz is the older one. Otherwise both are listed as an undecided
// pair, the plain file first. Reading the plain file is not affected. Opening
// the packed file compares the two from their starts, block by block, which
// takes one decoding and the memory of two blocks, and yields the lines that the
// plain file does not have:
//
//	X begins with all that can be decoded of X.gz    nothing: X.gz is complete or
//	                                                 being written, or X has grown since
//	X.gz begins with X                               the rest of X.gz: X is being unpacked
//	they differ                                      all of X.gz
//	they differ, and X.gz is damaged                 from there on, the lines of X.gz that X
//	                                                 does not have, unless X has most of them;
//	                                                 and the damage
//
// X may grow while it is read, because it is being unpacked or written to. What
// is compared and read of it as one of a pair is what it had when either file
// was first opened.
//
// Which of these it is, unless a file is damaged, is remembered with the stamps of both
// files, in this process and in the cache. Later listings in this process then have X
// alone, X.gz alone, or X.gz before X.
//
// Either file may be removed meanwhile. If X is gone when it is opened, X.gz is
// read instead of X, and nothing instead of X.gz. To keep this consistent, the
// pair keeps X open once either file was opened.
type pair struct {
	plain, Packed reader.Member // as listed

	deciding sync.Mutex // guards verdict; locked before mu
	verdict  verdict

	mu    sync.Mutex  // guards the following fields; never held while a file is read
	held  decode.File // plain; nil if it is not open
	asked bool        // opening it was attempted
	size  int64       // size of plain when it was opened; the rest is not read
}

const (
	undecided relation = iota
	Contained          // plain begins with packed, or equals it
	continues          // packed begins with plain, and is longer
	different
	replaced // plain is gone, and packed is read instead
	damaged  // packed is damaged, and has the beginning of plain before that
)

// IsTwin reports whether m is the packed file of an undecided pair. Most
// likely, the plain file that is listed with it has the same text. Opened at
// its start, m yields only the lines that are not in the plain file.
func IsTwin(m reader.Member) bool {
	return HandleOf(m).Pair != nil && m.Path == HandleOf(m).Pair.Packed.Path
}

// withoutPair returns m as a file that is not part of a pair.
func withoutPair(m reader.Member) reader.Member {
	ChangeHandle(&m, func(h *Handle) { h.Pair = nil })
	return m
}

// TooYoung is the age below which a file's stamp proves nothing: the clock of
// the file system ticks every 1 to 16 ms. It is a variable for tests.
var TooYoung = 50 * time.Millisecond

// settle replaces two files in a list of members by those of them that must be
// read, in order.
func settle(list []reader.Member, plain, packed string, v verdict) []reader.Member {
	index := func(path string) int {
		return slices.IndexFunc(list, func(m reader.Member) bool { return m.Path == path })
	}
	i, j := index(plain), index(packed)
	if i < 0 || j < 0 {
		return list
	}
	p, z := withoutPair(list[i]), withoutPair(list[j])
	var in []reader.Member
	switch v.Relation {
	case Contained:
		ChangeHandle(&p, func(h *Handle) { h.Alt = &z })
		in = []reader.Member{p}
	case continues, replaced:
		ChangeHandle(&z, func(h *Handle) { h.Alt = &p })
		in = []reader.Member{z}
	case different:
		in = []reader.Member{z, p}
	case undecided, damaged:
		both := &pair{plain: p, Packed: z}
		ChangeHandle(&z, func(h *Handle) { h.Pair = both })
		was := HandleOf(list[i]).Pair
		ChangeHandle(&p, func(h *Handle) { h.Pair = cmp.Or(was, both) })
		in = []reader.Member{p, z}
	}
	at := min(i, j)
	list = slices.Delete(slices.Clone(list), max(i, j), max(i, j)+1)
	return slices.Replace(list, at, at+1, in...)
}

// findPairs finds, among the files of one log, those that may have the same
// text. apart, if it is not nil, excludes pairs of paths.
func findPairs(g []Found, apart func(a, b string) bool) []Found {
	type key struct {
		dir   string
		slots rotation.Slots
	}
	if len(g) < 2 || !slices.ContainsFunc(g, func(m Found) bool { return m.Name.Compressed() }) {
		return g
	}
	keyOf := func(m *Found) key { return key{m.Dir, m.Name.Slots()} }
	plain := make(map[key]int, len(g)) // indexes in g
	for i := range g {
		m, k := &g[i], keyOf(&g[i])
		if x, ok := plain[k]; m.Path != reader.Stdin && (!ok || g[x].Name.Compressed() && !m.Name.Compressed()) {
			plain[k] = i
		}
	}
	var list []reader.Member // of g, once there is a pair
	for i := range g {
		z := &g[i]
		if !z.Name.Compressed() {
			continue
		}
		at, ok := plain[keyOf(z)]
		if p := &g[at]; !ok || z.Path == p.Path || apart != nil && apart(p.Path, z.Path) {
			continue
		}
		if v, ok := compareBeginnings(g[at].Member, z.Member); ok {
			if list == nil {
				for _, m := range g {
					list = append(list, m.Member)
				}
			}
			list = settle(list, g[at].Path, z.Path, v)
		}
	}
	if list == nil {
		return g
	}
	byPath := make(map[string]int, len(g))
	for i, m := range g {
		byPath[m.Path] = i
	}
	out := make([]Found, len(list))
	for i, m := range list {
		out[i] = g[byPath[m.Path]]
		out[i].Member = m
	}
	return out
}

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, reader.ErrGone) }

// isTruncation reports whether a decoder's error means that the file ends too
// early, as it does while it is being written.
func isTruncation(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }

// unfinished reports whether an error of the packed file means that it is being
// written. Otherwise it is damaged.
func (p *pair) unfinished(err error) bool {
	const writing = time.Minute // a compressor that is running writes more often than this
	return isTruncation(err) && time.Since(p.Packed.ModTime) < writing
}

// openPlain opens the plain file, if it exists, and keeps it open.
func (p *pair) openPlain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked {
		return
	}
	p.asked = true
	defer func() {
		if p.held == nil {
			return
		}
		if info, err := p.held.Stat(); err == nil {
			p.size = info.Size()
		}
	}()
	if HandleOf(p.plain).In != nil { // members of archives are not removed
		if f, _, err := OpenMember(p.plain); err == nil {
			p.held = f
		}
		return
	}
	if f, err := openSame(p.plain); err == nil {
		p.held = f
	}
}

// openSame opens the file that was listed as m, under its name or another one
// in its log. The file must not be in an archive.
func openSame(m reader.Member) (*os.File, error) {
	f, err := osOpen(m.Path)
	if err == nil {
		if now, serr := f.Stat(); serr == nil && (HandleOf(m).Info == nil || StillHolds(m, now)) {
			return f, nil
		}
		f.Close()
	}
	return openRenamed(m)
}

// openRenamed opens the file that m was under another name in its log.
func openRenamed(m reader.Member) (*os.File, error) {
	dir, base := filepath.Split(m.Path)
	l := NewFinder()
	l.AddLog(dir, base)
	for _, c := range l.Files {
		if HandleOf(m).Info == nil || !StillHolds(m, HandleOf(c.Member).Info) {
			continue
		}
		f, err := osOpen(c.Path)
		if err != nil {
			continue
		}
		if now, err := f.Stat(); err == nil && StillHolds(m, now) {
			return f, nil
		}
		f.Close()
	}
	return nil, fs.ErrNotExist
}

// Settle decides the undecided pairs of the log. If no verdict is remembered, it
// decodes the packed files. From then on, Members returns no Twin except files
// that are damaged or cannot be read.
func (s *LogSource) Settle(ctx context.Context) error {
	for _, m := range s.Members() {
		if !IsTwin(m) {
			continue
		}
		v, err := s.Verdict(ctx, HandleOf(m).Pair)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || v.Relation == undecided || v.Relation == damaged {
			continue
		}
		s.mu.Lock()
		s.members = settle(s.members, HandleOf(m).Pair.plain.Path, m.Path, v)
		s.mu.Unlock()
	}
	return nil
}

// Verdict returns the remembered verdict on a pair, or else compares the files.
func (s *LogSource) Verdict(ctx context.Context, p *pair) (verdict, error) {
	p.openPlain()
	p.deciding.Lock()
	defer p.deciding.Unlock()
	if p.verdict.Relation != undecided {
		return p.verdict, nil
	}
	v := recall(p.plain, p.Packed)
	if v.Relation == undecided {
		v = recallVerdict(s.opt.Cache, p.plain, p.Packed)
		remember(p.plain, p.Packed, v)
	}
	given := s.opt.Encoding != "" // a given encoding changes offsets
	grown := p.size != p.plain.Size
	if v.Relation != undecided && !((given || grown) && v.Relation == continues) && p.unchanged() {
		p.verdict = v
		return v, nil
	}
	begun := time.Now()
	v, err := s.compare(ctx, p)
	if err != nil {
		return v, err
	}
	p.verdict = v
	key, was, ok := keyOfPair(p.plain, p.Packed)
	if ok && !given && !v.passing && p.unchanged() && begun.UnixNano()-key.Packed.Changed > int64(TooYoung) {
		if v.plain = was; begun.UnixNano()-was.Changed <= int64(TooYoung) {
			v.plain.Changed = 0
		}
		if v.ends, ok = endSums(p.plain, was.Size); ok {
			remember(p.plain, p.Packed, v)
			keepVerdict(s.opt.Cache, p.plain, p.Packed, v)
		}
	}
	return v, nil
}

// dropHalf removes the unterminated line from the last block of the plain file
// if the packed file, which is read after it, has the whole line: the plain
// file is being unpacked. It returns io.EOF if the block has no other lines. A
// line longer than a block was returned in pieces before, and stays.
func (s *LogSource) dropHalf(ctx context.Context, p *pair, b *reader.Block) error {
	n := bytes.LastIndexByte(b.Text, '\n') + 1
	if n == 0 && b.Continues {
		return nil
	}
	if v, err := s.Verdict(ctx, p); err != nil || v.Relation != continues {
		return nil // reading the packed file reports the error
	}
	if n == 0 {
		return io.EOF
	}
	b.Text, b.Skips = b.Text[:n], b.Skips[:reader.Before(b.Skips, n)]
	return nil
}

// unchanged reports whether both files are as listed, except that plain may have
// grown.
func (p *pair) unchanged() bool {
	z, err := os.Stat(p.Packed.Path)
	if was, ok := ListedStamp(p.Packed); err != nil || !ok || reader.StampOf(z) != was {
		return false
	}
	info, err := os.Stat(p.plain.Path)
	was, ok := ListedStamp(p.plain)
	return err == nil && ok && (reader.StampOf(info) == was || reader.StampOf(info).SameFile(was) && info.Size() > was.Size)
}

// pairBlocks reads the lines in the packed file of an undecided pair that are
// not in the plain file.
type pairBlocks struct {
	ctx     context.Context
	turn    *reader.Turn // for reading, not for comparing: other goroutines wait for the verdict
	s       *LogSource
	m       reader.Member
	id      reader.ID
	decided bool
	rest    reader.Blocks // nil if there is nothing to read
	has     *lineSet      // lines of rest that are left out; may be nil
	damaged bool          // leave out all lines before the damage
	block   *reader.Block // the block of rest from which lines are returned
}

// openPair opens the packed file of an undecided pair. The first call of Next
// compares the files.
func (s *LogSource) openPair(ctx context.Context, m reader.Member, turn *reader.Turn) (reader.Blocks, error) {
	HandleOf(m).Pair.openPlain()
	b := &pairBlocks{ctx: ctx, turn: turn, s: s, m: m}
	if f, _, err := OpenMember(withoutPair(m)); err == nil {
		if t, err := decode.OpenIn(ctx, f, false, s.opt.Encoding, nil); err == nil {
			b.id = t.ID
			t.Release()
		}
		f.Close()
	}
	return b, ctx.Err()
}

func (b *pairBlocks) ID() reader.ID { return b.id }

// Duplicate reports whether the plain file has all of the text. It is valid
// after a call of Next.
func (b *pairBlocks) Duplicate() bool { return b.decided && b.rest == nil }

func (b *pairBlocks) Next(blk *reader.Block) error {
	if !b.decided {
		v, err := b.s.Verdict(b.ctx, HandleOf(b.m).Pair)
		if err != nil {
			return err
		}
		var at reader.Pos
		switch v.Relation {
		case continues, damaged:
			at = reader.Pos{Member: b.id, Offset: v.at, Line: v.line}
			fallthrough
		case different:
			if b.rest, err = b.s.openMember(b.ctx, withoutPair(b.m), at, b.turn); err != nil {
				return err
			}
		}
		b.decided, b.has, b.damaged = true, v.has, v.copy
	}
	switch {
	case b.rest == nil:
		return io.EOF
	case b.has != nil:
		return b.missing(blk)
	}
	return b.rest.Next(blk)
}

// missing returns the next lines of rest that are not in has.
func (b *pairBlocks) missing(blk *reader.Block) error {
	if b.block == nil {
		b.block = new(reader.Block)
	}
	from := b.block
	for {
		n, want := 0, false // the length of the longest beginning whose lines are either all wanted or all not
		for n < len(from.Text) {
			end := n + bytes.IndexByte(from.Text[n:], '\n') + 1
			whole := end > n && !(n == 0 && from.Continues)
			if end == n {
				end = len(from.Text)
				whole = !from.Unfinished && !from.Continues
			}
			w := !b.damaged && (!whole || !b.has.has(from.Text[n:end]))
			if n > 0 && w != want {
				break
			}
			n, want = end, w
		}
		if want {
			room := blk.Grow()
			blk.Set(*from)
			blk.Text = room[:copy(room, from.Text[:n])]
			blk.Skips, blk.Lines = slices.Clone(from.Skips[:reader.Before(from.Skips, n)]), reader.CountLines(blk.Text)
			blk.Unfinished = from.Unfinished && n == len(from.Text)
		}
		if n > 0 {
			from.Advance(n)
		}
		if want {
			return nil
		}
		if n == 0 {
			if err := b.rest.Next(from); err != nil {
				from.Text = nil
				return err
			}
		}
	}
}

// Resume continues after damage, see reader.Resumer.
func (b *pairBlocks) Resume() error {
	b.damaged = false
	return reader.Resume(b.rest)
}

func (b *pairBlocks) Close() error {
	if b.rest == nil {
		return nil
	}
	return b.rest.Close()
}

// WithoutTwins returns the members of a Document: those of a log without the
// packed files of undecided pairs. Until these are decided, only the plain
// files are shown, which can be read from anywhere.
func WithoutTwins(members []reader.Member) []reader.Member {
	return slices.DeleteFunc(slices.Clone(members), IsTwin)
}
