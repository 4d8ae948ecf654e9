package index_test

import (
	"testing"

	"logview/index"
	"logview/index/searchertest"
)

func TestScan(t *testing.T) {
	searchertest.Run(t, func(*testing.T, string) index.Searcher { return index.Scan{} })
}
