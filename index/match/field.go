package match

import (
	"bytes"
	"slices"

	"logview/index/query"
	"logview/reader/line"
)

// A fieldCond is a condition on a field, or on the level, of a line.
type fieldCond struct {
	query.Field
	fold  bool
	than  line.Quantity // for operators that compare
	parts [][]byte      // for Is: the texts between *, folded if fold is set
	lit   *literal      // for Contains
	re    *expr         // for Expression
	needs []*literal    // every line with a field that matches contains these
	oneOf []*literal    // and one of these, if there are any

	formats *line.Formats
}

// compileField compiles a condition on a field. Lines of files with columns, if
// columned is set, do not contain the names of their fields.
func compileField(q query.Field, opt Options, columned bool) (*fieldCond, error) {
	f := &fieldCond{Field: q, fold: !opt.CaseSensitive, formats: opt.Formats}
	if q.IsLevel() {
		return f, nil
	}
	name, value := q.Needs()
	spelled := !columned && !opt.Formats.Has(q.Name)
	if spelled {
		for _, s := range name {
			f.needs = append(f.needs, newLiteral(s, false))
		}
	}
	for _, s := range value {
		f.needs = append(f.needs, newLiteral(s, f.fold))
	}
	if spelled && line.OfRequests(q.Name) {
		for _, s := range append([]string{q.Name}, line.RequestMarks...) {
			f.oneOf = append(f.oneOf, newLiteral(s, false))
		}
	}
	switch q.Op {
	case query.Is:
		for _, s := range q.Pieces() {
			part := []byte(s)
			if f.fold {
				part = appendFolded(nil, part)
			}
			f.parts = append(f.parts, part)
		}
	case query.Contains:
		f.lit = newLiteral(q.Value, f.fold)
	case query.Expression:
		var err error
		f.re, err = compileExpr(query.Regexp{Expr: q.Value, Fold: q.Fold || opt.IgnoreCase}, anywhere)
		return f, err
	case query.Exists:
	default:
		f.than, _ = line.ParseQuantity([]byte(q.Value))
	}
	return f, nil
}

// finders returns texts to search for in a run of lines, one of which every matching
// line contains: the need that is found least often, as far as its length tells, or
// oneOf. It returns nil if nothing is known.
func (f *fieldCond) finders() []*literal {
	var best *literal
	for _, l := range f.needs {
		if best == nil || len(l.pat) >= len(best.pat) {
			best = l
		}
	}
	if best == nil {
		return f.oneOf
	}
	return []*literal{best}
}

// A fieldScanner evaluates a condition on a field, for one goroutine.
type fieldScanner struct {
	*fieldCond
	need   []*literalScanner // of needs
	oneOf  []*literalScanner
	lit    *literalScanner
	fields line.Fields
	look   func(name, value []byte, at int) bool
	buf    []byte // the value, folded

	// Of the current line.
	found bool
	keep  *[]Span // where matching values are added; nil to stop at the first
}

func newFieldScanner(f *fieldCond) *fieldScanner {
	s := &fieldScanner{fieldCond: f, fields: line.Fields{Formats: f.formats, Name: f.Name}}
	for _, l := range f.needs {
		s.need = append(s.need, newLiteralScanner(l))
	}
	for _, l := range f.oneOf {
		s.oneOf = append(s.oneOf, newLiteralScanner(l))
	}
	if f.lit != nil {
		s.lit = newLiteralScanner(f.lit)
	}
	s.look = s.visit
	return s
}

// match reports whether the condition holds for a line.
func (s *fieldScanner) match(l []byte) bool {
	if s.IsLevel() {
		return s.HasLevel(s.fields.Columns.LevelOf(l))
	}
	if !s.mayMatch(l) {
		return false
	}
	s.found, s.keep = false, nil
	s.fields.Each(l, s.look)
	return s.found
}

// mayMatch reports whether a line contains what every matching line does.
func (s *fieldScanner) mayMatch(l []byte) bool {
	has := func(n *literalScanner) bool {
		n.reset(l)
		start, _ := n.find(0)
		return start >= 0
	}
	for _, n := range s.need {
		if !has(n) {
			return false
		}
	}
	return len(s.oneOf) == 0 || slices.ContainsFunc(s.oneOf, has)
}

// matches appends the values in a line that match.
func (s *fieldScanner) matches(l []byte, dst []Span) []Span {
	if s.IsLevel() || !s.mayMatch(l) {
		return dst
	}
	s.keep = &dst
	s.fields.Each(l, s.look)
	return dst
}

func (s *fieldScanner) visit(name, value []byte, at int) bool {
	if string(name) != s.Name {
		return true
	}
	if !s.accepts(name, value) {
		return true
	}
	s.found = true
	if s.keep == nil {
		return false
	}
	if at >= 0 && len(value) > 0 {
		*s.keep = append(*s.keep, Span{at, at + len(value)})
	}
	return true
}

// accepts reports whether a value matches.
func (s *fieldScanner) accepts(name, value []byte) bool {
	switch s.Op {
	case query.Is:
		if s.fold {
			s.buf = appendFolded(s.buf[:0], value)
			value = s.buf
		}
		return matchParts(s.parts, value)
	case query.Contains:
		if len(s.fieldCond.lit.pat) == 0 {
			return true
		}
		s.lit.reset(value)
		start, _ := s.lit.find(0)
		return start >= 0
	case query.Expression:
		return s.re.match(value)
	case query.Exists:
		return true
	}
	c, ok := s.than.Compare(name, value)
	return ok && s.Op.Holds(c)
}

// matchParts reports whether value consists of parts with any text between them.
func matchParts(parts [][]byte, value []byte) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return bytes.Equal(value, first)
	}
	if len(value) < len(first)+len(last) || !bytes.HasPrefix(value, first) || !bytes.HasSuffix(value, last) {
		return false
	}
	value = value[len(first) : len(value)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := bytes.Index(value, p)
		if i < 0 {
			return false
		}
		value = value[i+len(p):]
	}
	return true
}
