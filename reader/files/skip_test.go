package files

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// shown returns what is shown of a text, computed in the simplest way.
func shown(text string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		for strings.HasPrefix(line, string(reader.ByteOrderMark)) {
			line = line[len(reader.ByteOrderMark):]
		}
		for len(line) > 0 {
			z := len(line) - len(strings.TrimLeft(line, "\x00"))
			if z >= reader.NulRun {
				b.WriteString(reader.NulMarker(int64(z)))
			} else {
				b.WriteString(line[:z])
			}
			line = line[z:]
			n := strings.IndexByte(line, 0)
			if n < 0 {
				n = len(line)
			}
			b.WriteString(line[:n])
			line = line[n:]
		}
	}
	return b.String()
}

func expand(blocks []reader.Block) string {
	var b strings.Builder
	for i := range blocks {
		k := &blocks[i]
		p := make([]byte, k.End()-k.Offset)
		k.Raw(p, k.Offset)
		b.Write(p)
	}
	return b.String()
}

func TestSkips(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		text := readertest.TextWithNULs(r, 3<<20)
		if seed%3 == 0 {
			text = strings.TrimRight(text, "\n\x00\xef\xbb\xbf") + strings.Repeat("\x00", r.IntN(2*reader.NulRun))
		}
		_, plain, err := readAll(t, []byte(text))
		if err != io.EOF && err != nil {
			t.Fatal(err)
		}
		if got, want := readertest.Join(plain), shown(text); got != want {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Fatalf("seed %d: another text is shown at %d of %d, %.60q, want %.60q", seed, i, len(want), got[max(0, i-20):], want[max(0, i-20):])
		}
		tail := strings.TrimPrefix(text, expand(plain))
		if tail != "" && tail != string(reader.ByteOrderMark) {
			t.Fatalf("seed %d: offsets are wrong: %d bytes are missing", seed, len(tail))
		}
		// The blocks are the same whatever the reader is and however it returns
		// the text.
		for name, src := range map[string]io.Reader{
			"halves": iotest.HalfReader(strings.NewReader(text)), "data with EOF": iotest.DataErrReader(strings.NewReader(text)), "random": &ragged{strings.NewReader(text), r},
		} {
			got, err := readertest.Collect(t, newBlockReader(src).Next)
			if err != io.EOF || !sameBlocks(got, plain) {
				t.Errorf("seed %d: %s: other blocks; %v", seed, name, err)
			}
		}
		_, packed, err := readAll(t, readertest.Gzip(text))
		if err != nil || !sameBlocks(packed, plain) {
			for i := range min(len(packed), len(plain)) {
				if a, b := packed[i:i+1], plain[i:i+1]; !sameBlocks(a, b) {
					t.Errorf("block %d at %d and %d, %d and %d bytes, %+v %+v", i, a[0].Offset, b[0].Offset, len(a[0].Text), len(b[0].Text), a[0].Skips, b[0].Skips)
				}
			}
			t.Errorf("seed %d: gzip: other blocks; %v", seed, err)
		}
		// Offsets agrees with OffsetAt.
		for i := range plain {
			b := &plain[i]
			offset := b.Offsets()
			for at := 0; at <= len(b.Text); at += 1 + r.IntN(50) {
				if got, want := offset(at), b.OffsetAt(at); got != want {
					t.Fatalf("seed %d: byte %d lies at %d in order, at %d alone", seed, at, got, want)
				}
			}
			for at := 0; at < len(b.Text); {
				off := b.OffsetAt(at)
				if text[off] != 0 && text[off] != b.Text[at] && text[off] != reader.ByteOrderMark[0] {
					t.Fatalf("seed %d: byte %d of a block is not at %d", seed, at, off)
				}
				if got := b.Index(off); got != at {
					t.Fatalf("seed %d: Index(OffsetAt(%d)) = %d", seed, at, got)
				}
				n := bytes.IndexByte(b.Text[at:], '\n')
				if n < 0 {
					break
				}
				at += n + 1
			}
		}
		testAccess(t, text, plain)
	}
}

// A ragged reader returns random numbers of bytes.
type ragged struct {
	r io.Reader
	n *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	return r.r.Read(p[:min(len(p), 1+r.n.IntN(1+r.n.IntN(200<<10)))])
}

func sameBlocks(a, b []reader.Block) bool {
	return slices.EqualFunc(a, b, func(a, b reader.Block) bool {
		return a.Offset == b.Offset && a.Line == b.Line && bytes.Equal(a.Text, b.Text) && slices.Equal(a.Skips, b.Skips) && a.Continues == b.Continues && a.Unfinished == b.Unfinished
	})
}

// testAccess reads blocks by their table, and from positions.
func testAccess(t *testing.T, text string, blocks []reader.Block) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.log")
	readertest.WriteFile(t, path, text)
	src := NewSource(Log{Name: path, Members: []reader.Member{{Path: path, Named: true}}}, Options{})
	var tb blockstore.TableBuilder
	for i := range blocks {
		tb.Add(&blocks[i], nil)
	}
	table, err := reader.DecodeTable(tb.Finish().Encode())
	if err != nil {
		t.Fatal(err)
	}
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ra, ok := b.(reader.FileBlocks).Access(table)
	if !ok {
		t.Fatal("no access")
	}
	var blk reader.Block
	for i := range blocks {
		if err := ra.ReadBlock(i, &blk); err != nil || !sameBlocks([]reader.Block{blk}, blocks[i:i+1]) {
			t.Fatalf("block %d is another by its table; %v", i, err)
		}
		if k := table.Find(blk.End() - 1); k != i {
			t.Fatalf("the end of block %d is found in %d", i, k)
		}
		if blk.Continues {
			continue
		}
		at, err := src.Open(t.Context(), src.Members()[0], reader.Pos{Member: b.ID(), Offset: blk.Offset, Line: blk.Line})
		if err != nil {
			t.Fatal(err)
		}
		var next reader.Block
		if err := at.Next(&next); err != nil || !sameBlocks([]reader.Block{next}, blocks[i:i+1]) {
			t.Fatalf("block %d is another by its position; %v", i, err)
		}
		at.Close()
	}
}

// A hole in UTF-16 is not decoded, so it takes no time. It may start and end in
// the middle of characters.
func TestWideHoles(t *testing.T) {
	for _, c := range []decode.Charset{decode.UTF16LE, decode.UTF16BE} {
		for _, size := range []int64{700 << 30, 300 << 10, 300<<10 + 2} {
			path := filepath.Join(t.TempDir(), "a.log")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			before, behind := encoded(t, c, someLog(2000)), encoded(t, c, "behind it\nlast line\n")
			f.WriteString(before)
			at := (int64(len(before)) + size) &^ 1
			if err := f.Truncate(at); err != nil {
				t.Skip(err)
			}
			if size > 1<<30 && decode.NextData(f, 1<<20, at) == 1<<20 {
				continue // the file system does not report holes
			}
			f.WriteAt([]byte(behind), at)
			want := someLog(2000) + reader.NulMarker((at-int64(len(before)))/2) + "behind it\nlast line\n"
			if text, _, err := readPath(t, path); err != nil || text != want {
				t.Fatalf("%s, %d: read %.200q, %v", c, size, text[max(0, len(text)-200):], err)
			}
		}
	}
}
