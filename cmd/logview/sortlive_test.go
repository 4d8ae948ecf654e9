package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"logview/reader"
)

// TestLiveSorter tests in which order lines that come one after the other are printed,
// and when.
func TestLiveSorter(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1000, 0)
	s := &liveSorter{now: func() time.Time { return now }, print: func(b []byte) error { out.Write(b); return nil }}
	add := func(second int, text string) {
		at := time.Time{}
		if second > 0 {
			at = time.Unix(int64(second), 0)
		}
		if err := s.add("", reader.Line(0), at, []byte(text)); err != nil {
			t.Error(err)
		}
	}
	// advance moves the clock and checks everything printed so far.
	advance := func(d time.Duration, want string) {
		t.Helper()
		now = now.Add(d)
		if err := s.release(now.Add(-holdBack)); err != nil {
			t.Error(err)
		}
		if got := out.String(); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	add(20, "a")
	add(10, "b")
	add(20, "c")
	advance(holdBack/2, "")
	add(15, "d")
	add(30, "e")
	advance(holdBack/2+holdBack/5, "bdac") // d is before a, e was not held back for long
	add(5, "f")                            // late
	add(0, "g")                            // without a time
	advance(2*holdBack, "bdacgfe")
	add(7, "h")
	if err := s.flush(); err != nil || out.String() != "bdacgfeh" {
		t.Errorf("printed %q, %v", out.String(), err)
	}

	full := strings.Repeat("x", mostHeld/4)
	out.Reset()
	for i := range 6 {
		add(100-i, full)
	}
	if out.Len() < 2*len(full) || s.size > mostHeld {
		t.Errorf("%d bytes were printed, %d are held", out.Len(), s.size)
	}
}

// TestLiveSorterRuns tests that held lines are printed without another one coming, and
// that following ends once they cannot be printed.
func TestLiveSorterRuns(t *testing.T) {
	printed := make(chan string)
	closed := errors.New("closed")
	s := &liveSorter{now: time.Now, print: func(b []byte) error {
		printed <- string(b)
		return closed
	}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	wait := s.run(ctx, stop)
	if err := s.add("", 0, time.Time{}, []byte("a")); err != nil {
		t.Error(err)
	}
	if got := <-printed; got != "a" {
		t.Errorf("printed %q", got)
	}
	<-ctx.Done()
	wait()
	if err := s.add("", 0, time.Time{}, nil); !errors.Is(err, closed) {
		t.Errorf("got %v after the output was closed", err)
	}
}
