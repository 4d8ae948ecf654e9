package reader

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A Watcher says when to look at files again: soon after something happened
// to them as far as the system tells, and in any case every sweepEvery. The
// system tells nothing of network mounts, forgets what comes too fast, and
// watches only so many directories. So what it tells is a reason to look
// now, and never one not to look later.
type Watcher struct {
	fs   *fsnotify.Watcher // nil if there is none to be had
	note func(error)
	said bool
	dirs map[string]bool
	tick *time.Ticker
}

const (
	// sweepEvery is how soon a change is seen of which the system told
	// nothing.
	sweepEvery = time.Second
	// gatherFor is how long events are gathered once there is one. A program
	// that writes line by line makes one for each.
	gatherFor = 4 * time.Millisecond
	// manyEvents is how many events are told one by one.
	manyEvents = 4096
)

// Changes is what a Watcher saw.
type Changes struct {
	Files map[string]bool // written to, by path
	Names bool            // files came, went or were renamed
	All   bool            // anything may have happened: look at everything
	Sweep bool            // it is time to look at what nothing was told of
}

// NewWatcher watches what lies at paths: directories with all below them,
// and files. note, if not nil, is told once if not all of it can be watched.
func NewWatcher(paths []string, note func(error)) *Watcher {
	w := &Watcher{note: note, dirs: map[string]bool{}, tick: time.NewTicker(sweepEvery)}
	var err error
	if w.fs, err = fsnotify.NewBufferedWatcher(manyEvents); err != nil {
		w.fs = nil
		w.cannot(err)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			w.tree(p)
		} else {
			w.dir(filepath.Dir(p))
		}
	}
	return w
}

func (w *Watcher) cannot(err error) {
	if w.said || w.note == nil {
		return
	}
	w.said = true
	what := err.Error()
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		what = "the system watches no more directories (fs.inotify.max_user_watches, max_user_instances)"
	}
	w.note(errors.New(what + "; looking every second instead"))
}

// tree watches a directory and those below it.
func (w *Watcher) tree(dir string) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // who reads it says so
		case !e.IsDir():
			return nil
		case path != dir && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		}
		w.dir(path)
		return nil
	})
}

func (w *Watcher) dir(path string) {
	if w.fs == nil || w.dirs[path] {
		return
	}
	err := w.fs.Add(path)
	switch {
	case err == nil:
		w.dirs[path] = true
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
		w.cannot(err)
	}
}

// Wait returns what has changed, as soon as anything has; it returns ctx's
// error when ctx is done first. With until, which may be nil, it returns when
// that sends something, too.
func (w *Watcher) Wait(ctx context.Context, until <-chan time.Time) (Changes, error) {
	c := Changes{Files: map[string]bool{}}
	var events chan fsnotify.Event
	var errs chan error
	if w.fs != nil {
		events, errs = w.fs.Events, w.fs.Errors
	}
	var gathered <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-w.tick.C:
			c.Sweep = true
			return c, nil
		case <-until:
			return c, nil
		case <-gathered:
			return c, nil
		case e, ok := <-events:
			if !ok {
				events = nil // closed meanwhile
				continue
			}
			w.event(&c, e)
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			// An overflow: what happened is not known.
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.cannot(err)
			}
			c.All = true
		}
		if gathered == nil {
			gathered = time.After(gatherFor)
		}
	}
}

func (w *Watcher) event(c *Changes, e fsnotify.Event) {
	if e.Op&(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) != 0 {
		c.Names = true
		if w.dirs[e.Name] && e.Op&(fsnotify.Remove|fsnotify.Rename) != 0 {
			delete(w.dirs, e.Name)
		}
		if info, err := os.Lstat(e.Name); e.Op&fsnotify.Create != 0 && err == nil && info.IsDir() {
			w.tree(e.Name) // what was made in it meanwhile is found by looking
		}
	}
	if e.Op&^fsnotify.Chmod != 0 {
		c.Files[filepath.Clean(e.Name)] = true
	}
}

// Close ends the watching.
func (w *Watcher) Close() error {
	w.tick.Stop()
	if w.fs == nil {
		return nil
	}
	return w.fs.Close()
}
