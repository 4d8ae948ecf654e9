package document

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"slices"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// This file counts the lines of a text, so that each has a number.

// countEvery is the distance in bytes between offsets whose line numbers are kept. This takes
// 80 KB of memory for 10 GiB of text, and counting lines from such an offset takes a tenth of a
// millisecond.
const countEvery = 1 << 20

// number returns the number of the line that contains off; false if the lines
// before it are not counted yet.
func (t *textAt) number(off reader.Offset) (reader.Line, bool) {
	if t.ra != nil {
		b, err := t.block(off)
		if err != nil {
			return reader.Line(t.ra.Table().Lines), err == io.EOF
		}
		return b.Line + reader.Line(reader.CountLines(b.Text[:b.Index(off)])), true
	}
	t.mu.Lock()
	if t.known != nil && off < t.base {
		known := t.known
		t.mu.Unlock()
		b := reader.GetBlock()
		defer reader.PutBlock(b)
		if err := known.ReadBlock(known.Table().Find(off), b); err != nil || !t.intact() {
			return -1, false
		}
		return b.Line + reader.Line(reader.CountLines(b.Text[:b.Index(off)])), true
	}
	base, i := t.base, int((off-t.base)/countEvery)
	known := i < len(t.counts)
	n := int64(0)
	if known {
		n = t.counts[i]
	}
	t.mu.Unlock()
	if i == 0 && base == 0 {
		known, n = true, 0
	}
	if !known {
		return -1, false
	}
	buf := make([]byte, (off-base)%countEvery)
	if k, err := t.readAt(buf, base+reader.Offset(i)*countEvery); k < len(buf) {
		return -1, err == nil
	}
	return reader.Line(n) + reader.Line(reader.CountLines(buf)), true
}

// useTable gets line numbers from an index's table, once.
func (t *textAt) useTable() {
	t.asking.Do(func() {
		if t.ask == nil {
			return
		}
		ra := t.ask()
		if ra == nil || len(ra.Table().Blocks) == 0 {
			return
		}
		blocks := ra.Table().Blocks
		last := blocks[len(blocks)-1]
		t.mu.Lock()
		defer t.mu.Unlock()
		t.known, t.base, t.counts = ra, last.Offset, []int64{int64(last.Line)}
	})
}

// uncounted returns how many bytes of text must be read to determine the number
// of the line at off.
func (t *textAt) uncounted(off reader.Offset) reader.Offset {
	if t.ra != nil {
		return 0
	}
	t.useTable()
	t.mu.Lock()
	from := t.base + reader.Offset(len(t.counts))*countEvery
	t.mu.Unlock()
	if off <= from {
		return 0
	}
	return reader.Offset(decode.DataBetween(t.file, int64(from)+t.bom, int64(off)+t.bom))
}

// count counts lines up to off, so that number returns them.
func (t *textAt) count(ctx context.Context, off reader.Offset) error {
	if t.ra != nil {
		return nil
	}
	t.useTable()
	t.counting.Lock()
	defer t.counting.Unlock()
	buf := make([]byte, countEvery)
	for n := 0; ; n++ {
		if n%4 == 3 {
			runtime.Gosched() // counting must not delay the user
		}
		t.mu.Lock()
		if len(t.counts) == 0 {
			t.counts = append(t.counts, 0)
		}
		i := len(t.counts)
		lines, from := t.counts[i-1], t.base+reader.Offset(i-1)*countEvery
		t.mu.Unlock()
		if from+countEvery > off {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if k, err := t.readAt(buf, from); k < len(buf) {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		lines += int64(bytes.Count(buf, reader.Newline))
		times := 1
		if decode.LeadingZeros(buf) == len(buf) {
			to, err := t.zerosAfter(from + countEvery)
			if err != nil {
				return err
			}
			times = int((to - from) / countEvery)
		}
		t.mu.Lock()
		t.counts = append(t.counts, slices.Repeat([]int64{lines}, times)...)
		t.mu.Unlock()
	}
}

// line returns the start of a line, or the end of the text if it has fewer
// lines.
func (t *textAt) line(ctx context.Context, l reader.Line) (reader.Offset, error) {
	if t.ra != nil {
		p, err := files.FindLine(t.ra, t.id, l)
		return p.Offset, err
	}
	t.useTable()
	t.mu.Lock()
	known, base := t.known, t.base
	t.mu.Unlock()
	if known != nil {
		blocks := known.Table().Blocks
		if l <= blocks[len(blocks)-1].Line {
			p, err := files.FindLine(known, t.id, l)
			return p.Offset, err
		}
	}
	at := func() (i int, n int64) { // the last known count before line l
		t.mu.Lock()
		defer t.mu.Unlock()
		for k, c := range t.counts {
			if k > 0 && c >= int64(l) {
				break // line l starts before or at this offset
			}
			i, n = k, c
		}
		return i, n
	}
	i, n := at()
	buf := make([]byte, countEvery)
	for off := base + reader.Offset(i)*countEvery; ; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		k, err := t.readAt(buf, off)
		if err != nil && err != io.EOF {
			return 0, err
		}
		text := buf[:k]
		if c := int64(reader.CountLines(text)); n+c < int64(l) && err == nil {
			n, off = n+c, off+reader.Offset(k)
			if c == 0 && decode.LeadingZeros(text) == k {
				if off, err = t.zerosAfter(off); err != nil {
					return 0, err
				}
			}
			continue
		}
		for ; n < int64(l); n++ {
			j := bytes.IndexByte(text, '\n')
			if j < 0 {
				return off + reader.Offset(k), nil
			}
			text = text[j+1:]
		}
		return off + reader.Offset(k-len(text)), nil
	}
}
