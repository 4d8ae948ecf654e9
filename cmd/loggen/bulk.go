package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// A summary counts what a run has written.
type summary struct {
	text  int64 // bytes of text, decompressed
	lines int64
	logs  int
	files int
	disk  int64
	from  int64 // nanoseconds since 1970
	to    int64
}

// A part is a member that is being made. Its text is in memory, except for a
// beginning that may have been spilled to a file.
type part struct {
	span
	buf     []byte
	path    string // file in the temporary directory
	spilled bool   // the file at path contains the text before buf
	tag     string
	packed  compression
	decided bool
}

// bulk writes the final state of a directory. Members are made under temporary
// names in a temporary directory, since the number in a member's final name is
// known only at the end; then each is renamed once.
type bulk struct {
	opts   *options
	names  []logName
	frames *framer
	logs   []bulkLog
	line   []byte
	tmp    string
	seq    int
	spill  int // maximum bytes of a member in memory
	sum    summary

	shared   int64 // bytes of text in members compressed because of -gz-share
	sharedUp bool  // no more members are compressed because of -gz-share

	jobs chan *part
	wg   sync.WaitGroup

	mu   sync.Mutex
	idle [][]byte // buffers to reuse
	err  error    // first error of a worker
}

type bulkLog struct {
	tags tagger
	done []*part // oldest first
	cur  *part
}

// bulkMemory limits the text in memory, in bytes. It does not limit the size of
// members: text that does not fit is spilled.
const bulkMemory = 256 << 20

// writeBulk writes all logs or, on an error or when ctx is cancelled, none.
func writeBulk(ctx context.Context, o *options) (summary, error) {
	return writeBulkWith(ctx, o, bulkMemory)
}

func writeBulkWith(ctx context.Context, o *options, memory int) (sum summary, err error) {
	w := &bulk{opts: o, names: logNames(o.services, o.instances, o.seed)}
	w.frames = newFramer(o.style.wrap, o.numbered, len(w.names))
	w.logs = make([]bulkLog, len(w.names))
	for i := range w.logs {
		w.logs[i].tags = o.style.newTagger(o.policy)
	}
	workers := runtime.GOMAXPROCS(0)
	// Each log has a growing member and one that waits for its successor;
	// each worker has one in progress and one queued.
	w.spill = memory / (2*len(w.logs) + 2*workers)

	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return sum, err
	}
	if w.tmp, err = os.MkdirTemp(o.out, ".loggen-"); err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.tmp)) }()

	w.jobs = make(chan *part, workers)
	for range workers {
		w.wg.Go(w.work)
	}
	err = w.generate(ctx)
	if err == nil {
		w.submitRest()
	}
	close(w.jobs)
	w.wg.Wait()
	if err = errors.Join(err, w.err); err != nil {
		return sum, err
	}
	err = w.install()
	return w.sum, err
}

func (w *bulk) generate(ctx context.Context) error {
	o := w.opts
	s := newStory(o.seed, o.services, o.instances, o.start.UnixNano(), o.rate, w)
	for n := 0; w.sum.text < o.size; n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.failed(); err != nil {
				return err
			}
		}
		if err := s.step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *bulk) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *bulk) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *bulk) write(rec *record) error {
	l := &w.logs[rec.log]
	w.line = w.frames.frame(w.line[:0], rec)
	if l.cur != nil {
		if at, due := w.opts.policy.due(l.cur.span, rec.at, len(w.line)); due {
			if err := w.rotate(l, at); err != nil {
				return err
			}
		}
	}
	if l.cur == nil {
		w.seq++
		l.cur = &part{buf: w.buffer(), path: filepath.Join(w.tmp, strconv.Itoa(w.seq))}
		l.cur.first = rec.at
	}
	p := l.cur
	if len(p.buf)+len(w.line) > w.spill {
		if err := w.spillPart(p); err != nil {
			return err
		}
	}
	p.buf = append(p.buf, w.line...)
	p.bytes += int64(len(w.line))
	p.last = rec.at
	if w.sum.lines == 0 {
		w.sum.from = rec.at
	}
	w.sum.to = rec.at
	w.sum.text += int64(len(w.line))
	w.sum.lines += int64(rec.lines)
	return nil
}

func (w *bulk) buffer() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.idle); n > 0 {
		b := w.idle[n-1]
		w.idle = w.idle[:n-1]
		return b[:0]
	}
	return nil
}

func (w *bulk) recycle(p *part) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, p.buf)
	p.buf = nil
}

// spillPart moves the text in memory to the part's file. It closes the file:
// there may be thousands of logs.
func (w *bulk) spillPart(p *part) error {
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(p.buf)
	p.buf, p.spilled = p.buf[:0], true
	return errors.Join(err, f.Close())
}

// rotate closes the log's current member. It then compresses and removes those
// members for which that can already be decided.
func (w *bulk) rotate(l *bulkLog, at int64) error {
	o := w.opts
	p := l.cur
	l.cur = nil
	p.tag = l.tags.tag(p.span, at)
	l.done = append(l.done, p)
	if o.keep >= 0 {
		// The member may be removed, so do not compress it yet; it
		// waits on disk.
		if err := w.spillPart(p); err != nil {
			return err
		}
		w.recycle(p)
		if len(l.done) > o.keep {
			old := l.done[0]
			l.done = l.done[1:]
			return os.Remove(old.path)
		}
		return nil
	}
	for i := max(0, len(l.done)-2); i < len(l.done); i++ {
		if c, ok := w.decide(l, i, false); ok {
			w.submit(l.done[i], c)
		}
	}
	return nil
}

// decide returns the compression of the i-th rotated member of l. It returns
// false if that is not known yet, because a successor may come before the end.
func (w *bulk) decide(l *bulkLog, i int, end bool) (compression, bool) {
	o, p := w.opts, l.done[i]
	if p.decided {
		return 0, false
	}
	if o.gzShare >= 0 {
		// Members are closed in order of age over all logs, so the
		// first ones are the oldest.
		if !w.sharedUp && float64(w.shared)+float64(p.bytes)/2 <= o.gzShare*float64(o.size) {
			w.shared += p.bytes
			return o.compress, true
		}
		w.sharedUp = true
		return compressNone, true
	}
	newest := i == len(l.done)-1
	if newest && o.delayCompress {
		return compressNone, end
	}
	return o.compress, true
}

func (w *bulk) submit(p *part, c compression) {
	p.packed, p.decided = c, true
	w.jobs <- p
}

func (w *bulk) submitRest() {
	for i := range w.logs {
		l := &w.logs[i]
		for k := range l.done {
			if c, ok := w.decide(l, k, true); ok {
				w.submit(l.done[k], c)
			}
		}
		if l.cur != nil {
			w.submit(l.cur, compressNone)
		}
	}
}

func (w *bulk) work() {
	var pk packer
	for p := range w.jobs {
		if w.failed() != nil {
			continue
		}
		if err := w.finish(&pk, p); err != nil {
			w.fail(err)
		}
	}
}

// finish writes a member's text to its file in the temporary directory.
func (w *bulk) finish(pk *packer, p *part) (err error) {
	defer w.recycle(p)
	mtime := time.Unix(0, p.last).UTC()
	if p.packed == compressNone {
		if len(p.buf) > 0 || !p.spilled {
			if err := w.spillPart(p); err != nil {
				return err
			}
		}
		return os.Chtimes(p.path, mtime, mtime)
	}
	plain := p.path
	p.path += ".packed"
	out, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err == nil {
			err = os.Chtimes(p.path, mtime, mtime)
		}
	}()
	buffered := bufio.NewWriterSize(out, 256<<10)
	z, err := pk.pack(buffered, p.packed, mtime)
	if err != nil {
		return err
	}
	if p.spilled {
		if err := copyFile(z, plain); err != nil {
			return err
		}
		if err := os.Remove(plain); err != nil {
			return err
		}
	}
	if _, err := z.Write(p.buf); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

func copyFile(w io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(w, in)
	return err
}

// install renames every member to its final name.
func (w *bulk) install() error {
	st := w.opts.style
	move := func(p *part, name string) error {
		to := filepath.Join(w.opts.out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		info, err := os.Stat(p.path)
		if err != nil {
			return err
		}
		w.sum.files++
		w.sum.disk += info.Size()
		return os.Rename(p.path, to)
	}
	for i := range w.logs {
		l, name := &w.logs[i], &w.names[i]
		for k, p := range l.done {
			if err := move(p, st.memberName(name, len(l.done)-1-k, p.tag, p.packed)); err != nil {
				return err
			}
		}
		if l.cur == nil {
			continue // a log without lines
		}
		w.sum.logs++
		if err := move(l.cur, st.active(name)); err != nil {
			return err
		}
	}
	return nil
}
