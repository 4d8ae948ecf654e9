package index

import (
	"slices"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/line"
)

// An entryBuilder makes the entry of a member while the member is read.
type entryBuilder struct {
	entry
	tb      blockstore.TableBuilder
	crcs    []uint32      // CRC-32 of the text up to the end of each block
	tail    []uint32      // CRC-32 of the end of each block's text
	columns *line.Columns // of the file; nil if it has none
	was     *entry        // the entry of the file before it grew; nil if there is none
	taken   int           // number of blocks taken over from was without reading them
}

// renew returns an empty builder of the same member's entry, to read the member
// once more.
func (eb *entryBuilder) renew(m reader.Member) *entryBuilder {
	fresh := &entryBuilder{}
	fresh.path, fresh.stamp, fresh.id, fresh.bom, fresh.direct, fresh.encoding = eb.path, eb.stamp, eb.id, eb.bom, eb.direct, eb.encoding
	fresh.tb.Clock.Ref = m.ModTime
	return fresh
}

// add adds a block that was read from a Blocks.
func (eb *entryBuilder) add(blk *reader.Block, from reader.Blocks) {
	if blk.Offset == 0 {
		eb.columns = line.LearnColumns(blk.Text)
	}
	eb.tb.Add(blk, from)
	eb.crcs = append(eb.crcs, eb.tb.Table.CRC)
	eb.tail = append(eb.tail, tailOf(blk.Text))
}

// addIndexed adds a block that was read from a Blocks and is indexed with a serial
// number.
func (eb *entryBuilder) addIndexed(blk *reader.Block, from reader.Blocks, serial uint32) {
	block := len(eb.tb.Table.Blocks)
	eb.add(blk, from)
	if n := len(eb.extents); n > 0 {
		x := &eb.extents[n-1]
		if x.block+x.n == block && x.serial+uint32(x.n) == serial {
			x.n++
			return
		}
	}
	eb.extents = append(eb.extents, extent{block: block, n: 1, serial: serial})
}

// upTo returns an entry of the first n blocks.
func (eb *entryBuilder) upTo(n int) *entry {
	e := eb.entry
	t := reader.Table{Blocks: slices.Clone(eb.tb.Table.Blocks[:n])}
	if n == len(eb.crcs) {
		t = *eb.tb.Finish()
	} else if n > 0 {
		k := t.Blocks[n-1]
		t.Size, t.Lines = k.Offset+reader.Offset(k.Len), int64(k.Line)+int64(k.Lines)
		t.CRC = eb.crcs[n-1]
	}
	e.tail, e.lead = 0, 0
	if n > 0 {
		e.tail = eb.tail[n-1]
	}
	if last := lastLine(t.Blocks); last > 0 {
		e.lead = eb.crcs[last-1]
	}
	e.table, e.packed = &t, nil
	e.size, e.lines, e.blocks = t.Size, t.Lines, n
	e.extents = nil
	for _, x := range eb.extents {
		if x.block >= n {
			break
		}
		x.n = min(x.n, n-x.block)
		e.extents = append(e.extents, x)
	}
	return &e
}

// takeOver gives the first n blocks their serial numbers in e.
func (eb *entryBuilder) takeOver(e *entry, n int) {
	for _, x := range e.extents {
		if x.block < n {
			x.n = min(x.n, n-x.block)
			eb.extents = append(eb.extents, x)
		}
	}
}

// lastLine returns the index of the block in which the first line of the last
// block begins. The blocks before it do not change when the file grows.
func lastLine(blocks []reader.TableBlock) int {
	n := max(len(blocks)-1, 0)
	for n > 0 && blocks[n].Continues {
		n--
	}
	return n
}
