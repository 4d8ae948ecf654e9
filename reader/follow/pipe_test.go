package follow_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/follow"
)

// piped follows a pipe and returns what writes to it, what was emitted,
// and what ends the hold of an unfinished line.
func piped(t *testing.T, ctx context.Context) (w *os.File, got chan string, hold chan time.Time, done chan error) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	got, hold, done = make(chan string, 100), make(chan time.Time), make(chan error, 1)
	go func() {
		done <- follow.FollowPipe(ctx, r, follow.PipeOptions{After: func(time.Duration) <-chan time.Time { return hold }}, func(a *follow.Appended) error {
			got <- fmt.Sprintf("%d@%d:%q", a.Line, a.Offset, a.Text)
			return nil
		})
		close(got)
	}()
	return w, got, hold, done
}

func TestFollowPipe(t *testing.T) {
	w, got, hold, done := piped(t, t.Context())
	expect := func(want string) {
		t.Helper()
		if s := <-got; s != want {
			t.Fatalf("got %s, want %s", s, want)
		}
	}
	io.WriteString(w, "one\ntwo\nhal")
	expect(`0@0:"one\ntwo\n"`)
	hold <- time.Time{}
	expect(`2@8:"hal"`)
	io.WriteString(w, "f a line\n")
	expect(`2@11:"f a line\n"`)
	io.WriteString(w, "end")
	hold <- time.Time{}
	expect(`3@20:"end"`)
	io.WriteString(w, "\nnext\n")
	expect(`4@24:"next\n"`)
	io.WriteString(w, "no end")
	w.Close()
	expect(`5@29:"no end"`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Long runs of NULs, and byte order marks between lines, are left out.
func TestFollowPipeNuls(t *testing.T) {
	w, got, _, done := piped(t, t.Context())
	go func() {
		io.WriteString(w, "one\n"+strings.Repeat("\x00", 300_000)+"two\n\ufeffthree\n\x00four\n")
		w.Close()
	}()
	var all []string
	for s := range got {
		all = append(all, s)
	}
	if want := `0@0:"one\n" 1@4:"[300 kB of NULs]two\n" 2@300008:"three\n\x00four\n"`; strings.Join(all, " ") != want {
		t.Errorf("got %s, want %s", all, want)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The last lines of an open file in UTF-16.
func TestFollowOpenWide(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("\xff\xfea\x00\n\x00b\x00\n\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	in, err := follow.FollowOpen(t.Context(), r, 1, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	end := errors.New("end")
	if err := follow.FollowPipe(t.Context(), in, follow.PipeOptions{}, func(a *follow.Appended) error {
		if string(a.Text) != "b\n" {
			t.Errorf("got %q", a.Text)
		}
		return end
	}); err != end {
		t.Error(err)
	}
}

// What is compressed is decoded, and damage is reported after what came before it.
func TestFollowPipeCompressed(t *testing.T) {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	io.WriteString(z, strings.Repeat("a line\n", 1000))
	z.Close()
	w, got, _, done := piped(t, t.Context())
	go func() { io.WriteString(w, b.String()[:b.Len()-4]); w.Close() }()
	n := 0
	for s := range got {
		n += strings.Count(s, `a line\n`)
	}
	var fe *reader.FileError
	if err := <-done; n != 1000 || !errors.As(err, &fe) {
		t.Errorf("%d lines, %v", n, err)
	}
}

// Following a pipe ends when its context is done, although the pipe is silent.
func TestFollowPipeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, _, _, done := piped(t, ctx)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// An open file is cut off while its last line is unfinished.
func TestFollowOpenCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	io.WriteString(w, "old\nmore\n")
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	notes := make(chan error, 10)
	in, err := follow.FollowOpen(ctx, r, 1, func(err error) { notes <- err })
	if err != nil {
		t.Fatal(err)
	}
	got, hold := make(chan string, 10), make(chan time.Time)
	go follow.FollowPipe(ctx, in, follow.PipeOptions{After: func(time.Duration) <-chan time.Time { return hold }}, func(a *follow.Appended) error {
		got <- string(a.Text)
		return nil
	})
	expect := func(want string) {
		t.Helper()
		if s := <-got; s != want {
			t.Fatalf("got %q, want %q", s, want)
		}
	}
	expect("more\n")
	io.WriteString(w, "unfinished")
	hold <- time.Time{}
	expect("unfinished")
	if err := w.Truncate(4); err != nil {
		t.Fatal(err)
	}
	<-notes
	io.WriteString(w, "another\n")
	expect("another\n")
}
