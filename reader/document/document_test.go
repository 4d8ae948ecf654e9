package document_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/document"
	"logview/reader/files"
	"logview/reader/readertest"
)

// openDocument opens the only log in dir.
func openDocument(t *testing.T, dir string, cache *blockstore.Cache) *document.Document {
	t.Helper()
	logs, errs := files.Find([]string{dir})
	if len(logs) != 1 || len(errs) > 0 {
		t.Fatal(logs, errs)
	}
	d := document.NewDocument(files.NewSource(logs[0], files.Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true}), document.DocumentOptions{})
	t.Cleanup(func() { d.Close() })
	return d
}

// update updates a Document with the current contents of dir.
func update(t *testing.T, d *document.Document, dir string) {
	t.Helper()
	d.Extend(t.Context()) // notice truncation before the files are listed
	logs, errs := files.Find([]string{dir})
	if len(logs) != 1 || len(errs) > 0 {
		t.Fatal(logs, errs)
	}
	d.Update(logs[0])
}

// forwards returns all pieces from a place on, read forwards. backwards returns
// all pieces up to a place, read backwards.
func forwards(t *testing.T, d *document.Document, p document.Place) []document.Piece {
	t.Helper()
	var out []document.Piece
	for {
		w, err := d.Forward(t.Context(), p)
		if err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		w.Pieces(func(x document.Piece) bool { out = append(out, x); return true })
		p = document.Place{Member: w.Member, Offset: w.End()}
	}
}

func backwards(t *testing.T, d *document.Document, p document.Place) []document.Piece {
	t.Helper()
	var out []document.Piece
	for {
		w, err := d.Backward(t.Context(), p)
		if err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		var some []document.Piece
		w.Pieces(func(x document.Piece) bool { some = append(some, x); return true })
		out = append(some, out...)
		p = document.Place{Member: w.Member, Offset: w.Offset}
	}
}

func show(p document.Piece) string {
	return fmt.Sprintf("%d@%d-%d %v%v%v %.20q…%d", p.Member, p.Offset, p.End, p.Continues, p.Unfinished, p.Open, p.Text, len(p.Text))
}

// text joins the texts of pieces.
func text(list []document.Piece) string {
	var b strings.Builder
	for _, p := range list {
		b.Write(p.Text)
		if !p.Unfinished && !p.Open {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Read forwards, backwards and from any place, a Document has the same pieces,
// whatever its members are and however long their lines are.
func TestDocumentPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(size int, alphabet string) string {
		if testing.Short() {
			size /= 4
		}
		var b strings.Builder
		for b.Len() < size {
			n := r.IntN(200)
			switch r.IntN(300) {
			case 0:
				n = r.IntN(700_000)
			case 1:
				n = 65536*(1+r.IntN(3)) - 2 + r.IntN(4)
			case 2:
				n = 0
			}
			runes := []rune(alphabet)
			for k := 0; k < n; k++ {
				b.WriteRune(runes[r.IntN(len(runes))])
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
	zip := func(s string) string { return string(readertest.GzipLevel(s, gzip.BestSpeed)) }
	wide := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	one, two, three, four := random(900_000, "abc de"), random(3_000_000, "abcdefghijklm 0123456789"), random(300_000, "aä€😀 "), random(2_000_000, "xyä😀")
	write := func(dir string, files map[string]string) {
		for name, s := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		cache bool
	}{
		"plain":              {map[string]string{"a.log": one}, one, true},
		"unterminated":       {map[string]string{"a.log": one + "the end"}, one + "the end", true},
		"one long line":      {map[string]string{"a.log": strings.Repeat("0123456789", 200_000)}, strings.Repeat("0123456789", 200_000), true},
		"one of wide runes":  {map[string]string{"a.log": strings.Repeat("€", 200_000)}, strings.Repeat("€", 200_000), true},
		"empty":              {map[string]string{"a.log": ""}, "", true},
		"rotated":            {map[string]string{"a.log": four, "a.log.1": "", "a.log.2.gz": zip(two), "a.log.3.gz": zip(one)}, one + two + four, true},
		"without a cache":    {map[string]string{"a.log": four, "a.log.1.gz": zip(two)}, two + four, false},
		"UTF-16":             {map[string]string{"a.log": wide(three)}, three, true},
		"latin-1":            {map[string]string{"a.log": "caf\xe9\n" + strings.Repeat("na\xefve line\n", 50_000)}, "café\n" + strings.Repeat("naïve line\n", 50_000), true},
		"random bytes":       {map[string]string{"a.log": "a\n" + strings.Repeat("\x00\x01\xff\xfe", 100_000)}, "", true},
		"byte order mark":    {map[string]string{"a.log": "\xef\xbb\xbf" + one}, one, true},
		"lines of one piece": {map[string]string{"a.log": strings.Repeat(strings.Repeat("x", 65535)+"\n", 20)}, strings.Repeat(strings.Repeat("x", 65535)+"\n", 20), true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(dir, c.files)
			var cache *blockstore.Cache
			if c.cache {
				cache = blockstore.NewCache(t.TempDir(), 1<<30)
			}
			d := openDocument(t, dir, cache)
			there := forwards(t, d, d.Start())
			if c.want != "" || len(there) == 0 {
				if got := text(there); got != c.want {
					t.Fatalf("another text: %d bytes, want %d", len(got), len(c.want))
				}
			}
			end, err := d.End(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			back := backwards(t, d, end)
			for i := range max(len(there), len(back)) {
				if i >= len(there) || i >= len(back) || show(there[i]) != show(back[i]) {
					t.Fatalf("piece %d of %d, %d: %s; backwards %s", i, len(there), len(back), show(there[min(i, len(there)-1)]), show(back[min(i, len(back)-1)]))
				}
				if len(there[i].Text) > 2*65536 {
					t.Fatalf("piece of %d bytes", len(there[i].Text))
				}
			}
			for range 200 {
				if len(there) == 0 {
					break
				}
				p := there[r.IntN(len(there))]
				in := document.Place{Member: p.Member, Offset: p.Offset + reader.Offset(r.Int64N(int64(p.End-p.Offset)))}
				if at, err := d.At(t.Context(), in); err != nil || at != p.Place {
					t.Fatalf("at %v: %v, %v, want %s", in, at, err, show(p))
				}
			}
			// Line numbers, and places found by them.
			line, member := reader.Line(0), document.MemberKey(0)
			for i, p := range there {
				if p.Member != member {
					line, member = 0, p.Member
				}
				if i%97 == 0 || i == len(there)-1 {
					if got, ok := d.Number(t.Context(), p.Place, true); !ok || got != line {
						t.Fatalf("%s is line %d, %v, want %d", show(p), got, ok, line)
					}
					if !p.Continues {
						if at, err := d.Line(t.Context(), member, line); err != nil || at != p.Place {
							t.Fatalf("line %d is at %v, %v, want %s", line, at, err, show(p))
						}
					}
				}
				if !p.Unfinished {
					line++
				}
			}
		})
	}
}

// A place stays valid while the log grows and is rotated in various ways.
func TestDocumentRotates(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log < a first line that is long enough to know a text by it, surely\ntwo\n`)
	d := openDocument(t, dir, blockstore.NewCache(t.TempDir(), 1<<30))
	all := forwards(t, d, d.Start())
	place := all[1].Place
	check := func(want string) {
		t.Helper()
		if got := text(forwards(t, d, place)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("two\n")
	readertest.Act(t, dir, `app.log < three\nfo`)
	check("two\nthree\nfo")
	readertest.Act(t, dir, `mv app.log app.log.1`)
	readertest.Act(t, dir, `app.log.1 < ur\n`)
	readertest.Act(t, dir, `app.log < five\n`)
	update(t, d, dir)
	check("two\nthree\nfour\nfive\n")
	readertest.Act(t, dir, `gz app.log.1`)
	readertest.Act(t, dir, `mv app.log.1.gz app.log.2.gz`)
	readertest.Act(t, dir, `mv app.log app.log.1`)
	readertest.Act(t, dir, `app.log < six, of which the beginning is as long as that of others\n`)
	update(t, d, dir)
	check("two\nthree\nfour\nfive\nsix, of which the beginning is as long as that of others\n")
	readertest.Act(t, dir, `cp app.log app.log.0`)
	readertest.Act(t, dir, `cut app.log`)
	readertest.Act(t, dir, `app.log < seven\n`)
	update(t, d, dir)
	check("two\nthree\nfour\nfive\nsix, of which the beginning is as long as that of others\nseven\n")
	readertest.Act(t, dir, `rm app.log.2.gz`)
	update(t, d, dir)
	if _, err := d.Forward(t.Context(), place); err != io.EOF && !errors.Is(err, reader.ErrGone) {
		t.Logf("a place that is gone: %v", err)
	}
}

// A log that was truncated, and has grown beyond what was read of it before it
// is checked, is not continued in the middle of a line.
func TestDocumentCutUnseen(t *testing.T) {
	for _, copied := range []bool{true, false} {
		t.Run(fmt.Sprint(copied), func(t *testing.T) {
			dir := t.TempDir()
			readertest.Act(t, dir, `app.log < 12:00:01 a first line that is long enough to know a text by it, surely\n12:00:02 two\n`)
			d := openDocument(t, dir, nil)
			all := forwards(t, d, d.Start())
			end := document.Place{Member: all[1].Member, Offset: all[1].End}
			readertest.Act(t, dir, `app.log < 12:00:03 three\n`)
			if !d.Extend(t.Context()) {
				t.Fatal("it has grown, and that is all")
			}
			want := ""
			if copied {
				readertest.Act(t, dir, `cp app.log app.log.1`)
				want = "12:00:03 three\n"
			}
			readertest.Act(t, dir, `cut app.log`)
			anew := ""
			for i := range 20 {
				anew += fmt.Sprintf("12:01:%02d line of the new one\n", i)
			}
			readertest.Act(t, dir, "app.log < "+strings.ReplaceAll(anew, "\n", `\n`))
			if d.Extend(t.Context()) {
				t.Error("it was cut off, and nobody noticed")
			}
			update(t, d, dir)
			if !d.Extend(t.Context()) {
				t.Error("it is looked at already")
			}
			if got := text(forwards(t, d, end)); got != want+anew {
				t.Errorf("got %q, want %q", got, want+anew)
			}
		})
	}
}

// A text is shown even if the cache cannot be written.
func TestDocumentWithoutCache(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `file < x`)
	want := ""
	for i := range 20_000 { // more than is decoded at a time
		want += fmt.Sprintf("line %d of a text\n", i)
	}
	logs := filepath.Join(dir, "logs")
	readertest.WriteFile(t, filepath.Join(logs, "app.log.1.gz"), readertest.GzipLevel(want, gzip.NoCompression))
	d := openDocument(t, logs, blockstore.NewCache(filepath.Join(dir, "file", "cache"), 1<<30))
	if got := text(forwards(t, d, d.Start())); got != want {
		t.Errorf("got %d bytes, want %d; %v", len(got), len(want), d.Members()[0].Damage)
	}
}

// A rotated file that was deleted or overwritten is not confused with the file
// that now has its inode or its name.
func TestDocumentNotTheSame(t *testing.T) {
	for name, steps := range map[string][]string{
		"its inode": {"rm app.log.2.gz", "mv app.log.1.gz app.log.2.gz", "mv app.log app.log.1", "gz app.log.1"},
		"its name":  {"cp app.log app.log.1", "cut app.log"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if name == "its inode" { // the oldest file is removed before the newest is compressed
				readertest.Act(t, dir, `app.log.2 < the oldest\n`)
				readertest.Act(t, dir, `app.log.1 < not so old, and of another size\n`)
				readertest.Act(t, dir, "gz app.log.2")
				readertest.Act(t, dir, "gz app.log.1")
				for _, file := range []string{"app.log.1.gz", "app.log.2.gz"} {
					when := time.Now().Add(-time.Hour)
					if err := os.Chtimes(filepath.Join(dir, file), when, when); err != nil {
						t.Fatal(err)
					}
				}
			} else {
				readertest.Act(t, dir, `app.log.1 < old\n`)
			}
			readertest.Act(t, dir, `app.log < 08:00:01 one, which is read\n`)
			d := openDocument(t, dir, nil)
			end, err := d.End(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			readertest.Act(t, dir, `app.log < 08:00:02 two, which is not\n`)
			for _, step := range steps {
				readertest.Act(t, dir, step)
			}
			readertest.Act(t, dir, `app.log < 08:00:03 three\n`)
			update(t, d, dir)
			if got, want := text(forwards(t, d, end)), "08:00:02 two, which is not\n08:00:03 three\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// The same holds if little of the file was read: only its end, and then text
// after the new end.
func TestDocumentCutHardlyRead(t *testing.T) {
	lines := func(what string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s line %06d\n", what, i)
		}
		return b.String()
	}
	for name, read := range map[string]func(d *document.Document, end document.Place){
		"its end": func(d *document.Document, end document.Place) { d.Forward(t.Context(), end) },
		"its middle, too late": func(d *document.Document, end document.Place) {
			end.Offset /= 2
			d.Forward(t.Context(), end)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			write := func(text string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write(lines("old", 40_000))
			d := openDocument(t, filepath.Dir(path), nil)
			if _, err := d.Forward(t.Context(), d.Start()); err != nil {
				t.Fatal(err)
			}
			end, err := d.End(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if name == "its end" {
				read(d, end)
				write(lines("new", 50_000))
			} else {
				write(lines("new", 3))
				read(d, end)
			}
			if d.Extend(t.Context()) {
				t.Error("it was cut off, and nobody noticed")
			}
			update(t, d, filepath.Dir(path))
			if w, err := d.Forward(t.Context(), end); err != nil || !strings.HasPrefix(string(w.Text), "new line 000000\n") {
				t.Errorf("it goes on with %.20q, %v", w.Text, err)
			}
		})
	}
}

// A list of files that was made before the truncation does not tell what became
// of the file. The copy, which only the next list contains, identifies it.
func TestDocumentOldList(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log < 12:00:01 a first line that is long enough to know a text by it, surely\n12:00:02 two\n`)
	d := openDocument(t, dir, nil)
	place := forwards(t, d, d.Start())[1].Place
	old, _ := files.Find([]string{dir})
	readertest.Act(t, dir, `cp app.log app.log.1`)
	readertest.Act(t, dir, `cut app.log`)
	readertest.Act(t, dir, `app.log < 12:00:03 three\n`)
	d.Update(old[0])
	update(t, d, dir)
	if got, want := text(forwards(t, d, place)), "12:00:02 two\n12:00:03 three\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestDocumentStories reads a log further while it is written, renamed, copied
// and truncated, compressed, and checked too early and too late, in random
// order. Each line must appear once.
func TestDocumentStories(t *testing.T) {
	stories := 400
	if testing.Short() {
		stories = 60
	}
	for seed := range stories {
		documentStory(t, uint64(seed))
		if t.Failed() {
			return
		}
	}
}

func documentStory(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 5))
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	var want, got strings.Builder
	var told []string
	n := 0
	write := func() {
		for range 1 + r.IntN(8) {
			n++
			line := fmt.Sprintf("2026-11-21T08:00:%06d %s", n, strings.Repeat("x", r.IntN(30)))
			readertest.Act(t, dir, "app.log < "+line+`\n`)
			want.WriteString(line + "\n")
		}
	}
	write()
	d := openDocument(t, dir, nil)
	defer d.Close()
	at := d.Start()
	read := func() {
		for {
			w, err := d.Forward(t.Context(), at)
			if err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("seed %d, %q: %v", seed, told, err)
			}
			got.Write(w.Text)
			at = document.Place{Member: w.Member, Offset: w.End()}
		}
	}
	look := func() {
		logs, _ := files.Find([]string{dir})
		d.Update(logs[0])
	}
	grow := func() { // as the explorer does
		for i := 0; !d.Extend(t.Context()); i++ {
			if i == 3 {
				t.Fatalf("seed %d, %q: it is looked at for ever", seed, told)
			}
			look()
		}
		read()
	}
	shift := func() {
		for i := 5; i > 0; i-- {
			for _, end := range []string{"", ".gz"} {
				from, to := fmt.Sprintf("app.log.%d%s", i, end), fmt.Sprintf("app.log.%d%s", i+1, end)
				if _, err := os.Stat(filepath.Join(dir, from)); err == nil {
					readertest.Act(t, dir, "mv "+from+" "+to)
				}
			}
		}
	}
	sometimes := func(what string, do func()) {
		if r.IntN(2) == 0 {
			told = append(told, what)
			do()
		}
	}
	grow()
	for range 12 {
		switch r.IntN(6) {
		case 0:
			told = append(told, "written")
			write()
		case 1:
			told = append(told, "renamed")
			shift()
			readertest.Act(t, dir, "mv app.log app.log.1")
			sometimes("look", look)
			write()
			look()
			sometimes("grow", grow)
		case 2, 3: // text that was not read may be lost
			grow()
			if r.IntN(2) == 0 {
				told = append(told, "copied")
				shift()
				readertest.Act(t, dir, "cp app.log app.log.1")
				sometimes("look", look)
				sometimes("grow", grow)
			}
			told = append(told, "cut")
			old, _ := files.Find([]string{dir})
			readertest.Act(t, dir, "cut app.log")
			sometimes("look", look)
			write()
			sometimes("looked before", func() { d.Update(old[0]) })
			sometimes("grow", grow)
		case 4:
			if _, err := os.Stat(filepath.Join(dir, "app.log.1")); err == nil {
				told = append(told, "compressed")
				readertest.Act(t, dir, "gz app.log.1")
				sometimes("look", look)
			}
		case 5:
			told = append(told, "grow")
			grow()
		}
	}
	grow()
	look()
	grow()
	if got.String() == want.String() {
		return
	}
	g, w := strings.SplitAfter(got.String(), "\n"), strings.SplitAfter(want.String(), "\n")
	i := 0
	for i < min(len(g), len(w))-1 && g[i] == w[i] {
		i++
	}
	t.Errorf("seed %d, %q: line %d is %q, want %q", seed, told, i+1, g[i], w[i])
}

// The readable part of damaged members is shown, and the damage is reported.
func TestDocumentDamage(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log.1 < `+strings.Repeat(`a line of the older file\n`, 1000))
	readertest.Act(t, dir, `gz app.log.1`)
	readertest.Act(t, dir, `app.log < now\n`)
	path := filepath.Join(dir, "app.log.1.gz")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-9); err != nil {
		t.Fatal(err)
	}
	d := openDocument(t, dir, blockstore.NewCache(t.TempDir(), 1<<30))
	got := text(forwards(t, d, d.Start()))
	if !strings.HasPrefix(got, "a line of the older file\n") || !strings.HasSuffix(got, "now\n") {
		t.Errorf("%d bytes: %.40q … %q", len(got), got, got[max(0, len(got)-40):])
	}
	if m := d.Members(); m[0].Damage == nil || m[1].Damage != nil {
		t.Errorf("said: %v, %v", m[0].Damage, m[1].Damage)
	}
}

// Waiting for a large file to be decoded can be canceled.
func TestDocumentCancel(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log.1 < @9000000\n`)
	readertest.Act(t, dir, `gz app.log.1`)
	ctx, cancel := context.WithCancel(t.Context())
	logs, _ := files.Find([]string{dir})
	var told []document.Preparing
	d := document.NewDocument(files.NewSource(logs[0], files.Options{}), document.DocumentOptions{Progress: func(p document.Preparing) {
		told = append(told, p)
		cancel()
	}})
	defer d.Close()
	if _, err := d.End(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(told) == 0 || len(told) > 2 {
		t.Errorf("told %d times", len(told))
	}
	if end, err := d.End(t.Context()); err != nil || end.Offset != 9000001 {
		t.Error(end, err)
	}
}
