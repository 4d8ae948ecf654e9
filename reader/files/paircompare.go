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
