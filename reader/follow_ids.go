package reader

import "os"

// An identifier knows files again. How depends on the system.
type identifier struct {
	// of is what identifies a file under all its names, to be compared; nil if
	// the system has no such thing or does not tell it of a listed file.
	of func(os.FileInfo) any

	// same reports whether both are the same file.
	same func(a, b os.FileInfo) bool

	// byPath says that nothing but its path identifies a file, so that what is
	// there now has to be compared with what was read there.
	byPath bool

	// keepOpen says that an open file can be renamed and removed all the same.
	keepOpen bool
}

// pathsOnly identifies files where the system does not.
func pathsOnly() identifier {
	return identifier{
		of:     func(os.FileInfo) any { return nil },
		same:   func(a, b os.FileInfo) bool { return true },
		byPath: true,
	}
}
