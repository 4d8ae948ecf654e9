package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"

	"logview/index"
	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/document"
	"logview/reader/readertest"
	"logview/tui/pager"
	"logview/tui/tuitest"
)

var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	time.Local = time.UTC
	if where := os.Getenv("LOGVIEW_TEST_PANIC"); where != "" {
		explorePanic(where, os.Getenv("LOGVIEW_TEST_DIR"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tree creates the log files that most tests start with, and returns their
// directory.
func tree(t *testing.T) string {
	t.Helper()
	t.Chdir(t.TempDir())
	dir := "logs"
	var old, mid, now strings.Builder
	for i := range 300 {
		level := []string{"INFO", "DEBUG", "INFO", "WARN", "ERROR"}[i%5]
		fmt.Fprintf(&old, "2026-11-19T08:%02d:%02dZ %s worker-%d old request %04d took %d ms\n", i/60, i%60, level, i%7, i, i*37%900)
		fmt.Fprintf(&mid, "2026-11-20T08:%02d:%02dZ %s worker-%d middle request %04d took %d ms\n", i/60, i%60, level, i%7, i, i*37%900)
		fmt.Fprintf(&now, "2026-11-21T08:%02d:%02dZ %s worker-%d request %04d took %d ms, and it was a long line that says more than fits on a narrow screen\n", i/60, i%60, level, i%7, i, i*37%900)
	}
	write := func(name, text string, age time.Duration) { write(t, filepath.Join(dir, name), text, age) }
	write("app.log", now.String(), time.Minute)
	write("app.log.1", mid.String(), 24*time.Hour)
	write("app.log.2.gz", string(readertest.Gzip(old.String())), 48*time.Hour)
	write("empty.log", "", time.Hour)
	write("hostile.log", "\x1b]0;title\x07\x1b[2J ERROR escapes\n\xff\xfe\x00 bytes\n日本語 and 👍🏽 and e\u0301\ttabs\n\u202ethe last\n", 2*time.Hour)
	write("nginx/access.log", "GET / 200\nGET /missing 404\n", 3*time.Hour)
	write("nginx/error.log", "[error] no such file\n", 3*time.Hour)
	return dir
}

// write creates a file whose modification time is age ago.
func write(t *testing.T, path, text string, age time.Duration) {
	t.Helper()
	readertest.WriteFile(t, path, text)
	readertest.Must(t, os.Chtimes(path, testNow.Add(-age), testNow.Add(-age)))
}

// explorer starts the explorer in a directory.
func explorer(t *testing.T, dir string, width, height int, change ...func(*Options)) (*tuitest.Driver, *model) {
	t.Helper()
	cache := blockstore.NewCache(filepath.Join(t.TempDir(), "cache"), 1<<30)
	workers := index.NewWorkers()
	o := Options{Paths: []string{dir}, Cache: cache, Workers: workers, Searcher: index.Indexed{Cache: cache, Workers: workers, Note: func(error) {}}, Settings: DefaultSettings()}
	for _, c := range change {
		c(&o)
	}
	m, err := newModel(o)
	if err != nil {
		t.Fatal(err)
	}
	m.now = func() time.Time { return testNow }
	m.logs.SetClock(m.now)
	d := tuitest.Start(t, func(send func(tea.Msg)) tea.Model { m.send = send; return m }, width, height)
	t.Cleanup(m.close)
	return d, m
}

// A slow searcher finds all hits but does not return until it is canceled.
type slow struct{ index.Searcher }

func (s slow) Search(ctx context.Context, r *index.Request, found func(*index.Hits) error) (index.Stats, error) {
	st, err := s.Searcher.Search(ctx, r, found)
	if r.Progress != nil {
		r.Progress(index.Progress{Done: 42, Total: 100})
	}
	<-ctx.Done()
	return st, err
}

// A failing searcher returns an error from every search.
type failing struct{ index.Searcher }

func (failing) Search(context.Context, *index.Request, func(*index.Hits) error) (index.Stats, error) {
	return index.Stats{}, &reader.FileError{Path: "cache/index", Offset: 4096, Err: errors.New("what is looked for cannot be")}
}

// frames compares the frames with the golden files, in each size and theme.
func frames(t *testing.T, d *tuitest.Driver, m *model, home string) {
	t.Helper()
	got := map[string]string{}
	for _, size := range [][2]int{{200, 50}, {40, 10}, {80, 24}} {
		d.Resize(size[0], size[1])
		got[fmt.Sprintf("%dx%d", size[0], size[1])] = d.Frame()
	}
	d.Background(true)
	got["dark"], got["nocolor"] = d.Styled(), d.NoColor()
	d.Background(false)
	got["light"] = d.Styled()
	m.close() // its paths are relative to the working directory
	t.Chdir(home)
	for name, frame := range got {
		t.Run(name, func(t *testing.T) { golden.RequireEqual(t, frame) })
	}
}

// TestFrames compares every pane in each of its states.
func TestFrames(t *testing.T) {
	for name, scene := range map[string]func(d *tuitest.Driver, m *model){
		"logs loading":    func(d *tuitest.Driver, _ *model) {}, // no message has arrived yet
		"logs empty":      func(d *tuitest.Driver, _ *model) { d.Wait("no logs here") },
		"logs unreadable": func(d *tuitest.Driver, _ *model) { d.Wait("app.log", "missing") },
		"logs none like":  func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Type("/zzz"); d.Wait("none is like that") },
		"log loading": func(d *tuitest.Driver, m *model) {
			d.Wait("packed.log")
			d.Type("/packed")
			d.Keys("enter")
			d.Wait("reading…")
			d.Send(pager.PreparingMsg{Doc: m.pager.Doc(), P: document.Preparing{Path: "logs/packed.log.gz", Done: 21, Total: 42}})
			d.Wait("50%")
		},
		"log gone": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait("LIVE", " 300 ")
			for _, name := range []string{"app.log", "app.log.1", "app.log.2.gz"} {
				if err := os.Remove("logs/" + name); err != nil {
					panic(err)
				}
			}
			d.Wait("✗ gone", "stays")
		},
		"log unreadable": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			for _, name := range []string{"app.log", "app.log.1", "app.log.2.gz"} {
				if err := os.Remove("logs/" + name); err != nil {
					panic(err)
				}
			}
			d.Keys("enter")
			d.Wait("✗ gone", "no such file", "stays")
		},
		"logs": func(d *tuitest.Driver, _ *model) { d.Wait("app.log") },
		"log details": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait("LIVE", " 300 ")
			d.Keys("enter")
			d.Wait("level: ")
		},
		"log damaged": func(d *tuitest.Driver, _ *model) {
			d.Wait("bad.log")
			d.Keys("j", "enter")
			d.WaitNot("app.log ──")
			d.Wait("bad.log.gz")
		},
		"logs filtered": func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Type("/acc"); d.Wait("Logs like acc") },
		"log":           func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Keys("enter"); d.Wait("LIVE", " 300 ") },
		"log cut": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait("LIVE", " 300 ")
			d.Keys("S")
		},
		"border": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait(" 300 ")
			d.Keys("g")
			d.Wait("app.log.2.gz ──")
		},
		"empty log": func(d *tuitest.Driver, _ *model) { d.Wait("empty.log"); d.Keys("j", "enter"); d.Wait("Empty so far") },
		"hostile": func(d *tuitest.Driver, _ *model) {
			d.Wait("hostile.log")
			d.Keys("j", "j", "enter")
			d.Wait("the last")
		},
		"search": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait(" 300 ")
			d.Keys("g") // opens all files, so that their sizes are known
			d.Wait("app.log.2.gz ──")
			d.Keys("G")
			d.Wait("LIVE", " 300 ")
			d.Type("/WARN")
			d.Wait("180 lines")
			d.Keys("enter")
			d.Wait("n next", "180 lines", "  299  ")
		},
		"search prompt": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait(" 300 ")
			d.Type("//wor(ker")
			d.Wait("missing")
		},
		"filters": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait(" 300 ")
			d.Type("&error")
			d.Keys("enter")
			d.Type("&!worker-3")
			d.Keys("enter")
			d.Wait("- worker-3", "request 0294")
			d.WaitNot("INFO")
			d.Wait("filtered: 156 lines")
		},
		"filters nothing": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Keys("enter")
			d.Wait(" 300 ")
			d.Type("&nowhere to be found")
			d.Keys("enter")
			d.Wait("No line passes", "filtered: 0 lines")
		},
		"results": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log", "not text")
			d.Type("serror -worker -escapes")
			d.Keys("enter")
			d.Wait("no such file", "blocks read", "1 not text", "error.log  ", "100%")
			d.Until(func() bool { return strings.Contains(d.Styled(), "\x1b[1;30;46merror") }, "the match that is gone to")
		},
		"results unreadable": func(d *tuitest.Driver, _ *model) {
			d.Wait("bad.log")
			d.Type("serror -worker -escapes")
			d.Keys("enter")
			d.Wait("no such file", "not readable", "cut off", "blocks read", "error.log  ", "100%")
			d.Until(func() bool { return strings.Contains(d.Styled(), "\x1b[1;30;46merror") }, "the match that is gone to")
		},
		"results loading": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Type("snowhere")
			d.Keys("enter")
			d.Wait("searching…", "42%")
		},
		"results coming": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Type("serror -worker -escapes")
			d.Keys("enter")
			d.Wait("no such file", "42%", "error.log  ", "100%")
			d.Until(func() bool { return strings.Contains(d.Styled(), "\x1b[1;30;46merror") }, "the match that is gone to")
		},
		"results failed": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Type("serror")
			d.Keys("enter")
			d.Wait("what is looked for")
		},
		"results none": func(d *tuitest.Driver, _ *model) {
			d.Wait("app.log")
			d.Type("snowhere")
			d.Keys("enter")
			d.Wait("no line matches", "blocks read")
		},
		"query error": func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Type("sa (b"); d.Keys("enter"); d.Wait("v ") },
		"help":        func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Keys("?"); d.Wait("one line down") },
		"palette":     func(d *tuitest.Driver, _ *model) { d.Wait("app.log"); d.Type(":wrap"); d.Wait("wrap long lines") },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			home, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			dir := tree(t)
			if name == "log damaged" || name == "results unreadable" {
				write(t, "logs/bad.log.gz", "\x1f\x8b\x08\x00broken", 0)
			}
			if name == "results" {
				write(t, "logs/tool", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", time.Hour)
			}
			d, m := explorer(t, dir, 80, 24, func(o *Options) {
				switch name {
				case "logs empty":
					o.Paths = []string{"empty"}
					if err := os.Mkdir("empty", 0o755); err != nil {
						t.Fatal(err)
					}
				case "logs unreadable":
					o.Paths = append(o.Paths, "missing")
				case "log loading": // no worker is free
					write(t, "logs/packed.log.gz", "\x1f\x8b\x08\x00", 0)
					o.Workers = reader.NewWorkers(1)
					o.Workers.Go(func() { <-t.Context().Done() })
				case "results loading", "results coming":
					o.Searcher = slow{o.Searcher}
				case "results failed":
					o.Searcher = failing{}
				}
			})
			scene(d, m)
			frames(t, d, m, home)
		})
	}
}
