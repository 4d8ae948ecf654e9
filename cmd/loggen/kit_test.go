package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// opts parses flags and sets a new output directory.
func opts(t *testing.T, flags string) *options {
	t.Helper()
	o, err := parseFlags(append(strings.Fields(flags), "-out", filepath.Join(t.TempDir(), "logs")))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func bulkRun(t *testing.T, flags string) (*options, summary) {
	t.Helper()
	o := opts(t, flags)
	sum, err := writeBulk(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return o, sum
}

// liveRun writes logs in fake time. The start is fixed as in bulk, so that both
// tell the same story.
func liveRun(t *testing.T, flags string) (*options, summary) {
	t.Helper()
	o := opts(t, "-live -start 2026-11-02T06:00:00Z "+flags)
	var sum summary
	synctest.Test(t, func(t *testing.T) {
		var err error
		if sum, err = writeLive(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	})
	return o, sum
}

// tree returns the contents of the files in a directory by path, with slashes.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sortedNames(files map[string][]byte) []string {
	var names []string
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// plain decompresses b according to its first bytes, because names may be
// misleading.
func plain(t *testing.T, b []byte) (text []byte, packed bool) {
	t.Helper()
	var r io.Reader
	var err error
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		r, err = gzip.NewReader(bytes.NewReader(b))
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		r, err = zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1))
	case bytes.HasPrefix(b, []byte("\xfd7zXZ\x00")):
		r, err = xz.NewReader(bytes.NewReader(b))
	default:
		return b, false
	}
	if err == nil {
		text, err = io.ReadAll(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text, true
}

// whole joins a log's members, from the oldest to the newest, using only the
// directory: the inverse of every naming style.
func whole(t *testing.T, st *style, n *logName, files map[string][]byte) []byte {
	t.Helper()
	var members []string
	active := st.active(n)
	// The parts of a name before and after the tag are fixed.
	const mark = "\x00"
	before, after, _ := strings.Cut(st.rotated(n, mark), mark)
	for name := range files {
		if name == active || !strings.HasPrefix(name, before) {
			continue
		}
		tag := strings.TrimPrefix(name, before)
		if after != "" && !strings.Contains(tag, after) {
			continue
		}
		members = append(members, name)
	}
	if st.numbered {
		slices.SortFunc(members, func(a, b string) int {
			return tagNumber(t, strings.TrimPrefix(b, before)) - tagNumber(t, strings.TrimPrefix(a, before))
		})
	} else if st.name == "log4j-index" {
		key := func(s string) (string, int) {
			day, rest, _ := strings.Cut(strings.TrimPrefix(s, before), ".")
			return day, tagNumber(t, rest)
		}
		slices.SortFunc(members, func(a, b string) int {
			da, ia := key(a)
			db, ib := key(b)
			if c := strings.Compare(da, db); c != 0 {
				return c
			}
			return ia - ib
		})
	} else {
		slices.Sort(members)
	}
	var all []byte
	for _, m := range append(members, active) {
		text, _ := plain(t, files[m])
		all = append(all, text...)
	}
	return all
}

func tagNumber(t *testing.T, s string) int {
	t.Helper()
	n, i := 0, 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	if i == 0 {
		t.Fatalf("no number at the start of %q", s)
	}
	return n
}

// wholeAll calls whole for each log of o. The result is indexed by stem.
func wholeAll(t *testing.T, o *options) map[string][]byte {
	t.Helper()
	files := tree(t, o.out)
	logs := map[string][]byte{}
	for _, n := range logNames(o.services, o.instances, o.seed) {
		logs[n.stem] = whole(t, o.style, &n, files)
	}
	return logs
}

// A collector passes a story's records to log until there are enough lines.
type collector struct {
	want int
	log  func(rec *record)
	n    int
}

var errEnough = errors.New("enough")

func (c *collector) write(rec *record) error {
	if c.log != nil {
		c.log(rec)
	}
	if c.n += rec.lines; c.n >= c.want {
		return errEnough
	}
	return nil
}

// tell runs a story for a number of lines.
func tell(t *testing.T, services string, rate float64, lines int, log func(rec *record)) *story {
	t.Helper()
	picked, err := parseServices(services)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{want: lines, log: log}
	s := newStory(1, picked, 1, defaultStart.UnixNano(), rate, c)
	for {
		if err := s.step(); err == errEnough {
			return s
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
