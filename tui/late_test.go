package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/readertest"
	"logview/tui/keys"
	"logview/tui/logs"
	"logview/tui/results"
	"logview/tui/tuitest"
)

// Stories of events that happen while other operations are in progress.

// single opens a log that consists of one file with a text.
func single(t *testing.T, text string, change ...func(*Options)) (d *tuitest.Driver, m *model, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.log")
	readertest.AppendFile(t, path, text)
	d, m = explorer(t, path, 80, 24, change...)
	return d, m, path
}

// atStart makes the explorer open the log at its start.
func atStart(o *Options) { o.At = &Start{Path: o.Paths[0], Line: 0} }

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "INFO line %d\n", i)
	}
	return b.String()
}

// The file is truncated, and the user scrolls up before that is noticed.
func TestScrollCutOff(t *testing.T) {
	d, m, path := single(t, strings.Repeat("INFO line of text\n", 200_000))
	d.Wait("LIVE", "line of text")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for range 13 {
		d.Keys("b")
	}
	readertest.AppendFile(t, path, "INFO the new beginning\n")
	d.Keys("G")
	d.Until(func() bool { return strings.Contains(m.pager.Line(), "new beginning") }, "the new beginning")
}

// A filter is added from inside a long line whose first piece does not match by
// itself.
func TestFirstPiece(t *testing.T) {
	fill := strings.Repeat("0123456789abcde ", 1<<14)[:100<<10]
	line := fill + "zebra" + fill + fill
	d, m, _ := single(t, line+"\nINFO short\n")
	d.Wait("LIVE")
	d.Type("/zebra")
	d.Keys("enter")
	d.Until(func() bool { p, ok := m.pager.Place(); return ok && p.Offset == 64<<10 }, "the second piece")
	d.Keys("esc")
	d.Type("&zebra")
	d.Keys("enter")
	d.Until(func() bool { return strings.Join(m.pager.Texts(), "") == line }, "the whole line")
}

// A filter matches a long unterminated line as it grows.
func TestOpenLongLine(t *testing.T) {
	for _, filter := range []string{"zebra", "!zebra"} {
		t.Run(filter, func(t *testing.T) {
			fill := strings.Repeat("0123456789abcde ", 1<<14)[:250<<10]
			d, m, path := single(t, "INFO zebra one\nINFO other\n"+fill)
			d.Wait("LIVE")
			d.Type("&" + filter)
			d.Keys("enter")
			d.Until(func() bool {
				return strings.Contains(strings.Join(m.pager.Texts(), ""), fill) == (filter[0] == '!') && len(m.pager.Texts()) > 0
			}, "the line as it is so far")
			readertest.AppendFile(t, path, " zebra\nINFO zebra last\nINFO last other\n")
			want := "INFO zebra one" + fill + " zebra" + "INFO zebra last"
			if filter[0] == '!' {
				want = "INFO otherINFO last other"
			}
			d.Until(func() bool { return strings.Join(m.pager.Texts(), "") == want }, "the line as it is")
			d.Keys("g")
			d.Until(func() bool { return strings.Join(m.pager.Texts(), "") == want }, "the same from the beginning")
		})
	}
}

// Each match is counted once, whenever it was written.
func TestCountLive(t *testing.T) {
	dir := t.TempDir() // contains the rotated file, too
	path := filepath.Join(dir, "a.log")
	readertest.AppendFile(t, path, "INFO one\nINFO foo\n")
	d, m := explorer(t, dir, 80, 24)
	d.Wait("LIVE", "foo")
	d.Type("/")
	readertest.AppendFile(t, path, "INFO foo two\n") // may be read before or after the search begins
	d.Type("foo")
	d.Keys("enter")
	d.Wait("foo: 2 lines", "foo two")
	readertest.AppendFile(t, path, "INFO foo half")
	d.Wait("foo half", "foo: 3 lines")
	readertest.AppendFile(t, path, " and more\nINFO nothing\n")
	d.Wait("foo half and more", "nothing", "foo: 3 lines")
	if c := m.pager.Count(); c != "3 lines" {
		t.Error(c)
	}
	// Also if most of the text was appended while the cursor was elsewhere.
	d.Keys("g")
	readertest.AppendFile(t, path, numbered(5000)+"INFO foo last\n")
	d.Wait(" new, G", "foo: 4 lines")
	d.Keys("G")
	d.Wait("foo last", "foo: 4 lines")
	// And across a rotation.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	readertest.AppendFile(t, path+".1", "INFO foo late\n")
	readertest.AppendFile(t, path, "INFO foo early\n")
	d.Wait("foo early", "foo: 6 lines")
	// The same for the lines that pass filters.
	d.Keys("+", "esc")
	d.Wait("filtered: 6 lines")
	readertest.AppendFile(t, path, "INFO foo later\nINFO no\n")
	d.Wait("filtered: 7 lines", "foo later")
	d.Keys("ctrl+x")
	d.WaitNot("filtered:")
}

// The log is opened away from its unterminated last line, which is then
// continued.
func TestMidLine(t *testing.T) {
	d, m, path := single(t, numbered(20_000)+"INFO the partial", atStart)
	d.Wait("INFO line 3")
	d.Type("/needle")
	d.Keys("enter")
	d.Wait("0 lines", "no more in this direction")
	readertest.AppendFile(t, path, " needle\nmore\n")
	d.Wait("needle: 1 line", "1 new")
	d.Keys("n")
	onLine(d, m)("INFO the partial needle")
}

// An unterminated line counts as one new line, however often it is read.
func TestUnfinishedIsOne(t *testing.T) {
	d, _, path := single(t, numbered(20_000), atStart)
	d.Wait("INFO line 3")
	for _, part := range []string{"INFO the", " partial", " line"} {
		readertest.AppendFile(t, path, part)
		d.Wait("1 new, G")
	}
	readertest.AppendFile(t, path, "\nand another\n")
	d.Wait("2 new, G")
}

// Only the last request is carried out: results of earlier ones are dropped.
func TestLateAnswers(t *testing.T) {
	d, m, path := single(t, "INFO needle\n"+numbered(100)+"INFO last\n")
	d.Wait("LIVE")
	d.Type("/needle")
	d.Keys("enter")
	onLine(d, m)("needle")
	d.Keys("G")
	d.Wait("LIVE")
	previous := m.do(keys.Previous)
	d.Keys("G")
	m.handle(previous())
	if !m.pager.Following() {
		t.Errorf("G was pressed last, and the person is on %q", m.pager.Line())
	}

	details := m.do(keys.Enter)
	d.Type("/")
	m.handle(details())
	if m.overlay != noOverlay {
		t.Error("details lie over what is being typed")
	}
	d.Keys("esc")

	counting := m.pager.GoToNumber("50")
	d.Keys("esc")
	m.handle(counting())
	if strings.Contains(d.Frame(), "counting") || strings.Contains(m.pager.Line(), "line 48") {
		t.Error("the counting was stopped:\n", d.Frame())
	}
	d.Keys("G")

	readertest.AppendFile(t, path, "INFO came\n")
	d.Until(func() bool { return strings.Contains(m.pager.Line(), "came") }, "the new line")
}

// Keys that are pressed while a log is being opened are not applied to another
// log.
func TestQueueOfAnother(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
	readertest.AppendFile(t, a, "INFO a\n")
	readertest.AppendFile(t, b, "INFO b\nINFO b2\n")
	d, m := explorer(t, dir, 120, 24)
	d.Wait("a.log", "b.log")
	l, _ := m.logs.Find(a)
	m.pager.Open(a, document.NewDocument(files.NewSource(l, files.Options{}), document.DocumentOptions{}), nil) // its command is not run, as if it took long
	m.setFocus(panePager)
	d.Keys("m", "k")
	m.setFocus(paneLogs)
	d.Keys("j", "enter")
	d.Wait("INFO b2", "LIVE")
	if len(m.pager.Marks()) != 0 {
		t.Error("a mark that was made in another log")
	}
	// A result is dropped if another log was opened meanwhile.
	la, _ := m.logs.Find(a)
	lb, _ := m.logs.Find(b)
	m.handle(results.GoMsg{Log: a, Member: la.Members[0], Seq: 1})
	if cmd := m.handle(logs.OpenMsg{Log: lb, Go: true}); cmd != nil {
		m.handle(cmd())
	}
	if m.opening.name != "" || m.opening.pending != nil {
		t.Errorf("%s is shown, and %s is being opened", m.pager.Name(), m.opening.name)
	}
}

// The selection contains the same lines after the log is rotated.
func TestSelectionRotated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.AppendFile(t, path+".1", "INFO old\n")
	readertest.AppendFile(t, path, "INFO one\nINFO two\n")
	d, m := explorer(t, dir, 80, 24)
	d.Wait("INFO two", "LIVE")
	d.Keys("v", "k")
	read := m.pager.Selection()
	for _, step := range [][2]string{{path + ".1", path + ".2"}, {path, path + ".1"}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	readertest.AppendFile(t, path, "INFO new\nINFO newer\n")
	list, _ := files.Find([]string{dir})
	m.pager.Doc().Update(list[0])
	var b strings.Builder
	if n, err := read(t.Context(), &b); err != nil || n != 2 || b.String() != "INFO one\nINFO two\n" {
		t.Errorf("%d, %v: %q", n, err, b.String())
	}
}

// The results follow the cursor through a log whose files were renamed after
// the search.
func TestSyncRotated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.AppendFile(t, path+".1", "INFO old a\nINFO old b\nINFO old c\n")
	readertest.AppendFile(t, path, "INFO new a\nINFO new b\nINFO new c\n")
	d, m := explorer(t, dir, 100, 30)
	d.Wait("INFO new c", "LIVE")
	d.Type("sINFO")
	d.Keys("enter")
	d.Wait("6 lines", "blocks read")
	for _, step := range [][2]string{{path + ".1", path + ".2"}, {path, path + ".1"}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	readertest.AppendFile(t, path, "other\n")
	d.Wait("was rotated")
	on := onLine(d, m)
	d.Keys("G", "enter")
	on("INFO new c")
	d.Until(func() bool { return m.focus == panePager }, "the log to have the focus")
	d.Keys("k")
	on("INFO new b")
	d.Keys("tab", "n")
	on("INFO new c")
}

// A regular expression whose match is longer than a part of the text matches
// the right lines in n, filters and counts.
func TestLongRegexp(t *testing.T) {
	fill := strings.Repeat("0123456789abcde ", 1<<14)[:250<<10]
	big := strings.Repeat("0123456789abcde ", 6<<16)
	text := "INFO zebra " + fill + " END\nINFO between\nINFO zebra " + big + " END\nINFO zebra " + strings.Repeat("a", 300<<10) + " no\nlast zebra a\nINFO\n"
	d, m, _ := single(t, text)
	d.Wait("LIVE")
	at := func(line string) func() bool {
		return func() bool { p, ok := m.pager.Place(); return ok && int(p.Offset) == strings.Index(text, line) }
	}
	d.Keys("g")
	d.Type("//zebra.*END")
	d.Keys("enter")
	d.Until(at("INFO zebra 0"), "the first")
	d.Wait("2 lines")
	d.Keys("n")
	d.Until(at("INFO zebra "+big[:20]+big[20:1<<20]), "the second")
	d.Keys("n")
	d.Wait("no more in this direction")
	d.Keys("esc", "g")
	d.Type("//zebra.*a$")
	d.Keys("enter")
	onLine(d, m)("last zebra a")
	d.Wait("1 line")
	d.Keys("esc")
	d.Type("&/zebra.*END")
	d.Keys("enter")
	want := len("INFO zebra "+fill+" END") + len("INFO zebra "+big+" END")
	d.Keys("g")
	d.Wait("1  0%", "+ /zebra.*END", "INFO zebra 0")
	d.Keys("v")
	d.Until(m.pager.Selecting, "selecting")
	d.Keys("G")
	d.Until(func() bool {
		var b strings.Builder
		_, err := m.pager.Selection()(t.Context(), &b)
		return err == nil && b.Len() == want+2
	}, "both lines")
}

// A search starts where the cursor was when typing began, also inside a long
// line.
func TestTypedInLong(t *testing.T) {
	fill := strings.Repeat("0123456789abcde ", 1<<14)[:200<<10]
	d, m, _ := single(t, "begin "+fill+"zoo "+fill+"\n"+numbered(20_000)+"INFO za\nINFO zoo\n", atStart)
	d.Wait("begin")
	for d.Until(func() bool { return m.pager.Line() != "" }, "a line"); strings.HasPrefix(m.pager.Line(), "begin"); {
		d.Keys("space")
	}
	d.Type("//za")
	onLine(d, m)("INFO za")
	d.Keys("backspace")
	d.Type("oo")
	onLine(d, m)("zoo 0123")
}

// A match is also found in text with NULs.
func TestSearchBinary(t *testing.T) {
	d, m, _ := single(t, "INFO \x00needle\n"+strings.Repeat("INFO other\n", 20)+"INFO needle\nlast\n")
	d.Wait("last")
	d.Keys("g")
	d.Type("/needle")
	d.Keys("enter")
	d.Wait("needle: 2 lines")
	d.Keys("n")
	onLine(d, m)("INFO needle")
}

// Lines that are expensive to format are drawn quickly.
func TestDetailsDeep(t *testing.T) {
	n := 10_000
	d, m, _ := single(t, `{"a":`+strings.Repeat("[", n)+strings.Repeat("]", n)+"}\n")
	d.Wait("]]]")
	d.Keys("enter")
	d.Wait("a.log:1")
	if len(m.box.details.json) > 0 {
		t.Errorf("%d bytes of JSON", len(m.box.details.json))
	}
}

// Names and lines with characters whose width depends on the terminal do not
// break the frame, which the driver checks.
func TestJoined(t *testing.T) {
	dir := t.TempDir()
	family := strings.Repeat("👨‍👩‍👧‍👦", 5)
	readertest.AppendFile(t, filepath.Join(dir, family+".log"), "INFO "+strings.Repeat(family, 6)+" end\n")
	readertest.AppendFile(t, filepath.Join(dir, "x.log"), "INFO x\n")
	d, _ := explorer(t, dir, 80, 24)
	d.Wait("x.log")
	d.Keys("G", "enter")
	d.Wait("INFO")
	d.Keys("m", "M")
	d.Wait("mark:")
	d.Keys("esc", "enter")
	d.Wait(":1")
}

// The title shows the file, the position in it, and whether more text is being
// written.
func TestWhere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.AppendFile(t, path+".1", numbered(1000))
	readertest.AppendFile(t, path, numbered(1000))
	d, m := explorer(t, dir, 100, 24)
	d.Wait("LIVE", " 1,000  100%")
	d.Type(":25%")
	d.Keys("enter")
	d.Wait("app.log.1:50", "25%") // line 500 or 501
	d.Type(":5000")
	d.Keys("enter")
	d.Wait("app.log.1:1,000", "the file has 1,000 lines; this is the last")
	onLine(d, m)("INFO line 999")
	d.Keys("G")
	d.Wait("LIVE")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	readertest.AppendFile(t, path, "INFO anew\n")
	d.Wait("INFO anew", "was cut off or replaced, and begins anew", "── app.log ──")
	d.Type("?")
	d.Keys("esc")
	d.Keys("alt+/")
	d.Type("line 77")
	d.Keys("enter")
	onLine(d, m)("INFO line 779") // searching backwards
	d.Keys("n")
	onLine(d, m)("INFO line 778")
	d.Keys("N")
	onLine(d, m)("INFO line 779")
}

// A log continues however its files are created and removed: no line is missed,
// and none appears twice.
func TestComeAndGo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	d, m := (*tuitest.Driver)(nil), (*model)(nil)
	once := func(want ...string) {
		t.Helper()
		d.Wait(want...)
		var got []string
		for _, l := range m.pager.Texts() {
			if strings.HasPrefix(l, "hit") {
				got = append(got, l)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("shown are %q, want %q", got, want)
		}
	}
	readertest.AppendFile(t, path, "hit a\n")
	readertest.AppendFile(t, filepath.Join(dir, "other.log"), "x\n")
	d, m = explorer(t, dir, 100, 40)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("hit a", "LIVE")
	d.Type("&hit")
	d.Keys("enter")
	d.Wait("filtered: 1 line")

	// The file is renamed, and the new one is still empty when it is seen. Then
	// both are renamed at once and one is compressed.
	move(path, path+".1")
	readertest.AppendFile(t, path, "")
	d.Wait("was rotated")
	readertest.AppendFile(t, path, "hit b\nmiss\n")
	once("hit a", "hit b")
	move(path+".1", path+".2")
	move(path, path+".1")
	readertest.CompressFile(t, path+".1")
	readertest.AppendFile(t, path, "hit c\n")
	once("hit a", "hit b", "hit c")
	d.Wait("filtered: 3 lines")

	// The file is removed, and created again after that was seen.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d.Until(func() bool { return len(m.pager.Members()) == 2 }, "the file to be gone")
	readertest.AppendFile(t, path, "hit d "+strings.Repeat("d", 50)+"\n")
	d.Wait("hit d")

	// The file is copied, and written to once more before it is truncated.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	move(path+".1.gz", path+".3.gz")
	if err := os.WriteFile(path+".1", append(text, "hit e\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Until(func() bool { return len(m.pager.Members()) == 4 }, "the copy to be seen")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	readertest.AppendFile(t, path, "hit f\n")
	once("hit a", "hit b", "hit c", "hit d "+strings.Repeat("d", 50), "hit e", "hit f")
	d.Wait("filtered: 5 lines") // the member with hit c is gone

	// The file is truncated and has grown beyond its earlier length before it
	// is checked.
	if err := os.WriteFile(path, []byte("hit g\nhit h\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Wait("begins anew", "hit h")
	d.Until(func() bool { return slices.Contains(m.pager.Texts(), "hit g") }, "what was written first")
}

// A match in an unterminated last line is still counted after the file is
// rotated.
func TestOpenLineRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	readertest.AppendFile(t, path, "hit 1\nmiss\nhit 2")
	d, _ := explorer(t, filepath.Dir(path), 80, 24)
	d.Wait("LIVE", "hit 2")
	d.Type("/hit")
	d.Keys("enter")
	d.Wait("2 lines")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	readertest.AppendFile(t, path, "hit 3\n")
	d.Wait("3 lines")
}

// When a rotation deletes the oldest file, its lines are no longer counted or
// found, and a message appears if the cursor is in them.
func TestOldestDeleted(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "app.log.1")
	for name, text := range map[string]string{"app.log.1": "hit old 1\nmiss\nhit old 2\n", "app.log": "hit new\n" + strings.Repeat("miss\n", 40)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, m := explorer(t, dir, 100, 20)
	d.Wait("LIVE", "miss")
	d.Type("/hit")
	d.Keys("enter")
	d.Wait("3 lines")
	d.Keys("g")
	d.Wait("app.log.1:1")
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	d.Wait("1 line", "of a deleted file")
	d.Keys("G")
	d.Wait("LIVE")
	d.Keys("N")
	d.Until(func() bool { return m.pager.Line() == "hit new" }, "the match that is there")
	d.Keys("N")
	d.Wait("no more in this direction")
	readertest.AppendFile(t, filepath.Join(dir, "app.log"), "hit newer\n")
	d.Wait("2 lines")
	marked := 0
	for _, row := range strings.Split(d.Frame(), "\n") {
		if strings.HasSuffix(row, "◀") || strings.HasSuffix(row, "◂") {
			marked++
		}
	}
	if marked != 2 {
		t.Errorf("the scroll bar shows %d matches:\n%s", marked, d.Frame())
	}
}

// Two explorers running at once save the changes of both. An explorer that
// started at a given line keeps the marks that were saved.
func TestRemembersTogether(t *testing.T) {
	dir := tree(t)
	path := filepath.Join(t.TempDir(), "state.json")
	with := func(o *Options) { o.State = LoadState(path) }
	marks := func(log string) int {
		s := LoadState(path)
		return len(s.log(filepath.Join(dir, log)).Marks)
	}
	open := func(change ...func(*Options)) (*tuitest.Driver, *model) {
		t.Helper()
		d, m := explorer(t, dir, 80, 24, append(change, with)...)
		if len(change) == 0 {
			d.Wait("app.log")
			d.Keys("enter")
		}
		d.Wait(" 300 ")
		return d, m
	}
	a, ma := open()
	b, mb := open()
	a.Keys("m")
	a.Type("/INFO")
	a.Keys("enter")
	b.Keys("k", "m")
	b.Type("/WARN")
	b.Keys("enter")
	ma.close()
	mb.close()
	if n := marks("app.log"); n != 2 {
		t.Errorf("%d marks of two", n)
	}
	if h := LoadState(path).History["search"]; fmt.Sprint(h) != "[INFO WARN]" {
		t.Errorf("the history is %q", h)
	}

	_, m := open(func(o *Options) { o.At = &Start{Path: filepath.Join(dir, "app.log"), Line: 299} })
	if n := len(m.pager.Marks()); n != 2 {
		t.Errorf("%d marks are shown of two", n)
	}
	m.close()
	if n := marks("app.log"); n != 2 {
		t.Errorf("%d marks are left of two", n)
	}

	// Changes made in one explorer are not undone by another one that was
	// started earlier.
	a, ma = open()
	b, mb = open()
	a.Keys("esc")
	a.Wait("Logs in")
	a.Keys("j", "enter")
	a.Wait("Empty so far")
	b.Keys("'", "m")
	b.Type("&request")
	b.Keys("enter")
	mb.close()
	ma.close()
	if s := LoadState(path).log(filepath.Join(dir, "app.log")); len(s.Marks) != 1 || len(s.Filters) != 1 {
		t.Errorf("%d marks of one, %d filters of one", len(s.Marks), len(s.Filters))
	}

	// A removed mark stays removed.
	d, m := open()
	d.Keys("ctrl+x")
	d.WaitNot("+ request")
	d.Wait(" 300 ")
	d.Keys("'")
	d.Until(func() bool { p, ok := m.pager.Place(); return ok && slices.Contains(m.pager.Marks(), p) }, "the mark")
	d.Keys("m")
	m.close()
	if n := marks("app.log"); n != 0 {
		t.Errorf("%d marks are left of none", n)
	}

	// Looking at results does not change the saved place of a log.
	d, m = open()
	d.Keys("esc")
	d.Type("saccess OR GET")
	d.Keys("enter")
	d.Wait("access.log  ", "2 lines")
	d.Keys("j")
	m.close()
	if p := LoadState(path).log(filepath.Join(dir, "nginx", "access.log")).Place; p != nil {
		t.Errorf("a place is remembered: %v", p)
	}

	// A state file that cannot be read is renamed, and a message says so.
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ = explorer(t, dir, 80, 24, with)
	d.Wait("cannot be read")
	if b, err := os.ReadFile(path + ".damaged"); err != nil || string(b) != "{broken" {
		t.Errorf("kept is %q, %v", b, err)
	}
}

// If a compressed file in the same directory contains the text of a log and
// more, the log itself is not read until it is written to.
func TestWrittenBesideItsCopy(t *testing.T) {
	t.Chdir(t.TempDir())
	text := ""
	for i := range 20 {
		text += fmt.Sprintf("line %d\n", i)
	}
	for _, c := range []struct {
		name, plain, more string
		copies            int // number of copies of a line that is appended last
	}{
		{"the beginning", text[:70], "line that is new\n", 2}, // the texts differ from now on
		{"the same", text, "line that is new\n", 1},
		{"the beginning, and then all", text[:70], text[70:] + "line that is new\n", 1},
	} {
		dir := filepath.Join(c.name, "logs")
		write(t, filepath.Join(dir, "app.log"), c.plain, 0)
		write(t, filepath.Join(dir, "app.log.gz"), string(readertest.Gzip(text)), 0)
		d, _ := explorer(t, dir, 100, 40)
		d.Wait("line 0", "line 19")
		d.Until(func() bool { return strings.Count(d.Frame(), " line 3 ") == 1 }, "each line once")
		readertest.AppendFile(t, filepath.Join(dir, "app.log"), c.more)
		d.Wait("line 0", "line 19", "line that is new")
		d.Until(func() bool { return strings.Count(d.Frame(), " line 3 ") == c.copies }, "each line once")
	}
}
