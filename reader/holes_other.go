//go:build !(linux || freebsd || darwin || solaris)

package reader

import "io"

// nextData returns off: this system does not report holes.
func nextData(f io.ReaderAt, off, size int64) int64 { return off }

// nextHole returns size: this system does not report holes.
func nextHole(f io.ReaderAt, off, size int64) int64 { return size }
