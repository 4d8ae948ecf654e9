// Package searchertest checks that a Searcher keeps the contract of
// index.Searcher. It writes directories of rotated and compressed files, runs
// searches, and compares the results with those of a simple line-by-line search
// of the known text of the files.
package searchertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
	"logview/reader/readertest"
)

// A Maker makes the Searcher to be tested, for the logs below dir. It may build
// an index there first.
type Maker func(t *testing.T, dir string) index.Searcher

// Run checks a Searcher. Each subtest names the rule that it checks.
func Run(t *testing.T, make Maker) {
	t.Run("finds what is there", func(t *testing.T) { testExact(t, make) })
	t.Run("long lines", func(t *testing.T) { testLongLines(t, make) })
	t.Run("what cannot be read is told, and the rest searched", func(t *testing.T) { testPartial(t, make) })
	t.Run("ends when emit fails", func(t *testing.T) { testEmitFails(t, make) })
	t.Run("ends when cancelled", func(t *testing.T) { testCancel(t, make) })
	t.Run("a query that cannot run", func(t *testing.T) { testBadQuery(t, make) })
}

// A file is a member with its text.
type file struct {
	path string
	text string
}

// A hit is a line that was found, in a form that can be compared.
type hit struct {
	path    string
	line    int64
	offset  int64
	context bool
	text    string
}

// corpus writes random logs below dir and returns them.
func corpus(t *testing.T, r *rand.Rand, dir string, long bool) []file {
	t.Helper()
	var files []file
	for _, log := range []string{"a.log", "b/app.log", "b/table", "b/x"} {
		members := 1 + r.IntN(4)
		for i := members - 1; i >= 0; i-- {
			f := file{path: filepath.Join(dir, log), text: randomText(r, long, 5*(members-1-i))}
			if log == "b/table" {
				f.text = randomTable(r) + f.text
			}
			if i > 0 {
				f.path += fmt.Sprintf(".%d", i)
			}
			data := []byte(f.text)
			switch {
			case i > 0 && r.IntN(2) == 0:
				f.path += ".gz"
				data = readertest.Gzip(data)
			case i > 0 && r.IntN(2) == 0:
				f.path += ".zst"
				w, err := zstd.NewWriter(nil)
				if err != nil {
					t.Fatal(err)
				}
				data = w.EncodeAll(data, nil)
			}
			readertest.WriteFile(t, f.path, data)
			files = append(files, f)
		}
	}
	return files
}

var words = strings.Fields(`error ERROR timeout SocketTimeoutException user=kks id=0123456789abcdef0123456789abcdef
	f47ac10b-58cc-4372-a567-0e02b2c3d479 /var/log/app.log zebra Zebra größe GRÖẞE ` + "\u212aelvin" + ` camelCase snake_case a.b.c
	0x7fffdeadbeef [12345] 日本語 ` + "\x1b[31mred\x1b[0m bad\xff\xfe")

// randomText returns lines of various lengths, some with times in the five hours
// after hour, in no order. If long is set, some are longer than a block.
func randomText(r *rand.Rand, long bool, hour int) string {
	var b strings.Builder
	size := r.IntN(3) * r.IntN(1<<20)
	for b.Len() < size {
		n := r.IntN(14)
		if long && r.IntN(2000) == 0 {
			n = (reader.BlockSize/10)*r.IntN(3) + r.IntN(1000)
		}
		switch r.IntN(4) {
		case 0, 1:
			fmt.Fprintf(&b, "2026-11-26T%02d:%02d:%02dZ ", hour+r.IntN(5), r.IntN(60), r.IntN(60))
		case 2:
			if r.IntN(50) == 0 {
				fmt.Fprintf(&b, "Nov 26 %02d:00:00 ", hour+r.IntN(5))
			}
		}
		for i := range n {
			if i > 0 {
				b.WriteByte(' ')
			}
			word := words[min(r.IntN(len(words)), r.IntN(len(words)*20))]
			switch r.IntN(200) {
			case 0:
				word = "\x1b[31m" + word + "\x1b[0m"
			case 1:
				word = word[:len(word)/2] + "\x1b[1m" + word[len(word)/2:]
			case 2:
				word += "\r" // what follows may overwrite what precedes it
			}
			b.WriteString(word)
		}
		if r.IntN(1000) == 0 {
			b.WriteString(" rare")
		}
		if r.IntN(20) == 0 {
			b.WriteByte('\r')
		}
		b.WriteByte('\n')
		if r.IntN(100) == 0 { // as PowerShell appends it
			b.WriteString(readertest.UTF16(fmt.Sprintf("2026-11-26T%02d:00:00Z an error of größe %s\r\n", hour, words[r.IntN(len(words))])))
			b.WriteString("bytes again\n") // the second byte of a last newline would be no line
		}
	}
	if r.IntN(2) == 0 {
		b.WriteString("an error without newline")
	}
	return b.String()
}

// randomTable returns a table, in CSV or as a W3C log, whose header names columns that
// its lines do not contain, some of them with the time and the level.
func randomTable(r *rand.Rand) string {
	var b strings.Builder
	sep, quote, levels := ",", `"`, []string{"error", "Warning", "", "x"}
	b.WriteString("Code,Date,user,Level,Word Count,Time\n")
	if r.IntN(2) == 0 {
		b.Reset()
		sep, quote, levels = " ", "", []string{"503", "404", "200", "-"}
		b.WriteString("#Version: 1.0\n#Date: 2026-11-26 00:00:00\n#Fields: Code date user sc-status Word-Count time\n")
	}
	for i := range 10 + r.IntN(20000) {
		word := []string{"größe", "error", "timeout", "a"}[min(i, r.IntN(4))] // the first one shows that the text is UTF-8
		if r.IntN(10) == 0 {
			word = quote + word + quote
		}
		clock := fmt.Sprintf("%02d:%02d:%02d", i/1000, r.IntN(60), r.IntN(60))
		b.WriteString(strings.Join([]string{strconv.Itoa(r.IntN(5000)), "2026-11-26", word, levels[r.IntN(4)], strconv.Itoa(r.IntN(100)), clock}, sep) + "\n")
	}
	return b.String()
}

func sources(t *testing.T, paths ...string) []reader.Source {
	t.Helper()
	logs, errs := files.Find(paths)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var out []reader.Source
	for _, l := range logs {
		out = append(out, files.NewSource(l, files.Options{}))
	}
	return out
}

// search runs a request and returns the hits and the statistics.
func search(t *testing.T, s index.Searcher, req *index.Request) ([]hit, index.Stats) {
	t.Helper()
	var got []hit
	st, err := s.Search(context.Background(), req, func(h *index.Hits) error {
		n := int64(0)
		add := func(text string, line reader.Line, off reader.Offset, context bool) {
			got = append(got, hit{h.Member.Path, int64(line), int64(off), context, text})
			if !context {
				n++
			}
		}
		for _, l := range h.Lines {
			add(string(h.Text[l.Start:l.End]), l.Line, l.Offset, l.Context)
		}
		if h.Long != nil {
			var b bytes.Buffer
			if _, err := h.Long.WriteTo(&b); err != nil {
				return err
			}
			add(b.String(), h.Long.Line, h.Long.Offset, h.Long.Context)
		}
		if n != h.Count && !req.CountOnly {
			t.Errorf("%d lines match of a piece that counts %d", n, h.Count)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkStats(t, st)
	return got, st
}

func checkStats(t *testing.T, st index.Stats) {
	t.Helper()
	if st.Members != st.Read+st.Skipped+st.Failed+st.Excluded || st.Blocks != st.BlocksRead+st.BlocksSkipped {
		t.Errorf("the numbers do not add up: %+v", st)
	}
}

// A found counts the matching lines of a file.
type found struct {
	path  string
	count int64
}

// window returns a random range of the times in texts.
func window(r *rand.Rand) index.Window {
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	w := index.Window{Zone: time.UTC}
	if r.IntN(4) > 0 {
		w.Since = day.Add(time.Duration(r.IntN(86400)) * time.Second)
	}
	if w.Since.IsZero() || r.IntN(4) > 0 {
		w.Until = w.Since.Add(time.Duration(r.IntN(7200)) * time.Second)
		if w.Since.IsZero() {
			w.Until = day.Add(time.Duration(r.IntN(86400)) * time.Second)
		}
	}
	return w
}

// naive answers a request line by line. It returns the hits and the number of
// matching lines of each file.
func naive(t *testing.T, files []file, req *index.Request) (want []hit, counts []found) {
	t.Helper()
	m, err := match.Compile(req.Query, req.Options)
	if err != nil {
		t.Fatal(err)
	}
	columned, err := m.Columned()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !m.MayMatch(f.path) {
			continue // no lines of this file are shown, even with Passthru
		}
		sc := m.NewScanner()
		if c := line.LearnColumns([]byte(f.text)); c != nil && m.HasFields() {
			sc = columned.NewScanner()
			sc.SetColumns(c)
		}
		sc.SetPath(f.path)
		var lines []hit
		off := int64(0)
		for rest := f.text; rest != ""; {
			line, after, _ := strings.Cut(rest, "\n")
			lines = append(lines, hit{f.path, int64(len(lines)), off, false, line})
			off += int64(len(line)) + 1
			rest = after
		}
		limited := !req.Window.Since.IsZero() || !req.Window.Until.IsZero()
		info, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		clock := line.Clock{Zone: req.Window.Zone, Ref: info.ModTime()}
		clock.Learn([]byte(f.text))
		var last time.Time
		in := func(text string) bool {
			if !limited {
				return true
			}
			if x, ok := clock.Time([]byte(text)); ok {
				last = x
			}
			return !last.IsZero() && !last.Before(req.Window.Since) && (req.Window.Until.IsZero() || last.Before(req.Window.Until))
		}
		matches, until := int64(0), -1
		shown := -1
		for i, l := range lines {
			if in(l.text) && (req.Max <= 0 || matches < req.Max) && sc.Match([]byte(l.text)) {
				for k := max(shown+1, i-req.Before); k < i; k++ {
					before := lines[k]
					before.context = true
					want = append(want, before)
				}
				matches++
				until = i + req.After
				want = append(want, l)
				shown = i
			} else if i <= until || req.Passthru {
				l.context = true
				want = append(want, l)
				shown = i
			}
		}
		counts = append(counts, found{f.path, matches})
	}
	return want, counts
}

func compare(t *testing.T, req *index.Request, got, want []hit) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w hit
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			g.text, w.text = short(g.text), short(w.text)
			t.Fatalf("query %s max %d context %d/%d: %d lines, want %d; line %d is\n%+v, want\n%+v", req.Query, req.Max, req.Before, req.After, len(got), len(want), i, g, w)
		}
	}
}

func short(s string) string {
	if len(s) > 100 {
		return fmt.Sprintf("%s... (%d bytes)", s[:100], len(s))
	}
	return s
}

var queries = []string{`error`, `rare`, `timeout -error`, `zebra OR größe`, `=zebra`, `-error`, `""`, `kelvin`, `nowhere`,
	`/user=\w+/`, `/^error/`, `/Z.bra$/i rare`, `file:*.gz rare`, `-file:*.gz rare`, `/\bgröße\b/`, `"bad"`, `/\w+ß/i`, `0123456789abcdef`, `"error error"`, `/[0-9]{3}[a-f]{3}/ rare`, `user:k* OR level>=warn`, `user:* -user:(a* OR b*)`, `level:error`, `nothing:x`, `Code:7`, `Code>4990 -user:error`, `Word-Count:7 user:timeout`, `-Code:*`}

func testExact(t *testing.T, make Maker) {
	r := rand.New(rand.NewPCG(21, 22))
	dir := t.TempDir()
	files := corpus(t, r, dir, false)
	s := make(t, dir)
	for i, q := range queries {
		if testing.Short() && i%13 != 0 {
			continue // compiling an expression takes a second with -race
		}
		tree, err := query.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		for i, req := range []index.Request{
			{},
			{CountOnly: true},
			{Max: 1 + int64(r.IntN(3))},
			{Before: r.IntN(4), After: r.IntN(4)},
			{Before: r.IntN(3), After: 1 + r.IntN(3), Max: 1 + int64(r.IntN(4))},
			{Passthru: true, Max: int64(r.IntN(3))},
			{Options: match.Options{WholeLine: true}},
			{Options: match.Options{WholeWord: true}},
			{Options: match.Options{Raw: true}},
			{Window: window(r)},
			{Window: window(r), Before: r.IntN(3), Max: int64(r.IntN(4))},
		} {
			if i > 0 && r.IntN(5) < 3 {
				continue
			}
			req.Query, req.Sources = tree, sources(t, dir)
			if r.IntN(3) == 0 {
				req.Query = query.Not{X: tree}
			}
			var searched []found
			req.Searched = func(m reader.Member, n int64) error {
				searched = append(searched, found{m.Path, n})
				return nil
			}
			got, st := search(t, s, &req)
			want, counts := naive(t, files, &req)
			if !slices.Equal(searched, counts) {
				t.Fatalf("query %s %+v: told of %v, want %v", req.Query, req.Options, searched, counts)
			}
			count := int64(0)
			for _, f := range counts {
				count += f.count
			}
			if req.CountOnly {
				want = nil
			}
			compare(t, &req, got, want)
			if st.Hits != count {
				t.Fatalf("%s: %d hits counted, want %d", q, st.Hits, count)
			}
		}
	}
}

// testLongLines searches lines that are longer than a block, and lines that are
// too long for Hits.Text.
func testLongLines(t *testing.T, make Maker) {
	r := rand.New(rand.NewPCG(23, 24))
	dir := t.TempDir()
	var files []file
	if !testing.Short() {
		files = corpus(t, r, dir, true)
	}
	big := strings.Repeat("long line ", 430<<10) // 4.4 MB: too long for Hits.Text
	for i, text := range []string{
		"before\n" + big + "error rare\nafter\n",
		big + "rare",
		"rare\n" + strings.Repeat("x", reader.BlockSize) + "\nrare\n" + strings.Repeat("y", reader.BlockSize-1) + "\nrare\n",
		strings.Repeat("z", reader.BlockSize-3) + "rare" + strings.Repeat("z", 3*reader.BlockSize) + "\n",
	} {
		f := file{filepath.Join(dir, fmt.Sprintf("long%d", i)), text}
		data := []byte(text)
		if i%2 == 0 {
			data = readertest.Gzip(data)
		}
		if err := os.WriteFile(f.path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	s := make(t, dir)
	for i, q := range []string{`rare`, `-rare`, `error rare`, `/rare$/`, `/^before$/`, `/^long/`} {
		if testing.Short() && i > 1 {
			break
		}
		tree, err := query.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []index.Request{{}, {Before: 1, After: 2}, {Max: 1}} {
			req.Query, req.Sources = tree, sources(t, dir)
			got, _ := search(t, s, &req)
			want, _ := naive(t, files, &req)
			compare(t, &req, got, want)
		}
	}
}

func testPartial(t *testing.T, make Maker) {
	dir := t.TempDir()
	text := strings.Repeat("error in a line\n", 50000)
	whole := readertest.Gzip(text)
	for name, data := range map[string][]byte{"a": []byte("error 1\n"), "b.gz": whole[:len(whole)/2], "c": []byte("error 3\n"), "d": []byte("\x7fELF\x00error\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Several members with broken checksums between intact ones; the text
	// is complete.
	var torn []byte
	for i := range 5 {
		part := readertest.Gzip(fmt.Appendf(nil, "error %d\n", i))
		if i%2 == 0 {
			part[len(part)-6] ^= 1
		}
		torn = append(torn, part...)
	}
	if err := os.WriteFile(filepath.Join(dir, "f.gz"), torn, 0o644); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "e")
	if err := os.WriteFile(gone, []byte("error\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := make(t, dir)
	req := &index.Request{Query: query.Text{S: "error"}, Sources: sources(t, dir)}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	var told []string
	req.Failed = func(e *reader.FileError) { told = append(told, "failed "+filepath.Base(e.Path)) }
	req.Skipped = func(e *reader.FileError) { told = append(told, "skipped "+filepath.Base(e.Path)) }
	got, st := search(t, s, req)
	files := map[string]int{}
	for _, h := range got {
		files[filepath.Base(h.path)]++
	}
	if files["a"] != 1 || files["c"] != 1 || files["b.gz"] < 1000 || files["b.gz"] >= 50000 || files["d"] != 0 || files["f.gz"] != 5 {
		t.Errorf("lines found: %v", files)
	}
	if fmt.Sprint(told) != "[failed b.gz skipped d failed e failed f.gz failed f.gz failed f.gz]" {
		t.Errorf("told: %v", told)
	}
	if st.Read != 2 || st.Failed != 3 || st.Skipped != 1 {
		t.Errorf("%+v", st)
	}
}

func testEmitFails(t *testing.T, make Maker) {
	dir := t.TempDir()
	corpus(t, rand.New(rand.NewPCG(25, 26)), dir, false)
	s := make(t, dir)
	stop := errors.New("stop")
	before := runtime.NumGoroutine()
	n := 0
	_, err := s.Search(context.Background(), &index.Request{Query: query.Text{}, Sources: sources(t, dir)}, func(*index.Hits) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if err != stop || n != 2 {
		t.Errorf("got %v after %d calls", err, n)
	}
	ended(t, before)
}

func testCancel(t *testing.T, make Maker) {
	dir := t.TempDir()
	corpus(t, rand.New(rand.NewPCG(27, 28)), dir, false)
	s := make(t, dir)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	st, err := s.Search(ctx, &index.Request{Query: query.Text{}, Sources: sources(t, dir)}, func(*index.Hits) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("got %v after %d calls, %+v", err, n, st)
	}
	ended(t, before)

	// A search that is cancelled before it starts finds nothing.
	_, err = s.Search(ctx, &index.Request{Query: query.Text{}, Sources: sources(t, dir)}, func(*index.Hits) error {
		t.Error("emit was called")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// ended checks that a search left no goroutines running. before is the number
// of goroutines before the search; it includes those of other packages that
// stay.
func ended(t *testing.T, before int) {
	t.Helper()
	// A finished goroutine is still counted for a moment.
	for begun := time.Now(); runtime.NumGoroutine() > before && time.Since(begun) < 5*time.Second; {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		buf := make([]byte, 64<<10)
		t.Errorf("%d goroutines, %d before\n%s", after, before, buf[:runtime.Stack(buf, true)])
	}
}

func testBadQuery(t *testing.T, make Maker) {
	s := make(t, t.TempDir())
	_, err := s.Search(context.Background(), &index.Request{Query: query.Regexp{Expr: `((a{100}){100}){100}`}}, func(*index.Hits) error { return nil })
	if err == nil {
		t.Error("no error")
	}
}
