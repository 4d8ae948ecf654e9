//go:build !linux

package follow

import "os"

// hasWriter reports whether a file is open for writing in any process, as far as the system tells.
func hasWriter(*os.File) bool { return false }
