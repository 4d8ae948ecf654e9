//go:build !(linux || darwin || freebsd)

package reader

import "os"

// Ctime returns the change time of a file in nanoseconds since 1970; 0 if it is
// unknown.
func Ctime(os.FileInfo) int64 { return 0 }
