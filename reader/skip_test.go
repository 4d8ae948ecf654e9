package reader

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

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
			b.WriteString(strings.Repeat("\x00", nulRun-2+r.IntN(4)))
		case 2:
			b.WriteString(strings.Repeat("\x00", r.IntN(5*nulRun)))
		case 3:
			b.WriteString("\n" + string(byteOrderMark[:1+r.IntN(3)]))
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

// shown is what is shown of a text, worked out in the simplest way.
func shown(text string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		for strings.HasPrefix(line, string(byteOrderMark)) {
			line = line[len(byteOrderMark):]
		}
		for len(line) > 0 {
			z := len(line) - len(strings.TrimLeft(line, "\x00"))
			if z >= nulRun {
				b.WriteString(NulMarker(int64(z)))
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

func expand(blocks []Block) string {
	var b strings.Builder
	for i := range blocks {
		k := &blocks[i]
		p := make([]byte, k.End()-k.Offset)
		k.raw(p, k.Offset)
		b.Write(p)
	}
	return b.String()
}

func TestSkips(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		text := textWithNULs(r, 3<<20)
		if seed%3 == 0 {
			text = strings.TrimRight(text, "\n\x00\xef\xbb\xbf") + strings.Repeat("\x00", r.IntN(2*nulRun))
		}
		_, plain, err := readAll(t, []byte(text))
		if err != io.EOF && err != nil {
			t.Fatal(err)
		}
		if got, want := join(plain), shown(text); got != want {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Fatalf("seed %d: another text is shown at %d of %d, %.60q, want %.60q", seed, i, len(want), got[max(0, i-20):], want[max(0, i-20):])
		}
		tail := strings.TrimPrefix(text, expand(plain))
		if tail != "" && tail != string(byteOrderMark) {
			t.Fatalf("seed %d: offsets are wrong: %d bytes are missing", seed, len(tail))
		}
		// However it arrives, and whatever it comes from, the blocks are the same.
		for name, src := range map[string]io.Reader{
			"halves": iotest.HalfReader(strings.NewReader(text)), "data with EOF": iotest.DataErrReader(strings.NewReader(text)), "random": &ragged{strings.NewReader(text), r},
		} {
			got, err := collect(t, newCutter(src).next)
			if err != io.EOF || !sameBlocks(got, plain) {
				t.Errorf("seed %d: %s: other blocks; %v", seed, name, err)
			}
		}
		_, packed, err := readAll(t, gz(text))
		if err != nil || !sameBlocks(packed, plain) {
			for i := range min(len(packed), len(plain)) {
				if a, b := packed[i:i+1], plain[i:i+1]; !sameBlocks(a, b) {
					t.Errorf("block %d at %d and %d, %d and %d bytes, %+v %+v", i, a[0].Offset, b[0].Offset, len(a[0].Text), len(b[0].Text), a[0].Skips, b[0].Skips)
				}
			}
			t.Errorf("seed %d: gzip: other blocks; %v", seed, err)
		}
		// Lines begin where their offsets say.
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
				if text[off] != 0 && text[off] != b.Text[at] && text[off] != byteOrderMark[0] {
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

// ragged reads as much at a time as it likes.
type ragged struct {
	r io.Reader
	n *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	return r.r.Read(p[:min(len(p), 1+r.n.IntN(1+r.n.IntN(200<<10)))])
}

func sameBlocks(a, b []Block) bool {
	return slices.EqualFunc(a, b, func(a, b Block) bool {
		return a.Offset == b.Offset && a.Line == b.Line && bytes.Equal(a.Text, b.Text) && slices.Equal(a.Skips, b.Skips) && a.Continues == b.Continues && a.Unfinished == b.Unfinished
	})
}

// testAccess reads blocks from where a table says they are, and from
// positions.
func testAccess(t *testing.T, text string, blocks []Block) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.log")
	write(t, path, text)
	src := NewSource(Log{Name: path, Members: []Member{{Path: path, Named: true}}}, Options{})
	var tb TableBuilder
	for i := range blocks {
		tb.Add(&blocks[i])
	}
	table, err := DecodeTable(tb.Finish().Encode())
	if err != nil {
		t.Fatal(err)
	}
	b, err := src.Open(t.Context(), src.Members()[0], Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ra, ok := b.(FileBlocks).Access(table)
	if !ok {
		t.Fatal("no access")
	}
	var blk Block
	for i := range blocks {
		if err := ra.ReadBlock(i, &blk); err != nil || !sameBlocks([]Block{blk}, blocks[i:i+1]) {
			t.Fatalf("block %d is another by its table; %v", i, err)
		}
		if k := table.Find(blk.End() - 1); k != i {
			t.Fatalf("the end of block %d is found in %d", i, k)
		}
		if blk.Continues {
			continue
		}
		at, err := src.Open(t.Context(), src.Members()[0], Pos{Member: b.ID(), Offset: blk.Offset, Line: blk.Line})
		if err != nil {
			t.Fatal(err)
		}
		var next Block
		if err := at.Next(&next); err != nil || !sameBlocks([]Block{next}, blocks[i:i+1]) {
			t.Fatalf("block %d is another by its position; %v", i, err)
		}
		at.Close()
	}
}

// A Document of such a text has the same pieces from either end, without gap
// or overlap, and the same as a compressed one.
func TestDocumentSkips(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 6))
		text := textWithNULs(r, 2<<20)
		dir := t.TempDir()
		path := filepath.Join(dir, "a.log")
		write(t, path, text)
		write(t, path+".gz", string(gz(text)))
		var first []Piece
		for _, opt := range []Options{{}, {Cache: NewCache(t.TempDir(), 1<<30), Spare: func(f func()) bool { go f(); return true }, Wait: true}} {
			for _, p := range []string{path, path + ".gz"} {
				d := NewDocument(NewSource(Log{Name: p, Members: []Member{{Path: p, Named: true}}}, opt), DocumentOptions{})
				pieces := testDocument(t, d, text, r)
				if first == nil {
					first = pieces
				}
				if !slices.EqualFunc(first, pieces, func(a, b Piece) bool { return a.Offset == b.Offset && a.End == b.End && bytes.Equal(a.Text, b.Text) }) {
					t.Errorf("seed %d: %s has other pieces", seed, p)
				}
				d.Close()
			}
		}
	}
}

func testDocument(t *testing.T, d *Document, text string, r *rand.Rand) []Piece {
	t.Helper()
	var forward, backward []Piece
	for at := d.Start(); ; {
		w, err := d.Forward(t.Context(), at)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if w.Offset != at.Offset {
			t.Fatalf("a window begins at %d, want %d", w.Offset, at.Offset)
		}
		w.Pieces(func(p Piece) bool { forward = append(forward, p); return true })
		at.Offset = w.End()
	}
	at := Offset(0)
	for _, p := range forward {
		if p.Offset != at || p.Continues != (at > 0 && text[at-1] != '\n') {
			t.Fatalf("a piece at %d, want %d; continues %v", p.Offset, at, p.Continues)
		}
		want := strings.TrimSuffix(text[p.Offset:p.End], "\n")
		if p.NULs > 0 {
			if strings.Trim(want, "\x00") != "" || string(p.Text) != NulMarker(p.NULs) {
				t.Fatalf("the piece at %d leaves out %q", p.Offset, strings.Trim(want, "\x00"))
			}
		} else if !p.Continues {
			want = string(trimMarks([]byte(want)))
		}
		if p.NULs == 0 && (string(p.Text) != want || strings.Contains(want, strings.Repeat("\x00", nulRun))) {
			t.Fatalf("the piece at %d is %d bytes %.80q, want %d %.80q", p.Offset, len(p.Text), p.Text, len(want), want)
		}
		at = p.End
	}
	if int(at) != len(text) {
		t.Fatalf("pieces end at %d of %d", at, len(text))
	}
	end, err := d.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at := end; ; {
		w, err := d.Backward(t.Context(), at)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if w.End() != at.Offset {
			t.Fatalf("a window before %d ends at %d", at.Offset, w.End())
		}
		var list []Piece
		w.Pieces(func(p Piece) bool { list = append(list, p); return true })
		backward = append(list, backward...)
		at.Offset = w.Offset
	}
	if !slices.EqualFunc(forward, backward, func(a, b Piece) bool {
		return a.Offset == b.Offset && a.End == b.End && a.Unfinished == b.Unfinished && a.Open == b.Open && a.Continues == b.Continues
	}) {
		for i := range min(len(forward), len(backward)) {
			if a, b := forward[i], backward[i]; a.Offset != b.Offset || a.End != b.End || a.Unfinished != b.Unfinished || a.Open != b.Open {
				t.Fatalf("piece %d is %d–%d (%v %v) forwards, %d–%d (%v %v) backwards", i, a.Offset, a.End, a.Unfinished, a.Open, b.Offset, b.End, b.Unfinished, b.Open)
			}
		}
		t.Fatalf("%d pieces forwards, %d backwards", len(forward), len(backward))
	}
	for range 30 {
		off := Offset(r.IntN(len(text)))
		i, _ := slices.BinarySearchFunc(forward, off, func(p Piece, off Offset) int {
			if p.End <= off {
				return -1
			} else if p.Offset > off {
				return 1
			}
			return 0
		})
		p, err := d.At(t.Context(), Place{forward[0].Member, off})
		if err != nil || p.Offset != forward[i].Offset {
			t.Fatalf("%d is in the piece at %d, not %d; %v", off, forward[i].Offset, p.Offset, err)
		}
		line := Line(strings.Count(text[:off], "\n"))
		if l, ok := d.Number(t.Context(), Place{p.Member, off}, true); !ok || l != line {
			t.Fatalf("%d is in line %d (%v), want %d", off, l, ok, line)
		}
		begin := Offset(strings.LastIndexByte(text[:off], '\n') + 1)
		if p, err := d.Line(t.Context(), p.Member, line); err != nil || p.Offset != begin {
			t.Fatalf("line %d begins at %d, not %d; %v", line, begin, p.Offset, err)
		}
	}
	return forward
}

// A file of 700 GB that is nothing but a hole is read at once, from either
// end.
func TestHuge(t *testing.T) {
	const size = 700 << 30
	path := filepath.Join(t.TempDir(), "a.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteString("first line\n")
	if err := f.Truncate(size); err != nil {
		t.Skip(err)
	}
	if nextData(f, 1<<20, size) == 1<<20 {
		t.Skip("the file system has no holes that can be told")
	}
	f.WriteAt([]byte("behind it\nlast line\n"), size-20)
	f.Truncate(2 * size)
	marker, end := NulMarker(size-20-11), NulMarker(size)
	want := "first line\n" + marker + "behind it\nlast line\n" + end
	text, _, err := readPath(t, path)
	if err != nil || text != want {
		t.Fatalf("read %.200q, %v", text, err)
	}
	src := NewSource(Log{Name: path, Members: []Member{{Path: path}}}, Options{})
	m := src.Members()[0]
	for n, want := range map[int64]Offset{1: size, 2: size - 10, 3: 11, 4: 0} {
		if p, have, err := TailPos(t.Context(), src, m, n); err != nil || p.Offset != want || have != n {
			t.Errorf("the last %d lines begin at %d, want %d; %v", n, p.Offset, want, err)
		}
	}
	if p, _, err := LinePos(t.Context(), src, m, 2); err != nil || p.Offset != size-10 {
		t.Errorf("line 3 begins at %d; %v", p.Offset, err)
	}
	d := NewDocument(src, DocumentOptions{})
	defer d.Close()
	place, err := d.End(t.Context())
	if err != nil || place.Offset != 2*size {
		t.Fatal(place, err)
	}
	var got []string
	for {
		w, err := d.Backward(t.Context(), place)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		w.Pieces(func(p Piece) bool { list = append(list, string(p.Text)); return true })
		got, place.Offset = append(list, got...), w.Offset
	}
	if want := []string{"first line", marker, "behind it", "last line", end}; !slices.Equal(got, want) {
		t.Errorf("backwards %q, want %q", got, want)
	}
	if n := d.Uncounted(t.Context(), Place{place.Member, 2 * size}); n > 1<<20 {
		t.Errorf("%d bytes are to be read to count lines", n)
	}
	if l, ok := d.Number(t.Context(), Place{place.Member, size - 10}, true); !ok || l != 2 {
		t.Errorf("line %d, %v", l, ok)
	}
	if p, err := d.Line(t.Context(), place.Member, 2); err != nil || p.Offset != size-10 {
		t.Errorf("line 3 begins at %d; %v", p.Offset, err)
	}
}

// A hole in UTF-16 is not decoded: it takes no time. Where it begins and ends
// in the middle of characters makes no difference.
func TestWideHoles(t *testing.T) {
	for _, c := range []Charset{UTF16LE, UTF16BE} {
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
			if size > 1<<30 && nextData(f, 1<<20, at) == 1<<20 {
				continue // the file system has no holes that can be told
			}
			f.WriteAt([]byte(behind), at)
			want := someLog(2000) + NulMarker((at-int64(len(before)))/2) + "behind it\nlast line\n"
			if text, _, err := readPath(t, path); err != nil || text != want {
				t.Fatalf("%s, %d: read %.200q, %v", c, size, text[max(0, len(text)-200):], err)
			}
		}
	}
}
