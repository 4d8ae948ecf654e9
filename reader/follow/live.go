package follow

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/crash"
	"logview/reader/files"
)

// A Live watches the logs at some paths: what exists there, and what changed.
// One goroutine watches the file system for all readers, such as a Follower or
// the explorer. They take snapshots with Logs, and each gets changes from a
// Feed of its own.
type Live struct {
	filter files.Filter
	paths  []string
	note   func(error)
	w      *watcher
	stop   context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended
	began  chan struct{} // closed when what is there is known for the first time
	again  chan struct{} // a request to list the names again

	looking sync.Mutex // held while the file system is looked at; taken before mu
	mu      sync.Mutex // guards what follows
	feeds   []*Feed
	files   []files.Found // oldest first; never changed, only replaced or copied
	at      map[string]int
	errs    []error // of the last look
	looked  time.Time
	begin   time.Time     // when the names began to be read, then
	cost    time.Duration // of that look
	wanted  bool          // another is due
	shared  bool          // files was given away: to be copied before it is written to
}

// NewLive begins to watch paths, which are as for Find. note, if not nil, is
// called from another goroutine, once for each path that cannot be watched, or
// can no longer be listed.
func NewLive(paths []string, note func(error)) *Live {
	return NewFilteredLive(files.Filter{}, paths, note)
}

// NewFilteredLive returns a Live, as NewLive does, of the files that the filter
// selects.
func NewFilteredLive(x files.Filter, paths []string, note func(error)) *Live {
	return newLiveWith(x, paths, note, newWatcher)
}

func newLiveWith(filter files.Filter, paths []string, note func(error), watch func([]string, func(error)) *watcher) *Live {
	ctx, stop := context.WithCancel(context.Background())
	if len(paths) == 0 {
		paths = []string{"."}
	}
	if note == nil {
		note = func(error) {}
	}
	l := &Live{filter: filter, paths: paths, note: note, stop: stop, done: make(chan struct{}), began: make(chan struct{}), again: make(chan struct{}, 1)}
	crash.Go(func() { l.run(ctx, watch) })
	return l
}

// Close stops watching. Feeds report nothing any more.
func (l *Live) Close() error {
	l.stop()
	<-l.done
	return nil
}

// run lists the files until l is closed.
func (l *Live) run(ctx context.Context, watch func([]string, func(error)) *watcher) {
	defer close(l.done)
	// Watching begins before the first look, so that nothing falls between.
	l.w = watch(l.paths, func(err error) { l.note(&reader.FileError{Path: "watching", Offset: -1, Err: err}) })
	defer l.w.close()
	l.list()
	close(l.began)
	for {
		c, err := l.w.wait(ctx, l.again)
		if err != nil {
			return
		}
		l.updateChanged(&c)
		told := c
		told.Names = false // not before they are looked at
		l.notify(told)
		if asked, due := l.request(c); due {
			c = l.list()
			c.Names = c.Names || asked
			l.notify(c)
		}
	}
}

// request records what c asks for, and returns whether to look at the names now, and
// whether that was requested. A look at ten thousand files may take a tenth of a second:
// then it is not done at every turn. Without a reason it is done as often as costs
// little, for file systems that do not report changes.
func (l *Live) request(c Changes) (asked, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := time.Since(l.looked)
	l.wanted = l.wanted || c.Names || c.All
	return l.wanted, c.All || l.wanted && (since >= 10*l.cost || since >= sweepEvery) || c.Sweep && since >= max(sweepEvery, 500*l.cost)
}

// Look requests that the names be listed again soon, as after meeting a file
// that was not ready.
func (l *Live) Look() {
	select {
	case l.again <- struct{}{}:
	default:
	}
}

// clockStep is how far the clock of a file system may be behind: it moves in steps
// of up to 10 ms on common ones.
const clockStep = 20 * time.Millisecond

// lookedAfter reports whether the names were certainly looked at after a time of a
// file system's clock.
func (l *Live) lookedAfter(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.begin.After(t.Add(clockStep))
}

// refresh lists the names now, and notifies all feeds.
func (l *Live) refresh() { l.notify(l.list()) }

// list lists the logs again, and returns the changes.
func (l *Live) list() Changes {
	l.looking.Lock()
	defer l.looking.Unlock()
	f := files.NewFinder()
	f.Filter = l.filter
	for _, p := range l.paths {
		if p != reader.Stdin {
			f.Add(p)
		}
	}
	f.FollowLinks()
	l.mu.Lock()
	before, atBefore, errsBefore := l.files, l.at, l.errs
	l.shared = true
	l.wanted = false // what comes from now on is not seen by this look
	l.mu.Unlock()
	keepUnlisted(f, before)
	f.Resolve()
	slices.SortStableFunc(f.Files, files.Older)
	at := make(map[string]int, len(f.Files))
	for i, m := range f.Files {
		at[filepath.Clean(m.Path)] = i
		if m.Real != "" {
			l.w.watchDir(filepath.Dir(m.Real))
			at[m.Real] = i
		}
	}
	l.mu.Lock()
	l.files, l.at, l.errs, l.shared = f.Files, at, f.Errs, true // they are read below
	l.looked, l.begin = time.Now(), f.Begun
	l.cost = l.looked.Sub(f.Begun)
	l.mu.Unlock()
	c := Changes{Names: len(before) != len(f.Files), Files: map[string]bool{}}
	if errsBefore == nil && before == nil {
		return c // and Logs returns the errors
	}
	for _, m := range f.Files {
		old, known := reader.Stamp{}, false
		if i, ok := atBefore[filepath.Clean(m.Path)]; ok {
			old, known = files.ListedStamp(before[i].Member)
		}
		switch now, _ := files.ListedStamp(m.Member); {
		case !known || !old.SameFile(now):
			c.Names = true
		case old.Size > now.Size:
			c.Files[m.Path], c.Names = true, true // it was cut off
		case old.Size != now.Size || old.ModTime != now.ModTime:
			c.Files[m.Path] = true
		case old != now:
			c.Names = true // its permissions, perhaps
		}
	}
	for _, err := range f.Errs {
		known := slices.ContainsFunc(errsBefore, func(e error) bool { return e.Error() == err.Error() })
		if !known && !errors.Is(err, fs.ErrNotExist) {
			l.note(err)
		}
	}
	return c
}

// keepUnlisted keeps the known files of directories that exist but cannot be
// listed: they may be open, and they are not gone.
func keepUnlisted(f *files.Finder, before []files.Found) {
	for _, err := range f.Errs {
		var fe *reader.FileError
		if !errors.As(err, &fe) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		below := strings.TrimSuffix(fe.Path, string(filepath.Separator)) + string(filepath.Separator)
		for _, m := range before {
			if strings.HasPrefix(m.Path, below) || fe.Path == "." && !filepath.IsAbs(m.Path) {
				f.AddFile(m.Member)
			}
		}
	}
}

// updateChanged updates the listing with files that were written to.
func (l *Live) updateChanged(c *Changes) {
	if len(c.Files) == 0 && len(c.Removed) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for path := range c.Removed {
		if i, ok := l.at[path]; ok {
			c.noteRemoved(l.files[i].Path) // as the user wrote it, or a link to it
		}
	}
	for path := range c.Emptied {
		if i, ok := l.at[path]; ok {
			c.noteEmptied(l.files[i].Path)
		}
	}
	for path := range c.Files {
		i, ok := l.at[path]
		if !ok {
			// Of a file that is not known yet the names tell.
			continue
		}
		m := &l.files[i]
		if m.Path != path { // as the user wrote it, or a link to it
			delete(c.Files, path)
			c.Files[m.Path] = true
		}
		info, err := os.Stat(m.Path)
		if err != nil || files.HandleOf(m.Member).Info == nil || !os.SameFile(info, files.HandleOf(m.Member).Info) {
			l.wanted = true
			continue
		}
		if l.shared {
			l.files, l.shared = slices.Clone(l.files), false
			m = &l.files[i]
		}
		if info.Size() < m.Size {
			l.wanted = true // it was cut off, and perhaps copied before
		}
		m.Size, m.ModTime = info.Size(), info.ModTime()
		files.ChangeHandle(&m.Member, func(h *files.Handle) { h.Info = info })
	}
}

// listing returns the files there are, oldest first, and what could not be
// listed. It waits for the first look. The caller must not change it.
func (l *Live) listing(ctx context.Context) (*files.Finder, error) {
	select {
	case <-l.began:
	case <-l.done:
		return nil, context.Canceled
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shared = true
	return &files.Finder{Files: l.files, Errs: l.errs, Begun: l.begin, Resolved: true}, nil
}

// Logs returns the logs there are, as Find lists them, and what could not be
// listed. Before the first look it waits for that.
func (l *Live) Logs(ctx context.Context) ([]files.Log, []error, error) {
	f, err := l.listing(ctx)
	if err != nil {
		return nil, nil, err
	}
	return f.Group(), f.Errs, nil
}

// Member returns a file as it was when it was last looked at; false if there is
// none at the path.
func (l *Live) Member(path string) (reader.Member, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.at[filepath.Clean(path)]
	if !ok {
		return reader.Member{}, false
	}
	return l.files[i].Member, true
}

// A Feed reports to one reader of a Live what changed since its last call of
// Wait. Changes in between are kept, in no more memory than the names of the
// files take.
type Feed struct {
	l     *Live
	ready chan struct{} // there is something

	mu sync.Mutex // guards c
	c  Changes
}

// Feed returns a new Feed, which reports changes from now on. The caller must
// close it.
func (l *Live) Feed() *Feed {
	f := &Feed{l: l, ready: make(chan struct{}, 1)}
	l.mu.Lock()
	l.feeds = append(l.feeds, f)
	l.mu.Unlock()
	return f
}

// Close ends a Feed.
func (f *Feed) Close() error {
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.l.feeds = slices.DeleteFunc(slices.Clone(f.l.feeds), func(x *Feed) bool { return x == f })
	return nil
}

// notify adds changes to all feeds.
func (l *Live) notify(c Changes) {
	if len(c.Files) == 0 && !c.Names && !c.All && !c.Sweep {
		return
	}
	l.mu.Lock()
	feeds := l.feeds
	l.mu.Unlock()
	for _, f := range feeds {
		f.add(c)
	}
}

func (f *Feed) add(c Changes) {
	f.mu.Lock()
	if f.c.Files == nil {
		f.c.Files = map[string]bool{}
	}
	for path := range c.Files {
		f.c.Files[path] = true
	}
	for path := range c.Removed {
		f.c.noteRemoved(path)
	}
	for path := range c.Emptied {
		f.c.noteEmptied(path)
	}
	f.c.Names = f.c.Names || c.Names
	f.c.All = f.c.All || c.All
	f.c.Sweep = f.c.Sweep || c.Sweep
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// Wait returns what has changed, as soon as anything has or until sends
// something, which may be nil; it returns an error when ctx is done first,
// or the Live was closed.
func (f *Feed) Wait(ctx context.Context, until <-chan time.Time) (Changes, error) {
	select {
	case <-ctx.Done():
		return Changes{}, ctx.Err()
	case <-f.l.done:
		return Changes{}, context.Canceled
	case <-until:
	case <-f.ready:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.c
	f.c = Changes{}
	return c, nil
}
