package files

import (
	"logview/reader"
)

// KeptBlocks is how many decoded blocks a text keeps: those around what a
// screen shows, and the one of a search beside it.
const KeptBlocks = 4

// A KeptBlock is a decoded block that is kept for a while.
type KeptBlock struct {
	I int
	B *reader.Block
}
