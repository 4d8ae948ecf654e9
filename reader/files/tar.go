package files

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"logview/reader/decode"
)

// This file lists the members of tar archives, also damaged ones.

// tarMembers lists the members of a tar of size bytes, and sets a.links. With
// an error, it also returns the members that are not damaged: after a damaged
// header it continues with the next one, as tar does.
func (a *archive) tarMembers(ctx context.Context, size int64) ([]namedEntry, error) {
	data := &failingReaderAt{ReaderAt: a}
	src := io.NewSectionReader(data, 0, size)
	tr := tar.NewReader(src)
	var out []namedEntry
	var c census
	var bad faults
	byName := map[string]int{} // indexes of names in out, for its first indexed elements
	indexed := 0
	next := int64(0) // offset of the next headers
	a.links = map[string]string{}
	for {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		head := next
		h, err := tr.Next()
		off, _ := src.Seek(0, io.SeekCurrent)
		var extents []extent
		if err == nil && sparseMember(h) {
			extents, err = extentsOf(data, h, head, off)
		}
		switch {
		case err == io.EOF:
			// Another archive may have been appended, or a header was
			// overwritten with zeros.
			at, zeros, _ := nextHeader(ctx, data, min(roundToBlock(off), size), size)
			if data.err != nil {
				bad.add(data.err)
			}
			if at == size || data.err != nil || ctx.Err() != nil {
				return out, bad.err()
			}
			if !zeros {
				bad.add(damagedHeader(head, at))
			}
			next = at
			_, _ = src.Seek(next, io.SeekStart)
			tr = tar.NewReader(src)
			continue
		case errors.Is(err, io.ErrUnexpectedEOF):
			bad.add(errTarCut)
			return out, bad.err()
		case err == nil, errors.Is(err, tar.ErrInsecurePath):
		default:
			if data.err == nil {
				next, _ = headerAfter(ctx, data, head, off, size)
				bad.add(damagedHeader(head, next))
				_, _ = src.Seek(next, io.SeekStart)
				tr = tar.NewReader(src)
			}
			if data.err != nil {
				bad.add(data.err)
				return out, bad.err()
			}
			continue
		}
		e := &entry{in: a, off: off, size: h.Size, modified: h.ModTime}
		stored := h.Size
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
			if sparseMember(h) {
				stored = 0
				for _, x := range extents {
					stored += x.size
				}
				e.off, e.end, e.sparse = head, off+stored, true
			} else {
				e.size = max(0, min(e.size, size-off))
				e.end = off + e.size
			}
		case tar.TypeLink:
			stored = 0
			for ; indexed < len(out); indexed++ {
				byName[memberPath(out[indexed].name)] = indexed
			}
			i, ok := byName[memberPath(h.Linkname)]
			if !ok {
				if to, ok := a.links[memberPath(h.Linkname)]; ok {
					a.links[memberPath(h.Name)] = to
				} else {
					bad.add(fmt.Errorf("%q is a link to %q, which is not before it in the archive", h.Name, h.Linkname))
				}
				e = nil
				break
			}
			e.off, e.end, e.size, e.sparse = out[i].off, out[i].end, out[i].size, out[i].sparse
		case tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
			stored, e = 0, nil
		default:
			e = nil
		}
		next = roundToBlock(off + stored)
		switch {
		case e == nil:
			err = c.add(h.Name+h.Linkname, 0)
		case e.sparse:
			err = c.add(h.Name, stored) // holes are not read
		default:
			err = c.add(h.Name, e.size)
		}
		if err != nil {
			bad.add(err)
			if err == errLongName {
				continue
			}
			return out, bad.err()
		}
		switch {
		case e != nil:
			out = append(out, namedEntry{h.Name, e})
		case h.Typeflag == tar.TypeSymlink:
			a.links[memberPath(h.Name)] = h.Linkname
		}
	}
}

// roundToBlock rounds a size up to a multiple of tarBlock.
func roundToBlock(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }

// headerAfter returns the offset of the next header of a tar of size bytes
// after a damaged one; size if there is none. The damage is in the headers that
// start at head, or in their data; the tar was read up to off when it was
// found.
func headerAfter(ctx context.Context, archive io.ReaderAt, head, off, size int64) (int64, error) {
	var b [tarBlock]byte
	from := head
	for from < off {
		if _, err := archive.ReadAt(b[:], from); err != nil && err != io.EOF {
			return size, err
		}
		if !decode.IsTar(b[:]) {
			from += tarBlock
			break
		}
		if !metaHeader(b[156]) {
			if from > head {
				return from, nil // the headers before it, which belong to it, are damaged
			}
			from = roundToBlock(off)
			break
		}
		from += tarBlock + roundToBlock(min(max(0, tarNumber(b[124:136])), size))
	}
	next, _, err := nextHeader(ctx, archive, min(from, size), size)
	return next, err
}

// nextHeader returns the offset of the next header of a tar of size bytes at
// from or after it, or size, and whether there are only zeros before it. from
// must be the start of a block.
func nextHeader(ctx context.Context, archive io.ReaderAt, from, size int64) (at int64, zeros bool, err error) {
	var b, zero [tarBlock]byte
	zeros = true
	in := bufio.NewReaderSize(io.NewSectionReader(archive, from, size-from), 1<<16)
	for ; ; from += tarBlock {
		if err := ctx.Err(); err != nil {
			return from, zeros, err
		}
		if _, err := io.ReadFull(in, b[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
			return size, zeros, nil
		} else if err != nil {
			return size, zeros, err
		}
		if decode.IsTar(b[:]) {
			return from, zeros, nil
		}
		zeros = zeros && b == zero
	}
}

func damagedHeader(from, to int64) error {
	return fmt.Errorf("tar: damaged header; bytes %d to %d of the archive are not read", from, to)
}

// metaHeader reports whether a header of a tar has the long name or the records
// of the next member.
func metaHeader(kind byte) bool {
	return kind == tar.TypeXHeader || kind == tar.TypeXGlobalHeader || kind == tar.TypeGNULongName || kind == tar.TypeGNULongLink
}
