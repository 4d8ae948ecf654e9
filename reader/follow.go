package reader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Follower hands out what is written to logs, each line once, through
// growth and every kind of rotation.
//
// A file is known by its inode as long as it is there, and by the beginning
// of its text when it comes back as another: compressed, or copied before
// being cut off. What each thing that can happen means is in look and in
// the methods it calls:
//
//	the file is longer            what was appended is new
//	it has another name           it is read on under that
//	it is gone                    what could still be read of it is
//	it is shorter, or its text    it was cut off: what was written before
//	  is another                  that is in its copy; then it begins anew
//	a new file, current name      all of it is new
//	a new file that begins like   a copy, or the same compressed: nothing new
//	  a known one
//	a new file of another text    all of it is new: it was made and rotated
//	                              between two looks
//
// A Follower belongs to one goroutine.
type Follower struct {
	live  *Live
	feed  *Feed
	opt   FollowOptions
	begun time.Time

	files   map[[2]uint64]*tail // by device and inode
	order   []*tail             // the same
	byPath  map[string]*tail
	gone    []*tail            // of which only the beginning is kept, for a while
	copies  map[[2]uint64]int  // files that hold text of others: how much of their beginning was compared
	holding map[*tail]bool     // those with an unfinished last line that is held
	denied  map[[2]uint64]bool // may not be read
	pending bool               // a file was met that was not ready: the names are to be looked at again
	listed  time.Time          // when the names were last looked at
	sweep   int                // where in order the next sweep goes on

	emit func(*Appended) error
	err  error // emit's
	buf  *Block
}

// FollowOptions say where following begins, and how.
type FollowOptions struct {
	Last  int64            // lines of each log to begin with
	Count bool             // count the lines of files from their start, so that every line has its number
	Note  func(error)      // told of what the person should know: that a file was cut off, or cannot be read; may be nil
	Now   func() time.Time // the clock; nil for time.Now
}

// Appended is some new lines of a log.
type Appended struct {
	Log   string // its name
	Key   any    // of the file, the same through renaming; for maps
	ID    ID     // of the text, as far as it is known
	Block        // Text may be longer than BlockSize; Line is -1 if it is not known
}

// A tail is a file that is followed.
type tail struct {
	Member
	key  [2]uint64
	log  string
	name name

	f       *os.File    // nil while nothing is written to it
	blocks  *fileBlocks // in place of f, of a text that is not the file's bytes
	bom     int
	off     Offset // of the text that was handed out
	line    Line   // -1 if it is not known
	given   int    // bytes behind off that were handed out although their line had no end
	scanned int64  // bytes behind off that hold no newline
	waiting time.Time
	head    []byte // the text's beginning, as much as was seen
	end     []byte // the last bytes before off
	size    int64  // of the file, when it was looked at last
	mod     time.Time
	active  time.Time // when it was last written to
	seen    time.Time // when it was last among the names
	failed  bool      // to be read, the last time; that was said
}

const (
	headKept = 1 << 10
	endKept  = 64
	// likeness is how much of two texts must be the same to take one for the
	// other's copy.
	likeness      = 64
	likenessInLog = 16
	// holdFor is how long an unfinished last line is held.
	holdFor = time.Second
	// openFor is how long a file that is not written to is kept open, and one
	// that is gone remembered.
	openFor = time.Minute
	// goneFor is how long a file that has no name any more is read on: whoever
	// writes it may not know yet.
	goneFor = 10 * time.Second
	// sweepFiles is how many quiet files are looked at in one sweep.
	sweepFiles = 1000
	// longestLine is the longest line that is handed out whole.
	longestLine = 64 << 20
)

// NewFollower follows the logs of a Live, from when Begin or Run is called.
func NewFollower(live *Live, opt FollowOptions) *Follower {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Follower{live: live, feed: live.Feed(), opt: opt, files: map[[2]uint64]*tail{}, byPath: map[string]*tail{}, copies: map[[2]uint64]int{},
		holding: map[*tail]bool{}, denied: map[[2]uint64]bool{}, buf: new(Block)}
}

func (f *Follower) note(path string, err error) {
	if f.opt.Note == nil {
		return
	}
	var fe *FileError
	if !errors.As(err, &fe) {
		err = &FileError{Path: path, Offset: -1, Err: cause(err)}
	}
	f.opt.Note(err)
}

// Run hands out what is written until ctx is done or emit fails, whose error
// it returns. What it hands out is valid until emit returns.
func (f *Follower) Run(ctx context.Context, emit func(*Appended) error) error {
	defer f.Close()
	if err := f.Begin(ctx, emit); err != nil {
		return err
	}
	return f.on(ctx, emit)
}

// on hands out what is new whenever there is something.
func (f *Follower) on(ctx context.Context, emit func(*Appended) error) error {
	for {
		var held <-chan time.Time
		if d, ok := f.due(); ok {
			held = time.After(d)
		}
		c, err := f.feed.Wait(ctx, held)
		if err != nil {
			return err
		}
		if err := f.Look(ctx, c, emit); err != nil {
			return err
		}
	}
}

// Begin looks at the logs for the first time, and hands out their last
// lines.
func (f *Follower) Begin(ctx context.Context, emit func(*Appended) error) error {
	f.emit, f.begun = emit, f.opt.Now()
	logs, errs, err := f.live.Logs(ctx)
	if err != nil {
		return err
	}
	for _, err := range errs {
		f.note("", err)
	}
	for _, l := range logs {
		src := NewSource(l, Options{})
		if err := f.begin(ctx, src); err != nil {
			return err
		}
	}
	f.listed = f.begun
	return f.err
}

// begin takes up a log's files at their ends.
func (f *Follower) begin(ctx context.Context, src *LogSource) error {
	members := src.Members()
	starts := map[int]Pos{}
	for i, need := len(members)-1, f.opt.Last; i >= 0 && need > 0; i-- {
		p, n, err := TailPos(ctx, src, members[i], need)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if !errors.Is(err, ErrBinary) {
				f.note(members[i].Path, err)
			}
			continue
		}
		starts[i] = p
		need -= n
	}
	for i, m := range members {
		stamp, ok := m.Stamp()
		if !ok {
			continue
		}
		t := f.add(m, [2]uint64{stamp.Dev, stamp.Ino}, src.Name())
		if err := f.atEnd(ctx, src, t, m.Size, starts, i); err != nil {
			return err
		}
		if f.err != nil {
			return f.err
		}
	}
	return nil
}

// add makes a tail of a file.
func (f *Follower) add(m Member, key [2]uint64, log string) *tail {
	now := f.opt.Now()
	t := &tail{Member: m, key: key, log: log, name: parseName(filepath.Base(m.Path)), size: m.Size, mod: m.ModTime, seen: now}
	f.files[key] = t
	f.order = append(f.order, t)
	f.byPath[t.Path] = t
	return t
}

// atEnd brings a tail to the end of its file, or to where starts says, from
// where its last lines are handed out.
func (f *Follower) atEnd(ctx context.Context, src *LogSource, t *tail, size int64, starts map[int]Pos, i int) error {
	start, wanted := starts[i]
	file, err := os.Open(t.Path)
	if err != nil {
		f.note(t.Path, err)
		if errors.Is(err, fs.ErrPermission) && !t.name.compressed {
			t.off, t.line, t.failed = Offset(size), -1, true // should it be readable one day
		}
		return nil
	}
	text, err := openText(ctx, file, false)
	if err != nil {
		file.Close()
		if !wanted {
			return nil // a rotated file that cannot be read is nothing new
		}
		f.note(t.Path, err)
		return nil
	}
	t.head = bytes.Clone(text.head[:min(headKept, text.id.Len)])
	format, charset, bom, binary := text.format, text.charset, text.bom, text.binary
	text.release()
	file.Close()
	if format != Plain {
		if wanted {
			err = f.whole(ctx, t, start)
		}
		t.off = -1
		return err
	}
	if binary && !t.Named {
		t.off = -1 // not followed
		return nil
	}
	t.bom = bom
	if !charset.bytewise() {
		return f.atEndOf(ctx, src, t, start, wanted)
	}
	end := Offset(size - int64(bom))
	if !wanted {
		start = Pos{Offset: f.lastLine(t, end), Line: -1}
	}
	t.off, t.line = start.Offset, start.Line
	if f.opt.Count && t.line < 0 {
		if t.line, err = countTo(ctx, src, t.Member, t.off); err != nil {
			return err
		}
	}
	f.remember(t)
	return f.read(ctx, t)
}

// lastLine is where the text's unfinished last line begins, its end if there
// is none.
func (f *Follower) lastLine(t *tail, end Offset) Offset {
	file, err := os.Open(t.Path)
	if err != nil {
		return end
	}
	defer file.Close()
	buf := make([]byte, 64<<10)
	for at := end; at > 0; {
		n := min(Offset(len(buf)), at)
		if _, err := file.ReadAt(buf[:n], int64(at-n)+int64(t.bom)); err != nil {
			return end
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return at - n + Offset(i) + 1
		}
		at -= n
	}
	return 0
}

// atEndOf brings a tail of a text that must be converted to its end.
func (f *Follower) atEndOf(ctx context.Context, src *LogSource, t *tail, start Pos, wanted bool) error {
	if !wanted {
		var err error
		if start, _, err = TailPos(ctx, src, t.Member, 0); err != nil {
			f.note(t.Path, err)
			return ctx.Err()
		}
	}
	b, err := openFile(ctx, t.Member)
	if err == nil {
		err = b.seek(start)
	}
	if err != nil {
		f.note(t.Path, err)
		return ctx.Err()
	}
	t.blocks, t.off, t.line = b, start.Offset, start.Line
	return f.read(ctx, t)
}

// countTo counts the lines before an offset.
func countTo(ctx context.Context, src Source, m Member, off Offset) (Line, error) {
	b, err := src.Open(ctx, m, Pos{})
	if err != nil {
		return -1, err
	}
	defer b.Close()
	blk := GetBlock()
	defer PutBlock(blk)
	for {
		if err := b.Next(blk); err == io.EOF {
			return blk.Line, nil
		} else if err != nil {
			return -1, err
		}
		if off < blk.End() {
			return blk.Line + Line(countLines(blk.Text[:blk.Index(off)])), nil
		}
		blk.Line += Line(blk.Lines)
	}
}

// Look hands out what is new, given what the Live told.
func (f *Follower) Look(ctx context.Context, c Changes, emit func(*Appended) error) error {
	f.emit = emit
	for path := range c.Files {
		if t := f.byPath[path]; t != nil {
			f.file(ctx, t)
		} else if f.pending {
			f.live.Look() // one of the files that were just being written may be ready
		}
	}
	for t := range f.holding {
		f.file(ctx, t)
	}
	if c.All || c.Sweep {
		f.sweepFiles(ctx, c.All)
	}
	if c.Names {
		f.names(ctx)
	}
	if c.Sweep {
		if f.pending {
			f.live.Look()
		}
		f.release(f.opt.Now())
	}
	if f.err == nil {
		f.err = ctx.Err()
	}
	return f.err
}

// sweepFiles looks at all files that were written to lately, and at some of
// the others.
func (f *Follower) sweepFiles(ctx context.Context, all bool) {
	now := f.opt.Now()
	var busy []*tail
	for _, t := range f.order {
		if all || t.f != nil || t.blocks != nil || now.Sub(t.active) < openFor {
			busy = append(busy, t)
		}
	}
	// Oldest first, so that a rotated file ends before the next begins.
	slices.SortStableFunc(busy, func(a, b *tail) int { return older(a.name, b.name) })
	for _, t := range busy {
		f.file(ctx, t)
	}
	for range min(sweepFiles, len(f.order)) {
		f.sweep = (f.sweep + 1) % len(f.order)
		f.file(ctx, f.order[f.sweep])
	}
}

// copyOf finds the newest file that begins like a tail and is not one that
// is followed.
func (f *Follower) copyOf(t *tail) (Member, bool) {
	if len(t.head) == 0 {
		return Member{}, false
	}
	var best *found
	f.live.refresh() // it was made just now
	for _, c := range f.list(context.Background()) {
		key := keyOf(c.info)
		if key == t.key || c.name.stem != t.name.stem {
			continue
		}
		if x := f.files[key]; x != nil {
			if _, copied := f.copies[key]; !copied {
				continue
			}
		}
		b, err := beginningOf(c.Member)
		if err != nil || !alike(b.head, t.head, min(likenessInLog, len(t.head))) {
			continue
		}
		if best == nil || older(best.name, c.name) < 0 {
			best = &c
		}
	}
	if best == nil {
		return Member{}, false
	}
	return best.Member, true
}

// alike reports whether two texts begin alike, as far as both are known, and
// that is far enough.
func alike(a, b []byte, least int) bool {
	n := min(len(a), len(b))
	return n >= least && bytes.Equal(a[:n], b[:n])
}

// A beginning is what is known of a file by its first bytes.
type beginning struct {
	head   []byte // of the text
	format Format
	binary bool
}

// beginningOf reads the beginning of the very file that was listed, wherever
// it is by now. The error wraps ErrGone if that is nowhere.
func beginningOf(m Member) (b beginning, err error) {
	file, _, err := openMember(m)
	if err != nil {
		return b, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || keyOf(info) != keyOf(m.info) {
		return b, ErrGone
	}
	t, err := openText(context.Background(), file, false)
	if err != nil {
		return b, err
	}
	defer t.release()
	return beginning{bytes.Clone(t.head[:min(headKept, t.id.Len)]), t.format, t.binary}, nil
}

// complete reports whether a compressed file can be decoded to its end.
func complete(ctx context.Context, m Member) error {
	b, err := openFile(ctx, m)
	if err != nil {
		return err
	}
	defer b.Close()
	blk := GetBlock()
	defer PutBlock(blk)
	for {
		if err := b.Next(blk); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func keyOf(info os.FileInfo) [2]uint64 {
	dev, ino := inode(info)
	return [2]uint64{dev, ino}
}

// list is the files there are, as they are found, oldest first.
func (f *Follower) list(ctx context.Context) []found {
	l, err := f.live.listing(ctx)
	if err != nil {
		return nil
	}
	return l.files
}

// names looks which files there are.
func (f *Follower) names(ctx context.Context) {
	begun := f.opt.Now()
	f.pending = false
	var fresh []found
	for _, c := range f.list(ctx) {
		if c.info == nil || !c.info.Mode().IsRegular() {
			continue
		}
		t := f.files[keyOf(c.info)]
		if t == nil {
			fresh = append(fresh, c)
			continue
		}
		if t.Path != c.Path && t.f == nil && t.blocks == nil {
			// It was renamed, unless it is another that got the number of one
			// that is gone.
			b, err := beginningOf(c.Member)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrGone) {
				t.seen = begun // renamed once more: the next look tells
				f.pending = true
				continue
			}
			if err != nil || len(t.head) == 0 || len(b.head) == 0 || b.format != Plain && t.off >= 0 || !alike(b.head, t.head, 0) {
				f.retire(t, begun)
				fresh = append(fresh, c)
				continue
			}
		}
		t.seen = begun
		if t.Path != c.Path {
			if f.byPath[t.Path] == t {
				delete(f.byPath, t.Path)
			}
			t.Path, t.name = c.Path, c.name
			f.byPath[t.Path] = t
		}
		if n, copied := f.copies[t.key]; copied && n < headKept && c.Size > int64(n) {
			// It was taken for a copy by little text. Now there is more.
			f.forget(t)
			fresh = append(fresh, c)
		}
	}
	// What is gone is read to its end before what is new begins.
	for _, t := range slices.Clone(f.order) {
		if t.seen.Before(begun) && (t.f != nil || t.blocks != nil) {
			f.file(ctx, t)
		}
	}
	waits := map[string]bool{} // logs of which an older file is not ready yet
	for _, c := range fresh {
		if f.err != nil {
			return
		}
		if log := c.dir + c.name.stem; !waits[log] && !f.fresh(ctx, c, begun) {
			f.pending, waits[log] = true, true
		}
	}
	f.listed = begun
}

// fresh decides what a file is that was not there before. It reports false
// if that cannot be told yet.
func (f *Follower) fresh(ctx context.Context, c found, begun time.Time) bool {
	key := keyOf(c.info)
	current := c.name.current() && !c.name.compressed
	recent := f.opt.Now().Sub(c.ModTime) < 2*sweepEvery
	b, err := beginningOf(c.Member)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrGone):
		return true // what became of it is another file
	case errors.Is(err, fs.ErrPermission):
		if !f.denied[key] {
			f.denied[key] = true
			f.note(c.Path, err)
		}
		return true // should it be readable one day, it is new then
	case err != nil && recent,
		err == nil && len(b.head) < likeness && !current && recent:
		return false // it is just being written
	case err != nil || b.binary && !c.Named:
		f.add(c.Member, key, "").off = -1
		if err != nil {
			f.note(c.Path, err)
		}
		return true
	}
	like := f.likeOne(b.head, c.dir+c.name.stem, key)
	if like != nil && !(current && b.format == Plain) {
		t := f.add(c.Member, key, like.log)
		t.head, t.off = b.head, -1
		f.copies[key] = len(b.head)
		if b.format != Plain && like.off >= 0 && like.seen.Before(begun) {
			// It went, and perhaps before what was last written to it was read.
			return f.rest(ctx, t, like)
		}
		return true
	}
	if !current && c.ModTime.Before(f.begun.Add(-time.Second)) {
		// Older than the following, and put there since.
		t := f.add(c.Member, key, "")
		t.head, t.off = b.head, -1
		return true
	}
	t := f.add(c.Member, key, c.dir+c.name.stem)
	t.active = f.opt.Now()
	if b.format == Plain {
		t.size = -1
		f.file(ctx, t)
		return true
	}
	t.head = b.head
	return f.rest(ctx, t, t)
}

// rest hands out what a compressed file holds behind what was handed out of
// the same text. It reports false if the file is not whole yet.
func (f *Follower) rest(ctx context.Context, packed, t *tail) bool {
	if err := complete(ctx, packed.Member); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			f.forget(packed)
			return false
		}
		f.note(packed.Path, err) // and what can be read of it is used
	}
	at := Pos{Offset: t.off + Offset(t.given), Line: t.line}
	if err := f.whole(ctx, &tail{Member: packed.Member, key: t.key, log: t.log, line: t.line}, at); err != nil && f.err == nil {
		f.note(packed.Path, err)
	}
	t.off, packed.off = -1, -1
	return true
}

// forget takes a file for one that was never seen.
func (f *Follower) forget(t *tail) {
	t.close()
	delete(f.files, t.key)
	delete(f.copies, t.key)
	delete(f.holding, t)
	for _, path := range []string{t.Path} {
		if f.byPath[path] == t {
			delete(f.byPath, path)
		}
	}
	if i := slices.Index(f.order, t); i >= 0 {
		f.order = slices.Delete(f.order, i, i+1)
	}
}

// likeOne is a known file that begins like a text. In the same log less of
// both is enough.
func (f *Follower) likeOne(head []byte, log string, not [2]uint64) *tail {
	like := func(t *tail) bool {
		least := likeness
		if t.log == log {
			least = likenessInLog
		}
		return t.key != not && alike(t.head, head, min(least, len(head)))
	}
	for _, list := range [][]*tail{f.order, f.gone} {
		if i := slices.IndexFunc(list, like); i >= 0 {
			return list[i]
		}
	}
	return nil
}

// retire forgets a file that is gone, but for how it began.
func (f *Follower) retire(t *tail, now time.Time) {
	f.forget(t)
	t.active = now
	f.gone = append(f.gone, t)
}

// release closes what is not written to any more, and forgets what is gone.
func (f *Follower) release(now time.Time) {
	for _, t := range slices.Clone(f.order) {
		switch {
		case t.seen.Before(f.listed) && now.Sub(t.seen) > goneFor:
			f.retire(t, now)
		case t.f != nil && now.Sub(t.active) > openFor && !f.holding[t]:
			t.f.Close()
			t.f = nil
		}
	}
	f.gone = slices.DeleteFunc(f.gone, func(t *tail) bool { return now.Sub(t.active) > openFor })
}

// Lag is how many bytes are written and were not handed out.
func (f *Follower) Lag() int64 {
	n := int64(0)
	for _, t := range f.files {
		if t.f == nil || t.off < 0 {
			continue
		}
		if info, err := t.f.Stat(); err == nil {
			n += max(info.Size()-t.at()-t.scanned, 0)
		}
	}
	return n
}

// Close closes the files that are open. The Live is the caller's.
func (f *Follower) Close() error {
	f.feed.Close()
	for _, t := range f.files {
		t.close()
	}
	return nil
}
