package pager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"logview/index"
	"logview/reader/blockstore"
	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/readertest"
	"logview/tui/keys"
	"logview/tui/theme"
)

// A pane is a Model without a terminal. It runs commands, and those that they
// lead to, until there are none left.
type pane struct {
	*Model
	t    *testing.T
	dir  string
	said []string
	look int // number of requests to list the members of the log again
}

// newPane shows the end of a log with the members app.log and app.log.1, of
// several lines each.
func newPane(t *testing.T, filters ...string) *pane {
	t.Helper()
	dir := t.TempDir()
	cache := blockstore.NewCache(t.TempDir(), 1<<30)
	workers := index.NewWorkers()
	s := index.Indexed{Cache: cache, Workers: workers, Note: func(error) {}}
	p := &pane{Model: New(theme.NewPlain(), s, files.Options{Cache: cache, Workers: workers}), t: t, dir: dir}
	p.now = func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	for i, name := range []string{"app.log.1", "app.log"} {
		var b bytes.Buffer
		for k := range 200 {
			level := []string{"INFO", "DEBUG", "INFO", "WARN", "ERROR"}[k%5]
			fmt.Fprintf(&b, "2026-11-2%dT08:%02d:%02dZ %s request %04d\n", i, k/60, k%60, level, 200*i+k)
		}
		p.write(name, b.String())
	}
	p.SetSize(70, 12)
	p.SetFocus(true)
	var list []Pattern
	for _, f := range filters {
		list = append(list, Pattern{Text: f})
	}
	if err := p.StartFilters(list, false); err != nil {
		t.Fatal(err)
	}
	p.run(p.Open("app.log", document.NewDocument(files.NewSource(p.log(), files.Options{Cache: cache}), document.DocumentOptions{}), nil))
	t.Cleanup(p.Close)
	return p
}

func (p *pane) write(name, text string) {
	p.t.Helper()
	readertest.AppendFile(p.t, filepath.Join(p.dir, name), text)
}

// log returns the log as it is on disk now.
func (p *pane) log() files.Log {
	p.t.Helper()
	logs, errs := files.Find([]string{p.dir})
	if len(errs) > 0 || len(logs) != 1 {
		p.t.Fatalf("%v, %v", logs, errs)
	}
	return logs[0]
}

func (p *pane) run(cmd tea.Cmd) {
	runAll(cmd, func(msg tea.Msg) tea.Cmd {
		switch msg := msg.(type) {
		case Said:
			p.said = append(p.said, msg.Text)
			return nil
		case LookMsg:
			p.look++
			return nil
		case RotatedMsg:
			return p.Rotate(msg)
		}
		return p.Update(msg)
	})
}

func (p *pane) do(list ...keys.Action) {
	p.t.Helper()
	for _, a := range list {
		cmd, ok := p.Do(a)
		if !ok {
			p.t.Fatalf("%s is not for here", a)
		}
		p.run(cmd)
	}
}

// search searches for a text as if the user had typed it.
func (p *pane) search(text string, back bool) {
	p.t.Helper()
	at, _ := p.Place()
	cmd, err := p.Search(Pattern{Text: text}, at, back)
	if err != nil {
		p.t.Fatal(err)
	}
	p.run(cmd)
}

// at fails the test unless the cursor is on a line that ends with end.
func (p *pane) at(end string) {
	p.t.Helper()
	if got := p.Line(); !strings.HasSuffix(got, end) {
		p.t.Fatalf("on %q, want %q; said: %q\n%s", got, end, p.said, p.frame())
	}
}

// says fails the test unless the last message contains want.
func (p *pane) says(want string) {
	p.t.Helper()
	if len(p.said) == 0 || !strings.Contains(p.said[len(p.said)-1], want) {
		p.t.Fatalf("said: %q, want %q", p.said, want)
	}
}

func (p *pane) frame() string { return ansi.Strip(p.View()) }

func (p *pane) shows(list ...string) {
	p.t.Helper()
	for _, s := range list {
		if !strings.Contains(p.frame(), s) {
			p.t.Fatalf("%q is not shown:\n%s", s, p.frame())
		}
	}
}

func TestPaneMoves(t *testing.T) {
	p := newPane(t)
	p.at("request 0399")
	p.shows("app.log", "LIVE", "100%")
	p.do(keys.Up, keys.Up)
	p.at("request 0397")
	if p.Following() {
		t.Error("the end is followed from elsewhere")
	}
	p.do(keys.PageUp, keys.HalfUp, keys.HalfDown, keys.PageDown, keys.Top)
	p.at("request 0000")
	p.shows("app.log.1", "written until", "0%")
	p.do(keys.Bottom)
	p.at("request 0399")
	p.do(keys.Follow)
	p.says("following stopped")
	p.run(p.GoToNumber("50%"))
	if n := p.Line(); !strings.Contains(n, "request 019") && !strings.Contains(n, "request 020") {
		t.Errorf("on %q at half of it", n)
	}
	p.run(p.GoToNumber("17"))
	p.at("request 0216")
	p.run(p.GoToNumber("100000"))
	p.says("the file has 200 lines; this is the last")
	p.at("request 0399")
	p.run(p.GoToNumber("100%"))
	p.at("request 0399")
	for text, want := range map[string]string{"x": "no line number", "0": "no line number", "101%": "no percentage"} {
		p.run(p.GoToNumber(text))
		p.says(want)
	}
	p.do(keys.Right)
	p.says("lines are wrapped")
	p.do(keys.Wrap, keys.Right)
	p.says("the lines on the screen end here")
	p.do(keys.Left, keys.Wrap, keys.Plain)
	if strings.Contains(p.frame(), "┃") {
		t.Error("there is a scroll bar in plain text")
	}
	p.do(keys.Cancel)
	p.shows("┃")
	p.run(p.Wheel(-3))
	p.run(p.Click(10, 2))
	if _, ok := p.Do(keys.Help); ok {
		t.Error("the pane helps")
	}
}

func TestPaneSearches(t *testing.T) {
	p := newPane(t)
	p.search("request 0", false)
	p.at("request 0399")
	p.do(keys.Previous, keys.Previous)
	p.at("request 0397")
	if p.Count() != "400 lines" || !strings.Contains(p.Effort(), "blocks read") {
		t.Errorf("%q, %q", p.Count(), p.Effort())
	}
	p.do(keys.Next)
	p.at("request 0398")
	p.search("request 0123", false) // which is in the other direction
	p.at("request 0123")
	p.do(keys.Next)
	p.says("no more in this direction")
	p.at("request 0123")
	p.search("3", true)
	p.do(keys.Next)
	p.at("request 0113")
	p.do(keys.NextIn, keys.NextIn, keys.PrevIn)
	p.do(keys.NextIn, keys.NextIn, keys.NextIn, keys.NextIn, keys.NextIn)
	p.says("no more in this line")
	before := p.Pattern()
	p.search("request 0007", false)
	p.run(p.Restore(before))
	if p.Pattern() != before || p.Count() == "1 line" {
		t.Errorf("%+v, %s after a search was given up", p.Pattern(), p.Count())
	}
	p.do(keys.Cancel)
	if p.Pattern().Text != "" || p.Count() != "" {
		t.Errorf("%+v is searched for, %s", p.Pattern(), p.Count())
	}
	p.do(keys.Next)
	p.says("nothing is searched for")
	p.do(keys.NextIn)
	p.says("nothing is searched for")
	if _, err := p.Search(Pattern{Text: "/("}, document.Place{}, false); err == nil {
		t.Error("a bad expression is searched for")
	}
	p.NextCase()
	if p.Case() != Sensitive {
		t.Errorf("%v", p.Case())
	}
	p.HighlightAlso(mustCompile(t, "request"))
	p.HighlightAlso(nil)
}

func TestPaneLevels(t *testing.T) {
	p := newPane(t)
	p.do(keys.PrevError)
	p.at("ERROR request 0394")
	p.do(keys.PrevWarn, keys.PrevWarn)
	p.at("WARN request 0388")
	p.do(keys.NextError)
	p.at("ERROR request 0389")
	p.do(keys.NextWarn, keys.NextWarn, keys.NextWarn)
	p.says("no warning in this direction")
	cmd, err := p.SetFilters([]Pattern{{Text: "INFO"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	p.run(cmd)
	p.do(keys.NextError)
	p.says("no error in this direction in the lines that filters show")
}

func TestPaneFilters(t *testing.T) {
	p := newPane(t, "ERROR")
	p.at("request 0399")
	p.shows("+ ERROR")
	if p.Count() != "80 lines" || !p.Filtered() {
		t.Errorf("%q", p.Count())
	}
	p.do(keys.Up)
	p.at("request 0394")
	p.do(keys.FiltersOff)
	p.at("request 0394")
	p.do(keys.Up)
	p.at("request 0393")
	p.shows("off, \\ on")
	p.do(keys.FiltersOff)
	p.at("request 0394")
	p.search("request 00", true)
	p.at("request 0099")
	if got := p.Hidden(); got != "80 hidden by filters" {
		t.Errorf("%q", got)
	}
	p.do(keys.FilterHit)
	p.shows("+ ERROR", "+ request 00")
	if p.Count() != "20 lines" {
		t.Errorf("%q", p.Count())
	}
	p.do(keys.FilterMiss)
	if got := texts(p.win.rows); len(got) > 0 {
		t.Errorf("%q pass filters that exclude each other", got)
	}
	p.shows("No line passes the filters")
	p.do(keys.FilterDrop)
	p.run(p.Toggle(0))
	p.run(p.Toggle(7))
	p.says("there is no filter 8")
	p.run(p.Click(2, 1)) // turn the first filter on again
	if list, off := p.Filters(); off || len(list) != 2 || list[0].Off || p.Last() != 0 {
		t.Errorf("%v, off %v", list, off)
	}
	if q := p.Query(); q == nil {
		t.Error("all lines are written")
	}
	p.do(keys.FilterDrop, keys.FilterDrop, keys.FilterDrop)
	p.says("there are no filters")
	p.do(keys.FiltersOff)
	p.says("there are no filters")
	if len(p.InForce()) > 0 || len(p.Including(Pattern{Text: "a"})) != 1 {
		t.Errorf("%v", p.InForce())
	}
}

// When the user goes to a line that a filter hides, a message says so.
func TestPaneGoesToHidden(t *testing.T) {
	p := newPane(t)
	p.do(keys.Top)
	at, _ := p.Place()
	p.do(keys.Bottom)
	cmd, _ := p.SetFilters([]Pattern{{Text: "ERROR"}}, false)
	p.run(cmd)
	p.run(p.GoTo(at))
	p.says("a filter hides that line")
	p.do(keys.FiltersOff)
	p.at("request 0000")
}

func TestPaneFollows(t *testing.T) {
	p := newPane(t)
	p.search("again", true)
	p.do(keys.Bottom)
	p.write("app.log", "ERROR again 1\nERROR again 2\n")
	p.run(p.Grow())
	p.at("again 2")
	if p.Count() != "2 lines" {
		t.Errorf("%q", p.Count())
	}
	p.do(keys.Top)
	p.write("app.log", "ERROR again 3\n")
	p.run(p.Grow())
	p.at("request 0000")
	p.shows("1 new, G")
	p.do(keys.Freeze)
	p.says("frozen")
	p.shows("frozen")
	p.write("app.log", "ERROR again 4")
	p.run(p.Grow())
	p.do(keys.Freeze)
	p.do(keys.Bottom)
	p.at("again 4")
	p.write("app.log", " and its end\n")
	p.run(p.Grow())
	p.at("again 4 and its end")
	if p.Count() != "4 lines" {
		t.Errorf("%q", p.Count())
	}
	p.SetGone(true)
	p.shows("gone")
}

// When the log is rotated while it is shown, the pane stays where it is, and
// lines that are written to the new file appear.
func TestPaneRotates(t *testing.T) {
	p := newPane(t)
	p.do(keys.Up)
	for _, n := range []string{"1", ""} {
		from := strings.TrimSuffix("app.log."+n, ".")
		to := map[string]string{"1": "app.log.2", "": "app.log.1"}[n]
		if err := os.Rename(filepath.Join(p.dir, from), filepath.Join(p.dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	p.write("app.log", "INFO the new file\n")
	p.run(p.UpdateMembers(p.log()))
	p.at("request 0398")
	p.do(keys.Bottom)
	p.at("the new file")
	if len(p.Members()) != 3 {
		t.Errorf("%v", p.Members())
	}
	// After it is truncated, its members are listed again, and it is read from
	// its start.
	if err := os.WriteFile(filepath.Join(p.dir, "app.log"), []byte("short\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.run(p.Grow())
	p.run(p.UpdateMembers(p.log()))
	p.run(p.Grow())
	p.do(keys.Bottom)
	p.at("short")
}

func TestPaneSelects(t *testing.T) {
	p := newPane(t)
	if p.Selection() != nil || p.Selecting() {
		t.Error("something is selected at the beginning")
	}
	p.do(keys.Select, keys.Up, keys.Up)
	var b bytes.Buffer
	n, err := p.Selection()(t.Context(), &b)
	if err != nil || n != 3 || strings.Count(b.String(), "\n") != 3 || !strings.HasSuffix(b.String(), "request 0399\n") {
		t.Errorf("%d lines, %v: %q", n, err, b.String())
	}
	p.do(keys.Cancel)
	p.do(keys.Select)
	p.EndSelection()
	if p.Selecting() {
		t.Error("lines are selected after that was given up")
	}
	p.do(keys.Mark)
	p.says("marked")
	p.do(keys.Top, keys.Mark)
	if len(p.Marks()) != 2 {
		t.Errorf("%v", p.Marks())
	}
	p.do(keys.NextMark)
	p.at("request 0397")
	p.do(keys.NextMark)
	p.says("round the end")
	p.at("request 0000")
	p.do(keys.PrevMark)
	p.at("request 0397")
	p.do(keys.Mark)
	p.says("mark removed")
	p.SetMarks(nil)
	p.do(keys.NextMark)
	p.says("there are no marks")
	if x, ok := p.Piece(); !ok || !strings.HasSuffix(string(x.Text), "0397") || p.InPieces() {
		t.Errorf("%q", x.Text)
	}
	if !slices.Contains(p.Texts(), p.Line()) {
		t.Error("the line is not among those that are read")
	}
}

// Actions that arrive while rows are being loaded are performed afterwards.
// Rows that were read for an earlier load are dropped.
func TestPaneQueues(t *testing.T) {
	p := newPane(t)
	load, _ := p.Do(keys.Top)
	if load == nil {
		load = p.load(nil) // all rows were loaded already
	}
	for range 3 {
		if cmd, ok := p.Do(keys.Down); cmd != nil || !ok {
			t.Error("a key is not queued while rows are loaded")
		}
	}
	p.run(load)
	if len(p.queue) > 0 {
		t.Errorf("%v is not done", p.queue)
	}
	stale := p.load(nil)
	p.restart()
	at, _ := p.Place()
	p.run(stale)
	if now, _ := p.Place(); now != at {
		t.Error("rows are shown that nobody wants any more")
	}
	p.run(p.load(nil))
	p.Update(PreparingMsg{Doc: p.Doc(), P: document.Preparing{Path: "app.log.1", Done: 1, Total: 2}})
	if p.progress != "" {
		t.Errorf("%q while nothing is read", p.progress)
	}
	p.win.loading = true
	p.Update(PreparingMsg{Doc: p.Doc(), P: document.Preparing{Path: "app.log.1", Done: 1, Total: 2}})
	if p.progress != "decoding app.log.1: 50%" {
		t.Errorf("%q", p.progress)
	}
	if got := preparing(document.Preparing{Path: "x"}); got != "decoding x" {
		t.Errorf("%q", got)
	}
}

// A pane without a log does nothing.
func TestPaneEmpty(t *testing.T) {
	p := &pane{Model: New(theme.NewPlain(), nil, files.Options{}), t: t}
	p.SetSize(40, 5)
	p.SetWrap(false)
	p.shows("Open a log with Enter.")
	if _, ok := p.Do(keys.Down); ok || p.Grow() != nil || p.End() != nil || p.GoTo(document.Place{}) != nil || p.GoToNumber("1") != nil || p.Wheel(1) != nil || p.UpdateMembers(files.Log{}) != nil {
		t.Error("something is done without a log")
	}
	if _, ok := p.Place(); ok || p.Line() != "" || p.Selection() != nil || p.InPieces() {
		t.Error("there is a line without a log")
	}
	p.Close()
}
