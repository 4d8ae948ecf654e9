// Package follow watches logs and emits the lines that are written to them,
// each once, through growth and every kind of rotation.
package follow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/lazyregexp"
)

// A Follower emits the lines that are written to logs, each once, through
// growth and every kind of rotation. It belongs to one goroutine.
//
// It distinguishes files from texts. A file has an identity (device and
// inode, or what os.SameFile compares) and names that change. A text is what
// one or more writers wrote, one after another, into an empty file; its
// progress says how much of it was emitted. Rotation moves texts between
// files: renaming does not, but copying, compressing and replacing put the
// same text into another file, and truncating and rewriting put another text
// into the same file.
//
// Each known file is in one state:
//
//	reading  What is appended to its text is emitted.
//	copied   So far it holds the beginning of another file's text.
//	         Nothing of it is emitted.
//	unready  Undecided: it is compressed and not complete yet.
//	ignored  Nothing of it will be emitted: it is not text, was written
//	         before following began, or is compressed and was emitted
//	         before.
//
// A new file becomes
//
//	reading, from its start, if it has the name of a current file, or one
//	    that is newer than those of all files with a similar text, or if its
//	    text is like no other;
//	reading, from where a text was left, if it holds all that was emitted
//	    of that text and the file that held it was removed or replaced, just
//	    now if that text may be a header;
//	copied, if another file's text begins with all that it holds, or if it
//	    begins with all that was emitted of that text, and its name is
//	    that of an older file of the log or of an editor's backup;
//	unready or ignored as described.
//
// That texts begin or end alike shows that they are one if what they share has lines of
// several times, or is more than longestHeader: see isUnique. Otherwise it may be what a
// program writes each time it starts: at the path of a file that was deleted, moved
// elsewhere or reached by another link, such a file has another text, and at the path of
// one that was replaced in one step, the same.
//
// Later, when a file changes:
//
//	reading → reading   with another text, if what was emitted is no longer
//	                    there. The old text continues in a copy of it, if
//	                    there is one; the new one begins where the two
//	                    begin to differ, as far as that is known, or after
//	                    the last lines of the old one if only lines before
//	                    those were removed. If it begins with such lines of the
//	                    old one, it is being rewritten, which is waited for.
//	copied → reading    from its start, if it grows into something that the
//	                    other text does not hold; from where it stopped being a
//	                    copy, if it held all of that text before and that is
//	                    longer than a header; or from where it or the other
//	                    text ends, if that was cut off or its file is gone: a
//	                    copy may have been made before the last lines of the
//	                    other text were written.
//	unready, ignored    are decided again.
//
// A file that no longer has a name is read to its end, and for a while after
// that, through its open descriptor. How much of its text was emitted is
// remembered, because it may reappear compressed.
//
// followed.go has the states, names.go decides about new and renamed files, copies.go
// finds copies, cut.go what was truncated, edited.go what was edited, rewritten.go what is
// rewritten; packed.go reads compressed files, readfile.go reads one plain file,
// text.go has the progress of a text, and orphan.go the texts whose files are gone.
type Follower struct {
	live  *Live
	feed  *Feed
	opt   FollowOptions
	begun time.Time

	ids    identifier
	files  map[any]*followed    // by identity
	order  []*followed          // the same files
	byPath map[string]*followed // by the last known path
	texts  []*orphan            // texts whose files are gone, for a while

	named   map[files.LogKey]string // logs whose current files were named, and those files' base names
	holding map[*followed]bool      // with an unfinished last line that is held, or waited for by resume
	pipes   map[string]bool         // paths of named pipes that opt.Pipe was told of
	noted   map[any]bool            // files about which something was reported, by identity
	again   bool                    // the state of a file is to be decided again at once
	pending bool                    // the names are to be checked again
	looked  time.Time               // when the last look began
	removed map[string]bool         // the paths at which files were deleted since the names were checked
	emptied map[string]bool         // the paths at which files were empty since the last look
	listed  time.Time               // when the names were last checked
	sweep   int                     // index in order where the next sweep continues
	round   int                     // how often the sweeps came to the end of order
	open    int                     // number of open files
	lastID  int64                   // of a text

	emit func(*Appended) error
	err  error // emit's
	buf  []byte

	opening func() // for tests: called before a file is opened to be compared
}

// FollowOptions configure a Follower.
type FollowOptions struct {
	Last     int64             // number of last lines of each log to emit first
	LastOf   int64             // the same for logs that were named as files
	Count    bool              // count lines from the starts of files, so that every line has a number
	Pipe     func(path string) // called once for a named path that has become a named pipe, which a Follower does not read; may be nil
	Note     func(error)       // reports that a file was truncated, is skipped, or cannot be read; may be nil
	Now      func() time.Time  // the clock; nil for time.Now
	Text     bool              // follow files that do not look like text, too
	Encoding decode.Charset    // of files without a byte order mark; empty to detect it
}

// Appended holds new lines of a log.
type Appended struct {
	Log          string    // its name
	ModTime      time.Time // the file's, when it was looked at; zero for a pipe
	Key          any       // identifies the text, also after renaming; a map key
	ID           reader.ID // of the text, as far as it is known
	reader.Block           // Text may be longer than BlockSize; Line is -1 if it is not known
}

const (
	// likeness is how many bytes two texts of different logs must have in
	// common to be taken for the same.
	likeness = 64
	// longestHeader is how many bytes two different texts may begin with in
	// common.
	longestHeader = 1 << 20
	// holdFor is how long an unfinished last line is held.
	holdFor = time.Second
	// openFor is how long an inactive file is kept open if too many are open.
	openFor = time.Minute
	// goneFor is how long a removed file is still read after the last write to
	// it: its writer may not have noticed. Its space on the disk is not free before.
	goneFor = 10 * time.Second
	// movedFor is how long a file that was moved away, or has a writer, is still read: the
	// writer may continue until it reopens its log.
	movedFor = time.Hour
	// orphanFor is how long the text of a file that was removed before it was
	// read to its end is remembered, and maxOrphans how many texts are.
	orphanFor  = 10 * time.Minute
	maxOrphans = 1000
	// sweepFiles is how many quiet files are looked at in one sweep.
	sweepFiles = 1000
	// ignoredEvery is how many rounds of sweeps pass from one check of the
	// ignored files to the next.
	ignoredEvery = 4
	// maxOpen is how many inactive files are kept open. An open file can be
	// found again after it was renamed.
	maxOpen = 500
	// longestLine is the longest line that is emitted whole.
	longestLine = 64 << 20
)

// NewFollower follows the logs of a Live, from when Begin or Run is called.
func NewFollower(live *Live, opt FollowOptions) *Follower {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	f := &Follower{live: live, feed: live.Feed(), opt: opt, ids: systemIDs(),
		files: map[any]*followed{}, byPath: map[string]*followed{}, removed: map[string]bool{},
		named: map[files.LogKey]string{}, holding: map[*followed]bool{}, noted: map[any]bool{}, pipes: map[string]bool{}, buf: make([]byte, reader.BlockSize)}
	for _, p := range live.paths {
		// Also of files that are not there yet.
		info, err := os.Stat(p)
		dir, base := filepath.Split(p)
		if n := decode.ParseName(base); p != reader.Stdin && n.Current() && !n.Compressed() && (err != nil && !files.IsPattern(p) || err == nil && info.Mode().IsRegular()) {
			f.named[files.LogKey{Dir: dir, Key: n.Key()}] = base
		}
	}
	return f
}

func (f *Follower) note(path string, err error) {
	if f.opt.Note == nil {
		return
	}
	var fe *reader.FileError
	if !errors.As(err, &fe) {
		err = &reader.FileError{Path: path, Offset: -1, Err: reader.Cause(err)}
	}
	f.opt.Note(err)
}

// noteOnce reports an error about a file only once.
func (f *Follower) noteOnce(id any, path string, err error) {
	if !f.noted[id] {
		f.noted[id] = true
		f.note(path, err)
	}
}

// Run emits what is written until ctx is done or emit fails, whose error
// it returns. What it emits is valid until emit returns.
func (f *Follower) Run(ctx context.Context, emit func(*Appended) error) error {
	defer f.Close()
	if err := f.Begin(ctx, emit); err != nil {
		return err
	}
	return f.followChanges(ctx, emit)
}

// followChanges emits new lines whenever something changes.
func (f *Follower) followChanges(ctx context.Context, emit func(*Appended) error) error {
	for {
		var held <-chan time.Time
		if d, ok := f.heldFor(); ok {
			held = time.After(d)
		}
		c, err := f.feed.Wait(ctx, held)
		if err != nil {
			return err
		}
		if err := f.Look(ctx, c, emit); err != nil {
			return err
		}
	}
}

// Look emits the new lines, given the changes that the Live reported.
func (f *Follower) Look(ctx context.Context, c Changes, emit func(*Appended) error) error {
	f.emit, f.looked = emit, f.opt.Now()
	for path := range c.Removed {
		f.removed[path] = true
	}
	f.emptied = c.Emptied
	var changed []*followed
	for path := range c.Files {
		if t := f.byPath[path]; t != nil {
			changed = append(changed, t)
		} else if f.pending {
			f.live.Look()
		}
	}
	changed = f.withOlder(changed)
	f.readAll(ctx, changed)
	if c.Names {
		f.checkNames(ctx)
	}
	for t := range f.holding {
		f.checkFile(ctx, t)
	}
	if c.All || c.Sweep {
		f.sweepFiles(ctx, c.All)
	}
	for range 3 {
		if !f.again || f.err != nil {
			break
		}
		f.again = false
		f.live.refresh()
		f.checkNames(ctx)
	}
	if c.Names && !f.pending {
		clear(f.removed)
	}
	if c.Sweep {
		if f.pending {
			f.live.Look()
		}
		f.release(f.opt.Now())
	}
	if f.err == nil {
		f.err = ctx.Err()
	}
	return f.err
}

// withOlder adds to a list of files those of the same logs that were written lately and are not
// in it: the system tells nothing of a file without a name, and late of one that was renamed.
func (f *Follower) withOlder(list []*followed) []*followed {
	logs := map[files.LogKey]bool{}
	for _, t := range list {
		logs[t.LogKey()] = true
	}
	now := f.opt.Now()
	for _, t := range f.order {
		if t.f != nil && (t.gone || now.Sub(t.active) < openFor) && logs[t.LogKey()] && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}

// readAll looks at files, the oldest of each log first, so that a rotated
// file ends before the next begins.
func (f *Follower) readAll(ctx context.Context, list []*followed) {
	slices.SortStableFunc(list, func(a, b *followed) int {
		switch c := files.Older(a.Found, b.Found); {
		case c != 0 || a.gone == b.gone:
			return c
		case a.gone: // b has its name now
			return -1
		default:
			return 1
		}
	})
	for _, t := range list {
		f.checkFile(ctx, t)
	}
}

// sweepFiles checks all files that were written to recently, and some of the
// others.
func (f *Follower) sweepFiles(ctx context.Context, all bool) {
	now := f.opt.Now()
	var busy []*followed
	for _, t := range f.order {
		if all || now.Sub(t.active) < openFor || t.gone && t.f != nil || f.holding[t] {
			busy = append(busy, t)
		}
	}
	f.readAll(ctx, busy)
	for range min(sweepFiles, len(f.order)) {
		if f.sweep++; f.sweep >= len(f.order) {
			f.sweep = 0
			f.round++
		}
		t := f.order[f.sweep]
		if t.state == ignored && f.round%ignoredEvery != ignoredEvery-1 {
			continue
		}
		f.checkFile(ctx, t)
	}
}

// list returns the existing files, oldest first: those that the Live lists and,
// for logs whose current files were named, the rotated files to which their
// texts move. It notes which were named.
func (f *Follower) list(ctx context.Context) []files.Found {
	l, err := f.live.listing(ctx)
	if err != nil {
		return nil
	}
	for _, c := range l.Files {
		if c.Named && c.Name.Current() && !c.Name.Compressed() {
			f.named[c.LogKey()] = c.Name.Base() // of a pattern
		}
	}
	if len(f.named) == 0 {
		return l.Files
	}
	all := files.NewFinder()
	for _, c := range l.Files {
		all.AddFile(c.Member)
	}
	for log, base := range f.named {
		all.AddLog(log.Dir, base)
	}
	all.Resolve()
	slices.SortStableFunc(all.Files, files.Older)
	return all.Files
}

// editing matches the names of the files that sed -i and perl -i write before
// they rename them, and that Emacs saves while it edits.
var editing = lazyregexp.New(`^(sed|XX)[A-Za-z0-9]{6}$|^#.*#$`)

// beginsLike reports whether a file begins like another.
func (f *Follower) beginsLike(x *followed, b beginning) bool {
	file := x.f
	if file == nil {
		var err error
		if file, _, err = f.openNow(x); err != nil {
			return false
		}
		defer file.Close()
	}
	head := make([]byte, headKept)
	n, _ := file.ReadAt(head, 0)
	return sameBeginning(head[:n], b.head)
}

// setAside puts a file into a state in which it is not read until it changes.
func (f *Follower) setAside(t *followed, s fileState) {
	t.state, t.size, t.mod = s, t.Size, t.ModTime
}

// openNow opens the file that was listed, even if it was renamed since.
func (f *Follower) openNow(t *followed) (*os.File, os.FileInfo, error) {
	if f.opening != nil {
		f.opening()
	}
	opened, _, err := files.OpenMember(t.Member)
	if err != nil {
		return nil, nil, err
	}
	file, ok := opened.(*os.File)
	info, err := opened.Stat()
	if !ok || err != nil || !f.ids.same(info, files.HandleOf(t.Member).Info) {
		opened.Close()
		return nil, nil, reader.ErrGone
	}
	return file, info, nil
}

// forget makes a file unknown again.
func (f *Follower) forget(t *followed) {
	f.closeFile(t)
	if f.files[t.id] == t {
		delete(f.files, t.id)
	}
	delete(f.holding, t)
	if f.byPath[t.Path] == t {
		delete(f.byPath, t.Path)
	}
	if i := slices.Index(f.order, t); i >= 0 {
		f.order = slices.Delete(f.order, i, i+1)
	}
	for _, x := range f.order {
		if x.state == copied && x.of == t {
			x.of, x.state = nil, unready // its state is decided again
			x.size = -1
			f.pending = true
		}
	}
}

// release closes files that are no longer written to, and forgets files that are
// gone.
func (f *Follower) release(now time.Time) {
	for _, t := range slices.Clone(f.order) {
		if !t.gone {
			switch quiet := now.Sub(t.active); {
			case t.f != nil && f.open > maxOpen && quiet > openFor && !f.holding[t]:
				f.closeFile(t)
			case len(f.order) > maxOpen && quiet > openFor:
				t.shrink()
			}
			continue
		}
		quiet := now.Sub(t.seen)
		if now.Sub(t.active) < quiet {
			quiet = now.Sub(t.active)
		}
		switch {
		case t.f != nil && links(t.f) > 0:
			if quiet > movedFor || f.open > maxOpen && quiet > openFor {
				f.retire(t)
			}
		case quiet > movedFor, quiet > goneFor && !(t.f != nil && hasWriter(t.f)):
			f.retire(t)
		}
	}
	f.texts = slices.DeleteFunc(f.texts, func(o *orphan) bool { return !o.ended && now.Sub(o.since) > orphanFor })
}

// Lag returns how many bytes are written and were not emitted.
func (f *Follower) Lag() int64 {
	n := int64(0)
	for _, t := range f.order {
		if t.f == nil || t.state != reading {
			continue
		}
		if info, err := t.f.Stat(); err == nil {
			n += max(info.Size()-max(t.at+t.scanned, t.zeros), 0)
		}
	}
	return n
}

// Close closes the files that are open. The Live is the caller's.
func (f *Follower) Close() error {
	f.feed.Close()
	for _, t := range f.order {
		f.closeFile(t)
	}
	return nil
}
