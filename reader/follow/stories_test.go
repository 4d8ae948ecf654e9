package follow_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
