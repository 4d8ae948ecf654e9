package decode

import (
	"logview/reader/lazyregexp"
	"logview/reader/rotation"
)

var zipEnding = lazyregexp.New(`(?i)\.zip$`)

// ParseName parses a base name. A tar archive is a log by itself, while most
// zips are compressed files.
func ParseName(base string) rotation.Name {
	if IsTarName(base) {
		return rotation.Plain(base)
	}
	return rotation.Parse(base)
}
