package files

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// readSource returns the texts of all members of src, in order, and the errors
// of reading them.
func readSource(t *testing.T, src *LogSource) (string, []error) {
	t.Helper()
	var text strings.Builder
	var errs []error
	for _, m := range src.Members() {
		b, err := src.Open(t.Context(), m, reader.Pos{})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var blk reader.Block
		for {
			if err := b.Next(&blk); err == io.EOF {
				break
			} else if err != nil {
				errs = append(errs, err)
				break
			}
			text.Write(blk.Text)
		}
		b.Close()
		if s := text.String(); s != "" && s[len(s)-1] != '\n' {
			text.WriteByte('\n')
		}
	}
	return text.String(), errs
}

func source(t *testing.T, dir string, opt Options) *LogSource {
	t.Helper()
	logs, errs := Find([]string{dir})
	if len(errs) > 0 || len(logs) != 1 {
		t.Fatal(logs, errs)
	}
	return NewSource(logs[0], opt)
}

func settledNames(t *testing.T, src *LogSource) []string {
	t.Helper()
	readertest.Must(t, src.Settle(t.Context()))
	var out []string
	for _, m := range src.Members() {
		if IsTwin(m) {
			t.Errorf("%s is not decided", m.Path)
		}
		out = append(out, filepath.Base(m.Path))
	}
	return out
}

// In a pair of X and X.gz, each line is read once, whatever the files contain,
// before and after the verdict is remembered. After that, Members returns only
// the files to read.
func TestPair(t *testing.T) {
	readertest.Set(t, &TooYoung, -time.Hour) // keep verdicts although the files are new
	size := 2 << 20
	if testing.Short() {
		size = 512 << 10
	}
	text := readertest.Noise(rand.New(rand.NewPCG(11, 1)), size) + "\n"
	long := strings.Repeat("x", reader.BlockSize+reader.BlockSize/2)
	wide := func(s string) string { return "\xff\xfe" + strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	cut := func(s string, n int) string { z := string(readertest.Gzip(s)); return z[:len(z)*n/100] }
	for _, c := range []struct {
		name          string
		plain, packed string
		want          string   // the expected text
		files         []string // the files that contain it
	}{
		{"the same", text, string(readertest.Gzip(text)), text, []string{"a.1"}},
		{"the same, short", "one\n", string(readertest.Gzip("one\n")), "one\n", []string{"a.1"}},
		{"the same, without an end", "one\ntwo", string(readertest.Gzip("one\ntwo")), "one\ntwo\n", []string{"a.1"}},
		{"the same, in two members", "one\ntwo\n", string(readertest.Gzip("one\n")) + string(readertest.Gzip("two\n")), "one\ntwo\n", []string{"a.1"}},
		{"a long line", long + "\n", string(readertest.Gzip(long + "\n")), long + "\n", []string{"a.1"}},
		{"being compressed", text, cut(text, 50), text, []string{"a.1"}},
		{"almost compressed", text, cut(text, 99), text, []string{"a.1"}},
		{"just begun", text, string(readertest.Gzip(text))[:12], text, []string{"a.1"}},
		{"only a byte", text, "\x1f", text, []string{"a.1"}},
		{"only a magic number", text, "\x1f\x8b", text, []string{"a.1"}},
		{"grown since", text + "new\n", string(readertest.Gzip(text)), text + "new\n", []string{"a.1"}},
		{"grown since within a line", text + "new\n", string(readertest.Gzip(text[:len(text)-3])), text + "new\n", []string{"a.1"}},
		{"a small part of it", text, string(readertest.Gzip(text[:1000])), text, []string{"a.1"}},
		{"being unpacked", text[:size/2], string(readertest.Gzip(text)), text, []string{"a.1.gz"}},
		{"unpacked within the first line", "on", string(readertest.Gzip("one\ntwo\n")), "one\ntwo\n", []string{"a.1.gz"}},
		{"unpacked within a line of UTF-16", wide("one\ntwo\n")[:13], string(readertest.Gzip(wide("one\ntwo\n"))), "one\ntwo\n", []string{"a.1.gz"}},
		{"unpacked to the end of a line", "one\n", string(readertest.Gzip("one\ntwo\n")), "one\ntwo\n", []string{"a.1.gz"}},
		{"unpacked within a long line", long[:len(long)-5], string(readertest.Gzip(long + "\n")), "", []string{"a.1.gz"}},
		{"unpacked and nothing there yet", "", string(readertest.Gzip("one\n")), "one\n", []string{"a.1.gz"}},
		{"the same banner", text + "new\n", string(readertest.Gzip(text + "old\n")), "", []string{"a.1.gz", "a.1"}},
		{"another text", "new\n" + text, string(readertest.Gzip(text)), text + "new\n" + text, []string{"a.1.gz", "a.1"}},
		{"another text of one size", "new\n", string(readertest.Gzip("old\n")), "old\nnew\n", []string{"a.1.gz", "a.1"}},
	} {
		for _, cached := range []bool{false, true} {
			opt := Options{}
			if cached {
				opt = Options{Cache: blockstore.NewCache(t.TempDir(), 1<<30), Workers: reader.NewWorkers(2), MustStore: true}
			}
			dir := t.TempDir()
			readertest.WriteFile(t, filepath.Join(dir, "a.1"), c.plain)
			readertest.WriteFile(t, filepath.Join(dir, "a.1.gz"), c.packed)
			long := time.Now().Add(-time.Hour)
			readertest.Must(t, os.Chtimes(filepath.Join(dir, "a.1"), long, long))
			lines := func(s string) map[string]int {
				out := map[string]int{}
				for l := range strings.Lines(s) {
					out[l]++
				}
				return out
			}
			for _, again := range []string{"", ", again", ", in another process"} {
				if again == ", in another process" {
					verdicts.Lock()
					clear(verdicts.known)
					verdicts.Unlock()
				}
				src := source(t, dir, opt)
				got, errs := readSource(t, src)
				if len(errs) > 0 {
					t.Errorf("%s%s: %v", c.name, again, errs)
				}
				switch {
				case c.want != "":
					if got != c.want {
						t.Errorf("%s%s: %d bytes, want %d", c.name, again, len(got), len(c.want))
					}
				case c.files[0] == "a.1.gz" && len(c.files) == 1:
					// A long line in which the plain file ends may appear in
					// part before.
					want := lines(string(ungz(t, c.packed)))
					have := lines(got)
					for l, n := range want {
						if have[l] != n {
							t.Errorf("%s%s: a line comes %d times, not %d", c.name, again, have[l], n)
							break
						}
					}
				default:
					if want := string(ungz(t, c.packed)) + c.plain; len(got) != len(want) || fmt.Sprint(lines(got)) != fmt.Sprint(lines(want)) {
						t.Errorf("%s%s: %d bytes, want %d", c.name, again, len(got), len(want))
					}
				}
				src = source(t, dir, opt)
				readertest.ExpectStrings(t, settledNames(t, src), c.files...)
				if got, errs := readSource(t, src); len(errs) > 0 || c.want != "" && got != c.want {
					t.Errorf("%s%s, decided: %d bytes, want %d, %v", c.name, again, len(got), len(c.want), errs)
				}
			}
		}
	}
}

func ungz(t *testing.T, s string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.gz")
	readertest.WriteFile(t, path, s)
	text, _, err := readPath(t, path)
	readertest.Must(t, err)
	return []byte(text)
}

// A pair that changed after its verdict is compared again.
func TestPairChanges(t *testing.T) {
	dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	plain, packed := filepath.Join(dir, "a.1"), filepath.Join(dir, "a.1.gz")
	text := strings.Repeat("some line of a log\n", 5000)
	for i, c := range []struct {
		plain, packed string
		files         []string
	}{
		{text + "one\n", text + "one\n", []string{"a.1"}},
		{text + "two\n", text + "one\n", []string{"a.1.gz", "a.1"}},
		{text + "two\n", text + "two\n", []string{"a.1"}},
		{text, text + "two\n", []string{"a.1.gz"}},
	} {
		readertest.WriteFile(t, plain, c.plain)
		readertest.WriteFile(t, packed, readertest.Gzip(c.packed))
		when := time.Unix(1_700_000_000, 0) // the same times in every case
		readertest.Must(t, errors.Join(os.Chtimes(plain, when, when), os.Chtimes(packed, when, when)))
		for range 2 {
			src := source(t, dir, Options{Cache: cache})
			if got := settledNames(t, src); fmt.Sprint(got) != fmt.Sprint(c.files) {
				t.Errorf("step %d: %q, want %q", i, got, c.files)
			}
		}
	}
}

// Each line is read once although a file vanishes between listing and reading.
func TestPairVanishes(t *testing.T) {
	text := strings.Repeat("some line of a log\n", 50000)
	for _, c := range []struct {
		name   string
		happen string
		after  int // number of members that are opened before that
		other  bool
	}{
		{"the plain one", "rm a.1", 0, false},
		{"the plain one, when it was read", "rm a.1", 1, false},
		{"the packed one", "rm a.1.gz", 0, false},
		{"the packed one, when the other was read", "rm a.1.gz", 1, false},
		{"both names", "mv a.1.gz a.2.gz; mv a.1 a.2", 0, false},
		{"both names, when one was read", "mv a.1.gz a.2.gz; mv a.1 a.2", 1, false},
		{"both names, of two texts", "mv a.1.gz a.2.gz; mv a.1 a.2", 0, true},
		{"both names, of two texts, when one was read", "mv a.1.gz a.2.gz; mv a.1 a.2", 1, true},
		{"the plain one of two texts, when it was read", "rm a.1", 1, true},
	} {
		dir := t.TempDir()
		plain, packed := text, text
		want := text
		if c.other {
			plain, packed = text+"new\n", text+"old\n"
			want = plain + packed
		}
		readertest.WriteFile(t, filepath.Join(dir, "a.1"), plain)
		readertest.WriteFile(t, filepath.Join(dir, "a.1.gz"), readertest.Gzip(packed))
		src := source(t, dir, Options{})
		var got strings.Builder
		for i, m := range src.Members() {
			if i == c.after {
				for step := range strings.SplitSeq(c.happen, "; ") {
					f := strings.Fields(step)
					if f[0] == "rm" {
						readertest.Must(t, os.Remove(filepath.Join(dir, f[1])))
					} else {
						readertest.Must(t, os.Rename(filepath.Join(dir, f[1]), filepath.Join(dir, f[2])))
					}
				}
			}
			b, err := src.Open(t.Context(), m, reader.Pos{})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			var blk reader.Block
			for {
				if err := b.Next(&blk); err == io.EOF {
					break
				} else if err != nil {
					t.Errorf("%s: %v", c.name, err)
					break
				}
				got.Write(blk.Text)
			}
			b.Close()
		}
		if got.String() != want {
			t.Errorf("%s: %d bytes, want %d", c.name, got.Len(), len(want))
		}
	}
}

// numberedLines returns n different lines.
func numberedLines(n int) string {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "2026-01-01 00:00:00 line %d %x\n", i, i*i*7919)
	}
	return lines.String()
}

// The text that a damaged packed file shares with the plain one is read once,
// and the damage is reported. Lines that only the damaged file has are read,
// too.
func TestPairDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	text := numberedLines(40000)
	short := text[:strings.Index(text, "line 50 ")-20]
	flip := func(z []byte, at ...int) string {
		for _, i := range at {
			z[(i+len(z))%len(z)] ^= 0x5a
		}
		return string(z)
	}
	several := func(s string) (z []byte) {
		for len(s) > 0 {
			n := min(len(s), 100_000)
			n = strings.LastIndexByte(s[:n], '\n') + 1
			z = append(z, readertest.Gzip(s[:n])...)
			s = s[n:]
		}
		return z
	}
	stored := func(s string) []byte { return readertest.GzipLevel(s, gzip.NoCompression) }
	n := len(readertest.Gzip(text))
	for _, c := range []struct {
		name          string
		plain, packed string
	}{
		{"the checksum", text, flip(readertest.Gzip(text), -8)},
		{"the checksum, of a short one", short, flip(readertest.Gzip(short), -8)},
		{"in the middle", text, flip(readertest.Gzip(text), n/2)},
		{"at the beginning", text, flip(readertest.Gzip(text), 100)},
		{"in the middle of a short one", short, flip(readertest.Gzip(short), len(readertest.Gzip(short))/2)},
		{"several places", text, flip(readertest.Gzip(text), n/4, n/2, n/2+1, -20)},
		{"a byte of the text", text, flip(stored(text), len(text)/2)},
		{"a byte of a short text", short, flip(stored(short), len(short)/2)},
		{"one of several members", text, flip(several(text), n/2)},
		{"and plain has grown", text + "new\n", flip(readertest.Gzip(text), n/2)},
		{"garbage behind it", text, string(readertest.Gzip(text)) + "garbage that is no gzip"},
		{"another text of the same beginning", short + "new\n", flip(readertest.Gzip(short+text[len(short)+30:]), -8)},
		{"cut off long ago", text, string(readertest.Gzip(text)[:n/2])},
		{"cut off in the header", text, string(readertest.Gzip(text)[:5])},
		{"cut off in the magic number", text, "\x1f"},
		{"of another text", text, flip(readertest.Gzip("old\n"+strings.ReplaceAll(text, "line", "old")), -8)},
	} {
		dir := t.TempDir()
		readertest.WriteFile(t, filepath.Join(dir, "a.1"), c.plain)
		readertest.WriteFile(t, filepath.Join(dir, "a.1.gz"), c.packed)
		long := time.Now().Add(-time.Hour) // the file is not being written
		readertest.Must(t, os.Chtimes(filepath.Join(dir, "a.1.gz"), long, long))
		alone := filepath.Join(t.TempDir(), "a.1.gz")
		readertest.WriteFile(t, alone, c.packed)
		want := map[string]int{}
		for l := range strings.Lines(c.plain) {
			want[l]++
		}
		packed, _, err := readPath(t, alone)
		if err == nil {
			t.Fatalf("%s: it is not damaged", c.name)
		}
		if strings.Contains(c.name, "another text") {
			for l := range strings.Lines(packed) {
				want[l] = 1
			}
		}
		for _, settle := range []bool{false, true} {
			src := source(t, dir, Options{})
			if settle {
				readertest.Must(t, src.Settle(t.Context()))
			}
			got, errs := readSource(t, src)
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), "a.1.gz at ") {
				t.Errorf("%s: %v", c.name, errs)
			}
			have := map[string]int{}
			for l := range strings.Lines(got) {
				have[l]++
			}
			for l, n := range want {
				if have[l] != n {
					t.Errorf("%s: %q comes %d times, not %d", c.name, l, have[l], n)
					break
				}
			}
			if n := len(have) - len(want); n > 0 {
				t.Errorf("%s: %d lines more", c.name, n)
			}
		}
	}
}

// In a pair of two packed files with the same text, each line is read once,
// too.
func TestPackedPair(t *testing.T) {
	readertest.Set(t, &TooYoung, -time.Hour) // keep verdicts although the files are new
	text := numberedLines(60000)
	half := text[:strings.LastIndexByte(text[:1<<20], '\n')+1]
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"gz and zst", map[string]string{"a.1.gz": string(readertest.Gzip(text)), "a.1.zst": string(zst(text))}, text},
		{"and plain", map[string]string{"a.1": text, "a.1.gz": string(readertest.Gzip(text)), "a.1.zst": string(zst(text))}, text},
		{"one being written", map[string]string{"a.1.gz": string(readertest.Gzip(text)), "a.1.zst": string(zst(text)[:300_000])}, text},
		{"the first being written", map[string]string{"a.1.gz": string(readertest.Gzip(text)[:300_000]), "a.1.zst": string(zst(text))}, text},
		{"one of a part", map[string]string{"a.1.gz": string(readertest.Gzip(half)), "a.1.zst": string(zst(text))}, text},
		{"two texts", map[string]string{"a.1.gz": string(readertest.Gzip("new\n")), "a.1.zst": string(zst("old\n"))}, "old\nnew\n"},
		{"of the current log", map[string]string{"a.gz": string(readertest.Gzip(text)), "a.zst": string(zst(text))}, text},
	} {
		dir := t.TempDir()
		for name, data := range c.files {
			readertest.WriteFile(t, filepath.Join(dir, name), data)
		}
		for range 2 {
			src := source(t, dir, Options{Cache: blockstore.NewCache(t.TempDir(), 1<<30)})
			got, errs := readSource(t, src)
			if got != c.want || len(errs) > 0 {
				t.Errorf("%s: %d bytes, want %d, %v", c.name, len(got), len(c.want), errs)
			}
			readertest.Must(t, src.Settle(t.Context()))
		}
	}
}

// Listing a pair reads only its beginnings.
func TestPairIsListedAtOnce(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("some line of a log\n", 50000)
	readertest.WriteFile(t, filepath.Join(dir, "a.1"), text+"new\n")
	readertest.WriteFile(t, filepath.Join(dir, "a.1.gz"), readertest.Gzip(text+"old\n"))
	src := source(t, dir, Options{})
	members := src.Members()
	if len(members) != 2 || IsTwin(members[0]) || !IsTwin(members[1]) {
		t.Errorf("it is decided: %v", members)
	}
}

// A plain file that grows between listing and reading, or while it is read, is
// read up to its size when reading it started. The rest is read from the packed
// file if that has more.
func TestPairGrowsWhileRead(t *testing.T) {
	text := strings.Repeat("some line of a log\n", 50000)
	for _, c := range []struct {
		name            string
		listed, at, end int // lengths of the plain file at these times
		packed          int // length of the text of the packed file
	}{
		{"being unpacked", 190, 1900, 5700, len(text)},
		{"being unpacked, within a line", 195, 1905, 5700, len(text)},
		{"unpacked at last", 190, 1900, len(text), len(text)},
		{"just begun", 0, 1900, 5700, len(text)},
		{"just begun, and not yet", 0, 0, 0, len(text)},
		{"written to, compressed before", 1900, 3800, 5700, 950},
		{"written to, compressed after it was listed", 1900, 3800, 5700, 3800},
		{"written to, compressed after it was read", 1900, 3800, 5700, 5700},
		{"written to, compressed within a line", 1900, 3805, 5700, 5705},
	} {
		for _, listed := range []bool{true, false} { // it grows before or after it is listed
			dir := t.TempDir()
			plain := filepath.Join(dir, "a.1")
			grow := func(n int) { readertest.Must(t, os.WriteFile(plain, []byte(text[:n]), 0o644)) }
			grow(c.listed)
			readertest.WriteFile(t, plain+".gz", readertest.Gzip(text[:c.packed]))
			if !listed {
				grow(c.at)
			}
			src := source(t, dir, Options{})
			grow(c.at)
			var got strings.Builder
			for i, m := range src.Members() {
				b, err := src.Open(t.Context(), m, reader.Pos{})
				readertest.Must(t, err)
				if i == 0 && len(src.Members()) > 1 {
					grow(c.end)
				}
				var blk reader.Block
				for {
					if err = b.Next(&blk); err != nil {
						break
					}
					got.Write(blk.Text)
				}
				if err != io.EOF {
					t.Errorf("%s: %v", c.name, err)
				}
				b.Close()
			}
			want := max(c.at, c.packed)
			if got.Len() != want {
				t.Errorf("%s, %t: %d bytes, want %d", c.name, listed, got.Len(), want)
			}
		}
	}
}

// A log that is constantly written to is not compared with an old copy again
// each time it is listed.
func TestPairGrows(t *testing.T) {
	readertest.Set(t, &TooYoung, -time.Hour) // keep verdicts although the files are new
	dir, cache := t.TempDir(), blockstore.NewCache(t.TempDir(), 1<<30)
	text := strings.Repeat("some line of a log\n", 50000)
	path := filepath.Join(dir, "a.log")
	readertest.WriteFile(t, path, text)
	readertest.WriteFile(t, path+".gz", readertest.Gzip(text))
	readertest.ExpectStrings(t, settledNames(t, source(t, dir, Options{Cache: cache})), "a.log")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	readertest.Must(t, err)
	defer f.Close()
	for _, known := range []bool{true, false} {
		if !known {
			verdicts.Lock()
			clear(verdicts.known)
			verdicts.Unlock()
		}
		_, err := f.WriteString("new\n")
		readertest.Must(t, err)
		src := source(t, dir, Options{Cache: cache})
		if twin := len(src.Members()) == 2; twin == known {
			t.Errorf("it is listed as %v", src.Members())
		}
		l := Settled(cache, Log{Members: src.Members()})
		if len(l.Members) != 1 || l.Members[0].Path != path {
			t.Errorf("it is not remembered: %v", l.Members)
		}
	}
	// Unless its text is different now.
	readertest.Must(t, os.WriteFile(path, []byte("other\n"+text), 0o644))
	readertest.ExpectStrings(t, settledNames(t, source(t, dir, Options{Cache: cache})), "a.log.gz", "a.log")
}

// A new empty log next to its compressed predecessor remains a member, because
// it will grow.
func TestPairNewLog(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "a.log"), "")
	readertest.WriteFile(t, filepath.Join(dir, "a.log.gz"), readertest.Gzip("one\n"))
	readertest.ExpectStrings(t, settledNames(t, source(t, dir, Options{})), "a.log.gz", "a.log")
}
