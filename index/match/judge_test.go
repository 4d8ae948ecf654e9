package match

import (
	"math/rand/v2"
	"strings"
	"testing"

	"logview/index/query"
)

// TestLineInPieces tests that a line has the same matches in pieces as a whole:
// anchors and word ends match at the ends of the line and not at those of
// pieces.
func TestLineInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	alphabet := []string{"a", "b", "_", " ", "-", "é", "日", "\xff", "\xc3", "\r", "\u0301"}
	type question struct {
		node query.Node
		word bool
	}
	var questions []question
	for _, e := range []string{`^a`, `b$`, `\Aa`, `b\z`, `\ba`, `b\b`, `\Bb`, `a\B`, `ab`, `(?m)^b`, `(?m)a$`, `^ab`, `b -a$`, `é`, `日-`, `(^|b)a`, `a($|b)`, `\w\w-`, `[^\w]é`, `\W日`} {
		questions = append(questions, question{query.Regexp{Expr: e}, false}, question{query.Regexp{Expr: e}, true})
	}
	for _, s := range []string{"a", "ab", "é", "日a", "\xff", "- b"} {
		questions = append(questions, question{query.Text{S: s}, false}, question{query.Word{S: s}, false})
	}
	for _, q := range questions {
		m, err := Compile(q.node, Options{WholeWord: q.word, CaseSensitive: true, Raw: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			var b strings.Builder
			for range r.IntN(60) {
				b.WriteString(alphabet[r.IntN(len(alphabet))])
			}
			line := b.String()
			j := Judge{Scanner: m.NewScanner(), Max: 33, Overlap: 16}
			for rest := line; rest != ""; {
				n := min(1+r.IntN(40), len(rest))
				j.Add([]byte(rest[:n]))
				rest = rest[n:]
			}
			if got, want := j.Finish(), m.NewScanner().Match([]byte(line)); got != want {
				t.Fatalf("%s, as a word %v, in %q: got %v, as one piece %v", q.node, q.word, line, got, want)
			}
		}
	}
}
