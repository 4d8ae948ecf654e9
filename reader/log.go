package reader

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Options say how a log's files are read.
type Options struct {
	// Cache holds block stores; nil for none.
	Cache *Cache

	// Spare is asked to run work that only serves later readers, beside the
	// caller: it reports false when there is no processor to spare, and the
	// work is given up then. With nil, nothing is stored.
	Spare func(func()) bool

	// Filter says which members of archives are listed, as it does for files in
	// directories.
	Filter Filter

	// Text says that every file is text, whatever it looks like.
	Text bool

	// Encoding is what files without a byte order mark are in; if it is empty,
	// each file tells.
	Encoding Charset

	// AsOpened says that a file ends where it ended when it was opened. Without
	// it io.EOF means that there is no more yet.
	AsOpened bool

	// Wait says that such work is what the caller is here for, so that
	// nothing is given up for being slow. Spare always runs it then, perhaps
	// after waiting.
	Wait bool
}

// A LogSource is a Source of the files of one log.
type LogSource struct {
	name string
	key  logKey
	opt  Options

	mu      sync.Mutex // guards what follows
	members []Member
	piped   *archive // what came through standard input, if that was an archive
}

var _ Source = (*LogSource)(nil)

// NewSource makes a Source of a log that Find found.
func NewSource(l Log, opt Options) *LogSource {
	return &LogSource{name: l.Name, key: l.key, members: l.Members, opt: opt}
}

// Name implements Source.
func (s *LogSource) Name() string { return s.name }

// Options returns the options that s was made with.
func (s *LogSource) Options() Options { return s.opt }

// SetMembers replaces the members, until the next Refresh.
func (s *LogSource) SetMembers(members []Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = members
}

// Members implements Source.
func (s *LogSource) Members() []Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.members)
}

// Refresh implements Source: it lists the directories again in which the
// members lie. A log of which only named files were asked for stays those.
func (s *LogSource) Refresh() error {
	f := newFinder()
	dirs := map[string]bool{}
	for _, m := range s.Members() {
		dir, base := filepath.Split(m.Path)
		switch {
		case m.Path == Stdin, handleOf(m).in != nil:
			return nil // which does not change
		case m.Named:
			f.add(m.Path)
		case !dirs[dir]:
			dirs[dir] = true
			f.list(dir, base)
		}
	}
	for _, l := range f.group() {
		if l.key == s.key {
			s.mu.Lock()
			s.members = l.Members
			s.mu.Unlock()
			break
		}
	}
	return joinErrors(f.errs)
}

// list takes the files in dir, not below it, that belong to the log of the file
// called base, whether or not that is there.
func (f *finder) list(dir, base string) {
	where := dir
	if !filepath.IsAbs(dir) {
		where = filepath.Clean("./" + dir)
	}
	entries, err := snapshot(where)
	if err != nil {
		f.fail(dir, err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && !strings.HasSuffix(name, ".tmp") {
			names = append(names, name)
		}
	}
	for _, name := range sameLog(base, names) {
		if info, err := os.Stat(dir + name); err == nil && info.Mode().IsRegular() {
			f.take(Member{Path: dir + name, Size: info.Size(), ModTime: info.ModTime(), Handle: handle{info: info}})
		}
	}
}

func joinErrors(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return fmt.Errorf("%w (and %d more)", errs[0], len(errs)-1)
}

// Open implements Source. A compressed member is read through its block
// store if it has one. Of a Twin, opened at its start, comes only what is not
// in the plain file.
func (s *LogSource) Open(ctx context.Context, m Member, at Pos) (Blocks, error) {
	if IsTwin(m) && at.Offset == 0 {
		return s.openPair(ctx, m)
	}
	if handleOf(m).pair == nil || IsTwin(m) {
		return s.open(ctx, m, at)
	}
	handleOf(m).pair.hold()
	b, err := s.open(ctx, m, at)
	if f, ok := b.(*fileBlocks); ok {
		f.endAt(handleOf(m).pair.size)
		f.last = func(blk *Block) error { return s.dropHalf(ctx, handleOf(m).pair, blk) }
	}
	return b, err
}

// open opens a member, whatever else holds its text.
func (s *LogSource) open(ctx context.Context, m Member, at Pos) (Blocks, error) {
	f, path, err := openMember(m)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, &FileError{Path: path, Offset: -1, Err: cause(err)}
	}
	if info.IsDir() {
		f.Close()
		return nil, &FileError{Path: path, Offset: -1, Err: fs.ErrInvalid}
	}
	regular := info.Mode().IsRegular()
	var head [magicLen]byte
	compressed := false
	if regular {
		n, _ := f.ReadAt(head[:], 0)
		compressed = packed(f, head[:n])
	}
	if compressed {
		if st, ok := s.opt.Cache.openStore(ctx, f, s.opt.Encoding, true); ok {
			f.Close()
			b := &storedBlocks{ctx: ctx, s: st, member: m, path: path, stamp: stampOf(info), given: s.opt.Encoding}
			if at.Offset > 0 {
				if err := b.seek(at); err != nil {
					b.Close()
					return nil, err
				}
			}
			return b, nil
		}
	}
	b, err := newFileBlocksIn(ctx, f, path, !regular, s.opt.Encoding)
	if err != nil {
		f.Close()
		return nil, err
	}
	if b.t.archive != "" {
		if m.Path == Stdin && !regular && b.t.archive == tarArchive {
			a, err := piped(ctx, m, b.t, s.opt)
			if a.data == nil {
				b.Close()
				return nil, err
			}
			a.damage = err
			s.mu.Lock()
			s.piped = a
			s.mu.Unlock()
		}
		b.Close()
		if b.t.archive == zipArchive && !m.Named && !MayBeArchive(m) {
			return nil, &FileError{Path: path, Offset: -1, Err: ErrBinary} // a program, a document
		}
		return nil, &FileError{Path: path, Offset: -1, Err: ErrArchive}
	}
	if b.t.binary && !s.text(ctx, m, b.t.head[:]) {
		b.Close()
		return nil, &FileError{Path: path, Offset: -1, Err: ErrBinary}
	}
	if at.Offset > 0 {
		if err := b.seek(at); err != nil {
			b.Close()
			return nil, err
		}
	}
	if regular && s.opt.AsOpened {
		b.endAt(cmp.Or(info.Size(), unsized))
	}
	if at.Offset > 0 {
		return b, nil
	}
	// What is not text has no store, or it would be taken for text by it.
	if compressed && !b.t.binary && s.opt.Cache != nil && s.opt.Spare != nil && info.Size() >= minStored {
		w, err := s.opt.Cache.newStoreWriter(f, s.opt.Encoding, b.t.id, s.opt.Spare)
		if err == nil {
			w.table.Clock.Ref, w.wait = m.ModTime, s.opt.Wait
			return &recordedBlocks{fileBlocks: b, w: w}, nil
		}
		// A cache that cannot be written is a cache that is not there, but
		// for who came to write it.
		if s.opt.Wait {
			b.Close()
			return nil, &FileError{Path: s.opt.Cache.blocks(), Offset: -1, Err: noStore{cause(err)}}
		}
	}
	return b, nil
}

// text reports whether m, which begins with head and looks binary, is read
// all the same: because it was named or everything is, or because another
// file of its log is text. Two of those are looked at, the nearest.
func (s *LogSource) text(ctx context.Context, m Member, head []byte) bool {
	if m.Named || s.opt.Text {
		return true
	}
	if hasMagic(head) {
		return false
	}
	members := s.Members()
	at := slices.IndexFunc(members, func(x Member) bool { return x.Path == m.Path })
	looked := 0
	for d := 1; d < len(members) && looked < 2; d++ {
		for _, i := range []int{at + d, at - d} {
			if i < 0 || i >= len(members) || members[i].Path == m.Path || members[i].Size == 0 || looked == 2 {
				continue
			}
			looked++
			if b, err := openFile(impatient(ctx), members[i], s.opt.Encoding); err == nil {
				isText := !b.t.binary && !b.t.empty
				b.Close()
				if isText {
					return true
				}
			}
		}
	}
	return false
}

// Binary reports whether m is left out because it is not text.
func (s *LogSource) Binary(ctx context.Context, m Member) bool {
	if _, regular := ListedStamp(m); !regular {
		return false
	}
	b, err := openFile(impatient(ctx), m, s.opt.Encoding)
	if err != nil {
		return false
	}
	defer b.Close()
	m.Named = false
	return b.t.binary && b.t.archive != tarArchive && !s.text(ctx, m, b.t.head[:])
}

// noStore is why no block store can be written.
type noStore struct{ error }

func (e noStore) Unwrap() error { return e.error }

// minStored is the size of a compressed file below which it is decoded so
// soon that storing it again gains nothing: some milliseconds' worth.
const minStored = 256 << 10

// recordedBlocks writes a member's block store as the member is read.
type recordedBlocks struct {
	*fileBlocks
	w *storeWriter // nil when given up or done
}

func (b *recordedBlocks) Next(blk *Block) error {
	err := b.fileBlocks.Next(blk)
	switch {
	case b.w == nil:
	case err == nil:
		if !b.w.add(blk) {
			b.w = nil
		}
	case err == io.EOF:
		_ = b.w.finish() // without a store, the file is decoded again next time
		b.w = nil
	default:
		// A damaged file keeps its damage: whoever reads it is to be told.
		b.w.abandon(err)
		b.w = nil
	}
	return err
}

func (b *recordedBlocks) Close() error {
	if b.w != nil {
		b.w.abandon(errGivenUp)
		b.w = nil
	}
	return b.fileBlocks.Close()
}

// Locate implements Source. It reads the first 64 KiB of each member at
// most, the likeliest first: a rotated member has moved towards the old end.
func (s *LogSource) Locate(ctx context.Context, p Pos) (Member, error) {
	members := s.Members()
	for _, m := range slices.Backward(members) {
		if err := ctx.Err(); err != nil {
			return Member{}, err
		}
		if ok, err := hasID(ctx, m, s.opt.Encoding, p.Member); err == nil && ok {
			return m, nil
		}
	}
	return Member{}, &FileError{Path: s.name, Offset: -1, Err: ErrGone}
}

// hasID reports whether m's text begins as that of id did, in a charset that is
// given, unless that is empty.
func hasID(ctx context.Context, m Member, given Charset, id ID) (bool, error) {
	if m.Path == Stdin {
		return false, nil
	}
	f, _, err := openMember(m)
	if err != nil {
		return false, err
	}
	defer f.Close()
	t, err := openTextIn(ctx, f, false, given)
	if err != nil {
		return false, err
	}
	defer t.release()
	if t.id == id {
		return true, nil
	}
	var start [idSize]byte
	n, err := io.ReadFull(t, start[:min(id.Len, idSize)])
	if err != nil && n < id.Len {
		return false, nil
	}
	return id.matches(start[:n]), nil
}

// Unpack lists the members of the archive m, as Unpack does, without those that
// are in another archive, too: see copiesOfArchives.
func (s *LogSource) Unpack(ctx context.Context, m Member, progress func(disk int64)) ([]Member, []error) {
	s.mu.Lock()
	a := s.piped
	s.mu.Unlock()
	var logs []Log
	var errs []error
	if m.Path == Stdin && a != nil {
		logs, errs = a.list(ctx, progress)
	} else {
		logs, errs = unpackOnce(ctx, m, s.opt, progress)
	}
	var out []Member
	for _, l := range logs {
		out = append(out, l.Members...)
	}
	return out, errs
}

// Close implements Source.
func (s *LogSource) Close() error { return nil }
