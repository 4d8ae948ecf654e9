package line

import "bytes"

// Message returns the part of a line that says what happened, without its header:
// time, level, host, process, thread, logger. Of a JSON object or pairs, it is the
// value under a key that names it, such as msg; of an access log, the request and its
// status. It is a part of l unless it was written with escapes; then it is valid until
// the next call. A JSON object without a message is returned as it is.
func (x *Fields) Message(l []byte) []byte {
	x.format = "text"
	if x.message = x.requestText(x.message[:0], l); len(x.message) > 0 {
		x.format = "access"
		return x.message
	}
	if at, ok := requestAt(l); ok {
		x.format = "access"
		if end := quoteEnd(l, at-1); end > 0 {
			return l[at:min(len(l), end+4)]
		}
	}
	if bytes.Contains(l, []byte(haproxyMark)) {
		if x.message = x.eachRequest(x.message[:0], l); len(x.message) > 0 {
			return x.message
		}
	}
	isObject := objectStart(l) >= 0
	if isObject || bytes.Contains(l, []byte("msg=")) || bytes.Contains(l, []byte("message=")) {
		if best, key := x.namedMessage(l); key != "" {
			if inner := dockerLine(nil, l, len(l)); inner != nil && key == "log" {
				var y Fields
				return y.Message(inner)
			}
			if bytes.HasPrefix(best, []byte("audit(")) {
				return l // what happened is in the other pairs
			}
			return best
		}
		if isObject {
			return l
		}
	}
	if m := bytes.TrimSpace(l[headerEnd(l):]); len(m) > 0 {
		return m
	}
	return l // all of it is in brackets, as in TiDB's
}

// eachRequest appends the request of a line, as requestText does, by the fields of the line.
func (x *Fields) eachRequest(dst, l []byte) []byte {
	var r request
	x.Each(l, r.collect)
	if r.method == nil {
		x.format = "text"
		return dst
	}
	return r.append(dst)
}

// namedMessage returns the value under the best of messageKeys in a line, and that key; an
// empty key if the line has none.
func (x *Fields) namedMessage(l []byte) (best []byte, key string) {
	rank := len(messageKeys)
	x.Each(l, func(name, value []byte, at int) bool {
		for i, k := range messageKeys[:rank] {
			if string(name) == k && len(value) > 0 {
				rank, key = i, k
				if best = value; at < 0 {
					x.message = append(x.message[:0], value...)
					best = x.message
				}
				break
			}
		}
		return rank > 0
	})
	return best, key
}

// messageKeys are the keys under which programs write the message of a line, best
// first.
var messageKeys = []string{"message", "msg", "MESSAGE", "short_message", "log", "event", "@message", "body", "@mt", "@m"}

// mostHeaderColumns is how many columns after the time may belong to a header.
const mostHeaderColumns = 9

// A columnKind says what a column of a header is.
type columnKind uint8

const (
	dashesColumn columnKind = iota
	levelColumn
	bracketColumn // in brackets
	numberColumn
	nameColumn // of a class or program, as far as its form tells
	wordColumn // any other word, before a level or a dash
)

// headerEnd returns where the message of a line begins that is not JSON.
func headerEnd(l []byte) int {
	if label := labelOf(l); label.end > 0 {
		return label.end + headerEnd(l[label.end:])
	}
	if end := klogTime(l); end > 0 {
		if k := bytes.Index(l, []byte("] ")); k > 0 {
			return k + 2
		}
	}
	var s stamp
	start := 0
	at, timed := findStamp(&s, l)
	if timed {
		var again stamp
		start = again.parse(l, at)
		if k := syslogEnd(l, start); k > 0 {
			return skip(l, k, ' ')
		}
		for _, stream := range []string{" stdout ", " stderr "} { // of Kubernetes
			if rest, ok := bytes.CutPrefix(l[start:], []byte(stream)); ok && len(rest) > 2 && rest[1] == ' ' {
				start += len(stream) + 2
				return start + headerEnd(rest[2:])
			}
		}
		if byteAt(l, start) == '|' {
			return pipesEnd(l, start)
		}
	}
	var h headerColumns
	return h.find(l, start, timed)
}

// headerColumns are the columns of a header after its time, in order.
type headerColumns struct {
	n  int
	at [mostHeaderColumns]headerColumn
}

type headerColumn struct {
	kind      columnKind
	from, end int
}

// betweenColumns are the bytes that separate columns.
var betweenColumns = [256]bool{' ': true, '\t': true, ']': true, ')': true, ',': true, ':': true, '|': true}

// find finds the columns of a header that begins at start, and returns where the
// message begins. timed says that the line has a time, which ends at start.
//
// A header consists of columns: a time, and then numbers, levels, texts in brackets,
// dashes, names with dots or followed by two blanks after a level, and at last one that
// ends with a colon. Up to a level in capitals or a dash, other words belong to it, too.
func (h *headerColumns) find(l []byte, start int, timed bool) int {
	i, level := start, false
	h.n = 0
	kept := 0 // those before start
	for others := 0; h.n < mostHeaderColumns; {
		for i < len(l) && betweenColumns[l[i]] {
			i++
		}
		from, end := columnAt(l, i)
		if from == end {
			break
		}
		word := l[from:end]
		wide := end+1 < len(l) && (l[end] == '\t' || l[end] == ' ' && l[end+1] == ' ')
		direct := others == 0
		last := word[len(word)-1]
		kind := wordColumn
		switch {
		case isDashes(word) && (timed || level) && others <= 2:
			kind = dashesColumn
		case levelOfWord(word, timed && h.n == 0) != ' ' && (direct || capitals(word)) && others <= 4:
			kind, level = levelColumn, true
		case (word[0] == '[' || word[0] == '(' && timed) && direct && (last == ']' || last == ')' || last == ':' || last == '-'):
			kind = bracketColumn
		case h.n == 2 && h.at[0].kind == numberColumn && h.at[1].kind == numberColumn && len(word) == 1 && bytes.IndexByte([]byte("VDIWEFA"), word[0]) >= 0: // logcat's
			kind, level = levelColumn, true
		case direct && timed && isHex(bytes.Trim(word, "-:,#")) && hasDigit(word):
			kind = numberColumn
		case last == ':' && len(word) > 1 && (timed || level) && others <= 1:
			h.at[h.n] = headerColumn{nameColumn, from, end}
			h.n++
			return skip(l, end, ' ')
		case direct && level && (wide || bytes.IndexByte(word, '.') > 0 && isName(word)):
			kind = nameColumn
		}
		h.at[h.n] = headerColumn{kind, from, end}
		h.n++
		if i = end; kind != wordColumn {
			start, others, kept = end, 0, h.n
		} else if others++; others > 4 {
			h.n = kept
			return skip(l, start, ' ')
		}
	}
	h.n = kept
	return min(len(l), skipAny(l, start))
}

// skipAny skips the blanks and separators between a header and a message.
func skipAny(l []byte, i int) int {
	for i < len(l) && (betweenColumns[l[i]] || l[i] == '-') {
		i++
	}
	return i
}

// columnAt returns the bounds of the column at i: a text in brackets, which may contain
// others, with what follows directly, or a word.
func columnAt(l []byte, i int) (from, end int) {
	const longest = 200
	l = l[:min(len(l), i+longest)]
	end = i
	if c := byteAt(l, i); c == '[' || c == '(' {
		closing := c + 2
		if c == '(' {
			closing = ')'
		}
		for depth := 0; end < len(l); end++ {
			if l[end] == c {
				depth++
			} else if l[end] == closing {
				if depth--; depth == 0 {
					end++
					break
				}
			}
		}
		for end < len(l) && l[end] != ' ' && l[end] != '\t' && l[end] != '[' {
			end++
		}
		return i, end
	}
	for end < len(l) && l[end] != ' ' && l[end] != '\t' {
		end++
	}
	return i, end
}

func isDashes(word []byte) bool {
	return len(word) <= 3 && len(bytes.Trim(word, "-|:")) == 0
}

func hasDigit(word []byte) bool { return bytes.ContainsAny(word, "0123456789") }

// isName reports whether a word is a name such as that of a class.
func isName(word []byte) bool {
	for _, c := range word {
		if !nameByte(c) && c != '$' && c != ':' {
			return false
		}
	}
	return true
}

// pipesEnd returns the position after the columns that end with | from i on.
func pipesEnd(l []byte, i int) int {
	for {
		k := bytes.IndexAny(l[i+1:], "| \t=(")
		if k < 0 || l[i+1+k] != '|' {
			return i + 1
		}
		i += k + 1
	}
}

// syslogEnd returns the position after "HOST APP[PID]:" at i; 0 if it is not there.
func syslogEnd(l []byte, i int) int {
	var x Fields
	x.emit = func(_, _ []byte, _ int) bool { return true }
	end, _ := x.emitSyslog(l, i)
	return end
}
