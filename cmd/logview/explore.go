package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"logview/index"
	"logview/reader"
	"logview/reader/files"
	"logview/tui"
)

// explore runs logview without a command: it explores logs in the terminal, or
// prints them if the output is not a terminal.
func (g *globals) explore(ctx context.Context, args []string) error {
	paths := g.inputs(args)
	if !isTerminal(g.out) {
		return g.printLogs(ctx, paths)
	}
	settings, bad := tui.ReadSettings(settingsPath())
	if bad != nil { // the explorer works without settings
		settings, bad = tui.DefaultSettings(), fmt.Errorf("default settings are used: %w", bad)
		g.unsettled = true // the explorer reports it
	}
	cache, err := g.cache()
	if err != nil {
		return err
	}
	if _, set := os.LookupEnv("NO_COLOR"); g.color == "never" && !set {
		os.Setenv("NO_COLOR", "1")
	}
	workers := index.NewWorkers()
	o := tui.Options{Paths: paths, Cache: cache, Workers: workers, Settings: settings, Encoding: g.charset(), Note: bad, Searcher: index.Scan{Workers: workers}}
	if cache != nil {
		o.Searcher = index.Indexed{Cache: cache, Encoding: o.Encoding, Workers: workers, Note: func(error) {}}
	}
	if dir := stateDir(); dir != "" {
		o.State = tui.LoadState(filepath.Join(dir, "state.json"))
	}
	var refs []files.Ref
	for _, group := range splitRefs(paths) {
		if group.ref != nil {
			refs = append(refs, *group.ref)
		}
	}
	switch {
	case len(refs) == 1 && len(paths) == 1:
		_, member, _, err := files.Resolve(ctx, refs[0], files.Options{Cache: cache, Encoding: o.Encoding})
		if err != nil {
			return err
		}
		o.At = &tui.Start{Path: filepath.Clean(member.Path), Line: refs[0].Line}
		o.Paths = []string{filepath.Dir(member.Path)}
		if archive, ok := files.ArchiveOf(member.Path); ok {
			o.Paths = []string{archive}
		}
	case len(refs) > 0:
		return fmt.Errorf("%s: the explorer opens at a single line, without other paths; logview cat prints several lines", refs[len(refs)-1])
	}
	if len(paths) == 1 && o.At == nil {
		if info, err := os.Stat(paths[0]); err == nil && info.Mode().IsRegular() && !files.IsArchive(reader.Member{Path: paths[0], Named: true}) {
			// It is opened together with its rotated files.
			o.At = &tui.Start{Path: filepath.Clean(paths[0]), Line: -1}
			o.Paths = []string{files.SiblingGlob(paths[0])}
		} else if archive, ok := files.ArchiveOf(paths[0]); ok {
			o.At = &tui.Start{Path: filepath.Clean(paths[0]), Line: -1}
			o.Paths = []string{archive}
		}
	}
	for _, p := range o.Paths {
		if p == reader.Stdin {
			if len(o.Paths) > 1 {
				return errors.New("standard input cannot be explored together with files")
			}
			continue
		}
		if _, err := os.Stat(p); err != nil {
			if logs, errs := files.Find([]string{p}); len(logs) == 0 && len(errs) > 0 {
				return errs[0]
			}
		}
	}
	if self, err := os.Executable(); err == nil && cache != nil && shouldIndex(o.Paths) {
		o.Index = append([]string{self, "index", "--behind", "--cache-dir", cache.Dir(), "--cache-size", fmt.Sprint(cache.Limit()), "--encoding", cmp.Or(string(o.Encoding), "auto"), "--"}, o.Paths...)
	}
	grace.Store(int64(5 * time.Second)) // to restore the terminal and save state
	return tui.Run(ctx, o)
}

// shouldIndex reports whether the explorer keeps an index of paths. It does if
// all are directories; single files are indexed only by logview index.
func shouldIndex(paths []string) bool {
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || !info.IsDir() {
			return false
		}
	}
	return len(paths) > 0
}

// printLogs prints all logs, as cat does.
func (g *globals) printLogs(ctx context.Context, paths []string) error {
	cat := newCat(g)
	cat.SetContext(ctx)
	return cat.RunE(cat, paths)
}

// settingsPath returns the path of the settings file.
func settingsPath() string { return filepath.Join(xdg.ConfigHome, "logview", "config.toml") }

// stateDir returns the directory of the explorer's state; empty if there is no
// home directory.
func stateDir() string {
	if !filepath.IsAbs(xdg.StateHome) {
		return ""
	}
	return filepath.Join(xdg.StateHome, "logview")
}

func newConfig(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print or check the settings",
		Long: `The settings are read from config.toml in the user's configuration
directory, if it exists. print prints the settings in force in the format of
that file; check reports whether the file is valid.`,
		Example: `  mkdir -p ~/.config/logview
  logview config print > ~/.config/logview/config.toml
  logview config check`,
	}
	cmd.AddCommand(&cobra.Command{
		Use: "print", Short: "Print the settings in force, in the format of the file", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := tui.ReadSettings(settingsPath())
			if err != nil {
				return err
			}
			b, err := s.TOML()
			if err != nil {
				return err
			}
			_, err = g.out.Write(b)
			return err
		},
	}, &cobra.Command{
		Use: "check", Short: "Report whether the settings are valid", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			path := settingsPath()
			if _, err := tui.ReadSettings(path); err != nil {
				return err
			}
			if _, err := os.Stat(path); err != nil {
				fmt.Fprintf(g.out, "%s does not exist; the defaults are in force\n", path)
				return nil
			}
			fmt.Fprintf(g.out, "%s is valid\n", path)
			return nil
		},
	})
	return cmd
}
