package index

import (
	"fmt"
	"slices"
	"testing"

	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"

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

// TestSharedFilters tests that identifiers are found in documents that share a filter, also
// after these were merged, and that the shared filter is looked up first.
func TestSharedFilters(t *testing.T) {
	s := openTestStore(t, t.TempDir(), nil)
	id := func(i int) string { return fmt.Sprintf("id-%08x1234567", i) }
	const docs = 3 * groupDocs
	var info *generationInfo
	var g *generation
	for first := 0; first < docs; first += groupDocs {
		var blocks [][]byte
		for i := range groupDocs {
			blocks = append(blocks, fmt.Appendf(nil, "%s and %d.\n", id(first+i), 1000+first+i))
		}
		addBlocks(t, s, first, blocks...)
		info, g = publishAndOpen(t, s, info)
	}
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan := mergeplan.SingleSegmentMergePlanOptions
	if err := s.index.ForceMerge(t.Context(), &plan); err != nil {
		t.Fatal(err)
	}
	_, merged := publishAndOpen(t, s, info)
	for _, g := range []*generation{g, merged} {
		groups := map[*groupFilter]bool{}
		for _, x := range g.segments {
			for _, f := range x.group {
				groups[f] = true
			}
		}
		if len(groups) != docs/groupDocs || groups[nil] {
			t.Errorf("%d shared filters in %d segments", len(groups), len(g.segments))
		}
		for i := range docs {
			for _, text := range []string{id(i), fmt.Sprintf("and %d.", 1000+i)} {
				if got := admitted(t, g, text); !slices.Contains(got, uint32(i)) || len(got) > 3 {
					t.Errorf("%s is admitted in %d, want %d", text, got, i)
				}
			}
		}
	}
	if len(merged.segments) != 1 {
		t.Errorf("%d segments after merging", len(merged.segments))
	}
}

func TestDistinct(t *testing.T) {
	for _, c := range [][2][]uint64{{}, {{0}, {0}}, {{1, 0, 1, 0, 2}, {1, 0, 2}}, {{1 << 40, 1<<40 + 8, 1 << 40, 8}, {1 << 40, 1<<40 + 8, 8}}} {
		if got := distinct(slices.Clone(c[0])); !slices.Equal(got, c[1]) {
			t.Errorf("%d: %d, want %d", c[0], got, c[1])
		}
	}
}
