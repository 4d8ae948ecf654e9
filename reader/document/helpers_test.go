package document

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/files"
)

func gz(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func source(t *testing.T, dir string, opt files.Options) *files.LogSource {
	t.Helper()
	logs, errs := files.Find([]string{dir})
	if len(errs) > 0 || len(logs) != 1 {
		t.Fatal(logs, errs)
	}
	return files.NewSource(logs[0], opt)
}

// textWithNULs has lines among runs of NULs of all lengths and byte order
// marks, some of them where none are.
func textWithNULs(r *rand.Rand, size int) string {
	var b strings.Builder
	b.WriteString("größe\n") // it is UTF-8, whatever else is in it
	for b.Len() < size {
		switch r.IntN(12) {
		case 0:
			b.WriteString(strings.Repeat("\x00", r.IntN(10)))
		case 1:
			b.WriteString(strings.Repeat("\x00", reader.NulRun-2+r.IntN(4)))
		case 2:
			b.WriteString(strings.Repeat("\x00", r.IntN(5*reader.NulRun)))
		case 3:
			b.WriteString("\n" + string(reader.ByteOrderMark[:1+r.IntN(3)]))
		case 4:
			b.WriteString("\n\xef\xbb\xbf\xef\xbb\xbf")
		case 5:
			b.WriteString(strings.Repeat("x", r.IntN(3*64<<10)))
		default:
			for range r.IntN(200) {
				b.WriteString("a line of text, number " + fmt.Sprint(r.IntN(1000)) + "\n")
			}
		}
	}
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func readPath(t *testing.T, path string) (string, []reader.Block, error) {
	t.Helper()
	logs, errs := files.Find([]string{path})
	if errs != nil {
		t.Fatal(errs)
	}
	src := files.NewSource(logs[0], files.Options{})
	b, err := src.Open(context.Background(), src.Members()[0], reader.Pos{})
	if err != nil {
		return "", nil, err
	}
	defer b.Close()
	blocks, err := collect(t, b.Next)
	if err == io.EOF {
		err = nil
	}
	return join(blocks), blocks, err
}

// collect reads blocks until an error, checking that they fit together.
func collect(t *testing.T, next func(*reader.Block) error) ([]reader.Block, error) {
	t.Helper()
	var out []reader.Block
	for {
		var b reader.Block
		err := next(&b)
		if err != nil {
			return out, err
		}
		if len(b.Text) == 0 || len(b.Text) > reader.BlockSize {
			t.Fatalf("block %d has %d bytes", len(out), len(b.Text))
		}
		if b.Lines != bytes.Count(b.Text, reader.Newline) {
			t.Fatalf("block %d says %d lines", len(out), b.Lines)
		}
		if n := len(out); n > 0 {
			p := out[n-1]
			if b.Offset != p.End() || b.Line != p.Line+reader.Line(p.Lines) || b.Continues != p.Unfinished {
				t.Fatalf("block %d %+v does not follow %+v", n, brief(b), brief(p))
			}
		}
		out = append(out, b)
	}
}

func join(blocks []reader.Block) string {
	var s strings.Builder
	for _, b := range blocks {
		s.Write(b.Text)
	}
	return s.String()
}

// rememberAll has verdicts remembered although the files are new.
func rememberAll(t *testing.T) {
	was := files.TooYoung
	files.TooYoung = -time.Hour
	t.Cleanup(func() { files.TooYoung = was })
}

// noise is text that does not compress below minStored.
func noise(r *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		for range r.IntN(30) {
			b.WriteByte("0123456789abcdefghijklmnopqrstuvwxyz "[r.IntN(37)])
		}
		b.WriteString("\n")
		if r.IntN(20000) == 0 {
			b.WriteString(strings.Repeat("long", reader.BlockSize/3) + "\n")
		}
	}
	return b.String() + "the end"
}

// brief returns b without its text.
func brief(b reader.Block) reader.Block {
	return reader.Block{Skips: b.Skips, Offset: b.Offset, Line: b.Line, Lines: b.Lines, Disk: b.Disk, Continues: b.Continues, Unfinished: b.Unfinished}
}
