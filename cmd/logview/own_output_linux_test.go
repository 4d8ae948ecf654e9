package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader/readertest"
)

// TestFollowThroughPipe tests that follow does not read the file that another program writes its
// output to, as in logview follow . | tee out.log, for long.
func TestFollowThroughPipe(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "app.log"))
	readertest.Must(t, err)
	defer log.Close()
	out, err := os.Create(filepath.Join(dir, "out.log"))
	readertest.Must(t, err)
	defer out.Close()
	r, w, err := os.Pipe()
	readertest.Must(t, err)
	reader := exec.CommandContext(ctx, cat)
	reader.Stdin, reader.Stdout = r, out
	readertest.Must(t, reader.Start())
	follow := logview(ctx, t, dir, "follow", "-n", "100", ".")
	follow.Stdout = w
	errs, err := follow.StderrPipe()
	readertest.Must(t, err)
	readertest.Must(t, follow.Start())
	r.Close()
	w.Close()
	defer func() {
		stop()
		_ = follow.Wait()
		_ = reader.Wait()
	}()

	said := make(chan struct{})
	go func() {
		for s := bufio.NewScanner(errs); s.Scan(); {
			if strings.Contains(s.Text(), "out.log") && strings.Contains(s.Text(), "output of this program") {
				close(said)
				break
			}
		}
		_, _ = io.Copy(io.Discard, errs)
	}()
	// print writes a line and waits until it was printed. It returns the output.
	print := func(l string) string {
		t.Helper()
		readertest.Must(t, writeLine(log, l))
		for {
			b, err := os.ReadFile(out.Name())
			readertest.Must(t, err)
			if strings.Contains(string(b), "app.log:"+l+"\n") {
				return string(b)
			}
			if ctx.Err() != nil {
				t.Fatalf("%s was not printed: %.300s", l, b)
			}
		}
	}
	for i, known := 0, false; !known; i++ {
		print(fmt.Sprint("line ", i))
		select {
		case <-said:
			known = true
		default:
		}
	}
	print("last")
	if got := print("very last"); strings.Contains(got, "out.log:app.log:last") {
		t.Errorf("the output was read: %.1000s", got)
	}
}

func writeLine(f *os.File, l string) error {
	_, err := f.WriteString(l + "\n")
	return err
}
