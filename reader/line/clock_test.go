package line_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"logview/reader/line"
)

// clockCases are lines with their times in UTC; empty for none.
var clockCases = []struct{ line, want string }{
	{"2024-05-01T10:00:00.123456789Z x", "2024-05-01 10:00:00.123456789"},
	{"2024-05-01T10:00:00+0200 host sshd[9]: x", "2024-05-01 08:00:00"},
	{"2024:05:01-10:00:00 utm ulogd[1]: x", "2024-05-01 08:00:00"},
	{"[4f30-1] Started GET \"/\" for 10.0.0.5 at 2024-05-01 10:00:00 +0200", "2024-05-01 08:00:00"},
	{"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='" + strings.Repeat("x", 300) + "'/><TimeCreated SystemTime='2024-05-01T10:00:00.5Z'/>", "2024-05-01 10:00:00.5"},
	{`{"LEVEL":"info","TIMESTAMP":"2024-05-01T10:00:00Z"}`, "2024-05-01 10:00:00"},
	{"2024-05-01T10:00:00.5-07 x", "2024-05-01 17:00:00.5"},
	{"2024-05-01 10:00:00 +05:30 x", "2024-05-01 04:30:00"},
	{"2024-05-01 10:00:00,123 INFO x", "2024-05-01 08:00:00.123"},
	{"2024-05-01 10:00:00.123 UTC [123] ERROR:  x", "2024-05-01 10:00:00.123"},
	{"2025-08-13 01:45:01.123 PDT [1] LOG:  x", "2025-08-13 08:45:01.123"},
	{"12-Jul-18 20:53:19 - Admin", "2018-07-12 18:53:19"},
	{"[12/Mar/24 10:15:38] x", "2024-03-12 08:15:38"},
	{"12 Mar 24 10:15:38 x", "2024-03-12 08:15:38"},
	{"12-MAR-24 10.15.38.123456 AM x", "2024-03-12 08:15:38.123456"},
	{"12 Mar 10:15:38 x", "2024-03-12 08:15:38"},
	{"Tue Mar 12 10:15:33 IST 2024 x", "2024-03-12 08:15:33"},
	{"Tue Mar 12 10:15:33 +08 2024 x", "2024-03-12 02:15:33"},
	{"Tue Mar 12 10:15:33 -03 2024 x", "2024-03-12 13:15:33"},
	{"2024-03-12-10.15.33.123456-240 I1735E500 x", "2024-03-12 14:15:33.123456"},
	{"2024-03-12-10.15.34.123456+330 I1735E500 x", "2024-03-12 04:45:34.123456"},
	{"2024-05-01 10:00:00 -x", "2024-05-01 08:00:00"},
	{"2024-05-01 10:00:00.123 -03 [4711] LOG:  x", "2024-05-01 13:00:00.123"},
	{"2024-05-01 10:00:00 -03 items", "2024-05-01 08:00:00"},
	{`[GIN] 2024/05/01 - 10:00:01 | 500 |  1.5s | 10.0.0.9 | POST     "/x"`, "2024-05-01 08:00:01"},
	{"13/5/2024 -- 10:00:00 - <Notice> - x", "2024-05-13 08:00:00"},
	{"L 05/13/2024 - 10:00:00: x", "2024-05-13 08:00:00"},
	{"I0000 00:00:1714557600.123456    4711 cuda_executor.cc:1015] x", "2024-05-01 10:00:00.123456"},
	{"2 123456789012 eni-0abc 10.0.0.9 10.0.0.2 51234 443 6 10 1234 1714557600 1714557660 ACCEPT OK", "2024-05-01 10:00:00"},
	{"4711 10:00:00.123456 execve(\"/bin/ls\")", "2024-05-01 08:00:00.123456"},
	{`<![LOG[x]LOG]!><time="10:00:00.123+000" date="05-13-2024" component="X" context="" type="1">`, "2024-05-13 10:00:00.123"},
	{`<![LOG[x]LOG]!><time="10:00:00.123-120" date="05-13-2024" component="X" context="" type="1">`, "2024-05-13 08:00:00.123"},
	{"[    1.523111] rtc_cmos 00:04: setting system clock to 2024-05-01T10:00:00 UTC (1714557600)", ""},
	{`[    12.400] (==) Log file: "/var/log/Xorg.0.log", Time: Wed May  1 10:00:00 2024`, ""},
	{"0:00:00.123456789  4711 0x55d0c0a0 INFO  GST_INIT gst.c:586: x", ""},
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
	{`{"dt":"2024-05-01T10:00:00.1Z"}`, "2024-05-01 10:00:00.1"},
	{`{"date":"2024-05-01","time":"10:00:01.5+02:00","x":1}`, "2024-05-01 08:00:01.5"},
	{`{"time": "10:00:01", "date": "2024-05-01"}`, "2024-05-01 08:00:01"},
	{"- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond[2916]: x", "2005-11-09 10:01:01"},
	{"May  1 10:00:01 fw date=2019-05-01 time=10:00:01 devname=x", "2019-05-01 08:00:01"},
	{"date=2019-05-01,time=10:00:01,devname=fw", "2019-05-01 08:00:01"},
	{"20171224-0:3:1:7|Step_LSC|30002312|x", "2017-12-23 22:03:01.007"},
	{"[04.30 16:49:06] chrome.exe - x", "2024-04-30 14:49:06"},
	{"[30.04 16:49:06] x", "2024-04-30 14:49:06"},
	{"I20240501 10:00:10.123456 1234 x.cc:1] x", "2024-05-01 08:00:10.123456"},
	{"web-7d9f-abc web I0501 10:00:01.123456       1 main.go:12] x", "2024-05-01 08:00:01.123456"},
	{`{"time_unix_nano":"1714557610123456789"}`, "2024-05-01 10:00:10.123456789"},
	{"web-1  | 2024-05-01 10:00:00 x", "2024-05-01 08:00:00"},
	{"web-1  | I0501 10:00:00.123456       7 a.go:1] x", "2024-05-01 08:00:00.123456"},
	{"[pod/web-7d/web] I0501 10:00:00.123456       7 a.go:1] x", "2024-05-01 08:00:00.123456"},
	{`time="2024-05-01T10:00:00Z" level=error msg="x"`, "2024-05-01 10:00:00"},
	{`level=info ts=1714557600.5 msg=x`, "2024-05-01 10:00:00.5"},
	{"pid 7 at 10:00:00 of 2024-05-01T10:00:00Z", "2024-05-01 10:00:00"},
	{"\x1b[90m2024-05-01T10:00:00Z\x1b[0m x", "2024-05-01 10:00:00"},
	{"Wed May 01 2024 12:00:00 GMT+0200 (Central European Summer Time) x", "2024-05-01 10:00:00"},
	{"2024-05-01 12:00:00 UTC+02:00 x", "2024-05-01 10:00:00"},
	{"2024-05-01 03:00:00 GMT-7 x", "2024-05-01 10:00:00"},
	{"2024 May 01 10:00:00 x", "2024-05-01 08:00:00"},
	{"2024-May-01 10:00:00 x", "2024-05-01 08:00:00"},
	{"01 May 10:00:00 2024 x", "2024-05-01 08:00:00"},
	{"[01-May-2024 12:00:00 Europe/Berlin] PHP Warning: x", "2024-05-01 10:00:00"},
	{"01-Nov-2023 06:00:00 America/New_York x", "2023-11-01 10:00:00"},
	{"2024-05-01-12.00.00.123456+120 x", "2024-05-01 10:00:00.123456"},
	{"May  1 12:00:00 2001:db8::5 app[3]: x", "2024-05-01 10:00:00"},
	{"1,2024/05/01 12:00:00,001801000000,TRAFFIC", "2024-05-01 10:00:00"},
	{`date=2024-05-01 time=12:00:00 devname="x"`, "2024-05-01 10:00:00"},
	{"1.714557600123e+09\twarn\tx", "2024-05-01 10:00:00.123"},
	{"INFO [05-01|12:00:00.123] x", "2024-05-01 10:00:00.123"},
	{"[01May2024 12:00:00.123] [main/INFO] x", "2024-05-01 10:00:00.123"},
	{"Nov. 27, 2023 10:15:05 AM x.Y z", "2023-11-27 08:15:05"},
	{"10:15AM INF x", "2024-05-01 08:15:00"},
	{"[ERROR] [1714557600.123456789]: x", "2024-05-01 10:00:00.123456789"},
	{"E240501 12:00:00.123456 1 server/node.go:12 x", "2024-05-01 10:00:00.123456"},
	{"[1234:5678:0501/120000.123456:ERROR:x.cc(5)] x", "2024-05-01 10:00:00.123456"},
	{"05/01-12:00:00.123456 [**] x", "2024-05-01 10:00:00.123456"},
	{"=ERROR REPORT==== 1-May-2024::12:00:00.5 ===", "2024-05-01 10:00:00.5"},
	{"may/01/2024 12:00:00 system,info x", "2024-05-01 10:00:00"},
	{"2024-05-01 09:00:00 10%\r2024-05-01 10:00:00 20%", "2024-05-01 08:00:00"},
	{`2024-05-01 10:00:00 INFO save {"id":7,"created_at":"2020-01-01T00:00:00Z"}`, "2024-05-01 08:00:00"},
	{`2024-05-01 10:00:00 INFO save {"time":"2020-01-01T00:00:00Z"}`, "2024-05-01 08:00:00"},
	{`May  1 10:00:00 host app: save {"created_at":"2020-01-01T00:00:00Z"}`, "2024-05-01 08:00:00"},
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
	{`{"@t":"2024-05-01T10:00:00Z","@l":"Error"}`, "2024-05-01 10:00:00"},
	{`{"timeMillis":1714557600123}`, "2024-05-01 10:00:00.123"},
	{`{"time":{"seconds":1714557600,"nanos":5}}`, "2024-05-01 10:00:00.000000005"},
	{`{"L":"WARN","T":"2024-05-01T10:00:00Z"}`, "2024-05-01 10:00:00"},
	{`{"Records":[{"eventTime":"2024-05-01T10:00:00Z"}]}`, "2024-05-01 10:00:00"},
	{`May  1 10:00:00 host app: {"time":"2024-05-01T08:00:01Z"}`, "2024-05-01 08:00:01"},
	{`{"msg":"2024-05-01T10:00:00Z"}`, ""},
	// None.
	{"", ""}, {"hello", ""}, {"1.2.3.4:8080 x", ""}, {"2024-05-01", ""}, {"INFO: Finished Backup of VM 101 (00:05:00)", ""},
	{"id 1714557600123 x", ""}, {"2024-13-01 10:00:00", ""}, {"2024-02-30 10:00:00", ""}, {"25:00:00 x", ""}, {"version 10.12.24 x", ""},
	{"TCF 29:47.191: x", ""}, {"at com.x.Y(Y.java:10)", ""}, {"123456789012345678901234567890", ""}, {"a-2024-05-01T10:00:00Z.log", ""},
}

// The forms in which programs write times.
func TestClock(t *testing.T) {
	zone := time.FixedZone("", 2*3600) // of times without one
	ref := time.Date(2024, 5, 1, 12, 0, 0, 0, zone)
	for _, c := range clockCases {
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
		if got, _ := clock.Time([]byte(l)); got.UTC().Year() != want {
			t.Errorf("%s: %v, want the year %d", l, got, want)
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Add([]byte("11.21 x\n11.21"))
	f.Add([]byte("2024-05-01T10:00:00.123Z x\n{\"ts\":1714557600}\n05/01/24 10:00:00 x"))
	f.Add([]byte("@400000100000000000000000"))
	f.Fuzz(func(t *testing.T, text []byte) {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
		first, last := clock.Span(text)
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

// What was learned from the first line does not mislead about others.
func TestClockAfterLearning(t *testing.T) {
	for _, c := range []struct{ first, line, want string }{
		{`{"time":"2024-05-01T10:00:00Z"}`, `{"req":{"time":"2020-01-01T00:00:00Z"},"time":"2024-05-01T10:00:01Z"}`, "10:00:01"},
		{`{"time":"2024-05-01T10:00:00Z"}`, `{"a":"\"time\":","time":"2024-05-01T10:00:02Z"}`, "10:00:02"},
		{`{"a":{"time":"2024-05-01T10:00:00Z"}}`, `{"a":{"b":1,"time":"2024-05-01T10:00:03Z"}}`, "10:00:03"},
		{"[2024-05-01 10:00:00] a", " 2019-01-01 00:00:00 detail", ""},
		{"2024-05-01 10:00:00 a", "\t2019-01-01 00:00:00 detail", ""},
		{"13/05/2024 10:00:00 a", "14/05/2024 10:00:00 a", "10:00:00"},
		// A date in a sentence is not the time of its line.
		{"2024-05-01 10:00:00 a", "java.lang.IllegalStateException: lock held since 2024-05-01 09:00:00 by x", ""},
		{"2024-05-01 10:00:00 a", "Caused by: java.sql.SQLException: Timeout at 2024-05-01 08:00:00", ""},
		{"2024-05-01 10:00:00 a", "Caused by: x.TimeoutException: 2024-05-01 08:00:00", ""},
		{"2024-05-01 10:00:00 a", "WHERE created_at > '2024-01-01 00:00:00'", ""},
		{"2024-05-01 10:00:00 a", "('2024-01-01 00:00:00', 5),", ""},
		{"# Time: 2024-05-01T10:00:00Z", "SET timestamp=1714557500;", ""},
		{"2024-05-01 10:00:00 a", "[10:00:05] a", ""},
		{"2024-05-01 10:00:00 a", "Date: Wed, 01 May 2019 10:00:01 GMT", ""},
		{"2024-05-01 10:00:00 a", "< Last-Modified: Wed, 01 May 2019 10:00:01 GMT", ""},
		{"2024-05-01 10:00:00 a", "created_at: 2017-01-01T00:00:00Z", ""},
		{"2024-05-01 10:00:00 a", "| 1  | 2013-01-01 00:00:00 | ERROR |", ""},
		{"time=2023-05-01T10:00:00Z level=INFO", "2023/05/01 10:00:04 x", "10:00:04"},
		{"2024-05-01 10:00:00 a", "INFO 2024-05-01 10:00:04 a", "10:00:04"},
		{"2024-05-01 10:00:00 a", "web | 2024-05-01 10:00:04 a", "10:00:04"},
		{"2024-05-01 10:00:00 a", "time=\"2024-05-01 10:00:04\" level=info", "10:00:04"},
		{`level=info msg="started" time="2024-05-01T10:00:00Z"`, `level=info msg="user bob logged in" time="2024-05-01T10:00:04Z"`, "10:00:04"},
		{"2024-05-01 10:00:00 a", "Error 2024-05-01 10:00:04 disk full", "10:00:04"},
		{"[main] 2024-05-01 10:00:00 a", "[pool worker thread one] 2024-05-01 10:00:04 a", "10:00:04"},
		{`10.0.0.1 - x [01/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1`, `10.0.0.1 - john smith [01/May/2024:10:00:04 +0000] "GET / HTTP/1.1" 200 1`, "10:00:04"},
		{"the task began at 2024-05-01 10:00:00", "the task of another began at 2024-05-01 10:00:04", "10:00:04"},
	} {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2024, 5, 20, 0, 0, 0, 0, time.UTC)}
		if _, ok := clock.Time([]byte(c.first)); !ok {
			t.Errorf("%q has no time", c.first)
		}
		got := ""
		if x, ok := clock.Time([]byte(c.line)); ok {
			got = x.UTC().Format(time.TimeOnly)
		}
		if got != c.want {
			t.Errorf("%q after %q: %q, want %q", c.line, c.first, got, c.want)
		}
	}
	// What most of the first lines have counts, not what the first has.
	clock := line.Clock{Zone: time.UTC, Ref: time.Date(2024, 5, 1, 20, 0, 0, 0, time.UTC)}
	clock.Learn([]byte("Log opened 2024-05-01 09:00:00\n10:00:00 a\n10:00:01 b\n"))
	if x, ok := clock.Time([]byte("10:00:02 c")); !ok || x.UTC().Format(time.DateTime) != "2024-05-01 10:00:02" {
		t.Errorf("a time of day after a date: %v", x)
	}
	// Coloured times count when the order of dates is learned. A date that it does not
	// allow shows that it was a guess.
	for _, dates := range [][]string{{"\x1b[32m02/01/2025 10:00:00\x1b[m a", "\x1b[32m03/01/2025 10:00:00\x1b[m a"}, {"02/01/2025 10:00:00 a", "25/01/2025 10:00:00 a"}} {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)}
		clock.Learn([]byte(strings.Join(dates, "\n") + "\n"))
		if x, _ := clock.Time([]byte(dates[0])); x.UTC().Month() != time.January {
			t.Errorf("%q is of %v", dates, x)
		}
	}
	clock = line.Clock{Zone: time.UTC, Ref: time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)}
	clock.Learn([]byte("04/03/2025 10:00:00 a\n"))
	if x, ok := clock.Time([]byte("25/03/2025 10:00:00 a")); !ok || x.Month() != time.March {
		t.Errorf("the 25th of March is %v", x)
	}
}

// The middle of a line is not the beginning of one.
func TestSpanInsideLine(t *testing.T) {
	var clock line.Clock
	if first := clock.Survey([]byte("2020-01-01 00:00:00 the rest\n2024-05-01 10:00:00 a\n"), true).First; first.Year() != 2024 {
		t.Errorf("begins at %v", first)
	}
	if first := clock.Survey([]byte("2020-01-01 00:00:00 all of it is the rest"), true).First; !first.IsZero() {
		t.Errorf("begins at %v", first)
	}
}

// TestLearnFromFirstLines tests what a Clock learns from the first lines of a file as a
// whole: whether they have times at all, and in which column.
func TestLearnFromFirstLines(t *testing.T) {
	sentences := strings.Repeat("INFO request done\n", 20)
	for _, c := range []struct{ text, line, want string }{
		// Few lines have times, in sentences: these are not of their lines.
		{sentences + "WARN certificate of x expires 2031-05-01 10:00:00\n", "WARN certificate of x expires 2031-05-01 10:00:00", ""},
		{sentences, "x.o: built 2023-01-01T00:00:00Z cached", ""},
		{sentences + "2024-05-01 10:00:00 x\n", "2024-05-01 10:00:00 x", "2024-05-01 10:00:00"},
		{sentences, "[main] 2024-05-01 10:00:00 x", "2024-05-01 10:00:00"},
		{strings.Repeat("\tat com.example.X\n", 20) + "it began at 2024-05-01 10:00:00\n", "it ended at 2024-05-01 10:00:01", "2024-05-01 10:00:01"},
		// A column of seconds since 1970.
		{strings.Repeat("134681 node-246 unix.hw state 1077804742 1 x\n", 3) + "1 node-1 action error 1085100843 1 x\n", "7 node-9 unix.hw z 1085100900 1 x", "2004-05-21 00:55:00"},
		{strings.Repeat("2 123 eni-1 10.0.0.1 10.0.0.2 443 4 6 20 4249 1714557600 1714557660 ACCEPT OK\n", 5), "2 123 eni-1 - - - - - - - 1714557601 1714557661 - NODATA", "2024-05-01 10:00:01"},
		{strings.Repeat("user 1000000001 in\n", 5), "user 1000000002 in", ""},
		{"a 1714557600 b\n", "a 1714557601 b", ""},
		// A date in a sentence, or of what the line is about, in a file without times.
		{"INFO:root:started\nERROR:app.db:connection lost at 2023-01-01 10:00:00\nINFO:root:going on\n", "ERROR:app.db:connection lost at 2023-01-01 10:00:00", ""},
		{"certificate expires 2025-01-01 00:00:00\nready\nlistening\n", "certificate expires 2025-01-01 00:00:00", ""},
		{`{"created_at":"2020-01-01T00:00:00Z","name":"y"}` + "\n{\"msg\":\"x\"}\n{\"msg\":\"y\"}\n", `{"created_at":"2020-01-01T00:00:00Z","name":"y"}`, ""},
		{"=== puma startup: 2024-05-01 10:00:00 +0200 ===\n[4711] Puma starting\n[4711] ready\n", "=== puma startup: 2024-05-01 10:00:00 +0200 ===", "2024-05-01 08:00:00"},
		{"\nStarted GET \"/\" for 127.0.0.1 at 2024-05-01 10:00:00 +0200\nProcessing by X#y\n  Rendering x\nRendered x\nCompleted 200 OK\n", "Started GET \"/\" for 127.0.0.1 at 2024-05-01 10:00:00 +0200", "2024-05-01 08:00:00"},
	} {
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2024, 5, 20, 0, 0, 0, 0, time.UTC)}
		clock.Learn([]byte(c.text))
		got := ""
		if x, ok := clock.Time([]byte(c.line)); ok {
			got = x.UTC().Format(time.DateTime)
		}
		if got != c.want {
			t.Errorf("%q after %.60q: %q, want %q", c.line, c.text, got, c.want)
		}
	}
}
