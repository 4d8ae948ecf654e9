package line

import (
	"strings"
	"testing"
)

// TestParts marks times with < and > and levels with [ and ].
func TestParts(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-21T08:00:00Z ERROR boom":                                        "<2026-11-21T08:00:00Z> [ERROR] boom",
		"2026-11-21 08:00:00,123 [main] WARN  c.x.error.Y: z":                    "<2026-11-21 08:00:00,123> [main] [WARN]  c.x.error.Y: z",
		"INFO 2026-11-21 08:00:00 info about it":                                 "[INFO] <2026-11-21 08:00:00> info about it",
		"[2026-11-21 08:00:00] production.ERROR: x":                              "[<2026-11-21 08:00:00>] production.ERROR: x",
		"Nov 21 08:00:00 web app[12]: a line without":                            "<Nov 21 08:00:00> web app[12]: a line without",
		"\tat com.example.Error(Error.java:12)":                                  "\tat com.example.Error(Error.java:12)",
		"ERROR without a time":                                                   "[ERROR] without a time",
		"\x1b[31m2026-11-21T08:00:00Z ERROR coloured\x1b[0m":                     "\x1b[31m2026-11-21T08:00:00Z ERROR coloured\x1b[0m",
		`10.0.0.1 - - [21/Nov/2026:08:00:00 +0000] "GET /x HTTP/1.1" 503 12`:     `10.0.0.1 - - [<21/Nov/2026:08:00:00 +0000>] "GET /x HTTP/1.1" [503] 12`,
		`10.0.0.1 - - [21/Nov/2026:08:00:00 +0000] "GET /error HTTP/1.1" 200 12`: `10.0.0.1 - - [<21/Nov/2026:08:00:00 +0000>] "GET /error HTTP/1.1" 200 12`,
		`{"time":"2026-11-21T08:00:00Z","level":"error","msg":"x"}`:              `{"time":"2026-11-21T08:00:00Z","level":"[error]","msg":"x"}`,
		"": "",
	} {
		var c Clock
		c.Learn([]byte(in + "\n"))
		var b strings.Builder
		at := 0
		for _, p := range c.Parts([]byte(in), LevelOf([]byte(in))) {
			if p.From < at || p.To < p.From || p.To > len(in) {
				t.Fatalf("%q: %+v", in, p)
			}
			marks := "<>"
			if p.Kind == LevelPart {
				marks = "[]"
			}
			b.WriteString(in[at:p.From] + marks[:1] + in[p.From:p.To] + marks[1:])
			at = p.To
		}
		if got := b.String() + in[at:]; got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add("2026-11-21T08:00:00Z ERROR boom\n", "INFO x 2026-11-21T08:00:00Z")
	f.Fuzz(func(t *testing.T, head, l string) {
		var c Clock
		c.Learn([]byte(head))
		at := 0
		for _, p := range c.Parts([]byte(l), LevelOf([]byte(l))) {
			if p.From < at || p.To <= p.From || p.To > len(l) {
				t.Fatalf("%+v in %q", p, l)
			}
			at = p.To
		}
	})
}
