package index

import (
	"context"

	"logview/reader"
)

// An Explanation describes how the indexes answer a request.
type Explanation struct {
	Parts   []Part
	Indexed int64 // blocks in the indexes, of all files that they cover
	Read    int64 // blocks in the indexes that a search reads
	Members int   // files of which at least one block is read
	Unknown int   // files whose current state is in no index
}

// A Part is a part of the query. Blocks is the number of blocks that it admits,
// out of those that the parts before it admit, in all segments together.
type Part struct {
	Depth  int
	Text   string
	Blocks int64
}

// Explain queries the indexes that cover the request's sources, without reading
// logs.
func (in Indexed) Explain(req *Request) Explanation {
	var x Explanation
	if in.Cache == nil {
		return x
	}
	a := newAdmitter(in.Cache, newPlan(req.Query, req.Options), in.Note)
	a.encoding = in.Encoding
	defer a.close()
	var members []reader.Member
	for _, src := range req.Sources {
		for _, m := range src.Members() {
			members = append(members, m)
			a.want(m)
		}
	}
	path := ""
	if len(members) > 0 {
		path = members[0].Path
	}
	a.open(context.Background(), 1)
	for _, cov := range a.roots {
		for _, ans := range cov.answers {
			// Each segment evaluates the same parts in the same
			// order.
			at := 0
			ans.tell = func(depth int, text string) func(int) {
				i := at
				if at++; i == len(x.Parts) {
					x.Parts = append(x.Parts, Part{Depth: depth, Text: text})
				}
				return func(blocks int) { x.Parts[i].Blocks += int64(blocks) }
			}
			if _, err := ans.docs(a.plan.pathKey(path)); err != nil {
				a.reportDamage(cov.dir, err)
			}
			ans.tell = nil
			x.Indexed += int64(ans.segment.live.GetCardinality())
		}
	}
	for _, m := range members {
		ad := a.admit(m, 0)
		switch {
		case ad == nil:
			x.Unknown++
			x.Members++
		case !ad.readsNothing():
			x.Members++
			x.Read += int64(ad.reads)
		}
	}
	return x
}
