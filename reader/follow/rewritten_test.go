package follow_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"logview/reader/follow"
	"logview/reader/readertest"
)

// timedLines returns numbered lines with times, from from to to.
func timedLines(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("2026-11-21 08:%02d:%02d line %d é", i/60%60, i%60, i))
	}
	return out
}

func joined(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

// everyOther returns every other line, without the first.
func everyOther(lines []string) []string {
	var out []string
	for i := 1; i < len(lines)-1; i += 2 {
		out = append(out, lines[i])
	}
	return out
}

// encodings convert text.
var encodings = map[string]func(string) string{
	"UTF-8": func(s string) string { return s },
	"Latin-1": func(s string) string {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r))
		}
		return string(b)
	},
	"UTF-16": func(s string) string {
		var b []byte
		for _, c := range utf16.Encode([]rune(s)) {
			b = append(b, byte(c), byte(c>>8))
		}
		return string(b)
	},
}

// TestFollowerRewritten tests that of a log that is written once more, whose lines have
// times, only the new lines are emitted, however it is written and in which encoding.
func TestFollowerRewritten(t *testing.T) {
	old, more := timedLines(1, 600), timedLines(601, 603)
	edited := slices.Clone(old)
	edited[6] = strings.Replace(edited[6], "line", "LINE", 1)
	for name, encode := range encodings {
		mark := ""
		if name == "UTF-16" {
			mark = "\xff\xfe"
		}
		for step, rewrite := range map[string]func(path string){
			"replaced by an edited copy": func(path string) {
				readertest.WriteFile(t, path+"~", mark+encode(joined(append(slices.Clone(edited), more...)...)))
				readertest.Must(t, os.Rename(path+"~", path))
			},
			"replaced by a longer copy": func(path string) {
				readertest.WriteFile(t, path+"~", mark+encode(joined(append(slices.Clone(old), more...)...)))
				readertest.Must(t, os.Rename(path+"~", path))
			},
			"deleted, and a longer copy": func(path string) {
				readertest.Must(t, os.Remove(path))
				readertest.WriteFile(t, path, mark+encode(joined(append(slices.Clone(old), more...)...)))
			},
			"filtered in place": func(path string) {
				readertest.WriteFile(t, path, mark+encode(joined(append(everyOther(old), more...)...)))
			},
			"filtered into another file": func(path string) {
				readertest.WriteFile(t, path+"~", mark+encode(joined(append(everyOther(old), more...)...)))
				readertest.Must(t, os.Rename(path+"~", path))
			},
			"edited in place": func(path string) {
				readertest.WriteFile(t, path, mark+encode(joined(append(slices.Delete(slices.Clone(edited), 9, 10), more...)...)))
			},
			"trimmed, and a copy is left": func(path string) {
				readertest.WriteFile(t, path+".bak", mark+encode(joined(old...)))
				readertest.WriteFile(t, path, mark+encode(joined(append(slices.Clone(old[500:]), more...)...)))
			},
			"moved aside and filtered": func(path string) {
				readertest.Must(t, os.Rename(path, path+".orig"))
				readertest.WriteFile(t, path, mark+encode(joined(append(slices.Delete(slices.Clone(old), 300, 301), more...)...)))
			},
		} {
			t.Run(name+"/"+step, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "app.log")
				readertest.WriteFile(t, path, mark+encode(joined(old[:300]...)))
				w := watch(t, dir)
				w.expect()
				appendText(t, path, encode(joined(old[300:]...)))
				w.expect(old[300:]...)
				rewrite(path)
				w.look()
				w.now = w.now.Add(2 * time.Second)
				w.expect(more...)
				appendText(t, path, encode(joined("the last")))
				w.expect("the last")
			})
		}
	}
}

// TestFollowerRewrittenSlowly tests that a log that is written once more in many steps is
// not emitted again, whichever lines are left out and however long they are.
func TestFollowerRewrittenSlowly(t *testing.T) {
	for length, filler := range map[string]string{"short lines": "", "long lines": strings.Repeat(" x=1", 200)} {
		lines := func(from, to int) []string {
			out := timedLines(from, to)
			for i := range out {
				out[i] += filler
			}
			return out
		}
		old, more := lines(1, 900), lines(901, 903)
		for name, kept := range map[string][]string{
			"all":                    old,
			"without the seventh":    slices.Delete(slices.Clone(old), 6, 7),
			"without the first":      old[1:],
			"without the first half": old[450:],
		} {
			for encoding, encode := range encodings {
				t.Run(encoding+"/"+length+"/"+name, func(t *testing.T) {
					mark := ""
					if encoding == "UTF-16" {
						mark = "\xff\xfe"
					}
					dir := t.TempDir()
					path := filepath.Join(dir, "app.log")
					readertest.WriteFile(t, path, mark+encode(joined(old...)))
					w := watch(t, dir)
					w.expect()
					readertest.Must(t, os.Truncate(path, 0))
					text := mark + encode(joined(append(slices.Clone(kept), more...)...))
					for step := len(text)/3 + 1; len(text) > 0; {
						w.look()
						w.now = w.now.Add(300 * time.Millisecond)
						n := min(len(text), step)
						appendText(t, path, text[:n])
						text = text[n:]
					}
					w.look()
					w.now = w.now.Add(2 * time.Second)
					w.expect(more...)
				})
			}
		}
	}
}

// TestFollowerSimilarText tests that a log that is truncated and written anew is emitted at
// once although it has lines of the text before: those of a loop or an exception within the
// same second, a banner with a date, and lines with the time since a start.
func TestFollowerSimilarText(t *testing.T) {
	trace := func(from, to int) (out []string) {
		for i := from; i <= to; i++ {
			out = append(out, fmt.Sprintf("2026-11-21 08:00:00 ERROR request %d failed", i), "java.sql.SQLException: no connection", "\tat com.example.db.Pool.acquire(Pool.java:118)", "\tat com.example.web.Handler.handle(Handler.java:52)")
		}
		return out
	}
	retry := slices.Repeat([]string{"2026-11-21 08:00:00 ERROR connection to the database refused", "2026-11-21 08:00:00 WARN trying once more"}, 40)
	banner := []string{"OpenJDK 64-Bit Server VM, built on 2026-01-01 10:00:00", "Memory: 4k page, physical 16 GB", "CommandLine flags: -Xmx4g"}
	dated := append(slices.Clone(banner), "License issued 2025-01-01 10:00:00")
	for i := range 7 {
		dated = append(dated, fmt.Sprintf("2026-01-0%d 00:00:00 change %d of the version, %s", i+1, i, strings.Repeat("x", 100)))
	}
	var elapsed []string
	for i := range 100 {
		elapsed = append(elapsed, fmt.Sprintf("[00:00:%02d.123] step %d", i%60, i))
	}
	after := func(header []string) func(int) []string {
		return func(i int) []string { return append(slices.Clone(header), timedLines(100*i, 100*i+99)...) }
	}
	for name, text := range map[string]func(i int) []string{
		"an exception": func(i int) []string { return trace(30*i, 30*i+29) },
		"a loop":       func(int) []string { return retry },
		"a banner":     after(banner),
		"elapsed":      func(int) []string { return elapsed },
		"two dates":    after(dated[:4]),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "app.log")
			readertest.WriteFile(t, path, "")
			w := watch(t, dir)
			appendText(t, path, joined(text(0)...))
			w.expect(text(0)...)
			for i := range 2 {
				now := text(i + 1)
				readertest.Must(t, os.Truncate(path, 0))
				w.look()
				appendText(t, path, joined(now[:3]...))
				w.look()
				appendText(t, path, joined(now[3:]...))
				w.expect(now...)
			}
		})
	}
}

// TestFollowerLongBanner tests that lines without times after a long banner with dates are
// emitted when the log is written anew. The banner may be taken for the old one.
func TestFollowerLongBanner(t *testing.T) {
	var banner []string
	for i := range 7 {
		banner = append(banner, fmt.Sprintf("2026-01-0%d 00:00:00 change %d of the version, %s", i+1, i, strings.Repeat("x", 140)))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.WriteFile(t, path, joined(append(slices.Clone(banner), timedLines(1, 300)...)...))
	w := watch(t, dir)
	w.expect()
	readertest.Must(t, os.Truncate(path, 0))
	w.look()
	appendText(t, path, joined(append(slices.Clone(banner), "one", "two", "three")...))
	w.look()
	w.now = w.now.Add(2 * time.Second)
	w.look()
	appendText(t, path, joined(timedLines(400, 400)...))
	w.look()
	want := append([]string{"one", "two", "three"}, timedLines(400, 400)...)
	if n := len(w.lines) - len(want); n < 0 || !slices.Equal(w.lines[n:], want) {
		t.Errorf("got %.500q, want them to end with %q", w.lines, want)
	}
}

// TestFollowerCutToTheMiddle tests that after a log is truncated to a place that is not
// remembered, only what is written then is emitted.
func TestFollowerCutToTheMiddle(t *testing.T) {
	old := timedLines(1, 3000)
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.WriteFile(t, path, joined(old...))
	w := watch(t, dir)
	w.expect()
	readertest.Must(t, os.Truncate(path, int64(len(joined(old[:1000]...)))))
	w.look()
	appendText(t, path, joined(timedLines(3001, 3002)...))
	w.look()
	w.now = w.now.Add(2 * time.Second)
	w.expect(timedLines(3001, 3002)...)
}

// TestFollowerSameBanner tests that the lines with which a program begins its log each time
// it starts are emitted each time, however the old log was removed.
func TestFollowerSameBanner(t *testing.T) {
	banner := []string{"server starting up now, please wait", "reading the configuration from /etc/app", "listening on port 8080"}
	for name, remove := range map[string]func(dir string){
		"deleted": func(dir string) { readertest.Must(t, os.Remove(filepath.Join(dir, "app.log"))) },
		"moved away": func(dir string) {
			readertest.Must(t, os.Rename(filepath.Join(dir, "app.log"), filepath.Join(dir, "old", "app.log")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			readertest.Must(t, os.Mkdir(filepath.Join(dir, "old"), 0o755))
			path := filepath.Join(dir, "app.log")
			readertest.WriteFile(t, path, joined(banner...))
			w := watch(t, dir)
			w.expect()
			remove(dir)
			w.now = w.now.Add(time.Second)
			w.look()
			w.now = w.now.Add(time.Second)
			readertest.WriteFile(t, path, joined(append(slices.Clone(banner), "ready")...))
			w.expect(append(slices.Clone(banner), "ready")...)
		})
	}
	dir := t.TempDir()
	for _, release := range []string{"r1", "r2"} {
		readertest.Must(t, os.Mkdir(filepath.Join(dir, release), 0o755))
		readertest.WriteFile(t, filepath.Join(dir, release, "app.log"), joined(banner...))
	}
	readertest.Must(t, os.Symlink("r1", filepath.Join(dir, "current")))
	t.Run("truncated, and another log", func(t *testing.T) {
		dir := t.TempDir()
		readertest.WriteFile(t, filepath.Join(dir, "w1.log"), joined(banner...))
		w := watch(t, dir)
		w.expect()
		readertest.WriteFile(t, filepath.Join(dir, "w1.log"), "")
		readertest.WriteFile(t, filepath.Join(dir, "w2.log"), joined(banner...))
		w.expect(banner...)
	})
	w := watch(t, filepath.Join(dir, "current")+"/")
	w.expect()
	readertest.Must(t, os.Symlink("r2", filepath.Join(dir, "next")))
	readertest.Must(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "current")))
	w.expect(banner...)
}

// TestFollowerPackedAppended tests that the lines of a stream that is appended to a
// compressed file are emitted once, when all of it is there, wherever it was cut off before.
func TestFollowerPackedAppended(t *testing.T) {
	writers := map[string]func(io.Writer) (io.WriteCloser, error){
		"gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		"lz4": func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
	}
	for ext, writer := range writers {
		stream := func(lines ...string) string {
			var b bytes.Buffer
			z, err := writer(&b)
			readertest.Must(t, err)
			fmt.Fprint(z, joined(lines...))
			readertest.Must(t, z.Close())
			return b.String()
		}
		first, next := stream("a", "b"), stream("c", "d")
		for cut := 1; cut < len(next); cut++ {
			t.Run(fmt.Sprintf("%s/%d", ext, cut), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "job.log."+ext)
				w := watch(t, dir)
				readertest.WriteFile(t, path, first)
				w.expect("a", "b")
				appendText(t, path, next[:cut])
				w.expect()
				appendText(t, path, next[cut:])
				w.expect("c", "d")
				if len(w.notes) > 0 {
					t.Errorf("notes %q", w.notes)
				}
			})
		}
	}
}

// TestFollowerWideNULs tests that NULs in UTF-16 are padding, or are counted in a marker.
func TestFollowerWideNULs(t *testing.T) {
	wide := encodings["UTF-16"]
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.WriteFile(t, path, "\xff\xfe"+wide("one\n"))
	w := watch(t, dir)
	w.expect()
	readertest.Must(t, os.Truncate(path, 4<<20))
	w.expect()
	appendText(t, path, wide("two\n"))
	w.expect("[2.1 MB of NULs]two")
}

// look looks at the files, and keeps the lines emitted for the next expect.
func (w *watched) look() {
	w.t.Helper()
	for range 2 {
		follow.RefreshLive(w.live)
		if err := w.f.Look(w.t.Context(), follow.Changes{All: true, Names: true}, w.emit); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestFollowerTruncatedToAThird tests that a log that is truncated to what was emitted long
// ago is not emitted again, and that what is written after it is.
func TestFollowerTruncatedToAThird(t *testing.T) {
	var lines []string
	for i := range 60000 {
		lines = append(lines, fmt.Sprintf("2026-11-21 %02d:%02d:%02d line %d of many, with some words to make it as long as others are", i/3600, i/60%60, i%60, i))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.WriteFile(t, path, lines[0]+"\n")
	w := watch(t, dir)
	for n := 1; n < len(lines); {
		k := min(n+1700, len(lines))
		appendText(t, path, joined(lines[n:k]...))
		w.expect(lines[n:k]...)
		n = k
	}
	readertest.Must(t, os.Truncate(path, int64(len(joined(lines[:20001]...)))))
	more := []string{lines[len(lines)-1] + " once more", "2026-11-21 20:00:00 new"}
	appendText(t, path, joined(more[:1]...))
	w.look()
	w.now = w.now.Add(2 * time.Second)
	appendText(t, path, joined(more[1:]...))
	w.expect(more...)
}

// TestFollowerRestarted tests a program that writes its log anew when it starts, with a banner
// that is always the same: all is emitted if the file was seen to be empty in between. Otherwise
// it looks as if all but the banner was removed.
func TestFollowerRestarted(t *testing.T) {
	banner := []string{"== My Server v1.2 ==", "Config: /etc/my.conf", "Loading modules"}
	run := func(n int) []string { return append(slices.Clone(banner), fmt.Sprintf("ready for the time %d", n)) }
	for name, c := range map[string]struct {
		seen       bool
		text, want []string
	}{
		"seen to be empty":                 {true, run(2), run(2)},
		"seen to be empty, the same again": {true, append(run(1), "and more"), append(run(1), "and more")},
		"not seen":                         {false, run(2), run(2)[3:]},
		"not seen, a longer copy":          {false, append(run(1), "and more"), []string{"and more"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "app.log")
			readertest.WriteFile(t, path, "")
			w := watch(t, dir)
			appendText(t, path, joined(run(1)...))
			w.expect(run(1)...)
			w.now = w.now.Add(time.Minute)
			readertest.WriteFile(t, path, joined(c.text...))
			changes := follow.Changes{All: true, Names: true}
			if c.seen {
				changes.Emptied = map[string]bool{path: true}
			}
			follow.RefreshLive(w.live)
			readertest.Must(t, w.f.Look(t.Context(), changes, w.emit))
			w.expect(c.want...)
			appendText(t, path, joined("the last"))
			w.expect("the last")
		})
	}
}

// TestWatcherSeesEmptied tests that the paths at which a file was emptied are reported.
func TestWatcherSeesEmptied(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("others may report less")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	readertest.WriteFile(t, path, "text\n")
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	feed := live.Feed()
	defer feed.Close()
	if _, _, err := live.Logs(t.Context()); err != nil {
		t.Fatal(err)
	}
	readertest.Must(t, os.Truncate(path, 0))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for {
		c, err := feed.Wait(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Emptied[path] {
			return
		}
	}
}

// TestFollowerKnownText tests that what is known already is not emitted when somebody copies or
// unpacks it, or deletes lines of it.
func TestFollowerKnownText(t *testing.T) {
	old, before, rotated := timedLines(200, 400), timedLines(100, 199), timedLines(1, 99)
	var untimed []string
	for i := range 50 {
		untimed = append(untimed, fmt.Sprintf("a line without a time, number %d", i))
	}
	for name, c := range map[string]struct {
		text []string
		do   func(t *testing.T, dir string)
	}{
		"a rotated file is unpacked beside itself": {old, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "app.log.2"), joined(rotated...))
		}},
		"a compressed file is copied": {old, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "app.log.9.gz"), readertest.Gzip(joined(rotated...)))
		}},
		"the log is copied into another directory": {old, func(t *testing.T, dir string) {
			readertest.Must(t, os.Mkdir(filepath.Join(dir, "saved"), 0o755))
			readertest.WriteFile(t, filepath.Join(dir, "saved", "app.log"), joined(old...))
		}},
		"the log is copied under another name": {old, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "incident.txt"), joined(old...))
		}},
		"a rotated file is copied under another name": {old, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "other.log.1"), joined(before...))
			readertest.WriteFile(t, filepath.Join(dir, "saved.txt"), joined(before...))
		}},
		"a compressed file is unpacked under another name": {old, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "saved.log"), joined(rotated...))
		}},
		"a compressed file is unpacked in another directory": {old, func(t *testing.T, dir string) {
			readertest.Must(t, os.Mkdir(filepath.Join(dir, "saved"), 0o755))
			readertest.WriteFile(t, filepath.Join(dir, "saved", "app.log.1"), joined(rotated...))
		}},
		"a line is deleted near the start": {untimed, func(t *testing.T, dir string) {
			readertest.WriteFile(t, filepath.Join(dir, "sedAb12Cd"), joined(slices.Delete(slices.Clone(untimed), 2, 3)...))
			readertest.Must(t, os.Rename(filepath.Join(dir, "sedAb12Cd"), filepath.Join(dir, "app.log")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "app.log")
			readertest.WriteFile(t, path, joined(c.text[:len(c.text)-10]...))
			readertest.WriteFile(t, path+".1", joined(before...))
			readertest.WriteFile(t, path+".2.gz", readertest.Gzip(joined(rotated...)))
			w := watch(t, dir)
			w.expect()
			appendText(t, path, joined(c.text[len(c.text)-10:]...))
			w.expect(c.text[len(c.text)-10:]...)
			c.do(t, dir)
			w.look()
			w.now = w.now.Add(2 * time.Second)
			w.expect()
			appendText(t, path, "the last\n")
			w.expect("the last")
		})
	}
}

// TestFollowerSameLog tests that a file with a dated name that gets the same lines as the current
// file of its log is not a copy, whether that had lines before, and when they differ later.
func TestFollowerSameLog(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, apart int // number of lines of the current file before; the round from which on they differ
	}{{"first start", 0, 9}, {"at midnight", 100, 9}, {"differ soon", 0, 1}, {"differ soon after midnight", 100, 1}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			current, dated := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.2026-11-21.log")
			if c.before > 0 {
				readertest.WriteFile(t, current, joined(timedLines(1, c.before)...))
			}
			w := watch(t, dir)
			var want []string
			write := func(path string, lines []string) {
				appendText(t, path, joined(lines...))
				want = append(want, lines...)
			}
			for i := range 5 {
				from := c.before + 1 + 20*i
				if i >= c.apart {
					write(current, timedLines(from, from+2))
				}
				both := timedLines(from+3, from+9)
				write(current, both)
				if i%2 == 0 {
					w.look()
				}
				write(dated, both)
				w.look()
				w.now = w.now.Add(time.Second)
			}
			w.look()
			slices.Sort(w.lines)
			slices.Sort(want)
			w.expect(want...)
		})
	}
}

// TestFollowerSameLines tests that two logs that get the same lines, several at once, are two logs,
// whatever their names, and when they are rotated together; and that a copy that somebody makes
// later is one.
func TestFollowerSameLines(t *testing.T) {
	for _, names := range [][2]string{
		{"all/syslog", "web1/syslog"}, {"catalina.out", "catalina.2026-11-21.log"}, {"all-20261121.log", "web1-20261121.log"},
		{"all/2026-11-21.log", "web1/2026-11-21.log"}, {"console.log", "app.log"},
	} {
		t.Run(names[0]+" "+names[1], func(t *testing.T) {
			dir := t.TempDir()
			a, b := filepath.Join(dir, filepath.FromSlash(names[0])), filepath.Join(dir, filepath.FromSlash(names[1]))
			readertest.Must(t, os.MkdirAll(filepath.Dir(a), 0o755))
			readertest.Must(t, os.MkdirAll(filepath.Dir(b), 0o755))
			w := watch(t, dir)
			both := func(lines []string) {
				t.Helper()
				appendText(t, a, joined(lines...))
				appendText(t, b, joined(lines...))
				w.look()
				slices.Sort(w.lines)
				want := append(slices.Clone(lines), lines...)
				slices.Sort(want)
				w.expect(want...)
			}
			both(timedLines(1, 6))
			appendText(t, a, joined(timedLines(7, 8)...)) // they differ from here on
			w.expect(timedLines(7, 8)...)
			both(timedLines(9, 20))
			if strings.HasSuffix(a, "syslog") {
				readertest.Must(t, os.Rename(a, a+".1"))
				readertest.Must(t, os.Rename(b, b+".1"))
				both(timedLines(21, 30))
				both(timedLines(31, 40))
			}
			w.now = w.now.Add(time.Minute)
			text, err := os.ReadFile(a)
			readertest.Must(t, err)
			readertest.WriteFile(t, filepath.Join(dir, "copy.txt"), string(text))
			w.look()
			w.now = w.now.Add(10 * time.Second)
			w.expect()
		})
	}
}
