package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestLinesLookLikeTheirService(t *testing.T) {
	t.Parallel()
	heads := [serviceCount]*regexp.Regexp{
		svcAPI:     regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\x1b\[[\d;]+m)?(DEBUG|INFO |WARN |ERROR)(\x1b\[0m)? \[http-\d+\] [\w.]+ - .* request_id=[0-9a-f-]{36}`),
		svcAuth:    regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d host-01 (sshd\[\d+\]|sudo|CRON\[\d+\]|systemd-logind\[\d+\]): \S`),
		svcNginx:   regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+ - \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "[A-Z]+ /\S* HTTP/\d\.\d" \d{3} \d+ "[^"]+" "[^"]+" rt=\d+\.\d{3} rid=[0-9a-f-]{36}`),
		svcWorker:  regexp.MustCompile(`^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","level":"(info|warn|error)",`),
		svcBilling: regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO |WARN |ERROR) \[pool-2-thread-\d+\] com\.example\.billing\.\w+ - \[[0-9a-f-]{36}\] `),
		svcKernel:  regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d host-01 kernel: \[\d+\.\d{6}\] \S`),
	}
	continuation := regexp.MustCompile(`^(\tat |\t\.\.\. \d+ more$|Caused by: |[a-z]+\.)`)
	seen := [serviceCount]int{}
	tell(t, "", 100, 15000, func(rec *record) {
		seen[rec.log]++
		if !heads[rec.log].Match(rec.text) {
			t.Fatalf("%s: %q", services[rec.log].name, rec.text)
		}
		if !utf8.Valid(rec.text) {
			t.Fatalf("not UTF-8: %q", rec.text)
		}
		if service(rec.log) == svcWorker && !json.Valid(rec.text) {
			t.Fatalf("not JSON: %s", rec.text)
		}
		if got := bytes.Count(rec.text, []byte{'\n'}) + 1; got != rec.lines {
			t.Fatalf("%d lines announced, %d written: %q", rec.lines, got, rec.text)
		}
		for _, l := range bytes.Split(rec.text, []byte{'\n'})[1:] {
			if service(rec.log) != svcBilling || !continuation.Match(l) {
				t.Fatalf("no continuation line: %q", l)
			}
		}
	})
	for i, n := range seen {
		if n < 150 {
			t.Errorf("%s wrote %d records of 15,000 lines", services[i].name, n)
		}
	}
}

// TestWordFrequencies tests the frequencies of words that demonstrations and
// benchmarks search for.
func TestWordFrequencies(t *testing.T) {
	t.Parallel()
	const lines = 300_000
	counts := map[string]int{}
	words := []string{"zebrafish", "SocketTimeoutException", "... 23 more", "Caused by: ", "GET ", "\x1b[", "👍", "田中太郎", "é"}
	long := 0
	text := 0
	tell(t, "", 100, lines, func(rec *record) {
		text += len(rec.text)
		for _, w := range words {
			if bytes.Contains(rec.text, []byte(w)) {
				counts[w]++
			}
		}
		if bytes.Contains(rec.text, []byte("error")) || bytes.Contains(rec.text, []byte("ERROR")) {
			counts["error"]++
		}
		if len(rec.text) > 2000 && rec.lines == 1 {
			long++
		}
	})
	for _, c := range []struct {
		word     string
		min, max int
	}{
		{"zebrafish", 1, 9},
		{"error", lines / 100, lines / 20},
		{"GET ", lines / 5, lines / 2},
		{"SocketTimeoutException", lines / 20000, lines / 100},
		{"... 23 more", lines / 20000, lines / 100},
		{"Caused by: ", lines / 20000, lines / 100},
		{"\x1b[", 20, lines / 500},
		{"👍", 1, lines / 500},
		{"田中太郎", 10, lines / 200},
		{"é", 10, lines / 50},
	} {
		if n := counts[c.word]; n < c.min || n > c.max {
			t.Errorf("%q in %d of %d lines, not between %d and %d", c.word, n, lines, c.min, c.max)
		}
	}
	if long < 5 || long > lines/1000 {
		t.Errorf("%d long lines", long)
	}
}

func TestRateHolds(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"", "nginx", "billing", "auth", "kernel", "api,auth"} {
		for _, rate := range []float64{0.5, 100, 100_000} {
			const lines = 10000
			s := tell(t, list, rate, lines, nil)
			span := time.Duration(s.now.t - defaultStart.UnixNano()).Seconds()
			// Sessions and slow requests log long after their
			// arrival: at a high rate, these are most lines of such
			// a short span.
			if want := lines / rate; span < want*0.9 || span > want*1.1+60 {
				t.Errorf("services %q at %v lines a second: %.2fs for %d lines", list, rate, span, lines)
			}
		}
	}
}

func TestTimesAscend(t *testing.T) {
	t.Parallel()
	last := int64(0)
	tell(t, "", 1000, 30000, func(rec *record) {
		if rec.at < last {
			t.Fatalf("%d after %d", rec.at, last)
		}
		last = rec.at
	})
}

// TestRequestsAreSharedBetweenServices tests that a request has the same id in
// nginx, api, worker and billing, and that nginx, which answers last, logs
// after api, which logs before and after billing.
func TestRequestsAreSharedBetweenServices(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	idMarks := [serviceCount]string{svcAPI: "request_id=", svcNginx: " rid=", svcWorker: `"request_id":"`, svcBilling: " - ["}
	traceMarks := [serviceCount]string{svcAPI: "trace_id=", svcNginx: "none", svcWorker: `"trace_id":"`, svcBilling: " trace="}
	after := func(text, mark string, n int) string {
		_, rest, ok := strings.Cut(text, mark)
		if !ok {
			return ""
		}
		return rest[:n]
	}
	type seen struct {
		at     [serviceCount][]int64
		traces []string
	}
	requests := map[string]*seen{}
	tell(t, "", 200, 15000, func(rec *record) {
		if idMarks[rec.log] == "" {
			return
		}
		text := string(rec.text)
		id := after(text, idMarks[rec.log], 36)
		if !uuid.MatchString(id) {
			t.Fatalf("no request id: %s", text)
		}
		r := requests[id]
		if r == nil {
			r = new(seen)
			requests[id] = r
		}
		r.at[rec.log] = append(r.at[rec.log], rec.at)
		if trace := after(text, traceMarks[rec.log], 32); trace != "" {
			r.traces = append(r.traces, trace)
		}
	})
	inAll, withTrace := 0, 0
	for id, r := range requests {
		if len(slices.Compact(r.traces)) > 1 {
			t.Errorf("%s has several trace ids: %v", id, r.traces)
		}
		if len(r.traces) > 2 {
			withTrace++
		}
		api, nginx, bill, job := r.at[svcAPI], r.at[svcNginx], r.at[svcBilling], r.at[svcWorker]
		if len(api) == 0 || len(nginx) == 0 || len(bill) == 0 || len(job) == 0 {
			continue
		}
		inAll++
		if !(api[0] <= bill[0] && bill[len(bill)-1] <= api[len(api)-1] && api[len(api)-1] <= nginx[0] && job[0] > api[0]) {
			t.Errorf("%s: times out of order: %v", id, r.at)
		}
		if nginx[0]-api[0] > int64(40*time.Second) {
			t.Errorf("%s took %v", id, time.Duration(nginx[0]-api[0]))
		}
	}
	if inAll < 100 || withTrace < 500 {
		t.Errorf("only %d of %d requests went through all services, %d with a trace id", inAll, len(requests), withTrace)
	}
}

func TestHighCardinality(t *testing.T) {
	t.Parallel()
	ips, logins := map[string]bool{}, map[string]bool{}
	lines := 0
	user := regexp.MustCompile(` user=(\S+)`)
	tell(t, "api,nginx", 100, 40000, func(rec *record) {
		lines++
		if rec.log == 1 {
			ip, _, _ := strings.Cut(string(rec.text), " ")
			ips[ip] = true
		} else if m := user.FindSubmatch(rec.text); m != nil {
			logins[string(m[1])] = true
		}
	})
	if len(ips) < 3000 || len(logins) < 3000 {
		t.Errorf("%d addresses and %d users in %d lines", len(ips), len(logins), lines)
	}
}

func TestExpHasItsMean(t *testing.T) {
	t.Parallel()
	r := newRNG(7)
	for _, mean := range []int64{10, 10_000, 5_000_000_000, 1 << 50} {
		var sum float64
		const n = 200_000
		for range n {
			sum += float64(r.exp(mean))
		}
		if got := sum / n; got < 0.9*float64(mean) || got > 1.02*float64(mean) {
			t.Errorf("mean %d came out as %.1f", mean, got)
		}
	}
}

func BenchmarkStory(b *testing.B) {
	picked, _ := parseServices("")
	var n int64
	c := &collector{want: 1 << 60, log: func(rec *record) { n += int64(len(rec.text)) + 1 }}
	s := newStory(1, picked, 1, defaultStart.UnixNano(), 100, c)
	for b.Loop() {
		if err := s.step(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(n / int64(b.N))
}
