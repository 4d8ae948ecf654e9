package follow_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
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

// A story is what happens to the files of a directory, a step a line, and
// what a Follower emits because of it:
//
//	FILE < TEXT       TEXT is appended to FILE; \n and the like are Go's
//	mv A B, cp A B, rm A, cut A, mkdir A, mode OCTAL A
//	gz A              A becomes A.gz, as gzip does it: A is there until A.gz is whole
//	> LOG TEXT        the next line emitted is this one, of this log
//
// After the last step nothing else is emitted. Lines before the first
// blank one are what is there before the following begins.
var stories = map[string]string{
	"an editor changes a line and keeps a backup": `
		app.log < one\nthe second line of the log, which is longer\nthe third line of the log, longer, too\n

		mv app.log app.log~ ; app.log < one, changed\nthe second line of the log, which is longer\nthe third line of the log, longer, too\n
		rm app.log~ ; app.log < the fourth\n
		> app.log the fourth
	`,
	"an editor keeps a backup": `
		app.log < one\ntwo\n
		other.log < x\n

		app.log < three\n
		> app.log three
		cp app.log sedAb12Cd ; mv app.log app.log.bak ; sedAb12Cd < four\n ; mv sedAb12Cd app.log
		> app.log four
		app.log < five\n
		> app.log five
		cp app.log app.log~
		app.log < six\n
		> app.log six
		cp app.log app.log.new ; app.log.new < seven\n ; mv app.log.new app.log
		> app.log seven
		app.log < eight\n
		> app.log eight`,

	"the first lines are removed": `
		app.log < one\n

		app.log < a line that is long enough to know it again\nand another one that is, too\n
		> app.log a line that is long enough to know it again
		> app.log and another one that is, too
		rm app.log ; app.log < and another one that is, too\nnew\n
		> app.log and another one that is, too
		> app.log new
		app.log < yet another one that is long enough\nthe last one of all of them\n
		> app.log yet another one that is long enough
		> app.log the last one of all of them
		.app.log.Ab12Cd < yet another one that is long enough\nthe last one of all of them\nmore\n ; mv .app.log.Ab12Cd app.log
		> app.log more`,

	"copied with rising numbers": `
		app.log < the first text that is followed, and quite a long one, longer than what comes after it\n

		cp app.log app.log.1 ; cut app.log ; app.log < the second text, a shorter one\n
		> app.log the second text, a shorter one
		cp app.log app.log.2 ; cut app.log ; app.log < the third one\n
		> app.log the third one
		cp app.log app.log.3 ; cut app.log ; app.log < the fourth\n
		> app.log the fourth`,

	"encodings are mixed": `
		app.log < first\n
		wide.log < \xff\xfea\x00\n\x00

		app.log < s\x00e\x00c\x00o\x00n\x00d\x00\n\x00
		> app.log s\x00e\x00c\x00o\x00n\x00d\x00
		app.log < third\n
		> app.log \x00third
		wide.log < b\x00\n\x00
		> wide.log b
		wide.log < a line of bytes\nand another\n
		> wide.log a line of bytes
		> wide.log and another
		wide.log < c\x00\n\x00
		> wide.log c
		wide.log < odd\nlines of bytes.\n ; wide.log < \xe9\x00\n\x00
		> wide.log odd
		> wide.log lines of bytes.
		> wide.log é
		wide.log < an odd line of bytes\nd\x00\n\x00
		> wide.log an odd line of bytes
		> wide.log d
		wide.log < e\x00\n\x00f\x00\n\x00
		> wide.log e
		> wide.log f`,

	"growth": `
		app.log < old\n

		app.log < one\n
		> app.log one
		app.log < two\nthree\n
		> app.log two
		> app.log three`,

	"a new file": `
		app.log < old\n

		web.log < hello\n
		> web.log hello
		app.log < there\n
		> app.log there`,

	"a file that is empty at first": `

		cp /dev/null app.log
		app.log < first\n
		> app.log first`,

	"a new directory": `

		mkdir sub
		sub/app.log < deep\n
		> sub/app.log deep
		mkdir sub/more
		sub/more/x.log < deeper\n
		> sub/more/x.log deeper`,

	"hidden and unfinished files are not followed": `

		.hidden < secret\n
		app.log.tmp < half\n
		app.log < seen\n
		> app.log seen`,

	"rename and create": `
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\n
		> app.log one
		mv app.log app.log.1
		app.log.1 < late\n
		> app.log late
		app.log < two\n
		> app.log two
		mv app.log.1 app.log.2
		mv app.log app.log.1
		app.log < three\n
		> app.log three`,

	"rename, and compress at once": `
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\n
		> app.log one
		mv app.log app.log.1
		gz app.log.1
		app.log < two\n
		> app.log two`,

	"compress with delay": `
		app.log.1 < the text of the older one is long enough to know a text by it\n
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\n
		> app.log one
		gz app.log.1
		mv app.log.1.gz app.log.2.gz
		mv app.log app.log.1
		app.log < two\n
		> app.log two
		gz app.log.1
		app.log < three\n
		> app.log three`,

	"copy and truncate": `
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\n
		> app.log one
		cp app.log app.log.1
		cut app.log
		app.log < two\n
		> app.log two
		mv app.log.1 app.log.2
		cp app.log app.log.1
		cut app.log
		app.log < three is a longer line than the others, so that it does not look like them\n
		> app.log three is a longer line than the others, so that it does not look like them
		gz app.log.2
		app.log < four\n
		> app.log four`,

	"written until the copy is made": `
		app.log < a first line that is long enough to know a text by it, surely\n

		app.log < one\nlast before the copy\n ; cp app.log app.log.1 ; cut app.log ; app.log < two\n
		> app.log one
		> app.log last before the copy
		> app.log two`,

	"written over with more": `
		app.log < a first line that is long enough to know a text by it, surely\n

		cut app.log ; app.log < another text altogether, and longer than the one that was there before it\n
		> app.log another text altogether, and longer than the one that was there before it`,

	"deleted and made again": `
		app.log < old\n

		app.log < one\n
		> app.log one
		rm app.log
		app.log < two\n
		> app.log two`,

	"made, rotated and compressed between two looks": `
		app.log < a first line that is long enough to know a text by it, surely\n

		mv app.log app.log.2 ; app.log < of a file that nobody saw while it was current, not even once\n ; mv app.log app.log.1 ; gz app.log.1 ; app.log < now\n
		> app.log of a file that nobody saw while it was current, not even once
		> app.log now`,

	"dates in names": `
		app-2026-11-20.log < yesterday, and a text of some length to know it by it later on\n

		app-2026-11-21.log < today, and a text of some length to know it by it later on\n
		> app.log today, and a text of some length to know it by it later on
		gz app-2026-11-20.log
		app-2026-11-21.log < more\n
		> app.log more`,

	"kubelet": `
		0.log < a first line that is long enough to know a text by it, surely\n

		0.log < one\n
		> 0.log one
		mv 0.log 0.log.20261121-080000
		0.log < two\n
		> 0.log two
		gz 0.log.20261121-080000
		0.log < three\n
		> 0.log three`,

	"an old directory": `
		app.log < a first line that is long enough to know a text by it, surely\n

		mkdir old
		app.log < one\n
		> app.log one
		mv app.log old/app.log.1
		app.log < two\n
		> app.log two
		gz old/app.log.1
		app.log < three\n
		> app.log three`,

	"old files that are put there": `
		app.log < x\n

		cpold app.log other.log.3
		app.log < one\n
		> app.log one`,

	"a header in two directories": `
		a/d-2026-11-20.csv < x\n
		b/d-2026-11-20.csv < x\n

		a/d-2026-11-21.csv < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\n
		> a/d.csv #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host
		b/d-2026-11-21.csv < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\nof b\n
		> b/d.csv #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host
		> b/d.csv of b
		a/d-2026-11-21.csv < of a\n
		> a/d.csv of a`,

	"a header, and the day before is removed": `
		d-2026-11-20.csv < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\n

		d-2026-11-20.csv < day 20\n
		> d.csv day 20
		rm d-2026-11-20.csv
		d-2026-11-21.csv < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\nday 21\n
		> d.csv #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host
		> d.csv day 21`,

	"UTF-16 and CRLF": `
		w.log < \xff\xfea\x00\n\x00

		w.log < b\x00\n\x00
		> w.log b
		v.log < \xff\xfec\x00\n\x00
		> v.log c
		d.log < dos\r\n
		> d.log dos\r`,

	"long lines": `

		big.log < @700000
		big.log < @700000\n
		> big.log @1400000`,
}

// identityStories cannot be told by paths alone.
var identityStories = map[string]string{
	"an editor changes a line and keeps a backup that is listed": `
		b.log < one\nthe second line of this log, which is longer\nthe third line of this log, longer\n

		mv b.log b.log.bak ; b.log < changed\nthe second line of this log, which is longer\nthe third line of this log, longer\n
		b.log < the fourth\n
		> b.log the fourth
	`,
	"a header under a name that is no rotated file's": `
		app.log < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\n

		app.log < one\n
		> app.log one
		mv app.log moved ; app.log < #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host\ntwo\n
		> app.log #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken cs-host
		> app.log two
		moved < late\n
		> app.log late`,
}

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

func TestFollowerStories(t *testing.T) {
	for name, story := range identityStories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story, follow.NewLive, follow.NewFollower)
		})
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story, follow.NewLive, follow.NewFollower)
		})
	}
}

// The same on a file system that tells nothing, as network mounts do: it is
// looked at from time to time.
func TestFollowerUntold(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story, follow.NewUntoldLive, follow.NewFollower)
		})
	}
}

// The same where the system identifies files by nothing but their paths.
func TestFollowerByPaths(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story, follow.NewLive, follow.NewPathFollower)
		})
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

// A line is one that was emitted.
type line struct{ log, text string }

func tell(t *testing.T, story string, start func([]string, func(error)) *follow.Live, begin func(*follow.Live, follow.FollowOptions) *follow.Follower) {
	dir := t.TempDir()
	before, steps, _ := strings.Cut(story, "\n\n")
	do := func(step string) {
		for part := range strings.SplitSeq(step, " ; ") {
			readertest.Act(t, dir, strings.TrimSpace(part))
		}
	}
	for s := range strings.SplitSeq(before, "\n") {
		do(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := make(chan line, 1000)
	live := start([]string{dir}, func(err error) { t.Log(err) })
	defer live.Close()
	f := begin(live, follow.FollowOptions{Note: func(err error) { t.Log(err) }})
	defer f.Close()
	emit := func(a *follow.Appended) error {
		rel, err := filepath.Rel(dir, a.Log)
		if err != nil {
			return err
		}
		for text := range strings.SplitAfterSeq(string(a.Text), "\n") {
			if text != "" {
				lines <- line{rel, strings.TrimSuffix(text, "\n")}
			}
		}
		return nil
	}
	if err := f.Begin(ctx, emit); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- follow.FollowOn(ctx, f, emit)
		close(done)
	}()
	defer func() { // also when the test fails, before f is closed
		cancel()
		<-done
	}()

	expect := func(want line) {
		t.Helper()
		select {
		case got := <-lines:
			if got != want {
				t.Fatalf("got %.100q, want %.100q", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nothing comes, want %.100q", want)
		}
	}
	for s := range strings.SplitSeq(steps, "\n") {
		s = strings.TrimSpace(s)
		t.Log(s)
		if want, ok := strings.CutPrefix(s, "> "); ok {
			log, text, _ := strings.Cut(want, " ")
			expect(line{log, readertest.Unquote(t, text)})
		} else if s != "" {
			do(s)
		}
	}
	// What comes of all that was done comes before a line written after it.
	readertest.Act(t, dir, `zz-end.log < the end\n`)
	expect(line{"zz-end.log", "the end"})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
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
