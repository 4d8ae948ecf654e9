//go:build !(linux || freebsd || darwin || solaris)

package reader

import "io"

// nextData is where f's data goes on behind a hole at off: off, for that
// cannot be told here.
func nextData(f io.ReaderAt, off, size int64) int64 { return off }

// nextHole is where the next hole behind off begins: size, for that cannot
// be told here.
func nextHole(f io.ReaderAt, off, size int64) int64 { return size }
