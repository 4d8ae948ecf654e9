package follow

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"logview/reader"
)

// This file continues a log that was edited or replaced by another file with the same
// lines, as rsync, sed -i and editors do.

// errEdited says that a log has other lines than were read.
var errEdited = errors.New("was edited or replaced; following what is new in it from here on")

// continueReplaced makes t continue the text of old, and returns true, if t has the name
// that old had and holds old's text or its beginning: an editor, rsync or sed -i wrote a
// new file and renamed it. If old was rotated, its text continues there, and t has
// another text, however it begins.
func (f *Follower) continueReplaced(old, t *followed) bool {
	if t.Name.Numbered() && !t.Name.Dated() {
		return false // rotation gives such a name to another file each time
	}
	if old.at+old.scanned == 0 || old.seen.Before(f.listed) {
		return false // it was removed before
	}
	if !old.gone && old.Path != t.Path {
		return false // it has another name
	}
	kept := old.f != nil && links(old.f) > 0 // under another name
	if kept {
		if path := f.currentPath(old); !strings.HasPrefix(path, t.Path) || !backupName.MatchString(path) {
			return false // it is no backup
		}
	}
	file, info, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	p := old.progress.clone()
	held := old.isHeldBy(file, info.Size())
	if held {
		if old.at == 0 && (old.f == nil || !sameBytes(old.f, file, 0, old.scanned)) {
			return false
		}
	} else if kept {
		return false
	} else if x, ok := p.atTail(file, info.Size()); ok {
		p = x
	} else if x, ok := p.afterKnown(file, info.Size()); ok {
		p = x
	} else if x := p.clone(); f.wasReplaced(old) && x.goToTail(file, info.Size()) {
		p = x
	} else if p.rewind(file, info.Size()); p.at == 0 {
		return false
	}
	if !f.wasReplaced(old) && p.at <= longestHeader && !p.isUnique() {
		return false // it only begins alike
	}
	if !held {
		f.note(t.Path, &reader.FileError{Path: t.Path, Offset: p.at, Err: errEdited})
	}
	p.scanned, p.zeros = 0, 0
	if p.at == 0 {
		p.charset, p.bom = t.charset, t.bom
	}
	t.progress = p
	return true
}

// wasReplaced reports whether the file of t was replaced in one step, by one that was
// renamed. Otherwise it was deleted before, or moved elsewhere, and what is at its path now
// may be another text.
func (f *Follower) wasReplaced(t *followed) bool {
	if f.removed[filepath.Clean(t.Path)] || t.gone && t.missed.Before(f.looked) {
		return false
	}
	return t.f == nil || links(t.f) == 0 || backupName.MatchString(f.currentPath(t))
}

// continueEdited makes t continue the text of the file that is its backup, and returns
// true, if an editor moved that file aside and wrote a changed text: the last lines that
// were emitted are in t.
func (f *Follower) continueEdited(t *followed) bool {
	for _, x := range f.order {
		aside := extends(x.Path, t.Path) || x.Path == t.Path && x.gone // perhaps under a name that is not listed
		if x == t || x.state != reading || x.at == 0 || !aside {
			continue
		}
		file, info, err := f.openNow(t)
		if err != nil {
			return false
		}
		defer file.Close()
		p := x.progress.clone()
		p.key, p.log = t.key, t.log
		p.scanned, p.zeros, p.run = 0, 0, 0
		q, ok := p.atTail(file, info.Size())
		if !ok {
			q, ok = p.afterKnown(file, info.Size())
		}
		if !ok && (x.Path != t.Path || f.wasReplaced(x)) {
			q = p
			ok = q.goToTail(file, info.Size())
		}
		if p = q; ok {
			f.note(t.Path, &reader.FileError{Path: t.Path, Offset: p.at, Err: errEdited})
			t.progress = p
			return true
		}
	}
	return false
}

// continueKnown makes t, a new file, continue the text of its log of which it has the most
// lines, and returns true, if these are written only once: what was a file of the log was
// changed, and then renamed, copied or replaced before it was looked at.
func (f *Follower) continueKnown(t *followed) bool {
	file, info, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	var best progress
	try := func(p *progress) {
		if q, ok := p.foundIn(file, info.Size()); ok && q.at > best.at {
			best = q
		}
	}
	for _, x := range f.order {
		switch {
		case x == t || x.state != reading || x.LogKey() != t.LogKey():
		case x.at > 0 && (x.gone || !f.intact(x)): // otherwise t may be a log that gets the same lines
			try(&x.progress)
		case x.earlier != nil:
			try(x.earlier)
		}
	}
	for _, o := range f.texts {
		if o.at > 0 && o.name.Key() == t.Name.Key() && filepath.Dir(o.path) == filepath.Dir(t.Path) {
			try(&o.progress)
		}
	}
	if best.at == 0 {
		return false
	}
	key, log := t.key, t.log
	t.progress = best
	t.key, t.log, t.scanned, t.zeros, t.run = key, log, 0, 0, 0
	return true
}

// isCopied reports whether a file of t's log whose text continues there holds all that t, which is
// open, holds.
func (f *Follower) isCopied(t *followed) bool {
	size := sizeOf(t.f)
	return slices.ContainsFunc(f.order, func(x *followed) bool {
		if x == t || x.state != reading || x.at < size || x.LogKey() != t.LogKey() {
			return false
		}
		file, _, err := f.openNow(x)
		if err != nil {
			return false
		}
		defer file.Close()
		return sameBytes(t.f, file, 0, size)
	})
}
