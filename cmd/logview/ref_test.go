package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
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

// TestEveryRefOpens tests that each ref that a command prints opens its line, also after a
// rotation, whatever ends the lines.
func TestEveryRefOpens(t *testing.T) {
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			tt := &torture{T: t, dir: t.TempDir(), cache: t.TempDir()}
			path := filepath.Join(tt.dir, "app.log")
			lines := []string{"2026-11-02 10:00:00 ERROR a request failed id=4f307c6f5885923f", "  at x.y(z.java:1)", "2026-11-02 10:00:01 INFO next id=4f307c6f5885923f"}
			if err := os.WriteFile(path, []byte(strings.Join(lines, end)+end), 0o644); err != nil {
				t.Fatal(err)
			}
			refs := map[string]string{} // the command that printed each
			for _, args := range [][]string{
				{"search", "--json", "-e", ""}, {"search", "--json", "--record", "-e", "x.y"}, {"search", "-o", "--json", "-e", "x.y"},
				{"search", "--sort", "time", "--json", "-e", ""}, {"patterns", "--json"}, {"trace", "--json", "4f307c6f5885923f"},
			} {
				out, err := tt.logview(t.Context(), append(args, tt.dir)...).Output()
				if err != nil {
					t.Fatalf("%q: %v", args, err)
				}
				for l := range bytes.Lines(out) {
					var got struct{ Ref, Record string }
					if err := json.Unmarshal(l, &got); err != nil {
						t.Fatal(err)
					}
					if got.Ref == "" {
						t.Errorf("%q printed no ref: %s", args, l)
					}
					for _, r := range []string{got.Ref, got.Record} {
						if r != "" {
							refs[r] = strings.Join(args, " ")
						}
					}
				}
			}
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("2026-11-02 11:00:00 INFO another beginning\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			for ref, command := range refs {
				n, _ := strconv.Atoi(regexp.MustCompile(`:(\d+)@`).FindStringSubmatch(ref + ":1@")[1])
				got, err := tt.logview(t.Context(), "cat", ref).Output()
				if err != nil || string(got) != lines[n-1]+end {
					t.Errorf("%s of %s is %q, %v", ref, command, got, err)
				}
			}
			if len(refs) < 3 {
				t.Errorf("refs %v", refs)
			}
		})
	}
}
