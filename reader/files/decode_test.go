package files

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/unicode"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

func zst(text string) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll([]byte(text), nil)
}

func xzip(text string) []byte {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func lz4ed(text string, opts ...lz4.Option) []byte {
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	w.Apply(opts...)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// tool returns the output of a program for a text, or nil if the program is not
// installed.
func tool(t *testing.T, text string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Logf("%s is not installed: nothing is tested with it", name)
		return nil
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// readAll reads a file with the given contents.
func readAll(t *testing.T, data []byte) (string, []reader.Block, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return readPath(t, path)
}

func readPath(t *testing.T, path string) (string, []reader.Block, error) {
	t.Helper()
	logs, errs := Find([]string{path})
	if errs != nil {
		t.Fatal(errs)
	}
	return readertest.ReadMember(t, NewSource(logs[0], Options{}))
}

func TestFormats(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(9, 10))
	texts := map[string]string{
		"nothing":  "",
		"a line":   "one line\n",
		"no end":   "one line",
		"2 MiB":    randomText(r, 2<<20),
		"BZh line": "BZh9 is how a line may begin\n",
		"repeats":  strings.Repeat("ab", 100<<10) + "\n",
		"hex":      hex.EncodeToString([]byte(randomText(r, 64<<10))),
	}
	if testing.Short() {
		delete(texts, "2 MiB")
	}
	for name, text := range texts {
		half := len(text) / 2
		for format, data := range map[string][]byte{
			"plain":           []byte(text),
			"gzip":            readertest.Gzip(text),
			"gzip, two":       append(readertest.Gzip(text[:half]), readertest.Gzip(text[half:])...),
			"gzip, zeros":     append(readertest.Gzip(text), make([]byte, 700)...),
			"gzip, an empty":  append(append(readertest.Gzip(text[:half]), readertest.Gzip("")...), readertest.Gzip(text[half:])...),
			"zstd":            zst(text),
			"zstd, two":       append(zst(text[:half]), zst(text[half:])...),
			"zstd, skippable": append([]byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc"), zst(text)...),
			"xz":              xzip(text),
			"lz4":             lz4ed(text),
			"lz4, two":        append(lz4ed(text[:half]), lz4ed(text[half:])...),
			"bzip2":           tool(t, text, "bzip2", "-c"),
			"bzip2, two":      append(tool(t, text[:half], "bzip2", "-c"), tool(t, text[half:], "bzip2", "-c")...),
			"xz -9e":          tool(t, text, "xz", "-9ec"),
			"xz crc32":        tool(t, text, "xz", "-c", "--check=crc32"),
			"zstd --long":     tool(t, text, "zstd", "-qc", "--long=27"),
			"compress":        tool(t, text, "compress", "-cf"),
			"compress, 10":    tool(t, text, "compress", "-cf", "-b", "10"), // no program can read 9
			"compress, 12":    tool(t, text, "compress", "-cf", "-b", "12"),
			"gzip -9":         tool(t, text, "gzip", "-9c"),
		} {
			if data == nil {
				continue // the program is not installed
			}
			got, _, err := readAll(t, data)
			if err != nil || got != text {
				t.Errorf("%s as %s: %d bytes of %d, %v", name, format, len(got), len(text), err)
			}
		}
	}
}

// Blocks are cut at the same offsets of the text whatever the compression is.
func TestBlocksAreOfTheText(t *testing.T) {
	text := randomText(rand.New(rand.NewPCG(11, 12)), 3<<20)
	_, want, _ := readAll(t, []byte(text))
	for _, data := range [][]byte{readertest.Gzip(text), zst(text), xzip(text)} {
		_, got, err := readAll(t, data)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d blocks, want %d; %v", len(got), len(want), err)
		}
		for i := range got {
			if got[i].Offset != want[i].Offset || !bytes.Equal(got[i].Text, want[i].Text) {
				t.Fatalf("block %d differs", i)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	text := strings.Repeat("a line that says something, and a number: 12345\n", 20000)
	for name, data := range map[string][]byte{"gzip": readertest.Gzip(text), "zstd": zst(text), "xz": xzip(text), "lz4": lz4ed(text),
		"bzip2": tool(t, text, "bzip2", "-c"), "compress": tool(t, text, "compress", "-c")} {
		if data == nil {
			continue // its program is not installed
		}
		for _, n := range []int{7, len(data) / 2, len(data) - 1} {
			if n < 0 || n >= len(data) {
				continue // the program is not installed, or left little
			}
			got, _, err := readAll(t, data[:n])
			if !strings.HasPrefix(text, got) {
				t.Errorf("%s cut at %d: not a beginning of the text", name, n)
			}
			if name == "compress" {
				continue // the format has no end mark
			}
			var fe *reader.FileError
			if !errors.As(err, &fe) {
				t.Errorf("%s cut at %d: got %v, want a *FileError", name, n, err)
			}
			if (name == "gzip" || name == "zstd") && n == len(data)/2 && len(got) < len(text)/4 {
				t.Errorf("%s cut in the middle: only %d bytes of text", name, len(got))
			}
		}
	}
}

// The text before and after a damaged member of a file with several members is
// read.
func TestDamagedInTheMiddle(t *testing.T) {
	part := func(s string) string { return strings.Repeat(s+" says a line, then another\n", 3000) }
	one, two, three := part("one"), part("two"), part("three")
	bad := readertest.Gzip(two)
	for i := len(bad) / 2; i < len(bad)/2+40; i++ {
		bad[i] ^= 0x5a
	}
	path := filepath.Join(t.TempDir(), "f.gz")
	if err := os.WriteFile(path, slicesConcat(readertest.Gzip(one), bad, readertest.Gzip(three)), 0o644); err != nil {
		t.Fatal(err)
	}
	b := openBlocks(t, path)
	before, err := readertest.Collect(t, b.Next)
	var fe *reader.FileError
	if !errors.As(err, &fe) || fe.Path != path || fe.Offset < int64(len(readertest.Gzip(one))) || fe.Offset > int64(len(readertest.Gzip(one))+len(bad)) {
		t.Fatalf("got %v, want an error inside the damaged part", err)
	}
	if !strings.HasPrefix(readertest.Join(before), one) {
		t.Error("what lies before the damage is not all there")
	}
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	after, err := readertest.Collect(t, b.Next)
	if err != io.EOF || !strings.HasSuffix(readertest.Join(after), three) {
		t.Errorf("behind the damage: %v, %d bytes", err, len(readertest.Join(after)))
	}
	if first := after[0]; first.Line != reader.Line(strings.Count(readertest.Join(before), "\n"))+1 && !strings.HasSuffix(readertest.Join(before), "\n") {
		t.Errorf("line %d follows %d", first.Line, strings.Count(readertest.Join(before), "\n"))
	}
}

// openBlocks opens a file without a cache, until the test ends.
func openBlocks(t *testing.T, path string) *FileBlocks {
	t.Helper()
	logs, _ := Find([]string{path})
	src := NewSource(logs[0], Options{})
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.(*FileBlocks)
}

// A member was truncated and another one was written after it, as after a
// crash.
func TestCutMemberBeforeAWholeOne(t *testing.T) {
	one, two := "", strings.Repeat("two says a line\n", 2000)
	r := rand.New(rand.NewPCG(13, 14))
	for range 3000 {
		one += strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(9)) + " one\n"
	}
	packed := readertest.Gzip(one)
	for range 50 {
		n := 30 + r.IntN(len(packed)-60)
		path := filepath.Join(t.TempDir(), "f.gz")
		if err := os.WriteFile(path, slicesConcat(packed[:n], readertest.Gzip(two)), 0o644); err != nil {
			t.Fatal(err)
		}
		b := openBlocks(t, path)
		before, err := readertest.Collect(t, b.Next)
		if err == io.EOF {
			t.Fatalf("cut at %d: no error", n)
		}
		text := readertest.Join(before)
		for b.Resume() == nil {
			var after []reader.Block
			after, err = readertest.Collect(t, b.Next)
			text += readertest.Join(after)
			if err == io.EOF {
				break
			}
		}
		if err != io.EOF || !strings.HasSuffix(text, two) {
			t.Errorf("cut at %d: %v, the whole member is not there", n, err)
		}
	}
}

func slicesConcat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestCharsets(t *testing.T) {
	enc := func(e unicode.Endianness, bom unicode.BOMPolicy, s string) string {
		out, err := unicode.UTF16(e, bom).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	text := "grüße, 日本語 😀\r\nnext\n"
	long := strings.Repeat(text, 10000)
	for _, c := range []struct{ name, in, want string }{
		{"utf-8", text, text},
		{"utf-8 bom", "\xef\xbb\xbf" + text, text},
		{"utf-16le", enc(unicode.LittleEndian, unicode.UseBOM, text), text},
		{"utf-16be", enc(unicode.BigEndian, unicode.UseBOM, text), text},
		{"utf-16le, long", enc(unicode.LittleEndian, unicode.UseBOM, long), long},
		{"latin-1", "gr\xfc\xdfe \xe9\nnext\n", "grüße é\nnext\n"},
		{"latin-1, long", strings.Repeat("gr\xfc\xdfe\n", 100000), strings.Repeat("grüße\n", 100000)},
		{"latin-1 and utf-8", "caf\xe9\n" + strings.Repeat("plain\n", 20000) + "größe\n", "café\n" + strings.Repeat("plain\n", 20000) + "größe\n"},
		{"latin-1, at a line's end", "a\xe9\nb\xe9", "aé\nbé"},
		{"broken utf-8", "grüße \xfc\n", "grüße \xfc\n"},
		{"control codes", "a\x85b \xe9\n", "a\x85b \xe9\n"},
		{"cut by the window", strings.Repeat("x", decode.HeadSize-1) + "é\n", strings.Repeat("x", decode.HeadSize-1) + "é\n"},
		{"leading zeros", strings.Repeat("\x00", 5000) + "text\n", strings.Repeat("\x00", 5000) + "text\n"},
	} {
		for _, data := range []string{c.in, string(readertest.Gzip(c.in))} {
			got, _, err := readAll(t, []byte(data))
			if err != nil || got != c.want {
				t.Errorf("%s: got %.60q, want %.60q; %v", c.name, got, c.want, err)
			}
		}
	}
}

func TestBinary(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "wtmp")
	record := "\x07\x00\x00\x00\x12\x0f\x00\x00pts/0\x00\x00\x00\x00\x00ts/0root\x00\x00\x00\x00\x00\x00192.168.1.1\x00\x00\x00"
	readertest.WriteFile(t, path, strings.Repeat(record, 20))
	logs, _ := Find([]string{dir})
	src := NewSource(logs[0], Options{})
	if _, err := src.Open(context.Background(), src.Members()[0], reader.Pos{}); !errors.Is(err, reader.ErrBinary) {
		t.Errorf("got %v, want ErrBinary", err)
	}
	if got, _, err := readPath(t, path); err != nil || got != strings.Repeat(record, 20) {
		t.Errorf("named: %q %v", got, err)
	}
}

// A header that requests gigabytes is rejected.
func TestGreedyHeaders(t *testing.T) {
	huge := zst(strings.Repeat("x", 1000))
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8} // a window of terabytes
	for name, data := range map[string][]byte{"zstd": append(frame, huge[6:]...)} {
		if _, _, err := readAll(t, data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzFile(f *testing.F) {
	text := strings.Repeat("a line of text\n", 50)
	for _, data := range [][]byte{[]byte(text), readertest.Gzip(text), zst(text), xzip(text), lz4ed(text), []byte("\x1f\x9d\x90a\x02b"), []byte("\xff\xfea\x00")} {
		f.Add(data)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		src := NewSource(Log{Name: path, Members: []reader.Member{{Path: path, Named: true}}}, Options{})
		b, err := src.Open(context.Background(), src.Members()[0], reader.Pos{})
		if err != nil {
			return
		}
		defer b.Close()
		var blk reader.Block
		for n := 0; n < 64; n++ { // a small file may contain gigabytes of the same byte
			if err := b.Next(&blk); err != nil {
				return
			}
		}
	})
}
