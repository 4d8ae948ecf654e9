package index

import (
	"errors"
	"fmt"
	"runtime/debug"

	"logview/reader"
)

// A search that finds a damaged index ignores it, reports it, and reads the
// files instead; a build makes the index anew. Checksums detect damage in the
// files of an index, and a panic while they are read counts as damage.

var errDamaged = errors.New("damaged")

// guard calls f, which reads segments, and returns a panic as an error that
// wraps errDamaged. Bleve reads segments from mapped memory and trusts their
// bytes: it panics if a file was damaged.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

// reportDamage reports that an index cannot be used. Only the first call
// reports.
func (a *admitter) reportDamage(path string, err error) {
	if a.note == nil || a.noted {
		return
	}
	a.noted = true
	a.note(&reader.FileError{Path: path, Offset: -1, Err: fmt.Errorf("the index cannot be used and is left out: %w; run logview index to build it again", pathCause(err))})
}
