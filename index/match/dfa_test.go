package match

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"logview/index/query"
)

// randomExpr returns an expression of some operators. Few of its texts are certain to be in
// every match.
func randomExpr(r *rand.Rand, depth int) string {
	atoms := []string{`\<a`, `b\>`, "a", "b", "x", "1", ":", " ", "é", ".", "[0-9]", "[a-c]", "[^a]", "[^:é]", `\d`, `\w`, `\W`, `\S`, `\b`, `\B`, "^", "$", "(?i)k", "(?i:s)", "[x]", "[é日]"}
	if depth == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	sub := func() string { return randomExpr(r, depth-1) }
	switch r.IntN(9) {
	case 0:
		return "(" + sub() + "|" + sub() + ")"
	case 1:
		return "(?:" + sub() + ")*"
	case 2:
		return "(?:" + sub() + ")+"
	case 3:
		return "(?:" + sub() + ")?"
	case 4:
		return fmt.Sprintf("(?:%s){%d}", sub(), 1+r.IntN(5))
	case 5:
		return fmt.Sprintf("(?:%s){%d,%d}", sub(), r.IntN(3), 3+r.IntN(3))
	}
	return sub() + sub()
}

// TestRunsOfLines tests that an expression matches the same lines in runs of lines, in which
// prefixes and the dfa find them, as in single lines, in which RE2 does. $LOGVIEW_EXPRESSIONS
// says for how many expressions.
func TestRunsOfLines(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	if s, err := strconv.Atoi(os.Getenv("LOGVIEW_EXPRESSIONS")); err == nil {
		n = s
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{"a", "b", "c", "x", "1", "23", ":", " ", "k", "K", "s", "_", "aaaa", "1:1", "12:ab"}
	others := []string{"é", "日", "\u212a", "\u017f", "\xff", "\xc3", "\r", "\x00", "\u0301"}
	tried := 0
	for range n {
		expr := randomExpr(r, 1+r.IntN(4))
		q, err := query.ParseRegexp(expr, r.IntN(8) == 0)
		if err != nil {
			continue
		}
		opt := Options{WholeWord: r.IntN(6) == 0, WholeLine: r.IntN(12) == 0, Raw: true}
		m, err := Compile(q, opt)
		if err != nil {
			continue // too large for RE2
		}
		tried++
		s := m.NewScanner()
		if len(s.finders) > 0 && r.IntN(3) == 0 {
			if x := s.finders[0].(*exprScanner); x.byDFA != nil {
				x.byDFA.narrow, x.byDFA.wide = nil, nil // the dfa alone
			}
		}
		for range 4 {
			var b strings.Builder
			rare := r.IntN(4) // how many of 16 pieces are not ASCII
			for range r.IntN(1500) {
				switch {
				case r.IntN(12) == 0:
					b.WriteByte('\n')
				case r.IntN(16) < rare:
					b.WriteString(others[r.IntN(len(others))])
				default:
					b.WriteString(pieces[r.IntN(len(pieces))])
				}
			}
			text := []byte(b.String())
			var want []string
			for _, l := range splitLines(text) {
				if s.Match(l) {
					want = append(want, string(l))
				}
			}
			if got := lines(text, s.Lines(text, nil, 0)); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Fatalf("seed %d, expression %q, %+v\ntext %q\ngot  %q\nwant %q", seed, expr, opt, text, got, want)
			}
		}
	}
	if tried < n/2 {
		t.Errorf("only %d of %d expressions were tried", tried, n)
	}
}

// TestManyStates tests an expression whose dfa has too many states, and one that needs some
// thousands: they match the same lines, and nothing grows without bounds.
func TestManyStates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	for range 40_000 {
		b.WriteByte("ab"[r.IntN(2)])
		if r.IntN(40) == 0 {
			b.WriteByte('\n')
		}
	}
	text := []byte(b.String())
	for _, expr := range []string{"a[ab]{9}c?$", "a[ab]{18}$", "(a|b)*a(a|b){14}b{3}$"} {
		m, err := Compile(query.Regexp{Expr: expr}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := newExprScanner(m.leaves[0].re, true)
		d := s.byDFA
		d.narrow, d.wide = nil, nil
		var got, want int
		s.reset(text)
		for at := 0; at < len(text); {
			if at, _ = s.find(at); at < 0 {
				break
			}
			got++
			at = lineEnd(text, at)
		}
		for _, l := range splitLines(text) {
			if m.leaves[0].re.match(l) {
				want++
			}
		}
		if got != want {
			t.Errorf("%s: %d lines, want %d", expr, got, want)
		}
		if n := len(d.dfa.states); n > maxDFAStates+1 {
			t.Errorf("%s: %d states", expr, n)
		}
	}
}
