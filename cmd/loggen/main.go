// Command loggen writes realistic logs of several services for demonstrations,
// tests and benchmarks: current, rotated and compressed files, named as by
// rotating programs, or logs that grow and rotate in real time.
//
// Its output depends only on the flags and the seed. In live mode, the times of
// writing, and therefore the times in the lines, depend on the clock, too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the program and returns its exit code: 0 for success, 1 for a
// failure, 2 for a wrong flag.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "loggen: %v\n", err)
		return 2
	}
	began := time.Now()
	if err := checkEmpty(o); err != nil {
		fmt.Fprintf(stderr, "loggen: %v\n", err)
		return 1
	}
	write := writeBulk
	if o.live {
		write = writeLive
	}
	sum, err := write(ctx, o)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "loggen: interrupted, nothing written to %s\n", o.out)
		return 1
	case err != nil:
		fmt.Fprintf(stderr, "loggen: %v\n", err)
		return 1
	}
	report(stdout, o, sum, time.Since(began))
	return 0
}

func report(w io.Writer, o *options, sum summary, took time.Duration) {
	const form = "2006-01-02 15:04:05"
	fmt.Fprintf(w, "%s: %s in %d lines, %d logs, %d files (%s on disk)\n",
		o.out, formatSize(sum.text), sum.lines, sum.logs, sum.files, formatSize(sum.disk))
	fmt.Fprintf(w, "from %s to %s UTC, seed %d, written in %.1fs (%.0f MB/s)\n",
		time.Unix(0, sum.from).UTC().Format(form), time.Unix(0, sum.to).UTC().Format(form),
		o.seed, took.Seconds(), float64(sum.text)/1e6/max(took.Seconds(), 1e-3))
}

// checkEmpty returns an error if the output directory contains files, unless
// -force is given: the names of rotated files are common, and real logs may be
// there.
func checkEmpty(o *options) error {
	entries, err := os.ReadDir(o.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 && !o.force {
		return fmt.Errorf("-out %s: is not empty; take another directory, or -force to replace files of the same names", o.out)
	}
	return nil
}

// rawFlags are the values of the flags before they are checked.
type rawFlags struct {
	options
	sizeText, rotateSize, servicesText, startText, compressText, names string
	rotateEvery                                                        time.Duration
}

func newFlagSet() (*flag.FlagSet, *rawFlags) {
	f := flag.NewFlagSet("loggen", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	r := new(rawFlags)
	f.StringVar(&r.out, "out", "", "`DIR` to write to (required)")
	f.BoolVar(&r.force, "force", false, "write into a directory that is not empty")
	f.StringVar(&r.sizeText, "size", "1GiB", "`SIZE` of all text, decompressed; in live mode no limit unless given")
	f.Uint64Var(&r.seed, "seed", 1, "`N`; the same seed and flags give the same bytes")
	f.Float64Var(&r.rate, "rate", 100, "`LINES` a second over all logs, of log time or in live mode of real time")
	f.StringVar(&r.servicesText, "services", "", "`LIST` of api,auth,nginx,worker,billing,kernel (default all)")
	f.IntVar(&r.instances, "files", 1, "`N` instances, each with a log of its own (api-07.log), of every service")
	f.StringVar(&r.startText, "start", "", "`TIME` of the first line, UTC (default 2026-11-02T06:00:00Z, in live mode now)")
	f.BoolVar(&r.numbered, "numbered", false, "end every line with seq=N, counting up in each log from 1 (this goes behind JSON, too)")
	f.StringVar(&r.names, "names", "logrotate", "`STYLE` of the files' names, see below")
	f.StringVar(&r.rotateSize, "rotate-size", "", "rotate a log at this `SIZE`, 0 for never (default 8MiB, if not -rotate-every)")
	f.DurationVar(&r.rotateEvery, "rotate-every", 0, "rotate at each full `PERIOD` of log time, such as 1h or 24h")
	f.IntVar(&r.keep, "keep", -1, "`N` rotated files to keep of each log; -1 keeps all")
	f.StringVar(&r.compressText, "compress", "gz", "`KIND` of compression of rotated files: gz, zst, xz (slow), none")
	f.BoolVar(&r.delayCompress, "delaycompress", true, "leave the newest rotated file of each log plain")
	f.Float64Var(&r.gzShare, "gz-share", -1, "compress the oldest members up to this `SHARE` of all text, 0 to 1; -1 goes by -delaycompress")
	f.BoolVar(&r.live, "live", false, "write in real time until interrupted, or until -size or -for is reached")
	f.DurationVar(&r.forTime, "for", 0, "`DURATION` after which live mode ends")
	f.BoolVar(&r.copyTruncate, "copytruncate", false, "in live mode, rotate by copying and truncating instead of renaming")
	return f, r
}

// parseFlags parses and checks the flags, without accessing the disk.
func parseFlags(args []string) (*options, error) {
	f, r := newFlagSet()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q: takes flags only, see loggen -h", f.Arg(0))
	}
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	o := &r.options
	var err error
	if o.out == "" {
		return nil, errors.New("-out: which directory? see loggen -h")
	}
	if o.size, err = parseSize("-size", r.sizeText); err != nil {
		return nil, err
	}
	if o.live && !given["size"] {
		o.size = 0
	}
	if !o.live && o.size == 0 {
		return nil, fmt.Errorf("-size %q: nothing to write", r.sizeText)
	}
	if !(o.rate >= 0.001 && o.rate <= 1e8) {
		return nil, fmt.Errorf("-rate %v: not between 0.001 and 100,000,000 lines a second", o.rate)
	}
	if o.instances < 1 || o.instances > 10000 {
		return nil, fmt.Errorf("-files %d: not between 1 and 10,000", o.instances)
	}
	if o.services, err = parseServices(r.servicesText); err != nil {
		return nil, err
	}
	o.start = defaultStart
	if o.live {
		o.start = time.Now().UTC()
	}
	if r.startText != "" {
		if o.start, err = parseStart(r.startText); err != nil {
			return nil, err
		}
	}
	if o.style, err = findStyle(r.names); err != nil {
		return nil, err
	}
	if r.rotateEvery < 0 || r.rotateEvery > 0 && r.rotateEvery < time.Second {
		return nil, fmt.Errorf("-rotate-every %v: not a second or more", r.rotateEvery)
	}
	o.policy.every = r.rotateEvery
	switch {
	case r.rotateSize != "":
		if o.policy.size, err = parseSize("-rotate-size", r.rotateSize); err != nil {
			return nil, err
		}
	case r.rotateEvery == 0:
		o.policy.size = 8 << 20
	}
	if o.keep < -1 {
		return nil, fmt.Errorf("-keep %d: not a number of files; -1 keeps all", o.keep)
	}
	if o.compress, err = parseCompression(r.compressText); err != nil {
		return nil, err
	}
	if o.gzShare != -1 && !(o.gzShare >= 0 && o.gzShare <= 1) {
		return nil, fmt.Errorf("-gz-share %v: not between 0 and 1", o.gzShare)
	}
	if err := o.checkClashes(given); err != nil {
		return nil, err
	}
	return o, nil
}

// checkClashes returns an error if flags exclude each other. given has the names
// of the flags on the command line.
func (o *options) checkClashes(given map[string]bool) error {
	for _, clash := range []struct {
		is   bool
		text string
	}{
		{o.gzShare >= 0 && o.live, "-gz-share: not with -live, where the final size is not known"},
		{o.gzShare >= 0 && o.keep >= 0, "-gz-share: not with -keep, which drops the members it would compress"},
		{o.gzShare > 0 && o.compress == compressNone, "-gz-share: not with -compress none"},
		{given["for"] && !o.live, "-for: only with -live; without it -size says how much"},
		{o.forTime < 0, "-for: not a duration forward"},
		{o.copyTruncate && !o.live, "-copytruncate: only with -live; the files it leaves are the same"},
	} {
		if clash.is {
			return errors.New(clash.text)
		}
	}
	return nil
}

const examples = `examples:
  loggen -out /tmp/logs
        1 GiB of six services' logs, rotated at 8 MiB, compressed but the newest
  loggen -out /tmp/pods -size 256MiB -names kubelet -compress zst -files 4 -rate 2000
        container logs of four instances of each service, about ten minutes of them
  loggen -out /tmp/live -live -rate 500 -rotate-size 1MiB -keep 5 -numbered
        logs that grow and rotate until interrupted, to follow them
`

func usage(w io.Writer) {
	fmt.Fprint(w, "loggen writes realistic logs of several services: bulk, rotated and compressed, or live.\n\nusage: loggen -out DIR [flags]\n\n")
	f, _ := newFlagSet()
	f.VisitAll(func(fl *flag.Flag) {
		kind, text := flag.UnquoteUsage(fl)
		if kind == "duration" || kind == "value" {
			kind = ""
		}
		fmt.Fprintf(w, "  %-22s %s", strings.TrimSpace("-"+fl.Name+" "+kind), text)
		if _, err := strconv.ParseBool(fl.DefValue); fl.DefValue != "" && fl.DefValue != "0s" && fl.DefValue != "-1" &&
			(err != nil || fl.DefValue == "true" || fl.DefValue == "1") {
			fmt.Fprintf(w, " (default %s)", fl.DefValue)
		}
		fmt.Fprintln(w)
	})
	fmt.Fprint(w, "\nstyles for -names:\n")
	for _, st := range styles {
		fmt.Fprintf(w, "  %-12s %s\n", st.name, st.example)
	}
	fmt.Fprint(w, "\n"+examples)
}
