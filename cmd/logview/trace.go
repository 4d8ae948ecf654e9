package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"logview/index"
	"logview/index/query"
	"logview/reader/line"
	"logview/tui/visible"
)

type traceOptions struct {
	jobFlags
	json    bool
	utc     bool
	related bool
}

func newTrace(g *globals) *cobra.Command {
	o := &traceOptions{jobFlags: jobFlags{globals: g}}
	cmd := &cobra.Command{
		Use:   "trace [flags] ID [PATH…]",
		Short: "Print what all logs say of one request, in order",
		Long: `Print the records of all logs that contain ID as a whole word, such as the id of a
request or a trace, in the order of their times. A record is a line with the lines
that continue it, such as a stack trace. In front of each is the time since the one
before, and its file.

With --related, records with the other ids that these records have in fields such
as request_id, trace_id or traceparent are printed, too.`,
		Example: `  logview trace 4f307c6f5885923f60d9091fb33c70c3
  logview trace --related req-7f3a /var/log --since -1h`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("ID is missing: logview trace ID [PATH…]")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0], args[1:]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.queryFlags.registerTime(f)
	addSwitch(f, &o.related, "related", "", "also print records with other ids that the records found have")
	addSwitch(f, &o.json, "json", "", "print a JSON object for each line, as in search, with its record")
	addWord(f, "utc", "", "print times in UTC instead of local time or --tz", func() { o.utc = true })
	o.fileFlags.register(cmd, "search")
	o.jobFlags.register(f)
	return cmd
}

// idFields are the names of fields with ids that several logs share.
var idFields = []string{"request_id", "requestid", "req_id", "rid", "x-request-id", "x_request_id", "trace_id", "traceid", "trace.id", "traceparent",
	"correlation_id", "correlationid", "x-correlation-id", "transaction_id", "dd.trace_id", "otel.trace_id"}

// mostRelated is how many other ids are searched for, and leastID the length of the
// shortest.
const (
	mostRelated = 50
	leastID     = 6
)

func (o *traceOptions) run(ctx context.Context, id string, paths []string) error {
	if strings.TrimSpace(id) == "" {
		return errors.New("ID is empty")
	}
	if o.related {
		o.twice = "--related"
	}
	j, err := o.prepare(ctx, query.Word{S: id}, paths)
	if err != nil {
		return err
	}
	if o.related {
		others, err := j.relatedIDs(ctx, id)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			or := query.Or{query.Word{S: id}}
			for _, x := range others {
				or = append(or, query.Word{S: x})
			}
			j.req.Query = or
		}
	}
	color, err := o.colored()
	if err != nil {
		return err
	}
	zone := o.printedZone(o.utc)
	p := (&outputFlags{json: o.json, path: no, number: no, noBetween: true, afterField: ":", contextSign: "-", utc: o.utc}).printer(o.out, &o.queryFlags, false, "", color)
	p.zone = zone
	s, err := (&searchOptions{jobFlags: o.jobFlags}).newSorter(j.req, j.sources)
	if err != nil {
		return err
	}
	defer s.close()
	forRecords(j.req)
	j.req.Fields = o.json
	r := recordMaker{ctx: ctx, zone: j.req.Window.Zone, formats: j.req.Options.Formats, emit: func(x record) error { return s.addRecord(p, x) }}
	st, err := j.run(ctx, r.add)
	if err == nil {
		err = r.flush()
	}
	if err != nil {
		return endedBy(ctx, err)
	}
	t := tracePrinter{printer: p, json: o.json, names: s.paths()}
	if err := s.each(t.print); err != nil {
		return err
	}
	if st.Hits == 0 && !j.failed && st.Failed == 0 {
		o.printError(fmt.Errorf("no line contains %s as a whole word", visible.String(id)))
	}
	return j.outcome(st, st.Hits > 0)
}

// relatedIDs returns the other ids in the fields of the lines with an id.
func (j *searchJob) relatedIDs(ctx context.Context, id string) ([]string, error) {
	var out []string
	fields := line.Fields{Formats: j.req.Options.Formats}
	var shown line.Shown
	look := func(name, value []byte, _ int) bool {
		n, v := strings.ToLower(string(name)), string(value)
		if !slices.Contains(idFields, n) {
			return true
		}
		if n == "traceparent" { // 00-TRACE-SPAN-FLAGS; W3C Trace Context
			if parts := strings.Split(v, "-"); len(parts) == 4 {
				v = parts[1]
			}
		}
		if len(v) >= leastID && v != id && !slices.Contains(out, v) && len(out) < mostRelated {
			out = append(out, v)
		}
		return true
	}
	req := *j.req
	req.Fields = true
	_, err := j.search(ctx, &req, func(h *index.Hits) error {
		for _, l := range h.Lines {
			fields.Columns = h.Columns
			fields.Each(shown.Of(h.Text[l.Start:l.End]), look)
		}
		return nil
	})
	return out, err
}

// A tracePrinter prints records with the time between them and their files.
type tracePrinter struct {
	*printer
	json  bool
	names []string // of the files, by rank
	last  int64    // time of the record before; unknownTime before the first
	begun bool
}

func (t *tracePrinter) print(l *sortLine, text []byte) error {
	if t.json {
		return t.write(text)
	}
	gap := ""
	switch {
	case l.time == unknownTime:
		gap = "?"
	case !t.begun || t.day(l.time) != t.day(t.last):
		gap = time.Unix(0, l.time).In(t.zone).Format(time.DateTime)
	default:
		gap = "+" + shortDuration(time.Duration(l.time-t.last))
	}
	if l.time != unknownTime {
		t.last, t.begun = l.time, true
	}
	name := visible.String(t.names[l.rank])
	lead := fmt.Sprintf("%*s  ", len(time.DateTime), gap)
	if t.color {
		lead += colorPath + name + colorOff + "  "
	} else {
		lead += name + "  "
	}
	return t.write(append([]byte(lead), text...))
}

// day returns the day of a time.
func (t *tracePrinter) day(ns int64) string { return time.Unix(0, ns).In(t.zone).Format(time.DateOnly) }

// shortDuration returns a duration with three significant digits or so.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Microsecond).String()
	case d < time.Minute:
		return d.Round(time.Millisecond).String()
	}
	return cmp.Or(d.Round(time.Second).String(), "0s")
}
