//go:build !unix

package reader

import "os"

// Inode is not to be had here without opening the file.
func Inode(os.FileInfo) (dev, ino uint64) { return 0, 0 }
