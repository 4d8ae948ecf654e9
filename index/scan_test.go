package index_test

import (
	"testing"

	"logview/index"
	"logview/index/searchertest"
)

func TestScan(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	searchertest.Run(t, func(*testing.T, string) index.Searcher { return index.Scan{} })
}
