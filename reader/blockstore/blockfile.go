package blockstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"

	"logview/reader"
	"logview/reader/decode"
)

// A block store makes a compressed file readable from the middle. It is one
// file in the seekable format of zstd, so that the standard zstd -d decodes it:
//
//	one frame per block       zstd frames, each with its checksum
//	our skippable frame       magic 0x184d2a5b, length; then:
//	    file                  8 bytes each: device, inode and time of change of the compressed
//	                          file, and the checksum of its bytes, see vouched.go
//	    id                    varint length and 16 bytes: the member's ID
//	    table                 see table.go
//	    crc                   4 bytes, CRC-32 (IEEE) of file, id and table
//	    length                4 bytes, of file, id, table and crc
//	    "LVS2"
//	the seek table            a skippable frame, too, see below
//
// Source: zstd's contrib/seekable_format/zstd_seekable_compression_format.md.
// Its seek table is for other programs: our table also has lines and times.
//
// A store is found by a key of the compressed file: its size, the time it was
// last written, and its first and last bytes. Renaming changes none of them.
// They prove nothing: files of compress(1), or of several gzip members, may
// differ only in the middle, and times can be set. If anything about the file
// has changed since its store was written, even only its name, its bytes are
// compared by their checksum.
//
// A store is written to a temporary file, which is renamed when it is complete.
// Its frames are verified when they are decoded. A damaged store is deleted,
// and the file itself is read instead.
const (
	storeFrameMagic = 0x184d2a5b
	storeEnd        = "LVS2"
	StoreSuffix     = ".zst"
	KeyBytes        = 4 << 10 // from either end of the file
)

// StoreKey returns the key for the text of the compressed file f. It depends on
// the contents of the file, its size and modification time, and on the charset
// given by the user.
func StoreKey(f decode.File, given decode.Charset) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	size := info.Size()
	h := sha256.New()
	var buf [KeyBytes]byte
	binary.LittleEndian.PutUint64(buf[:], uint64(size))
	binary.LittleEndian.PutUint64(buf[8:], uint64(info.ModTime().UnixNano()))
	h.Write(buf[:16])
	h.Write([]byte(given))
	for _, off := range []int64{0, max(0, size-KeyBytes)} {
		n, err := f.ReadAt(buf[:], off)
		if err != nil && err != io.EOF {
			return "", err
		}
		h.Write(buf[:n])
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// A Store is an open block store. It may be used by several goroutines at once.
type Store struct {
	F     *os.File
	Path  string
	ID    reader.ID
	Table *reader.Table

	file reader.Stamp // device, inode and change time of the compressed file
	sum  uint64
}

// belongsTo reports whether the store has the text of the current state of the
// compressed file f. If mayRead is set, it reads all of f if that is necessary
// to decide.
func (s *Store) belongsTo(ctx context.Context, c *Cache, f decode.File, mayRead bool) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	now := reader.StampOf(info)
	// Members of archives have no change time.
	if _, alone := f.(*os.File); alone && now.SameFile(s.file) && now.Changed == s.file.Changed {
		return true
	}
	sum, ok := c.Checksum(now)
	if !ok && mayRead {
		sum, _, ok = c.fileSum(ctx, f)
	}
	return ok && sum == s.sum
}

// OpenStore opens the store of the compressed file f; false if there is none
// that can be used. If all of f must be read to decide that, OpenStore does so
// only if mayRead is set.
func (c *Cache) OpenStore(ctx context.Context, f decode.File, given decode.Charset, mayRead bool) (*Store, bool) {
	if c == nil {
		return nil, false
	}
	key, err := StoreKey(f, given)
	if err != nil {
		return nil, false
	}
	return c.OpenStoreOf(ctx, key, f, mayRead)
}

// OpenStoreOf opens the store with a key, like OpenStore.
func (c *Cache) OpenStoreOf(ctx context.Context, key string, f decode.File, mayRead bool) (*Store, bool) {
	if c == nil {
		return nil, false
	}
	dir, err := c.Sub(BlocksName, false)
	if err != nil {
		return nil, false
	}
	path := filepath.Join(dir, key+StoreSuffix)
	s, err := ReadStore(path)
	if err != nil {
		if errors.Is(err, errStore) {
			os.Remove(path)
		}
		return nil, false
	}
	if !s.belongsTo(ctx, c, f, mayRead) {
		s.F.Close()
		return nil, false
	}
	if info, err := s.F.Stat(); err == nil {
		c.Touch(path, info)
	}
	return s, true
}

var errStore = errors.New("damaged block store")

// ReadStore reads the directory of a block store. The file must be complete.
func ReadStore(path string) (*Store, error) {
	f, err := OpenKept(path)
	if err != nil {
		return nil, err
	}
	s := &Store{F: f, Path: path}
	if err := s.readTable(); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// readTable reads our frame, which precedes the seek table, from the end of the
// file. The last 64 KiB contain both for a gigabyte of text.
func (s *Store) readTable() error {
	info, err := s.F.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	tail := make([]byte, min(size, 64<<10))
	if _, err := s.F.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	const footer = 9 // number of frames, descriptor, magic
	if len(tail) < footer || binary.LittleEndian.Uint32(tail[len(tail)-4:]) != 0x8f92eab1 {
		return errStore
	}
	frames := int64(binary.LittleEndian.Uint32(tail[len(tail)-9:]))
	entry := int64(8)
	if tail[len(tail)-5]&0x80 != 0 {
		entry = 12
	}
	ours := size - (8 + frames*entry + footer) // end of our frame
	const trailer = 8
	if ours < trailer {
		return errStore
	}
	at := func(off, n int64) ([]byte, error) {
		if off < 0 || n < 0 || off+n > size {
			return nil, errStore
		}
		if first := size - int64(len(tail)); off >= first {
			return tail[off-first:][:n], nil
		}
		b := make([]byte, n)
		_, err := s.F.ReadAt(b, off)
		return b, err
	}
	end, err := at(ours-trailer, trailer)
	if err != nil {
		return err
	}
	if string(end[4:]) != storeEnd {
		return errStore
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n > 256<<20 { // the table of a text of some 5 TB
		return errStore
	}
	payload, err := at(ours-trailer-n, n)
	if err != nil {
		return err
	}
	if len(payload) < 4+16+1 {
		return errStore
	}
	body, sum := payload[:len(payload)-4], payload[len(payload)-4:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return errStore
	}
	if len(body) < 4*8 {
		return errStore
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(body[8*i:]) }
	s.file, s.sum = reader.Stamp{Dev: word(0), Ino: word(1), Changed: int64(word(2))}, word(3)
	body = body[4*8:]
	idLen, k := binary.Uvarint(body)
	if k <= 0 || len(body) < k+16 || idLen > reader.IDSize {
		return errStore
	}
	s.ID.Len = int(idLen)
	copy(s.ID.Sum[:], body[k:])
	s.Table, err = reader.DecodeTable(body[k+16:])
	return err
}

var frameDecoders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(reader.BlockSize))
	if err != nil {
		panic(err) // only options can be invalid
	}
	return z
}}

var framePool = sync.Pool{New: func() any { return new([]byte) }}

// ReadBlock decodes block i into b.
func (s *Store) ReadBlock(i int, b *reader.Block) error {
	k := &s.Table.Blocks[i]
	packed := framePool.Get().(*[]byte)
	defer framePool.Put(packed)
	if cap(*packed) < k.StoredLen {
		*packed = make([]byte, max(k.StoredLen, 96<<10)) // stores of logs have 12% of their size
	}
	p := (*packed)[:k.StoredLen]
	if _, err := s.F.ReadAt(p, k.Stored); err != nil {
		return err
	}
	text, err := decodeFrame(p, b.Grow()[:0])
	if err != nil {
		return err
	}
	if len(text) != k.Len {
		return errStore
	}
	b.Set(reader.Block{Text: text, Skips: k.Skips, Offset: k.Offset, Line: k.Line, Lines: k.Lines, Disk: k.Stored + int64(k.StoredLen),
		Continues: k.Continues, Unfinished: k.Unfinished})
	return nil
}

// decodeFrame appends the text of a frame to dst. It discards the decoder after
// a panic.
func decodeFrame(frame, dst []byte) (text []byte, err error) {
	defer decode.Recover(&err)
	z := frameDecoders.Get().(*zstd.Decoder)
	text, err = z.DecodeAll(frame, dst)
	frameDecoders.Put(z)
	return text, err
}

// A StoreWriter writes a block store while a caller decodes the file.
// Compressing a block takes several times as long as decoding it, so this is
// done in goroutines, which start starts: it runs a function concurrently, or
// returns false if that would delay the user. In that case the store is
// abandoned.
type StoreWriter struct {
	Cache *Cache
	of    decode.File  // the compressed file; must be open until the writer is done
	stamp reader.Stamp // when reading the file started
	key   string
	id    reader.ID
	start func(func()) bool
	Wait  bool // wait for the compressors instead of abandoning the store
	Bytes bool // the store has bytes of an archive, not text

	mu      sync.Mutex
	written sync.Cond // on mu: a frame was written, or the writer was abandoned
	f       *os.File
	frames  map[int][]byte // compressed frames that wait for those before them
	next    int            // index of the next frame to write
	begun   int            // number of frames passed to start
	err     error          // why the store was abandoned; nil if it was not
	stored  []int          // lengths of the written frames
	changed bool           // the compressed file changed while it was read

	Table TableBuilder
}

// maxFrames is the maximum number of blocks of a store that wait to be
// compressed or written.
const maxFrames = 16

var (
	// ErrGivenUp says that a store was abandoned by its writer.
	ErrGivenUp = errors.New("given up")
	errChanged = errors.New("the file was changed while it was read")
)

var frameEncoders = sync.Pool{New: func() any {
	// Level "fastest" stores real logs in 11.6% of their size at 550 MB/s per
	// core; "default" reduces that by no more than a three-hundredth.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(reader.BlockSize))
	if err != nil {
		panic(err) // only options can be invalid
	}
	return z
}}

// NewStoreWriter starts a store for the file f, see NewStoreWriterOf.
func (c *Cache) NewStoreWriter(f decode.File, given decode.Charset, id reader.ID, start func(func()) bool) (*StoreWriter, error) {
	key, err := StoreKey(f, given)
	if err != nil {
		return nil, err
	}
	return c.NewStoreWriterOf(key, f, id, start)
}

// NewStoreWriterOf starts the store of f with a key. f must stay open until the
// store is finished or abandoned.
func (c *Cache) NewStoreWriterOf(key string, f decode.File, id reader.ID, start func(func()) bool) (*StoreWriter, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	dir, err := c.Sub(BlocksName, true)
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(dir, TmpPrefix)
	if err != nil {
		return nil, err
	}
	w := &StoreWriter{Cache: c, of: f, stamp: reader.StampOf(info), key: key, id: id, start: start, f: out, frames: map[int][]byte{}}
	w.written.L = &w.mu
	return w, nil
}

// Add adds a copy of block b, which must be the next one. It returns false if
// the store was abandoned.
func (w *StoreWriter) Add(b *reader.Block) bool {
	w.mu.Lock()
	for w.Wait && w.err == nil && w.begun-w.next >= maxFrames {
		w.written.Wait()
	}
	i, err, waiting := w.begun, w.err, w.begun-w.next
	w.begun++
	w.mu.Unlock()
	if err == nil && waiting >= maxFrames {
		err = ErrGivenUp
	}
	if err != nil {
		w.Abandon(err)
		return false
	}
	if w.Bytes {
		w.Table.AddKnown(reader.TableBlock{Offset: b.Offset, Len: len(b.Text)})
	} else {
		w.Table.Add(b, nil)
	}

	copied := reader.GetBlock()
	copied.SetText(b.Text)
	ok := w.start(func() {
		z := frameEncoders.Get().(*zstd.Encoder)
		frame := z.EncodeAll(copied.Text, nil)
		frameEncoders.Put(z)
		n := len(copied.Text)
		reader.PutBlock(copied)
		w.writeFrame(i, frame, n)
	})
	if !ok {
		w.Abandon(ErrGivenUp)
	}
	return ok
}

// writeFrame writes frame i, and the frames that waited for it.
func (w *StoreWriter) writeFrame(i int, frame []byte, size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.written.Broadcast()
	if w.err != nil {
		return
	}
	w.frames[i] = frame
	for {
		frame, ok := w.frames[w.next]
		if !ok {
			return
		}
		delete(w.frames, w.next)
		if _, err := w.f.Write(frame); err != nil {
			w.giveUp(err)
			return
		}
		w.stored = append(w.stored, len(frame))
		w.next++
	}
}

// giveUp abandons the store and deletes its file. w.mu is held.
func (w *StoreWriter) giveUp(err error) {
	if w.err != nil {
		return
	}
	w.err = err
	w.frames = nil
	w.f.Close()
	os.Remove(w.f.Name())
}

// Abandon deletes the unfinished store, because of err.
func (w *StoreWriter) Abandon(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.giveUp(err)
	w.written.Broadcast()
}

// Finish completes the store after the file's last block, and waits until it is
// published.
func (w *StoreWriter) Finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.next < w.begun {
		w.written.Wait()
	}
	if w.err != nil {
		return w.err
	}
	if err := w.complete(); err != nil {
		w.giveUp(err)
		return err
	}
	return nil
}

// FinishOpen completes the store like Finish, and opens it. If publish is not
// set, the store is deleted and stays readable until it is closed. kept reports
// whether the store was published.
func (w *StoreWriter) FinishOpen(publish bool) (st *Store, kept bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.next < w.begun {
		w.written.Wait()
	}
	if w.err != nil {
		return nil, false, w.err
	}
	if err = w.writeEnd(); err == nil {
		st, err = ReadStore(w.f.Name())
	}
	if err != nil {
		w.giveUp(err)
		return nil, false, err
	}
	if publish && w.publish() == nil {
		st.Path = filepath.Join(filepath.Dir(st.Path), w.key+StoreSuffix)
		return st, true, nil
	}
	os.Remove(st.Path) // an open file stays readable, if the system supports that
	return st, false, nil
}

func (w *StoreWriter) complete() error {
	if err := w.writeEnd(); err != nil {
		return err
	}
	return w.publish()
}

// writeEnd writes the data after the frames, and closes the file.
func (w *StoreWriter) writeEnd() error {
	table := w.Table.Finish()
	for i, n := range w.stored {
		table.Blocks[i].StoredLen = n
	}
	sum, stamp, ok := w.Cache.fileSum(context.Background(), w.of)
	w.changed = !ok || stamp != w.stamp
	var body []byte
	for _, v := range []uint64{stamp.Dev, stamp.Ino, uint64(stamp.Changed), sum} {
		body = binary.LittleEndian.AppendUint64(body, v)
	}
	body = binary.AppendUvarint(body, uint64(w.id.Len))
	body = append(body, w.id.Sum[:]...)
	body = append(body, table.Encode()...)
	body = binary.LittleEndian.AppendUint32(body, crc32.ChecksumIEEE(body))
	payload := binary.LittleEndian.AppendUint32(body, uint32(len(body)))
	payload = append(payload, storeEnd...)

	out := binary.LittleEndian.AppendUint32(nil, storeFrameMagic)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(payload)))
	out = append(out, payload...)
	out = append(out, table.SeekTable(len(out))...)
	if _, err := w.f.Write(out); err != nil {
		return err
	}
	return w.f.Close()
}

// publish renames the store to its final name.
func (w *StoreWriter) publish() error {
	if w.changed {
		return errChanged
	}
	info, err := os.Stat(w.f.Name())
	if err != nil {
		return err
	}
	if !w.Cache.MakeRoom(info.Size(), info.Size()) {
		os.Remove(w.f.Name())
		return errors.New("there is no room in the cache")
	}
	path := filepath.Join(filepath.Dir(w.f.Name()), w.key+StoreSuffix)
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return &fs.PathError{Op: "rename", Path: path, Err: errNotRegular}
	}
	if err := os.Rename(w.f.Name(), path); err != nil {
		return err
	}
	w.Cache.RecordGrowth(info.Size())
	return nil
}

// Failure returns why there is no store; nil if there is one.
func (w *StoreWriter) Failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return &reader.FileError{Path: w.Cache.Blocks(), Offset: -1, Err: reader.Cause(w.err)}
}
