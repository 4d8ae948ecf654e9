package reader

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrGone says that no member has the requested content any more.
var ErrGone = errors.New("no file has this text any more")

// IDSize is the number of first bytes of a text that its ID covers. Loggers may
// start files with the same text (a banner, a start-up), but not for 4 KiB.
const IDSize = 4 << 10

// An ID identifies a member by the first bytes of its text, so that app.log is
// recognized as app.log.1 and as app.log.2.gz. Inodes are reused and names
// change, but the text stays.
//
// The ID of a text shorter than IDSize covers the existing bytes, and is still
// recognized after the text has grown. Equal IDs are a strong hint, not a
// proof: before relying on them for more than a position, verify the text.
type ID struct {
	Len int // number of bytes that Sum covers
	Sum [16]byte
}

// NewID returns the ID of a text that begins with start, or consists of it.
func NewID(start []byte) ID {
	start = start[:min(len(start), IDSize)]
	id := ID{Len: len(start)}
	sum := sha256.Sum256(start)
	copy(id.Sum[:], sum[:])
	return id
}

// Matches reports whether a text that starts with start may be the one with the
// ID. start must have at least id.Len bytes, or be the whole text.
func (id ID) Matches(start []byte) bool {
	return len(start) >= id.Len && NewID(start[:id.Len]) == id
}

// IsZero reports whether id is the zero ID.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the ID for messages and file names.
func (id ID) String() string { return fmt.Sprintf("%s-%d", hex.EncodeToString(id.Sum[:]), id.Len) }
