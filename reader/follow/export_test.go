package follow

import (
	"context"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"logview/reader/files"
)

// FollowOn is what Run does after Begin.
func FollowOn(ctx context.Context, f *Follower, emit func(*Appended) error) error {
	return f.followChanges(ctx, emit)
}

// NewUntoldLive returns a Live without events from the system, which looks more
// often for it, so that a test need not wait.
func NewUntoldLive(paths []string, note func(error)) *Live {
	return newTestLive(paths, note, func(w *watcher) { w.tick.Reset(sweepEvery / 20) })
}

// NewLimitedLive is a Live for which the system watches no directories but
// those of the beginning.
func NewLimitedLive(paths []string, note func(error)) *Live {
	return newLiveWith(files.Filter{}, paths, note, func(paths []string, note func(error)) *watcher {
		w := newWatcher(paths, note)
		w.add = func(string) error { return syscall.ENOSPC }
		w.tick.Reset(sweepEvery / 20)
		return w
	})
}

// NewOverflowingLive is a Live whose events are too many from the beginning:
// all it is told is that, again and again, and it has no sweeps.
func NewOverflowingLive(paths []string, note func(error)) *Live {
	return newTestLive(paths, note, func(w *watcher) {
		w.tick.Stop()
		errs, done := make(chan error), make(chan struct{})
		w.errs, w.end = errs, func() error { close(done); return nil }
		go func() {
			for {
				select {
				case errs <- fsnotify.ErrEventOverflow:
				case <-done:
					return
				}
			}
		}()
	})
}

func newTestLive(paths []string, note func(error), set func(*watcher)) *Live {
	return newLiveWith(files.Filter{}, paths, note, func(paths []string, note func(error)) *watcher {
		w := &watcher{note: note, tick: time.NewTicker(sweepEvery)}
		set(w)
		w.begin(paths)
		return w
	})
}

// RefreshLive looks at the names now.
func RefreshLive(l *Live) { l.refresh() }

// NewPathFollower is a Follower where the system identifies files by nothing
// but their paths.
func NewPathFollower(live *Live, opt FollowOptions) *Follower {
	f := NewFollower(live, opt)
	f.ids = pathsOnly()
	return f
}

// WhenOpening calls do whenever f is about to open a file in order to compare
// it with another.
func WhenOpening(f *Follower, do func()) { f.opening = do }
