package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/tui/keys"
	"logview/tui/pager"
	"logview/tui/prompt"
	"logview/tui/theme"
)

func TestNotice(t *testing.T) {
	var n notice
	n.set(pager.Said{Text: "hello"}, testNow)
	n.expire(testNow.Add(noticeFor))
	if n.said.Text != "hello" {
		t.Error("it goes too early")
	}
	n.expire(testNow.Add(noticeFor + 1))
	if n.said.Text != "" {
		t.Error("it stays")
	}
}

// Pressing Ctrl-C twice quits, unless another key or much time is in between.
func TestPresses(t *testing.T) {
	var p presses
	if p.interrupt(testNow) || !p.interrupt(testNow.Add(time.Second)) {
		t.Error("the second Ctrl-C is not told from the first")
	}
	p.add()
	if p.interrupt(testNow.Add(time.Second)) || p.interrupt(testNow.Add(time.Minute)) {
		t.Error("the first Ctrl-C is taken for the second")
	}
	if p.count != 1 {
		t.Errorf("%d keys", p.count)
	}
}

func TestPanes(t *testing.T) {
	p := panes{showLogs: true}
	for width, want := range map[int]int{100: 33, 120: 40, 200: 50} {
		if got := p.columns(width); got != want {
			t.Errorf("%d columns of %d, want %d", got, width, want)
		}
	}
	p.drag(70)
	if p.logsWidth != 0 {
		t.Error("the border moves although nobody drags it")
	}
	p.dragging = true
	for x, want := range map[int]int{70: 70, 3: 15, 119: 80} {
		if p.drag(x); p.columns(120) != want {
			t.Errorf("dragged to %d: %d columns, want %d", x, p.columns(120), want)
		}
	}
}

func TestTextBox(t *testing.T) {
	var b textBox
	draw := func(i int) string { return strings.Repeat("x", i) }
	view := func(n, room int) []string { return strings.Split(b.view(n, room, 10, draw), "\n") }
	if got := view(3, 5); len(got) != 3 || b.shown != "" {
		t.Errorf("%q, %s", got, b.shown)
	}
	for _, x := range []struct {
		action keys.Action
		want   string
	}{{keys.Down, "2 to 6 of 20 lines"}, {keys.PageDown, "7 to 11 of 20 lines"}, {keys.Up, "6 to 10 of 20 lines"}, {keys.Bottom, "16 to 20 of 20 lines"},
		{keys.PageUp, "11 to 15 of 20 lines"}, {keys.Top, "1 to 5 of 20 lines"}, {keys.Up, "1 to 5 of 20 lines"}} {
		if !b.scroll(x.action, 10) {
			t.Errorf("%s does not scroll", x.action)
		}
		if got := view(20, 5); len(got) != 5 || b.shown != x.want {
			t.Errorf("%s: %q, %d lines", x.action, b.shown, len(got))
		}
	}
	if b.scroll(keys.Enter, 10) {
		t.Error("Enter scrolls")
	}
}

// A result that was requested before another one is dropped, and so is a log
// whose opening began before another one.
func TestOpening(t *testing.T) {
	var o opening
	first := o.begin("a.log")
	second := o.begin("b.log")
	if first == second || o.seq != second || o.name != "b.log" {
		t.Errorf("%+v", o)
	}
	o.vanished = true
	o.finish()
	if o.name != "" || o.vanished {
		t.Errorf("%+v", o)
	}
	if o.cancel(); o.seq == second {
		t.Error("what was given up is shown")
	}
	for _, x := range []struct {
		seq  int
		want bool
	}{{1, true}, {3, true}, {2, false}, {3, true}} {
		if o.acceptResult(x.seq) != x.want {
			t.Errorf("result %d is gone to: %v", x.seq, !x.want)
		}
	}
}

func TestMemory(t *testing.T) {
	var none memory
	none.restoreHistory(prompt.New(theme.NewPlain()))
	if s := none.recordUse("app.log", testNow); s.Place != nil || len(s.Filters) > 0 {
		t.Errorf("%+v is remembered by nobody", s)
	}
	if err := none.keep(nil, nil)(); err != nil {
		t.Error(err)
	}
	x := memory{state: LoadState(t.TempDir() + "/state.json")}
	if !x.beginSave(testNow) || x.beginSave(testNow.Add(saveEvery)) || !x.beginSave(testNow.Add(2*saveEvery)) {
		t.Error("it is not saved from time to time")
	}
	x.state.log("app.log").Filters = []pager.Pattern{{Text: "error"}}
	x.state.History["query"] = []string{"a", "b"}
	p := prompt.New(theme.NewPlain())
	x.restoreHistory(p)
	if p.Last(prompt.SearchAll) != "b" {
		t.Errorf("%q was typed last", p.Last(prompt.SearchAll))
	}
	if s := x.recordUse("app.log", testNow); len(s.Filters) != 1 || !s.Used.Equal(testNow) {
		t.Errorf("%+v", s)
	}
	if s := x.recordUse(reader.Stdin, testNow); len(s.Filters) > 0 || x.state.Logs[absolute(reader.Stdin)] != nil {
		t.Error("standard input is remembered")
	}
}

// While logs are being listed, a second listing waits until the first is done.
// Opened archives are replaced by the logs in them.
func TestListing(t *testing.T) {
	x := listing{live: follow.NewLive([]string{t.TempDir()}, func(error) {})}
	defer x.live.Close()
	x.look()
	if x.list(t.Context()) == nil || x.list(t.Context()) != nil {
		t.Error("logs are not listed once at a time")
	}
	archive := files.Log{Name: "logs/old.zip", Members: []reader.Member{{Path: "logs/old.zip"}}}
	other := files.Log{Name: "logs/app.log", Members: []reader.Member{{Path: "logs/app.log"}}}
	inside := files.Log{Name: "logs/old.zip/a.log", Members: []reader.Member{{Path: "logs/old.zip/a.log"}}}
	msg := listMsg{logs: []files.Log{other, archive}, byPath: map[string]string{"logs/app.log": "logs/app.log", "logs/old.zip": "logs/old.zip"}}
	if first, again := x.take(msg); !first || !again {
		t.Errorf("first %v, again %v", first, again)
	}
	if first, again := x.take(msg); first || again {
		t.Errorf("first %v, again %v", first, again)
	}
	names := func() (out []string) {
		for _, l := range x.current().logs {
			out = append(out, l.Name)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{other.Name, archive.Name}) {
		t.Errorf("%q", got)
	}
	x.addArchive("logs/old.zip", unpacked{logs: []files.Log{inside}})
	if got := names(); !slices.Equal(got, []string{other.Name, inside.Name}) {
		t.Errorf("%q", got)
	}
	if x.byPath["logs/old.zip/a.log"] != inside.Name || x.byPath["logs/old.zip"] != "" {
		t.Errorf("%v", x.byPath)
	}
	if x.last.byPath["logs/old.zip"] == "" {
		t.Error("the list as it came was changed")
	}
	x.storeKinds(kindsMsg{"logs/app.log": {binary: true}, "elsewhere": {binary: true}})
	if got := x.notText(); len(got) != 1 || !got[other.Name] {
		t.Errorf("%v is not text", got)
	}
}

func TestTyping(t *testing.T) {
	x := typing{prompt: prompt.New(theme.NewPlain())}
	x.prompt.SetWidth(100)
	if x.open() || x.searching() {
		t.Error("the prompt is open at the beginning")
	}
	p := pager.New(theme.NewPlain(), nil, files.Options{})
	shows := func(want string) {
		t.Helper()
		if got, _ := x.prompt.View(); !strings.Contains(got, want) {
			t.Errorf("%q is not shown: %q", want, got)
		}
	}
	x.askSearch(p, false)
	x.label(pager.Smart, 100)
	shows("search (smart case, Alt-C) /")
	x.askSearch(p, true)
	x.label(pager.Sensitive, 50)
	shows("(case matters) ?")
	if !x.open() || !x.searching() {
		t.Error("no search is typed")
	}
	if err := p.StartFilters([]pager.Pattern{{Text: "apple"}, {Text: "pear"}}, false); err != nil {
		t.Fatal(err)
	}
	x.askFilter(p, true)
	shows("apple")
	x.label(pager.Smart, 100)
	shows("show lines with")
	x.prompt.Ask(prompt.FilterEdit, "", "/(")
	if _, ok := x.filter(p); ok {
		t.Error("a bad expression is a filter")
	}
	x.prompt.Ask(prompt.Filter, "", "plum")
	if _, ok := x.filter(p); !ok {
		t.Error("a text is no filter")
	}
	if list, _ := p.Filters(); len(list) != 3 || list[2].Text != "plum" {
		t.Errorf("%v", list)
	}
	x.prompt.Ask(prompt.FilterEdit, "", "")
	if _, ok := x.filter(p); !ok || p.Last() != 1 {
		t.Error("the filter that was added last is not removed")
	}
	x.askLines(taking{kind: "line", of: "app.log"}, true)
	shows("pipe to command, lines of app.log")
	x.askLines(taking{kind: "line", of: "app.log"}, false)
	shows("write to file, lines of app.log")
}
