//go:build !unix

package follow

import "os"

// systemIDs identifies files by what os.SameFile compares: Windows does not
// rename or remove a file that is open.
func systemIDs() identifier {
	return identifier{
		of:   func(os.FileInfo) any { return nil },
		same: os.SameFile,
	}
}

// links returns the number of names of an open file; 1 if it is not known.
func links(*os.File) int { return 1 }
