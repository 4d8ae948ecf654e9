// Package reader defines what a log is for the rest of the program: a Source of
// members, each read as blocks of whole lines, and positions that stay valid
// while a log grows and is rotated. The packages below it implement these
// contracts, and readertest checks that they do.
//
// These packages do not depend on queries or terminals, and never write to a
// file that they read.
package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// An Offset is a distance in bytes from the start of a member's text. The text
// is the result of decompression and conversion to UTF-8, so offsets in app.log
// stay valid when it becomes app.log.2.gz.
type Offset int64

// A Line is the zero-based number of a line in a member. Users count from one:
// use [LineNumber] and [Line.Number] to convert.
type Line int64

// LineNumber returns the Line with a number that counts from one.
func LineNumber(n int64) Line { return Line(n - 1) }

// Number returns the number of the line, counted from one.
func (l Line) Number() int64 { return int64(l) + 1 }

// A Pos is a position in a log that stays valid while the log grows and is
// rotated, because it identifies its member by content and not by path.
type Pos struct {
	Member ID     // identifies the member; see [Source.Locate]
	Offset Offset // start of a line in its text
	Line   Line   // number of that line
}

// A Member is one file of a log, as it was when the log was listed. It is not
// an open file: by the time it is opened, the file may be gone, longer or
// renamed.
type Member struct {
	Path    string    // as the user would type it
	Size    int64     // size on disk in bytes
	ModTime time.Time // modification time of the file
	Named   bool      // the user gave exactly this path, so the file is read even if it looks binary

	// Handle is what the package that listed the member knows about it. Other
	// packages pass it on with the Member unchanged. A source of members on
	// another machine has a Handle of its own type.
	Handle any
}

// A Block is a sequence of whole lines of a member's text. The zero Block is
// ready to be filled; filling a Block again reuses its memory.
//
// The Block owns Text, which is valid until the Block is next passed to Next or
// ReadBlock.
type Block struct {
	Text   []byte // at most BlockSize bytes; each line includes its newline
	Skips  []Skip // what is left out of Text, in order
	Offset Offset // offset of Text[0] in the member's text
	Line   Line   // number of the line that contains Text[0]
	Lines  int    // number of newlines in Text
	Disk   int64  // number of bytes of the file that were read so far, for progress

	// A line longer than a block is returned in pieces. Continues says that
	// Text starts inside such a line, Unfinished that the line at the end of
	// Text continues in the next block. All pieces but the last have BlockSize
	// bytes.
	Continues  bool
	Unfinished bool

	buf []byte // memory for Text
}

// A Source is a log: an ordered sequence of members. The kit in readertest
// checks these contracts for every implementation.
//
// A Source may be used from several goroutines at once; each Blocks it returns
// must be used by one goroutine at a time.
type Source interface {
	// Name returns the name of the log for users: the path of its current
	// member, whether or not that exists.
	Name() string

	// Members returns a snapshot, oldest first. It performs no I/O, and a later
	// Refresh does not change earlier results.
	Members() []Member

	// Refresh lists the members again. Earlier positions stay valid: Locate
	// finds a member that was renamed or compressed.
	Refresh() error

	// Open starts reading a member of an earlier snapshot at a position: the
	// zero Pos is its start; any other Pos must have been derived from a Block
	// of that member. When ctx is canceled, Next soon returns ctx's error. The
	// caller closes the Blocks.
	//
	// Errors are of type *FileError; the error wraps ErrBinary if the file is
	// not text and was not named by the user.
	Open(ctx context.Context, m Member, at Pos) (Blocks, error)

	// Locate returns the member that a Pos is in now. The error wraps ErrGone
	// if no member has that content any more.
	Locate(ctx context.Context, p Pos) (Member, error)

	// Close releases the resources of the Source. Open Blocks stay usable and
	// must be closed by their owners.
	Close() error
}

// Blocks reads a member's text in order.
type Blocks interface {
	// Next fills b with the next block. Blocks have no gaps or overlaps: each
	// starts where the previous one ended.
	//
	// io.EOF means not yet: there is no more text now, and a later call of Next
	// returns what was appended since. An unterminated last line is returned
	// when the end is reached; if the file then grows, the next block starts at
	// the start of that line again, so that the line is never seen only in
	// parts.
	//
	// Any other error is final and of type *FileError (or ctx's error). It is
	// returned after all text that could be decoded before the damage.
	Next(b *Block) error

	// ID returns the ID of the member, from the start of its text.
	ID() ID

	// Close releases the file. It may be called twice.
	Close() error
}

// A Resumer is a Blocks that can continue after damage. The kit in readertest
// checks this contract, too.
type Resumer interface {
	Blocks
	// Resume continues after an error of Next other than io.EOF. If there is
	// undamaged text after the damage, the next Block continues as if nothing
	// was missing: it starts at the offset where the last one ended. A line
	// that the damage cuts ends there: the next Block starts with another line,
	// even if the last one was Unfinished.
	//
	// Resume returns io.EOF if there is no such text, or if there was no error.
	Resume() error
}

// Resume resumes b after damage if it is a Resumer; otherwise it returns
// io.EOF.
func Resume(b Blocks) error {
	if r, ok := b.(Resumer); ok {
		return r.Resume()
	}
	return io.EOF
}

// A Duplicator is a Blocks whose text another member of its log may have, too:
// an app.log.1 that was compressed but not removed yet has the text of
// app.log.1.gz.
type Duplicator interface {
	Blocks
	// Duplicate reports, after Next has returned io.EOF, whether another member
	// has all of the text, so that Next has returned none of it.
	Duplicate() bool
}

// A Surveyor is a Blocks that finds the times and levels of the lines it returns, because
// it keeps them itself.
type Surveyor interface {
	Blocks
	// Surveyed returns the entry of a table for the block that Next returned last, with
	// what a [line.Clock] finds in it that learned from the beginning of the member,
	// whose Ref is the member's ModTime and whose Zone is UTC. It returns false if that
	// is not known. The caller must not change it.
	Surveyed() (TableBlock, bool)
}

// RandomAccess is implemented by a Blocks if any block of its member can be
// read without those before it. Its methods may be called from several
// goroutines at once.
type RandomAccess interface {
	// Table returns the table of the member's blocks, which the caller must not
	// change.
	Table() *Table
	// ReadBlock fills b with block i of the table.
	ReadBlock(i int, b *Block) error
}

// A TurnSource is a Source whose readers can wait for decoder memory, by the
// rules in admission.go. Readers of other sources never wait for it.
type TurnSource interface {
	Source
	// OpenInTurn is like Open, for a reader with a Turn. OpenInTurn and Next
	// must be called by the goroutine that owns the Turn.
	OpenInTurn(ctx context.Context, m Member, at Pos, turn *Turn) (Blocks, error)
}

// OpenInTurn opens a member of any Source, with a Turn if the Source supports
// it.
func OpenInTurn(ctx context.Context, src Source, m Member, at Pos, turn *Turn) (Blocks, error) {
	if s, ok := src.(TurnSource); ok {
		return s.OpenInTurn(ctx, m, at, turn)
	}
	return src.Open(ctx, m, at)
}

// An Unpacker is a Source whose members may turn out to be archives when they
// are opened.
type Unpacker interface {
	Source
	// Unpack lists the members of the archive m, which the caller opens instead
	// of it. Each error is a *FileError for a part of m that cannot be read;
	// the other members are returned. What m has in common with a copy of it is left
	// out if reads, which may be nil for all, says that the copy's is read. turn is that
	// of OpenInTurn. progress, if not nil, is called with the number of bytes of m that
	// were read.
	Unpack(ctx context.Context, m Member, reads func(path string) bool, turn *Turn, progress func(disk int64)) ([]Member, []error)
}

// BlockSize is the maximum length of a block's text. Smaller blocks make an
// index larger, larger ones are read unnecessarily more often; with 512 KiB an
// index took 4.8% of the text, with 256 KiB 5.5%, and both fit into a core's
// second-level cache.
const BlockSize = 512 << 10

// A FileError is an error with the file and the offset at which it occurred.
// Offset counts bytes of the file on disk; it is -1 if the error concerns the
// whole file.
type FileError struct {
	Path   string
	Offset int64
	Err    error
}

// Error returns the path, the offset if it is known, and the cause.
func (e *FileError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s at %d: %v", e.Path, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Cause returns err without its path, for an error that is shown with the path.
func Cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// ErrBinary says that a file does not contain text.
var ErrBinary = errors.New("binary file (--text reads it anyway)")

// ByteOrderMark is the byte order mark in UTF-8.
var ByteOrderMark = []byte("\xef\xbb\xbf")
