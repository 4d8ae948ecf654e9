package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// tar -S stores a file with holes as a sparse member: its data without the
// holes, and a map of the data, which archive/tar does not return. Where the
// map is depends on the format:
//
//	old GNU    in the header, type S, at 386: 4 pairs of offset and length, 12
//	           bytes each, and at 482 whether a block with 21 more follows, which
//	           has that at 504
//	PAX 0.x    in the record GNU.sparse.map: "offset,length,offset,length,…"
//	PAX 1.0    in the first blocks of data: the number of pairs, offset, length,
//	           offset, length, …, a line each
type sparseFile struct {
	archive io.ReaderAt
	extents []extent
	size    int64
}

// An extent is a part of a sparse file between holes.
type extent struct {
	off, size int64 // offset and size in the file
	at        int64 // offset in the archive
}

const tarBlock = 512

var errSparse = errors.New("tar: damaged map of a sparse file")

// sparseMember reports whether a member of a tar is a sparse file.
func sparseMember(h *tar.Header) bool {
	return h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != ""
}

// openSparse opens the sparse member of an archive whose headers start at head.
func openSparse(archive io.ReaderAt, head int64) (*sparseFile, error) {
	src := io.NewSectionReader(archive, head, math.MaxInt64-head)
	h, err := tar.NewReader(src).Next()
	if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
		return nil, err
	}
	n, _ := src.Seek(0, io.SeekCurrent)
	extents, err := extentsOf(archive, h, head, head+n)
	return &sparseFile{archive, extents, h.Size}, err
}

// extentsOf returns the extents of a sparse member whose headers start at head
// and whose data starts at data, after the map if the map precedes it.
func extentsOf(archive io.ReaderAt, h *tar.Header, head, data int64) ([]extent, error) {
	var numbers []int64
	var err error
	switch {
	case h.Typeflag == tar.TypeGNUSparse:
		numbers, err = oldSparseMap(archive, head, data)
	case h.PAXRecords["GNU.sparse.major"] == "1":
		if head, err = lastHeader(archive, head, data); err != nil {
			return nil, err
		}
		text := make([]byte, data-head-tarBlock)
		if _, err := archive.ReadAt(text, head+tarBlock); err != nil && err != io.EOF {
			return nil, err
		}
		if numbers, err = decimals(strings.Split(string(bytes.TrimRight(text, "\x00\n")), "\n")); err != nil {
			return nil, err
		}
		if len(numbers) > 0 {
			numbers = numbers[1:min(int64(len(numbers)), 1+2*max(0, min(numbers[0], int64(len(numbers)))))]
		}
	default:
		numbers, err = decimals(strings.Split(h.PAXRecords["GNU.sparse.map"], ","))
	}
	if err != nil || len(numbers)%2 != 0 {
		return nil, errSparse
	}
	var out []extent
	end := int64(0)
	for p := range slices.Chunk(numbers, 2) {
		off, size := p[0], p[1]
		if off < end || size < 0 || off > h.Size || size > h.Size-off {
			return nil, errSparse
		}
		if end = off + size; size > 0 {
			out = append(out, extent{off, size, data})
			data += size
		}
	}
	return out, nil
}

// decimals parses decimal numbers. It returns nil for a single empty string.
func decimals(list []string) ([]int64, error) {
	if len(list) == 1 && list[0] == "" {
		return nil, nil
	}
	out := make([]int64, len(list))
	for i, s := range list {
		var err error
		if out[i], err = strconv.ParseInt(s, 10, 64); err != nil {
			return nil, errSparse
		}
	}
	return out, nil
}

// oldSparseMap returns the numbers in a header of type S and the blocks after
// it.
func oldSparseMap(archive io.ReaderAt, head, data int64) (out []int64, err error) {
	if head, err = lastHeader(archive, head, data); err != nil {
		return nil, err
	}
	var b [tarBlock]byte
	pairs, more := b[386:482], &b[482]
	for ; head < data; head += tarBlock {
		if _, err := archive.ReadAt(b[:], head); err != nil {
			return nil, err
		}
		for n := range slices.Chunk(pairs, 12) {
			if n[0] == 0 {
				break
			}
			out = append(out, tarNumber(n))
		}
		if *more == 0 {
			break
		}
		pairs, more = b[:504], &b[504]
	}
	return out, nil
}

// lastHeader returns the offset of a member's own header, after those with its
// long name or its records.
func lastHeader(archive io.ReaderAt, head, data int64) (int64, error) {
	var b [tarBlock]byte
	for head >= 0 && head < data {
		if _, err := archive.ReadAt(b[:], head); err != nil {
			return 0, err
		}
		if !metaHeader(b[156]) {
			return head, nil
		}
		n := tarNumber(b[124:136])
		if n < 0 || n > data-head {
			return 0, errSparse
		}
		head += tarBlock + roundToBlock(n)
	}
	return 0, errSparse
}

// tarNumber parses a number in a header, which is octal, or binary if the first
// bit is set. It returns -1 if it is neither.
func tarNumber(b []byte) int64 {
	if b[0] == 0x80 {
		n := int64(0)
		for _, c := range b[1:] {
			if n >= 1<<55 {
				return -1
			}
			n = n<<8 | int64(c)
		}
		return n
	}
	n, err := strconv.ParseInt(string(bytes.Trim(b, " \x00")), 8, 64)
	if err != nil {
		return -1
	}
	return n
}

// extentAfter returns the index of the first extent that ends after off.
func (s *sparseFile) extentAfter(off int64) int {
	return sort.Search(len(s.extents), func(i int) bool { return s.extents[i].off+s.extents[i].size > off })
}

// ReadAt implements io.ReaderAt.
func (s *sparseFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.size-off)]
	n := 0
	for i := s.extentAfter(off); n < len(p); i++ {
		at := off + int64(n)
		hole := int64(len(p) - n)
		if i < len(s.extents) {
			hole = min(hole, max(0, s.extents[i].off-at))
		}
		clear(p[n : n+int(hole)])
		n += int(hole)
		if n == len(p) {
			break
		}
		e := s.extents[i]
		at = off + int64(n)
		k, err := s.archive.ReadAt(p[n:n+int(min(int64(len(p)-n), e.off+e.size-at))], e.at+at-e.off)
		if n += k; at+int64(k) < e.off+e.size && n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF // the archive is truncated
			}
			return n, err
		}
	}
	if off+int64(n) == s.size {
		return n, io.EOF
	}
	return n, nil
}

// NextData returns the offset at which data continues at or after off.
func (s *sparseFile) NextData(off int64) int64 {
	i := s.extentAfter(off)
	if i == len(s.extents) {
		return max(off, s.size)
	}
	return max(off, s.extents[i].off)
}

// NextHole returns the offset of the next hole at or after off.
func (s *sparseFile) NextHole(off int64) int64 {
	for i := s.extentAfter(off); i < len(s.extents) && s.extents[i].off <= off; i++ {
		off = s.extents[i].off + s.extents[i].size
	}
	return off
}
