package main

import (
	"fmt"
	"testing"
)

// TestTally counts more values than are kept. Frequent ones are counted exactly, even if
// they come late, and none is lost.
func TestTally(t *testing.T) {
	var parts [2]tally
	const rare = 600_000
	for i := range rare {
		parts[i%2].add(fmt.Appendf(nil, "value %d", i), 1)
		if i%3 == 0 {
			parts[0].add([]byte("frequent"), 1)
		}
	}
	for range 5000 {
		parts[1].add([]byte("late"), 1)
	}
	var all tally
	for i := range parts {
		if parts[i].size > tallySize {
			t.Errorf("a part takes %d bytes", parts[i].size)
		}
		all.join(&parts[i])
	}
	list := all.ranked()
	if list[0].name != "frequent" || list[0].n != rare/3 || list[1].name != "late" || list[1].n != 5000 || list[2].n != 1 {
		t.Errorf("got %v", list[:3])
	}
	if want := int64(rare + rare/3 + 5000); all.total() != want || all.other == 0 || all.size > tallySize {
		t.Errorf("%d lines, want %d; %d others, %d bytes", all.total(), want, all.other, all.size)
	}
}
