package index

import (
	"context"

	"logview/reader"
)

// An Explanation says how the indexes are asked a request.
type Explanation struct {
	Parts   []Part
	Indexed int64 // blocks that indexes know, of all files they cover
	Read    int64 // blocks that a search reads, of what the indexes know
	Members int   // files of which any are read
	Unknown int   // files of which no index knows the present state
}

// A Part is a part of the query, and how many of the blocks that the parts
// before it left over it admits, in all segments together.
type Part struct {
	Depth  int
	Text   string
	Blocks int64
}

// Explain asks the indexes that cover a request's sources, and searches
// nothing.
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
			// Each segment is asked the same parts in the same order.
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
