//go:build !unix

package files

import "logview/reader"

// Readable returns true: on this system it cannot be determined without opening
// the file.
func Readable(reader.Member) bool { return true }
