package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/line"
	"logview/tui/visible"
)

type lsOptions struct {
	*globals
	members, json bool
	formats       *line.Formats // of the settings
}

func newLs(g *globals) *cobra.Command {
	o := &lsOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "ls [flags] [PATH…]",
		Short: "List the logs",
		Long: `List the logs at PATH: the number of their files and their size on disk, the
size of the text and its number of lines if these are known without decoding,
the times of the first and the last line, which rotated files are missing, and
which files are not text or in a format that cannot be read. A - means unknown:
the last time of a compressed file is known once it is decompressed in the cache.`,
		Example: `  logview ls /var/log
  logview ls --members /var/log/nginx`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	addBool(cmd.Flags(), &o.members, "members", "", "list the files of each log, too")
	addBool(cmd.Flags(), &o.json, "json", "", "print a JSON object for each log")
	return cmd
}

// A listedLog is a log as ls prints it.
type listedLog struct {
	Log     string         `json:"log"`
	Bytes   string         `json:"log_bytes,omitempty"` // base64 of Log, if that is not UTF-8
	Members []listedMember `json:"members"`
	Size    int64          `json:"size"`            // bytes on disk
	Text    *int64         `json:"text,omitempty"`  // bytes of text, if known for all members
	Lines   *int64         `json:"lines,omitempty"` // number of lines, if known for all members
	First   *time.Time     `json:"first,omitempty"` // time of the first line
	Last    *time.Time     `json:"last,omitempty"`  // time of the last line, if known
	Gaps    []string       `json:"gaps,omitempty"`
	Archive bool           `json:"archive,omitempty"` // an archive; its members are listed only if it is named
	Binary  bool           `json:"binary,omitempty"`  // no file of the log is text
}

type listedMember struct {
	jsonPath
	Size   int64     `json:"size"`
	Time   time.Time `json:"modified"`
	Text   *int64    `json:"text,omitempty"`
	Lines  *int64    `json:"lines,omitempty"`
	Binary bool      `json:"binary,omitempty"` // not text; skipped unless named

	Unreadable decode.Format `json:"unreadable,omitempty"` // the format, if it cannot be read

	// Set only with --members; as in listedLog.
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// peekable is the largest number of files that ls opens. If there are more, it
// prints only what their names and modification times tell: ten thousand files
// are listed in a fraction of the time it takes to open them.
const peekable = 2000

func (o *lsOptions) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"."}
	}
	cache, err := o.cache()
	if err != nil {
		return err
	}
	if _, err := o.colored(); err != nil {
		return err
	}
	custom, _ := o.customFormats() // settings that cannot be used do not keep it from listing
	o.formats = &line.Formats{Custom: custom}
	logs, failed := o.find(args)
	workers, charset := index.NewWorkers(), o.charset()
	logs, broken := o.unpack(ctx, logs, files.Options{Cache: cache, Workers: workers}, func(m reader.Member) bool { return m.Named })
	failed = failed || broken
	members := 0
	for _, l := range logs {
		members += len(l.Members)
	}
	list := make([]listedLog, len(logs))
	var wait sync.WaitGroup
	for i, l := range logs {
		wait.Add(1)
		workers.Go(func() {
			defer wait.Done()
			list[i] = o.inspect(cache, charset, l, len(logs) <= peekable, members <= peekable)
		})
	}
	wait.Wait()
	slices.SortStableFunc(list, func(a, b listedLog) int { return strings.Compare(a.Log, b.Log) })

	var out bytes.Buffer
	switch {
	case o.json:
		for _, l := range list {
			out.Write(appendJSON(nil, l))
		}
	case len(list) > 0 || !failed:
		o.table(&out, list)
	}
	if _, err := o.out.Write(out.Bytes()); err != nil {
		return err
	}
	if failed {
		return exitCode(exitError)
	}
	return nil
}

// inspect describes a log. It reads its files only if times or texts is set.
func (o *lsOptions) inspect(cache *blockstore.Cache, charset decode.Charset, l files.Log, times, texts bool) listedLog {
	l = files.Settled(cache, l)
	out := listedLog{Log: l.Name, Bytes: notUTF8([]byte(l.Name)), Gaps: l.Gaps}
	for _, m := range l.Members {
		out.Archive = out.Archive || times && files.MayBeArchive(m) && files.IsArchive(m)
	}
	if out.Archive { // its members are not inspected
		times, texts = false, false
	}
	text, lines, binary := int64(0), int64(0), 0
	src := files.NewSource(l, files.Options{Encoding: charset})
	for _, m := range l.Members {
		k := files.Known{Text: -1, Lines: -1}
		if texts {
			k = files.Peek(cache, m)
		}
		lm := listedMember{jsonPath: newJSONPath(m.Path), Size: m.Size, Time: m.ModTime}
		if k.Text >= 0 {
			lm.Text = &k.Text
		}
		if k.Lines >= 0 {
			lm.Lines = &k.Lines
		}
		if o.members && texts {
			from, to := files.Times(cache, m, o.formats)
			lm.First, lm.Last = knownTime(from), knownTime(to)
		}
		// Only text has a block store, which contains the number of
		// lines.
		if texts && k.Lines < 0 {
			lm.Unreadable = files.Unreadable(m)
			lm.Binary = src.Binary(context.Background(), m)
		}
		if lm.Binary {
			binary++
		}
		out.Members = append(out.Members, lm)
		out.Size += m.Size
		text = addKnown(text, k.Text)
		lines = addKnown(lines, k.Lines)
	}
	out.Binary = binary == len(l.Members)
	if len(out.Members) == 1 && (out.Archive || out.Members[0].Unreadable != "") {
		// Nothing shows that it is a log that was compressed, so it keeps its name.
		out.Log = l.Members[0].Path
		out.Bytes = notUTF8([]byte(out.Log))
	}
	if text >= 0 {
		out.Text = &text
	}
	if lines >= 0 {
		out.Lines = &lines
	}
	if times {
		out.First, out.Last = timeSpan(cache, l, o.formats)
	}
	return out
}

// timeSpan returns the first and the last time in a log; nil for a time that is
// not known. Files without text have no times.
func timeSpan(cache *blockstore.Cache, l files.Log, formats *line.Formats) (first, last *time.Time) {
	nonEmpty := slices.DeleteFunc(slices.Clone(l.Members), func(m reader.Member) bool { return m.Size == 0 || files.IsTwin(m) })
	if n := len(nonEmpty); n > 0 {
		from, to := files.Times(cache, nonEmpty[0], formats)
		if n > 1 {
			_, to = files.Times(cache, nonEmpty[n-1], formats)
		}
		first, last = knownTime(from), knownTime(to)
	}
	return first, last
}

// knownTime returns a pointer to t, or nil if t is zero.
func knownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// addKnown returns the sum of two sizes, or -1 if one of them is unknown, that
// is, negative.
func addKnown(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// table prints the list for people. Invisible characters in names, including
// line ends, are spelled out, so that a name cannot break a row. Programs use
// --json.
func (o *lsOptions) table(out *bytes.Buffer, list []listedLog) {
	show := func(s string) string { return string(visible.Append(nil, []byte(s), false)) }
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "FILES\tSIZE\tTEXT\tLINES\tFROM\tTO\t  LOG\n")
	var files int
	var size int64
	for _, l := range list {
		files += len(l.Members)
		size += l.Size
		name := show(l.Log)
		if l.Archive {
			name += "  (archive)"
		}
		if len(l.Gaps) > 0 {
			name += "  (missing: " + show(strings.Join(l.Gaps, ", ")) + ")"
		}
		name += l.remark()
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t  %s\n", len(l.Members), humanize.IBytes(uint64(l.Size)), bytesOf(l.Text), countOf(l.Lines), timeOf(l.First), timeOf(l.Last), name)
		if o.members {
			for _, m := range l.Members {
				fmt.Fprintf(w, "\t%s\t%s\t%s\t%s\t%s\t    %s\n", humanize.IBytes(uint64(m.Size)), bytesOf(m.Text), countOf(m.Lines), timeOf(m.First), timeOf(m.Last), show(m.Path)+remark(m))
			}
		}
	}
	w.Flush()
	fmt.Fprintf(out, "%s in %s, %s\n", plural(len(list), "log"), plural(files, "file"), humanize.IBytes(uint64(size)))
}

// remark returns the note to print after a log's name: how many of its files are not text or
// cannot be read; empty for none.
func (l *listedLog) remark() string {
	if len(l.Members) == 1 {
		return remark(l.Members[0])
	}
	binary, unreadable := 0, 0
	for _, m := range l.Members {
		switch {
		case m.Unreadable != "":
			unreadable++
		case m.Binary:
			binary++
		}
	}
	var notes []string
	for _, x := range []struct {
		n    int
		what string
	}{{binary, "not text"}, {unreadable, "cannot be read"}} {
		switch {
		case x.n == len(l.Members):
			return "  (" + x.what + ")"
		case x.n > 0:
			notes = append(notes, plural(x.n, "file")+" "+x.what)
		}
	}
	if notes == nil {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}

// remark returns the note to print after a file's name; empty for none.
func remark(m listedMember) string {
	switch {
	case m.Unreadable != "":
		return fmt.Sprintf("  (%s, cannot be read)", m.Unreadable)
	case m.Binary:
		return "  (not text)"
	}
	return ""
}

func plural(n int, what string) string {
	return humanize.Comma(int64(n)) + " " + noun(n, what)
}

// noun returns the singular or the plural of what, for n of it.
func noun(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return what
}

func bytesOf(n *int64) string {
	if n == nil {
		return "-"
	}
	return humanize.IBytes(uint64(*n))
}

func countOf(n *int64) string {
	if n == nil {
		return "-"
	}
	return humanize.Comma(*n)
}

func timeOf(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}
