package follow

import (
	"slices"
	"time"

	"logview/reader/rotation"
)

// This file remembers the texts whose files are gone.

// An orphan is a text whose file is gone.
type orphan struct {
	progress
	name  rotation.Name
	path  string    // of the file, when it was looked at last
	mod   time.Time // of the file, when it was looked at last
	since time.Time // it is gone
	ended bool      // it was read to its end
	cut   bool      // its file was cut off
}

// retire forgets a file that is gone, and remembers how much of its text was
// emitted.
func (f *Follower) retire(t *followed) {
	if t.state == reading && t.at > 0 {
		for _, x := range f.order {
			if x.state == copied && x.of == t {
				f.detach(x, t)
			}
		}
		f.abandon(t, t.f != nil)
		if t.gone {
			f.texts[len(f.texts)-1].since = t.missed
		}
	}
	f.forget(t)
}

// abandon remembers the text of a file that no longer holds it, in place of what it
// remembered of that before. ended says that the text was read to its end.
func (f *Follower) abandon(t *followed, ended bool) {
	o := &orphan{progress: t.progress.clone(), name: t.Name, path: t.Path, mod: t.mod, since: f.opt.Now(), ended: ended}
	if n := len(o.marks); ended && n > 0 {
		o.marks, o.recent = slices.Clone(o.marks[n-1:]), nil
	}
	f.texts = append(slices.DeleteFunc(f.texts, func(x *orphan) bool { return x.key == o.key }), o)
	if len(f.texts) > maxOrphans {
		f.texts = slices.Delete(f.texts, 0, len(f.texts)-maxOrphans)
	}
}
