package pager

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"logview/reader/document"
)

func TestFinder(t *testing.T) {
	f := newFinder()
	if f.active() || f.running() || f.scanner() != nil {
		t.Error("something is searched for at the beginning")
	}
	longLines := f.longLines
	for _, x := range []struct {
		pattern         Pattern
		changed, active bool
	}{
		{Pattern{Text: "apple"}, true, true},
		{Pattern{Text: "apple"}, false, true},
		{Pattern{Text: "apple", Case: Sensitive}, true, true},
		{Pattern{Text: ""}, true, false},
		{Pattern{Text: "apple"}, true, true},
	} {
		if changed, err := f.set(x.pattern, false); err != nil || changed != x.changed || f.active() != x.active {
			t.Errorf("%+v: changed %v, active %v, %v", x.pattern, changed, f.active(), err)
		}
	}
	if f.longLines == longLines {
		t.Error("what was said of lines is kept for another pattern")
	}
	if _, err := f.set(Pattern{Text: "/("}, true); err == nil || f.pattern.Text != "apple" || f.backward {
		t.Error("a bad expression takes the place of the pattern")
	}

	ctx, gen := f.start(t.Context())
	if !f.running() || gen != f.gen {
		t.Error("no search runs that was started")
	}
	_, next := f.start(t.Context())
	if ctx.Err() == nil || next == gen {
		t.Error("two searches run at a time")
	}
	f.awaiting = true
	f.drop()
	if f.running() || f.gen == next || !f.awaiting {
		t.Error("the search is not dropped")
	}
	f.stop()
	if f.awaiting {
		t.Error("something is to be told of a search that was stopped")
	}
	f.current = matchPosition{place: document.Place{Member: 1, Offset: 5}, start: 2}
	f.clear()
	if f.active() || f.current != (matchPosition{}) {
		t.Error("something is searched for after that was given up")
	}
	f.also = mustCompile(t, "pear").NewScanner()
	if f.scanner() != f.also {
		t.Error("what was searched for elsewhere is not shown")
	}
}

// The finder stops at lines that pass the filters and match the pattern. If the
// pattern is a negation, it stops only at the first piece of a long line.
func TestFinderWanted(t *testing.T) {
	f := newFinder()
	var fs filters
	if _, ok := f.pickMatches(&fs); ok {
		t.Error("something is wanted of nothing")
	}
	if err := fs.set([]Pattern{{Text: "!pear"}}, false); err != nil {
		t.Fatal(err)
	}
	_, _ = f.set(Pattern{Text: "apple"}, false)
	k, ok := f.pickMatches(&fs)
	if !ok || k.find != f.matcher || k.begins {
		t.Errorf("%+v", k)
	}
	scan := k.m.NewScanner()
	for line, want := range map[string]bool{"an apple": true, "apple and pear": false, "a pear": false} {
		if scan.Match([]byte(line)) != want {
			t.Errorf("%q is wanted: %v", line, !want)
		}
	}
	_, _ = f.set(Pattern{Text: "!apple"}, false)
	if k, _ := f.pickMatches(&fs); k.find != nil || !k.begins {
		t.Errorf("%+v", k)
	}
}

// doSteps takes steps until the search is finished and returns its result.
func doSteps(t *testing.T, h *rowSearch) stepResult {
	t.Helper()
	for range 1000 {
		x, err := h.step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !x.more {
			return x
		}
		if x.text == "" {
			t.Error("a step does not tell how far it is")
		}
	}
	t.Fatal("there is no end of it")
	return stepResult{}
}

// tallyOf returns a finished tally of the lines of text that contain word.
func tallyOf(text *memText, word string) *tally {
	x := &tally{order: newOrder(text.Members()), done: true, count: counts{}, stop: func() {}, changed: make(chan struct{}, 1), marks: newMarks(len(text.members))}
	for i, l := range text.lines() {
		if strings.Contains(l, word) {
			p := text.place(i)
			x.places = append(x.places, p)
			x.count[p.Member]++
			x.marks.mark(p)
		}
	}
	return x
}

// A rowSearch finds the next row both by reading the text and by known places
// of matches.
func TestRowSearch(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		text := newMemText(1+r.IntN(30), r.IntN(60), 1+r.IntN(30))
		word := fmt.Sprintf("line %d ", r.IntN(40))
		var known *knownPlaces
		if r.IntN(2) == 0 {
			end, _ := text.End(t.Context())
			known = &knownPlaces{tallyOf(text, word), end}
			if r.IntN(2) == 0 {
				text.append("line 7 came since\nline 8 came since\n")
			}
		}
		lines := text.lines()
		at := r.IntN(len(lines))
		forward, here := r.IntN(2) == 0, r.IntN(2) == 0
		want := next(lines, word, at, forward, here)
		if want < 0 && here {
			want = next(lines, word, at, !forward, false)
		}
		k := pick{m: mustCompile(t, word), lines: newLongLines()}
		k.find = k.m
		got := doSteps(t, &rowSearch{text: text, pick: k, at: text.place(at), forward: forward, here: here, known: known})
		if got.ok != (want >= 0) || got.ok && got.at != text.place(want) {
			t.Fatalf("seed %d: %q from line %d of %d, forward %v, here %v, known %v: %+v, want line %d", seed, word, at, len(lines), forward, here, known != nil, got, want)
		}
	}
}

// next returns the index of the next line that contains word, or of the
// previous one; it is negative if there is none.
func next(lines []string, word string, at int, forward, here bool) int {
	if forward {
		if !here {
			at++
		}
		if i := slices.IndexFunc(lines[min(at, len(lines)):], func(l string) bool { return strings.Contains(l, word) }); i >= 0 {
			return at + i
		}
		return -1
	}
	if here {
		at++
	}
	for at--; at >= 0; at-- {
		if strings.Contains(lines[at], word) {
			return at
		}
	}
	return -1
}

// Without a place to start from, the search starts at the end.
func TestRowSearchFromEnd(t *testing.T) {
	text := newMemText(50)
	k := pick{m: mustCompile(t, "line 1"), lines: newLongLines()}
	if got := doSteps(t, &rowSearch{text: text, pick: k}); got.at != text.place(19) {
		t.Errorf("%+v, want line 19", got)
	}
}

// The search skips a member that was deleted after its lines were counted.
func TestRowSearchDeleted(t *testing.T) {
	text := newMemText(10, 10, 10)
	end, _ := text.End(t.Context())
	known := &knownPlaces{tallyOf(text, "line 5 "), end}
	at := text.place(0)
	want := text.place(25)
	text.members = slices.Delete(text.members, 1, 2)
	k := pick{m: mustCompile(t, "line 5 "), lines: newLongLines()}
	h := &rowSearch{text: text, pick: k, at: document.Place{Member: at.Member, Offset: text.place(6).Offset}, forward: true, known: known}
	if got := doSteps(t, h); !got.ok || got.at != want {
		t.Errorf("%+v, want %v", got, want)
	}
}

func TestRowSearchError(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	text := newMemText(10)
	k := pick{m: mustCompile(t, "x"), lines: newLongLines()}
	if _, err := (&rowSearch{text: text, pick: k, at: text.place(3), forward: true}).step(ctx); err == nil {
		t.Error("a search that was stopped has a result")
	}
}

func TestSample(t *testing.T) {
	text := newMemText(10, 10)
	var about levels
	if n, all, err := sample(t.Context(), text, &about); n != 20 || !all || err != nil || about.seen.Load() {
		t.Errorf("%d lines, all %v, seen %v, %v", n, all, about.seen.Load(), err)
	}
	text.append("ERROR one\n")
	if _, _, err := sample(t.Context(), text, &about); err != nil || !about.seen.Load() {
		t.Errorf("no level is seen, %v", err)
	}
	text.append(strings.Repeat("no level\n", 1<<20))
	if n, all, err := sample(t.Context(), text, new(levels)); all || n > 1<<20 || err != nil {
		t.Errorf("%d lines, all %v, %v", n, all, err)
	}
}

func TestBookmarks(t *testing.T) {
	text := newMemText(5, 5)
	members := newMembers(text.Members())
	var b bookmarks
	if _, _, ok := b.next(text.place(0), true, members); ok || b.has(text.place(0)) {
		t.Error("there are marks at the beginning")
	}
	for _, n := range []int{7, 2, 4} {
		if !b.toggle(text.place(n)) {
			t.Errorf("line %d is not marked", n)
		}
	}
	if got := b.list(members); !slices.Equal(got, []document.Place{text.place(2), text.place(4), text.place(7)}) {
		t.Errorf("%v", got)
	}
	for _, x := range []struct {
		at      int
		forward bool
		want    int
		round   bool
	}{{0, true, 2, false}, {2, true, 4, false}, {7, true, 2, true}, {9, false, 7, false}, {2, false, 7, true}} {
		if p, round, ok := b.next(text.place(x.at), x.forward, members); !ok || p != text.place(x.want) || round != x.round {
			t.Errorf("from line %d, forward %v: %v, round %v", x.at, x.forward, p, round)
		}
	}
	if b.toggle(text.place(4)) || b.has(text.place(4)) {
		t.Error("the mark is not taken away")
	}
	b.set(nil)
	if len(b.list(members)) > 0 {
		t.Error("marks are left")
	}
}
