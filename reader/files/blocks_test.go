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
)

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

// brief returns b without its text.
func brief(b reader.Block) reader.Block {
	return reader.Block{Skips: b.Skips, Offset: b.Offset, Line: b.Line, Lines: b.Lines, Disk: b.Disk, Continues: b.Continues, Unfinished: b.Unfinished}
}

func join(blocks []reader.Block) string {
	var s strings.Builder
	for _, b := range blocks {
		s.Write(b.Text)
	}
	return s.String()
}

func newCutter(r io.Reader) *decode.Cutter {
	return &decode.Cutter{In: decode.Skipper{R: r}, Disk: func() int64 { return 0 }}
}

// randomText has lines of all lengths, some longer than a block.
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
		want, err := collect(t, newCutter(strings.NewReader(text)).Next)
		if err != io.EOF || join(want) != text {
			t.Fatalf("%v, text differs: %v", err, join(want) != text)
		}
		for name, rd := range map[string]io.Reader{
			"halves":   iotest.HalfReader(strings.NewReader(text)),
			"data+EOF": iotest.DataErrReader(strings.NewReader(text)),
			"odd":      &oddReader{r: strings.NewReader(text), rand: r},
		} {
			got, err := collect(t, newCutter(rd).Next)
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

// A growing stream gives its last line again once it is longer.
func TestGrowth(t *testing.T) {
	var buf bytes.Buffer
	c := newCutter(&buf)
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
	c := newCutter(io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(bad)))
	got, err := collect(t, c.Next)
	if err != bad || join(got) != "one\ntwo" {
		t.Fatalf("%q %v", join(got), err)
	}
	if _, err := collect(t, c.Next); err != bad {
		t.Fatalf("the error is not kept: %v", err)
	}
}

func TestEndlessNothing(t *testing.T) {
	_, err := collect(t, newCutter(nothing{}).Next)
	if err != decode.ErrNoProgress {
		t.Fatal(err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestEagerCutterDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	c := newCutter(r)
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
