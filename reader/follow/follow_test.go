package follow_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/reader/readertest"
)

// Each file begins like the one before, and several rotations come to pass
// between two looks, which "look" stands for. H is the header.
func TestFollowerHeaders(t *testing.T) {
	const header = `#Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\n`
	for _, x := range []struct{ steps, want string }{
		{`mv app.log app.log.2 ; gz app.log.2 ; app.log < Hone\n ; mv app.log app.log.1 ; gz app.log.1 ; app.log < two\n`, `Hone\ntwo\n`},
		{`app.log < one\n ; cp app.log app.log.1 ; cut app.log ; look ; gz app.log.1 ; look ;
			app.log < Htwo\n ; cp app.log app.log.1 ; cut app.log ; app.log < Hthree\n`, `one\nHtwo\nHthree\n`},
		{`app.log < one\n ; look ; mv app.log app.log.1 ; app.log < Htwo\n ; cp app.log app.log.0 ; cut app.log ; app.log < Hthree\n`, `one\nHtwo\nHthree\n`},
		{`rm app.log ; look ; app.log < Htwo\n ; mv app.log app.log.1 ; app.log < Hthree\n`, `Htwo\nHthree\n`},
		{`app.log < one\n ; look ; rm app.log ; look ; app.log < H ; mv app.log app.log.1 ; app.log < Htwo\n`, `one\nHHtwo\n`},
		{`app.log.wf < H ; look ; app.log < one\n ; look ; app.log.wf < bad\n`, `one\nHbad\n`},
	} {
		dir := t.TempDir()
		readertest.Act(t, dir, "app.log < "+header)
		live := follow.NewUntoldLive([]string{dir}, nil)
		defer live.Close()
		f := follow.NewFollower(live, follow.FollowOptions{Note: func(err error) { t.Error(err) }})
		defer f.Close()
		var got strings.Builder
		emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
		if err := f.Begin(t.Context(), emit); err != nil {
			t.Fatal(err)
		}
		for step := range strings.SplitSeq(x.steps+" ; look ; look", " ;") {
			if step = strings.TrimSpace(step); step != "look" {
				readertest.Act(t, dir, strings.Replace(step, "< H", "< "+header, 1))
				continue
			}
			follow.RefreshLive(live)
			if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
				t.Fatal(err)
			}
		}
		if want := readertest.Unquote(t, strings.ReplaceAll(x.want, "H", header)); got.String() != want {
			t.Errorf("%s: got %q, want %q", x.steps, got.String(), want)
		}
	}
}

// When the system watches no more directories, that is reported once, and
// nothing is lost.
func TestFollowerWatchLimit(t *testing.T) {
	said := make(chan error, 100)
	tell(t, "\n\n"+`
		mkdir one
		mkdir two
		one/a.log < 1\n
		> one/a.log 1
		two/b.log < 2\n
		> two/b.log 2
		one/a.log < 3\n
		> one/a.log 3`,
		func(paths []string, note func(error)) *follow.Live {
			return follow.NewLimitedLive(paths, func(err error) { said <- err; note(err) })
		}, follow.NewFollower)
	if len(said) != 1 {
		t.Fatalf("said %d times", len(said))
	}
	if err := <-said; !strings.Contains(err.Error(), "max_user_watches") {
		t.Error(err)
	}
}

// After an overflow of the events everything is looked at.
func TestFollowerOverflow(t *testing.T) {
	tell(t, `
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\n
		> app.log one
		mv app.log app.log.1 ; app.log < two\n ; new.log < three\n
		> app.log two
		> new.log three`, follow.NewOverflowingLive, follow.NewFollower)
}

// A file of which only the end is known is truncated to its beginning.
func TestFollowerCutDeep(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, "app.log < "+strings.Repeat(`a line that is not new\n`, 1000))
	live := follow.NewUntoldLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{})
	defer f.Close()
	var got strings.Builder
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	look := func() {
		t.Helper()
		follow.RefreshLive(live)
		if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "app.log"), 460); err != nil {
		t.Fatal(err)
	}
	look()
	readertest.Act(t, dir, `app.log < new\n`)
	look()
	if got.String() != "new\n" {
		t.Errorf("got %q", got.String())
	}
}

// A file is written anew with the same header, and ends where by chance a few
// bytes are the same as those that were emitted there.
func TestFollowerCutAlike(t *testing.T) {
	dir := t.TempDir()
	text := func(from, to int) string {
		s := strings.Repeat("h", 1200) + `\n`
		for i := from; i < to; i++ {
			s += fmt.Sprintf(`%04d the same text\n`, i)
		}
		return s
	}
	readertest.Act(t, dir, "app.log < "+text(0, 40))
	live := follow.NewUntoldLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{Last: 10})
	defer f.Close()
	var got strings.Builder
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	got.Reset()
	readertest.Act(t, dir, "cut app.log")
	readertest.Act(t, dir, "app.log < "+text(100, 105))
	if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
		t.Fatal(err)
	}
	// It looks as if all but the header had been removed.
	if _, want, _ := strings.Cut(readertest.Unquote(t, text(100, 105)), "\n"); got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// An unfinished last line is held for a second, by a clock that the test
// sets, and what completes it comes by itself.
func TestFollowerHolds(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `a.log < begun before`)
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{Now: func() time.Time { return now }})
	defer f.Close()
	var got []string
	emit := func(a *follow.Appended) error { got = append(got, fmt.Sprintf("%d:%q", a.Offset, a.Text)); return nil }
	look := func(want ...string) {
		t.Helper()
		got = nil
		if err := f.Look(t.Context(), follow.Changes{All: true}, emit); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	look() // it is not of this following
	readertest.Act(t, dir, `a.log <  and ended\nhalf`)
	look(`0:"begun before and ended\n"`)
	now = now.Add(900 * time.Millisecond)
	look()
	now = now.Add(200 * time.Millisecond)
	look(`23:"half"`)
	look()
	readertest.Act(t, dir, `a.log <  a line\nnext`)
	look(`27:" a line\n"`)
	readertest.Act(t, dir, `a.log < \n`)
	look(`35:"next\n"`)
	readertest.Act(t, dir, `a.log < x`)
	look()
	now = now.Add(2 * time.Second)
	look(`40:"x"`)
	readertest.Act(t, dir, `a.log < \nlast\n`)
	look(`42:"last\n"`)
	// A line may end in DOS's way, and a character in two pieces.
	readertest.Act(t, dir, `a.log < dos`)
	look()
	now = now.Add(2 * time.Second)
	look(`47:"dos"`)
	readertest.Act(t, dir, `a.log < \r\n\xc3`)
	look()
	readertest.Act(t, dir, `a.log < \xa9 and \xc3`)
	look()
	now = now.Add(2 * time.Second)
	look(`52:"é and "`)
	readertest.Act(t, dir, `a.log < \xa9\n`)
	look(`59:"é\n"`)
}

// An unfinished last line that is among the last lines that were asked for is emitted after
// a second.
func TestFollowerHoldsLast(t *testing.T) {
	for last, want := range map[int64]string{0: "", 1: "the end", 2: "two\nthe end"} {
		dir := t.TempDir()
		readertest.Act(t, dir, `a.log < one\ntwo\nthe end`)
		now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
		live := follow.NewLive([]string{dir}, nil)
		f := follow.NewFollower(live, follow.FollowOptions{Last: last, Now: func() time.Time { return now }})
		var got strings.Builder
		emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
		if err := f.Begin(t.Context(), emit); err != nil {
			t.Fatal(err)
		}
		if got.String() != strings.TrimSuffix(want, "the end") {
			t.Errorf("last %d: %q at once", last, got.String())
		}
		for range 2 {
			now = now.Add(2 * time.Second)
			if err := f.Look(t.Context(), follow.Changes{All: true}, emit); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != want {
			t.Errorf("last %d: %q, want %q", last, got.String(), want)
		}
		f.Close()
		live.Close()
	}
}

// The last lines come first, over the borders of files, in order.
func TestFollowerLast(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log.2 < 1\n2\n`)
	readertest.Act(t, dir, `gz app.log.2`)
	readertest.Act(t, dir, `app.log.1 < 3\n4\n`)
	readertest.Act(t, dir, `app.log < 5\n6`)
	for last, want := range map[int64]string{0: "", 1: "", 2: "5\n", 3: "4\n5\n", 5: "2\n3\n4\n5\n", 9: "1\n2\n3\n4\n5\n"} {
		live := follow.NewLive([]string{dir}, nil)
		f := follow.NewFollower(live, follow.FollowOptions{Last: last, Count: true})
		var got strings.Builder
		emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
		if err := f.Begin(t.Context(), emit); err != nil {
			t.Fatal(err)
		}
		if got.String() != want {
			t.Errorf("last %d: %q, want %q", last, got.String(), want)
		}
		f.Close()
		live.Close()
	}
}

// A file that is empty for a long while before what it holds is compressed
// into it is never taken for text.
func TestFollowerCompressedLate(t *testing.T) {
	dir := t.TempDir()
	const text = `of a file that nobody saw while it was current, not even once, and more\n`
	packed := readertest.Packed(t, text)
	now := time.Now()
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{Now: func() time.Time { return now }, Note: func(err error) { t.Error(err) }})
	defer f.Close()
	var got strings.Builder
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "app.log.1.gz"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			follow.RefreshLive(live)
			if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(nil)
	now = now.Add(time.Minute) // it is not being written, as it seems
	write(nil)
	write(packed[:3])
	write(packed)
	if want, _ := strconv.Unquote(`"` + text + `"`); got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// A file that is being compressed into when following begins is not new when it
// is complete.
func TestFollowerCompressedBefore(t *testing.T) {
	dir := t.TempDir()
	packed := readertest.Packed(t, strings.Repeat(`a line that was written before\n`, 100))
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "app.log.1.gz"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(packed[:len(packed)/2])
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{})
	defer f.Close()
	emit := func(a *follow.Appended) error { t.Errorf("got %q", a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	write(packed)
	for range 2 {
		follow.RefreshLive(live)
		if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
			t.Fatal(err)
		}
	}
}

// A reader from the start of a file does not take for text what is compressed
// into it meanwhile.
func TestReadWhileCompressedInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log.1.gz")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	src := files.NewSource(files.Log{Name: path, Members: []reader.Member{{Path: path}}}, files.Options{})
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	fmt.Fprintln(w, "packed")
	w.Close()
	if err := os.WriteFile(path, z.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	blk := new(reader.Block)
	for range 2 {
		if err := b.Next(blk); err != io.EOF {
			t.Errorf("%q, %v", blk.Text, err)
		}
	}
}

// A copy that is shorter than what was emitted was made before its file was
// truncated, and what was written in between was emitted: nothing comes twice,
// whichever of the two is looked at first, and however the copy grows.
func TestFollowerCopyHalfMade(t *testing.T) {
	for _, header := range []string{"", `# a header\n`} {
		dir := t.TempDir()
		text := func(from, to int) string {
			s := header
			for i := from; i < to; i++ {
				s += fmt.Sprintf(`%04d a line that is written\n`, i)
			}
			return s
		}
		live := follow.NewUntoldLive([]string{dir}, nil)
		defer live.Close()
		f := follow.NewFollower(live, follow.FollowOptions{})
		defer f.Close()
		var got strings.Builder
		look := func(doing string) {
			t.Helper()
			readertest.Act(t, dir, doing)
			follow.RefreshLive(live)
			err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, func(a *follow.Appended) error { got.Write(a.Text); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Begin(t.Context(), func(*follow.Appended) error { return nil }); err != nil {
			t.Fatal(err)
		}
		look("app.log < " + text(0, 20))
		look("app.log.1 < " + text(0, 12)) // the copy, so far
		look("app.log < " + strings.TrimPrefix(text(20, 25), header))
		look("app.log.1 < " + strings.TrimPrefix(text(12, 22), header))
		look("cut app.log")
		look("app.log < " + text(30, 33))
		want := readertest.Unquote(t, text(0, 25)+text(30, 33))
		if got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
	}
}

// followNew follows a new directory. look takes steps there, as readertest.Act
// does, and then looks; got is what was emitted.
func followNew(t *testing.T) (dir string, f *follow.Follower, look func(steps ...string), got *strings.Builder) {
	t.Helper()
	dir, got = t.TempDir(), new(strings.Builder)
	live := follow.NewUntoldLive([]string{dir}, nil)
	t.Cleanup(func() { live.Close() })
	f = follow.NewFollower(live, follow.FollowOptions{})
	t.Cleanup(func() { f.Close() })
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	look = func(steps ...string) {
		t.Helper()
		for _, step := range steps {
			readertest.Act(t, dir, step)
		}
		follow.RefreshLive(live)
		if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
			t.Fatal(err)
		}
	}
	return dir, f, look, got
}

// A log is truncated while the follower compares it with its copy, at any time
// in between. The copy lacks the last lines that were emitted.
func TestFollowerCutWhileCompared(t *testing.T) {
	text := func(from, to int) string {
		s := ""
		for i := from; i < to; i++ {
			s += fmt.Sprintf(`%04d a line that is written\n`, i)
		}
		return s
	}
	for _, seen := range []int{0, 8, 12} { // lines of the copy that are seen before
		for cut := range 6 {
			dir, f, look, got := followNew(t)
			look("app.log < " + text(0, 20))
			if seen > 0 {
				look("app.log.1 < " + text(0, seen))
			}
			opened := 0
			follow.WhenOpening(f, func() {
				if opened == cut {
					readertest.Act(t, dir, "cut app.log")
				}
				opened++
			})
			look("app.log.1 < " + text(seen, 18))
			follow.WhenOpening(f, nil)
			look("cut app.log")
			look("app.log < " + text(30, 33))
			want := readertest.Unquote(t, text(0, 20)+text(30, 33))
			if got.String() != want {
				t.Errorf("%d lines seen, truncated at opening %d of %d: got %q, want %q", seen, cut, opened, got.String(), want)
			}
		}
	}
}

// A log of which nothing was emitted yet is copied, and the copy is compressed
// at once: nothing comes twice.
func TestFollowerCopyPackedAtOnce(t *testing.T) {
	for _, before := range []string{"mkdir other", "cp /dev/null app.log"} {
		_, _, look, got := followNew(t)
		look(before)
		look(`app.log < one\ntwo\n`, "cp app.log app.log.1", "gz app.log.1")
		look(`app.log < three\n`)
		look("cut app.log")
		look(`app.log < four\n`)
		if want := "one\ntwo\nthree\nfour\n"; got.String() != want {
			t.Errorf("%s: got %q, want %q", before, got.String(), want)
		}
	}
}

// A mirror replaces the current file before the rotated one appears, which has
// lines that nobody saw: only those are new, however late it appears.
func TestFollowerMirror(t *testing.T) {
	for _, pack := range []bool{false, true} {
		for _, wait := range []time.Duration{0, time.Minute} {
			dir, away := t.TempDir(), t.TempDir()
			now := time.Now()
			live := follow.NewUntoldLive([]string{dir}, nil)
			defer live.Close()
			f := follow.NewFollower(live, follow.FollowOptions{Now: func() time.Time { now = now.Add(time.Millisecond); return now }})
			defer f.Close()
			var got strings.Builder
			look := func() {
				t.Helper()
				follow.RefreshLive(live)
				err := f.Look(t.Context(), follow.Changes{All: true, Names: true, Sweep: true}, func(a *follow.Appended) error { got.Write(a.Text); return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			put := func(name, text string) {
				t.Helper()
				plain, packed := strings.CutSuffix(name, ".gz")
				readertest.Act(t, away, plain+" < "+text)
				if packed {
					readertest.Act(t, away, "gz "+plain)
				}
				if err := os.Rename(filepath.Join(away, name), filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
				look()
			}
			if err := f.Begin(t.Context(), func(*follow.Appended) error { return nil }); err != nil {
				t.Fatal(err)
			}
			put("app.log", `one\n`)
			put("app.log", `one\ntwo\n`)
			put("app.log", `four\n`)
			now = now.Add(wait)
			look()
			if pack {
				put("app.log.1.gz", `one\ntwo\nthree\n`)
			} else {
				put("app.log.1", `one\ntwo\nthree\n`)
			}
			if want := "one\ntwo\nfour\nthree\n"; got.String() != want {
				t.Errorf("compressed %t, after %v: got %q, want %q", pack, wait, got.String(), want)
			}
		}
	}
}

// A copy is renamed, and its file truncated, before the names are looked at:
// what is at its end comes before what is written into the file after that.
func TestFollowerCopyRenamed(t *testing.T) {
	dir := t.TempDir()
	readertest.Act(t, dir, `app.log < a first line that is long enough to know a text by it, surely\n`)
	live := follow.NewUntoldLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{})
	defer f.Close()
	var got strings.Builder
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	readertest.Act(t, dir, "cp app.log app.log.bak")
	follow.RefreshLive(live)
	if err := f.Look(t.Context(), follow.Changes{All: true, Names: true}, emit); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{`app.log < one\n`, `app.log.bak < one\n`, "mv app.log.bak app.log.1", "cut app.log", `app.log < two\n`} {
		readertest.Act(t, dir, step)
	}
	if err := f.Look(t.Context(), follow.Changes{Files: map[string]bool{filepath.Join(dir, "app.log"): true}}, emit); err != nil {
		t.Fatal(err)
	}
	if want := "one\ntwo\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}
