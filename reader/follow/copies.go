package follow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/lazyregexp"
	"logview/reader/line"
	"logview/reader/rotation"
)

// This file finds out which files hold copies of the same text: rotation by
// copying and truncating, backups of editors.

// newOriginal returns the current file that c, a rotated file, is a copy of, if
// both are new; nil if there is none.
func (f *Follower) newOriginal(ctx context.Context, c files.Found, list []files.Found) *files.Found {
	for _, x := range list {
		if x.LogKey() == c.LogKey() && f.lookUp(x) == nil && f.isCopy(ctx, c, x) {
			return &x
		}
	}
	return nil
}

// isCopy reports whether c, a rotated file, compressed or not, is a copy of x, a
// current file. A single line or comments prove nothing: they may be the header
// of two texts.
func (f *Follower) isCopy(ctx context.Context, c, x files.Found) bool {
	packed := c.Name.Compressed()
	if c.Name.Current() || !x.Name.Current() || x.Name.Compressed() || !packed && x.Size < c.Size {
		return false
	}
	file, _, err := f.openNow(&followed{Found: x})
	if err != nil {
		return false
	}
	defer file.Close()
	shared, ok := int64(0), true
	if packed {
		shared, ok = sameUnpacked(ctx, c, file, 0)
	} else {
		shared = f.sharedText(c, file)
	}
	return ok && shared > 0 && !isHeader(file, shared)
}

// isHeader reports whether the first size bytes of a file are no more than one
// line, or end with a comment.
func isHeader(file io.ReaderAt, size int64) bool {
	b := make([]byte, min(size, decode.HeadSize))
	if _, err := file.ReadAt(b, size-int64(len(b))); err != nil {
		return false
	}
	return endsHeader(b, int64(len(b)) == size)
}

// endsHeader reports whether a text that ends with b is no more than one line,
// or ends with a comment. whole says that b is all of the text.
func endsHeader(b []byte, whole bool) bool {
	b = bytes.Trim(b, "\x00\r\n") // also of UTF-16
	i := bytes.LastIndexByte(b, '\n')
	return i < 0 && whole || bytes.HasPrefix(bytes.TrimLeft(b[i+1:], "\x00"), []byte("#"))
}

// sharedText returns the size of the shorter of two files if the other begins
// with all of it, otherwise 0. NULs at the end do not count.
func (f *Follower) sharedText(c files.Found, file *os.File) int64 {
	other, _, err := f.openNow(&followed{Found: c})
	if err != nil {
		return 0
	}
	defer other.Close()
	size := min(textSize(other, sizeOf(other)), textSize(file, sizeOf(file)))
	if !sameBytes(file, other, 0, size) {
		return 0
	}
	return size
}

// currentPath returns the current path of an open file in its directory; empty
// if it has none there.
func (f *Follower) currentPath(t *followed) string {
	info, err := t.f.Stat()
	if err != nil {
		return ""
	}
	entries, _ := os.ReadDir(filepath.Clean(t.Dir + "."))
	for _, e := range entries {
		if x, err := e.Info(); err == nil && f.ids.same(x, info) {
			return t.Dir + e.Name()
		}
	}
	return ""
}

// findOriginal returns the file in state reading of whose text t may hold a
// copy. A copy has the name of a rotated file that is not newer than the
// original, or one of the two has the other's name plus a suffix, as editors name
// backups. findOriginal sets t.backup.
func (f *Follower) findOriginal(t *followed, b beginning) *followed {
	var best *followed
	for _, x := range f.order {
		if x == t || x.state != reading || x.gone || x.at > 0 && len(b.head) > 0 && !sameBeginning(x.head, b.head) {
			continue
		}
		backup := f.isBackup(t, x)
		sameLog := x.Name.Key() == t.Name.Key() && !t.Name.Current() && (x.Dir == t.Dir || x.Name.Current()) || backup
		switch {
		case t.Name.Current() && !sameLog:
			continue
		case !backup && x.Name.Key() == t.Name.Key() && x.Dir == t.Dir && files.Older(x.Found, t.Found) < 0 && !x.Name.Current(), x.Name.OtherDate(t.Name):
			continue
		case !sameLog:
			continue
		}
		if whole, prefix := f.compare(t, x); !whole && !(prefix && sameLog) {
			continue
		}
		if best == nil || x.at > best.at {
			best = x
		}
	}
	t.backup = best != nil && f.isBackup(t, best)
	return best
}

// rotates reports whether rotation gives a path to the file that had another. Names such
// as app.log.old are made by rotation, those that backupName matches rather by editors.
func rotates(path, to string) bool {
	n := decode.ParseName(filepath.Base(to))
	return n.Key() == decode.ParseName(filepath.Base(path)).Key() && !n.Current() && !backupName.MatchString(to)
}

// backupName matches the names that editors, sed -i and people give to copies, and to
// files that are to replace others.
var backupName = lazyregexp.New(`(?i)(~|\.(bak|backup|orig|save|sav|copy|new|tmp))$`)

// isBackup reports whether t may be a backup of x, or was made from x to replace it.
func (f *Follower) isBackup(t, x *followed) bool {
	return extends(x.Path, t.Path) && backupName.MatchString(x.Path) || extends(t.Path, x.Path) || f.isSaved(x, t)
}

// extends reports whether path is of plus a suffix: app.log~ or app.log.bak for
// app.log. Names of rotated files do not count.
func extends(path, of string) bool {
	end, ok := strings.CutPrefix(path, of)
	return ok && end != "" && !line.IsAlnum(end[0]) && !strings.ContainsRune(end, filepath.Separator) && !rotates(of, path)
}

// isSaved reports whether t may be a copy of x under another name or in another directory: one
// that was made with its times, as by cp -a, or has lines of x that are written only once, and
// were emitted before t appeared. Two files that were written at the same time have the same times,
// too, but nobody set them; and two logs may get the same lines, but at nearly the same time.
func (f *Follower) isSaved(x, t *followed) bool {
	switch {
	case t.Size == 0:
		return false
	case x.Dir == t.Dir || x.Name.Base() != t.Name.Base():
		return !rotates(x.Path, t.Path) && f.hasUniqueLines(t, x)
	}
	info := files.HandleOf(t.Member).Info
	wasSet := t.ModTime.Before(f.begun)
	if c := reader.Ctime(info); c != 0 {
		wasSet = info.ModTime().UnixNano() != c
	}
	mod := x.mod
	if t.ModTime.Nanosecond() == 0 { // as in an archive of tar
		mod = mod.Truncate(time.Second)
	}
	return wasSet && x.size == t.Size && mod.Equal(t.ModTime) || f.hasUniqueLines(t, x)
}

// hasUniqueLines reports whether t has lines of x that are written only once, and were emitted a
// while ago.
func (f *Follower) hasUniqueLines(t, x *followed) bool {
	known := x.before(f.opt.Now(), x.active)
	if known == 0 {
		return false
	}
	if whole, prefix := f.compare(t, x); !whole && !prefix {
		return false
	}
	file, info, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	p := progress{charset: x.charset, bom: x.bom}
	return p.begin(file, min(known, textSize(file, info.Size()))) == nil && p.isUnique()
}

// compare reports whether t holds all of x's text that was emitted, or
// only a prefix of it.
func (f *Follower) compare(t, x *followed) (whole, prefix bool) {
	a, info, err := f.openNow(t)
	if err != nil {
		return false, false
	}
	defer a.Close()
	size := textSize(a, info.Size())
	if x.at > 0 && size >= x.at {
		return x.isHeldBy(a, size), false
	}
	return false, f.samePrefix(a, x, 0, size)
}

// recheck checks whether a file is still a copy.
func (f *Follower) recheck(ctx context.Context, t *followed) {
	x := t.of
	if info, err := os.Stat(t.Path); err == nil && info.Size() == t.size && info.ModTime().Equal(t.mod) {
		return
	}
	file, info, err := f.openNow(t)
	if err != nil {
		f.pending = true
		return
	}
	defer file.Close()
	known := t.size
	t.size, t.mod = info.Size(), info.ModTime()
	size := textSize(file, info.Size())
	if size < t.checked {
		t.checked, t.whole = 0, false
	}
	same := x.state == reading && f.samePrefix(file, x, t.checked, size)
	if x.state == reading && !same && !f.intact(x) {
		f.checkFile(ctx, x) // which decides what becomes of its copies
		if t.state != copied || t.of != x {
			return
		}
	}
	switch {
	case x.state != reading:
		f.forget(t)
		f.pending = true
	case same && t.whole && !t.backup && size > t.checked && f.opt.Now().Sub(t.wholeAt) > longestCopy:
		// Copying ends when all is copied: a program writes the same lines to both.
		f.startAnew(t)
	case same:
		if !t.whole && size >= x.at {
			t.wholeAt = f.opt.Now()
		}
		t.grew = t.grew || known >= 0 && size > t.checked && !backupName.MatchString(t.Path)
		t.checked = size
		t.whole = t.checked >= x.at
	case t.checked == 0 && !t.backup && !x.isHeldBy(file, size):
		// It was empty when it was first seen, and may be a copy of any file.
		f.forget(t)
		f.again = true
	case max(t.checked, x.at) <= longestHeader && f.intact(x) && (t.checked >= likeness && isHeader(file, t.checked) || !t.backup || t.grew):
		// Both files exist and differ: they only began alike. Of a backup, a
		// header does not show which of the two it is, unless a program wrote it
		// step by step.
		f.startAnew(t)
	case t.checked < x.at && x.isHeldBy(file, size):
		t.checked, t.whole = x.at, true
		fallthrough
	case t.whole:
		// It was a copy, and another program appends to it.
		t.state, t.of, t.size = reading, nil, -1
		if t.Path == x.Path || extends(t.Path, x.Path) {
			t.log = x.log // it replaces that, or is to
		}
		if err := f.startText(t, file, t.checked); err != nil {
			f.note(t.Path, err)
		}
	default:
		t.state, t.of, t.size = reading, nil, -1
		if !f.continueKnown(t) {
			t.mayContinue(&x.progress, 0, errEdited)
		}
	}
}

// longestCopy is how long a copy grows at most after it has had all lines of a log.
const longestCopy = 2 * time.Second

// startAnew makes t, which was taken for a copy, a log of its own, from its start.
func (f *Follower) startAnew(t *followed) {
	t.state, t.of, t.size = reading, nil, -1
	t.progress = f.newText(t.LogName())
}

// detachCopies finds the copies of t's text that end before what was emitted of
// it, and lets them continue the text. They were made before t was truncated, and
// the lines written in between were emitted. It reports whether it found any.
func (f *Follower) detachCopies(ctx context.Context, t *followed) bool {
	found := false
	for _, c := range f.list(ctx) {
		x := f.lookUp(c)
		if x == nil {
			if c.Name.Current() || c.Name.Compressed() || c.Name.Key() != t.Name.Key() {
				continue
			}
			x = f.add(c)
		} else if x.state != copied || x.of != t {
			continue
		}
		f.rename(x, c)
		if f.detach(x, t) {
			f.checkFile(ctx, x)
			found = true
		} else if x.state != copied {
			f.forget(x)
		}
	}
	return found
}

// detach lets x, a copy of the text that t held, continue that text from where x
// ends. It reports false and changes nothing if t still holds all that x holds, or
// if x and the text have no more than a header in common.
func (f *Follower) detach(x, t *followed) bool {
	file, info, err := f.openNow(x)
	if err != nil {
		return false
	}
	defer file.Close()
	size := textSize(file, info.Size())
	p := t.progress.clone()
	if !p.isHeldBy(file, size) {
		p.rewind(file, info.Size())
	}
	if p.at == 0 || p.at < size && p.at <= longestHeader && !p.isUnique() {
		return false
	}
	if now := sizeOf(t.f); now >= size && sameBytes(file, t.f, 0, size) {
		return false
	}
	p.scanned, p.zeros = 0, 0
	x.progress = p
	x.state, x.of, x.size = reading, nil, -1
	x.active = f.opt.Now()
	return true
}

// intact reports whether a file still holds the emitted part of its text.
func (f *Follower) intact(x *followed) bool {
	file := x.f
	if file == nil {
		var err error
		if file, _, err = f.openNow(x); err != nil {
			return false
		}
		defer file.Close()
	}
	info, err := file.Stat()
	return err == nil && x.isHeldBy(file, info.Size())
}

// samePrefix reports whether a file has the same bytes from from to to as the
// file of x.
func (f *Follower) samePrefix(file *os.File, x *followed, from, to int64) bool {
	other := x.f
	if other == nil {
		var err error
		if other, _, err = f.openNow(x); err != nil {
			return false
		}
		defer other.Close()
	}
	return sameBytes(file, other, from, to)
}

// adoptOrphan finds the text whose file is gone and that t holds, and continues
// with it there: as far as it was emitted, or as t agrees with it. It has to
// hold more of that than of the text of like, if that is not nil. If the file
// was gone before this look, a new file that holds no more than a header of its
// text, or differs from it later, is another.
func (f *Follower) adoptOrphan(t, like *followed) bool {
	if t.Name.Current() {
		return f.adoptCut(t, like)
	}
	file, info, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	var best *orphan
	var most progress
	if like != nil {
		most.at = like.at
		if whole, _ := f.compare(t, like); !whole {
			most.at = info.Size()
		}
	}
	// agree returns the progress of a text in t, or where they differ.
	agree := func(p *progress) (q progress, whole bool) {
		if q = p.clone(); q.isHeldBy(file, info.Size()) {
			return q, true
		}
		q.rewind(file, info.Size())
		return q, false
	}
	for _, o := range f.texts {
		if o.at == 0 || o.name.Key() != t.Name.Key() || o.name.OtherDate(t.Name) {
			continue
		}
		p, whole := agree(&o.progress)
		if p.at <= longestHeader && o.since.Before(f.looked) && !(whole && (p.at == info.Size() || !isHeader(file, p.at))) || o.ended && !whole {
			continue // they only begin alike
		}
		if p.at > most.at {
			best, most = o, p
		}
	}
	var lost *followed
	packed := func(n rotation.Name) bool {
		return slices.ContainsFunc(f.order, func(x *followed) bool { return x.Name.Compressed() && x.Name.Unpacks(n) && !x.gone })
	}
	for _, x := range f.order {
		if !x.gone || x.state != reading || x.f == nil || x.at == 0 && x.earlier != nil || x.Name.Key() != t.Name.Key() || x.Name.OtherDate(t.Name) {
			continue
		}
		p, whole := agree(&x.progress)
		left, err := x.f.Stat()
		switch {
		case err != nil:
			continue
		case whole && (left.Size() == 0 || left.Size() > info.Size() || !sameBytes(x.f, file, 0, left.Size())):
			continue // t does not hold the rest of it
		case x.missed.Before(f.looked) && p.at <= longestHeader && !(whole && (left.Size() == info.Size() || !isHeader(file, max(p.at, left.Size())))), !whole && packed(x.Name):
			continue // they only begin alike
		case !whole && !x.Name.Current() && !p.isUnique():
			continue // a rotated file is not edited
		case whole && p.at == 0 && most.at == 0 && like == nil:
			lost = x // all of it is left
		}
		if p.at > 0 && (p.at > most.at || p.at == most.at && (best != nil || like == nil)) {
			lost, most = x, p
		}
	}
	if lost != nil && most.at == 0 {
		most = lost.progress.clone()
	}
	switch {
	case lost != nil:
		if most.at == lost.at {
			f.forget(lost)
		}
	case best == nil:
		return f.adoptCut(t, like)
	default:
		f.texts = slices.DeleteFunc(f.texts, func(o *orphan) bool { return o == best && most.at == o.at })
	}
	t.progress = most
	t.scanned, t.zeros = 0, 0
	return true
}

// adoptCut continues in t with a text that was cut off in this look, and returns true, if t
// holds all that was emitted of it and has a similar name, or lines with times: somebody
// copied a log before truncating it. It does nothing if t may as well be a copy of like.
func (f *Follower) adoptCut(t, like *followed) bool {
	file, info, err := f.openNow(t)
	if err != nil {
		return false
	}
	defer file.Close()
	for i, o := range f.texts {
		similar := o.name.Key() == t.Name.Key() || o.name.Base() == t.Name.Base() || extends(t.Path, o.path) || o.isUnique()
		if !o.cut || !similar || o.since.Before(f.looked) || o.at < likeness || like != nil && like.at >= o.at || isHeader(file, min(o.at, info.Size())) || !o.isHeldBy(file, info.Size()) {
			continue
		}
		log := t.log
		t.progress = o.progress.clone()
		t.log, t.scanned, t.zeros = log, 0, 0
		f.texts = slices.Delete(f.texts, i, i+1)
		return true
	}
	return false
}

// recheckCopies checks whether the copies of a text still are copies. As long
// as nothing of a text was emitted, truncating its file goes unnoticed.
func (f *Follower) recheckCopies(t *followed) {
	for _, x := range f.order {
		if x.state != copied || x.of != t {
			continue
		}
		file, _, err := f.openNow(x)
		if err == nil && !f.samePrefix(file, t, 0, x.checked) {
			x.state, x.of, x.size = unready, nil, -1
			f.pending = true
		}
		if err == nil {
			file.Close()
		}
	}
}

// continueInCopy finds the copy of a file that was made before the file was truncated
// to what info describes, and continues with its text there.
func (f *Follower) continueInCopy(ctx context.Context, t *followed, info os.FileInfo) bool {
	// The names have to be newer than the cut. If the clock of the file system
	// can be trusted they may be; of many logs that are rotated at once each
	// would cost another look.
	best := (*files.Found)(nil)
	if f.live.lookedAfter(info.ModTime()) {
		best = f.copyOf(ctx, t)
	}
	if best == nil {
		f.live.refresh()
		best = f.copyOf(ctx, t)
	}
	if best == nil {
		return false
	}
	x := f.lookUp(*best)
	if x != nil && x.Path != best.Path && !f.checkRenamed(x, *best) {
		f.retire(x) // its inode number was reused
		x = nil
	}
	if x == nil {
		x = f.add(*best)
	}
	f.rename(x, *best)
	x.progress = t.progress.clone()
	x.scanned, x.zeros = 0, 0
	x.state, x.of, x.size = reading, nil, -1
	x.active = f.opt.Now()
	if b, err := f.readBeginning(*best); err == nil && b.format != decode.Plain {
		f.emitRest(ctx, x)
		f.abandon(x, true)
		f.setAside(x, ignored)
		return true
	}
	f.checkFile(ctx, x)
	return true
}

// copyOf returns the file that holds all that was emitted of t's text: the
// oldest of those that are new, for the texts that were written since are in
// newer files and may begin alike, or the newest of the known ones.
func (f *Follower) copyOf(ctx context.Context, t *followed) *files.Found {
	all := f.list(ctx)
	for _, c := range all {
		if files.HandleOf(c.Member).Info != nil && f.lookUp(c) == t {
			f.rename(t, c)
		}
	}
	var best *files.Found
	for _, c := range all {
		x := f.lookUp(c)
		switch {
		case files.HandleOf(c.Member).Info == nil || x == t || c.Path == t.Path || c.Name.Key() != t.Name.Key():
		case c.Name.Current() && !c.Name.Compressed(), x != nil && x.state == reading:
		case best != nil && (best.Name.Unpacks(c.Name) && c.Name.Compressed() || f.lookUp(*best) == nil):
		case f.holdsText(ctx, c, &t.progress):
			best = &c
		}
	}
	return best
}

// holdsText reports whether a file, compressed or not, holds all that was
// emitted of a text, and does not hold more of another known text. Equal
// beginnings are not enough.
func (f *Follower) holdsText(ctx context.Context, c files.Found, p *progress) bool {
	if p.at == 0 {
		return false
	}
	b, err := f.readBeginning(c)
	if err != nil || !sameBeginning(b.head, p.head) {
		return false
	}
	texts := f.textsLike(c.Name, b)
	if b.format == decode.Plain {
		return p.equal(f.longestIn(c, texts))
	}
	held, _, _, err := f.heldByPacked(ctx, &followed{Found: c}, texts)
	return p.equal(held) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// textsLike returns the known texts that begin like a file of some name: first those whose
// files exist, and among these that of the file that was compressed to it.
func (f *Follower) textsLike(n rotation.Name, b beginning) []*progress {
	var out []*progress
	for _, gone := range []bool{false, true} {
		for _, unpacked := range []bool{true, false} {
			for _, x := range f.order {
				if x.gone == gone && x.Name.Unpacks(n) == unpacked && x.state == reading && !x.stored && x.at > 0 && sameBeginning(x.head, b.head) {
					out = append(out, &x.progress)
				}
			}
		}
	}
	for _, o := range f.texts {
		if o.at > 0 && sameBeginning(o.head, b.head) {
			out = append(out, &o.progress)
		}
	}
	return out
}

// longestIn returns the longest of the texts whose emitted part a file holds; nil
// if it holds none.
func (f *Follower) longestIn(c files.Found, texts []*progress) *progress {
	file, _, err := files.OpenMember(c.Member)
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	var held *progress
	for _, p := range texts {
		if (held == nil || p.at > held.at) && p.isHeldBy(file, info.Size()) {
			held = p
		}
	}
	return held
}
