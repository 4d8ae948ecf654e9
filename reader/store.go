package reader

import (
	"bytes"
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
)

// A block store makes a compressed file readable from the middle. It is one
// file in the seekable format of zstd, so that the stock zstd -d decodes it:
//
//	a frame a block           zstd frames, each with its checksum
//	our skippable frame       magic 0x184d2a5b, length; then:
//	    file                  8 bytes each: device, inode and time of change of the compressed
//	                          file, and the checksum of its bytes, see vouched.go
//	    id                    varint length and 16 bytes: the member's ID
//	    table                 see table.go
//	    crc                   4 bytes, CRC-32 (IEEE) of file, id and table
//	    length                4 bytes, of file, id, table and crc
//	    "LVS2"
//	the seek table            a skippable frame too, see below
//
// Source: zstd's contrib/seekable_format/zstd_seekable_compression_format.md.
// Its table is for others: ours knows lines and times as well.
//
// A store is found by a key of the compressed file: its size, the time it was
// last written, and its first and last bytes. Renaming changes none of them.
// They prove nothing: files of compress(1), or of several gzip members, may
// differ in the middle alone, and times can be set. If anything of the file
// changed since its store was written, be it its name, its bytes are compared
// by their checksum.
//
// A store is written to a temporary file and renamed when it is whole. Its
// frames are checked as they are decoded. A damaged store is deleted and the
// file itself read instead.
const (
	storeFrameMagic = 0x184d2a5b
	storeEnd        = "LVS2"
	storeSuffix     = ".zst"
	keyBytes        = 4 << 10 // of either end of the file
)

// storeKey names the text of the compressed file f by what that holds, and by
// the charset that is given for it.
func storeKey(f file, given Charset) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	size := info.Size()
	h := sha256.New()
	var buf [keyBytes]byte
	binary.LittleEndian.PutUint64(buf[:], uint64(size))
	binary.LittleEndian.PutUint64(buf[8:], uint64(info.ModTime().UnixNano()))
	h.Write(buf[:16])
	h.Write([]byte(given))
	for _, off := range []int64{0, max(0, size-keyBytes)} {
		n, err := f.ReadAt(buf[:], off)
		if err != nil && err != io.EOF {
			return "", err
		}
		h.Write(buf[:n])
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// A store is an open block store, for any number of goroutines.
type store struct {
	f     *os.File
	path  string
	id    ID
	table *Table

	file Stamp // device, inode and time of change of the compressed file
	sum  uint64
}

// isOf reports whether the store is of the compressed file f as it is now. It
// reads all of that if need be, and if it may.
func (s *store) isOf(ctx context.Context, c *Cache, f file, mayRead bool) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	now := stampOf(info)
	// Of what lies in an archive there is no time of change.
	if _, alone := f.(*os.File); alone && now.SameFile(s.file) && now.Changed == s.file.Changed {
		return true
	}
	sum, ok := c.Checksum(now)
	if !ok && mayRead {
		sum, _, ok = c.fileSum(ctx, f)
	}
	return ok && sum == s.sum
}

// openStore opens the store of the compressed file f, if there is one that
// can be used. Where it takes reading all of f to see that, it does so if it
// may.
func (c *Cache) openStore(ctx context.Context, f file, given Charset, mayRead bool) (*store, bool) {
	if c == nil {
		return nil, false
	}
	key, err := storeKey(f, given)
	if err != nil {
		return nil, false
	}
	return c.openStoreOf(ctx, key, f, mayRead)
}

// openStoreOf opens the store that a key names, as openStore does.
func (c *Cache) openStoreOf(ctx context.Context, key string, f file, mayRead bool) (*store, bool) {
	if c == nil {
		return nil, false
	}
	dir, err := c.sub(blocksName, false)
	if err != nil {
		return nil, false
	}
	path := filepath.Join(dir, key+storeSuffix)
	s, err := readStore(path)
	if err != nil {
		if errors.Is(err, errStore) {
			os.Remove(path)
		}
		return nil, false
	}
	if !s.isOf(ctx, c, f, mayRead) {
		s.f.Close()
		return nil, false
	}
	if info, err := s.f.Stat(); err == nil {
		c.touch(path, info)
	}
	return s, true
}

var errStore = errors.New("damaged block store")

func readStore(path string) (*store, error) {
	f, err := OpenKept(path)
	if err != nil {
		return nil, err
	}
	s := &store{f: f, path: path}
	if err := s.readTable(); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// readTable finds our frame in front of the seek table, reading from the
// end. 64 KiB hold both for a gigabyte of text.
func (s *store) readTable() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	tail := make([]byte, min(size, 64<<10))
	if _, err := s.f.ReadAt(tail, size-int64(len(tail))); err != nil {
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
	ours := size - (8 + frames*entry + footer) // where our frame ends
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
		_, err := s.f.ReadAt(b, off)
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
	s.file, s.sum = Stamp{Dev: word(0), Ino: word(1), Changed: int64(word(2))}, word(3)
	body = body[4*8:]
	idLen, k := binary.Uvarint(body)
	if k <= 0 || len(body) < k+16 || idLen > idSize {
		return errStore
	}
	s.id.Len = int(idLen)
	copy(s.id.Sum[:], body[k:])
	s.table, err = DecodeTable(body[k+16:])
	return err
}

var frameDecoders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(BlockSize))
	if err != nil {
		panic(err) // only options can be wrong
	}
	return z
}}

var framePool = sync.Pool{New: func() any { return new([]byte) }}

// readBlock decodes block i into b.
func (s *store) readBlock(i int, b *Block) error {
	k := &s.table.Blocks[i]
	b.room()
	packed := framePool.Get().(*[]byte)
	defer framePool.Put(packed)
	if cap(*packed) < k.storedLen {
		*packed = make([]byte, max(k.storedLen, 96<<10)) // logs take 12% of their size
	}
	p := (*packed)[:k.storedLen]
	if _, err := s.f.ReadAt(p, k.stored); err != nil {
		return err
	}
	z := frameDecoders.Get().(*zstd.Decoder)
	text, err := z.DecodeAll(p, b.buf[:0])
	frameDecoders.Put(z)
	if err != nil {
		return err
	}
	if len(text) != k.Len {
		return errStore
	}
	*b = Block{Text: text, Skips: k.Skips, Offset: k.Offset, Line: k.Line, Lines: k.Lines, Disk: k.stored + int64(k.storedLen),
		Continues: k.Continues, Unfinished: k.Unfinished, buf: b.buf}
	return nil
}

// storedBlocks reads a compressed file through its block store.
type storedBlocks struct {
	ctx    context.Context
	s      *store
	member Member
	path   string
	stamp  Stamp // of the compressed file
	given  Charset
	next   int
	skip   Offset // in block next, where reading began; 0 for its beginning
	line   Line

	mu     sync.Mutex // guards what follows
	direct *fileBlocks
	pos    int // the block that direct reads next
	closed bool
}

func (b *storedBlocks) ID() ID        { return b.s.id }
func (b *storedBlocks) Table() *Table { return b.s.table }

func (b *storedBlocks) ReadBlock(i int, blk *Block) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	err := b.s.readBlock(i, blk)
	if err != nil && !errors.Is(err, os.ErrClosed) {
		os.Remove(b.s.path)
		err = b.readDirect(i, blk)
	}
	// Progress is counted in bytes of the file the person knows.
	if t := b.s.table; t.Size > 0 {
		blk.Disk = int64(float64(b.stamp.Size) * float64(blk.End()) / float64(t.Size))
	}
	return err
}

// readDirect reads a block from the file itself, when the store turned out
// to be damaged.
func (b *storedBlocks) readDirect(i int, blk *Block) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.direct == nil || b.pos > i {
		if b.direct != nil {
			b.direct.Close()
		}
		var err error
		// Others of this reader's goroutines may wait for b.mu, with all that
		// they would have to give up while this one waits.
		if b.direct, err = openFile(impatient(b.ctx), b.member, b.given); err != nil {
			return err
		}
		b.pos = 0
	}
	for {
		if err := b.direct.Next(blk); err != nil {
			if err == io.EOF {
				err = &FileError{Path: b.path, Offset: -1, Err: errors.New("changed while it was read")}
			}
			return err
		}
		if b.pos++; b.pos > i {
			return nil
		}
	}
}

func (b *storedBlocks) Next(blk *Block) error {
	if b.next >= len(b.s.table.Blocks) {
		return io.EOF
	}
	if err := b.ReadBlock(b.next, blk); err != nil {
		return err
	}
	b.next++
	if b.skip > 0 {
		blk.Advance(blk.Index(b.skip))
		blk.Line = b.line
		b.skip = 0
	}
	return nil
}

func (b *storedBlocks) seek(at Pos) error {
	i := b.s.table.Find(at.Offset)
	if i < 0 {
		if at.Offset == b.s.table.Size {
			b.next = len(b.s.table.Blocks)
			return nil
		}
		return &FileError{Path: b.path, Offset: -1, Err: ErrGone}
	}
	b.next = i
	if b.line = at.Line; at.Offset > b.s.table.Blocks[i].Offset {
		b.skip = at.Offset
	}
	return nil
}

func (b *storedBlocks) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.direct != nil {
		b.direct.Close()
		b.direct = nil
	}
	if b.closed {
		return nil
	}
	b.closed = true
	return b.s.f.Close()
}

// A storeWriter writes a block store while somebody else decodes the file.
// Compressing a block takes several times as long as decoding it, so it is
// done by goroutines that start is asked for: start runs a function beside
// the caller, or reports false when that would cost the person time, and
// then the store is given up.
type storeWriter struct {
	cache *Cache
	of    file  // the compressed file, open until the writer is done
	stamp Stamp // of when its reading began
	key   string
	id    ID
	start func(func()) bool
	wait  bool // for the compressors, rather than give up
	bytes bool // what is stored is no text

	mu      sync.Mutex
	written sync.Cond // of mu: a frame was written, or the writer was given up
	f       *os.File
	frames  map[int][]byte // compressed, waiting for those before them
	next    int            // the frame to be written next
	begun   int            // frames given to start
	err     error          // why it was given up
	stored  []int          // lengths of the frames written
	changed bool           // the compressed file, while it was read

	table TableBuilder
}

// maxFrames bounds the blocks of one store that wait to be compressed or
// written.
const maxFrames = 16

var (
	errGivenUp = errors.New("given up")
	errChanged = errors.New("the file was changed while it was read")
)

var frameEncoders = sync.Pool{New: func() any {
	// Level "fastest" stores real logs in 11.6% of their size at 550 MB/s a
	// core; "default" saves no more than a three-hundredth of that.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(BlockSize))
	if err != nil {
		panic(err) // only options can be wrong
	}
	return z
}}

// newStoreWriter begins a store for the file f.
func (c *Cache) newStoreWriter(f file, given Charset, id ID, start func(func()) bool) (*storeWriter, error) {
	key, err := storeKey(f, given)
	if err != nil {
		return nil, err
	}
	return c.newStoreWriterOf(key, f, id, start)
}

// newStoreWriterOf begins the store of f that a key names. f must stay open
// until the store is finished or given up.
func (c *Cache) newStoreWriterOf(key string, f file, id ID, start func(func()) bool) (*storeWriter, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	dir, err := c.sub(blocksName, true)
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(dir, tmpPrefix)
	if err != nil {
		return nil, err
	}
	w := &storeWriter{cache: c, of: f, stamp: stampOf(info), key: key, id: id, start: start, f: out, frames: map[int][]byte{}}
	w.written.L = &w.mu
	return w, nil
}

// add takes a copy of block b, the one after the block added last. It
// reports false when the store was given up.
func (w *storeWriter) add(b *Block) bool {
	w.mu.Lock()
	for w.wait && w.err == nil && w.begun-w.next >= maxFrames {
		w.written.Wait()
	}
	i, err, waiting := w.begun, w.err, w.begun-w.next
	w.begun++
	w.mu.Unlock()
	if err == nil && waiting >= maxFrames {
		err = errGivenUp
	}
	if err != nil {
		w.abandon(err)
		return false
	}
	if w.bytes {
		w.table.AddKnown(TableBlock{Offset: b.Offset, Len: len(b.Text)})
	} else {
		w.table.Add(b)
	}

	copied := GetBlock()
	copied.buf = append(copied.buf[:0], b.Text...)
	ok := w.start(func() {
		z := frameEncoders.Get().(*zstd.Encoder)
		frame := z.EncodeAll(copied.buf, nil)
		frameEncoders.Put(z)
		n := len(copied.buf)
		copied.buf = copied.buf[:cap(copied.buf)]
		PutBlock(copied)
		w.put(i, frame, n)
	})
	if !ok {
		w.abandon(errGivenUp)
	}
	return ok
}

// put writes frame i, and those that waited for it.
func (w *storeWriter) put(i int, frame []byte, size int) {
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
			w.fail(err)
			return
		}
		w.stored = append(w.stored, len(frame))
		w.next++
	}
}

// fail gives the store up. w.mu is held.
func (w *storeWriter) fail(err error) {
	if w.err != nil {
		return
	}
	w.err = err
	w.frames = nil
	w.f.Close()
	os.Remove(w.f.Name())
}

func (w *storeWriter) abandon(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(err)
	w.written.Broadcast()
}

// finish completes the store after the file's last block and waits until it
// lies in its place.
func (w *storeWriter) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.next < w.begun {
		w.written.Wait()
	}
	if w.err != nil {
		return w.err
	}
	if err := w.complete(); err != nil {
		w.fail(err)
		return err
	}
	return nil
}

// finishOpen is finish, and opens the store. Unless publish, nobody else will
// find it; kept reports whether it lies in its place.
func (w *storeWriter) finishOpen(publish bool) (st *store, kept bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.next < w.begun {
		w.written.Wait()
	}
	if w.err != nil {
		return nil, false, w.err
	}
	if err = w.end(); err == nil {
		st, err = readStore(w.f.Name())
	}
	if err != nil {
		w.fail(err)
		return nil, false, err
	}
	if publish && w.publish() == nil {
		st.path = filepath.Join(filepath.Dir(st.path), w.key+storeSuffix)
		return st, true, nil
	}
	os.Remove(st.path) // what is open stays readable, where the system can do that
	return st, false, nil
}

func (w *storeWriter) complete() error {
	if err := w.end(); err != nil {
		return err
	}
	return w.publish()
}

// end writes what follows the frames, and closes the file.
func (w *storeWriter) end() error {
	table := w.table.Finish()
	for i, n := range w.stored {
		table.Blocks[i].storedLen = n
	}
	sum, stamp, ok := w.cache.fileSum(context.Background(), w.of)
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
	out = append(out, table.seekTable(len(out))...)
	if _, err := w.f.Write(out); err != nil {
		return err
	}
	return w.f.Close()
}

// publish puts the store into its place.
func (w *storeWriter) publish() error {
	if w.changed {
		return errChanged
	}
	info, err := os.Stat(w.f.Name())
	if err != nil {
		return err
	}
	if !w.cache.makeRoom(info.Size(), info.Size()) {
		os.Remove(w.f.Name())
		return errors.New("there is no room in the cache")
	}
	path := filepath.Join(filepath.Dir(w.f.Name()), w.key+storeSuffix)
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return &fs.PathError{Op: "rename", Path: path, Err: errNotRegular}
	}
	if err := os.Rename(w.f.Name(), path); err != nil {
		return err
	}
	w.cache.Grew(info.Size())
	return nil
}

// seekTable is the frame that other programs seek by. Its entries are the
// stored and the decoded length of each frame, ours among them.
func (t *Table) seekTable(ours int) []byte {
	n := len(t.Blocks) + 1
	out := binary.LittleEndian.AppendUint32(nil, 0x184d2a5e)
	out = binary.LittleEndian.AppendUint32(out, uint32(n*8+9))
	for _, k := range t.Blocks {
		out = binary.LittleEndian.AppendUint32(out, uint32(k.storedLen))
		out = binary.LittleEndian.AppendUint32(out, uint32(k.Len))
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(ours))
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(n))
	out = append(out, 0) // no checksums here: the frames have their own
	return binary.LittleEndian.AppendUint32(out, 0x8f92eab1)
}

func countLines(text []byte) int { return bytes.Count(text, newline) }

// failure is why there is no store, nil if there is one.
func (w *storeWriter) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return &FileError{Path: w.cache.blocks(), Offset: -1, Err: cause(w.err)}
}
