package document

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/readertest"
)

// A Document of a text with NULs has the same pieces when read from either end,
// without gaps or overlaps, and the same pieces if the text is compressed.
func TestDocumentSkips(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 6))
		text := readertest.TextWithNULs(r, 2<<20)
		dir := t.TempDir()
		path := filepath.Join(dir, "a.log")
		readertest.WriteFile(t, path, text)
		readertest.WriteFile(t, path+".gz", readertest.Gzip(text))
		var first []Piece
		for _, opt := range []files.Options{{}, {Cache: blockstore.NewCache(t.TempDir(), 1<<30), Workers: reader.NewWorkers(2), MustStore: true}} {
			for _, p := range []string{path, path + ".gz"} {
				d := NewDocument(files.NewSource(files.Log{Name: p, Members: []reader.Member{{Path: p, Named: true}}}, opt), DocumentOptions{})
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
	at := reader.Offset(0)
	for _, p := range forward {
		if p.Offset != at || p.Continues != (at > 0 && text[at-1] != '\n') {
			t.Fatalf("a piece at %d, want %d; continues %v", p.Offset, at, p.Continues)
		}
		want := strings.TrimSuffix(text[p.Offset:p.End], "\n")
		if p.NULs > 0 {
			if strings.Trim(want, "\x00") != "" || string(p.Text) != reader.NulMarker(p.NULs) {
				t.Fatalf("the piece at %d leaves out %q", p.Offset, strings.Trim(want, "\x00"))
			}
		} else if !p.Continues {
			want = string(decode.TrimMarks([]byte(want)))
		}
		if p.NULs == 0 && (string(p.Text) != want || strings.Contains(want, strings.Repeat("\x00", reader.NulRun))) {
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
		off := reader.Offset(r.IntN(len(text)))
		i, _ := slices.BinarySearchFunc(forward, off, func(p Piece, off reader.Offset) int {
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
		line := reader.Line(strings.Count(text[:off], "\n"))
		if l, ok := d.Number(t.Context(), Place{p.Member, off}, true); !ok || l != line {
			t.Fatalf("%d is in line %d (%v), want %d", off, l, ok, line)
		}
		begin := reader.Offset(strings.LastIndexByte(text[:off], '\n') + 1)
		if p, err := d.Line(t.Context(), p.Member, line); err != nil || p.Offset != begin {
			t.Fatalf("line %d begins at %d, not %d; %v", line, begin, p.Offset, err)
		}
	}
	return forward
}

// A file of 700 GB that is a single hole is read at once, from either end.
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
	if decode.NextData(f, 1<<20, size) == 1<<20 {
		t.Skip("the file system has no holes that can be told")
	}
	f.WriteAt([]byte("behind it\nlast line\n"), size-20)
	f.Truncate(2 * size)
	marker, end := reader.NulMarker(size-20-11), reader.NulMarker(size)
	want := "first line\n" + marker + "behind it\nlast line\n" + end
	src := files.NewSource(files.Log{Name: path, Members: []reader.Member{{Path: path}}}, files.Options{})
	if text, _, err := readertest.ReadMember(t, src); err != nil || text != want {
		t.Fatalf("read %.200q, %v", text, err)
	}
	m := src.Members()[0]
	for n, want := range map[int64]reader.Offset{1: size, 2: size - 10, 3: 11, 4: 0} {
		if p, have, err := files.TailPos(t.Context(), src, m, n); err != nil || p.Offset != want || have != n {
			t.Errorf("the last %d lines begin at %d, want %d; %v", n, p.Offset, want, err)
		}
	}
	if p, _, err := files.LinePos(t.Context(), src, m, 2); err != nil || p.Offset != size-10 {
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
