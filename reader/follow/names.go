package follow

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// This file looks at the names of files: which are new, renamed or gone, and what a new
// file becomes.

// checkNames checks which files exist.
func (f *Follower) checkNames(ctx context.Context) {
	begun := f.opt.Now()
	f.pending = false
	list := slices.DeleteFunc(slices.Clone(f.list(ctx)), func(c files.Found) bool {
		if c.Named && files.HandleOf(c.Member).Info != nil && files.HandleOf(c.Member).Info.Mode()&fs.ModeNamedPipe != 0 && f.opt.Pipe != nil && !f.pipes[c.Path] {
			f.pipes[c.Path] = true
			f.opt.Pipe(c.Path)
		}
		return files.HandleOf(c.Member).Info == nil || !files.HandleOf(c.Member).Info.Mode().IsRegular() || editing.MatchString(filepath.Base(c.Path))
	})
	for _, c := range list {
		t := f.lookUp(c)
		switch {
		case t == nil:
		case t.Path != c.Path && !f.checkRenamed(t, c), f.ids.byPath && t.gone, f.isReused(t, c):
			f.retire(t) // its inode number or its name was reused
		case t.state == ignored && t.Name.Compressed() && t.Path == c.Path && c.Size > t.size && !f.ids.byPath:
			t.seen = begun
			f.handlePackedGrowth(ctx, t, c)
		case (t.state == unready || t.state == ignored) && (c.Size != t.size || !c.ModTime.Equal(t.mod)):
			f.forget(t)
		case f.ids.byPath && t.state == reading && t.at == 0 && !t.Name.Current() && c.Size != t.size:
			f.forget(t) // nothing shows whether it is the same file
		default:
			t.seen = begun
			f.rename(t, c)
		}
	}
	fresh := map[string]bool{} // logs with new files
	for _, c := range list {
		if f.lookUp(c) == nil {
			fresh[c.Name.Key()] = true
		}
	}
	known := slices.Clone(f.order)
	slices.SortStableFunc(known, func(a, b *followed) int { return files.Older(a.Found, b.Found) })
	for _, t := range known {
		if gone := t.seen.Before(begun); gone != t.gone {
			t.gone, t.missed = gone, begun
		}
		switch {
		case t.gone && t.f == nil && fresh[t.Name.Key()]:
			f.retire(t) // what it held may be in one of those
		case t.state == copied && t.of.gone && t.of.f == nil && !t.gone:
			if !f.detach(t, t.of) { // it may be all that is left of the text
				f.forget(t)
			}
		case fresh[t.Name.Key()]:
			f.handleUnseenCut(ctx, t)
		}
	}
	for _, c := range list {
		if f.err != nil || ctx.Err() != nil {
			return
		}
		if f.lookUp(c) == nil {
			f.readAll(ctx, f.olderThan(c))
			f.adoptOf(ctx, c, list)
		}
	}
	for _, t := range slices.Clone(f.order) {
		if t.gone {
			f.checkFile(ctx, t)
		}
	}
	f.listed = begun
}

// olderThan returns the files in state reading of the log of c that are older
// than c or were removed.
func (f *Follower) olderThan(c files.Found) []*followed {
	var out []*followed
	for _, t := range f.order {
		if t.state == reading && t.Name.Key() == c.Name.Key() && t.Dir == c.Dir && (files.Older(t.Found, c) < 0 || t.gone && (t.at > 0 || t.Path == c.Path)) {
			out = append(out, t)
		}
	}
	return out
}

// lookUp returns the file that was listed as c, if it is known.
func (f *Follower) lookUp(c files.Found) *followed {
	if id := f.ids.of(files.HandleOf(c.Member).Info); id != nil {
		return f.files[id]
	}
	if t := f.byPath[c.Path]; t != nil && f.ids.same(files.HandleOf(t.Member).Info, files.HandleOf(c.Member).Info) {
		return t
	}
	for _, t := range f.order {
		if t.Path != c.Path && !f.ids.byPath && f.ids.same(files.HandleOf(t.Member).Info, files.HandleOf(c.Member).Info) {
			return t
		}
	}
	return nil
}

// isReused reports whether c, which has the path and the inode number of t, is another file:
// t was gone, c has another size or time, and nothing shows that it has the same lines.
func (f *Follower) isReused(t *followed, c files.Found) bool {
	return t.gone && t.f == nil && t.Path == c.Path && t.state == reading && t.at > 0 && t.at <= longestHeader &&
		(c.Size != t.size || !c.ModTime.Equal(t.mod)) && !t.isUnique()
}

// checkRenamed reports whether c is t under another name, and not another file with
// a reused inode number. If c cannot be opened any more, it reports true and
// requests another look at the names.
func (f *Follower) checkRenamed(t *followed, c files.Found) bool {
	switch {
	case t.f != nil:
		return true // the inode number of an open file is not reused
	case t.state != reading:
		return c.Size == t.size && c.ModTime.Equal(t.mod)
	case t.at == 0:
		return true // nothing of it was emitted that could be emitted again
	}
	file, err := os.Open(c.Path)
	if err != nil {
		// It was renamed once more: the next look finds it.
		f.pending = true
		return true
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !f.ids.same(info, files.HandleOf(c.Member).Info) {
		f.pending = true
		return true
	}
	return t.isHeldBy(file, info.Size())
}

// rename notes the name that t has now.
func (f *Follower) rename(t *followed, c files.Found) {
	if t.Path != c.Path {
		if f.byPath[t.Path] == t {
			delete(f.byPath, t.Path)
		}
		f.byPath[c.Path] = t
	}
	named := t.Named
	t.Found = c
	t.Named = t.Named || named
}

// add adds a file, in state reading with no progress.
func (f *Follower) add(c files.Found) *followed {
	id := f.ids.of(files.HandleOf(c.Member).Info)
	if id == nil {
		id = new(byte)
		f.ids.same(files.HandleOf(c.Member).Info, files.HandleOf(c.Member).Info) // which on Windows reads what identifies it, while it has this path
	}
	t := &followed{Found: c, id: id, size: -1, seen: f.opt.Now()}
	t.progress = f.newText(c.LogName())
	f.files[id] = t
	f.order = append(f.order, t)
	f.byPath[c.Path] = t
	return t
}

// newText returns the progress of a text before any of it is emitted.
func (f *Follower) newText(log string) progress {
	f.lastID++
	return progress{key: f.lastID, log: log}
}

// adoptOf decides the state of a new file of a list, and before that of the file that it is a
// copy of, if that is new, too.
func (f *Follower) adoptOf(ctx context.Context, c files.Found, list []files.Found) {
	if x := f.newOriginal(ctx, c, list); x != nil {
		f.adopt(ctx, *x)
	}
	if f.lookUp(c) == nil {
		f.adopt(ctx, c)
	}
}

// adopt decides the state of a new file.
func (f *Follower) adopt(ctx context.Context, c files.Found) {
	before := f.byPath[c.Path]
	t := f.add(c)
	b, err := f.readBeginning(c)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, reader.ErrGone):
		f.forget(t) // what became of it is another file, or has another name
		f.pending = true
		return
	case errors.Is(err, fs.ErrPermission):
		f.noteOnce(t.id, c.Path, err)
		f.forget(t) // if it becomes readable later, it is new then
		return
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF), err == nil && b.format != decode.Plain && len(b.head) == 0:
		f.setAside(t, unready)
		return
	case err != nil:
		f.noteOnce(t.id, c.Path, err)
		f.setAside(t, ignored)
		return
	case b.binary && !c.Named && !f.opt.Text:
		f.noteOnce(t.id, c.Path, reader.ErrBinary)
		f.setAside(t, ignored)
		return
	}
	if f.adoptAfterCut(ctx, t, b) {
		return
	}
	for _, x := range slices.Clone(f.order) {
		// Something must be known of the file that it may be a copy of.
		if x != t && x.at == 0 && x.state == reading && (x.gone && x.Name.Key() == t.Name.Key() || x.Dir == t.Dir && x.Name.Unpacks(t.Name)) && f.beginsLike(x, b) {
			f.checkFile(ctx, x)
		} else if x != t && x.at == 0 && x.state == reading && b.format != decode.Plain && x.LogKey() == t.LogKey() && f.isCopy(ctx, c, x.Found) {
			f.checkFile(ctx, x)
		}
	}
	if b.format != decode.Plain {
		f.adoptPacked(ctx, t, b)
		return
	}
	t.charset, t.bom, t.isText = b.charset, b.bom, len(b.head) > 0
	if before != nil && before != t && before.state == reading && f.continueReplaced(before, t) {
		if t.at < before.at {
			f.abandon(before, false) // another file may have the rest of it
		}
		f.forget(before)
	} else if like := f.findOriginal(t, b); f.adoptAfterCut(ctx, t, b) {
		return // a file was truncated while it was compared with t
	} else if f.adoptOrphan(t, like) {
		// Its text continues.
	} else if like != nil {
		t.state, t.of = copied, like
		f.checkFile(ctx, t)
		return
	} else if f.continueEdited(t) {
		// Its text continues, too.
	} else if f.isUnpacked(ctx, t, b) {
		f.setAside(t, ignored)
		return
	} else if f.continueKnown(t) {
		// So does a text that was changed.
	} else if file, _, err := f.openNow(t); err != nil {
		f.forget(t) // nothing could be compared with it
		f.pending = true
		return
	} else if file.Close(); !c.Name.Current() && c.ModTime.Before(f.begun.Add(-time.Second)) {
		// It was written before following began, and moved there since.
		if err := f.skipTo(t, c.Size); err != nil {
			f.note(c.Path, err)
		}
	}
	if before != nil && before != t && before.at > 0 && t.at == 0 {
		t.mayContinue(&before.progress, 0, errEdited)
	}
	t.active = f.opt.Now()
	f.checkFile(ctx, t)
}
