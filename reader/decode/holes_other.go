//go:build !(linux || freebsd || darwin || solaris)

package decode

import "io"

// fileData returns off: this system does not report holes.
func fileData(f io.ReaderAt, off, size int64) int64 { return off }

// fileHole returns size: this system does not report holes.
func fileHole(f io.ReaderAt, off, size int64) int64 { return size }
