package line

import (
	"bytes"
	"strings"
)

// This file finds the time in a line: at the place where the file has its times, or by a
// search of the line, in which not every date counts.

// A place is where lines have their time.
type place struct {
	known  bool
	kind   kind
	at     int    // byte offset
	spaces int    // number of spaces before it
	lead   int    // bytes after the last of them
	key    string // of a JSON object, with quotes; then the offset is that of the key
	depth  int    // of the object
	indent bool   // the line began with a blank
	dated  bool   // the year is elsewhere in the line: see stamp.findYear
}

// find finds the time of a line, first where the lines before had theirs.
func (c *Clock) find(s *stamp, l []byte) bool {
	if c.Columns.hasTime() {
		if known, ok := c.row.find(s, c.Columns, l); known {
			return ok
		}
	}
	p := &c.place
	switch {
	case !p.known, isIndented(l) && !p.indent:
	case p.key != "":
		if c.findKey(s, l) {
			return true
		}
	case p.at < len(l) && p.begins(l, p.at):
		if end := s.parse(l, p.at); end > 0 && s.kind == p.kind {
			s.end = end
			if p.dated {
				s.findYear(l, p.at, end)
			}
			return true
		}
		fallthrough
	case p.spaces > 0:
		if i := p.afterSpaces(l); i > 0 && i < len(l) && p.begins(l, i) {
			if end := s.parse(l, i); end > 0 && s.kind == p.kind {
				if p.dated {
					s.findYear(l, i, end)
				}
				return true
			}
		}
	}
	return c.search(s, l)
}

// afterSpaces returns where in a line the time is by the number of blanks before it; 0 if there
// are fewer, or that is not how it is found.
func (p *place) afterSpaces(l []byte) int {
	if p.spaces == 0 {
		return 0
	}
	i := 0
	for range p.spaces {
		k := bytes.IndexByte(l[i:min(len(l), searched)], ' ')
		if k < 0 {
			return 0
		}
		i += k + 1
	}
	return i + p.lead
}

// begins reports whether a time may begin at i: not inside a word, and not inside another
// date.
func (p *place) begins(l []byte, i int) bool {
	return i == 0 || !IsAlnum(l[i-1]) && !(i > 1 && isDigit(l[i-2]) && strings.IndexByte("/-.:", l[i-1]) >= 0)
}

// search finds the time of a line anywhere in its beginning. A line that begins
// with a blank while the lines with times do not continues the one before: a time
// in it is not its own.
func (c *Clock) search(s *stamp, l []byte) bool {
	indent := isIndented(l)
	if c.place.known && indent && !c.place.indent {
		return false
	}
	if bytes.HasPrefix(l, journalTime) && s.parse(l, len(journalTime)) == len(l) && s.kind == epoch {
		return true // nothing is learned: other lines of the entry have other fields there
	}
	p, ok := searchPlace(s, l)
	if !ok || c.strict && p.key == "" && !c.countsElsewhere(s, l, p.at) || c.sparse && p.key == "" && hasWord(l[:p.at]) || c.sparse && p.key != "" && isWeakKey(p.key) {
		return false
	}
	if !c.learned {
		c.learned, c.place = true, p
		c.strict = p.key == "" && !isProse(l[:p.at])
	}
	return true
}

// searchPlace finds the time of a line, and the place where it is.
func searchPlace(s *stamp, l []byte) (place, bool) {
	indent := isIndented(l)
	at, ok := -1, false
	if findCMTrace(s, l) || findEventXML(s, l) {
		return place{kind: s.kind, indent: indent}, true
	}
	if i := jsonStart(l); i >= 0 {
		// A date with a year before the object is that of the line. If it has no
		// year, a key that certainly names the time of the line says more.
		at, ok = findStamp(s, l[:i])
		dated := ok && s.kind < epoch
		if !dated || s.year == 0 {
			var inside stamp
			if key, at, depth, ok := findJSON(&inside, l, i); ok && (!dated || certainKey(key)) {
				*s = inside
				return place{known: true, kind: s.kind, at: at, key: key, depth: depth, indent: indent}, true
			}
			if !dated && findDateAndTime(s, l, i) {
				return place{kind: s.kind, indent: indent}, true
			}
			if i == 0 {
				return place{}, false // times in values are not the line's
			}
			ok = false
		}
	}
	if !ok {
		at, ok = findStamp(s, l)
	}
	if !ok {
		return place{}, false
	}
	before := l[:at]
	p := place{known: true, kind: s.kind, at: at, spaces: bytes.Count(before, []byte{' '}), lead: at - 1 - bytes.LastIndexByte(before, ' '), indent: indent}
	if s.kind == fullDate && s.year == 0 {
		var again stamp
		p.dated = s.findYear(l, at, again.parse(l, at))
	}
	return p, true
}

// same reports whether p and q are the same place, as far as one line can tell.
func (p *place) same(q *place) bool {
	return p.kind == q.kind && p.key == q.key && p.indent == q.indent && (p.key != "" || p.at == q.at || p.spaces == q.spaces && p.lead == q.lead)
}

// countsElsewhere reports whether a time that was found at another place than in other lines,
// before which there is only a header, is the time of its line l: if the others have
// full dates, it is one, and is neither in a sentence nor quoted.
func (c *Clock) countsElsewhere(s *stamp, l []byte, at int) bool {
	if s.kind >= epoch && c.place.kind < epoch {
		return false
	}
	if at > 0 && (l[at-1] == '\'' || l[at-1] == '"') && !(at > 1 && (l[at-2] == '=' || l[at-2] == ':')) {
		return false
	}
	if request, ok := requestAt(l); ok && at < request { // after the name of a user, perhaps
		return true
	}
	return !isProse(l[:at]) && !isOfValue(l[:at])
}

// isOfValue reports whether the text before a time says that it is a value in what
// continues another line: of a header of HTTP, a key of YAML, or a cell of a table.
func isOfValue(before []byte) bool {
	before = bytes.TrimLeft(before, "<>* ")
	if len(before) > 0 && before[0] == '|' {
		return true
	}
	key, ok := bytes.CutSuffix(bytes.TrimRight(before, " \"'"), []byte{':'})
	if !ok || bytes.IndexByte(key, ' ') >= 0 {
		return false
	}
	for _, end := range []string{"date", "_at", "-at", "modified", "expires", "since", "until", "expiry", "created", "updated", "timestamp", "time"} {
		if len(key) >= len(end) && strings.EqualFold(string(key[len(key)-len(end):]), end) {
			return true
		}
	}
	return false
}

// hasWord reports whether a text before a time has a word that is neither a level nor in
// brackets, nor the name of a container.
func hasWord(before []byte) bool {
	if namesTime(before) || beginsEvent(before) {
		return false
	}
	before = before[labelOf(before).end:]
	for word := range bytes.FieldsSeq(before) {
		if strings.IndexByte("[(<{|", word[0]) >= 0 || bytes.IndexByte(word, '=') > 0 {
			continue
		}
		if word = bytes.TrimRight(word, ":,.;"); len(word) > 1 && isPlain(word) && levelNamed(word) == 0 {
			return true
		}
	}
	return false
}

// beginsEvent reports whether a text before a time, which consists of words, says that it is
// the time of the line: of a banner, of the line with which Rails begins what it writes of a
// request (Started GET "/" for 127.0.0.1 at), or of the end of a build (Finished at:).
func beginsEvent(before []byte) bool {
	if byteAt(before, 0) == '[' { // a tag
		if k := bytes.Index(before, []byte("] ")); k > 0 {
			before = before[k+2:]
		}
	}
	return bytes.HasPrefix(before, []byte("===")) || bytes.HasSuffix(before, []byte("inished at: ")) ||
		bytes.HasPrefix(before, []byte("Started ")) && bytes.HasSuffix(before, []byte(" at ")) && bytes.Contains(before, []byte(`" for `))
}

// isProse reports whether a text before a time is a part of a sentence, or names an
// exception, rather than a header: it has two words that are not levels.
func isProse(before []byte) bool {
	if namesTime(before) || beginsEvent(before) {
		return false
	}
	words := 0
	for word := range bytes.FieldsSeq(before) {
		if string(word) == "|" || word[len(word)-1] == ']' && bytes.IndexByte(before, '[') >= 0 { // what is before it is a name
			words = 0
			continue
		}
		word = bytes.Trim(word, `"'(),;:<>`)
		if levelNamed(word) != 0 {
			continue
		}
		if bytes.HasSuffix(word, []byte("Exception")) || bytes.HasSuffix(word, []byte("Error")) {
			return true
		}
		plain := len(word) > 0
		for _, c := range word {
			plain = plain && (isLetter(c) || c == '_')
		}
		if plain {
			words++
		}
	}
	return words >= 2
}

// findStamp searches the beginning of a line for a time.
func findStamp(s *stamp, l []byte) (at int, ok bool) {
	l = l[:min(len(l), searched)]
	if isElapsed(l) {
		return -1, false
	}
	var weak stamp
	weakAt := -1
	for i, tries := 0, 0; i < len(l) && tries < 32; i++ {
		c := l[i]
		switch {
		case isDigit(c):
			if i > 0 && (IsAlnum(l[i-1]) || l[i-1] == '.' || l[i-1] == '_' || l[i-1] == '-' && i > 1 && IsAlnum(l[i-2])) {
				continue
			}
		case isLetter(c):
			if i > 0 && (IsAlnum(l[i-1]) || l[i-1] == '_') {
				continue
			}
			if _, k := monthAt(l, i); k == 0 {
				if _, ok := weekdayAt(l, i); !ok && !(isDigit(byteAt(l, i+1)) && (i == 0 || l[i-1] == ' ' && klogTime(l[i:]) > 0)) {
					continue
				}
			}
		case c == '@':
		default:
			continue
		}
		tries++
		if s.parse(l, i) == 0 {
			continue
		}
		if s.kind < epoch {
			return i, true
		}
		if weakAt < 0 && counts(s, l, i) {
			weak, weakAt = *s, i
		}
	}
	if weakAt >= 0 {
		*s = weak
	}
	return weakAt, weakAt >= 0
}

// isElapsed reports whether a line begins with the seconds since the system was started, in
// brackets, as those of the kernel and of Xorg do. Dates in it are not its time.
func isElapsed(l []byte) bool {
	if byteAt(l, 0) != '[' {
		return false
	}
	i := skip(l, 1, ' ')
	_, dot := number(l, i, 8)
	if dot == i || byteAt(l, dot) != '.' {
		return false
	}
	_, end := number(l, dot+1, 6)
	return end > dot+2 && byteAt(l, end) == ']'
}

// findCMTrace finds the time of a line of Configuration Manager: <time="14:05:06.789+060"
// date="11-21-2026" … behind the message, with the minutes to add for UTC. Source: "About
// log files in Configuration Manager", Microsoft.
func findCMTrace(s *stamp, l []byte) bool {
	const mark = `]LOG]!><time="`
	if l = bytes.TrimRight(l, "\r\n"); len(l) == 0 || l[len(l)-1] != '>' {
		return false
	}
	i := bytes.LastIndex(l, []byte(mark))
	if i < 0 {
		return false
	}
	*s = stamp{}
	end := s.parseClock(l, i+len(mark))
	if end == 0 {
		return false
	}
	if c := byteAt(l, end); c == '+' || c == '-' {
		minutes, n := number(l, end+1, 4)
		if s.zone, s.zoned = -60*minutes, true; c == '-' {
			s.zone = 60 * minutes
		}
		end = n
	}
	if !bytes.HasPrefix(l[end:], []byte(`" date="`)) {
		return false
	}
	end += len(`" date="`)
	s.month, s.day = two(l, end), two(l, end+3)
	s.year, end = number(l, end+6, 4)
	s.kind = fullDate
	return s.validDate() && byteAt(l, end) == '"'
}

// findEventXML finds the time of an event of Windows in XML, which may be far from its
// beginning.
func findEventXML(s *stamp, l []byte) bool {
	if !bytes.HasPrefix(l, []byte("<Event")) {
		return false
	}
	const key = "SystemTime="
	i := bytes.Index(l[:min(len(l), 4*searched)], []byte(key))
	return i > 0 && s.parse(l, i+len(key)+1) > 0 && s.kind < epoch
}

// counts reports whether a time of day alone, or a number of seconds since 1970,
// is the time of its line: it begins the line, perhaps after a bracket or a level,
// or it has a name that says so.
func counts(s *stamp, l []byte, i int) bool {
	before := l[:i]
	if s.kind == epoch {
		if l[i] == '@' || namesTime(before) || string(before) == "t=" || bytes.HasSuffix(before, []byte("0000 00:00:")) || isFlow(l, i) { // of abseil
			return true
		}
		// Process numbers and the like may precede it if it has a fraction.
		if k := bytes.IndexByte(l[i:], '.'); (k == 10) && len(before) <= 16 && len(bytes.Trim(before, "0123456789 []:#<>")) == 0 {
			return true
		}
	}
	switch rest := bytes.TrimRight(bytes.TrimLeft(before, "[(<#+ "), " :|[]("); {
	case s.kind == clockOnly && i > 2 && labelOf(l).end > 0 && labelOf(l).end >= i-1: // behind the name of a container
		return true
	case len(rest) == 0:
		return len(before) <= 3
	case s.kind == clockOnly && len(before) <= 8 && allDigits(bytes.TrimRight(before, " ")) && byteAt(l, i+8) == '.': // of strace -f
		return true
	case len(before) <= 12 && (s.kind == clockOnly || bytes.IndexByte(l[i:min(len(l), i+11)], '.') == 10): // [ERROR] [1763733906.123]
		return levelNamed(rest) != 0
	}
	return false
}

// isFlow reports whether i is where a flow log of Amazon VPC in its default format has the
// start of the flow, in seconds since 1970. Source: "Flow log records", Amazon.
func isFlow(l []byte, i int) bool {
	_, n := number(l, 2, 13)
	return n == len("2 123456789012") && bytes.HasPrefix(l, []byte("2 ")) && bytes.HasPrefix(l[n:], []byte(" eni-")) && bytes.Count(l[:i], []byte{' '}) == 10
}

// namesTime reports whether the text before a number names it as a time, as in
// ts=1763733906, "time":1763733906 or audit(1763733906.123:77).
func namesTime(before []byte) bool {
	before = bytes.TrimRight(before, "\":= (")
	for _, name := range []string{"ts", "time", "timestamp", "epoch", "date", "audit"} {
		n := len(before) - len(name)
		if n >= 0 && strings.EqualFold(string(before[n:]), name) && (n == 0 || !isLetter(before[n-1])) {
			return true
		}
	}
	return false
}
