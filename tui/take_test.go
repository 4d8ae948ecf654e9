package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/index"
	"logview/reader"
	"logview/tui/keys"
	"logview/tui/tuitest"
)

// written returns the contents of a file that the explorer wrote.
func written(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// to presses key and enters where, the file to write lines to or the command to
// pipe them to.
func to(d *tuitest.Driver, key, where string) {
	d.Keys(key)
	d.Type(where)
	d.Keys("enter")
}

// While the results have the focus, keys act on them, whatever the log next to
// them shows, and messages name the lines that were used.
func TestActOnResults(t *testing.T) {
	dir := tree(t)
	long := "ERROR a needle in " + strings.Repeat("a long line ", 5000) + "end"
	appendTo(t, filepath.Join(dir, "nginx", "error.log"), "before", long, "behind")
	d, m := explorer(t, dir, 120, 40)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("&INFO") // in the log
	d.Keys("enter")
	d.WaitNot("ERROR")
	d.Type("s/old request 000[0-2]/ OR needle")
	d.Keys("enter")
	d.Wait("4 lines", "old request 0002")
	d.Until(func() bool {
		_, done := m.results.Found()
		return done && strings.Contains(m.pager.Line(), "old request 0000")
	}, "the first result")
	if m.focus != paneResults {
		t.Fatal("the results have no focus")
	}

	d.Keys("ctrl+w")
	d.Wait("write to file, results of", "4 results")
	d.Type("all.txt")
	d.Keys("enter")
	d.Wait("4 results of /old request 000[0-2]/ OR needle written to all.txt")
	lines := strings.Split(written(t, "all.txt"), "\n")
	if len(lines) != 5 || !strings.Contains(lines[2], "old request 0002") || lines[3] != long {
		t.Errorf("%d lines: %.200q", len(lines), lines)
	}

	d.Keys("y")
	d.Wait("copied 1 result of")
	d.Until(func() bool { return d.Clipboard == lines[0] }, "the result in the clipboard")
	d.Keys("j", "Y") // a filter hides it in the log
	d.Wait("app.log.2.gz:2")
	d.Until(func() bool { return strings.Contains(d.Clipboard, "app.log.2.gz:2") }, "its reference")
	d.Keys("m")
	d.Wait("marked")
	if marks := m.pager.Marks(); len(marks) != 1 || int(marks[0].Offset) != len(lines[0])+1 {
		t.Errorf("marked is %v", marks)
	}

	d.Keys("v", "j", "j", "y")
	d.Wait("copied 3 selected results of")
	d.Until(func() bool { return d.Clipboard == strings.Join(lines[1:4], "\n") }, "the selected results, whole")
	if m.results.Selecting() {
		t.Error("still selecting")
	}
	d.Keys("v", "k")
	d.Keys("ctrl+w", "esc") // esc cancels
	to(d, "ctrl+w", "two.txt")
	d.Until(func() bool { return m.writing == nil }, "the end of writing")
	if got, want := written(t, "two.txt"), lines[2]+"\n"+lines[3]+"\n"; got != want {
		t.Errorf("%.200q", got)
	}
	d.Keys("v", "esc")
	if m.results.Selecting() || m.results.Query() == "" {
		t.Error("Esc ends the selection first")
	}

	d.Keys("z") // shows the lines around results
	d.Wait("1 around each", "behind")
	d.Until(func() bool { _, done := m.results.Found(); return done }, "all results")
	to(d, "ctrl+w", "around.txt")
	d.Wait("4 results of", "with 1 line around each")
	d.Until(func() bool { return m.writing == nil }, "the end of writing")
	if got := strings.Split(written(t, "around.txt"), "\n"); len(got) != 9 || got[4] != "--" || got[5] != "before" || got[6] != long || got[7] != "behind" {
		t.Errorf("%d lines: %.300q", len(got), got)
	}

	to(d, "ctrl+w", "all.txt") // the file exists already
	d.Wait("already exists")
	d.Keys("esc")
	if got := strings.Split(written(t, "all.txt"), "\n"); len(got) != 5 {
		t.Error("it was written over")
	}

	// Actions that only a log has do nothing here.
	at := m.pager.Line()
	for _, k := range []string{"e", "E", "w", "W", "+", "-", "'", "\"", ">", "<", "ctrl+x", "=", "F", "h", "l"} {
		d.Keys(k)
		if m.focus != paneResults || m.pager.Line() != at || !strings.Contains(m.notice.said.Text, "only in a log; Tab goes there") {
			t.Errorf("%s: %q at %q", k, m.notice.said.Text, m.pager.Line())
		}
	}
	d.Keys("/") // searches in the log and returns the focus
	if m.focus != panePager {
		t.Error("the log has no focus while it is searched")
	}
	d.Keys("esc")
	if m.focus != paneResults {
		t.Error("the focus does not come back")
	}
}

// All results are written, even if more were found than are listed. A message
// says that logs changed after the results were listed.
func TestWriteAllResults(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&b, "INFO line %d of many\n", i)
	}
	write(t, "logs/a.log", b.String(), 0)
	write(t, "logs/b.log", "INFO other\n", 0)
	d, _ := explorer(t, "logs", 120, 30)
	d.Wait("a.log")
	d.Type("smany")
	d.Keys("enter")
	d.Wait("30,000 lines", "the first 20,000 are listed")
	to(d, "ctrl+w", "out")
	d.Wait("30,000 results of many written to out")
	if got := written(t, "out"); got != b.String() {
		t.Errorf("%d bytes, want %d", len(got), b.Len())
	}
	appendTo(t, "logs/a.log", "one more of many")
	d.Wait("logs changed since")
	to(d, "ctrl+w", "more")
	d.Wait("30,001 results of many written to more; there were 30,000 when they were listed")
}

// In the list of logs, keys act on the selected log, not on the open one.
func TestActOnList(t *testing.T) {
	d, m := explorer(t, tree(t), 120, 30)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	m.setFocus(paneLogs)
	d.Keys("G")
	to(d, "ctrl+w", "out")
	d.Wait("1 line of error.log written to out")
	if got := written(t, "out"); got != "[error] no such file\n" {
		t.Errorf("%q", got)
	}
	for _, k := range []string{"y", "Y"} {
		d.Keys(k)
		d.Wait("copied the name of the log logs/nginx/error.log")
		d.Until(func() bool { return d.Clipboard == "logs/nginx/error.log" }, "the name")
		d.Clipboard = ""
	}
	at := m.pager.Line()
	for _, b := range m.keys {
		switch b.Action {
		case keys.Mark, keys.Edit, keys.Select, keys.FilterHit, keys.FilterMiss, keys.FilterIn, keys.FilterEdit, keys.FilterDrop, keys.NextError,
			keys.PrevError, keys.NextWarn, keys.PrevWarn, keys.Next, keys.Previous, keys.NextIn, keys.PrevIn, keys.NextMark, keys.PrevMark, keys.Follow, keys.Freeze:
			d.Keys(b.Keys()[0])
			filters, _ := m.pager.Filters()
			if m.focus != paneLogs || m.pager.Line() != at || m.pager.Selecting() || len(m.pager.Marks())+len(filters) > 0 || !m.pager.Following() || m.notice.said.Text == "" {
				t.Errorf("%s: %q", b.Action, m.notice.said.Text)
			}
		}
	}
	d.Keys("g", "ctrl+w")
	d.Wait("write to file, lines of app.log: ")
}

// The line of the details can be copied and marked while the log grows.
func TestActOnDetails(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 100, 30)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("enter")
	d.Wait("level: error")
	want := string(m.box.details.text)
	appendTo(t, filepath.Join(dir, "app.log"), "INFO this came since")
	onLine(d, m)("this came since")
	d.Keys("y")
	d.Until(func() bool { return d.Clipboard == want }, "the line of the details")
	d.Keys("Y")
	d.Until(func() bool { return strings.Contains(d.Clipboard, "app.log:300") }, "its reference")
	d.Keys("m")
	d.Wait("marked")
	d.Keys("k", "M")
	d.Wait("request 0299", "app.log:300")
}

// The selection does not change as text is appended.
func TestSelectLive(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("v", "k")
	appendTo(t, filepath.Join(dir, "app.log"), "INFO this came since")
	d.Wait("1 new")
	d.Keys("ctrl+w")
	d.Wait("write to file, selected")
	appendTo(t, filepath.Join(dir, "app.log"), "INFO and this")
	d.Until(func() bool { return strings.Contains(strings.Join(m.pager.Texts(), "\n"), "and this") }, "what came")
	d.Type("out")
	d.Keys("enter")
	d.Wait("2 selected lines of app.log written to out")
	if got := written(t, "out"); strings.Count(got, "\n") != 2 || strings.Contains(got, "since") {
		t.Errorf("%q", got)
	}
}

// The lines that are written belong to the log that was open when the prompt
// was opened, even if another log is open when the name is entered.
func TestWriteOfTheFirst(t *testing.T) {
	d, m := explorer(t, tree(t), 120, 30)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("ctrl+w")
	l, _ := m.logs.Find("logs/nginx/access.log")
	d.Send(m.open(l, nil, true)()) // it was already being opened
	d.Wait("GET /missing")
	d.Type("out")
	d.Keys("enter")
	d.Wait("900 lines of app.log written to out")
	if n := strings.Count(written(t, "out"), "\n"); n != 900 {
		t.Errorf("%d lines", n)
	}
}

// An endless searcher finds the same line again and again.
type endless struct{ index.Searcher }

func (e endless) Search(ctx context.Context, r *index.Request, found func(*index.Hits) error) (index.Stats, error) {
	for ctx.Err() == nil {
		h := &index.Hits{Source: r.Sources[0], Count: 1, Text: []byte("again"), Lines: []index.HitLine{{}}}
		h.Lines[0].End = 5
		if r.Failed != nil {
			r.Failed(&reader.FileError{Path: "bad.log", Err: os.ErrPermission})
		}
		if err := found(h); err != nil {
			return index.Stats{}, err
		}
	}
	return index.Stats{}, ctx.Err()
}

// Writing shows its progress and can be stopped. A message reports files that
// could not be read.
func TestStopWriting(t *testing.T) {
	for _, stop := range []string{"esc", "ctrl+c"} {
		t.Run(stop, func(t *testing.T) {
			d, m := explorer(t, tree(t), 80, 24, func(o *Options) { o.Searcher = endless{o.Searcher} })
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait("LIVE", " 300 ")
			to(d, "ctrl+w", "out")
			d.Wait("writing out: ", "Esc stops")
			d.Until(func() bool { return m.writing != nil && m.writing.lines.Load() > 100 }, "some lines")
			to(d, "ctrl+w", "out2")
			d.Wait("out is still being written")
			d.Keys("q")
			d.Wait("out is still being written; q again quits")
			if _, err := os.Stat("out2"); err == nil {
				t.Error("it was begun")
			}
			d.Keys(stop)
			d.Wait("stopped: only", "lines of app.log were")
			d.Until(func() bool { return m.writing == nil }, "the end of writing")
			if !strings.Contains(m.notice.said.Text, "not readable: bad.log") {
				t.Errorf("%q", m.notice.said.Text)
			}
			if n := strings.Count(written(t, "out"), "again\n"); !strings.Contains(strings.ReplaceAll(m.notice.said.Text, ",", ""), fmt.Sprintf("only %d lines", n)) {
				t.Errorf("%d lines: %q", n, m.notice.said.Text)
			}
		})
	}
}

// On a narrow screen, the message about written lines takes precedence over the
// pattern, and it does not count lines whose file is gone.
func TestSaidOfWriting(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("/and it was a long line")
	d.Keys("enter")
	d.Wait("300 lines")
	to(d, "ctrl+w", "narrow.txt")
	d.Wait("written to narrow.txt")

	d.Keys("v", "k", "ctrl+w")
	d.Type("gone.txt")
	write(t, filepath.Join(dir, "new"), "another text\n", 0)
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "app.log")); err != nil {
		t.Fatal(err)
	}
	d.Until(func() bool { return strings.Contains(m.notice.said.Text, "begins anew") }, "the new file")
	d.Keys("enter")
	d.Wait("the file with the selected lines was replaced or cut off")
}
