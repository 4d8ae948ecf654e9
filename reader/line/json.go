package line

import "bytes"

// jsonKeys are the keys under which programs write the time of a line, best
// first.
var jsonKeys = []string{"@timestamp", "timestamp", "time", "ts", "datetime", "eventTime", "instant", "__REALTIME_TIMESTAMP", "timeUnixNano",
	"EdgeStartTimestamp", "time_local", "time_iso8601", "asctime", "date", "t", "at", "started_at", "start_time", "created_at"}

// keyRank returns the rank of a key, less for better ones; -1 if it is none that
// names a time.
func keyRank(key []byte) int {
	for i, k := range jsonKeys {
		if string(key) == k {
			return i
		}
	}
	for _, end := range []string{"imestamp", "ime", "Time", "_at", "Date"} {
		if bytes.HasSuffix(key, []byte(end)) {
			return len(jsonKeys)
		}
	}
	return -1
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
// the key with its quotes and a colon, as it is written, and its position.
func findJSON(s *stamp, l []byte, i int) (key string, at int, ok bool) {
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
				rank = max(rank, len(jsonKeys)) // of something in the line
			}
			k = skip(l, k+1, ' ')
			if rank < best && parseJSON(s, l, k) {
				best, found, ok = rank, *s, true
				key, at = string(l[from:k]), from
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
	return key, at, ok
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
// object of MongoDB's ({"$date": …}) or of Log4j's (epochSecond, nanoOfSecond).
func parseJSON(s *stamp, l []byte, i int) bool {
	switch c := byteAt(l, i); {
	case c == '"':
		end := s.parse(l, i+1)
		return end > 0 && s.kind != clockOnly && byteAt(l, end) == '"'
	case digit(c):
		return s.parse(l, i) > 0 && s.kind == epoch
	case c == '{':
		for _, name := range []string{`"$date"`, `"epochSecond"`} {
			k := skip(l, i+1, ' ')
			if !bytes.HasPrefix(l[k:], []byte(name)) {
				continue
			}
			k = skip(l, k+len(name), ' ')
			if byteAt(l, k) != ':' || !parseJSON(s, l, skip(l, k+1, ' ')) {
				return false
			}
			rest := l[k:min(len(l), k+80)]
			if j := bytes.Index(rest, []byte(`"nanoOfSecond":`)); j >= 0 && name == `"epochSecond"` {
				s.nanos, _ = number(rest, skip(rest, j+len(`"nanoOfSecond":`), ' '), 9)
			}
			return true
		}
	}
	return false
}

// findKey finds the time of a line by the key that was learned.
func (c *Clock) findKey(s *stamp, l []byte) bool {
	p := &c.place
	at := p.at
	if !bytes.HasPrefix(l[min(at, len(l)):], []byte(p.key)) {
		if at = bytes.Index(l, []byte(p.key)); at < 0 {
			return false
		}
	}
	return parseJSON(s, l, at+len(p.key))
}
