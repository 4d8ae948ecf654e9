package follow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"logview/reader"
	"logview/reader/files"
)

// This file has what happens when a followed file was cut off: truncated, as copytruncate
// does, or rewritten from its start, so that it does not hold any more what was emitted.

// checkCut opens a file, which may have changed since it was checked, and reports whether
// it no longer holds the emitted part of its text.
func (f *Follower) checkCut(t *followed) bool {
	if t.state != reading || f.openFile(t) != nil {
		return false
	}
	if !f.ids.keepOpen {
		defer f.closeFile(t)
	}
	info, err := t.f.Stat()
	return err == nil && info.Size() != t.size && !f.holds(t, info)
}

// wasEmptied reports whether a file that holds the emitted part of its text was empty since the
// last look, so that it has that text once more.
func (f *Follower) wasEmptied(t *followed, size int64) bool {
	const handled = time.Second // what the system tells of an earlier cut may come after it was handled
	return t.at > 0 && size > 0 && f.emptied[filepath.Clean(t.Path)] && f.opt.Now().Sub(t.cut) > handled
}

// handleUnseenCut checks whether a file is cut, and if so, handles that.
func (f *Follower) handleUnseenCut(ctx context.Context, t *followed) {
	if !f.checkCut(t) || f.openFile(t) != nil {
		return
	}
	if info, err := t.f.Stat(); err == nil {
		f.handleCut(ctx, t, info)
	}
	if !f.ids.keepOpen {
		f.closeFile(t)
	}
}

// handleCut handles a file that no longer holds the emitted part of its text. It
// reports whether the caller should now read the file as another text of t.
func (f *Follower) handleCut(ctx context.Context, t *followed, info os.FileInfo) bool {
	delete(f.holding, t)
	t.size = -1
	was := t.progress.clone()
	left := info.Size()
	if f.emptied[filepath.Clean(t.Path)] {
		left = 0
	}
	t.cut = f.opt.Now()
	moved := f.continueInCopy(ctx, t, info) || t.Name.Current() && f.detachCopies(ctx, t)
	if !moved {
		f.abandon(t, false)
		f.texts[len(f.texts)-1].cut = true
	}
	if !t.Name.Current() {
		// It may hold the text of another file by now; decide its state again.
		if !moved && t.Name.Dated() {
			f.note(t.Path, errCut)
		}
		f.forget(t)
		f.again = true
		return false
	}
	if x, ok := was.atTail(t.f, info.Size()); ok {
		x.key, x.log = f.newText(t.LogName()).key, t.LogName()
		t.progress = x
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: t.at, Err: errEdited})
	} else if moved {
		t.progress = f.newText(t.LogName())
		t.mayContinue(&was, left, errEdited)
	} else if was.mayBeIn(t.f, info.Size()) {
		t.progress = f.newText(t.log)
		t.mayContinue(&was, left, errCut)
	} else if left == 0 {
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: 0, Err: errCut})
		t.progress = f.newText(t.log)
		t.mayContinue(&was, left, errEdited)
	} else {
		t.rewind(t.f, info.Size())
		t.key = f.newText(t.log).key
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: t.at, Err: errCut})
	}
	// Texts that were written and rotated since the last look are in older
	// files.
	list := f.list(ctx)
	for _, c := range list {
		if files.HandleOf(c.Member).Info != nil && files.HandleOf(c.Member).Info.Mode().IsRegular() && c.Dir == t.Dir && c.Name.Key() == t.Name.Key() && files.Older(c, t.Found) < 0 && f.lookUp(c) == nil && f.sharedText(c, t.f) == 0 {
			f.adoptOf(ctx, c, list)
		}
	}
	return f.err == nil
}

// adoptAfterCut looks for a file that begins like t, a new file of the same log or
// with a similar name, and was truncated since it was last checked: t may be the copy
// of it. If there is one, it handles that, decides the state of t, and reports true.
func (f *Follower) adoptAfterCut(ctx context.Context, t *followed, b beginning) bool {
	for _, x := range f.order {
		similar := x.LogKey() == t.LogKey() || extends(t.Path, x.Path) || x.Name.Base() == t.Name.Base()
		if x == t || x.at == 0 || !similar || !sameBeginning(x.head, b.head) || !f.checkCut(x) {
			continue
		}
		c := t.Found
		f.forget(t)
		f.handleUnseenCut(ctx, x)
		if f.lookUp(c) == nil {
			f.adopt(ctx, c)
		}
		return true
	}
	return false
}

// holds reports whether a file holds the emitted part of its text. Where only
// its path identifies it, a rotated file that holds more of another text is
// another file by now, however it begins.
func (f *Follower) holds(t *followed, info os.FileInfo) bool {
	if !t.isHeldBy(t.f, info.Size()) {
		return false
	}
	if !f.ids.byPath || t.Name.Current() || t.at == 0 {
		return true
	}
	longest := f.longestIn(t.Found, f.textsLike(t.Name, beginning{head: t.head}))
	return longest == nil || longest.at <= t.at
}

var errCut = errors.New("was cut off; following what is written from here on")
