package decode

import (
	"logview/reader/lazyregexp"
	"logview/reader/rotation"
)

var zipEnding = lazyregexp.New(`(?i)\.zip$`)

// ParseName parses a base name. The name of a tar archive has no slots, because an
// archive is not part of a rotated log. A zip usually holds one rotated file.
func ParseName(base string) rotation.Name {
	if IsTarName(base) {
		return rotation.Plain(base)
	}
	return rotation.Parse(base)
}
