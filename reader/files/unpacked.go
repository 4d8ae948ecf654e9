package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"sync"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
)

// This file keeps decoded archives: in the cache, in temporary files, and open.

type openArchives struct {
	mu  sync.Mutex
	all []*archive
}

// resting are open archives without open members.
var resting openArchives

// put adds an archive. It returns an archive to close, or nil.
func (o *openArchives) put(a *archive) (old *archive) {
	const most = 4
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Contains(o.all, a) {
		return nil
	}
	o.all = append(o.all, a)
	if len(o.all) > most {
		old, o.all = o.all[0], slices.Delete(o.all, 0, 1)
	}
	return old
}

// unpackPipe reads the archive t from a pipe to its end, into a temporary file,
// and returns it as the member m. With an error, the archive is what precedes
// the damage.
func unpackPipe(ctx context.Context, m reader.Member, t *decode.Text, opt Options) (*archive, error) {
	a := &archive{member: m, opt: opt, kind: t.Archive, decoded: true}
	return a, a.decode(ctx, t, "", nil, nil) // there is no key, so it does not go to the cache
}

// destination returns a block store if the cache can be written to, and a
// temporary file otherwise.
func (a *archive) destination(key string, of decode.File, id reader.ID) (destination, error) {
	if a.opt.Cache != nil && key != "" {
		start := func(work func()) bool {
			if a.opt.Workers == nil {
				work()
			} else {
				a.opt.Workers.Share(work)
			}
			return true
		}
		if w, err := a.opt.Cache.NewStoreWriterOf(key, of, id, start); err == nil {
			w.Wait, w.Bytes = true, true
			return &toStore{w}, nil
		}
	}
	f, err := blockstore.TempFile(a.opt.Cache, false)
	if err != nil {
		return nil, err
	}
	return &toFile{f}, nil
}

// A destination receives the decompressed bytes of an archive.
type destination interface {
	add(*reader.Block) error
	// finish returns the bytes that were added, and whether they are the only
	// copy. whole says that the archive is complete.
	finish(whole bool) (data archiveData, only bool, err error)
	Abandon(error)
}

type toStore struct{ *blockstore.StoreWriter }

func (w *toStore) add(b *reader.Block) error {
	if !w.StoreWriter.Add(b) {
		return w.Failure()
	}
	return nil
}

func (w *toStore) finish(whole bool) (archiveData, bool, error) {
	st, kept, err := w.FinishOpen(whole)
	if err != nil {
		return nil, false, &reader.FileError{Path: w.Cache.Blocks(), Offset: -1, Err: reader.Cause(err)}
	}
	return &storeBytes{st: st}, !kept, nil
}

type toFile struct{ blockstore.Spooled }

func (w *toFile) add(b *reader.Block) error {
	if !w.Room(b.Offset) {
		return blockstore.ErrSpoolFull
	}
	_, err := w.WriteAt(b.Text, int64(b.Offset))
	return err
}

func (w *toFile) finish(bool) (archiveData, bool, error) { return w.File, true, nil }

func (w *toFile) Abandon(error) { w.Close() }

// storeBytes is an io.ReaderAt for a block store.
type storeBytes struct {
	st *blockstore.Store

	mu   sync.Mutex // guards kept
	kept []KeptBlock
}

func (s *storeBytes) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kept {
		reader.PutBlock(k.B)
	}
	s.kept = nil
	return s.st.F.Close()
}

// ReadAt implements io.ReaderAt.
func (s *storeBytes) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(p) {
		i := s.st.Table.Find(reader.Offset(off) + reader.Offset(n))
		if i < 0 {
			return n, io.EOF
		}
		b, err := s.readBlock(i)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b.Text[reader.Offset(off)+reader.Offset(n)-b.Offset:])
	}
	return n, nil
}

// readBlock decodes a block, unless it is one of the last few. s.mu is held.
func (s *storeBytes) readBlock(i int) (*reader.Block, error) {
	k := slices.IndexFunc(s.kept, func(k KeptBlock) bool { return k.I == i })
	if k >= 0 {
		x := s.kept[k]
		s.kept = append(append(s.kept[:k:k], s.kept[k+1:]...), x)
		return x.B, nil
	}
	var b *reader.Block
	if len(s.kept) < KeptBlocks {
		b = reader.GetBlock()
	} else {
		b = s.kept[0].B
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	if err := s.st.ReadBlock(i, b); err != nil {
		reader.PutBlock(b)
		return nil, err
	}
	s.kept = append(s.kept, KeptBlock{i, b})
	return b, nil
}

// archiveKey returns the key of an archive in the block store. It differs from
// the key for the text of the same file.
func archiveKey(f decode.File) (string, error) {
	key, err := blockstore.StoreKey(f, "")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte("archive " + key))
	return hex.EncodeToString(sum[:16]), nil
}
