package pattern

import "bytes"

// mostSegments is how many segments of a path are part of a key.
const mostSegments = 8

// MaskRequest is like Mask for a request of an access log and its status, such as
// `GET /api/users/7?x=y HTTP/1.1" 200`: it appends the method, the segments of the path,
// each with its slash, and the status. Segments that look like values become "/*".
func MaskRequest(dst, msg []byte) []byte {
	method, rest, ok := bytes.Cut(msg, []byte{' '})
	end := bytes.LastIndexByte(rest, '"')
	if !ok || end < 0 || !bytes.HasPrefix(rest, []byte{'/'}) {
		return Mask(dst, msg)
	}
	path, status := rest[:end], bytes.TrimSpace(rest[end+1:])
	if i := bytes.IndexAny(path, " ?#;"); i >= 0 {
		path = path[:i]
	}
	dst = append(append(dst, method...), ' ')
	for n := 0; ; n++ {
		i := bytes.IndexByte(path[1:], '/')
		segment := path
		if i >= 0 {
			segment = path[:1+i]
		}
		switch {
		case n == mostSegments-1, isValueSegment(segment[1:]):
			dst = append(dst, AnySegment...)
		default:
			dst = append(dst, segment...)
		}
		dst = append(dst, ' ')
		if i < 0 || n == mostSegments-1 {
			break
		}
		path = path[1+i:]
	}
	return append(append(dst, status...), ' ')
}

// AnySegment stands for any segment of the path of a request.
const AnySegment = "/*"

// isValueSegment reports whether a segment of a path looks like a value: it has digits,
// unless it is a version such as v2, or it is long or escaped.
func isValueSegment(s []byte) bool {
	const longest = 40
	if len(s) > longest || bytes.ContainsAny(s, "%:=@,*") {
		return true
	}
	if len(s) >= 2 && len(s) <= 3 && s[0] == 'v' && isDigit(s[1]) {
		return false
	}
	return bytes.ContainsAny(s, "0123456789")
}

// joinPath returns the text of a form with the segments of a path joined.
func joinPath(form string) string {
	out := make([]byte, 0, len(form))
	inPath := false
	for i := 0; i < len(form); i++ {
		if form[i] == ' ' && inPath && i+1 < len(form) && form[i+1] == '/' {
			continue
		}
		if form[i] == ' ' {
			inPath = false
		} else if form[i] == '/' && (i == 0 || form[i-1] == ' ') {
			inPath = true
		}
		out = append(out, form[i])
	}
	return string(out)
}
