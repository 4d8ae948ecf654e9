package index

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"logview/index/match"
	"logview/index/query"
	"logview/reader/line"
)

// pieces generate the parts of random lines: whatever forms runs, ends them, or
// looks like an identifier.
var pieces = []func(r *rand.Rand) string{
	func(r *rand.Rand) string { return hexDigits(r, 8+r.IntN(57)) },
	func(r *rand.Rand) string { return hexDigits(r, 1+r.IntN(8)) },
	func(r *rand.Rand) string { return fmt.Sprint(r.Uint64() >> r.IntN(64)) },
	func(r *rand.Rand) string { return fmt.Sprintf("%06dZ", r.IntN(1000000)) },
	func(r *rand.Rand) string {
		return fmt.Sprint(r.IntN(100000), pick(r, "ms", "us", "s", "kb", "MiB", "x"))
	},
	func(r *rand.Rand) string {
		h := hexDigits(r, 32)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	},
	func(r *rand.Rand) string { return strings.Repeat("-"+hexDigits(r, 4), 1+r.IntN(5)) },
	func(r *rand.Rand) string { return "0x" + hexDigits(r, 1+r.IntN(16)) },
	func(r *rand.Rand) string {
		return fmt.Sprintf("%d.%d.%d.%d:%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(65536))
	},
	func(r *rand.Rand) string {
		return pick(r, "user", "id", "session_id", "trace") + "=" + pick(r, "42", "kks", "KKS", "\u212aks", "größe")
	},
	func(r *rand.Rand) string {
		return pick(r, "SocketTimeoutException", "timeout", "TimeOut", "connectTimeoutMs", "read_timed_out", "com.example.Foo.bar", "/var/log/nginx/access.log")
	},
	func(r *rand.Rand) string {
		return pick(r, "GRÖẞE", "größe", "Straße", "STRASSE", "ſecret", "SECRET", "日本語のログ", "İstanbul", "ﬁ", "Ǆ", "ǆ", "Σίσυφος", "σίσυφοσ")
	},
	func(r *rand.Rand) string {
		return pick(r, "bad\xff\xfe", "\xc3", "\xa9t\xc3\xa9", "\xe2\x84", "…dots…", "“quoted”")
	},
	func(r *rand.Rand) string {
		return pick(r, "\x1b[31merror\x1b[0m", "\x1b]0;title\a", "[error]", "(err)", "\t", "--", "\r")
	},
	func(r *rand.Rand) string {
		return pick(r, `{"id":42,"http":{"path":"/a/b","Größe":"größe"},"msg":"a \"b\" \u0063"}`, `took=1.5s`, `level=error msg="a b-c"`,
			`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /a/b HTTP/1.1" 502 7`, `May  1 10:00:00 web1 sshd[7]: x`)
	},
	func(r *rand.Rand) string { return strings.Repeat(pick(r, "a", "deadbeef", "xyz"), 1+r.IntN(200)) },
	func(r *rand.Rand) string { return pick(r, "dead", "beef", "feed", "cafe", "decade", "facade", "added") },
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

func hexDigits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef0123456789ABCDEF"[r.IntN(16)+16*(r.IntN(20)/19)]
	}
	return string(b)
}

func randomLine(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))](r))
		b.WriteString(pick(r, " ", " ", " ", "", "_", ".", "=", "-", ", "))
	}
	return b.String()
}

// randomQuery returns a query for parts of a line, in various forms.
func randomQuery(r *rand.Rand, line string) (query.Node, match.Options) {
	var opt match.Options
	part := func() string {
		if len(line) == 0 {
			return "x"
		}
		i := r.IntN(len(line))
		return line[i : i+1+r.IntN(min(40, len(line)-i))]
	}
	leaf := func() query.Node {
		s := part()
		if f, ok := randomField(r, line); ok && r.IntN(4) == 0 {
			return f
		}
		switch r.IntN(10) {
		case 0:
			return query.Word{S: s}
		case 1:
			return query.Regexp{Expr: regexp.QuoteMeta(s), Fold: r.IntN(2) == 0}
		case 2:
			return query.Regexp{Expr: regexp.QuoteMeta(s) + ".*" + regexp.QuoteMeta(part()), Fold: r.IntN(2) == 0}
		case 3:
			return query.Regexp{Expr: "(" + regexp.QuoteMeta(s) + "|" + regexp.QuoteMeta(part()) + ")[0-9]?"}
		case 4:
			return query.Text{S: strings.ToUpper(s)}
		case 5:
			return query.Text{S: strings.ToLower(s)}
		}
		return query.Text{S: s}
	}
	opt.CaseSensitive, opt.WholeWord, opt.IgnoreCase = r.IntN(8) == 0, r.IntN(8) == 0, r.IntN(4) == 0
	switch r.IntN(8) {
	case 0:
		return query.And{leaf(), leaf()}, opt
	case 1:
		return query.Or{leaf(), leaf()}, opt
	case 2:
		return query.And{leaf(), query.Not{X: leaf()}}, opt
	case 3:
		return query.Or{query.And{leaf(), leaf()}, query.Not{X: leaf()}}, opt
	case 4:
		return query.And{leaf(), query.Or{query.File{Glob: "*.gz"}, leaf()}}, opt
	}
	return leaf(), opt
}

// randomField returns a condition on a field of a line, which mostly holds.
func randomField(r *rand.Rand, l string) (query.Field, bool) {
	var list []query.Field
	new(line.Fields).Each([]byte(l), func(name, value []byte, _ int) bool {
		f := query.Field{Name: string(name), Op: query.Op(r.IntN(int(query.AtLeast) + 1)), Value: string(value)}
		switch v := f.Value; f.Op {
		case query.Is:
			if len(v) > 2 && r.IntN(2) == 0 {
				i := r.IntN(len(v))
				f.Value = v[:i] + "*" + v[i+r.IntN(len(v)-i):]
			}
			if r.IntN(2) == 0 {
				f.Value = strings.ToUpper(f.Value)
			}
		case query.Contains:
			f.Value = v[r.IntN(len(v)+1):]
		case query.Expression:
			f.Value = regexp.QuoteMeta(strings.ToValidUTF8(v, "?")) + "|x"
		case query.Exists:
			f.Value = ""
		default:
			f.Value = pick(r, "7", "500", "1s", "2MB", "-1")
		}
		list = append(list, f)
		return true
	})
	list = append(list, query.Field{Name: "level", Op: query.AtLeast, Value: "warn"}, query.Field{Name: "level", Value: "error"})
	return list[r.IntN(len(list))], len(list) > 2
}

// TestPlanAdmitsAllMatches compares the blocks that plans admit with the lines:
// every block with a matching line must be admitted, and many of the others
// must not, or else the test would mean nothing.
func TestPlanAdmitsAllMatches(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	rounds, queries := 30, 400
	if testing.Short() {
		rounds = 4
	}
	admitted, possible, matching := 0, 0, 0
	for round := range rounds {
		var blocks [][]byte
		var lines []string
		for range 1 + r.IntN(40) {
			var b bytes.Buffer
			for range 1 + r.IntN(8) {
				l := strings.ReplaceAll(randomLine(r), "\n", "")
				lines = append(lines, l)
				b.WriteString(l)
				b.WriteString(pick(r, "\n", "\n", "\r\n"))
			}
			blocks = append(blocks, b.Bytes())
		}
		s := segmentOf(t, blocks...)
		for range queries {
			line := lines[r.IntN(len(lines))]
			q, opt := randomQuery(r, line)
			m, err := match.Compile(q, opt)
			if err != nil {
				continue // an expression with bytes that are not UTF-8
			}
			path := pick(r, "a.log", "a.log.2.gz")
			p := newPlan(q, opt)
			docs, err := (&answers{plan: p, segment: s}).serials(p.pathKey(path))
			if err != nil {
				t.Fatal(err)
			}
			sc := m.NewScanner()
			sc.SetPath(path)
			for i, b := range blocks {
				hit := len(sc.Lines(b, nil, 1)) > 0
				if hit && !docs.Contains(uint32(i)) {
					t.Fatalf("round %d: %s %+v is in block %d but not admitted:\n%q", round, q, opt, i, b)
				}
				possible++
				if hit {
					matching++
				}
			}
			admitted += int(docs.GetCardinality())
		}
	}
	t.Logf("of %d blocks %d matched and %d were admitted", possible, matching, admitted)
	if admitted > possible*2/3 {
		t.Errorf("the index admits %d of %d blocks, of which %d match", admitted, possible, matching)
	}
}

// TestPlanOfManyAlternatives tests that a plan does not look up too many
// alternatives: with tens of thousands, that would take longer than reading.
func TestPlanOfManyAlternatives(t *testing.T) {
	or := make(query.Or, maxAlternatives+1)
	for i := range or {
		or[i] = query.Text{S: fmt.Sprint("text", i)}
	}
	if p := newPlan(or, match.Options{}); !p.root.all {
		t.Error("each alternative is looked up")
	}
	if p := newPlan(or[1:], match.Options{}); p.root.all {
		t.Error("none is looked up")
	}
	if p := newPlan(query.And{or, query.Text{S: "rare"}}, match.Options{}); !p.root.and[0].all || p.root.and[1].all {
		t.Error("the rest of the query does not narrow the search")
	}
}
