package files

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

func newBlockReader(r io.Reader) *decode.BlockReader {
	return &decode.BlockReader{In: decode.Skipper{R: r}, Disk: func() int64 { return 0 }}
}

// randomText returns lines of all lengths, some longer than a block.
func randomText(r *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		n := r.IntN(200)
		switch r.IntN(400) {
		case 0:
			n = reader.BlockSize - 2 + r.IntN(5)
		case 1:
			n = reader.BlockSize*2 + r.IntN(reader.BlockSize)
		}
		b.WriteString(strings.Repeat(string(rune('a'+r.IntN(26))), n))
		if r.IntN(50) == 0 {
			b.WriteByte('\r')
		}
		b.WriteByte('\n')
	}
	if r.IntN(2) == 0 {
		b.WriteString("no newline")
	}
	return b.String()
}

func TestCutsDependOnTextAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		text := randomText(r, 2<<20)
		want, err := readertest.Collect(t, newBlockReader(strings.NewReader(text)).Next)
		if err != io.EOF || readertest.Join(want) != text {
			t.Fatalf("%v, text differs: %v", err, readertest.Join(want) != text)
		}
		for name, rd := range map[string]io.Reader{
			"halves":   iotest.HalfReader(strings.NewReader(text)),
			"data+EOF": iotest.DataErrReader(strings.NewReader(text)),
			"odd":      &oddReader{r: strings.NewReader(text), rand: r},
		} {
			got, err := readertest.Collect(t, newBlockReader(rd).Next)
			if err != io.EOF || len(got) != len(want) {
				t.Fatalf("%s: %d blocks, want %d; %v", name, len(got), len(want), err)
			}
			for i := range got {
				if got[i].Offset != want[i].Offset || len(got[i].Text) != len(want[i].Text) {
					t.Fatalf("%s: block %d is cut elsewhere", name, i)
				}
			}
		}
	}
}

type oddReader struct {
	r    io.Reader
	rand *rand.Rand
}

func (o *oddReader) Read(p []byte) (int, error) {
	if o.rand.IntN(4) == 0 {
		return 0, nil
	}
	return o.r.Read(p[:1+o.rand.IntN(len(p))])
}

// A block reader returns the last line of a growing stream again after it has
// become longer.
func TestGrowth(t *testing.T) {
	var buf bytes.Buffer
	c := newBlockReader(&buf)
	step := func(add, want string, off reader.Offset, line reader.Line) {
		t.Helper()
		buf.WriteString(add)
		var b reader.Block
		err := c.Next(&b)
		if want == "" {
			if err != io.EOF {
				t.Fatalf("got %q %v, want io.EOF", b.Text, err)
			}
			return
		}
		if err != nil || string(b.Text) != want || b.Offset != off || b.Line != line {
			t.Fatalf("got %q at %d line %d, %v; want %q at %d line %d", b.Text, b.Offset, b.Line, err, want, off, line)
		}
	}
	step("", "", 0, 0)
	step("one\ntw", "one\ntw", 0, 0)
	step("", "", 0, 0)
	step("o", "two", 4, 1)
	step("", "", 0, 0)
	step("\n", "two\n", 4, 1)
	step("", "", 0, 0)
	step("three\n", "three\n", 8, 2)
	long := strings.Repeat("x", reader.BlockSize)
	step(long+"y", long, 14, 3)
	step("", "y", 14+reader.BlockSize, 3)
	step("", "", 0, 0)
	step("z\nfour", "z\nfour", 14+reader.BlockSize+1, 3)
	step("!\n", "four!\n", 14+reader.BlockSize+3, 4)
}

func TestErrorComesAfterItsText(t *testing.T) {
	bad := errors.New("bad")
	c := newBlockReader(io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(bad)))
	got, err := readertest.Collect(t, c.Next)
	if err != bad || readertest.Join(got) != "one\ntwo" {
		t.Fatalf("%q %v", readertest.Join(got), err)
	}
	if _, err := readertest.Collect(t, c.Next); err != bad {
		t.Fatalf("the error is not kept: %v", err)
	}
}

func TestEndlessNothing(t *testing.T) {
	_, err := readertest.Collect(t, newBlockReader(nothing{}).Next)
	if err != decode.ErrNoProgress {
		t.Fatal(err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestEagerBlockReaderDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	c := newBlockReader(r)
	c.Eager = true
	go func() {
		w.Write([]byte("one\ntw"))
		w.Write([]byte("o\n"))
		w.Close()
	}()
	var b reader.Block
	if err := c.Next(&b); err != nil || string(b.Text) != "one\n" {
		t.Fatalf("%q %v", b.Text, err)
	}
	if err := c.Next(&b); err != nil || string(b.Text) != "two\n" || b.Line != 1 {
		t.Fatalf("%q %v", b.Text, err)
	}
	if err := c.Next(&b); err != io.EOF {
		t.Fatal(err)
	}
}
