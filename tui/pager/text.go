package pager

import (
	"cmp"
	"context"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
)

// A Text is the content of a window: the lines of its members, one after the
// other. It can be read from any place in both directions while lines are
// appended. A *document.Document is the Text of a log's files. Other Texts may
// merge several logs, or be on another machine.
//
// Its methods may be called concurrently. Methods that accept a context may
// read and wait; a window calls them only in commands. The others return at
// once what is known.
type Text interface {
	// Members returns the members, oldest first. Their order never changes,
	// but members come and go, and a Place in one that is still there stays
	// valid.
	Members() []document.DocMember
	// Has reports whether a member still exists.
	Has(document.MemberKey) bool
	// Weigh estimates the sizes of members that are not open yet, without
	// decoding them, for later calls of Members.
	Weigh()
	// Extend reports whether the newest member is still the file that was read.
	// It returns false if another file has its name.
	Extend(context.Context) bool

	// Start and End return the start and the end of the text. At returns the
	// start of the line, or of the piece of a long line, that contains a place.
	// AtFraction returns the place at approximately that fraction of the text.
	Start() document.Place
	End(context.Context) (document.Place, error)
	At(context.Context, document.Place) (document.Place, error)
	AtFraction(context.Context, float64) (document.Place, error)

	// Forward and Backward return some lines after or before a place. They
	// return io.EOF at the end and at the start of the text.
	Forward(context.Context, document.Place) (document.Window, error)
	Backward(context.Context, document.Place) (document.Window, error)
	// ReadAt reads the text of one member, as io.ReaderAt does.
	ReadAt(context.Context, []byte, document.Place) (int, error)
	// SkipNULs returns the place after a long run of NULs that starts at p, or
	// the place before one that ends there, or p if there is none.
	SkipNULs(ctx context.Context, p document.Place, forward bool) (document.Place, error)

	// Number returns the number of the line that starts at p. Unless wait is
	// set, it returns false instead of counting lines. Uncounted returns how
	// much text would have to be read to count them.
	Number(ctx context.Context, p document.Place, wait bool) (reader.Line, bool)
	Uncounted(context.Context, document.Place) reader.Offset
	// Line returns the start of a line of a member, or the member's end if it
	// has fewer lines.
	Line(context.Context, document.MemberKey, reader.Line) (document.Place, error)
}

// A Log is a Text that can also be searched and referred to, whose members
// may be rotated, and which must be closed.
type Log interface {
	Text
	// Searchable returns the same text as a Source, for a concurrent search,
	// and the members by their paths in that Source.
	Searchable(files.Options) (reader.Source, map[string]document.MemberKey)
	// Update sets the files that the log consists of now.
	Update(files.Log) document.Updated
	// ID identifies the text of a member across rotations; it is zero if it is
	// unknown. Locate returns the member that a file was when its text had an
	// ID.
	ID(document.MemberKey) reader.ID
	Locate(context.Context, reader.Member, reader.ID) (document.MemberKey, bool)
	// Ref returns a reference to the line at a place that can be resolved
	// after rotation; LineOf returns its path and number only.
	Ref(context.Context, document.Place) (files.Ref, error)
	LineOf(context.Context, document.Place) (files.Ref, error)
	// File returns the path of a member for other programs, or false if it is
	// compressed.
	File(document.MemberKey) (string, bool)
	Close() error
}

// members is the list of members that a text last returned.
type members struct {
	list []document.DocMember
	order
}

func newMembers(list []document.DocMember) members { return members{list, newOrder(list)} }

// An order is the order of members, which makes places comparable.
type order map[document.MemberKey]int

func newOrder(members []document.DocMember) order {
	o := make(order, len(members))
	for i, m := range members {
		o[m.Key] = i
	}
	return o
}

// has reports whether a member is in the order.
func (o order) has(key document.MemberKey) bool {
	_, ok := o[key]
	return ok
}

// compare compares places. Those in a member that is not in the order come
// first.
func (o order) compare(a, b document.Place) int {
	if c := cmp.Compare(o[a.Member], o[b.Member]); c != 0 {
		return c
	}
	return cmp.Compare(a.Offset, b.Offset)
}

// before reports whether both places lie in members of the order, a before b.
func (o order) before(a, b document.Place) bool {
	return o.has(a.Member) && o.has(b.Member) && o.compare(a, b) < 0
}
