package line

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Fields finds the named values in lines. It belongs to one goroutine, whose memory
// it reuses.
//
// The fields of a line are, in this order:
//
//   - of the columns of its file, and of the formats of the user;
//   - of its header, if it has a known form: of syslog (host, app, pid), of the
//     Kubernetes container runtime (stream), of klog (pid, source), of the error log
//     of nginx (pid, tid, client, server, request, upstream, host), of access logs
//     (client, user, method, path, protocol, status, bytes, referer, agent, took, and of
//     some also took_ms, frontend, backend, server, upstream, host: see access.go); of
//     docker compose and kubectl logs --prefix (container); of other headers, the columns
//     that are certain (pid, tid, thread, logger, client);
//   - of a JSON object in it: a.b.c is the member c of the object b of the object a.
//     An array is one value, as it is written; in a line of Docker, those of the line of
//     the program, too;
//   - of pairs such as name=value and name="a value", anywhere else in it.
//
// A line may have several fields of the same name.
type Fields struct {
	Columns *Columns // of the file; nil for none
	Formats *Formats // nil for those that are known
	// Name, if not empty, is the name of the only field that is wanted: others may be
	// left out.
	Name string

	emit  func(name, value []byte, at int) bool
	name  []byte // of the JSON value being read
	text  []byte // the last value with escapes, without them
	inner []byte // the line in one of Docker
	depth int

	format string
	cells  cells
	words  requestWords

	message []byte // of Message
}

// Format returns the name of the form of the line that Each was called for last, as
// far as Each needed to look: json, logfmt, access, syslog, cri, klog, nginx-error, or
// text for any other.
func (x *Fields) Format() string { return x.format }

// deepest is the number of JSON objects inside each other whose members are fields.
// Those further inside are one value, as they are written.
const deepest = 16

// headerFields are the names of the fields that a line does not spell out.
var headerFields = []string{"host", "app", "pid", "stream", "source", "client", "user", "method", "path", "protocol", "status", "bytes", "referer", "agent", "took",
	"tid", "server", "request", "upstream", "frontend", "backend", "took_ms", "thread", "logger", "container"}

// Spelled reports whether the lines that have a field with a name contain each part
// of the name between dots.
func Spelled(name string) bool {
	for _, n := range headerFields {
		if n == name {
			return false
		}
	}
	return true
}

// RequestMarks are texts of which every line of an access log contains one.
var RequestMarks = append([]string{requestMark, requestMarkInDocker, haproxyMark, protocolMark, protocolMarkEscaped, ginMark, morganMark}, squidMarks...)

const (
	requestMark         = `] "`
	requestMarkInDocker = `] \"`
	haproxyMark         = "haproxy["
	protocolMark        = "HTTP/"
	protocolMarkEscaped = `HTTP\/`
)

// OfRequests reports whether lines that do not spell out a name have such a field only
// if they are of an access log.
func OfRequests(name string) bool {
	switch name {
	case "client", "user", "method", "path", "protocol", "status", "bytes", "referer", "agent", "took", "frontend", "backend", "took_ms":
		return true // the error log of nginx spells out client
	}
	return false
}

// Each calls emit for each field of the line l until emit returns false. The value
// is l[at:at+len(value)], or, if at is negative, a value written with escapes. Both
// are valid until emit returns.
func (x *Fields) Each(l []byte, emit func(name, value []byte, at int) bool) {
	x.emit, x.format = emit, "text"
	l = bytes.TrimRight(l, "\r\n")
	form, more := x.emitCustom(l)
	if c := x.Columns; more && c != nil && x.Formats.allows(c.format) && c.splitRow(&x.cells, l) {
		// A cell of CSV may contain an object or pairs.
		more = x.emitColumns(l) && c.format == "csv"
		form = cmp.Or(form, c.format)
	}
	if more {
		x.emitOwn(l, form == "")
	}
	if form != "" {
		x.format = form
	}
}

// emitOwn emits the fields that a line shows itself, those of its header if header is set.
func (x *Fields) emitOwn(l []byte, header bool) {
	at, more := 0, true
	if header && x.Formats.allows("ltsv") && ltsvFields(l, x.emit) {
		x.format = "ltsv"
		return
	}
	if header {
		at, more = x.emitHeader(l)
	}
	if !more {
		return
	}
	pairs := x.Formats.allows("logfmt") || x.Formats.allows(x.format)
	if x.Formats.allows("json") {
		if i := objectStart(l); i >= 0 {
			if x.format == "text" {
				x.format = "json"
			}
			if pairs && !x.emitPairs(l, at, i) {
				return
			}
			x.name, x.depth = x.name[:0], 0
			if at, more = x.emitObject(l, i); !more || i == 0 && !x.emitDocker(l) {
				return
			}
		}
	}
	if pairs {
		x.emitPairs(l, at, len(l))
	}
}

// emitDocker emits the fields of the program's line in a line of Docker, and returns false if
// no more fields are wanted.
func (x *Fields) emitDocker(l []byte) bool {
	inner := dockerLine(x.inner[:0], l, len(l))
	if inner == nil || bytes.HasPrefix(inner, dockerStart) {
		return true
	}
	x.inner = inner
	emit, format, more := x.emit, x.format, true
	x.emit = func(name, value []byte, _ int) bool {
		more = emit(name, value, -1)
		return more
	}
	x.emitOwn(inner, true)
	x.emit, x.format = emit, format
	return more
}

// objectStart returns the position of the JSON object in a line; -1 if it has none.
func objectStart(l []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(l[from:], '{')
		if i < 0 {
			return -1
		}
		from += i
		if k := skip(l, from+1, ' '); byteAt(l, k) == '"' && (from == 0 || !IsAlnum(l[from-1])) {
			if end := stringEnd(l, k); end > 0 && byteAt(l, skip(l, end, ' ')) == ':' {
				return from
			}
		}
		from++
	}
}

// emitObject emits the members of the JSON object at l[i]. It returns where the object
// ends, and false if no more fields are wanted. An object that ends early, because
// the line does, has the members that are whole.
func (x *Fields) emitObject(l []byte, i int) (end int, more bool) {
	x.depth++
	defer func() { x.depth-- }()
	outer := len(x.name)
	defer func() { x.name = x.name[:outer] }()
	for i++; i < len(l); {
		switch c := l[i]; {
		case c == '}':
			return i + 1, true
		case c != '"':
			i++
			continue
		}
		from := i
		if i = stringEnd(l, from); i == 0 {
			break
		}
		key := l[from+1 : i-1]
		i = skip(l, i, ' ')
		if byteAt(l, i) != ':' {
			continue
		}
		i = skip(l, i+1, ' ')
		x.name = x.name[:outer]
		if outer > 0 {
			x.name = append(x.name, '.')
		}
		x.name = appendUnescaped(x.name, key)
		if i, more = x.emitValue(l, i); !more {
			return i, false
		}
		if i == 0 {
			break
		}
	}
	return len(l), true
}

// emitValue emits the JSON value at l[i], or its members. It returns where the value
// ends; 0 if the line ends before.
func (x *Fields) emitValue(l []byte, i int) (end int, more bool) {
	switch c := byteAt(l, i); {
	case c == '"':
		end := stringEnd(l, i)
		if end == 0 {
			return 0, true
		}
		v, at := l[i+1:end-1], i+1
		if bytes.IndexByte(v, '\\') >= 0 {
			x.text = appendUnescaped(x.text[:0], v)
			v, at = x.text, -1
		}
		return end, x.emit(x.name, v, at)
	case c == '{' && x.depth < deepest:
		return x.emitObject(l, i)
	case c == '{', c == '[':
		end := nestedEnd(l, i)
		if end == 0 {
			return 0, true
		}
		return end, x.emit(x.name, l[i:end], i)
	}
	end = i
	for end < len(l) && strings.IndexByte(",}] \t", l[end]) < 0 {
		end++
	}
	if end == len(l) || end == i {
		return end, true // it may go on
	}
	return end, x.emit(x.name, l[i:end], i)
}

// nestedEnd returns the position after the JSON object or array at l[i]; 0 if it does
// not end.
func nestedEnd(l []byte, i int) int {
	for depth := 0; i < len(l); {
		switch l[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			if i = stringEnd(l, i); i == 0 {
				return 0
			}
			continue
		}
		i++
	}
	return 0
}

// appendUnescaped appends the contents of a JSON string without its escapes. Source:
// RFC 8259, section 7. Half a surrogate pair becomes U+FFFD; what is no escape stays.
func appendUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'u':
			r, ok := hex4(s)
			if !ok {
				dst = append(dst, '\\', 'u')
				continue
			}
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					low, ok = hex4(s[2:])
				}
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					s = s[6:]
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, '\\', c)
		}
	}
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range s[:4] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// emitPairs emits the pairs name=value in l[i:end], and returns false if no more fields
// are wanted.
func (x *Fields) emitPairs(l []byte, i, end int) bool {
	l = l[:end]
	begin := i
	for i < end {
		k := bytes.IndexByte(l[i:], '=')
		if k < 0 {
			break
		}
		sign := i + k
		from := sign
		for from > i && nameByte(l[from-1]) {
			from--
		}
		next := sign + 1
		// A name begins with a letter, after a blank or a bracket: that of a URL's
		// query is not one.
		if from == sign || !isLetter(l[from]) && l[from] != '_' && l[from] != '@' || from > 0 && strings.IndexByte(" \t([{,;|<", l[from-1]) < 0 && !(from == begin && l[from-1] == '\'') || byteAt(l, next) == '=' || byteAt(l, next) == '>' {
			i = next
			continue
		}
		if from == 0 && x.format == "text" {
			x.format = "logfmt"
		}
		v, at, after := x.pairValue(l, next)
		i = max(after, next)
		if from > 0 && l[from-1] == '[' && at == next { // [myid=1]/0:0
			if k := bytes.IndexByte(v, ']'); k >= 0 && bytes.IndexByte(v[:k], '[') < 0 {
				v = v[:k]
			}
		}
		if !x.emit(l[from:sign], v, at) {
			return false
		}
		if at == next+1 && l[next] == '\'' && string(l[from:sign]) == "msg" { // of audit: msg='op=login res=failed'
			if !x.emitPairs(l, at, at+len(v)) {
				return false
			}
		}
	}
	return true
}

func nameByte(c byte) bool {
	return IsAlnum(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/'
}

// pairValue returns the value at l[i], its position, and the position after it: in
// quotes, or else up to a blank. It does not have the punctuation that separates it
// from the next pair or closes the brackets around the pair.
func (x *Fields) pairValue(l []byte, i int) (v []byte, at, end int) {
	switch c := byteAt(l, i); c {
	case '"', '\'':
		if end := quoteEnd(l, i); end > 0 {
			v, at = l[i+1:end-1], i+1
			if c == '"' && bytes.IndexByte(v, '\\') >= 0 {
				x.text = appendUnescaped(x.text[:0], v)
				v, at = x.text, -1
			}
			return v, at, end
		}
	}
	// In {a=1,b=2} and (a=1; b=2), a comma followed by another name ends the value.
	for end = i; end < len(l) && l[end] != ' ' && l[end] != '\t'; end++ {
		c := l[end]
		if c == '}' && byteAt(l, end+1) == ':' && bytes.IndexByte(l[i:end], '{') < 0 { // of a span of Rust's tracing: request{id=5}: x
			break
		}
		if c != ',' && c != ';' && c != '|' {
			continue
		}
		n := end + 1
		for n < len(l) && nameByte(l[n]) {
			n++
		}
		if n > end+1 && byteAt(l, n) == '=' {
			break
		}
	}
	return trimPunctuation(l[i:end]), i, end
}

// trimPunctuation returns v without the commas, semicolons, unmatched closing brackets
// and unmatched quote at its end.
func trimPunctuation(v []byte) []byte {
	const opening, closing = "([{<", ")]}>"
	var open [len(opening)]int // brackets opened and not closed in v
	for _, c := range v {
		if k := strings.IndexByte(opening, c); k >= 0 {
			open[k]++
		} else if k := strings.IndexByte(closing, c); k >= 0 {
			open[k]--
		}
	}
	for len(v) > 0 {
		last := v[len(v)-1]
		k := strings.IndexByte(closing, last)
		switch {
		case last == ',', last == ';':
		case last == '"' && bytes.Count(v, []byte{'"'})%2 == 1:
		case k >= 0 && open[k] < 0:
			open[k]++
		default:
			return v
		}
		v = v[:len(v)-1]
	}
	return v
}

// quoteEnd returns the position after the quoted text at l[i]; 0 if it does not end.
func quoteEnd(l []byte, i int) int {
	quote := l[i]
	for i++; i < len(l); i++ {
		switch l[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return 0
}
