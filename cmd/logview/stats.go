package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"logview/index"
	"logview/reader"
	"logview/reader/line"
	"logview/tui/visible"
)

type statsOptions struct {
	jobFlags
	json  bool
	utc   bool
	every time.Duration
	fixed bool // --every was given
	top   string
	by    string
	count number // values to print

	shown map[string]bool // the values of --by that have a column; nil if it is not known yet
}

func newStats(g *globals) *cobra.Command {
	o := &statsOptions{jobFlags: jobFlags{globals: g}, count: number{n: 20}}
	cmd := &cobra.Command{
		Use:   "stats [flags] [QUERY] [PATH…]",
		Short: "Count lines over time, by level or field",
		Long: `Count the lines that match QUERY, or all lines, over time: a row for each step, with
the number of lines by level and a bar. With --by FIELD, the numbers are those of the
most frequent values of a field instead; with --top FIELD, the values are listed
without regard to time. A line without a time counts at the time of the line before.

The first argument is a QUERY unless a file or directory has that name or it
looks like a path; -e QUERY always gives a query.`,
		Example: `  logview stats /var/log
  logview stats 'level:error' --every 1m --since 2h
  logview stats 'status>=500' --by path nginx/
  logview stats --top client nginx/access.log`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), o.takeQuery(args))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, g.streams)
	addText(f, "every", "", "count in steps of `DURATION`, such as 10s, 1m, 6h or 1d (default: such that about 30 steps result)", func(s string) error {
		q, ok := line.ParseQuantity([]byte(s))
		if !ok || q.Unit != line.Seconds || q.Value < 0.001 || q.Value > 366*86400 {
			return errors.New("not a duration; write for example 10s, 1m, 6h or 1d")
		}
		o.every, o.fixed = time.Duration(q.Value*float64(time.Second)), true
		return nil
	})
	addText(f, "by", "", "count by the values of `FIELD`, or of log or file, instead of by level", func(s string) error { o.by = s; return nil })
	addText(f, "top", "", "list the most frequent values of `FIELD`, or of level, log or file", func(s string) error { o.top = s; return nil })
	addNumber(f, &o.count, "count", "", "with --top, list `N` values; 0 means all (default 20)", nil)
	addSwitch(f, &o.json, "json", "", "print a JSON object for each step or value")
	addWord(f, "utc", "", "print times in UTC instead of local time or --tz", func() { o.utc = true })
	o.fileFlags.register(cmd, "search")
	o.jobFlags.register(f)
	return cmd
}

// steps are the steps of time that are chosen from.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// A statsPart counts some of the lines.
type statsPart struct {
	histogram
	values valueReader
}

// begin sets the step, the first time.
func (p *statsPart) begin(o *statsOptions, step time.Duration) {
	if p.step == 0 {
		p.step, p.fixed = step, o.fixed
	}
}

func (o *statsOptions) run(ctx context.Context, paths []string) error {
	tree, err := o.optionalTree()
	if err != nil {
		return err
	}
	if o.top != "" && o.by != "" {
		return errors.New("--top lists values without regard to time, --by counts them over time: choose one")
	}
	if o.by != "" {
		o.twice = "--by"
	}
	j, err := o.prepare(ctx, tree, paths)
	if err != nil {
		return err
	}
	if o.top != "" {
		return o.runTop(ctx, j)
	}
	if o.every == 0 {
		o.every = j.usualStep()
	}
	if o.by != "" {
		t, _, err := j.countValues(ctx, o.by, true)
		if err != nil {
			return endedBy(ctx, err)
		}
		o.shown = map[string]bool{}
		list := t.ranked()
		for i, v := range list {
			if i < mostColumns || i == mostColumns && len(list) == mostColumns+1 && t.other == 0 {
				o.shown[v.name] = true
			}
		}
	}
	first := o.first()
	c := o.counting(j, first)
	st, err := j.run(ctx, renderLong(j.req))
	if err != nil {
		return endedBy(ctx, err)
	}
	total := &histogram{step: first, fixed: o.fixed}
	for _, p := range c.all {
		total.join(&p.histogram, mostByStep)
	}
	if total.full {
		return fmt.Errorf("more than %s steps have lines; give a longer --every, or limit the time with --since and --until", humanize.Comma(mostFixedSteps))
	}
	if err := o.printSteps(total); err != nil {
		return err
	}
	return j.outcomeOfLines(st)
}

// runTop prints the most frequent values.
func (o *statsOptions) runTop(ctx context.Context, j *searchJob) error {
	if o.fixed {
		return errors.New("--top lists values without regard to time: leave out --every, or use --by")
	}
	t, st, err := j.countValues(ctx, o.top, false)
	if err != nil {
		return endedBy(ctx, err)
	}
	if err := o.printTop(t); err != nil {
		return err
	}
	if _, none := t.counts[""]; none && len(t.counts) == 1 {
		o.printError(fmt.Errorf("none of these lines has a field %s", visible.String(strconv.Quote(o.top))))
	}
	return j.outcomeOfLines(st)
}

// counting makes a search count the lines that it finds, in steps of first, and returns the
// counter.
func (o *statsOptions) counting(j *searchJob, first time.Duration) *counter[statsPart] {
	c := &counter[statsPart]{}
	j.req.Times, j.req.Fields = true, o.by != ""
	j.req.Render = func(h *index.Hits) {
		c.with(func(p *statsPart) {
			p.begin(o, first)
			o.countHits(p, h)
		})
	}
	if o.by == "" {
		j.req.Summary = func(_ reader.Member, counts []index.TimeCount) bool {
			for _, x := range counts {
				if floorDiv(x.First.UnixNano(), int64(first)) != floorDiv(x.Last.UnixNano(), int64(first)) {
					return false
				}
			}
			known := true
			c.with(func(p *statsPart) {
				p.begin(o, first)
				if known = p.step == first; !known {
					return // the steps have become longer
				}
				for _, x := range counts {
					for v, n := range x.Levels {
						if n > 0 {
							p.add(x.First, line.Level(v).String(), mostByStep, n)
						}
					}
				}
			})
			return known
		}
	}
	return c
}

// usualStep returns a step such that about 30 of them result, from the first and the last
// times that are known of the logs without reading them; 0 if some are not.
func (j *searchJob) usualStep() time.Duration {
	var first, last time.Time
	for _, l := range j.logs {
		from, to := timeSpan(j.cache, l, j.req.Options.Formats)
		if from == nil || to == nil {
			return 0
		}
		if first.IsZero() || from.Before(first) {
			first = *from
		}
		if to.After(last) {
			last = *to
		}
	}
	if w := j.req.Window; first.Before(w.Since) {
		first = w.Since
	}
	if w := j.req.Window; !w.Until.IsZero() && last.After(w.Until) {
		last = w.Until
	}
	return usualStep(last.Sub(first), 0)
}

// usualStep returns the shortest step, not shorter than least, such that a duration has
// about 30.
func usualStep(d, least time.Duration) time.Duration {
	const rows = 30
	for _, s := range steps {
		if (least == 0 || s%least == 0) && d <= rows*s {
			return s
		}
	}
	return max(least, steps[len(steps)-1])
}

// first returns the step in which lines are counted at first: short enough that steps
// of --every can be made of them in every zone.
func (o *statsOptions) first() time.Duration {
	switch {
	case o.every == 0:
		return time.Second
	case o.every%time.Second != 0:
		return o.every
	}
	a, b := o.every, quarter
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// countHits counts lines.
func (o *statsOptions) countHits(p *statsPart, h *index.Hits) {
	p.values.fields.Formats = o.Formats
	name := cmp.Or(o.by, "level")
	for i := range h.Lines {
		l := &h.Lines[i]
		value := string(p.values.of(name, h, l))
		if o.shown != nil && !o.shown[value] {
			value = others
		}
		p.add(l.Time, value, mostByStep, 1)
	}
}

// shownValue returns a value as it is printed; "(none)" for lines without it.
func shownValue(s string) string {
	if s == "" {
		return "(none)"
	}
	return visible.String(s)
}

func (o *statsOptions) printTop(t *tally) error {
	list, total := t.ranked(), t.total()
	left := 0
	if n := int(o.count.n); n > 0 && len(list) > n {
		left, list = len(list)-n, list[:n]
	}
	var buf []byte
	most := int64(1)
	if len(list) > 0 {
		most = list[0].n
	}
	appendValue := func(name string, n int64, bar string) {
		share := float64(n) / float64(max(total, 1))
		if o.json {
			buf = appendJSON(buf, struct {
				Value string  `json:"value"`
				Count int64   `json:"count"`
				Share float64 `json:"share"`
			}{name, n, share})
			return
		}
		buf = fmt.Appendf(buf, "%11s %5.1f%%  %-20s  %s\n", humanize.Comma(n), 100*share, bar, shownValue(name))
	}
	for _, v := range list {
		appendValue(v.name, v.n, bar([]int64{v.n}, nil, most, 20))
	}
	if left > 0 && !o.json {
		buf = fmt.Appendf(buf, "… and %s more values (--count 0 prints all)\n", humanize.Comma(int64(left)))
	}
	if t.other > 0 { // rare values
		appendValue(others, t.other, "")
	}
	_, err := o.out.Write(buf)
	return err
}

// mostColumns is how many values --by tells apart.
const mostColumns = 5

// A row is a step as it is printed.
type row struct {
	at     time.Time
	counts []int64 // by column
}

// columns returns the values to print in each step, and the column of each value.
func (o *statsOptions) columns(h *histogram) (names []string, of []int) {
	of = make([]int, len(h.names))
	if o.by == "" {
		for k := range line.Fatal + 1 {
			v := line.Fatal - k
			if i, ok := h.values[v.String()]; ok {
				of[i] = len(names)
				names = append(names, cmp.Or(v.String(), "other"))
			}
		}
		return names, of
	}
	rest := -1
	for _, v := range h.ranked() {
		told := o.shown[v.name]
		if told {
			of[v.index] = len(names)
			names = append(names, shownValue(v.name))
			continue
		}
		if rest < 0 {
			rest = len(names)
			names = append(names, others)
		}
		of[v.index] = rest
	}
	return names, of
}

// stepFor returns the step to print.
func (o *statsOptions) stepFor(h *histogram) time.Duration {
	if o.every > 0 && o.every%h.step == 0 {
		return o.every
	}
	first, last := h.span()
	return usualStep(last.Sub(first), h.step)
}

// begin returns the beginning of the step that a time is in. Steps begin at multiples
// of their length since midnight in the zone.
func begin(t time.Time, step time.Duration, zone *time.Location) time.Time {
	t = t.In(zone)
	if step > 24*time.Hour {
		_, offset := t.Zone()
		shift := time.Duration(offset) * time.Second
		return t.Add(shift).Truncate(step).Add(-shift)
	}
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
	return midnight.Add(t.Sub(midnight) / step * step)
}

func (o *statsOptions) printSteps(h *histogram) error {
	zone := o.printedZone(o.utc)
	names, of := o.columns(h)
	step := o.stepFor(h)
	rows := map[int64]*row{}
	for k, c := range h.counts {
		at := begin(time.Unix(0, k*int64(h.step)), step, zone)
		r := rows[at.UnixNano()]
		if r == nil {
			r = &row{at, make([]int64, len(names))}
			rows[at.UnixNano()] = r
		}
		for i, n := range c {
			r.counts[of[i]] += n
		}
	}
	list := slices.SortedFunc(maps.Values(rows), func(a, b *row) int { return a.at.Compare(b.at) })
	var buf []byte
	if o.json || len(list) == 0 {
		for _, r := range list {
			buf = o.appendRowJSON(buf, r, names, zone)
		}
	} else {
		buf = o.appendRows(buf, fill(list, step, zone, len(names)), names, step)
	}
	if untimed := sum(h.untimed); untimed > 0 {
		if o.json {
			buf = appendJSON(buf, struct {
				Count int64 `json:"count"`
			}{untimed})
		} else {
			what := "lines have"
			if untimed == 1 {
				what = "line has"
			}
			buf = fmt.Appendf(buf, "%s %s no time\n", humanize.Comma(untimed), what)
		}
	}
	_, err := o.out.Write(buf)
	return err
}

// fill returns the rows with the steps without lines between them, unless these are
// many.
func fill(list []*row, step time.Duration, zone *time.Location, columns int) []*row {
	const most = 60
	var out []*row
	for i, r := range list {
		if i > 0 {
			at := begin(list[i-1].at.Add(step+step/2), step, zone)
			if r.at.Sub(at) > most*step {
				out = append(out, nil) // a gap
			} else {
				for at.Before(r.at) {
					out = append(out, &row{at, make([]int64, columns)})
					next := begin(at.Add(step+step/2), step, zone)
					if !next.After(at) {
						break
					}
					at = next
				}
			}
		}
		out = append(out, r)
	}
	return out
}

func (o *statsOptions) appendRowJSON(buf []byte, r *row, names []string, zone *time.Location) []byte {
	key := "levels"
	if o.by != "" {
		key = "values"
	}
	values := jsonObject{}
	for i, n := range r.counts {
		if n > 0 {
			values = append(values, jsonMember{names[i], fmt.Sprint(n), true})
		}
	}
	return appendJSON(buf, jsonObject{
		{"time", r.at.In(zone).Format(timeForm), false},
		{"count", fmt.Sprint(sum(r.counts)), true},
		{key, string(jsonText(values)), true},
	})
}

func jsonText(o jsonObject) []byte {
	b, _ := o.MarshalJSON() // it does not fail
	return b
}

func sum(c []int64) (total int64) {
	for _, n := range c {
		total += n
	}
	return total
}

// levelColors are the colours of columns of levels.
var levelColors = map[string]string{"fatal": "\x1b[1;31m", "error": "\x1b[31m", "warn": "\x1b[33m", "info": "\x1b[32m", "debug": "\x1b[34m", "trace": "\x1b[36m"}

// appendRows appends the rows as a table with bars.
func (o *statsOptions) appendRows(buf []byte, list []*row, names []string, step time.Duration) []byte {
	color, _ := o.colored()
	width := 100
	if w, _, err := term.GetSize(int(o.out.Fd())); err == nil {
		width = w
	}
	most := int64(1)
	for _, r := range list {
		if r != nil {
			most = max(most, sum(r.counts))
		}
	}
	form := "2006-01-02 15:04:05"
	switch {
	case step >= 24*time.Hour:
		form = "2006-01-02"
	case step >= time.Minute:
		form = "2006-01-02 15:04"
	case step < time.Second:
		form = "2006-01-02 15:04:05.000"
	}
	head := fmt.Sprintf("%-*s %9s", len(form), "TIME", "LINES")
	widths := make([]int, len(names))
	for i, n := range names {
		widths[i] = min(max(7, ansi.StringWidth(n)), 20)
		head += fmt.Sprintf(" %*s", widths[i], ansi.Truncate(n, widths[i], "…"))
	}
	buf = append(append(buf, head...), '\n')
	room := max(10, width-ansi.StringWidth(head)-3)
	for _, r := range list {
		if r == nil {
			buf = append(buf, "…\n"...)
			continue
		}
		buf = fmt.Appendf(buf, "%s %9s", r.at.Format(form), humanize.Comma(sum(r.counts)))
		for i, n := range r.counts {
			v := ""
			if n > 0 {
				v = humanize.Comma(n)
			}
			buf = fmt.Appendf(buf, " %*s", widths[i], v)
		}
		var colors []string
		if color {
			colors = make([]string, len(names))
			for i, n := range names {
				colors[i] = levelColors[n]
			}
		}
		buf = append(bytes.TrimRight(append(append(buf, "  "...), bar(r.counts, colors, most, room)...), " "), '\n')
	}
	return buf
}

// bar returns a bar of up to width cells for counts, in their colours if there are any;
// most is the count of the longest bar.
func bar(counts []int64, colors []string, most int64, width int) string {
	const eighths = " ▏▎▍▌▋▊▉█"
	if colors == nil {
		n := int(sum(counts) * int64(8*width) / max(most, 1))
		if n == 0 && sum(counts) > 0 {
			n = 1
		}
		s := strings.Repeat("█", n/8)
		if n%8 > 0 {
			s += string([]rune(eighths)[n%8])
		}
		return s
	}
	var b strings.Builder
	done, cells := int64(0), 0
	for i, n := range counts {
		done += n
		to := int((done*int64(width) + most - 1) / max(most, 1))
		if to > cells {
			b.WriteString(colors[i] + strings.Repeat("█", to-cells) + colorOff)
			cells = to
		}
	}
	return b.String()
}
