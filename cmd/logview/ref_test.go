package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestRefOfFollowedLine tests that the ref of a line printed by follow is valid
// after rotation.
func TestRefOfFollowedLine(t *testing.T) {
	tt := &torture{T: t, dir: t.TempDir(), cache: t.TempDir()}
	path := filepath.Join(tt.dir, "app.log")
	if err := os.WriteFile(path, []byte("first\nsecond\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	follow := tt.logview(t.Context(), "follow", "--json", "-n", "1", path)
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	var line struct{ Ref, Text string }
	r := bufio.NewReader(out)
	b, err := r.ReadBytes('\n')
	if err != nil || json.Unmarshal(b, &line) != nil || line.Text != "second" {
		t.Fatalf("%s, %v", b, err)
	}
	if err := follow.Cancel(); err != nil {
		t.Fatal(err)
	}
	_ = follow.Wait()
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("third\nfourth\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := tt.logview(t.Context(), "cat", line.Ref).Output()
	if err != nil || string(got) != "second\n" {
		t.Errorf("%s is %q, %v", line.Ref, got, err)
	}
}
