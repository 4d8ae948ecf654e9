package pager

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/readertest"
	"logview/tui/visible"
)

// randomLog writes a log of a few files and returns the lines of each.
func randomLog(t *testing.T, r *rand.Rand) (*document.Document, [][]string) {
	t.Helper()
	const piece = 64 << 10
	path := filepath.Join(t.TempDir(), "app.log")
	var members [][]string
	for left := r.IntN(3); left >= 0; left-- {
		var lines []string
		var text bytes.Buffer
		n := r.IntN(30)
		for i := range n {
			size := r.IntN(100)
			switch r.IntN(6) {
			case 0:
				size = r.IntN(400 << 10)
			case 1: // a length at which a piece may end
				size = max(0, (text.Len()+piece)/piece*piece-text.Len()+r.IntN(5)-3+r.IntN(2)*piece)
			}
			var l bytes.Buffer
			for l.Len() < size {
				switch r.IntN(14) {
				case 0:
					l.WriteString("zebra")
				case 1:
					l.WriteString("é日本")
				case 2:
					l.WriteByte(byte(0x80 + r.IntN(0x20))) // does not occur in text in Latin-1
				case 3:
					l.WriteString(" apple ")
				case 4:
					l.WriteString(strings.Repeat("日", r.IntN(3000)))
				default:
					l.WriteString(strings.Repeat("x0 ", r.IntN(4000)))
				}
			}
			line := l.String()[:visible.WholeRunes(l.Bytes()[:size])]
			if i < n-1 || r.IntN(3) > 0 {
				lines = append(lines, line)
				line += "\n"
			} else if line != "" {
				lines = append(lines, line)
			}
			text.WriteString(line)
		}
		name, data := path, text.Bytes()
		if left > 0 {
			name += fmt.Sprintf(".%d", left)
			if r.IntN(2) == 0 {
				name += ".gz"
				data = readertest.Gzip(data)
			}
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		members = append(members, lines)
	}
	logs, errs := files.Find([]string{filepath.Dir(path)})
	if len(errs) > 0 || len(logs) != 1 || len(logs[0].Members) != len(members) {
		t.Fatalf("%v, %v", logs, errs)
	}
	d := document.NewDocument(files.NewSource(logs[0], files.Options{}), document.DocumentOptions{})
	t.Cleanup(func() { d.Close() })
	return d, members
}

// Reading a log in both directions, in portions of any size, with and without
// filters, returns its lines. A search finds each piece in which a match
// starts.
func TestReadRandomLogs(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	rounds := 25
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		d, members := randomLog(t, r)
		var all []string
		for _, lines := range members {
			all = append(all, lines...)
		}
		end, err := d.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, filter := range []string{"", "apple", "!apple", "/zebra.*apple", "/x0 $"} {
			mt, _, err := compile(nil, Pattern{Text: filter})
			if err != nil {
				t.Fatal(err)
			}
			want := all
			if mt != nil {
				scan := mt.NewScanner()
				want = slices.DeleteFunc(slices.Clone(all), func(l string) bool { return !scan.Match([]byte(l)) })
			}
			for _, forward := range []bool{true, false} {
				rows := readAll(t, d, only(mt), end, forward, 1+r.IntN(20))
				if got := joined(rows); !slices.Equal(got, want) {
					t.Fatalf("seed %d, round %d, filter %q, forward %v: %d lines, want %d", seed, round, filter, forward, len(got), len(want))
				}
			}
			// Search for matches in pieces.
			if strings.HasPrefix(filter, "/") {
				continue
			}
			find, _, _ := compile(nil, Pattern{Text: "zebra"})
			both, _, _ := compile(nil, Pattern{Text: filter}, Pattern{Text: "zebra"})
			k := pick{m: both, find: find, lines: newLongLines()}
			hits := 0
			for _, l := range want {
				if strings.Contains(strings.ToLower(l), "zebra") {
					hits++
				}
			}
			ahead, back := readAll(t, d, k, end, true, 1), readAll(t, d, k, end, false, 1)
			if len(ahead) != len(back) {
				t.Fatalf("seed %d, round %d, filter %q: %d pieces forward, %d back", seed, round, filter, len(ahead), len(back))
			}
			lines := map[document.Place]bool{}
			for i := range ahead {
				if ahead[i].Place != back[i].Place {
					t.Fatalf("seed %d, round %d, filter %q: at %v forward, at %v back", seed, round, filter, ahead[i].Place, back[i].Place)
				}
				begin, err := lineBegin(t.Context(), d, ahead[i].Place)
				if err != nil {
					t.Fatal(err)
				}
				if ahead[i].Continues == (begin == ahead[i].Place) {
					t.Fatalf("seed %d, round %d: a piece at %v of a line that begins at %v", seed, round, ahead[i].Place, begin)
				}
				lines[begin] = true
			}
			if len(lines) != hits {
				t.Fatalf("seed %d, round %d, filter %q: %d lines found, want %d", seed, round, filter, len(lines), hits)
			}
		}
	}
}

// readAll reads all rows, n at a time, and returns them oldest first.
func readAll(t *testing.T, d *document.Document, k pick, end document.Place, forward bool, n int) []row {
	t.Helper()
	at := d.Start()
	if !forward {
		at = end
	}
	var rows []row
	for {
		x, err := read(t.Context(), d, k, at, forward, n)
		if err != nil {
			t.Fatal(err)
		}
		if forward {
			rows = append(rows, x.rows...)
		} else {
			rows = append(slices.Clone(x.rows), rows...)
		}
		if x.end {
			return rows
		}
		at = x.next
	}
}

// joined returns the lines whose pieces the rows are.
func joined(rows []row) []string {
	var out []string
	for i := range rows {
		if rows[i].Continues && len(out) > 0 {
			out[len(out)-1] += string(rows[i].Text)
		} else {
			out = append(out, string(rows[i].Text))
		}
	}
	return out
}
