package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui"
	"logview/tui/visible"
)

// setFormats sets the formats of lines that a query takes fields from: those of the
// settings, or the only one that --format names.
func (g *globals) setFormats(q *queryFlags) error {
	var custom []*line.Format
	s, err := g.settings()
	if err == nil { // else it was reported, and the settings are ignored
		if custom, err = s.LineFormats(); err != nil {
			return err
		}
	}
	f := &line.Formats{Custom: custom, Only: q.format}
	if err := f.Check(); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	if len(custom) > 0 || q.format != "" {
		q.Formats = f
	}
	return nil
}

// builtInFields says what fields lines of the known formats have.
var builtInFields = map[string]string{
	"json":        "the members of the first object in the line; a.b is member b of the object a",
	"logfmt":      "the pairs name=value and name=\"a value\"",
	"access":      "client user method path protocol status bytes referer agent took, of Apache, nginx, Traefik, HAProxy, Squid, uWSGI, Envoy, Amazon's load balancers and S3 (some also took_ms, frontend, backend, server, upstream, host)",
	"syslog":      "host app pid, and what the message has",
	"cri":         "stream, and what the message has (Kubernetes)",
	"klog":        "pid source, and what the message has",
	"nginx-error": "pid tid client server request upstream host",
	"ltsv":        "the labels of label:value, with tabs between them",
	"csv":         "the columns that the first line of the file names, with commas, semicolons, tabs or |",
	"w3c":         "the columns that #Fields names; c-ip, cs-method, cs-uri-stem, sc-status and others are also client, method, path, status",
	"zeek":        "the columns that #fields names",
	"text":        "pid tid thread logger source client container, where the header before the message shows them, and pairs",
}

func newFormats(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "formats",
		Short: "List, test and detect the formats of lines",
		Long: `Searches know the fields of lines, as in 'status>=500': which those are depends on the
format of each line. The formats are detected; --format NAME of search, follow, stats
and others takes all lines as of one format.

A format of your own is a regular expression with named groups, in config.toml:

  [[format]]
  name = "orders"
  pattern = '^(?P<time>\S+) order (?P<order>\d+): (?P<state>\w+)'
  samples = ["2026-11-27T10:00:00Z order 4711: paid"]

Then order:4711 finds such lines. Each sample must match. The groups time and level, if
there are any, say where such lines have their time and level.`,
		Example: `  logview formats list
  logview formats detect app.log
  logview formats test orders app.log`,
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the known formats and those of the settings, with their fields", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return g.listFormats() },
	}, &cobra.Command{
		Use: "test [NAME [FILE]]", Short: "Show what the formats of the settings find in their samples, or one in a file", Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return g.testFormats(cmd.Context(), args) },
	}, &cobra.Command{
		Use: "detect FILE…", Short: "Show the formats, times, levels and fields of the first lines of files", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return g.detectFormats(cmd.Context(), args) },
	})
	return cmd
}

// customFormats returns the formats of the settings.
func (g *globals) customFormats() ([]*line.Format, error) {
	s, err := tui.ReadSettings(settingsPath())
	if err != nil {
		return nil, err
	}
	return s.LineFormats()
}

func (g *globals) listFormats() error {
	custom, err := g.customFormats()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(g.out, 0, 8, 2, ' ', 0)
	for _, name := range line.BuiltIn {
		fmt.Fprintf(w, "%s\t%s\n", name, builtInFields[name])
	}
	for _, f := range custom {
		fmt.Fprintf(w, "%s\t%s (config.toml)\n", f.Name, visible.String(strings.Join(f.FieldNames(), " ")))
	}
	return w.Flush()
}

func (g *globals) testFormats(ctx context.Context, args []string) error {
	s, err := tui.ReadSettings(settingsPath())
	if err != nil {
		return err
	}
	custom, err := s.LineFormats()
	if err != nil {
		return err
	}
	if len(custom) == 0 {
		return fmt.Errorf("%s describes no format; logview formats --help shows how to", settingsPath())
	}
	found := false
	for i, f := range custom {
		if len(args) > 0 && f.Name != args[0] {
			continue
		}
		found = true
		if len(args) == 2 {
			return g.tryFormat(ctx, f, args[1])
		}
		samples := s.Formats[i].Samples
		switch len(samples) {
		case 0:
			fmt.Fprintf(g.out, "%s: there are no samples\n", f.Name)
		case 1:
			fmt.Fprintf(g.out, "%s: the sample matches\n", f.Name)
		default:
			fmt.Fprintf(g.out, "%s: all %d samples match\n", f.Name, len(samples))
		}
		for _, l := range samples {
			g.printFields(f, []byte(l))
		}
	}
	if !found {
		return fmt.Errorf("%s describes no format %q", settingsPath(), args[0])
	}
	return nil
}

// printFields prints a line, and the fields that a format finds in it.
func (g *globals) printFields(f *line.Format, l []byte) {
	fmt.Fprintf(g.out, "  %s\n", visible.String(string(l)))
	x := line.Fields{Formats: &line.Formats{Custom: []*line.Format{f}, Only: f.Name}}
	x.Each(l, func(name, value []byte, _ int) bool {
		note := ""
		if _, ok := new(line.Clock).Time(value); string(name) == "time" && !ok {
			note = "  (no form of a time that is known: lines get none from it)"
		} else if string(name) == "level" && line.ParseLevel(string(value)) == line.NoLevel {
			note = "  (no name of a level that is known: lines get none from it)"
		}
		fmt.Fprintf(g.out, "    %s=%s%s\n", visible.String(string(name)), visible.String(string(value)), note)
		return true
	})
}

// tryFormat tells how many of the first lines of a file have a format.
func (g *globals) tryFormat(ctx context.Context, f *line.Format, path string) error {
	const shown = 5
	text, _, err := g.beginning(ctx, path)
	if err != nil {
		return err
	}
	all, matching := 0, 0
	var first []byte // that matches
	var others [][]byte
	for l := range sampleLines(text) {
		all++
		if !f.Matches(l) {
			if others = append(others, l); len(others) > shown {
				others = others[:shown]
			}
		} else if matching++; matching == 1 {
			first = l
		}
	}
	fmt.Fprintf(g.out, "%s: %s of the first %s have the format %s\n", visible.String(path), humanize.Comma(int64(matching)), linesOf(all), f.Name)
	for _, l := range others {
		fmt.Fprintf(g.out, "  not: %s\n", visible.String(string(l)))
	}
	if matching == 0 {
		return exitCode(exitNone)
	}
	g.printFields(f, first)
	return nil
}

// beginning returns the beginning of the text of the newest file of a log, and that
// file.
func (g *globals) beginning(ctx context.Context, path string) ([]byte, reader.Member, error) {
	logs, failed := g.find([]string{path})
	if failed {
		return nil, reader.Member{}, exitCode(exitError) // find has reported it
	}
	if len(logs) == 0 {
		return nil, reader.Member{}, fmt.Errorf("%s: there is no log", path)
	}
	src := files.NewSource(logs[0], files.Options{Encoding: g.charset()})
	m := src.Members()[len(src.Members())-1]
	text, err := firstText(ctx, src, m)
	return text, m, err
}

// firstText returns the text of the first block of a member.
func firstText(ctx context.Context, src reader.Source, m reader.Member) ([]byte, error) {
	blocks, err := src.Open(ctx, m, reader.Pos{})
	if err != nil {
		return nil, err
	}
	defer blocks.Close()
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	if err := blocks.Next(b); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return bytes.Clone(b.Text), nil
}

// sampleLines returns the first lines of a text, without their newlines.
func sampleLines(text []byte) func(yield func([]byte) bool) {
	const most = 1000
	return func(yield func([]byte) bool) {
		n := 0
		for l := range bytes.Lines(text) {
			if n++; n > most || !yield(bytes.TrimRight(l, "\r\n")) {
				return
			}
		}
	}
}

func (g *globals) detectFormats(ctx context.Context, paths []string) error {
	custom, err := g.customFormats()
	if err != nil {
		return err
	}
	failed := false
	for _, path := range paths {
		text, m, err := g.beginning(ctx, path)
		if err != nil {
			if !errors.As(err, new(exitCode)) {
				g.printError(err)
			}
			failed = true
			continue
		}
		if err := g.printDetected(m, text, custom); err != nil {
			return err
		}
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

// printDetected prints what is known of the first lines of a file.
func (g *globals) printDetected(m reader.Member, text []byte, custom []*line.Format) error {
	var shown line.Shown
	x := line.Fields{Formats: &line.Formats{Custom: custom}}
	clock := line.Clock{Ref: m.ModTime, Formats: x.Formats}
	clock.Learn(text)
	x.Columns = clock.Columns
	formats, levels, examples := map[string]int{}, map[string]int{}, map[string]string{}
	var names []string
	all, timed := 0, 0
	var first, last time.Time
	for l := range sampleLines(text) {
		all++
		l = shown.Of(l)
		if t, ok := clock.Time(l); ok {
			if timed++; timed == 1 {
				first = t
			}
			last = t
		}
		if v := x.Columns.LevelOf(l); v != line.NoLevel {
			levels[v.String()]++
		}
		x.Each(l, func(name, value []byte, _ int) bool {
			n := string(name)
			if _, ok := examples[n]; !ok && len(names) < 100 {
				examples[n] = string(value[:min(len(value), 60)])
				names = append(names, n)
			}
			return true
		})
		formats[x.Format()]++
	}
	w := tabwriter.NewWriter(g.out, 0, 8, 2, ' ', 0)
	if all == 0 {
		_, err := fmt.Fprintf(g.out, "%s: no lines\n", visible.String(m.Path))
		return err
	}
	fmt.Fprintf(w, "%s: the first %s\n", visible.String(m.Path), linesOf(all))
	fmt.Fprintf(w, "  format\t%s\n", shares(formats, all))
	if timed == 0 {
		fmt.Fprint(w, "  time\tnone\n")
	} else {
		fmt.Fprintf(w, "  time\t%s of the lines, from %s to %s; %s\n", percent(timed, all), first.Format(time.RFC3339Nano), last.Format(time.RFC3339Nano), clock.Place())
	}
	if len(levels) > 0 {
		fmt.Fprintf(w, "  level\t%s\n", shares(levels, all))
	}
	for i, n := range names {
		label := ""
		if i == 0 {
			label = "fields"
		}
		fmt.Fprintf(w, "  %s\t%s=%s\n", label, visible.String(n), visible.String(examples[n]))
	}
	return w.Flush()
}

// linesOf returns a number of lines in words.
func linesOf(n int) string {
	if n == 1 {
		return "line"
	}
	return humanize.Comma(int64(n)) + " lines"
}

// shares returns the keys of counts with their shares of all, the largest first.
func shares(counts map[string]int, all int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for i, n := range names {
		names[i] = n + " " + percent(counts[n], all)
	}
	return strings.Join(names, ", ")
}

func percent(n, all int) string {
	share := 100 * float64(n) / float64(max(all, 1))
	if share > 0 && share < 1 {
		return "<1%"
	}
	return fmt.Sprintf("%.0f%%", share)
}
