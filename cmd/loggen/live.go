package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// live writes logs as they grow: the active files are open, and each rotation
// renames files, or copies and truncates them, like a rotating daemon.
type live struct {
	opts   *options
	names  []logName
	frames *framer
	logs   []liveLog
	dirty  []int // logs with text that is not written yet
	line   []byte
	sum    summary
	idle   chan *packer // limits the number of members compressed at the same time
}

// A liveLog belongs to the goroutine that writes, but while packing is not nil,
// a second goroutine works on the files in done.
type liveLog struct {
	name *logName
	tags tagger
	f    *os.File // nil until the first line
	span
	buf     []byte
	done    []liveMember // oldest first
	packing chan error   // receives one value when compression has ended; nil if none is running
}

type liveMember struct {
	tag    string
	packed compression
}

const (
	// liveTick is the interval at which lines are written: short enough to
	// look continuous, and long enough for 1,000 lines a tick at 100,000
	// lines a second.
	liveTick = 10 * time.Millisecond
	// liveBuffer is the maximum amount of text that a log collects before
	// it is written, in bytes.
	liveBuffer = 256 << 10
)

func newLive(o *options) *live {
	w := &live{opts: o, names: logNames(o.services, o.instances, o.seed)}
	w.frames = newFramer(o.style.wrap, o.numbered, len(w.names))
	w.logs = make([]liveLog, len(w.names))
	for i := range w.logs {
		w.logs[i].name = &w.names[i]
		w.logs[i].tags = o.style.newTagger(o.policy)
	}
	w.idle = make(chan *packer, runtime.GOMAXPROCS(0))
	for range cap(w.idle) {
		w.idle <- new(packer)
	}
	return w
}

// writeLive writes until ctx is cancelled, or the size or duration in o is
// reached. None of these is an error: all collected text is written.
func writeLive(ctx context.Context, o *options) (summary, error) {
	w := newLive(o)
	err := w.run(ctx)
	err = errors.Join(err, w.close())
	return w.sum, err
}

// run advances the story with the clock: it writes the records that are due,
// and sleeps until the next one is due, but at least for a tick.
func (w *live) run(ctx context.Context) error {
	o := w.opts
	began := time.Now()
	s := newStory(o.seed, o.services, o.instances, o.start.UnixNano(), o.rate, w)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		passed := time.Since(began)
		over := o.forTime > 0 && passed >= o.forTime
		if over {
			passed = o.forTime
		}
		now := o.start.UnixNano() + int64(passed)
		for n := 1; s.next() <= now; n++ {
			if o.size > 0 && w.sum.text >= o.size {
				return nil
			}
			if err := s.step(); err != nil {
				return err
			}
			if n%4096 == 0 && ctx.Err() != nil {
				return nil
			}
		}
		if err := w.flush(); err != nil {
			return err
		}
		if over || o.size > 0 && w.sum.text >= o.size {
			return nil
		}
		wait := max(liveTick, time.Duration(s.next()-now))
		if o.forTime > 0 {
			wait = min(wait, o.forTime-passed)
		}
		timer.Reset(wait)
	}
}

func (w *live) path(name string) string {
	return filepath.Join(w.opts.out, filepath.FromSlash(name))
}

func (w *live) member(l *liveLog, i int, packed compression) string {
	return w.path(w.opts.style.memberName(l.name, len(l.done)-1-i, l.done[i].tag, packed))
}

func (w *live) write(rec *record) error {
	l := &w.logs[rec.log]
	w.line = w.frames.frame(w.line[:0], rec)
	if at, due := w.opts.policy.due(l.span, rec.at, len(w.line)); due {
		if err := w.rotate(l, at); err != nil {
			return err
		}
	}
	if l.f == nil {
		if err := w.open(l); err != nil {
			return err
		}
	}
	if len(l.buf) == 0 {
		w.dirty = append(w.dirty, rec.log)
	}
	l.buf = append(l.buf, w.line...)
	if l.bytes == 0 {
		l.first = rec.at
	}
	l.bytes += int64(len(w.line))
	l.last = rec.at
	if w.sum.lines == 0 {
		w.sum.from = rec.at
	}
	w.sum.to = rec.at
	w.sum.text += int64(len(w.line))
	w.sum.lines += int64(rec.lines)
	if len(l.buf) >= liveBuffer {
		return l.flush()
	}
	return nil
}

func (w *live) open(l *liveLog) error {
	path := w.path(w.opts.style.active(l.name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// O_APPEND: after a truncation, writing must continue at the start.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o644)
	l.f = f
	return err
}

func (l *liveLog) flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.f.Write(l.buf)
	l.buf = l.buf[:0]
	return err
}

func (w *live) flush() error {
	for _, i := range w.dirty {
		if err := w.logs[i].flush(); err != nil {
			return err
		}
	}
	w.dirty = w.dirty[:0]
	return nil
}

// wait waits for the compression in l, if one is running.
func (l *liveLog) wait() error {
	if l.packing == nil {
		return nil
	}
	err := <-l.packing
	l.packing = nil
	return err
}

// rotate moves the active file's text to a new member. All text is on disk
// before anything is renamed, so each line is in exactly one member.
func (w *live) rotate(l *liveLog, at int64) error {
	o := w.opts
	if err := errors.Join(l.flush(), l.wait()); err != nil {
		return err
	}
	tag := l.tags.tag(l.span, at)
	l.span = span{}
	if o.keep >= 0 && len(l.done) >= o.keep && len(l.done) > 0 {
		if err := os.Remove(w.member(l, 0, l.done[0].packed)); err != nil {
			return err
		}
		l.done = slices.Delete(l.done, 0, 1)
	}
	active := w.path(o.style.active(l.name))
	if o.keep == 0 {
		return l.f.Truncate(0)
	}
	// From here on, done includes the new member, so member returns the
	// names after the rotation; from contains the names before it.
	var from []string
	for i, m := range l.done {
		from = append(from, w.member(l, i, m.packed))
	}
	l.done = append(l.done, liveMember{tag: tag})
	if o.style.numbered {
		for i, path := range from {
			if err := os.Rename(path, w.member(l, i, l.done[i].packed)); err != nil {
				return err
			}
		}
	}
	newest := w.member(l, len(l.done)-1, compressNone)
	if o.copyTruncate {
		if err := copyTo(newest, active); err != nil {
			return err
		}
		if err := l.f.Truncate(0); err != nil {
			return err
		}
	} else {
		// Close it first: not every system can rename an open file.
		if err := l.f.Close(); err != nil {
			return err
		}
		if err := os.Rename(active, newest); err != nil {
			return err
		}
		if err := w.open(l); err != nil {
			return err
		}
	}
	if o.compress == compressNone {
		return nil
	}
	k := len(l.done) - 1
	if o.delayCompress {
		k--
	}
	if k < 0 || l.done[k].packed != compressNone {
		return nil
	}
	l.done[k].packed = o.compress
	plain, packed := w.member(l, k, compressNone), w.member(l, k, o.compress)
	done := make(chan error, 1)
	l.packing = done
	go func() {
		pk := <-w.idle
		done <- packFile(pk, plain, packed, o.compress)
		w.idle <- pk
	}()
	return nil
}

func copyTo(dst, src string) (err error) {
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return copyFile(out, src)
}

// packFile compresses plain to packed and removes plain. It uses a temporary
// name, so that packed is never seen incomplete. The two names are equal if a
// style has no ending for compressed members.
func packFile(pk *packer, plain, packed string, c compression) (err error) {
	info, err := os.Stat(plain)
	if err != nil {
		return err
	}
	tmp := packed + ".tmp"
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	err = func() error {
		buffered := bufio.NewWriterSize(out, 256<<10)
		z, err := pk.pack(buffered, c, info.ModTime())
		if err != nil {
			return err
		}
		if err := copyFile(z, plain); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return buffered.Flush()
	}()
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Chtimes(tmp, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	if err := os.Rename(tmp, packed); err != nil {
		return err
	}
	if packed == plain {
		return nil
	}
	return os.Remove(plain)
}

// close writes the remaining text, closes all files and waits for compressions.
func (w *live) close() error {
	err := w.flush()
	for i := range w.logs {
		l := &w.logs[i]
		err = errors.Join(err, l.wait())
		if l.f == nil {
			continue
		}
		err = errors.Join(err, l.f.Close())
		w.sum.logs++
		w.sum.files += 1 + len(l.done)
		paths := []string{w.path(w.opts.style.active(l.name))}
		for k, m := range l.done {
			paths = append(paths, w.member(l, k, m.packed))
		}
		for _, p := range paths {
			if info, e := os.Stat(p); e == nil {
				w.sum.disk += info.Size()
			}
		}
	}
	return err
}
