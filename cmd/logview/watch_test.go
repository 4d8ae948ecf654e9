package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader/readertest"
)

// TestWatchersTakeOver runs two processes that keep the same index up to date
// and kills one of them. The other must continue, whichever was building, and
// searches must always be correct.
func TestWatchersTakeOver(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	tt := &torture{T: t, dir: t.TempDir(), cache: t.TempDir()}
	path := filepath.Join(tt.dir, "app.log")
	written := 0
	write := func(lines int) {
		var b strings.Builder
		for range lines {
			written++
			fmt.Fprintf(&b, "line %08d of many that are written, and some more text so that it is one\n", written)
		}
		readertest.AppendFile(t, path, b.String())
	}
	search := func() {
		t.Helper()
		out, err := tt.logview(t.Context(), "search", "-c", fmt.Sprintf("line %08d", written), tt.dir).Output()
		if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), ":1") {
			t.Errorf("search: %q, %v", out, err)
		}
	}
	// indexed waits until the index has grown.
	lines := "0"
	indexed := func() {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); ; tt.waitALittle() {
			out, _ := tt.logview(t.Context(), "index", "--status", tt.dir).Output()
			_, row, _ := strings.Cut(string(out), "\n")
			if f := strings.Fields(row); len(f) > 2 && f[0] == tt.dir && f[2] != lines {
				lines = f[2]
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the index does not go on: %s", out)
			}
		}
	}
	write(1000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watch := func() *os.Process {
		cmd := tt.logview(ctx, "index", "--watch", "-q", tt.dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go cmd.Wait()
		return cmd.Process
	}
	watching := []*os.Process{watch(), watch()}
	indexed()
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", watching[0].Pid)); err == nil {
		if f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])); len(f) < 17 || f[16] != "19" {
			t.Errorf("the priority of the index is not the lowest: %s", b)
		}
	}
	for round := range 4 {
		write(150_000) // enough to be indexed without delay
		search()
		if round%2 == 1 {
			indexed()
		}
		if err := watching[round%2].Kill(); err != nil {
			t.Fatal(err)
		}
		search()
		write(150_000)
		indexed()
		search()
		watching[round%2] = watch()
	}
}
