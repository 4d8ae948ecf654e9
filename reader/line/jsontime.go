package line

import (
	"bytes"
	"slices"
	"strings"
)

// jsonKeys are the keys under which programs write the time of a line, best
// first.
var jsonKeys = []string{"@timestamp", "timestamp", "time", "ts", "datetime", "eventTime", "instant", "__REALTIME_TIMESTAMP", "timeUnixNano", "time_unix_nano",
	"EdgeStartTimestamp", "time_local", "time_iso8601", "asctime", "date", "t", "@t", "T", "dt", "TS", "TimeCreated", "epoch", "timeMillis", "TimeGenerated", "published", "StartUTC", "msec", "created", "at", "started_at", "start_time", "created_at"}

// certainKey reports whether a key, with its quotes and a colon, names the time of its
// line, and not of something that the line is about.
func certainKey(key string) bool {
	for _, k := range jsonKeys[:4] {
		if strings.HasPrefix(key[1:], k+`"`) {
			return true
		}
	}
	return false
}

// isWeakKey reports whether a key, with its quotes and a colon, often names the time of
// something that the line is about.
func isWeakKey(key string) bool {
	end := strings.IndexByte(key[1:], '"')
	return end < 0 || !slices.Contains(jsonKeys[:slices.Index(jsonKeys, "created")], key[1:1+end])
}

// keyRank returns the rank of a key, less for better ones; -1 if it is none that
// names a time.
func keyRank(key []byte) int {
	for i, k := range jsonKeys {
		if string(key) == k || len(key) > 3 && len(key) == len(k) && strings.EqualFold(string(key), k) {
			return i
		}
	}
	for _, end := range []string{"imestamp", "ime", "Time", "_at", "Date"} {
		if bytes.HasSuffix(key, []byte(end)) && !isOtherTime(key) {
			return len(jsonKeys)
		}
	}
	return -1
}

// isOtherTime reports whether a key names a time that is not the one at which its line was
// written, such as expires_at.
func isOtherTime(key []byte) bool {
	for _, part := range []string{"expir", "xpir", "valid", "due_", "birth", "next_", "nextRe", "last_", "until"} {
		if bytes.Contains(key, []byte(part)) {
			return true
		}
	}
	return false
}

// jsonStart returns the position at which a line has a JSON object: at its start,
// or after a short prefix; -1 if it has none.
func jsonStart(l []byte) int {
	i := bytes.IndexByte(l[:min(len(l), searched)], '{')
	if i < 0 || !bytes.HasPrefix(bytes.TrimLeft(l[i+1:min(len(l), i+8)], " "), []byte{'"'}) {
		return -1
	}
	return i
}

// findJSON finds the time of a line with a JSON object at i by its key. It returns
// the key with its quotes and a colon, as it is written, its position, and the depth of
// the object that has it, 1 for the outermost.
func findJSON(s *stamp, l []byte, i int) (key string, at, keyDepth int, ok bool) {
	best := len(jsonKeys) + 1
	var found stamp
	depth := 0
	for i < len(l) {
		switch l[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '"':
			from := i
			end := stringEnd(l, i)
			if end == 0 {
				i = len(l)
				continue
			}
			i = end
			k := skip(l, i, ' ')
			if byteAt(l, k) != ':' {
				continue
			}
			rank := keyRank(l[from+1 : end-1])
			if rank < 0 {
				i = k + 1
				continue
			}
			if depth > 1 {
				if bytes.HasSuffix(l[from:end-1], []byte("ated_at")) { // of what the object is about
					i = k + 1
					continue
				}
				rank = max(rank, len(jsonKeys)) // of something in the line
			}
			k = skip(l, k+1, ' ')
			if rank < best && parseJSON(s, l, k) {
				best, found, ok = rank, *s, true
				key, at, keyDepth = string(l[from:k]), from, depth
				if rank == 0 {
					i = len(l)
				}
			}
			i = max(i, k)
			continue
		}
		i++
	}
	*s = found
	return key, at, keyDepth, ok
}

// stringEnd returns the position after the JSON string at i; 0 if it does not
// end.
func stringEnd(l []byte, i int) int {
	for i++; i < len(l); i++ {
		switch l[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// parseJSON parses the time that is the JSON value at i: a string, a number, an
// object of MongoDB's ({"$date": …}), Log4j's (epochSecond, nanoOfSecond), or that of
// protocol buffers (seconds, nanos).
func parseJSON(s *stamp, l []byte, i int) bool {
	switch c := byteAt(l, i); {
	case c == '"':
		end := s.parse(l, i+1)
		return end > 0 && s.kind != clockOnly && byteAt(l, end) == '"'
	case isDigit(c):
		return s.parse(l, i) > 0 && s.kind == epoch
	case c == '{':
		for _, name := range []string{`"$date"`, `"epochSecond"`, `"seconds"`} {
			k := skip(l, i+1, ' ')
			if !bytes.HasPrefix(l[k:], []byte(name)) {
				continue
			}
			k = skip(l, k+len(name), ' ')
			if byteAt(l, k) != ':' || !parseJSON(s, l, skip(l, k+1, ' ')) {
				return false
			}
			rest := l[k:min(len(l), k+80)]
			for _, nanos := range []string{`"nanoOfSecond":`, `"nanos":`} {
				if j := bytes.Index(rest, []byte(nanos)); j >= 0 && name != `"$date"` {
					s.nanos, _ = number(rest, skip(rest, j+len(nanos), ' '), 9)
				}
			}
			return true
		}
	}
	return false
}

// findDateAndTime finds the time of a line with the keys date and time in the JSON object
// at i, of which one has the day and the other the time of day.
func findDateAndTime(s *stamp, l []byte, i int) bool {
	value := func(key string) []byte {
		k := bytes.Index(l[i:], []byte(key))
		if k < 0 || depthAt(l, i, i+k, 0) != 1 {
			return nil
		}
		from := skip(l, i+k+len(key), ' ')
		if byteAt(l, from) != ':' {
			return nil
		}
		if from = skip(l, from+1, ' '); byteAt(l, from) != '"' {
			return nil
		}
		end := stringEnd(l, from)
		if end == 0 {
			return nil
		}
		return l[from+1 : end-1]
	}
	const longest = 40
	day, clock := value(`"date"`), value(`"time"`)
	if len(day) == 0 || len(clock) == 0 || len(day)+len(clock) > longest {
		return false
	}
	var buf [longest + 1]byte
	text := append(append(append(buf[:0], day...), ' '), clock...)
	return s.parse(text, 0) == len(text) && s.kind < epoch
}

// findKey finds the time of a line by the key that was learned.
func (c *Clock) findKey(s *stamp, l []byte) bool {
	p := &c.place
	key := []byte(p.key)
	// At the same position, or anywhere, but at the same depth.
	if bytes.HasPrefix(l[min(p.at, len(l)):], key) && depthAt(l, 0, p.at, 0) == p.depth {
		return parseJSON(s, l, p.at+len(key))
	}
	from, depth := 0, 0
	for {
		k := bytes.Index(l[from:], key)
		if k < 0 {
			return false
		}
		at := from + k
		if depth = depthAt(l, from, at, depth); depth < 0 {
			return false
		}
		if depth == p.depth {
			return parseJSON(s, l, at+len(key))
		}
		from = at + len(key)
	}
}

// depthAt returns the number of JSON objects that are open at to, if depth of them are
// at from; -1 if to is inside a string.
func depthAt(l []byte, from, to, depth int) int {
	for i := from; i < to; i++ {
		switch l[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '"':
			if i = stringEnd(l, i) - 1; i < 0 || i >= to {
				return -1
			}
		}
	}
	return depth
}
