package files

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
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
// This verdict, unless a file is damaged, is remembered with the stamps of both files, in this process and
// in the cache. Later listings in this process are decided: they have X alone,
// X.gz alone, or X.gz before X.
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

// A verdict is the relation of the text of a packed file to that of the plain
// one.
type verdict struct {
	Relation relation
	at       reader.Offset // the offset in packed of the line in which the common beginning ends
	line     reader.Line   // the number of that line

	passing bool // packed is being written, so the verdict is not remembered

	// If packed is damaged:
	has  *lineSet // the lines of plain from at on
	copy bool     // plain has most lines of packed, so the others are probably results of the damage

	// The state of plain for which the verdict was made.
	plain reader.Stamp // without Changed if plain may have been written to since without a new stamp
	ends  uint32       // CRC-32 of the first and the last bytes of plain
}

type relation byte

const (
	undecided relation = iota
	Contained          // plain begins with packed, or equals it
	continues          // packed begins with plain, and is longer
	different
	replaced // plain is gone, and packed is read instead
	damaged  // packed is damaged, and has the beginning of plain before that
)

// durable reports whether a verdict of this relation is remembered.
func (r relation) durable() bool { return r >= Contained && r <= different }

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

// A pairKey is the key of a remembered verdict: the identity of plain, and the
// identity and state of packed.
type pairKey struct {
	Dev, Ino uint64
	Packed   reader.Stamp
}

// verdicts are the verdicts that this process remembers.
var verdicts struct {
	sync.Mutex
	known map[pairKey]verdict
}

const mostVerdicts = 10000

// TooYoung is the age below which a file's stamp proves nothing: the clock of
// the file system ticks every 1 to 16 ms. It is a variable for tests.
var TooYoung = 50 * time.Millisecond

// keyOfPair returns the key for the verdict on two files; false if their stamps
// do not identify them.
func keyOfPair(plain, packed reader.Member) (key pairKey, was reader.Stamp, ok bool) {
	was, ok1 := ListedStamp(plain)
	z, ok2 := ListedStamp(packed)
	return pairKey{was.Dev, was.Ino, z}, was, ok1 && ok2 && was.Ino != 0 && z.Ino != 0 && was.Changed != 0 && z.Changed != 0
}

// holds reports whether a remembered verdict applies to the current state of
// plain. If plain has grown since, it compares the checksums of its beginning
// and of the bytes before its previous end, as an index does.
func (v verdict) holds(plain reader.Member) bool {
	now, ok := ListedStamp(plain)
	switch {
	case !ok || v.Relation == undecided:
		return false
	case now == v.plain:
		return true
	case v.Relation == continues || now.Size <= v.plain.Size:
		return false
	}
	ends, ok := endSums(plain, v.plain.Size)
	return ok && ends == v.ends
}

// endSums returns a CRC-32 of the first and the last bytes within the first
// size bytes of a plain file.
func endSums(m reader.Member, size int64) (uint32, bool) {
	f, _, err := OpenMember(m)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	var buf [blockstore.KeyBytes]byte
	crc := uint32(0)
	for _, off := range []int64{0, max(0, size-blockstore.KeyBytes)} {
		n, err := f.ReadAt(buf[:min(size, blockstore.KeyBytes)], off)
		if err != nil {
			return 0, false
		}
		crc = crc32.Update(crc, crc32.IEEETable, buf[:n])
	}
	return crc, true
}

func recall(plain, packed reader.Member) verdict {
	key, _, ok := keyOfPair(plain, packed)
	if !ok {
		return verdict{}
	}
	verdicts.Lock()
	v := verdicts.known[key]
	verdicts.Unlock()
	if !v.holds(plain) {
		return verdict{}
	}
	return v
}

func remember(plain, packed reader.Member, v verdict) {
	key, _, ok := keyOfPair(plain, packed)
	if !ok || !v.Relation.durable() {
		return
	}
	verdicts.Lock()
	defer verdicts.Unlock()
	if verdicts.known == nil || len(verdicts.known) >= mostVerdicts {
		verdicts.known = map[pairKey]verdict{}
	}
	verdicts.known[key] = v
}

func verdictName(key pairKey) string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, key)
	return hex.EncodeToString(h.Sum(nil)[:16]) + blockstore.VerdictSuffix
}

func recallVerdict(c *blockstore.Cache, plain, packed reader.Member) verdict {
	key, was, ok := keyOfPair(plain, packed)
	if !ok || c == nil {
		return verdict{}
	}
	dir, err := c.Sub(blockstore.BlocksName, false)
	if err != nil {
		return verdict{}
	}
	f, err := blockstore.OpenKept(filepath.Join(dir, verdictName(key)))
	if err != nil {
		return verdict{}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 128))
	n := len(b) - 4
	if err != nil || n < len(blockstore.VerdictMagic)+5 || string(b[:len(blockstore.VerdictMagic)]) != blockstore.VerdictMagic || crc32.ChecksumIEEE(b[:n]) != binary.LittleEndian.Uint32(b[n:]) {
		return verdict{}
	}
	v := verdict{Relation: relation(b[len(blockstore.VerdictMagic)]), ends: binary.LittleEndian.Uint32(b[n-4:])}
	var num [5]int64
	for i, rest := 0, b[len(blockstore.VerdictMagic)+1:n-4]; i < len(num); i++ {
		x, k := binary.Varint(rest)
		if k <= 0 {
			return verdict{}
		}
		num[i], rest = x, rest[k:]
	}
	v.at, v.line = reader.Offset(num[0]), reader.Line(num[1])
	v.plain = reader.Stamp{Dev: was.Dev, Ino: was.Ino, Size: num[2], ModTime: num[3], Changed: num[4]}
	if !v.Relation.durable() || !v.holds(plain) {
		return verdict{}
	}
	if info, err := f.Stat(); err == nil {
		c.Touch(f.Name(), info)
	}
	return v
}

func keepVerdict(c *blockstore.Cache, plain, packed reader.Member, v verdict) {
	key, _, ok := keyOfPair(plain, packed)
	if !ok || c == nil || !v.Relation.durable() || !c.MakeRoom(128, 0) {
		return
	}
	dir, err := c.Sub(blockstore.BlocksName, true)
	if err != nil {
		return
	}
	b := append([]byte(blockstore.VerdictMagic), byte(v.Relation))
	b = binary.AppendVarint(b, int64(v.at))
	b = binary.AppendVarint(b, int64(v.line))
	b = binary.AppendVarint(b, v.plain.Size)
	b = binary.AppendVarint(b, v.plain.ModTime)
	b = binary.AppendVarint(b, v.plain.Changed)
	b = binary.LittleEndian.AppendUint32(b, v.ends)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	f, err := os.CreateTemp(dir, blockstore.TmpPrefix)
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), filepath.Join(dir, verdictName(key))) != nil {
		os.Remove(f.Name())
		return
	}
	c.RecordGrowth(int64(len(b)))
}

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
		ChangeHandle(&p, func(h *Handle) { h.Alt = packed })
		in = []reader.Member{p}
	case continues, replaced:
		ChangeHandle(&z, func(h *Handle) { h.Alt = plain })
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
	keyOf := func(m Found) key { return key{m.Dir, m.Name.Slots()} }
	plain := map[key]Found{}
	byPath := map[string]Found{}
	for _, m := range g {
		byPath[m.Path] = m
		if x, ok := plain[keyOf(m)]; m.Path != reader.Stdin && (!ok || x.Name.Compressed() && !m.Name.Compressed()) {
			plain[keyOf(m)] = m
		}
	}
	var list []reader.Member
	for _, m := range g {
		list = append(list, m.Member)
	}
	for _, z := range g {
		p, ok := plain[keyOf(z)]
		if !ok || !z.Name.Compressed() || z.Path == p.Path || apart != nil && apart(p.Path, z.Path) {
			continue
		}
		if v, ok := compareBeginnings(p.Member, z.Member); ok {
			list = settle(list, p.Path, z.Path, v)
		}
	}
	out := make([]Found, len(list))
	for i, m := range list {
		out[i] = byPath[m.Path]
		out[i].Member = m
	}
	return out
}

// glanceSize is how many bytes at the beginnings of two texts a listing compares.
const glanceSize = 8 << 10

// compareBeginnings compares the beginnings of two files with matching names.
// It returns a verdict, undecided if that takes more than the beginnings, and
// false if the files cannot be a pair.
func compareBeginnings(plain, packed reader.Member) (verdict, bool) {
	if v := recall(plain, packed); v.Relation != undecided {
		return v, true
	}
	if plain.Size == 0 && !HandleOf(plain).Rotated && !decode.ParseName(filepath.Base(plain.Path)).Compressed() {
		return verdict{Relation: different}, true // plain is a new log, which will grow
	}
	pf, _, err := OpenMember(plain)
	if isGone(err) {
		return verdict{Relation: replaced}, true // only the packed file is left
	}
	if err != nil {
		return verdict{}, false
	}
	defer pf.Close()
	zf, _, err := OpenMember(packed)
	if isGone(err) {
		return verdict{Relation: Contained}, true
	}
	if err != nil {
		return verdict{}, false
	}
	defer zf.Close()
	if a, err := pf.Stat(); err == nil {
		if b, err := zf.Stat(); err == nil && os.SameFile(a, b) {
			return verdict{Relation: replaced}, true // plain is gone, and the packed file was opened instead
		}
	}
	pt, err := decode.Open(context.Background(), pf, false)
	if err != nil {
		return verdict{}, false
	}
	defer pt.Release()
	unpacked := !decode.ParseName(filepath.Base(plain.Path)).Compressed()
	zt, err := decode.Open(context.Background(), zf, false)
	if err != nil {
		return verdict{}, isTruncation(err) // writing the packed file has just begun
	}
	defer zt.Release()
	if unpacked && pt.Format != decode.Plain || zt.Format == decode.Plain || pt.Archive != "" || zt.Archive != "" {
		return verdict{}, false
	}
	var a, b [glanceSize]byte
	n, _ := io.ReadFull(pt, a[:])
	k, _ := io.ReadFull(zt, b[:])
	n = min(n, k)
	// If they differ only after the first line, packed may be damaged there.
	first := bytes.IndexByte(a[:n], '\n') + 1
	if !bytes.Equal(a[:n], b[:n]) && (first == 0 || !bytes.Equal(a[:first], b[:first])) {
		return verdict{Relation: different}, true
	}
	return verdict{}, true
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
	f, err := os.Open(p.plain.Path)
	if err == nil {
		if now, serr := f.Stat(); serr == nil && (HandleOf(p.plain).Info == nil || StillHolds(p.plain, now)) {
			p.held = f
			return
		}
		f.Close()
	}
	if f, err := openRenamed(p.plain); err == nil {
		p.held = f
	}
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
		f, err := os.Open(c.Path)
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

// compare reads both files from their starts. p.deciding is held.
func (s *LogSource) compare(ctx context.Context, p *pair) (verdict, error) {
	p.mu.Lock()
	f := p.held
	p.held, p.asked = nil, f == nil
	p.mu.Unlock()
	if f == nil {
		return verdict{Relation: replaced}, nil
	}
	plain, err := NewFileBlocksIn(ctx, f, p.plain.Path, false, s.opt.Encoding, nil)
	if err != nil {
		f.Close()
		return verdict{Relation: different}, ctx.Err() // reading it reports the error
	}
	defer plain.Close()
	plain.limit(p.size)
	opt := s.opt
	opt.Workers = nil // most likely its block store is not needed
	z, err := (&LogSource{name: s.name, opt: opt, members: s.Members()}).openMember(ctx, p.Packed, reader.Pos{}, nil)
	switch {
	case err == nil:
		defer z.Close()
	case ctx.Err() != nil:
		return verdict{}, ctx.Err()
	case isGone(err), errors.Is(err, reader.ErrBinary) && plain.T.Binary:
		return verdict{Relation: Contained}, nil
	case p.unfinished(err):
		return verdict{Relation: Contained, passing: true}, nil
	case isTruncation(err):
		return verdict{Relation: damaged, has: newLineSet()}, nil
	default:
		return verdict{Relation: different}, nil
	}
	if f, ok := z.(reader.FileBlocks); ok && f.Stamp().SameFile(plain.stamp) && plain.stamp.Ino != 0 {
		return verdict{Relation: replaced}, nil
	}
	// If plain is packed, too, and damaged, the other file has the rest.
	ends := func(err error) bool { return err == io.EOF || err != nil && plain.T.Format != decode.Plain }
	a, b := reader.GetBlock(), reader.GetBlock()
	defer reader.PutBlock(a)
	defer reader.PutBlock(b)
	v := verdict{}    // at and line: the start of the last line that both have
	both := verdict{} // at and line: the end of the common beginning so far
	for {
		zerr := z.Next(b)
		if zerr == io.EOF || p.unfinished(zerr) {
			v.Relation, v.passing = Contained, zerr != io.EOF
			return v, nil
		}
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		perr := plain.Next(a)
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		switch {
		case zerr != nil:
			if perr != nil {
				a.Text, a.Skips = a.Text[:0], nil
			}
			return both.damaged(plain, a)
		case ends(perr):
			v.Relation = continues
			return v, p.checkUnchanged(plain)
		case perr != nil:
			return verdict{Relation: different}, nil
		}
		n := commonPrefix(a, b)
		i := bytes.LastIndexByte(a.Text[:n], '\n') + 1
		if i > 0 {
			v.at, v.line = a.OffsetAt(i), a.Line+reader.Line(reader.CountLines(a.Text[:i]))
		}
		both.at, both.line = a.OffsetAt(n), a.Line+reader.Line(reader.CountLines(a.Text[:n]))
		switch {
		case n == len(a.Text) && n == len(b.Text):
		case n == len(b.Text):
			// The rest of a line of plain, the last one of packed.
			zerr := z.Next(b)
			if ctx.Err() != nil {
				return verdict{}, ctx.Err()
			}
			if zerr == io.EOF || p.unfinished(zerr) {
				v.Relation, v.passing = Contained, zerr != io.EOF
				return v, nil
			}
			if zerr != nil {
				a.Advance(n)
				return both.damaged(plain, a)
			}
			return v.diverge(z, b, plain, a, i)
		default:
			if n == len(a.Text) {
				if ends(plain.Next(a)) {
					v.Relation = continues
					return v, p.checkUnchanged(plain)
				}
				i = 0 // a is the next block
			}
			return v.diverge(z, b, plain, a, i)
		}
	}
}

// diverge returns the verdict on two texts that differ in the blocks a and b,
// in the line at index i of a.
func (v verdict) diverge(z reader.Blocks, b *reader.Block, plain *FileBlocks, a *reader.Block, i int) (verdict, error) {
	if v.at == 0 {
		return verdict{Relation: different}, nil
	}
	own := newLineSet() // the lines of packed
	own.add(b.Text[min(i, len(b.Text)):])
	zerr := z.Next(b)
	for zerr == nil {
		own.add(b.Text)
		zerr = z.Next(b)
	}
	if err := plain.ctx.Err(); err != nil {
		return verdict{}, err
	}
	if zerr == io.EOF {
		return verdict{Relation: different}, nil
	}
	a.Advance(i)
	v, err := v.damaged(plain, a)
	n := v.has.count(own)
	v.copy = int(v.line)+n > len(own.sums)-n
	return v, err
}

// damaged returns the verdict that packed is damaged, and that from v.at on it
// is uncertain which text of plain it has. a is the block of plain there.
func (v verdict) damaged(plain *FileBlocks, a *reader.Block) (verdict, error) {
	v.Relation, v.has = damaged, newLineSet()
	err := error(nil)
	for err == nil && v.has.add(a.Text) {
		err = plain.Next(a)
	}
	return v, plain.ctx.Err()
}

// A lineSet is a set of lines, represented by checksums of 64 bits.
type lineSet struct {
	sums map[uint64]struct{}
}

var lineSeed = maphash.MakeSeed()

// maxLineSet is the maximum number of lines in a set, which takes some 40 MiB
// of memory. In longer texts, lines may be read twice.
const maxLineSet = 1 << 20

func newLineSet() *lineSet {
	return &lineSet{sums: map[uint64]struct{}{}}
}

// add adds the lines of a text. It returns false if the set is full.
func (s *lineSet) add(text []byte) bool {
	for l := range bytes.Lines(text) {
		if len(s.sums) >= maxLineSet {
			return false
		}
		s.sums[maphash.Bytes(lineSeed, bytes.TrimSuffix(l, reader.Newline))] = struct{}{}
	}
	return true
}

// count returns the number of lines that both sets have.
func (s *lineSet) count(other *lineSet) int {
	n := 0
	for sum := range other.sums {
		if _, ok := s.sums[sum]; ok {
			n++
		}
	}
	return n
}

func (s *lineSet) has(line []byte) bool {
	_, ok := s.sums[maphash.Bytes(lineSeed, bytes.TrimSuffix(line, reader.Newline))]
	return ok
}

// commonPrefix returns the length of the common beginning of the texts of two
// blocks.
func commonPrefix(a, b *reader.Block) int {
	if a.Offset != b.Offset {
		return 0
	}
	k, n := 0, min(len(a.Text), len(b.Text))
	if bytes.Equal(a.Text[:n], b.Text[:n]) {
		k = n
	}
	for k < n && a.Text[k] == b.Text[k] {
		k++
	}
	for i, s := range a.Skips {
		if s.At >= k {
			break
		}
		if i >= len(b.Skips) || b.Skips[i] != s {
			return s.At
		}
	}
	if i := reader.Before(a.Skips, k); i < reader.Before(b.Skips, k) {
		return b.Skips[i].At
	}
	return k
}

// checkUnchanged returns an error if the plain file has grown since it was
// listed: it is being unpacked, and a reader may have reached its end before.
func (p *pair) checkUnchanged(plain *FileBlocks) error {
	if plain.limited {
		return nil // what was appended is not read
	}
	info, err := plain.F.Stat()
	if err == nil && HandleOf(p.plain).Info != nil && info.Size() != HandleOf(p.plain).Info.Size() {
		return &reader.FileError{Path: p.Packed.Path, Offset: -1, Err: errors.New("was unpacked while it was read; lines may be missing until that is done")}
	}
	return nil
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
