package line

import (
	"bytes"
	"strings"
)

// Columns are the columns of a file whose beginning names them: a table in CSV with a
// header line, a log in the W3C extended log file format, or one of Zeek. It may be
// used by several goroutines at once.
//
// Of CSV, the separator is the one of comma, semicolon, tab and | that the first line
// and those after it have equally often. Sources: RFC 4180; W3C working draft
// WD-logfile-960323; "Zeek Log Formats".
type Columns struct {
	format string // csv, w3c or zeek
	sep    byte   // for w3c, any number of blanks
	header []byte // the first line of CSV, which is no row
	names  [][]byte
	also   [][]byte // a second name of each column, by which other logs call the same; nil for none
	all    []byte   // all names, separated by newlines
	roles  roles
	cells  int // of a row of CSV, of which those after the names have none
	rows   int // that were compared with the header

	formats *Formats // of the user, which have a group time or level; nil for none
}

// With returns columns that know the formats of the user, too, as far as these decide about
// times and levels. c and f may be nil.
func (c *Columns) With(f *Formats) *Columns {
	if !f.HasTimeOrLevel() {
		return c
	}
	if c == nil {
		return &Columns{roles: noRoles, formats: f}
	}
	with := *c
	with.formats = f
	return &with
}

// Limits on what LearnColumns reads.
const (
	mostRows     = 10 // rows that are compared with the header
	mostColumns  = 256
	mostPreamble = 40 // lines before the header
)

// LearnColumns returns the columns of a file that begins with text; nil if it names
// none.
func LearnColumns(text []byte) *Columns {
	text = text[:min(len(text), LearnedFrom)]
	first, rest, _ := bytes.Cut(text, []byte{'\n'})
	if len(first) > 0 && first[0] == '#' {
		return learnDirectives(text)
	}
	if c := learnAnyCSV(first, rest); c != nil {
		return c
	}
	// The header may come after a few lines that say what the file is, as in the logs of
	// the DHCP server of Windows; then the rows must show that it is one.
	for range mostPreamble {
		first, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if len(rest) == 0 {
			break
		}
		if c := learnAnyCSV(first, rest); c != nil && c.hasTime() && c.rows > 1 {
			return c
		}
	}
	return nil
}

func learnAnyCSV(first, rest []byte) *Columns {
	for _, sep := range []byte{',', '\t', ';', '|'} {
		if c := learnCSV(bytes.TrimSuffix(first, []byte{'\r'}), rest, sep); c != nil {
			return c
		}
	}
	return nil
}

// learnDirectives learns from the lines with # at the beginning of a file.
func learnDirectives(text []byte) *Columns {
	microsoft := false
	var day []byte
	for l := range bytes.Lines(text) {
		l = bytes.TrimRight(l, "\r\n")
		if len(l) == 0 || l[0] != '#' {
			return nil
		}
		if bytes.HasPrefix(l, []byte("#Software: Microsoft")) {
			microsoft = true
		}
		if date, ok := bytes.CutPrefix(l, dateDirective); ok {
			day, _, _ = bytes.Cut(bytes.TrimLeft(date, " "), []byte{' '})
		}
		if names, ok := bytes.CutPrefix(l, []byte("#fields\t")); ok {
			c := newColumns("zeek", '\t', bytes.Split(names, []byte{'\t'}))
			if c != nil {
				c.roles = zeekRoles(c.names)
			}
			return c
		}
		if names, ok := bytes.CutPrefix(l, []byte("#Fields:")); ok {
			sep, list := byte(' '), bytes.Fields(names)
			if len(list) == 1 && bytes.IndexByte(names, ',') >= 0 { // of Exchange
				sep, list = ',', bytes.Split(list[0], []byte{','})
			}
			c := newColumns("w3c", sep, list)
			if c != nil {
				c.alias(microsoft)
				c.roles = w3cRoles(c.names, bytes.Clone(day))
			}
			return c
		}
	}
	return nil
}

// learnCSV returns the columns of a table with a header line; nil if it is none.
func learnCSV(first, rest []byte, sep byte) *Columns {
	const least = 3 // prose may have a comma
	if bytes.Count(first, []byte{sep}) < least-1 {
		return nil
	}
	var x cells
	if !x.split(first, sep) {
		return nil
	}
	names := make([][]byte, len(x.at))
	for i := range x.at {
		name, quoted := unquoted(first[x.at[i][0]:x.at[i][1]], sep)
		if names[i] = name; !isColumnName(name, quoted) {
			return nil
		}
	}
	rows, cells := 0, 0
	var row [][]byte
	inside := false // of a quoted value that goes on in the next line
	for l := range bytes.Lines(rest) {
		if l[len(l)-1] != '\n' || rows == mostRows {
			break
		}
		l = bytes.TrimRight(l, "\r\n")
		was := inside
		if sep != '\t' && bytes.Count(l, []byte{'"'})%2 == 1 {
			inside = !inside
		}
		if len(l) == 0 || was {
			continue
		}
		if !x.split(l, sep) || len(x.at) < len(names) || cells > 0 && len(x.at) != cells {
			return nil
		}
		cells = len(x.at)
		if rows++; rows == 1 {
			for i := range x.at {
				row = append(row, x.value(l, i, sep))
			}
		}
	}
	if rows == 0 {
		return nil
	}
	c := newColumns("csv", sep, names)
	if c != nil {
		c.header = bytes.Clone(first)
		c.roles = csvRoles(c.names, row[:len(names)])
		c.cells, c.rows = cells, rows
	}
	return c
}

// isColumnName reports whether a cell of the first line may be the name of a column: a
// few words. If it is in quotes, they may be a list.
func isColumnName(b []byte, quoted bool) bool {
	const most = 60
	if len(b) == 0 || len(b) > most || !isLetter(b[0]) && b[0] != '_' && b[0] != '@' || b[len(b)-1] == ' ' {
		return false
	}
	for _, c := range b {
		if !nameByte(c) && c < 0x80 && strings.IndexByte(" ()#$%", c) < 0 && !(quoted && strings.IndexByte(",;:&", c) >= 0) {
			return false
		}
	}
	return true
}

// newColumns returns columns with names; nil if two are equal.
func newColumns(format string, sep byte, names [][]byte) *Columns {
	if len(names) == 0 || len(names) > mostColumns {
		return nil
	}
	c := &Columns{format: format, sep: sep, roles: noRoles}
	seen := map[string]bool{}
	for _, n := range names {
		n = fieldName(n)
		if seen[string(n)] {
			return nil
		}
		seen[string(n)] = true
		c.names = append(c.names, n)
		c.all = append(append(c.all, n...), '\n')
	}
	c.also = make([][]byte, len(c.names))
	return c
}

// fieldName returns the name of a column as that of a field, in which blanks and
// brackets are dashes: cs-User-Agent for cs(User-Agent).
func fieldName(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if !nameByte(c) && c < 0x80 {
			c = '-'
		}
		if c == '-' && len(out) > 0 && out[len(out)-1] == '-' {
			continue
		}
		out = append(out, c)
	}
	return bytes.Trim(out, "-")
}

// aliases are the names by which access logs call columns of W3C logs.
var aliases = map[string][]byte{
	"c-ip": nameClient, "cs-username": nameUser, "cs-method": nameMethod, "cs-uri-stem": namePath, "cs-version": nameProtocol,
	"sc-status": nameStatus, "sc-bytes": nameBytes, "cs-Referer": nameReferer, "cs-User-Agent": nameAgent,
}

// alias sets the second names. A server of Microsoft writes the time that a request
// took in milliseconds; others differ.
func (c *Columns) alias(microsoft bool) {
	for i, n := range c.names {
		c.also[i] = aliases[string(n)]
		if microsoft && string(n) == "time-taken" {
			c.also[i] = nameTookMS
			c.all = append(append(c.all, nameTook...), '\n')
		}
		c.all = append(append(c.all, c.also[i]...), '\n')
	}
}

// Text returns a text that contains the names of all columns. The caller must not
// change it.
func (c *Columns) Text() []byte {
	if c == nil {
		return nil
	}
	return c.all
}

// splitRow sets x to the values of a row, a line without its newline, and reports whether
// it is one. A line of a W3C log with more or fewer values may be one of other columns,
// which a later #Fields names: a server writes it when it is started with other settings.
func (c *Columns) splitRow(x *cells, l []byte) bool {
	if len(c.names) == 0 {
		return false
	}
	if c.header == nil && len(l) > 0 && l[0] == '#' || c.header != nil && bytes.Equal(l, c.header) {
		return false
	}
	// A value in quotes that goes on in the next line is the last one: only so certainly
	// the line is no part of such a value.
	if !x.split(l, c.sep) || len(x.at) < len(c.names) || c.header != nil && len(x.at) != c.cells || c.roles.utc && len(x.at) != len(c.names) {
		return false
	}
	x.at = x.at[:len(c.names)]
	return true
}

// emitColumns emits the values of a row, and returns false if no more fields are wanted.
func (x *Fields) emitColumns(l []byte) bool {
	c := x.Columns
	x.format = c.format
	for i, at := range x.cells.at {
		from := at[0]
		v, quoted := unquoted(l[from:at[1]], c.sep)
		switch {
		case c.format != "csv" && (string(v) == "-" || string(v) == "(empty)"):
			continue
		case quoted:
			if from++; bytes.Contains(v, doubled) {
				x.text = append(x.text[:0], bytes.ReplaceAll(v, doubled, doubled[:1])...)
				v, from = x.text, -1
			}
		}
		if !x.emit(c.names[i], v, from) {
			return false
		}
		switch also := c.also[i]; {
		case also == nil:
		case &also[0] == &nameTookMS[0]:
			if !x.emitMilliseconds(v, from) {
				return false
			}
		case !x.emit(also, v, from):
			return false
		}
	}
	return true
}

// cells are the bounds of the values in a line, with their quotes. The last value may go
// on in the next line; then it has no quote at its end.
type cells struct{ at [][2]int }

// value returns a cell of a line without the quotes around it.
func (x *cells) value(l []byte, i int, sep byte) []byte {
	v, _ := unquoted(l[x.at[i][0]:x.at[i][1]], sep)
	return v
}

// split finds the cells of a line. It returns false if there are too many. One in quotes
// that does not end in this line is the last one.
func (x *cells) split(l []byte, sep byte) bool {
	x.at = x.at[:0]
	for i := 0; ; {
		if sep == ' ' {
			if i = skip(l, skip(l, i, ' '), '\t'); i == len(l) {
				return true
			}
		}
		end := i
		if byteAt(l, i) == '"' && sep != '\t' {
			if end = csvQuoteEnd(l, i); end == 0 {
				if sep != ',' && sep != ';' {
					return false
				}
				end = len(l)
			}
		}
		for end < len(l) && l[end] != sep && (sep != ' ' || l[end] != '\t') {
			end++
		}
		if x.at = append(x.at, [2]int{i, end}); len(x.at) > mostColumns {
			return false
		}
		if end == len(l) {
			return true
		}
		i = end + 1
	}
}

// doubled stands for a quote in a value in quotes.
var doubled = []byte(`""`)

// unquoted returns a cell without the quotes around it, and whether it has any. Between
// tabs, quotes are part of a value.
func unquoted(cell []byte, sep byte) ([]byte, bool) {
	if len(cell) > 0 && cell[0] == '"' && (sep == ',' || sep == ';') && csvQuoteEnd(cell, 0) == 0 {
		return cell[1:], true // it goes on in the next line
	}
	if n := len(cell); sep != '\t' && n >= 2 && cell[0] == '"' && cell[n-1] == '"' {
		return cell[1 : n-1], true
	}
	return cell, false
}

// csvQuoteEnd returns the position after the quoted text at l[i], in which two quotes
// stand for one; 0 if it does not end.
func csvQuoteEnd(l []byte, i int) int {
	for i++; ; {
		k := bytes.IndexByte(l[i:], '"')
		if k < 0 {
			return 0
		}
		if i += k + 1; byteAt(l, i) != '"' {
			return i
		}
		i++
	}
}
