package follow

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/fsnotify/fsnotify"

	"logview/reader"
	"logview/reader/files"
)

// A watcher decides when to look at files again: soon after the system reports
// a change, and in any case every sweepEvery. The system reports nothing for
// network mounts, drops events that come too fast, and watches a limited number
// of directories. So an event is a reason to look now, but the lack of one is
// no reason not to look later.
type watcher struct {
	add    func(dir string) error // nil if the system watches nothing
	events chan fsnotify.Event
	errs   chan error
	end    func() error
	note   func(error)
	said   bool
	tick   *time.Ticker

	mu   sync.Mutex // guards dirs
	dirs map[string]bool
}

const (
	// sweepEvery is how soon a change is seen of which the system told
	// nothing.
	sweepEvery = time.Second
	// gatherFor is how long events are gathered once there is one. A program
	// that writes line by line makes one for each.
	gatherFor = 4 * time.Millisecond
	// manyEvents is how many events are reported one by one.
	manyEvents = 4096
	// mostStats is after how many events of those that are gathered it is checked whether
	// a file is empty.
	mostStats = 64
)

// Changes are the changes to the files of a Live since it was asked last.
type Changes struct {
	Files map[string]bool // written to, by path
	Names bool            // files came, went or were renamed: Logs may be others
	All   bool            // anything may have happened: look at everything
	Sweep bool            // it is time to look at what nothing was told of

	// Removed are the paths at which a file was deleted, where the system tells that from
	// a file that replaced another: on Linux.
	Removed map[string]bool

	// Emptied are the paths at which a file was seen to be empty after it was written to: what
	// it has now was written since.
	Emptied map[string]bool
}

// noteEmptied notes that the file at a path was empty.
func (c *Changes) noteEmptied(path string) {
	if c.Emptied == nil {
		c.Emptied = map[string]bool{}
	}
	c.Emptied[path] = true
}

// noteRemoved notes that the file at a path was deleted.
func (c *Changes) noteRemoved(path string) {
	if c.Removed == nil {
		c.Removed = map[string]bool{}
	}
	c.Removed[path] = true
}

// newWatcher watches what is at paths: directories with all below them, and
// files. note is called once if not all of it can be watched.
func newWatcher(paths []string, note func(error)) *watcher {
	w := &watcher{note: note, tick: time.NewTicker(sweepEvery)}
	if n, err := fsnotify.NewBufferedWatcher(manyEvents); err != nil {
		w.noteFailure(err)
	} else {
		w.add, w.events, w.errs, w.end = n.Add, n.Events, n.Errors, n.Close
	}
	w.begin(paths)
	return w
}

func (w *watcher) begin(paths []string) {
	w.dirs = map[string]bool{}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case p == reader.Stdin:
		case err == nil && info.IsDir():
			w.watchTree(p)
		case err != nil && files.IsPattern(p):
			if base, rest := doublestar.SplitPattern(filepath.ToSlash(p)); strings.Contains(rest, "/") {
				w.watchTree(filepath.FromSlash(base))
			} else {
				w.watchDir(filepath.FromSlash(base))
			}
		default:
			w.watchDir(filepath.Dir(p))
		}
	}
}

func (w *watcher) noteFailure(err error) {
	if w.said {
		return
	}
	w.said = true
	what := err.Error()
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		what = "the system watches no more directories (fs.inotify.max_user_watches, max_user_instances)"
	}
	w.note(errors.New(what + "; looking every second instead"))
}

// watchTree watches a directory and those below it.
func (w *watcher) watchTree(dir string) {
	// With the separator it is what a link leads to.
	_ = filepath.WalkDir(dir+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
		switch path = filepath.Clean(path); {
		case err != nil:
			return nil // reported by its reader
		case !e.IsDir():
			return nil
		case path != filepath.Clean(dir) && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		}
		w.watchDir(path)
		return nil
	})
}

// watchDir watches one directory. It may be called from any goroutine.
func (w *watcher) watchDir(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.add == nil || w.dirs[path] {
		return
	}
	err := w.add(path)
	switch {
	case err == nil:
		w.dirs[path] = true
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
		w.noteFailure(err)
	}
}

// wait returns what has changed, as soon as anything has; it returns ctx's
// error when ctx is done first. again asks for the names.
func (w *watcher) wait(ctx context.Context, again <-chan struct{}) (Changes, error) {
	c := Changes{Files: map[string]bool{}}
	events, errs := w.events, w.errs
	stats := 0
	var gathered <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-w.tick.C:
			c.Sweep = true
			return c, nil
		case <-again:
			c.Names = true
			return c, nil
		case <-gathered:
			return c, nil
		case e, ok := <-events:
			if !ok {
				events = nil // closed meanwhile
				continue
			}
			if w.handleEvent(&c, e); e.Has(fsnotify.Write) && stats < mostStats {
				stats++
				if info, err := os.Stat(e.Name); err == nil && info.Size() == 0 {
					c.noteEmptied(filepath.Clean(e.Name))
				}
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			// An overflow: what happened is not known.
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.noteFailure(err)
			}
			c.All = true
		}
		if gathered == nil {
			gathered = time.After(gatherFor)
		}
	}
}

func (w *watcher) handleEvent(c *Changes, e fsnotify.Event) {
	if e.Op&(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) != 0 {
		c.Names = true
		if e.Op&(fsnotify.Remove|fsnotify.Rename) != 0 {
			w.mu.Lock()
			delete(w.dirs, e.Name)
			w.mu.Unlock()
		}
		if info, err := os.Lstat(e.Name); e.Op&fsnotify.Create != 0 && err == nil && info.IsDir() {
			w.watchTree(e.Name) // what was made in it meanwhile is found by looking
		}
	}
	if e.Op == fsnotify.Chmod {
		// What could not be read may be readable now. Nothing else comes of it.
		c.Names = true
		if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
			w.watchTree(e.Name)
		}
		return
	}
	if e.Op&fsnotify.Remove != 0 && runtime.GOOS == "linux" {
		c.noteRemoved(filepath.Clean(e.Name))
	}
	c.Files[filepath.Clean(e.Name)] = true
}

// close ends the watching.
func (w *watcher) close() {
	w.tick.Stop()
	if w.end != nil {
		_ = w.end()
	}
}
