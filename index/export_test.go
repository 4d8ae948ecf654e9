package index

import "time"

// SmallSteps makes builders publish after every batch of a few blocks and
// merge often, so that little text goes through all that much text does.
func SmallSteps() {
	batchBlocks, batchDocs, mergeAt, smallText, publishEvery = 2, 8, 5, 8<<20, time.Millisecond
}

// RarePublishing makes builders publish at their end only.
func RarePublishing() (back func()) {
	was := publishEvery
	publishEvery = time.Hour
	return func() { publishEvery = was }
}
