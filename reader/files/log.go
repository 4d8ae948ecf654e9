package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
)

// Options say how a log's files are read.
type Options struct {
	// Cache is where block stores are; nil for none.
	Cache *blockstore.Cache

	// Workers run the writing of block stores, which only serve later readers:
	// a store is abandoned if no slot is free. If Workers is nil, no stores are
	// written.
	Workers *reader.Workers

	// MustStore says that the caller reads in order to write stores: it waits
	// for slots, and must not hold one.
	MustStore bool

	// Filter selects the members of archives that are listed, as it does for
	// files in directories.
	Filter Filter

	// Text says that every file is read as text, even if it looks binary.
	Text bool

	// Encoding is the charset of files without a byte order mark; if it is
	// empty, the charset of each file is detected.
	Encoding decode.Charset

	// AsOpened says that a file ends where it ended when it was opened.
	// Otherwise io.EOF means that there is no more text yet.
	AsOpened bool
}

// start returns the function that starts work on a store, see StoreWriter.
func (o Options) start() func(func()) bool {
	if !o.MustStore {
		return o.Workers.TryGo
	}
	return func(work func()) bool {
		o.Workers.Go(work)
		return true
	}
}

// A LogSource is a Source of the files of one log.
type LogSource struct {
	name string
	key  LogKey
	opt  Options

	mu      sync.Mutex // guards the following fields
	members []reader.Member
	piped   *archive // the archive that was read from a pipe; nil if none was
}

var (
	_ reader.Source     = (*LogSource)(nil)
	_ reader.TurnSource = (*LogSource)(nil)
	_ reader.Unpacker   = (*LogSource)(nil)
)

// NewSource returns a Source of a log that Find returned.
func NewSource(l Log, opt Options) *LogSource {
	return &LogSource{name: l.Name, key: l.key, members: l.Members, opt: opt}
}

// Name implements Source.
func (s *LogSource) Name() string { return s.name }

// Options returns the options of s.
func (s *LogSource) Options() Options { return s.opt }

// SetMembers replaces the members, until the next Refresh.
func (s *LogSource) SetMembers(members []reader.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = members
}

// Members implements Source.
func (s *LogSource) Members() []reader.Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.members)
}

// Refresh implements Source: it lists the directories of the members again. If
// only files were named, their log keeps just these.
func (s *LogSource) Refresh() error {
	f := NewFinder()
	dirs := map[string]bool{}
	for _, m := range s.Members() {
		dir, base := filepath.Split(m.Path)
		switch {
		case m.Path == reader.Stdin, HandleOf(m).In != nil:
			return nil // they do not change
		case m.Named:
			f.Add(m.Path)
		case !dirs[dir]:
			dirs[dir] = true
			f.AddLog(dir, base)
		}
	}
	for _, l := range f.Group() {
		if l.key == s.key {
			s.mu.Lock()
			s.members = l.Members
			s.mu.Unlock()
			break
		}
	}
	return joinErrors(f.Errs)
}

// AddLog adds the files in dir, not below it, that belong to the log of the
// file named base, whether or not that exists.
func (f *Finder) AddLog(dir, base string) {
	where := dir
	if !filepath.IsAbs(dir) {
		where = filepath.Clean("./" + dir)
	}
	entries, err := snapshot(where)
	if err != nil {
		f.fail(dir, err)
	}
	names := make([]string, 0, len(entries))
	infos := map[string]os.FileInfo{}
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && !strings.HasSuffix(name, ".tmp") {
			names = append(names, name)
			infos[name] = e
		}
	}
	_, names = sameLog(base, names)
	for _, name := range names {
		info := infos[name]
		if info != nil && info.Mode()&fs.ModeSymlink != 0 {
			info, _ = os.Stat(dir + name)
		}
		if info != nil && info.Mode().IsRegular() {
			f.AddFile(reader.Member{Path: dir + name, Size: info.Size(), ModTime: info.ModTime(), Handle: Handle{Info: info}})
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

// Open implements Source. It reads a compressed member through its block store
// if it has one. A Twin that is opened at its start returns only what is not in
// the plain file.
func (s *LogSource) Open(ctx context.Context, m reader.Member, at reader.Pos) (reader.Blocks, error) {
	return s.OpenInTurn(ctx, m, at, nil)
}

// OpenInTurn implements reader.TurnSource.
func (s *LogSource) OpenInTurn(ctx context.Context, m reader.Member, at reader.Pos, turn *reader.Turn) (reader.Blocks, error) {
	if IsTwin(m) && at.Offset == 0 {
		return s.openPair(ctx, m, turn)
	}
	if HandleOf(m).Pair == nil || IsTwin(m) {
		return s.openMember(ctx, m, at, turn)
	}
	HandleOf(m).Pair.openPlain()
	b, err := s.openMember(ctx, m, at, turn)
	if f, ok := b.(*FileBlocks); ok {
		f.limit(HandleOf(m).Pair.size)
		f.last = func(blk *reader.Block) error { return s.dropHalf(ctx, HandleOf(m).Pair, blk) }
	}
	return b, err
}

// openMember opens a member as a single file, not as part of a pair.
func (s *LogSource) openMember(ctx context.Context, m reader.Member, at reader.Pos, turn *reader.Turn) (reader.Blocks, error) {
	f, path, err := OpenMember(m)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fs.ErrInvalid
	}
	if err != nil {
		f.Close()
		return nil, &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
	}
	regular := info.Mode().IsRegular()
	compressed := regular && isPacked(f)
	if compressed {
		if st, ok := s.opt.Cache.OpenStore(ctx, f, s.opt.Encoding, true); ok {
			f.Close()
			b := &storedBlocks{ctx: ctx, s: st, member: m, path: path, stamp: reader.StampOf(info), given: s.opt.Encoding}
			if at.Offset > 0 {
				if err := b.seek(at); err != nil {
					b.Close()
					return nil, err
				}
			}
			return b, nil
		}
	}
	b, err := NewFileBlocksIn(ctx, f, path, !regular, s.opt.Encoding, turn)
	if err != nil {
		f.Close()
		return nil, err
	}
	switch {
	case b.T.Archive != "":
		err := s.refuseArchive(ctx, m, b, regular)
		b.Close()
		return nil, err
	case b.T.Format != decode.Plain && !s.opt.Text && isCompression(b.T.Beginning()):
		format := decode.FormatOf(b.T.Beginning())
		b.Close()
		return nil, &reader.FileError{Path: path, Offset: -1, Err: decode.Describe(format, errCompressedTwice)}
	case b.T.Binary && !s.countsAsText(ctx, m, b.T.Beginning()):
		b.Close()
		return nil, &reader.FileError{Path: path, Offset: -1, Err: reader.ErrBinary}
	}
	if at.Offset > 0 {
		if err := b.seek(at); err != nil {
			b.Close()
			return nil, err
		}
	}
	if regular && s.opt.AsOpened {
		b.limit(cmp.Or(info.Size(), unsized))
	}
	if at.Offset > 0 {
		return b, nil
	}
	// Binary files have no store, because a reader of the store would treat
	// them as text.
	if compressed && !b.T.Binary && s.opt.Cache != nil && s.opt.Workers != nil && info.Size() >= minStored {
		w, err := s.opt.Cache.NewStoreWriter(f, s.opt.Encoding, b.T.ID, s.opt.start())
		if err == nil {
			w.Table.Clock.Ref, w.Wait = m.ModTime, s.opt.MustStore
			return &RecordedBlocks{FileBlocks: b, W: w}, nil
		}
		// If the cache cannot be written to, read without a store, unless the
		// store was required.
		if s.opt.MustStore {
			b.Close()
			return nil, &reader.FileError{Path: s.opt.Cache.Blocks(), Offset: -1, Err: NoStore{reader.Cause(err)}}
		}
	}
	return b, nil
}

var errCompressedTwice = errors.New("it is compressed twice; decompress it once to read it")

// isCompression reports whether a decoded text begins as a compressed file does.
func isCompression(head []byte) bool {
	switch decode.FormatOf(head[:min(len(head), decode.MagicLen)]) {
	case decode.Gzip, decode.Bzip2, decode.Xz, decode.Zstd, decode.Lz4, decode.Compress:
		return true
	}
	return false
}

// isPacked reports whether a regular file must be decoded.
func isPacked(f decode.File) bool {
	var head [decode.MagicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	return decode.IsPacked(f, head[:n])
}

// refuseArchive returns the error of opening m as a log: b shows that it is an
// archive. A tar from a pipe can be read only once, so refuseArchive reads it
// and sets s.piped.
func (s *LogSource) refuseArchive(ctx context.Context, m reader.Member, b *FileBlocks, regular bool) error {
	if !regular && b.T.Archive == decode.TarArchive {
		a, err := unpackPipe(ctx, m, b.T, s.opt)
		if a.data == nil {
			return err
		}
		a.damage = err
		s.mu.Lock()
		s.piped = a
		s.mu.Unlock()
	}
	if b.T.Archive == decode.ZipArchive && !m.Named && !MayBeArchive(m) {
		return &reader.FileError{Path: b.path, Offset: -1, Err: reader.ErrBinary} // a program or a document
	}
	return &reader.FileError{Path: b.path, Offset: -1, Err: ErrArchive}
}

// countsAsText reports whether m, which starts with head and looks binary, is read
// nevertheless: because it was named or all files are read, or because another
// file of its log is text. It checks the two nearest of those.
func (s *LogSource) countsAsText(ctx context.Context, m reader.Member, head []byte) bool {
	if m.Named || s.opt.Text {
		return true
	}
	if decode.HasMagic(head) {
		return false
	}
	members := s.Members()
	at := slices.IndexFunc(members, func(x reader.Member) bool { return x.Path == m.Path })
	looked := 0
	for d := 1; d < len(members) && looked < 2; d++ {
		for _, i := range []int{at + d, at - d} {
			if i < 0 || i >= len(members) || members[i].Path == m.Path || members[i].Size == 0 || looked == 2 {
				continue
			}
			looked++
			if b, err := OpenFile(ctx, members[i], s.opt.Encoding); err == nil {
				isText := !b.T.Binary && !b.T.Empty
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
func (s *LogSource) Binary(ctx context.Context, m reader.Member) bool {
	if _, regular := ListedStamp(m); !regular {
		return false
	}
	b, err := OpenFile(ctx, m, s.opt.Encoding)
	if err != nil {
		return false
	}
	defer b.Close()
	m.Named = false
	return b.T.Binary && b.T.Archive != decode.TarArchive && !s.countsAsText(ctx, m, b.T.Beginning())
}

// NoStore is the error of writing a block store.
type NoStore struct{ error }

// Unwrap returns the error's cause.
func (e NoStore) Unwrap() error { return e.error }

// minStored is the minimum size of a compressed file for a block store. Smaller
// files are decoded in some milliseconds.
const minStored = 256 << 10

// RecordedBlocks writes a member's block store as the member is read.
type RecordedBlocks struct {
	*FileBlocks
	W *blockstore.StoreWriter // nil when it was abandoned or is done
}

// Next implements reader.Blocks. It also adds the block to the store.
func (b *RecordedBlocks) Next(blk *reader.Block) error {
	err := b.FileBlocks.Next(blk)
	switch {
	case b.W == nil:
	case err == nil:
		if !b.W.Add(blk) {
			b.W = nil
		}
	case err == io.EOF:
		_ = b.W.Finish() // on error, the file is decoded again next time
		b.W = nil
	default:
		// A damaged file gets no store, so that each reader reports the damage.
		b.W.Abandon(err)
		b.W = nil
	}
	return err
}

// Surveyed implements reader.Surveyor.
func (b *RecordedBlocks) Surveyed() (k reader.TableBlock, ok bool) {
	if b.W == nil || b.W.Bytes || len(b.W.Table.Table.Blocks) == 0 {
		return k, false
	}
	return b.W.Table.Table.Blocks[len(b.W.Table.Table.Blocks)-1], true
}

// Close implements reader.Blocks. It abandons a store that is not complete.
func (b *RecordedBlocks) Close() error {
	if b.W != nil {
		b.W.Abandon(blockstore.ErrGivenUp)
		b.W = nil
	}
	return b.FileBlocks.Close()
}

// Locate implements Source. It reads at most the first 64 KiB of each member,
// starting with the newest: a rotated member has moved towards the oldest.
func (s *LogSource) Locate(ctx context.Context, p reader.Pos) (reader.Member, error) {
	members := s.Members()
	for _, m := range slices.Backward(members) {
		if err := ctx.Err(); err != nil {
			return reader.Member{}, err
		}
		if ok, err := HasID(ctx, m, s.opt.Encoding, p.Member); err == nil && ok {
			return m, nil
		}
	}
	return reader.Member{}, &reader.FileError{Path: s.name, Offset: -1, Err: reader.ErrGone}
}

// HasID reports whether m's text starts like the text with an ID. The charset
// is given, unless that is empty.
func HasID(ctx context.Context, m reader.Member, given decode.Charset, id reader.ID) (bool, error) {
	if m.Path == reader.Stdin {
		return false, nil
	}
	f, _, err := OpenMember(m)
	if err != nil {
		return false, err
	}
	defer f.Close()
	t, err := decode.OpenIn(ctx, f, false, given, nil)
	if err != nil {
		return false, err
	}
	defer t.Release()
	if t.ID == id {
		return true, nil
	}
	var start [reader.IDSize]byte
	n, err := io.ReadFull(t, start[:min(id.Len, reader.IDSize)])
	if err != nil && n < id.Len {
		return false, nil
	}
	return id.Matches(start[:n]), nil
}

// Unpack implements reader.Unpacker. It leaves out members that another archive
// also has: see copiesOfArchives.
func (s *LogSource) Unpack(ctx context.Context, m reader.Member, reads func(path string) bool, turn *reader.Turn, progress func(disk int64)) ([]reader.Member, []error) {
	s.mu.Lock()
	a := s.piped
	s.mu.Unlock()
	var logs []Log
	var errs []error
	if a != nil && m.Path == a.member.Path {
		logs, errs = a.list(ctx, turn, progress)
	} else {
		logs, errs = unpackOnce(ctx, m, s.opt, reads, turn, progress)
	}
	var out []reader.Member
	for _, l := range logs {
		out = append(out, l.Members...)
	}
	return out, errs
}

// Close implements Source.
func (s *LogSource) Close() error { return nil }
