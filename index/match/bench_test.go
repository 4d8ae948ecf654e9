package match

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/index/query"
)

// BenchmarkLines searches text in memory. LOGVIEW_BENCH_DIR names a directory
// of uncompressed logs; without it, the text is made of two sample lines.
func BenchmarkLines(b *testing.B) {
	text := benchText(b)
	for _, q := range []string{`/fail(ed|ure)[: ][a-z]+/`, `/[0-9]{3}:[a-z]{2}x/`, `/\d+x\d+/`, `/[a-f0-9]{32}/`, `/\b\d{1,3}(\.\d{1,3}){3}\b/`, `/[A-Z]{7,}$/`, `fail`} {
		b.Run(strings.Trim(q, "/"), func(b *testing.B) {
			n, err := query.Parse(q)
			if err != nil {
				b.Fatal(err)
			}
			m, err := Compile(n, Options{})
			if err != nil {
				b.Fatal(err)
			}
			s := m.NewScanner()
			b.SetBytes(int64(len(text)))
			var spans []Span
			hits := 0
			for b.Loop() {
				hits = 0
				for rest := text; len(rest) > 0; {
					end := min(len(rest), 256<<10)
					for end < len(rest) && rest[end-1] != '\n' {
						end++
					}
					spans = s.Lines(rest[:end], spans[:0], 0)
					hits += len(spans)
					rest = rest[end:]
				}
			}
			b.ReportMetric(float64(hits), "hits")
		})
	}
}

func benchText(b *testing.B) (text []byte) {
	dir := os.Getenv("LOGVIEW_BENCH_DIR")
	if dir == "" {
		return []byte(strings.Repeat(strings.Repeat("2026-11-21 06:01:45 INFO request 4711 served in 12 ms\n", 150)+"2026-11-21 06:01:45 WARN request 4711 failed: timeout\n", 200))
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".log" || len(text) > 100<<20 {
			return err
		}
		t, err := os.ReadFile(path)
		text = append(text, t...)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return text
}
