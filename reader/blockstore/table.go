package blockstore

import (
	"time"

	"logview/reader"
	"logview/reader/line"
)

// A TableBuilder builds the table of a member that is read from its start, or
// continues an existing table.
type TableBuilder struct {
	Table reader.Table
	Clock line.Clock
	open  bool // the text so far ends inside a line
}

// Add appends the next block, which was read from a Blocks.
func (tb *TableBuilder) Add(b *reader.Block, from reader.Blocks) {
	tb.Clock.Zone = time.UTC
	var k reader.TableBlock
	known := false
	if s, ok := from.(reader.Surveyor); ok {
		k, known = s.Surveyed()
	}
	if known {
		tb.Clock.Learn(b.Text) // for the blocks that follow
	} else {
		k = tb.Clock.Survey(b.Text, b.Continues)
	}
	k.Offset, k.Len, k.Skips, k.Line, k.Lines, k.Continues, k.Unfinished = b.Offset, len(b.Text), b.Skips, b.Line, b.Lines, b.Continues, b.Unfinished
	tb.AddKnown(k)
	tb.Table.CRC = reader.UpdateCRC(tb.Table.CRC, b.Text)
	tb.open = len(b.Text) > 0 && b.Text[len(b.Text)-1] != '\n'
}

// AddKnown appends a block by its entry in another table. The caller must then
// set the table's CRC.
func (tb *TableBuilder) AddKnown(k reader.TableBlock) {
	t := &tb.Table
	t.Blocks = append(t.Blocks, k)
	t.Size = k.End()
	t.Lines = int64(k.Line) + int64(k.Lines)
	tb.open = k.Unfinished
}

// Finish returns the table of all added blocks. It counts an unterminated last
// line.
func (tb *TableBuilder) Finish() *reader.Table {
	t := tb.Table
	if tb.open {
		t.Lines++
	}
	return &t
}
