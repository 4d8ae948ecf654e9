package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	seekable "github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// storedFile compresses text with gzip and writes its block store.
func storedFile(t *testing.T, text string) (src *LogSource, m reader.Member, cache *blockstore.Cache) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.log.2.gz")
	if err := os.WriteFile(path, readertest.Gzip(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cache = blockstore.NewCache(filepath.Join(t.TempDir(), "cache"), 1<<30)
	logs, _ := Find([]string{path})
	src = NewSource(logs[0], Options{Cache: cache, Workers: reader.NewWorkers(2), MustStore: true})
	m = src.Members()[0]
	if err := Store(context.Background(), src, m, nil); err != nil {
		t.Fatal(err)
	}
	return src, m, cache
}

func storeFiles(t *testing.T, c *blockstore.Cache) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.Blocks(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSurveyed tests that what is known of the blocks of a file whose store is being
// written is what a reader finds in them, even after the store was abandoned.
func TestSurveyed(t *testing.T) {
	var b strings.Builder
	r := rand.New(rand.NewPCG(6, 1))
	for i := range 60_000 {
		fmt.Fprintf(&b, "Nov 2%d %02d:%02d:00 host app: WARN line %d %x\n", i%8, i/2500, i/42%60, i, r.Uint64())
		if i%1000 == 0 {
			b.WriteString("\tat a line without a time\n")
		}
	}
	path := filepath.Join(t.TempDir(), "app.log.2.gz")
	readertest.WriteFile(t, path, readertest.Gzip(b.String()))
	at := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	logs, _ := Find([]string{path})
	src := NewSource(logs[0], Options{Cache: blockstore.NewCache(t.TempDir(), 1<<30), Workers: reader.NewWorkers(2), MustStore: true})
	m := src.Members()[0]
	blocks, err := src.Open(t.Context(), m, reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer blocks.Close()
	var tb, alone blockstore.TableBuilder
	tb.Clock.Ref, alone.Clock.Ref = m.ModTime, m.ModTime
	known := 0
	for {
		var blk reader.Block
		if err := blocks.Next(&blk); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if _, ok := blocks.(reader.Surveyor).Surveyed(); ok {
			known++
		}
		tb.Add(&blk, blocks)
		alone.Add(&blk, nil)
		if len(tb.Table.Blocks) == 3 {
			blocks.(*RecordedBlocks).W.Abandon(blockstore.ErrGivenUp)
		}
	}
	if got, want := tb.Finish(), alone.Finish(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if known != 3 || len(tb.Table.Blocks) < 5 || alone.Table.Blocks[4].First.Year() > 2024 {
		t.Errorf("%d of %d blocks are known", known, len(tb.Table.Blocks))
	}
}

func TestStore(t *testing.T) {
	text := readertest.Noise(rand.New(rand.NewPCG(1, 1)), 3<<20)
	src, m, cache := storedFile(t, text)
	direct, want, err := readPath(t, m.Path)
	if err != nil || direct != text {
		t.Fatal(err)
	}
	files := storeFiles(t, cache)
	if len(files) != 1 {
		t.Fatalf("%q", files)
	}
	if info, _ := os.Stat(cache.Dir()); info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has mode %o", info.Mode().Perm())
	}

	b, err := src.Open(context.Background(), m, reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ra, ok := b.(reader.RandomAccess)
	if !ok {
		t.Fatal("the store is not used")
	}
	got, err := readertest.Collect(t, b.Next)
	if err != io.EOF || readertest.Join(got) != text || len(got) != len(want) {
		t.Fatalf("%v, %d blocks, want %d", err, len(got), len(want))
	}
	for i := len(want) - 1; i >= 0; i-- {
		var blk reader.Block
		if err := ra.ReadBlock(i, &blk); err != nil {
			t.Fatal(err)
		}
		w := want[i]
		if !bytes.Equal(blk.Text, w.Text) || blk.Offset != w.Offset || blk.Line != w.Line || blk.Lines != w.Lines ||
			blk.Continues != w.Continues || blk.Unfinished != w.Unfinished {
			t.Fatalf("block %d: %+v, want %+v", i, readertest.WithoutText(blk), readertest.WithoutText(w))
		}
	}
	table := ra.Table()
	lines := int64(strings.Count(text, "\n")) + 1
	if table.Lines != lines || table.Size != reader.Offset(len(text)) || b.ID() != reader.NewID([]byte(text)) {
		t.Errorf("table says %d lines, %d bytes", table.Lines, table.Size)
	}

	// Other programs can read it, too.
	data, _ := os.ReadFile(files[0])
	if out := tool(t, string(data), "zstd", "-dqc"); out != nil && string(out) != text {
		t.Error("zstd -d decodes something else")
	}
	dec, _ := zstd.NewReader(nil)
	defer dec.Close()
	sr, err := seekable.NewReader(bytes.NewReader(data), dec)
	if err != nil {
		t.Fatal(err)
	}
	defer sr.Close()
	part := make([]byte, 1000)
	if _, err := sr.ReadAt(part, int64(len(text)/2)); err != nil || string(part) != text[len(text)/2:][:1000] {
		t.Errorf("a seekable reader reads something else: %v", err)
	}

	// The store of a renamed file is found; that of a file that changed is not.
	moved := filepath.Join(filepath.Dir(m.Path), "app.log.3.gz")
	if err := os.Rename(m.Path, moved); err != nil {
		t.Fatal(err)
	}
	if _, ok := open(t, src, reader.Member{Path: moved}).(reader.RandomAccess); !ok {
		t.Error("not known after it was renamed")
	}
	if err := os.WriteFile(moved, readertest.Gzip(text+"more"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := open(t, src, reader.Member{Path: moved}).(reader.RandomAccess); ok {
		t.Error("taken for what it was before it changed")
	}
}

func open(t *testing.T, src *LogSource, m reader.Member) reader.Blocks {
	t.Helper()
	b, err := src.Open(context.Background(), m, reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// Reading from positions returns the same with and without a store.
func TestPositions(t *testing.T) {
	text := readertest.Noise(rand.New(rand.NewPCG(2, 1)), 2<<20)
	src, m, _ := storedFile(t, text)
	plain := filepath.Join(t.TempDir(), "plain")
	readertest.WriteFile(t, plain, text)
	ctx := context.Background()
	all := strings.SplitAfter(text, "\n")
	bare := NewSource(Log{Name: "x", Members: []reader.Member{m, {Path: plain}}}, Options{})
	for what, c := range map[string]struct {
		src *LogSource
		m   reader.Member
	}{"stored": {src, m}, "gzip": {bare, m}, "plain": {bare, reader.Member{Path: plain}}} {
		for _, l := range []reader.Line{0, 1, 2, 1000, reader.Line(len(all) - 2), reader.Line(len(all) - 1), reader.Line(len(all)), reader.Line(len(all) + 5)} {
			p, before, err := LinePos(ctx, c.src, c.m, l)
			if err != nil {
				t.Fatal(err)
			}
			k := min(int(l), len(all))
			want := strings.Join(all[k:], "")
			if p.Line != reader.Line(k) || before != int64(k) || p.Offset != reader.Offset(len(text)-len(want)) {
				t.Errorf("%s: line %d: got %+v, %d", what, l, p, before)
				continue
			}
			b, err := c.src.Open(ctx, c.m, p)
			if err != nil {
				t.Fatalf("%s: line %d: %v", what, l, err)
			}
			got, err := readertest.Collect(t, b.Next)
			b.Close()
			if err != io.EOF || readertest.Join(got) != want || len(got) > 0 && got[0].Line != p.Line {
				t.Errorf("%s: from line %d: %v", what, l, err)
			}
		}
		for _, n := range []int64{0, 1, 2, 10, 5000, int64(len(all)), int64(len(all)) + 3} {
			p, have, err := TailPos(ctx, c.src, c.m, n)
			if err != nil {
				t.Fatal(err)
			}
			k := max(0, len(all)-int(n))
			off := reader.Offset(len(strings.Join(all[:k], "")))
			if p.Offset != off || have != int64(len(all)-k) {
				t.Errorf("%s: the last %d lines: got %+v, %d; want %d", what, n, p, have, off)
			}
		}
	}
}

// Whatever happens to a store, the text is that of the file.
func TestDamagedStore(t *testing.T) {
	text := readertest.Noise(rand.New(rand.NewPCG(3, 1)), 2<<20)
	src, m, cache := storedFile(t, text)
	path := storeFiles(t, cache)[0]
	good, _ := os.ReadFile(path)
	r := rand.New(rand.NewPCG(4, 1))
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := src.Open(context.Background(), m, reader.Pos{})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer b.Close()
		if rb, ok := b.(*RecordedBlocks); ok {
			rb.W.Abandon(blockstore.ErrGivenUp) // the store was found to be damaged at once
		}
		got, err := readertest.Collect(t, b.Next)
		if err != io.EOF || readertest.Join(got) != text {
			t.Fatalf("%s: %v, %d bytes of %d", what, err, len(readertest.Join(got)), len(text))
		}
	}
	try("whole", good)
	flips, tableFlips := 150, 40
	if testing.Short() {
		flips, tableFlips = 8, 8
	}
	for range flips {
		bad := bytes.Clone(good)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		try("a bit flipped", bad)
	}
	for range tableFlips {
		bad := bytes.Clone(good)
		bad[len(bad)-1-r.IntN(2000)] ^= 1 << r.IntN(8)
		try("a bit of the table flipped", bad)
	}
	for _, n := range []int{0, 1, 9, 100, len(good) / 2, len(good) - 1} {
		try("cut", good[:n])
	}
	try("foreign", []byte("not a store at all"))
	try("grown", append(bytes.Clone(good), "more"...))
}

func TestStoreIsOnlyACache(t *testing.T) {
	text := readertest.Noise(rand.New(rand.NewPCG(5, 1)), 1<<20)
	path := filepath.Join(t.TempDir(), "a.gz")
	if err := os.WriteFile(path, readertest.Gzip(text), 0o644); err != nil {
		t.Fatal(err)
	}
	logs, _ := Find([]string{path})
	file := filepath.Join(t.TempDir(), "file")
	readertest.WriteFile(t, file, "")
	for what, c := range map[string]*blockstore.Cache{
		"none":             nil,
		"not a directory":  blockstore.NewCache(file, 0),
		"too small":        blockstore.NewCache(t.TempDir(), 100),
		"cannot be made":   blockstore.NewCache("/proc/nothing", 0),
		"nobody has time":  blockstore.NewCache(t.TempDir(), 0),
		"given up half":    blockstore.NewCache(t.TempDir(), 0),
		"closed too early": blockstore.NewCache(t.TempDir(), 0),
	} {
		workers := reader.NewWorkers(20)
		switch what {
		case "nobody has time":
			workers = reader.NewWorkers(0)
		case "given up half":
			workers = reader.NewWorkers(1)
		}
		taken := false
		src := NewSource(logs[0], Options{Cache: c, Workers: workers})
		b := open(t, src, src.Members()[0])
		if what == "closed too early" {
			var blk reader.Block
			if err := b.Next(&blk); err != nil {
				t.Fatal(err)
			}
			b.Close()
		} else if got, err := readertest.Collect(t, func(blk *reader.Block) error {
			err := b.Next(blk)
			if what == "given up half" && !taken {
				taken = true
				if err := workers.Acquire(t.Context()); err != nil { // never released
					t.Fatal(err)
				}
			}
			return err
		}); err != io.EOF || readertest.Join(got) != text {
			t.Errorf("%s: %v", what, err)
		}
		if c != nil {
			if left := storeFiles(t, c); len(left) > 0 {
				t.Errorf("%s: left %q", what, left)
			}
		}
	}
}

// The least recently used stores are deleted first.
func TestCacheIsBounded(t *testing.T) {
	cache := blockstore.NewCache(t.TempDir(), 1)
	if _, err := cache.Sub(blockstore.BlocksName, true); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	put := func(name string, size int, age time.Duration) {
		path := filepath.Join(cache.Blocks(), name)
		readertest.WriteFile(t, path, strings.Repeat("x", size))
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	oldest, old, fresh := strings.Repeat("a", 32)+".zst", strings.Repeat("b", 32)+".zst", strings.Repeat("c", 32)+".zst"
	put(old, 1000, 3*time.Hour)
	put(oldest, 1000, 4*time.Hour)
	put(fresh, 1000, time.Minute)
	put("tmp-1", 100, 2*time.Hour) // of a writer that was killed
	put("tmp-2", 100, time.Minute) // of a running writer
	put("mine.zst", 5000, 9*time.Hour)
	cache.Max = 2200
	if !cache.MakeRoom(0, 0) {
		t.Error("there is no room")
	}
	var left []string
	for _, s := range cache.Stores() {
		left = append(left, s.Name())
	}
	slices.Sort(left)
	readertest.ExpectStrings(t, left, old, fresh, "tmp-2")
	if _, err := os.Stat(filepath.Join(cache.Blocks(), "mine.zst")); err != nil {
		t.Error("a file that is not ours was deleted")
	}
}

func TestTableSurvivesAnything(t *testing.T) {
	_, _, cache := storedFile(t, readertest.Noise(rand.New(rand.NewPCG(6, 1)), 3<<20))
	s, err := blockstore.ReadStore(storeFiles(t, cache)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer s.F.Close()
	enc := s.Table.Encode()
	again, err := reader.DecodeTable(enc)
	if err != nil || !bytes.Equal(again.Encode(), enc) {
		t.Fatalf("%v", err)
	}
	for n := range enc {
		_, _ = reader.DecodeTable(enc[:n])
	}
}

// TestOlderTables tests that the times and levels in tables of older versions are not
// used.
func TestOlderTables(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_000).UTC()
	known := reader.TableBlock{Len: 10, Lines: 2, StoredLen: 5, First: at, Last: at, Final: at, Levels: [7]int32{5: 2}}
	enc := (&reader.Table{Lines: 2, Blocks: []reader.TableBlock{known}}).Encode()
	unknown := reader.TableBlock{Len: 10, Lines: 2, StoredLen: 5, StartUntimed: true}
	if whole, ok := reader.WholeBlock(enc); !ok || !whole.First.Equal(at) || !whole.Last.Equal(at) || whole.Levels != [7]int32{5: 1} {
		t.Errorf("the whole: %+v, %v", whole, ok)
	}
	rest := enc[5:] // of a table that says nothing of the whole
	for range 3 {
		_, n := binary.Uvarint(rest)
		rest = rest[n:]
	}
	otherwise := slices.Clone(enc)
	otherwise[4]++ // the detection
	for name, c := range map[string]struct {
		enc  []byte
		want reader.TableBlock
	}{
		"4":         {slices.Concat([]byte("LVT4"), rest), unknown},
		"5":         {slices.Concat([]byte("LVT5"), rest), unknown},
		"6":         {slices.Concat([]byte("LVT6"), enc[4:5], rest), known},
		"this":      {enc, known},
		"otherwise": {otherwise, unknown},
	} {
		table, err := reader.DecodeTable(c.enc)
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Blocks[0]; !reflect.DeepEqual(got, c.want) || table.Outdated != (name != "6" && name != "this") {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzTable(f *testing.F) {
	t := &reader.Table{Lines: 3, Blocks: []reader.TableBlock{{Len: 10, Lines: 2, StoredLen: 5, First: time.UnixMilli(1), Last: time.UnixMilli(2)}, {Len: 1, StoredLen: 3}}}
	f.Add(t.Encode())
	t.Blocks[0].StartUntimed, t.Blocks[0].Levels, t.Blocks[0].Leading = true, [7]int32{1, 1}, [7]int32{1}
	f.Add(t.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := reader.DecodeTable(b)
		if err != nil {
			return
		}
		for _, off := range []reader.Offset{0, 1, table.Size - 1, table.Size} {
			if i := table.Find(off); i >= 0 && (off < table.Blocks[i].Offset || off >= table.Blocks[i].End()) {
				t.Fatalf("offset %d is not in block %d", off, i)
			}
		}
		for _, l := range []reader.Line{0, 1, reader.Line(table.Lines) - 1, reader.Line(table.Lines)} {
			if i := table.FindLine(l); i >= len(table.Blocks) {
				t.Fatalf("line %d is in block %d", l, i)
			}
		}
	})
}
