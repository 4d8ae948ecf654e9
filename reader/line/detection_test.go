package line_test

import (
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/line"
)

// TestDetection tests that reader.Detection increases when the times or levels of lines
// change: those in an index would be wrong.
func TestDetection(t *testing.T) {
	const number, sum = 6, 0xbc0bf7a6
	var found strings.Builder
	add := func(l string) {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
		at, _ := clock.Time([]byte(l))
		fmt.Fprintf(&found, "%q %v %v\n", l, at.UTC(), line.LevelOf([]byte(l)))
	}
	for _, l := range slices.Sorted(maps.Keys(levelCases)) {
		add(l)
	}
	for _, c := range clockCases {
		add(c.line)
	}
	got := crc32.ChecksumIEEE([]byte(found.String()))
	if reader.Detection != number || got != sum {
		t.Errorf("detection %d and checksum %#x, want %d and %#x: increase reader.Detection if lines have other times or levels than before; then write both here", reader.Detection, got, number, sum)
	}
}
