package document

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// How a Document recognizes its members again after changes.

// Searchable returns a Source of the same text for a separate search, and the
// keys of the members by their paths in it. Standard input is read from the
// temporary file that it was copied to, because it cannot be read twice.
func (d *Document) Searchable(opt files.Options) (reader.Source, map[string]MemberKey) {
	l := files.Log{Name: d.src.Name()}
	keys := map[string]MemberKey{}
	for _, m := range d.list() {
		member, t, _ := m.state()
		if member.Path == reader.Stdin {
			if t == nil {
				continue
			}
			member = reader.Member{Path: t.file.Name(), Named: true}
		}
		member.Named = true // opening a file counts as naming it
		l.Members = append(l.Members, member)
		keys[member.Path] = m.key
	}
	return files.NewSource(l, opt), keys
}

// Locate returns the key of the member that was m when its text had an ID, even
// if it was renamed since.
func (d *Document) Locate(ctx context.Context, m reader.Member, id reader.ID) (MemberKey, bool) {
	_, keys := d.Searchable(files.Options{})
	key, ok := keys[m.Path]
	if ok && (id.Len == 0 || m.Path == reader.Stdin) {
		return key, true
	}
	if ok {
		if same, err := files.HasID(ctx, reader.Member{Path: m.Path}, d.src.Options().Encoding, id); err == nil && same {
			return key, true
		}
	}
	return d.Find(ctx, id)
}

// File returns the path of a member's text for other programs to open; false if
// the member is compressed or not open.
func (d *Document) File(key MemberKey) (string, bool) {
	for _, m := range d.list() {
		if member, t, _ := m.state(); m.key == key && t != nil && t.file != nil && (t.piped || !t.temp) {
			if t.piped {
				return t.file.Name(), true
			}
			return member.Path, true
		}
	}
	return "", false
}

// Key returns the key of a Member; false if it is not in the Document.
func (d *Document) Key(m reader.Member) (MemberKey, bool) {
	for _, x := range d.list() {
		have, _, _ := x.state()
		if have.Path == m.Path || files.HandleOf(have).HasAlt(m.Path) || files.HandleOf(have).Pair != nil && files.HandleOf(have).Pair.Packed.Path == m.Path {
			return x.key, true
		}
	}
	return 0, false
}

// Has reports whether a member still exists.
func (d *Document) Has(key MemberKey) bool {
	return slices.ContainsFunc(d.list(), func(m *memberState) bool { return m.key == key })
}

// Find returns the key of the newest member whose text has an ID.
func (d *Document) Find(ctx context.Context, id reader.ID) (MemberKey, bool) {
	for _, x := range slices.Backward(d.list()) {
		m, _, _ := x.state()
		if ok, err := files.HasID(ctx, m, d.src.Options().Encoding, id); err == nil && ok && id.Len > 0 {
			return x.key, true
		}
	}
	return 0, false
}

// Update sets which members the log has now. It recognizes a member by its
// file, or by its text if it was compressed or copied meanwhile.
//
// If a member was truncated, only a list that was made after the truncation was
// noticed shows what became of it. With an older Log, Update changes nothing,
// and Extend requests another one.
func (d *Document) Update(l files.Log) (u Updated) {
	d.updating.Lock()
	defer d.updating.Unlock()
	before := d.list()
	left, cut := map[*memberState]bool{}, map[*memberState]bool{}
	for _, m := range before {
		at := m.truncatedAt()
		left[m], cut[m] = true, !at.IsZero()
		u.CutOff = u.CutOff || cut[m]
		if cut[m] && !l.Looked.After(at) {
			return u
		}
	}
	d.decide(l.Members)
	l.Members = files.WithoutTwins(l.Members)
	d.src.SetMembers(l.Members)
	now := make([]*memberState, len(l.Members))
	// By file, unless it was truncated.
	for i, m := range l.Members {
		for _, old := range before {
			if left[old] && !cut[old] && old.adopt(m) {
				delete(left, old)
				now[i] = old
				break
			}
		}
	}
	// By text: the ID of the old file is known from what was read of it. A copy
	// may already have become a member before the original was truncated.
	var fresh []*memberState
	for i, m := range l.Members {
		for _, old := range before {
			copied := now[i] != nil && now[i].key > old.key
			if left[old] && (now[i] == nil || copied) && old.adoptText(d.life, d.src.Options().Encoding, m) {
				if copied {
					left[now[i]] = true
				}
				delete(left, old)
				now[i] = old
			}
		}
		if now[i] == nil {
			now[i] = adoptPacked(before, left, m)
		}
		if now[i] == nil {
			now[i] = &memberState{m: m}
			fresh = append(fresh, now[i])
		}
	}
	d.mu.Lock()
	first := d.next
	for _, m := range fresh {
		m.key = d.next
		d.next++
	}
	d.members = now
	// Readers at the end of a member that is gone continue with its successor.
	for i, m := range before {
		if left[m] {
			d.after[m.key] = successor(before, now, i)
		}
	}
	for key, next := range d.after { // members that were gone without a successor so far
		if n := len(now); next == 0 && n > 0 && now[n-1].key >= first {
			for n > 1 && now[n-2].key >= first {
				n--
			}
			d.after[key] = now[n-1].key
		}
	}
	d.mu.Unlock()
	for m := range left {
		m.close()
	}
	for i, m := range now {
		u.Inserted = u.Inserted || slices.Contains(fresh, m) && !d.copiesNext(m, now[i+1:])
	}
	return u
}

// copiesNext reports whether a member contains the text of an open member after
// it that was not truncated yet. It also returns true if no member after it is
// open.
func (d *Document) copiesNext(m *memberState, behind []*memberState) bool {
	known := 0
	for _, x := range behind {
		if _, t, _ := x.state(); t != nil {
			known++
			if id := t.identity(); id.Len > 0 {
				if ok, err := files.HasID(d.life, m.m, d.src.Options().Encoding, id); err == nil && ok {
					return true
				}
			}
		}
	}
	return known == 0
}

// Updated is the result of an Update.
type Updated struct {
	// CutOff says that a member was truncated. What was read by its path
	// meanwhile may be another text.
	CutOff bool
	// Inserted says that a text was inserted before one that has been read.
	Inserted bool
}

// adoptPacked finds the unopened member that appears to have been compressed
// into m, updates it to m and returns it; nil if there is none. Since it was
// never opened, it cannot be recognized by its text. Compressors preserve the
// modification time, at least to the second.
func adoptPacked(before []*memberState, left map[*memberState]bool, m reader.Member) *memberState {
	if !decode.ParseName(filepath.Base(m.Path)).Compressed() {
		return nil
	}
	var best *memberState
	nearest := time.Second
	for _, old := range before {
		was, t, _ := old.state()
		if age := m.ModTime.Sub(was.ModTime).Abs(); left[old] && t == nil && age < nearest && !decode.ParseName(filepath.Base(was.Path)).Compressed() && files.MayHold(m, was.Size) {
			best, nearest = old, age
		}
	}
	if best != nil {
		delete(left, best)
		best.mu.Lock()
		best.m, best.err = m, nil
		best.mu.Unlock()
	}
	return best
}

// successor returns the member that replaces before[i], which is gone: the
// current member between its neighbors that still exist, or else the next
// member; zero if there is none. If several members in a row are gone, they are
// replaced by the current ones in order. If these are fewer, the last ones that
// are gone are replaced in order, and those before them by the first.
func successor(before, now []*memberState, i int) MemberKey {
	from, gone := i, 0
	for from > 0 && !slices.Contains(now, before[from-1]) {
		from--
	}
	at, to := 0, len(now)
	if from > 0 {
		at = slices.Index(now, before[from-1]) + 1
	}
	for from+gone < len(before) {
		if k := slices.Index(now, before[from+gone]); k >= 0 {
			to = k
			break
		}
		gone++
	}
	if at += max(0, i-from-max(0, gone-(to-at))); at >= len(now) {
		return 0
	}
	return now[at].key
}

// truncatedAt returns when the file was first seen to be truncated or
// rewritten, so that it no longer contains what was read of it; zero if it is
// unchanged. The first call that notices the truncation records the time.
func (m *memberState) truncatedAt() time.Time {
	_, t, _ := m.state()
	if t == nil || t.intact() {
		return time.Time{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.t == t && m.cut.IsZero() {
		m.cut = time.Now()
	}
	return m.cut
}

// adopt updates m to now if now is the same file, and reports whether it is.
func (m *memberState) adopt(now reader.Member) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m.Path == reader.Stdin || now.Path == reader.Stdin {
		return m.m.Path == now.Path
	}
	if files.HandleOf(m.m).In != nil || files.HandleOf(now).In != nil {
		return m.m.Path == now.Path // the contents of an archive do not change
	}
	if files.HandleOf(m.m).Info == nil || files.HandleOf(now).Info == nil || !files.StillHolds(m.m, files.HandleOf(now).Info) {
		return false
	}
	// A file that is not open may be gone and another file may have its inode
	// number. Exclude files that rotation does not turn it into.
	from, to := decode.ParseName(filepath.Base(m.m.Path)), decode.ParseName(filepath.Base(now.Path))
	if files.HandleOf(m.m).Rotated && !files.HandleOf(now).Rotated || from.Compressed() != to.Compressed() {
		return false
	}
	// A rotated file is no longer written to. If it was, the text decides.
	if files.HandleOf(m.m).Rotated && (now.Size != m.m.Size || !now.ModTime.Equal(m.m.ModTime)) {
		return false
	}
	if m.t == nil {
		m.err = nil // it may be readable now
	}
	m.m = now
	return true
}

// adoptText updates m to now, another file, if now has the text of m. It
// reports whether it has.
func (m *memberState) adoptText(ctx context.Context, given decode.Charset, now reader.Member) bool {
	was, t, _ := m.state()
	if t == nil || !files.HandleOf(now).Rotated && !decode.ParseName(filepath.Base(now.Path)).Compressed() {
		return false // a new file, even if it starts with the same text
	}
	id := t.identity()
	if id.Len == 0 {
		return false
	}
	if ok, err := files.HasID(ctx, now, given, id); err != nil || !ok {
		return false
	}
	cut := files.HandleOf(now).HasAlt(was.Path) // now has more text
	if t.file != nil && !t.temp && !cut {
		// The open file either still has the text or was truncated.
		info, err := t.file.Stat()
		cut = err != nil || info.Size() < was.Size || !t.intact()
	}
	m.mu.Lock()
	m.m = now
	if cut && m.t == t {
		m.t, m.cut = nil, time.Time{}
	}
	m.mu.Unlock()
	if cut {
		m.grow.Lock()
		defer m.grow.Unlock()
		t.close()
	}
	return true
}

// Extend reads text that was appended to the current member, if it has to be
// copied to be read. It returns false if a member was truncated or replaced:
// then Update must be called before reading on.
func (d *Document) Extend(ctx context.Context) bool {
	list := d.list()
	for _, m := range list {
		if !m.truncatedAt().IsZero() {
			return false
		}
	}
	if len(list) == 0 {
		return true
	}
	m := list[len(list)-1]
	m.grow.Lock()
	defer m.grow.Unlock()
	member, t, _ := m.state()
	if t == nil {
		return true
	}
	if t.temp && !t.piped {
		_ = t.extend(ctx, member.Size, func(Preparing) {})
	}
	t.identity() // the file may have been empty when it was opened
	return true
}

// ID returns the ID of a member's text; zero if the member is not open.
func (d *Document) ID(key MemberKey) reader.ID {
	for _, m := range d.list() {
		if m.key != key {
			continue
		}
		_, t, _ := m.state()
		if t == nil {
			return reader.ID{}
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.id
	}
	return reader.ID{}
}
