package index

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"logview/index/query"
	"logview/reader"
	"logview/reader/line"
)

// TestMayContain tests that a block is never excluded although a line in it is in the
// window: with times without zones, in zones whose clocks are changed, and without
// years, also if the file was written to later.
func TestMayContain(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 1))
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, z)
	}
	excluded, summarized, leading, seen := 0, 0, 0, map[reader.Inference]int{}
	for range 20000 {
		zone := zones[r.IntN(len(zones))]
		at := time.Date(2018+r.IntN(6), 1, 1, 0, 0, r.IntN(366*86400), 0, time.UTC)
		if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && r.IntN(2) == 0 {
			at = change
		}
		at = at.Add(time.Duration(r.IntN(7200)-3600) * time.Second)
		form := []string{"2006-01-02 15:04:05", "Jan _2 15:04:05", "2006-01-02T15:04:05Z07:00", "15:04:05"}[r.IntN(4)]
		var before string // the block before
		var text strings.Builder
		step := 1 + r.IntN(5000)
		if r.IntN(3) == 0 {
			before = at.Add(-time.Duration(r.IntN(step))*time.Second).In(zone).Format(form) + " line before\n"
			for range r.IntN(3) {
				text.WriteString([]string{"level=error without a time\n", "\tat of a trace\n"}[r.IntN(2)])
			}
		}
		last := at
		for i := range 1 + r.IntN(8) {
			last = at.Add(time.Duration(i*r.IntN(step)) * time.Second)
			fmt.Fprintf(&text, "%s line %d\n", last.In(zone).Format(form), i)
			if r.IntN(8) == 0 {
				fmt.Fprintf(&text, "%s other form\n", last.UTC().Format(time.RFC3339))
			}
			if r.IntN(4) == 0 {
				text.WriteString("level=error without a time\n")
			}
		}
		ref := last.Add(time.Duration(r.IntN(86400*3)) * time.Second)
		built := line.Clock{Zone: time.UTC, Ref: ref}
		table := surveyed(t, &built, before, text.String())
		k := table[len(table)-1]
		seen[k.Inferred]++
		if r.IntN(3) == 0 {
			ref = ref.AddDate(0, r.IntN(30), 0)
		}
		w := Window{Zone: zone, Since: at.Add(time.Duration(r.IntN(20000)-10000) * time.Second)}
		if r.IntN(4) > 0 {
			w.Until = w.Since.Add(time.Duration(r.IntN(4000)) * time.Second)
		}
		if checkSummary(t, table, w, ref, before, text.String()) {
			if summarized++; k.StartUntimed {
				leading++
			}
		}
		if w.mayContain(&k) {
			continue
		}
		excluded++
		asked := line.Clock{Zone: zone, Ref: ref}
		asked.Learn([]byte(text.String()))
		for l := range strings.Lines(text.String()) {
			if x, ok := asked.Time([]byte(l)); ok && w.contains(x) {
				t.Fatalf("%s: %q is at %v, in the window from %v to %v, but the block is excluded: %+v", zone, l, x, w.Since, w.Until, k)
			}
		}
	}
	for _, inferred := range []reader.Inference{reader.NotInferred, reader.InferredZone, reader.InferredYear, reader.InferredDate, reader.WallClock, reader.WallClockYear} {
		if seen[inferred] < 20 {
			t.Errorf("%d blocks with inference %d", seen[inferred], inferred)
		}
	}
	if excluded < 3000 || summarized < 3000 || leading < 300 {
		t.Errorf("only %d blocks are excluded, %d summarized, of these %d with lines before the first time", excluded, summarized, leading)
	}
}

// surveyed returns what a table has of blocks, after it was stored. Those that are empty are
// left out.
func surveyed(t *testing.T, c *line.Clock, texts ...string) []reader.TableBlock {
	t.Helper()
	table := &reader.Table{}
	for _, text := range texts {
		if text == "" {
			continue
		}
		k := c.Survey([]byte(text), false)
		k.Len, k.Lines, k.StoredLen = len(text), strings.Count(text, "\n"), 1
		table.Blocks = append(table.Blocks, k)
		table.Lines += int64(k.Lines)
	}
	table, err := reader.DecodeTable(table.Encode())
	if err != nil {
		t.Fatalf("%v: %q", err, texts)
	}
	return table.Blocks
}

// checkSummary compares what is known of the last block of a table without reading it with
// its lines, and reports whether anything is.
func checkSummary(t *testing.T, table []reader.TableBlock, w Window, ref time.Time, before, text string) bool {
	t.Helper()
	k := &table[len(table)-1]
	got := map[string]int64{} // by minute and level
	req := &Request{Query: query.Text{}, Window: w, Summary: func(_ reader.Member, counts []TimeCount) bool {
		for _, c := range counts {
			if len(counts) > 1 && !c.First.Truncate(time.Minute).Equal(c.Last.Truncate(time.Minute)) {
				t.Errorf("from %v to %v is not a minute", c.First, c.Last)
			}
			for v, n := range c.Levels {
				if n > 0 {
					got[fmt.Sprint(c.First.Truncate(time.Minute).Unix(), v)] += n
				}
			}
		}
		return true
	}}
	clock := line.Clock{Zone: w.Zone, Ref: ref}
	clock.Learn([]byte(before + text))
	p := &producer{scanRun: &scanRun{req: req, levels: allLevels, exact: true}, st: &memberScan{}, timer: &timer{clock: &clock}}
	n, ok := p.summarize(table, len(table)-1)
	if !ok {
		return false
	}
	want, lines := map[string]int64{}, int64(0)
	var last time.Time
	for l := range strings.Lines(before) {
		if x, ok := clock.Time([]byte(l)); ok {
			last = x
		}
	}
	timed := false
	for l := range strings.Lines(text) {
		if x, ok := clock.Time([]byte(l)); ok {
			last, timed = x, true
		}
		if w.contains(last) {
			lines++
			minute := last.Truncate(time.Minute)
			if k.Minutes == nil && timed {
				first, _ := k.TimesIn(w.Zone)
				minute = first.Truncate(time.Minute)
			}
			want[fmt.Sprint(minute.Unix(), int(line.LevelOf([]byte(l))))]++
		}
	}
	if n != lines || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%v from %v to %v: %d lines %v, want %d %v, in\n%s%+v", w.Zone, w.Since, w.Until, n, got, lines, want, text, k)
	}
	return true
}
