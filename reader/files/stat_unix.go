//go:build unix

package files

import (
	"errors"
	"syscall"

	"logview/reader"
)

// Readable reports whether this process may read the member, based on its
// permissions alone.
func Readable(m reader.Member) bool {
	return m.Path == reader.Stdin || !errors.Is(syscall.Access(m.Path, 4), syscall.EACCES)
}
