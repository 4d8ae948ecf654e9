package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader/readertest"
	"logview/tui/pager"
)

// Enter shows the details of a line, and the JSON in it indented.
func TestDetails(t *testing.T) {
	dir := tree(t)
	appendTo(t, filepath.Join(dir, "app.log"), `ERROR ctx {"user":"jo\u0000e","tags":["a","b"]}`)
	d, _ := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 301 ")
	d.Keys("enter")
	d.Wait("app.log:301", "level: error", `  "tags": [`, `    "b"`, `jo\u0000e`)
	d.Keys("y")
	d.Wait("copied 1 line of app.log")
	d.Keys("esc")
	d.WaitNot("level: ")
}

// The marks are listed, and can be found by the text of their lines.
func TestMarkList(t *testing.T) {
	d, m := explorer(t, tree(t), 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("M")
	d.Wait("there are no marks")
	d.Keys("m", "k", "k", "m", "g")
	onLine(d, m)("old request 0000")
	d.Keys("m", "M")
	d.Wait("mark:", "old request 0000", "app.log.2.gz:1", "app.log:298", "app.log:300")
	d.Type("0297")
	d.WaitNot("app.log:300")
	d.Keys("enter")
	onLine(d, m)("request 0297")
}

// A frozen log does not change until it is unfrozen.
func TestFreeze(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "app.log")
	d, _ := explorer(t, dir, 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("=")
	d.Wait("‖ frozen")
	appendTo(t, log, "INFO came meanwhile")
	appendTo(t, filepath.Join(dir, "empty.log"), "INFO after that")
	d.Wait("+ empty.log", "‖ frozen")
	if strings.Contains(d.Frame(), "came meanwhile") {
		t.Error("shown although it is frozen")
	}
	d.Keys("=")
	d.Wait("came meanwhile", "LIVE")

	// Text that was copied and truncated before it was seen is shown, too.
	d.Keys("=")
	d.Wait("‖ frozen")
	appendTo(t, log, "INFO copied unseen")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log+".0", text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, []byte("INFO in the new one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Wait("×4", "‖ frozen")
	d.Keys("=")
	d.Wait("copied unseen", "in the new one", "LIVE")
}

// The pattern that is searched for becomes a filter.
func TestFilterFound(t *testing.T) {
	d, _ := explorer(t, tree(t), 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("+")
	d.Wait("nothing is searched for")
	d.Type("/worker-3")
	d.Keys("enter")
	d.Wait("worker-3: 129 lines")
	d.Keys("+")
	d.Wait("+ worker-3")
	d.WaitNot("worker-4")
	d.Type("/warn")
	d.Keys("enter", "-")
	d.Wait("- warn")
	d.WaitNot(" WARN ")
}

// If lines are selected, they are written, not the lines that match.
func TestWriteSelection(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("/worker-3")
	d.Keys("enter", "G", "v", "k", "k", "ctrl+w")
	onLine(d, m)("request 0297")
	d.Wait("write to file, selected")
	out := filepath.Join(t.TempDir(), "out")
	d.Type(out)
	d.Keys("enter")
	d.Wait("3 selected lines of app.log written to")
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 3 || !strings.Contains(string(text), "request 0297") || !strings.Contains(string(text), "request 0299") {
		t.Errorf("written: %q", text)
	}
}

// Going to a result that a filter hides shows a message.
func TestHidden(t *testing.T) {
	d, m := explorer(t, tree(t), 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("&error")
	d.Keys("enter")
	d.WaitNot("INFO")
	d.Type(`s"request 0150"`)
	d.Keys("enter")
	d.Wait("3 lines", "a filter hides that line")
	d.Keys("\\")
	onLine(d, m)("request 0150")
}

// Showing more lines around the results keeps the current result.
func TestContextKept(t *testing.T) {
	d, m := explorer(t, tree(t), 100, 30)
	d.Wait("app.log")
	d.Type("swarn")
	d.Keys("enter")
	d.Wait("180 lines", "blocks read")
	d.Keys("j", "j", "j", "j", "j")
	onLine(d, m)("old request 0028")
	for _, context := range []string{"1", "2"} {
		d.Keys("z")
		d.Wait(", "+context+" around each", "blocks read")
		d.Until(func() bool { return strings.Contains(d.Styled(), "old request 0028") }, "the result that was gone to, still")
		d.Keys("k", "j")
		onLine(d, m)("old request 0028")
	}
}

// A match far into a line is visible in the results, and the pager goes to it.
func TestFarResult(t *testing.T) {
	dir := tree(t)
	appendTo(t, filepath.Join(dir, "app.log"), strings.Repeat("x", 300_000)+" NEEDLE "+strings.Repeat("y", 200_000), "the end")
	huge := strings.Repeat("z", 5<<20) + " HAYSTACK"
	appendTo(t, filepath.Join(dir, "app.log"), huge, "the very end")
	d, m := explorer(t, dir, 100, 30)
	d.Wait("app.log")
	d.Type("sneedle")
	d.Keys("enter")
	d.Wait("1 line", "…xxx", " NEEDLE yyy")
	d.Keys("enter")
	d.Until(func() bool { return strings.Contains(m.pager.Line(), "NEEDLE") }, "the piece with the match")
	d.Type("s")
	d.Keys("ctrl+u")
	d.Type("haystack")
	d.Keys("enter")
	d.Wait("a line of 5.0 MiB")
	d.Keys("enter")
	d.Until(func() bool { return strings.Contains(m.pager.Line(), "HAYSTACK") }, "the piece with the match")
}

// A log whose file is gone is not live. It is live again when the file is
// created again.
func TestGone(t *testing.T) {
	dir := tree(t)
	log := filepath.Join(dir, "sub", "only.log")
	if err := os.Mkdir(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	appendTo(t, log, "INFO one", "INFO two")
	d, _ := explorer(t, filepath.Dir(log), 100, 24)
	d.Wait("INFO two", "LIVE")
	if err := os.RemoveAll(filepath.Dir(log)); err != nil {
		t.Fatal(err)
	}
	d.Wait("✗ gone", "INFO two")
	if err := os.Mkdir(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	appendTo(t, log, "INFO three")
	d.Wait("LIVE", "INFO three")
}

// A file that is not text is shown, with a remark that it is not text.
func TestBinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lastlog")
	if err := os.WriteFile(path, []byte("a\x00b\x00\x01"+strings.Repeat("\x00", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	d, _ := explorer(t, path, 100, 24)
	d.Wait("lastlog", "this does not look like text", "a^@b^@")
}

// A run of many NULs is one row, and the lines after it have numbers.
func TestNULs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(path, []byte(strings.Repeat("\x00", 50<<20)+"INFO at once\nnext\nthird\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, _ := explorer(t, path, 100, 24)
	d.Wait("1 [52 MB of NULs]", "  INFO at once", "2 next", "3 third")
}

// Ten thousand logs can be listed, filtered and opened.
func TestManyLogs(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		sub := filepath.Join(dir, fmt.Sprintf("host-%02d", i))
		if err := os.Mkdir(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		for k := range 100 {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("app-%c%c.log", 'a'+k/10, 'a'+k%10)), fmt.Appendf(nil, "INFO of host %d, app %d\n", i, k), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, _ := explorer(t, dir, 80, 24)
	d.Wait("10,000", "host-00")
	d.Type("/host-73/appgf")
	d.Wait("app-gf.log")
	d.Keys("enter")
	d.Wait("INFO of host 73, app 65", "LIVE")
}

// A key without an action shows a message with a similar key.
func TestUnknownKey(t *testing.T) {
	d, _ := explorer(t, tree(t), 100, 24)
	d.Wait("app.log")
	d.Keys("i")
	d.Wait("i does nothing here; I: index in the background")
	d.Keys("c")
	d.Wait("c does nothing here; ? F1 shows all keys")
}

// A time goes to the first line of that time or later, in any file of the log.
func TestGoToTime(t *testing.T) {
	dir := t.TempDir()
	begin := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	for file, first := range map[string]int{"app.log.1": 0, "app.log": 300} {
		var b strings.Builder
		for i := first; i < first+300; i++ {
			fmt.Fprintf(&b, "%s line %04d\n", begin.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), i)
			b.WriteString("without a time\n")
		}
		readertest.WriteFile(t, filepath.Join(dir, file), b.String())
	}
	d, m := explorer(t, dir, 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("line 0599")
	d.Type(":2026-11-27T11:30:20Z")
	d.Wait("go to 2026-11-27T11:30:20Z")
	d.Keys("enter")
	onLine(d, m)("0091")
	d.Type(":2026-11-27T16:00:00Z")
	d.Keys("enter")
	onLine(d, m)("0360")
	d.Type(":2026-11-28T16:00:00Z")
	d.Keys("enter")
	d.Wait("no line has the time 2026-11-2", "or a later one")
}

// Digits go to a line or to a percentage, with the keys of less.
func TestDigits(t *testing.T) {
	less := func(o *Options) { o.Settings.Keys.Preset = "less" }
	d, m := explorer(t, tree(t), 80, 24, less)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("120G")
	onLine(d, m)("0119")
	d.Type("50%")
	d.Wait("app.log.1:")
	d.Type(":250")
	d.Keys("enter")
	onLine(d, m)("0249")
	d.Type("1")
	d.Keys("esc")
	d.WaitNot(" go to 1")

	d, _ = explorer(t, tree(t), 80, 24, less) // no log is open
	d.Wait("app.log")
	d.Type("5G")
	d.Wait("no log is open")
	d.Keys("enter")
	d.Wait("LIVE")
	d.Keys("q") // as in less
	d.WaitQuit()
}

// t goes to a time, and brackets to lines around it. A time of day is one of the day of the
// current line.
func TestTime(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", "2026-11-21 08:04:59  300 ")
	to := func(time, line string) {
		t.Helper()
		d.Type("t" + time)
		d.Keys("enter")
		onLine(d, m)(line)
	}
	to("08:02", " request 0120")
	d.Keys("]")
	onLine(d, m)(" request 0180")
	d.Keys("[", "[")
	onLine(d, m)(" request 0060")
	to("2026-11-19 08:00:30", "old request 0030") // in another file
	d.Keys("[")
	onLine(d, m)("old request 0000")
	d.Keys("}")
	onLine(d, m)("middle request 0000") // there is nothing in between
	d.Keys("[")
	onLine(d, m)("old request 0299")
	d.Type(":08:01:05") // of the 19th
	d.Keys("enter")
	onLine(d, m)("old request 0065")
	to("21/Nov/2026:08:00:10 +0000", " request 0010")
	d.Keys("}")
	d.Wait("no line has the time 2026-11-21 09:00:10 or a later one")
	d.Type("tgibberish")
	d.Keys("enter")
	d.Wait("is not a time; give one such as 14:05")
	d.Keys("esc")
	d.Type("&worker-2")
	d.Keys("enter")
	d.Wait("+ worker-2")
	to("08:02", " request 0121") // what filters show
}

// A digit hides the lines below a level, in place of the digit before it.
func TestLevelKeys(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("4")
	d.Wait(" + level>=warn ", "WARN")
	d.WaitNot("INFO")
	d.Keys("5")
	d.Wait(" + level>=error ", "ERROR")
	d.WaitNot("WARN")
	if list, _ := m.pager.Filters(); len(list) != 1 {
		t.Errorf("%d filters", len(list))
	}
	d.Keys("1")
	d.Wait("INFO")
	d.WaitNot("level>=")
	d.Keys("1")
	d.Wait("all levels are shown")
	d.Keys("L")
	d.Until(func() bool { return m.focus == paneLogs }, "the list")
	d.Keys("4")
	d.WaitNot("level>=warn") // no log is visible
}

// q returns from a log to the list, and L does not hide the list if there is nothing else.
func TestToList(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("L")
	d.Wait("no log is open", "app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Keys("q")
	d.Until(func() bool { return m.focus == paneLogs }, "the list")
	d.Wait("empty.log")
	d.Keys("q")
	d.WaitQuit()
}

// A rotated file that is named on the command line is opened at its start, the
// newest file of a log at its end.
func TestNamedFile(t *testing.T) {
	dir := tree(t)
	for name, want := range map[string]string{"app.log.1": "middle request 0000", "app.log": " request 0299"} {
		d, m := explorer(t, dir, 80, 24, func(o *Options) { o.At = &Start{Path: filepath.Join(dir, name), Line: -1} })
		onLine(d, m)(want)
	}
}

// When the file to write exists already, its name can be changed in the prompt.
func TestWriteThere(t *testing.T) {
	d, _ := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait(" 300 ")
	if err := os.WriteFile("out", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.Keys("ctrl+w")
	d.Type("out")
	d.Keys("enter")
	d.Wait("out already exists")
	d.Type("2")
	d.Keys("enter")
	d.Wait("900 lines of app.log written to out2")
}

// Without colors, the current match is underlined and reversed.
func TestNoColor(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	d, _ := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait(" 300 ")
	d.Type("/0299")
	d.Keys("enter")
	d.Wait("3 lines")
	d.Until(func() bool { return strings.Contains(d.NoColor(), "\x1b[4;7") }, "the match to be underlined and reversed") // escape sequences are written for each character
}

// The help shows the query language while a query is typed.
func TestQueryHelp(t *testing.T) {
	d, _ := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Type("serr")
	d.Keys("f1")
	d.Wait("the query language", "parentheses group")
	d.Keys("j")
	d.WaitNot("the query language")
	d.Type("or")
	d.Wait("search all logs (F1 helps): error")
	d.WaitNot("parentheses group")
	d.Keys("f1")
	d.Wait("parentheses group")
	d.Keys("esc")
	d.WaitNot("parentheses group")
	d.Keys("enter")
	d.Wait("182 lines")
}

// A search that finds nothing reports how many matches filters hide.
func TestHiddenMatches(t *testing.T) {
	dir := tree(t)
	d, m := explorer(t, dir, 100, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	d.Type("&error")
	d.Keys("enter")
	d.Wait("filtered: 180 lines")
	d.Type("/warn")
	d.Wait("0 lines, 180 hidden by filters")
	d.Keys("enter")
	d.Wait("filters hide 180 matches (\\ shows them); no more", "warn: 0 lines, 180 hidden by filters")
	d.Until(func() bool {
		if m.pager.Pattern().Text != "" {
			d.Keys("esc") // stops the running search, then clears the pattern
		}
		return m.pager.Pattern().Text == ""
	}, "no search")
	d.WaitNot("hidden")
	d.Type("/request 0294")
	d.Keys("enter")
	d.Wait("request 0294: 3 lines")
	if s := m.pager.Hidden(); s != "" {
		t.Errorf("nothing is hidden, and not %s", s)
	}
	d.Type("/request 029")
	d.Keys("enter")
	d.Wait("request 029: 6 lines, 24 hidden by filters")
	d.Keys("G", "n")
	d.Wait("filters hide 24 matches")
	appendTo(t, filepath.Join(dir, "app.log"), "INFO request 0299 again", "ERROR the last")
	d.Wait("ERROR the last")
	d.Wait("24+ hidden")
	d.Keys("\\")
	d.Wait("request 029: 31 lines")
	d.WaitNot("hidden")
	d.Resize(60, 20)
	d.Keys("\\")
	d.Wait(" 25 hidden")
}

// Searching for errors and warnings in a log whose lines have no levels shows a
// message.
func TestNoLevels(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "logs/small.log", strings.Repeat("GET /index.html 200\n", 5000), 0)
	write(t, "logs/large.log", strings.Repeat("GET /index.html 200\n", 110_000)+"ERROR the only one\n"+strings.Repeat("GET /index.html 200\n", 90_000), 0)
	d, m := explorer(t, "logs", 100, 24)
	d.Wait("small.log")
	d.Keys("j", "enter")
	d.Wait("LIVE", "5,000")
	for k, what := range map[string]string{"e": "error", "E": "error", "w": "warning", "W": "warning"} {
		d.Keys(k) // also from the end, where no text is left to read
		d.Wait("no " + what + ": no line of this log has a level")
		m.notice.said = pager.Said{}
	}
	m.setFocus(paneLogs)
	d.Type("/large")
	d.Keys("enter")
	d.Wait("LIVE", "200,001")
	d.Keys("E")
	d.Wait("no levels found in ", " sampled lines; press again to search all lines for the next error")
	d.Keys("E")
	onLine(d, m)("ERROR the only one")
	d.Keys("W")
	d.Wait("no warning in this direction")
	d.Type("&GET")
	d.Keys("enter")
	d.WaitNot("ERROR the only one")
	d.Keys("E")
	d.Wait("in the lines that filters show")
}

// In a log with columns, filters and patterns know these, as searches do.
func TestColumnsOfLog(t *testing.T) {
	t.Chdir(t.TempDir())
	var text strings.Builder
	text.WriteString("time,method,status,level\n")
	for i := range 300 {
		status, level := 200, "info"
		if i%100 == 50 {
			status, level = 503, "error"
		}
		fmt.Fprintf(&text, "2026-11-27 10:00:%02d,GET,%d,%s\n", i%60, status, level)
	}
	write(t, "logs/requests.csv", text.String(), 0)
	d, m := explorer(t, "logs", 100, 24)
	d.Wait("requests.csv")
	d.Keys("enter")
	d.Wait("LIVE", " 301 ")
	d.Keys("E")
	onLine(d, m)("503,error")
	d.Type("&status>=500")
	d.Keys("enter")
	d.Wait("filtered: 3 lines")
	d.WaitNot("200,info")
	if s := d.Frame(); strings.Count(s, "503,error") != 3 {
		t.Errorf("not the three lines with this status:\n%s", s)
	}
	appendTo(t, "logs/requests.csv", "2026-11-27 10:01:00,GET,504,error", "2026-11-27 10:01:00,GET,201,info")
	d.Wait("filtered: 4 lines", "504,error")
	d.WaitNot("201,info")
}
