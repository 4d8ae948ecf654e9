package tui

import (
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"logview/index"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/readertest"
	"logview/tui/keys"
	"logview/tui/tuitest"
)

// appendTo appends lines to a log.
func appendTo(t *testing.T, path string, lines ...string) {
	t.Helper()
	readertest.AppendFile(t, path, strings.Join(lines, "\n")+"\n")
}

// onLine returns a function that waits until the cursor is on a line that
// contains a text.
func onLine(d *tuitest.Driver, m *model) func(text string) {
	return func(text string) {
		d.Until(func() bool { return strings.Contains(m.pager.Line(), text) }, "the line "+text)
	}
}

// A log is followed through rotation: scrolling up pauses following, G resumes
// it, and every line is shown once, also with filters.
func TestLive(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "app.log")
	d, m := explorer(t, dir, 100, 30)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	appendTo(t, log, "INFO a new line")
	d.Wait("a new line", "LIVE", " 301 ")
	d.Keys("k", "k")
	appendTo(t, log, "INFO one more", "INFO and another")
	d.Wait("2 new, G")
	if strings.Contains(d.Frame(), "LIVE") {
		t.Error("live although the person went back")
	}
	d.Keys("G")
	d.Wait("and another", "LIVE")

	if err := os.Rename(filepath.Join(dir, "app.log.2.gz"), filepath.Join(dir, "app.log.3.gz")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(log+".1", log+".2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, log+".1", "INFO written to the old file still")
	appendTo(t, log, "ERROR the first of the new file")
	d.Wait("written to the old file still", "── app.log ──", "the first of the new file", "was rotated")

	d.Type("&error")
	d.Keys("enter")
	d.WaitNot("INFO")
	appendTo(t, log, "INFO not shown", "ERROR shown", "INFO not shown either")
	d.Wait("ERROR shown")
	if strings.Contains(d.Frame(), "not shown") {
		t.Error("a line passes the filter that must not")
	}
	d.Keys("\\")
	d.Wait("not shown either")

	// Every line is there once.
	want := 306 + 600
	seen := map[string]int{}
	d.Keys("g")
	d.Wait("app.log.3.gz ──")
	at := m.pager.Doc().Start()
	for {
		w, err := m.pager.Doc().Forward(t.Context(), at)
		if err != nil {
			break
		}
		w.Pieces(func(p document.Piece) bool { seen[string(p.Text)]++; return true })
		at = document.Place{Member: w.Member, Offset: w.End()}
	}
	if len(seen) != want+2 {
		t.Errorf("%d lines, want %d", len(seen), want+2)
	}
	for l, n := range seen {
		if n != 1 {
			t.Errorf("%d times %q", n, l)
		}
	}
}

// More text than is kept is appended at once.
func TestLiveBurst(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "app.log")
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, "burst %d of many lines\n", i)
	}
	appendTo(t, log, b.String()+"the last of them")
	d.Wait("the last of them", "LIVE", "200,301")
	if n := len(m.pager.Line()); n == 0 {
		t.Error("nothing")
	}
	d.Keys("k", "b", "b")
	appendTo(t, log, b.String()+"really the last")
	d.Wait("200,001 new")
	d.Keys("G")
	d.Wait("really the last", "LIVE")
}

func TestSearching(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	at := func() string { return m.pager.Line() }
	on := onLine(d, m)
	d.Type("/request 0290")
	d.Wait("3 lines")
	d.Keys("enter")
	on("worker-3 request 0290")
	for _, want := range []string{"middle request 0290", "old request 0290", "old request 0290"} {
		d.Keys("N")
		if want == "old request 0290" && strings.Contains(at(), want) {
			d.Wait("no more in this direction")
		} else {
			on(want)
		}
	}
	d.Keys("n")
	on("middle request 0290")
	// Case.
	d.Type("/info")
	d.Wait("360 lines")
	d.Keys("alt+c")
	d.Wait("case matters", "0 lines")
	d.Keys("alt+c")
	d.Wait("any case", "360 lines")
	d.Keys("esc")
	d.Wait("request 0290: 3 lines") // the previous search
	d.Keys("esc")
	d.Type("n")
	d.Wait("nothing is searched for")
	// Errors and warnings, recognized by their words.
	d.Keys("G")
	d.Wait("LIVE")
	d.Keys("E")
	on("request 0294")
	d.Keys("W")
	on("request 0293")
	// Line numbers and percentages.
	d.Type(":42")
	d.Keys("enter")
	on("request 0041")
	d.Type(":0%")
	d.Keys("enter")
	on("old request 0000")
	d.Keys("G")
	d.Wait("LIVE", " 300 ")
	d.Type(":301")
	d.Keys("enter")
	d.Wait("the file has 300 lines")
	d.Type(":qqq")
	d.Keys("enter")
	d.Wait("there is nothing like qqq")
}

// The wheel scrolls the pane under the pointer, a click moves there and opens a
// log, and the border between the panes can be dragged.
func TestMouse(t *testing.T) {
	d, m := explorer(t, tree(t), 120, 30)
	d.Wait("app.log")
	d.Keys("f2")
	d.Wait("mouse on")
	click := func(x, y int) { d.Mouse(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(5, 1)
	d.Wait("LIVE", " 300 ")
	d.Mouse(tea.MouseWheelMsg{X: 80, Y: 10, Button: tea.MouseWheelUp})
	d.WaitNot("request 0299")
	d.Mouse(tea.MouseWheelMsg{X: 80, Y: 10, Button: tea.MouseWheelDown})
	d.Wait("request 0299")
	click(60, 1)
	if at := m.pager.Line(); strings.Contains(at, "request 0299") || m.focus != panePager {
		t.Errorf("at %q, focus %v", at, m.focus)
	}
	border := m.boxes().logs.w
	click(border, 5)
	d.Mouse(tea.MouseMotionMsg{X: border + 15, Y: 5, Button: tea.MouseLeft})
	d.Mouse(tea.MouseReleaseMsg{X: border + 15, Y: 5, Button: tea.MouseLeft})
	if w := m.boxes().logs.w; w != border+15 {
		t.Errorf("the border is at %d, want %d", w, border+15)
	}
	d.Type("&ERROR")
	d.Keys("enter")
	d.Wait("+ ERROR")
	d.WaitNot("INFO")
	click(m.boxes().pager.x+3, 1)
	d.Wait("(+ ERROR)", "INFO")
}

// A search makes progress while an opened log is being decoded, with the
// minimum number of workers: neither waits for the other.
func TestSearchWhileDecoding(t *testing.T) {
	dir := tree(t)
	r := rand.New(rand.NewPCG(1, 2))
	for n := 2; n < 8; n++ {
		f, err := os.Create(fmt.Sprintf("%s/app.log.%d.gz", dir, n))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		for range 60_000 {
			fmt.Fprintf(z, "INFO %016x%016x needle\n", r.Uint64(), r.Uint64())
		}
		if err := errors.Join(z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	d, _ := explorer(t, dir, 80, 24, func(o *Options) {
		o.Workers = reader.NewWorkers(1)
		o.Searcher = index.Indexed{Cache: o.Cache, Workers: o.Workers, Note: func(error) {}}
	})
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("g")
	d.Type("/needle")
	d.Wait("360,000 lines")
	d.Keys("enter", "ctrl+w")
	d.Type("needles.txt")
	d.Keys("enter")
	d.Wait("360,000 lines of app.log with needle written")
}

// Results of all logs are shown next to the log, and moving in one pane moves
// in the other.
func TestResults(t *testing.T) {
	d, m := explorer(t, tree(t), 120, 40)
	d.Wait("app.log")
	on := onLine(d, m)
	d.Type("srequest OR missing")
	d.Keys("enter")
	d.Wait("901 lines", "app.log.2.gz:1", "old request 0000")
	d.Keys("j", "j")
	on("old request 0002")
	d.Keys("G")
	d.Wait("nginx/access.log:2")
	on("GET /missing")
	d.Keys("g", "enter")
	on("old request 0000")
	d.Until(func() bool { return m.focus == panePager }, "the log to have the focus")
	d.Keys("j", "j", "j")
	d.Keys("tab", "tab") // to the logs, then to the results
	d.Keys("n")
	on("old request 0004")
	d.Keys("z")
	d.Wait("901 lines")
	d.Keys("q")
	d.WaitNot("901 lines")
	d.Keys("q")
	d.Until(func() bool { return m.focus == paneLogs }, "the list")
	d.Keys("q")
	d.WaitQuit()
}

func TestCopy(t *testing.T) {
	d, _ := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("y")
	d.Wait("copied 1 line of app.log")
	d.Until(func() bool { return strings.Contains(d.Clipboard, "request 0299") }, "the line in the clipboard")
	d.Keys("v", "k", "k", "y")
	d.Wait("copied 3 selected lines of app.log")
	d.Until(func() bool { return strings.Count(d.Clipboard, "\n") == 2 }, "three lines in the clipboard")
	d.Keys("g") // the selection ends at the cursor
	d.Wait("app.log.2.gz ──")
	d.Keys("v", "G") // lines that are appended later are not selected
	d.Wait(" 300 ")
	if strings.Contains(d.Frame(), "LIVE") {
		t.Error("live while lines are selected")
	}
	d.Keys("y")
	d.Wait("copied 900 selected lines of app.log")
	d.Until(func() bool {
		return strings.Count(d.Clipboard, "\n") == 899 && strings.Contains(d.Clipboard, "old request 0000")
	}, "all lines in the clipboard")
	d.Keys("k", "k", "Y")
	d.Wait("copied logs/app.log:298")
	d.Until(func() bool {
		return regexp.MustCompile(`^/.*/logs/app\.log:298@[0-9a-f]{10}$`).MatchString(d.Clipboard)
	}, "the ref in the clipboard")
	_, m, _, err := files.Resolve(t.Context(), files.ParseRefs(d.Clipboard)[0], files.Options{})
	if err != nil || filepath.Base(m.Path) != "app.log" {
		t.Errorf("%s is in %s, %v", d.Clipboard, m.Path, err)
	}
	d.Keys("ctrl+w")
	d.Type("out.txt")
	d.Keys("enter")
	d.Wait("900 lines of app.log written to out.txt")
	d.Type("&error")
	d.Keys("enter")
	d.WaitNot("INFO")
	d.Keys("ctrl+w")
	d.Type("out.txt")
	d.Keys("enter")
	d.Wait("out.txt already exists")
	d.Keys("ctrl+w")
	d.Type("errors.txt")
	d.Keys("enter")
	d.Wait("180 filtered lines of app.log written to errors.txt")
	b, err := os.ReadFile("errors.txt")
	if err != nil || strings.Count(string(b), "ERROR") != 180 || strings.Count(string(b), "\n") != 180 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// Marks, filters, history and the place are restored, even if the log was
// rotated meanwhile.
func TestRemembers(t *testing.T) {
	dir := tree(t)
	state := filepath.Join(t.TempDir(), "state", "state.json")
	with := func(o *Options) { o.State = LoadState(state) }
	d, m := explorer(t, dir, 80, 24, with)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("b", "m", "b")
	marked := m.pager.Marks()
	line := m.pager.Line()
	d.Type("&!DEBUG")
	d.Keys("enter")
	d.WaitNot("DEBUG worker")
	m.close()
	info, err := os.Stat(state)
	if err != nil || info.Mode().Perm() != 0o600 || len(marked) != 1 {
		t.Fatal(info, err, marked)
	}
	if err := os.Rename(filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.0")); err != nil {
		t.Fatal(err)
	}
	appendTo(t, filepath.Join(dir, "app.log"), "of the new file")

	d, m = explorer(t, dir, 80, 24, with)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("where you were", "its filters are off", "- DEBUG", "DEBUG worker")
	on := onLine(d, m)
	on(strings.Fields(line)[4])
	d.Type("&worker")
	d.Keys("enter")
	d.Wait("(- DEBUG)", "+ worker", "DEBUG worker") // adding one filter does not switch on others
	d.Keys("alt+1")
	d.WaitNot("DEBUG worker")
	d.Type("L/nginx/access")
	d.Keys("enter")
	d.Wait("GET /missing")
	d.Type("L/app")
	d.Keys("enter")
	d.Wait("its filters are on", "- DEBUG") // the filters of this run
	d.WaitNot("DEBUG worker")
	d.Keys("'")
	d.Wait("◆")
	d.Type("&")
	d.Keys("up", "up")
	d.Wait("!DEBUG")
}

// Filters can be switched one at a time and together, edited and removed, and
// the place stays the same.
func TestFilters(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	filter := func(text string) {
		d.Type("&" + text)
		d.Keys("enter")
	}
	filter("worker-3")
	d.WaitNot("worker-2")
	filter("!/INFO|DEBUG")
	d.Wait("+ worker-3", "- /INFO|DEBUG", "request 0283")
	d.WaitNot("INFO w")
	d.Keys("b", "b")
	on := onLine(d, m)
	was := m.pager.Line()
	d.Keys("alt+1")
	d.Wait("(+ worker-3)", "worker-4")
	on(was)
	d.Keys("alt+1")
	d.WaitNot("worker-4")
	on(was)
	d.Keys("\\")
	d.Wait("off, \\ on", "DEBUG")
	on(was)
	d.Keys("\\")
	d.WaitNot("DEBUG w")
	on(was)
	d.Keys("ctrl+e") // edits the first filter, which was switched last
	d.Keys("backspace")
	d.Type("4")
	d.Keys("enter")
	d.Wait("+ worker-4", "- /INFO")
	d.WaitNot("worker-3")
	d.Keys("ctrl+x", "ctrl+x")
	d.WaitNot("- /INFO")
	d.Wait("INFO")
	filter("//(")
	d.Wait("missing closing )")
	d.Keys("esc")
}

// A result is found by the ID of its text after its file was renamed and
// another file got its name.
func TestResultsRotate(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 120, 40)
	on := onLine(d, m)
	d.Wait("app.log")
	d.Type("smiddle")
	d.Keys("enter")
	d.Wait("300 lines", "app.log.1:1 ")
	on("middle request 0000")
	for _, x := range [][2]string{{"app.log.2.gz", "app.log.3.gz"}, {"app.log.1", "app.log.2"}, {"app.log", "app.log.1"}} {
		if err := os.Rename(filepath.Join(dir, x[0]), filepath.Join(dir, x[1])); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, filepath.Join(dir, "app.log"), "of the new file")
	d.Wait("was rotated")
	d.Keys("j", "j", "enter")
	on("middle request 0002")
}

// A match far into a long line is shown.
func TestLongMatch(t *testing.T) {
	dir := tree(t)
	appendTo(t, filepath.Join(dir, "app.log"), strings.Repeat("x", 20_020)+" NEEDLE "+strings.Repeat("y", 20_000), "the end")
	d, _ := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("the end")
	d.Type("/needle")
	d.Keys("enter")
	d.Wait("xxx NEEDLE yyy")
	d.Keys("G", "S")
	d.Wait("the end")
	d.Keys("N")
	d.Wait("xxx NEEDLE yyy")
}

// A log that is truncated, overwritten or replaced continues, and its earlier
// text is not shown again.
func TestCutOff(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "app.log")
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	if err := os.Truncate(log, 0); err != nil {
		t.Fatal(err)
	}
	appendTo(t, log, "after it was cut off")
	d.Wait("after it was cut off")
	if err := os.WriteFile(log+".new", []byte("a replacement\nof two lines\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(log+".new", log); err != nil {
		t.Fatal(err)
	}
	d.Wait("of two lines")
	seen := map[string]int{}
	for _, l := range m.pager.Texts() {
		if seen[l]++; seen[l] > 1 {
			t.Errorf("twice: %q", l)
		}
	}
}

// Filters match an unterminated line as it grows.
func TestUnfinished(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "app.log")
	write := func(s string) { readertest.AppendFile(t, log, s) }
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("&fail")
	d.Keys("enter")
	d.Wait("No line passes")
	write("half a fa")
	write("x\nanother fa")
	write("ilure\nmore fail")
	d.Wait("another failure", "more fail")
	write(" and the rest\n")
	d.Wait("more fail and the rest")
	if got := m.pager.Texts(); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// Every key can be pressed in every pane at any time.
func TestEveryKey(t *testing.T) {
	all, err := keys.Preset("")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 10}, {20, 5}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			d, _ := explorer(t, tree(t), size[0], size[1])
			for round := range 2 {
				for _, b := range all {
					switch b.Action {
					case keys.Quit, keys.Suspend, keys.Edit, keys.Index:
						continue
					}
					for _, k := range b.Keys() {
						d.Keys(k)
						d.Keys("x", "esc")
					}
				}
				if round == 0 {
					d.Keys("G", "enter")
				}
			}
		})
	}
}

// Ctrl-C cancels the current operation, and pressed twice it quits. Escape
// never quits.
func TestLeaving(t *testing.T) {
	d, _ := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE")
	for range 10 {
		d.Keys("esc")
	}
	d.Type("/x")
	d.Keys("ctrl+c")
	d.Wait("Ctrl-C again quits")
	d.Keys("j", "ctrl+c")
	d.Wait("Ctrl-C again quits")
	d.Keys("ctrl+c")
	d.WaitQuit()
}

// Files that cannot be read are reported where their text is missing.
func TestDamaged(t *testing.T) {
	dir := tree(t)
	path := filepath.Join(dir, "app.log.2.gz")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	d, _ := explorer(t, dir, 120, 30)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE")
	d.Keys("g")
	d.Wait("app.log.2.gz ──", "cut off", "old request 0000", "! ×3")
	d.Keys("tab")
	d.Wait("damaged: app.log.2.gz")
}
