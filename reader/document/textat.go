package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/crash"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/line"
)

// A textAt is a member's text, readable from any offset. How it is read depends
// on the file:
//
//	its bytes are its text        they are read from the file
//	it has a block store          blocks are decoded, and the last ones kept
//	otherwise                     it is decoded once, which creates its store;
//	                              if it cannot have one (it is damaged, not
//	                              UTF-8, or comes through a pipe), its text is
//	                              written to a temporary file
type textAt struct {
	id     reader.ID
	path   string
	binary bool // it does not look like text

	file  *os.File // contains the text from bom on; nil if the text is in a block store
	bom   int64
	temp  bool // file is a temporary file, the one of spool
	spool blockstore.Spooled
	piped bool // a goroutine copies standard input to file and closes from
	ra    reader.RandomAccess
	from  reader.Blocks // the blocks that ra or the temporary file come from; nil after their end

	ask      func() reader.RandomAccess // returns access to blocks by an index's table, for line numbers; may be nil
	asking   sync.Once
	counting sync.Mutex // held while lines are counted, so that one goroutine counts; locked before mu

	reading sync.Mutex // held while a block is read; guards blocks
	blocks  []files.KeptBlock

	mu     sync.Mutex          // guards the following fields; never held while a file is read
	size   reader.Offset       // of the text in file or in the store
	known  reader.RandomAccess // line numbers of the text before base; nil if base is 0
	base   reader.Offset
	counts []int64       // number of newlines before base + i*countEvery, for those counted so far
	ended  bool          // the pipe has ended
	damage error         // the first damage, which interrupts or ends the text
	most   reader.Offset // the end of the text that was read
	last   []byte        // the last bytes, up to lastSize, that were read before most
	other  bool          // the file does not contain last any more

	learning    sync.Mutex // guards the following fields; held while the beginning is read
	columns     *line.Columns
	clock       *line.Clock
	learnedFrom int // length of the text they were learned from
}

// Preparing is the progress of decoding a file that cannot be read from its
// middle otherwise.
type Preparing struct {
	Path        string
	Done, Total int64 // bytes on disk; Total is 0 if unknown
}

// openTextAt opens a member's text until life is done. It reports the progress
// of decoding to opt.Progress, and stops decoding when ctx is done. The caller
// closes the result.
func openTextAt(ctx, life context.Context, src *files.LogSource, m reader.Member, opt DocumentOptions) (*textAt, error) {
	progress := opt.Progress
	m.Named = true // opening a file counts as naming it
	if m.Path == reader.Stdin {
		f, err := blockstore.TempFile(src.Options().Cache, true)
		if err != nil {
			return nil, err
		}
		t := &textAt{path: "standard input", file: f.File, spool: f, temp: true, piped: true}
		crash.Go(func() { t.readPipe(life, src.Options().Encoding) }) // the text grows as input arrives
		return t, nil
	}
	for attempt := 1; ; attempt++ {
		b, err := src.Open(life, m, reader.Pos{})
		if errors.As(err, new(files.NoStore)) {
			return spool(ctx, life, src, m, progress)
		}
		if err != nil {
			return nil, err
		}
		if t, ok := directly(b, m); ok {
			if opt.Table != nil && t.file != nil {
				t.ask = func() reader.RandomAccess {
					table, ok := opt.Table(m, b)
					if !ok {
						return nil
					}
					ra, _ := b.(reader.FileBlocks).Access(table)
					return ra
				}
			}
			return t, nil
		}
		stored, ok := b.(*files.RecordedBlocks)
		if ok && attempt == 1 {
			err = decodeAll(ctx, stored, m, progress)
		}
		b.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !ok || err != nil || attempt > 1 {
			return spool(ctx, life, src, m, progress)
		}
	}
}

// readPipe copies standard input to the temporary file as it arrives. It
// returns at its end or, once ctx is done, after the current read, which cannot
// be interrupted.
func (t *textAt) readPipe(ctx context.Context, given decode.Charset) {
	b, err := files.NewFileBlocksIn(ctx, os.Stdin, "standard input", true, given, nil)
	if err != nil {
		t.recordDamage(err)
		return
	}
	t.mu.Lock()
	t.id = b.ID()
	t.mu.Unlock()
	defer b.Close()
	t.from = b
	_ = t.extend(ctx, 0, func(Preparing) {})
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
}

// directly returns a textAt of blocks that can be read from any offset; false
// for others.
func directly(b reader.Blocks, m reader.Member) (*textAt, bool) {
	if ra, ok := b.(reader.RandomAccess); ok {
		return &textAt{id: b.ID(), path: m.Path, ra: ra, from: b, size: ra.Table().Size}, true
	}
	if f, ok := b.(*files.FileBlocks); ok {
		plain, isFile := f.F.(*os.File)
		if bom, ok := f.Direct(); ok && isFile {
			f.T.Release()
			return &textAt{id: b.ID(), path: m.Path, binary: f.T.Binary, file: plain, bom: int64(bom)}, true
		}
	}
	return nil, false
}

// decodeAll reads a member to its end, which creates its block store.
func decodeAll(ctx context.Context, b *files.RecordedBlocks, m reader.Member, progress func(Preparing)) error {
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	w := b.W // b clears it when it is done or has failed
	for {
		if err := b.Next(blk); err == io.EOF {
			return w.Failure()
		} else if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		progress(Preparing{Path: m.Path, Done: blk.Disk, Total: m.Size})
	}
}

// spool decodes a member into a temporary file.
func spool(ctx, life context.Context, src *files.LogSource, m reader.Member, progress func(Preparing)) (*textAt, error) {
	b, err := files.OpenFile(life, m, src.Options().Encoding)
	if err != nil {
		return nil, err
	}
	f, err := blockstore.TempFile(src.Options().Cache, false)
	if err != nil {
		b.Close()
		return nil, err
	}
	t := &textAt{id: b.ID(), path: m.Path, file: f.File, spool: f, temp: true, from: b}
	if err := t.extend(ctx, m.Size, progress); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// extend copies text that was appended to the file. Its only error is that of
// ctx; damage is recorded, and ends the text or leaves a gap. Only one
// goroutine at a time may call it. total is the size of the file, for progress.
func (t *textAt) extend(ctx context.Context, total int64, progress func(Preparing)) error {
	if t.from == nil || !t.temp {
		return nil
	}
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n%256 == 0 {
			if !t.spool.Room(t.end()) {
				t.recordDamage(&reader.FileError{Path: t.path, Offset: -1, Err: blockstore.ErrSpoolFull})
				t.from.Close()
				t.from = nil
				return nil
			}
		}
		err := t.from.Next(blk)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			t.recordDamage(err)
			if reader.Resume(t.from) == nil {
				continue
			}
			t.from.Close()
			t.from = nil
			return nil
		}
		if err := t.write(blk); err != nil {
			t.recordDamage(&reader.FileError{Path: t.path, Offset: -1, Err: reader.Cause(err)})
			t.from.Close()
			t.from = nil
			return nil
		}
		t.mu.Lock()
		t.size = blk.End()
		t.mu.Unlock()
		progress(Preparing{Path: t.path, Done: blk.Disk, Total: total})
	}
}

// write writes a block at its offset in the file. NULs that were left out of
// the block become a hole.
func (t *textAt) write(b *reader.Block) error {
	for _, g := range b.Segments() {
		if _, err := t.file.WriteAt(g.Text, int64(g.Off)); err != nil {
			return err
		}
	}
	if len(b.Skips) == 0 {
		return nil
	}
	info, err := t.file.Stat()
	if err == nil && info.Size() < int64(b.End()) {
		err = t.file.Truncate(int64(b.End()))
	}
	return err
}

// zerosAfter returns the end of the run of NULs that starts at off.
func (t *textAt) zerosAfter(off reader.Offset) (reader.Offset, error) {
	end := t.end()
	if t.file != nil {
		to, err := decode.ZerosAfter(t.file, int64(off)+t.bom, int64(end)+t.bom)
		return reader.Offset(to - t.bom), err
	}
	for off < end {
		b, err := t.block(off)
		if err != nil {
			return off, err
		}
		for _, g := range b.Segments() {
			if off < g.Off || off >= g.End() {
				continue
			}
			if g.Zeros > 0 {
				off = g.End()
				continue
			}
			if off += reader.Offset(decode.LeadingZeros(g.Text[off-g.Off:])); off < g.End() {
				return off, nil
			}
		}
	}
	return off, nil
}

// zerosBefore returns the start of the run of NULs that ends at off.
func (t *textAt) zerosBefore(off reader.Offset) (reader.Offset, error) {
	if t.file != nil {
		return reader.Offset(decode.ZerosBefore(t.file, int64(off)+t.bom, t.bom) - t.bom), nil
	}
	for off > 0 {
		b, err := t.block(off - 1)
		if err != nil {
			return off, err
		}
		for _, g := range slices.Backward(b.Segments()) {
			if off <= g.Off || off > g.End() {
				continue
			}
			if g.Zeros > 0 {
				off = g.Off
				continue
			}
			if off -= reader.Offset(decode.TrailingZeros(g.Text[:off-g.Off])); off > g.Off {
				return off, nil
			}
		}
	}
	return off, nil
}

// identity returns the ID of the text. The ID covers more of a short text after
// it has grown. A text that was truncated keeps its ID.
func (t *textAt) identity() reader.ID {
	t.mu.Lock()
	id := t.id
	t.mu.Unlock()
	if id.Len >= reader.IDSize || t.file == nil {
		return id
	}
	var buf [reader.IDSize]byte
	n, _ := t.readAt(buf[:], 0)
	if n <= id.Len || reader.NewID(buf[:id.Len]) != id {
		return id
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.id = reader.NewID(buf[:n])
	return t.id
}

// recordDamage records the damage err unless there is an earlier one.
func (t *textAt) recordDamage(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.damage == nil {
		t.damage = err
	}
}

// end returns the current size of the text.
func (t *textAt) end() reader.Offset {
	if t.file != nil && !t.temp {
		info, err := t.file.Stat()
		if err != nil {
			return 0
		}
		return reader.Offset(max(0, info.Size()-t.bom))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

// lastSize is the number of bytes at the end of what was read by which a
// truncated file is recognized.
const lastSize = 64

// recordEnd records how far the file was read, and the last bytes there. If p
// differs from bytes recorded before, it records that the file changed.
func (t *textAt) recordEnd(p []byte, off reader.Offset) {
	if t.temp || len(p) == 0 {
		return
	}
	t.mu.Lock()
	gap := off > t.most
	t.mu.Unlock()
	if gap && len(p) < lastSize {
		// p is too short to recognize the file by, and the text before it was
		// not read.
		before := make([]byte, min(off, lastSize))
		if n, _ := t.file.ReadAt(before, int64(off)-int64(len(before))+t.bom); n == len(before) {
			p, off = append(before, p...), off-reader.Offset(n)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	end, known := off+reader.Offset(len(p)), t.most-reader.Offset(len(t.last))
	if from, to := max(off, known), min(end, t.most); from < to && !bytes.Equal(p[from-off:to-off], t.last[from-known:to-known]) {
		t.other = true
	}
	if t.other || end <= t.most {
		return
	}
	if off <= t.most {
		p = p[t.most-off:]
	} else {
		t.last = t.last[:0]
	}
	t.last = append(t.last, p[max(0, len(p)-lastSize):]...)
	if n := len(t.last) - lastSize; n > 0 {
		t.last = append(t.last[:0], t.last[n:]...)
	}
	t.most = end
}

// intact reports whether the file still contains what was read of it. A
// truncated file does not, even if it has become longer since.
func (t *textAt) intact() bool {
	if t.file == nil || t.temp {
		return true
	}
	t.mu.Lock()
	last, at, other := bytes.Clone(t.last), t.most-reader.Offset(len(t.last)), t.other
	t.mu.Unlock()
	if other {
		return false
	}
	buf := make([]byte, len(last))
	n, err := t.file.ReadAt(buf, int64(at)+t.bom)
	if err != nil && err != io.EOF {
		return true // there is no evidence that it changed
	}
	return bytes.Equal(buf[:n], last)
}

// readAt fills p with the text at off, as io.ReaderAt does. It returns ErrCut
// if the file no longer contains what was read of it before.
func (t *textAt) readAt(p []byte, off reader.Offset) (int, error) {
	if t.file != nil {
		n := len(p)
		if t.temp {
			n = int(min(reader.Offset(n), max(0, t.end()-off)))
		}
		n, err := t.file.ReadAt(p[:n], int64(off)+t.bom)
		if err == nil && n < len(p) {
			err = io.EOF
		}
		t.recordEnd(p[:n], off)
		if (err == nil || err == io.EOF) && !t.intact() {
			return 0, &reader.FileError{Path: t.path, Offset: int64(off), Err: ErrCut}
		}
		if err != nil && err != io.EOF {
			err = &reader.FileError{Path: t.path, Offset: int64(off), Err: reader.Cause(err)}
		}
		return n, err
	}
	n := 0
	for n < len(p) {
		b, err := t.block(off + reader.Offset(n))
		if err != nil {
			return n, err
		}
		n += b.Raw(p[n:], off+reader.Offset(n))
	}
	return n, nil
}

// learn returns the columns of the file, nil if it has none, and a Clock that has learned where
// its lines have their times. It learns them again while the text is short: its
// header line may be the only one. listed is when the file was changed last, as it was listed.
func (t *textAt) learn(listed time.Time, formats *line.Formats) (*line.Columns, *line.Clock) {
	changed := listed
	if t.file != nil && !t.temp {
		if info, err := t.file.Stat(); err == nil {
			changed = info.ModTime()
		}
	}
	t.learning.Lock()
	defer t.learning.Unlock()
	size := int(min(t.end(), line.LearnedFrom))
	if t.clock == nil || size > t.learnedFrom {
		buf := make([]byte, size)
		n, err := t.readAt(buf, 0)
		if err != nil && err != io.EOF {
			n = 0
		}
		if t.columns == nil {
			t.columns = line.LearnColumns(buf[:n])
		}
		t.clock = &line.Clock{Ref: changed, Formats: formats}
		t.clock.Learn(buf[:n])
		t.learnedFrom = n
	}
	t.clock.SetRef(changed)
	return t.columns.With(formats), t.clock.Copy()
}

// block returns the decoded block that contains off. Blocks are not modified,
// so that other goroutines may read them.
func (t *textAt) block(off reader.Offset) (*reader.Block, error) {
	i := t.ra.Table().Find(off)
	if i < 0 {
		return nil, io.EOF
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	for k, x := range t.blocks {
		if x.I == i {
			copy(t.blocks[1:k+1], t.blocks[:k])
			t.blocks[0] = x
			return x.B, nil
		}
	}
	b := new(reader.Block) // the block that is discarded for it may still be in use
	if err := t.ra.ReadBlock(i, b); err != nil {
		return nil, err
	}
	t.blocks = append([]files.KeptBlock{{I: i, B: b}}, t.blocks[:min(len(t.blocks), files.KeptBlocks-1)]...)
	return b, nil
}

// close closes the files. It must not be called during extend.
func (t *textAt) close() {
	if t.from != nil && !t.piped {
		t.from.Close()
	}
	if t.file != nil {
		t.file.Close()
	}
	if t.piped {
		_ = os.Remove(t.file.Name())
	}
}
