package pager

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"logview/index"
	"logview/reader/document"
)

// counting returns a counter of the lines that contain word, whose tally of the
// existing text is done.
func counting(t *testing.T, text *memText, word string) (*counter, *window) {
	t.Helper()
	w, _ := windowOn(t, text, pick{}, nil)
	x := tallyOf(text, word)
	if word == "" {
		word = "line"
	}
	c := &counter{}
	c.begin(x, w.growth.tail, len(text.members))
	if _, ok := c.update(x); !ok {
		t.Fatal("the tally is not the counter's")
	}
	return c, w
}

// However a text grows, by whole lines or by parts of lines, and however it is
// read, each matching line is counted once.
func TestCounterGrows(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 50 {
		text := newMemText(r.IntN(40), r.IntN(40))
		mt := mustCompile(t, "7")
		c, w := counting(t, text, "7")
		for n := range 20 {
			for range r.IntN(4) {
				switch r.IntN(8) {
				case 0:
					text.rotate()
				case 1:
					text.append(strings.Repeat("7 in many\n", r.IntN(4000)))
				case 2:
					text.append("a part 7 ")
				case 3:
					text.append("another part ")
				default:
					text.append(fmt.Sprintf("new %d\n", n))
				}
			}
			x := newFreshCount(mt, newLongLines())
			read := w.grow(x.add)
			appended := read()
			w.endGrow()
			if _, ok := w.addAppended(&appended, true); !ok {
				t.Fatal("the end was reached otherwise")
			}
			if !c.addCounted(x, appended.from, appended.tail) {
				t.Fatalf("seed %d: what was read does not follow what is counted", seed)
			}
			want := 0
			for _, l := range text.lines() {
				if strings.Contains(l, "7") {
					want++
				}
			}
			if got := c.total(w.members); got != int64(want) {
				t.Fatalf("seed %d: %d lines, want %d", seed, got, want)
			}
		}
	}
}

// Rows that were read for the screen are counted unless they were counted
// before.
func TestCounterRows(t *testing.T) {
	text := newMemText(20)
	c, w := counting(t, text, "line 1")
	if got := c.text(w.members); got != "11 lines" {
		t.Errorf("%q", got)
	}
	from := w.growth.tail
	text.append("line 1 again\nanother\nline 1 without an end")
	w2, _ := windowOn(t, text, pick{}, nil)
	scan := mustCompile(t, "line 1").NewScanner()
	c.addRows(w2.rows, w2.members, w2.up, w2.down, false, scan)
	c.addRows(w2.rows, w2.members, w2.up, w2.down, false, scan) // nothing new
	if got := c.text(w2.members); got != "13 lines" {
		t.Errorf("%q", got)
	}
	if c.addCounted(newFreshCount(nil, nil), from, w2.down) {
		t.Error("what is counted already is counted again")
	}
	text.append("\n")
	c.addRows(w2.rows[:1], w2.members, w2.down, document.Place{Member: w2.down.Member, Offset: w2.down.Offset + 100}, true, scan)
	if got := c.text(w2.members); got != "12+ lines" {
		t.Errorf("%q when lines were skipped", got)
	}
}

func TestCounterText(t *testing.T) {
	text := newMemText(20)
	c, w := counting(t, text, "line 1")
	none := &counter{}
	for _, x := range []struct {
		change func(*counter)
		want   string
	}{
		{func(c *counter) {}, "11 lines"},
		{func(c *counter) { c.found.missed = true }, "11+ lines"},
		{func(c *counter) { c.found.done, c.found.share = false, 0.42 }, "11… 42%"},
		{func(c *counter) { c.found.err = errors.New("bad\x1b index") }, "bad␛ index"},
		{func(c *counter) { c.found.count = counts{1: 1} }, "1 line"},
		{func(c *counter) { c.found.count = counts{1: 1234567} }, "1,234,567 lines"},
	} {
		y := *c
		x.change(&y)
		if got := y.text(w.members); got != x.want && !strings.Contains(x.want, "␛") {
			t.Errorf("%q, want %q", got, x.want)
		} else if strings.Contains(got, "\x1b") {
			t.Errorf("%q reaches the terminal", got)
		}
	}
	if none.text(w.members) != "" || none.effort() != "" || none.active() || none.places() != nil || none.incomplete() {
		t.Error("something is counted by nobody")
	}
	c.found.read = index.Stats{Blocks: 4310, BlocksRead: 12}
	if got := c.effort(); got != "12 of 4,310 blocks read" {
		t.Errorf("%q", got)
	}
	c.found.missed = true
	if !c.incomplete() {
		t.Error("files that could not be read are not known")
	}
	rows := make([]bool, 10)
	c.markRows(rows, w.members)
	if !rows[0] || !rows[9] || rows[3] {
		t.Errorf("%v", rows)
	}
	stopped := false
	c.tally.stop = func() { stopped = true }
	c.stop()
	if !stopped || c.active() {
		t.Error("it counts after it was stopped")
	}
	if _, ok := c.update(tallyOf(text, "line 1")); ok {
		t.Error("a tally of others is taken over")
	}
}

// The number of lines that filters hide is reported once it is known.
func TestCounterHidden(t *testing.T) {
	text := newMemText(20)
	c, w := counting(t, text, "line 1")
	if n, done := c.hiddenTotal(w.members, false); n != 0 || !done {
		t.Error("lines are hidden without filters")
	}
	if _, done := c.hiddenTotal(w.members, true); done {
		t.Error("what is hidden is known before it is counted")
	}
	x := tallyOf(text, "line 2")
	x.done = false
	c.beginHidden(x)
	c.update(x)
	if got := c.hiddenText(w.members, true); got != "1… hidden by filters" {
		t.Errorf("%q", got)
	}
	x.done = true
	c.update(x)
	if got := c.hiddenText(w.members, true); got != "1 hidden by filters" {
		t.Errorf("%q", got)
	}
	c.counted.Offset++
	if got := c.hiddenText(w.members, true); got != "1+ hidden by filters" {
		t.Errorf("%q", got)
	}
}
