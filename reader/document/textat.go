package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/crash"
	"logview/reader/decode"
	"logview/reader/files"
)

// A textAt is a member's text, readable from anywhere. How depends on what
// the file is:
//
//	its bytes are its text        they are read where they are
//	it has a block store          the blocks are decoded, the last ones kept
//	else                          it is decoded once, which makes its store;
//	                              where it gets none (it is damaged, or not
//	                              UTF-8, or comes through a pipe), the text
//	                              is in a temporary file from then on
type textAt struct {
	id     reader.ID
	path   string
	binary bool // it does not look like text

	file  *os.File // the text, behind bom; nil if stored
	bom   int64
	temp  bool // file is ours, and spool
	spool blockstore.Spooled
	piped bool // and what comes through a pipe gets into it, by a goroutine that closes from
	ra    reader.RandomAccess
	from  reader.Blocks // of which ra or what is in the temporary file is made; nil if there is no more of it

	ask      func() reader.RandomAccess // of an index, whose table says where lines are; nil for none
	asking   sync.Once
	counting sync.Mutex // held while lines are counted: once is enough; taken before mu

	reading sync.Mutex // held while a block is read; guards blocks
	blocks  []files.KeptBlock

	mu     sync.Mutex          // guards what follows; never held while a file is read
	size   reader.Offset       // of what is spooled or stored
	known  reader.RandomAccess // where lines are before base; nil if that is the beginning
	base   reader.Offset
	counts []int64       // newlines before each countEvery bytes behind base; as far as they are counted
	ended  bool          // no more will come through the pipe
	damage error         // that ends or interrupts the text
	most   reader.Offset // how far the text was read
	last   []byte        // the text before that
	other  bool          // the file does not hold that any more
}

const (
	// countEvery is how many bytes there are between two known numbers of
	// lines: 80 KB of memory for 10 GiB of text, and a tenth of a millisecond
	// to count from one.
	countEvery = 1 << 20
)

// Preparing is how far the decoding of a file has come that cannot be read
// from its middle before.
type Preparing struct {
	Path        string
	Done, Total int64 // bytes on disk
}

// openTextAt opens a member's text until life is done. It reports decoding to
// progress, and stops it when ctx is done. The caller closes the result.
func openTextAt(ctx, life context.Context, src *files.LogSource, m reader.Member, opt DocumentOptions) (*textAt, error) {
	progress := opt.Progress
	m.Named = true // opening a file names it
	if m.Path == reader.Stdin {
		f, err := blockstore.TempFile(src.Options().Cache, true)
		if err != nil {
			return nil, err
		}
		t := &textAt{path: "standard input", file: f.File, spool: f, temp: true, piped: true}
		crash.Go(func() { t.readPipe(life, src.Options().Encoding) }) // grows as it comes
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

// readPipe reads standard input as it arrives. It returns at its end or, once
// ctx is done, after the current read, which cannot be interrupted.
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

// directly makes a textAt of what can be read from anywhere.
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

// decodeAll reads a member to its end, which makes its block store.
func decodeAll(ctx context.Context, b *files.RecordedBlocks, m reader.Member, progress func(Preparing)) error {
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	w := b.W // which b forgets when it is done or has failed
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

// extend reads what was appended to the file, and returns an error only if ctx
// was done. One goroutine at a time may call it. What is damaged ends the text
// there, or continues after it.
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

// write puts a block where it is in the text. What was left out of it as
// NULs is a hole.
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

// zerosAfter returns where the NULs end that the text has from off on.
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

// zerosBefore returns where the NULs begin that the text has before off.
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

// identity returns the ID of the text, of more of it if it has grown since. A
// text that was cut off keeps the one it had.
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

// recordDamage records the first damage.
func (t *textAt) recordDamage(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.damage == nil {
		t.damage = err
	}
}

// end returns the size of the text, as it is now.
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

// lastSize is how much of the end of what was read a file is known by.
const lastSize = 64

// recordEnd records how far the file was read, and what identifies the text
// there.
func (t *textAt) recordEnd(p []byte, off reader.Offset) {
	if t.temp || len(p) == 0 {
		return
	}
	t.mu.Lock()
	gap := off > t.most
	t.mu.Unlock()
	if gap && len(p) < lastSize {
		// Too little to know it by, of a file that was not read before it.
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

// intact reports whether the file still holds what was read of it. It is not if
// it was cut off, however long it has grown since.
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
		return true // nothing says that it is not
	}
	return bytes.Equal(buf[:n], last)
}

// readAt fills p with the text at off, as io.ReaderAt does. What a file holds
// that is not what was read of it any more is another text.
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

// block returns the decoded block that holds off. It is not changed any more,
// and others may read it at the same time.
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
	b := new(reader.Block) // the one that makes room may still be read
	if err := t.ra.ReadBlock(i, b); err != nil {
		return nil, err
	}
	t.blocks = append([]files.KeptBlock{{I: i, B: b}}, t.blocks[:min(len(t.blocks), files.KeptBlocks-1)]...)
	return b, nil
}

// number returns the line that off is in, false if the lines before it are
// not counted yet.
func (t *textAt) number(off reader.Offset) (reader.Line, bool) {
	if t.ra != nil {
		b, err := t.block(off)
		if err != nil {
			return reader.Line(t.ra.Table().Lines), err == io.EOF
		}
		return b.Line + reader.Line(reader.CountLines(b.Text[:b.Index(off)])), true
	}
	t.mu.Lock()
	if t.known != nil && off < t.base {
		known := t.known
		t.mu.Unlock()
		b := reader.GetBlock()
		defer reader.PutBlock(b)
		if err := known.ReadBlock(known.Table().Find(off), b); err != nil || !t.intact() {
			return -1, false
		}
		return b.Line + reader.Line(reader.CountLines(b.Text[:b.Index(off)])), true
	}
	base, i := t.base, int((off-t.base)/countEvery)
	known := i < len(t.counts)
	n := int64(0)
	if known {
		n = t.counts[i]
	}
	t.mu.Unlock()
	if i == 0 && base == 0 {
		known, n = true, 0
	}
	if !known {
		return -1, false
	}
	buf := make([]byte, (off-base)%countEvery)
	if k, err := t.readAt(buf, base+reader.Offset(i)*countEvery); k < len(buf) {
		return -1, err == nil
	}
	return reader.Line(n) + reader.Line(reader.CountLines(buf)), true
}

// useTable takes the positions of lines from an index's table.
func (t *textAt) useTable() {
	t.asking.Do(func() {
		if t.ask == nil {
			return
		}
		ra := t.ask()
		if ra == nil || len(ra.Table().Blocks) == 0 {
			return
		}
		blocks := ra.Table().Blocks
		last := blocks[len(blocks)-1]
		t.mu.Lock()
		defer t.mu.Unlock()
		t.known, t.base, t.counts = ra, last.Offset, []int64{int64(last.Line)}
	})
}

// uncounted returns how much text must be read to know the number of the line
// at off.
func (t *textAt) uncounted(off reader.Offset) reader.Offset {
	if t.ra != nil {
		return 0
	}
	t.useTable()
	t.mu.Lock()
	from := t.base + reader.Offset(len(t.counts))*countEvery
	t.mu.Unlock()
	if off <= from {
		return 0
	}
	return reader.Offset(decode.DataBetween(t.file, int64(from)+t.bom, int64(off)+t.bom))
}

// count counts lines as far as off, so that number knows them.
func (t *textAt) count(ctx context.Context, off reader.Offset) error {
	if t.ra != nil {
		return nil
	}
	t.useTable()
	t.counting.Lock()
	defer t.counting.Unlock()
	buf := make([]byte, countEvery)
	for n := 0; ; n++ {
		if n%4 == 3 {
			runtime.Gosched() // it is not what anybody waits for
		}
		t.mu.Lock()
		if len(t.counts) == 0 {
			t.counts = append(t.counts, 0)
		}
		i := len(t.counts)
		lines, from := t.counts[i-1], t.base+reader.Offset(i-1)*countEvery
		t.mu.Unlock()
		if from+countEvery > off {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if k, err := t.readAt(buf, from); k < len(buf) {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		lines += int64(bytes.Count(buf, reader.Newline))
		times := 1
		if decode.LeadingZeros(buf) == len(buf) {
			to, err := t.zerosAfter(from + countEvery)
			if err != nil {
				return err
			}
			times = int((to - from) / countEvery)
		}
		t.mu.Lock()
		t.counts = append(t.counts, slices.Repeat([]int64{lines}, times)...)
		t.mu.Unlock()
	}
}

// line returns where a line begins, its end if there are not so many.
func (t *textAt) line(ctx context.Context, l reader.Line) (reader.Offset, error) {
	if t.ra != nil {
		p, err := files.FindLine(t.ra, t.id, l)
		return p.Offset, err
	}
	t.useTable()
	t.mu.Lock()
	known, base := t.known, t.base
	t.mu.Unlock()
	if known != nil {
		blocks := known.Table().Blocks
		if l <= blocks[len(blocks)-1].Line {
			p, err := files.FindLine(known, t.id, l)
			return p.Offset, err
		}
	}
	at := func() (i int, n int64) { // the last known count before l
		t.mu.Lock()
		defer t.mu.Unlock()
		for k, c := range t.counts {
			if k > 0 && c >= int64(l) {
				break // there l has begun, or is just about to
			}
			i, n = k, c
		}
		return i, n
	}
	i, n := at()
	buf := make([]byte, countEvery)
	for off := base + reader.Offset(i)*countEvery; ; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		k, err := t.readAt(buf, off)
		if err != nil && err != io.EOF {
			return 0, err
		}
		text := buf[:k]
		if c := int64(reader.CountLines(text)); n+c < int64(l) && err == nil {
			n, off = n+c, off+reader.Offset(k)
			if c == 0 && decode.LeadingZeros(text) == k {
				if off, err = t.zerosAfter(off); err != nil {
					return 0, err
				}
			}
			continue
		}
		for ; n < int64(l); n++ {
			j := bytes.IndexByte(text, '\n')
			if j < 0 {
				return off + reader.Offset(k), nil
			}
			text = text[j+1:]
		}
		return off + reader.Offset(k-len(text)), nil
	}
}

// close closes the files. It must not run together with extend.
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
