package rotation

import (
	"strconv"
	"strings"
	"time"
)

// A Name is the base name of a file with the information in it about the file's
// position in a log. Names returned by Group were resolved with their siblings,
// those returned by Parse were not.
type Name struct {
	base string
	p    *parts // nil if the name has no slots
}

// parts are the contents of the slots of a name.
type parts struct {
	key     string    // the name without its slots
	dates   [3]string // by reading: year, month, day and perhaps more as digits; empty if the date cannot be read this way
	numbers string    // numbers after the date or after the extension, each encoded by appendNumber
	number  int       // the last of them; -1 if there is none

	// The slot that depends on the siblings.
	loose string // key without it
	value string // the number, encoded by appendNumber, or the weekday

	alone *parts // the result of Parse; nil if siblings did not change it

	weak       slot  // kind of the slot
	means      word  // meaning, for a word
	width      uint8 // number of digits, for a number
	counted    uint8 // number of numbers after the extension
	word       word
	compressed bool
	short      bool // the date has no four-digit year
}

// A reading is an order of year, month and day in a date.
type reading int

const (
	yearFirst reading = iota
	monthFirst
	dayFirst
)

type word byte

const (
	noWord word = iota
	older       // old, previous, bak
	newest      // latest, current
)

type slot byte

const (
	noSlot slot = iota
	numberSlot
	attachedSlot // a number that follows a letter
	wordSlot
	dayNameSlot // a weekday or a month
)

// Plain returns a name without slots, for a file that is not part of a rotated
// log.
func Plain(base string) Name { return Name{base: base} }

// Base returns the file's base name.
func (n Name) Base() string { return n.base }

// Key returns a string that is equal for the names of one log.
func (n Name) Key() string {
	if n.p == nil {
		return n.base
	}
	return n.p.key
}

// Family returns a string that is equal for all names in a directory that may
// form one log, whatever their siblings are.
func (n Name) Family() string {
	s := n.unresolved().Key()
	for p := new(parts); p.findWeak(s); p = new(parts) {
		s = p.loose
	}
	return s[:len(s)-len(extension(s))]
}

// Current reports whether the name is that of a current file.
func (n Name) Current() bool {
	p := n.p
	return p == nil || p.word == newest || p.dates == [3]string{} && p.number < 0 && p.word == noWord && (p.weak != dayNameSlot || p.key != p.loose)
}

// Compressed reports whether the name has the extension of a compressor.
func (n Name) Compressed() bool { return n.p != nil && n.p.compressed }

// Numbered reports whether the name has a number.
func (n Name) Numbered() bool { return n.p != nil && n.p.number >= 0 }

// Dated reports whether the name has a date.
func (n Name) Dated() bool { return n.p != nil && n.p.dates != [3]string{} }

// OtherDate reports whether two names have different dates. The date in a name
// does not change when the file is renamed.
func (n Name) OtherDate(x Name) bool { return n.Dated() && x.Dated() && n.p.dates != x.p.dates }

// Unpacks reports whether two names differ at most in the part that says how
// the file is compressed.
func (n Name) Unpacks(x Name) bool { return n.Slots() == x.Slots() && n.Key() == x.Key() }

// Slots returns a value that is equal for two names of one log if they differ
// only in the part that says how the file is compressed.
func (n Name) Slots() Slots {
	if n.p == nil {
		return Slots{}
	}
	s := Slots{dates: n.p.dates, numbers: n.p.numbers, word: n.p.word}
	if n.p.weak == dayNameSlot && n.p.key == n.p.loose {
		s.value = n.p.value
	}
	return s
}

// Slots are the parts of a name that rotation changes. They are comparable; see
// Name.Slots.
type Slots struct {
	dates   [3]string
	numbers string
	word    word
	value   string
}

// String describes the slots for users.
func (n Name) String() string {
	if n.p == nil {
		return ""
	}
	var out []string
	seen := map[string]bool{}
	for _, d := range n.p.dates {
		if d != "" && !seen[d] {
			seen[d] = true
			out = append(out, "date "+d)
		}
	}
	for s := n.p.numbers; s != ""; {
		end := 1 + int(s[0])
		number := s[1:end]
		if number == "" {
			number = "0"
		}
		out, s = append(out, "number "+number), s[end:]
	}
	switch n.p.word {
	case older:
		out = append(out, "older")
	case newest:
		out = append(out, "newest")
	}
	if v := n.Slots().value; v != "" {
		out = append(out, v)
	}
	if n.p.compressed {
		out = append(out, "compressed")
	}
	return strings.Join(out, ", ")
}

// Parse parses a base name. It never fails: a name in which it finds no slots is
// that of a current file.
func Parse(base string) Name { return parseName(base, true) }

// parseName is like Parse. It recognizes short dates only if short is set.
func parseName(base string, short bool) Name {
	if !mayHaveSlots(base) {
		return Name{base: base}
	}
	s, compressed := cutCompression(base)
	p := parts{number: -1, compressed: compressed}
	s = p.cutDate(s, short)
	s = p.cutEnd(s)
	p.key, p.loose = s, s
	p.findWeak(s)
	if p.key == base && p.loose == base {
		return Name{base: base}
	}
	return Name{base: base, p: &p}
}

// mayHaveSlots reports whether a name may have slots, so that it must be
// parsed.
func mayHaveSlots(s string) bool {
	from := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isLetter(s[i]) {
			continue
		}
		if i < len(s) && isDigit(s[i]) {
			return true
		}
		if t := s[from:i]; wordOf(t) != noWord || isDayName(t) || isCompression(t) {
			return true
		}
		from = i + 1
	}
	return false
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// separators are the characters between a slot and the rest of a name.
const separators = "-_.:,@~+= "

func isSeparator(c byte) bool { return strings.IndexByte(separators, c) >= 0 }

func isCompression(s string) bool {
	switch len(s) {
	case 1, 2, 3, 4, 5:
	default:
		return false
	}
	switch strings.ToLower(s) {
	case "gz", "gzip", "bz2", "bzip2", "xz", "zst", "zstd", "lz4", "z", "lzma", "br", "zip", "lz", "7z", "rar":
		return true
	}
	return false
}

func cutCompression(s string) (string, bool) {
	if i := strings.LastIndexByte(s, '.'); i > 0 && isCompression(s[i+1:]) {
		return s[:i], true
	}
	return s, false
}

func wordOf(s string) word {
	if len(s) < 3 || len(s) > 8 {
		if s == "O" { // CUPS
			return older
		}
		return noWord
	}
	switch strings.ToLower(s) {
	case "old", "prev", "previous", "backup", "bak", "rotated":
		return older
	case "latest", "current":
		return newest
	}
	return noWord
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// monthOf returns the number of a month by its abbreviated English name; 0 for
// other words.
func monthOf(s string) int {
	if len(s) != 3 {
		return 0
	}
	s = strings.ToLower(s)
	for i, m := range months {
		if s == m {
			return i + 1
		}
	}
	return 0
}

func isDayName(s string) bool {
	if len(s) < 3 || len(s) > 9 {
		return false
	}
	switch strings.ToLower(s) {
	case "mon", "tue", "wed", "thu", "fri", "sat", "sun",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
		"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december":
		return true
	}
	return monthOf(s) > 0
}

// extension returns the last dot of a name and what follows it, if that may be
// the extension of a log: letters that are not a word of rotation. Otherwise it
// returns the empty string.
func extension(s string) string {
	i := strings.LastIndexByte(s, '.')
	if i < 0 || len(s)-i < 2 || len(s)-i > 8 || wordOf(s[i+1:]) != noWord {
		return ""
	}
	for _, c := range []byte(s[i+1:]) {
		if !isLetter(c) {
			return ""
		}
	}
	return s[i:]
}

// appendNumber appends digits encoded so that encoded numbers compare like the
// numbers.
func appendNumber(to, digits string) string {
	digits = strings.TrimLeft(digits, "0")
	return to + string(rune(min(len(digits), 127))) + digits
}

// valueOf returns the number encoded by appendNumber.
func valueOf(s string) int {
	n, _ := strconv.Atoi("0" + s[1:])
	return n
}

// join joins the parts of a name before and after a slot.
func join(before, after string) string {
	before = strings.TrimRight(before, separators)
	if before == "" {
		trimmed := strings.TrimLeft(after, separators)
		if i := len(after) - len(trimmed); i > 0 && extension(after) == after[i-1:] {
			return after[i-1:]
		}
		return trimmed
	}
	return before + after
}

// dottedNumbers reports whether a name ends with two numbers with a dot before
// each, like the beginning of an IP address.
func dottedNumbers(s string) bool {
	for range 2 {
		t := strings.TrimRight(s, "0123456789")
		if len(t) == len(s) || !strings.HasSuffix(t, ".") {
			return false
		}
		s = t[:len(t)-1]
	}
	return true
}

// endsInWord reports whether a name ends with a dot and a word of rotation.
func endsInWord(s string) bool {
	i := len(s)
	for i > 0 && isLetter(s[i-1]) {
		i--
	}
	return i > 1 && s[i-1] == '.' && wordOf(s[i:]) != noWord
}

// cutEnd removes the numbers, words and extensions of compressors after the
// extension or in its place, and records them in p.
func (p *parts) cutEnd(s string) string {
	for {
		if t, ok := cutCompression(s); ok && extension(t) != "" {
			s, p.compressed = t, true
			continue
		}
		i := len(s)
		for i > 0 && isDigit(s[i-1]) {
			i--
		}
		digits := s[i:]
		for digits == "" && i > 0 && isLetter(s[i-1]) {
			i--
		}
		before := strings.TrimRight(s[:i], separators)
		behind := extension(before) != "" && len(extension(before)) < len(before)
		if digits != "" && len(before) == i && endsInWord(before) { // app.log.old1
			behind = true
		}
		replaces := i > 1 && s[i-1] == '.' && before != "" && !(digits != "" && (p.counted > 0 || dottedNumbers(before)))
		switch {
		case before == "" || !behind && !replaces:
			return s
		case digits != "" && len(digits) <= 9:
			p.numbers = appendNumber("", digits) + p.numbers
			p.counted++
			if p.number < 0 {
				p.number, _ = strconv.Atoi(digits)
			}
		case digits == "" && len(before) < i && wordOf(s[i:]) != noWord:
			if p.word == noWord {
				p.word = wordOf(s[i:])
			}
		default:
			return s
		}
		s = before
	}
}

// findWeak finds the slot before the extension. It reports whether there is
// one.
func (p *parts) findWeak(s string) bool {
	ext := extension(s)
	body := s[:len(s)-len(ext)]
	if w := wordOf(body); w == newest {
		if ext != "" {
			p.key, p.loose = ext, ext
			p.word = newest
		}
		return false
	}
	i := len(body)
	for i > 0 && isDigit(body[i-1]) {
		i--
	}
	digits := body[i:]
	for digits == "" && i > 0 && isLetter(body[i-1]) {
		i--
	}
	before := strings.TrimRight(body[:i], separators)
	if before == "" {
		return false
	}
	switch {
	case len(digits) > 9:
	case digits != "" && len(before) == i:
		p.weak, p.value, p.width = attachedSlot, appendNumber("", digits), uint8(len(digits))
	case digits != "" && body[i-1] == '.' && dottedNumbers(before):
		// An IP address.
	case digits != "":
		p.weak, p.value, p.width = numberSlot, appendNumber("", digits), uint8(len(digits))
	case len(before) == i:
	case wordOf(body[i:]) != noWord:
		p.weak, p.means = wordSlot, wordOf(body[i:])
	case isDayName(body[i:]):
		p.weak, p.value = dayNameSlot, body[i:]
	}
	if p.weak == noSlot {
		return false
	}
	p.loose = before + ext
	return true
}

// resolved returns the name with its weak slot treated as a slot.
func (n Name) resolved() Name {
	p := *n.p
	if p.alone == nil {
		p.alone = n.p
	}
	p.key = p.loose
	switch p.weak {
	case numberSlot, attachedSlot:
		p.numbers = p.value + p.numbers
		if p.number < 0 {
			p.number = valueOf(p.value)
		}
	case wordSlot:
		if p.word == noWord {
			p.word = p.means
		}
	}
	return Name{n.base, &p}
}

// withKey returns the name with another key.
func (n Name) withKey(key string) Name {
	p := *n.p
	if p.alone == nil {
		p.alone = n.p
	}
	p.key = key
	return Name{n.base, &p}
}

// withoutShortDate returns the name with a date without a four-digit year
// treated as a number.
func (n Name) withoutShortDate() Name {
	x := parseName(n.base, false)
	if x.p == nil {
		x.p = &parts{key: n.base, loose: n.base, number: -1}
	}
	x.p.alone = n.p
	return x
}

// unresolved returns the name as Parse returned it.
func (n Name) unresolved() Name {
	if n.p != nil && n.p.alone != nil {
		n.p = n.p.alone
	}
	return n
}

// cutDate removes the best date from a name, with the numbers after it, and
// records them in p.
func (p *parts) cutDate(s string, short bool) string {
	if t, ok := p.cutTAI64N(s); ok {
		return t
	}
	for _, p.short = range []bool{false, true} {
		if p.short && !short {
			break
		}
		for i := 0; i < len(s); i++ {
			if !isDigit(s[i]) || i > 0 && isDigit(s[i-1]) {
				continue
			}
			end := p.readDate(s, i, p.short)
			if end == 0 {
				continue
			}
			end = p.readTime(s, end)
			for _, why := range []string{"-size", "-time"} { // timberjack
				if t, ok := strings.CutPrefix(s[end:], why); ok && (t == "" || isSeparator(t[0])) {
					end += len(why)
				}
			}
			if strings.Trim(s[:i], separators) == "" && s[end:] == ".s" { // tinylog
				return "current"
			}
			return join(s[:i], s[end:])
		}
	}
	p.short = false
	return s
}

// cutTAI64N parses the names written by svlogd, multilog and s6-log.
func (p *parts) cutTAI64N(s string) (string, bool) {
	if len(s) < 25 || s[0] != '@' {
		return s, false
	}
	if rest := s[25:]; rest != "" && rest != ".s" && rest != ".u" {
		return s, false
	}
	secs, err := strconv.ParseUint(s[1:17], 16, 64)
	nano, err2 := strconv.ParseUint(s[17:25], 16, 32)
	if err != nil || err2 != nil || secs < 1<<62 {
		return s, false
	}
	p.dates[yearFirst] = time.Unix(int64(secs-1<<62), 0).UTC().Format(epochLayout)
	p.numbers = appendNumber("", strconv.FormatUint(nano, 10))
	return "current", true
}

const epochLayout = "20060102150405"

// readDate parses the date at i, and returns the index of its end; 0 if there
// is none. Dates without a four-digit year are parsed only if short is set.
func (p *parts) readDate(s string, i int, short bool) int {
	// A number inside a word, such as a container ID, is not a date.
	for j := i; j > 0 && (isLetter(s[j-1]) || isDigit(s[j-1])); j-- {
		if isDigit(s[j-1]) {
			return 0
		}
	}
	end := i
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	run := s[i:end]
	ends := func(at int) bool {
		return at == len(s) || isSeparator(s[at]) || (s[at] == 'T' || s[at] == 't') && at+1 < len(s) && isDigit(s[at+1]) || s[at] == 'Z'
	}
	number := func(at int) string {
		to := at
		for to < len(s) && isDigit(s[to]) {
			to++
		}
		return s[at:to]
	}
	if short {
		switch {
		case len(run) == 6 && ends(end):
			if p.setDate(run[:2], run[2:4], run[4:]) {
				return end
			}
			if isYear(run[:4]) && inRange(run[4:], 1, 12) {
				p.dates[yearFirst] = run
				return end
			}
		case len(run) == 8 && ends(end) && inRange(run[6:], 0, 23): // hourly, IIS
			if !p.setDate(run[:2], run[2:4], run[4:6]) {
				return 0
			}
			p.dates = [3]string{p.dates[yearFirst] + run[6:]}
			return end
		case len(run) == 2 && end < len(s) && strings.IndexByte("-_.", s[end]) >= 0:
			b := number(end + 1)
			c := end + 1 + len(b)
			if len(b) != 2 || c >= len(s) || s[c] != s[end] || len(number(c+1)) != 2 {
				return 0
			}
			to := c + 3
			if ends(to) && (to == len(s) || s[to] != s[end] || len(number(to+1)) == 0) && p.setDate(run, b, s[c+1:to]) {
				return to
			}
		}
		return 0
	}
	switch len(run) {
	case 8, 10, 12, 14, 17:
		if ends(end) && isYear(run[:4]) && inRange(run[4:6], 1, 12) && inRange(run[6:8], 1, 31) {
			p.dates[yearFirst] = run
			return end
		}
		if len(run) == 8 && ends(end) && isYear(run[4:]) && p.setDate(run[:2], run[2:4], run[4:]) {
			return end
		}
	case 4:
		if !isYear(run) || end >= len(s) {
			return 0
		}
		at := end
		if strings.IndexByte("-_.", s[at]) >= 0 {
			at++
		}
		if at+3 <= len(s) && monthOf(s[at:at+3]) > 0 { // 2026-Nov-21
			day := at + 3
			if day < len(s) && strings.IndexByte("-_.", s[day]) >= 0 {
				day++
			}
			if d := number(day); inRange(d, 1, 31) && ends(day+len(d)) {
				p.dates[yearFirst] = run + twoDigits(monthOf(s[at:at+3])) + pad(d)
				return day + len(d)
			}
			return 0
		}
		if at > end && s[at:] != "" && (s[at] == 'W' || s[at] == 'w') { // 2026-W47
			if week := number(at + 1); len(week) == 2 && ends(at+3) {
				p.dates[yearFirst] = run + "W" + week
				return at + 3
			}
		}
		month := number(at)
		if at > end && len(month) == 3 && inRange(month, 1, 366) && ends(at+3) { // 2026-325
			p.dates[yearFirst] = run + "D" + month
			return at + 3
		}
		if at == end || !inRange(month, 1, 12) {
			return 0
		}
		to := at + len(month)
		if to < len(s) && s[to] == s[end] {
			if day := number(to + 1); inRange(day, 1, 31) && ends(to+1+len(day)) {
				p.dates[yearFirst] = run + pad(month) + pad(day)
				return to + 1 + len(day)
			}
		}
		if len(month) == 2 && ends(to) { // 2026-11
			p.dates[yearFirst] = run + month
			return to
		}
	case 1, 2:
		if end >= len(s) {
			return 0
		}
		at := end
		if strings.IndexByte("-_.", s[at]) >= 0 {
			at++
		}
		if at+3 <= len(s) && monthOf(s[at:at+3]) > 0 && inRange(run, 1, 31) { // 21-Nov-2026
			year := at + 3
			if year < len(s) && strings.IndexByte("-_.", s[year]) >= 0 {
				year++
			}
			if y := number(year); isYear(y) && ends(year+4) {
				p.dates[yearFirst] = y + twoDigits(monthOf(s[at:at+3])) + pad(run)
				return year + 4
			}
			return 0
		}
		b := number(at)
		c := at + len(b)
		if at == end || len(b) == 0 || len(b) > 2 || c >= len(s) || s[c] != s[end] {
			return 0
		}
		if y := number(c + 1); isYear(y) && ends(c+5) && p.setDate(pad(run), pad(b), y) {
			return c + 5
		}
	}
	if epoch := p.readEpoch(run); epoch != "" && ends(end) && (i == 0 || isSeparator(s[i-1])) {
		p.dates[yearFirst] = epoch
		return end
	}
	return 0
}

// setDate records the readings of a date whose year is its last part or has two
// digits. It reports whether there are any.
func (p *parts) setDate(a, b, c string) bool {
	set := func(r reading, y, m, d string) {
		if len(y) == 2 {
			switch {
			case y < "40":
				y = "20" + y
			case y >= "90":
				y = "19" + y
			}
		}
		if len(y) == 4 && inRange(m, 1, 12) && inRange(d, 1, 31) {
			p.dates[r] = y + m + d
		}
	}
	if len(c) == 2 {
		set(yearFirst, a, b, c)
		if p.dates[yearFirst] == "" {
			return false // more likely a number
		}
	}
	set(monthFirst, c, a, b)
	set(dayFirst, c, b, a)
	return p.dates != [3]string{}
}

// readEpoch returns the date of a number of seconds, milliseconds, microseconds
// or nanoseconds since 1970, or "" if it is not one.
func (p *parts) readEpoch(run string) string {
	switch len(run) {
	case 10, 13, 16, 19:
	default:
		return ""
	}
	secs, err := strconv.ParseInt(run[:10], 10, 64)
	if err != nil || run[0] != '1' {
		return ""
	}
	return time.Unix(secs, 0).UTC().Format(epochLayout) + run[10:]
}

// readTime parses the numbers after a date, and returns the index of their end.
func (p *parts) readTime(s string, at int) int {
	for {
		i := at
		if i < len(s) && (s[i] == 'T' || s[i] == 't') {
			i++
		}
		for i < len(s) && i < at+2 && isSeparator(s[i]) {
			i++
		}
		end := i
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end == i || i == at || end < len(s) && isLetter(s[end]) && s[end] != 'Z' {
			break
		}
		p.numbers = appendNumber(p.numbers, s[i:end])
		p.number, _ = strconv.Atoi(s[i:min(end, i+9)])
		at = end
	}
	if at < len(s) && s[at] == 'Z' && (at+1 == len(s) || isSeparator(s[at+1])) {
		at++
	}
	return at
}

func isYear(s string) bool { return len(s) == 4 && inRange(s, 1970, 2099) }

// inRange reports whether s is a number of at most four digits from lo to hi.
func inRange(s string, lo, hi int) bool {
	if len(s) == 0 || len(s) > 4 {
		return false
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= lo && n <= hi
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

func twoDigits(n int) string { return pad(strconv.Itoa(n)) }
