package line

import (
	"bytes"
	"strings"
)

// This file names the columns of headers that have no known form.

// emitHeaderColumns emits those columns of a header whose meaning is certain, and returns
// false if no more fields are wanted:
//
//   - numbers before the level or --- , and those in [1234] and [1234:5678] before the
//     level, and in [pid 1234:tid 5678]: pid and tid;
//   - [client 10.0.0.1:80] of Apache: client;
//   - a name after the level that is aligned, or has dots and a colon, a dash or a bracket
//     after it, or follows a number; or one between dashes before the level: logger; if
//     it is that of a file with a line, source;
//   - what is in brackets before such a name: thread. [THREAD:LOGGER@LINE] has both.
func (x *Fields) emitHeaderColumns(l []byte) bool {
	switch x.Name {
	case "", "app", "pid", "tid", "thread", "logger", "source", "client":
	default:
		return true
	}
	l = l[:min(len(l), 4*searched)]
	var s stamp
	at, timed := findStamp(&s, l)
	start := 0
	if timed {
		var again stamp
		start = again.parse(l, at)
	}
	if timed {
		if ok, more := x.emitOwnHeader(l, at, start); ok {
			return more
		}
	} else if level, rest, ok := bytes.Cut(l[:min(len(l), searched)], []byte{':'}); ok && capitals(level) && levelNamed(level) != 0 {
		// LEVEL:LOGGER:MESSAGE of Python's basicConfig
		if k := bytes.IndexByte(rest, ':'); k > 0 && isName(rest[:k]) && isLetter(rest[0]) {
			return x.emit(nameLogger, rest[:k], len(level)+1)
		}
	}
	var h headerColumns
	h.find(l, start, timed)
	n := columnNamer{x: x, l: l}
	level := -1
	for i, c := range h.at[:h.n] {
		if c.kind == levelColumn && level < 0 {
			level = i
		}
	}
	next := func(i int, kind columnKind) bool { return i >= 0 && i < h.n && h.at[i].kind == kind }
	for i, c := range h.at[:h.n] {
		from, to := trimColumn(l, c.from, c.end)
		word := l[from:to]
		more := true
		switch {
		case len(word) == 0:
		case c.kind == numberColumn:
			if allDigits(word) && (i < level || level >= 0 && next(i+1, dashesColumn)) {
				more = n.emitNumber(from, to)
			}
		case c.kind == bracketColumn:
			more = n.emitBracket(from, to, i < level)
		case level < 0 || !isName(word) || !isLetter(word[0]):
		case c.kind == nameColumn:
			if i > level && (isLogger(l, h.at[i-1], c, n.numbers) || bytes.IndexByte(word, '.') > 0 && (next(i+1, dashesColumn) || next(i+1, bracketColumn))) {
				more = n.emitLogger(from, to)
			} else if i == level+2 && next(level+1, bracketColumn) && bytes.Count(word, []byte{'.'}) > 1 { // of Tomcat
				more = n.emitLogger(from, to)
			}
		case c.kind == wordColumn:
			if i < level && next(i-1, dashesColumn) && next(i+1, dashesColumn) {
				more = n.emitLogger(from, to)
			}
		}
		if !more {
			return false
		}
	}
	return true
}

// postgresParts are what follows a message of PostgreSQL in lines of their own.
var postgresParts = [][]byte{[]byte("DETAIL:  "), []byte("HINT:  "), []byte("CONTEXT:  "), []byte("STATEMENT:  "), []byte("QUERY:  "), []byte("LOCATION:  ")}

// emitOwnHeader emits the fields of a header in a form of its own around the time
// l[at:end], and reports whether the line has one. It returns false for more if no more
// fields are wanted.
//
//   - TIME LEVEL PID --- [APP] [THREAD] LOGGER : of Spring Boot, where APP may be missing
//   - E, [TIME #PID] of Ruby's Logger
//   - PID:TIME of Zabbix
//   - TIME [PID] DETAIL:  and the like of PostgreSQL
//   - PID:ROLE TIME of Redis, [PID] TIME of NATS, and [Nest] PID  - TIME of NestJS
//   - those of emitEnclosed
func (x *Fields) emitOwnHeader(l []byte, at, end int) (ok, more bool) {
	rest := l[end:]
	if k := bytes.Index(rest, []byte(" --- [")); k > 0 && at == 0 {
		from, to := lastWord(l, end+k)
		if !allDigits(l[from:to]) {
			return false, true
		}
		i := end + k + len(" --- [")
		var groups [2][2]int
		n := 0
		for ; n < len(groups); n++ {
			closing := bytes.IndexByte(l[i:], ']')
			if closing < 0 {
				return false, true
			}
			groups[n] = [2]int{i, i + closing}
			if i += closing + 2; byteAt(l, i) != '[' {
				break
			}
			i++
		}
		colon := bytes.Index(l[min(i, len(l)):], []byte(" : "))
		if n == len(groups) || colon <= 0 {
			return false, true
		}
		logger := bytes.TrimRight(l[i:i+colon], " ")
		if bytes.IndexByte(logger, ' ') >= 0 {
			return false, true
		}
		emit := func(name []byte, from, to int) bool {
			v := bytes.TrimSpace(l[from:to])
			return len(v) == 0 || x.emit(name, v, from+bytes.Index(l[from:to], v))
		}
		return true, emit(namePID, from, to) && (n == 0 || emit(nameApp, groups[0][0], groups[0][1])) &&
			emit(nameThread, groups[n][0], groups[n][1]) && emit(nameLogger, i, i+len(logger))
	}
	if bytes.HasPrefix(rest, []byte(" #")) && at > 0 && l[at-1] == '[' {
		if _, n := number(rest, 2, 10); n > 2 && byteAt(rest, n) == ']' {
			return true, x.emit(namePID, rest[2:n], end+2)
		}
	}
	if at > 1 && l[at-1] == ':' && allDigits(l[:at-1]) {
		return true, x.emit(namePID, l[:at-1], 0)
	}
	if from, to := pidBefore(l[:at]); to > 0 {
		return true, x.emit(namePID, l[from:to], from)
	}
	if ok, more := x.emitEnclosed(l, at, end); ok {
		return true, more
	}
	for _, part := range postgresParts {
		k := bytes.Index(rest, part)
		if k < 0 {
			continue
		}
		open := bytes.IndexByte(rest[:k], '[')
		if _, n := number(rest, open+1, 10); open >= 0 && n > open+1 && byteAt(rest, n) == ']' {
			return true, x.emit(namePID, rest[open+1:n], end+open+1)
		}
	}
	return false, true
}

// pidBefore returns where the number of a process is in the text before a time: in that of
// Redis, NATS and NestJS. to is 0 if it has none.
func pidBefore(before []byte) (from, to int) {
	switch {
	case len(before) == 0:
	case isRedis(before) && isDigit(before[0]):
		_, to = number(before, 0, 10)
	case before[0] == '[':
		rest, ok := bytes.CutPrefix(before, []byte("[Nest] "))
		if from = len(before) - len(rest); !ok {
			from = 1
		}
		_, n := number(before, from, 10)
		if end := before[n:]; n > from && (string(end) == "] " || ok && len(bytes.Trim(end, " -")) == 0) {
			to = n
		}
	}
	return from, to
}

// emitEnclosed is emitOwnHeader for headers with a level and two names, one of them in
// brackets or the like:
//
//   - TIME LEVEL [LOGGER] (THREAD) of JBoss, and TIME LEVEL (THREAD) [LOGGER] of Home Assistant
//   - [TIME] [THREAD/LEVEL] of Minecraft
//   - LEVEL [THREAD] TIME of Cassandra
//   - TIME LOGGER [PID]: LEVEL of Fail2ban
//   - [TIME] {FILE:LINE} LEVEL of Airflow
//   - TIME I COMPONENT [THREAD] of MongoDB before 4.4
func (x *Fields) emitEnclosed(l []byte, at, end int) (ok, more bool) {
	if inner, ok := bytes.CutSuffix(bytes.TrimRight(l[:at], " "), []byte{']'}); ok {
		if level, thread, ok := bytes.Cut(inner, []byte(" [")); ok && levelNamed(bytes.TrimRight(level, " ")) != 0 && bytes.IndexByte(thread, ']') < 0 {
			return true, x.emit(nameThread, thread, len(inner)-len(thread))
		}
		return false, true
	}
	i := skip(l, end, ' ')
	if byteAt(l, i) == ']' {
		i = skip(l, i+1, ' ')
	}
	word := l[i : i+wordEnd(l[i:])]
	closing := func(open int) int { // where the text in brackets at open ends; 0 if nowhere
		shut := map[byte]byte{'[': ']', '(': ')', '{': '}'}[byteAt(l, open)]
		if k := bytes.IndexByte(l[open:], shut); shut != 0 && k > 1 {
			return open + k
		}
		return 0
	}
	switch c := byteAt(l, i); {
	case len(word) == 1 && strings.IndexByte("DIWEF", c) >= 0:
		component := skip(l, i+1, ' ')
		n := wordEnd(l[component:])
		open := skip(l, component+n, ' ')
		if to := closing(open); n > 0 && capitals(l[component:component+n]) && (n > 1 && isLetter(l[component]) || l[component] == '-') && byteAt(l, open) == '[' && to > 0 {
			return true, x.emit(nameThread, l[open+1:to], open+1)
		}
	case c == '[':
		if to := closing(i); to > 0 {
			if k := bytes.LastIndexByte(l[i:to], '/'); k > 1 && byteAt(l, to+1) == ':' && levelNamed(l[i+k+1:to]) != 0 {
				return true, x.emit(nameThread, l[i+1:i+k], i+1)
			}
		}
	case c == '{':
		if to := closing(i); to > 0 && to == i+len(word)-1 {
			if k := bytes.LastIndexByte(l[i:to], ':'); k > 0 && allDigits(l[i+k+1:to]) && i+k+1 < to {
				return true, x.emit(nameSource, l[i+1:to], i+1)
			}
		}
	case levelNamed(word) != 0 && capitals(word):
		a := skip(l, i+len(word), ' ')
		aTo := closing(a)
		b := skip(l, aTo+1, ' ')
		bTo := closing(b)
		if aTo == 0 || bTo == 0 || byteAt(l, bTo+1) != ' ' || l[a] == l[b] {
			break
		}
		if l[a] == '(' {
			a, aTo, b, bTo = b, bTo, a, aTo
		}
		if l[a] == '[' && l[b] == '(' && isName(l[a+1:aTo]) && bytes.IndexByte(l[a+1:aTo], '.') > 0 {
			return true, x.emit(nameLogger, l[a+1:aTo], a+1) && x.emit(nameThread, l[b+1:bTo], b+1)
		}
	case isName(word):
		open := skip(l, i+len(word), ' ')
		_, n := number(l, open+1, 10)
		if byteAt(l, open) != '[' || n == open+1 || byteAt(l, n) != ']' || byteAt(l, n+1) != ':' {
			break
		}
		level := bytes.TrimLeft(l[n+2:], " ")
		if level = level[:wordEnd(level)]; capitals(level) && levelNamed(level) != 0 {
			return true, x.emit(nameLogger, word, i) && x.emit(namePID, l[open+1:n], open+1)
		}
	}
	return false, true
}

// isLogger reports whether a name that follows the column before, and a level, is
// certainly that of a logger, as far as it and what is before it tell: Failed in
// "ERROR Failed: x" is not.
func isLogger(l []byte, before, c headerColumn, numbers int) bool {
	word := l[c.from:c.end]
	if after := bytes.TrimLeft(l[c.end:], " \t"); bytes.IndexByte(word, '.') < 0 && (byteAt(after, 0) == '{' || isPair(after)) {
		return false // started {"port":80} of zap
	}
	if word[len(word)-1] != ':' {
		return c.end+1 < len(l) && (l[c.end] == '\t' || l[c.end+1] == ' ' || l[c.end+1] == ':')
	}
	if bytes.IndexByte(word, '.') > 0 || bytes.Contains(word, []byte("::")) {
		return true
	}
	switch before.kind {
	case numberColumn:
		return true
	case levelColumn: // of logcat
		return before.end-before.from == 1 && numbers == 2
	}
	return false
}

// trimColumn returns the bounds of a column without brackets, blanks and punctuation
// around it.
func trimColumn(l []byte, from, to int) (int, int) {
	for from < to && bytes.IndexByte([]byte("[( "), l[from]) >= 0 {
		from++
	}
	for to > from && bytes.IndexByte([]byte("]) :,-#"), l[to-1]) >= 0 {
		to--
	}
	return from, to
}

// A columnNamer emits the columns of a header. Its methods return false if no more
// fields are wanted.
type columnNamer struct {
	x        *Fields
	l        []byte
	numbers  int
	thread   []byte // not emitted yet, at threadAt
	threadAt int
	named    bool // a logger was emitted
}

// emitNumber emits a number as the pid or, after that, the tid.
func (n *columnNamer) emitNumber(from, to int) bool {
	n.numbers++
	switch n.numbers {
	case 1:
		return n.x.emit(namePID, n.l[from:to], from)
	case 2:
		return n.x.emit(nameTID, n.l[from:to], from)
	}
	return true
}

// emitLogger emits a name, and the thread before it.
func (n *columnNamer) emitLogger(from, to int) bool {
	if n.thread != nil {
		v := n.thread
		if n.thread = nil; !n.x.emit(nameThread, v, n.threadAt) {
			return false
		}
	}
	word := n.l[from:to]
	if k := bytes.LastIndexByte(word, ':'); k > 0 && allDigits(word[k+1:]) {
		return n.x.emit(nameSource, word, from)
	}
	if n.named {
		return true
	}
	n.named = true
	return n.x.emit(nameLogger, word, from)
}

// emitBracket emits what is in brackets, if its form tells what it is. Numbers alone count
// only before the level.
func (n *columnNamer) emitBracket(from, to int, beforeLevel bool) bool {
	word := n.l[from:to]
	if word, ok := bytes.CutPrefix(word, []byte("client ")); ok {
		if k := bytes.LastIndexByte(word, ':'); k > 0 && allDigits(word[k+1:]) && (bytes.IndexByte(word, '.') > 0 || word[k-1] == ']') {
			word = word[:k]
		}
		return n.x.emit(nameClient, word, from+len("client "))
	}
	// [1234], [1234:5678], [pid 1234:tid 5678]
	i := from
	for k := 0; k < 2; k++ {
		for _, prefix := range []string{"pid ", "tid "} {
			if bytes.HasPrefix(n.l[i:to], []byte(prefix)) {
				i += len(prefix)
			}
		}
		if i == from && !beforeLevel {
			break // there is no pid or tid before the number
		}
		_, end := number(n.l, i, 20)
		if end == i || end > to || end < to && bytes.IndexByte([]byte(":-#"), n.l[end]) < 0 {
			break
		}
		if k == 0 && end < to && end+1 < to {
			rest := n.l[end+1 : to]
			if !allDigits(rest) && !bytes.HasPrefix(rest, []byte("tid ")) {
				break // such as a date
			}
		}
		if !n.emitNumber(i, end) {
			return false
		}
		if i = end + 1; i >= to {
			return true
		}
	}
	if i != from || isCode(word) {
		return true
	}
	// THREAD:LOGGER@LINE, as Zookeeper has it.
	if k := bytes.LastIndexByte(word, '@'); k > 0 && allDigits(word[k+1:]) {
		if c := bytes.LastIndexByte(word[:k], ':'); c > 0 && c+1 < k && isName(word[c+1:k]) {
			n.thread, n.threadAt = word[:c], from
			return n.emitLogger(from+c+1, from+k)
		}
	}
	if n.thread == nil && !n.named && bytes.IndexByte(word, '=') < 0 {
		n.thread, n.threadAt = word, from
	}
	return true
}

// isCode reports whether a word is a code such as MY-012487.
func isCode(word []byte) bool {
	letters := 0
	for letters < len(word) && word[letters] >= 'A' && word[letters] <= 'Z' {
		letters++
	}
	return letters > 0 && letters < len(word) && allDigits(bytes.TrimPrefix(word[letters:], []byte{'-'}))
}
