package follow_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/reader/follow"
	"logview/reader/readertest"
)

// A watched is a directory that is followed.
type watched struct {
	t     *testing.T
	dir   string
	live  *follow.Live
	f     *follow.Follower
	now   time.Time
	lines []string // emitted since the last call of expect
	notes []string
}

// appendText appends text to a file, which is created if it does not exist.
func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// watch begins to follow dir.
func watch(t *testing.T, dir string) *watched {
	t.Helper()
	w := &watched{t: t, dir: dir, now: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	note := func(err error) { w.notes = append(w.notes, err.Error()) }
	w.live = follow.NewLive([]string{dir}, note)
	w.f = follow.NewFollower(w.live, follow.FollowOptions{Note: note, Now: func() time.Time { return w.now }})
	t.Cleanup(func() { w.f.Close(); w.live.Close() })
	if err := w.f.Begin(t.Context(), w.emit); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) emit(a *follow.Appended) error {
	for l := range strings.Lines(string(a.Text)) {
		w.lines = append(w.lines, strings.TrimSuffix(l, "\n"))
	}
	return nil
}

// expect looks at the files, and compares the lines emitted.
func (w *watched) expect(want ...string) {
	w.t.Helper()
	w.look()
	if fmt.Sprint(w.lines) != fmt.Sprint(want) {
		w.t.Errorf("got %.300q, want %q", w.lines, want)
	}
	w.lines = nil
}

// overwrite writes into a file in place, at a later time.
func (w *watched) overwrite(name string, at int64, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), at); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	if err := os.Chtimes(path, w.now, w.now); err != nil {
		w.t.Fatal(err)
	}
}

// TestFollowerOverwritten tests that the new lines of a file that is written over in place
// are emitted, and not the old ones after them.
func TestFollowerOverwritten(t *testing.T) {
	dir := t.TempDir()
	var ring strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&ring, "old line number %06d\n", i)
	}
	readertest.WriteFile(t, filepath.Join(dir, "ring.log"), []byte(ring.String()))
	readertest.WriteFile(t, filepath.Join(dir, "blank.log"), []byte("head\n"+strings.Repeat("\n", 100_000)))
	w := watch(t, dir)
	for i := range 3 {
		line := fmt.Sprintf("new line number %06d", i)
		w.overwrite("ring.log", int64(23*i), line+"\n")
		w.expect(line)
	}
	w.overwrite("blank.log", 5, "one\n")
	w.expect("one")
	w.overwrite("blank.log", 9, "two\n")
	w.expect("two")
	readertest.Act(t, dir, `ring.log < appended\n`)
	w.expect("appended")
	// The line at the end of the first 1 KiB is printed whole.
	w.overwrite("ring.log", 23*44, "LAST of the first 1 KiB")
	w.expect("LAST of the first 1 KiBold line number 000045")
	// Two lines change, the one between them does not, and a line is appended.
	readertest.Act(t, dir, `ring.log < together\n`)
	w.overwrite("ring.log", 0, "ONE")
	w.overwrite("ring.log", 23*2, "TWO")
	w.expect("ONE line number 000000", "TWO line number 000002", "together")
	// The unfinished last line goes on where it ended.
	readertest.Act(t, dir, `ring.log < unfinished`)
	w.expect()
	w.overwrite("ring.log", 0, "new")
	w.expect("new line number 000000", "unfinished")
	readertest.Act(t, dir, `ring.log < , now it is\n`)
	w.expect(", now it is")
	if len(w.notes) != 2 || !strings.Contains(w.notes[0], "written over in place") {
		t.Errorf("notes %q", w.notes)
	}
}

// TestFollowerUnfinishedBeforeRotation tests that the unfinished last line of a rotated
// file comes before the lines of the next.
func TestFollowerUnfinishedBeforeRotation(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log < old\n`)
	w := watch(t, dir)
	readertest.Act(t, dir, `app.log < a\nlast`)
	w.expect("a")
	readertest.Act(t, dir, `mv app.log app.log.1`)
	readertest.Act(t, dir, `app.log < b\n`)
	w.expect("last", "b")
	w.now = w.now.Add(time.Minute)
	w.expect()
}

// TestFollowerUnfinishedBeforeEmpty tests that a line is not torn because another file was
// created, in which there is nothing yet.
func TestFollowerUnfinishedBeforeEmpty(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log < old\n`)
	w := watch(t, dir)
	readertest.Act(t, dir, `app.log < par`)
	w.expect()
	readertest.Act(t, dir, `mv app.log app.log.1`)
	readertest.WriteFile(t, filepath.Join(dir, "app.log"), "")
	w.expect()
	readertest.Act(t, dir, `app.log.1 < tial\n`)
	w.expect("partial")
}

// TestFollowerSavedCopies tests that copies made with their times into other directories
// are not emitted, but other files with the same text are.
func TestFollowerSavedCopies(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("a line of the log\n", 50)
	for _, name := range []string{"app.log", "saved/app.log", "other/app.log"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name string, mod time.Time) {
		t.Helper()
		readertest.WriteFile(t, filepath.Join(dir, name), []byte(text))
		if err := os.Chtimes(filepath.Join(dir, name), mod, mod); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 21, 8, 0, 0, 123, time.UTC)
	put("app.log", at)
	w := watch(t, dir)
	put("saved/app.log", at)
	w.expect()
	put("other/app.log", at.Add(time.Second))
	w.expect(strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	readertest.Act(t, dir, `saved/app.log < more\n`)
	w.expect("more")
}

// TestFollowerPackedGrows tests that growth of a compressed file is reported.
func TestFollowerPackedGrows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log.gz")
	readertest.WriteFile(t, path, readertest.Gzip([]byte("old\n")))
	before := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	w := watch(t, dir)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(readertest.Gzip([]byte("new\n"))); err != nil {
		t.Fatal(err)
	}
	f.Close()
	w.expect()
	w.expect()
	if len(w.notes) != 1 || !strings.Contains(w.notes[0], "compressed and has grown") {
		t.Errorf("notes %q", w.notes)
	}
}

// TestFollowerWrittenTogether tests that files with the same name, times and text in two
// directories are not taken for copies of each other if no program set their times.
func TestFollowerWrittenTogether(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) { appendText(t, path(name), text) }
	for _, name := range []string{"a", "b"} {
		if err := os.Mkdir(path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w := watch(t, dir)
	// Times of files are coarse, so that some of these are the same.
	var want []string
	for i := range 20 {
		name := fmt.Sprintf("app%c.log", 'a'+i)
		write("a/"+name, "started\n")
		write("b/"+name, "started\n")
		want = append(want, "started", "started")
	}
	w.expect(want...)
	write("a/new.log", "")
	write("b/new.log", "")
	at := time.Date(2026, 11, 21, 8, 0, 0, 5, time.UTC)
	for _, name := range []string{"a/new.log", "b/new.log"} {
		if err := os.Chtimes(path(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	w.expect()
	write("a/new.log", "started\n")
	w.expect("started")
	write("b/new.log", "started\n")
	w.expect("started")
	write("b/new.log", "second\n")
	w.expect("second")
}

// TestFollowerBinaryFromEmpty tests that files that were empty, or had only NULs, when they
// were first seen are not followed when they turn out to be binary, unless they are of a
// log of text.
func TestFollowerBinaryFromEmpty(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	binary := "\x7fELF" + strings.Repeat("\x01\x02\x03\x04pts/0\x00\x00\x00\x00\x05", 100)
	for _, name := range []string{"btmp", "core", "app.log.1", "other.log"} {
		text := ""
		if name == "app.log.1" {
			text = "text\n"
		}
		readertest.WriteFile(t, path(name), text)
	}
	w := watch(t, dir)
	readertest.WriteFile(t, path("lastlog"), "")
	readertest.WriteFile(t, path("app.log"), "")
	w.expect()
	readertest.WriteFile(t, path("btmp"), binary)
	readertest.WriteFile(t, path("core"), binary[4:])
	readertest.WriteFile(t, path("lastlog"), strings.Repeat("\x00", 300<<10)+binary[4:])
	readertest.WriteFile(t, path("app.log"), binary[4:]+"\n")
	readertest.WriteFile(t, path("other.log"), "a line\n")
	w.expect(binary[4:], "a line")
	if got := strings.Join(w.notes, "\n"); strings.Count(got, "binary") != 3 || strings.Contains(got, "app.log") {
		t.Errorf("notes %s", got)
	}
	w.notes = nil
	appendText(t, path("btmp"), "more\n")
	w.expect()
}

// TestFollowerBesideOthers tests that the lines of a file are emitted although another has
// its name plus a suffix and the same first lines: that of another stream of one program,
// and the log of before a restart.
func TestFollowerBesideOthers(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) { appendText(t, path(name), text) }
	w := watch(t, dir)
	write("app.log", "")
	write("app.log.err", "")
	w.expect()
	write("app.log", "server starting\nlistening\n")
	w.expect("server starting", "listening")
	write("app.log.err", "server starting\nlistening\n")
	w.expect()
	write("app.log.err", "out of memory\n")
	w.expect("server starting", "listening", "out of memory")
	for i, to := range []string{"app.log.old", "app.log.old", "app.log.Sat", "app.log.Sun"} {
		if err := os.Rename(path("app.log"), path(to)); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			write("app.log", "")
			w.expect()
		}
		write("app.log", "server starting\nlistening\n")
		w.expect("server starting", "listening")
	}
}

// TestFollowerCopiedAndCut tests that a copy that was made of a log before it was truncated
// is not emitted, whatever its name is, but for what was written since the last look.
func TestFollowerCopiedAndCut(t *testing.T) {
	for _, name := range []string{"saved/app.log", "app.log.before-upgrade", "app.log-Nov28", "app.log.Sat", "app.log.1"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "app.log")
		var text strings.Builder
		for i := range 20 {
			fmt.Fprintf(&text, "2026-11-28 10:00:00 line %d\n", i)
		}
		if err := os.Mkdir(filepath.Join(dir, "saved"), 0o755); err != nil {
			t.Fatal(err)
		}
		readertest.WriteFile(t, path, text.String())
		w := watch(t, dir)
		w.expect()
		readertest.WriteFile(t, filepath.Join(dir, name), text.String()+"last\n")
		readertest.WriteFile(t, path, "new\n")
		for range 2 {
			follow.RefreshLive(w.live)
			if err := w.f.Look(t.Context(), follow.Changes{All: true, Names: true}, w.emit); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(w.lines)
		if !slices.Equal(w.lines, []string{"last", "new"}) {
			t.Errorf("%s: got %.200q", name, w.lines)
		}
	}
}

// TestFollowerDeletedAndWrittenAnew tests that a log that is deleted and written anew with
// the same first lines is another text, and that one that is replaced is not.
func TestFollowerDeletedAndWrittenAnew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	text := "server starting\nreading the configuration\nlistening on port 8080\n"
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	w := watch(t, dir)
	readertest.WriteFile(t, path, text)
	w.expect(lines...)
	readertest.WriteFile(t, filepath.Join(dir, "other"), text+"more\n")
	readertest.Must(t, os.Rename(filepath.Join(dir, "other"), path))
	w.expect("more")
	for range 2 {
		readertest.Must(t, os.Remove(path))
		readertest.WriteFile(t, path, text)
		follow.RefreshLive(w.live)
		if err := w.f.Look(t.Context(), follow.Changes{Names: true, Removed: map[string]bool{path: true}}, w.emit); err != nil {
			t.Fatal(err)
		}
		w.expect(lines...)
	}
}
