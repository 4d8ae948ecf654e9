package line

import (
	"bytes"
	"strings"
)

// This file finds the level among the words of a header, and the marks and letters that
// programs use for levels.

// headerWords is how many words of a header may precede a level.
const headerWords = 6

// levelOfHeader returns the level among the first words of l, which follows a time
// if timed is set.
func levelOfHeader(l []byte, timed bool) byte {
	numbers := true // all words so far are numbers
	prose := false  // one of them is a plain word
	afterBracket := false
	plain := 0   // number of these; 2 if one begins a sentence
	thread := -9 // the word that may be WebSphere's number of a thread
	first := 0   // the first word but for the bracket after a time
	if timed && (byteAt(l, 0) == ':' && byteAt(l, 1) == ' ' || byteAt(l, 0) == ']' && byteAt(l, 1) == '[') {
		l = l[1:]
	}
	for n := 0; n < headerWords; n++ {
		word, rest := headerWord(l)
		if len(word) == 0 {
			break
		}
		l = rest
		if word[0] == '\'' || word[0] == '"' {
			prose = true
			continue
		}
		if n == 0 && string(word) == "]" {
			first = 1
		}
		if word[0] >= 'a' && word[0] <= 'z' && isSmallName(word) && levelNamed(word) == 0 && byteAt(l, 0) != ',' {
			// Nothing below finds a level in it.
			if isLower(word) {
				prose = true
				plain++
			} else if len(word) == 8 && isHex(word) {
				thread = n
			}
			numbers = numbers && isHex(word) && hasDigit(word)
			afterBracket = false
			continue
		}
		if level := levelOfLetter(word, l, timed, n-first, thread-first); level != ' ' {
			return level
		}
		// After plain words it is part of the message: "Payment Error:", Nagios's "SERVICE ALERT:".
		ofMessage := prose && word[len(word)-1] == ':' && word[0] != '(' && word[0] != ':' && (!capitals(word) || string(word) == "ALERT:") ||
			plain > 1 && isPlain(word) && !isPadded(l) // in a sentence
		if level := levelOfWord(word, timed && n == first && !beginsSentence(word, l)); level != ' ' && !ofMessage {
			if !timed && n == 0 && isLabel(word) {
				return ' '
			}
			if string(word) == "TRACE" && bytes.HasPrefix(l, []byte(" | ")) { // the name of an agent of Datadog
				next, _ := headerWord(l)
				return max(levelNamed(next), level)
			}
			if string(word) == "LOG" && bytes.HasPrefix(l, []byte(" ROTATION:")) { // of Nagios
				return ' '
			}
			return level
		}
		if string(word) == "PHP" {
			return levelOfPHP(l)
		}
		if timed && n <= 1+first && byteAt(l, 0) == ',' && isLower(word) {
			if level := levelOfTopics(l); level != ' ' {
				return level
			}
		}
		if isPlain(word) {
			if timed && n == 1 { // host err app[1]: of F5
				if v := levelNamed(word); v != 0 && isLower(word) && beginsWithProcess(l) {
					return v
				}
			}
			prose = true
			plain++
			if n == first && word[0] < 'a' && !capitals(word) && capitals(word[:1]) && isLower(word[1:]) && timed && byteAt(l, 0) == ' ' && isLetter(byteAt(l, 1)) {
				plain++
			}
		}
		if len(word) == 8 && isHex(word) && hasDigit(word) {
			thread = n
		}
		if timed && n == 1+first && afterBracket && isPlain(word) && isPadded(l) { // <12> Error    of Veeam
			if v := levelNamed(word); v != 0 {
				return v
			}
		}
		afterBracket = word[0] == '<' || word[0] == '['
		if timed && n > 0 && numbers && len(word) == 1 && strings.IndexByte("VDIWEF", word[0]) >= 0 {
			if word[0] == 'V' {
				return 'T'
			}
			return word[0]
		}
		numbers = numbers && isHex(word) && hasDigit(word)
		if word[len(word)-1] == ':' && len(word) > 1 && word[0] != '[' {
			if !timed && isException(word) { // psycopg2.OperationalError: FATAL:
				return ' '
			}
			return levelAfterProgram(word, l)
		}
	}
	return ' '
}

// isSmallName reports whether a word of small letters, digits, dots and hyphens ends with a
// letter or digit.
func isSmallName(word []byte) bool {
	for _, c := range word {
		if (c < 'a' || c > 'z') && !isDigit(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return IsAlnum(word[len(word)-1])
}

// isLabel reports whether the first word of a line without a time, which names a level, is
// rather the label of a value, as in a summary: "Config: /etc/app.conf", "Failure: 0".
func isLabel(word []byte) bool {
	switch string(word) {
	case "Config:", "Log:", "Alert:", "Critical:", "Fine:", "Failure:", "Trace:", "Exception:", "Notice:":
		return true
	}
	return false
}

// levelOfTopics returns the level among the topics of MikroTik's RouterOS, as in
// system,info,account, after the first.
func levelOfTopics(l []byte) byte {
	for topic := range bytes.SplitSeq(l[1:wordEnd(l)], []byte{','}) {
		switch string(topic) {
		case "debug", "info", "warning", "error", "critical":
			return levelNamed(topic)
		}
	}
	return ' '
}

// isException reports whether a word before a colon is the name of an exception.
func isException(word []byte) bool {
	word = bytes.TrimSuffix(word, []byte{':'})
	return bytes.HasSuffix(word, []byte("Error")) || bytes.HasSuffix(word, []byte("Exception"))
}

// beginsWithProcess reports whether the next word of rest is the name of a program with the
// number of its process, and a colon.
func beginsWithProcess(rest []byte) bool {
	word := rest[min(1, len(rest)):]
	word = word[:wordEnd(word)]
	open := bytes.IndexByte(word, '[')
	return open > 0 && bytes.HasSuffix(word, []byte("]:")) && allDigits(word[open+1:len(word)-2])
}

// isPadded reports whether more than one blank, or a mark between columns, precedes rest's
// next word, so that what precedes rest is a column.
func isPadded(rest []byte) bool {
	return len(rest) > 1 && (rest[0] == '\t' || rest[0] == '|' || rest[0] == ' ' && strings.IndexByte(" -|[:", rest[1]) >= 0)
}

// beginsSentence reports whether a word such as "Error" begins a sentence with the next word
// of rest: that is in small letters.
func beginsSentence(word, rest []byte) bool {
	switch string(word) {
	case "log", "config", "exception", "failure", "fine", "alert", "critical":
	case "Info", "Debug", "Warn", "Warning", "Verbose", "Information":
		return false
	default:
		if len(word) < 2 || word[0] < 'A' || word[0] > 'Z' || !isLower(word[1:]) {
			return false
		}
	}
	if len(rest) < 3 || rest[0] != ' ' {
		return false
	}
	next := rest[1 : 1+wordEnd(rest[1:])]
	return len(next) > 1 && isLower(bytes.TrimRight(next, ":,.;"))
}

// isLower reports whether a word consists of small letters.
func isLower(word []byte) bool {
	for _, c := range word {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return len(word) > 0
}

// headerWord returns the first word of a header, or text in brackets, and what follows it.
// The word is empty if there is none.
func headerWord(l []byte) (word, rest []byte) {
	// Between words: blanks, and what separates columns.
	i := 0
	for i < len(l) && (l[i] == ' ' || l[i] == '\t' || l[i] == '|' || l[i] == ',' || l[i] == ';' || l[i] == '-') {
		i++
	}
	if l = l[i:]; len(l) == 0 {
		return nil, nil
	}
	end := 0
	for end < len(l) && !(l[end] == ' ' || l[end] == '\t' || l[end] == '|' || l[end] == ',' || l[end] == ';') {
		end++
	}
	if c := l[0]; c == '[' || c == '<' || c == '(' { // [Server thread/INFO]:
		closing := c + 2
		if c == '(' {
			closing = ')'
		}
		if k := bytes.IndexByte(l[:min(len(l), 64)], closing); k > 0 {
			end = k + 1
			if end < len(l) && l[end] == ':' {
				end++
			}
		}
	}
	return l[:end], l[end:]
}

// levelAfterProgram returns the level that follows the name of a program, before l: many
// write one there.
func levelAfterProgram(program, l []byte) byte {
	l = bytes.TrimLeft(l, " ")
	if name, ok := bytes.CutSuffix(program, []byte("):")); ok { // krb5kdc[1234](info):
		if level := levelNamed(name[bytes.LastIndexByte(name, '(')+1:]); level != 0 {
			return level
		}
	}
	if byteAt(l, 0) == '%' {
		return levelOfLetter(l[:wordEnd(l)], nil, false, 0, 0)
	}
	word := trimMarks(l[:max(0, bytes.IndexByte(l, ' '))])
	if capitals(word) && len(word) > 3 && string(word) != "ALERT" && string(word) != "PANIC" {
		if v := levelOfWord(word, false); v != ' ' {
			return v
		}
	}
	if v := levelNamed(word); v != 0 && programWritesLevels(program) {
		return v
	}
	if bytes.HasPrefix(l, []byte("[ID ")) { // [ID 107833 kern.warning] of Solaris
		_, n := number(l, len("[ID "), 9)
		priority, _, ok := bytes.Cut(l[min(n+1, len(l)):], []byte{']'})
		if ok && isPriority(priority) {
			return levelNamed(priority[bytes.IndexByte(priority, '.')+1:])
		}
	}
	return levelOfInner(l)
}

// trimMarks returns a word without brackets and colons around it.
func trimMarks(word []byte) []byte {
	isMark := func(c byte) bool { return c == '[' || c == ']' || c == ':' }
	for len(word) > 0 && isMark(word[0]) {
		word = word[1:]
	}
	for len(word) > 0 && isMark(word[len(word)-1]) {
		word = word[:len(word)-1]
	}
	return word
}

// levelOfPHP returns the level that follows PHP, as in "PHP Fatal error:  ".
func levelOfPHP(l []byte) byte {
	l = bytes.TrimLeft(l, " ")
	if bytes.HasPrefix(l, []byte("Deprecated:")) {
		return 'W'
	}
	n := letters(l, 0)
	switch name := string(l[:n]); {
	case bytes.HasPrefix(l[n:], []byte(" error:")): // Fatal, Parse, Recoverable fatal
		return 'E'
	case byteAt(l, n) != ':':
	default:
		if level := levelNamed([]byte(name)); level != 0 {
			return level
		}
	}
	return ' '
}

// levelOfInner returns the level of what a program wrote, behind its name in a line of
// syslog: after a time of its own, or in a word before a colon, perhaps after another one.
func levelOfInner(l []byte) byte {
	if klogTime(l) > 0 {
		return l[0]
	}
	from := 0
	if byteAt(l, 0) == '[' {
		from = 1
	}
	if isDigit(byteAt(l, from)) { // for nothing else a time is searched
		var s stamp
		if end := s.parse(l, from); end > 0 && (s.kind < epoch || s.kind == clockOnly && bytes.HasPrefix(l[end:], []byte(" ["))) {
			return levelOfHeader(l[end:], true)
		}
		if k := bytes.IndexByte(l[:min(len(l), 16)], ']'); from > 0 && k > 0 { // [5-1] 2026-11-21 of PostgreSQL
			if end := s.parse(l, k+2); end > 0 && s.kind < epoch {
				return levelOfHeader(l[end:], true)
			}
		}
	}
	if byteAt(l, 0) == '<' { // <warn>
		return levelOfWord(l[:wordEnd(l)], false)
	}
	if from > 0 {
		if k := bytes.Index(l[:min(len(l), 8)], []byte("] ")); k > 0 && allDigits(bytes.ReplaceAll(l[1:k], []byte("-"), nil)) { // [5-1] ERROR: of PostgreSQL
			l = l[k+2:]
		}
	}
	for range 2 {
		word := l[:wordEnd(l)]
		if k := len(word); k < 2 || word[k-1] != ':' && bytes.IndexByte(word, ':') < 0 {
			break
		}
		// In small letters, as in sshd's "error:", it is a part of the message.
		if k := letters(word, 0); byteAt(word, k) == ':' && k > 2 && word[0] < 'a' && (k+1 == len(word) || capitals(word[:k])) {
			if v := levelNamed(word[:k]); v != 0 {
				return v
			}
		}
		if word[len(word)-1] != ':' {
			break
		}
		l = bytes.TrimLeft(l[len(word):], " ")
	}
	return ' '
}

// levelOfMarks returns the level that a mark at the beginning of a line stands for, whose
// time is l[at:end].
func levelOfMarks(l []byte, at, end int) byte {
	switch {
	case byteAt(l, 0) == '[' && bytes.HasPrefix(l, []byte("[GIN-debug] ")):
		if bytes.HasPrefix(l[len("[GIN-debug] "):], []byte("[WARNING]")) {
			return 'W'
		}
		return 'D'
	case end > 0 && at == 0 && len(l) > 7 && strings.IndexByte("EWIF", l[0]) >= 0 && allDigits(l[1:7]) && l[7] == ' ': // of CockroachDB
		return l[0]
	case at == 3 && end > at && len(l) > at && l[0] == '[' && l[2] == ' ' && strings.IndexByte("DIWEC", l[1]) >= 0: // of Tornado and Jupyter
		return "DIWEF"[strings.IndexByte("DIWEC", l[1])]
	case at > 4 && end > at && len(l) > at && l[at-1] == '[' && l[0] >= 'A' && l[0] <= 'Z' || at > 8 && len(l) > at && l[0] == '[' && l[at-1] == '[': // of geth, and of Akka
		word := bytes.TrimLeft(l[:at-1], "[")
		switch word = word[:letters(word, 0)]; string(word) {
		case "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "FATAL", "CRIT":
			if rest := bytes.TrimLeft(bytes.TrimLeft(l[:at-1], "[")[len(word):], "] "); len(rest) == 0 {
				return levelNamed(word)
			}
		}
	case at > 4 && end > at && len(l) > at && l[at-1] == '[' && l[0] >= 'a' && l[0] <= 'z': // of Mattermost
		if word := bytes.TrimRight(l[:at-1], " "); len(word) < at-1 && isLower(word) {
			return max(levelNamed(word), ' ')
		}
	case at == 2 && end > at && len(l) > at && l[1] == '[' && strings.IndexByte("DIWEF", l[0]) >= 0: // of Tendermint
		return l[0]
	case at == 4 && end > at && len(l) > at && l[0] == '(' && l[2] == ')' && strings.IndexByte("NIWC", l[1]) >= 0: // of qBittorrent
		return "IIWF"[strings.IndexByte("NIWC", l[1])]
	case at == 4 && end > at && len(l) > at && l[0] == '[' && l[1] == ' ' && l[3] == ' ': // of Passenger
		if k := strings.IndexByte("CEWNID", l[2]); k >= 0 {
			return "FEWIID"[k]
		}
	case end == 0 && isElapsed(l): // of Xorg
		k := bytes.Index(l[:min(len(l), 24)], []byte("] ("))
		if k > 0 && byteAt(l, k+5) == ')' {
			switch string(l[k+3 : k+5]) {
			case "EE":
				return 'E'
			case "WW":
				return 'W'
			case "II":
				return 'I'
			}
		}
	case at == 3 && len(l) > at && l[1] == ' ' && l[2] == '[': // of CUPS
		if k := strings.IndexByte("XACEWNIDd", l[0]); k >= 0 {
			return "FFFEWIIDD"[k]
		}
	case at > 0 && end > at && (isDigit(l[0]) || l[0] == '[') && end+2 < len(l) && l[end] == ' ' && l[end+2] == ' ' && isRedis(l[:at]):
		if k := strings.IndexByte(".-*#", l[end+1]); k >= 0 {
			return "DDIW"[k]
		}
	case byteAt(l, 0) == '<' && bytes.HasPrefix(l, []byte("<![LOG[")): // of Configuration Manager
		if k := bytes.LastIndex(l, []byte(`" type="`)); k > 0 {
			switch byteAt(l, k+len(`" type="`)) {
			case '1':
				return 'I'
			case '2':
				return 'W'
			case '3':
				return 'E'
			}
		}
	case end > 0 && at == 0 && len(l) > end+3 && (l[end] == ',' || string(l[end+1:end+3]) == "0x"): // of PostgreSQL, in CSV, and of macOS
		if l[end] == ',' {
			return levelOfPostgresRow(l[end:])
		}
		return levelOfUnified(l[end+1:])
	case end == 0 && len(l) > 6 && l[4] == ':' && l[5] == ' ' && bytes.HasSuffix(bytes.TrimRight(l[:min(len(l), searched)], " "), []byte("]")): // of .NET
		switch string(l[:4]) {
		case "fail":
			return 'E'
		case "crit":
			return 'F'
		}
	case end == 0 && len(l) > 3 && l[1] == '/' && strings.IndexByte("VDIWEF", l[0]) >= 0 && bytes.IndexByte(l[:min(len(l), 48)], '(') > 2 && isLetter(l[2]): // of logcat
		return logcatLevel(l[0])
	}
	return ' '
}

// levelOfPostgresRow returns the level of a row of PostgreSQL's log in CSV after its time: a
// word in capitals before a code of five characters. Source: PostgreSQL's manual,
// "Using CSV-Format Log Output".
func levelOfPostgresRow(l []byte) byte {
	const columns = 16 // those up to the code
	l = l[:min(len(l), longest)]
	var level byte
	for range columns {
		if byteAt(l, 0) != ',' {
			break
		}
		n := 1
		if byteAt(l, n) == '"' {
			if n = csvQuoteEnd(l, n); n == 0 {
				break
			}
		}
		for n < len(l) && l[n] != ',' {
			n++
		}
		cell := l[1:n]
		if level != 0 && len(cell) == 5 && capitals(cell) {
			return level
		}
		if level = 0; len(cell) > 2 && isLetter(cell[0]) && capitals(cell) {
			level = levelNamed(cell)
		}
		l = l[n:]
	}
	return ' '
}

// levelOfUnified returns the level of a line of macOS's log show after its time, in which
// the second column names it.
func levelOfUnified(l []byte) byte {
	n := wordEnd(l)
	word := bytes.TrimLeft(l[n:], " ")
	switch word = word[:wordEnd(word)]; string(word) {
	case "Default", "Activity":
		return 'I'
	case "Fault":
		return 'F'
	case "Info", "Debug", "Error":
		return word[0]
	}
	return ' '
}

// levelOfLogcat returns the level of a line of logcat in the forms of Android Studio, and
// in the long one, of which rest is what follows the time.
func levelOfLogcat(rest []byte) byte {
	rest = bytes.TrimLeft(rest, " ")
	if !isDigit(byteAt(rest, 0)) {
		return ' '
	}
	if first := rest[:wordEnd(rest)]; first[len(first)-1] != ':' && bytes.IndexByte(first, '-') < 0 {
		return ' '
	}
	var words [5][]byte
	for i := range words {
		words[i] = rest[:wordEnd(rest)]
		rest = bytes.TrimLeft(rest[len(words[i]):], " ")
	}
	tagged := func(word []byte) byte { // D/WindowManager
		if len(word) > 2 && word[1] == '/' && isLetter(word[2]) && strings.IndexByte("VDIWEF", word[0]) >= 0 {
			return logcatLevel(word[0])
		}
		return ' '
	}
	ids, _, named := bytes.Cut(words[0], []byte{'/'})
	process, thread, both := bytes.Cut(ids, []byte{'-'})
	switch {
	case both && allDigits(process) && allDigits(thread) && len(thread) > 0:
		if named {
			return tagged(words[1])
		}
		if letter := words[3]; len(letter) == 1 && strings.IndexByte("VDIWEFA", letter[0]) >= 0 {
			return logcatLevel(letter[0])
		}
	case words[0][len(words[0])-1] == ':' && allDigits(words[0][:len(words[0])-1]) && allDigits(words[1]) && len(words[1]) > 0:
		return tagged(words[2])
	}
	return ' '
}

// isRedis reports whether a text before a time is that of a line of Redis: the number of the
// process, and its role, as in 7:M. Source: "Redis log format", redis.io.
func isRedis(before []byte) bool {
	if k := len(before) - 2; k > 1 && before[0] == '[' && allDigits(before[1:k]) && string(before[k:]) == "] " { // [7] before version 3
		return true
	}
	_, n := number(before, 0, 9)
	return n > 0 && n+3 == len(before) && before[n] == ':' && strings.IndexByte("XCSM", before[n+1]) >= 0 && before[n+2] == ' '
}

func logcatLevel(c byte) byte {
	switch c {
	case 'V':
		return 'T'
	case 'A':
		return 'F'
	}
	return c
}

// levelOfLetter returns the level that a letter stands for, or another short mark, which
// is the nth word of a header, before rest.
func levelOfLetter(word, rest []byte, timed bool, n, thread int) byte {
	isLevel := func(c byte) bool { return strings.IndexByte("TDIWEF", c) >= 0 }
	switch {
	case word[0] == '%': // %LINK-3-UPDOWN of Cisco
		word = bytes.TrimRight(word, ":")
		if k := bytes.LastIndexByte(word, '-'); k > 2 && word[k-2] == '-' && word[k-1] >= '0' && word[k-1] <= '7' {
			return "FFFEWIID"[word[k-1]-'0']
		}
	case len(word) == 1 && n == thread+2 && timed: // of WebSphere
		if c := word[0]; isLevel(c) {
			return c
		} else if c == 'A' || c == 'C' { // audit, configuration
			return 'I'
		}
	case string(word) == "fail:" && timed && n == 0: // of .NET
		return 'E'
	case string(word) == "[Note]", string(word) == "[System]": // of MySQL
		return 'I'
	case timed && n >= 0 && len(word) == 2 && word[1] == '>' && isLevel(word[0]): // of Tarantool
		return word[0]
	case !timed || n < 0 || n > 1:
	case len(word) == 3 && word[0] == '[' && word[2] == ']' && isLevel(word[1]):
		return word[1]
	case n > 0:
	case len(word) == 1 && isLevel(word[0]): // of MongoDB, before the component
		next := bytes.TrimLeft(rest, " ")
		next = next[:wordEnd(next)]
		if len(rest) > 0 && rest[0] == ' ' && (string(next) == "-" || string(next) == "|" || isThread(next) || len(next) >= 3 && capitals(next) && isLetter(next[0]) || isSource(next)) {
			return word[0]
		}
	case len(word) == 2 && word[1] == '!' && isLevel(word[0]): // of Telegraf
		return word[0]
	case len(word) == 2 && word[0] == 'D' && word[1] >= '1' && word[1] <= '5' && capitals(rest[:min(4, len(rest))]): // of MongoDB
		return 'D'
	case len(word) > 2 && word[1] == '/' && isLetter(word[2]) && strings.IndexByte("VDIWEF", word[0]) >= 0: // of logcat: E/Tag ( 123):
		if open := bytes.IndexByte(word, '('); open > 2 || byteAt(bytes.TrimLeft(rest, " "), 0) == '(' {
			return logcatLevel(word[0])
		}
	case word[len(word)-1] == ':': // laravel.ERROR:
		if k := bytes.LastIndexByte(word, '.'); k > 0 && capitals(word[k+1:len(word)-1]) {
			if v := levelNamed(word[k+1 : len(word)-1]); v != 0 {
				return v
			}
		}
	}
	return ' '
}

// isThread reports whether a word after the letter of a level is the number of a process, with
// that of a thread or its name, as in [12:puma of Semantic Logger and in Ray's 123 456].
func isThread(word []byte) bool {
	process, thread, ok := bytes.Cut(bytes.TrimPrefix(word, []byte{'['}), []byte{':'})
	return len(process) > 0 && allDigits(process) && (byteAt(word, 0) == '[' && ok && len(thread) > 0 || len(word) == len(process) && len(word) > 2)
}

// isSource reports whether a word after the letter of a level shows that it is one: the
// place in a source file, or a number of a message in brackets, as of GlusterFS and
// TensorFlow.
func isSource(word []byte) bool {
	word = bytes.TrimRight(word, "]")
	k := bytes.LastIndexByte(word, ':')
	if k > 0 && k+1 < len(word) && (isLetter(word[k+1]) || word[k+1] == '_') { // [socket.c:767:__socket_rwv
		word = word[:k]
		k = bytes.LastIndexByte(word, ':')
	}
	return string(word) == "[MSGID:" || k > 2 && k+1 < len(word) && allDigits(word[k+1:]) && bytes.IndexByte(word[:k], '.') > 0
}

// programWritesLevels reports whether the program with a name, before a colon, writes
// levels in small letters after it: Unreal, and Postfix.
func programWritesLevels(name []byte) bool {
	k := bytes.LastIndexByte(name, ']') + 1
	return bytes.HasPrefix(name, []byte("postfix/")) || bytes.HasPrefix(name[k:], []byte("Log")) && len(name) > k+4 && name[k+3] >= 'A' && name[k+3] <= 'Z'
}

// isHex reports whether a word consists of hexadecimal digits.
func isHex(word []byte) bool {
	for _, c := range word {
		if !isDigit(c) && (c|32 < 'a' || c|32 > 'f') {
			return false
		}
	}
	return true
}

// levelOfWord returns the level that a word of a header names: in capitals, in
// brackets, before a colon or, if any is set, as it is. Of several parts, as in
// [core:error] or INFO::root, the first that names one counts.
func levelOfWord(word []byte, any bool) byte {
	inBrackets := word[0] == '[' || word[0] == '<' || word[0] == '('
	if inBrackets && (byteAt(word, 1) == '\'' || byteAt(word, 1) == '"') { // VALUES ('ERROR'
		return ' '
	}
	if !any && isLetter(word[0]) && !mayName(word) {
		return ' '
	}
	marked := any || inBrackets && bytes.IndexByte(bytes.Trim(word, "[<( )>]:"), ' ') < 0 || word[0] == ':'
	for len(word) > 0 {
		if !isLetter(word[0]) {
			word = word[1:]
			continue
		}
		n := 0
		for n < len(word) && (isLetter(word[n]) || isDigit(word[n])) {
			n++
		}
		part, colon := word[:n], n < len(word) && word[n] == ':'
		joined := n < len(word) && joinsWords(word[n]) && n+1 < len(word) && IsAlnum(word[n+1])
		if n >= 3 && n <= 13 && !joined {
			if marked || colon && n+1 == len(word) || capitals(part) {
				if level := levelNamed(part); level != 0 {
					return level
				}
			}
		}
		for word = word[n:]; joined && len(word) > 0 && (IsAlnum(word[0]) || joinsWords(word[0])); {
			word = word[1:]
		}
	}
	return ' '
}

// mayName reports whether a word that begins with a letter and is not marked may name a level:
// it has a capital letter, or ends with a letter or digit and a colon.
func mayName(word []byte) bool {
	for _, c := range word {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	k := len(word) - 1
	return k > 0 && word[k] == ':' && IsAlnum(word[k-1])
}

func joinsWords(c byte) bool { return c == '.' || c == '_' || c == '-' || c == '=' }

func capitals(word []byte) bool {
	for _, c := range word {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}

// levelOfPriority returns the level of a syslog priority, <PRI>, at the beginning of
// a line. Source: RFC 5424, section 6.2.1.
func levelOfPriority(l []byte) byte {
	if byteAt(l, 0) != '<' {
		return ' '
	}
	v, end := number(l, 1, 3)
	if end == 1 || byteAt(l, end) != '>' || v > 191 {
		return ' '
	}
	return "FFFEWIID"[v&7]
}
