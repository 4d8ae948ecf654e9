package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A policy says when a log is rotated. Zero values disable a rule.
type policy struct {
	size  int64
	every time.Duration
}

// A span is the size and the first and last time of a member's text.
type span struct {
	bytes       int64
	first, last int64
}

// due reports whether a record of n bytes at time t must be written to a new
// member, and returns the time of that rotation.
func (p policy) due(s span, t int64, n int) (int64, bool) {
	if s.bytes == 0 {
		return 0, false
	}
	if p.every > 0 {
		e := int64(p.every)
		if edge := s.last/e*e + e; t >= edge {
			return edge, true
		}
	}
	return t, p.size > 0 && s.bytes+int64(n) > p.size
}

// A style is a way of naming a log's members. Every style has an active file
// and rotated ones with different tags: a number, which is higher for older
// members, or a stamp, which increases with time.
type style struct {
	name    string
	example string // for the help text
	wrap    wrapping

	// numbered says that members are renamed at each rotation; the newest
	// has the number first.
	numbered bool
	first    int

	active  func(l *logName) string
	rotated func(l *logName, tag string) string

	// ends returns the ending of a compressed member's name; nil means .gz
	// and the like.
	ends func(c compression) string

	// stamp returns the format of tags; nil if members are numbered.
	stamp func(p policy) stampForm
}

// A stampForm formats times as tags. Two tags of a log differ by at least a
// grain: a stamp that is already used is increased, so that the order by name
// is that by time.
type stampForm struct {
	grain time.Duration
	last  bool // use the time of the last line, not of the rotation
	index bool // append a number within the grain, instead of increasing the stamp
	text  func(time.Time) string
}

func layout(grain time.Duration, form string) stampForm {
	return stampForm{grain: grain, text: func(t time.Time) string { return t.Format(form) }}
}

func fixed(f stampForm) func(policy) stampForm {
	return func(policy) stampForm { return f }
}

func plainActive(l *logName) string { return l.stem + ".log" }

// styles contains all naming styles, in the order of the help text.
var styles = []style{
	{
		name: "logrotate", example: "api.log  api.log.1  api.log.2.gz",
		numbered: true, first: 1, active: plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + ".log." + tag },
	},
	{
		name: "ext", example: "api.log  api.1.log  api.2.log.gz",
		numbered: true, first: 1, active: plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + "." + tag + ".log" },
	},
	{
		name: "dateext", example: "api.log-20261121  api.log-2026112114  api.log-20261121-1795270000.gz",
		active:  plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + ".log-" + tag },
		stamp:   dateextStamp,
	},
	{
		name: "lumberjack", example: "api.log  api-2026-11-21T14-05-09.123.log.gz",
		active:  plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + "-" + tag + ".log" },
		stamp:   fixed(layout(time.Millisecond, "2006-01-02T15-04-05.000")),
	},
	{
		name: "kubelet", example: "shop_api-…_UID/api/0.log  0.log.20261121-140509.gz",
		wrap:    criLines,
		active:  func(l *logName) string { return podDir(l) + "0.log" },
		rotated: func(l *logName, tag string) string { return podDir(l) + "0.log." + tag },
		stamp:   fixed(layout(time.Second, "20060102-150405")),
	},
	{
		name: "docker", example: "ID-json.log  ID-json.log.1  ID-json.log.2.gz",
		wrap: dockerLines, numbered: true, first: 1,
		active:  func(l *logName) string { return l.docker + "-json.log" },
		rotated: func(l *logName, tag string) string { return l.docker + "-json.log." + tag },
	},
	{
		// A processor such as gzip replaces the contents, not the name.
		name: "svlogd", example: "api/current  api/@400000006ae1….s",
		active:  func(l *logName) string { return l.stem + "/current" },
		rotated: func(l *logName, tag string) string { return l.stem + "/@" + tag + ".s" },
		ends:    func(compression) string { return "" },
		stamp:   fixed(stampForm{grain: 1, text: tai64n}),
	},
	{
		// The suffix suggests compress(1), which is wrong.
		name: "tinylog", example: "api/current  api/_20261121T140509.123456.s.Z",
		active:  func(l *logName) string { return l.stem + "/current" },
		rotated: func(l *logName, tag string) string { return l.stem + "/_" + tag + ".s" },
		ends:    func(compression) string { return ".Z" },
		stamp:   fixed(layout(time.Microsecond, "20060102T150405.000000")),
	},
	{
		name: "savelog", example: "api.log  api.log.0  api.log.1.gz",
		numbered: true, first: 0, active: plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + ".log." + tag },
	},
	{
		name: "log4j", example: "api.log  api.log.2026-11-21  api.log.2026-11-21-14",
		active:  plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + ".log." + tag },
		stamp:   log4jStamp,
	},
	{
		name: "log4j-index", example: "api.log  api-2026-11-21.1.log.gz",
		active:  plainActive,
		rotated: func(l *logName, tag string) string { return l.stem + "-" + tag + ".log" },
		stamp: func(policy) stampForm {
			f := layout(24*time.Hour, "2006-01-02")
			f.last, f.index = true, true
			return f
		},
	},
}

func podDir(l *logName) string { return l.pod + "/" + services[l.svc].name + "/" }

// dateextStamp returns a format for the rotation period: days, hours, or else
// the date and seconds since 1970 (dateformat -%Y%m%d-%s), because dates alone
// cannot distinguish members of one day.
func dateextStamp(p policy) stampForm {
	switch {
	case p.size == 0 && p.every >= 24*time.Hour:
		return layout(24*time.Hour, "20060102")
	case p.size == 0 && p.every >= time.Hour:
		return layout(time.Hour, "2006010215")
	}
	return stampForm{grain: time.Second, text: func(t time.Time) string {
		return t.Format("20060102-") + strconv.FormatInt(t.Unix(), 10)
	}}
}

// log4jStamp returns a format for the period that a member covers, not the time
// when it was closed.
func log4jStamp(p policy) stampForm {
	f := layout(time.Second, "2006-01-02_15-04-05")
	switch {
	case p.size == 0 && p.every >= 24*time.Hour:
		f = layout(24*time.Hour, "2006-01-02")
	case p.size == 0 && p.every >= time.Hour:
		f = layout(time.Hour, "2006-01-02-15")
	}
	f.last = true
	return f
}

// tai64n formats a time as TAI64N, like daemontools and runit: seconds since
// 1970 plus 10, offset by 2^62, then nanoseconds.
func tai64n(t time.Time) string {
	b := appendHex(nil, 1<<62+10+uint64(t.Unix()), 16)
	return string(appendHex(b, uint64(t.Nanosecond()), 8))
}

// A tagger returns the tags of a log's members, from the oldest to the newest.
type tagger struct {
	form  stampForm
	last  int64
	index int
}

func (g *tagger) tag(s span, rotated int64) string {
	if g.form.text == nil {
		return "" // numbered
	}
	at := rotated
	if g.form.last {
		at = s.last
	}
	grain := int64(g.form.grain)
	at = at / grain * grain
	if g.form.index {
		if at > g.last {
			g.last, g.index = at, 0
		}
		g.index++
		return g.form.text(time.Unix(0, at).UTC()) + "." + strconv.Itoa(g.index)
	}
	if g.last > 0 {
		at = max(at, g.last+grain)
	}
	g.last = at
	return g.form.text(time.Unix(0, at).UTC())
}

// memberName returns the name of a rotated member. Age 0 is the newest; tag is
// used only if members are not numbered.
func (st *style) memberName(l *logName, age int, tag string, c compression) string {
	if st.numbered {
		tag = strconv.Itoa(st.first + age)
	}
	name := st.rotated(l, tag)
	switch {
	case c == compressNone:
		return name
	case st.ends != nil:
		return name + st.ends(c)
	}
	return name + "." + c.String()
}

func (st *style) newTagger(p policy) tagger {
	if st.numbered {
		return tagger{}
	}
	return tagger{form: st.stamp(p)}
}

func findStyle(name string) (*style, error) {
	var all []string
	for i := range styles {
		if styles[i].name == name {
			return &styles[i], nil
		}
		all = append(all, styles[i].name)
	}
	return nil, fmt.Errorf("-names %q: no such style; there are %s", name, strings.Join(all, ", "))
}
