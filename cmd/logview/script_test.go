package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"logview/reader/readertest"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"logview": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"same":    func() { os.Exit(same(os.Stdin, os.Args[1], os.Stderr)) },
	})
}

// same compares r with the contents of a file and returns an exit code, 0 if
// they are the same. It replaces cmp, which is not installed everywhere.
func same(r io.Reader, path string, stderr io.Writer) int {
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	defer f.Close()
	a, b := bufio.NewReader(r), bufio.NewReader(f)
	for at := 0; ; at++ {
		x, errX := a.ReadByte()
		y, errY := b.ReadByte()
		switch {
		case errX == io.EOF && errY == io.EOF:
			return 0
		case errX != errY || x != y:
			fmt.Fprintf(stderr, "differs from %s at byte %d\n", path, at)
			return 1
		}
	}
}

// TestScripts runs the scripts in testdata/script, which show what a user types
// and sees. In addition to testscript's commands, they have:
//
//	gz FILE…            compress a file to FILE.gz and remove it
//	bytes FILE TEXT     write a file from a Go string literal without its quotes
//	sparse FILE N TEXT  write a file of N zeros, which are a hole, and TEXT, as for bytes
//	biglog FILE N       write N lines: "line K", every thousandth with "rare"
//	longline FILE MB    write a line of MB megabytes that ends in needle, between two short ones
//	lines FILE N        fail unless the file has N lines
//
// and, within sh, a program, same FILE, which fails unless its input is the
// contents of the file. Other than that, they need only a shell and coreutils.
func TestScripts(t *testing.T) {
	dir, files := "../../testdata/script", []string(nil)
	if testing.Short() { // those in which much runs at once
		for _, name := range []string{"search", "follow", "explore", "cache", "broken"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LOGVIEW_CACHE_DIR", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gz": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, f := range args {
					ts.Check(os.WriteFile(ts.MkAbs(f+".gz"), readertest.Gzip(ts.ReadFile(f)), 0o644))
					ts.Check(os.Remove(ts.MkAbs(f)))
				}
			},
			"bytes": func(ts *testscript.TestScript, _ bool, args []string) {
				s, err := strconv.Unquote(`"` + args[1] + `"`)
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(s), 0o644))
			},
			"sparse": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.ParseInt(args[1], 10, 64)
				ts.Check(err)
				s, err := strconv.Unquote(`"` + args[2] + `"`)
				ts.Check(err)
				f, err := os.Create(ts.MkAbs(args[0]))
				ts.Check(err)
				defer f.Close()
				ts.Check(f.Truncate(n))
				_, err = f.WriteAt([]byte(s), n)
				ts.Check(err)
			},
			"biglog": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				var b bytes.Buffer
				for i := 1; i <= n; i++ {
					fmt.Fprintf(&b, "line %d %x", i, i*7919)
					if i%1000 == 0 {
						b.WriteString(" rare")
					}
					b.WriteByte('\n')
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
			},
			"longline": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				f, err := os.Create(ts.MkAbs(args[0]))
				ts.Check(err)
				defer f.Close()
				fmt.Fprintln(f, "before")
				mb := bytes.Repeat([]byte("0123456789abcde "), 1<<16)
				for range n {
					_, err := f.Write(mb)
					ts.Check(err)
				}
				fmt.Fprintln(f, "needle")
				fmt.Fprintln(f, "after")
			},
			"lines": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[1])
				ts.Check(err)
				if got := strings.Count(ts.ReadFile(args[0]), "\n"); got != want {
					ts.Fatalf("%s has %d lines, want %d", args[0], got, want)
				}
			},
		},
		Condition: func(c string) (bool, error) {
			if c == "root" { // root may read everything
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", c)
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}
