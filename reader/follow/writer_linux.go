package follow

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// hasWriter reports whether a file is open for writing in any process, as far as the system tells:
// it grants a lease for reading only if it is not, and only to the file's owner.
func hasWriter(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return errors.Is(err, unix.EAGAIN)
}
