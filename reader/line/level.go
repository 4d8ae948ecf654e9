package line

import (
	"bytes"
	"slices"
	"strings"
)

// A Level is how severe a line says its message is.
type Level uint8

// Levels, from the least to the most severe. Others are counted among these: notice
// is Info, and critical, alert, emergency and panic are Fatal.
const (
	NoLevel Level = iota
	Trace
	Debug
	Info
	Warn
	Error
	Fatal
)

const levelLetters = " TDIWEF"

// Letter returns the first letter of the level in upper case; a blank for NoLevel.
func (v Level) Letter() byte { return levelLetters[v] }

// String returns the name of the level, such as "warn"; "" for NoLevel.
func (v Level) String() string {
	return [...]string{"", "trace", "debug", "info", "warn", "error", "fatal"}[v]
}

// ParseLevel returns the level that a name such as "warn" or "WARNING" stands for;
// NoLevel if it is none.
func ParseLevel(name string) Level {
	if len(name) == 0 {
		return NoLevel
	}
	return levelOfInitial(levelOfValue([]byte(name)))
}

func levelOfInitial(letter byte) Level { return Level(strings.IndexByte(levelLetters, letter)) }

// LevelOf returns the level of a line; NoLevel if it has none. A level counts in the
// header of a line, which ends where its message begins:
//
//   - under a key that names it, in JSON and in key=value form;
//   - in capitals, in brackets or before a colon, among the first words after the
//     time or before it; of a line without a time, among its first words; not behind
//     two plain words, which begin a sentence;
//   - as any word directly after the time, unless a sentence begins with it, as with
//     "Error correction";
//   - as a letter: of klog, and after the numbers of a process and a thread;
//   - as the number of a syslog priority.
//
// The word "error" in a message is not a level. A line of an access log has the level
// that its status stands for: Error from 500 on, Warn from 400 on, and otherwise Info.
func LevelOf(l []byte) Level {
	v, _ := levelAndOrigin(l)
	return v
}

// IsDerived reports whether the level of a line is not written in it, but follows from
// the status of a request.
func IsDerived(l []byte) bool {
	_, derived := levelAndOrigin(l)
	return derived
}

func levelAndOrigin(l []byte) (v Level, derived bool) {
	var shown Shown
	return levelOfShown(shown.Of(l[:min(len(l), longest)]))
}

// levelOfShown returns the level of the beginning of a line as it is shown, and whether it
// is derived.
func levelOfShown(l []byte) (v Level, derived bool) {
	// The most frequent forms, without a search for the time.
	if i, ok := requestAt(l); ok && isCommonLog(l[:i-3]) {
		return statusLevel(l, i), true
	}
	if jsonStart(l) == 0 {
		if v := levelOfInitial(levelOfKey(l)); v != NoLevel {
			return v, false
		}
		if bytes.HasPrefix(l, dockerStart) {
			return levelInDocker(l)
		}
		return levelOfJSONStatus(l)
	}
	var s stamp
	at, timed := findStamp(&s, l)
	if !timed {
		return levelAround(l, 0, 0)
	}
	var again stamp
	return levelAround(l, at, again.parse(l, at))
}

// levelInDocker is levelOfShown for the program's line in a line of Docker.
func levelInDocker(l []byte) (v Level, derived bool) {
	var buf [longestWrapped]byte
	if inner := dockerLine(buf[:0], l, longestWrapped); inner != nil && !bytes.HasPrefix(inner, dockerStart) {
		var shown Shown
		return levelOfShown(shown.Of(inner))
	}
	return NoLevel, false
}

// levelAround is levelOfShown for a line whose first time is l[at:end]; end is 0 if it
// has none.
func levelAround(l []byte, at, end int) (v Level, derived bool) {
	if i := criStart(l, end); i > 0 && at == 0 {
		if v, derived = levelOfShown(l[i:]); v != NoLevel {
			return v, derived
		}
	}
	if v, ok := levelOfRequest(l); ok {
		return v, true
	}
	if label := labelOf(l); label.end > 0 {
		if v, ok := levelOfRequest(l[label.end:]); ok {
			return v, true
		}
	}
	request, ok := requestAt(l)
	if !ok {
		request = -1
	}
	if v := levelOfInitial(levelLetter(l, at, end, request)); v != NoLevel {
		return v, false
	}
	if at > 0 || end == 0 { // a time is the value of a label
		if v, derived = levelOfLTSV(l); v != NoLevel {
			return v, derived
		}
	}
	if request >= 0 {
		return statusLevel(l, request), true
	}
	if v, ok := levelOfStatusPair(l); ok {
		return v, true
	}
	return levelOfHAProxy(l)
}

// statusLevel returns the level that the status of an access log's line stands for, whose
// request is at at.
func statusLevel(l []byte, at int) Level {
	end := quoteEnd(l, at-1)
	if end == 0 {
		return NoLevel
	}
	return levelOfStatusCode(byteAt(l, end+1))
}

// levelOfHAProxy returns the level that the status of a request in HAProxy's log stands
// for; see [Fields.emitHAProxy].
func levelOfHAProxy(l []byte) (v Level, derived bool) {
	i := -1
	for from := 0; ; { // a bracket is rarer than what the mark begins with
		k := bytes.IndexByte(l[from:min(len(l), searched/2)], '[')
		if k < 0 {
			return NoLevel, false
		}
		from += k + 1
		if bytes.HasSuffix(l[:from], []byte(haproxyMark)) {
			i = from - len(haproxyMark)
			break
		}
	}
	k := bytes.Index(l[i:], []byte("]: "))
	if k < 0 {
		return NoLevel, false
	}
	var words [6][]byte
	rest := l[i+k+len("]: "):]
	for n := range words {
		words[n], rest, _ = bytes.Cut(rest, []byte{' '})
	}
	if byteAt(words[1], 0) != '[' || bytes.Count(words[4], []byte{'/'}) != haproxyTimes || len(words[5]) != 3 || !allDigits(words[5]) {
		return NoLevel, false
	}
	return levelOfStatusCode(words[5][0]), true
}

// levelOfStatusCode returns the level that the status of a request stands for, by its
// first digit.
func levelOfStatusCode(first byte) Level {
	switch first {
	case '5':
		return Error
	case '4':
		return Warn
	}
	return Info
}

// levelLetter returns the letter of a level that a line names; a blank if it names
// none.
func levelLetter(l []byte, at, end, request int) byte {
	if request >= 0 {
		if isCommonLog(l[:request-3]) {
			return ' '
		}
		return levelBefore(l[:request], at, end) // what is in the request is not its level
	}
	if i := jsonStart(l); i >= 0 {
		if i > 0 {
			if level := levelBefore(l[:i], at, end); level != ' ' {
				return level
			}
		}
		if level := levelOfKey(l[i:]); level != ' ' || i == 0 {
			return level
		}
	}
	return levelBefore(l[:min(len(l), searched)], at, end)
}

// isCommonLog reports whether the beginning of a line, up to the bracket that closes
// its time, is in the Common Log Format: HOST IDENTITY USER [02/Jan/2006:…, perhaps
// after the name of a virtual host.
func isCommonLog(l []byte) bool {
	open := bytes.LastIndexByte(l, '[')
	if open < 1 || l[open-1] != ' ' || two(l, open+1) < 0 || byteAt(l, open+3) != '/' {
		return false
	}
	blanks := bytes.Count(l[:open], []byte{' '})
	return blanks == 3 || blanks == 4
}

// levelBefore is levelLetter for a line without an object or request. Its time may be
// after it.
func levelBefore(l []byte, at, end int) byte {
	if klogTime(l) > 0 { // E1121 08:00:00.
		return l[0]
	}
	if end > 0 && at > 0 && at < len(l) && klogTime(l[at:]) > 0 { // behind a label
		return l[at]
	}
	if level := levelOfMarks(l, at, end); level != ' ' {
		return level
	}
	if end == 0 || end > len(l) {
		if level := levelOfPair(l, 0, 0); level != ' ' {
			return level
		}
		if byteAt(l, 0) == '\t' || byteAt(l, 0) == ' ' && byteAt(l, 1) == ' ' {
			// It continues another line, unless a level is the first thing in it.
			word, _ := headerWord(l)
			if len(word) == 0 || !(word[0] == '[' || capitals(word)) {
				return ' '
			}
			return levelOfWord(word, false)
		}
		return levelOfHeader(l, false)
	}
	rest := l[end:]
	if level := levelOfLogcat(rest); level != ' ' {
		return level
	}
	// In a line of pairs, words of capitals are part of values.
	if isPair(rest) || at > 0 && l[at-1] == '=' || at > 1 && l[at-2] == '=' {
		if level := levelOfPair(l, at, end); level != ' ' {
			return level
		}
	}
	if len(rest) > 1 && rest[0] == ' ' && klogTime(rest[1:]) > 0 { // as kubectl logs --timestamps prints it
		return rest[1]
	}
	if level := levelOfHeader(rest, true); level != ' ' {
		if other := besideSmallWord(l, at, rest); other != ' ' {
			return other
		}
		return level
	}
	if level := levelOfHeader(l[:at], false); level != ' ' {
		return level
	}
	if level := levelOfPriority(l); level != ' ' {
		return level
	}
	if level := levelOfPair(l, at, end); level != ' ' {
		return level
	}
	if level := levelOfForm(l, at, end); level != ' ' {
		return level
	}
	return levelOfRareForm(l, at, end)
}

// pairsBegin returns where the pairs of a line may begin, whose time is l[at:end]: at its
// beginning if its time is the value of one, and else behind the time, or the name of a
// program in syslog's form. Without a time, end is 0.
func pairsBegin(l []byte, at, end int) int {
	if end == 0 {
		return labelOf(l).end
	}
	if at > 0 && (l[at-1] == '=' || at > 1 && l[at-2] == '=') {
		return 0
	}
	return max(end, syslogEnd(l, end))
}

// besideSmallWord returns the level that counts instead of the word in small letters with
// which rest begins, which follows the time at at: one before the time, or one after a word
// that is the name of a logger as often. It returns a blank if there is none.
func besideSmallWord(l []byte, at int, rest []byte) byte {
	for len(rest) > 0 && strings.IndexByte(" \t|,;-:", rest[0]) >= 0 {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] < 'a' || rest[0] > 'z' {
		return ' '
	}
	if level := levelOfHeader(l[:at], false); level != ' ' {
		return level
	}
	if level := levelOfPriority(l); level != ' ' {
		return level
	}
	n := letters(rest, 0)
	switch string(rest[:n]) {
	case "log", "trace", "config", "exception", "failure", "fine":
		return levelOfHeader(rest[n:], false)
	}
	return ' '
}

// isPair reports whether the first word of l, after blanks and quotes, is a pair.
func isPair(l []byte) bool {
	i := 0
	for i < len(l) && (l[i] == ' ' || l[i] == '"' || l[i] == '\'') {
		i++
	}
	for from := i; i < len(l) && l[i] != ' '; i++ {
		if l[i] == '=' {
			return i > from
		}
	}
	return false
}

// wordEnd returns the length of the word that l begins with.
func wordEnd(l []byte) int {
	if i := bytes.IndexByte(l, ' '); i >= 0 {
		return i
	}
	return len(l)
}

var levels = map[string]byte{
	"fatal": 'F', "panic": 'F', "emerg": 'F', "emergency": 'F', "alert": 'F', "crit": 'F', "critical": 'F',
	"error": 'E', "err": 'E', "severe": 'E', "exception": 'E', "failure": 'E',
	"warn": 'W', "warning": 'W',
	"info": 'I', "notice": 'I', "information": 'I', "log": 'I', "config": 'I',
	"erro": 'E', "eror": 'E', "fata": 'F', "pani": 'F', "dpanic": 'F', "debu": 'D', "trac": 'T', "wrn": 'W', "inf": 'I', "ftl": 'F', "trc": 'T', "vrb": 'T', "dbug": 'D', "trce": 'T', "debg": 'D', "ddebug": 'D', "subdebug": 'D',
	"debug": 'D', "fine": 'D', "dbg": 'D', "trace": 'T', "verbose": 'T', "finer": 'T', "finest": 'T',
	"trace1": 'T', "trace2": 'T', "trace3": 'T', "trace4": 'T', "trace5": 'T', "trace6": 'T', "trace7": 'T', "trace8": 'T',
	"warnung": 'W', "avertissement": 'W', "advertencia": 'W', "schwerwiegend": 'E', "grave": 'E', "infos": 'I', "informational": 'I',
	"debug1": 'D', "debug2": 'D', "debug3": 'D', "debug4": 'D', "debug5": 'D',
}

// A levelName is a name of a level in small letters, and the level's letter.
type levelName struct {
	name   string
	letter byte
}

// levelNames are the names of levels, those with the same first two letters together, and
// levelsFrom has the number of the first of these, counted from one, by the last five bits of
// each letter.
var levelNames, levelsFrom = func() (names []levelName, from [32][32]uint8) {
	for name, letter := range levels {
		names = append(names, levelName{name, letter})
	}
	slices.SortFunc(names, func(a, b levelName) int { return strings.Compare(a.name, b.name) })
	for i, n := range slices.Backward(names) {
		from[n.name[0]&31][n.name[1]&31] = uint8(i + 1)
	}
	return names, from
}()

// levelNamed returns the letter of the level with a name, in any case; 0 if there is
// none.
func levelNamed(name []byte) byte {
	if len(name) < 3 {
		return 0
	}
	from := levelsFrom[name[0]&31][name[1]&31]
	if from == 0 {
		return 0
	}
	for _, n := range levelNames[from-1:] {
		if n.name[0]&31 != name[0]&31 || n.name[1]&31 != name[1]&31 {
			break
		}
		if len(n.name) == len(name) && isLowerOf(n.name, name) {
			return n.letter
		}
	}
	return 0
}

// isLowerOf reports whether lower is a word of the same length in small letters.
func isLowerOf(lower string, word []byte) bool {
	for i, c := range word {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// isPlain reports whether a word consists of letters.
func isPlain(word []byte) bool {
	for _, c := range word {
		if !isLetter(c) {
			return false
		}
	}
	return len(word) > 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
