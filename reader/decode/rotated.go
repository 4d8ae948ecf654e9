package decode

import (
	"logview/reader/lazyregexp"
	"logview/reader/rotation"
)

// Package rotation knows names and times; here it meets files.

var zipEnding = lazyregexp.New(`(?i)\.zip$`)

// parseName reads a base name. An archive is a log of its own; most zips are
// compressed files.
func ParseName(base string) rotation.Name {
	if IsTarName(base) {
		return rotation.Plain(base)
	}
	return rotation.Parse(base)
}
