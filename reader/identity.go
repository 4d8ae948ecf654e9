package reader

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrGone says that no member has the content any more that was asked for.
var ErrGone = errors.New("no file has this text any more")

// IDSize is how much of a text's start its identity is made of. Loggers
// begin a file alike (a banner, a start-up), but not for 4 KiB.
const IDSize = 4 << 10

// An ID identifies a member by the first bytes of its text, so that app.log is
// recognized as app.log.1 and as app.log.2.gz. Inodes are reused and names
// change; the text stays.
//
// A file that is shorter than IDSize is named by the bytes it has, and known
// by them when it has grown. Equal IDs are a strong hint, not a proof: what
// is trusted with more than a position is verified first.
type ID struct {
	Len int // how many bytes Sum is of
	Sum [16]byte
}

func NewID(start []byte) ID {
	start = start[:min(len(start), IDSize)]
	id := ID{Len: len(start)}
	sum := sha256.Sum256(start)
	copy(id.Sum[:], sum[:])
	return id
}

// Matches reports whether a text that begins with start may be the one that id
// was made of.
func (id ID) Matches(start []byte) bool {
	return len(start) >= id.Len && NewID(start[:id.Len]) == id
}

// Of reports whether a text that begins with start may be the one that id
// was made of. start is at least the first 4 KiB, or all of a shorter text.
func (id ID) Of(start []byte) bool { return id.Matches(start) }

// IsZero reports whether id is no identity at all.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the ID for people and file names.
func (id ID) String() string { return fmt.Sprintf("%s-%d", hex.EncodeToString(id.Sum[:]), id.Len) }
