package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var updateMan = flag.Bool("update-man", false, "write the man pages to man")

// forMan changes the help texts of a command, and of those below it, for the generator,
// which reads them as Markdown: indented lines are tables, and asterisks are text.
func forMan(cmd *cobra.Command) {
	var lines []string
	for l := range strings.SplitSeq(cmd.Long, "\n") {
		if strings.HasPrefix(l, "  ") {
			l = "  " + l // a code block
		} else {
			l = strings.ReplaceAll(l, "*", `\*`)
		}
		lines = append(lines, l)
	}
	cmd.Long = strings.Join(lines, "\n")
	for _, c := range cmd.Commands() {
		forMan(c)
	}
}

// TestManPages tests that the embedded man pages are those of the current
// commands. With -update-man, it writes them.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	if *updateMan {
		dir = "man"
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root := newRoot(streams{os.Stdin, os.Stdout, os.Stderr})
	root.DisableAutoGenTag = true
	forMan(root)
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	if err := doc.GenManTree(root, &doc.GenManHeader{Title: "LOGVIEW", Section: "1", Source: "logview", Date: &date}, dir); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := manPages.ReadDir("man")
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != len(kept) && !*updateMan {
		t.Errorf("%d man pages, want %d: run make man", len(kept), len(made))
	}
	for _, m := range made {
		want, err := os.ReadFile(filepath.Join(dir, m.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := manPages.ReadFile("man/" + m.Name()); !*updateMan && (err != nil || string(got) != string(want)) {
			t.Errorf("%s is out of date: run make man (%v)", m.Name(), err)
		}
	}
}
