package line_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"logview/reader/line"
)

// fieldsOf returns the fields of a line as name=value, separated by blanks.
func fieldsOf(t testing.TB, l string) string {
	t.Helper()
	var out []string
	new(line.Fields).Each([]byte(l), func(name, value []byte, at int) bool {
		if at >= 0 && l[at:at+len(value)] != string(value) {
			t.Errorf("%q: %s=%q is not at %d", l, name, value, at)
		}
		out = append(out, fmt.Sprintf("%s=%s", name, value))
		return true
	})
	return strings.Join(out, " ")
}

func TestFields(t *testing.T) {
	for l, want := range map[string]string{
		// JSON.
		`{"a":"x","b":12,"c":true,"d":null,"e":[1,{"x":2}],"f":{"g":{"h":"deep"}},"i":1.5e3}`: `a=x b=12 c=true d=null e=[1,{"x":2}] f.g.h=deep i=1.5e3`,
		`{"msg":"a \"b\" \u00e4\n\ud83d\ude00 \/","level":"error"}`:                           "msg=a \"b\" ä\n😀 / level=error",
		`{ "a" : "x" , "b" : { "c" : 1 } }`:                                                   `a=x b.c=1`,
		`web | {"a":1} x=2`:                                                                   `container=web a=1 x=2`,
		`Jan  2 03:04:05 host app[7]: {"a":{"b":"c"}}`:                                        `host=host app=app pid=7 a.b=c`,
		`{"a":"x","cut":"off`:                                                                 `a=x`,
		`{"a":"x","cut":12`:                                                                   `a=x`,
		`{"log.level":"warn","x":{}}`:                                                         `log.level=warn`,
		`{"":"empty","a":""}`:                                                                 `=empty a=`,

		// Pairs.
		`level=info msg="a \"b\" c" took=1.5s path=/x?a=1&b=2 ok`:                            `level=info msg=a "b" c took=1.5s path=/x?a=1&b=2`,
		`2024-05-01 10:00:00 INFO Job{id=7, name=x} (user=bob; n=3) [k=v] a==b c=>d e='f g'`: `id=7 name=x user=bob n=3 k=v e=f g`,
		`GET http://h/p?q=1 x=`: `x=`,
		`2024-05-01T10:00:00Z  INFO request{method=GET id=5}:handler{user=bob}: app::web: x y={z}:1`: `method=GET id=5 user=bob y={z}:1`,
		`{a=1,b=2,c=[1,2]}`: `a=1 b=2 c=[1,2]`,
		`type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e`:                                                                 `type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e`,
		`no fields here, 1+1=2, and "=" is none`:                                                                                      ``,
		`type=USER_LOGIN msg=audit(1.2:3): pid=7 msg='op=login acct="bob" res=failed'`:                                                `type=USER_LOGIN msg=audit(1.2:3): pid=7 msg=op=login acct="bob" res=failed op=login acct=bob res=failed`,
		`2024-05-01 10:00:00.123 UTC [4711] bob@db DETAIL:  Key (id)=(7) already exists.`:                                             `pid=4711`,
		`E, [2024-05-01T10:00:00.123456 #4711] ERROR -- : boom`:                                                                       `pid=4711`,
		`4711:20240501:100000.123 server started`:                                                                                     `pid=4711`,
		`2024-05-01 10:00:00.123 ERROR 4711 --- [nio-8080-exec-1] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() threw`: `pid=4711 thread=nio-8080-exec-1 logger=o.a.c.c.C.[.[.[/].[dispatcherServlet]`,
		`2024-05-01T10:00:00.123Z  INFO 4711 --- [shop] [           main] com.x.Application                        : Started`:         `pid=4711 app=shop thread=main logger=com.x.Application`,
		`01-May-2024 10:00:00.123 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version`:                   `thread=main logger=org.apache.catalina.startup.VersionLoggerListener.log`,
		`May  1 10:00:00 dnsmasq[4711]: query[A] x from 10.0.0.9`:                                                                     `app=dnsmasq pid=4711`,
		`May  1 10:00:01 bigip1 err tmm[4712]: 01010028:3: x`:                                                                         `host=bigip1 app=tmm pid=4712`,
		`[GIN] 2024/05/01 - 10:00:01 | 500 |  1.5s |        10.0.0.9 | POST     "/api/x"`:                                             `status=500 took=1.5s client=10.0.0.9 method=POST path=/api/x`,
		`INFO:     10.0.0.9:51234 - "GET /api/x HTTP/1.1" 500 Internal Server Error`:                                                  `client=10.0.0.9 protocol=HTTP/1.1 method=GET path=/api/x status=500`,

		// Headers.
		"1234:M 14 May 2024 08:15:02.123 * Ready a=1":                         "pid=1234 a=1",
		"[7] 2024/05/14 08:15:02.123456 [INF] Server is ready":                "pid=7",
		"[Nest] 1234  - 05/14/2024, 8:15:02 AM     LOG [App] x":               "pid=1234",
		"2024-05-14T08:15:02.123+0000 I COMMAND  [conn13] command x":          "thread=conn13",
		"ERROR:myapp.db:boom a=1":                                             "logger=myapp.db a=1",
		"ERROR: boom: a=1":                                                    "a=1",
		"host:a b\tmethod:GET\tempty:\tstatus:500":                            "host=a b method=GET status=500",
		"GET /x 404 0.512 ms - 143":                                           "method=GET path=/x status=404 took_ms=0.512 took=0.512ms bytes=143",
		`web-1   | E0501 10:00:00.000000       7 leader.go:12] "x" err="y"`:   `container=web-1 pid=7 source=leader.go:12 err=y`,
		`[pod/web-7d-x/web] E0501 10:00:00.000000       7 a.go:1] x`:          `container=web pid=7 source=a.go:1`,
		`[pod/web-7d-x/web] a=1`:                                              `container=web a=1`,
		`INFO | a=1`:                                                          `a=1`,
		`2024-05-01 | a=1`:                                                    `a=1`,
		`May  1 10:00:00 web1 sshd[123]: Failed password for root`:            `host=web1 app=sshd pid=123`,
		`May  1 10:00:00 web1 kernel: x`:                                      `host=web1 app=kernel`,
		`2024-05-01T10:00:00.123456+02:00 web1 systemd[1]: Started x.`:        `host=web1 app=systemd pid=1`,
		`<34>1 2024-05-01T10:00:00Z web1 su 77 ID47 [ex@1 iut="3" s="A B"] x`: `host=web1 app=su pid=77 iut=3 s=A B`,
		`{"log":"{\"a\":1,\"m\":\"x \\\"y\\\"\"} b=2\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}`: `log={"a":1,"m":"x \"y\""} b=2
 stream=stdout time=2024-05-01T10:00:00Z a=1 m=x "y" b=2`,
		`2024-05-01 10:00:01 - INFO [QuorumPeer[myid=1]/0:0:2181] - x`:                                                                                           `myid=1`,
		`2024-05-01 10:00:01 +0100 Puppet (err): x a=1`:                                                                                                          `a=1`,
		`2001:db8::1 - bob smith [27/Nov/2026:10:15:04 +0100] "GET / HTTP/1.1" 200 5`:                                                                            `client=2001:db8::1 user=bob smith protocol=HTTP/1.1 method=GET path=/ status=200 bytes=5`,
		`10.0.0.1 - - [27/Nov/2026:10:15:04 +0100] "POST /x HTTP/1.1" 500 - 1234`:                                                                                `client=10.0.0.1 protocol=HTTP/1.1 method=POST path=/x status=500`,
		`[2026-11-27T10:15:01.000Z] "GET / HTTP/1.1" 503 UF,URX 0 91 45 - "-" "curl/8"`:                                                                          `protocol=HTTP/1.1 method=GET path=/ status=503 bytes=91 took_ms=45 took=45ms agent=curl/8`,
		`2024-05-01T10:00:00.123456789Z stderr F {"a":1}`:                                                                                                        `stream=stderr a=1`,
		`2024-05-01T10:00:00.123456789Z stdout P part of a=1`:                                                                                                    `stream=stdout a=1`,
		`I0501 10:00:00.000000   12345 server.go:42] listening addr="x"`:                                                                                         `pid=12345 source=server.go:42 addr=x`,
		`10.0.0.1 - bob [01/May/2024:10:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 134 "http://r/" "Mozilla/5.0 (X11)"`:                                              `client=10.0.0.1 user=bob protocol=HTTP/1.1 method=GET path=/a?b=c status=200 bytes=134 referer=http://r/ agent=Mozilla/5.0 (X11)`,
		`h:80 ::1 - - [01/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 304 -`:                                                                                       `client=::1 protocol=HTTP/1.1 method=GET path=/ status=304`,
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "-" 400 0 "-" "-"`:                                                                                            `client=10.0.0.1 status=400 bytes=0`,
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /x HTTP/1.1" 200 1 "-" "curl/8" 0.153 rt=0.150`:                                                          `client=10.0.0.1 protocol=HTTP/1.1 method=GET path=/x status=200 bytes=1 agent=curl/8 took=0.153 rt=0.150`,
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /x HTTP/1.1" 502 1 "-" "curl/8" 7 "api@docker" "http://1.2.3.4" 12ms`:                                    `client=10.0.0.1 protocol=HTTP/1.1 method=GET path=/x status=502 bytes=1 agent=curl/8 took=12ms`,
		`Feb 25 16:19:38 lb haproxy[1]: 1.2.3.4:567 [25/Feb/2016:16:19:38.123] in app/node1 0/0/1/2/3 503 1234 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"`:         `host=lb app=haproxy pid=1 client=1.2.3.4 frontend=in backend=app server=node1 took_ms=3 took=3ms status=503 bytes=1234 protocol=HTTP/1.1 method=GET path=/x`,
		`Mar 12 10:15:34 lb haproxy[1]: 1.2.3.4:567 [12/Mar/2024:10:15:30.123] mysql-in mysql/db1 1/0/5007 523 -- 1/1/1/1/0 0/0`:                                 `host=lb app=haproxy pid=1 client=1.2.3.4 frontend=mysql-in backend=mysql server=db1 took_ms=5007 took=5007ms bytes=523`,
		`[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c" "locations" "tcp://10.0.2.1:80"`: `protocol=HTTP/2 method=POST path=/api/v1/locations status=204 bytes=0 took_ms=226 took=226ms client=10.0.35.28 agent=nsq2http host=locations upstream=tcp://10.0.2.1:80`,
		`[2026-03-04T10:00:01.123Z] "GET /p HTTP/1.1" 200 - via_upstream - "-" 0 5183 171 170 "-" "curl/7.68.0" "b1b3a8a4" "p:9080" "10.1.2.3:9080" inbound|9080|| 127.0.0.6:44251 10.1.2.3:9080 10.1.0.1:51000 x default`:                   `protocol=HTTP/1.1 method=GET path=/p status=200 bytes=5183 took_ms=171 took=171ms agent=curl/7.68.0 host=p:9080 upstream=10.1.2.3:9080`,
		`1066036250.603    310 192.168.0.227 TCP_MISS/200 1059 GET http://www.example.com/ - DIRECT/192.168.0.1 text/html`:                                                                                                                   `took_ms=310 took=310ms client=192.168.0.227 status=200 bytes=1059 method=GET path=http://www.example.com/ upstream=DIRECT/192.168.0.1`,
		`1066036250.603      0 192.168.0.227 NONE_NONE/400 1059 - error:invalid-request - HIER_NONE/- -`:                                                                                                                                     `took_ms=0 took=0ms client=192.168.0.227 status=400 bytes=1059 path=error:invalid-request upstream=HIER_NONE/-`,
		`https 2018-07-02T22:23:00.186641Z app/my-lb/50dc 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 201 0 57 "GET https://www.example.com:443/x HTTP/1.1" "curl/7.46.0" ECDHE TLSv1.2 arn:aws "Root=1-58" "www.example.com" "-"`: `server=app/my-lb/50dc client=192.168.131.39 upstream=10.0.0.1:80 took=0.048 status=200 bytes=57 protocol=HTTP/1.1 method=GET path=https://www.example.com:443/x agent=curl/7.46.0 host=www.example.com`,
		`2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 - -1 -1 -1 503 0 0 0 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`:                                                                                             `server=my-lb client=192.168.131.39 status=503 bytes=0 protocol=HTTP/1.1 method=GET path=http://www.example.com:80/ agent=curl/7.38.0`,
		`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59 3E57 REST.GET.VERSIONING - "GET /bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -`:          `server=bucket1 client=192.0.2.3 protocol=HTTP/1.1 method=GET path=/bucket1?versioning status=200 bytes=113 took_ms=7 took=7ms agent=S3Console/0.4`,
		`[pid: 12345|app: 0|req: 1/1] 10.0.0.1 (bob) {44 vars in 800 bytes} [Thu Nov  1 10:00:00 2018] GET /path?x=1 => generated 1234 bytes in 56 msecs (HTTP/1.1 500) 3 headers in 120 bytes (1 switches on core 0)`:                       `pid=12345 client=10.0.0.1 user=bob method=GET path=/path?x=1 bytes=1234 took_ms=56 took=56ms status=500`,
		`2024-05-01T10:00:00Z worker 3 jobs done a=1`: `a=1`,
		`[pid: 12`: ``,
		`1066036250.603 3 ::ffff:10.0.0.1 TCP_MISS/404 5120 CONNECT [2001:db8::1]:443 - HIER_DIRECT/1.2.3.4 -`:                                                                                                 `took_ms=3 took=3ms client=::ffff:10.0.0.1 status=404 bytes=5120 method=CONNECT path=[2001:db8::1]:443 upstream=HIER_DIRECT/1.2.3.4`,
		`2026-11-21T08:00:00.000000000Z stdout F [2016-04-15T20:17:00.310Z] "POST /api HTTP/2" 504 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21" "locations" "tcp://10.0.2.1:80"`:                             `stream=stdout protocol=HTTP/2 method=POST path=/api status=504 bytes=0 took_ms=226 took=226ms client=10.0.35.28 agent=nsq2http host=locations upstream=tcp://10.0.2.1:80`,
		`2024-05-01T10:00:00.1Z stdout F 1066036250.603    310 192.168.0.227 TCP_MISS/200 1059 GET http://a/ - DIRECT/1.2.3.4 text/html`:                                                                       `stream=stdout took_ms=310 took=310ms client=192.168.0.227 status=200 bytes=1059 method=GET path=http://a/ upstream=DIRECT/1.2.3.4`,
		`web-1  | [pid: 7|app: 0|req: 1/1] 10.0.0.1 () {4 vars in 8 bytes} [Thu Nov  1 10:00:00 2018] GET /p => generated 1234 bytes in 56 msecs (HTTP/1.1 500) 3 headers in 120 bytes (1 switches on core 0)`: `container=web-1 pid=7 client=10.0.0.1 method=GET path=/p bytes=1234 took_ms=56 took=56ms status=500`,
		`Feb 25 16:19:38 lb haproxy[1]: Proxy prod_http_in started.`:                                                                                                                                           `host=lb app=haproxy pid=1`,
		`2024/05/01 10:00:00 [error] 29#31: *1 open() "/x" failed (2: No such file), client: 10.0.0.1, server: s, request: "GET /x HTTP/1.1", host: "h"`:                                                       `pid=29 tid=31 client=10.0.0.1 server=s request=GET /x HTTP/1.1 host=h`,
	} {
		if got := fieldsOf(t, l); got != want {
			t.Errorf("%s\n got %s\nwant %s", l, got, want)
		}
	}
}

// flatten appends the members of a JSON value as Fields names them.
func flatten(out *[]string, name string, v any, raw json.RawMessage) {
	switch v := v.(type) {
	case map[string]any:
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return
		}
		for k, x := range v {
			n := k
			if name != "" {
				n = name + "." + k
			}
			flatten(out, n, x, members[k])
		}
	case string:
		*out = append(*out, name+"="+v)
	default:
		*out = append(*out, name+"="+string(bytes.TrimSpace(raw)))
	}
}

// FuzzFields compares the fields of JSON objects with those that encoding/json finds.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`{"a":"x","b":{"c":[1,"]"],"d":"\u00e9\\"}}`, `x {"a":1`, `a="b\"c" d=e,f=g`, `<1>1 a b c d e`, `[x] "GET / HTTP/1.0" 200 1 "" "" 1.5`,
		`May 1 10:00:00 h a[1]: {"x":{"y":null}}`, `I0501 10:00:00.000000 1 a.go:1] x`, `2024/05/01 10:00:00 [error] 1#2: *1 x, client: y, host: "z"`} {
		f.Add(s)
	}
	for s := range levelCases {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := []byte(s)
		line.LevelOf(l)
		new(line.Fields).Message(l)
		var got []string
		new(line.Fields).Each(l, func(name, value []byte, at int) bool {
			if at >= 0 && !bytes.Equal(l[at:at+len(value)], value) {
				t.Fatalf("%s=%q is not at %d", name, value, at)
			}
			got = append(got, string(name)+"="+string(value))
			return true
		})
		n := 0
		new(line.Fields).Each(l, func(_, _ []byte, _ int) bool { n++; return n < 2 })
		if n > 2 {
			t.Fatal("continues although no more fields are wanted")
		}
		line.LevelOf(l)

		var v map[string]any
		if !strings.HasPrefix(s, `{"`) || json.Unmarshal(l, &v) != nil || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n") || strings.Count(s, "{") > 15 || strings.Contains(s, `""`) {
			return
		}
		var want []string
		flatten(&want, "", v, l)
		// Of equal names, encoding/json returns the last member alone.
		sort.Strings(want)
		seen := map[string]bool{}
		for _, g := range got {
			seen[g] = true
		}
		for _, w := range want {
			if !seen[w] {
				t.Fatalf("%q is not among %q", w, got)
			}
		}
	})
}

func TestQuantity(t *testing.T) {
	for s, want := range map[string]line.Quantity{
		"12":     {Number: 12, Value: 12},
		"-1.5e3": {Number: -1500, Value: -1500},
		"250ms":  {Number: 250, Value: 0.25, Unit: line.Seconds},
		"1m30s":  {Number: 1, Value: 90, Unit: line.Seconds},
		"1h":     {Number: 1, Value: 3600, Unit: line.Seconds},
		"2MB":    {Number: 2, Value: 2e6, Unit: line.Bytes},
		"1.5KiB": {Number: 1.5, Value: 1536, Unit: line.Bytes},
		"-1m30s": {Number: -1, Value: -90, Unit: line.Seconds},
	} {
		if got, ok := line.ParseQuantity([]byte(s)); !ok || got.Number != want.Number || got.Value != want.Value || got.Unit != want.Unit {
			t.Errorf("%s: got %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "x", "1x", "1.2.3", "ms", "1 ms", "1s2", "2MB3s", "1e999", "0x10", "NaN", "inf", strings.Repeat("1", 50)} {
		if got, ok := line.ParseQuantity([]byte(s)); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
	for _, c := range []struct {
		name, value, than string
		want              int
		ok                bool
	}{
		{"took", "1.7", "1.5s", 1, true},
		{"took", "1700ms", "1.5s", 1, true},
		{"took_ms", "1400", "1.5s", -1, true},
		{"durationMs", "1500", "1.5s", 0, true},
		{"duration_ns", "1500000000", "1.5s", 0, true},
		{"bytes", "3000000", "2MB", 1, true},
		{"bytes", "3s", "2MB", 0, false},
		{"status", "502", "500", 1, true},
		{"took", "150ms", "100", 1, true},
		{"x", "abc", "100", 0, false},
		{"bytes", "3000", "2kb", 1, true},
		{"cpu", "99%", "50", 1, true},
		{"cpu", "40%", "50%", -1, true},
		{"cpu", "40", "50%", -1, true},
		{"cpu", "%", "0", 0, false},
		{"cpu", "50%", "30s", 0, false},
		{"took", "5ms%", "1s", 0, false},
		{"took", "00:99:00", "1s", 0, false},
		{"took", "00:00:00.1e5", "1s", 0, false},
		{"n", "1,234", "100", 1, true},
		{"n", "1,23", "100", 0, false},
		{"n", "1,234.5,6", "100", 0, false},
		{"n", "1.234,5", "100", 0, false},
		{"n", ",", "100", 0, false},
		{"n", "1,", "100", 0, false},
		{"n", "1,234.5", "1234", 1, true},
		{"took", "00:01:30", "1m", 1, true},
		{"took", "0:00:00.5", "1s", -1, true},
		{"at", "10:00", "1s", 0, false},
		{"id", "9007199254740993", "9007199254740992", 1, true},
	} {
		q, _ := line.ParseQuantity([]byte(c.than))
		if got, ok := q.Compare([]byte(c.name), []byte(c.value)); got != c.want || ok != c.ok {
			t.Errorf("%s=%s against %s: got %d, %v", c.name, c.value, c.than, got, ok)
		}
	}
}

func BenchmarkField(b *testing.B) {
	l := []byte(`{"timestamp":"2024-05-01T10:00:00.123Z","level":"info","logger":"com.example.Service","message":"request handled in time","http":{"method":"GET","path":"/api/v1/users/42","status":200},"duration_ms":12.5,"trace_id":"4f307c6f5885923f60d9091fb33c70c3"}`)
	f := new(line.Fields)
	n := 0
	look := func(name, value []byte, _ int) bool {
		if string(name) == "http.status" {
			n += len(value)
			return false
		}
		return true
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Each(l, look)
	}
}

// No line takes more than linear time.
func TestFieldsLinear(t *testing.T) {
	for _, part := range []string{`a=)`, `)`, `a=((`, `{"`, `{"\`, `{"a":[`, `{"a":{`, `,a`, `a=,b`, `="`, `a="\`, `"`, `[] "`, `, client: `} {
		l := []byte(`x=` + strings.Repeat(part, 1<<18))
		new(line.Fields).Each(l, func(_, _ []byte, _ int) bool { return true })
		new(line.Fields).Each(l[2:], func(_, _ []byte, _ int) bool { return true })
		line.LevelOf(l)
	}
}

// BenchmarkSurvey measures what a block costs when it is indexed.
func BenchmarkSurvey(b *testing.B) {
	for _, l := range []string{
		`10.0.0.1 - bob [01/May/2024:10:00:00 +0000] "GET /api/v2/products/green-pump-6494 HTTP/1.1" 200 7485 "https://shop.example.com/cart" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36" rt=0.000`,
		`2026-11-02T06:00:01.108Z ERROR [http-12] shop.api.Gateway - request failed error=null_pointer method=GET path=/api/v2/products/green-pump-6494 status=500`,
		`May  1 10:00:00 web1 sshd[123]: Failed password for invalid user bob from 10.0.0.1 port 22 ssh2`,
		`{"timestamp":"2024-05-01T10:00:00.123Z","level":"info","logger":"com.example.Service","message":"request handled in time","http":{"method":"GET","path":"/api/v1/users/42","status":200}}`,
	} {
		text := bytes.Repeat([]byte(l+"\n"), 1000)
		b.Run(l[:10], func(b *testing.B) {
			clock := line.Clock{Zone: time.UTC}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				clock.Survey(text, false)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/line")
		})
	}
}
