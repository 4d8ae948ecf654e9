package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"logview/reader"
	"logview/tui"
	"logview/tui/visible"
)

// globals are the flags that every command has.
type globals struct {
	streams
	cacheDir  string
	cacheSize string
	color     string
	encoding  encodingFlag
	mute      bool // nothing is said of files that cannot be read
}

func newRoot(s streams) *cobra.Command {
	g := &globals{streams: s}
	root := &cobra.Command{
		Use:     "logview [PATH…]",
		Version: tui.Version(),
		Short:   "Find things in logs: current, rotated and compressed",
		Long: `logview finds things in logs on the machine they lie on. A directory of
current, rotated and compressed files becomes a handful of logs that can be
listed, searched, followed and printed. What a file is compressed with is told by its
content; the rotated files of a log are told by their names.

Without a command it explores the logs at PATH in the terminal: the files, all
that lie below a directory, app.log:1234 at that line, or what is piped in. ? shows
the keys. When its output is piped on, it prints them instead.`,
		Example: `  logview /var/log                         explore
  journalctl -f | logview                  page what comes
  logview search timeout /var/log          lines that say timeout, in any case
  logview search 'error -healthcheck' .    error, but not healthcheck
  logview follow /var/log                  lines as they are written
  logview ls /var/log                      the logs found there
  logview cat --tail 100 app.log           the last lines`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.RunE = func(cmd *cobra.Command, args []string) error { return g.explore(cmd.Context(), args) }
	f := root.PersistentFlags()
	f.StringVar(&g.cacheDir, "cache-dir", "", "keep decoded blocks in `DIR` (default $LOGVIEW_CACHE_DIR, else the user's cache directory)")
	f.StringVar(&g.cacheSize, "cache-size", "", "let the cache take at most `SIZE`, such as 2GiB; 0 for no cache (default a tenth of the free disk, 16 GiB at most)")
	f.StringVar(&g.color, "color", "auto", "colour the output: auto, always (or ansi) or never")
	f.Var(&g.encoding, "encoding", "read files without a byte order mark as `NAME`: windows-1251, shift_jis, gb18030, utf-16le, …; auto lets each file tell (default the setting encoding, else auto)")
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		switch name {
		case "colour":
			name = "color"
		case "maxdepth":
			name = "max-depth"
		case "passthrough":
			name = "passthru"
		}
		return pflag.NormalizedName(name)
	})
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newSearch(g), newFollow(g), newLs(g), newCat(g), newIndex(g), newConfig(g), newDebug(g), newMan())
	return root
}

// cache is the cache that the flags ask for; nil for none. One that cannot be
// used is none: what is asked for is found without it, and it is said why.
func (g *globals) cache() (*reader.Cache, error) {
	cache, err := g.namedCache()
	if err != nil || cache == nil {
		return nil, err
	}
	if err := cache.Check(); err != nil {
		g.complain(fmt.Errorf("%w; going on without a cache", err))
		return nil, nil
	}
	return cache, nil
}

// namedCache is the cache that the flags ask for, whether it can be used or
// not; nil for none.
func (g *globals) namedCache() (*reader.Cache, error) {
	size := int64(0)
	if g.cacheSize != "" {
		n, err := humanize.ParseBytes(g.cacheSize)
		if err != nil {
			return nil, fmt.Errorf("--cache-size %q: not a size; try 2GiB", g.cacheSize)
		}
		if n == 0 {
			return nil, nil
		}
		size = int64(n)
	}
	dir := g.cacheDir
	if dir == "" {
		dir = os.Getenv("LOGVIEW_CACHE_DIR")
	}
	if dir == "" {
		if xdg.CacheHome == "" || !filepath.IsAbs(xdg.CacheHome) {
			return nil, nil // no home: a cache is not worth an error
		}
		dir = filepath.Join(xdg.CacheHome, "logview")
	}
	return reader.NewCache(dir, size), nil
}

// colored decides whether out is to be coloured.
func (g *globals) colored() (bool, error) {
	switch g.color {
	case "always", "ansi":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return isTerminal(g.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	}
	return false, fmt.Errorf("--color %q: it is auto, always, ansi or never", g.color)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// find lists the logs at paths and says what could not be listed. failed
// reports that something could not; leaving out our own output is no failure.
func (g *globals) find(paths []string) (logs []reader.Log, failed bool) {
	return g.findFiltered(reader.Filter{}, paths)
}

// findFiltered is find with a filter for what lies in directories.
func (g *globals) findFiltered(x reader.Filter, paths []string) (logs []reader.Log, failed bool) {
	logs, errs := x.Find(paths)
	for _, err := range errs {
		g.complain(err)
		failed = failed || !errors.Is(err, reader.ErrOutput)
	}
	return logs, failed
}

// unpack puts the logs in archives in place of those archives that look
// accepts, all if it is nil, and says what could not be read. failed reports
// that something could not.
func (g *globals) unpack(ctx context.Context, logs []reader.Log, opt reader.Options, look func(reader.Member) bool) (out []reader.Log, failed bool) {
	out, errs := reader.UnpackAll(ctx, logs, opt, look)
	for _, err := range errs {
		if ctx.Err() == nil {
			g.complain(err)
		}
	}
	return out, len(errs) > 0
}

// complain says on stderr what went wrong, and goes on.
func (g *globals) complain(err error) {
	if g.mute {
		return
	}
	fmt.Fprintf(g.err, "logview: %s\n", visible.String(err.Error()))
}

// inputs is the paths a command was given, or what it reads without any:
// standard input if something is piped in, and else the current directory.
func (g *globals) inputs(args []string) []string {
	if len(args) > 0 {
		return args
	}
	if info, err := g.in.Stat(); err == nil && (info.Mode()&os.ModeNamedPipe != 0 || info.Mode().IsRegular()) {
		return []string{reader.Stdin}
	}
	return []string{"."}
}
