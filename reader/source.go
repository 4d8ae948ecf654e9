// Package reader defines what a log is for the rest of the program: a Source of
// members, each read as blocks of whole lines, and positions in it that survive
// growth and rotation. The packages below it implement these contracts, and
// readertest checks that they do.
//
// Nothing here knows about queries or terminals, and nothing here or below ever
// writes to a file that it reads.
package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// An Offset is a distance in bytes from the start of a member's text. Text
// means what is left after decompression and conversion to UTF-8, so the
// offsets of app.log survive its becoming app.log.2.gz.
type Offset int64

// A Line is a line's place in a member, counted from zero. People count from
// one: use [LineNumber] and [Line.Number] at the border to them.
type Line int64

// LineNumber makes a Line of the number a person typed, counted from one.
func LineNumber(n int64) Line { return Line(n - 1) }

// Number returns the number a person is shown, counted from one.
func (l Line) Number() int64 { return int64(l) + 1 }

// A Pos is a place in a log that outlives growth and rotation, because it
// names its member by content and not by path.
type Pos struct {
	Member ID     // whose text; see [Source.Locate]
	Offset Offset // where in its text a line begins
	Line   Line   // which line of the member that is
}

// A Member is one file of a log, as it was when the log was listed. Making
// one opens nothing; the file may be gone, longer or renamed by the time it
// is opened.
type Member struct {
	Path    string    // as the user would type it
	Size    int64     // bytes on disk
	ModTime time.Time // of the file
	Named   bool      // the user gave this very path, so it is read even if it looks binary

	// Handle is what the package that listed the member knows of it. Other
	// packages pass it on with the Member and leave it as it is. A source of
	// members on another machine has a Handle of its own type.
	Handle any
}

// A Block is some whole lines of one member's text. The zero Block is ready
// to be filled; a filled one may be filled again and then reuses its memory.
//
// Text is owned by the Block: it stays valid until the Block is next passed
// to Next or ReadBlock.
type Block struct {
	Text   []byte // at most BlockSize bytes, every line with its newline
	Skips  []Skip // what Text leaves out, in order
	Offset Offset // of Text[0] in the member's text
	Line   Line   // the line that Text[0] belongs to
	Lines  int    // newlines in Text
	Disk   int64  // bytes of the file consumed when this block was made, for progress

	// A line longer than a block is returned in pieces. Continues says that
	// Text begins inside such a line, Unfinished that the line at the end of
	// Text continues in the next block. Pieces have BlockSize bytes, but for
	// the last.
	Continues  bool
	Unfinished bool

	buf []byte // memory for Text
}

// A Source is one log: an ordered run of members. The kit in readertest
// checks these obligations for every implementation.
//
// A Source may be used from several goroutines at once; each Blocks it
// returns belongs to one goroutine.
type Source interface {
	// Name is what a person calls the log: the path of its current member,
	// whether or not that exists.
	Name() string

	// Members is a snapshot, oldest first. It costs no I/O, and what it
	// returned before is never changed by a later Refresh.
	Members() []Member

	// Refresh looks again which members there are. Positions made before
	// stay good: a member that was renamed or compressed is still found by
	// Locate.
	Refresh() error

	// Open starts reading a member of an earlier snapshot at a position of
	// it: the zero Pos is its start, and otherwise the Pos must be one that
	// was made from a Block of that member. Cancelling ctx makes Next return
	// ctx's error soon. The caller closes what it got.
	//
	// The errors are *FileError; one of them wraps ErrBinary when the file
	// is not text and was not named by the user.
	Open(ctx context.Context, m Member, at Pos) (Blocks, error)

	// Locate finds the member that a Pos is in today. The error wraps
	// ErrGone when no member has that content any more.
	Locate(ctx context.Context, p Pos) (Member, error)

	// Close releases what the Source holds. Blocks that are still open stay
	// usable and must be closed by their owners.
	Close() error
}

// Blocks reads one member's text in order.
type Blocks interface {
	// Next fills b with the following block. Blocks come without gap or
	// overlap, each beginning where the one before ended.
	//
	// io.EOF means not yet: there is no more now, and a later Next returns
	// what was appended since. A last line without newline is returned
	// when the end is met; if the file then grows, the next block starts at
	// that line's beginning again, so that it is never seen in halves.
	//
	// Any other error is final and a *FileError (or ctx's error), returned
	// after all text that could be decoded before the damage.
	Next(b *Block) error

	// ID is the identity of the member, from the start of its text.
	ID() ID

	// Close releases the file. It may be called twice.
	Close() error
}

// A Resumer is a Blocks that can continue behind damage. The kit in readertest
// checks its obligations, too.
type Resumer interface {
	Blocks
	// Resume continues after an error of Next that is not io.EOF. If there is
	// undamaged text behind, the next Block continues the text before, as if
	// nothing were missing: it begins at the offset where the last one ended. A
	// line that the damage cut is over, so that the Block begins with another
	// line, even if the last one was Unfinished.
	//
	// Otherwise, and if there was no error, Resume returns io.EOF.
	Resume() error
}

// Resume resumes any Blocks after damage, as a Resumer does. It returns io.EOF
// if b is none.
func Resume(b Blocks) error {
	if r, ok := b.(Resumer); ok {
		return r.Resume()
	}
	return io.EOF
}

// A Duplicator is a Blocks whose text another member of its log may have, as an
// app.log.1 that was compressed and not removed yet has that of app.log.1.gz.
type Duplicator interface {
	Blocks
	// Duplicate reports, once Next has returned io.EOF, whether another member
	// has all of the text, for which reason Next has returned none of it.
	Duplicate() bool
}

// RandomAccess is what a Blocks also is when any block of its member can be
// read without those before it. Its methods may be called from several
// goroutines at once.
type RandomAccess interface {
	// Table describes the member's blocks; the caller must not change it.
	Table() *Table
	// ReadBlock fills b with block i of the table.
	ReadBlock(i int, b *Block) error
}

// A TurnSource is a Source whose readers can wait for decoder memory, by the
// rules in admission.go. Without it a reader takes all that it needs at once.
type TurnSource interface {
	Source
	// OpenInTurn is Open for a reader with a Turn. Open and Next are called by
	// the goroutine that the Turn belongs to.
	OpenInTurn(ctx context.Context, m Member, at Pos, turn *Turn) (Blocks, error)
}

// OpenInTurn opens a member of any Source, with a Turn if it can have one.
func OpenInTurn(ctx context.Context, src Source, m Member, at Pos, turn *Turn) (Blocks, error) {
	if s, ok := src.(TurnSource); ok {
		return s.OpenInTurn(ctx, m, at, turn)
	}
	return src.Open(ctx, m, at)
}

// An Unpacker is a Source of which a member may turn out to be an archive when
// it is opened.
type Unpacker interface {
	Source
	// Unpack lists the members that are in m, an archive, to be opened instead
	// of it. Each error is a *FileError that says what of m could not be read;
	// the members that were found are returned all the same. A turn is as for
	// OpenInTurn. Unless progress is nil, it is called with the bytes of m that
	// were read.
	Unpack(ctx context.Context, m Member, turn *Turn, progress func(disk int64)) ([]Member, []error)
}

// BlockSize is the most text a block holds. Smaller blocks make an index
// over them larger, larger ones are read for nothing more often; at 512 KiB
// an index came to 4.8% of the text, at 256 KiB to 5.5%, and both fit a
// core's second cache.
const BlockSize = 512 << 10

// A FileError says which file, where in it, and what. Offset counts bytes of
// the file as it is on disk, and is -1 when the file as a whole is meant.
type FileError struct {
	Path   string
	Offset int64
	Err    error
}

func (e *FileError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s at %d: %v", e.Path, e.Offset, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Cause drops the path of an error that will be shown with one.
func Cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// ErrBinary says that a file does not hold text.
var ErrBinary = errors.New("binary file (--text reads it anyway)")

// ByteOrderMark is the byte order mark in UTF-8.
var ByteOrderMark = []byte("\xef\xbb\xbf")
