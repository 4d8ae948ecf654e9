package blockstore

import (
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

// Add appends the next block.
func (tb *TableBuilder) Add(b *reader.Block) {
	k := reader.TableBlock{Offset: b.Offset, Len: len(b.Text), Skips: b.Skips, Line: b.Line, Lines: b.Lines, Continues: b.Continues, Unfinished: b.Unfinished}
	k.First, k.Last, k.Inferred = tb.Clock.Span(b.Text)
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
