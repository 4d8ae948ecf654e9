package line

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// A Format is a form of lines that a user describes by a regular expression, in the
// syntax of Go: its named groups are fields. It may be used by several goroutines at
// once.
type Format struct {
	Name   string
	re     *regexp.Regexp
	groups []string // "" for those without a name
	names  [][]byte // the same
}

// BuiltIn are the names of the forms of lines that are known, as [Fields.Format]
// returns them.
var BuiltIn = []string{"json", "logfmt", "access", "syslog", "cri", "klog", "nginx-error", "ltsv", "csv", "w3c", "zeek", "text"}

// NewFormat returns a format. Each of samples must have it.
func NewFormat(name, pattern string, samples []string) (*Format, error) {
	const most = 64 << 10
	if !isFormatName(name) || slices.Contains(BuiltIn, name) {
		return nil, fmt.Errorf("format %q: a name consists of letters, digits, - and _, and is not that of a built-in format", name)
	}
	if len(pattern) > most {
		return nil, fmt.Errorf("format %s: the pattern is longer than 64 KiB", name)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		if e, ok := err.(*syntax.Error); ok {
			err = fmt.Errorf("%s: %s", e.Code, e.Expr)
		}
		return nil, fmt.Errorf("format %s: the pattern is not a regular expression: %w", name, err)
	}
	f := &Format{Name: name, re: re, groups: re.SubexpNames()}
	named := 0
	for _, g := range f.groups {
		f.names = append(f.names, []byte(g))
		if g != "" {
			named++
		}
	}
	if named == 0 {
		return nil, fmt.Errorf("format %s: the pattern names no field; write (?P<name>…) around each", name)
	}
	for i, s := range samples {
		if !re.MatchString(s) {
			return nil, fmt.Errorf("format %s: the pattern does not match sample %d, %q", name, i+1, s)
		}
	}
	return f, nil
}

func isFormatName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7f || !IsAlnum(byte(c)) && c != '-' && c != '_' })
}

// FieldNames returns the names of the fields, in the order of the pattern.
func (f *Format) FieldNames() (out []string) {
	for _, g := range f.groups {
		if g != "" && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

// Matches reports whether a line has the format.
func (f *Format) Matches(l []byte) bool { return f.re.Match(l) }

// Formats says what forms lines may have besides those that are known, or instead of
// them. It must not be changed while it is used.
type Formats struct {
	Custom []*Format
	// Only is the name of the one form that lines have; others then have no fields.
	// Empty stands for all.
	Only string
}

// Check returns an error if Only is not the name of a format.
func (f *Formats) Check() error {
	names := slices.Clone(BuiltIn)
	for _, c := range f.Custom {
		names = append(names, c.Name)
	}
	if f.Only == "" || slices.Contains(names, f.Only) {
		return nil
	}
	return fmt.Errorf("there is no format %q; there are %s", f.Only, strings.Join(names, ", "))
}

// Has reports whether a format of the user has a field with a name, so that lines may
// have it without spelling it out.
func (f *Formats) Has(name string) bool {
	return f != nil && slices.ContainsFunc(f.Custom, func(c *Format) bool { return slices.Contains(c.groups, name) })
}

// timeGroup and levelGroup are the groups of a user's format that say where a line has its
// time and its level.
const (
	timeGroup  = "time"
	levelGroup = "level"
)

// HasTimeOrLevel reports whether a format of the user has a group time or level, which decides
// about the time or the level of the lines that have that format.
func (f *Formats) HasTimeOrLevel() bool {
	return f != nil && slices.ContainsFunc(f.Custom, func(c *Format) bool {
		return f.allows(c.Name) && (slices.Contains(c.groups, timeGroup) || slices.Contains(c.groups, levelGroup))
	})
}

// group returns what a line has in a group of the first format of the user that it has;
// false if it has none, or that has no such group.
func (f *Formats) group(l []byte, name string) ([]byte, bool) {
	if f == nil {
		return nil, false
	}
	for _, c := range f.Custom {
		if !f.allows(c.Name) {
			continue
		}
		at := c.re.FindSubmatchIndex(l)
		if at == nil {
			continue
		}
		for i, g := range c.groups {
			if g == name && at[2*i] >= 0 {
				return l[at[2*i]:at[2*i+1]], true
			}
		}
		return nil, false
	}
	return nil, false
}

// allows reports whether lines may have a form.
func (f *Formats) allows(name string) bool { return f == nil || f.Only == "" || f.Only == name }

// emitCustom emits the fields of the first of the user's formats that a line has. It
// returns the name of that format, and false if no more fields are wanted.
func (x *Fields) emitCustom(l []byte) (name string, more bool) {
	if x.Formats == nil {
		return "", true
	}
	for _, f := range x.Formats.Custom {
		if !x.Formats.allows(f.Name) {
			continue
		}
		at := f.re.FindSubmatchIndex(l)
		if at == nil {
			continue
		}
		for i, name := range f.names {
			if from, to := at[2*i], at[2*i+1]; len(name) > 0 && from >= 0 && !x.emit(name, l[from:to], from) {
				return f.Name, false
			}
		}
		return f.Name, true
	}
	return "", true
}
