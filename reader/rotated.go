package reader

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"logview/reader/lazyregexp"
)

// How rotated files are named, and which is older. What each program makes
// of app.log:
//
//	logrotate             app.log.1 app.log.2.gz …            higher is older
//	  extension           app.1.log app.2.log.gz              higher is older
//	  dateext             app.log-20261121 -2026112114 -%s    by date; also -20261121-%s
//	  olddir              the same in another directory
//	savelog               app.log.0 app.log.1.gz              higher is older
//	docker json-file      ID-json.log.1 …                     higher is older
//	lumberjack, zap       app-2006-01-02T15-04-05.000.log     by date
//	kubelet               0.log.20060102-150405               by date
//	log4j, logback,       app.log.2024-01-01                  by date,
//	  Python              app-2024-01-01.1.log.gz             then number, higher is newer
//	                      app.2024-01-01-00.log
//	svlogd, multilog      @TAI64N.s beside current            by date
//	tinylog               _yyyymmddThhmmss.uuuuuu.s           by date
//
// Any of them may be compressed. The endings below only help to find the
// name; what a file really is its first bytes tell.

// A name is what a file's base name says of its place in a log.
type name struct {
	stem       string // base name of the log's current file
	date       string // digits of the date in the name, comparable as text; "" for none
	number     int    // number in the name; -1 for none
	compressed bool   // has a compressor's ending
	weak       bool   // could as well be a log of its own: a member only if there are others
}

func (n name) current() bool { return n.date == "" && n.number < 0 }

var compressEnding = lazyregexp.New(`(?i)\.(gz|bz2|xz|zst|zstd|lz4|z|lzma|br|zip|zz|lz|lrz|rz|7z|rar)$`)

// One date, as many programs write it, with the time of day and parts of a
// second if they are there.
const datePattern = `(?:19|20)\d\d(?:` +
	`[01]\d[0-3]\d(?:[-_T]?[0-2]\d(?:[0-5]\d(?:[0-6]\d)?)?)?` + // 20261121, 2026112114, 20261121-140506
	`|[-_.][01]\d[-_.][0-3]\d(?:[-_T][0-2]\d(?:[-_.:]?[0-5]\d(?:[-_.:]?[0-6]\d(?:[.,]\d{1,9})?)?)?)?` + // 2026-11-21T14-05-06.000
	`)(?:Z|[-+]\d{4})?`

var (
	zipEnding = lazyregexp.New(`(?i)\.zip$`)
	numbered  = lazyregexp.New(`^(.+)\.(\d{1,6})$`)
	numberExt = lazyregexp.New(`^(.+)\.(\d{1,4})(\.[A-Za-z]{2,5})$`)
	dated     = lazyregexp.New(`^(.*?)([-_.])(` + datePattern + `)(?:[-_.](\d{1,5}|1\d{9}))?(\.[A-Za-z]{2,5})?$`)
	epoch     = lazyregexp.New(`^(.+)-(1\d{9})$`)
	tai64n    = lazyregexp.New(`^@([0-9a-f]{24})(?:\.[su])?$`)
	tinylog   = lazyregexp.New(`^_(\d{8})T(\d{6})\.(\d{6})\.s$`)
)

// parseName reads a base name. It never fails: what is no rotated name is
// the name of a log.
func parseName(base string) name {
	n := name{number: -1}
	b := base
	if isTarName(base) {
		n.stem = base // an archive is a log of its own; most zips are compressed files
		return n
	}
	if m := compressEnding.FindString(b); m != "" && len(m) < len(b) {
		n.compressed = true
		b = b[:len(b)-len(m)]
	}
	n.stem = b
	if m := tai64n.FindStringSubmatch(b); m != nil {
		n.stem, n.date = "current", m[1]
		return n
	}
	if m := tinylog.FindStringSubmatch(b); m != nil {
		n.stem, n.date = "current", m[1]+m[2]+m[3]
		return n
	}
	if m := dated.FindStringSubmatch(b); m != nil && m[1] != "" {
		n.date = digits(m[3])
		if m[4] != "" {
			n.number, _ = strconv.Atoi(m[4])
		}
		n.stem = m[1] + m[5]
		return n
	}
	if m := epoch.FindStringSubmatch(b); m != nil {
		if s, err := strconv.ParseInt(m[2], 10, 64); err == nil {
			n.stem, n.date = m[1], time.Unix(s, 0).UTC().Format("20060102150405")
			return n
		}
	}
	if m := numbered.FindStringSubmatch(b); m != nil {
		n.stem = m[1]
		n.number, _ = strconv.Atoi(m[2])
		return n
	}
	if m := numberExt.FindStringSubmatch(b); m != nil {
		n.stem, n.weak = m[1]+m[3], true
		n.number, _ = strconv.Atoi(m[2])
		return n
	}
	return n
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// older orders members of one log, oldest first.
func older(a, b name) int {
	class := func(n name) int {
		switch {
		case n.date != "":
			return 0
		case n.number >= 0:
			return 1
		}
		return 2
	}
	if c := cmp.Compare(class(a), class(b)); c != 0 {
		return c
	}
	if a.current() && a.compressed != b.compressed {
		// app.log.gz beside app.log: somebody compressed it, and a new one began.
		if a.compressed {
			return -1
		}
		return 1
	}
	if a.date != "" {
		// A date is comparable with a longer one: 20261121 lies before
		// 2026112114.
		if c := strings.Compare(a.date, b.date); c != 0 {
			return c
		}
		return cmp.Compare(a.number, b.number)
	}
	return cmp.Compare(b.number, a.number)
}

// gaps lists the names that are missing between members of one log: a number
// left out, or a day in a run of days.
func gaps(names []name) []string {
	var out []string
	next := -1 // the number expected, going down from the oldest
	for _, n := range names {
		if n.date != "" || n.number < 0 {
			continue
		}
		if next >= 0 && n.number < next {
			out = append(out, span(n.stem, n.number+1, next))
		}
		next = n.number - 1
	}
	// Numbers begin with 0 or 1 (or 9, which nobody uses).
	if next >= 1 && next < 8 {
		out = append(out, span(names[0].stem, 1, next))
	}

	const day = 24 * time.Hour
	var days []time.Time
	for _, n := range names {
		t, err := time.Parse("20060102", n.date)
		if n.date == "" || n.number >= 0 || err != nil {
			continue
		}
		days = append(days, t)
	}
	single := 0
	for i := 1; i < len(days); i++ {
		if days[i].Sub(days[i-1]) == day {
			single++
		}
	}
	if single*2 >= len(days)-1 && single > 0 {
		for i := 1; i < len(days); i++ {
			if days[i].Sub(days[i-1]) > day {
				from, to := days[i-1].Add(day), days[i].Add(-day)
				s := names[0].stem + " of " + from.Format("2006-01-02")
				if to.After(from) {
					s += " to " + to.Format("2006-01-02")
				}
				out = append(out, s)
			}
		}
	}
	return out
}

func span(stem string, from, to int) string {
	s := stem + "." + strconv.Itoa(from)
	if to > from {
		s += " to ." + strconv.Itoa(to)
	}
	return s
}
