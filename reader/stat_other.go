//go:build !unix

package reader

import "os"

// inode is not to be had here without opening the file.
func inode(os.FileInfo) (dev, ino uint64) { return 0, 0 }
