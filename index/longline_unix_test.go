//go:build unix

package index

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"logview/index/query"
	"logview/reader"
	"logview/reader/files"
)

// TestLongContextFromPipe tests that long lines from a pipe, while they wait as
// context, are kept on disk, and that no files are left there.
func TestLongContextFromPipe(t *testing.T) {
	if testing.Short() {
		t.Skip("pipes 200 MB")
	}
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	const lines, size = 40, 5 << 20
	line := func(i int) []byte {
		end := "\n"
		if i%20 == 19 {
			end = " needle\n"
		}
		return fmt.Appendf(bytes.Repeat([]byte{byte('a' + i%26)}, size), "%d%s", i, end)
	}
	for _, enough := range []int{lines, 5} { // read to the end, or stop after some lines
		go func() {
			f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
			if err != nil {
				return
			}
			defer f.Close()
			for i := range lines {
				if _, err := f.Write(line(i)); err != nil {
					return
				}
			}
		}()
		logs, errs := files.Find([]string{pipe})
		if len(logs) != 1 {
			t.Fatal(logs, errs)
		}
		req := &Request{Query: query.Text{S: "needle"}, Before: 17, After: 1, Sources: []reader.Source{files.NewSource(logs[0], files.Options{})}}
		var want, got []string
		for i := range lines {
			if i%20 >= 2 || i == 20 {
				want = append(want, fmt.Sprint(i, i%20 != 19))
			}
		}
		var most uint64
		files := openFiles(t)
		_, err := Scan{}.Search(t.Context(), req, func(h *Hits) error {
			if h.Long == nil {
				return fmt.Errorf("%d lines that are not long", len(h.Lines))
			}
			var b bytes.Buffer
			if _, err := h.Long.WriteTo(&b); err != nil {
				return err
			}
			i := int(h.Long.Line)
			if text := line(i); !bytes.Equal(b.Bytes(), text[:len(text)-1]) {
				return fmt.Errorf("line %d came out otherwise", i)
			}
			if got = append(got, fmt.Sprint(i, h.Long.Context)); len(got) == enough {
				return os.ErrClosed
			}
			if i == 2 {
				b = bytes.Buffer{}
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = m.HeapAlloc
			}
			return nil
		})
		switch {
		case enough < lines:
			want = want[:enough]
			if err != os.ErrClosed {
				t.Fatal(err)
			}
		case err != nil:
			t.Fatal(err)
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		if most > 60<<20 {
			t.Errorf("%d MiB in use before the first of 17 lines of 5 MiB", most>>20)
		}
		if left, _ := os.ReadDir(tmp); len(left) > 0 {
			t.Errorf("left in the temporary directory: %v", left)
		}
		if n := openFiles(t); n > files {
			t.Errorf("%d files are open, %d were", n, files)
		}
	}
}

// openFiles returns the number of open temporary files, on systems with /proc.
func openFiles(t *testing.T) (n int) {
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, l := range links {
		if to, _ := os.Readlink(l); strings.Contains(to, "logview-line-") {
			n++
		}
	}
	return n
}
