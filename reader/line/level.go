package line

import (
	"bytes"
	"strings"
)

// Level returns the letter of a line's level, F, E, W, I or D, or a blank if it has
// none. A level counts in the header of a line, which ends where its message begins:
//
//   - under a key that names it, in JSON and in key=value form;
//   - in capitals, in brackets or before a colon, among the first words after the
//     time or before it; of a line without a time, among its first words;
//   - as any word directly after the time;
//   - as a letter: of klog, and after the numbers of a process and a thread;
//   - as the number of a syslog priority.
//
// The word "error" in a message is not a level.
func Level(l []byte) byte {
	var shown Shown
	if bytes.IndexByte(l[:min(len(l), searched)], escape) >= 0 && shown.Set(l) {
		l = shown.Text
	}
	if i := jsonStart(l); i >= 0 {
		if level := levelOfKey(l[i:]); level != ' ' || i == 0 {
			return level
		}
	}
	l = l[:min(len(l), searched)]
	// klog: E1121 08:00:00.
	if len(l) > 5 && strings.IndexByte("EWIF", l[0]) >= 0 && digits(l[1:5]) && l[5] == ' ' {
		return l[0]
	}
	if level := levelOfPair(l); level != ' ' {
		return level
	}
	var s stamp
	at, timed := findStamp(&s, l)
	if !timed {
		return levelOfHeader(l, false)
	}
	var again stamp
	if level := levelOfHeader(l[again.parse(l, at):], true); level != ' ' {
		return level
	}
	if level := levelOfHeader(l[:at], false); level != ' ' {
		return level
	}
	return levelOfPriority(l)
}

// headerWords is how many words of a header may precede a level.
const headerWords = 6

// levelOfHeader returns the level among the first words of l, which follows a time
// if timed is set.
func levelOfHeader(l []byte, timed bool) byte {
	numbers := true // all words so far are numbers
	for n := 0; n < headerWords; n++ {
		// Between words: blanks, and what separates columns.
		i := 0
		for i < len(l) && strings.IndexByte(" \t|,;-", l[i]) >= 0 {
			i++
		}
		l = l[i:]
		if len(l) == 0 {
			break
		}
		end := bytes.IndexAny(l, " \t|,;")
		if end < 0 {
			end = len(l)
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
		word := l[:end]
		l = l[end:]
		if level := levelOfWord(word, timed && n == 0); level != ' ' {
			return level
		}
		if timed && n > 0 && numbers && len(word) == 1 && strings.IndexByte("VDIWEF", word[0]) >= 0 {
			if word[0] == 'V' {
				return 'D'
			}
			return word[0]
		}
		numbers = numbers && isNumber(word)
		if word[len(word)-1] == ':' && len(word) > 1 && word[0] != '[' {
			// The name of a program. Many write a level after it.
			l = bytes.TrimLeft(l, " ")
			word := bytes.Trim(l[:max(0, bytes.IndexByte(l, ' '))], "[]:")
			if capitals(word) && len(word) > 3 && string(word) != "ALERT" && string(word) != "PANIC" {
				return levelOfWord(word, false)
			}
			break
		}
	}
	return ' '
}

// isNumber reports whether a word consists of hexadecimal digits.
func isNumber(word []byte) bool {
	for _, c := range word {
		if !digit(c) && (c|32 < 'a' || c|32 > 'f') {
			return false
		}
	}
	return true
}

// levelOfWord returns the level that a word of a header names: in capitals, in
// brackets, before a colon or, if any is set, as it is. Of several parts, as in
// [core:error] or INFO::root, the first that names one counts.
func levelOfWord(word []byte, any bool) byte {
	marked := any || strings.IndexByte("[<(:", word[0]) >= 0
	for len(word) > 0 {
		if !letter(word[0]) {
			word = word[1:]
			continue
		}
		n := 0
		for n < len(word) && (letter(word[n]) || digit(word[n])) {
			n++
		}
		part, colon := word[:n], n < len(word) && word[n] == ':'
		joined := n < len(word) && strings.IndexByte("._-=", word[n]) >= 0 && n+1 < len(word) && IsAlnum(word[n+1])
		if n >= 3 && n <= 13 && !joined {
			if level := levels[strings.ToLower(string(part))]; level != 0 && (marked || colon && n+1 == len(word) || capitals(part)) {
				return level
			}
		}
		for word = word[n:]; joined && len(word) > 0 && (IsAlnum(word[0]) || strings.IndexByte("._-=", word[0]) >= 0); {
			word = word[1:]
		}
	}
	return ' '
}

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

// levelKeys are the keys under which programs write the level of a line.
var levelKeys = []string{"level", "severity", "lvl", "log.level", "loglevel", "levelname", "log_level", "severity_text", "PRIORITY"}

func isLevelKey(key []byte) bool {
	if n := len(key); n != 3 && n != 5 && n != 8 && n != 9 && n != 13 {
		return false
	}
	for _, k := range levelKeys {
		if strings.EqualFold(string(key), k) {
			return true
		}
	}
	return false
}

// levelOfPair returns the level of a line with a pair such as level=warn.
func levelOfPair(l []byte) byte {
	for i := 0; i < len(l); i++ {
		if l[i] != '=' {
			continue
		}
		from := i
		for from > 0 && (IsAlnum(l[from-1]) || l[from-1] == '_' || l[from-1] == '.') {
			from--
		}
		if !isLevelKey(l[from:i]) {
			continue
		}
		value := bytes.TrimLeft(l[i+1:], `"'`)
		return levelOfValue(value[:letters(value, 0)])
	}
	return ' '
}

// levelOfValue returns the level that a value of a key names.
func levelOfValue(value []byte) byte {
	if level := levels[strings.ToLower(string(value))]; level != 0 {
		return level
	}
	if len(value) == 1 && strings.IndexByte("FEWID", value[0]&^32) >= 0 {
		return value[0] &^ 32
	}
	return ' '
}

// levelOfKey returns the level of a JSON object by its key. Of numbers, those up to
// 7 are syslog's and others those of bunyan and pino, from 10 for trace to 60 for
// fatal.
func levelOfKey(l []byte) byte {
	for i := 0; i < len(l); {
		k := bytes.IndexByte(l[i:], '"')
		if k < 0 {
			break
		}
		from := i + k
		end := stringEnd(l, from)
		if end == 0 {
			break
		}
		i = end
		k = skip(l, i, ' ')
		if byteAt(l, k) != ':' {
			continue
		}
		i = skip(l, k+1, ' ')
		key := l[from+1 : end-1]
		short := string(key) == "s" // of MongoDB
		if !short && !isLevelKey(key) {
			continue
		}
		if byteAt(l, i) == '"' {
			end := stringEnd(l, i)
			if end == 0 {
				break
			}
			value := l[i+1 : end-1]
			i = end
			if v, n := number(value, 0, 2); n == len(value) && n > 0 && !short {
				return levelOfNumber(v)
			}
			if level := levelOfValue(value); level != ' ' {
				return level
			}
			continue
		}
		if v, n := number(l, i, 3); n > i && !short {
			return levelOfNumber(v)
		}
	}
	return ' '
}

func levelOfNumber(v int) byte {
	switch {
	case v < 8:
		return "FFFEWIID"[v]
	case v < 30:
		return 'D'
	case v < 40:
		return 'I'
	case v < 50:
		return 'W'
	case v < 60:
		return 'E'
	}
	return 'F'
}

var levels = map[string]byte{
	"fatal": 'F', "panic": 'F', "emerg": 'F', "emergency": 'F', "alert": 'F', "crit": 'F', "critical": 'F',
	"error": 'E', "err": 'E', "severe": 'E', "exception": 'E', "failure": 'E',
	"warn": 'W', "warning": 'W',
	"info": 'I', "notice": 'I', "information": 'I', "log": 'I', "config": 'I',
	"debug": 'D', "trace": 'D', "verbose": 'D', "fine": 'D', "finer": 'D', "finest": 'D', "dbg": 'D',
	"debug1": 'D', "debug2": 'D', "debug3": 'D', "debug4": 'D', "debug5": 'D',
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
