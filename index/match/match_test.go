package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"logview/index/query"
	"logview/reader/line"
)

// naive matches one line in the simplest way, as a reference.
func naive(n query.Node, line []byte, path string, opt Options) bool {
	switch n := n.(type) {
	case query.And:
		for _, x := range n {
			if !naive(x, line, path, opt) {
				return false
			}
		}
		return true
	case query.Or:
		for _, x := range n {
			if naive(x, line, path, opt) {
				return true
			}
		}
		return false
	case query.Not:
		return !naive(n.X, line, path, opt)
	case query.Text:
		return naiveText(line, n.S, !opt.CaseSensitive, opt.WholeWord, opt.WholeLine)
	case query.Word:
		return naiveText(line, n.S, !opt.CaseSensitive, true, opt.WholeLine)
	case query.File:
		return n.Matches(path)
	case query.Regexp:
		n.Fold = n.Fold || opt.IgnoreCase
		re, err := n.Syntax(false)
		if err != nil {
			panic(err)
		}
		// Without its carriage return, too, which $ ignores.
		word := naiveWord
		if _, boundaries := n.Unicode(); !boundaries {
			word = syntax.IsWordChar // (?-u)\b
		}
		return naiveRegexp(re, line, opt, word) || naiveRegexp(re, bytes.TrimSuffix(line, []byte("\r")), opt, word)
	}
	panic("unknown node")
}

// naiveRegexp walks the expression's tree with the set of all positions that it
// may have reached.
func naiveRegexp(re *syntax.Regexp, line []byte, opt Options, word func(rune) bool) bool {
	at := func(i int) (before, after rune) {
		before, _ = utf8.DecodeLastRune(line[:i])
		after, _ = utf8.DecodeRune(line[i:])
		return before, after
	}
	from := make([]bool, len(line)+1)
	for i := range from {
		before, _ := at(i)
		from[i] = (i == 0 || i == len(line) || utf8.RuneStart(line[i])) &&
			(!opt.WholeLine || i == 0) && (!opt.WholeWord || !naiveWord(before))
	}
	var step func(re *syntax.Regexp, from []bool) []bool
	where := func(from []bool, is func(i int) bool) []bool {
		to := make([]bool, len(from))
		for i := range from {
			to[i] = from[i] && is(i)
		}
		return to
	}
	char := func(from []bool, is func(r rune) bool) []bool {
		to := make([]bool, len(from))
		for i := range from {
			if !from[i] || i == len(line) {
				continue
			}
			if r, n := utf8.DecodeRune(line[i:]); (r != utf8.RuneError || n > 1) && is(r) {
				to[i+n] = true
			}
		}
		return to
	}
	step = func(re *syntax.Regexp, from []bool) []bool {
		switch re.Op {
		case syntax.OpNoMatch:
			return make([]bool, len(from))
		case syntax.OpEmptyMatch:
			return from
		case syntax.OpLiteral:
			for _, want := range re.Rune {
				from = char(from, func(r rune) bool { return r == want || re.Flags&syntax.FoldCase != 0 && foldsTo(r, want) })
			}
			return from
		case syntax.OpCharClass:
			return char(from, func(r rune) bool {
				for i := 0; i < len(re.Rune); i += 2 {
					if re.Rune[i] <= r && r <= re.Rune[i+1] {
						return true
					}
				}
				return false
			})
		case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			return char(from, func(rune) bool { return true })
		case syntax.OpBeginLine, syntax.OpBeginText:
			return where(from, func(i int) bool { return i == 0 })
		case syntax.OpEndLine, syntax.OpEndText:
			return where(from, func(i int) bool { return i == len(line) })
		case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
			return where(from, func(i int) bool {
				before, after := at(i)
				return (word(before) != word(after)) == (re.Op == syntax.OpWordBoundary)
			})
		case syntax.OpCapture:
			return step(re.Sub[0], from)
		case syntax.OpConcat:
			for _, sub := range re.Sub {
				from = step(sub, from)
			}
			return from
		case syntax.OpAlternate:
			to := make([]bool, len(from))
			for _, sub := range re.Sub {
				for i, ok := range step(sub, from) {
					to[i] = to[i] || ok
				}
			}
			return to
		}
		least, most := 0, -1
		switch re.Op {
		case syntax.OpPlus:
			least = 1
		case syntax.OpQuest:
			most = 1
		case syntax.OpRepeat:
			least, most = re.Min, re.Max
		}
		for range least {
			from = step(re.Sub[0], from)
		}
		to := slices.Clone(from)
		for i := least; most < 0 || i < most; i++ {
			more := false
			from = step(re.Sub[0], from)
			for i, ok := range from {
				more = more || ok && !to[i]
				to[i] = to[i] || ok
			}
			if !more {
				break
			}
		}
		return to
	}
	for i, ok := range step(re, from) {
		_, after := at(i)
		if ok && (!opt.WholeLine || i == len(line)) && (!opt.WholeWord || !naiveWord(after)) {
			return true
		}
	}
	return false
}

// naiveText tries every position of the line.
func naiveText(line []byte, s string, fold, word, whole bool) bool {
	for at := 0; at <= len(line); at++ {
		rest, end, ok := s, at, true
		for rest != "" && ok {
			if !fold {
				ok = end < len(line) && line[end] == rest[0]
				rest, end = rest[1:], end+1
				continue
			}
			want, n := utf8.DecodeRuneInString(rest)
			if want == utf8.RuneError && n == 1 {
				ok = end < len(line) && line[end] == rest[0]
				rest, end = rest[1:], end+1
				continue
			}
			got, k := utf8.DecodeRune(line[end:])
			ok = end < len(line) && (got != utf8.RuneError || k > 1) && foldsTo(got, want)
			rest, end = rest[n:], end+k
		}
		if !ok {
			continue
		}
		if whole && (at > 0 || len(bytes.TrimSuffix(line[end:], []byte("\r"))) > 0) {
			continue
		}
		if !word {
			return true
		}
		before, _ := utf8.DecodeLastRune(line[:at])
		after, _ := utf8.DecodeRune(line[end:])
		if !naiveWord(before) && !naiveWord(after) {
			return true
		}
	}
	return false
}

func foldsTo(a, b rune) bool {
	for r := unicode.SimpleFold(a); ; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
		if r == a {
			return false
		}
	}
}

func naiveWord(r rune) bool {
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

func lines(text []byte, spans []Span) []string {
	var out []string
	for _, s := range spans {
		out = append(out, string(text[s.Start:s.End]))
	}
	return out
}

func splitLines(text []byte) [][]byte {
	if len(text) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// check compares the results for a query with those of the naive matcher, on a
// whole text and line by line.
func check(t *testing.T, q query.Node, opt Options, text []byte) {
	t.Helper()
	m, err := Compile(q, opt)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	const path = "dir/app.log"
	s := m.NewScanner()
	s.SetPath(path)
	var want []string
	for _, l := range splitLines(text) {
		shown := l
		if x := new(line.Shown); !opt.Raw && x.Set(l) {
			shown = x.Text
		}
		wanted := naive(q, shown, path, opt)
		if wanted {
			want = append(want, string(l))
		}
		if got := s.Match(l); got != wanted {
			t.Fatalf("query %s %+v\nline %q: got %v", q, opt, l, got)
		}
	}
	for range 2 { // the second time with a used scanner
		got := lines(text, s.Lines(text, nil, 0))
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("query %s %+v (%s)\ntext %q\ngot  %q\nwant %q", q, opt, m, text, got, want)
		}
	}
}

func TestFolding(t *testing.T) {
	for _, c := range []struct {
		query, line string
		want        bool
	}{
		{"kelvin", "273 KELVIN", true}, // the Kelvin sign, three bytes long
		{"kelvin", "273 KELVIN", true},
		{"Kelvin", "a kelvin", true},
		{"mass", "maſs", true},
		{"ſ", "S", true},
		{"straße", "STRAẞE", true},
		{"straße", "STRASSE", false}, // simple folding maps one character to one
		{"i", "İ", false},
		{"İ", "İ", true},
		{"ı", "I", false},
		{"ÀÉ", "xàéx", true},
		{"σ", "ς", true},
		{"Σ", "ς", true},
		{"ǆ", "ǅ", true},
		{"日本", "の日本語", true},
		{"", "", true},
		{"\xff", "a\xffb", true},
		{"k\xff", "K\xff", true},
		{"é", "\xc3", false},
		{"\ufffd", "\xff", false},
	} {
		m, err := Compile(query.Text{S: c.query}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.NewScanner().Match([]byte(c.line)); got != c.want {
			t.Errorf("%q in %q: got %v", c.query, c.line, got)
		}
	}
}

func TestRandomQueriesOnRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"a", "b", "k", "K", "K", "s", "S", "ſ", "ß", "ẞ", "é", "É", "İ", "i", "I", "ı", "σ", "ς", "Σ", "_", "-", " ", "1",
		"日", "\xff", "\xc3", "\xe2\x84", "\r", "\t", "ab", "ks", ".", "e\u0301", "\x1b[1m", "\x1b[K", "\x1b"}
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	exprs := []string{`a`, `a+b`, `^a`, `b$`, `^$`, `[^a]b`, `k.s`, `(?i)ks`, `\bk`, `s\b`, `a|b`, `.`, `x*`, `$`, `^`, `[^k]`, `\s`, `\W\w`,
		`a\r?$`, `(ab|ks)1`, `\A.`, `.\z`, `(?s)a.b`, `a{2,3}`, `[kK]s?1`, `é`, `(?i)[a-k]S`, `(a|)$`,
		`\w+`, `k\w`, `\bé`, `\b.\b`, `\B`, `a\B`, `^\w+$`, `[\w-]+1`, `[^\W_]b`, `\d`, `[[:alpha:]]s`, `[[:^lower:]]`, `(?-u)\w+b`, `(?-u:\b)k`, `\b(ab|k)\b|日`}
	var tree func(depth int) query.Node
	tree = func(depth int) query.Node {
		if depth == 0 || r.IntN(3) == 0 {
			switch r.IntN(8) {
			case 0, 1:
				return query.Regexp{Expr: exprs[r.IntN(len(exprs))], Fold: r.IntN(2) == 0}
			case 2:
				return query.Word{S: text(1 + r.IntN(2))}
			case 3:
				return query.File{Glob: []string{"*.log", "*.gz", "dir/*"}[r.IntN(3)]}
			}
			return query.Text{S: text(r.IntN(4))}
		}
		switch r.IntN(4) {
		case 0:
			return query.Not{X: tree(depth - 1)}
		case 1:
			return query.Or{tree(depth - 1), tree(depth - 1)}
		}
		return query.And{tree(depth - 1), tree(depth - 1)}
	}
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for range rounds {
		q := tree(2)
		hasRegexp := false
		query.Leaves(q, func(n query.Node, _ bool) {
			_, is := n.(query.Regexp)
			hasRegexp = hasRegexp || is
		})
		var b strings.Builder
		for range r.IntN(8) {
			line := strings.ReplaceAll(text(r.IntN(8)), "\n", "")
			if hasRegexp {
				line = strings.ToValidUTF8(line, "?") // RE2 and the standard library differ on invalid bytes
			}
			b.WriteString(line)
			b.WriteString([]string{"\n", "\n", "\r\n"}[r.IntN(3)])
		}
		if r.IntN(3) == 0 {
			b.WriteString("unterminated " + strings.ToValidUTF8(text(3), "?"))
		}
		check(t, q, Options{
			CaseSensitive: r.IntN(4) == 0,
			IgnoreCase:    r.IntN(4) == 0,
			WholeWord:     r.IntN(4) == 0,
			WholeLine:     r.IntN(6) == 0,
			Raw:           r.IntN(4) == 0,
		}, []byte(b.String()))
	}
}

// TestLongTexts uses a text long enough to make the scanners choose other
// anchors, run expressions in chunks, and switch between the two ways of
// searching.
func TestLongTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(5, 6))
	words := []string{"error", "ERROR", "info", "timeout=12", "SocketTimeoutException", "user=kks", "zebra", "Zebra!", "a:bcx", "123:abx", "", "\u212aelvin", "aaaab", "aaaa", "a:cx"}
	var b bytes.Buffer
	for b.Len() < 200<<10 {
		for range r.IntN(12) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
	}
	for _, q := range []string{`zebra`, `error`, `=zebra`, `timeout -error`, `error OR zebra`, `/[0-9]{3}:[a-z]{2}x/`, `/user=\w+/`, `/zebra!?/i`, `-info`,
		`kelvin`, `/K/i`, `/Exception$/`, `/(zebra|kelvin) info/i`, `/^error/ timeout`,
		// Texts that share a beginning or an end.
		`/zebra(!| in)/`, `/zebra(!| in)/i`, `/timeout(=13| u?ser)/`, `/(3:|a:)b?cx/`, `/(K|x|=)elvin/i`, `/(err|zzz)or error/`, `/aaa(ab|b) /`,
		`socket exception -zebra`} {
		n, err := query.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		check(t, n, Options{}, b.Bytes())
	}
}

func TestWholeWordExpressions(t *testing.T) {
	for _, c := range []struct {
		expr, line string
		want       bool
	}{
		{`err\w*`, "errors", true},
		{`err`, "errors err", true},
		{`err`, "errors xerr err_", false},
		{`err|errors`, "errors", true},
		{`é`, "né", false},
		{`é`, "n é", true},
		{`err`, "err\r", true},
		{`a`, "日a", false},
		{`a`, "\xe6\x97a\xff", true}, // next to invalid bytes
		{`a.b`, "a\xffb", false},
		{`^a$`, "\xffa", false},
	} {
		m, err := Compile(query.Regexp{Expr: c.expr}, Options{WholeWord: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.NewScanner().Match([]byte(c.line)); got != c.want {
			t.Errorf("-w %s in %q: got %v", c.expr, c.line, got)
		}
	}
}

func TestWholeWordHighlights(t *testing.T) {
	for _, c := range []struct{ expr, line, want string }{
		{`foo|foobar`, "foobar foo", "[{0 6} {7 10}]"},
		{`foo`, "foo foo,foo", "[{0 3} {4 7} {8 11}]"},
		{`(a)(b)?`, "a ab xa", "[{0 1} {2 4}]"},
		{`\.?foo`, "foo.foo", "[{0 3} {4 7}]"}, // .foo is next to a letter
		{`foo`, "\xfffoo\xfffoo\r", "[{1 4} {5 8}]"},
		{`fo*$`, "x foo\r", "[{2 5}]"},
	} {
		m, err := Compile(query.Regexp{Expr: c.expr}, Options{WholeWord: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(m.NewScanner().Highlights([]byte(c.line), nil)); got != c.want {
			t.Errorf("-w %s in %q: got %s, want %s", c.expr, c.line, got, c.want)
		}
	}
}

func TestHighlights(t *testing.T) {
	for _, c := range []struct{ query, line, want string }{
		{`err`, "an Error, an ERR", "an [Err]or, an [ERR]"},
		{`a -b`, "a c", "[a] c"},
		{`/o+/ foo`, "foo oo", "[foo] [oo]"},
		{`=foo`, "food foo", "food [foo]"},
		{`/x*/`, "axb", "a[x]b"},
		{`""`, "abc", "abc"},
		{`aa`, "aaaaa", "[aa][aa]a"},
		{`k`, "\u212ak", "[\u212a][k]"},
		{`/foo$/`, "a foo\r", "a [foo]\r"},
		{`/f.*/`, "a foo\r", "a [foo]\r"},
		{`/$/`, "foo\r", "foo\r"},
		{`/o\r/`, "fo\rx", "f[o\r]x"},
	} {
		n, err := query.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Compile(n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		at := 0
		for _, h := range m.NewScanner().Highlights([]byte(c.line), nil) {
			got.WriteString(c.line[at:h.Start] + "[" + c.line[h.Start:h.End] + "]")
			at = h.End
		}
		got.WriteString(c.line[at:])
		if got.String() != c.want {
			t.Errorf("%s in %q: got %s, want %s", c.query, c.line, got.String(), c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("k", "a\u212a\nK\xff")
	f.Add("ss", "\u017fS\r\nßẞ")
	f.Add("\xff\u212a", "\xffk")
	f.Fuzz(func(t *testing.T, pat, text string) {
		if strings.Contains(pat, "\n") {
			t.Skip()
		}
		check(t, query.Text{S: pat}, Options{}, []byte(text))
		check(t, query.Text{S: pat}, Options{CaseSensitive: true}, []byte(text))
		if pat != "" {
			check(t, query.Word{S: pat}, Options{}, []byte(text))
		}
	})
}

func FuzzRegexp(f *testing.F) {
	f.Add(`a|b$`, "xa\nb\r\n")
	f.Add(`^$`, "\n\n")
	f.Add(`(?i)k\b`, "\u212a\n")
	f.Fuzz(func(t *testing.T, expr, text string) {
		n, err := query.ParseRegexp(expr, false)
		if err != nil || !utf8.ValidString(text) || strings.ContainsAny(text, "\ufffd\u2028") || len(expr) > 60 {
			t.Skip()
		}
		if _, err := Compile(n, Options{}); err != nil {
			t.Skip() // too large for RE2
		}
		check(t, n, Options{}, []byte(text))
	})
}

// TestWholeWordsAreTheSame tests that a text matches the same whole words as an
// expression and as a text, also next to invalid bytes, in a run of lines and
// in single lines.
func TestWholeWordsAreTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(9, 10))
	pieces := []string{"a", "b", "k", "K", "\u212a", "é", "日", "_", "-", " ", ".", "1", "\u0301", "\xff", "\xc3", "\xe2\x84", "\xa9", "\xf0\x9f\x98",
		"\xed\xa0\x80", "\r"}
	var b strings.Builder
	some := func(n int) string {
		b.Reset()
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 200 {
		word := strings.ToValidUTF8(some(1+r.IntN(3)), "")
		if word == "" {
			continue
		}
		fold := r.IntN(2) == 0
		opt := Options{WholeWord: true, CaseSensitive: !fold, IgnoreCase: fold}
		lit, err := Compile(query.Text{S: word}, opt)
		if err != nil {
			t.Fatal(err)
		}
		re, err := Compile(query.Regexp{Expr: regexp.QuoteMeta(word)}, opt)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for range 20 {
			text.WriteString(some(r.IntN(5)) + word + some(r.IntN(5)) + "\n")
		}
		run := []byte(text.String())
		a, b := lit.NewScanner(), re.NewScanner()
		if got, want := lines(run, b.Lines(run, nil, 0)), lines(run, a.Lines(run, nil, 0)); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("-w -E %q (fold %v) in %q\ngot     %q\n-F says %q", word, fold, run, got, want)
		}
		for _, l := range splitLines(run) {
			if got, want := b.Match(l), a.Match(l); got != want {
				t.Fatalf("-w -E %q (fold %v) in %q: got %v, -F says %v", word, fold, l, got, want)
			}
			got, want := b.Highlights(l, nil), a.Highlights(l, nil)
			if !strings.HasSuffix(word, "\r") && fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("-w -o -E %q (fold %v) in %q: got %v, -F says %v", word, fold, l, got, want)
			}
		}
	}
}

// TestManyTexts tests that texts searched for together are found like each by
// itself.
func TestManyTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	pieces := []string{"a", "b", "k", "K", "\u212a", "s", "ſ", "é", "É", "日", "𐐀", "_", "-", " ", ".", "+", "1"}
	some := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 60 {
		var or query.Or
		for range manyTexts + 1 + r.IntN(10) {
			s := some(1 + r.IntN(5))
			if or = append(or, query.Text{S: s}); r.IntN(4) == 0 {
				or = append(or, query.Word{S: s})
			}
		}
		var text strings.Builder
		for range 40 {
			text.WriteString(some(r.IntN(6)) + []string{"\n", "\n", "\r\n", "\xe9\n", "\xc3"}[r.IntN(5)])
		}
		opt := Options{CaseSensitive: r.IntN(2) == 0, WholeWord: r.IntN(3) == 0, WholeLine: r.IntN(3) == 0}
		m, err := Compile(or, opt)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.drive) != 1 {
			t.Fatalf("%s looks for %d things", or, len(m.drive))
		}
		// The highlights are those of all leaves together.
		one := *m
		one.set = nil
		marked, want := m.NewScanner(), one.NewScanner()
		eachLine([]byte(text.String()), 0, text.Len(), func(sp Span) bool {
			line := []byte(text.String()[sp.Start:sp.End])
			if got, want := marked.Highlights(line, nil), want.Highlights(line, nil); !slices.Equal(got, want) {
				t.Errorf("in %q %s marks %v, want %v", line, or, got, want)
			}
			return true
		})
		check(t, or, opt, []byte(text.String()))
		check(t, query.Not{X: or}, opt, []byte(text.String()))
	}
}

// What a terminal does not show is not matched, and matches are ranges of the
// original.
func TestShownText(t *testing.T) {
	const text = "12:00 \x1b[31mERROR\x1b[0m connection \x1b[1mreset\x1b[0m\n" +
		"\x1b[32mINFO\x1b[0m ok\n" +
		" 10%\r 99%\r100%\n" +
		"\x1b[33m"
	for _, c := range []struct {
		query      string
		lines, raw int
		part       string // of the first line, that matches
	}{
		{`"connection reset"`, 1, 0, "connection \x1b[1mreset"},
		{`=ERROR`, 1, 0, "ERROR"},
		{`/^INFO/`, 1, 0, "INFO"},
		{`/\bERROR conn/`, 1, 0, "ERROR\x1b[0m conn"},
		{`31`, 0, 1, ""},
		{`99%`, 0, 1, ""},
		{`/^100%$/`, 1, 0, "100%"},
		{`/^$/`, 1, 0, ""},
		{`-error`, 3, 3, ""},
	} {
		n, err := query.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		for raw, want := range map[bool]int{false: c.lines, true: c.raw} {
			m, err := Compile(n, Options{Raw: raw})
			if err != nil {
				t.Fatal(err)
			}
			s := m.NewScanner()
			spans := s.Lines([]byte(text), nil, 0)
			if len(spans) != want {
				t.Errorf("%s, raw %t, matches %d lines, want %d", c.query, raw, len(spans), want)
			}
			for _, sp := range spans {
				if sp.Start > 0 && text[sp.Start-1] != '\n' || sp.End < len(text) && text[sp.End] != '\n' {
					t.Errorf("%s, raw %t: %q is not a whole line", c.query, raw, text[sp.Start:sp.End])
				}
			}
			if raw || c.part == "" {
				continue
			}
			l := text[spans[0].Start:spans[0].End]
			h := s.Highlights([]byte(l), nil)
			if len(h) != 1 || l[h[0].Start:h[0].End] != c.part {
				t.Errorf("%s: highlights %v of %q", c.query, h, l)
			}
		}
	}
}

func TestFields(t *testing.T) {
	lines := []string{
		`{"level":"error","http":{"status":502,"path":"/api/users/7"},"msg":"connection \"reset\" by peer","took_ms":1700}`,
		`level=warn status=404 path=/API/v2 msg="Straße closed" took=250ms user=`,
		`10.0.0.1 - bob [01/May/2024:10:00:00 +0000] "GET /api/x HTTP/1.1" 503 2500000`,
		`2024-05-01 10:00:00 ERROR the word status is no field`,
		`  at com.example.Foo(level=trace)`,
	}
	text := strings.Join(lines, "\n") + "\n"
	for q, want := range map[string]string{
		`level:error`:                 "0 2 3",
		`level>=warn`:                 "0 1 2 3",
		`level<error`:                 "1",
		`-level:*`:                    "4",
		`status>=500`:                 "2",
		`http.status>=500`:            "0",
		`status:404`:                  "1",
		`status:*`:                    "1 2",
		`-status:*`:                   "0 3 4",
		`path:/api/*`:                 "1 2",
		`http.path:*users*`:           "0",
		`path:/^.api/`:                "2",
		`path:/^.api/i`:               "1 2",
		`msg:"RESET\" by"`:            "0",
		`msg:"reset"`:                 "0",
		`msg:"strasse"`:               "",
		`msg:"straẞe"`:                "1",
		`took>200ms`:                  "1",
		`took_ms>1.5s`:                "0",
		`bytes>2MB`:                   "2",
		`user:bob`:                    "2",
		`user:*`:                      "1 2",
		`status:(404 OR 5*)`:          "1 2",
		`level>=error -status:503`:    "0 3",
		`level:error OR status:404`:   "0 1 2 3",
		`http.status:502 level:error`: "0",
		`nothing:here`:                "",
	} {
		n, err := query.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Compile(n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sc := m.NewScanner()
		var got []string
		for _, sp := range sc.Lines([]byte(text), nil, 0) {
			got = append(got, fmt.Sprint(strings.Count(text[:sp.Start], "\n")))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: lines %q, want %q", q, strings.Join(got, " "), want)
		}
		for i, l := range lines {
			if slices.Contains(got, fmt.Sprint(i)) != sc.Match([]byte(l)) {
				t.Errorf("%s: line %d alone differs", q, i)
			}
		}
	}
}

// The values that match are highlighted.
func TestFieldHighlights(t *testing.T) {
	n, _ := query.Parse(`http.status>=500 msg:"a" -x:1`)
	m, err := Compile(n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := `{"http":{"status":502},"msg":"b a"}`
	var got []string
	for _, sp := range m.NewScanner().Highlights([]byte(l), nil) {
		got = append(got, l[sp.Start:sp.End])
	}
	if fmt.Sprint(got) != "[502 b a]" {
		t.Errorf("got %q", got)
	}
}
