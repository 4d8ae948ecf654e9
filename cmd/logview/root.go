package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/files"
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
	mute      bool // do not report files that cannot be read
	unsettled bool // settings that cannot be read were already reported
}

func newRoot(s streams) *cobra.Command {
	g := &globals{streams: s}
	root := &cobra.Command{
		Use:     "logview [PATH…]",
		Version: tui.Version(),
		Short:   "Explore, search and follow logs, also rotated and compressed ones",
		Long: `logview lists, searches, follows and prints the logs on a machine. It treats
the current, rotated and compressed files of a log as one. The compression of a
file is detected from its content, the rotated files of a log by their names.

Without a command, it explores logs in the terminal: the files at PATH, all
files below a directory, app.log:1234 at that line, or standard input. ? shows
the keys. If the output is not a terminal, it prints the logs instead.`,
		Example: `  logview /var/log                         explore
  journalctl -f | logview                  explore standard input
  logview search timeout /var/log          lines that contain timeout, in any case
  logview search 'error -healthcheck' .    error, but not healthcheck
  logview follow /var/log                  lines as they are written
  logview ls /var/log                      the logs found there
  logview cat --tail 100 app.log           the last lines`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && args[0] != reader.Stdin {
			if _, err := os.Lstat(args[0]); err != nil {
				if meant := suggestion(cmd, args[0]); meant != "" {
					return fmt.Errorf("%s: there is no such file; did you mean logview %s?", args[0], meant)
				}
			}
		}
		return g.explore(cmd.Context(), args)
	}
	root.SuggestionsMinimumDistance = 2
	f := root.PersistentFlags()
	f.StringVar(&g.cacheDir, "cache-dir", "", "keep indexes and decompressed blocks in `DIR` (default $LOGVIEW_CACHE_DIR, else the user's cache directory)")
	f.StringVar(&g.cacheSize, "cache-size", "", "limit the cache to `SIZE`, such as 2GiB; 0 disables it (default a tenth of the free disk, at most 16 GiB)")
	f.StringVar(&g.color, "color", "auto", "colour the output: auto, always (or ansi) or never")
	f.Var(&g.encoding, "encoding", "read files without a byte order mark as `NAME`: windows-1251, shift_jis, gb18030, utf-16le, …; auto detects the encoding of each file (default: encoding in config.toml, else auto)")
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
	root.AddCommand(newSearch(g), newFollow(g), newPatterns(g), newStats(g), newTrace(g), newLs(g), newCat(g), newIndex(g), newConfig(g), newFormats(g), newDebug(g), newMan())
	return root
}

// cache returns the cache that the flags select, or nil if there is none. If it
// cannot be used, cache reports that and returns nil: every command works
// without a cache.
func (g *globals) cache() (*blockstore.Cache, error) {
	cache, err := g.namedCache()
	if err != nil || cache == nil {
		return nil, err
	}
	if err := cache.Check(); err != nil {
		g.printError(fmt.Errorf("%w; continuing without a cache", err))
		return nil, nil
	}
	return cache, nil
}

// namedCache returns the cache that the flags select, even if it cannot be
// used, or nil if there is none.
func (g *globals) namedCache() (*blockstore.Cache, error) {
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
			return nil, nil // without a home directory, there is no cache
		}
		dir = filepath.Join(xdg.CacheHome, "logview")
	}
	return blockstore.NewCache(dir, size), nil
}

// colored reports whether to colour the output.
func (g *globals) colored() (bool, error) {
	switch g.color {
	case "always", "ansi":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return isTerminal(g.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	}
	return false, fmt.Errorf("--color %q: want auto, always, ansi or never", g.color)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// find lists the logs at paths and reports paths that could not be listed.
// failed says whether there was one; logview's own output is skipped and does
// not count.
func (g *globals) find(paths []string) (logs []files.Log, failed bool) {
	return g.findFiltered(files.Filter{}, paths)
}

// findFiltered is like find, with a filter for files in directories.
func (g *globals) findFiltered(x files.Filter, paths []string) (logs []files.Log, failed bool) {
	logs, errs := x.Find(paths)
	for _, err := range errs {
		g.printError(err)
		failed = failed || !errors.Is(err, files.ErrOutput)
	}
	return logs, failed
}

// unpack replaces the archives that look accepts, or all if look is nil, by the
// logs in them. It reports errors; failed says whether there was one.
func (g *globals) unpack(ctx context.Context, logs []files.Log, opt files.Options, look func(reader.Member) bool) (out []files.Log, failed bool) {
	out, errs := files.UnpackAll(ctx, logs, opt, look)
	for _, err := range errs {
		if ctx.Err() == nil {
			g.printError(err)
		}
	}
	return out, len(errs) > 0
}

// printError prints err to standard error.
func (g *globals) printError(err error) {
	if g.mute {
		return
	}
	fmt.Fprintf(g.err, "logview: %s\n", visible.String(err.Error()))
}

// inputs returns args. Without any, it returns standard input if something is
// piped in, or else the current directory.
func (g *globals) inputs(args []string) []string {
	if len(args) > 0 {
		return args
	}
	if info, err := g.in.Stat(); err == nil && (info.Mode()&os.ModeNamedPipe != 0 || info.Mode().IsRegular()) {
		return []string{reader.Stdin}
	}
	return []string{"."}
}

// suggestion returns the name of the command that was perhaps meant by s, the name of
// another program or a misspelled one; empty for none.
func suggestion(root *cobra.Command, s string) string {
	for _, c := range root.Commands() {
		if slices.Contains(c.SuggestFor, s) {
			return c.Name()
		}
	}
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "" // a file pattern or a ref
	}
	if all := root.SuggestionsFor(s); len(all) > 0 {
		return all[0]
	}
	return ""
}
