package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLiveRotationKeepsEveryLineOnce tests that live mode writes the same text
// as bulk mode, and that rotation neither loses nor duplicates a line.
func TestLiveRotationKeepsEveryLineOnce(t *testing.T) {
	t.Parallel()
	for _, st := range styles {
		base := "-services api,billing -size 80KiB -rate 50 -numbered -files 2 -names " + st.name
		one, _ := bulkRun(t, base+" -rotate-size 0")
		want := wholeAll(t, one)
		for _, rule := range []string{
			"-rotate-size 12KiB",
			"-rotate-size 12KiB -copytruncate",
			"-rotate-size 12KiB -copytruncate -delaycompress=false -compress zst",
			"-rotate-every 2s -delaycompress=false",
		} {
			grown, sum := liveRun(t, base+" "+rule)
			got := wholeAll(t, grown)
			for stem := range want {
				if !bytes.Equal(want[stem], got[stem]) {
					t.Errorf("%s %s: %s is %d bytes in bulk, %d live", st.name, rule, stem, len(want[stem]), len(got[stem]))
				}
			}
			if files := tree(t, grown.out); len(files) <= len(want) || len(files) != sum.files {
				t.Errorf("%s %s: %d logs, %d files counted, these there: %v", st.name, rule, len(want), sum.files, sortedNames(files))
			}
		}
	}
}

// TestLiveEndsAsBulk tests that rotation leaves the same names and compressions
// as bulk mode.
func TestLiveEndsAsBulk(t *testing.T) {
	t.Parallel()
	for _, st := range styles {
		for _, rule := range []string{"-keep 2", "-delaycompress=false -compress zst"} {
			flags := "-services api,billing -size 80KiB -rate 500 -rotate-size 12KiB -names " + st.name + " " + rule
			a, _ := bulkRun(t, flags)
			b, _ := liveRun(t, flags)
			want, got := tree(t, a.out), tree(t, b.out)
			same := maps.EqualFunc(want, got, func(x, y []byte) bool {
				tx, px := plain(t, x)
				ty, py := plain(t, y)
				return px == py && bytes.Equal(tx, ty)
			})
			if !same {
				t.Errorf("%s %s:\nbulk %v\nlive %v", st.name, rule, sortedNames(want), sortedNames(got))
			}
		}
	}
}

func TestLiveKeepsPace(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{3, 1000, 120_000} {
		took := 10 * time.Second
		if rate > 1000 {
			took = time.Second / 2
		}
		// The kernel's lines are independent, so none is delayed by a
		// slow request.
		o := opts(t, "-live -services kernel -rate "+strconv.FormatFloat(rate, 'f', -1, 64)+" -for "+took.String())
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			sum, err := writeLive(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Since(began); d != took {
				t.Errorf("ran for %v, not %v", d, took)
			}
			if want := rate * took.Seconds(); float64(sum.lines) < want*0.9-10 || float64(sum.lines) > want*1.1+10 {
				t.Errorf("%d lines in %v at %v a second", sum.lines, took, rate)
			}
		})
	}
}

// TestLiveUntilInterrupted tests that lines reach the file while the program
// runs, and that a signal writes the rest.
func TestLiveUntilInterrupted(t *testing.T) {
	t.Parallel()
	o := opts(t, "-live -services api -rate 1000 -numbered")
	path := filepath.Join(o.out, "api.log")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var sum summary
		done := make(chan error, 1)
		go func() {
			var err error
			sum, err = writeLive(ctx, o)
			done <- err
		}()
		time.Sleep(time.Second) // in synctest's fake time
		synctest.Wait()
		early, err := os.ReadFile(path)
		if err != nil || bytes.Count(early, []byte("\n")) < 500 {
			t.Errorf("after a second: %d bytes, %v", len(early), err)
		}
		time.Sleep(1500 * time.Microsecond)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(text, []byte(" seq="+strconv.FormatInt(sum.lines, 10)+"\n")) {
			t.Errorf("%d lines written, the file ends with %q", sum.lines, text[max(0, len(text)-40):])
		}
	})
}

// TestCopyTruncateKeepsTheFile tests that a reader with the active file open
// sees it truncated with copytruncate, and otherwise replaced.
func TestCopyTruncateKeepsTheFile(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", " -copytruncate"} {
		o := opts(t, "-live -services api -size 200KiB -rate 500 -rotate-size 60KiB"+mode)
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(o.out, "api.log")
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		// Kept open; otherwise a later file could get its inode.
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		before, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if _, err := writeLive(context.Background(), o); err != nil {
				t.Fatal(err)
			}
		})
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if same := os.SameFile(before, after); same != strings.Contains(mode, "copytruncate") {
			t.Errorf("mode %q: same file %v", mode, same)
		}
	}
}
