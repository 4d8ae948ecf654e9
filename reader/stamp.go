package reader

import (
	"os"
)

// A Stamp says which file a member was, and in which state: as long as all of
// it is the same, so is the file's content. Where the system has no inodes,
// those are zero, and only the path tells files apart.
type Stamp struct {
	Dev, Ino uint64
	Size     int64 // bytes on disk
	ModTime  int64 // nanoseconds since 1970

	// Changed is when anything about the file was changed last, its names and
	// permissions included, in nanoseconds since 1970: its ctime, which no
	// program can set. Zero where there is none.
	Changed int64
}

// Same reports whether both are of one file with the same size and time of
// writing. If Changed is not the same, the file was renamed, or the time was
// set back after it was written to: only reading it tells.
func (s Stamp) Same(x Stamp) bool {
	return s.SameFile(x) && s.Size == x.Size && s.ModTime == x.ModTime
}

func StampOf(info os.FileInfo) Stamp {
	dev, ino := Inode(info)
	return Stamp{dev, ino, info.Size(), info.ModTime().UnixNano(), Ctime(info)}
}

// SameFile reports whether both are of one file, perhaps in different
// states.
func (s Stamp) SameFile(x Stamp) bool { return s.Dev == x.Dev && s.Ino == x.Ino }

// A FileBlocks is a Blocks of a file on disk, as [LogSource] opens them for
// those that are.
type FileBlocks interface {
	Blocks
	// Stamp is the file's, of when it was opened.
	Stamp() Stamp
	// Direct says that the file's bytes, behind the first bom ones, are the
	// text's, so that it can be read from anywhere.
	Direct() (bom int, ok bool)
	// Access reads the blocks of a table that was made of this file before,
	// false if that would take reading from the file's start. What is
	// behind the table it knows nothing of.
	Access(t *Table) (RandomAccess, bool)
}
