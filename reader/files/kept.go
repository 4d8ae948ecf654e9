package files

import (
	"logview/reader"
)

// KeptBlocks is the number of decoded blocks that are kept of a text: those
// around the screen, and the one of a search at the same time.
const KeptBlocks = 4

// A KeptBlock is a decoded block that is kept for a while.
type KeptBlock struct {
	I int
	B *reader.Block
}
