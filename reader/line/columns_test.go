package line_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"logview/reader/line"
)

// rowsOf returns the fields of the lines of a file, with the format of each.
func rowsOf(t testing.TB, text string) (out []string) {
	t.Helper()
	x := line.Fields{Columns: line.LearnColumns([]byte(text))}
	for l := range strings.Lines(text) {
		var row []string
		l = strings.TrimRight(l, "\r\n")
		x.Each([]byte(l), func(name, value []byte, at int) bool {
			if at >= 0 && l[at:at+len(value)] != string(value) {
				t.Errorf("%q: %s=%q is not at %d", l, name, value, at)
			}
			row = append(row, fmt.Sprintf("%s=%s", name, value))
			return true
		})
		out = append(out, strings.Join(append([]string{x.Format() + ":"}, row...), " "))
	}
	return out
}

func TestColumns(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // from the first row on
	}{
		"IIS": {
			"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2024-05-01 10:00:00\r\n#Fields: date time cs-method cs-uri-stem sc-status time-taken cs(User-Agent)\r\n" +
				"2024-05-01 10:00:01 GET /a 500 12 Mozilla/5.0+(X11)\r\n2024-05-01 10:00:02 GET /b 200 -\r\n",
			[]string{
				"w3c: date=2024-05-01 time=10:00:01 cs-method=GET method=GET cs-uri-stem=/a path=/a sc-status=500 status=500 time-taken=12 took_ms=12 took=12ms cs-User-Agent=Mozilla/5.0+(X11) agent=Mozilla/5.0+(X11)",
				"text:", // cut off
			},
		},
		"Zeek": {
			"#separator \\x09\n#fields\tts\tid.orig_h\tproto\n#types\ttime\taddr\tenum\n1320279554.496300\t192.168.2.76\t-\n",
			[]string{"text:", "zeek: ts=1320279554.496300 id.orig_h=192.168.2.76"},
		},
		"CSV": {
			"time,level,User Name,message\n2024-05-01 10:00:00,ERROR,bob,\"a, \"\"b\"\" x=1\"\n2024-05-01 10:00:01,INFO,,ok id=7\n",
			[]string{
				`csv: time=2024-05-01 10:00:00 level=ERROR User-Name=bob message=a, "b" x=1 x=1`,
				`csv: time=2024-05-01 10:00:01 level=INFO User-Name= message=ok id=7 id=7`,
			},
		},
		"quoted names": {"time,level,\"a,b\",dur\n2024-05-01 10:00:00,INFO,x,5\n", []string{"csv: time=2024-05-01 10:00:00 level=INFO a-b=x dur=5"}},
		"TSV":          {"a\tb\tc\n1\t2\t3\n", []string{"csv: a=1 b=2 c=3"}},
		"semicolon":    {"a;b;c\n1;2,5;3\n", []string{"csv: a=1 b=2,5 c=3"}},
		// None of these is a header.
		"prose":        {"starting, please wait, loading\none, two, three\n", []string{"text:"}},
		"other count":  {"a,b,c\n1,2\n", []string{"text:"}},
		"no row":       {"a,b,c\n", nil},
		"Zeek quotes":  {"#fields\ta\tb\n\"q\"\tsay \"\"hi\"\"\n", []string{`zeek: a="q" b=say ""hi""`}},
		"inner quotes": {"a,b,c\nx \"\"y\"\" z,1,2\n", []string{`csv: a=x ""y"" z b=1 c=2`}},
		"numbers":      {"1,2,3\n4,5,6\n", []string{"text:"}},
		"twice":        {"a,b,a\n4,5,6\n", []string{"text:"}},
		"comment":      {"# a comment\n# another\nx=1\n", []string{"text:", "logfmt: x=1"}},
	} {
		got := rowsOf(t, c.text)
		if got = got[len(got)-len(c.want):]; fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	c := line.LearnColumns([]byte("#Fields: sc-status cs(User-Agent)\n"))
	for _, want := range []string{"sc-status", "status", "cs-User-Agent", "agent"} {
		if !bytes.Contains(c.Text(), []byte(want+"\n")) {
			t.Errorf("%q does not contain %s", c.Text(), want)
		}
	}
}

func FuzzColumns(f *testing.F) {
	f.Add("time,level,message\n1,\"a \"\"b\"\"\",c\n")
	f.Add("#Fields: a b c\n1 \"2 3\" 4\n")
	f.Add("#fields\ta\tb\n1\t2\n")
	f.Fuzz(func(t *testing.T, text string) { rowsOf(t, text) })
}

// TestHeaderColumns tests the names of the columns of headers.
func TestHeaderColumns(t *testing.T) {
	for l, want := range map[string]string{
		"2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.App: Created x":                        "thread=main logger=org.apache.hadoop.App",
		"2024-05-01 10:00:00.123  INFO 12345 --- [nio-8080-exec-1] c.example.App : Started":           "pid=12345 thread=nio-8080-exec-1 logger=c.example.App",
		"2024-05-01 10:00:00,123 - my.logger - INFO - message":                                        "logger=my.logger",
		"2024-05-01 10:00:00,123 - root - ERROR - message":                                            "logger=root",
		"081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1":                      "pid=148 logger=dfs.DataNode$PacketResponder",
		"17/06/09 20:10:40 INFO executor.CoarseGrained: Registered signal handlers":                   "logger=executor.CoarseGrained",
		"03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing":                               "pid=1702 tid=2395 logger=WindowManager",
		"2015-07-29 17:41:44,747 - INFO  [QuorumPeer:FastLeaderElection@774] - Notification":          "thread=QuorumPeer logger=FastLeaderElection",
		"2024-05-01T10:00:00Z\tINFO\tserver\tserver/main.go:42\tlistening":                            "logger=server source=server/main.go:42",
		"[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328] [client 1.2.3.4:567] no": "pid=35708 tid=4328 client=1.2.3.4",
		"2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-1 a b - - -] x":       "pid=25746 logger=nova.osapi_compute.wsgi.server",
		"2025-08-13 01:45:01.123 PDT [12345] LOG:  connection received: x":                            "pid=12345",
		"2025-08-13 01:45:01.123 PDT [12345] LOG:  statement: SELECT 1":                               "pid=12345",
		"2024-05-01 10:00:00 ERROR Failed: cannot open":                                               "",
		"2024-05-01 10:00:00 [main] ERROR Failed: cannot open":                                        "",
		"2024-05-01 10:00:00 200 GET /x":                                                              "",
		"2024-05-01 10:00:00 INFO 200 requests served":                                                "",
		"2024-05-01 10:00:00 WARN [5] retries left":                                                   "",
		"2024-05-01 10:00:00 ERROR [12:30] meeting":                                                   "",
		"2024-05-01 10:00:00 INFO example.com is down":                                                "",
		"2024-05-01 10:00:00 INFO 10.0.0.1 connected":                                                 "",
		"2024-05-01 10:00:00 INFO v1.2.3 released":                                                    "",
		"2024-05-01 10:00:00 INFO [cache] miss: key":                                                  "",
		"2024-05-01 10:00:00 INFO - Retrying - now":                                                   "",
		"2024-05-01 10:00:00 ERROR [x:@1] empty":                                                      "",
		"2024-05-01 10:00:00 INFO c.e.App - started":                                                  "logger=c.e.App",
		"2020-08-06T14:25:02.835618Z [Note] [MY-012487] [InnoDB] DDL log recovery : begin":            "",
		"10:00:01,123 INFO  [org.jboss.modules] (main) JBoss":                                         "logger=org.jboss.modules thread=main",
		"2026-03-04 10:00:01.123 WARNING (MainThread) [homeassistant.loader] We":                      "logger=homeassistant.loader thread=MainThread",
		"[10:00:01] [Server thread/INFO]: Starting":                                                   "thread=Server thread",
		"INFO  [main] 2026-03-04 10:00:01,123 CassandraDaemon.java:123 - x":                           "thread=main",
		"2026-03-04 10:00:01,123 fail2ban.server         [812]: INFO    Starting":                     "logger=fail2ban.server pid=812",
		"[2026-03-04T10:00:01.123+0000] {taskinstance.py:1157} INFO - x":                              "source=taskinstance.py:1157",
		"2026-03-04 10:00:01 INFO [cache] (main miss) [x] y":                                          "",
		"no header at all": "",
	} {
		if got := fieldsOf(t, l); got != want {
			t.Errorf("%s\n got %s\nwant %s", l, got, want)
		}
	}
}

// TestHeaderColumnsOfSystems compares the columns of headers with those that people
// took apart.
func TestHeaderColumnsOfSystems(t *testing.T) {
	dir := shared(t, "logs")
	for system, names := range map[string]map[string]string{ // of fields, by those of the columns
		"HDFS":    {"Pid": "pid", "Component": "logger"},
		"Hadoop":  {"Process": "thread", "Component": "logger"},
		"Linux":   {"PID": "pid", "Component": "app"},
		"OpenSSH": {"Pid": "pid"},
	} {
		rows := readCSV(t, dir+"/"+system+".csv")
		f, err := os.Open(dir + "/" + system + ".log")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		right, wrong := 0, 0
		var x line.Fields
		lines := bufio.NewScanner(f)
		for _, row := range rows {
			if !lines.Scan() {
				t.Fatal("the log is shorter")
			}
			got := map[string]string{}
			x.Each(lines.Bytes(), func(name, value []byte, _ int) bool {
				if _, ok := got[string(name)]; !ok {
					got[string(name)] = string(value)
				}
				return true
			})
			for column, field := range names {
				if want := row[column]; got[field] == want {
					right++
				} else if wrong++; wrong <= 5 {
					t.Logf("%s: %s is %q, want %q: %.150s", system, field, got[field], want, lines.Text())
				}
			}
		}
		t.Logf("%s: %d of %d columns", system, right, right+wrong)
		if wrong*200 > right {
			t.Errorf("%s: %d of %d columns are wrong", system, wrong, right+wrong)
		}
	}
}

func TestNewFormat(t *testing.T) {
	for _, c := range []struct{ name, pattern, sample, want string }{
		{"app", `^(?P<code>\w+) took (?P<took>\S+)`, "X1 took 5ms", ""},
		{"app", `^(?P<code>\w+`, "", "not a regular expression"},
		{"app", `^\w+`, "", "names no field"},
		{"app", `^(?P<code>\d+)$`, "X1", `does not match sample 1, "X1"`},
		{"json", `(?P<a>x)`, "", "built-in"},
		{"a b", `(?P<a>x)`, "", "consists of letters"},
	} {
		var samples []string
		if c.sample != "" {
			samples = []string{c.sample}
		}
		_, err := line.NewFormat(c.name, c.pattern, samples)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %s: %v", c.name, c.pattern, err)
		}
	}
}

// TestFormats tests formats of the user, and a format that is the only one.
func TestFormats(t *testing.T) {
	app, err := line.NewFormat("app", `^(?P<code>[A-Z]\d+) (?P<user>\w+)?!`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ only, text, want string }{
		{"", "E7 bob! x=1", "app: code=E7 user=bob x=1"},
		{"", "E7 ! x=1", "app: code=E7 x=1"},
		{"", `{"a":1}`, "json: a=1"},
		{"app", "E7 bob! x=1", "app: code=E7 user=bob"},
		{"app", `{"a":1}`, "text:"},
		{"json", `x=1 {"a":1} y=2`, "json: a=1"},
		{"logfmt", `x=1 {"a":1} y=2`, "logfmt: x=1 y=2"},
		{"logfmt", "May  1 10:00:00 web1 sshd[123]: a=b", "text: a=b"},
		{"syslog", "May  1 10:00:00 web1 sshd[123]: a=b", "syslog: host=web1 app=sshd pid=123 a=b"},
		{"syslog", `10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 304 -`, "text:"},
	} {
		x := line.Fields{Formats: &line.Formats{Custom: []*line.Format{app}, Only: c.only}}
		var got []string
		x.Each([]byte(c.text), func(name, value []byte, _ int) bool {
			got = append(got, fmt.Sprintf("%s=%s", name, value))
			return true
		})
		if got := strings.Join(append([]string{x.Format() + ":"}, got...), " "); got != c.want {
			t.Errorf("%q: %s\n got %s\nwant %s", c.only, c.text, got, c.want)
		}
	}
	if err := (&line.Formats{Only: "nothing"}).Check(); err == nil || !strings.Contains(err.Error(), "json, logfmt") {
		t.Errorf("got %v", err)
	}
}

// TestLaterFields tests that rows of other columns than those at the beginning of a W3C
// log have no values of these, and have their times.
func TestLaterFields(t *testing.T) {
	text := "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method sc-status\n2024-05-01 10:00:01 GET 500\n"
	later := "2024-05-01 10:00:02 10.0.0.1 GET 404"
	clock := line.Clock{Zone: time.FixedZone("", 3600)}
	clock.Learn([]byte(text + "#Fields: date time s-ip cs-method sc-status\n" + later + "\n"))
	x := line.Fields{Columns: clock.Columns}
	x.Each([]byte(later), func(name, value []byte, _ int) bool {
		t.Errorf("%s=%s", name, value)
		return true
	})
	if at, ok := clock.Time([]byte(later)); !ok || !at.Equal(time.Date(2024, 5, 1, 10, 0, 2, 0, time.UTC)) {
		t.Errorf("%v, %t", at, ok)
	}
	if level := clock.Columns.LevelOf([]byte(later)); level != line.NoLevel {
		t.Errorf("level %v", level)
	}
}

// TestQuotedLines tests rows whose last value goes on in the next lines, as in what the
// event viewer of Windows exports.
func TestQuotedLines(t *testing.T) {
	text := "Level,Date and Time,Source,Event ID\n" +
		"Error,2024-05-01 10:00:10,Svc,7031,\"x, and \"\"y\"\"\nin a line, of, its, own\n\"\n" +
		"Information,2024-05-01 10:00:11,Svc,7036,\"whole\"\n"
	clock := line.Clock{Zone: time.UTC}
	clock.Learn([]byte(text))
	var got []string
	for l := range strings.Lines(text) {
		at, ok := clock.Time([]byte(l))
		got = append(got, fmt.Sprint(ok && at.UTC().Format(time.TimeOnly) != "", clock.Columns.LevelOf([]byte(l))))
	}
	if want := "false  true error false  false  true info"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", strings.Join(got, " "), want)
	}
}
