package rotation

import (
	"strconv"
	"strings"
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
	if strings.HasSuffix(s, "~") {
		return true
	}
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
	case "old", "prev", "previous", "backup", "bak", "rotated", "save", "saved", "last", "orig", "archive", "archived":
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

// isLogExtension reports whether a number may follow an extension directly, as in
// app.log1. In other names, letters and a number are more likely those of a machine.
func isLogExtension(ext string) bool {
	switch strings.ToLower(ext) {
	case ".log", ".logs", ".txt", ".text", ".out", ".err", ".error", ".trace", ".trc", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".audit", ".dat":
		return true
	}
	return false
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
	if t, ok := strings.CutSuffix(s, "~"); ok && extension(t) != "" && extension(t) != t { // of an editor
		s, p.word = t, older
	}
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
		if digits != "" && len(before) == i && !isLogExtension(extension(before)) { // log.pc1 is of another machine than log.pc2
			behind = false
		}
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
