package pager

import (
	"cmp"
	"context"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
)

// A Text is what a window shows: the lines of its members, one after the
// other, which can be read from anywhere in both directions while more are
// written. A *document.Document is one: the files of a log. Other Texts may be
// merged from several, or lie on another machine.
//
// Its methods may be called from several goroutines at once. Those that are
// given a context may read and wait; a window calls them in commands only.
// The others answer at once from what is known.
type Text interface {
	// Members returns the members, oldest first. Their order never changes,
	// but members come and go, and a Place in one that is still there stays
	// valid.
	Members() []document.DocMember
	// Has reports whether a member is still there.
	Has(document.MemberKey) bool
	// Weigh learns, without decoding, how long members are: later answers of
	// Members tell it.
	Weigh()
	// Grown reports whether the newest member is still the one that was read.
	// It returns false if another has its name.
	Grown(context.Context) bool

	// Start and End are the first place, and that behind the last line. At is
	// the beginning of the line, or of its piece, that a place lies in.
	Start() document.Place
	End(context.Context) (document.Place, error)
	At(context.Context, document.Place) (document.Place, error)
	AtFraction(context.Context, float64) (document.Place, error)

	// Forward and Backward return the lines from a place on, or before it, as
	// many as are known together. They return io.EOF where there are no more.
	Forward(context.Context, document.Place) (document.Window, error)
	Backward(context.Context, document.Place) (document.Window, error)
	// ReadAt reads text of one member, as io.ReaderAt does.
	ReadAt(context.Context, []byte, document.Place) (int, error)
	// SkipNULs returns the place behind a long run of NULs that begins at a
	// place, or before one that ends there; else the place itself.
	SkipNULs(ctx context.Context, p document.Place, forward bool) (document.Place, error)

	// Number is the number of the line that begins at a place. Unless wait is
	// set, it returns false if lines would have to be counted. Uncounted is
	// how much text would be read for that.
	Number(ctx context.Context, p document.Place, wait bool) (reader.Line, bool)
	Uncounted(context.Context, document.Place) reader.Offset
	// Line is where a line of a member begins, or the member's end.
	Line(context.Context, document.MemberKey, reader.Line) (document.Place, error)
}

// A Log is a Text that can also be searched and referred to, whose members
// may be rotated, and which must be closed.
type Log interface {
	Text
	// Searchable returns the same text as a Source, for a search that runs
	// beside the reading, and the members by their paths there.
	Searchable(files.Options) (reader.Source, map[string]document.MemberKey)
	// Update takes over which files the log consists of now.
	Update(files.Log) document.Updated
	// ID identifies the text of a member, through rotation; zero if it cannot
	// be told. Locate is the member that a file was when its text had an ID.
	ID(document.MemberKey) reader.ID
	Locate(context.Context, reader.Member, reader.ID) (document.MemberKey, bool)
	// Ref refers to the line at a place so that it is found after rotation;
	// LineOf is its path and number alone.
	Ref(context.Context, document.Place) (files.Ref, error)
	LineOf(context.Context, document.Place) (files.Ref, error)
	// File is the path of a member, for other programs; false if it is
	// compressed.
	File(document.MemberKey) (string, bool)
	Close() error
}

// members are the members of a text, as of its last answer.
type members struct {
	list []document.DocMember
	order
}

func newMembers(list []document.DocMember) members { return members{list, newOrder(list)} }

// An order is the order of members, by which places can be compared.
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
