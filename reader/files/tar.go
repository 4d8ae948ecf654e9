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
	a.links = map[string]string{}
	l := newTarLister(a, size)
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return l.out, err
		}
		more = l.next(ctx)
	}
	return l.out, l.bad.err()
}

// A tarLister lists the members of a tar.
type tarLister struct {
	in   *archive
	size int64 // of the tar
	data *failingReaderAt
	src  *io.SectionReader // of data
	tr   *tar.Reader       // of src
	head int64             // offset of the next headers

	out     []namedEntry
	census  census
	bad     faults
	byName  map[string]int // indexes of names in out, for its first indexed elements
	indexed int
}

func newTarLister(a *archive, size int64) *tarLister {
	l := &tarLister{in: a, size: size, data: &failingReaderAt{ReaderAt: a}, byName: map[string]int{}}
	l.src = io.NewSectionReader(l.data, 0, size)
	l.tr = tar.NewReader(l.src)
	return l
}

// next lists the next member, or skips what is not one. It returns false if
// there is nothing more to list.
func (l *tarLister) next(ctx context.Context) bool {
	h, err := l.tr.Next()
	off, _ := l.src.Seek(0, io.SeekCurrent)
	var extents []extent
	if err == nil && sparseMember(h) {
		extents, err = extentsOf(l.data, h, l.head, off)
	}
	switch {
	case err == io.EOF:
		return l.skipEnd(ctx, off)
	case errors.Is(err, io.ErrUnexpectedEOF):
		l.bad.add(errTarCut)
		return false
	case err == nil, errors.Is(err, tar.ErrInsecurePath):
		return l.add(h, off, extents)
	}
	return l.skipDamage(ctx, off)
}

// skipEnd continues after what looks like the end of the tar, which was read up
// to off: another archive may have been appended, or a header was overwritten
// with zeros. It returns false if no header follows.
func (l *tarLister) skipEnd(ctx context.Context, off int64) bool {
	if roundToBlock(off) > l.size { // it ends in what fills the last block of a member
		l.bad.add(errTarCut)
		return false
	}
	at, zeros, _ := nextHeader(ctx, l.data, roundToBlock(off), l.size)
	if l.data.err != nil {
		l.bad.add(l.data.err)
	}
	if at == l.size || l.data.err != nil || ctx.Err() != nil {
		return false
	}
	if !zeros {
		l.bad.add(damagedHeader(l.head, at))
	}
	l.restart(at)
	return true
}

// skipDamage skips a damaged header; the tar was read up to off when the damage
// was found. It returns false if the tar cannot be read.
func (l *tarLister) skipDamage(ctx context.Context, off int64) bool {
	if l.data.err == nil {
		at, _ := headerAfter(ctx, l.data, l.head, off, l.size)
		l.bad.add(damagedHeader(l.head, at))
		l.restart(at)
	}
	if l.data.err != nil {
		l.bad.add(l.data.err)
		return false
	}
	return true
}

// restart continues with the headers at an offset.
func (l *tarLister) restart(at int64) {
	l.head = at
	_, _ = l.src.Seek(at, io.SeekStart)
	l.tr = tar.NewReader(l.src)
}

// add lists the member whose headers start at l.head and whose data starts at
// off. It returns false if the tar exceeds a limit of the census.
func (l *tarLister) add(h *tar.Header, off int64, extents []extent) bool {
	e, stored := l.entry(h, off, extents)
	l.head = roundToBlock(off + stored)
	var err error
	switch {
	case e == nil:
		err = l.census.add(h.Name+h.Linkname, 0)
	case e.sparse:
		err = l.census.add(h.Name, stored) // holes are not read
	default:
		err = l.census.add(h.Name, e.size)
	}
	if err != nil {
		l.bad.add(err)
		return err == errLongName
	}
	switch {
	case e != nil:
		l.out = append(l.out, namedEntry{h.Name, e})
	case h.Typeflag == tar.TypeSymlink:
		l.in.links[memberPath(h.Name)] = h.Linkname
	}
	return true
}

// entry returns the entry of a member whose data starts at off, or nil if it is
// not listed, and the number of bytes of its data in the tar.
func (l *tarLister) entry(h *tar.Header, off int64, extents []extent) (e *entry, stored int64) {
	e = &entry{in: l.in, off: off, size: h.Size, modified: h.ModTime}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if !sparseMember(h) {
			e.size = max(0, min(e.size, l.size-off))
			e.end = off + h.Size
			return e, h.Size
		}
		for _, x := range extents {
			stored += x.size
		}
		e.off, e.end, e.sparse = l.head, off+stored, true
		return e, stored
	case tar.TypeLink:
		to := l.linked(h)
		if to == nil {
			return nil, 0
		}
		e.off, e.end, e.size, e.sparse = to.off, to.end, to.size, to.sparse
		return e, 0
	case tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		return nil, 0
	}
	return nil, h.Size
}

// linked returns the entry that a hard link refers to. If it refers to a
// symbolic link, which has no entry, linked gives it the same target in the
// archive's links, and returns nil.
func (l *tarLister) linked(h *tar.Header) *entry {
	for ; l.indexed < len(l.out); l.indexed++ {
		l.byName[memberPath(l.out[l.indexed].name)] = l.indexed
	}
	if i, ok := l.byName[memberPath(h.Linkname)]; ok {
		return l.out[i].entry
	}
	if to, ok := l.in.links[memberPath(h.Linkname)]; ok {
		l.in.links[memberPath(h.Name)] = to
	} else {
		l.bad.add(fmt.Errorf("%q is a link to %q, which is not before it in the archive", h.Name, h.Linkname))
	}
	return nil
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
