// Package readertest checks that a Source keeps the contract of
// reader.Source and reader.Blocks. The maker of a Source hands the kit the
// text it holds; the kit explains each rule that is broken.
package readertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"logview/reader"
)

// A Case is a Source and the text of its members, oldest first.
type Case struct {
	Source reader.Source
	Texts  []string

	// Once says that a member can be opened only once, as a pipe can.
	Once bool
	// Grow appends to the newest member; nil if it cannot grow.
	Grow func(text string)
	// Rotate renames or compresses members, and makes a new newest one with
	// the given text; nil if the Source cannot rotate.
	Rotate func(text string)
}

// Run checks the Source that make makes anew for each rule.
func Run(t *testing.T, make func(t *testing.T) Case) {
	t.Run("blocks are the text, without gap or overlap", func(t *testing.T) { testBlocks(t, make(t)) })
	t.Run("a block stays valid until it is filled again", func(t *testing.T) { testOwnership(t, make(t)) })
	t.Run("reading begins at any position made from a block", func(t *testing.T) { testPositions(t, make(t)) })
	t.Run("io.EOF means not yet", func(t *testing.T) { testGrowth(t, make(t)) })
	t.Run("positions outlive rotation", func(t *testing.T) { testRotation(t, make(t)) })
	t.Run("cancelling ends Next", func(t *testing.T) { testCancel(t, make(t)) })
	t.Run("several readers at once", func(t *testing.T) { testConcurrent(t, make(t)) })
	t.Run("tables are the blocks", func(t *testing.T) { testTables(t, make(t)) })
	t.Run("a turn changes nothing but waiting", func(t *testing.T) { testTurn(t, make(t)) })
	t.Run("Close may come twice", func(t *testing.T) { testClose(t, make(t)) })
}

func open(t *testing.T, c Case, i int, at reader.Pos) reader.Blocks {
	t.Helper()
	members := c.Source.Members()
	if len(members) != len(c.Texts) {
		t.Fatalf("%d members, want %d", len(members), len(c.Texts))
	}
	b, err := c.Source.Open(context.Background(), members[i], at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// readAll reads to io.EOF, checking each block against the one before.
func readAll(t *testing.T, b reader.Blocks, at reader.Pos) (text string, starts []reader.Pos) {
	t.Helper()
	var out strings.Builder
	off, line, open := at.Offset, at.Line, false
	var blk reader.Block
	for {
		err := b.Next(&blk)
		if err == io.EOF {
			return out.String(), starts
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(blk.Text) == 0 || len(blk.Text) > reader.BlockSize {
			t.Fatalf("a block of %d bytes", len(blk.Text))
		}
		if blk.Offset != off || blk.Line != line || blk.Continues != open {
			t.Fatalf("block at %d, line %d, continues %v; want %d, %d, %v", blk.Offset, blk.Line, blk.Continues, off, line, open)
		}
		if n := bytes.Count(blk.Text, []byte{'\n'}); n != blk.Lines {
			t.Fatalf("%d lines end in a block that says %d", n, blk.Lines)
		}
		if blk.Unfinished && bytes.HasSuffix(blk.Text, []byte{'\n'}) {
			t.Fatal("a block ends with a newline and says that its line goes on")
		}
		if !blk.Continues {
			starts = append(starts, reader.Pos{Member: b.ID(), Offset: blk.Offset, Line: blk.Line})
		}
		out.Write(blk.Text)
		off = blk.End()
		line += reader.Line(blk.Lines)
		open = blk.Unfinished
	}
}

func testBlocks(t *testing.T, c Case) {
	for i, want := range c.Texts {
		b := open(t, c, i, reader.Pos{})
		if got, _ := readAll(t, b, reader.Pos{}); got != want {
			t.Errorf("member %d has %d bytes of text, want %d", i, len(got), len(want))
		}
		var blk reader.Block
		if err := b.Next(&blk); err != io.EOF {
			t.Errorf("member %d: behind the end: %v", i, err)
		}
	}
}

func testOwnership(t *testing.T, c Case) {
	b := open(t, c, 0, reader.Pos{})
	var blocks []*reader.Block
	var copies []string
	for {
		blk := new(reader.Block)
		if err := b.Next(blk); err != nil {
			break
		}
		blocks = append(blocks, blk)
		copies = append(copies, string(blk.Text))
	}
	for i, blk := range blocks {
		if string(blk.Text) != copies[i] {
			t.Errorf("block %d changed when later ones were read", i)
		}
	}
}

func testPositions(t *testing.T, c Case) {
	if c.Once {
		t.Skip("it can be read once")
	}
	for i, text := range c.Texts {
		_, starts := readAll(t, open(t, c, i, reader.Pos{}), reader.Pos{})
		for _, p := range starts {
			if got, _ := readAll(t, open(t, c, i, p), p); got != text[p.Offset:] {
				t.Errorf("member %d from %d: another text", i, p.Offset)
			}
		}
	}
}

func testGrowth(t *testing.T, c Case) {
	if c.Grow == nil {
		t.Skip("it cannot grow")
	}
	newest := len(c.Texts) - 1
	text := c.Texts[newest]
	b := open(t, c, newest, reader.Pos{})
	readAll(t, b, reader.Pos{})
	next := func(add, want string) {
		t.Helper()
		c.Grow(add)
		text += add
		var blk reader.Block
		if err := b.Next(&blk); err != nil {
			t.Fatal(err)
		}
		if string(blk.Text) != want || blk.Offset != reader.Offset(len(text)-len(want)) {
			t.Fatalf("after %q: got %q at %d, want %q", add, blk.Text, blk.Offset, want)
		}
		if err := b.Next(&blk); err != io.EOF {
			t.Fatalf("got %v, want io.EOF", err)
		}
	}
	last := text[strings.LastIndexByte(text, '\n')+1:]
	next(" and on\n", last+" and on\n")
	next("a whole line\nhalf", "a whole line\nhalf")
	next(" a line", "half a line") // again from its beginning
	next("\n", "half a line\n")
}

func testRotation(t *testing.T, c Case) {
	if c.Rotate == nil {
		t.Skip("it cannot rotate")
	}
	ctx := context.Background()
	before := c.Source.Members()
	var places []reader.Pos
	for i := range c.Texts {
		b := open(t, c, i, reader.Pos{})
		_, starts := readAll(t, b, reader.Pos{})
		places = append(places, starts[len(starts)-1])
	}
	c.Rotate("a new log begins\n")
	if got := c.Source.Members(); len(got) != len(before) {
		t.Error("a snapshot changed without Refresh")
	}
	if err := c.Source.Refresh(); err != nil {
		t.Fatal(err)
	}
	for i, p := range places {
		m, err := c.Source.Locate(ctx, p)
		if err != nil {
			t.Fatalf("member %d is not found: %v", i, err)
		}
		b, err := c.Source.Open(ctx, m, p)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if got, _ := readAll(t, b, p); got != c.Texts[i][p.Offset:] {
			t.Errorf("member %d, now %s: another text at %d", i, m.Path, p.Offset)
		}
	}
	nowhere := reader.Pos{Member: reader.ID{Len: 4, Sum: [16]byte{1, 2, 3}}}
	if _, err := c.Source.Locate(ctx, nowhere); !errors.Is(err, reader.ErrGone) {
		t.Errorf("a text that is nowhere: got %v, want ErrGone", err)
	}
}

func testCancel(t *testing.T, c Case) {
	ctx, cancel := context.WithCancel(context.Background())
	b, err := c.Source.Open(ctx, c.Source.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cancel()
	var blk reader.Block
	if err := b.Next(&blk); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func testConcurrent(t *testing.T, c Case) {
	if c.Once {
		t.Skip("it can be read once")
	}
	var wait sync.WaitGroup
	for range 4 {
		for i, want := range c.Texts {
			wait.Add(1)
			go func() {
				defer wait.Done()
				b, err := c.Source.Open(context.Background(), c.Source.Members()[i], reader.Pos{})
				if err != nil {
					t.Error(err)
					return
				}
				defer b.Close()
				var blk reader.Block
				n := 0
				for b.Next(&blk) == nil {
					if want[n:n+len(blk.Text)] != string(blk.Text) {
						t.Errorf("member %d: another text at %d", i, n)
						return
					}
					n += len(blk.Text)
				}
			}()
		}
	}
	wait.Wait()
}

// testTables checks RandomAccess, and that of FileBlocks that have it.
func testTables(t *testing.T, c Case) {
	if c.Once {
		t.Skip("it can be read once")
	}
	for i := range c.Texts {
		var blocks []*reader.Block
		var table reader.Table
		b := open(t, c, i, reader.Pos{})
		for {
			blk := new(reader.Block)
			if err := b.Next(blk); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, blk)
			table.Blocks = append(table.Blocks, reader.TableBlock{Offset: blk.Offset, Len: len(blk.Text), Skips: blk.Skips,
				Line: blk.Line, Lines: blk.Lines, Continues: blk.Continues, Unfinished: blk.Unfinished})
			table.Size = blk.End()
		}
		ra, ok := b.(reader.RandomAccess)
		if f, isFile := b.(reader.FileBlocks); isFile && !ok {
			_, direct := f.Direct()
			if ra, ok = f.Access(&table); direct && !ok {
				t.Errorf("member %d: its bytes are the text, and it has no access", i)
			}
		}
		if !ok {
			continue
		}
		known := ra.Table().Blocks
		if len(known) != len(blocks) {
			t.Fatalf("member %d: a table of %d blocks, which are %d", i, len(known), len(blocks))
		}
		var wait sync.WaitGroup
		for k, want := range slices.Backward(blocks) {
			if x := known[k]; x.Offset != want.Offset || x.Len != len(want.Text) || x.Line != want.Line || x.Lines != want.Lines || x.Continues != want.Continues || x.Unfinished != want.Unfinished {
				t.Errorf("member %d, block %d: the table says %+v", i, k, x)
			}
			wait.Go(func() {
				var blk reader.Block
				if err := ra.ReadBlock(k, &blk); err != nil {
					t.Errorf("member %d, block %d: %v", i, k, err)
				} else if !bytes.Equal(blk.Text, want.Text) || blk.Offset != want.Offset || blk.Line != want.Line || blk.Lines != want.Lines || blk.Continues != want.Continues || blk.Unfinished != want.Unfinished {
					t.Errorf("member %d, block %d is another by itself", i, k)
				}
			})
		}
		wait.Wait()
	}
}

// testTurn checks TurnSource, and Duplicator.
func testTurn(t *testing.T, c Case) {
	workers := reader.NewWorkers(1)
	if err := workers.Acquire(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer workers.Release()
	members := c.Source.Members()
	for i, want := range c.Texts {
		b, err := reader.OpenInTurn(context.Background(), c.Source, members[i], reader.Pos{}, reader.NewTurn(context.Background(), workers))
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		got, _ := readAll(t, b, reader.Pos{})
		if d, ok := b.(reader.Duplicator); ok && d.Duplicate() && got == "" {
			continue
		} else if ok && d.Duplicate() {
			t.Errorf("member %d is a duplicate, and has text", i)
		}
		if got != want {
			t.Errorf("member %d has %d bytes of text, want %d", i, len(got), len(want))
		}
	}
}

// RunDamaged checks a Resumer of a member with damage between two texts.
func RunDamaged(t *testing.T, b reader.Resumer, before, behind string) {
	t.Helper()
	if err := b.Resume(); err != io.EOF {
		t.Errorf("Resume before there is damage: %v", err)
	}
	id := b.ID()
	read := func(off reader.Offset, line reader.Line, want string) (reader.Offset, reader.Line, error) {
		t.Helper()
		var out strings.Builder
		var blk reader.Block
		open := false
		for {
			if err := b.Next(&blk); err != nil {
				if got := out.String(); got != want {
					t.Errorf("%d bytes of text, then %v; want %d", len(got), err, len(want))
				}
				if again := b.Next(&blk); again != err {
					t.Errorf("after %v: %v", err, again)
				}
				if want != "" && !strings.HasSuffix(want, "\n") {
					line++ // it is over
				}
				return off, line, err
			}
			if blk.Offset != off || blk.Line != line || blk.Continues != open {
				t.Fatalf("block at %d, line %d, continues %v; want %d, %d, %v", blk.Offset, blk.Line, blk.Continues, off, line, open)
			}
			out.Write(blk.Text)
			off, open = blk.End(), blk.Unfinished
			line += reader.Line(blk.Lines)
		}
	}
	off, line, err := read(0, 0, before)
	if fe := (*reader.FileError)(nil); !errors.As(err, &fe) {
		t.Errorf("damage is not a *FileError: %v", err)
	}
	if err := b.Resume(); err != nil {
		t.Fatalf("Resume: %v", err)
	}
	if _, _, err := read(off, line, behind); err != io.EOF {
		t.Errorf("behind the damage: %v", err)
	}
	if err := b.Resume(); err != io.EOF {
		t.Errorf("Resume at the end: %v", err)
	}
	if b.ID() != id {
		t.Error("the ID changed")
	}
}

func testClose(t *testing.T, c Case) {
	b := open(t, c, 0, reader.Pos{})
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := c.Source.Close(); err != nil {
		t.Error(err)
	}
}
