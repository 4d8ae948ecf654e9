package line_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"logview/reader/line"
)

// The forms in which programs write times.
func TestClock(t *testing.T) {
	zone := time.FixedZone("", 2*3600) // of times without one
	ref := time.Date(2024, 5, 1, 12, 0, 0, 0, zone)
	for _, c := range []struct{ line, want string }{ // in UTC; empty for none
		{"2024-05-01T10:00:00.123456789Z x", "2024-05-01 10:00:00.123456789"},
		{"2024-05-01T10:00:00+0200 host sshd[9]: x", "2024-05-01 08:00:00"},
		{"2024-05-01T10:00:00.5-07 x", "2024-05-01 17:00:00.5"},
		{"2024-05-01 10:00:00 +05:30 x", "2024-05-01 04:30:00"},
		{"2024-05-01 10:00:00,123 INFO x", "2024-05-01 08:00:00.123"},
		{"2024-05-01 10:00:00.123 UTC [123] ERROR:  x", "2024-05-01 10:00:00.123"},
		{"2025-08-13 01:45:01.123 PDT [1] LOG:  x", "2025-08-13 08:45:01.123"},
		{"2024-05-01 10:00:00 -x", "2024-05-01 08:00:00"},
		{"2024/05/01 10:00:00 [error] 7#7: *1 x", "2024-05-01 08:00:00"},
		{"[2024-05-01T10:00:00,123][WARN ][o.e] x", "2024-05-01 08:00:00.123"},
		{"[2024.05.01-10.00.00:123][  0]LogInit: x", "2024-05-01 08:00:00.123"},
		{"2024-05-01_10:00:00.12345 x", "2024-05-01 08:00:00.12345"},
		{"20240501-10:00:00:78|x", "2024-05-01 08:00:00.078"},
		{"20240501T100000Z x", "2024-05-01 10:00:00"},
		{"20240501.100000,672:DEBUG:x", "2024-05-01 08:00:00.672"},
		{"20240501100000 x", "2024-05-01 08:00:00"},
		{"240501 100000 148 INFO dfs: x", "2024-05-01 08:00:00"},
		{"240501 10:00:00 InnoDB: x", "2024-05-01 08:00:00"},
		{"2024-122T10:00:00,672:x", "2024-05-01 08:00:00.672"},
		{"May  1 10:00:00 host x", "2024-05-01 08:00:00"},
		{"<13>May 1 10:00:00 host x", "2024-05-01 08:00:00"},
		{"Nov 21 10:00:00 host x", "2023-11-21 08:00:00"}, // last year's
		{"Feb 29 10:00:00 host x", "2024-02-29 08:00:00"},
		{"May 1 10:00:00.123 2024 host x", "2024-05-01 08:00:00.123"},
		{"Wed May  1 10:00:00 UTC 2024 x", "2024-05-01 10:00:00"},
		{"Wed May 01 10:00:00.123456 2024] x", "2024-05-01 08:00:00.123456"},
		{"[Wed May 01 10:00:00.123456 2024] [core:error] x", "2024-05-01 08:00:00.123456"},
		{"Wed, 01 May 2024 10:00:00 GMT x", "2024-05-01 10:00:00"},
		{"####<May 1, 2024, 10:00:00,123 PM UTC> <Error> x", "2024-05-01 22:00:00.123"},
		{"May 1, 2024 12:00:00 AM org.apache x", "2024-04-30 22:00:00"},
		{`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET / HTTP/1.0" 200 134`, "2024-05-01 10:00:00"},
		{"9:M 01 May 2024 10:00:00.123 * Ready", "2024-05-01 08:00:00.123"},
		{"01-May-2024 10:00:00.123 INFO [main] x", "2024-05-01 08:00:00.123"},
		{"01.05.2024 10:00:00 x", "2024-05-01 08:00:00"},
		{"[5/1/24 10:00:00:123 UTC] 00000001 WsServerImpl  A   x", "2024-05-01 10:00:00.123"},
		{"10,05/01/24,10:00:00,Assign,10.0.0.9,host", "2024-05-01 08:00:00"},
		{"24/05/01 10:00:00 INFO executor: x", "2024-05-01 08:00:00"},
		{"05-01 10:00:00.123  1234  5678 E AndroidRuntime: x", "2024-05-01 08:00:00.123"},
		{"I0501 10:00:00.123456       1 x.go:320] x", "2024-05-01 08:00:00.123456"},
		{"[10:00:00] [Server thread/INFO]: Starting", "2024-05-01 08:00:00"},
		{"10:00:00.123456 execve(x)", "2024-05-01 08:00:00.123456"},
		{"23:00:00.123 x", "2024-04-30 21:00:00.123"}, // yesterday's
		{"INFO 10:00:00 x", "2024-05-01 08:00:00"},
		{"@4000000037c219bf2ef02e94 x", "1999-08-24 04:04:05.787492500"},
		{"1714557600 x", "2024-05-01 10:00:00"},
		{"1714557600.123 x", "2024-05-01 10:00:00.123"},
		{"10000 1714557600.000541 brk(NULL)", "2024-05-01 10:00:00.000541"},
		{"1714557600123 x", "2024-05-01 10:00:00.123"},
		{"1714557600123456 x", "2024-05-01 10:00:00.123456"},
		{"1714557600123456789 x", "2024-05-01 10:00:00.123456789"},
		{"#1714557600", "2024-05-01 10:00:00"},
		{"type=SYSCALL msg=audit(1714557600.123:77): x", "2024-05-01 10:00:00.123"},
		{"MainThread::INFO::2024-05-01 10:00:00,101::vdsm::71::x", "2024-05-01 08:00:00.101"},
		{"web-1  | 2024-05-01 10:00:00 x", "2024-05-01 08:00:00"},
		{`time="2024-05-01T10:00:00Z" level=error msg="x"`, "2024-05-01 10:00:00"},
		{`level=info ts=1714557600.5 msg=x`, "2024-05-01 10:00:00.5"},
		{"pid 7 at 10:00:00 of 2024-05-01T10:00:00Z", "2024-05-01 10:00:00"},
		{"\x1b[90m2024-05-01T10:00:00Z\x1b[0m x", "2024-05-01 10:00:00"},
		// JSON: the key decides.
		{`{"log":"at 2020-01-01 00:00:00\n","time":"2024-05-01T10:00:00Z"}`, "2024-05-01 10:00:00"},
		{`{"start":1514557600,"msg":"x","ts":1714557600.5}`, "2024-05-01 10:00:00.5"},
		{`{"created_at":"2020-01-01T00:00:00Z","@timestamp":"2024-05-01T10:00:00,123Z"}`, "2024-05-01 10:00:00.123"},
		{`{"req":{"time":"2020-01-01T00:00:00Z"},"time" : 1714557600123}`, "2024-05-01 10:00:00.123"},
		{`{"t":{"$date":"2024-05-01T10:00:00.5+00:00"},"s":"I"}`, "2024-05-01 10:00:00.5"},
		{`{"instant":{"epochSecond":1714557600,"nanoOfSecond":484000000},"level":"ERROR"}`, "2024-05-01 10:00:00.484"},
		{`{"__REALTIME_TIMESTAMP":"1714557600000000","MESSAGE":"x"}`, "2024-05-01 10:00:00"},
		{`{"time_local":"01/May/2024:10:00:00 +0000","status":"502"}`, "2024-05-01 10:00:00"},
		{`{"started_at": 1714557600123.0, "x": 1}`, "2024-05-01 10:00:00.123"},
		{`{"Records":[{"eventTime":"2024-05-01T10:00:00Z"}]}`, "2024-05-01 10:00:00"},
		{`May  1 10:00:00 host app: {"time":"2024-05-01T08:00:01Z"}`, "2024-05-01 08:00:01"},
		{`{"msg":"2024-05-01T10:00:00Z"}`, ""},
		// None.
		{"", ""}, {"hello", ""}, {"1.2.3.4:8080 x", ""}, {"2024-05-01", ""}, {"INFO: Finished Backup of VM 101 (00:05:00)", ""},
		{"id 1714557600123 x", ""}, {"2024-13-01 10:00:00", ""}, {"2024-02-30 10:00:00", ""}, {"25:00:00 x", ""}, {"version 10.12.24 x", ""},
		{"TCF 29:47.191: x", ""}, {"at com.x.Y(Y.java:10)", ""}, {"123456789012345678901234567890", ""}, {"a-2024-05-01T10:00:00Z.log", ""},
	} {
		for _, again := range []bool{false, true} { // the second time where it was learned
			clock := line.Clock{Zone: zone, Ref: ref}
			if again {
				clock.Time([]byte(c.line))
			}
			got := ""
			if x, ok := clock.Time([]byte(c.line)); ok {
				got = x.UTC().Format("2006-01-02 15:04:05.999999999")
			}
			if strings.TrimRight(got, "0") != strings.TrimRight(c.want, "0") {
				t.Errorf("%q, again %t: %q, want %q", c.line, again, got, c.want)
			}
		}
	}
}

// The order of dates such as 06/01/02 is that of the file.
func TestOrderOfDates(t *testing.T) {
	for _, c := range []struct {
		order string // as a layout
		from  string
		days  int
	}{
		{"06/01/02", "2017-06-09", 3}, {"02/01/06", "2017-06-09", 3}, {"01/02/06", "2017-06-09", 3},
		{"01/02/2006", "2017-06-09", 3}, {"02/01/2006", "2017-06-09", 3}, {"02-01-2006", "2017-06-30", 3},
		{"06/01/02", "2017-06-28", 5}, {"02/01/06", "2010-11-10", 4}, {"01/02/06", "2010-11-10", 4}, {"02/01/2006", "2017-06-09", 1},
		{"01/02/2006", "2017-06-13", 1}, {"02/01/2006", "2017-06-13", 1}, {"06/01/02", "2011-11-11", 2},
	} {
		day, _ := time.Parse("2006-01-02", c.from)
		var text strings.Builder
		var want []time.Time
		for n := range c.days * 10 {
			x := day.Add(time.Duration(n) * 24 * time.Hour / 10)
			fmt.Fprintf(&text, "%s INFO x\n", x.Format(c.order+" 15:04:05"))
			want = append(want, x.Truncate(time.Second))
		}
		clock := line.Clock{Zone: time.UTC, Ref: want[len(want)-1]}
		clock.Learn([]byte(text.String()))
		for n, l := range strings.Split(strings.TrimSpace(text.String()), "\n") {
			if got, _ := clock.Time([]byte(l)); !got.Equal(want[n]) {
				t.Errorf("%v: %q is %v, want %v", c, l, got, want[n])
				break
			}
		}
	}
}

// Times without a year, across New Year.
func TestYears(t *testing.T) {
	clock := line.Clock{Zone: time.UTC, Ref: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	for l, want := range map[string]int{"Dec 31 23:59:59 x": 2025, "Jan  1 00:00:01 x": 2026, "Jan  2 23:00:00 x": 2026, "Jan  4 00:00:00 x": 2025} {
		if got, _ := clock.Time([]byte(l)); got.Year() != want {
			t.Errorf("%s: %v, want the year %d", l, got, want)
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Add([]byte("2024-05-01T10:00:00.123Z x\n{\"ts\":1714557600}\n05/01/24 10:00:00 x"))
	f.Add([]byte("@400000100000000000000000"))
	f.Fuzz(func(t *testing.T, text []byte) {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
		first, last, _ := clock.Span(text)
		if first.IsZero() != last.IsZero() || last.Before(first) {
			t.Fatalf("%q: from %v to %v", text, first, last)
		}
		if !first.IsZero() && (first.Year() < 1970 || last.Year() > 2200) {
			t.Fatalf("%q: from %v to %v", text, first, last)
		}
	})
}

func BenchmarkClock(b *testing.B) {
	for _, l := range []string{
		"2024-05-01T10:00:%02d.123456789Z INFO [main] a line of a log",
		"[Wed May 01 10:00:%02d 2024] [core:error] a line",
		"May  1 10:00:%02d host sshd[123]: Failed password",
		`10.0.0.1 - - [01/May/2024:10:00:%02d +0000] "GET / HTTP/1.0" 200 134`,
		`{"level":"info","ts":17145576%02d.123,"logger":"http.log.access","msg":"handled request"}`,
		"    at com.example.Some(Some.java:%02d), which has no time at all",
	} {
		var lines [][]byte
		for n := range 60 {
			lines = append(lines, fmt.Appendf(nil, l, n))
		}
		b.Run(l[:12], func(b *testing.B) {
			b.ReportAllocs()
			clock := line.Clock{Zone: time.UTC}
			n := 0
			for b.Loop() {
				clock.Time(lines[n%60])
				n++
			}
		})
	}
}
