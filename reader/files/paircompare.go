package files

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"

	"logview/reader"
	"logview/reader/decode"
)

// This file compares a file with its compressed copy.

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
	if err != nil {
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		return p.withoutPacked(err, plain), nil
	}
	defer z.Close()
	if f, ok := z.(reader.FileBlocks); ok && f.Stamp().SameFile(plain.stamp) && plain.stamp.Ino != 0 {
		return verdict{Relation: replaced}, nil
	}
	c := comparison{p: p, plain: plain, packed: z, a: reader.GetBlock(), b: reader.GetBlock()}
	defer reader.PutBlock(c.a)
	defer reader.PutBlock(c.b)
	return c.run(ctx)
}

// withoutPacked returns the verdict if opening packed failed with err.
func (p *pair) withoutPacked(err error, plain *FileBlocks) verdict {
	switch {
	case isGone(err), errors.Is(err, reader.ErrBinary) && plain.T.Binary:
		return verdict{Relation: Contained}
	case p.unfinished(err):
		return verdict{Relation: Contained, passing: true}
	case isTruncation(err):
		return verdict{Relation: damaged, has: newLineSet()}
	}
	return verdict{Relation: different}
}

// A comparison compares the texts of a pair, block by block.
type comparison struct {
	p      *pair
	plain  *FileBlocks
	packed reader.Blocks
	a, b   *reader.Block // the blocks read last, of plain and of packed
	v      verdict       // at and line: the start of the last line that both have
	both   verdict       // at and line: the end of the common beginning so far
}

// run returns the verdict on the two texts.
func (c *comparison) run(ctx context.Context) (verdict, error) {
	for {
		zerr := c.packed.Next(c.b)
		if c.packedEnds(zerr) {
			return c.concludeContained(zerr), nil
		}
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		perr := c.plain.Next(c.a)
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		switch {
		case zerr != nil:
			if perr != nil {
				c.a.Text, c.a.Skips = c.a.Text[:0], nil
			}
			return c.both.damaged(c.plain, c.a)
		case c.plainEnds(perr):
			return c.concludeContinues()
		case perr != nil:
			return verdict{Relation: different}, nil
		}
		n, i := c.match()
		switch {
		case n == len(c.a.Text) && n == len(c.b.Text):
		case n == len(c.b.Text):
			return c.afterPacked(ctx, n, i)
		case n == len(c.a.Text):
			return c.afterPlain()
		default:
			return c.diverge(i)
		}
	}
}

// match compares the blocks a and b. It returns the length n of their common
// beginning, and the length i of the whole lines in that.
func (c *comparison) match() (n, i int) {
	n = commonPrefix(c.a, c.b)
	i = bytes.LastIndexByte(c.a.Text[:n], '\n') + 1
	if i > 0 {
		c.v.at, c.v.line = c.a.OffsetAt(i), c.a.Line+reader.Line(reader.CountLines(c.a.Text[:i]))
	}
	c.both.at, c.both.line = c.a.OffsetAt(n), c.a.Line+reader.Line(reader.CountLines(c.a.Text[:n]))
	return n, i
}

// packedEnds reports whether an error of packed means that all its text so far
// was read.
func (c *comparison) packedEnds(err error) bool { return err == io.EOF || c.p.unfinished(err) }

// plainEnds reports whether after an error of plain only packed may have more
// text. If plain is packed, too, and damaged, the other file has the rest.
func (c *comparison) plainEnds(err error) bool {
	return err == io.EOF || err != nil && c.plain.T.Format != decode.Plain
}

// concludeContained returns the verdict that plain has all the text of packed. end is
// the error of packed after that text.
func (c *comparison) concludeContained(end error) verdict {
	c.v.Relation, c.v.passing = Contained, end != io.EOF
	return c.v
}

// concludeContinues returns the verdict that packed has all the text of plain, and
// more.
func (c *comparison) concludeContinues() (verdict, error) {
	c.v.Relation = continues
	return c.v, c.p.checkUnchanged(c.plain)
}

// afterPacked returns the verdict if a begins with all n bytes of b. The rest of
// a is that of a line, the last one of packed unless they differ there; i is its
// index in a.
func (c *comparison) afterPacked(ctx context.Context, n, i int) (verdict, error) {
	zerr := c.packed.Next(c.b)
	if ctx.Err() != nil {
		return verdict{}, ctx.Err()
	}
	if c.packedEnds(zerr) {
		return c.concludeContained(zerr), nil
	}
	if zerr != nil {
		c.a.Advance(n)
		return c.both.damaged(c.plain, c.a)
	}
	return c.diverge(i)
}

// afterPlain returns the verdict if b begins with all of a.
func (c *comparison) afterPlain() (verdict, error) {
	if c.plainEnds(c.plain.Next(c.a)) {
		return c.concludeContinues()
	}
	return c.diverge(0) // a is the next block
}

// diverge returns the verdict on two texts that differ in the blocks a and b,
// in the line at index i of a.
func (c *comparison) diverge(i int) (verdict, error) {
	if c.v.at == 0 {
		return verdict{Relation: different}, nil
	}
	own := newLineSet() // the lines of packed
	own.add(c.b.Text[min(i, len(c.b.Text)):])
	zerr := c.packed.Next(c.b)
	for zerr == nil {
		own.add(c.b.Text)
		zerr = c.packed.Next(c.b)
	}
	if err := c.plain.ctx.Err(); err != nil {
		return verdict{}, err
	}
	if zerr == io.EOF {
		return verdict{Relation: different}, nil
	}
	c.a.Advance(i)
	v, err := c.v.damaged(c.plain, c.a)
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
	if info, err := zf.Stat(); err == nil && info.Size() == 0 {
		return verdict{}, true // writing the packed file has just begun
	}
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
