//go:build !linux

package index

import "os"

// changed is when a file was last written, in nanoseconds since 1970.
func changed(info os.FileInfo) int64 { return info.ModTime().UnixNano() }
