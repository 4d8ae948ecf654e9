//go:build !(linux || darwin || freebsd)

package reader

import "os"

// Ctime returns when anything about a file was changed last, in nanoseconds
// since 1970; 0 where it is not known.
func Ctime(os.FileInfo) int64 { return 0 }
