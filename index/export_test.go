package index

import (
	"errors"
	"os"
	"time"
)

// SmallSteps makes builders publish after every batch of a few blocks and merge
// often, so that a small text takes all the steps that a large one does.
func SmallSteps() {
	batchBlocks, batchDocs, smallSegment, publishEvery = 2, 8, 32, time.Millisecond
}

// RarePublishing makes builders publish only at the end, until back is called.
func RarePublishing() (back func()) {
	was := publishEvery
	publishEvery = time.Hour
	return func() { publishEvery = was }
}

// NoLinks makes builders behave as on a file system without hard links, until
// back is called.
func NoLinks() (back func()) {
	hardLink = func(string, string) error { return errors.ErrUnsupported }
	return func() { hardLink = os.Link }
}
