package pager

import (
	"math/rand/v2"
	"testing"

	"logview/reader"
	"logview/reader/document"
)

// TestMarked compares the marks on the scroll bar with the positions of the
// hits, in logs that grow while their hits are marked.
func TestMarked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(30)
		x := newMarks(n)
		members := make([]document.DocMember, n)
		total := 0.0
		for i := range members {
			members[i] = document.DocMember{Key: document.MemberKey(i + 1), Weight: reader.Offset(1 + r.Int64N(1<<r.IntN(34)))}
			total += float64(members[i].Weight)
		}
		rows := 5 + r.IntN(100)
		want := make([]bool, rows)
		near := make([]bool, rows+2) // the size of a cell
		for range r.IntN(40) {
			i := r.IntN(n)
			m := members[i]
			off := reader.Offset(r.Int64N(int64(m.Weight)))
			x.mark(document.Place{Member: m.Key, Offset: off})
			at := 0.0
			for _, m := range members[:i] {
				at += float64(m.Weight)
			}
			row := func(off float64) int { return min(rows-1, int((at+max(0, off))/total*float64(rows))) }
			want[row(float64(off))] = true
			slack := max(1, 2*float64(m.Weight)/float64(x.most))
			for k := row(float64(off) - slack); k <= row(float64(off)); k++ {
				near[k] = true
			}
		}
		got := make([]bool, rows)
		x.clone().rows(got, members)
		for k := range rows {
			if got[k] && !near[k] {
				t.Fatalf("row %d of %d is marked, and no hit is near", k, rows)
			}
			if want[k] && !got[k] && (k == 0 || !got[k-1]) && !anyBefore(got, near, k) {
				t.Fatalf("row %d of %d is not marked, and has a hit", k, rows)
			}
		}
		for key, c := range x.of {
			if len(c.hit) > x.most {
				t.Fatalf("member %d has %d cells of at most %d", key, len(c.hit), x.most)
			}
		}
	}
}

// anyBefore reports whether row k, or a row above it from which all rows to k
// are near a hit, is marked.
func anyBefore(got, near []bool, k int) bool {
	for ; k >= 0 && near[k]; k-- {
		if got[k] {
			return true
		}
	}
	return false
}
