package main

import (
	"slices"
	"time"
)

// The places in which rows are measured, in the order of the report.
const (
	genCorpus  = "gen"
	realCorpus = "real"
	manyFiles  = "files"
	oneGzip    = "gzip"
	oneLine    = "line"
	hugeLog    = "huge" // only for the explorer
)

var (
	places = []string{genCorpus, realCorpus, manyFiles, oneGzip, oneLine}
	both   = []string{genCorpus, realCorpus}
)

// A row is one task of the report. To measure something new, add a row; only a
// new place requires code, in corpus.go.
type row struct {
	id, group string // names for -only
	name      string
	in        []string

	// args are logview's arguments, without --cache-dir. DIR stands for the
	// corpus, FILE for its only file, and {hex32} and the like for a text
	// found in the corpus. A corpus without such a text is skipped.
	args []string

	// filled gives logview a store that `logview index` filled before,
	// which is not measured. Otherwise, every run gets a new, empty store.
	filled bool
	// fills says that the row measures filling the store.
	fills bool

	rivals []rival
	limit  time.Duration // maximum time for logview; 0 for no target
	memory int64         // maximum memory for logview, in bytes
}

// A rival is another program that does the same task.
type rival struct {
	tool string   // program to find with findTool
	args []string // arguments of the tool; DIR/* stands for all files of the corpus
	// shell, if set, is a script for sh to run instead of args; FILE stands
	// for the only file.
	shell  string
	target float64 // maximum ratio of logview's time to the rival's; 0 for no target
	once   bool    // too slow to be run as often as the others
	// counts, if set, describes what the rival prints instead of the
	// matching lines. Its time is reported, but neither lines nor times are
	// compared.
	counts string
}

const (
	megabyte = 1_000_000
	inMemory = 128 * megabyte
)

// ugrep and rg return the two rivals of most rows.
func ugrep(target float64, args ...string) rival {
	return rival{tool: "ugrep", args: append(append([]string{"-z", "-r"}, args...), "DIR"), target: target}
}

func rg(target float64, args ...string) rival {
	return rival{tool: "rg", args: append(append([]string{"-z"}, args...), "DIR"), target: target}
}

const (
	rareRegexp   = `[0-9]+ zebra[a-z]+`
	commonRegexp = `fail(ed|ure)[: ][a-z]+` // matches one in 150 to 400 lines of either corpus
	noLiteral    = `[0-9]{3}:[a-z]{2}x`
)

var rows = []row{
	{
		id: "rare", group: "search", name: "rare text, any case", in: both,
		args: []string{"search", "-F", "zebrafish", "DIR"},
		rivals: []rival{
			ugrep(0.75, "-i", "-F", "zebrafish"),
			rg(0.55, "-i", "-F", "zebrafish"),
			{tool: "zgrep", args: []string{"-i", "-F", "zebrafish", "DIR/*"}, once: true},
			// Its output contains many lines without the text on
			// one corpus and lacks some lines with it on both.
			{tool: "lnav", args: []string{"-n", "-c", ":filter-in zebrafish", "DIR"}, once: true, counts: "filters in a way of its own"},
		},
		memory: inMemory,
	},
	{
		id: "frequent", group: "search", name: "frequent word, every hit printed", in: both,
		args: []string{"search", "-F", "error", "DIR"},
		rivals: []rival{
			ugrep(0.6, "-i", "-F", "error"),
			rg(0, "-i", "-F", "error"),
		},
		memory: inMemory,
	},
	{
		id: "literal-none", group: "search", name: "regular expression with a literal, no hit", in: both,
		args:   []string{"search", "-E", rareRegexp, "DIR"},
		rivals: []rival{ugrep(0.75, "-E", rareRegexp), rg(0, rareRegexp)},
		memory: inMemory,
	},
	{
		id: "literal", group: "search", name: "regular expression with a literal, many hits", in: both,
		args:   []string{"search", "-E", commonRegexp, "DIR"},
		rivals: []rival{ugrep(0.75, "-E", commonRegexp), rg(0, commonRegexp)},
		memory: inMemory,
	},
	{
		id: "no-literal", group: "search", name: "regular expression without a literal", in: both,
		args:   []string{"search", "-E", noLiteral, "DIR"},
		rivals: []rival{ugrep(3, "-E", noLiteral), rg(0, noLiteral)},
		memory: inMemory,
	},
	{
		id: "build", group: "index", name: "building the index, and the block store", in: both,
		args:   []string{"index", "DIR"},
		fills:  true,
		memory: 512 * megabyte,
	},
	indexed("nowhere", "a word that is nowhere", 15*time.Millisecond, "-F", "quetzalcoatlus"),
	indexed("rare-index", "rare text, any case", 25*time.Millisecond, "-F", "zebrafish"),
	indexed("phrase", "a phrase with a rare word", 25*time.Millisecond, "-F", "{phrase}"),
	indexed("hex32", "an identifier of 32 digits", 25*time.Millisecond, "-F", "{hex32}"),
	indexed("uuid", "a UUID", 25*time.Millisecond, "-F", "{uuid}"),
	indexed("infix", "a part of a word", 120*time.Millisecond, "-F", "ebrafi"),
	indexed("infix-many", "a part of a frequent word, hits counted", 120*time.Millisecond, "-c", "-F", "imeou"),
	indexed("literal-index", "regular expression with a rare literal", 120*time.Millisecond, "-E", `zebra[a-z]+ ?[0-9]*`),
	{
		id: "frequent-index", group: "index", name: "indexed: frequent word, hits counted", in: both,
		args:   []string{"search", "-c", "-F", "error", "DIR"},
		filled: true,
		rivals: []rival{{tool: "ugrep", args: []string{"-z", "-r", "-c", "-m1,", "-i", "-F", "error", "DIR"}, target: 0.35}},
		memory: inMemory,
	},
	understood("hour-errors", "errors of an hour, in the order of their times", false, 0, hourErrors...),
	besideLnav(understood("hour-errors-index", "errors of an hour, in the order of their times", true, 200*time.Millisecond, hourErrors...)),
	understood("minutes", "ten minutes of everything, in the order of time", true, 200*time.Millisecond,
		"search", "-e", "", "--sort", "time", "--tz", "UTC", "--since", "2026-11-02 10:00", "--until", "2026-11-02 10:10"),
	understood("last", "the last 20 errors", true, 50*time.Millisecond, "search", "--reverse", "-m", "20", "level>=error"),
	understood("per-minute", "lines per minute by level", true, 0, "stats", "--every", "1m", "--tz", "UTC"),
	understood("per-hour", "lines per hour by level", true, 300*time.Millisecond, "stats", "--every", "1h", "--tz", "UTC"),
	understood("field", "a field that compares", false, 0, "search", "-c", "duration_ms>1s"),
	understood("patterns", "patterns of all messages", false, 0, "patterns"),
	{
		id: "again", group: "index", name: "nothing new to index", in: []string{manyFiles},
		args:   []string{"index", "DIR"},
		filled: true,
		limit:  500 * time.Millisecond,
		memory: inMemory,
	},
	{
		id: "ls", group: "ls", name: "list the logs", in: []string{manyFiles},
		args:   []string{"ls", "DIR"},
		limit:  500 * time.Millisecond,
		memory: inMemory,
	},
	{
		id: "tail", group: "cat", name: "last 10 lines, no store", in: []string{oneGzip},
		args:   []string{"cat", "--tail", "10", "FILE"},
		rivals: []rival{{tool: "zcat", shell: "zcat FILE | tail -n 10"}},
		memory: inMemory,
	},
	{
		id: "tail-store", group: "cat", name: "last 10 lines, block store filled", in: []string{oneGzip},
		args:   []string{"cat", "--tail", "10", "FILE"},
		filled: true,
		rivals: []rival{{tool: "zcat", shell: "zcat FILE | tail -n 10"}},
		limit:  50 * time.Millisecond,
		memory: inMemory,
	},
	{
		id: "line", group: "line", name: "text in a huge line, which is printed", in: []string{oneLine},
		args: []string{"search", "-F", "zebrafish", "FILE"},
		rivals: []rival{
			{tool: "ugrep", args: []string{"-i", "-F", "zebrafish", "FILE"}},
			{tool: "rg", args: []string{"-i", "-F", "zebrafish", "FILE"}},
		},
		memory: 256 * megabyte,
	},
}

// hourErrors finds the errors of an hour of the corpus gen, whose times do not depend on
// when it is made.
var hourErrors = []string{"search", "level>=error", "--sort", "time", "--tz", "UTC", "--since", "2026-11-02 10:00", "--until", "2026-11-02 11:00"}

// besideLnav adds to a row for hourErrors what lnav makes of them: the same lines, some of
// them in a form of its own, and in addition the client errors of web servers, messages of
// syslog with the word, and the stack traces.
func besideLnav(r row) row {
	r.rivals = []rival{{
		tool: "lnav", once: true, counts: "also takes client errors and words in messages for errors, and prints stack traces",
		args: []string{"-n", "-c", ":hide-lines-before 2026-11-02 10:00:00", "-c", ":hide-lines-after 2026-11-02 11:00:00", "-c", ":set-min-log-level error",
			"-c", ":write-view-to /dev/null", "-c", ":quit", "DIR"}, // otherwise it does not always end
	}}
	return r
}

// understood returns a row for a task that needs the times, levels or fields of lines.
func understood(id, name string, filled bool, limit time.Duration, args ...string) row {
	r := row{id: id, group: "understand", name: name, in: []string{genCorpus}, args: append(args, "DIR"), filled: filled, limit: limit, memory: inMemory}
	if filled {
		r.name = "indexed: " + name
	}
	return r
}

// indexed returns a row for a search that uses an index. The last argument is
// the search term.
func indexed(id, name string, limit time.Duration, args ...string) row {
	r := row{
		id: id, group: "index", name: "indexed: " + name, in: both,
		args:   append(append([]string{"search"}, args...), "DIR"),
		filled: true,
		limit:  limit,
		memory: inMemory,
	}
	flag := "-F"
	if slices.Contains(args, "-E") {
		flag = "-E"
	}
	v := ugrep(1.0/40, "-i", flag, args[len(args)-1])
	if slices.Contains(args, "-c") {
		v = rival{tool: "ugrep", args: []string{"-z", "-r", "-c", "-m1,", "-i", "-F", args[len(args)-1], "DIR"}}
	}
	if flag == "-E" || slices.Contains(args, "ebrafi") {
		v.target = 0
	}
	r.rivals = []rival{v}
	return r
}

// rowsOf returns the rows to measure in a place.
func rowsOf(place string, o *options) []*row {
	var list []*row
	for i := range rows {
		if r := &rows[i]; slices.Contains(r.in, place) && o.keeps(r, place) {
			list = append(list, r)
		}
	}
	return list
}

// words returns the words that -only accepts, except memory.
func words() []string {
	list := append(slices.Clone(places), liveWord, tuiWord)
	for _, r := range rows {
		list = append(list, r.group, r.id)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func known(word string) bool { return slices.Contains(words(), word) }

// tools returns the programs of all rivals, in the order of the rows.
func tools() []string {
	var list []string
	for _, r := range rows {
		for _, v := range r.rivals {
			if !slices.Contains(list, v.tool) {
				list = append(list, v.tool)
			}
		}
	}
	return list
}
