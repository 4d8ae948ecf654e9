package reader

import (
	"os"
)

// A Stamp identifies a file and its state: while the Stamp stays the same, so
// does the content of the file. On systems without inode numbers these are
// zero, and only the path identifies the file.
type Stamp struct {
	Dev, Ino uint64
	Size     int64 // size on disk in bytes
	ModTime  int64 // nanoseconds since 1970

	// Changed is the change time (ctime) of the file in nanoseconds since 1970,
	// which also covers its names and permissions. No program can set it. It is
	// zero if it is unknown.
	Changed int64
}

// Same reports whether both are stamps of one file with the same size and
// modification time. If Changed differs, the file was renamed, or its
// modification time was restored after writing: only reading the file tells
// which.
func (s Stamp) Same(x Stamp) bool {
	return s.SameFile(x) && s.Size == x.Size && s.ModTime == x.ModTime
}

// StampOf returns the stamp of the file that info describes.
func StampOf(info os.FileInfo) Stamp {
	dev, ino := Inode(info)
	return Stamp{dev, ino, info.Size(), info.ModTime().UnixNano(), Ctime(info)}
}

// SameFile reports whether both are stamps of one file, perhaps in different
// states.
func (s Stamp) SameFile(x Stamp) bool { return s.Dev == x.Dev && s.Ino == x.Ino }

// A FileBlocks is a Blocks of a file on disk.
type FileBlocks interface {
	Blocks
	// Stamp returns the file's stamp at the time it was opened.
	Stamp() Stamp
	// Direct reports whether the file's bytes, after the first bom ones, are
	// those of the text, so that it can be read from any offset.
	Direct() (bom int, ok bool)
	// Access returns random access to the blocks in a table that was made for
	// this file before; false if that would require reading the file from its
	// start. Text after the table's end is not accessible.
	Access(t *Table) (RandomAccess, bool)
}
