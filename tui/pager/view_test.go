package pager

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"logview/reader"
	"logview/tui/theme"
)

// viewOn returns a view of a text, loaded at its end.
func viewOn(t *testing.T, text Text, width, height int) *view {
	t.Helper()
	w, cur := windowOn(t, text, pick{}, nil)
	f := newFinder()
	v := &view{win: w, find: &f, filters: &filters{}, marks: highlighter{w, &f}, wrap: true, follow: true}
	v.setSize(width, height)
	v.show(cur, true)
	return v
}

// painted returns a painter of v.
func painted(v *view) *painter {
	return &painter{view: v, bookmarks: &bookmarks{}, th: theme.NewPlain(), focused: true}
}

// drawn returns the rows on the screen, without the scroll bar.
func drawn(v *view) []string {
	var out []string
	for _, l := range painted(v).draw(slices.Repeat([]string{"|"}, v.body())) {
		out = append(out, strings.TrimRight(strings.TrimSuffix(ansi.Strip(l), "|"), " "))
	}
	return out
}

// checkView fails the test unless the rows fill the screen, if there are
// enough, and the cursor is on the screen.
func checkView(t *testing.T, v *view, seed uint64) {
	t.Helper()
	if len(v.win.rows) == 0 {
		return
	}
	if v.cur < 0 || v.cur >= len(v.win.rows) || v.top < 0 || v.top > v.cur || v.sub < 0 || v.sub >= v.rowHeight(v.top) {
		t.Fatalf("seed %d: on row %d of %d, from row %d, %d on", seed, v.cur, len(v.win.rows), v.top, v.sub)
	}
	if at := v.screenRow(); at >= v.body() {
		t.Fatalf("seed %d: the person is on screen row %d of %d", seed, at, v.body())
	}
	all := -v.sub
	for i := v.top; i < len(v.win.rows); i++ {
		all += v.rowHeight(i)
	}
	got := painted(v).draw(slices.Repeat([]string{"|"}, v.body()))
	if len(got) < v.body() && all >= v.body() || len(got) > v.body() {
		t.Fatalf("seed %d: %d rows on a screen of %d", seed, len(got), v.body())
	}
	for _, l := range got {
		if w := ansi.StringWidth(l); w != v.width {
			t.Fatalf("seed %d: a row is %d wide on a screen of %d: %q", seed, w, v.width, ansi.Strip(l))
		}
	}
}

func TestViewMoves(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 40 {
		text := newMemText(r.IntN(10), r.IntN(60), 1+r.IntN(60))
		for range r.IntN(5) {
			text.append(strings.Repeat("long 日本 ", r.IntN(300)) + "\n")
		}
		v := viewOn(t, text, 20+r.IntN(100), 3+r.IntN(30))
		for range 100 {
			switch r.IntN(9) {
			case 0:
				v.step(1)
			case 1:
				v.step(-1)
			case 2:
				v.scroll(v.body())
			case 3:
				v.scroll(-v.body())
			case 4:
				v.wheel(3 - 6*r.IntN(2))
			case 5:
				v.toggleWrap()
			case 6:
				v.setSize(20+r.IntN(100), 3+r.IntN(30))
			case 7:
				v.goTo(r.IntN(len(v.win.rows)))
			case 8:
				v.togglePlain()
			}
			checkView(t, v, seed)
		}
	}
}

// Stepping line by line through the text in both directions reaches each line
// once.
func TestViewSteps(t *testing.T) {
	text := newMemText(30, 30)
	v := viewOn(t, text, 60, 12)
	if !v.follow || v.current().line != 29 {
		t.Fatalf("at line %d, follows %v", v.current().line, v.follow)
	}
	lines := text.lines()
	for i := len(lines) - 2; i >= 0; i-- {
		if v.step(-1); string(v.current().Text) != lines[i] {
			t.Fatalf("on %q, want %q", v.current().Text, lines[i])
		}
	}
	if v.follow {
		t.Error("the end is followed from the beginning")
	}
	v.step(-1)
	for i := 1; i < len(lines); i++ {
		if v.step(1); string(v.current().Text) != lines[i] {
			t.Fatalf("on %q, want %q", v.current().Text, lines[i])
		}
	}
	v.goToStart()
	if v.screenRow() != 0 || string(v.current().Text) != lines[0] {
		t.Error("not at the beginning")
	}
	v.click(4)
	if string(v.current().Text) != lines[3] { // below the border
		t.Errorf("clicked on %q", v.current().Text)
	}
}

// Stepping scrolls through a line that is taller than the screen.
func TestViewTallLine(t *testing.T) {
	text := newMemText(3)
	text.append(strings.Repeat("0123456789", 60) + "\nthe last\n")
	v := viewOn(t, text, 30, 6)
	v.step(-1)
	if v.cur != 3 {
		t.Fatalf("on row %d", v.cur)
	}
	seen := 0
	for v.cur == 3 {
		v.step(-1)
		if seen++; seen > 100 {
			t.Fatal("there is no way out of a long line")
		}
	}
	if tall := v.rowHeight(3); seen < tall-v.body() {
		t.Errorf("%d steps through a line of %d rows", seen, tall)
	}
	_, _ = v.find.set(Pattern{Text: "9"}, false)
	v.jump(3)
	if v.find.current.start != 9 || !strings.Contains(strings.Join(drawn(v), ""), "9") {
		t.Errorf("the match at %d is not shown", v.find.current.start)
	}
	v.toggleWrap()
	v.find.setCurrent(v.win.rows[3].Place, 499)
	v.revealMatch()
	if v.left == 0 {
		t.Error("the match right of the screen is not shown")
	}
}

func TestViewDraws(t *testing.T) {
	text := newMemText(2, 2)
	text.append("2026-01-01 ERROR a failure with a text that is longer than the screen is wide\n")
	v := viewOn(t, text, 50, 12)
	want := []string{
		"── member.1 ──",
		"    1 line 0 of member 1",
		"    2 line 1 of member 1",
		"── member.2 ──",
		"    1 line 0 of member 2",
		"    2 line 1 of member 2",
		"E   3 2026-01-01 ERROR a failure with a text that",
		"       is longer than the screen is wide",
	}
	if got := drawn(v); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	v.toggleWrap()
	if got := drawn(v); got[6] != "E   3 2026-01-01 ERROR a failure with a text that ›" && !strings.HasSuffix(got[6], "›") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	v.follow = false
	if !v.shiftRight() || !strings.Contains(drawn(v)[6], "longer than") {
		t.Errorf("%s", strings.Join(drawn(v), "\n"))
	}
	for v.shiftRight() {
	}
	v.shiftLeft()
	for range 10 {
		v.shiftLeft()
	}
	if v.left != 0 {
		t.Errorf("%d columns are left of the screen", v.left)
	}
	v.togglePlain()
	if got := drawn(v); got[1] != "line 0 of member 1" {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	v.togglePlain()
	p := painted(v)
	p.bookmarks.toggle(v.win.rows[1].Place)
	if got := ansi.Strip(p.draw(make([]string, v.body()))[2]); !strings.HasPrefix(got, "◆   2") {
		t.Errorf("%q", got)
	}
	v.setSize(30, 12)
	if got := drawn(v); !strings.HasPrefix(got[1], "  line 0") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// The lines from the anchor to the cursor are selected, whichever comes first.
func TestViewSelected(t *testing.T) {
	v := viewOn(t, newMemText(10), 60, 12)
	for _, x := range []struct{ anchor, cur int }{{2, 5}, {5, 2}, {4, 4}} {
		p := v.win.rows[x.anchor].Place
		v.anchor, v.cur = &p, x.cur
		for i := range v.win.rows {
			if want := i >= min(x.anchor, x.cur) && i <= max(x.anchor, x.cur); v.selected(i) != want {
				t.Errorf("from %d to %d: row %d is selected: %v", x.anchor, x.cur, i, !want)
			}
		}
	}
}

// Remarks about members are drawn above their first lines.
func TestViewBorders(t *testing.T) {
	v := viewOn(t, newMemText(1, 1), 100, 12)
	v.win.members.list[0].Damage = reader.ErrGone
	v.win.members.list[1].Binary = true
	if s := painted(v).borderText(1); !strings.Contains(s, "member.1") || !strings.Contains(s, reader.ErrGone.Error()) {
		t.Errorf("%q", s)
	}
	if s := painted(v).borderText(2); !strings.Contains(s, "does not look like text") {
		t.Errorf("%q", s)
	}
	if s := painted(v).borderText(77); !strings.Contains(s, "gone") || !v.win.isGone(77) || v.win.isGone(1) {
		t.Errorf("%q", s)
	}
	if !v.remarkable(1) || v.remarkable(77) {
		t.Error("what is to be said of a member is not known")
	}
}

// The screen continues to show the same rows when rows are inserted before
// them.
func TestViewShift(t *testing.T) {
	text := newMemText(2000)
	at := text.place(1000)
	w, cur := windowOn(t, text, pick{}, &at)
	f := newFinder()
	v := &view{win: w, find: &f, filters: &filters{}, marks: highlighter{w, &f}, wrap: true}
	v.setSize(60, 20)
	v.show(cur, false)
	before := drawn(v)
	r, err := read(t.Context(), text, pick{}, w.up, false, windowRows)
	if err != nil {
		t.Fatal(err)
	}
	added, _ := w.extendWith(moreMsg{from: w.up, run: r})
	v.shift(added)
	for i, l := range drawn(v) {
		if strings.TrimLeft(l, " 0123456789") != strings.TrimLeft(before[i], " 0123456789") {
			t.Fatalf("row %d is %q, and was %q", i, l, before[i])
		}
	}
	if k := v.near(); k.from > v.cur-windowRows || k.to < v.cur+windowRows {
		t.Errorf("%+v is kept around row %d", k, v.cur)
	}
	if above, below := v.room(100); above < 100 || below < 100 {
		t.Errorf("%d rows above, %d below", above, below)
	}
}
