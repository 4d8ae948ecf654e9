package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"logview/index"
	"logview/reader/line"
	"logview/tui/visible"
)

// A form is how selected values are printed.
type form string

const (
	formText   form = "text" // separated by tabs
	formJSON   form = "json"
	formCSV    form = "csv" // RFC 4180
	formLogfmt form = "logfmt"
)

var forms = []form{formText, formJSON, formCSV, formLogfmt}

// ownNames are the names of what logview itself knows about a line. Other names are
// those of the line's fields.
var ownNames = []string{"time", "level", "log", "file", "line", "offset", "ref", "text", "format"}

// selectedByDefault are the names that --output csv and logfmt select without --select.
var selectedByDefault = []string{"time", "level", "file", "line", "text"}

// timeForm is the form of times in output.
const timeForm = time.RFC3339Nano

// parseNames parses the value of --select.
func parseNames(s string) ([]string, error) {
	var out []string
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return nil, fmt.Errorf("a name is missing; give names of fields separated by commas, such as time,level,status (of the line itself there are %s)", strings.Join(ownNames, ", "))
		}
		out = append(out, name)
	}
	return out, nil
}

// A lineReader reads what is known about lines.
type lineReader struct {
	zone   *time.Location // of times that are printed
	record string         // ref of the record that the lines belong to; empty if it is not known
	fields line.Fields
	shown  line.Shown
	values map[string]fieldValue
	seen   *sync.Map // the names of which a line had a value; nil if nobody asks
}

// read reads the fields of a line of hits. Of equal names, the first counts.
func (r *lineReader) read(h *index.Hits, text []byte) {
	r.fields.Columns = h.Columns
	if r.values == nil {
		r.values = map[string]fieldValue{}
	}
	clear(r.values)
	text = r.shown.Of(text)
	r.fields.Each(text, func(name, value []byte, at int) bool {
		if _, ok := r.values[string(name)]; !ok {
			r.values[string(name)] = newFieldValue(text, value, at)
		}
		return true
	})
}

// A fieldValue is the value of a field.
type fieldValue struct {
	text string
	bare bool // it can be a value in JSON as it is
}

// newFieldValue returns the value at at in a line. A value without quotes in JSON keeps
// its type; elsewhere, plain numbers are numbers.
func newFieldValue(l, value []byte, at int) fieldValue {
	v := fieldValue{text: string(value)}
	if at <= 0 || at > len(l) || l[at-1] == '"' {
		return v
	}
	before := bytes.TrimRight(l[:at], " \t")
	inJSON := len(before) > 1 && before[len(before)-1] == ':' && before[len(before)-2] == '"'
	v.bare = isPlainNumber(v.text) || inJSON && utf8.ValidString(v.text) && json.Valid(value)
	return v
}

// newLineReader returns a lineReader.
func (p *printer) newLineReader() lineReader {
	return lineReader{zone: p.zone, fields: line.Fields{Formats: p.formats}, seen: &p.seen}
}

// value returns what a name stands for, of a line that was read, and whether there is
// any.
func (r *lineReader) value(name string, h *index.Hits, refs refMaker, l *index.HitLine, text []byte) (v string, ok bool) {
	switch name {
	case "time":
		v = r.timeText(l.Time)
	case "level":
		v = h.Columns.LevelOf(text).String()
	case "log":
		v = logName(h)
	case "file":
		v = h.Member.Path
	case "line":
		v = strconv.FormatInt(l.Line.Number(), 10)
	case "offset":
		v = strconv.FormatInt(int64(l.Offset), 10)
	case "ref":
		v = refs.ref(l, text)
	case "text":
		return string(bytes.TrimSuffix(text, []byte("\r"))), true
	case "format":
		v = r.fields.Format()
	default:
		x, ok := r.values[name]
		if ok && r.seen != nil {
			if _, known := r.seen.Load(name); !known {
				r.seen.Store(name, true)
			}
		}
		return x.text, ok
	}
	return v, v != ""
}

// unseen returns those of the selected names that are fields and that no line printed
// had.
func (p *printer) unseen() (out []string) {
	for _, n := range p.names {
		if _, ok := p.seen.Load(n); !ok && !slices.Contains(ownNames, n) {
			out = append(out, n)
		}
	}
	return out
}

// timeText returns a time as it is printed; "" for none.
func (r *lineReader) timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.zone).Format(timeForm)
}

// logName returns the name of the log that hits are from.
func logName(h *index.Hits) string {
	if h.Source == nil {
		return ""
	}
	return h.Source.Name()
}

// appendSelected appends the values of names as a line. Control characters are spelled
// out if shown is set, as for a terminal.
func (r *lineReader) appendSelected(buf []byte, f form, names []string, shown bool, h *index.Hits, refs refMaker, l *index.HitLine, text []byte) []byte {
	r.read(h, text)
	if f == formJSON {
		object := make(jsonObject, 0, len(names))
		for _, n := range names {
			if v, ok := r.value(n, h, refs, l, text); ok {
				object = append(object, jsonMember{n, v, slices.Contains([]string{"line", "offset"}, n) || !slices.Contains(ownNames, n) && r.values[n].bare})
			}
		}
		return appendJSON(buf, object)
	}
	values := make([]string, len(names))
	present := make([]bool, len(names))
	for i, n := range names {
		values[i], present[i] = r.value(n, h, refs, l, text)
		if shown {
			values[i] = visible.String(values[i])
		}
	}
	switch f {
	case formCSV:
		return appendCSV(buf, values)
	case formLogfmt:
		blank := false
		for i, v := range values {
			if present[i] {
				if blank {
					buf = append(buf, ' ')
				}
				blank = true
				buf = appendPair(buf, names[i], v)
			}
		}
		return append(buf, '\n')
	}
	for i, v := range values {
		if i > 0 {
			buf = append(buf, '\t')
		}
		// A value is one column of one line.
		buf = append(buf, strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(v)...)
	}
	return append(buf, '\n')
}

func appendCSV(buf []byte, values []string) []byte {
	b := bytes.NewBuffer(buf)
	w := csv.NewWriter(b)
	_ = w.Write(values) // a Buffer does not fail
	w.Flush()
	return b.Bytes()
}

// appendPair appends name=value, with quotes if the value needs them.
func appendPair(buf []byte, name, value string) []byte {
	buf = append(append(buf, name...), '=')
	if value == "" || strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f || c == 0xfffd }) {
		return appendJSONString(buf, value)
	}
	return append(buf, value...)
}

// appendJSONString appends a string as JSON, without a newline.
func appendJSONString(buf []byte, s string) []byte {
	return bytes.TrimSuffix(appendJSON(buf, s), newline)
}

// A jsonObject is a JSON object whose members have an order.
type jsonObject []jsonMember

type jsonMember struct {
	name, value string
	bare        bool // as it is, without quotes
}

// MarshalJSON implements json.Marshaler.
func (o jsonObject) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendJSONString(out, m.name), ':')
		if m.bare {
			out = append(out, m.value...)
		} else {
			out = appendJSONString(out, m.value)
		}
	}
	return append(out, '}'), nil
}

var _ json.Marshaler = jsonObject{}

// fieldsJSON returns the fields of a line as a JSON object, in their order. Of equal
// names, the first counts.
func (r *lineReader) fieldsJSON(h *index.Hits, text []byte) jsonObject {
	r.fields.Columns = h.Columns
	var out jsonObject
	seen := map[string]bool{}
	text = r.shown.Of(text)
	r.fields.Each(text, func(name, value []byte, at int) bool {
		if n := string(name); !seen[n] {
			seen[n] = true
			v := newFieldValue(text, value, at)
			out = append(out, jsonMember{n, v.text, v.bare})
		}
		return true
	})
	return out
}

// isPlainNumber reports whether v is a decimal number that every reader of JSON reads
// exactly: without an exponent, leading zeros or more than 15 digits.
func isPlainNumber(v string) bool {
	const most = 16
	v = strings.TrimPrefix(v, "-")
	if len(v) == 0 || len(v) > most || v[0] == '.' || v[len(v)-1] == '.' || len(v) > 1 && v[0] == '0' && v[1] != '.' {
		return false
	}
	dots := 0
	for _, c := range []byte(v) {
		switch {
		case c == '.':
			dots++
		case c < '0' || c > '9':
			return false
		}
	}
	return dots <= 1 && len(v)-dots <= 15
}
