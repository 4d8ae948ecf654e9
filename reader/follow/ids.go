package follow

import "os"

// An identifier recognizes files. How depends on the system.
type identifier struct {
	// of returns a comparable value that identifies a file under all its
	// names; nil if the system has none or does not report it for listed files.
	of func(os.FileInfo) any

	// same reports whether both are the same file.
	same func(a, b os.FileInfo) bool

	// byPath says that only its path identifies a file, so that its content
	// has to be compared with what was read before.
	byPath bool

	// keepOpen says that an open file can be renamed and removed.
	keepOpen bool
}

// pathsOnly identifies files by their paths, where the system does not.
func pathsOnly() identifier {
	return identifier{
		of:     func(os.FileInfo) any { return nil },
		same:   func(a, b os.FileInfo) bool { return true },
		byPath: true,
	}
}
