package query

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	text := func(s string) Node { return Text{s} }
	for _, c := range []struct {
		in   string
		want Node
	}{
		// Words.
		{`timeout`, text("timeout")},
		{`  timeout  `, text("timeout")},
		{`a b`, And{text("a"), text("b")}},
		{`a AND b`, And{text("a"), text("b")}},
		{`a OR b c`, Or{text("a"), And{text("b"), text("c")}}},
		{`ORder ANDroid NOTe`, And{text("ORder"), text("ANDroid"), text("NOTe")}},
		{`key=value`, text("key=value")},
		{`msg="foo`, text(`msg="foo`)},
		{`f(x) (a)`, And{text("f(x)"), text("a")}},
		{`(f(x))`, text("f(x)")},
		{`a-b`, text("a-b")},
		{`12:34:56`, text("12:34:56")},
		{`C:\dir`, text(`C:\dir`)},
		{`größe`, text("größe")},
		// Quotes.
		{`"a  b"`, text("a  b")},
		{`""`, text("")},
		{`"say \"hi\" \\ \n"`, text(`say "hi" \ \n`)},
		{`"OR"`, text("OR")},
		// Negation.
		{`-a`, Not{text("a")}},
		{`NOT a b`, And{Not{text("a")}, text("b")}},
		{`--a`, Not{Not{text("a")}}},
		{`-(a OR b)`, Not{Or{text("a"), text("b")}}},
		{`NOT(a)`, Not{text("a")}},
		{`-"-"`, Not{text("-")}},
		// Expressions, whole words, files.
		{`/a+b/`, Regexp{Expr: "a+b"}},
		{`/a b/i c`, And{Regexp{Expr: "a b", Fold: true}, text("c")}},
		{`/a\/b/`, Regexp{Expr: "a/b"}},
		{`/\d\\/`, Regexp{Expr: `\d\\`}},
		{`//`, Regexp{}},
		{`=err`, Word{"err"}},
		{`="a b"`, Word{"a b"}},
		{`file:*.gz`, File{"*.gz"}},
		{`-file:"my file"`, Not{File{"my file"}}},
		{`log:app.log -log:"my log"`, And{Log{"app.log"}, Not{Log{"my log"}}}},
		// Fields.
		{`user:bob`, Field{Name: "user", Value: "bob"}},
		{`http.path:/api/*`, Field{Name: "http.path", Value: "/api/*"}},
		{`path:/api/users/`, Field{Name: "path", Value: "/api/users/"}},
		{`path:/api.*s/i`, Field{Name: "path", Op: Expression, Value: "api.*s", Fold: true}},
		{`msg:"a b"`, Field{Name: "msg", Op: Contains, Value: "a b"}},
		{`user:*`, Field{Name: "user", Op: Exists}},
		{`-user:*`, Not{Field{Name: "user", Op: Exists}}},
		{`user:(a OR "b c" -d*)`, Or{Field{Name: "user", Value: "a"}, And{Field{Name: "user", Op: Contains, Value: "b c"}, Not{Field{Name: "user", Value: "d*"}}}}},
		{`status>=500 took>1.5s bytes<2MB x<=-1`, And{Field{Name: "status", Op: AtLeast, Value: "500"}, Field{Name: "took", Op: Greater, Value: "1.5s"},
			Field{Name: "bytes", Op: Less, Value: "2MB"}, Field{Name: "x", Op: AtMost, Value: "-1"}}},
		{`level:error level>=warn`, And{Field{Name: "level", Value: "error"}, Field{Name: "level", Op: AtLeast, Value: "warn"}}},
		{`(status>500)`, Field{Name: "status", Op: Greater, Value: "500"}},
		{`time>=14:05`, Field{Name: "time", Op: AtLeast, Value: "14:05"}},
		// Words that look similar.
		{`error: std::x http://x/y 12:30 a->b a->5 List<String> x>y @ a: level>=x`, And{text("error:"), text("std::x"), text("http://x/y"), text("12:30"), text("a->b"),
			text("a->5"), text("List<String>"), text("x>y"), text("@"), text("a:"), text("level>=x")}},
		// Parentheses.
		{`(a OR b) c`, And{Or{text("a"), text("b")}, text("c")}},
		{`a (b c)`, And{text("a"), And{text("b"), text("c")}}},
		{`((a))`, text("a")},
	} {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.in, got, c.want)
		}
		again, err := Parse(got.String())
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s prints as %s, which is %#v, %v", c.in, got, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		in  string
		pos int
		msg string
	}{
		{``, 0, "empty"},
		{`   `, 0, "empty"},
		{`(a`, 0, "not closed"},
		{`a (b OR c`, 2, "not closed"},
		{`a)`, 1, "without an opening"},
		{`)`, 0, "without an opening"},
		{`()`, 0, "nothing stands between"},
		{`a OR`, 2, "nothing follows OR"},
		{`OR a`, 0, "before OR"},
		{`a AND`, 2, "between two"},
		{`(a OR )`, 3, "nothing follows OR"},
		{`NOT`, 0, "nothing follows"},
		{`- a`, 0, "right before"},
		{`-`, 0, "nothing follows"},
		{`"abc`, 0, "not closed"},
		{`a "b"c`, 5, "blank is missing"},
		{`/abc`, 0, "not closed"},
		{`/var/log`, 0, "a path?"},
		{`/a(b/`, 1, "missing closing )"},
		{`x /a[z-b]/`, 5, "invalid character class range"},
		{`=`, 0, "nothing follows ="},
		{`file:`, 0, "nothing follows file:"},
		{`file:[`, 5, "not a valid glob"},
		{strings.Repeat("(", 600) + "a", 501, "too deeply"},
		{strings.Repeat("-", 600) + "a", 501, "too deeply"},
	} {
		_, err := Parse(c.in)
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%s: got %v, want an *Error", c.in, err)
			continue
		}
		if e.Pos != c.pos || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%s: got %q at %d, want %q at %d", c.in, e.Msg, e.Pos, c.msg, c.pos)
		}
	}
}

// TestCaret tests that the caret is under the error on a terminal, where a
// character is zero, one or two columns wide.
func TestCaret(t *testing.T) {
	for _, c := range []struct{ query, shown, blanks string }{
		{"größe (b", "größe (b", "      "},
		{"日志 (b", "日志 (b", "     "},
		{"gro\u0308ße (b", "gro\u0308ße (b", "      "},
		{"👩\u200d💻 (b", "👩\u200d💻 (b", "   "},
		{"a\tb\x1b[31m\u202e (b", "a b [31m  (b", "          "},
		{"a\u200b日 (b", "a 日 (b", "     "},
	} {
		_, err := Parse(c.query)
		want := "this parenthesis is not closed; to look for it, put it in quotes\n  " + c.shown + "\n  " + c.blanks + "^"
		if err == nil || err.Error() != want {
			t.Errorf("got\n%s\nwant\n%s", err, want)
		}
	}
}

// randomTree returns a random tree that the parser could return.
func randomTree(r *rand.Rand, depth int) Node {
	str := func() string {
		const chars = `ab-"\/()= OR:*é` + "\x00\xff\n\tK"
		b := make([]byte, r.IntN(6))
		for i := range b {
			b[i] = chars[r.IntN(len(chars))]
		}
		return string(b)
	}
	if depth == 0 || r.IntN(3) == 0 {
		switch r.IntN(6) {
		case 5:
			f := Field{Name: []string{"a", "level", "x.y-z"}[r.IntN(3)], Op: Op(r.IntN(int(AtLeast) + 1))}
			switch f.Op {
			case Is:
				f.Value = "v*" + strings.Map(func(c rune) rune {
					if c == ' ' || c == '\n' || c == '\t' || c == '(' || c == ')' {
						return '_'
					}
					return c
				}, str())
			case Contains:
				f.Value = str()
			case Expression:
				for {
					if n, err := ParseRegexp(str()+`\d/`, r.IntN(2) == 0); err == nil {
						f.Value, f.Fold = n.(Regexp).Expr, n.(Regexp).Fold
						break
					}
				}
			case Exists:
			default:
				f.Value = []string{"5", "-1.5", "250ms", "2MB"}[r.IntN(4)]
			}
			return f
		case 0:
			return Word{str() + "w"}
		case 1:
			return File{"x" + strings.Map(func(c rune) rune {
				if strings.ContainsRune(`\[{`, c) {
					return 'q'
				}
				return c
			}, str())}
		case 2:
			for {
				if n, err := ParseRegexp(str()+`\d/`, r.IntN(2) == 0); err == nil {
					return n
				}
			}
		}
		return Text{str()}
	}
	switch r.IntN(3) {
	case 0:
		return Not{randomTree(r, depth-1)}
	case 1:
		n := make(And, 2+r.IntN(2))
		for i := range n {
			n[i] = randomTree(r, depth-1)
		}
		return n
	}
	n := make(Or, 2+r.IntN(2))
	for i := range n {
		n[i] = randomTree(r, depth-1)
	}
	return n
}

func TestEveryTreePrintsToItself(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		n := randomTree(r, 3)
		again, err := Parse(n.String())
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("%#v prints as\n%s\nwhich is %#v, %v", n, n, again, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`a OR (b -c) /x+\/y/i =w file:*.gz "q\"z"`, `/\Qa/b\E\//`, "((", `-`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if e := err.(*Error); e.Pos < 0 || e.Pos > len(s) {
				t.Fatalf("%q: error at %d", s, e.Pos)
			}
			_ = err.Error()
			return
		}
		again, err := Parse(n.String())
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("%q is %#v, printed as %q, which is %#v, %v", s, n, n.String(), again, err)
		}
	})
}

func TestFileMatches(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"*.gz", "/var/log/app.log.2.gz", true},
		{"*.gz", "/var/log/app.log", false},
		{"app*", "/app/x.log", true},
		{"*nginx*", "/var/log/nginx/access.log", true},
		{"*nginx*", "/var/log/apache/access.log", false},
		{"*", "/var/log/x", true},
		{"nginx/*", "/var/log/nginx/access.log", true},
		{"nginx/*", "/var/log/nginx/old/access.log", false},
		{"nginx/**", "/var/log/nginx/old/access.log", true},
		{"/var/**/*.log", "/var/log/nginx/access.log", true},
		{"/log/*", "/var/log/syslog", false},
		{"log/*", "log/syslog", true},
	} {
		if got := (File{c.glob}).Matches(c.path); got != c.want {
			t.Errorf("%s matches %s: %v", c.glob, c.path, got)
		}
	}
}

func TestRequired(t *testing.T) {
	lit := func(s ...string) AnyOf {
		var a AnyOf
		for _, x := range s {
			fold := strings.HasPrefix(x, "~")
			a = append(a, Literal{strings.TrimPrefix(x, "~"), fold})
		}
		return a
	}
	for _, c := range []struct {
		expr string
		want []AnyOf
	}{
		{`abc`, []AnyOf{lit("abc")}},
		{`(?i)abc`, []AnyOf{lit("~ABC")}},
		{`a.c`, []AnyOf{lit("a"), lit("c")}},
		{`[0-9]+ zebra[a-z]+`, []AnyOf{lit(" zebra")}},
		{`abc|def`, []AnyOf{lit("abc", "def")}},
		{`x(abc|def)y`, []AnyOf{lit("xabcy", "xdefy")}},
		{`(abc|de*)`, []AnyOf{lit("abc", "d")}},
		{`(abc|d*)`, nil},
		{`(abc)?d`, []AnyOf{lit("d", "abcd")}},
		{`(abc)*`, nil},
		{`(abc)+`, []AnyOf{lit("abc")}},
		{`ab{2}c`, []AnyOf{lit("abbc")}},
		{`^abc$`, []AnyOf{lit("abc")}},
		{`\babc\b`, []AnyOf{lit("abc")}},
		{`[ab]c`, []AnyOf{lit("ac", "bc")}},
		{`[0-9]{3}:[a-z]{2}x`, []AnyOf{lit(":"), lit("x")}},
		{``, nil},
		{`.*`, nil},
	} {
		got := Regexp{Expr: c.expr}.Required()
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.expr, got, c.want)
		}
	}
}

func TestShared(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`fail(ed|ure)[: ]`, `[{fail false}]`},
		{`(?i)(read|write) timeout`, `[{ TIMEOUT true}]`},
		{`abc|xyz`, `[{abc false} {xyz false}]`},
		{`日本|日中`, `[{日 false}]`},
		{`é1|è1`, `[{é1 false} {è1 false}]`},
	} {
		got := Best(Regexp{Expr: c.expr}.Required()).Shared()
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: got %v, want %s", c.expr, got, c.want)
		}
	}
}
