package indexer

import (
	"fmt"
	"strings"
)

// A Report is a line that `logview index --behind` writes to its standard
// output:
//
//	DONE TOTAL       it is indexing: bytes of text so far, and in all
//	idle             the index is current
//	failed: REASON   the index cannot be made
//
// The process ends when its standard input is closed.
type Report struct {
	Done, Total int64  // while it is indexing
	Idle        bool   // the index is current
	Reason      string // why the index cannot be made; "" if it can
}

// String returns the report as one line, without a newline.
func (r Report) String() string {
	switch {
	case r.Reason != "":
		return "failed: " + strings.ReplaceAll(r.Reason, "\n", " ")
	case r.Idle:
		return "idle"
	}
	return fmt.Sprint(r.Done, r.Total)
}

// Parse parses what String returns. It returns false for any other line.
func Parse(line string) (r Report, ok bool) {
	if reason, failed := strings.CutPrefix(line, "failed: "); failed {
		return Report{Reason: reason}, reason != ""
	}
	if strings.TrimSpace(line) == "idle" {
		return Report{Idle: true}, true
	}
	_, err := fmt.Sscan(line, &r.Done, &r.Total)
	return r, err == nil
}
