package follow

import (
	"hash/maphash"
	"os"
	"time"

	"logview/reader/files"
)

// A fileState is the state of a file; see Follower.
type fileState int

const (
	reading fileState = iota
	copied
	unready
	ignored
)

// A packedHead tells by a hash what the text of a compressed file begins with.
type packedHead struct {
	n   int
	sum uint64
}

func newPackedHead(head []byte) packedHead {
	return packedHead{len(head), maphash.Bytes(markSeed, head)}
}

// begins reports whether a text with that beginning may be the one of the compressed file.
func (h packedHead) begins(head []byte) bool {
	return h.n > 0 && len(head) >= h.n && newPackedHead(head[:h.n]) == h
}

// A followed is a known file.
type followed struct {
	files.Found
	id    any // its identity
	state fileState

	progress            // of its text, in state reading
	of       *followed  // in state copied: the file whose text it holds
	checked  int64      // in state copied: how much of it is that text
	whole    bool       // in state copied: it held all that was emitted of that text
	wholeAt  time.Time  // in state copied: since when, for the first time
	backup   bool       // in state copied: it is a copy that an editor or cp -a made
	grew     bool       // in state copied, or ignored and compressed: it was seen to grow
	packed   packedHead // of a compressed file in state ignored
	earlier  *progress  // the text that it may hold again, until that is decided; see resume
	left     int64      // size of the file when it was found to be cut off: what was there then is old
	reason   error      // to be noted if it is continued
	waiting  time.Time  // since when resume waits for the rest

	f      *os.File  // nil while it is not open
	size   int64     // when it was last checked
	mod    time.Time // the same
	active time.Time // when it was last written to, by the Follower's clock
	seen   time.Time // when it was last among the names
	cut    time.Time // when it was last found to be cut off
	gone   bool      // it was not among the names the last time
	stored bool      // a compressed file has its text, as far as it was emitted
	missed time.Time // since when it is gone
	isText bool      // it was found to be text, or was emitted
	failed bool      // the last attempt to read it failed, which was reported
}
