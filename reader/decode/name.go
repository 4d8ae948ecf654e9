package decode

import (
	"logview/reader/lazyregexp"
	"logview/reader/rotation"
)

var zipEnding = lazyregexp.New(`(?i)\.zip$`)

// ParseName reads a base name. An archive is a log of its own; most zips are
// compressed files.
func ParseName(base string) rotation.Name {
	if IsTarName(base) {
		return rotation.Plain(base)
	}
	return rotation.Parse(base)
}
