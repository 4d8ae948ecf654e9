// Package index searches logs: by reading everything (scan.go), or by reading
// only the blocks that may match according to an index (indexed.go), which
// finds the same lines.
package index

import (
	"context"
	"time"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
	"logview/reader/line"
)

// A Searcher finds the lines of logs that match a query. Package searchertest
// checks the rules below for every implementation.
type Searcher interface {
	// Search calls emit with the hits in order: sources in the order of the
	// request, the members of each from the oldest to the newest, and the
	// lines of each from first to last. The first hits are emitted as soon
	// as they are found. emit is called in the caller's goroutine; if it
	// returns an error, the search ends and returns that error.
	//
	// A file that cannot be read is not an error: it is reported to
	// Request.Failed and counted in Stats.Failed, and the rest is searched.
	// Search returns an error if the query cannot be run at all, if emit
	// returned one, or if ctx was cancelled. It returns soon after ctx is
	// cancelled. When it returns, its goroutines have ended; with an error,
	// it returns the Stats so far.
	Search(ctx context.Context, req *Request, emit func(*Hits) error) (Stats, error)
}

// A Request describes a search.
type Request struct {
	Query   query.Node
	Options match.Options
	Sources []reader.Source
	Window  Window // lines whose time is not in it do not match
	Limit   *Limit // lines whose time is not in it need not be found; nil for none

	// Head, if not nil, returns the beginning of the text of a file, to learn from: a
	// Stream may get only later parts.
	Head func(m reader.Member) []byte

	// Where, if not nil, returns a function that says of a line that matches whether
	// it is one of those wanted. The function belongs to one goroutine.
	Where func() func(line []byte) bool

	// Summary, if not nil, is called for each block whose matching lines are known
	// without reading it, as far as their times and levels are concerned, if the
	// query asks for nothing else. If it returns true, the block is not read, and
	// these lines are counted in Hits. It does not retain counts. Calls are
	// concurrent.
	Summary func(m reader.Member, counts []TimeCount) bool

	// Times asks for the times of the matching lines, and Fields for the columns of
	// their files.
	Times, Fields bool

	// Max, if > 0, is the maximum number of matching lines per member.
	Max int64
	// Before and After are the numbers of lines to emit before and after
	// each matching line, from the same member.
	Before, After int
	// Passthru asks for all lines, with Context set for those that do not
	// match. Before and After are ignored.
	Passthru bool
	// CountOnly asks for Hits.Count without lines.
	CountOnly bool

	// Render, if not nil, is called once for each Hits that has Lines,
	// before it is emitted, to set Rendered. Calls for different Hits may
	// be concurrent and in any order. Text and Lines may be gone when the
	// Hits is emitted; Rendered is not.
	Render func(*Hits)

	// Failed is called for each member that could not be read completely,
	// and Skipped for each that was skipped because it is not text. Calls
	// are in order with the hits, in the goroutine that calls emit. Both
	// may be nil.
	Failed, Skipped func(*reader.FileError)

	// Searched, if not nil, is called for each member that was searched to
	// its end, or until Max lines were found, with the number of matching
	// lines. Calls are in order with the hits, in the goroutine that calls
	// emit. An error ends the search like an error from emit.
	Searched func(m reader.Member, count int64) error

	// Progress, if not nil, is called from time to time with the progress
	// of the search, in any goroutine, but never concurrently.
	Progress func(Progress)
}

// A TimeCount counts lines by level whose times, as in HitLine, are from First to Last.
type TimeCount struct {
	First, Last time.Time
	Levels      [line.Fatal + 1]int64
}

// Hits contains matching lines of one member, in order. It is valid until emit
// returns.
type Hits struct {
	Source reader.Source
	Member reader.Member
	ID     reader.ID // ID of the member

	// Columns are those of the member; nil if it has none, or neither the query nor
	// Request.Fields asks for them.
	Columns *line.Columns

	Count int64     // number of matching lines
	Lines []HitLine // the matching lines and their context; nil if CountOnly is set
	Text  []byte    // the text that contains Lines

	// Long is set instead of Text and Lines for a line that is too long to
	// be passed as text. Such a line is a hit of its own.
	Long *LongLine

	// Matches appends the parts of a matching line that match the query to
	// dst, also those of no characters. It may be called by Render and emit.
	Matches func(line []byte, dst []match.Span) []match.Span

	// Rendered is set by Render.
	Rendered []byte

	buf   *reader.Block // owns Text; nil if nothing is to be released
	bytes int           // memory that counts against the limits of the search
}

// A HitLine is a line of Hits.Text, without its newline.
type HitLine struct {
	match.Span
	Line    reader.Line
	Offset  reader.Offset
	Context bool          // the line does not match but is near one that does
	Open    bool          // the text ends without a newline
	Rest    bool          // the text is the rest of a line whose beginning was emitted before
	Skips   []reader.Skip // bytes of the line that Text omits; positions are relative to its beginning

	// Time is the time of a matching line: its own or, if it has none, that of
	// the last line before it that has one. It is zero if there is none, and if
	// Request.Times is not set. Own says, with context, that the line has a time
	// of its own.
	Time time.Time
	Own  bool
}

// OffsetAt returns the offset in the member's text of byte i of the line.
func (l *HitLine) OffsetAt(i int) reader.Offset {
	b := reader.Block{Offset: l.Offset, Skips: l.Skips}
	return b.OffsetAt(i)
}

// Progress tells how far a search is: Done of Total bytes on disk are searched.
type Progress struct {
	Done, Total int64
	Hits        int64
}

// Stats counts what a search did. The numbers add up: Members = Read + Skipped
// + Failed + Excluded, and Blocks = BlocksRead + BlocksSkipped. Blocks are
// counted only as far as members were read or their blocks are known.
type Stats struct {
	Members  int   // number of members in the request
	Read     int   // searched completely, or until Max lines were found
	Skipped  int   // not text
	Failed   int   // not readable, or not completely
	Excluded int   // excluded by file: conditions
	Untimed  int64 // matching lines that the window excludes because they have no time

	Blocks        int64 // read, or known without reading
	BlocksRead    int64 // decoded and searched
	BlocksSkipped int64 // known not to match, and not read
	Stored        int64 // of BlocksRead: read from a block store
	Unindexed     int64 // of BlocksRead: not in an index
	Bytes         int64 // bytes of text searched
	Hits          int64 // matching lines
	Elapsed       time.Duration
}
