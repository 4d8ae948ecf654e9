package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Lines of many pieces are searched and filtered like other lines: a match
// across the border of two pieces is found, several matches in a line are
// found, and a filter passes or hides whole lines.
func TestLongLines(t *testing.T) {
	dir := t.TempDir()
	const piece = 64 << 10
	fill := func(n int) string { return strings.Repeat("0123456789abcde ", n/16+1)[:n] }
	// The first piece may be up to twice as long as the others.
	across := fill(2*piece-3) + "zebra" + fill(3*piece) + "ZEBRA" + fill(10*piece) + "zebra" + fill(piece)
	plain := fill(6 * piece)
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "INFO %d short\n", i)
	}
	fmt.Fprintf(&b, "%s\nINFO between\n%s\nINFO zebra, in short\n", across, plain)
	for i := range 100 {
		fmt.Fprintf(&b, "INFO %d after\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "long.log"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	d, m := explorer(t, filepath.Join(dir, "long.log"), 80, 24)
	d.Wait("LIVE")
	begin := int64(strings.Index(b.String(), across))
	at := func(off int) func() bool { // the piece that contains off
		return func() bool {
			p, ok := m.pager.Place()
			off := begin + int64(off)
			return ok && int64(p.Offset) <= off && off < int64(p.Offset)+2*piece && (int64(p.Offset) >= off-piece || int64(p.Offset) == begin)
		}
	}
	first := 2*piece - 3
	second, third := first+5+3*piece, first+5+3*piece+5+10*piece
	d.Keys("g")
	d.Type("/zebra")
	d.Keys("enter")
	d.Until(at(first), "the first, across two pieces")
	d.Wait("zebra: 2 lines")
	d.Keys("n")
	d.Until(at(second), "the second")
	d.Keys("n")
	d.Until(at(third), "the third")
	d.Keys("n")
	onLine(d, m)("in short")
	d.Keys("N")
	d.Until(at(third), "the third, going back")
	d.Keys("N")
	d.Until(at(second), "the second, going back")
	d.Keys("<")
	d.Until(at(first), "the one before in this line")
	d.Keys("<")
	d.Wait("no more in this line")
	d.Keys(">", ">")
	d.Until(at(third), "the last in this line")
	d.Keys(">")
	d.Wait("no more in this line")

	// Exactly the two lines that match, complete.
	d.Keys("esc")
	d.Type("&zebra")
	d.Keys("enter", "g")
	d.Until(func() bool { p, ok := m.pager.Place(); return ok && int64(p.Offset) == begin }, "the long line's beginning")
	d.Keys("v", "G")
	onLine(d, m)("in short")
	var got strings.Builder
	lines, err := m.pager.Selection()(t.Context(), &got)
	if text := got.String(); err != nil || lines != 2 || text != across+"\nINFO zebra, in short\n" {
		t.Errorf("%d lines of %d bytes, %v; want 2 of %d", lines, len(text), err, len(across)+21)
	}
	d.Keys("esc")
	// With the negated filter, the other long line is shown and that one is
	// not.
	d.Keys("ctrl+x")
	d.Type("&!zebra")
	d.Keys("enter", "g")
	onLine(d, m)("INFO 0 short")
	d.Keys("v", "G")
	onLine(d, m)("INFO 99 after")
	got.Reset()
	lines, err = m.pager.Selection()(t.Context(), &got)
	text := got.String()
	if want := strings.Replace(strings.Replace(b.String(), across+"\n", "", 1), "INFO zebra, in short\n", "", 1); err != nil || lines != 202 || text != want {
		t.Errorf("%d lines of %d bytes, %v; want 202 of %d", lines, len(text), err, len(want))
	}
}
