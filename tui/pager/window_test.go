package pager

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"logview/index/match"
	"logview/reader"
	"logview/reader/document"
)

// runAll runs cmd and passes its message to take. It does the same with each
// command that take returns, and with the commands of a batch.
func runAll(cmd tea.Cmd, take func(tea.Msg) tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			runAll(c, take)
		}
	default:
		runAll(take(msg), take)
	}
}

// windowOn returns a window that shows a text, loaded at a place, and the row
// at that place.
func windowOn(t *testing.T, text Text, k pick, at *document.Place) (w *window, cur int) {
	t.Helper()
	w = &window{}
	w.open(text, k)
	runAll(w.load(at, 0), func(msg tea.Msg) tea.Cmd {
		switch msg := msg.(type) {
		case loadedMsg:
			var err error
			if cur, err = w.replaceRows(msg); err != nil {
				t.Fatal(err)
			}
		case numberedMsg:
			w.setNumbers(msg)
		}
		return w.number()
	})
	return w, cur
}

// texts returns the texts of rows.
func texts(rows []row) []string {
	var out []string
	for i := range rows {
		out = append(out, string(rows[i].Text))
	}
	return out
}

// checkRows fails the test unless the rows are consecutive lines of the text
// and agree with the window's atStart and atEnd.
func checkRows(t *testing.T, w *window, lines []string) {
	t.Helper()
	got := texts(w.rows)
	if len(got) == 0 {
		if len(lines) > 0 {
			t.Fatalf("no rows of %d lines", len(lines))
		}
		return
	}
	i := slices.Index(lines, got[0])
	if i < 0 || len(lines) < i+len(got) || !slices.Equal(got, lines[i:i+len(got)]) {
		t.Fatalf("the rows from %q on are no run of lines", got[0])
	}
	if w.atStart && i > 0 || w.atEnd && i+len(got) < len(lines) {
		t.Fatalf("rows %d to %d of %d lines; at start %v, at end %v", i, i+len(got), len(lines), w.atStart, w.atEnd)
	}
	for k := range w.rows {
		r := &w.rows[k]
		var line, member int
		if n, _ := fmt.Sscanf(string(r.Text), "line %d of member %d", &line, &member); n == 2 && r.line >= 0 && int(r.line) != line {
			t.Fatalf("%q has the number %d", r.Text, r.line)
		}
	}
}

func TestWindowLoad(t *testing.T) {
	text := newMemText(50, 2000, 70)
	lines := text.lines()
	for _, n := range []int{0, 1, 49, 50, 1000, 2049, 2050, 2119} {
		at := text.place(n)
		w, cur := windowOn(t, text, pick{}, &at)
		checkRows(t, w, lines)
		if got := string(w.rows[cur].Text); got != lines[n] {
			t.Errorf("loaded at %q, at row %q", lines[n], got)
		}
		if w.index(at) != cur || w.holding(document.Place{Member: at.Member, Offset: at.Offset + 3}) != cur {
			t.Errorf("the row of %v is not found", at)
		}
	}
	w, _ := windowOn(t, text, pick{}, nil)
	checkRows(t, w, lines)
	if !w.atEnd || w.atStart || string(w.rows[len(w.rows)-1].Text) != lines[len(lines)-1] {
		t.Errorf("at the end: %d rows, at the end %v", len(w.rows), w.atEnd)
	}
	for i := range w.rows {
		if w.rows[i].line < 0 {
			t.Fatalf("%q has no number", w.rows[i].Text)
		}
	}
}

func TestWindowEmpty(t *testing.T) {
	w, cur := windowOn(t, newMemText(0), pick{}, nil)
	if len(w.rows) > 0 || cur != 0 || !w.atStart || !w.atEnd {
		t.Errorf("%d rows of an empty text", len(w.rows))
	}
	var none window
	if none.load(nil, 0) != nil || none.extend(true, true, 0) != nil || none.number() != nil {
		t.Error("a window on nothing reads")
	}
}

// While the screen moves through a text at random, the window always contains
// consecutive lines around it, not more than it may keep, and the cursor stays
// on its line.
func TestWindowMoves(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	text := newMemText(3000, 100, 6000)
	lines := text.lines()
	for _, k := range []pick{{}, only(mustCompile(t, "3 of"))} {
		want := lines
		if !k.all() {
			want = slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.Contains(l, "3 of") })
		}
		at := text.place(r.IntN(len(lines)))
		w, cur := windowOn(t, text, k, &at)
		const height = 20
		take := func(msg tea.Msg) tea.Cmd {
			on := string(w.rows[cur].Text)
			switch msg := msg.(type) {
			case moreMsg:
				added, fits := w.extendWith(msg)
				if !fits {
					t.Fatalf("seed %d: rows do not fit", seed)
				}
				cur += added
				around := height + 2*windowRows
				cur -= w.trim(msg.forward, span{cur - around, cur + around})
			case numberedMsg:
				w.setNumbers(msg)
			}
			if string(w.rows[cur].Text) != on {
				t.Fatalf("seed %d: the screen was on %q and is on %q", seed, on, w.rows[cur].Text)
			}
			return w.number()
		}
		for range 300 {
			cur = min(max(0, cur+r.IntN(1200)-400), len(w.rows)-1)
			runAll(w.extend(cur < 100, len(w.rows)-cur < 100, 0), take)
			checkRows(t, w, want)
			if len(w.rows) > mostRows+windowRows {
				t.Fatalf("seed %d: %d rows are kept", seed, len(w.rows))
			}
		}
	}
}

// Rows that were requested before other rows were discarded do not fit, and the
// window never has two reads in one direction in progress.
func TestWindowStale(t *testing.T) {
	text := newMemText(9000)
	at := text.place(4500)
	w, _ := windowOn(t, text, pick{}, &at)
	cmd := w.extend(true, false, 0)
	if w.extend(true, false, 0) != nil {
		t.Error("it is read twice")
	}
	if !w.busy() {
		t.Error("nothing is read")
	}
	w.up.Offset++ // as if rows at the start had been discarded
	runAll(cmd, func(msg tea.Msg) tea.Cmd {
		if _, fits := w.extendWith(msg.(moreMsg)); fits {
			t.Error("rows fit that do not follow")
		}
		return nil
	})
	gen := w.gen
	w.restart()
	if w.gen == gen || w.busy() {
		t.Error("it goes on after a restart")
	}
	w.loading = true
	if w.index(at) >= 0 || w.holding(at) >= 0 {
		t.Error("rows are found that are about to be replaced")
	}
	w.close()
	if len(w.rows) > 0 || w.ctx.Err() == nil {
		t.Error("it reads after it was closed")
	}
}

// While a text grows by lines and by parts of lines, the rows follow, and each
// new line is counted once.
func TestWindowGrows(t *testing.T) {
	testWindowGrows(t, 11266864954169831015) // a read that ended with a part of a line
	testWindowGrows(t, rand.Uint64())
}

func testWindowGrows(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		text := newMemText(r.IntN(5), r.IntN(500))
		w, _ := windowOn(t, text, pick{}, nil)
		follow := r.IntN(2) == 0
		was := len(text.lines())
		for n := range 40 {
			for range r.IntN(4) {
				switch r.IntN(8) {
				case 0:
					text.rotate()
				case 1:
					text.append(strings.Repeat(fmt.Sprintf("much %d\n", n), r.IntN(4000)))
				case 2, 3:
					text.append("a part")
				default:
					text.append(fmt.Sprintf("new %d\n", n))
				}
			}
			visited := 0
			read := w.grow(func(_ context.Context, _ Text, r *run) error { visited += len(r.rows); return nil })
			if again := w.grow(nil); again != nil {
				t.Fatal("it is read twice at a time")
			}
			x := read()
			if !w.endGrow() {
				t.Error("that more came is not known")
			}
			if x.err != nil || x.gen != w.gen {
				t.Fatalf("seed %d: %v", seed, x.err)
			}
			lines, ok := w.addAppended(&x, follow)
			now := text.lines()
			if want := len(now) - was; !ok || lines != int64(want) {
				t.Fatalf("seed %d: %d new lines, want %d; %v", seed, lines, want, ok)
			}
			if visited < int(lines) {
				t.Fatalf("seed %d: %d rows were visited of %d new lines", seed, visited, lines)
			}
			if x.quiet() && lines > 0 {
				t.Error("appended are quiet")
			}
			was = len(now)
			if got := texts(w.rows); w.atEnd && len(got) > 0 && !slices.Equal(got, now[len(now)-len(got):]) {
				t.Fatalf("seed %d: the last %d rows are not the last lines", seed, len(got))
			}
			if follow && !w.atEnd {
				t.Fatalf("seed %d: the end is followed, and not there", seed)
			}
		}
	}
}

// A text is not read further after its newest member was replaced.
func TestWindowReplaced(t *testing.T) {
	text := newMemText(10)
	w, _ := windowOn(t, text, pick{}, nil)
	text.replaced = true
	if x := w.grow(nil)(); !x.cut || x.lines != 0 {
		t.Errorf("%+v", x)
	}
}

// When reading further down reaches the end, the window knows that and does not
// read it again.
func TestWindowReachesEnd(t *testing.T) {
	text := newMemText(2000)
	at := text.place(1500)
	w, _ := windowOn(t, text, pick{}, &at)
	read := w.grow(func(context.Context, Text, *run) error { return nil })
	text.append("one more\n")
	runAll(w.extend(false, true, 0), func(msg tea.Msg) tea.Cmd {
		w.extendWith(msg.(moreMsg))
		return w.extend(false, true, 0)
	})
	if !w.atEnd {
		t.Fatal("the end is not reached")
	}
	x := read()
	w.endGrow()
	if _, ok := w.addAppended(&x, false); ok {
		t.Error("lines that are there already are taken for new ones")
	}
	if w.growth.tail != w.down {
		t.Error("the end is not where it was reached")
	}
}

// While the window reads matching rows, it reports the progress of filtering.
func TestWindowFiltering(t *testing.T) {
	text := newMemText(100)
	w, _ := windowOn(t, text, only(mustCompile(t, "line 5 ")), nil)
	if got := w.filtering(moreMsg{run: run{next: text.place(50)}}); got != "filtering: at 49%" && got != "filtering: at 50%" {
		t.Errorf("%q", got)
	}
	if got := w.filtering(moreMsg{run: run{end: true}}); got != "" {
		t.Errorf("%q when all is filtered", got)
	}
}

// Lines far into a text have no numbers if they were not counted.
func TestWindowUncounted(t *testing.T) {
	text := &farText{newMemText(5000)}
	w, _ := windowOn(t, text, pick{}, nil)
	runAll(w.number(), func(msg tea.Msg) tea.Cmd { w.setNumbers(msg.(numberedMsg)); return w.number() })
	for i := range w.rows {
		if w.rows[i].line != unknown {
			t.Fatalf("row %d has the number %d", i, w.rows[i].line)
		}
	}
}

type farText struct{ *memText }

func (farText) Uncounted(context.Context, document.Place) reader.Offset { return mostCounted + 1 }

func mustCompile(t *testing.T, list ...string) *match.Matcher {
	t.Helper()
	var patterns []Pattern
	for _, s := range list {
		patterns = append(patterns, Pattern{Text: s})
	}
	m, _, err := compile(nil, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
