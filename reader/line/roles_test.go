package line_test

import (
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/line"
)

// TestRoles tests that a file with columns has its times and levels where its columns
// say.
func TestRoles(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	ref := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, text, want string }{
		{"date and time apart", "id,date,host,time,level,msg\n1,2026-11-20,web1,10:00:01,error,INFO 2020-01-01 00:00:00\n2,2026-11-20,web1,10:00:02,,x\n",
			"-;2026-11-20 15:00:01 error;2026-11-20 15:00:02 -"},
		{"semicolons", "Date;Time;Host;Severity;Message\n20.11.2026;10:00:01;web1;Error;x\n20.11.2026;10:00:02,5;web1;Warning;y\n",
			"-;2026-11-20 15:00:01 error;2026-11-20 15:00:02.5 warn"},
		{"the best name", "created_at,duration,timestamp,text\n2020-01-01 00:00:00,00:00:12,2026-11-20T10:00:01Z,x\n2020-01-01 00:00:00,00:00:12,1795168802,x\n",
			"-;2026-11-20 10:00:01 -;2026-11-20 10:00:02 -"},
		{"a duration before the time", "date,duration,time\n2026-11-20,00:00:12,10:00:01\n", "-;2026-11-20 15:00:01 -"},
		{"order of the date", "n,Date,x,Time\n1,11/12/26,a,10:00:00\n2,11/13/26,a,10:00:01\n", "-;2026-11-12 15:00:00 -;2026-11-13 15:00:01 -"},
		{"quoted", "Level,\"Date and Time\",Source\nError,\"11/20/2026 10:00:01 PM\",\"a, b\"\n", "-;2026-11-21 03:00:01 error"},
		{"DHCP", "\t\tMicrosoft DHCP Service Activity Log\n\nEvent ID  Meaning\n00\tThe log was started.\n\nID,Date,Time,Description,IP Address\n24,11/27/26,00:00:14,Database Cleanup Begin,\n30,11/28/26,00:00:15,DNS Update Request,10.0.0.1\n",
			"-;-;-;-;-;-;2026-11-27 05:00:14 -;2026-11-28 05:00:15 -"},
		{"event viewer", "Level,Date and Time,Source,Event ID,Task Category\nError,11/27/2026 10:15:01 AM,App,1000,(100),\"text, a\"\n", "-;2026-11-27 15:15:01 error"},
		{"a value of two lines", "time,level,msg\n2026-11-27 10:15:01,ERROR,\"a\nb\"\n2026-11-27 10:15:02,WARN,c\n", "-;2026-11-27 15:15:01 error;-;2026-11-27 15:15:02 warn"},
		{"a time with a comma", "LineId,Date,Time,Level,Content\n3,2015-10-18,\"18:01:48,963\",INFO,since 2016-01-01 00:00:00\n", "-;2015-10-18 23:01:48.963 info"},
		{"IIS", "#Software: Microsoft Internet Information Services 10.0\n#Date: 2026-11-20 09:00:00\n#Fields: date time cs-uri-stem sc-status\n2026-11-20 10:00:01 /a 500\n2026-11-20 10:00:02 /error 200\n2026-11-20 10:00:03 /b 404\n",
			"-;2026-11-20 09:00:00 -;-;2026-11-20 10:00:01 error, derived;2026-11-20 10:00:02 info, derived;2026-11-20 10:00:03 warn, derived"},
		{"date before the rows", "#Date: 2026-11-20 09:00:00\n#Fields: time cs-uri-stem sc-status\n10:00:01 /a 500\n", "2026-11-20 09:00:00 -;-;2026-11-20 10:00:01 error, derived"},
		{"date and time apart in W3C", "#Version: 1.0\n#Fields: date s-ip time\n2026-11-20 10.0.0.1 10:00:01\n", "-;-;2026-11-20 10:00:01 -"},
		{"CloudFront", "#Version: 1.0\n#Fields: date time x-edge-location sc-status\n2026-11-20\t10:00:01\tLAX1\t503\n", "-;-;2026-11-20 10:00:01 error, derived"},
		{"Exchange", "#Software: Microsoft Exchange Server\n#Fields: date-time,client-ip,event-id\n2026-11-20T10:00:01.5Z,10.0.0.1,FAIL\n", "-;-;2026-11-20 10:00:01.5 -"},
		{"Zeek", "#separator \\x09\n#fields\tts\tid\tstatus_code\n1795168802.5\t2020-01-01T00:00:00Z\t500\n", "-;-;2026-11-20 10:00:02.5 error, derived"},
		{"not rows", "date,host,time\n" + strings.Repeat("2026-11-20,web1,10:00:01\n", 10) + "  at x.Y\n2026-11-20 11:00:00 x\n",
			"-;" + strings.Repeat("2026-11-20 15:00:01 -;", 10) + "-;2026-11-20 16:00:00 -"},
	} {
		clock := line.Clock{Zone: zone, Ref: ref}
		clock.Learn([]byte(c.text))
		var got []string
		var want reader.TableBlock
		for l := range strings.Lines(c.text) {
			var s []string
			if x, ok := clock.Time([]byte(l)); ok {
				s = append(s, x.UTC().Format("2006-01-02 15:04:05.999999999"))
			} else {
				want.Untimed++
			}
			v := clock.Columns.LevelOf([]byte(l))
			want.Levels[v]++
			if v != line.NoLevel {
				s = append(s, v.String())
			} else if len(s) > 0 {
				s = append(s, "-")
			}
			if len(s) == 0 {
				s = []string{"-"}
			}
			if clock.Columns.IsDerived([]byte(l)) {
				s[len(s)-1] += ", derived"
			}
			got = append(got, strings.Join(s, " "))
		}
		if got := strings.Join(got, ";"); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		survey := line.Clock{Zone: zone, Ref: ref}
		if k := survey.Survey([]byte(c.text), false); k.Levels != want.Levels || k.Untimed != want.Untimed {
			t.Errorf("%s: surveyed levels %v and %d lines without a time, want %v and %d", c.name, k.Levels, k.Untimed, want.Levels, want.Untimed)
		}
	}
}
