package reader

import (
	"io"
)

// zerosAfter is where the NULs end that the file has from off on, at most at
// size. It neither reads nor allocates what is a hole.
func zerosAfter(f io.ReaderAt, off, size int64) (int64, error) {
	buf := GetBlock()
	defer PutBlock(buf)
	p := buf.room()[:headSize]
	for piece := 512; off < size; piece = len(p) {
		n, err := f.ReadAt(p[:min(int64(piece), size-off)], off)
		z := leadingZeros(p[:n])
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
			off = nextData(f, off, size)
		}
	}
	return min(off, size), nil
}

// zerosBefore is where the NULs begin that the file has before off, at least
// at low.
func zerosBefore(f io.ReaderAt, off, low int64) int64 {
	buf := GetBlock()
	defer PutBlock(buf)
	p := buf.room()[:headSize]
	for piece := int64(512); off > low; piece = int64(len(p)) {
		k := min(piece, off-low)
		n, err := f.ReadAt(p[:k], off-k)
		if err != nil && err != io.EOF || int64(n) < k {
			return off
		}
		z := trailingZeros(p[:n])
		if off -= int64(z); z < n {
			return off
		}
		if k == int64(len(p)) {
			off = max(lastData(f, off, low), low)
		}
	}
	return off
}

// lastData is where the last data of f before off ends that is no hole, as
// far as the system tells; off if it does not tell, low if there is none
// behind that.
func lastData(f io.ReaderAt, off, low int64) int64 {
	for step := int64(1 << 20); ; step *= 2 {
		from := max(off-step, low)
		data := nextData(f, from, off)
		if data >= off {
			if from == low {
				return low
			}
			continue
		}
		// Between from and off lies data. The last of it is what is wanted.
		end := off
		for data < off {
			hole := nextHole(f, data, off)
			if hole >= off || hole <= data {
				return off
			}
			end, data = hole, nextData(f, hole, off)
		}
		return end
	}
}

// dataBetween is how much of f between two offsets is no hole.
func dataBetween(f io.ReaderAt, from, to int64) int64 {
	n := int64(0)
	for range 1000 { // a file in more pieces is read for what it seems
		if from = nextData(f, from, to); from >= to {
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
