package reader

import "errors"

// ErrArchive says that a file holds other files.
var ErrArchive = errors.New("an archive of several files")

const maxEntries = 100_000

// isTar reports whether head begins a tar archive.
func isTar(head []byte) bool {
	const block = 512
	if len(head) < block || head[0] == 0 {
		return false
	}
	// The checksum adds all bytes of the header, and its own as blanks.
	sum, want, seen := int64(0), int64(0), false
	for i, c := range head[:block] {
		if i >= 148 && i < 156 {
			if c >= '0' && c <= '7' {
				want, seen = want*8+int64(c-'0'), true
			}
			c = ' '
		}
		sum += int64(c)
	}
	return seen && sum == want
}
