package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{
		"-size 512KiB -rotate-size 50KiB",
		"-size 512KiB -rotate-size 50KiB -compress zst -names kubelet -files 3",
		"-services api -size 256KiB -rate 5 -rotate-every 5m -compress xz -names log4j-index",
	} {
		a, _ := bulkRun(t, flags)
		b, _ := bulkRun(t, flags)
		other, _ := bulkRun(t, flags+" -seed 2")
		first, second, third := tree(t, a.out), tree(t, b.out), tree(t, other.out)
		if !maps.EqualFunc(first, second, bytes.Equal) {
			t.Errorf("%s: two runs differ: %v, %v", flags, sortedNames(first), sortedNames(second))
		}
		if maps.EqualFunc(first, third, bytes.Equal) {
			t.Errorf("%s: another seed made no difference", flags)
		}
	}
}

func TestSizeIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"logrotate", "docker", "kubelet"} {
		for _, size := range []int{512 << 10, 1 << 20} {
			o, sum := bulkRun(t, fmt.Sprintf("-size %d -rotate-size 200KiB -names %s", size, style))
			got := 0
			for _, b := range tree(t, o.out) {
				text, _ := plain(t, b)
				got += len(text)
			}
			if int64(got) != sum.text {
				t.Errorf("%s: says %d bytes, wrote %d", style, sum.text, got)
			}
			if off := got - size; off < 0 || off > size/50 {
				t.Errorf("%s: %d bytes where %d were asked for", style, got, size)
			}
		}
	}
}

// TestBulkRotationKeepsEveryLineOnce tests that rotation does not change the
// text: the members of each log, joined, are the same as the log without
// rotation.
func TestBulkRotationKeepsEveryLineOnce(t *testing.T) {
	t.Parallel()
	for _, st := range styles {
		// The style determines the wrapping, so the run without
		// rotation uses it, too.
		base := "-services api,billing -size 80KiB -rate 3 -numbered -files 2 -names " + st.name
		one, _ := bulkRun(t, base+" -rotate-size 0")
		want := wholeAll(t, one)
		for _, rule := range []string{
			"-rotate-size 10KiB", "-rotate-every 1m", "-rotate-size 15KiB -delaycompress=false -compress zst",
			"-rotate-size 15KiB -gz-share 0.5",
		} {
			many, _ := bulkRun(t, base+" "+rule)
			if a, b := len(want), len(tree(t, many.out)); b <= a {
				t.Errorf("%s %s: not rotated, %d logs and %d files", st.name, rule, a, b)
			}
			got := wholeAll(t, many)
			for stem := range want {
				if !bytes.Equal(want[stem], got[stem]) {
					t.Errorf("%s %s: %s is %d bytes in one file, %d in members", st.name, rule, stem, len(want[stem]), len(got[stem]))
				}
			}
		}
	}
}

// TestSpilling tests that text that does not fit into memory is written
// unchanged.
func TestSpilling(t *testing.T) {
	t.Parallel()
	flags := "-size 1MiB -rotate-size 100KiB -numbered"
	usual, _ := bulkRun(t, flags)
	o := opts(t, flags)
	if _, err := writeBulkWith(t.Context(), o, 100<<10); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(tree(t, usual.out), tree(t, o.out), bytes.Equal) {
		t.Error("files differ when text is spilled")
	}
}

var numbered = regexp.MustCompile(` seq=(\d+)$`)

func TestNumberedLines(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"logrotate", "docker", "kubelet"} {
		o, sum := bulkRun(t, "-size 512KiB -rotate-size 64KiB -numbered -files 2 -names "+style)
		total := int64(0)
		for stem, text := range wholeAll(t, o) {
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			total += int64(len(lines))
			for i, l := range lines {
				if style == "docker" {
					l = strings.TrimSuffix(dockerText(t, l), "\n")
				}
				if m := numbered.FindStringSubmatch(l); m == nil || m[1] != strconv.Itoa(i+1) {
					t.Fatalf("%s %s, line %d: %q", style, stem, i+1, l)
				}
			}
		}
		if total != sum.lines {
			t.Errorf("%s: %d lines, not %d", style, total, sum.lines)
		}
	}
}

func dockerText(t *testing.T, line string) string {
	t.Helper()
	var d struct{ Log, Stream, Time string }
	if err := json.Unmarshal([]byte(line), &d); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if d.Stream != "stdout" && d.Stream != "stderr" || d.Time == "" {
		t.Fatalf("%s", line)
	}
	return d.Log
}

// TestWrappedTextIsTheSame tests that the lines of containers contain the same
// text as plain ones.
func TestWrappedTextIsTheSame(t *testing.T) {
	t.Parallel()
	bare, _ := bulkRun(t, "-size 300KiB -rotate-size 0")
	docker, _ := bulkRun(t, "-size 300KiB -rotate-size 0 -names docker")
	cri, _ := bulkRun(t, "-size 300KiB -rotate-size 0 -names kubelet")
	head := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z std(out|err) F `)
	dockerLogs, criLogs := wholeAll(t, docker), wholeAll(t, cri)
	for stem, text := range wholeAll(t, bare) {
		var a, b strings.Builder
		for l := range strings.Lines(string(dockerLogs[stem])) {
			a.WriteString(dockerText(t, l))
		}
		for l := range strings.Lines(string(criLogs[stem])) {
			h := head.FindString(l)
			if h == "" {
				t.Fatalf("%s: %q", stem, l)
			}
			b.WriteString(l[len(h):])
		}
		// Wrapping takes space, so these end earlier.
		if a.Len() == 0 || !strings.HasPrefix(string(text), a.String()) {
			t.Errorf("%s: docker's text differs", stem)
		}
		if b.Len() == 0 || !strings.HasPrefix(string(text), b.String()) {
			t.Errorf("%s: kubelet's text differs", stem)
		}
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{0, 1, 3} {
		flags := "-services api -size 500KiB -rotate-size 80KiB -numbered"
		all, _ := bulkRun(t, flags)
		few, _ := bulkRun(t, fmt.Sprintf("%s -keep %d", flags, keep))
		files := tree(t, few.out)
		if len(files) != keep+1 {
			t.Errorf("-keep %d left %v", keep, sortedNames(files))
		}
		want := tree(t, all.out)
		for name, b := range files {
			if !bytes.Equal(b, want[name]) {
				t.Errorf("-keep %d: %s differs from the same file when all are kept", keep, name)
			}
		}
	}
}

func TestGzShare(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{0, 0.3, 0.67, 1} {
		o, sum := bulkRun(t, fmt.Sprintf("-size 1MiB -rotate-size 15KiB -gz-share %v", share))
		packed := 0
		plainAges := map[string]int{} // age of the oldest plain member
		files := tree(t, o.out)
		for name, b := range files {
			text, is := plain(t, b)
			if is {
				packed += len(text)
			} else if stem, n, ok := strings.Cut(name, ".log."); ok {
				plainAges[stem] = max(plainAges[stem], tagNumber(t, n))
			}
		}
		for name := range files {
			if stem, n, ok := strings.Cut(name, ".log."); ok && strings.HasSuffix(n, ".gz") && tagNumber(t, n) < plainAges[stem] {
				t.Errorf("share %v: %s is compressed, an older one is not", share, name)
			}
		}
		// The six active files, of up to 15 KiB each, are never
		// compressed.
		if got := float64(packed) / float64(sum.text); got > share+0.02 || got < share-0.1 {
			t.Errorf("asked for %v, got %.3f", share, got)
		}
	}
}

func TestDelayCompress(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string][]string{
		"":                                        {"api.log", "api.log.1", "api.log.2.gz", "api.log.3.gz"},
		" -delaycompress=false -compress xz":      {"api.log", "api.log.1.xz", "api.log.2.xz", "api.log.3.xz"},
		" -compress none":                         {"api.log", "api.log.1", "api.log.2", "api.log.3"},
		" -names savelog -compress zst":           {"api.log", "api.log.0", "api.log.1.zst", "api.log.2.zst"},
		" -names ext -delaycompress=false":        {"api.1.log.gz", "api.2.log.gz", "api.3.log.gz", "api.log"},
		" -names lumberjack -keep 0 -compress xz": {"api.log"},
	} {
		o, _ := bulkRun(t, "-services api -size 350KiB -rotate-size 100KiB"+flag)
		if got := sortedNames(tree(t, o.out)); !slices.Equal(got, want) {
			t.Errorf("%q: %v", flag, got)
		}
	}
}

func TestModTimesAreTheLastLines(t *testing.T) {
	t.Parallel()
	o, sum := bulkRun(t, "-services api -size 500KiB -rotate-size 100KiB -rate 1")
	for name, b := range tree(t, o.out) {
		text, _ := plain(t, b)
		text = bytes.TrimSuffix(text, []byte("\n"))
		last := text[bytes.LastIndexByte(text, '\n')+1:]
		info, err := os.Stat(filepath.Join(o.out, name))
		if err != nil {
			t.Fatal(err)
		}
		if want := info.ModTime().UTC().Format("2006-01-02T15:04:05.000Z"); !bytes.HasPrefix(last, []byte(want)) {
			t.Errorf("%s: changed %s, last line %.40s", name, want, last)
		}
	}
	if sum.to <= sum.from {
		t.Errorf("from %d to %d", sum.from, sum.to)
	}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	o, _ := bulkRun(t, "-services api,nginx -files 12 -size 400KiB")
	names := sortedNames(tree(t, o.out))
	if len(names) != 24 || names[0] != "access-01.log" || names[18] != "api-07.log" {
		t.Errorf("%v", names)
	}
}

func TestInterruptedBulkLeavesNothing(t *testing.T) {
	t.Parallel()
	o := opts(t, "-size 1MiB")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := writeBulk(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(o.out)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
