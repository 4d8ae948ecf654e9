package index

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"logview/index/match"
	"logview/index/query"
	"logview/index/token"
	"logview/reader/line"
)

// A plan is a query for the blocks that may contain a matching line. The answer
// may include blocks without one, but never lacks a block with one.
//
//   - A text is split into its runs of word characters. The inner runs are terms
//     of the block. The first and the last may continue outside the text, so any
//     term matches that ends or begins with the run, or, for a single run,
//     contains it.
//   - A run that is an identifier is looked up in the blocks' filters. If it may
//     be part of a longer one, the shapes of identifiers tell which blocks have
//     such identifiers.
//   - A regular expression is replaced by the literals it requires, and a condition on a
//     field by the words of its name and its value.
//   - NOT excludes no block, except with file: a block may contain both lines that
//     have the text and lines that do not.
type plan struct {
	root   planNode
	files  []query.File // the file: conditions
	window Window
	limit  *Limit
	levels levelSet // that a matching line may have

	formats *line.Formats // match.Options.Formats
	counted *token.Run    // by which lines can be counted; nil if they cannot
}

// A planNode is a node of the tree. Exactly one field is set.
type planNode struct {
	name string // description for Explain
	all  bool
	and  []planNode
	or   []planNode
	run  *planRun
	file int // 1 + index in plan.files; negative if the path must not match
}

// A planRun is a run of a text.
type planRun struct {
	token.Run
	whole bool // no letter, digit or underscore may be next to it
	word  bool // it is not inside a UUID
}

// maxWords and maxWordsPerBlock, whichever allows more, limit the words to look
// up for a part of a word. Looking up more would probably take longer than
// reading the blocks.
const (
	maxWords         = 4096
	maxWordsPerBlock = 8
)

// maxAlternatives is the largest number of alternatives to look up. Each takes a
// millisecond, and the more there are, the fewer blocks they exclude.
const maxAlternatives = 500

func newPlan(q query.Node, opt match.Options) *plan {
	p := &plan{levels: levelsOf(q), formats: opt.Formats, counted: countedRun(q, opt)}
	p.root = p.node(q, opt)
	return p
}

func (p *plan) node(q query.Node, opt match.Options) planNode {
	list := func(in []query.Node) []planNode {
		out := make([]planNode, len(in))
		for i, x := range in {
			out[i] = p.node(x, opt)
		}
		return out
	}
	if or, ok := q.(query.Or); ok && len(or) > maxAlternatives {
		return planNode{name: fmt.Sprintf("one of %d conditions", len(or)), all: true}
	}
	n := planNode{name: q.String()}
	switch q := q.(type) {
	case query.And:
		n.and = list(q)
	case query.Or:
		n.or = list(q)
	case query.Not:
		n.all = true
		if f, ok := q.X.(query.File); ok {
			p.files = append(p.files, f)
			n.all, n.file = false, -len(p.files)
		}
	case query.Text:
		return text(n.name, q.S, opt.WholeWord || opt.WholeLine)
	case query.Word:
		return text(n.name, q.S, true)
	case query.Regexp:
		q.Fold = q.Fold || opt.IgnoreCase
		for _, set := range q.Required() {
			or := planNode{name: "one of its texts"}
			for _, l := range set {
				or.or = append(or.or, text(query.Text{S: l.S}.String(), l.S, false))
			}
			if len(or.or) == 1 {
				or = or.or[0]
			}
			n.and = append(n.and, or)
		}
		n.all = len(n.and) == 0
	case query.Field:
		name, value := q.Needs()
		if opt.Formats.Has(q.Name) {
			name = nil // lines have it without spelling it out
		}
		for _, s := range append(name, value...) {
			n.and = append(n.and, text(query.Text{S: s}.String(), s, false))
		}
		n.all = len(n.and) == 0
	case query.Log:
		n.all = true // an index does not know the names of logs
	case query.File:
		p.files = append(p.files, q)
		n.file = len(p.files)
	}
	return n
}

func text(name, s string, whole bool) planNode {
	n := planNode{name: name}
	runs, ok := token.Runs(s)
	if !ok || len(runs) == 0 {
		n.all = true
		return n
	}
	for i, r := range runs {
		run := planNode{name: spell(r), run: &planRun{r, whole, false}}
		if !r.Left && !r.Right {
			may, ends := token.InsideUUID(s, runs, i)
			run.run.word = !may || len(ends) > 0
			if len(ends) > 0 {
				uuid := planNode{name: "a UUID"}
				for _, end := range ends {
					uuid.and = append(uuid.and, planNode{name: spell(end), run: &planRun{Run: end}})
				}
				run = planNode{name: "a word, or inside a UUID", or: []planNode{run, uuid}}
			}
		}
		n.and = append(n.and, run)
	}
	// Identifiers are looked up last, in the blocks that are left.
	slices.SortStableFunc(n.and, func(a, b planNode) int { return cost(a.run) - cost(b.run) })
	if len(n.and) == 1 {
		n = n.and[0]
		n.name = name
	}
	return n
}

func cost(r *planRun) int {
	switch {
	case r == nil: // of a UUID
		return 2
	case r.IsID():
		return 2
	case r.Left || r.Right:
		return 1
	}
	return 0
}

// spell returns the text of a run, with … where it may continue.
func spell(r token.Run) string {
	s := r.Text
	if r.Left {
		s = "…" + s
	}
	if r.Right {
		s += "…"
	}
	return s
}

// pathKey returns which file: conditions of the plan a path matches. Paths with the
// same key have the same answers.
func (p *plan) pathKey(path string) string {
	key := make([]byte, len(p.files))
	for i, f := range p.files {
		if f.Matches(path) {
			key[i] = 1
		}
	}
	return string(key)
}

// answers evaluates a plan in a segment.
type answers struct {
	*plan
	segment *segmentReader
	tell    func(depth int, name string) func(blocks int) // if not nil, called when a part is started; the returned function gets the number of its blocks
}

// docs returns the documents that may contain a matching line, for files whose
// paths have the key pathKey.
func (a *answers) docs(pathKey string) (out *roaring.Bitmap, err error) {
	err = guard(func() error {
		out, err = a.eval(&a.root, a.segment.live, pathKey, 0)
		return err
	})
	return out, err
}

// serials returns the serial numbers of the documents that docs returns.
func (a *answers) serials(pathKey string) (out *roaring.Bitmap, err error) {
	docs, err := a.docs(pathKey)
	if err != nil {
		return nil, err
	}
	err = guard(func() error {
		out, err = a.segment.serials(docs)
		return err
	})
	return out, err
}

// eval returns the documents in among that n admits. It does not modify among,
// but may return it.
func (a *answers) eval(n *planNode, among *roaring.Bitmap, pathKey string, depth int) (out *roaring.Bitmap, err error) {
	if a.tell != nil {
		told := a.tell(depth, n.name)
		defer func() {
			if err == nil {
				told(int(out.GetCardinality()))
			}
		}()
	}
	switch {
	case n.all:
		return among, nil
	case n.file != 0:
		if n.file > 0 == (pathKey[max(n.file, -n.file)-1] == 1) {
			return among, nil
		}
		return roaring.New(), nil
	case n.run != nil:
		return a.run(n.run, among)
	case n.and != nil:
		left := among
		for i := range n.and {
			if left, err = a.eval(&n.and[i], left, pathKey, depth+1); err != nil {
				return nil, err
			}
			if left.IsEmpty() && a.tell == nil {
				break
			}
		}
		return left, nil
	}
	out = roaring.New()
	for i := range n.or {
		x, err := a.eval(&n.or[i], among, pathKey, depth+1)
		if err != nil {
			return nil, err
		}
		out.Or(x)
	}
	return out, nil
}

// run returns the documents in among that may contain a run of word characters.
func (a *answers) run(r *planRun, among *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	s := a.segment
	open := r.Left || r.Right
	if r.IsID() {
		if err := s.addIdentifier(token.Hash([]byte(r.Text)), among, out); err != nil {
			return nil, err
		}
	}
	err := s.shapes(func(term []byte, shape token.Shape) error {
		hide := r.MayHide(shape) && !(r.word && shape == token.InUUID)
		if r.whole {
			// A whole word is hidden only in runs too long to be kept: in any
			// identifier but a UUID, a letter or digit would be next to it.
			hide = hide && (shape == longShape || shape == token.InUUID)
		}
		if hide {
			return s.addTerm(term, out)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !open {
		if !r.IsID() && !r.IsLong() {
			err = s.addTerm([]byte(r.Text), out)
		}
		out.And(among)
		return out, err
	}
	part := []byte(r.Text)
	if !r.Left {
		part = append([]byte{'\n'}, part...)
	}
	if !r.Right {
		part = append(part, '\n')
	}
	n, most := 0, max(maxWords, maxWordsPerBlock*s.info.docs)
	err = s.words(part, func(word []byte) (bool, error) {
		if r.whole && !wholeIn(word, r.Text) {
			return true, nil
		}
		if n++; n > most {
			return false, nil
		}
		if n%64 == 0 && out.GetCardinality() == uint64(s.info.docs) {
			return false, nil
		}
		return true, s.addTerm(word, out)
	})
	if err != nil {
		return nil, err
	}
	if n > most {
		return among, nil
	}
	out.And(among)
	return out, nil
}

var longShape, _ = token.ParseShape(string(rune(token.Marks)) + "l")

// wholeIn reports whether text may be a whole word within term, a run: next to
// it is nothing, or a byte outside ASCII, which may or may not be part of a
// letter.
func wholeIn(term []byte, text string) bool {
	for from := 0; ; {
		i := bytes.Index(term[from:], []byte(text))
		if i < 0 {
			return false
		}
		i += from
		end := i + len(text)
		if (i == 0 || term[i-1] >= 0x80) && (end == len(term) || term[end] >= 0x80) {
			return true
		}
		from = i + 1
	}
}
