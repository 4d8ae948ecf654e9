package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/reader"
)

// TestSorter compares the order of many lines, in memory and in runs on disk, with
// that of a stable sort.
func TestSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 20 {
		s := &sorter{reverse: round%2 == 1, limit: &index.Limit{Newest: round%2 == 1, Zone: time.UTC}, rank: map[string]int{}, dir: t.TempDir()}
		type item struct {
			time time.Time
			text string
		}
		var want []item
		n, spills := 1+r.IntN(2000), round%4 >= 2
		if round%5 == 4 {
			s.most = 1 + r.IntN(n)
		}
		for i := range n {
			var at time.Time
			if r.IntN(10) > 0 {
				at = time.Unix(int64(r.IntN(50)), int64(r.IntN(2)))
			}
			x := item{at, fmt.Sprintf("%d %s\n", i, strings.Repeat("x", r.IntN(100)))}
			want = append(want, x)
			if err := s.add("f", reader.Line(i), at, []byte(x.text)); err != nil {
				t.Fatal(err)
			}
			if spills && r.IntN(n/200+2) == 0 {
				s.cut()
				if err := s.spill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		slices.SortStableFunc(want, func(a, b item) int { return a.time.Compare(b.time) })
		if s.reverse {
			slices.Reverse(want)
		}
		if s.most > 0 {
			want = want[:s.most]
		}
		var got, all strings.Builder
		if err := s.flush(func(b []byte) error { got.Write(b); return nil }); err != nil {
			t.Fatal(err)
		}
		for _, x := range want {
			all.WriteString(x.text)
		}
		if got.String() != all.String() {
			t.Fatalf("round %d: %d lines differ: got %.200q, want %.200q", round, n, got.String(), all.String())
		}
		s.close()
	}
}

// A full disk is reported.
func TestSorterFullDisk(t *testing.T) {
	s := &sorter{limit: new(index.Limit), rank: map[string]int{}, dir: t.TempDir() + "/none"}
	if err := s.add("f", 0, time.Time{}, []byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.spill(); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("got %v", err)
	}
}
