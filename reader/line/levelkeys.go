package line

import (
	"bytes"
	"strings"
)

// This file finds the level of a line under the keys of JSON and of pairs.

// levelKeys are the keys under which programs write the level of a line.
var levelKeys = []string{"level", "severity", "lvl", "log.level", "loglevel", "levelname", "log_level", "severity_text", "PRIORITY", "level_name",
	"@level", "@l", "severityText", "error_severity", "sev", "level_str", "levelStr", "log_severity", "severityName", "severity_label", "EntryType"}

func isLevelKey(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	// Most other keys differ in their length or their first letter.
	c := key[0] | 0x20
	switch len(key) {
	case 1:
		return key[0] == 'L' // of zap
	case 2, 6:
		if key[0] != '@' {
			return false
		}
	case 3, 5, 9, 10:
		if c != 'l' && c != 's' && c != 'e' {
			return false
		}
	case 8:
		if c != 's' && c != 'l' && c != 'p' {
			return false
		}
	case 12, 13:
		if c != 's' && c != 'l' {
			return false
		}
	case 14:
		if c != 'e' && c != 's' {
			return false
		}
	default:
		return false
	}
	for _, k := range levelKeys {
		if len(k) == len(key) && strings.EqualFold(string(key), k) {
			return true
		}
	}
	return false
}

// levelOfPair returns the level of a line with a pair such as level=warn, unless that is in
// a message, a URL or a command. The time of the line is l[at:end]; end is 0 if it has none.
func levelOfPair(l []byte, at, end int) byte {
	if isIndented(l) {
		return ' ' // it continues the line before
	}
	for i := -1; ; {
		k := bytes.IndexByte(l[i+1:], '=')
		if k < 0 {
			return ' '
		}
		i += k + 1
		from := i
		for from > 0 && (IsAlnum(l[from-1]) || l[from-1] == '_' || l[from-1] == '.') {
			from--
		}
		if !isLevelKey(l[from:i]) || from > 0 && strings.IndexByte(" \t,;|{([", l[from-1]) < 0 || isMessage(l[min(pairsBegin(l, at, end), from):from]) {
			continue
		}
		value := bytes.TrimLeft(l[i+1:], `"'`)
		if from == 0 && string(l[:i]) == "PRIORITY" { // of journald
			if v, n := number(value, 0, 1); n == len(value) && n > 0 && v < 8 {
				return levelOfNumber(v)
			}
		}
		n := 0
		for n < len(value) && (isLetter(value[n]) || isDigit(value[n])) {
			n++
		}
		return levelOfValue(value[:n])
	}
}

// isMessage reports whether a text between the header of a line and a pair is a message: it
// begins with a word, and not with a pair. The word may be the name of a host, directly
// before another pair.
func isMessage(text []byte) bool {
	for len(text) > 0 {
		if strings.IndexByte(" \t|,;-:*", text[0]) >= 0 {
			text = text[1:]
			continue
		}
		_, n := columnAt(text, 0)
		word := text[:n]
		text = text[n:]
		if bytes.IndexByte(word, '=') > 0 {
			return false
		}
		if isPlain(word) && levelNamed(word) == 0 {
			_, n := columnAt(text, skip(text, 0, ' '))
			return bytes.IndexByte(text[:n], '=') <= 0
		}
	}
	return false
}

// levelOfValue returns the level that a value of a key names.
func levelOfValue(value []byte) byte {
	value = bytes.TrimSpace(value)
	if len(value) > 4 && value[0] == '\\' { // "\u001b[31merror\u001b[39m" of Winston
		if rest, ok := bytes.CutPrefix(value, []byte(`\u001b[`)); ok {
			_, rest, _ = bytes.Cut(rest, []byte{'m'})
			value, _, _ = bytes.Cut(rest, []byte{'\\'})
		}
	}
	if k := bytes.IndexAny(value, "+-"); k > 0 && k+1 < len(value) && allDigits(value[k+1:]) { // DEBUG-4 of slog
		value = value[:k]
	}
	if level := levelNamed(value); level != 0 {
		return level
	}
	switch string(value) {
	case "silly": // of Winston
		return 'T'
	case "http", "success", "SUCCESS", "note", "Note": // of Winston, and of Loguru
		return 'I'
	}
	if len(value) == 1 && strings.IndexByte("FEWIDT", value[0]&^32) >= 0 {
		return value[0] &^ 32
	}
	return ' '
}

// levelOfKey returns the level of a JSON object by its key. The keys of objects inside
// it do not count, but for {"log":{"level":…}} of the Elastic Common Schema and
// {"record":{"level":{"name":…}}} of Loguru.
func levelOfKey(l []byte) byte {
	depth, inLog := 0, false
	severity := byte(' ') // of the severity number of OpenTelemetry, if nothing names the level
	for i := 0; i < len(l); {
		switch l[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 1 {
				inLog = false
			}
		case '"':
			end := stringEnd(l, i)
			if end == 0 {
				return ' '
			}
			key := l[i+1 : end-1]
			i = skip(l, end, ' ')
			if byteAt(l, i) != ':' {
				continue
			}
			i = skip(l, i+1, ' ')
			switch {
			case depth <= 2 && byteAt(l, i) == '{':
				if (depth == 1 || inLog) && isLevelKey(key) {
					return levelOfObject(l, i)
				}
				if depth == 1 {
					inLog = string(key) == "log" || string(key) == "record"
				}
			case depth == 1 && string(key) == "Level" && bytes.Contains(l, []byte(`"LevelDisplayName":`)): // of Windows
				if c := byteAt(l, i); c >= '1' && c <= '5' {
					return "FEWID"[c-'1']
				}
			case depth == 1 && isSeverityNumber(key):
				severity = levelOfSeverity(l, i)
			case depth == 1 && string(key) == "levelno": // of Python
				if v, n := number(l, i, 2); n == i+2 && v%10 == 0 && v >= 10 && v <= 50 {
					severity = "DIWEF"[v/10-1]
				}
			case depth == 1 && string(key) == "type" && bytes.Contains(l, []byte(`"involvedObject":`)): // an event of Kubernetes
				switch {
				case bytes.HasPrefix(l[i:], []byte(`"Warning"`)):
					severity = 'W'
				case bytes.HasPrefix(l[i:], []byte(`"Normal"`)):
					severity = 'I'
				}
			case depth == 1 && (isLevelKey(key) || string(key) == "s"), depth == 2 && inLog && string(key) == "level": // s is MongoDB's
				if level := levelOfJSON(l, i, string(key) == "s"); level != ' ' {
					return level
				}
			}
			continue
		}
		i++
	}
	if severity == ' ' && bytes.HasPrefix(l, []byte(`{"@t":"`)) && bytes.Contains(l, []byte(`"@m`)) { // Serilog leaves out @l for Information
		return 'I'
	}
	return severity
}

// levelOfObject returns the level that the JSON object at i names.
func levelOfObject(l []byte, i int) byte {
	const longest = 120
	object := l[i:min(len(l), i+longest)]
	for _, name := range []string{`"name":`, `"value":`} {
		if k := bytes.Index(object, []byte(name)); k > 0 {
			return levelOfJSON(object, skip(object, k+len(name), ' '), false)
		}
	}
	return ' '
}

// isSeverityNumber reports whether a key is that of OpenTelemetry's numbers of levels.
func isSeverityNumber(key []byte) bool {
	return len(key) > 13 && key[0]|0x20 == 's' && (bytes.EqualFold(key, []byte("severityNumber")) || string(key) == "severity_number")
}

// levelOfSeverity returns the level of the severity number at i: four for each level, from
// 1 for trace on. Source: OpenTelemetry, "Logs Data Model".
func levelOfSeverity(l []byte, i int) byte {
	v, n := number(l, skip(l, i, '"'), 2)
	if n == i || v < 1 || v > 24 {
		return ' '
	}
	return levelLetters[1+(v-1)/4]
}

// levelOfJSON returns the level that the JSON value at i names. If short is set, it is
// not a number. Of numbers, those up to 7 are syslog's and others those of bunyan and
// pino, from 10 for trace to 60 for fatal.
func levelOfJSON(l []byte, i int, short bool) byte {
	if byteAt(l, i) == '"' {
		end := stringEnd(l, i)
		if end == 0 {
			return ' '
		}
		value := l[i+1 : end-1]
		if v, n := number(value, 0, 2); n == len(value) && n > 0 && !short {
			return levelOfNumber(v)
		}
		if short && len(value) == 2 && value[0] == 'D' && isDigit(value[1]) { // D1 to D5
			return 'D'
		}
		return levelOfValue(value)
	}
	if v, n := number(l, i, 3); n > i && n < i+3 && !short {
		if bytes.HasSuffix(l[:i], []byte(`"log_level":`)) && v <= 3 { // of Lager, in Cloud Foundry
			return "DIEF"[v]
		}
		if v < 10 && !hasMessageKey(l) || v >= 10 && v%10 != 0 {
			return ' ' // of something else, such as a game
		}
		if v <= 4 && bytes.HasPrefix(l, []byte(`{"reqId":`)) { // of Nextcloud
			return "DIWEF"[v]
		}
		return levelOfNumber(v)
	}
	return ' '
}

// hasMessageKey reports whether a JSON object has a key that names a message, as lines of
// GELF, of journald and of Winston have.
func hasMessageKey(l []byte) bool {
	for _, key := range []string{`"message"`, `"msg"`, `"short_message"`, `"MESSAGE"`, `"Message"`} {
		if bytes.Contains(l, []byte(key)) {
			return true
		}
	}
	return false
}

func levelOfNumber(v int) byte {
	switch {
	case v < 8:
		return "FFFEWIID"[v]
	case v < 20:
		return 'T'
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

// levelOfJSONStatus returns the level that the status in a line of an access log in JSON
// stands for.
func levelOfJSONStatus(l []byte) (v Level, derived bool) {
	i := -1
	for _, key := range []string{`"status":`, `"status_code":`, `"statusCode":`, `"response_code":`, `"EdgeResponseStatus":`} {
		if i = bytes.Index(l, []byte(key)); i >= 0 {
			i = skip(l, skip(l, i+len(key), ' '), '"')
			break
		}
	}
	if i < 0 {
		return NoLevel, false
	}
	if _, end := number(l, i, 3); end != i+3 || isDigit(byteAt(l, end)) || byteAt(l, i) < '1' || byteAt(l, i) > '5' {
		return NoLevel, false
	}
	for _, key := range []string{`"request":`, `"request_uri":`, `"request_method":`, `"method":`, `"uri":`, `"verb":`, `"http_method":`, `"requestMethod":`, `"ClientRequestMethod":`} {
		if bytes.Contains(l, []byte(key)) {
			return levelOfStatusCode(l[i]), true
		}
	}
	return NoLevel, false
}

// levelOfStatusPair returns the level that the status in a line of pairs stands for, which
// has the method of a request, too: that of Lograge, and of Heroku's router.
func levelOfStatusPair(l []byte) (v Level, derived bool) {
	l = l[:min(len(l), 4*searched)]
	if bytes.IndexByte(l, '=') < 0 {
		return NoLevel, false
	}
	i := bytes.Index(l, []byte("status="))
	if i < 0 || i > 0 && l[i-1] != ' ' && l[i-1] != '\t' || !bytes.Contains(l, []byte("method=")) {
		return NoLevel, false
	}
	i += len("status=")
	if _, end := number(l, i, 3); end != i+3 || IsAlnum(byteAt(l, end)) || l[i] < '1' || l[i] > '5' {
		return NoLevel, false
	}
	return levelOfStatusCode(l[i]), true
}
