package decode

import (
	"io"

	"logview/reader"
)

// A HoleMap returns the positions of the holes in a file that an archive stores
// without them.
type HoleMap interface {
	NextData(off int64) int64
	NextHole(off int64) int64
}

func holesOf(f any) HoleMap {
	if h, ok := f.(interface{ Holes() HoleMap }); ok {
		return h.Holes()
	}
	return nil
}

// NextData returns the offset at which data of f continues after a hole at off:
// size if the hole extends to it, off if there is no hole at off or holes are
// not known.
func NextData(f io.ReaderAt, off, size int64) int64 {
	if m := holesOf(f); m != nil {
		return min(m.NextData(off), size)
	}
	return fileData(f, off, size)
}

// nextHole returns the offset of the next hole after off, or size if there is
// none.
func nextHole(f io.ReaderAt, off, size int64) int64 {
	if m := holesOf(f); m != nil {
		return min(m.NextHole(off), size)
	}
	return fileHole(f, off, size)
}

// ZerosAfter returns the end of the run of NULs that starts at off, at most
// size. It does not read holes.
func ZerosAfter(f io.ReaderAt, off, size int64) (int64, error) {
	buf := reader.GetBlock()
	defer reader.PutBlock(buf)
	p := buf.Grow()[:HeadSize]
	for piece := 512; off < size; piece = len(p) {
		n, err := f.ReadAt(p[:min(int64(piece), size-off)], off)
		z := LeadingZeros(p[:n])
		if off += int64(z); z < n {
			return off, nil
		}
		if err == io.EOF {
			return off, nil
		}
		if err != nil {
			return off, err
		}
		if piece == len(p) {
			off = NextData(f, off, size)
		}
	}
	return min(off, size), nil
}

// ZerosBefore returns the start of the run of NULs that ends at off, at least
// low.
func ZerosBefore(f io.ReaderAt, off, low int64) int64 {
	buf := reader.GetBlock()
	defer reader.PutBlock(buf)
	p := buf.Grow()[:HeadSize]
	for piece := int64(512); off > low; piece = int64(len(p)) {
		k := min(piece, off-low)
		n, err := f.ReadAt(p[:k], off-k)
		if err != nil && err != io.EOF || int64(n) < k {
			return off
		}
		z := TrailingZeros(p[:n])
		if off -= int64(z); z < n {
			return off
		}
		if k == int64(len(p)) {
			off = max(lastData(f, off, low), low)
		}
	}
	return off
}

// lastData returns the end of the last data of f before off that is not in a
// hole: off if the system does not report holes, low if there is no data after
// low.
func lastData(f io.ReaderAt, off, low int64) int64 {
	for step := int64(1 << 20); ; step *= 2 {
		from := max(off-step, low)
		data := NextData(f, from, off)
		if data >= off {
			if from == low {
				return low
			}
			continue
		}
		// There is data between from and off. Find the end of the last of it.
		end := off
		for data < off {
			hole := nextHole(f, data, off)
			if hole >= off || hole <= data {
				return off
			}
			end, data = hole, NextData(f, hole, off)
		}
		return end
	}
}

// DataBetween returns the number of bytes of f between two offsets that are not
// in holes.
func DataBetween(f io.ReaderAt, from, to int64) int64 {
	n := int64(0)
	for range 1000 { // more holes than this are counted as data
		if from = NextData(f, from, to); from >= to {
			return n
		}
		hole := nextHole(f, from, to)
		if hole <= from {
			break
		}
		n += hole - from
		from = hole
	}
	return n + max(0, to-from)
}
