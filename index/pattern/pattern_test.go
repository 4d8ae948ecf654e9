package pattern_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"logview/index/pattern"
	"logview/reader/line"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"Failed password for invalid user bob from 10.0.0.1 port 22 ssh2": "Failed password for invalid user bob from * port *",
		"took 12.5 ms, 3 KB read":                      "took * read",
		"GET /a/b?c=d HTTP/1.1":                        "GET *",
		`user="a b" id=7 state=open`:                   "user * id * state open",
		"addr aa:bb:cc:dd:ee:ff up":                    "addr * up",
		"connect db1.example.com:5432 failed: timeout": "connect * failed timeout",
		"see http://h/p?q=1, then stop":                "see * then stop",
		"id deadbeefcafe and beef":                     "id * and beef",
		"on Mon Jan 02 2006":                           "on *",
		"java.sql.SQLTimeoutException: no answer":      "java.sql.SQLTimeoutException no answer",
		"größe=3 ¬":                                    "größe * ¬",
		"":                                             "",
		"-- ... ==":                                    "",
	} {
		if got := strings.TrimSuffix(string(pattern.Mask(nil, []byte(in))), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestMerge(t *testing.T) {
	keys := []string{"user bob logged in ", "user eve logged in ", "user amy logged in ", "user joe logged in ", "job started ", "job stopped ", "job failed ", "job paused ", "a b ", "size * of x ", "size small of x "}
	form := pattern.Merge(keys)
	for k, want := range map[string]string{"user bob logged in ": "user * logged in ", "job failed ": "job failed ", "size small of x ": "size * of x ", "a b ": "a b "} {
		if form[k] != want {
			t.Errorf("%q: got %q, want %q", k, form[k], want)
		}
	}
}

// systems returns the messages of the samples, as people took them apart, whole lines,
// and the events they belong to.
func systems(t *testing.T) map[string][3][]string {
	paths, _ := filepath.Glob("../../../shared/logs/*.csv")
	if len(paths) == 0 {
		t.Skip("the samples are not here")
	}
	out := map[string][3][]string{}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.LazyQuotes, r.FieldsPerRecord = true, -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		content, event := slices.Index(rows[0], "Content"), slices.Index(rows[0], "EventId")
		var x [3][]string
		for _, row := range rows[1:] {
			x[0], x[2] = append(x[0], row[content]), append(x[2], row[event])
		}
		text, err := os.ReadFile(strings.TrimSuffix(p, ".csv") + ".log")
		if err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(text) {
			x[1] = append(x[1], string(bytes.TrimRight(l, "\r\n")))
		}
		out[strings.TrimSuffix(filepath.Base(p), ".csv")] = x
	}
	return out
}

// accuracy returns the grouping accuracy: the share of lines in groups that have
// exactly the lines of one event. Source: Zhu et al., "Tools and Benchmarks for
// Automated Log Parsing", ICSE-SEIP 2019.
func accuracy(groups, events []string) float64 {
	in := map[string]map[string]int{}
	size := map[string]int{}
	for i, g := range groups {
		if in[g] == nil {
			in[g] = map[string]int{}
		}
		in[g][events[i]]++
		size[events[i]]++
	}
	right := 0
	for _, list := range in {
		for e, n := range list {
			if len(list) == 1 && n == size[e] {
				right += n
			}
		}
	}
	return float64(right) / float64(len(groups))
}

// groups returns the form of each message.
func groups(messages []string) []string {
	keys := make([]string, len(messages))
	for i, m := range messages {
		keys[i] = string(pattern.Mask(nil, []byte(m)))
	}
	form := pattern.Merge(keys)
	for i, k := range keys {
		keys[i] = form[k]
	}
	return keys
}

// TestAccuracy measures the grouping accuracy on samples of real logs.
func TestAccuracy(t *testing.T) {
	sum, whole, n := 0.0, 0.0, 0.0
	for name, x := range systems(t) {
		var f line.Fields
		messages := make([]string, len(x[1]))
		for i, l := range x[1] {
			messages[i] = string(f.Message([]byte(l)))
		}
		a, b := accuracy(groups(x[0]), x[2]), accuracy(groups(messages), x[2])
		t.Logf("%-10s %.3f of messages, %.3f of lines", name, a, b)
		sum, whole, n = sum+a, whole+b, n+1
		for i := range messages {
			if strings.TrimSpace(messages[i]) != strings.TrimSpace(x[0][i]) && i%400 == 7 {
				t.Logf("  %q is not %q", messages[i], x[0][i])
			}
		}
	}
	t.Logf("mean %.3f, %.3f", sum/n, whole/n)
	if sum/n < 0.92 || whole/n < 0.92 {
		t.Error("less than 0.92")
	}
}

// Parts of a log that are counted separately have the same groups.
func TestMergeOfParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, x := range systems(t) {
		seen := map[string]bool{}
		var keys []string
		for _, i := range r.Perm(len(x[0])) {
			k := string(pattern.Mask(nil, []byte(x[0][i])))
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
		form := pattern.Merge(keys)
		slices.Reverse(keys)
		for k, f := range pattern.Merge(append(keys, keys...)) {
			if form[k] != f {
				t.Fatalf("%s: %q is %q or %q", name, k, form[k], f)
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte(`a="b c" /x/y?z=1 aa:bb:cc:dd 10.0.0.1:80 12 ms "`))
	f.Fuzz(func(t *testing.T, l []byte) {
		key := pattern.Mask(nil, l)
		if len(key) > 2*len(l)+2 {
			t.Fatalf("%d bytes became %d", len(l), len(key))
		}
		if again := pattern.Mask(nil, l); !bytes.Equal(key, again) {
			t.Fatal("differs")
		}
		pattern.Merge([]string{string(key), string(pattern.Mask(nil, new(line.Fields).Message(l)))})
	})
}

func BenchmarkMask(b *testing.B) {
	l := []byte("request failed error=null_pointer method=GET path=/api/v2/products/green-pump-6494 status=500 duration_ms=0.477 bytes=7485 user=goran.nguyen10")
	var dst []byte
	b.SetBytes(int64(len(l)))
	b.ReportAllocs()
	for b.Loop() {
		dst = pattern.Mask(dst[:0], l)
	}
}

// TestManyKeys counts messages with more different words than keys are kept. Those of
// one pattern are counted as one all the same, and none is dropped.
func TestManyKeys(t *testing.T) {
	var s pattern.Sketch
	name := func(i int) string { // without digits, which are masked
		b := []byte{}
		for ; len(b) < 4; i /= 26 {
			b = append(b, byte('a'+i%26))
		}
		return string(b)
	}
	const n = 5 * pattern.MaxKeys
	for i := range n {
		s.Add(fmt.Appendf(nil, "session opened for user %s ", name(i)), time.Time{}, line.Info, 0, int64(2*i), []byte("x"))
		if i > n/2 {
			s.Add([]byte("a rare event "), time.Time{}, line.Info, 0, int64(2*i+1), []byte("x"))
		}
	}
	list, other := s.Patterns()
	if len(list) != 2 || list[0].Text != "session opened for user *" || list[0].N != n || list[1].N != n/2-1 || other.N != 0 {
		t.Errorf("%d patterns, %d others", len(list), other.N)
		for _, p := range list[:min(len(list), 10)] {
			t.Logf("%d %s", p.N, p.Text)
		}
	}
	if s.Complete() {
		t.Error("Complete returned true after keys were joined")
	}
	var all pattern.Sketch
	all.Join(&s)
	if all.Complete() {
		t.Error("the joined sketch is complete")
	}
}

// TestBelongs tests which messages belong to a pattern, if their keys were kept and if
// they were not.
func TestBelongs(t *testing.T) {
	for _, names := range []int{50, 3 * pattern.MaxKeys} {
		var s pattern.Sketch
		for i := range names {
			name := []byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26), byte('a' + i/17576%26)}
			for _, form := range []string{"user %s logged in ", "user %s logged in again ", "GET /api /%s 200 "} {
				s.Add(fmt.Appendf(nil, form, name), time.Time{}, line.Info, 0, int64(i), []byte("x"))
			}
		}
		s.Add([]byte("something else "), time.Time{}, line.Info, 0, 0, []byte("x"))
		list, _ := s.Patterns()
		if len(list) != 4 || s.Complete() != (names == 50) {
			for _, p := range list[:min(len(list), 20)] {
				t.Logf("%d %s", p.N, p.Text)
			}
			t.Fatalf("%d patterns, complete: %v", len(list), s.Complete())
		}
		for key, want := range map[string]string{
			"user baaa logged in ":       "user * logged in",
			"user * logged in ":          "user * logged in",
			"user baaa logged in again ": "user * logged in again",
			"GET /api /baaa 200 ":        "GET /api/* 200",
			"something else ":            "something else",
			"nothing of these ":          "",
		} {
			if names == 50 && key == "user * logged in " {
				continue // no message had this key
			}
			for _, p := range list {
				belongs, ok := s.Belongs(p.ID())
				if got := ok && belongs([]byte(key)); got != (p.Text == want) {
					t.Errorf("%d names: %q belongs to %q: %v", names, key, p.Text, got)
				}
			}
		}
	}
	if _, ok := new(pattern.Sketch).Belongs("12345678"); ok {
		t.Error("an empty sketch has a pattern")
	}
}
