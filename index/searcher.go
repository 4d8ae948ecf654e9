// Package index answers questions about logs: by reading everything
// (scan.go), or by reading what an index says may hold the answer
// (indexed.go), which gives the same lines.
package index

import (
	"context"
	"time"

	"logview/index/match"
	"logview/index/query"
	"logview/reader"
)

// A Searcher finds the lines of logs that a query means. The obligations
// below are checked for every implementation by searchertest.
type Searcher interface {
	// Search calls emit with the hits, in order: sources as the request
	// lists them, each one's members oldest first, each one's lines from
	// first to last. The first hits come as soon as they are found. emit is
	// called from one goroutine, the caller's; when it returns an error the
	// search ends and returns that error.
	//
	// A file that cannot be read is not an error: it is reported to
	// Request.Failed and counted in Stats.Failed, and the rest is searched.
	// Search returns an error if the query cannot be run at all, if emit
	// returned one, or if ctx was cancelled; then it returns soon, after all its
	// goroutines have ended, with the Stats so far.
	Search(ctx context.Context, req *Request, emit func(*Hits) error) (Stats, error)
}

// A Request is a question.
type Request struct {
	Query   query.Node
	Options match.Options
	Sources []reader.Source

	// Max ends each member's search after so many matching lines, if > 0.
	Max int64
	// Before and After ask for so many lines around each matching one, of
	// the same member.
	Before, After int
	// Passthru asks for all lines, with Context set for those that do not
	// match. Before and After are not looked at.
	Passthru bool
	// CountOnly asks for no lines, only for Hits.Count.
	CountOnly bool

	// Render, if not nil, is called once for each Hits that has Lines, before
	// it is emitted, to make of it what it will be needed as. Calls for
	// different Hits may come at the same time and in any order. Text and
	// Lines may be gone when the Hits is emitted; what Render put into
	// Rendered is not.
	Render func(*Hits)

	// Failed is called for each member that could not be read completely, and
	// Skipped for each that was skipped because it is not text; both in order
	// with the hits, from the goroutine that calls emit. They may be nil.
	Failed, Skipped func(*reader.FileError)

	// Searched, if not nil, is called for each member that was searched to its
	// end, or as far as Max allowed, with the number of matching lines; in
	// order with the hits, from the goroutine that calls emit. An error ends
	// the search like an error from emit.
	Searched func(m reader.Member, count int64) error

	// Progress, if not nil, is called from time to time with the progress of
	// the search, from any goroutine, one call at a time.
	Progress func(Progress)
}

// Hits is some matching lines of one member, in order. It is valid until
// emit returns.
type Hits struct {
	Source reader.Source
	Member reader.Member
	ID     reader.ID // of the member
	Count  int64     // matching lines
	Lines  []HitLine // with those around them, if asked for; none if only counted
	Text   []byte    // what Lines are parts of

	// Long is one line too long to be handed about, instead of Text and
	// Lines. It is emitted by itself.
	Long *LongLine

	// Highlight returns the parts of a matching line that the query asked
	// for. It may be called within Render and within emit.
	Highlight func(line []byte, dst []match.Span) []match.Span

	// Rendered is Render's to fill.
	Rendered []byte

	buf   *reader.Block // owns Text, to be given back
	bytes int           // what this holds of the search's memory
}

// A HitLine is a line of Hits.Text, without its newline.
type HitLine struct {
	match.Span
	Line    reader.Line
	Offset  reader.Offset
	Context bool          // it does not match but is near one that does
	Open    bool          // the text ends without its newline
	Rest    bool          // it is the rest of a line, of which the beginning was emitted before
	Skips   []reader.Skip // what the text leaves out of the line, counted from its beginning
}

// OffsetAt is where in the member's text the byte i of the line is.
func (l *HitLine) OffsetAt(i int) reader.Offset {
	b := reader.Block{Offset: l.Offset, Skips: l.Skips}
	return b.OffsetAt(i)
}

// Progress is how far a search has come, in bytes on disk.
type Progress struct {
	Done, Total int64
	Hits        int64
}

// Stats says what a search did. Its numbers add up:
// Members = Read + Skipped + Failed + Excluded, and BlocksRead + BlocksSkipped
// = Blocks for what is known of the members that were read.
type Stats struct {
	Members  int // asked for
	Read     int // searched completely, or as far as Max allowed
	Skipped  int // not text
	Failed   int // not readable, or not to the end
	Excluded int // not meant by file: conditions

	Blocks        int64 // looked at or known of
	BlocksRead    int64 // decoded and searched
	BlocksSkipped int64 // known not to match
	Stored        int64 // of BlocksRead: decoded from a block store
	Unindexed     int64 // of BlocksRead: no index knows them
	Bytes         int64 // of text searched
	Hits          int64 // matching lines
	Elapsed       time.Duration
}
