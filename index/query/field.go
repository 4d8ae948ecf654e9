package query

import (
	"strings"

	"logview/reader/line"
)

// Field matches a line that has a field with a name (see [line.Fields]) and a
// value that Op accepts. The field "level" is the level of the line (see
// [line.LevelOf]) if the value names one, or Op is Exists.
type Field struct {
	Name  string
	Op    Op
	Value string
	Fold  bool // for Expression: ignore case
}

// An Op says which values of a field match.
type Op uint8

// Operators of fields.
const (
	Is         Op = iota // the value is Value, in which * stands for any text
	Contains             // the value contains Value
	Expression           // the regular expression Value matches in the value
	Exists               // any value
	Less                 // the value is less than Value; see [line.Quantity.Compare]
	AtMost
	Greater
	AtLeast
)

// orders are the operators that compare, as they are written. Longer ones come
// first.
var orders = []struct {
	op      Op
	written string
}{{AtMost, "<="}, {AtLeast, ">="}, {Less, "<"}, {Greater, ">"}}

// Time is the name of the field that stands for the time of a line. It can only be
// compared, and limits the whole query: see [SplitTimes].
const Time = "time"

// IsLevel reports whether n is a condition on the level of a line.
func (n Field) IsLevel() bool {
	return n.Name == "level" && (n.Op == Exists || (n.Op == Is || n.Op >= Less) && line.ParseLevel(n.Value) != line.NoLevel)
}

// HasLevel reports whether a condition on the level holds for a level.
func (n Field) HasLevel(v line.Level) bool {
	switch {
	case v == line.NoLevel:
		return false
	case n.Op == Exists:
		return true
	}
	return n.Op.Holds(int(v) - int(line.ParseLevel(n.Value)))
}

// Holds reports whether an operator holds for two values that compare as c says; c == 0
// for one that does not compare.
func (op Op) Holds(c int) bool {
	switch op {
	case Less:
		return c < 0
	case AtMost:
		return c <= 0
	case Greater:
		return c > 0
	case AtLeast:
		return c >= 0
	}
	return c == 0
}

func (Field) prec() int { return precLeaf }

func (n Field) String() string {
	switch n.Op {
	case Contains:
		return n.Name + ":" + quote(n.Value)
	case Expression:
		return n.Name + ":" + Regexp{Expr: n.Value, Fold: n.Fold}.String()
	case Exists:
		return n.Name + ":*"
	}
	for _, o := range orders {
		if o.op == n.Op {
			return n.Name + o.written + n.Value
		}
	}
	return n.Name + ":" + n.Value
}

// Pieces returns the texts between the * of the value of Is, in order, one more than
// there are *.
func (n Field) Pieces() []string { return strings.Split(n.Value, "*") }

// Needs returns texts that every line contains which has a field that matches: the
// parts of the name, and the words of the value, which programs never write as
// escapes. The name is needed in the same case.
func (n Field) Needs() (name, value []string) {
	if n.IsLevel() {
		return nil, nil
	}
	if line.Spelled(n.Name) {
		name = words(n.Name, name)
	}
	if n.Name == line.Took {
		return name, nil // its unit may not be written in the line
	}
	switch n.Op {
	case Is:
		for _, p := range n.Pieces() {
			value = words(p, value)
		}
	case Contains:
		value = words(n.Value, value)
	}
	return name, value
}

// words appends the runs of ASCII letters and digits in s to dst.
func words(s string, dst []string) []string {
	return append(dst, strings.FieldsFunc(s, func(c rune) bool { return c > 0x7f || !line.IsAlnum(byte(c)) })...)
}

// A fieldStart is the beginning of a condition on a field.
type fieldStart struct {
	name string
	op   Op // Is for a colon
	size int
}

// startOfField returns the name and the operator that s begins with, and false if a
// condition on a field does not begin there. A word such as std::x, http://x and error:
// is none.
func startOfField(s string) (f fieldStart, ok bool) {
	n := 0
	for n < len(s) && (line.IsAlnum(s[n]) || strings.IndexByte("_.@-/", s[n]) >= 0) {
		n++
	}
	if n == 0 || !isLetter(s[0]) && s[0] != '_' && s[0] != '@' || !line.IsAlnum(s[n-1]) && s[n-1] != '_' {
		return f, false
	}
	f.name = s[:n]
	rest := s[n:]
	if strings.HasPrefix(rest, ":") {
		v := rest[1:]
		end := v == "" || blank(v[0]) || v[0] == ')'
		if end || v[0] == ':' || strings.HasPrefix(v, "//") || n == 1 && s[0] <= 'Z' && (v[0] == '\\' || v[0] == '/') || f.name == "file" || f.name == "log" {
			return f, false
		}
		f.size = n + 1
		return f, true
	}
	for _, o := range orders {
		v, ok := strings.CutPrefix(rest, o.written)
		if !ok {
			continue
		}
		f.op, f.size = o.op, n+len(o.written)
		word := v
		if i := strings.IndexFunc(v, func(c rune) bool { return c < 0x80 && (blank(byte(c)) || c == ')') }); i >= 0 {
			word = v[:i]
		}
		_, number := line.ParseQuantity([]byte(word))
		return f, number || f.name == "level" && line.ParseLevel(word) != line.NoLevel || f.name == Time && word != ""
	}
	return f, false
}

// BeginsField reports whether s begins with a condition on a field.
func BeginsField(s string) bool {
	_, ok := startOfField(s)
	return ok
}

// parseField parses the condition on a field that begins with f.
func (p *parser) parseField(f fieldStart, depth int) (Node, error) {
	at := p.pos
	p.pos += f.size
	if f.op != Is {
		if f.name == Time && p.s[p.pos] == '"' {
			v, err := p.parseQuoted()
			return Field{Name: f.name, Op: f.op, Value: v}, err
		}
		return Field{Name: f.name, Op: f.op, Value: p.parseBareWord()}, nil
	}
	switch c := p.s[p.pos]; {
	case c == '"':
		v, err := p.parseQuoted()
		return Field{Name: f.name, Op: Contains, Value: v}, err
	case c == '(':
		if p.field != "" {
			return nil, p.errorf(at, "a field inside the value of a field")
		}
		p.field = f.name
		defer func() { p.field = "" }()
		return p.parseParentheses(depth)
	case c == '/':
		if n, size := p.closedRegexp(); size > 0 {
			p.pos += size
			return Field{Name: f.name, Op: Expression, Value: n.Expr, Fold: n.Fold}, nil
		}
	}
	return wholeValue(f.name, p.parseBareWord()), nil
}

// wholeValue returns the condition that a field has a value, in which * stands for any
// text.
func wholeValue(name, value string) Node {
	if strings.Trim(value, "*") == "" {
		return Field{Name: name, Op: Exists}
	}
	return Field{Name: name, Op: Is, Value: value}
}

// closedRegexp returns the regular expression between slashes that comes next, and its
// size; 0 if it is none, as in path:/api/users.
func (p *parser) closedRegexp() (Regexp, int) {
	q := &parser{s: p.s, pos: p.pos}
	n, err := q.parseSlashes()
	if err != nil {
		return Regexp{}, 0
	}
	return n.(Regexp), q.pos - p.pos
}

// timeInside is the message for a time that does not limit the whole query.
const timeInside = `time may only limit the whole query, as in 'a time>=14:00'; inside OR, NOT or parentheses it cannot`

// SplitTimes removes the conditions on the time of a line from a query, which may only be
// among those that all must hold, and returns them in order. The rest is nil if there is
// nothing else.
func SplitTimes(n Node) (rest Node, times []Field, err error) {
	isTime := func(n Node) bool { f, ok := n.(Field); return ok && f.Name == Time && f.Op >= Less }
	list, ok := n.(And)
	if !ok {
		list = And{n}
	}
	var left And
	for _, x := range list {
		if isTime(x) {
			times = append(times, x.(Field))
			continue
		}
		left = append(left, x)
		Leaves(x, func(leaf Node, _ bool) {
			if isTime(leaf) {
				err = &Error{Query: n.String(), Pos: strings.Index(n.String(), leaf.String()), Msg: timeInside}
			}
		})
	}
	switch {
	case err != nil || len(times) == 0:
		return n, nil, err
	case len(left) == 0:
		return nil, times, nil
	case len(left) == 1:
		return left[0], times, nil
	}
	return left, times, nil
}

// FieldsOf returns the conditions of a query on fields that lines spell out.
func FieldsOf(n Node) (out []Field) {
	Leaves(n, func(leaf Node, _ bool) {
		if f, ok := leaf.(Field); ok && !f.IsLevel() {
			out = append(out, f)
		}
	})
	return out
}
