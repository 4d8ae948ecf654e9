package index

import (
	"fmt"
	"testing"

	"logview/index/token"
)

// TestFilter tests that a filter contains what was put into it, and little
// else.
func TestFilter(t *testing.T) {
	for _, n := range []int{1, 10, 1000, 20000} {
		var in []uint64
		for i := range n {
			in = append(in, token.Hash(fmt.Append(nil, 100000+i)))
		}
		f := appendFilter([]byte("before"), in)[len("before"):]
		buckets := len(f) / bucketSize
		has := func(h uint64) bool { return holds(f[bucket(h, buckets)*bucketSize:], h) }
		for _, h := range in {
			if !has(h) {
				t.Fatalf("of %d one is lost", n)
			}
		}
		wrong := 0
		const others = 100000
		for i := range others {
			if has(token.Hash(fmt.Append(nil, 10000000+i))) {
				wrong++
			}
		}
		t.Logf("%d: %d bytes, %.2f%% wrong", n, len(f), 100*float64(wrong)/others)
		if wrong > others/50 {
			t.Errorf("of %d others %d are taken to be among %d", others, wrong, n)
		}
	}
}
