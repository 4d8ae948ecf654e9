package match

import (
	"strings"
	"testing"

	"logview/index/query"
)

// TestWordEnds tests \< and \> in lines of their own and in a run of lines.
func TestWordEnds(t *testing.T) {
	for _, c := range []struct {
		expr, line string
		want       bool
	}{
		{`\<error\>`, "an error here", true},
		{`\<error\>`, "errors", false},
		{`\<error\>`, "terror", false},
		{`\<error\>`, "<error>", true},
		{`\<(err|warn)\>`, "a warn", true},
		{`\<(err|warn)\>`, "a warning", false},
		{`\<\w+ing\>`, "a warning", true},
		{`\<[a-z]{3}\>`, "ab abcd abc", true},
		{`\<[a-z]{3}\>`, "ab abcd", false},
		{`\<é`, "né", false},
		{`\<é`, "n é", true},
		{`err\>$`, "an err", true},
		{`err\>$`, "an err\r", true},
		{`(?-u)\<rr`, "érr", true},
		{`\<rr`, "érr", false},
		{`^a{,2}b$`, "aab", true},
		{`^a{,2}b$`, "aaab", false},
		{`[\<]`, "a<b", true},
		{`error\>|err\>`, "an err", true},
		{`error\>|err\>`, "errors", false},
		{`errors?\>`, "2 errors", true},
		{`errors?\>`, "errorss", false},
		{`err(or)*\>`, "erroror", true},
		{`word(s|)\>`, "word.", true},
		{`\<f?oo`, "xfoo", false},
		{`\<\w*foo`, "xfoo", true},
		{`(?-u)\<rr`, "a rr", true},
		{`abc[^\x00-\x{10FFFF}]`, "abc", false},
		{`[[.]`, "a.b", true},
	} {
		q, err := query.ParseRegexp(c.expr, false)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		m, err := Compile(q, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		s := m.NewScanner()
		if got := s.Match([]byte(c.line)); got != c.want {
			t.Errorf("%s in %q: got %v", c.expr, c.line, got)
		}
		if got := len(s.Lines([]byte("x y\n"+c.line+"\n\n"), nil, 0)) > 0; got != c.want {
			t.Errorf("%s in lines with %q: got %v", c.expr, c.line, got)
		}
	}
	for expr, why := range map[string]string{
		`\<.*`: `\<`, `\<`: `\<`, `\<[^a]`: `\<`, `\<(a|)`: `\<`, `(\<a|\>)b`: `\>`, `(?-u)\<é`: `\<`, `a?\>`: `\>`, "\\`a": "ends", `a\'`: "ends", `\b{start}a`: `\<`, `[[.a.]]`: "collating", `[[=a=]]`: "collating",
	} {
		if _, err := query.ParseRegexp(expr, false); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want an error with %s", expr, err, why)
		}
	}
}
