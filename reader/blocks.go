package reader

import (
	"bytes"
	"encoding/binary"
	"sync"
)

var Newline = []byte{'\n'}

var blockPool = sync.Pool{New: func() any { return new(Block) }}

// GetBlock returns a Block with its memory from a pool.
func GetBlock() *Block { return blockPool.Get().(*Block) }

// PutBlock returns a Block to the pool. Its Text must not be used any more.
func PutBlock(b *Block) {
	b.Text = nil
	blockPool.Put(b)
}

// Grow returns the Block's memory, of BlockSize bytes, for a new Text. The
// current Text becomes invalid.
func (b *Block) Grow() []byte {
	if cap(b.buf) < BlockSize {
		b.buf = make([]byte, BlockSize)
	}
	return b.buf[:BlockSize]
}

// Set sets b to the Block x, whose Text must be in the memory that Grow
// returned. b keeps its own memory.
func (b *Block) Set(x Block) {
	x.buf = b.buf
	*b = x
}

// SetText sets b to a Block that has only a copy of text, and grows its memory
// only if necessary.
func (b *Block) SetText(text []byte) {
	*b = Block{buf: append(b.buf[:0], text...)}
	b.Text = b.buf
}

// SeekTable returns the frame that other programs use for seeking. Its entries
// are the stored and the decoded length of each frame. ours is the length of
// logview's own frame.
func (t *Table) SeekTable(ours int) []byte {
	n := len(t.Blocks) + 1
	out := binary.LittleEndian.AppendUint32(nil, 0x184d2a5e)
	out = binary.LittleEndian.AppendUint32(out, uint32(n*8+9))
	for _, k := range t.Blocks {
		out = binary.LittleEndian.AppendUint32(out, uint32(k.StoredLen))
		out = binary.LittleEndian.AppendUint32(out, uint32(k.Len))
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(ours))
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(n))
	out = append(out, 0) // no checksums here: the frames have their own
	return binary.LittleEndian.AppendUint32(out, 0x8f92eab1)
}

// CountLines returns the number of newlines in text.
func CountLines(text []byte) int { return bytes.Count(text, Newline) }
