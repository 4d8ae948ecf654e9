//go:build unix

package files

import (
	"errors"
	"syscall"

	"logview/reader"
)

// Readable reports whether this process may read the member, as far as that
// can be told without opening it.
func Readable(m reader.Member) bool {
	return m.Path == reader.Stdin || !errors.Is(syscall.Access(m.Path, 4), syscall.EACCES)
}
