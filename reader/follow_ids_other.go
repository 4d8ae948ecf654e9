//go:build !unix

package reader

import "os"

// Windows refuses to rename or remove a file that is open here.
func systemIDs() identifier {
	return identifier{
		of:   func(os.FileInfo) any { return nil },
		same: os.SameFile,
	}
}

// links is how many names an open file has; 1 if that is not known.
func links(*os.File) int { return 1 }
