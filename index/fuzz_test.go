package index

import (
	"testing"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
)

// FuzzPlan tests that a block with a matching line is admitted, whatever the
// text and the query.
func FuzzPlan(f *testing.F) {
	f.Add("id=0123456789abcdef took 12345ms \u212aelvin größe", "789abc")
	f.Add("a_b.c 0xdeadbeef00 550e8400-e29b-41d4-a716-446655440000", "/e29b-41d4.*66[0-9]+/i")
	f.Add("SocketTimeoutException\n10.0.0.1:8080", "timeout OR =8080 -nothing")
	f.Add(`{"a":{"b":"x \"y\""},"n":12}`, `a.b:"x" OR n>=10 -level:warn`)
	f.Add(`took=1.5s path=/a/b`, `took>1s path:/a/*`)
	f.Fuzz(func(t *testing.T, text, asked string) {
		q, err := query.Parse(asked)
		if err != nil || len(text) > reader.BlockSize {
			return
		}
		m, err := match.Compile(q, match.Options{})
		if err != nil {
			return
		}
		sc := m.NewScanner()
		sc.SetPath("app.log")
		if len(sc.Lines([]byte(text), nil, 1)) == 0 {
			return
		}
		s := segmentOf(t, []byte(text))
		p := newPlan(q, match.Options{})
		docs, err := (&answers{plan: p, segment: s}).docs(p.pathKey("app.log"))
		if err != nil {
			t.Fatal(err)
		}
		if docs.IsEmpty() {
			t.Errorf("%s is in the block but not admitted", q)
		}
	})
}

// FuzzCatalog tests that bytes that are not a catalog cause an error and no
// panic.
func FuzzCatalog(f *testing.F) {
	g := &generationInfo{name: "a", segments: []*segmentInfo{{id: 1, docs: 3, first: 1, last: 4}}}
	c := &catalog{root: "/var/log", next: 5, generation: g, members: []*entry{
		{path: "x.log", direct: true, blocks: 2, table: &reader.Table{}},
		{path: "y", binary: true},
	}}
	c.members[0].extents = []extent{{block: 0, n: 2, serial: 1}}
	f.Add(c.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCatalog(b)
		if err != nil {
			return
		}
		for _, e := range c.members {
			_, _ = e.blockTable()
		}
		if _, err := decodeCatalog(c.encode()); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
