package tui

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/reader/readertest"

	"github.com/dustin/go-humanize"
)

// TestCountStories writes, rotates, copies, truncates, compresses and deletes
// files in random order during a search with a filter. The final count must
// agree with the contents of the files.
func TestCountStories(t *testing.T) {
	stories := 12
	if testing.Short() {
		stories = 4
	}
	for seed := range stories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { countStory(t, uint64(seed)) })
	}
}

func countStory(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 11))
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	write := func() {
		var b strings.Builder
		for range 1 + r.IntN(30) {
			n++
			fmt.Fprintf(&b, "INFO %06d %s\n", n, []string{"found", "other"}[r.IntN(2)])
		}
		readertest.AppendFile(t, path, b.String())
	}
	shift := func() {
		for i := 6; i > 0; i-- {
			for _, end := range []string{"", ".gz"} {
				_ = os.Rename(fmt.Sprintf("%s.%d%s", path, i, end), fmt.Sprintf("%s.%d%s", path, i+1, end))
			}
		}
	}
	truth := func() string {
		files, err := filepath.Glob(path + "*")
		must(err)
		k := int64(0)
		for _, name := range files {
			f, err := os.Open(name)
			must(err)
			var from io.Reader = f
			if strings.HasSuffix(name, ".gz") {
				from, err = gzip.NewReader(f)
				must(err)
			}
			text, err := io.ReadAll(from)
			must(err)
			f.Close()
			k += int64(strings.Count(string(text), "found\n"))
		}
		if k == 1 {
			return "1 line"
		}
		return humanize.Comma(k) + " lines"
	}
	write()
	d, m := explorer(t, dir, 80, 24)
	d.Wait("LIVE", "INFO 0")
	if seed%2 == 0 {
		d.Type("/found")
	} else {
		d.Type("&found")
	}
	d.Keys("enter")
	told := []string{}
	settle := func() {
		told = append(told, "seen")
		want := truth()
		d.Until(func() bool { return m.pager.Count() == want }, fmt.Sprintf("%s after %q, not %s", want, told, m.pager.Count()))
	}
	for range 8 {
		switch r.IntN(7) {
		case 0, 1:
			told = append(told, "written")
			write()
		case 2:
			told = append(told, "renamed")
			shift()
			must(os.Rename(path, path+".1"))
			write()
		case 3:
			told = append(told, "copied")
			shift()
			b, err := os.ReadFile(path)
			must(err)
			must(os.WriteFile(path+".1", b, 0o644))
			if r.IntN(2) == 0 {
				d.Until(func() bool { return len(m.pager.Members()) > 1 }, "the copy")
			}
			told = append(told, "cut")
			must(os.Truncate(path, 0))
			write()
		case 4:
			told = append(told, "cut")
			must(os.Truncate(path, 0))
			if r.IntN(2) == 0 {
				settle()
			}
			write()
		case 5:
			told = append(told, "compressed")
			if _, err := os.Stat(path + ".1"); err == nil {
				readertest.CompressFile(t, path+".1")
			}
		case 6:
			if files, _ := filepath.Glob(path + ".*"); len(files) > 0 {
				told = append(told, "removed")
				must(os.Remove(files[r.IntN(len(files))]))
			}
		}
		if r.IntN(2) == 0 {
			settle()
		}
	}
	settle()
}
