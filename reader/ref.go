package reader

import (
	"strconv"
	"strings"
)

// A Ref is a place that a person can paste: app.log.2.gz:1234.
type Ref struct {
	Path string
	Line Line
}

func (r Ref) String() string { return r.Path + ":" + strconv.FormatInt(r.Line.Number(), 10) }

// ParseRef reads a Ref; ok is false if s is none. Whatever follows the
// number after another colon is left out, as in what grep -n prints.
func ParseRef(s string) (r Ref, ok bool) {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			return Ref{}, false
		}
		at += i + 1
		end := at
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end > at && (end == len(s) || s[end] == ':') && at > 1 {
			n, err := strconv.ParseInt(s[at:end], 10, 64)
			if err == nil && n > 0 {
				return Ref{s[:at-1], LineNumber(n)}, true
			}
		}
	}
}
