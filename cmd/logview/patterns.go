package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"logview/index"
	"logview/index/pattern"
	"logview/reader/line"
	"logview/tui/visible"
)

type patternsOptions struct {
	jobFlags
	json     bool
	utc      bool
	top      number
	newSince string
}

func newPatterns(g *globals) *cobra.Command {
	o := &patternsOptions{jobFlags: jobFlags{globals: g}}
	o.top = number{n: 50}
	cmd := &cobra.Command{
		Use:   "patterns [flags] [QUERY] [PATH…]",
		Short: "Count the messages by their patterns",
		Long: `Group the lines that match QUERY, or all lines, by the patterns of their messages:
the words that stay, with * in place of values. Print the patterns, the most
frequent first, with the number of their lines, their share, and when they
occurred first and last.

The first argument is a QUERY unless a file or directory has that name or it
looks like a path; -e QUERY always gives a query. To see the lines of a pattern,
give its ID to search --pattern, with the same QUERY and PATHs.`,
		Example: `  logview patterns /var/log
  logview patterns 'level>=error' --since 1h
  logview patterns 'level>=error' --new-since 14:00 /var/log/app
  logview search --pattern 3f9c1a5b 'level>=error' /var/log`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), o.takeQuery(args))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.register(cmd, g.streams)
	addNumber(f, &o.top, "top", "", "print the `N` most frequent patterns; 0 means all (default 50)", nil)
	addText(f, "new-since", "", "print only patterns that occurred first at `TIME` or later, as in --since", func(s string) error {
		o.newSince = s
		return nil
	})
	addSwitch(f, &o.json, "json", "", "print a JSON object for each pattern: id, pattern, count, share, first, last, levels, ref, example")
	addWord(f, "utc", "", "print times in UTC instead of local time or --tz", func() { o.utc = true })
	o.fileFlags.register(cmd, "search")
	o.jobFlags.register(f)
	return cmd
}

// A counter counts lines in the goroutines that find them. Each has a part of its own
// while it counts.
type counter[T any] struct {
	mu   sync.Mutex
	free []*T
	all  []*T
}

// with calls f with a part.
func (c *counter[T]) with(f func(*T)) {
	c.mu.Lock()
	var part *T
	if n := len(c.free); n > 0 {
		part, c.free = c.free[n-1], c.free[:n-1]
	} else {
		part = new(T)
		c.all = append(c.all, part)
	}
	c.mu.Unlock()
	f(part)
	c.mu.Lock()
	c.free = append(c.free, part)
	c.mu.Unlock()
}

// A patternPart counts the patterns of some of the lines.
type patternPart struct {
	pattern.Sketch
	keyMaker
}

// A keyMaker makes the keys of lines, in a buffer that it reuses.
type keyMaker struct {
	fields line.Fields
	shown  line.Shown
	buf    []byte
}

// key returns what is shown of a line, and the key of its message.
func (k *keyMaker) key(text []byte) (shown, key []byte) {
	if k.shown.Set(text) {
		text = k.shown.Text
	}
	m := k.fields.Message(text)
	m = m[:min(len(m), longestMessage)]
	if k.fields.Format() == "access" {
		k.buf = pattern.MaskRequest(k.buf[:0], m)
	} else {
		k.buf = pattern.Mask(k.buf[:0], m)
	}
	if len(k.buf) == 0 { // marks alone
		k.buf = pattern.Mask(k.buf, text[:min(len(text), longestMessage)])
	}
	return text, k.buf
}

// A patternCount counts the patterns of the lines that a search finds.
type patternCount struct {
	counter[patternPart]
	zone *time.Location

	ranks sync.Mutex
	rank  map[string]int32 // of the files, in order
}

// rankOf returns the number of a file.
func (c *patternCount) rankOf(h *index.Hits) int32 {
	c.ranks.Lock()
	defer c.ranks.Unlock()
	n, ok := c.rank[h.Member.Path]
	if !ok {
		n = int32(len(c.rank))
		c.rank[h.Member.Path] = n
	}
	return n
}

// count counts the lines of hits.
func (c *patternCount) count(h *index.Hits) {
	rank, refs := c.rankOf(h), newRefMaker(h)
	c.with(func(p *patternPart) {
		for i := range h.Lines {
			l := &h.Lines[i]
			text, key := p.key(h.Text[l.Start:l.End])
			if len(key) == 0 {
				continue // an empty line
			}
			if e := p.Add(key, l.Time, h.Columns.LevelOf(text), rank, int64(l.Line), text); e != nil {
				e.Ref = refs.ref(l, h.Text[l.Start:l.End])
			}
		}
	})
}

// longestMessage is how much of a message decides on its pattern.
const longestMessage = 4 << 10

// countPatterns searches, and counts the patterns of the lines found.
func (j *searchJob) countPatterns(ctx context.Context) (*patternCount, index.Stats, error) {
	c := &patternCount{rank: map[string]int32{}, zone: j.req.Window.Zone}
	for _, src := range j.sources {
		for _, m := range src.Members() {
			c.rank[m.Path] = int32(len(c.rank))
		}
	}
	j.req.Times, j.req.Render = true, c.count
	st, err := j.run(ctx, renderLong(j.req))
	return c, st, err
}

// joined returns the counts of all parts.
func (c *patternCount) joined() *pattern.Sketch {
	var s pattern.Sketch
	for _, p := range c.all {
		s.Join(&p.Sketch)
	}
	return &s
}

func (o *patternsOptions) run(ctx context.Context, paths []string) error {
	tree, err := o.optionalTree()
	if err != nil {
		return err
	}
	since := time.Time{}
	if o.newSince != "" {
		var err error
		if since, _, err = line.ParseTime(o.newSince, time.Now(), o.zone()); err != nil {
			return fmt.Errorf("--new-since: %w", err)
		}
	}
	j, err := o.prepare(ctx, tree, paths)
	if err != nil {
		return err
	}
	c, st, err := j.countPatterns(ctx)
	if err != nil {
		return endedBy(ctx, err)
	}
	all := c.joined()
	list, other := all.Patterns()
	if !since.IsZero() {
		kept := list[:0]
		for _, p := range list {
			if !p.First.IsZero() && !p.First.Before(since) {
				kept = append(kept, p)
			}
		}
		list = kept
	}
	if err := o.print(c, list, other, st.Hits); err != nil {
		return err
	}
	if !all.Complete() {
		o.printError(errors.New("the messages have so many different words that a few lines may be counted for another pattern"))
	}
	return j.outcome(st, len(list) > 0)
}

// A jsonPattern is a pattern in the output of --json.
type jsonPattern struct {
	ID      string     `json:"id"`
	Pattern string     `json:"pattern"`
	Count   int64      `json:"count"`
	Share   float64    `json:"share"` // of the lines that match the query
	First   string     `json:"first,omitempty"`
	Last    string     `json:"last,omitempty"`
	Levels  jsonObject `json:"levels,omitempty"`
	Ref     string     `json:"ref,omitempty"` // of the example
	Example string     `json:"example"`
}

func (o *patternsOptions) print(c *patternCount, list []pattern.Pattern, other pattern.Count, total int64) error {
	zone := o.printedZone(o.utc)
	rest := int64(0) // patterns that are not printed
	if n := int(o.top.n); n > 0 && len(list) > n {
		rest = int64(len(list) - n)
		list = list[:n]
	}
	var buf []byte
	width := math.MaxInt
	if w, _, err := term.GetSize(int(o.out.Fd())); err == nil {
		width = w
	}
	const narrow = 110 // columns, below which the times are left out
	appendRow := func(count, share, times, id, level, text string) {
		if width >= narrow {
			share = fmt.Sprintf("%s  %-22s", share, times)
		}
		row := fmt.Sprintf("%9s %s  %-8s  %-5s  %s", count, share, id, level, text)
		buf = append(append(buf, ansi.Truncate(row, width, "…")...), '\n')
	}
	if !o.json && len(list) > 0 {
		appendRow("COUNT", " SHARE", "FIRST – LAST", "ID", "LEVEL", "PATTERN")
	}
	times := lineReader{zone: zone}
	for i := range list {
		p := &list[i]
		share := float64(p.N) / float64(max(total, 1))
		if o.json {
			buf = appendJSON(buf, jsonPattern{p.ID(), p.Text, p.N, share, times.timeText(p.First), times.timeText(p.Last), levelsJSON(p.Levels), p.Example.Ref, p.Example.Text})
			continue
		}
		appendRow(humanize.Comma(p.N), fmt.Sprintf("%5.1f%%", 100*share), timeRange(p.First, p.Last, zone), p.ID(), mostFrequent(p.Levels), visible.String(shownPattern(p)))
	}
	if !o.json {
		if rest > 0 {
			buf = fmt.Appendf(buf, "… and %s more patterns (--top 0 prints all)\n", humanize.Comma(rest))
		}
		if other.N > 0 {
			buf = fmt.Appendf(buf, "%9s %5.1f%%  (other): messages of too many kinds to tell apart\n", humanize.Comma(other.N), 100*float64(other.N)/float64(max(total, 1)))
		}
	} else if other.N > 0 {
		buf = appendJSON(buf, jsonPattern{Pattern: "(other)", Count: other.N, Share: float64(other.N) / float64(max(total, 1)), Example: other.Example.Text})
	}
	if len(list) == 0 && o.newSince != "" {
		fmt.Fprintf(o.err, "logview: no pattern was first seen at %s or later\n", visible.String(o.newSince))
	}
	_, err := o.out.Write(buf)
	return err
}

// shownPattern returns the text of a pattern; the example if it has no words.
func shownPattern(p *pattern.Pattern) string {
	if strings.Trim(p.Text, pattern.Star+" ") == "" {
		return p.Text + "  (" + p.Example.Text + ")"
	}
	return p.Text
}

// levelsJSON returns the numbers of lines by level.
func levelsJSON(levels [line.Fatal + 1]int64) (out jsonObject) {
	for v := line.Fatal; v > line.NoLevel; v-- {
		if n := levels[v]; n > 0 {
			out = append(out, jsonMember{v.String(), fmt.Sprint(n), true})
		}
	}
	return out
}

// mostFrequent returns the name of the level that most lines have, the highest of several.
func mostFrequent(levels [line.Fatal + 1]int64) string {
	most := line.Fatal
	for v := line.Fatal; v > line.NoLevel; v-- {
		if levels[v] > levels[most] {
			most = v
		}
	}
	if levels[most] == 0 {
		return ""
	}
	return most.String()
}

// timeRange returns two times briefly: without the day if both are today, and without
// the time of day if they are days apart or not of this year.
func timeRange(first, last time.Time, zone *time.Location) string {
	if first.IsZero() {
		return ""
	}
	first, last = first.In(zone), last.In(zone)
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	switch {
	case day(first) == day(last) && day(first) == day(time.Now().In(zone)):
		return first.Format(time.TimeOnly) + "–" + last.Format(time.TimeOnly)
	case day(first) == day(last) && first.Year() == time.Now().In(zone).Year():
		return first.Format("Jan _2 15:04") + "–" + last.Format("15:04")
	case day(first) == day(last):
		return first.Format("2006-01-02 15:04") + "–" + last.Format("15:04")
	}
	return first.Format("2006-01-02") + "–" + last.Format("01-02")
}

// selectPattern restricts the search to the lines of a pattern. It counts the patterns
// of the lines that match the query first.
func (j *searchJob) selectPattern(ctx context.Context, wanted string) error {
	k := *j
	req := index.Request{Query: j.req.Query, Options: j.req.Options, Window: j.req.Window, Sources: j.req.Sources}
	k.req, k.first = &req, true
	c, _, err := k.countPatterns(ctx)
	if err != nil {
		return err
	}
	all := c.joined()
	belongs, ok := all.Belongs(wanted)
	if !ok {
		return fmt.Errorf("--pattern %s: the lines that match have no such pattern; give the same QUERY and PATHs as to patterns", wanted)
	}
	if !all.Complete() {
		j.flags.printError(errors.New("the messages have so many different words that a few lines may be counted for another pattern; a narrower search is exact"))
	}
	j.req.Where = func() func([]byte) bool {
		var k keyMaker
		return func(text []byte) bool {
			_, key := k.key(text)
			return belongs(key)
		}
	}
	return nil
}
