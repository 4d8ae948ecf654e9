package index

import (
	"errors"
	"os"
	"time"
)

// SmallSteps makes builders publish after every batch of a few blocks and
// merge often, so that little text goes through all that much text does.
func SmallSteps() {
	batchBlocks, batchDocs, smallSegment, publishEvery = 2, 8, 32, time.Millisecond
}

// RarePublishing makes builders publish at their end only.
func RarePublishing() (back func()) {
	was := publishEvery
	publishEvery = time.Hour
	return func() { publishEvery = was }
}

// NoLinks makes builders find that the file system has no hard links.
func NoLinks() (back func()) {
	hardLink = func(string, string) error { return errors.ErrUnsupported }
	return func() { hardLink = os.Link }
}
