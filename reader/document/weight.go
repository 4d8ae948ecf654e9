package document

import (
	"context"
	"os"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/files"
)

// Places in a Document as fractions of its size.

// Weigh estimates the sizes of the texts of unopened members, so that places
// can be expressed as fractions of the Document. The estimates come from their
// block stores, from the size that gzip writes after the text, or else from the
// usual compression ratio of logs.
func (d *Document) Weigh() {
	for _, m := range d.list() {
		member, t, _ := m.state()
		stamp, ok := files.ListedStamp(member)
		m.mu.Lock()
		known := t != nil || !ok || m.weighed == stamp
		m.mu.Unlock()
		if known {
			continue
		}
		about := estimatedSize(d.src.Options().Cache, member)
		m.mu.Lock()
		m.weighed, m.about = stamp, about
		m.mu.Unlock()
	}
}

// usual is the usual compression ratio of logs.
const usual = 10

// estimatedSize estimates the size of a member's decoded text.
func estimatedSize(c *blockstore.Cache, m reader.Member) reader.Offset {
	if c != nil {
		if k := files.Peek(c, m); k.Text >= 0 {
			return reader.Offset(k.Text)
		}
	}
	f, _, err := files.OpenMember(m)
	if err != nil || f == os.Stdin {
		return reader.Offset(m.Size)
	}
	defer f.Close()
	var b [decode.MagicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	switch {
	case !decode.IsPacked(f, b[:n]):
		return reader.Offset(m.Size)
	case decode.FormatOf(b[:n]) == decode.Gzip:
		if size, ok := files.GzipSize(f, m.Size); ok && size > m.Size && size < 100*m.Size {
			return reader.Offset(size)
		}
	}
	return reader.Offset(usual * m.Size)
}

// Fraction returns the position of a place in the Document as a fraction from 0
// to 1. It uses the estimated sizes of texts that are not open.
func (d *Document) Fraction(p Place) float64 { return FractionOf(d.Members(), p) }

// FractionOf returns the position of a place in members as a fraction from 0 to
// 1; 0 if its member is not one of them.
func FractionOf(members []DocMember, p Place) float64 {
	before, total, found := 0.0, 0.0, false
	for _, m := range members {
		size := float64(m.Weight)
		if m.Key == p.Member {
			found = true
			before += min(size, float64(p.Offset))
		} else if !found {
			before += size
		}
		total += size
	}
	switch {
	case !found:
		return 0
	case total == 0:
		return 1
	}
	return before / total
}

// AtFraction returns the start of the piece at a fraction, from 0 to 1, of the
// Document.
func (d *Document) AtFraction(ctx context.Context, f float64) (Place, error) {
	d.Weigh()
	members := d.Members()
	total := 0.0
	for _, m := range members {
		total += float64(m.Weight)
	}
	left := f * total
	for _, m := range members {
		size := float64(m.Weight)
		if left > size {
			left -= size
			continue
		}
		t, err := d.text(ctx, m.Key)
		if err != nil {
			return Place{}, err
		}
		return d.At(ctx, Place{m.Key, reader.Offset(left / max(size, 1) * float64(t.end()))})
	}
	return d.End(ctx)
}
