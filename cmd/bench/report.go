package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// A report contains all measurements and a description of the machine.
type report struct {
	opts    *options
	machine machine
	rivals  []version
	floor   int64 // peak memory of a program that does nothing
	missing []string
	corpora []*corpus
	results []*result
	live    []liveRow
	tui     []liveRow
}

// fastest and middle return the minimum and the median of the times of several
// runs.
func fastest(times []time.Duration) time.Duration { return slices.Min(times) }

func middle(times []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(times))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// ratios returns the times of a divided by those of b, for the minima and for
// the medians.
func ratios(a, b []time.Duration) (minima, medians float64) {
	return float64(fastest(a)) / float64(fastest(b)), float64(middle(a)) / float64(middle(b))
}

func ratioText(r float64) string {
	if r < 0.01 {
		return fmt.Sprintf("%.4f", r)
	}
	return fmt.Sprintf("%.2f", r)
}

// verdict reports whether a target is reached. The fastest runs decide, because
// other work of the machine disturbed them least. If the medians disagree,
// verdict says so.
func verdict(minimum, median, target float64) string {
	switch low, mid := minimum <= target, median <= target; {
	case low && mid:
		return "yes"
	case low:
		return "yes, but not by the medians"
	case mid:
		return "no, but by the medians"
	}
	return "**no**"
}

// problems describes everything that makes parts of the report invalid.
func (r *report) problems() []string {
	var list []string
	for _, res := range r.results {
		list = append(list, res.problems()...)
	}
	return list
}

func (r *result) problems() []string {
	var list []string
	where := fmt.Sprintf("%s, %s: ", r.corpus.name, r.row.name)
	if f := r.logview.failure; f != "" {
		list = append(list, where+"logview "+f)
	}
	for _, v := range r.rivals {
		if v.failure != "" {
			list = append(list, where+v.measurement.tool+" "+v.failure)
		}
		if v.counts == "" && v.lines != r.logview.lines {
			list = append(list, fmt.Sprintf("%sDISAGREEMENT: logview printed %s lines, %s %s",
				where, humanize.Comma(r.logview.lines), v.measurement.tool, humanize.Comma(v.lines)))
		}
	}
	return list
}

// markdown formats the report.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n")
	fmt.Fprintf(&b, "logview beside other programs, measured on %s with\n\n    %s\n\n", time.Now().UTC().Format("2006-01-02"), r.opts.command)
	if r.opts.quick || r.opts.runs < 3 && !r.opts.memory {
		b.WriteString("**So few runs are a smoke test. The numbers mean nothing.**\n\n")
	}
	if p := r.problems(); len(p) > 0 {
		b.WriteString("## PROBLEMS: not all of this can be trusted\n\n")
		for _, s := range p {
			fmt.Fprintf(&b, "- **%s**\n", s)
		}
		b.WriteString("\n")
	}
	b.WriteString(r.machineSection())
	b.WriteString(r.summary())
	b.WriteString(r.storeTable())
	b.WriteString(liveTable("Live", r.live))
	b.WriteString(liveTable("Explorer", r.tui))
	b.WriteString(r.memoryTable())
	if root, err := repository(); err == nil {
		b.WriteString(scaleSection(root))
	}
	b.WriteString(r.commands())
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (r *report) machineSection() string {
	var b strings.Builder
	m := r.machine
	b.WriteString("## Machine and programs\n\n")
	where := table{head: []string{"", ""}}
	where.add("CPU", m.cpu)
	where.add("CPUs used by every program", m.cores)
	where.add("Memory", m.memory)
	where.add("Kernel", m.kernel)
	where.add("Go", m.golang)
	where.add("Load before the start", m.load)
	for _, v := range r.rivals {
		if v.text == "" {
			v.text = "not installed, left out"
		}
		where.add(v.tool, v.text)
	}
	b.WriteString(where.String())
	fmt.Fprintf(&b, `
Times are those of whole processes, from start to exit, with all files in the
page cache and the output drained through a pipe. The programs took turns,
%s each. The fastest run and the median are given; ratios are logview's
time by the other program's, so less is better, and the fastest runs decide
whether a target is reached. Every run had an empty home, temporary and cache
directory of its own, but for logview's where an index is said to be there.
It is checked that all print equally many lines.

Peak memory is the resident set as the kernel reports it for the ended
process, of the hungriest run. Each program is started by a tiny process in
between, since the memory of whoever starts it counts, too: one that does
nothing comes out at %s. MB are millions of bytes.
`, plural(r.opts.runs, "run"), megabytes(r.floor))
	if r.opts.memory {
		b.WriteString("\nOnly logview was run, for its peak memory.\n")
	}
	if s := r.leftovers(); s != "" {
		b.WriteString("\n" + s)
	}
	for _, name := range r.missing {
		fmt.Fprintf(&b, "\nThere is no corpus %s: what it is made of was not on this machine.\n", name)
	}
	return b.String() + "\n"
}

// leftovers describes which commands wrote to the cache although they are not
// meant to build an index.
func (r *report) leftovers() string {
	var list []string
	for _, res := range r.results {
		if res.logview.left > 0 {
			list = append(list, fmt.Sprintf("- %s, %s: %s\n", res.corpus.name, res.row.name, humanize.IBytes(uint64(res.logview.left))))
		}
	}
	if len(list) == 0 {
		return "No run but those of `logview index` left a byte in any of these directories.\n"
	}
	return "Besides `logview index` these left something in their directories, which a later\nrun could have used; none here did, unless the store was filled anyway:\n\n" + strings.Join(list, "")
}

// summary returns a table of times for each corpus.
func (r *report) summary() string {
	var b strings.Builder
	for _, c := range r.corpora {
		fmt.Fprintf(&b, "## Corpus %s\n\n%s: %s.\n\n", c.name, upper(c.about), c.sizes())
		t := table{head: []string{"Task", "logview min / median", "Against", "min / median", "Ratio of minima", "of medians", "Target", "Reached", "Peak memory logview / other"}}
		notes := ""
		for _, res := range r.results {
			if res.corpus == c {
				res.addTo(&t)
				notes += res.notes()
			}
		}
		b.WriteString(t.String() + notes + "\n")
	}
	return b.String()
}

// addTo adds a row for each rival, and one for a target in seconds.
func (r *result) addTo(t *table) {
	task, times := r.title(), bothTimes(r.logview)
	if r.row.limit > 0 || len(r.rivals) == 0 {
		target, reached := "", ""
		if l := r.row.limit; l > 0 {
			target = "≤ " + seconds(l)
			reached = verdict(fastest(r.logview.times).Seconds(), middle(r.logview.times).Seconds(), l.Seconds())
		}
		t.add(task, times, "", "", "", "", target, reached, megabytes(r.logview.peak))
		task, times = "", ""
	}
	for i := range r.rivals {
		v := &r.rivals[i]
		low, mid := ratios(r.logview.times, v.times)
		lowText, midText := ratioText(low), ratioText(mid)
		if v.counts != "" {
			lowText, midText = "", "" // they are for a different task
		}
		target, reached := "", ""
		if v.target > 0 {
			target = fmt.Sprintf("≤ %g × %s", v.target, v.measurement.tool)
			reached = verdict(low, mid, v.target)
		}
		t.add(task, times, v.name(), bothTimes(v.measurement), lowText, midText,
			target, reached, megabytes(r.logview.peak)+" / "+megabytes(v.peak))
		task, times = "", ""
	}
}

// title returns the row's name, with a remark if it was not measured as named.
func (r *result) title() string {
	if r.row.filled && r.unfilled {
		return r.row.name + " (with nothing: all files are too small)"
	}
	return r.row.name
}

func (v *rivalResult) name() string {
	switch name := v.measurement.tool; {
	case v.counts != "":
		return name + " (" + plural(int(v.lines), "line") + ")"
	case v.once:
		return name + " (one run)"
	default:
		return name
	}
}

// notes explains results of rivals that do a different task.
func (r *result) notes() string {
	var b strings.Builder
	for _, v := range r.rivals {
		if v.counts != "" {
			fmt.Fprintf(&b, "\n%s %s: it printed %s where logview printed %s. That is not the same task, so there is no ratio.\n",
				v.measurement.tool, v.counts, plural(int(v.lines), "line"), humanize.Comma(r.logview.lines))
		}
	}
	return b.String()
}

// storeTable returns a table of the speed of building indexes and of their
// sizes, including the block stores of compressed files.
func (r *report) storeTable() string {
	t := table{head: []string{"Corpus", "Text", "Time min / median", "Text per second", "Target", "Reached", "Index", "of the text", "Target", "Reached",
		"Blocks of", "Blocks", "of those files' text", "Target", "Reached", "Peak memory"}}
	for _, res := range r.results {
		if !res.row.fills {
			continue
		}
		c := res.corpus
		low := fastest(res.logview.times).Seconds()
		rate := float64(c.Text) / 1e6 / max(low, 1e-9)
		t.add(c.name, humanize.IBytes(uint64(c.Text)), bothTimes(res.logview),
			fmt.Sprintf("%.0f MB/s", rate), fmt.Sprintf("≥ %d MB/s", buildRate), verdict(buildRate, buildRate, rate),
			humanize.IBytes(uint64(res.index)), percent(res.index, c.Text), fmt.Sprintf("≤ %d %%", indexPercent), verdict(float64(res.index), float64(res.index), float64(c.Text)*indexPercent/100),
			fmt.Sprintf("%d of %d files", res.kept, c.Compressed), humanize.IBytes(uint64(res.store)), percent(res.store, c.Packed), fmt.Sprintf("≤ %d %%", storePercent), verdict(float64(res.store), float64(res.store), float64(c.Packed)*storePercent/100),
			megabytes(res.logview.peak))
	}
	if len(t.rows) == 0 {
		return ""
	}
	return "## Building the index\n\n" + t.String() + "\n"
}

// Targets for building an index: text per second, and sizes.
const (
	buildRate    = 55 // MB/s
	indexPercent = 7  // percent of the text
	storePercent = 13 // percent of the compressed files' text
)

// rate formats how much text was indexed per second.
func (r *result) rate() string {
	return fmt.Sprintf("%.0f MB/s", float64(r.corpus.Text)/1e6/fastest(r.logview.times).Seconds())
}

// memoryTable compares logview's peak memory with the targets.
func (r *report) memoryTable() string {
	t := table{head: []string{"Corpus", "Task", "Peak memory", "Target", "Reached"}}
	for _, res := range r.results {
		target, reached := "", ""
		if m := res.row.memory; m > 0 && res.logview.peak > 0 {
			target = "≤ " + megabytes(m)
			reached = verdict(float64(res.logview.peak), float64(res.logview.peak), float64(m))
		}
		t.add(res.corpus.name, res.row.name, megabytes(res.logview.peak), target, reached)
	}
	return "## Peak memory of logview\n\n" + t.String() + "\n"
}

// commands lists the commands that were run, once for all corpora.
func (r *report) commands() string {
	var b strings.Builder
	b.WriteString("## Commands\n\nDIR is the corpus, FILE its only file, CACHE logview's cache directory.\n")
	var seen []*row
	for _, res := range r.results {
		if slices.Contains(seen, res.row) {
			continue
		}
		seen = append(seen, res.row)
		fmt.Fprintf(&b, "\n%s:\n\n    %s\n", upper(res.row.name), res.logview.command)
		for _, v := range res.rivals {
			fmt.Fprintf(&b, "    %s\n", v.command)
		}
	}
	return b.String()
}

// plain formats a result for printing while measuring.
func (r *result) plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s\n", r.title())
	line := func(m measurement, more string) {
		fmt.Fprintf(&b, "    %-8s %-19s %8s %11s lines  %s\n", m.tool, bothTimes(m), megabytes(m.peak), humanize.Comma(m.lines), more)
	}
	more := ""
	if r.row.fills {
		more = fmt.Sprintf("%s, index %s of the text, blocks %s of %d files' text", r.rate(), percent(r.index, r.corpus.Text), percent(r.store, r.corpus.Packed), r.kept)
	}
	line(r.logview, more)
	for _, v := range r.rivals {
		low, mid := ratios(r.logview.times, v.times)
		more := fmt.Sprintf("ratio %s, of medians %s", ratioText(low), ratioText(mid))
		if v.counts != "" {
			more = "not the same task"
		}
		line(v.measurement, more)
	}
	for _, p := range r.problems() {
		fmt.Fprintf(&b, "    !!! %s\n", p)
	}
	return b.String()
}

// command returns logview's command line as shown in the report.
func (r *row) command() string {
	return "logview " + shellWords(r.args) + " --cache-dir CACHE"
}

func (v *rival) commandLine() string {
	if v.shell != "" {
		return v.shell
	}
	return v.tool + " " + shellWords(v.args)
}

// shellWords joins arguments and quotes those that a shell would interpret.
func shellWords(args []string) string {
	list := slices.Clone(args)
	for i, a := range list {
		if a != "DIR/*" && strings.ContainsAny(a, " |()[]{}*?$\\\"'") {
			list[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(list, " ")
}

// A table formats rows as Markdown, with aligned columns to be readable as
// text.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	all := append([][]string{t.head}, t.rows...)
	wide := make([]int, len(t.head))
	for _, cells := range all {
		for i, c := range cells {
			wide[i] = max(wide[i], len([]rune(cell(c))))
		}
	}
	var b strings.Builder
	for n, cells := range all {
		for i, c := range cells {
			c = cell(c)
			b.WriteString("| " + c + strings.Repeat(" ", wide[i]-len([]rune(c))+1))
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for _, w := range wide {
			b.WriteString("|" + strings.Repeat("-", w+2))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// cell escapes a text for use in a table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func bothTimes(m measurement) string {
	return seconds(fastest(m.times)) + " / " + seconds(middle(m.times))
}

// seconds formats a duration with about three significant digits.
func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.1:
		return fmt.Sprintf("%.1f ms", 1000*s)
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	default:
		return fmt.Sprintf("%.1f s", s)
	}
}

// megabytes formats n bytes in units of 1,000,000 bytes; empty if n is 0, that
// is, unknown.
func megabytes(n int64) string {
	switch mb := float64(n) / 1e6; {
	case n == 0:
		return ""
	case mb < 10:
		return fmt.Sprintf("%.1f MB", mb)
	default:
		return fmt.Sprintf("%.0f MB", mb)
	}
}

func percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(int64(n)) + " " + what + "s"
}
