package index_test

import (
	"strings"
	"testing"

	"logview/index"
	"logview/index/query"
	"logview/reader"
)

// TestStreamLimitTotal tests that with a limit for all files together, the
// context after each match is complete, whichever file the last match is in.
func TestStreamLimitTotal(t *testing.T) {
	tree, err := query.Parse("hit")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	st, err := index.NewStream(t.Context(), &index.Request{Query: tree, Max: 2, After: 1}, func(h *index.Hits) error {
		for _, l := range h.Lines {
			got = append(got, h.Member.Path+" "+string(h.Text[l.Start:l.End]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	st.LimitTotal()
	for _, x := range []struct{ file, text string }{{"a", "hit 1"}, {"b", "other"}, {"b", "hit 2"}, {"c", "hit 3"}, {"a", "after 1"}, {"a", "not after"}, {"c", "after 3"}, {"b", "hit 4"}} {
		if st.Done() {
			t.Fatalf("done before %s", x.text)
		}
		if err := st.Add(x.file, reader.Member{Path: x.file}, reader.ID{}, &reader.Block{Text: []byte(x.text + "\n"), Line: -1, Lines: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "a hit 1, b hit 2, a after 1, b hit 4"; strings.Join(got, ", ") != want || !st.Done() {
		t.Errorf("got %q, want %q, done %v", strings.Join(got, ", "), want, st.Done())
	}
}
