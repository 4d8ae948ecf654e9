//go:build !unix

package blockstore

import "os"

// exclusive is for systems that tell a file's owner and mode.
func exclusive(os.FileInfo) error { return nil }
